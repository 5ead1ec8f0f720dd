/*
 * test_loop.c: timers, deferred work, wake-ups, descriptors, signals of the loop.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "leaks.h"
#include "net/loop.h"

static struct gal_loop *loop;
static char trace[64];

static void setup(void)
{
        leaks_mark();
        trace[0] = '\0';
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
}

static void teardown(void)
{
        gal_loop_destroy(loop);
        leaks_check();
}

static void note(void *user)
{
        strncat(trace, user, sizeof trace - strlen(trace) - 1);
}

static void stop(void *user)
{
        (void)user;
        gal_loop_stop(loop);
}

static int64_t real_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double real_seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(timers_fire_in_order_of_their_time)
{
        struct gal_timer *late = gal_timer_create(loop, stop, NULL);
        struct gal_timer *second = gal_timer_create(loop, note, (char[]){ "b" });
        struct gal_timer *first = gal_timer_create(loop, note, (char[]){ "a" });
        struct gal_timer *stopped = gal_timer_create(loop, note, (char[]){ "x" });

        gal_timer_start(late, 30);
        gal_timer_start(second, 20);
        gal_timer_start(first, 10);
        gal_timer_start(stopped, 15);
        ck_assert(gal_timer_is_running(stopped));
        gal_timer_stop(stopped);
        ck_assert(!gal_timer_is_running(stopped));
        gal_loop_run(loop);
        ck_assert_str_eq(trace, "ab");
        ck_assert(!gal_timer_is_running(first));
        late = gal_timer_destroy(late);
        second = gal_timer_destroy(second);
        first = gal_timer_destroy(first);
        stopped = gal_timer_destroy(stopped);
        ck_assert_ptr_null(late);
}
END_TEST

START_TEST(a_timer_never_fires_early)
{
        struct gal_timer *timer = gal_timer_create(loop, stop, NULL);

        for (int i = 0; i < 50; i++) {
                double began;

                usleep((useconds_t)(i * 37 % 1000)); /* at all fractions of a millisecond */
                began = real_seconds();
                gal_timer_start(timer, 3);
                gal_loop_run(loop);
                ck_assert_double_ge(real_seconds() - began, 0.003);
        }
        gal_timer_destroy(timer);
}
END_TEST

START_TEST(a_timer_counts_from_now_and_not_from_the_turn)
{
        struct gal_timer *timer = gal_timer_create(loop, stop, NULL);
        int64_t began;

        usleep(50000); /* the loop's own time is 50 ms behind */
        began = real_ms();
        gal_timer_start(timer, 20);
        gal_loop_run(loop);
        ck_assert_int_ge(real_ms() - began, 20);
        gal_timer_destroy(timer);
}
END_TEST

static struct gal_timer *self;

static void destroy_self(void *user)
{
        (void)user;
        self = gal_timer_destroy(self);
        gal_loop_stop(loop);
}

START_TEST(a_timer_may_destroy_itself)
{
        self = gal_timer_create(loop, destroy_self, NULL);
        gal_timer_start(self, 0);
        gal_loop_run(loop);
        ck_assert_ptr_null(self);
}
END_TEST

static char three[] = "3";

static void defer_more(void *user)
{
        (void)user;
        strcat(trace, "1");
        gal_loop_defer(loop, note, three);
}

START_TEST(deferred_work_runs_in_order_and_later)
{
        static char two[] = "2", gone[] = "x";

        gal_loop_defer(loop, defer_more, NULL);
        gal_loop_defer(loop, note, two);
        gal_loop_defer(loop, note, gone);
        gal_loop_undefer(loop, note, gone);
        ck_assert_str_eq(trace, "");
        ck_assert_int_eq(gal_loop_timeout(loop), 0);
        gal_loop_turn(loop, 0);
        ck_assert_str_eq(trace, "12");
        gal_loop_turn(loop, 0);
        ck_assert_str_eq(trace, "123");
        ck_assert_int_eq(gal_loop_timeout(loop), -1);
}
END_TEST

START_TEST(deferred_work_that_never_ran_is_dropped)
{
        gal_loop_defer(loop, note, (char[]){ "x" });
}
END_TEST

START_TEST(a_turn_waits_no_longer_than_it_may)
{
        int64_t began = real_ms();

        gal_loop_turn(loop, 20);
        ck_assert_int_ge(real_ms() - began, 19);
        ck_assert_int_lt(real_ms() - began, 2000);
        gal_loop_turn(loop, 0);
}
END_TEST

START_TEST(a_stop_before_the_run_counts)
{
        gal_loop_stop(loop);
        gal_loop_run(loop);
        gal_loop_defer(loop, stop, NULL); /* and is used up */
        gal_loop_run(loop);
}
END_TEST

