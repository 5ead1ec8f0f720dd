/*
 * internal.h: what the files of engine/ share; nobody else includes it.
 *
 * Lives of the objects: a machine stays while it is registered or one of its runs is open; a run from its start (or
 * its load) to the commit that closes it; a commit from its offer to its answer.
 */
#ifndef GAL_ENGINE_INTERNAL_H
#define GAL_ENGINE_INTERNAL_H

#include <sys/queue.h>

#include "base/hash.h"

#include "base/assert.h"
#include "base/heap.h"
#include "base/id.h"
#include "base/random.h"
#include "engine/engine.h"
#include "engine/task_token.h"
#include "machine/machine.h"

/* Somebody who waits for a commit. */
struct waiter {
        struct waiter *next;
        gal_engine_done done;
        void *user;
};

enum request_kind {
        REQUEST_CREATE,
        REQUEST_UPDATE,
        REQUEST_DELETE,
        REQUEST_PUBLISH,
        REQUEST_DELETE_VERSION,
        REQUEST_CREATE_ALIAS,
        REQUEST_UPDATE_ALIAS,
        REQUEST_DELETE_ALIAS,
        REQUEST_TAG,
        REQUEST_UNTAG,
        REQUEST_START,
        REQUEST_STOP,
        REQUEST_CREATE_ACTIVITY,
        REQUEST_DELETE_ACTIVITY,
        REQUEST_SEND,
};

/* A request in the queue; owns its texts. */
struct request {
        struct request *next;
        enum request_kind kind;
        gal_engine_done done;
        void *user;
        char *machine;    /* name or ARN */
        char *name;       /* of the execution or alias; ARN for a stop */
        char *definition; /* of a create or update */
        size_t definition_len;
        char *role_arn;
        char *error;
        char *cause;
        struct gal_payload *input;
        bool replace;
        char *activity; /* name, or ARN for a deletion */
        char *encryption;
        char *logging;
        char *tracing;
        bool publish;
        char *description; /* of a version or alias */
        char *revision_id;
        uint32_t version;
        char *alias; /* of a start */
        char *trace_header;
        struct gal_route routes[GAL_ROUTES_MAX];
        size_t route_count;
        struct gal_tag *tags; /* owned, and what they name */
        size_t tag_count;
        char *token;
        enum gal_send_kind send;
};

/* A definition that executions run under. Kept as long as one does. */
struct revision {
        UT_hash_handle hh; /* by id */
        unsigned references;
        char id[GAL_UUID_SIZE];
        char machine_id[GAL_UUID_SIZE];
        char *definition;
        char *role_arn;
        int64_t created_ms;
        uint32_t number; /* 1: the machine's first one */
        char *logging;   /* as in gal_configuration, the usual ones spelled out */
        char *tracing;
        char *encryption;
        bool is_committed;   /* its row is in the store */
        bool has_activities; /* states that are tasks of one */
        struct gal_program *program;
};

struct version {
        uint32_t number;
        char revision_id[GAL_UUID_SIZE];
        struct revision *revision; /* (a reference) NULL: nothing was started under it yet */
        char *description;         /* NULL: none */
        int64_t created_ms;
};

struct alias {
        char *name;
        char *description; /* NULL: none */
        struct gal_route routes[GAL_ROUTES_MAX];
        size_t route_count;
        int64_t created_ms;
        int64_t updated_ms;
};

/* Tags that are on their way to the store. */
struct tag_change {
        struct gal_tag_row *puts; /* owned, and what they name */
        size_t put_count;
        struct gal_tag_row *deletions;
        size_t deletion_count;
};

/* What becomes of a machine beside its own row, and of the answer, with the commit that it is in. */
struct machine_change {
        bool publishes; /* its latest version */
        uint32_t deleted_version;
        struct alias *alias;         /* (borrowed) put; NULL: none */
        struct alias *deleted_alias; /* (owned) NULL: none */
        struct tag_change tags;
        char *arn; /* the answer's, as in gal_answer */
        int64_t time_ms;
        char *version_arn;
        char *revision_id;
};

