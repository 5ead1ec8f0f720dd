/*
 * ledger.c: batches, row by row. A kind of row is looked at when the kinds before it are in; what must hold between
 * kinds is checked when the batch is complete.
 */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "db.h"
#include "definition/program.h"
#include "journal/journal.h"
#include "outsider.h"

struct sim_answer {
        struct sim_answer *next;
        char *result;
};

struct revision {
        UT_hash_handle hh;
        char *id;
        char *definition;
        struct gal_program *program;
};

struct name {
        UT_hash_handle hh;
        char *key; /* machine's id, '/', name */
        char *execution_id;
        int64_t reusable_ms;
};

struct activity {
        UT_hash_handle hh;
        char *name;
};

/* A task in a queue; the start of one by a worker; the end of an attempt that has a token. */
struct note {
        UT_hash_handle hh;
        char *key;
        char *text; /* of a start: the attempt; of an end: its result or cause */
        bool was_given;
};

struct sim_ledger {
        size_t snapshots; /* that were compared */
        struct sim *sim;
        struct sim_machine *machines;
        struct revision *revisions;
        struct name *names;
        struct sim_entry *entries;
        struct sim_entry *by_arn;
        size_t open_count;
        struct activity *activities;
        struct note *tasks;
        struct note *starts; /* by worker */
        struct note *ends;   /* by attempt */
        uint64_t epoch;      /* of the commit that is being applied */
        uint64_t decided_at;
};

struct sim_ledger *sim_ledger_create(struct sim *sim)
{
        struct sim_ledger *ledger = gal_new(struct sim_ledger);

        ledger->sim = sim;
        return ledger;
}

/* Looking. */

struct sim_entry *sim_ledger_first(const struct sim_ledger *ledger)
{
        return ledger->entries;
}

size_t sim_ledger_count(const struct sim_ledger *ledger)
{
        return HASH_COUNT(ledger->entries);
}

size_t sim_ledger_kept_count(const struct sim_ledger *ledger)
{
        size_t count = 0;

        for (const struct sim_entry *entry = ledger->entries; entry != NULL; entry = entry->hh.next)
                count += !entry->is_purged;
        return count;
}

size_t sim_ledger_open_count(const struct sim_ledger *ledger)
{
        size_t count = 0;

        for (const struct sim_entry *entry = ledger->entries; entry != NULL; entry = entry->hh.next)
                count += sim_entry_is_open(entry) && !entry->is_refused;
        return count;
}

struct sim_entry *sim_ledger_find(const struct sim_ledger *ledger, const char *arn)
{
        struct sim_entry *entry;

        HASH_FIND(hh_arn, ledger->by_arn, arn, strlen(arn), entry);
        return entry;
}

struct sim_entry *sim_ledger_find_id(const struct sim_ledger *ledger, const char *id)
{
        struct sim_entry *entry;

        HASH_FIND_STR(ledger->entries, id, entry);
        return entry;
}

struct sim_machine *sim_ledger_machine(const struct sim_ledger *ledger, const char *name)
{
        for (struct sim_machine *machine = ledger->machines; machine != NULL; machine = machine->hh.next) {
                if (strcmp(machine->name, name) == 0)
                        return machine;
        }
        return NULL;
}

const char *sim_ledger_definition(const struct sim_ledger *ledger, const struct sim_machine *machine)
{
        struct revision *revision;

        HASH_FIND_STR(ledger->revisions, machine->revision_id, revision);
        return revision == NULL ? NULL : revision->definition;
}

bool sim_entry_is_open(const struct sim_entry *entry)
{
        return entry->execution->status == GAL_EXECUTION_RUNNING;
}

struct sim_attempt *sim_entry_attempt(const struct sim_entry *entry, uint64_t scheduled_id)
{
        for (struct sim_attempt *attempt = entry->attempts; attempt != NULL; attempt = attempt->next) {
                if (attempt->scheduled_id == scheduled_id)
                        return attempt;
        }
        return NULL;
}

bool sim_attempt_has_answer(const struct sim_attempt *attempt, const char *result)
{
        for (const struct sim_answer *answer = attempt->answers; answer != NULL; answer = answer->next) {
                if (strcmp(answer->result, result) == 0)
                        return true;
        }
        return false;
}

/* Attempts. */

