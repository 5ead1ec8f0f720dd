/*
 * intrinsic.h: the States.* functions of JSONPath mode.
 *
 *   States.Format('order {} of {}', $.id, States.MathAdd($.total, 1))
 *
 * Compiled once, immutable, shared. One table of functions, by name.
 */
#ifndef GAL_EXPR_INTRINSIC_INTRINSIC_H
#define GAL_EXPR_INTRINSIC_INTRINSIC_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "expr/jsonpath/jsonpath.h"
#include "expr/scope.h"

struct gal_intrinsic;

/*
 * Parses a call. Names and escapes are checked here (an unknown function, a wrong escape or a nesting past ten is
 * GAL_ESYNTAX); the number of arguments is not: that fails at run time, where it can be caught.
 * `ret_call` (transfer full) untouched on failure. GAL_ESYNTAX, GAL_ELIMIT or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_intrinsic_parse(const char *text, size_t len, struct gal_intrinsic **ret_call,
                                                 struct gal_error *error);
void gal_intrinsic_destroy(struct gal_intrinsic *call); /* accepts NULL */

/*
 * Evaluates. `ret_value` (transfer full). GAL_EFAILED: `failure` has States.IntrinsicFailure (bad data, wrong
 * arity: can be caught) or States.Runtime (an argument's path finds nothing), worded as the service does.
 */
GAL_MUST_USE enum gal_status gal_intrinsic_evaluate(const struct gal_intrinsic *call, const struct gal_scope *scope,
                                                    json_t **ret_value, struct gal_failure *failure);

/* Calls `visit` for each path among the arguments, nested calls included: for validation. */
void gal_intrinsic_visit_paths(const struct gal_intrinsic *call,
                               void (*visit)(void *user, const struct gal_path *path), void *user);

#endif
