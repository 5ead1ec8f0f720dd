/*
 * postgres_read.c: the readers, on a connection of their own.
 *
 * A result is fetched whole before its rows are given, so that a callback may read. What may be long comes in
 * pages, each of which goes on behind the last row of the one before; so a reader sees every row that was there all
 * the time, once, and a connection that is lost between two pages is simply opened anew.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/postgres_internal.h"

/* Rows of a page: the first one's, and the most. In between it doubles while the pages stay small. */
#define PAGE_ROWS_MIN 16
#define PAGE_ROWS_MAX 1024
#define PAGE_SIZE_WANTED (1024 * 1024)

#define MAX_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

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
        ACTIVITIES,
        ACTIVITY,
        ACTIVITY_TASKS,
        STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
        [MACHINES] = "SELECT " MACHINE_COLUMNS " FROM galliard.state_machine WHERE status <> 'DELETED' ORDER BY"
                     " name, machine_id",
        [MACHINES_BY_NAME] = "SELECT " MACHINE_COLUMNS " FROM galliard.state_machine WHERE status <> 'DELETED' AND"
                             " name = $1 ORDER BY machine_id",
        [MACHINES_AFTER] = "SELECT " MACHINE_COLUMNS " FROM galliard.state_machine WHERE status <> 'DELETED' AND"
                           " name > $1 ORDER BY name, machine_id LIMIT $2",
        [DELETED_MACHINES] = "SELECT " MACHINE_COLUMNS " FROM galliard.state_machine WHERE status = 'DELETED' AND"
                             " name = $1 ORDER BY machine_id DESC",
        [REVISION] = "SELECT " REVISION_COLUMNS " FROM galliard.state_machine_revision WHERE revision_id = $1",
        [VERSIONS] = "SELECT " VERSION_COLUMNS " FROM galliard.state_machine_version WHERE machine_id = $1 AND"
                     " version < $2 ORDER BY version DESC LIMIT $3",
        [ALIASES] = "SELECT " ALIAS_COLUMNS " FROM galliard.state_machine_alias WHERE machine_id = $1 ORDER BY"
                    " created_ms, name",
        [TAGS] = "SELECT resource, key, value FROM galliard.tag WHERE resource = $1 ORDER BY key",
        [EXECUTION] = "SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE execution_id = $1 AND slot = $2",
        [NAME] = "SELECT machine_id, name, execution_id, reusable_ms FROM galliard.execution_name WHERE machine_id "
                 "= $1"
                 " AND name = $2",
        /* The listings: below $1, at most $2. */
        [LIST] =
                "SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE execution_id < $1 ORDER BY execution_id"
                " DESC LIMIT $2",
        /* As LIST_MACHINE below, over the machines that have executions. */
        [LIST_STATUS] =
                "WITH RECURSIVE machine (id) AS ((SELECT machine_id FROM galliard.execution ORDER BY machine_id "
                "LIMIT"
                " 1) UNION ALL SELECT (SELECT machine_id FROM galliard.execution WHERE machine_id > machine.id"
                " ORDER BY machine_id LIMIT 1) FROM machine WHERE machine.id IS NOT NULL) SELECT e.* FROM machine"
                " CROSS JOIN LATERAL (SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE machine_id ="
                " machine.id AND status = $3 AND execution_id < $1 ORDER BY execution_id DESC LIMIT $2) AS e"
                " ORDER BY e.execution_id DESC LIMIT $2",
        [LIST_MACHINE_STATUS] = "SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE machine_id = $3 AND"
                                " status = $4 AND execution_id < $1 ORDER BY execution_id DESC LIMIT $2",
        /* The few statuses that a machine's executions have are found by leaping through the index, and of each the
         * newest ones are taken: the newest of all are among them. */
        [LIST_MACHINE] =
                "WITH RECURSIVE has (status) AS (SELECT min(status) FROM galliard.execution WHERE machine_id ="
                " $3 UNION ALL SELECT (SELECT min(status) FROM galliard.execution WHERE machine_id = $3 AND"
                " status > has.status) FROM has WHERE has.status IS NOT NULL) SELECT e.* FROM has CROSS JOIN"
                " LATERAL (SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE machine_id = $3 AND"
                " status = has.status AND execution_id < $1 ORDER BY execution_id DESC LIMIT $2) AS e"
                " ORDER BY e.execution_id DESC LIMIT $2",
        /* Each walks an index of its own, whose condition it repeats. No status: the empty one. */
        [LIST_VERSION] = "SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE version > 0 AND machine_id ="
                         " $3 AND ($4 = '' OR status = $4) AND version = $5 AND execution_id < $1 ORDER BY"
                         " execution_id DESC LIMIT $2",
        [LIST_ALIAS] = "SELECT " EXECUTION_COLUMNS " FROM galliard.execution WHERE alias IS NOT NULL AND machine_id"
                       " = $3 AND ($4 = '' OR status = $4) AND alias = $5 AND execution_id < $1 ORDER BY"
                       " execution_id DESC LIMIT $2",
        [RUN] = "SELECT " RUN_COLUMNS " FROM galliard.run WHERE execution_id = $1 AND slot = $2",
        [RUNS] = "SELECT " RUN_COLUMNS
                 " FROM galliard.run WHERE (wake_ms, execution_id) > ($1, $2) AND wake_ms <= $3"
                 " ORDER BY wake_ms, execution_id LIMIT $4",
        [CHUNKS] = "SELECT " CHUNK_COLUMNS
                   " FROM galliard.history WHERE execution_id = $1 AND slot = $2 AND sequence >="
                   " $3 ORDER BY sequence LIMIT $4",
        [CHUNKS_BACK] = "SELECT " CHUNK_COLUMNS " FROM galliard.history WHERE execution_id = $1 AND slot = $2 AND"
                        " sequence <= $3 ORDER BY sequence DESC LIMIT $4",
        /* Sequences have no gap and first events never go back, so halving finds the chunk by its key alone. */
        [CHUNK_OF_EVENT] =
                "WITH RECURSIVE half (low, high) AS (SELECT 1, (SELECT max(sequence) FROM galliard.history WHERE"
                " execution_id = $1 AND slot = $2) UNION ALL SELECT CASE WHEN is_before THEN middle ELSE low END,"
                " CASE WHEN is_before THEN high ELSE middle - 1 END FROM (SELECT low, high, (low + high + 1) / 2 AS"
                " middle, (SELECT first_event_id FROM galliard.history WHERE execution_id = $1 AND slot = $2 AND"
                " sequence = (low + high + 1) / 2) <= $3 AS is_before FROM half WHERE low < high) AS probe) "
                "SELECT " CHUNK_COLUMNS
                " FROM galliard.history WHERE execution_id = $1 AND slot = $2 AND sequence = (SELECT"
                " low FROM half WHERE low = high) AND first_event_id <= $3 AND first_event_id + event_count > $3",
        [ACTIVITIES] = "SELECT name, encryption, created_ms FROM galliard.activity WHERE name > $1 ORDER BY name"
                       " LIMIT $2",
        [ACTIVITY] = "SELECT name, encryption, created_ms FROM galliard.activity WHERE name = $1",
        [ACTIVITY_TASKS] =
                "SELECT activity, scheduled_ms, execution_id, scheduled_id, slot FROM galliard.activity_task WHERE"
                " (activity, scheduled_ms, execution_id, scheduled_id) > ($1, $2, $3, $4) AND activity <= $5"
                " ORDER BY activity, scheduled_ms, execution_id, scheduled_id LIMIT $6",
};

