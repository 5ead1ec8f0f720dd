/*
 * memory.c: the store of `galliard run`, and the model that tests and the simulator hold the others against:
 * rows in hash tables, gone with the last view of them.
 *
 * All that can be refused is refused before anything is written, but for duplicate keys: the revisions and chunks
 * that were added before the duplicate are taken out again.
 */
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/memory_internal.h"

struct memory_store *gal_memory_enter(struct gal_store *store)
{
        struct memory_store *memory = (struct memory_store *)store;

        pthread_mutex_lock(&memory->rows->mutex);
        return memory;
}

void gal_memory_leave(struct memory_store *memory)
{
        pthread_mutex_unlock(&memory->rows->mutex);
}

/* The lease. */

static bool holds_lease(const struct memory_store *memory)
{
        return memory->epoch != 0 && memory->rows->is_owned && memory->rows->epoch == memory->epoch;
}

enum gal_status gal_memory_check_lease(const struct memory_store *memory, struct gal_error *error)
{
        if (holds_lease(memory))
                return GAL_OK;
        return gal_fail(error, GAL_EFENCED, GAL_NOWHERE, "this process does not own the store (any more)");
}

static enum gal_status memory_prepare(struct gal_store *store, bool migrate, struct gal_error *error)
{
        (void)store;
        (void)migrate;
        (void)error;
        return GAL_OK;
}

static enum gal_status memory_acquire(struct gal_store *store, const struct gal_lease_request *request,
                                      struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct rows *rows = memory->rows;
        enum gal_status status = GAL_OK;

        if (rows->is_owned && !rows->is_expired && !holds_lease(memory)) {
                status = gal_fail(error, GAL_EBUSY, GAL_NOWHERE, "the store is owned by %s", rows->address);
        } else {
                free(rows->address);
                rows->address = gal_strdup(request->address);
                rows->is_owned = true;
                rows->is_expired = false;
                memory->epoch = ++rows->epoch;
        }
        gal_memory_leave(memory);
        return status;
}

static enum gal_status memory_renew(struct gal_store *store, struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        enum gal_status status = gal_memory_check_lease(memory, error);

        if (status == GAL_OK)
                memory->rows->is_expired = false;
        gal_memory_leave(memory);
        return status;
}

static void memory_release(struct gal_store *store)
{
        struct memory_store *memory = gal_memory_enter(store);

        if (holds_lease(memory))
                memory->rows->is_owned = false;
        memory->epoch = 0;
        gal_memory_leave(memory);
}

static char *memory_owner(struct gal_store *store)
{
        struct memory_store *memory = gal_memory_enter(store);
        const struct rows *rows = memory->rows;
        char *address = rows->is_owned && !rows->is_expired ? gal_strdup(rows->address) : NULL;

        gal_memory_leave(memory);
        return address;
}

/* Finding. */

static struct key make_key(uint32_t slot, const char *id)
{
        struct key key;

        memset(&key, 0, sizeof(key)); /* it is hashed with its padding */
        key.slot = slot;
        strncpy(key.id, id, sizeof(key.id) - 1);
        return key;
}

struct record *gal_memory_find_record(struct rows *rows, uint32_t slot, const char *id)
{
        struct key key = make_key(slot, id);
        struct record *record;

        HASH_FIND(hh, rows->records, &key, sizeof(key), record);
        return record;
}

static struct record *find_or_add_record(struct rows *rows, uint32_t slot, const char *id)
{
        struct record *record = gal_memory_find_record(rows, slot, id);

        if (record != NULL)
                return record;
        record = gal_new(struct record);
        record->key = make_key(slot, id);
        HASH_ADD(hh, rows->records, key, sizeof(record->key), record);
        return record;
}

static struct revision *find_revision(struct rows *rows, const char *id)
{
        struct revision *revision;

        HASH_FIND_STR(rows->revisions, id, revision);
        return revision;
}

struct name *gal_memory_find_name(struct rows *rows, const char *machine_id, const char *text)
{
        gal_auto_free char *key = gal_format("%s/%s", machine_id, text);
        struct name *name;

        HASH_FIND_STR(rows->names, key, name);
        return name;
}

