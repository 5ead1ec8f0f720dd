/*
 * task.c: the life of a task attempt: scheduled, started, submitted, ended by a result or by its time.
 *
 * The same life has three sets of events: of a function called directly, of an activity, of a service call.
 */
#include "machine/turn.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"

enum task_event { SCHEDULED, STARTED, SUCCEEDED, FAILED, TIMED_OUT };

static const enum gal_event_type task_events[][5] = {
        [GAL_RESOURCE_FUNCTION] = { GAL_EVENT_LAMBDA_FUNCTION_SCHEDULED, GAL_EVENT_LAMBDA_FUNCTION_STARTED,
                                    GAL_EVENT_LAMBDA_FUNCTION_SUCCEEDED, GAL_EVENT_LAMBDA_FUNCTION_FAILED,
                                    GAL_EVENT_LAMBDA_FUNCTION_TIMED_OUT },
        [GAL_RESOURCE_ACTIVITY] = { GAL_EVENT_ACTIVITY_SCHEDULED, GAL_EVENT_ACTIVITY_STARTED,
                                    GAL_EVENT_ACTIVITY_SUCCEEDED, GAL_EVENT_ACTIVITY_FAILED,
                                    GAL_EVENT_ACTIVITY_TIMED_OUT },
        [GAL_RESOURCE_SERVICE] = { GAL_EVENT_TASK_SCHEDULED, GAL_EVENT_TASK_STARTED, GAL_EVENT_TASK_SUCCEEDED,
                                   GAL_EVENT_TASK_FAILED, GAL_EVENT_TASK_TIMED_OUT },
};

/* Members that a service call may have; the first of them is required (reference: integrations, section 2). */
struct service_members {
        const char *service;
        const char *action; /* without its pattern */
        struct service_member {
                const char *name;
                bool any; /* any JSON, else a string */
        } members[8];
};

static const struct service_members service_members[] = {
        { "lambda",
          "invoke",
          /* LogType is in use, though not in the guide's list. */
          { { "FunctionName", false },
            { "ClientContext", false },
            { "InvocationType", false },
            { "LogType", false },
            { "Payload", true },
            { "Qualifier", false } } },
};

static const struct service_members *find_members(const struct gal_task *task)
{
        for (size_t i = 0; i < sizeof(service_members) / sizeof(service_members[0]); i++) {
                size_t len = strlen(service_members[i].action);

                if (strcmp(service_members[i].service, task->service) == 0 &&
                    strncmp(service_members[i].action, task->action, len) == 0 &&
                    (task->action[len] == '\0' || task->action[len] == '.'))
                        return &service_members[i];
        }
        return NULL;
}

static const struct service_member *find_member(const struct service_members *members, const char *name)
{
        for (const struct service_member *member = members->members; member->name != NULL; member++) {
                if (strcmp(member->name, name) == 0)
                        return member;
        }
        return NULL;
}

static void add_reason(struct gal_buffer *reasons, const char *before, const char *name, const char *after)
{
        gal_buffer_append_format(reasons, "%s%s '%s' %s", reasons->len > 0 ? ", " : "", before, name, after);
}

static bool check_parameters(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *parameters)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        const struct service_members *members = find_members(task);
        struct gal_buffer reasons = GAL_BUFFER_INIT;
        const char *name;
        json_t *value;

        if (members == NULL)
                return true;
        if (json_object_get(parameters->value, members->members[0].name) == NULL)
                add_reason(&reasons, "The field", members->members[0].name, "is required but was missing");
        json_object_foreach(parameters->value, name, value)
        {
                const struct service_member *member = find_member(members, name);

                if (member == NULL)
                        add_reason(&reasons, "The field", name, "is not supported by Step Functions");
                else if (!member->any && !json_is_string(value))
                        add_reason(&reasons, "The value of the field", name, "has an invalid format");
        }
        if (reasons.len == 0)
                return true;
        gal_turn_fail_runtime(turn, frame, "The Parameters '%s' could not be used to start the Task: [%s]",
                              gal_payload_text(parameters, NULL), reasons.data);
        gal_buffer_finish(&reasons);
        return false;
}

/* InputPath, then Parameters, in a scope where $$.Task.Token is the attempt's. */
static bool task_input(struct gal_turn *turn, struct gal_frame *frame, const char *token,
                       struct gal_payload **ret_input, struct gal_payload **ret_parameters,
                       json_t **ret_credentials)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_turn_scope scope;
        json_t *parameters = NULL;
        enum gal_status status = GAL_OK;

        *ret_credentials = NULL;
        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, ret_input))
                return false;
        gal_turn_scope_init(&scope, turn, frame, (*ret_input)->value);
        scope.token = token;
        if (state->parameters != NULL)
                status = gal_template_evaluate(state->parameters, &scope.scope, &parameters, &failure);
        if (status == GAL_OK && state->as.task.credentials != NULL)
                status = gal_template_evaluate(state->as.task.credentials, &scope.scope, ret_credentials, &failure);
        gal_turn_scope_finish(&scope);
        if (status != GAL_OK) {
                json_decref(parameters);
                gal_payload_unref(*ret_input);
                gal_turn_fail_evaluation(turn, frame, &failure);
                return false;
        }
        *ret_parameters = parameters != NULL ? gal_payload_new(parameters) : gal_payload_ref(*ret_input);
        return true;
}

