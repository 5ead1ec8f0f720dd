/*
 * progress.h: a running workflow, a line an event, for people: time, name, what happened; indented by nesting.
 */
#ifndef GAL_CLI_PROGRESS_H
#define GAL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "machine/execution.h"
#include "machine/record.h"

struct gal_progress;

/* `out` is borrowed. Colours when `colour`. (transfer full) */
struct gal_progress *gal_progress_create(FILE *out, bool colour);
void gal_progress_destroy(struct gal_progress *progress); /* accepts NULL */
/* Prints what is worth a line. */
void gal_progress_record(struct gal_progress *progress, const struct gal_execution *execution,
                         const struct gal_record *record);

#endif
