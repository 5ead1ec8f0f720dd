/*
 * sqlite_write.c: one transaction a batch. It begins by looking whether the lease is still ours: the lock file
 * keeps other processes out, but somebody may have removed it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/sqlite_internal.h"

enum {
        BEGIN_,
        COMMIT_,
        ROLLBACK_,
        CHECK_LEASE,
        PUT_MACHINE,
        MARK_MACHINE,
        ADD_REVISION,
        ADD_VERSION,
        DELETE_VERSION,
        PUT_ALIAS,
        DELETE_ALIAS,
        DELETE_TAG,
        PUT_TAG,
        PUT_NAME,
        PUT_EXECUTION,
        ADD_CHUNK,
        PUT_RUN,
        DELETE_RUN,
        FIND_CLOSED,
        DELETE_EXECUTION,
        DELETE_CHUNKS,
        DELETE_NAMES,
        DELETE_MACHINE,
        DELETE_REVISIONS,
        DELETE_MACHINE_VERSIONS,
        DELETE_MACHINE_ALIASES,
        DELETE_MACHINE_TAGS,
        DELETE_ACTIVITY_TAGS,
        ADD_SETTING,
        PUT_ACTIVITY,
        DELETE_ACTIVITY,
        ADD_ACTIVITY_TASK,
        TAKE_ACTIVITY_TASK,
        STATEMENTS,
};

const char *const gal_sqlite_write_texts[] = {
        [BEGIN_] = "BEGIN IMMEDIATE",
        [COMMIT_] = "COMMIT",
        [ROLLBACK_] = "ROLLBACK",
        [CHECK_LEASE] = "SELECT 1 FROM lease WHERE epoch = ?1 AND incarnation = ?2",
        [PUT_MACHINE] = "INSERT INTO state_machine (machine_id, name, revision_id, type, status, created_ms,"
                        " updated_ms, last_version, created_published, created_description) VALUES (?1, ?2, ?3, ?4,"
                        " ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (machine_id) DO UPDATE SET name = ?2, revision_id ="
                        " ?3, type = ?4, status = ?5, created_ms = ?6, updated_ms = ?7, last_version = ?8,"
                        " created_published = ?9, created_description = ?10",
        [MARK_MACHINE] = "UPDATE state_machine SET status = 'DELETED' WHERE machine_id = ?1",
        [ADD_REVISION] =
                "INSERT INTO state_machine_revision (revision_id, machine_id, definition, role_arn,"
                " created_ms, number, logging, tracing, encryption) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        [ADD_VERSION] = "INSERT INTO state_machine_version (machine_id, version, revision_id, description,"
                        " created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        [DELETE_VERSION] = "DELETE FROM state_machine_version WHERE machine_id = ?1 AND version = ?2",
        [PUT_ALIAS] = "INSERT INTO state_machine_alias (machine_id, name, description, version, weight,"
                      " other_version, other_weight, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
                      " ?8, ?9) ON CONFLICT (machine_id, name) DO UPDATE SET description = ?3, version = ?4, weight"
                      " = ?5, other_version = ?6, other_weight = ?7, created_ms = ?8, updated_ms = ?9",
        [DELETE_ALIAS] = "DELETE FROM state_machine_alias WHERE machine_id = ?1 AND name = ?2",
        [DELETE_TAG] = "DELETE FROM tag WHERE resource = ?1 AND key = ?2",
        [PUT_TAG] = "INSERT INTO tag (resource, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (resource, key)"
                    " DO UPDATE SET value = ?3",
        [PUT_NAME] = "INSERT INTO execution_name (machine_id, name, execution_id, reusable_ms) VALUES (?1, ?2, ?3,"
                     " ?4) ON CONFLICT (machine_id, name) DO UPDATE SET execution_id = ?3, reusable_ms = ?4",
        [PUT_EXECUTION] =
                "INSERT INTO execution (slot, execution_id, name, machine_id, machine_name, revision_id,"
                " status, started_ms, stopped_ms, event_count, input, output, error, cause, version, alias,"
                " trace_header) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
                " ON CONFLICT (execution_id, slot) DO UPDATE SET name = ?3, machine_id = ?4,"
                " machine_name = ?5, revision_id = ?6, status = ?7, started_ms = ?8, stopped_ms = ?9,"
                " event_count = ?10, input = coalesce(?11, input), output = ?12, error = ?13, cause = ?14,"
                " version = ?15, alias = ?16, trace_header = ?17",
        [ADD_CHUNK] = "INSERT INTO history (slot, execution_id, sequence, first_event_id, event_count, body)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        [PUT_RUN] = "INSERT INTO run (slot, execution_id, sequence, wake_ms, snapshot) VALUES (?1, ?2, ?3, ?4, ?5)"
                    " ON CONFLICT (execution_id, slot) DO UPDATE SET wake_ms = ?4, sequence = CASE WHEN"
                    " ?5 IS NULL THEN sequence ELSE ?3 END, snapshot = coalesce(?5, snapshot)",
        [DELETE_RUN] = "DELETE FROM run WHERE slot = ?1 AND execution_id = ?2",
        [FIND_CLOSED] =
                "SELECT slot, execution_id, machine_id FROM execution WHERE stopped_ms > 0 AND stopped_ms < ?1"
                " ORDER BY stopped_ms LIMIT ?2",
        [DELETE_EXECUTION] = "DELETE FROM execution WHERE slot = ?1 AND execution_id = ?2",
        [DELETE_CHUNKS] = "DELETE FROM history WHERE slot = ?1 AND execution_id = ?2",
        [DELETE_NAMES] = "DELETE FROM execution_name WHERE (machine_id, name) IN (SELECT machine_id, name FROM"
                         " execution_name WHERE reusable_ms <= ?1 AND reusable_ms < 9223372036854775807"
                         " ORDER BY reusable_ms LIMIT ?2)",
        /* A deleted machine goes with its last execution, and its revisions go with it. */
        [DELETE_MACHINE] = "DELETE FROM state_machine WHERE machine_id = ?1 AND status = 'DELETED' AND NOT EXISTS"
                           " (SELECT 1 FROM execution e WHERE e.machine_id = ?1)",
        [DELETE_REVISIONS] = "DELETE FROM state_machine_revision WHERE machine_id = ?1 AND NOT EXISTS (SELECT 1"
                             " FROM state_machine m WHERE m.machine_id = ?1)",
        [DELETE_MACHINE_VERSIONS] = "DELETE FROM state_machine_version WHERE machine_id = ?1",
        [DELETE_MACHINE_ALIASES] = "DELETE FROM state_machine_alias WHERE machine_id = ?1",
        [DELETE_MACHINE_TAGS] = "DELETE FROM tag WHERE resource = (SELECT 'stateMachine:' || name FROM"
                                " state_machine WHERE machine_id = ?1 AND status <> 'DELETED')",
        [DELETE_ACTIVITY_TAGS] = "DELETE FROM tag WHERE resource = 'activity:' || ?1",
        [ADD_SETTING] = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
        [PUT_ACTIVITY] = "INSERT INTO activity (name, encryption, created_ms) VALUES (?1, ?2, ?3)"
                         " ON CONFLICT (name) DO UPDATE SET encryption = ?2, created_ms = ?3",
        [DELETE_ACTIVITY] = "DELETE FROM activity WHERE name = ?1",
        [ADD_ACTIVITY_TASK] = "INSERT INTO activity_task (activity, scheduled_ms, execution_id, scheduled_id, slot)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",
        [TAKE_ACTIVITY_TASK] =
                "DELETE FROM activity_task WHERE activity = ?1 AND scheduled_ms = ?2 AND execution_id = ?3"
                " AND scheduled_id = ?4 AND slot = ?5",
};
const size_t gal_sqlite_write_count = STATEMENTS;

