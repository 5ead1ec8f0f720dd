/*
 * store.c: `galliard store`: what one does with a store as a whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/age.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/poisoned.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "engine/check.h"
#include "runtime/poisoned.h"
#include "runtime/retention.h"

/* While we purge; it is renewed three times in that. */
#define LEASE_MS 10000

enum option { STORE, REGION, ACCOUNT, CLOSED_BEFORE, STATE_DIR, JSON, OPTION_COUNT };

_Static_assert((int)STORE == GAL_ASK_STORE && (int)REGION == GAL_ASK_REGION && (int)ACCOUNT == GAL_ASK_ACCOUNT,
               "the options that name a place are the same for every verb");

static const struct gal_option options[OPTION_COUNT] = {
        GAL_ASK_PLACE_OPTIONS,
        [CLOSED_BEFORE] = { "closed-before", "TIME", "purge: 2026-11-23, 2026-11-23T15:00:00Z, or an age: 90d, 12h",
                            false },
        [STATE_DIR] = GAL_STATE_DIR_OPTION,
        [JSON] = { "json", NULL, "print JSON also on a terminal", false },
};

static const char *const action_names[] = { "init",  "check",    "migrate", "stats",
                                            "purge", "poisoned", "release", NULL };

const struct gal_verb_usage gal_cli_store_usage = {
        .verb = "store",
        .synopsis = "[options] init|check|migrate|stats|purge|poisoned|release EXECUTION",
        .operands = "init|check|migrate|stats|purge|poisoned|release",
        .summary = "Works on a store as a whole.",
        .options = options,
        .option_count = OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 2,
        .operand_choices = action_names,
        .epilogue =
                "  init     make its tables, where there are none; the region and account of its ARNs are "
                "its own\n"
                "           from then on\n"
                "  check    look at every execution: events without gap, replay, rows that agree; changes "
                "nothing,\n"
                "           and may run beside a 'galliard serve'\n"
                "  migrate  bring the tables of an older release up to this one\n"
                "  stats    counts and sizes\n"
                "  purge    remove executions that were closed before a time (90 days ago when it is not "
                "given), also\n"
                "           while a 'galliard serve' owns the store; their names stay taken for 90 days\n"
                "  poisoned executions that ended the process that ran them; those that did so three times stand "
                "still\n"
                "  release  let the one with that ARN, MACHINE/NAME or id run again: at the next start of 'serve'\n"
                "\nExit status: 0 done; 1 check found faults; 2 bad usage, or the store cannot be used.\n",
};

struct verb {
        struct gal_arguments arguments;
        struct gal_client client;
        bool as_json;
};

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int refuse(const struct gal_error *error)
{
        gal_ask_complain("%s", error->message);
        return GAL_EXIT_USAGE;
}

