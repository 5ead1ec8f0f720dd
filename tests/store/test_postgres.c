/*
 * test_postgres.c: the suite on Postgres, and what only a server and a network can do: end, stop, come back, refuse
 * connections. tests/tools/pg_cluster.py gives it a server of its own, and starts that one again when it has ended.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "conformance.h"
#include "postgres_test.h"

static void begin(void)
{
        run_sql("ALTER DATABASE postgres RESET ALL");
        run_sql("DROP SCHEMA IF EXISTS galliard CASCADE");
}

static void expire(void)
{
        run_sql("UPDATE galliard.lease SET ends_at = '-infinity'");
}

static void end(void)
{
}

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum gal_status acquire_for(struct gal_store *store, const char *incarnation, int64_t duration_ms)
{
        struct gal_lease_request request = { .address = incarnation,
                                             .incarnation = incarnation,
                                             .duration_ms = duration_ms };

        return store->ops->acquire(store, &request, NULL);
}

/* Takes the store again, as an engine would: with patience. */
static void acquire_patiently(struct gal_store *store)
{
        struct gal_error error = { .code = GAL_OK };

        for (int i = 0; i < 100; i++) {
                error.code = GAL_OK;
                if (try_acquire(store, "owner", &error) == GAL_OK)
                        return;
                ck_assert_msg(error.code == GAL_EIO || error.code == GAL_EBUSY, "%s", error.message);
                usleep(100000);
        }
        ck_abort_msg("%s", error.message);
}

/* The server. */

static pid_t server_pid(void)
{
        char name[200];
        long pid = 0;
        FILE *file;

        snprintf(name, sizeof(name), "%s/data/postmaster.pid", getenv("GAL_TEST_POSTGRES_DIR"));
        file = fopen(name, "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%ld", &pid), 1);
        fclose(file);
        return (pid_t)pid;
}

struct committing {
        uint64_t last;          /* acknowledged */
        enum gal_status status; /* of the one after it */
        struct gal_error error;
};

static void *commit_until_it_fails(void *user)
{
        struct committing *committing = user;

        while ((committing->status = commit_number(owner, committing->last + 1, &committing->error)) == GAL_OK)
                committing->last++;
        return NULL;
}

/* A signal to the server in the midst of commits: what was acknowledged is there, and it goes on. */
static void end_server_with(int number)
{
        struct committing committing = { .last = batches_there() };
        uint64_t there, before = committing.last;
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, commit_until_it_fails, &committing), 0);
        usleep((useconds_t)(100000 + rand() % 100000));
        kill(server_pid(), number);
        pthread_join(thread, NULL);
        ck_assert_msg(committing.status == GAL_EIO, "%s", committing.error.message);
        ck_assert_uint_gt(committing.last, before);
        ck_assert_int_eq(commit_number(owner, committing.last + 1, NULL), GAL_EFENCED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
        acquire_patiently(owner);
        there = batches_there();
        ck_assert_uint_ge(there, committing.last);
        ck_assert_uint_le(there, committing.last + 1);
        ck_assert_int_eq(commit_number(owner, there + 1, NULL), GAL_OK);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
}

START_TEST(the_server_ends_and_comes_back)
{
        static const int signals[] = { SIGQUIT, SIGINT, SIGKILL };

        srand((unsigned)time(NULL));
        end_server_with(signals[_i]);
        end_server_with(signals[_i]);
}
END_TEST

START_TEST(while_the_server_is_down_everything_says_so)
{
        struct gal_error error = { .code = GAL_OK };
        char name[200];
        pid_t server = server_pid();
        FILE *file;
        int64_t begun;

        snprintf(name, sizeof(name), "%s/down", getenv("GAL_TEST_POSTGRES_DIR"));
        file = fopen(name, "w");
        fclose(file);
        kill(server, SIGQUIT);
        while (kill(server, 0) == 0)
                usleep(10000);
        begun = now_ms();
        ck_assert_int_eq(commit_number(owner, 1, &error), GAL_EIO);
        ck_assert_int_eq(try_acquire(owner, "owner", NULL), GAL_EIO);
        ck_assert_int_eq(other->ops->read_runs(other, 0, 1, NULL, NULL, NULL), GAL_EIO);
        ck_assert_int_eq(other->ops->prepare(other, false, NULL), GAL_EIO);
        ck_assert_ptr_null(other->ops->owner(other));
        ck_assert_int_lt(now_ms() - begun, 15000);
        ck_assert_int_eq(unlink(name), 0);
        acquire_patiently(owner);
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        ck_assert_uint_eq(batches_there(), 1);
}
END_TEST

