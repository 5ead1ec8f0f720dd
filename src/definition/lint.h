/*
 * lint.h: warnings: what the service accepts and nobody wants. They never keep a definition from compiling.
 */
#ifndef GAL_DEFINITION_LINT_H
#define GAL_DEFINITION_LINT_H

#include "definition/compiler.h"

/* A payload template: paths under keys without ".$", calls that can only fail. */
void gal_lint_template(const struct gal_context *context, const struct gal_place *place, const json_t *value);
/* The Result of a Pass state, in which nothing is evaluated. */
void gal_lint_result(const struct gal_context *context, const struct gal_place *place, const json_t *value);
/* A literal that reads like a path where a ...Path field exists; `value` may be NULL. */
void gal_lint_literal(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                      const char *name);

#endif