/* The connection. */

static enum gal_status ensure_reader(struct gal_postgres *postgres, struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        enum gal_status status;

        if (postgres->reader != NULL && PQstatus(postgres->reader) == CONNECTION_OK)
                return GAL_OK;
        PQfinish(postgres->reader);
        postgres->reader = NULL;
        postgres->reader_prepared = 0;
        status = gal_pg_connect(postgres->conninfo, /* incarnation= */ NULL, &postgres->reader, &own);
        if (status == GAL_EINVALID)
                status = GAL_EIO; /* it was right before; of what is read it says nothing */
        return status == GAL_OK ? GAL_OK : gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
}

/* `index` < STATEMENTS: prepared; else `sql`. */
static enum gal_status run_once(struct gal_postgres *postgres, size_t index, const char *sql,
                                const struct gal_pg_parameters *parameters, PGresult **ret_result,
                                struct gal_error *error)
{
        enum gal_status status = ensure_reader(postgres, error);
        char name[16];

        if (status != GAL_OK)
                return status;
        if (index >= STATEMENTS)
                return gal_pg_query(postgres->reader, sql, parameters, GAL_PG_TIMEOUT_MS, ret_result, error);
        snprintf(name, sizeof(name), "read%zu", index);
        if ((postgres->reader_prepared & UINT64_C(1) << index) == 0) {
                status = gal_pg_prepare(postgres->reader, name, statements[index], error);
                if (status != GAL_OK)
                        return status;
                postgres->reader_prepared |= UINT64_C(1) << index;
        }
        return gal_pg_query_prepared(postgres->reader, name, parameters, GAL_PG_TIMEOUT_MS, ret_result, error);
}

