/*
 * resolve.c: variables to slots.
 *
 * A variable that a block or lambda assigns has a slot in its frame; a frame exists only where there are slots. A
 * reference lists every frame that may have it, the innermost first, since an assignment shows only after it was
 * made:
 * ($a := 1; ($b := $a; $a := 2; $b)) is 1. What no frame has is a global: a binding or a function of the language.
 */
#include <string.h>

#include "base/assert.h"
#include "expr/jsonata/library.h"
#include "expr/jsonata/node.h"

struct resolver {
        struct jparse *parse;
        struct jprogram *program;
        bool is_second;  /* first pass: who assigns what; second pass: who means what */
        bool *in_tuples; /* by label: some path binds it */
};

static void walk(struct resolver *resolver, struct jnode *node, struct jscope *scope);

/* Names and labels. */

static uint32_t add_label(struct jparse *parse, struct jprogram *program, const char *name, uint32_t len)
{
        const char **names;
        uint32_t *lens;

        if (program->label_count == program->label_size) {
                program->label_size = program->label_size == 0 ? 16 : program->label_size * 2;
                names = gal_jparse_alloc(parse, program->label_size, sizeof(*names));
                lens = gal_jparse_alloc(parse, program->label_size, sizeof(*lens));
                if (program->label_count > 0) {
                        memcpy(names, program->names, program->label_count * sizeof(*names));
                        memcpy(lens, program->name_lens, program->label_count * sizeof(*lens));
                }
                program->names = names;
                program->name_lens = lens;
        }
        program->names[program->label_count] = name;
        program->name_lens[program->label_count] = len;
        return ++program->label_count;
}

uint32_t gal_jprogram_new_label(struct jparse *parse, struct jprogram *program)
{
        return add_label(parse, program, NULL, 0);
}

uint32_t gal_jprogram_label(struct jparse *parse, struct jprogram *program, const char *name, uint32_t len)
{
        for (uint32_t i = 0; i < program->label_count; i++)
                if (program->names[i] != NULL && program->name_lens[i] == len &&
                    memcmp(program->names[i], name, len) == 0)
                        return i + 1;
        return add_label(parse, program, name, len);
}

static uint32_t find_global(struct resolver *resolver, uint32_t label)
{
        struct jprogram *program = resolver->program;
        const char *name = program->names[label - 1];
        uint32_t len = program->name_lens[label - 1];
        struct jglobal *global, *grown;

        for (uint32_t i = 0; i < program->global_count; i++)
                if (program->globals[i].name == name)
                        return program->global_base + i;
        if (program->global_count == program->global_size) {
                program->global_size = program->global_size == 0 ? 8 : program->global_size * 2;
                grown = gal_jparse_alloc(resolver->parse, program->global_size, sizeof(*grown));
                if (program->global_count > 0)
                        memcpy(grown, program->globals, program->global_count * sizeof(*grown));
                program->globals = grown;
        }
        global = &program->globals[program->global_count];
        global->name = name;
        global->len = len;
        global->builtin = name == NULL ? NULL : gal_jlibrary_find(name, len, program->dialect);
        if (global->builtin != NULL)
                global->signature = gal_jsignature_parse(resolver->parse, global->builtin->signature,
                                                         strlen(global->builtin->signature), 0);
        if (global->builtin != NULL && strcmp(global->builtin->name, "eval") == 0)
                program->uses_eval = true;
        return program->global_base + program->global_count++;
}

/* Scopes. */

static struct jscope *new_scope(struct resolver *resolver, struct jscope *parent)
{
        struct jscope *scope = gal_jparse_alloc(resolver->parse, 1, sizeof(*scope));

        scope->program = resolver->program;
        scope->parent = parent;
        return scope;
}

static uint16_t add_slot(struct resolver *resolver, struct jscope *scope, uint32_t label)
{
        uint32_t *grown;

        for (uint32_t i = 0; i < scope->count; i++)
                if (scope->labels[i] == label)
                        return (uint16_t)i;
        if (scope->count == JSCOPE_SLOTS_MAX)
                gal_jparse_limit(resolver->parse, 0, "Too many variables");
        if (scope->count == scope->size) {
                scope->size = scope->size == 0 ? 4 : scope->size * 2;
                grown = gal_jparse_alloc(resolver->parse, scope->size, sizeof(*grown));
                if (scope->count > 0)
                        memcpy(grown, scope->labels, scope->count * sizeof(*grown));
                scope->labels = grown;
        }
        scope->labels[scope->count] = label;
        scope->has_frame = true;
        return (uint16_t)scope->count++;
}

