/*
 * eval.c: `galliard eval`: one expression, or a file of them, a line each.
 *
 *   $ galliard eval --jsonpath '$.a' --input '{"a":1}'
 *   1
 *   $ galliard eval --intrinsic --batch cases.jsonl
 *   {"result":3}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/arguments.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "expr/intrinsic/intrinsic.h"
#include "expr/jsonpath/jsonpath.h"

enum option { JSONPATH, INTRINSIC, INPUT, CONTEXT, VARIABLES, BATCH, OPTION_COUNT };

static const struct gal_option options[OPTION_COUNT] = {
        [JSONPATH] = { "jsonpath", "EXPR", "a path: $.a[0], $$.Execution.Id, $variable.b", true },
        [INTRINSIC] = { "intrinsic", "EXPR", "a call: States.Format('{}', $.a)", true },
        [INPUT] = { "input", "JSON|@FILE|-", "what $ is; {} when it is not given", false },
        [CONTEXT] = { "context", "JSON|@FILE|-", "what $$ is", false },
        [VARIABLES] = { "variables", "JSON|@FILE|-", "an object: the workflow's variables", false },
        [BATCH] = { "batch", "FILE|-", "a case a line: {\"expr\", \"input\", \"context\", \"variables\"}", false },
};

static const struct gal_verb_usage usage = {
        .verb = "eval",
        .operands = "",
        .summary = "Evaluates an expression as a state would and prints its value as JSON.",
        .options = options,
        .option_count = OPTION_COUNT,
        .epilogue = "With --batch, each line is answered with one of\n"
                    "  {\"result\": VALUE}   {\"undefined\": true}   {\"error\": {\"code\", \"message\"}}\n"
                    "Exit status: 0 evaluated, 1 the evaluation failed or found nothing, 2 bad usage or input.\n",
};

/* What one evaluation came to: exactly one of the three. */
struct answer {
        json_t *result; /* owned */
        bool undefined;
        char *code; /* owned; of an error, as is the message */
        char *message;
};

struct eval {
        bool is_path;
        json_t *input; /* borrowed, all three */
        json_t *context;
        json_t *variables;
        struct gal_random random;
};

static json_t *get_context(void *user)
{
        return ((struct eval *)user)->context;
}

static json_t *get_variable(void *user, const char *name)
{
        return json_object_get(((struct eval *)user)->variables, name);
}

static void answer_error(struct answer *answer, const char *code, const char *message)
{
        answer->code = gal_strdup(code);
        answer->message = gal_strdup(message);
}

static void answer_finish(struct answer *answer)
{
        json_decref(answer->result);
        free(answer->code);
        free(answer->message);
}

static void evaluate_path(const char *text, size_t len, const struct gal_scope *scope, struct answer *answer)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_path *path;
        enum gal_status status = gal_path_parse(text, len, &path, &error);

        if (status != GAL_OK) {
                answer_error(answer, "Syntax", error.message);
                return;
        }
        status = gal_path_evaluate(path, scope, &answer->result, &error);
        if (status == GAL_ENOTFOUND)
                answer->undefined = true;
        else if (status != GAL_OK)
                answer_error(answer, "States.Runtime", error.message);
        gal_path_destroy(path);
}

static void evaluate_call(const char *text, size_t len, const struct gal_scope *scope, struct answer *answer)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_error error = { .code = GAL_OK };
        struct gal_intrinsic *call;

        if (gal_intrinsic_parse(text, len, &call, &error) != GAL_OK) {
                answer_error(answer, "Syntax", error.message);
                return;
        }
        if (gal_intrinsic_evaluate(call, scope, &answer->result, &failure) != GAL_OK)
                answer_error(answer, failure.error, failure.cause.data);
        gal_failure_finish(&failure);
        gal_intrinsic_destroy(call);
}

static void evaluate(struct eval *eval, const char *text, size_t len, struct answer *answer)
{
        struct timespec now;
        struct gal_scope scope = { .input = eval->input,
                                   .context = get_context,
                                   .variable = get_variable,
                                   .user = eval,
                                   .random = &eval->random };

        clock_gettime(CLOCK_REALTIME, &now);
        scope.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        memset(answer, 0, sizeof(*answer));
        if (eval->is_path)
                evaluate_path(text, len, &scope, answer);
        else
                evaluate_call(text, len, &scope, answer);
}

/* Batches. */

static void write_answer(struct gal_buffer *buffer, const struct answer *answer)
{
        if (answer->code != NULL) {
                gal_buffer_append_text(buffer, "{\"error\":{\"code\":");
                gal_json_write_string(buffer, answer->code, strlen(answer->code));
                gal_buffer_append_text(buffer, ",\"message\":");
                gal_json_write_string(buffer, answer->message, strlen(answer->message));
                gal_buffer_append_text(buffer, "}}");
        } else if (answer->undefined) {
                gal_buffer_append_text(buffer, "{\"undefined\":true}");
        } else {
                gal_buffer_append_text(buffer, "{\"result\":");
                gal_json_write(buffer, answer->result);
                gal_buffer_append_char(buffer, '}');
        }
}