/* Connections. */

START_TEST(a_connection_that_is_ended_costs_the_lease)
{
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '0000%'");
        ck_assert_int_eq(_i == 0 ? commit_number(owner, 2, NULL) : owner->ops->renew(owner, NULL), GAL_EIO);
        ck_assert_int_eq(commit_number(owner, 2, NULL), GAL_EFENCED);
        acquire(owner, "owner"); /* at once: nobody else's is ended */
        ck_assert_uint_eq(batches_there(), 1);
        ck_assert_int_eq(commit_number(owner, 2, NULL), GAL_OK);
}
END_TEST

START_TEST(readers_connect_again)
{
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        ck_assert_uint_eq(batches_there(), 1);
        run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'galliard "
                "reader'");
        ck_assert_uint_eq(batches_there(), 1);
        ck_assert_int_eq(commit_number(owner, 2, NULL), GAL_OK); /* the writers are others */
}
END_TEST

START_TEST(a_server_that_hangs_is_given_up)
{
        char text[64];
        int64_t begun;
        pid_t process;

        ask_sql("SELECT pid FROM pg_locks WHERE locktype = 'advisory' LIMIT 1",
                text); /* it holds the session lock */
        process = (pid_t)atol(text);
        kill(process, SIGSTOP);
        begun = now_ms();
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EIO);
        ck_assert_int_lt(now_ms() - begun, 8000);
        kill(process, SIGCONT);
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_EFENCED);
        acquire_patiently(owner);
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
}
END_TEST

struct crowd {
        unsigned first; /* execution */
        unsigned failures;
};

static void *commit_many(void *user)
{
        struct crowd *crowd = user;

        for (uint64_t i = 1; i <= 50; i++) {
                struct gal_chunk_row chunk = chunk_row(crowd->first, i, "x");
                struct gal_chunk_row taken = chunk_row(crowd->first, 1, "x");
                struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };
                struct gal_batch bad = { .chunks = &taken, .chunk_count = 1 };

                crowd->failures += owner->ops->commit(owner, &batch, NULL) != GAL_OK;
                if (i % 10 == 0)
                        crowd->failures += owner->ops->commit(owner, &bad, NULL) != GAL_ECONFLICT;
        }
        return NULL;
}

/* As many commits at once as the contract allows; each for executions of its own. */
static void commit_in_a_crowd(void)
{
        struct crowd crowd[4] = { { 10, 0 }, { 11, 0 }, { 12, 0 }, { 13, 0 } };
        pthread_t threads[4];

        ck_assert_uint_eq(owner->ops->commits_max, 4);
        for (unsigned i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, commit_many, &crowd[i]), 0);
        for (unsigned i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        for (unsigned i = 0; i < 4; i++) {
                ck_assert_uint_eq(crowd[i].failures, 0);
                ck_assert_uint_eq(count_chunks(other, slot_of(10 + i), uuid(10 + i)), 50);
        }
}

START_TEST(commits_at_once)
{
        commit_in_a_crowd();
}
END_TEST

START_TEST(a_server_that_grants_few_connections)
{
        char *limited = gal_format("%s&application_name=x", server_url());
        char *at = strstr(limited, "user=postgres");

        run_sql("DROP ROLE IF EXISTS narrow_1; CREATE ROLE narrow_1 LOGIN CONNECTION LIMIT 3;"
                "GRANT ALL ON SCHEMA galliard TO narrow_1; GRANT ALL ON ALL TABLES IN SCHEMA galliard TO narrow_1");
        memcpy(at, "user=narrow_1", strlen("user=narrow_1")); /* of the same length */
        gal_store_destroy(owner);
        owner = open_as(limited); /* a reader's, the lease's and one for commits */
        acquire(owner, "owner");
        commit_in_a_crowd();
        gal_store_destroy(owner);
        owner = open_server();
        run_sql("DROP OWNED BY narrow_1; DROP ROLE narrow_1");
        free(limited);
}
END_TEST

