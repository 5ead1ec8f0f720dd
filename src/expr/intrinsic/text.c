/*
 * text.c: States.Format, States.StringSplit, and JSON to text and back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/utf8.h"
#include "expr/intrinsic/call.h"
#include "expr/java.h"

/*
 * The template of a call is taken as it was written, so that `\{` and `{` can be told apart; every escape counts.
 * One that comes from data has no layer of escapes of its own: only \{ and \} mean something in it.
 */
struct format_template {
        const char *text;
        size_t len;
        bool written;
};

static struct format_template find_template(const struct call_run *run, const json_t *argument)
{
        const struct call_argument *written = &run->call->arguments[0];

        if (written->raw != NULL)
                return (struct format_template){ written->raw, written->raw_len, true };
        return (struct format_template){ json_string_value(argument), json_string_length(argument), false };
}

static bool is_escape(const struct format_template *template, size_t at)
{
        char next = at + 1 < template->len ? template->text[at + 1] : '\0';

        return template->text[at] == '\\' && (next == '{' || next == '}' || (template->written && next != '\0'));
}

json_t *gal_intrinsic_format(struct call_run *run, json_t *const *arguments, size_t count)
{
        struct format_template template = find_template(run, arguments[0]);
        struct gal_buffer buffer;
        size_t next = 1;
        size_t slots = 0;

        /* One more than allowed: the bound of a buffer cannot be zero. */
        gal_buffer_init(&buffer, run->scope->budget->bytes_left + 1);
        for (size_t at = 0; at < template.len; at++) {
                if (is_escape(&template, at)) {
                        gal_buffer_append_char(&buffer, template.text[++at]);
                } else if (template.text[at] == '{' && at + 1 < template.len && template.text[at + 1] == '}') {
                        at++;
                        slots++;
                        if (next < count)
                                gal_java_write(&buffer, arguments[next++]);
                } else {
                        gal_buffer_append_char(&buffer, template.text[at]);
                }
        }
        if (slots == count - 1)
                return gal_intrinsic_text(run, &buffer);
        gal_buffer_finish(&buffer);
        return gal_intrinsic_fail(run, "The template has %zu occurrences of {} but %zu arguments follow it.", slots,
                                  count - 1);
}

json_t *gal_intrinsic_json_to_string(struct call_run *run, json_t *const *arguments, size_t count)
{
        struct gal_buffer buffer;

        (void)count;
        gal_buffer_init(&buffer, run->scope->budget->bytes_left + 1);
        gal_json_write(&buffer, arguments[0]);
        return gal_intrinsic_text(run, &buffer);
}

static bool is_blank(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
                        return false;
        return true;
}

json_t *gal_intrinsic_string_to_json(struct call_run *run, json_t *const *arguments, size_t count)
{
        const char *text = json_string_value(arguments[0]);
        size_t len = json_string_length(arguments[0]);
        struct gal_error error = { 0 };
        enum gal_status status;
        json_t *value = NULL;

        (void)count;
        if (is_blank(text, len))
                return json_null();
        if (!gal_intrinsic_spend(run, len))
                return NULL;
        status = gal_json_read(text, len, &value, &error);
        if (status == GAL_ENOMEM)
                gal_need(NULL);
        if (status != GAL_OK)
                return gal_intrinsic_fail(run, "Invalid JSON: %s at line %u, column %u.", error.message,
                                          (unsigned)error.at.line, (unsigned)error.at.column);
        return value;
}

/*
 * States.StringSplit: each character of the second argument separates. Characters past ASCII are kept as sorted
 * numbers made of their bytes, so that a long list of separators does not make a long text slow.
 */
struct separators {
        bool ascii[128];
        uint32_t *others;
        size_t other_count;
};

static uint32_t pack(const char *text, size_t size)
{
        uint32_t packed = 0;

        for (size_t i = 0; i < size; i++)
                packed = packed << 8 | (unsigned char)text[i];
        return packed;
}

static int compare_packed(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a;
        uint32_t y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* A malformed byte counts as a character; strings of jansson have none. */
static size_t character_size(const char *text, size_t len)
{
        size_t size = gal_utf8_sequence(text, len);

        return size > 0 ? size : 1;
}

static void separators_init(struct separators *separators, const char *text, size_t len)
{
        size_t size;

        memset(separators, 0, sizeof(*separators));
        separators->others = gal_new_array(len / 2 + 1, uint32_t);
        for (size_t at = 0; at < len; at += size) {
                size = character_size(text + at, len - at);
                if ((unsigned char)text[at] < 128)
                        separators->ascii[(unsigned char)text[at]] = true;
                else if (size > 1)
                        separators->others[separators->other_count++] = pack(text + at, size);
        }
        qsort(separators->others, separators->other_count, sizeof(uint32_t), compare_packed);
}

static bool separates(const struct separators *separators, const char *text, size_t size)
{
        uint32_t packed = pack(text, size);

        if (size == 1)
                return (unsigned char)text[0] < 128 && separators->ascii[(unsigned char)text[0]];
        return bsearch(&packed, separators->others, separators->other_count, sizeof(packed), compare_packed) !=
               NULL;
}

static void append_piece(json_t *pieces, const char *text, size_t len)
{
        if (len > 0)
                gal_need(json_array_append_new(pieces, gal_need(json_stringn_nocheck(text, len))) == 0 ? pieces
                                                                                                       : NULL);
}

json_t *gal_intrinsic_string_split(struct call_run *run, json_t *const *arguments, size_t count)
{
        const char *text = json_string_value(arguments[0]);
        size_t len = json_string_length(arguments[0]);
        struct separators separators;
        size_t start = 0;
        size_t size;
        json_t *pieces;

        (void)count;
        if (!gal_intrinsic_spend(run, len))
                return NULL;
        separators_init(&separators, json_string_value(arguments[1]), json_string_length(arguments[1]));
        pieces = gal_need(json_array());
        for (size_t at = 0; at < len; at += size) {
                size = character_size(text + at, len - at);
                if (!separates(&separators, text + at, size))
                        continue;
                append_piece(pieces, text + start, at - start);
                start = at + size;
        }
        append_piece(pieces, text + start, len - start);
        free(separators.others);
        return pieces;
}

json_t *gal_intrinsic_json_merge(struct call_run *run, json_t *const *arguments, size_t count)
{
        json_t *merged;

        (void)count;
        if (json_is_true(arguments[2]))
                return gal_intrinsic_fail(run,
                                          "Only shallow merging is supported: the third argument must be false.");
        if (!gal_intrinsic_spend(run, 64 * (json_object_size(arguments[0]) + json_object_size(arguments[1]))))
                return NULL;
        merged = gal_need(json_copy(arguments[0]));
        gal_need(json_object_update(merged, arguments[1]) == 0 ? merged : NULL);
        return merged;
}
