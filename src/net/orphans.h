/*
 * orphans.h: what left the session of its call, for a program that wants nothing to outlive it.
 *
 * net/process.h kills a call's process group; a grandchild that starts a session of its own (a daemon) is not in
 * it. The kernel can hand such orphans to us instead of to init. This is a setting of the whole process, for the
 * command line, never for a library.
 */
#ifndef GAL_NET_ORPHANS_H
#define GAL_NET_ORPHANS_H

#include <stdbool.h>

/*
 * From now on, descendants whose parent is gone become our children. False, and nothing changes, when we have
 * children already (a shell that started some and then became us): nobody could tell theirs from ours.
 */
bool gal_orphans_adopt(void);

/* If they were adopted: kills and reaps every child that is left. After the last loop was destroyed, as it takes
 * any. */
void gal_orphans_end(void);

#endif
