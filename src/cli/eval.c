/*
 * eval.c: `galliard eval`: one expression, or a file of them, a line each.
 *
 *   $ galliard eval --jsonpath '$.a' --input '{"a":1}'
 *   1
 *   $ galliard eval --intrinsic --batch cases.jsonl
 *   {"result":3}
 *   $ galliard eval --jsonata '$sum(items.price)' --input @order.json
 *   42
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/arguments.h"
#include "cli/excerpt.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "expr/intrinsic/intrinsic.h"
#include "expr/jsonata/jsonata.h"
#include "expr/jsonpath/jsonpath.h"

enum option { JSONPATH, INTRINSIC, JSONATA, INPUT, CONTEXT, VARIABLES, BINDINGS, DIALECT, BATCH, OPTION_COUNT };

static const struct gal_option options[OPTION_COUNT] = {
        [JSONPATH] = { "jsonpath", "EXPR", "a path: $.a[0], $$.Execution.Id, $variable.b", true },
        [INTRINSIC] = { "intrinsic", "EXPR", "a call: States.Format('{}', $.a)", true },
        [JSONATA] = { "jsonata", "EXPR", "a JSONata expression: $sum(items.price)", true },
        [INPUT] = { "input", "JSON|@FILE|-", "what $ is; {} when it is not given (JSONata: undefined)", false },
        [CONTEXT] = { "context", "JSON|@FILE|-", "what $$ is", false },
        [VARIABLES] = { "variables", "JSON|@FILE|-", "an object: the workflow's variables", false },
        [BINDINGS] = { "bindings", "JSON|@FILE|-", "JSONata: an object, each member is a $variable", false },
        [DIALECT] = { "dialect", "NAME", "JSONata: reference (default), or states as AWS Step Functions has it",
                      false },
        [BATCH] = { "batch", "FILE|-",
                    "a case a line: {\"expr\", \"input\", \"context\", \"variables\"}, or for JSONata {\"expr\", "
                    "\"data\", "
                    "\"bindings\"}",
                    false },
};

const struct gal_verb_usage gal_cli_eval_usage = {
        .verb = "eval",
        .synopsis = "--jsonpath [EXPR] | --intrinsic [EXPR] | --jsonata [EXPR] [options]",
        .operands = "",
        .summary = "Evaluates an expression as a state would and prints its value as JSON.",
        .options = options,
        .option_count = OPTION_COUNT,
        .epilogue = "With --batch, each line is answered with one of\n"
                    "  {\"result\": VALUE}   {\"undefined\": true}   {\"error\": {\"code\", \"message\"}}\n"
                    "An error of JSONata has its \"position\" as well: UTF-16 units up to the end of the token.\n"
                    "Exit status: 0 evaluated, 1 the evaluation failed or found nothing, 2 bad usage or input.\n",
};

/* What one evaluation came to: exactly one of the three. */
struct answer {
        json_t *result; /* owned */
        bool undefined; /* `message` says why */
        char *code;     /* owned; of an error; NULL: none */
        char *message;  /* owned */
        bool is_syntax; /* the expression does not compile */
        bool has_place; /* in the expression */
        struct gal_position at;
        bool has_position; /* of JSONata: the place as the reference counts */
        size_t position;
};

struct eval {
        enum option language; /* JSONPATH, INTRINSIC, JSONATA */
        enum gal_jsonata_dialect dialect;
        json_t *input; /* borrowed, all of them; NULL: undefined */
        json_t *context;
        json_t *variables;
        json_t *bindings;
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

/* Out of memory or too long has no place in the expression. */
static void answer_syntax_error(struct answer *answer, const struct gal_error *error)
{
        answer_error(answer, "Syntax", error->message);
        answer->is_syntax = true;
        answer->has_place = error->code == GAL_ESYNTAX || error->code == GAL_EINVALID;
        answer->at = error->at;
}

static void evaluate_path(const char *text, size_t len, const struct gal_scope *scope, struct answer *answer)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_buffer why = GAL_BUFFER_INIT;
        struct gal_path *path;
        enum gal_status status = gal_path_parse(text, len, &path, &error);