START_TEST(the_first_of_several_hosts_that_answers)
{
        struct gal_store *store;
        char port[64], conninfo[200];

        ask_sql("SELECT current_setting('port')", port);
        snprintf(conninfo, sizeof(conninfo), "postgresql://postgres@127.0.0.1:1,127.0.0.1:%s/postgres", port);
        store = open_as(conninfo);
        expire();
        acquire(store, "by TCP");
        ck_assert_int_eq(commit_number(store, 1, NULL), GAL_OK);
        gal_store_destroy(store);
        ck_assert_uint_eq(batches_there(), 1);
}
END_TEST

/* The fence. */

START_TEST(a_lease_that_was_taken_is_noticed_in_the_commit)
{
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        run_sql("UPDATE galliard.lease SET epoch = epoch + 1");
        ck_assert_int_eq(commit_number(owner, 2, NULL), GAL_EFENCED);
        ck_assert_uint_eq(batches_there(), 1);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
}
END_TEST

static void *commit_one(void *user)
{
        *(enum gal_status *)user = commit_number(owner, 1, NULL);
        return NULL;
}

/* Whoever waits for the fence and then believes a lease that was read before would write after its successor has
 * begun. */
START_TEST(the_lease_is_read_after_the_fence_is_passed)
{
        PGconn *conn = connect_beside();
        enum gal_status status = GAL_OK;
        pthread_t thread;

        run_on(conn, "SELECT pg_advisory_lock(x'47616c01'::int, oid::bigint::bit(32)::int) FROM pg_namespace"
                     " WHERE nspname = 'galliard'");
        ck_assert_int_eq(pthread_create(&thread, NULL, commit_one, &status), 0);
        wait_for_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", "1");
        run_on(conn, "UPDATE galliard.lease SET epoch = epoch + 1");
        run_on(conn, "SELECT pg_advisory_unlock_all()");
        pthread_join(thread, NULL);
        PQfinish(conn);
        ck_assert_int_eq(status, GAL_EFENCED);
        ck_assert_uint_eq(batches_there(), 0);
}
END_TEST

/* Both halves of the same: a commit that has looked at the lease keeps the next owner waiting until it is over. */
START_TEST(a_commit_under_way_holds_the_fence)
{
        PGconn *conn = connect_beside();
        enum gal_status status = GAL_EIO;
        pthread_t thread;

        run_on(conn, "BEGIN; LOCK TABLE galliard.history IN ACCESS EXCLUSIVE MODE");
        ck_assert_int_eq(pthread_create(&thread, NULL, commit_one, &status), 0);
        wait_for_sql("SELECT count(*) FROM pg_locks WHERE relation = 'galliard.history'::regclass AND NOT granted",
                     "1");
        assert_sql("SELECT pg_try_advisory_lock(x'47616c01'::int, oid::bigint::bit(32)::int) FROM pg_namespace"
                   " WHERE nspname = 'galliard'",
                   "f");
        run_on(conn, "COMMIT");
        pthread_join(thread, NULL);
        PQfinish(conn);
        ck_assert_int_eq(status, GAL_OK);
        assert_sql("SELECT pg_try_advisory_lock(x'47616c01'::int, oid::bigint::bit(32)::int) FROM pg_namespace"
                   " WHERE nspname = 'galliard'",
                   "t");
}
END_TEST

/* A commit that lasts longer than the database allows others' statements: begin() resets that. */
START_TEST(settings_of_the_database_for_other_programs)
{
        PGconn *conn = connect_beside();
        enum gal_status status = GAL_EIO;
        pthread_t thread;

        run_sql("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable';"
                "ALTER DATABASE postgres SET statement_timeout = '500ms';"
                "ALTER DATABASE postgres SET lock_timeout = '500ms';"
                "ALTER DATABASE postgres SET search_path = 'nowhere';"
                "ALTER DATABASE postgres SET bytea_output = 'escape'");
        gal_store_destroy(owner);
        owner = open_server();
        acquire(owner, "owner");
        run_on(conn, "BEGIN; LOCK TABLE galliard.history IN ACCESS EXCLUSIVE MODE");
        ck_assert_int_eq(pthread_create(&thread, NULL, commit_one, &status), 0);
        wait_for_sql("SELECT count(*) FROM pg_locks WHERE relation = 'galliard.history'::regclass AND NOT granted",
                     "1");
        usleep(1000000);
        run_on(conn, "COMMIT");
        pthread_join(thread, NULL);
        PQfinish(conn);
        ck_assert_int_eq(status, GAL_OK);
        for (uint64_t i = 2; i <= 20; i++)
                ck_assert_int_eq(commit_number(owner, i, NULL), GAL_OK);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
        ck_assert_uint_eq(batches_there(), 20);
}
END_TEST

