/*
 * load.c: executions from the store to memory: all that are open at the start, parked ones when they are due or
 * asked for.
 *
 * An execution is its snapshot, if there is one, and the chunks after it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/mutation.h"
#include "engine/internal.h"
#include "engine/query.h"
#include "journal/journal.h"
#include "store/rows.h"

/* Parked executions that are loaded in one tick; the rest follows in the next one. */
#define LOAD_MAX 1000
/* Until parked executions are looked for again, when the store could not be read. */
#define LOAD_PAUSE_MS 1000

struct loading {
        struct gal_engine *engine;
        struct gal_run *run;
        struct gal_records records;
        struct gal_journal_source *source;
        bool is_known; /* it is in memory already */
        enum gal_status status;
        struct gal_error *error;
};

static bool apply_chunk(void *user, const struct gal_chunk_row *row)
{
        struct loading *loading = user;
        struct gal_run *run = loading->run;

        gal_records_clear(&loading->records);
        loading->status = gal_journal_decode(row->body, row->body_len, run->execution->program, loading->source,
                                             &loading->records, loading->error);
        if (loading->status == GAL_OK && row->sequence != run->sequence + 1)
                loading->status =
                        gal_fail(loading->error, GAL_EINVALID, GAL_NOWHERE, "chunk %llu follows chunk %llu",
                                 (unsigned long long)row->sequence, (unsigned long long)run->sequence);
        if (loading->status != GAL_OK)
                return false;
        for (size_t i = 0; i < loading->records.count; i++)
                gal_execution_apply(run->execution, &loading->records.items[i]);
        run->sequence = row->sequence;
        run->tail_size += row->body_len;
        return true;
}

static bool load_execution(void *user, const struct gal_execution_row *row)
{
        struct loading *loading = user;
        struct gal_engine *engine = loading->engine;
        struct revision *revision;
        struct gal_run *run;

        loading->status = gal_registry_revision(engine, row->revision_id, &revision, loading->error);
        if (loading->status != GAL_OK)
                return false;
        if (gal_run_find(engine, row->machine_id, row->name) != NULL) {
                gal_revision_unref(engine, revision);
                loading->is_known = true;
                return false;
        }
        run = gal_run_create(engine, revision, row->machine_name, row->name, row->execution_id);
        gal_revision_unref(engine, revision);
        run->is_named = strcmp(row->name, row->execution_id) != 0;
        run->version = row->version;
        run->alias = gal_strdup(row->alias);
        run->trace_header = gal_strdup(row->trace_header);
        run->is_committed = true;
        run->row_wake_ms = -1; /* whatever the row says, the next commit writes it anew */
        loading->run = run;
        gal_suspect_execution(engine, run->id, run->execution->execution_arn);
        return false;
}

static enum gal_status apply_snapshot(struct loading *loading, const struct gal_run_row *row)
{
        struct gal_run *run = loading->run;

        run->sequence = row->sequence;
        run->snapshot_size = row->snapshot_len;
        return gal_journal_decode_snapshot(row->snapshot, row->snapshot_len, loading->source, run->execution,
                                           loading->error);
}

static enum gal_status load_run(struct loading *loading, const struct gal_run_row *row)
{
        struct gal_store *store = loading->engine->store;
        enum gal_status status;

        loading->run = NULL;
        loading->status = GAL_OK;
        if (gal_quarantine_holds(loading->engine, row->execution_id))
                return GAL_OK;
        status = store->ops->read_execution(store, row->slot, row->execution_id, load_execution, loading,
                                            loading->error);
        if (status != GAL_OK)
                return status;
        if (loading->status != GAL_OK)
                return loading->status;
        if (loading->is_known)
                return GAL_OK;
        if (loading->run == NULL)
                return gal_fail(loading->error, GAL_ENOTFOUND, GAL_NOWHERE, "it has no execution row");
        loading->source =
                gal_journal_source_create(store, row->slot, row->execution_id, /* owner= */ loading->run->number);
        status = row->snapshot == NULL ? GAL_OK : apply_snapshot(loading, row);
        if (status == GAL_OK)
                status = store->ops->read_chunks(store, row->slot, row->execution_id, loading->run->sequence + 1,
                                                 apply_chunk, loading, loading->error);
        return status != GAL_OK ? status : loading->status;
}

