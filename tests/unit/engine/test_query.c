/*
 * test_query.c: pages of histories and what they cost; which execution an ARN means when machines come and go.
 *
 * The executions are real ones, made by an engine whose commits are written at once.
 */
#include "engine/query.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "engine/engine.h"

#define ARN(name) "arn:aws:states:us-east-1:123456789012:execution:m:" name
#define WAIT "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3,\"End\":true}}}"
/* Each round is a commit; some pass a Choice as well, so that chunks differ in length. */
#define ROUNDS                                                                                                     \
        "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"V\"},"                   \
        "\"V\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"C\"},\"C\":{\"Type\":\"Choice\",\"Default\":\"W\","     \
        "\"Choices\":[{\"Variable\":\"$.stop\",\"IsPresent\":true,\"Next\":\"S\"}]},\"S\":{\"Type\":\"Succeed\"}}" \
        "}"

static struct gal_store *store;
static struct gal_store_ops counting_ops;
static const struct gal_store_ops *own_ops;
static struct gal_engine *engine;
static int64_t now_ms;
static size_t chunks_read;

static void on_commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        (void)user;
        gal_engine_committed(engine, commit, store->ops->commit(store, batch, NULL));
}

/* Chunks that are read, by whichever of the readers. */

struct counted {
        gal_chunk_reader reader;
        void *user;
};

static bool count_chunk(void *user, const struct gal_chunk_row *row)
{
        const struct counted *counted = user;

        chunks_read++;
        return counted->reader(counted->user, row);
}

static enum gal_status read_chunks(struct gal_store *from, uint32_t slot, const char *execution_id,
                                   uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                   struct gal_error *error)
{
        struct counted counted = { reader, user };

        return own_ops->read_chunks(from, slot, execution_id, from_sequence, count_chunk, &counted, error);
}

static enum gal_status read_chunks_back(struct gal_store *from, uint32_t slot, const char *execution_id,
                                        uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                        struct gal_error *error)
{
        struct counted counted = { reader, user };

        return own_ops->read_chunks_back(from, slot, execution_id, from_sequence, count_chunk, &counted, error);
}

static enum gal_status read_chunk_of_event(struct gal_store *from, uint32_t slot, const char *execution_id,
                                           uint64_t event_id, gal_chunk_reader reader, void *user,
                                           struct gal_error *error)
{
        struct counted counted = { reader, user };

        return own_ops->read_chunk_of_event(from, slot, execution_id, event_id, count_chunk, &counted, error);
}

static void make_engine(void)
{
        struct gal_engine_callbacks callbacks = { .commit = on_commit };
        struct gal_engine_options options = { .random = { (uint64_t)now_ms, 2, 3, 4 } };

        engine = gal_engine_create(store, &options, &callbacks);
        ck_assert_int_eq(gal_engine_load(engine, now_ms, NULL), GAL_OK);
}

static void set_up(void)
{
        struct gal_lease_request lease = { .address = "",
                                           .incarnation = "00000000000000000000000000000001",
                                           .duration_ms = 10000 };

        now_ms = 1000000;
        store = gal_store_memory_create();
        own_ops = store->ops;
        counting_ops = *own_ops;
        counting_ops.read_chunks = read_chunks;
        counting_ops.read_chunks_back = read_chunks_back;
        counting_ops.read_chunk_of_event = read_chunk_of_event;
        store->ops = &counting_ops;
        ck_assert_int_eq(store->ops->acquire(store, &lease, NULL), GAL_OK);
        make_engine();
}

static void tear_down(void)
{
        gal_engine_destroy(engine);
        gal_store_destroy(store);
}

static void restart(void)
{
        gal_engine_destroy(engine);
        make_engine();
}

static void tick(void)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        do
                gal_engine_tick(engine, now_ms, random);
        while (gal_engine_has_work(engine));
}

static void create(const char *definition)
{
        struct gal_create_request request = { .name = "m",
                                              .definition = definition,
                                              .definition_len = strlen(definition) };

        gal_engine_create_machine(engine, &request, NULL, NULL);
        tick();
}

static void note_arn(void *user, const struct gal_answer *answer)
{
        ck_assert_int_eq(answer->status, GAL_OK);
        if (user != NULL)
                snprintf(user, 200, "%s", answer->arn);
}

