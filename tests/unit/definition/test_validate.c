/*
 * test_validate.c: `galliard validate`: what it prints where, and its exit status.
 */
#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/diagnostics.h"
#include "cli/verbs.h"

#define VALID "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"

struct output {
        int status;
        char *out;
        char *err;
};

static char *folder; /* of the files of one test */

static void make_folder(void)
{
        folder = gal_strdup("/tmp/galliard-validate-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
        gal_auto_free char *command = gal_format("rm -rf '%s'", folder);

        ck_assert_int_eq(system(command), 0);
        free(folder);
}

static void write_file(const char *name, const char *text, size_t len)
{
        FILE *file = fopen(name, "wb");

        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fwrite(text, 1, len, file), len);
        fclose(file);
}

static char *read_all(FILE *file)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        char block[4096];
        size_t len;

        rewind(file);
        while ((len = fread(block, 1, sizeof(block), file)) > 0)
                gal_buffer_append(&text, block, len);
        fclose(file);
        return gal_need(gal_buffer_take(&text, NULL));
}

/* Up to three words after the verb; `in` (nullable) is standard input. */
static struct output run(const char *in, const char *a, const char *b, const char *c)
{
        char *argv[] = { (char *)"validate", (char *)a, (char *)b, (char *)c, NULL };
        int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);
        FILE *out = tmpfile();
        FILE *err = tmpfile();
        int saved_out = dup(1);
        int saved_err = dup(2);
        struct output output;

        if (in != NULL) {
                write_file("in", in, strlen(in));
                ck_assert_ptr_nonnull(freopen("in", "rb", stdin));
        }
        fflush(stdout);
        dup2(fileno(out), 1);
        dup2(fileno(err), 2);
        output.status = gal_cli_validate(argc, argv);
        fflush(stdout);
        fflush(stderr);
        dup2(saved_out, 1);
        dup2(saved_err, 2);
        close(saved_out);
        close(saved_err);
        output.out = read_all(out);
        output.err = read_all(err);
        return output;
}

static void expect(struct output output, int status, const char *out, const char *err)
{
        ck_assert_str_eq(output.out, out);
        ck_assert_str_eq(output.err, err);
        ck_assert_int_eq(output.status, status);
        free(output.out);
        free(output.err);
}

START_TEST(valid_files)
{
        write_file("a.json", VALID, strlen(VALID));
        write_file("b.json", VALID "\n", strlen(VALID) + 1);
        expect(run(NULL, "a.json", "b.json", NULL), GAL_EXIT_OK, "a.json: valid\nb.json: valid\n", "");
        expect(run(VALID, "-", NULL, NULL), GAL_EXIT_OK, "<stdin>: valid\n", "");
}
END_TEST

START_TEST(faults_are_underlined)
{
        static const char text[] =
                "{\n  \"StartAt\": \"A\",\n  \"States\": {\n\t\"A\": {\"Type\": \"Pass\", \"Next\": \"Größe\"},\n"
                "\t\"B\": {\"Type\": \"Pass\", \"End\": true, \"ResultPath\": \"$$.x\"}\n  }\n}\n";

        write_file("a.json", text, strlen(text));
        expect(run(NULL, "a.json", NULL, NULL), GAL_EXIT_USAGE, "",
               "a.json:4:32: error: Missing 'Next' target: Größe [MISSING_TRANSITION_TARGET at /States/A/Next]\n"
               "    4 | \t\"A\": {\"Type\": \"Pass\", \"Next\": \"Größe\"},\n"
               "      | \t                              ^~~~~~~\n"
               "a.json:5:2: error: State \"B\" is not reachable. [MISSING_TRANSITION_TARGET at /States/B]\n"
               "    5 | \t\"B\": {\"Type\": \"Pass\", \"End\": true, \"ResultPath\": \"$$.x\"}\n"
               "      | \t^~~\n"
               "a.json:5:51: error: Value is not a Reference Path [SCHEMA_VALIDATION_FAILED at "
               "/States/B/ResultPath]\n"
               "    5 | \t\"B\": {\"Type\": \"Pass\", \"End\": true, \"ResultPath\": \"$$.x\"}\n"
               "      | \t                                                 ^~~~~~\n"
               "a.json: 3 errors\n");
}
END_TEST

START_TEST(warnings_do_not_refuse)
{
        static const char text[] =
                "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":\"$.x\",\"End\":true}}}";

        expect(run(text, "-", NULL, NULL), GAL_EXIT_OK, "<stdin>: valid\n",
               "<stdin>:1:54: warning: Result is not evaluated: a path in it is only text; use Parameters instead "
               "[PASS_RESULT_IS_STATIC at /States/A/Result]\n"
               "    1 | "
               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":\"$.x\",\"End\":true}}}\n"
               "      |                                                      ^~~~~\n");
}
END_TEST

START_TEST(long_lines_are_cut)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct output output;

        gal_buffer_append_text(&text, "{\"StartAt\":\"A\",\"Comment\":\"");
        for (int i = 0; i < 200; i++)
                gal_buffer_append_text(&text, "ä");
        gal_buffer_append_text(&text,
                               "\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"}},\"TimeoutSeconds\":9}");
        output = run(text.data, "-", NULL, NULL);
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        ck_assert_msg(strstr(output.err, "    1 | ...äää") != NULL, "%s", output.err);
        ck_assert_msg(strstr(output.err,
                             "ä\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"}},\"TimeoutSeconds\":9}\n"
                             "      |                                            ^~~\n") != NULL,
                      "%s", output.err);
        free(output.out);
        free(output.err);
        gal_buffer_finish(&text);
}
END_TEST