/* Where the chunk with this sequence is or would be. */
size_t gal_memory_chunk_place(const struct record *record, uint64_t sequence)
{
        size_t low = 0, high = record->chunk_count;

        if (high > 0 && record->chunks[high - 1].sequence < sequence)
                return high; /* nearly always */
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (record->chunks[middle].sequence < sequence)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Removing. */

void gal_memory_remove_record(struct rows *rows, struct record *record)
{
        if (record->has_execution)
                gal_row_disown(GAL_ROW_EXECUTION, &record->execution);
        if (record->has_run)
                gal_row_disown(GAL_ROW_RUN, &record->run);
        for (size_t i = 0; i < record->chunk_count; i++)
                gal_row_disown(GAL_ROW_CHUNK, &record->chunks[i]);
        HASH_DEL(rows->records, record);
        free(record->chunks);
        free(record);
}

static void remove_record_if_empty(struct rows *rows, struct record *record)
{
        if (!record->has_execution && !record->has_run && record->chunk_count == 0)
                gal_memory_remove_record(rows, record);
}

void gal_memory_remove_revision(struct rows *rows, struct revision *revision)
{
        HASH_DEL(rows->revisions, revision);
        gal_row_disown(GAL_ROW_REVISION, &revision->row);
        free(revision);
}

static void remove_machine(struct rows *rows, struct machine *machine)
{
        HASH_DEL(rows->machines, machine);
        gal_row_disown(GAL_ROW_MACHINE, &machine->row);
        free(machine);
}

static struct machine *find_machine(struct rows *rows, const char *id)
{
        struct machine *machine;

        HASH_FIND_STR(rows->machines, id, machine);
        return machine;
}

bool gal_memory_is_deleted(const struct machine *machine)
{
        return strcmp(machine->row.status, "DELETED") == 0;
}

static void remove_tags(struct rows *rows, const char *type, const char *name)
{
        gal_auto_free char *resource = gal_format("%s:%s", type, name);

        gal_memory_remove_rows(&rows->tags, GAL_ROW_TAG, 1, &resource);
}

static void delete_machine(struct rows *rows, const char *id)
{
        struct machine *machine = find_machine(rows, id);

        if (machine == NULL || gal_memory_is_deleted(machine))
                return;
        remove_tags(rows, "stateMachine", machine->row.name);
        free((char *)machine->row.status);
        machine->row.status = gal_strdup("DELETED");
        gal_memory_remove_rows(&rows->versions, GAL_ROW_VERSION, 1, &id);
        gal_memory_remove_rows(&rows->aliases, GAL_ROW_ALIAS, 1, &id);
}

static bool has_executions(struct rows *rows, const char *machine_id)
{
        struct record *record, *next;

        HASH_ITER(hh, rows->records, record, next)
        {
                if (record->has_execution && strcmp(record->execution.machine_id, machine_id) == 0)
                        return true;
        }
        return false;
}

static void remove_revisions(struct rows *rows, const char *machine_id)
{
        struct revision *revision, *next;

        HASH_ITER(hh, rows->revisions, revision, next)
        {
                if (strcmp(revision->row.machine_id, machine_id) == 0)
                        gal_memory_remove_revision(rows, revision);
        }
}

void gal_memory_forget_machines(struct rows *rows)
{
        struct machine *machine, *next;

        HASH_ITER(hh, rows->machines, machine, next)
        {
                if (!gal_memory_is_deleted(machine) || has_executions(rows, machine->row.machine_id))
                        continue;
                remove_revisions(rows, machine->row.machine_id);
                remove_machine(rows, machine);
        }
}

void gal_memory_remove_name(struct rows *rows, struct name *name)
{
        HASH_DEL(rows->names, name);
        gal_row_disown(GAL_ROW_NAME, &name->row);
        free(name->key);
        free(name);
}

static void remove_run(struct rows *rows, const struct gal_run_row *row)
{
        struct record *record = gal_memory_find_record(rows, row->slot, row->execution_id);

        if (record == NULL || !record->has_run)
                return;
        gal_row_disown(GAL_ROW_RUN, &record->run);
        record->has_run = false;
        remove_record_if_empty(rows, record);
}

static void remove_activity(struct rows *rows, struct activity *activity)
{
        HASH_DEL(rows->activities, activity);
        gal_row_disown(GAL_ROW_ACTIVITY, &activity->row);
        free(activity);
}

static void delete_activity(struct rows *rows, const char *name)
{
        struct activity *activity;

        HASH_FIND_STR(rows->activities, name, activity);
        if (activity != NULL)
                remove_activity(rows, activity);
}

static void remove_activity_task(struct rows *rows, struct activity_task *task)
{
        HASH_DEL(rows->activity_tasks, task);
        gal_row_disown(GAL_ROW_ACTIVITY_TASK, &task->row);
        free(task->key);
        free(task);
}

static char *activity_task_key(const struct gal_activity_task_row *row)
{
        return gal_format("%s/%s/%llu/%lld", row->activity, row->execution_id,
                          (unsigned long long)row->scheduled_id, (long long)row->scheduled_ms);
}

static struct activity_task *find_activity_task(struct rows *rows, const struct gal_activity_task_row *row)
{
        gal_auto_free char *key = activity_task_key(row);
        struct activity_task *task;

        HASH_FIND_STR(rows->activity_tasks, key, task);
        return task;
}

static void take_activity_task(struct rows *rows, const struct gal_activity_task_row *row)
{
        struct activity_task *task = find_activity_task(rows, row);

        if (task != NULL)
                remove_activity_task(rows, task);
}

/* Writing. */

static void put_activity(struct rows *rows, const struct gal_activity_row *row)
{
        struct activity *activity = gal_new(struct activity);

        delete_activity(rows, row->name);
        activity->row = *row;
        gal_row_own(GAL_ROW_ACTIVITY, &activity->row);
        HASH_ADD_KEYPTR(hh, rows->activities, activity->row.name, strlen(activity->row.name), activity);
}

static bool add_activity_task(struct rows *rows, const struct gal_activity_task_row *row)
{
        struct activity_task *task = find_activity_task(rows, row);

        if (task != NULL)
                return false;
        task = gal_new(struct activity_task);
        task->key = activity_task_key(row);
        task->row = *row;
        gal_row_own(GAL_ROW_ACTIVITY_TASK, &task->row);
        HASH_ADD_KEYPTR(hh, rows->activity_tasks, task->key, strlen(task->key), task);
        return true;
}

static void put_machine(struct rows *rows, const struct gal_machine_row *row)
{
        struct machine *machine = gal_new(struct machine), *before = find_machine(rows, row->machine_id);

        machine->row = *row;
        gal_row_own(GAL_ROW_MACHINE, &machine->row);
        if (before != NULL)
                remove_machine(rows, before);
        HASH_ADD_KEYPTR(hh, rows->machines, machine->row.machine_id, strlen(machine->row.machine_id), machine);
}

static void put_name(struct rows *rows, const struct gal_name_row *row)
{
        struct name *name = gal_memory_find_name(rows, row->machine_id, row->name);

        if (name == NULL) {
                name = gal_new(struct name);
                name->key = gal_format("%s/%s", row->machine_id, row->name);
                HASH_ADD_KEYPTR(hh, rows->names, name->key, strlen(name->key), name);
        } else {
                gal_row_disown(GAL_ROW_NAME, &name->row);
        }
        name->row = *row;
        gal_row_own(GAL_ROW_NAME, &name->row);
}

static void put_execution(struct rows *rows, const struct gal_execution_row *row)
{
        struct record *record = find_or_add_record(rows, row->slot, row->execution_id);
        struct gal_execution_row before = record->execution;

        record->execution = *row;
        if (row->input == NULL)
                record->execution.input = before.input;
        gal_row_own(GAL_ROW_EXECUTION, &record->execution);
        if (record->has_execution)
                gal_row_disown(GAL_ROW_EXECUTION, &before);
        record->has_execution = true;
}

static void put_run(struct rows *rows, const struct gal_run_row *row)
{
        struct record *record = find_or_add_record(rows, row->slot, row->execution_id);
        struct gal_run_row before = record->run;

        record->run = *row;
        if (row->snapshot == NULL) {
                record->run.snapshot = before.snapshot;
                record->run.snapshot_len = before.snapshot_len;
                record->run.sequence = before.sequence;
        }
        gal_row_own(GAL_ROW_RUN, &record->run);
        if (record->has_run)
                gal_row_disown(GAL_ROW_RUN, &before);
        record->has_run = true;
}

static bool add_revision(struct rows *rows, const struct gal_revision_row *row)
{
        struct revision *revision;

        if (find_revision(rows, row->revision_id) != NULL)
                return false;
        revision = gal_new(struct revision);
        revision->row = *row;
        gal_row_own(GAL_ROW_REVISION, &revision->row);
        HASH_ADD_KEYPTR(hh, rows->revisions, revision->row.revision_id, strlen(revision->row.revision_id),
                        revision);
        return true;
}

static bool add_chunk(struct rows *rows, const struct gal_chunk_row *row)
{
        struct record *record = find_or_add_record(rows, row->slot, row->execution_id);
        size_t place = gal_memory_chunk_place(record, row->sequence);
        struct gal_chunk_row *chunk;

        if (place < record->chunk_count && record->chunks[place].sequence == row->sequence)
                return false;
        if (record->chunk_count == record->chunk_size) {
                record->chunk_size = record->chunk_size == 0 ? 4 : record->chunk_size * 2;
                record->chunks = gal_realloc(record->chunks, record->chunk_size, sizeof(*record->chunks));
        }
        chunk = &record->chunks[place];
        memmove(chunk + 1, chunk, (record->chunk_count - place) * sizeof(*chunk));
        *chunk = *row;
        gal_row_own(GAL_ROW_CHUNK, chunk);
        record->chunk_count++;
        return true;
}

static void take_out_chunk(struct rows *rows, const struct gal_chunk_row *row)
{
        struct record *record = gal_memory_find_record(rows, row->slot, row->execution_id);
        size_t place = gal_memory_chunk_place(record, row->sequence);

        gal_row_disown(GAL_ROW_CHUNK, &record->chunks[place]);
        record->chunk_count--;
        memmove(&record->chunks[place], &record->chunks[place + 1],
                (record->chunk_count - place) * sizeof(*record->chunks));
        remove_record_if_empty(rows, record);
}

static enum gal_status add_revisions(struct rows *rows, const struct gal_batch *batch, struct gal_error *error)
{
        for (size_t i = 0; i < batch->revision_count; i++) {
                if (add_revision(rows, &batch->revisions[i]))
                        continue;
                while (i-- > 0)
                        gal_memory_remove_revision(rows, find_revision(rows, batch->revisions[i].revision_id));
                return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE, "a revision of the batch is already written");
        }
        return GAL_OK;
}

