/*
 * test_cases.c: runs the case files of tests/cases/expr/.
 *
 * A file is { "about", "input"?, "context"?, "variables"?, "cases": [...] }; a case is
 *
 *   { "expr", "result" }                                  what it evaluates to, compared as text: key order counts
 *   { "expr", "undefined": "No results for path: ..." }   a path finds nothing, with these words
 *   { "expr", "error": { "code", "message"? } }           a status of ours for what does not compile, else the
 *                                                         workflow's error name and cause
 *   { "expr", "value", "result" }                         jsonpath/ only: writes `value` at the path
 *   { "expr", "faults": [[pointer, message], ...] }       template/ only
 *   { "expr", "undefined": true }                         jsonata/ only
 *   { "expr", "function": true }                          jsonata/ only: the result is a function
 *
 * and may have an "input", "context", "variables" of its own. The folder says what "expr" is. In jsonata/ the
 * variables are the bindings, an error may have a "position", a "token" and a "line" and "column", and "dialect"
 * (states or reference) and "limits" are settings too; no "input" is undefined. {"repeat": [text, count]} inside
 * the list that "expr" may be stands for the text so many times.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/random.h"
#include "expr/intrinsic/intrinsic.h"
#include "expr/jsonata/jsonata.h"
#include "expr/jsonpath/jsonpath.h"
#include "expr/template/template.h"

static glob_t files;

struct world {
        json_t *context;
        json_t *variables;
        struct gal_random random;
        struct gal_scope scope;
        const char *place; /* file and number, for messages */
};

static json_t *find_context(void *user)
{
        return ((struct world *)user)->context;
}

static json_t *find_variable(void *user, const char *name)
{
        return json_object_get(((struct world *)user)->variables, name);
}

static json_t *setting(const json_t *file, const json_t *item, const char *name)
{
        json_t *own = json_object_get(item, name);

        return own != NULL ? own : json_object_get(file, name);
}

static void set_world(struct world *world, const json_t *file, const json_t *item, const char *place)
{
        memset(world, 0, sizeof(*world));
        world->context = setting(file, item, "context");
        world->variables = setting(file, item, "variables");
        world->random = (struct gal_random){ { 1, 2, 3, 4 } };
        world->scope = (struct gal_scope){ .input = setting(file, item, "input"),
                                           .context = find_context,
                                           .variable = find_variable,
                                           .user = world,
                                           .random = &world->random };
        world->place = place;
}

static void expect_value(const struct world *world, const json_t *item, json_t *value)
{
        const json_t *wanted = json_object_get(item, "result");
        char *text = gal_need(gal_json_text(value, NULL));
        char *wanted_text;

        ck_assert_msg(wanted != NULL, "%s: evaluates to %s", world->place, text);
        wanted_text = gal_need(gal_json_text(wanted, NULL));
        ck_assert_msg(strcmp(text, wanted_text) == 0, "%s: evaluates to %s, not %s", world->place, text,
                      wanted_text);
        free(wanted_text);
        free(text);
        json_decref(value);
}

static void expect_error(const struct world *world, const json_t *item, const char *code, const char *message)
{
        const json_t *error = json_object_get(item, "error");
        const char *wanted = json_string_value(json_object_get(error, "message"));

        ck_assert_msg(error != NULL, "%s: fails with %s: %s", world->place, code, message);
        ck_assert_msg(strcmp(code, json_string_value(json_object_get(error, "code"))) == 0, "%s: fails with %s: %s",
                      world->place, code, message);
        if (wanted != NULL)
                ck_assert_msg(strcmp(wanted, message) == 0, "%s: says\n  %s\nnot\n  %s", world->place, message,
                              wanted);
}

static const char *status_code(enum gal_status status)
{
        switch (status) {
        case GAL_ESYNTAX:
                return "GAL_ESYNTAX";
        case GAL_EINVALID:
                return "GAL_EINVALID";
        case GAL_ELIMIT:
                return "GAL_ELIMIT";
        case GAL_ENOTFOUND:
                return "GAL_ENOTFOUND";
        default:
                return gal_status_name(status);
        }
}

static const json_t *expression_of(const struct world *world, const json_t *item)
{
        const json_t *expr = json_object_get(item, "expr");

        ck_assert_msg(json_is_string(expr), "%s: no expr", world->place);
        return expr;
}

