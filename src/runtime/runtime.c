/*
 * runtime.c: the driver. Ticks come from one place, schedule_tick(), however many reasons there are in a turn.
 */
#include "runtime/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "runtime/lease.h"
#include "runtime/poisoned.h"
#include "runtime/retention.h"
#include "runtime/settings.h"
#include "runtime/writer.h"
#include "tasks/call.h"

/* Between attempts to get the store (back): doubled up to the bound. */
#define RETRY_MS_MIN 200
#define RETRY_MS_MAX 5000
/* How often a process that stands by looks. */
#define STAND_BY_MS 500

/* One call that is out: between the engine's handle and the connector's. */
struct call {
        struct gal_runtime *runtime;
        struct gal_task_handle *task; /* NULL: it runs on for nobody */
        struct gal_call_handle *handle;
        enum gal_service_pattern pattern;
        size_t index; /* in gal_runtime.calls */
};

enum ownership {
        NOT_OWNER, /* `retry_timer` says when the store is asked for again */
        ASKING,    /* the lease's thread is at it */
        OWNER,
        LOSING, /* commits that are under way have to be answered before memory is dropped */
};

struct gal_runtime {
        struct gal_loop *loop;
        struct gal_alarm *alarm; /* for the engine's next timer */
        struct gal_tasks *tasks;
        struct gal_store *store;
        struct gal_writer *writer;       /* NULL: the store is in memory and answers at once */
        struct gal_retention *retention; /* as the writer */
        struct gal_lease *lease;         /* NULL: nobody else can have it */
        struct gal_engine *engine;
        const struct gal_log *log;
        char *address;
        char *poisoned_path; /* NULL: nothing is remembered */
        enum ownership ownership;
        bool is_proven; /* a commit or an acquisition has just succeeded: what it lets out may leave */
        bool has_withheld;
        struct gal_timer *retry_timer;
        int64_t retry_ms; /* the next pause between attempts */
        bool said_stand_by;
        struct gal_settings settings;
        bool no_calls;
        bool virtual_time;
        int64_t offset_ms; /* how far virtual time is ahead of the clock */
        bool tick_scheduled;
        void (*on_record)(void *user, const struct gal_run *run, const struct gal_record *record);
        void (*on_closed)(void *user, const struct gal_run *run);
        void *user;
        struct call **calls; /* in no order; for the ones that are left at the end */
        size_t call_count;
        size_t call_size;
};

static int64_t now_ms(const struct gal_runtime *runtime)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + (runtime == NULL ? 0 : runtime->offset_ms);
}

int64_t gal_runtime_now_ms(const struct gal_runtime *runtime)
{
        return now_ms(runtime);
}

/* 256 bits; the kernel does not fail here once it has started, but a sandbox may forbid it. */
static bool draw_random(uint64_t random[4])
{
        return getrandom(random, 4 * sizeof(random[0]), 0) == (ssize_t)(4 * sizeof(random[0]));
}

/* Ticking. */

static void tick(void *user);

static void schedule_tick(struct gal_runtime *runtime)
{
        if (runtime->tick_scheduled)
                return;
        runtime->tick_scheduled = true;
        gal_loop_defer(runtime->loop, tick, runtime);
}

static void arm_alarm(struct gal_runtime *runtime)
{
        int64_t wake_ms = gal_engine_wake_ms(runtime->engine);
        int64_t now = now_ms(runtime);

        if (wake_ms == 0 || runtime->no_calls) {
                gal_alarm_set(runtime->alarm, 0);
                return;
        }
        /* A commit that is under way may send a call. */
        if (wake_ms > now && runtime->virtual_time && gal_tasks_in_flight(runtime->tasks) == 0 &&
            gal_engine_commits_in_flight(runtime->engine) == 0) {
                runtime->offset_ms += wake_ms - now;
                gal_alarm_set(runtime->alarm, 0);
                schedule_tick(runtime);
                return;
        }
        gal_alarm_set(runtime->alarm, (wake_ms > now ? wake_ms : now) - runtime->offset_ms);
}

static void lose_ownership(struct gal_runtime *runtime);

