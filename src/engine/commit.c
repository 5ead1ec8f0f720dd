/*
 * commit.c: batches of rows: made of what the runs of a tick decided, and published when the store has them.
 *
 * The rows borrow their texts from runs, machines and revisions, none of which change while the commit is in
 * flight.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/mutation.h"
#include "engine/internal.h"
#include "journal/journal.h"

static struct gal_commit *create_commit(size_t run_count, size_t machine_count, size_t activity_count)
{
        struct gal_commit *commit = gal_new(struct gal_commit);

        commit->run_size = run_count;
        commit->runs = gal_new_array(run_count, struct gal_run *);
        commit->bodies = gal_new_array(run_count, struct gal_buffer);
        commit->snapshots = gal_new_array(run_count, struct gal_buffer);
        commit->chunk_rows = gal_new_array(run_count, struct gal_chunk_row);
        commit->execution_rows = gal_new_array(run_count, struct gal_execution_row);
        commit->run_rows = gal_new_array(run_count, struct gal_run_row);
        commit->closed_rows = gal_new_array(run_count, struct gal_run_row);
        commit->name_rows = gal_new_array(run_count, struct gal_name_row);
        commit->machines = gal_new_array(machine_count, struct machine *);
        commit->machine_rows = gal_new_array(machine_count, struct gal_machine_row);
        commit->revision_rows = gal_new_array(machine_count, struct gal_revision_row);
        commit->deleted_rows = gal_new_array(machine_count, const char *);
        commit->version_rows = gal_new_array(machine_count, struct gal_version_row);
        commit->deleted_version_rows = gal_new_array(machine_count, struct gal_version_row);
        commit->alias_rows = gal_new_array(machine_count, struct gal_alias_row);
        commit->deleted_alias_rows = gal_new_array(machine_count, struct gal_alias_row);
        commit->activities = gal_new_array(activity_count, struct activity *);
        commit->activity_rows = gal_new_array(activity_count, struct gal_activity_row);
        commit->deleted_activity_rows = gal_new_array(activity_count, const char *);
        commit->batch = (struct gal_batch){ .machines = commit->machine_rows,
                                            .deleted_machines = commit->deleted_rows,
                                            .revisions = commit->revision_rows,
                                            .versions = commit->version_rows,
                                            .deleted_versions = commit->deleted_version_rows,
                                            .aliases = commit->alias_rows,
                                            .deleted_aliases = commit->deleted_alias_rows,
                                            .names = commit->name_rows,
                                            .executions = commit->execution_rows,
                                            .chunks = commit->chunk_rows,
                                            .runs = commit->run_rows,
                                            .closed_runs = commit->closed_rows,
                                            .activities = commit->activity_rows,
                                            .deleted_activities = commit->deleted_activity_rows };
        return commit;
}

static void destroy_commit(struct gal_commit *commit)
{
        for (size_t i = 0; i < commit->run_size; i++) {
                gal_buffer_finish(&commit->bodies[i]);
                gal_buffer_finish(&commit->snapshots[i]);
        }
        free(commit->runs);
        free(commit->bodies);
        free(commit->snapshots);
        free(commit->chunk_rows);
        free(commit->execution_rows);
        free(commit->run_rows);
        free(commit->closed_rows);
        free(commit->name_rows);
        free(commit->machines);
        free(commit->machine_rows);
        free(commit->revision_rows);
        free(commit->deleted_rows);
        free(commit->version_rows);
        free(commit->deleted_version_rows);
        free(commit->alias_rows);
        free(commit->deleted_alias_rows);
        free(commit->tag_rows);
        free(commit->deleted_tag_rows);
        free(commit->activities);
        free(commit->activity_rows);
        free(commit->deleted_activity_rows);
        free(commit->task_rows);
        free(commit->taken_rows);
        free(commit);
}

/* Grows `rows` as needed. */
static void add_tags(struct gal_tag_row **rows, size_t *size, size_t *count, const struct gal_tag_row *more,
                     size_t more_count)
{
        if (more_count == 0)
                return;
        if (*count + more_count > *size) {
                *size = (*count + more_count) * 2;
                *rows = gal_realloc(*rows, *size, sizeof(**rows));
        }
        memcpy(*rows + *count, more, more_count * sizeof(*more));
        *count += more_count;
}

