/*
 * internal.h: what the files of engine/ share; nobody else includes it.
 *
 * Lives of the objects: a machine stays while it is registered or one of its runs is open; a run from its start (or
 * its load) to the commit that closes it; a commit from its offer to its answer.
 */
#ifndef GAL_ENGINE_INTERNAL_H
#define GAL_ENGINE_INTERNAL_H

#include "base/hash.h"

#include "base/assert.h"
#include "base/heap.h"
#include "base/id.h"
#include "base/random.h"
#include "engine/engine.h"
#include "machine/machine.h"

/* Somebody who waits for a commit. */
struct waiter {
        struct waiter *next;
        gal_engine_done done;
        void *user;
};

enum request_kind { REQUEST_CREATE, REQUEST_DELETE, REQUEST_START, REQUEST_STOP };

/* A request in the queue; owns its texts. */
struct request {
        struct request *next;
        enum request_kind kind;
        gal_engine_done done;
        void *user;
        char *machine;    /* name or ARN */
        char *name;       /* of the execution; ARN for a stop */
        char *definition; /* of a create */
        size_t definition_len;
        char *role_arn;
        char *error;
        char *cause;
        struct gal_payload *input;
        bool replace;
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
        struct gal_program *program;
};

struct machine {
        UT_hash_handle hh; /* by name */
        char id[GAL_UUID_SIZE];
        char *name;
        char *arn;
        struct revision *revision;
        int64_t created_ms;
        bool in_flight; /* its row is on the way to the store */
        bool deleting;  /* gone from the registry when that is committed */
        struct machine *next_changed;
        struct waiter *waiters;
};

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
        UT_hash_handle hh; /* by `key`; an ARN may name an execution of a deleted machine, too */
        char *key;         /* the machine's id, '/', the execution's name */
        struct gal_engine *engine;
        struct gal_execution *execution;
        struct revision *revision;
        char id[GAL_UUID_SIZE];
        uint32_t slot;
        uint64_t sequence;    /* of the latest chunk */
        uint64_t number;      /* like no other run's: under it the journal remembers where payloads are written */
        size_t tail_size;     /* of the chunks since the last snapshot */
        size_t snapshot_size; /* of that; 0: there is none */
        bool is_named;        /* the caller chose the name */
        bool is_committed;    /* its start is in the store */
        bool is_dirty;
        bool in_flight;
        bool is_parking;     /* the commit in flight says so: it may leave memory with it */
        int64_t row_wake_ms; /* what its run row says: 0, or when it is due */
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
        struct gal_run **runs; /* one a chunk */
        size_t run_size;
        struct gal_buffer *bodies;    /* one a chunk */
        struct gal_buffer *snapshots; /* as many; most stay empty */
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
struct gal_run *gal_run_create(struct gal_engine *engine, struct revision *revision, const char *machine_name,
                               const char *name);
/* (transfer none) In memory; NULL: closed, parked, or never was. */
struct gal_run *gal_run_find(struct gal_engine *engine, const char *machine_id, const char *name);
/* (transfer none) The same by ARN: of the machine that has the name now. Those of deleted machines: gal_load_arn().
 */
struct gal_run *gal_run_find_arn(struct gal_engine *engine, const char *arn);
/* Whether it waits so long, and for nothing but the time, that it may leave memory. */
bool gal_run_is_parkable(const struct gal_run *run);
void gal_run_destroy(struct gal_run *run);
void gal_run_mark_dirty(struct gal_run *run);
void gal_run_queue(struct gal_run *run, const struct gal_stimulus *stimulus);
void gal_run_set_wake(struct gal_run *run);
void gal_run_step(struct gal_run *run, struct gal_random *random);
/* Observers hear, effects leave. */
void gal_run_publish(struct gal_run *run);
/* INVOKE for every open attempt, as after a load. */
void gal_run_reissue(struct gal_run *run);
/* Cancels every attempt that is out. */
void gal_run_cancel_all(struct gal_run *run);

/* registry.c */
struct machine *gal_registry_find(struct gal_engine *engine, const char *name_or_arn);
struct revision *gal_revision_ref(struct revision *revision);
void gal_revision_unref(struct gal_engine *engine, struct revision *revision); /* accepts NULL */
/* False: it waits for what is on the way to the store. */
bool gal_registry_create(struct gal_engine *engine, struct request *request);
bool gal_registry_delete(struct gal_engine *engine, struct request *request);
void gal_registry_clear(struct gal_engine *engine);
/* Its row is in the store, or gone from it. */
void gal_registry_committed(struct gal_engine *engine, struct machine *machine);
enum gal_status gal_registry_load(struct gal_engine *engine, struct gal_error *error);
/* From memory, else from the store. A reference. GAL_ENOTFOUND. */
enum gal_status gal_registry_revision(struct gal_engine *engine, const char *revision_id,
                                      struct revision **ret_revision, struct gal_error *error);

/* request.c */
void gal_request_destroy(struct request *request);
void gal_requests_run(struct gal_engine *engine);
void gal_requests_refuse_all(struct gal_engine *engine, enum gal_status status, const char *message);
void gal_answer(gal_engine_done done, void *user, const struct gal_answer *answer);
void gal_refuse(const struct request *request, enum gal_status status, const char *code, const char *format, ...)
        GAL_PRINTF(4, 5);
void gal_waiter_add(struct waiter **list, gal_engine_done done, void *user);
void gal_waiters_answer(struct waiter **list, const struct gal_answer *answer);

/* load.c */
enum gal_status gal_load_all(struct gal_engine *engine, struct gal_error *error);
/* The calls of all that was loaded at the start. */
void gal_load_resume(struct gal_engine *engine);
void gal_load_due(struct gal_engine *engine);
/* When gal_load_due() has something to do next; 0: never. */
int64_t gal_load_due_ms(const struct gal_engine *engine);
/* `ret_run` (transfer none): an open execution, from memory or the store; NULL: there is none. GAL_EIO: who knows.
 */
enum gal_status gal_load_arn(struct gal_engine *engine, const char *arn, struct gal_run **ret_run,
                             struct gal_error *error);

/* commit.c */
void gal_commit_offer(struct gal_engine *engine);

#endif
