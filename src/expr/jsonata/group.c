/*
 * group.c: {key: value, ...}, behind a path or alone; and ^(...).
 *
 * Each element of the input goes to the group of its key, for each pair of the grouping; then each group's value is
 * evaluated with the elements of the group as its context. An object constructor is a grouping of one element.
 */
#include "base/utf8.h"
#include "expr/jsonata/run.h"

struct grouping {
        struct jrun *run;
        struct jnode *const *pairs;
        uint32_t pair_count;
        const struct jnode *at;
        struct jframe *frame;
        const struct jscope *tuple_scope; /* NULL: elements are plain values */
        struct entry *entries;
        uint32_t count;
        uint32_t size;
        struct jobject *numbers; /* key -> number of its entry, once there are many */
};

struct entry {
        const char *key;
        uint32_t key_len;
        uint32_t pair;
        struct jval data;    /* the element; of tuples, a reference to it */
        struct jarray *list; /* more than one: `data` is this one then */
};

enum { NUMBERS_FROM = 8, ENTRIES_ON_STACK = 8 };

static struct entry *find_entry(struct grouping *grouping, const char *key, uint32_t len)
{
        struct jmember *member;

        if (grouping->numbers != NULL) {
                member = gal_jobject_find(grouping->numbers, key, len);
                return member != NULL ? &grouping->entries[(uint32_t)member->value.as.number] : NULL;
        }
        for (uint32_t i = 0; i < grouping->count; i++)
                if (grouping->entries[i].key_len == len && memcmp(grouping->entries[i].key, key, len) == 0)
                        return &grouping->entries[i];
        return NULL;
}

static void note_number(struct grouping *grouping, uint32_t number)
{
        const struct entry *entry = &grouping->entries[number];

        gal_jobject_set(grouping->run, grouping->numbers, entry->key, entry->key_len, jval_number(number));
}

static void add_entry(struct grouping *grouping, struct entry entry)
{
        struct jrun *run = grouping->run;
        struct entry *grown;

        if (grouping->count == grouping->size) {
                grouping->size *= 2;
                grown = gal_jrun_alloc(run, (size_t)grouping->size * sizeof(*grown));
                memcpy(grown, grouping->entries, grouping->count * sizeof(*grown));
                grouping->entries = grown;
        }
        grouping->entries[grouping->count++] = entry;
        if (grouping->numbers != NULL) {
                note_number(grouping, grouping->count - 1);
        } else if (grouping->count == NUMBERS_FROM) {
                grouping->numbers = gal_jobject_new(run, 4 * NUMBERS_FROM);
                for (uint32_t i = 0; i < grouping->count; i++)
                        note_number(grouping, i);
        }
}

static void append(struct jrun *run, struct entry *entry, struct jval element)
{
        if (entry->list == NULL) {
                entry->list = gal_jarray_new(run, 8, 0);
                if (entry->data.tag == JT_ARRAY)
                        gal_jarray_extend(run, entry->list, entry->data);
                else
                        gal_jarray_push(run, entry->list, entry->data);
                entry->data = jval_array(entry->list);
        }
        if (element.tag == JT_ARRAY)
                gal_jarray_extend(run, entry->list, element);
        else
                gal_jarray_push(run, entry->list, element);
}

static void add_element(struct grouping *grouping, struct jval element, struct jval context, struct jframe *frame)
{
        struct jrun *run = grouping->run;

        for (uint32_t pair = 0; pair < grouping->pair_count; pair++) {
                struct jval key = gal_jeval(run, grouping->pairs[2 * pair], context, frame);
                struct entry *entry;

                if (jval_is_undefined(key))
                        continue;
                if (key.tag != JT_STRING)
                        gal_jrun_fail(
                                run,
                                (struct jfault){ .code = "T1003", .at = grouping->at, .token = "", .value = key });
                entry = find_entry(grouping, key.as.text, key.len);
                if (entry == NULL)
                        add_entry(grouping, (struct entry){ key.as.text, key.len, pair, element, NULL });
                else if (entry->pair != pair)
                        gal_jrun_fail(
                                run,
                                (struct jfault){ .code = "D1009", .at = grouping->at, .token = "", .value = key });
                else
                        append(run, entry, element);
        }
}

/* Several tuples as one: values of the same name are joined. */

