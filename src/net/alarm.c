/*
 * alarm.c: the kernel's timers that are set to an absolute time of CLOCK_REALTIME: it looks at them anew whenever
 * that clock is set.
 */
#include "net/alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "net/loop.h"

struct gal_alarm {
        int descriptor;
        struct gal_watch *watch;
        int64_t at_ms; /* 0: not set */
        void (*call)(void *user);
        void *user;
};

static void go_off(void *user, int events)
{
        struct gal_alarm *alarm = user;
        uint64_t count;

        (void)events;
        /* It may have been set to another time since the descriptor was seen to be readable. */
        if (read(alarm->descriptor, &count, sizeof(count)) != (ssize_t)sizeof(count))
                return;
        alarm->at_ms = 0;
        alarm->call(alarm->user);
}

enum gal_status gal_alarm_create(struct gal_loop *loop, void (*call)(void *user), void *user,
                                 struct gal_alarm **ret_alarm, struct gal_error *error)
{
        struct gal_alarm *alarm = gal_new(struct gal_alarm);
        enum gal_status status;

        alarm->call = call;
        alarm->user = user;
        alarm->descriptor = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        status = alarm->descriptor < 0
                         ? gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot make a timer: %s", strerror(errno))
                         : gal_watch_create(loop, alarm->descriptor, go_off, alarm, &alarm->watch, error);
        if (status != GAL_OK) {
                gal_alarm_destroy(alarm);
                return status;
        }
        gal_watch_set(alarm->watch, GAL_WATCH_READ);
        *ret_alarm = alarm;
        return GAL_OK;
}

void gal_alarm_set(struct gal_alarm *alarm, int64_t at_ms)
{
        struct itimerspec spec = { .it_value = { .tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 } };

        gal_assert(at_ms >= 0);
        if (alarm->at_ms == at_ms)
                return;
        alarm->at_ms = at_ms;
        /* Beyond what the kernel takes (the year 2262) it does its best: never. */
        if (timerfd_settime(alarm->descriptor, TFD_TIMER_ABSTIME, &spec, NULL) != 0)
                gal_bug("timerfd_settime", errno);
}

struct gal_alarm *gal_alarm_destroy(struct gal_alarm *alarm)
{
        if (alarm == NULL)
                return NULL;
        gal_watch_destroy(alarm->watch);
        if (alarm->descriptor >= 0)
                close(alarm->descriptor);
        free(alarm);
        return NULL;
}
