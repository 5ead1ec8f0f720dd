/*
 * event.c: the table of events.
 */
#include "machine/event.h"

const struct gal_event_info gal_event_infos[GAL_EVENT_COUNT] = {
#define X(id, event_name, event_member, event_shape)                                                               \
        [GAL_EVENT_##id] = { .name = event_name, .member = event_member, .shape = GAL_SHAPE_##event_shape },
        GAL_EVENTS(X)
#undef X
};
