/*
 * postgres_connection.c: connecting, and running statements with a deadline.
 *
 * The trap: TCP tells of a server that is gone (keepalives, tcp_user_timeout), but not of one that is stopped; so
 * nothing here waits without a deadline, and a connection that missed one is closed, since its next answer would be
 * the wrong one.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/log.h"
#include "store/postgres_internal.h"

#define VERSION_MIN 140000
/* Tries again after 50, 100, 200, 400 and 800 ms: a server that starts anew is often back by then. */
#define CONNECT_PAUSE_MS 50
#define CONNECT_ATTEMPTS 6
/* For finding out why a connection failed. */
#define DIAGNOSIS_MS 3000

int64_t gal_pg_clock_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Connecting. */

/*
 * Our statements know their indexes, whatever the statistics of a table that was empty a minute ago say. The rest
 * keeps an administrator's settings for other programs away from ours.
 */
static const char session[] = "SET statement_timeout = 0; SET lock_timeout = 0;"
                              "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
                              "SET plan_cache_mode = force_generic_plan; SET jit = off;"
                              "SET default_transaction_isolation = 'read committed'; SET search_path = pg_catalog;"
                              "SET idle_in_transaction_session_timeout = 0";

static void drop_notice(void *user, const PGresult *result)
{
        (void)user;
        (void)result;
}

typedef PGconn *(*connector)(const char *const *names, const char *const *values, int expand_dbname);

static PGconn *open_connection(connector connect, const char *conninfo, const char *incarnation)
{
        /* What comes after dbname wins over what the caller's text says; what comes before yields to it. */
        const char *names[] = { "connect_timeout",
                                "keepalives",
                                "keepalives_idle",
                                "keepalives_interval",
                                "keepalives_count",
                                "tcp_user_timeout",
                                "dbname",
                                "target_session_attrs",
                                "client_encoding",
                                "application_name",
                                NULL };
        const char *values[] = {
                "3",     "1",      "10",         "3",    "3",
                "10000", conninfo, "read-write", "UTF8", incarnation == NULL ? "galliard reader" : incarnation,
                NULL
        };

        return gal_need(connect(names, values, /* expand_dbname= */ 1));
}

/* Whether it is worth to try again at once: a server that starts anew is often back soon. */
static bool may_come_back(const char *message)
{
        static const char *const hopes[] = {
                "starting up",  "shutting down",         "in recovery", "refused",
                "No such file", "closed the connection", "read-only",   "hot standby"
        };

        for (size_t i = 0; i < sizeof(hopes) / sizeof(hopes[0]); i++) {
                if (strstr(message, hopes[i]) != NULL)
                        return true;
        }
        return false;
}

/*
 * Mistakes: what the user has to mend, and no waiting does. What is not known to be one may pass: a server that
 * starts, recovers, is full or cannot be reached; a name that is not resolved yet.
 */

/* Of the server's refusal at `text`, "FATAL:  3D000: ..." in whatever language: its state; NULL: there is none. */
static const char *find_state(const char *text)
{
        const char *end = text + strcspn(text, "\n"), *at = text;

        while ((at = strstr(at, ":  ")) != NULL && at < end) {
                at += strlen(":  ");
                if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':')
                        return at;
        }
        return NULL;
}

static bool is_mistaken_state(const char *state)
{
        /* Password, login or pg_hba.conf, no such database, no right to connect. */
        static const char *const mistakes[] = { "28P01", "28000", "3D000", "42501" };

        for (size_t i = 0; state != NULL && i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
                if (strncmp(state, mistakes[i], strlen(mistakes[i])) == 0)
                        return true;
        }
        return false;
}

/* The text of a verbose failure has a line for each server that was tried. */
static bool tells_of_mistake(const char *message)
{
        static const char tried[] = "connection to server ";
        const char *at = strstr(message, tried);

        /* Nobody was asked: the connection string itself is wrong. */
        if (at == NULL)
                return strstr(message, "could not translate host name") == NULL;
        for (; at != NULL; at = strstr(at + 1, tried)) {
                if (!is_mistaken_state(find_state(at)))
                        return false;
        }
        return true;
}

