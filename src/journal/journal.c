/*
 * journal.c: one function a direction, both driven by the shape of the record (machine/event.h).
 */
#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

/* From this size on a payload is written once; it is looked for among the latest, as states hand it on. */
#define SHARED_SIZE_MIN 64
#define SHARED_STEPS_MAX 32

/* Writing. */

static void put_key(struct gal_buffer *buffer, const char *key)
{
        gal_buffer_append(buffer, ",\"", 2);
        gal_buffer_append_text(buffer, key);
        gal_buffer_append(buffer, "\":", 2);
}

static void put_int(struct gal_buffer *buffer, const char *key, int64_t value)
{
        if (value == 0)
                return; /* absent reads back as 0 */
        put_key(buffer, key);
        gal_buffer_append_int(buffer, value);
}

static void put_text(struct gal_buffer *buffer, const char *key, const char *text)
{
        if (text == NULL)
                return;
        put_key(buffer, key);
        gal_json_write_string(buffer, text, strlen(text));
}

/* The payloads that a chunk holds in full, in their order: that of put_details(), which get_details() must keep to.
 */
struct payloads {
        struct gal_payload **items; /* borrowed */
        size_t count;
        size_t size;
};

static void add_payload(struct payloads *payloads, struct gal_payload *payload)
{
        if (payloads->count == payloads->size) {
                payloads->size = payloads->size == 0 ? 16 : payloads->size * 2;
                payloads->items = gal_realloc(payloads->items, payloads->size, sizeof(*payloads->items));
        }
        payloads->items[payloads->count++] = payload;
}

static bool find_payload(const struct payloads *payloads, const struct gal_payload *payload, size_t *ret_index)
{
        for (size_t i = payloads->count, steps = 0; i > 0 && steps < SHARED_STEPS_MAX; i--, steps++) {
                if (payloads->items[i - 1] == payload) {
                        *ret_index = i - 1;
                        return true;
                }
        }
        return false;
}

static void put_payload(struct gal_buffer *buffer, struct payloads *payloads, const char *key,
                        struct gal_payload *payload)
{
        const char *text;
        size_t len, index;

        if (payload == NULL)
                return;
        text = gal_payload_text(payload, &len);
        if (len >= SHARED_SIZE_MIN && find_payload(payloads, payload, &index)) {
                gal_buffer_append_format(buffer, ",\"%s@\":%zu", key, index);
                return;
        }
        add_payload(payloads, payload);
        put_key(buffer, key);
        gal_buffer_append(buffer, text, len);
        if (payload->raw == NULL)
                return;
        gal_buffer_append_format(buffer, ",\"%s$\":", key);
        gal_json_write_string(buffer, payload->raw, payload->raw_len);
}

/* Each value is within the bounds of a payload; the object around them is one level more. */
static void put_assigned(struct gal_buffer *buffer, json_t *assigned)
{
        const char *separator = "{";
        const char *name;
        json_t *value;

        if (assigned == NULL)
                return;
        put_key(buffer, "assigned");
        json_object_foreach(assigned, name, value)
        {
                gal_buffer_append_text(buffer, separator);
                gal_json_write_string(buffer, name, strlen(name));
                gal_buffer_append_char(buffer, ':');
                gal_json_write(buffer, value);
                separator = ",";
        }
        gal_buffer_append_text(buffer, *separator == '{' ? "{}" : "}");
}

