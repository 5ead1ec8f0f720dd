/*
 * test_activity.c: workers, their tasks and tokens as a driver sees them: a virtual clock, commits that are held
 * back or fail, workers that are gone at the wrong moment.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/query.h"
#include "engine/task_token.h"

#define ACTIVITY "arn:aws:states:us-east-1:123456789012:activity:a"
#define MACHINE(fields)                                                                                            \
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ACTIVITY "\"," fields            \
        "\"End\":true}}}"
#define CALLBACK                                                                                                   \
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                                    \
        "\"arn:aws:states:::lambda:invoke.waitForTaskToken\",\"Parameters\":{\"FunctionName\":\"f\","              \
        "\"Payload\":{\"t.$\":\"$$.Task.Token\"}},\"End\":true}}}"
#define ARN(name) "arn:aws:states:us-east-1:123456789012:execution:m:" name
#define MINUTE 60000

/* A worker that polls. */
struct worker {
        const char *name;
        struct gal_poll *poll; /* NULL: answered */
        bool is_gone;
        unsigned looks; /* how often it was asked whether it is there */
        unsigned answers;
        enum gal_status status;
        char code[64];
        char *token;
        char *input;
};

struct told {
        unsigned count;
        enum gal_status status;
        char code[64];
};

static struct {
        struct gal_store *store;
        struct gal_engine *engine;
        int64_t now_ms;
        bool hold;
        enum gal_status refuse; /* the next commit answers this, and writes nothing */
        struct gal_commit *held;
        const struct gal_batch *batch;
        struct gal_task_handle *call;
        char *call_input;
        bool was_released;
        bool was_cancelled;
        size_t tasks_read; /* rows of the queue that the engine has asked for */
} driver;

static struct gal_store_ops ops;
static const struct gal_store_ops *own_ops;

static void answer_commit(void)
{
        struct gal_commit *commit = driver.held;
        enum gal_status status = driver.refuse;

        driver.held = NULL;
        driver.refuse = GAL_OK;
        if (status == GAL_OK)
                status = driver.store->ops->commit(driver.store, driver.batch, NULL);
        gal_engine_committed(driver.engine, commit, status);
}

static void on_commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        (void)user;
        ck_assert_ptr_null(driver.held);
        driver.held = commit;
        driver.batch = batch;
        if (!driver.hold)
                answer_commit();
}

static void on_dispatch(void *user, const struct gal_dispatch *dispatch)
{
        (void)user;
        driver.call = dispatch->handle;
        free(driver.call_input);
        driver.call_input = gal_strdup(gal_payload_text(dispatch->input, NULL));
        gal_task_set_data(dispatch->handle, &driver);
}

static void on_cancel(void *user, struct gal_task_handle *handle, void *data)
{
        (void)user;
        (void)data;
        ck_assert_ptr_eq(handle, driver.call);
        driver.call = NULL;
        driver.was_cancelled = true;
}

static void on_release(void *user, struct gal_task_handle *handle, void *data)
{
        (void)user;
        ck_assert_ptr_eq(handle, driver.call);
        ck_assert_ptr_eq(data, &driver);
        driver.call = NULL;
        driver.was_released = true;
}

static enum gal_status read_tasks(struct gal_store *store, const char *activity,
                                  const struct gal_activity_task_row *after, size_t limit,
                                  gal_activity_task_reader reader, void *user, struct gal_error *error)
{
        driver.tasks_read += limit;
        return own_ops->read_activity_tasks(store, activity, after, limit, reader, user, error);
}

static void make_engine(void)
{
        struct gal_engine_callbacks callbacks = {
                .commit = on_commit, .dispatch = on_dispatch, .cancel = on_cancel, .release = on_release
        };
        static const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE] = "the key of this store..........";
        struct gal_engine_options options = { .random = { 1, 2, 3, 4 }, .token_key = key };
        struct gal_lease_request lease = { .address = "",
                                           .incarnation = "00000000000000000000000000000001",
                                           .duration_ms = 10000 };

        ck_assert_int_eq(driver.store->ops->acquire(driver.store, &lease, NULL), GAL_OK);
        driver.engine = gal_engine_create(driver.store, &options, &callbacks);
        ck_assert_int_eq(gal_engine_load(driver.engine, driver.now_ms, NULL), GAL_OK);
        gal_engine_resume(driver.engine);
}

static void tick(void)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        do
                gal_engine_tick(driver.engine, driver.now_ms, random);
        while (driver.held == NULL && gal_engine_has_work(driver.engine));
}

