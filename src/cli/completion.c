/*
 * completion.c: `galliard completion bash|zsh`: the script that completes words on a Tab, out of the table of
 * verbs.
 *
 * Both scripts are a fixed way round a `case` with a branch a verb. A branch says which options the verb has and,
 * when the word before is an option, what its value may be: one of `values`, a file (kind=file), a file behind an @
 * (kind=at), or something that nobody can guess (kind=text).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/shape.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/text.h"
#include "cli/verbs.h"

static const char *const shells[] = { "bash", "zsh", NULL };

const struct gal_verb_usage gal_cli_completion_usage = {
        .verb = "completion",
        .synopsis = "bash|zsh",
        .operands = "bash|zsh",
        .summary = "Prints the script that completes verbs, options, their values and files for a shell.",
        .operands_min = 1,
        .operands_max = 1,
        .operand_choices = shells,
        .epilogue = "Examples:\n"
                    "  source <(galliard completion bash)                       in ~/.bashrc\n"
                    "  galliard completion zsh > ~/.zsh/completions/_galliard   a folder of $fpath\n"
                    "\nExit status: 0 done; 2 bad usage.\n",
};

enum kind { KIND_TEXT, KIND_FILE, KIND_AT };

static const char *const kind_names[] = { "text", "file", "at" };

/* From what the help calls it: "JSON|@FILE|-", or "[options] NAME FILE". */
static enum kind kind_of(const char *label)
{
        const char *file = strstr(label, "FILE");

        if (file == NULL)
                return KIND_TEXT;
        return file > label && file[-1] == '@' ? KIND_AT : KIND_FILE;
}

/* In single quotes for a shell. `in_list`: a colon ends the name in zsh's lists. */
static void put_quoted(const char *text, bool in_list)
{
        putchar('\'');
        for (; *text != '\0'; text++) {
                if (*text == '\'') {
                        fputs("'\\''", stdout);
                } else if (*text == ':' && in_list) {
                        fputs("\\:", stdout);
                } else if (*text == '\n') { /* the help goes on under its beginning */
                        text += strspn(text, "\n ") - 1;
                        putchar(' ');
                } else {
                        putchar(*text);
                }
        }
        putchar('\'');
}

static void put_words(const char *const *words)
{
        for (size_t i = 0; words[i] != NULL; i++)
                printf("%s%s", i > 0 ? " " : "", words[i]);
}

static void put_values(const char *const *words)
{
        fputs("values='", stdout);
        put_words(words);
        putchar('\'');
}

/* The options' names, each once. */
static void put_options(const struct gal_verb_usage *usage, bool is_zsh)
{
        for (size_t i = 0; i < usage->option_count; i++) {
                const struct gal_option *option = &usage->options[i];

                if (option->help == NULL) /* the one before, once more */
                        continue;
                if (is_zsh) {
                        gal_auto_free char *line = gal_format("--%s", option->name);

                        fputs("\n                        ", stdout);
                        put_quoted(line, true);
                        putchar(':');
                        put_quoted(option->help, true);
                } else {
                        printf("--%s ", option->name);
                }
        }
        fputs(is_zsh ? "\n                        --help:'this text'" : "--help", stdout);
}

static void put_option_values(const struct gal_verb_usage *usage)
{
        puts("                case $option in");
        for (size_t i = 0; i < usage->option_count; i++) {
                const struct gal_option *option = &usage->options[i];

                if (option->value == NULL || option->help == NULL)
                        continue;
                printf("                --%s", option->name);
                if (option->alias != NULL)
                        printf(" | --%s", option->alias);
                fputs(") ", stdout);
                if (option->choices != NULL)
                        put_values(option->choices);
                else
                        printf("kind='%s'", kind_names[kind_of(option->value)]);
                puts(" ;;");
        }
        puts("                esac");
}

static void put_actions(void)
{
        fputs("operands='", stdout);
        for (size_t i = 0; i < gal_action_shape_count; i++)
                printf("%s%s", i > 0 ? " " : "", gal_action_shapes[i].name);
        puts("'");
}

