/*
 * history.c: the API's view of a record, written straight into a buffer.
 *
 * Members per event: reference history, section 1. ExecutionStarted and what a task returned are shown as they
 * came, everything else compact (recordings: "started = verbatim, entered = compact"). Without execution data,
 * input, output and their details are left out and all else stays, variables and parameters too (measured, section
 * 11).
 */
#include "machine/history.h"

#include <string.h>

#include "base/arn.h"
#include "base/assert.h"
#include "base/json.h"

struct writer {
        struct gal_buffer *buffer;
        const struct gal_execution *execution;
        const struct gal_record *record;
        bool omit_data;
        bool first; /* no member of the details yet */
};

static void write_key(struct writer *writer, const char *key)
{
        if (!writer->first)
                gal_buffer_append_char(writer->buffer, ',');
        writer->first = false;
        gal_buffer_append_char(writer->buffer, '"');
        gal_buffer_append_text(writer->buffer, key);
        gal_buffer_append(writer->buffer, "\":", 2);
}

static void write_text(struct writer *writer, const char *key, const char *text)
{
        if (text == NULL)
                return;
        write_key(writer, key);
        gal_json_write_string(writer->buffer, text, strlen(text));
}

static void write_slice(struct writer *writer, const char *key, struct gal_slice slice)
{
        write_key(writer, key);
        gal_json_write_string(writer->buffer, slice.data, slice.len);
}

static void write_int(struct writer *writer, const char *key, int64_t value)
{
        write_key(writer, key);
        gal_buffer_append_int(writer->buffer, value);
}

/* A payload is JSON text in a string, with its details member beside it. */
static void write_payload(struct writer *writer, const char *key, struct gal_payload *payload, bool raw)
{
        size_t len;
        const char *text;

        if (writer->omit_data)
                return;
        text = raw ? gal_payload_raw(payload, &len) : gal_payload_text(payload, &len);
        write_key(writer, key);
        gal_json_write_string(writer->buffer, text, len);
        gal_buffer_append(writer->buffer, ",\"", 2);
        gal_buffer_append_text(writer->buffer, key);
        gal_buffer_append_text(writer->buffer, "Details\":{\"truncated\":false}");
}

static void write_assigned(struct writer *writer, json_t *assigned)
{
        const char *separator = "";
        const char *name;
        json_t *value;

        if (assigned == NULL || json_object_size(assigned) == 0)
                return;
        write_key(writer, "assignedVariables");
        gal_buffer_append_char(writer->buffer, '{');
        json_object_foreach(assigned, name, value)
        {
                struct gal_buffer text = GAL_BUFFER_INIT;

                gal_json_write(&text, value);
                gal_buffer_append_text(writer->buffer, separator);
                gal_json_write_string(writer->buffer, name, strlen(name));
                gal_buffer_append_char(writer->buffer, ':');
                gal_json_write_string(writer->buffer, text.data, text.len);
                gal_buffer_finish(&text);
                separator = ",";
        }
        gal_buffer_append_text(writer->buffer, "},\"assignedVariablesDetails\":{\"truncated\":false}");
}

static const struct gal_state *record_state(const struct writer *writer)
{
        gal_assert(writer->record->state < writer->execution->program->state_count);
        return &writer->execution->program->states[writer->record->state];
}

/* resourceType and resource, for the events of service calls. */
static void write_resource(struct writer *writer)
{
        const struct gal_task *task = &record_state(writer)->as.task;

        write_text(writer, "resourceType", task->service);
        write_text(writer, "resource", task->action);
}

static bool is_service_event(enum gal_event_type type)
{
        return type >= GAL_EVENT_TASK_SCHEDULED && type <= GAL_EVENT_TASK_TIMED_OUT;
}

static void write_scheduled(struct writer *writer)
{
        const struct gal_record *record = writer->record;
        struct gal_arn arn;

        if (record->type == GAL_EVENT_TASK_SCHEDULED) {
                write_resource(writer);
                if (gal_arn_parse(writer->execution->execution_arn, strlen(writer->execution->execution_arn), &arn))
                        write_slice(writer, "region", arn.region);
                write_text(writer, "parameters", gal_payload_text(record->as.scheduled.input, NULL));
        } else {
                write_text(writer, "resource", record_state(writer)->as.task.resource);
                write_payload(writer, "input", record->as.scheduled.input, /* raw= */ false);
        }
        if (record->as.scheduled.timeout_seconds != 0)
                write_int(writer, "timeoutInSeconds", record->as.scheduled.timeout_seconds);
        if (record->as.scheduled.heartbeat_seconds != 0 && record->type != GAL_EVENT_LAMBDA_FUNCTION_SCHEDULED)
                write_int(writer, "heartbeatInSeconds", record->as.scheduled.heartbeat_seconds);
        if (record->as.scheduled.role_arn != NULL) {
                write_key(writer, "taskCredentials");
                gal_buffer_append_text(writer->buffer, "{\"roleArn\":");
                gal_json_write_string(writer->buffer, record->as.scheduled.role_arn,
                                      strlen(record->as.scheduled.role_arn));
                gal_buffer_append_char(writer->buffer, '}');
        }
}

