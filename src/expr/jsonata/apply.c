/*
 * apply.c: calling functions, of every kind.
 *
 * A call in tail position of a lambda is not made there: the lambda's value is the call itself (JT_CALL), and
 * whoever called the lambda makes it, in the place of the lambda. So loops written as recursion need no more memory
 * than the arguments of one round.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "expr/jsonata/library.h"
#include "expr/jsonata/regex.h"

enum { ARGUMENTS_ON_STACK = 6 };

static struct jval invoke(struct jrun *run, struct jfunction *function, const struct jval *arguments,
                          uint32_t count, struct jval context, struct jframe *frame, const struct jnode *call);

/* Arguments. */

struct arguments {
        struct jval few[ARGUMENTS_ON_STACK];
        struct jval *all;
        uint32_t count;
};

static void init_arguments(struct jrun *run, struct arguments *arguments, uint32_t count)
{
        arguments->count = count;
        arguments->all = arguments->few;
        if (count > ARGUMENTS_ON_STACK)
                arguments->all = gal_jrun_alloc(run, (size_t)count * sizeof(struct jval));
}

static void evaluate_arguments(struct jrun *run, struct arguments *arguments, const struct jnode *call,
                               struct jval input, struct jframe *frame, const struct jval *first)
{
        uint32_t extra = first != NULL ? 1 : 0;

        init_arguments(run, arguments, call->count - 1 + extra);
        if (first != NULL)
                arguments->all[0] = *first;
        for (uint32_t i = 1; i < call->count; i++)
                arguments->all[i - 1 + extra] = gal_jeval(run, call->items[i], input, frame);
}

/* Lambdas. */

static struct jval run_lambda(struct jrun *run, const struct jfunction *function, const struct jval *arguments,
                              uint32_t count, struct jval context, struct jframe **ret_frame)
{
        const struct jlambda *lambda = function->as.lambda.lambda;
        const struct jscope *scope = function->as.lambda.node->scope;
        struct jframe *frame = function->as.lambda.frame;

        if (lambda->signature != NULL)
                arguments = gal_jsignature_check(run, lambda->signature, arguments, count, context, &count);
        *ret_frame = NULL;
        if (scope->has_frame)
                *ret_frame = frame = gal_jframe_new(run, scope, frame);
        for (uint32_t i = 0; i < lambda->parameter_count; i++)
                frame->slots[lambda->parameter_slots[i]] = i < count ? arguments[i] : JUNDEFINED;
        return gal_jeval(run, lambda->body, function->as.lambda.input, frame);
}

static void release_frames(struct jrun *run, struct jframe *from, struct jframe *last)
{
        struct jframe *parent;

        for (;; from = parent) {
                parent = from->parent;
                gal_jframe_release(run, from);
                if (from == last)
                        return;
        }
}

/* Matches. */

static struct jval find_match(struct jrun *run, struct jfunction *function, const char *text, uint32_t len,
                              uint32_t from);

static struct jval make_next(struct jrun *run, const struct jfunction *function, const char *text, uint32_t len,
                             uint32_t from)
{
        struct jfunction *next = gal_jrun_new(run, struct jfunction);

        next->kind = JFN_NEXT;
        next->as.regex = function->as.regex;
        next->as.regex.text = text;
        next->as.regex.len = len;
        next->as.regex.from = from;
        return jval_function(next);
}

static struct jval find_match(struct jrun *run, struct jfunction *function, const char *text, uint32_t len,
                              uint32_t from)
{
        struct jobject *match = gal_jobject_new(run, 5);
        struct jarray *groups = gal_jarray_new(run, 0, 0);
        const size_t *offsets;
        uint32_t count;

        if (from > len || !gal_jregex_match(run, function->as.regex.regex, text, len, from, &offsets, &count))
                return JUNDEFINED;
        if (offsets[0] == offsets[1])
                gal_jrun_fail(run, (struct jfault){ .code = "D1004", .at = function->as.regex.node });
        for (uint32_t i = 1; i < count; i++)
                gal_jarray_push(run, groups,
                                offsets[2 * i] == SIZE_MAX
                                        ? JUNDEFINED
                                        : jval_text(text + offsets[2 * i], offsets[2 * i + 1] - offsets[2 * i]));
        gal_jobject_set_text(run, match, "match", jval_text(text + offsets[0], offsets[1] - offsets[0]));
        gal_jobject_set_text(run, match, "start", jval_number((double)gal_jsonata_units(text, offsets[0])));
        gal_jobject_set_text(run, match, "end", jval_number((double)gal_jsonata_units(text, offsets[1])));
        gal_jobject_set_text(run, match, "groups", jval_array(groups));
        gal_jobject_set_text(run, match, "next", make_next(run, function, text, len, (uint32_t)offsets[1]));
        return jval_object(match);
}

