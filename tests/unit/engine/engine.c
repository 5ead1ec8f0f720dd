/*
 * engine.c: the engine as a driver sees it: a virtual clock, commits that can be held back or refused, calls that the
 * test answers.
 */
#include "engine/engine.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CALLS_MAX 64

struct call {
        struct gal_task_handle *handle;
        char *identity;
        bool cancelled;
};

struct driver {
        struct gal_store *store;
        struct gal_engine *engine;
        int64_t now_ms;
        bool hold_commits;
        enum gal_status refuse; /* the next commit answers this */
        const struct gal_batch *held;
        struct call calls[CALLS_MAX];
        size_t call_count;
        size_t closed;
        size_t records;
};

static struct driver driver;

static void answer_commit(enum gal_status refused)
{
        enum gal_status status = refused;

        if (status == GAL_OK)
                status = gal_store_commit(driver.store, driver.held, NULL);
        driver.held = NULL;
        gal_engine_committed(driver.engine, status);
}

static void on_commit(void *user, const struct gal_batch *batch)
{
        enum gal_status refused = driver.refuse;

        (void)user;
        ck_assert_ptr_null(driver.held);
        driver.held = batch;
        driver.refuse = GAL_OK;
        if (!driver.hold_commits)
                answer_commit(refused);
}

static void on_dispatch(void *user, const struct gal_dispatch *dispatch)
{
        struct call *call = &driver.calls[driver.call_count++];

        (void)user;
        ck_assert_uint_le(driver.call_count, CALLS_MAX);
        call->handle = dispatch->handle;
        call->identity = gal_strdup(dispatch->identity);
        gal_task_set_data(dispatch->handle, call);
}

static void on_cancel(void *user, struct gal_task_handle *handle, void *data)
{
        struct call *call = data;

        (void)user;
        ck_assert_ptr_eq(call->handle, handle);
        call->cancelled = true;
        call->handle = NULL;
}

static void on_record(void *user, const struct gal_run *run, const struct gal_record *record)
{
        (void)user;
        (void)run;
        (void)record;
        driver.records++;
}

static void on_closed(void *user, const struct gal_run *run)
{
        (void)user;
        (void)run;
        driver.closed++;
}

static void set_up(void)
{
        struct gal_engine_callbacks callbacks = { .commit = on_commit,
                                                  .dispatch = on_dispatch,
                                                  .cancel = on_cancel,
                                                  .record = on_record,
                                                  .closed = on_closed };
        struct gal_engine_options options = { .random = { 1, 2, 3, 4 } };

        memset(&driver, 0, sizeof(driver));
        driver.now_ms = 1000000;
        driver.store = gal_store_memory_create();
        driver.engine = gal_engine_create(driver.store, &options, &callbacks);
}

static void tear_down(void)
{
        for (size_t i = 0; i < driver.call_count; i++)
                free(driver.calls[i].identity);
        gal_engine_destroy(driver.engine);
        gal_store_destroy(driver.store);
}

static void tick(void)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        do
                gal_engine_tick(driver.engine, driver.now_ms, random);
        while (gal_engine_has_work(driver.engine));
}

static struct gal_run *start(const char *definition, const char *input, const char *name)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_start_request request = { .machine_name = "m", .execution_name = name };
        struct gal_run *run = NULL;

        ck_assert_int_eq(gal_program_compile(definition, strlen(definition), NULL, &diagnostics, &request.program),
                         GAL_OK);
        gal_diagnostics_finish(&diagnostics);
        ck_assert_int_eq(gal_payload_parse(input, strlen(input), &request.input, NULL), GAL_OK);
        ck_assert_int_eq(gal_engine_start(driver.engine, &request, &run, NULL), GAL_OK);
        gal_program_unref(request.program);
        gal_payload_unref(request.input);
        return run;
}

static enum gal_execution_status status_of(const struct gal_run *run)
{
        return gal_run_execution(run)->status;
}

static void succeed(struct call *call, const char *text)
{
        struct gal_payload *payload;

        ck_assert_int_eq(gal_payload_parse(text, strlen(text), &payload, NULL), GAL_OK);
        gal_task_succeeded(call->handle, payload);
        call->handle = NULL;
        gal_payload_unref(payload);
}

static bool count_event(void *user, const char *text, size_t len)
{
        (void)text;
        ck_assert_uint_gt(len, 0);
        (*(size_t *)user)++;
        return true;
}

static size_t history_length(const struct gal_run *run)
{
        size_t count = 0;

        ck_assert_int_eq(gal_engine_history(driver.engine, run, count_event, &count, NULL), GAL_OK);
        return count;
}

