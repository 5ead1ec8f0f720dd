/*
 * activity_task.c: the tasks of activities, and the workers that poll for them.
 *
 *   ActivityScheduled ──commit──> a row in the queue ──read ahead──> waiting ──a worker──> taken ──ActivityStarted,
 *                                                                                          commit──> the row is
 * gone
 *
 * A task's row stands exactly as long as its attempt is open and nobody has it, so the queue is neither rebuilt at
 * a start nor held in memory, and an execution that waits in it may be out of memory.
 *
 * Trap: memory may be ahead of the store and the other way round. A task is forgotten when the commit that deletes
 * its row is known to be there, and not before; else the next look at the store would bring it back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/mutation.h"
#include "engine/internal.h"

/* When memory is full of tasks, so many are read ahead of the workers of an activity nevertheless. */
#define AHEAD_MIN 16
/* Executions that are loaded in one tick for their workers. */
#define GIVE_MAX 1000
/* Until the store is asked again, when it could not be read. */
#define PAUSE_MS 1000

/* The rows. */

static bool is_waiting(const struct gal_execution *execution, const struct gal_frame *frame)
{
        const struct gal_state *state;

        if (frame == NULL || frame->attempt.scheduled_id == 0 || frame->attempt.started)
                return false;
        state = &execution->program->states[frame->state];
        return state->kind == GAL_STATE_TASK && state->as.task.resource_kind == GAL_RESOURCE_ACTIVITY;
}

static int by_event(const void *a, const void *b)
{
        const struct run_task *x = a, *y = b;

        return (x->scheduled_id > y->scheduled_id) - (x->scheduled_id < y->scheduled_id);
}

/* (transfer full) */
static struct run_task *collect(const struct gal_execution *execution, size_t *ret_count)
{
        struct run_task *tasks = NULL;
        size_t count = 0, size = 0;

        for (uint32_t i = 0; execution->status == GAL_EXECUTION_RUNNING && i < execution->frame_count; i++) {
                const struct gal_frame *frame = execution->frames[i];

                if (!is_waiting(execution, frame))
                        continue;
                if (count == size) {
                        size = size == 0 ? 4 : size * 2;
                        tasks = gal_realloc(tasks, size, sizeof(*tasks));
                }
                tasks[count++] = (struct run_task){ .scheduled_id = frame->attempt.scheduled_id,
                                                    .scheduled_ms = frame->attempt.scheduled_ms,
                                                    .state = frame->state };
        }
        if (count > 1)
                qsort(tasks, count, sizeof(*tasks), by_event);
        *ret_count = count;
        return tasks;
}

static const char *activity_of(const struct gal_run *run, uint32_t state)
{
        return gal_activity_name(run->execution->program->states[state].as.task.resource);
}

static struct gal_activity_task_row make_row(const struct gal_run *run, const struct run_task *task)
{
        return (struct gal_activity_task_row){ .activity = activity_of(run, task->state),
                                               .scheduled_ms = task->scheduled_ms,
                                               .execution_id = run->id,
                                               .scheduled_id = task->scheduled_id,
                                               .slot = run->slot };
}

static void add_row(struct gal_activity_task_row **rows, size_t *count, size_t *size,
                    struct gal_activity_task_row row)
{
        if (*count == *size) {
                *size = *size == 0 ? 16 : *size * 2;
                *rows = gal_realloc(*rows, *size, sizeof(**rows));
        }
        (*rows)[(*count)++] = row;
}

static void add_new(struct gal_commit *commit, const struct gal_run *run, const struct run_task *task)
{
        add_row(&commit->task_rows, &commit->batch.activity_task_count, &commit->task_size, make_row(run, task));
        commit->batch.activity_tasks = commit->task_rows;
}

static void add_taken(struct gal_commit *commit, const struct gal_run *run, const struct run_task *task)
{
        add_row(&commit->taken_rows, &commit->batch.taken_activity_task_count, &commit->taken_size,
                make_row(run, task));
        commit->batch.taken_activity_tasks = commit->taken_rows;
}