static uint16_t find_slot(const struct jscope *scope, uint32_t label)
{
        for (uint32_t i = 0; i < scope->count; i++)
                if (scope->labels[i] == label)
                        return (uint16_t)i;
        return JSLOT_TUPLE;
}

static void mark_captured(struct jscope *scope)
{
        for (; scope != NULL && !scope->is_captured; scope = scope->parent)
                scope->is_captured = true;
}

/* References. */

static bool has_label(const struct resolver *resolver, const struct jscope *scope, uint32_t label,
                      uint16_t *ret_slot)
{
        *ret_slot = JSLOT_TUPLE;
        if (scope->is_tuple)
                return resolver->in_tuples[label - 1];
        *ret_slot = find_slot(scope, label);
        return *ret_slot != JSLOT_TUPLE;
}

static void resolve_reference(struct resolver *resolver, struct jreference *reference, const struct jscope *scope)
{
        uint32_t count = 0;
        uint16_t frames_up = 0;
        uint16_t slot;

        for (const struct jscope *at = scope; at != NULL; at = at->parent)
                count += has_label(resolver, at, reference->label, &slot);
        reference->candidates = gal_jparse_alloc(resolver->parse, count, sizeof(struct jcandidate));
        reference->count = 0;
        for (const struct jscope *at = scope; at != NULL; at = at->parent) {
                if (has_label(resolver, at, reference->label, &slot))
                        reference->candidates[reference->count++] = (struct jcandidate){ frames_up, slot };
                frames_up += at->has_frame;
        }
        reference->global = find_global(resolver, reference->label);
}

static void walk_variable(struct resolver *resolver, struct jnode *node, const struct jscope *scope)
{
        if (!resolver->is_second)
                return;
        /* Labels of parents may have been joined after they were made. */
        if (node->is_parent)
                node->as.reference.label = node->parent->label;
        resolve_reference(resolver, &node->as.reference, scope);
}

static void walk_bind(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        struct jreference *target = &node->as.reference;

        walk(resolver, node->items[0], scope);
        if (!resolver->is_second) {
                if (scope->is_tuple)
                        resolver->in_tuples[target->label - 1] = true;
                else
                        add_slot(resolver, scope, target->label);
                return;
        }
        /* A scope without slots has no frame, but this one has this slot: it is the frame at hand. */
        target->count = 1;
        target->candidates = gal_jparse_alloc(resolver->parse, 1, sizeof(struct jcandidate));
        target->candidates[0].slot = scope->is_tuple ? JSLOT_TUPLE : find_slot(scope, target->label);
}

/* Nodes. */

static void walk_items(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        for (uint32_t i = 0; i < node->count; i++)
                if (node->items[i] != NULL && (i == 0 || node->items[i] != node->items[0]))
                        walk(resolver, node->items[i], scope);
}

static void walk_group(struct resolver *resolver, struct jgroup *group, struct jscope *scope)
{
        for (uint32_t i = 0; group != NULL && i < 2 * group->count; i++)
                walk(resolver, group->items[i], scope);
}

static void walk_stages(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        for (uint32_t i = 0; i < node->stage_count; i++) {
                if (node->stages[i].filter != NULL)
                        walk(resolver, node->stages[i].filter, scope);
                else
                        resolver->in_tuples[node->stages[i].index_label - 1] = true;
        }
}

static void note_bindings(struct resolver *resolver, const struct jnode *step)
{
        if (step->focus != JLABEL_NONE)
                resolver->in_tuples[step->focus - 1] = true;
        if (step->index != JLABEL_NONE)
                resolver->in_tuples[step->index - 1] = true;
        if (step->parent != NULL && !step->is_parent)
                resolver->in_tuples[step->parent->label - 1] = true;
}

static struct jscope *tuple_scope(struct resolver *resolver, struct jnode *path, struct jscope *parent)
{
        if (!resolver->is_second) {
                path->scope = new_scope(resolver, parent);
                path->scope->is_tuple = true;
                path->scope->has_frame = true;
        }
        return path->scope;
}

static void walk_sort(struct resolver *resolver, struct jnode *sort, struct jscope *scope)
{
        for (uint32_t i = 0; i < sort->count; i++)
                walk(resolver, sort->as.terms[i].key, scope);
}

