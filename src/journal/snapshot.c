/*
 * snapshot.c: an open execution between two steps.
 *
 *   {"v":2,"started":...,"last":...,"events":57,"input":{...},"places":3,"free":[2],"ready":[1],
 *    "frames":[{"f":0,"phase":"Children","s":"Fan","children":{"count":2,...,"results":[{"x":1,"output":...}]},
 * ...},
 *              {"f":1,"parent":0,"x":0,"phase":"Ready","s":"A", ...}]}
 *
 * Frames stand parents first, children in the order of their index. The graph of a frame is not written: the root
 * runs the machine's, a child the one that its parent's state has for it. Who the execution is stands in its row.
 *
 * The trap: what machine/compare.c looks at must be written here; `fold(all chunks) == snapshot` is tested by it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/mutation.h"
#include "journal/members.h"
#include "machine/execution_internal.h"

/* Those in which a frame can rest between two steps. */
static const struct {
        enum gal_phase phase;
        const char *name;
} phases[] = {
        { GAL_PHASE_READY, "Ready" },       { GAL_PHASE_WAITING, "Waiting" }, { GAL_PHASE_TASK, "Task" },
        { GAL_PHASE_CHILDREN, "Children" }, { GAL_PHASE_BACKOFF, "Backoff" },
};

#define PHASE_COUNT (sizeof(phases) / sizeof(phases[0]))

/* Writing. */

static const char *phase_name(enum gal_phase phase)
{
        for (size_t i = 0; i < PHASE_COUNT; i++) {
                if (phases[i].phase == phase)
                        return phases[i].name;
        }
        gal_bug("a frame in the middle of a step", phase);
}

static void put_retries(struct gal_row_writer *writer, const struct gal_execution *execution,
                        const struct gal_frame *frame)
{
        size_t count = frame->retries == NULL ? 0 : execution->program->states[frame->state].retrier_count;

        if (GAL_MUTATED(SNAPSHOT_RETRIES))
                return;
        for (uint32_t i = 0; i < count; i++) {
                gal_buffer_append_text(writer->buffer, i == 0 ? ",\"retries\":[" : ",");
                gal_buffer_append_int(writer->buffer, frame->retries[i]);
        }
        if (count > 0)
                gal_buffer_append_char(writer->buffer, ']');
        gal_put_int(writer, "retryCount", frame->retry_count);
}

static void put_attempt(struct gal_row_writer *writer, const struct gal_attempt *attempt)
{
        gal_buffer_append_format(writer->buffer, ",\"attempt\":{\"i\":%llu",
                                 (unsigned long long)attempt->scheduled_id);
        gal_put_payload(writer, "input", attempt->input);
        gal_put_text(writer, "token", attempt->token);
        gal_put_int(writer, "scheduled", attempt->scheduled_ms);
        gal_put_int(writer, "started", attempt->started);
        gal_put_int(writer, "submitted", attempt->submitted);
        gal_put_int(writer, "timeout", attempt->timeout_seconds);
        gal_put_int(writer, "heartbeat", attempt->heartbeat_seconds);
        gal_put_int(writer, "deadline", attempt->deadline_ms);
        gal_put_int(writer, "heartbeatDeadline", attempt->heartbeat_deadline_ms);
        gal_buffer_append_char(writer->buffer, '}');
}

static void put_results(struct gal_row_writer *writer, const struct gal_children *children)
{
        const char *separator = ",\"results\":[";

        for (uint32_t i = 0; i < children->count; i++) {
                if (children->results[i] == NULL)
                        continue;
                gal_buffer_append_format(writer->buffer, "%s{\"x\":%u", separator, i);
                gal_put_payload(writer, "output", children->results[i]);
                gal_buffer_append_char(writer->buffer, '}');
                separator = ",";
        }
        if (*separator == ',' && separator[1] == '\0')
                gal_buffer_append_char(writer->buffer, ']');
}

static void put_children(struct gal_row_writer *writer, const struct gal_children *children)
{
        gal_buffer_append_format(writer->buffer, ",\"children\":{\"count\":%u", children->count);
        gal_put_int(writer, "started", children->started);
        gal_put_int(writer, "ended", children->ended);
        gal_put_int(writer, "concurrency", children->concurrency);
        gal_put_payload(writer, "input", children->input);
        gal_put_payload(writer, "items", children->items);
        put_results(writer, children);
        gal_buffer_append_char(writer->buffer, '}');
}