void gal_activity_tasks_note(struct gal_run *run)
{
        free(run->waiting);
        run->waiting = NULL;
        run->waiting_count = 0;
        if (run->revision->has_activities)
                run->waiting = collect(run->execution, &run->waiting_count);
}

void gal_activity_tasks_commit(struct gal_run *run, struct gal_commit *commit)
{
        struct run_task *before = run->waiting;
        size_t before_count = run->waiting_count, b = 0, n = 0;

        if (!run->revision->has_activities)
                return;
        run->waiting = collect(run->execution, &run->waiting_count);
        while (b < before_count || n < run->waiting_count) {
                if (n == run->waiting_count ||
                    (b < before_count && before[b].scheduled_id < run->waiting[n].scheduled_id)) {
                        add_taken(commit, run, &before[b++]);
                } else if (b == before_count || before[b].scheduled_id > run->waiting[n].scheduled_id) {
                        add_new(commit, run, &run->waiting[n++]);
                } else {
                        b++;
                        n++;
                }
        }
        free(before);
}

/* Tasks in memory. */

static struct activity_task_key make_key(const char *execution_id, uint64_t scheduled_id)
{
        struct activity_task_key key;

        memset(&key, 0, sizeof(key)); /* it is hashed with its padding */
        strncpy(key.execution_id, execution_id, sizeof(key.execution_id) - 1);
        key.scheduled_id = scheduled_id;
        return key;
}

static struct activity_task *find_task(struct gal_engine *engine, const struct gal_activity_task_row *row)
{
        struct activity_task_key key = make_key(row->execution_id, row->scheduled_id);
        struct activity_task *task;

        HASH_FIND(hh, engine->activity_tasks, &key, sizeof(key), task);
        return task;
}

static void set_waiting(struct activity_task *task, bool is_first)
{
        struct activity *activity = task->activity;

        task->state = TASK_WAITING;
        activity->waiting_count++;
        if (is_first)
                TAILQ_INSERT_HEAD(&activity->waiting, task, link);
        else
                TAILQ_INSERT_TAIL(&activity->waiting, task, link);
}

static void set_not_waiting(struct activity_task *task, enum activity_task_state state)
{
        if (task->state == TASK_WAITING) {
                TAILQ_REMOVE(&task->activity->waiting, task, link);
                task->activity->waiting_count--;
        }
        task->state = state;
}

static void add_task(struct gal_engine *engine, struct activity *activity, const struct gal_activity_task_row *row)
{
        struct activity_task *task = gal_new(struct activity_task);

        task->key = make_key(row->execution_id, row->scheduled_id);
        task->activity = activity;
        task->slot = row->slot;
        HASH_ADD(hh, engine->activity_tasks, key, sizeof(task->key), task);
        activity->task_count++;
        set_waiting(task, /* is_first= */ false);
}

static void remove_task(struct gal_engine *engine, struct activity_task *task)
{
        set_not_waiting(task, TASK_BLOCKED);
        if (task->poll != NULL)
                task->poll->task = NULL;
        task->activity->task_count--;
        HASH_DEL(engine->activity_tasks, task);
        free(task);
}

/* That workers wait, and that there may be something for them. */
static void mark_ready(struct gal_engine *engine, struct activity *activity)
{
        if (activity->is_ready || TAILQ_EMPTY(&activity->polls) ||
            (TAILQ_EMPTY(&activity->waiting) && !activity->has_more))
                return;
        activity->is_ready = true;
        STAILQ_INSERT_TAIL(&engine->ready, activity, ready_link);
}

static void offer(struct gal_engine *engine, const struct gal_activity_task_row *row)
{
        struct activity *activity = gal_activity_find(engine, row->activity);

        if (activity == NULL)
                return;
        if (activity->has_more || activity->waiting_count >= GAL_ACTIVITY_TASKS_AHEAD ||
            HASH_COUNT(engine->activity_tasks) >= GAL_ACTIVITY_TASKS_MAX)
                activity->has_more = true;
        else if (find_task(engine, row) == NULL)
                add_task(engine, activity, row);
        mark_ready(engine, activity);
}

