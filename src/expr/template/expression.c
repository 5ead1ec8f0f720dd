/*
 * expression.c: a path or an intrinsic call, and how the service words a path that finds nothing.
 */
#include "expr/template/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct gal_expression {
        struct gal_path *path;
        struct gal_intrinsic *call; /* one of the two */
};

static enum gal_status parse_either(struct gal_expression *expression, const char *text, size_t len,
                                    struct gal_error *error)
{
        if (len > 0 && text[0] == '$')
                return gal_path_parse(text, len, &expression->path, error);
        return gal_intrinsic_parse(text, len, &expression->call, error);
}

enum gal_status gal_expression_parse(const char *text, size_t len, struct gal_expression **ret_expression,
                                     struct gal_error *error)
{
        struct gal_expression *expression = calloc(1, sizeof(*expression));
        enum gal_status status;

        if (expression == NULL)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        status = parse_either(expression, text, len, error);
        if (status == GAL_OK)
                *ret_expression = expression;
        else
                free(expression);
        return status;
}

void gal_expression_destroy(struct gal_expression *expression)
{
        if (expression == NULL)
                return;
        gal_path_destroy(expression->path);
        gal_intrinsic_destroy(expression->call);
        free(expression);
}

const struct gal_path *gal_expression_path(const struct gal_expression *expression)
{
        return expression->path;
}

const struct gal_intrinsic *gal_expression_call(const struct gal_expression *expression)
{
        return expression->call;
}

/* What a cause shows as the input: the scope's, for a path of the Context Object that object. */
static char *shown_input(const struct gal_path *path, const struct gal_scope *scope)
{
        const json_t *shown = scope->input;

        if (gal_path_root(path) == GAL_PATH_CONTEXT && scope->context != NULL)
                shown = scope->context(scope->user);
        return shown == NULL ? gal_strdup("") : gal_failure_value_text(shown);
}

static enum gal_status fail_path(const struct gal_path *path, const char *field, const struct gal_scope *scope,
                                 enum gal_status status, struct gal_failure *failure)
{
        char *input;

        if (status == GAL_ELIMIT)
                return gal_failure_set(failure, "States.Runtime",
                                       "The JSONPath '%s' specified for the field '%s' takes too many steps to "
                                       "evaluate",
                                       gal_path_text(path), field);
        input = shown_input(path, scope);
        status = gal_failure_set(
                failure, "States.Runtime",
                "The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'",
                gal_path_text(path), field, input);
        free(input);
        return status;
}

enum gal_status gal_expression_evaluate(const struct gal_expression *expression, const char *field,
                                        const struct gal_scope *scope, json_t **ret_value,
                                        struct gal_failure *failure)
{
        enum gal_status status;

        if (expression->call != NULL)
                return gal_intrinsic_evaluate(expression->call, scope, ret_value, failure);
        status = gal_path_evaluate(expression->path, scope, ret_value);
        return status == GAL_OK ? GAL_OK : fail_path(expression->path, field, scope, status, failure);
}