static void open_attempt(struct sim_ledger *ledger, struct sim_entry *entry, const struct gal_record *record)
{
        struct sim_attempt *attempt = gal_new(struct sim_attempt);

        attempt->is_new = true;
        attempt->is_activity = record->type == GAL_EVENT_ACTIVITY_SCHEDULED;
        attempt->frame = record->frame;
        attempt->scheduled_id = record->id;
        attempt->epoch = ledger->epoch;
        attempt->loads_before = ledger->sim->loads;
        attempt->next = entry->attempts;
        entry->attempts = attempt;
}

static void destroy_attempt(struct sim_attempt *attempt)
{
        while (attempt->answers != NULL) {
                struct sim_answer *answer = attempt->answers;

                attempt->answers = answer->next;
                free(answer->result);
                free(answer);
        }
        free(attempt);
}

static bool is_attempt_open(const struct sim_entry *entry, const struct sim_attempt *attempt)
{
        const struct gal_frame *frame = gal_execution_frame(entry->execution, attempt->frame);

        return sim_entry_is_open(entry) && frame != NULL && frame->attempt.scheduled_id == attempt->scheduled_id;
}

static void close_attempts(struct sim_entry *entry)
{
        struct sim_attempt **link = &entry->attempts;

        while (*link != NULL) {
                struct sim_attempt *attempt = *link;

                attempt->is_over = !is_attempt_open(entry, attempt);
                if (!attempt->is_over || attempt->is_new) {
                        attempt->is_new = false;
                        link = &attempt->next;
                        continue;
                }
                *link = attempt->next;
                destroy_attempt(attempt);
        }
}

bool sim_attempt_needs_call(const struct sim_attempt *attempt)
{
        return !attempt->is_activity && !attempt->is_submitted;
}

static bool has_open_call(const struct sim_entry *entry)
{
        for (const struct sim_attempt *attempt = entry->attempts; attempt != NULL; attempt = attempt->next) {
                if (!attempt->is_over && sim_attempt_needs_call(attempt))
                        return true;
        }
        return false;
}

struct sim_entry *sim_ledger_dispatched(struct sim_ledger *ledger, const char *id, uint64_t scheduled_id,
                                        uint64_t memory)
{
        struct sim *sim = ledger->sim;
        struct sim_entry *entry = sim_ledger_find_id(ledger, id);
        struct sim_attempt *attempt = entry == NULL ? NULL : sim_entry_attempt(entry, scheduled_id);

        sim->dispatches++;
        if (attempt == NULL) {
                sim_fail(sim, "attempt %" PRIu64 " of %s is dispatched, and is not open by what is written",
                         scheduled_id, id);
                return NULL;
        }
        if (attempt->last_memory == memory)
                sim_fail(sim, "attempt %" PRIu64 " of %s is dispatched twice from one memory", scheduled_id,
                         entry->arn);
        attempt->last_memory = memory;
        attempt->dispatches++;
        if (attempt->dispatches > 1 + sim->loads - attempt->loads_before)
                sim_fail(sim, "attempt %" PRIu64 " of %s is dispatched %" PRIu64 " times", scheduled_id, entry->arn,
                         attempt->dispatches);
        return entry;
}

void sim_entry_answered(struct sim_entry *entry, uint64_t scheduled_id, const char *result)
{
        struct sim_attempt *attempt = sim_entry_attempt(entry, scheduled_id);
        struct sim_answer *answer;

        if (attempt == NULL)
                return;
        answer = gal_new(struct sim_answer);
        answer->result = gal_strdup(result);
        answer->next = attempt->answers;
        attempt->answers = answer;
}

/* Machines, revisions, names. */

static void destroy_machine(struct sim_ledger *ledger, struct sim_machine *machine)
{
        HASH_DEL(ledger->machines, machine);
        free(machine->id);
        free(machine->name);
        free(machine->revision_id);
        free(machine);
}

static void delete_machine(struct sim_ledger *ledger, const char *id)
{
        struct sim_machine *machine;

        HASH_FIND_STR(ledger->machines, id, machine);
        if (machine != NULL)
                destroy_machine(ledger, machine);
}

