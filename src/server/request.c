/*
 * request.c: one request: receive, call the action, answer.
 *
 * libmicrohttpd calls gal_request_handle() with the headers, with each piece of the body, when the request is
 * whole, and once more after a suspended connection was resumed. A refusal that is known from the headers is kept
 * until the request is whole (libmicrohttpd takes no answer while a body is coming in), except for a body that says
 * it is too long: that is not read at all.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/reply.h"
#include "base/alloc.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "server/forward.h"
#include "server/internal.h"
#include "server/metrics.h"

#define CONTENT_TYPE "application/x-amz-json-1.0"
#define CONTENT_TYPE_NEXT "application/x-amz-json-1.1" /* the same, of younger services; clients send it, too */
#define ERROR_TYPE_SIZE 128
#define TARGET_PREFIX "AWSStepFunctions."

static int64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void gal_request_refuse(struct request *request, int status, const char *type, const char *message)
{
        if (request->refusal != 0)
                return;
        request->refusal = status;
        request->refusal_type = type;
        request->refusal_message = message;
}

/* Answers. */

/* The bodies of errors are ours and begin with their name (api/reply.c). False: this is none. */
static bool find_error_type(const char *body, size_t len, char text[ERROR_TYPE_SIZE])
{
        static const char start[] = "{\"__type\":\"";
        const char *name = body + sizeof(start) - 1;
        size_t name_len;

        if (len < sizeof(start) || memcmp(body, start, sizeof(start) - 1) != 0)
                return false;
        name_len = strcspn(name, "\"");
        if (name_len >= ERROR_TYPE_SIZE)
                return false;
        memcpy(text, name, name_len);
        text[name_len] = '\0';
        return true;
}

/* The message may have a payload in it, so it is not for the log. */
static void note_refusal(const struct request *request, const char *error_type, const char *id)
{
        gal_log(request->server->log, GAL_LOG_DEBUG, "%s refused: %d %s, request %s",
                request->action != NULL ? request->action : "a request", request->status, error_type, id);
}

static void set_answer(struct request *request, int status, const char *content_type, const char *body, size_t len)
{
        struct MHD_Response *response =
                gal_need(MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY));
        char id[GAL_UUID_SIZE], error_type[ERROR_TYPE_SIZE];

        request->status = status;
        request->response = response;
        gal_uuid4_format(&request->server->ids, id);
        MHD_add_response_header(response, "x-amzn-RequestId", id);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
        if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
                MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                        request->page != PAGE_NONE ? "GET, HEAD" : "POST");
        if (status != MHD_HTTP_OK && find_error_type(body, len, error_type)) {
                MHD_add_response_header(response, "x-amzn-errortype", error_type);
                note_refusal(request, error_type, id);
        }
        if (request->server->is_quiet)
                MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        if (request->page == PAGE_NONE)
                gal_metrics_count(request->server->metrics, request->is_known ? request->action : "none", status,
                                  now_ns() - request->begun_ns);
}

/* It rests no more. */
static void stop_waiting(struct request *request)
{
        struct gal_server *server = request->server;

        if (request->is_counted)
                (*(request->wait != NULL ? &server->poll_count : &server->waiting_count))--;
        request->is_counted = false;
        request->wait = NULL;
        request->watch = gal_watch_destroy(request->watch);
}

static void destroy_request(struct request *request)
{
        if (request->response != NULL)
                MHD_destroy_response(request->response);
        gal_buffer_finish(&request->body);
        free(request->action);
        free(request->denial);
        free(request->query);
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
        stop_waiting(request);
        if (request->status == 0)
                set_answer(request, status, CONTENT_TYPE, body, len);
        if (request->is_suspended) {
                request->is_suspended = false;
                MHD_resume_connection(request->connection);
                gal_server_wake(request->server);
        }
}

void gal_request_abandon(struct request *request)
{
        struct gal_reply reply;

        gal_request_hasten(request);
        if (!request->in_api || request->status != 0)
                return;
        gal_reply_begin(&reply, take_answer, request);
        gal_reply_fail(&reply, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable",
                       "The server is stopping; whether this was done is not known");
        request->in_api = true; /* the engine still holds it */
}

/* Waiting for what may not come. */

/* The client has left, or this server will; the answer is as good as any. */
void gal_request_hasten(struct request *request)
{
        if (request->wait != NULL)
                request->wait->cancel(request->wait);
}

