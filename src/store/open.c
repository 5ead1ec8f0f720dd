/*
 * open.c: which backend an URL means.
 */
#include "store/store.h"

#include <string.h>

/* What follows the scheme; NULL: another scheme. */
static const char *after(const char *url, const char *scheme)
{
        size_t len = strlen(scheme);

        return strncmp(url, scheme, len) == 0 ? url + len : NULL;
}

enum gal_status gal_store_open(const char *url, struct gal_store **ret_store, struct gal_error *error)
{
        const char *rest = after(url, "memory:");

        if (rest != NULL && rest[0] == '\0') {
                *ret_store = gal_store_memory_create();
                return GAL_OK;
        }
        rest = after(url, "sqlite:");
        if (rest != NULL)
                return gal_store_sqlite_open(rest, ret_store, error);
        if (after(url, "postgresql://") != NULL || after(url, "postgres://") != NULL)
                return gal_store_postgres_open(url, ret_store, error);
        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                        "\"%s\" names no store; it is memory:, sqlite:FILE or postgresql://...", url);
}
