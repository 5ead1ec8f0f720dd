/*
 * test_id.c: randomness, UUIDs, names, UTF-8 and ARNs.
 */
#include "base/id.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/arn.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/utf8.h"

/* The first numbers of the reference implementation from this state: the stream must never change. */
START_TEST(random_stream)
{
        static const uint64_t expected[] = { 11520, 0, 1509978240, 1215971899390074240 };
        struct gal_random random = { { 1, 2, 3, 4 } };

        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
                ck_assert_uint_eq(gal_random_next(&random), expected[i]);
}
END_TEST

START_TEST(random_mends_zero)
{
        struct gal_random random = { { 0, 0, 0, 0 } };
        uint64_t bits = 0;

        for (int i = 0; i < 20; i++)
                bits |= gal_random_next(&random);
        ck_assert_uint_ne(bits, 0);
}
END_TEST

START_TEST(random_ranges)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        int counts[6] = { 0 };
        double sum = 0;

        for (int i = 0; i < 60000; i++) {
                double unit = gal_random_unit(&random);

                counts[gal_random_below(&random, 6)]++;
                ck_assert_uint_eq(gal_random_below(&random, 1), 0);
                ck_assert(unit >= 0 && unit < 1);
                sum += unit;
        }
        for (int i = 0; i < 6; i++)
                ck_assert_int_lt(abs(counts[i] - 10000), 500);
        ck_assert_double_eq_tol(sum / 60000, 0.5, 0.01);
        /* Of three quarters of all numbers, modulo alone would give the lowest third half of the time. */
        counts[0] = 0;
        for (int i = 0; i < 30000; i++)
                counts[0] += gal_random_below(&random, UINT64_C(3) << 62) < UINT64_C(1) << 62;
        ck_assert_int_lt(abs(counts[0] - 10000), 500);
}
END_TEST

START_TEST(random_below_zero)
{
        struct gal_random random = { { 1, 2, 3, 4 } };

        gal_random_below(&random, 0);
}
END_TEST

static void check_uuid(const char *text, char version)
{
        ck_assert_uint_eq(strlen(text), 36);
        for (size_t i = 0; i < 36; i++) {
                if (i == 8 || i == 13 || i == 18 || i == 23)
                        ck_assert_int_eq(text[i], '-');
                else
                        ck_assert_ptr_nonnull(strchr("0123456789abcdef", text[i]));
        }
        ck_assert_int_eq(text[14], version);
        ck_assert_ptr_nonnull(strchr("89ab", text[19]));
}

START_TEST(uuids)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        char last[GAL_UUID_SIZE] = "";
        char text[GAL_UUID_SIZE];

        for (int64_t i = 0; i < 1000; i++) {
                gal_uuid4_format(&random, text);
                check_uuid(text, '4');
                gal_uuid7_format(1795447038123 + i, &random, text);
                check_uuid(text, '7');
                ck_assert_int_gt(strcmp(text, last), 0); /* sorts by time */
                strcpy(last, text);
        }
        ck_assert(strncmp(last, "01a208fb-a492-7", 15) == 0);
        gal_uuid7_format(-5, &random, text);
        ck_assert(strncmp(text, "00000000-0000-7", 15) == 0);
}
END_TEST

static bool is_name(const char *text)
{
        return gal_name_is_valid(text, strlen(text), GAL_NAME_CHARACTERS_MAX);
}

START_TEST(names)
{
        static const char allowed[] = "!'()+-.=@_0azAZ";
        char text[] = "a?b";
        char eighty[162] = "";

        for (int c = 1; c < 0x80; c++) {
                bool expected = strchr(allowed, c) != NULL || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                (c >= 'a' && c <= 'z');

                text[1] = (char)c;
                ck_assert_msg(is_name(text) == expected, "U+%04X", (unsigned)c);
        }
        ck_assert(!is_name(""));
        ck_assert(!gal_name_is_valid("a\0b", 3, 80));
        ck_assert(is_name("Zoë-€-😀"));
        ck_assert(!is_name("\xC2\x80")); /* U+0080 to U+009F are controls; U+00A0 is not */
        ck_assert(!is_name("\xC2\x9F"));
        ck_assert(is_name("\xC2\xA0"));
        ck_assert(!is_name("a\xFF"));
        ck_assert(!is_name("a\xC3"));
        for (int i = 0; i < 80; i++)
                strcat(eighty, "é");
        ck_assert(is_name(eighty));
        ck_assert(!gal_name_is_valid(eighty, strlen(eighty), 79));
        strcat(eighty, "x");
        ck_assert(!is_name(eighty));
}
END_TEST

