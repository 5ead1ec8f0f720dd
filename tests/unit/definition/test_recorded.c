/*
 * test_recorded.c: what others said of definitions, where their collections lie beside the tree (GAL_SHARED_DIR):
 *
 *   conformance/asl/         calls recorded from the service: what it created must compile, what it refused must be
 *                            refused in its words
 *   conformance/validation/  the verdicts of a linter; those we do not share are listed in tests/cases/definition/
 *
 * Without the collections each test says so and is counted as passed.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "definition/program.h"

#define VALIDATION GAL_SHARED_DIR "/conformance/validation/"
#define LINTERS GAL_SOURCE_DIR "/tests/cases/definition/linters.txt"

/* False, after a word about it, when nothing matches. */
static bool find_files(const char *pattern, glob_t *ret_files)
{
        if (glob(pattern, 0, NULL, ret_files) == 0)
                return true;
        printf("skipped: %s is not there\n", pattern);
        return false;
}

static char *read_file(const char *path, size_t *ret_len)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        FILE *file = fopen(path, "rb");
        char block[4096];
        size_t len;

        ck_assert_msg(file != NULL, "%s cannot be read", path);
        while ((len = fread(block, 1, sizeof(block), file)) > 0)
                gal_buffer_append(&text, block, len);
        fclose(file);
        return gal_need(gal_buffer_take(&text, ret_len));
}

/* Compiling, and the errors as the service joins them in InvalidDefinition. */
struct verdict {
        bool compiled;
        size_t errors;
        size_t warnings;
        char *text;
};

static struct verdict judge(const char *text, size_t len, const struct gal_program_options *options)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        struct gal_buffer joined = GAL_BUFFER_INIT;
        enum gal_status status = gal_program_compile(text, len, options, &diagnostics, &program);
        struct verdict verdict = { .compiled = status == GAL_OK };

        for (size_t i = 0; i < diagnostics.count; i++) {
                const struct gal_diagnostic *item = &diagnostics.items[i];

                if (item->severity == GAL_SEVERITY_ERROR)
                        gal_buffer_append_format(&joined, "%s%s: %s at %s", joined.len > 0 ? ", " : "",
                                                 gal_diagnostic_code_name(item->code), item->message,
                                                 item->location != NULL ? item->location : "null");
        }
        verdict.errors = diagnostics.errors;
        verdict.warnings = diagnostics.warnings;
        verdict.text = gal_need(gal_buffer_take(&joined, NULL));
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
        return verdict;
}

/* The references of a vector, filled in with something of the same shape. */
static const char *find_value(const char *name, size_t len)
{
        if (len > 12 && memcmp(name + len - 12, ".activityArn", 12) == 0)
                return "arn:aws:states:us-east-1:123456789012:activity:a";
        if (len == 7 && memcmp(name, "account", 7) == 0)
                return "123456789012";
        if (len == 6 && memcmp(name, "region", 6) == 0)
                return "us-east-1";
        return "x1";
}

