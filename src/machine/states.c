/*
 * states.c: a turn begins: the state is entered, and those kinds that need nobody else do their work.
 */
#include "machine/turn.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/timestamp.h"

static const enum gal_event_type entered_types[] = {
        [GAL_STATE_PASS] = GAL_EVENT_PASS_STATE_ENTERED,         [GAL_STATE_TASK] = GAL_EVENT_TASK_STATE_ENTERED,
        [GAL_STATE_CHOICE] = GAL_EVENT_CHOICE_STATE_ENTERED,     [GAL_STATE_WAIT] = GAL_EVENT_WAIT_STATE_ENTERED,
        [GAL_STATE_SUCCEED] = GAL_EVENT_SUCCEED_STATE_ENTERED,   [GAL_STATE_FAIL] = GAL_EVENT_FAIL_STATE_ENTERED,
        [GAL_STATE_PARALLEL] = GAL_EVENT_PARALLEL_STATE_ENTERED, [GAL_STATE_MAP] = GAL_EVENT_MAP_STATE_ENTERED,
};

static void run_pass(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_payload *input;

        if (!gal_turn_effective_input(turn, frame, &input))
                return;
        gal_turn_finish(turn, frame, state->as.pass.result != NULL ? state->as.pass.result : input);
        gal_payload_unref(input);
}

/* Succeed, and Wait when its time is over: InputPath, then OutputPath on what it left. */
static void run_through(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_payload *input, *output;

        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, &input))
                return;
        if (gal_turn_path(turn, frame, &state->output_path, input, &output)) {
                gal_turn_exit(turn, frame, output, state->assign, input->value, state->next);
                gal_payload_unref(output);
        }
        gal_payload_unref(input);
}

void gal_turn_wait_over(struct gal_turn *turn, struct gal_frame *frame)
{
        run_through(turn, frame);
}

static void take_choice(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *input,
                        const struct gal_choice_rule *rule)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        uint32_t next = rule != NULL ? rule->next : state->as.choice.fallback;
        /* The Assign of the rule that matched stands in for the state's own. */
        const struct gal_template *assign = rule != NULL ? rule->assign : state->assign;
        struct gal_payload *output;

        if (next == GAL_STATE_NONE) {
                gal_turn_fail_runtime(turn, frame,
                                      "Failed to transition out of the state. The state does not point to a next "
                                      "state.");
                return;
        }
        if (!gal_turn_path(turn, frame, &state->output_path, input, &output))
                return;
        gal_turn_exit(turn, frame, output, assign, input->value, next);
        gal_payload_unref(output);
}

static void run_choice(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_failure failure = GAL_FAILURE_INIT;
        const struct gal_choice_rule *rule;
        struct gal_turn_scope scope;
        struct gal_payload *input;
        enum gal_status status;

        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, &input))
                return;
        gal_turn_scope_init(&scope, turn, frame, input->value);
        status = gal_choice_decide(&state->as.choice, &scope.scope, &rule, &failure);
        gal_turn_scope_finish(&scope);
        if (status == GAL_OK)
                take_choice(turn, frame, input, rule);
        else
                gal_turn_fail_evaluation(turn, frame, &failure);
        gal_payload_unref(input);
}

static json_t *evaluate_wait_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_wait *wait,
                                  const char *name)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_turn_scope scope;
        struct gal_payload *input;
        json_t *value = NULL;

        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, &input))
                return NULL;
        gal_turn_scope_init(&scope, turn, frame, input->value);
        if (gal_path_evaluate(wait->path, &scope.scope, &value) != GAL_OK)
                value = NULL;
        gal_turn_scope_finish(&scope);
        gal_payload_unref(input);
        if (value == NULL)
                gal_turn_fail_runtime(turn, frame, "The %s parameter does not reference an input value: %s", name,
                                      gal_path_text(wait->path));
        return value;
}

/* As a person would write it in the cause: strings bare, the rest as JSON. */
static char *plain_text(const json_t *value)
{
        if (json_is_string(value))
                return gal_strndup(json_string_value(value), json_string_length(value));
        return gal_failure_value_text(value);
}

static bool wait_seconds_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_wait *wait,
                              int64_t *ret_seconds)
{
        json_t *value = evaluate_wait_path(turn, frame, wait, "SecondsPath");
        gal_auto_free char *text = NULL;
        const char *fault = NULL;

        if (value == NULL)
                return false;
        text = plain_text(value);
        if (!json_is_integer(value))
                fault = "cannot be parsed as a long value";
        else if (json_integer_value(value) < 0)
                fault = "references a negative value";
        else
                *ret_seconds = json_integer_value(value);
        json_decref(value);
        if (fault != NULL)
                gal_turn_fail_runtime(turn, frame, "The SecondsPath parameter %s: %s == %s", fault,
                                      gal_path_text(wait->path), text);
        return fault == NULL;
}

static bool wait_timestamp_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_wait *wait,
                                struct gal_instant *ret_instant)
{
        json_t *value = evaluate_wait_path(turn, frame, wait, "TimestampPath");
        gal_auto_free char *text = NULL;
        bool valid;

        if (value == NULL)
                return false;
        text = plain_text(value);
        valid = json_is_string(value) &&
                gal_timestamp_parse(json_string_value(value), json_string_length(value), ret_instant);
        json_decref(value);
        if (!valid)
                gal_turn_fail_runtime(turn, frame,
                                      "The TimestampPath parameter does not reference a valid ISO-8601 extended "
                                      "offset date-time format string: %s == %s",
                                      gal_path_text(wait->path), text);
        return valid;
}

