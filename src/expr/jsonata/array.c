/*
 * array.c: functions of arrays that call no function, and $sort.
 */
#include "base/random.h"
#include "base/utf8.h"
#include "expr/jsonata/library.h"

struct jval gal_jval_append(struct jrun *run, struct jval a, struct jval b)
{
        struct jarray *joined;

        if (jval_is_undefined(a))
                return b;
        if (jval_is_undefined(b))
                return a;
        joined = gal_jarray_new(run, 0, 0);
        if (a.tag == JT_ARRAY)
                gal_jarray_extend(run, joined, a);
        else
                gal_jarray_push(run, joined, a);
        if (b.tag == JT_ARRAY)
                gal_jarray_extend(run, joined, b);
        else
                gal_jarray_push(run, joined, b);
        return jval_array(joined);
}

/*
 * Appending to the last array that was appended to is common in reductions: the new array then shares the elements
 * of the old one, which sees no more than its own count.
 */
static bool extend_in_place(struct jrun *run, struct jval a, struct jval b, struct jval *ret_joined)
{
        struct jarray *old = a.as.array;
        struct jarray *joined;

        if (a.tag != JT_ARRAY || a.form != JF_OWN || b.tag == JT_ARRAY || !old->has_room)
                return false;
        old->has_room = false;
        joined = gal_jarray_new(run, 0, 0);
        joined->items = old->items;
        joined->size = old->size;
        joined->count = old->count;
        joined->weight = old->weight;
        joined->has_room = true;
        gal_jarray_push(run, joined, b);
        *ret_joined = jval_array(joined);
        return true;
}

struct jval gal_jfn_append(struct jrun *run, const struct jcall *call)
{
        struct jval a = gal_jcall_argument(call, 0);
        struct jval b = gal_jcall_argument(call, 1);
        struct jval joined;

        if (jval_is_undefined(a))
                return b;
        if (jval_is_undefined(b))
                return a;
        if (extend_in_place(run, a, b, &joined))
                return joined;
        joined = gal_jval_append(run, a, b);
        joined.as.array->has_room = joined.as.array->items != NULL;
        return joined;
}

struct jval gal_jfn_reverse(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jarray *reversed;
        uint32_t count;

        if (jval_is_undefined(array) || gal_jarray_count(array) < 2)
                return array;
        count = gal_jarray_count(array);
        gal_jrun_step(run, count / 8);
        reversed = gal_jarray_new(run, count, 0);
        for (uint32_t i = count; i > 0; i--)
                gal_jarray_push(run, reversed, gal_jarray_get(run, array, i - 1));
        return jval_array(reversed);
}

struct jval gal_jfn_shuffle(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jarray *shuffled;
        struct jval kept;

        if (jval_is_undefined(array) || gal_jarray_count(array) < 2)
                return array;
        shuffled = gal_jarray_new(run, gal_jarray_count(array), 0);
        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++)
                gal_jarray_push(run, shuffled, gal_jarray_get(run, array, i));
        gal_jrun_step(run, shuffled->count);
        for (uint32_t i = shuffled->count - 1; i > 0; i--) {
                uint32_t other = (uint32_t)gal_random_below(gal_jrun_random(run), (uint64_t)i + 1);

                kept = shuffled->items[i];
                shuffled->items[i] = shuffled->items[other];
                shuffled->items[other] = kept;
        }
        return jval_array(shuffled);
}

/* $distinct: a hash table of scalars; arrays and objects are compared with each other. */

static uint32_t hash_bytes(const void *data, size_t len)
{
        const unsigned char *bytes = data;
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ bytes[i]) * 16777619u;
        return hash ^ hash >> 15;
}

static uint32_t hash_value(struct jval value)
{
        double number;

        switch (value.tag) {
        case JT_STRING:
                return hash_bytes(value.as.text, value.len);
        case JT_NUMBER:
                number = jval_double(value) + 0.0;
                return hash_bytes(&number, sizeof(number));
        case JT_ARRAY:
                return 31 * gal_jarray_count(value);
        case JT_OBJECT:
                return 37 * gal_jobject_count(value) + 1;
        default:
                return value.tag;
        }
}