/* The byte at which a UTF-16 position stands. */
static uint32_t byte_offset(const char *text, uint32_t len, double units)
{
        uint32_t at = 0;

        while (at < len && units >= 1) {
                size_t size = gal_utf8_sequence(text + at, len - at);

                units -= size == 4 ? 2 : 1;
                at += size == 0 ? 1 : (uint32_t)size;
        }
        return at;
}

static struct jval run_regex(struct jrun *run, struct jfunction *function, const struct jval *arguments,
                             uint32_t count)
{
        struct jval text = count > 0 ? gal_jval_string(run, arguments[0], false) : JUNDEFINED;
        uint32_t from = 0;

        if (text.tag != JT_STRING)
                return JUNDEFINED;
        if (count > 1 && arguments[1].tag == JT_NUMBER)
                from = byte_offset(text.as.text, text.len, jval_double(arguments[1]));
        return find_match(run, function, text.as.text, text.len, from);
}

static struct jval run_next(struct jrun *run, struct jfunction *function)
{
        if (function->as.regex.from >= function->as.regex.len)
                return JUNDEFINED;
        return find_match(run, function, function->as.regex.text, function->as.regex.len, function->as.regex.from);
}

/* All kinds. */

static struct jval run_builtin(struct jrun *run, const struct jglobal *global, const struct jval *arguments,
                               uint32_t count, struct jval context, struct jframe *frame, bool is_checked)
{
        struct jcall call = { arguments, count, context, frame };

        if (!is_checked)
                call.arguments =
                        gal_jsignature_check(run, global->signature, arguments, count, context, &call.count);
        return global->builtin->run(run, &call);
}

static struct jval run_partial(struct jrun *run, const struct jfunction *function, const struct jval *arguments,
                               uint32_t count, struct jval context, struct jframe *frame)
{
        struct jfunction *inner = function->as.partial.function;
        struct arguments all;
        uint32_t next = 0;
        struct jframe *made;

        init_arguments(run, &all, function->as.partial.count);
        for (uint32_t i = 0; i < all.count; i++) {
                struct jval given = function->as.partial.arguments[i];

                if (given.tag == JT_UNBOUND)
                        given = next < count ? arguments[next++] : JUNDEFINED;
                all.all[i] = given;
        }
        /* What was applied partly is beyond its signature. */
        if (inner->kind == JFN_BUILTIN)
                return run_builtin(run, inner->as.builtin, all.all, all.count, context, frame, true);
        if (inner->kind == JFN_LAMBDA && inner->as.lambda.lambda->signature != NULL) {
                struct jlambda unsigned_lambda = *inner->as.lambda.lambda;
                struct jfunction copy = *inner;

                unsigned_lambda.signature = NULL;
                copy.as.lambda.lambda = &unsigned_lambda;
                return run_lambda(run, &copy, all.all, all.count, context, &made);
        }
        return invoke(run, inner, all.all, all.count, context, frame, NULL);
}

static struct jval run_chain(struct jrun *run, const struct jfunction *function, const struct jval *arguments,
                             uint32_t count, struct jframe *frame)
{
        struct jval argument = count > 0 ? arguments[0] : JUNDEFINED;
        struct jval between =
                gal_japply(run, jval_function(function->as.chain.first), &argument, 1, JUNDEFINED, frame);

        return gal_japply(run, jval_function(function->as.chain.second), &between, 1, JUNDEFINED, frame);
}

/* One call; its value may be another call. `ret_frame`: what that other one's frames end with. */
static struct jval run_function(struct jrun *run, struct jfunction *function, const struct jval *arguments,
                                uint32_t count, struct jval context, struct jframe *frame,
                                struct jframe **ret_frame)
{
        *ret_frame = NULL;
        switch ((enum jfunction_kind)function->kind) {
        case JFN_LAMBDA:
                return run_lambda(run, function, arguments, count, context, ret_frame);
        case JFN_BUILTIN:
                return run_builtin(run, function->as.builtin, arguments, count, context, frame, false);
        case JFN_PARTIAL:
                return run_partial(run, function, arguments, count, context, frame);
        case JFN_REGEX:
                return run_regex(run, function, arguments, count);
        case JFN_NEXT:
                return run_next(run, function);
        case JFN_TRANSFORM:
                return gal_jtransform_run(run, function, count > 0 ? arguments[0] : JUNDEFINED);
        case JFN_CHAIN:
                return run_chain(run, function, arguments, count, frame);
        }
        return JUNDEFINED;
}

_Noreturn static void fail_call(struct jrun *run, const struct jnode *call)
{
        run->caller = call;
        gal_jrun_fail(run, (struct jfault){ .code = "T1006", .at = call });
}