/* A writing in progress: the first failure ends it. */
struct writing {
        struct gal_sqlite_connection *connection;
        sqlite3_stmt *statement; /* in hand */
        size_t index;
        enum gal_status status;
        struct gal_error *error;
};

static bool take(struct writing *writing, size_t index)
{
        if (writing->status != GAL_OK)
                return false;
        writing->index = index;
        writing->status = gal_sqlite_statement(writing->connection, index, &writing->statement, writing->error);
        return writing->status == GAL_OK;
}

static void give_back(struct writing *writing)
{
        gal_sqlite_done(writing->connection, writing->index, writing->statement);
        writing->statement = NULL;
}

/* Runs the statement in hand with the parameters that were bound. */
static bool step(struct writing *writing)
{
        if (sqlite3_step(writing->statement) != SQLITE_DONE) {
                if ((sqlite3_errcode(writing->connection->db) & 0xff) == SQLITE_CONSTRAINT)
                        writing->status = GAL_ECONFLICT; /* of which row, the caller knows */
                else
                        writing->status = gal_sqlite_fail(writing->connection, writing->error);
        }
        sqlite3_reset(writing->statement);
        return writing->status == GAL_OK;
}

static void run(struct writing *writing, size_t index)
{
        if (!take(writing, index))
                return;
        step(writing);
        give_back(writing);
}

