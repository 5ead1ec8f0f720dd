/*
 * compile.c: the syntax tree to nodes: paths become one list of steps, predicates and groupings move to the step
 * that they belong to, a % finds the step whose input it means, calls at the end of a lambda are marked.
 *
 * Looking for a parent: a % starts one level up. Going from right to left over the steps before it, each name or
 * wildcard is one level, each % one more to climb. The step at which the level is zero notes what it was applied to
 * under the label of the %, which makes the rest of its path a stream of tuples. What a path cannot answer, its
 * surroundings have to.
 */
#include <string.h>

#include "base/assert.h"
#include "expr/jsonata/node.h"
#include "expr/jsonata/regex.h"

struct compiler {
        struct jparse *parse;
        struct jprogram *program;
};

static struct jnode *build(struct compiler *compiler, const struct jsyntax *syntax);

/* Pieces. */

static void *alloc(struct compiler *compiler, size_t count, size_t size)
{
        return gal_jparse_alloc(compiler->parse, count, size);
}

static struct jnode *new_node(struct compiler *compiler, uint8_t kind, const struct jsyntax *syntax)
{
        struct jnode *node = alloc(compiler, 1, sizeof(*node));

        node->kind = kind;
        node->start = syntax->start;
        node->end = syntax->end;
        node->op = syntax->op[0];
        return node;
}

static void set_count(struct compiler *compiler, struct jnode *node, uint32_t count)
{
        node->count = count;
        node->items = alloc(compiler, count, sizeof(struct jnode *));
}

static void append_step(struct compiler *compiler, struct jnode *path, struct jnode *step)
{
        struct jnode **grown;

        if ((path->count & (path->count - 1)) == 0) {
                grown = alloc(compiler, path->count == 0 ? 1 : 2 * (size_t)path->count, sizeof(struct jnode *));
                if (path->count > 0)
                        memcpy(grown, path->items, path->count * sizeof(struct jnode *));
                path->items = grown;
        }
        path->items[path->count++] = step;
}

static struct jnode *new_path(struct compiler *compiler, struct jnode *step)
{
        struct jnode *path = alloc(compiler, 1, sizeof(*path));

        path->kind = JN_PATH;
        path->start = step->start;
        path->end = step->end;
        append_step(compiler, path, step);
        return path;
}

static struct jnode *last_step(struct jnode *path)
{
        return path->items[path->count - 1];
}

static void add_stage(struct compiler *compiler, struct jnode *node, struct jstage stage)
{
        struct jstage *stages = alloc(compiler, node->stage_count + 1, sizeof(*stages));

        if (node->stage_count > 0)
                memcpy(stages, node->stages, node->stage_count * sizeof(*stages));
        stages[node->stage_count++] = stage;
        node->stages = stages;
}

_Noreturn static void fail(struct compiler *compiler, const char *code, const struct jsyntax *at,
                           const char *message)
{
        gal_jparse_fail(compiler->parse, code, at->start, at->end, NULL, 0, message);
}

/* Parents. */

static void add_seeking(struct compiler *compiler, struct jnode *node, struct jslot *slot)
{
        struct jslot **slots = alloc(compiler, node->seeking_count + 1, sizeof(*slots));

        if (node->seeking_count > 0)
                memcpy(slots, node->seeking, node->seeking_count * sizeof(*slots));
        slots[node->seeking_count++] = slot;
        node->seeking = slots;
}

/* What `part` cannot answer, `node` is asked for. */
static void inherit_seeking(struct compiler *compiler, struct jnode *node, const struct jnode *part)
{
        for (uint32_t i = 0; i < part->seeking_count; i++)
                add_seeking(compiler, node, part->seeking[i]);
        if (part->is_parent)
                add_seeking(compiler, node, part->parent);
}

