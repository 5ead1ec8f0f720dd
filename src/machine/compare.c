/*
 * compare.c: whether two executions are the same in all that matters to what happens next.
 *
 * Every replay test and `store check` lean on it, so a member of an execution that is not looked at here is a
 * member that a snapshot may lose unnoticed. Left out on purpose: sizes of arrays, the layout of the deadline heap
 * (its order is by deadline and place), and what a frame between two states still holds of the last one.
 */
#include "machine/execution.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

static bool is_same_text(const char *a, const char *b)
{
        if (a == NULL || b == NULL)
                return a == b;
        return strcmp(a, b) == 0;
}

/* By text: 1 is not 1.0 here, and the order of keys counts, for both are seen in the output. */
static bool is_same_value(const json_t *a, const json_t *b)
{
        gal_auto_free char *a_text = NULL, *b_text = NULL;
        size_t a_len = 0, b_len = 0;

        if (a == b || a == NULL || b == NULL)
                return a == b;
        a_text = gal_json_text(a, &a_len);
        b_text = gal_json_text(b, &b_len);
        if (a_text == NULL || b_text == NULL) /* nested too deep to be written */
                return gal_json_equal(a, b);
        return a_len == b_len && memcmp(a_text, b_text, a_len) == 0;
}

static bool is_same_payload(const struct gal_payload *a, const struct gal_payload *b)
{
        if (a == b || a == NULL || b == NULL)
                return a == b;
        return is_same_value(a->value, b->value);
}

static bool are_same_variables(json_t *a, json_t *b)
{
        const char *name;
        json_t *value;

        if (json_object_size(a) != json_object_size(b))
                return false;
        json_object_foreach(a, name, value)
        {
                if (!is_same_value(value, json_object_get(b, name)))
                        return false;
        }
        return true;
}

static const char *attempt_difference(const struct gal_attempt *a, const struct gal_attempt *b)
{
        if (a->scheduled_id != b->scheduled_id)
                return "attempt.scheduled_id";
        if (!is_same_payload(a->input, b->input))
                return "attempt.input";
        if (!is_same_text(a->token, b->token))
                return "attempt.token";
        if (a->started != b->started)
                return "attempt.started";
        if (a->submitted != b->submitted)
                return "attempt.submitted";
        if (a->timeout_seconds != b->timeout_seconds)
                return "attempt.timeout_seconds";
        if (a->heartbeat_seconds != b->heartbeat_seconds)
                return "attempt.heartbeat_seconds";
        if (a->deadline_ms != b->deadline_ms)
                return "attempt.deadline_ms";
        if (a->scheduled_ms != b->scheduled_ms)
                return "attempt.scheduled_ms";
        if (a->heartbeat_deadline_ms != b->heartbeat_deadline_ms)
                return "attempt.heartbeat_deadline_ms";
        return NULL;
}

static bool are_same_running(const struct gal_frame *a, const struct gal_frame *b)
{
        while (a != NULL && b != NULL && a->place == b->place) {
                a = a->next_sibling;
                b = b->next_sibling;
        }
        return a == NULL && b == NULL;
}

static const char *children_difference(const struct gal_children *a, const struct gal_children *b)
{
        if (a->count != b->count)
                return "children.count";
        if (a->started != b->started)
                return "children.started";
        if (a->ended != b->ended)
                return "children.ended";
        if (a->concurrency != b->concurrency)
                return "children.concurrency";
        if (!is_same_payload(a->input, b->input))
                return "children.input";
        if (!is_same_payload(a->items, b->items))
                return "children.items";
        for (uint32_t i = 0; i < a->count; i++) {
                if (!is_same_payload(a->results[i], b->results[i]))
                        return "children.results";
        }
        if (!are_same_running(a->first, b->first))
                return "children.first";
        return NULL;
}

static uint32_t retries_of(const struct gal_frame *frame, size_t retrier)
{
        return frame->retries == NULL ? 0 : frame->retries[retrier];
}

/* What a frame inside a state holds of its stay there. */
static const char *stay_difference(const struct gal_state *state, const struct gal_frame *a,
                                   const struct gal_frame *b)
{
        const char *difference;

        if (a->entered_id != b->entered_id)
                return "entered_id";
        if (a->entered_ms != b->entered_ms)
                return "entered_ms";
        if (a->retry_count != b->retry_count)
                return "retry_count";
        for (size_t i = 0; i < state->retrier_count; i++) {
                if (retries_of(a, i) != retries_of(b, i))
                        return "retries";
        }
        difference = attempt_difference(&a->attempt, &b->attempt);
        return difference != NULL ? difference : children_difference(&a->children, &b->children);
}

