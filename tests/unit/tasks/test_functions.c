/*
 * test_functions.c: galliard.json: what is read out of it, where its mistakes are, and the names of functions.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "tasks/functions.h"

static struct gal_functions *parse(const char *text)
{
        struct gal_functions *functions = NULL;
        struct gal_error error = { 0 };

        ck_assert_msg(gal_functions_parse(text, strlen(text), "/srv/app", &functions, &error) == GAL_OK, "%s",
                      error.message);
        return functions;
}

START_TEST(everything_is_read)
{
        struct gal_functions *functions = parse(
                "{\"functions\": {\"charge\": {\"command\": [\"python3\", \"charge.py\"], \"timeoutSeconds\": 3,"
                "  \"memoryMiB\": 128, \"maxConcurrency\": 7, \"environment\": {\"A\": \"1\", \"B\": \"\"},"
                "  \"directory\": \"fn\"},"
                " \"refund\": {\"url\": \"https://example.org:9000/x\"}},"
                " \"lambdaEndpoint\": \"http://127.0.0.1:4566\"}");
        const struct gal_function *charge = gal_functions_find(functions, "charge", 6);
        const struct gal_function *refund = gal_functions_find(functions, "refund", 6);

        ck_assert_uint_eq(gal_functions_count(functions), 2);
        ck_assert_ptr_eq(gal_functions_at(functions, 0), charge);
        ck_assert_ptr_eq(gal_functions_at(functions, 1), refund);
        ck_assert_ptr_null(gal_functions_at(functions, 2));
        ck_assert_str_eq(charge->name, "charge");
        ck_assert_str_eq(charge->command[0], "python3");
        ck_assert_str_eq(charge->command[1], "charge.py");
        ck_assert_ptr_null(charge->command[2]);
        ck_assert_ptr_null(charge->url);
        ck_assert_int_eq(charge->timeout_ms, 3000);
        ck_assert_uint_eq(charge->memory_max, 128u * 1024 * 1024);
        ck_assert_uint_eq(charge->concurrency_max, 7);
        ck_assert_uint_eq(charge->environment_count, 2);
        ck_assert_str_eq(charge->environment[1].name, "B");
        ck_assert_str_eq(charge->environment[1].value, "");
        ck_assert_str_eq(charge->directory, "/srv/app/fn");
        ck_assert_str_eq(refund->url, "https://example.org:9000/x");
        ck_assert_ptr_null(refund->command);
        ck_assert_uint_eq(refund->index, 1);
        ck_assert_str_eq(gal_functions_endpoint(functions), "http://127.0.0.1:4566");
        gal_functions_destroy(functions);
}
END_TEST

START_TEST(defaults)
{
        struct gal_functions *functions = parse("{\"functions\":{\"f\":{\"command\":[\"x\"]}}}");
        const struct gal_function *function = gal_functions_find(functions, "f", 1);

        ck_assert_int_eq(function->timeout_ms, GAL_FUNCTION_TIMEOUT_SECONDS_DEFAULT * 1000);
        ck_assert_uint_eq(function->concurrency_max, GAL_FUNCTION_CONCURRENCY_DEFAULT);
        ck_assert_uint_eq(function->memory_max, 0);
        ck_assert_uint_eq(function->environment_count, 0);
        ck_assert_str_eq(function->directory, "/srv/app");
        ck_assert_ptr_null(gal_functions_endpoint(functions));
        gal_functions_destroy(functions);
        functions = parse(" {} ");
        ck_assert_uint_eq(gal_functions_count(functions), 0);
        ck_assert_ptr_null(gal_functions_find(functions, "f", 1));
        gal_functions_destroy(functions);
        gal_functions_destroy(NULL);
}
END_TEST

#define F(body) "{\"functions\":{\n\"f\":{" body "}}}"

static const struct {
        const char *text;
        unsigned line;
        unsigned column;
        const char *message; /* its beginning */
} refused[] = {
        { "", 1, 1, "" },
        { "{", 1, 2, "" },
        { "{\"functions\":{}}x", 1, 17, "" },
        { "[]", 1, 1, "the configuration must be an object, not an array" },
        { "{\"function\":{}}", 1, 2, "there is no setting \"function\"; there are functions and lambdaEndpoint" },
        { "{\"functions\":[]}", 1, 14, "\"functions\" must be an object, not an array" },
        { "{\"functions\":{\"f\":[]}}", 1, 19,
          "a function must be an object with \"command\" or \"url\", not an array" },
        { "{\"functions\":{\"f\":{}}}", 1, 19, "function 'f' needs \"command\" or \"url\"" },
        { "{\"functions\":{\"\":{}}}", 1, 15, "a function's name is 1 to 64 letters" },
        { "{\"functions\":{\"a b\":{}}}", 1, 15, "a function's name is 1 to 64 letters" },
        { "{\"functions\":{\"f:prod\":{}}}", 1, 15, "a function has its bare name here, 'f'" },
        { "{\"functions\":{\"arn:aws:lambda:us-east-1:123456789012:function:f\":{}}}", 1, 15,
          "a function has its bare name here, 'f'" },
        { "{\"functions\":{\"f\":{\"url\":\"http://h\"},\n\"f\":{\"url\":\"http://h\"}}}", 2, 1,
          "\"f\" stands here twice" },
        { F("\"command\":[]"), 2, 16, "\"command\" is empty; it must begin with a program" },
        { F("\"command\":\"python3 f.py\""), 2, 16,
          "\"command\" must be an array such as [\"python3\", \"f.py\"], not a string" },
        { F("\"command\":[\"\"]"), 2, 17, "\"command\" must begin with a program, not with an empty string" },
        { F("\"command\":[\"a\",1]"), 2, 21, "a word of \"command\" must be a string, not a number" },
        { F("\"command\":[\"a\\u0000b\"]"), 2, 17, "a word of \"command\" must not hold a NUL character" },
        { F("\"command\":[\"a\"],\"url\\u0000\":1"), 2, 5, "a key must not hold a NUL character" },
        { F("\"command\":[\"a\"],\"url\":\"http://h\""), 2, 22, "\"url\" does not go with \"command\"" },
        { F("\"url\":\"http://h\",\"directory\":\".\""), 2, 23, "\"directory\" does not go with \"url\"" },
        { F("\"url\":\"http://h\",\"memoryMiB\":9"), 2, 23, "\"memoryMiB\" does not go with \"url\"" },
        { F("\"url\":\"http://h\",\"environment\":{}"), 2, 23, "\"environment\" does not go with \"url\"" },
        { F("\"url\":\"localhost:9000\""), 2, 12, "\"url\" must be an URL such as" },
        { F("\"url\":\"http:///x\""), 2, 12, "\"url\" must be an URL such as" },
        { F("\"url\":\"http://h/a b\""), 2, 12, "\"url\" must be an URL such as" },
        { F("\"url\":\"ftp://h/\""), 2, 12, "\"url\" must be an URL such as" },
        { F("\"url\":7"), 2, 12, "\"url\" must be a string, not a number" },
        { F("\"command\":[\"a\"],\"timeout\":3"), 2, 22,
          "a function has no setting \"timeout\"; it has command, url," },
        { F("\"command\":[\"a\"],\"timeoutSeconds\":\"3\""), 2, 39,
          "\"timeoutSeconds\" must be a number, not a string" },
        { F("\"command\":[\"a\"],\"timeoutSeconds\":0"), 2, 39,
          "\"timeoutSeconds\" must be between 0.001 and 86400" },
        { F("\"command\":[\"a\"],\"timeoutSeconds\":86401"), 2, 39,
          "\"timeoutSeconds\" must be between 0.001 and 86400" },
        { F("\"command\":[\"a\"],\"memoryMiB\":3"), 2, 34, "\"memoryMiB\" must be between 4 and 1048576" },
        { F("\"command\":[\"a\"],\"memoryMiB\":64.5"), 2, 34, "\"memoryMiB\" must be a whole number" },
        { F("\"command\":[\"a\"],\"memoryMiB\":1048577"), 2, 34, "\"memoryMiB\" must be between 4 and 1048576" },
        { F("\"command\":[\"a\"],\"maxConcurrency\":0"), 2, 39, "\"maxConcurrency\" must be between 1 and 1000" },
        { F("\"command\":[\"a\"],\"maxConcurrency\":1001"), 2, 39,
          "\"maxConcurrency\" must be between 1 and 1000" },
        { F("\"command\":[\"a\"],\"maxConcurrency\":null"), 2, 39,
          "\"maxConcurrency\" must be a number, not null" },
        { F("\"command\":[\"a\"],\"directory\":\"\""), 2, 34,
          "\"directory\" is empty; \".\" is the folder of this file" },
        { F("\"command\":[\"a\"],\"directory\":true"), 2, 34, "\"directory\" must be a string, not a boolean" },
        { F("\"command\":[\"a\"],\"environment\":[]"), 2, 36,
          "\"environment\" must be an object of strings, not an array" },
        { F("\"command\":[\"a\"],\"environment\":{\"A\":1}"), 2, 41,
          "the value of an environment variable must be a string" },
        { F("\"command\":[\"a\"],\"environment\":{\"A=B\":\"\"}"), 2, 37,
          "'A=B' cannot be the name of an environment variable" },
        { F("\"command\":[\"a\"],\"environment\":{\"\":\"\"}"), 2, 37,
          "'' cannot be the name of an environment variable" },
        { "{\"lambdaEndpoint\":\"example.org\"}", 1, 19, "\"lambdaEndpoint\" must be an URL such as" },
        { "{\"lambdaEndpoint\":null}", 1, 19, "\"lambdaEndpoint\" must be a string, not null" },
};

