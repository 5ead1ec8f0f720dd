/*
 * verbs.c: the table of verbs: what `galliard --help` lists, what completes on a Tab, what the man page tells.
 */
#include "cli/verbs.h"

#include <string.h>

#include "base/assert.h"
#include "cli/watch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct gal_option start_options[] = {
        { "wait", NULL, "until it has ended; print its description, exit with its status" },
};

static const struct gal_option history_options[] = {
        { "follow", NULL, "go on until the execution has ended; JSON is one event a line" },
};

#define MACHINE(word) { word, GAL_WORD_MACHINE, "NAME|ARN" }
#define EXECUTION { "executionArn", GAL_WORD_EXECUTION, "MACHINE/NAME|ARN" }
#define ACTIVITY { "activityArn", GAL_WORD_ACTIVITY, "NAME|ARN" }
#define MAP_RUN { "mapRunArn", GAL_WORD_MAP_RUN, "MACHINE/LABEL:ID|ARN" }
#define RESOURCE { "resourceArn", GAL_WORD_RESOURCE, "NAME|activity:NAME|ARN" }
#define ALIAS { "stateMachineAliasArn", GAL_WORD_QUALIFIED, "NAME:ALIAS|ARN" }
#define TOKEN { "taskToken", GAL_WORD_TOKEN, "TOKEN|@FILE|-" }

#define ROUTES_NOTE                                                                                                \
        "A route is VERSION=WEIGHT, of a hundred; there are one or two. A single VERSION gets all.\n"
#define TOKEN_NOTE "The token comes from 'task get', or from the context object of a task that waits for it.\n"

