/*
 * internal.h: what the files of server/ share; nobody else includes it.
 *
 * Lives of the objects: a client from accept to close of its connection; a request from its headers until both
 * libmicrohttpd and the engine have let go of it. The engine may answer after the client has gone, and after the
 * server has: `connection` and `server` are NULL then, and the answer only frees the request.
 */
#ifndef GAL_SERVER_INTERNAL_H
#define GAL_SERVER_INTERNAL_H

#include <microhttpd.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/api.h"
#include "base/buffer.h"
#include "base/random.h"
#include "server/server.h"

struct gal_loop;
struct gal_timer;
struct gal_watch;

/* The Unix socket, a TCP address, and room for the other family of loopback. */
#define LISTENERS_MAX 3

struct client {
        LIST_ENTRY(client) link; /* in gal_server.clients */
        int descriptor;          /* libmicrohttpd's */
        int64_t since_ms;        /* it owes us something (a request, the taking of an answer) since then */
        bool is_waiting;         /* we owe it an answer */
};

struct request {
        LIST_ENTRY(request) link; /* in gal_server.requests, while there is a connection */
        struct gal_server *server;
        struct client *client;
        struct MHD_Connection *connection;
        struct gal_buffer body;
        char *action; /* NULL: GET /health, or the request is refused */
        int refusal;  /* HTTP status; 0: none so far */
        const char *refusal_type;
        const char *refusal_message;
        bool in_api; /* gal_api_call() was called and has not answered */
        bool is_suspended;
        int status; /* of the answer; 0: none yet */
        struct MHD_Response *response;
};

struct listener {
        struct gal_server *server;
        struct MHD_Daemon *daemon;
        struct gal_watch *watch;
        struct gal_timer *timer;
        int descriptor; /* -1 when closed */
        char *path;     /* of a Unix domain socket; NULL: TCP */
};

struct gal_server {
        struct gal_loop *loop;
        struct gal_runtime *runtime;
        struct gal_api api;
        const struct gal_log *log;
        int64_t client_ms_max;
        struct gal_random ids; /* of answers */
        struct listener listeners[LISTENERS_MAX];
        size_t listener_count;
        LIST_HEAD(, client) clients;
        LIST_HEAD(, request) requests;
        size_t request_count;
        size_t bodies_size; /* of all requests together */
        struct gal_timer *sweep_timer;
        bool is_quiet;
};

/* server.c: a connection was resumed; its daemon does not wake by itself. */
void gal_server_wake(struct gal_server *server);

/* listener.c */
void gal_listener_run(struct listener *listener);
void gal_listener_quiesce(struct listener *listener);
void gal_listener_finish(struct listener *listener);

/* request.c: callbacks of libmicrohttpd. */
enum MHD_Result gal_request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data, size_t *data_len,
                                   void **slot);
void gal_request_completed(void *user, struct MHD_Connection *connection, void **slot,
                           enum MHD_RequestTerminationCode code);
/* Answers what waits for the engine, and forgets that it does. */
void gal_request_abandon(struct request *request);

#endif
