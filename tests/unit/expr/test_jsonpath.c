/*
 * test_jsonpath.c: what a path says about itself, what it shares, and its bounds.
 */
#include "expr/jsonpath/jsonpath.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/java.h"

static struct gal_path *parse(const char *text)
{
        struct gal_path *path = NULL;
        struct gal_error error = { 0 };

        ck_assert_msg(gal_path_parse(text, strlen(text), &path, &error) == GAL_OK, "%s: %s", text, error.message);
        return path;
}

static json_t *read_json(const char *text)
{
        json_t *value = NULL;

        ck_assert_msg(gal_json_read(text, strlen(text), &value, NULL) == GAL_OK, "%s", text);
        return value;
}

/* `why` (nullable) gets the explanation of what is not GAL_OK. */
static enum gal_status evaluate(const char *text, json_t *input, json_t **ret_value, struct gal_buffer *why)
{
        struct gal_scope scope = { .input = input };
        struct gal_path *path = parse(text);
        enum gal_status status = gal_path_evaluate(path, &scope, ret_value);

        if (status != GAL_OK && why != NULL)
                gal_path_explain(path, &scope, status, why);

        gal_path_destroy(path);
        return status;
}

static const struct {
        const char *text;
        bool definite, reference, root;
} kinds[] = {
        { "$", true, true, true },
        { "$$", true, true, false },
        { "$v", true, true, false },
        { "$.a", true, true, false },
        { "$.a['b'][0].c", true, true, false },
        { "$$.Map.Item.Value", true, true, false },
        { "$.a[-1]", true, false, false },
        { "$['a','b']", true, false, false },
        { "$['a','b'].c", false, false, false },
        { "$.a.length()", true, false, false },
        { "$.a[*].length()", true, false, false },
        { "$.a[*]", false, false, false },
        { "$.*", false, false, false },
        { "$..a", false, false, false },
        { "$.a[0,1]", false, false, false },
        { "$.a[0:1]", false, false, false },
        { "$.a[?(@.b)]", false, false, false },
        { "$..[0]", false, false, false },
};

START_TEST(tells_what_it_is)
{
        struct gal_path *path = parse(kinds[_i].text);

        ck_assert_msg(gal_path_is_definite(path) == kinds[_i].definite, "definite: %s", kinds[_i].text);
        ck_assert_msg(gal_path_is_reference(path) == kinds[_i].reference, "reference: %s", kinds[_i].text);
        ck_assert_msg(gal_path_is_root(path) == kinds[_i].root, "root: %s", kinds[_i].text);
        ck_assert_str_eq(gal_path_text(path), kinds[_i].text);
        gal_path_destroy(path);
}
END_TEST

START_TEST(tells_its_root)
{
        struct gal_path *input = parse("$.a");
        struct gal_path *context = parse("$$.a");
        struct gal_path *variable = parse("$größe_1.a");

        ck_assert_int_eq(gal_path_root(input), GAL_PATH_INPUT);
        ck_assert_ptr_null(gal_path_variable(input));
        ck_assert_int_eq(gal_path_root(context), GAL_PATH_CONTEXT);
        ck_assert_int_eq(gal_path_root(variable), GAL_PATH_VARIABLE);
        ck_assert_str_eq(gal_path_variable(variable), "größe_1");
        gal_path_destroy(input);
        gal_path_destroy(context);
        gal_path_destroy(variable);
}
END_TEST

START_TEST(points_at_the_fault)
{
        static const struct {
                const char *text;
                size_t offset;
        } faults[] = { { "$.a b", 3 }, { "$.a[x]", 4 }, { "$.a..", 5 }, { "a", 0 }, { "$[?(@.a ==)]", 10 } };
        struct gal_path *path = NULL;
        struct gal_error error;

        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                error = (struct gal_error){ 0 };
                ck_assert_int_eq(gal_path_parse(faults[i].text, strlen(faults[i].text), &path, &error),
                                 GAL_ESYNTAX);
                ck_assert_ptr_null(path);
                ck_assert_msg(error.at.offset == faults[i].offset, "%s: %zu", faults[i].text, error.at.offset);
        }
        ck_assert_int_eq(gal_path_parse("$.a\0b", 5, &path, NULL), GAL_ESYNTAX);
        ck_assert_int_eq(gal_path_parse("$.\xFF", 3, &path, NULL), GAL_ESYNTAX);
}
END_TEST