/* Its calls, if it has any, leave with gal_load_resume(). */
static void go_on(struct gal_run *run)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_CONTINUE };

        gal_run_set_wake(run);
        gal_activity_tasks_note(run);
        if (gal_execution_is_ready(run->execution))
                gal_run_queue(run, &stimulus);
}

/* An activity's is none: nothing goes out for it. */
static bool has_open_call(struct gal_run *run)
{
        bool has_any = false;

        gal_machine_reissue(run->execution, &run->step);
        for (size_t i = 0; i < run->step.effect_count; i++) {
                const struct gal_state *state = &run->execution->program->states[run->step.effects[i].state];

                has_any = has_any || state->as.task.resource_kind != GAL_RESOURCE_ACTIVITY;
        }
        gal_step_clear(&run->step);
        return has_any;
}

/*
 * One that is not in memory has been parked, and what is parked waits for no call of ours. When one of it is open,
 * somebody else has gone on with it: the lease is lost, which the next commit would find out; a call asks for none.
 */
static enum gal_status check_parked(struct gal_run *run, struct gal_error *error)
{
        if (!has_open_call(run))
                return GAL_OK;
        run->engine->is_lost = true;
        return gal_fail(error, GAL_EIO, GAL_NOWHERE, "another process owns the store by now");
}

/* The rows are copied first: a backend has one reader at a time. */
struct run_list {
        struct gal_run_row *rows;
        size_t count;
        size_t size;
};

static bool note_run(void *user, const struct gal_run_row *row)
{
        struct run_list *list = user;

        if (list->count == list->size) {
                list->size = list->size == 0 ? 64 : list->size * 2;
                list->rows = gal_realloc(list->rows, list->size, sizeof(*list->rows));
        }
        list->rows[list->count] = *row;
        gal_row_own(GAL_ROW_RUN, &list->rows[list->count++]);
        return true;
}

static void finish_list(struct run_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                gal_row_disown(GAL_ROW_RUN, &list->rows[i]);
        free(list->rows);
}

/* An execution that cannot be read is left out and reported; it must not keep the others down. */
static enum gal_status load_rows(struct gal_engine *engine, const struct run_list *list, bool are_parked,
                                 struct gal_error *error)
{
        for (size_t i = 0; i < list->count; i++) {
                struct gal_error own = { .code = GAL_OK };
                struct loading loading = { .engine = engine, .error = &own };
                enum gal_status status;

                gal_suspect_execution(engine, list->rows[i].execution_id, NULL);
                status = load_run(&loading, &list->rows[i]);
                gal_records_finish(&loading.records);
                gal_journal_source_destroy(loading.source);
                if (status == GAL_OK && loading.run != NULL && are_parked)
                        status = check_parked(loading.run, &own);
                if (status == GAL_OK && loading.run != NULL)
                        go_on(loading.run);
                if (status == GAL_OK && loading.run != NULL && are_parked)
                        gal_run_rest(loading.run);
                gal_suspect_set(NULL);
                if (status == GAL_OK)
                        continue;
                if (loading.run != NULL)
                        gal_run_destroy(loading.run);
                if (status == GAL_EIO || status == GAL_ENOMEM)
                        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
                gal_log(engine->log, GAL_LOG_ERROR, "execution %s is left out: %s", list->rows[i].execution_id,
                        own.message);
        }
        return GAL_OK;
}

void gal_load_resume(struct gal_engine *engine)
{
        for (struct gal_run *run = engine->runs; run != NULL; run = run->hh.next) {
                gal_suspect_execution(engine, run->id, run->execution->execution_arn);
                gal_run_reissue(run);
                gal_run_rest(run);
        }
        gal_suspect_set(NULL);
}

/* The first parked execution that is due later. */
static enum gal_status find_next_wake(struct gal_engine *engine, int64_t after_ms, struct gal_error *error)
{
        struct run_list list = { NULL, 0, 0 };
        enum gal_status status =
                engine->store->ops->read_parked(engine->store, after_ms, INT64_MAX, 1, note_run, &list, error);

        if (status == GAL_OK)
                engine->parked_wake_ms = list.count > 0 ? list.rows[0].wake_ms : 0;
        finish_list(&list);
        return status;
}

enum gal_status gal_load_all(struct gal_engine *engine, struct gal_error *error)
{
        struct run_list list = { NULL, 0, 0 };
        enum gal_status status =
                engine->store->ops->read_runs(engine->store, engine->now_ms, SIZE_MAX, note_run, &list, error);