#define FUNCTION "\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:f\""
#define ONE_TASK "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}}"
#define TIMED_TASK \
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\"," FUNCTION ",\"TimeoutSeconds\":5," \
        "\"Retry\":[{\"ErrorEquals\":[\"States.Timeout\"],\"MaxAttempts\":1}],\"End\":true}}}"
#define TWO_TASKS \
        "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[" \
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}}," \
        "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}}]}}}"
#define WAIT \
        "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3,\"End\":true}}}"
#define RING \
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Choice\"," \
        "\"Choices\":[{\"Variable\":\"$.stop\",\"IsPresent\":true,\"Next\":\"C\"}],\"Default\":\"A\"}," \
        "\"C\":{\"Type\":\"Succeed\"}}}"

START_TEST(nothing_is_visible_before_its_commit)
{
        struct gal_run *run;

        driver.hold_commits = true;
        run = start(ONE_TASK, "{}", "e");
        tick();
        ck_assert_ptr_nonnull(driver.held);
        ck_assert_uint_eq(driver.call_count, 0);
        ck_assert_uint_eq(driver.records, 0);
        ck_assert_uint_eq(history_length(run), 0);
        answer_commit(GAL_OK);
        ck_assert_uint_eq(driver.call_count, 1);
        ck_assert_uint_eq(history_length(run), 3);
}
END_TEST

START_TEST(what_comes_during_a_commit_waits_for_it)
{
        struct gal_run *run = start(ONE_TASK, "{}", "e");

        tick();
        driver.hold_commits = true;
        gal_task_started(driver.calls[0].handle);
        tick();
        ck_assert_ptr_nonnull(driver.held);
        succeed(&driver.calls[0], "{\"a\":1}");
        tick();
        ck_assert_uint_eq(gal_run_execution(run)->last_id, 4);
        driver.hold_commits = false;
        answer_commit(GAL_OK);
        tick();
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_SUCCEEDED);
        ck_assert_uint_eq(driver.closed, 1);
        ck_assert_uint_eq(history_length(run), 7);
}
END_TEST

START_TEST(a_refused_commit_is_offered_again_and_nothing_twice)
{
        struct gal_run *run = start(ONE_TASK, "{}", "e");

        driver.refuse = GAL_EIO;
        tick();
        ck_assert_uint_eq(driver.call_count, 0);
        ck_assert_int_gt(gal_engine_wake_ms(driver.engine), driver.now_ms);
        driver.now_ms = gal_engine_wake_ms(driver.engine);
        tick();
        ck_assert_uint_eq(driver.call_count, 1);
        ck_assert_uint_eq(history_length(run), 3);
}
END_TEST

START_TEST(a_failing_branch_cancels_its_sibling)
{
        struct gal_run *run = start(TWO_TASKS, "{}", "e");

        tick();
        ck_assert_uint_eq(driver.call_count, 2);
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 2);
        gal_task_failed(driver.calls[0].handle, "E", "why");
        tick();
        ck_assert(driver.calls[1].cancelled);
        ck_assert(!driver.calls[0].cancelled);
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_FAILED);
        ck_assert_str_eq(gal_run_execution(run)->error, "E");
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
}
END_TEST

/* The second result is in the queue when the first one's failure is decided: it must not be cancelled any more. */
START_TEST(two_ends_in_one_tick)
{
        struct gal_run *run = start(TWO_TASKS, "{}", "e");

        tick();
        gal_task_failed(driver.calls[0].handle, "E", NULL);
        succeed(&driver.calls[1], "2");
        tick();
        ck_assert(!driver.calls[1].cancelled);
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_FAILED);
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
}
END_TEST

START_TEST(a_timeout_cancels_the_call_and_a_retry_has_an_identity_of_its_own)
{
        struct gal_run *run = start(TIMED_TASK, "{}", "e");

        tick();
        gal_task_started(driver.calls[0].handle);
        tick();
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 5000);
        driver.now_ms += 4999;
        tick();
        ck_assert(!driver.calls[0].cancelled);
        driver.now_ms += 1;
        tick();
        ck_assert(driver.calls[0].cancelled);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 1000);
        driver.now_ms += 1000;
        tick();
        ck_assert_uint_eq(driver.call_count, 2);
        ck_assert_str_ne(driver.calls[0].identity, driver.calls[1].identity);
        succeed(&driver.calls[1], "{}");
        tick();
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_SUCCEEDED);
}
END_TEST

