/*
 * sqlite_read.c: each reader is one statement, and so sees one moment of the store.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/sqlite_internal.h"

#define EXECUTION_COLUMNS                                                                                          \
        "slot, execution_id, name, machine_id, machine_name, revision_id, status, started_ms, stopped_ms,"         \
        " event_count, input, output, error, cause"
#define RUN_COLUMNS "slot, execution_id, sequence, wake_ms, snapshot"
#define CHUNK_COLUMNS "slot, execution_id, sequence, first_event_id, event_count, body"
#define LIST_ORDER " AND execution_id < ?3 ORDER BY execution_id DESC, slot LIMIT ?4"

enum {
        MACHINES,
        MACHINES_BY_NAME,
        REVISION,
        EXECUTION,
        NAME,
        LIST,
        LIST_MACHINE,
        LIST_STATUS,
        LIST_MACHINE_STATUS,
        RUN,
        RUNS,
        CHUNKS,
        CHUNKS_BACK,
        LEASE,
        STATEMENTS,
};

const char *const gal_sqlite_read_texts[] = {
        [MACHINES] = "SELECT machine_id, name, revision_id, type, status, created_ms, updated_ms FROM state_machine"
                     " ORDER BY name, machine_id",
        [MACHINES_BY_NAME] = "SELECT machine_id, name, revision_id, type, status, created_ms, updated_ms FROM"
                             " state_machine WHERE name = ?1 ORDER BY machine_id",
        [REVISION] = "SELECT revision_id, machine_id, definition, role_arn, created_ms FROM state_machine_revision"
                     " WHERE revision_id = ?1",
        [EXECUTION] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE slot = ?1 AND execution_id = ?2",
        [NAME] = "SELECT machine_id, name, execution_id, reusable_ms FROM execution_name WHERE machine_id = ?1 AND"
                 " name = ?2",
        /* A machine's listings walk an index each. By status alone nobody asks but a person: that one walks them
           all. */
        [LIST] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE TRUE" LIST_ORDER,
        [LIST_MACHINE] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE machine_id = ?1" LIST_ORDER,
        [LIST_STATUS] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE +status = ?2" LIST_ORDER,
        [LIST_MACHINE_STATUS] =
                "SELECT " EXECUTION_COLUMNS " FROM execution WHERE machine_id = ?1 AND status = ?2" LIST_ORDER,
        [RUN] = "SELECT " RUN_COLUMNS " FROM run WHERE slot = ?1 AND execution_id = ?2",
        [RUNS] = "SELECT " RUN_COLUMNS " FROM run WHERE wake_ms > ?1 AND wake_ms <= ?2 ORDER BY wake_ms,"
                 " execution_id LIMIT ?3",
        [CHUNKS] = "SELECT " CHUNK_COLUMNS " FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence >= ?3"
                   " ORDER BY sequence",
        [CHUNKS_BACK] =
                "SELECT " CHUNK_COLUMNS " FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence <="
                " ?3 ORDER BY sequence DESC",
        [LEASE] = "SELECT epoch, incarnation, address FROM lease",
};
const size_t gal_sqlite_read_count = STATEMENTS;

struct reading {
        struct gal_sqlite_connection *connection;
        size_t index;
        sqlite3_stmt *statement;
        struct gal_error *error;
        char ids[3][37]; /* texts of the row's ids */
};

static enum gal_status begin(struct reading *reading, struct gal_store *store, size_t index,
                             struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        enum gal_status status;

        *reading = (struct reading){ .connection = &sqlite->reader, .index = index, .error = error };
        gal_sqlite_enter(reading->connection);
        status = gal_sqlite_statement(reading->connection, index, &reading->statement, error);
        if (status != GAL_OK)
                gal_sqlite_leave(reading->connection);
        return status;
}

/* Calls `row` for the rows of the statement in hand, until it says no; hands the statement back. */
static enum gal_status read_rows(struct reading *reading,
                                 bool (*row)(struct reading *reading, void *reader, void *user), void *reader,
                                 void *user)
{
        enum gal_status status = GAL_OK;
        int code;

        while ((code = sqlite3_step(reading->statement)) == SQLITE_ROW) {
                if (!row(reading, reader, user))
                        break;
        }
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                status = gal_sqlite_fail(reading->connection, reading->error);
        gal_sqlite_done(reading->connection, reading->index, reading->statement);
        gal_sqlite_leave(reading->connection);
        return status;
}

/* Columns. */

static const char *id_column(struct reading *reading, int column, size_t place)
{
        const void *bytes = sqlite3_column_blob(reading->statement, column);

        if (bytes == NULL || sqlite3_column_bytes(reading->statement, column) != GAL_UUID_BYTES)
                return "";
        gal_uuid_from_bytes(bytes, reading->ids[place]);
        return reading->ids[place];
}

static const char *text_column(struct reading *reading, int column)
{
        return (const char *)sqlite3_column_text(reading->statement, column);
}

static int64_t number_column(struct reading *reading, int column)
{
        return sqlite3_column_int64(reading->statement, column);
}

