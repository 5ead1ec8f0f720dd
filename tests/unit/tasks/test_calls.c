/*
 * test_calls.c: many calls: places, order, cancels, what is left running, and ends in the middle of it all.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "harness.h"
#include "leaks.h"

static char directory[] = "/tmp/galliard-calls-XXXXXX";
static int port;

static void start_server(void)
{
        port = fake_start("endpoint.py");
}

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void teardown(void)
{
        char command[128];

        harness_stop();
        snprintf(command, sizeof command, "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

/* A function "f" that is a shell script, run in the test's own directory. */
static void configure(const char *script, const char *more)
{
        char config[2048];

        snprintf(config, sizeof config,
                 "{\"functions\":{\"f\":{\"command\":[\"/bin/sh\",\"-c\",\"%s\"],\"directory\":\"%s\"%s},"
                 "\"late\":{\"url\":\"http://127.0.0.1:%d\",\"maxConcurrency\":1},"
                 "\"quick\":{\"command\":[\"/bin/echo\",\"1\"]}}}",
                 script, directory, more, port);
        harness_start(config);
}

static char *file_path(const char *name)
{
        static char path[128];

        snprintf(path, sizeof path, "%s/%s", directory, name);
        return path;
}

static bool exists(const char *name)
{
        return access(file_path(name), F_OK) == 0;
}

static void wait_for_file(const char *name)
{
        for (int i = 0; i < 1000 && !exists(name); i++)
                gal_loop_turn(loop, 10);
        ck_assert(exists(name));
}

static long count_lines(const char *name)
{
        FILE *file = fopen(file_path(name), "r");
        long lines = 0;
        int c;

        ck_assert_ptr_nonnull(file);
        while ((c = fgetc(file)) != EOF)
                lines += c == '\n';
        fclose(file);
        return lines;
}

/* Each makes a directory while it runs and notes how many there are. */
#define COUNTING "mkdir run.$$; ls -d run.* | wc -l >> seen; sleep 0.02; rmdir run.$$; echo 1"

START_TEST(no_more_than_max_concurrency_run)
{
        static struct outcome outcomes[200];
        char command[256];

        configure(COUNTING, ",\"maxConcurrency\":4");
        for (int i = 0; i < 200; i++)
                dispatch_function(&outcomes[i], "f", "{}");
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 200);
        run_all();
        for (int i = 0; i < 200; i++) {
                ck_assert(outcomes[i].succeeded);
                outcome_finish(&outcomes[i]);
        }
        ck_assert_int_eq(count_lines("seen"), 200);
        snprintf(command, sizeof command, "[ $(sort -n %s | tail -1) -eq 4 ]", file_path("seen"));
        ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(those_that_wait_keep_their_order)
{
        struct outcome outcomes[20];
        char input[16], command[256];

        configure("cat >> order; echo >> order; echo 1", ",\"maxConcurrency\":1");
        for (int i = 0; i < 20; i++) {
                snprintf(input, sizeof input, "%d", i);
                dispatch_function(&outcomes[i], "f", input);
        }
        run_all();
        for (int i = 0; i < 20; i++)
                outcome_finish(&outcomes[i]);
        ck_assert_int_eq(count_lines("order"), 20);
        snprintf(command, sizeof command, "sort -n -c %s", file_path("order"));
        ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(one_that_waits_has_not_started)
{
        struct outcome first, second;

        configure("touch begun; sleep 60", ",\"maxConcurrency\":1");
        dispatch_function(&first, "f", "{}");
        dispatch_function(&second, "f", "{}");
        wait_for_file("begun");
        ck_assert_int_eq(first.started, 1);
        ck_assert_int_eq(second.started, 0);
        gal_tasks_cancel(first.handle);
        ck_assert_int_eq(second.started, 0); /* never from within the cancel */
        for (int i = 0; i < 200 && second.started == 0; i++)
                gal_loop_turn(loop, 10);
        ck_assert_int_eq(second.started, 1);
        ck_assert_int_eq(first.done + second.done, 0);
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 1);
        gal_tasks_cancel(second.handle);
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 0);
}
END_TEST