/* Which statement writes a kind of row; in the order in which the kinds are written. */
static const struct {
        enum gal_row_kind kind;
        size_t statement;
} writes[] = {
        { GAL_ROW_MACHINE, PUT_MACHINE },
        { GAL_ROW_MACHINE_ID, DELETE_MACHINE_TAGS },
        { GAL_ROW_MACHINE_ID, MARK_MACHINE },
        { GAL_ROW_MACHINE_ID, DELETE_MACHINE_VERSIONS },
        { GAL_ROW_MACHINE_ID, DELETE_MACHINE_ALIASES },
        { GAL_ROW_MACHINE_ID, DELETE_MACHINE },
        { GAL_ROW_MACHINE_ID, DELETE_REVISIONS },
        { GAL_ROW_REVISION, ADD_REVISION },
        { GAL_ROW_VERSION, ADD_VERSION },
        { GAL_ROW_VERSION_KEY, DELETE_VERSION },
        { GAL_ROW_ALIAS, PUT_ALIAS },
        { GAL_ROW_ALIAS_KEY, DELETE_ALIAS },
        { GAL_ROW_TAG_KEY, DELETE_TAG },
        { GAL_ROW_TAG, PUT_TAG },
        { GAL_ROW_NAME, PUT_NAME },
        { GAL_ROW_EXECUTION, PUT_EXECUTION },
        { GAL_ROW_CHUNK, ADD_CHUNK },
        { GAL_ROW_RUN, PUT_RUN },
        { GAL_ROW_RUN_KEY, DELETE_RUN },
        { GAL_ROW_ACTIVITY, PUT_ACTIVITY },
        { GAL_ROW_ACTIVITY_NAME, DELETE_ACTIVITY_TAGS },
        { GAL_ROW_ACTIVITY_NAME, DELETE_ACTIVITY },
        { GAL_ROW_ACTIVITY_TASK, ADD_ACTIVITY_TASK },
        { GAL_ROW_ACTIVITY_TASK_KEY, TAKE_ACTIVITY_TASK },
};

static void write_rows(struct writing *writing, enum gal_row_kind kind, size_t statement, const char *rows,
                       size_t count)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];

        if (count == 0 || !take(writing, statement))
                return;
        for (size_t i = 0; i < count; i++) {
                gal_sqlite_bind_row(writing->statement, kind, rows + i * shape->size);
                if (step(writing))
                        continue;
                if (writing->status == GAL_ECONFLICT)
                        gal_fail(writing->error, GAL_ECONFLICT, GAL_NOWHERE,
                                 "%s: a %s of the batch is already there", writing->connection->path, shape->what);
                break;
        }
        give_back(writing);
}

