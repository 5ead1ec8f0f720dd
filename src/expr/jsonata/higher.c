/*
 * higher.c: functions that call a function for each element: ($value, $index, $array), as many of them as it wants.
 */
#include "expr/jsonata/library.h"

struct loop {
        struct jrun *run;
        const struct jcall *call;
        struct jval function;
        uint32_t arity;
};

static struct loop start(struct jrun *run, const struct jcall *call)
{
        struct jval function = gal_jcall_argument(call, 1);
        uint32_t arity = function.tag == JT_FUNCTION ? gal_jfunction_arity(function.as.function) : 0;

        return (struct loop){ run, call, function, arity < 1 ? 1 : arity > 3 ? 3 : arity };
}

static struct jval ask(const struct loop *loop, struct jval value, struct jval key, struct jval whole)
{
        struct jval arguments[3] = { value, key, whole };

        return gal_japply(loop->run, loop->function, arguments, loop->arity, JUNDEFINED, loop->call->frame);
}

struct jval gal_jfn_map(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct loop loop = start(run, call);
        struct jseq mapped = JSEQ_INIT;

        if (jval_is_undefined(array))
                return array;
        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++) {
                struct jval value = ask(&loop, gal_jarray_get(run, array, i), jval_number(i), array);

                if (!jval_is_undefined(value))
                        gal_jseq_push(run, &mapped, value);
        }
        return gal_jseq_finish_array(run, &mapped);
}

struct jval gal_jfn_filter(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct loop loop = start(run, call);
        struct jseq kept = JSEQ_INIT;

        if (jval_is_undefined(array))
                return array;
        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++) {
                struct jval element = gal_jarray_get(run, array, i);

                if (gal_jval_truth(run, ask(&loop, element, jval_number(i), array)))
                        gal_jseq_push(run, &kept, element);
        }
        return gal_jseq_finish_array(run, &kept);
}

struct jval gal_jfn_single(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct loop loop = start(run, call);
        struct jval found = JUNDEFINED;
        bool has_found = false;

        if (jval_is_undefined(array))
                return array;
        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++) {
                struct jval element = gal_jarray_get(run, array, i);

                if (loop.function.tag == JT_FUNCTION &&
                    !gal_jval_truth(run, ask(&loop, element, jval_number(i), array)))
                        continue;
                if (has_found)
                        gal_jrun_fail(run, (struct jfault){ .code = "D3138" });
                found = element;
                has_found = true;
        }
        if (!has_found)
                gal_jrun_fail(run, (struct jfault){ .code = "D3139" });
        return found;
}

struct jval gal_jfn_reduce(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jval function = gal_jcall_argument(call, 1);
        struct jval result = gal_jcall_argument(call, 2);
        uint32_t from = 0;
        uint32_t arity, count;

        if (jval_is_undefined(array))
                return array;
        arity = gal_jfunction_arity(function.as.function);
        if (arity < 2)
                gal_jrun_fail(run, (struct jfault){ .code = "D3050" });
        count = gal_jarray_count(array);
        if (jval_is_undefined(result) && count > 0)
                result = gal_jarray_get(run, array, from++);
        for (; from < count; from++) {
                struct jval arguments[4] = { result, gal_jarray_get(run, array, from), jval_number(from), array };

                result = gal_japply(run, function, arguments, arity < 4 ? arity : 4, JUNDEFINED, call->frame);
        }
        return result;
}

struct jval gal_jfn_sift(struct jrun *run, const struct jcall *call)
{
        struct jval object = gal_jcall_argument(call, 0);
        struct loop loop = start(run, call);
        struct jobject *kept;
        struct jwalk walk;

        if (object.tag != JT_OBJECT)
                return JUNDEFINED;
        kept = gal_jobject_new(run, 0);
        walk = gal_jwalk_start(run, object);
        while (gal_jwalk_next(&walk))
                if (gal_jval_truth(run, ask(&loop, walk.value, jval_text(walk.key, walk.key_len), object)))
                        gal_jobject_set(run, kept, walk.key, walk.key_len, walk.value);
        return kept->live == 0 ? JUNDEFINED : jval_object(kept);
}

struct jval gal_jfn_each(struct jrun *run, const struct jcall *call)
{
        struct jval object = gal_jcall_argument(call, 0);
        struct loop loop = start(run, call);
        struct jseq values = JSEQ_INIT;
        struct jwalk walk;

        if (object.tag != JT_OBJECT)
                return gal_jseq_finish_array(run, &values);
        walk = gal_jwalk_start(run, object);
        while (gal_jwalk_next(&walk)) {
                struct jval value = ask(&loop, walk.value, jval_text(walk.key, walk.key_len), object);

                if (!jval_is_undefined(value))
                        gal_jseq_push(run, &values, value);
        }
        return gal_jseq_finish_array(run, &values);
}