static void put_machine(struct sim_ledger *ledger, const struct gal_machine_row *row)
{
        struct sim_machine *machine;
        const struct sim_machine *other;

        delete_machine(ledger, row->machine_id);
        other = sim_ledger_machine(ledger, row->name);
        if (other != NULL)
                sim_fail(ledger->sim, "two machines are called %s", row->name);
        machine = gal_new(struct sim_machine);
        machine->id = gal_strdup(row->machine_id);
        machine->name = gal_strdup(row->name);
        machine->revision_id = gal_strdup(row->revision_id);
        machine->written_ms = ledger->sim->now_ms;
        HASH_ADD_KEYPTR(hh, ledger->machines, machine->id, strlen(machine->id), machine);
}

static void put_revision(struct sim_ledger *ledger, const struct gal_revision_row *row)
{
        struct revision *revision = gal_new(struct revision);
        struct gal_diagnostics diagnostics = { 0 };

        revision->id = gal_strdup(row->revision_id);
        revision->definition = gal_strdup(row->definition);
        if (gal_program_compile(row->definition, strlen(row->definition), NULL, &diagnostics, &revision->program) !=
            GAL_OK)
                sim_fail(ledger->sim, "revision %s does not compile", row->revision_id);
        gal_diagnostics_finish(&diagnostics);
        HASH_ADD_KEYPTR(hh, ledger->revisions, revision->id, strlen(revision->id), revision);
}

static void put_name(struct sim_ledger *ledger, const struct gal_name_row *row)
{
        gal_auto_free char *key = gal_format("%s/%s", row->machine_id, row->name);
        const struct sim *sim = ledger->sim;
        struct name *name;

        HASH_FIND_STR(ledger->names, key, name);
        if (name == NULL) {
                name = gal_new(struct name);
                name->key = gal_take(key);
                HASH_ADD_KEYPTR(hh, ledger->names, name->key, strlen(name->key), name);
        } else if (strcmp(name->execution_id, row->execution_id) != 0 &&
                   name->reusable_ms > sim->now_ms + sim->clock_ahead_max_ms) {
                sim_fail(ledger->sim, "the name %s is used twice within its 90 days", row->name);
        }
        free(name->execution_id);
        name->execution_id = gal_strdup(row->execution_id);
        name->reusable_ms = row->reusable_ms;
}

static bool is_name_of(const struct sim_ledger *ledger, const struct sim_entry *entry)
{
        gal_auto_free char *key = gal_format("%s/%s", entry->machine_id, entry->name);
        struct name *name;

        HASH_FIND_STR(ledger->names, key, name);
        return name != NULL && strcmp(name->execution_id, entry->id) == 0 &&
               (name->reusable_ms == INT64_MAX) == sim_entry_is_open(entry);
}

/* Activities, their queues, and tokens. */

bool sim_ledger_has_activity(const struct sim_ledger *ledger, const char *name)
{
        struct activity *activity;

        HASH_FIND_STR(ledger->activities, name, activity);
        return activity != NULL;
}

static void delete_activity(struct sim_ledger *ledger, const char *name)
{
        struct activity *activity;

        HASH_FIND_STR(ledger->activities, name, activity);
        if (activity == NULL)
                return;
        HASH_DEL(ledger->activities, activity);
        free(activity->name);
        free(activity);
}

static void put_activity(struct sim_ledger *ledger, const struct gal_activity_row *row)
{
        struct activity *activity = gal_new(struct activity);

        delete_activity(ledger, row->name);
        activity->name = gal_strdup(row->name);
        HASH_ADD_KEYPTR(hh, ledger->activities, activity->name, strlen(activity->name), activity);
}

static char *attempt_key(const char *execution_id, uint64_t scheduled_id)
{
        return gal_format("%s/%" PRIu64, execution_id, scheduled_id);
}

static struct note *find_note(struct note *notes, const char *key)
{
        struct note *note;

        HASH_FIND_STR(notes, key, note);
        return note;
}

/* Takes both texts. */
static void add_note(struct note **notes, char *key, char *text)
{
        struct note *note = gal_new(struct note);

        note->key = key;
        note->text = text;
        HASH_ADD_KEYPTR(hh, *notes, note->key, strlen(note->key), note);
}

static void destroy_note(struct note **notes, struct note *note)
{
        HASH_DEL(*notes, note);
        free(note->key);
        free(note->text);
        free(note);
}

