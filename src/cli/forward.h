/*
 * forward.h: one action, asked of another process: HTTP in the AWS JSON form, on the Unix socket of the process
 * that owns a store, or at an endpoint.
 *
 * Blocks; for verbs only.
 */
#ifndef GAL_CLI_FORWARD_H
#define GAL_CLI_FORWARD_H

#include "base/buffer.h"
#include "base/error.h"

struct gal_endpoint;

struct gal_forward {
        const char *socket_path;             /* NULL: `endpoint` */
        const struct gal_endpoint *endpoint; /* signed, where it has a key */
        const char *action;
        const char *body;
        size_t len;
};

/*
 * `answer` gets the body, whatever `*ret_http_status` says. GAL_ENOTFOUND: nobody answers there, nothing was sent.
 * GAL_EIO: what became of the request is not known. GAL_EINVALID: it cannot be sent, or what answers is no such
 * server.
 */
GAL_MUST_USE enum gal_status gal_forward(const struct gal_forward *forward, long *ret_http_status,
                                         struct gal_buffer *answer, struct gal_error *error);

/* How long an action may take that is not stuck: polls wait for a minute, synchronous executions for five. */
long gal_forward_timeout_ms(const char *action);

#endif
