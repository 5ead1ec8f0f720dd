/*
 * token.c: see token.h. Hexadecimal digits: the check sum (8), when it was made in seconds (10), the position.
 */
#include "api/token.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/utf8.h"

#define SUM_DIGITS 8
#define TIME_DIGITS 10
#define VALID_SECONDS 86400
/* The next page may be asked of another node, whose clock is a little behind. */
#define AHEAD_SECONDS_MAX 300

/* FNV-1a. A member that is not there is not the same as an empty one. */
static uint32_t add_up(const char *const *question, size_t count)
{
        uint32_t sum = 0x811c9dc5u;

        for (size_t i = 0; i < count; i++) {
                for (const char *c = question[i]; c != NULL && *c != '\0'; c++)
                        sum = (sum ^ (uint8_t)*c) * 0x01000193u;
                sum = (sum ^ (question[i] == NULL ? 0x101u : 0x100u)) * 0x01000193u;
        }
        return sum;
}

char *gal_token_make(const char *const *question, size_t count, const char *position, int64_t now_ms)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_assert(position[0] != '\0');
        gal_assert(strlen(position) < GAL_POSITION_SIZE);
        gal_buffer_append_format(&text, "%08x%010llx", (unsigned)add_up(question, count),
                                 (unsigned long long)(now_ms / 1000));
        for (const char *c = position; *c != '\0'; c++)
                gal_buffer_append_format(&text, "%02x", (uint8_t)*c);
        return gal_need(gal_buffer_take(&text, NULL));
}

/* -1: none. */
static int digit_of(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: something in it is no digit. */
static bool take_number(const char *digits, size_t count, uint64_t *ret_number)
{
        *ret_number = 0;
        for (size_t i = 0; i < count; i++) {
                int digit = digit_of(digits[i]);

                if (digit < 0)
                        return false;
                *ret_number = *ret_number * 16 + (uint64_t)digit;
        }
        return true;
}

static bool is_fresh(uint64_t made_seconds, int64_t now_ms)
{
        int64_t age_seconds = now_ms / 1000 - (int64_t)made_seconds;

        return age_seconds <= VALID_SECONDS && age_seconds >= -AHEAD_SECONDS_MAX;
}

/* Texts of the store are UTF-8 without NUL. */
static bool is_text(const char *text, size_t len)
{
        for (size_t i = 0; i < len;) {
                size_t size = text[i] == '\0' ? 0 : gal_utf8_sequence(text + i, len - i);

                if (size == 0)
                        return false;
                i += size;
        }
        return len > 0;
}

bool gal_token_read(const char *token, const char *const *question, size_t count, int64_t now_ms,
                    char ret_position[GAL_POSITION_SIZE])
{
        const char *digits = token + SUM_DIGITS + TIME_DIGITS;
        size_t len = strlen(token);
        uint64_t sum, seconds, byte;

        if (len <= SUM_DIGITS + TIME_DIGITS || (len - SUM_DIGITS - TIME_DIGITS) % 2 != 0)
                return false;
        len = (len - SUM_DIGITS - TIME_DIGITS) / 2;
        if (len >= GAL_POSITION_SIZE || !take_number(token, SUM_DIGITS, &sum) ||
            !take_number(token + SUM_DIGITS, TIME_DIGITS, &seconds) || sum != add_up(question, count) ||
            !is_fresh(seconds, now_ms))
                return false;
        for (size_t i = 0; i < len; i++) {
                if (!take_number(digits + 2 * i, 2, &byte))
                        return false;
                ret_position[i] = (char)byte;
        }
        ret_position[len] = '\0';
        return is_text(ret_position, len);
}
