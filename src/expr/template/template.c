/*
 * template.c: templates compiled to a tree whose leaves are constants and expressions.
 *
 * A part without expressions is one constant, however large: it is the very value of the definition, and every
 * result holds a reference to it. That is why results must never be changed in place.
 */
#include "expr/template/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "expr/arena.h"

enum node_kind { NODE_CONSTANT, NODE_EXPRESSION, NODE_OBJECT, NODE_ARRAY };

struct node {
        enum node_kind kind;
        const char *key; /* of a member of an object: as the result has it, without ".$" */
        size_t key_len;
        const char *field;                 /* of an expression: the key as written */
        json_t *constant;                  /* borrowed from the template's value */
        struct gal_expression *expression; /* owned */
        struct node *children;
        size_t count;
};

struct gal_template {
        struct gal_arena arena;
        json_t *value; /* what it was compiled from; constants point into it */
        struct node root;
};

struct compiler {
        struct gal_template *template;
        struct gal_buffer pointer; /* of the value at work */
        gal_template_fault fault;
        void *user;
        enum gal_status status; /* GAL_EINVALID once there was a fault; GAL_ENOMEM ends everything */
};

static bool compile(struct compiler *compiler, json_t *value, struct node *node);

static bool fail_memory(struct compiler *compiler)
{
        compiler->status = GAL_ENOMEM;
        return false;
}

/* Tells of a fault; compiling goes on, so that all of them are told. False: out of memory. */
static bool tell(struct compiler *compiler, const char *before, const char *key, size_t key_len, const char *after)
{
        struct gal_buffer message = GAL_BUFFER_INIT;

        if (compiler->status == GAL_OK)
                compiler->status = GAL_EINVALID;
        if (compiler->fault == NULL)
                return true;
        gal_buffer_append_text(&message, before);
        gal_buffer_append(&message, key, key_len);
        gal_buffer_append_text(&message, after);
        if (message.status != GAL_OK || compiler->pointer.status != GAL_OK) {
                gal_buffer_finish(&message);
                return fail_memory(compiler);
        }
        compiler->fault(compiler->user, compiler->pointer.len > 0 ? compiler->pointer.data : "", message.data);
        gal_buffer_finish(&message);
        return true;
}

static void forget_pointer(struct compiler *compiler, size_t len)
{
        if (len < compiler->pointer.len) {
                compiler->pointer.len = len;
                compiler->pointer.data[len] = '\0';
        }
}

static bool is_expression_key(const char *key, size_t len)
{
        return len >= 2 && key[len - 2] == '.' && key[len - 1] == '$';
}

static bool compile_expression(struct compiler *compiler, const char *key, size_t key_len, const json_t *value,
                               struct node *node)
{
        enum gal_status status = GAL_ESYNTAX;

        node->kind = NODE_EXPRESSION;
        node->field = gal_arena_copy(&compiler->template->arena, key, key_len);
        if (node->field == NULL)
                return fail_memory(compiler);
        if (json_is_string(value))
                status = gal_expression_parse(json_string_value(value), json_string_length(value),
                                              &node->expression, NULL);
        if (status == GAL_ENOMEM)
                return fail_memory(compiler);
        return status == GAL_OK || tell(compiler, "The value for the field '", key, key_len,
                                        "' must be a valid JSONPath or a valid intrinsic function call");
}

/* "a" beside "a.$": both would become "a". */
static bool check_twin(struct compiler *compiler, const json_t *object, const char *key, size_t key_len)
{
        return json_object_getn(object, key, key_len - 2) == NULL ||
               tell(compiler, "The field '", key, key_len, "' stands beside a field of the same name");
}

static bool compile_member(struct compiler *compiler, const json_t *object, const char *key, size_t key_len,
                           json_t *value, struct node *node)
{
        size_t pointer_len = compiler->pointer.len;
        bool is_expression = is_expression_key(key, key_len);
        bool ok;

        gal_json_pointer_append(&compiler->pointer, key, key_len);
        node->key = gal_arena_copy(&compiler->template->arena, key, key_len - (is_expression ? 2 : 0));
        node->key_len = key_len - (is_expression ? 2 : 0);
        if (node->key == NULL || compiler->pointer.status != GAL_OK)
                ok = fail_memory(compiler);
        else if (is_expression)
                ok = check_twin(compiler, object, key, key_len) &&
                     compile_expression(compiler, key, key_len, value, node);
        else
                ok = compile(compiler, value, node);
        forget_pointer(compiler, pointer_len);
        return ok;
}

static bool alloc_children(struct compiler *compiler, struct node *node, size_t count)
{
        node->children = gal_arena_alloc(&compiler->template->arena, count, sizeof(*node->children));
        return node->children != NULL || fail_memory(compiler);
}

static bool compile_object(struct compiler *compiler, json_t *value, struct node *node)
{
        const char *key;
        size_t key_len;
        json_t *member;

        node->kind = NODE_OBJECT;
        if (!alloc_children(compiler, node, json_object_size(value)))
                return false;
        json_object_keylen_foreach(value, key, key_len, member)
        {
                if (!compile_member(compiler, value, key, key_len, member, &node->children[node->count++]))
                        return false;
        }
        return true;
}