/* Also when it has only said that it will send no more: an empty answer to a long poll loses nothing. */
static void client_left(void *user, int events)
{
        struct request *request = user;

        (void)events;
        request->watch = gal_watch_destroy(request->watch);
        gal_request_hasten(request);
}

bool gal_request_has_gone(void *user)
{
        const struct request *request = user;
        struct pollfd poll_set = { .events = POLLRDHUP };

        if (request->connection == NULL)
                return true;
        poll_set.fd = request->client->descriptor;
        return poll(&poll_set, 1, 0) > 0;
}

/*
 * libmicrohttpd does not look at a connection that rests. It has its descriptor in an epoll set of its own, and
 * closes it only after it was resumed, when the watch is gone: so the descriptor itself can be watched.
 */
static void watch_client(struct request *request)
{
        struct gal_server *server = request->server;

        if (gal_watch_create(server->loop, request->client->descriptor, client_left, request, &request->watch,
                             /* error= */ NULL) == GAL_OK)
                gal_watch_set(request->watch, GAL_WATCH_HANGUP);
}

/* Sending. */

static enum MHD_Result queue_answer(struct request *request)
{
        gal_client_owes(request->server, request->client);
        return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

static void take_refusal(void *user, int status, const char *body, size_t len)
{
        set_answer(user, status, CONTENT_TYPE, body, len);
}

static enum MHD_Result queue_refusal(struct request *request)
{
        struct gal_reply reply;

        gal_reply_begin(&reply, take_refusal, request);
        gal_reply_fail(&reply, request->refusal, request->refusal_type, "%s", request->refusal_message);
        return queue_answer(request);
}

static enum MHD_Result queue_page(struct request *request)
{
        const char *content_type;
        gal_auto_free char *text = NULL;
        int status;

        text = gal_page_make(request->server, request->page, &status, &content_type);
        set_answer(request, status, content_type, text, strlen(text));
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

/* A page in a browser can send text/plain anywhere without asking; it cannot send these types. */
static bool has_content_type(const struct request *request)
{
        const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE);

        return (starts_with(type, CONTENT_TYPE) || starts_with(type, CONTENT_TYPE_NEXT)) &&
               strchr(" ;", type[strlen(CONTENT_TYPE)]) != NULL;
}

static bool is_encoded(const struct request *request)
{
        const char *encoding = header(request, MHD_HTTP_HEADER_CONTENT_ENCODING);

        return encoding != NULL && strcasecmp(encoding, "identity") != 0;
}

static void check_action(struct request *request)
{
        const char *target = header(request, "X-Amz-Target");

        if (!has_content_type(request))
                gal_request_refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException",
                                   "The Content-Type must be " CONTENT_TYPE);
        else if (is_encoded(request))
                gal_request_refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException",
                                   "The body must be sent as it is, without a Content-Encoding");
        else if (!starts_with(target, TARGET_PREFIX))
                gal_request_refuse(request, MHD_HTTP_BAD_REQUEST, "UnknownOperationException",
                                   "The header X-Amz-Target must name an action: " TARGET_PREFIX "StartExecution");
        else
                request->action = gal_strdup(target + strlen(TARGET_PREFIX));
        request->is_forwarded = header(request, GAL_FORWARDED_HEADER) != NULL;
        request->is_known = request->action != NULL && gal_api_find(request->action, &request->writes);
}

static enum page find_page(const char *url)
{
        static const char *const urls[] = {
                [PAGE_HEALTH] = "/health", [PAGE_READY] = "/ready", [PAGE_METRICS] = "/metrics"
        };

        for (size_t i = PAGE_HEALTH; i < sizeof(urls) / sizeof(urls[0]); i++) {
                if (strcmp(url, urls[i]) == 0)
                        return (enum page)i;
        }
        return PAGE_NONE;
}

static void check_page(struct request *request, const char *method)
{
        if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
                gal_request_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "UnknownOperationException",
                                   "This path is for GET");
}

/*
 * A page from elsewhere must not reach an engine on this machine through its user's browser: we offer no CORS, and
 * a name that its owner points at 127.0.0.1 makes the page one of our own origin. But a browser says Origin with
 * each POST; nobody else does.
 */
static void check_call(struct request *request, const char *method)
{
        if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
                gal_request_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "UnknownOperationException",
                                   "Actions are POST /");
        else if (header(request, MHD_HTTP_HEADER_ORIGIN) != NULL)
                gal_request_refuse(request, MHD_HTTP_FORBIDDEN, "AccessDeniedException",
                                   "Pages in a browser are not served");
        else
                check_action(request);
        gal_access_check_headers(request);
}

