/*
 * json_write.c: values to JSON text, straight into a growing buffer.
 *
 * Escaped is what must be: quote, backslash, U+0000 to U+001F. Jackson writes the same, so texts compare with the
 * service's byte for byte. Recursion is bounded by GAL_JSON_DEPTH_MAX; a value built deeper fails with GAL_ELIMIT.
 */
#include "base/json.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/number.h"

static size_t count_plain_bytes(const char *text, size_t len)
{
        size_t at = 0;

        while (at < len && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\')
                at++;
        return at;
}

/* Bytes in front of the first one that must be escaped. */
static size_t count_plain(const char *text, size_t len)
{
        size_t at;
        uint64_t hits;

        if (len < 8)
                return count_plain_bytes(text, len);
        for (at = 0; len - at >= 8; at += 8) {
                hits = gal_scan_escapes(gal_scan_load(text + at));
                if (hits != 0)
                        return at + gal_scan_first(hits);
        }
        hits = gal_scan_escapes(gal_scan_load(text + len - 8)); /* the rest, and some that were plain already */
        return hits != 0 ? len - 8 + gal_scan_first(hits) : len;
}

/* The letter of a short escape; 0: \u00XX it is. */
static char short_escape(unsigned char c)
{
        static const char letters[128] = {
                ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
        };

        return letters[c];
}

static void write_escape(struct gal_buffer *buffer, unsigned char c)
{
        static const char digits[] = "0123456789ABCDEF";
        char escape[6] = { '\\', short_escape(c), '0', '0', digits[c >> 4], digits[c & 0x0F] };

        if (escape[1] != 0) {
                gal_buffer_append(buffer, escape, 2);
                return;
        }
        escape[1] = 'u';
        gal_buffer_append(buffer, escape, 6);
}

static void write_escaped(struct gal_buffer *buffer, const char *text, size_t len, size_t run)
{
        gal_buffer_append_char(buffer, '"');
        while (run < len) {
                gal_buffer_append(buffer, text, run);
                write_escape(buffer, (unsigned char)text[run]);
                text += run + 1;
                len -= run + 1;
                run = count_plain(text, len);
        }
        gal_buffer_append(buffer, text, len);
        gal_buffer_append_char(buffer, '"');
}

void gal_json_write_string(struct gal_buffer *buffer, const char *text, size_t len)
{
        size_t run;
        char *at;

        if (!gal_buffer_reserve(buffer, len + 2))
                return;
        run = count_plain(text, len);
        if (run < len) {
                write_escaped(buffer, text, len, run);
                return;
        }
        at = buffer->data + buffer->len; /* nearly every string: one copy, and there is room for it */
        *at++ = '"';
        if (len > 0)
                memcpy(at, text, len);
        memcpy(at + len, "\"", 2);
        buffer->len += len + 2;
}

static void write_real(struct gal_buffer *buffer, double value)
{
        char text[GAL_NUMBER_SIZE];

        gal_buffer_append(buffer, text, gal_number_format_java(value, text));
}

struct writer {
        struct gal_buffer *buffer;
        unsigned depth;
        bool pretty;
};

static void write_value(struct writer *writer, const json_t *value);

/* A new line where people read. */
static void write_break(struct writer *writer)
{
        if (!writer->pretty)
                return;
        gal_buffer_append_char(writer->buffer, '\n');
        for (unsigned i = 0; i < writer->depth; i++)
                gal_buffer_append(writer->buffer, "  ", 2);
}

/* Steps into a container. False: too deep, or the buffer has failed and the rest is in vain. */
static bool enter(struct writer *writer, char bracket)
{
        struct gal_buffer *buffer = writer->buffer;

        if (writer->depth >= GAL_JSON_DEPTH_MAX && buffer->status == GAL_OK)
                buffer->status = GAL_ELIMIT;
        if (buffer->status != GAL_OK)
                return false;
        gal_buffer_append_char(buffer, bracket);
        writer->depth++;
        return true;
}

static void leave(struct writer *writer, char bracket, bool empty)
{
        writer->depth--;
        if (!empty)
                write_break(writer);
        gal_buffer_append_char(writer->buffer, bracket);
}

static void write_array(struct writer *writer, const json_t *array)
{
        size_t count = json_array_size(array);

        if (!enter(writer, '['))
                return;
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        gal_buffer_append_char(writer->buffer, ',');
                write_break(writer);
                write_value(writer, json_array_get(array, i));
        }
        leave(writer, ']', count == 0);
}