static json_t *member_or(const json_t *line, const char *key, json_t *fallback)
{
        json_t *value = json_object_get(line, key);

        return value != NULL ? value : fallback;
}

static void evaluate_line(const struct eval *defaults, const char *text, size_t len, struct answer *answer)
{
        struct eval eval = *defaults;
        struct gal_error error = { .code = GAL_OK };
        json_auto_t *line = NULL;
        const json_t *expr;

        memset(answer, 0, sizeof(*answer));
        if (gal_json_read(text, len, &line, &error) != GAL_OK) {
                gal_auto_free char *message =
                        gal_format("the line is not JSON: column %u: %s", error.at.column, error.message);

                answer_error(answer, "BadCase", message);
                return;
        }
        expr = json_object_get(line, "expr");
        if (!json_is_string(expr)) {
                answer_error(answer, "BadCase", "the line has no string \"expr\"");
                return;
        }
        eval.input = member_or(line, "input", defaults->input);
        eval.context = member_or(line, "context", defaults->context);
        eval.variables = member_or(line, "variables", defaults->variables);
        evaluate(&eval, json_string_value(expr), json_string_length(expr), answer);
}

static int run_batch(const struct eval *eval, const char *path)
{
        bool is_stdin = strcmp(path, "-") == 0;
        FILE *file = is_stdin ? stdin : fopen(path, "re");
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        size_t size = 0;
        char *line = NULL;
        ssize_t len;

        if (file == NULL) {
                perror(path);
                return GAL_EXIT_USAGE;
        }
        while ((len = getline(&line, &size, file)) > 0) {
                struct answer answer;

                while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
                        len--;
                if (len == 0)
                        continue;
                evaluate_line(eval, line, (size_t)len, &answer);
                gal_buffer_clear(&buffer);
                write_answer(&buffer, &answer);
                gal_cli_print_buffer(stdout, &buffer);
                answer_finish(&answer);
        }
        free(line);
        gal_buffer_finish(&buffer);
        if (!is_stdin)
                fclose(file);
        return GAL_EXIT_OK;
}

/* A single expression. */

static int run_single(struct eval *eval, const char *text)
{
        struct answer answer;
        int status = GAL_EXIT_OK;

        evaluate(eval, text, strlen(text), &answer);
        if (answer.code != NULL) {
                fprintf(stderr, "galliard: %s: %s\n", answer.code, answer.message);
                status = strcmp(answer.code, "Syntax") == 0 ? GAL_EXIT_USAGE : GAL_EXIT_FAILED;
        } else if (answer.undefined) {
                fprintf(stderr, "galliard: the path finds nothing\n");
                status = GAL_EXIT_FAILED;
        } else {
                gal_cli_print_json(stdout, answer.result);
        }
        answer_finish(&answer);
        return status;
}

static int run_eval(const struct gal_arguments *arguments)
{
        static const enum option inputs[] = { INPUT, CONTEXT, VARIABLES };
        static const char *const names[] = { "input", "context", "value of --variables" };
        struct gal_payload *payloads[3] = { NULL, NULL, NULL };
        struct eval eval = { .is_path = arguments->values[JSONPATH] != NULL };
        const char *text = arguments->values[eval.is_path ? JSONPATH : INTRINSIC];
        bool loaded = true;
        int status = GAL_EXIT_USAGE;

        if (getrandom(eval.random.state, sizeof(eval.random.state), 0) < 0)
                perror("getrandom");
        for (size_t i = 0; loaded && i < 3; i++) {
                const char *value = arguments->values[inputs[i]];

                payloads[i] = gal_cli_read_json(names[i], value != NULL ? value : "{}");
                loaded = payloads[i] != NULL;
        }
        if (loaded) {
                eval.input = payloads[0]->value;
                eval.context = payloads[1]->value;
                eval.variables = payloads[2]->value;
                status = arguments->values[BATCH] != NULL ? run_batch(&eval, arguments->values[BATCH])
                                                          : run_single(&eval, text);
        }
        for (size_t i = 0; i < 3; i++)
                gal_payload_unref(payloads[i]);
        return status;
}

int gal_cli_eval(int argc, char **argv)
{
        struct gal_arguments arguments;
        const char *fault = NULL;
        int status;

        if (!gal_arguments_parse(&usage, argc, argv, &arguments, &status))
                return status;
        if ((arguments.values[JSONPATH] == NULL) == (arguments.values[INTRINSIC] == NULL))
                fault = "give one of --jsonpath and --intrinsic";
        else if (arguments.values[BATCH] == NULL &&
                 arguments.values[arguments.values[JSONPATH] != NULL ? JSONPATH : INTRINSIC][0] == '\0')
                fault = "give an expression, or --batch FILE";
        if (fault != NULL) {
                fprintf(stderr, "galliard eval: %s\nTry 'galliard eval --help'.\n", fault);
                status = GAL_EXIT_USAGE;
        } else {
                status = run_eval(&arguments);
        }
        gal_arguments_finish(&arguments);
        return status;
}
