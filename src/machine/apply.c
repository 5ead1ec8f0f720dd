/*
 * apply.c: one record changes the execution. The only code that writes to it.
 *
 * Trap: nothing here may fail, evaluate or look outside the record and the execution; a replay runs exactly this.
 */
#include "machine/execution.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "machine/execution_internal.h"

static void apply_started(struct gal_execution *execution, const struct gal_record *record)
{
        struct gal_frame *root = gal_frame_add(execution, NULL, 0, 0);

        gal_assert(root->place == 0);
        execution->input = gal_payload_ref(record->as.started.input);
        execution->started_ms = record->time_ms;
        execution->deadline_ms = record->as.started.deadline_ms;
        root->state = execution->program->graphs[0].start;
        gal_frame_set_input(root, record->as.started.input);
        gal_ready_push(execution, root);
}

/* The memory of frames stays until the execution is destroyed: code further up the stack may still look at one. */
static void apply_stopped(struct gal_execution *execution, const struct gal_record *record,
                          enum gal_execution_status status)
{
        execution->status = status;
        execution->stopped_ms = record->time_ms;
        if (status == GAL_EXECUTION_SUCCEEDED) {
                execution->output = gal_payload_ref(record->as.output.output);
        } else if (status != GAL_EXECUTION_TIMED_OUT) { /* its error is in the event only (measured, section 12) */
                execution->error = gal_strdup(record->as.failure.error);
                execution->cause = gal_strdup(record->as.failure.cause);
        }
        gal_frame_remove(execution, execution->frames[0]);
}

static void apply_entered(struct gal_execution *execution, struct gal_frame *frame, const struct gal_record *record)
{
        gal_assert(frame->phase == GAL_PHASE_READY);
        gal_ready_remove(execution, frame);
        frame->phase = GAL_PHASE_ENTERED;
        frame->state = record->state;
        gal_frame_set_input(frame, record->as.entered.input);
        frame->entered_id = record->id;
        frame->entered_ms = record->time_ms;
        frame->previous_id = record->id;
}

static void assign_variables(struct gal_execution *execution, struct gal_frame *frame, json_t *assigned)
{
        const char *name;
        json_t *value;

        if (assigned == NULL || json_object_size(assigned) == 0)
                return;
        if (frame->variables == NULL)
                frame->variables = gal_need(json_object());
        json_object_foreach(assigned, name, value)
        {
                json_t *old = json_object_get(frame->variables, name);

                if (old != NULL)
                        execution->variables_size -= gal_json_size(old, SIZE_MAX);
                execution->variables_size += gal_json_size(value, SIZE_MAX);
                if (json_object_set_nocheck(frame->variables, name, value) != 0)
                        gal_bug("out of memory", 0);
        }
}

static void apply_exited(struct gal_execution *execution, struct gal_frame *frame, const struct gal_record *record)
{
        gal_frame_clear_children(execution, frame);
        gal_frame_clear_attempt(frame);
        gal_frame_set_deadline(execution, frame, 0);
        free(frame->retries); /* counted for the retriers of the state that is left */
        frame->retries = NULL;
        frame->retry_count = 0;
        assign_variables(execution, frame, record->as.exited.assigned);
        gal_frame_set_input(frame, record->as.exited.output);
        frame->previous_id = record->id;
        frame->state = record->as.exited.next;
        if (frame->state == GAL_STATE_NONE)
                frame->phase = GAL_PHASE_ENDED;
        else
                gal_ready_push(execution, frame);
}

static void apply_scheduled(struct gal_execution *execution, struct gal_frame *frame,
                            const struct gal_record *record)
{
        gal_frame_set_deadline(execution, frame, 0);
        gal_frame_clear_attempt(frame);
        frame->phase = GAL_PHASE_TASK;
        frame->previous_id = record->id;
        frame->attempt.scheduled_id = record->id;
        frame->attempt.scheduled_ms = record->type == GAL_EVENT_ACTIVITY_SCHEDULED ? record->time_ms : 0;
        frame->attempt.input = gal_payload_ref(record->as.scheduled.input);
        frame->attempt.token = gal_strdup(record->as.scheduled.token);
        frame->attempt.timeout_seconds = record->as.scheduled.timeout_seconds;
        frame->attempt.heartbeat_seconds = record->as.scheduled.heartbeat_seconds;
}

