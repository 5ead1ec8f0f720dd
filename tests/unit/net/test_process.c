/*
 * test_process.c: real children, and all the ways in which they misbehave.
 */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaks.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/process.h"

#define INPUT_SIZE 200000

static struct gal_loop *loop;
static char directory[] = "/tmp/galliard-process-XXXXXX";

/* What came of the last call, copied. */
static struct {
        struct gal_process_result result;
        char *output;
        char *error_text;
        char *error_line;
        int calls;
} seen;

static void setup(void)
{
        leaks_mark();
        memset(&seen, 0, sizeof seen);
        ck_assert_ptr_nonnull(mkdtemp(directory));
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
}

static void teardown(void)
{
        char command[128];

        gal_loop_destroy(loop);
        leaks_check();
        free(seen.output);
        free(seen.error_text);
        free(seen.error_line);
        snprintf(command, sizeof command, "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

static void keep(void *user, const struct gal_process_result *result)
{
        (void)user;
        free(seen.output);
        free(seen.error_text);
        free(seen.error_line);
        seen.result = *result;
        seen.output = strndup(result->output, result->output_len);
        seen.error_text = strndup(result->error_text, result->error_len);
        seen.error_line = strndup(result->error_line, result->error_line_len);
        seen.calls++;
        gal_loop_stop(loop);
}

static struct gal_process_options bounds(void)
{
        return (struct gal_process_options){ .directory = directory,
                                             .output_size_max = 262144,
                                             .error_size_max = 1000,
                                             .error_line_size_max = 100,
                                             .timeout_ms = 20000 };
}

static struct gal_process *start(struct gal_process_options options, const char *const *argv)
{
        struct gal_process *process = NULL;
        struct gal_error error = { 0 };

        options.argv = argv;
        ck_assert_msg(gal_process_start(loop, &options, keep, NULL, &process, &error) == GAL_OK, "%s",
                      error.message);
        ck_assert_int_eq(seen.calls, 0);
        return process;
}

static void run_shell(struct gal_process_options options, const char *script)
{
        start(options, (const char *const[]){ "/bin/sh", "-c", script, NULL });
        gal_loop_run(loop);
        ck_assert_int_eq(seen.calls, 1);
}

static char *make_input(void)
{
        char *input = malloc(INPUT_SIZE);

        memset(input, 'i', INPUT_SIZE);
        return input;
}

static char *file_path(const char *name)
{
        static char path[128];

        snprintf(path, sizeof path, "%s/%s", directory, name);
        return path;
}

static void wait_for_number(const char *name, long *ret_number)
{
        for (int i = 0; i < 500 && (*ret_number = read_number(file_path(name))) < 0; i++)
                gal_loop_turn(loop, 10);
        ck_assert_int_gt(*ret_number, 0);
}

START_TEST(bytes_go_through)
{
        struct gal_process_options options = bounds();

        options.input = "hello";
        options.input_len = 5;
        run_shell(options, "cat; echo to err >&2; exit 3");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_int_eq(seen.result.exit_code, 3);
        ck_assert_str_eq(seen.output, "hello");
        ck_assert_str_eq(seen.error_text, "to err\n");
        ck_assert_str_eq(seen.error_line, "to err");
        ck_assert(!seen.result.error_dropped);
}
END_TEST

START_TEST(much_input_and_output_go_through)
{
        struct gal_process_options options = bounds();
        char *input = make_input();

        options.input = input;
        options.input_len = INPUT_SIZE;
        run_shell(options, "cat");
        ck_assert_int_eq(seen.result.exit_code, 0);
        ck_assert_uint_eq(seen.result.output_len, INPUT_SIZE);
        ck_assert_int_eq(memcmp(seen.output, input, INPUT_SIZE), 0);
        free(input);
}
END_TEST

START_TEST(standard_input_can_be_opened_by_name)
{
        struct gal_process_options options = bounds();

        options.input = "hello";
        options.input_len = 5;
        run_shell(options, "cat /dev/stdin > /dev/stdout");
        ck_assert_str_eq(seen.output, "hello");
}
END_TEST

START_TEST(no_input_is_an_empty_file)
{
        run_shell(bounds(), "wc -c");
        ck_assert_int_eq(atoi(seen.output), 0);
}
END_TEST

START_TEST(a_child_that_does_not_read_is_no_trouble)
{
        struct gal_process_options options = bounds();
        sigset_t pending;
        char *input = make_input();

        options.input = input;
        options.input_len = INPUT_SIZE;
        run_shell(options, "exec 0<&-; sleep 0.1; echo done");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_int_eq(seen.result.exit_code, 0);
        ck_assert_str_eq(seen.output, "done\n");
        sigpending(&pending);
        ck_assert(!sigismember(&pending, SIGPIPE));
        free(input);
}
END_TEST

START_TEST(a_missing_program_is_said)
{
        static const struct {
                const char *program;
                const char *directory;
                enum gal_status status;
                const char *message;
        } cases[] = {
                { "no-such-program", NULL, GAL_ENOTFOUND, "there is no program 'no-such-program' in PATH" },
                { "/no/such/program", NULL, GAL_ENOTFOUND, "there is no program '/no/such/program'" },
                { "./x", "/etc", GAL_ENOTFOUND, "there is no program '/etc/./x'" },
                { "true", "/no/such/place", GAL_ENOTFOUND,
                  "there is no directory '/no/such/place' to run 'true' in" },
                { "/etc/passwd", NULL, GAL_EINVALID, "cannot start '/etc/passwd': permission denied" },
                { "/etc", NULL, GAL_EINVALID, "cannot start '/etc': permission denied" },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct gal_process_options options = bounds();
                struct gal_process *process = NULL;
                struct gal_error error = { 0 };

                options.argv = (const char *const[]){ cases[i].program, NULL };
                options.directory = cases[i].directory;
                ck_assert_int_eq(gal_process_start(loop, &options, keep, NULL, &process, &error), cases[i].status);
                ck_assert_str_eq(error.message, cases[i].message);
                ck_assert_ptr_null(process);
        }
        gal_loop_turn(loop, 50);
        ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_missing_interpreter_is_said)
{
        struct gal_process_options options = bounds();
        struct gal_process *process = NULL;
        struct gal_error error = { 0 };
        FILE *file = fopen(file_path("script"), "w");

        fputs("#!/no/such/interpreter\n", file);
        fchmod(fileno(file), 0755);
        fclose(file);
        options.argv = (const char *const[]){ "./script", NULL };
        ck_assert_int_eq(gal_process_start(loop, &options, keep, NULL, &process, &error), GAL_ENOTFOUND);
        ck_assert_ptr_nonnull(strstr(error.message, "names an interpreter on its first line that is not there"));
}
END_TEST

START_TEST(too_much_output_ends_it)
{
        struct gal_process_options options = bounds();

        options.output_size_max = 1000;
        run_shell(options, "echo first; while :; do echo again; done");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_OUTPUT_TOO_LARGE);
        ck_assert_uint_le(seen.result.output_len, 1000);
}
END_TEST

START_TEST(too_much_output_in_the_last_breath_counts)
{
        struct gal_process_options options = bounds();

        options.output_size_max = 9;
        run_shell(options, "echo 123456789");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_OUTPUT_TOO_LARGE);
}
END_TEST

