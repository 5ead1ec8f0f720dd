/*
 * postgres.c: a store in the schema "galliard" of a Postgres database: opening it, and its schema's version.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/postgres_internal.h"

/* The schema. */

/* 0: there are no tables. */
static enum gal_status find_version(PGconn *conn, int64_t *ret_version, struct gal_error *error)
{
        static const char exists[] = "SELECT (to_regclass('galliard.schema_version') IS NOT NULL)::int::bigint,"
                                     " (SELECT count(*) FROM pg_tables WHERE schemaname = 'galliard')";
        PGresult *result = NULL;
        enum gal_status status;
        int64_t tables;
        bool is_ours;

        status = gal_pg_query(conn, exists, &GAL_PG_NO_PARAMETERS, GAL_PG_TIMEOUT_MS, &result, error);
        if (status != GAL_OK)
                return status;
        is_ours = gal_pg_get_int8(result, 0, 0) == 1;
        tables = gal_pg_get_int8(result, 0, 1);
        PQclear(result);
        *ret_version = 0;
        if (!is_ours && tables > 0)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "the schema \"galliard\" of the database belongs to another program");
        if (!is_ours)
                return GAL_OK;
        result = NULL;
        status = gal_pg_query(conn, "SELECT version::bigint FROM galliard.schema_version", &GAL_PG_NO_PARAMETERS,
                              GAL_PG_TIMEOUT_MS, &result, error);
        if (status == GAL_OK && PQntuples(result) == 1)
                *ret_version = gal_pg_get_int8(result, 0, 0);
        PQclear(result);
        return status;
}

enum gal_status gal_pg_find_version(struct gal_postgres *postgres, PGconn *conn, bool migrate, int64_t *ret_version,
                                    struct gal_error *error)
{
        enum gal_status status = find_version(conn, ret_version, error);

        if (status == GAL_OK)
                status = gal_migrations_check(postgres->migrations, *ret_version, migrate, "the database", error);
        return status;
}

/* Takes both locks of an owner for the transaction: there is none, none comes, and none of a former one writes. */
static enum gal_status keep_owners_out(PGconn *conn, struct gal_error *error)
{
        static const char sql[] = "SELECT (pg_try_advisory_xact_lock($1, n.oid::bigint::bit(32)::int) AND"
                                  " pg_try_advisory_xact_lock($2, n.oid::bigint::bit(32)::int))::int::bigint"
                                  " FROM pg_namespace n WHERE n.nspname = 'galliard'";
        struct gal_pg_parameters parameters = GAL_PG_NO_PARAMETERS;
        PGresult *result = NULL;
        enum gal_status status;

        gal_pg_add_int4(&parameters, GAL_PG_LOCK_OWNER);
        gal_pg_add_int4(&parameters, GAL_PG_LOCK_FENCE);
        status = gal_pg_query(conn, sql, &parameters, GAL_PG_TIMEOUT_MS, &result, error);
        if (status == GAL_OK && (PQntuples(result) != 1 || gal_pg_get_int8(result, 0, 0) != 1))
                status = gal_fail(error, GAL_EBUSY, GAL_NOWHERE,
                                  "another process owns the store; stop it before the schema is migrated");
        PQclear(result);
        return status;
}

/* Asked for beforehand: a refusal is nothing that passes, and the server's own would look as if it might. */
static enum gal_status check_rights(PGconn *conn, bool is_there, struct gal_error *error)
{
        const char *sql = is_there ? "SELECT current_user, has_schema_privilege('galliard', 'CREATE')::text"
                                   : "SELECT current_user,"
                                     " has_database_privilege(current_database(), 'CREATE')::text";
        PGresult *result = NULL;
        enum gal_status status = gal_pg_query(conn, sql, &GAL_PG_NO_PARAMETERS, GAL_PG_TIMEOUT_MS, &result, error);

        if (status == GAL_OK && strcmp(PQgetvalue(result, 0, 1), "true") != 0)
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                  "Postgres: '%s' may not make %s; GRANT CREATE ON %s to that role",
                                  PQgetvalue(result, 0, 0),
                                  is_there ? "tables in the schema galliard" : "the schema galliard",
                                  is_there ? "SCHEMA galliard" : "DATABASE");
        PQclear(result);
        return status;
}

static enum gal_status make_schema(PGconn *conn, struct gal_error *error)
{
        static const char find[] = "SELECT 1 FROM pg_namespace WHERE nspname = 'galliard'";
        PGresult *result = NULL;
        enum gal_status status = gal_pg_query(conn, find, &GAL_PG_NO_PARAMETERS, GAL_PG_TIMEOUT_MS, &result, error);
        bool is_there = status == GAL_OK && PQntuples(result) > 0;

        PQclear(result);
        if (status == GAL_OK)
                status = check_rights(conn, is_there, error);
        /* An administrator may have made it, for a role that may not. */
        if (status == GAL_OK && !is_there)
                status = gal_pg_run(conn, "CREATE SCHEMA galliard", GAL_PG_TIMEOUT_MS, error);
        if (status == GAL_OK)
                status = gal_pg_run(conn,
                                    "CREATE TABLE galliard.schema_version (version integer NOT NULL);"
                                    "INSERT INTO galliard.schema_version VALUES (0)",
                                    GAL_PG_TIMEOUT_MS, error);
        return status;
}

static enum gal_status run_migrations(struct gal_postgres *postgres, PGconn *conn, int64_t found,
                                      struct gal_error *error)
{
        enum gal_status status = GAL_OK;

