/*
 * case_check.h: what a case expects of the end: its history and its outcome.
 *
 *   history  one entry an event, in order; "..." stands for any number of events
 *              "PassStateEntered 2<-0 Name", "MapIterationStarted 4<-3 Map[0]"
 *              {"event": "TaskFailed 5<-4", "error": "E", "absent": ["cause"], "at": "00:00:01"}: members of the
 * event's details; "input", "output" and "parameters" as values, "input_text" and so on as text; "assigned":
 * {variable: value} events   how many events there are status, output (or output_text), error, cause; null for what
 * is absent
 */
#ifndef GAL_TESTS_MACHINE_CASE_CHECK_H
#define GAL_TESTS_MACHINE_CASE_CHECK_H

#include <jansson.h>

#include "driver.h"

/* Breaches go to driver->fault, with the history as it is. */
void case_check(struct driver *driver, const json_t *source);

#endif
