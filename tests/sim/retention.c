/*
 * retention.c: see retention.h. After each bite the ledger learns what is gone, and that nothing else is.
 */
#include "retention.h"

#include <inttypes.h>

#include "db.h"
#include "ledger.h"

#define PAUSE_MS_MAX 3000
#define BITE_MAX 3

static bool note_execution(void *user, const struct gal_execution_row *row)
{
        bool *is_there = user;

        (void)row;
        *is_there = true;
        return false;
}

static bool note_chunk(void *user, const struct gal_chunk_row *row)
{
        bool *is_there = user;

        (void)row;
        *is_there = true;
        return false;
}

static void look_at_entry(struct sim *sim, struct sim_entry *entry, int64_t before_ms)
{
        struct gal_store *rows = sim_db_rows(sim->db);
        bool is_there = false, has_chunks = false;

        (void)!rows->ops->read_execution(rows, entry->slot, entry->id, note_execution, &is_there, NULL);
        if (is_there)
                return;
        entry->is_purged = true;
        sim_trace(sim, "db: %s is purged", entry->arn);
        if (sim_entry_is_open(entry))
                sim_fail(sim, "%s is purged, and it is open", entry->arn);
        else if (entry->execution->stopped_ms >= before_ms)
                sim_fail(sim, "%s is purged %" PRId64 " ms early", entry->arn,
                         entry->execution->stopped_ms - before_ms);
        (void)!rows->ops->read_chunks(rows, entry->slot, entry->id, 1, note_chunk, &has_chunks, NULL);
        if (has_chunks)
                sim_fail(sim, "%s is purged, and its history is there", entry->arn);
}

static void purge(struct sim *sim, struct sim_event *event)
{
        struct gal_store *rows = sim_db_rows(sim->db);
        int64_t before_ms = sim->now_ms - sim->retention_ms;
        size_t removed;

        sim_schedule(sim, event, purge, (int64_t)sim_below(sim, PAUSE_MS_MAX));
        if (sim_db_is_down(sim->db))
                return;
        (void)!rows->ops->purge(rows, before_ms, sim->now_ms, 1 + sim_below(sim, BITE_MAX), &removed, NULL);
        for (struct sim_entry *entry = sim_ledger_first(sim->ledger); entry != NULL; entry = entry->hh.next) {
                if (!entry->is_purged)
                        look_at_entry(sim, entry, before_ms);
        }
}

void sim_retention_begin(struct sim *sim)
{
        if (sim_one_in(sim, 2))
                return;
        sim->retention_ms = (int64_t)sim_below(sim, 40000);
        sim_schedule(sim, &sim->purge_event, purge, (int64_t)sim_below(sim, PAUSE_MS_MAX));
}

void sim_retention_end(struct sim *sim)
{
        sim_unschedule(sim, &sim->purge_event);
}
