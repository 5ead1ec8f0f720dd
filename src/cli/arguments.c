/*
 * arguments.c: options may stand before, between and after the operands; "--" ends them. "-" is an operand.
 */
#include "cli/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/verbs.h"

static void print_help(const struct gal_verb_usage *usage)
{
        printf("usage: galliard %s [options] %s\n\n%s\n\noptions:\n", usage->verb, usage->operands, usage->summary);
        for (size_t i = 0; i < usage->option_count; i++) {
                const struct gal_option *option = &usage->options[i];
                gal_auto_free char *left = option->value == NULL ? gal_format("--%s", option->name)
                                           : option->optional ? gal_format("--%s [%s]", option->name, option->value)
                                                              : gal_format("--%s %s", option->name, option->value);

                printf("  %-26s %s\n", left, option->help);
        }
        printf("  %-26s %s\n", "--help", "this text");
        if (usage->epilogue != NULL)
                printf("\n%s", usage->epilogue);
}

static bool usage_fault(const struct gal_verb_usage *usage, int *ret_exit, const char *what, const char *which)
{
        fprintf(stderr, "galliard %s: %s%s%s%s\n", usage->verb, what, which != NULL ? " '" : "",
                which != NULL ? which : "", which != NULL ? "'" : "");
        fprintf(stderr, "Try 'galliard %s --help'.\n", usage->verb);
        *ret_exit = GAL_EXIT_USAGE;
        return false;
}

static const struct gal_option *find_option(const struct gal_verb_usage *usage, const char *name, size_t len)
{
        for (size_t i = 0; i < usage->option_count; i++) {
                if (strlen(usage->options[i].name) == len && strncmp(usage->options[i].name, name, len) == 0)
                        return &usage->options[i];
        }
        return NULL;
}

/* An optional value is taken unless the next word is an option itself ("-" alone and "-1" are values). */
static bool looks_like_option(const char *word)
{
        return strncmp(word, "--", 2) == 0;
}

static bool parse_option(const struct gal_verb_usage *usage, int argc, char **argv, int *index,
                         struct gal_arguments *arguments, int *ret_exit)
{
        const char *word = argv[*index];
        const char *name = word + 2;
        const char *equals = strchr(name, '=');
        size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
        const struct gal_option *option = find_option(usage, name, len);
        const char **value;

        if (option == NULL)
                return usage_fault(usage, ret_exit, "unknown option", word);
        value = &arguments->values[option - usage->options];
        if (*value != NULL)
                return usage_fault(usage, ret_exit, "option given twice:", word);
        if (option->value == NULL) {
                if (equals != NULL)
                        return usage_fault(usage, ret_exit, "this option takes no value:", word);
                *value = "";
        } else if (equals != NULL) {
                *value = equals + 1;
        } else if (*index + 1 < argc && !(option->optional && looks_like_option(argv[*index + 1]))) {
                *value = argv[++*index];
        } else if (option->optional) {
                *value = "";
        } else {
                return usage_fault(usage, ret_exit, "this option needs a value:", word);
        }
        return true;
}

static bool parse_words(const struct gal_verb_usage *usage, int argc, char **argv, struct gal_arguments *arguments,
                        int *ret_exit)
{
        bool only_operands = false;

        for (int i = 1; i < argc; i++) {
                if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
                        arguments->operands[arguments->operand_count++] = argv[i];
                } else if (strcmp(argv[i], "--") == 0) {
                        only_operands = true;
                } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
                        print_help(usage);
                        *ret_exit = GAL_EXIT_OK;
                        return false;
                } else if (strncmp(argv[i], "--", 2) != 0) {
                        return usage_fault(usage, ret_exit, "unknown option", argv[i]);
                } else if (!parse_option(usage, argc, argv, &i, arguments, ret_exit)) {
                        return false;
                }
        }
        if (arguments->operand_count < usage->operands_min)
                return usage_fault(usage, ret_exit, "missing operand:", usage->operands);
        if (arguments->operand_count > usage->operands_max)
                return usage_fault(usage, ret_exit, "unexpected operand", arguments->operands[usage->operands_max]);
        return true;
}

bool gal_arguments_parse(const struct gal_verb_usage *usage, int argc, char **argv, struct gal_arguments *arguments,
                         int *ret_exit)
{
        arguments->values = gal_new_array(usage->option_count, const char *);
        arguments->operands = gal_new_array((size_t)argc, char *);
        arguments->operand_count = 0;
        if (parse_words(usage, argc, argv, arguments, ret_exit))
                return true;
        gal_arguments_finish(arguments);
        return false;
}

void gal_arguments_finish(struct gal_arguments *arguments)
{
        free(arguments->values);
        free(arguments->operands);
        memset(arguments, 0, sizeof(*arguments));
}
