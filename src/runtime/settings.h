/*
 * settings.h: what a store has been given for good: the account and region of its ARNs, and keys.
 *
 * They are made when a store is first opened, by whoever comes first. ARNs are handed out and come back, so a
 * process that asks for another account or region than the store's is refused.
 */
#ifndef GAL_RUNTIME_SETTINGS_H
#define GAL_RUNTIME_SETTINGS_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

#define GAL_KEY_SIZE 32
#define GAL_ACCOUNT_USUAL "123456789012"
#define GAL_REGION_USUAL "us-east-1"

/* The keys are secret: never in a log, an answer or an error. */
struct gal_settings {
        char *account;
        char *region;
        uint8_t token_key[GAL_KEY_SIZE];      /* authenticates task tokens */
        uint8_t forwarding_key[GAL_KEY_SIZE]; /* authenticates requests that one process forwards to another */
};

/* Whose a store is to be. Borrowed, all nullable. */
struct gal_owner_wish {
        const char *account; /* NULL: what the store has */
        const char *region;
        const char *account_usual; /* for a store that has none yet; NULL: GAL_ACCOUNT_USUAL */
        const char *region_usual;
};

/*
 * Reads the settings of a prepared store, making those that are not there. GAL_EINVALID: the store has another
 * account or region than the one wished for, or that is none. GAL_EIO. Release with gal_settings_finish(), also of
 * zeroes.
 */
GAL_MUST_USE enum gal_status gal_settings_open(struct gal_store *store, const struct gal_owner_wish *wish,
                                               struct gal_settings *ret_settings, struct gal_error *error);
/* The forwarding key as the secret of an access key. */
void gal_settings_secret(const struct gal_settings *settings, char ret_secret[2 * GAL_KEY_SIZE + 1]);
void gal_settings_finish(struct gal_settings *settings);

#endif
