/*
 * math.c: States.MathAdd, States.MathRandom and States.UUID. Randomness comes from the scope alone.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/id.h"
#include "base/random.h"
#include "expr/intrinsic/call.h"
#include "expr/java.h"

static bool fits_32_bits(int64_t value)
{
        return value >= INT32_MIN && value <= INT32_MAX;
}

json_t *gal_intrinsic_math_add(struct call_run *run, json_t *const *arguments, size_t count)
{
        int64_t a, b;

        (void)count;
        if (!gal_intrinsic_integer(run, arguments[0], &a) || !gal_intrinsic_integer(run, arguments[1], &b))
                return NULL;
        if (!fits_32_bits(a) || !fits_32_bits(b) || !fits_32_bits(a + b))
                return gal_intrinsic_fail(run, "The numbers and their sum must be between %d and %d.", INT32_MIN,
                                          INT32_MAX);
        return gal_need(json_integer(a + b));
}

/* With a seed, the draws of java.util.Random: start + nextInt(end - start). */
static int64_t draw_seeded(int64_t seed, int64_t start, uint64_t range)
{
        struct gal_java_random random = gal_java_random_seeded(seed);

        if (range <= INT32_MAX)
                return start + gal_java_random_below(&random, (int32_t)range);
        return (int64_t)((uint64_t)start + (uint64_t)(gal_java_random_unit(&random) * (double)range));
}

json_t *gal_intrinsic_math_random(struct call_run *run, json_t *const *arguments, size_t count)
{
        int64_t start, end, seed;
        uint64_t range;

        if (!gal_intrinsic_integer(run, arguments[0], &start) || !gal_intrinsic_integer(run, arguments[1], &end))
                return NULL;
        if (start >= end)
                return gal_intrinsic_fail(run, "The start number must be less than the end number.");
        range = (uint64_t)end - (uint64_t)start;
        if (count == 3) {
                if (!gal_intrinsic_integer(run, arguments[2], &seed))
                        return NULL;
                return gal_need(json_integer(draw_seeded(seed, start, range)));
        }
        gal_assert(run->scope->random != NULL);
        return gal_need(json_integer((int64_t)((uint64_t)start + gal_random_below(run->scope->random, range))));
}

json_t *gal_intrinsic_uuid(struct call_run *run, json_t *const *arguments, size_t count)
{
        char text[GAL_UUID_SIZE];

        (void)arguments;
        (void)count;
        gal_assert(run->scope->random != NULL);
        gal_uuid4_format(run->scope->random, text);
        return gal_need(json_string(text));
}
