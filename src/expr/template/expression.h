/*
 * expression.h: the single expression, as template.c sees it.
 */
#ifndef GAL_EXPR_TEMPLATE_EXPRESSION_H
#define GAL_EXPR_TEMPLATE_EXPRESSION_H

#include "expr/template/template.h"

/* gal_expression_evaluate() with a budget that the expressions of a template share (expr/intrinsic/call.h). */
GAL_MUST_USE enum gal_status gal_expression_run(const struct gal_expression *expression, const char *field,
                                                const struct gal_scope *scope, size_t *output_left,
                                                json_t **ret_value, struct gal_failure *failure);

#endif
