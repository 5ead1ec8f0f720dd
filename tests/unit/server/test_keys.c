/*
 * test_keys.c: patterns of actions and resources, and the histogram's and metrics' text. Files of keys are tried
 * through `serve` in tests/server/network.py.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "server/keys.h"
#include "server/metrics.h"

static const struct {
        const char *pattern;
        const char *text;
        bool matches;
} patterns[] = {
        { "*", "", true },
        { "*", "arn:aws:states", true },
        { "", "", true },
        { "", "a", false },
        { "StartExecution", "StartExecution", true },
        { "StartExecution", "startexecution", false },
        { "StartExecution", "StartExecutions", false },
        { "Describe*", "DescribeExecution", true },
        { "Describe*", "Describe", true },
        { "Describe*", "DeleteActivity", false },
        { "*Execution", "StartSyncExecution", true },
        { "*Execution", "ExecutionStart", false },
        { "a*b*c", "aXbXbXc", true },
        { "a*b*c", "aXcXb", false },
        { "a**b", "ab", true },
        { "a?c", "abc", true },
        { "a?c", "ac", false },
        { "?*", "", false },
        { "a\\*", "ab", false }, /* nothing is escaped */
        { "arn:*:stateMachine:dev-*", "arn:aws:states:us-east-1:1:stateMachine:dev-1", true },
        { "arn:*:stateMachine:dev-*", "arn:aws:states:us-east-1:1:stateMachine:prod", false },
};

START_TEST(a_pattern)
{
        ck_assert_msg(gal_pattern_matches(patterns[_i].pattern, patterns[_i].text) == patterns[_i].matches,
                      "%s on %s", patterns[_i].pattern, patterns[_i].text);
}
END_TEST

/* Many stars on a text that almost matches: the work is bounded by the lengths, not exponential. */
START_TEST(a_pattern_of_many_stars)
{
        char pattern[2001] = "", text[20001];

        for (size_t i = 0; i < 1000; i++)
                memcpy(pattern + 2 * i, "*a", 3);
        memset(text, 'a', sizeof(text) - 2);
        text[sizeof(text) - 2] = 'b';
        text[sizeof(text) - 1] = '\0';
        ck_assert(!gal_pattern_matches(pattern, text));
}
END_TEST

START_TEST(the_text_of_a_histogram)
{
        struct gal_histogram histogram = { .count = 0 };
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_histogram_add(&histogram, 500000);      /* on the first bound */
        gal_histogram_add(&histogram, 500001);      /* just above it */
        gal_histogram_add(&histogram, 61000000000); /* above them all */
        gal_metric_histogram(&text, "x_seconds", "a=\"b\"", &histogram);
        ck_assert_ptr_nonnull(strstr(text.data, "x_seconds_bucket{a=\"b\",le=\"0.000500\"} 1\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "x_seconds_bucket{a=\"b\",le=\"0.001000\"} 2\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "x_seconds_bucket{a=\"b\",le=\"60.000000\"} 2\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "x_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "x_seconds_sum{a=\"b\"} 61.001000\nx_seconds_count{a=\"b\"} 3\n"));
        gal_buffer_finish(&text);
}
END_TEST

START_TEST(the_text_of_requests)
{
        struct gal_metrics *metrics = gal_metrics_create();
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_metrics_count(metrics, "StartExecution", 200, 1000000);
        gal_metrics_count(metrics, "StartExecution", 200, 1000000);
        gal_metrics_count(metrics, "StartExecution", 400, 1000000);
        gal_metrics_count(metrics, "StartExecution", 418, 1000000);
        gal_metrics_write(metrics, &text);
        ck_assert_ptr_nonnull(strstr(text.data, "{action=\"StartExecution\",status=\"200\"} 2\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "{action=\"StartExecution\",status=\"400\"} 1\n"));
        ck_assert_ptr_nonnull(strstr(text.data, "{action=\"StartExecution\",status=\"other\"} 1\n"));
        gal_buffer_finish(&text);
        gal_metrics_destroy(metrics);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keys");
        TCase *tcase = tcase_create("keys");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tcase, a_pattern, 0, sizeof(patterns) / sizeof(patterns[0]));
        tcase_add_test(tcase, a_pattern_of_many_stars);
        tcase_add_test(tcase, the_text_of_a_histogram);
        tcase_add_test(tcase, the_text_of_requests);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
