/*
 * loop.c: see loop.h.
 *
 * The trap: a libuv handle stays in the loop until its close callback has run, so the memory of every handle here
 * is freed there and nowhere else, and destroying the loop means turning it until the last close callback is
 * through.
 */
#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "net/loop_internal.h"

/* A killed child is gone within a millisecond, unless the kernel holds it (a dead network disk): then it is left
 * behind. */
#define REAP_TIMEOUT_MS 5000

struct gal_deferred {
        struct gal_deferred *next;
        void (*call)(void *user);
        void *user;
};

struct gal_signal_watch {
        uv_signal_t uv;
        int signal_number;
        void (*call)(void *user, int signal_number);
        void *user;
};

struct gal_timer {
        uv_timer_t uv;
        void (*call)(void *user);
        void *user;
};

struct gal_wakeup {
        uv_async_t uv;
        void (*call)(void *user);
        void *user;
};

struct gal_watch {
        uv_poll_t uv;
        void (*call)(void *user, int events);
        void *user;
};

enum gal_status gal_uv_fail(struct gal_error *error, int uv_status, const char *what)
{
        enum gal_status status = uv_status == UV_ENOMEM ? GAL_ENOMEM : GAL_EIO;

        return gal_fail(error, status, GAL_NOWHERE, "%s: %s", what, uv_strerror(uv_status));
}

