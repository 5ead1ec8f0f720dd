/*
 * sqlite.c: a store in one file: opening it, its schema, and who may write.
 *
 * The owner holds the lock of FILE.lock for life. Its epoch stands in the database as well, and each transaction
 * looks at it, because a file can be removed: two owners would corrupt nothing, and one of them is told.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "store/sqlite_internal.h"

/* "Gall": the file is ours. */
#define APPLICATION_ID 1197567084
/* Who has taken the lock has not yet written its address: look again this often. */
#define OWNER_ATTEMPTS_MAX 100
#define OWNER_PAUSE_NS 10000000

/* After a failure: nothing that the connection believes is trusted. */
static enum gal_status renew_writer(struct gal_sqlite *sqlite, struct gal_error *error)
{
        enum gal_status status = GAL_OK;

        if (sqlite->is_suspect)
                status = gal_sqlite_connection_open(&sqlite->writer, /* can_write= */ true, error);
        sqlite->is_suspect = status != GAL_OK;
        return status;
}

/* The schema. */

static enum gal_status run_migrations(struct gal_sqlite *sqlite, int64_t found, struct gal_error *error)
{
        enum gal_status status = GAL_OK;

        for (size_t i = (size_t)found; i < sqlite->migrations->count && status == GAL_OK; i++) {
                gal_auto_free char *note =
                        gal_format("PRAGMA user_version = %zu; PRAGMA application_id = %d", i + 1, APPLICATION_ID);

                status = gal_sqlite_run(&sqlite->writer, sqlite->migrations->items[i].sql, error);
                if (status == GAL_OK)
                        status = gal_sqlite_run(&sqlite->writer, note, error);
        }
        return status;
}

static enum gal_status find_version(struct gal_sqlite *sqlite, int64_t *ret_version, struct gal_error *error)
{
        int64_t application, tables;
        enum gal_status status = gal_sqlite_ask(&sqlite->writer, "PRAGMA user_version", ret_version, error);

        if (status == GAL_OK)
                status = gal_sqlite_ask(&sqlite->writer, "PRAGMA application_id", &application, error);
        if (status == GAL_OK)
                status = gal_sqlite_ask(&sqlite->writer, "SELECT count(*) FROM sqlite_master", &tables, error);
        if (status != GAL_OK)
                return status;
        if (application == APPLICATION_ID || (application == 0 && tables == 0 && *ret_version == 0))
                return GAL_OK;
        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "%s is the database of another program", sqlite->path);
}

/* Within a transaction, since another process may have been faster. */
static enum gal_status migrate_now(struct gal_sqlite *sqlite, bool migrate, struct gal_error *error)
{
        enum gal_status status = gal_sqlite_run(&sqlite->writer, "BEGIN IMMEDIATE", error);
        int64_t found;

        if (status != GAL_OK)
                return status;
        status = find_version(sqlite, &found, error);
        if (status == GAL_OK)
                status = gal_migrations_check(sqlite->migrations, found, migrate, sqlite->path, error);
        if (status == GAL_OK)
                status = run_migrations(sqlite, found, error);
        if (status == GAL_OK)
                status = gal_sqlite_run(&sqlite->writer, "COMMIT", error);
        if (status != GAL_OK && !sqlite3_get_autocommit(sqlite->writer.db)) {
                struct gal_error ignored = { .code = GAL_OK };

                sqlite->is_suspect |= gal_sqlite_run(&sqlite->writer, "ROLLBACK", &ignored) != GAL_OK;
        }
        return status;
}

static enum gal_status prepare(struct gal_sqlite *sqlite, bool migrate, struct gal_error *error)
{
        bool was_held = gal_lockfile_is_held(&sqlite->lock);
        enum gal_status status;
        int64_t found;

        status = find_version(sqlite, &found, error);
        if (status == GAL_OK)
                status = gal_migrations_check(sqlite->migrations, found, migrate, sqlite->path, error);
        if (status != GAL_OK || found == (int64_t)sqlite->migrations->count)
                return status;
        if (found > 0 && !was_held) {
                status = gal_lockfile_take(&sqlite->lock, "migration", error);
                if (status != GAL_OK)
                        return status;
        }
        status = migrate_now(sqlite, migrate, error);
        if (!was_held)
                gal_lockfile_release(&sqlite->lock);
        return status;
}

