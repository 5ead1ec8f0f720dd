/*
 * test_outage.c: outages of Postgres that need a place of their own: a server that is succeeded by its standby, and
 * a disk that is full. tests/tools/pg_cluster.py makes them (--standby, --size); the tests of what is not there are
 * left out.
 */
#include <check.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/store.h"

static const char *url;
static const char *standby_url;

static struct gal_store *open_store(const char *conninfo)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        ck_assert_msg(gal_store_open(conninfo, &store, &error) == GAL_OK, "%s", error.message);
        ck_assert_msg(store->ops->prepare(store, false, &error) == GAL_OK, "%s", error.message);
        return store;
}

static enum gal_status try_acquire(struct gal_store *store, struct gal_error *error)
{
        static unsigned count;
        char incarnation[33];
        struct gal_lease_request request = { .address = "test", .incarnation = incarnation, .duration_ms = 15000 };

        snprintf(incarnation, sizeof(incarnation), "%032x", ++count);
        return store->ops->acquire(store, &request, error);
}

/* As an engine would, for up to half a minute. */
static void acquire_patiently(struct gal_store *store)
{
        struct gal_error error = { .code = GAL_OK };

        for (int i = 0; i < 300; i++) {
                error.code = GAL_OK;
                if (try_acquire(store, &error) == GAL_OK)
                        return;
                ck_assert_msg(error.code == GAL_EIO || error.code == GAL_EBUSY, "%s", error.message);
                usleep(100000);
        }
        ck_abort_msg("%s", error.message);
}

/* Chunk n, of 100 KB that do not compress. */
static enum gal_status commit_number(struct gal_store *store, uint64_t number, struct gal_error *error)
{
        enum { SIZE = 100000 };
        char *body = gal_calloc(SIZE, 1);
        struct gal_chunk_row chunk = { .execution_id = "01900000-0000-7000-8000-000000000001",
                                       .sequence = number,
                                       .first_event_id = number,
                                       .event_count = 1,
                                       .body = body,
                                       .body_len = SIZE };
        struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };
        enum gal_status status;

        for (size_t i = 0; i < SIZE; i++)
                body[i] = (char)(' ' + rand() % 94);
        status = store->ops->commit(store, &batch, error);
        free(body);
        return status;
}

static bool count_chunk(void *user, const struct gal_chunk_row *row)
{
        uint64_t *count = user;

        ck_assert_uint_eq(row->sequence, ++*count);
        return true;
}

static uint64_t chunks_there(struct gal_store *store)
{
        struct gal_error error = { .code = GAL_OK };
        uint64_t count = 0;

        ck_assert_msg(store->ops->read_chunks(store, 0, "01900000-0000-7000-8000-000000000001", 1, count_chunk,
                                              &count, &error) == GAL_OK,
                      "%s", error.message);
        return count;
}

static void ask(const char *conninfo, const char *sql, char text[64])
{
        PGconn *conn = PQconnectdb(conninfo);
        PGresult *result = PQexec(conn, sql);

        ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(conn));
        snprintf(text, 64, "%s", PQgetvalue(result, 0, 0));
        PQclear(result);
        PQfinish(conn);
}

static void wait_for(const char *conninfo, const char *sql, const char *wanted)
{
        char text[64] = "";

        for (int i = 0; i < 3000 && strcmp(text, wanted) != 0; i++) {
                ask(conninfo, sql, text);
                usleep(10000);
        }
        ck_assert_str_eq(text, wanted);
}

static void touch(const char *folder, const char *name, size_t size)
{
        char path[200];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        for (size_t i = 0; i < size; i++)
                fputc('x', file);
        fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
        char path[200];

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        ck_assert_int_eq(unlink(path), 0);
}

static void end_server(const char *folder)
{
        char path[200];
        long pid = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/data/postmaster.pid", folder);
        file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%ld", &pid), 1);
        fclose(file);
        ck_assert_int_eq(kill((pid_t)pid, SIGQUIT), 0);
}

