/*
 * test_machine.c: what a case file cannot say: comparing executions, reissued effects, tokens, histories without
 * data.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver.h"
#include "machine/history.h"

#define ACTIVITY DRIVER_ARN_PREFIX "activity:a"

/* A frame in every phase that lasts: a task, a Wait, a Map, a back-off, a Parallel around them; and a free place.
 */
static const char busy[] =
        "{'StartAt':'V','States':{'V':{'Type':'Pass','Assign':{'v':1},'Next':'P'},'P':{'Type':'Parallel','End':"
        "true,'Branches':["
        "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke.waitForTaskToken','"
        "TimeoutSeconds':60,"
        "'HeartbeatSeconds':9,'Parameters':{'FunctionName':'f','Payload':{'t.$':'$$.Task.Token'}},'End':true}}},"
        "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':50,'End':true}}},"
        "{'StartAt':'M','States':{'M':{'Type':'Map','MaxConcurrency':2,'End':true,'ItemProcessor':{'StartAt':'C','"
        "States':{"
        "'C':{'Type':'Choice','Choices':[{'Variable':'$','NumericEquals':0,'Next':'D'}],'Default':'I'},'D':{'Type':"
        "'Pass','End':true},"
        "'I':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:123456789012:function:i','End':true}}}}}},"
        "{'StartAt':'R','States':{'R':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:123456789012:function:r',"
        "'End':true,"
        "'Retry':[{'ErrorEquals':['X']},{'ErrorEquals':['E']}]}}},"
        "{'StartAt':'Z','States':{'Z':{'Type':'Pass','End':true}}}]}}}";

static struct gal_program *compile(const char *definition)
{
        gal_auto_free char *text = gal_strdup(definition), *fault = NULL;
        struct gal_program *program;

        for (char *c = text; *c != '\0'; c++)
                *c = *c == '\'' ? '"' : *c;
        program = driver_compile(text, strlen(text), &fault);
        ck_assert_msg(program != NULL, "%s", fault);
        return program;
}

static void start(struct driver *driver, const char *definition, const char *input)
{
        static const char *const activities[] = { ACTIVITY, NULL };
        struct driver_options options = { .seed = 1, .activities = activities };
        struct gal_program *program = compile(definition);
        struct gal_payload *payload = NULL;

        driver_init(driver, program, &options);
        gal_program_unref(program);
        ck_assert_int_eq(gal_payload_parse(input, strlen(input), &payload, NULL), GAL_OK);
        ck_assert_msg(driver_start(driver, payload), "%s", driver->fault);
        gal_payload_unref(payload);
}

/* The frame that stands in a state; of several, the one with the highest place. */
static struct gal_frame *frame_in(const struct gal_execution *execution, const char *state)
{
        struct gal_frame *found = NULL;

        for (uint32_t i = 0; i < execution->frame_count; i++) {
                struct gal_frame *frame = execution->frames[i];

                if (frame != NULL && strcmp(execution->program->states[frame->state].name, state) == 0)
                        found = frame;
        }
        ck_assert_msg(found != NULL, "no frame stands in %s", state);
        return found;
}

static void feed(struct driver *driver, enum gal_stimulus_kind kind, const char *state, struct gal_payload *payload)
{
        const struct gal_frame *frame = frame_in(driver->execution, state);
        struct gal_stimulus stimulus = { .kind = kind,
                                         .frame = frame->place,
                                         .scheduled_id = frame->attempt.scheduled_id,
                                         .payload = payload,
                                         .error = "E" };

        ck_assert_msg(driver_step(driver, &stimulus, 1), "%s", driver->fault);
}

static void start_busy(struct driver *driver)
{
        struct gal_payload *answer = gal_payload_new(json_object());

        start(driver, busy, "[0,1,2,3]");
        feed(driver, GAL_STIMULUS_TASK_STARTED, "T", NULL);
        feed(driver, GAL_STIMULUS_TASK_SUBMITTED, "T", answer);
        feed(driver, GAL_STIMULUS_TASK_STARTED, "R", NULL);
        feed(driver, GAL_STIMULUS_TASK_FAILED, "R", NULL);
        gal_payload_unref(answer);
}

/* Comparing. Each changes one member of the replica; the difference has to be noticed, and named. */

static void replace_payload(struct gal_payload **payload)
{
        gal_payload_unref(*payload);
        *payload = gal_payload_new(json_string("another"));
}

static void replace_text(char **text)
{
        free(*text);
        *text = gal_strdup("another");
}