static void tick(void *user)
{
        struct gal_runtime *runtime = user;
        uint64_t random[4];

        runtime->tick_scheduled = false;
        if (runtime->ownership != OWNER)
                return;
        if (!draw_random(random))
                gal_bug("getrandom", errno);
        gal_engine_tick(runtime->engine, now_ms(runtime), random);
        if (gal_engine_is_lost(runtime->engine) || runtime->has_withheld)
                lose_ownership(runtime);
        else if (gal_engine_has_work(runtime->engine))
                schedule_tick(runtime);
        else
                arm_alarm(runtime);
}

static void alarm_went_off(void *user)
{
        schedule_tick(user);
}

void gal_runtime_poke(struct gal_runtime *runtime)
{
        schedule_tick(runtime);
}

/* The store in memory answers at once. */
static void commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        struct gal_runtime *runtime = user;

        if (runtime->writer != NULL)
                gal_writer_commit(runtime->writer, commit, batch);
        else
                gal_engine_committed(runtime->engine, commit,
                                     runtime->store->ops->commit(runtime->store, batch, NULL));
}

static void finish_losing(struct gal_runtime *runtime);

/* One that succeeds after another one has failed is dropped like it: it is loaded again. */
static void committed(void *user, struct gal_commit *commit, enum gal_status status, const char *message)
{
        struct gal_runtime *runtime = user;

        if (status != GAL_OK)
                gal_log(runtime->log, GAL_LOG_ERROR, "a commit failed: %s: %s", gal_status_name(status), message);
        runtime->is_proven = true;
        gal_engine_committed(runtime->engine, commit, status);
        runtime->is_proven = false;
        if (runtime->ownership == LOSING)
                finish_losing(runtime);
        else
                schedule_tick(runtime);
}

/* Owning the store. */

static void try_again(struct gal_runtime *runtime, enum gal_status status, const char *message)
{
        runtime->ownership = NOT_OWNER;
        if (status == GAL_EBUSY) {
                if (!runtime->said_stand_by)
                        gal_log(runtime->log, GAL_LOG_INFO, "standing by: %s", message);
                runtime->said_stand_by = true;
                runtime->retry_ms = RETRY_MS_MIN;
                gal_timer_start(runtime->retry_timer, STAND_BY_MS);
                return;
        }
        runtime->said_stand_by = false;
        gal_log(runtime->log, GAL_LOG_ERROR, "the store cannot be used: %s; trying again in %lld ms", message,
                (long long)runtime->retry_ms);
        gal_timer_start(runtime->retry_timer, runtime->retry_ms);
        runtime->retry_ms = runtime->retry_ms * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : runtime->retry_ms * 2;
}

/* The lease is ours; the engine is empty before. What was lost meanwhile is noticed by the tick. */
static enum gal_status load(struct gal_runtime *runtime, struct gal_error *error)
{
        enum gal_status status;

        runtime->has_withheld = false;
        status = gal_engine_load(runtime->engine, now_ms(runtime), error);
        if (status == GAL_OK && runtime->lease != NULL) { /* still ours? what was read would be another owner's */
                status = runtime->store->ops->renew(runtime->store, error);
                if (status != GAL_OK)
                        gal_engine_drop(runtime->engine);
        }
        if (status != GAL_OK) {
                if (runtime->lease != NULL)
                        gal_lease_let_go(runtime->lease);
                return status;
        }
        runtime->is_proven = true; /* the calls of what was loaded leave */
        gal_engine_resume(runtime->engine);
        runtime->is_proven = false;
        runtime->ownership = OWNER;
        if (runtime->retention != NULL)
                gal_retention_start(runtime->retention);
        runtime->retry_ms = RETRY_MS_MIN;
        runtime->said_stand_by = false;
        schedule_tick(runtime);
        return GAL_OK;
}

static void acquired(void *user, enum gal_status status, const char *message)
{
        struct gal_runtime *runtime = user;
        struct gal_error error = { .code = GAL_OK };

        if (status == GAL_OK) {
                status = load(runtime, &error);
                message = error.message;
        }
        if (status == GAL_OK)
                gal_log(runtime->log, GAL_LOG_INFO, "this process owns the store now; %zu executions are open",
                        gal_engine_open_count(runtime->engine));
        else
                try_again(runtime, status, message);
}

