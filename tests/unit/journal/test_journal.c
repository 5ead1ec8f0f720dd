/*
 * test_journal.c: what a chunk holds once and what it refuses; what was written by earlier versions.
 */
#include "journal/journal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

#define PASS "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"

static struct gal_program *program;
static struct gal_journal_source *source;
static struct gal_records records;
static struct gal_records again;
static struct gal_buffer body;

static void begin(void)
{
        struct gal_diagnostics diagnostics = { 0 };

        ck_assert_int_eq(gal_program_compile(PASS, strlen(PASS), NULL, &diagnostics, &program), GAL_OK);
        gal_diagnostics_finish(&diagnostics);
        body = GAL_BUFFER_INIT;
        source = gal_journal_source_create(/* store= */ NULL, 0, "", /* owner= */ 7);
        memset(&records, 0, sizeof(records));
        memset(&again, 0, sizeof(again));
}

static void end(void)
{
        gal_records_finish(&records);
        gal_records_finish(&again);
        gal_buffer_finish(&body);
        gal_journal_source_destroy(source);
        gal_program_unref(program);
}

/* A JSON text of `size` bytes, that many blanks before it when `is_raw`. */
static struct gal_payload *make_payload(size_t size, bool is_raw)
{
        gal_auto_free char *text = gal_calloc(size + 3, 1);
        struct gal_payload *payload = NULL;

        memset(text, 'x', size + 2);
        memcpy(text, is_raw ? "  \"" : "\"", is_raw ? 3 : 1);
        text[is_raw ? size + 1 : size - 1] = '"';
        ck_assert_int_eq(gal_payload_parse(text, is_raw ? size + 2 : size, &payload, NULL), GAL_OK);
        return payload;
}

static void add_entered(struct gal_payload *payload)
{
        struct gal_record *record = gal_records_add(&records);

        record->type = GAL_EVENT_PASS_STATE_ENTERED;
        record->id = records.count;
        record->as.entered.input = gal_payload_ref(payload);
}

static void round_trip(void)
{
        struct gal_error error = { .code = GAL_OK };

        gal_journal_encode(&body, program, &records, 7);
        ck_assert_int_eq(body.status, GAL_OK);
        ck_assert_msg(gal_journal_decode(body.data, body.len, program, source, &again, &error) == GAL_OK, "%s",
                      error.message);
        ck_assert_uint_eq(again.count, records.count);
}

static void refuse(const char *text)
{
        struct gal_error error = { .code = GAL_OK };

        ck_assert_msg(gal_journal_decode(text, strlen(text), program, source, &again, &error) == GAL_EINVALID,
                      "accepts %s", text);
        ck_assert_str_ne(error.message, "");
        gal_records_clear(&again);
}

START_TEST(a_payload_that_is_handed_on_is_written_once)
{
        struct gal_payload *payload = make_payload(10000, _i == 1);

        for (int i = 0; i < 50; i++)
                add_entered(payload);
        round_trip();
        ck_assert_uint_lt(body.len, _i == 1 ? 25000 : 15000);
        for (size_t i = 0; i < again.count; i++) {
                ck_assert_str_eq(gal_payload_text(again.items[i].as.entered.input, NULL),
                                 gal_payload_text(payload, NULL));
                ck_assert_str_eq(gal_payload_raw(again.items[i].as.entered.input, NULL),
                                 gal_payload_raw(payload, NULL));
        }
        gal_payload_unref(payload);
}
END_TEST

START_TEST(payloads_that_take_turns_keep_their_places)
{
        struct gal_payload *payloads[3] = { make_payload(100, false), make_payload(200, true),
                                            make_payload(10, false) };

        for (int i = 0; i < 60; i++)
                add_entered(payloads[i % 3]);
        round_trip();
        for (size_t i = 0; i < again.count; i++)
                ck_assert_str_eq(gal_payload_raw(again.items[i].as.entered.input, NULL),
                                 gal_payload_raw(payloads[i % 3], NULL));
        for (int i = 0; i < 3; i++)
                gal_payload_unref(payloads[i]);
}
END_TEST

