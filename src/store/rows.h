/*
 * rows.h: what every kind of row is made of, as tables. Checking, copying, and both databases' reading and writing
 * go by them: a new member of a row is a new line here and a new column there.
 */
#ifndef GAL_STORE_ROWS_H
#define GAL_STORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Ids are stored as these bytes; they sort as the texts do. */
#define GAL_UUID_BYTES 16
/* A row has at most three ids; see gal_row_reader. */
#define GAL_ROW_IDS_MAX 3

/* Behind every name in the order of bytes; and before every task of an activity (NULL: of any). */
#define GAL_NAME_LAST "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf"
#define GAL_ACTIVITY_TASK_FIRST(name)                                                                              \
        {                                                                                                          \
                .activity = (name) == NULL ? "" : (name), .scheduled_ms = -1,                                      \
                .execution_id = "00000000-0000-0000-0000-000000000000"                                             \
        }

/* False: `text` is no UUID in small letters, and so the key of no row. */
bool gal_uuid_to_bytes(const char *text, uint8_t bytes[GAL_UUID_BYTES]);
/* 36 characters and the terminator. */
void gal_uuid_from_bytes(const uint8_t bytes[GAL_UUID_BYTES], char text[37]);

enum gal_row_kind {
        GAL_ROW_MACHINE,
        GAL_ROW_MACHINE_ID, /* a `const char *` */
        GAL_ROW_REVISION,
        GAL_ROW_VERSION,
        GAL_ROW_VERSION_KEY, /* machine and version of a struct gal_version_row */
        GAL_ROW_ALIAS,
        GAL_ROW_ALIAS_KEY, /* machine and name of a struct gal_alias_row */
        GAL_ROW_TAG_KEY,   /* resource and key of a struct gal_tag_row */
        GAL_ROW_TAG,
        GAL_ROW_NAME,
        GAL_ROW_EXECUTION,
        GAL_ROW_CHUNK,
        GAL_ROW_RUN,
        GAL_ROW_RUN_KEY, /* slot and execution of a struct gal_run_row */
        GAL_ROW_ACTIVITY,
        GAL_ROW_ACTIVITY_NAME, /* a `const char *` */
        GAL_ROW_ACTIVITY_TASK,
        GAL_ROW_ACTIVITY_TASK_KEY, /* all of a struct gal_activity_task_row */
        GAL_ROW_KINDS,
};

enum gal_column_type {
        GAL_COLUMN_ID,     /* const char *: a UUID */
        GAL_COLUMN_TEXT,   /* const char * */
        GAL_COLUMN_OPTION, /* const char *: a text that may be NULL */
        GAL_COLUMN_BYTES,  /* const char * and size_t; may be NULL */
        GAL_COLUMN_SLOT,   /* uint32_t below GAL_SLOTS */
        GAL_COLUMN_COUNT,  /* uint32_t up to GAL_STORE_SEQUENCE_MAX */
        GAL_COLUMN_NUMBER, /* uint64_t up to GAL_STORE_SEQUENCE_MAX */
        GAL_COLUMN_TIME,   /* int64_t */
};

struct gal_column {
        const char *name; /* as in SQL */
        enum gal_column_type type;
        size_t offset;     /* in the row */
        size_t len_offset; /* of bytes */
};

struct gal_row_shape {
        const char *what; /* "chunk": for messages */
        size_t size;
        const struct gal_column *columns; /* in the order in which SQL names them */
        size_t column_count;
        size_t rows_offset; /* in struct gal_batch */
        size_t count_offset;
};

extern const struct gal_row_shape gal_row_shapes[GAL_ROW_KINDS];

static inline const char *gal_batch_rows(const struct gal_batch *batch, enum gal_row_kind kind)
{
        return *(const char *const *)((const char *)batch + gal_row_shapes[kind].rows_offset);
}

static inline size_t gal_batch_count(const struct gal_batch *batch, enum gal_row_kind kind)
{
        return *(const size_t *)((const char *)batch + gal_row_shapes[kind].count_offset);
}

/* GAL_EINVALID: the first row that no backend may write, and why. */
GAL_MUST_USE enum gal_status gal_batch_check(const struct gal_batch *batch, struct gal_error *error);

/* Replaces all that the row points at by copies. */
void gal_row_own(enum gal_row_kind kind, void *row);
/* Frees those copies and zeroes the row. */
void gal_row_disown(enum gal_row_kind kind, void *row);

/* (transfer full) A copy with copies of all rows. Release with gal_batch_copy_destroy(), which accepts NULL. */
struct gal_batch *gal_batch_copy(const struct gal_batch *batch);
void gal_batch_copy_destroy(struct gal_batch *batch);

/* A caller's callback, of whatever kind. */
struct gal_row_reader {
        enum gal_row_kind kind;
        union {
                gal_machine_reader machine;
                gal_revision_reader revision;
                gal_version_reader version;
                gal_alias_reader alias;
                gal_tag_reader tag;
                bool (*name)(void *user, const struct gal_name_row *row);
                gal_execution_reader execution;
                gal_run_reader run;
                gal_chunk_reader chunk;
                gal_activity_reader activity;
                gal_activity_task_reader activity_task;
        } as;
        void *user;
};

/* A row of any kind, and room for the texts of its ids. */
struct gal_any_row {
        union {
                struct gal_machine_row machine;
                struct gal_revision_row revision;
                struct gal_version_row version;
                struct gal_alias_row alias;
                struct gal_tag_row tag;
                struct gal_name_row name;
                struct gal_execution_row execution;
                struct gal_run_row run;
                struct gal_chunk_row chunk;
                struct gal_activity_row activity;
                struct gal_activity_task_row activity_task;
        } as;
        char ids[GAL_ROW_IDS_MAX][37];
};

bool gal_row_give(const struct gal_row_reader *reader, const struct gal_any_row *row);

#endif