static void add_tag_change(struct gal_commit *commit, const struct tag_change *change)
{
        add_tags(&commit->tag_rows, &commit->tag_size, &commit->batch.tag_count, change->puts, change->put_count);
        add_tags(&commit->deleted_tag_rows, &commit->deleted_tag_size, &commit->batch.deleted_tag_count,
                 change->deletions, change->deletion_count);
        commit->batch.tags = commit->tag_rows;
        commit->batch.deleted_tags = commit->deleted_tag_rows;
}

static void add_revision(struct gal_commit *commit, const struct revision *revision)
{
        commit->revision_rows[commit->batch.revision_count++] = (struct gal_revision_row){
                .revision_id = revision->id,
                .machine_id = revision->machine_id,
                .definition = revision->definition,
                .role_arn = revision->role_arn,
                .created_ms = revision->created_ms,
                .number = revision->number,
                .logging = revision->logging,
                .tracing = revision->tracing,
                .encryption = revision->encryption,
        };
}

static void add_version(struct gal_commit *commit, const struct machine *machine)
{
        const struct version *version = gal_version_find(machine, machine->last_version);

        commit->version_rows[commit->batch.version_count++] = (struct gal_version_row){
                .machine_id = machine->id,
                .version = version->number,
                .revision_id = version->revision_id,
                .description = version->description,
                .created_ms = version->created_ms,
        };
}

static struct gal_alias_row make_alias_row(const struct machine *machine, const struct alias *alias)
{
        return (struct gal_alias_row){ .machine_id = machine->id,
                                       .name = alias->name,
                                       .description = alias->description,
                                       .version = alias->routes[0].version,
                                       .weight = alias->routes[0].weight,
                                       .other_version = alias->route_count > 1 ? alias->routes[1].version : 0,
                                       .other_weight = alias->route_count > 1 ? alias->routes[1].weight : 0,
                                       .created_ms = alias->created_ms,
                                       .updated_ms = alias->updated_ms };
}

static void add_change(struct gal_commit *commit, const struct machine *machine)
{
        const struct machine_change *change = &machine->change;

        if (change->publishes)
                add_version(commit, machine);
        if (change->deleted_version != 0)
                commit->deleted_version_rows[commit->batch.deleted_version_count++] =
                        (struct gal_version_row){ .machine_id = machine->id, .version = change->deleted_version };
        if (change->alias != NULL)
                commit->alias_rows[commit->batch.alias_count++] = make_alias_row(machine, change->alias);
        if (change->deleted_alias != NULL)
                commit->deleted_alias_rows[commit->batch.deleted_alias_count++] =
                        make_alias_row(machine, change->deleted_alias);
        add_tag_change(commit, &change->tags);
}

static void add_machine(struct gal_commit *commit, struct machine *machine)
{
        commit->machines[commit->machine_count++] = machine;
        if (machine->deleting) {
                commit->deleted_rows[commit->batch.deleted_machine_count++] = machine->id;
                return;
        }
        commit->machine_rows[commit->batch.machine_count++] = (struct gal_machine_row){
                .machine_id = machine->id,
                .name = machine->name,
                .revision_id = machine->revision->id,
                .type = "STANDARD",
                .status = "ACTIVE",
                .created_ms = machine->created_ms,
                .updated_ms = machine->updated_ms,
                .last_version = machine->last_version,
                .created_published = machine->created_published,
                .created_description = machine->created_description,
        };
        if (!machine->revision->is_committed)
                add_revision(commit, machine->revision);
        add_change(commit, machine);
}

static void add_activity(struct gal_commit *commit, struct activity *activity)
{
        commit->activities[commit->activity_count++] = activity;
        add_tag_change(commit, &activity->tags);
        if (activity->deleting)
                commit->deleted_activity_rows[commit->batch.deleted_activity_count++] = activity->name;
        else
                commit->activity_rows[commit->batch.activity_count++] =
                        (struct gal_activity_row){ .name = activity->name,
                                                   .encryption = activity->encryption,
                                                   .created_ms = activity->created_ms };
}