static void put_details(struct gal_buffer *buffer, const struct gal_program *program, struct payloads *payloads,
                        const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_NONE:
                return;
        case GAL_SHAPE_STARTED:
                put_payload(buffer, payloads, "input", record->as.started.input);
                put_int(buffer, "deadline", record->as.started.deadline_ms);
                return;
        case GAL_SHAPE_OUTPUT:
                put_payload(buffer, payloads, "output", record->as.output.output);
                return;
        case GAL_SHAPE_FAILURE:
                put_text(buffer, "error", record->as.failure.error);
                put_text(buffer, "cause", record->as.failure.cause);
                return;
        case GAL_SHAPE_ENTERED:
                put_payload(buffer, payloads, "input", record->as.entered.input);
                return;
        case GAL_SHAPE_EXITED:
                put_payload(buffer, payloads, "output", record->as.exited.output);
                put_assigned(buffer, record->as.exited.assigned);
                if (record->as.exited.next != GAL_STATE_NONE)
                        put_text(buffer, "next", program->states[record->as.exited.next].name);
                return;
        case GAL_SHAPE_SCHEDULED:
                put_payload(buffer, payloads, "input", record->as.scheduled.input);
                put_int(buffer, "timeout", record->as.scheduled.timeout_seconds);
                put_int(buffer, "heartbeat", record->as.scheduled.heartbeat_seconds);
                put_text(buffer, "role", record->as.scheduled.role_arn);
                put_text(buffer, "token", record->as.scheduled.token);
                put_int(buffer, "attempt", record->as.scheduled.attempt);
                return;
        case GAL_SHAPE_TASK_STARTED:
                put_text(buffer, "worker", record->as.task_started.worker);
                put_int(buffer, "deadline", record->as.task_started.deadline_ms);
                put_int(buffer, "heartbeatDeadline", record->as.task_started.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_SUBMITTED:
                put_payload(buffer, payloads, "output", record->as.submitted.output);
                put_int(buffer, "heartbeatDeadline", record->as.submitted.heartbeat_deadline_ms);
                return;
        case GAL_SHAPE_CHILDREN:
                put_payload(buffer, payloads, "input", record->as.children.input);
                put_payload(buffer, payloads, "items", record->as.children.items);
                put_int(buffer, "concurrency", record->as.children.concurrency);
                return;
        case GAL_SHAPE_ITERATION:
                put_int(buffer, "index", record->as.iteration.index);
                put_int(buffer, "parent", record->as.iteration.parent);
                put_payload(buffer, payloads, "input", record->as.iteration.input);
                return;
        case GAL_SHAPE_DEADLINE:
                put_int(buffer, "deadline", record->as.deadline.deadline_ms);
                return;
        case GAL_SHAPE_RETRY:
                put_int(buffer, "retrier", record->as.retry.retrier);
                put_int(buffer, "deadline", record->as.retry.deadline_ms);
                put_int(buffer, "delay", record->as.retry.delay_ms);
                return;
        }
}

void gal_journal_encode(struct gal_buffer *buffer, const struct gal_program *program,
                        const struct gal_records *records)
{
        struct payloads payloads = { NULL, 0, 0 };

        gal_buffer_append_format(buffer, "{\"v\":%d,\"records\":[", GAL_JOURNAL_VERSION);
        for (size_t i = 0; i < records->count; i++) {
                const struct gal_record *record = &records->items[i];

                gal_buffer_append_text(buffer, i == 0 ? "{\"t\":\"" : ",{\"t\":\"");
                gal_buffer_append_text(buffer, gal_event_infos[record->type].name);
                gal_buffer_append_char(buffer, '"');
                put_int(buffer, "f", record->frame);
                if (record->state != GAL_STATE_NONE)
                        put_text(buffer, "s", program->states[record->state].name);
                put_int(buffer, "i", (int64_t)record->id);
                put_int(buffer, "p", (int64_t)record->previous_id);
                put_int(buffer, "ms", record->time_ms);
                put_details(buffer, program, &payloads, record);
                gal_buffer_append_char(buffer, '}');
        }
        gal_buffer_append_text(buffer, "]}");
        free(payloads.items);
}

/* Reading. A missing member is 0 or absent, as it was left out above. */

static int64_t get_int(const json_t *object, const char *key)
{
        return json_integer_value(json_object_get(object, key));
}

static char *get_text(const json_t *object, const char *key)
{
        return gal_strdup(json_string_value(json_object_get(object, key)));
}

/* What is being read. A reference that leads nowhere is noted here. */
struct reader {
        const struct gal_program *program;
        struct payloads payloads;
        bool is_broken;
};

static struct gal_payload *get_shared(struct reader *reader, const json_t *reference)
{
        json_int_t index = json_integer_value(reference);

        if (!json_is_integer(reference) || index < 0 || (size_t)index >= reader->payloads.count) {
                reader->is_broken = true;
                return NULL;
        }
        return gal_payload_ref(reader->payloads.items[index]);
}

static struct gal_payload *get_payload(struct reader *reader, const json_t *object, const char *key)
{
        json_t *value = json_object_get(object, key);
        struct gal_payload *payload;
        char other_key[16];
        json_t *other;

        if (value == NULL) {
                stpcpy(stpcpy(other_key, key), "@");
                other = json_object_get(object, other_key);
                return other == NULL ? NULL : get_shared(reader, other);
        }
        payload = gal_payload_create(value);
        stpcpy(stpcpy(other_key, key), "$");
        other = json_object_get(object, other_key);
        if (other != NULL) {
                payload->raw_len = json_string_length(other);
                payload->raw = gal_strndup(json_string_value(other), payload->raw_len);
        }
        add_payload(&reader->payloads, payload);
        return payload;
}