START_TEST(a_cancelled_call_that_waits_never_runs)
{
        struct outcome first, second, third;

        configure("touch \\\"ran-$(cat)\\\"; while [ ! -e go ]; do sleep 0.01; done; echo 1",
                  ",\"maxConcurrency\":1");
        dispatch_function(&first, "f", "1");
        dispatch_function(&second, "f", "2");
        dispatch_function(&third, "f", "3");
        wait_for_file("ran-1");
        gal_tasks_cancel(second.handle);
        fclose(fopen(file_path("go"), "w"));
        run_all();
        ck_assert(exists("ran-3"));
        ck_assert(!exists("ran-2"));
        ck_assert_int_eq(second.started + second.done, 0);
        outcome_finish(&first);
        outcome_finish(&third);
}
END_TEST

START_TEST(a_cancel_before_the_first_turn)
{
        struct outcome outcome;

        configure("touch ran; echo 1", "");
        dispatch_function(&outcome, "f", "{}");
        gal_tasks_cancel(outcome.handle);
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 0);
        for (int i = 0; i < 5; i++)
                gal_loop_turn(loop, 10);
        ck_assert(!exists("ran"));
        ck_assert_int_eq(outcome.started + outcome.done, 0);
}
END_TEST

START_TEST(a_cancel_kills_the_process_and_its_children)
{
        struct outcome outcome;
        long child, grandchild;

        configure("echo $$ > child; sleep 60 & echo $! > grandchild; touch begun; wait", "");
        dispatch_function(&outcome, "f", "{}");
        wait_for_file("begun");
        child = read_number(file_path("child"));
        grandchild = read_number(file_path("grandchild"));
        gal_tasks_cancel(outcome.handle);
        gal_loop_turn(loop, 50);
        ck_assert(!process_lives((pid_t)child));
        ck_assert(!process_lives((pid_t)grandchild));
        ck_assert_int_eq(outcome.done, 0);
}
END_TEST

START_TEST(a_cancel_of_a_request)
{
        struct outcome running, waiting, next;

        configure("echo 1", "");
        dispatch_function(&running, "late", "{}");
        dispatch_function(&waiting, "late", "{}");
        dispatch_function(&next, "late", "{}");
        for (int i = 0; i < 5; i++)
                gal_loop_turn(loop, 10);
        ck_assert_int_eq(running.started, 1);
        ck_assert_int_eq(waiting.started, 0);
        gal_tasks_cancel(waiting.handle);
        gal_tasks_cancel(running.handle);
        ck_assert_int_eq(next.started, 0);
        for (int i = 0; i < 5; i++)
                gal_loop_turn(loop, 10);
        ck_assert_int_eq(next.started, 1);
        gal_tasks_cancel(next.handle);
        ck_assert_int_eq(running.done + waiting.done + waiting.started + next.done, 0);
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 0);
}
END_TEST

START_TEST(the_end_kills_everything)
{
        struct outcome outcomes[4];
        long child, background;

        configure("n=$(cat); echo $$ > child-$n; touch begun-$n; sleep 60", ",\"maxConcurrency\":2");
        dispatch_function(&outcomes[0], "f", "1");
        dispatch_invoke(&outcomes[1], "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":2}");
        dispatch_function(&outcomes[2], "f", "3");
        dispatch_function(&outcomes[3], "late", "4");
        wait_for_file("begun-2");
        wait_for_file("begun-1");
        ck_assert_int_eq(outcomes[1].done, 1);
        child = read_number(file_path("child-1"));
        background = read_number(file_path("child-2"));
        gal_tasks_destroy(tasks);
        tasks = NULL;
        gal_loop_turn(loop, 50);
        ck_assert(!process_lives((pid_t)child));
        ck_assert(!process_lives((pid_t)background));
        ck_assert_int_eq(outcomes[0].done + outcomes[2].done, 0);
        outcome_finish(&outcomes[1]);
}
END_TEST

START_TEST(an_event_runs_on_and_its_failure_is_logged)
{
        struct outcome outcome;

        configure("while [ ! -e go ]; do sleep 0.01; done; touch ran; exit 3", "");
        dispatch_invoke(&outcome, "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\"}");
        while (outcome.done == 0)
                gal_loop_turn(loop, -1);
        ck_assert(outcome.succeeded);
        ck_assert(!exists("ran"));
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), 1);
        fclose(fopen(file_path("go"), "w"));
        run_all();
        ck_assert(exists("ran"));
        ck_assert_ptr_nonnull(
                strstr(harness_log(), "1 function f, invoked as an Event, failed: Runtime.ExitError: "));
        outcome_finish(&outcome);
}
END_TEST