static void add_chunk(struct gal_commit *commit, struct gal_run *run)
{
        const struct gal_records *records = &run->step.records;
        size_t index = commit->batch.chunk_count++;
        struct gal_buffer *body = &commit->bodies[index];
        uint32_t event_count = 0;

        for (size_t i = 0; i < records->count; i++)
                event_count += !gal_event_is_internal(records->items[i].type);
        gal_journal_encode(body, run->execution->program, records, run->number);
        if (body->status != GAL_OK)
                gal_bug("encoding a chunk", body->status);
        run->tail_size += body->len;
        commit->runs[commit->run_count++] = run;
        commit->chunk_rows[index] = (struct gal_chunk_row){
                .slot = run->slot,
                .execution_id = run->id,
                .sequence = ++run->sequence,
                .first_event_id = run->execution->last_id + 1 - event_count,
                .event_count = event_count,
                .body = body->data,
                .body_len = body->len,
        };
}

/* At start and at close. */
static void add_execution(struct gal_commit *commit, const struct gal_run *run)
{
        const struct gal_execution *execution = run->execution;

        commit->execution_rows[commit->batch.execution_count++] = (struct gal_execution_row){
                .slot = run->slot,
                .execution_id = run->id,
                .name = execution->execution_name,
                .machine_id = run->revision->machine_id,
                .machine_name = execution->machine_name,
                .revision_id = run->revision->id,
                .status = gal_execution_status_name(execution->status),
                .started_ms = execution->started_ms,
                .stopped_ms = execution->stopped_ms,
                .event_count = execution->last_id,
                .input = gal_payload_raw(execution->input, NULL),
                .output = execution->output == NULL ? NULL : gal_payload_text(execution->output, NULL),
                .error = execution->error,
                .cause = execution->cause,
                .version = run->version,
                .alias = run->alias,
                .trace_header = run->trace_header,
        };
}

static void add_name(struct gal_commit *commit, const struct gal_run *run)
{
        const struct gal_execution *execution = run->execution;
        bool is_open = execution->status == GAL_EXECUTION_RUNNING;

        if (!run->is_named)
                return;
        commit->name_rows[commit->batch.name_count++] = (struct gal_name_row){
                .machine_id = run->revision->machine_id,
                .name = execution->execution_name,
                .execution_id = run->id,
                .reusable_ms = is_open ? INT64_MAX : execution->stopped_ms + GAL_NAME_REUSE_MS,
        };
}

/* A snapshot spares its reader the chunks before it: worth its bytes when those are more. */
static bool wants_snapshot(const struct gal_run *run)
{
        if (run->is_parking)
                return true;
        return run->tail_size > GAL_SNAPSHOT_TAIL_SIZE_MIN && run->tail_size > run->snapshot_size;
}

/* After its chunk: the snapshot refers to large payloads where that has written them. */
static void add_snapshot(struct gal_commit *commit, struct gal_run *run, struct gal_run_row *row)
{
        struct gal_buffer *snapshot = &commit->snapshots[commit->run_count - 1];

        gal_journal_encode_snapshot(snapshot, run->execution, run->number);
        if (snapshot->status != GAL_OK)
                gal_bug("encoding a snapshot", snapshot->status);
        row->sequence = run->sequence;
        row->snapshot = snapshot->data;
        row->snapshot_len = snapshot->len;
        run->snapshot_size = snapshot->len;
        run->tail_size = 0;
}

static void add_run(struct gal_commit *commit, struct gal_run *run)
{
        struct gal_run_row row = { .slot = run->slot, .execution_id = run->id };
        bool is_open = run->execution->status == GAL_EXECUTION_RUNNING;

        run->in_flight = true;
        run->is_parking = gal_run_is_parkable(run);
        add_chunk(commit, run);
        gal_activity_tasks_commit(run, commit);
        if (!run->is_committed || !is_open) {
                add_execution(commit, run);
                add_name(commit, run);
        }
        if (is_open && wants_snapshot(run))
                add_snapshot(commit, run, &row);
        row.wake_ms = run->is_parking && !GAL_MUTATED(NO_WAKE) ? run->wake_ms : 0;
        if (is_open && (!run->is_committed || row.snapshot != NULL || row.wake_ms != run->row_wake_ms)) {
                run->row_wake_ms = row.wake_ms;
                commit->run_rows[commit->batch.run_count++] = row;
        } else if (!is_open && run->is_committed) {
                commit->closed_rows[commit->batch.closed_run_count++] = row;
        }
}

