/*
 * look.c: what anybody can see: histories by the API's query, page by page or at once, and rows.
 */
#include "look.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "db.h"
#include "engine/query.h"
#include "journal/journal.h"
#include "ledger.h"

struct reading {
        struct gal_buffer text;
        uint64_t last_id;
        bool is_in_order;
};

static void read_event(void *user, uint64_t id, const char *text, size_t len)
{
        struct reading *reading = user;

        reading->is_in_order = reading->is_in_order && id == reading->last_id + 1;
        reading->last_id = id;
        gal_buffer_append(&reading->text, text, len);
        gal_buffer_append_char(&reading->text, '\n');
}

/* The latest of its ARN, of a machine that is there: else it cannot be found by name. */
static bool is_findable(const struct sim *sim, const struct sim_entry *entry)
{
        const struct sim_machine *machine = sim_ledger_machine(sim->ledger, entry->machine_name);

        return machine != NULL && !entry->is_purged && strcmp(machine->id, entry->machine_id) == 0 &&
               sim_ledger_find(sim->ledger, entry->arn) == entry;
}

static enum gal_status read_history(struct sim *sim, const struct sim_entry *entry, struct reading *reading)
{
        uint64_t page = entry->execution->last_id / 4 + 1 +
                        sim_below(sim, 30); /* few pages: each reads from the first chunk */
        struct gal_history_query query = { .execution_arn = entry->arn, .limit = sim_one_in(sim, 2) ? 0 : page };
        bool more = true;

        while (more) {
                enum gal_status status;

                more = false;
                query.after_id = reading->last_id;
                status = gal_query_history(sim_db_rows(sim->db), &query, read_event, reading, &more, NULL);
                if (status != GAL_OK)
                        return status;
        }
        return GAL_OK;
}

static void compare_history(struct sim *sim, struct sim_entry *entry, struct reading *reading)
{
        if (!reading->is_in_order)
                sim_fail(sim, "the history of %s is read out of order or with a gap", entry->arn);
        if (reading->last_id != entry->execution->last_id)
                sim_fail(sim, "the history of %s is read up to event %" PRIu64 " of %" PRIu64, entry->arn,
                         reading->last_id, entry->execution->last_id);
        if (reading->text.len < entry->seen_len ||
            (entry->seen_len > 0 && memcmp(reading->text.data, entry->seen, entry->seen_len) != 0))
                sim_fail(sim, "the history of %s has changed since it was read", entry->arn);
        free(entry->seen);
        entry->seen = gal_buffer_take(&reading->text, &entry->seen_len);
}

void sim_look_at_history(struct sim *sim)
{
        struct reading reading = { .text = GAL_BUFFER_INIT, .is_in_order = true };
        size_t count = sim_ledger_count(sim->ledger);
        struct sim_entry *entry = sim_ledger_first(sim->ledger);

        if (count == 0)
                return;
        for (uint64_t i = sim_below(sim, count); i > 0; i--)
                entry = entry->hh.next;
        if (!is_findable(sim, entry))
                return;
        if (read_history(sim, entry, &reading) == GAL_OK)
                compare_history(sim, entry, &reading);
        else
                sim_fail(sim, "the history of %s cannot be read", entry->arn);
        gal_buffer_finish(&reading.text);
}

/* The last look. */

struct replay {
        struct sim *sim;
        struct sim_entry *entry;
        struct gal_execution *execution;
        struct gal_journal_source *source;
        uint64_t sequence;
        bool has_run;
};

static bool replay_chunk(void *user, const struct gal_chunk_row *row)
{
        struct replay *replay = user;
        struct gal_records records = { NULL, 0, 0 };

        if (row->sequence != ++replay->sequence || row->first_event_id != replay->execution->last_id + 1)
                sim_fail(replay->sim, "%s: chunk %" PRIu64 " does not fit to the one before", replay->entry->arn,
                         row->sequence);
        if (gal_journal_decode(row->body, row->body_len, replay->execution->program, replay->source, &records,
                               NULL) != GAL_OK)
                sim_fail(replay->sim, "%s: chunk %" PRIu64 " cannot be read", replay->entry->arn, row->sequence);
        for (size_t i = 0; i < records.count && !sim_has_failed(replay->sim); i++)
                gal_execution_apply(replay->execution, &records.items[i]);
        gal_records_finish(&records);
        return !sim_has_failed(replay->sim);
}

