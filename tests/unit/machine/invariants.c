/*
 * invariants.c: the history's links and times; frames that can all go on; a deadline heap that tells the truth.
 */
#include "invariants.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Events that have a predecessor and never become one (recordings, "ghost" events). */
static bool is_ghost(enum gal_event_type type)
{
        return type == GAL_EVENT_MAP_STATE_SUCCEEDED || type == GAL_EVENT_PARALLEL_STATE_SUCCEEDED ||
               type == GAL_EVENT_TASK_STATE_ABORTED || type == GAL_EVENT_WAIT_STATE_ABORTED ||
               type == GAL_EVENT_MAP_STATE_ABORTED || type == GAL_EVENT_PARALLEL_STATE_ABORTED ||
               type == GAL_EVENT_MAP_ITERATION_FAILED || type == GAL_EVENT_MAP_ITERATION_ABORTED;
}

static bool is_terminal(enum gal_event_type type)
{
        return type == GAL_EVENT_EXECUTION_SUCCEEDED || type == GAL_EVENT_EXECUTION_FAILED ||
               type == GAL_EVENT_EXECUTION_ABORTED || type == GAL_EVENT_EXECUTION_TIMED_OUT;
}

_Static_assert(GAL_EVENT_COUNT <= UINT8_MAX, "driver.types holds event types");

static void note_type(struct driver *driver, const struct gal_record *record)
{
        if (record->id >= driver->type_size) {
                driver->type_size = record->id * 2 + 64;
                driver->types = gal_realloc(driver->types, driver->type_size, sizeof(*driver->types));
        }
        driver->types[record->id] = (uint8_t)record->type;
}

bool invariants_check_record(struct driver *driver, const struct gal_record *record)
{
        const char *name = gal_event_infos[record->type].name;
        uint64_t last_id = driver->replica->last_id;

        if (driver->terminal_id != 0)
                return driver_fail(driver, "%s after the execution's end", name);
        if (record->time_ms < driver->replica->last_ms)
                return driver_fail(driver, "%s %" PRIu64 " goes back in time", name, record->id);
        if (record->state >= driver->program->state_count)
                return driver_fail(driver, "%s %" PRIu64 " of no state", name, record->id);
        if (gal_event_is_internal(record->type)) {
                if (record->id != 0)
                        return driver_fail(driver, "%s has an event id", name);
                return true;
        }
        if (record->id != last_id + 1)
                return driver_fail(driver, "%s has the id %" PRIu64 " after %" PRIu64, name, record->id, last_id);
        if (record->previous_id >= record->id)
                return driver_fail(driver, "%s %" PRIu64 " links to %" PRIu64, name, record->id,
                                   record->previous_id);
        if (record->previous_id != 0 && is_ghost(driver->types[record->previous_id]))
                return driver_fail(driver, "%s %" PRIu64 " links to %s", name, record->id,
                                   gal_event_infos[driver->types[record->previous_id]].name);
        note_type(driver, record);
        if (is_terminal(record->type))
                driver->terminal_id = record->id;
        return true;
}

static bool has_deadline(const struct driver *driver, const struct gal_frame *frame)
{
        const struct gal_heap *heap = &driver->execution->heap;
        uint32_t at = frame->due.index;

        return frame->deadline_ms != 0 && at >= 1 && at <= heap->count && heap->nodes[at] == &frame->due;
}

/* Something will wake every frame: nothing waits for what never comes. */
static bool can_go_on(const struct driver *driver, const struct gal_frame *frame)
{
        switch (frame->phase) {
        case GAL_PHASE_READY:
                return gal_execution_is_ready(driver->execution) && frame->deadline_ms == 0;
        case GAL_PHASE_WAITING:
        case GAL_PHASE_BACKOFF:
                return has_deadline(driver, frame);
        case GAL_PHASE_TASK:
                return frame->attempt.scheduled_id != 0 &&
                       (frame->deadline_ms == 0 || (has_deadline(driver, frame) && frame->attempt.started));
        case GAL_PHASE_CHILDREN:
                return frame->children.first != NULL && frame->deadline_ms == 0;
        case GAL_PHASE_ENTERED:
        case GAL_PHASE_ENDED:
                return false;
        }
        return false;
}

static bool check_children(struct driver *driver, const struct gal_frame *frame)
{
        const struct gal_children *children = &frame->children;
        const struct gal_frame *last = NULL;
        uint32_t running = 0;

        for (const struct gal_frame *child = children->first; child != NULL; child = child->next_sibling) {
                if (child->parent != frame || child->previous_sibling != last)
                        return driver_fail(driver, "frame %" PRIu32 " is not linked as its parent has it",
                                           child->place);
                if (last != NULL && last->index >= child->index)
                        return driver_fail(driver, "frame %" PRIu32 " has its children out of order", frame->place);
                last = child;
                running++;
        }
        if (children->last != last)
                return driver_fail(driver, "frame %" PRIu32 " has another last child", frame->place);
        if (children->ended + running != children->started || children->started > children->count)
                return driver_fail(driver, "frame %" PRIu32 " has lost count of its children", frame->place);
        if (children->items != NULL && running > children->concurrency)
                return driver_fail(driver, "frame %" PRIu32 " runs more iterations than it may", frame->place);
        return true;
}

static bool check_frame(struct driver *driver, const struct gal_frame *frame, uint32_t place)
{
        if (frame->place != place)
                return driver_fail(driver, "frame %" PRIu32 " stands at %" PRIu32, frame->place, place);
        if (!can_go_on(driver, frame))
                return driver_fail(driver, "frame %" PRIu32 " in phase %d is stuck", place, (int)frame->phase);
        return check_children(driver, frame);
}

static uint32_t count_ready(const struct gal_execution *execution)
{
        uint32_t count = 0;

        for (const struct gal_frame *frame = execution->ready_first; frame != NULL; frame = frame->next_ready)
                count++;
        return count;
}

static bool check_closed(struct driver *driver)
{
        const struct gal_execution *execution = driver->execution;

        if (!driver->finished)
                return driver_fail(driver, "closed without FINISH");
        if (driver->terminal_id != execution->last_id)
                return driver_fail(driver, "the terminal event is not the last one");
        if (driver->step.yielded || gal_execution_wake_ms(execution) != 0 || gal_execution_is_ready(execution))
                return driver_fail(driver, "closed, and still wants to be woken");
        return true;
}

bool invariants_check_execution(struct driver *driver)
{
        const struct gal_execution *execution = driver->execution;
        uint64_t events_max = driver->options.events_max == 0 ? GAL_HISTORY_EVENTS_MAX : driver->options.events_max;
        uint32_t ready = 0;

        if (execution->last_id > events_max)
                return driver_fail(driver, "%" PRIu64 " events in a history of %" PRIu64, execution->last_id,
                                   events_max);
        if (execution->status != GAL_EXECUTION_RUNNING)
                return check_closed(driver);
        if (driver->finished || driver->terminal_id != 0)
                return driver_fail(driver, "finished, and still running");
        if (driver->step.yielded != gal_execution_is_ready(execution))
                return driver_fail(driver, "yielded without cause, or not at all");
        for (uint32_t i = 0; i < execution->frame_count; i++) {
                if (execution->frames[i] == NULL)
                        continue;
                if (!check_frame(driver, execution->frames[i], i))
                        return false;
                ready += execution->frames[i]->phase == GAL_PHASE_READY;
        }
        if (ready != count_ready(execution))
                return driver_fail(driver, "the ready queue is not the frames that are ready");
        return true;
}