/* clang-format off */
const struct gal_verb gal_verbs[] = {
        { GAL_VERBS_LOCAL, "run a workflow here and now, and print its output",
          .usage = &gal_cli_run_usage, .run = gal_cli_run },
        { GAL_VERBS_LOCAL, "show every fault of definitions, each with its place",
          .usage = &gal_cli_validate_usage, .run = gal_cli_validate },
        { GAL_VERBS_LOCAL, "evaluate a path, a call or a JSONata expression",
          .usage = &gal_cli_eval_usage, .run = gal_cli_eval },

        { GAL_VERBS_ENGINE, "run the executions of a store, and listen to clients",
          .usage = &gal_cli_serve_usage, .run = gal_cli_serve },
        { GAL_VERBS_ENGINE, "make, check, migrate, measure or purge a store",
          .usage = &gal_cli_store_usage, .run = gal_cli_store },

        { GAL_VERBS_MACHINES, "store a workflow as a state machine", {
          "create", "CreateStateMachine", .has_role = true,
          .operands = { { "name", GAL_WORD_VALUE, "NAME" }, { "definition", GAL_WORD_CHECKED, "FILE" } },
          .summary = "Stores the workflow that FILE defines (- is standard input) as the state machine NAME.",
          .notes = "The same definition again is no fault; another one under the same name is.\n",
          .exit_status = "0 done; 2 bad usage, definition, or refused",
          .example = "create orders orders.asl.json" } },
        { GAL_VERBS_MACHINES, "give a state machine another definition or role", {
          "update", "UpdateStateMachine",
          .operands = { MACHINE("stateMachineArn"), { "definition", GAL_WORD_CHECKED, "FILE", true } },
          .summary = "Changes a state machine: its definition, role and what else is given.",
          .notes = "Executions that have started keep what they have started with.\n",
          .exit_status = "0 done; 2 bad usage, definition, or refused",
          .example = "update orders orders.asl.json --publish" } },
        { GAL_VERBS_MACHINES, "show a state machine, or an execution: MACHINE/NAME", {
          "describe", "DescribeStateMachine", "DescribeExecution",
          .operands = { { "stateMachineArn", GAL_WORD_MACHINE, "NAME|MACHINE/NAME|ARN" } },
          .summary = "Shows a state machine (NAME), or an execution (MACHINE/NAME): status, input, output.",
          .notes = "NAME:3 is a version of a state machine, NAME:live an alias.\n",
          .example = "describe orders/order-7" } },
        { GAL_VERBS_MACHINES, "list the state machines", {
          "list", "ListStateMachines",
          .summary = "Lists the state machines.",
          .example = "list" } },
        { GAL_VERBS_MACHINES, "delete a state machine", {
          "delete", "DeleteStateMachine",
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Deletes a state machine. Its open executions run on.",
          .example = "delete orders" } },
        { GAL_VERBS_MACHINES, "make a version of a state machine as it is", {
          "publish", "PublishStateMachineVersion",
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Makes a version of a state machine as it is now. Versions do not change; they count from 1.",
          .example = "publish orders --description 'with gift wrapping'" } },
        { GAL_VERBS_MACHINES, "list the versions of a state machine", {
          "versions", "ListStateMachineVersions",
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Lists the versions of a state machine, the newest first.",
          .example = "versions orders" } },
        { GAL_VERBS_MACHINES, "delete a version", {
          "version delete", "DeleteStateMachineVersion",
          .operands = { { "stateMachineVersionArn", GAL_WORD_QUALIFIED, "NAME:VERSION|ARN" } },
          .summary = "Deletes a version that no alias routes to.",
          .example = "version delete orders:3" } },
        { GAL_VERBS_MACHINES, "list the aliases of a state machine", {
          "aliases", "ListStateMachineAliases",
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Lists the aliases of a state machine; of NAME:VERSION, those that route to it.",
          .example = "aliases orders" } },
        { GAL_VERBS_MACHINES, "names for one or two versions, between which starts are shared", {
          "alias create", "CreateStateMachineAlias",
          .operands = { { "name", GAL_WORD_ALIAS_NAME, "NAME:ALIAS" },
                        { "routingConfiguration", GAL_WORD_ROUTES, "VERSION[=WEIGHT]" } },
          .summary = "Makes an alias of a state machine: a name for one or two of its versions.",
          .notes = ROUTES_NOTE,
          .example = "alias create orders:live 3=90 4=10" } },
        { GAL_VERBS_MACHINES, NULL, {
          "alias update", "UpdateStateMachineAlias",
          .operands = { ALIAS, { "routingConfiguration", GAL_WORD_ROUTES, "VERSION[=WEIGHT]", true } },
          .summary = "Changes the routes or the description of an alias.",
          .notes = ROUTES_NOTE,
          .example = "alias update orders:live 4" } },
        { GAL_VERBS_MACHINES, NULL, {
          "alias describe", "DescribeStateMachineAlias",
          .operands = { ALIAS },
          .summary = "Shows an alias and its routes.",
          .example = "alias describe orders:live" } },
        { GAL_VERBS_MACHINES, NULL, {
          "alias delete", "DeleteStateMachineAlias",
          .operands = { ALIAS },
          .summary = "Deletes an alias. Its versions stay.",
          .example = "alias delete orders:live" } },
        { GAL_VERBS_MACHINES, "list the tags of a state machine or an activity", {
          "tags", "ListTagsForResource",
          .operands = { RESOURCE },
          .summary = "Lists the tags of a state machine, or of an activity (activity:NAME).",
          .example = "tags orders" } },
        { GAL_VERBS_MACHINES, "set tags", {
          "tag", "TagResource",
          .operands = { RESOURCE, { "tags", GAL_WORD_TAGS, "KEY=VALUE" } },
          .summary = "Sets tags of a state machine or an activity; others stay.",
          .example = "tag orders team=shop stage=live" } },
        { GAL_VERBS_MACHINES, "remove tags", {
          "untag", "UntagResource",
          .operands = { RESOURCE, { "tagKeys", GAL_WORD_KEYS, "KEY" } },
          .summary = "Removes tags of a state machine or an activity.",
          .example = "untag orders stage" } },
        { GAL_VERBS_MACHINES, "what the API says of a definition", {
          "diagnose", "ValidateStateMachineDefinition",
          .operands = { { "definition", GAL_WORD_FILE, "FILE" } },
          .summary = "Asks the store or the server for its diagnostics of a definition; 'validate' needs neither.",
          .notes = "A definition that is not valid is an answer as well: its result is FAIL.\n",
          .example = "diagnose orders.asl.json --severity WARNING" } },
        { GAL_VERBS_MACHINES, "try one state", {
          "test-state", "TestState",
          .operands = { { "definition", GAL_WORD_FILE, "FILE" } },
          .summary = "Runs one state: the one that FILE defines, or --state of a whole definition.",
          .example = "test-state orders.asl.json --state Ship --input '{\"id\": 7}'" } },

        { GAL_VERBS_EXECUTIONS, "start an execution", {
          "start", "StartExecution", .options = start_options, .option_count = COUNT(start_options),
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Starts an execution of a state machine. A 'galliard serve' on the same store runs it.",
          .run = gal_watch_start,
          .exit_status = "0 started (with --wait: succeeded); 1 with --wait: failed, timed out or\n"
                         "stopped; 2 bad usage or input, or refused",
          .example = "start orders --input '{\"id\": 7}' --name order-7" } },
        { GAL_VERBS_EXECUTIONS, "run an Express workflow and wait for its output", {
          "start-sync", "StartSyncExecution",
          .operands = { MACHINE("stateMachineArn") },
          .summary = "Runs an Express workflow, and answers when it has ended: after five minutes at most.",
          .notes = "One that has failed is an answer as well: see its status.\n",
          .example = "start-sync quote --input '{\"id\": 7}'" } },
        { GAL_VERBS_EXECUTIONS, "stop an execution", {
          "stop", "StopExecution",
          .operands = { EXECUTION },
          .summary = "Stops an execution: what runs for it is ended, its status is ABORTED.",
          .example = "stop orders/order-7 --error Withdrawn --cause 'the customer called'" } },
        { GAL_VERBS_EXECUTIONS, "let a failed execution go on where it failed", {
          "redrive", "RedriveExecution",
          .operands = { EXECUTION },
          .summary = "Lets an execution that failed, timed out or was stopped go on from there.",
          .example = "redrive orders/order-7" } },
        { GAL_VERBS_EXECUTIONS, "list the executions of a state machine", {
          "executions", "ListExecutions", .items_usual = 100,
          .operands = { { "stateMachineArn", GAL_WORD_MACHINE, "NAME|ARN", .in_place = "map-run" } },
          .summary = "Lists the executions of a state machine, the newest first.",
          .notes = "Of NAME:VERSION or NAME:ALIAS, those that were started by that name.\n",
          .example = "executions orders --status FAILED" } },
        { GAL_VERBS_EXECUTIONS, "show the events of an execution", {
          "history", "GetExecutionHistory", .options = history_options, .option_count = COUNT(history_options),
          .operands = { EXECUTION },
          .summary = "Shows the events of an execution.",
          .run = gal_watch_history,
          .exit_status = "0 done (with --follow: succeeded); 1 with --follow: failed, timed out or\n"
                         "stopped; 2 bad usage, or refused",
          .example = "history orders/order-7 --follow" } },
        { GAL_VERBS_EXECUTIONS, "show the state machine as an execution runs it", {
          "describe-for-execution", "DescribeStateMachineForExecution",
          .operands = { EXECUTION },
          .summary = "Shows the state machine as it was when the execution started: what the execution runs.",
          .example = "describe-for-execution orders/order-7" } },
        { GAL_VERBS_EXECUTIONS, "list the map runs of an execution", {
          "map-runs", "ListMapRuns",
          .operands = { EXECUTION },
          .summary = "Lists the map runs of an execution: its distributed Map states at work.",
          .example = "map-runs orders/order-7" } },
        { GAL_VERBS_EXECUTIONS, "show a map run, or change its limits", {
          "map-run describe", "DescribeMapRun",
          .operands = { MAP_RUN },
          .summary = "Shows a map run: status, limits, how many items are in which state.",
          .example = "map-run describe orders/Ship:1b6c..." } },
        { GAL_VERBS_EXECUTIONS, NULL, {
          "map-run update", "UpdateMapRun",
          .operands = { MAP_RUN },
          .summary = "Changes the limits of a map run that is under way.",
          .example = "map-run update orders/Ship:1b6c... --max-concurrency 5" } },

        { GAL_VERBS_TASKS, "list the activities", {
          "activities", "ListActivities",
          .summary = "Lists the activities.",
          .example = "activities" } },
        { GAL_VERBS_TASKS, "activities: queues of tasks for workers of yours", {
          "activity create", "CreateActivity",
          .operands = { { "name", GAL_WORD_VALUE, "NAME" } },
          .summary = "Makes an activity: a queue of tasks, which workers ask for.",
          .example = "activity create pack" } },
        { GAL_VERBS_TASKS, NULL, {
          "activity describe", "DescribeActivity",
          .operands = { ACTIVITY },
          .summary = "Shows an activity.",
          .example = "activity describe pack" } },
        { GAL_VERBS_TASKS, NULL, {
          "activity delete", "DeleteActivity",
          .operands = { ACTIVITY },
          .summary = "Deletes an activity. Tasks that workers have taken may still be answered.",
          .example = "activity delete pack" } },
        { GAL_VERBS_TASKS, "what a worker says: give me one; done, failed, still at it", {
          "task get", "GetActivityTask",
          .operands = { ACTIVITY },
          .summary = "Waits a minute for a task of an activity. Its answer has the task's token and input; without a\n"
                     "task the token is null.",
          .example = "task get pack --worker bench-2" } },
        { GAL_VERBS_TASKS, NULL, {
          "task succeed", "SendTaskSuccess",
          .operands = { TOKEN, { "output", GAL_WORD_JSON_TEXT, "OUTPUT" } },
          .summary = "Ends a task well. OUTPUT is JSON, @FILE, or - for standard input.",
          .notes = TOKEN_NOTE,
          .example = "task succeed @token.txt '{\"parcels\": 3}'" } },
        { GAL_VERBS_TASKS, NULL, {
          "task fail", "SendTaskFailure",
          .operands = { TOKEN },
          .summary = "Ends a task with an error, which the state may retry or catch.",
          .notes = TOKEN_NOTE,
          .example = "task fail @token.txt --error OutOfBoxes --cause 'a delivery comes tomorrow'" } },
        { GAL_VERBS_TASKS, NULL, {
          "task heartbeat", "SendTaskHeartbeat",
          .operands = { TOKEN },
          .summary = "Tells that a worker is still at a task, whose heartbeat begins anew.",
          .notes = TOKEN_NOTE,
          .example = "task heartbeat @token.txt" } },

        { GAL_VERBS_REST, "call any action of the API",
          .usage = &gal_cli_call_usage, .run = gal_cli_call },
        { GAL_VERBS_REST, "print the script that completes words in bash or zsh",
          .usage = &gal_cli_completion_usage, .run = gal_cli_completion },
        { GAL_VERBS_REST, "print the man page",
          .usage = &gal_cli_man_usage, .run = gal_cli_man },
};
/* clang-format on */

