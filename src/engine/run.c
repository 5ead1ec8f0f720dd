/*
 * run.c: an open execution in the engine: its queue, its steps, its task attempts.
 *
 * A run with a commit in flight takes no new step: what comes in for it waits in its queue. Its effects leave when
 * the commit is acknowledged, in the order in which they were decided.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/mutation.h"
#include "base/slot.h"
#include "engine/internal.h"
#include "engine/query.h"

struct gal_run *gal_run_find(struct gal_engine *engine, const char *machine_id, const char *name)
{
        gal_auto_free char *key = gal_format("%s/%s", machine_id, name);
        struct gal_run *run;

        HASH_FIND_STR(engine->runs, key, run);
        return run;
}

struct gal_run *gal_run_find_arn(struct gal_engine *engine, const char *arn)
{
        struct gal_execution_arn parts;
        struct gal_run *run = NULL;
        struct machine *machine;

        if (!gal_execution_arn_parse(arn, &parts))
                return NULL;
        machine = gal_registry_find(engine, parts.machine_name);
        if (machine != NULL)
                run = gal_run_find(engine, machine->id, parts.name);
        gal_execution_arn_finish(&parts);
        return run;
}

struct gal_run *gal_run_find_id(struct gal_engine *engine, const char *id)
{
        struct gal_run *run;

        HASH_FIND(hh_id, engine->runs_by_id, id, strlen(id), run);
        return run;
}

struct gal_frame *gal_run_find_attempt(const struct gal_run *run, uint64_t scheduled_id)
{
        const struct gal_execution *execution = run->execution;

        for (uint32_t i = 0; execution->status == GAL_EXECUTION_RUNNING && i < execution->frame_count; i++) {
                if (execution->frames[i] != NULL && execution->frames[i]->attempt.scheduled_id == scheduled_id)
                        return execution->frames[i];
        }
        return NULL;
}

struct gal_run *gal_run_create(struct gal_engine *engine, struct revision *revision, const char *machine_name,
                               const char *name, const char *id)
{
        const char *partition = gal_arn_partition(engine->region);
        struct gal_run *run = gal_new(struct gal_run);
        gal_auto_free char *machine_arn = gal_format("arn:%s:states:%s:%s:stateMachine:%s", partition,
                                                     engine->region, engine->account, machine_name);
        gal_auto_free char *arn = NULL;
        struct gal_identity identity = { .machine_arn = machine_arn,
                                         .machine_name = machine_name,
                                         .role_arn = revision->role_arn };

        if (id != NULL)
                memcpy(run->id, id, sizeof(run->id));
        else
                gal_uuid7_format(engine->now_ms, &engine->ids, run->id);
        identity.execution_name = name != NULL ? name : run->id;
        arn = gal_format("arn:%s:states:%s:%s:execution:%s:%s", partition, engine->region, engine->account,
                         machine_name, identity.execution_name);
        identity.execution_arn = arn;
        run->engine = engine;
        run->is_named = name != NULL;
        run->revision = gal_revision_ref(revision);
        run->slot = gal_slot(machine_name, identity.execution_name);
        run->number = gal_random_next(&engine->ids) | 1; /* 0 would be none */
        run->execution = gal_execution_create(revision->program, &identity);
        run->key = gal_format("%s/%s", revision->machine_id, identity.execution_name);
        HASH_ADD_KEYPTR(hh, engine->runs, run->key, strlen(run->key), run);
        HASH_ADD_KEYPTR(hh_id, engine->runs_by_id, run->id, strlen(run->id), run);
        LIST_INIT(&run->polls);
        return run;
}

static void clear_queue(struct gal_run *run)
{
        for (size_t i = 0; i < run->queue_count; i++) {
                gal_payload_unref(run->queue[i].stimulus.payload);
                free(run->queue[i].error);
                free(run->queue[i].cause);
        }
        run->queue_count = 0;
}

static void drop_replies(struct gal_run *run)
{
        while (run->replies != NULL) {
                struct reply *reply = run->replies;

                run->replies = reply->next;
                free(reply);
        }
}

void gal_run_destroy(struct gal_run *run)
{
        struct gal_engine *engine = run->engine;

        gal_assert(!run->is_dirty);
        gal_assert(!run->in_flight);
        gal_heap_remove(&engine->wakes, &run->wake);
        gal_run_unrest(run);
        HASH_DEL(engine->runs, run);
        HASH_DELETE(hh_id, engine->runs_by_id, run);
        gal_run_refuse_queue(run, /* answer= */ NULL);
        gal_polls_drop_started(run, /* answer= */ NULL);
        drop_replies(run);
        clear_queue(run);
        free(run->queue);
        gal_step_finish(&run->step);
        for (uint32_t i = 0; i < run->task_size; i++)
                free(run->tasks[i]);
        free(run->tasks);
        free(run->waiting);
        gal_revision_unref(engine, run->revision);
        free(run->alias);
        free(run->trace_header);
        gal_execution_destroy(run->execution);
        free(run->key);
        free(run);
}

