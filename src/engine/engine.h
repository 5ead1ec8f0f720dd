/*
 * engine.h: the whole engine as a state machine that a driver ticks.
 *
 *   requests, task results  ->  queue  --tick-->  machine decides  ->  batch of rows  ->  the driver commits it
 *                                                                                              |
 *   answers, dispatch, cancel, observe  <-------------  gal_engine_committed()  <-------------+
 *
 * Nothing visible happens before the commit that records it: answers, calls and observers come only from
 * gal_engine_committed(). No loop, no clock, no socket, no thread: the driver brings time and randomness into each
 * tick, works the store, makes the calls. All functions belong to the thread that drives it.
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

/* An open execution in memory. Valid until `closed` has returned, or the engine drops its memory. */
struct gal_run;

/* A task attempt that is out. Valid from `dispatch` until its end is reported, it is cancelled, or memory is
 * dropped. */
struct gal_task_handle;

/* A batch on its way to the store. Valid until gal_engine_committed(). */
struct gal_commit;

/* What the driver needs to make a call. Borrowed for the callback. */
struct gal_dispatch {
        struct gal_task_handle *handle;
        const struct gal_task *task; /* resource, service, action, pattern */
        struct gal_payload *input;   /* the function's event, or the evaluated Parameters */
        const char *identity;        /* of the attempt; stays the same when it is dispatched again */
        const char *execution_arn;
};

/* What the driver does for the engine. All are called from the engine's own functions; none may call back into it
 * but for gal_engine_committed() from `commit`. */
struct gal_engine_callbacks {
        /* Commit the batch, then say gal_engine_committed(), now or later. */
        void (*commit)(void *user, struct gal_commit *commit, const struct gal_batch *batch);
        /* Start a call; `data` given to gal_task_set_data() comes back to `cancel`. */
        void (*dispatch)(void *user, const struct gal_dispatch *dispatch);
        /* The attempt is over: end what runs for it and report nothing any more. The handle is gone afterwards. */
        void (*cancel)(void *user, struct gal_task_handle *handle, void *data);
        /*
         * (nullable: as cancel) The attempt was ended by its token: what runs for it may come to its own end, and
         * is not to be reported. The handle is gone afterwards.
         */
        void (*release)(void *user, struct gal_task_handle *handle, void *data);
        /* (nullable) A committed record of an execution, internal ones too; in order. */
        void (*record)(void *user, const struct gal_run *run, const struct gal_record *record);
        /* (nullable) The execution is closed and that is committed. */
        void (*closed)(void *user, const struct gal_run *run);
        /*
         * (nullable) Our own code breaks a promise while it works on that execution (`what` says which), and the
         * process is about to end. Only what a signal handler may do. `execution_arn` is NULL when it is not known
         * yet.
         */
        void (*bug)(void *user, const char *execution_id, const char *execution_arn, const char *what);
        void *user;
};

struct gal_engine_options {
        const char *account;       /* NULL: 123456789012 */
        const char *region;        /* NULL: us-east-1 */
        const char *role_arn;      /* of machines that name none; NULL: a fixed one of the account */
        uint64_t events_max;       /* 0: the service's 25,000; UINT64_MAX: no limit */
        unsigned commits_max;      /* batches in flight at once; 0: 1 */
        uint64_t random[4];        /* fresh randomness, for ids that are made before the first tick */
        const uint8_t *token_key;  /* the store's, of GAL_TASK_TOKEN_KEY_SIZE bytes; NULL: zeroes */
        const struct gal_log *log; /* nullable; borrowed */
};

/* `store` is borrowed and only read here; what is written goes through `commit`. */
struct gal_engine *gal_engine_create(struct gal_store *store, const struct gal_engine_options *options,
                                     const struct gal_engine_callbacks *callbacks);
/* Forgets everything in memory; requests are not answered, attempts not cancelled (the driver ends its calls). */
void gal_engine_destroy(struct gal_engine *engine); /* accepts NULL */

/*
 * Leaves an execution out, for as long as this engine lives: what it does ends the process. Before it is loaded.
 * `reason` stands in the log when its turn to be loaded comes.
 */
void gal_engine_quarantine(struct gal_engine *engine, const char *execution_id, const char *reason);

/*
 * Loads what the store holds: machines, and every open execution, which go on where they were. To be called when
 * the driver has the lease, and again, after gal_engine_drop(), when it has taken a new one. Reads the store.
 */
GAL_MUST_USE enum gal_status gal_engine_load(struct gal_engine *engine, int64_t now_ms, struct gal_error *error);
/*
 * After the load and before the first tick: dispatches the open task attempts again, under the same identity. The
 * trap: the lease may have been lost between taking and reading, and what was read is then another owner's. So
 * renew it, successfully, between the load and this.
 */
void gal_engine_resume(struct gal_engine *engine);

/*
 * Forgets all executions after the lease or the connection was lost: memory may be ahead of the store, or behind
 * it. Calls that are out are cancelled, requests that wait are answered with GAL_EIO. Commits in flight must have
 * been answered before.
 */
