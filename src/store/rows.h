/*
 * rows.h: what the backends share about rows: the checks that make all of them refuse the same data, ids as bytes,
 * and batches that outlive the call.
 */
#ifndef GAL_STORE_ROWS_H
#define GAL_STORE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store_next.h"

/* Ids are stored as these bytes; they sort as the texts do. */
#define GAL_UUID_BYTES 16

/* False: `text` is no UUID in small letters, and so the key of no row. */
bool gal_uuid_to_bytes(const char *text, uint8_t bytes[GAL_UUID_BYTES]);
/* 36 characters and the terminator. */
void gal_uuid_from_bytes(const uint8_t bytes[GAL_UUID_BYTES], char text[37]);

/* GAL_EINVALID: the first row that no backend may write, and why. */
GAL_MUST_USE enum gal_status gal_batch_check(const struct gal_batch *batch, struct gal_error *error);

enum gal_row_kind {
        GAL_ROW_MACHINE,
        GAL_ROW_MACHINE_ID, /* a `const char *` */
        GAL_ROW_REVISION,
        GAL_ROW_NAME,
        GAL_ROW_EXECUTION,
        GAL_ROW_CHUNK,
        GAL_ROW_RUN,
};

/* Replaces all that the row points at by copies. */
void gal_row_own(enum gal_row_kind kind, void *row);
/* Frees those copies and zeroes the row. */
void gal_row_disown(enum gal_row_kind kind, void *row);

/* (transfer full) A copy with copies of all rows. Release with gal_batch_copy_destroy(), which accepts NULL. */
struct gal_batch *gal_batch_copy(const struct gal_batch *batch);
void gal_batch_copy_destroy(struct gal_batch *batch);

#endif