        if (status == GAL_OK)
                status = load_rows(engine, &list, /* are_parked= */ false, error);
        finish_list(&list);
        return status == GAL_OK ? find_next_wake(engine, engine->now_ms, error) : status;
}

int64_t gal_load_due_ms(const struct gal_engine *engine)
{
        if (engine->parked_wake_ms == 0 || engine->parked_wake_ms >= engine->parked_pause_ms)
                return engine->parked_wake_ms;
        return engine->parked_pause_ms;
}

/* When the store cannot be read now, all that is due since `parked_wake_ms` is looked for again after a pause. */
static void load_due(struct gal_engine *engine)
{
        struct run_list list = { NULL, 0, 0 };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = engine->store->ops->read_parked(engine->store, engine->parked_wake_ms - 1,
                                                                 engine->now_ms, LOAD_MAX, note_run, &list, &error);

        if (status == GAL_OK)
                status = load_rows(engine, &list, /* are_parked= */ true, &error);
        if (status == GAL_OK)
                status = find_next_wake(
                        engine, list.count == LOAD_MAX ? list.rows[LOAD_MAX - 1].wake_ms - 1 : engine->now_ms,
                        &error);
        finish_list(&list);
        engine->parked_pause_ms = 0;
        if (status != GAL_OK) {
                gal_log(engine->log, GAL_LOG_ERROR, "parked executions cannot be read: %s", error.message);
                engine->parked_pause_ms = engine->now_ms + LOAD_PAUSE_MS;
                if (GAL_MUTATED(DUE_SKIPPED))
                        engine->parked_wake_ms = engine->parked_pause_ms;
        }
}

void gal_load_due(struct gal_engine *engine)
{
        int64_t due_ms;

        if (engine->parked_pause_ms > engine->now_ms + LOAD_PAUSE_MS) /* the clock was set back since */
                engine->parked_pause_ms = 0;
        due_ms = gal_load_due_ms(engine);
        if (due_ms != 0 && due_ms <= engine->now_ms)
                load_due(engine);
}

enum gal_status gal_load_id(struct gal_engine *engine, uint32_t slot, const char *execution_id,
                            struct gal_run **ret_run, struct gal_error *error)
{
        struct run_list list = { NULL, 0, 0 };
        enum gal_status status =
                engine->store->ops->read_run(engine->store, slot, execution_id, note_run, &list, error);

        if (status == GAL_OK)
                status = load_rows(engine, &list, /* are_parked= */ true, error);
        if (status == GAL_OK)
                *ret_run = gal_run_find_id(engine, execution_id);
        finish_list(&list);
        return status;
}

/* Of the execution that an ARN means. */
struct arn_lookup {
        uint32_t slot;
        char *execution_id; /* NULL: there is none, or it is closed */
        char *machine_id;
        char *name;
};

static void note_row(void *user, const struct gal_execution_row *row)
{
        struct arn_lookup *lookup = user;

        if (strcmp(row->status, "RUNNING") != 0)
                return;
        lookup->slot = row->slot;
        lookup->execution_id = gal_strdup(row->execution_id);
        lookup->machine_id = gal_strdup(row->machine_id);
        lookup->name = gal_strdup(row->name);
}

enum gal_status gal_load_arn(struct gal_engine *engine, const char *arn, struct gal_run **ret_run,
                             struct gal_error *error)
{
        struct arn_lookup lookup = { .execution_id = NULL };
        struct run_list list = { NULL, 0, 0 };
        enum gal_status status = gal_query_execution(engine->store, arn, note_row, &lookup, error);

        if (status == GAL_OK && lookup.execution_id != NULL)
                status = engine->store->ops->read_run(engine->store, lookup.slot, lookup.execution_id, note_run,
                                                      &list, error);
        if (status == GAL_OK)
                status = load_rows(engine, &list, /* are_parked= */ true, error);
        if (status != GAL_EIO && status != GAL_ENOMEM) {
                *ret_run = lookup.machine_id == NULL ? NULL : gal_run_find(engine, lookup.machine_id, lookup.name);
                status = GAL_OK;
        }
        finish_list(&list);
        free(lookup.execution_id);
        free(lookup.machine_id);
        free(lookup.name);
        return status;
}
