/*
 * settings.c: see settings.h.
 */
#include "runtime/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"

#define REGION_SIZE_MAX 32

static bool is_account(const char *text)
{
        return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

static bool is_region(const char *text)
{
        size_t len = strlen(text);

        return len > 0 && len <= REGION_SIZE_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static const struct place {
        const char *name;
        const char *usual;
        bool (*is_valid)(const char *text);
        const char *form;
        const char *option;
        const char *variable;
} account_place = { "account", GAL_ACCOUNT_USUAL, is_account, "twelve digits", "--account", "GALLIARD_ACCOUNT" },
  region_place = { "region",   GAL_REGION_USUAL, is_region, "small letters, digits and hyphens, as in eu-west-1",
                   "--region", "GALLIARD_REGION" };

/* `*ret_value` (transfer full): what the store has, which is `value` if it had nothing. */
static enum gal_status read_or_add(struct gal_store *store, const char *name, const char *value, size_t len,
                                   char **ret_value, size_t *ret_len, struct gal_error *error)
{
        enum gal_status status = store->ops->read_setting(store, name, ret_value, ret_len, error);

        if (status != GAL_OK || *ret_value != NULL)
                return status;
        status = store->ops->add_setting(store, name, value, len, error);
        if (status == GAL_OK) /* another process may have been faster */
                status = store->ops->read_setting(store, name, ret_value, ret_len, error);
        if (status == GAL_OK && *ret_value == NULL)
                status = gal_fail(error, GAL_EIO, GAL_NOWHERE, "the store has not kept its %s", name);
        return status;
}

static enum gal_status open_place(struct gal_store *store, const struct place *place, const char *wanted,
                                  const char *usual, char **ret_value, struct gal_error *error)
{
        const char *value = wanted != NULL ? wanted : usual != NULL ? usual : place->usual;
        enum gal_status status;
        size_t len;

        if (!place->is_valid(value))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "'%s' is no %s: %s", value, place->name,
                                place->form);
        status = read_or_add(store, place->name, value, strlen(value), ret_value, &len, error);
        if (status != GAL_OK || wanted == NULL || strcmp(wanted, *ret_value) == 0)
                return status;
        return gal_fail(
                error, GAL_EINVALID, GAL_NOWHERE,
                "the store has %s %s, not %s, and its ARNs say so; leave out %s and %s, or use another store",
                place->name, *ret_value, wanted, place->option, place->variable);
}

static enum gal_status open_key(struct gal_store *store, const char *name, uint8_t key[GAL_KEY_SIZE],
                                struct gal_error *error)
{
        char fresh[GAL_KEY_SIZE];
        char *value = NULL;
        enum gal_status status;
        size_t len = 0;

        if (getrandom(fresh, sizeof(fresh), 0) != (ssize_t)sizeof(fresh))
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "no randomness: getrandom: %s", strerror(errno));
        status = read_or_add(store, name, fresh, sizeof(fresh), &value, &len, error);
        if (status == GAL_OK && len != GAL_KEY_SIZE)
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "the store's %s has not %d bytes", name,
                                  GAL_KEY_SIZE);
        if (status == GAL_OK)
                memcpy(key, value, GAL_KEY_SIZE);
        if (value != NULL)
                explicit_bzero(value, len);
        explicit_bzero(fresh, sizeof(fresh));
        free(value);
        return status;
}

enum gal_status gal_settings_open(struct gal_store *store, const struct gal_owner_wish *wish,
                                  struct gal_settings *ret_settings, struct gal_error *error)
{
        struct gal_settings settings = { .account = NULL };
        enum gal_status status =
                open_place(store, &account_place, wish->account, wish->account_usual, &settings.account, error);

        if (status == GAL_OK)
                status =
                        open_place(store, &region_place, wish->region, wish->region_usual, &settings.region, error);
        if (status == GAL_OK)
                status = open_key(store, "token_key", settings.token_key, error);
        if (status == GAL_OK)
                status = open_key(store, "forwarding_key", settings.forwarding_key, error);
        if (status == GAL_OK)
                *ret_settings = settings;
        else
                gal_settings_finish(&settings);
        return status;
}

void gal_settings_secret(const struct gal_settings *settings, char ret_secret[2 * GAL_KEY_SIZE + 1])
{
        for (size_t i = 0; i < GAL_KEY_SIZE; i++)
                snprintf(ret_secret + 2 * i, 3, "%02x", settings->forwarding_key[i]);
}

void gal_settings_finish(struct gal_settings *settings)
{
        free(settings->account);
        free(settings->region);
        explicit_bzero(settings, sizeof(*settings));
}