static void write_batch(struct writing *writing, const struct gal_batch *batch)
{
        for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
                write_rows(writing, writes[i].kind, writes[i].statement, gal_batch_rows(batch, writes[i].kind),
                           gal_batch_count(batch, writes[i].kind));
}

/* Transactions. */

static enum gal_status not_the_owner(struct gal_sqlite *sqlite, struct gal_error *error)
{
        return gal_fail(error, GAL_EFENCED, GAL_NOWHERE, "%s: this process does not own it (any more)",
                        sqlite->path);
}

static void check_lease(struct writing *writing, struct gal_sqlite *sqlite)
{
        if (!take(writing, CHECK_LEASE))
                return;
        sqlite3_bind_int64(writing->statement, 1, sqlite->epoch);
        gal_sqlite_bind_text(writing->statement, 2, sqlite->incarnation);
        switch (sqlite3_step(writing->statement)) {
        case SQLITE_ROW:
                break;
        case SQLITE_DONE:
                writing->status = not_the_owner(sqlite, writing->error);
                break;
        default:
                writing->status = gal_sqlite_fail(writing->connection, writing->error);
                break;
        }
        give_back(writing);
}

static enum gal_status begin(struct gal_sqlite *sqlite, struct writing *writing, struct gal_error *error)
{
        *writing = (struct writing){ .connection = &sqlite->writer, .status = GAL_OK, .error = error };
        if (!sqlite->is_owner)
                return writing->status = not_the_owner(sqlite, error);
        run(writing, BEGIN_);
        check_lease(writing, sqlite);
        return writing->status;
}

/* Commits or, after a failure, rolls back. A failure of the medium costs the lease: what is on disk is not known.
 */
static enum gal_status finish(struct gal_sqlite *sqlite, struct writing *writing)
{
        enum gal_status status;

        run(writing, COMMIT_);
        status = writing->status;
        if (status == GAL_OK)
                return GAL_OK;
        if (sqlite->writer.db != NULL && !sqlite3_get_autocommit(sqlite->writer.db)) {
                struct writing undoing = { .connection = &sqlite->writer, .status = GAL_OK, .error = NULL };

                run(&undoing, ROLLBACK_);
                sqlite->is_suspect |= undoing.status != GAL_OK;
        }
        if (status == GAL_EIO || status == GAL_ENOMEM || status == GAL_EFENCED) {
                sqlite->is_suspect |= status != GAL_EFENCED;
                sqlite->is_owner = false;
        }
        return status;
}

enum gal_status gal_sqlite_commit(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        enum gal_status status = gal_batch_check(batch, error);
        struct writing writing;

        if (status != GAL_OK)
                return status;
        gal_sqlite_enter(&sqlite->writer);
        if (begin(sqlite, &writing, error) == GAL_OK)
                write_batch(&writing, batch);
        status = finish(sqlite, &writing);
        gal_sqlite_leave(&sqlite->writer);
        return status;
}

/* Purging. */

struct key {
        int64_t slot;
        uint8_t id[GAL_UUID_BYTES];
        uint8_t machine_id[GAL_UUID_BYTES];
};

