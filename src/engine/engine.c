/*
 * engine.c: queues, ticks, batches, effects.
 *
 * An execution with a commit in flight takes no new step: what comes in for it waits in its queue. Its effects
 * leave when the commit is acknowledged, in the order in which they were decided.
 *
 * Failed commits: nothing of the batch has been seen by anybody, and memory is ahead of the store. The batch is
 * kept and offered again with the next tick that comes after GAL_COMMIT_RETRY_MS.
 */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/random.h"
#include "journal/journal.h"
#include "machine/history.h"
#include "machine/machine.h"

#define GAL_COMMIT_RETRY_MS 200

/* A stimulus that owns what it names. */
struct queued {
        struct gal_stimulus stimulus;
        char *error;
        char *cause;
};

struct gal_task_handle {
        struct gal_run *run;
        uint32_t frame;
        uint64_t scheduled_id;
        bool reported; /* its end is in the queue: the driver has let go of it */
        void *data;
};

struct gal_run {
        UT_hash_handle hh; /* by ARN */
        struct gal_engine *engine;
        struct gal_execution *execution;
        struct gal_run *next_dirty;
        bool is_dirty;
        bool in_flight;
        struct gal_heap_node wake;
        int64_t wake_ms;
        struct queued *queue;
        size_t queue_count;
        size_t queue_size;
        struct gal_step step;           /* of the commit in flight */
        struct gal_task_handle **tasks; /* by place of the frame */
        uint32_t task_size;
};

struct gal_engine {
        struct gal_store *store;
        struct gal_engine_callbacks callbacks;
        char *account;
        char *region;
        char *role_arn;
        uint64_t events_max;
        const struct gal_log *log;
        struct gal_run *runs;
        struct gal_run *dirty_first;
        struct gal_run **dirty_last;
        struct gal_heap wakes;
        struct gal_run **batch_runs; /* those in `batch`, in its order */
        size_t batch_size;
        struct gal_batch batch;
        struct gal_buffer *bodies;
        bool in_flight;
        int64_t retry_ms; /* a failed batch is offered again from then on; 0: none failed */
        int64_t now_ms;
        struct gal_random names; /* for generated names */
        size_t tasks_out;
};

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
        engine->log = options->log;
        engine->wakes.before = wakes_before;
        engine->dirty_last = &engine->dirty_first;
        memcpy(engine->names.state, options->random, sizeof(engine->names.state));
        return engine;
}

/* Queues. */

static void mark_dirty(struct gal_run *run)
{
        if (run->is_dirty || run->in_flight)
                return;
        run->is_dirty = true;
        run->next_dirty = NULL;
        *run->engine->dirty_last = run;
        run->engine->dirty_last = &run->next_dirty;
}

static void queue_stimulus(struct gal_run *run, const struct gal_stimulus *stimulus)
{
        struct queued *queued;

        if (run->queue_count == run->queue_size) {
                run->queue_size = run->queue_size == 0 ? 4 : run->queue_size * 2;
                run->queue = gal_realloc(run->queue, run->queue_size, sizeof(*run->queue));
        }
        queued = &run->queue[run->queue_count++];
        queued->stimulus = *stimulus;
        queued->stimulus.payload = gal_payload_ref(stimulus->payload);
        queued->stimulus.error = queued->error = gal_strdup(stimulus->error);
        queued->stimulus.cause = queued->cause = gal_strdup(stimulus->cause);
        mark_dirty(run);
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

static void set_wake(struct gal_run *run)
{
        struct gal_engine *engine = run->engine;

        gal_heap_remove(&engine->wakes, &run->wake);
        run->wake_ms = gal_execution_wake_ms(run->execution);
        if (run->wake_ms != 0)
                gal_heap_insert(&engine->wakes, &run->wake);
}

/* Starting, stopping, forgetting. */

static struct gal_run *create_run(struct gal_engine *engine, const struct gal_start_request *request,
                                  const char *execution_name)
{
        const char *partition = gal_arn_partition(engine->region);
        gal_auto_free char *machine_arn = gal_format("arn:%s:states:%s:%s:stateMachine:%s", partition,
                                                     engine->region, engine->account, request->machine_name);
        gal_auto_free char *execution_arn =
                gal_format("arn:%s:states:%s:%s:execution:%s:%s", partition, engine->region, engine->account,
                           request->machine_name, execution_name);
        struct gal_identity identity = { .execution_arn = execution_arn,
                                         .execution_name = execution_name,
                                         .machine_arn = machine_arn,
                                         .machine_name = request->machine_name,
                                         .role_arn = engine->role_arn };
        struct gal_run *run;

        HASH_FIND_STR(engine->runs, execution_arn, run);
        if (run != NULL)
                return NULL;
        run = gal_new(struct gal_run);
        run->engine = engine;
        run->execution = gal_execution_create(request->program, &identity);
        HASH_ADD_KEYPTR(hh, engine->runs, run->execution->execution_arn, strlen(run->execution->execution_arn),
                        run);
        return run;
}

enum gal_status gal_engine_start(struct gal_engine *engine, const struct gal_start_request *request,
                                 struct gal_run **ret_run, struct gal_error *error)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_START, .payload = request->input };
        const char *name = request->execution_name;
        char generated[GAL_UUID_SIZE];
        struct gal_run *run;

        if (!gal_name_is_valid(request->machine_name, strlen(request->machine_name), GAL_NAME_CHARACTERS_MAX))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "Invalid Name: '%s'", request->machine_name);
        if (name != NULL && !gal_name_is_valid(name, strlen(name), GAL_NAME_CHARACTERS_MAX))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "Invalid Name: '%s'", name);
        if (gal_payload_exceeds(request->input, GAL_PAYLOAD_SIZE_MAX))
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "the input is longer than %d bytes",
                                GAL_PAYLOAD_SIZE_MAX);
        if (name == NULL) {
                gal_uuid4_format(&engine->names, generated);
                name = generated;
        }
        run = create_run(engine, request, name);
        if (run == NULL)
                return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE, "Execution Already Exists: '%s'", name);
        queue_stimulus(run, &stimulus);
        *ret_run = run;
        return GAL_OK;
}

