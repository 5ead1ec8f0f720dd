/*
 * math.c: functions of numbers.
 */
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "expr/jsonata/library.h"
#include "expr/jsonata/number.h"

/* Aggregates: the signature has made sure that there is an array of numbers, or nothing. */

static struct jval add_up(struct jrun *run, struct jval array)
{
        uint32_t count = gal_jarray_count(array);
        double total = 0;

        gal_jrun_step(run, count / 8);
        for (uint32_t i = 0; i < count; i++)
                total += jval_double(gal_jarray_get(run, array, i));
        return jval_number(total);
}

struct jval gal_jfn_sum(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);

        return jval_is_undefined(array) ? array : add_up(run, array);
}

struct jval gal_jfn_count(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);

        (void)run;
        return jval_number(jval_is_undefined(array) ? 0 : gal_jarray_count(array));
}

static struct jval extreme(struct jrun *run, struct jval array, double sign)
{
        uint32_t count = jval_is_undefined(array) ? 0 : gal_jarray_count(array);
        double best;

        if (count == 0)
                return JUNDEFINED;
        gal_jrun_step(run, count / 8);
        best = jval_double(gal_jarray_get(run, array, 0));
        for (uint32_t i = 1; i < count; i++) {
                double number = jval_double(gal_jarray_get(run, array, i));

                if (sign * number > sign * best || isnan(number))
                        best = number;
        }
        return jval_number(best);
}

struct jval gal_jfn_max(struct jrun *run, const struct jcall *call)
{
        return extreme(run, gal_jcall_argument(call, 0), 1);
}

struct jval gal_jfn_min(struct jrun *run, const struct jcall *call)
{
        return extreme(run, gal_jcall_argument(call, 0), -1);
}

struct jval gal_jfn_average(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);

        if (jval_is_undefined(array) || gal_jarray_count(array) == 0)
                return JUNDEFINED;
        return jval_number(add_up(run, array).as.number / gal_jarray_count(array));
}

/* Casting. */

static size_t skip_digits(const char *text, size_t len, size_t at)
{
        while (at < len && text[at] >= '0' && text[at] <= '9')
                at++;
        return at;
}

/* -?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)? */
static bool is_decimal(const char *text, size_t len)
{
        size_t at = len > 0 && text[0] == '-' ? 1 : 0;
        size_t from = at;

        at = skip_digits(text, len, at);
        if (at == from)
                return false;
        if (at < len && text[at] == '.') {
                from = ++at;
                at = skip_digits(text, len, at);
                if (at == from)
                        return false;
        }
        if (at < len && (text[at] == 'e' || text[at] == 'E')) {
                at++;
                if (at < len && (text[at] == '-' || text[at] == '+'))
                        at++;
                from = at;
                at = skip_digits(text, len, at);
                if (at == from)
                        return false;
        }
        return at == len;
}

static int digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'Z')
                return c - 'A' + 10;
        return 99;
}

/* 0x, 0o, 0b */
static bool read_prefixed(const char *text, size_t len, double *ret_number)
{
        int base = len < 3 || text[0] != '0' ? 0
                   : (text[1] | 32) == 'x'   ? 16
                   : (text[1] | 32) == 'o'   ? 8
                   : (text[1] | 32) == 'b'   ? 2
                                             : 0;
        double number = 0;

        for (size_t i = 2; base != 0 && i < len; i++) {
                if (digit_value(text[i]) >= base)
                        return false;
                number = number * base + digit_value(text[i]);
        }
        *ret_number = number;
        return base != 0;
}

/* The reader of JSON numbers does not take leading zeros; this language's cast does. */
static bool read_decimal(const char *text, size_t len, double *ret_number)
{
        bool is_negative = text[0] == '-';
        size_t at = is_negative ? 1 : 0;

        while (at + 1 < len && text[at] == '0' && text[at + 1] >= '0' && text[at + 1] <= '9')
                at++;
        if (!gal_number_parse_double(text + at, len - at, ret_number))
                return false;
        if (is_negative)
                *ret_number = -*ret_number;
        return isfinite(*ret_number);
}

struct jval gal_jfn_number(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);
        double number;

        if (jval_is_undefined(value) || value.tag == JT_NUMBER)
                return value;
        if (value.tag == JT_BOOLEAN)
                return jval_number(value.as.boolean ? 1 : 0);
        if (value.tag == JT_STRING && is_decimal(value.as.text, value.len) &&
            read_decimal(value.as.text, value.len, &number))
                return jval_number(number);
        if (value.tag == JT_STRING && read_prefixed(value.as.text, value.len, &number))
                return jval_number(number);
        gal_jrun_fail(run, (struct jfault){ .code = "D3030", .value = value });
}

