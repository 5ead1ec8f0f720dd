/*
 * json_read.c: JSON text to values; one pass, no recursion, so depth costs a stack of our own and not the thread's.
 *
 * Every container is put into its parent when it opens, so on a fault all there is hangs on the root and goes with
 * it. The trap: the text has no terminator; nothing may be looked at without a comparison with `end`.
 */
#include "base/json.h"

#include <string.h>

#include "base/hex.h"
#include "base/json_positions.h"
#include "base/json_scan.h"
#include "base/limits.h"
#include "base/number.h"
#include "base/utf8.h"

/* What an integer of this many digits is always inside of. */
#define INTEGER_DIGITS_FIT 18

struct frame {
        json_t *container; /* borrowed from its parent, or the root */
        uint32_t entry;    /* of the positions */
};

struct reader {
        const char *text;
        const char *end;
        const char *at;
        json_t *root;    /* owned */
        const char *key; /* of the member to come: in the text, or in `unescaped_key` */
        size_t key_len;
        const char *key_at;
        struct gal_buffer unescaped_key;
        struct gal_buffer unescaped;
        struct gal_json_positions *positions; /* NULL unless asked for */
        struct gal_error *error;
        size_t depth;
        size_t depth_max;
        struct frame frames[GAL_JSON_DEPTH_MAX + GAL_JSON_ENVELOPE_DEPTH];
};

/* Evaluates to `code`, with the place and the text recorded. */
#define fail(reader, code, place, ...) gal_fail((reader)->error, (code), find_place((reader), (place)), __VA_ARGS__)

static struct gal_position find_place(const struct reader *reader, const char *at)
{
        if (reader->error == NULL || reader->error->code != GAL_OK)
                return GAL_NOWHERE;
        return gal_position_find(reader->text, (size_t)(reader->end - reader->text), (size_t)(at - reader->text));
}

static enum gal_status fail_memory(struct reader *reader)
{
        return fail(reader, GAL_ENOMEM, reader->at, "out of memory while reading JSON");
}

/* What stands at a place, for a message: 'x', 'ä', byte 0xFF, the end of the text. */
static const char *show(const struct reader *reader, const char *at, char text[24])
{
        size_t size = gal_utf8_sequence(at, (size_t)(reader->end - at));

        if (at == reader->end)
                return "the end of the text";
        if (size == 0)
                snprintf(text, 24, "the byte 0x%02X", (unsigned char)*at);
        else if ((unsigned char)*at < 0x20 || *at == 0x7F)
                snprintf(text, 24, "U+%04X", (unsigned char)*at);
        else
                snprintf(text, 24, "'%.*s'", (int)size, at);
        return text;
}

static enum gal_status fail_expected(struct reader *reader, const char *expected)
{
        char found[24];

        return fail(reader, GAL_ESYNTAX, reader->at, "expected %s, found %s", expected,
                    show(reader, reader->at, found));
}

static void skip_blanks(struct reader *reader)
{
        const char *at = reader->at;

        if (at < reader->end && (unsigned char)*at > ' ')
                return;
        while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
                at++;
        reader->at = at;
}

static bool at_char(const struct reader *reader, char c)
{
        return reader->at < reader->end && *reader->at == c;
}

static bool in_object(const struct reader *reader)
{
        return json_is_object(reader->frames[reader->depth - 1].container);
}

/* Strings */

static enum gal_status fail_control(struct reader *reader)
{
        static const char *const short_forms[0x20] = {
                ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"
        };
        unsigned char c = (unsigned char)*reader->at;

        if (short_forms[c] != NULL)
                return fail(reader, GAL_ESYNTAX, reader->at,
                            "a string may not hold a raw control character (U+%04X): write %s", c, short_forms[c]);
        return fail(reader, GAL_ESYNTAX, reader->at,
                    "a string may not hold a raw control character (U+%04X): write \\u%04X", c, c);
}

/* Goes on to the next quote, backslash or fault; what is passed over is well-formed UTF-8 without controls. */
static enum gal_status skip_plain(struct reader *reader, const char *start)
{
        const char *at = reader->at;
        uint64_t hits;
        size_t size;

