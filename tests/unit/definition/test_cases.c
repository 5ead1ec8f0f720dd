/*
 * test_cases.c: runs the files of tests/cases/definition/: a definition, and exactly the diagnostics it gets, in
 * order.
 *
 *   about         what the case shows
 *   definition    the definition, or `text` for one that is no JSON or whose lines matter
 *   express       compile for the Express type
 *   single_state  the definition is one state, as for TestState
 *   diagnostics   [{severity, code, message, location, line, column}]; line and column only where they matter; no
 *                 location: none is given. Without an error the definition must compile.
 */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "definition/program.h"

#define CASES GAL_SOURCE_DIR "/tests/cases/definition"

static struct dirent **names;
static int name_count;

static const char *text_of(const json_t *object, const char *key)
{
        const json_t *value = json_object_get(object, key);

        return value == NULL ? NULL : json_string_value(value);
}

/* The diagnostics as a text to compare and to read. Line and column only where `expected` has them. */
static char *print_actual(const struct gal_diagnostics *diagnostics, const json_t *expected)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (size_t i = 0; i < diagnostics->count; i++) {
                const struct gal_diagnostic *diagnostic = &diagnostics->items[i];

                gal_buffer_append_format(&text, "%s %s: %s at %s",
                                         diagnostic->severity == GAL_SEVERITY_ERROR ? "ERROR" : "WARNING",
                                         gal_diagnostic_code_name(diagnostic->code), diagnostic->message,
                                         diagnostic->location != NULL ? diagnostic->location : "null");
                if (json_object_get(json_array_get(expected, i), "line") != NULL)
                        gal_buffer_append_format(&text, " (%u:%u)", diagnostic->at.line, diagnostic->at.column);
                gal_buffer_append_char(&text, '\n');
        }
        return gal_need(gal_buffer_take(&text, NULL));
}

static char *print_expected(const json_t *expected)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        const json_t *item;
        size_t i;

        json_array_foreach(expected, i, item)
        {
                const char *location = text_of(item, "location");

                gal_buffer_append_format(&text, "%s %s: %s at %s", text_of(item, "severity"), text_of(item, "code"),
                                         text_of(item, "message"), location != NULL ? location : "null");
                if (json_object_get(item, "line") != NULL)
                        gal_buffer_append_format(&text, " (%d:%d)",
                                                 (int)json_integer_value(json_object_get(item, "line")),
                                                 (int)json_integer_value(json_object_get(item, "column")));
                gal_buffer_append_char(&text, '\n');
        }
        return gal_need(gal_buffer_take(&text, NULL));
}

static bool has_error(const json_t *expected)
{
        const json_t *item;
        size_t i;

        json_array_foreach(expected, i, item)
        {
                if (strcmp(text_of(item, "severity"), "ERROR") == 0)
                        return true;
        }
        return false;
}

static char *definition_of(const json_t *test, size_t *ret_len)
{
        const json_t *text = json_object_get(test, "text");

        if (text == NULL)
                return gal_need(gal_json_text(json_object_get(test, "definition"), ret_len));
        *ret_len = json_string_length(text);
        return memcpy(gal_calloc(*ret_len + 1, 1), json_string_value(text), *ret_len);
}

static void run(const char *name, const json_t *test)
{
        const json_t *expected = json_object_get(test, "diagnostics");
        struct gal_program_options options = { .express = json_is_true(json_object_get(test, "express")),
                                               .single_state =
                                                       json_is_true(json_object_get(test, "single_state")) };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        gal_auto_free char *actual_text = NULL;
        gal_auto_free char *expected_text = print_expected(expected);
        gal_auto_free char *text = NULL;
        enum gal_status status;
        size_t len;

        ck_assert_msg(json_is_string(json_object_get(test, "about")), "%s: it says nothing about itself", name);
        ck_assert_msg(json_is_array(expected), "%s: no diagnostics", name);
        text = definition_of(test, &len);
        status = gal_program_compile(text, len, &options, &diagnostics, &program);
        actual_text = print_actual(&diagnostics, expected);
        ck_assert_msg(strcmp(actual_text, expected_text) == 0, "%s\nexpected:\n%sgot:\n%s", name, expected_text,
                      actual_text);
        ck_assert_msg((status == GAL_OK) == !has_error(expected), "%s: status %d", name, (int)status);
        ck_assert_msg((program != NULL) == (status == GAL_OK), "%s: a program after a failure, or none", name);
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
}

START_TEST(definition_case)
{
        gal_auto_free char *path = gal_format("%s/%s", CASES, names[_i]->d_name);
        json_error_t error;
        json_t *test = json_load_file(path, JSON_ALLOW_NUL, &error);

        ck_assert_msg(test != NULL, "%s:%d: %s", path, error.line, error.text);
        run(path, test);
        json_decref(test);
}
END_TEST

static int is_case(const struct dirent *entry)
{
        size_t len = strlen(entry->d_name);

        return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

START_TEST(there_are_cases)
{
        ck_assert_int_ge(name_count, 150);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("definition/cases");
        TCase *tcase = tcase_create("cases");
        SRunner *runner;
        int failed;

        name_count = scandir(CASES, &names, is_case, alphasort);
        tcase_add_test(tcase, there_are_cases);
        tcase_add_loop_test(tcase, definition_case, 0, name_count);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        for (int i = 0; i < name_count; i++)
                free(names[i]);
        free(names);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