static enum gal_status add_chunks(struct rows *rows, const struct gal_batch *batch, struct gal_error *error)
{
        for (size_t i = 0; i < batch->chunk_count; i++) {
                const struct gal_chunk_row *row = &batch->chunks[i];

                if (add_chunk(rows, row))
                        continue;
                while (i-- > 0)
                        take_out_chunk(rows, &batch->chunks[i]);
                return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE, "execution %s: chunk %llu is already written",
                                row->execution_id, (unsigned long long)row->sequence);
        }
        return GAL_OK;
}

static enum gal_status check_versions(const struct rows *rows, const struct gal_batch *batch,
                                      struct gal_error *error)
{
        for (size_t i = 0; i < batch->version_count; i++) {
                if (gal_memory_has_row(&rows->versions, GAL_ROW_VERSION, &batch->versions[i]))
                        return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE,
                                        "a version of the batch is already written");
        }
        return GAL_OK;
}

static enum gal_status add_activity_tasks(struct rows *rows, const struct gal_batch *batch, struct gal_error *error)
{
        for (size_t i = 0; i < batch->activity_task_count; i++) {
                if (add_activity_task(rows, &batch->activity_tasks[i]))
                        continue;
                while (i-- > 0)
                        take_activity_task(rows, &batch->activity_tasks[i]);
                return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE,
                                "an activity task of the batch is already written");
        }
        return GAL_OK;
}

