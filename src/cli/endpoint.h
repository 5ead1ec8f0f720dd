/*
 * endpoint.h: a server that verbs ask over HTTP: where it is, what a request is signed with, who has said so.
 */
#ifndef GAL_CLI_ENDPOINT_H
#define GAL_CLI_ENDPOINT_H

#include <stdbool.h>

#include "base/error.h"
#include "net/sigv4.h"

struct gal_endpoint {
        char *url;                /* scheme, host, port and path: nothing secret; NULL: there is none */
        char *host;               /* as in the header: "states.example.com:8443" */
        char *path;               /* "/" at least */
        const char *source;       /* "--endpoint", or the variable of the environment that names it */
        struct gal_sigv4_key key; /* borrowed from the environment; `id` NULL: requests are not signed */
        const char *region;       /* that they are signed for; borrowed */
};

/*
 * The endpoint that an option, or else the environment, names: GALLIARD_ENDPOINT, AWS_ENDPOINT_URL_SFN,
 * AWS_ENDPOINT_URL, in this order. Whoever names a store (`has_store`, or GALLIARD_STORE) means that store; the
 * variables of AWS come after it, and GALLIARD_STORE beside GALLIARD_ENDPOINT is refused. Without any, `url` is
 * NULL. `given`, `region` nullable; borrowed as long as the endpoint. Fails with GAL_EINVALID. Release with
 * gal_endpoint_finish(), also of zeroes.
 */
GAL_MUST_USE enum gal_status gal_endpoint_choose(const char *given, bool has_store, const char *region,
                                                 struct gal_endpoint *ret_endpoint, struct gal_error *error);
void gal_endpoint_finish(struct gal_endpoint *endpoint);

#endif
