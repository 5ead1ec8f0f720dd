/*
 * tuple.c: paths with bindings (@$v, #$i, %): a stream of tuples, each a value with what has been bound on the way.
 *
 * From the first step with a binding on, steps, predicates, sort terms and groupings are evaluated once a tuple, in
 * a frame that has its bindings. Lists of bindings only grow at the front, so tuples share them.
 */
#include "expr/jsonata/run.h"

struct stream {
        struct jrun *run;
        const struct jnode *path;
        struct jframe *frame; /* around the path */
        struct jarray *tuples;
};

static void push(struct jrun *run, struct jarray *tuples, struct jval value, const struct jbinding *bindings)
{
        struct jtuple *tuple = gal_jrun_new(run, struct jtuple);

        tuple->value = value;
        tuple->bindings = bindings;
        gal_jarray_push(run, tuples, (struct jval){ .tag = JT_NULL, .as.text = (const char *)(const void *)tuple });
}

static const struct jbinding *add_binding(struct jrun *run, const struct jbinding *next, uint32_t label,
                                          struct jval value)
{
        struct jbinding *binding = gal_jrun_new(run, struct jbinding);

        binding->next = next;
        binding->label = label;
        binding->value = value;
        return binding;
}

static struct jarray *new_tuples(struct jrun *run)
{
        return gal_jarray_new(run, 8, JA_SEQUENCE | JA_TUPLES);
}

/* A path of its own in parentheses, whose bindings a % further on needs. */
static void push_nested(struct jrun *run, struct jarray *tuples, const struct jtuple *outer,
                        const struct jtuple *nested)
{
        const struct jbinding *bindings = outer->bindings;

        /* The nested list shows its newest first: the order in which they shadow each other has to stay. */
        for (uint32_t depth = 0;; depth++) {
                const struct jbinding *at = nested->bindings;
                uint32_t count = 0;

                for (const struct jbinding *all = at; all != NULL; all = all->next)
                        count++;
                if (depth == count)
                        break;
                for (uint32_t i = 0; i + 1 < count - depth; i++)
                        at = at->next;
                bindings = add_binding(run, bindings, at->label, at->value);
        }
        push(run, tuples, nested->value, bindings);
}

static void push_result(struct jrun *run, struct jarray *tuples, const struct jnode *step,
                        const struct jtuple *from, struct jval value, uint32_t index)
{
        const struct jbinding *bindings = from->bindings;

        if (step->focus != JLABEL_NONE)
                bindings = add_binding(run, bindings, step->focus, value);
        if (step->index != JLABEL_NONE)
                bindings = add_binding(run, bindings, step->index, jval_number(index));
        if (step->parent != NULL && !step->is_parent)
                bindings = add_binding(run, bindings, step->parent->label, from->value);
        push(run, tuples, step->focus != JLABEL_NONE ? from->value : value, bindings);
}

static void apply_to_tuple(struct stream *stream, struct jarray *found, const struct jnode *step,
                           const struct jtuple *tuple)
{
        struct jrun *run = stream->run;
        struct jframe *frame = gal_jframe_tuple(run, stream->path->scope, stream->frame, tuple->bindings);
        struct jval value = gal_jeval(run, step, tuple->value, frame);

        gal_jframe_release(run, frame);
        if (jval_is_undefined(value))
                return;
        if (value.tag != JT_ARRAY) {
                push_result(run, found, step, tuple, value, 0);
                return;
        }
        for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++) {
                gal_jrun_step(run, 1);
                if (jval_flags(value) & JA_TUPLES)
                        push_nested(run, found, tuple, gal_jtuple(run, value, i));
                else
                        push_result(run, found, step, tuple, gal_jarray_get(run, value, i), i);
        }
}

/* Stages. */

static bool is_position(struct jval number, uint32_t index, uint32_t count)
{
        double position = floor(jval_double(number));

        return (position < 0 ? position + count : position) == index;
}

static bool is_chosen(struct jrun *run, struct jval verdict, uint32_t index, uint32_t count)
{
        if (verdict.tag == JT_NUMBER)
                return is_position(verdict, index, count);
        if (!gal_jval_is_array_of_numbers(run, verdict))
                return gal_jval_truth(run, verdict);
        for (uint32_t i = 0, positions = gal_jarray_count(verdict); i < positions; i++)
                if (is_position(gal_jarray_get(run, verdict, i), index, count))
                        return true;
        return false;
}