static void put_rows(struct row_list *list, enum gal_row_kind kind, const void *rows, size_t count)
{
        for (size_t i = 0; i < count; i++)
                gal_memory_put_row(list, kind, (const char *)rows + i * gal_row_shapes[kind].size);
}

static void remove_rows(struct row_list *list, enum gal_row_kind kind, const void *rows, size_t count)
{
        for (size_t i = 0; i < count; i++)
                gal_memory_remove_rows(list, kind, 2, (const char *)rows + i * gal_row_shapes[kind].size);
}

static void write_registry(struct rows *rows, const struct gal_batch *batch)
{
        put_rows(&rows->versions, GAL_ROW_VERSION, batch->versions, batch->version_count);
        remove_rows(&rows->versions, GAL_ROW_VERSION, batch->deleted_versions, batch->deleted_version_count);
        put_rows(&rows->aliases, GAL_ROW_ALIAS, batch->aliases, batch->alias_count);
        remove_rows(&rows->aliases, GAL_ROW_ALIAS, batch->deleted_aliases, batch->deleted_alias_count);
        remove_rows(&rows->tags, GAL_ROW_TAG, batch->deleted_tags, batch->deleted_tag_count);
        put_rows(&rows->tags, GAL_ROW_TAG, batch->tags, batch->tag_count);
}

