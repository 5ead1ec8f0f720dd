/*
 * engine.c: the engine as a driver sees it: a virtual clock, commits that can be held back or refused, calls that
 * the test answers.
 */
#include "engine/engine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/query.h"

#define CALLS_MAX 64

struct call {
        struct gal_task_handle *handle;
        char *identity;
        bool cancelled;
};

/* What a client hears of a request. */
struct told {
        enum gal_status status;
        char *code;
        char *arn;
        size_t count;
};

struct driver {
        struct gal_store *store;
        struct gal_engine *engine;
        int64_t now_ms;
        bool hold_commits;
        enum gal_status refuse; /* the next commit answers this, and writes nothing */
        struct gal_commit *held;
        const struct gal_batch *held_batch;
        struct call calls[CALLS_MAX];
        size_t call_count;
        size_t closed;
        size_t records;
        struct told ignored;
        const char *refused_id; /* a batch that holds a chunk of it is refused as data */
};

static struct driver driver;

static void answer_commit(enum gal_status refused)
{
        enum gal_status status = refused;
        struct gal_commit *commit = driver.held;

        for (size_t i = 0; driver.refused_id != NULL && i < driver.held_batch->chunk_count; i++) {
                if (strcmp(driver.held_batch->chunks[i].execution_id, driver.refused_id) == 0)
                        status = GAL_EINVALID;
        }
        if (status == GAL_OK)
                status = driver.store->ops->commit(driver.store, driver.held_batch, NULL);
        driver.held = NULL;
        gal_engine_committed(driver.engine, commit, status);
}

static void on_commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        enum gal_status refused = driver.refuse;

        (void)user;
        ck_assert_ptr_null(driver.held);
        driver.held = commit;
        driver.held_batch = batch;
        driver.refuse = GAL_OK;
        if (!driver.hold_commits)
                answer_commit(refused);
}

static void on_dispatch(void *user, const struct gal_dispatch *dispatch)
{
        struct call *call = &driver.calls[driver.call_count++];

        (void)user;
        ck_assert_uint_le(driver.call_count, CALLS_MAX);
        call->handle = dispatch->handle;
        call->identity = gal_strdup(dispatch->identity);
        gal_task_set_data(dispatch->handle, call);
}

static void on_cancel(void *user, struct gal_task_handle *handle, void *data)
{
        struct call *call = data;

        (void)user;
        ck_assert_ptr_eq(call->handle, handle);
        call->cancelled = true;
        call->handle = NULL;
}

static void on_record(void *user, const struct gal_run *run, const struct gal_record *record)
{
        (void)user;
        (void)run;
        (void)record;
        driver.records++;
}

static void on_closed(void *user, const struct gal_run *run)
{
        (void)user;
        ck_assert_int_ne(gal_run_execution(run)->status, GAL_EXECUTION_RUNNING);
        driver.closed++;
}

static void make_engine(void)
{
        struct gal_engine_callbacks callbacks = { .commit = on_commit,
                                                  .dispatch = on_dispatch,
                                                  .cancel = on_cancel,
                                                  .record = on_record,
                                                  .closed = on_closed };
        struct gal_engine_options options = { .random = { 1, 2, 3, 4 } };
        struct gal_lease_request lease = { .address = "",
                                           .incarnation = "00000000000000000000000000000001",
                                           .duration_ms = 10000 };

        ck_assert_int_eq(driver.store->ops->acquire(driver.store, &lease, NULL), GAL_OK);
        driver.engine = gal_engine_create(driver.store, &options, &callbacks);
        ck_assert_int_eq(gal_engine_load(driver.engine, driver.now_ms, NULL), GAL_OK);
        gal_engine_resume(driver.engine);
}

static void set_up(void)
{
        memset(&driver, 0, sizeof(driver));
        driver.now_ms = 1000000;
        driver.store = gal_store_memory_create();
        make_engine();
}

