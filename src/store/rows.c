/*
 * rows.c: checking and copying batches, each kind of row in one function. A new member of a row belongs into both
 * halves.
 */
#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"

/* Ids. */

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

bool gal_uuid_to_bytes(const char *text, uint8_t bytes[GAL_UUID_BYTES])
{
        size_t at = 0;

        if (text == NULL)
                return false;
        for (size_t i = 0; i < GAL_UUID_BYTES; i++) {
                int high, low;

                if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
                        return false;
                high = hex_digit(text[at]);
                low = high < 0 ? -1 : hex_digit(text[at + 1]); /* never past the terminator */
                if (low < 0)
                        return false;
                bytes[i] = (uint8_t)(high << 4 | low);
                at += 2;
        }
        return text[at] == '\0';
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

/* Checks. Each says what it looked at, so that the message can name the row. */

struct checking {
        const char *kind;
        const char *id; /* of the row; NULL: unknown as yet */
        enum gal_status status;
        struct gal_error *error;
};

static void refuse(struct checking *checking, const char *member, const char *why)
{
        if (checking->status != GAL_OK)
                return;
        checking->status = gal_fail(checking->error, GAL_EINVALID, GAL_NOWHERE, "%s %s: its %s %s", checking->kind,
                                    checking->id == NULL ? "without an id" : checking->id, member, why);
}

static void check_id(struct checking *checking, const char *member, const char *text)
{
        uint8_t bytes[GAL_UUID_BYTES];

        if (!gal_uuid_to_bytes(text, bytes))
                refuse(checking, member, "is no UUID in small letters");
}

static void check_nullable(struct checking *checking, const char *member, const char *text)
{
        const char *end;

        if (text == NULL)
                return;
        end = text + strlen(text);
        while (text < end) {
                size_t len = (unsigned char)*text < 0x80 ? 1 : gal_utf8_sequence(text, (size_t)(end - text));

                if (len == 0) {
                        refuse(checking, member, "is not UTF-8");
                        return;
                }
                text += len;
        }
}

static void check_text(struct checking *checking, const char *member, const char *text)
{
        if (text == NULL)
                refuse(checking, member, "is missing");
        check_nullable(checking, member, text);
}

static void check_slot(struct checking *checking, uint32_t slot)
{
        if (slot >= GAL_SLOTS)
                refuse(checking, "slot", "is none of the 4,096");
}

static void check_number(struct checking *checking, const char *member, uint64_t number, uint64_t number_min)
{
        if (number < number_min || number > GAL_STORE_SEQUENCE_MAX)
                refuse(checking, member, "is out of bounds");
}

static void check_body(struct checking *checking, const char *member, const char *body, size_t len)
{
        if (body == NULL && len > 0)
                refuse(checking, member, "is missing");
        if (len > GAL_STORE_BODY_SIZE_MAX)
                refuse(checking, member, "is too large");
}

static void check_machine(struct checking *checking, const struct gal_machine_row *row)
{
        checking->kind = "machine";
        checking->id = row->machine_id;
        check_id(checking, "id", row->machine_id);
        check_id(checking, "revision's id", row->revision_id);
        check_text(checking, "name", row->name);
        check_text(checking, "type", row->type);
        check_text(checking, "status", row->status);
}

static void check_revision(struct checking *checking, const struct gal_revision_row *row)
{
        checking->kind = "revision";
        checking->id = row->revision_id;
        check_id(checking, "id", row->revision_id);
        check_id(checking, "machine's id", row->machine_id);
        check_text(checking, "definition", row->definition);
        check_nullable(checking, "role", row->role_arn);
}

static void check_name(struct checking *checking, const struct gal_name_row *row)
{
        checking->kind = "name of execution";
        checking->id = row->execution_id;
        check_id(checking, "id", row->execution_id);
        check_id(checking, "machine's id", row->machine_id);
        check_text(checking, "name", row->name);
}

static void check_execution(struct checking *checking, const struct gal_execution_row *row)
{
        checking->kind = "execution";
        checking->id = row->execution_id;
        check_slot(checking, row->slot);
        check_id(checking, "id", row->execution_id);
        check_id(checking, "machine's id", row->machine_id);
        check_id(checking, "revision's id", row->revision_id);
        check_text(checking, "name", row->name);
        check_text(checking, "machine's name", row->machine_name);
        check_text(checking, "status", row->status);
        check_number(checking, "number of events", row->event_count, 0);
        check_nullable(checking, "input", row->input);
        check_nullable(checking, "output", row->output);
        check_nullable(checking, "error", row->error);
        check_nullable(checking, "cause", row->cause);
}

static void check_chunk(struct checking *checking, const struct gal_chunk_row *row)
{
        checking->kind = "chunk of execution";
        checking->id = row->execution_id;
        check_slot(checking, row->slot);
        check_id(checking, "execution's id", row->execution_id);
        check_number(checking, "sequence", row->sequence, 1);
        check_number(checking, "first event's id", row->first_event_id, 0);
        check_number(checking, "number of events", row->event_count, 0);
        check_body(checking, "body", row->body, row->body_len);
}

static void check_run(struct checking *checking, const struct gal_run_row *row)
{
        checking->kind = "run of execution";
        checking->id = row->execution_id;
        check_slot(checking, row->slot);
        check_id(checking, "execution's id", row->execution_id);
        check_number(checking, "sequence", row->sequence, 0);
        check_body(checking, "snapshot", row->snapshot, row->snapshot_len);
        if (row->wake_ms < 0)
                refuse(checking, "wake-up time", "is out of bounds");
}

enum gal_status gal_batch_check(const struct gal_batch *batch, struct gal_error *error)
{
        struct checking checking = { .status = GAL_OK, .error = error };

        for (size_t i = 0; i < batch->machine_count; i++)
                check_machine(&checking, &batch->machines[i]);
        for (size_t i = 0; i < batch->deleted_machine_count; i++) {
                checking.kind = "deleted machine";
                checking.id = batch->deleted_machines[i];
                check_id(&checking, "id", batch->deleted_machines[i]);
        }
        for (size_t i = 0; i < batch->revision_count; i++)
                check_revision(&checking, &batch->revisions[i]);
        for (size_t i = 0; i < batch->name_count; i++)
                check_name(&checking, &batch->names[i]);
        for (size_t i = 0; i < batch->execution_count; i++)
                check_execution(&checking, &batch->executions[i]);
        for (size_t i = 0; i < batch->chunk_count; i++)
                check_chunk(&checking, &batch->chunks[i]);
        for (size_t i = 0; i < batch->run_count; i++)
                check_run(&checking, &batch->runs[i]);
        for (size_t i = 0; i < batch->closed_run_count; i++) {
                checking.kind = "closed run of execution";
                checking.id = batch->closed_runs[i].execution_id;
                check_slot(&checking, batch->closed_runs[i].slot);
                check_id(&checking, "execution's id", batch->closed_runs[i].execution_id);
        }
        return checking.status;
}

/* Copies: where a row points at memory, as a table. */

#define TEXTS_MAX 12

struct layout {
        size_t size;
        size_t texts[TEXTS_MAX]; /* offsets of texts */
        size_t text_count;
        bool has_bytes;
        size_t bytes; /* offset of a pointer to bytes, and of their number */
        size_t bytes_len;
};

#define TEXT(row, member) offsetof(struct row, member)

static const struct layout layouts[] = {
        [GAL_ROW_MACHINE] = { .size = sizeof(struct gal_machine_row),
                              .texts = { TEXT(gal_machine_row, machine_id), TEXT(gal_machine_row, name),
                                         TEXT(gal_machine_row, revision_id), TEXT(gal_machine_row, type),
                                         TEXT(gal_machine_row, status) },
                              .text_count = 5 },
        [GAL_ROW_MACHINE_ID] = { .size = sizeof(const char *), .texts = { 0 }, .text_count = 1 },
        [GAL_ROW_REVISION] = { .size = sizeof(struct gal_revision_row),
                               .texts = { TEXT(gal_revision_row, revision_id), TEXT(gal_revision_row, machine_id),
                                          TEXT(gal_revision_row, definition), TEXT(gal_revision_row, role_arn) },
                               .text_count = 4 },
        [GAL_ROW_NAME] = { .size = sizeof(struct gal_name_row),
                           .texts = { TEXT(gal_name_row, machine_id), TEXT(gal_name_row, name),
                                      TEXT(gal_name_row, execution_id) },
                           .text_count = 3 },
        [GAL_ROW_EXECUTION] = { .size = sizeof(struct gal_execution_row),
                                .texts = { TEXT(gal_execution_row, execution_id), TEXT(gal_execution_row, name),
                                           TEXT(gal_execution_row, machine_id),
                                           TEXT(gal_execution_row, machine_name),
                                           TEXT(gal_execution_row, revision_id), TEXT(gal_execution_row, status),
                                           TEXT(gal_execution_row, input), TEXT(gal_execution_row, output),
                                           TEXT(gal_execution_row, error), TEXT(gal_execution_row, cause) },
                                .text_count = 10 },
        [GAL_ROW_CHUNK] = { .size = sizeof(struct gal_chunk_row),
                            .texts = { TEXT(gal_chunk_row, execution_id) },
                            .text_count = 1,
                            .has_bytes = true,
                            .bytes = offsetof(struct gal_chunk_row, body),
                            .bytes_len = offsetof(struct gal_chunk_row, body_len) },
        [GAL_ROW_RUN] = { .size = sizeof(struct gal_run_row),
                          .texts = { TEXT(gal_run_row, execution_id) },
                          .text_count = 1,
                          .has_bytes = true,
                          .bytes = offsetof(struct gal_run_row, snapshot),
                          .bytes_len = offsetof(struct gal_run_row, snapshot_len) },
};

static const struct {
        enum gal_row_kind kind;
        size_t rows; /* offsets in the batch */
        size_t count;
} members[] = {
        { GAL_ROW_MACHINE, offsetof(struct gal_batch, machines), offsetof(struct gal_batch, machine_count) },
        { GAL_ROW_MACHINE_ID, offsetof(struct gal_batch, deleted_machines),
          offsetof(struct gal_batch, deleted_machine_count) },
        { GAL_ROW_REVISION, offsetof(struct gal_batch, revisions), offsetof(struct gal_batch, revision_count) },
        { GAL_ROW_NAME, offsetof(struct gal_batch, names), offsetof(struct gal_batch, name_count) },
        { GAL_ROW_EXECUTION, offsetof(struct gal_batch, executions), offsetof(struct gal_batch, execution_count) },
        { GAL_ROW_CHUNK, offsetof(struct gal_batch, chunks), offsetof(struct gal_batch, chunk_count) },
        { GAL_ROW_RUN, offsetof(struct gal_batch, runs), offsetof(struct gal_batch, run_count) },
        { GAL_ROW_RUN, offsetof(struct gal_batch, closed_runs), offsetof(struct gal_batch, closed_run_count) },
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static void *copy_bytes(const void *bytes, size_t len)
{
        char *copy;

        if (bytes == NULL)
                return NULL;
        copy = gal_calloc(len + 1, 1);
        memcpy(copy, bytes, len);
        return copy;
}

void gal_row_own(enum gal_row_kind kind, void *row)
{
        const struct layout *layout = &layouts[kind];

        for (size_t i = 0; i < layout->text_count; i++) {
                char **text = (char **)((char *)row + layout->texts[i]);

                *text = gal_strdup(*text);
        }
        if (layout->has_bytes) {
                char **bytes = (char **)((char *)row + layout->bytes);

                *bytes = copy_bytes(*bytes, *(size_t *)((char *)row + layout->bytes_len));
        }
}

void gal_row_disown(enum gal_row_kind kind, void *row)
{
        const struct layout *layout = &layouts[kind];

        for (size_t i = 0; i < layout->text_count; i++)
                free(*(char **)((char *)row + layout->texts[i]));
        if (layout->has_bytes)
                free(*(char **)((char *)row + layout->bytes));
        memset(row, 0, layout->size);
}

struct gal_batch *gal_batch_copy(const struct gal_batch *batch)
{
        struct gal_batch *copy = copy_bytes(batch, sizeof(*batch));

        for (size_t i = 0; i < MEMBER_COUNT; i++) {
                char **rows = (char **)((char *)copy + members[i].rows);
                size_t count = *(size_t *)((char *)copy + members[i].count);
                size_t size = layouts[members[i].kind].size;

                *rows = count == 0 ? NULL : copy_bytes(*rows, count * size);
                for (size_t k = 0; k < count; k++)
                        gal_row_own(members[i].kind, *rows + k * size);
        }
        return copy;
}

void gal_batch_copy_destroy(struct gal_batch *batch)
{
        if (batch == NULL)
                return;
        for (size_t i = 0; i < MEMBER_COUNT; i++) {
                char **rows = (char **)((char *)batch + members[i].rows);
                size_t count = *(size_t *)((char *)batch + members[i].count);

                for (size_t k = 0; k < count; k++)
                        gal_row_disown(members[i].kind, *rows + k * layouts[members[i].kind].size);
                free(*rows);
        }
        free(batch);
}
