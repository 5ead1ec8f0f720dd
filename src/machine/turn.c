/*
 * turn.c: making records and effects.
 */
#include "machine/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

static bool is_terminal(enum gal_event_type type)
{
        return type <= GAL_EVENT_EXECUTION_TIMED_OUT && type != GAL_EVENT_EXECUTION_STARTED;
}

/* The last event that a history may hold is the ExecutionFailed that says so (reference: history, section 3). */
static bool is_history_full(const struct gal_turn *turn, enum gal_event_type type)
{
        uint64_t events_max = turn->env->events_max == 0 ? GAL_HISTORY_EVENTS_MAX : turn->env->events_max;

        if (is_terminal(type) || gal_event_is_internal(type))
                return false;
        return turn->execution->last_id + 1 >= events_max;
}

bool gal_turn_has_room(const struct gal_turn *turn, enum gal_event_type type)
{
        return !is_history_full(turn, type);
}

static void fail_full_history(struct gal_turn *turn, uint64_t link)
{
        uint64_t events_max = turn->env->events_max == 0 ? GAL_HISTORY_EVENTS_MAX : turn->env->events_max;
        gal_auto_free char *cause = gal_format("The execution reached the maximum number of history events (%llu).",
                                               (unsigned long long)events_max);

        gal_turn_fail_execution(turn, link, "States.Runtime", cause);
}

/* The state a record is about. A frame that has left its last state stands in none: then the one around it. */
static uint32_t record_state(const struct gal_execution *execution, uint32_t place)
{
        const struct gal_frame *frame = gal_execution_frame(execution, place);

        while (frame != NULL && frame->state == GAL_STATE_NONE)
                frame = frame->parent;
        return frame == NULL ? 0 : frame->state;
}

struct gal_record *gal_turn_begin(struct gal_turn *turn, enum gal_event_type type, uint32_t frame, uint64_t link)
{
        struct gal_execution *execution = turn->execution;
        struct gal_record *record;

        if (gal_turn_is_over(turn))
                return NULL;
        if (is_history_full(turn, type)) {
                fail_full_history(turn, link);
                return NULL;
        }
        record = gal_records_add(&turn->step->records);
        record->type = type;
        record->frame = frame;
        record->state = record_state(execution, frame);
        record->id = gal_event_is_internal(type) ? 0 : execution->last_id + 1;
        record->previous_id = link;
        /* A clock that was set back must not make the history run backwards. */
        record->time_ms = turn->env->now_ms > execution->last_ms ? turn->env->now_ms : execution->last_ms;
        return record;
}

void gal_turn_end(struct gal_turn *turn, struct gal_record *record)
{
        gal_execution_apply(turn->execution, record);
}

bool gal_turn_emit(struct gal_turn *turn, enum gal_event_type type, const struct gal_frame *frame, uint64_t link)
{
        struct gal_record *record = gal_turn_begin(turn, type, frame->place, link);

        if (record == NULL)
                return false;
        if (gal_event_infos[type].shape == GAL_SHAPE_ITERATION) {
                record->as.iteration.index = frame->index;
                record->as.iteration.parent = frame->parent->place;
                record->state = frame->parent->state;
        }
        gal_turn_end(turn, record);
        return true;
}

char *gal_turn_bounded_text(const char *text, size_t characters_max)
{
        size_t len = 0;

        if (text == NULL)
                return NULL;
        for (size_t characters = 0; text[len] != '\0'; len++) {
                if (((unsigned char)text[len] & 0xC0) != 0x80 && characters++ == characters_max)
                        break;
        }
        return gal_strndup(text, len);
}

bool gal_turn_emit_failure(struct gal_turn *turn, enum gal_event_type type, const struct gal_frame *frame,
                           uint64_t link, const char *error, const char *cause)
{
        struct gal_record *record = gal_turn_begin(turn, type, frame == NULL ? 0 : frame->place, link);

        if (record == NULL)
                return false;
        record->as.failure.error = gal_turn_bounded_text(error, GAL_ERROR_CHARACTERS_MAX);
        record->as.failure.cause = gal_turn_bounded_text(cause, GAL_CAUSE_CHARACTERS_MAX);
        gal_turn_end(turn, record);
        return true;
}

void gal_turn_effect(struct gal_turn *turn, enum gal_effect_kind kind, const struct gal_frame *frame,
                     uint64_t scheduled_id, struct gal_payload *input)
{
        struct gal_step *step = turn->step;
        struct gal_effect *effect;

        if (step->effect_count == step->effect_size) {
                step->effect_size = step->effect_size == 0 ? 8 : step->effect_size * 2;
                step->effects = gal_realloc(step->effects, step->effect_size, sizeof(*step->effects));
        }
        effect = &step->effects[step->effect_count++];
        memset(effect, 0, sizeof(*effect));
        effect->kind = kind;
        effect->scheduled_id = scheduled_id;
        effect->input = gal_payload_ref(input);
        if (frame != NULL) {
                effect->frame = frame->place;
                effect->state = frame->state;
                effect->attempt = frame->retry_count;
        }
}

void gal_turn_cancel(struct gal_turn *turn, const struct gal_frame *frame)
{
        if (frame->attempt.scheduled_id != 0)
                gal_turn_effect(turn, GAL_EFFECT_CANCEL, frame, frame->attempt.scheduled_id, NULL);
}

void gal_turn_cancel_all(struct gal_turn *turn)
{
        for (uint32_t i = 0; i < turn->execution->frame_count; i++) {
                if (turn->execution->frames[i] != NULL)
                        gal_turn_cancel(turn, turn->execution->frames[i]);
        }
}

void gal_turn_fail_execution(struct gal_turn *turn, uint64_t link, const char *error, const char *cause)
{
        if (gal_turn_is_over(turn))
                return;
        gal_turn_cancel_all(turn);
        gal_turn_emit_failure(turn, GAL_EVENT_EXECUTION_FAILED, NULL, link, error, cause);
        gal_turn_effect(turn, GAL_EFFECT_FINISH, NULL, 0, NULL);
}

void gal_step_clear(struct gal_step *step)
{
        gal_records_clear(&step->records);
        for (size_t i = 0; i < step->effect_count; i++)
                gal_payload_unref(step->effects[i].input);
        step->effect_count = 0;
        step->yielded = false;
}

void gal_step_finish(struct gal_step *step)
{
        gal_step_clear(step);
        gal_records_finish(&step->records);
        free(step->effects);
        step->effects = NULL;
        step->effect_size = 0;
}
