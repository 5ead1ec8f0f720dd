/*
 * test_cases.c: runs the files of tests/cases/api/: requests and answers, held to the shapes of their action.
 *
 *   about     what the case shows
 *   action    whose shapes
 *   request   a request, or
 *   reply     an answer of ours
 *   refused   {type, message} of a refused request; {at, message} of a wrong answer; without it all must be well
 *
 * In them {"$repeat": [TEXT, COUNT]} stands for a long text, and {"$join": [TEXT, ...]} for its parts together.
 */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "api/shape.h"
#include "api/validate.h"
#include "base/alloc.h"

#define CASES GAL_SOURCE_DIR "/tests/cases/api"

static struct dirent **names;
static int name_count;

static json_t *expand(const json_t *value);

static json_t *repeat(const json_t *arguments)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        json_t *result;

        for (json_int_t i = json_integer_value(json_array_get(arguments, 1)); i > 0; i--)
                gal_buffer_append_text(&text, json_string_value(json_array_get(arguments, 0)));
        result = json_stringn(text.data, text.len);
        gal_buffer_finish(&text);
        return result;
}

static json_t *join(const json_t *parts)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        json_t *result;
        const json_t *part;
        size_t i;

        json_array_foreach(parts, i, part)
        {
                json_t *expanded = expand(part);

                gal_buffer_append(&text, json_string_value(expanded), json_string_length(expanded));
                json_decref(expanded);
        }
        result = json_stringn(text.data, text.len);
        gal_buffer_finish(&text);
        return result;
}

/* (new) */
static json_t *expand(const json_t *value)
{
        json_t *result;
        const json_t *item;
        const char *key;
        size_t i;

        if (json_object_get(value, "$repeat") != NULL)
                return repeat(json_object_get(value, "$repeat"));
        if (json_object_get(value, "$join") != NULL)
                return join(json_object_get(value, "$join"));
        if (json_is_array(value)) {
                result = json_array();
                json_array_foreach(value, i, item) json_array_append_new(result, expand(item));
                return result;
        }
        if (json_is_object(value)) {
                result = json_object();
                json_object_foreach((json_t *)value, key, item) json_object_set_new(result, key, expand(item));
                return result;
        }
        return json_deep_copy(value);
}

static void check_text(const char *name, const char *what, const json_t *expected, const char *text, size_t len)
{
        ck_assert_msg(json_is_string(expected), "%s: it does not say which %s", name, what);
        ck_assert_msg(json_string_length(expected) == len && memcmp(json_string_value(expected), text, len) == 0,
                      "%s: %s\nexpected: %s\ngot:      %.*s", name, what, json_string_value(expected), (int)len,
                      text);
}

static void run_request(const char *name, const struct gal_action_shape *action, const json_t *request,
                        const json_t *refused)
{
        struct gal_validator *validator = gal_validator_create();
        struct gal_refusal refusal = GAL_REFUSAL_INIT;
        bool fits = gal_validate_request(validator, action->request, request, &refusal);

        ck_assert_msg(fits || refused != NULL, "%s: refused: %s", name, refusal.message.data);
        ck_assert_msg(!fits || refused == NULL, "%s: not refused", name);
        if (!fits) {
                check_text(name, "type", json_object_get(refused, "type"), refusal.type, strlen(refusal.type));
                check_text(name, "message", json_object_get(refused, "message"), refusal.message.data,
                           refusal.message.len);
                ck_assert(gal_action_has_error(action, refusal.type));
        }
        gal_refusal_finish(&refusal);
        gal_validator_destroy(validator);
}

static void run_reply(const char *name, const struct gal_action_shape *action, const json_t *reply,
                      const json_t *refused)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_shape_check_reply(action->response, reply, &error);

        ck_assert_msg(status == GAL_OK || refused != NULL, "%s: %s: %s", name, error.path, error.message);
        ck_assert_msg(status != GAL_OK || refused == NULL, "%s: not noticed", name);
        if (status != GAL_OK) {
                ck_assert_int_eq(status, GAL_EINVALID);
                check_text(name, "place", json_object_get(refused, "at"), error.path, strlen(error.path));
                check_text(name, "message", json_object_get(refused, "message"), error.message,
                           strlen(error.message));
        }
}