static void take_out(struct rows *rows, const struct gal_batch *batch, bool with_chunks)
{
        for (size_t i = 0; with_chunks && i < batch->chunk_count; i++)
                take_out_chunk(rows, &batch->chunks[i]);
        for (size_t i = 0; i < batch->revision_count; i++)
                gal_memory_remove_revision(rows, find_revision(rows, batch->revisions[i].revision_id));
}

/* The rows that may be refused come first. */
static enum gal_status write_batch(struct rows *rows, const struct gal_batch *batch, struct gal_error *error)
{
        enum gal_status status = check_versions(rows, batch, error);

        if (status == GAL_OK)
                status = add_revisions(rows, batch, error);
        if (status != GAL_OK)
                return status;
        status = add_chunks(rows, batch, error);
        if (status != GAL_OK) {
                take_out(rows, batch, /* with_chunks= */ false);
                return status;
        }
        status = add_activity_tasks(rows, batch, error);
        if (status != GAL_OK) {
                take_out(rows, batch, /* with_chunks= */ true);
                return status;
        }
        for (size_t i = 0; i < batch->machine_count; i++)
                put_machine(rows, &batch->machines[i]);
        for (size_t i = 0; i < batch->deleted_machine_count; i++)
                delete_machine(rows, batch->deleted_machines[i]);
        if (batch->deleted_machine_count > 0)
                gal_memory_forget_machines(rows);
        write_registry(rows, batch);
        for (size_t i = 0; i < batch->name_count; i++)
                put_name(rows, &batch->names[i]);
        for (size_t i = 0; i < batch->execution_count; i++)
                put_execution(rows, &batch->executions[i]);
        for (size_t i = 0; i < batch->run_count; i++)
                put_run(rows, &batch->runs[i]);
        for (size_t i = 0; i < batch->closed_run_count; i++)
                remove_run(rows, &batch->closed_runs[i]);
        for (size_t i = 0; i < batch->activity_count; i++)
                put_activity(rows, &batch->activities[i]);
        for (size_t i = 0; i < batch->deleted_activity_count; i++) {
                remove_tags(rows, "activity", batch->deleted_activities[i]);
                delete_activity(rows, batch->deleted_activities[i]);
        }
        for (size_t i = 0; i < batch->taken_activity_task_count; i++)
                take_activity_task(rows, &batch->taken_activity_tasks[i]);
        return GAL_OK;
}

static enum gal_status memory_commit(struct gal_store *store, const struct gal_batch *batch,
                                     struct gal_error *error)
{
        enum gal_status status = gal_batch_check(batch, error);
        struct memory_store *memory;

        if (status != GAL_OK)
                return status;
        memory = gal_memory_enter(store);
        status = gal_memory_check_lease(memory, error);
        if (status == GAL_OK)
                status = write_batch(memory->rows, batch, error);
        gal_memory_leave(memory);
        return status;
}

static enum gal_status memory_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                          struct gal_error *error)
{
        struct memory_store *memory = gal_memory_enter(store);
        struct setting *setting;

        (void)error;
        HASH_FIND_STR(memory->rows->settings, name, setting);
        if (setting == NULL) {
                setting = gal_new(struct setting);
                setting->name = gal_strdup(name);
                setting->value = gal_calloc(len + 1, 1);
                memcpy(setting->value, value, len);
                setting->len = len;
                HASH_ADD_KEYPTR(hh, memory->rows->settings, setting->name, strlen(setting->name), setting);
        }
        gal_memory_leave(memory);
        return GAL_OK;
}

/* Life. */

