/*
 * test_sqlite.c: the suite on SQLite, and what only a file can suffer: a second process, kill -9, a full disk,
 * another program's tables.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "conformance.h"
#include "store/sqlite_internal.h"

static char folder[64];
static char path[128];
static char lock_path[160];

static void begin(void)
{
        const char *place = getenv("TMPDIR");

        /* Processes end here, not the machine: memory does, and many tests are quicker there. */
        if (place == NULL)
                place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof(folder), "%s/galliard-test-XXXXXX", place);
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/store.db", folder);
        snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
}

static struct gal_store *open_view(void)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        ck_assert_msg(gal_store_sqlite_open(path, &store, &error) == GAL_OK, "%s", error.message);
        return store;
}

/* A lock file that is removed lets a second one in, which is the only way to lose the lock. */
static void expire(void)
{
        ck_assert_int_eq(unlink(lock_path), 0);
}

static void remove_files(void)
{
        static const char *const endings[] = { "", "-wal", "-shm", ".lock" };

        for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
                char name[200];

                snprintf(name, sizeof(name), "%s%s", path, endings[i]);
                unlink(name);
        }
}

static void end(void)
{
        remove_files();
        ck_assert_int_eq(rmdir(folder), 0);
}

/* Runs SQL beside the store, as the sqlite3 program would. */
static void run_sql(const char *sql)
{
        sqlite3 *db = NULL;
        char *message = NULL;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
        sqlite3_close(db);
}

static int note_text(void *user, int count, char **values, char **names)
{
        (void)count;
        (void)names;
        snprintf(user, 64, "%s", values[0]);
        return 0;
}

static void assert_sql(const char *sql, const char *wanted)
{
        char text[64] = "";
        sqlite3 *db = NULL;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db, sql, note_text, text, NULL), SQLITE_OK);
        sqlite3_close(db);
        ck_assert_str_eq(text, wanted);
}

/* Batch n: chunk n of three executions, of 500 bytes. */
static enum gal_status commit_number(uint64_t number, struct gal_error *error)
{
        static char body[500];
        struct gal_chunk_row chunks[3];
        struct gal_batch batch = { .chunks = chunks, .chunk_count = 3 };

        memset(body, 'b', sizeof(body));
        for (unsigned i = 0; i < 3; i++) {
                chunks[i] = chunk_row(i, number, "");
                chunks[i].body = body;
                chunks[i].body_len = sizeof(body);
        }
        return owner->ops->commit(owner, &batch, error);
}

/* How many batches there are: whole ones, none missing. */
static uint64_t batches_there(void)
{
        uint64_t count = count_chunks(other, slot_of(0), uuid(0));

        ck_assert_uint_eq(count_chunks(other, slot_of(1), uuid(1)), count);
        ck_assert_uint_eq(count_chunks(other, slot_of(2), uuid(2)), count);
        return count;
}

static void wait_for_byte(int fd)
{
        char byte;

        ck_assert_int_eq(read(fd, &byte, 1), 1);
}

/* Processes. */

/* A process that owns the store until it is killed. */
static pid_t start_owner(void)
{
        int ready[2];
        pid_t child;

        ck_assert_int_eq(pipe(ready), 0);
        child = fork();
        if (child == 0) {
                struct gal_store *store = open_view();

                if (try_acquire(store, "the child", NULL) == GAL_OK && write(ready[1], "x", 1) == 1)
                        pause();
                _exit(1);
        }
        ck_assert_int_gt(child, 0);
        close(ready[1]);
        wait_for_byte(ready[0]);
        close(ready[0]);
        return child;
}

