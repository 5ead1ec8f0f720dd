/*
 * test_timestamp.c: instants to text and back.
 */
#include "base/timestamp.h"

#include <check.h>
#include <string.h>
#include <time.h>

#include "base/random.h"

static const struct {
        const char *text;
        int64_t seconds;
        int32_t nanoseconds;
} accepted[] = {
        { "1970-01-01T00:00:00Z", 0, 0 },
        { "1969-12-31T23:59:59.5Z", -1, 500000000 },
        { "2016-02-29T23:59:59Z", 1456790399, 0 },
        { "2000-02-29T12:00:00+00:00", 951825600, 0 },
        { "2016-12-05T21:29:29-08:00", 1481002169, 0 },
        { "2016-12-05T21:29:29+05:30", 1480953569, 0 },
        { "2016-12-05T21:29:29-00:00", 1480973369, 0 },
        { "2016-12-05T21:29:29+23:59", 1480887029, 0 },
        { "2026-11-23T15:17:18.123Z", 1795447038, 123000000 },
        { "2026-11-23T15:17:18.123456789Z", 1795447038, 123456789 },
        { "2026-11-23T15:17:18.1234567899999999Z", 1795447038, 123456789 },
        { "2026-11-23T15:17:18.000000000000001+01:00", 1795443438, 0 },
        { "0000-01-01T00:00:00Z", -62167219200, 0 },
        { "9999-12-31T23:59:59.999999999Z", 253402300799, 999999999 },
};

static const char *const refused[] = {
        "",
        "2016",
        "2016-12-05",
        "2016-12-05T21:29:29",  /* no zone */
        "2016-12-05 21:29:29Z", /* no T */
        "2016-12-05t21:29:29Z",
        "2016-12-05T21:29:29z",
        "2016-12-05T21:29Z",    /* no seconds */
        "2016-13-05T21:29:29Z", /* month 13 */
        "2016-00-05T21:29:29Z",
        "2016-12-00T21:29:29Z",
        "2016-12-32T21:29:29Z",
        "2015-02-29T00:00:00Z", /* no leap year */
        "1900-02-29T00:00:00Z",
        "2016-02-30T00:00:00Z",
        "2016-04-31T00:00:00Z",
        "2016-12-05T24:00:00Z",
        "2016-12-05T25:29:29Z", /* hour 25 */
        "2016-12-05T21:60:29Z",
        "2016-12-31T23:59:60Z", /* leap second */
        "05-12-2016T21:29:29Z", /* day first */
        "2016-12-05T21:29:29.Z",
        "2016-12-05T21:29:29,5Z",
        "2016-12-05T21:29:29+0100",
        "2016-12-05T21:29:29+01",
        "2016-12-05T21:29:29+24:00",
        "2016-12-05T21:29:29+01:60",
        "2016-12-05T21:29:29ZZ",
        "2016-12-05T21:29:29Z ",
        " 2016-12-05T21:29:29Z",
        "2016-12-5T21:29:29Z",
        "16-12-05T21:29:29Z",
        "12016-12-05T21:29:29Z",
        "-016-12-05T21:29:29Z",
        "+2016-12-05T21:29:29Z",
        "2016-12-05T21:29:2\xC3\xA9Z",
};

START_TEST(timestamp_accepts)
{
        struct gal_instant instant = { 7, 7 };

        ck_assert_msg(gal_timestamp_parse(accepted[_i].text, strlen(accepted[_i].text), &instant), "%s",
                      accepted[_i].text);
        ck_assert_int_eq(instant.seconds, accepted[_i].seconds);
        ck_assert_int_eq(instant.nanoseconds, accepted[_i].nanoseconds);
}
END_TEST