const struct gal_execution *gal_run_execution(const struct gal_run *run)
{
        return run->execution;
}

const char *gal_run_id(const struct gal_run *run)
{
        return run->id;
}

uint32_t gal_run_slot(const struct gal_run *run)
{
        return run->slot;
}

/* Queue. */

void gal_run_mark_dirty(struct gal_run *run)
{
        gal_run_unrest(run);
        if (run->is_dirty || (run->in_flight && !GAL_MUTATED(STEP_IN_FLIGHT)))
                return;
        run->is_dirty = true;
        run->next_dirty = NULL;
        *run->engine->dirty_last = run;
        run->engine->dirty_last = &run->next_dirty;
}

struct queued *gal_run_queue_more(struct gal_run *run, const struct gal_stimulus *stimulus)
{
        struct queued *queued;

        if (run->queue_count == run->queue_size) {
                run->queue_size = run->queue_size == 0 ? 4 : run->queue_size * 2;
                run->queue = gal_realloc(run->queue, run->queue_size, sizeof(*run->queue));
        }
        queued = &run->queue[run->queue_count++];
        memset(queued, 0, sizeof(*queued));
        queued->stimulus = *stimulus;
        queued->stimulus.payload = gal_payload_ref(stimulus->payload);
        queued->stimulus.error = queued->error = gal_strdup(stimulus->error);
        queued->stimulus.cause = queued->cause = gal_strdup(stimulus->cause);
        gal_run_mark_dirty(run);
        return queued;
}

void gal_run_queue(struct gal_run *run, const struct gal_stimulus *stimulus)
{
        gal_run_queue_more(run, stimulus);
}

void gal_run_wake_due(struct gal_run *run)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_TIME };
        struct gal_engine *engine = run->engine;

        if (run->wake_ms == 0 || run->wake_ms > engine->now_ms || run->wake.index == 0)
                return;
        gal_heap_remove(&engine->wakes, &run->wake);
        gal_run_queue(run, &stimulus);
}

void gal_run_set_wake(struct gal_run *run)
{
        struct gal_engine *engine = run->engine;

        gal_heap_remove(&engine->wakes, &run->wake);
        run->wake_ms = gal_execution_wake_ms(run->execution);
        if (run->wake_ms != 0)
                gal_heap_insert(&engine->wakes, &run->wake);
}

/* Task attempts that are out. */

static struct gal_task_handle *find_task(const struct gal_run *run, uint32_t frame, uint64_t scheduled_id)
{
        struct gal_task_handle *handle = frame < run->task_size ? run->tasks[frame] : NULL;

        return handle != NULL && handle->scheduled_id == scheduled_id ? handle : NULL;
}

static struct gal_task_handle *add_task(struct gal_run *run, const struct gal_effect *effect)
{
        struct gal_task_handle *handle = gal_new(struct gal_task_handle);

        if (effect->frame >= run->task_size) {
                uint32_t size = (effect->frame + 1) * 2;

                run->tasks = gal_realloc(run->tasks, size, sizeof(struct gal_task_handle *));
                memset(run->tasks + run->task_size, 0, (size - run->task_size) * sizeof(struct gal_task_handle *));
                run->task_size = size;
        }
        gal_assert(run->tasks[effect->frame] == NULL);
        run->tasks[effect->frame] = handle;
        handle->run = run;
        handle->frame = effect->frame;
        handle->scheduled_id = effect->scheduled_id;
        handle->ends_submitted =
                run->execution->program->states[effect->state].as.task.pattern == GAL_PATTERN_WAIT_FOR_TASK_TOKEN;
        run->tasks_out++;
        run->engine->tasks_out++;
        return handle;
}

static void remove_task(struct gal_task_handle *handle)
{
        handle->run->tasks[handle->frame] = NULL;
        handle->run->tasks_out--;
        free(handle);
}

void gal_task_set_data(struct gal_task_handle *handle, void *data)
{
        handle->data = data;
}

