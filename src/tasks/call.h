/*
 * call.h: one call of a task into the outside world: what is asked, what came of it.
 *
 * Knows connectors (lambda today; http and aws have their place in the table of tasks.c), and nothing of states,
 * executions or the engine. A workflow's failure is data: every call ends with a result, never with a status.
 *
 *   dispatch -> started (once) -> done (once)             the ordinary way; `done` follows `started` always
 *   dispatch -> [started ->] cancel                       nothing more is called, the handle is gone
 *
 * `started` comes when the process runs or the request is handed to its connection; a call that waits for a slot of
 * its function (maxConcurrency) has not started, and its time does not run yet. A call that cannot be begun (no
 * such function, no such program, bad parameters) says started and done at once, as the service writes TaskStarted
 * before such a TaskFailed. Callbacks come from the loop, never from within gal_tasks_dispatch(); both may dispatch
 * and cancel other calls.
 */
#ifndef GAL_TASKS_CALL_H
#define GAL_TASKS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_functions;
struct gal_log;
struct gal_loop;

enum gal_call_kind {
        GAL_CALL_FUNCTION, /* Resource is a function's ARN: the input is the event, the returned JSON the output */
        GAL_CALL_SERVICE   /* service and action: the input is the evaluated Parameters or Arguments, an object */
};

/* Borrowed for gal_tasks_dispatch(), which copies what it needs. Texts that do not apply are NULL. */
struct gal_call {
        enum gal_call_kind kind;
        const char *resource; /* as the definition has it: "arn:aws:lambda:...", "arn:aws:states:::lambda:invoke" */
        const char *service;  /* GAL_CALL_SERVICE: "lambda", "sqs", "aws-sdk:dynamodb" */
        const char *action; /* GAL_CALL_SERVICE: "invoke", "sendMessage"; without ".sync" or ".waitForTaskToken" */
        const char *input;  /* JSON text */
        size_t input_len;
        /*
         * Identifies the task attempt (execution, scheduled event, attempt) and stays the same when it is
         * dispatched again after a crash. Goes out as the header Idempotency-Key (and in X-Amz-Client-Context, as
         * {"custom":{"galliard_task_id":...}}, unless the Parameters have a ClientContext), to a local function as
         * the environment variable GALLIARD_TASK_ID. Printable ASCII; nullable.
         */
        const char *identity;
        const char *region;  /* nullable: us-east-1 */
        const char *account; /* nullable: 123456789012 */
        int64_t timeout_ms;  /* 0: none. A bound for the connection; the engine ends a task's own time by cancelling
                              */
};

/* Borrowed: lives for the callback. */
struct gal_call_result {
        bool succeeded;
        const char *output; /* JSON text, NUL-terminated: of a function as it came, of a service as the service puts
                               it */
        size_t output_len;
        const char
                *error; /* when not succeeded; either may be NULL; no longer than the API allows (base/limits.h) */
        const char *cause;
};

struct gal_call_callbacks {
        void (*started)(void *user); /* nullable */
        void (*done)(void *user, const struct gal_call_result *result);
        void *user;
};

struct gal_tasks;
struct gal_call_handle;

/* `functions` (nullable: none configured) and `log` (nullable) are borrowed and must live as long. */
GAL_MUST_USE enum gal_status gal_tasks_create(struct gal_loop *loop, const struct gal_functions *functions,
                                              const struct gal_log *log, struct gal_tasks **ret_tasks,
                                              struct gal_error *error);
/*
 * Takes functions to be used from the next call on (NULL: none); calls that run or wait for a slot go on with what
 * they began with, so a function's maxConcurrency counts for the old and the new ones each. Not from within a
 * callback.
 */
void gal_tasks_set_functions(struct gal_tasks *tasks, struct gal_functions *functions);
/* Kills every child and closes every connection, without callbacks. Not from within a callback. Accepts NULL. */
void gal_tasks_destroy(struct gal_tasks *tasks);

/* (transfer none) The handle is valid until `done` has been called or the call is cancelled. */
struct gal_call_handle *gal_tasks_dispatch(struct gal_tasks *tasks, const struct gal_call *call,
                                           const struct gal_call_callbacks *callbacks);
/* Kills the process or aborts the request now; no callback follows. Not of a call from within its own `done`. */
void gal_tasks_cancel(struct gal_call_handle *handle);

/*
 * Calls that are dispatched and not done, those that wait for a slot included, and functions that were invoked with
 * InvocationType Event and still run: virtual time must not jump while this is above zero, and a driver that
 * ends earlier kills them.
 */
size_t gal_tasks_in_flight(const struct gal_tasks *tasks);

#endif
