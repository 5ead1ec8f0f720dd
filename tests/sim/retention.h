/*
 * retention.h: executions that were closed long enough ago are purged, in small bites, while everything goes on.
 */
#ifndef GAL_TESTS_SIM_RETENTION_H
#define GAL_TESTS_SIM_RETENTION_H

#include "sim.h"

/* Some runs keep everything. */
void sim_retention_begin(struct sim *sim);
void sim_retention_end(struct sim *sim);

#endif
