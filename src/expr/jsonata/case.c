/*
 * case.c: mapping text by the tables of case_table.c. ASCII goes the short way.
 */
#include "expr/jsonata/case.h"

#include "base/utf8.h"
#include "expr/jsonata/run.h"

enum { SIGMA = 0x3A3, SMALL_SIGMA = 0x3C3, FINAL_SIGMA = 0x3C2, DOTTED_I = 0x130 };

static const struct jcase_run *find_run(const struct jcase_run *runs, size_t count, uint32_t code)
{
        size_t low = 0;
        size_t high = count;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (runs[middle].last < code)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == count || runs[low].first > code || (code - runs[low].first) % runs[low].stride != 0)
                return NULL;
        return &runs[low];
}

static void append_code(struct jrun *run, struct jtext *out, uint32_t code)
{
        char bytes[4];

        gal_jtext_append(run, out, bytes, gal_utf8_encode(code, bytes));
}

static bool append_special(struct jrun *run, struct jtext *out, uint32_t code)
{
        for (size_t i = 0; i < gal_jcase_upper_special_count; i++)
                if (gal_jcase_upper_special[i].from == code) {
                        gal_jtext_append(run, out, gal_jcase_upper_special[i].to,
                                         strlen(gal_jcase_upper_special[i].to));
                        return true;
                }
        return false;
}

static bool is_letter(uint32_t code)
{
        if (code < 0x80)
                return (code | 32) >= 'a' && (code | 32) <= 'z';
        return find_run(gal_jcase_lower, gal_jcase_lower_count, code) != NULL ||
               find_run(gal_jcase_upper, gal_jcase_upper_count, code) != NULL;
}

/* A sigma that ends a word. */
static bool is_final(struct jval text, size_t at, size_t size)
{
        size_t before = at;
        size_t after = at + size;
        size_t next;

        if (at == 0)
                return false;
        do
                before--;
        while (before > 0 && ((unsigned char)text.as.text[before] & 0xC0) == 0x80);
        if (!is_letter(gal_utf8_decode(text.as.text + before, at - before)))
                return false;
        next = gal_utf8_sequence(text.as.text + after, text.len - after);
        return next == 0 || !is_letter(gal_utf8_decode(text.as.text + after, next));
}

static void append_mapped(struct jrun *run, struct jtext *out, struct jval text, size_t at, size_t size,
                          bool is_upper)
{
        uint32_t code = gal_utf8_decode(text.as.text + at, size);
        const struct jcase_run *found = is_upper ? find_run(gal_jcase_upper, gal_jcase_upper_count, code)
                                                 : find_run(gal_jcase_lower, gal_jcase_lower_count, code);

        if (is_upper && append_special(run, out, code))
                return;
        if (!is_upper && code == DOTTED_I)
                gal_jtext_append(run, out, "i\xCC\x87", 3);
        else if (!is_upper && code == SIGMA)
                append_code(run, out, is_final(text, at, size) ? FINAL_SIGMA : SMALL_SIGMA);
        else
                append_code(run, out, found != NULL ? (uint32_t)((int64_t)code + found->distance) : code);
}

static struct jval map(struct jrun *run, struct jval text, bool is_upper)
{
        char first = is_upper ? 'a' : 'A';
        struct jtext out = JTEXT_INIT;
        size_t size;

        gal_jrun_step(run, text.len / 16);
        gal_jtext_room(run, &out, text.len);
        for (size_t at = 0; at < text.len; at += size) {
                char c = text.as.text[at];

                size = 1;
                if ((unsigned char)c < 0x80) {
                        gal_jtext_append_char(run, &out, c >= first && c < first + 26 ? (char)(c ^ 32) : c);
                        continue;
                }
                size = gal_utf8_sequence(text.as.text + at, text.len - at);
                if (size == 0) {
                        size = 1; /* of a lone surrogate */
                        gal_jtext_append_char(run, &out, c);
                } else {
                        append_mapped(run, &out, text, at, size, is_upper);
                }
        }
        return gal_jtext_finish(run, &out);
}

struct jval gal_jtext_lower(struct jrun *run, struct jval text)
{
        return map(run, text, false);
}

struct jval gal_jtext_upper(struct jrun *run, struct jval text)
{
        return map(run, text, true);
}