/* Only this way of connecting can be told to name the states of failures. */
static bool connects_by_mistake(const char *conninfo)
{
        int64_t deadline = gal_pg_clock_ms() + DIAGNOSIS_MS;
        PGconn *conn = open_connection(PQconnectStartParams, conninfo, /* incarnation= */ NULL);
        PostgresPollingStatusType state =
                PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
        bool is_mistake;

        PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
        while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
                struct pollfd poller = { .fd = PQsocket(conn),
                                         .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT };
                int64_t rest = deadline - gal_pg_clock_ms();

                if (rest <= 0 || poll(&poller, 1, (int)rest) == 0)
                        break;
                state = PQconnectPoll(conn);
        }
        is_mistake = state == PGRES_POLLING_FAILED &&
                     (PQconnectionNeedsPassword(conn) || tells_of_mistake(PQerrorMessage(conn)));
        PQfinish(conn);
        return is_mistake;
}

static enum gal_status fail_to_connect(PGconn *conn, const char *conninfo, struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        bool is_mistake = !may_come_back(PQerrorMessage(conn)) && connects_by_mistake(conninfo);
        enum gal_status status = gal_pg_fail(conn, NULL, &own);

        return gal_fail(error, is_mistake ? GAL_EINVALID : status, GAL_NOWHERE, "%s", own.message);
}

static void pause_ms(int64_t ms)
{
        struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

        nanosleep(&pause, NULL);
}

enum gal_status gal_pg_connect(const char *conninfo, const char *incarnation, PGconn **ret_conn,
                               struct gal_error *error)
{
        PGconn *conn = NULL;
        enum gal_status status;

        for (int attempt = 0; attempt < CONNECT_ATTEMPTS; attempt++) {
                if (attempt > 0)
                        pause_ms((int64_t)CONNECT_PAUSE_MS << (attempt - 1));
                PQfinish(conn);
                conn = open_connection(PQconnectdbParams, conninfo, incarnation);
                if (PQstatus(conn) == CONNECTION_OK || !may_come_back(PQerrorMessage(conn)))
                        break;
        }
        if (PQstatus(conn) != CONNECTION_OK) {
                status = fail_to_connect(conn, conninfo, error);
        } else {
                PQsetNoticeProcessor(conn, NULL, NULL);
                PQsetNoticeReceiver(conn, drop_notice, NULL);
                PQsetnonblocking(conn, 1);
                status = gal_pg_run(conn, session, GAL_PG_LEASE_TIMEOUT_MS, error);
        }
        if (status == GAL_OK)
                *ret_conn = conn;
        else
                PQfinish(conn);
        return status;
}

enum gal_status gal_pg_check_server(PGconn *conn, const struct gal_log *log, struct gal_error *error)
{
        static const char sql[] = "SELECT current_setting('fsync'), current_setting('server_encoding'),"
                                  " current_setting('synchronous_commit')";
        PGresult *result = NULL;
        enum gal_status status;

        if (PQserverVersion(conn) < VERSION_MIN)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "the server is Postgres %d; 14 or newer is needed", PQserverVersion(conn) / 10000);
        status = gal_pg_query(conn, sql, &GAL_PG_NO_PARAMETERS, GAL_PG_LEASE_TIMEOUT_MS, &result, error);
        if (status != GAL_OK)
                return status;
        if (strcmp(PQgetvalue(result, 0, 0), "on") != 0)
                status = gal_fail(
                        error, GAL_EINVALID, GAL_NOWHERE,
                        "the server runs with fsync = off, and would lose what was acknowledged; set it to on");
        else if (strcmp(PQgetvalue(result, 0, 1), "UTF8") != 0)
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "the database's encoding is %s; UTF8 is needed",
                                  PQgetvalue(result, 0, 1));
        else if (log != NULL && strcmp(PQgetvalue(result, 0, 2), "off") == 0)
                gal_log(log, GAL_LOG_WARNING,
                        "the database has synchronous_commit = off: when its server crashes, the last moment's "
                        "executions may be lost or go back");
        PQclear(result);
        return status;
}