static void put_frame(struct gal_row_writer *writer, const struct gal_execution *execution,
                      const struct gal_frame *frame)
{
        gal_buffer_append_format(writer->buffer, "%s{\"f\":%u", frame->parent == NULL ? "" : ",", frame->place);
        if (frame->parent != NULL)
                gal_buffer_append_format(writer->buffer, ",\"parent\":%u", frame->parent->place);
        gal_put_int(writer, "x", frame->index);
        gal_put_text(writer, "phase", phase_name(frame->phase));
        gal_put_text(writer, "s", execution->program->states[frame->state].name);
        gal_put_payload(writer, "input", frame->input);
        gal_put_variables(writer, "variables", frame->variables);
        gal_put_int(writer, "p", (int64_t)frame->previous_id);
        gal_put_int(writer, "entered", (int64_t)frame->entered_id);
        gal_put_int(writer, "enteredMs", frame->entered_ms);
        put_retries(writer, execution, frame);
        gal_put_int(writer, "deadline", frame->deadline_ms);
        if (frame->attempt.scheduled_id != 0)
                put_attempt(writer, &frame->attempt);
        if (frame->phase == GAL_PHASE_CHILDREN)
                put_children(writer, &frame->children);
        gal_buffer_append_char(writer->buffer, '}');
        for (const struct gal_frame *child = frame->children.first; child != NULL; child = child->next_sibling)
                put_frame(writer, execution, child);
}

static void put_free(struct gal_row_writer *writer, const struct gal_execution *execution)
{
        for (uint32_t i = 0; i < execution->free_count; i++) {
                gal_buffer_append_text(writer->buffer, i == 0 ? ",\"free\":[" : ",");
                gal_buffer_append_int(writer->buffer, execution->free_places[i]);
        }
        if (execution->free_count > 0)
                gal_buffer_append_char(writer->buffer, ']');
}

static void put_ready(struct gal_row_writer *writer, const struct gal_execution *execution)
{
        const struct gal_frame *frame = execution->ready_first;

        for (; frame != NULL; frame = frame->next_ready) {
                gal_buffer_append_text(writer->buffer, frame == execution->ready_first ? ",\"ready\":[" : ",");
                gal_buffer_append_int(writer->buffer, frame->place);
        }
        if (execution->ready_first != NULL)
                gal_buffer_append_char(writer->buffer, ']');
}

void gal_journal_encode_snapshot(struct gal_buffer *buffer, const struct gal_execution *execution, uint64_t owner)
{
        struct gal_row_writer writer = { .buffer = buffer, .owner = owner };

        gal_assert(execution->status == GAL_EXECUTION_RUNNING);
        gal_assert(execution->frame_count > 0);
        gal_buffer_append_format(buffer, "{\"v\":%d", GAL_JOURNAL_VERSION);
        gal_put_int(&writer, "started", execution->started_ms);
        gal_put_int(&writer, "deadline", execution->deadline_ms);
        gal_put_int(&writer, "last", execution->last_ms);
        gal_put_int(&writer, "events", (int64_t)execution->last_id);
        gal_put_payload(&writer, "input", execution->input);
        gal_put_int(&writer, "places", execution->frame_count);
        put_free(&writer, execution);
        put_ready(&writer, execution);
        gal_buffer_append_text(buffer, ",\"frames\":[");
        put_frame(&writer, execution, execution->frames[0]);
        gal_buffer_append_text(buffer, "]}");
        free(writer.payloads.items);
}

/* Reading. Whatever the text says, the execution stays one that can be destroyed. */

struct restoring {
        struct gal_row_reader reader;
        struct gal_execution *execution;
};

static enum gal_status refuse(struct restoring *restoring, const char *what)
{
        return gal_fail(restoring->reader.error, GAL_EINVALID, GAL_NOWHERE, "a snapshot that cannot be: %s", what);
}

/* A number below `limit`; UINT32_MAX: it is none. */
static uint32_t get_below(const json_t *object, const char *key, uint32_t limit)
{
        int64_t value = gal_get_int(object, key);

        return value >= 0 && value < limit ? (uint32_t)value : UINT32_MAX;
}