/* Reading changes nothing: on a connection that turns out to be lost it is simply tried again on a new one. */
static enum gal_status run(struct gal_postgres *postgres, size_t index, const char *sql,
                           const struct gal_pg_parameters *parameters, PGresult **ret_result,
                           struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        enum gal_status status;

        pthread_mutex_lock(&postgres->reader_mutex);
        status = run_once(postgres, index, sql, parameters, ret_result, &own);
        if (status == GAL_EIO && postgres->reader != NULL && PQstatus(postgres->reader) != CONNECTION_OK) {
                own.code = GAL_OK;
                status = run_once(postgres, index, sql, parameters, ret_result, &own);
        }
        pthread_mutex_unlock(&postgres->reader_mutex);
        if (status != GAL_OK)
                gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
        return status;
}

enum gal_status gal_pg_read(struct gal_postgres *postgres, const char *sql,
                            const struct gal_pg_parameters *parameters, PGresult **ret_result,
                            struct gal_error *error)
{
        return run(postgres, STATEMENTS, sql, parameters, ret_result, error);
}

/* Short results. */

static enum gal_status read_rows(struct gal_store *store, size_t index, const struct gal_pg_parameters *parameters,
                                 const struct gal_row_reader *reader, struct gal_error *error)
{
        PGresult *result = NULL;
        enum gal_status status = run((struct gal_postgres *)store, index, NULL, parameters, &result, error);
        struct gal_any_row row;

        if (status != GAL_OK)
                return status;
        for (int i = 0; i < PQntuples(result); i++) {
                gal_pg_take_row(result, i, reader->kind, &row);
                if (!gal_row_give(reader, &row))
                        break;
        }
        PQclear(result);
        return GAL_OK;
}

enum gal_status gal_pg_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                     void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        if (name != NULL)
                gal_pg_add_text(&parameters, name);
        return read_rows(store, name == NULL ? MACHINES : MACHINES_BY_NAME, &parameters, &any, error);
}

enum gal_status gal_pg_list_machines(struct gal_store *store, const char *after, size_t limit,
                                     gal_machine_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_text(&parameters, after == NULL ? "" : after);
        gal_pg_add_int8(&parameters, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
        return read_rows(store, MACHINES_AFTER, &parameters, &any, error);
}

enum gal_status gal_pg_read_versions(struct gal_store *store, const char *machine_id, uint32_t below, size_t limit,
                                     gal_version_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_VERSION, .as.version = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_id(&parameters, machine_id);
        gal_pg_add_int4(&parameters, below == 0 || below > INT32_MAX ? INT32_MAX : (int32_t)below);
        gal_pg_add_int8(&parameters, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
        return read_rows(store, VERSIONS, &parameters, &any, error);
}

enum gal_status gal_pg_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                    void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ALIAS, .as.alias = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_id(&parameters, machine_id);
        return read_rows(store, ALIASES, &parameters, &any, error);
}

enum gal_status gal_pg_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader, void *user,
                                 struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_TAG, .as.tag = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_text(&parameters, resource);
        return read_rows(store, TAGS, &parameters, &any, error);
}

enum gal_status gal_pg_read_deleted_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                             void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_MACHINE, .as.machine = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_text(&parameters, name);
        return read_rows(store, DELETED_MACHINES, &parameters, &any, error);
}

enum gal_status gal_pg_read_revision(struct gal_store *store, const char *revision_id, gal_revision_reader reader,
                                     void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_REVISION, .as.revision = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_id(&parameters, revision_id);
        return read_rows(store, REVISION, &parameters, &any, error);
}

static void add_key(struct gal_pg_parameters *parameters, uint32_t slot, const char *execution_id)
{
        gal_pg_add_id(parameters, execution_id);
        gal_pg_add_int2(parameters, slot < GAL_SLOTS ? (int16_t)slot : -1);
}

enum gal_status gal_pg_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                      gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_EXECUTION, .as.execution = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        add_key(&parameters, slot, execution_id);
        return read_rows(store, EXECUTION, &parameters, &any, error);
}

enum gal_status gal_pg_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                 bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                 struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_NAME, .as.name = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        gal_pg_add_id(&parameters, machine_id);
        gal_pg_add_text(&parameters, name);
        return read_rows(store, NAME, &parameters, &any, error);
}