static void finish_told(struct told *told)
{
        free(told->code);
        free(told->arn);
        memset(told, 0, sizeof(*told));
}

static void forget_calls(void)
{
        for (size_t i = 0; i < driver.call_count; i++)
                free(driver.calls[i].identity);
        memset(driver.calls, 0, sizeof(driver.calls));
        driver.call_count = 0;
}

static void tear_down(void)
{
        forget_calls();
        gal_engine_destroy(driver.engine);
        gal_store_destroy(driver.store);
        finish_told(&driver.ignored);
}

/* As kill -9 and a new process: memory is gone, the store is not. */
static void restart(void)
{
        driver.hold_commits = false;
        if (driver.held != NULL)
                answer_commit(GAL_EIO); /* only to give its memory back; nothing was written */
        forget_calls();
        gal_engine_destroy(driver.engine);
        make_engine();
}

static void tick(void)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        do
                gal_engine_tick(driver.engine, driver.now_ms, random);
        while (gal_engine_has_work(driver.engine));
}

static void on_told(void *user, const struct gal_answer *answer)
{
        struct told *told = user;

        told->count++;
        told->status = answer->status;
        free(told->code);
        free(told->arn);
        told->code = gal_strdup(answer->code);
        told->arn = gal_strdup(answer->arn);
}

static void create(const char *definition, struct told *told)
{
        struct gal_create_request request = { .name = "m",
                                              .definition = definition,
                                              .definition_len = strlen(definition) };

        gal_engine_create_machine(driver.engine, &request, on_told, told);
}

static void start_again(const char *input, const char *name, struct told *told)
{
        struct gal_start_request request = { .machine = "m", .name = name };

        ck_assert_int_eq(gal_payload_parse(input, strlen(input), &request.input, NULL), GAL_OK);
        gal_engine_start(driver.engine, &request, on_told, told);
        gal_payload_unref(request.input);
}

/* Makes the machine, at once, and asks for a start: it happens with the next tick. */
static void start(const char *definition, const char *input, const char *name, struct told *told)
{
        struct told created = { GAL_OK, NULL, NULL, 0 };
        bool hold = driver.hold_commits;

        driver.hold_commits = false;
        create(definition, &created);
        tick();
        ck_assert_uint_eq(created.count, 1);
        ck_assert_int_eq(created.status, GAL_OK);
        finish_told(&created);
        driver.hold_commits = hold;
        start_again(input, name, told);
}

struct found {
        char status[16];
        char error[64];
        char cause[64];
        uint64_t event_count;
};

static void note_found(void *user, const struct gal_execution_row *row)
{
        struct found *found = user;

        snprintf(found->status, sizeof(found->status), "%s", row->status);
        snprintf(found->error, sizeof(found->error), "%s", row->error == NULL ? "" : row->error);
        snprintf(found->cause, sizeof(found->cause), "%s", row->cause == NULL ? "" : row->cause);
        found->event_count = row->event_count;
}

#define ARN(name) "arn:aws:states:us-east-1:123456789012:execution:m:" name

static struct found find(const char *arn)
{
        struct found found = { "", "", "", 0 };
        enum gal_status status = gal_query_execution(driver.store, arn, note_found, &found, NULL);

        ck_assert(status == GAL_OK || status == GAL_ENOTFOUND);
        return found;
}

static const char *status_of(const char *arn)
{
        static struct found found;

        found = find(arn);
        return found.status;
}

static void succeed(struct call *call, const char *text)
{
        struct gal_payload *payload;

        ck_assert_int_eq(gal_payload_parse(text, strlen(text), &payload, NULL), GAL_OK);
        gal_task_succeeded(call->handle, payload);
        call->handle = NULL;
        gal_payload_unref(payload);
}

static void count_event(void *user, uint64_t id, const char *text, size_t len)
{
        size_t *count = user;

        (void)text;
        ck_assert_uint_gt(len, 0);
        ck_assert_uint_eq(id, ++*count);
}

