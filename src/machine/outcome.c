/*
 * outcome.c: the ways out of a state: with a result, or with a fault that a retrier or a catcher takes or that goes
 * up the tree of frames.
 *
 * Order of the events when a fault crosses a Parallel or Map: design, section 9;
 * timeouts.service_lambda_map_timeout of the recordings shows it. Trap: whatever ends a turn may free the frame it
 * was called for.
 */
#include "machine/turn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/limits.h"

static const enum gal_event_type exited_types[] = {
        [GAL_STATE_PASS] = GAL_EVENT_PASS_STATE_EXITED,
        [GAL_STATE_TASK] = GAL_EVENT_TASK_STATE_EXITED,
        [GAL_STATE_CHOICE] = GAL_EVENT_CHOICE_STATE_EXITED,
        [GAL_STATE_WAIT] = GAL_EVENT_WAIT_STATE_EXITED,
        [GAL_STATE_SUCCEED] = GAL_EVENT_SUCCEED_STATE_EXITED,
        [GAL_STATE_PARALLEL] = GAL_EVENT_PARALLEL_STATE_EXITED,
        [GAL_STATE_MAP] = GAL_EVENT_MAP_STATE_EXITED,
};

static json_t *evaluate_template(struct gal_turn *turn, struct gal_frame *frame,
                                 const struct gal_template *template, json_t *input)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_turn_scope scope;
        json_t *value = NULL;

        gal_turn_scope_init(&scope, turn, frame, input);
        if (gal_template_evaluate(template, &scope.scope, &value, &failure) != GAL_OK)
                value = NULL;
        gal_turn_scope_finish(&scope);
        if (value == NULL)
                gal_turn_fail_evaluation(turn, frame, &failure);
        return value;
}

/* Variables: 256 KiB each, 256 KiB an Assign, 10 MiB in all (reference: quotas). The text is ours: none was
 * measured. */
static bool check_assigned(struct gal_turn *turn, struct gal_frame *frame, json_t *assigned)
{
        struct gal_fault fault = { .error = "States.DataLimitExceeded", .fatal = true };
        gal_auto_free char *cause = NULL;
        size_t total = 0, kept = turn->execution->variables_size;
        const char *name;
        json_t *value;

        json_object_foreach(assigned, name, value)
        {
                const json_t *old = json_object_get(frame->variables, name);
                size_t size = gal_json_size(value, GAL_VARIABLE_SIZE_MAX);

                total += size;
                kept -= old == NULL ? 0 : gal_json_size(old, SIZE_MAX);
                if (size > GAL_VARIABLE_SIZE_MAX || total > GAL_ASSIGN_SIZE_MAX ||
                    kept + total > GAL_VARIABLES_SIZE_MAX) {
                        cause = gal_format(
                                "The state/task '%s' assigned the variable '%s' with a size exceeding the "
                                "maximum number of bytes service limit.",
                                gal_turn_state(turn, frame)->name, name);
                        fault.cause = cause;
                        gal_turn_fail(turn, frame, &fault);
                        return false;
                }
        }
        return true;
}

void gal_turn_exit(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *output,
                   const struct gal_template *assign, json_t *assign_input, uint32_t next)
{
        struct gal_record *record;
        json_t *assigned = NULL;

        if (output != frame->input && gal_payload_exceeds(output, GAL_PAYLOAD_SIZE_MAX)) {
                gal_turn_fail_size(turn, frame, "returned a result");
                return;
        }
        if (assign != NULL) {
                assigned = evaluate_template(turn, frame, assign, assign_input);
                if (assigned == NULL)
                        return;
                if (!check_assigned(turn, frame, assigned)) {
                        json_decref(assigned);
                        return;
                }
        }
        record = gal_turn_begin(turn, exited_types[gal_turn_state(turn, frame)->kind], frame->place,
                                frame->previous_id);
        if (record == NULL) {
                json_decref(assigned);
                return;
        }
        record->as.exited.output = gal_payload_ref(output);
        gal_turn_count(turn, output);
        record->as.exited.assigned = assigned;
        record->as.exited.next = next;
        gal_turn_end(turn, record);
        if (next == GAL_STATE_NONE)
                gal_frame_ended(turn, frame);
}

