/*
 * record.c: whether a record may follow what its execution's history has said so far.
 *
 * Looks at the frame as it is before the record is applied: a timer's event needs a frame that waits and a time
 * that is not before its deadline, the end of an attempt an attempt that is open, and so on.
 */
#include <inttypes.h>
#include <string.h>

#include "ledger.h"

static bool refuse(struct sim *sim, const struct sim_entry *entry, const struct gal_record *record, const char *why)
{
        sim_fail(sim, "%s: event %" PRIu64 " %s %s", entry->arn, record->id, gal_event_infos[record->type].name,
                 why);
        return false;
}

static bool check_place(struct sim *sim, const struct sim_entry *entry, const struct gal_record *record)
{
        const struct gal_execution *execution = entry->execution;
        bool is_first = execution->last_id == 0;

        if (!sim_entry_is_open(entry))
                return refuse(sim, entry, record, "comes after the end");
        if (is_first != (record->type == GAL_EVENT_EXECUTION_STARTED))
                return refuse(sim, entry, record, "stands at the wrong end of the history");
        if (gal_event_is_internal(record->type) ? record->id != 0 : record->id != execution->last_id + 1)
                return refuse(sim, entry, record, "has the wrong id");
        if (record->previous_id > execution->last_id)
                return refuse(sim, entry, record, "links to a later one");
        if (record->time_ms < execution->last_ms)
                return refuse(sim, entry, record, "goes back in time");
        if (record->time_ms > sim->now_ms + sim->clock_ahead_max_ms)
                return refuse(sim, entry, record, "is in the future");
        if (record->type != GAL_EVENT_EXECUTION_STARTED && record->type != GAL_EVENT_MAP_ITERATION_STARTED &&
            gal_execution_frame(execution, record->frame) == NULL)
                return refuse(sim, entry, record, "is of no frame");
        return true;
}

static bool is_due(const struct gal_frame *frame, const struct gal_record *record)
{
        return frame->deadline_ms != 0 && record->time_ms >= frame->deadline_ms;
}

static bool check_begin(struct sim *sim, const struct sim_entry *entry, const struct gal_frame *frame,
                        const struct gal_record *record)
{
        if (frame->phase == GAL_PHASE_ENTERED)
                return true;
        if (frame->phase != GAL_PHASE_BACKOFF)
                return refuse(sim, entry, record, "starts what is under way");
        return is_due(frame, record) || refuse(sim, entry, record, "is early");
}

static bool check_end(struct sim *sim, const struct sim_entry *entry, const struct gal_frame *frame,
                      const struct gal_record *record)
{
        if (frame->phase != GAL_PHASE_TASK || frame->attempt.scheduled_id == 0)
                return refuse(sim, entry, record, "ends an attempt that is over");
        return true;
}

static bool check_success(struct sim *sim, const struct sim_entry *entry, const struct gal_frame *frame,
                          const struct gal_record *record)
{
        const struct sim_attempt *attempt;

        if (!check_end(sim, entry, frame, record))
                return false;
        attempt = sim_entry_attempt(entry, frame->attempt.scheduled_id);
        if (attempt == NULL || !sim_attempt_has_answer(attempt, gal_payload_text(record->as.output.output, NULL)))
                return refuse(sim, entry, record, "has a result that no worker gave");
        return true;
}

/* MaxAttempts holds, whatever died in between. */
static bool check_retry(struct sim *sim, const struct sim_entry *entry, const struct gal_frame *frame,
                        const struct gal_record *record)
{
        const struct gal_state *state = &entry->execution->program->states[frame->state];
        uint32_t index = record->as.retry.retrier;

        if (index >= state->retrier_count)
                return refuse(sim, entry, record, "is of no retrier");
        if ((int64_t)(frame->retries == NULL ? 0 : frame->retries[index]) >= state->retriers[index].attempts_max)
                return refuse(sim, entry, record, "is one retry too many");
        if (record->as.retry.deadline_ms != record->time_ms + record->as.retry.delay_ms)
                return refuse(sim, entry, record, "is for the wrong time");
        return true;
}

static bool check_frame(struct sim *sim, const struct sim_entry *entry, const struct gal_frame *frame,
                        const struct gal_record *record)
{
        if (gal_event_infos[record->type].shape == GAL_SHAPE_ENTERED && frame->phase != GAL_PHASE_READY)
                return refuse(sim, entry, record, "enters a state that nothing leads to");
        switch ((int)record->type) {
        case GAL_EVENT_WAIT_STATE_EXITED:
                if (frame->phase == GAL_PHASE_ENTERED)
                        return true; /* it had no time to wait for */
                if (frame->phase != GAL_PHASE_WAITING)
                        return refuse(sim, entry, record, "ends a wait that is over");
                return is_due(frame, record) || refuse(sim, entry, record, "is early");
        case GAL_EVENT_RETRY_SCHEDULED:
                return check_retry(sim, entry, frame, record);
        case GAL_EVENT_LAMBDA_FUNCTION_SCHEDULED:
        case GAL_EVENT_TASK_SCHEDULED:
        case GAL_EVENT_ACTIVITY_SCHEDULED:
        case GAL_EVENT_PARALLEL_STATE_STARTED:
        case GAL_EVENT_MAP_STATE_STARTED:
                return check_begin(sim, entry, frame, record);
        case GAL_EVENT_LAMBDA_FUNCTION_STARTED:
        case GAL_EVENT_TASK_STARTED:
        case GAL_EVENT_ACTIVITY_STARTED:
                if (frame->attempt.started)
                        return refuse(sim, entry, record, "starts an attempt twice");
                return check_end(sim, entry, frame, record);
        case GAL_EVENT_LAMBDA_FUNCTION_SUCCEEDED:
        case GAL_EVENT_TASK_SUCCEEDED:
        case GAL_EVENT_ACTIVITY_SUCCEEDED:
                return check_success(sim, entry, frame, record);
        case GAL_EVENT_LAMBDA_FUNCTION_FAILED:
        case GAL_EVENT_TASK_FAILED:
        case GAL_EVENT_ACTIVITY_FAILED:
                return check_end(sim, entry, frame, record);
        case GAL_EVENT_LAMBDA_FUNCTION_TIMED_OUT:
        case GAL_EVENT_TASK_TIMED_OUT:
        case GAL_EVENT_ACTIVITY_TIMED_OUT:
                return check_end(sim, entry, frame, record) &&
                       (is_due(frame, record) || refuse(sim, entry, record, "is early"));
        default:
                return true;
        }
}

bool sim_record_check(struct sim *sim, const struct sim_entry *entry, const struct gal_record *record)
{
        const struct gal_frame *frame = gal_execution_frame(entry->execution, record->frame);

        if (!check_place(sim, entry, record))
                return false;
        if (record->type == GAL_EVENT_EXECUTION_TIMED_OUT && record->time_ms < entry->execution->deadline_ms)
                return refuse(sim, entry, record, "is early");
        return frame == NULL || check_frame(sim, entry, frame, record);
}
