/*
 * fail_alloc.h: fails the n-th allocation, to show that running out of memory is refused and leaks nothing.
 *
 *   for (long n = 1;; n++) {
 *           fail_alloc_arm(n);
 *           status = gal_json_read(text, len, &value, NULL);
 *           hit = fail_alloc_hit();
 *           fail_alloc_disarm();
 *           if (!hit)
 *                   break;                  // it needs fewer than n allocations: all have been failed
 *           ck_assert_int_eq(status, GAL_ENOMEM);
 *   }
 *
 * Counted are malloc, calloc, realloc, reallocarray, strdup, strndup, vasprintf and asprintf of all code that is
 * linked statically (the linker wraps them), and what jansson allocates (json_set_alloc_funcs(), from the first
 * arming on). Other shared libraries are not touched. Assert only when disarmed: check_dep may be linked
 * statically. A test adds
 *
 *   executable('test_x', 'test_x.c', fail_alloc_sources, link_args: fail_alloc_link_args,
 *           include_directories: '..', dependencies: [core_dep, check_dep])     // #include "fail_alloc.h"
 *
 * (both are set in tests/meson.build). Not for several threads.
 */
#ifndef GAL_TESTS_FAIL_ALLOC_H
#define GAL_TESTS_FAIL_ALLOC_H

#include <stdbool.h>

/* From here on the n-th allocation fails, counted from 1; those before and after it succeed. */
void fail_alloc_arm(long n);
/* Whether that allocation was asked for since. */
bool fail_alloc_hit(void);
void fail_alloc_disarm(void);

#endif