void gal_engine_stop(struct gal_engine *engine, struct gal_run *run, const char *stop_error, const char *cause)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_STOP, .error = stop_error, .cause = cause };

        gal_assert(run->engine == engine);
        if (run->execution->status == GAL_EXECUTION_RUNNING)
                queue_stimulus(run, &stimulus);
}

const struct gal_execution *gal_run_execution(const struct gal_run *run)
{
        return run->execution;
}

static void destroy_run(struct gal_run *run)
{
        clear_queue(run);
        free(run->queue);
        gal_step_finish(&run->step);
        for (uint32_t i = 0; i < run->task_size; i++)
                free(run->tasks[i]);
        free(run->tasks);
        gal_execution_destroy(run->execution);
        free(run);
}

void gal_engine_forget(struct gal_engine *engine, struct gal_run *run)
{
        gal_assert(run->execution->status != GAL_EXECUTION_RUNNING);
        gal_assert(!run->in_flight);
        gal_assert(!run->is_dirty);
        gal_heap_remove(&engine->wakes, &run->wake);
        HASH_DEL(engine->runs, run);
        destroy_run(run);
}

void gal_engine_destroy(struct gal_engine *engine)
{
        struct gal_run *run, *next;

        if (engine == NULL)
                return;
        HASH_ITER(hh, engine->runs, run, next)
        {
                HASH_DEL(engine->runs, run);
                destroy_run(run);
        }
        for (size_t i = 0; i < engine->batch_size; i++)
                gal_buffer_finish(&engine->bodies[i]);
        free(engine->bodies);
        free(engine->batch_runs);
        free(engine->batch.chunks);
        free(engine->batch.executions);
        gal_heap_finish(&engine->wakes);
        free(engine->account);
        free(engine->region);
        free(engine->role_arn);
        free(engine);
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
        run->engine->tasks_out++;
        return handle;
}

static void remove_task(struct gal_task_handle *handle)
{
        handle->run->tasks[handle->frame] = NULL;
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
        if (kind == GAL_STIMULUS_TASK_SUCCEEDED || kind == GAL_STIMULUS_TASK_FAILED) {
                handle->reported = true;
                handle->run->engine->tasks_out--;
        }
        queue_stimulus(handle->run, &stimulus);
}

void gal_task_started(struct gal_task_handle *handle)
{
        report(handle, GAL_STIMULUS_TASK_STARTED, NULL, NULL, NULL);
}

void gal_task_submitted(struct gal_task_handle *handle, struct gal_payload *response)
{
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
        gal_auto_free char *identity = gal_format("%s/%" PRIu64 "/%" PRIu32, run->execution->execution_arn,
                                                  effect->scheduled_id, effect->attempt);
        struct gal_dispatch call = { .handle = add_task(run, effect),
                                     .task = &run->execution->program->states[effect->state].as.task,
                                     .input = effect->input,
                                     .identity = identity,
                                     .execution_arn = run->execution->execution_arn };

        engine->callbacks.dispatch(engine->callbacks.user, &call);
}

