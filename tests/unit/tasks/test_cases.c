/*
 * test_cases.c: runs tests/cases/tasks: one call against a configuration, and what comes of it.
 *
 *   { "about": ..., "config": what galliard.json would hold, "call": members of struct gal_call ("inputText" for a
 * text that is to go as it is), "expect": ... } Expected: "output" (JSON, compared as values), "outputText",
 * "outputLength", "payload" and "payloadText" (the envelope's member), "error", "cause", "background". "<any>" in a
 * text stands for any text. ${endpoint} is a fake Lambda endpoint (tests/fakes/endpoint.py), ${closed} one where
 * nobody listens.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/json.h"
#include "fake.h"
#include "harness.h"

#define CASES GAL_SOURCE_DIR "/tests/cases/tasks"

static struct dirent **files;
static int file_count;
static char endpoint[64], closed[64];

static void start_server(void)
{
        snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", fake_start("endpoint.py"));
        snprintf(closed, sizeof closed, "http://127.0.0.1:%d", fake_closed_port());
}

static int is_case(const struct dirent *entry)
{
        size_t len = strlen(entry->d_name);

        return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* Reading */

static void append_replaced(struct gal_buffer *text, const char *line)
{
        static const char *const names[] = { "${endpoint}", "${closed}" };
        const char *const values[] = { endpoint, closed };
        const char *dollar;

        while ((dollar = strstr(line, "${"))) {
                size_t i = strncmp(dollar, names[0], strlen(names[0])) == 0 ? 0 : 1;

                ck_assert_int_eq(strncmp(dollar, names[i], strlen(names[i])), 0);
                gal_buffer_append(text, line, (size_t)(dollar - line));
                gal_buffer_append_text(text, values[i]);
                line = dollar + strlen(names[i]);
        }
        gal_buffer_append_text(text, line);
}

static json_t *read_case(const char *name)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_error error = { 0 };
        char path[512], *line = NULL;
        size_t size = 0;
        json_t *value = NULL;
        FILE *file;

        snprintf(path, sizeof path, CASES "/%s", name);
        file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        while (getline(&line, &size, file) >= 0)
                append_replaced(&text, line);
        free(line);
        fclose(file);
        ck_assert_msg(gal_json_read(text.data, text.len, &value, &error) == GAL_OK, "%s: %s", name, error.message);
        gal_buffer_finish(&text);
        return value;
}

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static void begin(struct outcome *outcome, const json_t *call)
{
        const json_t *input = json_object_get(call, "input");
        char *text = input ? gal_json_text(input, NULL) : strdup(text_of(call, "inputText"));
        struct gal_call request = { .kind = text_of(call, "service") ? GAL_CALL_SERVICE : GAL_CALL_FUNCTION,
                                    .resource = text_of(call, "resource"),
                                    .service = text_of(call, "service"),
                                    .action = text_of(call, "action"),
                                    .input = text,
                                    .input_len = strlen(text),
                                    .identity = text_of(call, "identity") };

        dispatch(outcome, &request);
        free(text);
}

/* Comparing */

/* `pattern` with "<any>" for any text, from the start of `text` to its end. */
static bool matches(const char *pattern, const char *text)
{
        const char *any = strstr(pattern, "<any>");
        size_t len = any ? (size_t)(any - pattern) : strlen(pattern);

        if (strncmp(pattern, text, len) != 0)
                return false;
        if (!any)
                return text[len] == '\0';
        for (const char *rest = text + len;; rest++) {
                if (matches(any + 5, rest))
                        return true;
                if (*rest == '\0')
                        return false;
        }
}

static void check_text(const char *name, const char *what, const char *expected, const char *text)
{
        ck_assert_msg(text && matches(expected, text), "%s: %s is\n%s\nand not\n%s", name, what,
                      text ? text : "(none)", expected);
}

static void check_value(const char *name, const json_t *expected, const json_t *value)
{
        char *text = value ? gal_json_text(value, NULL) : strdup("(none)");

        ck_assert_msg(value && gal_json_equal(expected, value), "%s: the output is %s", name, text);
        free(text);
}

static void check_output(const char *name, const json_t *expect, const struct outcome *outcome)
{
        const json_t *payload_expected = json_object_get(expect, "payload");
        const json_t *output_expected = json_object_get(expect, "output");
        const json_t *length = json_object_get(expect, "outputLength");
        json_t *output = NULL;
        char *payload_text;

        ck_assert_msg(outcome->succeeded, "%s: %s: %s", name, outcome->error, outcome->cause);
        ck_assert_int_eq(gal_json_read(outcome->output, outcome->output_len, &output, NULL), GAL_OK);
        if (output_expected)
                check_value(name, output_expected, output);
        if (payload_expected)
                check_value(name, payload_expected, json_object_get(output, "Payload"));
        if (length)
                ck_assert_int_eq(json_integer_value(length), (json_int_t)outcome->output_len);
        if (text_of(expect, "outputText"))
                check_text(name, "the output", text_of(expect, "outputText"), outcome->output);
        if (text_of(expect, "payloadText")) {
                payload_text = gal_json_text(json_object_get(output, "Payload"), NULL);
                check_text(name, "the payload", text_of(expect, "payloadText"), payload_text);
                free(payload_text);
        }
        json_decref(output);
}

static void check_outcome(const char *name, const json_t *expect, const struct outcome *outcome)
{
        if (!text_of(expect, "error")) {
                check_output(name, expect, outcome);
                return;
        }
        ck_assert_msg(!outcome->succeeded, "%s: succeeded with %s", name, outcome->output);
        check_text(name, "the error", text_of(expect, "error"), outcome->error);
        if (text_of(expect, "cause"))
                check_text(name, "the cause", text_of(expect, "cause"), outcome->cause);
}

START_TEST(task_case)
{
        const char *name = files[_i]->d_name;
        json_t *value = read_case(name);
        const json_t *expect = json_object_get(value, "expect");
        char *config = gal_json_text(json_object_get(value, "config"), NULL);
        struct outcome outcome;

        harness_start(config);
        begin(&outcome, json_object_get(value, "call"));
        while (outcome.done == 0)
                gal_loop_turn(loop, -1);
        ck_assert_uint_eq(gal_tasks_in_flight(tasks), json_is_true(json_object_get(expect, "background")) ? 1 : 0);
        run_all();
        ck_assert_int_eq(outcome.started, 1);
        ck_assert_int_eq(outcome.done, 1);
        check_outcome(name, expect, &outcome);
        outcome_finish(&outcome);
        harness_stop();
        free(config);
        json_decref(value);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tasks/cases");
        TCase *tcase = tcase_create("cases");
        SRunner *runner;
        int failed;

        file_count = scandir(CASES, &files, is_case, alphasort);
        if (file_count <= 0)
                return EXIT_FAILURE;
        tcase_set_timeout(tcase, 60);
        tcase_add_unchecked_fixture(tcase, start_server, fake_stop);
        tcase_add_loop_test(tcase, task_case, 0, file_count);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        for (int i = 0; i < file_count; i++)
                free(files[i]);
        free(files);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
