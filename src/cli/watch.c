/*
 * watch.c: the verbs that may stay with an execution until it ends: start --wait, history --follow.
 *
 * Both look again and again, at what is committed; so they also see the end that another process brings about.
 */
#include "cli/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/shape.h"
#include "base/alloc.h"
#include "cli/ask.h"
#include "cli/show.h"
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

static bool show(const json_t *answer, const char *action)
{
        return gal_show_answer(gal_action_shape_find(action)->response, answer);
}

static int print_end(const struct gal_ask *ask, const json_t *description)
{
        bool printed = ask->as_json ? gal_show_json(description) : show(description, "DescribeExecution");

        return printed && strcmp(text_of(description, "status"), "SUCCEEDED") == 0 ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

int gal_watch_start(struct gal_ask *ask, json_t *request)
{
        json_auto_t *started = NULL, *ended = NULL;
        const char *arn;

        if (!gal_ask(ask, "StartExecution", request, &started))
                return GAL_EXIT_USAGE;
        arn = text_of(started, "executionArn");
        say_who_runs_it(ask, arn);
        if (gal_ask_option(ask, "wait") != NULL) {
                ended = wait_for_end(ask, arn);
                return ended != NULL ? print_end(ask, ended) : GAL_EXIT_USAGE;
        }
        if (ask->as_json)
                return gal_show_json(started) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
        return show(started, "StartExecution") ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* history */

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
        json_t *request; /* (borrowed) of the first page */
        json_t *token;   /* of the page that was read last; NULL: the first */
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
        json_t *request = gal_need(json_copy(follower->request));

        json_object_set_new(request, "maxResults", json_integer(1000));
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

int gal_watch_history(struct gal_ask *ask, json_t *request)
{
        json_auto_t *own = request;
        struct follower follower = { .ask = ask, .request = request };
        json_t *events;
        bool is_cut;
        size_t max;
        int status;

        if (!gal_ask_count(ask, "max", SIZE_MAX, &max))
                return GAL_EXIT_USAGE;
        if (gal_ask_option(ask, "follow") != NULL) {
                if (gal_ask_option(ask, "reverse") != NULL || max != SIZE_MAX) {
                        gal_arguments_fault(ask->usage, &status, "--follow goes with neither --reverse nor --max");
                        return status;
                }
                status = follow(&follower);
                json_decref(follower.token);
                return status;
        }
        if (!gal_ask_pages(ask, "GetExecutionHistory", gal_take(own), "events", max, &events, &is_cut))
                return GAL_EXIT_USAGE;
        return print_events(ask, events);
}
