/*
 * harness.c: see harness.h.
 */
#include "harness.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "leaks.h"

struct gal_loop *loop;
struct gal_functions *functions;
struct gal_tasks *tasks;

static struct gal_buffer log_text;

static void write_log(void *user, enum gal_log_level level, const char *message)
{
        (void)user;
        gal_buffer_append_format(&log_text, "%d %s\n", (int)level, message);
}

static const struct gal_log sink = { .write = write_log, .level_max = GAL_LOG_DEBUG };

const char *harness_log(void)
{
        return log_text.data ? log_text.data : "";
}

void harness_start(const char *config)
{
        struct gal_error error = { 0 };

        leaks_mark();
        if (config)
                ck_assert_msg(gal_functions_parse(config, strlen(config), GAL_SOURCE_DIR "/tests", &functions,
                                                  &error) == GAL_OK,
                              "%s", error.message);
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
        ck_assert_int_eq(gal_tasks_create(loop, functions, &sink, &tasks, NULL), GAL_OK);
}

void harness_stop(void)
{
        gal_tasks_destroy(tasks);
        gal_loop_destroy(loop);
        gal_functions_destroy(functions);
        gal_buffer_finish(&log_text);
        tasks = NULL;
        loop = NULL;
        functions = NULL;
        leaks_check();
}

static void note_started(void *user)
{
        struct outcome *outcome = user;

        ck_assert_int_eq(outcome->done, 0);
        outcome->started++;
}

static void note_done(void *user, const struct gal_call_result *result)
{
        struct outcome *outcome = user;

        ck_assert_int_eq(outcome->started, 1);
        outcome->done++;
        outcome->succeeded = result->succeeded;
        if (result->succeeded) {
                ck_assert_uint_eq(strlen(result->output), result->output_len);
                outcome->output = strdup(result->output);
                outcome->output_len = result->output_len;
        }
        outcome->error = result->error ? strdup(result->error) : NULL;
        outcome->cause = result->cause ? strdup(result->cause) : NULL;
}

void dispatch(struct outcome *outcome, const struct gal_call *call)
{
        struct gal_call_callbacks callbacks = { .started = note_started, .done = note_done, .user = outcome };

        memset(outcome, 0, sizeof *outcome);
        outcome->handle = gal_tasks_dispatch(tasks, call, &callbacks);
        ck_assert_int_eq(outcome->started, 0);
        ck_assert_int_eq(outcome->done, 0);
}

void dispatch_function(struct outcome *outcome, const char *name, const char *input)
{
        char resource[128];
        struct gal_call call = {
                .kind = GAL_CALL_FUNCTION, .resource = resource, .input = input, .input_len = strlen(input)
        };

        snprintf(resource, sizeof resource, "arn:aws:lambda:us-east-1:123456789012:function:%s", name);
        dispatch(outcome, &call);
}

void dispatch_invoke(struct outcome *outcome, const char *parameters)
{
        struct gal_call call = { .kind = GAL_CALL_SERVICE,
                                 .resource = "arn:aws:states:::lambda:invoke",
                                 .service = "lambda",
                                 .action = "invoke",
                                 .input = parameters,
                                 .input_len = strlen(parameters) };

        dispatch(outcome, &call);
}

void run_all(void)
{
        while (gal_tasks_in_flight(tasks) > 0)
                gal_loop_turn(loop, -1);
}

void outcome_finish(struct outcome *outcome)
{
        free(outcome->output);
        free(outcome->error);
        free(outcome->cause);
}
