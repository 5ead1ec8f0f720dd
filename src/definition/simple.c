/*
 * simple.c: the small states: Wait, Fail, and the Result of Pass.
 */
#include <string.h>

#include "definition/compiler.h"
#include "definition/lint.h"

static void compile_timestamp(const struct gal_context *context, const json_t *value)
{
        struct gal_place place = gal_place_member(context->place, "Timestamp");
        struct gal_wait *wait = &context->state->as.wait;

        wait->kind = GAL_WAIT_TIMESTAMP;
        if (context->state->language == GAL_JSONATA && strncmp(json_string_value(value), "{%", 2) == 0)
                gal_check_jsonata(context, &place, value);
        else if (!gal_timestamp_parse(json_string_value(value), json_string_length(value), &wait->timestamp))
                gal_fault(context->compiler, &place, "String does not match RFC3339 timestamp");
}

void gal_compile_wait(const struct gal_context *context)
{
        struct gal_wait *wait = &context->state->as.wait;
        const json_t *source = context->state->source;
        const json_t *seconds = json_object_get(source, "Seconds");
        const json_t *timestamp = json_object_get(source, "Timestamp");

        if (json_is_integer(seconds))
                wait->seconds = json_integer_value(seconds);
        else if (json_is_string(timestamp))
                compile_timestamp(context, timestamp);
        gal_check_jsonata_field(context, context->place, source, "Seconds");
        if (json_object_get(source, "SecondsPath") != NULL) {
                wait->kind = GAL_WAIT_SECONDS_PATH;
                wait->path = gal_compile_reference(context, context->place, source, "SecondsPath", true);
        } else if (json_object_get(source, "TimestampPath") != NULL) {
                wait->kind = GAL_WAIT_TIMESTAMP_PATH;
                wait->path = gal_compile_reference(context, context->place, source, "TimestampPath", true);
        }
}

/* NULL: absent, or an expression. */
static char *compile_text(const struct gal_context *context, const char *name)
{
        const json_t *value = json_object_get(context->state->source, name);

        gal_check_jsonata_field(context, context->place, context->state->source, name);
        if (!json_is_string(value) || (context->state->language == GAL_JSONATA && gal_is_jsonata(value)))
                return NULL;
        if (context->state->language == GAL_JSONPATH)
                gal_lint_literal(context, context->place, context->state->source, name);
        return gal_compiler_copy(context->compiler, json_string_value(value), json_string_length(value));
}

void gal_compile_fail(const struct gal_context *context)
{
        struct gal_fail *fail = &context->state->as.fail;
        const json_t *source = context->state->source;

        fail->error = compile_text(context, "Error");
        fail->cause = compile_text(context, "Cause");
        fail->error_path = gal_compile_expression(context, context->place, source, "ErrorPath");
        fail->cause_path = gal_compile_expression(context, context->place, source, "CausePath");
}

/* As gal_payload_create() makes it, but that ends the process when memory runs out. */
static struct gal_payload *make_payload(struct gal_compiler *compiler, json_t *value)
{
        struct gal_payload *payload = gal_compiler_alloc(compiler, 1, sizeof(*payload));

        if (payload == NULL)
                return NULL;
        payload->references = 1;
        payload->value = json_incref(value);
        payload->size_max = SIZE_MAX;
        return payload;
}

void gal_compile_pass(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Result");
        json_t *result = json_object_get(context->state->source, "Result");

        if (result == NULL || context->state->language != GAL_JSONPATH)
                return;
        context->state->as.pass.result = make_payload(context->compiler, result);
        gal_lint_result(context, &place, result);
}
