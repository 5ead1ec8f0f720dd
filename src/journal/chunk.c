/*
 * chunk.c: the records of one commit; one function a direction, both driven by the shape of the record
 * (machine/event.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "journal/members.h"

/* Writing. */

static void put_details(struct gal_row_writer *writer, const struct gal_program *program,
                        const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_NONE:
                return;
        case GAL_SHAPE_STARTED:
                gal_put_payload(writer, "input", record->as.started.input);
                gal_put_int(writer, "deadline", record->as.started.deadline_ms);
                return;
        case GAL_SHAPE_OUTPUT:
                gal_put_payload(writer, "output", record->as.output.output);
                return;
        case GAL_SHAPE_FAILURE:
                gal_put_text(writer, "error", record->as.failure.error);
                gal_put_text(writer, "cause", record->as.failure.cause);
                return;
        case GAL_SHAPE_ENTERED:
                gal_put_payload(writer, "input", record->as.entered.input);
                return;
        case GAL_SHAPE_EXITED:
                gal_put_payload(writer, "output", record->as.exited.output);
                gal_put_variables(writer, "assigned", record->as.exited.assigned);
                if (record->as.exited.next != GAL_STATE_NONE)
                        gal_put_text(writer, "next", program->states[record->as.exited.next].name);
                return;
        case GAL_SHAPE_SCHEDULED:
                gal_put_payload(writer, "input", record->as.scheduled.input);
                gal_put_int(writer, "timeout", record->as.scheduled.timeout_seconds);
                gal_put_int(writer, "heartbeat", record->as.scheduled.heartbeat_seconds);
                gal_put_text(writer, "role", record->as.scheduled.role_arn);
                gal_put_text(writer, "token", record->as.scheduled.token);
                gal_put_int(writer, "attempt", record->as.scheduled.attempt);
                return;
        case GAL_SHAPE_TASK_STARTED:
                gal_put_text(writer, "worker", record->as.task_started.worker);
                gal_put_int(writer, "deadline", record->as.task_started.deadline_ms);
                gal_put_int(writer, "heartbeatDeadline", record->as.task_started.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_SUBMITTED:
                gal_put_payload(writer, "output", record->as.submitted.output);
                gal_put_int(writer, "heartbeatDeadline", record->as.submitted.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_CHILDREN:
                gal_put_payload(writer, "input", record->as.children.input);
                gal_put_payload(writer, "items", record->as.children.items);
                gal_put_int(writer, "concurrency", record->as.children.concurrency);
                return;
        case GAL_SHAPE_ITERATION:
                gal_put_int(writer, "index", record->as.iteration.index);
                gal_put_int(writer, "parent", record->as.iteration.parent);
                gal_put_payload(writer, "input", record->as.iteration.input);
                return;
        case GAL_SHAPE_DEADLINE:
                gal_put_int(writer, "deadline", record->as.deadline.deadline_ms);
                return;
        case GAL_SHAPE_RETRY:
                gal_put_int(writer, "retrier", record->as.retry.retrier);
                gal_put_int(writer, "deadline", record->as.retry.deadline_ms);
                gal_put_int(writer, "delay", record->as.retry.delay_ms);
                return;
        }
}

void gal_journal_encode(struct gal_buffer *buffer, const struct gal_program *program,
                        const struct gal_records *records, uint64_t owner)
{
        struct gal_row_writer row = { .buffer = buffer, .owner = owner };
        struct gal_row_writer *writer = &row;

        gal_buffer_append_format(buffer, "{\"v\":%d,\"records\":[", GAL_JOURNAL_VERSION);
        for (size_t i = 0; i < records->count; i++) {
                const struct gal_record *record = &records->items[i];

                writer->event_id = record->id;
                gal_buffer_append_text(buffer, i == 0 ? "{\"t\":\"" : ",{\"t\":\"");
                gal_buffer_append_text(buffer, gal_event_infos[record->type].name);
                gal_buffer_append_char(buffer, '"');
                gal_put_int(writer, "f", record->frame);
                if (record->state != GAL_STATE_NONE)
                        gal_put_text(writer, "s", program->states[record->state].name);
                gal_put_int(writer, "i", (int64_t)record->id);
                gal_put_int(writer, "p", (int64_t)record->previous_id);
                gal_put_int(writer, "ms", record->time_ms);
                put_details(writer, program, record);
                gal_buffer_append_char(buffer, '}');
        }
        gal_buffer_append_text(buffer, "]}");
        free(writer->payloads.items);
}

/* Reading. */

static void get_details(struct gal_row_reader *reader, const struct gal_program *program, const json_t *object,
                        struct gal_record *record)
{
        const struct gal_state *next;
        const char *name;

        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_NONE:
                return;
        case GAL_SHAPE_STARTED:
                record->as.started.input = gal_get_payload(reader, object, "input");
                record->as.started.deadline_ms = gal_get_int(object, "deadline");
                return;
        case GAL_SHAPE_OUTPUT:
                record->as.output.output = gal_get_payload(reader, object, "output");
                return;
        case GAL_SHAPE_FAILURE:
                record->as.failure.error = gal_get_text(object, "error");
                record->as.failure.cause = gal_get_text(object, "cause");
                return;
        case GAL_SHAPE_ENTERED:
                record->as.entered.input = gal_get_payload(reader, object, "input");
                return;
        case GAL_SHAPE_EXITED:
                record->as.exited.output = gal_get_payload(reader, object, "output");
                record->as.exited.assigned = json_incref(json_object_get(object, "assigned"));
                name = json_string_value(json_object_get(object, "next"));
                next = name == NULL ? NULL : gal_program_find(program, name);
                record->as.exited.next = next == NULL ? GAL_STATE_NONE : next->index;
                return;
        case GAL_SHAPE_SCHEDULED:
                record->as.scheduled.input = gal_get_payload(reader, object, "input");
                record->as.scheduled.timeout_seconds = gal_get_int(object, "timeout");
                record->as.scheduled.heartbeat_seconds = gal_get_int(object, "heartbeat");
                record->as.scheduled.role_arn = gal_get_text(object, "role");
                record->as.scheduled.token = gal_get_text(object, "token");
                record->as.scheduled.attempt = (uint32_t)gal_get_int(object, "attempt");
                return;
        case GAL_SHAPE_TASK_STARTED:
                record->as.task_started.worker = gal_get_text(object, "worker");
                record->as.task_started.deadline_ms = gal_get_int(object, "deadline");
                record->as.task_started.heartbeat_deadline_ms = gal_get_int(object, "heartbeatDeadline");
                return;
        case GAL_SHAPE_SUBMITTED:
                record->as.submitted.output = gal_get_payload(reader, object, "output");
                record->as.submitted.heartbeat_deadline_ms = gal_get_int(object, "heartbeatDeadline");
                return;
        case GAL_SHAPE_CHILDREN:
                record->as.children.input = gal_get_payload(reader, object, "input");
                record->as.children.items = gal_get_payload(reader, object, "items");
                record->as.children.concurrency = (uint32_t)gal_get_int(object, "concurrency");
                return;
        case GAL_SHAPE_ITERATION:
                record->as.iteration.index = (uint32_t)gal_get_int(object, "index");
                record->as.iteration.parent = (uint32_t)gal_get_int(object, "parent");
                record->as.iteration.input = gal_get_payload(reader, object, "input");
                return;
        case GAL_SHAPE_DEADLINE:
                record->as.deadline.deadline_ms = gal_get_int(object, "deadline");
                return;
        case GAL_SHAPE_RETRY:
                record->as.retry.retrier = (uint32_t)gal_get_int(object, "retrier");
                record->as.retry.deadline_ms = gal_get_int(object, "deadline");
                record->as.retry.delay_ms = gal_get_int(object, "delay");
                return;
        }
}

