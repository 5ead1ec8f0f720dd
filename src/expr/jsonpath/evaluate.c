/*
 * evaluate.c: following the steps of a path.
 *
 * Names and indices from the start on are followed by a loop that allocates nothing: that is nearly every path of
 * nearly every definition. From the first step that can lead to several nodes, results are collected in an array.
 *
 * As the service's library does it: `..` visits containers before what is in them, in document order; a filter
 * after an object asks the object itself, after an array its elements; an indefinite path never fails, it finds [].
 */
#include "expr/jsonpath/path.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "expr/java.h"

/* What a new object and a member of it, and an element of a new array, take of the budget, roughly. */
enum { OBJECT_SIZE = 256, MEMBER_SIZE = 64, ELEMENT_SIZE = 16 };

static void apply(struct path_evaluation *evaluation, const struct path_step *step, json_t *node, json_t *results);

/* (transfer none) The node that a name or an index leads to; NULL: none. */
static inline json_t *follow(const struct path_step *step, const json_t *node)
{
        json_int_t index;

        if (step->kind == PATH_NAME)
                return json_object_getn(node, step->as.name.text, step->as.name.len);
        if (!json_is_array(node))
                return NULL;
        index = step->as.index;
        if (index < 0)
                index += (json_int_t)json_array_size(node);
        return index < 0 ? NULL : json_array_get(node, (size_t)index);
}

static inline bool is_simple(const struct path_step *step)
{
        return (step->kind == PATH_NAME || step->kind == PATH_INDEX) && !step->scan;
}

static void apply_to_node(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                          json_t *results)
{
        if (node == NULL || !gal_path_spend(evaluation, 1))
                return;
        if (step != NULL)
                apply(evaluation, step, node, results);
        else
                gal_need(json_array_append(results, node) == 0 ? node : NULL);
}

static bool has_names(const struct path_step *step, const json_t *node)
{
        for (size_t i = 0; i < step->as.names.count; i++)
                if (json_object_getn(node, step->as.names.items[i].text, step->as.names.items[i].len) == NULL)
                        return false;
        return true;
}

static json_t *merge_names(const struct path_step *step, const json_t *node)
{
        json_t *merged = gal_need(json_object());
        const struct path_name *name;
        json_t *member;

        for (size_t i = 0; i < step->as.names.count; i++) {
                name = &step->as.names.items[i];
                member = json_object_getn(node, name->text, name->len);
                if (member != NULL)
                        gal_need(json_object_setn_nocheck(merged, name->text, name->len, member) == 0 ? merged
                                                                                                      : NULL);
        }
        return merged;
}

static void apply_names(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                        json_t *results)
{
        const struct path_name *name;
        json_t *merged;

        if (!json_is_object(node))
                return;
        if (step->next == NULL) {
                /* below "..", an object must have all of the names */
                if (!gal_path_spend(evaluation, step->as.names.count) || (step->scan && !has_names(step, node)) ||
                    !gal_path_spend_bytes(evaluation, OBJECT_SIZE + step->as.names.count * MEMBER_SIZE))
                        return;
                merged = merge_names(step, node);
                gal_need(json_array_append_new(results, merged) == 0 ? results : NULL);
                return;
        }
        for (size_t i = 0; i < step->as.names.count; i++) {
                name = &step->as.names.items[i];
                apply_to_node(evaluation, step->next, json_object_getn(node, name->text, name->len), results);
        }
}

static void apply_indices(struct path_evaluation *evaluation, const struct path_step *step, const json_t *node,
                          json_t *results)
{
        json_int_t size = (json_int_t)json_array_size(node);
        json_int_t index;

        for (size_t i = 0; i < step->as.indices.count; i++) {
                index = step->as.indices.items[i];
                if (index < 0)
                        index += size;
                if (index >= 0 && index < size)
                        apply_to_node(evaluation, step->next, json_array_get(node, (size_t)index), results);
        }
}

static json_int_t clamp(json_int_t index, json_int_t size)
{
        if (index < 0)
                index += size;
        return index < 0 ? 0 : index > size ? size : index;
}

static void apply_slice(struct path_evaluation *evaluation, const struct path_step *step, const json_t *node,
                        json_t *results)
{
        json_int_t size = (json_int_t)json_array_size(node);
        json_int_t from = step->as.slice.has_from ? clamp(step->as.slice.from, size) : 0;
        json_int_t to = step->as.slice.has_to ? clamp(step->as.slice.to, size) : size;

        for (; from < to && evaluation->status == GAL_OK; from++)
                apply_to_node(evaluation, step->next, json_array_get(node, (size_t)from), results);
}