START_TEST(shares_the_node)
{
        json_t *input = read_json("{\"a\":{\"b\":[1]}}");
        json_t *node = json_object_get(json_object_get(input, "a"), "b");
        json_t *value = NULL;

        ck_assert_int_eq(evaluate("$.a.b", input, &value, NULL), GAL_OK);
        ck_assert_ptr_eq(value, node);
        ck_assert_uint_eq(value->refcount, 2);
        json_decref(value);
        ck_assert_int_eq(evaluate("$..b", input, &value, NULL), GAL_OK);
        ck_assert_ptr_eq(json_array_get(value, 0), node);
        json_decref(value);
        json_decref(input);
}
END_TEST

START_TEST(leaves_outputs_alone_when_it_fails)
{
        json_t *input = read_json("{\"a\":1}");
        json_t *mark = json_true();
        json_t *value = mark;
        struct gal_path *path = parse("$.a.b");

        ck_assert_int_eq(evaluate("$.x", input, &value, NULL), GAL_ENOTFOUND);
        ck_assert_ptr_eq(value, mark);
        ck_assert_int_eq(gal_path_set(path, input, mark, &value, NULL), GAL_EINVALID);
        ck_assert_ptr_eq(value, mark);
        gal_path_destroy(path);
        json_decref(input);
}
END_TEST

/* Only what is on the path is copied, and the document itself stays as it was. */
START_TEST(set_copies_on_write)
{
        json_t *document = read_json("{\"keep\":{\"x\":1},\"a\":{\"b\":1,\"c\":[1]}}");
        char *before = gal_json_text(document, NULL);
        struct gal_path *path = parse("$.a.b");
        json_t *value = json_integer(2);
        json_t *written = NULL;
        char *after;

        ck_assert_int_eq(gal_path_set(path, document, value, &written, NULL), GAL_OK);
        after = gal_json_text(document, NULL);
        ck_assert_str_eq(before, after);
        ck_assert_ptr_eq(json_object_get(written, "keep"), json_object_get(document, "keep"));
        ck_assert_ptr_eq(json_object_get(json_object_get(written, "a"), "c"),
                         json_object_get(json_object_get(document, "a"), "c"));
        ck_assert_ptr_eq(json_object_get(json_object_get(written, "a"), "b"), value);
        free(after);
        free(before);
        gal_path_destroy(path);
        json_decref(value);
        json_decref(written);
        json_decref(document);
}
END_TEST

static json_t *make_numbers(size_t count)
{
        json_t *array = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(array, json_integer((json_int_t)i));
        return array;
}

static json_t *make_nested(size_t depth)
{
        json_t *value = json_object();

        for (size_t i = 0; i < depth; i++)
                value = json_pack("{s:o}", "a", value);
        return value;
}

START_TEST(visits_are_bounded)
{
        static const char *const hungry[] = {
                "$[?($[?($[?(@ == 1)])])]", /* filters in filters: n * n * n */
                "$[?($..* == @)]",          /* a walk for each element */
                "$[?($ == $)]",             /* a comparison of the whole for each */
                "$[?(@ in $)]",             /* a search of the whole for each */
                "$[?($ subsetof $)]",       /* each against each, for each */
        };
        json_t *input = make_numbers(20000);
        json_t *value = NULL;
        struct gal_buffer why = GAL_BUFFER_INIT;

        ck_assert_int_eq(evaluate(hungry[_i], input, &value, &why), GAL_ELIMIT);
        ck_assert_ptr_null(value);
        ck_assert_str_eq(why.data, "The path takes too many steps to evaluate");
        gal_buffer_finish(&why);
        json_decref(input);
}
END_TEST