START_TEST(timestamp_refuses)
{
        struct gal_instant instant = { 7, 7 };

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                ck_assert_msg(!gal_timestamp_parse(refused[i], strlen(refused[i]), &instant), "%s", refused[i]);
        for (size_t len = 0; len < strlen("2026-11-23T15:17:18.123Z"); len++)
                ck_assert(!gal_timestamp_parse("2026-11-23T15:17:18.123Z", len, &instant));
        ck_assert_int_eq(instant.seconds, 7);
        ck_assert_int_eq(instant.nanoseconds, 7);
}
END_TEST

START_TEST(timestamp_formats)
{
        static const struct {
                int64_t ms;
                const char *text;
        } cases[] = {
                { 0, "1970-01-01T00:00:00.000Z" },
                { -1, "1969-12-31T23:59:59.999Z" },
                { 1795447038123, "2026-11-23T15:17:18.123Z" },
                { 951782400000, "2000-02-29T00:00:00.000Z" },
                { -62167219200000, "0000-01-01T00:00:00.000Z" },
                { -62167219200001, "-0001-12-31T23:59:59.999Z" },
                { 253402300799999, "9999-12-31T23:59:59.999Z" },
                { 253402300800000, "+10000-01-01T00:00:00.000Z" },
                { INT64_MAX, "+292278994-08-17T07:12:55.807Z" },
                { INT64_MIN, "-292275055-05-16T16:47:04.192Z" },
        };
        char text[GAL_TIMESTAMP_SIZE];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                ck_assert_uint_eq(gal_timestamp_format(cases[i].ms, text), strlen(cases[i].text));
                ck_assert_str_eq(text, cases[i].text);
        }
}
END_TEST

/* Every day of four centuries and some instants within, against libc; and back again. */
START_TEST(timestamp_agrees_with_libc)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        char ours[GAL_TIMESTAMP_SIZE], theirs[GAL_TIMESTAMP_SIZE];
        struct gal_instant instant;

        for (int64_t day = -40000; day < 120000; day++) {
                time_t seconds = day * 86400 + (int64_t)gal_random_below(&random, 86400);
                struct tm parts;
                size_t len = gal_timestamp_format((int64_t)seconds * 1000, ours);

                strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&seconds, &parts));
                ck_assert_str_eq(ours, theirs);
                ck_assert(gal_timestamp_parse(ours, len, &instant));
                ck_assert_int_eq(instant.seconds, seconds);
        }
}
END_TEST

START_TEST(instant_to_ms)
{
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ 1, 0 }), 1000);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ 1, 1 }), 1001); /* never early */
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ 1, 1000000 }), 1001);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ 1, 999999999 }), 2000);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ -1, 1 }), -999);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ INT64_MAX, 0 }), INT64_MAX);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ INT64_MAX / 1000, 999999999 }), INT64_MAX);
        ck_assert_int_eq(gal_instant_to_ms((struct gal_instant){ INT64_MIN, 0 }), INT64_MIN);
}
END_TEST

START_TEST(instant_compare)
{
        struct gal_instant a = { 5, 10 };

        ck_assert_int_eq(gal_instant_compare(a, a), 0);
        ck_assert_int_lt(gal_instant_compare(a, (struct gal_instant){ 5, 11 }), 0);
        ck_assert_int_gt(gal_instant_compare(a, (struct gal_instant){ 5, 9 }), 0);
        ck_assert_int_lt(gal_instant_compare(a, (struct gal_instant){ 6, 0 }), 0);
        ck_assert_int_gt(gal_instant_compare(a, (struct gal_instant){ -6, 999999999 }), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("timestamp");
        TCase *tcase = tcase_create("timestamp");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tcase, timestamp_accepts, 0, (int)(sizeof(accepted) / sizeof(accepted[0])));
        tcase_add_test(tcase, timestamp_refuses);
        tcase_add_test(tcase, timestamp_formats);
        tcase_add_test(tcase, timestamp_agrees_with_libc);
        tcase_add_test(tcase, instant_to_ms);
        tcase_add_test(tcase, instant_compare);
        tcase_set_timeout(tcase, 60);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
