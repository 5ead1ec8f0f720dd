/*
 * sqlite_read.c: each reader is one statement, and so sees one moment of the store.
 */
#include <string.h>

#include "base/alloc.h"
#include "store/sqlite_internal.h"

#define MACHINE_COLUMNS                                                                                            \
        "machine_id, name, revision_id, type, status, created_ms, updated_ms, last_version, created_published,"    \
        " created_description"
#define REVISION_COLUMNS                                                                                           \
        "revision_id, machine_id, definition, role_arn, created_ms, number, logging, tracing, encryption"
#define VERSION_COLUMNS "machine_id, version, revision_id, description, created_ms"
#define ALIAS_COLUMNS                                                                                              \
        "machine_id, name, description, version, weight, other_version, other_weight, created_ms, updated_ms"
#define EXECUTION_COLUMNS                                                                                          \
        "slot, execution_id, name, machine_id, machine_name, revision_id, status, started_ms, stopped_ms,"         \
        " event_count, input, output, error, cause, version, alias, trace_header"
#define RUN_COLUMNS "slot, execution_id, sequence, wake_ms, snapshot"
#define CHUNK_COLUMNS "slot, execution_id, sequence, first_event_id, event_count, body"
#define STARTS_BEFORE                                                                                              \
        "(SELECT first_event_id FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence = (low + high + "  \
        "1)"                                                                                                       \
        " / 2) <= ?3"
#define LIST_ORDER " AND execution_id < ?3 ORDER BY execution_id DESC, slot LIMIT ?4"

enum {
        MACHINES,
        MACHINES_BY_NAME,
        MACHINES_AFTER,
        DELETED_MACHINES,
        REVISION,
        VERSIONS,
        ALIASES,
        TAGS,
        EXECUTION,
        NAME,
        LIST,
        LIST_MACHINE,
        LIST_STATUS,
        LIST_MACHINE_STATUS,
        LIST_VERSION,
        LIST_ALIAS,
        RUN,
        RUNS,
        CHUNKS,
        CHUNKS_BACK,
        CHUNK_OF_EVENT,
        LEASE,
        SETTING,
        ACTIVITIES,
        ACTIVITY,
        ACTIVITY_TASKS,
        STATEMENTS,
};