static void walk_path(struct resolver *resolver, struct jnode *path, struct jscope *scope)
{
        struct jscope *inner = scope;

        path->first_tuple = path->count;
        for (uint32_t i = 0; i < path->count; i++) {
                struct jnode *step = path->items[i];
                struct jscope *before = inner;

                note_bindings(resolver, step);
                if (step->is_tuple && inner == scope) {
                        path->first_tuple = i;
                        inner = tuple_scope(resolver, path, scope);
                }
                if (step->kind == JN_SORT) {
                        walk_sort(resolver, step, before);
                        walk_stages(resolver, step, inner);
                } else {
                        walk(resolver, step, inner);
                }
        }
        walk_group(resolver, path->group, inner);
}

/* The block that is a lambda's body, or the whole expression, shares its frame. */
static void walk_block(struct resolver *resolver, struct jnode *node, struct jscope *scope, bool shares)
{
        if (!resolver->is_second && !shares)
                node->scope = new_scope(resolver, scope);
        walk_items(resolver, node, shares ? scope : node->scope);
}

static bool is_plain_block(const struct jnode *node)
{
        return node->kind == JN_BLOCK && node->stage_count == 0 && node->group == NULL;
}

static void walk_lambda(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        struct jlambda *lambda = node->as.lambda;

        mark_captured(scope);
        if (!resolver->is_second) {
                node->scope = new_scope(resolver, scope);
                lambda->parameter_slots =
                        gal_jparse_alloc(resolver->parse, lambda->parameter_count, sizeof(uint16_t));
                for (uint32_t i = 0; i < lambda->parameter_count; i++)
                        lambda->parameter_slots[i] = add_slot(resolver, node->scope, lambda->labels[i]);
        }
        if (is_plain_block(lambda->body))
                walk_block(resolver, lambda->body, node->scope, true);
        else
                walk(resolver, lambda->body, node->scope);
}

static void walk_kind(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        switch ((enum jnode_kind)node->kind) {
        case JN_VARIABLE:
                walk_variable(resolver, node, scope);
                break;
        case JN_BIND:
                walk_bind(resolver, node, scope);
                break;
        case JN_PATH:
                walk_path(resolver, node, scope);
                break;
        case JN_OBJECT:
                for (uint32_t i = 0; i < 2 * node->count; i++)
                        walk(resolver, node->items[i], scope);
                break;
        case JN_BLOCK:
                walk_block(resolver, node, scope, false);
                break;
        case JN_LAMBDA:
                walk_lambda(resolver, node, scope);
                break;
        case JN_TRANSFORM:
                mark_captured(scope);
                walk_items(resolver, node, scope);
                break;
        case JN_SORT:
                walk_sort(resolver, node, scope);
                break;
        case JN_LITERAL:
        case JN_NAME:
        case JN_CONTEXT:
        case JN_WILDCARD:
        case JN_DESCENDANT:
        case JN_REGEX:
        case JN_KIND_COUNT:
                break;
        case JN_ARITHMETIC:
        case JN_EQUAL:
        case JN_COMPARE:
        case JN_AND:
        case JN_OR:
        case JN_IN:
        case JN_CONCAT:
        case JN_RANGE:
        case JN_NEGATE:
        case JN_ARRAY:
        case JN_CONDITION:
        case JN_COALESCE:
        case JN_CALL:
        case JN_PARTIAL:
        case JN_APPLY:
                walk_items(resolver, node, scope);
                break;
        }
}

static void walk(struct resolver *resolver, struct jnode *node, struct jscope *scope)
{
        struct jscope *around = scope;

        walk_kind(resolver, node, scope);
        if (node->kind == JN_BLOCK && node->is_tuple && !node->has_stages) {
                if (!resolver->is_second) {
                        node->tuple_scope = new_scope(resolver, scope);
                        node->tuple_scope->is_tuple = true;
                        node->tuple_scope->has_frame = true;
                }
                around = node->tuple_scope;
        }
        walk_stages(resolver, node, around);
        if (node->kind != JN_PATH)
                walk_group(resolver, node->group, around);
}

static void walk_root(struct resolver *resolver)
{
        struct jnode *root = resolver->program->root;

        if (is_plain_block(root))
                walk_block(resolver, root, resolver->program->root_scope, true);
        else
                walk(resolver, root, resolver->program->root_scope);
}

void gal_jresolve_run(struct jparse *parse, struct jprogram *program)
{
        struct resolver resolver = { .parse = parse, .program = program };

        resolver.in_tuples = gal_jparse_alloc(parse, program->label_count, sizeof(bool));
        program->root_scope = new_scope(&resolver, NULL);
        program->root_scope->has_frame = true;
        walk_root(&resolver);
        resolver.is_second = true;
        walk_root(&resolver);
}
