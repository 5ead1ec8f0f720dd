/*
 * ask.c: see ask.h.
 */
#include "cli/ask.h"

#include <errno.h>
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
/* No list is that long; a server that never ends one is not waited for. */
#define PAGES_MAX 1000000

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

/* False after a message. */
static bool find_endpoint(struct gal_ask *ask)
{
        const char *const *values = ask->arguments.values;
        struct gal_error error = { .code = GAL_OK };
        int status;

        if (gal_endpoint_choose(values[GAL_ASK_ENDPOINT], values[GAL_ASK_STORE] != NULL, values[GAL_ASK_REGION],
                                &ask->client.endpoint, &error) == GAL_OK)
                return true;
        return gal_arguments_fault(ask->usage, &status, "%s", error.message);
}

int gal_ask_run(const struct gal_verb_usage *usage, int argc, char **argv, int (*run)(struct gal_ask *ask),
                const void *user)
{
        struct gal_ask ask = { .usage = usage, .user = user };
        struct gal_client_options options = { NULL, NULL, NULL };
        int status;

        if (!gal_arguments_parse(usage, argc, argv, &ask.arguments, &status))
                return status;
        options.store_url = ask.arguments.values[GAL_ASK_STORE];
        options.region = ask.arguments.values[GAL_ASK_REGION];
        options.account = ask.arguments.values[GAL_ASK_ACCOUNT];
        gal_client_init(&ask.client, &options);
        ask.as_json = ask.arguments.values[GAL_ASK_JSON] != NULL || !isatty(STDOUT_FILENO);
        status = find_endpoint(&ask) ? run(&ask) : GAL_EXIT_USAGE;
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

/* What to do about a refusal that is not about the request. */
static void complain_of_access(const struct gal_ask *ask, const char *type)
{
        const char *id = ask->client.endpoint.key.id;

        if (ask->client.endpoint.url == NULL)
                return;
        if (strcmp(type, "MissingAuthenticationTokenException") == 0)
                gal_ask_complain(
                        "requests to %s must be signed: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a "
                        "key that this server has",
                        ask->client.endpoint.url);
        else if (id == NULL)
                return;
        else if (strcmp(type, "UnrecognizedClientException") == 0)
                gal_ask_complain("AWS_ACCESS_KEY_ID is '%s'; the server at %s has no such key", id,
                                 ask->client.endpoint.url);
        else if (strcmp(type, "InvalidSignatureException") == 0 || strcmp(type, "SignatureDoesNotMatch") == 0)
                gal_ask_complain(
                        "check that AWS_SECRET_ACCESS_KEY belongs to the key '%s', and this machine's clock", id);
        else if (strcmp(type, "AccessDeniedException") == 0)
                gal_ask_complain(
                        "this was asked with the key '%s' (AWS_ACCESS_KEY_ID); another one may have to do it", id);
}

static void complain_of_answer(const struct gal_ask *ask, const json_t *body)
{
        const char *type = gal_client_error_type(body), *message = text_of(body, "message");

        gal_ask_complain("%s: %s", type != NULL ? type : "an error without a name",
                         message[0] != '\0' ? message : text_of(body, "Message"));
        if (type != NULL)
                complain_of_access(ask, type);
}

static void complain_of_call(const struct gal_ask *ask, enum gal_status status, const struct gal_error *error)
{
        gal_ask_complain("%s", error->message);
        if (status == GAL_ENOTFOUND && ask->client.endpoint.url != NULL)
                gal_ask_complain("'galliard serve' starts a server; --store works on a store without one");
}

static bool call(struct gal_ask *ask, const char *action, json_t *request, json_t **ret_body, bool is_quiet)
{
        struct gal_client_answer answer = { 0, NULL };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_client_call(&ask->client, action, request, &answer, &error);
        bool succeeded = status == GAL_OK && answer.http_status == 200;

        ask->was_refused = status == GAL_OK && !succeeded;
        json_decref(request);
        if (status != GAL_OK && !is_quiet)
                complain_of_call(ask, status, &error);
        else if (!succeeded && !is_quiet)
                complain_of_answer(ask, answer.body);
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
                   json_t **ret_list, bool *ret_is_cut)
{
        json_auto_t *list = gal_need(json_array());
        json_t *token = NULL;

        for (int pages = 0; json_array_size(list) < max && pages < PAGES_MAX; pages++) {
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
                token = json_object_get(body, "nextToken");
                if (!json_is_string(token)) {
                        token = NULL;
                        break;
                }
                json_incref(token);
        }
        *ret_is_cut = token != NULL;
        json_decref(token);
        json_decref(request);
        *ret_list = gal_take(list);
        return true;
}

/* Arguments. */

const char *gal_ask_option(const struct gal_ask *ask, const char *name)
{
        return gal_arguments_value(ask->usage, &ask->arguments, name);
}

bool gal_ask_count(const struct gal_ask *ask, const char *name, size_t usual, size_t *ret_count)
{
        const char *text = gal_ask_option(ask, name);
        unsigned long long count;
        char *end;
        int status;

        *ret_count = usual;
        if (text == NULL)
                return true;
        errno = 0;
        count = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || count == 0 || count > SIZE_MAX / 2)
                return gal_arguments_fault(ask->usage, &status, "--%s must be a whole number above 0, not '%s'",
                                           name, text);
        *ret_count = (size_t)count;
        return true;
}
