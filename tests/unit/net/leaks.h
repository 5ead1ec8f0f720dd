/*
 * leaks.h: after a test nothing is left: no child process, no descriptor.
 *
 * Call leaks_mark() at the start and leaks_check() at the end, after the loop is destroyed. libuv and libcurl keep
 * a few descriptors for the life of the process; leaks_mark() makes them appear first.
 */
#ifndef GAL_TESTS_NET_LEAKS_H
#define GAL_TESTS_NET_LEAKS_H

#include <sys/types.h>

void leaks_mark(void);
void leaks_check(void);

/* Whether a process is there and no zombie; waits a little for one that is being killed. */
int process_lives(pid_t pid);
/* Reads a decimal number that a child wrote to a file; -1 while there is none. */
long read_number(const char *path);

#endif