#define CHANGE(name, statement)                                                                                    \
        static void change_##name(struct gal_execution *execution)                                                 \
        {                                                                                                          \
                statement;                                                                                         \
        }

CHANGE(execution_arn, replace_text(&execution->execution_arn))
CHANGE(execution_name, replace_text(&execution->execution_name))
CHANGE(machine_arn, replace_text(&execution->machine_arn))
CHANGE(machine_name, replace_text(&execution->machine_name))
CHANGE(role_arn, replace_text(&execution->role_arn))
CHANGE(status, execution->status = GAL_EXECUTION_FAILED)
CHANGE(last_id, execution->last_id++)
CHANGE(last_ms, execution->last_ms++)
CHANGE(started_ms, execution->started_ms++)
CHANGE(stopped_ms, execution->stopped_ms++)
CHANGE(execution_deadline, execution->deadline_ms++)
CHANGE(input, replace_payload(&execution->input))
CHANGE(output, replace_payload(&execution->output))
CHANGE(error, replace_text(&execution->error))
CHANGE(cause, replace_text(&execution->cause))
CHANGE(variables_size, execution->variables_size++)
CHANGE(free_places, execution->free_places[0]++)
CHANGE(graph, frame_in(execution, "W")->graph++)
CHANGE(index, frame_in(execution, "W")->index++)
CHANGE(state, frame_in(execution, "W")->state = frame_in(execution, "T")->state)
CHANGE(phase, frame_in(execution, "W")->phase = GAL_PHASE_BACKOFF)
CHANGE(frame_input, replace_payload(&frame_in(execution, "W")->input))
CHANGE(variables, json_object_set_new(execution->frames[0]->variables, "v", json_real(1)))
CHANGE(previous_id, frame_in(execution, "W")->previous_id++)
CHANGE(deadline, frame_in(execution, "W")->deadline_ms++)
CHANGE(entered_id, frame_in(execution, "W")->entered_id++)
CHANGE(entered_ms, frame_in(execution, "W")->entered_ms++)
CHANGE(retry_count, frame_in(execution, "R")->retry_count++)
CHANGE(retries, frame_in(execution, "R")->retries[1]++)
CHANGE(parent, frame_in(execution, "I")->parent = execution->frames[0])
CHANGE(scheduled_id, frame_in(execution, "T")->attempt.scheduled_id++)
CHANGE(attempt_input, replace_payload(&frame_in(execution, "T")->attempt.input))
CHANGE(token, replace_text(&frame_in(execution, "T")->attempt.token))
CHANGE(started, frame_in(execution, "T")->attempt.started = false)
CHANGE(submitted, frame_in(execution, "T")->attempt.submitted = false)
CHANGE(timeout, frame_in(execution, "T")->attempt.timeout_seconds++)
CHANGE(heartbeat, frame_in(execution, "T")->attempt.heartbeat_seconds++)
CHANGE(attempt_deadline, frame_in(execution, "T")->attempt.deadline_ms++)
CHANGE(heartbeat_deadline, frame_in(execution, "T")->attempt.heartbeat_deadline_ms++)
CHANGE(children_started, frame_in(execution, "M")->children.started++)
CHANGE(children_ended, frame_in(execution, "M")->children.ended++)
CHANGE(children_concurrency, frame_in(execution, "M")->children.concurrency++)
CHANGE(children_input, replace_payload(&frame_in(execution, "M")->children.input))
CHANGE(children_items, replace_payload(&frame_in(execution, "M")->children.items))
CHANGE(children_results, replace_payload(&frame_in(execution, "M")->children.results[0]))
CHANGE(children_first, frame_in(execution, "M")->children.first = frame_in(execution, "M")->children.last)
CHANGE(heap, execution->heap.count--)
CHANGE(ready, execution->ready_first = execution->frames[0])

