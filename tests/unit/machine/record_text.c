/*
 * record_text.c: every member of every shape. A member that is not written here is one that no test of determinism
 * sees.
 */
#include "record_text.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/json.h"
#include "machine/history.h"

static void write_number(struct gal_buffer *buffer, const char *name, int64_t value)
{
        gal_buffer_append_format(buffer, " %s=%" PRId64, name, value);
}

static void write_text(struct gal_buffer *buffer, const char *name, const char *text)
{
        gal_buffer_append_format(buffer, " %s=%s", name, text == NULL ? "-" : text);
}

static void write_value(struct gal_buffer *buffer, const char *name, const json_t *value)
{
        gal_auto_free char *text = value == NULL ? NULL : gal_json_text(value, NULL);

        write_text(buffer, name, text);
}

static void write_payload(struct gal_buffer *buffer, const char *name, const struct gal_payload *payload)
{
        write_value(buffer, name, payload == NULL ? NULL : payload->value);
}

static void write_shape(struct gal_buffer *buffer, const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_NONE:
                return;
        case GAL_SHAPE_STARTED:
                write_payload(buffer, "input", record->as.started.input);
                write_number(buffer, "deadline", record->as.started.deadline_ms);
                return;
        case GAL_SHAPE_OUTPUT:
                write_payload(buffer, "output", record->as.output.output);
                return;
        case GAL_SHAPE_FAILURE:
                write_text(buffer, "error", record->as.failure.error);
                write_text(buffer, "cause", record->as.failure.cause);
                return;
        case GAL_SHAPE_ENTERED:
                write_payload(buffer, "input", record->as.entered.input);
                return;
        case GAL_SHAPE_EXITED:
                write_payload(buffer, "output", record->as.exited.output);
                write_value(buffer, "assigned", record->as.exited.assigned);
                write_number(buffer, "next", record->as.exited.next);
                return;
        case GAL_SHAPE_SCHEDULED:
                write_payload(buffer, "input", record->as.scheduled.input);
                write_number(buffer, "timeout", record->as.scheduled.timeout_seconds);
                write_number(buffer, "heartbeat", record->as.scheduled.heartbeat_seconds);
                write_text(buffer, "role", record->as.scheduled.role_arn);
                write_text(buffer, "token", record->as.scheduled.token);
                write_number(buffer, "attempt", record->as.scheduled.attempt);
                return;
        case GAL_SHAPE_TASK_STARTED:
                write_text(buffer, "worker", record->as.task_started.worker);
                write_number(buffer, "deadline", record->as.task_started.deadline_ms);
                write_number(buffer, "heartbeat", record->as.task_started.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_SUBMITTED:
                write_payload(buffer, "output", record->as.submitted.output);
                write_number(buffer, "heartbeat", record->as.submitted.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_CHILDREN:
                write_payload(buffer, "input", record->as.children.input);
                write_payload(buffer, "items", record->as.children.items);
                write_number(buffer, "concurrency", record->as.children.concurrency);
                return;
        case GAL_SHAPE_ITERATION:
                write_number(buffer, "index", record->as.iteration.index);
                write_number(buffer, "parent", record->as.iteration.parent);
                write_payload(buffer, "input", record->as.iteration.input);
                return;
        case GAL_SHAPE_DEADLINE:
                write_number(buffer, "deadline", record->as.deadline.deadline_ms);
                return;
        case GAL_SHAPE_RETRY:
                write_number(buffer, "retrier", record->as.retry.retrier);
                write_number(buffer, "deadline", record->as.retry.deadline_ms);
                write_number(buffer, "delay", record->as.retry.delay_ms);
                return;
        }
}

void record_text_write(struct gal_buffer *buffer, const struct gal_execution *execution,
                       const struct gal_record *record)
{
        gal_buffer_append_text(buffer, gal_event_infos[record->type].name);
        write_number(buffer, "frame", record->frame);
        write_number(buffer, "state", record->state);
        write_number(buffer, "id", (int64_t)record->id);
        write_number(buffer, "previous", (int64_t)record->previous_id);
        write_number(buffer, "ms", record->time_ms);
        write_shape(buffer, record);
        if (!gal_event_is_internal(record->type)) {
                gal_buffer_append_text(buffer, " | ");
                gal_history_write(buffer, execution, record, /* options= */ NULL);
        }
        gal_buffer_append_char(buffer, '\n');
}

void effect_text_write(struct gal_buffer *buffer, const struct gal_effect *effect)
{
        static const char *const names[] = { "INVOKE", "CANCEL", "FINISH" };

        gal_buffer_append_format(buffer, "> %s", names[effect->kind]);
        write_number(buffer, "frame", effect->frame);
        write_number(buffer, "scheduled", (int64_t)effect->scheduled_id);
        write_number(buffer, "state", effect->state);
        write_number(buffer, "attempt", effect->attempt);
        write_payload(buffer, "input", effect->input);
        gal_buffer_append_char(buffer, '\n');
}