void gal_activity_tasks_committed(struct gal_engine *engine, const struct gal_commit *commit)
{
        const struct gal_batch *batch = &commit->batch;

        for (size_t i = 0; i < batch->taken_activity_task_count; i++) {
                struct activity_task *task = find_task(engine, &batch->taken_activity_tasks[i]);

                if (task != NULL)
                        remove_task(engine, task);
        }
        for (size_t i = 0; i < batch->activity_task_count; i++)
                offer(engine, &batch->activity_tasks[i]);
}

void gal_activity_tasks_clear(struct activity *activity)
{
        struct activity_task *task, *next;
        struct gal_engine *engine = activity->engine;

        if (activity->task_count == 0)
                return;
        HASH_ITER(hh, engine->activity_tasks, task, next)
        {
                if (task->activity != activity)
                        continue;
                remove_task(engine, task);
        }
}

/* Reading ahead. */

struct reading {
        struct gal_engine *engine;
        struct activity *activity;
        size_t count;
};

static bool read_task(void *user, const struct gal_activity_task_row *row)
{
        struct reading *reading = user;

        reading->count++;
        if (find_task(reading->engine, row) == NULL)
                add_task(reading->engine, reading->activity, row);
        return true;
}

/* From the beginning: what memory knows is asked for once more, but nothing that came in between is missed. */
static enum gal_status read_ahead(struct gal_engine *engine, struct activity *activity)
{
        bool is_full = HASH_COUNT(engine->activity_tasks) >= GAL_ACTIVITY_TASKS_MAX;
        size_t limit = activity->task_count + (is_full ? AHEAD_MIN : GAL_ACTIVITY_TASKS_AHEAD);
        struct reading reading = { .engine = engine, .activity = activity };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = engine->store->ops->read_activity_tasks(
                engine->store, activity->name, /* after= */ NULL, limit, read_task, &reading, &error);

        if (status == GAL_OK)
                activity->has_more = reading.count == limit;
        else
                gal_log(engine->log, GAL_LOG_ERROR, "tasks of activity %s cannot be read: %s", activity->name,
                        error.message);
        return status;
}

/* `*ret_task` (transfer none) NULL: there is none. */
static enum gal_status next_task(struct gal_engine *engine, struct activity *activity,
                                 struct activity_task **ret_task)
{
        enum gal_status status = GAL_OK;

        if (TAILQ_EMPTY(&activity->waiting) && activity->has_more)
                status = read_ahead(engine, activity);
        *ret_task = TAILQ_FIRST(&activity->waiting);
        return status;
}

/* Workers. */

struct gal_poll *gal_engine_poll(struct gal_engine *engine, const struct gal_poll_request *request)
{
        struct gal_poll *poll = gal_new(struct gal_poll);

        poll->engine = engine;
        poll->activity_arn = gal_strdup(request->activity_arn);
        poll->worker = gal_strdup(request->worker);
        poll->has_gone = request->has_gone;
        poll->done = request->done;
        poll->user = request->user;
        TAILQ_INSERT_TAIL(&engine->arrived, poll, due_link);
        engine->poll_count++;
        return poll;
}

size_t gal_engine_poll_count(const struct gal_engine *engine)
{
        return engine->poll_count;
}

/* It is in no list any more. `answer` (nullable). */
static void end_poll(struct gal_poll *poll, const struct gal_poll_answer *answer)
{
        poll->engine->poll_count--;
        if (answer != NULL)
                poll->done(poll->user, answer);
        gal_payload_unref(poll->input);
        free(poll->activity_arn);
        free(poll->worker);
        free(poll->token);
        free(poll);
}

static const struct gal_poll_answer nothing = { .status = GAL_OK };

static void unlink_waiting(struct gal_poll *poll)
{
        gal_assert(poll->state == POLL_WAITING);
        TAILQ_REMOVE(&poll->activity->polls, poll, link);
        TAILQ_REMOVE(&poll->engine->polls, poll, due_link);
}