static void destroy_notes(struct note **notes)
{
        while (*notes != NULL)
                destroy_note(notes, *notes);
}

static void put_task(struct sim_ledger *ledger, const struct gal_activity_task_row *row)
{
        gal_auto_free char *key = attempt_key(row->execution_id, row->scheduled_id);
        struct sim_entry *entry = sim_ledger_find_id(ledger, row->execution_id);

        if (entry == NULL || find_note(ledger->tasks, key) != NULL) {
                sim_fail(ledger->sim, "task %s is queued %s", key, entry == NULL ? "for nothing" : "twice");
                return;
        }
        entry->task_count++;
        entry->was_touched = true;
        add_note(&ledger->tasks, gal_take(key), gal_strdup(row->activity));
}

static void take_task(struct sim_ledger *ledger, const struct gal_activity_task_row *row)
{
        gal_auto_free char *key = attempt_key(row->execution_id, row->scheduled_id);
        struct sim_entry *entry = sim_ledger_find_id(ledger, row->execution_id);
        struct note *note = find_note(ledger->tasks, key);

        if (entry == NULL || note == NULL) {
                sim_fail(ledger->sim, "task %s leaves a queue that it is not in", key);
                return;
        }
        entry->task_count--;
        entry->was_touched = true;
        destroy_note(&ledger->tasks, note);
}

/* Who waits stands in the queue, and nobody else does. */
static void check_tasks(struct sim_ledger *ledger, const struct sim_entry *entry)
{
        const struct gal_execution *execution = entry->execution;
        size_t count = 0;

        for (uint32_t i = 0; sim_entry_is_open(entry) && i < execution->frame_count; i++) {
                const struct gal_frame *frame = execution->frames[i];
                const struct sim_attempt *attempt;
                gal_auto_free char *key = NULL;

                if (frame == NULL || frame->attempt.scheduled_id == 0 || frame->attempt.started)
                        continue;
                attempt = sim_entry_attempt(entry, frame->attempt.scheduled_id);
                if (attempt == NULL || !attempt->is_activity)
                        continue;
                count++;
                key = attempt_key(entry->id, frame->attempt.scheduled_id);
                if (find_note(ledger->tasks, key) == NULL)
                        sim_fail(ledger->sim, "task %s waits for a worker and is in no queue", key);
        }
        if (count != entry->task_count)
                sim_fail(ledger->sim, "%s: %zu tasks wait for a worker, and %zu are queued", entry->arn, count,
                         entry->task_count);
}

void sim_ledger_given(struct sim_ledger *ledger, const char *worker, const char *execution_id,
                      uint64_t scheduled_id)
{
        gal_auto_free char *key = attempt_key(execution_id, scheduled_id);
        struct note *start = find_note(ledger->starts, worker);

        if (start == NULL || strcmp(start->text, key) != 0)
                sim_fail(ledger->sim, "%s is given %s, and it is not written that it started that", worker, key);
        else if (start->was_given)
                sim_fail(ledger->sim, "%s is given %s twice", worker, key);
        else
                start->was_given = true;
}

bool sim_ledger_has_end(const struct sim_ledger *ledger, const char *execution_id, uint64_t scheduled_id,
                        const char *with)
{
        gal_auto_free char *key = attempt_key(execution_id, scheduled_id);
        const struct note *end = find_note(ledger->ends, key);

        return end != NULL && strcmp(end->text, with) == 0;
}

bool sim_entry_has_open(const struct sim_entry *entry, uint64_t scheduled_id)
{
        const struct gal_execution *execution = entry->execution;

        for (uint32_t i = 0; sim_entry_is_open(entry) && i < execution->frame_count; i++) {
                if (execution->frames[i] != NULL && execution->frames[i]->attempt.scheduled_id == scheduled_id)
                        return true;
        }
        return false;
}

static void note_end(struct sim_ledger *ledger, const struct sim_entry *entry, const struct gal_frame *frame,
                     const char *with)
{
        if (frame->attempt.token != NULL)
                add_note(&ledger->ends, attempt_key(entry->id, frame->attempt.scheduled_id),
                         gal_strdup(with == NULL ? "" : with));
}