        for (;;) {
                while (reader->end - at >= 8) {
                        hits = gal_scan_specials(gal_scan_load(at));
                        if (hits != 0) {
                                at += gal_scan_first(hits);
                                break;
                        }
                        at += 8;
                }
                reader->at = at;
                if (at == reader->end)
                        return fail(reader, GAL_ESYNTAX, start, "this string has no closing '\"'");
                if (*at == '"' || *at == '\\')
                        return GAL_OK;
                if ((unsigned char)*at < 0x20)
                        return fail_control(reader);
                size = gal_utf8_sequence(at, (size_t)(reader->end - at));
                if (size == 0)
                        return fail(reader, GAL_ESYNTAX, at, "the byte 0x%02X is not valid UTF-8 here",
                                    (unsigned char)*at);
                at += size;
        }
}

/* The four digits of \uXXXX, which begins at the reader's place; -1: there are no such four. */
static int32_t read_unicode_escape(const struct reader *reader, const char *at)
{
        int32_t code = 0;

        if (reader->end - at < 6 || at[0] != '\\' || at[1] != 'u')
                return -1;
        for (int i = 2; i < 6; i++) {
                int value = gal_hex_value(at[i]);

                if (value < 0)
                        return -1;
                code = code << 4 | value;
        }
        return code;
}

static enum gal_status unescape_unicode(struct reader *reader, struct gal_buffer *text)
{
        int32_t code = read_unicode_escape(reader, reader->at);
        int32_t low;
        char character[4];

        if (code < 0)
                return fail(reader, GAL_ESYNTAX, reader->at, "expected four hexadecimal digits after \\u");
        if (code >= 0xD800 && code <= 0xDFFF) {
                low = read_unicode_escape(reader, reader->at + 6);
                if (code > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
                        return fail(reader, GAL_ESYNTAX, reader->at, "lone surrogate \\u%04X", (unsigned)code);
                code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
                reader->at += 6;
        }
        reader->at += 6;
        gal_buffer_append(text, character, gal_utf8_encode((uint32_t)code, character));
        return GAL_OK;
}

static enum gal_status unescape(struct reader *reader, struct gal_buffer *text)
{
        static const char plain[128] = { ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                         ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t' };
        char found[24];
        unsigned char c;

        if (reader->at + 1 == reader->end)
                return fail(reader, GAL_ESYNTAX, reader->at, "the text ends inside an escape");
        c = (unsigned char)reader->at[1];
        if (c == 'u')
                return unescape_unicode(reader, text);
        if (c >= sizeof(plain) || plain[c] == 0)
                return fail(reader, GAL_ESYNTAX, reader->at,
                            "a backslash cannot stand before %s; write \\\\ for itself",
                            show(reader, reader->at + 1, found));
        gal_buffer_append_char(text, plain[c]);
        reader->at += 2;
        return GAL_OK;
}

/* The rest of a string from its first escape on, all of it copied into `text`. */
static enum gal_status read_escaped(struct reader *reader, const char *start, struct gal_buffer *text)
{
        enum gal_status status = GAL_OK;
        const char *run = start + 1;