/* `call`: where it is written; NULL: called by a function. */
static struct jval invoke(struct jrun *run, struct jfunction *function, const struct jval *arguments,
                          uint32_t count, struct jval context, struct jframe *frame, const struct jnode *call)
{
        const struct jnode *caller = run->caller;
        const struct jnode *outer = run->outer_caller;
        struct arguments next;
        struct jframe *made = NULL;
        struct jval value;

        /* Functions that call functions nest on our stack, whether or not an evaluation lies between. */
        if (++run->calls > GAL_JSONATA_CALLS_MAX)
                gal_jrun_fail_depth(run);
        if (call != NULL)
                run->caller = call;
        if (call != NULL && outer == NULL)
                run->outer_caller = call;
        value = run_function(run, function, arguments, count, context, frame, &made);
        while (value.tag == JT_CALL) {
                const struct jnode *node = run->tail.node;
                struct jframe *inner = run->tail.frame;
                struct jval input = run->tail.input;
                struct jval callee = gal_jeval(run, node->items[0], input, inner);

                evaluate_arguments(run, &next, node, input, inner, NULL);
                if (made != NULL)
                        release_frames(run, inner, made);
                if (callee.tag != JT_FUNCTION)
                        fail_call(run, node);
                run->caller = node;
                value = run_function(run, callee.as.function, next.all, next.count, context, inner, &made);
        }
        if (made != NULL)
                gal_jframe_release(run, made);
        run->caller = caller;
        run->outer_caller = outer;
        run->calls--;
        return value;
}

struct jval gal_japply(struct jrun *run, struct jval function, const struct jval *arguments, uint32_t count,
                       struct jval context, struct jframe *frame)
{
        if (function.tag != JT_FUNCTION)
                gal_jrun_fail(run, (struct jfault){ .code = "T1006" });
        gal_jrun_step(run, 1);
        return invoke(run, function.as.function, arguments, count, context, frame, NULL);
}

/* Calls as they are written. */

/* Whether a bare name would have been a function with a $ in front of it. */
static const char *forgotten_dollar(struct jrun *run, const struct jnode *function, size_t *ret_len)
{
        const struct jnode *step = function->kind == JN_PATH ? function->items[0] : NULL;

        if (step == NULL || step->kind != JN_NAME)
                return NULL;
        *ret_len = step->as.name.len;
        if (gal_jlibrary_find(step->as.name.text, step->as.name.len, run->dialect) == NULL)
                return NULL;
        return step->as.name.text;
}

static const char *name_of(const struct jnode *function, size_t *ret_len)
{
        if (function->kind == JN_PATH && function->items[0]->kind == JN_NAME) {
                *ret_len = function->items[0]->as.name.len;
                return function->items[0]->as.name.text;
        }
        if (function->kind != JN_VARIABLE || function->is_parent) {
                *ret_len = 0;
                return "";
        }
        *ret_len = function->as.reference.name_len;
        return function->as.reference.name;
}

_Noreturn static void fail_callee(struct jrun *run, const struct jnode *call, struct jval callee,
                                  const char *forgotten, const char *plain)
{
        const struct jnode *function = call->items[0];
        struct jfault fault = { .code = plain, .at = call };
        size_t len = 0;

        fault.token = jval_is_undefined(callee) ? forgotten_dollar(run, function, &fault.token_len) : NULL;
        if (fault.token != NULL)
                fault.code = forgotten;
        else
                fault.token = name_of(function, &len), fault.token_len = len;
        gal_jrun_fail(run, fault);
}

static struct jval call_with(struct jrun *run, const struct jnode *call, struct jval input, struct jframe *frame,
                             const struct jval *first)
{
        struct jval callee = gal_jeval(run, call->items[0], input, frame);
        struct arguments arguments;

        if (jval_is_undefined(callee)) {
                size_t len;

                if (forgotten_dollar(run, call->items[0], &len) != NULL)
                        fail_callee(run, call, callee, "T1005", "T1006");
        }
        evaluate_arguments(run, &arguments, call, input, frame, first);
        if (callee.tag != JT_FUNCTION)
                fail_callee(run, call, callee, "T1006", "T1006");
        return invoke(run, callee.as.function, arguments.all, arguments.count, input, frame, call);
}

struct jval gal_jeval_call(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        return call_with(run, node, input, frame, NULL);
}

struct jval gal_jeval_partial(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jfunction *partial = gal_jrun_new(run, struct jfunction);
        struct jval callee;

        partial->kind = JFN_PARTIAL;
        partial->as.partial.count = node->count - 1;
        partial->as.partial.arguments = gal_jrun_alloc(run, (node->count - 1) * sizeof(struct jval));
        for (uint32_t i = 1; i < node->count; i++)
                partial->as.partial.arguments[i - 1] = node->items[i] == NULL
                                                               ? (struct jval){ .tag = JT_UNBOUND }
                                                               : gal_jeval(run, node->items[i], input, frame);
        callee = gal_jeval(run, node->items[0], input, frame);
        if (callee.tag != JT_FUNCTION)
                fail_callee(run, node, callee, "T1007", "T1008");
        partial->as.partial.function = callee.as.function;
        return jval_function(partial);
}