START_TEST(a_mistake_has_its_place)
{
        struct gal_functions *functions = NULL;
        struct gal_error error = { 0 };
        const char *text = refused[_i].text;

        ck_assert_int_ne(gal_functions_parse(text, strlen(text), "/srv/app", &functions, &error), GAL_OK);
        ck_assert_ptr_null(functions);
        ck_assert_msg(strncmp(error.message, refused[_i].message, strlen(refused[_i].message)) == 0, "%s: %s", text,
                      error.message);
        ck_assert_msg(error.at.line == refused[_i].line && error.at.column == refused[_i].column, "%s: %u:%u", text,
                      error.at.line, error.at.column);
        /* Nobody has to want the message. */
        ck_assert_int_ne(gal_functions_parse(text, strlen(text), NULL, &functions, NULL), GAL_OK);
}
END_TEST

START_TEST(a_file_is_read)
{
        char path[] = "/tmp/galliard-XXXXXX";
        struct gal_functions *functions = NULL;
        struct gal_error error = { 0 };
        FILE *file = fdopen(mkstemp(path), "w");

        fputs("{\"functions\":{\"f\":{\"command\":[\"./f\"]}}}", file);
        fclose(file);
        ck_assert_int_eq(gal_functions_load(path, &functions, &error), GAL_OK);
        ck_assert_str_eq(gal_functions_at(functions, 0)->directory, "/tmp");
        gal_functions_destroy(functions);
        unlink(path);
        ck_assert_int_eq(gal_functions_load(path, &functions, &error), GAL_ENOTFOUND);
        ck_assert_str_eq(error.message, "cannot be read: No such file or directory");
        ck_assert_uint_eq(error.at.line, 0);
        error = (struct gal_error){ 0 };
        ck_assert_int_eq(gal_functions_load("/tmp", &functions, &error), GAL_EIO);
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_functions *functions = NULL;

        gal_buffer_append_text(&text, "{}");
        while (text.len <= GAL_CONFIG_SIZE_MAX)
                gal_buffer_append_text(&text, "                                                                ");
        ck_assert_int_eq(gal_functions_parse(text.data, text.len, NULL, &functions, NULL), GAL_ELIMIT);
        gal_buffer_finish(&text);
}
END_TEST

