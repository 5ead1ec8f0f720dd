/*
 * keys.h: who may do what: a file of access keys, each with the actions and resources that it is good for.
 *
 *   [
 *     { "accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "...", "user": "ci",
 *       "actions": ["StartExecution", "Describe*"],
 *       "resources": ["arn:aws:states:us-east-1:123456789012:stateMachine:orders*"] }
 *   ]
 *
 * In a pattern `*` stands for any run of characters, `?` for one; actions may begin with "states:". Without
 * "actions" or "resources" a key is good for all of them; "user" is its name in refusals, the accessKeyId unless
 * given. A file with a mistake is refused as a whole. Immutable once loaded. Secrets are in no message of ours.
 */
#ifndef GAL_SERVER_KEYS_H
#define GAL_SERVER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "net/sigv4.h"

struct gal_keys;

struct gal_key {
        struct gal_sigv4_key signing; /* borrows the texts below */
        char *id;
        char *secret;
        char *user;
        char **actions; /* NULL-terminated patterns; NULL: all */
        char **resources;
};

/*
 * Reads a file; the message says its name, and the place. `ret_is_exposed`: others than its owner may read it.
 * Fails with GAL_ENOTFOUND or GAL_EIO (the file), GAL_ESYNTAX, GAL_EINVALID, GAL_ELIMIT.
 */
GAL_MUST_USE enum gal_status gal_keys_load(const char *path, struct gal_keys **ret_keys, bool *ret_is_exposed,
                                           struct gal_error *error);
void gal_keys_destroy(struct gal_keys *keys); /* accepts NULL */

size_t gal_keys_count(const struct gal_keys *keys);
/* (transfer none) NULL: no such key. */
const struct gal_key *gal_keys_find(const struct gal_keys *keys, const char *id, size_t len);

/* "StartExecution"; an ARN, or "*" for an action that names none. */
bool gal_key_allows_action(const struct gal_key *key, const char *action);
bool gal_key_allows_resource(const struct gal_key *key, const char *resource);

/* `*` and `?` as above; letters as they are. */
bool gal_pattern_matches(const char *pattern, const char *text);

#endif