const char *const gal_sqlite_read_texts[] = {
        [MACHINES] = "SELECT " MACHINE_COLUMNS " FROM state_machine WHERE status <> 'DELETED' ORDER BY name,"
                     " machine_id",
        [MACHINES_BY_NAME] = "SELECT " MACHINE_COLUMNS " FROM state_machine WHERE status <> 'DELETED' AND name = ?1"
                             " ORDER BY machine_id",
        [MACHINES_AFTER] = "SELECT " MACHINE_COLUMNS " FROM state_machine WHERE status <> 'DELETED' AND name > ?1"
                           " ORDER BY name, machine_id LIMIT ?2",
        [DELETED_MACHINES] = "SELECT " MACHINE_COLUMNS " FROM state_machine WHERE status = 'DELETED' AND name = ?1"
                             " ORDER BY machine_id DESC",
        [REVISION] = "SELECT " REVISION_COLUMNS " FROM state_machine_revision WHERE revision_id = ?1",
        [VERSIONS] = "SELECT " VERSION_COLUMNS " FROM state_machine_version WHERE machine_id = ?1 AND version < ?2"
                     " ORDER BY version DESC LIMIT ?3",
        [ALIASES] = "SELECT " ALIAS_COLUMNS " FROM state_machine_alias WHERE machine_id = ?1 ORDER BY created_ms,"
                    " name",
        [TAGS] = "SELECT resource, key, value FROM tag WHERE resource = ?1 ORDER BY key",
        [EXECUTION] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE slot = ?1 AND execution_id = ?2",
        [NAME] = "SELECT machine_id, name, execution_id, reusable_ms FROM execution_name WHERE machine_id = ?1 AND"
                 " name = ?2",
        /* A machine's listings walk an index each. By status alone: the newest of each machine, which are found by
           leaping through the index. */
        [LIST] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE TRUE" LIST_ORDER,
        [LIST_MACHINE] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE machine_id = ?1" LIST_ORDER,
        [LIST_STATUS] =
                "WITH RECURSIVE machine (id) AS (SELECT min(machine_id) FROM execution UNION ALL SELECT (SELECT"
                " min(machine_id) FROM execution WHERE machine_id > machine.id) FROM machine WHERE machine.id IS "
                "NOT"
                " NULL) SELECT " EXECUTION_COLUMNS
                " FROM machine CROSS JOIN execution AS e WHERE e.rowid IN (SELECT"
                " x.rowid FROM execution AS x WHERE x.machine_id = machine.id AND x.status = ?2 AND x.execution_id"
                " < ?3 ORDER BY x.execution_id DESC LIMIT ?4) ORDER BY execution_id DESC LIMIT ?4",
        [LIST_MACHINE_STATUS] =
                "SELECT " EXECUTION_COLUMNS " FROM execution WHERE machine_id = ?1 AND status = ?2" LIST_ORDER,
        /* Each walks an index of its own, whose condition it repeats. */
        [LIST_VERSION] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE version > 0 AND machine_id = ?1 AND"
                         " version = ?5 AND (?2 IS NULL OR status = ?2)" LIST_ORDER,
        [LIST_ALIAS] = "SELECT " EXECUTION_COLUMNS " FROM execution WHERE alias IS NOT NULL AND machine_id = ?1 AND"
                       " alias = ?6 AND (?2 IS NULL OR status = ?2)" LIST_ORDER,
        [RUN] = "SELECT " RUN_COLUMNS " FROM run WHERE slot = ?1 AND execution_id = ?2",
        [RUNS] = "SELECT " RUN_COLUMNS " FROM run WHERE wake_ms > ?1 AND wake_ms <= ?2 ORDER BY wake_ms,"
                 " execution_id LIMIT ?3",
        [CHUNKS] = "SELECT " CHUNK_COLUMNS " FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence >= ?3"
                   " ORDER BY sequence",
        [CHUNKS_BACK] =
                "SELECT " CHUNK_COLUMNS " FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence <="
                " ?3 ORDER BY sequence DESC",
        /* Sequences have no gap and first events never go back, so halving finds the chunk by its key alone. */
        [CHUNK_OF_EVENT] =
                "WITH RECURSIVE half (low, high) AS (SELECT 1, (SELECT max(sequence) FROM history WHERE slot = ?1"
                " AND execution_id = ?2) UNION ALL SELECT iif(" STARTS_BEFORE ", (low + high + 1) / 2, low),"
                " iif(" STARTS_BEFORE ", high, (low + high + 1) / 2 - 1) FROM half WHERE low < high)"
                " SELECT " CHUNK_COLUMNS " FROM history WHERE slot = ?1 AND execution_id = ?2 AND sequence ="
                " (SELECT low FROM half WHERE low = high) AND first_event_id <= ?3 AND first_event_id +"
                " event_count > ?3",
        [LEASE] = "SELECT epoch, incarnation, address FROM lease",
        [SETTING] = "SELECT value FROM setting WHERE name = ?1",
        [ACTIVITIES] = "SELECT name, encryption, created_ms FROM activity ORDER BY name",
        [ACTIVITY] = "SELECT name, encryption, created_ms FROM activity WHERE name = ?1",
        [ACTIVITY_TASKS] = "SELECT activity, scheduled_ms, execution_id, scheduled_id, slot FROM activity_task "
                           "WHERE (activity,"
                           " scheduled_ms, execution_id, scheduled_id) > (?1, ?2, ?3, ?4) AND activity <= ?5 ORDER "
                           "BY activity,"
                           " scheduled_ms, execution_id, scheduled_id LIMIT ?6",
};
const size_t gal_sqlite_read_count = STATEMENTS;

