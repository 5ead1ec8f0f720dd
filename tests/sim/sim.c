/*
 * sim.c: time, chance, faults, and the course of a run.
 */
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "clients.h"
#include "db.h"
#include "ledger.h"
#include "look.h"
#include "node.h"
#include "outsider.h"
#include "retention.h"

#define START_MS 1767225600000           /* 2026-01-01T00:00:00Z */
#define CALM_LASTS_MS (12 * 3600 * 1000) /* then everything must have ended */
#define EVENTS_MAX 2000000
#define SETTLE_MS 60000 /* a stopped process goes on, a slow commit is answered */
#define DAYS_90_MS (91ll * 86400 * 1000)

/* Chance. */

uint64_t sim_below(struct sim *sim, uint64_t bound)
{
        return bound == 0 ? 0 : gal_random_below(&sim->random, bound);
}

bool sim_one_in(struct sim *sim, unsigned count)
{
        return count != 0 && gal_random_below(&sim->random, count) == 0;
}

bool sim_is_calm(const struct sim *sim)
{
        return sim->now_ms >= sim->calm_ms;
}

bool sim_fault_strikes(struct sim *sim, enum sim_fault fault)
{
        static const char *const names[] = {
#define X(id, name) [SIM_FAULT_##id] = name,
                SIM_FAULTS(X)
#undef X
        };

        if (sim_is_calm(sim) || !sim_one_in(sim, sim->fault_in[fault]))
                return false;
        sim->faults[fault]++;
        sim_trace(sim, "fault: %s", names[fault]);
        return true;
}

/* What goes wrong. */

void sim_fail(struct sim *sim, const char *format, ...)
{
        char *text;
        va_list args;

        if (sim->failure != NULL)
                return;
        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                text = NULL;
        va_end(args);
        gal_need(text);
        sim->failure = gal_format("at %" PRId64 " ms: %s", sim->now_ms - START_MS, text);
        sim_trace(sim, "FAILURE: %s", text);
        free(text);
}

bool sim_has_failed(const struct sim *sim)
{
        return sim->failure != NULL;
}

void sim_trace(struct sim *sim, const char *format, ...)
{
        va_list args;

        if (!sim->trace)
                return;
        printf("%9" PRId64 " ", sim->now_ms - START_MS);
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        putchar('\n');
}

/* Time. */

static bool is_before(const struct gal_heap_node *a, const struct gal_heap_node *b)
{
        const struct sim_event *x = gal_container_of(a, struct sim_event, node);
        const struct sim_event *y = gal_container_of(b, struct sim_event, node);

        if (x->at_ms != y->at_ms)
                return x->at_ms < y->at_ms;
        return x->order < y->order;
}

void sim_schedule(struct sim *sim, struct sim_event *event, void (*run)(struct sim *sim, struct sim_event *event),
                  int64_t delay_ms)
{
        gal_heap_remove(&sim->events, &event->node);
        event->at_ms = sim->now_ms + delay_ms;
        event->order = sim->order++;
        event->run = run;
        gal_heap_insert(&sim->events, &event->node);
}

void sim_unschedule(struct sim *sim, struct sim_event *event)
{
        gal_heap_remove(&sim->events, &event->node);
}

bool sim_is_scheduled(const struct sim_event *event)
{
        return event->node.index != 0;
}

static void run_next(struct sim *sim)
{
        struct sim_event *event = gal_container_of(gal_heap_first(&sim->events), struct sim_event, node);

        gal_heap_remove(&sim->events, &event->node);
        sim->now_ms = event->at_ms;
        sim->event_count++;
        event->run(sim, event);
}

/* Faults that come by themselves. */

