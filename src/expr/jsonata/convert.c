/*
 * convert.c: values to text, to jansson's values, and to copies.
 *
 * Numbers as the reference shows them in text: JavaScript's notation, a fraction rounded to fifteen digits (0.1 +
 * 0.2 is "0.3" there, and 0.30000000000000004 as a value).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/number.h"
#include "expr/jsonata/number.h"
#include "expr/jsonata/run.h"

enum { DESCRIPTION_SIZE_MAX = 1024 };

struct writer {
        struct jrun *run;
        struct jtext text;
        bool is_pretty;
};

static void write_value(struct writer *writer, struct jval value, uint32_t depth);

/* Numbers. */

static size_t significant_digits(const char *text, size_t len)
{
        size_t digits = 0;

        for (size_t i = 0; i < len && text[i] != 'e'; i++)
                digits += text[i] >= '0' && text[i] <= '9' && (digits > 0 || text[i] != '0');
        return digits;
}

/* toPrecision(15), half away from zero: on the exact decimal expansion, of which 40 digits tell. */
static double round_to_15(double value)
{
        char digits[64];
        size_t len = (size_t)snprintf(digits, sizeof(digits), "%.40e", value);
        size_t first = value < 0 ? 1 : 0;
        char *exponent = strchr(digits, 'e');
        bool up = digits[first + 16] >= '5';
        char text[64];
        size_t kept;
        double rounded;

        (void)len;
        digits[first + 1] = '.'; /* whatever the locale says */
        for (size_t i = first + 15; up; i--) {
                if (digits[i] == '.')
                        continue;
                up = digits[i] == '9';
                digits[i] = up ? '0' : (char)(digits[i] + 1);
                if (i == first && up)
                        return value; /* 9.99...: cannot be, since such a number has fewer digits */
        }
        kept = first + 16;
        memcpy(text, digits, kept);
        strcpy(text + kept, exponent);
        if (!gal_number_parse_double(text, strlen(text), &rounded))
                return value;
        return rounded;
}

size_t gal_jnumber_format(double value, bool is_exact, char text[GAL_NUMBER_SIZE])
{
        size_t len = gal_number_format_javascript(value, text);

        if (is_exact || value == floor(value) || significant_digits(text, len) <= 15)
                return len;
        return gal_number_format_javascript(round_to_15(value), text);
}

static void write_number(struct writer *writer, struct jval value)
{
        double number = jval_double(value);
        char *room = gal_jtext_room(writer->run, &writer->text, GAL_NUMBER_SIZE);

        if (value.form == JF_LONG)
                writer->text.len += (size_t)snprintf(room, GAL_NUMBER_SIZE, "%lld", (long long)value.as.integer);
        else if (!isfinite(number))
                gal_jrun_fail(writer->run, (struct jfault){ .code = "D1001", .value = value });
        else
                writer->text.len += gal_jnumber_format(number, false, room);
}

/* Strings. */

static void write_escape(struct writer *writer, unsigned char c)
{
        static const char shorts[] = "\b\t\n\f\r\"\\";
        static const char letters[] = "btnfr\"\\";
        static const char hex[] = "0123456789abcdef";
        const char *found = strchr(shorts, c);
        char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

        if (c != '\0' && found != NULL) {
                escape[1] = letters[found - shorts];
                gal_jtext_append(writer->run, &writer->text, escape, 2);
        } else {
                gal_jtext_append(writer->run, &writer->text, escape, 6);
        }
}

static void write_string(struct writer *writer, const char *text, uint32_t len)
{
        uint32_t from = 0;

        gal_jtext_append_char(writer->run, &writer->text, '"');
        for (uint32_t at = 0; at < len; at++) {
                unsigned char c = (unsigned char)text[at];

                if (c >= 0x20 && c != '"' && c != '\\')
                        continue;
                gal_jtext_append(writer->run, &writer->text, text + from, at - from);
                write_escape(writer, c);
                from = at + 1;
        }
        gal_jtext_append(writer->run, &writer->text, text + from, len - from);
        gal_jtext_append_char(writer->run, &writer->text, '"');
}