static void run(const char *name, const json_t *test)
{
        const struct gal_action_shape *action =
                gal_action_shape_find(json_string_value(json_object_get(test, "action")));

        ck_assert_msg(json_is_string(json_object_get(test, "about")), "%s: it says nothing about itself", name);
        ck_assert_msg(action != NULL, "%s: no such action", name);
        ck_assert_msg(json_is_object(json_object_get(test, "request")) !=
                              json_is_object(json_object_get(test, "reply")),
                      "%s: one of request and reply", name);
        if (json_object_get(test, "request") != NULL)
                run_request(name, action, json_object_get(test, "request"), json_object_get(test, "refused"));
        else
                run_reply(name, action, json_object_get(test, "reply"), json_object_get(test, "refused"));
}

START_TEST(api_case)
{
        gal_auto_free char *path = gal_format("%s/%s", CASES, names[_i]->d_name);
        json_error_t error;
        json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
        json_t *test;

        ck_assert_msg(file != NULL, "%s:%d: %s", path, error.line, error.text);
        test = expand(file);
        run(names[_i]->d_name, test);
        json_decref(test);
        json_decref(file);
}
END_TEST

START_TEST(there_are_cases)
{
        ck_assert_int_ge(name_count, 70);
}
END_TEST

/* What a table that lost half of itself would not have. */
START_TEST(the_table_is_whole)
{
        ck_assert_uint_eq(gal_action_shape_count, 37);
        for (size_t i = 0; i < gal_action_shape_count; i++) {
                const struct gal_action_shape *action = &gal_action_shapes[i];

                ck_assert_ptr_eq(gal_action_shape_find(action->name), action);
                ck_assert_int_eq(action->request->type, GAL_SHAPE_STRUCTURE);
                ck_assert_int_eq(action->response->type, GAL_SHAPE_STRUCTURE);
        }
        ck_assert_ptr_null(gal_action_shape_find("StartExecutions"));
        ck_assert_str_eq(gal_action_shape_find("TestState")->host_prefix, "sync-");
        ck_assert_ptr_null(gal_action_shape_find("StartExecution")->host_prefix);
        ck_assert(gal_action_shape_find("StartExecution")->idempotent);
        ck_assert(!gal_action_shape_find("StopExecution")->idempotent);
        ck_assert(gal_action_has_error(gal_action_shape_find("StopExecution"), "ExecutionDoesNotExist"));
        ck_assert(gal_action_has_error(gal_action_shape_find("StopExecution"), "ThrottlingException"));
        ck_assert(!gal_action_has_error(gal_action_shape_find("StopExecution"), "ActivityDoesNotExist"));
}
END_TEST

/* Thousands of faults, and a text that a pattern takes long for, make neither a long message nor a long wait. */
START_TEST(what_is_refused_stays_small)
{
        const struct gal_action_shape *action = gal_action_shape_find("TagResource");
        struct gal_validator *validator = gal_validator_create();
        struct gal_refusal refusal = GAL_REFUSAL_INIT;
        json_t *tags = json_array();
        json_t *request = json_pack("{s:s, s:o}", "resourceArn", "arn", "tags", tags);

        for (int i = 0; i < 10000; i++)
                json_array_append_new(tags, json_pack("{s:s}", "key", ""));
        ck_assert(!gal_validate_request(validator, action->request, request, &refusal));
        ck_assert_msg(strncmp(refusal.message.data,
                              "10000 validation errors detected: Value '' at 'tags.1.member.key' ", 66) == 0,
                      "%.100s", refusal.message.data);
        ck_assert_uint_lt(refusal.message.len, 20000);
        gal_refusal_finish(&refusal);
        json_decref(request);
        gal_validator_destroy(validator);
        gal_validator_destroy(NULL);
}
END_TEST

static int is_case(const struct dirent *entry)
{
        size_t len = strlen(entry->d_name);

        return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

int main(void)
{
        Suite *suite = suite_create("api/cases");
        TCase *tcase = tcase_create("cases");
        SRunner *runner;
        int failed;

        name_count = scandir(CASES, &names, is_case, alphasort);
        tcase_add_test(tcase, there_are_cases);
        tcase_add_test(tcase, the_table_is_whole);
        tcase_add_test(tcase, what_is_refused_stays_small);
        tcase_add_loop_test(tcase, api_case, 0, name_count);
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