static void on_told(void *user, const struct gal_answer *answer)
{
        struct told *told = user;

        if (told == NULL)
                return;
        told->count++;
        told->status = answer->status;
        snprintf(told->code, sizeof(told->code), "%s", answer->code == NULL ? "" : answer->code);
}

static void create_machine(const char *definition)
{
        struct gal_create_request request = { .name = "m",
                                              .definition = definition,
                                              .definition_len = strlen(definition) };
        struct told told = { 0 };

        gal_engine_create_machine(driver.engine, &request, on_told, &told);
        gal_engine_create_activity(driver.engine, "a", NULL, on_told, NULL);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
}

static void set_up(void)
{
        memset(&driver, 0, sizeof(driver));
        driver.now_ms = 1000000;
        driver.store = gal_store_memory_create();
        own_ops = driver.store->ops;
        ops = *own_ops;
        ops.read_activity_tasks = read_tasks;
        driver.store->ops = &ops;
        make_engine();
}

static void tear_down(void)
{
        gal_engine_destroy(driver.engine);
        gal_store_destroy(driver.store);
        free(driver.call_input);
}

static void restart(void)
{
        driver.hold = false;
        driver.refuse = GAL_EIO;
        if (driver.held != NULL)
                answer_commit(); /* only to give its memory back */
        driver.refuse = GAL_OK;
        gal_engine_destroy(driver.engine);
        make_engine();
}

/* The store is lost, and found again. */
static void lose(void)
{
        ck_assert(gal_engine_is_lost(driver.engine));
        gal_engine_drop(driver.engine);
        ck_assert_int_eq(gal_engine_load(driver.engine, driver.now_ms, NULL), GAL_OK);
        gal_engine_resume(driver.engine);
}

static void start(const char *name, const char *input)
{
        struct gal_start_request request = { .machine = "m", .name = name };

        ck_assert_int_eq(gal_payload_parse(input, strlen(input), &request.input, NULL), GAL_OK);
        gal_engine_start(driver.engine, &request, on_told, NULL);
        gal_payload_unref(request.input);
        tick();
}

static bool has_gone(void *user)
{
        struct worker *worker = user;

        worker->looks++;
        return worker->is_gone;
}

static void on_poll(void *user, const struct gal_poll_answer *answer)
{
        struct worker *worker = user;

        worker->poll = NULL;
        worker->answers++;
        worker->status = answer->status;
        snprintf(worker->code, sizeof(worker->code), "%s", answer->code == NULL ? "" : answer->code);
        free(worker->token);
        free(worker->input);
        worker->token = gal_strdup(answer->token);
        worker->input = answer->input == NULL ? NULL : gal_strdup(gal_payload_text(answer->input, NULL));
}

static void ask_for_task(struct worker *worker)
{
        struct gal_poll_request request = { .activity_arn = ACTIVITY,
                                            .worker = worker->name,
                                            .has_gone = has_gone,
                                            .done = on_poll,
                                            .user = worker };

        worker->answers = 0;
        worker->poll = gal_engine_poll(driver.engine, &request);
        ck_assert_uint_eq(worker->answers, 0);
        tick();
}

static void finish_worker(struct worker *worker)
{
        free(worker->token);
        free(worker->input);
        memset(worker, 0, sizeof(*worker));
}

static void send(enum gal_send_kind kind, const char *token, struct told *told)
{
        struct gal_send_request request = { .kind = kind, .token = token, .error = "E" };

        if (kind == GAL_SEND_SUCCESS)
                ck_assert_int_eq(gal_payload_parse("1", 1, &request.output, NULL), GAL_OK);
        gal_engine_send(driver.engine, &request, on_told, told);
        gal_payload_unref(request.output);
}

static void send_now(enum gal_send_kind kind, const char *token, const char *code)
{
        struct told told = { 0 };

        send(kind, token, &told);
        ck_assert_uint_eq(told.count, 0);
        tick();
        ck_assert_uint_eq(told.count, 1);
        ck_assert_str_eq(told.code, code);
}

static void note_status(void *user, const struct gal_execution_row *row)
{
        snprintf(user, 16, "%s", row->status);
}

static const char *status_of(const char *arn)
{
        static char status[16];

        status[0] = '\0';
        (void)!gal_query_execution(driver.store, arn, note_status, status, NULL);
        return status;
}

