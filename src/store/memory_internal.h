/*
 * memory_internal.h: the tables of the model store, for its two halves: memory.c writes, memory_read.c reads
 * and purges.
 */
#ifndef GAL_STORE_MEMORY_INTERNAL_H
#define GAL_STORE_MEMORY_INTERNAL_H

#include <pthread.h>
#include "base/hash.h"

#include "store/memory.h"
#include "store/rows.h"

struct machine {
        UT_hash_handle hh;
        struct gal_machine_row row;
};

struct revision {
        UT_hash_handle hh;
        struct gal_revision_row row;
};

struct name {
        UT_hash_handle hh;
        char *key; /* machine's id, '/', name */
        struct gal_name_row row;
};

struct key {
        uint32_t slot;
        char id[37];
};

struct setting {
        UT_hash_handle hh;
        char *name;
        char *value;
        size_t len;
};

struct activity {
        UT_hash_handle hh;
        struct gal_activity_row row;
};

struct activity_task {
        UT_hash_handle hh;
        char *key; /* of all members of the row */
        struct gal_activity_task_row row;
};

/* Everything that is kept of one execution. */
struct record {
        UT_hash_handle hh;
        struct key key;
        bool has_execution;
        struct gal_execution_row execution;
        bool has_run;
        struct gal_run_row run;
        struct gal_chunk_row *chunks; /* by sequence */
        size_t chunk_count;
        size_t chunk_size;
};

/* Rows of one kind, in no order. */
struct row_list {
        void *rows;
        size_t count;
        size_t size;
};

struct rows {
        unsigned views;
        pthread_mutex_t mutex;
        struct machine *machines; /* deleted ones, too */
        struct setting *settings;
        struct revision *revisions;
        struct row_list versions;
        struct row_list aliases;
        struct row_list tags;
        struct name *names;
        struct record *records;
        struct activity *activities;
        struct activity_task *activity_tasks;
        uint64_t epoch;
        bool is_owned;
        bool is_expired;
        char *address;
};

struct memory_store {
        struct gal_store store;
        struct rows *rows;
        uint64_t epoch; /* 0: not the owner */
};

/* Between these two nobody else sees the rows; they nest, so that a reader's callback may read. */
struct memory_store *gal_memory_enter(struct gal_store *store);
void gal_memory_leave(struct memory_store *memory);

GAL_MUST_USE enum gal_status gal_memory_check_lease(const struct memory_store *memory, struct gal_error *error);

struct record *gal_memory_find_record(struct rows *rows, uint32_t slot, const char *id);
struct name *gal_memory_find_name(struct rows *rows, const char *machine_id, const char *text);
/* Where the chunk with this sequence is or would be. */
size_t gal_memory_chunk_place(const struct record *record, uint64_t sequence);
void gal_memory_remove_record(struct rows *rows, struct record *record);
void gal_memory_remove_name(struct rows *rows, struct name *name);
void gal_memory_remove_revision(struct rows *rows, struct revision *revision);
bool gal_memory_is_deleted(const struct machine *machine);
/* Deleted machines that have no execution any more go, with their revisions. */
void gal_memory_forget_machines(struct rows *rows);

/* memory_registry.c: rows of which the first two columns are the key. */
void gal_memory_put_row(struct row_list *list, enum gal_row_kind kind, const void *row); /* replaces */
bool gal_memory_has_row(const struct row_list *list, enum gal_row_kind kind, const void *row);
/* All that agree with `key` in so many columns. */
void gal_memory_remove_rows(struct row_list *list, enum gal_row_kind kind, size_t key_columns, const void *key);
void gal_memory_clear_rows(struct row_list *list, enum gal_row_kind kind);

/* The reading half of the operations. */
enum gal_status gal_memory_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error);
enum gal_status gal_memory_list_machines(struct gal_store *store, const char *after, size_t limit,
                                         gal_machine_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_versions(struct gal_store *store, const char *machine_id, uint32_t below,
                                         size_t limit, gal_version_reader reader, void *user,
                                         struct gal_error *error);
enum gal_status gal_memory_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                        void *user, struct gal_error *error);
enum gal_status gal_memory_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_memory_read_deleted_machines(struct gal_store *store, const char *name,
                                                 gal_machine_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_setting(struct gal_store *store, const char *name, char **ret_value,
                                        size_t *ret_len, struct gal_error *error);
enum gal_status gal_memory_read_revision(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_name(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error);
enum gal_status gal_memory_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_memory_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_memory_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error);
enum gal_status gal_memory_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                               uint64_t event_id, gal_chunk_reader reader, void *user,
                                               struct gal_error *error);
enum gal_status gal_memory_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error);
enum gal_status gal_memory_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                           void *user, struct gal_error *error);
enum gal_status gal_memory_read_activity_tasks(struct gal_store *store, const char *activity,
                                               const struct gal_activity_task_row *after, size_t limit,
                                               gal_activity_task_reader reader, void *user,
                                               struct gal_error *error);
enum gal_status gal_memory_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                 size_t limit, size_t *ret_removed, struct gal_error *error);
enum gal_status gal_memory_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error);

#endif
