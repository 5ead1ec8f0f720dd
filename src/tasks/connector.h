/*
 * connector.h: between the dispatcher (tasks.c) and the connectors: the inside of a call.
 */
#ifndef GAL_TASKS_CONNECTOR_H
#define GAL_TASKS_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/random.h"
#include "tasks/call.h"

struct gal_http;
struct gal_lambda;

/*
 * `begin` is called from the loop, once, and ends the call with gal_call_succeed() or gal_call_fail(), at once or
 * later. `cancel` drops everything about a call that was begun and has not ended, at once.
 */
struct gal_connector {
        const char *service;
        void (*begin)(struct gal_call_handle *handle);
        void (*cancel)(struct gal_call_handle *handle);
};

struct gal_call_handle {
        struct gal_tasks *tasks;
        TAILQ_ENTRY(gal_call_handle) in_calls;
        TAILQ_ENTRY(gal_call_handle) in_fresh;
        const struct gal_connector *connector;
        struct gal_call call; /* all texts are ours */
        struct gal_call_callbacks callbacks;
        bool fresh; /* not begun */
        bool started;
        void *state; /* the connector's */
};

TAILQ_HEAD(gal_call_list, gal_call_handle);

struct gal_tasks {
        struct gal_loop *loop;
        const struct gal_functions *functions; /* NULL: none */
        struct gal_functions *own_functions;   /* the same, when they are ours */
        const struct gal_log *log;             /* NULL: none */
        struct gal_random random;              /* request ids */
        struct gal_call_list calls;
        struct gal_call_list fresh;
        size_t call_count;
        size_t fresh_count;
        bool begin_due;
        size_t background; /* calls that answered and go on (lambda's InvocationType Event) */
        struct gal_http *http;
        struct gal_lambda *lambda;  /* the lambda connector's; NULL until its first call */
        struct gal_lambda *retired; /* with functions of before, while calls of them run */
};

/* The HTTP client, made on first use. */
GAL_MUST_USE enum gal_status gal_tasks_http(struct gal_tasks *tasks, struct gal_http **ret_http,
                                            struct gal_error *error);

/* Each may call back, so the handle (and for the latter two: everything of the call) is not to be touched after it.
 */
void gal_call_started(struct gal_call_handle *handle);
/* A result over the payload quota fails with States.DataLimitExceeded instead. */
void gal_call_succeed(struct gal_call_handle *handle, const char *output, size_t output_len);
/* Says started first, if nobody has. What is longer than the API allows is cut. */
void gal_call_fail(struct gal_call_handle *handle, const char *error, const char *cause);
/* States.DataLimitExceeded with the service's words. */
void gal_call_fail_too_large(struct gal_call_handle *handle);

extern const struct gal_connector gal_lambda_connector;
/* The functions of `tasks` are about to change: calls that run keep theirs. */
void gal_lambda_retire(struct gal_tasks *tasks);
/* Ends what the connector has running in the background and frees its state. */
void gal_lambda_finish(struct gal_tasks *tasks);

#endif
