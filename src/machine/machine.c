/*
 * machine.c: a step: stimuli first, each with its own events, then the frames that became ready take turns.
 */
#include "machine/machine.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/mutation.h"
#include "machine/turn.h"

/* Something that was due, as it was when the step began: a fault of one may take another away. */
struct due {
        uint32_t place;
        uint64_t entered_id;
        int64_t deadline_ms;
        enum gal_phase phase;
        bool heartbeat;
};

static int compare_due(const void *a, const void *b)
{
        const struct due *x = a, *y = b;

        if (x->deadline_ms != y->deadline_ms)
                return x->deadline_ms < y->deadline_ms ? -1 : 1;
        return (x->place > y->place) - (x->place < y->place);
}

static size_t collect_due(const struct gal_execution *execution, int64_t now_ms, struct due **ret_due)
{
        struct due *due = gal_new_array(execution->heap.count, struct due);
        size_t count = 0;

        for (uint32_t i = 1; i <= execution->heap.count; i++) {
                const struct gal_frame *frame = gal_container_of(execution->heap.nodes[i], struct gal_frame, due);
                int64_t heartbeat_ms = frame->attempt.heartbeat_deadline_ms;

                if (frame->deadline_ms > now_ms)
                        continue;
                due[count++] = (struct due){ .place = frame->place,
                                             .entered_id = frame->entered_id,
                                             .deadline_ms = frame->deadline_ms,
                                             .phase = frame->phase,
                                             .heartbeat = heartbeat_ms != 0 && heartbeat_ms == frame->deadline_ms };
        }
        qsort(due, count, sizeof(*due), compare_due);
        *ret_due = due;
        return count;
}

static void continue_due(struct gal_turn *turn, const struct due *due)
{
        struct gal_frame *frame = gal_execution_frame(turn->execution, due->place);

        if (frame == NULL || frame->entered_id != due->entered_id)
                return; /* a failing sibling took it away */
        switch (due->phase) {
        case GAL_PHASE_TASK:
                gal_task_timed_out_fault(turn, frame, due->heartbeat);
                return;
        case GAL_PHASE_WAITING:
                gal_turn_wait_over(turn, frame);
                return;
        case GAL_PHASE_BACKOFF:
                turn->transitions++;
                if (gal_turn_state(turn, frame)->kind == GAL_STATE_TASK)
                        gal_task_schedule(turn, frame);
                else
                        gal_children_start(turn, frame);
                return;
        case GAL_PHASE_READY:
        case GAL_PHASE_ENTERED:
        case GAL_PHASE_CHILDREN:
        case GAL_PHASE_ENDED:
                break;
        }
        gal_bug("phase of a due frame", due->phase);
}

/* At its very end, however late it is noticed (measured, section 12). */
static void time_out_execution(struct gal_turn *turn)
{
        int64_t deadline_ms = turn->execution->deadline_ms;
        struct gal_record *record;

        gal_turn_cancel_all(turn);
        record = gal_turn_begin(turn, GAL_EVENT_EXECUTION_TIMED_OUT, 0, 0);
        record->as.failure.error = gal_strdup("States.Timeout");
        if (deadline_ms > turn->execution->last_ms)
                record->time_ms = deadline_ms;
        gal_turn_end(turn, record);
        gal_turn_effect(turn, GAL_EFFECT_FINISH, NULL, 0, NULL);
}

/* All due timers are one group: first the event of each, then what follows from them (design, section 9). */
static void run_time(struct gal_turn *turn)
{
        const struct gal_execution *execution = turn->execution;
        struct due *due;
        size_t count;

        if (execution->deadline_ms != 0 && execution->deadline_ms <= turn->env->now_ms) {
                time_out_execution(turn);
                return;
        }
        count = collect_due(execution, turn->env->now_ms, &due);
        for (size_t i = 0; i < count && !gal_turn_is_over(turn); i++) {
                if (due[i].phase == GAL_PHASE_TASK)
                        gal_task_time_out(turn, gal_execution_frame(execution, due[i].place));
        }
        for (size_t i = 0; i < count && !gal_turn_is_over(turn); i++) {
                continue_due(turn, &due[i]);
                if (GAL_MUTATED(TIMER_TWICE) && !gal_turn_is_over(turn))
                        continue_due(turn, &due[i]);
        }
        free(due);
}

