/*
 * text.c: functions of strings that need no matching.
 *
 * Positions and lengths count characters where the reference splits by code point ($substring, $length, $pad) and
 * UTF-16 units where it searches; the functions here count characters.
 */
#include <math.h>

#include "base/utf8.h"
#include "expr/jsonata/case.h"
#include "expr/jsonata/library.h"

/* Bytes of the character at the start; a lone surrogate is one of three. */
static size_t character_size(const char *text, size_t len)
{
        unsigned char c = (unsigned char)text[0];
        size_t size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

        return size <= len ? size : len;
}

static size_t count_characters(struct jval text)
{
        size_t count = 0;

        for (uint32_t i = 0; i < text.len; i++)
                count += ((unsigned char)text.as.text[i] & 0xC0) != 0x80;
        return count;
}

/* The byte where the n-th character starts; the end when there are fewer. */
static size_t offset_of(struct jval text, double characters)
{
        size_t at = 0;

        while (at < text.len && characters >= 1) {
                at += character_size(text.as.text + at, text.len - at);
                characters--;
        }
        return at;
}

static struct jval slice(struct jval text, double from, double to)
{
        size_t start, end;

        if (!(to > from))
                return jval_text("", 0);
        start = offset_of(text, from);
        end = start + offset_of(jval_text(text.as.text + start, text.len - start), to - from);
        return jval_text(text.as.text + start, end - start);
}

struct jval gal_jfn_string(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);
        struct jval is_pretty = gal_jcall_argument(call, 1);

        if (jval_is_undefined(value))
                return value;
        if (jval_flags(value) & JA_OUTER)
                value = value.as.array->items[0];
        return gal_jval_string(run, value, is_pretty.tag == JT_BOOLEAN && is_pretty.as.boolean);
}

/* As Array.prototype.slice has it: whole positions, negative ones from the end. */
static double slice_position(double position, double count)
{
        position = isnan(position) ? 0 : trunc(position);
        if (position < 0)
                return position + count < 0 ? 0 : position + count;
        return position > count ? count : position;
}

struct jval gal_jfn_substring(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval from = gal_jcall_argument(call, 1);
        struct jval length = gal_jcall_argument(call, 2);
        double start, end, count;

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 64);
        count = (double)count_characters(text);
        start = jval_is_undefined(from) ? 0 : jval_double(from);
        if (count + start < 0)
                start = 0;
        if (jval_is_undefined(length))
                return slice(text, slice_position(start, count), count);
        if (jval_double(length) <= 0)
                return jval_text("", 0);
        end = start >= 0 ? start + jval_double(length) : count + start + jval_double(length);
        return slice(text, slice_position(start, count), slice_position(end, count));
}

static struct jval text_or_undefined(struct jval value)
{
        return jval_is_undefined(value) ? jval_text("undefined", 9) : value;
}

static const char *find(struct jrun *run, struct jval text, struct jval part)
{
        gal_jrun_step(run, text.len / 64);
        if (part.len == 0)
                return text.as.text;
        return memmem(text.as.text, text.len, part.as.text, part.len);
}

struct jval gal_jfn_substring_before(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval part = text_or_undefined(gal_jcall_argument(call, 1));
        const char *at;

        if (jval_is_undefined(text))
                return text;
        at = find(run, text, part);
        return at != NULL ? jval_text(text.as.text, (size_t)(at - text.as.text)) : text;
}

struct jval gal_jfn_substring_after(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval part = text_or_undefined(gal_jcall_argument(call, 1));
        const char *at;

        if (jval_is_undefined(text))
                return text;
        at = find(run, text, part);
        if (at == NULL)
                return text;
        at += part.len;
        return jval_text(at, text.len - (size_t)(at - text.as.text));
}

struct jval gal_jfn_lowercase(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);

        return jval_is_undefined(text) ? text : gal_jtext_lower(run, text);
}

struct jval gal_jfn_uppercase(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);

        return jval_is_undefined(text) ? text : gal_jtext_upper(run, text);
}

struct jval gal_jfn_length(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 64);
        return jval_number((double)count_characters(text));
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct jval gal_jfn_trim(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jtext trimmed = JTEXT_INIT;
        uint32_t at = 0;
        uint32_t from;

        if (jval_is_undefined(text))
                return text;
        while (at < text.len) {
                from = at;
                while (at < text.len && is_blank(text.as.text[at]))
                        at++;
                if (at > from && trimmed.len > 0 && at < text.len)
                        gal_jtext_append_char(run, &trimmed, ' ');
                from = at;
                while (at < text.len && !is_blank(text.as.text[at]))
                        at++;
                gal_jtext_append(run, &trimmed, text.as.text + from, at - from);
        }
        return gal_jtext_finish(run, &trimmed);
}

static void append_padding(struct jrun *run, struct jtext *out, struct jval filler, double count)
{
        size_t at = 0;
        size_t size;

        for (; count >= 1; count--) {
                if (at >= filler.len)
                        at = 0;
                size = character_size(filler.as.text + at, filler.len - at);
                gal_jrun_step(run, 1);
                gal_jtext_append(run, out, filler.as.text + at, size);
                at += size;
        }
}

struct jval gal_jfn_pad(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval width = gal_jcall_argument(call, 1);
        struct jval filler = gal_jcall_argument(call, 2);
        struct jtext padded = JTEXT_INIT;
        double missing;

        if (jval_is_undefined(text) || jval_is_undefined(width))
                return jval_is_undefined(text) ? text : JUNDEFINED;
        if (jval_is_undefined(filler) || filler.len == 0)
                filler = jval_text(" ", 1);
        missing = fabs(jval_double(width)) - (double)count_characters(text);
        if (!(missing > 0))
                return text;
        if (jval_double(width) < 0)
                append_padding(run, &padded, filler, missing);
        gal_jtext_append(run, &padded, text.as.text, text.len);
        if (jval_double(width) > 0)
                append_padding(run, &padded, filler, missing);
        return gal_jtext_finish(run, &padded);
}

struct jval gal_jfn_join(struct jrun *run, const struct jcall *call)
{
        struct jval list = gal_jcall_argument(call, 0);
        struct jval between = gal_jcall_argument(call, 1);
        struct jtext joined = JTEXT_INIT;
        uint32_t count;

        if (jval_is_undefined(list))
                return list;
        count = gal_jarray_count(list);
        gal_jrun_step(run, count);
        for (uint32_t i = 0; i < count; i++) {
                struct jval element = gal_jarray_get(run, list, i);

                if (i > 0 && !jval_is_undefined(between))
                        gal_jtext_append(run, &joined, between.as.text, between.len);
                if (element.tag == JT_STRING)
                        gal_jtext_append(run, &joined, element.as.text, element.len);
        }
        return gal_jtext_finish(run, &joined);
}