static const char *kind_name(const struct jnode *node)
{
        switch ((enum jnode_kind)node->kind) {
        case JN_LITERAL:
                return node->is_string ? "string" : node->as.literal.tag == JT_NUMBER ? "number" : "value";
        case JN_VARIABLE:
        case JN_CONTEXT:
                return node->is_parent ? "parent" : "variable";
        case JN_DESCENDANT:
                return "descendant";
        case JN_NEGATE:
        case JN_ARRAY:
        case JN_OBJECT:
                return "unary";
        case JN_CONDITION:
        case JN_COALESCE:
                return "condition";
        case JN_BIND:
                return "bind";
        case JN_LAMBDA:
                return "lambda";
        case JN_CALL:
                return "function";
        case JN_PARTIAL:
                return "partial";
        case JN_APPLY:
                return "apply";
        case JN_TRANSFORM:
                return "transform";
        case JN_REGEX:
                return "regex";
        case JN_SORT:
                return "sort";
        case JN_PATH:
                return "path";
        case JN_NAME:
        case JN_WILDCARD:
        case JN_BLOCK:
        case JN_ARITHMETIC:
        case JN_EQUAL:
        case JN_COMPARE:
        case JN_AND:
        case JN_OR:
        case JN_IN:
        case JN_CONCAT:
        case JN_RANGE:
        case JN_KIND_COUNT:
                break;
        }
        return "binary";
}

_Noreturn static void fail_parent(struct compiler *compiler, const struct jnode *node)
{
        const char *kind = kind_name(node);

        gal_jparse_fail(compiler->parse, "S0217", node->start, node->end, kind, strlen(kind),
                        "The object representing the 'parent' cannot be derived from this expression");
}

/* Lets `slot` climb over one step. */
static void climb(struct compiler *compiler, struct jnode *node, struct jslot *slot)
{
        if (node->is_parent) {
                slot->level++;
        } else if (node->kind == JN_NAME || node->kind == JN_WILDCARD) {
                slot->level--;
                if (slot->level == 0) {
                        if (node->parent == NULL)
                                node->parent = slot;
                        else
                                slot->label = node->parent->label;
                        node->is_tuple = true;
                }
        } else if (node->kind == JN_BLOCK) {
                if (node->count > 0) {
                        node->is_tuple = true;
                        climb(compiler, node->items[node->count - 1], slot);
                }
        } else if (node->kind == JN_PATH) {
                node->is_tuple = true;
                for (uint32_t i = node->count; i > 0 && (i == node->count || slot->level > 0); i--)
                        climb(compiler, node->items[i - 1], slot);
        } else {
                fail_parent(compiler, node);
        }
}

/* The steps before the last one answer what the last one seeks. Steps that bind a focus stay where they are: their
 * results are steps beside each other. */
static void resolve_slot(struct compiler *compiler, struct jnode *path, struct jslot *slot)
{
        uint32_t left = path->count - 1;
        struct jnode *step;

        while (slot->level > 0) {
                if (left == 0) {
                        add_seeking(compiler, path, slot);
                        return;
                }
                step = path->items[--left];
                while (left > 0 && step->focus != JLABEL_NONE && path->items[left - 1]->focus != JLABEL_NONE)
                        step = path->items[--left];
                climb(compiler, step, slot);
        }
}

static void resolve_parents(struct compiler *compiler, struct jnode *path)
{
        struct jnode *last = last_step(path);

        for (uint32_t i = 0; i < last->seeking_count; i++)
                resolve_slot(compiler, path, last->seeking[i]);
        if (last->is_parent)
                resolve_slot(compiler, path, last->parent);
}

/* Paths. */

static void append_rest(struct compiler *compiler, struct jnode *path, struct jnode *rest)
{
        if (rest->kind != JN_PATH) {
                rest->has_stages = true;
                append_step(compiler, path, rest);
                return;
        }
        for (uint32_t i = 0; i < rest->count; i++)
                append_step(compiler, path, rest->items[i]);
}