static void write_object(struct writer *writer, const json_t *value)
{
        json_t *object = (json_t *)value; /* jansson's iterators ask for it and change nothing */
        void *member = json_object_iter(object);
        bool empty = member == NULL;

        if (!enter(writer, '{'))
                return;
        while (member != NULL) {
                write_break(writer);
                gal_json_write_string(writer->buffer, json_object_iter_key(member),
                                      json_object_iter_key_len(member));
                gal_buffer_append(writer->buffer, ": ", writer->pretty ? 2 : 1);
                write_value(writer, json_object_iter_value(member));
                member = json_object_iter_next(object, member);
                if (member != NULL)
                        gal_buffer_append_char(writer->buffer, ',');
        }
        leave(writer, '}', empty);
}

static void write_value(struct writer *writer, const json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                write_object(writer, value);
                return;
        case JSON_ARRAY:
                write_array(writer, value);
                return;
        case JSON_STRING:
                gal_json_write_string(writer->buffer, json_string_value(value), json_string_length(value));
                return;
        case JSON_INTEGER:
                gal_buffer_append_int(writer->buffer, json_integer_value(value));
                return;
        case JSON_REAL:
                write_real(writer->buffer, json_real_value(value));
                return;
        case JSON_TRUE:
                gal_buffer_append(writer->buffer, "true", 4);
                return;
        case JSON_FALSE:
                gal_buffer_append(writer->buffer, "false", 5);
                return;
        case JSON_NULL:
                gal_buffer_append(writer->buffer, "null", 4);
                return;
        }
}

/* The same walk once more, adding up. Gives up past the limit; too deep counts as past any. */
struct measure {
        size_t size;
        size_t limit;
        unsigned depth;
};

static void measure_value(struct measure *measure, const json_t *value);

static size_t measure_string(const char *text, size_t len)
{
        size_t size = len + 2;
        size_t run;

        for (run = count_plain(text, len); run < len; run = count_plain(text, len)) {
                size += short_escape((unsigned char)text[run]) != 0 ? 1 : 5;
                text += run + 1;
                len -= run + 1;
        }
        return size;
}

static size_t measure_integer(json_int_t value)
{
        uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        size_t size = value < 0 ? 2 : 1;

        for (; rest >= 10; rest /= 10)
                size++;
        return size;
}

static void measure_array(struct measure *measure, const json_t *array)
{
        size_t count = json_array_size(array);

        for (size_t i = 0; i < count && measure->size <= measure->limit; i++)
                measure_value(measure, json_array_get(array, i));
        measure->size += count > 0 ? count - 1 : 0; /* commas */
}

static void measure_object(struct measure *measure, const json_t *value)
{
        json_t *object = (json_t *)value;
        void *member = json_object_iter(object);
        size_t count = json_object_size(object);

        for (; member != NULL && measure->size <= measure->limit; member = json_object_iter_next(object, member)) {
                measure->size += measure_string(json_object_iter_key(member), json_object_iter_key_len(member)) + 1;
                measure_value(measure, json_object_iter_value(member));
        }
        measure->size += count > 0 ? count - 1 : 0;
}

static void measure_container(struct measure *measure, const json_t *value)
{
        if (measure->depth >= GAL_JSON_DEPTH_MAX) {
                measure->size =
                        SIZE_MAX / 2; /* above any true size, with room for what is still added on the way out */
                measure->limit = 0;
                return;
        }
        measure->depth++;
        measure->size += 2;
        if (json_is_object(value))
                measure_object(measure, value);
        else
                measure_array(measure, value);
        measure->depth--;
}

static void measure_value(struct measure *measure, const json_t *value)
{
        char text[GAL_NUMBER_SIZE];

        switch (json_typeof(value)) {
        case JSON_OBJECT:
        case JSON_ARRAY:
                measure_container(measure, value);
                return;
        case JSON_STRING:
                measure->size += measure_string(json_string_value(value), json_string_length(value));
                return;
        case JSON_INTEGER:
                measure->size += measure_integer(json_integer_value(value));
                return;
        case JSON_REAL:
                measure->size += gal_number_format_java(json_real_value(value), text);
                return;
        case JSON_FALSE:
                measure->size += 5;
                return;
        case JSON_TRUE:
        case JSON_NULL:
                measure->size += 4;
                return;
        }
}

size_t gal_json_size(const json_t *value, size_t limit)
{
        struct measure measure = { 0, limit, 0 };

        measure_value(&measure, value);
        return measure.size;
}

void gal_json_write(struct gal_buffer *buffer, const json_t *value)
{
        struct writer writer = { buffer, 0, false };

        write_value(&writer, value);
}

void gal_json_write_pretty(struct gal_buffer *buffer, const json_t *value)
{
        struct writer writer = { buffer, 0, true };

        write_value(&writer, value);
}

char *gal_json_text(const json_t *value, size_t *ret_len)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;

        gal_json_write(&buffer, value);
        return gal_buffer_take(&buffer, ret_len);
}
