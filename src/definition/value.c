/*
 * value.c: fields that hold paths, numbers and payload templates. JSONPath states get them compiled; in JSONata
 * states the same fields are only checked for what they may hold, and stay in the state's source.
 *
 * The types were checked by field.c already, so a value of a wrong one is passed over in silence.
 */
#include <string.h>

#include "definition/compiler.h"
#include "definition/lint.h"

static const json_t *find_string(const struct gal_context *context, const json_t *object, const char *name)
{
        const json_t *value = json_object_get(object, name);

        return context->state->language == GAL_JSONPATH && json_is_string(value) ? value : NULL;
}

/* NULL when it does not parse (`error` says why) or memory ran out. */
static struct gal_path *parse_path(const struct gal_context *context, const json_t *text, struct gal_error *error)
{
        struct gal_path *path = NULL;

        if (gal_path_parse(json_string_value(text), json_string_length(text), &path, error) == GAL_ENOMEM)
                gal_out_of_memory(context->compiler);
        return path;
}

void gal_compile_path_field(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                            const char *name, struct gal_path_field *ret_field)
{
        struct gal_place place = gal_place_member(holder, name);
        const json_t *text = find_string(context, object, name);

        if (context->state->language == GAL_JSONPATH && json_is_null(json_object_get(object, name)))
                ret_field->setting = GAL_PATH_NULL;
        if (text == NULL)
                return;
        ret_field->path = parse_path(context, text, NULL);
        if (ret_field->path == NULL) {
                gal_fault(context->compiler, &place, "Value must be a valid JSONPath.");
        } else if (gal_path_is_root(ret_field->path)) {
                gal_path_destroy(ret_field->path);
                ret_field->path = NULL;
        } else {
                ret_field->setting = GAL_PATH_GIVEN;
                gal_check_read(context, &place, &place, ret_field->path);
        }
}

/* The service names a reason only where the text is no path at all. */
static struct gal_path *compile_reference(const struct gal_context *context, const struct gal_place *place,
                                          const json_t *text)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_path *path = parse_path(context, text, &error);

        if (path == NULL)
                gal_fault(context->compiler, place, "Value is not a Reference Path: %s",
                          json_string_value(text)[0] == '$' ? error.message
                                                            : "Reference path didn't start with '$'");
        return path;
}

static struct gal_path *refuse_reference(const struct gal_context *context, const struct gal_place *place,
                                         struct gal_path *path)
{
        gal_fault(context->compiler, place, "Value is not a Reference Path");
        gal_path_destroy(path);
        return NULL;
}

struct gal_path *gal_compile_reference(const struct gal_context *context, const struct gal_place *holder,
                                       const json_t *object, const char *name, bool context_object)
{
        struct gal_place place = gal_place_member(holder, name);
        const json_t *text = find_string(context, object, name);
        struct gal_path *path;

        if (text == NULL)
                return NULL;
        path = compile_reference(context, &place, text);
        if (path == NULL)
                return NULL;
        if (!gal_path_is_reference(path) || (gal_path_root(path) == GAL_PATH_CONTEXT && !context_object))
                return refuse_reference(context, &place, path);
        gal_check_read(context, &place, &place, path);
        return path;
}

void gal_compile_result_path(const struct gal_context *context, const struct gal_place *holder,
                             const json_t *object, struct gal_path_field *ret_field)
{
        struct gal_place place = gal_place_member(holder, "ResultPath");
        const json_t *text = find_string(context, object, "ResultPath");
        struct gal_path *path;

        if (context->state->language == GAL_JSONPATH && json_is_null(json_object_get(object, "ResultPath")))
                ret_field->setting = GAL_PATH_NULL;
        if (text == NULL)
                return;
        path = compile_reference(context, &place, text);
        if (path == NULL)
                return;
        if (!gal_path_is_reference(path) || gal_path_root(path) != GAL_PATH_INPUT) {
                refuse_reference(context, &place, path);
        } else if (gal_path_is_root(path)) {
                gal_path_destroy(path);
        } else {
                ret_field->setting = GAL_PATH_GIVEN;
                ret_field->path = path;
        }
}

void gal_compile_number(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                        const char *name, const char *path_name, struct gal_number_field *ret_field)
{
        json_t *value = json_object_get(object, name);

        if (json_is_number(value)) {
                ret_field->given = true;
                ret_field->literal = json_number_value(value);
        } else if (context->state->language == GAL_JSONATA && gal_is_jsonata(value)) {
                ret_field->given = true;
                ret_field->expression = value;
        }
        gal_check_jsonata_field(context, holder, object, name);
        /* Measured for the numbers of a Map; those of a Task may be in the Context Object (reference: asl, section
         * 3). */
        ret_field->path = gal_compile_reference(context, holder, object, path_name,
                                                /* context_object= */ context->state->kind == GAL_STATE_TASK);
        if (ret_field->path != NULL)
                ret_field->given = true;
}

struct gal_expression *gal_compile_expression(const struct gal_context *context, const struct gal_place *holder,
                                              const json_t *object, const char *name)
{
        struct gal_place place = gal_place_member(holder, name);
        const json_t *text = find_string(context, object, name);
        struct gal_expression *expression = NULL;
        enum gal_status status;

        if (text == NULL)
                return NULL;
        status = gal_expression_parse(json_string_value(text), json_string_length(text), &expression, NULL);
        if (status == GAL_ENOMEM)
                gal_out_of_memory(context->compiler);
        else if (status != GAL_OK)
                gal_fault(
                        context->compiler, &place,
                        "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call",
                        name);
        else
                gal_check_read(context, &place, &place, gal_expression_path(expression));
        return expression;
}

struct template_walk {
        const struct gal_context *context;
        const struct gal_place *place;
        const json_t *value;
};

static void report_template_fault(void *user, const char *pointer, const char *message)
{
        const struct template_walk *walk = user;

        gal_report_below(walk->context, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, walk->place,
                         walk->value, pointer, message);
}

static struct gal_template *compile_template(const struct gal_context *context, const struct gal_place *place,
                                             json_t *value)
{
        struct template_walk walk = { context, place, value };
        struct gal_template *template = NULL;

        if (gal_template_compile(value, report_template_fault, &walk, &template) == GAL_ENOMEM)
                gal_out_of_memory(context->compiler);
        gal_lint_template(context, place, value);
        return template;
}

struct gal_template *gal_compile_template(const struct gal_context *context, const struct gal_place *holder,
                                          const json_t *object, const char *name)
{
        struct gal_place place = gal_place_member(holder, name);
        json_t *value = json_object_get(object, name);

        if (value == NULL)
                return NULL;
        if (context->state->language == GAL_JSONPATH)
                return compile_template(context, &place, value);
        gal_check_jsonata(context, &place, value);
        return NULL;
}

struct gal_template *gal_compile_assign(const struct gal_context *context, const struct gal_place *holder,
                                        const json_t *object)
{
        struct gal_place place = gal_place_member(holder, "Assign");
        const json_t *value = json_object_get(object, "Assign");

        if (!json_is_object(value))
                return NULL;
        gal_check_assigned(context, &place, value);
        return gal_compile_template(context, holder, object, "Assign");
}
