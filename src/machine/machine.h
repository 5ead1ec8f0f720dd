/*
 * machine.h: the interpreter: (program, execution, stimuli) -> (records, effects).
 *
 * Pure and deterministic: the same execution, stimuli and environment give the same records, byte for byte. It
 * changes the execution only by applying the records as it makes them. Nothing here knows of stores, clocks or
 * sockets; effects are data, and leave only after the records are committed.
 */
#ifndef GAL_MACHINE_MACHINE_H
#define GAL_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/payload.h"
#include "base/random.h"
#include "machine/execution.h"
#include "machine/record.h"

/* What this step knows of the world; stamped once, the same for all of the step. */
struct gal_env {
        int64_t now_ms;
        struct gal_random random;
        uint64_t events_max; /* 0: GAL_HISTORY_EVENTS_MAX; UINT64_MAX: no limit */
        /*
         * (transfer full) The token of a task attempt, unforgeable; `nonce` was drawn for it. NULL callback: the
         * nonce in hexadecimal.
         */
        char *(*make_token)(void *user, const struct gal_execution *execution, uint64_t scheduled_id,
                            const uint64_t nonce[2]);
        /* Whether an activity of that ARN is registered. NULL callback: none is. */
        bool (*activity_exists)(void *user, const char *activity_arn);
        void *user;
};

enum gal_stimulus_kind {
        GAL_STIMULUS_START,          /* `payload` is the input; the first one of an execution, and its only one */
        GAL_STIMULUS_TIME,           /* whatever is due by env.now_ms */
        GAL_STIMULUS_CONTINUE,       /* after a step that yielded */
        GAL_STIMULUS_TASK_STARTED,   /* the call went out, or a worker took it (`worker`) */
        GAL_STIMULUS_TASK_SUBMITTED, /* .sync and .waitForTaskToken: the call was accepted; `payload` is its
                                        response */
        GAL_STIMULUS_TASK_SUCCEEDED, /* `payload` is the result */
        GAL_STIMULUS_TASK_FAILED,    /* `error`, `cause`, either may be absent */
        GAL_STIMULUS_TASK_HEARTBEAT,
        GAL_STIMULUS_STOP, /* StopExecution: `error`, `cause`, either may be absent */
};

/* Borrowed for the step. A task's stimulus that names no open attempt is dropped: it came too late. */
struct gal_stimulus {
        enum gal_stimulus_kind kind;
        uint32_t frame;        /* of a task */
        uint64_t scheduled_id; /* of a task's attempt */
        struct gal_payload *payload;
        const char *error;
        const char *cause;
        const char *worker;
        /* (nullable) Of a task: set when it was taken, that is, not dropped. */
        bool *ret_taken;
};

enum gal_effect_kind {
        GAL_EFFECT_INVOKE, /* start the task attempt of the frame */
        GAL_EFFECT_CANCEL, /* the attempt is over: end what runs for it */
        GAL_EFFECT_FINISH, /* the execution is closed */
};

struct gal_effect {
        enum gal_effect_kind kind;
        uint32_t frame;
        uint64_t scheduled_id;
        uint32_t state;
        uint32_t attempt;          /* 0 for the first */
        struct gal_payload *input; /* (owned) of INVOKE */
};

/* The outcome of a step. Zero it before the first use; gal_step_clear() before each further one. */
struct gal_step {
        struct gal_records records;
        struct gal_effect *effects;
        size_t effect_count;
        size_t effect_size;
        bool yielded; /* a bound of one step was reached: go on with GAL_STIMULUS_CONTINUE */
};

void gal_step_clear(struct gal_step *step);
void gal_step_finish(struct gal_step *step);

/*
 * Takes the stimuli in their order, then runs on until every frame waits. The records in `step` have been applied.
 * `env` is not changed but for its random stream.
 */
void gal_machine_step(struct gal_execution *execution, const struct gal_stimulus *stimuli, size_t stimulus_count,
                      struct gal_env *env, struct gal_step *step);

/*
 * The effects that an execution waits for, as after a restart: an INVOKE for every open attempt that is not held by
 * a worker. `step` is cleared first.
 */
void gal_machine_reissue(struct gal_execution *execution, struct gal_step *step);

#endif