static enum gal_status acquire_in_memory(struct gal_runtime *runtime, struct gal_error *error)
{
        struct gal_lease_request request = { .address = "",
                                             .incarnation = "00000000000000000000000000000001",
                                             .duration_ms = INT64_MAX };

        return runtime->store->ops->acquire(runtime->store, &request, error);
}

static void ask(void *user)
{
        struct gal_runtime *runtime = user;
        struct gal_error error = { .code = GAL_OK };

        runtime->ownership = ASKING;
        if (runtime->lease != NULL)
                gal_lease_acquire(runtime->lease);
        else
                acquired(runtime, acquire_in_memory(runtime, &error), error.message);
}

/* Memory may be ahead of the store, or behind it: nothing of it is kept. */
static void finish_losing(struct gal_runtime *runtime)
{
        if (gal_engine_commits_in_flight(runtime->engine) > 0)
                return;
        gal_engine_drop(runtime->engine);
        ask(runtime);
}

static void lose_ownership(struct gal_runtime *runtime)
{
        if (runtime->ownership != OWNER)
                return;
        runtime->ownership = LOSING;
        if (runtime->retention != NULL)
                gal_retention_stop(runtime->retention);
        gal_alarm_set(runtime->alarm, 0);
        if (runtime->lease != NULL)
                gal_lease_let_go(runtime->lease);
        finish_losing(runtime);
}

/* Also when the answer to the question for the lease was overtaken by this. */
static void lost(void *user, const char *message)
{
        struct gal_runtime *runtime = user;

        if (runtime->ownership == ASKING) {
                try_again(runtime, GAL_EIO, message);
        } else if (runtime->ownership == OWNER) {
                gal_log(runtime->log, GAL_LOG_ERROR, "the lease was not renewed: %s", message);
                lose_ownership(runtime);
        }
}

void gal_runtime_purge(struct gal_runtime *runtime, int64_t closed_before_ms, gal_purge_done done, void *user)
{
        if (runtime->ownership == OWNER && runtime->retention != NULL)
                gal_retention_purge(runtime->retention, closed_before_ms, done, user);
        else
                done(user, GAL_EBUSY, 0, /* is_complete= */ false, "this process does not own the store");
}

/*
 * A call leaves only with a commit, or an acquisition, that has just succeeded, and while the lease lasts: else
 * somebody else may own the store and have sent the same call. Nobody else has a store in memory.
 */
static bool may_send(struct gal_runtime *runtime)
{
        return runtime->lease == NULL || (runtime->is_proven && gal_lease_is_valid(runtime->lease));
}

/* The attempt is open and must not hang: whoever owns the store next (it may be us) sends its call. */
static void withhold(struct gal_runtime *runtime)
{
        if (!runtime->has_withheld)
                gal_log(runtime->log, GAL_LOG_ERROR, "the lease may be over: calls are held back until it is sure");
        runtime->has_withheld = true;
        schedule_tick(runtime);
}

/* Calls. */

static void add_call(struct gal_runtime *runtime, struct call *call)
{
        if (runtime->call_count == runtime->call_size) {
                runtime->call_size = runtime->call_size == 0 ? 16 : runtime->call_size * 2;
                runtime->calls = gal_realloc(runtime->calls, runtime->call_size, sizeof(struct call *));
        }
        call->index = runtime->call_count;
        runtime->calls[runtime->call_count++] = call;
}

static void end_call(struct call *call)
{
        struct gal_runtime *runtime = call->runtime;

        gal_assert(runtime->calls[call->index] == call);
        runtime->calls[call->index] = runtime->calls[--runtime->call_count];
        runtime->calls[call->index]->index = call->index;
        free(call);
}

static void call_started(void *user)
{
        struct call *call = user;

        if (call->task == NULL)
                return;
        gal_task_started(call->task);
        schedule_tick(call->runtime);
}

static void call_succeeded(struct call *call, const struct gal_call_result *result)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *output;

        if (gal_payload_parse(result->output, result->output_len, &output, &error) != GAL_OK) {
                gal_auto_free char *cause = gal_format("The result is not JSON: %s", error.message);

                gal_task_failed(call->task, "States.TaskFailed", cause);
                return;
        }
        if (call->pattern == GAL_PATTERN_WAIT_FOR_TASK_TOKEN) {
                gal_task_submitted(call->task, output);
        } else {
                gal_task_succeeded(call->task, output);
        }
        gal_payload_unref(output);
}

