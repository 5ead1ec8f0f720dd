/*
 * conf_rows.c: each kind of row comes back as it went in, is replaced where the contract says so, and is only read
 * under its own key.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define ONE(member, count, row)                                                                                    \
        {                                                                                                          \
                .member = &(row), .count = 1                                                                       \
        }

START_TEST(machines)
{
        struct gal_machine_row row = machine_row(1);
        struct gal_batch batch = ONE(machines, machine_count, row);

        commit(owner, &batch);
        ck_assert_str_eq(read_machines(other, "machine-1"), "#1 machine-1 #2 STANDARD ACTIVE 1001 2001\n");
        row.revision_id = uuid(7);
        row.status = "DELETING";
        row.type = "EXPRESS";
        row.updated_ms = 9;
        commit(owner, &batch);
        ck_assert_str_eq(read_machines(other, "machine-1"), "#1 machine-1 #7 EXPRESS DELETING 1001 9\n");
        ck_assert_str_eq(read_machines(other, "machine"), "");
}
END_TEST

START_TEST(machines_are_deleted_and_names_used_again)
{
        struct gal_machine_row rows[] = { machine_row(1), machine_row(2) };
        struct gal_revision_row revision = revision_row(10, 1);
        const char *deleted[] = { uuid(1) };
        struct gal_batch first = {
                .machines = rows, .machine_count = 2, .revisions = &revision, .revision_count = 1
        };
        struct gal_machine_row again = machine_row(3);
        /* A machine that is made under the name of one that the same batch deletes. */
        struct gal_batch second = {
                .machines = &again, .machine_count = 1, .deleted_machines = deleted, .deleted_machine_count = 1
        };

        commit(owner, &first);
        again.name = "machine-1";
        commit(owner, &second);
        ck_assert_str_eq(read_machines(other, "machine-1"), "#3 machine-1 #4 STANDARD ACTIVE 1003 2003\n");
        ck_assert_str_eq(read_machines(other, NULL), "#3 machine-1 #4 STANDARD ACTIVE 1003 2003\n"
                                                     "#2 machine-2 #3 STANDARD ACTIVE 1002 2002\n");
        ck_assert_str_eq(read_revision(other, uuid(10)), ""); /* it had no execution: nothing of it is kept */
        ck_assert_str_eq(read_deleted_machines(other, "machine-1"), "");
        commit(owner, &second); /* deleting what is not there is nothing */
}
END_TEST

START_TEST(deleted_machines_are_kept_for_their_executions)
{
        struct gal_machine_row rows[] = { machine_row(1), machine_row(3), machine_row(5), machine_row(7) };
        struct gal_execution_row executions[] = { execution_row(20, 1, "RUNNING"), execution_row(21, 3, "FAILED"),
                                                  execution_row(22, 7, "FAILED") };
        struct gal_revision_row revision = revision_row(10, 1);
        const char *deleted[] = { uuid(3), uuid(1), uuid(7) };
        struct gal_batch first = { .machines = rows,
                                   .machine_count = 4,
                                   .revisions = &revision,
                                   .revision_count = 1,
                                   .executions = executions,
                                   .execution_count = 3 };
        struct gal_batch second = { .deleted_machines = deleted, .deleted_machine_count = 3 };

        rows[0].name = rows[1].name = rows[2].name = "m";
        commit(owner, &first);
        ck_assert_str_eq(read_deleted_machines(other, "m"), "");
        commit(owner, &second);
        ck_assert_str_eq(read_deleted_machines(other, "m"),
                         "#3 m #4 STANDARD DELETED 1003 2003\n" /* newest first */
                         "#1 m #2 STANDARD DELETED 1001 2001\n");
        ck_assert_str_eq(read_machines(other, "m"), "#5 m #6 STANDARD ACTIVE 1005 2005\n");
        ck_assert_str_eq(read_machines(other, NULL), "#5 m #6 STANDARD ACTIVE 1005 2005\n");
        ck_assert_str_eq(read_deleted_machines(other, "n"), "");
        ck_assert_str_ne(read_revision(other, uuid(10)), "");
        ck_assert_int_eq(stat_of(other, "machines"), 1);
        commit(owner, &second); /* once more changes nothing */
        ck_assert_str_ne(read_deleted_machines(other, "m"), "");
}
END_TEST

