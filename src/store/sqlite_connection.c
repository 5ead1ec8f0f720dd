/*
 * sqlite_connection.c: one connection, its settings and its kept statements.
 *
 * The trap: a statement that was not reset keeps a read transaction open, and with it the write-ahead log from
 * being emptied; whoever takes a statement hands it back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "store/sqlite_internal.h"

/* Another program (sqlite3, a backup) may hold the file for a moment. */
#define BUSY_TIMEOUT_MS 5000

/*
 * What every connection wants. A commit is on disk when it returns (FULL: the log is synced at each one). The log
 * is moved into the database after 12,000 pages (48 MiB), not 1,000, which syncs less often and moves pages that
 * change often fewer times. Pages that the cache drops are in the system's: 8 MiB of it are as quick as 32 (bench/run
 * W1, W4).
 */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA wal_autocheckpoint = 12000;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA cache_size = -8192;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA trusted_schema = OFF;";

void gal_sqlite_connection_init(struct gal_sqlite_connection *connection, const char *path,
                                const char *const *texts, size_t statement_count)
{
        pthread_mutexattr_t attributes;

        gal_assert(statement_count <= GAL_SQLITE_STATEMENTS_MAX);
        memset(connection, 0, sizeof(*connection));
        connection->path = path;
        connection->texts = texts;
        connection->statement_count = statement_count;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
        pthread_mutex_init(&connection->mutex, &attributes);
        pthread_mutexattr_destroy(&attributes);
}

static void close_connection(struct gal_sqlite_connection *connection)
{
        for (size_t i = 0; i < connection->statement_count; i++) {
                sqlite3_finalize(connection->statements[i]);
                connection->statements[i] = NULL;
        }
        sqlite3_close_v2(connection->db);
        connection->db = NULL;
}

void gal_sqlite_connection_finish(struct gal_sqlite_connection *connection)
{
        close_connection(connection);
        pthread_mutex_destroy(&connection->mutex);
}

void gal_sqlite_enter(struct gal_sqlite_connection *connection)
{
        pthread_mutex_lock(&connection->mutex);
}

void gal_sqlite_leave(struct gal_sqlite_connection *connection)
{
        pthread_mutex_unlock(&connection->mutex);
}

enum gal_status gal_sqlite_fail(struct gal_sqlite_connection *connection, struct gal_error *error)
{
        int code = connection->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(connection->db) & 0xff;
        const char *message = connection->db == NULL ? "out of memory" : sqlite3_errmsg(connection->db);
        enum gal_status status = GAL_EIO;

        if (code == SQLITE_NOMEM)
                status = GAL_ENOMEM;
        else if (code == SQLITE_ERROR || code == SQLITE_TOOBIG)
                status = GAL_EINVALID; /* no such table: it was never prepared */
        return gal_fail(error, status, GAL_NOWHERE, "%s: %s", connection->path, message);
}

enum gal_status gal_sqlite_run(struct gal_sqlite_connection *connection, const char *sql, struct gal_error *error)
{
        if (sqlite3_exec(connection->db, sql, NULL, NULL, NULL) != SQLITE_OK)
                return gal_sqlite_fail(connection, error);
        return GAL_OK;
}

enum gal_status gal_sqlite_ask(struct gal_sqlite_connection *connection, const char *sql, int64_t *ret_number,
                               struct gal_error *error)
{
        sqlite3_stmt *statement = NULL;
        enum gal_status status = GAL_OK;

        if (sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
                status = gal_sqlite_fail(connection, error);
        else
                *ret_number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return status;
}

/* Write-ahead logging is a property of the file: a file system that cannot share memory refuses it. */
static enum gal_status use_wal(struct gal_sqlite_connection *connection, struct gal_error *error)
{
        sqlite3_stmt *statement = NULL;
        enum gal_status status = GAL_OK;

        if (sqlite3_prepare_v2(connection->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
                status = gal_sqlite_fail(connection, error);
        else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
                status = gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: write-ahead logging is not possible here",
                                  connection->path);
        sqlite3_finalize(statement);
        return status;
}

enum gal_status gal_sqlite_connection_open(struct gal_sqlite_connection *connection, bool can_write,
                                           struct gal_error *error)
{
        /* No mutex of SQLite's own: ours is held. */
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        enum gal_status status;