static const struct {
        const char *text;
        const char *name; /* NULL: refused */
        const char *qualifier;
        const char *region;
        const char *account;
} names[] = {
        { "f", "f", "", "", "" },
        { "f:prod", "f", "prod", "", "" },
        { "f:$LATEST", "f", "$LATEST", "", "" },
        { "f:7", "f", "7", "", "" },
        { "function:f", "f", "", "", "" },
        { "123456789012:function:f", "f", "", "", "123456789012" },
        { "123456789012:function:f:prod", "f", "prod", "", "123456789012" },
        { "123456789012:f", "f", "", "", "123456789012" },
        { "123456789012", "123456789012", "", "", "" },
        { "us-east-1:123456789012:function:f", "f", "", "us-east-1", "123456789012" },
        { "us-east-1:prod", "us-east-1", "prod", "", "" },
        { "arn:aws:lambda:us-east-1:123456789012:function:f", "f", "", "us-east-1", "123456789012" },
        { "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:prod", "f", "prod", "cn-north-1", "123456789012" },
        { "function", "function", "", "", "" },
        { "function:function", "function", "", "", "" },
        { "arn:aws:lambda:us-east-1:123456789012:function:function", "function", "", "us-east-1", "123456789012" },
        { "", NULL, "", "", "" },
        { ":", NULL, "", "", "" },
        { "f:", NULL, "", "", "" },
        { "f::x", NULL, "", "", "" },
        { "f:g:h", NULL, "", "", "" },
        { "no name", NULL, "", "", "" },
        { "caf\xc3\xa9", NULL, "", "", "" },
        { "f/../g", NULL, "", "", "" },
        { "arn:aws:lambda:us-east-1:123456789012:function", NULL, "", "", "" },
        { "arn:aws:lambda:us-east-1:123456789012:layer:f", NULL, "", "", "" },
        { "arn:aws:states:us-east-1:123456789012:activity:f", NULL, "", "", "" },
        { "arn:aws:lambda:us-east-1:123456789012:function:f:g:h", NULL, "", "", "" },
        { "arn:aws:lambda:::function:f", NULL, "", "", "" },
        { "a:b:c:d:e:f:g:h:i:j", NULL, "", "", "" },
};