/* Containers. */

static void write_break(struct writer *writer, uint32_t depth)
{
        if (!writer->is_pretty)
                return;
        gal_jtext_append_char(writer->run, &writer->text, '\n');
        for (uint32_t i = 0; i < depth; i++)
                gal_jtext_append(writer->run, &writer->text, "  ", 2);
}

static void write_array(struct writer *writer, struct jval array, uint32_t depth)
{
        uint32_t count = gal_jarray_count(array);

        gal_jtext_append_char(writer->run, &writer->text, '[');
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(writer->run, array, i);

                if (i > 0)
                        gal_jtext_append_char(writer->run, &writer->text, ',');
                write_break(writer, depth + 1);
                write_value(writer, jval_is_undefined(element) ? JNULL : element, depth + 1);
        }
        if (count > 0)
                write_break(writer, depth);
        gal_jtext_append_char(writer->run, &writer->text, ']');
}

static void write_object(struct writer *writer, struct jval object, uint32_t depth)
{
        struct jwalk walk = gal_jwalk_start(writer->run, object);
        bool is_first = true;

        gal_jtext_append_char(writer->run, &writer->text, '{');
        while (gal_jwalk_next(&walk)) {
                if (jval_is_undefined(walk.value))
                        continue;
                if (!is_first)
                        gal_jtext_append_char(writer->run, &writer->text, ',');
                is_first = false;
                write_break(writer, depth + 1);
                write_string(writer, walk.key, walk.key_len);
                gal_jtext_append(writer->run, &writer->text, ": ", writer->is_pretty ? 2 : 1);
                write_value(writer, walk.value, depth + 1);
        }
        if (!is_first)
                write_break(writer, depth);
        gal_jtext_append_char(writer->run, &writer->text, '}');
}

static void write_value(struct writer *writer, struct jval value, uint32_t depth)
{
        gal_jrun_step(writer->run, 1);
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(writer->run);
        switch ((enum jtag)value.tag) {
        case JT_NULL:
                gal_jtext_append(writer->run, &writer->text, "null", 4);
                break;
        case JT_BOOLEAN:
                gal_jtext_append(writer->run, &writer->text, value.as.boolean ? "true" : "false",
                                 value.as.boolean ? 4 : 5);
                break;
        case JT_NUMBER:
                write_number(writer, value);
                break;
        case JT_STRING:
                write_string(writer, value.as.text, value.len);
                break;
        case JT_ARRAY:
                write_array(writer, value, depth);
                break;
        case JT_OBJECT:
                write_object(writer, value, depth);
                break;
        case JT_UNDEFINED:
        case JT_FUNCTION:
        case JT_UNBOUND:
        case JT_CALL:
                gal_jtext_append(writer->run, &writer->text, "\"\"", 2);
                break;
        }
}

struct jval gal_jval_string(struct jrun *run, struct jval value, bool is_pretty)
{
        struct writer writer = { .run = run, .text = JTEXT_INIT, .is_pretty = is_pretty };

        if (value.tag == JT_STRING)
                return value;
        if (value.tag == JT_FUNCTION)
                return jval_text("", 0);
        if (value.tag == JT_NUMBER && !isfinite(jval_double(value)))
                gal_jrun_fail(run, (struct jfault){ .code = "D3001", .value = value });
        write_value(&writer, value, 0);
        return gal_jtext_finish(run, &writer.text);
}

