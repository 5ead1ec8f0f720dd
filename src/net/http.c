/*
 * http.c: see http.h.
 *
 * libcurl says which sockets and which time it waits for (watch_socket, set_timer); the loop says what happened
 * (act). Its callbacks must not call into it again, so finished calls are collected after each act and only then
 * reported: a `done` may send and cancel as it likes.
 */
#include "net/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "net/loop.h"

/* A peer that vanished without a word is noticed after two minutes, also when a call has no time limit. */
#define KEEPALIVE_IDLE_SECONDS 60L
#define KEEPALIVE_INTERVAL_SECONDS 15L

struct gal_http {
        struct gal_loop *loop;
        CURLM *multi;
        struct gal_timer *timer;
        struct gal_http_call *calls;
};

struct gal_http_call {
        struct gal_http *http;
        struct gal_http_call *next;
        struct gal_http_call *previous;
        void (*done)(void *user, const struct gal_http_response *response);
        void *user;
        CURL *easy; /* NULL: refused before it was begun */
        struct curl_slist *headers_out;
        char *origin; /* for messages */
        struct gal_buffer body;
        size_t response_size_max;
        bool too_large;
        struct gal_http_header *headers;
        size_t header_count;
        size_t headers_size; /* bytes so far */
        bool headers_whole;  /* the blank line after them came */
        char message[CURL_ERROR_SIZE];
};

struct watched_socket {
        struct gal_http *http;
        curl_socket_t socket;
        struct gal_watch *watch;
};

const char *gal_http_response_header(const struct gal_http_response *response, const char *name)
{
        for (size_t i = 0; i < response->header_count; i++)
                if (strcasecmp(response->headers[i].name, name) == 0)
                        return response->headers[i].value;
        return NULL;
}

/* Failures: libcurl's codes that have a meaning of their own here; all others are GAL_HTTP_OTHER. */

static const struct {
        CURLcode code;
        enum gal_http_failure failure;
} failures[] = {
        { CURLE_OK, GAL_HTTP_OK },
        { CURLE_URL_MALFORMAT, GAL_HTTP_BAD_REQUEST },
        { CURLE_UNSUPPORTED_PROTOCOL, GAL_HTTP_BAD_REQUEST },
        { CURLE_COULDNT_RESOLVE_HOST, GAL_HTTP_UNREACHABLE },
        { CURLE_COULDNT_CONNECT, GAL_HTTP_UNREACHABLE },
        { CURLE_INTERFACE_FAILED, GAL_HTTP_UNREACHABLE },
        { CURLE_SSL_CONNECT_ERROR, GAL_HTTP_TLS_FAILED },
        { CURLE_PEER_FAILED_VERIFICATION, GAL_HTTP_TLS_FAILED },
        { CURLE_SSL_CACERT_BADFILE, GAL_HTTP_TLS_FAILED },
        { CURLE_SSL_CERTPROBLEM, GAL_HTTP_TLS_FAILED },
        { CURLE_SSL_CIPHER, GAL_HTTP_TLS_FAILED },
        { CURLE_OPERATION_TIMEDOUT, GAL_HTTP_TIMED_OUT },
        { CURLE_GOT_NOTHING, GAL_HTTP_DROPPED },
        { CURLE_PARTIAL_FILE, GAL_HTTP_DROPPED },
        { CURLE_SEND_ERROR, GAL_HTTP_DROPPED },
        { CURLE_RECV_ERROR, GAL_HTTP_DROPPED },
        { CURLE_WEIRD_SERVER_REPLY, GAL_HTTP_GARBAGE },
        { CURLE_FILESIZE_EXCEEDED, GAL_HTTP_TOO_LARGE },
};

static bool was_connected(const struct gal_http_call *call)
{
        curl_off_t ready_us = 0;

        curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
        return ready_us > 0;
}