        gal_buffer_clear(text);
        while (status == GAL_OK) {
                gal_buffer_append(text, run, (size_t)(reader->at - run));
                if (*reader->at == '"')
                        break;
                status = unescape(reader, text);
                run = reader->at;
                if (status == GAL_OK)
                        status = skip_plain(reader, start);
        }
        if (text->status != GAL_OK)
                return fail_memory(reader);
        return status;
}

/* At a quote. The result is in the text where it has no escapes, else in `unescaped`, until that is used again. */
static enum gal_status read_string(struct reader *reader, struct gal_buffer *unescaped, const char **ret_text,
                                   size_t *ret_len)
{
        const char *start = reader->at++;
        enum gal_status status = skip_plain(reader, start);

        if (status != GAL_OK)
                return status;
        if (*reader->at == '"') {
                *ret_text = start + 1;
                *ret_len = (size_t)(reader->at - start) - 1;
        } else {
                status = read_escaped(reader, start, unescaped);
                if (status != GAL_OK)
                        return status;
                *ret_text = unescaped->data;
                *ret_len = unescaped->len;
        }
        reader->at++;
        return GAL_OK;
}

/* Numbers */

static bool at_digit(const struct reader *reader)
{
        return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static enum gal_status skip_digits(struct reader *reader, const char *where)
{
        if (!at_digit(reader))
                return fail_expected(reader, where);
        while (at_digit(reader))
                reader->at++;
        return GAL_OK;
}

/* The fraction and the exponent, where there are any. */
static enum gal_status skip_real_parts(struct reader *reader)
{
        enum gal_status status = GAL_OK;

        if (at_char(reader, '.')) {
                reader->at++;
                status = skip_digits(reader, "a digit after the decimal point");
        }
        if (status == GAL_OK && (at_char(reader, 'e') || at_char(reader, 'E'))) {
                reader->at++;
                if (at_char(reader, '+') || at_char(reader, '-'))
                        reader->at++;
                status = skip_digits(reader, "a digit of the exponent");
        }
        return status;
}

static enum gal_status make_real(struct reader *reader, const char *start, json_t **ret_value)
{
        double value;

        if (!gal_number_parse_double(start, (size_t)(reader->at - start), &value))
                return fail(reader, GAL_ELIMIT, start, "the number is too large for a double (about 1.8e308)");
        *ret_value = json_real(value);
        return *ret_value == NULL ? fail_memory(reader) : GAL_OK;
}

static enum gal_status make_integer(struct reader *reader, const char *start, json_t **ret_value)
{
        int64_t value;

        if (!gal_number_parse_int64(start, (size_t)(reader->at - start), &value))
                return make_real(reader, start, ret_value);
        *ret_value = json_integer(value);
        return *ret_value == NULL ? fail_memory(reader) : GAL_OK;
}

static enum gal_status read_number(struct reader *reader, json_t **ret_value)
{
        const char *start = reader->at;
        const char *first, *integer_end;
        enum gal_status status;

        if (*start == '-')
                reader->at++;
        first = reader->at;
        status = skip_digits(reader, "a digit after '-'");
        if (status != GAL_OK)
                return status;
        integer_end = reader->at;
        if (*first == '0' && integer_end - first > 1)
                return fail(reader, GAL_ESYNTAX, start, "a number may not begin with a needless 0");
        status = skip_real_parts(reader);
        if (status != GAL_OK)
                return status;
        if (reader->at == integer_end)
                return make_integer(reader, start, ret_value);
        return make_real(reader, start, ret_value);
}

/* Values */

static bool at_word(const struct reader *reader, const char *at)
{
        return at < reader->end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                                    (*at >= '0' && *at <= '9') || *at == '_');
}

static enum gal_status fail_word(struct reader *reader)
{
        const char *end = reader->at;

        while (end - reader->at < 40 && at_word(reader, end))
                end++;
        if (end == reader->at)
                return fail_expected(reader, "a value");
        return fail(reader, GAL_ESYNTAX, reader->at,
                    "'%.*s' is no value; outside of strings there are only true, false, null and numbers",
                    (int)(end - reader->at), reader->at);
}

static enum gal_status fail_value(struct reader *reader)
{
        char c;

        if (reader->at == reader->end)
                return fail_expected(reader, "a value");
        c = *reader->at;
        if (c == '/')
                return fail(reader, GAL_ESYNTAX, reader->at, "JSON has no comments");
        if (c == '\'')
                return fail(reader, GAL_ESYNTAX, reader->at, "strings stand in double quotes, not in single ones");
        if (c == '+' || c == '.')
                return fail(reader, GAL_ESYNTAX, reader->at, "a number may not begin with '%c'", c);
        if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0)
                return fail(reader, GAL_ESYNTAX, reader->at,
                            "a byte order mark (U+FEFF) is not allowed; remove it");
        if ((c == ']' || c == '}') && reader->depth > 0)
                return fail(reader, GAL_ESYNTAX, reader->at, "expected a value after %s, found '%c'",
                            in_object(reader) ? "':'" : "','", c);
        return fail_word(reader);
}

static enum gal_status read_word(struct reader *reader, const char *word, size_t len, json_t *value,
                                 json_t **ret_value)
{
        if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0 ||
            at_word(reader, reader->at + len))
                return fail_word(reader);
        reader->at += len;
        *ret_value = value;
        return GAL_OK;
}

static enum gal_status read_string_value(struct reader *reader, json_t **ret_value)
{
        const char *text;
        size_t len;
        enum gal_status status = read_string(reader, &reader->unescaped, &text, &len);

        if (status != GAL_OK)
                return status;
        *ret_value = json_stringn_nocheck(text, len);
        return *ret_value == NULL ? fail_memory(reader) : GAL_OK;
}