/* The keys are read before anything is deleted: a statement must not walk an index that changes under it. */
static size_t find_closed(struct writing *writing, int64_t closed_before_ms, size_t limit, struct key **ret_keys)
{
        size_t count = 0, size = 0;
        int code;

        *ret_keys = NULL;
        if (!take(writing, FIND_CLOSED))
                return 0;
        sqlite3_bind_int64(writing->statement, 1, closed_before_ms);
        sqlite3_bind_int64(writing->statement, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
        while ((code = sqlite3_step(writing->statement)) == SQLITE_ROW) {
                struct key *key;

                if (count == size) {
                        size = size == 0 ? 64 : size * 2;
                        *ret_keys = gal_realloc(*ret_keys, size, sizeof(**ret_keys));
                }
                key = &(*ret_keys)[count++];
                key->slot = sqlite3_column_int64(writing->statement, 0);
                memcpy(key->id, sqlite3_column_blob(writing->statement, 1), GAL_UUID_BYTES);
                memcpy(key->machine_id, sqlite3_column_blob(writing->statement, 2), GAL_UUID_BYTES);
        }
        if (code != SQLITE_DONE)
                writing->status = gal_sqlite_fail(writing->connection, writing->error);
        give_back(writing);
        return count;
}

static void delete_by_key(struct writing *writing, size_t index, const struct key *keys, size_t count)
{
        if (!take(writing, index))
                return;
        for (size_t i = 0; i < count; i++) {
                sqlite3_bind_int64(writing->statement, 1, keys[i].slot);
                gal_sqlite_bind_bytes(writing->statement, 2, keys[i].id, GAL_UUID_BYTES);
                if (!step(writing))
                        break;
        }
        give_back(writing);
}

static int by_machine(const void *a, const void *b)
{
        return memcmp(((const struct key *)a)->machine_id, ((const struct key *)b)->machine_id, GAL_UUID_BYTES);
}

/* Of each machine that the keys name, once. Sorts the keys. */
static void delete_by_machine(struct writing *writing, size_t index, struct key *keys, size_t count)
{
        if (count == 0 || !take(writing, index))
                return;
        qsort(keys, count, sizeof(*keys), by_machine);
        for (size_t i = 0; i < count; i++) {
                if (i > 0 && by_machine(&keys[i], &keys[i - 1]) == 0)
                        continue;
                gal_sqlite_bind_bytes(writing->statement, 1, keys[i].machine_id, GAL_UUID_BYTES);
                if (!step(writing))
                        break;
        }
        give_back(writing);
}

static size_t delete_names(struct writing *writing, int64_t names_by_ms, size_t limit)
{
        size_t removed = 0;

        if (!take(writing, DELETE_NAMES))
                return 0;
        sqlite3_bind_int64(writing->statement, 1, names_by_ms);
        sqlite3_bind_int64(writing->statement, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
        if (step(writing))
                removed = (size_t)sqlite3_changes(writing->connection->db);
        give_back(writing);
        return removed;
}

enum gal_status gal_sqlite_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                 size_t limit, size_t *ret_removed, struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        struct key *keys = NULL;
        size_t removed = 0, executions;
        enum gal_status status;
        struct writing writing;

        gal_sqlite_enter(&sqlite->writer);
        if (begin(sqlite, &writing, error) == GAL_OK) {
                executions = find_closed(&writing, closed_before_ms, limit, &keys);
                delete_by_key(&writing, DELETE_CHUNKS, keys, executions);
                delete_by_key(&writing, DELETE_RUN, keys, executions);
                delete_by_key(&writing, DELETE_EXECUTION, keys, executions);
                delete_by_machine(&writing, DELETE_MACHINE, keys, executions);
                delete_by_machine(&writing, DELETE_REVISIONS, keys, executions);
                removed = executions + delete_names(&writing, names_by_ms, limit - executions);
        }
        status = finish(sqlite, &writing);
        gal_sqlite_leave(&sqlite->writer);
        free(keys);
        if (status == GAL_OK)
                *ret_removed = removed;
        return status;
}

/* Settings. */

enum gal_status gal_sqlite_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                       struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        struct writing writing = { .connection = &sqlite->writer, .status = GAL_OK, .error = error };

        gal_sqlite_enter(&sqlite->writer);
        if (take(&writing, ADD_SETTING)) {
                gal_sqlite_bind_text(writing.statement, 1, name);
                gal_sqlite_bind_bytes(writing.statement, 2, value, len);
                step(&writing);
                give_back(&writing);
        }
        gal_sqlite_leave(&sqlite->writer);
        return writing.status;
}