static const char *read_setting(struct gal_store *store, const char *name, size_t *ret_len)
{
        static char text[64];
        struct gal_error error = { .code = GAL_OK };
        char *value = (char *)"";

        *ret_len = 1;
        ck_assert_msg(store->ops->read_setting(store, name, &value, ret_len, &error) == GAL_OK, "%s",
                      error.message);
        if (value == NULL)
                return NULL;
        ck_assert_uint_lt(*ret_len, sizeof(text));
        memcpy(text, value, *ret_len + 1); /* a NUL stands behind it */
        free(value);
        return text;
}

static void add_setting(struct gal_store *store, const char *name, const char *value, size_t len)
{
        struct gal_error error = { .code = GAL_OK };

        ck_assert_msg(store->ops->add_setting(store, name, value, len, &error) == GAL_OK, "%s", error.message);
}

START_TEST(settings_are_written_once)
{
        static const char bytes[] = "a\0b\xff";
        size_t len;

        ck_assert_ptr_null(read_setting(other, "region", &len));
        ck_assert_uint_eq(len, 0);
        add_setting(other, "region", "eu-west-1", 9); /* who comes first need not be the owner */
        add_setting(owner, "region", "us-east-1", 9);
        add_setting(owner, "key", bytes, 4);
        add_setting(owner, "empty", "", 0);
        ck_assert_str_eq(read_setting(owner, "region", &len), "eu-west-1");
        ck_assert_uint_eq(len, 9);
        ck_assert_mem_eq(read_setting(other, "key", &len), bytes, 5);
        ck_assert_uint_eq(len, 4);
        ck_assert_str_eq(read_setting(other, "empty", &len), "");
        ck_assert_uint_eq(len, 0);
        ck_assert_ptr_null(read_setting(other, "Region", &len));
}
END_TEST

START_TEST(revisions)
{
        struct gal_revision_row row = revision_row(5, 1);
        struct gal_batch batch = ONE(revisions, revision_count, row);

        row.definition = "{\n  \"Comment\": \"Grüße, 世界 \\u0000 \xF0\x9F\x99\x82\"\n}\n";
        row.role_arn = NULL;
        commit(owner, &batch);
        ck_assert_str_eq(read_revision(other, uuid(5)),
                         "#5 #1 {\n  \"Comment\": \"Grüße, 世界 \\u0000 \xF0\x9F\x99\x82\"\n}\n - 3000\n");
        ck_assert_str_eq(read_revision(other, uuid(6)), "");
}
END_TEST

START_TEST(names)
{
        struct gal_name_row row = name_row(4, "an order: 'x'; \"y\" \\ %s $1");
        struct gal_batch batch = ONE(names, name_count, row);

        commit(owner, &batch);
        ck_assert_str_eq(find_name(other, uuid(1), row.name),
                         "#1 an order: 'x'; \"y\" \\ %s $1 #4 9223372036854775807\n");
        row.execution_id = uuid(6);
        row.reusable_ms = 77;
        commit(owner, &batch);
        ck_assert_str_eq(find_name(other, uuid(1), row.name), "#1 an order: 'x'; \"y\" \\ %s $1 #6 77\n");
        ck_assert_str_eq(find_name(other, uuid(2), row.name), "");
        ck_assert_str_eq(find_name(other, uuid(1), "An order: 'x'; \"y\" \\ %s $1"), "");
}
END_TEST