        for (size_t i = (size_t)found; i < postgres->migrations->count && status == GAL_OK; i++) {
                gal_auto_free char *note = gal_format("UPDATE galliard.schema_version SET version = %zu", i + 1);

                status = gal_pg_run(conn, postgres->migrations->items[i].sql, GAL_PG_MIGRATION_TIMEOUT_MS, error);
                if (status == GAL_OK)
                        status = gal_pg_run(conn, note, GAL_PG_TIMEOUT_MS, error);
        }
        return status;
}

/* In one transaction, which another process that does the same waits for. */
static enum gal_status migrate_now(struct gal_postgres *postgres, PGconn *conn, bool migrate,
                                   struct gal_error *error)
{
        char begin[128];
        enum gal_status status;
        int64_t found = 0;

        snprintf(begin, sizeof(begin),
                 "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
                 "SELECT pg_advisory_xact_lock(%d, 0)",
                 GAL_PG_LOCK_MIGRATION);
        status = gal_pg_run(conn, begin, GAL_PG_MIGRATION_TIMEOUT_MS, error);
        if (status == GAL_OK)
                status = gal_pg_find_version(postgres, conn, migrate, &found, error);
        if (status == GAL_OK && found == 0)
                status = make_schema(conn, error);
        else if (status == GAL_OK && found < (int64_t)postgres->migrations->count)
                status = keep_owners_out(conn, error);
        if (status == GAL_OK)
                status = run_migrations(postgres, conn, found, error);
        if (status == GAL_OK)
                status = gal_pg_run(conn, "COMMIT", GAL_PG_TIMEOUT_MS, error);
        return status; /* after a failure the connection is closed, which rolls back */
}

static enum gal_status postgres_prepare(struct gal_store *store, bool migrate, struct gal_error *error)
{
        struct gal_postgres *postgres = (struct gal_postgres *)store;
        PGconn *conn = NULL;
        enum gal_status status = gal_pg_connect(postgres->conninfo, /* incarnation= */ NULL, &conn, error);
        int64_t found = 0;

        if (status == GAL_OK)
                status = gal_pg_check_server(conn, store->log, error);
        if (status == GAL_OK)
                status = gal_pg_find_version(postgres, conn, migrate, &found, error);
        if (status == GAL_OK && found < (int64_t)postgres->migrations->count)
                status = migrate_now(postgres, conn, migrate, error);
        PQfinish(conn);
        return status;
}

/* Life. */

static void postgres_destroy(struct gal_store *store)
{
        struct gal_postgres *postgres = (struct gal_postgres *)store;

        gal_pg_release(store);
        PQfinish(postgres->reader);
        pthread_mutex_destroy(&postgres->reader_mutex);
        pthread_mutex_destroy(&postgres->lease_mutex);
        pthread_mutex_destroy(&postgres->mutex);
        pthread_cond_destroy(&postgres->changed);
        free(postgres->incarnation);
        free(postgres->conninfo);
        free(postgres);
}

static const struct gal_store_ops postgres_ops = {
        .name = "postgres",
        .commits_max = GAL_PG_WRITERS_MAX,
        .lease_ends = true,
        .prepare = postgres_prepare,
        .acquire = gal_pg_acquire,
        .renew = gal_pg_renew,
        .release = gal_pg_release,
        .owner = gal_pg_owner,
        .commit = gal_pg_commit,
        .read_machines = gal_pg_read_machines,
        .read_deleted_machines = gal_pg_read_deleted_machines,
        .read_revision = gal_pg_read_revision,
        .read_execution = gal_pg_read_execution,
        .find_name = gal_pg_find_name,
        .list_executions = gal_pg_list_executions,
        .read_run = gal_pg_read_run,
        .read_runs = gal_pg_read_runs,
        .read_parked = gal_pg_read_parked,
        .read_chunks = gal_pg_read_chunks,
        .read_chunks_back = gal_pg_read_chunks_back,
        .read_chunk_of_event = gal_pg_read_chunk_of_event,
        .read_activities = gal_pg_read_activities,
        .read_activity_tasks = gal_pg_read_activity_tasks,
        .purge = gal_pg_purge,
        .read_setting = gal_pg_read_setting,
        .add_setting = gal_pg_add_setting,
        .stats = gal_pg_stats,
        .destroy = postgres_destroy,
};

enum gal_status gal_store_postgres_open_with(const char *conninfo, const struct gal_migrations *migrations,
                                             struct gal_store **ret_store, struct gal_error *error)
{
        struct gal_postgres *postgres = gal_new(struct gal_postgres);
        enum gal_status status;

        postgres->store.ops = &postgres_ops;
        postgres->conninfo = gal_strdup(conninfo);
        postgres->migrations = migrations;
        pthread_mutex_init(&postgres->mutex, NULL);
        pthread_mutex_init(&postgres->lease_mutex, NULL);
        pthread_mutex_init(&postgres->reader_mutex, NULL);
        pthread_cond_init(&postgres->changed, NULL);
        status = gal_pg_connect(conninfo, /* incarnation= */ NULL, &postgres->reader, error);
        if (status == GAL_OK)
                status = gal_pg_check_server(postgres->reader, /* log= */ NULL, error);
        if (status == GAL_OK)
                *ret_store = &postgres->store;
        else
                postgres_destroy(&postgres->store);
        return status;
}

enum gal_status gal_store_postgres_open(const char *conninfo, struct gal_store **ret_store, struct gal_error *error)
{
        return gal_store_postgres_open_with(conninfo, &gal_postgres_migrations, ret_store, error);
}
