/*
 * rows.c: checking and copying batches, each kind of row in one function. A new member of a row belongs into both
 * halves.
 */
#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"

/* Ids. */

/* Above 15: none. Without branches: which kind of digit comes next cannot be foreseen, and there are many of them.
 */
static unsigned hex_digit(char c)
{
        unsigned digit = (unsigned char)c - (unsigned)'0';
        unsigned letter = (unsigned char)c - (unsigned)'a';

        digit = digit < 10 ? digit : 16;
        return letter < 6 ? letter + 10 : digit;
}

bool gal_uuid_to_bytes(const char *text, uint8_t bytes[GAL_UUID_BYTES])
{
        unsigned seen = 0;

        if (text == NULL || strnlen(text, GAL_UUID_SIZE) != GAL_UUID_SIZE - 1)
                return false;
        for (size_t i = 0; i < GAL_UUID_BYTES; i++) {
                unsigned high, low;

                if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
                        return false;
                high = hex_digit(*text++);
                low = hex_digit(*text++);
                seen |= high | low;
                bytes[i] = (uint8_t)(high << 4 | low);
        }
        return seen < 16;
}

void gal_uuid_from_bytes(const uint8_t bytes[GAL_UUID_BYTES], char text[37])
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < GAL_UUID_BYTES; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *text++ = '-';
                *text++ = digits[bytes[i] >> 4];
                *text++ = digits[bytes[i] & 15];
        }
        *text = '\0';
}

/* The tables, one line a column. */