START_TEST(executions)
{
        struct gal_execution_row row = execution_row(3, 1, "RUNNING");
        struct gal_batch batch = ONE(executions, execution_count, row);

        row.slot = GAL_SLOTS - 1;
        commit(owner, &batch);
        ck_assert_str_eq(read_execution(other, GAL_SLOTS - 1, uuid(3)),
                         "4095 #3 execution-3 #1 machine-1 #2 RUNNING 10003 0 1 {} - - -\n");
        row.status = "FAILED";
        row.stopped_ms = 1795446000123;
        row.event_count = 2147483647;
        row.output = "";
        row.error = "Ärger";
        row.cause = "the \"cause\"\n";
        commit(owner, &batch);
        ck_assert_str_eq(read_execution(other, GAL_SLOTS - 1, uuid(3)),
                         "4095 #3 execution-3 #1 machine-1 #2 FAILED 10003 1795446000123 2147483647 {}  Ärger the "
                         "\"cause\"\n\n");
        ck_assert_str_eq(read_execution(other, 0, uuid(3)), "");
}
END_TEST

START_TEST(an_input_that_is_left_out_is_kept)
{
        struct gal_execution_row row = execution_row(3, 1, "RUNNING");
        struct gal_batch batch = ONE(executions, execution_count, row);

        row.input = "{\"kept\": true}";
        commit(owner, &batch);
        row.input = NULL;
        row.status = "SUCCEEDED";
        row.output = "1";
        commit(owner, &batch);
        ck_assert_ptr_nonnull(
                strstr(read_execution(other, row.slot, uuid(3)), "SUCCEEDED 10003 0 1 {\"kept\": true} 1 - -"));
        row.input = "2";
        commit(owner, &batch);
        ck_assert_ptr_nonnull(strstr(read_execution(other, row.slot, uuid(3)), "SUCCEEDED 10003 0 1 2 1 - -"));
        row = execution_row(4, 1, "RUNNING");
        row.input = NULL;
        commit(owner, &batch);
        ck_assert_ptr_nonnull(strstr(read_execution(other, row.slot, uuid(4)), "RUNNING 10004 0 1 - - - -"));
}
END_TEST

START_TEST(runs)
{
        struct gal_run_row row = run_row(3, 0);
        struct gal_batch batch = ONE(runs, run_count, row);
        struct gal_batch closing = ONE(closed_runs, closed_run_count, row);

        row.slot = 0;
        commit(owner, &batch);
        ck_assert_str_eq(read_run(other, 0, uuid(3)), "0 #3 0 - 0\n");
        row.sequence = 12;
        row.snapshot = "{\"snap\0shot\"}";
        row.snapshot_len = 13;
        row.wake_ms = INT64_MAX;
        commit(owner, &batch);
        ck_assert_uint_eq(strlen(read_run(other, 0, uuid(3))), strlen("0 #3 12 {\"snap"));
        ck_assert_str_eq(read_run(other, 0, uuid(3)) + strlen("0 #3 12 {\"snap") + 1,
                         "shot\"} 9223372036854775807\n");
        ck_assert_str_eq(read_run(other, 1, uuid(3)), "");
        row.snapshot = "";
        row.snapshot_len = 0;
        commit(owner, &batch);
        ck_assert_str_eq(read_run(other, 0, uuid(3)), "0 #3 12  9223372036854775807\n");
        row.snapshot = "kept";
        row.snapshot_len = 4;
        commit(owner, &batch);
        row.snapshot = NULL;
        row.snapshot_len = 0;
        row.sequence = 0;
        row.wake_ms = 7;
        commit(owner, &batch);
        ck_assert_str_eq(read_run(other, 0, uuid(3)), "0 #3 12 kept 7\n");
        commit(owner, &closing);
        ck_assert_str_eq(read_run(other, 0, uuid(3)), "");
        commit(owner, &closing);
}
END_TEST

