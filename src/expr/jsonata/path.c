/*
 * path.c: paths without bindings: a step is applied to each element of what the one before has found, and the
 * results are joined into one sequence.
 */
#include "base/limits.h"
#include "expr/jsonata/run.h"

/* Names. */

static void push_flat(struct jrun *run, struct jseq *seq, struct jval value)
{
        if (jval_is_undefined(value))
                return;
        if (value.tag == JT_ARRAY)
                gal_jseq_extend(run, seq, value);
        else
                gal_jseq_push(run, seq, value);
}

static void look_up(struct jrun *run, struct jseq *seq, const char *name, uint32_t len, struct jval array,
                    uint32_t depth)
{
        uint32_t count = gal_jarray_count(array);

        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        gal_jrun_step(run, count);
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(run, array, i);

                if (element.tag == JT_OBJECT) {
                        push_flat(run, seq, gal_jobject_get(run, element, name, len));
                } else if (element.tag == JT_ARRAY) {
                        struct jseq inner = JSEQ_INIT;

                        look_up(run, &inner, name, len, element, depth + 1);
                        if (inner.count > 0)
                                gal_jseq_extend(run, seq, gal_jseq_finish_array(run, &inner));
                }
        }
}

struct jval gal_jeval_name(struct jrun *run, const char *name, uint32_t len, struct jval input)
{
        struct jseq seq = JSEQ_INIT;

        if (input.tag == JT_OBJECT)
                return gal_jobject_get(run, input, name, len);
        if (input.tag != JT_ARRAY)
                return JUNDEFINED;
        look_up(run, &seq, name, len, input, 0);
        return gal_jseq_finish(run, &seq);
}

/* * and **. */

static void flatten(struct jrun *run, struct jarray *target, struct jval value, uint32_t depth)
{
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++) {
                struct jval element = gal_jarray_get(run, value, i);

                gal_jrun_step(run, 1);
                if (element.tag == JT_ARRAY)
                        flatten(run, target, element, depth + 1);
                else
                        gal_jarray_push(run, target, element);
        }
}

/* As in the reference, what has taken in an array is no sequence any more, so that it stays an array of one. */
static void add_to_wildcard(struct jrun *run, struct jarray *found, struct jval value)
{
        if (value.tag == JT_ARRAY) {
                found->flags = 0;
                flatten(run, found, value, 0);
        } else {
                gal_jarray_push(run, found, value);
        }
}

struct jval gal_jeval_wildcard(struct jrun *run, struct jval input)
{
        struct jarray *found = gal_jarray_new(run, 0, JA_SEQUENCE);
        struct jwalk walk;

        if (jval_flags(input) & JA_OUTER)
                input = input.as.array->items[0];
        if (input.tag == JT_ARRAY) {
                for (uint32_t i = 0, count = gal_jarray_count(input); i < count; i++)
                        add_to_wildcard(run, found, gal_jarray_get(run, input, i));
        } else if (input.tag == JT_OBJECT) {
                walk = gal_jwalk_start(run, input);
                while (gal_jwalk_next(&walk)) {
                        gal_jrun_step(run, 1);
                        add_to_wildcard(run, found, walk.value);
                }
        }
        return jval_array(found);
}

static void descend(struct jrun *run, struct jseq *seq, struct jval value, uint32_t depth)
{
        struct jwalk walk;

        gal_jrun_step(run, 1);
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        if (value.tag != JT_ARRAY) {
                gal_jseq_push(run, seq, value);
        } else {
                for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++)
                        descend(run, seq, gal_jarray_get(run, value, i), depth + 1);
        }
        if (value.tag != JT_OBJECT)
                return;
        walk = gal_jwalk_start(run, value);
        while (gal_jwalk_next(&walk))
                descend(run, seq, walk.value, depth + 1);
}

struct jval gal_jeval_descendants(struct jrun *run, struct jval input)
{
        struct jseq seq = JSEQ_INIT;

        if (jval_is_undefined(input))
                return input;
        descend(run, &seq, input, 0);
        return gal_jseq_finish(run, &seq);
}

/* Predicates. */

static struct jval pick(struct jrun *run, double position, struct jval input)
{
        uint32_t count = input.tag == JT_ARRAY ? gal_jarray_count(input) : 1;
        double index = floor(position);
        struct jval element;

