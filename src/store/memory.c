/*
 * memory.c: the store of `galliard run` and of tests: rows in memory, the same contract as the durable ones.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

struct chunk {
        struct chunk *next;
        uint64_t first_event_id;
        uint32_t event_count;
        char *body;
        size_t body_len;
};

struct execution {
        UT_hash_handle hh;
        char *id;
        char *name;
        char *machine_name;
        char *status;
        int64_t started_ms;
        int64_t stopped_ms;
        uint64_t next_event_id;
        struct chunk *first;
        struct chunk **last;
};

struct memory_store {
        struct gal_store store;
        struct execution *executions;
};

static struct execution *find(struct memory_store *memory, const char *id)
{
        struct execution *execution;

        HASH_FIND_STR(memory->executions, id, execution);
        return execution;
}

static struct execution *find_or_add(struct memory_store *memory, const char *id)
{
        struct execution *execution = find(memory, id);

        if (execution != NULL)
                return execution;
        execution = gal_new(struct execution);
        execution->id = gal_strdup(id);
        execution->next_event_id = 1;
        execution->last = &execution->first;
        HASH_ADD_KEYPTR(hh, memory->executions, execution->id, strlen(execution->id), execution);
        return execution;
}

/* The whole batch is looked through before anything is written. */
static enum gal_status check_chunks(struct memory_store *memory, const struct gal_batch *batch,
                                    struct gal_error *error)
{
        for (size_t i = 0; i < batch->chunk_count; i++) {
                const struct gal_chunk_row *row = &batch->chunks[i];
                const struct execution *execution = find(memory, row->execution_id);
                uint64_t expected = execution == NULL ? 1 : execution->next_event_id;

                if (row->first_event_id != expected)
                        return gal_fail(error, GAL_ECONFLICT, GAL_NOWHERE,
                                        "execution %s: event %llu is already written or follows a gap",
                                        row->execution_id, (unsigned long long)row->first_event_id);
        }
        return GAL_OK;
}

static void add_chunk(struct memory_store *memory, const struct gal_chunk_row *row)
{
        struct execution *execution = find_or_add(memory, row->execution_id);
        struct chunk *chunk = gal_new(struct chunk);

        chunk->first_event_id = row->first_event_id;
        chunk->event_count = row->event_count;
        chunk->body = gal_strndup(row->body, row->body_len);
        chunk->body_len = row->body_len;
        *execution->last = chunk;
        execution->last = &chunk->next;
        execution->next_event_id += row->event_count;
}

static void set_text(char **text, const char *value)
{
        free(*text);
        *text = gal_strdup(value);
}

static void put_execution(struct memory_store *memory, const struct gal_execution_row *row)
{
        struct execution *execution = find_or_add(memory, row->execution_id);

        set_text(&execution->name, row->name);
        set_text(&execution->machine_name, row->machine_name);
        set_text(&execution->status, row->status);
        execution->started_ms = row->started_ms;
        execution->stopped_ms = row->stopped_ms;
}

static enum gal_status memory_commit(struct gal_store *store, const struct gal_batch *batch,
                                     struct gal_error *error)
{
        struct memory_store *memory = (struct memory_store *)store;
        enum gal_status status = check_chunks(memory, batch, error);

        if (status != GAL_OK)
                return status;
        for (size_t i = 0; i < batch->chunk_count; i++)
                add_chunk(memory, &batch->chunks[i]);
        for (size_t i = 0; i < batch->execution_count; i++)
                put_execution(memory, &batch->executions[i]);
        return GAL_OK;
}

static enum gal_status memory_load(struct gal_store *store, const char *execution_id,
                                   bool (*row)(void *user, const struct gal_chunk_row *row), void *user,
                                   struct gal_error *error)
{
        const struct execution *execution = find((struct memory_store *)store, execution_id);

        (void)error;
        for (const struct chunk *chunk = execution == NULL ? NULL : execution->first; chunk != NULL;
             chunk = chunk->next) {
                struct gal_chunk_row view = { .execution_id = execution_id,
                                              .first_event_id = chunk->first_event_id,
                                              .event_count = chunk->event_count,
                                              .body = chunk->body,
                                              .body_len = chunk->body_len };

                if (!row(user, &view))
                        break;
        }
        return GAL_OK;
}

static void destroy_execution(struct execution *execution)
{
        while (execution->first != NULL) {
                struct chunk *chunk = execution->first;

                execution->first = chunk->next;
                free(chunk->body);
                free(chunk);
        }
        free(execution->id);
        free(execution->name);
        free(execution->machine_name);
        free(execution->status);
        free(execution);
}

static void memory_destroy(struct gal_store *store)
{
        struct memory_store *memory = (struct memory_store *)store;
        struct execution *execution, *next;

        HASH_ITER(hh, memory->executions, execution, next)
        {
                HASH_DEL(memory->executions, execution);
                destroy_execution(execution);
        }
        free(memory);
}

static const struct gal_store_ops memory_ops = {
        .name = "memory", .commit = memory_commit, .load = memory_load, .destroy = memory_destroy
};

struct gal_store *gal_store_memory_create(void)
{
        struct memory_store *memory = gal_new(struct memory_store);

        memory->store.ops = &memory_ops;
        return &memory->store;
}
