/*
 * test_number.c: doubles and their texts: one table of notation, then properties against libc on many numbers.
 */
#include "base/number.h"

#include <check.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_decimal.h"
#include "base/random.h"

#define SAMPLES 30000

static const struct {
        double value;
        const char *java;
        const char *javascript;
} notations[] = {
        { 0.0, "0.0", "0" },
        { -0.0, "-0.0", "0" },
        { 1, "1.0", "1" },
        { -1.5, "-1.5", "-1.5" },
        { 0.1, "0.1", "0.1" },
        { 0.1 + 0.2, "0.30000000000000004", "0.30000000000000004" },
        { 100, "100.0", "100" },
        { 123456.789, "123456.789", "123456.789" },
        { 9999999, "9999999.0", "9999999" },
        { 9999999.999999998, "9999999.999999998", "9999999.999999998" },
        { 1e7, "1.0E7", "10000000" },
        { 12345678, "1.2345678E7", "12345678" },
        { 0.001, "0.001", "0.001" },
        { 0.002, "0.002", "0.002" },
        { 9.999e-4, "9.999E-4", "0.0009999" },
        { 1e-5, "1.0E-5", "0.00001" },
        { 1e-6, "1.0E-6", "0.000001" },
        { 1e-7, "1.0E-7", "1e-7" },
        { 1.5e-7, "1.5E-7", "1.5e-7" },
        { 1e20, "1.0E20", "100000000000000000000" },
        { 123456789012345680000.0, "1.2345678901234568E20", "123456789012345680000" },
        { 1e21, "1.0E21", "1e+21" },
        { 1.25e21, "1.25E21", "1.25e+21" },
        { 1e23, "1.0E23", "1e+23" },
        { 2e23, "2.0E23", "2e+23" },
        { 9007199254740993.0, "9.007199254740992E15", "9007199254740992" },
        { 9223372036854775808.0, "9.223372036854776E18", "9223372036854776000" },
        { 0x1p-44, "5.684341886080802E-14", "5.684341886080802e-14" },
        { 1e100, "1.0E100", "1e+100" },
        { -1e-100, "-1.0E-100", "-1e-100" },
        { DBL_MAX, "1.7976931348623157E308", "1.7976931348623157e+308" },
        { DBL_MIN, "2.2250738585072014E-308", "2.2250738585072014e-308" },
        /* Where one digit is enough Java looks for a nearer number of two. */
        { 0x1p-1074, "4.9E-324", "5e-324" },
        { 0x2p-1074, "9.9E-324", "1e-323" },
        { 0x3p-1074, "1.5E-323", "1.5e-323" },
        { 0x4p-1074, "2.0E-323", "2e-323" },
        { 0xAp-1074, "4.9E-323", "5e-323" },
};

START_TEST(number_notation)
{
        char text[GAL_NUMBER_SIZE];
        size_t len;

        len = gal_number_format_java(notations[_i].value, text);
        ck_assert_str_eq(text, notations[_i].java);
        ck_assert_uint_eq(len, strlen(text));
        len = gal_number_format_javascript(notations[_i].value, text);
        ck_assert_str_eq(text, notations[_i].javascript);
        ck_assert_uint_eq(len, strlen(text));
}
END_TEST

static double draw_double(struct gal_random *random)
{
        uint64_t bits;
        double value;

        do {
                bits = gal_random_next(random);
                memcpy(&value, &bits, sizeof(value));
        } while (!isfinite(value));
        switch (gal_random_below(random, 4)) {
        case 0: /* few digits */
                return (double)(int64_t)gal_random_below(random, 100000) / 1000.0;
        case 1: /* powers of two: the interval below is half as wide */
                return ldexp(1.0, (int)gal_random_below(random, 2098) - 1074);
        case 2: /* subnormal */
                return value * 0x1p-1000 * 0x1p-60;
        }
        return value;
}

/* What reads back, and nothing shorter does; of texts as short, none is nearer. */
static void check_shortest(double value, const char *text)
{
        char exact[64];
        char digits[32] = "";
        int count = 0;

        ck_assert_msg(strtod(text, NULL) == value, "%s for %.17g", text, value);
        for (const char *at = text; *at != '\0' && *at != 'e'; at++)
                if (*at >= '0' && *at <= '9' && (count > 0 || *at != '0'))
                        digits[count++] = *at;
        while (count > 1 && digits[count - 1] == '0')
                digits[--count] = '\0';
        if (count == 0)
                return;
        if (count > 1) {
                snprintf(exact, sizeof(exact), "%.*e", count - 2, value);
                ck_assert_msg(strtod(exact, NULL) != value, "%s is longer than %s", text, exact);
        }
        snprintf(exact, sizeof(exact), "%.*e", count - 1, value);
        if (strtod(exact, NULL) != value)
                return; /* the nearest of this length is outside of the interval: there is no choice */
        ck_assert_msg(strtod(text, NULL) == strtod(exact, NULL), "%s", text);
        for (int i = 0, at = 0; exact[at] != 'e'; at++) {
                if (exact[at] >= '0' && exact[at] <= '9')
                        ck_assert_msg(exact[at] == digits[i++], "%s, but %s is nearer", text, exact);
        }
}

