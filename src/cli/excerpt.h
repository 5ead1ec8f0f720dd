/*
 * excerpt.h: the line of a text that a fault is in, with the place underlined.
 *
 *       7 |       "Next": "Shipp",
 *         |               ^~~~~~~
 */
#ifndef GAL_CLI_EXCERPT_H
#define GAL_CLI_EXCERPT_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* `at.offset` is the place; the line's number is left out when `at.line` is 0 (a text of one line). */
void gal_excerpt_put(FILE *out, const char *text, size_t len, struct gal_position at);

#endif
