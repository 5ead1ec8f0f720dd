/*
 * postgres_lease.c: who may write.
 *
 * Three things make a new owner safe. The row of galliard.lease has its epoch and incarnation, and every commit
 * raises unless they are its own. Every commit holds the fence (an advisory lock, shared) from before it looks at
 * that row until it ends; the new owner takes the fence exclusively once, after it has written the row: whatever
 * had looked before is over then, and whatever looks later is refused. A former owner that was stopped in the
 * middle of a commit would hold the fence for ever, so its connections are ended first.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "store/postgres_internal.h"

/* How long a former owner's connections may take to end. */
#define FENCE_TIMEOUT_MS 4000
#define FENCE_PAUSE_MS 20
#define SQLSTATE_LOCK_NOT_AVAILABLE "55P03"

/* An acquisition in progress. */
struct taking {
        struct gal_postgres *postgres;
        const struct gal_lease_request *request;
        PGconn *conn;
        uint32_t schema_oid;
        int64_t epoch;
        bool has_lock;
        char *former; /* incarnation */
};

static void add_lock_key(struct gal_pg_parameters *parameters, int32_t class, uint32_t schema_oid)
{
        gal_pg_add_int4(parameters, class);
        gal_pg_add_int4(parameters, (int32_t)schema_oid);
}

static enum gal_status query(struct taking *taking, const char *sql, const struct gal_pg_parameters *parameters,
                             PGresult **ret_result, struct gal_error *error)
{
        return gal_pg_query(taking->conn, sql, parameters, GAL_PG_LEASE_TIMEOUT_MS, ret_result, error);
}

static enum gal_status find_schema(struct taking *taking, struct gal_error *error)
{
        static const char sql[] = "SELECT oid::bigint FROM pg_namespace WHERE nspname = 'galliard'";
        PGresult *result = NULL;
        enum gal_status status = query(taking, sql, &GAL_PG_NO_PARAMETERS, &result, error);

        if (status == GAL_OK && PQntuples(result) == 0)
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                  "the database has no schema \"galliard\"; run `galliard store init`");
        if (status == GAL_OK)
                taking->schema_oid = (uint32_t)gal_pg_get_int8(result, 0, 0);
        PQclear(result);
        return status;
}

static enum gal_status take_lease(struct taking *taking, struct gal_error *error)
{
        static const char sql[] = "SELECT taken, has_lock, epoch, former, address"
                                  " FROM galliard.take_lease($1, $2, $3, $4, $5, $6)";
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        const char *own = taking->postgres->incarnation;
        PGresult *result = NULL;
        enum gal_status status;

        gal_pg_add_text(&parameters, taking->request->incarnation);
        gal_pg_add_text(&parameters, own == NULL ? "" : own);
        gal_pg_add_text(&parameters, taking->request->address);
        gal_pg_add_int8(&parameters, taking->request->duration_ms);
        add_lock_key(&parameters, GAL_PG_LOCK_OWNER, taking->schema_oid);
        status = query(taking, sql, &parameters, &result, error);
        if (status != GAL_OK)
                return status;
        if (*PQgetvalue(result, 0, 0) != 1) {
                status = gal_fail(error, GAL_EBUSY, GAL_NOWHERE, "the store is owned by %s",
                                  PQgetvalue(result, 0, 4));
        } else {
                taking->has_lock = *PQgetvalue(result, 0, 1) == 1;
                taking->epoch = gal_pg_get_int8(result, 0, 2);
                taking->former = gal_strdup(PQgetvalue(result, 0, 3));
        }
        PQclear(result);
        return status;
}

/* Ends what is left of the former owner; it may be ourselves, before a connection was lost. */
static enum gal_status end_former(struct taking *taking, struct gal_error *error)
{
        static const char sql[] =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
                " AND datname = current_database() AND pid <> pg_backend_pid()";
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;

        if (taking->former[0] == '\0')
                return GAL_OK;
        gal_pg_add_text(&parameters, taking->former);
        status = query(taking, sql, &parameters, &result, error);
        PQclear(result);
        return status;
}

static enum gal_status try_session_lock(struct taking *taking, struct gal_error *error)
{
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;

        add_lock_key(&parameters, GAL_PG_LOCK_OWNER, taking->schema_oid);
        status = query(taking, "SELECT pg_try_advisory_lock($1, $2)", &parameters, &result, error);
        if (status == GAL_OK)
                taking->has_lock = *PQgetvalue(result, 0, 0) == 1;
        PQclear(result);
        return status;
}

/* Waits in the queue of the fence, so that late commits cannot keep us out; GAL_EBUSY: it is still held. */
static enum gal_status pass_fence(struct taking *taking, struct gal_error *error)
{
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        struct gal_error own = { .code = GAL_OK };
        PGresult *result = NULL;
        enum gal_status status = gal_pg_run(taking->conn, "SET lock_timeout = 500", GAL_PG_LEASE_TIMEOUT_MS, error);

