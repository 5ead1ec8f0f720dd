/*
 * conf_read.c: the orders and bounds of the readers, and reading beside a writer.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conformance.h"

START_TEST(machines_come_by_name)
{
        struct gal_machine_row rows[] = { machine_row(1), machine_row(2), machine_row(3), machine_row(4) };
        struct gal_batch batch = { .machines = rows, .machine_count = 4 };

        rows[0].name = "b";
        rows[1].name = "a";
        rows[2].name = "Z"; /* bytes decide, not a language */
        rows[3].name = "ä";
        commit(owner, &batch);
        ck_assert_str_eq(read_machines(other, NULL), "#3 Z #4 STANDARD ACTIVE 1003 2003\n"
                                                     "#2 a #3 STANDARD ACTIVE 1002 2002\n"
                                                     "#1 b #2 STANDARD ACTIVE 1001 2001\n"
                                                     "#4 ä #5 STANDARD ACTIVE 1004 2004\n");
}
END_TEST

static const char *const statuses[] = { "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED" };

/* Executions 0 to 59 of machines 1 to 3, in each status. */
static void write_executions(void)
{
        struct gal_execution_row rows[60];
        struct gal_batch batch = { .executions = rows, .execution_count = 60 };

        for (unsigned i = 0; i < 60; i++)
                rows[59 - i] = execution_row(i, i % 3 + 1, statuses[i / 3 % 5]);
        commit(owner, &batch);
}

START_TEST(executions_are_listed_newest_first)
{
        struct gal_execution_filter filter = { .limit = 5 };

        write_executions();
        ck_assert_str_eq(list_executions(other, &filter), "#59 #58 #57 #56 #55 ");
        filter.before_id = uuid(3);
        ck_assert_str_eq(list_executions(other, &filter), "#2 #1 #0 ");
        filter.before_id = uuid(0);
        ck_assert_str_eq(list_executions(other, &filter), "");
        filter.before_id = "ffffffff-ffff-ffff-ffff-ffffffffffff";
        ck_assert_str_eq(list_executions(other, &filter), "#59 #58 #57 #56 #55 ");
        filter.limit = 0;
        ck_assert_str_eq(list_executions(other, &filter), "");
}
END_TEST

START_TEST(executions_are_filtered)
{
        struct gal_execution_filter filter = { .machine_id = uuid(2), .limit = 4 };

        write_executions();
        ck_assert_str_eq(list_executions(other, &filter), "#58 #55 #52 #49 ");
        filter.status = "FAILED";
        ck_assert_str_eq(list_executions(other, &filter), "#52 #37 #22 #7 ");
        filter.before_id = uuid(37);
        ck_assert_str_eq(list_executions(other, &filter), "#22 #7 ");
        filter.machine_id = NULL;
        ck_assert_str_eq(list_executions(other, &filter), "#36 #23 #22 #21 ");
        filter.before_id = NULL;
        filter.status = "RUNNING";
        ck_assert_str_eq(list_executions(other, &filter), "#47 #46 #45 #32 ");
        filter.status = "PENDING_REDRIVE";
        ck_assert_str_eq(list_executions(other, &filter), "");
        filter.machine_id = uuid(9);
        filter.status = NULL;
        ck_assert_str_eq(list_executions(other, &filter), "");
        filter.machine_id = "no-uuid";
        ck_assert_str_eq(list_executions(other, &filter), "");
}
END_TEST

START_TEST(pages_of_a_listing_fit_together)
{
        struct gal_execution_filter filter = { .machine_id = uuid(1), .limit = 3 };
        unsigned next = 57;

        write_executions();
        for (unsigned page = 0; page < 6; page++) {
                char wanted[64];

                snprintf(wanted, sizeof(wanted), "#%u #%u #%u ", next, next - 3, next - 6);
                ck_assert_str_eq(list_executions(other, &filter), wanted);
                filter.before_id = uuid(next - 6);
                next -= 9;
                /* What was closed or started since moves nothing. */
                struct gal_execution_row rows[] = { execution_row(100 + page, 1, "RUNNING"),
                                                    execution_row(next, 1, "ABORTED") };
                struct gal_batch batch = { .executions = rows, .execution_count = 2 };

                commit(owner, &batch);
        }
}
END_TEST