static void check_steps(struct compiler *compiler, struct jnode *path)
{
        for (uint32_t i = 0; i < path->count; i++) {
                struct jnode *step = path->items[i];
                const char *text = compiler->program->text + step->start;
                struct jval literal = step->as.literal;

                if (step->keep_array)
                        path->keep_singleton = true;
                if (step->kind != JN_LITERAL)
                        continue;
                if (!step->is_string)
                        gal_jparse_fail_value(compiler->parse, "S0213", step->start, step->end, NULL, 0,
                                              gal_arena_copy(compiler->parse->arena, text, step->end - step->start),
                                              "The literal value {{value}} cannot be used as a step within a path "
                                              "expression");
                step->kind = JN_NAME;
                step->as.name.text = literal.as.text;
                step->as.name.len = literal.len;
        }
}

static struct jnode *build_dot(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *left = build(compiler, syntax->items[0]);
        struct jnode *path = left->kind == JN_PATH ? left : new_path(compiler, left);
        struct jnode *rest;

        if (left->is_parent)
                add_seeking(compiler, path, left->parent);
        rest = build(compiler, syntax->items[1]);
        append_rest(compiler, path, rest);
        check_steps(compiler, path);
        if (path->items[0]->kind == JN_ARRAY)
                path->items[0]->cons_array = true;
        if (last_step(path)->kind == JN_ARRAY)
                last_step(path)->cons_array = true;
        resolve_parents(compiler, path);
        return path;
}

static struct jnode *build_predicate(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build(compiler, syntax->items[0]);
        struct jnode *step = node->kind == JN_PATH ? last_step(node) : node;
        struct jnode *filter;

        /* The reference looks at the step, where a grouping of the whole path does not show. */
        if (step->group != NULL)
                fail(compiler, "S0209", syntax, "A predicate cannot follow a grouping expression in a step");
        filter = build(compiler, syntax->items[1]);
        for (uint32_t i = 0; i < filter->seeking_count; i++) {
                if (filter->seeking[i]->level == 1)
                        climb(compiler, step, filter->seeking[i]);
                else
                        filter->seeking[i]->level--;
        }
        inherit_seeking(compiler, step, filter);
        if (node->kind == JN_PATH)
                step->has_stages = true;
        add_stage(compiler, step, (struct jstage){ JLABEL_NONE, filter });
        return node;
}

static struct jgroup *build_pairs(struct compiler *compiler, const struct jsyntax *syntax, uint32_t first,
                                  struct jnode *seeker)
{
        struct jgroup *group = alloc(compiler, 1, sizeof(*group));

        group->start = syntax->start;
        group->end = syntax->end;
        group->count = (syntax->count - first) / 2;
        group->items = alloc(compiler, syntax->count - first, sizeof(struct jnode *));
        for (uint32_t i = first; i < syntax->count; i++) {
                group->items[i - first] = build(compiler, syntax->items[i]);
                if (seeker != NULL)
                        inherit_seeking(compiler, seeker, group->items[i - first]);
        }
        return group;
}

static struct jnode *build_group(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build(compiler, syntax->items[0]);

        if (node->group != NULL)
                fail(compiler, "S0210", syntax, "Each step can only have one grouping expression");
        node->group = build_pairs(compiler, syntax, 1, NULL);
        return node;
}

static struct jnode *build_sort(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build(compiler, syntax->items[0]);
        struct jnode *path = node->kind == JN_PATH ? node : new_path(compiler, node);
        struct jnode *sort = new_node(compiler, JN_SORT, syntax);

        sort->count = syntax->count - 1;
        sort->as.terms = alloc(compiler, sort->count, sizeof(struct jterm));
        for (uint32_t i = 0; i < sort->count; i++) {
                sort->as.terms[i].key = build(compiler, syntax->items[i + 1]->items[0]);
                sort->as.terms[i].is_descending = syntax->items[i + 1]->op[0] == '>';
                inherit_seeking(compiler, sort, sort->as.terms[i].key);
        }
        append_step(compiler, path, sort);
        resolve_parents(compiler, path);
        return path;
}

static uint32_t label_of(struct compiler *compiler, const struct jsyntax *variable)
{
        return gal_jprogram_label(compiler->parse, compiler->program, variable->text, variable->text_len);
}