/* Other processes. */

/* A process that owns the store and commits batches from the first on, until something fails; then it exits with
 * that. */
static pid_t start_owner(int64_t duration_ms, size_t body_size)
{
        char *body = gal_calloc(body_size + 1, 1);
        pid_t child = fork();

        memset(body, 'x', body_size);
        if (child == 0) {
                struct gal_store *store = open_server();
                enum gal_status status = acquire_for(store, "feedc0de000000000000000000000000", duration_ms);

                for (uint64_t number = 1; status == GAL_OK; number++) {
                        struct gal_chunk_row chunk = chunk_row(0, number, body);
                        struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };

                        status = store->ops->commit(store, &batch, NULL);
                }
                _exit((int)status);
        }
        free(body);
        wait_for_sql("SELECT count(*) > 3 FROM galliard.history", "t");
        return child;
}

START_TEST(a_dead_owner_is_succeeded_at_once)
{
        uint64_t there;
        int64_t begun;
        pid_t child;

        owner->ops->release(owner);
        child = start_owner(60000, 1000);
        ck_assert_int_eq(try_acquire(other, "second", NULL), GAL_EBUSY);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        begun = now_ms();
        acquire_patiently(owner);
        ck_assert_int_lt(now_ms() - begun, 2000);
        there = count_chunks(other, slot_of(0), uuid(0));
        usleep(200000);
        ck_assert_uint_eq(count_chunks(other, slot_of(0), uuid(0)), there);
}
END_TEST

/* Stopped where it happens to be: mostly in the midst of sending a commit, since those are large. */
START_TEST(a_stopped_owner_is_succeeded_when_its_lease_ends)
{
        int64_t begun;
        uint64_t there;
        pid_t child;
        int status;

        owner->ops->release(owner);
        child = start_owner(3000, _i == 0 ? 100 : 4 * 1000 * 1000);
        begun = now_ms();
        kill(child, SIGSTOP);
        ck_assert_int_eq(try_acquire(owner, "second", NULL), GAL_EBUSY);
        acquire_patiently(owner);
        ck_assert_int_lt(now_ms() - begun, 6000);
        there = count_chunks(other, slot_of(0), uuid(0));
        kill(child, SIGCONT);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == GAL_EIO || WEXITSTATUS(status) == GAL_EFENCED));
        ck_assert_uint_eq(count_chunks(other, slot_of(0), uuid(0)), there);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
}
END_TEST

/* The server still works on what the dead client had sent: the new owner waits for it or ends it. */
START_TEST(a_dead_owners_commit_is_over_before_the_next_one_begins)
{
        static const char working[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        uint64_t there;
        pid_t child;

        owner->ops->release(owner);
        child = start_owner(60000, 100);
        run_sql("CREATE FUNCTION galliard.dawdle() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';"
                "CREATE TRIGGER dawdle BEFORE INSERT ON galliard.history EXECUTE FUNCTION galliard.dawdle()");
        wait_for_sql(working, "1");
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        assert_sql(working, "1");
        there = count_chunks(other, slot_of(0), uuid(0));
        acquire_patiently(owner);
        assert_sql(working, "0");
        run_sql("DROP TRIGGER dawdle ON galliard.history");
        ck_assert_uint_eq(count_chunks(other, slot_of(0), uuid(0)), there);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
}
END_TEST

START_TEST(databases_have_owners_of_their_own)
{
        char *conninfo = gal_strdup(server_url());
        char *at = strstr(conninfo, "/postgres?");
        struct gal_store *store;

        run_sql("DROP DATABASE IF EXISTS postgr_2");
        run_sql("CREATE DATABASE postgr_2");
        memcpy(at, "/postgr_2?", strlen("/postgr_2?")); /* of the same length */
        store = open_as(conninfo);
        ck_assert_int_eq(store->ops->prepare(store, false, NULL), GAL_OK);
        acquire(store, "another database's owner");
        ck_assert_int_eq(commit_number(store, 1, NULL), GAL_OK);
        ck_assert_int_eq(commit_number(owner, 1, NULL), GAL_OK);
        gal_store_destroy(store);
        run_sql("DROP DATABASE postgr_2");
        free(conninfo);
}
END_TEST

/* What the server must be like. */

static char logged[300];

static void note_log(void *user, enum gal_log_level level, const char *message)
{
        (void)user;
        snprintf(logged, sizeof(logged), "%d %s", level, message);
}

START_TEST(a_server_that_may_lose_commits_is_warned_of)
{
        struct gal_log log = { .write = note_log, .level_max = GAL_LOG_DEBUG };

        owner->log = &log;
        acquire(owner, "owner");
        ck_assert_str_eq(logged, "");
        run_sql("ALTER DATABASE postgres SET synchronous_commit = off");
        acquire(owner, "owner");
        run_sql("ALTER DATABASE postgres RESET ALL");
        ck_assert_msg(strncmp(logged, "1 ", 2) == 0 && strstr(logged, "synchronous_commit") != NULL, "%s", logged);
}
END_TEST

START_TEST(a_server_without_fsync_is_refused)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        run_sql("ALTER SYSTEM SET fsync = off");
        run_sql("SELECT pg_reload_conf()");
        wait_for_sql("SHOW fsync", "off");
        ck_assert_int_eq(gal_store_open(server_url(), &store, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "fsync"));
        ck_assert_int_eq(try_acquire(owner, "owner", NULL), GAL_EINVALID);
        run_sql("ALTER SYSTEM RESET fsync");
        run_sql("SELECT pg_reload_conf()");
        wait_for_sql("SHOW fsync", "on");
        acquire(owner, "owner");
}
END_TEST