/* When the wait is over, in milliseconds; false when the turn has failed. */
static bool wait_deadline(struct gal_turn *turn, struct gal_frame *frame, const struct gal_wait *wait,
                          int64_t *ret_deadline_ms)
{
        int64_t base_ms = turn->execution->last_ms;
        struct gal_instant instant = wait->timestamp;
        int64_t seconds = wait->seconds;

        switch (wait->kind) {
        case GAL_WAIT_SECONDS_PATH:
                if (!wait_seconds_path(turn, frame, wait, &seconds))
                        return false;
                break;
        case GAL_WAIT_TIMESTAMP_PATH:
                if (!wait_timestamp_path(turn, frame, wait, &instant))
                        return false;
                break;
        case GAL_WAIT_SECONDS:
        case GAL_WAIT_TIMESTAMP:
                break;
        }
        if (wait->kind == GAL_WAIT_TIMESTAMP || wait->kind == GAL_WAIT_TIMESTAMP_PATH)
                *ret_deadline_ms = gal_instant_to_ms(instant);
        else
                *ret_deadline_ms = seconds > GAL_WAIT_SECONDS_MAX ? INT64_MAX : base_ms + seconds * 1000;
        if (*ret_deadline_ms > base_ms && (*ret_deadline_ms - base_ms) / 1000 > GAL_WAIT_SECONDS_MAX) {
                gal_turn_fail_runtime(turn, frame, "Wait state delay is too long.");
                return false;
        }
        return true;
}

static void run_wait(struct gal_turn *turn, struct gal_frame *frame)
{
        struct gal_record *record;
        int64_t deadline_ms;

        if (!wait_deadline(turn, frame, &gal_turn_state(turn, frame)->as.wait, &deadline_ms))
                return;
        if (deadline_ms <= turn->execution->last_ms) {
                run_through(turn, frame);
                return;
        }
        record = gal_turn_begin(turn, GAL_EVENT_WAIT_SCHEDULED, frame->place, frame->previous_id);
        if (record == NULL)
                return;
        record->as.deadline.deadline_ms = deadline_ms;
        gal_turn_end(turn, record);
}

/* Error or Cause: literal, or a path or intrinsic call that must give a string. False: the turn has failed. */
static bool fail_text(struct gal_turn *turn, struct gal_frame *frame, const char *literal,
                      const struct gal_expression *expression, const char *field, char **ret_text)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_turn_scope scope;
        json_t *value = NULL;
        enum gal_status status;

        *ret_text = gal_strdup(literal);
        if (expression == NULL)
                return true;
        gal_turn_scope_init(&scope, turn, frame, frame->input->value);
        status = gal_expression_evaluate(expression, field, &scope.scope, &value, &failure);
        gal_turn_scope_finish(&scope);
        if (status != GAL_OK) {
                gal_turn_fail_evaluation(turn, frame, &failure);
                return false;
        }
        if (!json_is_string(value)) {
                gal_auto_free char *text = plain_text(value);

                gal_turn_fail_runtime(turn, frame, "The %s field must refer to a string, but was: %s", field, text);
                json_decref(value);
                return false;
        }
        *ret_text = gal_strndup(json_string_value(value), json_string_length(value));
        json_decref(value);
        return true;
}

static void run_fail(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_fail *fail = &gal_turn_state(turn, frame)->as.fail;
        gal_auto_free char *error = NULL, *cause = NULL;
        struct gal_fault fault = { .error = NULL };

        if (!fail_text(turn, frame, fail->error, fail->error_path, "ErrorPath", &error))
                return;
        if (!fail_text(turn, frame, fail->cause, fail->cause_path, "CausePath", &cause))
                return;
        fault.error = error;
        fault.cause = cause;
        gal_turn_fail(turn, frame, &fault);
}

static bool emit_entered(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_record *record =
                gal_turn_begin(turn, entered_types[state->kind], frame->place, frame->previous_id);

        if (record == NULL)
                return false;
        record->as.entered.input = gal_payload_ref(frame->input);
        gal_turn_count(turn, frame->input);
        gal_turn_end(turn, record);
        return true;
}

void gal_turn_enter(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);

        turn->transitions++;
        if (!emit_entered(turn, frame))
                return;
        if (state->language == GAL_JSONATA) {
                gal_turn_fail_runtime(
                        turn, frame,
                        "This release of Galliard validates JSONata states but does not evaluate them "
                        "yet; write the state with \"QueryLanguage\": \"JSONPath\".");
                return;
        }
        switch (state->kind) {
        case GAL_STATE_PASS:
                run_pass(turn, frame);
                return;
        case GAL_STATE_TASK:
                gal_task_schedule(turn, frame);
                return;
        case GAL_STATE_CHOICE:
                run_choice(turn, frame);
                return;
        case GAL_STATE_WAIT:
                run_wait(turn, frame);
                return;
        case GAL_STATE_SUCCEED:
                run_through(turn, frame);
                return;
        case GAL_STATE_FAIL:
                run_fail(turn, frame);
                return;
        case GAL_STATE_PARALLEL:
        case GAL_STATE_MAP:
                gal_children_start(turn, frame);
                return;
        }
        gal_bug("state kind", state->kind);
}
