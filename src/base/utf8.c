/*
 * utf8.c: what is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
 */
#include "base/utf8.h"

#include <stdbool.h>

#include "base/assert.h"

static bool is_continuation(unsigned char byte)
{
        return (byte & 0xC0) == 0x80;
}

/* The second byte carries the refusals: overlong forms, surrogates and the end of Unicode show there. */
static bool is_second(unsigned char first, unsigned char second)
{
        switch (first) {
        case 0xE0:
                return second >= 0xA0 && second <= 0xBF;
        case 0xED:
                return second >= 0x80 && second <= 0x9F;
        case 0xF0:
                return second >= 0x90 && second <= 0xBF;
        case 0xF4:
                return second >= 0x80 && second <= 0x8F;
        default:
                return is_continuation(second);
        }
}

static size_t expected_size(unsigned char first)
{
        if (first < 0x80)
                return 1;
        if (first >= 0xC2 && first <= 0xDF)
                return 2;
        if (first >= 0xE0 && first <= 0xEF)
                return 3;
        if (first >= 0xF0 && first <= 0xF4)
                return 4;
        return 0;
}

size_t gal_utf8_sequence(const char *text, size_t len)
{
        const unsigned char *bytes = (const unsigned char *)text;
        size_t size, i;

        if (len == 0)
                return 0;
        size = expected_size(bytes[0]);
        if (size > len)
                return 0;
        if (size > 1 && !is_second(bytes[0], bytes[1]))
                return 0;
        for (i = 2; i < size; i++)
                if (!is_continuation(bytes[i]))
                        return 0;
        return size;
}

size_t gal_utf8_encode(uint32_t code_point, char text[4])
{
        gal_assert(code_point <= 0x10FFFF);
        gal_assert(code_point < 0xD800 || code_point > 0xDFFF);
        if (code_point < 0x80) {
                text[0] = (char)code_point;
                return 1;
        }
        if (code_point < 0x800) {
                text[0] = (char)(0xC0 | code_point >> 6);
                text[1] = (char)(0x80 | (code_point & 0x3F));
                return 2;
        }
        if (code_point < 0x10000) {
                text[0] = (char)(0xE0 | code_point >> 12);
                text[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
                text[2] = (char)(0x80 | (code_point & 0x3F));
                return 3;
        }
        text[0] = (char)(0xF0 | code_point >> 18);
        text[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
        text[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
        text[3] = (char)(0x80 | (code_point & 0x3F));
        return 4;
}

uint32_t gal_utf8_decode(const char *text, size_t size)
{
        static const unsigned char masks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
        uint32_t code_point = (unsigned char)text[0] & masks[size];

        for (size_t i = 1; i < size; i++)
                code_point = code_point << 6 | ((unsigned char)text[i] & 0x3F);
        return code_point;
}

/*
 * The order of bytes is that of code points. In UTF-16 only one thing differs: what needs surrogates (lead bytes
 * from 0xF0 on) stands before U+E000 to U+FFFF (0xEE and 0xEF).
 */
int gal_utf8_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
        size_t len = a_len < b_len ? a_len : b_len;
        size_t at = 0;
        unsigned char x, y;

        while (at < len && a[at] == b[at])
                at++;
        if (at == len)
                return (a_len > b_len) - (a_len < b_len);
        x = (unsigned char)a[at];
        y = (unsigned char)b[at];
        if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
                return x >= 0xF0 ? -1 : 1;
        return x < y ? -1 : 1;
}

size_t gal_utf8_length(const char *text, size_t len)
{
        size_t at = 0;
        size_t count = 0;
        size_t size;

        while (at < len) {
                size = gal_utf8_sequence(text + at, len - at);
                at += size > 0 ? size : 1;
                count++;
        }
        return count;
}

size_t gal_utf8_trim(const char *text, size_t len)
{
        size_t start = len;

        while (start > 0 && len - start < 4 && is_continuation((unsigned char)text[start - 1]))
                start--;
        if (start == 0)
                return len;
        start--;
        return expected_size((unsigned char)text[start]) > len - start ? start : len;
}