START_TEST(many_payloads_in_one_chunk)
{
        struct gal_payload *first = make_payload(100, false);

        add_entered(first);
        for (int i = 0; i < 200; i++) {
                struct gal_payload *payload = make_payload((size_t)(100 + i), false);

                add_entered(payload);
                gal_payload_unref(payload);
        }
        add_entered(first);
        round_trip();
        for (size_t i = 0; i < again.count; i++)
                ck_assert_str_eq(gal_payload_text(again.items[i].as.entered.input, NULL),
                                 gal_payload_text(records.items[i].as.entered.input, NULL));
        gal_payload_unref(first);
}
END_TEST

START_TEST(a_body_that_nobody_wrote_is_refused)
{
        refuse("{\"v\":3,\"records\":[]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"NoSuchEvent\"}]}");
        refuse("{\"v\":1,\"records\":[{}]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"B\"}]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"input@\":0}]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"input@\":-1}]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"input@\":\"0\"}]}");
        refuse("{\"v\":1,\"records\":[{\"t\":\"PassStateEntered\",\"input\":1},{\"t\":\"PassStateEntered\",\"input@"
               "\":1}]}");
}
END_TEST

static void write_chunk(struct gal_buffer *chunk, struct gal_payload *payload, uint64_t event_id)
{
        struct gal_record *record;

        gal_records_clear(&records);
        add_entered(payload);
        record = &records.items[0];
        record->id = event_id;
        gal_journal_encode(chunk, program, &records, 7);
        ck_assert_int_eq(chunk->status, GAL_OK);
}

static void read_back(const struct gal_buffer *chunk, const struct gal_payload *payload)
{
        struct gal_error error = { .code = GAL_OK };

        gal_records_clear(&again);
        ck_assert_msg(gal_journal_decode(chunk->data, chunk->len, program, source, &again, &error) == GAL_OK, "%s",
                      error.message);
        ck_assert_uint_eq(again.count, 1);
        ck_assert(json_equal(again.items[0].as.entered.input->value, payload->value));
}

START_TEST(a_large_payload_is_written_once_a_history)
{
        struct gal_payload *large = make_payload(GAL_JOURNAL_REFERENCE_SIZE_MIN, _i == 1);
        struct gal_payload *small = make_payload(GAL_JOURNAL_REFERENCE_SIZE_MIN - 1, false);
        struct gal_payload *reread;
        struct gal_buffer chunks[4] = { GAL_BUFFER_INIT, GAL_BUFFER_INIT, GAL_BUFFER_INIT, GAL_BUFFER_INIT };

        write_chunk(&chunks[0], large, 1);
        write_chunk(&chunks[1], large, 2);
        write_chunk(&chunks[2], small, 3);
        write_chunk(&chunks[3], small, 4);
        ck_assert_uint_gt(chunks[0].len, GAL_JOURNAL_REFERENCE_SIZE_MIN);
        ck_assert_uint_lt(chunks[1].len, 200);
        ck_assert_uint_eq(chunks[2].len, chunks[3].len);
        for (int i = 0; i < 4; i++)
                read_back(&chunks[i], i < 2 ? large : small);
        read_back(&chunks[1], large);
        reread = gal_payload_ref(again.items[0].as.entered.input);
        ck_assert_str_eq(gal_payload_raw(reread, NULL), gal_payload_raw(large, NULL));
        gal_buffer_clear(&chunks[0]);
        write_chunk(&chunks[0], reread, 5); /* what was read is not written in full again either */
        ck_assert_uint_lt(chunks[0].len, 200);
        gal_payload_unref(reread);
        gal_payload_unref(large);
        gal_payload_unref(small);
        for (int i = 0; i < 4; i++)
                gal_buffer_finish(&chunks[i]);
}
END_TEST

START_TEST(another_execution_writes_a_payload_of_its_own)
{
        struct gal_payload *payload = make_payload(5000, false);
        struct gal_buffer chunk = GAL_BUFFER_INIT;

        write_chunk(&chunk, payload, 1);
        gal_buffer_clear(&chunk);
        gal_journal_encode(&chunk, program, &records, 8);
        ck_assert_uint_gt(chunk.len, 5000);
        gal_buffer_finish(&chunk);
        gal_payload_unref(payload);
}
END_TEST

START_TEST(a_reference_without_its_event_is_refused)
{
        refuse("{\"v\":2,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"i\":2,\"input&\":1}]}");
        refuse("{\"v\":2,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"i\":2,\"input&\":-1}]}");
        refuse("{\"v\":2,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"i\":2,\"input&\":\"1\"}]}");
        refuse("{\"v\":2,\"records\":[{\"t\":\"PassStateEntered\",\"s\":\"A\",\"i\":2,\"input&items\":1}]}");
}
END_TEST