static void write_details(struct writer *writer)
{
        const struct gal_record *record = writer->record;

        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_STARTED:
                write_payload(writer, "input", record->as.started.input, /* raw= */ true);
                write_text(writer, "roleArn", writer->execution->role_arn);
                return;
        case GAL_SHAPE_OUTPUT:
                if (is_service_event(record->type))
                        write_resource(writer);
                write_payload(writer, "output", record->as.output.output,
                              /* raw= */ record->type != GAL_EVENT_EXECUTION_SUCCEEDED);
                return;
        case GAL_SHAPE_FAILURE:
                if (is_service_event(record->type))
                        write_resource(writer);
                write_text(writer, "error", record->as.failure.error);
                write_text(writer, "cause", record->as.failure.cause);
                return;
        case GAL_SHAPE_ENTERED:
                write_text(writer, "name", record_state(writer)->name);
                write_payload(writer, "input", record->as.entered.input, /* raw= */ false);
                return;
        case GAL_SHAPE_EXITED:
                write_text(writer, "name", record_state(writer)->name);
                write_payload(writer, "output", record->as.exited.output, /* raw= */ false);
                write_assigned(writer, record->as.exited.assigned);
                return;
        case GAL_SHAPE_SCHEDULED:
                write_scheduled(writer);
                return;
        case GAL_SHAPE_TASK_STARTED:
                if (is_service_event(record->type))
                        write_resource(writer);
                write_text(writer, "workerName", record->as.task_started.worker);
                return;
        case GAL_SHAPE_SUBMITTED:
                write_resource(writer);
                write_payload(writer, "output", record->as.submitted.output, /* raw= */ true);
                return;
        case GAL_SHAPE_CHILDREN:
                write_int(writer, "length", (int64_t)json_array_size(record->as.children.items->value));
                return;
        case GAL_SHAPE_ITERATION:
                write_text(writer, "name", record_state(writer)->name);
                write_int(writer, "index", record->as.iteration.index);
                return;
        case GAL_SHAPE_NONE:
        case GAL_SHAPE_DEADLINE:
        case GAL_SHAPE_RETRY:
                break;
        }
        gal_bug("event without details", record->type);
}

void gal_history_write_time(struct gal_buffer *buffer, int64_t ms)
{
        int fraction = (int)(ms % 1000);
        char digits[4] = { '.', (char)('0' + fraction / 100), (char)('0' + fraction / 10 % 10),
                           (char)('0' + fraction % 10) };

        gal_buffer_append_int(buffer, ms / 1000);
        gal_buffer_append(buffer, digits, sizeof(digits));
}

void gal_history_write(struct gal_buffer *buffer, const struct gal_execution *execution,
                       const struct gal_record *record, const struct gal_history_options *options)
{
        const struct gal_event_info *info = &gal_event_infos[record->type];
        struct writer writer = { .buffer = buffer,
                                 .execution = execution,
                                 .record = record,
                                 .omit_data = options != NULL && options->omit_data,
                                 .first = true };

        gal_assert(!gal_event_is_internal(record->type));
        gal_buffer_append_text(buffer, "{\"timestamp\":");
        gal_history_write_time(buffer, record->time_ms);
        gal_buffer_append_text(buffer, ",\"type\":\"");
        gal_buffer_append_text(buffer, info->name);
        gal_buffer_append_text(buffer, "\",\"id\":");
        gal_buffer_append_uint(buffer, record->id);
        gal_buffer_append_text(buffer, ",\"previousEventId\":");
        gal_buffer_append_uint(buffer, record->previous_id);
        if (info->member != NULL) {
                gal_buffer_append_text(buffer, ",\"");
                gal_buffer_append_text(buffer, info->member);
                gal_buffer_append_text(buffer, "\":{");
                write_details(&writer);
                gal_buffer_append_char(buffer, '}');
        }
        gal_buffer_append_char(buffer, '}');
}