        close_connection(connection);
        if (sqlite3_open_v2(connection->path, &connection->db, flags, NULL) != SQLITE_OK) {
                status = gal_sqlite_fail(connection, error);
                close_connection(connection);
                return status;
        }
        sqlite3_busy_timeout(connection->db, BUSY_TIMEOUT_MS);
        status = use_wal(connection, error);
        if (status == GAL_OK)
                status = gal_sqlite_run(connection, settings, error);
        if (status == GAL_OK && !can_write)
                status = gal_sqlite_run(connection, "PRAGMA query_only = ON", error);
        if (status != GAL_OK)
                close_connection(connection);
        return status;
}

/* Statements. */

static enum gal_status make_statement(struct gal_sqlite_connection *connection, size_t index,
                                      sqlite3_stmt **ret_statement, struct gal_error *error)
{
        if (connection->db == NULL)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s is not open", connection->path);
        if (sqlite3_prepare_v3(connection->db, connection->texts[index], -1, SQLITE_PREPARE_PERSISTENT,
                               ret_statement, NULL) != SQLITE_OK)
                return gal_sqlite_fail(connection, error);
        return GAL_OK;
}

enum gal_status gal_sqlite_statement(struct gal_sqlite_connection *connection, size_t index,
                                     sqlite3_stmt **ret_statement, struct gal_error *error)
{
        /* Taken out while it is used: a nested use finds none and makes its own. */
        sqlite3_stmt *statement;

        gal_assert(index < connection->statement_count);
        statement = connection->statements[index];
        connection->statements[index] = NULL;
        if (statement == NULL)
                return make_statement(connection, index, ret_statement, error);
        *ret_statement = statement;
        return GAL_OK;
}

void gal_sqlite_done(struct gal_sqlite_connection *connection, size_t index, sqlite3_stmt *statement)
{
        if (connection->statements[index] != NULL) {
                sqlite3_finalize(statement);
                return;
        }
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        connection->statements[index] = statement;
}

void gal_sqlite_bind_id(sqlite3_stmt *statement, int at, const char *uuid)
{
        uint8_t bytes[GAL_UUID_BYTES];

        if (gal_uuid_to_bytes(uuid, bytes))
                sqlite3_bind_blob(statement, at, bytes, sizeof(bytes), SQLITE_TRANSIENT);
        else
                sqlite3_bind_null(statement, at); /* equal to no key */
}

void gal_sqlite_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
        sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void gal_sqlite_bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t len)
{
        sqlite3_bind_blob64(statement, at, bytes, len, SQLITE_STATIC);
}

/* Rows. */

void gal_sqlite_bind_row(sqlite3_stmt *statement, enum gal_row_kind kind, const char *row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];

        for (size_t i = 0; i < shape->column_count; i++) {
                const struct gal_column *column = &shape->columns[i];
                const void *member = row + column->offset;
                int at = (int)i + 1;

                switch (column->type) {
                case GAL_COLUMN_ID:
                        gal_sqlite_bind_id(statement, at, *(const char *const *)member);
                        break;
                case GAL_COLUMN_TEXT:
                case GAL_COLUMN_OPTION:
                        gal_sqlite_bind_text(statement, at, *(const char *const *)member);
                        break;
                case GAL_COLUMN_BYTES:
                        gal_sqlite_bind_bytes(statement, at, *(const char *const *)member,
                                              *(const size_t *)(row + column->len_offset));
                        break;
                case GAL_COLUMN_SLOT:
                case GAL_COLUMN_COUNT:
                        sqlite3_bind_int64(statement, at, *(const uint32_t *)member);
                        break;
                case GAL_COLUMN_NUMBER:
                case GAL_COLUMN_TIME:
                        sqlite3_bind_int64(statement, at, *(const int64_t *)member);
                        break;
                }
        }
}

static const char *take_id(sqlite3_stmt *statement, int at, char text[37])
{
        const void *bytes = sqlite3_column_blob(statement, at);

        if (bytes == NULL || sqlite3_column_bytes(statement, at) != GAL_UUID_BYTES)
                return "";
        gal_uuid_from_bytes(bytes, text);
        return text;
}

static const char *take_bytes(sqlite3_stmt *statement, int at, size_t *ret_len)
{
        const char *bytes = sqlite3_column_blob(statement, at);

        *ret_len = (size_t)sqlite3_column_bytes(statement, at);
        if (bytes == NULL && sqlite3_column_type(statement, at) != SQLITE_NULL)
                return ""; /* SQLite has no address for no bytes */
        return bytes;
}

void gal_sqlite_take_row(sqlite3_stmt *statement, enum gal_row_kind kind, struct gal_any_row *row)
{
        const struct gal_row_shape *shape = &gal_row_shapes[kind];
        size_t ids = 0;

        memset(&row->as, 0, sizeof(row->as));
        for (size_t i = 0; i < shape->column_count; i++) {
                const struct gal_column *column = &shape->columns[i];
                char *member = (char *)&row->as + column->offset;
                int at = (int)i;

                switch (column->type) {
                case GAL_COLUMN_ID:
                        *(const char **)member = take_id(statement, at, row->ids[ids++]);
                        break;
                case GAL_COLUMN_TEXT:
                case GAL_COLUMN_OPTION:
                        *(const char **)member = (const char *)sqlite3_column_text(statement, at);
                        break;
                case GAL_COLUMN_BYTES:
                        *(const char **)member =
                                take_bytes(statement, at, (size_t *)((char *)&row->as + column->len_offset));
                        break;
                case GAL_COLUMN_SLOT:
                case GAL_COLUMN_COUNT:
                        *(uint32_t *)member = (uint32_t)sqlite3_column_int64(statement, at);
                        break;
                case GAL_COLUMN_NUMBER:
                case GAL_COLUMN_TIME:
                        *(int64_t *)member = sqlite3_column_int64(statement, at);
                        break;
                }
        }
}