/* The value of a parameter of an URL. */
static char *parameter_of(const char *conninfo, const char *name)
{
        const char *at = strstr(conninfo, name);

        ck_assert_ptr_nonnull(at);
        at += strlen(name);
        return gal_strndup(at, strcspn(at, "&"));
}

static char *both_hosts(void)
{
        gal_auto_free char *host_1 = parameter_of(url, "host=");
        gal_auto_free char *host_2 = parameter_of(standby_url, "host=");
        gal_auto_free char *port_1 = parameter_of(url, "port=");
        gal_auto_free char *port_2 = parameter_of(standby_url, "port=");

        /* The standby comes first: the order must not matter. */
        return gal_format("postgresql:///postgres?user=postgres&host=%s,%s&port=%s,%s", host_2, host_1, port_2,
                          port_1);
}

START_TEST(a_standby_takes_over)
{
        char *conninfo = both_hosts();
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = open_store(conninfo), *reader = NULL;
        uint64_t number;

        acquire_patiently(store);
        for (number = 1; number <= 20; number++)
                ck_assert_int_eq(commit_number(store, number, NULL), GAL_OK);
        ck_assert_int_eq(gal_store_open(standby_url, &reader, &error), GAL_EIO); /* it can only be read */
        wait_for(standby_url, "SELECT count(*) FROM galliard.history", "20");
        touch(getenv("GAL_TEST_POSTGRES_DIR"), "down", 0);
        end_server(getenv("GAL_TEST_POSTGRES_DIR"));
        ck_assert_int_eq(commit_number(store, number, NULL), GAL_EIO);
        ck_assert_int_eq(try_acquire(store, NULL), GAL_EIO); /* there is nobody to write to */
        wait_for(standby_url, "SELECT pg_promote()", "t");
        acquire_patiently(store);
        ck_assert_uint_eq(chunks_there(store), 20);
        ck_assert_int_eq(commit_number(store, number, NULL), GAL_OK);
        ck_assert_int_eq(store->ops->renew(store, NULL), GAL_OK);
        ck_assert_uint_eq(chunks_there(store), 21);
        gal_store_destroy(store);
        free(conninfo);
}
END_TEST

/* Postgres may refuse single commits, or end and try to start until there is room: we wait for either. */
START_TEST(the_servers_disk_is_full)
{
        const char *folder = getenv("GAL_TEST_POSTGRES_DIR");
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = open_store(url);
        uint64_t number = 1, there;
        enum gal_status status;

        touch(folder, "filler", 40 * 1024 * 1024);
        acquire_patiently(store);
        while ((status = commit_number(store, number, &error)) == GAL_OK)
                number++;
        ck_assert_msg(status == GAL_EIO, "%s", error.message);
        ck_assert_uint_gt(number, 10);
        ck_assert_int_eq(commit_number(store, number, NULL), GAL_EFENCED);
        usleep(500000);
        remove_file(folder, "filler");
        acquire_patiently(store);
        there = chunks_there(store);
        ck_assert_uint_ge(there, number - 1);
        ck_assert_uint_le(there, number);
        for (number = there + 1; number <= there + 20; number++)
                ck_assert_msg(commit_number(store, number, &error) == GAL_OK, "%s", error.message);
        ck_assert_uint_eq(chunks_there(store), there + 20);
        gal_store_destroy(store);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("outages of postgres");
        TCase *tests = tcase_create("outages");
        SRunner *runner = srunner_create(suite);
        int failed;

        url = getenv("GAL_TEST_POSTGRES");
        standby_url = getenv("GAL_TEST_POSTGRES_STANDBY");
        if (url == NULL || argc != 2) {
                printf("skipped: run this by tests/tools/pg_cluster.py\n");
                return 77;
        }
        tcase_set_timeout(tests, 120);
        if (strcmp(argv[1], "standby") == 0 && standby_url != NULL)
                tcase_add_test(tests, a_standby_takes_over);
        else if (strcmp(argv[1], "disk") == 0)
                tcase_add_test(tests, the_servers_disk_is_full);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