START_TEST(output_up_to_the_bound_is_fine)
{
        struct gal_process_options options = bounds();

        options.output_size_max = 10;
        run_shell(options, "echo 123456789");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_str_eq(seen.output, "123456789\n");
}
END_TEST

START_TEST(much_on_standard_error_is_dropped_but_for_the_last_line)
{
        run_shell(bounds(), "i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done; printf '  \\n\\n' "
                            ">&2; echo ok");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_str_eq(seen.output, "ok\n");
        ck_assert_uint_eq(seen.result.error_len, 1000);
        ck_assert(seen.result.error_dropped);
        ck_assert_str_eq(seen.error_line, "line 2999");
        ck_assert(!seen.result.error_line_cut);
}
END_TEST

START_TEST(a_long_last_line_is_cut)
{
        run_shell(bounds(), "head -c 500 /dev/zero | tr '\\0' x >&2");
        ck_assert_uint_eq(seen.result.error_line_len, 100);
        ck_assert(seen.result.error_line_cut);
        ck_assert_uint_eq(seen.result.error_len, 500);
}
END_TEST

START_TEST(its_time_ends_it)
{
        struct gal_process_options options = bounds();

        options.timeout_ms = 100;
        run_shell(options, "echo begun; sleep 60; echo never");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_TIMED_OUT);
        ck_assert_str_eq(seen.output, "begun\n");
        ck_assert_int_ge(seen.result.duration_ms, 100);
        ck_assert_int_lt(seen.result.duration_ms, 10000);
}
END_TEST

