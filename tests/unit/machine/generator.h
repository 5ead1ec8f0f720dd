/*
 * generator.h: definitions at random: valid, small, and with every kind of state nested in every other.
 */
#ifndef GAL_TESTS_MACHINE_GENERATOR_H
#define GAL_TESTS_MACHINE_GENERATOR_H

#include <jansson.h>

#include "base/random.h"

#define GENERATOR_ACTIVITY "arn:aws:states:us-east-1:123456789012:activity:a"

/* (transfer full) */
json_t *generator_definition(struct gal_random *random);
/* An input, or what a task returns: what the paths of the definitions mostly find. Small but for one in some
 * hundred. */
json_t *generator_value(struct gal_random *random);
/* (transfer none) An error name that retriers and catchers of the definitions may name; NULL now and then. */
const char *generator_error(struct gal_random *random);

#endif