static struct jnode *build_focus(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build(compiler, syntax->items[0]);
        struct jnode *step = node->kind == JN_PATH ? last_step(node) : node;

        if (step->stage_count > 0)
                fail(compiler, "S0215", syntax, "A context variable binding must precede any predicates on a step");
        if (step->kind == JN_SORT)
                fail(compiler, "S0216", syntax,
                     "A context variable binding must precede the 'order-by' clause on a step");
        step->keep_array |= syntax->keep_array;
        step->focus = label_of(compiler, syntax->items[1]);
        step->is_tuple = true;
        return node;
}

static struct jnode *build_index(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build(compiler, syntax->items[0]);
        struct jnode *path = node->kind == JN_PATH ? node : new_path(compiler, node);
        struct jnode *step = last_step(path);
        uint32_t label = label_of(compiler, syntax->items[1]);

        step->has_stages = true;
        if (step->stage_count == 0)
                step->index = label;
        else
                add_stage(compiler, step, (struct jstage){ label, NULL });
        step->is_tuple = true;
        return path;
}

/* Operands and operators. */

static struct jnode *build_name(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *step = new_node(compiler, JN_NAME, syntax);
        struct jnode *path;

        step->as.name.text = syntax->text;
        step->as.name.len = syntax->text_len;
        step->keep_array = syntax->keep_array;
        path = new_path(compiler, step);
        path->keep_singleton = syntax->keep_array;
        return path;
}

static struct jnode *build_literal(struct compiler *compiler, const struct jsyntax *syntax, struct jval value)
{
        struct jnode *node = new_node(compiler, JN_LITERAL, syntax);

        node->as.literal = value;
        node->is_string = value.tag == JT_STRING;
        return node;
}

static struct jval constant(const struct jsyntax *syntax)
{
        return syntax->text[0] == 'n' ? JNULL : jval_boolean(syntax->text[0] == 't');
}

static struct jnode *build_variable(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, syntax->text_len == 0 ? JN_CONTEXT : JN_VARIABLE, syntax);

        node->as.reference.label = label_of(compiler, syntax);
        node->as.reference.name = syntax->text;
        node->as.reference.name_len = syntax->text_len;
        return node;
}

static struct jnode *build_parent(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_VARIABLE, syntax);

        node->is_parent = true;
        node->parent = alloc(compiler, 1, sizeof(struct jslot));
        node->parent->label = gal_jprogram_new_label(compiler->parse, compiler->program);
        node->parent->level = 1;
        return node;
}

static struct jnode *build_parts(struct compiler *compiler, const struct jsyntax *syntax, uint8_t kind)
{
        struct jnode *node = new_node(compiler, kind, syntax);

        set_count(compiler, node, syntax->count);
        for (uint32_t i = 0; i < syntax->count; i++) {
                node->items[i] = build(compiler, syntax->items[i]);
                inherit_seeking(compiler, node, node->items[i]);
        }
        return node;
}

static struct jnode *build_binary(struct compiler *compiler, const struct jsyntax *syntax)
{
        static const struct {
                char text[4];
                uint8_t kind;
                char op;
        } table[] = {
                { "+", JN_ARITHMETIC, '+' }, { "-", JN_ARITHMETIC, '-' }, { "*", JN_ARITHMETIC, '*' },
                { "/", JN_ARITHMETIC, '/' }, { "%", JN_ARITHMETIC, '%' }, { "=", JN_EQUAL, '=' },
                { "!=", JN_EQUAL, '!' },     { "<", JN_COMPARE, '<' },    { ">", JN_COMPARE, '>' },
                { "<=", JN_COMPARE, 'l' },   { ">=", JN_COMPARE, 'g' },   { "and", JN_AND, 'a' },
                { "or", JN_OR, 'o' },        { "in", JN_IN, 'i' },        { "&", JN_CONCAT, '&' },
        };
        struct jnode *node;

        if (syntax->op[0] == '.')
                return build_dot(compiler, syntax);
        node = build_parts(compiler, syntax, JN_LITERAL);
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
                if (strcmp(table[i].text, syntax->op) == 0) {
                        node->kind = table[i].kind;
                        node->op = table[i].op;
                }
        return node;
}