static const struct {
        void (*change)(struct gal_execution *execution);
        const char *difference;
} changes[] = {
        { change_execution_arn, "execution_arn" },
        { change_execution_name, "execution_name" },
        { change_machine_arn, "machine_arn" },
        { change_machine_name, "machine_name" },
        { change_role_arn, "role_arn" },
        { change_status, "status" },
        { change_last_id, "last_id" },
        { change_last_ms, "last_ms" },
        { change_started_ms, "started_ms" },
        { change_stopped_ms, "stopped_ms" },
        { change_execution_deadline, "deadline_ms" },
        { change_input, "input" },
        { change_output, "output" },
        { change_error, "error" },
        { change_cause, "cause" },
        { change_variables_size, "variables_size" },
        { change_free_places, "free_places" },
        { change_graph, "graph" },
        { change_index, "index" },
        { change_state, "state" },
        { change_phase, "phase" },
        { change_frame_input, "input of a frame" },
        { change_variables, "variables" },
        { change_previous_id, "previous_id" },
        { change_deadline, "deadline_ms of a frame" },
        { change_entered_id, "entered_id" },
        { change_entered_ms, "entered_ms" },
        { change_retry_count, "retry_count" },
        { change_retries, "retries" },
        { change_parent, "parent" },
        { change_scheduled_id, "attempt.scheduled_id" },
        { change_attempt_input, "attempt.input" },
        { change_token, "attempt.token" },
        { change_started, "attempt.started" },
        { change_submitted, "attempt.submitted" },
        { change_timeout, "attempt.timeout_seconds" },
        { change_heartbeat, "attempt.heartbeat_seconds" },
        { change_attempt_deadline, "attempt.deadline_ms" },
        { change_heartbeat_deadline, "attempt.heartbeat_deadline_ms" },
        { change_children_started, "children.started" },
        { change_children_ended, "children.ended" },
        { change_children_concurrency, "children.concurrency" },
        { change_children_input, "children.input" },
        { change_children_items, "children.items" },
        { change_children_results, "children.results" },
        { change_children_first, "children.first" },
        { change_heap, "deadline heap" },
        { change_ready, "ready queue" },
};

/* The replica is broken afterwards; it stays as it is until the test's process ends (CK_FORK). */
START_TEST(a_difference_is_noticed)
{
        static struct driver driver;
        const char *difference;

        start_busy(&driver);
        ck_assert(gal_execution_equal(driver.execution, driver.replica, &difference));
        ck_assert_ptr_null(difference);
        changes[_i].change(driver.replica);
        ck_assert(!gal_execution_equal(driver.execution, driver.replica, &difference));
        ck_assert_str_eq(difference, changes[_i].difference);
        ck_assert(!gal_execution_equal(driver.execution, driver.replica, /* ret_difference= */ NULL));
}
END_TEST

/* Reissued effects. */

static const char many_calls[] =
        "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':["
        "{'StartAt':'New','States':{'New':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:123456789012:"
        "function:f','End':true}}},"
        "{'StartAt':'Begun','States':{'Begun':{'Type':'Task','Resource':'arn:aws:lambda:us-east-1:123456789012:"
        "function:f','End':true}}},"
        "{'StartAt':'Sent','States':{'Sent':{'Type':'Task','Resource':'arn:aws:states:::sqs:sendMessage."
        "waitForTaskToken','End':true}}},"
        "{'StartAt':'Open','States':{'Open':{'Type':'Task','Resource':'" ACTIVITY "','End':true}}},"
        "{'StartAt':'Held','States':{'Held':{'Type':'Task','Resource':'" ACTIVITY "','End':true}}},"
        "{'StartAt':'Wait','States':{'Wait':{'Type':'Wait','Seconds':50,'End':true}}}]}}}";

START_TEST(open_calls_are_reissued)
{
        static const char *const expected[] = { "New", "Begun", "Open" };
        struct gal_payload *answer = gal_payload_new(json_object());
        struct gal_step step = { .yielded = true };
        struct driver driver;

        start(&driver, many_calls, "{}");
        feed(&driver, GAL_STIMULUS_TASK_STARTED, "Begun", NULL);
        feed(&driver, GAL_STIMULUS_TASK_STARTED, "Sent", NULL);
        feed(&driver, GAL_STIMULUS_TASK_SUBMITTED, "Sent", answer);
        feed(&driver, GAL_STIMULUS_TASK_STARTED, "Held", NULL);
        gal_machine_reissue(driver.replica, &step);
        ck_assert_uint_eq(step.records.count, 0);
        ck_assert_uint_eq(step.effect_count, 3);
        for (size_t i = 0; i < 3; i++) {
                const struct gal_frame *frame = frame_in(driver.execution, expected[i]);

                ck_assert_int_eq(step.effects[i].kind, GAL_EFFECT_INVOKE);
                ck_assert_uint_eq(step.effects[i].frame, frame->place);
                ck_assert_uint_eq(step.effects[i].scheduled_id, frame->attempt.scheduled_id);
                ck_assert_uint_eq(step.effects[i].state, frame->state);
                ck_assert_str_eq(gal_payload_text(step.effects[i].input, NULL), "{}");
        }
        gal_step_finish(&step);
        gal_payload_unref(answer);
        driver_finish(&driver);
}
END_TEST

