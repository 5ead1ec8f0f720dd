/*
 * process.h: runs a child process from its start to its end: bytes in, bytes out, bounds on all of it.
 *
 * The child runs in a session of its own, with default signal handling, and with no descriptor of ours but its
 * three pipes (all others must be close-on-exec; ours are). When it ends, overruns a bound or is cancelled, its
 * whole process group is killed, and the call ends with the direct child: a grandchild that hangs or keeps the
 * pipes open holds up nothing. What the direct child wrote before its end is still read.
 *
 * Traps: libuv has no hook before exec, so the memory limit is set right after the start (what the program takes
 * in its first moments is not counted off), and a child outlives a kill -9 of ours until it sees its pipes closed.
 * A grandchild that starts a session of its own escapes; only a cgroup would hold it. libuv installs a SIGCHLD
 * handler in the host process, and waits for its own children only.
 */
#ifndef GAL_NET_PROCESS_H
#define GAL_NET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_loop;
struct gal_process;

struct gal_process_variable {
        const char *name;
        const char *value;
};

struct gal_process_options {
        const char *const
                *argv; /* NULL-terminated; argv[0] without a slash is looked up in PATH, else from `directory` */
        const struct gal_process_variable *environment; /* added to ours; the last of a name counts */
        size_t environment_count;
        const char *directory; /* where it runs; NULL: where we do */
        const char *input;     /* its standard input; borrowed until the call is done or cancelled */
        size_t input_len;
        size_t output_size_max;     /* past it the child is killed */
        size_t error_size_max;      /* the rest of standard error is dropped, the child goes on */
        size_t error_line_size_max; /* of the last line that is kept apart */
        int64_t timeout_ms;         /* 0: none */
        uint64_t memory_max;        /* bytes of data (RLIMIT_DATA, of each process); 0: none */
};

enum gal_process_end {
        GAL_PROCESS_EXITED,          /* exit_code */
        GAL_PROCESS_SIGNALLED,       /* signal_number */
        GAL_PROCESS_TIMED_OUT,       /* killed by us */
        GAL_PROCESS_OUTPUT_TOO_LARGE /* killed by us */
};

/* Borrowed: lives for the callback. The texts are NUL-terminated, the NUL not counted, and may hold NULs. */
struct gal_process_result {
        enum gal_process_end end;
        int exit_code;
        int signal_number;
        const char *output;
        size_t output_len;
        const char *error_text; /* the first `error_size_max` bytes of standard error */
        size_t error_len;
        bool error_dropped; /* there was more */
        const char
                *error_line; /* the last line of standard error that is not blank, from its start; "" when none */
        size_t error_line_len;
        bool error_line_cut; /* it was longer */
        int64_t duration_ms;
};

/*
 * Starts the child. When this returns GAL_OK it runs, and `done(user, result)` follows from the loop, exactly once
 * unless the call is cancelled; then the handle is gone. Otherwise nothing runs and nothing follows; `error` says
 * in a sentence what could not be started and why: GAL_ENOTFOUND  no such program, or no such directory
 *   GAL_EINVALID   it cannot be run (not executable, a directory, a bad format)
 *   GAL_EBUSY      no processes, descriptors or memory left; it may go better later
 *   GAL_EIO        anything else
 */
GAL_MUST_USE enum gal_status gal_process_start(struct gal_loop *loop, const struct gal_process_options *options,
                                               void (*done)(void *user, const struct gal_process_result *result),
                                               void *user, struct gal_process **ret_process,
                                               struct gal_error *error);

/* Kills it and everything in its session now; no callback follows, the handle is gone. Not from within `done`. */
void gal_process_cancel(struct gal_process *process);

#endif