static int64_t earlier(int64_t a, int64_t b)
{
        if (a == 0 || b == 0)
                return a + b;
        return a < b ? a : b;
}

static void set_attempt_deadlines(struct gal_execution *execution, struct gal_frame *frame, int64_t deadline_ms,
                                  int64_t heartbeat_deadline_ms)
{
        frame->attempt.deadline_ms = deadline_ms;
        frame->attempt.heartbeat_deadline_ms = heartbeat_deadline_ms;
        gal_frame_set_deadline(execution, frame, earlier(deadline_ms, heartbeat_deadline_ms));
}

static void apply_task_started(struct gal_execution *execution, struct gal_frame *frame,
                               const struct gal_record *record)
{
        frame->attempt.started = true;
        frame->previous_id = record->id;
        set_attempt_deadlines(execution, frame, record->as.task_started.deadline_ms,
                              record->as.task_started.heartbeat_deadline_ms);
}

static void apply_task_ended(struct gal_execution *execution, struct gal_frame *frame,
                             const struct gal_record *record)
{
        gal_frame_clear_attempt(frame);
        gal_frame_set_deadline(execution, frame, 0);
        frame->phase = GAL_PHASE_ENTERED;
        frame->previous_id = record->id;
}

static struct gal_frame *add_child(struct gal_execution *execution, struct gal_frame *parent, uint32_t graph,
                                   uint32_t index, uint64_t previous_id, struct gal_payload *input)
{
        struct gal_frame *child = gal_frame_add(execution, parent, graph, index);

        child->state = execution->program->graphs[graph].start;
        child->previous_id = previous_id;
        gal_frame_set_input(child, input);
        gal_ready_push(execution, child);
        parent->children.started++;
        return child;
}

static void start_children(struct gal_execution *execution, struct gal_frame *frame,
                           const struct gal_record *record, uint32_t count)
{
        gal_frame_clear_children(execution, frame);
        gal_frame_set_deadline(execution, frame, 0);
        frame->phase = GAL_PHASE_CHILDREN;
        frame->previous_id = record->id;
        frame->children.input = gal_payload_ref(record->as.children.input);
        frame->children.items = gal_payload_ref(record->as.children.items);
        frame->children.concurrency = record->as.children.concurrency;
        frame->children.count = count;
        frame->children.results = gal_new_array(count, struct gal_payload *);
}

static void apply_parallel_started(struct gal_execution *execution, struct gal_frame *frame,
                                   const struct gal_record *record)
{
        const struct gal_parallel *parallel = &execution->program->states[frame->state].as.parallel;

        start_children(execution, frame, record, (uint32_t)parallel->branch_count);
        for (uint32_t i = 0; i < parallel->branch_count; i++)
                add_child(execution, frame, parallel->branches[i], i, record->id, record->as.children.input);
}

static void apply_iteration_started(struct gal_execution *execution, const struct gal_record *record)
{
        struct gal_frame *parent = gal_execution_frame(execution, record->as.iteration.parent);
        const struct gal_map *map = &execution->program->states[parent->state].as.map;
        struct gal_frame *child = add_child(execution, parent, map->processor, record->as.iteration.index,
                                            record->id, record->as.iteration.input);

        gal_assert(child->place == record->frame);
}

/* A branch or an iteration is over: its output waits in its parent, its frame goes. */
static void end_child(struct gal_execution *execution, struct gal_frame *child, uint64_t link)
{
        struct gal_frame *parent = child->parent;

        gal_assert(child->phase == GAL_PHASE_ENDED);
        gal_assert(child->index < parent->children.count);
        parent->children.results[child->index] = gal_payload_ref(child->input);
        parent->children.ended++;
        parent->previous_id = link;
        gal_frame_remove(execution, child);
}

