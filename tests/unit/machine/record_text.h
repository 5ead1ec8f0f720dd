/*
 * record_text.h: a record with all that it holds, as text: two runs are the same if and only if these texts are.
 */
#ifndef GAL_TESTS_MACHINE_RECORD_TEXT_H
#define GAL_TESTS_MACHINE_RECORD_TEXT_H

#include "base/buffer.h"
#include "machine/execution.h"
#include "machine/machine.h"
#include "machine/record.h"

/* Appends a line: the internal part, then the event as the API shows it. */
void record_text_write(struct gal_buffer *buffer, const struct gal_execution *execution,
                       const struct gal_record *record);
void effect_text_write(struct gal_buffer *buffer, const struct gal_effect *effect);

#endif
