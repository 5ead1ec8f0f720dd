/*
 * store.h: durable rows without meaning.
 *
 * One interface, several backends; retries, ordering and what a row says sit above it. Calls block: a driver puts
 * them on a thread of its own. A batch is all or nothing, and what was committed is never changed or taken back.
 */
#ifndef GAL_STORE_STORE_H
#define GAL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Events of one execution that were committed together. */
struct gal_chunk_row {
        const char *execution_id;
        uint64_t first_event_id; /* with the execution id, the key: a second writer collides */
        uint32_t event_count;    /* 0: internal records only */
        const char *body;
        size_t body_len;
};

/* One per execution; written at start and at close. */
struct gal_execution_row {
        const char *execution_id;
        const char *name;
        const char *machine_name;
        const char *status;
        int64_t started_ms;
        int64_t stopped_ms; /* 0: open */
};

struct gal_batch {
        struct gal_chunk_row *chunks;
        size_t chunk_count;
        struct gal_execution_row *executions;
        size_t execution_count;
};

struct gal_store {
        const struct gal_store_ops *ops; /* first member of every backend */
};

struct gal_store_ops {
        const char *name;
        /*
         * All of the batch or none of it. Rows are borrowed for the call.
         * GAL_ECONFLICT: another writer holds one of its chunks. GAL_EIO: the medium refused. GAL_ENOMEM.
         */
        enum gal_status (*commit)(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error);
        /*
         * Calls `row` for each chunk of an execution in the order of their events, none missing; stops when it
         * returns false. An unknown execution yields no rows and GAL_OK. Rows are borrowed for the callback.
         */
        enum gal_status (*load)(struct gal_store *store, const char *execution_id,
                                bool (*row)(void *user, const struct gal_chunk_row *row), void *user,
                                struct gal_error *error);
        void (*destroy)(struct gal_store *store);
};

static inline enum gal_status gal_store_commit(struct gal_store *store, const struct gal_batch *batch,
                                               struct gal_error *error)
{
        return store->ops->commit(store, batch, error);
}

static inline enum gal_status gal_store_load(struct gal_store *store, const char *execution_id,
                                             bool (*row)(void *user, const struct gal_chunk_row *row), void *user,
                                             struct gal_error *error)
{
        return store->ops->load(store, execution_id, row, user, error);
}

static inline void gal_store_destroy(struct gal_store *store)
{
        if (store != NULL)
                store->ops->destroy(store);
}

/* (transfer full) Rows in memory, gone with the process. Never NULL. */
struct gal_store *gal_store_memory_create(void);

#endif
