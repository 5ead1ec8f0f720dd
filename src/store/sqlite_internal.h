/*
 * sqlite_internal.h: the parts of the SQLite store: sqlite.c opens it and holds the lease, sqlite_write.c commits
 * and purges, sqlite_read.c reads, sqlite_connection.c is what they share.
 *
 * Two connections: one writes, one reads, so that a reader on another thread neither waits for a commit nor sees
 * half of one. Each is used under its mutex.
 */
#ifndef GAL_STORE_SQLITE_INTERNAL_H
#define GAL_STORE_SQLITE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/lockfile.h"
#include "store/migration.h"
#include "store/rows.h"

#define GAL_SQLITE_STATEMENTS_MAX 64

struct gal_sqlite_connection {
        const char *path;
        sqlite3 *db;
        pthread_mutex_t mutex; /* recursive: a reader's callback may read */
        const char *const *texts;
        sqlite3_stmt *statements[GAL_SQLITE_STATEMENTS_MAX]; /* of texts; made on first use, then kept */
        size_t statement_count;
};

struct gal_sqlite {
        struct gal_store store;
        char *path;
        const struct gal_migrations *migrations;
        struct gal_lockfile lock;
        struct gal_sqlite_connection writer;
        struct gal_sqlite_connection reader;
        /* Under the writer's mutex: */
        bool is_owner;
        bool is_suspect; /* an operation failed half-way: the writer is opened anew before it writes again */
        int64_t epoch;
        char *incarnation;
};

/* sqlite_connection.c */

void gal_sqlite_connection_init(struct gal_sqlite_connection *connection, const char *path,
                                const char *const *texts, size_t statement_count);
void gal_sqlite_connection_finish(struct gal_sqlite_connection *connection);
/* Closes what is open, and opens. */
GAL_MUST_USE enum gal_status gal_sqlite_connection_open(struct gal_sqlite_connection *connection, bool can_write,
                                                        struct gal_error *error);
void gal_sqlite_enter(struct gal_sqlite_connection *connection);
void gal_sqlite_leave(struct gal_sqlite_connection *connection);

/* Records what SQLite says went wrong, and returns GAL_EIO, GAL_ENOMEM or GAL_EINVALID. */
enum gal_status gal_sqlite_fail(struct gal_sqlite_connection *connection, struct gal_error *error);
/* Runs statements without parameters or rows. */
GAL_MUST_USE enum gal_status gal_sqlite_run(struct gal_sqlite_connection *connection, const char *sql,
                                            struct gal_error *error);
/* The first column of the only row. */
GAL_MUST_USE enum gal_status gal_sqlite_ask(struct gal_sqlite_connection *connection, const char *sql,
                                            int64_t *ret_number, struct gal_error *error);

/*
 * A statement of the connection's texts, without parameters as yet. (transfer full) Hand it to gal_sqlite_done()
 * after use. Nested uses of one text get statements of their own.
 */
GAL_MUST_USE enum gal_status gal_sqlite_statement(struct gal_sqlite_connection *connection, size_t index,
                                                  sqlite3_stmt **ret_statement, struct gal_error *error);
void gal_sqlite_done(struct gal_sqlite_connection *connection, size_t index, sqlite3_stmt *statement);

/* Parameters count from 1. Texts and bytes are borrowed until the statement is done; NULL is NULL. */
void gal_sqlite_bind_id(sqlite3_stmt *statement, int at, const char *uuid);
void gal_sqlite_bind_text(sqlite3_stmt *statement, int at, const char *text);
void gal_sqlite_bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t len);
/* All columns of the kind, from 1 on. */
void gal_sqlite_bind_row(sqlite3_stmt *statement, enum gal_row_kind kind, const char *row);
/* The columns of the statement's present row, which must be those of the kind; valid until its next step. */
void gal_sqlite_take_row(sqlite3_stmt *statement, enum gal_row_kind kind, struct gal_any_row *row);

/* sqlite_write.c */

extern const char *const gal_sqlite_write_texts[];
extern const size_t gal_sqlite_write_count;

enum gal_status gal_sqlite_commit(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error);
enum gal_status gal_sqlite_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                 size_t limit, size_t *ret_removed, struct gal_error *error);
enum gal_status gal_sqlite_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                       struct gal_error *error);

/* sqlite_read.c */

extern const char *const gal_sqlite_read_texts[];
extern const size_t gal_sqlite_read_count;

enum gal_status gal_sqlite_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error);
enum gal_status gal_sqlite_list_machines(struct gal_store *store, const char *after, size_t limit,
                                         gal_machine_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_versions(struct gal_store *store, const char *machine_id, uint32_t below,
                                         size_t limit, gal_version_reader reader, void *user,
                                         struct gal_error *error);
enum gal_status gal_sqlite_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                        void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_deleted_machines(struct gal_store *store, const char *name,
                                                 gal_machine_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_setting(struct gal_store *store, const char *name, char **ret_value,
                                        size_t *ret_len, struct gal_error *error);
enum gal_status gal_sqlite_read_revision(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error);
enum gal_status gal_sqlite_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                           void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_activity_tasks(struct gal_store *store, const char *activity,
                                               const struct gal_activity_task_row *after, size_t limit,
                                               gal_activity_task_reader reader, void *user,
                                               struct gal_error *error);
enum gal_status gal_sqlite_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_sqlite_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error);
enum gal_status gal_sqlite_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error);
enum gal_status gal_sqlite_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                               uint64_t event_id, gal_chunk_reader reader, void *user,
                                               struct gal_error *error);
enum gal_status gal_sqlite_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error);
/* The owner's epoch, incarnation and address. (transfer full) */
GAL_MUST_USE enum gal_status gal_sqlite_read_lease(struct gal_sqlite *sqlite, int64_t *ret_epoch,
                                                   char **ret_incarnation, char **ret_address,
                                                   struct gal_error *error);

#endif
