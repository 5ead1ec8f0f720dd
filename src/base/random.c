/*
 * random.c: xoshiro256** by Blackman and Vigna. The stream is part of what a history means: never change it.
 */
#include "base/random.h"

#include "base/assert.h"

static uint64_t rotate_left(uint64_t x, int bits)
{
        return x << bits | x >> (64 - bits);
}

uint64_t gal_random_next(struct gal_random *random)
{
        uint64_t *s = random->state;
        uint64_t result, t;

        if ((s[0] | s[1] | s[2] | s[3]) == 0)
                s[0] = 0x9E3779B97F4A7C15u; /* from all zero the generator would never leave zero */
        result = rotate_left(s[1] * 5, 7) * 9;
        t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate_left(s[3], 45);
        return result;
}

uint64_t gal_random_below(struct gal_random *random, uint64_t bound)
{
        uint64_t threshold, x;

        gal_assert(bound > 0);
        threshold = (0 - bound) % bound; /* 2^64 mod bound: the draws below it would come up once too often */
        do
                x = gal_random_next(random);
        while (x < threshold);
        return x % bound;
}

double gal_random_unit(struct gal_random *random)
{
        return (double)(gal_random_next(random) >> 11) * 0x1.0p-53;
}