struct machine {
        UT_hash_handle hh; /* by name */
        char id[GAL_UUID_SIZE];
        char *name;
        char *arn;
        struct revision *revision;
        int64_t created_ms;
        int64_t updated_ms;
        uint32_t last_version;
        bool created_published;
        char *created_description;
        bool has_details;         /* what follows has been read from the store */
        struct version *versions; /* by number */
        size_t version_count;
        struct alias **aliases; /* in the order in which they were made */
        size_t alias_count;
        bool in_flight; /* what it is now is on the way to the store: everything else waits for that */
        bool deleting;  /* gone from the registry when that is committed */
        struct machine_change change;
        struct machine *next_changed;
        struct waiter *waiters;
};

enum activity_task_state {
        TASK_WAITING, /* in its activity's queue */
        TASK_TAKEN,   /* by a poll; whether that holds, the commit will say */
        TASK_BLOCKED, /* nobody can have it now: its execution goes on without, or stands still */
};

/* A task in the store that memory knows of. Goes with its row. */
struct activity_task {
        UT_hash_handle hh; /* by `key` */
        struct activity_task_key {
                char execution_id[GAL_UUID_SIZE];
                uint64_t scheduled_id;
        } key; /* zeroed with its padding */
        TAILQ_ENTRY(activity_task) link;
        struct activity *activity;
        struct gal_poll *poll; /* TAKEN, until it is STARTED; else NULL */
        uint32_t slot;
        enum activity_task_state state;
};

/*
 * The queue is in the store; `waiting` is its beginning. What is scheduled while `has_more` is found there when its
 * turn comes.
 */
struct activity {
        UT_hash_handle hh; /* by name */
        struct gal_engine *engine;
        char *name;
        char *arn;
        char *encryption; /* NULL: none was given */
        int64_t created_ms;
        bool in_flight; /* its row is on the way to the store */
        bool deleting;
        struct tag_change tags; /* likewise */
        struct activity *next_changed;
        struct waiter *waiters;
        TAILQ_HEAD(, gal_poll) polls; /* that wait, in their order */
        size_t poll_count;            /* and those that are being given a task */
        TAILQ_HEAD(, activity_task) waiting;
        size_t waiting_count;
        size_t task_count; /* in memory, in whatever state */
        bool has_more;     /* there may be tasks in the store that memory does not know */
        bool is_ready;     /* in gal_engine.ready */
        STAILQ_ENTRY(activity) ready_link;
};

enum poll_state {
        POLL_ARRIVED, /* until the next tick */
        POLL_WAITING,
        POLL_QUEUED,  /* it has a task, and its stimulus is in the queue of the run */
        POLL_STARTED, /* that is on its way to the store */
};

struct gal_poll {
        TAILQ_ENTRY(gal_poll) link;     /* of those that wait at its activity */
        TAILQ_ENTRY(gal_poll) due_link; /* in gal_engine.polls, unless it is being given a task */
        LIST_ENTRY(gal_poll) run_link;  /* QUEUED: in gal_engine.queued_polls; STARTED: in gal_run.polls */
        struct gal_engine *engine;
        struct activity *activity; /* NULL while it is ARRIVED */
        struct activity_task *task;
        struct gal_run *run; /* of the task */
        enum poll_state state;
        char *activity_arn;
        char *worker;
        int64_t deadline_ms;
        char *token;
        struct gal_payload *input;
        bool (*has_gone)(void *user);
        void (*done)(void *user, const struct gal_poll_answer *answer);
        void *user;
};

/* Somebody who has sent something about a task, and what became of it. */
struct reply {
        struct reply *next;
        gal_engine_done done;
        void *user;
        bool was_taken;
};

/* A task of an activity that stands in the store's queue. */
struct run_task {
        uint64_t scheduled_id;
        int64_t scheduled_ms;
        uint32_t state;
        bool is_kept;
};

/* A stimulus that owns what it names. */
struct queued {
        struct gal_stimulus stimulus;
        char *error;
        char *cause;
        struct gal_poll *poll; /* of TASK_STARTED; NULL: none, or the worker has gone */
        bool is_sent;          /* by a client, who waits for `done` */
        bool is_void;          /* not to be looked at */
        bool was_taken;
        gal_engine_done done;
        void *user;
};

struct gal_task_handle {
        struct gal_run *run;
        uint32_t frame;
        uint64_t scheduled_id;
        bool reported; /* its end is in the queue: the driver has let go of it */
        bool is_started;
        bool ends_submitted; /* the call ends when it is submitted */
        void *data;
};

