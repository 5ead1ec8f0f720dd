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
