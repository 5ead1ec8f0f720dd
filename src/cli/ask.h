/*
 * ask.h: what the verbs that call actions have in common: their options, the asking, the complaining.
 */
#ifndef GAL_CLI_ASK_H
#define GAL_CLI_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "cli/client.h"

/* The options that each of these verbs has; its own ones follow. */
enum gal_ask_option {
        GAL_ASK_STORE,
        GAL_ASK_REGION,
        GAL_ASK_ACCOUNT,
        GAL_ASK_ENDPOINT,
        GAL_ASK_JSON,
        GAL_ASK_OPTION_COUNT
};

/* clang-format off */
#define GAL_ASK_PLACE_OPTIONS                                                                                      \
        [GAL_ASK_STORE] = { "store", "URL", "sqlite:FILE or postgresql://...; else GALLIARD_STORE, else "          \
                            "sqlite:galliard.db", false },                                                         \
        [GAL_ASK_REGION] = { "region", "REGION", "of the ARNs of a new store; else GALLIARD_REGION, else us-east-1", false },     \
        [GAL_ASK_ACCOUNT] = { "account", "ID", "of the ARNs of a new store; else GALLIARD_ACCOUNT, else 123456789012", false }
#define GAL_ASK_OPTIONS                                                                                            \
        GAL_ASK_PLACE_OPTIONS,                                                                                     \
        [GAL_ASK_ENDPOINT] = { "endpoint", "URL", "ask the server there, in place of a store; else GALLIARD_ENDPOINT or "  \
                               "AWS_ENDPOINT_URL[_SFN]", false },               \
        [GAL_ASK_JSON] = { "json", NULL, "print the answer's JSON also on a terminal", false }
/* clang-format on */

struct gal_ask {
        const struct gal_verb_usage *usage;
        struct gal_arguments arguments;
        struct gal_client client;
        bool as_json;     /* asked for, or standard output is no terminal */
        bool was_refused; /* the last action was answered, with an error */
        const void *user; /* of gal_ask_run() */
};

/* Parses, runs the verb, releases. The exit status. */
int gal_ask_run(const struct gal_verb_usage *usage, int argc, char **argv, int (*run)(struct gal_ask *ask),
                const void *user);

/*
 * Calls an action. `request` (takes). `ret_body` (transfer full, nullable). False after a message on standard
 * error.
 */
bool gal_ask(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body);
/* The same without a message; for what is asked again and again. */
bool gal_ask_quietly(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body);

/*
 * Follows the pages of a list, `member` of the answers, up to `max` items. `request` (takes). `ret_list` (transfer
 * full), `ret_is_cut`: there is more. False after a message.
 */
bool gal_ask_pages(struct gal_ask *ask, const char *action, json_t *request, const char *member, size_t max,
                   json_t **ret_list, bool *ret_is_cut);

/* (transfer none) The value of an option that the verb has; NULL: it was not given. */
const char *gal_ask_option(const struct gal_ask *ask, const char *name);
/* The same as a count of at least 1; `usual` when it is not given. False after a message. */
bool gal_ask_count(const struct gal_ask *ask, const char *name, size_t usual, size_t *ret_count);

/* "galliard: TEXT" on standard error, safe for a terminal. */
void gal_ask_complain(const char *format, ...) GAL_PRINTF(1, 2);

#endif