static void get_details(struct reader *reader, const json_t *object, struct gal_record *record)
{
        const struct gal_state *next;
        const char *name;

        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_NONE:
                return;
        case GAL_SHAPE_STARTED:
                record->as.started.input = get_payload(reader, object, "input");
                record->as.started.deadline_ms = get_int(object, "deadline");
                return;
        case GAL_SHAPE_OUTPUT:
                record->as.output.output = get_payload(reader, object, "output");
                return;
        case GAL_SHAPE_FAILURE:
                record->as.failure.error = get_text(object, "error");
                record->as.failure.cause = get_text(object, "cause");
                return;
        case GAL_SHAPE_ENTERED:
                record->as.entered.input = get_payload(reader, object, "input");
                return;
        case GAL_SHAPE_EXITED:
                record->as.exited.output = get_payload(reader, object, "output");
                record->as.exited.assigned = json_incref(json_object_get(object, "assigned"));
                name = json_string_value(json_object_get(object, "next"));
                next = name == NULL ? NULL : gal_program_find(reader->program, name);
                record->as.exited.next = next == NULL ? GAL_STATE_NONE : next->index;
                return;
        case GAL_SHAPE_SCHEDULED:
                record->as.scheduled.input = get_payload(reader, object, "input");
                record->as.scheduled.timeout_seconds = get_int(object, "timeout");
                record->as.scheduled.heartbeat_seconds = get_int(object, "heartbeat");
                record->as.scheduled.role_arn = get_text(object, "role");
                record->as.scheduled.token = get_text(object, "token");
                record->as.scheduled.attempt = (uint32_t)get_int(object, "attempt");
                return;
        case GAL_SHAPE_TASK_STARTED:
                record->as.task_started.worker = get_text(object, "worker");
                record->as.task_started.deadline_ms = get_int(object, "deadline");
                record->as.task_started.heartbeat_deadline_ms = get_int(object, "heartbeatDeadline");
                return;
        case GAL_SHAPE_SUBMITTED:
                record->as.submitted.output = get_payload(reader, object, "output");
                record->as.submitted.heartbeat_deadline_ms = get_int(object, "heartbeatDeadline");
                return;
        case GAL_SHAPE_CHILDREN:
                record->as.children.input = get_payload(reader, object, "input");
                record->as.children.items = get_payload(reader, object, "items");
                record->as.children.concurrency = (uint32_t)get_int(object, "concurrency");
                return;
        case GAL_SHAPE_ITERATION:
                record->as.iteration.index = (uint32_t)get_int(object, "index");
                record->as.iteration.parent = (uint32_t)get_int(object, "parent");
                record->as.iteration.input = get_payload(reader, object, "input");
                return;
        case GAL_SHAPE_DEADLINE:
                record->as.deadline.deadline_ms = get_int(object, "deadline");
                return;
        case GAL_SHAPE_RETRY:
                record->as.retry.retrier = (uint32_t)get_int(object, "retrier");
                record->as.retry.deadline_ms = get_int(object, "deadline");
                record->as.retry.delay_ms = get_int(object, "delay");
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

static enum gal_status decode_record(struct reader *reader, const json_t *object, struct gal_records *records,
                                     struct gal_error *error)
{
        const char *name = json_string_value(json_object_get(object, "t"));
        const char *state_name = json_string_value(json_object_get(object, "s"));
        const struct gal_state *state = state_name == NULL ? NULL : gal_program_find(reader->program, state_name);
        struct gal_record *record;
        enum gal_event_type type;

        if (!find_type(name, &type))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "unknown record type \"%s\"",
                                name == NULL ? "" : name);
        if (state == NULL && state_name != NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "the definition has no state \"%s\"", state_name);
        record = gal_records_add(records);
        record->type = type;
        record->frame = (uint32_t)get_int(object, "f");
        record->state = state == NULL ? GAL_STATE_NONE : state->index;
        record->id = (uint64_t)get_int(object, "i");
        record->previous_id = (uint64_t)get_int(object, "p");
        record->time_ms = get_int(object, "ms");
        get_details(reader, object, record);
        if (reader->is_broken)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "a record of type \"%s\" refers to no payload",
                                name);
        return GAL_OK;
}

enum gal_status gal_journal_decode(const char *body, size_t len, const struct gal_program *program,
                                   struct gal_records *records, struct gal_error *error)
{
        struct reader reader = { .program = program };
        json_auto_t *document = NULL;
        enum gal_status status = gal_json_read_envelope(body, len, &document, error);
        size_t index;
        json_t *object;

        if (status != GAL_OK)
                return status;
        if (get_int(document, "v") != GAL_JOURNAL_VERSION)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "a chunk of version %lld; this build reads version %d",
                                (long long)get_int(document, "v"), GAL_JOURNAL_VERSION);
        json_array_foreach(json_object_get(document, "records"), index, object)
        {
                status = decode_record(&reader, object, records, error);
                if (status != GAL_OK)
                        break;
        }
        free(reader.payloads.items);
        return status;
}
