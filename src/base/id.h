/*
 * id.h: identifiers made from bytes and times that the caller gives.
 */
#ifndef GAL_BASE_ID_H
#define GAL_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/utf8.h" /* gal_utf8_length() */

#define GAL_UUID_SIZE 37 /* 36 characters and the terminator */

void gal_uuid4_format(struct gal_random *random, char text[GAL_UUID_SIZE]);
/* Version 7: sorts by `ms`; the rest is random. */
void gal_uuid7_format(int64_t ms, struct gal_random *random, char text[GAL_UUID_SIZE]);

/*
 * Names of state machines, executions and activities: 1 to 80 characters, none of blank, brackets, wildcards,
 * `"#%\^|~`$&,;:/` and controls (service: quotas, names). `text` is UTF-8.
 */
bool gal_name_is_valid(const char *text, size_t len, size_t characters_max);

#endif