static void link_waiting(struct gal_poll *poll, bool is_first)
{
        poll->state = POLL_WAITING;
        if (is_first) {
                TAILQ_INSERT_HEAD(&poll->activity->polls, poll, link);
                TAILQ_INSERT_HEAD(&poll->engine->polls, poll, due_link);
        } else {
                TAILQ_INSERT_TAIL(&poll->activity->polls, poll, link);
                TAILQ_INSERT_TAIL(&poll->engine->polls, poll, due_link);
        }
        mark_ready(poll->engine, poll->activity);
}

/* It waits no more. */
static void end_waiting(struct gal_poll *poll, const struct gal_poll_answer *answer)
{
        unlink_waiting(poll);
        poll->activity->poll_count--;
        end_poll(poll, answer);
}

static void refuse_arrived(struct gal_poll *poll, enum gal_status status, const char *code, const char *message)
{
        struct gal_poll_answer answer = { .status = status, .code = code, .message = message };

        TAILQ_REMOVE(&poll->engine->arrived, poll, due_link);
        end_poll(poll, &answer);
}

/* False: the activity itself is on its way to the store. */
static bool take_arrived(struct gal_poll *poll)
{
        struct gal_engine *engine = poll->engine;
        struct activity *activity = gal_activity_find_arn(engine, poll->activity_arn);
        gal_auto_free char *missing = NULL;

        if (activity != NULL && activity->in_flight)
                return false;
        if (activity == NULL) {
                missing = gal_format("Activity Does Not Exist: '%s'", poll->activity_arn);
                refuse_arrived(poll, GAL_ENOTFOUND, "ActivityDoesNotExist", missing);
                return true;
        }
        if (activity->poll_count >= GAL_POLLS_MAX) {
                missing = gal_format("Activity Worker Limit Exceeded: %d workers poll '%s' already", GAL_POLLS_MAX,
                                     activity->arn);
                refuse_arrived(poll, GAL_ELIMIT, "ActivityWorkerLimitExceeded", missing);
                return true;
        }
        TAILQ_REMOVE(&engine->arrived, poll, due_link);
        poll->activity = activity;
        poll->deadline_ms = engine->now_ms + GAL_POLL_MS;
        activity->poll_count++;
        link_waiting(poll, /* is_first= */ false);
        return true;
}

static void take_all_arrived(struct gal_engine *engine)
{
        struct gal_poll *poll = TAILQ_FIRST(&engine->arrived);

        while (poll != NULL) {
                struct gal_poll *next = TAILQ_NEXT(poll, due_link);

                take_arrived(poll);
                poll = next;
        }
}

/* A clock that was set back must not let them wait for ever: nobody has longer than the time there is. */
static bool is_over(const struct gal_poll *poll, int64_t now_ms)
{
        return poll->deadline_ms <= now_ms || poll->deadline_ms > now_ms + 2 * GAL_POLL_MS;
}

static void end_overdue(struct gal_engine *engine)
{
        struct gal_poll *poll;

        while ((poll = TAILQ_FIRST(&engine->polls)) != NULL && is_over(poll, engine->now_ms))
                end_waiting(poll, &nothing);
}

/* Giving. */

static void give(struct gal_poll *poll, struct activity_task *task, struct gal_run *run,
                 const struct gal_frame *frame)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_TASK_STARTED,
                                         .frame = frame->place,
                                         .scheduled_id = task->key.scheduled_id,
                                         .worker = poll->worker };

        unlink_waiting(poll);
        set_not_waiting(task, TASK_TAKEN);
        task->poll = poll;
        poll->task = task;
        poll->run = run;
        poll->state = POLL_QUEUED;
        LIST_INSERT_HEAD(&poll->engine->queued_polls, poll, run_link);
        gal_run_wake_due(run);
        gal_run_queue_more(run, &stimulus)->poll = poll;
}