        if (status != GAL_OK)
                return status;
        add_lock_key(&parameters, GAL_PG_LOCK_FENCE, taking->schema_oid);
        /* A transaction of its own: the lock is given back at once. */
        if (PQsendQueryParams(taking->conn, "SELECT pg_advisory_xact_lock($1, $2)", parameters.count, NULL,
                              parameters.values, parameters.lengths, gal_pg_formats, 1) != 1)
                return gal_pg_fail(taking->conn, NULL, error);
        while ((result = gal_pg_next_result(taking->conn, gal_pg_clock_ms() + GAL_PG_LEASE_TIMEOUT_MS)) != NULL) {
                const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

                if (state != NULL && strcmp(state, SQLSTATE_LOCK_NOT_AVAILABLE) == 0)
                        status = GAL_EBUSY;
                else if (PQresultStatus(result) != PGRES_TUPLES_OK)
                        status = gal_pg_fail(taking->conn, result, &own);
                PQclear(result);
                if (PQstatus(taking->conn) != CONNECTION_OK)
                        break;
        }
        if (own.code != GAL_OK)
                return gal_fail(error, own.code, GAL_NOWHERE, "%s", own.message);
        return status;
}

/* Until nothing of the former owner can be committed any more. */
static enum gal_status wait_for_former(struct taking *taking, struct gal_error *error)
{
        const struct timespec pause = { .tv_nsec = FENCE_PAUSE_MS * 1000000 };
        int64_t deadline = gal_pg_clock_ms() + FENCE_TIMEOUT_MS;
        bool has_passed = false;

        while (!taking->has_lock || !has_passed) {
                enum gal_status status = end_former(taking, error);

                if (status == GAL_OK && !has_passed) {
                        status = pass_fence(taking, error);
                        has_passed = status == GAL_OK;
                        if (status == GAL_EBUSY)
                                status = GAL_OK;
                }
                if (status == GAL_OK && !taking->has_lock)
                        status = try_session_lock(taking, error);
                if (status != GAL_OK)
                        return status;
                if (taking->has_lock && has_passed)
                        break;
                if (gal_pg_clock_ms() > deadline)
                        return gal_fail(error, GAL_EBUSY, GAL_NOWHERE,
                                        "the former owner's connections do not end, or another process is quicker");
                nanosleep(&pause, NULL);
        }
        return GAL_OK;
}

static enum gal_status take(struct taking *taking, struct gal_error *error)
{
        struct gal_postgres *postgres = taking->postgres;
        enum gal_status status;
        int64_t version;

        status = gal_pg_connect(postgres->conninfo, taking->request->incarnation, &taking->conn, error);
        if (status == GAL_OK)
                status = gal_pg_check_server(taking->conn, postgres->store.log, error);
        if (status == GAL_OK)
                status = gal_pg_find_version(postgres, taking->conn, /* migrate= */ false, &version, error);
        if (status == GAL_OK)
                status = find_schema(taking, error);
        if (status == GAL_OK)
                status = take_lease(taking, error);
        if (status == GAL_OK)
                status = wait_for_former(taking, error);
        /* Again: a migration keeps owners out, but it may have come in between. */
        if (status == GAL_OK)
                status = gal_pg_find_version(postgres, taking->conn, /* migrate= */ false, &version, error);
        return status;
}

/* Closes what belonged to the last acquisition; no commit is under way. With both mutexes. */
static void close_all(struct gal_postgres *postgres)
{
        for (size_t i = 0; i < GAL_PG_WRITERS_MAX; i++) {
                PQfinish(postgres->writers[i].conn);
                postgres->writers[i].conn = NULL;
        }
        PQfinish(postgres->lease);
        postgres->lease = NULL;
}

static void wait_for_commits(struct gal_postgres *postgres)
{
        for (size_t i = 0; i < GAL_PG_WRITERS_MAX; i++) {
                while (postgres->writers[i].is_busy)
                        pthread_cond_wait(&postgres->changed, &postgres->mutex);
        }
}

static enum gal_status install(struct taking *taking, struct gal_error *error)
{
        struct gal_postgres *postgres = taking->postgres;
        enum gal_status status;

        free(postgres->incarnation);
        postgres->incarnation = gal_strdup(taking->request->incarnation);
        postgres->duration_ms = taking->request->duration_ms;
        postgres->schema_oid = taking->schema_oid;
        postgres->epoch = taking->epoch;
        postgres->writer_count = GAL_PG_WRITERS_MAX;
        /* The first one at once: who owns the store can commit. */
        status = gal_pg_open_writer(postgres, &postgres->writers[0].conn, error);
        postgres->lease = gal_take(taking->conn);
        postgres->is_owner = status == GAL_OK;
        return status;
}

