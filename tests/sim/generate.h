/*
 * generate.h: definitions at random, and inputs that suit them.
 *
 * Every one of them ends: there are no endless loops, and the waits are short enough for a run; some are long
 * enough for an execution to be parked.
 */
#ifndef GAL_TESTS_SIM_GENERATE_H
#define GAL_TESTS_SIM_GENERATE_H

#include "sim.h"

/* (transfer full) */
char *generate_definition(struct sim *sim);
/* (transfer full) The same text for the same variant. */
char *generate_input(struct sim *sim, unsigned variant);

#endif
