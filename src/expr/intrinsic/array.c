/*
 * array.c: States.Array and its kin. New arrays share the items of the old ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/intrinsic/call.h"

/* What an item of an array costs in a budget of bytes. */
enum { ITEM_SIZE = 16 };

static json_t *make_array(void)
{
        return gal_need(json_array());
}

static void append(json_t *array, json_t *item)
{
        gal_need(json_array_append(array, item) == 0 ? array : NULL);
}

static void append_new(json_t *array, json_t *item)
{
        gal_need(json_array_append_new(array, gal_need(item)) == 0 ? array : NULL);
}

json_t *gal_intrinsic_array(struct call_run *run, json_t *const *arguments, size_t count)
{
        json_t *array;

        if (!gal_intrinsic_spend(run, count * ITEM_SIZE))
                return NULL;
        array = make_array();
        for (size_t i = 0; i < count; i++)
                append(array, arguments[i]);
        return array;
}

json_t *gal_intrinsic_array_length(struct call_run *run, json_t *const *arguments, size_t count)
{
        (void)run;
        (void)count;
        return gal_need(json_integer((json_int_t)json_array_size(arguments[0])));
}

json_t *gal_intrinsic_array_contains(struct call_run *run, json_t *const *arguments, size_t count)
{
        size_t index;
        json_t *item;

        (void)run;
        (void)count;
        json_array_foreach(arguments[0], index, item)
        {
                if (gal_json_equal(item, arguments[1]))
                        return json_true();
        }
        return json_false();
}

/* An index is not rounded: 1.5 names no item. */
json_t *gal_intrinsic_array_get_item(struct call_run *run, json_t *const *arguments, size_t count)
{
        double index = json_number_value(arguments[1]);

        (void)count;
        if (!(index >= 0 && index < (double)json_array_size(arguments[0])) || index != (double)(size_t)index)
                return gal_intrinsic_fail(run, "The index is out of the array's bounds.");
        return json_incref(json_array_get(arguments[0], (size_t)index));
}

json_t *gal_intrinsic_array_partition(struct call_run *run, json_t *const *arguments, size_t count)
{
        json_t *parts, *part = NULL;
        json_t *item;
        int64_t size;
        size_t index;

        (void)count;
        if (!gal_intrinsic_integer(run, arguments[1], &size))
                return NULL;
        if (size < 1)
                return gal_intrinsic_fail(run, "The chunk size must be a positive integer.");
        if (!gal_intrinsic_spend(run, 2 * json_array_size(arguments[0]) * ITEM_SIZE))
                return NULL;
        parts = make_array();
        json_array_foreach(arguments[0], index, item)
        {
                if (index % (uint64_t)size == 0) {
                        part = make_array();
                        append_new(parts, part);
                }
                append(part, item);
        }
        return parts;
}

/* Steps that fit between the two ends, both inclusive; they may be the whole range of 64 bits apart. */
static uint64_t count_steps(int64_t first, int64_t last, int64_t step)
{
        uint64_t distance = step > 0 ? (uint64_t)last - (uint64_t)first : (uint64_t)first - (uint64_t)last;
        uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;

        return distance / size;
}

json_t *gal_intrinsic_array_range(struct call_run *run, json_t *const *arguments, size_t count)
{
        int64_t first, last, step;
        uint64_t steps;
        json_t *array;

        (void)count;
        if (!gal_intrinsic_integer(run, arguments[0], &first) || !gal_intrinsic_integer(run, arguments[1], &last) ||
            !gal_intrinsic_integer(run, arguments[2], &step))
                return NULL;
        if (step == 0)
                return gal_intrinsic_fail(run, "The increment must not be zero.");
        array = make_array();
        if (step > 0 ? first > last : first < last)
                return array;
        steps = count_steps(first, last, step);
        if (steps >= GAL_INTRINSIC_RANGE_MAX || !gal_intrinsic_spend(run, (steps + 1) * ITEM_SIZE)) {
                json_decref(array);
                return gal_intrinsic_fail(run, "The range has more than %d elements.", GAL_INTRINSIC_RANGE_MAX);
        }
        for (uint64_t i = 0; i <= steps; i++)
                append_new(array, json_integer((json_int_t)((uint64_t)first + i * (uint64_t)step)));
        return array;
}

/* ArrayUnique: a table of what was seen, by hash. Equal values hash alike: 1 and 1.0, objects in any key order. */

static uint64_t mix(uint64_t hash, uint64_t value)
{
        hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
        return hash ^ (hash >> 29);
}

static uint64_t hash_bytes(uint64_t hash, const char *text, size_t len)
{
        uint64_t word;

        for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
                memcpy(&word, text, sizeof(word));
                hash = mix(hash, word);
        }
        word = len;
        for (size_t i = 0; i < len; i++)
                word = word << 8 | (unsigned char)text[i];
        return mix(hash, word);
}

static uint64_t hash_number(const json_t *value)
{
        double number = json_number_value(value);
        uint64_t bits;

        if (number == 0)
                number = 0; /* both zeros */
        memcpy(&bits, &number, sizeof(bits));
        return mix(1, bits);
}

static uint64_t hash_value(const json_t *value)
{
        uint64_t hash = 2 + (uint64_t)json_typeof(value);
        const char *key;
        size_t index, len;
        json_t *child;

        switch (json_typeof(value)) {
        case JSON_OBJECT:
                json_object_keylen_foreach((json_t *)value, key, len, child)
                {
                        hash += mix(hash_bytes(3, key, len), hash_value(child));
                }
                return mix(hash, json_object_size(value));
        case JSON_ARRAY:
                json_array_foreach((json_t *)value, index, child)
                {
                        hash = mix(hash, hash_value(child));
                }
                return hash;
        case JSON_STRING:
                return hash_bytes(hash, json_string_value(value), json_string_length(value));
        case JSON_INTEGER:
        case JSON_REAL:
                return hash_number(value);
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
                return mix(hash, 0);
        }
        return hash;
}

struct seen {
        uint64_t hash;
        json_t *item; /* NULL: free */
};

/* Whether it is new; then it is in the table. */
static bool remember(struct seen *table, size_t size, json_t *item)
{
        uint64_t hash = hash_value(item);
        size_t at = (size_t)(hash >> 17) & (size - 1);

        for (; table[at].item != NULL; at = (at + 1) & (size - 1))
                if (table[at].hash == hash && gal_json_equal(table[at].item, item))
                        return false;
        table[at] = (struct seen){ hash, item };
        return true;
}

json_t *gal_intrinsic_array_unique(struct call_run *run, json_t *const *arguments, size_t count)
{
        struct seen *table;
        size_t size = 16;
        size_t index;
        json_t *item, *unique;

        (void)count;
        while (size < 2 * json_array_size(arguments[0]))
                size *= 2;
        if (!gal_intrinsic_spend(run, json_array_size(arguments[0]) * ITEM_SIZE))
                return NULL;
        table = gal_new_array(size, struct seen);
        unique = make_array();
        json_array_foreach(arguments[0], index, item)
        {
                if (remember(table, size, item))
                        append(unique, item);
        }
        free(table);
        return unique;
}
