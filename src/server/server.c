/*
 * server.c: making, ending, and the time that clients get.
 */
#include "server/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "api/validate.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "server/forward.h"
#include "server/internal.h"
#include "server/keys.h"
#include "server/metrics.h"

#define SWEEP_MS_MAX 1000
/* What connections get at the end to take their answers. */
#define FAREWELL_MS 500

static void plan_sweep(struct gal_server *server)
{
        gal_timer_start(server->sweep_timer,
                        server->client_ms_max < SWEEP_MS_MAX ? server->client_ms_max : SWEEP_MS_MAX);
}

/* Clients. */

void gal_client_waits(struct gal_server *server, struct client *client)
{
        if (!client->is_waiting)
                TAILQ_REMOVE(&server->owing, client, link);
        client->is_waiting = true;
}

void gal_client_owes(struct gal_server *server, struct client *client)
{
        gal_client_waits(server, client);
        client->is_waiting = false;
        client->since_ms = gal_loop_now(server->loop);
        TAILQ_INSERT_TAIL(&server->owing, client, link);
}

/* libmicrohttpd sees the end of the connection and closes it. */
static void cut_off(struct gal_server *server, struct client *client)
{
        gal_client_waits(server, client);
        shutdown(client->descriptor, SHUT_RDWR);
}

/* A new client is worth more than one that rests, or does not get on with its request. */
void gal_server_make_room(struct gal_server *server)
{
        struct client *client = TAILQ_FIRST(&server->owing);

        if (client != NULL && server->client_count + server->client_max / 32 + 1 >= server->client_max)
                cut_off(server, client);
}

/*
 * libmicrohttpd closes a connection on which nothing moves; a byte now and then is enough to keep it. So whoever
 * owes us a whole request, or the taking of an answer, for too long is cut off.
 */
static void sweep(void *user)
{
        struct gal_server *server = user;
        int64_t now_ms = gal_loop_now(server->loop);
        struct client *client;

        while ((client = TAILQ_FIRST(&server->owing)) != NULL && now_ms - client->since_ms > server->client_ms_max)
                cut_off(server, client);
        plan_sweep(server);
}

/* Half of the descriptors are for the rest of the process: the store, the pipes of functions, calls. */
static size_t count_clients_max(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 > GAL_SERVER_CONNECTIONS_MAX)
                return GAL_SERVER_CONNECTIONS_MAX;
        return limit.rlim_cur < 64 ? 32 : (size_t)limit.rlim_cur / 2;
}

static int64_t now_ms(void *user)
{
        return gal_runtime_now_ms(user);
}

static void poke(void *user)
{
        gal_runtime_poke(user);
}

static void purge(void *user, int64_t closed_before_ms, gal_api_purge_done done, void *done_user)
{
        gal_runtime_purge(user, closed_before_ms, done, done_user);
}

enum gal_status gal_server_create(const struct gal_server_options *options, struct gal_server **ret_server,
                                  struct gal_error *error)
{
        struct gal_server *server = gal_new(struct gal_server);
        enum gal_status status;

        if (getrandom(server->ids.state, sizeof(server->ids.state), 0) != (ssize_t)sizeof(server->ids.state)) {
                free(server);
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "no randomness: getrandom: %s", strerror(errno));
        }
        server->runtime = options->runtime;
        server->loop = gal_runtime_loop(options->runtime);
        server->log = options->log;
        server->client_ms_max = options->client_ms_max > 0 ? options->client_ms_max : GAL_SERVER_CLIENT_MS_MAX;
        server->validator = gal_validator_create();
        server->api = (struct gal_api){ .store = gal_runtime_store(options->runtime),
                                        .validator = server->validator,
                                        .account = gal_runtime_account(options->runtime),
                                        .region = gal_runtime_region(options->runtime),
                                        .now_ms = now_ms,
                                        .poke = poke,
                                        .purge = purge,
                                        .user = options->runtime,
                                        .has_gone = gal_request_has_gone };
        TAILQ_INIT(&server->owing);
        server->client_max = count_clients_max();
        server->waiting_max =
                server->client_max / 2 < GAL_SERVER_REQUESTS_MAX ? server->client_max / 2 : GAL_SERVER_REQUESTS_MAX;
        status = gal_forwarder_create(options->runtime, &server->forwarder, error);
        if (status != GAL_OK) {
                gal_validator_destroy(server->validator);
                free(server);
                return status;
        }
        gal_runtime_forwarding_secret(options->runtime, server->forwarding_secret);
        memcpy(server->forwarding_id, GAL_FORWARDING_KEY_ID, sizeof(server->forwarding_id));
        server->forwarding_key = (struct gal_key){
                .id = server->forwarding_id,
                .secret = server->forwarding_secret,
                .user = server->forwarding_id,
                .signing = { .id = server->forwarding_id, .secret = server->forwarding_secret },
        };
        server->metrics = gal_metrics_create();
        LIST_INIT(&server->requests);
        server->sweep_timer = gal_timer_create(server->loop, sweep, server);
        plan_sweep(server);
        *ret_server = server;
        return GAL_OK;
}

void gal_server_set_keys(struct gal_server *server, struct gal_keys *keys)
{
        gal_keys_destroy(server->keys);
        server->keys = keys;
}

void gal_server_quiesce(struct gal_server *server)
{
        struct request *request;

        server->is_quiet = true;
        for (size_t i = 0; i < server->listener_count; i++)
                gal_listener_quiesce(&server->listeners[i]);
        LIST_FOREACH(request, &server->requests, link)
        gal_request_hasten(request);
}

size_t gal_server_pending(const struct gal_server *server)
{
        return server->request_count;
}

void gal_server_wake(struct gal_server *server)
{
        for (size_t i = 0; i < server->listener_count; i++)
                gal_timer_start(server->listeners[i].timer, 0);
}

static void run_listeners(struct gal_server *server)
{
        for (size_t i = 0; i < server->listener_count; i++)
                gal_listener_run(&server->listeners[i]);
}

/* libmicrohttpd panics when it is stopped with suspended connections, so each gets an answer first. */
static void say_farewell(struct gal_server *server)
{
        int64_t end_ms = gal_loop_now(server->loop) + FAREWELL_MS;
        struct request *request;

        LIST_FOREACH(request, &server->requests, link)
        gal_request_abandon(request);
        run_listeners(server);
        while (server->request_count > 0 && gal_loop_now(server->loop) < end_ms) {
                gal_loop_turn(server->loop, 10);
                run_listeners(server);
        }
        /* One that came in meanwhile may wait, too. */
        LIST_FOREACH(request, &server->requests, link)
        gal_request_abandon(request);
        run_listeners(server);
}

void gal_server_destroy(struct gal_server *server)
{
        if (server == NULL)
                return;
        gal_server_quiesce(server);
        gal_forwarder_destroy(server->forwarder);
        say_farewell(server);
        for (size_t i = 0; i < server->listener_count; i++)
                gal_listener_finish(&server->listeners[i]);
        gal_timer_destroy(server->sweep_timer);
        gal_metrics_destroy(server->metrics);
        gal_keys_destroy(server->keys);
        gal_validator_destroy(server->validator);
        explicit_bzero(server->forwarding_secret, sizeof(server->forwarding_secret));
        free(server);
}
