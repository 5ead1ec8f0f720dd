/*
 * evaluate.c: one node's value: operators, variables, blocks, conditions, constructors.
 *
 * What the reference throws, and in which order it looks at operands, is part of the language: errors name the
 * operator and the left operand is refused first.
 */
#include <math.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "expr/jsonata/library.h"

#define NOINLINE __attribute__((noinline))

/* Variables. */

static const struct jval *find_binding(const struct jbinding *binding, uint32_t label)
{
        for (; binding != NULL; binding = binding->next)
                if (binding->label == label)
                        return &binding->value;
        return NULL;
}

/* Code given to $eval looks its free variables up by name in the frames of its caller. */
static bool find_by_name(const struct jrun *run, const struct jglobal *global, const struct jframe *frame,
                         struct jval *ret_value)
{
        for (; frame != NULL; frame = frame->parent) {
                const struct jprogram *program = frame->scope->program;

                for (uint32_t i = 0; i < frame->scope->count; i++) {
                        uint32_t label = frame->scope->labels[i] - 1;

                        if (frame->slots[i].tag != JT_UNBOUND && program->names[label] != NULL &&
                            program->name_lens[label] == global->len &&
                            memcmp(program->names[label], global->name, global->len) == 0) {
                                *ret_value = frame->slots[i];
                                return true;
                        }
                }
                for (const struct jbinding *binding = frame->bindings; binding != NULL; binding = binding->next) {
                        uint32_t label = binding->label - 1;

                        if (program->names[label] != NULL && program->name_lens[label] == global->len &&
                            memcmp(program->names[label], global->name, global->len) == 0) {
                                *ret_value = binding->value;
                                return true;
                        }
                }
        }
        (void)run;
        return false;
}

static struct jval NOINLINE make_global(struct jrun *run, const struct jglobal *global)
{
        struct jfunction *function;
        json_t *bound;

        if (global->name == NULL)
                return JUNDEFINED;
        bound = json_object_getn(run->bindings, global->name, global->len);
        if (bound != NULL)
                return gal_jval_wrap(run, bound);
        if (global->len == 1 && global->name[0] == '$')
                return jval_flags(run->input) & JA_OUTER ? run->input.as.array->items[0] : run->input;
        if (global->builtin == NULL)
                return JUNDEFINED;
        function = gal_jrun_new(run, struct jfunction);
        function->kind = JFN_BUILTIN;
        function->as.builtin = global;
        return jval_function(function);
}

static struct jval NOINLINE get_global(struct jrun *run, const struct jreference *reference,
                                       const struct jframe *frame)
{
        const struct jscope *scope = frame->scope;
        const struct jprogram *program = scope->program;
        const struct jglobal *global = &program->globals[reference->global - program->global_base];
        struct jval *slot = &run->globals[reference->global];
        struct jval found;

        if (program != run->program && find_by_name(run, global, frame, &found))
                return found;
        if (slot->tag == JT_UNBOUND)
                *slot = make_global(run, global);
        return *slot;
}

static inline struct jval get_variable(struct jrun *run, const struct jreference *reference, struct jframe *frame)
{
        for (uint32_t i = 0; i < reference->count; i++) {
                const struct jcandidate *candidate = &reference->candidates[i];
                const struct jframe *at = frame;
                const struct jval *value;

                for (uint16_t up = candidate->frames_up; up > 0; up--)
                        at = at->parent;
                value = candidate->slot != JSLOT_TUPLE ? &at->slots[candidate->slot]
                                                       : find_binding(at->bindings, reference->label);
                if (value != NULL && value->tag != JT_UNBOUND)
                        return *value;
        }
        return get_global(run, reference, frame);
}

static struct jval bind(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval value = gal_jeval(run, node->items[0], input, frame);
        uint16_t slot = node->as.reference.candidates[0].slot;
        struct jbinding *binding;

        if (slot != JSLOT_TUPLE) {
                frame->slots[slot] = value;
                return value;
        }
        binding = gal_jrun_new(run, struct jbinding);
        binding->next = frame->bindings;
        binding->label = node->as.reference.label;
        binding->value = value;
        frame->bindings = binding;
        return value;
}

/* Numbers. */

_Noreturn static void NOINLINE fail_operand(struct jrun *run, const char *code, const struct jnode *node,
                                            struct jval value)
{
        const char *token = node->kind == JN_COMPARE ? (node->op == 'l'   ? "<="
                                                        : node->op == 'g' ? ">="
                                                        : node->op == '<' ? "<"
                                                                          : ">")
                            : node->kind == JN_RANGE ? ".."
                                                     : NULL;