static void apply_wildcard(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                           json_t *results)
{
        const char *key;
        size_t index;
        json_t *child;

        json_object_foreach(node, key, child)
        {
                if (evaluation->status == GAL_OK)
                        apply_to_node(evaluation, step->next, child, results);
        }
        json_array_foreach(node, index, child)
        {
                if (evaluation->status != GAL_OK)
                        return;
                apply_to_node(evaluation, step->next, child, results);
        }
}

static void apply_filter(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                         json_t *results)
{
        size_t index;
        json_t *child;

        if (json_is_object(node) && gal_path_filter_accepts(evaluation, step->as.filter, node))
                apply_to_node(evaluation, step->next, node, results);
        json_array_foreach(node, index, child)
        {
                if (!gal_path_spend(evaluation, 1))
                        return;
                if (gal_path_filter_accepts(evaluation, step->as.filter, child))
                        apply_to_node(evaluation, step->next, child, results);
        }
}

/* The step at one container, `scan` no longer considered. */
static void apply_here(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                       json_t *results)
{
        switch (step->kind) {
        case PATH_NAME:
        case PATH_INDEX:
                apply_to_node(evaluation, step->next, follow(step, node), results);
                break;
        case PATH_NAMES:
                apply_names(evaluation, step, node, results);
                break;
        case PATH_INDICES:
                apply_indices(evaluation, step, node, results);
                break;
        case PATH_SLICE:
                apply_slice(evaluation, step, node, results);
                break;
        case PATH_WILDCARD:
                apply_wildcard(evaluation, step, node, results);
                break;
        case PATH_FILTER:
                apply_filter(evaluation, step, node, results);
                break;
        }
}

/*
 * Below "..", a filter asks each object, and an array only when the array as a whole passes: its elements are asked
 * when the walk comes to them.
 */
static void apply_at_container(struct path_evaluation *evaluation, const struct path_step *step, json_t *node,
                               json_t *results)
{
        if (step->kind == PATH_FILTER && json_is_array(node) &&
            !gal_path_filter_accepts(evaluation, step->as.filter, node))
                return;
        apply_here(evaluation, step, node, results);
}

static void walk(struct path_evaluation *evaluation, const struct path_step *step, json_t *node, json_t *results)
{
        const char *key;
        size_t index;
        json_t *child;

        if (!json_is_object(node) && !json_is_array(node))
                return;
        if (!gal_path_spend(evaluation, 1))
                return;
        if (evaluation->depth_left-- == 0) {
                evaluation->status = GAL_ELIMIT;
                evaluation->depth_left = 0;
                return;
        }
        apply_at_container(evaluation, step, node, results);
        json_object_foreach(node, key, child)
        {
                if (evaluation->status == GAL_OK)
                        walk(evaluation, step, child, results);
        }
        json_array_foreach(node, index, child)
        {
                if (evaluation->status == GAL_OK)
                        walk(evaluation, step, child, results);
        }
        if (evaluation->status == GAL_OK)
                evaluation->depth_left++;
}

static void apply(struct path_evaluation *evaluation, const struct path_step *step, json_t *node, json_t *results)
{
        if (evaluation->depth_left == 0)
                evaluation->status = GAL_ELIMIT;
        if (evaluation->status != GAL_OK)
                return;
        evaluation->depth_left--;
        if (step->scan)
                walk(evaluation, step, node, results);
        else
                apply_here(evaluation, step, node, results);
        if (evaluation->status == GAL_OK)
                evaluation->depth_left++;
}

/* New reference: the outcome from the first step on that is not a plain name or index. */
static json_t *run_rest(struct path_evaluation *evaluation, const struct path_query *query,
                        const struct path_step *step, json_t *node)
{
        json_t *results, *outcome;

        if (query->definite && step != NULL && !json_is_object(node))
                return NULL;
        if (query->definite) {
                results = step != NULL ? merge_names(step, node) : json_incref(node);
        } else {
                results = gal_need(json_array());
                if (node != NULL)
                        apply(evaluation, step, node, results);
                gal_path_spend_bytes(evaluation, json_array_size(results) * ELEMENT_SIZE);
        }
        if (query->function == PATH_FUNCTION_NONE)
                return results;
        outcome = gal_path_function_apply(query->function, results);
        json_decref(results);
        return outcome;
}

json_t *gal_path_run(struct path_evaluation *evaluation, const struct path_query *query, json_t *node)
{
        const struct path_step *step = query->steps;
        json_t *outcome;

        while (node != NULL && step != NULL && is_simple(step)) {
                node = follow(step, node);
                step = step->next;
        }
        if (node == NULL && query->definite)
                return NULL;
        if (step == NULL && query->function == PATH_FUNCTION_NONE && query->definite)
                return json_incref(node);
        outcome = run_rest(evaluation, query, step, node);
        if (evaluation->status == GAL_OK)
                return outcome;
        json_decref(outcome);
        return NULL;
}