static bool count_task(void *user, const struct gal_activity_task_row *row)
{
        (void)row;
        ++*(size_t *)user;
        return true;
}

static size_t count_queue(void)
{
        size_t count = 0;

        ck_assert_int_eq(own_ops->read_activity_tasks(driver.store, NULL, NULL, SIZE_MAX, count_task, &count, NULL),
                         GAL_OK);
        return count;
}

/* Whether the history names the worker in that many ActivityStarted events. */
struct starts {
        const char *worker;
        unsigned count;
};

static void count_start(void *user, uint64_t id, const char *text, size_t len)
{
        gal_auto_free char *copy = gal_strndup(text, len);
        struct starts *starts = user;
        gal_auto_free char *wanted = gal_format("\"workerName\":\"%s\"", starts->worker);

        (void)id;
        starts->count += strstr(copy, wanted) != NULL;
}

static unsigned starts_of(const char *arn, const char *worker)
{
        struct gal_history_query query = { .execution_arn = arn };
        struct starts starts = { worker, 0 };

        ck_assert_int_eq(gal_query_history(driver.store, &query, count_start, &starts, NULL, NULL), GAL_OK);
        return starts.count;
}

START_TEST(a_worker_gets_its_task_when_that_is_written)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        ask_for_task(&w);
        ck_assert_uint_eq(w.answers, 0);
        driver.hold = true;
        start("e", "{\"x\":1}");
        ck_assert_uint_eq(w.looks, 0); /* its scheduling is not written yet */
        answer_commit();
        tick();
        ck_assert_ptr_nonnull(driver.held);
        ck_assert_uint_eq(w.looks, 1);
        ck_assert_uint_eq(w.answers, 0);
        ck_assert_uint_eq(count_queue(), 1);
        answer_commit();
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_str_eq(w.input, "{\"x\":1}");
        ck_assert_uint_eq(count_queue(), 0);
        ck_assert_uint_eq(starts_of(ARN("e"), "w"), 1);
        driver.hold = false;
        send_now(GAL_SEND_SUCCESS, w.token, "");
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        finish_worker(&w);
}
END_TEST

START_TEST(who_has_gone_in_the_last_moment_gets_nothing)
{
        struct worker first = { .name = "first" }, second = { .name = "second" };

        create_machine(MACHINE(""));
        ask_for_task(&first);
        ask_for_task(&second);
        first.is_gone = true;
        start("e", "1");
        tick();
        ck_assert_uint_eq(first.answers, 1);
        ck_assert_ptr_null(first.token);
        ck_assert_uint_eq(second.answers, 1);
        ck_assert_ptr_nonnull(second.token);
        ck_assert_uint_eq(starts_of(ARN("e"), "first"), 0);
        ck_assert_uint_eq(starts_of(ARN("e"), "second"), 1);
        finish_worker(&first);
        finish_worker(&second);
}
END_TEST

/* The run is busy when the task is given: the worker is asked when its turn comes, and may be gone by then. */
START_TEST(who_goes_while_the_execution_is_busy_gets_nothing)
{
        static const char both[] = "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,"
                                   "\"Branches\":[{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\","
                                   "\"Resource\":\"" ACTIVITY "\",\"End\":true}}},{\"StartAt\":\"B\",\"States\":{"
                                   "\"B\":{\"Type\":\"Task\",\"Resource\":\"" ACTIVITY "\",\"End\":true}}}]}}}";
        struct worker first = { .name = "first" }, second = { .name = "second" }, third = { .name = "third" };

        create_machine(both);
        start("e", "1");
        driver.hold = true;
        ask_for_task(&first);
        ck_assert_ptr_nonnull(driver.held);
        ask_for_task(&second);
        gal_poll_cancel(second.poll);
        ck_assert_uint_eq(second.answers, 1);
        driver.hold = false;
        answer_commit();
        tick();
        ck_assert_ptr_nonnull(first.token);
        ck_assert_ptr_null(second.token);
        ask_for_task(&third);
        ck_assert_ptr_nonnull(third.token);
        ck_assert_str_ne(first.token, third.token);
        finish_worker(&first);
        finish_worker(&second);
        finish_worker(&third);
}
END_TEST

START_TEST(a_cancelled_poll_is_answered_at_once_unless_its_task_is_under_way)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        ask_for_task(&w);
        gal_poll_cancel(w.poll);
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_ptr_null(w.token);
        start("e", "1");
        driver.hold = true;
        ask_for_task(&w);
        ck_assert_ptr_nonnull(driver.held);
        gal_poll_cancel(w.poll);
        ck_assert_uint_eq(w.answers, 0);
        answer_commit();
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_ptr_nonnull(w.token);
        finish_worker(&w);
}
END_TEST

