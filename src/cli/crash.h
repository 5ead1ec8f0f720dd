/*
 * crash.h: what a process does about faults that the processor or the C library finds.
 */
#ifndef GAL_CLI_CRASH_H
#define GAL_CLI_CRASH_H

/*
 * From now on a segmentation fault and its kin on this thread are laid at the door of what it works on
 * (base/assert.h), as a broken promise is; then the process ends by them as it would have. Signals that somebody
 * sends are no faults.
 */
void gal_crash_watch(void);

#endif