static size_t history_length(const char *arn)
{
        struct gal_history_query query = { .execution_arn = arn };
        enum gal_status status;
        size_t count = 0;

        status = gal_query_history(driver.store, &query, count_event, &count, NULL, NULL);
        ck_assert(status == GAL_OK || status == GAL_ENOTFOUND);
        return count;
}

#define FUNCTION "\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:f\""
#define ONE_TASK "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}}"
#define TIMED_TASK                                                                                                 \
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\"," FUNCTION ",\"TimeoutSeconds\":5,"               \
        "\"Retry\":[{\"ErrorEquals\":[\"States.Timeout\"],\"MaxAttempts\":1}],\"End\":true}}}"
#define TWO_TASKS                                                                                                  \
        "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["                  \
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}},"                    \
        "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Task\"," FUNCTION ",\"End\":true}}}]}}}"
#define WAIT "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3,\"End\":true}}}"
#define RING                                                                                                       \
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Choice\","      \
        "\"Choices\":[{\"Variable\":\"$.stop\",\"IsPresent\":true,\"Next\":\"C\"}],\"Default\":\"A\"},"            \
        "\"C\":{\"Type\":\"Succeed\"}}}"

START_TEST(nothing_is_visible_before_its_commit)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        driver.hold_commits = true;
        start(ONE_TASK, "{}", "e", &told);
        tick();
        ck_assert_ptr_nonnull(driver.held);
        ck_assert_uint_eq(told.count, 0);
        ck_assert_uint_eq(driver.call_count, 0);
        ck_assert_uint_eq(driver.records, 0);
        ck_assert_uint_eq(history_length(ARN("e")), 0);
        answer_commit(GAL_OK);
        ck_assert_uint_eq(told.count, 1);
        ck_assert_str_eq(told.arn, ARN("e"));
        ck_assert_uint_eq(driver.call_count, 1);
        ck_assert_uint_eq(history_length(ARN("e")), 3);
        finish_told(&told);
}
END_TEST

START_TEST(what_comes_during_a_commit_waits_for_it)
{
        start(ONE_TASK, "{}", "e", &driver.ignored);
        tick();
        driver.hold_commits = true;
        gal_task_started(driver.calls[0].handle);
        tick();
        ck_assert_ptr_nonnull(driver.held);
        succeed(&driver.calls[0], "{\"a\":1}");
        tick();
        ck_assert_uint_eq(history_length(ARN("e")), 3);
        driver.hold_commits = false;
        answer_commit(GAL_OK);
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert_uint_eq(driver.closed, 1);
        ck_assert_uint_eq(history_length(ARN("e")), 7);
}
END_TEST

/* The store said no, or nothing at all: memory goes, and what was committed comes back. */
START_TEST(a_failed_commit_loses_nothing_acknowledged)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(ONE_TASK, "{}", "e", &told);
        tick();
        driver.refuse = GAL_EIO;
        gal_task_started(driver.calls[0].handle);
        tick();
        ck_assert(gal_engine_is_lost(driver.engine));
        gal_engine_drop(driver.engine);
        ck_assert(driver.calls[0].cancelled);
        ck_assert_int_eq(gal_engine_load(driver.engine, driver.now_ms, NULL), GAL_OK);
        ck_assert_uint_eq(driver.call_count, 1); /* whether the lease was ours all the time is not known yet */
        gal_engine_resume(driver.engine);
        ck_assert_uint_eq(driver.call_count, 2);
        ck_assert_str_eq(driver.calls[0].identity, driver.calls[1].identity);
        gal_task_started(driver.calls[1].handle);
        succeed(&driver.calls[1], "1");
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert_uint_eq(history_length(ARN("e")), 7);
        finish_told(&told);
}
END_TEST