/* The path as far as `end`, in the library's notation: $['a'][0]. */
static void write_path(struct gal_buffer *buffer, const struct path_step *steps, const struct path_step *end)
{
        gal_buffer_append_char(buffer, '$');
        for (; steps != end; steps = steps->next)
                gal_path_step_write(buffer, steps);
}

static void write_tail(struct gal_buffer *buffer, const struct path_step *step)
{
        for (; step != NULL; step = step->next)
                gal_path_step_write(buffer, step);
}

/* A name that led nowhere from `node`. */
static void explain_name(struct gal_buffer *text, const struct gal_path *path, const struct path_step *step,
                         const json_t *node)
{
        if (!json_is_object(node)) {
                gal_buffer_append_text(text, "Property ");
                gal_path_step_write(text, step);
                gal_buffer_append_text(text, " not found in path ");
                write_path(text, path->query.steps, step);
                return;
        }
        gal_buffer_append_text(text, step->next == NULL ? "No results for path: " : "Missing property in path ");
        write_path(text, path->query.steps, step->next);
}

static void explain_index(struct gal_buffer *text, const struct gal_path *path, const struct path_step *step,
                          const json_t *node)
{
        if (json_is_array(node)) {
                gal_buffer_append_text(text, "No results for path: ");
                write_path(text, path->query.steps, NULL);
        } else if (json_is_null(node)) {
                gal_buffer_append_text(text, "The path ");
                write_path(text, path->query.steps, step);
                gal_buffer_append_text(text, " is null");
        } else {
                gal_buffer_append_text(text, "Filter: ");
                write_tail(text, step);
                gal_buffer_append_text(text, " can only be applied to arrays. Current context is: ");
                gal_java_write(text, node);
        }
}

/* Follows a definite path once more, to say in the library's words where it came to an end. */
static void explain(const struct gal_path *path, json_t *node, struct gal_buffer *text)
{
        const struct path_step *step = path->query.steps;
        json_t *child;

        for (; step != NULL && is_simple(step); step = step->next) {
                child = follow(step, node);
                if (child == NULL && step->kind == PATH_NAME)
                        explain_name(text, path, step, node);
                else if (child == NULL)
                        explain_index(text, path, step, node);
                if (child == NULL)
                        return;
                node = child;
        }
        if (step != NULL && path->query.definite)
                explain_name(text, path, step, node);
        else
                gal_buffer_append_text(text, "Aggregation function attempted to calculate value using empty array");
}

static json_t *root_of(const struct gal_path *path, const struct gal_scope *scope)
{
        switch (path->root) {
        case GAL_PATH_INPUT:
                return scope->input;
        case GAL_PATH_CONTEXT:
                return scope->context != NULL ? scope->context(scope->user) : NULL;
        case GAL_PATH_VARIABLE:
                return scope->variable != NULL ? scope->variable(scope->user, path->variable) : NULL;
        }
        return NULL;
}

void gal_path_explain(const struct gal_path *path, const struct gal_scope *scope, enum gal_status status,
                      struct gal_buffer *text)
{
        json_t *root = root_of(path, scope);

        if (status == GAL_ELIMIT) {
                gal_buffer_append_text(text, "The path takes too many steps to evaluate");
        } else if (root != NULL) {
                explain(path, root, text);
        } else if (path->root == GAL_PATH_VARIABLE) {
                gal_buffer_append_text(text, "The variable '$");
                gal_buffer_append_text(text, path->variable);
                gal_buffer_append_text(text, "' is not set");
        } else {
                gal_buffer_append_text(text, "No results for path: $");
        }
}

enum gal_status gal_path_evaluate(const struct gal_path *path, const struct gal_scope *scope, json_t **ret_value)
{
        struct path_evaluation evaluation;
        struct gal_budget budget = GAL_BUDGET_INIT;
        json_t *root = root_of(path, scope);
        json_t *value;

        if (root == NULL)
                return GAL_ENOTFOUND;
        evaluation.document = root;
        evaluation.budget = scope->budget != NULL ? scope->budget : &budget;
        evaluation.depth_left = GAL_PATH_RECURSION_MAX;
        evaluation.status = GAL_OK;
        value = gal_path_run(&evaluation, &path->query, root);
        if (evaluation.status != GAL_OK)
                return evaluation.status;
        if (value == NULL)
                return GAL_ENOTFOUND;
        *ret_value = value;
        return GAL_OK;
}
