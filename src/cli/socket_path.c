/*
 * socket_path.c: see socket_path.h.
 */
#include "cli/socket_path.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/client.h"
#include "server/server.h"

/* (transfer full) NULL: its directory is not there. The file need not be. */
static char *make_absolute(const char *file)
{
        gal_auto_free char *copy = gal_strdup(file);
        gal_auto_free char *other_copy = gal_strdup(file);
        gal_auto_free char *directory = realpath(dirname(copy), NULL);

        return directory == NULL ? NULL : gal_format("%s/%s.sock", directory, basename(other_copy));
}

static enum gal_status make_elsewhere(struct gal_socket_path *ret_path, struct gal_error *error)
{
        static const char *const variables[] = { "XDG_RUNTIME_DIR", "TMPDIR" };
        const char *base = "/tmp";
        gal_auto_free char *directory = NULL;

        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
                const char *value = getenv(variables[i]);

                if (value != NULL && value[0] == '/' && access(value, W_OK) == 0) {
                        base = value;
                        break;
                }
        }
        directory = gal_format("%s/galliard-XXXXXX", base);
        if (mkdtemp(directory) == NULL)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot make a directory for the socket in %s: %s",
                                base, strerror(errno));
        ret_path->path = gal_format("%s/serve.sock", directory);
        ret_path->directory = gal_take(directory);
        return GAL_OK;
}

enum gal_status gal_socket_path_make(const char *store_url, struct gal_socket_path *ret_path,
                                     struct gal_error *error)
{
        const char *file = gal_client_file(store_url);
        gal_auto_free char *beside = file == NULL ? NULL : make_absolute(file);

        if (file != NULL && beside == NULL)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", file, strerror(errno));
        if (beside == NULL || !gal_server_unix_path_fits(beside))
                return make_elsewhere(ret_path, error);
        ret_path->path = gal_take(beside);
        ret_path->directory = NULL;
        return GAL_OK;
}

void gal_socket_path_finish(struct gal_socket_path *path)
{
        if (path->directory != NULL)
                rmdir(path->directory);
        free(path->path);
        free(path->directory);
        *path = (struct gal_socket_path){ NULL, NULL };
}
