/*
 * engine.c: making, ticking, loading and dropping.
 */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/mutation.h"
#include "engine/internal.h"

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
        engine->changed_activities_last = &engine->changed_activities;
        STAILQ_INIT(&engine->ready);
        TAILQ_INIT(&engine->arrived);
        TAILQ_INIT(&engine->polls);
        TAILQ_INIT(&engine->idle);
        LIST_INIT(&engine->queued_polls);
        if (options->token_key != NULL)
                memcpy(engine->token_key, options->token_key, sizeof(engine->token_key));
        memcpy(engine->ids.state, options->random, sizeof(engine->ids.state));
        return engine;
}

static void clear_sent(struct gal_run *run, const struct gal_answer *answer)
{
        struct gal_poll_answer lost = { .status = answer->status,
                                        .code = answer->code,
                                        .message = answer->message };

        gal_run_answer_replies(run, answer);
        gal_run_refuse_queue(run, answer);
        gal_polls_drop_started(run, &lost);
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
                        clear_sent(run, answer);
                }
                gal_run_destroy(run);
        }
        gal_activities_clear(engine, answer);
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
        gal_quarantine_clear(engine);
        free(engine->account);
        free(engine->region);
        free(engine->role_arn);
        explicit_bzero(engine->token_key, sizeof(engine->token_key));
        free(engine);
}

static const struct gal_answer store_lost = { .status = GAL_EIO,
                                              .code = "ServiceUnavailable",
                                              .message = "The store was lost; try again" };

void gal_engine_drop(struct gal_engine *engine)
{
        gal_assert(engine->commits_in_flight == 0);
        engine->is_lost = true;
        if (!GAL_MUTATED(MEMORY_KEPT))
                clear_memory(engine, &store_lost);
}

enum gal_status gal_engine_load(struct gal_engine *engine, int64_t now_ms, struct gal_error *error)
{
        enum gal_status status;

        if (GAL_MUTATED(MEMORY_KEPT) && engine->machines != NULL) {
                engine->is_lost = false;
                return GAL_OK;
        }
        gal_assert(engine->runs == NULL);
        engine->now_ms = now_ms;
        status = gal_registry_load(engine, error);
        if (status == GAL_OK)
                status = gal_activities_load(engine, error);
        if (status == GAL_OK)
                status = gal_load_all(engine, error);
        engine->is_lost = status != GAL_OK;
        if (status != GAL_OK)
                clear_memory(engine, &store_lost);
        return status;
}

void gal_engine_resume(struct gal_engine *engine)
{
        gal_assert(!engine->is_lost);
        if (!GAL_MUTATED(MEMORY_KEPT) || engine->tasks_out == 0)
                gal_load_resume(engine);
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

static bool has_dirty(const struct gal_engine *engine, unsigned count)
{
        const struct gal_run *run = engine->dirty_first;

        while (run != NULL && --count > 0)
                run = run->next_dirty;
        return run != NULL;
}

/*
 * Whether to commit now. The second commit in flight goes out at once, so that nobody waits for the disk twice; the
 * third and fourth only for many executions. Measured on Postgres: with one in flight alone a disk that takes 5 ms
 * does 0.7 times as much; with every lane taken at once a busy server does no more, in twice as many commits.
 * A change of the registry waits for what is under way: no start may come to the store after its machine's end.
 */
static bool may_commit(const struct gal_engine *engine)
{
        static const unsigned dirty_min[] = { 1, 1, 16, 64 };
        unsigned in_flight = engine->commits_in_flight, last = sizeof(dirty_min) / sizeof(dirty_min[0]) - 1;

        if (in_flight >= engine->commits_max)
                return false;
        if (engine->changed_first != NULL)
                return in_flight == 0;
        if (engine->changed_activities != NULL)
                return true;
        return has_dirty(engine, dirty_min[in_flight < last ? in_flight : last]);
}

void gal_engine_tick(struct gal_engine *engine, int64_t now_ms, const uint64_t random[4])
{
        engine->now_ms = now_ms;
        for (size_t i = 0; i < 4; i++)
                engine->ids.state[i] ^= random[i];
        if (engine->is_lost || engine->commits_in_flight >= engine->commits_max)
                return;
        gal_requests_run(engine);
        gal_load_due(engine);
        if (engine->is_lost) /* a look at the store has shown it */
                return;
        wake_due(engine);
        gal_polls_run(engine);
        if (engine->is_lost)
                return;
        gal_idle_run(engine);
        if (may_commit(engine))
                gal_commit_offer(engine);
}

bool gal_engine_is_lost(const struct gal_engine *engine)
{
        return engine->is_lost;
}

/* Requests that wait for a machine's commit are no work: its answer is. */
bool gal_engine_has_work(const struct gal_engine *engine)
{
        if (engine->is_lost)
                return false;
        if (engine->commits_in_flight < engine->commits_max && gal_polls_have_work(engine))
                return true;
        return may_commit(engine) || (engine->requests_first != NULL && engine->commits_in_flight == 0);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
        if (a_ms == 0 || b_ms == 0)
                return a_ms + b_ms;
        return a_ms < b_ms ? a_ms : b_ms;
}

int64_t gal_engine_wake_ms(const struct gal_engine *engine)
{
        const struct gal_heap_node *first = gal_heap_first(&engine->wakes);
        int64_t wake_ms = first == NULL ? 0 : gal_container_of(first, struct gal_run, wake)->wake_ms;

        wake_ms = earlier(wake_ms, gal_load_due_ms(engine));
        wake_ms = earlier(wake_ms, gal_polls_wake_ms(engine));
        return earlier(wake_ms, gal_idle_wake_ms(engine));
}

size_t gal_engine_tasks_out(const struct gal_engine *engine)
{
        return engine->tasks_out;
}

size_t gal_engine_commits_in_flight(const struct gal_engine *engine)
{
        return engine->commits_in_flight;
}

const struct gal_engine_counters *gal_engine_counters(const struct gal_engine *engine)
{
        return &engine->counters;
}

size_t gal_engine_timer_count(const struct gal_engine *engine)
{
        return engine->wakes.count;
}

size_t gal_engine_open_count(const struct gal_engine *engine)
{
        return HASH_COUNT(engine->runs);
}
