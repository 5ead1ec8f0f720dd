/*
 * listener.c: one libmicrohttpd daemon on one listening socket, in our loop.
 *
 * The daemon has an epoll descriptor of its own that the loop watches, and a time by which it wants to be run. The
 * trap: MHD_run() leaves work behind when it has done some, and says so only by its next timeout, so that is asked
 * after every run. Another one: at the bound of connections it takes its listening socket out of the epoll set, and
 * puts it back at the beginning of a run; when one that frees a place is the last for now, nothing says that
 * another run is due.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/loop.h"
#include "server/internal.h"

/* A request's line and headers; a signed one of an SDK has about 2 KiB. */
#define HEADERS_SIZE_MAX 32768

/* Running. */

void gal_listener_run(struct listener *listener)
{
        unsigned long long timeout_ms;

        MHD_run(listener->daemon);
        if (MHD_get_timeout(listener->daemon, &timeout_ms) != MHD_YES)
                gal_timer_stop(listener->timer);
        else /* the bound is for the arithmetic of timers; waking once an hour costs nothing */
                gal_timer_start(listener->timer, timeout_ms < 3600000 ? (int64_t)timeout_ms : 3600000);
        if (listener->server->has_room_again) {
                listener->server->has_room_again = false;
                gal_server_wake(listener->server);
        }
}

static void descriptor_ready(void *user, int events)
{
        (void)events;
        gal_listener_run(user);
}

static void timer_fired(void *user)
{
        gal_listener_run(user);
}

static void connection_changed(void *user, struct MHD_Connection *connection, void **slot,
                               enum MHD_ConnectionNotificationCode code)
{
        const union MHD_ConnectionInfo *info;
        struct gal_server *server = user;
        struct client *client;

        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
                gal_server_make_room(server);
                client = gal_new(struct client);
                client->descriptor = info->connect_fd;
                client->is_waiting = true;
                server->client_count++;
                gal_client_owes(server, client);
                *slot = client;
        } else if (*slot != NULL) {
                client = *slot;
                gal_client_waits(server, client); /* off the list */
                server->has_room_again = server->has_room_again || server->client_count >= server->client_max;
                server->client_count--;
                free(client);
                *slot = NULL;
        }
}

/* Its complaints are about clients: not worth more than a look when one asks for it. */
static void log_message(void *user, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void log_message(void *user, const char *format, va_list args)
{
        const struct gal_server *server = user;
        char line[256];

        vsnprintf(line, sizeof(line), format, args);
        line[strcspn(line, "\n")] = '\0';
        gal_log(server->log, GAL_LOG_DEBUG, "http: %s", line);
}

static enum gal_status start_daemon(struct listener *listener, struct gal_error *error)
{
        struct gal_server *server = listener->server;
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

        listener->daemon = MHD_start_daemon(
                flags, 0, NULL, NULL, gal_request_handle, listener, MHD_OPTION_EXTERNAL_LOGGER, log_message, server,
                MHD_OPTION_LISTEN_SOCKET, listener->descriptor, MHD_OPTION_CONNECTION_LIMIT,
                (unsigned)server->client_max, MHD_OPTION_CONNECTION_TIMEOUT,
                (unsigned)((server->client_ms_max + 999) / 1000), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)HEADERS_SIZE_MAX, MHD_OPTION_URI_LOG_CALLBACK, gal_request_begin, listener,
                MHD_OPTION_NOTIFY_COMPLETED, gal_request_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
                connection_changed, server, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
        if (listener->daemon == NULL)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "the HTTP server cannot be started");
        return GAL_OK;
}

enum gal_status gal_listener_add(struct gal_server *server, int descriptor, const char *path, const char *url,
                                 struct gal_error *error)
{
        struct listener *listener = &server->listeners[server->listener_count];
        const union MHD_DaemonInfo *info;
        enum gal_status status;

        gal_assert(server->listener_count < LISTENERS_MAX);
        *listener = (struct listener){
                .server = server, .descriptor = descriptor, .path = gal_strdup(path), .url = gal_strdup(url)
        };
        status = start_daemon(listener, error);
        if (status != GAL_OK)
                goto undo_socket;
        info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        status =
                gal_watch_create(server->loop, info->epoll_fd, descriptor_ready, listener, &listener->watch, error);
        if (status != GAL_OK)
                goto undo_daemon;
        listener->timer = gal_timer_create(server->loop, timer_fired, listener);
        server->listener_count++;
        gal_watch_set(listener->watch, GAL_WATCH_READ);
        gal_listener_run(listener);
        return GAL_OK;
undo_daemon:
        MHD_stop_daemon(listener->daemon);
        listener->descriptor = -1; /* closed by that */
undo_socket:
        if (listener->descriptor >= 0)
                close(listener->descriptor);
        if (path != NULL)
                unlink(path);
        free(listener->path);
        free(listener->url);
        return status;
}

/* What is in the backlog is refused by the closing of the socket. */
void gal_listener_quiesce(struct listener *listener)
{
        if (listener->descriptor < 0)
                return;
        if (listener->path != NULL)
                unlink(listener->path);
        close(MHD_quiesce_daemon(listener->daemon));
        listener->descriptor = -1;
}

void gal_listener_finish(struct listener *listener)
{
        listener->watch = gal_watch_destroy(listener->watch);
        listener->timer = gal_timer_destroy(listener->timer);
        MHD_stop_daemon(listener->daemon);
        free(listener->path);
        free(listener->url);
}

/* Unix domain sockets. */

bool gal_server_unix_path_fits(const char *path)
{
        return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

/* A socket that nobody listens on is left from a process that was killed. */
static enum gal_status remove_stale(const struct sockaddr_un *address, struct gal_error *error)
{
        struct stat info;
        int probe;
        bool answers;

        if (lstat(address->sun_path, &info) != 0)
                return GAL_OK;
        if (!S_ISSOCK(info.st_mode))
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s is in the way: not a socket", address->sun_path);
        probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        answers = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0;
        if (probe >= 0)
                close(probe);
        if (answers)
                return gal_fail(error, GAL_EBUSY, GAL_NOWHERE, "another process listens on %s", address->sun_path);
        unlink(address->sun_path);
        return GAL_OK;
}

/* On Linux the file gets the mode that the socket has before it is bound: it is never open to others. */
static bool bind_private(int descriptor, const struct sockaddr_un *address)
{
        return fchmod(descriptor, S_IRUSR | S_IWUSR) == 0 &&
               bind(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
               listen(descriptor, GAL_LISTENER_BACKLOG) == 0;
}

enum gal_status gal_server_listen_unix(struct gal_server *server, const char *path, struct gal_error *error)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        enum gal_status status;
        int descriptor;

        if (!gal_server_unix_path_fits(path))
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "%s: too long for the path of a socket", path);
        if (server->listener_count == LISTENERS_MAX)
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "at most %d addresses", LISTENERS_MAX);
        memcpy(address.sun_path, path, strlen(path));
        status = remove_stale(&address, error);
        if (status != GAL_OK)
                return status;
        descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (descriptor < 0 || !bind_private(descriptor, &address)) {
                gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot listen on %s: %s", path, strerror(errno));
                if (descriptor >= 0)
                        close(descriptor);
                return GAL_EIO;
        }
        return gal_listener_add(server, descriptor, path, /* url= */ NULL, error);
}