START_TEST(runs_come_by_wake_up_time)
{
        struct gal_run_row rows[] = { run_row(5, 0),   run_row(1, 300), run_row(2, 100),
                                      run_row(9, 100), run_row(4, 0),   run_row(7, INT64_MAX) };
        struct gal_batch batch = { .runs = rows, .run_count = 6 };

        commit(owner, &batch);
        ck_assert_str_eq(read_runs(other, 0, SIZE_MAX), "#4@0 #5@0 ");
        ck_assert_str_eq(read_runs(other, 99, SIZE_MAX), "#4@0 #5@0 ");
        ck_assert_str_eq(read_runs(other, 100, SIZE_MAX), "#4@0 #5@0 #2@100 #9@100 ");
        ck_assert_str_eq(read_runs(other, 300, 3), "#4@0 #5@0 #2@100 ");
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX),
                         "#4@0 #5@0 #2@100 #9@100 #1@300 #7@9223372036854775807 ");
        ck_assert_str_eq(read_parked(other, 0, 299, SIZE_MAX), "#2@100 #9@100 ");
        ck_assert_str_eq(read_parked(other, 100, 300, SIZE_MAX), "#1@300 ");
        ck_assert_str_eq(read_parked(other, 0, INT64_MAX - 1, 1), "#2@100 ");
        ck_assert_str_eq(read_parked(other, 300, 300, SIZE_MAX), "");
}
END_TEST

START_TEST(chunks_come_both_ways)
{
        struct gal_chunk_row rows[] = { chunk_row(3, 2, "b"), chunk_row(3, 1, "a"), chunk_row(3, 4, "d"),
                                        chunk_row(3, 3, "c"), chunk_row(4, 1, "x") };
        struct gal_batch batch = { .chunks = rows, .chunk_count = 5 };

        for (size_t i = 0; i < 5; i++)
                rows[i].slot = 9;
        commit(owner, &batch);
        ck_assert_str_eq(read_chunks(other, 9, uuid(3), 3), "9 #3 3 5+2 c\n9 #3 4 7+2 d\n");
        ck_assert_str_eq(read_chunks(other, 9, uuid(3), 0), read_chunks(other, 9, uuid(3), 1));
        ck_assert_uint_eq(count_chunks(other, 9, uuid(3)), 4);
        ck_assert_str_eq(read_chunks(other, 9, uuid(3), 5), "");
        ck_assert_str_eq(read_chunks(other, 9, uuid(3), UINT64_MAX), "");
        ck_assert_str_eq(read_chunks_back(other, 9, uuid(3), 2), "9 #3 2 3+2 b\n9 #3 1 1+2 a\n");
        ck_assert_str_eq(read_chunks_back(other, 9, uuid(3), UINT64_MAX),
                         "9 #3 4 7+2 d\n9 #3 3 5+2 c\n9 #3 2 3+2 b\n9 #3 1 1+2 a\n");
        ck_assert_str_eq(read_chunks_back(other, 9, uuid(3), 0), "");
        ck_assert_str_eq(read_chunks_back(other, 9, uuid(5), UINT64_MAX), "");
}
END_TEST

/* Chunks of internal records have no event of their own, and stand where the next one begins. */
START_TEST(chunks_are_found_by_an_event)
{
        enum { COUNT = 301 };
        struct gal_chunk_row rows[COUNT];
        struct gal_batch batch = { .chunks = rows, .chunk_count = COUNT };
        uint64_t event_id = 1;

        for (unsigned i = 0; i < COUNT; i++) {
                rows[i] = chunk_row(3, i + 1, "b");
                rows[i].first_event_id = event_id;
                rows[i].event_count = i % 3; /* none, one, two */
                event_id += rows[i].event_count;
        }
        commit(owner, &batch);
        for (unsigned i = 0; i < COUNT; i++) {
                for (uint32_t j = 0; j < rows[i].event_count; j++) {
                        uint64_t wanted = rows[i].first_event_id + j;
                        gal_auto_free char *text =
                                gal_format("%u #3 %u %u+%u b\n", rows[i].slot, i + 1,
                                           (unsigned)rows[i].first_event_id, (unsigned)rows[i].event_count);

                        ck_assert_str_eq(read_chunk_of_event(other, rows[i].slot, uuid(3), wanted), text);
                }
        }
        ck_assert_str_eq(read_chunk_of_event(other, rows[0].slot, uuid(3), event_id), "");
        ck_assert_str_eq(read_chunk_of_event(other, rows[0].slot, uuid(3), 0), "");
        ck_assert_str_eq(read_chunk_of_event(other, rows[0].slot, uuid(3), UINT64_MAX), "");
        ck_assert_str_eq(read_chunk_of_event(other, rows[0].slot, uuid(4), 1), "");
}
END_TEST

