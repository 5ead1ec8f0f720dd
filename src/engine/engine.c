/*
 * engine.c: making, ticking, loading and dropping.
 */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "engine/internal.h"
#include "journal/journal.h"

static bool wakes_before(const struct gal_heap_node *a, const struct gal_heap_node *b)
{
        return gal_container_of(a, struct gal_run, wake)->wake_ms <
               gal_container_of(b, struct gal_run, wake)->wake_ms;
}

struct gal_engine *gal_engine_create(struct gal_store *store, const struct gal_engine_options *options,
                                     const struct gal_engine_callbacks *callbacks)
{
        struct gal_engine *engine = gal_new(struct gal_engine);

        engine->store = store;
        engine->callbacks = *callbacks;
        engine->account = gal_strdup(options->account != NULL ? options->account : "123456789012");
        engine->region = gal_strdup(options->region != NULL ? options->region : "us-east-1");
        engine->role_arn = options->role_arn != NULL
                                   ? gal_strdup(options->role_arn)
                                   : gal_format("arn:%s:iam::%s:role/galliard", gal_arn_partition(engine->region),
                                                engine->account);
        engine->events_max = options->events_max;
        engine->commits_max = options->commits_max == 0 ? 1 : options->commits_max;
        engine->log = options->log;
        engine->wakes.before = wakes_before;
        engine->dirty_last = &engine->dirty_first;
        engine->changed_last = &engine->changed_first;
        engine->requests_last = &engine->requests_first;
        memcpy(engine->ids.state, options->random, sizeof(engine->ids.state));
        return engine;
}

/* Runs and machines; `answer` (nullable) goes to all who wait. */
static void clear_memory(struct gal_engine *engine, const struct gal_answer *answer)
{
        struct gal_run *run, *next;

        engine->dirty_first = NULL;
        engine->dirty_last = &engine->dirty_first;
        HASH_ITER(hh, engine->runs, run, next)
        {
                run->is_dirty = false;
                run->in_flight = false;
                if (answer != NULL) {
                        gal_waiters_answer(&run->waiters, answer);
                        gal_waiters_answer(&run->stop_waiters, answer);
                        gal_run_cancel_all(run);
                }
                gal_run_destroy(run);
        }
        gal_registry_clear(engine);
        gal_assert(engine->revisions == NULL);
}

static void forget_waiters(struct waiter **list)
{
        while (*list != NULL) {
                struct waiter *waiter = *list;

                *list = waiter->next;
                free(waiter);
        }
}

void gal_engine_destroy(struct gal_engine *engine)
{
        struct gal_run *run, *next_run;
        struct machine *machine, *next_machine;

        if (engine == NULL)
                return;
        HASH_ITER(hh, engine->runs, run, next_run)
        {
                forget_waiters(&run->waiters);
                forget_waiters(&run->stop_waiters);
        }
        HASH_ITER(hh, engine->machines, machine, next_machine)
        forget_waiters(&machine->waiters);
        gal_requests_refuse_all(engine, GAL_EIO, /* message= */ NULL);
        clear_memory(engine, NULL);
        gal_heap_finish(&engine->wakes);
        free(engine->account);
        free(engine->region);
        free(engine->role_arn);
        free(engine);
}

void gal_engine_drop(struct gal_engine *engine)
{
        struct gal_answer answer = { .status = GAL_EIO,
                                     .code = "ServiceUnavailable",
                                     .message = "The store was lost; try again" };

        gal_assert(engine->commits_in_flight == 0);
        clear_memory(engine, &answer);
        engine->is_lost = true;
}

/* Loading. */

struct loading {
        struct gal_engine *engine;
        struct gal_run *run;
        struct gal_records records;
        enum gal_status status;
        struct gal_error *error;
};

static bool apply_chunk(void *user, const struct gal_chunk_row *row)
{
        struct loading *loading = user;
        struct gal_run *run = loading->run;

        gal_records_clear(&loading->records);
        loading->status = gal_journal_decode(row->body, row->body_len, run->execution->program, &loading->records,
                                             loading->error);
        if (loading->status == GAL_OK && row->sequence != run->sequence + 1)
                loading->status =
                        gal_fail(loading->error, GAL_EINVALID, GAL_NOWHERE, "chunk %llu follows chunk %llu",
                                 (unsigned long long)row->sequence, (unsigned long long)run->sequence);
        if (loading->status != GAL_OK)
                return false;
        for (size_t i = 0; i < loading->records.count; i++)
                gal_execution_apply(run->execution, &loading->records.items[i]);
        run->sequence = row->sequence;
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
        run = gal_run_create(engine, /* machine= */ NULL, revision, row->machine_name, row->name);
        gal_revision_unref(engine, revision);
        strncpy(run->id, row->execution_id, sizeof(run->id) - 1);
        run->is_named = strcmp(row->name, row->execution_id) != 0;
        run->is_committed = true;
        loading->run = run;
        return false;
}