static void put_verb(const struct gal_verb *verb, bool is_zsh)
{
        struct gal_action_usage made;
        const struct gal_verb_usage *usage = gal_verb_usage_of(verb, &made);
        const char *name = gal_verb_name(verb), *blank = strchr(name, ' ');

        printf("        %s%s%s)\n", blank != NULL ? "'" : "", name, blank != NULL ? "'" : "");
        printf("                options=%s", is_zsh ? "(" : "'");
        put_options(usage, is_zsh);
        puts(is_zsh ? "\n                )" : "'");
        if (usage->operand_choices != NULL) {
                fputs("                operands='", stdout);
                put_words(usage->operand_choices);
                puts("'");
        } else if (usage == &gal_cli_call_usage) {
                fputs("                ", stdout);
                put_actions();
        }
        if (kind_of(usage->synopsis) != KIND_TEXT)
                printf("                operand_kind='%s'\n", kind_names[kind_of(usage->synopsis)]);
        put_option_values(usage);
        puts("                ;;");
        gal_action_usage_finish(&made);
}

/* First words, each once, with what the list of verbs says of them. */
static void put_verbs(bool is_zsh)
{
        const char *last = "";
        size_t last_len = 0;

        for (size_t i = 0; i < gal_verb_count; i++) {
                const char *name = gal_verb_name(&gal_verbs[i]), *blank = strchr(name, ' ');
                size_t len = blank != NULL ? (size_t)(blank - name) : strlen(name);

                if (len == last_len && strncmp(name, last, len) == 0)
                        continue;
                last = name;
                last_len = len;
                if (is_zsh) {
                        printf("\n                %.*s:", (int)len, name);
                        put_quoted(gal_verbs[i].help, true);
                } else {
                        printf("%.*s ", (int)len, name);
                }
        }
        fputs(is_zsh ? "\n                help:'all that a verb can do'" : "help --help --version", stdout);
}

/* Second words: a branch for each first word that has some. */
static void put_second_words(void)
{
        for (size_t i = 0; i < gal_verb_count; i++) {
                const char *name = gal_verb_name(&gal_verbs[i]), *blank = strchr(name, ' ');
                size_t len = blank != NULL ? (size_t)(blank - name) + 1 : 0;

                if (blank == NULL || (i > 0 && strncmp(gal_verb_name(&gal_verbs[i - 1]), name, len) == 0))
                        continue;
                printf("        %.*s) seconds='", (int)(len - 1), name);
                for (size_t j = i; j < gal_verb_count; j++) {
                        const char *other = gal_verb_name(&gal_verbs[j]);

                        if (strncmp(other, name, len) == 0)
                                printf("%s%s", j > i ? " " : "", other + len);
                }
                puts("' ;;");
        }
}

static void put_branches(bool is_zsh)
{
        for (size_t i = 0; i < gal_verb_count; i++)
                put_verb(&gal_verbs[i], is_zsh);
}

/* bash may break words at '=' and '@' (COMP_WORDBREAKS): these stand as words of their own. What it replaces is its
 * second argument, in which an '@' stays. */
static void put_bash(void)
{
        fputs("# Completes words of galliard. Made by: galliard completion bash\n"
              "_galliard() {\n"
              "        local cur=${COMP_WORDS[COMP_CWORD]} i=$((COMP_CWORD - 1)) first=1 at='' prefix=''\n"
              "        local option verb verbs seconds='' options='' values='' operands='' kind='' "
              "operand_kind=''\n"
              "        COMPREPLY=()\n"
              "        [[ ${2-} == @* ]] && at=1 prefix=@\n"
              "        [[ $cur == [=@] || $cur == '=@' ]] && cur=''\n"
              "        while ((i > 0)) && [[ ${COMP_WORDS[i]} == [=@] || ${COMP_WORDS[i]} == '=@' ]]; do\n"
              "                ((i--))\n"
              "        done\n"
              "        option=${COMP_WORDS[i]}\n"
              "        [[ ${COMP_WORDS[1]} == help ]] && first=2\n"
              "        verb=${COMP_WORDS[first]}\n"
              "        verbs='",
              stdout);
        put_verbs(/* is_zsh= */ false);
        puts("'\n"
             "        if ((COMP_CWORD <= first)); then\n"
             "                mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")\n"
             "                return\n"
             "        fi\n"
             "        case $verb in");
        put_second_words();
        puts("        esac\n"
             "        if [[ -n $seconds ]]; then\n"
             "                if ((COMP_CWORD == first + 1)); then\n"
             "                        mapfile -t COMPREPLY < <(compgen -W \"$seconds\" -- \"$cur\")\n"
             "                        return\n"
             "                fi\n"
             "                verb+=\" ${COMP_WORDS[first + 1]}\"\n"
             "        fi\n"
             "        ((first == 2)) && return\n"
             "        case $verb in");
        put_branches(/* is_zsh= */ false);
        puts("        esac\n"
             "        if [[ -z $values$kind ]]; then\n"
             "                if [[ $cur == -* ]]; then\n"
             "                        values=$options\n"
             "                else\n"
             "                        values=$operands kind=$operand_kind\n"
             "                fi\n"
             "        fi\n"
             "        if [[ -n $at ]]; then\n"
             "                cur=${cur#@} values=''\n"
             "        fi\n"
             "        if [[ -n $values ]]; then\n"
             "                mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
             "        elif [[ $kind == file || ($kind == at && -n $at) ]]; then\n"
             "                compopt -o filenames 2>/dev/null\n"
             "                mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
             "                COMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
             "        fi\n"
             "}\n"
             "complete -F _galliard galliard");
}