/* Nothing has happened, it only leaves memory: there is no chunk. */
static void add_parking(struct gal_commit *commit, struct gal_run *run)
{
        struct gal_run_row row = { .slot = run->slot, .execution_id = run->id };

        run->in_flight = true;
        run->is_parking = true;
        commit->runs[commit->run_count++] = run;
        add_snapshot(commit, run, &row);
        row.wake_ms = GAL_MUTATED(NO_WAKE) ? 0 : run->wake_ms;
        run->row_wake_ms = row.wake_ms;
        commit->run_rows[commit->batch.run_count++] = row;
}

static size_t count_dirty(const struct gal_engine *engine)
{
        size_t count = 0;

        for (const struct gal_run *run = engine->dirty_first; run != NULL; run = run->next_dirty)
                count++;
        return count;
}

static size_t count_changed(const struct gal_engine *engine)
{
        size_t count = 0;

        for (const struct machine *machine = engine->changed_first; machine != NULL;
             machine = machine->next_changed)
                count++;
        return count;
}

static size_t count_activities(const struct gal_engine *engine)
{
        size_t count = 0;

        for (const struct activity *activity = engine->changed_activities; activity != NULL;
             activity = activity->next_changed)
                count++;
        return count;
}

static struct gal_run *take_dirty(struct gal_engine *engine)
{
        struct gal_run *run = engine->dirty_first;

        engine->dirty_first = run->next_dirty;
        if (engine->dirty_first == NULL)
                engine->dirty_last = &engine->dirty_first;
        run->is_dirty = false;
        return run;
}

static void stay(struct gal_run *run)
{
        gal_run_answer_replies(run, /* lost= */ NULL);
        gal_run_rest(run);
}

/* A step may write nothing: a result that came too late. */
static void step_dirty(struct gal_engine *engine, struct gal_commit *commit)
{
        while (engine->dirty_first != NULL) {
                struct gal_run *run = take_dirty(engine);

                gal_suspect_execution(engine, run->id, run->execution->execution_arn);
                gal_run_step(run, &engine->ids);
                gal_run_set_wake(run);
                if (run->step.records.count > 0)
                        add_run(commit, run);
                else if (run->wants_parking && gal_run_may_park(run))
                        add_parking(commit, run);
                else
                        stay(run);
                run->wants_parking = false;
                gal_suspect_set(NULL);
                if (engine->one_by_one && commit->run_count > 0)
                        return;
        }
}

void gal_commit_offer(struct gal_engine *engine)
{
        struct gal_commit *commit =
                create_commit(count_dirty(engine), count_changed(engine), count_activities(engine));

        for (struct machine *machine = engine->changed_first; machine != NULL; machine = machine->next_changed)
                add_machine(commit, machine);
        engine->changed_first = NULL;
        engine->changed_last = &engine->changed_first;
        for (struct activity *activity = engine->changed_activities; activity != NULL;
             activity = activity->next_changed)
                add_activity(commit, activity);
        engine->changed_activities = NULL;
        engine->changed_activities_last = &engine->changed_activities;
        if (!engine->one_by_one || (commit->machine_count == 0 && commit->activity_count == 0))
                step_dirty(engine, commit);
        if (commit->run_count == 0 && commit->machine_count == 0 && commit->activity_count == 0) {
                destroy_commit(commit);
                return;
        }
        engine->commits_in_flight++;
        for (size_t i = 0; GAL_MUTATED(EFFECT_BEFORE_COMMIT) && i < commit->run_count; i++)
                gal_run_publish(commit->runs[i]);
        engine->callbacks.commit(engine->callbacks.user, commit, &commit->batch);
}

/* Its row says when it is due: memory need not. */
static void park(struct gal_engine *engine, struct gal_run *run)
{
        if (engine->parked_wake_ms == 0 || run->wake_ms < engine->parked_wake_ms)
                engine->parked_wake_ms = run->wake_ms;
        engine->counters.parked++;
        gal_run_destroy(run);
}