static uint32_t parent_place(const struct gal_frame *frame)
{
        return frame->parent == NULL ? GAL_FRAME_NONE : frame->parent->place;
}

static const char *frame_difference(const struct gal_program *program, const struct gal_frame *a,
                                    const struct gal_frame *b)
{
        if (a == NULL || b == NULL)
                return a == b ? NULL : "frames";
        if (parent_place(a) != parent_place(b))
                return "parent";
        if (a->graph != b->graph)
                return "graph";
        if (a->index != b->index)
                return "index";
        if (a->state != b->state)
                return "state";
        if (a->phase != b->phase)
                return "phase";
        if (!is_same_payload(a->input, b->input))
                return "input of a frame";
        if (!are_same_variables(a->variables, b->variables))
                return "variables";
        if (a->previous_id != b->previous_id)
                return "previous_id";
        if (a->deadline_ms != b->deadline_ms)
                return "deadline_ms of a frame";
        if (a->phase == GAL_PHASE_READY || a->phase == GAL_PHASE_ENDED)
                return NULL;
        return stay_difference(&program->states[a->state], a, b);
}

static bool are_same_free_places(const struct gal_execution *a, const struct gal_execution *b)
{
        return a->free_count == b->free_count &&
               (a->free_count == 0 ||
                memcmp(a->free_places, b->free_places, a->free_count * sizeof(*a->free_places)) == 0);
}

static bool are_same_ready(const struct gal_frame *a, const struct gal_frame *b)
{
        while (a != NULL && b != NULL && a->place == b->place) {
                a = a->next_ready;
                b = b->next_ready;
        }
        return a == NULL && b == NULL;
}

/* What a closed execution no longer has. */
static const char *work_difference(const struct gal_execution *a, const struct gal_execution *b)
{
        if (a->variables_size != b->variables_size)
                return "variables_size";
        if (a->frame_count != b->frame_count)
                return "frame_count";
        if (!are_same_free_places(a, b))
                return "free_places";
        for (uint32_t i = 0; i < a->frame_count; i++) {
                const char *difference = frame_difference(a->program, a->frames[i], b->frames[i]);

                if (difference != NULL)
                        return difference;
        }
        if (a->heap.count != b->heap.count)
                return "deadline heap";
        if (!are_same_ready(a->ready_first, b->ready_first))
                return "ready queue";
        return NULL;
}

static const char *identity_difference(const struct gal_execution *a, const struct gal_execution *b)
{
        if (!is_same_text(a->execution_arn, b->execution_arn))
                return "execution_arn";
        if (!is_same_text(a->execution_name, b->execution_name))
                return "execution_name";
        if (!is_same_text(a->machine_arn, b->machine_arn))
                return "machine_arn";
        if (!is_same_text(a->machine_name, b->machine_name))
                return "machine_name";
        if (!is_same_text(a->role_arn, b->role_arn))
                return "role_arn";
        return NULL;
}

static const char *summary_difference(const struct gal_execution *a, const struct gal_execution *b)
{
        if (a->status != b->status)
                return "status";
        if (a->last_id != b->last_id)
                return "last_id";
        if (a->last_ms != b->last_ms)
                return "last_ms";
        if (a->started_ms != b->started_ms)
                return "started_ms";
        if (a->stopped_ms != b->stopped_ms)
                return "stopped_ms";
        if (a->deadline_ms != b->deadline_ms)
                return "deadline_ms";
        if (!is_same_payload(a->input, b->input))
                return "input";
        if (!is_same_payload(a->output, b->output))
                return "output";
        if (!is_same_text(a->error, b->error))
                return "error";
        if (!is_same_text(a->cause, b->cause))
                return "cause";
        return NULL;
}

bool gal_execution_equal(const struct gal_execution *a, const struct gal_execution *b, const char **ret_difference)
{
        const char *difference = identity_difference(a, b);

        if (difference == NULL)
                difference = summary_difference(a, b);
        if (difference == NULL && a->status == GAL_EXECUTION_RUNNING)
                difference = work_difference(a, b);
        if (ret_difference != NULL)
                *ret_difference = difference;
        return difference == NULL;
}