/* `answer` (takes). */
static int print_json(json_t *answer)
{
        bool printed = gal_show_json(answer);

        json_decref(answer);
        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int say_ready(const struct verb *verb)
{
        if (verb->as_json)
                return print_json(gal_need(json_pack("{s:s}", "status", "ready")));
        puts("The store is ready.");
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int run_init(struct verb *verb)
{
        struct gal_error error = { .code = GAL_OK };

        return gal_client_open(&verb->client, /* create= */ true, &error) == GAL_OK ? say_ready(verb)
                                                                                    : refuse(&error);
}

static int run_migrate(struct verb *verb)
{
        struct gal_error error = { .code = GAL_OK };

        return gal_client_migrate(&verb->client, &error) == GAL_OK ? say_ready(verb) : refuse(&error);
}

/* stats */

static bool add_stat(void *user, const char *name, int64_t value)
{
        json_object_set_new(user, name, json_integer(value));
        return true;
}

static int run_stats(struct verb *verb)
{
        json_auto_t *stats = gal_need(json_object());
        struct gal_error error = { .code = GAL_OK };
        struct gal_client *client = &verb->client;
        enum gal_status status = gal_client_open(client, /* create= */ false, &error);
        const char *name;
        json_t *value;

        if (status == GAL_OK)
                status = client->store->ops->stats(client->store, add_stat, stats, &error);
        if (status != GAL_OK)
                return refuse(&error);
        if (verb->as_json)
                return print_json(json_incref(stats));
        json_object_foreach(stats, name, value)
                printf("%-32s %16lld\n", name, (long long)json_integer_value(value));
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* check */

static void print_fault(const char *subject, const char *message)
{
        fputs("fault: ", stdout);
        gal_terminal_put(stdout, subject, strlen(subject));
        fputs(": ", stdout);
        gal_terminal_put(stdout, message, strlen(message));
        putchar('\n');
}

static void note_fault(void *user, const char *subject, const char *message)
{
        json_t *faults = user;

        if (faults == NULL)
                print_fault(subject, message);
        else
                json_array_append_new(faults, json_pack("{s:s, s:s}", "subject", subject, "message", message));
}

static bool print_report(const struct gal_check_report *report)
{
        printf("state machines       %12" PRIu64 "  definitions compile\n", report->machines);
        printf("executions           %12" PRIu64 "  %" PRIu64 " open, %" PRIu64 " of them parked\n",
               report->executions, report->open, report->parked);
        printf("events               %12" PRIu64 "  in %" PRIu64 " chunks: ids without gap, in order, replayed\n",
               report->events, report->chunks);
        printf("snapshots            %12" PRIu64 "  equal to the replay of their chunks\n", report->snapshots);
        printf("names                %12" PRIu64 "  lead to their execution\n", report->names);
        printf("run rows             %12" PRIu64 "  one for each open execution, something wakes it\n",
               report->runs);
        printf("queued tasks         %12" PRIu64 "  wait for a worker, and their executions are open\n",
               report->tasks);
        printf("faults               %12" PRIu64 "\n", report->faults);
        return gal_cli_flush(stdout);
}

static bool print_report_json(const struct gal_check_report *report, json_t *faults)
{
        json_auto_t *answer =
                gal_need(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "machines",
                                   (json_int_t)report->machines, "executions", (json_int_t)report->executions,
                                   "open", (json_int_t)report->open, "parked", (json_int_t)report->parked, "chunks",
                                   (json_int_t)report->chunks, "events", (json_int_t)report->events, "snapshots",
                                   (json_int_t)report->snapshots, "names", (json_int_t)report->names, "runs",
                                   (json_int_t)report->runs, "tasks", (json_int_t)report->tasks, "faults", faults));

        return gal_show_json(answer);
}

static int run_check(struct verb *verb)
{
        json_auto_t *faults = verb->as_json ? gal_need(json_array()) : NULL;
        struct gal_check_options check = { .now_ms = now_ms(), .fault = note_fault, .user = faults };
        struct gal_error error = { .code = GAL_OK };
        struct gal_check_report report;
        enum gal_status status = gal_client_open(&verb->client, /* create= */ false, &error);
        bool printed;

        if (status == GAL_OK)
                status = gal_check_store(verb->client.store, &check, &report, &error);
        if (status != GAL_OK)
                return refuse(&error);
        printed = verb->as_json ? print_report_json(&report, faults) : print_report(&report);
        return printed && report.faults == 0 ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* purge */

static bool parse_time(const char *text, int64_t *ret_ms)
{
        gal_auto_free char *midnight = gal_format("%sT00:00:00Z", text);
        struct gal_instant instant;

        int64_t age_ms;

        if (gal_cli_parse_age(text, &age_ms)) {
                *ret_ms = age_ms < now_ms() ? now_ms() - age_ms : 0;
                return true;
        }
        if (!gal_timestamp_parse(text, strlen(text), &instant) &&
            !gal_timestamp_parse(midnight, strlen(midnight), &instant))
                return false;
        *ret_ms = gal_instant_to_ms(instant);
        return true;
}

static enum gal_status acquire(struct gal_store *store, struct gal_error *error)
{
        struct gal_lease_request request = { .address = "", .duration_ms = LEASE_MS };
        unsigned char random[16];
        char incarnation[2 * sizeof(random) + 1];

        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "no randomness: getrandom: %s", strerror(errno));
        for (size_t i = 0; i < sizeof(random); i++)
                snprintf(incarnation + 2 * i, 3, "%02x", random[i]);
        request.incarnation = incarnation;
        return store->ops->acquire(store, &request, error);
}

/* Nobody owns the store: we do, meanwhile. */
static enum gal_status purge_here(struct gal_store *store, int64_t before_ms, size_t *ret_removed,
                                  struct gal_error *error)
{
        struct gal_bite bite = GAL_BITE_INIT;
        int64_t renewed_ms = now_ms();
        enum gal_status status;
        size_t removed, limit;

        do {
                int64_t since_ms = now_ms();

                limit = bite.limit;
                status = store->ops->purge(store, before_ms, gal_purge_names_by_ms(before_ms, since_ms), limit,
                                           &removed, error);
                if (status != GAL_OK)
                        return status;
                *ret_removed += removed;
                gal_bite_adapt(&bite, removed, now_ms() - since_ms);
                if (now_ms() - renewed_ms > LEASE_MS / 3) {
                        renewed_ms = now_ms();
                        status = store->ops->renew(store, error);
                }
        } while (status == GAL_OK && removed == limit);
        store->ops->release(store);
        return status;
}

/* The owner does it, about a second's work at a time. */
static enum gal_status purge_there(struct verb *verb, int64_t before_ms, size_t *ret_removed,
                                   struct gal_error *error)
{
        bool is_complete = false;

        while (!is_complete) {
                json_auto_t *request = gal_need(json_pack("{s:f}", "closedBefore", (double)before_ms / 1000));
                struct gal_client_answer answer = { 0, NULL };
                enum gal_status status = gal_client_call(&verb->client, "PurgeExecutions", request, &answer, error);

                if (status != GAL_OK)
                        return status;
                *ret_removed += (size_t)json_integer_value(json_object_get(answer.body, "removed"));
                is_complete = json_is_true(json_object_get(answer.body, "isComplete"));
                if (answer.http_status != 200)
                        status = gal_fail(error, GAL_EIO, GAL_NOWHERE, "the owner of the store refuses: %s",
                                          json_string_value(json_object_get(answer.body, "message")));
                gal_client_answer_finish(&answer);
                if (status != GAL_OK)
                        return status;
        }
        return GAL_OK;
}

static enum gal_status purge(struct verb *verb, int64_t before_ms, size_t *ret_removed, struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        enum gal_status status = gal_client_open(&verb->client, /* create= */ false, error);

        if (status != GAL_OK)
                return status;
        status = acquire(verb->client.store, &own);
        if (status == GAL_OK)
                return purge_here(verb->client.store, before_ms, ret_removed, error);
        if (status == GAL_EBUSY)
                return purge_there(verb, before_ms, ret_removed, error);
        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
}

static int run_purge(struct verb *verb)
{
        const char *given = verb->arguments.values[CLOSED_BEFORE];
        struct gal_error error = { .code = GAL_OK };
        int64_t before_ms = now_ms() - GAL_NAME_REUSE_MS;
        enum gal_status status;
        size_t removed = 0;
        int exit_status;

        if (given != NULL && !parse_time(given, &before_ms)) {
                gal_arguments_fault(&gal_cli_store_usage, &exit_status, "--closed-before cannot be '%s'", given);
                return exit_status;
        }
        status = purge(verb, before_ms, &removed, &error);
        if (status != GAL_OK)
                return refuse(&error);
        if (verb->as_json)
                return print_json(gal_need(json_pack("{s:I}", "removed", (json_int_t)removed)));
        printf("%zu removed\n", removed);
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* Poisoned executions. */

static enum gal_status find_poisoned(const struct verb *verb, char **ret_path, struct gal_error *error)
{
        enum gal_status status =
                gal_cli_poisoned_path(verb->client.store_url, verb->arguments.values[STATE_DIR], ret_path, error);

        if (status == GAL_OK && *ret_path == NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "a store in memory ends with its process");
        return status;
}

static int run_poisoned(struct verb *verb)
{
        struct gal_error error = { .code = GAL_OK };
        gal_auto_free char *path = NULL;
        enum gal_status status = find_poisoned(verb, &path, &error);
        bool is_printed = false;

        if (status == GAL_OK)
                status = gal_cli_poisoned_list(path, verb->as_json, &is_printed, &error);
        if (status != GAL_OK)
                return refuse(&error);
        return is_printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int run_release(struct verb *verb)
{
        const char *word = verb->arguments.operands[1];
        struct gal_error error = { .code = GAL_OK };
        gal_auto_free char *path = NULL;
        gal_auto_free char *arn = gal_client_execution_arn(&verb->client, word); /* NULL: an id */
        enum gal_status status = find_poisoned(verb, &path, &error);

        if (status == GAL_OK)
                status = gal_poisoned_release(path, arn != NULL ? arn : word, &error);
        if (status != GAL_OK)
                return refuse(&error);
        if (verb->as_json)
                return print_json(gal_need(json_pack("{s:s}", "released", arn != NULL ? arn : word)));
        puts("Released; the next start of 'galliard serve' runs it again.");
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static const struct {
        const char *name;
        int (*run)(struct verb *verb);
        size_t operands; /* with the name */
} actions[] = {
        { "init", run_init, 1 },       { "check", run_check, 1 }, { "migrate", run_migrate, 1 },
        { "stats", run_stats, 1 },     { "purge", run_purge, 1 }, { "poisoned", run_poisoned, 1 },
        { "release", run_release, 2 },
};

static int run(struct verb *verb)
{
        const char *name = verb->arguments.operands[0];
        int status;

        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
                if (strcmp(actions[i].name, name) != 0)
                        continue;
                if (verb->arguments.operand_count == actions[i].operands)
                        return actions[i].run(verb);
                gal_arguments_fault(
                        &gal_cli_store_usage, &status,
                        actions[i].operands == 1 ? "'%s' takes nothing more" : "'%s' takes an execution", name);
                return status;
        }
        gal_arguments_fault(&gal_cli_store_usage, &status,
                            "'%s' is none of init, check, migrate, stats, purge, poisoned, release", name);
        return status;
}

int gal_cli_store(int argc, char **argv)
{
        struct gal_client_options place = { NULL, NULL, NULL };
        struct verb verb;
        int status;

        if (!gal_arguments_parse(&gal_cli_store_usage, argc, argv, &verb.arguments, &status))
                return status;
        place.store_url = verb.arguments.values[STORE];
        place.region = verb.arguments.values[REGION];
        place.account = verb.arguments.values[ACCOUNT];
        gal_client_init(&verb.client, &place);
        verb.as_json = verb.arguments.values[JSON] != NULL || !isatty(STDOUT_FILENO);
        status = run(&verb);
        gal_client_finish(&verb.client);
        gal_arguments_finish(&verb.arguments);
        return status;
}