/* clang-format off */
#define COLUMN(type, row, member) { #member, GAL_COLUMN_##type, offsetof(struct row, member), 0 }
#define BYTES(row, member) \
        { #member, GAL_COLUMN_BYTES, offsetof(struct row, member), offsetof(struct row, member##_len) }

static const struct gal_column machine_columns[] = {
        COLUMN(ID, gal_machine_row, machine_id),
        COLUMN(TEXT, gal_machine_row, name),
        COLUMN(ID, gal_machine_row, revision_id),
        COLUMN(TEXT, gal_machine_row, type),
        COLUMN(TEXT, gal_machine_row, status),
        COLUMN(TIME, gal_machine_row, created_ms),
        COLUMN(TIME, gal_machine_row, updated_ms),
        COLUMN(COUNT, gal_machine_row, last_version),
        COLUMN(COUNT, gal_machine_row, created_published),
        COLUMN(OPTION, gal_machine_row, created_description),
};
static const struct gal_column machine_id_columns[] = { { "machine_id", GAL_COLUMN_ID, 0, 0 } };
static const struct gal_column revision_columns[] = {
        COLUMN(ID, gal_revision_row, revision_id),
        COLUMN(ID, gal_revision_row, machine_id),
        COLUMN(TEXT, gal_revision_row, definition),
        COLUMN(OPTION, gal_revision_row, role_arn),
        COLUMN(TIME, gal_revision_row, created_ms),
        COLUMN(COUNT, gal_revision_row, number),
        COLUMN(OPTION, gal_revision_row, logging),
        COLUMN(OPTION, gal_revision_row, tracing),
        COLUMN(OPTION, gal_revision_row, encryption),
};
static const struct gal_column version_columns[] = {
        COLUMN(ID, gal_version_row, machine_id),
        COLUMN(COUNT, gal_version_row, version),
        COLUMN(ID, gal_version_row, revision_id),
        COLUMN(OPTION, gal_version_row, description),
        COLUMN(TIME, gal_version_row, created_ms),
};
static const struct gal_column alias_columns[] = {
        COLUMN(ID, gal_alias_row, machine_id),
        COLUMN(TEXT, gal_alias_row, name),
        COLUMN(OPTION, gal_alias_row, description),
        COLUMN(COUNT, gal_alias_row, version),
        COLUMN(COUNT, gal_alias_row, weight),
        COLUMN(COUNT, gal_alias_row, other_version),
        COLUMN(COUNT, gal_alias_row, other_weight),
        COLUMN(TIME, gal_alias_row, created_ms),
        COLUMN(TIME, gal_alias_row, updated_ms),
};
static const struct gal_column tag_columns[] = {
        COLUMN(TEXT, gal_tag_row, resource),
        COLUMN(TEXT, gal_tag_row, key),
        COLUMN(TEXT, gal_tag_row, value),
};
static const struct gal_column name_columns[] = {
        COLUMN(ID, gal_name_row, machine_id),
        COLUMN(TEXT, gal_name_row, name),
        COLUMN(ID, gal_name_row, execution_id),
        COLUMN(TIME, gal_name_row, reusable_ms),
};
static const struct gal_column execution_columns[] = {
        COLUMN(SLOT, gal_execution_row, slot),
        COLUMN(ID, gal_execution_row, execution_id),
        COLUMN(TEXT, gal_execution_row, name),
        COLUMN(ID, gal_execution_row, machine_id),
        COLUMN(TEXT, gal_execution_row, machine_name),
        COLUMN(ID, gal_execution_row, revision_id),
        COLUMN(TEXT, gal_execution_row, status),
        COLUMN(TIME, gal_execution_row, started_ms),
        COLUMN(TIME, gal_execution_row, stopped_ms),
        COLUMN(NUMBER, gal_execution_row, event_count),
        COLUMN(OPTION, gal_execution_row, input),
        COLUMN(OPTION, gal_execution_row, output),
        COLUMN(OPTION, gal_execution_row, error),
        COLUMN(OPTION, gal_execution_row, cause),
        COLUMN(COUNT, gal_execution_row, version),
        COLUMN(OPTION, gal_execution_row, alias),
        COLUMN(OPTION, gal_execution_row, trace_header),
};
static const struct gal_column chunk_columns[] = {
        COLUMN(SLOT, gal_chunk_row, slot),
        COLUMN(ID, gal_chunk_row, execution_id),
        COLUMN(NUMBER, gal_chunk_row, sequence),
        COLUMN(NUMBER, gal_chunk_row, first_event_id),
        COLUMN(COUNT, gal_chunk_row, event_count),
        BYTES(gal_chunk_row, body),
};
static const struct gal_column run_columns[] = {
        COLUMN(SLOT, gal_run_row, slot),
        COLUMN(ID, gal_run_row, execution_id),
        COLUMN(NUMBER, gal_run_row, sequence),
        COLUMN(TIME, gal_run_row, wake_ms),
        BYTES(gal_run_row, snapshot),
};

static const struct gal_column activity_columns[] = {
        COLUMN(TEXT, gal_activity_row, name),
        COLUMN(OPTION, gal_activity_row, encryption),
        COLUMN(TIME, gal_activity_row, created_ms),
};
static const struct gal_column activity_name_columns[] = { { "name", GAL_COLUMN_TEXT, 0, 0 } };
static const struct gal_column activity_task_columns[] = {
        COLUMN(TEXT, gal_activity_task_row, activity),
        COLUMN(TIME, gal_activity_task_row, scheduled_ms),
        COLUMN(ID, gal_activity_task_row, execution_id),
        COLUMN(NUMBER, gal_activity_task_row, scheduled_id),
        COLUMN(SLOT, gal_activity_task_row, slot),
};

#define COLUMNS(array) .columns = (array), .column_count = sizeof(array) / sizeof((array)[0])
#define PLACE(array, array_count) \
        .rows_offset = offsetof(struct gal_batch, array), .count_offset = offsetof(struct gal_batch, array_count)

const struct gal_row_shape gal_row_shapes[GAL_ROW_KINDS] = {
        [GAL_ROW_MACHINE] = { "machine", sizeof(struct gal_machine_row), COLUMNS(machine_columns),
                              PLACE(machines, machine_count) },
        [GAL_ROW_MACHINE_ID] = { "deleted machine", sizeof(const char *), COLUMNS(machine_id_columns),
                                 PLACE(deleted_machines, deleted_machine_count) },
        [GAL_ROW_REVISION] = { "revision", sizeof(struct gal_revision_row), COLUMNS(revision_columns),
                               PLACE(revisions, revision_count) },
        [GAL_ROW_VERSION] = { "version", sizeof(struct gal_version_row), COLUMNS(version_columns),
                              PLACE(versions, version_count) },
        [GAL_ROW_VERSION_KEY] = { "deleted version", sizeof(struct gal_version_row), version_columns, 2,
                                  PLACE(deleted_versions, deleted_version_count) },
        [GAL_ROW_ALIAS] = { "alias", sizeof(struct gal_alias_row), COLUMNS(alias_columns),
                            PLACE(aliases, alias_count) },
        [GAL_ROW_ALIAS_KEY] = { "deleted alias", sizeof(struct gal_alias_row), alias_columns, 2,
                                PLACE(deleted_aliases, deleted_alias_count) },
        [GAL_ROW_TAG_KEY] = { "deleted tag", sizeof(struct gal_tag_row), tag_columns, 2,
                              PLACE(deleted_tags, deleted_tag_count) },
        [GAL_ROW_TAG] = { "tag", sizeof(struct gal_tag_row), COLUMNS(tag_columns), PLACE(tags, tag_count) },
        [GAL_ROW_NAME] = { "name", sizeof(struct gal_name_row), COLUMNS(name_columns), PLACE(names, name_count) },
        [GAL_ROW_EXECUTION] = { "execution", sizeof(struct gal_execution_row), COLUMNS(execution_columns),
                                PLACE(executions, execution_count) },
        [GAL_ROW_CHUNK] = { "chunk", sizeof(struct gal_chunk_row), COLUMNS(chunk_columns),
                            PLACE(chunks, chunk_count) },
        [GAL_ROW_RUN] = { "run", sizeof(struct gal_run_row), COLUMNS(run_columns), PLACE(runs, run_count) },
        [GAL_ROW_RUN_KEY] = { "closed run", sizeof(struct gal_run_row), run_columns, 2,
                              PLACE(closed_runs, closed_run_count) },
        [GAL_ROW_ACTIVITY] = { "activity", sizeof(struct gal_activity_row), COLUMNS(activity_columns),
                               PLACE(activities, activity_count) },
        [GAL_ROW_ACTIVITY_NAME] = { "deleted activity", sizeof(const char *), COLUMNS(activity_name_columns),
                                    PLACE(deleted_activities, deleted_activity_count) },
        [GAL_ROW_ACTIVITY_TASK] = { "activity task", sizeof(struct gal_activity_task_row),
                                    COLUMNS(activity_task_columns), PLACE(activity_tasks, activity_task_count) },
        [GAL_ROW_ACTIVITY_TASK_KEY] = { "taken activity task", sizeof(struct gal_activity_task_row),
                                        COLUMNS(activity_task_columns),
                                        PLACE(taken_activity_tasks, taken_activity_task_count) },
};
/* clang-format on */

/* Checks. */

static const char *utf8_fault(const char *text)
{
        const char *end = text + strlen(text);

        while (text < end) {
                size_t len = (unsigned char)*text < 0x80 ? 1 : gal_utf8_sequence(text, (size_t)(end - text));

                if (len == 0)
                        return "is not UTF-8";
                text += len;
        }
        return NULL;
}

/* What is wrong with a column of a row; NULL: nothing. */
static const char *find_fault(const struct gal_column *column, const char *row)
{
        const void *member = row + column->offset;
        uint8_t bytes[GAL_UUID_BYTES];
        const char *text;

        switch (column->type) {
        case GAL_COLUMN_ID:
                return gal_uuid_to_bytes(*(const char *const *)member, bytes) ? NULL
                                                                              : "is no UUID in small letters";
        case GAL_COLUMN_TEXT:
                text = *(const char *const *)member;
                return text == NULL ? "is missing" : utf8_fault(text);
        case GAL_COLUMN_OPTION:
                text = *(const char *const *)member;
                return text == NULL ? NULL : utf8_fault(text);
        case GAL_COLUMN_BYTES:
                if (*(const size_t *)(row + column->len_offset) > GAL_STORE_BODY_SIZE_MAX)
                        return "is too large";
                return NULL;
        case GAL_COLUMN_SLOT:
                return *(const uint32_t *)member < GAL_SLOTS ? NULL : "is out of bounds";
        case GAL_COLUMN_COUNT:
                return *(const uint32_t *)member <= GAL_STORE_SEQUENCE_MAX ? NULL : "is out of bounds";
        case GAL_COLUMN_NUMBER:
                return *(const uint64_t *)member <= GAL_STORE_SEQUENCE_MAX ? NULL : "is out of bounds";
        case GAL_COLUMN_TIME:
                return *(const int64_t *)member >= 0 ? NULL : "is before 1970";
        }
        gal_bug("column type", column->type);
}

static enum gal_status check_row(const struct gal_row_shape *shape, const char *row, struct gal_error *error)
{
        for (size_t i = 0; i < shape->column_count; i++) {
                const char *fault = find_fault(&shape->columns[i], row);

                if (fault != NULL)
                        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "the %s of a %s row %s",
                                        shape->columns[i].name, shape->what, fault);
        }
        return GAL_OK;
}

