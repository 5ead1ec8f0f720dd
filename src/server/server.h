/*
 * server.h: the AWS JSON protocol over HTTP: POST / with X-Amz-Target: AWSStepFunctions.<Action>; and for those who
 * look after it GET /health, /ready and /metrics.
 *
 * Runs in the loop of a runtime. Actions that write are answered by its engine when they are committed; until then
 * their connection rests. While this process does not own the store they are handed to the
 * process that does.
 */
#ifndef GAL_SERVER_SERVER_H
#define GAL_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_keys;
struct gal_log;
struct gal_runtime;
struct gal_server;

struct gal_server_options {
        struct gal_runtime *runtime; /* borrowed; must live longer */
        int64_t client_ms_max;       /* 0: GAL_SERVER_CLIENT_MS_MAX */
        const struct gal_log *log;   /* nullable; borrowed */
};

/* A server that listens nowhere yet. GAL_EIO: no randomness. */
GAL_MUST_USE enum gal_status gal_server_create(const struct gal_server_options *options,
                                               struct gal_server **ret_server, struct gal_error *error);
/*
 * Stops listening, answers what still waits with 503, gives connections a moment to take their answers, and closes
 * them. To be called before the runtime is destroyed. Accepts NULL.
 */
void gal_server_destroy(struct gal_server *server);

/*
 * Listens on a Unix domain socket that only this user may use. The caller owns the store that the socket belongs
 * to, so a socket that is there already is a dead process's and is replaced; any other file is not. GAL_EBUSY:
 * somebody listens there. GAL_ELIMIT: a path longer than the system allows. GAL_EIO.
 */
GAL_MUST_USE enum gal_status gal_server_listen_unix(struct gal_server *server, const char *path,
                                                    struct gal_error *error);
/* Whether a Unix domain socket can have that path. */
bool gal_server_unix_path_fits(const char *path);

/*
 * Takes the keys that requests on TCP addresses must be signed with from now on, in place of those it had; NULL:
 * they need not be signed. Whoever reaches the Unix domain socket is its owner, and needs none.
 */
void gal_server_set_keys(struct gal_server *server, struct gal_keys *keys);

/* A TCP address that is taken, and not listened on yet: who comes too early is refused, not kept waiting. */
struct gal_tcp_socket {
        int descriptor;       /* -1: the server has it */
        char *url;            /* "http://127.0.0.1:8083" */
        char *advertised_url; /* by which other machines reach it, if they do */
};

/*
 * Takes an address: 127.0.0.1:8083, [::1]:8083, localhost:8083; without a host 127.0.0.1 is meant, port 0 is any
 * free one. `is_open`: it may be one that other machines reach. GAL_EINVALID: no such address, or it may not.
 * GAL_EBUSY: the address is in use. GAL_EIO. Release with gal_tcp_socket_finish().
 */
GAL_MUST_USE enum gal_status gal_tcp_bind(const char *address, bool is_open, struct gal_tcp_socket *ret_socket,
                                          struct gal_error *error);
void gal_tcp_socket_finish(struct gal_tcp_socket *tcp); /* accepts zeroes */
/* Listens there; the server has the descriptor then. GAL_EIO, GAL_EBUSY, GAL_ELIMIT. */
GAL_MUST_USE enum gal_status gal_server_listen_tcp(struct gal_server *server, struct gal_tcp_socket *tcp,
                                                   struct gal_error *error);
/* (transfer none) "http://127.0.0.1:8083", in the order of listening; NULL past the last one. */
const char *gal_server_url(const struct gal_server *server, size_t index);

/* From now on new connections are not taken and new requests are refused with 503. */
void gal_server_quiesce(struct gal_server *server);
/* Requests that came in and whose answers have not gone out. */
size_t gal_server_pending(const struct gal_server *server);

#endif
