/*
 * test_journal.c: what a chunk holds once and what it refuses.
 */
#include "journal/journal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

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
        suite_add_tcase(suite, chunks);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
