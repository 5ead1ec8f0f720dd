/*
 * template.h: payload templates of JSONPath mode: JSON in which a member "x.$" is evaluated and becomes "x".
 *
 * Also the single expression: what may stand as the value of such a member, a path or an intrinsic call.
 * Compiled once, immutable, shared. Parts of a template without expressions are shared with every result.
 */
#ifndef GAL_EXPR_TEMPLATE_TEMPLATE_H
#define GAL_EXPR_TEMPLATE_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "expr/intrinsic/intrinsic.h"
#include "expr/jsonpath/jsonpath.h"
#include "expr/scope.h"

/* A path or an intrinsic call. */
struct gal_expression;

/* GAL_ESYNTAX when it is neither a valid path nor a valid call. `ret_expression` (transfer full). */
GAL_MUST_USE enum gal_status gal_expression_parse(const char *text, size_t len,
                                                  struct gal_expression **ret_expression, struct gal_error *error);
void gal_expression_destroy(struct gal_expression *expression); /* accepts NULL */
/* (transfer none) NULL when it is a call. */
const struct gal_path *gal_expression_path(const struct gal_expression *expression);
const struct gal_intrinsic *gal_expression_call(const struct gal_expression *expression);

/*
 * Evaluates. `field` names the place in causes ("value.$", "ErrorPath").
 * A path without result fails with States.Runtime:
 *   The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{...}'
 * where the input shown is the scope's, or the Context Object for a `$$` path.
 */
GAL_MUST_USE enum gal_status gal_expression_evaluate(const struct gal_expression *expression, const char *field,
                                                     const struct gal_scope *scope, json_t **ret_value,
                                                     struct gal_failure *failure);

struct gal_template;

/* Called for each fault of a template: `pointer` is the JSON pointer of the value from the template's root ("" or
 * "/a/b.$"). */
typedef void (*gal_template_fault)(void *user, const char *pointer, const char *message);

/*
 * Compiles. `value` is shared, not copied. Every fault goes to `fault` (nullable), worded as the service does:
 *   The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call
 * `ret_template` (transfer full) untouched on failure. GAL_EINVALID or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_template_compile(json_t *value, gal_template_fault fault, void *user,
                                                  struct gal_template **ret_template);
void gal_template_destroy(struct gal_template *template); /* accepts NULL */
bool gal_template_is_constant(const struct gal_template *template);

/* `ret_value` (transfer full): do not modify, parts are shared. GAL_EFAILED: see gal_expression_evaluate(). */
GAL_MUST_USE enum gal_status gal_template_evaluate(const struct gal_template *template,
                                                   const struct gal_scope *scope, json_t **ret_value,
                                                   struct gal_failure *failure);

#endif