static bool find_phase(const char *name, enum gal_phase *ret_phase)
{
        for (size_t i = 0; name != NULL && i < PHASE_COUNT; i++) {
                if (strcmp(phases[i].name, name) == 0) {
                        *ret_phase = phases[i].phase;
                        return true;
                }
        }
        return false;
}

/* The state must be one in which a frame can rest like this. */
static bool fits(const struct gal_state *state, enum gal_phase phase)
{
        switch (phase) {
        case GAL_PHASE_READY:
                return true;
        case GAL_PHASE_WAITING:
                return state->kind == GAL_STATE_WAIT;
        case GAL_PHASE_TASK:
                return state->kind == GAL_STATE_TASK;
        case GAL_PHASE_CHILDREN:
                return state->kind == GAL_STATE_PARALLEL || state->kind == GAL_STATE_MAP;
        case GAL_PHASE_BACKOFF:
                return state->retrier_count > 0;
        case GAL_PHASE_ENTERED:
        case GAL_PHASE_ENDED:
                return false;
        }
        gal_bug("phase", phase);
}

static enum gal_status get_retries(struct restoring *restoring, const json_t *object, struct gal_frame *frame)
{
        const struct gal_state *state = &restoring->execution->program->states[frame->state];
        const json_t *retries = json_object_get(object, "retries");

        frame->retry_count = (uint32_t)gal_get_int(object, "retryCount");
        if (retries == NULL)
                return GAL_OK;
        if (json_array_size(retries) != state->retrier_count)
                return refuse(restoring, "another number of retriers");
        frame->retries = gal_new_array(state->retrier_count, uint32_t);
        for (size_t i = 0; i < state->retrier_count; i++)
                frame->retries[i] = (uint32_t)json_integer_value(json_array_get(retries, i));
        return GAL_OK;
}

static enum gal_status get_attempt(struct restoring *restoring, const json_t *object, struct gal_frame *frame)
{
        const json_t *own = json_object_get(object, "attempt");
        struct gal_attempt *attempt = &frame->attempt;

        if (own == NULL)
                return frame->phase != GAL_PHASE_TASK ? GAL_OK : refuse(restoring, "a Task without an attempt");
        attempt->scheduled_id = (uint64_t)gal_get_int(own, "i");
        attempt->input = gal_get_payload(&restoring->reader, own, "input");
        attempt->token = gal_get_text(own, "token");
        attempt->scheduled_ms = gal_get_int(own, "scheduled");
        attempt->started = gal_get_int(own, "started") != 0;
        attempt->submitted = gal_get_int(own, "submitted") != 0;
        attempt->timeout_seconds = gal_get_int(own, "timeout");
        attempt->heartbeat_seconds = gal_get_int(own, "heartbeat");
        attempt->deadline_ms = gal_get_int(own, "deadline");
        attempt->heartbeat_deadline_ms = gal_get_int(own, "heartbeatDeadline");
        return GAL_OK;
}

static uint32_t child_count(const struct gal_state *state, const struct gal_children *children)
{
        if (state->kind == GAL_STATE_PARALLEL)
                return (uint32_t)state->as.parallel.branch_count;
        return children->items == NULL ? UINT32_MAX : (uint32_t)json_array_size(children->items->value);
}

static enum gal_status get_results(struct restoring *restoring, const json_t *own, struct gal_children *children)
{
        size_t at;
        json_t *result;

        json_array_foreach(json_object_get(own, "results"), at, result)
        {
                uint32_t index = get_below(result, "x", children->count);

                if (index == UINT32_MAX || children->results[index] != NULL)
                        return refuse(restoring, "a result that belongs to no child");
                children->results[index] = gal_get_payload(&restoring->reader, result, "output");
        }
        return GAL_OK;
}

static enum gal_status get_children(struct restoring *restoring, const json_t *object, struct gal_frame *frame)
{
        const struct gal_state *state = &restoring->execution->program->states[frame->state];
        const json_t *own = json_object_get(object, "children");
        struct gal_children *children = &frame->children;
        uint32_t count = (uint32_t)gal_get_int(own, "count");