enum gal_status gal_pg_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                gal_run_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_RUN, .as.run = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        add_key(&parameters, slot, execution_id);
        return read_rows(store, RUN, &parameters, &any, error);
}

/* Long results. */

struct paging {
        struct gal_store *store;
        size_t index;
        const struct gal_row_reader *reader;
        /* The parameters of the next page. */
        void (*add)(const struct paging *paging, struct gal_pg_parameters *parameters);
        /* Notes where the next page begins; false: there is nothing behind this row. */
        bool (*note)(struct paging *paging, const struct gal_any_row *last);
        size_t limit; /* rows that may still be given */
        size_t page_rows;
        uint32_t slot;
        const char *execution_id;
        uint64_t sequence;
        int64_t wake_ms;
        int64_t due_ms;
        const struct gal_execution_filter *filter;
        char id[37]; /* the last row's */
        char *name;  /* of the last row's activity (owned) */
        const char *name_max;
        uint64_t event_id;
};

static void add_page_rows(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        gal_pg_add_int8(parameters,
                        (int64_t)(paging->page_rows < paging->limit ? paging->page_rows : paging->limit));
}

/* False: the reader has said no, or this was the last page. */
static bool give_page(struct paging *paging, const PGresult *result)
{
        size_t size = PQresultMemorySize(result);
        int count = PQntuples(result);
        bool is_last = (size_t)count < paging->page_rows || (size_t)count >= paging->limit;
        struct gal_any_row row;

        for (int i = 0; i < count; i++) {
                gal_pg_take_row(result, i, paging->reader->kind, &row);
                if (i == count - 1 && !is_last)
                        is_last = !paging->note(paging, &row);
                if (!gal_row_give(paging->reader, &row))
                        return false;
        }
        paging->limit -= (size_t)count;
        if (size < PAGE_SIZE_WANTED && paging->page_rows < PAGE_ROWS_MAX)
                paging->page_rows *= 2;
        else if (size > 2 * PAGE_SIZE_WANTED && paging->page_rows > PAGE_ROWS_MIN)
                paging->page_rows /= 2;
        return !is_last;
}

static enum gal_status read_pages(struct paging *paging, struct gal_error *error)
{
        bool goes_on = paging->limit > 0;

        paging->page_rows = PAGE_ROWS_MIN;
        while (goes_on) {
                struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
                PGresult *result = NULL;
                enum gal_status status;

                paging->add(paging, &parameters);
                status =
                        run((struct gal_postgres *)paging->store, paging->index, NULL, &parameters, &result, error);
                if (status != GAL_OK)
                        return status;
                goes_on = give_page(paging, result);
                PQclear(result);
        }
        return GAL_OK;
}

static bool is_qualified(const struct gal_execution_filter *filter)
{
        return filter->version != 0 || filter->alias != NULL;
}

static void add_list(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        gal_pg_add_id(parameters, paging->id);
        add_page_rows(paging, parameters);
        if (paging->filter->machine_id != NULL)
                gal_pg_add_id(parameters, paging->filter->machine_id);
        if (paging->filter->status != NULL || is_qualified(paging->filter))
                gal_pg_add_text(parameters, paging->filter->status != NULL ? paging->filter->status : "");
        if (paging->filter->version != 0)
                gal_pg_add_int4(parameters, (int32_t)paging->filter->version);
        else if (paging->filter->alias != NULL)
                gal_pg_add_text(parameters, paging->filter->alias);
}

static bool note_execution(struct paging *paging, const struct gal_any_row *last)
{
        strcpy(paging->id, last->as.execution.execution_id);
        return true;
}

enum gal_status gal_pg_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                       gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_EXECUTION, .as.execution = reader, .user = user };
        struct paging paging = { .store = store,
                                 .reader = &any,
                                 .add = add_list,
                                 .note = note_execution,
                                 .limit = filter->limit,
                                 .filter = filter };

        if (is_qualified(filter))
                paging.index = filter->version != 0 ? LIST_VERSION : LIST_ALIAS;
        else if (filter->machine_id == NULL)
                paging.index = filter->status == NULL ? LIST : LIST_STATUS;
        else
                paging.index = filter->status == NULL ? LIST_MACHINE : LIST_MACHINE_STATUS;
        snprintf(paging.id, sizeof(paging.id), "%s", filter->before_id == NULL ? MAX_ID : filter->before_id);
        return read_pages(&paging, error);
}

