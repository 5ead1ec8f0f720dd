/*
 * action.h: verbs that are an action of the API each: their options, requests and output come out of the shapes.
 *
 * A verb says which member of the request an operand is, and in what form people write it; every other member is an
 * option, of the type that the shape has. So no action is written twice.
 */
#ifndef GAL_CLI_ACTION_H
#define GAL_CLI_ACTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/words.h"

struct gal_operand {
        const char *member; /* of the request; NULL: the end of the list */
        enum gal_word word;
        const char *label;    /* what the help calls it */
        bool optional;        /* only the last ones are */
        const char *in_place; /* the option that may stand for a missing one; nullable */
};

#define GAL_OPERANDS_MAX 3

struct gal_action_verb {
        const char *name;   /* "alias create" */
        const char *action; /* "CreateStateMachineAlias" */
        /* The one that is meant when the first operand names an execution; NULL: none. Same options. */
        const char *execution_action;
        struct gal_operand operands[GAL_OPERANDS_MAX];
        const char *summary;
        const char *notes;                /* of the help, with a line break at the end; nullable */
        const char *example;              /* what follows "galliard ", lines of it */
        const struct gal_option *options; /* its own, beside the members of the request; nullable */
        size_t option_count;
        size_t items_usual; /* of a list: so many without --max; 0: all */
        bool has_role;      /* a role is filled in: nothing here looks at it */
        /* In place of asking and printing. `request` (takes). The exit status. */
        int (*run)(struct gal_ask *ask, json_t *request);
        const char *exit_status; /* in place of the usual sentence; nullable */
};

/* Parses, asks, prints. The exit status. */
int gal_action_run(const struct gal_action_verb *verb, int argc, char **argv);

/* The usage of such a verb, made out of the shapes. Owned. */
struct gal_action_usage {
        struct gal_verb_usage usage; /* borrows what follows */
        struct gal_option *options;
        size_t member_count; /* of options that stand for members: those after the common ones */
        char *synopsis;
        char *operands;
        char *epilogue;
        char *max_help;
};

void gal_action_usage_init(struct gal_action_usage *usage, const struct gal_action_verb *verb);
void gal_action_usage_finish(struct gal_action_usage *usage);

#endif