static void filter(struct stream *stream, const struct jnode *filter_node)
{
        struct jrun *run = stream->run;
        struct jval before = jval_array(stream->tuples);
        uint32_t count = stream->tuples->count;
        struct jarray *kept = new_tuples(run);

        for (uint32_t i = 0; i < count; i++) {
                const struct jtuple *tuple = gal_jtuple(run, before, i);
                struct jframe *frame = gal_jframe_tuple(run, stream->path->scope, stream->frame, tuple->bindings);
                struct jval verdict = gal_jeval(run, filter_node, tuple->value, frame);

                gal_jframe_release(run, frame);
                if (is_chosen(run, verdict, i, count))
                        gal_jarray_push(run, kept, gal_jarray_get(run, before, i));
        }
        stream->tuples = kept;
}

static void number_tuples(struct stream *stream, uint32_t label)
{
        struct jrun *run = stream->run;
        struct jarray *numbered = new_tuples(run);

        for (uint32_t i = 0; i < stream->tuples->count; i++) {
                const struct jtuple *tuple = gal_jtuple(run, jval_array(stream->tuples), i);

                push(run, numbered, tuple->value, add_binding(run, tuple->bindings, label, jval_number(i)));
        }
        stream->tuples = numbered;
}

static void run_stages(struct stream *stream, const struct jnode *step)
{
        for (uint32_t i = 0; i < step->stage_count && step->has_stages; i++) {
                if (step->stages[i].filter != NULL)
                        filter(stream, step->stages[i].filter);
                else
                        number_tuples(stream, step->stages[i].index_label);
        }
}

/* Steps. */

static void start(struct stream *stream, struct jval input, bool is_single)
{
        struct jrun *run = stream->run;

        stream->tuples = new_tuples(run);
        if (input.tag != JT_ARRAY || is_single)
                push(run, stream->tuples, input, NULL);
        for (uint32_t i = 0; input.tag == JT_ARRAY && !is_single && i < gal_jarray_count(input); i++)
                push(run, stream->tuples, gal_jarray_get(run, input, i), NULL);
}

static void run_step(struct stream *stream, const struct jnode *step)
{
        struct jrun *run = stream->run;
        struct jval before = jval_array(stream->tuples);
        struct jarray *found;

        if (step->kind == JN_SORT) {
                before = gal_jeval_sort(run, step, before, stream->frame, stream->path->scope);
                stream->tuples = before.as.array;
                if (step->index != JLABEL_NONE)
                        number_tuples(stream, step->index);
        } else {
                found = new_tuples(run);
                for (uint32_t i = 0; i < gal_jarray_count(before); i++)
                        apply_to_tuple(stream, found, step, gal_jtuple(run, before, i));
                stream->tuples = found;
        }
        run_stages(stream, step);
}

static struct jval values_of(struct stream *stream)
{
        struct jval tuples = jval_array(stream->tuples);
        struct jseq seq = JSEQ_INIT;

        for (uint32_t i = 0; i < stream->tuples->count; i++)
                gal_jseq_push(stream->run, &seq, gal_jtuple(stream->run, tuples, i)->value);
        return gal_jseq_finish(stream->run, &seq);
}

struct jval gal_jeval_tuples(struct jrun *run, const struct jnode *path, uint32_t first, struct jval input,
                             bool is_single, struct jframe *frame)
{
        struct stream stream = { run, path, frame, NULL };
        const struct jnode *step = path->items[first];
        struct jval value;

        if (step->kind == JN_SORT) {
                /* The first of them sorts plain values, in the surroundings of the path. */
                start(&stream, gal_jeval_sort(run, step, input, frame, NULL), is_single);
                if (step->index != JLABEL_NONE)
                        number_tuples(&stream, step->index);
                run_stages(&stream, step);
                first++;
        } else {
                start(&stream, input, is_single);
        }
        for (uint32_t i = first; i < path->count; i++)
                run_step(&stream, path->items[i]);
        if (path->group != NULL)
                return gal_jeval_group(run, path->group->items, path->group->count, path, jval_array(stream.tuples),
                                       frame, path->scope);
        if (path->is_tuple)
                return jval_array(stream.tuples);
        value = values_of(&stream);
        return path->keep_singleton ? gal_jeval_keep_singleton(run, value) : value;
}
