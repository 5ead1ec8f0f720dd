/*
 * memory_read.c: the model store's readers: rows are picked out of the hash tables and sorted at every call, which
 * is right for a model and fast enough for `galliard run`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/memory_internal.h"

/* Rows of one kind, picked out. */
struct picked {
        void **items;
        size_t count;
        size_t size;
};

static void pick(struct picked *picked, void *item)
{
        if (picked->count == picked->size) {
                picked->size = picked->size == 0 ? 16 : picked->size * 2;
                picked->items = gal_realloc(picked->items, picked->size, sizeof(*picked->items));
        }
        picked->items[picked->count++] = item;
}

static void sort(struct picked *picked, int (*compare)(const void *a, const void *b))
{
        if (picked->count > 1)
                qsort(picked->items, picked->count, sizeof(*picked->items), compare);
}

static int compare_numbers(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

static int by_machine_name(const void *a, const void *b)
{
        const struct machine *x = *(void *const *)a, *y = *(void *const *)b;
        int order = strcmp(x->row.name, y->row.name);

        return order != 0 ? order : strcmp(x->row.machine_id, y->row.machine_id);
}

static int newest_machine_first(const void *a, const void *b)
{
        const struct machine *x = *(void *const *)a, *y = *(void *const *)b;

        return strcmp(y->row.machine_id, x->row.machine_id);
}

static int newest_first(const void *a, const void *b)
{
        const struct record *x = *(void *const *)a, *y = *(void *const *)b;
        int order = strcmp(y->key.id, x->key.id);

        return order != 0 ? order : compare_numbers(x->key.slot, y->key.slot);
}

static int by_wake(const void *a, const void *b)
{
        const struct record *x = *(void *const *)a, *y = *(void *const *)b;
        int order = compare_numbers(x->run.wake_ms, y->run.wake_ms);

        return order != 0 ? order : strcmp(x->key.id, y->key.id);
}

static int by_stop(const void *a, const void *b)
{
        const struct record *x = *(void *const *)a, *y = *(void *const *)b;

        return compare_numbers(x->execution.stopped_ms, y->execution.stopped_ms);
}

static enum gal_status read_machines(struct gal_store *store, const char *name, bool deleted,
                                     int (*order)(const void *a, const void *b), gal_machine_reader reader,
                                     void *user)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct machine *machine, *next;

        HASH_ITER(hh, memory->rows->machines, machine, next)
        {
                if (gal_memory_is_deleted(machine) == deleted &&
                    (name == NULL || strcmp(machine->row.name, name) == 0))
                        pick(&picked, machine);
        }
        sort(&picked, order);
        for (size_t i = 0; i < picked.count; i++) {
                if (!reader(user, &((struct machine *)picked.items[i])->row))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error)
{
        (void)error;
        return read_machines(store, name, /* deleted= */ false, by_machine_name, reader, user);
}

enum gal_status gal_memory_list_machines(struct gal_store *store, const char *after, size_t limit,
                                         gal_machine_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct machine *machine, *next;

        (void)error;
        HASH_ITER(hh, memory->rows->machines, machine, next)
        {
                if (!gal_memory_is_deleted(machine) && (after == NULL || strcmp(machine->row.name, after) > 0))
                        pick(&picked, machine);
        }
        sort(&picked, by_machine_name);
        for (size_t i = 0; i < picked.count && i < limit; i++) {
                if (!reader(user, &((struct machine *)picked.items[i])->row))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_deleted_machines(struct gal_store *store, const char *name,
                                                 gal_machine_reader reader, void *user, struct gal_error *error)
{
        (void)error;
        return read_machines(store, name, /* deleted= */ true, newest_machine_first, reader, user);
}

enum gal_status gal_memory_read_setting(struct gal_store *store, const char *name, char **ret_value,
                                        size_t *ret_len, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct setting *setting;

        (void)error;
        HASH_FIND_STR(memory->rows->settings, name, setting);
        *ret_value = NULL;
        *ret_len = 0;
        if (setting != NULL) {
                *ret_value = gal_calloc(setting->len + 1, 1);
                memcpy(*ret_value, setting->value, setting->len);
                *ret_len = setting->len;
        }
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_revision(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct revision *revision;

        (void)error;
        HASH_FIND_STR(memory->rows->revisions, revision_id, revision);
        if (revision != NULL)
                reader(user, &revision->row);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct record *record = gal_memory_find_record(memory->rows, slot, execution_id);

        (void)error;
        if (record != NULL && record->has_execution)
                reader(user, &record->execution);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_name(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct name *found = gal_memory_find_name(memory->rows, machine_id, name);

        (void)error;
        if (found != NULL)
                reader(user, &found->row);
        gal_memory_leave(memory);
        return GAL_OK;
}

static bool passes(const struct gal_execution_filter *filter, const struct record *record)
{
        const struct gal_execution_row *row = &record->execution;

        return record->has_execution &&
               (filter->machine_id == NULL || strcmp(row->machine_id, filter->machine_id) == 0) &&
               (filter->version == 0 || row->version == filter->version) &&
               (filter->alias == NULL || (row->alias != NULL && strcmp(row->alias, filter->alias) == 0)) &&
               (filter->status == NULL || strcmp(row->status, filter->status) == 0) &&
               (filter->before_id == NULL || strcmp(row->execution_id, filter->before_id) < 0);
}

enum gal_status gal_memory_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct record *record, *next;

        (void)error;
        HASH_ITER(hh, memory->rows->records, record, next)
        {
                if (passes(filter, record))
                        pick(&picked, record);
        }
        sort(&picked, newest_first);
        for (size_t i = 0; i < picked.count && i < filter->limit; i++) {
                if (!reader(user, &((struct record *)picked.items[i])->execution))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct record *record = gal_memory_find_record(memory->rows, slot, execution_id);

        (void)error;
        if (record != NULL && record->has_run)
                reader(user, &record->run);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct record *record, *next;

        (void)error;
        HASH_ITER(hh, memory->rows->records, record, next)
        {
                if (record->has_run && record->run.wake_ms > after_ms && record->run.wake_ms <= due_ms)
                        pick(&picked, record);
        }
        sort(&picked, by_wake);
        for (size_t i = 0; i < picked.count && i < limit; i++) {
                if (!reader(user, &((struct record *)picked.items[i])->run))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error)
{
        return gal_memory_read_parked(store, /* after_ms= */ -1, due_ms, limit, reader, user, error);
}

enum gal_status gal_memory_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct record *record = gal_memory_find_record(memory->rows, slot, execution_id);

        (void)error;
        if (record != NULL) {
                for (size_t i = gal_memory_chunk_place(record, from_sequence); i < record->chunk_count; i++) {
                        if (!reader(user, &record->chunks[i]))
                                break;
                }
        }
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                               uint64_t event_id, gal_chunk_reader reader, void *user,
                                               struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct record *record = gal_memory_find_record(memory->rows, slot, execution_id);

        (void)error;
        for (size_t i = record == NULL ? 0 : record->chunk_count; i-- > 0;) {
                const struct gal_chunk_row *chunk = &record->chunks[i];

                if (chunk->first_event_id > event_id)
                        continue;
                if (event_id - chunk->first_event_id < chunk->event_count)
                        reader(user, chunk);
                break;
        }
        gal_memory_leave(memory);
        return GAL_OK;
}

enum gal_status gal_memory_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct record *record = gal_memory_find_record(memory->rows, slot, execution_id);

        (void)error;
        for (size_t i = record == NULL ? 0 : record->chunk_count; i-- > 0;) {
                if (record->chunks[i].sequence <= from_sequence && !reader(user, &record->chunks[i]))
                        break;
        }
        gal_memory_leave(memory);
        return GAL_OK;
}

/* Activities. */

static int by_activity_name(const void *a, const void *b)
{
        const struct activity *x = *(void *const *)a, *y = *(void *const *)b;

        return strcmp(x->row.name, y->row.name);
}

enum gal_status gal_memory_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                           void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct activity *activity, *next;

        (void)error;
        HASH_ITER(hh, memory->rows->activities, activity, next)
        {
                if (name == NULL || strcmp(activity->row.name, name) == 0)
                        pick(&picked, activity);
        }
        sort(&picked, by_activity_name);
        for (size_t i = 0; i < picked.count; i++) {
                if (!reader(user, &((struct activity *)picked.items[i])->row))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

static int compare_tasks(const struct gal_activity_task_row *a, const struct gal_activity_task_row *b)
{
        int order = strcmp(a->activity, b->activity);

        if (order == 0)
                order = compare_numbers(a->scheduled_ms, b->scheduled_ms);
        if (order == 0)
                order = strcmp(a->execution_id, b->execution_id);
        return order != 0 ? order : compare_numbers((int64_t)a->scheduled_id, (int64_t)b->scheduled_id);
}

static int oldest_task_first(const void *a, const void *b)
{
        const struct activity_task *x = *(void *const *)a, *y = *(void *const *)b;

        return compare_tasks(&x->row, &y->row);
}

enum gal_status gal_memory_read_activity_tasks(struct gal_store *store, const char *activity,
                                               const struct gal_activity_task_row *after, size_t limit,
                                               gal_activity_task_reader reader, void *user, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct picked picked = { NULL, 0, 0 };
        struct activity_task *task, *next;

        (void)error;
        HASH_ITER(hh, memory->rows->activity_tasks, task, next)
        {
                if ((activity == NULL || strcmp(task->row.activity, activity) == 0) &&
                    (after == NULL || compare_tasks(&task->row, after) > 0))
                        pick(&picked, task);
        }
        sort(&picked, oldest_task_first);
        for (size_t i = 0; i < picked.count && i < limit; i++) {
                if (!reader(user, &((struct activity_task *)picked.items[i])->row))
                        break;
        }
        free(picked.items);
        gal_memory_leave(memory);
        return GAL_OK;
}

/* Purging. */

static size_t purge_executions(struct rows *rows, int64_t closed_before_ms, size_t limit)
{
        struct picked picked = { NULL, 0, 0 };
        struct record *record, *next;
        size_t removed = 0;

        HASH_ITER(hh, rows->records, record, next)
        {
                if (record->has_execution && record->execution.stopped_ms != 0 &&
                    record->execution.stopped_ms < closed_before_ms)
                        pick(&picked, record);
        }
        sort(&picked, by_stop);
        for (; removed < picked.count && removed < limit; removed++)
                gal_memory_remove_record(rows, picked.items[removed]);
        free(picked.items);
        return removed;
}

static size_t purge_names(struct rows *rows, int64_t names_by_ms, size_t limit)
{
        struct name *name, *next;
        size_t removed = 0;

        HASH_ITER(hh, rows->names, name, next)
        {
                if (removed == limit)
                        break;
                if (name->row.reusable_ms > names_by_ms)
                        continue;
                gal_memory_remove_name(rows, name);
                removed++;
        }
        return removed;
}

enum gal_status gal_memory_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                 size_t limit, size_t *ret_removed, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        enum gal_status status = gal_memory_check_lease(memory, error);

        if (status == GAL_OK) {
                *ret_removed = purge_executions(memory->rows, closed_before_ms, limit);
                *ret_removed += purge_names(memory->rows, names_by_ms, limit - *ret_removed);
                gal_memory_forget_machines(memory->rows);
        }
        gal_memory_leave(memory);
        return status;
}

enum gal_status gal_memory_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct rows *rows = memory->rows;
        int64_t executions = 0, open = 0, chunks = 0, machines = 0;
        struct record *record, *next;
        struct machine *machine, *next_machine;

        (void)error;
        HASH_ITER(hh, rows->records, record, next)
        {
                executions += record->has_execution;
                open += record->has_run;
                chunks += (int64_t)record->chunk_count;
        }
        HASH_ITER(hh, rows->machines, machine, next_machine)
        machines += !gal_memory_is_deleted(machine);
        if (reader(user, "machines", machines) && reader(user, "executions", executions) &&
            reader(user, "executions open", open) && reader(user, "names", HASH_COUNT(rows->names)) &&
            reader(user, "activities", HASH_COUNT(rows->activities)) &&
            reader(user, "activity tasks", HASH_COUNT(rows->activity_tasks)))
                reader(user, "history chunks", chunks);
        gal_memory_leave(memory);
        return GAL_OK;
}
