/*
 * postgres_write.c: a batch is one transaction and one round trip: its statements go out together (pipeline mode),
 * rows of a kind as arrays.
 *
 *   BEGIN                        whatever the database's defaults are
 *   the fence, shared            first: what a new owner has committed while we waited for it,
 *   look at the lease            this statement sees, because it comes second and has a snapshot of its own
 *   rows ...
 *   COMMIT
 *
 * The first refusal makes the server skip the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/postgres_internal.h"

/* Bytes of one statement's rows; more than one statement is sent for what is larger. */
#define STATEMENT_SIZE_MAX (16u * 1024 * 1024)

struct statement {
        const char *name;
        const char *sql;
};

enum { BEGIN_, FENCE, LEASE, COMMIT_, ROLLBACK_, PURGE, FIXED_STATEMENTS };

static const struct statement fixed[FIXED_STATEMENTS] = {
        [BEGIN_] = { "begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" },
        [FENCE] = { "fence", "SELECT pg_advisory_xact_lock_shared($1, $2)" },
        [LEASE] = { "lease", "SELECT galliard.check_lease($1, $2)" },
        [COMMIT_] = { "commit", "COMMIT" },
        [ROLLBACK_] = { "rollback", "ROLLBACK" },
        [PURGE] = { "purge", "SELECT galliard.purge($1, $2, $3)" },
};