/* From here on the execution may take the next step; a closed one goes. */
static void release_run(struct gal_engine *engine, struct gal_run *run)
{
        struct gal_answer answer = { .arn = run->execution->execution_arn, .run = run };
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_CONTINUE };
        bool yielded = run->step.yielded;

        engine->counters.started += !run->is_committed;
        run->in_flight = false;
        run->is_committed = true;
        gal_step_clear(&run->step);
        answer.time_ms = run->execution->started_ms;
        gal_waiters_answer(&run->waiters, &answer);
        gal_run_answer_replies(run, /* lost= */ NULL);
        gal_polls_answer_started(run);
        if (run->execution->status != GAL_EXECUTION_RUNNING) {
                engine->counters.closed[run->execution->status]++;
                answer.time_ms = run->execution->stopped_ms;
                gal_waiters_answer(&run->stop_waiters, &answer);
                gal_run_refuse_queue(run, &gal_too_late);
                if (engine->callbacks.closed != NULL)
                        engine->callbacks.closed(engine->callbacks.user, run);
                gal_run_cancel_all(run);
                gal_run_destroy(run);
                return;
        }
        if (yielded)
                gal_run_queue(run, &stimulus);
        else if (run->queue_count > 0)
                gal_run_mark_dirty(run);
        else if (run->is_parking)
                park(engine, run);
        else
                gal_run_rest(run);
}

static void count(struct gal_engine_counters *counters, const struct gal_batch *batch)
{
        counters->chunks += batch->chunk_count;
        counters->rows += batch->machine_count + batch->deleted_machine_count + batch->revision_count +
                          batch->version_count + batch->deleted_version_count + batch->alias_count +
                          batch->deleted_alias_count + batch->tag_count + batch->deleted_tag_count +
                          batch->name_count + batch->execution_count + batch->chunk_count + batch->run_count +
                          batch->closed_run_count + batch->activity_count + batch->deleted_activity_count +
                          batch->activity_task_count + batch->taken_activity_task_count;
        for (size_t i = 0; i < batch->chunk_count; i++)
                counters->bytes += batch->chunks[i].body_len;
}

static void publish(struct gal_engine *engine, struct gal_commit *commit)
{
        count(&engine->counters, &commit->batch);
        for (size_t i = 0; i < commit->machine_count; i++)
                gal_registry_committed(engine, commit->machines[i]);
        for (size_t i = 0; i < commit->activity_count; i++)
                gal_activity_committed(engine, commit->activities[i]);
        gal_activity_tasks_committed(engine, commit);
        for (size_t i = 0; !GAL_MUTATED(EFFECT_BEFORE_COMMIT) && i < commit->run_count; i++)
                gal_run_publish(commit->runs[i]);
        for (size_t i = 0; i < commit->run_count; i++)
                release_run(engine, commit->runs[i]);
}

static void quarantine(struct gal_engine *engine, const struct gal_run *run)
{
        gal_quarantine_add(engine, run->id, /* reason= */ NULL);
        gal_log(engine->log, GAL_LOG_ERROR,
                "execution %s stands still: the store refuses what it has to write; the others go on",
                run->execution->execution_arn);
}

/* The data was refused: find out whose it is, one execution a batch. */
static void narrow_down(struct gal_engine *engine, const struct gal_commit *commit)
{
        bool is_found = commit->run_count == 1 && commit->machine_count == 0 && commit->activity_count == 0;

        if (is_found)
                quarantine(engine, commit->runs[0]);
        engine->one_by_one = !is_found;
}

void gal_engine_committed(struct gal_engine *engine, struct gal_commit *commit, enum gal_status status)
{
        gal_assert(engine->commits_in_flight > 0);
        engine->commits_in_flight--;
        if (status == GAL_OK && !engine->is_lost) {
                publish(engine, commit);
        } else {
                for (size_t i = 0; i < commit->run_count; i++)
                        commit->runs[i]->in_flight = false;
                for (size_t i = 0; i < commit->machine_count; i++)
                        commit->machines[i]->in_flight = false;
                for (size_t i = 0; i < commit->activity_count; i++)
                        commit->activities[i]->in_flight = false;
                engine->is_lost = true;
                if (status == GAL_EINVALID)
                        narrow_down(engine, commit);
        }
        destroy_commit(commit);
}
