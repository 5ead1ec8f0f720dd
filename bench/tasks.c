/*
 * bench/tasks.c: calls a second through the dispatcher: processes as small as they get, and requests to an
 * endpoint.
 *
 *   bench_tasks [CALLS]              /bin/echo as a function, 1 to 64 at once
 *   bench_tasks CALLS URL            an echoing Lambda endpoint, such as tests/fakes/endpoint.py
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/loop.h"
#include "tasks/call.h"
#include "tasks/functions.h"

static int left, failed;

static double seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void done(void *user, const struct gal_call_result *result)
{
        if (!result->succeeded && failed++ == 0)
                fprintf(stderr, "%s: %s\n", result->error, result->cause);
        if (--left == 0)
                gal_loop_stop(user);
}

static void run(const char *config, int calls, int at_once)
{
        struct gal_error error = { 0 };
        struct gal_functions *functions = NULL;
        struct gal_loop *loop = NULL;
        struct gal_tasks *tasks = NULL;
        struct gal_call call = {
                .kind = GAL_CALL_FUNCTION, .resource = "echo", .input = "{\"n\":1}", .input_len = 7
        };
        double began;

        if (gal_functions_parse(config, strlen(config), ".", &functions, &error) != GAL_OK ||
            gal_loop_create(&loop, &error) != GAL_OK ||
            gal_tasks_create(loop, functions, NULL, &tasks, &error) != GAL_OK) {
                fprintf(stderr, "%s\n", error.message);
                exit(EXIT_FAILURE);
        }
        began = seconds();
        left = calls;
        for (int i = 0; i < calls; i++)
                gal_tasks_dispatch(tasks, &call, &(struct gal_call_callbacks){ .done = done, .user = loop });
        gal_loop_run(loop);
        printf("%6d calls, %4d at once: %8.0f a second, %d failed\n", calls, at_once, calls / (seconds() - began),
               failed);
        gal_tasks_destroy(tasks);
        gal_loop_destroy(loop);
        gal_functions_destroy(functions);
}

int main(int argc, char **argv)
{
        int calls = argc > 1 ? atoi(argv[1]) : 2000;

        for (int at_once = 1; at_once <= 64; at_once *= 4) {
                char config[512];

                if (argc > 2)
                        snprintf(config, sizeof config,
                                 "{\"functions\":{\"echo\":{\"url\":\"%s\",\"maxConcurrency\":%d}}}", argv[2],
                                 at_once);
                else
                        snprintf(config, sizeof config,
                                 "{\"functions\":{\"echo\":{\"command\":[\"/bin/"
                                 "echo\",\"1\"],\"maxConcurrency\":%d}}}",
                                 at_once);
                run(config, calls, at_once);
        }
        return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
