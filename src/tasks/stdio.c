/*
 * stdio.c: functions that are commands: a process a call, event on standard input, result on standard output.
 *
 *   exit 0 and JSON on standard output        the result
 *   else, last line of standard error an object with "errorType"
 *                                             that object is the error payload, as it stands
 *   exit 0, no JSON                           Runtime.MalformedResponse
 *   exit not 0, killed by a signal            Runtime.ExitError, with that last line
 *   killed by its time                        Sandbox.Timedout
 *   more than 256 KiB on standard output      States.DataLimitExceeded
 *   cannot be started                         Runtime.InvalidEntrypoint
 * What it prints on standard error goes to the log.
 */
#include "tasks/lambda.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "net/base64.h"
#include "net/process.h"
#include "tasks/text.h"

/* The tail of the log that Lambda returns for LogType Tail. */
#define LOG_TAIL_SIZE 4096

/* What it prints on standard error: any bytes may be in it */

static void append_error_line(struct gal_buffer *message, const struct gal_process_result *result)
{
        size_t len = result->error_line_len < GAL_FUNCTION_ERROR_LINE_MAX ? result->error_line_len
                                                                          : GAL_FUNCTION_ERROR_LINE_MAX;

        if (len == 0)
                return;
        gal_buffer_append_text(message, ": ");
        gal_text_append_clean(message, result->error_line, gal_utf8_trim(result->error_line, len));
}

static void log_line(const struct gal_invocation *invocation, const char *line, size_t len)
{
        struct gal_buffer clean = GAL_BUFFER_INIT;

        gal_text_append_clean(&clean, line, len);
        if (clean.len > 0)
                gal_log(invocation->lambda->tasks->log, GAL_LOG_INFO, "function %s: %s", invocation->function->name,
                        clean.data);
        gal_buffer_finish(&clean);
}

/* What a process came to */

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t trim_end(const char *text, size_t len)
{
        while (len > 0 && is_blank(text[len - 1]))
                len--;
        return len;
}

static bool is_error_payload(const struct gal_process_result *result)
{
        json_t *value = NULL;
        bool is;

        if (result->error_line_cut ||
            gal_json_read(result->error_line, result->error_line_len, &value, NULL) != GAL_OK)
                return false;
        is = json_is_string(json_object_get(value, "errorType"));
        json_decref(value);
        return is;
}

/* The error payload of a failure is in the history. */
static bool is_told_elsewhere(const struct gal_process_result *result, const char *line, size_t len)
{
        return result->end == GAL_PROCESS_EXITED && result->exit_code != 0 && len >= result->error_line_len &&
               memcmp(line, result->error_line, result->error_line_len) == 0 &&
               trim_end(line, len) == trim_end(result->error_line, result->error_line_len) &&
               is_error_payload(result);
}

static void log_errors(const struct gal_invocation *invocation, const struct gal_process_result *result)
{
        const struct gal_log *log = invocation->lambda->tasks->log;
        const char *text = result->error_text;
        const char *end = text + result->error_len;

        if (!log || log->level_max < GAL_LOG_INFO)
                return;
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                const char *stop = newline ? newline : end;

                if (!is_told_elsewhere(result, text, (size_t)(stop - text)))
                        log_line(invocation, text, (size_t)(stop - text));
                text = newline ? newline + 1 : end;
        }
        if (result->error_dropped)
                gal_log(log, GAL_LOG_INFO, "function %s: (more on standard error was dropped)",
                        invocation->function->name);
}

static void answer(struct gal_invocation *invocation, const struct gal_process_result *result, const char *payload,
                   size_t payload_len, bool failed)
{
        size_t tail = result->error_len < LOG_TAIL_SIZE ? result->error_len : LOG_TAIL_SIZE;
        gal_auto_free char *log_result =
                invocation->log_tail ? gal_base64_encode(result->error_text + result->error_len - tail, tail)
                                     : NULL;
        struct gal_lambda_answer answer = { .status_code = 200,
                                            .failed = failed,
                                            .payload = payload,
                                            .payload_len = payload_len,
                                            .log_result = log_result };

        gal_invocation_answer(invocation, &answer);
}

static void fail_malformed(struct gal_invocation *invocation, size_t output_len, const struct gal_error *error)
{
        gal_auto_free char *message =
                output_len == 0 ? gal_strdup("The function printed nothing on standard output; print its result "
                                             "there as JSON, null if "
                                             "there is none")
                                : gal_format("What the function printed on standard output is not JSON: %s at line "
                                             "%u, column %u. Print the "
                                             "result there, and everything else on standard error",
                                             error->message, (unsigned)error->at.line, (unsigned)error->at.column);

        gal_invocation_fail_runtime(invocation, "Runtime.MalformedResponse", message);
}