static const struct jbinding *join_bindings(struct jrun *run, const struct jbinding *joined,
                                            const struct jbinding *more)
{
        for (const struct jbinding *binding = more; binding != NULL; binding = binding->next) {
                struct jbinding *entry = NULL;
                bool is_hidden = false;

                for (const struct jbinding *earlier = more; earlier != binding; earlier = earlier->next)
                        is_hidden |= earlier->label == binding->label;
                if (is_hidden)
                        continue;
                for (const struct jbinding *at = joined; at != NULL && entry == NULL; at = at->next)
                        if (at->label == binding->label)
                                entry = (struct jbinding *)at; /* one of ours: see below */
                if (entry != NULL) {
                        entry->value = gal_jval_append(run, entry->value, binding->value);
                        continue;
                }
                entry = gal_jrun_new(run, struct jbinding);
                entry->label = binding->label;
                entry->value = binding->value;
                entry->next = joined;
                joined = entry;
        }
        return joined;
}

static struct jtuple join_tuples(struct jrun *run, struct jval tuples)
{
        struct jtuple joined = { JUNDEFINED, NULL };

        for (uint32_t i = 0, count = gal_jarray_count(tuples); i < count; i++) {
                const struct jtuple *tuple = gal_jtuple(run, tuples, i);

                joined.value = gal_jval_append(run, joined.value, tuple->value);
                joined.bindings = join_bindings(run, joined.bindings, tuple->bindings);
        }
        return joined;
}

static struct jval value_of(struct grouping *grouping, const struct entry *entry)
{
        struct jrun *run = grouping->run;
        const struct jnode *node = grouping->pairs[2 * entry->pair + 1];
        struct jtuple tuple;

        if (grouping->tuple_scope == NULL)
                return gal_jeval(run, node, entry->data, grouping->frame);
        tuple = entry->list != NULL ? join_tuples(run, entry->data)
                                    : *(const struct jtuple *)(const void *)entry->data.as.text;
        return gal_jeval(run, node, tuple.value,
                         gal_jframe_tuple(run, grouping->tuple_scope, grouping->frame, tuple.bindings));
}

static void add_all(struct grouping *grouping, struct jval input)
{
        uint32_t count = input.tag == JT_ARRAY ? gal_jarray_count(input) : 0;

        if (input.tag != JT_ARRAY) {
                add_element(grouping, input, input, grouping->frame);
                return;
        }
        if (count == 0)
                add_element(grouping, JUNDEFINED, JUNDEFINED, grouping->frame);
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(grouping->run, input, i);
                const struct jtuple *tuple;

                if (grouping->tuple_scope == NULL) {
                        add_element(grouping, element, element, grouping->frame);
                        continue;
                }
                tuple = gal_jtuple(grouping->run, input, i);
                add_element(
                        grouping, element, tuple->value,
                        gal_jframe_tuple(grouping->run, grouping->tuple_scope, grouping->frame, tuple->bindings));
        }
}

struct jval gal_jeval_group(struct jrun *run, struct jnode *const *pairs, uint32_t count, const struct jnode *at,
                            struct jval input, struct jframe *frame, const struct jscope *tuple_scope)
{
        struct entry entries[ENTRIES_ON_STACK];
        struct grouping grouping = { .run = run,
                                     .pairs = pairs,
                                     .pair_count = count,
                                     .at = at,
                                     .frame = frame,
                                     .tuple_scope = tuple_scope,
                                     .entries = entries,
                                     .size = ENTRIES_ON_STACK };
        struct jobject *object;

        if (tuple_scope != NULL && gal_jarray_count(input) == 0)
                grouping.tuple_scope = NULL, grouping.frame = gal_jframe_tuple(run, tuple_scope, frame, NULL);
        add_all(&grouping, input);
        object = gal_jobject_new(run, grouping.count);
        for (uint32_t i = 0; i < grouping.count; i++) {
                struct jval value = value_of(&grouping, &grouping.entries[i]);

                if (!jval_is_undefined(value))
                        gal_jobject_set(run, object, grouping.entries[i].key, grouping.entries[i].key_len, value);
        }
        return jval_object(object);
}

/* Sorting. */

static void merge_sort(struct jrun *run, uint32_t *order, uint32_t *spare, uint32_t count,
                       bool (*goes_after)(void *user, uint32_t a, uint32_t b), void *user)
{
        uint32_t middle = count / 2;
        uint32_t left = 0;
        uint32_t right = middle;

        if (count < 2)
                return;
        merge_sort(run, order, spare, middle, goes_after, user);
        merge_sort(run, order + middle, spare, count - middle, goes_after, user);
        gal_jrun_step(run, count);
        memcpy(spare, order, middle * sizeof(*order));
        for (uint32_t i = 0; left < middle; i++) {
                if (right < count && goes_after(user, spare[left], order[right]))
                        order[i] = order[right++];
                else
                        order[i] = spare[left++];
        }
}

