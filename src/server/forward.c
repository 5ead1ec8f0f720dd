/*
 * forward.c: see forward.h.
 */
#include "server/forward.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "api/reply.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/sigv4.h"
#include "runtime/owner_address.h"
#include "runtime/runtime.h"

/* The owner's address is asked for again after that. */
#define ADDRESS_MS_MAX 1000
/* Of a commit; a long poll lasts a minute. */
#define ANSWER_MS_MAX 40000
#define POLL_MS_MAX 75000
#define CONNECT_MS_MAX 3000
#define HEADERS_MAX (GAL_SIGV4_HEADERS_MAX + 4)

struct gal_forwarder {
        struct gal_runtime *runtime;
        struct gal_http *http;
        struct gal_owner_address address;
        int64_t asked_ms; /* on the loop's clock; 0: never */
        char secret[2 * GAL_KEY_SIZE + 1];
        struct gal_sigv4_key key;
        LIST_HEAD(, forwarding) forwardings;
};

struct forwarding {
        struct gal_api_wait wait; /* first */
        LIST_ENTRY(forwarding) link;
        struct gal_forwarder *forwarder;
        struct gal_http_call *call;
        char *action;
        char *body;
        size_t body_len;
        bool was_repeated; /* at another address; nothing had arrived at the first one */
        gal_api_done done;
        void *user;
};

enum gal_status gal_forwarder_create(struct gal_runtime *runtime, struct gal_forwarder **ret_forwarder,
                                     struct gal_error *error)
{
        struct gal_forwarder *forwarder = gal_new(struct gal_forwarder);
        enum gal_status status = gal_http_create(gal_runtime_loop(runtime), &forwarder->http, error);

        if (status != GAL_OK) {
                free(forwarder);
                return status;
        }
        forwarder->runtime = runtime;
        gal_runtime_forwarding_secret(runtime, forwarder->secret);
        forwarder->key = (struct gal_sigv4_key){ .id = GAL_FORWARDING_KEY_ID, .secret = forwarder->secret };
        LIST_INIT(&forwarder->forwardings);
        *ret_forwarder = forwarder;
        return GAL_OK;
}

/* Answers. */

/* The forwarding is over: its call must be done or cancelled. */
static void destroy(struct forwarding *forwarding)
{
        LIST_REMOVE(forwarding, link);
        free(forwarding->action);
        free(forwarding->body);
        free(forwarding);
}

static void finish(struct forwarding *forwarding, int status, const char *body, size_t len)
{
        gal_api_done done = forwarding->done;
        void *user = forwarding->user;

        destroy(forwarding);
        done(user, status, body, len);
}