/* By kind of row. Columns are those of the kind's shape, in their order. */
static const struct statement writes[GAL_ROW_KINDS] = {
        [GAL_ROW_MACHINE] = { "machine",
                              "INSERT INTO galliard.state_machine AS t (machine_id, name, revision_id, type, "
                              "status, created_ms, updated_ms, last_version, created_published,"
                              " created_description) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[],"
                              " $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::integer[], $9::integer[],"
                              " $10::text[]) ON CONFLICT (machine_id) DO UPDATE"
                              " SET name = excluded.name, revision_id = excluded.revision_id, type = excluded.type,"
                              " status = excluded.status, created_ms = excluded.created_ms,"
                              " updated_ms = excluded.updated_ms, last_version = excluded.last_version,"
                              " created_published = excluded.created_published,"
                              " created_description = excluded.created_description" },
        [GAL_ROW_MACHINE_ID] = { "machine_id", "SELECT galliard.delete_machines($1::uuid[])" },
        [GAL_ROW_REVISION] = { "revision",
                               "INSERT INTO galliard.state_machine_revision (revision_id, machine_id, definition,"
                               " role_arn, created_ms, number, logging, tracing, encryption) SELECT * FROM"
                               " unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[],"
                               " $6::integer[], $7::text[], $8::text[], $9::text[])" },
        [GAL_ROW_VERSION] = { "version",
                              "INSERT INTO galliard.state_machine_version (machine_id, version, revision_id,"
                              " description, created_ms) SELECT * FROM unnest($1::uuid[], $2::integer[],"
                              " $3::uuid[], $4::text[], $5::bigint[])" },
        [GAL_ROW_VERSION_KEY] = { "version_key",
                                  "DELETE FROM galliard.state_machine_version t USING unnest($1::uuid[],"
                                  " $2::integer[]) AS k (id, version) WHERE t.machine_id = k.id AND"
                                  " t.version = k.version" },
        [GAL_ROW_ALIAS] = { "alias",
                            "INSERT INTO galliard.state_machine_alias (machine_id, name, description, version,"
                            " weight, other_version, other_weight, created_ms, updated_ms) SELECT * FROM"
                            " unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::integer[],"
                            " $6::integer[], $7::integer[], $8::bigint[], $9::bigint[]) ON CONFLICT (machine_id,"
                            " name) DO UPDATE SET description = excluded.description, version = excluded.version,"
                            " weight = excluded.weight, other_version = excluded.other_version,"
                            " other_weight = excluded.other_weight, created_ms = excluded.created_ms,"
                            " updated_ms = excluded.updated_ms" },
        [GAL_ROW_ALIAS_KEY] = { "alias_key",
                                "DELETE FROM galliard.state_machine_alias t USING unnest($1::uuid[], $2::text[])"
                                " AS k (id, name) WHERE t.machine_id = k.id AND t.name = k.name COLLATE \"C\"" },
        [GAL_ROW_TAG_KEY] = { "tag_key", "DELETE FROM galliard.tag t USING unnest($1::text[], $2::text[]) AS k"
                                         " (resource, key) WHERE t.resource = k.resource COLLATE \"C\" AND t.key ="
                                         " k.key COLLATE \"C\"" },
        [GAL_ROW_TAG] = { "tag", "INSERT INTO galliard.tag (resource, key, value) SELECT * FROM unnest($1::text[],"
                                 " $2::text[], $3::text[]) ON CONFLICT (resource, key) DO UPDATE SET value ="
                                 " excluded.value" },
        [GAL_ROW_NAME] = { "name",
                           "INSERT INTO galliard.execution_name (machine_id, name, execution_id, reusable_ms)"
                           " SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[])"
                           " ON CONFLICT (machine_id, name) DO UPDATE SET execution_id = excluded.execution_id,"
                           " reusable_ms = excluded.reusable_ms" },
        [GAL_ROW_EXECUTION] = { "execution",
                                "INSERT INTO galliard.execution AS t (slot, execution_id, name, machine_id,"
                                " machine_name, revision_id, status, started_ms, stopped_ms, event_count, input,"
                                " output, error, cause, version, alias, trace_header) SELECT * FROM "
                                "unnest($1::smallint[], $2::uuid[], "
                                "$3::text[],"
                                " $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[],"
                                " $10::integer[], $11::text[], $12::text[], $13::text[], $14::text[],"
                                " $15::integer[], $16::text[], $17::text[])"
                                " ON CONFLICT (execution_id, slot) DO UPDATE SET name = excluded.name,"
                                " machine_id = excluded.machine_id, machine_name = excluded.machine_name,"
                                " revision_id = excluded.revision_id, status = excluded.status,"
                                " started_ms = excluded.started_ms, stopped_ms = excluded.stopped_ms,"
                                " event_count = excluded.event_count, input = coalesce(excluded.input, t.input),"
                                " output = excluded.output, error = excluded.error, cause = excluded.cause,"
                                " version = excluded.version, alias = excluded.alias,"
                                " trace_header = excluded.trace_header" },
        [GAL_ROW_CHUNK] = { "chunk",
                            "INSERT INTO galliard.history (slot, execution_id, sequence, first_event_id, "
                            "event_count,"
                            " body) SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::integer[], $4::integer[],"
                            " $5::integer[], $6::bytea[])" },
        [GAL_ROW_RUN] = { "run", "INSERT INTO galliard.run AS r (slot, execution_id, sequence, wake_ms, snapshot) "
                                 "SELECT * FROM"
                                 " unnest($1::smallint[], $2::uuid[], $3::integer[], $4::bigint[], $5::bytea[])"
                                 " ON CONFLICT (execution_id, slot) DO UPDATE SET wake_ms = excluded.wake_ms, "
                                 "sequence = CASE"
                                 " WHEN excluded.snapshot IS NULL THEN r.sequence ELSE excluded.sequence END,"
                                 " snapshot = coalesce(excluded.snapshot, r.snapshot)" },
        [GAL_ROW_RUN_KEY] = { "run_key",
                              "DELETE FROM galliard.run r USING unnest($1::smallint[], $2::uuid[]) AS k (slot, id)"
                              " WHERE r.execution_id = k.id AND r.slot = k.slot" },
        [GAL_ROW_ACTIVITY] = { "activity",
                               "INSERT INTO galliard.activity (name, encryption, created_ms) SELECT * FROM"
                               " unnest($1::text[], $2::text[], $3::bigint[]) ON CONFLICT (name) DO UPDATE SET"
                               " encryption = excluded.encryption, created_ms = excluded.created_ms" },
        [GAL_ROW_ACTIVITY_NAME] = { "activity_name",
                                    "WITH gone AS (DELETE FROM galliard.tag t USING unnest($1::text[]) AS k (name)"
                                    " WHERE t.resource = 'activity:' || k.name COLLATE \"C\") DELETE FROM"
                                    " galliard.activity a USING unnest($1::text[]) AS k (name) WHERE a.name ="
                                    " k.name COLLATE \"C\"" },
        [GAL_ROW_ACTIVITY_TASK] = { "activity_task",
                                    "INSERT INTO galliard.activity_task (activity, scheduled_ms, execution_id,"
                                    " scheduled_id, slot) SELECT * FROM unnest($1::text[], $2::bigint[],"
                                    " $3::uuid[], $4::integer[], $5::smallint[])" },
        [GAL_ROW_ACTIVITY_TASK_KEY] = { "activity_task_key",
                                        "DELETE FROM galliard.activity_task t USING unnest($1::text[],"
                                        " $2::bigint[], $3::uuid[], $4::integer[], $5::smallint[]) AS k (activity,"
                                        " scheduled_ms, execution_id, scheduled_id, slot) WHERE t.activity ="
                                        " k.activity COLLATE \"C\" AND t.scheduled_ms = k.scheduled_ms AND"
                                        " t.execution_id = k.execution_id AND t.scheduled_id = k.scheduled_id AND"
                                        " t.slot = k.slot" },
};