        gal_jrun_fail(run, (struct jfault){ .code = code,
                                            .at = node,
                                            .token = token != NULL ? token : &node->op,
                                            .token_len = token != NULL ? strlen(token) : 1,
                                            .value = value });
}

static inline void check_number(struct jrun *run, const struct jnode *node, struct jval value, const char *code)
{
        if (value.tag != JT_NUMBER)
                fail_operand(run, code, node, value);
        if (!isfinite(jval_double(value))) {
                if (isnan(jval_double(value)))
                        fail_operand(run, code, node, value);
                fail_operand(run, "D1001", node, value);
        }
}

static struct jval calculate(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);
        double a, b;

        if (!jval_is_undefined(left))
                check_number(run, node, left, "T2001");
        if (!jval_is_undefined(right))
                check_number(run, node, right, "T2002");
        if (jval_is_undefined(left) || jval_is_undefined(right))
                return JUNDEFINED;
        a = jval_double(left);
        b = jval_double(right);
        switch (node->op) {
        case '+':
                return jval_number(a + b);
        case '-':
                return jval_number(a - b);
        case '*':
                return jval_number(a * b);
        case '/':
                return jval_number(a / b);
        default:
                return jval_number(fmod(a, b));
        }
}

static struct jval negate(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval value = gal_jeval(run, node->items[0], input, frame);

        if (jval_is_undefined(value))
                return value;
        check_number(run, node, value, "D1002");
        return jval_number(-jval_double(value));
}

static bool is_integer(struct jval value)
{
        return value.tag == JT_NUMBER && isfinite(jval_double(value)) &&
               jval_double(value) == floor(jval_double(value));
}

static struct jval range(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);
        double size;

        if (!jval_is_undefined(left) && !is_integer(left))
                fail_operand(run, "T2003", node, left);
        if (!jval_is_undefined(right) && !is_integer(right))
                fail_operand(run, "T2004", node, right);
        if (jval_is_undefined(left) || jval_is_undefined(right) || jval_double(left) > jval_double(right))
                return JUNDEFINED;
        size = jval_double(right) - jval_double(left) + 1;
        if (size > GAL_JSONATA_RANGE_MAX)
                fail_operand(run, "D2014", node, jval_number(size));
        return jval_array(gal_jarray_range(run, jval_double(left), (uint32_t)size));
}

/* Comparisons. */

static bool is_comparable(struct jval value)
{
        return jval_is_undefined(value) || value.tag == JT_NUMBER || value.tag == JT_STRING;
}

static int order_of(struct jval a, struct jval b)
{
        double x, y;

        if (a.tag == JT_STRING)
                return gal_utf8_compare(a.as.text, a.len, b.as.text, b.len);
        x = jval_double(a);
        y = jval_double(b);
        return x < y ? -1 : x > y;
}

static struct jval compare(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);
        const char *token = node->op == 'l' ? "<=" : node->op == 'g' ? ">=" : node->op == '<' ? "<" : ">";
        int order;

        if (!is_comparable(left) || !is_comparable(right))
                fail_operand(run, "T2010", node, is_comparable(left) ? right : left);
        if (jval_is_undefined(left) || jval_is_undefined(right))
                return JUNDEFINED;
        if (left.tag != right.tag)
                gal_jrun_fail(
                        run, (struct jfault){
                                     .code = "T2009", .at = node, .token = token, .value = left, .value2 = right });
        order = order_of(left, right);
        switch (node->op) {
        case '<':
                return jval_boolean(order < 0);
        case '>':
                return jval_boolean(order > 0);
        case 'l':
                return jval_boolean(order <= 0);
        default:
                return jval_boolean(order >= 0);
        }
}

static struct jval equals(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);

        if (jval_is_undefined(left) || jval_is_undefined(right))
                return jval_boolean(false);
        return jval_boolean(gal_jval_equal(run, left, right) == (node->op == '='));
}

