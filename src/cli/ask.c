/*
 * ask.c: see ask.h.
 */
#include "cli/ask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

/* The API's bound on one page. */
#define PAGE_MAX 1000

void gal_ask_complain(const char *format, ...)
{
        char *message = NULL;
        va_list args;

        va_start(args, format);
        if (vasprintf(&message, format, args) < 0)
                message = NULL;
        va_end(args);
        gal_need(message);
        fputs("galliard: ", stderr);
        gal_terminal_put(stderr, message, strlen(message));
        fputc('\n', stderr);
        free(message);
}

int gal_ask_run(const struct gal_verb_usage *usage, int argc, char **argv, int (*run)(struct gal_ask *ask))
{
        struct gal_ask ask = { .usage = usage };
        struct gal_client_options options = { NULL, NULL, NULL };
        int status;

        if (!gal_arguments_parse(usage, argc, argv, &ask.arguments, &status))
                return status;
        options.store_url = ask.arguments.values[GAL_ASK_STORE];
        options.region = ask.arguments.values[GAL_ASK_REGION];
        options.account = ask.arguments.values[GAL_ASK_ACCOUNT];
        gal_client_init(&ask.client, &options);
        ask.as_json = ask.arguments.values[GAL_ASK_JSON] != NULL || !isatty(STDOUT_FILENO);
        status = run(&ask);
        gal_client_finish(&ask.client);
        gal_arguments_finish(&ask.arguments);
        return status;
}

/* Asking. */

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text != NULL ? text : "";
}

static bool call(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body, bool is_quiet)
{
        struct gal_client_answer answer = { 0, NULL };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_client_call(&ask->client, action, request, &answer, &error);
        bool succeeded = status == GAL_OK && answer.http_status == 200;

        json_decref(request);
        if (status != GAL_OK && !is_quiet)
                gal_ask_complain("%s", error.message);
        else if (!succeeded && !is_quiet)
                gal_ask_complain("%s: %s", text_of(answer.body, "__type"), text_of(answer.body, "message"));
        if (succeeded && ret_body != NULL)
                *ret_body = gal_take(answer.body);
        gal_client_answer_finish(&answer);
        return succeeded;
}

bool gal_ask(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body)
{
        return call(ask, action, request, ret_body, /* is_quiet= */ false);
}

bool gal_ask_quietly(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body)
{
        return call(ask, action, request, ret_body, /* is_quiet= */ true);
}

bool gal_ask_pages(struct gal_ask *ask, const char *action, json_t *request, const char *member, size_t max,
                   json_t **ret_list)
{
        json_auto_t *list = gal_need(json_array());
        json_t *token = NULL;

        while (json_array_size(list) < max) {
                size_t wanted = max - json_array_size(list);
                json_auto_t *body = NULL;
                json_t *page = gal_need(json_copy(request));

                json_object_set_new(page, "maxResults",
                                    json_integer(wanted < PAGE_MAX ? (json_int_t)wanted : PAGE_MAX));
                if (token != NULL)
                        json_object_set_new(page, "nextToken", token);
                if (!gal_ask(ask, action, page, &body)) {
                        json_decref(request);
                        return false;
                }
                json_array_extend(list, json_object_get(body, member));
                token = json_incref(json_object_get(body, "nextToken"));
                if (token == NULL)
                        break;
        }
        if (json_array_size(list) >= max)
                json_decref(token);
        json_decref(request);
        *ret_list = gal_take(list);
        return true;
}

/* Arguments. */

bool gal_ask_count(const struct gal_ask *ask, int option, size_t usual, size_t *ret_count)
{
        const char *text = ask->arguments.values[option];
        unsigned long long count;
        char *end;
        int status;

        *ret_count = usual;
        if (text == NULL)
                return true;
        count = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || count == 0 || count > SIZE_MAX / 2)
                return gal_arguments_fault(ask->usage, &status, "--%s must be a whole number above 0, not '%s'",
                                           ask->usage->options[option].name, text);
        *ret_count = (size_t)count;
        return true;
}

char *gal_ask_machine(struct gal_ask *ask, size_t operand)
{
        return gal_client_machine_arn(&ask->client, ask->arguments.operands[operand]);
}

char *gal_ask_execution(struct gal_ask *ask, size_t operand)
{
        const char *word = ask->arguments.operands[operand];
        char *arn = gal_client_execution_arn(&ask->client, word);

        if (arn == NULL)
                gal_ask_complain("'%s' names no execution; that is MACHINE/NAME or its ARN", word);
        return arn;
}