START_TEST(number_shortest)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        char text[GAL_NUMBER_SIZE];
        double back;

        for (int i = 0; i < SAMPLES; i++) {
                double value = draw_double(&random);

                gal_number_format_javascript(value, text);
                check_shortest(value, text);
                ck_assert_uint_lt(gal_number_format_java(value, text), GAL_NUMBER_SIZE);
                ck_assert(gal_number_parse_double(text, strlen(text), &back));
                ck_assert_msg(memcmp(&back, &value, sizeof(back)) == 0, "%s for %.17g", text, value);
        }
}
END_TEST

static void check_parse(const char *text)
{
        double theirs = strtod(text, NULL);
        double ours = 0;
        bool finite = gal_number_parse_double(text, strlen(text), &ours);

        ck_assert_msg(finite == (bool)isfinite(theirs), "%s", text);
        if (finite)
                ck_assert_msg(memcmp(&ours, &theirs, sizeof(ours)) == 0, "%s: %.17g, not %.17g", text, ours,
                              theirs);
}

START_TEST(number_parse_special)
{
        static const char *const texts[] = {
                "0",
                "-0",
                "0.0",
                "-0.0",
                "0e5",
                "0e99999999999",
                "0.000e-99999999999",
                "1",
                "-1",
                "1e0",
                "1E+2",
                "0.1",
                "1e22",
                "1e23",
                "1e-22",
                "1e-23",
                "123456789012345678901234567890",
                "9007199254740993",
                "9007199254740992.99999999999999999999",
                "9007199254740993.00000000000000000000000001",
                "2.2250738585072011e-308",
                "2.2250738585072012e-308",
                "2.2250738585072014e-308",
                "4.9e-324",
                "2.4703282292062327208e-324",
                "2.4703282292062328e-324",
                "2.4703282292062327e-324",
                "1e-400",
                "1.7976931348623157e308",
                "1.7976931348623158e308",
                "1.7976931348623159e308",
                "1e309",
                "1e999999999",
                "17976931348623157e292",
                "0.00000000000000000000000000000000000000000000000000000017976931348623157e363",
                "179769313486231580793728971405301e276",
                "100000000000000000000000000000000000000000000e-44",
                "18446744073709551615",
                "18446744073709551616",
                "9999999999999999999",
                "99999999999999999990e-1",
                "6.9294956446009195e15",
                "1e-342",
                "1e-343",
                "9.999999999999999999e-324",
                "0.5e-323",
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                check_parse(texts[i]);
}
END_TEST

START_TEST(number_parse_random)
{
        struct gal_random random = { { 5, 6, 7, 8 } };
        char text[128];

        for (int i = 0; i < SAMPLES; i++) {
                double value = draw_double(&random);
                size_t len = 0;

                snprintf(text, sizeof(text), "%.*g", 15 + (int)gal_random_below(&random, 10), value);
                check_parse(text);
                for (size_t digits = 1 + gal_random_below(&random, 40); digits > 0; digits--) {
                        text[len++] = (char)('0' + gal_random_below(&random, 10));
                        if (digits == 7)
                                text[len++] = '.';
                }
                snprintf(text + len, sizeof(text) - len, "%se%d", text[len - 1] == '.' ? "0" : "",
                         (int)gal_random_below(&random, 700) - 370);
                check_parse(text);
        }
}
END_TEST

/* The midpoint of two neighbours, with all its digits, is a tie; one more digit anywhere behind breaks it. */
START_TEST(number_parse_midpoints)
{
        struct gal_random random = { { 9, 10, 11, 12 } };
        char text[1400];
        size_t len;

        if (LDBL_MANT_DIG < 54)
                return; /* where long double is double, a midpoint cannot be printed so simply */
        for (int i = 0; i < SAMPLES / 50; i++) {
                double value = fabs(draw_double(&random));
                long double middle = ((long double)value + (long double)nextafter(value, DBL_MAX)) / 2;

                snprintf(text, sizeof(text) - 4, "%.*Lf", value < 1e-5 ? 1100 : 60, middle);
                check_parse(text);
                len = strlen(text);
                memcpy(text + len, "1", 2);
                check_parse(text);
                for (len--; len > 0 && text[len] == '0'; len--)
                        ;
                if (text[len] != '.')
                        text[len]--; /* below */
                check_parse(text);
        }
}
END_TEST

START_TEST(number_parse_many_digits)
{
        static char text[5000];

        /* 2^53 + 1 is a tie; its 3,000th digit behind the point decides. */
        memset(text, '0', 5000);
        memcpy(text, "9007199254740993.", 17);
        text[3000] = '\0';
        check_parse(text);
        text[2999] = '1';
        check_parse(text);
        memset(text, '7', 4000);
        memcpy(text + 4000, "e-3990", 7);
        check_parse(text);
        memset(text, '0', 4000);
        memcpy(text, "0.", 2);
        memcpy(text + 4000, "3e3990", 7);
        check_parse(text);
}
END_TEST

START_TEST(number_parse_int64)
{
        static const struct {
                const char *text;
                bool good;
                int64_t value;
        } cases[] = {
                { "0", true, 0 },
                { "-0", true, 0 },
                { "42", true, 42 },
                { "-42", true, -42 },
                { "9223372036854775807", true, INT64_MAX },
                { "9223372036854775808", false, 0 },
                { "-9223372036854775808", true, INT64_MIN },
                { "-9223372036854775809", false, 0 },
                { "99999999999999999999", false, 0 },
                { "", false, 0 },
                { "-", false, 0 },
                { "+1", false, 0 },
                { "1.0", false, 0 },
                { "1e3", false, 0 },
                { " 1", false, 0 },
                { "1 ", false, 0 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                int64_t value = 77;

                ck_assert_msg(gal_number_parse_int64(cases[i].text, strlen(cases[i].text), &value) == cases[i].good,
                              "'%s'", cases[i].text);
                ck_assert_int_eq(value, cases[i].good ? cases[i].value : 77);
        }
}
END_TEST

/* A natural number in 32-bit limbs; room for 5^342. */
struct big {
        uint32_t limbs[40];
};

static void big_multiply(struct big *big, uint32_t factor)
{
        uint64_t carry = 0;

        for (size_t i = 0; i < 40; i++) {
                carry += (uint64_t)big->limbs[i] * factor;
                big->limbs[i] = (uint32_t)carry;
                carry >>= 32;
        }
        ck_assert_uint_eq(carry, 0);
}

static struct big big_power(uint32_t base, int exponent, uint64_t high, uint64_t low)
{
        struct big big = { { (uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32) } };

        while (exponent-- > 0)
                big_multiply(&big, base);
        return big;
}

static int big_top_bit(const struct big *big)
{
        for (int i = 40 * 32 - 1; i >= 0; i--)
                if ((big->limbs[i / 32] >> (i % 32) & 1) != 0)
                        return i;
        return -1;
}

static uint64_t big_bits(const struct big *big, int lowest)
{
        uint64_t bits = 0;

        for (int i = 63; i >= 0; i--)
                bits = bits << 1 | (lowest + i < 0 ? 0 : big->limbs[(lowest + i) / 32] >> ((lowest + i) % 32) & 1);
        return bits;
}

/* 10^k has the leading bits of 5^k; those of 5^-k times 5^k fall short of a power of two by less than 5^k. */
START_TEST(number_powers)
{
        for (int k = GAL_POWER_MIN; k <= GAL_POWER_MAX; k++) {
                struct gal_power_of_ten power = gal_powers_of_ten[k - GAL_POWER_MIN];
                struct big five = big_power(5, k < 0 ? -k : k, 0, 1);
                struct big product;
                int top = big_top_bit(&five);

                if (k >= 0) {
                        ck_assert_uint_eq(power.high, big_bits(&five, top - 63));
                        ck_assert_uint_eq(power.low, big_bits(&five, top - 127));
                        continue;
                }
                ck_assert_uint_eq(power.high >> 63, 1);
                product = big_power(5, -k, power.high, power.low);
                for (int i = 0, below = big_top_bit(&product) + 1; i < 2; i++) {
                        uint64_t carry = 0;

                        ck_assert_int_eq(big_top_bit(&product), i == 0 ? below - 1 : below);
                        for (size_t limb = 0; limb < 40; limb++) {
                                carry += (uint64_t)product.limbs[limb] + five.limbs[limb];
                                product.limbs[limb] = (uint32_t)carry;
                                carry >>= 32;
                        }
                }
        }
}
END_TEST

START_TEST(number_ignores_locale)
{
        char text[GAL_NUMBER_SIZE];
        double value = 0;

        if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE.utf8") == NULL)
                return; /* that locale is not installed here */
        snprintf(text, sizeof(text), "%.1f", 1.5);
        ck_assert_str_eq(text, "1,5"); /* else this shows nothing */
        gal_number_format_java(1.5, text);
        ck_assert_str_eq(text, "1.5");
        ck_assert(gal_number_parse_double("1.2345678901234567890123", 24, &value));
        ck_assert_double_eq(value, 1.2345678901234567890123);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("number");
        TCase *notation = tcase_create("notation");
        TCase *parse = tcase_create("parse");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(notation, number_notation, 0, (int)(sizeof(notations) / sizeof(notations[0])));
        tcase_add_test(notation, number_shortest);
        tcase_add_test(notation, number_powers);
        tcase_add_test(notation, number_ignores_locale);
        tcase_set_timeout(notation, 60);
        suite_add_tcase(suite, notation);
        tcase_add_test(parse, number_parse_special);
        tcase_add_test(parse, number_parse_random);
        tcase_add_test(parse, number_parse_midpoints);
        tcase_add_test(parse, number_parse_many_digits);
        tcase_add_test(parse, number_parse_int64);
        tcase_set_timeout(parse, 60);
        suite_add_tcase(suite, parse);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
