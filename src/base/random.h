/*
 * random.h: a stream of numbers from a given seed. Deterministic: the same seed gives the same stream, on every
 * machine and in every release (histories are replayed). Not for keys.
 */
#ifndef GAL_BASE_RANDOM_H
#define GAL_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct gal_random {
        uint64_t state[4]; /* xoshiro256**; all zero is mended at the first draw */
};

uint64_t gal_random_next(struct gal_random *random);
/* 0 <= x < bound, without bias; bound > 0. */
uint64_t gal_random_below(struct gal_random *random, uint64_t bound);
/* 0 <= x < 1, 53 bits. */
double gal_random_unit(struct gal_random *random);

#endif