/* The order in which the kinds are written is that of the batch's members. */
static const enum gal_row_kind order[] = {
        GAL_ROW_MACHINE,       GAL_ROW_MACHINE_ID,    GAL_ROW_REVISION,
        GAL_ROW_VERSION,       GAL_ROW_VERSION_KEY,   GAL_ROW_ALIAS,
        GAL_ROW_ALIAS_KEY,     GAL_ROW_TAG_KEY,       GAL_ROW_TAG,
        GAL_ROW_NAME,          GAL_ROW_EXECUTION,     GAL_ROW_CHUNK,
        GAL_ROW_RUN,           GAL_ROW_RUN_KEY,       GAL_ROW_ACTIVITY,
        GAL_ROW_ACTIVITY_NAME, GAL_ROW_ACTIVITY_TASK, GAL_ROW_ACTIVITY_TASK_KEY
};

/* Connections. */

static enum gal_status prepare_all(PGconn *conn, struct gal_error *error)
{
        enum gal_status status = GAL_OK;

        for (size_t i = 0; i < FIXED_STATEMENTS && status == GAL_OK; i++)
                status = gal_pg_prepare(conn, fixed[i].name, fixed[i].sql, error);
        for (size_t i = 0; i < GAL_ROW_KINDS && status == GAL_OK; i++)
                status = gal_pg_prepare(conn, writes[i].name, writes[i].sql, error);
        return status;
}

enum gal_status gal_pg_open_writer(struct gal_postgres *postgres, PGconn **ret_conn, struct gal_error *error)
{
        PGconn *conn;
        enum gal_status status = gal_pg_connect(postgres->conninfo, postgres->incarnation, &conn, error);

        if (status != GAL_OK)
                return status;
        status = prepare_all(conn, error);
        if (status == GAL_OK && PQenterPipelineMode(conn) != 1)
                status = gal_pg_fail(conn, NULL, error);
        if (status == GAL_OK)
                *ret_conn = conn;
        else
                PQfinish(conn);
        return status;
}

/* An idle connection, one that is open before one that is not; NULL: all are busy. With the mutex held. */
static struct gal_pg_writer *find_idle(struct gal_postgres *postgres)
{
        struct gal_pg_writer *idle = NULL;

        for (size_t i = 0; i < postgres->writer_count; i++) {
                struct gal_pg_writer *writer = &postgres->writers[i];

                if (!writer->is_busy && (idle == NULL || (idle->conn == NULL && writer->conn != NULL)))
                        idle = writer;
        }
        return idle;
}

static void give_back(struct gal_postgres *postgres, struct gal_pg_writer *writer)
{
        writer->is_busy = false;
        pthread_cond_broadcast(&postgres->changed);
}