static void destroy_rows(struct rows *rows)
{
        struct machine *machine, *next_machine;
        struct setting *setting, *next_setting;
        struct revision *revision, *next_revision;
        struct name *name, *next_name;
        struct record *record, *next_record;
        struct activity *activity, *next_activity;
        struct activity_task *task, *next_task;

        HASH_ITER(hh, rows->machines, machine, next_machine)
        remove_machine(rows, machine);
        HASH_ITER(hh, rows->settings, setting, next_setting)
        {
                HASH_DEL(rows->settings, setting);
                free(setting->name);
                free(setting->value);
                free(setting);
        }
        HASH_ITER(hh, rows->revisions, revision, next_revision)
        gal_memory_remove_revision(rows, revision);
        gal_memory_clear_rows(&rows->versions, GAL_ROW_VERSION);
        gal_memory_clear_rows(&rows->aliases, GAL_ROW_ALIAS);
        gal_memory_clear_rows(&rows->tags, GAL_ROW_TAG);
        HASH_ITER(hh, rows->names, name, next_name)
        gal_memory_remove_name(rows, name);
        HASH_ITER(hh, rows->records, record, next_record)
        gal_memory_remove_record(rows, record);
        HASH_ITER(hh, rows->activities, activity, next_activity)
        remove_activity(rows, activity);
        HASH_ITER(hh, rows->activity_tasks, task, next_task)
        remove_activity_task(rows, task);
        pthread_mutex_destroy(&rows->mutex);
        free(rows->address);
        free(rows);
}

static void memory_destroy(struct gal_store *store)
{
        struct memory_store *memory = (struct memory_store *)store;
        struct rows *rows = memory->rows;
        bool is_last;

        memory_release(store);
        gal_memory_enter(store);
        is_last = --rows->views == 0;
        gal_memory_leave(memory);
        if (is_last)
                destroy_rows(rows);
        free(memory);
}

static const struct gal_store_ops memory_ops = {
        .name = "memory",
        .commits_max = 1,
        .prepare = memory_prepare,
        .acquire = memory_acquire,
        .renew = memory_renew,
        .release = memory_release,
        .owner = memory_owner,
        .commit = memory_commit,
        .read_machines = gal_memory_read_machines,
        .read_deleted_machines = gal_memory_read_deleted_machines,
        .list_machines = gal_memory_list_machines,
        .read_versions = gal_memory_read_versions,
        .read_aliases = gal_memory_read_aliases,
        .read_tags = gal_memory_read_tags,
        .read_revision = gal_memory_read_revision,
        .read_execution = gal_memory_read_execution,
        .find_name = gal_memory_read_name,
        .list_executions = gal_memory_list_executions,
        .read_run = gal_memory_read_run,
        .read_runs = gal_memory_read_runs,
        .read_parked = gal_memory_read_parked,
        .read_chunks = gal_memory_read_chunks,
        .read_chunks_back = gal_memory_read_chunks_back,
        .read_chunk_of_event = gal_memory_read_chunk_of_event,
        .read_activities = gal_memory_read_activities,
        .read_activity_tasks = gal_memory_read_activity_tasks,
        .purge = gal_memory_purge,
        .read_setting = gal_memory_read_setting,
        .add_setting = memory_add_setting,
        .stats = gal_memory_stats,
        .destroy = memory_destroy,
};

static struct gal_store *create_view(struct rows *rows)
{
        struct memory_store *memory = gal_new(struct memory_store);

        memory->store.ops = &memory_ops;
        memory->rows = rows;
        return &memory->store;
}

struct gal_store *gal_store_memory_create(void)
{
        struct rows *rows = gal_new(struct rows);
        pthread_mutexattr_t attributes;

        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
        pthread_mutex_init(&rows->mutex, &attributes);
        pthread_mutexattr_destroy(&attributes);
        rows->views = 1;
        return create_view(rows);
}

struct gal_store *gal_store_memory_attach(struct gal_store *store)
{
        struct memory_store *memory = gal_memory_enter(store);

        memory->rows->views++;
        gal_memory_leave(memory);
        return create_view(memory->rows);
}

void gal_store_memory_expire(struct gal_store *store)
{
        struct memory_store *memory = gal_memory_enter(store);

        memory->rows->is_expired = true;
        gal_memory_leave(memory);
}
