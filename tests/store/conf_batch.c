/*
 * conf_batch.c: a batch is all or nothing: whatever one of its rows is refused for, none of the others is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "conformance.h"

/* Every kind of row, for execution 100; `bad` rows are put among them. */
struct full {
        struct gal_machine_row machine;
        struct gal_revision_row revision;
        struct gal_name_row name;
        struct gal_execution_row execution;
        struct gal_chunk_row chunks[3];
        struct gal_run_row run;
        struct gal_batch batch;
};

static void fill(struct full *full)
{
        *full = (struct full){ .machine = machine_row(1),
                               .revision = revision_row(50, 1),
                               .name = name_row(100, "full"),
                               .execution = execution_row(100, 1, "RUNNING"),
                               .chunks = { chunk_row(100, 1, "a"), chunk_row(100, 2, "b"), chunk_row(101, 1, "c") },
                               .run = run_row(100, 5) };
        full->batch = (struct gal_batch){ .machines = &full->machine,
                                          .machine_count = 1,
                                          .revisions = &full->revision,
                                          .revision_count = 1,
                                          .names = &full->name,
                                          .name_count = 1,
                                          .executions = &full->execution,
                                          .execution_count = 1,
                                          .chunks = full->chunks,
                                          .chunk_count = 3,
                                          .runs = &full->run,
                                          .run_count = 1 };
}

static void assert_nothing_written(void)
{
        struct gal_execution_filter all = { .limit = SIZE_MAX };

        ck_assert_str_eq(read_machines(other, NULL), "");
        ck_assert_str_eq(read_revision(other, uuid(50)), "");
        ck_assert_str_eq(find_name(other, uuid(1), "full"), "");
        ck_assert_str_eq(list_executions(other, &all), "");
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX), "");
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 0);
        ck_assert_uint_eq(count_chunks(other, slot_of(101), uuid(101)), 0);
}

START_TEST(an_empty_batch_is_committed)
{
        struct gal_batch batch = { .machines = NULL };

        commit(owner, &batch);
        assert_nothing_written();
}
END_TEST

START_TEST(a_taken_chunk_refuses_the_whole_batch)
{
        struct gal_chunk_row taken = chunk_row(101, 1, "first");
        struct gal_batch first = { .chunks = &taken, .chunk_count = 1 };
        struct full full;

        fill(&full);
        commit(owner, &first);
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_ECONFLICT);
        ck_assert_str_eq(read_chunks(other, taken.slot, uuid(101), 1) + strlen("101 #101 "), "1 1+2 first\n");
        ck_assert_str_eq(read_machines(other, NULL), "");
        ck_assert_str_eq(read_revision(other, uuid(50)), "");
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 0);
        /* The lease is not touched by that: the rest can be committed. */
        full.batch.chunk_count = 2;
        commit(owner, &full.batch);
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 2);
        ck_assert_str_ne(read_machines(other, NULL), "");
}
END_TEST

START_TEST(a_taken_revision_refuses_the_whole_batch)
{
        struct gal_revision_row taken = revision_row(50, 7);
        struct gal_batch first = { .revisions = &taken, .revision_count = 1 };
        struct full full;

        fill(&full);
        commit(owner, &first);
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_ECONFLICT);
        ck_assert_ptr_nonnull(strstr(read_revision(other, uuid(50)), "#50 #7 "));
        ck_assert_str_eq(read_machines(other, NULL), "");
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 0);
}
END_TEST

START_TEST(the_same_key_twice_in_a_batch)
{
        struct full full;
        struct gal_revision_row revisions[] = { revision_row(50, 1), revision_row(50, 1) };

        fill(&full);
        full.chunks[2] = chunk_row(100, 2, "b");
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_ECONFLICT);
        assert_nothing_written();
        fill(&full);
        full.batch.revisions = revisions;
        full.batch.revision_count = 2;
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_ECONFLICT);
        assert_nothing_written();
}
END_TEST

START_TEST(the_same_batch_twice_is_written_once)
{
        struct full full;

        fill(&full);
        commit(owner, &full.batch);
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_ECONFLICT);
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 2);
        full.batch.chunk_count = 0;
        full.batch.revision_count = 0;
        commit(owner, &full.batch); /* what is replaced may come again */
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX), "#100@5 ");
}
END_TEST

