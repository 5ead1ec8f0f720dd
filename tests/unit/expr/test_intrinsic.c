/*
 * test_intrinsic.c: the table, randomness, and bounds of the intrinsic functions.
 */
#include "expr/intrinsic/intrinsic.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/intrinsic/call.h"

static struct gal_random random_source;

static enum gal_status evaluate(const char *text, json_t *input, json_t **ret_value, struct gal_failure *failure)
{
        struct gal_scope scope = { .input = input, .random = &random_source };
        struct gal_intrinsic *call = NULL;
        enum gal_status status;

        ck_assert_msg(gal_intrinsic_parse(text, strlen(text), &call, NULL) == GAL_OK, "%s", text);
        status = gal_intrinsic_evaluate(call, &scope, ret_value, failure);
        gal_intrinsic_destroy(call);
        return status;
}

static json_t *value_of(const char *text, json_t *input)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        json_t *value = NULL;

        ck_assert_msg(evaluate(text, input, &value, &failure) == GAL_OK, "%s: %s", text, failure.cause.data);
        return value;
}

START_TEST(table_is_sorted_and_whole)
{
        static const char *const published[] = {
                "States.Array",          "States.ArrayContains", "States.ArrayGetItem", "States.ArrayLength",
                "States.ArrayPartition", "States.ArrayRange",    "States.ArrayUnique",  "States.Base64Decode",
                "States.Base64Encode",   "States.Format",        "States.Hash",         "States.JsonMerge",
                "States.JsonToString",   "States.MathAdd",       "States.MathRandom",   "States.StringSplit",
                "States.StringToJson",   "States.UUID",
        };
        const struct call_function *functions;
        size_t count;

        functions = gal_intrinsic_functions(&count);
        ck_assert_uint_eq(count, sizeof(published) / sizeof(published[0]));
        for (size_t i = 0; i < count; i++) {
                ck_assert_str_eq(functions[i].name, published[i]);
                ck_assert_ptr_eq(gal_intrinsic_find(published[i], strlen(published[i])), &functions[i]);
                ck_assert_uint_le(functions[i].count_min, functions[i].count_max);
        }
        ck_assert_ptr_null(gal_intrinsic_find("States.Arra", 11));
        ck_assert_ptr_null(gal_intrinsic_find("States.ArrayX", 13));
        ck_assert_ptr_null(gal_intrinsic_find("", 0));
}
END_TEST

