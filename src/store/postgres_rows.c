/*
 * postgres_rows.c: rows as columns of binary arrays on their way in, and as binary results on their way out.
 *
 * An array on the wire: dimensions (1), whether it has NULLs, type of its elements, their number, index of the
 * first one; then each element's length (-1: NULL) and bytes. All numbers are big-endian.
 */
#include <endian.h>
#include <string.h>

#include "base/assert.h"
#include "store/postgres_internal.h"

#define ARRAY_HEADER_SIZE 20

/* Oids of Postgres's own types never change. */
static uint32_t element_type(enum gal_column_type type)
{
        switch (type) {
        case GAL_COLUMN_ID:
                return 2950; /* uuid */
        case GAL_COLUMN_TEXT:
        case GAL_COLUMN_OPTION:
                return 25; /* text */
        case GAL_COLUMN_BYTES:
                return 17; /* bytea */
        case GAL_COLUMN_SLOT:
                return 21; /* smallint */
        case GAL_COLUMN_COUNT:
        case GAL_COLUMN_NUMBER:
                return 23; /* integer */
        case GAL_COLUMN_TIME:
                return 20; /* bigint */
        }
        gal_bug("column type", type);
}

void gal_pg_arrays_init(struct gal_pg_arrays *arrays, enum gal_row_kind kind)
{
        memset(arrays, 0, sizeof(*arrays));
        arrays->kind = kind;
        gal_assert(gal_row_shapes[kind].column_count <= GAL_PG_COLUMNS_MAX);
}

void gal_pg_arrays_finish(struct gal_pg_arrays *arrays)
{
        for (size_t i = 0; i < gal_row_shapes[arrays->kind].column_count; i++)
                gal_buffer_finish(&arrays->columns[i]);
}

void gal_pg_arrays_clear(struct gal_pg_arrays *arrays)
{
        for (size_t i = 0; i < gal_row_shapes[arrays->kind].column_count; i++)
                gal_buffer_clear(&arrays->columns[i]);
        arrays->row_count = 0;
        arrays->size = 0;
}

static void put_int4(struct gal_buffer *buffer, uint32_t number)
{
        uint32_t bytes = htobe32(number);

        gal_buffer_append(buffer, &bytes, sizeof(bytes));
}

static void put_element(struct gal_buffer *buffer, const void *bytes, size_t len)
{
        put_int4(buffer, bytes == NULL ? UINT32_MAX : (uint32_t)len);
        if (bytes != NULL)
                gal_buffer_append(buffer, bytes, len);
}

static void put_header(struct gal_buffer *buffer, enum gal_column_type type)
{
        put_int4(buffer, 1);
        put_int4(buffer, type == GAL_COLUMN_OPTION || type == GAL_COLUMN_BYTES);
        put_int4(buffer, element_type(type));
        put_int4(buffer, 0); /* their number: written when it is known */
        put_int4(buffer, 1);
}

static void put_column(struct gal_buffer *buffer, const struct gal_column *column, const char *row)
{
        const void *member = row + column->offset;
        const char *text;
        uint8_t id[GAL_UUID_BYTES];
        bool is_uuid;
        uint16_t two;
        uint32_t four;
        uint64_t eight;

        switch (column->type) {
        case GAL_COLUMN_ID:
                is_uuid = gal_uuid_to_bytes(*(const char *const *)member, id);
                gal_assert(is_uuid); /* gal_batch_check() */
                put_element(buffer, id, sizeof(id));
                break;
        case GAL_COLUMN_TEXT:
        case GAL_COLUMN_OPTION:
                text = *(const char *const *)member;
                put_element(buffer, text, text == NULL ? 0 : strlen(text));
                break;
        case GAL_COLUMN_BYTES:
                put_element(buffer, *(const char *const *)member, *(const size_t *)(row + column->len_offset));
                break;
        case GAL_COLUMN_SLOT:
                two = htobe16((uint16_t) * (const uint32_t *)member);
                put_element(buffer, &two, sizeof(two));
                break;
        case GAL_COLUMN_COUNT:
                four = htobe32(*(const uint32_t *)member);
                put_element(buffer, &four, sizeof(four));
                break;
        case GAL_COLUMN_NUMBER:
                four = htobe32((uint32_t) * (const uint64_t *)member);
                put_element(buffer, &four, sizeof(four));
                break;
        case GAL_COLUMN_TIME:
                eight = htobe64((uint64_t) * (const int64_t *)member);
                put_element(buffer, &eight, sizeof(eight));
                break;
        }
}

