/*
 * result.h: what `galliard run` prints on standard output.
 */
#ifndef GAL_CLI_RESULT_H
#define GAL_CLI_RESULT_H

#include <stdbool.h>

#include "machine/execution.h"
#include "store/store.h"

enum gal_result_form {
        GAL_RESULT_OUTPUT, /* the output alone; nothing when there is none */
        GAL_RESULT_EVENTS, /* {"events": [...]}, as GetExecutionHistory answers */
        GAL_RESULT_ALL,    /* status, output, error, cause, events */
};

/* Of a closed execution, its events from the store. False after a message to standard error. */
bool gal_result_print(struct gal_store *store, const struct gal_execution *execution, enum gal_result_form form);

#endif