static bool stop_after_3(void *user, const struct gal_chunk_row *row)
{
        size_t *count = user;

        (void)row;
        return ++*count < 3;
}

static bool count_backwards(void *user, const struct gal_chunk_row *row)
{
        uint64_t *next = user;

        ck_assert_uint_eq(row->sequence, *next);
        (*next)--;
        return true;
}

START_TEST(long_histories)
{
        enum { COUNT = 3000 };
        struct gal_chunk_row rows[COUNT];
        struct gal_batch batch = { .chunks = rows, .chunk_count = COUNT };
        size_t count = 0;
        uint64_t next = COUNT;

        for (unsigned i = 0; i < COUNT; i++)
                rows[i] = chunk_row(3, i + 1, "x");
        commit(owner, &batch);
        ck_assert_uint_eq(count_chunks(other, slot_of(3), uuid(3)), COUNT);
        ck_assert_int_eq(other->ops->read_chunks(other, slot_of(3), uuid(3), 1, stop_after_3, &count, NULL),
                         GAL_OK);
        ck_assert_uint_eq(count, 3);
        ck_assert_int_eq(
                other->ops->read_chunks_back(other, slot_of(3), uuid(3), UINT64_MAX, count_backwards, &next, NULL),
                GAL_OK);
        ck_assert_uint_eq(next, 0);
}
END_TEST

START_TEST(keys_that_no_row_can_have)
{
        static const char *const ids[] = { "", "x", "01900000-0000-7000-8000-00000000000A",
                                           "01900000-0000-7000-8000-0000000000011", "'; drop table execution; --" };

        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
                ck_assert_str_eq(read_revision(other, ids[i]), "");
                ck_assert_str_eq(read_execution(other, 1, ids[i]), "");
                ck_assert_str_eq(find_name(other, ids[i], "n"), "");
                ck_assert_str_eq(read_run(other, 1, ids[i]), "");
                ck_assert_str_eq(read_chunks(other, 1, ids[i], 1), "");
                ck_assert_str_eq(read_chunks_back(other, 1, ids[i], 1), "");
        }
        ck_assert_str_eq(read_execution(other, UINT32_MAX, uuid(1)), "");
        ck_assert_str_eq(read_chunks(other, UINT32_MAX, uuid(1), 1), "");
        ck_assert_str_eq(read_run(other, GAL_SLOTS, uuid(1)), "");
}
END_TEST

static bool read_within(void *user, const struct gal_run_row *row)
{
        unsigned *seen = user;

        /* The same reader again, and two others, while the row is in hand. */
        ck_assert_str_eq(read_runs(other, 0, 1), "#1@0 ");
        ck_assert_uint_eq(count_chunks(other, row->slot, row->execution_id), 1);
        ck_assert_str_ne(read_run(other, row->slot, row->execution_id), "");
        *seen = *seen * 10 + (unsigned)strtoul(row->execution_id + 24, NULL, 16);
        return true;
}

START_TEST(a_callback_may_read)
{
        struct gal_run_row runs[] = { run_row(1, 0), run_row(2, 0), run_row(3, 0) };
        struct gal_chunk_row chunks[] = { chunk_row(1, 1, "x"), chunk_row(2, 1, "x"), chunk_row(3, 1, "x") };
        struct gal_batch batch = { .runs = runs, .run_count = 3, .chunks = chunks, .chunk_count = 3 };
        unsigned seen = 0;

        commit(owner, &batch);
        ck_assert_int_eq(other->ops->read_runs(other, 0, SIZE_MAX, read_within, &seen, NULL), GAL_OK);
        ck_assert_uint_eq(seen, 123);
}
END_TEST

/*
 * Each batch adds one chunk to each of two executions and sets their event counts: whoever reads beside it must
 * never find a chunk without the one before it, and never fewer chunks than an event count says that it read
 * before.
 */
