/*
 * number_shortest.c: the shortest decimal that reads back as a double: Schubfach, after Raffaello Giulietti's paper
 * "The Schubfach way to render doubles".
 *
 * A double stands for every real between its two midpoints. At the right power of ten 10^k at most two of its
 * multiples, s and s + 1, can be inside and nearest, and at 10^(k+1) at most one can; the interval's ends are
 * compared in integers scaled by four, with the bits that multiplication cuts off folded into the lowest bit
 * ("round to odd").
 */
#include "base/number_decimal.h"

#include <string.h>

#include "base/assert.h"

#define MANTISSA_BITS 52
#define EXPONENT_BIAS (1023 + MANTISSA_BITS)
/* 10^k is exact in 128 bits for these k (5^55 < 2^128). */
#define EXACT_POWER_MAX 55

/* floor(log10(2^e)), and of 3/4 * 2^e; floor(log2(10^e)): fixed point, right for |e| <= 1233. */
static int floor_log10_pow2(int e)
{
        return (e * 1262611) >> 22;
}

static int floor_log10_three_quarters_pow2(int e)
{
        return (e * 1262611 - 524031) >> 22;
}

static int floor_log2_pow10(int e)
{
        return (e * 1741647) >> 19;
}

/* 10^k in 128 bits, rounded up. */
static struct gal_power_of_ten power_rounded_up(int k)
{
        struct gal_power_of_ten power;

        gal_assert(k >= GAL_POWER_MIN);
        gal_assert(k <= GAL_POWER_MAX);
        power = gal_powers_of_ten[k - GAL_POWER_MIN];
        if ((k < 0 || k > EXACT_POWER_MAX) && ++power.low == 0)
                power.high++;
        return power;
}

/* power * scaled / 2^128, with the lowest bit set when anything is cut off. */
static uint64_t multiply_to_odd(struct gal_power_of_ten power, uint64_t scaled)
{
        gal_u128 low = (gal_u128)power.low * scaled;
        gal_u128 high = (gal_u128)power.high * scaled + (uint64_t)(low >> 64);

        return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* Of the multiples s and s + 1 of 10^k the one that is inside, or, where both are, the nearer one. */
static uint64_t choose_neighbour(uint64_t s, uint64_t scaled, uint64_t lower, uint64_t upper)
{
        bool s_inside = lower <= 4 * s;
        bool next_inside = 4 * s + 4 <= upper;
        uint64_t middle = 4 * s + 2;

        if (s_inside != next_inside)
                return s + (next_inside ? 1 : 0);
        return s + (scaled > middle || (scaled == middle && (s & 1) != 0) ? 1 : 0);
}

static struct gal_decimal search(uint64_t c, int q, bool lower_is_closer, int digits_min)
{
        uint64_t odd = c & 1; /* the interval's ends read back as an even mantissa only */
        int k = lower_is_closer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
        int h = q + floor_log2_pow10(-k) + 1;
        struct gal_power_of_ten power = power_rounded_up(-k);
        uint64_t lower = multiply_to_odd(power, (4 * c - (lower_is_closer ? 1 : 2)) << h) + odd;
        uint64_t scaled = multiply_to_odd(power, (4 * c) << h);
        uint64_t upper = multiply_to_odd(power, (4 * c + 2) << h) - odd;
        uint64_t s = scaled / 4;

        if (s >= (digits_min > 1 ? 100 : 10)) {
                uint64_t tens = s / 10;
                bool inside = lower <= 40 * tens;
                bool next_inside = 40 * tens + 40 <= upper;

                if (inside != next_inside)
                        return (struct gal_decimal){ tens + (next_inside ? 1 : 0), k + 1 };
        }
        return (struct gal_decimal){ choose_neighbour(s, scaled, lower, upper), k };
}

static struct gal_decimal strip_zeros(struct gal_decimal decimal)
{
        if (decimal.digits % 100000000 == 0) { /* as behind most numbers that people write */
                decimal.digits /= 100000000;
                decimal.exponent += 8;
        }
        while (decimal.digits % 10 == 0) {
                decimal.digits /= 10;
                decimal.exponent++;
        }
        return decimal;
}

struct gal_decimal gal_decimal_shortest(double value, int digits_min)
{
        uint64_t bits, fraction;
        int biased;

        memcpy(&bits, &value, sizeof(bits));
        fraction = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
        biased = (int)(bits >> MANTISSA_BITS);
        gal_assert(bits != 0);
        gal_assert(biased < 0x7FF); /* with the sign bit set it would be larger, too */
        if (value < 0x1.0p53 && value == (double)(uint64_t)value)
                return strip_zeros((struct gal_decimal){ (uint64_t)value, 0 });
        if (biased == 0) {
                /* Java's second digit for the two smallest doubles, 4.94E-324 and 9.88E-324. */
                if (digits_min > 1 && fraction <= 2)
                        return (struct gal_decimal){ fraction == 1 ? 49 : 99, -325 };
                return strip_zeros(search(fraction, 1 - EXPONENT_BIAS, false, digits_min));
        }
        return strip_zeros(search(fraction | UINT64_C(1) << MANTISSA_BITS, biased - EXPONENT_BIAS,
                                  fraction == 0 && biased > 1, digits_min));
}
