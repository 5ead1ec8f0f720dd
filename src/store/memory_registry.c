/*
 * memory_registry.c: the model store's versions, aliases and tags. Few of each: they are found by walking.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/memory_internal.h"

/* Rows of one kind; no two have the same key. */

static void *row_at(const struct row_list *list, enum gal_row_kind kind, size_t at)
{
        return (char *)list->rows + at * gal_row_shapes[kind].size;
}

/* Whether two rows agree in their first `count` columns, which are the key. */
static bool agree(enum gal_row_kind kind, size_t count, const char *a, const char *b)
{
        for (size_t i = 0; i < count; i++) {
                const struct gal_column *column = &gal_row_shapes[kind].columns[i];

                if (column->type == GAL_COLUMN_COUNT
                            ? *(const uint32_t *)(a + column->offset) != *(const uint32_t *)(b + column->offset)
                            : strcmp(*(const char *const *)(a + column->offset),
                                     *(const char *const *)(b + column->offset)) != 0)
                        return false;
        }
        return true;
}

static void remove_row(struct row_list *list, enum gal_row_kind kind, size_t at)
{
        size_t size = gal_row_shapes[kind].size;

        gal_row_disown(kind, row_at(list, kind, at));
        list->count--;
        memmove(row_at(list, kind, at), row_at(list, kind, at + 1), (list->count - at) * size);
}

void gal_memory_remove_rows(struct row_list *list, enum gal_row_kind kind, size_t key_columns, const void *key)
{
        for (size_t i = list->count; i-- > 0;) {
                if (agree(kind, key_columns, row_at(list, kind, i), key))
                        remove_row(list, kind, i);
        }
}

bool gal_memory_has_row(const struct row_list *list, enum gal_row_kind kind, const void *row)
{
        for (size_t i = 0; i < list->count; i++) {
                if (agree(kind, 2, row_at(list, kind, i), row))
                        return true;
        }
        return false;
}

void gal_memory_put_row(struct row_list *list, enum gal_row_kind kind, const void *row)
{
        size_t size = gal_row_shapes[kind].size;
        void *copy;

        gal_memory_remove_rows(list, kind, 2, row);
        if (list->count == list->size) {
                list->size = list->size == 0 ? 8 : list->size * 2;
                list->rows = gal_realloc(list->rows, list->size, size);
        }
        copy = row_at(list, kind, list->count++);
        memcpy(copy, row, size);
        gal_row_own(kind, copy);
}

void gal_memory_clear_rows(struct row_list *list, enum gal_row_kind kind)
{
        while (list->count > 0)
                remove_row(list, kind, list->count - 1);
        free(list->rows);
        *list = (struct row_list){ NULL, 0, 0 };
}

/* Reading. */

/* (transfer full) The rows whose id is `id`, in order; they stay where they are. */
static void *pick(const struct row_list *list, enum gal_row_kind kind, const char *id,
                  int (*order)(const void *a, const void *b), size_t *ret_count)
{
        size_t size = gal_row_shapes[kind].size;
        char *rows = gal_calloc(list->count + 1, size);

        *ret_count = 0;
        for (size_t i = 0; i < list->count; i++) {
                if (strcmp(*(const char *const *)row_at(list, kind, i), id) == 0) /* it is the first member */
                        memcpy(rows + (*ret_count)++ * size, row_at(list, kind, i), size);
        }
        if (*ret_count > 1)
                qsort(rows, *ret_count, size, order);
        return rows;
}

static int latest_first(const void *a, const void *b)
{
        const struct gal_version_row *x = a, *y = b;

        return (x->version < y->version) - (x->version > y->version);
}

static int as_made(const void *a, const void *b)
{
        const struct gal_alias_row *x = a, *y = b;
        int order = (x->created_ms > y->created_ms) - (x->created_ms < y->created_ms);

        return order != 0 ? order : strcmp(x->name, y->name);
}

static int by_key(const void *a, const void *b)
{
        return strcmp(((const struct gal_tag_row *)a)->key, ((const struct gal_tag_row *)b)->key);
}

enum gal_status gal_memory_read_versions(struct gal_store *store, const char *machine_id, uint32_t below,
                                         size_t limit, gal_version_reader reader, void *user,
                                         struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        size_t count;
        struct gal_version_row *rows =
                pick(&memory->rows->versions, GAL_ROW_VERSION, machine_id, latest_first, &count);

        (void)error;
        for (size_t i = 0; i < count && limit > 0; i++) {
                if (below != 0 && rows[i].version >= below)
                        continue;
                limit--;
                if (!reader(user, &rows[i]))
                        break;
        }
        free(rows);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                        void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        size_t count;
        struct gal_alias_row *rows = pick(&memory->rows->aliases, GAL_ROW_ALIAS, machine_id, as_made, &count);

        (void)error;
        for (size_t i = 0; i < count; i++) {
                if (!reader(user, &rows[i]))
                        break;
        }
        free(rows);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                     void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        size_t count;
        struct gal_tag_row *rows = pick(&memory->rows->tags, GAL_ROW_TAG, resource, by_key, &count);

        (void)error;
        for (size_t i = 0; i < count; i++) {
                if (!reader(user, &rows[i]))
                        break;
        }
        free(rows);
        gal_memory_leave(memory);
        return GAL_OK;
}
