/*
 * object.c: functions of objects and of values of any kind.
 */
#include "base/limits.h"
#include "expr/jsonata/library.h"

struct jval gal_jfn_boolean(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        return jval_is_undefined(value) ? value : jval_boolean(gal_jval_truth(run, value));
}

struct jval gal_jfn_not(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        return jval_is_undefined(value) ? value : jval_boolean(!gal_jval_truth(run, value));
}

struct jval gal_jfn_exists(struct jrun *run, const struct jcall *call)
{
        (void)run;
        return jval_boolean(!jval_is_undefined(gal_jcall_argument(call, 0)));
}

struct jval gal_jfn_type(struct jrun *run, const struct jcall *call)
{
        static const char *const names[] = {
                [JT_NULL] = "null",   [JT_BOOLEAN] = "boolean", [JT_NUMBER] = "number",     [JT_STRING] = "string",
                [JT_ARRAY] = "array", [JT_OBJECT] = "object",   [JT_FUNCTION] = "function",
        };
        struct jval value = gal_jcall_argument(call, 0);

        (void)run;
        if (jval_is_undefined(value))
                return value;
        return jval_text(names[value.tag], strlen(names[value.tag]));
}

/* $keys: of an array, those of all its objects. */

static void collect_keys(struct jrun *run, struct jobject *keys, struct jval value, uint32_t depth)
{
        struct jwalk walk;

        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        for (uint32_t i = 0; value.tag == JT_ARRAY && i < gal_jarray_count(value); i++)
                collect_keys(run, keys, gal_jarray_get(run, value, i), depth + 1);
        if (value.tag != JT_OBJECT)
                return;
        walk = gal_jwalk_start(run, value);
        while (gal_jwalk_next(&walk)) {
                gal_jrun_step(run, 1);
                gal_jobject_set(run, keys, walk.key, walk.key_len, JNULL);
        }
}

struct jval gal_jfn_keys(struct jrun *run, const struct jcall *call)
{
        struct jobject *keys = gal_jobject_new(run, 0);
        struct jseq seq = JSEQ_INIT;
        struct jwalk walk;

        collect_keys(run, keys, gal_jcall_argument(call, 0), 0);
        walk = gal_jwalk_start(run, jval_object(keys));
        while (gal_jwalk_next(&walk))
                gal_jseq_push(run, &seq, jval_text(walk.key, walk.key_len));
        return gal_jseq_finish_array(run, &seq);
}

struct jval gal_jfn_lookup(struct jrun *run, const struct jcall *call)
{
        struct jval key = gal_jcall_argument(call, 1);

        if (key.tag != JT_STRING)
                return JUNDEFINED;
        return gal_jeval_name(run, key.as.text, key.len, gal_jcall_argument(call, 0));
}

/* $spread */

static struct jval spread_object(struct jrun *run, struct jval object)
{
        struct jwalk walk = gal_jwalk_start(run, object);
        struct jseq seq = JSEQ_INIT;

        while (gal_jwalk_next(&walk)) {
                struct jobject *one = gal_jobject_new(run, 1);

                gal_jrun_step(run, 1);
                gal_jobject_set(run, one, walk.key, walk.key_len, walk.value);
                gal_jseq_push(run, &seq, jval_object(one));
        }
        return gal_jseq_finish_array(run, &seq);
}

static struct jval spread(struct jrun *run, struct jval value, uint32_t depth)
{
        struct jarray *all;

        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        if (value.tag == JT_OBJECT)
                return spread_object(run, value);
        if (value.tag != JT_ARRAY)
                return value;
        all = gal_jarray_new(run, 0, 0);
        for (uint32_t i = 0; i < gal_jarray_count(value); i++) {
                struct jval part = spread(run, gal_jarray_get(run, value, i), depth + 1);

                if (part.tag == JT_ARRAY)
                        gal_jarray_extend(run, all, part);
                else if (!jval_is_undefined(part))
                        gal_jarray_push(run, all, part);
        }
        if (all->count == 0)
                all->flags = JA_SEQUENCE;
        return jval_array(all);
}

struct jval gal_jfn_spread(struct jrun *run, const struct jcall *call)
{
        return spread(run, gal_jcall_argument(call, 0), 0);
}

struct jval gal_jfn_merge(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jobject *merged;
        struct jwalk walk;

        if (jval_is_undefined(array))
                return array;
        merged = gal_jobject_new(run, 0);
        for (uint32_t i = 0; i < gal_jarray_count(array); i++) {
                walk = gal_jwalk_start(run, gal_jarray_get(run, array, i));
                while (gal_jwalk_next(&walk)) {
                        gal_jrun_step(run, 1);
                        gal_jobject_set(run, merged, walk.key, walk.key_len, walk.value);
                }
        }
        return jval_object(merged);
}

struct jval gal_jfn_clone(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        return jval_is_undefined(value) ? value : gal_jval_clone(run, value);
}

struct jval gal_jfn_error(struct jrun *run, const struct jcall *call)
{
        struct jval message = gal_jcall_argument(call, 0);

        if (jval_is_undefined(message) || message.len == 0)
                message = jval_text("$error() function evaluated", 27);
        gal_jrun_fail(run,
                      (struct jfault){ .code = "D3137", .message = message.as.text, .message_len = message.len });
}

struct jval gal_jfn_assert(struct jrun *run, const struct jcall *call)
{
        struct jval condition = gal_jcall_argument(call, 0);
        struct jval message = gal_jcall_argument(call, 1);

        if (condition.tag == JT_BOOLEAN && condition.as.boolean)
                return JUNDEFINED;
        if (jval_is_undefined(message) || message.len == 0)
                message = jval_text("$assert() statement failed", 26);
        gal_jrun_fail(run,
                      (struct jfault){ .code = "D3141", .message = message.as.text, .message_len = message.len });
}

/* $eval: code that is compiled now, in the frames of its caller. */

_Noreturn static void fail_eval(struct jrun *run, const char *code, struct jval message, const struct jnode *call)
{
        run->caller = call;
        gal_jrun_fail(run, (struct jfault){ .code = code, .value = message });
}

struct jval gal_jfn_eval(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval focus = gal_jcall_argument(call, 1);
        struct jval input = jval_is_undefined(focus) ? call->context : focus;
        const struct jprogram *program;
        struct jval message = JUNDEFINED;
        struct jval value;

        if (jval_is_undefined(text))
                return text;
        program = gal_jrun_compile(run, text.as.text, text.len, &message);
        if (program == NULL)
                fail_eval(run, "D3120", message, run->caller);
        if (focus.tag == JT_ARRAY && !(jval_flags(focus) & JA_SEQUENCE))
                input = gal_jarray_single(run, focus, JA_SEQUENCE | JA_OUTER);
        if (!gal_jrun_try(run, program, input, call->frame, &value, &message))
                fail_eval(run, "D3121", message, run->caller);
        return value;
}