const size_t gal_verb_count = COUNT(gal_verbs);

const char *gal_verb_name(const struct gal_verb *verb)
{
        return verb->action.name != NULL ? verb->action.name : verb->usage->verb;
}

const char *gal_verb_group_title(enum gal_verb_group group)
{
        switch (group) {
        case GAL_VERBS_LOCAL:
                return "workflows, here and now";
        case GAL_VERBS_ENGINE:
                return "the engine";
        case GAL_VERBS_MACHINES:
                return "state machines, in a store or at a server";
        case GAL_VERBS_EXECUTIONS:
                return "executions";
        case GAL_VERBS_TASKS:
                return "activities and tasks";
        case GAL_VERBS_REST:
                return "the rest";
        case GAL_VERBS_GROUP_COUNT:
                break;
        }
        gal_bug("verb group", group);
}

const struct gal_verb *gal_verb_find(int count, char *const words[], int *ret_words)
{
        for (size_t i = 0; count > 0 && i < gal_verb_count; i++) {
                const char *name = gal_verb_name(&gal_verbs[i]), *blank = strchr(name, ' ');
                size_t len = blank != NULL ? (size_t)(blank - name) : strlen(name);

                if (strncmp(words[0], name, len) != 0 || words[0][len] != '\0' ||
                    (blank != NULL && (count < 2 || strcmp(words[1], blank + 1) != 0)))
                        continue;
                *ret_words = blank != NULL ? 2 : 1;
                return &gal_verbs[i];
        }
        return NULL;
}

const struct gal_verb_usage *gal_verb_usage_of(const struct gal_verb *verb, struct gal_action_usage *made)
{
        *made = (struct gal_action_usage){ .member_count = 0 };
        if (verb->usage != NULL)
                return verb->usage;
        gal_action_usage_init(made, &verb->action);
        return &made->usage;
}

int gal_verb_run(const struct gal_verb *verb, int argc, char **argv)
{
        return verb->run != NULL ? verb->run(argc, argv) : gal_action_run(&verb->action, argc, argv);
}
