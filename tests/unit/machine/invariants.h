/*
 * invariants.h: what holds of every record and of every execution between two steps (design, section 8).
 */
#ifndef GAL_TESTS_MACHINE_INVARIANTS_H
#define GAL_TESTS_MACHINE_INVARIANTS_H

#include <stdbool.h>

#include "driver.h"

/* Before `record` joins the driver's records. False after driver_fail(). */
bool invariants_check_record(struct driver *driver, const struct gal_record *record);
bool invariants_check_execution(struct driver *driver);

#endif
