/*
 * main.c: the table of verbs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/verbs.h"

struct verb {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *usage;
        const char *help;
};

static const struct verb verbs[] = {
        { "run", gal_cli_run, "run FILE", "run a workflow here and now, and print its output" },
        { "validate", gal_cli_validate, "validate FILE...",
          "show every fault of definitions, each with its place" },
        { "eval", gal_cli_eval, "eval --jsonpath EXPR", "evaluate a path or an intrinsic function" },
        { "serve", gal_cli_serve, "serve", "run the executions of a store; the verbs below work on one" },
        { "create", gal_cli_create, "create NAME FILE", "store a workflow as a state machine" },
        { "start", gal_cli_start, "start NAME", "start an execution" },
        { "describe", gal_cli_describe, "describe NAME", "show a state machine, or an execution: MACHINE/NAME" },
        { "stop", gal_cli_stop, "stop MACHINE/NAME", "stop an execution" },
        { "list", gal_cli_list, "list", "list the state machines" },
        { "executions", gal_cli_executions, "executions NAME", "list the executions of a state machine" },
        { "history", gal_cli_history, "history MACHINE/NAME", "show the events of an execution" },
        { "delete", gal_cli_delete, "delete NAME", "delete a state machine" },
        { "call", gal_cli_call, "call ACTION JSON", "call an action of the API" },
        { "store", gal_cli_store, "store check", "make, check, migrate, measure or purge a store (store --help)" },
};

static void print_help(FILE *out)
{
        fprintf(out,
                "usage: galliard VERB [options]\n\nRuns Amazon States Language workflows anywhere.\n\nverbs:\n");
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                fprintf(out, "  %-24s %s\n", verbs[i].usage, verbs[i].help);
        fprintf(out, "  %-24s %s\n  %-24s %s\n", "help VERB", "all that a verb can do; VERB --help is the same",
                "--version", "which galliard this is");
        fputs("\nExample:\n  galliard run order.asl.json --input '{\"id\": 7}'\n"
              "\nExit status: 0 succeeded; 1 the workflow failed, timed out or was stopped;\n"
              "2 bad usage, definition or input.\n",
              out);
}

static const struct verb *find_verb(const char *name)
{
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        }
        return NULL;
}

static int refuse(const char *name)
{
        fprintf(stderr, "galliard: unknown %s '%s'; there are", name[0] == '-' ? "option" : "verb", name);
        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                fprintf(stderr, "%s %s", i > 0 ? "," : "", verbs[i].name);
        fprintf(stderr, ".\nTry 'galliard --help'.\n");
        return GAL_EXIT_USAGE;
}

static bool is_help(const char *word)
{
        return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int help(int argc, char **argv)
{
        const struct verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
        char option[] = "--help";

        if (verb != NULL)
                return verb->run(2, (char *[]){ argv[2], option, NULL });
        if (argc > 2 && !is_help(argv[2]))
                return refuse(argv[2]);
        print_help(stdout);
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/*
 * A descriptor that was closed for us would go to the first file that is opened, and what is printed into that
 * file. In its place comes one that fails when it is used.
 */
static void fill_descriptors(void)
{
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
                if (fcntl(i, F_GETFD) < 0 && errno == EBADF)
                        (void)!open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
}

int main(int argc, char **argv)
{
        const struct verb *verb;

        fill_descriptors();
        signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error of the write, not the end of children */
        if (argc < 2) {
                print_help(stderr);
                return GAL_EXIT_USAGE;
        }
        if (is_help(argv[1]))
                return help(argc, argv);
        if (strcmp(argv[1], "--version") == 0) {
                printf("galliard %s\n", GALLIARD_VERSION);
                return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
        }
        verb = find_verb(argv[1]);
        return verb != NULL ? verb->run(argc - 1, argv + 1) : refuse(argv[1]);
}
