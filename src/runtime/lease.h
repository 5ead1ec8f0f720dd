/*
 * lease.h: the thread that becomes the owner of a store and keeps it so: it takes the lease when it is asked to and
 * renews it from then on, whatever commits and the loop are busy with. Answers come back in the loop.
 *
 * The lease's end is told by the clock that goes on while the machine sleeps, from before the store was asked: it
 * is never later here than where the others look.
 */
#ifndef GAL_RUNTIME_LEASE_H
#define GAL_RUNTIME_LEASE_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

struct gal_lease;
struct gal_loop;

struct gal_lease_callbacks {
        /* GAL_OK: it is held. Else as gal_store_ops.acquire() says. */
        void (*acquired)(void *user, enum gal_status status, const char *message);
        /* It was held, and could not be renewed. */
        void (*lost)(void *user, const char *message);
        void *user;
};

/* `store` is borrowed, `address` (nullable) is where the owner takes forwarded requests. */
GAL_MUST_USE enum gal_status gal_lease_create(struct gal_loop *loop, struct gal_store *store, const char *address,
                                              const struct gal_lease_callbacks *callbacks,
                                              struct gal_lease **ret_lease, struct gal_error *error);
/* Waits for what is under way (a few seconds at most) and tells nobody. The store gives the lease back. Accepts
 * NULL.
 */
void gal_lease_destroy(struct gal_lease *lease);

/* Takes the lease now, on the caller's thread, without a callback. Before anything was asked for. */
GAL_MUST_USE enum gal_status gal_lease_acquire_now(struct gal_lease *lease, struct gal_error *error);
/* Asks for the lease; `acquired` tells. No commit may be under way until then. */
void gal_lease_acquire(struct gal_lease *lease);
/* Renews it no more, and tells of no loss any more. */
void gal_lease_let_go(struct gal_lease *lease);
/* Whether nobody else can have become the owner by the lease's end. */
bool gal_lease_is_valid(struct gal_lease *lease);

#endif