START_TEST(one_that_ignores_signals_is_killed_all_the_same)
{
        struct gal_process_options options = bounds();

        options.timeout_ms = 100;
        run_shell(options, "trap '' TERM INT HUP; while :; do sleep 60; done");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_TIMED_OUT);
}
END_TEST

START_TEST(a_signal_is_told)
{
        run_shell(bounds(), "kill -SEGV $$");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_SIGNALLED);
        ck_assert_int_eq(seen.result.signal_number, SIGSEGV);
}
END_TEST

START_TEST(a_grandchild_with_the_pipes_does_not_hold_up)
{
        long grandchild = -1;

        run_shell(bounds(), "sleep 60 & echo $! > grandchild; echo done");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_str_eq(seen.output, "done\n");
        ck_assert_int_lt(seen.result.duration_ms, 10000);
        wait_for_number("grandchild", &grandchild);
        ck_assert(!process_lives((pid_t)grandchild));
}
END_TEST

START_TEST(grandchildren_die_with_an_overrun)
{
        struct gal_process_options options = bounds();
        long grandchild = -1;

        options.timeout_ms = 300;
        run_shell(options, "sh -c 'echo $$ > grandchild; sleep 60; :' & wait");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_TIMED_OUT);
        wait_for_number("grandchild", &grandchild);
        ck_assert(!process_lives((pid_t)grandchild));
}
END_TEST

START_TEST(an_escaped_grandchild_does_not_hold_up_either)
{
        long grandchild = -1;

        run_shell(bounds(), "setsid sh -c 'echo $$ > grandchild; exec sleep 60' & "
                            "while ! [ -s grandchild ]; do sleep 0.01; done; echo done");
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_str_eq(seen.output, "done\n");
        wait_for_number("grandchild", &grandchild);
        kill((pid_t)grandchild, SIGKILL); /* it lives on: the documented gap */
}
END_TEST

START_TEST(its_memory_is_limited)
{
        struct gal_process_options options = bounds();

        options.memory_max = 64 * 1024 * 1024;
        start(options,
              (const char *const[]){ "python3", "-c", "x = bytearray(200 * 1024 * 1024); print('got it')", NULL });
        gal_loop_run(loop);
        ck_assert_int_eq(seen.result.end, GAL_PROCESS_EXITED);
        ck_assert_int_ne(seen.result.exit_code, 0);
        ck_assert_str_eq(seen.output, "");
        ck_assert_str_eq(seen.error_line, "MemoryError");
}
END_TEST

START_TEST(the_environment_is_ours_and_more)
{
        struct gal_process_options options = bounds();
        const struct gal_process_variable added[] = { { "GAL_NEW", "new" },
                                                      { "GAL_OLD", "b" },
                                                      { "GAL_OLD", "c" } };

        setenv("GAL_OLD", "a", 1);
        setenv("GAL_KEPT", "kept", 1);
        options.environment = added;
        options.environment_count = 3;
        run_shell(options, "echo $GAL_NEW $GAL_OLD $GAL_KEPT; env | grep -c GAL_OLD");
        ck_assert_str_eq(seen.output, "new c kept\n1\n");
}
END_TEST

START_TEST(it_runs_in_its_directory)
{
        char expected[64];

        run_shell(bounds(), "pwd");
        snprintf(expected, sizeof expected, "%s\n", directory);
        ck_assert_str_eq(seen.output, expected);
}
END_TEST

