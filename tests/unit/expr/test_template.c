/*
 * test_template.c: what templates share with their results, and what they tell a validator.
 */
#include "expr/template/template.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"

static json_t *read_json(const char *text)
{
        json_t *value = NULL;

        ck_assert_msg(gal_json_read(text, strlen(text), &value, NULL) == GAL_OK, "%s", text);
        return value;
}

static struct gal_template *compile(json_t *value)
{
        struct gal_template *template = NULL;

        ck_assert_int_eq(gal_template_compile(value, NULL, NULL, &template), GAL_OK);
        return template;
}

static json_t *evaluate(const struct gal_template *template, json_t *input)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_scope scope = { .input = input };
        json_t *value = NULL;

        ck_assert_msg(gal_template_evaluate(template, &scope, &value, &failure) == GAL_OK, "%s",
                      failure.cause.data);
        return value;
}

START_TEST(constants_are_shared)
{
        json_t *source =
                read_json("{\"big\":{\"list\":[1,2]},\"x.$\":\"$.a\",\"arr\":[{\"y\":1},{\"z.$\":\"$.a\"}]}");
        json_t *input = read_json("{\"a\":[1]}");
        struct gal_template *template = compile(source);
        json_t *value = evaluate(template, input);

        ck_assert(!gal_template_is_constant(template));
        ck_assert_ptr_eq(json_object_get(value, "big"), json_object_get(source, "big"));
        ck_assert_ptr_eq(json_array_get(json_object_get(value, "arr"), 0),
                         json_array_get(json_object_get(source, "arr"), 0));
        ck_assert_ptr_eq(json_object_get(value, "x"), json_object_get(input, "a"));
        json_decref(value);
        gal_template_destroy(template);
        json_decref(source);
        json_decref(input);
}
END_TEST

START_TEST(constant_whole)
{
        static const char *const texts[] = { "{}", "[]", "\"$.a\"", "{\"a\":[{\"b\":1}]}", "null", "5" };
        struct gal_template *template;
        json_t *source, *value;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                source = read_json(texts[i]);
                template = compile(source);
                ck_assert_msg(gal_template_is_constant(template), "%s", texts[i]);
                value = evaluate(template, NULL);
                ck_assert_ptr_eq(value, source);
                json_decref(value);
                json_decref(source); /* the template keeps what it needs */
                value = evaluate(template, NULL);
                json_decref(value);
                gal_template_destroy(template);
        }
        gal_template_destroy(NULL);
}
END_TEST

START_TEST(faults_may_be_unwanted)
{
        json_t *source = read_json("{\"a.$\":\"nope\"}");
        struct gal_template *template = NULL;

        ck_assert_int_eq(gal_template_compile(source, NULL, NULL, &template), GAL_EINVALID);
        ck_assert_ptr_null(template);
        json_decref(source);
}
END_TEST

/* Many calls in one template share one budget. */
START_TEST(output_is_bounded)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_scope scope = { 0 };
        struct gal_template *template;
        char *text = gal_calloc(GAL_PAYLOAD_SIZE_MAX, 1);
        json_t *source = json_object();
        json_t *value = NULL;

        memset(text, 'x', GAL_PAYLOAD_SIZE_MAX - 1);
        scope.input = json_string(text);
        for (int i = 0; i < 100; i++) {
                snprintf(text, 20, "k%d.$", i);
                json_object_set_new(source, text, json_string("States.Format('{}', $)"));
        }
        free(text);
        template = compile(source);
        ck_assert_int_eq(gal_template_evaluate(template, &scope, &value, &failure), GAL_EFAILED);
        ck_assert_str_eq(failure.error, "States.IntrinsicFailure");
        gal_failure_finish(&failure);
        gal_template_destroy(template);
        json_decref(source);
        json_decref(scope.input);
}
END_TEST

/* And so do many paths: neither the time nor the memory of one template grows with its length alone. */
START_TEST(paths_are_bounded_together)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_scope scope = { .input = json_array() };
        json_t *source = json_object();
        struct gal_template *template;
        json_t *value = NULL;
        char key[20];

        for (int i = 0; i < 20000; i++)
                json_array_append_new(scope.input, json_integer(i));
        for (int i = 0; i < 1000; i++) {
                snprintf(key, sizeof(key), "k%d.$", i);
                json_object_set_new(source, key, json_string("$..*"));
        }
        template = compile(source);
        ck_assert_int_eq(gal_template_evaluate(template, &scope, &value, &failure), GAL_EFAILED);
        ck_assert_str_eq(failure.error, "States.Runtime");
        gal_failure_finish(&failure);
        gal_template_destroy(template);
        json_decref(source);
        json_decref(scope.input);
}
END_TEST

START_TEST(expression_is_either)
{
        struct gal_expression *path = NULL;
        struct gal_expression *call = NULL;
        struct gal_expression *none = NULL;

        ck_assert_int_eq(gal_expression_parse("$.a", 3, &path, NULL), GAL_OK);
        ck_assert_str_eq(gal_path_text(gal_expression_path(path)), "$.a");
        ck_assert_ptr_null(gal_expression_call(path));
        ck_assert_int_eq(gal_expression_parse("States.UUID()", 13, &call, NULL), GAL_OK);
        ck_assert_ptr_null(gal_expression_path(call));
        ck_assert_ptr_nonnull(gal_expression_call(call));
        ck_assert_int_eq(gal_expression_parse("text", 4, &none, NULL), GAL_ESYNTAX);
        ck_assert_int_eq(gal_expression_parse("", 0, &none, NULL), GAL_ESYNTAX);
        ck_assert_ptr_null(none);
        gal_expression_destroy(path);
        gal_expression_destroy(call);
        gal_expression_destroy(NULL);
}
END_TEST

START_TEST(expression_names_its_field)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_expression *expression = NULL;
        struct gal_scope scope = { .input = json_pack("{s:i}", "a", 1) };
        json_t *value = NULL;

        ck_assert_int_eq(gal_expression_parse("$.Error", 7, &expression, NULL), GAL_OK);
        ck_assert_int_eq(gal_expression_evaluate(expression, "ErrorPath", &scope, &value, &failure), GAL_EFAILED);
        ck_assert_str_eq(failure.error, "States.Runtime");
        ck_assert_str_eq(failure.cause.data,
                         "The JSONPath '$.Error' specified for the field 'ErrorPath' could not be "
                         "found in the input '{\"a\":1}'");
        gal_failure_finish(&failure);
        gal_expression_destroy(expression);
        json_decref(scope.input);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("template");
        TCase *tcase = tcase_create("templates");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, constants_are_shared);
        tcase_add_test(tcase, constant_whole);
        tcase_add_test(tcase, faults_may_be_unwanted);
        tcase_add_test(tcase, output_is_bounded);
        tcase_add_test(tcase, paths_are_bounded_together);
        tcase_add_test(tcase, expression_is_either);
        tcase_add_test(tcase, expression_names_its_field);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
