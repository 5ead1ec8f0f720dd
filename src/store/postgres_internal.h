/*
 * postgres_internal.h: the parts of the Postgres store: postgres.c opens it, postgres_lease.c says who may write,
 * postgres_write.c commits and purges, postgres_read.c reads; postgres_connection.c and postgres_rows.c are what
 * they share.
 *
 * Connections, each used by one thread at a time: one holds the lease (and with it the session lock that tells the
 * others that this process lives), up to GAL_PG_WRITERS_MAX commit, one reads. The first two kinds carry the
 * incarnation as application_name, so that a new owner finds and ends them.
 */
#ifndef GAL_STORE_POSTGRES_INTERNAL_H
#define GAL_STORE_POSTGRES_INTERNAL_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/migration.h"
#include "store/rows.h"

/* Commits in flight: measured, more than four gain nothing on a disk that syncs one log. */
#define GAL_PG_WRITERS_MAX 4
/* A statement or commit that takes longer has lost its server; no healthy one does. */
#define GAL_PG_TIMEOUT_MS 30000
/* Statements of the lease: it is lost soon after. */
#define GAL_PG_LEASE_TIMEOUT_MS 5000
/* A migration may rewrite a table. */
#define GAL_PG_MIGRATION_TIMEOUT_MS 3600000

/* Classes of advisory locks: "Gal" and a number; the second half of each key is the schema's oid. */
#define GAL_PG_LOCK_FENCE 0x47616c01
#define GAL_PG_LOCK_OWNER 0x47616c02
#define GAL_PG_LOCK_MIGRATION 0x47616c03

#define GAL_PG_COLUMNS_MAX 24

struct gal_pg_writer {
        PGconn *conn; /* NULL: not open */
        bool is_busy;
};

struct gal_postgres {
        struct gal_store store;
        char *conninfo;
        const struct gal_migrations *migrations;

        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t changed;
        bool is_owner;
        int64_t epoch;
        char *incarnation; /* of the last acquisition, also after it was lost */
        int64_t duration_ms;
        uint32_t schema_oid;
        struct gal_pg_writer writers[GAL_PG_WRITERS_MAX];
        size_t writer_count; /* as many as the server lets us have */

        pthread_mutex_t lease_mutex; /* before `mutex` where both are held */
        PGconn *lease;

        pthread_mutex_t reader_mutex;
        PGconn *reader;
        uint64_t reader_prepared; /* a bit a statement */
};

/* postgres.c */

/* 0: there are no tables. GAL_EINVALID: a schema that this program does not know, or (without `migrate`) an older
 * one. */
GAL_MUST_USE enum gal_status gal_pg_find_version(struct gal_postgres *postgres, PGconn *conn, bool migrate,
                                                 int64_t *ret_version, struct gal_error *error);

/* postgres_connection.c */

struct gal_pg_parameters {
        int count;
        const char *values[GAL_PG_COLUMNS_MAX]; /* binary */
        int lengths[GAL_PG_COLUMNS_MAX];
        char numbers[GAL_PG_COLUMNS_MAX][8]; /* where numbers and ids are kept */
        char ids[GAL_ROW_IDS_MAX][GAL_UUID_BYTES];
        size_t id_count;
};

/* As many as there may be: all parameters are binary. */
extern const int gal_pg_formats[GAL_PG_COLUMNS_MAX];

#define GAL_PG_NO_PARAMETERS ((struct gal_pg_parameters){ .count = 0 })

/*
 * Connects and sets the session up. `incarnation` NULL: a reader. (transfer full) PQfinish(). Tries again for about
 * two seconds while the server starts or cannot be reached. GAL_EINVALID: the user's mistake, which does not pass:
 * the connection string, the password, a database that is not there.
 */
GAL_MUST_USE enum gal_status gal_pg_connect(const char *conninfo, const char *incarnation, PGconn **ret_conn,
                                            struct gal_error *error);
/* GAL_EINVALID: the server is too old, or set up so that it could lose what it acknowledged. */
GAL_MUST_USE enum gal_status gal_pg_check_server(PGconn *conn, const struct gal_log *log, struct gal_error *error);

void gal_pg_add_id(struct gal_pg_parameters *parameters, const char *uuid); /* what is no UUID becomes NULL */
void gal_pg_add_text(struct gal_pg_parameters *parameters, const char *text);
void gal_pg_add_bytes(struct gal_pg_parameters *parameters, const char *bytes, size_t len);
void gal_pg_add_int2(struct gal_pg_parameters *parameters, int16_t number);
void gal_pg_add_int4(struct gal_pg_parameters *parameters, int32_t number);
void gal_pg_add_int8(struct gal_pg_parameters *parameters, int64_t number);
int64_t gal_pg_get_int8(const PGresult *result, int row, int column);

/* Milliseconds of a clock that only goes forward. */
int64_t gal_pg_clock_ms(void);
/*
 * The next result of what was sent, as PQgetResult(); ends the connection when there is none by the deadline (which
 * shows in PQstatus()).
 */