static void add_runs(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        gal_pg_add_int8(parameters, paging->wake_ms);
        gal_pg_add_id(parameters, paging->id);
        gal_pg_add_int8(parameters, paging->due_ms);
        add_page_rows(paging, parameters);
}

static bool note_run(struct paging *paging, const struct gal_any_row *last)
{
        paging->wake_ms = last->as.run.wake_ms;
        strcpy(paging->id, last->as.run.execution_id);
        return true;
}

enum gal_status gal_pg_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                   gal_run_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_RUN, .as.run = reader, .user = user };
        struct paging paging = { .store = store,
                                 .index = RUNS,
                                 .reader = &any,
                                 .add = add_runs,
                                 .note = note_run,
                                 .limit = limit,
                                 .wake_ms = after_ms,
                                 .due_ms = due_ms,
                                 .id = MAX_ID };

        return read_pages(&paging, error);
}

enum gal_status gal_pg_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                 void *user, struct gal_error *error)
{
        return gal_pg_read_parked(store, /* after_ms= */ -1, due_ms, limit, reader, user, error);
}

static void add_chunks(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        add_key(parameters, paging->slot, paging->execution_id);
        gal_pg_add_int4(parameters, (int32_t)paging->sequence);
        add_page_rows(paging, parameters);
}

static bool note_chunk(struct paging *paging, const struct gal_any_row *last)
{
        paging->sequence = last->as.chunk.sequence + 1;
        return last->as.chunk.sequence < INT32_MAX;
}

static bool note_chunk_back(struct paging *paging, const struct gal_any_row *last)
{
        paging->sequence = last->as.chunk.sequence - 1;
        return last->as.chunk.sequence > 1;
}

enum gal_status gal_pg_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                   uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                   struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };
        struct paging paging = { .store = store,
                                 .index = CHUNKS,
                                 .reader = &any,
                                 .add = add_chunks,
                                 .note = note_chunk,
                                 .limit = SIZE_MAX,
                                 .slot = slot,
                                 .execution_id = execution_id,
                                 .sequence = from_sequence };

        return from_sequence > INT32_MAX ? GAL_OK : read_pages(&paging, error); /* no chunk is that late */
}

enum gal_status gal_pg_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                        uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                        struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };
        struct paging paging = { .store = store,
                                 .index = CHUNKS_BACK,
                                 .reader = &any,
                                 .add = add_chunks,
                                 .note = note_chunk_back,
                                 .limit = SIZE_MAX,
                                 .slot = slot,
                                 .execution_id = execution_id,
                                 .sequence = from_sequence > INT32_MAX ? INT32_MAX : from_sequence };

        return read_pages(&paging, error);
}

/* Activities. */

static void add_activities(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        gal_pg_add_text(parameters, paging->name);
        add_page_rows(paging, parameters);
}

static bool note_activity(struct paging *paging, const struct gal_any_row *last)
{
        free(paging->name);
        paging->name = gal_strdup(last->as.activity.name);
        return true;
}

enum gal_status gal_pg_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                       void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ACTIVITY, .as.activity = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        struct paging paging = { .store = store,
                                 .index = ACTIVITIES,
                                 .reader = &any,
                                 .add = add_activities,
                                 .note = note_activity,
                                 .limit = SIZE_MAX };
        enum gal_status status;

        if (name != NULL) {
                gal_pg_add_text(&parameters, name);
                return read_rows(store, ACTIVITY, &parameters, &any, error);
        }
        paging.name = gal_strdup("");
        status = read_pages(&paging, error);
        free(paging.name);
        return status;
}

static void add_activity_tasks(const struct paging *paging, struct gal_pg_parameters *parameters)
{
        gal_pg_add_text(parameters, paging->name);
        gal_pg_add_int8(parameters, paging->wake_ms);
        gal_pg_add_id(parameters, paging->id);
        gal_pg_add_int4(parameters, (int32_t)paging->event_id);
        gal_pg_add_text(parameters, paging->name_max);
        add_page_rows(paging, parameters);
}

static bool note_activity_task(struct paging *paging, const struct gal_any_row *last)
{
        const struct gal_activity_task_row *row = &last->as.activity_task;

        free(paging->name);
        paging->name = gal_strdup(row->activity);
        paging->wake_ms = row->scheduled_ms;
        strcpy(paging->id, row->execution_id);
        paging->event_id = row->scheduled_id;
        return true;
}

