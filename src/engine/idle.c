/*
 * idle.c: parking: executions that wait for long leave memory, and their run row says when they are due.
 *
 * One that waits for the time alone leaves with the commit that makes it wait. Nobody knows how long a worker or
 * the holder of a token takes; so one that waits for them stays a while, and then leaves with a commit of its own.
 * When many wait, further ones leave at once: they come last anyway.
 */
#include "base/limits.h"
#include "engine/internal.h"

/* Executions that leave memory in one tick; the rest follows in the next one. */
#define PARK_MAX 1000

static bool is_call(const struct gal_run *run, const struct gal_effect *effect)
{
        return effect->kind == GAL_EFFECT_INVOKE &&
               run->execution->program->states[effect->state].as.task.resource_kind != GAL_RESOURCE_ACTIVITY;
}

/* For somebody who comes to us: its calls are not out, and yet attempts are open. */
static bool waits_for_others(const struct gal_run *run)
{
        const struct gal_execution *execution = run->execution;

        for (uint32_t i = 0; i < execution->frame_count; i++) {
                if (execution->frames[i] != NULL && execution->frames[i]->attempt.scheduled_id != 0)
                        return true;
        }
        return false;
}

bool gal_run_may_park(const struct gal_run *run)
{
        const struct gal_step *step = &run->step;

        if (run->execution->status != GAL_EXECUTION_RUNNING || gal_execution_is_ready(run->execution) ||
            run->tasks_out > 0 || run->stop_waiters != NULL)
                return false;
        for (size_t i = 0; i < step->effect_count; i++) {
                if (is_call(run, &step->effects[i]))
                        return false;
        }
        return run->wake_ms >= run->engine->now_ms + GAL_PARK_MS;
}

bool gal_run_is_parkable(const struct gal_run *run)
{
        return gal_run_may_park(run) && (run->engine->idle_count >= GAL_IDLE_MAX || !waits_for_others(run));
}

void gal_run_rest(struct gal_run *run)
{
        struct gal_engine *engine = run->engine;

        if (run->is_idle || run->is_dirty || run->in_flight || run->tasks_out > 0 ||
            run->execution->status != GAL_EXECUTION_RUNNING || gal_execution_is_ready(run->execution) ||
            !waits_for_others(run))
                return;
        run->is_idle = true;
        run->idle_ms = engine->now_ms;
        TAILQ_INSERT_TAIL(&engine->idle, run, idle_link);
        engine->idle_count++;
}

void gal_run_unrest(struct gal_run *run)
{
        if (!run->is_idle)
                return;
        run->is_idle = false;
        TAILQ_REMOVE(&run->engine->idle, run, idle_link);
        run->engine->idle_count--;
}

int64_t gal_idle_wake_ms(const struct gal_engine *engine)
{
        const struct gal_run *run = TAILQ_FIRST(&engine->idle);

        return run == NULL ? 0 : run->idle_ms + GAL_PARK_MS;
}

/* What is due soon stays: it rests again after that. */
void gal_idle_run(struct gal_engine *engine)
{
        for (size_t i = 0; i < PARK_MAX; i++) {
                struct gal_run *run = TAILQ_FIRST(&engine->idle);

                if (run == NULL || run->idle_ms + GAL_PARK_MS > engine->now_ms)
                        return;
                gal_run_unrest(run);
                run->wants_parking = gal_run_may_park(run);
                if (run->wants_parking)
                        gal_run_mark_dirty(run);
        }
}
