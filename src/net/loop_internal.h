/*
 * loop_internal.h: the inside of the loop, for the other files of net/ that work on libuv handles themselves.
 */
#ifndef GAL_NET_LOOP_INTERNAL_H
#define GAL_NET_LOOP_INTERNAL_H

#include <stdatomic.h>
#include <uv.h>

#include "net/loop.h"

/* One read of a pipe. A pipe of Linux holds 64 KiB, so a larger piece would not come in one read anyway. */
#define GAL_LOOP_SCRATCH_SIZE 65536
#define GAL_LOOP_SIGNALS_MAX 8

struct gal_deferred;
struct gal_signal_watch;

struct gal_loop {
        uv_loop_t uv;
        uv_async_t stopper; /* also keeps the loop alive while nothing else does */
        uv_idle_t idle;     /* runs while something is deferred, so that the loop does not sleep */
        uv_timer_t nap;     /* bounds the wait of one turn */
        atomic_bool stop;
        struct gal_deferred *deferred_first;
        struct gal_deferred **deferred_end;
        struct gal_signal_watch *signals[GAL_LOOP_SIGNALS_MAX];
        unsigned orphans; /* killed children that are still to be reaped (process.c) */
        /* Where pipes are read into: libuv asks for the memory and hands it back within one call. */
        char scratch[GAL_LOOP_SCRATCH_SIZE];
};

/* Turns a libuv error into a status; the message is "WHAT: what libuv says". */
enum gal_status gal_uv_fail(struct gal_error *error, int uv_status, const char *what);

#endif
