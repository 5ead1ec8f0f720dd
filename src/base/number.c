/*
 * number.c: notation. Where the digits come from is the business of number_shortest.c and number_nearest.c; neither
 * they nor this file call into libc for it, which would print and expect the locale's decimal point.
 */
#include "base/number.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/number_decimal.h"

/* Digits that certainly fit into 64 bits. */
#define DIGITS_FIT 19
/* An exponent beyond this is as good as infinite, whatever stands before it in a text of bounded size. */
#define EXPONENT_CAP 1000000000

struct digits {
        const char *text; /* in `room` */
        int count;
        int point; /* digits in front of the decimal point; may be negative or past the count */
        char room[20];
};

static void spell(struct gal_decimal decimal, struct digits *digits)
{
        uint64_t rest = decimal.digits;
        char *at = digits->room + sizeof(digits->room);

        for (; rest > 0; rest /= 10)
                *--at = (char)('0' + rest % 10);
        digits->text = at;
        digits->count = (int)(digits->room + sizeof(digits->room) - at);
        digits->point = digits->count + decimal.exponent;
}

static char *put(char *at, const char *text, int count)
{
        memcpy(at, text, (size_t)count);
        return at + count;
}

static char *put_zeros(char *at, int count)
{
        memset(at, '0', (size_t)count);
        return at + count;
}

/* 123.45, 0.0012, 1200: no exponent, and no fraction where there is none. */
static char *put_plain(char *at, const struct digits *digits)
{
        if (digits->point <= 0) {
                at = put(at, "0.", 2);
                at = put_zeros(at, -digits->point);
                return put(at, digits->text, digits->count);
        }
        if (digits->point >= digits->count) {
                at = put(at, digits->text, digits->count);
                return put_zeros(at, digits->point - digits->count);
        }
        at = put(at, digits->text, digits->point);
        *at++ = '.';
        return put(at, digits->text + digits->point, digits->count - digits->point);
}

/* The exponent's digits, of which there are three at most. */
static char *put_exponent(char *at, int exponent)
{
        if (exponent >= 100)
                *at++ = (char)('0' + exponent / 100);
        if (exponent >= 10)
                *at++ = (char)('0' + exponent / 10 % 10);
        *at++ = (char)('0' + exponent % 10);
        return at;
}

static size_t finish(char *at, char *text)
{
        *at = '\0';
        return (size_t)(at - text);
}

size_t gal_number_format_java(double value, char text[GAL_NUMBER_SIZE])
{
        struct digits digits;
        char *at = text;

        gal_assert(isfinite(value));
        if (signbit(value))
                *at++ = '-';
        if (value == 0)
                return finish(put(at, "0.0", 3), text);
        spell(gal_decimal_shortest(fabs(value), /* digits_min= */ 2), &digits);
        if (digits.point > -3 && digits.point <= 7) {
                at = put_plain(at, &digits);
                if (digits.point >= digits.count)
                        at = put(at, ".0", 2);
                return finish(at, text);
        }
        *at++ = digits.text[0];
        *at++ = '.';
        at = digits.count > 1 ? put(at, digits.text + 1, digits.count - 1) : put_zeros(at, 1);
        *at++ = 'E';
        if (digits.point < 1)
                *at++ = '-';
        at = put_exponent(at, digits.point < 1 ? 1 - digits.point : digits.point - 1);
        return finish(at, text);
}

size_t gal_number_format_javascript(double value, char text[GAL_NUMBER_SIZE])
{
        struct digits digits;
        char *at = text;

        gal_assert(isfinite(value));
        if (value == 0)
                return finish(put_zeros(at, 1), text);
        if (value < 0)
                *at++ = '-';
        spell(gal_decimal_shortest(fabs(value), /* digits_min= */ 1), &digits);
        if (digits.point > -6 && digits.point <= 21)
                return finish(put_plain(at, &digits), text);
        *at++ = digits.text[0];
        if (digits.count > 1) {
                *at++ = '.';
                at = put(at, digits.text + 1, digits.count - 1);
        }
        *at++ = 'e';
        *at++ = digits.point < 1 ? '-' : '+';
        at = put_exponent(at, digits.point < 1 ? 1 - digits.point : digits.point - 1);
        return finish(at, text);
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* A number's text taken apart; the digits are those of `mantissa` without its point. */
struct parts {
        const char *mantissa; /* digits, at most one point among them */
        const char *mantissa_end;
        int64_t exponent; /* of the last digit */
        struct gal_decimal decimal;
        bool more;
        bool negative;
};

static int64_t read_exponent(const char *at, const char *end)
{
        bool negative = at < end && *at == '-';
        int64_t exponent = 0;

        if (at < end && (*at == '-' || *at == '+'))
                at++;
        for (; at < end && is_digit(*at); at++)
                if (exponent < EXPONENT_CAP)
                        exponent = exponent * 10 + (*at - '0');
        return negative ? -exponent : exponent;
}

static struct parts take_apart(const char *text, size_t len)
{
        struct parts parts = { .mantissa = text };
        const char *end = text + len;
        const char *at = text;
        bool fraction = false;
        int64_t decimal_exponent = 0;
        int count = 0;

        if (at < end && *at == '-') {
                parts.negative = true;
                parts.mantissa = ++at;
        }
        for (; at < end && (is_digit(*at) || (*at == '.' && !fraction)); at++) {
                if (*at == '.') {
                        fraction = true;
                        continue;
                }
                parts.exponent -= fraction ? 1 : 0;
                if (count < DIGITS_FIT) {
                        parts.decimal.digits = parts.decimal.digits * 10 + (uint64_t)(*at - '0');
                        count += parts.decimal.digits > 0 ? 1 : 0;
                        decimal_exponent -= fraction ? 1 : 0;
                } else {
                        parts.more |= *at != '0';
                        decimal_exponent += fraction ? 0 : 1;
                }
        }
        parts.mantissa_end = at;
        if (at < end && (*at == 'e' || *at == 'E')) {
                int64_t exponent = read_exponent(at + 1, end);

                parts.exponent += exponent;
                decimal_exponent += exponent;
        }
        if (decimal_exponent > EXPONENT_CAP)
                decimal_exponent = EXPONENT_CAP;
        if (decimal_exponent < -EXPONENT_CAP)
                decimal_exponent = -EXPONENT_CAP;
        parts.decimal.exponent = (int32_t)decimal_exponent;
        return parts;
}

bool gal_number_parse_double(const char *text, size_t len, double *ret_value)
{
        struct parts parts = take_apart(text, len);
        double value;

        if (!gal_decimal_to_double(parts.decimal, parts.more, &value))
                value = gal_decimal_to_double_exact(parts.mantissa, (size_t)(parts.mantissa_end - parts.mantissa),
                                                    parts.exponent);
        if (isinf(value))
                return false;
        *ret_value = parts.negative ? -value : value;
        return true;
}

bool gal_number_parse_int64(const char *text, size_t len, int64_t *ret_value)
{
        bool negative = len > 0 && text[0] == '-';
        size_t at = negative ? 1 : 0;
        int64_t value = 0;

        if (at == len)
                return false;
        for (; at < len; at++) {
                int digit = text[at] - '0';

                if (!is_digit(text[at]) || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_sub_overflow(value, digit, &value))
                        return false;
        }
        if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
                return false; /* counted downwards, since INT64_MIN has no positive twin */
        *ret_value = value;
        return true;
}
