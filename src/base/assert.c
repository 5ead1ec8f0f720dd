/*
 * assert.c: the end of the process when a promise of ours is broken. What is on disk stays valid: nothing
 * visible happens before the commit that records it, so stopping here loses only work that is done again.
 *
 * The suspect is the one variable of this library that outlives a call. It is each thread's own: two engines in one
 * process do not see each other's.
 */
#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WHAT_SIZE 512

static _Thread_local const struct gal_suspect *current;

void gal_suspect_set(const struct gal_suspect *suspect)
{
        current = suspect;
}

void gal_suspect_note(const char *what)
{
        const struct gal_suspect *suspect = current;

        current = NULL; /* a note that breaks a promise itself is not taken */
        if (suspect != NULL)
                suspect->note(suspect, what);
}

_Noreturn void gal_bug_at(const char *file, int line, const char *what, int64_t value)
{
        char text[WHAT_SIZE];

        snprintf(text, sizeof(text), "%s:%d: %s (%" PRId64 ")", file, line, what, value);
        fprintf(stderr, "galliard: bug at %s\n", text);
        gal_suspect_note(text);
        abort();
}