/* ResultPath writes into the raw input of the state. */
static struct gal_payload *place_result(struct gal_turn *turn, struct gal_frame *frame,
                                        const struct gal_path_field *field, struct gal_payload *result)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_fault fault = { .error = "States.ResultPathMatchFailure" };
        gal_auto_free char *cause = NULL;
        json_t *document;

        switch (field->setting) {
        case GAL_PATH_DEFAULT:
                return gal_payload_ref(result);
        case GAL_PATH_NULL:
                return gal_payload_ref(frame->input);
        case GAL_PATH_GIVEN:
                if (gal_path_set(field->path, frame->input->value, result->value, &document, &error) == GAL_OK)
                        return gal_payload_new(document);
                cause = gal_format(
                        "An error occurred while executing the state '%s' (entered at the event id #%llu). "
                        "Unable to apply ReferencePath %s to input %s",
                        gal_turn_state(turn, frame)->name, (unsigned long long)frame->entered_id,
                        gal_path_text(field->path), gal_payload_text(frame->input, NULL));
                fault.cause = cause;
                gal_turn_fail(turn, frame, &fault);
                return NULL;
        }
        gal_bug("path setting", field->setting);
}

void gal_turn_finish(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *result)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_payload *selected = gal_payload_ref(result);
        struct gal_payload *placed = NULL, *output = NULL;

        if (state->result_selector != NULL) {
                json_t *value = evaluate_template(turn, frame, state->result_selector, result->value);

                gal_payload_unref(selected);
                if (value == NULL)
                        return;
                selected = gal_payload_new(value);
        }
        placed = place_result(turn, frame, &state->result_path, selected);
        if (placed != NULL && gal_turn_path(turn, frame, &state->output_path, placed, &output))
                gal_turn_exit(turn, frame, output, state->assign, selected->value, state->next);
        gal_payload_unref(selected);
        gal_payload_unref(placed);
        gal_payload_unref(output);
}

/* Faults. */

static bool name_matches(const char *name, const struct gal_fault *fault)
{
        if (strcmp(name, "States.ALL") == 0)
                return true;
        if (strcmp(name, "States.TaskFailed") == 0)
                return fault->error == NULL || strcmp(fault->error, "States.Timeout") != 0;
        if (strcmp(name, "States.HeartbeatTimeout") == 0 && fault->timed_out)
                return true;
        return fault->error != NULL && strcmp(name, fault->error) == 0;
}

static bool matches(char *const *names, size_t count, const struct gal_fault *fault)
{
        for (size_t i = 0; i < count; i++) {
                if (name_matches(names[i], fault))
                        return true;
        }
        return false;
}

/*
 * The first that matches decides: when it is exhausted, later ones are not tried (States Language, Retriers). What
 * was too large will be again: that is not retried, though it may be caught (reference: asl, section 9).
 */
static const struct gal_retrier *find_retrier(const struct gal_state *state, const struct gal_frame *frame,
                                              const struct gal_fault *fault)
{
        if (fault->error != NULL && strcmp(fault->error, "States.DataLimitExceeded") == 0)
                return NULL;
        for (size_t i = 0; i < state->retrier_count; i++) {
                const struct gal_retrier *retrier = &state->retriers[i];

                if (!matches(retrier->errors, retrier->error_count, fault))
                        continue;
                if ((frame->retries == NULL ? 0 : frame->retries[i]) < retrier->attempts_max)
                        return retrier;
                return NULL;
        }
        return NULL;
}

static int64_t retry_delay_ms(struct gal_turn *turn, const struct gal_retrier *retrier, uint32_t retries)
{
        double seconds = (double)retrier->interval_seconds * pow(retrier->backoff_rate, retries);
        double seconds_max = retrier->delay_seconds_max > 0 ? (double)retrier->delay_seconds_max : GAL_SECONDS_MAX;

        if (!(seconds < seconds_max)) /* also past what a double can hold */
                seconds = seconds_max;
        if (retrier->jitter_full)
                seconds *= gal_random_unit(&turn->env->random);
        return (int64_t)(seconds * 1000.0);
}

static void schedule_retry(struct gal_turn *turn, struct gal_frame *frame, const struct gal_retrier *retrier,
                           uint64_t link)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        uint32_t index = (uint32_t)(retrier - state->retriers);
        int64_t delay_ms = retry_delay_ms(turn, retrier, frame->retries == NULL ? 0 : frame->retries[index]);
        struct gal_record *record = gal_turn_begin(turn, GAL_EVENT_RETRY_SCHEDULED, frame->place, link);

        if (record == NULL)
                return;
        record->as.retry.retrier = index;
        record->as.retry.delay_ms = delay_ms;
        record->as.retry.deadline_ms = record->time_ms + delay_ms;
        gal_turn_end(turn, record);
}

