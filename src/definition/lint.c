/*
 * lint.c: the warnings of the service (NO_DOLLAR, NO_PATH, PASS_RESULT_IS_STATIC) and one of ours: an intrinsic
 * call whose arguments are all literals is tried, since it fails every time or never.
 */
#include "definition/lint.h"

#include <string.h>

static bool is_word(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool looks_like_call(const char *text, size_t len)
{
        size_t at = 7;

        if (len < 10 || memcmp(text, "States.", 7) != 0 || text[len - 1] != ')')
                return false;
        while (at < len && (is_word(text[at]) || (text[at] >= '0' && text[at] <= '9')))
                at++;
        return at > 7 && text[at] == '(';
}

static bool looks_like_path(const char *text, size_t len)
{
        if (len > 1 && text[0] == '$' && text[1] == '$') {
                text++;
                len--;
        }
        if (len < 3 || text[0] != '$')
                return false;
        return (text[1] == '.' && (is_word(text[2]) || text[2] == '_')) ||
               (text[1] == '[' && (text[2] == '\'' || text[2] == '*' || (text[2] >= '0' && text[2] <= '9')));
}

/* Whether a literal reads like a path or an intrinsic call. */
static bool looks_evaluated(const json_t *value)
{
        if (!json_is_string(value))
                return false;
        return looks_like_path(json_string_value(value), json_string_length(value)) ||
               looks_like_call(json_string_value(value), json_string_length(value));
}

static json_t *no_context(void *user)
{
        (void)user;
        return NULL;
}

static json_t *no_variable(void *user, const char *name)
{
        (void)user;
        (void)name;
        return NULL;
}

static void try_call(const struct gal_context *context, const struct gal_place *location,
                     const struct gal_place *spot, const struct gal_intrinsic *call)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        struct gal_scope scope = { .context = no_context, .variable = no_variable, .random = &random };
        struct gal_failure failure = GAL_FAILURE_INIT;
        json_t *result = NULL;

        scope.input = json_null();
        if (gal_intrinsic_evaluate(call, &scope, &result, &failure) == GAL_EFAILED)
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, location, spot,
                         "The intrinsic function call of the field '%.*s' always fails: %s", (int)spot->key_len,
                         spot->key, failure.cause.data != NULL ? failure.cause.data : "");
        json_decref(result);
        gal_failure_finish(&failure);
}

struct call_paths {
        const struct gal_context *context;
        const struct gal_place *location;
        const struct gal_place *spot;
        size_t count;
};

static void note_path(void *user, const struct gal_path *path)
{
        struct call_paths *paths = user;

        paths->count++;
        gal_check_read(paths->context, paths->location, paths->spot, path);
}

/* What stands under a key with ".$". It is parsed once more: a template with a fault elsewhere was not made. */
static void lint_expression(const struct gal_context *context, const struct gal_place *location,
                            const struct gal_place *spot, const json_t *text)
{
        struct gal_expression *expression = NULL;
        struct call_paths paths = { context, location, spot, 0 };

        if (gal_expression_parse(json_string_value(text), json_string_length(text), &expression, NULL) != GAL_OK)
                return; /* reported already, or out of memory: then there is no warning */
        if (gal_expression_call(expression) != NULL) {
                gal_intrinsic_visit_paths(gal_expression_call(expression), note_path, &paths);
                if (paths.count == 0)
                        try_call(context, location, spot, gal_expression_call(expression));
        } else {
                gal_check_read(context, location, spot, gal_expression_path(expression));
        }
        gal_expression_destroy(expression);
}

static void lint_member(const struct gal_context *context, const struct gal_place *location,
                        const struct gal_place *spot, const json_t *value)
{
        bool evaluated = spot->key_len > 2 && memcmp(spot->key + spot->key_len - 2, ".$", 2) == 0;

        if (evaluated && json_is_string(value))
                lint_expression(context, location, spot, value);
        else if (!evaluated && looks_evaluated(value))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_NO_DOLLAR, location, spot,
                         "The value of the field '%.*s' looks like a path or an intrinsic function call, but it is "
                         "not evaluated: the name does not end with '.$'",
                         (int)spot->key_len, spot->key);
}

/* Recurses as deep as the definition nests: GAL_JSON_DEPTH_MAX. */
void gal_lint_template(const struct gal_context *context, const struct gal_place *place, const json_t *value)
{
        json_t *members = (json_t *)value; /* jansson's iterators take no const; nothing is changed */

        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
                struct gal_place spot = gal_place_element(place, i);

                gal_lint_template(context, &spot, json_array_get(value, i));
        }
        if (!json_is_object(value))
                return;
        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                struct gal_place spot =
                        gal_place_member_n(place, json_object_iter_key(member), json_object_iter_key_len(member));

                lint_member(context, place, &spot, json_object_iter_value(member));
                gal_lint_template(context, &spot, json_object_iter_value(member));
        }
}

static const char STATIC_RESULT[] = "Result is not evaluated: a path in it is only text; use Parameters instead";

/* One warning a Result. */
static bool lint_result(const struct gal_context *context, const struct gal_place *place, const json_t *value)
{
        json_t *members = (json_t *)value;

        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
                struct gal_place spot = gal_place_element(place, i);

                if (lint_result(context, &spot, json_array_get(value, i)))
                        return true;
        }
        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                struct gal_place spot =
                        gal_place_member_n(place, json_object_iter_key(member), json_object_iter_key_len(member));

                if (lint_result(context, &spot, json_object_iter_value(member)))
                        return true;
        }
        if (!looks_evaluated(value))
                return false;
        gal_warn(context->compiler, GAL_DIAGNOSTIC_PASS_RESULT_IS_STATIC, place, place, "%s", STATIC_RESULT);
        return true;
}

void gal_lint_result(const struct gal_context *context, const struct gal_place *place, const json_t *value)
{
        lint_result(context, place, value);
}

void gal_lint_literal(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                      const char *name)
{
        struct gal_place place = gal_place_member(holder, name);

        if (looks_evaluated(json_object_get(object, name)))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_NO_PATH, &place, &place,
                         "The value of the field '%s' looks like a path, but it is not evaluated: use '%sPath'",
                         name, name);
}