/* Failures. */

static bool is_class(const char *state, const char *class)
{
        return strncmp(state, class, 2) == 0;
}

static enum gal_status status_of(const PGresult *result)
{
        const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (state == NULL)
                return GAL_EIO;
        if (strcmp(state, "23505") == 0)
                return GAL_ECONFLICT; /* unique_violation */
        if (strcmp(state, "ZG001") == 0)
                return GAL_EFENCED; /* galliard.check_lease() */
        /* Data, integrity constraints, program limits: what was sent will be refused again. */
        if (is_class(state, "22") || is_class(state, "23") || is_class(state, "54"))
                return GAL_EINVALID;
        return GAL_EIO;
}

enum gal_status gal_pg_fail(PGconn *conn, const PGresult *result, struct gal_error *error)
{
        const char *message = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *detail = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
        size_t len;

        if (message == NULL)
                message = result == NULL ? PQerrorMessage(conn) : PQresultErrorMessage(result);
        len = strlen(message);
        while (len > 0 && message[len - 1] == '\n')
                len--;
        return gal_fail(error, status_of(result), GAL_NOWHERE, "Postgres: %.*s%s%s", (int)len,
                        len == 0 ? "the connection is lost" : message, detail == NULL ? "" : ": ",
                        detail == NULL ? "" : detail);
}

/* Waiting. */

/* Until something was read or the deadline has come. False: the connection is lost. */
static bool wait_for_data(PGconn *conn, int64_t deadline_ms)
{
        int unsent = PQflush(conn);
        struct pollfd poller = { .fd = PQsocket(conn), .events = POLLIN };
        int64_t rest = deadline_ms - gal_pg_clock_ms();

        if (unsent < 0 || poller.fd < 0 || rest <= 0)
                return false;
        if (unsent > 0)
                poller.events |= POLLOUT;
        if (poll(&poller, 1, (int)rest) < 0 && errno != EINTR)
                return false;
        return (poller.revents & ~POLLOUT) == 0 || PQconsumeInput(conn) == 1;
}

PGresult *gal_pg_next_result(PGconn *conn, int64_t deadline_ms)
{
        while (PQisBusy(conn) || PQflush(conn) > 0) {
                if (wait_for_data(conn, deadline_ms))
                        continue;
                /* Its answer may still come: nobody may take it for that of another statement. */
                if (PQsocket(conn) >= 0 && PQstatus(conn) == CONNECTION_OK)
                        shutdown(PQsocket(conn), SHUT_RDWR);
                PQconsumeInput(conn);
                break;
        }
        return PQgetResult(conn);
}

/* The last result of a statement, or the failed one. */
static enum gal_status take_result(PGconn *conn, int timeout_ms, PGresult **ret_result, struct gal_error *error)
{
        int64_t deadline = gal_pg_clock_ms() + timeout_ms;
        enum gal_status status = GAL_OK;
        PGresult *last = NULL, *result;

        while ((result = gal_pg_next_result(conn, deadline)) != NULL) {
                ExecStatusType type = PQresultStatus(result);

                if (type != PGRES_TUPLES_OK && type != PGRES_COMMAND_OK && status == GAL_OK)
                        status = gal_pg_fail(conn, result, error);
                PQclear(last);
                last = result;
                if (PQstatus(conn) != CONNECTION_OK)
                        break;
        }
        if (status == GAL_OK && (last == NULL || PQstatus(conn) != CONNECTION_OK))
                status = gal_pg_fail(conn, NULL, error);
        if (status == GAL_OK)
                *ret_result = last;
        else
                PQclear(last);
        return status;
}

enum gal_status gal_pg_query(PGconn *conn, const char *sql, const struct gal_pg_parameters *parameters,
                             int timeout_ms, PGresult **ret_result, struct gal_error *error)
{
        if (PQsendQueryParams(conn, sql, parameters->count, NULL, parameters->values, parameters->lengths,
                              gal_pg_formats,
                              /* resultFormat= */ 1) != 1)
                return gal_pg_fail(conn, NULL, error);
        return take_result(conn, timeout_ms, ret_result, error);
}