static void cancel(struct gal_run *run, const struct gal_effect *effect)
{
        struct gal_engine *engine = run->engine;
        struct gal_task_handle *handle = find_task(run, effect->frame, effect->scheduled_id);

        if (handle == NULL)
                return;
        if (!handle->reported) {
                engine->tasks_out--;
                engine->callbacks.cancel(engine->callbacks.user, handle, handle->data);
        }
        remove_task(handle);
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
                queue_stimulus(run, &stimulus);
        }
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

static void step_run(struct gal_engine *engine, struct gal_run *run, struct gal_random *random)
{
        struct gal_env env = { .now_ms = engine->now_ms, .events_max = engine->events_max };
        struct gal_stimulus *stimuli = gal_new_array(run->queue_count, struct gal_stimulus);

        for (size_t i = 0; i < 4; i++)
                env.random.state[i] = gal_random_next(random);
        for (size_t i = 0; i < run->queue_count; i++)
                stimuli[i] = run->queue[i].stimulus;
        gal_step_clear(&run->step);
        gal_machine_step(run->execution, stimuli, run->queue_count, &env, &run->step);
        free(stimuli);
        drop_reported(run);
        clear_queue(run);
}

static void reserve_batch(struct gal_engine *engine, size_t count)
{
        size_t size = engine->batch_size == 0 ? 16 : engine->batch_size;

        while (size < count)
                size *= 2;
        if (size == engine->batch_size)
                return;
        engine->bodies = gal_realloc(engine->bodies, size, sizeof(*engine->bodies));
        engine->batch_runs = gal_realloc(engine->batch_runs, size, sizeof(struct gal_run *));
        engine->batch.chunks = gal_realloc(engine->batch.chunks, size, sizeof(*engine->batch.chunks));
        engine->batch.executions = gal_realloc(engine->batch.executions, size, sizeof(*engine->batch.executions));
        for (size_t i = engine->batch_size; i < size; i++)
                engine->bodies[i] = GAL_BUFFER_INIT;
        engine->batch_size = size;
}

static void add_chunk(struct gal_engine *engine, struct gal_run *run)
{
        const struct gal_execution *execution = run->execution;
        const struct gal_records *records = &run->step.records;
        size_t index = engine->batch.chunk_count;
        struct gal_chunk_row *row;
        uint32_t event_count = 0;

        reserve_batch(engine, index + 1);
        for (size_t i = 0; i < records->count; i++)
                event_count += !gal_event_is_internal(records->items[i].type);
        gal_buffer_clear(&engine->bodies[index]);
        gal_journal_encode(&engine->bodies[index], execution->program, records);
        if (engine->bodies[index].status != GAL_OK)
                gal_bug("encoding a chunk", engine->bodies[index].status);
        row = &engine->batch.chunks[index];
        row->execution_id = execution->execution_arn;
        row->first_event_id = execution->last_id + 1 - event_count;
        row->event_count = event_count;
        row->body = engine->bodies[index].data;
        row->body_len = engine->bodies[index].len;
        engine->batch_runs[index] = run;
        engine->batch.chunk_count++;
        if (row->first_event_id != 1 && execution->status == GAL_EXECUTION_RUNNING)
                return;
        engine->batch.executions[engine->batch.execution_count++] =
                (struct gal_execution_row){ .execution_id = execution->execution_arn,
                                            .name = execution->execution_name,
                                            .machine_name = execution->machine_name,
                                            .status = gal_execution_status_name(execution->status),
                                            .started_ms = execution->started_ms,
                                            .stopped_ms = execution->stopped_ms };
}

static void offer_batch(struct gal_engine *engine)
{
        engine->in_flight = true;
        engine->retry_ms = 0;
        engine->callbacks.commit(engine->callbacks.user, &engine->batch);
}

void gal_engine_tick(struct gal_engine *engine, int64_t now_ms, const uint64_t random[4])
{
        struct gal_random stream;
        struct gal_run *run;

        memcpy(stream.state, random, sizeof(stream.state));
        engine->now_ms = now_ms;
        if (engine->in_flight)
                return;
        if (engine->retry_ms != 0) {
                if (now_ms >= engine->retry_ms)
                        offer_batch(engine);
                return;
        }
        wake_due(engine);
        while ((run = engine->dirty_first) != NULL) {
                engine->dirty_first = run->next_dirty;
                if (engine->dirty_first == NULL)
                        engine->dirty_last = &engine->dirty_first;
                run->is_dirty = false;
                step_run(engine, run, &stream);
                set_wake(run);
                if (run->step.records.count > 0) {
                        run->in_flight = true;
                        add_chunk(engine, run);
                }
        }
        if (engine->batch.chunk_count > 0)
                offer_batch(engine);
}