static enum gal_status sqlite_prepare(struct gal_store *store, bool migrate, struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        enum gal_status status;

        gal_sqlite_enter(&sqlite->writer);
        status = renew_writer(sqlite, error);
        if (status == GAL_OK)
                status = prepare(sqlite, migrate, error);
        gal_sqlite_leave(&sqlite->writer);
        return status;
}

/* The lease. */

static void lose(struct gal_sqlite *sqlite)
{
        sqlite->is_owner = false;
        gal_lockfile_release(&sqlite->lock);
}

/* Writes the new owner down. The former epoch is seen by nobody any more: this transaction comes after all of its.
 */
static enum gal_status write_lease(struct gal_sqlite *sqlite, const struct gal_lease_request *request,
                                   struct gal_error *error)
{
        static const char update[] = "UPDATE lease SET epoch = epoch + 1, incarnation = ?1, address = ?2";
        sqlite3 *db = sqlite->writer.db;
        sqlite3_stmt *statement = NULL;
        enum gal_status status = GAL_OK;

        if (sqlite3_prepare_v2(db, update, -1, &statement, NULL) != SQLITE_OK) {
                status = gal_sqlite_fail(&sqlite->writer, error);
        } else {
                gal_sqlite_bind_text(statement, 1, request->incarnation);
                gal_sqlite_bind_text(statement, 2, request->address);
                if (sqlite3_step(statement) != SQLITE_DONE)
                        status = gal_sqlite_fail(&sqlite->writer, error);
        }
        sqlite3_finalize(statement);
        return status;
}

static enum gal_status take_epoch(struct gal_sqlite *sqlite, const struct gal_lease_request *request,
                                  struct gal_error *error)
{
        enum gal_status status = gal_sqlite_run(&sqlite->writer, "BEGIN IMMEDIATE", error);

        if (status == GAL_OK)
                status = write_lease(sqlite, request, error);
        if (status == GAL_OK)
                status = gal_sqlite_ask(&sqlite->writer, "SELECT epoch FROM lease", &sqlite->epoch, error);
        if (status == GAL_OK)
                status = gal_sqlite_run(&sqlite->writer, "COMMIT", error);
        /* What is left of it goes with the connection, which is opened anew. */
        sqlite->is_suspect = status != GAL_OK;
        return status;
}

static enum gal_status sqlite_acquire(struct gal_store *store, const struct gal_lease_request *request,
                                      struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        enum gal_status status;

        gal_sqlite_enter(&sqlite->writer);
        sqlite->is_owner = false;
        status = gal_lockfile_take(&sqlite->lock, request->incarnation, error);
        if (status == GAL_OK)
                status = renew_writer(sqlite, error);
        if (status == GAL_OK)
                status = take_epoch(sqlite, request, error);
        if (status == GAL_OK) {
                free(sqlite->incarnation);
                sqlite->incarnation = gal_strdup(request->incarnation);
                sqlite->is_owner = true;
        }
        gal_sqlite_leave(&sqlite->writer);
        return status;
}

/* The lock has no end: what there is to find out is whether somebody else has come. */
static enum gal_status sqlite_renew(struct gal_store *store, struct gal_error *error)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        char *incarnation = NULL, *address = NULL;
        enum gal_status status = GAL_OK;
        int64_t epoch;

        gal_sqlite_enter(&sqlite->writer);
        if (sqlite->is_owner)
                status = gal_sqlite_read_lease(sqlite, &epoch, &incarnation, &address, error);
        if (!sqlite->is_owner ||
            (status == GAL_OK && (epoch != sqlite->epoch || strcmp(incarnation, sqlite->incarnation) != 0)))
                status = gal_fail(error, GAL_EFENCED, GAL_NOWHERE, "%s has another owner", sqlite->path);
        if (status == GAL_EFENCED)
                lose(sqlite);
        else if (status != GAL_OK)
                sqlite->is_owner = false;
        gal_sqlite_leave(&sqlite->writer);
        free(incarnation);
        free(address);
        return status;
}

static void sqlite_release(struct gal_store *store)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;

        gal_sqlite_enter(&sqlite->writer);
        lose(sqlite);
        gal_sqlite_leave(&sqlite->writer);
}