enum gal_status gal_pg_acquire(struct gal_store *store, const struct gal_lease_request *request,
                               struct gal_error *error)
{
        struct gal_postgres *postgres = (struct gal_postgres *)store;
        struct taking taking = { .postgres = postgres, .request = request };
        enum gal_status status;

        pthread_mutex_lock(&postgres->lease_mutex);
        pthread_mutex_lock(&postgres->mutex);
        postgres->is_owner = false;
        wait_for_commits(postgres);
        close_all(postgres);
        status = take(&taking, error);
        if (status == GAL_OK)
                status = install(&taking, error);
        pthread_mutex_unlock(&postgres->mutex);
        pthread_mutex_unlock(&postgres->lease_mutex);
        PQfinish(taking.conn);
        free(taking.former);
        return status;
}

/* The lease's own statements, on its own connection: a long commit must not keep it from being renewed. */

static void add_lease(struct gal_pg_parameters *parameters, const struct gal_postgres *postgres)
{
        gal_pg_add_int8(parameters, postgres->epoch);
        gal_pg_add_text(parameters, postgres->incarnation);
}

static void lose(struct gal_postgres *postgres, int64_t epoch)
{
        pthread_mutex_lock(&postgres->mutex);
        if (postgres->epoch == epoch)
                postgres->is_owner = false;
        pthread_mutex_unlock(&postgres->mutex);
}

enum gal_status gal_pg_renew(struct gal_store *store, struct gal_error *error)
{
        static const char sql[] =
                "UPDATE galliard.lease SET ends_at = clock_timestamp() + $3::bigint * interval '1 millisecond'"
                " WHERE epoch = $1 AND incarnation = $2 RETURNING 1";
        struct gal_postgres *postgres = (struct gal_postgres *)store;
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;
        int64_t epoch;

        pthread_mutex_lock(&postgres->lease_mutex);
        pthread_mutex_lock(&postgres->mutex);
        epoch = postgres->epoch;
        status = postgres->is_owner ? GAL_OK : GAL_EFENCED;
        add_lease(&parameters, postgres);
        gal_pg_add_int8(&parameters, postgres->duration_ms);
        pthread_mutex_unlock(&postgres->mutex);
        if (status == GAL_OK)
                status = gal_pg_query(postgres->lease, sql, &parameters, GAL_PG_LEASE_TIMEOUT_MS, &result, error);
        if (status == GAL_OK && PQntuples(result) == 0)
                status = GAL_EFENCED;
        if (status == GAL_EFENCED)
                gal_fail(error, status, GAL_NOWHERE, "this process does not own the store (any more)");
        PQclear(result);
        pthread_mutex_unlock(&postgres->lease_mutex);
        if (status != GAL_OK)
                lose(postgres, epoch);
        return status;
}

void gal_pg_release(struct gal_store *store)
{
        static const char sql[] =
                "UPDATE galliard.lease SET ends_at = '-infinity' WHERE epoch = $1 AND incarnation = $2";
        struct gal_postgres *postgres = (struct gal_postgres *)store;
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;

        pthread_mutex_lock(&postgres->lease_mutex);
        pthread_mutex_lock(&postgres->mutex);
        wait_for_commits(postgres);
        if (postgres->is_owner) {
                add_lease(&parameters, postgres);
                if (gal_pg_query(postgres->lease, sql, &parameters, GAL_PG_LEASE_TIMEOUT_MS, &result, NULL) ==
                    GAL_OK)
                        PQclear(result);
        }
        postgres->is_owner = false;
        close_all(postgres);
        pthread_mutex_unlock(&postgres->mutex);
        pthread_mutex_unlock(&postgres->lease_mutex);
}

char *gal_pg_owner(struct gal_store *store)
{
        /* An owner that is dead holds no session lock; one that is stopped has let its lease end. */
        static const char sql[] =
                "SELECT l.address FROM galliard.lease l WHERE l.ends_at > clock_timestamp() AND EXISTS (SELECT 1 "
                "FROM"
                " pg_locks k WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 2 AND k.classid = "
                "$1::bigint::oid"
                " AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND k.objid = (SELECT oid FROM pg_namespace WHERE nspname = 'galliard'))";
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        char *address = NULL;

        gal_pg_add_int8(&parameters, GAL_PG_LOCK_OWNER);
        if (gal_pg_read((struct gal_postgres *)store, sql, &parameters, &result, /* error= */ NULL) != GAL_OK)
                return NULL;
        if (PQntuples(result) > 0)
                address = gal_strdup(PQgetvalue(result, 0, 0));
        PQclear(result);
        return address;
}