static const char *bytes_column(struct reading *reading, int column, size_t *ret_len)
{
        const char *bytes = sqlite3_column_blob(reading->statement, column);

        *ret_len = (size_t)sqlite3_column_bytes(reading->statement, column);
        if (bytes == NULL && sqlite3_column_type(reading->statement, column) != SQLITE_NULL)
                return ""; /* SQLite has no address for no bytes */
        return bytes;
}

static int64_t bound(uint64_t number)
{
        return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* A row of each kind. `reader` is a pointer to the caller's callback. */

static bool give_machine(struct reading *reading, void *reader, void *user)
{
        struct gal_machine_row row = { .machine_id = id_column(reading, 0, 0),
                                       .name = text_column(reading, 1),
                                       .revision_id = id_column(reading, 2, 1),
                                       .type = text_column(reading, 3),
                                       .status = text_column(reading, 4),
                                       .created_ms = number_column(reading, 5),
                                       .updated_ms = number_column(reading, 6) };

        return (*(gal_machine_reader *)reader)(user, &row);
}

static bool give_revision(struct reading *reading, void *reader, void *user)
{
        struct gal_revision_row row = { .revision_id = id_column(reading, 0, 0),
                                        .machine_id = id_column(reading, 1, 1),
                                        .definition = text_column(reading, 2),
                                        .role_arn = text_column(reading, 3),
                                        .created_ms = number_column(reading, 4) };

        return (*(gal_revision_reader *)reader)(user, &row);
}

typedef bool (*name_reader)(void *user, const struct gal_name_row *row);

static bool give_name(struct reading *reading, void *reader, void *user)
{
        struct gal_name_row row = { .machine_id = id_column(reading, 0, 0),
                                    .name = text_column(reading, 1),
                                    .execution_id = id_column(reading, 2, 1),
                                    .reusable_ms = number_column(reading, 3) };

        return (*(name_reader *)reader)(user, &row);
}

static bool give_execution(struct reading *reading, void *reader, void *user)
{
        struct gal_execution_row row = { .slot = (uint32_t)number_column(reading, 0),
                                         .execution_id = id_column(reading, 1, 0),
                                         .name = text_column(reading, 2),
                                         .machine_id = id_column(reading, 3, 1),
                                         .machine_name = text_column(reading, 4),
                                         .revision_id = id_column(reading, 5, 2),
                                         .status = text_column(reading, 6),
                                         .started_ms = number_column(reading, 7),
                                         .stopped_ms = number_column(reading, 8),
                                         .event_count = (uint64_t)number_column(reading, 9),
                                         .input = text_column(reading, 10),
                                         .output = text_column(reading, 11),
                                         .error = text_column(reading, 12),
                                         .cause = text_column(reading, 13) };

        return (*(gal_execution_reader *)reader)(user, &row);
}

static bool give_run(struct reading *reading, void *reader, void *user)
{
        struct gal_run_row row = { .slot = (uint32_t)number_column(reading, 0),
                                   .execution_id = id_column(reading, 1, 0),
                                   .sequence = (uint64_t)number_column(reading, 2),
                                   .wake_ms = number_column(reading, 3) };

        row.snapshot = bytes_column(reading, 4, &row.snapshot_len);
        return (*(gal_run_reader *)reader)(user, &row);
}

static bool give_chunk(struct reading *reading, void *reader, void *user)
{
        struct gal_chunk_row row = { .slot = (uint32_t)number_column(reading, 0),
                                     .execution_id = id_column(reading, 1, 0),
                                     .sequence = (uint64_t)number_column(reading, 2),
                                     .first_event_id = (uint64_t)number_column(reading, 3),
                                     .event_count = (uint32_t)number_column(reading, 4) };

        row.body = bytes_column(reading, 5, &row.body_len);
        return (*(gal_chunk_reader *)reader)(user, &row);
}

/* The readers. */

enum gal_status gal_sqlite_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, name == NULL ? MACHINES : MACHINES_BY_NAME, error);

        if (status != GAL_OK)
                return status;
        if (name != NULL)
                gal_sqlite_bind_text(reading.statement, 1, name);
        return read_rows(&reading, give_machine, &reader, user);
}

enum gal_status gal_sqlite_read_revision(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, REVISION, error);

        if (status != GAL_OK)
                return status;
        gal_sqlite_bind_id(reading.statement, 1, revision_id);
        return read_rows(&reading, give_revision, &reader, user);
}

enum gal_status gal_sqlite_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, EXECUTION, error);

        if (status != GAL_OK)
                return status;
        sqlite3_bind_int64(reading.statement, 1, slot);
        gal_sqlite_bind_id(reading.statement, 2, execution_id);
        return read_rows(&reading, give_execution, &reader, user);
}

enum gal_status gal_sqlite_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, NAME, error);

        if (status != GAL_OK)
                return status;
        gal_sqlite_bind_id(reading.statement, 1, machine_id);
        gal_sqlite_bind_text(reading.statement, 2, name);
        return read_rows(&reading, give_name, &reader, user);
}