enum gal_status gal_batch_check(const struct gal_batch *batch, struct gal_error *error)
{
        for (enum gal_row_kind kind = 0; kind < GAL_ROW_KINDS; kind++) {
                const struct gal_row_shape *shape = &gal_row_shapes[kind];
                const char *rows = gal_batch_rows(batch, kind);

                for (size_t i = 0; i < gal_batch_count(batch, kind); i++) {
                        enum gal_status status = check_row(shape, rows + i * shape->size, error);

                        if (status != GAL_OK)
                                return status;
                }
        }
        for (size_t i = 0; i < batch->chunk_count; i++) {
                if (batch->chunks[i].sequence == 0)
                        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "chunks count from 1");
                if (batch->chunks[i].body == NULL)
                        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "the body of a chunk is missing");
        }
        return GAL_OK;
}

/* Copies. */

static void *copy_bytes(const void *bytes, size_t len)
{
        char *copy;

        if (bytes == NULL)
                return NULL;
        copy = gal_calloc(len + 1, 1);
        memcpy(copy, bytes, len);
        return copy;
}

static bool is_pointer(const struct gal_column *column)
{
        return column->type == GAL_COLUMN_ID || column->type == GAL_COLUMN_TEXT ||
               column->type == GAL_COLUMN_OPTION || column->type == GAL_COLUMN_BYTES;
}