static void fail_exit(struct gal_invocation *invocation, const struct gal_process_result *result)
{
        struct gal_buffer message = GAL_BUFFER_INIT;

        gal_buffer_append_text(&message, "Runtime exited with error: ");
        if (result->end == GAL_PROCESS_SIGNALLED) {
                gal_auto_free char *name = gal_strdup(strsignal(result->signal_number));

                name[0] = (char)tolower((unsigned char)name[0]);
                gal_buffer_append_format(&message, "signal: %s", name);
        } else {
                gal_buffer_append_format(&message, "exit status %d", result->exit_code);
        }
        append_error_line(&message, result);
        gal_assert(message.status == GAL_OK);
        gal_invocation_fail_runtime(invocation, "Runtime.ExitError", message.data);
        gal_buffer_finish(&message);
}

static void answer_output(struct gal_invocation *invocation, const struct gal_process_result *result, size_t len)
{
        size_t blanks = 0;
        gal_auto_free char *payload = NULL;

        while (is_blank(result->output[blanks]))
                blanks++;
        payload = gal_strndup(result->output + blanks, len - blanks);
        answer(invocation, result, payload, len - blanks, /* failed= */ false);
}

static void conclude_exit(struct gal_invocation *invocation, const struct gal_process_result *result)
{
        size_t len = trim_end(result->output, result->output_len);
        struct gal_error error = { 0 };
        json_t *value = NULL;

        if (result->exit_code == 0 && len > 0 && gal_json_read(result->output, len, &value, &error) == GAL_OK) {
                json_decref(value);
                answer_output(invocation, result, len);
        } else if (is_error_payload(result)) {
                answer(invocation, result, result->error_line, result->error_line_len, /* failed= */ true);
        } else if (result->exit_code == 0) {
                fail_malformed(invocation, len, &error);
        } else {
                fail_exit(invocation, result);
        }
}

static void conclude(struct gal_invocation *invocation, const struct gal_process_result *result)
{
        gal_auto_free char *message = NULL;

        switch (result->end) {
        case GAL_PROCESS_EXITED:
                conclude_exit(invocation, result);
                return;
        case GAL_PROCESS_SIGNALLED:
                fail_exit(invocation, result);
                return;
        case GAL_PROCESS_TIMED_OUT:
                message = gal_format("Task timed out after %.2f seconds",
                                     (double)invocation->function->timeout_ms / 1000);
                gal_invocation_fail_runtime(invocation, "Sandbox.Timedout", message);
                return;
        case GAL_PROCESS_OUTPUT_TOO_LARGE:
                gal_invocation_fail_too_large(invocation);
                return;
        }
        gal_bug("process end", result->end);
}

/* Running */

static void finish_process(void *user, const struct gal_process_result *result)
{
        struct gal_invocation *invocation = user;

        invocation->process = NULL;
        log_errors(invocation, result);
        conclude(invocation, result);
}

static void fail_start(struct gal_invocation *invocation, enum gal_status status, const char *reason)
{
        gal_auto_free char *message = NULL;

        if (status == GAL_EBUSY || status == GAL_ENOMEM) {
                message = gal_format("Function '%s' could not be started just now: %s", invocation->function->name,
                                     reason);
                gal_invocation_refuse(invocation, 429, "TooManyRequestsException", NULL, message);
                return;
        }
        message = gal_format("%s; mend function '%s' in the configuration", reason, invocation->function->name);
        gal_invocation_fail_runtime(invocation, "Runtime.InvalidEntrypoint", message);
}

static struct gal_process_variable *make_environment(const struct gal_invocation *invocation, size_t *ret_count)
{
        const struct gal_function *function = invocation->function;
        size_t count = function->environment_count;
        struct gal_process_variable *environment = gal_new_array(count + 1, struct gal_process_variable);

        if (count > 0)
                memcpy(environment, function->environment, count * sizeof *environment);
        if (invocation->identity)
                environment[count++] = (struct gal_process_variable){ "GALLIARD_TASK_ID", invocation->identity };
        *ret_count = count;
        return environment;
}

void gal_stdio_run(struct gal_invocation *invocation)
{
        const struct gal_function *function = invocation->function;
        struct gal_error error = { 0 };
        struct gal_process_options options = {
                .argv = (const char *const *)function->command,
                .directory = function->directory,
                .input = invocation->payload,
                .input_len = invocation->payload_len,
                .output_size_max = GAL_PAYLOAD_SIZE_MAX + 2, /* a line's end is not counted off */
                .error_size_max = GAL_FUNCTION_STDERR_SIZE_MAX,
                .error_line_size_max = GAL_FUNCTION_STDERR_SIZE_MAX, /* an error payload may hold a stack trace */
                .timeout_ms = function->timeout_ms,
                .memory_max = function->memory_max,
        };
        struct gal_process_variable *environment = make_environment(invocation, &options.environment_count);
        enum gal_status status;

        options.environment = environment;
        status = gal_process_start(invocation->lambda->tasks->loop, &options, finish_process, invocation,
                                   &invocation->process, &error);
        free(environment);
        if (status != GAL_OK)
                fail_start(invocation, status, error.message);
        else
                gal_invocation_started(invocation);
}

void gal_stdio_cancel(struct gal_invocation *invocation)
{
        if (invocation->process)
                gal_process_cancel(invocation->process);
        invocation->process = NULL;
}