static void refuse(gal_api_done done, void *user, const char *reason)
{
        struct gal_reply reply;

        gal_reply_begin(&reply, done, user);
        gal_reply_fail(&reply, MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable", "%s", reason);
}

static void give_up(struct forwarding *forwarding, const char *reason)
{
        gal_api_done done = forwarding->done;
        void *user = forwarding->user;

        destroy(forwarding);
        refuse(done, user, reason);
}

static bool repeat(struct forwarding *forwarding);

static void take_response(void *user, const struct gal_http_response *response)
{
        struct forwarding *forwarding = user;
        gal_auto_free char *reason = NULL;

        forwarding->call = NULL;
        if (response->failure == GAL_HTTP_OK) {
                finish(forwarding, response->status, response->body, response->body_len);
                return;
        }
        if (response->failure == GAL_HTTP_UNREACHABLE && repeat(forwarding))
                return;
        reason = gal_format(
                "The process that owns the store does not answer (%s); whether this was done is not known",
                response->message);
        give_up(forwarding, response->failure == GAL_HTTP_UNREACHABLE
                                    ? "The process that owns the store cannot be reached; try again"
                                    : reason);
}

/* The client has left, or this server will: the owner sees its connection closed. */
static void cancel(struct gal_api_wait *wait)
{
        struct forwarding *forwarding = (struct forwarding *)wait;

        gal_http_cancel(forwarding->call);
        give_up(forwarding, "Nobody waits any more");
}

void gal_forwarder_destroy(struct gal_forwarder *forwarder)
{
        struct forwarding *forwarding;

        if (forwarder == NULL)
                return;
        while ((forwarding = LIST_FIRST(&forwarder->forwardings)) != NULL) {
                gal_http_cancel(forwarding->call);
                give_up(forwarding, "The server is stopping; whether this was done is not known");
        }
        gal_http_destroy(forwarder->http);
        gal_owner_address_finish(&forwarder->address);
        explicit_bzero(forwarder->secret, sizeof(forwarder->secret));
        free(forwarder);
}

/* Requests. */

static void find_owner(struct gal_forwarder *forwarder)
{
        int64_t now_ms = gal_loop_now(gal_runtime_loop(forwarder->runtime));
        struct gal_store *store = gal_runtime_store(forwarder->runtime);
        gal_auto_free char *text = NULL;

        if (forwarder->asked_ms != 0 && now_ms - forwarder->asked_ms < ADDRESS_MS_MAX)
                return;
        forwarder->asked_ms = now_ms;
        text = store->ops->owner(store);
        gal_owner_address_finish(&forwarder->address);
        forwarder->address = gal_owner_address_parse(text);
        /* A socket that is not there is on another machine. */
        if (forwarder->address.path != NULL && access(forwarder->address.path, R_OK | W_OK) != 0) {
                free(forwarder->address.path);
                forwarder->address.path = NULL;
        }
}

static const char *host_of(const char *url)
{
        const char *scheme = strstr(url, "://");

        return scheme == NULL ? url : scheme + strlen("://");
}

static bool start(struct forwarding *forwarding)
{
        struct gal_forwarder *forwarder = forwarding->forwarder;
        size_t len = forwarding->body_len;
        gal_auto_free char *target = gal_format("AWSStepFunctions.%s", forwarding->action);
        const char *url = forwarder->address.path != NULL ? "http://galliard" : forwarder->address.url;
        struct gal_http_header headers[HEADERS_MAX] = { { "Host", host_of(url) },
                                                        { "Content-Type", "application/x-amz-json-1.0" },
                                                        { "X-Amz-Target", target },
                                                        { GAL_FORWARDED_HEADER, "1" } };
        struct gal_sigv4_request signed_request = { .method = "POST",
                                                    .path = "/",
                                                    .headers = headers,
                                                    .header_count = 4,
                                                    .body = forwarding->body,
                                                    .body_len = len };
        struct gal_sigv4_signing signing = { .key = &forwarder->key,
                                             .region = gal_runtime_region(forwarder->runtime),
                                             .service = "states",
                                             .now_ms = gal_runtime_now_ms(forwarder->runtime) };
        struct gal_http_request request = { .method = "POST",
                                            .url = url,
                                            .unix_path = forwarder->address.path,
                                            .headers = headers,
                                            .body = forwarding->body,
                                            .body_len = len,
                                            .timeout_ms =
                                                    forwarding->wait.cancel != NULL ? POLL_MS_MAX : ANSWER_MS_MAX,
                                            .connect_timeout_ms = CONNECT_MS_MAX,
                                            .response_size_max = GAL_SERVER_BODY_SIZE_MAX };
        struct gal_sigv4_headers signature = { .count = 0 };

        if (gal_sigv4_sign(&signed_request, &signing, &signature, /* error= */ NULL) != GAL_OK)
                return false;
        request.header_count = signed_request.header_count;
        for (size_t i = 0; i < signature.count; i++)
                headers[request.header_count++] = signature.items[i];
        forwarding->call = gal_http_send(forwarder->http, &request, take_response, forwarding);
        gal_sigv4_headers_finish(&signature);
        return true;
}

/* The owner may be another one by now, or its socket gone with it. */
static bool repeat(struct forwarding *forwarding)
{
        struct gal_forwarder *forwarder = forwarding->forwarder;

        if (forwarding->was_repeated)
                return false;
        forwarding->was_repeated = true;
        forwarder->asked_ms = 0;
        find_owner(forwarder);
        return (forwarder->address.path != NULL || forwarder->address.url != NULL) && start(forwarding);
}

struct gal_api_wait *gal_forward_call(struct gal_forwarder *forwarder, const char *action, const char *body,
                                      size_t len, gal_api_done done, void *user)
{
        struct forwarding *forwarding;

        find_owner(forwarder);
        if (forwarder->address.path == NULL && forwarder->address.url == NULL) {
                refuse(done, user,
                       "This process stands by, and the one that owns the store cannot be reached from here; try "
                       "again");
                return NULL;
        }
        forwarding = gal_new(struct forwarding);
        forwarding->forwarder = forwarder;
        forwarding->action = gal_strdup(action);
        forwarding->body_len = len;
        forwarding->body = gal_calloc(len + 1, 1);
        memcpy(forwarding->body, body, len);
        forwarding->done = done;
        forwarding->user = user;
        if (strcmp(action, "GetActivityTask") == 0) /* the one that waits for what may not come */
                forwarding->wait.cancel = cancel;
        LIST_INSERT_HEAD(&forwarder->forwardings, forwarding, link);
        if (!start(forwarding)) {
                give_up(forwarding, "The owner's address cannot be used");
                return NULL;
        }
        return forwarding->wait.cancel != NULL ? &forwarding->wait : NULL;
}