/* Before the record is applied. */
static void note_task(struct sim_ledger *ledger, const struct sim_entry *entry, const struct gal_record *record)
{
        const struct gal_frame *frame = gal_execution_frame(entry->execution, record->frame);
        struct sim_attempt *attempt;

        switch ((int)record->type) {
        case GAL_EVENT_ACTIVITY_STARTED:
                sim_outsiders_started(ledger->sim->outsiders, record->as.task_started.worker, ledger->decided_at);
                add_note(&ledger->starts, gal_strdup(record->as.task_started.worker),
                         attempt_key(entry->id, frame->attempt.scheduled_id));
                return;
        case GAL_EVENT_TASK_SUBMITTED:
                attempt = sim_entry_attempt(entry, frame->attempt.scheduled_id);
                if (attempt != NULL)
                        attempt->is_submitted = true;
                return;
        case GAL_EVENT_TASK_SUCCEEDED:
        case GAL_EVENT_ACTIVITY_SUCCEEDED:
                note_end(ledger, entry, frame, gal_payload_text(record->as.output.output, NULL));
                return;
        case GAL_EVENT_TASK_FAILED:
        case GAL_EVENT_ACTIVITY_FAILED:
                note_end(ledger, entry, frame, record->as.failure.cause);
                return;
        default:
                return;
        }
}

/* Executions. */

static void add_to_arns(struct sim_ledger *ledger, struct sim_entry *entry)
{
        struct sim_entry *former;

        HASH_FIND(hh_arn, ledger->by_arn, entry->arn, strlen(entry->arn), former);
        if (former != NULL) {
                if (sim_entry_is_open(former) && strcmp(former->machine_id, entry->machine_id) == 0)
                        sim_fail(ledger->sim, "two executions of %s are open", entry->arn);
                HASH_DELETE(hh_arn, ledger->by_arn, former);
        }
        HASH_ADD_KEYPTR(hh_arn, ledger->by_arn, entry->arn, strlen(entry->arn), entry);
}

static struct sim_entry *add_entry(struct sim_ledger *ledger, const struct gal_execution_row *row)
{
        struct sim_entry *entry;
        struct revision *revision;
        gal_auto_free char *machine_arn =
                gal_format("arn:aws:states:" SIM_REGION ":" SIM_ACCOUNT ":stateMachine:%s", row->machine_name);
        struct gal_identity identity = { .execution_name = row->name,
                                         .machine_arn = machine_arn,
                                         .machine_name = row->machine_name,
                                         .role_arn = "arn:aws:iam::" SIM_ACCOUNT ":role/galliard" };

        HASH_FIND_STR(ledger->revisions, row->revision_id, revision);
        if (revision == NULL || revision->program == NULL) {
                sim_fail(ledger->sim, "execution %s is of no revision", row->execution_id);
                return NULL;
        }
        entry = gal_new(struct sim_entry);
        strncpy(entry->id, row->execution_id, sizeof(entry->id) - 1);
        entry->slot = row->slot;
        entry->arn = gal_format("arn:aws:states:" SIM_REGION ":" SIM_ACCOUNT ":execution:%s:%s", row->machine_name,
                                row->name);
        entry->name = gal_strdup(row->name);
        entry->machine_id = gal_strdup(row->machine_id);
        entry->machine_name = gal_strdup(row->machine_name);
        entry->input = gal_strdup(row->input);
        identity.execution_arn = entry->arn;
        entry->execution = gal_execution_create(revision->program, &identity);
        entry->source =
                gal_journal_source_create(sim_db_rows(ledger->sim->db), entry->slot, entry->id, /* owner= */ 0);
        HASH_ADD_STR(ledger->entries, id, entry);
        add_to_arns(ledger, entry);
        return entry;
}

static void put_execution(struct sim_ledger *ledger, const struct gal_execution_row *row)
{
        struct sim_entry *entry = sim_ledger_find_id(ledger, row->execution_id);

        if (entry == NULL)
                entry = add_entry(ledger, row);
        else if (strcmp(entry->status, "RUNNING") != 0)
                sim_fail(ledger->sim, "%s is %s and is written again", entry->arn, entry->status);
        if (entry == NULL)
                return;
        free(entry->status);
        entry->status = gal_strdup(row->status);
        entry->was_touched = true;
}