/* A parameter of a statement. */
struct parameter {
        enum { ID, TEXT, NUMBER, BYTES } type;
        union {
                const char *text;
                int64_t number;
                struct {
                        const void *data;
                        size_t len;
                } bytes;
        } as;
};

#define IS_ID(text_) ((struct parameter){ .type = ID, .as.text = (text_) })
#define IS_TEXT(text_) ((struct parameter){ .type = TEXT, .as.text = (text_) })
#define IS_NUMBER(number_) ((struct parameter){ .type = NUMBER, .as.number = (number_) })
#define IS_BOUND(bound) IS_NUMBER((uint64_t)(bound) > INT64_MAX ? INT64_MAX : (int64_t)(bound))
#define PARAMETERS(...)                                                                                            \
        (const struct parameter[]){ __VA_ARGS__ },                                                                 \
                sizeof((struct parameter[]){ __VA_ARGS__ }) / sizeof(struct parameter)

static void bind(sqlite3_stmt *statement, int at, const struct parameter *parameter)
{
        switch (parameter->type) {
        case ID:
                gal_sqlite_bind_id(statement, at, parameter->as.text);
                break;
        case TEXT:
                gal_sqlite_bind_text(statement, at, parameter->as.text);
                break;
        case NUMBER:
                sqlite3_bind_int64(statement, at, parameter->as.number);
                break;
        case BYTES:
                gal_sqlite_bind_bytes(statement, at, parameter->as.bytes.data, parameter->as.bytes.len);
                break;
        }
}

/* Gives the rows of a statement to the caller's callback, until it says no. */
static enum gal_status read_rows(struct gal_store *store, size_t index, const struct gal_row_reader *reader,
                                 const struct parameter *parameters, size_t parameter_count,
                                 struct gal_error *error)
{
        struct gal_sqlite_connection *connection = &((struct gal_sqlite *)store)->reader;
        sqlite3_stmt *statement;
        struct gal_any_row row;
        enum gal_status status;
        int code;

        gal_sqlite_enter(connection);
        status = gal_sqlite_statement(connection, index, &statement, error);
        if (status == GAL_OK) {
                for (size_t i = 0; i < parameter_count; i++)
                        bind(statement, (int)i + 1, &parameters[i]);
                while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                        gal_sqlite_take_row(statement, reader->kind, &row);
                        if (!gal_row_give(reader, &row))
                                break;
                }
                if (code != SQLITE_ROW && code != SQLITE_DONE)
                        status = gal_sqlite_fail(connection, error);
                gal_sqlite_done(connection, index, statement);
        }
        gal_sqlite_leave(connection);
        return status;
}

enum gal_status gal_sqlite_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };

        if (name == NULL)
                return read_rows(store, MACHINES, &any, NULL, 0, error);
        return read_rows(store, MACHINES_BY_NAME, &any, PARAMETERS(IS_TEXT(name)), error);
}

enum gal_status gal_sqlite_list_machines(struct gal_store *store, const char *after, size_t limit,
                                         gal_machine_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };

        return read_rows(store, MACHINES_AFTER, &any,
                         PARAMETERS(IS_TEXT(after == NULL ? "" : after), IS_BOUND(limit)), error);
}

enum gal_status gal_sqlite_read_versions(struct gal_store *store, const char *machine_id, uint32_t below,
                                         size_t limit, gal_version_reader reader, void *user,
                                         struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_VERSION, .as.version = reader, .user = user };

        return read_rows(store, VERSIONS, &any,
                         PARAMETERS(IS_ID(machine_id), IS_NUMBER(below == 0 ? INT64_MAX : below), IS_BOUND(limit)),
                         error);
}

enum gal_status gal_sqlite_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                        void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ALIAS, .as.alias = reader, .user = user };

        return read_rows(store, ALIASES, &any, PARAMETERS(IS_ID(machine_id)), error);
}

