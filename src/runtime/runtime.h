/*
 * runtime.h: drives an engine: the real clock and randomness, the store, the calls of tasks, in one event loop.
 *
 * Virtual time: now runs at real speed while any call is in flight and jumps to the next due timer when none is, so
 * a workflow that waits for three days is over in milliseconds and its history looks as if they had passed.
 *
 * The lease: the runtime becomes the owner of its store before the engine loads, renews the lease, and when it is
 * lost (or a commit failed) drops the engine's memory, takes the lease again with backoff, and loads. While another
 * process owns the store it stands by.
 */
#ifndef GAL_RUNTIME_RUNTIME_H
#define GAL_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "engine/engine.h"
#include "runtime/retention.h"
#include "runtime/settings.h"

struct gal_functions;
struct gal_histogram;
struct gal_loop;
struct gal_runtime;

struct gal_runtime_options {
        const char *store_url; /* NULL: in memory */
        const char *address;   /* where forwarded requests are taken; NULL: nowhere */
        int64_t retention_ms;  /* closed executions are removed after that; 0: kept for ever */
        bool stand_by;         /* wait while another process owns the store, or it is away for a while; else that is
                                  a failure */
        const struct gal_functions *functions; /* nullable: none configured; borrowed */
        const char *poisoned_path;             /* see runtime/poisoned.h; NULL: nothing is remembered; borrowed */
        bool no_calls; /* attempts stay open and are dispatched by the next owner; no timers */
        bool virtual_time;
        struct gal_owner_wish wish;
        const struct gal_log *log; /* nullable; borrowed; called from other threads, too */
        /* (nullable) as of the engine: committed records, and the end of an execution */
        void (*record)(void *user, const struct gal_run *run, const struct gal_record *record);
        void (*closed)(void *user, const struct gal_run *run);
        void *user;
};

/*
 * An engine over a store, with its loop. GAL_EBUSY: another process owns the store. GAL_EIO: no descriptors, no
 * randomness, a store that cannot be opened or read, which may pass. GAL_EINVALID: no such store, a wrong password,
 * a schema of another release, another account or region than the store's.
 */
GAL_MUST_USE enum gal_status gal_runtime_create(const struct gal_runtime_options *options,
                                                struct gal_runtime **ret_runtime, struct gal_error *error);
/* Ends every call that is out, finishes the commit that is under way, gives the lease back. Accepts NULL. */
void gal_runtime_destroy(struct gal_runtime *runtime);

/* (transfer none) Of the ARNs. */
const char *gal_runtime_account(const struct gal_runtime *runtime);
const char *gal_runtime_region(const struct gal_runtime *runtime);
/* What processes of this store sign with when they forward: hexadecimal digits. */
void gal_runtime_forwarding_secret(const struct gal_runtime *runtime, char ret_secret[2 * GAL_KEY_SIZE + 1]);
/* The time that the engine goes by; of NULL the real one. Since 1970. */
int64_t gal_runtime_now_ms(const struct gal_runtime *runtime);
/* (transfer none) After asking the engine for anything, say gal_runtime_poke(). */
struct gal_engine *gal_runtime_engine(struct gal_runtime *runtime);
struct gal_store *gal_runtime_store(struct gal_runtime *runtime); /* for reading, on the loop's thread */
struct gal_loop *gal_runtime_loop(struct gal_runtime *runtime);
/* The engine was given something to do: tick soon. */
void gal_runtime_poke(struct gal_runtime *runtime);
/* Whether this process owns the store and its engine is loaded. */
bool gal_runtime_is_owner(const struct gal_runtime *runtime);

/*
 * Removes closed executions now; see gal_retention_purge(). GAL_EBUSY in `done`, before this returns: this process
 * does not own the store.
 */
void gal_runtime_purge(struct gal_runtime *runtime, int64_t closed_before_ms, gal_purge_done done, void *user);

/* (transfer none) What the store took for its commits; NULL: it is in memory. */
const struct gal_histogram *gal_runtime_commit_seconds(const struct gal_runtime *runtime);
/* Takes functions to be used from the next call on; see gal_tasks_set_functions(). */
void gal_runtime_set_functions(struct gal_runtime *runtime, struct gal_functions *functions);
/* Calls that are out. After the last execution has closed: functions that run on in the background. */
size_t gal_runtime_calls_out(const struct gal_runtime *runtime);

/* Runs the loop until gal_runtime_stop(). */
void gal_runtime_run(struct gal_runtime *runtime);
void gal_runtime_stop(struct gal_runtime *runtime);

#endif