static void report(struct gal_task_handle *handle, enum gal_stimulus_kind kind, struct gal_payload *payload,
                   const char *error, const char *cause)
{
        struct gal_stimulus stimulus = { .kind = kind,
                                         .frame = handle->frame,
                                         .scheduled_id = handle->scheduled_id,
                                         .payload = payload,
                                         .error = error,
                                         .cause = cause };

        gal_assert(!handle->reported);
        if (kind == GAL_STIMULUS_TASK_SUCCEEDED || kind == GAL_STIMULUS_TASK_FAILED ||
            (kind == GAL_STIMULUS_TASK_SUBMITTED && handle->ends_submitted)) {
                handle->reported = true;
                handle->run->engine->tasks_out--;
        }
        gal_run_queue(handle->run, &stimulus);
}

void gal_task_started(struct gal_task_handle *handle)
{
        handle->is_started = true;
        report(handle, GAL_STIMULUS_TASK_STARTED, NULL, NULL, NULL);
}

/* What was submitted has started, whether that was said or not. */
void gal_task_submitted(struct gal_task_handle *handle, struct gal_payload *response)
{
        if (!handle->is_started)
                gal_task_started(handle);
        report(handle, GAL_STIMULUS_TASK_SUBMITTED, response, NULL, NULL);
}

void gal_task_succeeded(struct gal_task_handle *handle, struct gal_payload *result)
{
        report(handle, GAL_STIMULUS_TASK_SUCCEEDED, result, NULL, NULL);
}

void gal_task_failed(struct gal_task_handle *handle, const char *error, const char *cause)
{
        report(handle, GAL_STIMULUS_TASK_FAILED, NULL, error, cause);
}

static void dispatch(struct gal_run *run, const struct gal_effect *effect)
{
        struct gal_engine *engine = run->engine;
        /* With the id: a name may be used again, and the worker must not take the new call for the old one. */
        gal_auto_free char *identity = gal_format("%s/%s/%" PRIu64 "/%" PRIu32, run->execution->execution_arn,
                                                  run->id, effect->scheduled_id, effect->attempt);
        struct gal_dispatch call = { .handle = add_task(run, effect),
                                     .task = &run->execution->program->states[effect->state].as.task,
                                     .input = effect->input,
                                     .identity = identity,
                                     .execution_arn = run->execution->execution_arn };

        engine->callbacks.dispatch(engine->callbacks.user, &call);
}

static void cancel_task(struct gal_task_handle *handle)
{
        struct gal_engine *engine = handle->run->engine;

        if (!handle->reported) {
                engine->tasks_out--;
                engine->callbacks.cancel(engine->callbacks.user, handle, handle->data);
        }
        remove_task(handle);
}

/* What the call still says would come too late. */
static void release_task(struct gal_task_handle *handle)
{
        const struct gal_engine_callbacks *callbacks = &handle->run->engine->callbacks;

        if (callbacks->release == NULL) {
                cancel_task(handle);
                return;
        }
        handle->run->engine->tasks_out--;
        callbacks->release(callbacks->user, handle, handle->data);
        remove_task(handle);
}

void gal_run_cancel_all(struct gal_run *run)
{
        for (uint32_t i = 0; i < run->task_size; i++) {
                if (run->tasks[i] != NULL)
                        cancel_task(run->tasks[i]);
        }
}

static bool is_of_activity(const struct gal_run *run, const struct gal_effect *effect)
{
        return run->execution->program->states[effect->state].as.task.resource_kind == GAL_RESOURCE_ACTIVITY;
}

static void perform(struct gal_run *run, const struct gal_step *step)
{
        for (size_t i = 0; i < step->effect_count; i++) {
                const struct gal_effect *effect = &step->effects[i];
                struct gal_task_handle *handle;

                switch (effect->kind) {
                case GAL_EFFECT_INVOKE: /* of an activity: its row is in the queue */
                        if (!is_of_activity(run, effect))
                                dispatch(run, effect);
                        break;
                case GAL_EFFECT_CANCEL:
                        handle = find_task(run, effect->frame, effect->scheduled_id);
                        if (handle != NULL)
                                cancel_task(handle);
                        break;
                case GAL_EFFECT_FINISH:
                        break;
                }
        }
}

void gal_run_publish(struct gal_run *run)
{
        const struct gal_engine_callbacks *callbacks = &run->engine->callbacks;

        gal_suspect_execution(run->engine, run->id, run->execution->execution_arn);
        for (size_t i = 0; callbacks->record != NULL && i < run->step.records.count; i++)
                callbacks->record(callbacks->user, run, &run->step.records.items[i]);
        perform(run, &run->step);
        gal_suspect_set(NULL);
}

void gal_run_reissue(struct gal_run *run)
{
        gal_machine_reissue(run->execution, &run->step);
        perform(run, &run->step);
        gal_step_clear(&run->step);
}