START_TEST(chunks)
{
        struct gal_chunk_row rows[] = { chunk_row(3, 1, "{\"v\":1}"), chunk_row(3, 2, "Grüße \xF0\x9F\x99\x82"),
                                        chunk_row(3, 2147483647, "") };
        struct gal_batch batch = { .chunks = rows, .chunk_count = 3 };

        rows[1].event_count = 0;
        rows[2].first_event_id = 2147483647;
        commit(owner, &batch);
        ck_assert_str_eq(read_chunks(other, slot_of(3), uuid(3), 1), "3347 #3 1 1+2 {\"v\":1}\n"
                                                                     "3347 #3 2 3+0 Grüße \xF0\x9F\x99\x82\n"
                                                                     "3347 #3 2147483647 2147483647+2 \n");
        ck_assert_str_eq(read_chunks(other, slot_of(3) - 1, uuid(3), 1), "");
}
END_TEST

START_TEST(what_a_view_reads_it_reads_itself_too)
{
        struct gal_chunk_row row = chunk_row(3, 1, "x");
        struct gal_batch batch = ONE(chunks, chunk_count, row);

        commit(owner, &batch);
        ck_assert_str_eq(read_chunks(owner, row.slot, uuid(3), 1), read_chunks(other, row.slot, uuid(3), 1));
        ck_assert_uint_eq(count_chunks(owner, row.slot, uuid(3)), 1);
}
END_TEST

START_TEST(reopening_keeps_everything)
{
        struct gal_machine_row machine = machine_row(1);
        struct gal_revision_row revision = revision_row(2, 1);
        struct gal_execution_row execution = execution_row(3, 1, "RUNNING");
        struct gal_chunk_row chunk = chunk_row(3, 1, "x");
        struct gal_name_row name = name_row(3, "n");
        struct gal_run_row run = run_row(3, 5);
        struct gal_batch batch = { .machines = &machine,
                                   .machine_count = 1,
                                   .revisions = &revision,
                                   .revision_count = 1,
                                   .names = &name,
                                   .name_count = 1,
                                   .executions = &execution,
                                   .execution_count = 1,
                                   .chunks = &chunk,
                                   .chunk_count = 1,
                                   .runs = &run,
                                   .run_count = 1 };

        commit(owner, &batch);
        gal_store_destroy(owner);
        if (backend->keeps)
                gal_store_destroy(other);
        owner = backend->open();
        if (backend->keeps)
                other = backend->open();
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        ck_assert_int_eq(other->ops->prepare(other, false, NULL), GAL_OK);
        acquire(owner, "owner");
        ck_assert_str_ne(read_machines(owner, "machine-1"), "");
        ck_assert_str_ne(read_revision(owner, uuid(2)), "");
        ck_assert_str_ne(read_execution(owner, execution.slot, uuid(3)), "");
        ck_assert_str_ne(find_name(owner, uuid(1), "n"), "");
        ck_assert_str_eq(read_runs(owner, INT64_MAX, SIZE_MAX), "#3@5 ");
        ck_assert_uint_eq(count_chunks(owner, chunk.slot, uuid(3)), 1);
        chunk.sequence = 2;
        commit(owner, &(struct gal_batch)ONE(chunks, chunk_count, chunk));
        ck_assert_uint_eq(count_chunks(other, chunk.slot, uuid(3)), 2);
}
END_TEST

TCase *row_tests(void)
{
        TCase *tests = tcase_create("rows");

        tcase_add_test(tests, machines);
        tcase_add_test(tests, machines_are_deleted_and_names_used_again);
        tcase_add_test(tests, deleted_machines_are_kept_for_their_executions);
        tcase_add_test(tests, settings_are_written_once);
        tcase_add_test(tests, revisions);
        tcase_add_test(tests, names);
        tcase_add_test(tests, executions);
        tcase_add_test(tests, an_input_that_is_left_out_is_kept);
        tcase_add_test(tests, runs);
        tcase_add_test(tests, chunks);
        tcase_add_test(tests, what_a_view_reads_it_reads_itself_too);
        tcase_add_test(tests, reopening_keeps_everything);
        return tests;
}