struct jval gal_jeval_apply(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame)
{
        struct jval left = gal_jeval(run, node->items[0], input, frame);
        struct jfunction *chain;
        struct jval right;

        if (node->items[1]->kind == JN_CALL)
                return call_with(run, node->items[1], input, frame, &left);
        right = gal_jeval(run, node->items[1], input, frame);
        if (right.tag != JT_FUNCTION)
                gal_jrun_fail(run, (struct jfault){ .code = "T2006", .at = node, .token = "", .value = right });
        if (left.tag != JT_FUNCTION)
                return gal_japply(run, right, &left, 1, JUNDEFINED, frame);
        chain = gal_jrun_new(run, struct jfunction);
        chain->kind = JFN_CHAIN;
        chain->as.chain.first = left.as.function;
        chain->as.chain.second = right.as.function;
        return jval_function(chain);
}

uint32_t gal_jfunction_arity(const struct jfunction *function)
{
        uint32_t holes = 0;

        switch ((enum jfunction_kind)function->kind) {
        case JFN_LAMBDA:
                return function->as.lambda.lambda->parameter_count;
        case JFN_BUILTIN:
                return function->as.builtin->builtin->arity;
        case JFN_PARTIAL:
                for (uint32_t i = 0; i < function->as.partial.count; i++)
                        holes += function->as.partial.arguments[i].tag == JT_UNBOUND;
                return holes;
        case JFN_REGEX:
                return 2;
        case JFN_TRANSFORM:
        case JFN_CHAIN:
                return 1;
        case JFN_NEXT:
                break;
        }
        return 0;
}

/* |pattern|update, delete|: on a copy, in which what the pattern finds is changed. */

static void update(struct jrun *run, const struct jnode *node, struct jval match, struct jval update)
{
        struct jwalk walk;

        if (update.tag != JT_OBJECT)
                gal_jrun_fail(run, (struct jfault){ .code = "T2011", .at = node, .token = "", .value = update });
        walk = gal_jwalk_start(run, update);
        while (match.tag == JT_OBJECT && gal_jwalk_next(&walk))
                gal_jobject_set(run, match.as.object, walk.key, walk.key_len, walk.value);
}

static void remove_keys(struct jrun *run, const struct jnode *node, struct jval match, struct jval keys)
{
        struct jval list = keys.tag == JT_ARRAY ? keys : gal_jarray_single(run, keys, 0);

        for (uint32_t i = 0, count = gal_jarray_count(list); i < count; i++)
                if (gal_jarray_get(run, list, i).tag != JT_STRING)
                        gal_jrun_fail(run,
                                      (struct jfault){ .code = "T2012", .at = node, .token = "", .value = keys });
        for (uint32_t i = 0, count = gal_jarray_count(list); match.tag == JT_OBJECT && i < count; i++) {
                struct jval key = gal_jarray_get(run, list, i);

                gal_jobject_remove(match.as.object, key.as.text, key.len);
        }
}

static void transform_match(struct jrun *run, const struct jfunction *function, struct jval match)
{
        const struct jnode *node = function->as.transform.node;
        struct jframe *frame = function->as.transform.frame;
        struct jval value = gal_jeval(run, node->items[1], match, frame);

        if (match.tag == JT_OBJECT && match.form != JF_OWN)
                match = JUNDEFINED; /* not part of the copy: the pattern has left it */
        if (!jval_is_undefined(value))
                update(run, node->items[1], match, value);
        if (node->count < 3)
                return;
        value = gal_jeval(run, node->items[2], match, frame);
        if (!jval_is_undefined(value))
                remove_keys(run, node->items[2], match, value);
}

struct jval gal_jtransform_run(struct jrun *run, const struct jfunction *function, struct jval value)
{
        struct jval copy, matches;

        if (jval_is_undefined(value))
                return value;
        if (value.tag != JT_OBJECT && value.tag != JT_ARRAY)
                gal_jrun_fail(run, (struct jfault){ .code = "T0410", .value = value, .index = 1 });
        copy = gal_jval_clone(run, value);
        matches = gal_jeval(run, function->as.transform.node->items[0], copy, function->as.transform.frame);
        if (jval_is_undefined(matches))
                return copy;
        if (matches.tag != JT_ARRAY)
                matches = gal_jarray_single(run, matches, 0);
        for (uint32_t i = 0, count = gal_jarray_count(matches); i < count; i++)
                transform_match(run, function, gal_jarray_get(run, matches, i));
        return copy;
}
