/*
 * turn.h: what the files of `decide` share: the step being made, the emission of records, the ways out of a state.
 *
 * A turn is one frame's stay in one state, as far as it gets without the outside. Functions that end a turn
 * (gal_turn_fail, gal_turn_finish, gal_turn_exit) may free the frame: their callers return at once.
 */
#ifndef GAL_MACHINE_TURN_H
#define GAL_MACHINE_TURN_H

#include "base/limits.h"
#include "definition/program.h"
#include "expr/scope.h"
#include "machine/machine.h"

struct gal_turn {
        struct gal_execution *execution;
        struct gal_env *env;
        struct gal_step *step;
        uint32_t transitions;
        size_t size;     /* of the inputs and outputs of states, in bytes */
        uint64_t visits; /* of nodes by paths */
        /* The frame that leaves its state through a catcher: a fault on that way is not for its own handlers again.
         */
        const struct gal_frame *leaving;
};

/* Why a state failed, on its way to a retrier, a catcher or the end of the execution. */
struct gal_fault {
        const char *error; /* NULL: absent */
        const char *cause; /* NULL: absent */
        bool fatal;        /* no retrier and no catcher takes it: States.Runtime, an oversized output */
        bool timed_out;    /* States.Timeout by a missed heartbeat also answers to States.HeartbeatTimeout */
        bool of_task;      /* an attempt failed: TaskStateAborted follows in a branch or iteration */
};

static inline const struct gal_state *gal_turn_state(const struct gal_turn *turn, const struct gal_frame *frame)
{
        return &turn->execution->program->states[frame->state];
}

/* A step that has gone far enough yields. */
static inline bool gal_turn_may_go_on(const struct gal_turn *turn)
{
        return turn->transitions < GAL_STEP_TRANSITIONS_MAX && turn->size < GAL_STEP_SIZE_MAX &&
               turn->visits < GAL_PATH_VISITS_MAX;
}

static inline bool gal_turn_is_over(const struct gal_turn *turn)
{
        return turn->execution->status != GAL_EXECUTION_RUNNING;
}

/* Whether the history takes an event of that kind; else the execution fails with it. */
bool gal_turn_has_room(const struct gal_turn *turn, enum gal_event_type type);
/*
 * Emission in two halves: begin gives a record to fill (type, frame, link and time are set), end applies it.
 * begin returns NULL when the execution has ended, also when this very event was one too many.
 */
struct gal_record *gal_turn_begin(struct gal_turn *turn, enum gal_event_type type, uint32_t frame, uint64_t link);
void gal_turn_end(struct gal_turn *turn, struct gal_record *record);
/* Both at once, for records without details. False when the execution has ended. */
bool gal_turn_emit(struct gal_turn *turn, enum gal_event_type type, const struct gal_frame *frame, uint64_t link);
/* (transfer full) Cut at a character to what the API can show; NULL stays NULL. */
char *gal_turn_bounded_text(const char *text, size_t characters_max);
/* An event with error and cause, both copied. */
bool gal_turn_emit_failure(struct gal_turn *turn, enum gal_event_type type, const struct gal_frame *frame,
                           uint64_t link, const char *error, const char *cause);
/* `frame` is NULL for FINISH. Stores `input` (shared, nullable) for INVOKE. */
void gal_turn_effect(struct gal_turn *turn, enum gal_effect_kind kind, const struct gal_frame *frame,
                     uint64_t scheduled_id, struct gal_payload *input);
/* CANCEL for an open attempt of the frame, if there is one. */
void gal_turn_cancel(struct gal_turn *turn, const struct gal_frame *frame);
void gal_turn_cancel_all(struct gal_turn *turn); /* of every frame: the execution ends */
/* Ends the execution with ExecutionFailed. */
void gal_turn_fail_execution(struct gal_turn *turn, uint64_t link, const char *error, const char *cause);

/* states.c */
void gal_turn_enter(struct gal_turn *turn, struct gal_frame *frame);
void gal_turn_wait_over(struct gal_turn *turn, struct gal_frame *frame);

