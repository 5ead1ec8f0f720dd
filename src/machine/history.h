/*
 * history.h: a record as the API shows it: HistoryEvent of the service model, as JSON text.
 */
#ifndef GAL_MACHINE_HISTORY_H
#define GAL_MACHINE_HISTORY_H

#include "base/buffer.h"
#include "machine/execution.h"
#include "machine/record.h"

struct gal_history_options {
        bool omit_data; /* includeExecutionData: false */
};

/*
 * Appends one event object. `record` must not be internal. Payload texts are made once and kept in the payloads.
 *   {"timestamp":1.5,"type":"PassStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{...}}
 */
void gal_history_write(struct gal_buffer *buffer, const struct gal_execution *execution,
                       const struct gal_record *record, const struct gal_history_options *options);

/* Seconds since 1970 with three decimals, as the API prints times. */
void gal_history_write_time(struct gal_buffer *buffer, int64_t ms);

#endif