static void run_path(struct world *world, const json_t *item)
{
        const json_t *expr = expression_of(world, item);
        const char *undefined = json_string_value(json_object_get(item, "undefined"));
        json_t *written = json_object_get(item, "value");
        struct gal_buffer why = GAL_BUFFER_INIT;
        struct gal_error error = { 0 };
        struct gal_path *path = NULL;
        json_t *value = NULL;
        enum gal_status status = gal_path_parse(json_string_value(expr), json_string_length(expr), &path, &error);

        if (status == GAL_OK && written != NULL) {
                status = gal_path_set(path, world->scope.input, written, &value, &error);
        } else if (status == GAL_OK) {
                status = gal_path_evaluate(path, &world->scope, &value);
                if (status != GAL_OK)
                        gal_path_explain(path, &world->scope, status, &why);
        }
        gal_path_destroy(path);
        if (why.data == NULL)
                gal_buffer_append_text(&why, error.message);
        if (status == GAL_OK) {
                expect_value(world, item, value);
        } else if (undefined != NULL) {
                ck_assert_msg(status == GAL_ENOTFOUND && strcmp(why.data, undefined) == 0,
                              "%s: %s says\n  %s\nnot\n  %s", world->place, status_code(status), why.data,
                              undefined);
        } else {
                expect_error(world, item, status_code(status), why.data);
        }
        gal_buffer_finish(&why);
}

/* The end of an evaluation, whichever it is. */
static void settle(struct world *world, const json_t *item, enum gal_status status, json_t *value,
                   struct gal_failure *failure)
{
        if (status == GAL_OK)
                expect_value(world, item, value);
        else
                expect_error(world, item, failure->error, failure->cause.data);
        gal_failure_finish(failure);
}

static void run_intrinsic(struct world *world, const json_t *item)
{
        const json_t *expr = expression_of(world, item);
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_error error = { 0 };
        struct gal_intrinsic *call = NULL;
        json_t *value = NULL;
        enum gal_status status =
                gal_intrinsic_parse(json_string_value(expr), json_string_length(expr), &call, &error);

        if (status != GAL_OK) {
                expect_error(world, item, status_code(status), error.message);
                return;
        }
        status = gal_intrinsic_evaluate(call, &world->scope, &value, &failure);
        settle(world, item, status, value, &failure);
        gal_intrinsic_destroy(call);
}

static void note_fault(void *user, const char *pointer, const char *message)
{
        json_array_append_new(user, json_pack("[ss]", pointer, message));
}

static void run_template(struct world *world, const json_t *item)
{
        const json_t *wanted = json_object_get(item, "faults");
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_template *template = NULL;
        json_t *faults = json_array();
        json_t *value = NULL;
        enum gal_status status = gal_template_compile(json_object_get(item, "expr"), note_fault, faults, &template);
        char *text = gal_need(gal_json_text(faults, NULL));

        ck_assert_msg((wanted != NULL) == (status == GAL_EINVALID), "%s: %s %s", world->place, status_code(status),
                      text);
        ck_assert_msg(wanted == NULL || gal_json_equal(wanted, faults), "%s: faults %s", world->place, text);
        if (status == GAL_OK) {
                status = gal_template_evaluate(template, &world->scope, &value, &failure);
                settle(world, item, status, value, &failure);
        }
        gal_template_destroy(template);
        json_decref(faults);
        free(text);
}

/* JSONata. */

/* The text of "expr": a string, or a list of pieces, some of them repeated. */
static char *text_of(const struct world *world, const json_t *expr)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        size_t index;
        json_t *piece;

        if (json_is_string(expr))
                return gal_strdup(json_string_value(expr));
        ck_assert_msg(json_is_array(expr), "%s: no expr", world->place);
        json_array_foreach(expr, index, piece)
        {
                const json_t *repeat = json_object_get(piece, "repeat");
                const json_t *part = repeat != NULL ? json_array_get(repeat, 0) : piece;
                json_int_t count = repeat != NULL ? json_integer_value(json_array_get(repeat, 1)) : 1;

                for (json_int_t i = 0; i < count; i++)
                        gal_buffer_append_text(&text, json_string_value(part));
        }
        return gal_need(gal_buffer_take(&text, NULL));
}

static struct gal_jsonata_limits limits_of(const json_t *limits)
{
        return (struct gal_jsonata_limits){
                .steps = (uint64_t)json_integer_value(json_object_get(limits, "steps")),
                .depth = (uint32_t)json_integer_value(json_object_get(limits, "depth")),
                .memory = (size_t)json_integer_value(json_object_get(limits, "memory")),
                .output_size = (size_t)json_integer_value(json_object_get(limits, "output")),
        };
}

static void expect_number(const struct world *world, const json_t *error, const char *name, size_t number)
{
        const json_t *wanted = json_object_get(error, name);

        if (wanted != NULL)
                ck_assert_msg((size_t)json_integer_value(wanted) == number, "%s: %s is %zu", world->place, name,
                              number);
}

