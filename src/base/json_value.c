/*
 * json_value.c: equality of values, and JSON pointers.
 */
#include "base/json.h"

#include <string.h>

#include "base/limits.h"

void gal_json_pointer_append(struct gal_buffer *pointer, const char *key, size_t len)
{
        gal_buffer_append_char(pointer, '/');
        for (size_t i = 0; i < len; i++) {
                if (key[i] == '~')
                        gal_buffer_append(pointer, "~0", 2);
                else if (key[i] == '/')
                        gal_buffer_append(pointer, "~1", 2);
                else
                        gal_buffer_append_char(pointer, key[i]);
        }
}

void gal_json_pointer_append_index(struct gal_buffer *pointer, size_t index)
{
        gal_buffer_append_char(pointer, '/');
        gal_buffer_append_uint(pointer, index);
}

/* Exact: a double cannot hold every integer, so the double is turned into one where it is one. */
static bool integer_equals_real(json_int_t integer, double real)
{
        return real >= -0x1.0p63 && real < 0x1.0p63 && (double)(json_int_t)real == real &&
               (json_int_t)real == integer;
}

static bool equal(const json_t *a, const json_t *b, unsigned depth);

static bool arrays_equal(const json_t *a, const json_t *b, unsigned depth)
{
        size_t count = json_array_size(a);

        if (json_array_size(b) != count)
                return false;
        for (size_t i = 0; i < count; i++)
                if (!equal(json_array_get(a, i), json_array_get(b, i), depth))
                        return false;
        return true;
}

static bool objects_equal(const json_t *a, const json_t *b, unsigned depth)
{
        json_t *object = (json_t *)a; /* jansson's iterators ask for it and change nothing */
        void *member;

        if (json_object_size(a) != json_object_size(b))
                return false;
        for (member = json_object_iter(object); member != NULL; member = json_object_iter_next(object, member)) {
                const json_t *other =
                        json_object_getn(b, json_object_iter_key(member), json_object_iter_key_len(member));

                if (other == NULL || !equal(json_object_iter_value(member), other, depth))
                        return false;
        }
        return true;
}

static bool numbers_equal(const json_t *a, const json_t *b)
{
        if (json_is_integer(a))
                return json_is_integer(b) ? json_integer_value(a) == json_integer_value(b)
                                          : integer_equals_real(json_integer_value(a), json_real_value(b));
        return json_is_integer(b) ? integer_equals_real(json_integer_value(b), json_real_value(a))
                                  : json_real_value(a) == json_real_value(b);
}

static bool equal(const json_t *a, const json_t *b, unsigned depth)
{
        if (a == b)
                return true;
        if (json_is_number(a) && json_is_number(b))
                return numbers_equal(a, b);
        if (json_typeof(a) != json_typeof(b) || depth > GAL_JSON_DEPTH_MAX)
                return false;
        switch (json_typeof(a)) {
        case JSON_OBJECT:
                return objects_equal(a, b, depth + 1);
        case JSON_ARRAY:
                return arrays_equal(a, b, depth + 1);
        case JSON_STRING:
                return json_string_length(a) == json_string_length(b) &&
                       memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
        case JSON_INTEGER:
        case JSON_REAL: /* done above */
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
                return true;
        }
        return false;
}

bool gal_json_equal(const json_t *a, const json_t *b)
{
        return equal(a, b, 0);
}