void gal_engine_drop(struct gal_engine *engine);

/*
 * Requests. The answer comes when what it says is committed, or at once when it is a refusal that needs no commit;
 * always from gal_engine_tick() or later, never from within the request itself. `done` is nullable.
 */
struct gal_answer {
        enum gal_status status;
        const char *code;        /* the service's error name, "ExecutionAlreadyExists"; NULL when OK */
        const char *message;     /* NULL when OK */
        const char *resource;    /* of a refusal: what is missing, or has too much; NULL: not told */
        const char *reason;      /* likewise, of a ValidationException, in the words of the service's model */
        const char *arn;         /* of the machine, version, alias or execution; NULL: none */
        int64_t time_ms;         /* created, updated, started or stopped */
        const char *version_arn; /* that was published with it; NULL: none */
        const char *revision_id; /* of a machine that was updated; NULL: never */
        struct gal_run *run;     /* a start: the execution; NULL when it was closed already */
};
typedef void (*gal_engine_done)(void *user, const struct gal_answer *answer);

/* As JSON texts, which are compared as they are; NULL: the usual one. Nothing here acts on them. */
struct gal_configuration {
        const char *logging;
        const char *tracing;
        const char *encryption;
};

#define GAL_LOGGING_USUAL "{\"level\":\"OFF\",\"includeExecutionData\":false}"
#define GAL_TRACING_USUAL "{\"enabled\":false}"
#define GAL_ENCRYPTION_USUAL "{\"type\":\"AWS_OWNED_KEY\"}"

struct gal_tag {
        const char *key;
        const char *value;
};

struct gal_create_request {
        const char *name;
        const char *definition;
        size_t definition_len;
        const char *role_arn; /* NULL: the engine's */
        bool replace;         /* a machine of that name gets the definition as a new revision; else a conflict */
        struct gal_configuration configuration;
        bool publish; /* the first version, too */
        const char *version_description;
        const struct gal_tag *tags;
        size_t tag_count;
};

/* What is NULL stays as it was. */
struct gal_update_request {
        const char *machine; /* name */
        const char *definition;
        size_t definition_len;
        const char *role_arn;
        struct gal_configuration configuration;
        bool publish;
        const char *version_description;
};

struct gal_route {
        uint32_t version;
        uint32_t weight; /* in percent; of all routes together 100 */
};

#define GAL_ROUTES_MAX 2

struct gal_alias_request {
        const char *machine; /* name */
        const char *name;
        const char *description; /* NULL: none; in an update: as it was */
        struct gal_route routes[GAL_ROUTES_MAX];
        size_t route_count; /* 0, in an update: as they were */
};

struct gal_start_request {
        const char *machine; /* name, or ARN */
        uint32_t version;    /* under that one; 0: the latest revision */
        const char *alias;   /* under one of its versions, drawn by weight; NULL: none */
        const char *name;    /* NULL: a new UUID */
        struct gal_payload *input;
        const char *trace_header; /* nullable */
};

/* (transfer full) What is wrong with a definition, as InvalidDefinition words it; NULL: nothing. */
char *gal_definition_faults(const char *text, size_t len, bool express);

void gal_engine_create_machine(struct gal_engine *engine, const struct gal_create_request *request,
                               gal_engine_done done, void *user);
/* New executions run under it; those that are open go on under what they were started with. */
void gal_engine_update_machine(struct gal_engine *engine, const struct gal_update_request *request,
                               gal_engine_done done, void *user);
/* With its versions, aliases and tags. Deleting what is not there succeeds. */
void gal_engine_delete_machine(struct gal_engine *engine, const char *machine, gal_engine_done done, void *user);
/* `revision_id` (nullable): only if that is the current one. An unchanged revision keeps its version. */
void gal_engine_publish_version(struct gal_engine *engine, const char *machine, const char *revision_id,
                                const char *description, gal_engine_done done, void *user);
/* Refused while an alias leads to it. */
void gal_engine_delete_version(struct gal_engine *engine, const char *machine, uint32_t version,
                               gal_engine_done done, void *user);
void gal_engine_create_alias(struct gal_engine *engine, const struct gal_alias_request *request,
                             gal_engine_done done, void *user);
void gal_engine_update_alias(struct gal_engine *engine, const struct gal_alias_request *request,
                             gal_engine_done done, void *user);
void gal_engine_delete_alias(struct gal_engine *engine, const char *machine, const char *name, gal_engine_done done,
                             void *user);
/* `type`: "stateMachine" or "activity". */
void gal_engine_tag(struct gal_engine *engine, const char *type, const char *name, const struct gal_tag *tags,
                    size_t tag_count, gal_engine_done done, void *user);
/* Of the tags only the keys count. */
void gal_engine_untag(struct gal_engine *engine, const char *type, const char *name, const struct gal_tag *tags,
                      size_t tag_count, gal_engine_done done, void *user);
/*
 * Idempotent by name: while the execution of that name is open, a start with the same input answers with it, one
 * with another input is refused; closed ones are refused.
 */
