/*
 * engine.h: the whole engine as a state machine that a driver ticks.
 *
 *   start, stop, task results  ->  queue  --tick-->  machine decides  ->  batch of rows  ->  the driver commits it
 *                                                                                              |
 *   dispatch, cancel, observe  <---------------------  gal_engine_committed()  <--------------+
 *
 * Nothing visible happens before the commit that records it: calls go out, callers and observers hear of it, only
 * from gal_engine_committed(). No loop, no clock, no socket, no thread: the driver brings time and randomness into
 * each tick, works the store, makes the calls. All functions belong to the thread that drives it.
 */
#ifndef GAL_ENGINE_ENGINE_H
#define GAL_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "base/payload.h"
#include "definition/program.h"
#include "machine/execution.h"
#include "machine/record.h"
#include "store/store.h"

struct gal_engine;

/* A running or closed execution as the engine knows it. Valid until gal_engine_forget(). */
struct gal_run;

/* A task attempt that is out. Valid from `dispatch` until its end is reported or it is cancelled. */
struct gal_task_handle;

/* What the driver needs to make a call. Borrowed for the callback. */
struct gal_dispatch {
        struct gal_task_handle *handle;
        const struct gal_task *task; /* resource, service, action, pattern */
        struct gal_payload *input;   /* the function's event, or the evaluated Parameters */
        const char *identity;        /* of the attempt; stays the same when it is dispatched again */
        const char *execution_arn;
};

/* What the driver does for the engine. All are called from gal_engine_tick() or gal_engine_committed(). */
struct gal_engine_callbacks {
        /* Commit the batch, then say gal_engine_committed(), now or later. The batch lives until then. */
        void (*commit)(void *user, const struct gal_batch *batch);
        /* Start a call; `data` given to gal_task_set_data() comes back to `cancel`. May not report from within. */
        void (*dispatch)(void *user, const struct gal_dispatch *dispatch);
        /* The attempt is over: end what runs for it and report nothing any more. The handle is gone afterwards. */
        void (*cancel)(void *user, struct gal_task_handle *handle, void *data);
        /* (nullable) A committed record of an execution, internal ones too; in order. */
        void (*record)(void *user, const struct gal_run *run, const struct gal_record *record);
        /* (nullable) The execution is closed and that is committed. */
        void (*closed)(void *user, const struct gal_run *run);
        void *user;
};

struct gal_engine_options {
        const char *account;       /* NULL: 123456789012 */
        const char *region;        /* NULL: us-east-1 */
        const char *role_arn;      /* NULL: a fixed one of the account */
        uint64_t events_max;       /* 0: the service's 25,000; UINT64_MAX: no limit */
        uint64_t random[4];        /* fresh randomness, for names that are made before the first tick */
        const struct gal_log *log; /* nullable; borrowed */
};

/* `store` is borrowed and only read here (histories); what is written goes through `commit`. */
struct gal_engine *gal_engine_create(struct gal_store *store, const struct gal_engine_options *options,
                                     const struct gal_engine_callbacks *callbacks);
/* Forgets everything in memory; open task attempts are not cancelled (the driver ends its calls). Accepts NULL. */
void gal_engine_destroy(struct gal_engine *engine);

struct gal_start_request {
        const char *machine_name;
        const char *execution_name; /* NULL: a new UUID */
        struct gal_program *program;
        struct gal_payload *input;
};

/*
 * Queues the start of an execution. `ret_run` (transfer none).
 * GAL_EINVALID: a name that is none. GAL_ELIMIT: the input is past the quota. GAL_ECONFLICT: the name is taken.
 */
GAL_MUST_USE enum gal_status gal_engine_start(struct gal_engine *engine, const struct gal_start_request *request,
                                              struct gal_run **ret_run, struct gal_error *error);
/* StopExecution; `stop_error` and `cause` nullable. Without effect on a closed execution. */
void gal_engine_stop(struct gal_engine *engine, struct gal_run *run, const char *stop_error, const char *cause);
/* Drops a closed execution from memory. */
void gal_engine_forget(struct gal_engine *engine, struct gal_run *run);

const struct gal_execution *gal_run_execution(const struct gal_run *run);

/*
 * Calls `event` for each event of the committed history in order, as JSON text of the API's shape, until it returns
 * false. Reads the store. The texts are borrowed for the callback.
 */
GAL_MUST_USE enum gal_status gal_engine_history(struct gal_engine *engine, const struct gal_run *run,
                                                bool (*event)(void *user, const char *text, size_t len), void *user,
                                                struct gal_error *error);

/* What became of a call. Texts and payloads are borrowed. After an end the handle is gone. */
void gal_task_set_data(struct gal_task_handle *handle, void *data);
void gal_task_started(struct gal_task_handle *handle);
void gal_task_submitted(struct gal_task_handle *handle, struct gal_payload *response);
void gal_task_succeeded(struct gal_task_handle *handle, struct gal_payload *result);
void gal_task_failed(struct gal_task_handle *handle, const char *error, const char *cause);

/*
 * Takes what came in and what is due, decides, and asks for a commit where there is something to write.
 * `random` are 256 bits of fresh randomness.
 */
void gal_engine_tick(struct gal_engine *engine, int64_t now_ms, const uint64_t random[4]);
/* The answer to `commit`. Anything but GAL_OK: see engine.c, failed commits. */
void gal_engine_committed(struct gal_engine *engine, enum gal_status status);

/* Whether a tick now would do something. */
bool gal_engine_has_work(const struct gal_engine *engine);
/* When the next thing is due, in ms; 0: nothing timed. */
int64_t gal_engine_wake_ms(const struct gal_engine *engine);
/* Task attempts that are with the driver. */
size_t gal_engine_tasks_out(const struct gal_engine *engine);

#endif
