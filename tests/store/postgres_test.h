/*
 * postgres_test.h: what the tests of the Postgres store share: the server beside the store, and batches by number.
 */
#ifndef GAL_TESTS_STORE_POSTGRES_TEST_H
#define GAL_TESTS_STORE_POSTGRES_TEST_H

#include <check.h>
#include <libpq-fe.h>
#include <stdint.h>

#include "store/store.h"

/* Of tests/tools/pg_cluster.py; NULL: there is none. */
const char *server_url(void);
/* (transfer full) Beside the store, as the superuser. */
PGconn *connect_beside(void);
void run_on(PGconn *conn, const char *sql);
void run_sql(const char *sql);
/* The first column of the first row. */
void ask_sql(const char *sql, char text[64]);
void assert_sql(const char *sql, const char *wanted);
void wait_for_sql(const char *sql, const char *wanted);

/* (transfer full) A store; nothing of it is prepared yet. */
struct gal_store *open_as(const char *conninfo);
struct gal_store *open_server(void);

/* Batch n: chunk n of three executions. */
enum gal_status commit_number(struct gal_store *store, uint64_t number, struct gal_error *error);
/* How many batches there are: whole ones, none missing. */
uint64_t batches_there(void);

/* test_postgres_schema.c */
void add_schema_tests(Suite *suite);

#endif
