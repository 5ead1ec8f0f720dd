/*
 * histogram.h: how long something takes, counted in buckets.
 *
 * Bounds are fixed, from half a millisecond to a minute, so that histograms of different processes add up.
 */
#ifndef GAL_BASE_HISTOGRAM_H
#define GAL_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define GAL_HISTOGRAM_BOUNDS 15

/* Zeroed is empty. */
struct gal_histogram {
        uint64_t counts[GAL_HISTOGRAM_BOUNDS +
                        1]; /* of values up to each bound, and above the one before; the rest */
        uint64_t count;
        int64_t sum_ns;
};

/* Upper bounds, in microseconds, ascending. */
extern const int64_t gal_histogram_bounds_us[GAL_HISTOGRAM_BOUNDS];

void gal_histogram_add(struct gal_histogram *histogram, int64_t value_ns);

#endif
