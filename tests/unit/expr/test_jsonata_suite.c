/*
 * test_jsonata_suite.c: the suite of the reference implementation, where it lies (../shared/conformance/jsonata).
 *
 * A line a case: expr, data or dataset, bindings, and what it must come to. Lines with lone surrogates, which our
 * JSON reader refuses, are skipped, and said so; any other line must be readable. `test_expr_jsonata_suite FILTER`
 * runs the cases with a matching id only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "expr/jsonata/jsonata.h"

#define SUITE_DIR GAL_SHARED_DIR "/conformance/jsonata"

enum { SKIPPED = 77 };

struct suite {
        const char *filter;
        json_t *datasets; /* by name, as they are read */
        int passed;
        int failed;
        int skipped;
};

struct outcome {
        json_t *value; /* owned */
        bool is_undefined;
        struct gal_jsonata_error error;
};

static char *read_file(const char *path, size_t *ret_len)
{
        FILE *file = fopen(path, "re");
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        char chunk[65536];
        size_t got;

        if (file == NULL)
                return NULL;
        while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
                gal_buffer_append(&buffer, chunk, got);
        fclose(file);
        return gal_buffer_take(&buffer, ret_len);
}

/* (transfer none) */
static json_t *get_dataset(struct suite *suite, const char *name)
{
        json_t *data = json_object_get(suite->datasets, name);
        gal_auto_free char *path = gal_format(SUITE_DIR "/datasets/%s.json", name);
        gal_auto_free char *text = NULL;
        size_t len = 0;

        if (data != NULL)
                return data;
        text = read_file(path, &len);
        if (text == NULL || gal_json_read(text, len, &data, NULL) != GAL_OK) {
                fprintf(stderr, "%s cannot be read\n", path);
                exit(1);
        }
        json_object_set_new(suite->datasets, name, data);
        return data;
}

static void run_expression(struct suite *suite, const json_t *entry, struct outcome *outcome)
{
        const json_t *expr = json_object_get(entry, "expr");
        const json_t *dataset = json_object_get(entry, "dataset");
        json_t *data =
                dataset != NULL ? get_dataset(suite, json_string_value(dataset)) : json_object_get(entry, "data");
        struct gal_random random = { { 1, 2, 3, 4 } };
        struct gal_jsonata_environment environment = { 1514764800000, &random };
        struct gal_jsonata_limits limits = {
                .depth = (uint32_t)json_integer_value(json_object_get(entry, "depth")),
                .steps = 200000000,
        };
        struct gal_jsonata *expression;
        bool is_function = false;

        *outcome = (struct outcome){ .error = GAL_JSONATA_ERROR_INIT };
        if (gal_jsonata_compile(json_string_value(expr), json_string_length(expr), GAL_JSONATA_REFERENCE,
                                &expression, &outcome->error) != GAL_OK)
                return;
        if (gal_jsonata_evaluate(expression, data, json_object_get(entry, "bindings"), &environment, &limits,
                                 &outcome->value, &is_function, &outcome->error) == GAL_OK)
                outcome->is_undefined = outcome->value == NULL;
        gal_jsonata_destroy(expression);
}

/* The same elements in any order. */
static bool is_permutation(const json_t *a, const json_t *b)
{
        bool used[256] = { false };
        size_t count = json_array_size(a);
        size_t found;

        if (!json_is_array(a) || !json_is_array(b) || count != json_array_size(b) || count > sizeof(used))
                return false;
        for (size_t i = 0; i < count; i++) {
                for (found = 0; found < count; found++)
                        if (!used[found] && gal_json_equal(json_array_get(a, i), json_array_get(b, found)))
                                break;
                if (found == count)
                        return false;
                used[found] = true;
        }
        return true;
}

static bool is_expected(const json_t *expect, const struct outcome *outcome)
{
        const json_t *result = json_object_get(expect, "result");
        const char *code = json_string_value(json_object_get(expect, "error"));
        const char *token = json_string_value(json_object_get(expect, "token"));

        if (code != NULL)
                return strcmp(outcome->error.code, code) == 0 &&
                       (token == NULL || strcmp(outcome->error.token.data, token) == 0);
        if (json_is_true(json_object_get(expect, "undefined")))
                return outcome->is_undefined;
        if (outcome->value == NULL)
                return false;
        if (json_is_true(json_object_get(expect, "unordered")) && is_permutation(result, outcome->value))
                return true;
        return gal_json_equal(result, outcome->value);
}

static void show_failure(const json_t *entry, const struct outcome *outcome)
{
        gal_auto_free char *expect = gal_json_text(json_object_get(entry, "expect"), NULL);
        gal_auto_free char *got = outcome->value != NULL ? gal_json_text(outcome->value, NULL) : NULL;

        printf("%s: %s\n    expected %.500s\n    got      %.500s%s %s %s\n",
               json_string_value(json_object_get(entry, "id")), json_string_value(json_object_get(entry, "expr")),
               expect, got != NULL ? got : "", outcome->is_undefined ? "undefined" : "", outcome->error.code,
               outcome->error.message.data != NULL ? outcome->error.message.data : "");
}

static void run_case(struct suite *suite, const json_t *entry)
{
        struct outcome outcome;

        if (suite->filter != NULL && strstr(json_string_value(json_object_get(entry, "id")), suite->filter) == NULL)
                return;
        run_expression(suite, entry, &outcome);
        if (is_expected(json_object_get(entry, "expect"), &outcome)) {
                suite->passed++;
        } else {
                suite->failed++;
                show_failure(entry, &outcome);
        }
        json_decref(outcome.value);
        gal_jsonata_error_finish(&outcome.error);
}

static void run_lines(struct suite *suite, const char *text, size_t len)
{
        const char *end = text + len;

        for (const char *line = text; line < end;) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));
                size_t size = (size_t)((stop != NULL ? stop : end) - line);
                struct gal_error error = { .code = GAL_OK };
                json_t *entry = NULL;

                if (size > 0 && gal_json_read(line, size, &entry, &error) != GAL_OK) {
                        bool is_known = strstr(error.message, "lone surrogate") != NULL;

                        printf("%s: %s: %.60s...\n", is_known ? "skipped" : "unreadable", error.message, line);
                        *(is_known ? &suite->skipped : &suite->failed) += 1;
                } else if (size > 0) {
                        run_case(suite, entry);
                }
                json_decref(entry);
                line += size + 1;
        }
}

int main(int argc, char **argv)
{
        struct suite suite = { .filter = argc > 1 ? argv[1] : NULL, .datasets = json_object() };
        size_t len = 0;
        gal_auto_free char *text = read_file(SUITE_DIR "/cases.jsonl", &len);

        if (text == NULL) {
                printf("the suite is not there: " SUITE_DIR "\n");
                return SKIPPED;
        }
        run_lines(&suite, text, len);
        json_decref(suite.datasets);
        printf("%d passed, %d failed, %d skipped\n", suite.passed, suite.failed, suite.skipped);
        return suite.failed == 0 ? 0 : 1;
}