static void apply_record(struct sim_ledger *ledger, struct sim_entry *entry, const struct gal_record *record)
{
        if (sim_has_failed(ledger->sim) || !sim_record_check(ledger->sim, entry, record))
                return;
        note_task(ledger, entry, record);
        gal_execution_apply(entry->execution, record);
        if (gal_event_infos[record->type].shape == GAL_SHAPE_SCHEDULED)
                open_attempt(ledger, entry, record);
}

static void put_chunk(struct sim_ledger *ledger, const struct gal_chunk_row *row)
{
        struct sim *sim = ledger->sim;
        struct sim_entry *entry = sim_ledger_find_id(ledger, row->execution_id);
        struct gal_records records = { NULL, 0, 0 };
        uint64_t first_id;

        if (entry == NULL) {
                sim_fail(sim, "chunk %" PRIu64 " of %s, which has no row", row->sequence, row->execution_id);
                return;
        }
        first_id = entry->execution->last_id + 1;
        entry->was_touched = true;
        if (row->sequence != entry->sequence + 1 || row->first_event_id != first_id)
                sim_fail(sim,
                         "%s: chunk %" PRIu64 " from event %" PRIu64 " follows chunk %" PRIu64
                         " up to event %" PRIu64,
                         entry->arn, row->sequence, row->first_event_id, entry->sequence, first_id - 1);
        if (gal_journal_decode(row->body, row->body_len, entry->execution->program, entry->source, &records,
                               NULL) != GAL_OK)
                sim_fail(sim, "%s: chunk %" PRIu64 " cannot be read", entry->arn, row->sequence);
        for (size_t i = 0; i < records.count; i++)
                apply_record(ledger, entry, &records.items[i]);
        gal_records_finish(&records);
        entry->sequence = row->sequence;
        if (!sim_has_failed(sim) && entry->execution->last_id + 1 != first_id + row->event_count)
                sim_fail(sim, "%s: chunk %" PRIu64 " does not hold the %" PRIu32 " events that it claims",
                         entry->arn, row->sequence, row->event_count);
}

/* Replay equals snapshot, at every commit. */
static void check_snapshot(struct sim_ledger *ledger, struct sim_entry *entry, const struct gal_run_row *row)
{
        struct gal_error error = { .code = GAL_OK };

        ledger->snapshots++;
        if (row->sequence != entry->sequence)
                sim_fail(ledger->sim, "%s: a snapshot of chunk %" PRIu64 " with chunk %" PRIu64, entry->arn,
                         row->sequence, entry->sequence);
        else if (gal_journal_check_snapshot(row->snapshot, row->snapshot_len, entry->source, entry->execution,
                                            &error) != GAL_OK)
                sim_fail(ledger->sim, "%s: its snapshot: %s", entry->arn, error.message);
}

static void put_run(struct sim_ledger *ledger, const struct gal_run_row *row, bool has_run)
{
        struct sim_entry *entry = sim_ledger_find_id(ledger, row->execution_id);

        if (entry == NULL) {
                sim_fail(ledger->sim, "a run of %s, which has no row", row->execution_id);
                return;
        }
        entry->has_run = has_run;
        entry->wake_ms = row->wake_ms;
        entry->was_touched = true;
        if (has_run && row->snapshot != NULL)
                check_snapshot(ledger, entry, row);
}

/* What must hold between the rows of an execution. */
static void check_entry(struct sim_ledger *ledger, struct sim_entry *entry)
{
        struct sim *sim = ledger->sim;
        const struct gal_execution *execution = entry->execution;
        bool is_open = sim_entry_is_open(entry);

        entry->was_touched = false;
        close_attempts(entry);
        if (sim_has_failed(sim))
                return;
        check_tasks(ledger, entry);
        if (execution->last_id == 0)
                sim_fail(sim, "%s has rows and no events", entry->arn);
        if (strcmp(entry->status, gal_execution_status_name(execution->status)) != 0)
                sim_fail(sim, "%s is %s by its row and %s by its history", entry->arn, entry->status,
                         gal_execution_status_name(execution->status));
        if (entry->has_run != is_open)
                sim_fail(sim, "%s is %s, and its run row is %s", entry->arn, entry->status,
                         entry->has_run ? "there" : "not there");
        if (strcmp(entry->name, entry->id) != 0 && !is_name_of(ledger, entry))
                sim_fail(sim, "%s: its name is not taken, or for the wrong time", entry->arn);
        if (is_open && entry->wake_ms != 0 && entry->wake_ms != gal_execution_wake_ms(execution))
                sim_fail(sim, "%s is parked until %" PRId64 " and due at %" PRId64, entry->arn, entry->wake_ms,
                         gal_execution_wake_ms(execution));
        if (is_open && entry->wake_ms != 0 && (has_open_call(entry) || gal_execution_is_ready(execution)))
                sim_fail(sim, "%s is parked and does not wait for the time alone", entry->arn);
}