void gal_row_own(enum gal_row_kind kind, void *row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];

        for (size_t i = 0; i < shape->column_count; i++) {
                const struct gal_column *column = &shape->columns[i];
                char **member = (char **)((char *)row + column->offset);

                if (column->type == GAL_COLUMN_BYTES)
                        *member = copy_bytes(*member, *(size_t *)((char *)row + column->len_offset));
                else if (is_pointer(column))
                        *member = gal_strdup(*member);
        }
}

void gal_row_disown(enum gal_row_kind kind, void *row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];

        for (size_t i = 0; i < shape->column_count; i++) {
                if (is_pointer(&shape->columns[i]))
                        free(*(char **)((char *)row + shape->columns[i].offset));
        }
        memset(row, 0, shape->size);
}

struct gal_batch *gal_batch_copy(const struct gal_batch *batch)
{
        struct gal_batch *copy = copy_bytes(batch, sizeof(*batch));

        for (enum gal_row_kind kind = 0; kind < GAL_ROW_KINDS; kind++) {
                const struct gal_row_shape *shape = &gal_row_shapes[kind];
                size_t count = gal_batch_count(batch, kind);
                char *rows = count == 0 ? NULL : copy_bytes(gal_batch_rows(batch, kind), count * shape->size);

                *(char **)((char *)copy + shape->rows_offset) = rows;
                for (size_t i = 0; i < count; i++)
                        gal_row_own(kind, rows + i * shape->size);
        }
        return copy;
}

void gal_batch_copy_destroy(struct gal_batch *batch)
{
        if (batch == NULL)
                return;
        for (enum gal_row_kind kind = 0; kind < GAL_ROW_KINDS; kind++) {
                char *rows = (char *)gal_batch_rows(batch, kind);

                for (size_t i = 0; i < gal_batch_count(batch, kind); i++)
                        gal_row_disown(kind, rows + i * gal_row_shapes[kind].size);
                free(rows);
        }
        free(batch);
}

bool gal_row_give(const struct gal_row_reader *reader, const struct gal_any_row *row)
{
        switch (reader->kind) {
        case GAL_ROW_MACHINE:
                return reader->as.machine(reader->user, &row->as.machine);
        case GAL_ROW_REVISION:
                return reader->as.revision(reader->user, &row->as.revision);
        case GAL_ROW_VERSION:
                return reader->as.version(reader->user, &row->as.version);
        case GAL_ROW_ALIAS:
                return reader->as.alias(reader->user, &row->as.alias);
        case GAL_ROW_TAG:
                return reader->as.tag(reader->user, &row->as.tag);
        case GAL_ROW_NAME:
                return reader->as.name(reader->user, &row->as.name);
        case GAL_ROW_EXECUTION:
                return reader->as.execution(reader->user, &row->as.execution);
        case GAL_ROW_CHUNK:
                return reader->as.chunk(reader->user, &row->as.chunk);
        case GAL_ROW_RUN:
                return reader->as.run(reader->user, &row->as.run);
        case GAL_ROW_ACTIVITY:
                return reader->as.activity(reader->user, &row->as.activity);
        case GAL_ROW_ACTIVITY_TASK:
                return reader->as.activity_task(reader->user, &row->as.activity_task);
        case GAL_ROW_MACHINE_ID:
        case GAL_ROW_VERSION_KEY:
        case GAL_ROW_ALIAS_KEY:
        case GAL_ROW_TAG_KEY:
        case GAL_ROW_RUN_KEY:
        case GAL_ROW_ACTIVITY_NAME:
        case GAL_ROW_ACTIVITY_TASK_KEY:
        case GAL_ROW_KINDS:
                break;
        }
        gal_bug("row kind", reader->kind);
}