static void call_done(void *user, const struct gal_call_result *result)
{
        struct call *call = user;

        schedule_tick(call->runtime);
        if (call->task != NULL && result->succeeded)
                call_succeeded(call, result);
        else if (call->task != NULL) /* else its attempt was ended by its token */
                gal_task_failed(call->task, result->error, result->cause);
        end_call(call);
}

/* The action without its pattern: "invoke" of "invoke.waitForTaskToken". */
static char *bare_action(const struct gal_task *task)
{
        return task->action == NULL ? NULL : gal_strndup(task->action, strcspn(task->action, "."));
}

static void dispatch(void *user, const struct gal_dispatch *dispatch)
{
        struct gal_runtime *runtime = user;
        struct call *call = gal_new(struct call);
        struct gal_call_callbacks callbacks = { .started = call_started, .done = call_done, .user = call };
        gal_auto_free char *action = bare_action(dispatch->task);
        struct gal_call request = { .kind = dispatch->task->resource_kind == GAL_RESOURCE_FUNCTION
                                                    ? GAL_CALL_FUNCTION
                                                    : GAL_CALL_SERVICE,
                                    .resource = dispatch->task->resource,
                                    .service = dispatch->task->service,
                                    .action = action,
                                    .identity = dispatch->identity,
                                    .region = runtime->settings.region,
                                    .account = runtime->settings.account };

        if (runtime->no_calls || !may_send(runtime)) {
                if (!runtime->no_calls)
                        withhold(runtime);
                free(call);
                return;
        }
        request.input = gal_payload_text(dispatch->input, &request.input_len);
        call->runtime = runtime;
        call->task = dispatch->handle;
        call->pattern = dispatch->task->pattern;
        gal_task_set_data(dispatch->handle, call);
        add_call(runtime, call);
        call->handle = gal_tasks_dispatch(runtime->tasks, &request, &callbacks);
}

static void cancel(void *user, struct gal_task_handle *task, void *data)
{
        struct call *call = data;

        (void)user;
        (void)task;
        if (call == NULL)
                return;
        gal_tasks_cancel(call->handle);
        end_call(call);
}

/* A function that has sent its token has more to do, perhaps: it is not for us to end it. */
static void release(void *user, struct gal_task_handle *task, void *data)
{
        struct call *call = data;

        (void)user;
        (void)task;
        if (call != NULL)
                call->task = NULL;
}

static void show_record(void *user, const struct gal_run *run, const struct gal_record *record)
{
        const struct gal_runtime *runtime = user;

        if (runtime->on_record != NULL)
                runtime->on_record(runtime->user, run, record);
}

static void show_closed(void *user, const struct gal_run *run)
{
        const struct gal_runtime *runtime = user;

        if (runtime->on_closed != NULL)
                runtime->on_closed(runtime->user, run);
}

/* Executions that end the process (runtime/poisoned.h). */

static void note_bug(void *user, const char *execution_id, const char *execution_arn, const char *what)
{
        const struct gal_runtime *runtime = user;

        if (runtime->poisoned_path != NULL)
                gal_poisoned_note(runtime->poisoned_path, execution_id, execution_arn, what);
}

static void leave_out(void *user, const struct gal_poisoned *poisoned)
{
        const char *name = poisoned->arn != NULL ? poisoned->arn : poisoned->id;
        struct gal_runtime *runtime = user;
        gal_auto_free char *reason = NULL;

        if (poisoned->count < GAL_POISONED_MAX)
                return;
        reason = gal_format("execution %s stands still: it has ended this process %u times (%s); the others go on. "
                            "When that is mended: galliard store release %s, and start again",
                            name, poisoned->count, poisoned->what, name);
        gal_engine_quarantine(runtime->engine, poisoned->id, reason);
}

