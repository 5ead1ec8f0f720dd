/*
 * http.h: an HTTP/1.1 client on the loop (libcurl's multi interface, kept-alive connections).
 *
 * http and https only, no redirects, no proxies: what the environment says (http_proxy and its kin) is not ours,
 * and a call to an emulator on loopback must not take a way round. A request that found its kept-alive connection
 * closed is sent again on a fresh one, so a request may arrive twice: send an idempotency key. libcurl is
 * initialised on first use.
 */
#ifndef GAL_NET_HTTP_H
#define GAL_NET_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_loop;
struct gal_http;
struct gal_http_call;

struct gal_http_header {
        const char *name;
        const char *value;
};

struct gal_http_request {
        const char *method; /* "GET", "POST", ... */
        const char *url;
        const char *unix_path; /* of a socket to connect to, whatever host the URL names; NULL: by the URL */
        const struct gal_http_header *headers; /* copied; CR, LF or NUL in one refuses the request */
        size_t header_count;
        const char *body; /* NULL: none; else borrowed until the call is done or cancelled, sent with its length */
        size_t body_len;
        int64_t timeout_ms;         /* of the whole call; 0: none */
        int64_t connect_timeout_ms; /* 0: GAL_HTTP_CONNECT_TIMEOUT_MS */
        size_t response_size_max;   /* of the body; 0: GAL_HTTP_RESPONSE_SIZE_MAX */
};

enum gal_http_failure {
        GAL_HTTP_OK = 0,      /* there is a response, whatever its status */
        GAL_HTTP_BAD_REQUEST, /* an URL or a header that cannot be sent */
        GAL_HTTP_UNREACHABLE, /* name not resolved, connection refused or not made in time */
        GAL_HTTP_TLS_FAILED,  /* no agreement, or a certificate that is not trusted */
        GAL_HTTP_TIMED_OUT,   /* connected, but the answer was not whole in time */
        GAL_HTTP_DROPPED,     /* the connection ended before the response did */
        GAL_HTTP_GARBAGE,     /* what came is not HTTP */
        GAL_HTTP_TOO_LARGE,   /* more than response_size_max */
        GAL_HTTP_OTHER,       /* out of memory, descriptors, ... */
};

/* Borrowed: lives for the callback. */
struct gal_http_response {
        enum gal_http_failure failure;
        const char *message; /* of a failure: a sentence with host and port; else "" */
        int status;
        const struct gal_http_header *headers; /* in order of arrival, names as sent */
        size_t header_count;
        const char *body; /* NUL-terminated, the NUL not counted */
        size_t body_len;
};

/* Value of the first header of that name, whatever its case; NULL: none. (transfer none) */
const char *gal_http_response_header(const struct gal_http_response *response, const char *name);

GAL_MUST_USE enum gal_status gal_http_create(struct gal_loop *loop, struct gal_http **ret_http,
                                             struct gal_error *error);
/* Aborts what is under way, without callbacks. Not from within a callback. Accepts NULL. */
void gal_http_destroy(struct gal_http *http);

/*
 * Sends a request. `done(user, response)` follows from the loop exactly once, also for an URL that makes no sense,
 * unless the call is cancelled; then the handle is gone. Requests past GAL_HTTP_CONNECTIONS_MAX wait for a
 * connection, their time running.
 */
struct gal_http_call *gal_http_send(struct gal_http *http, const struct gal_http_request *request,
                                    void (*done)(void *user, const struct gal_http_response *response), void *user);
/* No callback follows, the handle is gone. Not of a call from within its own `done`. */
void gal_http_cancel(struct gal_http_call *call);

#endif