static void kill_child(pid_t child)
{
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(a_second_process_is_told_the_first_ones_id)
{
        struct gal_error error = { .code = GAL_OK };
        char wanted[32];
        pid_t child;
        char *address;

        owner->ops->release(owner);
        child = start_owner();
        ck_assert_int_eq(try_acquire(owner, "second", &error), GAL_EBUSY);
        snprintf(wanted, sizeof(wanted), "process %d", (int)child);
        ck_assert_msg(strstr(error.message, wanted) != NULL && strstr(error.message, path) != NULL, "%s",
                      error.message);
        address = owner->ops->owner(owner);
        ck_assert_str_eq(address, "the child");
        free(address);
        kill_child(child);
        ck_assert_ptr_null(owner->ops->owner(owner));
        acquire(owner, "second"); /* at once */
}
END_TEST

START_TEST(a_child_of_the_owner_does_not_hold_the_lock)
{
        pid_t child = fork();

        if (child == 0) {
                execlp("sleep", "sleep", "60", (char *)NULL);
                _exit(1);
        }
        for (int i = 0; i < 1000; i++) { /* until it is another program */
                char name[64], target[32] = "";

                snprintf(name, sizeof(name), "/proc/%d/exe", (int)child);
                if (readlink(name, target, sizeof(target) - 1) > 0 && strstr(target, "test_store") == NULL &&
                    strlen(target) < 25)
                        break;
                usleep(1000);
        }
        gal_store_destroy(owner);
        acquire(other, "second");
        kill_child(child);
        owner = open_view();
}
END_TEST

/* As when it is killed between the fork and the exec of a call. */
START_TEST(a_killed_owners_child_has_the_lock_for_a_moment)
{
        int ready[2];
        pid_t child;

        owner->ops->release(owner);
        ck_assert_int_eq(pipe(ready), 0);
        child = fork();
        if (child == 0) {
                struct gal_store *store = open_view();

                if (try_acquire(store, "the child", NULL) != GAL_OK || fork() > 0)
                        pause();
                if (write(ready[1], "x", 1) == 1)
                        usleep(200000);
                _exit(0);
        }
        wait_for_byte(ready[0]);
        kill_child(child);
        acquire(owner, "second");
        close(ready[0]);
        close(ready[1]);
}
END_TEST

static uint64_t commit_until_killed(int acknowledged)
{
        pid_t child = fork();
        uint64_t number = 0;

        if (child == 0) {
                owner = open_view();
                acquire(owner, "child");
                other = owner;
                for (number = batches_there() + 1; commit_number(number, NULL) == GAL_OK; number++) {
                        if (write(acknowledged, &number, sizeof(number)) != sizeof(number))
                                break;
                }
                _exit(1);
        }
        usleep((useconds_t)(20000 + rand() % 60000));
        kill_child(child);
        return number;
}

START_TEST(what_was_acknowledged_survives_kill_9)
{
        enum { ROUNDS = 10 };
        uint64_t number, last = 0;
        int ends[2];

        gal_store_destroy(owner);
        srand((unsigned)time(NULL));
        for (int i = 0; i < ROUNDS || last == 0; i++) {
                uint64_t there;

                ck_assert_int_eq(pipe(ends), 0);
                commit_until_killed(ends[1]);
                close(ends[1]);
                while (read(ends[0], &number, sizeof(number)) == sizeof(number))
                        last = number;
                close(ends[0]);
                there = batches_there();
                ck_assert_uint_ge(there, last);
                ck_assert_uint_le(there, last + 1); /* the one that was on its way */
        }
        assert_sql("PRAGMA integrity_check", "ok");
        owner = open_view();
        acquire(owner, "owner");
        ck_assert_int_eq(commit_number(batches_there() + 1, NULL), GAL_OK);
}
END_TEST

START_TEST(another_program_may_hold_the_file_for_a_moment)
{
        pid_t child;
        int ready[2];

        ck_assert_int_eq(pipe(ready), 0);
        child = fork();
        if (child == 0) {
                sqlite3 *db = NULL;

                sqlite3_open(path, &db);
                if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                    write(ready[1], "x", 1) == 1)
                        usleep(300000);
                _exit(0);
        }
        wait_for_byte(ready[0]);
        close(ready[0]);
        close(ready[1]);
        ck_assert_int_eq(commit_number(1, NULL), GAL_OK);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        ck_assert_uint_eq(batches_there(), 1);
}
END_TEST

/* The medium. */