static void check_headers(struct request *request, const char *url, const char *method)
{
        const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

        request->page = find_page(url);
        if (length != NULL && strtoull(length, NULL, 10) > GAL_SERVER_BODY_SIZE_MAX)
                gal_request_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLargeException",
                                   "The request is too long");
        if (request->page != PAGE_NONE)
                check_page(request, method);
        else if (strcmp(url, "/") == 0)
                check_call(request, method);
        else
                gal_request_refuse(request, MHD_HTTP_NOT_FOUND, "UnknownOperationException",
                                   "There is nothing at this path");
}

static struct request *create_request(struct listener *listener, struct MHD_Connection *connection)
{
        struct request *request = gal_new(struct request);
        struct gal_server *server = listener->server;

        request->server = server;
        request->listener = listener;
        request->begun_ns = now_ns();
        request->connection = connection;
        request->client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
        gal_buffer_init(&request->body, /* size_max= */ 0);
        gal_client_owes(server, request->client);
        LIST_INSERT_HEAD(&server->requests, request, link);
        server->request_count++;
        return request;
}

static void drop_body(struct request *request)
{
        request->server->bodies_size -= request->body.len;
        gal_buffer_finish(&request->body);
}

/* In the service's words; SDKs come again after a pause that grows. */
static void throttle(struct request *request)
{
        gal_request_refuse(request, MHD_HTTP_BAD_REQUEST, "ThrottlingException", "Rate exceeded");
}

/* What is refused is read and dropped, within reason. */
static enum MHD_Result receive(struct request *request, const char *data, size_t len)
{
        struct gal_server *server = request->server;

        if (request->refusal == 0 && request->body.len + len > GAL_SERVER_BODY_SIZE_MAX)
                gal_request_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLargeException",
                                   "The request is too long");
        if (request->refusal == 0 && server->bodies_size + len > GAL_SERVER_BODIES_SIZE_MAX)
                throttle(request);
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
        const char *body = request->body.data != NULL ? request->body.data : "";

        api->engine = gal_runtime_is_owner(server->runtime) ? gal_runtime_engine(server->runtime) : NULL;
        request->in_api = true;
        if (request->writes && api->engine == NULL && !request->is_forwarded)
                request->wait = gal_forward_call(server->forwarder, request->action, body, request->body.len,
                                                 take_answer, request);
        else
                request->wait = gal_api_call(api, request->action, body, request->body.len, take_answer, request);
        drop_body(request);
}

/* It has not been answered yet. Those who wait for what may not come leave room for the others. */
static enum MHD_Result suspend(struct request *request)
{
        struct gal_server *server = request->server;

        if (request->wait != NULL && server->poll_count >= server->client_max / 10 * 9) {
                enum MHD_Result queued;

                throttle(request);
                queued = queue_refusal(request);
                gal_request_hasten(request);
                return queued;
        }
        (*(request->wait != NULL ? &server->poll_count : &server->waiting_count))++;
        request->is_counted = true;
        gal_client_waits(server, request->client);
        request->is_suspended = true;
        MHD_suspend_connection(request->connection);
        if (request->wait != NULL)
                watch_client(request);
        return MHD_YES;
}

static enum MHD_Result answer(struct request *request)
{
        if (request->page != PAGE_NONE && request->refusal == 0)
                return queue_page(request);
        if (request->server->is_quiet)
                gal_request_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable",
                                   "The server is stopping");
        else if (request->server->waiting_count >= request->server->waiting_max && request->writes)
                throttle(request);
        if (request->refusal == 0)
                gal_access_check(request);
        if (request->refusal != 0)
                return queue_refusal(request);
        call_action(request);
        return request->status != 0 ? queue_answer(request) : suspend(request);
}

void *gal_request_begin(void *user, const char *uri, struct MHD_Connection *connection)
{
        struct request *request = create_request(user, connection);
        const char *query = strchr(uri, '?');

        request->query = query == NULL ? NULL : gal_strdup(query + 1);
        return request;
}

enum MHD_Result gal_request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data, size_t *data_len,
                                   void **slot)
{
        struct request *request = *slot;

        (void)version;
        (void)user;
        (void)connection;
        if (!request->has_headers) {
                request->has_headers = true;
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
        stop_waiting(request);
        gal_client_owes(request->server, request->client);
        request->server = NULL;
        request->connection = NULL;
        if (!request->in_api)
                destroy_request(request);
}