static void plan_faults(struct sim *sim)
{
        static const unsigned usual[SIM_FAULT_COUNT] = {
                [SIM_FAULT_CRASH] = 6,    [SIM_FAULT_CRASH_INSIDE] = 150, [SIM_FAULT_FREEZE] = 6,
                [SIM_FAULT_CLOCK] = 6,    [SIM_FAULT_REFUSED] = 40,       [SIM_FAULT_NOT_APPLIED] = 40,
                [SIM_FAULT_APPLIED] = 40, [SIM_FAULT_LATE] = 30,          [SIM_FAULT_STUCK] = 60,
                [SIM_FAULT_SLOW] = 30,    [SIM_FAULT_RENEWAL] = 5,        [SIM_FAULT_ACQUIRE] = 4,
                [SIM_FAULT_STOLEN] = 8,   [SIM_FAULT_DOWN] = 8,           [SIM_FAULT_READ] = 60,
                [SIM_FAULT_DATA] = 1,     [SIM_FAULT_UNREADABLE] = 8,     [SIM_FAULT_SLOW_RENEWAL] = 4,
                [SIM_FAULT_SESSION] = 6,
        };

        for (int i = 0; i < SIM_FAULT_COUNT; i++)
                sim->fault_in[i] = sim_one_in(sim, 2) ? 0 : 1 + usual[i] / 2 + (unsigned)sim_below(sim, usual[i]);
        if (sim->is_patient) {
                for (int i = 0; i < SIM_FAULT_COUNT; i++)
                        sim->fault_in[i] = i == SIM_FAULT_READ ? 4 : i == SIM_FAULT_UNREADABLE ? 3 : 0;
        }
        if (!sim->is_contended)
                return;
        sim->fault_in[SIM_FAULT_SESSION] = sim->fault_in[SIM_FAULT_SLOW_RENEWAL] = 2;
        sim->fault_in[SIM_FAULT_CRASH] = sim->fault_in[SIM_FAULT_DOWN] = sim->fault_in[SIM_FAULT_STOLEN] = 0;
}

static void cause_faults(struct sim *sim, struct sim_event *event)
{
        struct sim_node *node = sim->nodes[sim_below(sim, sim->node_count)];

        if (sim_node_is_up(node) && sim_fault_strikes(sim, SIM_FAULT_CRASH))
                sim_node_crash(node);
        if (sim_node_is_up(node) && sim_fault_strikes(sim, SIM_FAULT_FREEZE))
                sim_node_freeze(node, (int64_t)sim_below(sim, sim_one_in(sim, 2) ? 30000 : 300));
        if (sim_fault_strikes(sim, SIM_FAULT_CLOCK))
                sim_node_set_clock(node, (int64_t)sim_below(sim, 20000) - 10000);
        if (sim_fault_strikes(sim, SIM_FAULT_STOLEN))
                sim_db_steal_lease(sim->db);
        if (sim_fault_strikes(sim, SIM_FAULT_DOWN))
                sim_db_go_down(sim->db, (int64_t)sim_below(sim, 4000));
        if (sim_node_is_up(node) && sim_fault_strikes(sim, SIM_FAULT_SESSION)) {
                sim_db_lose_session(sim->db, node);
                if (sim_one_in(sim,
                               2)) /* what it has not noticed, it will not notice before it has been succeeded */
                        sim_node_freeze(node, 500 + (int64_t)sim_below(sim, 3000));
        }
        if (sim_fault_strikes(sim, SIM_FAULT_UNREADABLE))
                sim->unreadable_until_ms = sim->now_ms + (int64_t)sim_below(sim, 4000);
        if (!sim_is_calm(sim))
                sim_schedule(sim, event, cause_faults, (int64_t)sim_below(sim, sim->is_contended ? 700 : 2000));
}

static void look(struct sim *sim, struct sim_event *event)
{
        sim_look_at_history(sim);
        sim_schedule(sim, event, look, (int64_t)sim_below(sim, sim_is_calm(sim) ? 60000 : 3000));
}

/* The course of a run. */

static void begin(struct sim *sim)
{
        sim->events.before = is_before;
        sim->now_ms = START_MS;
        sim->random = (struct gal_random){ { sim->seed, 0x9E3779B97F4A7C15u, ~sim->seed, 1 } };
        for (unsigned i = 0; i < 16; i++)
                gal_random_next(&sim->random);
        /* Now and then so long that what was parked comes due among faults. */
        sim->calm_ms = START_MS + 5000 + (int64_t)sim_below(sim, sim_one_in(sim, 3) ? 240000 : 60000);
        sim->commits_max = 1 + (unsigned)sim_below(sim, 4);
        sim->node_count = 1 + sim_below(sim, SIM_NODES_MAX);
        sim->is_contended = sim_one_in(sim, 4);
        if (sim->is_contended && !sim_one_in(sim, 4))
                sim->node_count = SIM_NODES_MAX;
        sim->is_patient = !sim->is_contended && sim_one_in(sim, 8);
        if (sim->is_patient)
                sim->calm_ms = START_MS + 240000;
        plan_faults(sim);
        sim->ledger = sim_ledger_create(sim);
        sim->db = sim_db_create(sim);
        for (unsigned i = 0; i < sim->node_count; i++)
                sim->nodes[i] = sim_node_create(sim, i);
        sim->is_large = sim_one_in(sim, 4);
        sim->clients = sim_clients_create(sim);
        sim->outsiders = sim_outsiders_create(sim);
        sim_retention_begin(sim);
        sim_schedule(sim, &sim->fault_event, cause_faults, (int64_t)sim_below(sim, 2000));
        sim_schedule(sim, &sim->look_event, look, (int64_t)sim_below(sim, 3000));
}