static bool is_uuid4(const char *text)
{
        static const char pattern[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";

        if (strlen(text) != sizeof(pattern) - 1)
                return false;
        for (size_t i = 0; pattern[i] != '\0'; i++) {
                if (pattern[i] == 'x' && strchr("0123456789abcdef", text[i]) == NULL)
                        return false;
                if (pattern[i] == 'y' && strchr("89ab", text[i]) == NULL)
                        return false;
                if (pattern[i] != 'x' && pattern[i] != 'y' && text[i] != pattern[i])
                        return false;
        }
        return true;
}

/* The same seed of the scope gives the same values; within one evaluation two draws differ. */
START_TEST(draws_on_the_scope_alone)
{
        json_t *first, *second;

        random_source = (struct gal_random){ { 1, 2, 3, 4 } };
        first = value_of("States.Array(States.UUID(), States.UUID(), States.MathRandom(0, 1000000))", NULL);
        random_source = (struct gal_random){ { 1, 2, 3, 4 } };
        second = value_of("States.Array(States.UUID(), States.UUID(), States.MathRandom(0, 1000000))", NULL);
        ck_assert(gal_json_equal(first, second));
        ck_assert(is_uuid4(json_string_value(json_array_get(first, 0))));
        ck_assert(!gal_json_equal(json_array_get(first, 0), json_array_get(first, 1)));
        json_decref(second);
        second = value_of("States.UUID()", NULL);
        ck_assert(!gal_json_equal(json_array_get(first, 0), second));
        json_decref(first);
        json_decref(second);
}
END_TEST

START_TEST(random_numbers_stay_in_range)
{
        bool seen[3] = { false };
        json_t *value;

        random_source = (struct gal_random){ { 5, 6, 7, 8 } };
        for (int i = 0; i < 200; i++) {
                value = value_of("States.MathRandom(-1, 2)", NULL);
                ck_assert_int_ge(json_integer_value(value), -1);
                ck_assert_int_lt(json_integer_value(value), 2);
                seen[json_integer_value(value) + 1] = true;
                json_decref(value);
        }
        ck_assert(seen[0] && seen[1] && seen[2]);
        value = value_of("States.MathRandom(-9223372036854775808, 9223372036854775807)", NULL);
        json_decref(value);
        value = value_of("States.MathRandom(-9223372036854775808, 9223372036854775807, 1)", NULL);
        json_decref(value);
}
END_TEST

/* Nested templates of data would make gigabytes; the budget ends it as a failure that can be caught. */
START_TEST(output_is_bounded)
{
        static const char *const calls[] = {
                "States.Format('{}{}{}{}', States.Format($.t, $.d, $.d), 1, 2, 3)",
                "States.Array(States.Format($.t, $.d, $.d), States.Format($.t, $.d, $.d))",
                "States.StringSplit(States.Format($.t, $.d, $.d), ',')",
        };
        struct gal_failure failure = GAL_FAILURE_INIT;
        char *text = gal_calloc(9 * 1024 * 1024, 1);
        json_t *value = NULL;
        json_t *input;

        memset(text, 'x', 9 * 1024 * 1024 - 1);
        input = json_pack("{s:s, s:s}", "t", "{}{}", "d", text);
        free(text);
        ck_assert_int_eq(evaluate(calls[_i], input, &value, &failure), GAL_EFAILED);
        ck_assert_str_eq(failure.error, "States.IntrinsicFailure");
        ck_assert_ptr_nonnull(strstr(failure.cause.data, "had the following error: It makes too much data."));
        gal_failure_finish(&failure);
        json_decref(input);
}
END_TEST

/* A hash table over as many elements as a payload holds, most of them equal. */
START_TEST(unique_of_many)
{
        json_t *array = json_array();
        json_t *input = json_pack("{s:o}", "a", array);
        json_t *value;

        for (int i = 0; i < 100000; i++)
                json_array_append_new(array, json_integer(i % 977));
        value = value_of("States.ArrayUnique($.a)", input);
        ck_assert_uint_eq(json_array_size(value), 977);
        ck_assert_int_eq(json_integer_value(json_array_get(value, 976)), 976);
        json_decref(value);
        json_decref(input);
}
END_TEST

/* Arguments are never changed: they may be shared with the input. */
START_TEST(leaves_arguments_alone)
{
        json_t *input = json_pack("{s:{s:i}, s:{s:i}, s:[iii]}", "a", "x", 1, "b", "y", 2, "l", 1, 2, 1);
        char *before = gal_json_text(input, NULL);
        char *after;

        json_decref(value_of("States.JsonMerge($.a, $.b, false)", input));
        json_decref(value_of("States.ArrayUnique($.l)", input));
        json_decref(value_of("States.ArrayPartition($.l, 2)", input));
        json_decref(value_of("States.Array($.l, $.a)", input));
        after = gal_json_text(input, NULL);
        ck_assert_str_eq(before, after);
        free(before);
        free(after);
        json_decref(input);
}
END_TEST

static void count_path(void *user, const struct gal_path *path)
{
        strcat(user, gal_path_text(path));
        strcat(user, " ");
}

START_TEST(visits_every_path)
{
        const char *text = "States.Format('{}{}', $.a, States.Array($$.b, States.JsonToString($v)), 1)";
        struct gal_intrinsic *call = NULL;
        char found[100] = "";

        ck_assert_int_eq(gal_intrinsic_parse(text, strlen(text), &call, NULL), GAL_OK);
        gal_intrinsic_visit_paths(call, count_path, found);
        ck_assert_str_eq(found, "$.a $$.b $v ");
        gal_intrinsic_destroy(call);
        gal_intrinsic_destroy(NULL);
}
END_TEST

START_TEST(points_at_the_fault)
{
        static const struct {
                const char *text;
                size_t offset;
        } faults[] = { { "States.Array('a\\x')", 16 }, { "States.Array(1, $.a[x])", 20 }, { "States.Nope()", 0 } };
        struct gal_intrinsic *call = NULL;
        struct gal_error error;

        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                error = (struct gal_error){ 0 };
                ck_assert_int_eq(gal_intrinsic_parse(faults[i].text, strlen(faults[i].text), &call, &error),
                                 GAL_ESYNTAX);
                ck_assert_msg(error.at.offset == faults[i].offset, "%s: %zu", faults[i].text, error.at.offset);
        }
        ck_assert_ptr_null(call);
        ck_assert_int_eq(gal_intrinsic_parse("States.Array('\0')", 17, &call, NULL), GAL_ESYNTAX);
        ck_assert_int_eq(gal_intrinsic_parse("States.Array('\xC0')", 17, &call, NULL), GAL_ESYNTAX);
}
END_TEST

START_TEST(first_failure_is_kept)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        json_t *value = NULL;

        ck_assert_int_eq(evaluate("States.MathAdd($.x, 1)", json_null(), &value, &failure), GAL_EFAILED);
        ck_assert_int_eq(evaluate("States.ArrayLength(1)", json_null(), &value, &failure), GAL_EFAILED);
        ck_assert_str_eq(failure.error, "States.Runtime");
        ck_assert_ptr_null(value);
        gal_failure_finish(&failure);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("intrinsic");
        TCase *tcase = tcase_create("calls");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, table_is_sorted_and_whole);
        tcase_add_test(tcase, draws_on_the_scope_alone);
        tcase_add_test(tcase, random_numbers_stay_in_range);
        tcase_add_loop_test(tcase, output_is_bounded, 0, 3);
        tcase_add_test(tcase, unique_of_many);
        tcase_add_test(tcase, leaves_arguments_alone);
        tcase_add_test(tcase, visits_every_path);
        tcase_add_test(tcase, points_at_the_fault);
        tcase_add_test(tcase, first_failure_is_kept);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
