/*
 * lease.c: see lease.h. One thread, asleep but for a renewal now and then.
 *
 * The trap: the loop may let go of the lease while its renewal is under way, and may have asked for it again when
 * that is over. Only what is still held is lost, and of two things to tell the later one counts.
 */
#include "runtime/lease.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "net/loop.h"

/* Stopped processes are succeeded after this at the latest; a renewal may fail to come through twice. */
#define LEASE_MS 10000
#define RENEW_MS (LEASE_MS / 3)

enum news { NO_NEWS, ACQUIRED, LOST };

struct gal_lease {
        struct gal_store *store;
        char *address;
        struct gal_lease_callbacks callbacks;
        struct gal_wakeup *wakeup;
        pthread_t thread;
        bool has_thread;
        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t changed;
        bool is_asked;
        bool is_held;
        bool is_ending;
        int64_t end_ms; /* by the boot-time clock; 0: over */
        enum news news; /* not told yet */
        enum gal_status status;
        struct gal_error error;
};

static int64_t read_clock(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Working the store; without the mutex. */

static enum gal_status acquire(struct gal_lease *lease, int64_t *ret_end_ms, struct gal_error *error)
{
        char incarnation[33];
        struct gal_lease_request request = { .address = lease->address,
                                             .incarnation = incarnation,
                                             .duration_ms = LEASE_MS };
        uint64_t random[2];

        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "no randomness: getrandom: %s", strerror(errno));
        snprintf(incarnation, sizeof(incarnation), "%016llx%016llx", (unsigned long long)random[0],
                 (unsigned long long)random[1]);
        *ret_end_ms = read_clock(CLOCK_BOOTTIME) + LEASE_MS;
        return lease->store->ops->acquire(lease->store, &request, error);
}

static enum gal_status renew(struct gal_lease *lease, int64_t *ret_end_ms, struct gal_error *error)
{
        *ret_end_ms = read_clock(CLOCK_BOOTTIME) + LEASE_MS;
        return lease->store->ops->renew(lease->store, error);
}

/* The thread; with the mutex, which is let go while the store works. */

static void tell(struct gal_lease *lease, enum news news, enum gal_status status, const struct gal_error *error)
{
        lease->news = news;
        lease->status = status;
        lease->error = *error;
        gal_wakeup_send(lease->wakeup);
}

static void do_acquire(struct gal_lease *lease)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        int64_t end_ms = 0;

        lease->is_asked = false;
        pthread_mutex_unlock(&lease->mutex);
        status = acquire(lease, &end_ms, &error);
        pthread_mutex_lock(&lease->mutex);
        lease->is_held = status == GAL_OK;
        lease->end_ms = lease->is_held ? end_ms : 0;
        tell(lease, ACQUIRED, status, &error);
}

static void do_renew(struct gal_lease *lease)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        int64_t end_ms = 0;

        pthread_mutex_unlock(&lease->mutex);
        status = renew(lease, &end_ms, &error);
        pthread_mutex_lock(&lease->mutex);
        if (!lease->is_held)
                return;
        lease->is_held = status == GAL_OK;
        lease->end_ms = lease->is_held ? end_ms : 0;
        if (!lease->is_held)
                tell(lease, LOST, status, &error);
}

/* False: the time to renew has come. */
static bool wait_for_change(struct gal_lease *lease)
{
        int64_t until_ms = read_clock(CLOCK_MONOTONIC) + RENEW_MS;
        struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

        if (!lease->is_held)
                return pthread_cond_wait(&lease->changed, &lease->mutex) == 0;
        return pthread_cond_timedwait(&lease->changed, &lease->mutex, &until) != ETIMEDOUT;
}

static void *run_thread(void *user)
{
        struct gal_lease *lease = user;

        pthread_mutex_lock(&lease->mutex);
        while (!lease->is_ending) {
                if (lease->is_asked)
                        do_acquire(lease);
                else if (!wait_for_change(lease) && lease->is_held)
                        do_renew(lease);
        }
        pthread_mutex_unlock(&lease->mutex);
        return NULL;
}

/* In the loop. */

static void deliver(void *user)
{
        struct gal_lease *lease = user;
        struct gal_error error;
        enum gal_status status;
        enum news news;

        pthread_mutex_lock(&lease->mutex);
        news = lease->news;
        status = lease->status;
        error = lease->error;
        lease->news = NO_NEWS;
        pthread_mutex_unlock(&lease->mutex);
        if (news == ACQUIRED)
                lease->callbacks.acquired(lease->callbacks.user, status, error.message);
        else if (news == LOST)
                lease->callbacks.lost(lease->callbacks.user, error.message);
}

enum gal_status gal_lease_create(struct gal_loop *loop, struct gal_store *store, const char *address,
                                 const struct gal_lease_callbacks *callbacks, struct gal_lease **ret_lease,
                                 struct gal_error *error)
{
        struct gal_lease *lease = gal_new(struct gal_lease);
        pthread_condattr_t attributes;
        enum gal_status status;
        int failed;

        lease->store = store;
        lease->address = gal_strdup(address == NULL ? "" : address);
        lease->callbacks = *callbacks;
        pthread_mutex_init(&lease->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&lease->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        status = gal_wakeup_create(loop, deliver, lease, &lease->wakeup, error);
        failed = status == GAL_OK ? pthread_create(&lease->thread, NULL, run_thread, lease) : 0;
        if (failed != 0)
                status = gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot start a thread: %s", strerror(failed));
        lease->has_thread = status == GAL_OK;
        if (status == GAL_OK)
                *ret_lease = lease;
        else
                gal_lease_destroy(lease);
        return status;
}

void gal_lease_destroy(struct gal_lease *lease)
{
        if (lease == NULL)
                return;
        pthread_mutex_lock(&lease->mutex);
        lease->is_ending = true;
        pthread_mutex_unlock(&lease->mutex);
        pthread_cond_signal(&lease->changed);
        if (lease->has_thread)
                pthread_join(lease->thread, NULL);
        gal_wakeup_destroy(lease->wakeup);
        pthread_cond_destroy(&lease->changed);
        pthread_mutex_destroy(&lease->mutex);
        free(lease->address);
        free(lease);
}

enum gal_status gal_lease_acquire_now(struct gal_lease *lease, struct gal_error *error)
{
        int64_t end_ms = 0;
        enum gal_status status = acquire(lease, &end_ms, error);

        if (status != GAL_OK)
                return status;
        pthread_mutex_lock(&lease->mutex);
        gal_assert(!lease->is_asked && !lease->is_held);
        lease->is_held = true;
        lease->end_ms = end_ms;
        pthread_mutex_unlock(&lease->mutex);
        pthread_cond_signal(&lease->changed);
        return GAL_OK;
}

void gal_lease_acquire(struct gal_lease *lease)
{
        pthread_mutex_lock(&lease->mutex);
        lease->is_asked = true;
        pthread_mutex_unlock(&lease->mutex);
        pthread_cond_signal(&lease->changed);
}

void gal_lease_let_go(struct gal_lease *lease)
{
        pthread_mutex_lock(&lease->mutex);
        lease->is_held = false;
        lease->end_ms = 0;
        pthread_mutex_unlock(&lease->mutex);
}

bool gal_lease_is_valid(struct gal_lease *lease)
{
        bool is_valid;

        pthread_mutex_lock(&lease->mutex);
        is_valid = lease->is_held && (!lease->store->ops->lease_ends || read_clock(CLOCK_BOOTTIME) < lease->end_ms);
        pthread_mutex_unlock(&lease->mutex);
        return is_valid;
}
