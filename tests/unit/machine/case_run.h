/*
 * case_run.h: plays a case: feeds its script, answers its tasks, lets time pass.
 *
 * A case file (tests/cases/machine/<what it shows>.json):
 *   about       one sentence: the rule, and where it is written
 *   definition, input (default {}), input_text (the input as it came, verbatim)
 *   tasks       {"State": [answer, ...]}: the answers to its attempts in turn, the last one for ever
 *                 {"output": v} {"output_text": "..."} {"echo": true} {"error": e, "cause": c} {"never": true}
 *                 beside them "after" (from its start), "start_after", "unstarted", "worker", "submitted",
 * "heartbeats": [time, ...] script      [{"expect": {"invoke": "State", "input"?, "attempt"?} | {"cancel": "State"}
 * | {"finish": true} | {"nothing": true} | {"wake": time} | {"status": "RUNNING"}},
 *                {"feed": {"TaskStarted" | "TaskSubmitted" | "TaskSucceeded" | "TaskFailed" | "TaskHeartbeat" |
 * "Stop" | "Time" | "TimeTo": {...}} or a list of them, taken in one step}] a task is named "of": "State" or
 * "State[1]" (its place among its siblings); the only open one needs no name; "scheduled": n names an attempt of
 * old. TimeTo stops at everything that is due on its way, Time jumps. events_max, activities: [arn], identity:
 * {execution_arn, ...} With a script, time stands still when the script is over; without one it runs until the
 * execution is closed.
 */
#ifndef GAL_TESTS_MACHINE_CASE_RUN_H
#define GAL_TESTS_MACHINE_CASE_RUN_H

#include <jansson.h>

#include "driver.h"

/* `driver` is initialised with the case's own options; a breach is in driver->fault. `source` is expanded, and
 * borrowed. */
void case_run(struct driver *driver, const json_t *source, struct gal_program *program, bool rebuild);

#endif