struct beside {
        struct gal_store *store;
        pthread_mutex_t mutex;
        bool is_over;
        size_t reads;
};

static bool take_event_count(void *user, const struct gal_execution_row *row)
{
        *(uint64_t *)user = row->event_count;
        return true;
}

static void *read_beside(void *user)
{
        struct beside *beside = user;
        bool is_over = false;

        while (!is_over) {
                for (unsigned execution = 1; execution <= 2; execution++) {
                        uint64_t events = 0;
                        size_t chunks;

                        beside->store->ops->read_execution(beside->store, slot_of(execution), uuid(execution),
                                                           take_event_count, &events, NULL);
                        chunks = count_chunks(beside->store, slot_of(execution), uuid(execution));
                        ck_assert_uint_ge(chunks, events);
                        beside->reads++;
                }
                pthread_mutex_lock(&beside->mutex);
                is_over = beside->is_over;
                pthread_mutex_unlock(&beside->mutex);
        }
        return NULL;
}

START_TEST(reading_beside_the_writer)
{
        struct beside beside = { .store = _i == 0 ? owner : other };
        pthread_t thread;

        pthread_mutex_init(&beside.mutex, NULL);
        ck_assert_int_eq(pthread_create(&thread, NULL, read_beside, &beside), 0);
        for (uint64_t sequence = 1; sequence <= 200; sequence++) {
                struct gal_chunk_row chunks[2];
                struct gal_execution_row executions[2];
                struct gal_batch batch = {
                        .chunks = chunks, .chunk_count = 2, .executions = executions, .execution_count = 2
                };

                for (unsigned i = 0; i < 2; i++) {
                        chunks[i] = chunk_row(i + 1, sequence, "x");
                        executions[i] = execution_row(i + 1, 1, "RUNNING");
                        executions[i].event_count = sequence;
                }
                commit(owner, &batch);
                ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
        }
        pthread_mutex_lock(&beside.mutex);
        beside.is_over = true;
        pthread_mutex_unlock(&beside.mutex);
        pthread_join(thread, NULL);
        pthread_mutex_destroy(&beside.mutex);
        ck_assert_uint_gt(beside.reads, 0);
}
END_TEST

START_TEST(statistics)
{
        struct gal_machine_row machine = machine_row(1);
        struct gal_run_row run = run_row(3, 0);
        struct gal_name_row name = name_row(3, "n");
        struct gal_execution_row executions[] = { execution_row(3, 1, "RUNNING"), execution_row(4, 1, "FAILED") };
        struct gal_chunk_row chunks[] = { chunk_row(3, 1, "x"), chunk_row(4, 1, "x"), chunk_row(4, 2, "x") };
        struct gal_batch batch = { .machines = &machine,
                                   .machine_count = 1,
                                   .names = &name,
                                   .name_count = 1,
                                   .executions = executions,
                                   .execution_count = 2,
                                   .chunks = chunks,
                                   .chunk_count = 3,
                                   .runs = &run,
                                   .run_count = 1 };

        ck_assert_int_eq(stat_of(other, "executions"), 0);
        commit(owner, &batch);
        ck_assert_int_eq(stat_of(other, "machines"), 1);
        ck_assert_int_eq(stat_of(other, "executions"), 2);
        ck_assert_int_eq(stat_of(other, "executions open"), 1);
        ck_assert_int_eq(stat_of(other, "names"), 1);
        ck_assert_int_eq(stat_of(other, "history chunks"), 3);
}
END_TEST

TCase *read_tests(void)
{
        TCase *tests = tcase_create("reading");

        tcase_add_test(tests, machines_come_by_name);
        tcase_add_test(tests, executions_are_listed_newest_first);
        tcase_add_test(tests, executions_are_filtered);
        tcase_add_test(tests, pages_of_a_listing_fit_together);
        tcase_add_test(tests, runs_come_by_wake_up_time);
        tcase_add_test(tests, chunks_come_both_ways);
        tcase_add_test(tests, chunks_are_found_by_an_event);
        tcase_add_test(tests, long_histories);
        tcase_add_test(tests, keys_that_no_row_can_have);
        tcase_add_test(tests, a_callback_may_read);
        tcase_add_loop_test(tests, reading_beside_the_writer, 0, 2);
        tcase_add_test(tests, statistics);
        return tests;
}
