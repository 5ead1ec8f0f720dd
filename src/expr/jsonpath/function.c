/*
 * function.c: functions at the end of a path. Their results are doubles where the library's are.
 */
#include <math.h>

#include "base/alloc.h"
#include "expr/jsonpath/path.h"

struct aggregate {
        size_t count;
        double sum, sum_of_squares, min, max;
};

/* Numbers count, everything else in the array is passed over. */
static bool aggregate_array(const json_t *value, struct aggregate *ret_aggregate)
{
        struct aggregate aggregate = { .min = INFINITY, .max = -INFINITY };
        size_t index;
        json_t *item;
        double number;

        json_array_foreach((json_t *)value, index, item)
        {
                if (!json_is_number(item))
                        continue;
                number = json_number_value(item);
                aggregate.count++;
                aggregate.sum += number;
                aggregate.sum_of_squares += number * number;
                aggregate.min = fmin(aggregate.min, number);
                aggregate.max = fmax(aggregate.max, number);
        }
        *ret_aggregate = aggregate;
        return aggregate.count > 0;
}

/* NULL when it left the range of a double. */
static json_t *make_real(double value)
{
        return isfinite(value) ? gal_need(json_real(value)) : NULL;
}

static json_t *apply_aggregate(enum path_function function, const json_t *value)
{
        struct aggregate all;
        double mean;

        if (!aggregate_array(value, &all))
                return NULL;
        mean = all.sum / (double)all.count;
        switch (function) {
        case PATH_FUNCTION_AVG:
                return make_real(mean);
        case PATH_FUNCTION_MAX:
                return make_real(all.max);
        case PATH_FUNCTION_MIN:
                return make_real(all.min);
        case PATH_FUNCTION_SUM:
                return make_real(all.sum);
        case PATH_FUNCTION_STDDEV:
                return make_real(sqrt(fmax(0, all.sum_of_squares / (double)all.count - mean * mean)));
        case PATH_FUNCTION_NONE:
        case PATH_FUNCTION_FIRST:
        case PATH_FUNCTION_KEYS:
        case PATH_FUNCTION_LAST:
        case PATH_FUNCTION_LENGTH:
        case PATH_FUNCTION_SIZE:
                break;
        }
        return NULL;
}

static json_t *count_members(const json_t *value)
{
        if (json_is_array(value))
                return gal_need(json_integer((json_int_t)json_array_size(value)));
        if (json_is_object(value))
                return gal_need(json_integer((json_int_t)json_object_size(value)));
        return json_null();
}

static json_t *list_keys(const json_t *value)
{
        json_t *keys, *member;
        const char *key;
        size_t len;

        if (!json_is_object(value))
                return json_null();
        keys = gal_need(json_array());
        json_object_keylen_foreach((json_t *)value, key, len, member)
        {
                gal_need(json_array_append_new(keys, gal_need(json_stringn_nocheck(key, len))) == 0 ? keys : NULL);
        }
        return keys;
}

json_t *gal_path_function_apply(enum path_function function, json_t *value)
{
        switch (function) {
        case PATH_FUNCTION_NONE:
                return json_incref(value);
        case PATH_FUNCTION_FIRST:
                return json_incref(json_array_get(value, 0));
        case PATH_FUNCTION_LAST:
                return json_incref(json_array_get(value, json_array_size(value) - 1));
        case PATH_FUNCTION_LENGTH:
        case PATH_FUNCTION_SIZE:
                return count_members(value);
        case PATH_FUNCTION_KEYS:
                return list_keys(value);
        case PATH_FUNCTION_AVG:
        case PATH_FUNCTION_MAX:
        case PATH_FUNCTION_MIN:
        case PATH_FUNCTION_STDDEV:
        case PATH_FUNCTION_SUM:
                return apply_aggregate(function, value);
        }
        return NULL;
}