/* What earlier versions wrote: tests/cases/journal/. */

struct fixture {
        json_t *file;
        struct gal_program *program;
        struct gal_store *store; /* with the chunks */
        struct gal_execution *execution;
        uint64_t snapshot_at; /* 0: it has none */
};

#define FIXTURE_ID "01a221ee-1810-7834-b12e-995975415094"

static const char *text_of(const struct fixture *fixture, const char *key)
{
        return json_string_value(json_object_get(fixture->file, key));
}

static struct gal_execution *create_execution(const struct fixture *fixture)
{
        struct gal_identity identity = { .execution_name = text_of(fixture, "name"),
                                         .machine_name = text_of(fixture, "machine") };

        return gal_execution_create(fixture->program, &identity);
}

static void store_chunks(struct fixture *fixture)
{
        struct gal_lease_request lease = { .address = "",
                                           .incarnation = "0123456789abcdef0123456789abcdef",
                                           .duration_ms = 60000 };
        uint64_t first_event_id = 1;
        size_t index;
        json_t *chunk;

        ck_assert_int_eq(fixture->store->ops->acquire(fixture->store, &lease, NULL), GAL_OK);
        json_array_foreach(json_object_get(fixture->file, "chunks"), index, chunk)
        {
                struct gal_chunk_row row = { .execution_id = FIXTURE_ID,
                                             .sequence = index + 1,
                                             .first_event_id = first_event_id,
                                             .body = json_string_value(chunk),
                                             .body_len = json_string_length(chunk) };
                struct gal_batch batch = { .chunks = &row, .chunk_count = 1 };

                gal_records_clear(&again);
                ck_assert_int_eq(gal_journal_decode(row.body, row.body_len, fixture->program, source, &again, NULL),
                                 GAL_OK);
                for (size_t i = 0; i < again.count; i++)
                        row.event_count += !gal_event_is_internal(again.items[i].type);
                first_event_id += row.event_count;
                ck_assert_int_eq(fixture->store->ops->commit(fixture->store, &batch, NULL), GAL_OK);
        }
}

static void open_fixture(struct fixture *fixture, const char *name)
{
        gal_auto_free char *path = gal_format("%s/tests/cases/journal/%s", GAL_SOURCE_DIR, name);
        struct gal_diagnostics diagnostics = { 0 };
        const char *definition;

        fixture->file = json_load_file(path, 0, NULL);
        ck_assert_ptr_nonnull(fixture->file);
        definition = text_of(fixture, "definition");
        ck_assert_int_eq(gal_program_compile(definition, strlen(definition), NULL, &diagnostics, &fixture->program),
                         GAL_OK);
        gal_diagnostics_finish(&diagnostics);
        fixture->snapshot_at = (uint64_t)json_integer_value(json_object_get(fixture->file, "sequence"));
        fixture->store = gal_store_memory_create();
        fixture->execution = create_execution(fixture);
        store_chunks(fixture);
}

static void close_fixture(struct fixture *fixture)
{
        gal_execution_destroy(fixture->execution);
        gal_store_destroy(fixture->store);
        gal_program_unref(fixture->program);
        json_decref(fixture->file);
}

/* Through a source that has read nothing yet: what the snapshot refers to comes from the store. */
static void check_snapshot(struct fixture *fixture)
{
        struct gal_journal_source *fresh = gal_journal_source_create(fixture->store, 0, FIXTURE_ID, 7);
        struct gal_execution *restored = create_execution(fixture);
        struct gal_error error = { .code = GAL_OK };
        const char *text = text_of(fixture, "snapshot");
        const char *difference;
        struct gal_buffer written = GAL_BUFFER_INIT;

        ck_assert_msg(gal_journal_decode_snapshot(text, strlen(text), fresh, restored, &error) == GAL_OK, "%s",
                      error.message);
        ck_assert_msg(gal_execution_equal(fixture->execution, restored, &difference), "%s differs", difference);
        gal_journal_encode_snapshot(&written, restored, 7);
        ck_assert_uint_eq(written.len, strlen(text));
        ck_assert_mem_eq(written.data, text, written.len);
        gal_buffer_finish(&written);
        gal_execution_destroy(restored);
        gal_journal_source_destroy(fresh);
}