START_TEST(standard_error_goes_to_the_log)
{
        struct outcome outcome;

        configure("echo one >&2; echo two >&2; echo 1", "");
        dispatch_function(&outcome, "f", "{}");
        run_all();
        ck_assert_str_eq(harness_log(), "2 function f: one\n2 function f: two\n");
        outcome_finish(&outcome);
}
END_TEST

/* A callback that dispatches the next call, and cancels another. */

static struct outcome chain[5];
static struct gal_call_handle *victim;

static void dispatch_next(void *user, const struct gal_call_result *result)
{
        long index = (struct outcome *)user - chain;
        struct gal_call_callbacks callbacks = { .done = dispatch_next, .user = &chain[index + 1] };
        struct gal_call call = { .kind = GAL_CALL_FUNCTION, .resource = "quick", .input = "{}", .input_len = 2 };

        ck_assert(result->succeeded);
        chain[index].done++;
        if (victim)
                gal_tasks_cancel(victim);
        victim = NULL;
        if (index < 4)
                gal_tasks_dispatch(tasks, &call, &callbacks);
}

START_TEST(callbacks_may_dispatch_and_cancel)
{
        struct gal_call_callbacks callbacks = { .done = dispatch_next, .user = &chain[0] };
        struct gal_call call = { .kind = GAL_CALL_FUNCTION, .resource = "quick", .input = "{}", .input_len = 2 };
        struct outcome cancelled;

        configure("sleep 60", "");
        dispatch_function(&cancelled, "f", "{}");
        victim = cancelled.handle;
        gal_tasks_dispatch(tasks, &call, &callbacks);
        run_all();
        for (int i = 0; i < 5; i++)
                ck_assert_int_eq(chain[i].done, 1);
        ck_assert_int_eq(cancelled.done, 0);
}
END_TEST

START_TEST(no_configuration_at_all)
{
        struct outcome outcome;

        harness_start(NULL);
        dispatch_function(&outcome, "f", "{}");
        run_all();
        ck_assert_str_eq(outcome.error, "Lambda.ResourceNotFoundException");
        outcome_finish(&outcome);
}
END_TEST

START_TEST(a_cause_is_cut_where_the_api_ends)
{
        struct outcome outcome;

        configure("printf '{\\\"errorType\\\":\\\"Long\\\",\\\"errorMessage\\\":\\\"%40000s\\\"}' x >&2; exit 1",
                  "");
        dispatch_function(&outcome, "f", "{}");
        run_all();
        ck_assert_str_eq(outcome.error, "Long");
        ck_assert_uint_eq(strlen(outcome.cause), 32768);
        outcome_finish(&outcome);
}
END_TEST

START_TEST(places_come_back_after_every_kind_of_end)
{
        struct outcome outcomes[12];

        configure("case $(cat) in 1) echo 1;; 2) exit 1;; 3) kill -9 $$;; *) sleep 60;; esac",
                  ",\"maxConcurrency\":1,\"timeoutSeconds\":0.3");
        for (int i = 0; i < 12; i++)
                dispatch_function(&outcomes[i], "f", (const char *const[]){ "1", "2", "3", "4" }[i % 4]);
        run_all();
        for (int i = 0; i < 12; i++) {
                ck_assert_int_eq(outcomes[i].done, 1);
                ck_assert_int_eq(outcomes[i].succeeded, i % 4 == 0);
                outcome_finish(&outcomes[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tasks/calls");
        TCase *tcase = tcase_create("calls");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_unchecked_fixture(tcase, start_server, fake_stop);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, no_more_than_max_concurrency_run);
        tcase_add_test(tcase, those_that_wait_keep_their_order);
        tcase_add_test(tcase, one_that_waits_has_not_started);
        tcase_add_test(tcase, a_cancelled_call_that_waits_never_runs);
        tcase_add_test(tcase, a_cancel_before_the_first_turn);
        tcase_add_test(tcase, a_cancel_kills_the_process_and_its_children);
        tcase_add_test(tcase, a_cancel_of_a_request);
        tcase_add_test(tcase, the_end_kills_everything);
        tcase_add_test(tcase, an_event_runs_on_and_its_failure_is_logged);
        tcase_add_test(tcase, standard_error_goes_to_the_log);
        tcase_add_test(tcase, callbacks_may_dispatch_and_cancel);
        tcase_add_test(tcase, no_configuration_at_all);
        tcase_add_test(tcase, a_cause_is_cut_where_the_api_ends);
        tcase_add_test(tcase, places_come_back_after_every_kind_of_end);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
