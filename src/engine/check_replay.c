/*
 * check_replay.c: see check_replay.h. The conditions are those that apply.c takes for granted.
 */
#include "engine/check_replay.h"

#include "base/assert.h"

static const struct gal_state *state_of(const struct gal_execution *execution, const struct gal_frame *frame)
{
        return frame->state < execution->program->state_count ? &execution->program->states[frame->state] : NULL;
}

static bool is_in(const struct gal_execution *execution, const struct gal_frame *frame, enum gal_state_kind kind)
{
        const struct gal_state *state = state_of(execution, frame);

        return state != NULL && state->kind == kind;
}

static const char *check_time_and_id(const struct gal_execution *execution, const struct gal_record *record)
{
        if (execution->status != GAL_EXECUTION_RUNNING)
                return "it follows the end of the execution";
        if (record->time_ms < execution->last_ms)
                return "it is earlier than the one before";
        if (gal_event_is_internal(record->type))
                return NULL;
        if (record->id != execution->last_id + 1)
                return "its id does not follow the one before";
        return record->previous_id < record->id ? NULL : "its previousEventId is no earlier event";
}

static const char *check_iteration_started(const struct gal_execution *execution, const struct gal_record *record)
{
        const struct gal_frame *parent = gal_execution_frame(execution, record->as.iteration.parent);

        if (parent == NULL || !is_in(execution, parent, GAL_STATE_MAP) || parent->phase != GAL_PHASE_CHILDREN)
                return "there is no Map that it is an iteration of";
        if (record->as.iteration.index >= parent->children.count)
                return "the Map has fewer items";
        return gal_execution_next_place(execution) == record->frame ? NULL : "its frame is not the next one";
}

static const char *check_child_ended(const struct gal_frame *child)
{
        if (child->parent == NULL)
                return "its frame is no child";
        if (child->phase != GAL_PHASE_ENDED)
                return "its frame has not ended";
        if (child->index >= child->parent->children.count)
                return "its frame's parent has fewer children";
        return child->parent->children.results[child->index] == NULL ? NULL : "it has ended before";
}

static const char *check_children(const struct gal_execution *execution, const struct gal_frame *frame,
                                  const struct gal_record *record)
{
        bool is_map = record->type == GAL_EVENT_MAP_STATE_STARTED;

        /* After a retry's pause it begins again. */
        if ((frame->phase != GAL_PHASE_ENTERED && frame->phase != GAL_PHASE_BACKOFF) ||
            !is_in(execution, frame, is_map ? GAL_STATE_MAP : GAL_STATE_PARALLEL))
                return "its frame is in no such state";
        return !is_map || json_is_array(record->as.children.items->value) ? NULL : "it has no items";
}

static const char *check_retry(const struct gal_execution *execution, const struct gal_frame *frame,
                               const struct gal_record *record)
{
        const struct gal_state *state = state_of(execution, frame);

        return state != NULL && record->as.retry.retrier < state->retrier_count ? NULL
                                                                                : "its state has no such retrier";
}

static const char *check_attempt(const struct gal_frame *frame)
{
        return frame->phase == GAL_PHASE_TASK && frame->attempt.scheduled_id != 0 ? NULL
                                                                                  : "no task attempt is open";
}

static const char *check_in_frame(const struct gal_execution *execution, const struct gal_frame *frame,
                                  const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_ENTERED:
                return frame->phase == GAL_PHASE_READY ? NULL : "its frame is not about to enter a state";
        case GAL_SHAPE_EXITED:
                return frame->phase != GAL_PHASE_READY && frame->phase != GAL_PHASE_ENDED
                               ? NULL
                               : "its frame is in no state";
        case GAL_SHAPE_SCHEDULED:
                return is_in(execution, frame, GAL_STATE_TASK) ? NULL : "its frame is in no Task";
        case GAL_SHAPE_TASK_STARTED:
        case GAL_SHAPE_SUBMITTED:
                return check_attempt(frame);
        case GAL_SHAPE_CHILDREN:
                return check_children(execution, frame, record);
        case GAL_SHAPE_RETRY:
                return check_retry(execution, frame, record);
        case GAL_SHAPE_DEADLINE:
                return record->type == GAL_EVENT_TASK_HEARTBEAT ? check_attempt(frame) : NULL;
        case GAL_SHAPE_OUTPUT:
        case GAL_SHAPE_FAILURE:
                if (record->type <= GAL_EVENT_EXECUTION_TIMED_OUT)
                        return frame->parent == NULL ? NULL : "its frame is not the execution's own";
                return check_attempt(frame);
        case GAL_SHAPE_ITERATION:
                return record->type == GAL_EVENT_MAP_ITERATION_SUCCEEDED ? check_child_ended(frame) : NULL;
        case GAL_SHAPE_NONE:
                return record->type == GAL_EVENT_BRANCH_ENDED ? check_child_ended(frame) : NULL;
        case GAL_SHAPE_STARTED:
                return "the execution has started before";
        }
        gal_bug("event shape", gal_event_infos[record->type].shape);
}

const char *gal_check_record(const struct gal_execution *execution, const struct gal_record *record)
{
        const struct gal_frame *frame = gal_execution_frame(execution, record->frame);
        const char *fault = check_time_and_id(execution, record);

        if (fault != NULL)
                return fault;
        if (record->type == GAL_EVENT_EXECUTION_STARTED)
                return execution->last_id == 0 && execution->frame_count == 0 ? NULL
                                                                              : "the execution has started before";
        if (record->type == GAL_EVENT_MAP_ITERATION_STARTED)
                return check_iteration_started(execution, record);
        return frame != NULL ? check_in_frame(execution, frame, record) : "its frame is not there";
}

/* Between two commits, every frame rests in one of these ways. */
static const char *check_frame(const struct gal_frame *frame)
{
        switch (frame->phase) {
        case GAL_PHASE_READY:
                return NULL;
        case GAL_PHASE_WAITING:
        case GAL_PHASE_BACKOFF:
                return frame->deadline_ms != 0 ? NULL : "a frame waits for a time that is not set";
        case GAL_PHASE_TASK:
                return frame->attempt.scheduled_id != 0 ? NULL : "a frame waits for a task that is not there";
        case GAL_PHASE_CHILDREN:
                return frame->children.first != NULL ? NULL : "a frame waits for children that are not there";
        case GAL_PHASE_ENTERED:
        case GAL_PHASE_ENDED:
                return "a frame rests in the middle of a step";
        }
        gal_bug("phase", frame->phase);
}

const char *gal_check_wait(const struct gal_execution *execution)
{
        if (execution->status != GAL_EXECUTION_RUNNING)
                return NULL;
        if (execution->last_id == 0)
                return "it has not started";
        for (uint32_t i = 0; i < execution->frame_count; i++) {
                const char *fault = execution->frames[i] == NULL ? NULL : check_frame(execution->frames[i]);

                if (fault != NULL)
                        return fault;
        }
        return NULL;
}

const struct gal_task *gal_check_waits_for_worker(const struct gal_execution *execution,
                                                  const struct gal_frame *frame)
{
        const struct gal_task *task;

        if (frame == NULL || frame->phase != GAL_PHASE_TASK || frame->attempt.started)
                return NULL;
        task = &execution->program->states[frame->state].as.task;
        return task->resource_kind == GAL_RESOURCE_ACTIVITY ? task : NULL;
}
