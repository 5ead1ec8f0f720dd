/*
 * harness.h: a loop, a dispatcher and what came of its calls; shared by the tests of src/tasks.
 */
#ifndef GAL_TESTS_TASKS_HARNESS_H
#define GAL_TESTS_TASKS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/loop.h"
#include "tasks/call.h"
#include "tasks/functions.h"

extern struct gal_loop *loop;
extern struct gal_functions *functions;
extern struct gal_tasks *tasks;

/* One call and what came of it. */
struct outcome {
        int started;
        int done;
        bool succeeded;
        char *output;
        size_t output_len;
        char *error;
        char *cause;
        struct gal_call_handle *handle;
};

/* The configuration's relative paths start at tests/. */
void harness_start(const char *config);
/* Destroys all, and checks that no descriptor and no child is left. */
void harness_stop(void);

/* The log lines so far, "LEVEL text\n" each. */
const char *harness_log(void);

void dispatch(struct outcome *outcome, const struct gal_call *call);
/* A direct call of a function with `input`. */
void dispatch_function(struct outcome *outcome, const char *name, const char *input);
void dispatch_invoke(struct outcome *outcome, const char *parameters);
/* Until nothing is in flight. */
void run_all(void);
void outcome_finish(struct outcome *outcome);

#endif