static enum gal_http_failure classify(const struct gal_http_call *call, CURLcode code)
{
        if (call->too_large)
                return GAL_HTTP_TOO_LARGE;
        /* The same code for a scheme that we do not speak and for an answer in something like HTTP/0.9. */
        if (code == CURLE_UNSUPPORTED_PROTOCOL && was_connected(call))
                return GAL_HTTP_GARBAGE;
        if (code == CURLE_OPERATION_TIMEDOUT && !was_connected(call))
                return GAL_HTTP_UNREACHABLE;
        if (code == CURLE_OK && !call->headers_whole) /* libcurl lets an end in the middle of the headers pass */
                return GAL_HTTP_DROPPED;
        for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
                if (failures[i].code == code)
                        return failures[i].failure;
        return GAL_HTTP_OTHER;
}

/* "http://127.0.0.1:9000": what of an URL may stand in a message; no user, no query. */
static char *find_origin(const char *url)
{
        const char *host = strstr(url, "://");
        size_t host_len, user_len;

        if (!host)
                return gal_strdup(url);
        host += 3;
        host_len = strcspn(host, "/?#");
        for (user_len = host_len; user_len > 0 && host[user_len - 1] != '@'; user_len--)
                ;
        return gal_format("%.*s%.*s", (int)(host - url), url, (int)(host_len - user_len), host + user_len);
}

/* Finishing */

static void free_headers(struct gal_http_call *call)
{
        for (size_t i = 0; i < call->header_count; i++) {
                free((char *)call->headers[i].name);
                free((char *)call->headers[i].value);
        }
        free(call->headers);
        call->headers = NULL;
        call->header_count = 0;
}

static void unlink_call(struct gal_http_call *call)
{
        if (call->previous)
                call->previous->next = call->next;
        else
                call->http->calls = call->next;
        if (call->next)
                call->next->previous = call->previous;
}

/* Takes it off libcurl; what arrived stays. */
static void detach(struct gal_http_call *call)
{
        if (!call->easy)
                return;
        curl_multi_remove_handle(call->http->multi, call->easy);
        curl_easy_cleanup(call->easy);
        call->easy = NULL;
}

static void free_call(struct gal_http_call *call)
{
        detach(call);
        unlink_call(call);
        curl_slist_free_all(call->headers_out);
        free_headers(call);
        gal_buffer_finish(&call->body);
        free(call->origin);
        free(call);
}

static void report(struct gal_http_call *call, enum gal_http_failure failure, int status, const char *reason)
{
        gal_auto_free char *message =
                failure == GAL_HTTP_OK ? gal_strdup("") : gal_format("%s: %s", call->origin, reason);
        struct gal_http_response response = { .failure = failure,
                                              .message = message,
                                              .status = status,
                                              .headers = call->headers,
                                              .header_count = call->header_count,
                                              .body = call->body.data ? call->body.data : "",
                                              .body_len = call->body.len };

        detach(call);
        call->done(call->user, &response);
        free_call(call);
}

static void finish(struct gal_http_call *call, CURLcode code)
{
        enum gal_http_failure failure = classify(call, code);
        const char *reason = call->message[0] != '\0' ? call->message : curl_easy_strerror(code);
        long status = 0;

        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        if (call->too_large)
                reason = "the response is too large";
        else if (failure == GAL_HTTP_DROPPED && code == CURLE_OK)
                reason = "the connection ended within the headers of the response";
        report(call, failure, (int)status, reason);
}

static void report_refused(void *user)
{
        struct gal_http_call *call = user;

        report(call, GAL_HTTP_BAD_REQUEST, 0, call->message);
}

static void collect(struct gal_http *http)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                struct gal_http_call *call = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
                finish(call, message->data.result);
        }
}

/* Between libcurl and the loop */

static void act(struct gal_http *http, curl_socket_t socket, int events)
{
        int running;

        curl_multi_socket_action(http->multi, socket, events, &running);
        collect(http);
}

static void act_on_timer(void *user)
{
        act(user, CURL_SOCKET_TIMEOUT, 0);
}

static void act_on_socket(void *user, int events)
{
        struct watched_socket *watched = user;

        act(watched->http, watched->socket,
            (events & GAL_WATCH_READ ? CURL_CSELECT_IN : 0) | (events & GAL_WATCH_WRITE ? CURL_CSELECT_OUT : 0));
}

