/*
 * execution.c: the containers of an execution: frames by place, the ready queue, the deadline heap.
 */
#include "machine/execution.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "machine/execution_internal.h"

const char *gal_execution_status_name(enum gal_execution_status status)
{
        switch (status) {
        case GAL_EXECUTION_RUNNING:
                return "RUNNING";
        case GAL_EXECUTION_SUCCEEDED:
                return "SUCCEEDED";
        case GAL_EXECUTION_FAILED:
                return "FAILED";
        case GAL_EXECUTION_TIMED_OUT:
                return "TIMED_OUT";
        case GAL_EXECUTION_ABORTED:
                return "ABORTED";
        }
        gal_bug("execution status", status);
}

/* Deadline heap. Ties go by place, so that the order does not depend on how the heap came to be. */

static bool is_due_before(const struct gal_heap_node *x, const struct gal_heap_node *y)
{
        const struct gal_frame *a = gal_container_of(x, struct gal_frame, due);
        const struct gal_frame *b = gal_container_of(y, struct gal_frame, due);

        if (a->deadline_ms != b->deadline_ms)
                return a->deadline_ms < b->deadline_ms;
        return a->place < b->place;
}

void gal_frame_set_deadline(struct gal_execution *execution, struct gal_frame *frame, int64_t deadline_ms)
{
        gal_heap_remove(&execution->heap, &frame->due);
        frame->deadline_ms = deadline_ms;
        if (deadline_ms != 0)
                gal_heap_insert(&execution->heap, &frame->due);
}

struct gal_execution *gal_execution_create(struct gal_program *program, const struct gal_identity *identity)
{
        struct gal_execution *execution = gal_new(struct gal_execution);

        execution->program = gal_program_ref(program);
        execution->execution_arn = gal_strdup(identity->execution_arn);
        execution->execution_name = gal_strdup(identity->execution_name);
        execution->machine_arn = gal_strdup(identity->machine_arn);
        execution->machine_name = gal_strdup(identity->machine_name);
        execution->role_arn = gal_strdup(identity->role_arn);
        execution->heap.before = is_due_before;
        return execution;
}

/* Ready queue: first in, first out, so that frames take turns in the order in which they became ready. */

void gal_ready_push(struct gal_execution *execution, struct gal_frame *frame)
{
        frame->phase = GAL_PHASE_READY;
        frame->previous_ready = execution->ready_last;
        frame->next_ready = NULL;
        if (execution->ready_last != NULL)
                execution->ready_last->next_ready = frame;
        else
                execution->ready_first = frame;
        execution->ready_last = frame;
}

void gal_ready_remove(struct gal_execution *execution, struct gal_frame *frame)
{
        if (frame->previous_ready != NULL)
                frame->previous_ready->next_ready = frame->next_ready;
        else
                execution->ready_first = frame->next_ready;
        if (frame->next_ready != NULL)
                frame->next_ready->previous_ready = frame->previous_ready;
        else
                execution->ready_last = frame->previous_ready;
        frame->previous_ready = frame->next_ready = NULL;
}

/* Frames. */

uint32_t gal_execution_next_place(const struct gal_execution *execution)
{
        if (execution->free_count > 0)
                return execution->free_places[execution->free_count - 1];
        return execution->frame_count;
}

static void resize(struct gal_execution *execution, uint32_t size)
{
        execution->frame_size = size;
        execution->frames = gal_realloc(execution->frames, size, sizeof(*execution->frames));
        execution->free_places = gal_realloc(execution->free_places, size, sizeof(*execution->free_places));
}

static uint32_t take_place(struct gal_execution *execution)
{
        if (execution->free_count > 0)
                return execution->free_places[--execution->free_count];
        if (execution->frame_count == execution->frame_size)
                resize(execution, execution->frame_size == 0 ? 4 : execution->frame_size * 2);
        return execution->frame_count++;
}

void gal_execution_reserve(struct gal_execution *execution, uint32_t count)
{
        gal_assert(execution->frame_count == 0);
        if (count == 0)
                return;
        resize(execution, count);
        memset(execution->frames, 0, count * sizeof(struct gal_frame *));
        execution->frame_count = count;
}

void gal_execution_add_free(struct gal_execution *execution, uint32_t place)
{
        gal_assert(place < execution->frame_count);
        gal_assert(execution->frames[place] == NULL);
        gal_assert(execution->free_count < execution->frame_count);
        execution->free_places[execution->free_count++] = place;
}

struct gal_frame *gal_frame_add(struct gal_execution *execution, struct gal_frame *parent, uint32_t graph,
                                uint32_t index)
{
        return gal_frame_add_at(execution, take_place(execution), parent, graph, index);
}

struct gal_frame *gal_frame_add_at(struct gal_execution *execution, uint32_t place, struct gal_frame *parent,
                                   uint32_t graph, uint32_t index)
{
        struct gal_frame *frame = execution->pool;

        if (frame != NULL)
                execution->pool = frame->next_sibling;
        else
                frame = gal_new(struct gal_frame);
        memset(frame, 0, sizeof(*frame));
        frame->place = place;
        execution->frames[frame->place] = frame;
        frame->graph = graph;
        frame->index = index;
        frame->parent = parent;
        if (parent == NULL)
                return frame;
        frame->previous_sibling = parent->children.last;
        if (parent->children.last != NULL)
                parent->children.last->next_sibling = frame;
        else
                parent->children.first = frame;
        parent->children.last = frame;
        return frame;
}