/* Bounded as the events are: else a long cause could make the Error Output too large to be caught. */
static json_t *error_output(const struct gal_fault *fault)
{
        gal_auto_free char *error = gal_turn_bounded_text(fault->error, GAL_ERROR_CHARACTERS_MAX);
        gal_auto_free char *cause = gal_turn_bounded_text(fault->cause, GAL_CAUSE_CHARACTERS_MAX);
        json_t *output = gal_need(json_object());

        json_object_set_new(output, "Error", error == NULL ? json_null() : gal_need(json_string(error)));
        json_object_set_new(output, "Cause", cause == NULL ? json_null() : gal_need(json_string(cause)));
        return output;
}

/* Neither ResultSelector nor OutputPath applies; ResultPath is the catcher's own. */
static void take_catcher(struct gal_turn *turn, struct gal_frame *frame, const struct gal_catcher *catcher,
                         const struct gal_fault *fault)
{
        struct gal_payload *error = gal_payload_new(error_output(fault));
        struct gal_payload *output;

        turn->leaving = frame;
        output = place_result(turn, frame, &catcher->result_path, error);
        if (output != NULL)
                gal_turn_exit(turn, frame, output, catcher->assign, error->value, catcher->next);
        turn->leaving = NULL;
        gal_payload_unref(output);
        gal_payload_unref(error);
}

static const struct gal_catcher *find_catcher(const struct gal_state *state, const struct gal_fault *fault)
{
        for (size_t i = 0; i < state->catcher_count; i++) {
                if (matches(state->catchers[i].errors, state->catchers[i].error_count, fault))
                        return &state->catchers[i];
        }
        return NULL;
}

static bool is_inside_state(const struct gal_frame *frame)
{
        return frame->phase != GAL_PHASE_READY && frame->phase != GAL_PHASE_ENDED;
}

static bool is_iteration(const struct gal_frame *frame)
{
        return frame->parent != NULL && frame->parent->children.items != NULL;
}

/* The event ends the attempt; when it was one too many, the end of the execution cancels the call. */
static void abort_task(struct gal_turn *turn, const struct gal_frame *frame, uint64_t link)
{
        uint64_t scheduled_id = frame->attempt.scheduled_id;

        if (gal_turn_emit(turn, GAL_EVENT_TASK_STATE_ABORTED, frame, link) && scheduled_id != 0)
                gal_turn_effect(turn, GAL_EFFECT_CANCEL, frame, scheduled_id, NULL);
}

/* A sibling of what failed, and all that runs below it. Every event links to the one that failed. */
static void abort_frame(struct gal_turn *turn, const struct gal_frame *frame, uint64_t link)
{
        if (is_iteration(frame))
                gal_turn_emit(turn, GAL_EVENT_MAP_ITERATION_ABORTED, frame, link);
        for (const struct gal_frame *child = frame->children.first; !gal_turn_is_over(turn) && child != NULL;
             child = child->next_sibling)
                abort_frame(turn, child, link);
        if (gal_turn_is_over(turn) || !is_inside_state(frame))
                return;
        switch (gal_turn_state(turn, frame)->kind) {
        case GAL_STATE_TASK:
                abort_task(turn, frame, link);
                return;
        case GAL_STATE_WAIT:
                gal_turn_emit(turn, GAL_EVENT_WAIT_STATE_ABORTED, frame, link);
                return;
        case GAL_STATE_PARALLEL:
                gal_turn_emit(turn, GAL_EVENT_PARALLEL_STATE_ABORTED, frame, link);
                return;
        case GAL_STATE_MAP:
                gal_turn_emit(turn, GAL_EVENT_MAP_STATE_ABORTED, frame, link);
                return;
        case GAL_STATE_PASS:
        case GAL_STATE_CHOICE:
        case GAL_STATE_SUCCEED:
        case GAL_STATE_FAIL:
                return;
        }
}