struct gal_run {
        UT_hash_handle hh;    /* by `key`; an ARN may name an execution of a deleted machine, too */
        UT_hash_handle hh_id; /* by `id` */
        char *key;            /* the machine's id, '/', the execution's name */
        struct gal_engine *engine;
        struct gal_execution *execution;
        struct revision *revision;
        char id[GAL_UUID_SIZE];
        uint32_t slot;
        uint64_t sequence;    /* of the latest chunk */
        uint64_t number;      /* like no other run's: under it the journal remembers where payloads are written */
        size_t tail_size;     /* of the chunks since the last snapshot */
        size_t snapshot_size; /* of that; 0: there is none */
        uint32_t version;     /* under which it was started; 0: none was named */
        char *alias;          /* likewise; NULL: none */
        char *trace_header;   /* NULL: none */
        bool is_named;        /* the caller chose the name */
        bool is_committed;    /* its start is in the store */
        bool is_dirty;
        bool in_flight;
        bool is_parking;    /* the commit in flight says so: it may leave memory with it */
        bool wants_parking; /* it has been idle for long: to be committed for that alone */
        bool is_idle;       /* in gal_engine.idle */
        int64_t idle_ms;    /* since when */
        TAILQ_ENTRY(gal_run) idle_link;
        struct run_task *waiting; /* its tasks in the store's queues, with the commit in flight */
        size_t waiting_count;
        LIST_HEAD(, gal_poll) polls; /* that the commit in flight gives a task */
        struct reply *replies;       /* to be told with the commit in flight */
        int64_t row_wake_ms;         /* what its run row says: 0, or when it is due */
        uint32_t tasks_out;
        struct gal_run *next_dirty;
        struct gal_heap_node wake;
        int64_t wake_ms;
        struct queued *queue;
        size_t queue_count;
        size_t queue_size;
        struct gal_step step;           /* of the commit in flight */
        struct gal_task_handle **tasks; /* by place of the frame */
        uint32_t task_size;
        struct waiter *waiters;      /* of the start */
        struct waiter *stop_waiters; /* of stops */
};

/* An execution that stands still, so that the others go on: the store refuses its rows, or it ends the process. */
struct quarantined {
        UT_hash_handle hh; /* by id */
        char id[GAL_UUID_SIZE];
        char *reason; /* to be reported; NULL: it has been */
};

struct gal_commit {
        struct gal_commit *next; /* in the list of those that are free */
        struct gal_batch batch;
        struct gal_run **runs; /* with a chunk each, but for those that only leave memory */
        size_t run_count;
        size_t run_size;
        struct gal_buffer *bodies;    /* one a chunk */
        struct gal_buffer *snapshots; /* one a run; most stay empty */
        struct gal_machine_row *machine_rows;
        struct gal_revision_row *revision_rows;
        const char **deleted_rows;
        struct machine **machines; /* created first, then deleted */
        size_t machine_count;
        size_t deleted_count;
        struct gal_chunk_row *chunk_rows;
        struct gal_execution_row *execution_rows;
        struct gal_run_row *run_rows;
        struct gal_run_row *closed_rows;
        struct gal_name_row *name_rows;
        struct gal_version_row *version_rows;
        struct gal_version_row *deleted_version_rows;
        struct gal_alias_row *alias_rows;
        struct gal_alias_row *deleted_alias_rows;
        struct gal_tag_row *tag_rows; /* grow */
        size_t tag_size;
        struct gal_tag_row *deleted_tag_rows;
        size_t deleted_tag_size;
        struct activity **activities; /* created or deleted */
        size_t activity_count;
        struct gal_activity_row *activity_rows;
        const char **deleted_activity_rows;
        struct gal_activity_task_row *task_rows; /* grow */
        size_t task_size;
        struct gal_activity_task_row *taken_rows;
        size_t taken_size;
};