void gal_pg_arrays_add(struct gal_pg_arrays *arrays, const char *row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[arrays->kind];

        arrays->size = 0;
        for (size_t i = 0; i < shape->column_count; i++) {
                struct gal_buffer *buffer = &arrays->columns[i];

                if (buffer->len == 0)
                        put_header(buffer, shape->columns[i].type);
                put_column(buffer, &shape->columns[i], row);
                arrays->size += buffer->len;
        }
        arrays->row_count++;
}

void gal_pg_arrays_take(struct gal_pg_arrays *arrays, struct gal_pg_parameters *ret_parameters)
{
        uint32_t count = htobe32((uint32_t)arrays->row_count);

        ret_parameters->count = (int)gal_row_shapes[arrays->kind].column_count;
        for (int i = 0; i < ret_parameters->count; i++) {
                struct gal_buffer *buffer = &arrays->columns[i];

                gal_assert(buffer->status == GAL_OK && buffer->len >= ARRAY_HEADER_SIZE);
                memcpy(buffer->data + 12, &count, sizeof(count));
                ret_parameters->values[i] = buffer->data;
                ret_parameters->lengths[i] = (int)buffer->len;
        }
}

/* Results. */

static uint64_t take_number(const char *value, int len)
{
        uint16_t two;
        uint32_t four;
        uint64_t eight;

        switch (len) {
        case 2:
                memcpy(&two, value, sizeof(two));
                return be16toh(two);
        case 4:
                memcpy(&four, value, sizeof(four));
                return be32toh(four);
        case 8:
                memcpy(&eight, value, sizeof(eight));
                return be64toh(eight);
        }
        gal_bug("length of a number", len);
}

void gal_pg_take_row(const PGresult *result, int at, enum gal_row_kind kind, struct gal_any_row *ret_row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];
        size_t ids = 0;

        gal_assert(PQnfields(result) == (int)shape->column_count);
        memset(&ret_row->as, 0, sizeof(ret_row->as));
        for (size_t i = 0; i < shape->column_count; i++) {
                const struct gal_column *column = &shape->columns[i];
                char *member = (char *)&ret_row->as + column->offset;
                const char *value = PQgetisnull(result, at, (int)i) ? NULL : PQgetvalue(result, at, (int)i);
                int len = PQgetlength(result, at, (int)i);

                switch (column->type) {
                case GAL_COLUMN_ID:
                        gal_assert(len == GAL_UUID_BYTES);
                        gal_uuid_from_bytes((const uint8_t *)value, ret_row->ids[ids]);
                        *(const char **)member = ret_row->ids[ids++];
                        break;
                case GAL_COLUMN_BYTES:
                        *(size_t *)((char *)&ret_row->as + column->len_offset) = (size_t)len;
                        *(const char **)member = value;
                        break;
                case GAL_COLUMN_TEXT:
                case GAL_COLUMN_OPTION:
                        *(const char **)member = value; /* libpq ends it with a NUL */
                        break;
                case GAL_COLUMN_SLOT:
                case GAL_COLUMN_COUNT:
                        *(uint32_t *)member = (uint32_t)take_number(value, len);
                        break;
                case GAL_COLUMN_NUMBER:
                case GAL_COLUMN_TIME:
                        *(uint64_t *)member = take_number(value, len);
                        break;
                }
        }
}