/* False: the store cannot be read now. */
static bool try_to_give(struct gal_engine *engine, struct gal_poll *poll, struct activity_task *task)
{
        struct gal_run *run = gal_run_find_id(engine, task->key.execution_id);
        struct gal_error error = { .code = GAL_OK };
        const struct gal_frame *frame;

        if (run == NULL && gal_load_id(engine, task->slot, task->key.execution_id, &run, &error) != GAL_OK) {
                gal_log(engine->log, GAL_LOG_ERROR, "execution %s cannot be read: %s", task->key.execution_id,
                        error.message);
                return false;
        }
        frame = run == NULL ? NULL : gal_run_find_attempt(run, task->key.scheduled_id);
        if (frame == NULL || frame->attempt.started)
                set_not_waiting(task, TASK_BLOCKED);
        else
                give(poll, task, run, frame);
        return true;
}

static bool match(struct gal_engine *engine, struct activity *activity, size_t *left)
{
        struct activity_task *task;
        struct gal_poll *poll;

        while ((poll = TAILQ_FIRST(&activity->polls)) != NULL && *left > 0) {
                if (next_task(engine, activity, &task) != GAL_OK)
                        return false;
                if (task == NULL)
                        return true;
                (*left)--;
                if (!try_to_give(engine, poll, task))
                        return false;
        }
        return true;
}

static void match_all(struct gal_engine *engine)
{
        size_t left = GIVE_MAX;

        while (!STAILQ_EMPTY(&engine->ready) && left > 0) {
                struct activity *activity = STAILQ_FIRST(&engine->ready);
                bool has_matched;

                STAILQ_REMOVE_HEAD(&engine->ready, ready_link);
                activity->is_ready = false;
                has_matched = match(engine, activity, &left);
                if (engine->is_lost)
                        return;
                if (!has_matched || left == 0)
                        mark_ready(engine, activity);
                if (!has_matched) {
                        engine->ready_pause_ms = engine->now_ms + PAUSE_MS;
                        return;
                }
        }
}

static bool is_paused(const struct gal_engine *engine)
{
        /* Unless the clock was set back since. */
        return engine->ready_pause_ms > engine->now_ms && engine->ready_pause_ms <= engine->now_ms + PAUSE_MS;
}

void gal_polls_run(struct gal_engine *engine)
{
        take_all_arrived(engine);
        end_overdue(engine);
        if (!is_paused(engine))
                match_all(engine);
}

bool gal_polls_have_work(const struct gal_engine *engine)
{
        return !STAILQ_EMPTY(&engine->ready) && !is_paused(engine);
}

int64_t gal_polls_wake_ms(const struct gal_engine *engine)
{
        const struct gal_poll *first = TAILQ_FIRST(&engine->polls);
        int64_t wake_ms = first == NULL ? 0 : first->deadline_ms;

        if (!STAILQ_EMPTY(&engine->ready) && is_paused(engine) &&
            (wake_ms == 0 || engine->ready_pause_ms < wake_ms))
                wake_ms = engine->ready_pause_ms;
        return wake_ms;
}

/* What becomes of it. */

static void give_back(struct gal_poll *poll, enum activity_task_state state)
{
        struct activity_task *task = poll->task;

        gal_assert(poll->state == POLL_QUEUED);
        LIST_REMOVE(poll, run_link);
        poll->task = NULL;
        poll->run = NULL;
        if (task == NULL)
                return;
        task->poll = NULL;
        if (state == TASK_WAITING) {
                set_waiting(task, /* is_first= */ true);
                mark_ready(poll->engine, task->activity);
        } else {
                set_not_waiting(task, state);
        }
}

/* The worker has left: the next one gets the task. */
static void end_queued(struct gal_poll *poll)
{
        give_back(poll, TASK_WAITING);
        if (poll->activity != NULL)
                poll->activity->poll_count--;
        end_poll(poll, &nothing);
}

