/*
 * timestamp.h: instants and their ISO 8601 text. Milliseconds since 1970-01-01T00:00:00Z unless a name says
 * otherwise.
 */
#ifndef GAL_BASE_TIMESTAMP_H
#define GAL_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GAL_TIMESTAMP_SIZE 40

/* An instant to the nanosecond, as timestamps of definitions and payloads may have. */
struct gal_instant {
        int64_t seconds;
        int32_t nanoseconds; /* 0 to 999,999,999 */
};

/*
 * RFC 3339 profile of ISO 8601: capital T, seconds, any number of fraction digits (past nine they are cut), and
 * 'Z' or a numeric offset, all required. False for anything else (month 13, hour 25, Feb 30, no zone).
 */
bool gal_timestamp_parse(const char *text, size_t len, struct gal_instant *ret_instant);
int gal_instant_compare(struct gal_instant a, struct gal_instant b); /* <0, 0, >0 */
/* Rounded up, so that a timer set to it never fires early; saturates. */
int64_t gal_instant_to_ms(struct gal_instant instant);

/* "2026-11-23T15:17:18.123Z": always three digits of fraction. Returns the length. */
size_t gal_timestamp_format(int64_t ms, char text[GAL_TIMESTAMP_SIZE]);

#endif
