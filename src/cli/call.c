/*
 * call.c: `galliard call ACTION`: any action of the API, JSON in and JSON out.
 */
#include "base/payload.h"
#include "cli/ask.h"
#include "cli/show.h"
#include "cli/text.h"
#include "cli/verbs.h"

static const struct gal_option options[GAL_ASK_OPTION_COUNT] = { GAL_ASK_OPTIONS };

const struct gal_verb_usage gal_cli_call_usage = {
        .verb = "call",
        .synopsis = "[options] ACTION [JSON|@FILE|-]",
        .operands = "ACTION",
        .summary =
                "Calls an action of the API and prints its answer's JSON. The request is {} when it is not given.",
        .options = options,
        .option_count = GAL_ASK_OPTION_COUNT,
        .common_count = GAL_ASK_OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 2,
        .epilogue = "At an endpoint the action may be one that this release does not know.\n"
                    "\nExample:\n"
                    "  galliard call ListStateMachines '{\"maxResults\": 10}'\n"
                    "\nExit status: 0 done; 1 the action answers with an error; 2 bad usage, or it could not be "
                    "asked.\n",
};

static int run(struct gal_ask *ask)
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
                return ask->was_refused ? GAL_EXIT_FAILED : GAL_EXIT_USAGE;
        return gal_show_json(body) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

int gal_cli_call(int argc, char **argv)
{
        return gal_ask_run(&gal_cli_call_usage, argc, argv, run, NULL);
}
