/*
 * verbs_api.c: the verbs that are one action each: create, describe, stop, list, executions, delete, call.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/ask.h"
#include "cli/diagnostics.h"
#include "cli/show.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "definition/program.h"

#define EXIT_STATUS_TEXT                                                                                           \
        "\nNames of executions are MACHINE/NAME or an ARN.\n"                                                      \
        "Exit status: 0 done; 2 bad usage, or refused.\n"

static int print_answer(const struct gal_ask *ask, const json_t *body)
{
        bool printed = ask->as_json ? gal_show_json(body) : gal_show_object(body);

        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* One action whose answer is an object. `request` (takes). */
static int ask_and_print(struct gal_ask *ask, const char *action, json_t *request)
{
        json_auto_t *body = NULL;

        if (!gal_ask(ask, action, request, &body))
                return GAL_EXIT_USAGE;
        return print_answer(ask, body);
}

static void set_text(json_t *request, const char *key, const char *text)
{
        if (text != NULL && json_object_set_new(request, key, json_string(text)) != 0)
                json_object_set_new(request, key, json_null()); /* not UTF-8: the action refuses it */
}

/* create */

enum { CREATE_ROLE = GAL_ASK_OPTION_COUNT, CREATE_COUNT };

static const struct gal_option create_options[CREATE_COUNT] = {
        GAL_ASK_OPTIONS,
        [CREATE_ROLE] = { "role", "ARN", "the machine's role; nothing here looks at it", false },
};

static const struct gal_verb_usage create_usage = {
        .verb = "create",
        .synopsis = "[options] NAME FILE",
        .operands = "NAME FILE",
        .summary = "Stores the workflow that FILE defines (- is standard input) as the state machine NAME.",
        .options = create_options,
        .option_count = CREATE_COUNT,
        .operands_min = 2,
        .operands_max = 2,
        .epilogue = "\nThe same definition again is no fault; another one under the same name is.\n"
                    "Exit status: 0 done; 2 bad usage, definition, or refused.\n",
};

/* (transfer full) NULL after every fault was shown with its place. */
static char *read_definition(const char *file)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        char *text = NULL;
        size_t len;

        if (!gal_cli_read_file(file, GAL_DEFINITION_SIZE_MAX, &text, &len))
                return NULL;
        if (gal_program_compile(text, len, NULL, &diagnostics, &program) != GAL_OK) {
                gal_cli_print_diagnostics(stderr, file, text, len, &diagnostics);
                free(gal_take(text));
        }
        gal_diagnostics_finish(&diagnostics);
        gal_program_unref(program);
        return text;
}

static int run_create(struct gal_ask *ask)
{
        const char *role = ask->arguments.values[CREATE_ROLE];
        gal_auto_free char *definition = read_definition(ask->arguments.operands[1]);
        gal_auto_free char *usual_role =
                gal_format("arn:aws:iam::%s:role/galliard", gal_client_account(&ask->client));
        json_t *request;

        if (definition == NULL)
                return GAL_EXIT_USAGE;
        request = gal_need(json_object());
        set_text(request, "name", ask->arguments.operands[0]);
        set_text(request, "definition", definition);
        set_text(request, "roleArn", role != NULL ? role : usual_role);
        return ask_and_print(ask, "CreateStateMachine", request);
}

int gal_cli_create(int argc, char **argv)
{
        return gal_ask_run(&create_usage, argc, argv, run_create);
}

/* Verbs without options of their own. */

static const struct gal_option plain_options[GAL_ASK_OPTION_COUNT] = { GAL_ASK_OPTIONS };

static const struct gal_verb_usage describe_usage = {
        .verb = "describe",
        .synopsis = "[options] NAME|ARN",
        .operands = "NAME|ARN",
        .summary = "Shows a state machine (NAME), or an execution (MACHINE/NAME): status, input, output.",
        .options = plain_options,
        .option_count = GAL_ASK_OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue = EXIT_STATUS_TEXT,
};

static int run_describe(struct gal_ask *ask)
{
        gal_auto_free char *execution = gal_client_execution_arn(&ask->client, ask->arguments.operands[0]);
        gal_auto_free char *machine = gal_ask_machine(ask, 0);
        json_t *request = gal_need(json_object());

        set_text(request, execution != NULL ? "executionArn" : "stateMachineArn",
                 execution != NULL ? execution : machine);
        return ask_and_print(ask, execution != NULL ? "DescribeExecution" : "DescribeStateMachine", request);
}

int gal_cli_describe(int argc, char **argv)
{
        return gal_ask_run(&describe_usage, argc, argv, run_describe);
}

static const struct gal_verb_usage delete_usage = {
        .verb = "delete",
        .synopsis = "[options] NAME|ARN",
        .operands = "NAME|ARN",
        .summary = "Deletes a state machine. Its open executions run on.",
        .options = plain_options,
        .option_count = GAL_ASK_OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue = "\nExit status: 0 done; 2 bad usage, or refused.\n",
};

static int run_delete(struct gal_ask *ask)
{
        gal_auto_free char *machine = gal_ask_machine(ask, 0);
        json_t *request = gal_need(json_object());

        set_text(request, "stateMachineArn", machine);
        return ask_and_print(ask, "DeleteStateMachine", request);
}

int gal_cli_delete(int argc, char **argv)
{
        return gal_ask_run(&delete_usage, argc, argv, run_delete);
}

/* stop */