START_TEST(an_unanswered_start_is_refused_when_the_store_is_lost)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(ONE_TASK, "{}", "e", &told);
        driver.refuse = GAL_EIO;
        tick();
        gal_engine_drop(driver.engine);
        ck_assert_uint_eq(told.count, 1);
        ck_assert_int_eq(told.status, GAL_EIO);
        ck_assert_str_eq(status_of(ARN("e")), "");
        finish_told(&told);
}
END_TEST

START_TEST(a_failing_branch_cancels_its_sibling)
{
        start(TWO_TASKS, "{}", "e", &driver.ignored);
        tick();
        ck_assert_uint_eq(driver.call_count, 2);
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 2);
        gal_task_failed(driver.calls[0].handle, "E", "why");
        tick();
        ck_assert(driver.calls[1].cancelled);
        ck_assert(!driver.calls[0].cancelled);
        ck_assert_str_eq(status_of(ARN("e")), "FAILED");
        ck_assert_str_eq(find(ARN("e")).error, "E");
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
}
END_TEST

/* The second result is in the queue when the first one's failure is decided: it must not be cancelled any more. */
START_TEST(two_ends_in_one_tick)
{
        start(TWO_TASKS, "{}", "e", &driver.ignored);
        tick();
        gal_task_failed(driver.calls[0].handle, "E", NULL);
        succeed(&driver.calls[1], "2");
        tick();
        ck_assert(!driver.calls[1].cancelled);
        ck_assert_str_eq(status_of(ARN("e")), "FAILED");
        ck_assert_uint_eq(gal_engine_tasks_out(driver.engine), 0);
}
END_TEST

START_TEST(a_timeout_cancels_the_call_and_a_retry_has_an_identity_of_its_own)
{
        start(TIMED_TASK, "{}", "e", &driver.ignored);
        tick();
        gal_task_started(driver.calls[0].handle);
        tick();
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 5000);
        driver.now_ms += 4999;
        tick();
        ck_assert(!driver.calls[0].cancelled);
        driver.now_ms += 1;
        tick();
        ck_assert(driver.calls[0].cancelled);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 1000);
        driver.now_ms += 1000;
        tick();
        ck_assert_uint_eq(driver.call_count, 2);
        ck_assert_str_ne(driver.calls[0].identity, driver.calls[1].identity);
        succeed(&driver.calls[1], "{}");
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
}
END_TEST

START_TEST(timers_never_fire_early)
{
        start(WAIT, "{}", "e", &driver.ignored);
        tick();
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 3000);
        driver.now_ms += 2999;
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        driver.now_ms += 1;
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), 0);
}
END_TEST

START_TEST(stopping_cancels_what_runs)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(ONE_TASK, "{}", "e", &driver.ignored);
        tick();
        gal_engine_stop(driver.engine, ARN("e"), "Stop", "by hand", on_told, &told);
        tick();
        ck_assert_uint_eq(told.count, 1);
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert(driver.calls[0].cancelled);
        ck_assert_str_eq(status_of(ARN("e")), "ABORTED");
        ck_assert_str_eq(find(ARN("e")).cause, "by hand");
        ck_assert_uint_eq(driver.closed, 1);
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        finish_told(&told);
}
END_TEST

/* Who asks saw it open a moment ago: it is there, and this is when it ended. */
START_TEST(a_stop_that_comes_too_late_says_when_it_ended)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(WAIT, "{}", "e", &driver.ignored);
        tick();
        driver.now_ms += 3000;
        tick();
        driver.now_ms += 10;
        gal_engine_stop(driver.engine, ARN("e"), NULL, NULL, on_told, &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_uint_eq(told.count, 1);
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        gal_engine_stop(driver.engine, ARN("none"), NULL, NULL, on_told, &told);
        tick();
        ck_assert_str_eq(told.code, "ExecutionDoesNotExist");
        finish_told(&told);
}
END_TEST

