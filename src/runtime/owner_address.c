/*
 * owner_address.c: see owner_address.h.
 */
#include "runtime/owner_address.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PATH_PREFIX "unix:"

char *gal_owner_address_format(const char *url, const char *path)
{
        return gal_format("%s%s" PATH_PREFIX "%s", url != NULL ? url : "", url != NULL ? " " : "", path);
}

struct gal_owner_address gal_owner_address_parse(const char *text)
{
        struct gal_owner_address address = { NULL, NULL };
        size_t len;

        if (text == NULL)
                return address;
        if (strncmp(text, "http", 4) == 0) {
                len = strcspn(text, " ");
                address.url = gal_format("%.*s", (int)len, text);
                text += text[len] == ' ' ? len + 1 : len;
        }
        if (strncmp(text, PATH_PREFIX, strlen(PATH_PREFIX)) == 0)
                address.path = gal_strdup(text + strlen(PATH_PREFIX));
        return address;
}

void gal_owner_address_finish(struct gal_owner_address *address)
{
        free(address->url);
        free(address->path);
        *address = (struct gal_owner_address){ NULL, NULL };
}
