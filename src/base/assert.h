/*
 * assert.h: promises of our own code, checked in release builds too.
 *
 * Never for input: what a user, a worker or a database sends is refused with a status. One condition per assert.
 */
#ifndef GAL_BASE_ASSERT_H
#define GAL_BASE_ASSERT_H

#include <stdint.h>

/* Prints the place and the text on standard error, notes the suspect and aborts; `value` is whatever helps to see
 * why. */
_Noreturn void gal_bug_at(const char *file, int line, const char *what, int64_t value);

#define gal_bug(what, value) gal_bug_at(__FILE__, __LINE__, (what), (int64_t)(value))
#define gal_assert(condition) ((condition) ? (void)0 : gal_bug_at(__FILE__, __LINE__, #condition, 0))

/*
 * What this thread works on, for whoever has to find out which of many makes it break its promises. `note` is
 * called before the process ends, maybe in a signal handler: it does only what such a handler may, and allocates
 * nothing.
 */
struct gal_suspect {
        void (*note)(const struct gal_suspect *suspect, const char *what);
};

/* Of this thread, from now on; NULL: nobody. Borrowed. */
void gal_suspect_set(const struct gal_suspect *suspect);
/* For handlers of signals: what gal_bug() does before it aborts. At most once for each time that one was set. */
void gal_suspect_note(const char *what);

#endif
