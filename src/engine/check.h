/*
 * check.h: whether a store holds what the engine promises (design: the invariants). Reads only, also while an
 * engine works: what changed between two looks is looked at once more.
 *
 *   events     ids 1..n without gap or repeat; previousEventId 0 or earlier; times do not run backwards; the last
 *              one ends the execution exactly if its status says so
 *   replay     every record can be applied to what the ones before it made; the result is what the row says
 *   snapshot   is what the chunks up to it make
 *   open       an open execution has a run row and something that wakes it, a closed one has no run row
 *   queues     a task that waits for a worker is in its activity's queue, and no other is
 *   names      a name that a caller chose leads to its execution, as long as it is not free again
 */
#ifndef GAL_ENGINE_CHECK_H
#define GAL_ENGINE_CHECK_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct gal_check_options {
        int64_t now_ms;
        /* A fault: of which execution ("MACHINE/NAME (ID)") or machine, and what. Borrowed. */
        void (*fault)(void *user, const char *subject, const char *message);
        void *user;
};

struct gal_check_report {
        uint64_t machines;
        uint64_t executions;
        uint64_t open;
        uint64_t parked;
        uint64_t snapshots;
        uint64_t chunks;
        uint64_t events;
        uint64_t names;
        uint64_t runs;
        uint64_t tasks; /* in the queues of activities */
        uint64_t faults;
};

/* Fails only when the store cannot be read. */
GAL_MUST_USE enum gal_status gal_check_store(struct gal_store *store, const struct gal_check_options *options,
                                             struct gal_check_report *ret_report, struct gal_error *error);

#endif
