/*
 * poisoned.h: the file that remembers which executions ended the process.
 *
 * A fault of ours that an execution steps on would end the process again after every restart. So a process that
 * ends by such a fault first writes a line here: the id of the execution that it was working on, its ARN, the
 * fault. An execution that stands here GAL_POISONED_MAX times is left out at the next start. Nobody stands here for
 * a kill -9, a signal from outside, or a machine that lost its power.
 *
 *   01935f2e-7c00-7abc-8def-0123456789ab arn:aws:states:...:execution:m:e engine/run.c:12: fault (0)
 *
 * One file a store: an id means nothing elsewhere. People may edit it; lines that do not look like that are
 * ignored.
 */
#ifndef GAL_RUNTIME_POISONED_H
#define GAL_RUNTIME_POISONED_H

#include <stddef.h>

#include "base/error.h"

/* An execution in the file. Borrowed for the callback. */
struct gal_poisoned {
        const char *id;
        const char *arn;  /* NULL: none of the lines says */
        const char *what; /* of the last line */
        unsigned count;   /* lines */
};
typedef void (*gal_poisoned_reader)(void *user, const struct gal_poisoned *poisoned);

/* Adds a line, and syncs it; only what a signal handler may do. Says nothing when it cannot. `arn` nullable. */
void gal_poisoned_note(const char *path, const char *id, const char *arn, const char *what);

/* All of the file, each execution once; none when there is no file. GAL_EIO, GAL_ELIMIT: no file of ours. */
GAL_MUST_USE enum gal_status gal_poisoned_read(const char *path, gal_poisoned_reader reader, void *user,
                                               struct gal_error *error);

/*
 * Removes the lines of an execution, by its id or its ARN; its count begins anew. The next start loads it.
 * GAL_ENOTFOUND: it is not there. GAL_EIO.
 */
GAL_MUST_USE enum gal_status gal_poisoned_release(const char *path, const char *execution, struct gal_error *error);

#endif