struct jval gal_jfn_distinct(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jarray *kept;
        uint32_t size = 16;
        uint32_t *table;
        uint32_t count;

        if (array.tag != JT_ARRAY || gal_jarray_count(array) < 2)
                return array;
        count = gal_jarray_count(array);
        while (size < 2 * (uint64_t)count)
                size *= 2;
        table = gal_jrun_alloc(run, (size_t)size * sizeof(*table));
        memset(table, 0, (size_t)size * sizeof(*table));
        kept = gal_jarray_new(run, 0, jval_flags(array) & JA_SEQUENCE);
        for (uint32_t i = 0; i < count; i++) {
                struct jval value = gal_jarray_get(run, array, i);
                uint32_t at = hash_value(value) & (size - 1);

                gal_jrun_step(run, 1);
                while (table[at] != 0 && !gal_jval_equal(run, kept->items[table[at] - 1], value))
                        at = (at + 1) & (size - 1);
                if (table[at] != 0)
                        continue;
                gal_jarray_push(run, kept, value);
                table[at] = kept->count;
        }
        return jval_array(kept);
}

struct jval gal_jfn_zip(struct jrun *run, const struct jcall *call)
{
        struct jarray *zipped = gal_jarray_new(run, 0, 0);
        uint32_t count = UINT32_MAX;

        for (uint32_t i = 0; i < call->count; i++) {
                struct jval array = call->arguments[i];
                uint32_t own = array.tag == JT_ARRAY ? gal_jarray_count(array) : 0;

                count = own < count ? own : count;
        }
        for (uint32_t i = 0; call->count > 0 && i < count; i++) {
                struct jarray *tuple = gal_jarray_new(run, call->count, 0);

                gal_jrun_step(run, call->count);
                for (uint32_t n = 0; n < call->count; n++)
                        gal_jarray_push(run, tuple, gal_jarray_get(run, call->arguments[n], i));
                gal_jarray_push(run, zipped, jval_array(tuple));
        }
        return jval_array(zipped);
}

/* $sort */

struct sorting {
        struct jrun *run;
        const struct jcall *call;
        struct jval array;
        struct jval comparator;
};

static bool plainly_after(void *user, uint32_t a, uint32_t b)
{
        struct sorting *sorting = user;
        struct jval left = gal_jarray_get(sorting->run, sorting->array, a);
        struct jval right = gal_jarray_get(sorting->run, sorting->array, b);

        if (left.tag == JT_STRING)
                return gal_utf8_compare(left.as.text, left.len, right.as.text, right.len) > 0;
        return jval_double(left) > jval_double(right);
}

/* What JavaScript takes for true: any array and object is. */
static bool is_truthy(struct jval value)
{
        switch (value.tag) {
        case JT_BOOLEAN:
                return value.as.boolean;
        case JT_NUMBER:
                return jval_double(value) != 0 && !isnan(jval_double(value));
        case JT_STRING:
                return value.len > 0;
        case JT_ARRAY:
        case JT_OBJECT:
        case JT_FUNCTION:
                return true;
        default:
                return false;
        }
}

static bool after_as_told(void *user, uint32_t a, uint32_t b)
{
        struct sorting *sorting = user;
        struct jval pair[2] = { gal_jarray_get(sorting->run, sorting->array, a),
                                gal_jarray_get(sorting->run, sorting->array, b) };

        return is_truthy(gal_japply(sorting->run, sorting->comparator, pair, 2, JUNDEFINED, sorting->call->frame));
}

static void check_sortable(struct jrun *run, struct jval array)
{
        uint8_t tag = gal_jarray_get(run, array, 0).tag;

        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++)
                if ((tag != JT_STRING && tag != JT_NUMBER) || gal_jarray_get(run, array, i).tag != tag)
                        gal_jrun_fail(run, (struct jfault){ .code = "D3070" });
}

struct jval gal_jfn_sort(struct jrun *run, const struct jcall *call)
{
        struct sorting sorting = { run, call, gal_jcall_argument(call, 0), gal_jcall_argument(call, 1) };
        bool is_told = sorting.comparator.tag == JT_FUNCTION;
        struct jarray *sorted;
        uint32_t *order;
        uint32_t count;

        if (jval_is_undefined(sorting.array) || gal_jarray_count(sorting.array) < 2)
                return sorting.array;
        count = gal_jarray_count(sorting.array);
        if (!is_told)
                check_sortable(run, sorting.array);
        order = gal_jrun_alloc(run, 2 * (size_t)count * sizeof(*order));
        gal_jsort(run, order, count, is_told ? after_as_told : plainly_after, &sorting);
        sorted = gal_jarray_new(run, count, 0);
        for (uint32_t i = 0; i < count; i++)
                gal_jarray_push(run, sorted, gal_jarray_get(run, sorting.array, order[i]));
        return jval_array(sorted);
}
