/*
 * loop.h: the event loop: timers, deferred work, wake-ups from other threads, descriptors, signals.
 *
 * A thin owner of a libuv loop; nobody above net/ sees libuv. Everything here belongs to the thread that runs the
 * loop, but for gal_loop_stop() and gal_wakeup_send(). No callback is ever called from within the function that
 * asks for it. Handles are destroyed by their owner before the loop; a callback may destroy its own handle.
 * Time is the system's monotonic clock in milliseconds, good for differences only.
 *
 * SIGPIPE: gal_loop_create() blocks it in the calling thread (a library must not touch the process's handlers), so
 * create the loop on the thread that is to run it, or block SIGPIPE there yourself. Children get a clean mask.
 */
#ifndef GAL_NET_LOOP_H
#define GAL_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct gal_loop;

/* Fails with GAL_EIO (no descriptors left). */
GAL_MUST_USE enum gal_status gal_loop_create(struct gal_loop **ret_loop, struct gal_error *error);
/* Everything made on the loop must be destroyed before: anything left is a bug and ends the process. Accepts NULL.
 */
void gal_loop_destroy(struct gal_loop *loop);

/* Runs until gal_loop_stop(), idle or not. A stop that came before the run counts for it. */
void gal_loop_run(struct gal_loop *loop);
/* One turn: waits for at most `wait_ms` (0: not at all, below 0: until something happens), serves what is there. */
void gal_loop_turn(struct gal_loop *loop, int64_t wait_ms);
/* From any thread, and from a signal callback. */
void gal_loop_stop(struct gal_loop *loop);

/* Monotonic milliseconds, as of the present turn. */
int64_t gal_loop_now(const struct gal_loop *loop);

/*
 * Calls `call(user)` once, soon, from the loop: in this turn or the next, in the order of asking.
 * gal_loop_undefer() takes back every such pair that has not run yet.
 */
void gal_loop_defer(struct gal_loop *loop, void (*call)(void *user), void *user);
void gal_loop_undefer(struct gal_loop *loop, void (*call)(void *user), void *user);

/*
 * Calls back for SIGINT, SIGTERM and the like, as an ordinary turn of the loop; a second call for the same signal
 * replaces the first, NULL ends it. This is the process's handler: for the command line, never for a library.
 */
GAL_MUST_USE enum gal_status gal_loop_on_signal(struct gal_loop *loop, int signal_number,
                                                void (*call)(void *user, int signal_number), void *user,
                                                struct gal_error *error);

/*
 * For a host that has a loop of its own: when the descriptor is readable or the time is over, gal_loop_turn(loop,
 * 0). The descriptor does not become readable for timers, hence the time: milliseconds, 0 at once, -1 none.
 */
int gal_loop_descriptor(const struct gal_loop *loop);
int64_t gal_loop_timeout(struct gal_loop *loop);

/* A one-shot timer. Never fires early. */
struct gal_timer;
struct gal_timer *gal_timer_create(struct gal_loop *loop, void (*call)(void *user), void *user);
/* Sets it to fire in `delay_ms` from now (really now, not the turn's time); a running one is set anew. Below 0 is
 * 0. */
void gal_timer_start(struct gal_timer *timer, int64_t delay_ms);
void gal_timer_stop(struct gal_timer *timer);
bool gal_timer_is_running(const struct gal_timer *timer);
/* Always returns NULL. Accepts NULL. */
struct gal_timer *gal_timer_destroy(struct gal_timer *timer);

/* Wakes the loop from any thread; several sends before the loop looks are one call. The sender keeps its own queue.
 */
struct gal_wakeup;
GAL_MUST_USE enum gal_status gal_wakeup_create(struct gal_loop *loop, void (*call)(void *user), void *user,
                                               struct gal_wakeup **ret_wakeup, struct gal_error *error);
void gal_wakeup_send(struct gal_wakeup *wakeup);
/* No thread may send any more. Always returns NULL. Accepts NULL. */
struct gal_wakeup *gal_wakeup_destroy(struct gal_wakeup *wakeup);

/* Watches a descriptor that stays the caller's; destroy the watch before closing it. One watch a descriptor. */
enum {
        GAL_WATCH_READ = 1,
        GAL_WATCH_WRITE = 2,
        GAL_WATCH_HANGUP = 4, /* of a socket: the other side has closed it, or will send nothing more */
};
struct gal_watch;
/* `call` gets the set of what is possible now; an error on the descriptor counts as all, so that a read shows it.
 */
GAL_MUST_USE enum gal_status gal_watch_create(struct gal_loop *loop, int descriptor,
                                              void (*call)(void *user, int events), void *user,
                                              struct gal_watch **ret_watch, struct gal_error *error);
/* A set of GAL_WATCH_*; 0 pauses. A new watch is paused. */
void gal_watch_set(struct gal_watch *watch, int events);
/* Always returns NULL. Accepts NULL. */
struct gal_watch *gal_watch_destroy(struct gal_watch *watch);

#endif
