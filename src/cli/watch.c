/*
 * watch.c: the verbs that may stay with an execution until it ends: start --wait, history --follow.
 *
 * Both look again and again, at what is committed; so they also see the end that another process brings about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/payload.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "cli/text.h"
#include "cli/verbs.h"

/* Between two looks: short at first, for what is over at once. */
#define PAUSE_MS_MIN 10
#define PAUSE_MS_MAX 500
/* Looks that may fail in a row, for instance while a database restarts. */
#define FAILURES_MAX 120

static void pause_longer(unsigned *pause_ms)
{
        usleep(*pause_ms * 1000);
        *pause_ms = *pause_ms * 3 / 2 < PAUSE_MS_MAX ? *pause_ms * 3 / 2 : PAUSE_MS_MAX;
}

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text != NULL ? text : "";
}

/* start */

enum { START_INPUT = GAL_ASK_OPTION_COUNT, START_NAME, START_WAIT, START_COUNT };

static const struct gal_option start_options[START_COUNT] = {
        GAL_ASK_OPTIONS,
        [START_INPUT] = { "input", "JSON|@FILE|-", "the execution's input; {} when it is not given", false },
        [START_NAME] = { "name", "NAME", "the execution's name; starting it twice starts it once", false },
        [START_WAIT] = { "wait", NULL, "until it has ended; print its description, exit with its status", false },
};

static const struct gal_verb_usage start_usage = {
        .verb = "start",
        .synopsis = "[options] NAME|ARN",
        .operands = "NAME|ARN",
        .summary = "Starts an execution of a state machine. A 'galliard serve' on the same store runs it.",
        .options = start_options,
        .option_count = START_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue =
                "\nExit status: 0 started (with --wait: succeeded); 1 with --wait: failed, timed out or stopped;\n"
                "2 bad usage or input, or refused.\n",
};

static json_t *describe_request(const char *arn)
{
        return gal_need(json_pack("{s:s}", "executionArn", arn));
}

static bool is_open(const json_t *description)
{
        return strcmp(text_of(description, "status"), "RUNNING") == 0;
}

/* Done by this process: what is still open rests in the store. */
static void say_who_runs_it(struct gal_ask *ask, const char *arn)
{
        json_auto_t *description = NULL;

        if (!ask->client.wrote_here ||
            !gal_ask_quietly(ask, "DescribeExecution", describe_request(arn), &description))
                return;
        if (is_open(description))
                gal_ask_complain("no engine is running on %s; 'galliard serve --store %s' runs this execution",
                                 ask->client.store_url, ask->client.store_url);
}

/* (transfer full) NULL after a message. */
static json_t *wait_for_end(struct gal_ask *ask, const char *arn)
{
        unsigned pause_ms = PAUSE_MS_MIN, failures = 0;

        for (;;) {
                json_auto_t *description = NULL;

                if (gal_ask_quietly(ask, "DescribeExecution", describe_request(arn), &description)) {
                        failures = 0;
                        if (!is_open(description))
                                return gal_take(description);
                } else if (++failures > FAILURES_MAX) {
                        return gal_ask(ask, "DescribeExecution", describe_request(arn), &description)
                                       ? gal_take(description)
                                       : NULL;
                }
                pause_longer(&pause_ms);
        }
}

