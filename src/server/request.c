/*
 * request.c: one request: receive, call the action, answer.
 *
 * libmicrohttpd calls gal_request_handle() with the headers, with each piece of the body, when the request is
 * whole, and once more after a suspended connection was resumed. A refusal that is known from the headers is kept
 * until the request is whole (libmicrohttpd takes no answer while a body is coming in), except for a body that says
 * it is too long: that is not read at all.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/reply.h"
#include "base/alloc.h"
#include "base/id.h"
#include "base/limits.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "server/internal.h"

#define CONTENT_TYPE "application/x-amz-json-1.0"
#define TARGET_PREFIX "AWSStepFunctions."

static void refuse(struct request *request, int status, const char *type, const char *message)
{
        if (request->refusal != 0)
                return;
        request->refusal = status;
        request->refusal_type = type;
        request->refusal_message = message;
}

/* Answers. */

/* The bodies of errors are ours and begin with their name (api/reply.c). */
static void add_error_type(struct MHD_Response *response, const char *body, size_t len)
{
        static const char start[] = "{\"__type\":\"";
        const char *name = body + sizeof(start) - 1;
        char text[128];
        size_t name_len;

        if (len < sizeof(start) || memcmp(body, start, sizeof(start) - 1) != 0)
                return;
        name_len = strcspn(name, "\"");
        if (name_len >= sizeof(text))
                return;
        memcpy(text, name, name_len);
        text[name_len] = '\0';
        MHD_add_response_header(response, "x-amzn-errortype", text);
}

static void set_answer(struct request *request, int status, const char *body, size_t len)
{
        char id[GAL_UUID_SIZE];

        request->status = status;
        request->response = gal_need(MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY));
        gal_uuid4_format(&request->server->ids, id);
        MHD_add_response_header(request->response, "x-amzn-RequestId", id);
        MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONTENT_TYPE, CONTENT_TYPE);
        if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
                MHD_add_response_header(request->response, MHD_HTTP_HEADER_ALLOW, "POST");
        if (status != MHD_HTTP_OK)
                add_error_type(request->response, body, len);
        if (request->server->is_quiet)
                MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void destroy_request(struct request *request)
{
        if (request->response != NULL)
                MHD_destroy_response(request->response);
        gal_buffer_finish(&request->body);
        free(request->action);
        free(request);
}

/* From within gal_api_call(), or later from the engine; also when nobody wants to hear it any more. */
static void take_answer(void *user, int status, const char *body, size_t len)
{
        struct request *request = user;

        request->in_api = false;
        if (request->connection == NULL) {
                destroy_request(request);
                return;
        }
        if (request->status == 0)
                set_answer(request, status, body, len);
        if (request->is_suspended) {
                request->is_suspended = false;
                MHD_resume_connection(request->connection);
                gal_server_wake(request->server);
        }
}

void gal_request_abandon(struct request *request)
{
        struct gal_reply reply;

        if (!request->in_api || request->status != 0)
                return;
        gal_reply_begin(&reply, take_answer, request);
        gal_reply_fail(&reply, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable",
                       "The server is stopping; whether this was done is not known");
        request->in_api = true; /* the engine still holds it */
}

static enum MHD_Result queue_answer(struct request *request)
{
        request->client->is_waiting = false;
        request->client->since_ms = gal_loop_now(request->server->loop);
        return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

static enum MHD_Result queue_refusal(struct request *request)
{
        struct gal_reply reply;

        gal_reply_begin(&reply, take_answer, request);
        gal_reply_fail(&reply, request->refusal, request->refusal_type, "%s", request->refusal_message);
        return queue_answer(request);
}

static enum MHD_Result queue_health(struct request *request)
{
        const struct gal_runtime *runtime = request->server->runtime;
        struct gal_reply reply;

