/*
 * sim.h: the world of one seed: a clock that jumps, a queue of events, chance, and the first thing that went wrong.
 *
 *   clients ──requests──> nodes (an engine each) ──commits──> database ──rows──> ledger, which checks them
 *                           │  ^                                 │
 *                  dispatch v  │ results                         └─ reads ──> loading engines, readers of histories
 *                         workers
 *
 * Everything that happens is an event at a time; a seed decides all of it, so a seed that fails fails again. Faults
 * happen until `calm_ms`; then every execution has to come to its end.
 */
#ifndef GAL_TESTS_SIM_SIM_H
#define GAL_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/heap.h"
#include "base/mutation.h"
#include "base/random.h"

struct sim;
struct sim_clients;
struct sim_db;
struct sim_ledger;
struct sim_node;
struct sim_outsiders;

/* Something that will happen. Lives in its owner, who takes it out before it goes. */
struct sim_event {
        struct gal_heap_node node;
        int64_t at_ms;
        uint64_t order; /* events of one millisecond happen in the order in which they were asked for */
        void (*run)(struct sim *sim, struct sim_event *event);
};

/* X(id, what it is called) */
#define SIM_FAULTS(X)                                                                                              \
        X(CRASH, "crash")                                                                                          \
        X(CRASH_INSIDE, "crash inside the engine")                                                                 \
        X(FREEZE, "process stopped")                                                                               \
        X(CLOCK, "clock set")                                                                                      \
        X(REFUSED, "statement failed")                                                                             \
        X(NOT_APPLIED, "connection lost before the commit")                                                        \
        X(APPLIED, "connection lost after the commit")                                                             \
        X(LATE, "connection lost, commit goes on")                                                                 \
        X(STUCK, "commit stuck with its lock")                                                                     \
        X(SLOW, "slow commit")                                                                                     \
        X(RENEWAL, "renewal lost")                                                                                 \
        X(ACQUIRE, "acquire failed")                                                                               \
        X(STOLEN, "lease taken by another process")                                                                \
        X(DOWN, "database down")                                                                                   \
        X(READ, "read failed")                                                                                     \
        X(UNREADABLE, "reads fail for a while")                                                                    \
        X(SLOW_RENEWAL, "slow renewal")                                                                            \
        X(SESSION, "session lost without notice")                                                                  \
        X(DATA, "data refused")

enum sim_fault {
#define X(id, name) SIM_FAULT_##id,
        SIM_FAULTS(X)
#undef X
                SIM_FAULT_COUNT
};

#define SIM_NODES_MAX 2
#define SIM_REGION "us-east-1"
#define SIM_ACCOUNT "123456789012"

struct sim {
        uint64_t seed;
        bool trace;
        struct gal_random random;
        int64_t now_ms; /* the true time; what a node believes may be off */
        int64_t calm_ms;
        int64_t clock_ahead_max_ms; /* how far ahead of the true time any node's clock has been */
        struct gal_heap events;
        uint64_t event_count;
        uint64_t order;
        unsigned faults[SIM_FAULT_COUNT];   /* that happened */
        unsigned fault_in[SIM_FAULT_COUNT]; /* how rare each is in this run: one in so many; 0: never */
        unsigned commits_max;
        bool is_contended; /* the lease moves all the time, and clients ask all the time */
        bool is_large;     /* payloads that the journal writes once and refers to */
        bool is_patient;   /* most executions park, and often the store cannot be read */
        struct sim_event fault_event;
        struct sim_event look_event;
        struct sim_event purge_event;
        int64_t retention_ms; /* of closed executions, when they are purged */
        struct sim_db *db;
        struct sim_ledger *ledger;
        struct sim_node *nodes[SIM_NODES_MAX];
        size_t node_count;
        struct sim_clients *clients;
        struct sim_outsiders *outsiders;
        int64_t unreadable_ms;       /* when a read failed for the last time */
        int64_t unreadable_until_ms; /* all reads fail until then */
        uint64_t loads;              /* of any engine, also those that failed half-way */
        uint64_t dispatches;
        char *failure; /* NULL: nothing is wrong yet */
};

/* A result of one seed, for the summary. */
struct sim_result {
        uint64_t faults;
        uint64_t events;
        uint64_t executions;
        uint64_t dispatches;
        int64_t virtual_ms;
        char *failure; /* NULL: all is well */
};

/* Runs one seed. */
void sim_run(uint64_t seed, bool trace, struct sim_result *ret_result);

/* After `delay_ms`; an event that waits already is moved. */
void sim_schedule(struct sim *sim, struct sim_event *event, void (*run)(struct sim *sim, struct sim_event *event),
                  int64_t delay_ms);
void sim_unschedule(struct sim *sim, struct sim_event *event); /* nothing when it does not wait */
bool sim_is_scheduled(const struct sim_event *event);

/* 0 <= x < bound; 0 for bound 0. */
uint64_t sim_below(struct sim *sim, uint64_t bound);
bool sim_one_in(struct sim *sim, unsigned count); /* never for 0 */
/* Whether a fault of that kind happens now; counted. */
bool sim_fault_strikes(struct sim *sim, enum sim_fault fault);
bool sim_is_calm(const struct sim *sim);

/* Keeps the first failure. */
void sim_fail(struct sim *sim, const char *format, ...) GAL_PRINTF(2, 3);
bool sim_has_failed(const struct sim *sim);
/* One line of what happens, with --trace. */
void sim_trace(struct sim *sim, const char *format, ...) GAL_PRINTF(2, 3);

#endif