static enum gal_status read_scalar(struct reader *reader, json_t **ret_value)
{
        if (reader->at == reader->end)
                return fail_value(reader);
        switch (*reader->at) {
        case '"':
                return read_string_value(reader, ret_value);
        case '-':
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9':
                return read_number(reader, ret_value);
        case 't':
                return read_word(reader, "true", 4, json_true(), ret_value);
        case 'f':
                return read_word(reader, "false", 5, json_false(), ret_value);
        case 'n':
                return read_word(reader, "null", 4, json_null(), ret_value);
        default:
                return fail_value(reader);
        }
}

static enum gal_status fail_duplicate(struct reader *reader)
{
        int len = (int)(reader->key_len < 100 ? gal_utf8_trim(reader->key, reader->key_len)
                                              : gal_utf8_trim(reader->key, 100));

        return fail(reader, GAL_ESYNTAX, reader->key_at, "duplicate key \"%.*s\"", len, reader->key);
}

/* Puts a value where the text has it; takes the reference. */
static enum gal_status place(struct reader *reader, json_t *value)
{
        json_t *parent;
        size_t count;

        if (reader->depth == 0) {
                reader->root = value;
                return GAL_OK;
        }
        parent = reader->frames[reader->depth - 1].container;
        if (json_is_array(parent))
                return json_array_append_new(parent, value) == 0 ? GAL_OK : fail_memory(reader);
        count = json_object_size(parent);
        if (json_object_setn_new_nocheck(parent, reader->key, reader->key_len, value) != 0)
                return fail_memory(reader);
        if (json_object_size(parent) == count && reader->positions == NULL)
                return fail_duplicate(reader);
        return GAL_OK;
}

static enum gal_status note_position(struct reader *reader, uint32_t *ret_entry)
{
        size_t offset = (size_t)(reader->at - reader->text);
        const struct frame *parent = reader->depth == 0 ? NULL : &reader->frames[reader->depth - 1];
        struct gal_buffer *index = &reader->unescaped; /* no string is in it between two values */
        bool done;

        if (parent == NULL) {
                done = gal_json_positions_add(reader->positions, GAL_JSON_POSITION_ROOT, "", 0, offset, offset,
                                              ret_entry);
        } else if (json_is_object(parent->container)) {
                done = gal_json_positions_add(reader->positions, parent->entry, reader->key, reader->key_len,
                                              (size_t)(reader->key_at - reader->text), offset, ret_entry);
        } else {
                gal_buffer_clear(index);
                gal_buffer_append_uint(index, json_array_size(parent->container));
                done = index->status == GAL_OK &&
                       gal_json_positions_add(reader->positions, parent->entry, index->data, index->len, offset,
                                              offset, ret_entry);
        }
        return done ? GAL_OK : fail_memory(reader);
}

/* At a key, or where one should be. Reads on to its value. */
static enum gal_status read_key(struct reader *reader, const char *expected)
{
        enum gal_status status;

        skip_blanks(reader);
        reader->key_at = reader->at;
        if (!at_char(reader, '"'))
                return fail_expected(reader, expected);
        status = read_string(reader, &reader->unescaped_key, &reader->key, &reader->key_len);
        if (status != GAL_OK)
                return status;
        skip_blanks(reader);
        if (!at_char(reader, ':'))
                return fail_expected(reader, "':' after the key");
        reader->at++;
        return GAL_OK;
}

/* At a bracket. `ret_empty` is whether it closes at once; else the next thing to read is a value. */
static enum gal_status open_container(struct reader *reader, uint32_t entry, bool *ret_empty)
{
        bool object = *reader->at == '{';
        json_t *container;
        enum gal_status status;

        if (reader->depth == reader->depth_max)
                return fail(reader, GAL_ELIMIT, reader->at, "nested deeper than %zu levels", reader->depth_max);
        container = object ? json_object() : json_array();
        if (container == NULL)
                return fail_memory(reader);
        status = place(reader, container);
        if (status != GAL_OK)
                return status;
        reader->at++;
        skip_blanks(reader);
        *ret_empty = at_char(reader, object ? '}' : ']');
        if (*ret_empty) {
                reader->at++;
                return GAL_OK;
        }
        reader->frames[reader->depth++] = (struct frame){ container, entry };
        return object ? read_key(reader, "a key in double quotes or '}'") : GAL_OK;
}

