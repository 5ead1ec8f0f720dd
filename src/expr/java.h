/*
 * java.h: the few habits of Java's library that the service lets its users see.
 */
#ifndef GAL_EXPR_JAVA_H
#define GAL_EXPR_JAVA_H

#include <jansson.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * What a Java program prints for a value: {A=1, B=[x, null]}; a string bare, a number as in JSON. Strings keep
 * U+0000. Failures stick to the buffer; its bound ends the walk early.
 */
void gal_java_write(struct gal_buffer *buffer, const json_t *value);

/* java.util.Random: the numbers that a seed gives are part of what seeded functions promise. */
struct gal_java_random {
        uint64_t seed;
};

struct gal_java_random gal_java_random_seeded(int64_t seed);
/* nextInt(bound): 0 <= x < bound; bound > 0. */
int32_t gal_java_random_below(struct gal_java_random *random, int32_t bound);
/* nextDouble(): 0 <= x < 1. */
double gal_java_random_unit(struct gal_java_random *random);

#endif
