/*
 * man.c: `galliard man`: the man page, out of the table of verbs. The build installs what it prints.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/ask.h"
#include "cli/text.h"
#include "cli/verbs.h"

/* When its texts last changed. */
#define PAGE_DATE "2026-11-28"

const struct gal_verb_usage gal_cli_man_usage = {
        .verb = "man",
        .synopsis = "",
        .operands = "",
        .summary = "Prints the man page, in the language of man(7).",
        .epilogue = "Example:\n  galliard man | man -l -\n\nExit status: 0 done; 2 bad usage.\n",
};

/* A dot or a quote at the start of a line would be a request. */
static void put_text(const char *text)
{
        bool at_start = true;

        for (; *text != '\0'; text++) {
                if (at_start && (*text == '.' || *text == '\''))
                        fputs("\\&", stdout);
                at_start = *text == '\n';
                if (*text == '-')
                        fputs("\\-", stdout);
                else if (*text == '\\')
                        fputs("\\e", stdout);
                else if (*text == '\'')
                        fputs("\\(aq", stdout);
                else if (*text == '`')
                        fputs("\\(ga", stdout);
                else if (*text == '^')
                        fputs("\\(ha", stdout);
                else if (*text == '~')
                        fputs("\\(ti", stdout);
                else
                        putchar(*text);
        }
}

static void put_paragraph(const char *text)
{
        puts(".PP");
        put_text(text);
        putchar('\n');
}

/* As it stands, line by line; an empty one as a small gap. */
static void put_verbatim(const char *text)
{
        puts(".PP\n.nf");
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");
                gal_auto_free char *line = gal_strndup(text, len);

                text += len + (text[len] == '\n');
                if (len > 0)
                        put_text(line);
                else if (*text != '\0')
                        fputs(".sp", stdout);
                else
                        continue;
                putchar('\n');
        }
        puts(".fi");
}

/* The help of an option goes on under its beginning; here it flows. */
static void put_flowing(const char *text)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");
                gal_auto_free char *line = gal_strndup(text, len);

                put_text(line);
                putchar('\n');
                text += len;
                text += strspn(text, "\n ");
        }
}

static void put_option(const struct gal_option *option)
{
        if (option->help == NULL)
                return;
        fputs(".TP\n\\fB\\-\\-", stdout);
        put_text(option->name);
        fputs("\\fR", stdout);
        if (option->value != NULL) {
                fputs(option->optional ? " [\\fI" : " \\fI", stdout);
                put_text(option->value);
                fputs(option->optional ? "\\fR]" : "\\fR", stdout);
        }
        putchar('\n');
        put_flowing(option->help);
}

static void put_verb(const struct gal_verb *verb)
{
        struct gal_action_usage made;
        const struct gal_verb_usage *usage = gal_verb_usage_of(verb, &made);

        fputs(".SS \"galliard ", stdout);
        put_text(usage->verb);
        if (usage->synopsis[0] != '\0')
                putchar(' ');
        put_text(usage->synopsis);
        puts("\"");
        put_text(usage->summary);
        putchar('\n');
        for (size_t i = usage->common_count; i < usage->option_count; i++)
                put_option(&usage->options[i]);
        if (usage->epilogue != NULL)
                put_verbatim(usage->epilogue);
        gal_action_usage_finish(&made);
}

static void put_verbs(void)
{
        for (int group = 0; group < GAL_VERBS_GROUP_COUNT; group++) {
                fputs(".SH \"VERBS: ", stdout);
                for (const char *c = gal_verb_group_title((enum gal_verb_group)group); *c != '\0'; c++)
                        putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
                puts("\"");
                for (size_t i = 0; i < gal_verb_count; i++) {
                        if (gal_verbs[i].group == (enum gal_verb_group)group)
                                put_verb(&gal_verbs[i]);
                }
        }
}

static void put_common_options(void)
{
        static const struct gal_option options[] = { GAL_ASK_OPTIONS };

        puts(".SH OPTIONS OF VERBS ON A STORE OR A SERVER");
        put_text("Verbs that are an action of the API have these as well. --store and --endpoint exclude each "
                 "other; "
                 "either goes before what the environment says.");
        putchar('\n');
        for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
                put_option(&options[i]);
}

static void put_environment(void)
{
        static const struct {
                const char *names, *text;
        } variables[] = {
                { "GALLIARD_STORE", "The store that verbs work on." },
                { "GALLIARD_ENDPOINT, AWS_ENDPOINT_URL_SFN, AWS_ENDPOINT_URL",
                  "The server that verbs ask; the first that is set. The variables of AWS count only where "
                  "GALLIARD_STORE is not set; GALLIARD_STORE beside GALLIARD_ENDPOINT is refused." },
                { "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
                  "The key that requests to a server are signed with. Without it they are not." },
                { "GALLIARD_REGION, GALLIARD_ACCOUNT", "Region and account of a new store's ARNs." },
                { "AWS_REGION, AWS_DEFAULT_REGION", "The region that requests are signed for." },
                { "NO_COLOR, TERM", "Whether progress is coloured." },
        };

        puts(".SH ENVIRONMENT");
        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
                puts(".TP");
                put_text(variables[i].names);
                putchar('\n');
                put_text(variables[i].text);
                putchar('\n');
        }
}

static void put_page(void)
{
        puts(".\\\" Made by: galliard man");
        printf(".TH GALLIARD 1 \"%s\" \"galliard %s\" \"Galliard\"\n", PAGE_DATE, GALLIARD_VERSION);
        puts(".SH NAME\ngalliard \\- runs Amazon States Language workflows anywhere");
        puts(".SH SYNOPSIS\n\\fBgalliard\\fR \\fIVERB\\fR [options]\n.br\n"
             "\\fBgalliard\\fR \\fBhelp\\fR [\\fIVERB\\fR]\n.br\n\\fBgalliard\\fR \\fB\\-\\-version\\fR");
        puts(".SH DESCRIPTION");
        put_text("Galliard runs workflows in Amazon States Language, the language of AWS Step Functions: here and "
                 "now "
                 "(galliard run), or kept in a store and run by galliard serve, which also answers AWS clients.");
        putchar('\n');
        put_paragraph(
                "Verbs that are an action of the API work the same on a store and at a server. State machines "
                "are called by their name, executions MACHINE/NAME, versions and aliases NAME:3 and NAME:live; "
                "an ARN will do for each. A terminal gets tables; a pipe, or --json, gets the answer's JSON. "
                "Values that are JSON are given as they are, as @FILE, or as - for standard input; long texts "
                "as they are or as @FILE (@@ stands for an @ at their start).");
        put_verbs();
        put_common_options();
        put_environment();
        puts(".SH EXIT STATUS");
        put_text("0 done; 1 the workflow failed, timed out or was stopped, or a called action answered with an "
                 "error; "
                 "2 bad usage, definition, input or configuration, or refused. Each verb says what it means for "
                 "it.");
        puts("\n.SH FILES\n.TP\ngalliard.json\nWhich function is which program; see galliard run.\n.TP\n"
             "galliard.db\nThe store, where none is named.");
}

int gal_cli_man(int argc, char **argv)
{
        struct gal_arguments arguments;
        int status;

        if (!gal_arguments_parse(&gal_cli_man_usage, argc, argv, &arguments, &status))
                return status;
        gal_arguments_finish(&arguments);
        put_page();
        return gal_cli_flush(stdout) ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}