void gal_jsort(struct jrun *run, uint32_t *order, uint32_t count,
               bool (*goes_after)(void *user, uint32_t a, uint32_t b), void *user)
{
        for (uint32_t i = 0; i < count; i++)
                order[i] = i;
        merge_sort(run, order, order + count, count, goes_after, user);
}

struct sorting {
        struct jrun *run;
        const struct jnode *sort;
        struct jval input;
        struct jframe *frame;
        const struct jscope *tuple_scope;
        struct jval *keys; /* terms a element; JT_UNBOUND until needed */
};

static struct jval key_of(struct sorting *sorting, uint32_t index, uint32_t term)
{
        struct jval *key = &sorting->keys[(size_t)index * sorting->sort->count + term];
        struct jrun *run = sorting->run;
        const struct jnode *node = sorting->sort->as.terms[term].key;
        const struct jtuple *tuple;

        if (key->tag != JT_UNBOUND)
                return *key;
        if (sorting->tuple_scope == NULL) {
                *key = gal_jeval(run, node, gal_jarray_get(run, sorting->input, index), sorting->frame);
        } else {
                tuple = gal_jtuple(run, sorting->input, index);
                *key = gal_jeval(run, node, tuple->value,
                                 gal_jframe_tuple(run, sorting->tuple_scope, sorting->frame, tuple->bindings));
        }
        return *key;
}

static bool is_sortable(struct jval value)
{
        return value.tag == JT_STRING || value.tag == JT_NUMBER;
}

static int compare_keys(struct sorting *sorting, struct jval a, struct jval b)
{
        if (!is_sortable(a) || !is_sortable(b))
                gal_jrun_fail(sorting->run, (struct jfault){ .code = "T2008",
                                                             .at = sorting->sort,
                                                             .token = "",
                                                             .value = is_sortable(a) ? b : a });
        if (a.tag != b.tag)
                gal_jrun_fail(sorting->run,
                              (struct jfault){
                                      .code = "T2007", .at = sorting->sort, .token = "", .value = a, .value2 = b });
        if (a.tag == JT_STRING)
                return gal_utf8_compare(a.as.text, a.len, b.as.text, b.len);
        return jval_double(a) < jval_double(b) ? -1 : jval_double(a) > jval_double(b);
}

static bool term_goes_after(void *user, uint32_t a, uint32_t b)
{
        struct sorting *sorting = user;

        for (uint32_t term = 0; term < sorting->sort->count; term++) {
                struct jval left = key_of(sorting, a, term);
                struct jval right = key_of(sorting, b, term);
                int order;

                /* What has no such key comes last, whatever the direction. */
                if (jval_is_undefined(left) && jval_is_undefined(right))
                        continue;
                if (jval_is_undefined(left) || jval_is_undefined(right))
                        return jval_is_undefined(left);
                order = compare_keys(sorting, left, right);
                if (order != 0)
                        return (order > 0) != sorting->sort->as.terms[term].is_descending;
        }
        return false;
}

struct jval gal_jeval_sort(struct jrun *run, const struct jnode *sort, struct jval input, struct jframe *frame,
                           const struct jscope *tuple_scope)
{
        struct sorting sorting = { run, sort, input, frame, tuple_scope, NULL };
        uint32_t count = input.tag == JT_ARRAY ? gal_jarray_count(input) : 1;
        struct jarray *sorted;
        uint32_t *order;

        if (count < 2)
                return input;
        sorting.keys = gal_jrun_alloc(run, (size_t)count * sort->count * sizeof(struct jval));
        for (size_t i = 0; i < (size_t)count * sort->count; i++)
                sorting.keys[i].tag = JT_UNBOUND;
        order = gal_jrun_alloc(run, 2 * (size_t)count * sizeof(*order));
        gal_jsort(run, order, count, term_goes_after, &sorting);
        sorted = gal_jarray_new(run, count, tuple_scope != NULL ? JA_SEQUENCE | JA_TUPLES : 0);
        for (uint32_t i = 0; i < count; i++)
                gal_jarray_push(run, sorted, gal_jarray_get(run, input, order[i]));
        return jval_array(sorted);
}
