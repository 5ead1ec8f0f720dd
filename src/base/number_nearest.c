/*
 * number_nearest.c: decimal digits to the nearest double, exactly rounded, in three steps of growing cost.
 *
 *   1. digits and power of ten are both exact doubles: one multiplication or division rounds once (Clinger).
 *   2. digits times a 128-bit power of ten: a lower and an upper bound; where both round to the same double, that
 * is it (the idea of Eisel and Lemire).
 *   3. where they differ they are neighbours: compare the digits with the midpoint in big integers.
 */
#include "base/number_decimal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/assert.h"

#define MANTISSA_BITS 52
#define EXPONENT_MIN (-1022)
#define EXPONENT_MAX 1023
#define EXACT_POWER_MAX 55
/* Digits past these can no longer decide on which side of a midpoint a number is: one digit stands for all of them.
 */
#define DIGITS_MAX 800
/* digits < 10^801 times 2^1075, and a mantissa times 10^1126, both fit into 4,096 bits; with room to spare. */
#define LIMBS_MAX 160

/* Bounds of digits * 10^exponent: leading * 2^exponent, leading with its top bit at 127 or 126. */
struct scaled {
        gal_u128 leading;
        int exponent;
        bool exact; /* else the true value is above it, by less than two units of `leading` */
};

static double make_double(uint64_t bits)
{
        double value;

        memcpy(&value, &bits, sizeof(value));
        return value;
}

/* leading * 2^exponent, plus something less than a unit when `sticky`, to the nearest double. */
static double round_scaled(gal_u128 leading, int exponent, bool sticky)
{
        int top = leading >> 127 != 0 ? 127 : 126;
        int binary = exponent + top; /* the value is 2^binary or more */
        int shift = top - MANTISSA_BITS;
        uint64_t mantissa, base;
        bool half, rest;

        if (binary > EXPONENT_MAX)
                return (double)INFINITY;
        if (binary < EXPONENT_MIN)
                shift += EXPONENT_MIN - binary;
        if (shift > top + 1)
                return 0.0;
        mantissa = shift > 127 ? 0 : (uint64_t)(leading >> shift);
        half = (leading >> (shift - 1) & 1) != 0;
        rest = sticky || (leading & (((gal_u128)1 << (shift - 1)) - 1)) != 0;
        if (half && (rest || (mantissa & 1) != 0))
                mantissa++;
        /* A carry out of the mantissa moves into the exponent by itself: from subnormal to normal, and to infinity.
         */
        base = binary < EXPONENT_MIN ? 0 : (uint64_t)(binary - EXPONENT_MIN) << MANTISSA_BITS;
        return make_double(base + mantissa);
}

static struct scaled scale(uint64_t digits, int exponent)
{
        struct gal_power_of_ten power = gal_powers_of_ten[exponent - GAL_POWER_MIN];
        int zeros = __builtin_clzll(digits);
        uint64_t normal = digits << zeros;
        gal_u128 low = (gal_u128)normal * power.low;
        gal_u128 high = (gal_u128)normal * power.high + (uint64_t)(low >> 64);
        int power_exponent = ((exponent * 1741647) >> 19) - 127; /* floor(log2(10^exponent)) - 127 */

        /* high < 2^128: both factors are below 2^64, their product leaves room for the carry */
        return (struct scaled){ high, power_exponent - zeros + 64,
                                exponent >= 0 && exponent <= EXACT_POWER_MAX && (uint64_t)low == 0 };
}

/* The nearest doubles of a lower and an upper bound of digits * 10^exponent (digits + 1 above when `more`). */
static void find_bounds(struct gal_decimal decimal, bool more, double *ret_lower, double *ret_upper)
{
        struct scaled lower = scale(decimal.digits, decimal.exponent);
        struct scaled upper = more ? scale(decimal.digits + 1, decimal.exponent) : lower;

        *ret_lower = round_scaled(lower.leading, lower.exponent, !lower.exact || more);
        if (upper.exact && !more)
                *ret_upper = *ret_lower;
        else if (upper.leading + 2 < upper.leading)
                *ret_upper = round_scaled((gal_u128)1 << 127, upper.exponent + 1, true);
        else
                *ret_upper = round_scaled(upper.leading + 2, upper.exponent, true);
}

static bool multiply_exactly(struct gal_decimal decimal, double *ret_value)
{
        static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

        if (FLT_EVAL_METHOD != 0 || decimal.digits > UINT64_C(1) << 53)
                return false;
        if (decimal.exponent < -22 || decimal.exponent > 22)
                return false;
        if (decimal.exponent < 0)
                *ret_value = (double)decimal.digits / powers[-decimal.exponent];
        else
                *ret_value = (double)decimal.digits * powers[decimal.exponent];
        return true;
}

bool gal_decimal_to_double(struct gal_decimal decimal, bool more, double *ret_value)
{
        double lower, upper;

        if (decimal.digits == 0) {
                gal_assert(!more);
                *ret_value = 0.0;
                return true;
        }
        if (decimal.exponent < GAL_POWER_MIN || decimal.exponent > 308) {
                /* Below 10^19 * 10^-343, or 10^309 and above. */
                *ret_value = decimal.exponent < 0 ? 0.0 : (double)INFINITY;
                return true;
        }
        if (!more && multiply_exactly(decimal, ret_value))
                return true;
        find_bounds(decimal, more, &lower, &upper);
        *ret_value = lower;
        return lower == upper;
}