static void calm_down(struct sim *sim)
{
        sim_trace(sim, "calm");
        sim->unreadable_until_ms = 0;
        sim_db_calm(sim->db);
        sim_outsiders_calm(sim->outsiders);
        for (size_t i = 0; i < sim->node_count; i++)
                sim_node_calm(sim->nodes[i]);
}

static bool is_over(const struct sim *sim)
{
        return sim_clients_are_done(sim->clients) && sim_ledger_open_count(sim->ledger) == 0;
}

static void say_stuck(struct sim *sim)
{
        const char *waiting = sim_clients_waiting(sim->clients);

        for (const struct sim_entry *entry = sim_ledger_first(sim->ledger); entry != NULL; entry = entry->hh.next) {
                if (sim_entry_is_open(entry) && !entry->is_refused)
                        sim_fail(sim, "%s never ends", entry->arn);
        }
        sim_fail(sim, "%s is never answered", waiting == NULL ? "nobody" : waiting);
}

static void run_to_the_end(struct sim *sim)
{
        bool was_calm = sim_is_calm(sim);
        int64_t end_ms = (was_calm ? sim->now_ms : sim->calm_ms) + CALM_LASTS_MS;
        uint64_t events_max = sim->event_count + EVENTS_MAX;

        while (!sim_has_failed(sim) && !is_over(sim)) {
                run_next(sim);
                if (!was_calm && sim_is_calm(sim)) {
                        was_calm = true;
                        calm_down(sim);
                }
                for (size_t i = 0; i < sim->node_count && sim->event_count % 5 == 0; i++)
                        sim_node_check(sim->nodes[i]);
                if (sim->now_ms > end_ms || sim->event_count > events_max)
                        say_stuck(sim);
        }
}

/* What is closed in the database is closed in memory, too, when its commit has been answered. */
static void let_settle(struct sim *sim)
{
        int64_t end_ms = sim->now_ms + SETTLE_MS;

        while (!sim_has_failed(sim) && sim->now_ms < end_ms)
                run_next(sim);
}

/* Names are free again: the clocks jump, everything is closed. */
static void run_90_days_later(struct sim *sim)
{
        let_settle(sim);
        if (sim_has_failed(sim) || !sim_one_in(sim, 4) || !sim_clients_start_again(sim->clients))
                return;
        sim->calm_ms = sim->now_ms;
        calm_down(sim);
        for (size_t i = 0; i < sim->node_count; i++)
                sim_node_set_clock(sim->nodes[i], DAYS_90_MS + 10000);
        run_to_the_end(sim);
}

static uint64_t count_faults(const struct sim *sim)
{
        uint64_t count = 0;

        for (int i = 0; i < SIM_FAULT_COUNT; i++)
                count += sim->faults[i];
        return count;
}

static void end(struct sim *sim)
{
        sim_unschedule(sim, &sim->fault_event);
        sim_unschedule(sim, &sim->look_event);
        sim_retention_end(sim);
        sim_clients_check(sim->clients);
        if (!sim_has_failed(sim))
                sim_look_at_store(sim);
        if (count_faults(sim) == 0)
                sim_fail(sim, "no fault happened");
        for (size_t i = 0; i < sim->node_count; i++)
                sim_node_destroy(sim->nodes[i]);
        sim_clients_destroy(sim->clients);
        sim_outsiders_destroy(sim->outsiders);
        sim_db_destroy(sim->db);
}

void sim_run(uint64_t seed, bool trace, struct sim_result *ret_result)
{
        struct sim *sim = gal_new(struct sim);

        sim->seed = seed;
        sim->trace = trace;
        begin(sim);
        run_to_the_end(sim);
        run_90_days_later(sim);
        end(sim);
        *ret_result = (struct sim_result){ .faults = count_faults(sim),
                                           .events = sim->event_count,
                                           .executions = sim_ledger_count(sim->ledger),
                                           .dispatches = sim->dispatches,
                                           .virtual_ms = sim->now_ms - START_MS,
                                           .failure = sim->failure };
        sim_ledger_destroy(sim->ledger);
        gal_heap_finish(&sim->events);
        free(sim);
}