START_TEST(timers_never_fire_early)
{
        struct gal_run *run = start(WAIT, "{}", "e");

        tick();
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 3000);
        driver.now_ms += 2999;
        tick();
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_RUNNING);
        driver.now_ms += 1;
        tick();
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_SUCCEEDED);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), 0);
}
END_TEST

START_TEST(stopping_cancels_what_runs)
{
        struct gal_run *run = start(ONE_TASK, "{}", "e");

        tick();
        gal_engine_stop(driver.engine, run, "Stop", "by hand");
        tick();
        ck_assert(driver.calls[0].cancelled);
        ck_assert_int_eq(status_of(run), GAL_EXECUTION_ABORTED);
        ck_assert_str_eq(gal_run_execution(run)->cause, "by hand");
        gal_engine_stop(driver.engine, run, "Again", NULL);
        tick();
        ck_assert_str_eq(gal_run_execution(run)->error, "Stop");
        ck_assert_uint_eq(driver.closed, 1);
        gal_engine_forget(driver.engine, run);
}
END_TEST

/* A loop without a wait yields, so a second execution gets its turn long before the event limit ends the first. */
START_TEST(a_busy_loop_starves_nobody)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };
        struct gal_run *ring = start(RING, "{}", "ring");
        struct gal_run *short_one = start(RING, "{\"stop\":1}", "short");

        gal_engine_tick(driver.engine, driver.now_ms, random);
        ck_assert_int_eq(status_of(short_one), GAL_EXECUTION_SUCCEEDED);
        ck_assert_int_eq(status_of(ring), GAL_EXECUTION_RUNNING);
        ck_assert(gal_engine_has_work(driver.engine));
        tick();
        ck_assert_int_eq(status_of(ring), GAL_EXECUTION_FAILED);
        ck_assert_uint_eq(gal_run_execution(ring)->last_id, 25000);
        ck_assert_uint_eq(history_length(ring), 25000);
}
END_TEST

START_TEST(names_are_checked_and_used_once)
{
        struct gal_start_request request = { .machine_name = "m", .execution_name = "e" };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_error error = { .code = GAL_OK };
        struct gal_run *run = NULL;

        start(WAIT, "{}", "e");
        ck_assert_int_eq(gal_program_compile(WAIT, strlen(WAIT), NULL, &diagnostics, &request.program), GAL_OK);
        request.input = gal_payload_new(json_object());
        ck_assert_int_eq(gal_engine_start(driver.engine, &request, &run, &error), GAL_ECONFLICT);
        request.execution_name = "a b";
        ck_assert_int_eq(gal_engine_start(driver.engine, &request, &run, NULL), GAL_EINVALID);
        request.execution_name = NULL;
        ck_assert_int_eq(gal_engine_start(driver.engine, &request, &run, NULL), GAL_OK);
        ck_assert_uint_eq(strlen(gal_run_execution(run)->execution_name), 36);
        gal_payload_unref(request.input);
        gal_program_unref(request.program);
        gal_diagnostics_finish(&diagnostics);
}
END_TEST

START_TEST(an_oversized_input_is_refused)
{
        struct gal_start_request request = { .machine_name = "m" };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_run *run = NULL;
        char *text = gal_calloc(300001, 1);

        memset(text, 'x', 300000);
        ck_assert_int_eq(gal_program_compile(WAIT, strlen(WAIT), NULL, &diagnostics, &request.program), GAL_OK);
        request.input = gal_payload_new(json_string(text));
        ck_assert_int_eq(gal_engine_start(driver.engine, &request, &run, NULL), GAL_ELIMIT);
        gal_payload_unref(request.input);
        gal_program_unref(request.program);
        gal_diagnostics_finish(&diagnostics);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine");
        TCase *tests = tcase_create("engine");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_add_test(tests, nothing_is_visible_before_its_commit);
        tcase_add_test(tests, what_comes_during_a_commit_waits_for_it);
        tcase_add_test(tests, a_refused_commit_is_offered_again_and_nothing_twice);
        tcase_add_test(tests, a_failing_branch_cancels_its_sibling);
        tcase_add_test(tests, two_ends_in_one_tick);
        tcase_add_test(tests, a_timeout_cancels_the_call_and_a_retry_has_an_identity_of_its_own);
        tcase_add_test(tests, timers_never_fire_early);
        tcase_add_test(tests, stopping_cancels_what_runs);
        tcase_add_test(tests, a_busy_loop_starves_nobody);
        tcase_add_test(tests, names_are_checked_and_used_once);
        tcase_add_test(tests, an_oversized_input_is_refused);
        suite_add_tcase(suite, tests);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
