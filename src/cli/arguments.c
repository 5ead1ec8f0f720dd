/*
 * arguments.c: options may stand before, between and after the operands; "--" ends them. "-" is an operand.
 */
#include "cli/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/verbs.h"

/* (transfer full) "--input JSON|@FILE|-" */
static char *describe_option(const struct gal_option *option)
{
        if (option->value == NULL)
                return gal_format("--%s", option->name);
        return gal_format(option->optional ? "--%s [%s]" : "--%s %s", option->name, option->value);
}

static int find_option_width(const struct gal_verb_usage *usage)
{
        size_t widest = strlen("--help");

        for (size_t i = 0; i < usage->option_count; i++) {
                gal_auto_free char *left = describe_option(&usage->options[i]);

                if (strlen(left) > widest)
                        widest = strlen(left);
        }
        return (int)widest;
}

static void print_options(const struct gal_verb_usage *usage, size_t from, size_t to, int width)
{
        for (size_t i = from; i < to; i++) {
                gal_auto_free char *left = describe_option(&usage->options[i]);

                if (usage->options[i].help != NULL)
                        printf("  %-*s  %s\n", width, left, usage->options[i].help);
        }
}

static void print_help(const struct gal_verb_usage *usage)
{
        int width = find_option_width(usage);

        printf("usage: galliard %s %s\n\n%s\n\noptions:\n", usage->verb, usage->synopsis, usage->summary);
        print_options(usage, usage->common_count, usage->option_count, width);
        print_options(usage, 0, usage->common_count, width);
        printf("  %-*s  %s\n", width, "--help", "this text");
        if (usage->epilogue != NULL)
                printf("\n%s", usage->epilogue);
}

bool gal_arguments_fault(const struct gal_verb_usage *usage, int *ret_exit, const char *format, ...)
{
        gal_auto_free char *message = NULL;
        va_list args;

        va_start(args, format);
        message = gal_format_args(format, args);
        va_end(args);
        fprintf(stderr, "galliard %s: ", usage->verb);
        gal_terminal_put(stderr, message, strlen(message));
        fprintf(stderr, "\nTry 'galliard %s --help'.\n", usage->verb);
        *ret_exit = GAL_EXIT_USAGE;
        return false;
}

static bool is_named(const char *candidate, const char *name, size_t len)
{
        return candidate != NULL && strlen(candidate) == len && strncmp(candidate, name, len) == 0;
}

static const struct gal_option *find_option(const struct gal_verb_usage *usage, const char *name, size_t len)
{
        for (size_t i = 0; i < usage->option_count; i++) {
                if (is_named(usage->options[i].name, name, len) || is_named(usage->options[i].alias, name, len))
                        return &usage->options[i];
        }
        return NULL;
}

static bool is_choice(const struct gal_option *option, const char *value)
{
        for (size_t i = 0; option->choices != NULL; i++) {
                if (option->choices[i] == NULL)
                        return false;
                if (strcmp(option->choices[i], value) == 0)
                        return true;
        }
        return true;
}

static bool refuse_choice(const struct gal_verb_usage *usage, const struct gal_option *option, const char *value,
                          int *ret_exit)
{
        struct gal_buffer choices = GAL_BUFFER_INIT;

        for (size_t i = 0; option->choices[i] != NULL; i++)
                gal_buffer_append_format(&choices, "%s%s", i > 0 ? ", " : "", option->choices[i]);
        gal_arguments_fault(usage, ret_exit, "--%s is one of %s, not '%s'", option->name, choices.data, value);
        gal_buffer_finish(&choices);
        return false;
}

/* The one behind it is the same once more: see arguments.h. */
static bool may_be_given_again(const struct gal_verb_usage *usage, const struct gal_option *option)
{
        const struct gal_option *next = option + 1;

        return next < usage->options + usage->option_count && strcmp(next->name, option->name) == 0;
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
                return gal_arguments_fault(usage, ret_exit, "unknown option '--%.*s'", (int)len, name);
        while (arguments->values[option - usage->options] != NULL && may_be_given_again(usage, option))
                option++;
        value = &arguments->values[option - usage->options];
        if (*value != NULL)
                return gal_arguments_fault(usage, ret_exit, "option '--%s' is given %s", option->name,
                                           option->help != NULL ? "twice" : "too often");
        if (option->value == NULL) {
                if (equals != NULL)
                        return gal_arguments_fault(usage, ret_exit, "option '--%s' takes no value", option->name);
                *value = "";
        } else if (equals != NULL) {
                *value = equals + 1;
        } else if (*index + 1 < argc && !(option->optional && looks_like_option(argv[*index + 1]))) {
                *value = argv[++*index];
        } else if (option->optional) {
                *value = "";
        } else {
                return gal_arguments_fault(usage, ret_exit, "option '--%s' needs a value: %s", option->name,
                                           option->value);
        }
        return is_choice(option, *value) || refuse_choice(usage, option, *value, ret_exit);
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
                        *ret_exit = gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
                        return false;
                } else if (strncmp(argv[i], "--", 2) != 0) {
                        return gal_arguments_fault(usage, ret_exit, "unknown option '%s'", argv[i]);
                } else if (!parse_option(usage, argc, argv, &i, arguments, ret_exit)) {
                        return false;
                }
        }
        if (arguments->operand_count < usage->operands_min)
                return gal_arguments_fault(usage, ret_exit, "%s is missing", usage->operands);
        if (arguments->operand_count > usage->operands_max)
                return gal_arguments_fault(usage, ret_exit, "unexpected operand '%s'",
                                           arguments->operands[usage->operands_max]);
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

const char *gal_arguments_value(const struct gal_verb_usage *usage, const struct gal_arguments *arguments,
                                const char *name)
{
        const struct gal_option *option = find_option(usage, name, strlen(name));

        gal_assert(option != NULL);
        return arguments->values[option - usage->options];
}

void gal_arguments_finish(struct gal_arguments *arguments)
{
        free(arguments->values);
        free(arguments->operands);
        memset(arguments, 0, sizeof(*arguments));
}