void gal_engine_start(struct gal_engine *engine, const struct gal_start_request *request, gal_engine_done done,
                      void *user);
/* StopExecution; `stop_error` and `cause` nullable. */
void gal_engine_stop(struct gal_engine *engine, const char *execution_arn, const char *stop_error,
                     const char *cause, gal_engine_done done, void *user);

/* Activities. Idempotent by name; `encryption` (nullable) is the configuration, as JSON text that is compared. */
void gal_engine_create_activity(struct gal_engine *engine, const char *name, const char *encryption,
                                const struct gal_tag *tags, size_t tag_count, gal_engine_done done, void *user);
/* Its tasks go on waiting, for an activity that is made again under that name. */
void gal_engine_delete_activity(struct gal_engine *engine, const char *activity_arn, gal_engine_done done,
                                void *user);

/* What a worker gets. `token` NULL: the time was over, or it was cancelled. */
struct gal_poll_answer {
        enum gal_status status;
        const char *code;    /* NULL when OK */
        const char *message; /* NULL when OK */
        const char *token;
        struct gal_payload *input;
};

struct gal_poll_request {
        const char *activity_arn;
        const char *worker; /* nullable */
        /* (nullable) Whether the worker has left: asked immediately before the task is given to it. */
        bool (*has_gone)(void *user);
        /* Once; also from gal_poll_cancel(). */
        void (*done)(void *user, const struct gal_poll_answer *answer);
        void *user;
};

/* A worker that waits for a task of an activity. Valid until `done` is called. */
struct gal_poll;

/* (transfer none) A worker gets a task when it is committed that it has. */
struct gal_poll *gal_engine_poll(struct gal_engine *engine, const struct gal_poll_request *request);
/* The worker has left. Answered before this returns, or, when a commit is on its way that gives it a task, by that.
 */
void gal_poll_cancel(struct gal_poll *poll);

/* What a worker says of the attempt whose token it has. Answered when that is committed, or was not to be. */
enum gal_send_kind { GAL_SEND_SUCCESS, GAL_SEND_FAILURE, GAL_SEND_HEARTBEAT };

struct gal_send_request {
        enum gal_send_kind kind;
        const char *token;
        struct gal_payload *output; /* of a success */
        const char *error;          /* of a failure; nullable */
        const char *cause;          /* nullable */
};

void gal_engine_send(struct gal_engine *engine, const struct gal_send_request *request, gal_engine_done done,
                     void *user);

const struct gal_execution *gal_run_execution(const struct gal_run *run);
/* What the store knows it by. */
const char *gal_run_id(const struct gal_run *run);
uint32_t gal_run_slot(const struct gal_run *run);

/* What became of a call. Texts and payloads are borrowed. After an end the handle is gone. */
void gal_task_set_data(struct gal_task_handle *handle, void *data);
void gal_task_started(struct gal_task_handle *handle);
/* Ends a call of .waitForTaskToken: its handle is gone, its attempt waits for the token. */
void gal_task_submitted(struct gal_task_handle *handle, struct gal_payload *response);
void gal_task_succeeded(struct gal_task_handle *handle, struct gal_payload *result);
void gal_task_failed(struct gal_task_handle *handle, const char *error, const char *cause);

/*
 * Takes what came in and what is due, decides, and asks for commits where there is something to write.
 * `random` are 256 bits of fresh randomness.
 */
void gal_engine_tick(struct gal_engine *engine, int64_t now_ms, const uint64_t random[4]);

/*
 * The answer to `commit`. Anything but GAL_OK: the engine stands still until it was dropped and loaded again. After
 * GAL_EINVALID (the data was refused) the executions are then tried one by one; the bad one is left out until the
 * process ends, and reported.
 */
void gal_engine_committed(struct gal_engine *engine, struct gal_commit *commit, enum gal_status status);

/* A commit has failed for a reason other than its data: drop, take the lease anew, load. */
bool gal_engine_is_lost(const struct gal_engine *engine);
/* Whether a tick now would do something. */
bool gal_engine_has_work(const struct gal_engine *engine);
/* When the next thing is due, in ms; 0: nothing timed. */
int64_t gal_engine_wake_ms(const struct gal_engine *engine);
size_t gal_engine_tasks_out(const struct gal_engine *engine);
size_t gal_engine_commits_in_flight(const struct gal_engine *engine);
size_t gal_engine_open_count(const struct gal_engine *engine);
/* Workers that wait for a task. */
size_t gal_engine_poll_count(const struct gal_engine *engine);

/* What was done since the engine was made; all of it is committed. */
struct gal_engine_counters {
        uint64_t started;                           /* executions */
        uint64_t closed[GAL_EXECUTION_ABORTED + 1]; /* by status */
        uint64_t parked;
        uint64_t chunks; /* steps of executions */
        uint64_t rows;
        uint64_t bytes; /* of history, as it is written */
};
/* (transfer none) */
const struct gal_engine_counters *gal_engine_counters(const struct gal_engine *engine);
size_t gal_engine_timer_count(const struct gal_engine *engine);

#endif
