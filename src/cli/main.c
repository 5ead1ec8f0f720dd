/*
 * main.c: the table of verbs.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

#define GALLIARD_VERSION "0.1.0"

struct verb {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *usage;
        const char *help;
};

static const struct verb verbs[] = {
        { "run", gal_cli_run, "run FILE [options]", "run a workflow here and now; print its output" },
        { "validate", gal_cli_validate, "validate FILE...", "show every fault of definitions, with its place" },
        { "eval", gal_cli_eval, "eval --jsonpath|--intrinsic EXPR", "evaluate an expression" },
};

static void print_help(FILE *out)
{
        fprintf(out,
                "galliard runs Amazon States Language workflows anywhere.\n\nusage: galliard VERB [options]\n\n");
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                fprintf(out, "  %-34s %s\n", verbs[i].usage, verbs[i].help);
        fprintf(out,
                "\n'galliard VERB --help' tells the rest. Exit status: 0 succeeded, 1 the workflow failed, timed "
                "out or was stopped,\n2 bad usage, definition or input.\n");
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "--help";

        signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error of the write, not the end of children */
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
                print_help(argc > 1 ? stdout : stderr);
                return argc > 1 ? GAL_EXIT_OK : GAL_EXIT_USAGE;
        }
        if (strcmp(name, "--version") == 0) {
                printf("galliard %s\n", GALLIARD_VERSION);
                return GAL_EXIT_OK;
        }
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
                if (strcmp(verbs[i].name, name) == 0)
                        return verbs[i].run(argc - 1, argv + 1);
        }
        fprintf(stderr, "galliard: unknown verb '%s'\n", name);
        print_help(stderr);
        return GAL_EXIT_USAGE;
}