static bool find_type(const char *name, enum gal_event_type *ret_type)
{
        for (int i = 0; name != NULL && i < GAL_EVENT_COUNT; i++) {
                if (strcmp(gal_event_infos[i].name, name) == 0) {
                        *ret_type = (enum gal_event_type)i;
                        return true;
                }
        }
        return false;
}

static enum gal_status decode_record(struct gal_row_reader *reader, const struct gal_program *program,
                                     const json_t *object, struct gal_records *records)
{
        const char *name = json_string_value(json_object_get(object, "t"));
        const char *state_name = json_string_value(json_object_get(object, "s"));
        const struct gal_state *state = state_name == NULL ? NULL : gal_program_find(program, state_name);
        struct gal_record *record;
        enum gal_event_type type;

        if (!find_type(name, &type))
                return gal_fail(reader->error, GAL_EINVALID, GAL_NOWHERE, "unknown record type \"%s\"",
                                name == NULL ? "" : name);
        if (state == NULL && state_name != NULL)
                return gal_fail(reader->error, GAL_EINVALID, GAL_NOWHERE, "the definition has no state \"%s\"",
                                state_name);
        record = gal_records_add(records);
        record->type = type;
        record->frame = (uint32_t)gal_get_int(object, "f");
        record->state = state == NULL ? GAL_STATE_NONE : state->index;
        record->id = (uint64_t)gal_get_int(object, "i");
        record->previous_id = (uint64_t)gal_get_int(object, "p");
        record->time_ms = gal_get_int(object, "ms");
        reader->event_id = record->id;
        get_details(reader, program, object, record);
        return reader->status;
}

/* Version 1 had no references to other chunks; all else is as it was. */
static enum gal_status check_version(const json_t *document, struct gal_error *error)
{
        int64_t version = gal_get_int(document, "v");

        if (version >= 1 && version <= GAL_JOURNAL_VERSION)
                return GAL_OK;
        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                        "a chunk of version %lld; this build reads versions 1 to %d", (long long)version,
                        GAL_JOURNAL_VERSION);
}

enum gal_status gal_journal_decode(const char *body, size_t len, const struct gal_program *program,
                                   struct gal_journal_source *source, struct gal_records *records,
                                   struct gal_error *error)
{
        struct gal_row_reader reader = { .source = source, .error = error };
        json_auto_t *document = NULL;
        enum gal_status status = gal_json_read_envelope(body, len, &document, error);
        size_t index;
        json_t *object;

        if (status == GAL_OK)
                status = check_version(document, error);
        if (status != GAL_OK)
                return status;
        json_array_foreach(json_object_get(document, "records"), index, object)
        {
                status = decode_record(&reader, program, object, records);
                if (status != GAL_OK)
                        break;
        }
        free(reader.payloads.items);
        return status;
}