/* `ret_complete` is false after a bracket that has something inside. */
static enum gal_status read_value(struct reader *reader, bool *ret_complete)
{
        enum gal_status status;
        uint32_t entry = 0;
        json_t *value;

        skip_blanks(reader);
        if (reader->positions != NULL) {
                status = note_position(reader, &entry);
                if (status != GAL_OK)
                        return status;
        }
        if (at_char(reader, '{') || at_char(reader, '['))
                return open_container(reader, entry, ret_complete);
        *ret_complete = true;
        status = read_scalar(reader, &value);
        return status == GAL_OK ? place(reader, value) : status;
}

/* What stands between a complete value and the next: closing brackets, a comma, a key. At depth 0 all is read. */
static enum gal_status read_on(struct reader *reader)
{
        while (reader->depth > 0) {
                bool object = in_object(reader);

                skip_blanks(reader);
                if (at_char(reader, ',')) {
                        reader->at++;
                        return object ? read_key(reader, "a key in double quotes after ','") : GAL_OK;
                }
                if (!at_char(reader, object ? '}' : ']'))
                        return fail_expected(reader,
                                             object ? "',' or '}' after a member" : "',' or ']' after an element");
                reader->at++;
                reader->depth--;
        }
        return GAL_OK;
}

static enum gal_status read_text(struct reader *reader)
{
        enum gal_status status;
        bool complete = false;

        do {
                status = read_value(reader, &complete);
                if (status == GAL_OK && complete)
                        status = read_on(reader);
        } while (status == GAL_OK && reader->depth > 0);
        if (status != GAL_OK)
                return status;
        skip_blanks(reader);
        if (reader->at != reader->end)
                return fail(reader, GAL_ESYNTAX, reader->at, "the text goes on after the value");
        return GAL_OK;
}

static enum gal_status read_with(const char *text, size_t len, size_t depth_max,
                                 struct gal_json_positions *positions, json_t **ret_value, struct gal_error *error)
{
        struct reader reader; /* not zeroed as a whole: the frames are 16 KiB */
        enum gal_status status;

        reader.text = reader.at = len > 0 ? text : ""; /* nothing at all may come as NULL */
        reader.end = reader.text + len;
        reader.root = NULL;
        reader.depth = 0;
        reader.depth_max = depth_max;
        reader.positions = positions;
        reader.error = error;
        gal_buffer_init(&reader.unescaped_key, 0);
        gal_buffer_init(&reader.unescaped, 0);
        status = read_text(&reader);
        gal_buffer_finish(&reader.unescaped_key);
        gal_buffer_finish(&reader.unescaped);
        if (status == GAL_OK)
                *ret_value = reader.root;
        else
                json_decref(reader.root);
        return status;
}

static enum gal_status check_size(size_t len, struct gal_error *error)
{
        if (len <= GAL_JSON_TEXT_SIZE_MAX)
                return GAL_OK;
        return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "a JSON text of %zu bytes is longer than the %u allowed",
                        len, GAL_JSON_TEXT_SIZE_MAX);
}

enum gal_status gal_json_read(const char *text, size_t len, json_t **ret_value, struct gal_error *error)
{
        enum gal_status status = check_size(len, error);

        return status == GAL_OK ? read_with(text, len, GAL_JSON_DEPTH_MAX, NULL, ret_value, error) : status;
}

enum gal_status gal_json_read_envelope(const char *text, size_t len, json_t **ret_value, struct gal_error *error)
{
        enum gal_status status = check_size(len, error);

        if (status != GAL_OK)
                return status;
        return read_with(text, len, GAL_JSON_DEPTH_MAX + GAL_JSON_ENVELOPE_DEPTH, NULL, ret_value, error);
}

enum gal_status gal_json_read_positions(const char *text, size_t len, json_t **ret_value,
                                        struct gal_json_positions **ret_positions, struct gal_error *error)
{
        enum gal_status status = check_size(len, error);
        struct gal_json_positions *positions;

        if (status != GAL_OK)
                return status;
        positions = gal_json_positions_create(text, len);
        if (positions == NULL)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory while reading JSON");
        status = read_with(text, len, GAL_JSON_DEPTH_MAX, positions, ret_value, error);
        if (status == GAL_OK)
                *ret_positions = positions;
        else
                gal_json_positions_destroy(positions);
        return status;
}