/* Tokens. */

static char *name_token(void *user, const struct gal_execution *execution, uint64_t scheduled_id,
                        const uint64_t nonce[2])
{
        (void)user;
        ck_assert(nonce[0] != nonce[1]);
        return gal_format("token of %s, %" PRIu64, execution->execution_name, scheduled_id);
}

START_TEST(a_token_names_its_attempt)
{
        struct gal_program *program = compile(busy);
        struct driver_options options = { .seed = 1 };
        struct gal_payload *input = gal_payload_new(json_array());
        const struct gal_frame *frame;
        struct driver driver;

        driver_init(&driver, program, &options);
        driver.env.make_token = name_token;
        ck_assert_msg(driver_start(&driver, input), "%s", driver.fault);
        frame = frame_in(driver.execution, "T");
        ck_assert_uint_eq(frame->attempt.scheduled_id, 7);
        ck_assert_str_eq(frame->attempt.token, "token of run, 7");
        ck_assert_str_eq(gal_payload_text(frame->attempt.input, NULL),
                         "{\"FunctionName\":\"f\",\"Payload\":{\"t\":\"token of run, 7\"}}");
        driver_finish(&driver);
        gal_program_unref(program);
        gal_payload_unref(input);
}
END_TEST

START_TEST(every_attempt_draws_its_own_token)
{
        static const char twice[] = "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::sqs:"
                                    "sendMessage.waitForTaskToken',"
                                    "'Retry':[{'ErrorEquals':['E']}],'End':true}}}";
        gal_auto_free char *first = NULL;
        struct driver driver;

        start(&driver, twice, "{}");
        first = gal_strdup(frame_in(driver.execution, "A")->attempt.token);
        ck_assert_uint_eq(strlen(first), 32);
        feed(&driver, GAL_STIMULUS_TASK_STARTED, "A", NULL);
        feed(&driver, GAL_STIMULUS_TASK_FAILED, "A", NULL);
        ck_assert_msg(driver_time(&driver, DRIVER_START_MS + 1000), "%s", driver.fault);
        ck_assert_str_ne(first, frame_in(driver.execution, "A")->attempt.token);
        driver_finish(&driver);
}
END_TEST

/* Histories. */

START_TEST(execution_data_can_be_left_out)
{
        static const char *const shown[] = {
                "{\"timestamp\":1767225600.000,\"type\":\"ExecutionStarted\",\"id\":1,\"previousEventId\":0,"
                "\"executionStartedEventDetails\":{\"roleArn\":\"" DRIVER_ROLE_ARN "\"}}",
                "{\"timestamp\":1767225600.000,\"type\":\"PassStateEntered\",\"id\":2,\"previousEventId\":0,"
                "\"stateEnteredEventDetails\":{\"name\":\"P\"}}",
                /* what is assigned and what is asked of a service stays (measured, section 11) */
                "{\"timestamp\":1767225600.000,\"type\":\"PassStateExited\",\"id\":3,\"previousEventId\":2,"
                "\"stateExitedEventDetails\":{\"name\":\"P\",\"assignedVariables\":{\"v\":\"[1]\"},"
                "\"assignedVariablesDetails\":{\"truncated\":false}}}",
                "{\"timestamp\":1767225600.000,\"type\":\"TaskStateEntered\",\"id\":4,\"previousEventId\":3,"
                "\"stateEnteredEventDetails\":{\"name\":\"A\"}}",
                "{\"timestamp\":1767225600.000,\"type\":\"TaskScheduled\",\"id\":5,\"previousEventId\":4,"
                "\"taskScheduledEventDetails\":{\"resourceType\":\"sqs\",\"resource\":\"sendMessage\",\"region\":"
                "\"us-east-1\","
                "\"parameters\":\"{}\"}}",
        };
        static const char definition[] =
                "{'StartAt':'P','States':{'P':{'Type':'Pass','Assign':{'v':[1]},'Next':'A'},"
                "'A':{'Type':'Task','Resource':'arn:aws:states:::sqs:sendMessage',"
                "'End':true}}}";
        struct gal_history_options options = { .omit_data = true };
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct driver driver;

        start(&driver, definition, "{}");
        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
                gal_buffer_clear(&text);
                gal_history_write(&text, driver.execution, &driver.records.items[i], &options);
                ck_assert_str_eq(text.data, shown[i]);
        }
        gal_buffer_finish(&text);
        driver_finish(&driver);
}
END_TEST