/* The cluster's URL with another value of a parameter: the last one counts. (transfer full) */
static char *with_parameter(const char *name, const char *value)
{
        return gal_format("%s&%s=%s", server_url(), name, value);
}

/* A crowd is what passes; the others stay what they are. */
START_TEST(a_server_that_is_full)
{
        gal_auto_free char *crowded = with_parameter("user", "narrow_0");
        struct gal_store *store = NULL;

        run_sql("DROP ROLE IF EXISTS narrow_0; CREATE ROLE narrow_0 LOGIN CONNECTION LIMIT 0");
        ck_assert_int_eq(gal_store_open(crowded, &store, NULL), GAL_EIO);
        run_sql("DROP ROLE narrow_0");
}
END_TEST

START_TEST(what_cannot_be_opened)
{
        static const char *const mistakes[] = { "postgresql://localhost:99999999/x", "postgresql://%zz",
                                                "postgresql://localhost/x?sslmode=maybe" };
        static const char *const away[] = { "postgresql://nobody@127.0.0.1:1/x", "postgresql://nobody.invalid/x" };
        gal_auto_free char *elsewhere = with_parameter("dbname", "elsewhere");
        gal_auto_free char *stranger = with_parameter("user", "stranger");
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
                ck_assert_int_eq(gal_store_open(mistakes[i], &store, NULL), GAL_EINVALID);
        for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
                ck_assert_int_eq(gal_store_open(away[i], &store, NULL), GAL_EIO);
        ck_assert_int_eq(gal_store_open(elsewhere, &store, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "elsewhere"));
        ck_assert_int_eq(gal_store_open(stranger, &store, NULL), GAL_EINVALID);
        error.code = GAL_OK;
        ck_assert_int_eq(gal_store_open("mysql://localhost/x", &store, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "mysql://localhost/x"));
        ck_assert_ptr_null(store);
}
END_TEST

/* What reading costs. */

/* Executions of machine 1, all but the ten oldest SUCCEEDED, and one of each of a hundred other machines. */
static void write_many(void)
{
        run_sql("INSERT INTO galliard.execution SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, "
                "'0'))::uuid,"
                " 0, 'e' || i, ('01900000-0000-7000-8000-' || lpad(CASE WHEN i % 200 = 0 THEN to_hex(i) ELSE '1' "
                "END,"
                " 12, '0'))::uuid, 'm', '01900000-0000-7000-8000-000000000002', CASE WHEN i <= 10 THEN 'FAILED' "
                "ELSE"
                " 'SUCCEEDED' END, i, i + 1, 5, NULL, NULL, '{}', '{}', (i % 100 = 1)::int, CASE WHEN i % 100 = 1"
                " THEN 'prod' END, NULL FROM generate_series(1, 20000) AS i");
}

