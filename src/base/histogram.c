/*
 * histogram.c: see histogram.h.
 */
#include "base/histogram.h"

const int64_t gal_histogram_bounds_us[GAL_HISTOGRAM_BOUNDS] = {
        500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
        250000, 500000, 1000000, 2500000, 5000000, 10000000, 60000000,
};

void gal_histogram_add(struct gal_histogram *histogram, int64_t value_ns)
{
        size_t i = 0;

        while (i < GAL_HISTOGRAM_BOUNDS && value_ns > gal_histogram_bounds_us[i] * 1000)
                i++;
        histogram->counts[i]++;
        histogram->count++;
        histogram->sum_ns += value_ns;
}
