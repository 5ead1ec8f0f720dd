/*
 * state.c: one state: what all kinds have in common, and on to what its kind has of its own.
 */
#include <string.h>

#include "base/assert.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "definition/compiler.h"

/* In the service's order. */
#define KINDS "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"

static void report_name(const struct gal_context *context, const char *what)
{
        gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_STATE_NAME, context->place,
                   context->place, GAL_SPOT_KEY, "Invalid State name: State '%.*s' %s",
                   (int)context->place->key_len, context->place->key, what);
}

static void check_name(const struct gal_context *context)
{
        size_t len = context->place->key_len;

        if (gal_utf8_length(context->place->key, len) > GAL_NAME_CHARACTERS_MAX)
                report_name(context, "exceeds the 80-character limit allowed by the service");
        else if (len == 0)
                report_name(context, "has no characters");
        else if (memchr(context->place->key, '\0', len) != NULL)
                report_name(context, "has the character U+0000");
        if (gal_is_duplicate(context->compiler, context->state->index))
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_DUPLICATE_STATE_NAME,
                           context->place, context->place, GAL_SPOT_KEY, "Duplicate State name: %s",
                           context->state->name);
}

/* False: the type is missing or none of the eight; then nothing can be said of the other fields. */
static bool check_type(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Type");
        const json_t *type = json_object_get(context->state->source, "Type");

        if (context->note->known)
                return true;
        gal_mark_unclear(context);
        if (type == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED,
                           context->place, context->place, GAL_SPOT_KEY, "These fields are required: [Type]");
        else
                gal_fault(context->compiler, &place, "The field 'Type' should have one of these values: " KINDS);
        return false;
}

/*
 * JSONPath in a JSONata machine. Measured on top-level states only, where the service refuses it and looks at no
 * more of the state; in nested ones linters let it pass, so there it is a warning. False: look no further.
 */
static bool check_language(const struct gal_context *context)
{
        bool nested = context->state->graph != 0;

        if (!context->note->mismatch)
                return true;
        gal_report(context->compiler, nested ? GAL_SEVERITY_WARNING : GAL_SEVERITY_ERROR,
                   GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, context->place, context->place, GAL_SPOT_KEY,
                   "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
        if (!nested)
                gal_mark_unclear(context);
        return nested;
}

static bool has_transition(enum gal_state_kind kind)
{
        switch (kind) {
        case GAL_STATE_PASS:
        case GAL_STATE_TASK:
        case GAL_STATE_WAIT:
        case GAL_STATE_PARALLEL:
        case GAL_STATE_MAP:
                return true;
        case GAL_STATE_CHOICE:
        case GAL_STATE_SUCCEED:
        case GAL_STATE_FAIL:
                return false;
        }
        return false;
}

/* Exactly one of Next and End; `"End": false` says nothing. */
static void compile_transition(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Next");
        struct gal_place end_place = gal_place_member(context->place, "End");
        const json_t *next = json_object_get(context->state->source, "Next");
        bool end = json_is_true(json_object_get(context->state->source, "End"));

        if (!has_transition(context->state->kind))
                return;
        if (next != NULL && end)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED,
                           context->place, &end_place, GAL_SPOT_KEY,
                           "There should only be one of the following fields: [Next, End]");
        if (next != NULL) {
                context->state->next = gal_find_target(context->compiler, context->state->graph, &place, next);
        } else if (!end) {
                gal_mark_unclear(context);
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED,
                           context->place, context->place, GAL_SPOT_KEY,
                           "There should be one of the following fields: [Next, End]");
        }
}

static void compile_data_flow(const struct gal_context *context)
{
        struct gal_state *state = context->state;

        gal_compile_path_field(context, context->place, state->source, "InputPath", &state->input_path);
        gal_compile_path_field(context, context->place, state->source, "OutputPath", &state->output_path);
        gal_compile_result_path(context, context->place, state->source, &state->result_path);
        if (state->language == GAL_JSONPATH) {
                if (state->kind != GAL_STATE_MAP)
                        state->parameters =
                                gal_compile_template(context, context->place, state->source, "Parameters");
                state->result_selector =
                        gal_compile_template(context, context->place, state->source, "ResultSelector");
        }
        state->assign = gal_compile_assign(context, context->place, state->source);
        gal_check_jsonata_field(context, context->place, state->source, "Output");
}

static void compile_kind(const struct gal_context *context)
{
        switch (context->state->kind) {
        case GAL_STATE_PASS:
                gal_compile_pass(context);
                return;
        case GAL_STATE_TASK:
                gal_compile_task(context);
                return;
        case GAL_STATE_CHOICE:
                gal_compile_choice(context);
                return;
        case GAL_STATE_WAIT:
                gal_compile_wait(context);
                return;
        case GAL_STATE_SUCCEED:
                return;
        case GAL_STATE_FAIL:
                gal_compile_fail(context);
                return;
        case GAL_STATE_PARALLEL:
                gal_compile_parallel(context);
                return;
        case GAL_STATE_MAP:
                gal_compile_map(context);
                return;
        }
        gal_bug("state kind", context->state->kind);
}

static bool is_worker(enum gal_state_kind kind)
{
        return kind == GAL_STATE_TASK || kind == GAL_STATE_PARALLEL || kind == GAL_STATE_MAP;
}

void gal_compile_state(struct gal_compiler *compiler, uint32_t index, const struct gal_place *place)
{
        struct gal_state *state = &compiler->program->states[index];
        struct gal_context context = { compiler, state, &compiler->state_notes[index], place };

        check_name(&context);
        if (!gal_check_type(compiler, GAL_FIELD_OBJECT, place, state->source)) {
                gal_mark_unclear(&context);
                return;
        }
        if (!check_type(&context) || !check_language(&context))
                return;
        gal_check_fields(compiler, (enum gal_holder)state->kind, state->language, place, place, state->source);
        compile_transition(&context);
        compile_data_flow(&context);
        if (is_worker(state->kind)) {
                gal_compile_retry(&context);
                gal_compile_catch(&context);
        }
        if (context.note->too_deep)
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_TOO_DEEPLY_NESTED, place, place,
                           GAL_SPOT_KEY, "States are nested more than %d levels deep", GAL_STATE_DEPTH_MAX);
        compile_kind(&context);
}
