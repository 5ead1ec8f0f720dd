/*
 * test_postgres_schema.c: the schema on a server: made, migrated, refused, and read by people.
 */
#include <pthread.h>
#include <string.h>

#include "conformance.h"
#include "postgres_test.h"
#include "store/migration.h"

#define MORE 2 /* steps of a later program */

/* The program's own, and those. */
static struct gal_migration steps[32];
static struct gal_migration *more; /* where those begin */

static void begin_steps(void)
{
        ck_assert_uint_le(gal_postgres_migrations.count + MORE, sizeof(steps) / sizeof(steps[0]));
        memcpy(steps, gal_postgres_migrations.items, gal_postgres_migrations.count * sizeof(steps[0]));
        more = steps + gal_postgres_migrations.count;
}

static const char *version_text(size_t version)
{
        static char text[16];

        snprintf(text, sizeof(text), "%zu", version);
        return text;
}

/* With the program's own steps, and MORE. */
static enum gal_status prepare_more(bool migrate, struct gal_error *error)
{
        struct gal_migrations migrations = { steps, gal_postgres_migrations.count + MORE };
        struct gal_store *store = NULL;
        enum gal_status status;

        ck_assert_int_eq(gal_store_postgres_open_with(server_url(), &migrations, &store, error), GAL_OK);
        status = store->ops->prepare(store, migrate, error);
        gal_store_destroy(store);
        return status;
}

START_TEST(a_newer_schema_is_refused)
{
        struct gal_error error = { .code = GAL_OK };

        run_sql("UPDATE galliard.schema_version SET version = 99");
        ck_assert_int_eq(owner->ops->prepare(owner, false, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "has schema 99, and this program knows schemas up to "));
        ck_assert_ptr_nonnull(strstr(error.message, version_text(gal_postgres_migrations.count)));
        ck_assert_int_eq(owner->ops->prepare(owner, true, NULL), GAL_EINVALID);
        ck_assert_int_eq(try_acquire(owner, "stood by meanwhile", NULL), GAL_EINVALID);
        assert_sql("SELECT version FROM galliard.schema_version", "99");
}
END_TEST

START_TEST(an_older_schema_is_migrated_when_asked)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_error busy = { .code = GAL_OK };

        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        begin_steps();
        more[0] = (struct gal_migration){ "more", "ALTER TABLE galliard.run ADD COLUMN more text;" };
        more[1] = (struct gal_migration){ "view", "CREATE VIEW galliard.v AS SELECT more FROM galliard.run;" };
        ck_assert_int_eq(prepare_more(false, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "galliard store migrate"));
        ck_assert_int_eq(prepare_more(true, &busy), GAL_EBUSY); /* it is in use */
        ck_assert_int_eq(commit_number(owner, 2, NULL), GAL_OK);
        owner->ops->release(owner);
        wait_for_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0");
        ck_assert_int_eq(prepare_more(true, NULL), GAL_OK);
        ck_assert_int_eq(prepare_more(false, NULL), GAL_OK);
        assert_sql("SELECT version FROM galliard.schema_version",
                   version_text(gal_postgres_migrations.count + MORE));
        assert_sql("SELECT count(*) FROM galliard.v", "0");
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_EINVALID);
        ck_assert_uint_eq(batches_there(), 2);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing)
{
        owner->ops->release(owner);
        wait_for_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0");
        begin_steps();
        more[0] = (struct gal_migration){ "more", "ALTER TABLE galliard.run ADD COLUMN more text;" };
        more[1] =
                (struct gal_migration){ "bad", "CREATE TABLE galliard.t (a int); INSERT INTO nowhere VALUES (1)" };
        ck_assert_int_ne(prepare_more(true, NULL), GAL_OK);
        assert_sql("SELECT version FROM galliard.schema_version", version_text(gal_postgres_migrations.count));
        assert_sql(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = 'galliard.run'::regclass AND attname = 'more'",
                "0");
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        acquire(owner, "owner");
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
}
END_TEST

static void *prepare_one(void *user)
{
        struct gal_store *store = open_server();

        *(enum gal_status *)user = store->ops->prepare(store, false, NULL);
        gal_store_destroy(store);
        return NULL;
}

START_TEST(several_make_the_schema_at_once)
{
        enum gal_status statuses[4];
        pthread_t threads[4];

        owner->ops->release(owner);
        run_sql("DROP SCHEMA galliard CASCADE");
        for (size_t i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, prepare_one, &statuses[i]), 0);
        for (size_t i = 0; i < 4; i++) {
                pthread_join(threads[i], NULL);
                ck_assert_int_eq(statuses[i], GAL_OK);
        }
        acquire(owner, "owner");
}
END_TEST

START_TEST(the_schema_of_another_program_is_refused)
{
        struct gal_error error = { .code = GAL_OK };

        owner->ops->release(owner);
        run_sql("DROP SCHEMA galliard CASCADE; CREATE SCHEMA galliard; CREATE TABLE galliard.theirs (a int)");
        ck_assert_int_eq(owner->ops->prepare(owner, true, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "another program"));
        ck_assert_int_ne(try_acquire(owner, "owner", NULL), GAL_OK);
}
END_TEST

START_TEST(an_administrator_may_have_made_the_schema)
{
        owner->ops->release(owner);
        run_sql("DROP SCHEMA galliard CASCADE; CREATE SCHEMA galliard");
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        acquire(owner, "owner");
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
}
END_TEST

START_TEST(people_can_read_the_history)
{
        struct gal_execution_row execution = execution_row(3, 1, "RUNNING");
        struct gal_chunk_row chunk = chunk_row(3, 1, "{\"v\":\"\\u0000\"}");
        struct gal_batch batch = {
                .executions = &execution, .execution_count = 1, .chunks = &chunk, .chunk_count = 1
        };

        commit(owner, &batch);
        assert_sql("SELECT body FROM galliard.history_decoded WHERE name = 'execution-3' AND sequence = 1",
                   "{\"v\":\"\\u0000\"}");
}
END_TEST

void add_schema_tests(Suite *suite)
{
        TCase *tests = tcase_create("schema");

        tcase_add_checked_fixture(tests, begin_test, end_test);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, a_newer_schema_is_refused);
        tcase_add_test(tests, an_older_schema_is_migrated_when_asked);
        tcase_add_test(tests, a_migration_that_fails_changes_nothing);
        tcase_add_test(tests, several_make_the_schema_at_once);
        tcase_add_test(tests, the_schema_of_another_program_is_refused);
        tcase_add_test(tests, an_administrator_may_have_made_the_schema);
        tcase_add_test(tests, people_can_read_the_history);
        suite_add_tcase(suite, tests);
}