/* A file that cannot be read must not keep the executions from running. */
static void leave_out_poisoned(struct gal_runtime *runtime)
{
        struct gal_error error = { .code = GAL_OK };

        if (runtime->poisoned_path != NULL &&
            gal_poisoned_read(runtime->poisoned_path, leave_out, runtime, &error) != GAL_OK)
                gal_log(runtime->log, GAL_LOG_ERROR, "no execution is left out for what it did before: %s",
                        error.message);
}

/* Making and ending. */

static enum gal_status create_engine(struct gal_runtime *runtime, const struct gal_runtime_options *options,
                                     struct gal_error *error)
{
        struct gal_engine_callbacks callbacks = { .commit = commit,
                                                  .dispatch = dispatch,
                                                  .cancel = cancel,
                                                  .release = release,
                                                  .record = show_record,
                                                  .closed = show_closed,
                                                  .bug = note_bug,
                                                  .user = runtime };
        struct gal_engine_options engine_options = { .account = runtime->settings.account,
                                                     .region = runtime->settings.region,
                                                     .commits_max = runtime->store->ops->commits_max,
                                                     .token_key = runtime->settings.token_key,
                                                     .log = options->log };

        if (!draw_random(engine_options.random))
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "no randomness: getrandom: %s", strerror(errno));
        runtime->engine = gal_engine_create(runtime->store, &engine_options, &callbacks);
        leave_out_poisoned(runtime);
        return GAL_OK;
}

static enum gal_status create_threads(struct gal_runtime *runtime, struct gal_error *error)
{
        struct gal_writer_callbacks writer_callbacks = { .committed = committed, .user = runtime };
        struct gal_lease_callbacks lease_callbacks = { .acquired = acquired, .lost = lost, .user = runtime };
        enum gal_status status =
                gal_writer_create(runtime->loop, runtime->store, &writer_callbacks, &runtime->writer, error);

        if (status == GAL_OK)
                status = gal_lease_create(runtime->loop, runtime->store, runtime->address, &lease_callbacks,
                                          &runtime->lease, error);
        return status;
}

/* In memory nothing blocks and nobody else writes: no thread. */
static enum gal_status open_store(struct gal_runtime *runtime, const struct gal_runtime_options *options,
                                  struct gal_error *error)
{
        enum gal_status status;

        if (options->store_url == NULL) {
                runtime->store = gal_store_memory_create();
                return gal_settings_open(runtime->store, &options->wish, &runtime->settings, error);
        }
        status = gal_store_open(options->store_url, &runtime->store, error);
        if (status != GAL_OK)
                return status;
        runtime->store->log = options->log;
        status = runtime->store->ops->prepare(runtime->store, /* migrate= */ false, error);
        if (status == GAL_OK)
                status = gal_settings_open(runtime->store, &options->wish, &runtime->settings, error);
        if (status == GAL_OK)
                status = create_threads(runtime, error);
        return status;
}

static int64_t retention_now_ms(const void *user)
{
        return now_ms(user);
}

static void create_retention(struct gal_runtime *runtime, const struct gal_runtime_options *options)
{
        struct gal_retention_options retention = { .loop = runtime->loop,
                                                   .writer = runtime->writer,
                                                   .keep_ms = options->retention_ms,
                                                   .now_ms = retention_now_ms,
                                                   .user = runtime,
                                                   .log = options->log };

        if (runtime->writer != NULL)
                runtime->retention = gal_retention_create(&retention);
}

static enum gal_status create_parts(struct gal_runtime *runtime, const struct gal_runtime_options *options,
                                    struct gal_error *error)
{
        enum gal_status status = gal_loop_create(&runtime->loop, error);

        if (status != GAL_OK)
                return status;
        runtime->retry_timer = gal_timer_create(runtime->loop, ask, runtime);
        status = gal_alarm_create(runtime->loop, alarm_went_off, runtime, &runtime->alarm, error);
        if (status == GAL_OK)
                status = gal_tasks_create(runtime->loop, options->functions, options->log, &runtime->tasks, error);
        if (status == GAL_OK)
                status = open_store(runtime, options, error);
        if (status == GAL_OK)
                create_retention(runtime, options);
        if (status == GAL_OK)
                status = create_engine(runtime, options, error);
        return status;
}