/* Commits until it fails, and shows that it then is as the contract says. */
static uint64_t commit_until_full(void)
{
        struct gal_error error = { .code = GAL_OK };
        uint64_t number = 1;
        enum gal_status status;

        while ((status = commit_number(number, &error)) == GAL_OK)
                number++;
        ck_assert_msg(status == GAL_EIO, "%s: %s", gal_status_name(status), error.message);
        ck_assert_uint_gt(number, 1);
        ck_assert_int_eq(commit_number(number, NULL), GAL_EFENCED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
        ck_assert_uint_eq(batches_there(), number - 1);
        return number;
}

static void assert_works_again(uint64_t number)
{
        struct gal_error error = { .code = GAL_OK };

        acquire(owner, "owner");
        for (uint64_t end = number + 50; number < end; number++)
                ck_assert_msg(commit_number(number, &error) == GAL_OK, "%s", error.message);
        ck_assert_uint_eq(batches_there(), number - 1);
        assert_sql("PRAGMA integrity_check", "ok");
}

static void limit_file_size(rlim_t size)
{
        struct rlimit limit;

        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = size;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_write_that_fails_loses_nothing)
{
        struct gal_error error = { .code = GAL_OK };
        uint64_t number;

        signal(SIGXFSZ, SIG_IGN);
        limit_file_size(400 * 1024);
        number = commit_until_full();
        limit_file_size(0); /* not even the lock file or the lease can be written */
        ck_assert_int_eq(try_acquire(owner, "owner", &error), GAL_EIO);
        ck_assert_int_eq(commit_number(number, NULL), GAL_EFENCED);
        ck_assert_int_eq(try_acquire(other, "second", NULL), GAL_EBUSY); /* nobody else gets in meanwhile */
        limit_file_size(RLIM_INFINITY);
        assert_works_again(number);
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
        char filler[100], block[4096] = "";
        uint64_t number;
        FILE *file;

        /* In a name space of its own, so that it goes with this process. */
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", folder, "tmpfs", 0, "size=8m") != 0) {
                printf("a_full_disk_loses_nothing: left out: no mount here (%s)\n", strerror(errno));
                return;
        }
        gal_store_destroy(owner);
        gal_store_destroy(other);
        snprintf(filler, sizeof(filler), "%s/filler", folder);
        owner = open_view();
        other = open_view();
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        acquire(owner, "owner");
        file = fopen(filler, "w");
        for (int i = 0; i < 1500; i++)
                fwrite(block, sizeof(block), 1, file);
        fclose(file);
        number = commit_until_full();
        /* What the failed batch has left of the log may have room for the lease; not for the batch. */
        if (try_acquire(owner, "owner", NULL) == GAL_OK)
                ck_assert_int_eq(commit_number(number, NULL), GAL_EIO);
        ck_assert_int_eq(commit_number(number, NULL), GAL_EFENCED);
        ck_assert_int_eq(unlink(filler), 0);
        assert_works_again(number);
        gal_store_destroy(owner);
        gal_store_destroy(other);
        ck_assert_int_eq(umount2(folder, MNT_DETACH), 0);
        owner = open_view();
        other = open_view();
}
END_TEST

/* What reading costs. */

/* Executions of machine 'm...', all but the ten oldest SUCCEEDED, and one of each of a hundred other machines. */
static void write_many(void)
{
        run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                " INSERT INTO execution SELECT 0, CAST(printf('%016d', i) AS BLOB), 'e' || i, CAST(iif(i % 200 = 0,"
                " printf('%016d', i), 'mmmmmmmmmmmmmmmm') AS BLOB), 'm', x'00', iif(i <= 10, 'FAILED', "
                "'SUCCEEDED'),"
                " i, i + 1, 5, NULL, NULL, '{}', '{}' FROM n");
}

static size_t step_all(sqlite3_stmt *statement)
{
        size_t rows = 0;

        while (sqlite3_step(statement) == SQLITE_ROW)
                rows++;
        return rows;
}

START_TEST(a_page_of_a_listing_costs_what_it_shows)
{
        size_t listings = 0;
        sqlite3 *db = NULL;

        write_many();
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        for (size_t i = 0; i < gal_sqlite_read_count; i++) {
                sqlite3_stmt *statement = NULL;

                if (strstr(gal_sqlite_read_texts[i], "LIMIT ?4") == NULL)
                        continue;
                listings++;
                ck_assert_int_eq(sqlite3_prepare_v2(db, gal_sqlite_read_texts[i], -1, &statement, NULL), SQLITE_OK);
                sqlite3_bind_blob(statement, 1, "mmmmmmmmmmmmmmmm", 16, SQLITE_STATIC);
                sqlite3_bind_text(statement, 2, "FAILED", -1, SQLITE_STATIC);
                sqlite3_bind_blob(statement, 3, "zzzzzzzzzzzzzzzzz", 17, SQLITE_STATIC);
                sqlite3_bind_int(statement, 4, 10);
                ck_assert_uint_eq(step_all(statement), 10);
                ck_assert_int_lt(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0), 10000);
                sqlite3_finalize(statement);
        }
        sqlite3_close(db);
        ck_assert_uint_eq(listings, 4);
}
END_TEST

/* Schemas. */

#define MORE 2 /* steps of a later program */

/* The program's own, and those. */
static struct gal_migration steps[32];
static struct gal_migration *more; /* where those begin */

static void begin_steps(void)
{
        ck_assert_uint_le(gal_sqlite_migrations.count + MORE, sizeof(steps) / sizeof(steps[0]));
        memcpy(steps, gal_sqlite_migrations.items, gal_sqlite_migrations.count * sizeof(steps[0]));
        more = steps + gal_sqlite_migrations.count;
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
        struct gal_migrations migrations = { steps, gal_sqlite_migrations.count + MORE };
        struct gal_store *store = NULL;
        enum gal_status status;

        ck_assert_int_eq(gal_store_sqlite_open_with(path, &migrations, &store, error), GAL_OK);
        status = store->ops->prepare(store, migrate, error);
        gal_store_destroy(store);
        return status;
}