        if (own == NULL || frame->phase != GAL_PHASE_CHILDREN)
                return own == NULL && frame->phase != GAL_PHASE_CHILDREN
                               ? GAL_OK
                               : refuse(restoring, "children where none can be, or none where some are");
        children->started = (uint32_t)gal_get_int(own, "started");
        children->ended = (uint32_t)gal_get_int(own, "ended");
        children->concurrency = (uint32_t)gal_get_int(own, "concurrency");
        children->input = gal_get_payload(&restoring->reader, own, "input");
        children->items = gal_get_payload(&restoring->reader, own, "items");
        if (restoring->reader.status != GAL_OK)
                return restoring->reader.status;
        if (count != child_count(state, children) || children->ended > children->started ||
            children->started > count)
                return refuse(restoring, "another number of children");
        children->count = count;
        children->results = gal_new_array(count, struct gal_payload *);
        return get_results(restoring, own, children);
}

/* What the parent's state has for it; GAL_FRAME_NONE: it has no such child. */
static uint32_t graph_of(const struct gal_execution *execution, const struct gal_frame *parent, uint32_t index)
{
        const struct gal_state *state;

        if (parent == NULL)
                return 0;
        state = &execution->program->states[parent->state];
        if (parent->phase != GAL_PHASE_CHILDREN || index >= parent->children.count)
                return GAL_FRAME_NONE;
        return state->kind == GAL_STATE_MAP ? state->as.map.processor : state->as.parallel.branches[index];
}

/* The root comes first, and every other frame after its parent. */
static enum gal_status add_frame(struct restoring *restoring, const json_t *object, struct gal_frame **ret_frame)
{
        struct gal_execution *execution = restoring->execution;
        uint32_t place = get_below(object, "f", execution->frame_count);
        uint32_t index = get_below(object, "x", UINT32_MAX);
        const json_t *parent_place = json_object_get(object, "parent");
        struct gal_frame *parent = NULL;
        uint32_t graph;

        if (place == UINT32_MAX || execution->frames[place] != NULL)
                return refuse(restoring, "a frame where none can be");
        if ((place == 0) != (parent_place == NULL))
                return refuse(restoring, "a frame without its parent");
        if (parent_place != NULL) {
                parent = gal_execution_frame(execution, get_below(object, "parent", execution->frame_count));
                if (parent == NULL)
                        return refuse(restoring, "a frame without its parent");
        }
        graph = graph_of(execution, parent, index);
        if (graph == GAL_FRAME_NONE)
                return refuse(restoring, "a frame that its parent does not know");
        *ret_frame = gal_frame_add_at(execution, place, parent, graph, index);
        (*ret_frame)->phase = GAL_PHASE_ENDED; /* until the rest is known */
        return GAL_OK;
}

static enum gal_status get_frame(struct restoring *restoring, const json_t *object)
{
        struct gal_execution *execution = restoring->execution;
        const char *name = json_string_value(json_object_get(object, "s"));
        const struct gal_state *state = name == NULL ? NULL : gal_program_find(execution->program, name);
        struct gal_frame *frame = NULL;
        enum gal_phase phase;
        enum gal_status status = add_frame(restoring, object, &frame);

        if (status != GAL_OK)
                return status;
        if (state == NULL || !find_phase(json_string_value(json_object_get(object, "phase")), &phase) ||
            !fits(state, phase))
                return refuse(restoring, "a state that the definition has not, or not like this");
        frame->state = state->index;
        if (phase != GAL_PHASE_READY) /* those come later, in the order of their queue */
                frame->phase = phase;
        frame->input = gal_get_payload(&restoring->reader, object, "input");
        gal_frame_set_variables(execution, frame, json_object_get(object, "variables"));
        frame->previous_id = (uint64_t)gal_get_int(object, "p");
        frame->entered_id = (uint64_t)gal_get_int(object, "entered");
        frame->entered_ms = gal_get_int(object, "enteredMs");
        status = get_retries(restoring, object, frame);
        if (status == GAL_OK)
                status = get_attempt(restoring, object, frame);
        if (status == GAL_OK)
                status = get_children(restoring, object, frame);
        gal_frame_set_deadline(execution, frame, gal_get_int(object, "deadline"));
        return status != GAL_OK ? status : restoring->reader.status;
}

static enum gal_status get_free(struct restoring *restoring, const json_t *document)
{
        struct gal_execution *execution = restoring->execution;
        gal_auto_free bool *taken = gal_new_array(execution->frame_count, bool);
        size_t at;
        json_t *item;

