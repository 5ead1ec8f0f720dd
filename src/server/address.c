/*
 * address.c: TCP addresses: which there are, who may be listened to there, and the listening.
 *
 * Whoever reaches an open address may do everything that this process may do, functions of this machine included.
 * So an address that is not loopback needs keys. IPv4-mapped addresses and wildcards are not loopback, whatever
 * they hold.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "server/internal.h"

#define PORT_MAX 65535

union address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
};

static bool parse_port(const char *text, uint16_t *ret_port)
{
        unsigned long port;

        if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 5)
                return false;
        port = strtoul(text, NULL, 10);
        *ret_port = (uint16_t)port;
        return port <= PORT_MAX;
}

/* "[::1]" or "127.0.0.1", without the port. */
static bool parse_host(const char *text, size_t len, union address *address)
{
        char host[INET6_ADDRSTRLEN + 1];
        bool is_v6 = len >= 2 && text[0] == '[' && text[len - 1] == ']';

        if (is_v6) {
                text++;
                len -= 2;
        }
        if (len >= sizeof(host))
                return false;
        memcpy(host, text, len);
        host[len] = '\0';
        if (is_v6) {
                address->v6.sin6_family = AF_INET6;
                return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
        }
        address->v4.sin_family = AF_INET;
        return inet_pton(AF_INET, len == 0 || strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                         &address->v4.sin_addr) == 1;
}

static enum gal_status parse(const char *text, union address *address, struct gal_error *error)
{
        const char *colon = strrchr(text, ':');
        uint16_t port;

        memset(address, 0, sizeof(*address));
        if (colon == NULL || !parse_port(colon + 1, &port) || !parse_host(text, (size_t)(colon - text), address))
                return gal_fail(
                        error, GAL_EINVALID, GAL_NOWHERE,
                        "'%s' is no address to listen on: it takes an IP address and a port, 127.0.0.1:8083 or "
                        "[::1]:8083",
                        text);
        if (address->any.sa_family == AF_INET6)
                address->v6.sin6_port = htons(port);
        else
                address->v4.sin_port = htons(port);
        return GAL_OK;
}

static bool is_loopback(const union address *address)
{
        if (address->any.sa_family == AF_INET6)
                return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static socklen_t size_of(const union address *address)
{
        return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

/* (transfer full) Of a socket that is bound: its port is known. */
static char *describe(int descriptor)
{
        union address address = { .any = { .sa_family = AF_UNSPEC } };
        socklen_t size = sizeof(address);
        char host[INET6_ADDRSTRLEN] = "";

        getsockname(descriptor, &address.any, &size);
        if (address.any.sa_family == AF_INET6) {
                inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
                return gal_format("http://[%s]:%u", host, (unsigned)ntohs(address.v6.sin6_port));
        }
        inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
        return gal_format("http://%s:%u", host, (unsigned)ntohs(address.v4.sin_port));
}

/* An address of the other family stays free: [::]:8083 beside 0.0.0.0:8083 are two listeners. */
static bool bind_socket(int descriptor, const union address *address)
{
        int on = 1;

        if (address->any.sa_family == AF_INET6 &&
            setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
                return false;
        return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
               bind(descriptor, &address->any, size_of(address)) == 0;
}

static enum gal_status fail_to_listen(int failed, const char *text, struct gal_error *error)
{
        if (failed == EADDRINUSE)
                return gal_fail(error, GAL_EBUSY, GAL_NOWHERE,
                                "cannot listen on %s: another process does; choose an address with --listen, or "
                                "--listen none",
                                text);
        return gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot listen on %s: %s", text, strerror(failed));
}

static enum gal_status open_socket(const union address *address, const char *text, int *ret_descriptor,
                                   struct gal_error *error)
{
        int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int failed;

        if (descriptor >= 0 && bind_socket(descriptor, address)) {
                *ret_descriptor = descriptor;
                return GAL_OK;
        }
        failed = errno;
        if (descriptor >= 0)
                close(descriptor);
        return fail_to_listen(failed, text, error);
}

static bool is_wildcard(const union address *address)
{
        if (address->any.sa_family == AF_INET6)
                return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
        return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* (transfer full) A wildcard is reached by the machine's name, if it has one. */
static char *advertise(const union address *address, const char *url)
{
        char name[HOST_NAME_MAX + 1] = "";

        if (!is_wildcard(address) || gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
                return gal_strdup(url);
        return gal_format("http://%s%s", name, strrchr(url, ':'));
}

enum gal_status gal_tcp_bind(const char *text, bool is_open, struct gal_tcp_socket *ret_socket,
                             struct gal_error *error)
{
        union address address;
        enum gal_status status = parse(text, &address, error);

        if (status != GAL_OK)
                return status;
        if (!is_loopback(&address) && !is_open)
                return gal_fail(
                        error, GAL_EINVALID, GAL_NOWHERE,
                        "%s is open to other machines: say with --keys FILE who may use it, or with --insecure "
                        "that anybody may",
                        text);
        status = open_socket(&address, text, &ret_socket->descriptor, error);
        if (status != GAL_OK)
                return status;
        ret_socket->url = describe(ret_socket->descriptor);
        ret_socket->advertised_url = advertise(&address, ret_socket->url);
        return GAL_OK;
}

void gal_tcp_socket_finish(struct gal_tcp_socket *tcp)
{
        if (tcp->url != NULL && tcp->descriptor >= 0)
                close(tcp->descriptor);
        free(tcp->url);
        free(tcp->advertised_url);
        *tcp = (struct gal_tcp_socket){ .descriptor = -1 };
}

enum gal_status gal_server_listen_tcp(struct gal_server *server, struct gal_tcp_socket *tcp,
                                      struct gal_error *error)
{
        int descriptor = tcp->descriptor;

        if (server->listener_count == LISTENERS_MAX)
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "at most %d addresses", LISTENERS_MAX);
        if (listen(descriptor, GAL_LISTENER_BACKLOG) != 0)
                return fail_to_listen(errno, tcp->url, error); /* two may bind, one may listen */
        tcp->descriptor = -1;
        return gal_listener_add(server, descriptor, /* path= */ NULL, tcp->url, error);
}

const char *gal_server_url(const struct gal_server *server, size_t index)
{
        for (size_t i = 0; i < server->listener_count; i++) {
                if (server->listeners[i].url != NULL && index-- == 0)
                        return server->listeners[i].url;
        }
        return NULL;
}