enum gal_status gal_sqlite_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                     void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_TAG, .as.tag = reader, .user = user };

        return read_rows(store, TAGS, &any, PARAMETERS(IS_TEXT(resource)), error);
}

enum gal_status gal_sqlite_read_deleted_machines(struct gal_store *store, const char *name,
                                                 gal_machine_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };

        return read_rows(store, DELETED_MACHINES, &any, PARAMETERS(IS_TEXT(name)), error);
}

enum gal_status gal_sqlite_read_revision(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_REVISION, .as.revision = reader, .user = user };

        return read_rows(store, REVISION, &any, PARAMETERS(IS_ID(revision_id)), error);
}

enum gal_status gal_sqlite_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_EXECUTION, .as.execution = reader, .user = user };

        return read_rows(store, EXECUTION, &any, PARAMETERS(IS_NUMBER(slot), IS_ID(execution_id)), error);
}

enum gal_status gal_sqlite_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_NAME, .as.name = reader, .user = user };

        return read_rows(store, NAME, &any, PARAMETERS(IS_ID(machine_id), IS_TEXT(name)), error);
}

enum gal_status gal_sqlite_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error)
{
        /* One byte longer than any id, and so behind all of them. */
        static const char end[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
        struct gal_row_reader any = { .kind = GAL_ROW_EXECUTION, .as.execution = reader, .user = user };
        struct parameter before = IS_ID(filter->before_id);
        size_t index;

        if (filter->before_id == NULL)
                before = (struct parameter){ .type = BYTES, .as.bytes = { end, sizeof(end) - 1 } };
        if (filter->version != 0)
                index = LIST_VERSION;
        else if (filter->alias != NULL)
                index = LIST_ALIAS;
        else if (filter->machine_id == NULL)
                index = filter->status == NULL ? LIST : LIST_STATUS;
        else
                index = filter->status == NULL ? LIST_MACHINE : LIST_MACHINE_STATUS;
        return read_rows(store, index, &any,
                         PARAMETERS(IS_ID(filter->machine_id), IS_TEXT(filter->status), before,
                                    IS_BOUND(filter->limit), IS_NUMBER(filter->version), IS_TEXT(filter->alias)),
                         error);
}

enum gal_status gal_sqlite_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_RUN, .as.run = reader, .user = user };

        return read_rows(store, RUN, &any, PARAMETERS(IS_NUMBER(slot), IS_ID(execution_id)), error);
}

enum gal_status gal_sqlite_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_RUN, .as.run = reader, .user = user };

        return read_rows(store, RUNS, &any, PARAMETERS(IS_NUMBER(after_ms), IS_NUMBER(due_ms), IS_BOUND(limit)),
                         error);
}

enum gal_status gal_sqlite_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error)
{
        return gal_sqlite_read_parked(store, /* after_ms= */ -1, due_ms, limit, reader, user, error);
}

enum gal_status gal_sqlite_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };

        return read_rows(store, CHUNKS, &any,
                         PARAMETERS(IS_NUMBER(slot), IS_ID(execution_id), IS_BOUND(from_sequence)), error);
}

enum gal_status gal_sqlite_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };

        return read_rows(store, CHUNKS_BACK, &any,
                         PARAMETERS(IS_NUMBER(slot), IS_ID(execution_id), IS_BOUND(from_sequence)), error);
}

enum gal_status gal_sqlite_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                               uint64_t event_id, gal_chunk_reader reader, void *user,
                                               struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };

        return read_rows(store, CHUNK_OF_EVENT, &any,
                         PARAMETERS(IS_NUMBER(slot), IS_ID(execution_id), IS_BOUND(event_id)), error);
}

enum gal_status gal_sqlite_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                           void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ACTIVITY, .as.activity = reader, .user = user };

        if (name == NULL)
                return read_rows(store, ACTIVITIES, &any, NULL, 0, error);
        return read_rows(store, ACTIVITY, &any, PARAMETERS(IS_TEXT(name)), error);
}