        json_array_foreach(json_object_get(document, "free"), at, item)
        {
                json_int_t place = json_integer_value(item);

                if (!json_is_integer(item) || place < 0 || place >= execution->frame_count || taken[place] ||
                    execution->frames[place] != NULL)
                        return refuse(restoring, "a free place that is not");
                taken[place] = true;
                gal_execution_add_free(execution, (uint32_t)place);
        }
        for (uint32_t i = 0; i < execution->frame_count; i++) {
                if (execution->frames[i] == NULL && !taken[i])
                        return refuse(restoring, "a place that is neither free nor in use");
        }
        return GAL_OK;
}

static enum gal_status get_ready(struct restoring *restoring, const json_t *document)
{
        struct gal_execution *execution = restoring->execution;
        size_t at;
        json_t *item;

        json_array_foreach(json_object_get(document, "ready"), at, item)
        {
                json_int_t place = json_integer_value(item);
                struct gal_frame *frame = NULL;

                if (json_is_integer(item) && place >= 0 && place < execution->frame_count)
                        frame = execution->frames[place];
                if (frame == NULL || frame->phase != GAL_PHASE_ENDED)
                        return refuse(restoring, "a frame in the ready queue that is not ready");
                gal_ready_push(execution, frame);
        }
        for (uint32_t i = 0; i < execution->frame_count; i++) {
                if (execution->frames[i] != NULL && execution->frames[i]->phase == GAL_PHASE_ENDED)
                        return refuse(restoring, "a ready frame that is not in the queue");
        }
        return GAL_OK;
}

static enum gal_status restore(struct restoring *restoring, const json_t *document)
{
        struct gal_execution *execution = restoring->execution;
        const json_t *frames = json_object_get(document, "frames");
        int64_t places = gal_get_int(document, "places");
        enum gal_status status = GAL_OK;
        size_t at;
        json_t *object;

        execution->started_ms = gal_get_int(document, "started");
        execution->deadline_ms = gal_get_int(document, "deadline");
        execution->last_ms = gal_get_int(document, "last");
        execution->last_id = (uint64_t)gal_get_int(document, "events");
        execution->input = gal_get_payload(&restoring->reader, document, "input");
        if (restoring->reader.status != GAL_OK)
                return restoring->reader.status;
        /* A place is written down at least once: in a frame or among the free ones. */
        if (places < 1 ||
            (size_t)places > json_array_size(frames) + json_array_size(json_object_get(document, "free")))
                return refuse(restoring, "another number of places");
        gal_execution_reserve(execution, (uint32_t)places);
        json_array_foreach(frames, at, object)
        {
                status = get_frame(restoring, object);
                if (status != GAL_OK)
                        return status;
        }
        status = execution->frames[0] != NULL ? get_free(restoring, document)
                                              : refuse(restoring, "no frame to start from");
        return status == GAL_OK ? get_ready(restoring, document) : status;
}

enum gal_status gal_journal_decode_snapshot(const char *body, size_t len, struct gal_journal_source *source,
                                            struct gal_execution *execution, struct gal_error *error)
{
        struct restoring restoring = { .reader = { .source = source, .error = error }, .execution = execution };
        json_auto_t *document = NULL;
        enum gal_status status = gal_json_read_envelope(body, len, &document, error);

        if (status != GAL_OK)
                return status;
        if (gal_get_int(document, "v") < 2 || gal_get_int(document, "v") > GAL_JOURNAL_VERSION)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "a snapshot of version %lld; this build reads versions 2 to %d",
                                (long long)gal_get_int(document, "v"), GAL_JOURNAL_VERSION);
        status = restore(&restoring, document);
        free(restoring.reader.payloads.items);
        return status;
}

enum gal_status gal_journal_check_snapshot(const char *body, size_t len, struct gal_journal_source *source,
                                           const struct gal_execution *replayed, struct gal_error *error)
{
        struct gal_identity identity = { .execution_arn = replayed->execution_arn,
                                         .execution_name = replayed->execution_name,
                                         .machine_arn = replayed->machine_arn,
                                         .machine_name = replayed->machine_name,
                                         .role_arn = replayed->role_arn };
        struct gal_execution *restored = gal_execution_create(replayed->program, &identity);
        enum gal_status status = gal_journal_decode_snapshot(body, len, source, restored, error);
        const char *difference;

        if (status == GAL_OK && !gal_execution_equal(replayed, restored, &difference))
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "it and the replay of the chunks differ in %s",
                                  difference);
        gal_execution_destroy(restored);
        return status;
}