/* Attempts whose end has been decided on: their handles go. */
static void drop_reported(struct gal_run *run)
{
        for (size_t i = 0; i < run->queue_count; i++) {
                const struct gal_stimulus *stimulus = &run->queue[i].stimulus;
                struct gal_task_handle *handle = find_task(run, stimulus->frame, stimulus->scheduled_id);

                if (handle != NULL && handle->reported)
                        remove_task(handle);
        }
}

/* Those who have said something, and what became of it. */

static void add_reply(struct gal_run *run, const struct queued *queued)
{
        struct reply **link = &run->replies;
        struct reply *reply = gal_new(struct reply);

        while (*link != NULL)
                link = &(*link)->next;
        *link = reply;
        reply->done = queued->done;
        reply->user = queued->user;
        reply->was_taken = queued->was_taken;
}

const struct gal_answer gal_too_late = { .status = GAL_ENOTFOUND,
                                         .code = "TaskTimedOut",
                                         .message = "Task Timed Out: 'Provided task does not exist anymore'" };

void gal_run_answer_replies(struct gal_run *run, const struct gal_answer *lost)
{
        struct gal_answer taken = { .status = GAL_OK };

        while (run->replies != NULL) {
                struct reply *reply = run->replies;

                run->replies = reply->next;
                gal_answer(reply->done, reply->user,
                           lost != NULL       ? lost
                           : reply->was_taken ? &taken
                                              : &gal_too_late);
                free(reply);
        }
}

void gal_run_refuse_queue(struct gal_run *run, const struct gal_answer *answer)
{
        for (size_t i = 0; i < run->queue_count; i++) {
                struct queued *queued = &run->queue[i];

                queued->is_void = true;
                if (queued->poll != NULL)
                        gal_poll_put_back(queued->poll);
                queued->poll = NULL;
                if (queued->is_sent && answer != NULL)
                        gal_answer(queued->done, queued->user, answer);
                queued->is_sent = false;
        }
}

/* The attempt's call, if it has one, is nobody's any more. */
static void release_call(struct gal_run *run, const struct gal_stimulus *stimulus)
{
        struct gal_task_handle *handle = find_task(run, stimulus->frame, stimulus->scheduled_id);

        if (stimulus->kind != GAL_STIMULUS_TASK_HEARTBEAT && handle != NULL && !handle->reported)
                release_task(handle);
}

static void settle_queue(struct gal_run *run)
{
        for (size_t i = 0; i < run->queue_count; i++) {
                struct queued *queued = &run->queue[i];

                if (queued->poll != NULL)
                        gal_poll_settle(queued->poll, queued->was_taken);
                queued->poll = NULL;
                if (!queued->is_sent)
                        continue;
                if (queued->was_taken)
                        release_call(run, &queued->stimulus);
                add_reply(run, queued);
        }
}

/* For the seeded mistakes that end the process. */
static inline bool is_poison(const struct gal_run *run)
{
        return strncmp(run->execution->execution_name, "poison", 6) == 0;
}

static char *make_token(void *user, const struct gal_execution *execution, uint64_t scheduled_id,
                        const uint64_t nonce[2])
{
        (void)execution;
        return gal_send_make_token(user, scheduled_id, nonce);
}

static bool activity_exists(void *user, const char *activity_arn)
{
        const struct gal_run *run = user;
        const struct activity *activity = gal_activity_find_arn(run->engine, activity_arn);

        return activity != NULL && (!activity->in_flight || activity->deleting);
}

void gal_run_step(struct gal_run *run, struct gal_random *random)
{
        struct gal_env env = { .now_ms = run->engine->now_ms,
                               .events_max = run->engine->events_max,
                               .make_token = make_token,
                               .activity_exists = activity_exists,
                               .user = run };
        struct gal_stimulus *stimuli = gal_new_array(run->queue_count, struct gal_stimulus);
        size_t count = 0;

        for (size_t i = 0; i < 4; i++)
                env.random.state[i] = gal_random_next(random);
        gal_polls_look(run);
        for (size_t i = 0; i < run->queue_count; i++) {
                if (run->queue[i].is_void)
                        continue;
                stimuli[count] = run->queue[i].stimulus;
                stimuli[count++].ret_taken = &run->queue[i].was_taken;
        }
        gal_step_clear(&run->step);
        if (GAL_MUTATED(POISON) && is_poison(run))
                gal_bug("a seeded mistake", 0);
        if (GAL_MUTATED(POISON_TRAP) && is_poison(run))
                __builtin_trap();
        gal_machine_step(run->execution, stimuli, count, &env, &run->step);
        free(stimuli);
        drop_reported(run);
        settle_queue(run);
        clear_queue(run);
}