enum { STOP_ERROR = GAL_ASK_OPTION_COUNT, STOP_CAUSE, STOP_COUNT };

static const struct gal_option stop_options[STOP_COUNT] = {
        GAL_ASK_OPTIONS,
        [STOP_ERROR] = { "error", "NAME", "the error that the execution ends with", false },
        [STOP_CAUSE] = { "cause", "TEXT", "and its cause", false },
};

static const struct gal_verb_usage stop_usage = {
        .verb = "stop",
        .synopsis = "[options] MACHINE/NAME|ARN",
        .operands = "MACHINE/NAME",
        .summary = "Stops an execution: what runs for it is ended, its status is ABORTED.",
        .options = stop_options,
        .option_count = STOP_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue = EXIT_STATUS_TEXT,
};

static int run_stop(struct gal_ask *ask)
{
        gal_auto_free char *execution = gal_ask_execution(ask, 0);
        json_t *request;

        if (execution == NULL)
                return GAL_EXIT_USAGE;
        request = gal_need(json_object());
        set_text(request, "executionArn", execution);
        set_text(request, "error", ask->arguments.values[STOP_ERROR]);
        set_text(request, "cause", ask->arguments.values[STOP_CAUSE]);
        return ask_and_print(ask, "StopExecution", request);
}

int gal_cli_stop(int argc, char **argv)
{
        return gal_ask_run(&stop_usage, argc, argv, run_stop);
}

/* Lists. */

/* As one answer of the API, however many pages it took. `list` (takes). */
static int print_list(const struct gal_ask *ask, const char *member, json_t *list, bool (*show)(const json_t *list))
{
        json_auto_t *answer = gal_need(json_object());
        bool printed;

        json_object_set_new(answer, member, list);
        printed = ask->as_json ? gal_show_json(answer) : show(list);
        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static const struct gal_verb_usage list_usage = {
        .verb = "list",
        .synopsis = "[options]",
        .operands = "",
        .summary = "Lists the state machines.",
        .options = plain_options,
        .option_count = GAL_ASK_OPTION_COUNT,
        .epilogue = "\nExit status: 0 done; 2 bad usage, or refused.\n",
};

static int run_list(struct gal_ask *ask)
{
        json_t *machines;

        if (!gal_ask_pages(ask, "ListStateMachines", gal_need(json_object()), "stateMachines", SIZE_MAX, &machines))
                return GAL_EXIT_USAGE;
        return print_list(ask, "stateMachines", machines, gal_show_machines);
}

int gal_cli_list(int argc, char **argv)
{
        return gal_ask_run(&list_usage, argc, argv, run_list);
}

enum { EXECUTIONS_STATUS = GAL_ASK_OPTION_COUNT, EXECUTIONS_MAX, EXECUTIONS_COUNT };

static const struct gal_option executions_options[EXECUTIONS_COUNT] = {
        GAL_ASK_OPTIONS,
        [EXECUTIONS_STATUS] = { "status", "STATUS", "only RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED ones",
                                false },
        [EXECUTIONS_MAX] = { "max", "N", "at most so many; 100 when it is not given", false },
};

static const struct gal_verb_usage executions_usage = {
        .verb = "executions",
        .synopsis = "[options] NAME|ARN",
        .operands = "NAME|ARN",
        .summary = "Lists the executions of a state machine, the newest first.",
        .options = executions_options,
        .option_count = EXECUTIONS_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue = "\nExit status: 0 done; 2 bad usage, or refused.\n",
};

static int run_executions(struct gal_ask *ask)
{
        gal_auto_free char *machine = gal_ask_machine(ask, 0);
        json_t *request, *executions;
        size_t max;

        if (!gal_ask_count(ask, EXECUTIONS_MAX, 100, &max))
                return GAL_EXIT_USAGE;
        request = gal_need(json_object());
        set_text(request, "stateMachineArn", machine);
        set_text(request, "statusFilter", ask->arguments.values[EXECUTIONS_STATUS]);
        if (!gal_ask_pages(ask, "ListExecutions", request, "executions", max, &executions))
                return GAL_EXIT_USAGE;
        return print_list(ask, "executions", executions, gal_show_executions);
}

int gal_cli_executions(int argc, char **argv)
{
        return gal_ask_run(&executions_usage, argc, argv, run_executions);
}

/* call */

static const struct gal_verb_usage call_usage = {
        .verb = "call",
        .synopsis = "[options] ACTION [JSON|@FILE|-]",
        .operands = "ACTION",
        .summary =
                "Calls an action of the API, for example: call DescribeExecution '{\"executionArn\": \"arn:...\"}'",
        .options = plain_options,
        .option_count = GAL_ASK_OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 2,
        .epilogue = "\nExit status: 0 done; 2 bad usage, or refused.\n",
};

static int run_call(struct gal_ask *ask)
{
        const char *text = ask->arguments.operand_count > 1 ? ask->arguments.operands[1] : "{}";
        struct gal_payload *payload = gal_cli_read_json("request", text);
        json_auto_t *body = NULL;
        bool succeeded;

        if (payload == NULL)
                return GAL_EXIT_USAGE;
        succeeded = gal_ask(ask, ask->arguments.operands[0], json_incref(payload->value), &body);
        gal_payload_unref(payload);
        if (!succeeded)
                return GAL_EXIT_USAGE;
        return gal_show_json(body) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

int gal_cli_call(int argc, char **argv)
{
        return gal_ask_run(&call_usage, argc, argv, run_call);
}