enum gal_status gal_sqlite_read_activity_tasks(struct gal_store *store, const char *activity,
                                               const struct gal_activity_task_row *after, size_t limit,
                                               gal_activity_task_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ACTIVITY_TASK, .as.activity_task = reader, .user = user };
        struct gal_activity_task_row first = GAL_ACTIVITY_TASK_FIRST(activity);

        if (after == NULL)
                after = &first;
        return read_rows(store, ACTIVITY_TASKS, &any,
                         PARAMETERS(IS_TEXT(after->activity), IS_NUMBER(after->scheduled_ms),
                                    IS_ID(after->execution_id), IS_BOUND(after->scheduled_id),
                                    IS_TEXT(activity == NULL ? GAL_NAME_LAST : activity), IS_BOUND(limit)),
                         error);
}

/* Settings, the lease, and counts. */

static char *take_blob(sqlite3_stmt *statement, int at, size_t *ret_len)
{
        const void *bytes = sqlite3_column_blob(statement, at);
        char *copy;

        *ret_len = (size_t)sqlite3_column_bytes(statement, at);
        copy = gal_calloc(*ret_len + 1, 1);
        if (*ret_len > 0)
                memcpy(copy, bytes, *ret_len);
        return copy;
}

enum gal_status gal_sqlite_read_setting(struct gal_store *store, const char *name, char **ret_value,
                                        size_t *ret_len, struct gal_error *error)
{
        struct gal_sqlite_connection *connection = &((struct gal_sqlite *)store)->reader;
        sqlite3_stmt *statement;
        enum gal_status status;

        *ret_value = NULL;
        *ret_len = 0;
        gal_sqlite_enter(connection);
        status = gal_sqlite_statement(connection, SETTING, &statement, error);
        if (status == GAL_OK) {
                int code;

                gal_sqlite_bind_text(statement, 1, name);
                code = sqlite3_step(statement);
                if (code == SQLITE_ROW)
                        *ret_value = take_blob(statement, 0, ret_len);
                else if (code != SQLITE_DONE)
                        status = gal_sqlite_fail(connection, error);
                gal_sqlite_done(connection, SETTING, statement);
        }
        gal_sqlite_leave(connection);
        return status;
}

static char *take_text(sqlite3_stmt *statement, int at)
{
        const char *text = (const char *)sqlite3_column_text(statement, at);

        return gal_strdup(text == NULL ? "" : text);
}

enum gal_status gal_sqlite_read_lease(struct gal_sqlite *sqlite, int64_t *ret_epoch, char **ret_incarnation,
                                      char **ret_address, struct gal_error *error)
{
        struct gal_sqlite_connection *connection = &sqlite->reader;
        sqlite3_stmt *statement;
        enum gal_status status;

        gal_sqlite_enter(connection);
        status = gal_sqlite_statement(connection, LEASE, &statement, error);
        if (status == GAL_OK) {
                if (sqlite3_step(statement) == SQLITE_ROW) {
                        *ret_epoch = sqlite3_column_int64(statement, 0);
                        *ret_incarnation = take_text(statement, 1);
                        *ret_address = take_text(statement, 2);
                } else {
                        status = gal_sqlite_fail(connection, error);
                }
                gal_sqlite_done(connection, LEASE, statement);
        }
        gal_sqlite_leave(connection);
        return status;
}

enum gal_status gal_sqlite_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error)
{
        static const struct {
                const char *name;
                const char *sql;
        } counts[] = {
                { "machines", "SELECT count(*) FROM state_machine WHERE status <> 'DELETED'" },
                { "executions", "SELECT count(*) FROM execution" },
                { "executions open", "SELECT count(*) FROM run" },
                { "executions parked", "SELECT count(*) FROM run WHERE wake_ms > 0" },
                { "names", "SELECT count(*) FROM execution_name" },
                { "activities", "SELECT count(*) FROM activity" },
                { "activity tasks", "SELECT count(*) FROM activity_task" },
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