START_TEST(a_poll_ends_after_a_minute)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        ask_for_task(&w);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + MINUTE);
        driver.now_ms += MINUTE - 1;
        tick();
        ck_assert_uint_eq(w.answers, 0);
        driver.now_ms++;
        tick();
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_int_eq(w.status, GAL_OK);
        ck_assert_ptr_null(w.token);
        ck_assert_uint_eq(gal_engine_poll_count(driver.engine), 0);
}
END_TEST

START_TEST(a_commit_that_fails_gives_the_task_to_nobody)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        start("e", "1");
        driver.refuse = GAL_EIO;
        ask_for_task(&w);
        lose();
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_int_eq(w.status, GAL_EIO);
        ck_assert_uint_eq(count_queue(), 1);
        ask_for_task(&w);
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_ptr_nonnull(w.token);
        ck_assert_uint_eq(starts_of(ARN("e"), "w"), 1);
        finish_worker(&w);
}
END_TEST

START_TEST(a_queue_outlives_the_process)
{
        struct worker w = { .name = "w" };
        gal_auto_free char *token = NULL;

        create_machine(MACHINE(""));
        start("one", "1");
        driver.now_ms++;
        start("two", "2");
        restart();
        ask_for_task(&w);
        ck_assert_str_eq(w.input, "1");
        token = gal_strdup(w.token);
        restart();
        ask_for_task(&w);
        ck_assert_str_eq(w.input, "2");
        send_now(GAL_SEND_SUCCESS, token, "");
        ck_assert_str_eq(status_of(ARN("one")), "SUCCEEDED");
        ck_assert_str_eq(status_of(ARN("two")), "RUNNING");
        finish_worker(&w);
}
END_TEST

/* Who waits for a worker or a token leaves memory after a minute, and is found there by both. */
START_TEST(parked_executions_are_found)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE("\"TimeoutSeconds\":3600,"));
        start("e", "1");
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        driver.now_ms += MINUTE - 1;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 1);
        driver.now_ms++;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        ask_for_task(&w);
        ck_assert_str_eq(w.input, "1");
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        driver.now_ms += MINUTE;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        send_now(GAL_SEND_HEARTBEAT, w.token, "");
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        driver.now_ms += MINUTE;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        ck_assert_uint_eq(gal_engine_counters(driver.engine)->parked, 3);
        send_now(GAL_SEND_SUCCESS, w.token, "");
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        send_now(GAL_SEND_SUCCESS, w.token, "TaskTimedOut");
        finish_worker(&w);
}
END_TEST

START_TEST(a_parked_execution_times_out)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE("\"TimeoutSeconds\":3600,"));
        start("e", "1");
        ask_for_task(&w);
        driver.now_ms += MINUTE;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        driver.now_ms += 3600 * 1000 - MINUTE - 1;
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        driver.now_ms++;
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "FAILED");
        finish_worker(&w);
}
END_TEST

/* What comes while the commit that parks it is under way keeps it here. */
START_TEST(something_comes_while_it_is_parked)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        start("e", "1");
        driver.hold = true;
        driver.now_ms += MINUTE;
        tick();
        ck_assert_ptr_nonnull(driver.held);
        ck_assert_uint_eq(driver.batch->chunk_count, 0);
        ck_assert_uint_eq(driver.batch->run_count, 1);
        ask_for_task(&w);
        driver.hold = false;
        answer_commit();
        tick();
        ck_assert_uint_eq(w.answers, 1);
        ck_assert_ptr_nonnull(w.token);
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        send_now(GAL_SEND_FAILURE, w.token, "");
        ck_assert_str_eq(status_of(ARN("e")), "FAILED");
        finish_worker(&w);
}
END_TEST

START_TEST(a_long_queue_is_read_ahead_in_its_order)
{
        enum { COUNT = GAL_ACTIVITY_TASKS_AHEAD * 2 + 100 };
        struct worker w = { .name = "w" };
        char text[32];

        create_machine(MACHINE(""));
        for (unsigned i = 0; i < COUNT; i++) {
                snprintf(text, sizeof(text), "%u", i);
                start(text, text);
                driver.now_ms++;
        }
        for (unsigned i = 0; i < COUNT; i++) {
                snprintf(text, sizeof(text), "%u", i);
                ask_for_task(&w);
                ck_assert_uint_eq(w.answers, 1);
                ck_assert_str_eq(w.input, text);
        }
        ck_assert_uint_eq(count_queue(), 0);
        ck_assert_uint_lt(driver.tasks_read, 5 * COUNT);
        ask_for_task(&w);
        ck_assert_uint_eq(w.answers, 0);
        gal_poll_cancel(w.poll);
        finish_worker(&w);
}
END_TEST