/* A loop without a wait yields, so a second execution gets its turn long before the event limit ends the first. */
START_TEST(a_busy_loop_starves_nobody)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        start(RING, "{}", "ring", &driver.ignored);
        start_again("{\"stop\":1}", "short", &driver.ignored);
        gal_engine_tick(driver.engine, driver.now_ms, random);
        ck_assert_str_eq(status_of(ARN("short")), "SUCCEEDED");
        ck_assert_str_eq(status_of(ARN("ring")), "RUNNING");
        ck_assert(gal_engine_has_work(driver.engine));
        tick();
        ck_assert_str_eq(status_of(ARN("ring")), "FAILED");
        ck_assert_uint_eq(find(ARN("ring")).event_count, 25000);
        ck_assert_uint_eq(history_length(ARN("ring")), 25000);
}
END_TEST

START_TEST(names_are_checked_and_used_once)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(WAIT, "{\"a\":1}", "e", &told);
        tick();
        start_again("{\"a\":1}", "e", &told); /* the same again: the same answer */
        tick();
        ck_assert_uint_eq(told.count, 2);
        ck_assert_int_eq(told.status, GAL_OK);
        start_again("{\"a\":2}", "e", &told);
        tick();
        ck_assert_str_eq(told.code, "ExecutionAlreadyExists");
        driver.now_ms += 3000;
        tick();
        start_again("{\"a\":1}", "e", &told); /* closed, within its 90 days */
        tick();
        ck_assert_str_eq(told.code, "ExecutionAlreadyExists");
        start_again("{}", "a b", &told);
        tick();
        ck_assert_str_eq(told.code, "InvalidName");
        driver.now_ms += 90ll * 86400 * 1000;
        start_again("{\"a\":1}", "e", &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        start_again("{}", NULL, &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_str_eq(status_of(told.arn), "RUNNING");
        finish_told(&told);
}
END_TEST

START_TEST(an_oversized_input_is_refused)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };
        char *text = gal_calloc(300003, 1);

        memset(text, 'x', 300002);
        text[0] = text[300001] = '"';
        start(WAIT, text, "e", &told);
        tick();
        ck_assert_str_eq(told.code, "InvalidExecutionInput");
        memset(text, ' ', 300002); /* blanks around it count */
        text[262144] = '1';
        text[262145] = '\0';
        start_again(text, "e", &told);
        tick();
        ck_assert_str_eq(told.code, "InvalidExecutionInput");
        text[262143] = '1';
        text[262144] = '\0';
        start_again(text, "e", &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        finish_told(&told);
        free(text);
}
END_TEST

START_TEST(machines_are_created_deleted_and_compared)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        create(WAIT, &told);
        create(WAIT, &told); /* in the same tick */
        tick();
        ck_assert_uint_eq(told.count, 2);
        ck_assert_int_eq(told.status, GAL_OK);
        create(ONE_TASK, &told);
        tick();
        ck_assert_str_eq(told.code, "StateMachineAlreadyExists");
        create("{\"StartAt\":\"X\",\"States\":{}}", &told);
        tick();
        ck_assert_int_ne(told.status, GAL_OK);
        start_again("{}", "e", &told);
        tick();
        gal_engine_delete_machine(driver.engine, "m", on_told, &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        start_again("{}", "f", &told);
        tick();
        ck_assert_str_eq(told.code, "StateMachineDoesNotExist");
        restart(); /* the open execution of the deleted machine runs on */
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 1);
        driver.now_ms += 3000;
        tick();
        ck_assert_uint_eq(driver.closed, 1);
        finish_told(&told);
}
END_TEST

START_TEST(a_restart_goes_on_where_it_was)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };
        gal_auto_free char *identity = NULL;

        start(TIMED_TASK, "{}", "e", &told);
        tick();
        gal_task_started(driver.calls[0].handle);
        tick();
        identity = gal_strdup(driver.calls[0].identity);
        restart();
        ck_assert_uint_eq(driver.call_count, 1);
        ck_assert_str_eq(driver.calls[0].identity, identity);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 5000);
        driver.now_ms += 60000; /* down for a minute: the timeout is long due */
        restart();
        tick();
        restart(); /* in the middle of the back-off */
        ck_assert_uint_eq(driver.call_count, 0);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 1000);
        driver.now_ms += 1000;
        tick();
        ck_assert_uint_eq(driver.call_count, 1);
        gal_task_started(driver.calls[0].handle); /* two in one tick, and a second one after the restart */
        tick();
        restart();
        gal_task_started(driver.calls[0].handle);
        succeed(&driver.calls[0], "{}");
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert_uint_eq(history_length(ARN("e")), 10);
        finish_told(&told);
}
END_TEST

