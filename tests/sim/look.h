/*
 * look.h: readers of histories at any moment, and the last look at the store when all is over.
 */
#ifndef GAL_TESTS_SIM_LOOK_H
#define GAL_TESTS_SIM_LOOK_H

#include "sim.h"

/* Somebody reads the history of an execution: what was read before is the beginning of it. */
void sim_look_at_history(struct sim *sim);
/* Every row of the store, read anew and replayed, says what the ledger says. */
void sim_look_at_store(struct sim *sim);

#endif