static enum gal_status become_first_owner(struct gal_runtime *runtime, bool may_wait, struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        enum gal_status status = runtime->lease == NULL ? acquire_in_memory(runtime, &own)
                                                        : gal_lease_acquire_now(runtime->lease, &own);

        if (status == GAL_OK)
                status = load(runtime, &own);
        if (may_wait && (status == GAL_EBUSY || status == GAL_EIO)) {
                try_again(runtime, status, own.message);
                return GAL_OK;
        }
        return status == GAL_OK ? GAL_OK : gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
}

enum gal_status gal_runtime_create(const struct gal_runtime_options *options, struct gal_runtime **ret_runtime,
                                   struct gal_error *error)
{
        struct gal_runtime *runtime = gal_new(struct gal_runtime);
        enum gal_status status;

        runtime->no_calls = options->no_calls;
        runtime->virtual_time = options->virtual_time;
        runtime->on_record = options->record;
        runtime->on_closed = options->closed;
        runtime->user = options->user;
        runtime->log = options->log;
        runtime->retry_ms = RETRY_MS_MIN;
        runtime->address = gal_strdup(options->address);
        runtime->poisoned_path = gal_strdup(options->poisoned_path);
        status = create_parts(runtime, options, error);
        if (status == GAL_OK)
                status = become_first_owner(runtime, options->stand_by, error);
        if (status == GAL_OK)
                *ret_runtime = runtime;
        else
                gal_runtime_destroy(runtime);
        return status;
}

/* Commits come home before the engine goes; what they publish may dispatch, so calls end after them. */
void gal_runtime_destroy(struct gal_runtime *runtime)
{
        if (runtime == NULL)
                return;
        runtime->ownership = NOT_OWNER;
        if (runtime->retention != NULL)
                gal_retention_stop(runtime->retention);
        gal_writer_destroy(runtime->writer);
        gal_retention_destroy(runtime->retention);
        gal_lease_destroy(runtime->lease);
        gal_tasks_destroy(runtime->tasks);
        while (runtime->call_count > 0)
                end_call(runtime->calls[0]);
        free(runtime->calls);
        gal_engine_destroy(runtime->engine);
        gal_store_destroy(runtime->store);
        if (runtime->loop != NULL)
                gal_loop_undefer(runtime->loop, tick, runtime);
        gal_alarm_destroy(runtime->alarm);
        gal_timer_destroy(runtime->retry_timer);
        gal_loop_destroy(runtime->loop);
        gal_settings_finish(&runtime->settings);
        free(runtime->address);
        free(runtime->poisoned_path);
        free(runtime);
}

bool gal_runtime_is_owner(const struct gal_runtime *runtime)
{
        return runtime->ownership == OWNER;
}

const char *gal_runtime_account(const struct gal_runtime *runtime)
{
        return runtime->settings.account;
}

const char *gal_runtime_region(const struct gal_runtime *runtime)
{
        return runtime->settings.region;
}

void gal_runtime_forwarding_secret(const struct gal_runtime *runtime, char ret_secret[2 * GAL_KEY_SIZE + 1])
{
        gal_settings_secret(&runtime->settings, ret_secret);
}

struct gal_store *gal_runtime_store(struct gal_runtime *runtime)
{
        return runtime->store;
}

struct gal_engine *gal_runtime_engine(struct gal_runtime *runtime)
{
        return runtime->engine;
}

struct gal_loop *gal_runtime_loop(struct gal_runtime *runtime)
{
        return runtime->loop;
}

void gal_runtime_set_functions(struct gal_runtime *runtime, struct gal_functions *functions)
{
        gal_tasks_set_functions(runtime->tasks, functions);
}

const struct gal_histogram *gal_runtime_commit_seconds(const struct gal_runtime *runtime)
{
        return runtime->writer == NULL ? NULL : gal_writer_commit_seconds(runtime->writer);
}

size_t gal_runtime_calls_out(const struct gal_runtime *runtime)
{
        return gal_tasks_in_flight(runtime->tasks);
}

void gal_runtime_run(struct gal_runtime *runtime)
{
        gal_loop_run(runtime->loop);
}

void gal_runtime_stop(struct gal_runtime *runtime)
{
        gal_loop_stop(runtime->loop);
}