START_TEST(utf8_sequences)
{
        static const struct {
                const char *text;
                size_t size;
        } cases[] = {
                { "", 0 },
                { "a", 1 },
                { "\x7F", 1 },
                { "\x80", 0 },
                { "\xBF", 0 },
                { "\xC1\xBF", 0 },
                { "\xC2\x80", 2 },
                { "\xDF\xBF", 2 },
                { "\xDF\xC0", 0 },
                { "\xDF", 0 },
                { "\xE0\x9F\xBF", 0 },
                { "\xE0\xA0\x80", 3 },
                { "\xED\x9F\xBF", 3 },
                { "\xED\xA0\x80", 0 },
                { "\xEE\x80\x80", 3 },
                { "\xEF\xBF\xBF", 3 },
                { "\xEF\xBF", 0 },
                { "\xEF\xBF\x20", 0 },
                { "\xF0\x8F\xBF\xBF", 0 },
                { "\xF0\x90\x80\x80", 4 },
                { "\xF4\x8F\xBF\xBF", 4 },
                { "\xF4\x90\x80\x80", 0 },
                { "\xF5\x80\x80\x80", 0 },
                { "\xF0\x90\x80\xC0", 0 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                ck_assert_msg(gal_utf8_sequence(cases[i].text, strlen(cases[i].text)) == cases[i].size, "case %zu",
                              i);
}
END_TEST

START_TEST(utf8_encodes_all)
{
        char text[4];

        for (uint32_t code = 0; code <= 0x10FFFF; code++) {
                size_t size;

                if (code == 0xD800)
                        code = 0xE000;
                size = gal_utf8_encode(code, text);
                if (gal_utf8_sequence(text, size) != size || size != (code < 0x80      ? 1u
                                                                      : code < 0x800   ? 2u
                                                                      : code < 0x10000 ? 3u
                                                                                       : 4u))
                        ck_abort_msg("U+%04X", code);
                if (gal_utf8_decode(text, size) != code)
                        ck_abort_msg("decoding U+%04X", code);
        }
}
END_TEST

START_TEST(utf8_lengths)
{
        ck_assert_uint_eq(gal_utf8_length("", 0), 0);
        ck_assert_uint_eq(gal_utf8_length("aé€😀", 10), 4);
        ck_assert_uint_eq(gal_utf8_length("\xFF\xFF", 2), 2);
        ck_assert_uint_eq(gal_utf8_length("\xE2\x82"
                                          "a",
                                          3),
                          3);
        ck_assert_uint_eq(gal_utf8_trim("aé", 3), 3);
        ck_assert_uint_eq(gal_utf8_trim("aé", 2), 1);
        ck_assert_uint_eq(gal_utf8_trim("a😀", 5), 5);
        for (size_t len = 2; len < 5; len++)
                ck_assert_uint_eq(gal_utf8_trim("a😀", len), 1);
        ck_assert_uint_eq(gal_utf8_trim("", 0), 0);
        ck_assert_uint_eq(gal_utf8_trim("\x80\x80\x80\x80\x80", 5), 5);
}
END_TEST

/* As "...".compareTo() of Java has it. */
START_TEST(utf8_compares_as_utf16)
{
        static const char *const ascending[] = { "",
                                                 "a",
                                                 "ab",
                                                 "a\xC3\xA4",
                                                 "b",
                                                 "\xC3\xA4",
                                                 "\xED\x9F\xBF",
                                                 "\xF0\x90\x80\x80",
                                                 "\xF4\x8F\xBF\xBF",
                                                 "\xEE\x80\x80",
                                                 "\xEF\xBF\xBF" };
        int count = sizeof(ascending) / sizeof(ascending[0]);

        for (int i = 0; i < count; i++) {
                for (int k = 0; k < count; k++) {
                        int order = gal_utf8_compare(ascending[i], strlen(ascending[i]), ascending[k],
                                                     strlen(ascending[k]));

                        ck_assert_msg((order > 0) - (order < 0) == (i > k) - (i < k), "%s %s", ascending[i],
                                      ascending[k]);
                }
        }
}
END_TEST

START_TEST(arns)
{
        static const char text[] = "arn:aws:states:us-east-1:123456789012:execution:NAME:EXECUTION";
        struct gal_arn arn;

        ck_assert(gal_arn_parse(text, strlen(text), &arn));
        ck_assert(gal_slice_is(arn.partition, "aws"));
        ck_assert(gal_slice_is(arn.service, "states"));
        ck_assert(gal_slice_is(arn.region, "us-east-1"));
        ck_assert(gal_slice_is(arn.account, "123456789012"));
        ck_assert(gal_slice_is(arn.resource, "execution:NAME:EXECUTION"));
        ck_assert(gal_arn_parse("arn:aws:states:::lambda:invoke", 30, &arn));
        ck_assert_uint_eq(arn.region.len, 0);
        ck_assert_uint_eq(arn.account.len, 0);
        ck_assert(gal_slice_is(arn.resource, "lambda:invoke"));
        ck_assert(!gal_arn_parse("arn:aws:states::", 16, &arn));
        ck_assert(gal_arn_parse("arn:aws:states:::", 17, &arn));
        ck_assert(!gal_arn_parse("arm:aws:states:::x", 18, &arn));
        ck_assert(!gal_arn_parse("", 0, &arn));
        ck_assert(!gal_arn_parse("arn", 3, &arn));
        ck_assert_str_eq(gal_arn_partition("us-east-1"), "aws");
        ck_assert_str_eq(gal_arn_partition("cn-north-1"), "aws-cn");
        ck_assert_str_eq(gal_arn_partition("us-gov-west-1"), "aws-us-gov");
        ck_assert_str_eq(gal_arn_partition(""), "aws");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("id");
        TCase *tcase = tcase_create("id");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, random_stream);
        tcase_add_test(tcase, random_mends_zero);
        tcase_add_test(tcase, random_ranges);
        tcase_add_test_raise_signal(tcase, random_below_zero, SIGABRT);
        tcase_add_test(tcase, uuids);
        tcase_add_test(tcase, names);
        tcase_add_test(tcase, utf8_sequences);
        tcase_add_test(tcase, utf8_encodes_all);
        tcase_add_test(tcase, utf8_lengths);
        tcase_add_test(tcase, utf8_compares_as_utf16);
        tcase_add_test(tcase, arns);
        tcase_set_timeout(tcase, 60);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