enum gal_status gal_sqlite_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error)
{
        /* One byte longer than any id, and so behind all of them. */
        static const char behind_all[GAL_UUID_BYTES + 1] = { '\xff', '\xff', '\xff', '\xff', '\xff', '\xff',
                                                             '\xff', '\xff', '\xff', '\xff', '\xff', '\xff',
                                                             '\xff', '\xff', '\xff', '\xff', '\xff' };
        size_t index = filter->machine_id == NULL ? (filter->status == NULL ? LIST : LIST_STATUS)
                                                  : (filter->status == NULL ? LIST_MACHINE : LIST_MACHINE_STATUS);
        struct reading reading;
        enum gal_status status = begin(&reading, store, index, error);

        if (status != GAL_OK)
                return status;
        if (filter->machine_id != NULL)
                gal_sqlite_bind_id(reading.statement, 1, filter->machine_id);
        if (filter->status != NULL)
                gal_sqlite_bind_text(reading.statement, 2, filter->status);
        if (filter->before_id != NULL)
                gal_sqlite_bind_id(reading.statement, 3, filter->before_id);
        else
                gal_sqlite_bind_bytes(reading.statement, 3, behind_all, sizeof(behind_all));
        sqlite3_bind_int64(reading.statement, 4, bound(filter->limit));
        return read_rows(&reading, give_execution, &reader, user);
}

enum gal_status gal_sqlite_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, RUN, error);

        if (status != GAL_OK)
                return status;
        sqlite3_bind_int64(reading.statement, 1, slot);
        gal_sqlite_bind_id(reading.statement, 2, execution_id);
        return read_rows(&reading, give_run, &reader, user);
}

enum gal_status gal_sqlite_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, RUNS, error);

        if (status != GAL_OK)
                return status;
        sqlite3_bind_int64(reading.statement, 1, after_ms);
        sqlite3_bind_int64(reading.statement, 2, due_ms);
        sqlite3_bind_int64(reading.statement, 3, bound(limit));
        return read_rows(&reading, give_run, &reader, user);
}

enum gal_status gal_sqlite_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error)
{
        return gal_sqlite_read_parked(store, /* after_ms= */ -1, due_ms, limit, reader, user, error);
}

static enum gal_status read_chunks(struct gal_store *store, size_t index, uint32_t slot, const char *execution_id,
                                   uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                   struct gal_error *error)
{
        struct reading reading;
        enum gal_status status = begin(&reading, store, index, error);

        if (status != GAL_OK)
                return status;
        sqlite3_bind_int64(reading.statement, 1, slot);
        gal_sqlite_bind_id(reading.statement, 2, execution_id);
        sqlite3_bind_int64(reading.statement, 3, bound(from_sequence));
        return read_rows(&reading, give_chunk, &reader, user);
}

enum gal_status gal_sqlite_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error)
{
        return read_chunks(store, CHUNKS, slot, execution_id, from_sequence, reader, user, error);
}

enum gal_status gal_sqlite_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error)
{
        return read_chunks(store, CHUNKS_BACK, slot, execution_id, from_sequence, reader, user, error);
}

/* The lease, and counts. */

struct lease {
        int64_t epoch;
        char *incarnation;
        char *address;
};

static bool give_lease(struct reading *reading, void *reader, void *user)
{
        struct lease *lease = user;

        (void)reader;
        *lease = (struct lease){ .epoch = number_column(reading, 0),
                                 .incarnation = gal_strdup(text_column(reading, 1)),
                                 .address = gal_strdup(text_column(reading, 2)) };
        return false;
}

enum gal_status gal_sqlite_read_lease(struct gal_sqlite *sqlite, int64_t *ret_epoch, char **ret_incarnation,
                                      char **ret_address, struct gal_error *error)
{
        struct reading reading;
        struct lease lease = { .epoch = 0 };
        enum gal_status status = begin(&reading, &sqlite->store, LEASE, error);

        if (status == GAL_OK)
                status = read_rows(&reading, give_lease, /* reader= */ NULL, &lease);
        if (status != GAL_OK)
                return status;
        if (lease.incarnation == NULL || lease.address == NULL) {
                free(lease.incarnation);
                free(lease.address);
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s has no lease", sqlite->path);
        }
        *ret_epoch = lease.epoch;
        *ret_incarnation = lease.incarnation;
        *ret_address = lease.address;
        return GAL_OK;
}

enum gal_status gal_sqlite_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error)
{
        static const struct {
                const char *name;
                const char *sql;
        } counts[] = {
                { "machines", "SELECT count(*) FROM state_machine" },
                { "executions", "SELECT count(*) FROM execution" },
                { "executions open", "SELECT count(*) FROM run" },
                { "executions parked", "SELECT count(*) FROM run WHERE wake_ms > 0" },
                { "names", "SELECT count(*) FROM execution_name" },
                { "history chunks", "SELECT count(*) FROM history" },
                { "file bytes", "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size" },
        };
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        enum gal_status status = GAL_OK;

        gal_sqlite_enter(&sqlite->reader);
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                int64_t count;

                status = gal_sqlite_ask(&sqlite->reader, counts[i].sql, &count, error);
                if (status != GAL_OK || !reader(user, counts[i].name, count))
                        break;
        }
        gal_sqlite_leave(&sqlite->reader);
        return status;
}