struct gal_engine {
        struct gal_store *store;
        struct gal_engine_callbacks callbacks;
        char *account;
        char *region;
        char *role_arn;
        uint64_t events_max;
        unsigned commits_max;
        const struct gal_log *log;
        int64_t now_ms;
        struct gal_random ids; /* for names and UUIDs */
        struct request *requests_first;
        struct request **requests_last;
        struct machine *machines;
        struct machine *changed_first; /* machines to write, in order */
        struct machine **changed_last;
        struct revision *revisions;
        struct gal_run *runs;
        struct gal_run *runs_by_id;
        struct activity *activities;
        struct activity *changed_activities;
        struct activity **changed_activities_last;
        struct activity_task *activity_tasks;
        STAILQ_HEAD(, activity) ready; /* that may have tasks for the workers that wait */
        int64_t ready_pause_ms;        /* the store could not be read: not before that time again */
        TAILQ_HEAD(, gal_poll) arrived;
        TAILQ_HEAD(, gal_poll) polls; /* that wait, the earliest first */
        LIST_HEAD(, gal_poll) queued_polls;
        size_t poll_count;                   /* in whatever state */
        TAILQ_HEAD(idle_runs, gal_run) idle; /* runs that wait for a worker or a token, the longest first */
        size_t idle_count;
        uint8_t token_key[GAL_TASK_TOKEN_KEY_SIZE];
        struct gal_run *dirty_first;
        struct gal_run **dirty_last;
        struct gal_heap wakes;
        unsigned commits_in_flight;
        bool is_lost;
        struct quarantined *quarantined;
        struct gal_suspect suspect; /* what is being worked on, when this thread's suspect is this one */
        const char *suspect_id;
        const char *suspect_arn; /* nullable */
        bool one_by_one;         /* the data of a batch was refused: the next ones hold one execution each */
        size_t tasks_out;
        struct gal_engine_counters counters;
        int64_t parked_wake_ms;  /* when the first parked execution is due; 0: none is parked */
        int64_t parked_pause_ms; /* they could not be read: not before that time again */
};

/* quarantine.c */
void gal_quarantine_add(struct gal_engine *engine, const char *execution_id, const char *reason);
/* Whether it is to be left out; reports it for the first time. */
bool gal_quarantine_holds(struct gal_engine *engine, const char *execution_id);
void gal_quarantine_clear(struct gal_engine *engine);
/* From here on, whoever breaks a promise does it for that execution. Borrowed; `arn` nullable. */
void gal_suspect_execution(struct gal_engine *engine, const char *id, const char *arn);

/* run.c */
/* `id` NULL: a new one. */
struct gal_run *gal_run_create(struct gal_engine *engine, struct revision *revision, const char *machine_name,
                               const char *name, const char *id);
/* (transfer none) In memory; NULL: closed, parked, or never was. */
struct gal_run *gal_run_find(struct gal_engine *engine, const char *machine_id, const char *name);
/* (transfer none) The same by ARN: of the machine that has the name now. Those of deleted machines: gal_load_arn().
 */
struct gal_run *gal_run_find_arn(struct gal_engine *engine, const char *arn);
/* (transfer none) In memory. */
struct gal_run *gal_run_find_id(struct gal_engine *engine, const char *id);
void gal_run_destroy(struct gal_run *run);
void gal_run_mark_dirty(struct gal_run *run);
void gal_run_queue(struct gal_run *run, const struct gal_stimulus *stimulus);
/* (transfer none) The same, for more to be said about it. Valid until the next one. */
struct queued *gal_run_queue_more(struct gal_run *run, const struct gal_stimulus *stimulus);
/* TIME now, if anything is due: it must come before what is queued next. */
void gal_run_wake_due(struct gal_run *run);
void gal_run_set_wake(struct gal_run *run);
void gal_run_step(struct gal_run *run, struct gal_random *random);
/* Observers hear, effects leave. */
void gal_run_publish(struct gal_run *run);
/* INVOKE for every open attempt, as after a load. */
void gal_run_reissue(struct gal_run *run);
/* Cancels every attempt that is out. */
void gal_run_cancel_all(struct gal_run *run);
/* What is left in the queue of a run that goes: nothing of it was taken. `answer` (nullable) goes to those who sent
 * it. */
void gal_run_refuse_queue(struct gal_run *run, const struct gal_answer *answer);
/* What is said to whoever sends something about an attempt that is over. */
extern const struct gal_answer gal_too_late;
/* To those who have sent something; `lost` (nullable): instead of what became of it. */
void gal_run_answer_replies(struct gal_run *run, const struct gal_answer *lost);

/* idle.c: executions that wait for somebody outside, and how they leave memory. */