static void unwatch_socket(struct gal_http *http, struct watched_socket *watched)
{
        if (!watched)
                return;
        curl_multi_assign(http->multi, watched->socket, NULL);
        gal_watch_destroy(watched->watch);
        free(watched);
}

static struct watched_socket *new_watched_socket(struct gal_http *http, curl_socket_t socket)
{
        struct watched_socket *watched = gal_new(struct watched_socket);

        watched->http = http;
        watched->socket = socket;
        if (gal_watch_create(http->loop, socket, act_on_socket, watched, &watched->watch, NULL) != GAL_OK) {
                free(watched);
                return NULL;
        }
        curl_multi_assign(http->multi, socket, watched);
        return watched;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_user)
{
        struct gal_http *http = user;
        struct watched_socket *watched = socket_user;

        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                unwatch_socket(http, watched);
                return 0;
        }
        if (!watched)
                watched = new_watched_socket(http, socket);
        if (watched)
                gal_watch_set(watched->watch, (what & CURL_POLL_IN ? GAL_WATCH_READ : 0) |
                                                      (what & CURL_POLL_OUT ? GAL_WATCH_WRITE : 0));
        return 0; /* without memory for a watch the call runs into its time */
}

static int set_timer(CURLM *multi, long delay_ms, void *user)
{
        struct gal_http *http = user;

        (void)multi;
        if (delay_ms < 0)
                gal_timer_stop(http->timer);
        else
                gal_timer_start(http->timer, delay_ms);
        return 0;
}

/* Receiving */

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
        struct gal_http_call *call = user;
        size_t len = size * count;

        if (len > call->response_size_max - call->body.len) {
                call->too_large = true;
                return 0;
        }
        gal_buffer_append(&call->body, data, len);
        gal_assert(call->body.status == GAL_OK); /* bounded (base/alloc.h) */
        return len;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char *copy_trimmed(const char *text, size_t len)
{
        while (len > 0 && is_blank(text[0])) {
                text++;
                len--;
        }
        while (len > 0 && is_blank(text[len - 1]))
                len--;
        return gal_strndup(text, len);
}

static bool is_token(const char *name)
{
        if (name[0] == '\0')
                return false;
        for (const char *c = name; *c; c++)
                if (*c <= ' ' || *c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *c))
                        return false;
        return true;
}

/* A name that is none of HTTP's is dropped: it would have to be escaped wherever it is shown. */
static void add_header(struct gal_http_call *call, const char *line, size_t len)
{
        const char *colon = memchr(line, ':', len);
        char *name;

        if (!colon)
                return;
        name = copy_trimmed(line, (size_t)(colon - line));
        if (!is_token(name)) {
                free(name);
                return;
        }
        call->headers = gal_realloc(call->headers, call->header_count + 1, sizeof *call->headers);
        call->headers[call->header_count].name = name;
        call->headers[call->header_count].value = copy_trimmed(colon + 1, len - (size_t)(colon + 1 - line));
        call->header_count++;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
        struct gal_http_call *call = user;
        size_t len = size * count;

        if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
                free_headers(call); /* an interim response came before this one */
                call->headers_whole = false;
                return len;
        }
        call->headers_whole = call->headers_whole || len == 0 || data[0] == '\r' || data[0] == '\n';
        if (call->headers_size + len > GAL_HTTP_HEADERS_SIZE_MAX || call->header_count == GAL_HTTP_HEADERS_MAX) {
                call->too_large = true;
                return 0;
        }
        call->headers_size += len;
        add_header(call, data, len);
        return len;
}

/* Sending */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
        (void)user;
        (void)purpose;
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool is_one_line(const char *value)
{
        return value[strcspn(value, "\r\n")] == '\0';
}

static void append_header(struct gal_http_call *call, const char *line)
{
        call->headers_out = gal_need(curl_slist_append(call->headers_out, line));
}

