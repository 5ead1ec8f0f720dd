/*
 * json_positions.h: how the reader fills the positions of base/json.h. For this folder only.
 */
#ifndef GAL_BASE_JSON_POSITIONS_H
#define GAL_BASE_JSON_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

#define GAL_JSON_POSITION_ROOT UINT32_MAX /* the parent of the root */

/* `text` must live until the reading is done. NULL: out of memory. */
struct gal_json_positions *gal_json_positions_create(const char *text, size_t len);

/*
 * Notes a value that begins at `value_offset`; calls come in the order of the text. `parent` is what the call for
 * the container gave. A member that the parent has already is listed as a duplicate and replaces the earlier one,
 * with all that was below it. False: out of memory.
 */
bool gal_json_positions_add(struct gal_json_positions *positions, uint32_t parent, const char *token, size_t len,
                            size_t key_offset, size_t value_offset, uint32_t *ret_entry);

#endif
