/*
 * dataflow.c: InputPath, Parameters and numbers given by a path, evaluated in the scope of a frame.
 *
 * Values that do not change keep their payload, so that their text is made once (base/payload.h).
 */
#include "machine/turn.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/limits.h"

/* A path that finds nothing is worded alike for InputPath, OutputPath, ItemsPath and the numbers (measured, section
 * 4). */
static enum gal_status evaluate_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_path *path,
                                     json_t *input, json_t **ret_value)
{
        struct gal_buffer why = GAL_BUFFER_INIT;
        struct gal_turn_scope scope;
        enum gal_status status;

        gal_turn_scope_init(&scope, turn, frame, input);
        status = gal_path_evaluate(path, &scope.scope, ret_value);
        if (status != GAL_OK)
                gal_path_explain(path, &scope.scope, status, &why);
        gal_turn_scope_finish(&scope);
        if (status != GAL_OK)
                gal_turn_fail_runtime(turn, frame, "Invalid path '%s' : %s", gal_path_text(path),
                                      (char *)gal_need(why.data));
        gal_buffer_finish(&why);
        return status;
}

bool gal_turn_path(struct gal_turn *turn, struct gal_frame *frame, const struct gal_path_field *field,
                   struct gal_payload *input, struct gal_payload **ret_payload)
{
        json_t *value;

        switch (field->setting) {
        case GAL_PATH_DEFAULT:
                *ret_payload = gal_payload_ref(input);
                return true;
        case GAL_PATH_NULL:
                *ret_payload = gal_payload_new(json_object());
                return true;
        case GAL_PATH_GIVEN:
                if (evaluate_path(turn, frame, field->path, input->value, &value) != GAL_OK)
                        return false;
                if (value == input->value) { /* `$['a']` may be anything, `$` is the input itself */
                        json_decref(value);
                        *ret_payload = gal_payload_ref(input);
                } else {
                        *ret_payload = gal_payload_new(value);
                }
                return true;
        }
        return false;
}

bool gal_turn_effective_input(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload **ret_payload)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_payload *input;
        struct gal_turn_scope scope;
        json_t *value;

        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, &input))
                return false;
        if (state->parameters == NULL) {
                *ret_payload = input;
                return true;
        }
        gal_turn_scope_init(&scope, turn, frame, input->value);
        if (gal_template_evaluate(state->parameters, &scope.scope, &value, &failure) != GAL_OK)
                value = NULL;
        gal_turn_scope_finish(&scope);
        gal_payload_unref(input);
        if (value == NULL) {
                gal_turn_fail_evaluation(turn, frame, &failure);
                return false;
        }
        *ret_payload = gal_payload_new(value);
        if (!gal_payload_exceeds(*ret_payload, GAL_PAYLOAD_SIZE_MAX))
                return true;
        gal_payload_unref(*ret_payload);
        gal_turn_fail_size(turn, frame, "provided parameters");
        return false;
}

/* Java's Long: an integer, or a real without a fraction is none (recordings: 1.5 is refused, 1.0 was not seen). */
static bool is_whole(const json_t *value, int64_t *ret_number)
{
        if (json_is_integer(value)) {
                *ret_number = json_integer_value(value);
                return true;
        }
        if (json_is_real(value) && fabs(json_real_value(value)) < 9e15 &&
            trunc(json_real_value(value)) == json_real_value(value)) {
                *ret_number = (int64_t)json_real_value(value);
                return true;
        }
        return false;
}

bool gal_turn_number(struct gal_turn *turn, struct gal_frame *frame, const struct gal_number_field *field,
                     const char *name, json_t *input, int64_t minimum, int64_t fallback, int64_t *ret_number)
{
        json_t *value;
        gal_auto_free char *text = NULL;
        bool whole;

        *ret_number = field->given ? (int64_t)field->literal : fallback;
        if (!field->given || field->path == NULL)
                return true;
        if (evaluate_path(turn, frame, field->path, input, &value) != GAL_OK)
                return false;
        whole = is_whole(value, ret_number);
        if (!whole || *ret_number < minimum || *ret_number > GAL_SECONDS_MAX) {
                text = json_is_string(value) ? gal_strndup(json_string_value(value), json_string_length(value))
                                             : gal_failure_value_text(value);
                if (whole)
                        gal_turn_fail_runtime(turn, frame,
                                              "The %s field refers to value \"%s\" which is not between %" PRId64
                                              " and %d: %s",
                                              name, text, minimum, GAL_SECONDS_MAX, gal_path_text(field->path));
                else
                        gal_turn_fail_runtime(
                                turn, frame, "The %s field refers to value \"%s\" which is not a valid integer: %s",
                                name, text, gal_path_text(field->path));
                json_decref(value);
                return false;
        }
        json_decref(value);
        return true;
}