static void replay(struct fixture *fixture)
{
        size_t index;
        json_t *chunk;

        json_array_foreach(json_object_get(fixture->file, "chunks"), index, chunk)
        {
                gal_records_clear(&again);
                ck_assert_int_eq(gal_journal_decode(json_string_value(chunk), json_string_length(chunk),
                                                    fixture->program, source, &again, NULL),
                                 GAL_OK);
                for (size_t i = 0; i < again.count; i++)
                        gal_execution_apply(fixture->execution, &again.items[i]);
                if (index + 1 == fixture->snapshot_at)
                        check_snapshot(fixture);
        }
}

START_TEST(version_1_is_read)
{
        struct fixture fixture;

        open_fixture(&fixture, "version-1.json");
        replay(&fixture);
        ck_assert_int_eq(fixture.execution->status, GAL_EXECUTION_SUCCEEDED);
        ck_assert_uint_eq(fixture.execution->last_id, 53);
        close_fixture(&fixture);
}
END_TEST

START_TEST(version_2_is_read_and_written)
{
        struct fixture fixture;

        open_fixture(&fixture, "version-2.json");
        ck_assert_uint_ne(fixture.snapshot_at, 0);
        replay(&fixture);
        ck_assert_int_eq(fixture.execution->status, GAL_EXECUTION_RUNNING);
        ck_assert_uint_eq(fixture.execution->last_id, 24);
        close_fixture(&fixture);
}
END_TEST

/* Any value of a snapshot replaced by another: refused, or an execution that can be destroyed; never more. */
static void restore_damaged(const struct fixture *fixture, const json_t *snapshot)
{
        gal_auto_free char *text = json_dumps(snapshot, JSON_COMPACT);
        struct gal_execution *restored = create_execution(fixture);
        struct gal_error error = { .code = GAL_OK };

        if (gal_journal_decode_snapshot(text, strlen(text), source, restored, &error) != GAL_OK)
                ck_assert_str_ne(error.message, "");
        gal_execution_destroy(restored);
}

static void damage(const struct fixture *fixture, const json_t *snapshot, json_t *value)
{
        static const char *const others[] = { "0", "1", "-1", "4294967296", "\"Task\"", "[]", "{}", "null" };
        const char *key;
        json_t *member;
        size_t index;

        json_object_foreach(value, key, member)
        {
                json_t *kept = json_incref(member);

                for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                        json_object_set_new(value, key, json_loads(others[i], JSON_DECODE_ANY, NULL));
                        restore_damaged(fixture, snapshot);
                }
                json_object_set_new(value, key, kept);
                damage(fixture, snapshot, kept);
        }
        json_array_foreach(value, index, member)
        {
                json_t *kept = json_incref(member);

                json_array_remove(value, index);
                restore_damaged(fixture, snapshot);
                json_array_insert(value, index, kept);
                json_array_append(value, kept);
                restore_damaged(fixture, snapshot);
                json_array_remove(value, json_array_size(value) - 1);
                json_decref(kept);
                damage(fixture, snapshot, json_array_get(value, index));
        }
}

START_TEST(a_damaged_snapshot_does_no_harm)
{
        struct fixture fixture;
        json_t *snapshot;

        open_fixture(&fixture, "version-2.json");
        snapshot = json_loads(text_of(&fixture, "snapshot"), 0, NULL);
        ck_assert_ptr_nonnull(snapshot);
        damage(&fixture, snapshot, snapshot);
        json_decref(snapshot);
        close_fixture(&fixture);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("journal");
        TCase *chunks = tcase_create("chunks");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(chunks, begin, end);
        tcase_add_loop_test(chunks, a_payload_that_is_handed_on_is_written_once, 0, 2);
        tcase_add_test(chunks, payloads_that_take_turns_keep_their_places);
        tcase_add_test(chunks, many_payloads_in_one_chunk);
        tcase_add_test(chunks, a_body_that_nobody_wrote_is_refused);
        tcase_add_loop_test(chunks, a_large_payload_is_written_once_a_history, 0, 2);
        tcase_add_test(chunks, another_execution_writes_a_payload_of_its_own);
        tcase_add_test(chunks, a_reference_without_its_event_is_refused);
        tcase_add_test(chunks, version_1_is_read);
        tcase_add_test(chunks, version_2_is_read_and_written);
        tcase_add_test(chunks, a_damaged_snapshot_does_no_harm);
        suite_add_tcase(suite, chunks);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