static void ask_for_start(const char *name, const char *input, gal_engine_done done, void *user)
{
        struct gal_start_request request = { .machine = "m", .name = name };

        ck_assert_int_eq(gal_payload_parse(input, strlen(input), &request.input, NULL), GAL_OK);
        gal_engine_start(engine, &request, done, user);
        gal_payload_unref(request.input);
}

static void start(const char *name, const char *input, char *ret_arn)
{
        ask_for_start(name, input, note_arn, ret_arn);
        tick();
}

static void delete_machine(void)
{
        gal_engine_delete_machine(engine, "m", note_arn, NULL);
        tick();
}

/* Histories. */

static void list_event(void *user, uint64_t id, const char *text, size_t len)
{
        struct gal_buffer *buffer = user;

        (void)text;
        ck_assert_uint_gt(len, 0);
        gal_buffer_append_format(buffer, "%llu ", (unsigned long long)id);
}

static bool read_page(uint64_t after_id, size_t limit, bool reverse, struct gal_buffer *events)
{
        struct gal_history_query query = {
                .execution_arn = ARN("e"), .after_id = after_id, .limit = limit, .reverse = reverse
        };
        bool more = false;

        gal_buffer_clear(events);
        gal_buffer_append_text(events, "");
        ck_assert_int_eq(gal_query_history(store, &query, list_event, events, &more, NULL), GAL_OK);
        return more;
}

static void expect(struct gal_buffer *wanted, uint64_t first, uint64_t last)
{
        gal_buffer_clear(wanted);
        gal_buffer_append_text(wanted, "");
        for (uint64_t id = first; first <= last ? id <= last : id >= last; id += first <= last ? 1 : (uint64_t)-1)
                gal_buffer_append_format(wanted, "%llu ", (unsigned long long)id);
}

static uint64_t event_count(void)
{
        struct gal_buffer events = GAL_BUFFER_INIT;
        uint64_t count;

        read_page(0, 1, /* reverse= */ true, &events);
        count = strtoull(events.data, NULL, 10);
        gal_buffer_finish(&events);
        return count;
}

START_TEST(pages_begin_anywhere_and_cost_what_they_show)
{
        struct gal_buffer events = GAL_BUFFER_INIT, wanted = GAL_BUFFER_INIT;
        uint64_t last;

        create(ROUNDS);
        start("e", "{}", NULL);
        for (int i = 0; i < 400; i++) {
                now_ms += 1000;
                tick();
        }
        last = event_count();
        ck_assert_uint_gt(last, 800);
        for (uint64_t after = 0; after < last; after++) {
                uint64_t end = after + 7 < last ? after + 7 : last;

                chunks_read = 0;
                ck_assert_int_eq(read_page(after, 7, /* reverse= */ false, &events), end < last);
                expect(&wanted, after + 1, end);
                ck_assert_str_eq(events.data, wanted.data);
                ck_assert_uint_le(chunks_read, 9);
        }
        for (uint64_t after = last + 1; after > 1; after--) {
                uint64_t end = after > 8 ? after - 7 : 1;

                chunks_read = 0;
                ck_assert_int_eq(read_page(after, 7, /* reverse= */ true, &events), end > 1);
                expect(&wanted, after - 1, end);
                ck_assert_str_eq(events.data, wanted.data);
                ck_assert_uint_le(chunks_read, 9);
        }
        gal_buffer_finish(&events);
        gal_buffer_finish(&wanted);
}
END_TEST

START_TEST(pages_behind_the_ends_are_empty)
{
        struct gal_buffer events = GAL_BUFFER_INIT;
        uint64_t last;

        create(WAIT);
        start("e", "{}", NULL);
        last = event_count();
        ck_assert(!read_page(last, 5, /* reverse= */ false, &events));
        ck_assert_str_eq(events.data, "");
        ck_assert(!read_page(UINT64_MAX, 5, /* reverse= */ false, &events));
        ck_assert_str_eq(events.data, "");
        ck_assert(!read_page(1, 5, /* reverse= */ true, &events));
        ck_assert_str_eq(events.data, "");
        gal_buffer_finish(&events);
}
END_TEST

/* Which execution an ARN means. */