static void expect_jsonata_error(const struct world *world, const json_t *item,
                                 const struct gal_jsonata_error *found)
{
        const json_t *error = json_object_get(item, "error");
        const char *token = json_string_value(json_object_get(error, "token"));

        expect_error(world, item, found->code, found->message.data);
        expect_number(world, error, "position", found->position);
        expect_number(world, error, "line", found->at.line);
        expect_number(world, error, "column", found->at.column);
        if (token != NULL)
                ck_assert_msg(strcmp(found->token.data, token) == 0, "%s: token %s", world->place,
                              found->token.data);
}

/* What is printed compiles to the same tree. */
static void check_print(const struct world *world, const struct gal_jsonata *expression,
                        enum gal_jsonata_dialect dialect)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_jsonata *again = NULL;

        gal_jsonata_print(expression, &text);
        ck_assert_msg(gal_jsonata_compile(text.data, text.len, dialect, &again, NULL) == GAL_OK, "%s: prints as %s",
                      world->place, text.data);
        ck_assert_msg(gal_jsonata_equal(expression, again), "%s: prints as %s", world->place, text.data);
        gal_jsonata_destroy(again);
        gal_buffer_finish(&text);
}

static void run_jsonata(struct world *world, const json_t *file, const json_t *item)
{
        char *text = text_of(world, json_object_get(item, "expr"));
        const char *dialect_name = json_string_value(setting(file, item, "dialect"));
        enum gal_jsonata_dialect dialect = dialect_name != NULL && strcmp(dialect_name, "states") == 0
                                                   ? GAL_JSONATA_STATES
                                                   : GAL_JSONATA_REFERENCE;
        struct gal_jsonata_environment environment = { 1521801216617, &world->random };
        struct gal_jsonata_limits limits = limits_of(setting(file, item, "limits"));
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct gal_jsonata *expression = NULL;
        bool is_function = false;
        json_t *value = NULL;
        enum gal_status status = gal_jsonata_compile(text, strlen(text), dialect, &expression, &error);

        if (status == GAL_OK) {
                check_print(world, expression, dialect);
                status = gal_jsonata_evaluate(expression, world->scope.input, world->variables, &environment,
                                              &limits, &value, &is_function, &error);
        }
        if (status != GAL_OK)
                expect_jsonata_error(world, item, &error);
        else if (value != NULL)
                expect_value(world, item, value);
        else
                ck_assert_msg(json_is_true(json_object_get(item, is_function ? "function" : "undefined")),
                              "%s: is %s", world->place, is_function ? "a function" : "undefined");
        gal_jsonata_destroy(expression);
        gal_jsonata_error_finish(&error);
        free(text);
}

static json_t *load(const char *path)
{
        struct gal_error error = { 0 };
        json_t *file = NULL;
        FILE *stream = fopen(path, "r");
        char *text = gal_calloc(1024 * 1024, 1);
        size_t len;

        ck_assert_msg(stream != NULL, "%s: cannot be opened", path);
        len = fread(text, 1, 1024 * 1024, stream);
        fclose(stream);
        ck_assert_msg(gal_json_read(text, len, &file, &error) == GAL_OK, "%s:%u:%u: %s", path,
                      (unsigned)error.at.line, (unsigned)error.at.column, error.message);
        free(text);
        return file;
}

static void run_case(const char *path, const json_t *file, const json_t *item, size_t number)
{
        const json_t *expr = json_object_get(item, "expr");
        char *shown = gal_need(gal_json_text(expr, NULL));
        char *place = gal_format("%s, case %zu: %s", path, number, shown);
        struct world world;

        set_world(&world, file, item, place);
        if (strstr(path, "/jsonpath/") != NULL)
                run_path(&world, item);
        else if (strstr(path, "/intrinsic/") != NULL)
                run_intrinsic(&world, item);
        else if (strstr(path, "/jsonata/") != NULL)
                run_jsonata(&world, file, item);
        else
                run_template(&world, item);
        free(place);
        free(shown);
}

START_TEST(case_file)
{
        const char *path = files.gl_pathv[_i];
        json_t *file = load(path);
        json_t *cases = json_object_get(file, "cases");
        size_t index;
        json_t *item;

        ck_assert_msg(json_array_size(cases) > 0, "%s: no cases", path);
        json_array_foreach(cases, index, item)
        {
                run_case(path, file, item, index + 1);
        }
        json_decref(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("expr cases");
        SRunner *runner = srunner_create(suite);
        TCase *tcase = tcase_create("files");
        int failed;

        glob(GAL_SOURCE_DIR "/tests/cases/expr/*/*.json", 0, NULL, &files);
        if (files.gl_pathc == 0) {
                fprintf(stderr, "no case files\n");
                return 1;
        }
        tcase_add_loop_test(tcase, case_file, 0, (int)files.gl_pathc);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        globfree(&files);
        return failed == 0 ? 0 : 1;
}