START_TEST(bad_json_is_told_once)
{
        expect(run("{\"StartAt\": yes}", "-", NULL, NULL), GAL_EXIT_USAGE, "",
               "<stdin>:1:13: error: Unrecognized token 'yes': was expecting (JSON String, Number, Array, Object "
               "or "
               "token 'null', 'true' or 'false') [INVALID_JSON_DESCRIPTION]\n"
               "    1 | {\"StartAt\": yes}\n"
               "      |             ^~~\n"
               "<stdin>: 1 error\n");
}
END_TEST

/* Neither escape sequences nor malformed bytes of a file reach the terminal. */
START_TEST(controls_are_shown)
{
        static const char field[] =
                "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\",\"\\u001b[31m\":1}}}";
        static const char raw[] = "{\"\x1b[31m\xff\"";
        struct output output = run(field, "-", NULL, NULL);

        ck_assert_ptr_null(strchr(output.err, '\x1b'));
        ck_assert_msg(strstr(output.err, "Field '\\u001B[31m' is not supported") != NULL, "%s", output.err);
        free(output.out);
        free(output.err);
        output = run(raw, "-", NULL, NULL);
        ck_assert_ptr_null(strchr(output.err, '\x1b'));
        ck_assert_ptr_null(strchr(output.err, '\xff'));
        ck_assert_msg(strstr(output.err, "    1 | {\"?[31m?\"\n") != NULL, "%s", output.err);
        free(output.out);
        free(output.err);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
        struct output output;

        expect(run(NULL, "nowhere.json", NULL, NULL), GAL_EXIT_USAGE, "",
               "galliard: nowhere.json: No such file or directory\n");
        expect(run(NULL, "/tmp", NULL, NULL), GAL_EXIT_USAGE, "", "galliard: /tmp: is a directory\n");
        expect(run("", "-", NULL, NULL), GAL_EXIT_USAGE, "",
               "<stdin>:1:1: error: The definition is empty [MISSING_DESCRIPTION]\n    1 | \n      | ^\n"
               "<stdin>: 1 error\n");
        write_file("a.json", VALID, strlen(VALID));
        output = run(NULL, "nowhere.json", "a.json", NULL); /* the others are told of */
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        ck_assert_str_eq(output.out, "a.json: valid\n");
        free(output.out);
        free(output.err);
}
END_TEST

START_TEST(files_that_are_too_large)
{
        static char text[4 * 1048576 + 2];
        struct output output;

        memset(text, ' ', sizeof(text));
        write_file("a.json", text, sizeof(text));
        output = run(NULL, "a.json", NULL, NULL);
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        ck_assert_msg(strstr(output.err, "a.json: larger than") != NULL, "%s", output.err);
        free(output.out);
        free(output.err);
        write_file("a.json", text, 1048577);
        expect(run(NULL, "a.json", NULL, NULL), GAL_EXIT_USAGE, "",
               "a.json: error: The definition is longer than 1048576 characters [SCHEMA_VALIDATION_FAILED]\n"
               "a.json: 1 error\n");
}
END_TEST

START_TEST(json_answers)
{
        expect(run(VALID, "--json", "-", NULL), GAL_EXIT_OK,
               "{\"result\":\"OK\",\"diagnostics\":[],\"truncated\":false}\n", "");
        expect(run("{}", "--json", "-", NULL), GAL_EXIT_USAGE,
               "{\"result\":\"FAIL\",\"diagnostics\":[{\"severity\":\"ERROR\",\"code\":\"SCHEMA_VALIDATION_"
               "FAILED\","
               "\"message\":\"These fields are required: [States, "
               "StartAt]\",\"location\":\"/\"}],\"truncated\":false}\n",
               "");
        expect(run("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}", "-", "--json",
                   NULL),
               GAL_EXIT_USAGE,
               "{\"result\":\"FAIL\",\"diagnostics\":[{\"severity\":\"ERROR\",\"code\":\"MISSING_END_STATE\","
               "\"message\":\"Workflow has no terminal state\"}],\"truncated\":false}\n",
               "");
}
END_TEST

START_TEST(types)
{
        static const char text[] = "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":"
                                   "\"arn:aws:states:::sns:publish.waitForTaskToken\",\"End\":true}}}";
        struct output output;

        expect(run(text, "--type", "STANDARD", "-"), GAL_EXIT_OK, "<stdin>: valid\n", "");
        output = run(text, "--type", "EXPRESS", "-");
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        ck_assert_ptr_nonnull(strstr(output.err, "Express state machine does not support"));
        free(output.out);
        free(output.err);
        output = run(text, "--type", "express", "-");
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        ck_assert_ptr_nonnull(strstr(output.err, "--type is STANDARD or EXPRESS"));
        free(output.out);
        free(output.err);
        output = run(NULL, NULL, NULL, NULL);
        ck_assert_int_eq(output.status, GAL_EXIT_USAGE);
        free(output.out);
        free(output.err);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("cli/validate");
        TCase *tcase = tcase_create("validate");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tcase, make_folder, remove_folder);
        tcase_add_test(tcase, valid_files);
        tcase_add_test(tcase, faults_are_underlined);
        tcase_add_test(tcase, warnings_do_not_refuse);
        tcase_add_test(tcase, long_lines_are_cut);
        tcase_add_test(tcase, bad_json_is_told_once);
        tcase_add_test(tcase, controls_are_shown);
        tcase_add_test(tcase, files_that_cannot_be_read);
        tcase_add_test(tcase, files_that_are_too_large);
        tcase_add_test(tcase, json_answers);
        tcase_add_test(tcase, types);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
