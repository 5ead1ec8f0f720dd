/*
 * verbs.h: the verbs of the command line. Each gets its own name as argv[0] and answers with the exit status.
 */
#ifndef GAL_CLI_VERBS_H
#define GAL_CLI_VERBS_H

#include <stddef.h>

#include "cli/action.h"
#include "cli/arguments.h"

/* Exit statuses, the same for every verb. */
enum gal_exit {
        GAL_EXIT_OK = 0,
        GAL_EXIT_FAILED = 1, /* the workflow failed, timed out or was stopped; a called action was refused */
        GAL_EXIT_USAGE = 2,  /* bad usage, definition, input or configuration */
};

enum gal_verb_group {
        GAL_VERBS_LOCAL,
        GAL_VERBS_ENGINE,
        GAL_VERBS_MACHINES,
        GAL_VERBS_EXECUTIONS,
        GAL_VERBS_TASKS,
        GAL_VERBS_REST,
        GAL_VERBS_GROUP_COUNT
};

/*
 * One of the table. Verbs of two words ("alias create") that begin with the same one stand together; the first of
 * them speaks for all in the list of verbs.
 */
struct gal_verb {
        enum gal_verb_group group;
        const char *help;                   /* its line in the list of verbs; NULL: an earlier one speaks for it */
        struct gal_action_verb action;      /* where it is an action of the API; else `name` in it is NULL: */
        const struct gal_verb_usage *usage; /* written by hand */
        int (*run)(int argc, char **argv);
};

extern const struct gal_verb gal_verbs[];
extern const size_t gal_verb_count;

const char *gal_verb_name(const struct gal_verb *verb);
const char *gal_verb_group_title(enum gal_verb_group group);
/* The verb that begins the words; `ret_words`, how many are its name. NULL: there is none. (transfer none) */
const struct gal_verb *gal_verb_find(int count, char *const words[], int *ret_words);
/* Its usage, until gal_action_usage_finish() of `made`, which is filled where it has to be made. */
const struct gal_verb_usage *gal_verb_usage_of(const struct gal_verb *verb, struct gal_action_usage *made);
int gal_verb_run(const struct gal_verb *verb, int argc, char **argv);

int gal_cli_call(int argc, char **argv);
int gal_cli_completion(int argc, char **argv);
int gal_cli_eval(int argc, char **argv);
int gal_cli_man(int argc, char **argv);
int gal_cli_run(int argc, char **argv);
int gal_cli_serve(int argc, char **argv);
int gal_cli_store(int argc, char **argv);
int gal_cli_validate(int argc, char **argv);

extern const struct gal_verb_usage gal_cli_call_usage;
extern const struct gal_verb_usage gal_cli_completion_usage;
extern const struct gal_verb_usage gal_cli_eval_usage;
extern const struct gal_verb_usage gal_cli_man_usage;
extern const struct gal_verb_usage gal_cli_run_usage;
extern const struct gal_verb_usage gal_cli_serve_usage;
extern const struct gal_verb_usage gal_cli_store_usage;
extern const struct gal_verb_usage gal_cli_validate_usage;

#endif