START_TEST(signals_are_as_usual_in_the_child)
{
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        run_shell(bounds(), "grep -E '^Sig(Blk|Ign)' /proc/self/status");
        ck_assert_str_eq(seen.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
END_TEST

/* What the test itself was given to inherit by those who started it. */
static void list_inherited(char *text, size_t size)
{
        text[0] = '\0';
        for (int i = 3; i < 1024; i++)
                if (fcntl(i, F_GETFD) == 0)
                        snprintf(text + strlen(text), size - strlen(text), "%d\n", i);
}

START_TEST(no_descriptor_is_inherited)
{
        char inherited[4096];
        struct gal_http *http = NULL;
        struct gal_process *other;

        gal_loop_destroy(loop);
        list_inherited(inherited, sizeof inherited);
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
        ck_assert_int_eq(gal_http_create(loop, &http, NULL), GAL_OK);
        other = start(bounds(), (const char *const[]){ "sleep", "60", NULL });
        /* No pipeline: the shell itself would have one more open now and then. */
        run_shell(bounds(),
                  "i=3; while [ $i -lt 1024 ]; do [ -L /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; exit 0");
        ck_assert_str_eq(seen.output, inherited);
        gal_process_cancel(other);
        gal_http_destroy(http);
}
END_TEST

START_TEST(it_leads_its_session)
{
        run_shell(bounds(), "set -- $(cat /proc/$$/stat); [ $1 = $5 ] && [ $1 = $6 ] && echo leader");
        ck_assert_str_eq(seen.output, "leader\n");
}
END_TEST

START_TEST(a_cancel_kills_and_says_nothing)
{
        long child = -1, grandchild = -1;
        struct gal_process *process = start(
                bounds(), (const char *const[]){ "/bin/sh", "-c",
                                                 "echo $$ > child; sleep 60 & echo $! > grandchild; wait", NULL });

        wait_for_number("child", &child);
        wait_for_number("grandchild", &grandchild);
        gal_process_cancel(process);
        gal_loop_turn(loop, 100);
        ck_assert(!process_lives((pid_t)child));
        ck_assert(!process_lives((pid_t)grandchild));
        ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_cancel_with_input_under_way_is_fine)
{
        struct gal_process_options options = bounds();
        char *input = make_input();
        struct gal_process *process;

        options.input = input;
        options.input_len = INPUT_SIZE;
        process = start(options, (const char *const[]){ "sleep", "60", NULL });
        gal_loop_turn(loop, 20);
        gal_process_cancel(process);
        free(input);
        gal_loop_turn(loop, 20);
        ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_loop_destroyed_at_once_reaps_what_was_cancelled)
{
        for (int i = 0; i < 5; i++)
                gal_process_cancel(start(bounds(), (const char *const[]){ "sleep", "60", NULL }));
}
END_TEST

static int many_left;

static void count_many(void *user, const struct gal_process_result *result)
{
        ck_assert_int_eq(result->end, GAL_PROCESS_EXITED);
        ck_assert_uint_eq(result->output_len, 3);
        ck_assert_int_eq(memcmp(result->output, user, 2), 0);
        if (--many_left == 0)
                gal_loop_stop(loop);
}

START_TEST(many_at_once_do_not_mix)
{
        char numbers[50][3];
        struct gal_process *process;

        for (int i = 0; i < 50; i++) {
                struct gal_process_options options = bounds();
                snprintf(numbers[i], 3, "%d", 10 + i);
                options.argv = (const char *const[]){ "/bin/echo", numbers[i], NULL };
                many_left++;
                ck_assert_int_eq(gal_process_start(loop, &options, count_many, numbers[i], &process, NULL), GAL_OK);
        }
        gal_loop_run(loop);
        ck_assert_int_eq(many_left, 0);
}
END_TEST

/* One pipe, two pipes, ... and then the spawn itself find no descriptor left. */
START_TEST(no_descriptors_left_is_said)
{
        struct gal_process_options options = bounds();
        struct gal_process *process = NULL;
        struct rlimit limit, usual;
        int lowest = dup(0);
        enum gal_status status = GAL_EBUSY;
        int failures = 0;

        close(lowest);
        options.argv = (const char *const[]){ "/bin/echo", "ok", NULL };
        getrlimit(RLIMIT_NOFILE, &usual);
        for (rlim_t more = 0; status != GAL_OK && more < 20; more++) {
                struct gal_error error = { 0 };

                limit = (struct rlimit){ (rlim_t)lowest + more, usual.rlim_max };
                setrlimit(RLIMIT_NOFILE, &limit);
                status = gal_process_start(loop, &options, keep, NULL, &process, &error);
                setrlimit(RLIMIT_NOFILE, &usual);
                if (status == GAL_OK)
                        break;
                failures++;
                ck_assert_int_eq(status, GAL_EBUSY);
                ck_assert_str_eq(error.message, "cannot start '/bin/echo': too many open files");
                gal_loop_turn(loop, 0);
        }
        ck_assert_int_ge(failures, 6);
        ck_assert_int_eq(status, GAL_OK);
        gal_loop_run(loop);
        ck_assert_str_eq(seen.output, "ok\n");
}
END_TEST

struct side {
        struct gal_loop *loop;
        int left;
        int failures;
};

static void count_side(void *user, const struct gal_process_result *result)
{
        struct side *side = user;

        side->failures += result->end != GAL_PROCESS_EXITED || result->exit_code != 7;
        if (--side->left == 0)
                gal_loop_stop(side->loop);
}

static void *run_side(void *user)
{
        struct side *side = user;
        struct gal_process_options options = { .argv = (const char *const[]){ "/bin/sh", "-c", "exit 7", NULL },
                                               .output_size_max = 10 };
        struct gal_process *process;

        side->failures += gal_loop_create(&side->loop, NULL) != GAL_OK;
        for (int i = 0; i < 20; i++) {
                side->left++;
                side->failures +=
                        gal_process_start(side->loop, &options, count_side, side, &process, NULL) != GAL_OK;
        }
        gal_loop_run(side->loop);
        gal_loop_destroy(side->loop);
        return NULL;
}

START_TEST(two_loops_reap_each_their_own)
{
        struct side sides[2] = { 0 };
        pthread_t threads[2];
        pid_t ours = fork();

        if (ours == 0)
                _exit(9);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
        for (int i = 0; i < 2; i++) {
                int status = 0;

                pthread_join(threads[i], NULL);
                ck_assert_int_eq(sides[i].failures, 0);
                if (i == 1) { /* a child of the host program is left to it */
                        ck_assert_int_eq(waitpid(ours, &status, 0), ours);
                        ck_assert_int_eq(WEXITSTATUS(status), 9);
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("net/process");
        TCase *tcase = tcase_create("process");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, bytes_go_through);
        tcase_add_test(tcase, much_input_and_output_go_through);
        tcase_add_test(tcase, standard_input_can_be_opened_by_name);
        tcase_add_test(tcase, no_input_is_an_empty_file);
        tcase_add_test(tcase, a_child_that_does_not_read_is_no_trouble);
        tcase_add_test(tcase, a_missing_program_is_said);
        tcase_add_test(tcase, a_missing_interpreter_is_said);
        tcase_add_test(tcase, too_much_output_ends_it);
        tcase_add_test(tcase, too_much_output_in_the_last_breath_counts);
        tcase_add_test(tcase, output_up_to_the_bound_is_fine);
        tcase_add_test(tcase, much_on_standard_error_is_dropped_but_for_the_last_line);
        tcase_add_test(tcase, a_long_last_line_is_cut);
        tcase_add_test(tcase, its_time_ends_it);
        tcase_add_test(tcase, one_that_ignores_signals_is_killed_all_the_same);
        tcase_add_test(tcase, a_signal_is_told);
        tcase_add_test(tcase, a_grandchild_with_the_pipes_does_not_hold_up);
        tcase_add_test(tcase, grandchildren_die_with_an_overrun);
        tcase_add_test(tcase, an_escaped_grandchild_does_not_hold_up_either);
        tcase_add_test(tcase, its_memory_is_limited);
        tcase_add_test(tcase, the_environment_is_ours_and_more);
        tcase_add_test(tcase, it_runs_in_its_directory);
        tcase_add_test(tcase, signals_are_as_usual_in_the_child);
        tcase_add_test(tcase, no_descriptor_is_inherited);
        tcase_add_test(tcase, it_leads_its_session);
        tcase_add_test(tcase, a_cancel_kills_and_says_nothing);
        tcase_add_test(tcase, a_cancel_with_input_under_way_is_fine);
        tcase_add_test(tcase, a_loop_destroyed_at_once_reaps_what_was_cancelled);
        tcase_add_test(tcase, many_at_once_do_not_mix);
        tcase_add_test(tcase, no_descriptors_left_is_said);
        tcase_add_test(tcase, two_loops_reap_each_their_own);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