void gal_polls_look(struct gal_run *run)
{
        for (size_t i = 0; i < run->queue_count; i++) {
                struct queued *queued = &run->queue[i];
                struct gal_poll *poll = queued->poll;
                const struct gal_frame *frame;

                if (poll == NULL)
                        continue;
                if (!GAL_MUTATED(WORKER_GONE) && poll->has_gone != NULL && poll->has_gone(poll->user)) {
                        queued->poll = NULL;
                        queued->is_void = true;
                        end_queued(poll);
                        continue;
                }
                frame = gal_run_find_attempt(run, queued->stimulus.scheduled_id);
                if (frame == NULL)
                        continue;
                free(poll->token);
                gal_payload_unref(poll->input);
                poll->token = gal_strdup(frame->attempt.token);
                poll->input = gal_payload_ref(frame->attempt.input);
        }
}

void gal_poll_settle(struct gal_poll *poll, bool was_taken)
{
        struct gal_run *run = poll->run;

        if (!was_taken) {
                gal_poll_put_back(poll);
                return;
        }
        give_back(poll, TASK_TAKEN);
        poll->run = run;
        poll->state = POLL_STARTED;
        if (poll->activity != NULL)
                poll->activity->poll_count--;
        poll->activity = NULL;
        LIST_INSERT_HEAD(&run->polls, poll, run_link);
}

/* Its task was gone when its turn came: it waits for another one. */
void gal_poll_put_back(struct gal_poll *poll)
{
        gal_auto_free char *message = NULL;
        struct gal_poll_answer answer = { .status = GAL_ENOTFOUND, .code = "ActivityDoesNotExist" };

        give_back(poll, TASK_BLOCKED);
        if (poll->activity != NULL) {
                link_waiting(poll, /* is_first= */ true);
                return;
        }
        message = gal_format("Activity Does Not Exist: '%s'", poll->activity_arn);
        answer.message = message;
        end_poll(poll, &answer);
}

void gal_polls_answer_started(struct gal_run *run)
{
        while (!LIST_EMPTY(&run->polls)) {
                struct gal_poll *poll = LIST_FIRST(&run->polls);
                struct gal_poll_answer answer = { .status = GAL_OK, .token = poll->token, .input = poll->input };

                LIST_REMOVE(poll, run_link);
                end_poll(poll, &answer);
        }
}

static void forget_queued(struct gal_poll *poll)
{
        for (size_t i = 0; i < poll->run->queue_count; i++) {
                struct queued *queued = &poll->run->queue[i];

                if (queued->poll != poll)
                        continue;
                queued->poll = NULL;
                queued->is_void = true;
        }
}

void gal_poll_cancel(struct gal_poll *poll)
{
        switch (poll->state) {
        case POLL_ARRIVED:
                TAILQ_REMOVE(&poll->engine->arrived, poll, due_link);
                end_poll(poll, &nothing);
                return;
        case POLL_WAITING:
                end_waiting(poll, &nothing);
                return;
        case POLL_QUEUED:
                forget_queued(poll);
                end_queued(poll);
                return;
        case POLL_STARTED:
                return;
        }
        gal_bug("state of a poll", poll->state);
}

void gal_polls_end(struct activity *activity, const struct gal_poll_answer *answer)
{
        struct gal_poll *poll;

        while (!TAILQ_EMPTY(&activity->polls))
                end_waiting(TAILQ_FIRST(&activity->polls), answer);
        LIST_FOREACH(poll, &activity->engine->queued_polls, run_link)
        {
                if (poll->activity == activity)
                        poll->activity = NULL;
        }
}

void gal_polls_drop_started(struct gal_run *run, const struct gal_poll_answer *answer)
{
        while (!LIST_EMPTY(&run->polls)) {
                struct gal_poll *poll = LIST_FIRST(&run->polls);

                LIST_REMOVE(poll, run_link);
                end_poll(poll, answer);
        }
}

void gal_polls_clear(struct gal_engine *engine, const struct gal_poll_answer *answer)
{
        while (!TAILQ_EMPTY(&engine->arrived)) {
                struct gal_poll *poll = TAILQ_FIRST(&engine->arrived);

                TAILQ_REMOVE(&engine->arrived, poll, due_link);
                end_poll(poll, answer);
        }
        while (!TAILQ_EMPTY(&engine->polls))
                end_waiting(TAILQ_FIRST(&engine->polls), answer);
        gal_assert(engine->poll_count == 0);
}