/* Opens it with the mutex let go. What the server refuses (too many are open there) is not asked for again. */
static enum gal_status open_writer(struct gal_postgres *postgres, struct gal_pg_writer *writer,
                                   struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        PGconn *conn = NULL;
        enum gal_status status;

        pthread_mutex_unlock(&postgres->mutex);
        status = gal_pg_open_writer(postgres, &conn, &own);
        pthread_mutex_lock(&postgres->mutex);
        writer->conn = conn;
        if (status != GAL_OK) {
                give_back(postgres, writer);
                postgres->writer_count = (size_t)(writer - postgres->writers);
                if (postgres->is_owner && postgres->writer_count > 0)
                        gal_log(postgres->store.log, GAL_LOG_WARNING,
                                "the server grants no further connection (%s); commits at once: %zu instead of %d",
                                own.message, postgres->writer_count, GAL_PG_WRITERS_MAX);
        }
        if (status != GAL_OK)
                gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
        return status;
}

/* A connection for one transaction, waiting for one if need be. With the mutex held. NULL: not the owner, or none.
 */
static struct gal_pg_writer *take_open_writer(struct gal_postgres *postgres, enum gal_status *ret_status,
                                              struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };

        *ret_status = GAL_OK;
        while (postgres->is_owner && postgres->writer_count > 0) {
                struct gal_pg_writer *writer = find_idle(postgres);

                if (writer == NULL) {
                        pthread_cond_wait(&postgres->changed, &postgres->mutex);
                        continue;
                }
                writer->is_busy = true;
                if (writer->conn != NULL)
                        return writer;
                own.code = GAL_OK;
                if (open_writer(postgres, writer, &own) == GAL_OK)
                        return writer;
        }
        *ret_status = postgres->is_owner ? GAL_EIO : GAL_EFENCED;
        if (postgres->is_owner)
                gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s", own.message);
        else
                gal_fail(error, GAL_EFENCED, GAL_NOWHERE, "this process does not own the store (any more)");
        postgres->is_owner = false;
        return NULL;
}

/* Sending. */

#define NONE SIZE_MAX

struct sending {
        struct gal_postgres *postgres;
        PGconn *conn;
        size_t statement_count; /* whose results are to come */
        bool has_failed;
        size_t wanted_index; /* of the statement whose result is kept, or NONE */
        PGresult *wanted;
};

static void send_statement(struct sending *sending, const char *name, const struct gal_pg_parameters *parameters)
{
        if (sending->has_failed)
                return;
        if (PQsendQueryPrepared(sending->conn, name, parameters->count, parameters->values, parameters->lengths,
                                gal_pg_formats, /* resultFormat= */ 1) == 1)
                sending->statement_count++;
        else
                sending->has_failed = true;
}

static void send_begin(struct sending *sending, int64_t epoch, const char *incarnation)
{
        struct gal_pg_parameters fence = GAL_PG_NO_PARAMETERS;
        struct gal_pg_parameters lease = GAL_PG_NO_PARAMETERS;

        gal_pg_add_int4(&fence, GAL_PG_LOCK_FENCE);
        gal_pg_add_int4(&fence, (int32_t)sending->postgres->schema_oid);
        gal_pg_add_int8(&lease, epoch);
        gal_pg_add_text(&lease, incarnation);
        send_statement(sending, fixed[BEGIN_].name, &GAL_PG_NO_PARAMETERS);
        send_statement(sending, fixed[FENCE].name, &fence);
        send_statement(sending, fixed[LEASE].name, &lease);
}

static void send_arrays(struct sending *sending, struct gal_pg_arrays *arrays)
{
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        if (arrays->row_count == 0)
                return;
        gal_pg_arrays_take(arrays, &parameters);
        send_statement(sending, writes[arrays->kind].name, &parameters);
        gal_pg_arrays_clear(arrays);
}

/* Rows that replace each other must not stand in one statement, which would refuse to touch a row twice. */
struct keys {
        uint64_t *hashes; /* open addressing; 0: free */
        size_t size;
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++)
                hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
        return hash;
}

static uint64_t hash_key(enum gal_row_kind kind, const char *row)
{
        /* A key is the first two columns; a machine's and an activity's is the first. */
        const struct gal_row_shape *shape = &gal_row_shapes[kind];
        size_t count = kind == GAL_ROW_MACHINE || kind == GAL_ROW_ACTIVITY ? 1 : 2;
        uint64_t hash = 0xcbf29ce484222325u;

        for (size_t i = 0; i < count; i++) {
                const char *member = row + shape->columns[i].offset;

                if (shape->columns[i].type == GAL_COLUMN_SLOT)
                        hash = hash_bytes(hash, member, sizeof(uint32_t));
                else
                        hash = hash_bytes(hash, *(const char *const *)member,
                                          strlen(*(const char *const *)member) + 1);
        }
        return hash == 0 ? 1 : hash;
}