static struct jval is_in(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);

        if (jval_is_undefined(left) || jval_is_undefined(right))
                return jval_boolean(false);
        if (right.tag != JT_ARRAY)
                right = gal_jarray_single(run, right, 0);
        for (uint32_t i = 0, count = gal_jarray_count(right); i < count; i++) {
                struct jval element = gal_jarray_get(run, right, i);

                gal_jrun_step(run, 1);
                /* Identity, as `===` has it: two objects that look alike are not the same one. */
                if (element.tag == left.tag && left.tag != JT_ARRAY && left.tag != JT_OBJECT &&
                    gal_jval_equal(run, element, left))
                        return jval_boolean(true);
                if (element.tag == left.tag && (left.tag == JT_ARRAY || left.tag == JT_OBJECT) &&
                    element.as.array == left.as.array)
                        return jval_boolean(true);
        }
        return jval_boolean(false);
}

/* Texts and logic. */

static struct jval concatenate(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jval right = gal_jeval(run, node->items[1], input, frame);

        left = jval_is_undefined(left) ? jval_text("", 0) : gal_jval_string(run, left, false);
        right = jval_is_undefined(right) ? jval_text("", 0) : gal_jval_string(run, right, false);
        return gal_jval_concat(run, left, right);
}

static struct jval decide(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        bool is_or = node->kind == JN_OR;

        if (gal_jval_truth(run, gal_jeval(run, node->items[0], input, frame)) == is_or)
                return jval_boolean(is_or);
        return jval_boolean(gal_jval_truth(run, gal_jeval(run, node->items[1], input, frame)));
}

static struct jval choose(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval condition = gal_jeval(run, node->items[0], input, frame);

        if (gal_jval_truth(run, condition)) {
                if (node->items[1] == node->items[0])
                        return condition;
                return gal_jeval(run, node->items[1], input, frame);
        }
        return node->count > 2 ? gal_jeval(run, node->items[2], input, frame) : JUNDEFINED;
}

static struct jval coalesce(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval value = gal_jeval(run, node->items[0], input, frame);

        return jval_is_undefined(value) ? gal_jeval(run, node->items[1], input, frame) : value;
}

/* Constructors. */

static struct jval NOINLINE construct(struct jrun *run, const struct jnode *node, struct jval input,
                                      struct jframe *frame)
{
        struct jarray *array = gal_jarray_new(run, node->count, node->cons_array ? JA_CONS : 0);

        if (node->count == 1 && node->items[0]->kind == JN_RANGE)
                array->items = NULL, array->size = 0;
        for (uint32_t i = 0; i < node->count; i++) {
                struct jval value = gal_jeval(run, node->items[i], input, frame);

                if (jval_is_undefined(value))
                        continue;
                if (value.tag == JT_ARRAY && node->items[i]->kind != JN_ARRAY)
                        gal_jarray_extend(run, array, value);
                else
                        gal_jarray_push(run, array, value);
        }
        return jval_array(array);
}

static struct jval block(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        bool has_frame = node->scope != NULL && node->scope->has_frame;
        struct jframe *inner = has_frame ? gal_jframe_new(run, node->scope, frame) : frame;
        struct jval value = JUNDEFINED;

        for (uint32_t i = 0; i < node->count; i++)
                value = gal_jeval(run, node->items[i], input, inner);
        if (has_frame && value.tag != JT_CALL)
                gal_jframe_release(run, inner);
        return value;
}

static struct jval make_lambda(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jfunction *function = gal_jrun_new(run, struct jfunction);

        function->kind = JFN_LAMBDA;
        function->as.lambda.lambda = node->as.lambda;
        function->as.lambda.node = node;
        function->as.lambda.frame = frame;
        function->as.lambda.input = input;
        return jval_function(function);
}

static struct jval make_transform(struct jrun *run, const struct jnode *node, struct jval input,
                                  struct jframe *frame)
{
        struct jfunction *function = gal_jrun_new(run, struct jfunction);

        function->kind = JFN_TRANSFORM;
        function->as.transform.node = node;
        function->as.transform.frame = frame;
        function->as.transform.input = input;
        return jval_function(function);
}

static struct jval make_regex(struct jrun *run, const struct jnode *node)
{
        struct jfunction *function = gal_jrun_new(run, struct jfunction);

        function->kind = JFN_REGEX;
        function->as.regex.regex = node->as.regex;
        function->as.regex.node = node;
        return jval_function(function);
}

static struct jval defer_call(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        run->tail.node = node;
        run->tail.frame = frame;
        run->tail.input = input;
        return (struct jval){ .tag = JT_CALL };
}

/* The whole. */

