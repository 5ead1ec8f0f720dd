/*
 * number_decimal.h: between doubles and decimal digits; the two hard halves of base/number.h. For this folder only.
 */
#ifndef GAL_BASE_NUMBER_DECIMAL_H
#define GAL_BASE_NUMBER_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 gal_u128; /* a product of two 64-bit numbers */

/* digits * 10^exponent */
struct gal_decimal {
        uint64_t digits;
        int32_t exponent;
};

/*
 * The decimal of fewest digits that reads back as `value`; of several, the one nearest to it. `digits_min` is 1, or
 * 2 as Java has it: where one digit is enough, but two come nearer, two it is (4.9E-324). Not ending in 0, unless
 * digits_min asks for it. `value` must be finite and above zero.
 */
struct gal_decimal gal_decimal_shortest(double value, int digits_min);

/*
 * The double nearest to digits * 10^exponent, ties to even; infinity past the largest. `more` is whether nonzero
 * digits were cut off behind `digits` (which then has 19 of them): false is returned when they would decide.
 */
bool gal_decimal_to_double(struct gal_decimal decimal, bool more, double *ret_value);

/* The same for any number of digits, and slower: digits with at most one point among them, which counts for
 * nothing, times 10^exponent. */
double gal_decimal_to_double_exact(const char *mantissa, size_t len, int64_t exponent);

/* The 128 leading bits, cut off, of 10^k; the leading one is always set. */
struct gal_power_of_ten {
        uint64_t high;
        uint64_t low;
};

#define GAL_POWER_MIN (-342)
#define GAL_POWER_MAX 324
extern const struct gal_power_of_ten gal_powers_of_ten[GAL_POWER_MAX - GAL_POWER_MIN + 1];

#endif