static bool replaces(enum gal_row_kind kind)
{
        return kind == GAL_ROW_MACHINE || kind == GAL_ROW_ALIAS || kind == GAL_ROW_TAG || kind == GAL_ROW_NAME ||
               kind == GAL_ROW_EXECUTION || kind == GAL_ROW_RUN || kind == GAL_ROW_ACTIVITY;
}

static void init_keys(struct keys *keys, enum gal_row_kind kind, size_t count)
{
        *keys = (struct keys){ NULL, 0 };
        if (!replaces(kind) || count < 2)
                return;
        keys->size = 4;
        while (keys->size < 2 * count)
                keys->size *= 2;
        keys->hashes = gal_new_array(keys->size, uint64_t);
}

/* False: the key was there (or, hardly ever, one that looks like it). */
static bool add_key(struct keys *keys, uint64_t hash)
{
        size_t at = hash & (keys->size - 1);

        while (keys->hashes[at] != 0) {
                if (keys->hashes[at] == hash)
                        return false;
                at = (at + 1) & (keys->size - 1);
        }
        keys->hashes[at] = hash;
        return true;
}

static void send_rows(struct sending *sending, enum gal_row_kind kind, const char *rows, size_t count)
{
        struct gal_pg_arrays arrays;
        struct keys keys;

        if (count == 0)
                return;
        gal_pg_arrays_init(&arrays, kind);
        init_keys(&keys, kind, count);
        for (size_t i = 0; i < count; i++) {
                const char *row = rows + i * gal_row_shapes[kind].size;
                uint64_t hash = keys.size == 0 ? 0 : hash_key(kind, row);

                if (keys.size > 0 && !add_key(&keys, hash)) {
                        send_arrays(sending, &arrays);
                        memset(keys.hashes, 0, keys.size * sizeof(*keys.hashes));
                        add_key(&keys, hash);
                }
                gal_pg_arrays_add(&arrays, row);
                if (arrays.size > STATEMENT_SIZE_MAX)
                        send_arrays(sending, &arrays);
        }
        send_arrays(sending, &arrays);
        gal_pg_arrays_finish(&arrays);
        free(keys.hashes);
}

/* Receiving. */

/* The result of one statement of the pipeline, or of its synchronisation. (transfer full) NULL: the connection is
 * lost. */
static PGresult *receive_one(PGconn *conn, int64_t deadline)
{
        PGresult *result = gal_pg_next_result(conn, deadline);
        PGresult *end;

        if (result != NULL && PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
                end = gal_pg_next_result(conn, deadline); /* a NULL stands between two statements */
                PQclear(end);
        }
        if (PQstatus(conn) == CONNECTION_OK)
                return result;
        PQclear(result);
        return NULL;
}

/* All results up to the synchronisation. The first failure counts. */
static enum gal_status receive(struct sending *sending, struct gal_error *error)
{
        int64_t deadline = gal_pg_clock_ms() + GAL_PG_TIMEOUT_MS;
        enum gal_status status = GAL_OK;

        for (size_t i = 0; i <= sending->statement_count; i++) {
                PGresult *result = receive_one(sending->conn, deadline);
                bool is_end = i == sending->statement_count;

                if (result == NULL || is_end != (PQresultStatus(result) == PGRES_PIPELINE_SYNC)) {
                        PQclear(result);
                        gal_fail(error, GAL_EIO, GAL_NOWHERE, "Postgres: the connection was lost in a commit");
                        return GAL_EIO;
                }
                if (status == GAL_OK && PQresultStatus(result) == PGRES_FATAL_ERROR)
                        status = gal_pg_fail(sending->conn, result, error);
                if (i == sending->wanted_index && status == GAL_OK)
                        sending->wanted = gal_take(result);
                PQclear(result);
        }
        return status;
}