PGresult *gal_pg_next_result(PGconn *conn, int64_t deadline_ms);
/* Runs one statement with binary parameters and results. (transfer full) PQclear(). */
GAL_MUST_USE enum gal_status gal_pg_query(PGconn *conn, const char *sql, const struct gal_pg_parameters *parameters,
                                          int timeout_ms, PGresult **ret_result, struct gal_error *error);
/* The same with a statement that gal_pg_prepare() has made. */
GAL_MUST_USE enum gal_status gal_pg_query_prepared(PGconn *conn, const char *name,
                                                   const struct gal_pg_parameters *parameters, int timeout_ms,
                                                   PGresult **ret_result, struct gal_error *error);
GAL_MUST_USE enum gal_status gal_pg_prepare(PGconn *conn, const char *name, const char *sql,
                                            struct gal_error *error);
/* Runs statements without parameters; results are dropped. */
GAL_MUST_USE enum gal_status gal_pg_run(PGconn *conn, const char *sql, int timeout_ms, struct gal_error *error);
/* What a failed result means, and its text. `result` NULL: the connection's own failure. */
enum gal_status gal_pg_fail(PGconn *conn, const PGresult *result, struct gal_error *error);

/* postgres_rows.c */

/* The columns of many rows of one kind, each as a binary array. */
struct gal_pg_arrays {
        enum gal_row_kind kind;
        size_t row_count;
        size_t size; /* bytes in all */
        struct gal_buffer columns[GAL_PG_COLUMNS_MAX];
};

void gal_pg_arrays_init(struct gal_pg_arrays *arrays, enum gal_row_kind kind);
void gal_pg_arrays_finish(struct gal_pg_arrays *arrays);
void gal_pg_arrays_clear(struct gal_pg_arrays *arrays);
void gal_pg_arrays_add(struct gal_pg_arrays *arrays, const char *row);
/* The arrays as parameters; they are borrowed. */
void gal_pg_arrays_take(struct gal_pg_arrays *arrays, struct gal_pg_parameters *ret_parameters);
/* A row of a binary result whose columns are those of the kind; valid as long as the result. */
void gal_pg_take_row(const PGresult *result, int at, enum gal_row_kind kind, struct gal_any_row *ret_row);

/* postgres_lease.c */

enum gal_status gal_pg_acquire(struct gal_store *store, const struct gal_lease_request *request,
                               struct gal_error *error);
enum gal_status gal_pg_renew(struct gal_store *store, struct gal_error *error);
void gal_pg_release(struct gal_store *store);
char *gal_pg_owner(struct gal_store *store);

/* postgres_write.c */

/* Opens and readies a connection for commits. (transfer full) */
GAL_MUST_USE enum gal_status gal_pg_open_writer(struct gal_postgres *postgres, PGconn **ret_conn,
                                                struct gal_error *error);
enum gal_status gal_pg_commit(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error);
enum gal_status gal_pg_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms, size_t limit,
                             size_t *ret_removed, struct gal_error *error);

/* postgres_read.c */

/* A query on the reading connection, not prepared; it is opened anew when it is lost. (transfer full) */
GAL_MUST_USE enum gal_status gal_pg_read(struct gal_postgres *postgres, const char *sql,
                                         const struct gal_pg_parameters *parameters, PGresult **ret_result,
                                         struct gal_error *error);
enum gal_status gal_pg_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_pg_list_machines(struct gal_store *store, const char *after, size_t limit,
                                     gal_machine_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_read_versions(struct gal_store *store, const char *machine_id, uint32_t below, size_t limit,
                                     gal_version_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                    void *user, struct gal_error *error);
enum gal_status gal_pg_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader, void *user,
                                 struct gal_error *error);
enum gal_status gal_pg_read_deleted_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                             void *user, struct gal_error *error);
enum gal_status gal_pg_read_setting(struct gal_store *store, const char *name, char **ret_value, size_t *ret_len,
                                    struct gal_error *error);
enum gal_status gal_pg_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                   struct gal_error *error);
enum gal_status gal_pg_read_revision(struct gal_store *store, const char *revision_id, gal_revision_reader reader,
                                     void *user, struct gal_error *error);
enum gal_status gal_pg_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                      gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                 bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                 struct gal_error *error);
enum gal_status gal_pg_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                       gal_execution_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                 void *user, struct gal_error *error);
enum gal_status gal_pg_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                   gal_run_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                   uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                   struct gal_error *error);
enum gal_status gal_pg_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                        uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                        struct gal_error *error);
enum gal_status gal_pg_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                           uint64_t event_id, gal_chunk_reader reader, void *user,
                                           struct gal_error *error);
enum gal_status gal_pg_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                       void *user, struct gal_error *error);
enum gal_status gal_pg_read_activity_tasks(struct gal_store *store, const char *activity,
                                           const struct gal_activity_task_row *after, size_t limit,
                                           gal_activity_task_reader reader, void *user, struct gal_error *error);
enum gal_status gal_pg_stats(struct gal_store *store, gal_stat_reader reader, void *user, struct gal_error *error);

#endif