/* Big natural numbers, lowest limb first. Bounded by what DIGITS_MAX digits and the range of doubles can make of
 * them. */
struct big {
        uint32_t limbs[LIMBS_MAX];
        size_t count;
};

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t add)
{
        uint64_t carry = add;

        for (size_t i = 0; i < big->count; i++) {
                carry += (uint64_t)big->limbs[i] * factor;
                big->limbs[i] = (uint32_t)carry;
                carry >>= 32;
        }
        if (carry > 0) {
                gal_assert(big->count < LIMBS_MAX);
                big->limbs[big->count++] = (uint32_t)carry;
        }
}

/* big * step^exponent, in strides of step^stride, which must fit into 32 bits. */
static void big_multiply_power(struct big *big, uint32_t step, int stride, int64_t exponent)
{
        uint32_t factor = 1;

        for (int i = 0; i < stride; i++)
                factor *= step;
        for (; exponent >= stride; exponent -= stride)
                big_multiply_add(big, factor, 0);
        for (; exponent > 0; exponent--)
                big_multiply_add(big, step, 0);
}

static void big_multiply_pow10(struct big *big, int64_t exponent)
{
        big_multiply_power(big, 10, 9, exponent);
}

static void big_multiply_pow2(struct big *big, int64_t exponent)
{
        big_multiply_power(big, 2, 31, exponent);
}

static void big_set(struct big *big, uint64_t value)
{
        big->limbs[0] = (uint32_t)value;
        big->limbs[1] = (uint32_t)(value >> 32);
        big->count = value >> 32 != 0 ? 2 : 1;
}

static int big_compare(const struct big *a, const struct big *b)
{
        if (a->count != b->count)
                return a->count < b->count ? -1 : 1;
        for (size_t i = a->count; i-- > 0;)
                if (a->limbs[i] != b->limbs[i])
                        return a->limbs[i] < b->limbs[i] ? -1 : 1;
        return 0;
}

/* digits * 10^exponent against the midpoint between `lower` and the next double above it. */
static int compare_to_midpoint(const char *digits, size_t count, int64_t exponent, double lower)
{
        struct big left = { .count = 0 };
        struct big right;
        uint64_t bits, mantissa;
        int binary;

        memcpy(&bits, &lower, sizeof(bits));
        mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
        binary = (int)(bits >> MANTISSA_BITS);
        if (binary > 0)
                mantissa |= UINT64_C(1) << MANTISSA_BITS;
        else
                binary = 1;
        binary += EXPONENT_MIN - 1 - MANTISSA_BITS; /* lower = mantissa * 2^binary */
        for (size_t i = 0; i < count; i++)
                big_multiply_add(&left, 10, (uint32_t)(digits[i] - '0'));
        big_set(&right, 2 * mantissa + 1);
        binary--;
        big_multiply_pow10(&left, exponent); /* one of each pair does nothing */
        big_multiply_pow10(&right, -exponent);
        big_multiply_pow2(&left, -binary);
        big_multiply_pow2(&right, binary);
        return big_compare(&left, &right);
}

static double choose_neighbour(int order, double lower, double upper)
{
        uint64_t bits;

        memcpy(&bits, &lower, sizeof(bits));
        if (order == 0)
                return (bits & 1) == 0 ? lower : upper;
        return order < 0 ? lower : upper;
}

/* Copies the significant digits of a mantissa, and moves the exponent from its last digit to the last one kept. */
static size_t keep_digits(const char *text, size_t len, int64_t *exponent, char kept[DIGITS_MAX + 1])
{
        size_t count = 0;
        size_t total = 0;

        while (len > 0 && (*text == '0' || *text == '.')) {
                text++;
                len--;
        }
        for (; len > 0 && (text[len - 1] == '0' || text[len - 1] == '.'); len--)
                *exponent += text[len - 1] == '0' ? 1 : 0;
        for (size_t i = 0; i < len; i++) {
                if (text[i] == '.')
                        continue;
                total++;
                if (count < DIGITS_MAX)
                        kept[count++] = text[i];
        }
        if (total > count)
                kept[count++] = '1'; /* the last digit is no zero, so something is behind */
        *exponent += (int64_t)(total - count);
        return count;
}

double gal_decimal_to_double_exact(const char *mantissa, size_t len, int64_t exponent)
{
        char digits[DIGITS_MAX + 1];
        size_t count = keep_digits(mantissa, len, &exponent, digits);
        struct gal_decimal first = { 0, 0 };
        double lower, upper;
        size_t i;

        if (count == 0 || exponent < -(int64_t)count - 325)
                return 0.0;
        if (exponent > 310 - (int64_t)count)
                return (double)INFINITY;
        for (i = 0; i < count && i < 19; i++)
                first.digits = first.digits * 10 + (uint64_t)(digits[i] - '0');
        first.exponent = (int32_t)(exponent + (int64_t)(count - i));
        if (gal_decimal_to_double(first, count > i, &lower))
                return lower;
        find_bounds(first, count > i, &lower, &upper);
        return choose_neighbour(compare_to_midpoint(digits, count, exponent, lower), lower, upper);
}
