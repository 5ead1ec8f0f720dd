/*
 * test_recorded.c: every call that was recorded from the service, where the recordings lie beside the tree
 * (GAL_SHARED_DIR): what the service refused for its model's bounds is refused here in its words, and everything
 * else, whatever became of it later, gets past validation.
 *
 * Without the recordings the test says so and is counted as passed.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/validate.h"
#include "base/alloc.h"
#include "base/json.h"

#define RECORDINGS GAL_SHARED_DIR "/conformance/asl/*/*.json"

static struct gal_validator *validator;
static size_t passed_count, refused_count;

/* Something of the form of what a reference stands for. */
static const char *find_value(const char *name)
{
        if (strncmp(name, "account", 7) == 0)
                return "123456789012";
        if (strncmp(name, "region", 6) == 0)
                return "us-east-1";
        if (strncmp(name, "uid", 3) == 0)
                return "0a1b2c3d";
        return "arn:aws:states:us-east-1:123456789012:stateMachine:x";
}

static json_t *fill_in_text(const json_t *value)
{
        const char *text = json_string_value(value);
        const char *end = text + json_string_length(value);
        struct gal_buffer filled = GAL_BUFFER_INIT;
        const char *start, *stop;
        json_t *result;

        while ((start = strstr(text, "${")) != NULL && (stop = strchr(start, '}')) != NULL) {
                gal_buffer_append(&filled, text, (size_t)(start - text));
                gal_buffer_append_text(&filled, find_value(start + 2));
                text = stop + 1;
        }
        gal_buffer_append(&filled, text, (size_t)(end - text));
        result = json_stringn(filled.data != NULL ? filled.data : "", filled.len);
        gal_buffer_finish(&filled);
        return result;
}

/* (new) */
static json_t *fill_in(const json_t *value)
{
        json_t *result;
        const json_t *item;
        const char *key;
        size_t i;

        if (json_is_string(value))
                return fill_in_text(value);
        if (json_is_array(value)) {
                result = json_array();
                json_array_foreach(value, i, item) json_array_append_new(result, fill_in(item));
                return result;
        }
        if (json_is_object(value)) {
                result = json_object();
                json_object_foreach((json_t *)value, key, item) json_object_set_new(result, key, fill_in(item));
                return result;
        }
        return json_deep_copy(value);
}

/* Whether some text below has `part`; `ret_text` (nullable) is that text. */
static bool has_text(const json_t *value, const char *part, const char **ret_text)
{
        const json_t *item;
        const char *key;
        size_t i;

        if (json_is_string(value) && strstr(json_string_value(value), part) != NULL) {
                if (ret_text != NULL)
                        *ret_text = json_string_value(value);
                return true;
        }
        json_array_foreach(value, i, item) if (has_text(item, part, ret_text)) return true;
        json_object_foreach((json_t *)value, key, item) if (has_text(item, part, ret_text)) return true;
        return false;
}

static bool is_about(const json_t *check, const char *id)
{
        const json_t *item;
        const char *key;

        json_object_foreach((json_t *)check, key, item)
        {
                bool names_it = strcmp(key, "$error") == 0 || strcmp(key, "$error_text") == 0;

                if (names_it ? strcmp(json_string_value(item), id) == 0 : is_about(item, id))
                        return true;
        }
        return false;
}

/* What the recording expects of a call that failed; NULL: nothing. */
static const json_t *find_expected(const json_t *vector, const json_t *call)
{
        const char *id = json_string_value(json_object_get(call, "id"));
        const json_t *check;
        const char *name;

        json_object_foreach(json_object_get(vector, "checks"), name, check)
        {
                if (id != NULL && is_about(check, id))
                        return json_object_get(json_object_get(vector, "expect"), name);
        }
        return NULL;
}

/* The recording has a name in the place of what differs from run to run: also where it is a constant here. */
static char *normalise(const json_t *vector, const char *message)
{
        char *text = gal_strdup(message);
        const json_t *rule;
        size_t i;

        json_array_foreach(json_object_get(vector, "normalise"), i, rule)
        {
                const char *regex = json_string_value(json_object_get(rule, "regex"));
                char *found = regex != NULL && regex[strspn(regex, "x")] == '\0' ? strstr(text, regex) : NULL;
                char *next;

                if (found == NULL)
                        continue;
                next = gal_format("%.*s%s%s", (int)(found - text), text,
                                  json_string_value(json_object_get(rule, "replacement")), found + strlen(regex));
                free(text);
                text = next;
        }
        return text;
}

static void check_call(const json_t *vector, const json_t *call, const struct gal_action_shape *action)
{
        const char *id = json_string_value(json_object_get(vector, "id"));
        const json_t *expected = find_expected(vector, call);
        json_t *request = fill_in(json_object_get(call, "args"));
        struct gal_refusal refusal = GAL_REFUSAL_INIT;
        const char *text = NULL;
        bool refused = json_is_true(json_object_get(call, "fails")) &&
                       has_text(expected, "validation error", &text) && strstr(text, "detected: ") != NULL;
        bool fits = gal_validate_request(validator, action->request, request, &refusal);
        gal_auto_free char *message = normalise(vector, fits ? "" : refusal.message.data);

        if (refused) {
                ck_assert_msg(!fits, "%s: %s is not refused as the service does: %s", id, action->name, text);
                ck_assert_str_eq(refusal.type, "ValidationException");
                /* Some have the client's words before the service's. */
                ck_assert_msg(strstr(text, message) != NULL && strcmp(strstr(text, message), message) == 0,
                              "%s: %s is refused in other words\nexpected: %s\ngot:      %s", id, action->name,
                              text, message);
                refused_count++;
        } else {
                ck_assert_msg(fits, "%s: %s is refused: %s", id, action->name, refusal.message.data);
                passed_count++;
        }
        gal_refusal_finish(&refusal);
        json_decref(request);
}

static void check_vector(const json_t *vector)
{
        const json_t *call;
        size_t i;

        json_array_foreach(json_object_get(vector, "calls"), i, call)
        {
                const char *name = json_string_value(json_object_get(call, "action"));
                const struct gal_action_shape *action = name == NULL ? NULL : gal_action_shape_find(name);
                const json_t *expected = action == NULL ? NULL : find_expected(vector, call);

                /* What the client library refused never came to the service. */
                if (action != NULL && !has_text(expected, "Parameter validation failed", NULL))
                        check_call(vector, call, action);
        }
}

START_TEST(recorded_calls)
{
        glob_t files;

        if (glob(RECORDINGS, 0, NULL, &files) != 0) {
                printf("skipped: %s is not there\n", RECORDINGS);
                return;
        }
        validator = gal_validator_create();
        for (size_t i = 0; i < files.gl_pathc; i++) {
                json_error_t error;
                json_t *vector = json_load_file(files.gl_pathv[i], JSON_ALLOW_NUL, &error);

                ck_assert_msg(vector != NULL, "%s:%d: %s", files.gl_pathv[i], error.line, error.text);
                check_vector(vector);
                json_decref(vector);
        }
        globfree(&files);
        gal_validator_destroy(validator);
        printf("%zu calls passed, %zu refused\n", passed_count, refused_count);
        ck_assert_uint_ge(passed_count, 1000);
        ck_assert_uint_ge(refused_count, 15);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("api/recorded");
        TCase *tcase = tcase_create("recorded");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, recorded_calls);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