static void unlink_sibling(struct gal_frame *frame)
{
        struct gal_children *children = &frame->parent->children;

        if (frame->previous_sibling != NULL)
                frame->previous_sibling->next_sibling = frame->next_sibling;
        else
                children->first = frame->next_sibling;
        if (frame->next_sibling != NULL)
                frame->next_sibling->previous_sibling = frame->previous_sibling;
        else
                children->last = frame->previous_sibling;
}

void gal_frame_clear_attempt(struct gal_frame *frame)
{
        gal_payload_unref(frame->attempt.input);
        free(frame->attempt.token);
        memset(&frame->attempt, 0, sizeof(frame->attempt));
}

void gal_frame_clear_children(struct gal_execution *execution, struct gal_frame *frame)
{
        struct gal_children *children = &frame->children;

        while (children->first != NULL)
                gal_frame_remove(execution, children->first);
        for (uint32_t i = 0; children->results != NULL && i < children->count; i++)
                gal_payload_unref(children->results[i]);
        free(children->results);
        gal_payload_unref(children->input);
        gal_payload_unref(children->items);
        memset(children, 0, sizeof(*children));
}

void gal_frame_set_input(struct gal_frame *frame, struct gal_payload *input)
{
        gal_payload_ref(input);
        gal_payload_unref(frame->input);
        frame->input = input;
}

/* Names are small and bounded; values are what counts. */
static size_t variables_size(json_t *variables)
{
        size_t size = 0;
        const char *name;
        json_t *value;

        json_object_foreach(variables, name, value) size += gal_json_size(value, SIZE_MAX);
        return size;
}

void gal_frame_set_variables(struct gal_execution *execution, struct gal_frame *frame, json_t *variables)
{
        gal_assert(frame->variables == NULL);
        frame->variables = json_incref(variables);
        execution->variables_size += variables_size(variables);
}

static void release_frame(struct gal_execution *execution, struct gal_frame *frame)
{
        gal_frame_clear_children(execution, frame);
        gal_frame_clear_attempt(frame);
        gal_frame_set_deadline(execution, frame, 0);
        if (frame->phase == GAL_PHASE_READY)
                gal_ready_remove(execution, frame);
        frame->phase = GAL_PHASE_ENDED;
        execution->variables_size -= variables_size(frame->variables);
        json_decref(frame->variables);
        frame->variables = NULL;
        gal_payload_unref(frame->input);
        frame->input = NULL;
        free(frame->retries);
        frame->retries = NULL;
}

void gal_frame_remove(struct gal_execution *execution, struct gal_frame *frame)
{
        release_frame(execution, frame);
        if (frame->parent != NULL)
                unlink_sibling(frame);
        execution->frames[frame->place] = NULL;
        execution->free_places[execution->free_count++] = frame->place;
        frame->next_sibling = execution->pool;
        execution->pool = frame;
}

void gal_execution_destroy(struct gal_execution *execution)
{
        if (execution == NULL)
                return;
        if (execution->frame_count > 0 && execution->frames[0] != NULL)
                gal_frame_remove(execution, execution->frames[0]);
        while (execution->pool != NULL) {
                struct gal_frame *frame = execution->pool;

                execution->pool = frame->next_sibling;
                free(frame);
        }
        gal_program_unref(execution->program);
        gal_payload_unref(execution->input);
        gal_payload_unref(execution->output);
        free(execution->execution_arn);
        free(execution->execution_name);
        free(execution->machine_arn);
        free(execution->machine_name);
        free(execution->role_arn);
        free(execution->error);
        free(execution->cause);
        free(execution->frames);
        free(execution->free_places);
        gal_heap_finish(&execution->heap);
        free(execution);
}

int64_t gal_execution_wake_ms(const struct gal_execution *execution)
{
        const struct gal_heap_node *first = gal_heap_first(&execution->heap);
        int64_t wake_ms = first == NULL ? 0 : gal_container_of(first, struct gal_frame, due)->deadline_ms;

        if (execution->status != GAL_EXECUTION_RUNNING)
                return 0;
        if (execution->deadline_ms != 0 && (wake_ms == 0 || execution->deadline_ms < wake_ms))
                return execution->deadline_ms;
        return wake_ms;
}

bool gal_execution_is_ready(const struct gal_execution *execution)
{
        return execution->status == GAL_EXECUTION_RUNNING && execution->ready_first != NULL;
}

struct gal_frame *gal_execution_frame(const struct gal_execution *execution, uint32_t place)
{
        return place < execution->frame_count ? execution->frames[place] : NULL;
}

json_t *gal_frame_variable(const struct gal_frame *frame, const char *name)
{
        for (; frame != NULL; frame = frame->parent) {
                json_t *value = frame->variables == NULL ? NULL : json_object_get(frame->variables, name);

                if (value != NULL)
                        return value;
        }
        return NULL;
}
