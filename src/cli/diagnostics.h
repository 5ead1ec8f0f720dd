/*
 * diagnostics.h: the faults of a definition, for people: where, what, and the line itself with the place
 * underlined.
 *
 *   order.json:7:15: error: Missing 'Next' target: Shipp [MISSING_TRANSITION_TARGET at /States/Pay/Next]
 *       7 |       "Next": "Shipp",
 *         |               ^~~~~~~
 */
#ifndef GAL_CLI_DIAGNOSTICS_H
#define GAL_CLI_DIAGNOSTICS_H

#include <stddef.h>
#include <stdio.h>

#include "definition/diagnostic.h"

/* In the order of the text. `text` is what was compiled; colours when `out` is a terminal and NO_COLOR is not set.
 */
void gal_cli_print_diagnostics(FILE *out, const char *file, const char *text, size_t len,
                               const struct gal_diagnostics *diagnostics);

#endif