static void abort_family(struct gal_turn *turn, const struct gal_frame *failed, uint64_t link,
                         const struct gal_fault *fault)
{
        if (is_iteration(failed))
                gal_turn_emit(turn, GAL_EVENT_MAP_ITERATION_FAILED, failed, link);
        if (fault->of_task && !gal_turn_is_over(turn))
                gal_turn_emit(turn, GAL_EVENT_TASK_STATE_ABORTED, failed, link);
        if (gal_turn_is_over(turn))
                return;
        for (const struct gal_frame *sibling = failed->parent->children.first;
             !gal_turn_is_over(turn) && sibling != NULL; sibling = sibling->next_sibling) {
                if (sibling != failed)
                        abort_frame(turn, sibling, link);
        }
}

/* `link` is the event that failed: the frame's own last one, or the one that came up from a branch or iteration. */
static void fail_at(struct gal_turn *turn, struct gal_frame *frame, const struct gal_fault *fault, uint64_t link)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_fault above = *fault;
        const struct gal_retrier *retrier;
        const struct gal_catcher *catcher;
        struct gal_frame *parent;

        if (fault->fatal) {
                gal_turn_fail_execution(turn, link, fault->error, fault->cause);
                return;
        }
        retrier = turn->leaving == frame ? NULL : find_retrier(state, frame, fault);
        if (retrier != NULL) {
                schedule_retry(turn, frame, retrier, link);
                return;
        }
        if ((state->kind == GAL_STATE_PARALLEL || state->kind == GAL_STATE_MAP) && turn->leaving != frame) {
                enum gal_event_type type =
                        state->kind == GAL_STATE_MAP ? GAL_EVENT_MAP_STATE_FAILED : GAL_EVENT_PARALLEL_STATE_FAILED;

                if (!gal_turn_emit(turn, type, frame, link))
                        return;
                link = frame->previous_id;
        }
        catcher = turn->leaving == frame ? NULL : find_catcher(state, fault);
        if (catcher != NULL) {
                take_catcher(turn, frame, catcher, fault);
                return;
        }
        parent = frame->parent;
        if (parent == NULL) {
                gal_turn_fail_execution(turn, link, fault->error, fault->cause);
                return;
        }
        abort_family(turn, frame, link, fault);
        if (gal_turn_is_over(turn))
                return;
        above.of_task = false;
        fail_at(turn, parent, &above, link);
}

/* Only a Map can fail by itself while iterations run: when ItemSelector fails for one that was to follow. */
void gal_turn_fail(struct gal_turn *turn, struct gal_frame *frame, const struct gal_fault *fault)
{
        uint64_t link = frame->previous_id;

        for (const struct gal_frame *child = fault->fatal ? NULL : frame->children.first;
             !gal_turn_is_over(turn) && child != NULL; child = child->next_sibling)
                abort_frame(turn, child, link);
        if (!gal_turn_is_over(turn))
                fail_at(turn, frame, fault, link);
}

static void fail_with_prefix(struct gal_turn *turn, struct gal_frame *frame, const char *error, const char *detail)
{
        struct gal_fault fault = { .error = error };
        gal_auto_free char *cause =
                gal_format("An error occurred while executing the state '%s' (entered at the event id #%llu). %s",
                           gal_turn_state(turn, frame)->name, (unsigned long long)frame->entered_id, detail);

        fault.cause = cause;
        fault.fatal = strcmp(error, "States.Runtime") == 0;
        gal_turn_fail(turn, frame, &fault);
}

void gal_turn_fail_evaluation(struct gal_turn *turn, struct gal_frame *frame, struct gal_failure *failure)
{
        gal_assert(failure->error != NULL);
        fail_with_prefix(turn, frame, failure->error, failure->cause.data == NULL ? "" : failure->cause.data);
        gal_failure_finish(failure);
}

void gal_turn_fail_runtime(struct gal_turn *turn, struct gal_frame *frame, const char *format, ...)
{
        va_list args;
        char *detail;

        va_start(args, format);
        detail = gal_format_args(format, args);
        va_end(args);
        fail_with_prefix(turn, frame, "States.Runtime", detail);
        free(detail);
}

/* Not caught and not prefixed (recordings: states_errors.start_large_input). */
void gal_turn_fail_size(struct gal_turn *turn, struct gal_frame *frame, const char *what)
{
        gal_auto_free char *cause = gal_format(
                "The state/task '%s' %s with a size exceeding the maximum number of bytes service limit.",
                gal_turn_state(turn, frame)->name, what);
        struct gal_fault fault = { .error = "States.DataLimitExceeded", .cause = cause, .fatal = true };

        gal_turn_fail(turn, frame, &fault);
}