/* libcurl's form for a header without a value is "Name;"; "Name:" takes a header of its own away. */
static bool put_headers(struct gal_http_call *call, const struct gal_http_request *request)
{
        bool has_type = false;

        for (size_t i = 0; i < request->header_count; i++) {
                const struct gal_http_header *header = &request->headers[i];
                gal_auto_free char *line =
                        gal_format(header->value[0] != '\0' ? "%s: %s" : "%s;", header->name, header->value);

                if (!is_token(header->name) || !is_one_line(header->value)) {
                        snprintf(call->message, sizeof call->message, "a header that cannot be sent: %.100s",
                                 header->name);
                        return false;
                }
                has_type = has_type || strcasecmp(header->name, "Content-Type") == 0;
                append_header(call, line);
        }
        append_header(call, "Expect:"); /* waiting for leave to send costs a second where nobody gives it */
        if (!has_type)
                append_header(call, "Content-Type:");
        return true;
}

static void set_method(struct gal_http_call *call, const struct gal_http_request *request)
{
        if (strcmp(request->method, "HEAD") == 0)
                curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
        if (request->body || strcmp(request->method, "POST") == 0) {
                curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)(request->body ? request->body_len : 0));
                curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        }
        curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_options(struct gal_http_call *call, const struct gal_http_request *request)
{
        CURL *easy = call->easy;
        int64_t connect_ms =
                request->connect_timeout_ms > 0 ? request->connect_timeout_ms : GAL_HTTP_CONNECT_TIMEOUT_MS;

        curl_easy_setopt(easy, CURLOPT_URL, request->url);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        if (request->unix_path != NULL)
                curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_path);
        curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->response_size_max);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers_out);
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->message);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
        set_method(call, request);
}

static void link_call(struct gal_http *http, struct gal_http_call *call)
{
        call->http = http;
        call->next = http->calls;
        if (call->next)
                call->next->previous = call;
        http->calls = call;
}

struct gal_http_call *gal_http_send(struct gal_http *http, const struct gal_http_request *request,
                                    void (*done)(void *user, const struct gal_http_response *response), void *user)
{
        struct gal_http_call *call = gal_new(struct gal_http_call);

        link_call(http, call);
        call->done = done;
        call->user = user;
        call->origin = find_origin(request->url);
        call->response_size_max =
                request->response_size_max > 0 ? request->response_size_max : GAL_HTTP_RESPONSE_SIZE_MAX;
        if (!put_headers(call, request)) {
                gal_loop_defer(http->loop, report_refused, call);
                return call;
        }
        call->easy = gal_need(curl_easy_init());
        set_options(call, request);
        gal_assert(curl_multi_add_handle(http->multi, call->easy) == CURLM_OK);
        return call;
}

void gal_http_cancel(struct gal_http_call *call)
{
        gal_loop_undefer(call->http->loop, report_refused, call);
        free_call(call);
}

/* The client */

static CURLcode global_code;

static void init_curl(void)
{
        global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void close_on_exec(int descriptor)
{
        int domain = 0;
        socklen_t size = sizeof domain;

        if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX)
                fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/*
 * libcurl keeps a socket pair to wake itself, and until 8.x forgot to close it on exec: every child would inherit
 * it. It gets the two lowest free numbers, so take those for a moment to know them.
 */
static CURLM *init_multi(void)
{
        int first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CURLM *multi;

        close(second);
        close(first);
        multi = gal_need(curl_multi_init());
        close_on_exec(first);
        close_on_exec(second);
        return multi;
}

enum gal_status gal_http_create(struct gal_loop *loop, struct gal_http **ret_http, struct gal_error *error)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        struct gal_http *http;

        pthread_once(&once, init_curl);
        if (global_code != CURLE_OK)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot initialise libcurl: %s",
                                curl_easy_strerror(global_code));
        http = gal_new(struct gal_http);
        http->loop = loop;
        http->multi = init_multi();
        http->timer = gal_timer_create(loop, act_on_timer, http);
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
        curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
        curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
        curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
        curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)GAL_HTTP_CONNECTIONS_MAX);
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)GAL_HTTP_CONNECTIONS_MAX);
        *ret_http = http;
        return GAL_OK;
}

void gal_http_destroy(struct gal_http *http)
{
        if (!http)
                return;
        while (http->calls)
                gal_http_cancel(http->calls);
        curl_multi_cleanup(http->multi);
        gal_timer_destroy(http->timer);
        free(http);
}