static enum gal_status load_run(struct loading *loading, const struct gal_run_row *row)
{
        struct gal_store *store = loading->engine->store;
        enum gal_status status;

        loading->run = NULL;
        loading->status = GAL_OK;
        status = store->ops->read_execution(store, row->slot, row->execution_id, load_execution, loading,
                                            loading->error);
        if (status != GAL_OK)
                return status;
        if (loading->status != GAL_OK)
                return loading->status;
        if (loading->run == NULL)
                return gal_fail(loading->error, GAL_ENOTFOUND, GAL_NOWHERE, "it has no execution row");
        status = store->ops->read_chunks(store, row->slot, row->execution_id, /* from_sequence= */ 1, apply_chunk,
                                         loading, loading->error);
        return status != GAL_OK ? status : loading->status;
}

static void resume(struct gal_run *run)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_CONTINUE };

        gal_run_set_wake(run);
        gal_run_reissue(run);
        if (gal_execution_is_ready(run->execution))
                gal_run_queue(run, &stimulus);
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
        list->rows[list->count] = (struct gal_run_row){ .slot = row->slot };
        list->rows[list->count++].execution_id = gal_strdup(row->execution_id);
        return true;
}

/* An execution that cannot be read is left out and reported; it must not keep the others down. */
static enum gal_status load_runs(struct gal_engine *engine, const struct run_list *list, struct gal_error *error)
{
        for (size_t i = 0; i < list->count; i++) {
                struct gal_error own = { .code = GAL_OK };
                struct loading loading = { .engine = engine, .error = &own };
                enum gal_status status = load_run(&loading, &list->rows[i]);

                gal_records_finish(&loading.records);
                if (status == GAL_OK) {
                        resume(loading.run);
                        continue;
                }
                if (loading.run != NULL)
                        gal_run_destroy(loading.run);
                if (status == GAL_EIO || status == GAL_ENOMEM)
                        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
                gal_log(engine->log, GAL_LOG_ERROR, "execution %s is left out: %s", list->rows[i].execution_id,
                        own.message);
        }
        return GAL_OK;
}

enum gal_status gal_engine_load(struct gal_engine *engine, int64_t now_ms, struct gal_error *error)
{
        struct run_list list = { NULL, 0, 0 };
        enum gal_status status;

        gal_assert(engine->runs == NULL);
        engine->now_ms = now_ms;
        status = gal_registry_load(engine, error);
        if (status == GAL_OK)
                status = engine->store->ops->read_runs(engine->store, INT64_MAX, SIZE_MAX, note_run, &list, error);
        if (status == GAL_OK)
                status = load_runs(engine, &list, error);
        for (size_t i = 0; i < list.count; i++)
                free((char *)list.rows[i].execution_id);
        free(list.rows);
        engine->is_lost = status != GAL_OK;
        if (status != GAL_OK)
                clear_memory(engine, NULL);
        return status;
}

/* Ticks. */

static void wake_due(struct gal_engine *engine)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_TIME };
        struct gal_heap_node *node;

        while ((node = gal_heap_first(&engine->wakes)) != NULL) {
                struct gal_run *run = gal_container_of(node, struct gal_run, wake);

                if (run->wake_ms > engine->now_ms)
                        return;
                gal_heap_remove(&engine->wakes, node);
                gal_run_queue(run, &stimulus);
        }
}

void gal_engine_tick(struct gal_engine *engine, int64_t now_ms, const uint64_t random[4])
{
        engine->now_ms = now_ms;
        for (size_t i = 0; i < 4; i++)
                engine->ids.state[i] ^= random[i];
        if (engine->is_lost || engine->commits_in_flight >= engine->commits_max)
                return;
        gal_requests_run(engine);
        wake_due(engine);
        if (engine->dirty_first != NULL || engine->changed_first != NULL)
                gal_commit_offer(engine);
}

bool gal_engine_is_lost(const struct gal_engine *engine)
{
        return engine->is_lost;
}

/* Requests that wait for a machine's commit are no work: its answer is. */
bool gal_engine_has_work(const struct gal_engine *engine)
{
        if (engine->is_lost || engine->commits_in_flight >= engine->commits_max)
                return false;
        return engine->dirty_first != NULL || engine->changed_first != NULL ||
               (engine->requests_first != NULL && engine->commits_in_flight == 0);
}

int64_t gal_engine_wake_ms(const struct gal_engine *engine)
{
        const struct gal_heap_node *first = gal_heap_first(&engine->wakes);

        return first == NULL ? 0 : gal_container_of(first, struct gal_run, wake)->wake_ms;
}

size_t gal_engine_tasks_out(const struct gal_engine *engine)
{
        return engine->tasks_out;
}

size_t gal_engine_commits_in_flight(const struct gal_engine *engine)
{
        return engine->commits_in_flight;
}

size_t gal_engine_open_count(const struct gal_engine *engine)
{
        return HASH_COUNT(engine->runs);
}