/* Killed with a commit under way that never reached the store: nobody was told, nothing went out. */
START_TEST(a_restart_forgets_what_was_not_committed)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(ONE_TASK, "{}", "e", &told);
        driver.hold_commits = true;
        tick();
        ck_assert_ptr_nonnull(driver.held);
        restart();
        ck_assert_uint_eq(told.count, 0);
        ck_assert_uint_eq(driver.call_count, 0);
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        start_again("{}", "e", &told);
        tick();
        ck_assert_uint_eq(told.count, 1);
        ck_assert_uint_eq(driver.call_count, 1);
        finish_told(&told);
}
END_TEST

#define LONG_WAIT                                                                                                  \
        "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"Next\":\"W2\"},"               \
        "\"W2\":{\"Type\":\"Wait\",\"Seconds\":7200,\"End\":true}}}"

START_TEST(a_long_wait_leaves_memory_and_comes_back_in_time)
{
        start(LONG_WAIT, "{}", "e", &driver.ignored);
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 3600000);
        driver.now_ms += 3599999;
        tick();
        ck_assert_uint_eq(history_length(ARN("e")), 2);
        driver.now_ms += 1;
        tick();
        ck_assert_uint_eq(history_length(ARN("e")), 4);
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        restart();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), driver.now_ms + 7200000);
        driver.now_ms += 10000000; /* down when it came due */
        restart();
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        ck_assert_int_eq(gal_engine_wake_ms(driver.engine), 0);
}
END_TEST

START_TEST(a_parked_execution_is_stopped_and_joined)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };

        start(LONG_WAIT, "{}", "e", &told);
        start_again("{}", "f", &told);
        tick();
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        start_again("{}", "e", &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_str_eq(told.arn, ARN("e"));
        start_again("{\"other\":1}", "f", &told);
        tick();
        ck_assert_str_eq(told.code, "ExecutionAlreadyExists");
        gal_engine_stop(driver.engine, ARN("f"), NULL, "enough", on_told, &told);
        tick();
        ck_assert_int_eq(told.status, GAL_OK);
        ck_assert_str_eq(status_of(ARN("f")), "ABORTED");
        driver.now_ms += 3600000;
        tick();
        driver.now_ms += 7200000;
        tick();
        ck_assert_str_eq(status_of(ARN("e")), "SUCCEEDED");
        finish_told(&told);
}
END_TEST

/* One of three has data that the store refuses: it alone stands still. */
START_TEST(refused_data_stops_nobody_else)
{
        struct told told = { GAL_OK, NULL, NULL, 0 };
        gal_auto_free char *bad = NULL, *stopped = NULL;

        start(WAIT, "{}", "a", &driver.ignored);
        start_again("{}", NULL, &told);
        start_again("{}", "b", &driver.ignored);
        tick();
        bad = gal_strdup(strrchr(told.arn, ':') + 1);
        driver.refused_id = bad;
        driver.now_ms += 3000;
        for (int i = 0; i < 3; i++) {
                tick();
                if (!gal_engine_is_lost(driver.engine))
                        continue;
                gal_engine_drop(driver.engine);
                ck_assert_int_eq(gal_engine_load(driver.engine, driver.now_ms, NULL), GAL_OK);
                gal_engine_resume(driver.engine);
        }
        tick();
        ck_assert(!gal_engine_is_lost(driver.engine));
        ck_assert_str_eq(status_of(ARN("a")), "SUCCEEDED");
        ck_assert_str_eq(status_of(ARN("b")), "SUCCEEDED");
        ck_assert_str_eq(status_of(told.arn), "RUNNING");
        ck_assert_uint_eq(gal_engine_open_count(driver.engine), 0);
        driver.refused_id = NULL;
        stopped = gal_strdup(told.arn);
        gal_engine_stop(driver.engine, stopped, NULL, NULL, on_told, &told);
        tick();
        ck_assert_str_eq(told.code, "ValidationException"); /* it is there, and stands still */
        finish_told(&told);
}
END_TEST

