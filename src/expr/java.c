/*
 * java.c: Map.toString(), and the generator that java.util.Random's documentation spells out.
 */
#include "expr/java.h"

#include <math.h>

#include "base/json.h"

static void write_object(struct gal_buffer *buffer, const json_t *value)
{
        const char *separator = "";
        const char *key;
        size_t key_len;
        json_t *member;

        gal_buffer_append_char(buffer, '{');
        json_object_keylen_foreach((json_t *)value, key, key_len, member)
        {
                gal_buffer_append_text(buffer, separator);
                gal_buffer_append(buffer, key, key_len);
                gal_buffer_append_char(buffer, '=');
                gal_java_write(buffer, member);
                separator = ", ";
                if (buffer->status != GAL_OK)
                        return;
        }
        gal_buffer_append_char(buffer, '}');
}

static void write_array(struct gal_buffer *buffer, const json_t *value)
{
        size_t index;
        json_t *item;

        gal_buffer_append_char(buffer, '[');
        json_array_foreach((json_t *)value, index, item)
        {
                if (index > 0)
                        gal_buffer_append_text(buffer, ", ");
                gal_java_write(buffer, item);
                if (buffer->status != GAL_OK)
                        return;
        }
        gal_buffer_append_char(buffer, ']');
}

void gal_java_write(struct gal_buffer *buffer, const json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                write_object(buffer, value);
                break;
        case JSON_ARRAY:
                write_array(buffer, value);
                break;
        case JSON_STRING:
                gal_buffer_append(buffer, json_string_value(value), json_string_length(value));
                break;
        case JSON_INTEGER:
        case JSON_REAL:
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
                gal_json_write(buffer, value);
                break;
        }
}

#define MULTIPLIER 0x5DEECE66Du
#define MASK ((UINT64_C(1) << 48) - 1)

struct gal_java_random gal_java_random_seeded(int64_t seed)
{
        return (struct gal_java_random){ ((uint64_t)seed ^ MULTIPLIER) & MASK };
}

static int32_t next_bits(struct gal_java_random *random, int bits)
{
        random->seed = (random->seed * MULTIPLIER + 0xB) & MASK;
        /* the 48 bits' top, taken as a signed integer as Java does */
        return (int32_t)(uint32_t)(random->seed >> (48 - bits));
}

int32_t gal_java_random_below(struct gal_java_random *random, int32_t bound)
{
        int32_t bits, value;

        if ((bound & -bound) == bound)
                return (int32_t)(((int64_t)bound * next_bits(random, 31)) >> 31);
        do {
                bits = next_bits(random, 31);
                value = bits % bound;
                /* Java notices the incomplete last range by overflow */
        } while ((int64_t)bits - value + (bound - 1) > INT32_MAX);
        return value;
}

double gal_java_random_unit(struct gal_java_random *random)
{
        int64_t high = (int64_t)next_bits(random, 26) << 27;

        return ldexp((double)(high + next_bits(random, 27)), -53);
}