static int64_t execution_deadline(const struct gal_program *program, int64_t start_ms)
{
        int64_t seconds = program->timeout_seconds;

        if (seconds == 0 || seconds > GAL_EXECUTION_SECONDS_MAX)
                seconds = GAL_EXECUTION_SECONDS_MAX;
        return start_ms + seconds * 1000;
}

static void run_start(struct gal_turn *turn, struct gal_payload *input)
{
        struct gal_record *record;

        gal_assert(turn->execution->last_id == 0);
        record = gal_turn_begin(turn, GAL_EVENT_EXECUTION_STARTED, 0, 0);
        record->as.started.input = gal_payload_ref(input);
        record->as.started.deadline_ms = execution_deadline(turn->execution->program, record->time_ms);
        gal_turn_end(turn, record);
}

/* Nothing is written for what was running (recordings: sfn_api.stop_execution). */
static void run_stop(struct gal_turn *turn, const struct gal_stimulus *stimulus)
{
        gal_turn_cancel_all(turn);
        gal_turn_emit_failure(turn, GAL_EVENT_EXECUTION_ABORTED, NULL, 0, stimulus->error, stimulus->cause);
        gal_turn_effect(turn, GAL_EFFECT_FINISH, NULL, 0, NULL);
}

static void run_stimulus(struct gal_turn *turn, const struct gal_stimulus *stimulus)
{
        switch (stimulus->kind) {
        case GAL_STIMULUS_START:
                run_start(turn, stimulus->payload);
                return;
        case GAL_STIMULUS_TIME:
                run_time(turn);
                return;
        case GAL_STIMULUS_CONTINUE:
                return;
        case GAL_STIMULUS_TASK_STARTED:
        case GAL_STIMULUS_TASK_SUBMITTED:
        case GAL_STIMULUS_TASK_SUCCEEDED:
        case GAL_STIMULUS_TASK_FAILED:
        case GAL_STIMULUS_TASK_HEARTBEAT:
                gal_task_stimulus(turn, stimulus);
                return;
        case GAL_STIMULUS_STOP:
                run_stop(turn, stimulus);
                return;
        }
        gal_bug("stimulus", stimulus->kind);
}

void gal_machine_step(struct gal_execution *execution, const struct gal_stimulus *stimuli, size_t stimulus_count,
                      struct gal_env *env, struct gal_step *step)
{
        struct gal_turn turn = { .execution = execution, .env = env, .step = step };

        for (size_t i = 0; i < stimulus_count && !gal_turn_is_over(&turn); i++)
                run_stimulus(&turn, &stimuli[i]);
        while (gal_execution_is_ready(execution) && gal_turn_may_go_on(&turn))
                gal_turn_enter(&turn, execution->ready_first);
        step->yielded = gal_execution_is_ready(execution);
}

void gal_machine_reissue(struct gal_execution *execution, struct gal_step *step)
{
        struct gal_turn turn = { .execution = execution, .step = step };

        gal_step_clear(step);
        for (uint32_t i = 0; i < execution->frame_count; i++) {
                const struct gal_frame *frame = execution->frames[i];

                if (frame == NULL || frame->attempt.scheduled_id == 0 || frame->attempt.submitted)
                        continue;
                if (gal_turn_state(&turn, frame)->as.task.resource_kind == GAL_RESOURCE_ACTIVITY &&
                    frame->attempt.started)
                        continue; /* its worker has it */
                gal_turn_effect(&turn, GAL_EFFECT_INVOKE, frame, frame->attempt.scheduled_id, frame->attempt.input);
        }
}
