/*
 * arguments.h: options of a verb, from one table that the help text is printed from as well.
 */
#ifndef GAL_CLI_ARGUMENTS_H
#define GAL_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * "--name VALUE", "--name=VALUE", or "--name" alone when `value` is NULL. One that may be given
 * twice stands in the table twice, the second one without help.
 */
struct gal_option {
        const char *name;           /* without the dashes */
        const char *value;          /* what the help calls the value; NULL: a switch */
        const char *help;           /* NULL: the option before, once more */
        bool optional;              /* the value may be missing: --jsonpath [EXPR] */
        const char *const *choices; /* what the value may be, up to a NULL; NULL: anything */
        const char *alias;          /* another name, which the help is silent about; nullable */
};

struct gal_arguments {
        const char **values; /* by index of the option; NULL: not given; "" for a switch or a missing value */
        char **operands;
        size_t operand_count;
};

struct gal_verb_usage {
        const char *verb;
        const char *synopsis; /* "[options] FILE" */
        const char *operands; /* what is missing when there are too few: "FILE" */
        const char *summary;
        const struct gal_option *options;
        size_t option_count;
        size_t common_count; /* options at the start that many verbs have: the help tells of them last */
        size_t operands_min;
        size_t operands_max;                /* 0 with operands_min 0: none */
        const char *const *operand_choices; /* what the first operand is one of, up to a NULL; NULL: anything */
        const char *epilogue;               /* more help; nullable */
};

/*
 * Parses argv[1..]. On a fault prints what is wrong and where to read on to standard error and returns false, with
 * `*ret_exit` the exit status. --help prints the help to standard output and returns false with status 0.
 * `arguments` is to be released with gal_arguments_finish() when true was returned.
 */
bool gal_arguments_parse(const struct gal_verb_usage *usage, int argc, char **argv, struct gal_arguments *arguments,
                         int *ret_exit);
void gal_arguments_finish(struct gal_arguments *arguments);

/* (transfer none) The value of the option of that name, which the verb has; as in `values`. */
const char *gal_arguments_value(const struct gal_verb_usage *usage, const struct gal_arguments *arguments,
                                const char *name);

/* Prints such a fault that only the verb knows; returns false. */
bool gal_arguments_fault(const struct gal_verb_usage *usage, int *ret_exit, const char *format, ...)
        GAL_PRINTF(3, 4);

#endif
