/*
 * member.h: the members of requests as options of the command line: how they are called there, and what the help
 * says.
 */
#ifndef GAL_CLI_MEMBER_H
#define GAL_CLI_MEMBER_H

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

/*
 * A member of an answer or of its items, as people read it: the ARN as the word that verbs take. (transfer full)
 */
char *gal_member_short_arn(const char *arn);

#endif