void sim_ledger_apply(struct sim_ledger *ledger, const struct gal_batch *batch, uint64_t epoch, uint64_t decided_at)
{
        struct sim_entry *entry, *next;

        ledger->epoch = epoch;
        ledger->decided_at = decided_at;
        for (size_t i = 0; i < batch->machine_count; i++)
                put_machine(ledger, &batch->machines[i]);
        for (size_t i = 0; i < batch->deleted_machine_count; i++)
                delete_machine(ledger, batch->deleted_machines[i]);
        for (size_t i = 0; i < batch->revision_count; i++)
                put_revision(ledger, &batch->revisions[i]);
        for (size_t i = 0; i < batch->name_count; i++)
                put_name(ledger, &batch->names[i]);
        for (size_t i = 0; i < batch->execution_count; i++)
                put_execution(ledger, &batch->executions[i]);
        for (size_t i = 0; i < batch->chunk_count; i++)
                put_chunk(ledger, &batch->chunks[i]);
        for (size_t i = 0; i < batch->run_count; i++)
                put_run(ledger, &batch->runs[i], true);
        for (size_t i = 0; i < batch->closed_run_count; i++)
                put_run(ledger, &batch->closed_runs[i], false);
        for (size_t i = 0; i < batch->activity_count; i++)
                put_activity(ledger, &batch->activities[i]);
        for (size_t i = 0; i < batch->deleted_activity_count; i++)
                delete_activity(ledger, batch->deleted_activities[i]);
        for (size_t i = 0; i < batch->activity_task_count; i++)
                put_task(ledger, &batch->activity_tasks[i]);
        for (size_t i = 0; i < batch->taken_activity_task_count; i++)
                take_task(ledger, &batch->taken_activity_tasks[i]);
        HASH_ITER(hh, ledger->entries, entry, next)
        {
                if (entry->was_touched)
                        check_entry(ledger, entry);
        }
}

static void destroy_entry(struct sim_ledger *ledger, struct sim_entry *entry)
{
        while (entry->attempts != NULL) {
                struct sim_attempt *attempt = entry->attempts;

                entry->attempts = attempt->next;
                destroy_attempt(attempt);
        }
        HASH_DEL(ledger->entries, entry);
        gal_execution_destroy(entry->execution);
        gal_journal_source_destroy(entry->source);
        free(entry->arn);
        free(entry->name);
        free(entry->machine_id);
        free(entry->machine_name);
        free(entry->input);
        free(entry->status);
        free(entry->seen);
        free(entry);
}

void sim_ledger_destroy(struct sim_ledger *ledger)
{
        struct sim_machine *machine, *next_machine;
        struct revision *revision, *next_revision;
        struct name *name, *next_name;
        struct sim_entry *entry, *next_entry;

        if (ledger == NULL)
                return;
        HASH_ITER(hh, ledger->machines, machine, next_machine)
        destroy_machine(ledger, machine);
        HASH_CLEAR(hh_arn, ledger->by_arn);
        HASH_ITER(hh, ledger->entries, entry, next_entry)
        destroy_entry(ledger, entry);
        HASH_ITER(hh, ledger->revisions, revision, next_revision)
        {
                HASH_DEL(ledger->revisions, revision);
                gal_program_unref(revision->program);
                free(revision->id);
                free(revision->definition);
                free(revision);
        }
        HASH_ITER(hh, ledger->names, name, next_name)
        {
                HASH_DEL(ledger->names, name);
                free(name->key);
                free(name->execution_id);
                free(name);
        }
        while (ledger->activities != NULL)
                delete_activity(ledger, ledger->activities->name);
        destroy_notes(&ledger->tasks);
        destroy_notes(&ledger->starts);
        destroy_notes(&ledger->ends);
        free(ledger);
}