static bool note_run(void *user, const struct gal_run_row *row)
{
        struct replay *replay = user;

        (void)row;
        replay->has_run = true;
        return false;
}

static bool is_same_text(const char *a, const char *b)
{
        return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void compare_row(const struct replay *replay, const struct gal_execution_row *row)
{
        const struct gal_execution *execution = replay->execution;
        const char *output = execution->output == NULL ? NULL : gal_payload_text(execution->output, NULL);
        bool is_open = execution->status == GAL_EXECUTION_RUNNING;
        const char *difference = "";

        if (!gal_execution_equal(execution, replay->entry->execution, &difference))
                sim_fail(replay->sim, "%s replayed is another one: %s", replay->entry->arn, difference);
        if (replay->has_run != is_open)
                sim_fail(replay->sim, "%s: its run row is %s", replay->entry->arn,
                         replay->has_run ? "there" : "not there");
        if (strcmp(row->status, gal_execution_status_name(execution->status)) != 0 ||
            row->started_ms != execution->started_ms || row->stopped_ms != execution->stopped_ms ||
            !is_same_text(row->output, output) || !is_same_text(row->error, execution->error) ||
            !is_same_text(row->cause, execution->cause))
                sim_fail(replay->sim, "%s: its row does not say what its history says", replay->entry->arn);
        if (!is_open && row->event_count != execution->last_id)
                sim_fail(replay->sim, "%s: its row counts %" PRIu64 " events of %" PRIu64, replay->entry->arn,
                         row->event_count, execution->last_id);
}

static bool look_at_row(void *user, const struct gal_execution_row *row)
{
        struct sim *sim = user;
        struct gal_store *rows = sim_db_rows(sim->db);
        struct sim_entry *entry = sim_ledger_first(sim->ledger);
        struct gal_identity identity = { .execution_name = row->name, .machine_name = row->machine_name };
        struct replay replay = { .sim = sim };

        while (entry != NULL && strcmp(entry->id, row->execution_id) != 0)
                entry = entry->hh.next;
        if (entry == NULL) {
                sim_fail(sim, "execution %s is in the store and was not committed", row->execution_id);
                return false;
        }
        identity.execution_arn = entry->arn;
        identity.machine_arn = entry->execution->machine_arn;
        identity.role_arn = entry->execution->role_arn;
        replay.entry = entry;
        replay.execution = gal_execution_create(entry->execution->program, &identity);
        replay.source = gal_journal_source_create(rows, row->slot, row->execution_id, /* owner= */ 0);
        (void)!rows->ops->read_chunks(rows, row->slot, row->execution_id, 1, replay_chunk, &replay, NULL);
        (void)!rows->ops->read_run(rows, row->slot, row->execution_id, note_run, &replay, NULL);
        compare_row(&replay, row);
        gal_execution_destroy(replay.execution);
        gal_journal_source_destroy(replay.source);
        return !sim_has_failed(sim);
}

static bool count_row(void *user, const struct gal_execution_row *row)
{
        size_t *count = user;

        (void)row;
        (*count)++;
        return true;
}

void sim_look_at_store(struct sim *sim)
{
        struct gal_store *rows = sim_db_rows(sim->db);
        struct gal_execution_filter filter = { .limit = SIZE_MAX };
        size_t count = 0;

        (void)!rows->ops->list_executions(rows, &filter, count_row, &count, NULL);
        if (count != sim_ledger_kept_count(sim->ledger))
                sim_fail(sim, "the store has %zu executions and not %zu", count,
                         sim_ledger_kept_count(sim->ledger));
        (void)!rows->ops->list_executions(rows, &filter, look_at_row, sim, NULL);
}