/* The former owner, asked for what the later one has begun, makes none of its calls. */
START_TEST(an_open_call_of_another_owner_is_not_made)
{
        struct gal_engine *former = driver.engine, *later;
        struct told told = { GAL_OK, NULL, NULL, 0 };

        make_engine();
        later = driver.engine;
        start(ONE_TASK, "{}", "e", &driver.ignored);
        tick();
        ck_assert_uint_eq(driver.call_count, 1);
        driver.engine = former;
        gal_engine_stop(former, ARN("e"), NULL, NULL, on_told, &told);
        tick();
        ck_assert(gal_engine_is_lost(former));
        ck_assert_int_eq(told.status, GAL_EIO);
        ck_assert_uint_eq(driver.call_count, 1);
        ck_assert_uint_eq(gal_engine_open_count(former), 0);
        ck_assert_str_eq(status_of(ARN("e")), "RUNNING");
        gal_engine_destroy(former);
        driver.engine = later;
        finish_told(&told);
}
END_TEST

START_TEST(a_loop_that_yielded_goes_on_after_a_restart)
{
        static const uint64_t random[4] = { 5, 6, 7, 8 };

        start(RING, "{}", "ring", &driver.ignored);
        gal_engine_tick(driver.engine, driver.now_ms, random);
        restart();
        ck_assert(gal_engine_has_work(driver.engine));
        tick();
        ck_assert_str_eq(status_of(ARN("ring")), "FAILED");
        ck_assert_uint_eq(history_length(ARN("ring")), 25000);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine");
        TCase *cases = tcase_create("engine");
        SRunner *runner;
        int failed;

        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, set_up, tear_down);
        tcase_add_test(cases, nothing_is_visible_before_its_commit);
        tcase_add_test(cases, what_comes_during_a_commit_waits_for_it);
        tcase_add_test(cases, a_failed_commit_loses_nothing_acknowledged);
        tcase_add_test(cases, an_unanswered_start_is_refused_when_the_store_is_lost);
        tcase_add_test(cases, a_failing_branch_cancels_its_sibling);
        tcase_add_test(cases, two_ends_in_one_tick);
        tcase_add_test(cases, a_timeout_cancels_the_call_and_a_retry_has_an_identity_of_its_own);
        tcase_add_test(cases, timers_never_fire_early);
        tcase_add_test(cases, stopping_cancels_what_runs);
        tcase_add_test(cases, a_stop_that_comes_too_late_says_when_it_ended);
        tcase_add_test(cases, a_busy_loop_starves_nobody);
        tcase_add_test(cases, names_are_checked_and_used_once);
        tcase_add_test(cases, an_oversized_input_is_refused);
        tcase_add_test(cases, machines_are_created_deleted_and_compared);
        tcase_add_test(cases, a_restart_goes_on_where_it_was);
        tcase_add_test(cases, a_restart_forgets_what_was_not_committed);
        tcase_add_test(cases, a_long_wait_leaves_memory_and_comes_back_in_time);
        tcase_add_test(cases, a_parked_execution_is_stopped_and_joined);
        tcase_add_test(cases, an_open_call_of_another_owner_is_not_made);
        tcase_add_test(cases, refused_data_stops_nobody_else);
        tcase_add_test(cases, a_loop_that_yielded_goes_on_after_a_restart);
        suite_add_tcase(suite, cases);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