static bool compile_array(struct compiler *compiler, json_t *value, struct node *node)
{
        size_t pointer_len = compiler->pointer.len;
        size_t index;
        json_t *item;
        bool ok;

        node->kind = NODE_ARRAY;
        if (!alloc_children(compiler, node, json_array_size(value)))
                return false;
        json_array_foreach(value, index, item)
        {
                gal_json_pointer_append_index(&compiler->pointer, index);
                node->count++;
                ok = compiler->pointer.status == GAL_OK ? compile(compiler, item, &node->children[index])
                                                        : fail_memory(compiler);
                forget_pointer(compiler, pointer_len);
                if (!ok)
                        return false;
        }
        return true;
}

/* False: out of memory. Faults are told and leave a node that is never evaluated. */
static bool compile(struct compiler *compiler, json_t *value, struct node *node)
{
        bool constant = true;

        node->constant = value;
        if (json_is_object(value) && !compile_object(compiler, value, node))
                return false;
        if (json_is_array(value) && !compile_array(compiler, value, node))
                return false;
        for (size_t i = 0; i < node->count; i++)
                constant = constant && node->children[i].kind == NODE_CONSTANT;
        if (constant) {
                node->kind = NODE_CONSTANT;
                node->count = 0;
        }
        return true;
}

enum gal_status gal_template_compile(json_t *value, gal_template_fault fault, void *user,
                                     struct gal_template **ret_template)
{
        struct compiler compiler = { .fault = fault, .user = user };

        compiler.template = calloc(1, sizeof(*compiler.template));
        if (compiler.template == NULL)
                return GAL_ENOMEM;
        compiler.template->value = json_incref(value);
        compile(&compiler, value, &compiler.template->root);
        gal_buffer_finish(&compiler.pointer);
        if (compiler.status != GAL_OK) {
                gal_template_destroy(compiler.template);
                return compiler.status;
        }
        *ret_template = compiler.template;
        return GAL_OK;
}

static void release(struct node *node)
{
        gal_expression_destroy(node->expression);
        for (size_t i = 0; i < node->count; i++)
                release(&node->children[i]);
}

void gal_template_destroy(struct gal_template *template)
{
        if (template == NULL)
                return;
        release(&template->root);
        gal_arena_finish(&template->arena);
        json_decref(template->value);
        free(template);
}

bool gal_template_is_constant(const struct gal_template *template)
{
        return template->root.kind == NODE_CONSTANT;
}

struct evaluator {
        const struct gal_scope *scope;
        struct gal_failure *failure;
};

/* A new reference; NULL: the failure is recorded. */
static json_t *evaluate(struct evaluator *evaluator, const struct node *node);

static json_t *evaluate_object(struct evaluator *evaluator, const struct node *node)
{
        json_t *object = gal_need(json_object());
        const struct node *child;
        json_t *value;

        for (size_t i = 0; i < node->count; i++) {
                child = &node->children[i];
                value = evaluate(evaluator, child);
                if (value == NULL) {
                        json_decref(object);
                        return NULL;
                }
                gal_need(json_object_setn_new_nocheck(object, child->key, child->key_len, value) == 0 ? object
                                                                                                      : NULL);
        }
        return object;
}

static json_t *evaluate_array(struct evaluator *evaluator, const struct node *node)
{
        json_t *array = gal_need(json_array());
        json_t *value;

        for (size_t i = 0; i < node->count; i++) {
                value = evaluate(evaluator, &node->children[i]);
                if (value == NULL) {
                        json_decref(array);
                        return NULL;
                }
                gal_need(json_array_append_new(array, value) == 0 ? array : NULL);
        }
        return array;
}

static json_t *evaluate(struct evaluator *evaluator, const struct node *node)
{
        json_t *value = NULL;

        switch (node->kind) {
        case NODE_CONSTANT:
                return json_incref(node->constant);
        case NODE_EXPRESSION:
                if (gal_expression_evaluate(node->expression, node->field, evaluator->scope, &value,
                                            evaluator->failure) != GAL_OK)
                        return NULL;
                return value;
        case NODE_OBJECT:
                return evaluate_object(evaluator, node);
        case NODE_ARRAY:
                return evaluate_array(evaluator, node);
        }
        return NULL;
}

enum gal_status gal_template_evaluate(const struct gal_template *template, const struct gal_scope *scope,
                                      json_t **ret_value, struct gal_failure *failure)
{
        struct gal_budget budget = GAL_BUDGET_INIT;
        struct gal_scope budgeted = *scope;
        struct evaluator evaluator = { &budgeted, failure };
        json_t *value;

        if (budgeted.budget == NULL)
                budgeted.budget = &budget;
        value = evaluate(&evaluator, &template->root);
        if (value == NULL)
                return GAL_EFAILED;
        *ret_value = value;
        return GAL_OK;
}
