/*
 * query.h: committed state, read from a store. Needs no engine: a process that does not own the store reads it so,
 * too.
 *
 * Times in ms, payloads as JSON text. What is read is what was committed, never what an engine is about to commit.
 */
#ifndef GAL_ENGINE_QUERY_H
#define GAL_ENGINE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* An execution ARN taken apart: arn:PARTITION:states:REGION:ACCOUNT:execution:MACHINE:NAME. */
struct gal_execution_arn {
        char *machine_name;
        char *name;
        char *machine_arn;
};

/* False when it is none. Release with gal_execution_arn_finish() when true. */
bool gal_execution_arn_parse(const char *text, struct gal_execution_arn *ret_arn);
void gal_execution_arn_finish(struct gal_execution_arn *arn);

/* GAL_ENOTFOUND: no such execution. The row is borrowed for the callback. */
GAL_MUST_USE enum gal_status gal_query_execution(struct gal_store *store, const char *execution_arn,
                                                 void (*found)(void *user, const struct gal_execution_row *row),
                                                 void *user, struct gal_error *error);

struct gal_history_query {
        const char *execution_arn;
        bool reverse;
        uint64_t after_id; /* go on behind this event; 0: from the beginning (or the end, when in reverse) */
        size_t limit;      /* of events; 0: no limit */
        size_t size_max;   /* of what is given, in bytes; the first event is given anyway; 0: no limit */
        bool omit_data;    /* includeExecutionData: false */
};

/*
 * Each event as JSON text of the API's shape, borrowed for the callback. `ret_more` (nullable): there are events
 * beyond the limit. GAL_ENOTFOUND: no such execution.
 */
GAL_MUST_USE enum gal_status gal_query_history(struct gal_store *store, const struct gal_history_query *query,
                                               void (*event)(void *user, uint64_t id, const char *text, size_t len),
                                               void *user, bool *ret_more, struct gal_error *error);

/* The definition of a revision, verbatim. (transfer full) GAL_ENOTFOUND. */
GAL_MUST_USE enum gal_status gal_query_definition(struct gal_store *store, const char *revision_id,
                                                  char **ret_definition, char **ret_role_arn,
                                                  struct gal_error *error);

#endif
