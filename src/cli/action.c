/*
 * action.c: see action.h.
 */
#include "cli/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/shape.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "cli/member.h"
#include "cli/show.h"
#include "cli/verbs.h"
#include "cli/words.h"

#define MAX_OPTION "max"

/* The usage. */

static const struct gal_option ask_options[GAL_ASK_OPTION_COUNT] = { GAL_ASK_OPTIONS };

static bool takes_rest(enum gal_word word)
{
        return word == GAL_WORD_ROUTES || word == GAL_WORD_TAGS || word == GAL_WORD_KEYS;
}

static bool is_operand(const struct gal_action_verb *verb, const char *member)
{
        for (size_t i = 0; i < GAL_OPERANDS_MAX && verb->operands[i].member != NULL; i++) {
                if (strcmp(verb->operands[i].member, member) == 0)
                        return true;
        }
        return false;
}

/* Its pages are followed. */
static bool has_pages(const struct gal_action_shape *action)
{
        return gal_shape_member_find(action->request, "nextToken") != NULL;
}

static bool is_option(const struct gal_action_verb *verb, const struct gal_action_shape *action,
                      const struct gal_shape_member *member)
{
        bool is_page = has_pages(action) &&
                       (strcmp(member->name, "nextToken") == 0 || strcmp(member->name, "maxResults") == 0);

        return !is_page && !is_operand(verb, member->name);
}

static char *describe_operands(const struct gal_action_verb *verb, bool only_needed)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (size_t i = 0; i < GAL_OPERANDS_MAX && verb->operands[i].member != NULL; i++) {
                const struct gal_operand *operand = &verb->operands[i];
                const char *dots = takes_rest(operand->word) ? "..." : "";

                if (only_needed && operand->optional)
                        continue;
                if (text.len > 0)
                        gal_buffer_append_char(&text, ' ');
                gal_buffer_append_format(&text, operand->optional ? "[%s%s]" : "%s%s", operand->label, dots);
        }
        return gal_buffer_take(&text, NULL);
}

static char *describe_max(const struct gal_action_verb *verb)
{
        if (verb->items_usual == 0)
                return gal_strdup("at most so many; all when it is not given");
        return gal_format("at most so many; %zu when it is not given", verb->items_usual);
}

static int compare_options(const void *a, const void *b)
{
        return strcmp(((const struct gal_option *)a)->name, ((const struct gal_option *)b)->name);
}

/* In the order of the help: those of the request, its own, how many. */
static void make_options(struct gal_action_usage *usage, const struct gal_action_verb *verb,
                         const struct gal_action_shape *action)
{
        size_t max = GAL_ASK_OPTION_COUNT + verb->option_count + action->request->member_count + 1;
        size_t count = GAL_ASK_OPTION_COUNT;

        usage->options = gal_new_array(max, struct gal_option);
        memcpy(usage->options, ask_options, sizeof(ask_options));
        for (size_t i = 0; i < action->request->member_count; i++) {
                if (is_option(verb, action, &action->request->members[i]))
                        gal_member_option_make(action->name, &action->request->members[i],
                                               &usage->options[count++]);
        }
        usage->member_count = count - GAL_ASK_OPTION_COUNT;
        qsort(usage->options + GAL_ASK_OPTION_COUNT, usage->member_count, sizeof(*usage->options), compare_options);
        for (size_t i = 0; i < verb->option_count; i++)
                usage->options[count++] = verb->options[i];
        if (has_pages(action)) {
                usage->max_help = describe_max(verb);
                usage->options[count++] = (struct gal_option){ MAX_OPTION, "N", usage->max_help };
        }
        usage->usage.common_count = GAL_ASK_OPTION_COUNT;
        usage->usage.options = usage->options;
        usage->usage.option_count = count;
}

static char *make_epilogue(const struct gal_action_verb *verb)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        if (verb->notes != NULL)
                gal_buffer_append_format(&text, "%s\n", verb->notes);
        gal_buffer_append_format(&text, "Example:\n  galliard %s\n\n", verb->example);
        gal_buffer_append_format(&text, "Exit status: %s.\nAction of the API: %s",
                                 verb->exit_status != NULL ? verb->exit_status : "0 done; 2 bad usage, or refused",
                                 verb->action);
        if (verb->execution_action != NULL)
                gal_buffer_append_format(&text, " or %s", verb->execution_action);
        gal_buffer_append_text(&text, ".\n");
        return gal_buffer_take(&text, NULL);
}

