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
#include "runtime/owner_address.h"
#include "runtime/settings.h"
#include "server/keys.h"
#include "server/server.h"

struct gal_forwarder;
struct gal_loop;
struct gal_metrics;
struct gal_timer;
struct gal_watch;

/* Connections that wait to be accepted: a burst of clients that all come at once. */
#define GAL_LISTENER_BACKLOG 1024
/* The Unix socket, and a TCP address of either family. */
#define LISTENERS_MAX 3

struct client {
        TAILQ_ENTRY(client) link; /* in gal_server.owing, unless it is waiting */
        int descriptor;           /* libmicrohttpd's */
        int64_t since_ms;         /* it owes us something (a request, the taking of an answer) since then */
        bool is_waiting;          /* we owe it an answer */
};

/* What GET answers. */
enum page { PAGE_NONE, PAGE_HEALTH, PAGE_READY, PAGE_METRICS };

struct request {
        LIST_ENTRY(request) link; /* in gal_server.requests, while there is a connection */
        struct gal_server *server;
        struct listener *listener;
        struct client *client;
        struct MHD_Connection *connection;
        struct gal_buffer body;
        enum page page;
        int64_t begun_ns; /* monotonic */
        bool has_headers;
        bool is_known; /* `action` is one of ours */
        bool writes;
        char *action; /* NULL: a page is asked for, or the request is refused */
        int refusal;  /* HTTP status; 0: none so far */
        const char *refusal_type;
        const char *refusal_message;
        char *denial;              /* what that points at, when it is not a constant */
        bool is_forwarded;         /* by a process of the same store, which does not own it */
        char *query;               /* of the URL, as it came; NULL: none */
        bool in_api;               /* gal_api_call() was called and has not answered */
        struct gal_api_wait *wait; /* for something that may not come; the client may leave before that */
        struct gal_watch *watch;   /* for its leaving */
        bool is_counted;           /* in gal_server.waiting_count or .poll_count */
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
        char *url;      /* of a TCP address; else NULL */
};

struct gal_server {
        struct gal_loop *loop;
        struct gal_runtime *runtime;
        struct gal_api api;
        struct gal_validator *validator;
        const struct gal_log *log;
        struct gal_keys *keys; /* NULL: there are none, everybody may do everything */
        struct gal_forwarder *forwarder;
        char forwarding_id[sizeof(GAL_FORWARDING_KEY_ID)];
        char forwarding_secret[2 * GAL_KEY_SIZE + 1];
        struct gal_key forwarding_key; /* of those who stand by: everything is allowed, others have looked */
        struct gal_metrics *metrics;
        int64_t client_ms_max;
        struct gal_random ids; /* of answers */
        struct listener listeners[LISTENERS_MAX];
        size_t listener_count;
        TAILQ_HEAD(, client) owing; /* clients, the one that has owed us something longest first */
        size_t client_count;
        size_t client_max;
        bool has_room_again; /* one has gone at the bound; see gal_listener_run() */
        LIST_HEAD(, request) requests;
        size_t request_count;
        size_t waiting_count; /* of them those that wait for a commit, */
        size_t waiting_max;
        size_t poll_count;  /* and for what may not come */
        size_t bodies_size; /* of all requests together */
        struct gal_timer *sweep_timer;
        bool is_quiet;
};

/* server.c: a client begins to owe us something now; or ceases to. */
void gal_client_owes(struct gal_server *server, struct client *client);
void gal_client_waits(struct gal_server *server, struct client *client);
/* Room for one more connection is made. */
void gal_server_make_room(struct gal_server *server);
/* server.c: a connection was resumed; its daemon does not wake by itself. */
void gal_server_wake(struct gal_server *server);

/* listener.c: the socket is listening; takes it, also on failure. `path` or `url` is copied, the other is NULL. */
enum gal_status gal_listener_add(struct gal_server *server, int descriptor, const char *path, const char *url,
                                 struct gal_error *error);
void gal_listener_run(struct listener *listener);
void gal_listener_quiesce(struct listener *listener);
void gal_listener_finish(struct listener *listener);

/* request.c: what a request is refused with, unless it was before. `type` and `message` must outlive it. */
void gal_request_refuse(struct request *request, int status, const char *type, const char *message);
/*
 * access.c: whether whoever sent the request may do what it asks for; else it is refused. The first one looks at
 * the headers only, and finds out early about those who have no key.
 */
void gal_access_check_headers(struct request *request);
void gal_access_check(struct request *request);
/* pages.c: (transfer full) the text of a page; its status and type come back. */
char *gal_page_make(struct gal_server *server, enum page page, int *ret_status, const char **ret_content_type);
/* request.c: callbacks of libmicrohttpd. */
enum MHD_Result gal_request_handle(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data, size_t *data_len,
                                   void **slot);
void gal_request_completed(void *user, struct MHD_Connection *connection, void **slot,
                           enum MHD_RequestTerminationCode code);
/* The request line is there; makes the request. */
void *gal_request_begin(void *user, const char *uri, struct MHD_Connection *connection);
/* Answers what waits for the engine, and forgets that it does. */
void gal_request_abandon(struct request *request);
/* What waits for something that may not come need not wait any more. */
void gal_request_hasten(struct request *request);
/* Whether the client of a request (a `struct request`) has left. */
bool gal_request_has_gone(void *user);

#endif