START_TEST(as_many_workers_as_the_service_has)
{
        struct worker *workers = gal_new_array(GAL_POLLS_MAX + 1, struct worker);

        create_machine(MACHINE(""));
        for (unsigned i = 0; i <= GAL_POLLS_MAX; i++)
                ask_for_task(&workers[i]);
        ck_assert_uint_eq(workers[GAL_POLLS_MAX].answers, 1);
        ck_assert_str_eq(workers[GAL_POLLS_MAX].code, "ActivityWorkerLimitExceeded");
        gal_poll_cancel(workers[7].poll);
        ask_for_task(&workers[GAL_POLLS_MAX]);
        ck_assert_uint_eq(workers[GAL_POLLS_MAX].answers, 0);
        start("e", "1");
        tick();
        ck_assert_ptr_nonnull(workers[0].token);
        for (unsigned i = 1; i <= GAL_POLLS_MAX; i++) {
                if (workers[i].poll != NULL)
                        gal_poll_cancel(workers[i].poll);
        }
        ck_assert_uint_eq(gal_engine_poll_count(driver.engine), 0);
        free(workers[0].token);
        free(workers[0].input);
        free(workers);
}
END_TEST

START_TEST(the_second_of_two_answers_is_refused)
{
        struct told first = { 0 }, second = { 0 };
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        start("e", "1");
        ask_for_task(&w);
        driver.hold = true;
        send(GAL_SEND_SUCCESS, w.token, &first);
        send(GAL_SEND_FAILURE, w.token, &second);
        tick();
        ck_assert_ptr_nonnull(driver.held);
        ck_assert_uint_eq(first.count + second.count, 0);
        answer_commit();
        ck_assert_uint_eq(first.count, 1);
        ck_assert_int_eq(first.status, GAL_OK);
        ck_assert_uint_eq(second.count, 1);
        ck_assert_str_eq(second.code, "TaskTimedOut");
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        finish_worker(&w);
}
END_TEST

/* The end is under way and may yet fail: nobody is told that it is over before it is. */
START_TEST(a_refusal_waits_for_the_end_to_be_written)
{
        struct told first = { 0 }, second = { 0 };
        struct worker w = { .name = "w" };

        create_machine(MACHINE("\"Retry\":[{\"ErrorEquals\":[\"E\"],\"IntervalSeconds\":9}],"));
        start("e", "1");
        ask_for_task(&w);
        driver.hold = true;
        driver.refuse = GAL_EIO;
        send(GAL_SEND_FAILURE, w.token, &first);
        tick();
        send(GAL_SEND_SUCCESS, w.token, &second);
        tick();
        ck_assert_uint_eq(first.count + second.count, 0);
        driver.hold = false;
        answer_commit();
        lose();
        ck_assert_int_eq(first.status, GAL_EIO);
        ck_assert_str_eq(first.code, "ServiceUnavailable");
        tick();
        ck_assert_uint_eq(second.count, 1); /* it was asked for again */
        ck_assert_int_eq(second.status, GAL_OK);
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        finish_worker(&w);
}
END_TEST

START_TEST(an_answer_after_the_time_is_over_comes_too_late)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE("\"TimeoutSeconds\":10,"));
        start("e", "1");
        ask_for_task(&w);
        driver.now_ms += 10000; /* and nobody has noticed yet */
        send_now(GAL_SEND_SUCCESS, w.token, "TaskTimedOut");
        ck_assert_str_eq(status_of(ARN("e")), "FAILED");
        finish_worker(&w);
}
END_TEST

START_TEST(tokens_that_are_none)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        start("e", "1");
        ask_for_task(&w);
        send_now(GAL_SEND_SUCCESS, "nonsense", "InvalidToken");
        w.token[5] ^= 1;
        send_now(GAL_SEND_SUCCESS, w.token, "InvalidToken");
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        finish_worker(&w);
}
END_TEST