        if (status != GAL_OK) {
                answer_syntax_error(answer, &error);
                return;
        }
        status = gal_path_evaluate(path, scope, &answer->result);
        if (status != GAL_OK) {
                gal_path_explain(path, scope, status, &why);
                answer->message = gal_need(gal_buffer_take(&why, NULL));
                answer->undefined = status == GAL_ENOTFOUND;
                answer->code = answer->undefined ? NULL : gal_strdup("States.Runtime");
        }
        gal_path_destroy(path);
}

static void evaluate_call(const char *text, size_t len, const struct gal_scope *scope, struct answer *answer)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_error error = { .code = GAL_OK };
        struct gal_intrinsic *call;

        if (gal_intrinsic_parse(text, len, &call, &error) != GAL_OK) {
                answer_syntax_error(answer, &error);
                return;
        }
        if (gal_intrinsic_evaluate(call, scope, &answer->result, &failure) != GAL_OK)
                answer_error(answer, failure.error, failure.cause.data);
        gal_failure_finish(&failure);
        gal_intrinsic_destroy(call);
}

static void answer_jsonata_error(struct answer *answer, const char *text, struct gal_jsonata_error *error)
{
        const char *message = error->message.data != NULL ? error->message.data : "out of memory";

        answer_error(answer, error->code, message);
        answer->has_position = error->has_position;
        answer->position = error->position;
        answer->has_place = error->has_position;
        answer->at = error->at;
        if (strchr(text, '\n') == NULL)
                answer->at.line = 0; /* one line needs no number */
        gal_jsonata_error_finish(error);
}

static void evaluate_jsonata(struct eval *eval, const char *text, size_t len, int64_t now_ms, struct answer *answer)
{
        struct gal_jsonata_environment environment = { now_ms, &eval->random };
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct gal_jsonata *expression;
        bool is_function = false;

        if (gal_jsonata_compile(text, len, eval->dialect, &expression, &error) != GAL_OK) {
                answer->is_syntax = true;
                answer_jsonata_error(answer, text, &error);
                return;
        }
        if (gal_jsonata_evaluate(expression, eval->input, eval->bindings, &environment, NULL, &answer->result,
                                 &is_function, &error) != GAL_OK) {
                answer_jsonata_error(answer, text, &error);
        } else if (answer->result == NULL) {
                answer->undefined = true;
                answer->message = gal_strdup(is_function ? "the result is a function" : "the result is undefined");
        }
        gal_jsonata_destroy(expression);
}

static void refuse_result(struct answer *answer)
{
        gal_auto_free char *message =
                gal_format("the result is nested deeper than %d levels or longer than %u bytes", GAL_JSON_DEPTH_MAX,
                           GAL_JSON_TEXT_SIZE_MAX);

        json_decref(answer->result);
        answer->result = NULL;
        answer_error(answer, "States.DataLimitExceeded", message);
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
        if (eval->language == JSONATA)
                evaluate_jsonata(eval, text, len, scope.now_ms, answer);
        else if (eval->language == JSONPATH)
                evaluate_path(text, len, &scope, answer);
        else
                evaluate_call(text, len, &scope, answer);
        if (answer->result != NULL &&
            gal_json_size(answer->result, GAL_JSON_TEXT_SIZE_MAX) > GAL_JSON_TEXT_SIZE_MAX)
                refuse_result(answer);
}

/* Batches. */