static void publish(struct gal_engine *engine, struct gal_run *run)
{
        struct gal_step *step = &run->step;

        for (size_t i = 0; engine->callbacks.record != NULL && i < step->records.count; i++)
                engine->callbacks.record(engine->callbacks.user, run, &step->records.items[i]);
        for (size_t i = 0; i < step->effect_count; i++) {
                switch (step->effects[i].kind) {
                case GAL_EFFECT_INVOKE:
                        dispatch(run, &step->effects[i]);
                        break;
                case GAL_EFFECT_CANCEL:
                        cancel(run, &step->effects[i]);
                        break;
                case GAL_EFFECT_FINISH:
                        break;
                }
        }
}

/* From here on the execution may take the next step; a closed one may be forgotten by the callback. */
static void release_run(struct gal_engine *engine, struct gal_run *run)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_CONTINUE };
        bool yielded = run->step.yielded;

        run->in_flight = false;
        gal_step_clear(&run->step);
        if (run->execution->status != GAL_EXECUTION_RUNNING) {
                clear_queue(run);
                if (engine->callbacks.closed != NULL)
                        engine->callbacks.closed(engine->callbacks.user, run);
                return;
        }
        if (yielded)
                queue_stimulus(run, &stimulus);
        else if (run->queue_count > 0)
                mark_dirty(run);
}

void gal_engine_committed(struct gal_engine *engine, enum gal_status status)
{
        size_t count = engine->batch.chunk_count;

        gal_assert(engine->in_flight);
        engine->in_flight = false;
        if (status != GAL_OK) {
                gal_log(engine->log, GAL_LOG_ERROR, "a commit failed (%s); trying again in %d ms",
                        gal_status_name(status), GAL_COMMIT_RETRY_MS);
                engine->retry_ms = engine->now_ms + GAL_COMMIT_RETRY_MS;
                return;
        }
        engine->batch.chunk_count = 0;
        engine->batch.execution_count = 0;
        for (size_t i = 0; i < count; i++)
                publish(engine, engine->batch_runs[i]);
        for (size_t i = 0; i < count; i++)
                release_run(engine, engine->batch_runs[i]);
}

bool gal_engine_has_work(const struct gal_engine *engine)
{
        return !engine->in_flight && engine->retry_ms == 0 && engine->dirty_first != NULL;
}

int64_t gal_engine_wake_ms(const struct gal_engine *engine)
{
        const struct gal_heap_node *first = gal_heap_first(&engine->wakes);

        if (engine->retry_ms != 0)
                return engine->retry_ms;
        return first == NULL ? 0 : gal_container_of(first, struct gal_run, wake)->wake_ms;
}

size_t gal_engine_tasks_out(const struct gal_engine *engine)
{
        return engine->tasks_out;
}

/* Histories, read back from the store. */

struct history {
        const struct gal_execution *execution;
        bool (*event)(void *user, const char *text, size_t len);
        void *user;
        enum gal_status status;
        struct gal_error *error;
};

static bool show_chunk(void *user, const struct gal_chunk_row *row)
{
        struct history *history = user;
        struct gal_records records = { NULL, 0, 0 };
        struct gal_buffer text = GAL_BUFFER_INIT;
        bool go_on = true;

        history->status =
                gal_journal_decode(row->body, row->body_len, history->execution->program, &records, history->error);
        for (size_t i = 0; history->status == GAL_OK && go_on && i < records.count; i++) {
                if (gal_event_is_internal(records.items[i].type))
                        continue;
                gal_buffer_clear(&text);
                gal_history_write(&text, history->execution, &records.items[i], NULL);
                go_on = history->event(history->user, text.data, text.len);
        }
        gal_buffer_finish(&text);
        gal_records_finish(&records);
        return go_on && history->status == GAL_OK;
}

enum gal_status gal_engine_history(struct gal_engine *engine, const struct gal_run *run,
                                   bool (*event)(void *user, const char *text, size_t len), void *user,
                                   struct gal_error *error)
{
        struct history history = {
                .execution = run->execution, .event = event, .user = user, .status = GAL_OK, .error = error
        };
        enum gal_status status =
                gal_store_load(engine->store, run->execution->execution_arn, show_chunk, &history, error);

        return status != GAL_OK ? status : history.status;
}