/* Ends the pipeline and brings it home. False in `ret_is_usable`: the connection must be closed. */
static enum gal_status finish(struct sending *sending, bool *ret_is_usable, struct gal_error *error)
{
        struct sending undoing = { .postgres = sending->postgres, .conn = sending->conn, .wanted_index = NONE };
        enum gal_status status;

        *ret_is_usable = false;
        send_statement(sending, fixed[COMMIT_].name, &GAL_PG_NO_PARAMETERS);
        if (sending->has_failed || PQpipelineSync(sending->conn) != 1)
                return gal_pg_fail(sending->conn, NULL, error);
        status = receive(sending, error);
        if (status == GAL_EIO)
                return status;
        if (PQtransactionStatus(sending->conn) == PQTRANS_INERROR) {
                send_statement(&undoing, fixed[ROLLBACK_].name, &GAL_PG_NO_PARAMETERS);
                if (undoing.has_failed || PQpipelineSync(sending->conn) != 1 || receive(&undoing, NULL) != GAL_OK)
                        return status;
        }
        *ret_is_usable = PQtransactionStatus(sending->conn) == PQTRANS_IDLE;
        return status;
}

/* Transactions. */

/* What stands in a transaction between the look at the lease and its end. */
typedef void (*sender)(struct sending *sending, const void *what);

static enum gal_status transact(struct gal_postgres *postgres, sender send, const void *what, size_t wanted_index,
                                PGresult **ret_wanted, struct gal_error *error)
{
        struct sending sending = { .postgres = postgres, .wanted_index = wanted_index };
        struct gal_pg_writer *writer;
        enum gal_status status;
        bool is_usable;

        pthread_mutex_lock(&postgres->mutex);
        writer = take_open_writer(postgres, &status, error);
        pthread_mutex_unlock(&postgres->mutex);
        if (writer == NULL)
                return status;
        sending.conn = writer->conn;
        send_begin(&sending, postgres->epoch, postgres->incarnation); /* neither changes while we are busy */
        send(&sending, what);
        status = finish(&sending, &is_usable, error);
        pthread_mutex_lock(&postgres->mutex);
        if (!is_usable) {
                PQfinish(writer->conn);
                writer->conn = NULL;
        }
        if (status == GAL_EIO || status == GAL_EFENCED)
                postgres->is_owner = false;
        give_back(postgres, writer);
        pthread_mutex_unlock(&postgres->mutex);
        if (status == GAL_OK && ret_wanted != NULL)
                *ret_wanted = gal_take(sending.wanted);
        PQclear(sending.wanted);
        return status;
}

static void send_batch(struct sending *sending, const void *what)
{
        const struct gal_batch *batch = what;

        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
                send_rows(sending, order[i], gal_batch_rows(batch, order[i]), gal_batch_count(batch, order[i]));
}

enum gal_status gal_pg_commit(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error)
{
        enum gal_status status = gal_batch_check(batch, error);

        if (status != GAL_OK)
                return status;
        return transact((struct gal_postgres *)store, send_batch, batch, NONE, NULL, error);
}

/* Purging. */

struct purge {
        int64_t closed_before_ms;
        int64_t names_by_ms;
        int64_t limit;
};

static void send_purge(struct sending *sending, const void *what)
{
        const struct purge *purge = what;
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_int8(&parameters, purge->closed_before_ms);
        gal_pg_add_int8(&parameters, purge->names_by_ms);
        gal_pg_add_int8(&parameters, purge->limit);
        send_statement(sending, fixed[PURGE].name, &parameters);
}

enum gal_status gal_pg_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms, size_t limit,
                             size_t *ret_removed, struct gal_error *error)
{
        enum { PURGE_INDEX = 3 }; /* after BEGIN, the fence and the lease */
        struct purge purge = { closed_before_ms, names_by_ms, limit > INT64_MAX ? INT64_MAX : (int64_t)limit };
        PGresult *result = NULL;
        enum gal_status status;

        status = transact((struct gal_postgres *)store, send_purge, &purge, PURGE_INDEX, &result, error);
        if (status == GAL_OK)
                *ret_removed = (size_t)gal_pg_get_int8(result, 0, 0);
        PQclear(result);
        return status;
}
