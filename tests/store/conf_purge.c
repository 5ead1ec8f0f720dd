/*
 * conf_purge.c: what was closed long ago goes with all that belongs to it, in bites; nothing else goes.
 */
#include <stdio.h>
#include <string.h>

#include "conformance.h"

static size_t purge(int64_t closed_before_ms, int64_t now_ms, size_t limit)
{
        struct gal_error error = { .code = GAL_OK };
        size_t removed = 0;

        ck_assert_msg(owner->ops->purge(owner, closed_before_ms, now_ms, limit, &removed, &error) == GAL_OK, "%s",
                      error.message);
        return removed;
}

static const char *all(void)
{
        struct gal_execution_filter filter = { .limit = SIZE_MAX };

        return list_executions(other, &filter);
}

/* Executions 0 to 9, closed at 1000 to 1900, with two chunks and a name each; 4 and 5 are open. */
static void write_executions(void)
{
        struct gal_execution_row executions[10];
        struct gal_chunk_row chunks[20];
        struct gal_name_row names[10];
        struct gal_run_row runs[] = { run_row(4, 0), run_row(5, 50) };
        struct gal_batch batch = { .executions = executions,
                                   .execution_count = 10,
                                   .chunks = chunks,
                                   .chunk_count = 20,
                                   .names = names,
                                   .name_count = 10,
                                   .runs = runs,
                                   .run_count = 2 };
        static char texts[10][8];

        for (unsigned i = 0; i < 10; i++) {
                bool is_open = i == 4 || i == 5;

                executions[i] = execution_row(i, 1, is_open ? "RUNNING" : "SUCCEEDED");
                executions[i].stopped_ms = is_open ? 0 : 1000 + 100 * (int64_t)i;
                chunks[2 * i] = chunk_row(i, 1, "a");
                chunks[2 * i + 1] = chunk_row(i, 2, "b");
                snprintf(texts[i], sizeof(texts[i]), "n%u", i);
                names[i] = name_row(i, texts[i]);
                names[i].reusable_ms = is_open ? INT64_MAX : 5000 + 100 * (int64_t)i;
        }
        commit(owner, &batch);
}

START_TEST(old_ones_go_and_new_ones_stay)
{
        write_executions();
        ck_assert_uint_eq(purge(1000, 0, 100), 0);
        ck_assert_uint_eq(purge(1700, 0, 100), 5); /* 0, 1, 2, 3 and 6 */
        ck_assert_str_eq(all(), "#9 #8 #7 #5 #4 ");
        for (unsigned i = 0; i < 10; i++) {
                bool stays = i >= 7 || i == 4 || i == 5;

                ck_assert_uint_eq(count_chunks(other, slot_of(i), uuid(i)), stays ? 2 : 0);
                ck_assert(stays == (read_execution(other, slot_of(i), uuid(i))[0] != '\0'));
        }
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX), "#4@0 #5@50 ");
        ck_assert_uint_eq(purge(1700, 0, 100), 0);
}
END_TEST

START_TEST(names_outlive_their_executions)
{
        write_executions();
        ck_assert_uint_eq(purge(INT64_MAX, 4999, 100), 8);
        ck_assert_str_eq(all(), "#5 #4 ");
        ck_assert_str_eq(find_name(other, uuid(1), "n0"), "#1 n0 #0 5000\n");
        ck_assert_uint_eq(purge(INT64_MAX, 5100, 100), 2);
        ck_assert_str_eq(find_name(other, uuid(1), "n0"), "");
        ck_assert_str_eq(find_name(other, uuid(1), "n1"), "");
        ck_assert_str_ne(find_name(other, uuid(1), "n2"), "");
        ck_assert_uint_eq(purge(INT64_MAX, INT64_MAX - 1, 100), 6);
        ck_assert_str_ne(find_name(other, uuid(1), "n4"), ""); /* open */
        ck_assert_int_eq(stat_of(other, "names"), 2);
}
END_TEST

START_TEST(purging_in_bites)
{
        write_executions();
        ck_assert_uint_eq(purge(INT64_MAX, 5000, 3), 3);
        ck_assert_str_eq(all(), "#9 #8 #7 #6 #5 #4 #3 "); /* the oldest first */
        ck_assert_uint_eq(purge(INT64_MAX, 5000, 3), 3);
        ck_assert_uint_eq(purge(INT64_MAX, 5200, 3), 3); /* two executions and a name */
        ck_assert_str_eq(all(), "#5 #4 ");
        ck_assert_uint_eq(purge(INT64_MAX, 5200, 3), 2);
        ck_assert_uint_eq(purge(INT64_MAX, 5200, 3), 0);
        ck_assert_int_eq(stat_of(other, "names"), 7);
        ck_assert_uint_eq(purge(INT64_MAX, INT64_MAX - 1, 0), 0);
        ck_assert_int_eq(stat_of(other, "history chunks"), 4);
}
END_TEST

START_TEST(a_purged_execution_takes_its_empty_run_and_frees_its_key)
{
        struct gal_chunk_row chunk = chunk_row(0, 1, "again");
        struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };

        write_executions();
        ck_assert_int_eq(try_commit(owner, &batch), GAL_ECONFLICT);
        purge(1001, 0, 1);
        commit(owner, &batch);
        ck_assert_uint_eq(count_chunks(other, slot_of(0), uuid(0)), 1);
}
END_TEST

START_TEST(revisions_of_deleted_machines_go_with_their_last_execution)
{
        struct gal_machine_row machines[] = { machine_row(1), machine_row(2) };
        struct gal_revision_row revisions[] = { revision_row(30, 1), revision_row(31, 1), revision_row(40, 2) };
        const char *deleted[] = { uuid(1) };
        struct gal_batch first = {
                .machines = machines, .machine_count = 2, .revisions = revisions, .revision_count = 3
        };
        struct gal_batch second = { .deleted_machines = deleted, .deleted_machine_count = 1 };

        commit(owner, &first);
        write_executions();
        purge(INT64_MAX, 0, 3);
        ck_assert_str_ne(read_revision(other, uuid(30)), ""); /* the machine is there */
        commit(owner, &second);
        purge(INT64_MAX, 0, 100);
        ck_assert_str_ne(read_revision(other, uuid(30)), ""); /* 4 and 5 are there */
        ck_assert_str_ne(read_deleted_machines(other, "machine-1"), "");
        struct gal_execution_row closed[] = { execution_row(4, 1, "ABORTED"), execution_row(5, 1, "ABORTED") };
        struct gal_batch third = { .executions = closed, .execution_count = 2 };

        commit(owner, &third);
        purge(INT64_MAX, 0, 100);
        ck_assert_str_eq(all(), "");
        ck_assert_str_eq(read_revision(other, uuid(30)), "");
        ck_assert_str_eq(read_revision(other, uuid(31)), "");
        ck_assert_str_eq(read_deleted_machines(other, "machine-1"), "");
        ck_assert_str_ne(read_revision(other, uuid(40)), "");
}
END_TEST

TCase *purge_tests(void)
{
        TCase *tests = tcase_create("purging");

        tcase_add_test(tests, old_ones_go_and_new_ones_stay);
        tcase_add_test(tests, names_outlive_their_executions);
        tcase_add_test(tests, purging_in_bites);
        tcase_add_test(tests, a_purged_execution_takes_its_empty_run_and_frees_its_key);
        tcase_add_test(tests, revisions_of_deleted_machines_go_with_their_last_execution);
        return tests;
}
