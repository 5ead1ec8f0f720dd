/*
 * assert.h: promises of our own code, checked in release builds too.
 *
 * Never for input: what a user, a worker or a database sends is refused with a status. One condition per assert.
 */
#ifndef GAL_BASE_ASSERT_H
#define GAL_BASE_ASSERT_H

#include <stdint.h>

/* Prints the place and the text on standard error and aborts; `value` is whatever helps to see why. */
_Noreturn void gal_bug_at(const char *file, int line, const char *what, int64_t value);

#define gal_bug(what, value) gal_bug_at(__FILE__, __LINE__, (what), (int64_t)(value))
#define gal_assert(condition) ((condition) ? (void)0 : gal_bug_at(__FILE__, __LINE__, #condition, 0))

#endif