START_TEST(the_parts_of_a_name)
{
        struct gal_function_name name;
        const char *text = names[_i].text;
        bool is = gal_function_name_parse(text, strlen(text), &name);

        ck_assert_msg(is == (names[_i].name != NULL), "%s", text);
        if (!is)
                return;
        ck_assert_msg(gal_slice_is(name.name, names[_i].name), "%s", text);
        ck_assert_msg(gal_slice_is(name.qualifier, names[_i].qualifier), "%s", text);
        ck_assert_msg(gal_slice_is(name.region, names[_i].region), "%s", text);
        ck_assert_msg(gal_slice_is(name.account, names[_i].account), "%s", text);
}
END_TEST

START_TEST(all_names_mean_the_same_function)
{
        struct gal_functions *functions = parse("{\"functions\":{\"f\":{\"command\":[\"x\"]}}}");

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                const struct gal_function *found =
                        gal_functions_find(functions, names[i].text, strlen(names[i].text));

                ck_assert_msg((found != NULL) == (names[i].name && strcmp(names[i].name, "f") == 0), "%s",
                              names[i].text);
        }
        gal_functions_destroy(functions);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tasks/functions");
        TCase *tcase = tcase_create("functions");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, everything_is_read);
        tcase_add_test(tcase, defaults);
        tcase_add_loop_test(tcase, a_mistake_has_its_place, 0, sizeof refused / sizeof refused[0]);
        tcase_add_test(tcase, a_file_is_read);
        tcase_add_test(tcase, a_huge_file_is_refused);
        tcase_add_loop_test(tcase, the_parts_of_a_name, 0, sizeof names / sizeof names[0]);
        tcase_add_test(tcase, all_names_mean_the_same_function);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
