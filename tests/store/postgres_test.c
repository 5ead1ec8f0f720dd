/*
 * postgres_test.c: see postgres_test.h.
 */
#include "postgres_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance.h"

const char *server_url(void)
{
        return getenv("GAL_TEST_POSTGRES");
}

PGconn *connect_beside(void)
{
        PGconn *conn = PQconnectdb(server_url());

        ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
        PQclear(PQexec(conn, "SET client_min_messages = warning"));
        return conn;
}

void run_on(PGconn *conn, const char *sql)
{
        PGresult *result = PQexec(conn, sql);

        ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK,
                      "%s: %s", sql, PQerrorMessage(conn));
        PQclear(result);
}

void run_sql(const char *sql)
{
        PGconn *conn = connect_beside();

        run_on(conn, sql);
        PQfinish(conn);
}

void ask_sql(const char *sql, char text[64])
{
        PGconn *conn = connect_beside();
        PGresult *result = PQexec(conn, sql);

        ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0, "%s: %s", sql,
                      PQerrorMessage(conn));
        snprintf(text, 64, "%s", PQgetvalue(result, 0, 0));
        PQclear(result);
        PQfinish(conn);
}

void assert_sql(const char *sql, const char *wanted)
{
        char text[64];

        ask_sql(sql, text);
        ck_assert_str_eq(text, wanted);
}

void wait_for_sql(const char *sql, const char *wanted)
{
        char text[64] = "";

        for (int i = 0; i < 500; i++) {
                ask_sql(sql, text);
                if (strcmp(text, wanted) == 0)
                        return;
                usleep(10000);
        }
        ck_abort_msg("%s: %s instead of %s", sql, text, wanted);
}

enum gal_status commit_number(struct gal_store *store, uint64_t number, struct gal_error *error)
{
        struct gal_chunk_row chunks[] = { chunk_row(0, number, "a"), chunk_row(1, number, "b"),
                                          chunk_row(2, number, "c") };
        struct gal_batch batch = { .chunks = chunks, .chunk_count = 3 };

        return store->ops->commit(store, &batch, error);
}

struct gal_store *open_as(const char *conninfo)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        ck_assert_msg(gal_store_open(conninfo, &store, &error) == GAL_OK, "%s", error.message);
        return store;
}

struct gal_store *open_server(void)
{
        return open_as(server_url());
}

uint64_t batches_there(void)
{
        uint64_t count = count_chunks(other, slot_of(0), uuid(0));

        ck_assert_uint_eq(count_chunks(other, slot_of(1), uuid(1)), count);
        ck_assert_uint_eq(count_chunks(other, slot_of(2), uuid(2)), count);
        return count;
}