/* What a scope allows is for all that is evaluated in it. */
START_TEST(a_budget_is_shared)
{
        struct gal_budget budget = { .visits_left = 30, .bytes_left = 1000 };
        struct gal_scope scope = { .input = make_numbers(20), .budget = &budget };
        struct gal_path *path = parse("$[*]");
        json_t *value = NULL;

        ck_assert_int_eq(gal_path_evaluate(path, &scope, &value), GAL_OK);
        json_decref(value);
        ck_assert_int_eq(gal_path_evaluate(path, &scope, &value), GAL_ELIMIT);
        budget = (struct gal_budget){ .visits_left = 100, .bytes_left = 300 };
        ck_assert_int_eq(gal_path_evaluate(path, &scope, &value), GAL_ELIMIT);
        gal_path_destroy(path);
        json_decref(scope.input);
}
END_TEST

/* Each object that several names make is new: `$..` may ask for them more often than the payload has members. */
START_TEST(new_objects_are_bounded)
{
        json_t *input = json_object();
        json_t *value = NULL;

        for (size_t i = 0; i < GAL_JSON_DEPTH_MAX; i++)
                input = json_pack("{s:o, s:i}", "a", input, "b", 1);
        ck_assert_int_eq(evaluate("$..*..['a','c']", input, &value, NULL), GAL_OK);
        ck_assert_uint_eq(json_array_size(value), 0);
        json_decref(value);
        value = NULL;
        ck_assert_int_eq(evaluate("$..*..['a','b']", input, &value, NULL), GAL_ELIMIT);
        ck_assert_ptr_null(value);
        json_decref(input);
}
END_TEST

START_TEST(matches_are_bounded)
{
        static const char *const hungry[] = {
                "$[?(@ =~ /(a+)+b/)]",   "$[?(@ =~ /(a|aa)*b/)]",    "$[?(@ =~ /.*.*.*.*.*.*.*.*.*b/)]",
                "$[?(@ =~ /(?:a*)*b/)]", "$[?(@ =~ /(.*?,){11}P/)]", "$[?(@ =~ /(?R)?a+b/)]",
        };
        char text[2001];
        json_t *input = json_array();
        json_t *value = NULL;
        enum gal_status status;

        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        for (int i = 0; i < 200; i++)
                json_array_append_new(input, json_string(text));
        status = evaluate(hungry[_i], input, &value, NULL);
        if (status == GAL_OK)
                ck_assert_uint_eq(json_array_size(value), 0);
        else
                ck_assert_int_eq(status, GAL_ELIMIT);
        json_decref(value);
        json_decref(input);
}
END_TEST

/* The memory of a definition must not be a thousand times its text. */
START_TEST(compiled_patterns_are_bounded)
{
        static const char sane[] =
                "$[?(@ =~ /^(?:[a-z0-9!#$%&'*+=?^_`{|}~-]+(?:\\.[a-z0-9!#$%&'*+=?^_`{|}~-]+)*@"
                "(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$/i)]";
        static const char huge[] = "$[?(@ =~ /((abc){9}){99}/)]";
        struct gal_error error = { 0 };
        struct gal_path *path = parse(sane);

        gal_path_destroy(path);
        ck_assert_int_eq(gal_path_parse(huge, strlen(huge), &path, &error), GAL_ELIMIT);
        ck_assert_uint_eq(error.at.offset, 10);
}
END_TEST

