/*
 * forward.h: one action, asked of the process that owns a store: HTTP in the AWS JSON form on its Unix socket.
 *
 * Blocks; for verbs only.
 */
#ifndef GAL_CLI_FORWARD_H
#define GAL_CLI_FORWARD_H

#include "base/buffer.h"
#include "base/error.h"

/*
 * `path` of the socket. `answer` gets the body, whatever `*ret_http_status` says.
 * GAL_ENOTFOUND: nobody answers there, nothing was sent. GAL_EIO: what became of the request is not known.
 */
GAL_MUST_USE enum gal_status gal_forward(const char *path, const char *action, const char *body, size_t len,
                                         long *ret_http_status, struct gal_buffer *answer, struct gal_error *error);

#endif