START_TEST(of_rows_that_replace_each_other_the_last_one_stays)
{
        struct gal_machine_row machines[] = { machine_row(1), machine_row(2), machine_row(1) };
        struct gal_name_row names[] = { name_row(3, "n"), name_row(4, "m"), name_row(5, "n"), name_row(6, "n") };
        struct gal_execution_row executions[] = { execution_row(3, 1, "RUNNING"), execution_row(4, 1, "RUNNING"),
                                                  execution_row(3, 1, "ABORTED") };
        struct gal_run_row runs[] = { run_row(3, 1), run_row(4, 2), run_row(3, 3), run_row(5, 9) };
        struct gal_run_row closed[] = { run_row(5, 0), run_row(5, 0) };
        struct gal_batch batch = { .machines = machines,
                                   .machine_count = 3,
                                   .names = names,
                                   .name_count = 4,
                                   .executions = executions,
                                   .execution_count = 3,
                                   .runs = runs,
                                   .run_count = 4,
                                   .closed_runs = closed,
                                   .closed_run_count = 2 };

        machines[2].status = "DELETING";
        executions[2].input = NULL; /* keeps that of the first one */
        commit(owner, &batch);
        ck_assert_str_eq(read_machines(other, NULL), "#1 machine-1 #2 STANDARD DELETING 1001 2001\n"
                                                     "#2 machine-2 #3 STANDARD ACTIVE 1002 2002\n");
        ck_assert_str_eq(find_name(other, uuid(1), "n"), "#1 n #6 9223372036854775807\n");
        ck_assert_str_eq(find_name(other, uuid(1), "m"), "#1 m #4 9223372036854775807\n");
        ck_assert_ptr_nonnull(strstr(read_execution(other, slot_of(3), uuid(3)), "ABORTED 10003 20003 5 {} - - -"));
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX), "#4@2 #3@3 ");
}
END_TEST

/* Each spoils one row of a full batch. */
static void no_uuid(struct full *full)
{
        full->chunks[1].execution_id = "01900000-0000-7000-8000-00000000000";
}

static void long_uuid(struct full *full)
{
        full->execution.execution_id = "01900000-0000-7000-8000-0000000000000";
}

static void capital_uuid(struct full *full)
{
        full->run.execution_id = "01900000-0000-7000-8000-00000000000A";
}

static void no_hyphen(struct full *full)
{
        full->machine.machine_id = "019000000000-7000-8000-0000000000001";
}

static void missing_id(struct full *full)
{
        full->revision.machine_id = NULL;
}

static void missing_status(struct full *full)
{
        full->execution.status = NULL;
}

static void bad_slot(struct full *full)
{
        full->chunks[2].slot = GAL_SLOTS;
}

static void bad_run_slot(struct full *full)
{
        full->run.slot = UINT32_MAX;
}

static void sequence_0(struct full *full)
{
        full->chunks[0].sequence = 0;
}

static void sequence_too_large(struct full *full)
{
        full->chunks[0].sequence = (uint64_t)GAL_STORE_SEQUENCE_MAX + 1;
}

static void event_count_too_large(struct full *full)
{
        full->execution.event_count = UINT64_MAX;
}

static void body_too_large(struct full *full)
{
        full->chunks[2].body_len = (size_t)GAL_STORE_BODY_SIZE_MAX + 1;
}

static void wake_before_time(struct full *full)
{
        full->run.wake_ms = -1;
}

static void bad_utf8_in_name(struct full *full)
{
        full->name.name = "a\xC3";
}

static void surrogate_in_output(struct full *full)
{
        full->execution.output = "\"\xED\xA0\x80\"";
}

static void latin1_in_definition(struct full *full)
{
        full->revision.definition = "{\"Comment\": \"Gr\xFC\xDF"
                                    "e\"}";
}

static void (*const spoilers[])(struct full *full) = {
        no_uuid,
        long_uuid,
        capital_uuid,
        no_hyphen,
        missing_id,
        missing_status,
        bad_slot,
        bad_run_slot,
        sequence_0,
        sequence_too_large,
        event_count_too_large,
        body_too_large,
        wake_before_time,
        bad_utf8_in_name,
        surrogate_in_output,
        latin1_in_definition,
};

START_TEST(refused_data_refuses_the_whole_batch)
{
        struct full full;

        fill(&full);
        spoilers[_i](&full);
        ck_assert_int_eq(try_commit(owner, &full.batch), GAL_EINVALID);
        assert_nothing_written();
        fill(&full);
        commit(owner, &full.batch);
        ck_assert_uint_eq(count_chunks(other, slot_of(100), uuid(100)), 2);
}
END_TEST

static bool compare_body(void *user, const struct gal_chunk_row *row)
{
        const struct gal_chunk_row *wanted = (const struct gal_chunk_row *)user + row->sequence - 1;

        ck_assert_uint_eq(row->body_len, wanted->body_len);
        ck_assert_mem_eq(row->body, wanted->body, row->body_len);
        return true;
}