static void note_input(void *user, const struct gal_execution_row *row)
{
        snprintf(user, 64, "%s %s", row->status, row->input);
}

static const char *find(const char *arn)
{
        static char text[64];
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_query_execution(store, arn, note_input, text, &error);

        ck_assert(status == GAL_OK || status == GAL_ENOTFOUND);
        return status == GAL_OK ? text : "none";
}

static void stop(const char *arn)
{
        gal_engine_stop(engine, arn, NULL, NULL, note_arn, NULL);
        tick();
}

START_TEST(executions_of_a_deleted_machine_are_found_and_stopped)
{
        char generated[200];

        create(WAIT);
        start("e", "1", NULL);
        start("f", "2", NULL);
        start(NULL, "3", generated);
        delete_machine();
        ck_assert_str_eq(find(ARN("e")), "RUNNING 1");
        stop(ARN("e"));
        ck_assert_str_eq(find(ARN("e")), "ABORTED 1");
        restart();
        now_ms += 3000;
        tick();
        ck_assert_str_eq(find(ARN("f")), "SUCCEEDED 2");
        ck_assert_str_eq(find(generated), "SUCCEEDED 3");
        ck_assert_str_eq(find(ARN("g")), "none");
        stop(ARN("f")); /* out of memory; it says when it ended */
}
END_TEST

START_TEST(a_machine_made_again_hides_the_executions_of_the_former_one)
{
        char generated[200];

        create(WAIT);
        start("e", "1", NULL);
        start(NULL, "2", generated);
        delete_machine();
        now_ms += 10;
        create(WAIT);
        ck_assert_str_eq(find(ARN("e")), "none");
        ck_assert_str_eq(find(generated), "none");
        start("e", "3", NULL); /* the name is free: it is another machine */
        ck_assert_str_eq(find(ARN("e")), "RUNNING 3");
        delete_machine();
        ck_assert_str_eq(find(ARN("e")), "RUNNING 3"); /* of two deleted machines, the later one */
        ck_assert_str_eq(find(generated), "RUNNING 2");
        stop(ARN("e"));
        ck_assert_str_eq(find(ARN("e")), "ABORTED 3");
        now_ms += 3000;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(engine), 0);
}
END_TEST

START_TEST(a_deleted_machine_waits_for_starts_that_are_under_way)
{
        char arn[200];

        create(WAIT);
        ask_for_start("e", "1", note_arn, arn);
        delete_machine();
        ck_assert_str_eq(arn, ARN("e"));
        restart(); /* its definition is there */
        now_ms += 3000;
        tick();
        ck_assert_str_eq(find(ARN("e")), "SUCCEEDED 1");
}
END_TEST

static void note_code(void *user, const struct gal_answer *answer)
{
        snprintf(user, 64, "%s", answer->code == NULL ? "" : answer->code);
}

START_TEST(names_stay_taken_after_a_purge)
{
        char code[64] = "";
        size_t removed = 0;

        create(WAIT);
        start("e", "1", NULL);
        stop(ARN("e"));
        ck_assert_int_eq(store->ops->purge(store, INT64_MAX, now_ms, 10, &removed, NULL), GAL_OK);
        ck_assert_uint_eq(removed, 1);
        ck_assert_str_eq(find(ARN("e")), "none");
        ask_for_start("e", "2", note_code, code);
        tick();
        ck_assert_str_eq(code, "ExecutionAlreadyExists");
        ck_assert_str_eq(find(ARN("e")), "none");
        now_ms += 90ll * 86400 * 1000;
        start("e", "3", NULL);
        ck_assert_str_eq(find(ARN("e")), "RUNNING 3");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query");
        TCase *cases = tcase_create("query");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(cases, set_up, tear_down);
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, pages_begin_anywhere_and_cost_what_they_show);
        tcase_add_test(cases, pages_behind_the_ends_are_empty);
        tcase_add_test(cases, executions_of_a_deleted_machine_are_found_and_stopped);
        tcase_add_test(cases, a_machine_made_again_hides_the_executions_of_the_former_one);
        tcase_add_test(cases, a_deleted_machine_waits_for_starts_that_are_under_way);
        tcase_add_test(cases, names_stay_taken_after_a_purge);
        suite_add_tcase(suite, cases);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