static struct jnode *build_negation(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *operand = build(compiler, syntax->items[0]);
        struct jnode *node;

        if (operand->kind == JN_LITERAL && operand->as.literal.tag == JT_NUMBER && operand->stage_count == 0) {
                operand->as.literal.as.number = -operand->as.literal.as.number;
                return operand;
        }
        node = new_node(compiler, JN_NEGATE, syntax);
        set_count(compiler, node, 1);
        node->items[0] = operand;
        inherit_seeking(compiler, node, operand);
        return node;
}

static struct jnode *build_object(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_OBJECT, syntax);
        struct jgroup *pairs = build_pairs(compiler, syntax, 0, node);

        /* Not `group`, which is what a grouping behind this object would be. */
        node->items = pairs->items;
        node->count = pairs->count;
        return node;
}

static struct jnode *build_block(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build_parts(compiler, syntax, JN_BLOCK);

        for (uint32_t i = 0; i < node->count; i++) {
                const struct jnode *part = node->items[i];

                node->cons_array |= part->cons_array || (part->kind == JN_PATH && part->items[0]->cons_array);
        }
        return node;
}

static struct jnode *build_call(struct compiler *compiler, const struct jsyntax *syntax, uint8_t kind)
{
        struct jnode *node = new_node(compiler, kind, syntax);

        set_count(compiler, node, syntax->count);
        for (uint32_t i = 1; i < syntax->count; i++) {
                if (syntax->items[i]->kind == JS_WORD && strcmp(syntax->items[i]->text, "?") == 0)
                        continue;
                node->items[i] = build(compiler, syntax->items[i]);
                inherit_seeking(compiler, node, node->items[i]);
        }
        node->items[0] = build(compiler, syntax->items[0]);
        return node;
}

/* The caller of the lambda makes such a call, after the lambda's own evaluation has ended: loops in constant space.
 */
static void mark_tail(struct jnode *node)
{
        if (node->stage_count > 0 || node->group != NULL || node->keep_array)
                return;
        if (node->kind == JN_CALL) {
                node->is_tail = true;
        } else if (node->kind == JN_CONDITION) {
                for (uint32_t i = 1; i < node->count; i++)
                        if (node->items[i] != node->items[0])
                                mark_tail(node->items[i]);
        } else if (node->kind == JN_BLOCK && node->count > 0) {
                mark_tail(node->items[node->count - 1]);
        }
}

static struct jnode *build_lambda(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_LAMBDA, syntax);
        struct jlambda *lambda = alloc(compiler, 1, sizeof(*lambda));

        node->as.lambda = lambda;
        lambda->parameter_count = syntax->count - 1;
        lambda->labels = alloc(compiler, syntax->count, sizeof(uint32_t));
        for (uint32_t i = 0; i < lambda->parameter_count; i++)
                lambda->labels[i] = label_of(compiler, syntax->items[i]);
        if (syntax->text != NULL)
                lambda->signature = gal_jsignature_parse(compiler->parse, syntax->text, syntax->text_len,
                                                         (size_t)syntax->number);
        lambda->body = build(compiler, syntax->items[syntax->count - 1]);
        mark_tail(lambda->body);
        return node;
}

static struct jnode *build_condition(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build_parts(compiler, syntax, JN_CONDITION);

        return node;
}

/* a ?: b is a ? a : b: the reference evaluates the condition twice, which nothing but its depth would show. */
static struct jnode *build_elvis(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *pair = build_parts(compiler, syntax, JN_CONDITION);
        struct jnode *condition = pair->items[0];
        struct jnode *otherwise = pair->items[1];

        set_count(compiler, pair, 3);
        pair->items[0] = condition;
        pair->items[1] = condition;
        pair->items[2] = otherwise;
        return pair;
}

static struct jnode *build_bind(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_BIND, syntax);

        set_count(compiler, node, 1);
        node->as.reference.label = label_of(compiler, syntax->items[0]);
        node->items[0] = build(compiler, syntax->items[1]);
        inherit_seeking(compiler, node, node->items[0]);
        return node;
}