static void count_operands(const struct gal_action_verb *verb, struct gal_verb_usage *usage)
{
        for (size_t i = 0; i < GAL_OPERANDS_MAX && verb->operands[i].member != NULL; i++) {
                usage->operands_max = takes_rest(verb->operands[i].word) ? SIZE_MAX : i + 1;
                if (!verb->operands[i].optional && verb->operands[i].in_place == NULL)
                        usage->operands_min = i + 1;
        }
}

void gal_action_usage_init(struct gal_action_usage *usage, const struct gal_action_verb *verb)
{
        const struct gal_action_shape *action = gal_action_shape_find(verb->action);
        gal_auto_free char *operands = describe_operands(verb, /* only_needed= */ false);

        gal_assert(action != NULL);
        *usage = (struct gal_action_usage){ .member_count = 0 };
        usage->synopsis = gal_format("[options]%s%s", operands[0] != '\0' ? " " : "", operands);
        usage->operands = describe_operands(verb, /* only_needed= */ true);
        usage->epilogue = make_epilogue(verb);
        usage->usage.verb = verb->name;
        usage->usage.summary = verb->summary;
        usage->usage.synopsis = usage->synopsis;
        usage->usage.operands = usage->operands;
        usage->usage.epilogue = usage->epilogue;
        count_operands(verb, &usage->usage);
        make_options(usage, verb, action);
}

void gal_action_usage_finish(struct gal_action_usage *usage)
{
        for (size_t i = 0; i < usage->member_count; i++)
                gal_member_option_finish(&usage->options[GAL_ASK_OPTION_COUNT + i]);
        free(usage->options);
        free(usage->synopsis);
        free(usage->operands);
        free(usage->epilogue);
        free(usage->max_help);
}

/* The request. */

static bool names_execution(struct gal_ask *ask)
{
        gal_auto_free char *arn = gal_client_execution_arn(&ask->client, ask->arguments.operands[0]);

        return arn != NULL;
}

static const struct gal_action_shape *choose_action(struct gal_ask *ask, const struct gal_action_verb *verb)
{
        bool is_execution = verb->execution_action != NULL && names_execution(ask);

        return gal_action_shape_find(is_execution ? verb->execution_action : verb->action);
}

/* False after a message. */
static bool set_member(struct gal_ask *ask, json_t *request, const struct gal_action_shape *action,
                       const char *name, const struct gal_words *words)
{
        const struct gal_shape_member *member = gal_shape_member_find(action->request, name);
        json_t *value;

        gal_assert(member != NULL);
        value = gal_words_read(ask, member->shape, words);
        if (value != NULL)
                json_object_set_new(request, name, value);
        return value != NULL;
}

static bool set_operand(struct gal_ask *ask, json_t *request, const struct gal_action_shape *action,
                        const struct gal_action_verb *verb, size_t index)
{
        const struct gal_operand *operand = &verb->operands[index];
        size_t count = ask->arguments.operand_count;
        struct gal_words words = { .word = operand->word, .name = operand->label };
        const char *member = operand->member;
        int status;

        if (index >= count) {
                if (operand->in_place != NULL && gal_ask_option(ask, operand->in_place) == NULL)
                        return gal_arguments_fault(ask->usage, &status, "%s is missing", operand->label);
                return true;
        }
        words.items = (const char *const *)ask->arguments.operands + index;
        words.count = takes_rest(operand->word) ? count - index : 1;
        if (verb->execution_action != NULL && strcmp(action->name, verb->execution_action) == 0) {
                member = "executionArn";
                words.word = GAL_WORD_EXECUTION;
        }
        return set_member(ask, request, action, member, &words);
}

