/*
 * assert.c: the end of the process when a promise of ours is broken. What is on disk stays valid: nothing
 * visible happens before the commit that records it, so stopping here loses only work that is done again.
 */
#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void gal_bug_at(const char *file, int line, const char *what, int64_t value)
{
        fprintf(stderr, "galliard: bug at %s:%d: %s (%" PRId64 ")\n", file, line, what, value);
        abort();
}