/* Functions of one number; undefined stays undefined. */

struct jval gal_jfn_floor(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        (void)run;
        return jval_is_undefined(value) ? value : jval_number(floor(jval_double(value)));
}

struct jval gal_jfn_ceil(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        (void)run;
        return jval_is_undefined(value) ? value : jval_number(ceil(jval_double(value)));
}

struct jval gal_jfn_abs(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        (void)run;
        return jval_is_undefined(value) ? value : jval_number(fabs(jval_double(value)));
}

struct jval gal_jfn_sqrt(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);

        if (jval_is_undefined(value))
                return value;
        if (jval_double(value) < 0)
                gal_jrun_fail(run, (struct jfault){ .code = "D3060", .value = value });
        return jval_number(sqrt(jval_double(value)));
}

struct jval gal_jfn_power(struct jrun *run, const struct jcall *call)
{
        struct jval base = gal_jcall_argument(call, 0);
        struct jval exponent = gal_jcall_argument(call, 1);
        double result;

        if (jval_is_undefined(base))
                return base;
        if (jval_is_undefined(exponent))
                gal_jrun_fail(run, (struct jfault){ .code = "D3061", .value = base, .value2 = exponent });
        result = pow(jval_double(base), jval_double(exponent));
        if (!isfinite(result))
                gal_jrun_fail(run, (struct jfault){ .code = "D3061", .value = base, .value2 = exponent });
        return jval_number(result);
}

/* Rounding: shifted in decimal, so that no factor of ten spoils the digits; a half goes to the even neighbour. */

static double shift(double value, double places)
{
        char text[GAL_NUMBER_SIZE + 16];
        size_t len = gal_number_format_javascript(value, text);
        char *exponent = memchr(text, 'e', len);
        double already = exponent != NULL ? strtod(exponent + 1, NULL) : 0;
        double shifted;
        size_t end = exponent != NULL ? (size_t)(exponent - text) : len;

        if (fabs(already + places) > 10000)
                return already + places > 0 ? (value == 0 ? value : value * INFINITY) : 0;
        text[end++] = 'e';
        end += gal_number_format_javascript(already + places, text + end);
        return gal_number_parse_double(text, end, &shifted) ? shifted : value * INFINITY;
}

double gal_jnumber_round(double value, double places)
{
        double rounded;

        if (!isfinite(value))
                return value;
        places = trunc(places);
        if (places != 0)
                value = shift(value, places);
        rounded = floor(value + 0.5);
        if (value + 0.5 - rounded >= 1 || fabs(value) >= 4503599627370496.0)
                rounded = nearbyint(value);
        if (rounded - value > 0.5)
                rounded -= 1; /* value + 0.5 had been rounded up itself */
        if (fabs(rounded - value) == 0.5 && fmod(fabs(rounded), 2) == 1)
                rounded -= 1;
        if (places != 0 && isfinite(rounded))
                rounded = shift(rounded, -places);
        return rounded == 0 ? 0 : rounded;
}

struct jval gal_jfn_round(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);
        struct jval places = gal_jcall_argument(call, 1);

        (void)run;
        if (jval_is_undefined(value))
                return value;
        return jval_number(
                gal_jnumber_round(jval_double(value), jval_is_undefined(places) ? 0 : jval_double(places)));
}

struct jval gal_jfn_random(struct jrun *run, const struct jcall *call)
{
        (void)call;
        return jval_number(gal_random_unit(gal_jrun_random(run)));
}

/* Digits of a whole number in another base: fractions have been rounded away. */
struct jval gal_jfn_format_base(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);
        struct jval radix = gal_jcall_argument(call, 1);
        double base = jval_is_undefined(radix) ? 10 : gal_jnumber_round(jval_double(radix), 0);
        char digits[1100];
        size_t at = sizeof(digits);
        double rest;

        if (jval_is_undefined(value))
                return value;
        if (!(base >= 2 && base <= 36))
                gal_jrun_fail(run, (struct jfault){ .code = "D3100", .value = jval_number(base) });
        rest = fabs(gal_jnumber_round(jval_double(value), 0));
        do {
                digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)fmod(rest, base)];
                rest = floor(rest / base);
        } while (rest > 0 && isfinite(rest) && at > 1);
        if (gal_jnumber_round(jval_double(value), 0) < 0)
                digits[--at] = '-';
        return gal_jval_copy_text(run, digits + at, sizeof(digits) - at);
}