static char *make_token(struct gal_turn *turn)
{
        uint64_t nonce[2] = { gal_random_next(&turn->env->random), gal_random_next(&turn->env->random) };

        if (turn->env->make_token != NULL)
                return turn->env->make_token(turn->env->user, turn->execution, turn->execution->last_id + 1, nonce);
        return gal_format("%016" PRIx64 "%016" PRIx64, nonce[0], nonce[1]);
}

/* A .sync task too: who was given its token may end it early (recordings: callback.sync_with_task_token). */
static bool needs_token(const struct gal_task *task)
{
        return task->resource_kind == GAL_RESOURCE_ACTIVITY || task->pattern != GAL_PATTERN_REQUEST_RESPONSE;
}

static void emit_scheduled(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *parameters,
                           const char *token, const json_t *credentials, int64_t timeout, int64_t heartbeat)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        struct gal_record *record =
                gal_turn_begin(turn, task_events[task->resource_kind][SCHEDULED], frame->place, frame->previous_id);

        if (record == NULL)
                return;
        record->as.scheduled.input = gal_payload_ref(parameters);
        record->as.scheduled.timeout_seconds = timeout;
        record->as.scheduled.heartbeat_seconds = heartbeat;
        record->as.scheduled.token = gal_strdup(token);
        record->as.scheduled.role_arn = gal_strdup(json_string_value(json_object_get(credentials, "RoleArn")));
        record->as.scheduled.attempt = frame->retry_count;
        gal_turn_end(turn, record);
        gal_turn_effect(turn, GAL_EFFECT_INVOKE, frame, frame->attempt.scheduled_id, parameters);
}

/* A task must not run under another role than the one it asks for. The text is ours: none was measured. */
static bool check_role(struct gal_turn *turn, struct gal_frame *frame, const json_t *credentials)
{
        const json_t *role = json_object_get(credentials, "RoleArn");
        gal_auto_free char *text = NULL;

        if (role == NULL || json_is_string(role))
                return true;
        text = gal_failure_value_text(role);
        gal_turn_fail_runtime(turn, frame, "The field 'RoleArn' of Credentials must be a string, but was: %s",
                              text);
        return false;
}

static bool check_task(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *parameters)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;

        /* First: what is nested too deep cannot be shown in a cause. */
        if (gal_payload_exceeds(parameters, GAL_PAYLOAD_SIZE_MAX)) {
                gal_turn_fail_size(turn, frame, "provided parameters");
                return false;
        }
        if (task->resource_kind == GAL_RESOURCE_SERVICE && !check_parameters(turn, frame, parameters))
                return false;
        if (task->resource_kind == GAL_RESOURCE_ACTIVITY &&
            (turn->env->activity_exists == NULL || !turn->env->activity_exists(turn->env->user, task->resource))) {
                gal_turn_fail_runtime(turn, frame, "Activity Does Not Exist: '%s'", task->resource);
                return false;
        }
        return true;
}

void gal_task_schedule(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        gal_auto_free char *token = needs_token(task) ? make_token(turn) : NULL;
        struct gal_payload *input, *parameters;
        int64_t timeout, heartbeat;
        json_t *credentials;

        if (!task_input(turn, frame, token, &input, &parameters, &credentials))
                return;
        if (gal_turn_number(turn, frame, &task->timeout_seconds, "TimeoutSecondsPath", input->value, 1, 0,
                            &timeout) &&
            gal_turn_number(turn, frame, &task->heartbeat_seconds, "HeartbeatSecondsPath", input->value, 1, 0,
                            &heartbeat) &&
            check_role(turn, frame, credentials) && check_task(turn, frame, parameters))
                emit_scheduled(turn, frame, parameters, token, credentials, timeout, heartbeat);
        gal_payload_unref(input);
        gal_payload_unref(parameters);
        json_decref(credentials);
}

static int64_t deadline_after(int64_t base_ms, int64_t seconds)
{
        return seconds == 0 ? 0 : base_ms + seconds * 1000;
}

/* The clocks start here: for an activity when a worker takes the task (measured, section 12). */
static void task_started(struct gal_turn *turn, struct gal_frame *frame, const struct gal_stimulus *stimulus)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        struct gal_record *record;

        if (frame->attempt.started)
                return; /* started again after a restart: the first time counts */
        record = gal_turn_begin(turn, task_events[task->resource_kind][STARTED], frame->place, frame->previous_id);
        if (record == NULL)
                return;
        record->as.task_started.worker = gal_strdup(stimulus->worker);
        record->as.task_started.deadline_ms = deadline_after(record->time_ms, frame->attempt.timeout_seconds);
        record->as.task_started.heartbeat_deadline_ms =
                deadline_after(record->time_ms, frame->attempt.heartbeat_seconds);
        gal_turn_end(turn, record);
}

