/*
 * access.c: who has signed a request, and whether his key is good for what it asks.
 *
 * Only what names a resource in a member that we know is looked for, in the same reading of the body that the
 * action gets. All of them must be allowed: an action ignores the ones that are not its own, and a key must not be
 * able to hide the one that counts behind another.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/json.h"
#include "net/sigv4.h"
#include "server/internal.h"
#include "server/keys.h"

/* A request of an SDK has about ten; more than this is nobody's. */
#define HEADERS_MAX 100
/* What IAM calls the resource of an action that names none. */
#define ANY_RESOURCE "*"

/* Takes `message`. */
static void deny(struct request *request, const char *type, char *message)
{
        free(request->denial);
        request->denial = message;
        gal_request_refuse(request, MHD_HTTP_BAD_REQUEST, type, message);
}

/* Whoever can open the socket file is the user that this process runs as. */
static bool needs_key(const struct request *request)
{
        return request->server->keys != NULL && request->listener->path == NULL;
}

void gal_access_check_headers(struct request *request)
{
        if (needs_key(request) && MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                              MHD_HTTP_HEADER_AUTHORIZATION) == NULL)
                gal_request_refuse(request, MHD_HTTP_BAD_REQUEST, "MissingAuthenticationTokenException",
                                   "Request is missing Authentication Token");
}

/* Signatures. */

struct header_list {
        struct gal_http_header items[HEADERS_MAX];
        size_t count;
        bool is_full;
};

static enum MHD_Result add_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct header_list *list = user;

        (void)kind;
        if (list->count == HEADERS_MAX) {
                list->is_full = true;
                return MHD_NO;
        }
        list->items[list->count++] = (struct gal_http_header){ .name = name, .value = value == NULL ? "" : value };
        return MHD_YES;
}

static const struct gal_key *find_key(const struct gal_server *server, const char *id)
{
        if (strcmp(id, server->forwarding_key.id) == 0)
                return &server->forwarding_key;
        return gal_keys_find(server->keys, id, strlen(id));
}

static const struct gal_sigv4_key *find_signing(void *user, const char *id)
{
        const struct gal_key *key = find_key(user, id);

        return key == NULL ? NULL : &key->signing;
}

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* (transfer none) NULL: refused. Any region is as good: the key is for this server. */
static const struct gal_key *verify(struct request *request)
{
        struct header_list headers = { .count = 0 };
        struct gal_sigv4_verifying verifying = {
                .find_key = find_signing, .user = request->server, .service = "states", .now_ms = now_ms()
        };
        struct gal_sigv4_request signed_request = { .method = MHD_HTTP_METHOD_POST,
                                                    .path = "/",
                                                    .query = request->query,
                                                    .headers = headers.items,
                                                    .body = request->body.data,
                                                    .body_len = request->body.len };
        struct gal_sigv4_refusal refusal;
        const struct gal_sigv4_key *key;

        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_header, &headers);
        if (headers.is_full) {
                gal_request_refuse(request, MHD_HTTP_BAD_REQUEST, "InvalidSignatureException",
                                   "There are too many headers");
                return NULL;
        }
        signed_request.header_count = headers.count;
        key = gal_sigv4_verify(&signed_request, &verifying, &refusal);
        if (key == NULL) {
                deny(request, refusal.type, gal_strdup(refusal.message));
                return NULL;
        }
        return find_key(request->server, key->id);
}

/* Permissions. */

struct question {
        struct request *request;
        const struct gal_key *key;
        size_t resource_count;
};

static void refuse_access(const struct question *question, const char *resource)
{
        struct request *request = question->request;
        const struct gal_api *api = &request->server->api;

        deny(request, "AccessDeniedException",
             gal_format(
                     "User: arn:%s:iam::%s:user/%s is not authorized to perform: states:%s on resource: %s because "
                     "no identity-based policy allows the states:%s action",
                     gal_arn_partition(api->region), api->account, question->key->user, request->action, resource,
                     request->action));
}

static void ask(struct question *question, const char *resource)
{
        question->resource_count++;
        if (!gal_key_allows_resource(question->key, resource))
                refuse_access(question, resource);
}

static void ask_member(struct question *question, const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        if (text != NULL)
                ask(question, text);
}

/* Of what is to be made: it has no ARN yet. */
static void ask_name(struct question *question, const json_t *object, const char *type)
{
        const char *name = json_string_value(json_object_get(object, "name"));
        const struct gal_api *api = &question->request->server->api;
        gal_auto_free char *arn = NULL;

        if (name == NULL)
                return;
        arn = gal_format("arn:%s:states:%s:%s:%s:%s", gal_arn_partition(api->region), api->region, api->account,
                         type, name);
        ask(question, arn);
}

/* An alias names the versions that it leads to. */
static void ask_routes(struct question *question, const json_t *body)
{
        const json_t *routes = json_object_get(body, "routingConfiguration");

        for (size_t i = 0; i < json_array_size(routes); i++)
                ask_member(question, json_array_get(routes, i), "stateMachineVersionArn");
}

static void ask_body(struct question *question, const json_t *body)
{
        static const char *const members[] = {
                "stateMachineArn",      "executionArn",           "activityArn", "mapRunArn", "resourceArn",
                "stateMachineAliasArn", "stateMachineVersionArn",
        };
        const char *action = question->request->action;

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
                ask_member(question, body, members[i]);
        if (strcmp(action, "CreateStateMachine") == 0)
                ask_name(question, body, "stateMachine");
        if (strcmp(action, "CreateActivity") == 0)
                ask_name(question, body, "activity");
        ask_routes(question, body);
        if (question->resource_count == 0)
                ask(question, ANY_RESOURCE);
}

/* What is no object the action refuses, whoever asks. */
static void check_resources(struct question *question)
{
        const struct gal_buffer *text = &question->request->body;
        json_auto_t *body = NULL;

        if (question->key->resources == NULL || text->data == NULL ||
            gal_json_read(text->data, text->len, &body, /* error= */ NULL) != GAL_OK || !json_is_object(body))
                return;
        ask_body(question, body);
}

void gal_access_check(struct request *request)
{
        struct question question = { .request = request };

        if (!needs_key(request))
                return;
        question.key = verify(request);
        if (question.key == NULL)
                return;
        if (!gal_key_allows_action(question.key, request->action))
                refuse_access(&question, ANY_RESOURCE);
        else
                check_resources(&question);
}