START_TEST(a_newer_schema_is_refused)
{
        struct gal_error error = { .code = GAL_OK };

        run_sql("PRAGMA user_version = 99");
        ck_assert_int_eq(owner->ops->prepare(owner, false, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "has schema 99, and this program knows schemas up to "));
        ck_assert_ptr_nonnull(strstr(error.message, version_text(gal_sqlite_migrations.count)));
        ck_assert_ptr_nonnull(strstr(error.message, path));
        ck_assert_int_eq(owner->ops->prepare(owner, true, NULL), GAL_EINVALID);
        assert_sql("PRAGMA user_version", "99");
}
END_TEST

START_TEST(an_older_schema_is_migrated_when_asked)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_error busy = { .code = GAL_OK };

        ck_assert_int_eq(commit_number(1, NULL), GAL_OK);
        begin_steps();
        more[0] = (struct gal_migration){ "more", "ALTER TABLE run ADD COLUMN more TEXT;" };
        more[1] = (struct gal_migration){ "view", "CREATE VIEW v AS SELECT more FROM run;" };
        ck_assert_int_eq(prepare_more(false, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "galliard store migrate"));
        ck_assert_int_eq(prepare_more(true, &busy), GAL_EBUSY); /* it is in use */
        ck_assert_int_eq(commit_number(2, NULL), GAL_OK);
        owner->ops->release(owner);
        ck_assert_int_eq(prepare_more(true, NULL), GAL_OK);
        ck_assert_int_eq(prepare_more(false, NULL), GAL_OK);
        assert_sql("PRAGMA user_version", version_text(gal_sqlite_migrations.count + MORE));
        assert_sql("SELECT count(*) FROM v", "0");
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_EINVALID);
        ck_assert_uint_eq(batches_there(), 2);
}
END_TEST

START_TEST(a_migration_that_fails_changes_nothing)
{
        struct gal_error error = { .code = GAL_OK };

        owner->ops->release(owner);
        begin_steps();
        more[0] = (struct gal_migration){ "more", "ALTER TABLE run ADD COLUMN more TEXT;" };
        more[1] = (struct gal_migration){ "bad", "CREATE TABLE t (a); INSERT INTO nowhere VALUES (1);" };
        ck_assert_int_eq(prepare_more(true, &error), GAL_EINVALID);
        assert_sql("PRAGMA user_version", version_text(gal_sqlite_migrations.count));
        assert_sql("SELECT count(*) FROM pragma_table_info('run') WHERE name = 'more'", "0");
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        acquire(owner, "owner");
        ck_assert_int_eq(commit_number(1, NULL), GAL_OK);
}
END_TEST

START_TEST(the_database_of_another_program_is_refused)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;

        snprintf(path, sizeof(path), "%s/other.db", folder);
        run_sql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
        ck_assert_int_eq(gal_store_sqlite_open(path, &store, &error), GAL_OK);
        ck_assert_int_eq(store->ops->prepare(store, true, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "another program"));
        gal_store_destroy(store);
        assert_sql("SELECT count(*) FROM sqlite_master", "1");
        remove_files();
        snprintf(path, sizeof(path), "%s/store.db", folder);
}
END_TEST

START_TEST(what_is_no_database_is_refused)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = NULL;
        char name[128];
        FILE *file;

        snprintf(name, sizeof(name), "%s/text", folder);
        file = fopen(name, "w");
        for (int i = 0; i < 1000; i++)
                fputs("this is no database\n", file);
        fclose(file);
        ck_assert_int_eq(gal_store_sqlite_open(name, &store, &error), GAL_EIO);
        ck_assert_ptr_nonnull(strstr(error.message, name));
        unlink(name);
        ck_assert_int_eq(gal_store_sqlite_open(folder, &store, NULL), GAL_EIO);
        snprintf(name, sizeof(name), "%s/missing/store.db", folder);
        ck_assert_int_eq(gal_store_sqlite_open(name, &store, NULL), GAL_EIO);
        ck_assert_int_eq(gal_store_sqlite_open("", &store, NULL), GAL_EINVALID);
        ck_assert_int_eq(gal_store_sqlite_open(":memory:", &store, NULL), GAL_EINVALID);
        ck_assert_ptr_null(store);
}
END_TEST