/* The last MapIterationSucceeded is what the Map goes on from; the others never become a predecessor. */
static bool is_last_child(const struct gal_frame *child)
{
        return child->parent->children.ended + 1 == child->parent->children.count;
}

static void apply_retry_scheduled(struct gal_execution *execution, struct gal_frame *frame,
                                  const struct gal_record *record)
{
        const struct gal_state *state = &execution->program->states[frame->state];

        gal_frame_clear_children(execution, frame);
        gal_frame_clear_attempt(frame);
        if (frame->retries == NULL)
                frame->retries = gal_new_array(state->retrier_count, uint32_t);
        frame->retries[record->as.retry.retrier]++;
        frame->retry_count++;
        frame->phase = GAL_PHASE_BACKOFF;
        frame->previous_id = record->previous_id;
        gal_frame_set_deadline(execution, frame, record->as.retry.deadline_ms);
}

static void apply_children_failed(struct gal_execution *execution, struct gal_frame *frame,
                                  const struct gal_record *record)
{
        gal_frame_clear_children(execution, frame);
        frame->phase = GAL_PHASE_ENTERED;
        frame->previous_id = record->id;
}

static void apply_to_frame(struct gal_execution *execution, struct gal_frame *frame,
                           const struct gal_record *record)
{
        switch (record->type) {
        case GAL_EVENT_EXECUTION_STARTED:
                apply_started(execution, record);
                return;
        case GAL_EVENT_EXECUTION_SUCCEEDED:
                apply_stopped(execution, record, GAL_EXECUTION_SUCCEEDED);
                return;
        case GAL_EVENT_EXECUTION_FAILED:
                apply_stopped(execution, record, GAL_EXECUTION_FAILED);
                return;
        case GAL_EVENT_EXECUTION_ABORTED:
                apply_stopped(execution, record, GAL_EXECUTION_ABORTED);
                return;
        case GAL_EVENT_EXECUTION_TIMED_OUT:
                apply_stopped(execution, record, GAL_EXECUTION_TIMED_OUT);
                return;
        case GAL_EVENT_PASS_STATE_ENTERED:
        case GAL_EVENT_TASK_STATE_ENTERED:
        case GAL_EVENT_CHOICE_STATE_ENTERED:
        case GAL_EVENT_WAIT_STATE_ENTERED:
        case GAL_EVENT_SUCCEED_STATE_ENTERED:
        case GAL_EVENT_FAIL_STATE_ENTERED:
        case GAL_EVENT_PARALLEL_STATE_ENTERED:
        case GAL_EVENT_MAP_STATE_ENTERED:
                apply_entered(execution, frame, record);
                return;
        case GAL_EVENT_PASS_STATE_EXITED:
        case GAL_EVENT_TASK_STATE_EXITED:
        case GAL_EVENT_CHOICE_STATE_EXITED:
        case GAL_EVENT_WAIT_STATE_EXITED:
        case GAL_EVENT_SUCCEED_STATE_EXITED:
        case GAL_EVENT_PARALLEL_STATE_EXITED:
        case GAL_EVENT_MAP_STATE_EXITED:
                apply_exited(execution, frame, record);
                return;
        case GAL_EVENT_LAMBDA_FUNCTION_SCHEDULED:
        case GAL_EVENT_TASK_SCHEDULED:
        case GAL_EVENT_ACTIVITY_SCHEDULED:
                apply_scheduled(execution, frame, record);
                return;
        case GAL_EVENT_LAMBDA_FUNCTION_STARTED:
        case GAL_EVENT_TASK_STARTED:
        case GAL_EVENT_ACTIVITY_STARTED:
                apply_task_started(execution, frame, record);
                return;
        case GAL_EVENT_TASK_SUBMITTED:
                frame->attempt.submitted = true;
                frame->previous_id = record->id;
                set_attempt_deadlines(execution, frame, frame->attempt.deadline_ms,
                                      record->as.submitted.heartbeat_deadline_ms);
                return;
        case GAL_EVENT_TASK_HEARTBEAT:
                set_attempt_deadlines(execution, frame, frame->attempt.deadline_ms,
                                      record->as.deadline.deadline_ms);
                return;
        case GAL_EVENT_LAMBDA_FUNCTION_SUCCEEDED:
        case GAL_EVENT_LAMBDA_FUNCTION_FAILED:
        case GAL_EVENT_LAMBDA_FUNCTION_TIMED_OUT:
        case GAL_EVENT_TASK_SUCCEEDED:
        case GAL_EVENT_TASK_FAILED:
        case GAL_EVENT_TASK_TIMED_OUT:
        case GAL_EVENT_ACTIVITY_SUCCEEDED:
        case GAL_EVENT_ACTIVITY_FAILED:
        case GAL_EVENT_ACTIVITY_TIMED_OUT:
                apply_task_ended(execution, frame, record);
                return;
        case GAL_EVENT_PARALLEL_STATE_STARTED:
                apply_parallel_started(execution, frame, record);
                return;
        case GAL_EVENT_MAP_STATE_STARTED:
                start_children(execution, frame, record,
                               (uint32_t)json_array_size(record->as.children.items->value));
                return;
        case GAL_EVENT_MAP_ITERATION_STARTED:
                apply_iteration_started(execution, record);
                return;
        case GAL_EVENT_MAP_ITERATION_SUCCEEDED:
                end_child(execution, frame, is_last_child(frame) ? record->id : record->previous_id);
                return;
        case GAL_EVENT_BRANCH_ENDED:
                end_child(execution, frame, frame->previous_id);
                return;
        case GAL_EVENT_PARALLEL_STATE_FAILED:
        case GAL_EVENT_MAP_STATE_FAILED:
                apply_children_failed(execution, frame, record);
                return;
        case GAL_EVENT_RETRY_SCHEDULED:
                apply_retry_scheduled(execution, frame, record);
                return;
        case GAL_EVENT_WAIT_SCHEDULED:
                frame->phase = GAL_PHASE_WAITING;
                gal_frame_set_deadline(execution, frame, record->as.deadline.deadline_ms);
                return;
        /* They have a predecessor and never become one; what ends here is taken out by the record that follows. */
        case GAL_EVENT_PARALLEL_STATE_SUCCEEDED:
        case GAL_EVENT_MAP_STATE_SUCCEEDED:
        case GAL_EVENT_MAP_ITERATION_FAILED:
        case GAL_EVENT_MAP_ITERATION_ABORTED:
        case GAL_EVENT_PARALLEL_STATE_ABORTED:
        case GAL_EVENT_MAP_STATE_ABORTED:
        case GAL_EVENT_WAIT_STATE_ABORTED:
                return;
        case GAL_EVENT_TASK_STATE_ABORTED:
                gal_frame_clear_attempt(frame);
                gal_frame_set_deadline(execution, frame, 0);
                return;
        case GAL_EVENT_COUNT:
                break;
        }
        gal_bug("record type", record->type);
}

void gal_execution_apply(struct gal_execution *execution, const struct gal_record *record)
{
        struct gal_frame *frame = gal_execution_frame(execution, record->frame);

        gal_assert(execution->status == GAL_EXECUTION_RUNNING);
        gal_assert(record->time_ms >= execution->last_ms);
        execution->last_ms = record->time_ms;
        if (!gal_event_is_internal(record->type)) {
                gal_assert(record->id == execution->last_id + 1);
                execution->last_id = record->id;
        }
        if (record->type != GAL_EVENT_EXECUTION_STARTED && record->type != GAL_EVENT_MAP_ITERATION_STARTED)
                gal_assert(frame != NULL);
        apply_to_frame(execution, frame, record);
}