/* Whether it waits long enough to leave memory with the commit that is being made. */
bool gal_run_is_parkable(const struct gal_run *run);
/* Whether it may leave memory, although that takes a commit of its own. */
bool gal_run_may_park(const struct gal_run *run);
/* It has nothing to do. */
void gal_run_rest(struct gal_run *run);
/* It has, or it goes. */
void gal_run_unrest(struct gal_run *run);
void gal_idle_run(struct gal_engine *engine);
int64_t gal_idle_wake_ms(const struct gal_engine *engine); /* 0: never */
/* (transfer none) The frame whose open attempt was scheduled by that event; NULL: it is over. */
struct gal_frame *gal_run_find_attempt(const struct gal_run *run, uint64_t scheduled_id);

/* activity.c: the registry. */

/* By name. (transfer none) */
struct activity *gal_activity_find(struct gal_engine *engine, const char *name);
/* By ARN, of this account and region. (transfer none) */
struct activity *gal_activity_find_arn(struct gal_engine *engine, const char *arn);
/* The name in an ARN that is known to be an activity's. (transfer none) */
const char *gal_activity_name(const char *arn);
bool gal_activity_create(struct gal_engine *engine, struct request *request); /* as gal_registry_create() */
bool gal_activity_delete(struct gal_engine *engine, struct request *request);
void gal_activity_committed(struct gal_engine *engine, struct activity *activity);
/* It is to be written. */
void gal_activity_changed(struct gal_engine *engine, struct activity *activity, const struct request *request);
enum gal_status gal_activities_load(struct gal_engine *engine, struct gal_error *error);
/* `answer` as in gal_engine_drop(); polls included. */
void gal_activities_clear(struct gal_engine *engine, const struct gal_answer *answer);

/* activity_task.c: tasks, and the workers that wait for them. */

/* Compares what waits with what did, after a step, and adds the rows to the commit. */
void gal_activity_tasks_commit(struct gal_run *run, struct gal_commit *commit);
/* What waits, by the execution alone: after a load. */
void gal_activity_tasks_note(struct gal_run *run);
/* The rows of the commit are in the store, and out of it. */
void gal_activity_tasks_committed(struct gal_engine *engine, const struct gal_commit *commit);
void gal_activity_tasks_clear(struct activity *activity);
/* The end of the waiting of those who wait at the activity. */
void gal_polls_end(struct activity *activity, const struct gal_poll_answer *answer);
void gal_polls_run(struct gal_engine *engine);
bool gal_polls_have_work(const struct gal_engine *engine);
int64_t gal_polls_wake_ms(const struct gal_engine *engine); /* 0: never */
/* Before a step: those who have gone do not start their task. */
void gal_polls_look(struct gal_run *run);
/* After it. */
void gal_poll_settle(struct gal_poll *poll, bool was_taken);
/* The run goes, and the stimulus with it. */
void gal_poll_put_back(struct gal_poll *poll);
/* What the commit in flight has given away is theirs. */
void gal_polls_answer_started(struct gal_run *run);
/* It is lost. `answer` (nullable). */
void gal_polls_drop_started(struct gal_run *run, const struct gal_poll_answer *answer);
void gal_polls_clear(struct gal_engine *engine, const struct gal_poll_answer *answer);

/* send.c */
bool gal_send_run(struct gal_engine *engine, const struct request *request); /* as gal_registry_create() */
/* (transfer full) */
char *gal_send_make_token(const struct gal_run *run, uint64_t scheduled_id, const uint64_t nonce[2]);

/* revision.c */
struct revision *gal_revision_ref(struct revision *revision);
void gal_revision_unref(struct gal_engine *engine, struct revision *revision); /* accepts NULL */
/* Takes `program`. (transfer full) The row's texts are copied. */
struct revision *gal_revision_add(struct gal_engine *engine, const struct gal_revision_row *row,
                                  struct gal_program *program);
/* From memory, else from the store. A reference. GAL_ENOTFOUND. */
enum gal_status gal_registry_revision(struct gal_engine *engine, const char *revision_id,
                                      struct revision **ret_revision, struct gal_error *error);