START_TEST(a_store_without_tables_says_so)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_chunk_row chunk = chunk_row(1, 1, "x");
        struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };
        struct gal_store *store = NULL;

        snprintf(path, sizeof(path), "%s/empty.db", folder);
        store = open_view();
        ck_assert_int_eq(try_acquire(store, "x", NULL), GAL_EINVALID);
        ck_assert_int_eq(store->ops->commit(store, &batch, NULL), GAL_EFENCED);
        ck_assert_int_eq(store->ops->read_runs(store, 0, 1, NULL, NULL, &error), GAL_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "no such table"));
        ck_assert_int_eq(store->ops->prepare(store, false, NULL), GAL_OK);
        acquire(store, "x");
        commit(store, &batch);
        gal_store_destroy(store);
        remove_files();
        snprintf(path, sizeof(path), "%s/store.db", folder);
}
END_TEST

START_TEST(people_can_read_the_history)
{
        struct gal_execution_row execution = execution_row(3, 1, "RUNNING");
        struct gal_chunk_row chunk = chunk_row(3, 1, "{\"v\":1}");
        struct gal_batch batch = {
                .executions = &execution, .execution_count = 1, .chunks = &chunk, .chunk_count = 1
        };

        commit(owner, &batch);
        assert_sql("SELECT body FROM history_decoded WHERE name = 'execution-3' AND sequence = 1", "{\"v\":1}");
}
END_TEST

/* The statements that run all the time must not depend on how much is stored: each finds its rows by an index. */
static const char *const plans[][2] = {
        { "SELECT * FROM run WHERE wake_ms > 5 AND wake_ms <= 6 ORDER BY wake_ms, execution_id LIMIT 9",
          "run_wake" },
        { "SELECT * FROM execution WHERE machine_id = x'00' AND execution_id < x'01' ORDER BY execution_id DESC, "
          "slot "
          "LIMIT 9",
          "execution_machine" },
        { "SELECT * FROM execution WHERE stopped_ms > 0 AND stopped_ms < 7 ORDER BY stopped_ms LIMIT 9",
          "execution_stopped" },
        { "SELECT * FROM history WHERE slot = 1 AND execution_id = x'00' AND sequence >= 3 ORDER BY sequence",
          "history_key" },
};

static int note_plan(void *user, int count, char **values, char **names)
{
        (void)names;
        snprintf((char *)user + strlen(user), 1000 - strlen(user), "%s; ", values[count - 1]);
        return 0;
}

START_TEST(readers_use_indexes)
{
        char *sql = gal_format("EXPLAIN QUERY PLAN %s", plans[_i][0]);
        char plan[1000] = "";
        sqlite3 *db = NULL;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db, sql, note_plan, plan, NULL), SQLITE_OK);
        sqlite3_close(db);
        free(sql);
        ck_assert_msg(strstr(plan, plans[_i][1]) != NULL && strstr(plan, "SCAN") == NULL, "%s", plan);
}
END_TEST

static Suite *file_suite(void)
{
        Suite *suite = suite_create("sqlite files");
        TCase *tests = tcase_create("files");

        tcase_add_checked_fixture(tests, begin_test, end_test);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, a_second_process_is_told_the_first_ones_id);
        tcase_add_test(tests, a_child_of_the_owner_does_not_hold_the_lock);
        tcase_add_test(tests, a_killed_owners_child_has_the_lock_for_a_moment);
        tcase_add_test(tests, what_was_acknowledged_survives_kill_9);
        tcase_add_test(tests, another_program_may_hold_the_file_for_a_moment);
        tcase_add_test(tests, a_write_that_fails_loses_nothing);
        tcase_add_test(tests, a_full_disk_loses_nothing);
        tcase_add_test(tests, a_page_of_a_listing_costs_what_it_shows);
        tcase_add_test(tests, a_newer_schema_is_refused);
        tcase_add_test(tests, an_older_schema_is_migrated_when_asked);
        tcase_add_test(tests, a_migration_that_fails_changes_nothing);
        tcase_add_test(tests, the_database_of_another_program_is_refused);
        tcase_add_test(tests, what_is_no_database_is_refused);
        tcase_add_test(tests, a_store_without_tables_says_so);
        tcase_add_test(tests, people_can_read_the_history);
        tcase_add_loop_test(tests, readers_use_indexes, 0, sizeof(plans) / sizeof(plans[0]));
        suite_add_tcase(suite, tests);
        return suite;
}

int main(void)
{
        static const struct backend sqlite = {
                .name = "sqlite", .begin = begin, .open = open_view, .expire = expire, .end = end, .keeps = true
        };

        return run_conformance(&sqlite, file_suite);
}
