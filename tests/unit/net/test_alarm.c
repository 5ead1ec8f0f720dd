/*
 * test_alarm.c: alarms go off by the wall clock. No test may set that clock; what the kernel was told shows how it
 * will behave when somebody does: a timer of CLOCK_REALTIME that is set to an absolute time goes off as soon as the
 * clock shows that time, and not before.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "leaks.h"
#include "net/alarm.h"
#include "net/loop.h"

static struct gal_loop *loop;
static struct gal_alarm *bell;
static int calls;

static int64_t wall_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void count(void *user)
{
        (void)user;
        calls++;
        gal_loop_stop(loop);
}

static void setup(void)
{
        leaks_mark();
        calls = 0;
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
        ck_assert_int_eq(gal_alarm_create(loop, count, NULL, &bell, NULL), GAL_OK);
}

static void teardown(void)
{
        gal_alarm_destroy(bell);
        gal_loop_destroy(loop);
        leaks_check();
}

START_TEST(goes_off_at_its_time_and_once)
{
        int64_t at_ms = wall_ms() + 30;

        gal_alarm_set(bell, at_ms);
        gal_loop_run(loop);
        ck_assert_int_ge(wall_ms(), at_ms);
        gal_loop_turn(loop, 20);
        ck_assert_int_eq(calls, 1);
        gal_alarm_set(bell, at_ms); /* over: at once, and once more */
        gal_loop_run(loop);
        ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(the_last_time_counts)
{
        gal_alarm_set(bell, 1);
        gal_alarm_set(bell, 0);
        gal_loop_turn(loop, 20);
        ck_assert_int_eq(calls, 0);
        gal_alarm_set(bell, 253402300799999); /* the last one that a timestamp can say */
        gal_loop_turn(loop, 20);
        ck_assert_int_eq(calls, 0);
        gal_alarm_set(bell, wall_ms() + 10);
        gal_loop_run(loop);
        ck_assert_int_eq(calls, 1);
}
END_TEST

/* A number of the one timer among the descriptors of this process, as /proc/self/fdinfo says it. */
static long timer_info(const char *name)
{
        DIR *directory = opendir("/proc/self/fdinfo");
        struct dirent *entry;
        char path[300], line[200];
        long found = -1;

        ck_assert_ptr_nonnull(directory);
        while ((entry = readdir(directory)) != NULL) {
                FILE *file;

                snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
                file = fopen(path, "r");
                while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
                        if (strncmp(line, name, strlen(name)) == 0)
                                found = strtol(line + strlen(name), NULL, 8);
                }
                if (file != NULL)
                        fclose(file);
        }
        closedir(directory);
        return found;
}

START_TEST(follows_the_wall_clock)
{
        gal_alarm_set(bell, wall_ms() + 3600000);
        if (timer_info("clockid:") == -1)
                return; /* a kernel that does not tell */
        ck_assert_int_eq(timer_info("clockid:"), CLOCK_REALTIME);
        ck_assert_int_eq(timer_info("settime flags:") & 1, 1); /* TFD_TIMER_ABSTIME */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("alarms");
        TCase *tcase = tcase_create("alarms");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, goes_off_at_its_time_and_once);
        tcase_add_test(tcase, the_last_time_counts);
        tcase_add_test(tcase, follows_the_wall_clock);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