        gal_reply_begin(&reply, take_answer, request);
        gal_reply_text(&reply, "status", request->server->is_quiet ? "stopping" : "ok");
        gal_reply_text(&reply, "role", gal_runtime_is_owner(runtime) ? "owner" : "standby");
        gal_reply_send(&reply);
        return queue_answer(request);
}

/* Receiving. */

static bool starts_with(const char *text, const char *prefix)
{
        return text != NULL && strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static const char *header(const struct request *request, const char *name)
{
        return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* A page in a browser can send text/plain anywhere without asking; it cannot send this type. */
static bool has_content_type(const struct request *request)
{
        const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE);

        return starts_with(type, CONTENT_TYPE) && strchr(" ;", type[strlen(CONTENT_TYPE)]) != NULL;
}

static void check_action(struct request *request)
{
        const char *target = header(request, "X-Amz-Target");

        if (!has_content_type(request))
                refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException",
                       "The Content-Type must be " CONTENT_TYPE);
        else if (!starts_with(target, TARGET_PREFIX))
                refuse(request, MHD_HTTP_BAD_REQUEST, "UnknownOperationException",
                       "The header X-Amz-Target must name an action: " TARGET_PREFIX "StartExecution");
        else
                request->action = gal_strdup(target + strlen(TARGET_PREFIX));
}

static void check_headers(struct request *request, const char *url, const char *method)
{
        const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

        if (length != NULL && strtoull(length, NULL, 10) > GAL_SERVER_BODY_SIZE_MAX)
                refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLargeException",
                       "The request is too long");
        if (strcmp(url, "/health") == 0 && strcmp(method, MHD_HTTP_METHOD_GET) == 0)
                return;
        if (strcmp(url, "/") != 0)
                refuse(request, MHD_HTTP_NOT_FOUND, "UnknownOperationException", "There is nothing at this path");
        else if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
                refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "UnknownOperationException", "Actions are POST /");
        else
                check_action(request);
}

static struct request *create_request(struct gal_server *server, struct MHD_Connection *connection)
{
        struct request *request = gal_new(struct request);

        request->server = server;
        request->connection = connection;
        request->client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
        gal_buffer_init(&request->body, /* size_max= */ 0);
        LIST_INSERT_HEAD(&server->requests, request, link);
        server->request_count++;
        return request;
}

static void drop_body(struct request *request)
{
        request->server->bodies_size -= request->body.len;
        gal_buffer_finish(&request->body);
}

/* What is refused is read and dropped, within reason. */
static enum MHD_Result receive(struct request *request, const char *data, size_t len)
{
        struct gal_server *server = request->server;

        if (request->refusal == 0 && request->body.len + len > GAL_SERVER_BODY_SIZE_MAX)
                refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLargeException",
                       "The request is too long");
        if (request->refusal == 0 && server->bodies_size + len > GAL_SERVER_BODIES_SIZE_MAX)
                refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable",
                       "Too many requests are coming in; try again");
        if (request->refusal != 0) {
                drop_body(request);
                return MHD_YES;
        }
        gal_buffer_append(&request->body, data, len);
        gal_need(request->body.status == GAL_OK ? request : NULL);
        server->bodies_size += len;
        return MHD_YES;
}

static void call_action(struct request *request)
{
        struct gal_server *server = request->server;
        struct gal_api *api = &server->api;

        api->engine = gal_runtime_is_owner(server->runtime) ? gal_runtime_engine(server->runtime) : NULL;
        request->in_api = true;
        gal_api_call(api, request->action, request->body.data != NULL ? request->body.data : "", request->body.len,
                     take_answer, request);
        drop_body(request);
}

static enum MHD_Result answer(struct request *request)
{
        if (request->server->is_quiet)
                refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", "The server is stopping");
        if (request->refusal != 0)
                return queue_refusal(request);
        if (request->action == NULL)
                return queue_health(request);
        call_action(request);
        if (request->status != 0)
                return queue_answer(request);
        request->client->is_waiting = true;
        request->is_suspended = true;
        MHD_suspend_connection(request->connection);
        return MHD_YES;
}

enum MHD_Result gal_request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data, size_t *data_len,
                                   void **slot)
{
        struct request *request = *slot;

        (void)version;
        if (request == NULL) {
                *slot = request = create_request(user, connection);
                check_headers(request, url, method);
                return request->refusal == MHD_HTTP_CONTENT_TOO_LARGE ? queue_refusal(request) : MHD_YES;
        }
        if (*data_len > 0) {
                size_t len = *data_len;

                *data_len = 0;
                return receive(request, data, len);
        }
        return request->status != 0 ? queue_answer(request) : answer(request);
}

/* Sent, or the client has gone. A suspended one is not told of that; it comes here after its answer. */
void gal_request_completed(void *user, struct MHD_Connection *connection, void **slot,
                           enum MHD_RequestTerminationCode code)
{
        struct request *request = *slot;

        (void)user;
        (void)connection;
        (void)code;
        if (request == NULL)
                return;
        *slot = NULL;
        drop_body(request);
        LIST_REMOVE(request, link);
        request->server->request_count--;
        request->client->is_waiting = false;
        request->client->since_ms = gal_loop_now(request->server->loop);
        request->server = NULL;
        request->connection = NULL;
        if (!request->in_api)
                destroy_request(request);
}