static void block_sigpipe(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void ignore_async(uv_async_t *async)
{
        (void)async; /* waking the loop was all */
}

static void ignore_timer(uv_timer_t *timer)
{
        (void)timer;
}

enum gal_status gal_loop_create(struct gal_loop **ret_loop, struct gal_error *error)
{
        struct gal_loop *loop = gal_new(struct gal_loop);
        int uv_status = uv_loop_init(&loop->uv);

        if (uv_status != 0) {
                free(loop);
                return gal_uv_fail(error, uv_status, "cannot create an event loop");
        }
        uv_status = uv_async_init(&loop->uv, &loop->stopper, ignore_async);
        if (uv_status != 0) {
                gal_assert(uv_loop_close(&loop->uv) == 0);
                free(loop);
                return gal_uv_fail(error, uv_status, "cannot create an event loop");
        }
        uv_idle_init(&loop->uv, &loop->idle);
        uv_timer_init(&loop->uv, &loop->nap);
        loop->deferred_end = &loop->deferred_first;
        block_sigpipe();
        *ret_loop = loop;
        return GAL_OK;
}

/* Destroying */

struct leftovers {
        unsigned processes;
        unsigned others;
};

static void count_leftovers(uv_handle_t *handle, void *user)
{
        struct leftovers *leftovers = user;

        if (uv_is_closing(handle))
                return;
        if (handle->type == UV_PROCESS)
                leftovers->processes++;
        else
                leftovers->others++;
}

static void close_process(uv_handle_t *handle, void *user)
{
        (void)user;
        if (handle->type == UV_PROCESS && !uv_is_closing(handle))
                uv_close(handle, NULL); /* leaks what it belonged to: better than a callback into freed memory */
}

static void reap_orphans(struct gal_loop *loop)
{
        uint64_t end = uv_now(&loop->uv) + REAP_TIMEOUT_MS;

        while (loop->orphans > 0 && uv_now(&loop->uv) < end)
                gal_loop_turn(loop, 10);
        uv_walk(&loop->uv, close_process, NULL);
}

static void drop_deferred(struct gal_loop *loop)
{
        while (loop->deferred_first) {
                struct gal_deferred *deferred = loop->deferred_first;

                loop->deferred_first = deferred->next;
                free(deferred);
        }
        loop->deferred_end = &loop->deferred_first;
}

static void free_handle(uv_handle_t *handle)
{
        free(handle->data);
}

static void close_signal(struct gal_signal_watch **watch)
{
        if (*watch)
                uv_close((uv_handle_t *)&(*watch)->uv, free_handle);
        *watch = NULL;
}

void gal_loop_destroy(struct gal_loop *loop)
{
        struct leftovers leftovers = { 0, 0 };

        if (!loop)
                return;
        drop_deferred(loop);
        for (size_t i = 0; i < GAL_LOOP_SIGNALS_MAX; i++)
                close_signal(&loop->signals[i]);
        reap_orphans(loop);
        uv_close((uv_handle_t *)&loop->stopper, NULL);
        uv_close((uv_handle_t *)&loop->idle, NULL);
        uv_close((uv_handle_t *)&loop->nap, NULL);
        uv_walk(&loop->uv, count_leftovers, &leftovers);
        if (leftovers.processes > 0 || leftovers.others > 0)
                gal_bug("a loop is destroyed with live handles", leftovers.processes + leftovers.others);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        gal_assert(uv_loop_close(&loop->uv) == 0);
        free(loop);
}

/* Running */

void gal_loop_run(struct gal_loop *loop)
{
        while (!atomic_exchange(&loop->stop, false))
                uv_run(&loop->uv, UV_RUN_ONCE);
}

void gal_loop_turn(struct gal_loop *loop, int64_t wait_ms)
{
        if (wait_ms > 0)
                uv_timer_start(&loop->nap, ignore_timer, (uint64_t)wait_ms, 0);
        uv_run(&loop->uv, wait_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
        if (wait_ms > 0)
                uv_timer_stop(&loop->nap);
}

void gal_loop_stop(struct gal_loop *loop)
{
        atomic_store(&loop->stop, true);
        uv_async_send(&loop->stopper);
}

int64_t gal_loop_now(const struct gal_loop *loop)
{
        return (int64_t)uv_now(&loop->uv);
}

int gal_loop_descriptor(const struct gal_loop *loop)
{
        return uv_backend_fd(&loop->uv);
}

int64_t gal_loop_timeout(struct gal_loop *loop)
{
        uv_update_time(&loop->uv);
        return uv_backend_timeout(&loop->uv);
}

/* Deferred work */

/* Runs what is there now; what these defer in turn waits for the next turn, so that nothing starves the rest. */
static void run_deferred(uv_idle_t *idle)
{
        struct gal_loop *loop = idle->data;
        struct gal_deferred *last = (struct gal_deferred *)loop->deferred_end; /* `next` is its first member */
        bool more = loop->deferred_first != NULL;

        while (more && loop->deferred_first) {
                struct gal_deferred *deferred = loop->deferred_first;

                more = deferred != last;
                loop->deferred_first = deferred->next;
                if (!loop->deferred_first)
                        loop->deferred_end = &loop->deferred_first;
                deferred->call(deferred->user);
                free(deferred);
        }
        if (!loop->deferred_first)
                uv_idle_stop(idle);
}

void gal_loop_defer(struct gal_loop *loop, void (*call)(void *user), void *user)
{
        struct gal_deferred *deferred = gal_new(struct gal_deferred);

        deferred->call = call;
        deferred->user = user;
        *loop->deferred_end = deferred;
        loop->deferred_end = &deferred->next;
        loop->idle.data = loop;
        uv_idle_start(&loop->idle, run_deferred);
}

/* Marks instead of unlinking: run_deferred() may be on its way through the list. */
static void do_nothing(void *user)
{
        (void)user;
}

void gal_loop_undefer(struct gal_loop *loop, void (*call)(void *user), void *user)
{
        for (struct gal_deferred *deferred = loop->deferred_first; deferred; deferred = deferred->next)
                if (deferred->call == call && deferred->user == user)
                        deferred->call = do_nothing;
}

/* Signals */

static struct gal_signal_watch **find_signal(struct gal_loop *loop, int signal_number)
{
        struct gal_signal_watch **free_place = NULL;

        for (size_t i = 0; i < GAL_LOOP_SIGNALS_MAX; i++) {
                if (loop->signals[i] && loop->signals[i]->signal_number == signal_number)
                        return &loop->signals[i];
                if (!loop->signals[i] && !free_place)
                        free_place = &loop->signals[i];
        }
        gal_assert(free_place);
        return free_place;
}

static void pass_signal(uv_signal_t *uv, int signal_number)
{
        struct gal_signal_watch *watch = uv->data;

        watch->call(watch->user, signal_number);
}

enum gal_status gal_loop_on_signal(struct gal_loop *loop, int signal_number,
                                   void (*call)(void *user, int signal_number), void *user, struct gal_error *error)
{
        struct gal_signal_watch **place = find_signal(loop, signal_number);
        struct gal_signal_watch *watch;
        int uv_status;

        close_signal(place);
        if (!call)
                return GAL_OK;
        watch = gal_new(struct gal_signal_watch);
        *watch = (struct gal_signal_watch){ .signal_number = signal_number, .call = call, .user = user };
        uv_status = uv_signal_init(&loop->uv, &watch->uv);
        if (uv_status != 0) {
                free(watch);
                return gal_uv_fail(error, uv_status, "cannot watch a signal");
        }
        watch->uv.data = watch;
        *place = watch;
        uv_status = uv_signal_start(&watch->uv, pass_signal, signal_number);
        if (uv_status != 0) {
                close_signal(place);
                return gal_uv_fail(error, uv_status, "cannot watch a signal");
        }
        return GAL_OK;
}

/* Timers */

struct gal_timer *gal_timer_create(struct gal_loop *loop, void (*call)(void *user), void *user)
{
        struct gal_timer *timer = gal_new(struct gal_timer);

        uv_timer_init(&loop->uv, &timer->uv);
        timer->uv.data = timer;
        timer->call = call;
        timer->user = user;
        return timer;
}

static void fire_timer(uv_timer_t *uv)
{
        struct gal_timer *timer = uv->data;

        timer->call(timer->user);
}

void gal_timer_start(struct gal_timer *timer, int64_t delay_ms)
{
        uv_update_time(timer->uv.loop);
        /* libuv's clock drops the fraction of a millisecond: one more, or it would fire up to one early. */
        uv_timer_start(&timer->uv, fire_timer, delay_ms > 0 ? (uint64_t)delay_ms + 1 : 0, 0);
}

void gal_timer_stop(struct gal_timer *timer)
{
        uv_timer_stop(&timer->uv);
}

bool gal_timer_is_running(const struct gal_timer *timer)
{
        return uv_is_active((const uv_handle_t *)&timer->uv);
}

struct gal_timer *gal_timer_destroy(struct gal_timer *timer)
{
        if (timer)
                uv_close((uv_handle_t *)&timer->uv, free_handle);
        return NULL;
}

/* Wake-ups */

static void pass_wakeup(uv_async_t *uv)
{
        struct gal_wakeup *wakeup = uv->data;

        wakeup->call(wakeup->user);
}

enum gal_status gal_wakeup_create(struct gal_loop *loop, void (*call)(void *user), void *user,
                                  struct gal_wakeup **ret_wakeup, struct gal_error *error)
{
        struct gal_wakeup *wakeup = gal_new(struct gal_wakeup);
        int uv_status = uv_async_init(&loop->uv, &wakeup->uv, pass_wakeup);

        if (uv_status != 0) {
                free(wakeup);
                return gal_uv_fail(error, uv_status, "cannot create a wake-up");
        }
        wakeup->uv.data = wakeup;
        wakeup->call = call;
        wakeup->user = user;
        *ret_wakeup = wakeup;
        return GAL_OK;
}

void gal_wakeup_send(struct gal_wakeup *wakeup)
{
        uv_async_send(&wakeup->uv);
}

struct gal_wakeup *gal_wakeup_destroy(struct gal_wakeup *wakeup)
{
        if (wakeup)
                uv_close((uv_handle_t *)&wakeup->uv, free_handle);
        return NULL;
}

/* Descriptors */

static void pass_events(uv_poll_t *uv, int status, int events)
{
        struct gal_watch *watch = uv->data;
        int set = (events & UV_READABLE ? GAL_WATCH_READ : 0) | (events & UV_WRITABLE ? GAL_WATCH_WRITE : 0) |
                  (events & UV_DISCONNECT ? GAL_WATCH_HANGUP : 0);

        watch->call(watch->user, status < 0 ? GAL_WATCH_READ | GAL_WATCH_WRITE | GAL_WATCH_HANGUP : set);
}

enum gal_status gal_watch_create(struct gal_loop *loop, int descriptor, void (*call)(void *user, int events),
                                 void *user, struct gal_watch **ret_watch, struct gal_error *error)
{
        struct gal_watch *watch = gal_new(struct gal_watch);
        int uv_status = uv_poll_init(&loop->uv, &watch->uv, descriptor);

        if (uv_status != 0) {
                free(watch);
                return gal_uv_fail(error, uv_status, "cannot watch a descriptor");
        }
        watch->uv.data = watch;
        watch->call = call;
        watch->user = user;
        *ret_watch = watch;
        return GAL_OK;
}

void gal_watch_set(struct gal_watch *watch, int events)
{
        int set = (events & GAL_WATCH_READ ? UV_READABLE : 0) | (events & GAL_WATCH_WRITE ? UV_WRITABLE : 0) |
                  (events & GAL_WATCH_HANGUP ? UV_DISCONNECT : 0);

        if (set == 0)
                uv_poll_stop(&watch->uv);
        else
                uv_poll_start(&watch->uv, set, pass_events);
}

struct gal_watch *gal_watch_destroy(struct gal_watch *watch)
{
        if (watch)
                uv_close((uv_handle_t *)&watch->uv, free_handle);
        return NULL;
}