START_TEST(walks_as_deep_as_json_goes)
{
        json_t *input = make_nested(GAL_JSON_DEPTH_MAX);
        json_t *value = NULL;

        ck_assert_int_eq(evaluate("$..a", input, &value, NULL), GAL_OK);
        ck_assert_uint_eq(json_array_size(value), GAL_JSON_DEPTH_MAX);
        json_decref(value);
        ck_assert_int_eq(evaluate("$..a.a.a.a.a", input, &value, NULL), GAL_OK);
        json_decref(value);
        value = NULL;
        /* each level of filters walks from the top again: the stack is bounded, whatever the answer */
        ck_assert_int_eq(evaluate("$..[?($..[?($..[?($..[?($..[?($..[?(@.a)])])])])])]", input, &value, NULL),
                         GAL_ELIMIT);
        json_decref(input);
}
END_TEST

START_TEST(finds_keys_that_hold_nul)
{
        json_t *input = read_json("{\"a\\u0000b\":{\"c\":1}}");
        json_t *value = NULL;

        ck_assert_int_eq(evaluate("$.*.c", input, &value, NULL), GAL_OK);
        ck_assert_uint_eq(json_array_size(value), 1);
        json_decref(value);
        ck_assert_int_eq(evaluate("$.a", input, &value, NULL), GAL_ENOTFOUND);
        json_decref(input);
}
END_TEST

/* What is shown of the data and of the path is shown whole. */
START_TEST(long_explanations_are_whole)
{
        struct gal_buffer why = GAL_BUFFER_INIT;
        char text[2000] = "";
        json_t *input;
        json_t *value = NULL;

        for (int i = 0; i < 600; i++)
                strcat(text, "ö");
        input = json_string(text);
        ck_assert_int_eq(evaluate("$[0]", input, &value, &why), GAL_ENOTFOUND);
        ck_assert_uint_eq(why.len,
                          strlen("Filter: [0] can only be applied to arrays. Current context is: ") + 1200);
        ck_assert_str_eq(why.data + why.len - 1200, text);
        json_decref(input);
        gal_buffer_finish(&why);
}
END_TEST

START_TEST(nothing_to_look_at)
{
        struct gal_scope scope = { 0 };
        static const char *const texts[] = { "$.a", "$$.a", "$a", "$[*]" };
        json_t *value = NULL;
        struct gal_path *path;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                path = parse(texts[i]);
                ck_assert_int_eq(gal_path_evaluate(path, &scope, &value), GAL_ENOTFOUND);
                gal_path_destroy(path);
        }
        gal_path_destroy(NULL);
}
END_TEST

/* Published first numbers of java.util.Random. */
START_TEST(draws_as_java_does)
{
        static const int32_t below_100[] = { 60, 48, 29, 47, 15 };
        struct gal_java_random random = gal_java_random_seeded(0);

        for (size_t i = 0; i < 5; i++)
                ck_assert_int_eq(gal_java_random_below(&random, 100), below_100[i]);
        random = gal_java_random_seeded(42);
        ck_assert_double_eq(gal_java_random_unit(&random), 0.7275636800328681);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("jsonpath");
        TCase *tcase = tcase_create("paths");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, tells_what_it_is, 0, sizeof(kinds) / sizeof(kinds[0]));
        tcase_add_test(tcase, tells_its_root);
        tcase_add_test(tcase, points_at_the_fault);
        tcase_add_test(tcase, shares_the_node);
        tcase_add_test(tcase, leaves_outputs_alone_when_it_fails);
        tcase_add_test(tcase, set_copies_on_write);
        tcase_add_loop_test(tcase, visits_are_bounded, 0, 5);
        tcase_add_loop_test(tcase, matches_are_bounded, 0, 6);
        tcase_add_test(tcase, a_budget_is_shared);
        tcase_add_test(tcase, new_objects_are_bounded);
        tcase_add_test(tcase, compiled_patterns_are_bounded);
        tcase_add_test(tcase, walks_as_deep_as_json_goes);
        tcase_add_test(tcase, finds_keys_that_hold_nul);
        tcase_add_test(tcase, long_explanations_are_whole);
        tcase_add_test(tcase, nothing_to_look_at);
        tcase_add_test(tcase, draws_as_java_does);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