static void put_zsh(void)
{
        fputs("#compdef galliard\n"
              "# Completes words of galliard. Made by: galliard completion zsh\n"
              "_galliard() {\n"
              "        local option=${words[CURRENT-1]} verb seconds values operands kind operand_kind\n"
              "        local -i first=2\n"
              "        local -a verbs options\n"
              "        [[ ${words[2]} == help ]] && first=3\n"
              "        verb=${words[first]}\n"
              "        verbs=(",
              stdout);
        put_verbs(/* is_zsh= */ true);
        puts("\n        )\n"
             "        if ((CURRENT <= first)); then\n"
             "                _describe verb verbs\n"
             "                return\n"
             "        fi\n"
             "        case $verb in");
        put_second_words();
        puts("        esac\n"
             "        if [[ -n $seconds ]]; then\n"
             "                if ((CURRENT == first + 1)); then\n"
             "                        compadd -- ${=seconds}\n"
             "                        return\n"
             "                fi\n"
             "                verb+=\" ${words[first+1]}\"\n"
             "        fi\n"
             "        ((first == 3)) && return\n"
             "        if [[ ${words[CURRENT]} == --*=* ]]; then\n"
             "                option=${words[CURRENT]%%=*}\n"
             "                compset -P '*='\n"
             "        fi\n"
             "        case $verb in");
        put_branches(/* is_zsh= */ true);
        puts("        esac\n"
             "        if [[ -z $values$kind ]]; then\n"
             "                if [[ ${words[CURRENT]} == -* ]]; then\n"
             "                        _describe -o option options\n"
             "                        return\n"
             "                fi\n"
             "                values=$operands kind=$operand_kind\n"
             "        fi\n"
             "        if [[ -n $values && ${words[CURRENT]} != @* ]]; then\n"
             "                compadd -- ${=values}\n"
             "        elif [[ $kind == file ]]; then\n"
             "                _files\n"
             "        elif [[ $kind == at ]] && compset -P '@'; then\n"
             "                _files\n"
             "        fi\n"
             "}\n"
             "if [[ ${funcstack[1]} == _galliard ]]; then\n"
             "        _galliard \"$@\"\n"
             "else\n"
             "        compdef _galliard galliard\n"
             "fi");
}

int gal_cli_completion(int argc, char **argv)
{
        struct gal_arguments arguments;
        const char *shell;
        int status;

        if (!gal_arguments_parse(&gal_cli_completion_usage, argc, argv, &arguments, &status))
                return status;
        shell = arguments.operands[0];
        status = GAL_EXIT_OK;
        if (strcmp(shell, "bash") == 0)
                put_bash();
        else if (strcmp(shell, "zsh") == 0)
                put_zsh();
        else
                gal_arguments_fault(&gal_cli_completion_usage, &status, "'%s' is neither bash nor zsh", shell);
        gal_arguments_finish(&arguments);
        if (status == GAL_EXIT_OK && !gal_cli_flush(stdout))
                status = GAL_EXIT_FAILED;
        return status;
}