static void write_answer(struct gal_buffer *buffer, const struct answer *answer)
{
        if (answer->code != NULL) {
                gal_buffer_append_text(buffer, "{\"error\":{\"code\":");
                gal_json_write_string(buffer, answer->code, strlen(answer->code));
                gal_buffer_append_text(buffer, ",\"message\":");
                gal_json_write_string(buffer, answer->message, strlen(answer->message));
                if (answer->has_position) {
                        gal_buffer_append_text(buffer, ",\"position\":");
                        gal_buffer_append_uint(buffer, answer->position);
                }
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

static void evaluate_case(const struct eval *defaults, const json_t *line, struct answer *answer)
{
        struct eval eval = *defaults;
        const json_t *expr = json_object_get(line, "expr");

        eval.input = member_or(line, eval.language == JSONATA ? "data" : "input", defaults->input);
        eval.bindings = member_or(line, "bindings", defaults->bindings);
        eval.context = member_or(line, "context", defaults->context);
        eval.variables = member_or(line, "variables", defaults->variables);
        if (!json_is_object(line))
                answer_error(answer, "BadCase", "the line is not an object");
        else if (!json_is_string(expr))
                answer_error(answer, "BadCase", "the line has no string \"expr\"");
        else if (!json_is_object(eval.variables))
                answer_error(answer, "BadCase", "\"variables\" is not an object");
        else if (!json_is_object(eval.bindings))
                answer_error(answer, "BadCase", "\"bindings\" is not an object");
        else
                evaluate(&eval, json_string_value(expr), json_string_length(expr), answer);
}

static void evaluate_line(const struct eval *defaults, const struct gal_buffer *text, struct answer *answer)
{
        struct gal_error error = { .code = GAL_OK };
        json_auto_t *line = NULL;
        gal_auto_free char *message = NULL;

        memset(answer, 0, sizeof(*answer));
        if (gal_json_read(text->data, text->len, &line, &error) != GAL_OK) {
                message = gal_format("the line is not JSON: column %u: %s", error.at.column, error.message);
                answer_error(answer, "BadCase", message);
        } else {
                evaluate_case(defaults, line, answer);
        }
}

/* The next line that is not blank; one that is too long ends there, with the buffer failed. False at the end. */
static bool read_line(FILE *file, struct gal_buffer *line)
{
        int c;

        gal_buffer_clear(line);
        while (line->status == GAL_OK && (c = getc_unlocked(file)) != EOF) {
                if (c != '\n')
                        gal_buffer_append_char(line, (char)c);
                else if (line->len > strspn(line->data != NULL ? line->data : "", " \t\r"))
                        return true;
                else
                        gal_buffer_clear(line);
        }
        return line->status != GAL_OK || line->len > 0;
}

static bool print_answer(struct gal_buffer *buffer, const struct answer *answer)
{
        gal_buffer_clear(buffer);
        write_answer(buffer, answer);
        return gal_cli_print_buffer(stdout, buffer);
}

static int evaluate_lines(const struct eval *eval, const char *path, FILE *file)
{
        struct gal_buffer line = GAL_BUFFER_INIT;
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        int status = GAL_EXIT_OK;

        gal_buffer_init(&line, GAL_JSON_TEXT_SIZE_MAX);
        while (status == GAL_EXIT_OK && read_line(file, &line)) {
                struct answer answer = { .result = NULL };

                if (line.status != GAL_OK) {
                        fprintf(stderr, "galliard: %s: a line is longer than %zu bytes\n", path, line.size_max);
                        status = GAL_EXIT_USAGE;
                        break;
                }
                evaluate_line(eval, &line, &answer);
                if (!print_answer(&buffer, &answer))
                        status = GAL_EXIT_FAILED;
                answer_finish(&answer);
        }
        gal_buffer_finish(&line);
        gal_buffer_finish(&buffer);
        return status;
}

static int run_batch(const struct eval *eval, const char *path)
{
        FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
        int status = file != NULL ? evaluate_lines(eval, path, file) : GAL_EXIT_USAGE;

        if (file == NULL || ferror(file)) {
                fprintf(stderr, "galliard: %s: %s\n", path, strerror(errno));
                status = GAL_EXIT_USAGE;
        }
        if (file != NULL && file != stdin)
                fclose(file);
        return status;
}

/* A single expression. */

static const char *failure_name(const struct answer *answer)
{
        if (answer->undefined)
                return "nothing found";
        return strcmp(answer->code, "Syntax") == 0 ? "syntax error" : answer->code;
}

static int report_failure(const char *text, const struct answer *answer)
{
        const char *name = failure_name(answer);

        /* What an evaluation may not use up has no code in the Step Functions dialect. */
        fprintf(stderr, "galliard: %s%s", name, name[0] != '\0' ? ": " : "");
        gal_terminal_put(stderr, answer->message, strlen(answer->message));
        fputc('\n', stderr);
        if (answer->has_place)
                gal_excerpt_put(stderr, text, strlen(text), answer->at);
        return answer->is_syntax ? GAL_EXIT_USAGE : GAL_EXIT_FAILED;
}

static int run_single(struct eval *eval, const char *text)
{
        struct answer answer;
        int status = GAL_EXIT_FAILED;

        evaluate(eval, text, strlen(text), &answer);
        if (answer.result == NULL)
                status = report_failure(text, &answer);
        else if (gal_cli_print_json(stdout, answer.result))
                status = GAL_EXIT_OK;
        answer_finish(&answer);
        return status;
}

static const enum option value_options[] = { INPUT, CONTEXT, VARIABLES, BINDINGS };
#define VALUE_COUNT (sizeof(value_options) / sizeof(value_options[0]))

static bool load_values(const struct gal_arguments *arguments, struct gal_payload *values[VALUE_COUNT])
{
        static const char *const names[VALUE_COUNT] = { "input", "context", "value of --variables",
                                                        "value of --bindings" };

        for (size_t i = 0; i < VALUE_COUNT; i++) {
                const char *given = arguments->values[value_options[i]];

                values[i] = gal_cli_read_json(names[i], given != NULL ? given : "{}");
                if (values[i] == NULL)
                        return false;
        }
        for (size_t i = 2; i < VALUE_COUNT; i++)
                if (!json_is_object(values[i]->value)) {
                        fprintf(stderr, "galliard: the %s is not an object\n", names[i]);
                        return false;
                }
        return true;
}

static enum option language_of(const struct gal_arguments *arguments)
{
        return arguments->values[JSONATA] != NULL    ? JSONATA
               : arguments->values[JSONPATH] != NULL ? JSONPATH
                                                     : INTRINSIC;
}

static int run_eval(const struct gal_arguments *arguments)
{
        struct gal_payload *values[VALUE_COUNT] = { NULL };
        struct eval eval = { .language = language_of(arguments) };
        const char *text = arguments->values[eval.language];
        const char *dialect = arguments->values[DIALECT];
        int status = GAL_EXIT_USAGE;

        if (dialect != NULL && strcmp(dialect, "states") == 0)
                eval.dialect = GAL_JSONATA_STATES;
        if (getrandom(eval.random.state, sizeof(eval.random.state), 0) < 0)
                perror("galliard: getrandom");
        if (load_values(arguments, values)) {
                eval.input = values[0]->value;
                eval.context = values[1]->value;
                eval.variables = values[2]->value;
                eval.bindings = values[3]->value;
                if (eval.language == JSONATA && arguments->values[INPUT] == NULL)
                        eval.input = NULL;
                status = arguments->values[BATCH] != NULL ? run_batch(&eval, arguments->values[BATCH])
                                                          : run_single(&eval, text);
        }
        for (size_t i = 0; i < VALUE_COUNT; i++)
                gal_payload_unref(values[i]);
        return status;
}

static bool check_arguments(const struct gal_arguments *arguments, int *ret_status)
{
        const char *const *values = arguments->values;
        const char *batch = values[BATCH];
        int readers = batch != NULL && strcmp(batch, "-") == 0;
        const char *text;

        for (size_t i = 0; i < VALUE_COUNT; i++)
                readers += gal_cli_is_stdin(values[value_options[i]]);
        if ((values[JSONPATH] != NULL) + (values[INTRINSIC] != NULL) + (values[JSONATA] != NULL) != 1)
                return gal_arguments_fault(&gal_cli_eval_usage, ret_status,
                                           "give one of --jsonpath, --intrinsic and --jsonata");
        if (values[DIALECT] != NULL && strcmp(values[DIALECT], "reference") != 0 &&
            strcmp(values[DIALECT], "states") != 0)
                return gal_arguments_fault(&gal_cli_eval_usage, ret_status,
                                           "--dialect is one of reference and states");
        text = values[language_of(arguments)];
        if (batch == NULL && text[0] == '\0')
                return gal_arguments_fault(&gal_cli_eval_usage, ret_status, "give an expression, or --batch FILE");
        if (batch != NULL && text[0] != '\0')
                return gal_arguments_fault(&gal_cli_eval_usage, ret_status,
                                           "with --batch, each line has its own expression");
        if (readers > 1)
                return gal_arguments_fault(&gal_cli_eval_usage, ret_status, "standard input can be read once only");
        return true;
}

int gal_cli_eval(int argc, char **argv)
{
        struct gal_arguments arguments;
        int status;

        if (!gal_arguments_parse(&gal_cli_eval_usage, argc, argv, &arguments, &status))
                return status;
        if (check_arguments(&arguments, &status))
                status = run_eval(&arguments);
        gal_arguments_finish(&arguments);
        return status;
}
