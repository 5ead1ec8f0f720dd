/*
 * age.h: spans of time as people write them: 90d, 12h, 30m, 10s.
 */
#ifndef GAL_CLI_AGE_H
#define GAL_CLI_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* False: it is none, or longer than 10,000 years. A number without a unit is none either, but for 0. */
bool gal_cli_parse_age(const char *text, int64_t *ret_ms);

#endif
