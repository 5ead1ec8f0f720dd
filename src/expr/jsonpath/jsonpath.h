/*
 * jsonpath.h: paths as the service's library (Jayway JsonPath) reads them.
 *
 *   $.a.b['c'][0]      a definite path: one node or none
 *   $..a  $.a[*]  $.a[0:2]  $.a[0,1]  $.a[?(@.x > 1)]    indefinite: always an array, [] when nothing matches
 *   $.a.length()       a function of the outcome, at the end only: one value (path.h lists them)
 *   $$.Execution.Id    the Context Object;  $name.a  a workflow variable
 *
 * Compiled once, immutable, shared. Knows nothing of states or templates.
 */
#ifndef GAL_EXPR_JSONPATH_JSONPATH_H
#define GAL_EXPR_JSONPATH_JSONPATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "expr/scope.h"

struct gal_path;

enum gal_path_root { GAL_PATH_INPUT /* $ */, GAL_PATH_CONTEXT /* $$ */, GAL_PATH_VARIABLE /* $name */ };

/*
 * Parses a path. `text` is borrowed. `ret_path` (transfer full) is untouched on failure; `error` (nullable) gets
 * the offset in `text` in at.offset. GAL_ESYNTAX, GAL_ELIMIT or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_path_parse(const char *text, size_t len, struct gal_path **ret_path,
                                            struct gal_error *error);
void gal_path_destroy(struct gal_path *path); /* accepts NULL */

enum gal_path_root gal_path_root(const struct gal_path *path);
const char *gal_path_variable(const struct gal_path *path); /* (transfer none) the name; NULL unless a variable */
const char *gal_path_text(const struct gal_path *path);     /* (transfer none) as written */
bool gal_path_is_definite(const struct gal_path *path);
/* Only .name, ['name'] and [n] with n >= 0: what Reference Paths allow. */
bool gal_path_is_reference(const struct gal_path *path);
bool gal_path_is_root(const struct gal_path *path); /* exactly "$" */

/*
 * Evaluates. `ret_value` (transfer full): the node itself (shared, do not modify) or a new array.
 * GAL_ENOTFOUND: a definite path found nothing, or its variable is not set.
 * GAL_ELIMIT: the scope's budget is spent.
 */
GAL_MUST_USE enum gal_status gal_path_evaluate(const struct gal_path *path, const struct gal_scope *scope,
                                               json_t **ret_value);
/*
 * Appends why the evaluation in this scope ended with one of these two, in the library's words:
 * "No results for path: $['X']", "Missing property in path $['no']",
 * "Filter: [0] can only be applied to arrays. Current context is: 1".
 */
void gal_path_explain(const struct gal_path *path, const struct gal_scope *scope, enum gal_status status,
                      struct gal_buffer *text);

/*
 * ResultPath: a copy of `document` in which the node of a reference path is `value`; missing objects are made on
 * the way, what is on the path is copied, the rest is shared. `document` and `value` are borrowed; the path must be
 * a reference path of the input (asserted). GAL_EINVALID: it cannot be written there (through a scalar or null, an
 * index past the end); `error` has the service's "Unable to apply ReferencePath $.a to input ...", the input cut
 * short.
 */
GAL_MUST_USE enum gal_status gal_path_set(const struct gal_path *path, json_t *document, json_t *value,
                                          json_t **ret_document, struct gal_error *error);

#endif