/* (transfer full) */
static char *token_in(const char *input)
{
        const char *at = strstr(input, "\"t\":\"");

        ck_assert_ptr_nonnull(at);
        at += 5;
        return gal_strndup(at, strcspn(at, "\""));
}

START_TEST(a_callback_waits_out_of_memory)
{
        gal_auto_free char *token = NULL;
        struct gal_payload *response;

        create_machine(CALLBACK);
        start("e", "1");
        token = token_in(driver.call_input);
        gal_task_started(driver.call);
        ck_assert_int_eq(gal_payload_parse("{}", 2, &response, NULL), GAL_OK);
        gal_task_submitted(driver.call, response);
        gal_payload_unref(response);
        driver.call = NULL;
        tick();
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
        driver.now_ms += MINUTE;
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        send_now(GAL_SEND_SUCCESS, token, "");
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert(!driver.was_cancelled && !driver.was_released);
}
END_TEST

START_TEST(a_callback_before_its_call_returns_lets_go_of_that)
{
        gal_auto_free char *token = NULL;

        create_machine(CALLBACK);
        start("e", "1");
        token = token_in(driver.call_input);
        gal_task_started(driver.call);
        tick();
        send_now(GAL_SEND_SUCCESS, token, "");
        ck_assert(driver.was_released && !driver.was_cancelled);
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
}
END_TEST

START_TEST(an_activity_goes_while_its_task_is_given)
{
        struct worker w = { .name = "w" }, other = { .name = "other" };
        struct told told = { 0 };

        create_machine(MACHINE(""));
        start("e", "1");
        driver.hold = true;
        ask_for_task(&w);
        ask_for_task(&other);
        gal_engine_delete_activity(driver.engine, ACTIVITY, on_told, &told);
        answer_commit(); /* w has its task */
        ck_assert_ptr_nonnull(w.token);
        tick();
        answer_commit();
        tick();
        ck_assert_uint_eq(told.count, 1);
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_uint_eq(other.answers, 1);
        ck_assert_str_eq(other.code, "ActivityDoesNotExist");
        driver.hold = false;
        ask_for_task(&other);
        ck_assert_str_eq(other.code, "ActivityDoesNotExist");
        send_now(GAL_SEND_SUCCESS, w.token, "");
        ck_assert_uint_eq(gal_engine_poll_count(driver.engine), 0);
        finish_worker(&w);
        finish_worker(&other);
}
END_TEST

START_TEST(a_stopped_execution_leaves_the_queue)
{
        struct worker w = { .name = "w" };

        create_machine(MACHINE(""));
        start("one", "1");
        driver.now_ms += MINUTE;
        tick();
        start("two", "2");
        gal_engine_stop(driver.engine, ARN("one"), NULL, NULL, on_told, NULL);
        tick();
        ck_assert_uint_eq(count_queue(), 1);
        ask_for_task(&w);
        ck_assert_str_eq(w.input, "2");
        finish_worker(&w);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("activity");
        TCase *tests = tcase_create("workers");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, a_worker_gets_its_task_when_that_is_written);
        tcase_add_test(tests, who_has_gone_in_the_last_moment_gets_nothing);
        tcase_add_test(tests, who_goes_while_the_execution_is_busy_gets_nothing);
        tcase_add_test(tests, a_cancelled_poll_is_answered_at_once_unless_its_task_is_under_way);
        tcase_add_test(tests, a_poll_ends_after_a_minute);
        tcase_add_test(tests, a_commit_that_fails_gives_the_task_to_nobody);
        tcase_add_test(tests, a_queue_outlives_the_process);
        tcase_add_test(tests, parked_executions_are_found);
        tcase_add_test(tests, a_parked_execution_times_out);
        tcase_add_test(tests, something_comes_while_it_is_parked);
        tcase_add_test(tests, a_long_queue_is_read_ahead_in_its_order);
        tcase_add_test(tests, as_many_workers_as_the_service_has);
        tcase_add_test(tests, the_second_of_two_answers_is_refused);
        tcase_add_test(tests, a_refusal_waits_for_the_end_to_be_written);
        tcase_add_test(tests, an_answer_after_the_time_is_over_comes_too_late);
        tcase_add_test(tests, tokens_that_are_none);
        tcase_add_test(tests, a_callback_waits_out_of_memory);
        tcase_add_test(tests, a_callback_before_its_call_returns_lets_go_of_that);
        tcase_add_test(tests, an_activity_goes_while_its_task_is_given);
        tcase_add_test(tests, a_stopped_execution_leaves_the_queue);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