START_TEST(times_have_three_decimals)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_history_write_time(&text, 1767225600007);
        ck_assert_str_eq(text.data, "1767225600.007");
        gal_buffer_finish(&text);
}
END_TEST

/* Time and steps. */

START_TEST(a_step_without_stimuli_does_nothing)
{
        struct driver driver;
        uint64_t last_id;

        start(&driver, busy, "[]");
        last_id = driver.execution->last_id;
        ck_assert(driver_step(&driver, NULL, 0));
        ck_assert_uint_eq(driver.execution->last_id, last_id);
        ck_assert(driver_time(&driver, DRIVER_START_MS + 1));
        ck_assert_uint_eq(driver.execution->last_id, last_id);
        driver_finish(&driver);
}
END_TEST

/* Timers may be late; the end of an execution is not (measured, section 12). */
START_TEST(a_timeout_that_is_noticed_late)
{
        static const char definition[] =
                "{'StartAt':'W','TimeoutSeconds':5,'States':{'W':{'Type':'Wait','Seconds':9,"
                "'End':true}}}";
        struct driver driver;

        start(&driver, definition, "{}");
        ck_assert(driver_time(&driver, DRIVER_START_MS + 5007));
        ck_assert_int_eq(driver.execution->status, GAL_EXECUTION_TIMED_OUT);
        ck_assert_int_eq(driver.execution->stopped_ms, DRIVER_START_MS + 5000);
        driver_finish(&driver);
}
END_TEST

START_TEST(a_large_loop_yields)
{
        static const char loop[] = "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$','"
                                   "IsPresent':true,'Next':'B'}],'Default':'Z'},"
                                   "'B':{'Type':'Pass','Next':'A'},'Z':{'Type':'Succeed'}}}";
        struct driver_options options = { .seed = 1, .events_max = UINT64_MAX };
        struct gal_program *program = compile(loop);
        struct gal_payload *input = gal_payload_new(json_object());
        struct gal_stimulus begin = { .kind = GAL_STIMULUS_START, .payload = input };
        struct gal_stimulus stop = { .kind = GAL_STIMULUS_STOP };
        struct driver driver;

        driver_init(&driver, program, &options);
        ck_assert_msg(driver_step(&driver, &begin, 1), "%s", driver.fault);
        ck_assert(driver.step.yielded);
        ck_assert_uint_eq(driver.execution->last_id, 2001);                /* a thousand states entered and left */
        ck_assert_msg(driver_step(&driver, &stop, 1), "%s", driver.fault); /* between two steps it can be stopped */
        ck_assert_int_eq(driver.execution->status, GAL_EXECUTION_ABORTED);
        ck_assert(!driver.step.yielded);
        driver_finish(&driver);
        gal_program_unref(program);
        gal_payload_unref(input);
}
END_TEST

START_TEST(statuses_have_the_api_s_names)
{
        ck_assert_str_eq(gal_execution_status_name(GAL_EXECUTION_RUNNING), "RUNNING");
        ck_assert_str_eq(gal_execution_status_name(GAL_EXECUTION_SUCCEEDED), "SUCCEEDED");
        ck_assert_str_eq(gal_execution_status_name(GAL_EXECUTION_FAILED), "FAILED");
        ck_assert_str_eq(gal_execution_status_name(GAL_EXECUTION_TIMED_OUT), "TIMED_OUT");
        ck_assert_str_eq(gal_execution_status_name(GAL_EXECUTION_ABORTED), "ABORTED");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("machine");
        TCase *tcase = tcase_create("machine");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, a_difference_is_noticed, 0, (int)(sizeof(changes) / sizeof(changes[0])));
        tcase_add_test(tcase, open_calls_are_reissued);
        tcase_add_test(tcase, a_token_names_its_attempt);
        tcase_add_test(tcase, every_attempt_draws_its_own_token);
        tcase_add_test(tcase, execution_data_can_be_left_out);
        tcase_add_test(tcase, times_have_three_decimals);
        tcase_add_test(tcase, a_step_without_stimuli_does_nothing);
        tcase_add_test(tcase, a_timeout_that_is_noticed_late);
        tcase_add_test(tcase, a_large_loop_yields);
        tcase_add_test(tcase, statuses_have_the_api_s_names);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