static bool set_option(struct gal_ask *ask, json_t *request, const struct gal_action_shape *action,
                       const struct gal_shape_member *member)
{
        const struct gal_member_word *word = gal_member_word_find(action->name, member->name);
        gal_auto_free char *name = gal_member_option_name(action->name, member->name);
        gal_auto_free char *dashed = gal_format("--%s", name);
        const char *value = gal_ask_option(ask, name);
        struct gal_words words = { .word = word->word, .name = dashed, .items = &value, .count = 1 };

        return value == NULL || set_member(ask, request, action, member->name, &words);
}

static bool set_all(struct gal_ask *ask, const struct gal_action_verb *verb, const struct gal_action_shape *action,
                    json_t *request)
{
        const struct gal_action_shape *usual = gal_action_shape_find(verb->action);

        for (size_t i = 0; i < GAL_OPERANDS_MAX && verb->operands[i].member != NULL; i++) {
                if (!set_operand(ask, request, action, verb, i))
                        return false;
        }
        for (size_t i = 0; i < usual->request->member_count; i++) {
                const struct gal_shape_member *member = &usual->request->members[i];

                if (is_option(verb, usual, member) && !set_option(ask, request, action, member))
                        return false;
        }
        return true;
}

/* (transfer full) NULL after a message. */
static json_t *make_request(struct gal_ask *ask, const struct gal_action_verb *verb,
                            const struct gal_action_shape *action)
{
        json_auto_t *request = gal_need(json_object());

        if (!set_all(ask, verb, action, request))
                return NULL;
        if (verb->has_role && json_object_get(request, "roleArn") == NULL)
                json_object_set_new(
                        request, "roleArn",
                        json_sprintf("arn:aws:iam::%s:role/galliard", gal_client_account(&ask->client)));
        return gal_take(request);
}

/* Asking and printing. */

/* NULL: it has none. */
static const struct gal_shape_member *find_list(const struct gal_action_shape *action)
{
        for (size_t i = 0; i < action->response->member_count; i++) {
                if (action->response->members[i].shape->type == GAL_SHAPE_LIST)
                        return &action->response->members[i];
        }
        return NULL;
}

/* On standard error, so that it is no row. */
static void say_that_it_is_cut(size_t count)
{
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "There are more than these %zu; --max shows more.\n", count);
}

/* As one answer of the API, however many pages it took. */
static int print_pages(struct gal_ask *ask, const struct gal_action_verb *verb,
                       const struct gal_action_shape *action, json_t *request)
{
        const struct gal_shape_member *list = find_list(action);
        json_auto_t *answer = gal_need(json_object());
        size_t max, usual = verb->items_usual != 0 ? verb->items_usual : SIZE_MAX;
        json_t *items;
        bool is_cut, printed;

        if (!gal_ask_count(ask, MAX_OPTION, usual, &max)) {
                json_decref(request);
                return GAL_EXIT_USAGE;
        }
        if (!gal_ask_pages(ask, action->name, request, list->name, max, &items, &is_cut))
                return GAL_EXIT_USAGE;
        json_object_set_new(answer, list->name, items);
        printed = ask->as_json ? gal_show_json(answer) : gal_show_answer(action->response, answer);
        if (printed && !ask->as_json && is_cut)
                say_that_it_is_cut(json_array_size(items));
        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int ask_and_print(struct gal_ask *ask, const struct gal_action_shape *action, json_t *request)
{
        json_auto_t *body = NULL;
        bool printed;

        if (!gal_ask(ask, action->name, request, &body))
                return GAL_EXIT_USAGE;
        printed = ask->as_json ? gal_show_json(body) : gal_show_answer(action->response, body);
        return printed ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

static int run(struct gal_ask *ask)
{
        const struct gal_action_verb *verb = ask->user;
        const struct gal_action_shape *action = choose_action(ask, verb);
        json_t *request = make_request(ask, verb, action);

        if (request == NULL)
                return GAL_EXIT_USAGE;
        if (verb->run != NULL)
                return verb->run(ask, request);
        return has_pages(action) ? print_pages(ask, verb, action, request) : ask_and_print(ask, action, request);
}

int gal_action_run(const struct gal_action_verb *verb, int argc, char **argv)
{
        struct gal_action_usage usage;
        int status;

        gal_action_usage_init(&usage, verb);
        status = gal_ask_run(&usage.usage, argc, argv, run, verb);
        gal_action_usage_finish(&usage);
        return status;
}
