/*
 * alarm.h: a time of the wall clock, in a loop. A timer (net/loop.h) measures how long to wait, and is wrong when
 * the clock is set or the machine sleeps meanwhile; an alarm goes off when the clock shows its time, however that
 * has come about.
 */
#ifndef GAL_NET_ALARM_H
#define GAL_NET_ALARM_H

#include <stdint.h>

#include "base/error.h"

struct gal_alarm;
struct gal_loop;

/* GAL_EIO: no descriptor. */
GAL_MUST_USE enum gal_status gal_alarm_create(struct gal_loop *loop, void (*call)(void *user), void *user,
                                              struct gal_alarm **ret_alarm, struct gal_error *error);
/* Goes off once, never before `at_ms` (since 1970), at once when that is over. 0: not at all. */
void gal_alarm_set(struct gal_alarm *alarm, int64_t at_ms);
/* Always returns NULL. Accepts NULL. */
struct gal_alarm *gal_alarm_destroy(struct gal_alarm *alarm);

#endif