enum gal_status gal_pg_query_prepared(PGconn *conn, const char *name, const struct gal_pg_parameters *parameters,
                                      int timeout_ms, PGresult **ret_result, struct gal_error *error)
{
        if (PQsendQueryPrepared(conn, name, parameters->count, parameters->values, parameters->lengths,
                                gal_pg_formats,
                                /* resultFormat= */ 1) != 1)
                return gal_pg_fail(conn, NULL, error);
        return take_result(conn, timeout_ms, ret_result, error);
}

enum gal_status gal_pg_prepare(PGconn *conn, const char *name, const char *sql, struct gal_error *error)
{
        PGresult *result = NULL;
        enum gal_status status;

        if (PQsendPrepare(conn, name, sql, 0, NULL) != 1)
                return gal_pg_fail(conn, NULL, error);
        status = take_result(conn, GAL_PG_LEASE_TIMEOUT_MS, &result, error); /* it waits for locks of the tables */
        PQclear(result);
        return status;
}

enum gal_status gal_pg_run(PGconn *conn, const char *sql, int timeout_ms, struct gal_error *error)
{
        PGresult *result = NULL;
        enum gal_status status;

        if (PQsendQuery(conn, sql) != 1)
                return gal_pg_fail(conn, NULL, error);
        status = take_result(conn, timeout_ms, &result, error);
        PQclear(result);
        return status;
}

/* Parameters. */

const int gal_pg_formats[GAL_PG_COLUMNS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static void add(struct gal_pg_parameters *parameters, const void *bytes, size_t len)
{
        char *place = parameters->numbers[parameters->count];

        gal_assert(parameters->count < GAL_PG_COLUMNS_MAX);
        memcpy(place, bytes, len);
        parameters->values[parameters->count] = place;
        parameters->lengths[parameters->count++] = (int)len;
}

void gal_pg_add_int2(struct gal_pg_parameters *parameters, int16_t number)
{
        uint16_t bytes = htobe16((uint16_t)number);

        add(parameters, &bytes, sizeof(bytes));
}

void gal_pg_add_int4(struct gal_pg_parameters *parameters, int32_t number)
{
        uint32_t bytes = htobe32((uint32_t)number);

        add(parameters, &bytes, sizeof(bytes));
}

void gal_pg_add_int8(struct gal_pg_parameters *parameters, int64_t number)
{
        uint64_t bytes = htobe64((uint64_t)number);

        add(parameters, &bytes, sizeof(bytes));
}

void gal_pg_add_text(struct gal_pg_parameters *parameters, const char *text)
{
        gal_assert(parameters->count < GAL_PG_COLUMNS_MAX);
        parameters->values[parameters->count] = text;
        parameters->lengths[parameters->count++] = text == NULL ? 0 : (int)strlen(text);
}

void gal_pg_add_bytes(struct gal_pg_parameters *parameters, const char *bytes, size_t len)
{
        gal_assert(parameters->count < GAL_PG_COLUMNS_MAX);
        parameters->values[parameters->count] = bytes;
        parameters->lengths[parameters->count++] = (int)len;
}

void gal_pg_add_id(struct gal_pg_parameters *parameters, const char *uuid)
{
        char *place = parameters->ids[parameters->id_count];
        bool is_uuid;

        gal_assert(parameters->count < GAL_PG_COLUMNS_MAX && parameters->id_count < GAL_ROW_IDS_MAX);
        is_uuid = gal_uuid_to_bytes(uuid, (uint8_t *)place);
        parameters->id_count++;
        parameters->values[parameters->count] = is_uuid ? place : NULL;
        parameters->lengths[parameters->count++] = GAL_UUID_BYTES;
}

int64_t gal_pg_get_int8(const PGresult *result, int row, int column)
{
        uint64_t bytes;

        gal_assert(PQgetlength(result, row, column) == (int)sizeof(bytes));
        memcpy(&bytes, PQgetvalue(result, row, column), sizeof(bytes));
        return (int64_t)be64toh(bytes);
}