static struct jval evaluate_kind(struct jrun *run, const struct jnode *node, struct jval input,
                                 struct jframe *frame)
{
        switch ((enum jnode_kind)node->kind) {
        case JN_LITERAL:
                return node->as.literal;
        case JN_NAME:
                return gal_jeval_name(run, node->as.name.text, node->as.name.len, input);
        case JN_VARIABLE:
                return get_variable(run, &node->as.reference, frame);
        case JN_CONTEXT:
                return jval_flags(input) & JA_OUTER ? input.as.array->items[0] : input;
        case JN_WILDCARD:
                return gal_jeval_wildcard(run, input);
        case JN_DESCENDANT:
                return gal_jeval_descendants(run, input);
        case JN_PATH:
                return gal_jeval_path(run, node, input, frame);
        case JN_ARITHMETIC:
                return calculate(run, node, input, frame);
        case JN_EQUAL:
                return equals(run, node, input, frame);
        case JN_COMPARE:
                return compare(run, node, input, frame);
        case JN_AND:
        case JN_OR:
                return decide(run, node, input, frame);
        case JN_IN:
                return is_in(run, node, input, frame);
        case JN_CONCAT:
                return concatenate(run, node, input, frame);
        case JN_RANGE:
                return range(run, node, input, frame);
        case JN_NEGATE:
                return negate(run, node, input, frame);
        case JN_ARRAY:
                return construct(run, node, input, frame);
        case JN_OBJECT:
                return gal_jeval_group(run, node->items, node->count, node, input, frame, NULL);
        case JN_BLOCK:
                return block(run, node, input, frame);
        case JN_CONDITION:
                return choose(run, node, input, frame);
        case JN_COALESCE:
                return coalesce(run, node, input, frame);
        case JN_BIND:
                return bind(run, node, input, frame);
        case JN_LAMBDA:
                return make_lambda(run, node, input, frame);
        case JN_CALL:
                return node->is_tail ? defer_call(run, node, input, frame)
                                     : gal_jeval_call(run, node, input, frame);
        case JN_PARTIAL:
                return gal_jeval_partial(run, node, input, frame);
        case JN_APPLY:
                return gal_jeval_apply(run, node, input, frame);
        case JN_TRANSFORM:
                return make_transform(run, node, input, frame);
        case JN_REGEX:
                return make_regex(run, node);
        case JN_SORT:
        case JN_KIND_COUNT:
                break;
        }
        return JUNDEFINED;
}

/* Predicates and grouping of whatever is no path, and []. */
static struct jval NOINLINE finish(struct jrun *run, const struct jnode *node, struct jval value,
                                   struct jframe *frame)
{
        bool is_sequence = node->kind == JN_PATH || node->kind == JN_WILDCARD;

        for (uint32_t i = 0; i < node->stage_count && !node->has_stages; i++) {
                value = gal_jeval_filter(run, node->stages[i].filter, value, frame, node->tuple_scope);
                is_sequence = true;
        }
        if (node->group != NULL && node->kind != JN_PATH)
                return gal_jeval_group(run, node->group->items, node->group->count, node, value, frame,
                                       jval_flags(value) & JA_TUPLES ? node->tuple_scope : NULL);
        if (!node->keep_array)
                return value;
        if (is_sequence && value.tag != JT_ARRAY && !jval_is_undefined(value))
                return gal_jarray_single(run, value, JA_SEQUENCE | JA_KEEP);
        if (jval_flags(value) & JA_SEQUENCE)
                value.as.array->flags |= JA_KEEP;
        return value;
}

/* A sequence of one is its element, an empty one nothing. */
static inline struct jval unwrap(struct jval value)
{
        const struct jarray *array = value.as.array;

        if ((array->flags & (JA_SEQUENCE | JA_TUPLES)) != JA_SEQUENCE || array->count > 1)
                return value;
        if (array->count == 0)
                return JUNDEFINED;
        if (array->flags & JA_KEEP)
                return value;
        return array->items != NULL ? array->items[0] : jval_number(array->first);
}

struct jval gal_jeval(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval value;

        if (run->depth >= run->depth_max)
                gal_jrun_fail_depth(run);
        gal_jrun_step(run, 1);
        run->depth++;
        value = evaluate_kind(run, node, input, frame);
        if (node->stage_count > 0 || node->group != NULL || node->keep_array)
                value = finish(run, node, value, frame);
        run->depth--;
        if (value.tag == JT_ARRAY && value.form == JF_OWN)
                return unwrap(value);
        return value;
}
