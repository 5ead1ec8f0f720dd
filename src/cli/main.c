/*
 * main.c: finds the verb, and lists them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/text.h"
#include "cli/verbs.h"

#define HELP_WIDTH 24

/* The first of verbs that begin with the same word, or the only one. */
static bool is_first(size_t index)
{
        return gal_verbs[index].help != NULL;
}

static bool shares_word(const char *name, const char *other)
{
        const char *blank = strchr(name, ' ');

        return blank != NULL && strncmp(name, other, (size_t)(blank - name) + 1) == 0;
}

/* Of each operand, the first form: NAME of NAME|ARN. What is one of a few words is told in the verb's own help. */
static void append_operands(struct gal_buffer *text, const struct gal_verb *verb)
{
        struct gal_action_usage made;
        const struct gal_verb_usage *usage = gal_verb_usage_of(verb, &made);
        const char *word = usage->operand_choices != NULL ? "" : usage->operands;

        while (*word != '\0') {
                gal_buffer_append_char(text, ' ');
                gal_buffer_append(text, word, strcspn(word, "| "));
                word += strcspn(word, " ");
                word += *word == ' ';
        }
        gal_action_usage_finish(&made);
}

/* (transfer full) "create NAME FILE", "alias create|update|describe|delete" */
static char *describe_family(size_t index)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        const char *name = gal_verb_name(&gal_verbs[index]);

        gal_buffer_append_text(&text, name);
        for (size_t i = index + 1; i < gal_verb_count && !is_first(i); i++) {
                const char *other = gal_verb_name(&gal_verbs[i]);

                if (shares_word(name, other))
                        gal_buffer_append_format(&text, "|%s", strchr(other, ' ') + 1);
        }
        if (strchr(text.data, '|') == NULL)
                append_operands(&text, &gal_verbs[index]);
        return gal_buffer_take(&text, NULL);
}

static void print_group(FILE *out, enum gal_verb_group group)
{
        fprintf(out, "\n%s:\n", gal_verb_group_title(group));
        for (size_t i = 0; i < gal_verb_count; i++) {
                gal_auto_free char *names = NULL;

                if (gal_verbs[i].group != group || !is_first(i))
                        continue;
                names = describe_family(i);
                if (strlen(names) > HELP_WIDTH)
                        fprintf(out, "  %s\n  %-*s %s\n", names, HELP_WIDTH, "", gal_verbs[i].help);
                else
                        fprintf(out, "  %-*s %s\n", HELP_WIDTH, names, gal_verbs[i].help);
        }
}

static void print_help(FILE *out)
{
        fprintf(out, "usage: galliard VERB [options]\n\nRuns Amazon States Language workflows anywhere.\n");
        for (int i = 0; i < GAL_VERBS_GROUP_COUNT; i++)
                print_group(out, (enum gal_verb_group)i);
        fprintf(out, "  %-*s %s\n  %-*s %s\n", HELP_WIDTH, "help VERB",
                "all that a verb can do; VERB --help is the same", HELP_WIDTH, "--version",
                "which galliard this is");
        fputs("\nExamples:\n  galliard run order.asl.json --input '{\"id\": 7}'\n"
              "  galliard list --endpoint http://127.0.0.1:8083\n"
              "\nExit status: 0 succeeded; 1 the workflow failed, timed out or was stopped;\n"
              "2 bad usage, definition or input.\n",
              out);
}

/* The verbs, or those that begin with the word. */
static void list_verbs(FILE *out, const char *word)
{
        const char *between = " ";

        for (size_t i = 0; i < gal_verb_count; i++) {
                const char *name = gal_verb_name(&gal_verbs[i]), *blank = strchr(name, ' ');

                if (word == NULL ? !is_first(i) : blank == NULL || !shares_word(name, word))
                        continue;
                fprintf(out, "%s%.*s", between, word == NULL && blank != NULL ? (int)(blank - name) : 1000, name);
                between = ", ";
        }
}

static bool is_family(const char *word)
{
        gal_auto_free char *begin = gal_format("%s ", word);

        for (size_t i = 0; i < gal_verb_count; i++) {
                if (strncmp(gal_verb_name(&gal_verbs[i]), begin, strlen(begin)) == 0)
                        return true;
        }
        return false;
}

static int refuse(int count, char *const words[])
{
        gal_auto_free char *family = is_family(words[0]) ? gal_format("%s ", words[0]) : NULL;
        const char *kind = words[0][0] == '-' ? "option" : "verb";

        if (family != NULL && count < 2)
                fprintf(stderr, "galliard: '%s' alone is no verb; there are", words[0]);
        else if (family != NULL)
                fprintf(stderr, "galliard: unknown verb '%s %s'; there are", words[0], words[1]);
        else
                fprintf(stderr, "galliard: unknown %s '%s'; there are", kind, words[0]);
        list_verbs(stderr, family);
        fprintf(stderr, ".\nTry 'galliard --help'.\n");
        return GAL_EXIT_USAGE;
}

static bool is_help(const char *word)
{
        return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Of a verb, or of the verbs that begin with the word. */
static bool is_help_of_family(int count, char *const words[])
{
        return is_family(words[0]) && count > 1 && is_help(words[1]);
}

static int print_family(const char *word)
{
        gal_auto_free char *begin = gal_format("%s ", word);

        for (size_t i = 0; i < gal_verb_count; i++) {
                const char *name = gal_verb_name(&gal_verbs[i]);

                if (strncmp(name, begin, strlen(begin)) == 0)
                        printf("galliard %-*s %s\n", HELP_WIDTH, name, gal_verbs[i].action.summary);
        }
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int help(int count, char **words)
{
        char option[] = "--help";
        int used;
        const struct gal_verb *verb = gal_verb_find(count, words, &used);

        if (verb != NULL)
                return gal_verb_run(verb, 2, (char *[]){ words[0], option, NULL });
        if (count > 0 && is_family(words[0]) && count < 2)
                return print_family(words[0]);
        if (count > 0 && !is_help(words[0]))
                return refuse(count, words);
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
        const struct gal_verb *verb;
        int used = 0;

        fill_descriptors();
        signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error of the write, not the end of children */
        if (argc < 2) {
                print_help(stderr);
                return GAL_EXIT_USAGE;
        }
        if (is_help(argv[1]))
                return help(argc - 2, argv + 2);
        if (strcmp(argv[1], "--version") == 0) {
                printf("galliard %s\n", GALLIARD_VERSION);
                return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
        }
        if (is_help_of_family(argc - 1, argv + 1))
                return print_family(argv[1]);
        verb = gal_verb_find(argc - 1, argv + 1, &used);
        return verb != NULL ? gal_verb_run(verb, argc - used, argv + used) : refuse(argc - 1, argv + 1);
}
