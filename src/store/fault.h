/*
 * fault.h: a store that fails, around any other one: for tests of whoever must live with that.
 *
 * It keeps to the contract (store.h): after GAL_EIO the lease counts as lost, what may or may not have been written
 * is settled when acquire returns, and what was acknowledged is there.
 */
#ifndef GAL_STORE_FAULT_H
#define GAL_STORE_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum gal_fault {
        GAL_FAULT_NONE,
        GAL_FAULT_REFUSED, /* GAL_EIO and nothing was done; of a read, some rows may have been given */
        GAL_FAULT_APPLIED, /* GAL_EIO, and it was done */
        GAL_FAULT_LATE,   /* GAL_EIO, and a commit is applied at one of the next calls, or never; others: refused */
        GAL_FAULT_FENCED, /* the lease is lost: GAL_EFENCED; of what has none: refused */
        GAL_FAULT_KINDS,
};

enum gal_fault_call {
        GAL_CALL_ACQUIRE,
        GAL_CALL_RENEW,
        GAL_CALL_COMMIT,
        GAL_CALL_PURGE,
        GAL_CALL_READ,
        GAL_CALL_KINDS,
};

/* How many of 1,000 calls of a kind fail, and how. The same seed and the same calls give the same failures. */
struct gal_fault_plan {
        uint64_t seed;
        unsigned per_mille[GAL_CALL_KINDS][GAL_FAULT_KINDS];
};

/* Takes `inner`. `plan` (nullable) is copied. (transfer full) Never NULL. */
struct gal_store *gal_store_fault_create(struct gal_store *inner, const struct gal_fault_plan *plan);
/* The n-th call of that kind from now on (1: the next one) fails so. Replaces what was said before of that kind. */
void gal_store_fault_set(struct gal_store *store, enum gal_fault_call call, size_t n, enum gal_fault fault);
/* How often a failure of that kind was played: a test in which none was has shown nothing. */
size_t gal_store_fault_count(struct gal_store *store, enum gal_fault fault);

#endif
