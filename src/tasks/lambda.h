/*
 * lambda.h: the parts of the lambda connector among themselves.
 *
 *   lambda.c          what is asked: Resource and Parameters -> an invocation
 *   pool.c            how many of a configured function run at once
 *   stdio.c           one that is a command: a child process
 *   endpoint.c        one with an url, and what the Lambda endpoint has: HTTP
 *   lambda_answer.c   what came of it -> the task's output, error and cause
 */
#ifndef GAL_TASKS_LAMBDA_H
#define GAL_TASKS_LAMBDA_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/id.h"
#include "base/json.h"
#include "tasks/connector.h"
#include "tasks/functions.h"

struct gal_http_call;
struct gal_http_header;
struct gal_process;
struct gal_pool;

enum gal_invocation_type {
        GAL_INVOCATION_REQUEST_RESPONSE,
        GAL_INVOCATION_EVENT, /* answered at once; what the function makes of it is only logged */
        GAL_INVOCATION_DRY_RUN
};

enum gal_pool_place { GAL_POOL_NONE, GAL_POOL_QUEUED, GAL_POOL_RUNNING };

struct gal_invocation {
        struct gal_lambda *lambda;
        TAILQ_ENTRY(gal_invocation) in_lambda;
        struct gal_call_handle *handle; /* NULL: answered already, the function runs on in the background */
        bool direct;                    /* the Resource is the function: event in, result out, no envelope */
        enum gal_invocation_type type;
        bool log_tail; /* LogType Tail */
        char *full_name;
        struct gal_function_name name; /* into full_name */
        char *qualifier;               /* NULL: none */
        char *client_context;          /* NULL: none */
        char *identity;                /* NULL: none */
        char *payload;
        size_t payload_len;
        char request_id[GAL_UUID_SIZE];
        const struct gal_function *function; /* NULL: not configured */
        enum gal_pool_place place;           /* in its pool */
        struct gal_pool *pool;
        TAILQ_ENTRY(gal_invocation) in_queue;
        struct gal_process *process;     /* stdio.c */
        struct gal_http_call *http_call; /* endpoint.c */
};

TAILQ_HEAD(gal_invocation_list, gal_invocation);

struct gal_pool {
        struct gal_lambda *lambda;
        const struct gal_function *function;
        struct gal_invocation_list queue;
        size_t queue_count;
        unsigned running;
        bool advance_due;
};

/* Of one configuration of functions. */
struct gal_lambda {
        struct gal_lambda *next; /* in gal_tasks.retired */
        struct gal_tasks *tasks;
        const struct gal_functions *functions;
        struct gal_functions *own_functions; /* to be freed with it; NULL: they are in use elsewhere */
        struct gal_invocation_list invocations;
        struct gal_pool *pools; /* by a function's index */
        size_t pool_count;
};

/* What a function answered, however it was reached: as the Lambda Invoke API says it. */
struct gal_lambda_answer {
        int status_code; /* 200, 202, 204 */
        bool failed;     /* X-Amz-Function-Error: the payload is an error */
        const char *payload;
        size_t payload_len;
        const struct gal_http_header *headers;
        size_t header_count;
        const char *log_result; /* base64, NULL: none */
};

/* Each ends the invocation: it is gone afterwards, and the call it was for has its result. */
void gal_invocation_answer(struct gal_invocation *invocation, const struct gal_lambda_answer *answer);
/* The service failed, not the function. */
void gal_invocation_fail(struct gal_invocation *invocation, const char *error, const char *cause);
/*
 * The same with the text of the AWS SDK: "MESSAGE (Service: AWSLambda; Status Code: 404; Error Code: CODE; Request
 * ID: ...". The error is "Lambda.CODE"; a code that is no exception of Lambda's own becomes
 * Lambda.AWSLambdaException.
 */
void gal_invocation_refuse(struct gal_invocation *invocation, int status_code, const char *code,
                           const char *request_id, const char *message);
/* An error payload of the runtime: {"errorType":...,"errorMessage":"RequestId: ... Error: MESSAGE"}. */
void gal_invocation_fail_runtime(struct gal_invocation *invocation, const char *type, const char *message);
void gal_invocation_fail_too_large(struct gal_invocation *invocation);
void gal_invocation_started(struct gal_invocation *invocation);
/* Answers the call now, with nothing for a payload; the invocation goes on in the background, without a handle. */
void gal_invocation_answer_early(struct gal_invocation *invocation, int status_code);

/* Leaves the pool, and frees it. Process and request must be gone. */
void gal_invocation_free(struct gal_invocation *invocation);

void gal_pool_init(struct gal_pool *pool, struct gal_lambda *lambda, const struct gal_function *function);
void gal_pool_finish(struct gal_pool *pool);
/* Runs the invocation when its turn has come, maybe at once. */
void gal_pool_enter(struct gal_invocation *invocation);
void gal_pool_leave(struct gal_invocation *invocation);

void gal_stdio_run(struct gal_invocation *invocation);
void gal_stdio_cancel(struct gal_invocation *invocation);

/* `url` is the function's own, or the Lambda endpoint's. */
void gal_endpoint_run(struct gal_invocation *invocation, const char *url);
void gal_endpoint_cancel(struct gal_invocation *invocation);

#endif