START_TEST(bodies_of_300_kib)
{
        enum { SIZE = 300 * 1024, COUNT = 8 };
        struct gal_chunk_row rows[COUNT];
        struct gal_run_row run = run_row(3, 5);
        struct gal_execution_row execution = execution_row(3, 1, "SUCCEEDED");
        struct gal_batch batch = { .chunks = rows,
                                   .chunk_count = COUNT,
                                   .runs = &run,
                                   .run_count = 1,
                                   .executions = &execution,
                                   .execution_count = 1 };
        char *body = gal_calloc(SIZE + COUNT, 1);

        for (size_t i = 0; i < SIZE + COUNT - 1; i++)
                body[i] = (char)(' ' + (i * 7919 + i / 251) % 94);
        for (size_t i = 0; i < COUNT; i++) {
                rows[i] = chunk_row(3, i + 1, "");
                rows[i].body = body + i;
                rows[i].body_len = SIZE - i;
        }
        run.snapshot = body;
        run.snapshot_len = SIZE;
        execution.input = body;
        execution.output = body + 1;
        commit(owner, &batch);
        ck_assert_int_eq(other->ops->read_chunks(other, slot_of(3), uuid(3), 1, compare_body, rows, NULL), GAL_OK);
        ck_assert_uint_eq(count_chunks(other, slot_of(3), uuid(3)), COUNT);
        ck_assert_ptr_nonnull(strstr(read_run(other, slot_of(3), uuid(3)), " (307200 bytes) 5\n"));
        ck_assert_ptr_nonnull(
                strstr(read_execution(other, slot_of(3), uuid(3)), "(307207 bytes) (307206 bytes) - -"));
        free(body);
}
END_TEST

START_TEST(batches_of_10000_rows)
{
        enum { COUNT = 10000 };
        struct gal_chunk_row *chunks = gal_new_array(COUNT, struct gal_chunk_row);
        struct gal_execution_row *executions = gal_new_array(COUNT, struct gal_execution_row);
        struct gal_run_row *runs = gal_new_array(COUNT, struct gal_run_row);
        struct gal_batch batch = { .chunks = chunks,
                                   .chunk_count = COUNT,
                                   .executions = executions,
                                   .execution_count = COUNT,
                                   .runs = runs,
                                   .run_count = COUNT };
        struct gal_batch closing = { .closed_runs = runs, .closed_run_count = COUNT };

        for (unsigned i = 0; i < COUNT; i++) {
                chunks[i] = chunk_row(i / 10, i % 10 + 1, "{\"v\":1,\"records\":[]}");
                executions[i] = execution_row(i, 1, "RUNNING");
                runs[i] = run_row(i, i);
        }
        commit(owner, &batch);
        ck_assert_int_eq(stat_of(other, "executions"), COUNT);
        ck_assert_int_eq(stat_of(other, "executions open"), COUNT);
        ck_assert_int_eq(stat_of(other, "history chunks"), COUNT);
        for (unsigned i = 0; i < COUNT / 10; i += 97)
                ck_assert_uint_eq(count_chunks(other, slot_of(i), uuid(i)), 10);
        ck_assert_str_eq(read_runs(other, 3, SIZE_MAX), "#0@0 #1@1 #2@2 #3@3 ");
        ck_assert_str_eq(read_parked(other, COUNT - 3, INT64_MAX, SIZE_MAX), "#9998@9998 #9999@9999 ");
        commit(owner, &closing);
        ck_assert_int_eq(stat_of(other, "executions open"), 0);
        free(chunks);
        free(executions);
        free(runs);
}
END_TEST

TCase *batch_tests(void)
{
        TCase *tests = tcase_create("batches");

        tcase_add_test(tests, an_empty_batch_is_committed);
        tcase_add_test(tests, a_taken_chunk_refuses_the_whole_batch);
        tcase_add_test(tests, a_taken_revision_refuses_the_whole_batch);
        tcase_add_test(tests, the_same_key_twice_in_a_batch);
        tcase_add_test(tests, the_same_batch_twice_is_written_once);
        tcase_add_test(tests, of_rows_that_replace_each_other_the_last_one_stays);
        tcase_add_loop_test(tests, refused_data_refuses_the_whole_batch, 0, sizeof(spoilers) / sizeof(spoilers[0]));
        tcase_add_test(tests, bodies_of_300_kib);
        tcase_add_test(tests, batches_of_10000_rows);
        return tests;
}