static int print_end(const struct gal_ask *ask, const json_t *description)
{
        bool printed = ask->as_json ? gal_show_json(description) : gal_show_object(description);

        return printed && strcmp(text_of(description, "status"), "SUCCEEDED") == 0 ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* NULL after a message. */
static json_t *make_start(struct gal_ask *ask)
{
        const char *name = ask->arguments.values[START_NAME], *given = ask->arguments.values[START_INPUT];
        gal_auto_free char *machine = gal_ask_machine(ask, 0);
        struct gal_payload *input = gal_cli_read_json("input", given != NULL ? given : "{}");
        json_t *request;

        if (input == NULL)
                return NULL;
        request = gal_need(
                json_pack("{s:s, s:s}", "stateMachineArn", machine, "input", gal_payload_raw(input, NULL)));
        if (name != NULL)
                json_object_set_new(request, "name", gal_need(json_string(name)));
        gal_payload_unref(input);
        return request;
}

static int run_start(struct gal_ask *ask)
{
        json_auto_t *started = NULL, *ended = NULL;
        json_t *request = make_start(ask);
        const char *arn;

        if (request == NULL || !gal_ask(ask, "StartExecution", request, &started))
                return GAL_EXIT_USAGE;
        arn = text_of(started, "executionArn");
        say_who_runs_it(ask, arn);
        if (ask->arguments.values[START_WAIT] != NULL) {
                ended = wait_for_end(ask, arn);
                return ended != NULL ? print_end(ask, ended) : GAL_EXIT_USAGE;
        }
        if (ask->as_json)
                return gal_show_json(started) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
        return gal_show_object(started) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

int gal_cli_start(int argc, char **argv)
{
        return gal_ask_run(&start_usage, argc, argv, run_start);
}

/* history */

enum { HISTORY_FOLLOW = GAL_ASK_OPTION_COUNT, HISTORY_REVERSE, HISTORY_MAX, HISTORY_COUNT };

static const struct gal_option history_options[HISTORY_COUNT] = {
        GAL_ASK_OPTIONS,
        [HISTORY_FOLLOW] = { "follow", NULL, "go on until the execution has ended; JSON is one event a line",
                             false },
        [HISTORY_REVERSE] = { "reverse", NULL, "the last event first", false },
        [HISTORY_MAX] = { "max", "N", "at most so many events", false },
};

static const struct gal_verb_usage history_usage = {
        .verb = "history",
        .synopsis = "[options] MACHINE/NAME|ARN",
        .operands = "MACHINE/NAME",
        .summary = "Shows the events of an execution.",
        .options = history_options,
        .option_count = HISTORY_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue =
                "\nExit status: 0 done (with --follow: succeeded); 1 with --follow: failed, timed out or stopped;\n"
                "2 bad usage, or refused.\n",
};

static bool print_event(const struct gal_ask *ask, const json_t *event)
{
        return ask->as_json ? gal_show_json(event) : gal_show_event(event);
}

static int print_events(const struct gal_ask *ask, json_t *events)
{
        json_auto_t *answer = gal_need(json_pack("{s:o}", "events", events));
        const json_t *event;
        bool printed = true;
        size_t i;

        if (ask->as_json)
                return gal_show_json(answer) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
        json_array_foreach(events, i, event) printed = printed && gal_show_event(event);
        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

struct follower {
        struct gal_ask *ask;
        const char *arn;
        json_t *token; /* of the page that was read last; NULL: the first */
        json_int_t last_id;
        bool is_over;
        bool succeeded;
};

/* False: it cannot be written. */
static bool show_new(struct follower *follower, const json_t *events)
{
        const json_t *event;
        size_t i;

        json_array_foreach(events, i, event)
        {
                json_int_t id = json_integer_value(json_object_get(event, "id"));
                const char *type = text_of(event, "type");

                if (id <= follower->last_id)
                        continue;
                follower->last_id = id;
                if (!print_event(follower->ask, event))
                        return false;
                if (strncmp(type, "Execution", strlen("Execution")) == 0 && strcmp(type, "ExecutionStarted") != 0) {
                        follower->is_over = true;
                        follower->succeeded = strcmp(type, "ExecutionSucceeded") == 0;
                }
        }
        return true;
}

static json_t *page_request(const struct follower *follower)
{
        json_t *request = gal_need(json_pack("{s:s, s:i}", "executionArn", follower->arn, "maxResults", 1000));

        if (follower->token != NULL)
                json_object_set(request, "nextToken", follower->token);
        return request;
}

/* The last page is read anew, from the same token, until there is one after it. */
static int follow(struct follower *follower)
{
        unsigned pause_ms = PAUSE_MS_MIN, failures = 0;

        while (!follower->is_over) {
                json_auto_t *page = NULL;
                json_int_t before = follower->last_id;
                json_t *token;

                if (!(failures == 0 && before == 0 ? gal_ask : gal_ask_quietly)(
                            follower->ask, "GetExecutionHistory", page_request(follower), &page)) {
                        if (before == 0 || ++failures > FAILURES_MAX)
                                return GAL_EXIT_USAGE;
                        pause_longer(&pause_ms);
                        continue;
                }
                failures = 0;
                if (!show_new(follower, json_object_get(page, "events")))
                        return GAL_EXIT_FAILED;
                token = json_object_get(page, "nextToken");
                if (token != NULL) {
                        json_decref(follower->token);
                        follower->token = json_incref(token);
                        continue;
                }
                if (follower->last_id != before)
                        pause_ms = PAUSE_MS_MIN;
                if (!follower->is_over)
                        pause_longer(&pause_ms);
        }
        return follower->succeeded ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int run_history(struct gal_ask *ask)
{
        gal_auto_free char *arn = gal_ask_execution(ask, 0);
        bool reverse = ask->arguments.values[HISTORY_REVERSE] != NULL;
        struct follower follower = { .ask = ask, .arn = arn };
        json_t *events;
        size_t max;
        int status;

        if (arn == NULL || !gal_ask_count(ask, HISTORY_MAX, SIZE_MAX, &max))
                return GAL_EXIT_USAGE;
        if (ask->arguments.values[HISTORY_FOLLOW] != NULL) {
                if (reverse || max != SIZE_MAX) {
                        gal_arguments_fault(ask->usage, &status, "--follow goes with neither --reverse nor --max");
                        return status;
                }
                status = follow(&follower);
                json_decref(follower.token);
                return status;
        }
        if (!gal_ask_pages(ask, "GetExecutionHistory",
                           gal_need(json_pack("{s:s, s:b}", "executionArn", arn, "reverseOrder", reverse)),
                           "events", max, &events))
                return GAL_EXIT_USAGE;
        return print_events(ask, events);
}

int gal_cli_history(int argc, char **argv)
{
        return gal_ask_run(&history_usage, argc, argv, run_history);
}
