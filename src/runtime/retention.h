/*
 * retention.h: removes what was closed long ago, beside the commits of the process that owns the store.
 *
 * In bites, on the writing thread: each is a transaction of its own, sized so that a commit that comes meanwhile
 * waits some milliseconds for it, and as long as a bite took, nothing is removed after it. So at most half of the
 * writer's time goes there, and removing is quicker than closing ever was: what is due is gone soon, however much
 * it is.
 */
#ifndef GAL_RUNTIME_RETENTION_H
#define GAL_RUNTIME_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"

struct gal_loop;
struct gal_retention;
struct gal_writer;

struct gal_retention_options {
        struct gal_loop *loop;
        struct gal_writer *writer;
        int64_t keep_ms; /* closed executions are kept for so long; 0: for ever */
        int64_t (*now_ms)(const void *user);
        const void *user;
        const struct gal_log *log; /* nullable; borrowed */
};

/* `removed`: executions and names. `is_complete`: nothing of the kind is left. `message` NULL when OK. */
typedef void (*gal_purge_done)(void *user, enum gal_status status, size_t removed, bool is_complete,
                               const char *message);

/* (transfer full) Does nothing before gal_retention_start(). The options' pointers are borrowed. */
struct gal_retention *gal_retention_create(const struct gal_retention_options *options);
/* When the writer is gone, which answers what is under way. Accepts NULL. */
void gal_retention_destroy(struct gal_retention *retention);

/* This process owns the store, or owns it no more. */
void gal_retention_start(struct gal_retention *retention);
void gal_retention_stop(struct gal_retention *retention);

/*
 * Removes now, for a caller that waits: bites for about a second. `done` is called in the loop, once; where more is
 * left, the caller asks again.
 */
void gal_retention_purge(struct gal_retention *retention, int64_t closed_before_ms, gal_purge_done done,
                         void *user);

/* How many rows the next bite may remove. */
struct gal_bite {
        size_t limit;
};

#define GAL_BITE_INIT                                                                                              \
        {                                                                                                          \
                .limit = 64                                                                                        \
        }

/* After one that removed so many in so long. */
void gal_bite_adapt(struct gal_bite *bite, size_t removed, int64_t elapsed_ms);
/*
 * Up to when names must have become free to go with the executions that were closed before `closed_before_ms`: a
 * name that leads to an execution which is kept stays, and one that is still taken stays in any case.
 */
int64_t gal_purge_names_by_ms(int64_t closed_before_ms, int64_t now_ms);

#endif