static char *fill_in(const char *text)
{
        struct gal_buffer filled = GAL_BUFFER_INIT;
        const char *start, *end;

        while ((start = strstr(text, "${")) != NULL && (end = strchr(start, '}')) != NULL) {
                gal_buffer_append(&filled, text, (size_t)(start - text));
                gal_buffer_append_text(&filled, find_value(start + 2, (size_t)(end - start - 2)));
                text = end + 1;
        }
        gal_buffer_append_text(&filled, text);
        return gal_need(gal_buffer_take(&filled, NULL));
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
        const json_t *value = json_object_get(object, key);

        return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* Whether some text below has `part`. */
static bool has_text(const json_t *value, const char *part)
{
        void *member;

        if (json_is_string(value))
                return strstr(json_string_value(value), part) != NULL;
        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
                if (has_text(json_array_get(value, i), part))
                        return true;
        for (member = json_object_iter((json_t *)value); member != NULL;
             member = json_object_iter_next((json_t *)value, member))
                if (has_text(json_object_iter_value(member), part))
                        return true;
        return false;
}

static void check_refused(const char *id, const json_t *expected, const struct verdict *verdict)
{
        gal_auto_free char *message = gal_format("Invalid State Machine Definition: '%s'", verdict->text);

        ck_assert_msg(verdict->errors > 0, "%s: the service refuses this definition", id);
        ck_assert_msg(has_text(expected, message) || has_text(expected, "<any text>"),
                      "%s: refused in other words: %s", id, message);
}

/* The answer of ValidateStateMachineDefinition has the same errors. */
static void check_answer(const char *id, const json_t *answer, const struct verdict *verdict)
{
        struct gal_buffer joined = GAL_BUFFER_INIT;
        const json_t *item;
        size_t i;

        json_array_foreach(json_object_get(answer, "diagnostics"), i, item)
        {
                const json_t *location = json_object_get(item, "location");

                gal_buffer_append_format(&joined, "%s%s: %s at %s", i > 0 ? ", " : "",
                                         json_string_value(json_object_get(item, "code")),
                                         json_string_value(json_object_get(item, "message")),
                                         location != NULL ? json_string_value(location) : "null");
        }
        ck_assert_msg(is_text(answer, "result", verdict->compiled ? "OK" : "FAIL"), "%s: %s", id, verdict->text);
        ck_assert_msg(strcmp(joined.len > 0 ? joined.data : "", verdict->text) == 0, "%s\nexpected: %s\ngot: %s",
                      id, joined.data, verdict->text);
        gal_buffer_finish(&joined);
}

/* A definition for TestState may be one state. */
static bool is_single_state(const char *text)
{
        json_t *value = json_loads(text, JSON_ALLOW_NUL, NULL);
        bool single = json_is_object(value) && json_object_get(value, "States") == NULL;

        json_decref(value);
        return single;
}

static size_t check_call(const char *id, const json_t *expected, const json_t *call)
{
        const json_t *args = json_object_get(call, "args");
        const json_t *definition = json_object_get(args, "definition");
        struct gal_program_options options = { .express = is_text(args, "type", "EXPRESS") };
        gal_auto_free char *text = NULL;
        struct verdict verdict;

        if (!json_is_string(definition))
                return 0;
        text = fill_in(json_string_value(definition));
        options.single_state = is_text(call, "action", "TestState") && is_single_state(text);
        verdict = judge(text, strlen(text), &options);
        if (is_text(call, "action", "ValidateStateMachineDefinition"))
                check_answer(id, json_object_iter_value(json_object_iter((json_t *)expected)), &verdict);
        else if (json_is_true(json_object_get(call, "fails")) &&
                 (has_text(expected, "Invalid State Machine Definition: '") || has_text(expected, "<any text>")))
                check_refused(id, expected, &verdict);
        else
                ck_assert_msg(verdict.compiled, "%s: the service takes this definition: %s", id, verdict.text);
        free(verdict.text);
        return 1;
}

static size_t check_calls(const char *id, const json_t *expected, const json_t *calls)
{
        const json_t *call;
        size_t count = 0;
        size_t i;

        json_array_foreach(calls, i, call)
        {
                if (json_object_get(call, "background") != NULL)
                        count += check_calls(id, expected, json_object_get(call, "background"));
                else
                        count += check_call(id, expected, call);
        }
        return count;
}

START_TEST(recorded_calls)
{
        size_t count = 0;
        glob_t files;

        if (!find_files(GAL_SHARED_DIR "/conformance/asl/*/*.json", &files))
                return;
        for (size_t i = 0; i < files.gl_pathc; i++) {
                json_t *vector = json_load_file(files.gl_pathv[i], JSON_ALLOW_NUL, NULL);

                ck_assert_msg(vector != NULL, "%s is not JSON", files.gl_pathv[i]);
                count += check_calls(json_string_value(json_object_get(vector, "id")),
                                     json_object_get(vector, "expect"), json_object_get(vector, "calls"));
                json_decref(vector);
        }
        printf("%zu recorded definitions\n", count);
        ck_assert_uint_gt(count, 1000);
        globfree(&files);
}
END_TEST

START_TEST(accepted_by_a_linter)
{
        glob_t files;

        if (!find_files(VALIDATION "valid/*.json", &files))
                return;
        for (size_t i = 0; i < files.gl_pathc; i++) {
                size_t len;
                gal_auto_free char *text = read_file(files.gl_pathv[i], &len);
                struct verdict verdict = judge(text, len, NULL);

                ck_assert_msg(verdict.compiled && verdict.errors == 0, "%s: %s", files.gl_pathv[i], verdict.text);
                free(verdict.text);
        }
        globfree(&files);
}
END_TEST

/* "warning", "later", or "error" for what the list does not name. */
static const char *find_verdict(const char *list, const char *path)
{
        gal_auto_free char *line = gal_format(" %s ", strrchr(path, '/') + 1);
        const char *at = strstr(list, line);

        if (at == NULL)
                return "error";
        return at - list >= 7 && strncmp(at - 7, "warning", 7) == 0 ? "warning" : "later";
}

START_TEST(refused_by_a_linter)
{
        gal_auto_free char *list = NULL;
        glob_t files;
        size_t len;

        if (!find_files(VALIDATION "invalid/*.json", &files))
                return;
        list = read_file(LINTERS, &len);
        for (size_t i = 0; i < files.gl_pathc; i++) {
                const char *expected = find_verdict(list, files.gl_pathv[i]);
                gal_auto_free char *text = read_file(files.gl_pathv[i], &len);
                struct verdict verdict = judge(text, len, NULL);
                const char *actual = verdict.errors > 0 ? "error" : verdict.warnings > 0 ? "warning" : "later";

                ck_assert_msg(strcmp(expected, actual) == 0, "%s: expected: %s, got: %s", files.gl_pathv[i],
                              expected, actual);
                free(verdict.text);
        }
        globfree(&files);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("definition/recorded");
        TCase *tcase = tcase_create("recorded");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, recorded_calls);
        tcase_add_test(tcase, accepted_by_a_linter);
        tcase_add_test(tcase, refused_by_a_linter);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
