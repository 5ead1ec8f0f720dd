/*
 * socket_path.h: where the owner of a store listens.
 */
#ifndef GAL_CLI_SOCKET_PATH_H
#define GAL_CLI_SOCKET_PATH_H

#include "base/error.h"

/* A Unix domain socket's absolute path. */
struct gal_socket_path {
        char *path;
        char *directory; /* made for it, to be removed with it; NULL: none */
};

/*
 * FILE.sock beside an SQLite file. For other stores, and where that is longer than the system allows, a place in a
 * directory of its own under XDG_RUNTIME_DIR, TMPDIR or /tmp. GAL_EIO.
 */
GAL_MUST_USE enum gal_status gal_socket_path_make(const char *store_url, struct gal_socket_path *ret_path,
                                                  struct gal_error *error);
/* The socket itself has been removed before. */
void gal_socket_path_finish(struct gal_socket_path *path);

#endif