/* task.c */
void gal_task_schedule(struct gal_turn *turn, struct gal_frame *frame);
void gal_task_stimulus(struct gal_turn *turn, const struct gal_stimulus *stimulus);
/* Records the TimedOut event of an attempt whose time is over. */
void gal_task_time_out(struct gal_turn *turn, struct gal_frame *frame);
void gal_task_timed_out_fault(struct gal_turn *turn, struct gal_frame *frame, bool heartbeat);

/* children.c */
void gal_children_start(struct gal_turn *turn, struct gal_frame *frame);
/* The frame of a branch or iteration, or the root, has left its last state. */
void gal_frame_ended(struct gal_turn *turn, struct gal_frame *frame);

/* Towards the bound of a step; the size is mostly known already, and never more than a few times the true one. */
static inline void gal_turn_count(struct gal_turn *turn, struct gal_payload *payload)
{
        turn->size += gal_payload_exceeds(payload, GAL_PAYLOAD_SIZE_MAX) ? GAL_PAYLOAD_SIZE_MAX : payload->size_max;
}

/* outcome.c: the ways out of a state; each may free the frame. */
/* After the work of Task, Parallel, Map, Pass: ResultSelector, Assign, ResultPath, OutputPath. */
void gal_turn_finish(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *result);
/*
 * Leaves the state with `output`, going to `next`. `assign` (nullable) is evaluated over `assign_input`.
 */
void gal_turn_exit(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *output,
                   const struct gal_template *assign, json_t *assign_input, uint32_t next);
void gal_turn_fail(struct gal_turn *turn, struct gal_frame *frame, const struct gal_fault *fault);
/* An evaluation failed: adds the prefix that names the state, once, and fails. Finishes `failure`. */
void gal_turn_fail_evaluation(struct gal_turn *turn, struct gal_frame *frame, struct gal_failure *failure);
/* States.Runtime with the prefix. */
void gal_turn_fail_runtime(struct gal_turn *turn, struct gal_frame *frame, const char *format, ...)
        GAL_PRINTF(3, 4);
/* States.DataLimitExceeded of the state itself: "returned a result" or "provided parameters". */
void gal_turn_fail_size(struct gal_turn *turn, struct gal_frame *frame, const char *what);

/* dataflow.c: evaluation in the scope of a frame. False: the turn has failed and the frame may be gone. */
struct gal_turn_scope {
        struct gal_scope scope;
        struct gal_turn *turn;
        struct gal_frame *frame;
        struct gal_budget budget;
        json_t *context;   /* made at first use */
        const char *token; /* of the attempt about to be scheduled; NULL: none */
        json_t *item;      /* ItemSelector: the item about to be started; NULL: none */
        uint32_t item_index;
};

void gal_turn_scope_init(struct gal_turn_scope *scope, struct gal_turn *turn, struct gal_frame *frame,
                         json_t *input);
void gal_turn_scope_finish(struct gal_turn_scope *scope);
/* `ret_payload` (transfer full). Shares `input` when the field is absent; `{}` for null. */
bool gal_turn_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_path_field *field,
                   struct gal_payload *input, struct gal_payload **ret_payload);
/* InputPath, then Parameters. */
bool gal_turn_effective_input(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload **ret_payload);
/* A literal or a path that must give a whole number from `minimum`; absent: `fallback`. `name` as in
 * "TimeoutSecondsPath". */
bool gal_turn_number(struct gal_turn *turn, struct gal_frame *frame, const struct gal_number_field *field,
                     const char *name, json_t *input, int64_t minimum, int64_t fallback, int64_t *ret_number);

/* choice.c */
/* GAL_OK with `ret_rule` NULL when no rule matches. GAL_EFAILED with `failure`. */
enum gal_status gal_choice_decide(const struct gal_choice *choice, const struct gal_scope *scope,
                                  const struct gal_choice_rule **ret_rule, struct gal_failure *failure);

#endif