static void *stop_from_afar(void *user)
{
        usleep(20000);
        gal_loop_stop(user);
        return NULL;
}

START_TEST(another_thread_stops_an_idle_loop)
{
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, stop_from_afar, loop), 0);
        gal_loop_run(loop);
        pthread_join(thread, NULL);
}
END_TEST

static void *send_wakeups(void *user)
{
        for (int i = 0; i < 1000; i++)
                gal_wakeup_send(user);
        return NULL;
}

START_TEST(another_thread_wakes_the_loop)
{
        struct gal_wakeup *wakeup = NULL;
        pthread_t thread;

        ck_assert_int_eq(gal_wakeup_create(loop, stop, NULL, &wakeup, NULL), GAL_OK);
        ck_assert_int_eq(pthread_create(&thread, NULL, send_wakeups, wakeup), 0);
        gal_loop_run(loop);
        pthread_join(thread, NULL);
        gal_wakeup_destroy(wakeup);
}
END_TEST

static void read_one(void *user, int events)
{
        char c = 0;

        ck_assert_int_eq(events, GAL_WATCH_READ);
        ck_assert_int_eq((int)read(*(int *)user, &c, 1), 1);
        trace[strlen(trace)] = c;
        if (c == '!')
                gal_loop_stop(loop);
}

START_TEST(a_watch_sees_what_can_be_read)
{
        struct gal_watch *watch = NULL;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        memset(trace, 0, sizeof trace);
        ck_assert_int_eq(gal_watch_create(loop, ends[0], read_one, &ends[0], &watch, NULL), GAL_OK);
        ck_assert_int_eq((int)write(ends[1], "hi!", 3), 3);
        gal_loop_turn(loop, 0);
        ck_assert_str_eq(trace, ""); /* paused */
        gal_watch_set(watch, GAL_WATCH_READ);
        gal_loop_run(loop);
        ck_assert_str_eq(trace, "hi!");
        gal_watch_destroy(watch);
        close(ends[0]);
        close(ends[1]);
}
END_TEST

static void note_signal(void *user, int signal_number)
{
        *(int *)user = signal_number;
        gal_loop_stop(loop);
}

START_TEST(a_signal_comes_as_a_turn)
{
        int first = 0, second = 0;

        ck_assert_int_eq(gal_loop_on_signal(loop, SIGTERM, note_signal, &first, NULL), GAL_OK);
        ck_assert_int_eq(gal_loop_on_signal(loop, SIGTERM, note_signal, &second, NULL), GAL_OK);
        raise(SIGTERM);
        gal_loop_run(loop);
        ck_assert_int_eq(first, 0);
        ck_assert_int_eq(second, SIGTERM);
}
END_TEST

START_TEST(a_broken_pipe_kills_nobody)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        close(ends[0]);
        ck_assert_int_eq((int)write(ends[1], "x", 1), -1);
        close(ends[1]);
}
END_TEST

START_TEST(a_forgotten_handle_is_a_bug)
{
        gal_timer_create(loop, stop, NULL);
        gal_loop_destroy(loop); /* aborts */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("net/loop");
        TCase *tcase = tcase_create("loop");
        TCase *bugs = tcase_create("bugs");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, timers_fire_in_order_of_their_time);
        tcase_add_test(tcase, a_timer_never_fires_early);
        tcase_add_test(tcase, a_timer_counts_from_now_and_not_from_the_turn);
        tcase_add_test(tcase, a_timer_may_destroy_itself);
        tcase_add_test(tcase, deferred_work_runs_in_order_and_later);
        tcase_add_test(tcase, deferred_work_that_never_ran_is_dropped);
        tcase_add_test(tcase, a_turn_waits_no_longer_than_it_may);
        tcase_add_test(tcase, a_stop_before_the_run_counts);
        tcase_add_test(tcase, another_thread_stops_an_idle_loop);
        tcase_add_test(tcase, another_thread_wakes_the_loop);
        tcase_add_test(tcase, a_watch_sees_what_can_be_read);
        tcase_add_test(tcase, a_signal_comes_as_a_turn);
        tcase_add_test(tcase, a_broken_pipe_kills_nobody);
        suite_add_tcase(suite, tcase);
        tcase_add_unchecked_fixture(bugs, NULL, NULL);
        tcase_add_checked_fixture(bugs, setup, NULL);
        tcase_add_test_raise_signal(bugs, a_forgotten_handle_is_a_bug, SIGABRT);
        suite_add_tcase(suite, bugs);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
