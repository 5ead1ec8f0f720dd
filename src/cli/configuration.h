/*
 * configuration.h: galliard.json, with its faults shown in their place.
 */
#ifndef GAL_CLI_CONFIGURATION_H
#define GAL_CLI_CONFIGURATION_H

#include <stdbool.h>

struct gal_functions;

/*
 * Loads `given`, or `usual` when nothing was given and that file exists; `*ret_functions` (transfer full) stays as
 * it is when there is neither. False after a message on standard error.
 */
bool gal_cli_load_functions(const char *given, const char *usual, struct gal_functions **ret_functions);

#endif