/* A value in a message: a failure is under way, so nothing here may fail for want of memory of ours. */
static void describe(struct jrun *run, struct gal_buffer *text, struct jval value, uint32_t depth)
{
        char number[GAL_NUMBER_SIZE];
        struct jwalk walk;
        bool is_first = true;

        if (text->len > DESCRIPTION_SIZE_MAX || depth > 20) {
                gal_buffer_append_text(text, "...");
                return;
        }
        switch ((enum jtag)value.tag) {
        case JT_NUMBER:
                if (value.form == JF_LONG)
                        gal_buffer_append_int(text, value.as.integer);
                else if (isfinite(value.as.number))
                        gal_buffer_append(text, number, gal_jnumber_format(value.as.number, true, number));
                else
                        gal_buffer_append_text(text, "null");
                break;
        case JT_STRING:
                gal_json_write_string(text, value.as.text, value.len);
                break;
        case JT_BOOLEAN:
                gal_buffer_append_text(text, value.as.boolean ? "true" : "false");
                break;
        case JT_ARRAY:
                gal_buffer_append_char(text, '[');
                for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++) {
                        gal_buffer_append(text, ",", i > 0);
                        describe(run, text, gal_jarray_get(run, value, i), depth + 1);
                        if (text->len > DESCRIPTION_SIZE_MAX)
                                break;
                }
                gal_buffer_append_char(text, ']');
                break;
        case JT_OBJECT:
                gal_buffer_append_char(text, '{');
                walk = gal_jwalk_start(run, value);
                while (gal_jwalk_next(&walk) && text->len <= DESCRIPTION_SIZE_MAX) {
                        if (walk.value.tag == JT_FUNCTION)
                                continue;
                        gal_buffer_append(text, ",", !is_first);
                        is_first = false;
                        gal_json_write_string(text, walk.key, walk.key_len);
                        gal_buffer_append_char(text, ':');
                        describe(run, text, walk.value, depth + 1);
                }
                gal_buffer_append_char(text, '}');
                break;
        case JT_NULL:
        case JT_UNDEFINED:
        case JT_UNBOUND:
        case JT_CALL:
                gal_buffer_append_text(text, "null");
                break;
        case JT_FUNCTION:
                gal_buffer_append_text(text, depth > 0 ? "null" : "undefined");
                break;
        }
}

void gal_jval_describe(struct jrun *run, struct gal_buffer *text, struct jval value)
{
        describe(run, text, value, 0);
}

/* To jansson: each container is attached before it is filled, so that a failure finds all of it in run->owned. */

static json_t *need(struct jrun *run, json_t *json)
{
        if (json == NULL) {
                run->is_out_of_memory = true;
                longjmp(run->escape, 1);
        }
        return json;
}

static bool has_surrogate(const char *text, size_t len)
{
        const char *at = text;

        while ((at = memchr(at, 0xED, len - (size_t)(at - text))) != NULL) {
                if (at + 1 < text + len && (unsigned char)at[1] >= 0xA0)
                        return true;
                at++;
        }
        return false;
}

/* U+FFFD for what is no character. */
static const char *mend(struct jrun *run, const char *text, size_t len)
{
        char *copy;

        if (len == 0 || !has_surrogate(text, len))
                return text;
        copy = gal_jrun_alloc(run, len);
        memcpy(copy, text, len);
        gal_jsonata_mend(copy, len);
        return copy;
}