static char *sqlite_owner(struct gal_store *store)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;
        const struct timespec pause = { .tv_nsec = OWNER_PAUSE_NS };

        for (int i = 0; i < OWNER_ATTEMPTS_MAX; i++) {
                gal_auto_free char *holder = gal_lockfile_holder(&sqlite->lock);
                gal_auto_free char *incarnation = NULL;
                char *address;
                int64_t epoch;

                if (holder == NULL)
                        return NULL;
                if (gal_sqlite_read_lease(sqlite, &epoch, &incarnation, &address, /* error= */ NULL) != GAL_OK)
                        return NULL;
                if (strcmp(holder, incarnation) == 0)
                        return address;
                free(address);
                nanosleep(&pause, NULL);
        }
        return NULL;
}

/* Life. */

static void sqlite_destroy(struct gal_store *store)
{
        struct gal_sqlite *sqlite = (struct gal_sqlite *)store;

        gal_sqlite_connection_finish(&sqlite->reader);
        gal_sqlite_connection_finish(&sqlite->writer);
        gal_lockfile_finish(&sqlite->lock); /* last: the next owner finds the log written back */
        free(sqlite->incarnation);
        free(sqlite->path);
        free(sqlite);
}

static const struct gal_store_ops sqlite_ops = {
        .name = "sqlite",
        .commits_max = 1,
        .prepare = sqlite_prepare,
        .acquire = sqlite_acquire,
        .renew = sqlite_renew,
        .release = sqlite_release,
        .owner = sqlite_owner,
        .commit = gal_sqlite_commit,
        .read_machines = gal_sqlite_read_machines,
        .read_deleted_machines = gal_sqlite_read_deleted_machines,
        .list_machines = gal_sqlite_list_machines,
        .read_versions = gal_sqlite_read_versions,
        .read_aliases = gal_sqlite_read_aliases,
        .read_tags = gal_sqlite_read_tags,
        .read_revision = gal_sqlite_read_revision,
        .read_execution = gal_sqlite_read_execution,
        .find_name = gal_sqlite_find_name,
        .list_executions = gal_sqlite_list_executions,
        .read_run = gal_sqlite_read_run,
        .read_runs = gal_sqlite_read_runs,
        .read_parked = gal_sqlite_read_parked,
        .read_chunks = gal_sqlite_read_chunks,
        .read_chunks_back = gal_sqlite_read_chunks_back,
        .read_chunk_of_event = gal_sqlite_read_chunk_of_event,
        .read_activities = gal_sqlite_read_activities,
        .read_activity_tasks = gal_sqlite_read_activity_tasks,
        .purge = gal_sqlite_purge,
        .read_setting = gal_sqlite_read_setting,
        .add_setting = gal_sqlite_add_setting,
        .stats = gal_sqlite_stats,
        .destroy = sqlite_destroy,
};

enum gal_status gal_store_sqlite_open_with(const char *path, const struct gal_migrations *migrations,
                                           struct gal_store **ret_store, struct gal_error *error)
{
        struct gal_sqlite *sqlite;
        enum gal_status status;

        /* SQLite would give each connection a database of its own. */
        if (path[0] == '\0' || path[0] == ':')
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "\"%s\" is no file for a store", path);
        sqlite = gal_new(struct gal_sqlite);
        sqlite->store.ops = &sqlite_ops;
        sqlite->path = gal_strdup(path);
        sqlite->migrations = migrations;
        gal_auto_free char *lock_path = gal_format("%s.lock", path);

        gal_lockfile_init(&sqlite->lock, lock_path);
        gal_sqlite_connection_init(&sqlite->writer, sqlite->path, gal_sqlite_write_texts, gal_sqlite_write_count);
        gal_sqlite_connection_init(&sqlite->reader, sqlite->path, gal_sqlite_read_texts, gal_sqlite_read_count);
        status = gal_sqlite_connection_open(&sqlite->writer, /* can_write= */ true, error);
        if (status == GAL_OK)
                status = gal_sqlite_connection_open(&sqlite->reader, /* can_write= */ false, error);
        if (status == GAL_OK)
                *ret_store = &sqlite->store;
        else
                sqlite_destroy(&sqlite->store);
        return status;
}

enum gal_status gal_store_sqlite_open(const char *path, struct gal_store **ret_store, struct gal_error *error)
{
        return gal_store_sqlite_open_with(path, &gal_sqlite_migrations, ret_store, error);
}
