/*
 * progress.h: a running workflow, a line an event, for people: time, name, what happened; indented by nesting.
 */
#ifndef GAL_CLI_PROGRESS_H
#define GAL_CLI_PROGRESS_H

#include <stdio.h>

#include "machine/execution.h"
#include "machine/record.h"

struct gal_progress;

/* `out` is borrowed; what it can do decides on colours and marks. (transfer full) */
struct gal_progress *gal_progress_create(FILE *out);
void gal_progress_destroy(struct gal_progress *progress); /* accepts NULL */
/* Every record of one execution, in their order; prints what is worth a line. */
void gal_progress_record(struct gal_progress *progress, const struct gal_execution *execution,
                         const struct gal_record *record);
/* The last line: the status, how long it took, why it failed. */
void gal_progress_print_summary(FILE *out, const struct gal_execution *execution);

#endif
