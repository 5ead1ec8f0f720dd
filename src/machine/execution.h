/*
 * execution.h: a running workflow in memory: a tree of frames, and `apply`, the only way to change it.
 *
 *   root frame ── state Parallel ──┬─ frame of branch 0 ── state ...
 *                                  └─ frame of branch 1 ── state Map ──┬─ frame of iteration 0
 *                                                                      └─ frame of iteration 1
 *
 * A frame runs one graph (the machine, a branch, an iteration) and stands in one state at a time. Frames are
 * numbered by their place in a table; places are used again in an order that depends on records only.
 *
 * Trap: everything here must be a function of the records applied so far. The deadline heap and the ready queue are
 * kept by `apply` too, so a replay gives the same order of work.
 */
#ifndef GAL_MACHINE_EXECUTION_H
#define GAL_MACHINE_EXECUTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/payload.h"
#include "definition/program.h"
#include "machine/record.h"

enum gal_execution_status {
        GAL_EXECUTION_RUNNING,
        GAL_EXECUTION_SUCCEEDED,
        GAL_EXECUTION_FAILED,
        GAL_EXECUTION_TIMED_OUT,
        GAL_EXECUTION_ABORTED,
};

const char *gal_execution_status_name(enum gal_execution_status status); /* "RUNNING" */

enum gal_phase {
        GAL_PHASE_READY,    /* `state` is to be entered with `input`; in the ready queue */
        GAL_PHASE_ENTERED,  /* inside a turn only: between two records of one decision */
        GAL_PHASE_WAITING,  /* a Wait state, until `deadline_ms` */
        GAL_PHASE_TASK,     /* an open task attempt */
        GAL_PHASE_CHILDREN, /* branches or iterations run */
        GAL_PHASE_BACKOFF,  /* a retry, at `deadline_ms` */
        GAL_PHASE_ENDED, /* the last state was left; inside a turn only, but for the root of a closed execution */
};

/* A task attempt: from its Scheduled event to its end. */
struct gal_attempt {
        uint64_t scheduled_id; /* 0: none is open */
        int64_t scheduled_ms;  /* of an activity's: its place in the queue; else 0 */
        struct gal_payload *input;
        char *token; /* NULL: none */
        bool started;
        bool submitted;
        int64_t timeout_seconds;
        int64_t heartbeat_seconds;
        int64_t deadline_ms;           /* 0: none */
        int64_t heartbeat_deadline_ms; /* 0: none */
};

/* What a frame in a Parallel or Map keeps of its branches or iterations. */
struct gal_children {
        struct gal_payload *input;
        struct gal_payload *items; /* Map; NULL for Parallel */
        struct gal_payload **results;
        uint32_t count; /* branches or items */
        uint32_t started;
        uint32_t ended;
        uint32_t concurrency;
        struct gal_frame *first; /* running, in the order of their index */
        struct gal_frame *last;
};

struct gal_frame {
        uint32_t place; /* in gal_execution.frames */
        uint32_t graph;
        uint32_t index; /* of the branch or iteration */
        uint32_t state; /* the current one; the next one while READY */
        enum gal_phase phase;
        struct gal_frame *parent;
        struct gal_frame *previous_sibling, *next_sibling;
        struct gal_frame *previous_ready, *next_ready;
        struct gal_payload *input; /* raw input of the state */
        json_t *variables;         /* own scope; NULL: none set */
        uint64_t previous_id;      /* the chain's last event: what the next one links to */
        uint64_t entered_id;
        int64_t entered_ms;
        uint32_t *retries; /* per retrier of the state; NULL: none yet */
        uint32_t retry_count;
        int64_t deadline_ms;      /* the earliest thing this frame waits for; 0: nothing timed */
        struct gal_heap_node due; /* in the deadline heap */
        struct gal_attempt attempt;
        struct gal_children children;
};

/* Who an execution is; every text is copied. */
struct gal_identity {
        const char *execution_arn;
        const char *execution_name;
        const char *machine_arn;
        const char *machine_name;
        const char *role_arn;
};

struct gal_execution {
        struct gal_program *program;
        char *execution_arn;
        char *execution_name;
        char *machine_arn;
        char *machine_name;
        char *role_arn;
        enum gal_execution_status status;
        struct gal_payload *input;
        struct gal_payload *output; /* of SUCCEEDED */
        char *error;                /* NULL: absent */
        char *cause;
        int64_t started_ms;
        int64_t stopped_ms;
        int64_t deadline_ms; /* machine TimeoutSeconds; 0: none */
        int64_t last_ms;     /* of the latest record: timestamps never run backwards */
        uint64_t last_id;    /* of the latest event */
        size_t variables_size;
        struct gal_frame **frames; /* by place; NULL: free */
        uint32_t frame_count;      /* places in use or used before */
        uint32_t frame_size;
        uint32_t *free_places; /* a stack */
        uint32_t free_count;
        struct gal_frame *pool; /* memory of ended frames, linked by next_sibling */
        struct gal_frame *ready_first, *ready_last;
        struct gal_heap heap; /* frames by (deadline_ms, place) */
};

/* (transfer full) A new execution with nothing applied. `program` is shared. */
struct gal_execution *gal_execution_create(struct gal_program *program, const struct gal_identity *identity);
void gal_execution_destroy(struct gal_execution *execution); /* accepts NULL */

/*
 * Applies one record. Total: never evaluates, reads no clock, draws nothing. The record must be the next one of
 * this execution's history (asserted where it is cheap).
 */
void gal_execution_apply(struct gal_execution *execution, const struct gal_record *record);

/* The earliest time at which something is due; 0: nothing timed. */
int64_t gal_execution_wake_ms(const struct gal_execution *execution);
/* Frames that could go on at once: the step yielded. */
bool gal_execution_is_ready(const struct gal_execution *execution);
/* (transfer none) NULL when there is no such frame. */
struct gal_frame *gal_execution_frame(const struct gal_execution *execution, uint32_t place);
/* The place that the next new frame gets. */
uint32_t gal_execution_next_place(const struct gal_execution *execution);
/* (transfer none) The value of a variable as the frame sees it; NULL when it is not set. */
json_t *gal_frame_variable(const struct gal_frame *frame, const char *name);

/*
 * Whether two executions are the same in all that matters to what happens next; `ret_difference` (nullable) names
 * the first member that differs. For tests and `store check`.
 */
bool gal_execution_equal(const struct gal_execution *a, const struct gal_execution *b, const char **ret_difference);

#endif