static void task_submitted(struct gal_turn *turn, struct gal_frame *frame, const struct gal_stimulus *stimulus)
{
        struct gal_record *record;

        if (frame->attempt.submitted || !frame->attempt.started)
                return;
        record = gal_turn_begin(turn, GAL_EVENT_TASK_SUBMITTED, frame->place, frame->previous_id);
        if (record == NULL)
                return;
        record->as.submitted.output = gal_payload_ref(stimulus->payload);
        record->as.submitted.heartbeat_deadline_ms =
                deadline_after(record->time_ms, frame->attempt.heartbeat_seconds);
        gal_turn_end(turn, record);
}

static void task_heartbeat(struct gal_turn *turn, struct gal_frame *frame)
{
        struct gal_record *record;

        if (frame->attempt.heartbeat_seconds == 0 || !frame->attempt.started)
                return;
        record = gal_turn_begin(turn, GAL_EVENT_TASK_HEARTBEAT, frame->place, frame->previous_id);
        if (record == NULL)
                return;
        record->as.deadline.deadline_ms = deadline_after(record->time_ms, frame->attempt.heartbeat_seconds);
        gal_turn_end(turn, record);
}

static void task_failed(struct gal_turn *turn, struct gal_frame *frame, const char *error, const char *cause)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        struct gal_fault fault = { .error = error, .cause = cause, .of_task = true };

        if (!gal_turn_emit_failure(turn, task_events[task->resource_kind][FAILED], frame, frame->previous_id, error,
                                   cause))
                return;
        fault.fatal = error != NULL && strcmp(error, "States.Runtime") == 0;
        gal_turn_fail(turn, frame, &fault);
}

static void task_succeeded(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *result)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        struct gal_record *record;

        if (gal_payload_exceeds(result, GAL_PAYLOAD_SIZE_MAX)) {
                gal_auto_free char *cause = gal_format(
                        "The state/task '%s' returned a result with a size exceeding the maximum number of bytes "
                        "service limit.",
                        task->service != NULL ? task->service : task->resource);

                task_failed(turn, frame, "States.DataLimitExceeded", cause);
                return;
        }
        record =
                gal_turn_begin(turn, task_events[task->resource_kind][SUCCEEDED], frame->place, frame->previous_id);
        if (record == NULL)
                return;
        record->as.output.output = gal_payload_ref(result);
        gal_turn_end(turn, record);
        gal_turn_finish(turn, frame, result);
}

/* Not when it starts what was started before, nor when the history has no room for its event. */
static bool is_taken(const struct gal_turn *turn, const struct gal_frame *frame, enum gal_stimulus_kind kind)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;

        if (kind == GAL_STIMULUS_TASK_HEARTBEAT)
                return true;
        if (kind == GAL_STIMULUS_TASK_STARTED && frame->attempt.started)
                return false;
        return gal_turn_has_room(turn, task_events[task->resource_kind][STARTED]);
}

void gal_task_stimulus(struct gal_turn *turn, const struct gal_stimulus *stimulus)
{
        struct gal_frame *frame = gal_execution_frame(turn->execution, stimulus->frame);

        if (frame == NULL || frame->phase != GAL_PHASE_TASK ||
            frame->attempt.scheduled_id != stimulus->scheduled_id)
                return; /* the attempt is over: it came too late */
        if (stimulus->ret_taken != NULL)
                *stimulus->ret_taken = is_taken(turn, frame, stimulus->kind);
        switch (stimulus->kind) {
        case GAL_STIMULUS_TASK_STARTED:
                task_started(turn, frame, stimulus);
                return;
        case GAL_STIMULUS_TASK_SUBMITTED:
                task_submitted(turn, frame, stimulus);
                return;
        case GAL_STIMULUS_TASK_SUCCEEDED:
                task_succeeded(turn, frame, stimulus->payload);
                return;
        case GAL_STIMULUS_TASK_FAILED:
                task_failed(turn, frame, stimulus->error, stimulus->cause);
                return;
        case GAL_STIMULUS_TASK_HEARTBEAT:
                task_heartbeat(turn, frame);
                return;
        case GAL_STIMULUS_START:
        case GAL_STIMULUS_TIME:
        case GAL_STIMULUS_CONTINUE:
        case GAL_STIMULUS_STOP:
                break;
        }
        gal_bug("task stimulus", stimulus->kind);
}

void gal_task_time_out(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_task *task = &gal_turn_state(turn, frame)->as.task;
        uint64_t scheduled_id = frame->attempt.scheduled_id;

        /* The event ends the attempt; when it was one too many, the end of the execution has cancelled the call. */
        if (gal_turn_emit_failure(turn, task_events[task->resource_kind][TIMED_OUT], frame, frame->previous_id,
                                  "States.Timeout", NULL))
                gal_turn_effect(turn, GAL_EFFECT_CANCEL, frame, scheduled_id, NULL);
}

void gal_task_timed_out_fault(struct gal_turn *turn, struct gal_frame *frame, bool heartbeat)
{
        struct gal_fault fault = { .error = "States.Timeout", .of_task = true, .timed_out = heartbeat };

        gal_turn_fail(turn, frame, &fault);
}
