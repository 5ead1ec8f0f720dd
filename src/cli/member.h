/*
 * member.h: the members of requests as options of the command line: how they are called there, and what the help
 * says.
 */
#ifndef GAL_CLI_MEMBER_H
#define GAL_CLI_MEMBER_H

#include <stdbool.h>

#include "api/shape.h"
#include "cli/arguments.h"
#include "cli/words.h"

struct gal_member_word {
        const char *member;
        const char *action; /* NULL: of every action that has no row of its own for it */
        const char *option; /* NULL: the member's name with dashes: "workerName" as worker-name */
        enum gal_word word;
        const char *label; /* of its value; NULL: by the shape */
        const char *help;
};

/* (transfer none) Never NULL: a member without a row of its own has the one that says nothing. */
const struct gal_member_word *gal_member_word_find(const char *action, const char *member);

/* The option of a member. `ret_option` and its texts (transfer full), released with the next one. */
void gal_member_option_make(const char *action, const struct gal_shape_member *member,
                            struct gal_option *ret_option);
void gal_member_option_finish(struct gal_option *option);
/* (transfer full) The option's name, without dashes before it. */
char *gal_member_option_name(const char *action, const char *member);

/* Texts of such a shape may be long, so they may come from a file. */
bool gal_member_is_long_text(const struct gal_shape *shape);

/* (transfer full) An ARN as the word that verbs take for it: "orders:3", "orders/order-7". */
char *gal_member_short_arn(const char *arn);

#endif