/* By what the server has counted: index entries and rows of sequential scans. A session's count when it ends. */
static void assert_reads_few(const struct gal_execution_filter *filter, const char *wanted)
{
        static const char few[] =
                "SELECT (read BETWEEN 10 AND 2000)::text FROM (SELECT (SELECT sum(idx_tup_read) FROM"
                " pg_stat_user_indexes WHERE relid = 'galliard.execution'::regclass) + (SELECT seq_tup_read FROM"
                " pg_stat_user_tables WHERE relid = 'galliard.execution'::regclass) AS read) AS r";
        struct gal_store *store;

        run_sql("SELECT pg_stat_reset()");
        store = open_server();
        ck_assert_str_eq(list_executions(store, filter), wanted);
        gal_store_destroy(store);
        wait_for_sql(few, "true");
}

START_TEST(a_page_of_a_listing_costs_what_it_shows)
{
        struct gal_execution_filter filter = { .limit = 10 };
        static const char failed[] = "#10 #9 #8 #7 #6 #5 #4 #3 #2 #1 ";

        write_many();
        assert_reads_few(&filter, "#20000 #19999 #19998 #19997 #19996 #19995 #19994 #19993 #19992 #19991 ");
        filter.status = "FAILED";
        assert_reads_few(&filter, failed);
        filter.machine_id = uuid(1);
        assert_reads_few(&filter, failed);
        filter.status = NULL;
        filter.before_id = uuid(9000);
        assert_reads_few(&filter, "#8999 #8998 #8997 #8996 #8995 #8994 #8993 #8992 #8991 #8990 ");
        filter.version = 1;
        assert_reads_few(&filter, "#8901 #8801 #8701 #8601 #8501 #8401 #8301 #8201 #8101 #8001 ");
        filter.version = 0;
        filter.alias = "prod";
        assert_reads_few(&filter, "#8901 #8801 #8701 #8601 #8501 #8401 #8301 #8201 #8101 #8001 ");
}
END_TEST

static Suite *server_suite(void)
{
        Suite *suite = suite_create("postgres servers");
        TCase *tests = tcase_create("servers");

        tcase_add_checked_fixture(tests, begin_test, end_test);
        tcase_set_timeout(tests, 60);
        tcase_add_loop_test(tests, the_server_ends_and_comes_back, 0, 3);
        tcase_add_test(tests, while_the_server_is_down_everything_says_so);
        tcase_add_loop_test(tests, a_connection_that_is_ended_costs_the_lease, 0, 2);
        tcase_add_test(tests, readers_connect_again);
        tcase_add_test(tests, a_server_that_hangs_is_given_up);
        tcase_add_test(tests, commits_at_once);
        tcase_add_test(tests, a_server_that_grants_few_connections);
        tcase_add_test(tests, the_first_of_several_hosts_that_answers);
        tcase_add_test(tests, settings_of_the_database_for_other_programs);
        tcase_add_test(tests, a_lease_that_was_taken_is_noticed_in_the_commit);
        tcase_add_test(tests, the_lease_is_read_after_the_fence_is_passed);
        tcase_add_test(tests, a_commit_under_way_holds_the_fence);
        tcase_add_test(tests, a_dead_owner_is_succeeded_at_once);
        tcase_add_loop_test(tests, a_stopped_owner_is_succeeded_when_its_lease_ends, 0, 2);
        tcase_add_test(tests, a_dead_owners_commit_is_over_before_the_next_one_begins);
        tcase_add_test(tests, databases_have_owners_of_their_own);
        tcase_add_test(tests, a_server_that_may_lose_commits_is_warned_of);
        tcase_add_test(tests, a_server_without_fsync_is_refused);
        tcase_add_test(tests, a_server_that_is_full);
        tcase_add_test(tests, what_cannot_be_opened);
        tcase_add_test(tests, a_page_of_a_listing_costs_what_it_shows);
        suite_add_tcase(suite, tests);
        add_schema_tests(suite);
        return suite;
}

int main(void)
{
        static const struct backend postgres = {
                .name = "postgres", .begin = begin, .open = open_server, .expire = expire, .end = end, .keeps = true
        };

        if (server_url() == NULL || getenv("GAL_TEST_POSTGRES_DIR") == NULL) {
                printf("skipped: run this by tests/tools/pg_cluster.py\n");
                return 77;
        }
        return run_conformance(&postgres, server_suite);
}
