/*
 * lockfile.h: a file whose lock one process holds for as long as it lives.
 *
 * The lock belongs to the open file, not to the process (F_OFD_SETLK): two stores of one process exclude each
 * other, and whether somebody holds it can be asked without taking it. The file is never removed: whoever removes
 * it lets a second owner in (which the lease in the database still stops). Its text says who holds it.
 */
#ifndef GAL_STORE_LOCKFILE_H
#define GAL_STORE_LOCKFILE_H

#include <stdbool.h>

#include "base/error.h"

struct gal_lockfile {
        char *path;
        int fd; /* -1: not held */
};

void gal_lockfile_init(struct gal_lockfile *lockfile, const char *path);
void gal_lockfile_finish(struct gal_lockfile *lockfile); /* releases it, too */

/* GAL_EBUSY: another holds it, and `error` says who. GAL_EIO: the file cannot be made. */
GAL_MUST_USE enum gal_status gal_lockfile_take(struct gal_lockfile *lockfile, const char *note,
                                               struct gal_error *error);
void gal_lockfile_release(struct gal_lockfile *lockfile);
/* Whether we hold the file that is at the path now. */
bool gal_lockfile_is_held(const struct gal_lockfile *lockfile);
/* (transfer full) What the present holder noted; NULL: nobody holds it. Never takes the lock. */
char *gal_lockfile_holder(const struct gal_lockfile *lockfile);

#endif