enum gal_status gal_pg_read_activity_tasks(struct gal_store *store, const char *activity,
                                           const struct gal_activity_task_row *after, size_t limit,
                                           gal_activity_task_reader reader, void *user, struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_ACTIVITY_TASK, .as.activity_task = reader, .user = user };
        struct gal_activity_task_row first = GAL_ACTIVITY_TASK_FIRST(activity);
        const struct gal_activity_task_row *from = after != NULL ? after : &first;
        struct paging paging = { .store = store,
                                 .index = ACTIVITY_TASKS,
                                 .reader = &any,
                                 .add = add_activity_tasks,
                                 .note = note_activity_task,
                                 .limit = limit,
                                 .name = gal_strdup(from->activity),
                                 .name_max = activity != NULL ? activity : GAL_NAME_LAST,
                                 .wake_ms = from->scheduled_ms,
                                 .event_id = from->scheduled_id };
        enum gal_status status;

        snprintf(paging.id, sizeof(paging.id), "%s", from->execution_id);
        status = read_pages(&paging, error);
        free(paging.name);
        return status;
}

/* Settings. */

enum gal_status gal_pg_read_setting(struct gal_store *store, const char *name, char **ret_value, size_t *ret_len,
                                    struct gal_error *error)
{
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;

        *ret_value = NULL;
        *ret_len = 0;
        gal_pg_add_text(&parameters, name);
        status = gal_pg_read((struct gal_postgres *)store, "SELECT value FROM galliard.setting WHERE name = $1",
                             &parameters, &result, error);
        if (status == GAL_OK && PQntuples(result) == 1) {
                *ret_len = (size_t)PQgetlength(result, 0, 0);
                *ret_value = gal_calloc(*ret_len + 1, 1);
                memcpy(*ret_value, PQgetvalue(result, 0, 0), *ret_len);
        }
        PQclear(result);
        return status;
}

/* On the reading connection: it is no part of a commit, and doing it twice is doing it once. */
enum gal_status gal_pg_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                   struct gal_error *error)
{
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;

        gal_pg_add_text(&parameters, name);
        gal_pg_add_bytes(&parameters, value, len);
        status = gal_pg_read((struct gal_postgres *)store,
                             "INSERT INTO galliard.setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                             &parameters, &result, error);
        PQclear(result);
        return status;
}

enum gal_status gal_pg_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                           uint64_t event_id, gal_chunk_reader reader, void *user,
                                           struct gal_error *error)
{
        struct gal_row_reader any = { .kind = GAL_ROW_CHUNK, .as.chunk = reader, .user = user };
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;

        if (event_id > INT32_MAX)
                return GAL_OK; /* no event is that late */
        add_key(&parameters, slot, execution_id);
        gal_pg_add_int4(&parameters, (int32_t)event_id);
        return read_rows(store, CHUNK_OF_EVENT, &parameters, &any, error);
}

/* Counts. */

/* What may be large is told as the planner knows it: counting would read all of it. */
#define COUNT_OR_GUESS(table)                                                                                      \
        "SELECT CASE WHEN c.reltuples > 200000 THEN c.reltuples::bigint ELSE (SELECT count(*) FROM " table         \
        ") END FROM pg_class c WHERE c.oid = '" table "'::regclass"

enum gal_status gal_pg_stats(struct gal_store *store, gal_stat_reader reader, void *user, struct gal_error *error)
{
        static const struct {
                const char *name;
                const char *sql;
        } counts[] = {
                { "machines", "SELECT count(*) FROM galliard.state_machine WHERE status <> 'DELETED'" },
                { "executions", COUNT_OR_GUESS("galliard.execution") },
                { "executions open", "SELECT count(*) FROM galliard.run" },
                { "executions parked", "SELECT count(*) FROM galliard.run WHERE wake_ms > 0" },
                { "names", COUNT_OR_GUESS("galliard.execution_name") },
                { "activities", "SELECT count(*) FROM galliard.activity" },
                { "activity tasks", COUNT_OR_GUESS("galliard.activity_task") },
                { "history chunks", COUNT_OR_GUESS("galliard.history") },
                { "history bytes", "SELECT pg_total_relation_size('galliard.history')" },
        };

        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                PGresult *result = NULL;
                enum gal_status status;
                int64_t count;

                status = gal_pg_read((struct gal_postgres *)store, counts[i].sql, &GAL_PG_NO_PARAMETERS, &result,
                                     error);
                if (status != GAL_OK)
                        return status;
                count = gal_pg_get_int8(result, 0, 0);
                PQclear(result);
                if (!reader(user, counts[i].name, count))
                        break;
        }
        return GAL_OK;
}