        if (index < 0)
                index += count;
        if (!(index >= 0 && index < count))
                return JUNDEFINED;
        if (input.tag != JT_ARRAY)
                return input;
        element = gal_jarray_get(run, input, (uint32_t)index);
        return jval_flags(input) & JA_TUPLES ? gal_jarray_single(run, element, JA_SEQUENCE | JA_TUPLES) : element;
}

static bool is_position(double number, uint32_t index, uint32_t count)
{
        double position = floor(number);

        if (position < 0)
                position += count;
        return position == index;
}

/* A number, or an array of nothing but numbers, chooses positions; anything else is a condition. */
static bool is_chosen(struct jrun *run, struct jval verdict, uint32_t index, uint32_t count)
{
        if (verdict.tag == JT_NUMBER)
                return is_position(jval_double(verdict), index, count);
        if (!gal_jval_is_array_of_numbers(run, verdict))
                return gal_jval_truth(run, verdict);
        for (uint32_t i = 0, positions = gal_jarray_count(verdict); i < positions; i++) {
                gal_jrun_step(run, 1);
                if (is_position(jval_double(gal_jarray_get(run, verdict, i)), index, count))
                        return true;
        }
        return false;
}

struct jval gal_jeval_filter(struct jrun *run, const struct jnode *filter, struct jval input, struct jframe *frame,
                             const struct jscope *tuple_scope)
{
        bool is_tuples = jval_flags(input) & JA_TUPLES;
        struct jseq seq = JSEQ_INIT;
        uint32_t count;

        if (filter->kind == JN_LITERAL && filter->as.literal.tag == JT_NUMBER)
                return pick(run, filter->as.literal.as.number, input);
        if (tuple_scope != NULL && !is_tuples)
                frame = gal_jframe_tuple(run, tuple_scope, frame, NULL);
        if (input.tag != JT_ARRAY) {
                if (is_chosen(run, gal_jeval(run, filter, input, frame), 0, 1))
                        gal_jseq_push(run, &seq, input);
                return jval_is_undefined(input) && seq.count > 0 ? gal_jseq_finish_array(run, &seq)
                                                                 : gal_jseq_finish(run, &seq);
        }
        count = gal_jarray_count(input);
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(run, input, i);
                const struct jtuple *tuple = is_tuples ? gal_jtuple(run, input, i) : NULL;
                struct jframe *inner = is_tuples && tuple_scope != NULL
                                               ? gal_jframe_tuple(run, tuple_scope, frame, tuple->bindings)
                                               : frame;

                if (is_chosen(run, gal_jeval(run, filter, is_tuples ? tuple->value : element, inner), i, count))
                        gal_jseq_push(run, &seq, element);
        }
        if (!is_tuples)
                return gal_jseq_finish(run, &seq);
        input = gal_jseq_finish_array(run, &seq);
        input.as.array->flags |= JA_TUPLES;
        return input;
}

/* Steps. */

/* What has been found so far: the first result waits, since alone at the last step it is not taken apart. */
struct joined {
        struct jseq seq;
        struct jval first;
        uint32_t count; /* of results; a filter that lets nothing through has one, which is empty */
};

static void flatten_result(struct jrun *run, struct jseq *seq, struct jval value)
{
        if (jval_is_undefined(value))
                return;
        if (value.tag != JT_ARRAY || jval_flags(value) & JA_CONS)
                gal_jseq_push(run, seq, value);
        else
                gal_jseq_extend(run, seq, value);
}

static inline void join(struct jrun *run, struct joined *joined, struct jval value)
{
        if (joined->count++ == 0) {
                joined->first = value;
                return;
        }
        if (joined->count == 2)
                flatten_result(run, &joined->seq, joined->first);
        flatten_result(run, &joined->seq, value);
}

static struct jval finish_join(struct jrun *run, struct joined *joined, bool is_last)
{
        if (joined->count == 0)
                return JUNDEFINED;
        if (joined->count == 1) {
                if (joined->first.tag == JT_ARRAY && is_last && !(jval_flags(joined->first) & JA_SEQUENCE))
                        return joined->first;
                flatten_result(run, &joined->seq, joined->first);
        }
        return gal_jseq_finish(run, &joined->seq);
}

static void apply_step(struct jrun *run, const struct jnode *step, struct jval element, struct jframe *frame,
                       struct joined *joined)
{
        struct jval value = gal_jeval(run, step, element, frame);

