/*
 * wording.h: how times and failures are told to people, in one line.
 */
#ifndef GAL_CLI_WORDING_H
#define GAL_CLI_WORDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* The two largest units that matter: "0.214 s", "1 s", "5 min 3 s", "3 d 1 h". */
void gal_wording_append_duration(struct gal_buffer *buffer, int64_t ms);

/* Of a moment, counted from the start: seconds to the thousandth, from an hour on 73:00:00. */
void gal_wording_append_elapsed(struct gal_buffer *buffer, int64_t ms);

/*
 * What a cause says. A function's cause is a JSON object: of one with an errorMessage that is shown alone. At most
 * about `size_max` bytes.
 */
void gal_wording_append_cause(struct gal_buffer *buffer, const char *cause, size_t size_max);

#endif