static json_t *unwrap_number(struct jrun *run, struct jval value)
{
        double number = jval_double(value);

        if (value.form == JF_LONG)
                return json_integer(value.as.integer);
        if (number == floor(number) && fabs(number) < 9223372036854775808.0)
                return json_integer((json_int_t)number);
        if (isfinite(number))
                return json_real(number);
        if (run->dialect == GAL_JSONATA_REFERENCE)
                return json_null();
        return json_string(isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
}

static void spend_node(struct jrun *run)
{
        /* A value of jansson's and its place in its parent; twice that, since they take longer to make than ours.
         */
        enum { NODE_SIZE = 96 };

        gal_jrun_step(run, 4);
        if (run->memory_left < NODE_SIZE)
                gal_jrun_fail_memory(run);
        run->memory_left -= NODE_SIZE;
}

/* A new reference to a value that needs no filling; containers come empty. NULL: there is nothing to show. */
static json_t *unwrap_shell(struct jrun *run, struct jval value)
{
        spend_node(run);
        switch ((enum jtag)value.tag) {
        case JT_NULL:
                return json_null();
        case JT_BOOLEAN:
                return json_boolean(value.as.boolean);
        case JT_NUMBER:
                return need(run, unwrap_number(run, value));
        case JT_STRING:
                return need(run, json_stringn_nocheck(mend(run, value.as.text, value.len), value.len));
        case JT_ARRAY:
                return value.form == JF_JSON ? json_incref(value.as.json) : need(run, json_array());
        case JT_OBJECT:
                return value.form == JF_JSON ? json_incref(value.as.json) : need(run, json_object());
        case JT_UNDEFINED:
        case JT_FUNCTION:
        case JT_UNBOUND:
        case JT_CALL:
                break;
        }
        return NULL;
}

static void fill(struct jrun *run, json_t *json, struct jval value, uint32_t depth)
{
        struct jwalk walk;
        json_t *part;

        if (value.form != JF_OWN || (value.tag != JT_ARRAY && value.tag != JT_OBJECT))
                return;
        if (depth >= GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        for (uint32_t i = 0; value.tag == JT_ARRAY && i < value.as.array->count; i++) {
                struct jval element = gal_jarray_get(run, value, i);

                part = unwrap_shell(run, element);
                if (json_array_append_new(json, part != NULL ? part : json_null()) != 0)
                        need(run, NULL);
                fill(run, part, element, depth + 1);
        }
        if (value.tag != JT_OBJECT)
                return;
        walk = gal_jwalk_start(run, value);
        while (gal_jwalk_next(&walk)) {
                const char *key = mend(run, walk.key, walk.key_len);

                part = unwrap_shell(run, walk.value);
                if (part != NULL && json_object_setn_new_nocheck(json, key, walk.key_len, part) != 0)
                        need(run, NULL);
                fill(run, part, walk.value, depth + 1);
        }
}

json_t *gal_jval_unwrap(struct jrun *run, struct jval value, size_t size_max)
{
        struct jowned *owned = gal_jrun_new(run, struct jowned);

        owned->next = run->owned;
        run->owned = owned;
        owned->json = unwrap_shell(run, value);
        fill(run, owned->json, value, 0);
        if (owned->json != NULL && gal_json_size(owned->json, size_max) > size_max)
                gal_jrun_fail_memory(run);
        run->owned = owned->next;
        return owned->json;
}

/* Copies. */

/* The reference copies by way of text, which rounds fractions. */
static struct jval clone_scalar(struct jrun *run, struct jval value)
{
        char text[GAL_NUMBER_SIZE];
        double number;

        if (run->dialect != GAL_JSONATA_REFERENCE || value.tag != JT_NUMBER)
                return value;
        number = value.as.number;
        if (!isfinite(number))
                gal_jrun_fail(run, (struct jfault){ .code = "D1001", .value = value });
        if (number == floor(number))
                return value;
        gal_number_parse_double(text, gal_jnumber_format(number, false, text), &number);
        return jval_number(number);
}

static struct jval clone(struct jrun *run, struct jval value, uint32_t depth)
{
        struct jarray *array;
        struct jobject *object;
        struct jwalk walk;
        uint32_t count;

        gal_jrun_step(run, 1);
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        if (value.tag == JT_ARRAY) {
                count = gal_jarray_count(value);
                array = gal_jarray_new(run, count, 0);
                for (uint32_t i = 0; i < count; i++)
                        gal_jarray_push(run, array, clone(run, gal_jarray_get(run, value, i), depth + 1));
                return jval_array(array);
        }
        if (value.tag != JT_OBJECT)
                return clone_scalar(run, value);
        object = gal_jobject_new(run, gal_jobject_count(value));
        walk = gal_jwalk_start(run, value);
        while (gal_jwalk_next(&walk))
                gal_jobject_set(run, object, walk.key, walk.key_len, clone(run, walk.value, depth + 1));
        return jval_object(object);
}

struct jval gal_jval_clone(struct jrun *run, struct jval value)
{
        return clone(run, value, 0);
}