static struct jnode *build_apply(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_APPLY, syntax);

        set_count(compiler, node, 2);
        node->items[0] = build(compiler, syntax->items[0]);
        node->items[1] = build(compiler, syntax->items[1]);
        node->keep_array = node->items[0]->keep_array || node->items[1]->keep_array;
        return node;
}

static struct jnode *build_transform(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_TRANSFORM, syntax);

        set_count(compiler, node, syntax->count);
        for (uint32_t i = 0; i < syntax->count; i++)
                node->items[i] = build(compiler, syntax->items[i]);
        return node;
}

static struct jnode *build_regex(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = new_node(compiler, JN_REGEX, syntax);

        node->as.regex = gal_jregex_compile(compiler->parse, compiler->program, syntax);
        return node;
}

static struct jnode *build_kind(struct compiler *compiler, const struct jsyntax *syntax)
{
        switch ((enum jsyntax_kind)syntax->kind) {
        case JS_END:
                gal_jparse_fail(compiler->parse, "S0207", syntax->start, syntax->end, "(end)", 5,
                                "Unexpected end of expression");
        case JS_WORD:
        case JS_NAME:
                return build_name(compiler, syntax);
        case JS_VARIABLE:
                return build_variable(compiler, syntax);
        case JS_STRING:
                return build_literal(compiler, syntax, jval_text(syntax->text, syntax->text_len));
        case JS_NUMBER:
                return build_literal(compiler, syntax, jval_number(syntax->number));
        case JS_CONSTANT:
                return build_literal(compiler, syntax, constant(syntax));
        case JS_REGEX:
                return build_regex(compiler, syntax);
        case JS_WILDCARD:
                return new_node(compiler, JN_WILDCARD, syntax);
        case JS_DESCENDANT:
                return new_node(compiler, JN_DESCENDANT, syntax);
        case JS_PARENT:
                return build_parent(compiler, syntax);
        case JS_BINARY:
                return build_binary(compiler, syntax);
        case JS_RANGE:
                return build_parts(compiler, syntax, JN_RANGE);
        case JS_NEGATE:
                return build_negation(compiler, syntax);
        case JS_ARRAY:
                return build_parts(compiler, syntax, JN_ARRAY);
        case JS_OBJECT:
                return build_object(compiler, syntax);
        case JS_BLOCK:
                return build_block(compiler, syntax);
        case JS_CALL:
                return build_call(compiler, syntax, JN_CALL);
        case JS_PARTIAL:
                return build_call(compiler, syntax, JN_PARTIAL);
        case JS_LAMBDA:
                return build_lambda(compiler, syntax);
        case JS_CONDITION:
                return build_condition(compiler, syntax);
        case JS_ELVIS:
                return build_elvis(compiler, syntax);
        case JS_COALESCE:
                return build_parts(compiler, syntax, JN_COALESCE);
        case JS_TRANSFORM:
                return build_transform(compiler, syntax);
        case JS_PREDICATE:
                return build_predicate(compiler, syntax);
        case JS_GROUP:
                return build_group(compiler, syntax);
        case JS_SORT:
        case JS_TERM:
                return build_sort(compiler, syntax);
        case JS_FOCUS:
                return build_focus(compiler, syntax);
        case JS_INDEX:
                return build_index(compiler, syntax);
        case JS_BIND:
                return build_bind(compiler, syntax);
        case JS_APPLY:
                return build_apply(compiler, syntax);
        }
        gal_bug("syntax kind", syntax->kind);
}

static struct jnode *build(struct compiler *compiler, const struct jsyntax *syntax)
{
        struct jnode *node = build_kind(compiler, syntax);

        if (syntax->keep_array)
                node->keep_array = true;
        return node;
}

void gal_jcompile_run(struct jparse *parse, struct jprogram *program)
{
        struct compiler compiler = { parse, program };

        program->root = build(&compiler, program->syntax);
        if (program->root->is_parent || program->root->seeking_count > 0)
                fail_parent(&compiler, program->root);
}