/* registry.c: the machines. What answers a request is false while it waits for what is on the way to the store. */
/* (transfer full) */
char *gal_engine_arn(const struct gal_engine *engine, const char *type, const char *name);
struct machine *gal_registry_find(struct gal_engine *engine, const char *name_or_arn);
bool gal_registry_create(struct gal_engine *engine, struct request *request);
bool gal_registry_update(struct gal_engine *engine, struct request *request);
bool gal_registry_delete(struct gal_engine *engine, struct request *request);
void gal_registry_clear(struct gal_engine *engine);
/* Its row is in the store, or gone from it. */
void gal_registry_committed(struct gal_engine *engine, struct machine *machine);
enum gal_status gal_registry_load(struct gal_engine *engine, struct gal_error *error);
/* It is to be written; whoever asked for that is told so then, with what `change` says of an answer. */
void gal_machine_changed(struct gal_engine *engine, struct machine *machine, const struct request *request);
/* With what `change` says, and at once: there is nothing to write. */
void gal_machine_answer(struct machine *machine, const struct request *request);
/* No such machine: by its ARN, with that version or alias. */
void gal_machine_refuse_missing(struct gal_engine *engine, const struct request *request, const char *qualifier);

/* version.c: versions and aliases of a machine, read when they are asked for. */
/* False after a refusal: the store cannot be read. */
bool gal_machine_read_details(struct gal_engine *engine, struct machine *machine, const struct request *request);
void gal_machine_drop_details(struct gal_engine *engine, struct machine *machine);
/* (transfer none) NULL: there is none. */
struct version *gal_version_find(const struct machine *machine, uint32_t number);
struct alias *gal_alias_find(const struct machine *machine, const char *name);
/* (transfer full) */
char *gal_version_arn(const struct machine *machine, uint32_t number);
/* False after a refusal: there are too many already. */
bool gal_version_may_publish(struct gal_engine *engine, struct machine *machine, const struct request *request,
                             bool is_changed);
/* The current revision's version: the one that it has, or a new one, which is then in the change. */
uint32_t gal_version_publish(struct gal_engine *engine, struct machine *machine, const struct request *request);
/* What a start under a version or an alias runs. A reference. NULL after a refusal. */
struct revision *gal_version_choose(struct gal_engine *engine, struct machine *machine,
                                    const struct request *request, uint32_t *ret_version);
bool gal_version_run_publish(struct gal_engine *engine, struct request *request);
bool gal_version_run_delete(struct gal_engine *engine, struct request *request);

/* alias.c */
bool gal_alias_run_create(struct gal_engine *engine, struct request *request);
bool gal_alias_run_update(struct gal_engine *engine, struct request *request);
bool gal_alias_run_delete(struct gal_engine *engine, struct request *request);
void gal_alias_destroy(struct alias *alias); /* accepts NULL */

/* tag.c */
/* False after a refusal: there are too many. `resource` as in struct gal_tag_row. */
bool gal_tags_plan(const struct request *request, const char *resource, const char *arn, struct tag_change *change);
void gal_tags_finish(struct tag_change *change);
bool gal_tags_run(struct gal_engine *engine, struct request *request);

/* request.c */
void gal_request_destroy(struct request *request);
void gal_requests_run(struct gal_engine *engine);
void gal_requests_refuse_all(struct gal_engine *engine, enum gal_status status, const char *message);
void gal_answer(gal_engine_done done, void *user, const struct gal_answer *answer);
void gal_refuse(const struct request *request, enum gal_status status, const char *code, const char *format, ...)
        GAL_PRINTF(4, 5);
/* The same; `answer` says the rest. */
void gal_refuse_with(const struct request *request, const struct gal_answer *answer, const char *format, ...)
        GAL_PRINTF(3, 4);
void gal_waiter_add(struct waiter **list, gal_engine_done done, void *user);
void gal_waiters_answer(struct waiter **list, const struct gal_answer *answer);

/* load.c */
enum gal_status gal_load_all(struct gal_engine *engine, struct gal_error *error);
/* The calls of all that was loaded at the start. */
void gal_load_resume(struct gal_engine *engine);
void gal_load_due(struct gal_engine *engine);
/* When gal_load_due() has something to do next; 0: never. */
int64_t gal_load_due_ms(const struct gal_engine *engine);
/* The same by its place in the store, of one that is not in memory. */
enum gal_status gal_load_id(struct gal_engine *engine, uint32_t slot, const char *execution_id,
                            struct gal_run **ret_run, struct gal_error *error);
/* `ret_run` (transfer none): an open execution, from memory or the store; NULL: there is none. GAL_EIO: who knows.
 */
enum gal_status gal_load_arn(struct gal_engine *engine, const char *arn, struct gal_run **ret_run,
                             struct gal_error *error);

/* commit.c */
void gal_commit_offer(struct gal_engine *engine);

#endif
