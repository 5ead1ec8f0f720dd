/*
 * validate.c: `galliard validate FILE...`: every fault of every file. Faults go to standard error, like a
 * compiler's; the verdict "FILE: valid" goes to standard output.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/arguments.h"
#include "cli/diagnostics.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "definition/program.h"

enum { OPTION_JSON, OPTION_TYPE, OPTION_COUNT };

static const struct gal_option options[OPTION_COUNT] = {
        [OPTION_JSON] = { "json", NULL, "answer like ValidateStateMachineDefinition: a JSON object a file" },
        [OPTION_TYPE] = { "type", "TYPE", "STANDARD (the default) or EXPRESS" },
};

const struct gal_verb_usage gal_cli_validate_usage = {
        .verb = "validate",
        .synopsis = "[options] FILE...",
        .operands = "FILE...",
        .summary = "Checks definitions in Amazon States Language and shows every fault with its place. FILE '-' is "
                   "standard input.",
        .options = options,
        .option_count = OPTION_COUNT,
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .epilogue =
                "Exit status: 0 all are valid (warnings are allowed), 2 at least one is not, or cannot be read.\n",
};

static json_t *describe(const struct gal_diagnostic *diagnostic)
{
        json_t *object = gal_need(json_object());

        json_object_set_new(object, "severity",
                            json_string(diagnostic->severity == GAL_SEVERITY_ERROR ? "ERROR" : "WARNING"));
        json_object_set_new(object, "code", json_string(gal_diagnostic_code_name(diagnostic->code)));
        json_object_set_new(object, "message", json_string_nocheck(diagnostic->message));
        if (diagnostic->location != NULL)
                json_object_set_new(object, "location", json_string_nocheck(diagnostic->location));
        return object;
}

static bool print_answer(const struct gal_diagnostics *diagnostics)
{
        json_t *answer = gal_need(json_object());
        json_t *list = gal_need(json_array());
        bool printed;

        for (size_t i = 0; i < diagnostics->count; i++)
                json_array_append_new(list, describe(&diagnostics->items[i]));
        json_object_set_new(answer, "result", json_string(diagnostics->errors > 0 ? "FAIL" : "OK"));
        json_object_set_new(answer, "diagnostics", list);
        json_object_set_new(answer, "truncated", json_boolean(diagnostics->truncated));
        printed = gal_cli_print_json(stdout, answer);
        json_decref(answer);
        return printed;
}

static void print_count(FILE *out, size_t count, const char *what)
{
        fprintf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static bool print_verdict(const char *name, const char *text, size_t len, const struct gal_diagnostics *diagnostics)
{
        gal_cli_print_diagnostics(stderr, name, text, len, diagnostics);
        if (diagnostics->errors == 0)
                return printf("%s: valid\n", name) >= 0 && gal_cli_flush(stdout);
        fprintf(stderr, "%s: ", name);
        print_count(stderr, diagnostics->errors, "error");
        if (diagnostics->warnings > 0) {
                fputs(", ", stderr);
                print_count(stderr, diagnostics->warnings, "warning");
        }
        fputc('\n', stderr);
        return true;
}

/* Whether the file is valid, and that could be said. */
static bool validate(const char *path, const struct gal_program_options *program_options, bool json)
{
        const char *name = strcmp(path, "-") == 0 ? "<stdin>" : path;
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        gal_auto_free char *text = NULL;
        enum gal_status status;
        bool told = false;
        size_t len;

        if (!gal_cli_read_file(path, GAL_DEFINITION_SIZE_MAX, &text, &len))
                return false;
        status = gal_program_compile(text, len, program_options, &diagnostics, &program);
        if (status == GAL_ENOMEM)
                fprintf(stderr, "galliard: %s: out of memory\n", name);
        else
                told = json ? print_answer(&diagnostics) : print_verdict(name, text, len, &diagnostics);
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
        return told && status == GAL_OK;
}

static bool read_type(const char *type, struct gal_program_options *ret_options)
{
        if (type == NULL || strcmp(type, "STANDARD") == 0)
                return true;
        ret_options->express = strcmp(type, "EXPRESS") == 0;
        if (!ret_options->express)
                fprintf(stderr, "galliard validate: --type is STANDARD or EXPRESS, not '%s'\n", type);
        return ret_options->express;
}

int gal_cli_validate(int argc, char **argv)
{
        struct gal_program_options program_options = { .express = false };
        struct gal_arguments arguments;
        int status = GAL_EXIT_OK;

        if (!gal_arguments_parse(&gal_cli_validate_usage, argc, argv, &arguments, &status))
                return status;
        if (!read_type(arguments.values[OPTION_TYPE], &program_options))
                status = GAL_EXIT_USAGE;
        for (size_t i = 0; status != GAL_EXIT_USAGE && i < arguments.operand_count; i++)
                if (!validate(arguments.operands[i], &program_options, arguments.values[OPTION_JSON] != NULL))
                        status = GAL_EXIT_FAILED; /* go on: the other files are to be told of, too */
        gal_arguments_finish(&arguments);
        return status == GAL_EXIT_OK ? GAL_EXIT_OK : GAL_EXIT_USAGE;
}
