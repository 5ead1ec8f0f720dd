/*
 * writer.h: the threads that work a durable store, so that the loop goes on while commits are on their way to disk.
 *
 * As many commits run at once as the store takes (commits_max), each on a thread of its own; which one is over
 * first nobody knows. Their answers come back in the loop.
 */
#ifndef GAL_RUNTIME_WRITER_H
#define GAL_RUNTIME_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"
#include "engine/engine.h"

struct gal_loop;
struct gal_writer;

/* A bite of what is to be removed, as of gal_store_ops.purge. */
struct gal_writer_purge {
        int64_t closed_before_ms;
        int64_t names_by_ms;
        size_t limit;
        size_t removed;     /* in the answer */
        int64_t elapsed_ms; /* in the answer: what it took */
};
typedef void (*gal_writer_purged)(void *user, enum gal_status status, const struct gal_writer_purge *purge,
                                  const char *message);

struct gal_writer_callbacks {
        void (*committed)(void *user, struct gal_commit *commit, enum gal_status status, const char *message);
        void *user;
};

/* `store` is borrowed; nobody else may write to it while a commit is under way. */
GAL_MUST_USE enum gal_status gal_writer_create(struct gal_loop *loop, struct gal_store *store,
                                               const struct gal_writer_callbacks *callbacks,
                                               struct gal_writer **ret_writer, struct gal_error *error);
/* Waits for the commits that are under way; their answers are delivered before it returns. Accepts NULL. */
void gal_writer_destroy(struct gal_writer *writer);

/* The batch is borrowed until its answer. No execution may be in two batches that are under way. */
void gal_writer_commit(struct gal_writer *writer, struct gal_commit *commit, const struct gal_batch *batch);
/* Removes what is old. `purge` is copied; `done` is called in the loop. */
void gal_writer_purge(struct gal_writer *writer, const struct gal_writer_purge *purge, gal_writer_purged done,
                      void *user);
/* (transfer none) What the store took for commits, refused ones too. */
const struct gal_histogram *gal_writer_commit_seconds(const struct gal_writer *writer);

#endif