        for (uint32_t i = 0; i < step->stage_count && step->has_stages; i++)
                value = gal_jeval_filter(run, step->stages[i].filter, value, frame, NULL);
        if (!jval_is_undefined(value) || (step->stage_count > 0 && step->has_stages))
                join(run, joined, value);
}

static inline void apply_name(struct jrun *run, const struct jnode *step, struct jval element,
                              struct joined *joined)
{
        struct jval value;

        if (run->depth >= run->depth_max)
                gal_jrun_fail_depth(run);
        value = gal_jeval_name(run, step->as.name.text, step->as.name.len, element);
        if (value.tag == JT_ARRAY && jval_flags(value) & JA_SEQUENCE && value.as.array->count == 1)
                value = value.as.array->items[0];
        if (!jval_is_undefined(value))
                join(run, joined, value);
}

static struct jval step_over(struct jrun *run, const struct jnode *step, struct jval input, bool is_single,
                             struct jframe *frame, bool is_last)
{
        struct joined joined = { JSEQ_INIT, JUNDEFINED, 0 };
        bool is_name = step->kind == JN_NAME && step->stage_count == 0 && step->group == NULL;
        uint32_t count;

        if (input.tag != JT_ARRAY || is_single) {
                if (is_name)
                        apply_name(run, step, input, &joined);
                else
                        apply_step(run, step, input, frame, &joined);
                return finish_join(run, &joined, is_last);
        }
        count = gal_jarray_count(input);
        gal_jrun_step(run, count);
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(run, input, i);

                if (is_name)
                        apply_name(run, step, element, &joined);
                else
                        apply_step(run, step, element, frame, &joined);
        }
        return finish_join(run, &joined, is_last);
}

static struct jval sort_step(struct jrun *run, const struct jnode *step, struct jval input, struct jframe *frame)
{
        struct jval value = gal_jeval_sort(run, step, input, frame, NULL);

        for (uint32_t i = 0; i < step->stage_count; i++)
                value = gal_jeval_filter(run, step->stages[i].filter, value, frame, NULL);
        return value;
}

/* [] behind a step: what is found stays an array. */
struct jval gal_jeval_keep_singleton(struct jrun *run, struct jval value)
{
        if (jval_is_undefined(value))
                return value;
        if (value.tag != JT_ARRAY || (jval_flags(value) & (JA_CONS | JA_SEQUENCE)) == JA_CONS)
                return gal_jarray_single(run, value, JA_SEQUENCE | JA_KEEP);
        if (jval_flags(value) & JA_SEQUENCE)
                value.as.array->flags |= JA_KEEP;
        return value;
}

static bool is_bare_name(const struct jnode *path, const struct jnode *step)
{
        return step->kind == JN_NAME && step->stage_count == 0 && !step->is_tuple && path->group == NULL &&
               !path->keep_singleton;
}

struct jval gal_jeval_path(struct jrun *run, const struct jnode *path, struct jval input, struct jframe *frame)
{
        /* A path that begins with a variable does not go through an input that is an array. */
        const struct jnode *first = path->items[0];
        bool is_single = (first->kind == JN_VARIABLE && !first->is_parent) || first->kind == JN_CONTEXT;
        struct jval value = input;

        if (path->count == 1 && input.tag == JT_OBJECT && is_bare_name(path, first)) {
                if (run->depth >= run->depth_max)
                        gal_jrun_fail_depth(run);
                return gal_jobject_get(run, input, first->as.name.text, first->as.name.len);
        }
        for (uint32_t i = 0; i < path->count; i++) {
                const struct jnode *step = path->items[i];

                if (i == path->first_tuple)
                        return gal_jeval_tuples(run, path, i, value, is_single && i == 0, frame);
                if (i == 0 && step->cons_array)
                        value = gal_jeval(run, step, value, frame);
                else if (step->kind == JN_SORT)
                        value = sort_step(run, step, value, frame);
                else
                        value = step_over(run, step, value, is_single && i == 0, frame, i == path->count - 1);
                if (jval_is_undefined(value) || (value.tag == JT_ARRAY && gal_jarray_count(value) == 0))
                        break;
        }
        if (path->keep_singleton)
                value = gal_jeval_keep_singleton(run, value);
        if (path->group != NULL)
                value = gal_jeval_group(run, path->group->items, path->group->count, path, value, frame, NULL);
        return value;
}
