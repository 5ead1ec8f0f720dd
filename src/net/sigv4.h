/*
 * sigv4.h: AWS Signature Version 4 (AWS4-HMAC-SHA256), for both ends: signing a request and verifying one.
 *
 * Functions of their arguments: no clock is read, nothing is kept. Signatures in the query (presigned URLs) and
 * payloads signed in chunks are not made and not accepted.
 */
#ifndef GAL_NET_SIGV4_H
#define GAL_NET_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "net/http.h"

/* A request as it goes over the wire. All borrowed. */
struct gal_sigv4_request {
        const char *method;
        const char *path;  /* percent-encoded as in the request line, without the query; "" means "/" */
        const char *query; /* what is behind the question mark, encoded; NULL: nothing */
        const struct gal_http_header *headers; /* Host among them */
        size_t header_count;
        const char *body; /* NULL: none */
        size_t body_len;
};

struct gal_sigv4_key {
        const char *id;
        const char *secret;
        const char *session_token; /* NULL: a key for good */
};

struct gal_sigv4_signing {
        const struct gal_sigv4_key *key;
        const char *region;
        const char *service; /* "s3" encodes paths once and always states the payload's hash */
        int64_t now_ms;
        bool unsigned_payload; /* the body is not hashed; its hash is stated as UNSIGNED-PAYLOAD */
};

#define GAL_SIGV4_HEADERS_MAX 4

/* What goes into the request besides its own headers. Owned. */
struct gal_sigv4_headers {
        struct gal_http_header items[GAL_SIGV4_HEADERS_MAX];
        size_t count;
};

/*
 * Signs a request with all of its headers but those that change on their way (User-Agent, Connection and so on).
 * `ret_headers` is to be released with gal_sigv4_headers_finish(). Fails with GAL_EINVALID where Host is missing,
 * or a header that is made here is there already.
 */
GAL_MUST_USE enum gal_status gal_sigv4_sign(const struct gal_sigv4_request *request,
                                            const struct gal_sigv4_signing *signing,
                                            struct gal_sigv4_headers *ret_headers, struct gal_error *error);
void gal_sigv4_headers_finish(struct gal_sigv4_headers *headers);

struct gal_sigv4_verifying {
        /* (transfer none) The key of that id, NULL: there is none. */
        const struct gal_sigv4_key *(*find_key)(void *user, const char *id);
        void *user;
        const char *region; /* NULL: any */
        const char *service;
        int64_t now_ms;
        bool unsigned_payload; /* UNSIGNED-PAYLOAD is accepted: only where nobody can change a body on its way */
};

struct gal_sigv4_refusal {
        const char *type;  /* the error's name as AWS services have it */
        char message[512]; /* printable; nothing secret is in it */
};

/*
 * (transfer none) The key that signed the request; NULL: `ret_refusal` says why not. The request must be at most
 * five minutes old, or early; Host and every X-Amz-... header must be signed.
 */
const struct gal_sigv4_key *gal_sigv4_verify(const struct gal_sigv4_request *request,
                                             const struct gal_sigv4_verifying *verifying,
                                             struct gal_sigv4_refusal *ret_refusal);

#endif
