/*
 * ledger.h: what the database holds, understood: checked as it is written, and what everything else is held
 * against.
 *
 * Each execution has a second one here, to which the records of its chunks are applied and nothing else. What is
 * wrong is said with sim_fail().
 */
#ifndef GAL_TESTS_SIM_LEDGER_H
#define GAL_TESTS_SIM_LEDGER_H

#include "base/hash.h"

#include "machine/execution.h"
#include "sim.h"
#include "store_interface.h"

/* A task attempt that is open, or was over when the commit came that says so: even that one may be dispatched once.
 */
struct sim_attempt {
        struct sim_attempt *next;
        bool is_new; /* of the last commit */
        bool is_over;
        bool is_activity;  /* no call goes out for it */
        bool is_submitted; /* its call is over */
        uint32_t frame;
        uint64_t scheduled_id;
        uint64_t epoch;        /* of the owner that wrote it */
        uint64_t loads_before; /* sim.loads when it was written */
        uint64_t dispatches;
        uint64_t last_memory; /* the engine's memory that has dispatched it last */
        struct sim_answer *answers;
};

/* An execution. */
struct sim_entry {
        UT_hash_handle hh;     /* by id */
        UT_hash_handle hh_arn; /* the latest of that ARN */
        char id[37];
        uint32_t slot;
        char *arn;
        char *name;
        char *machine_id;
        char *machine_name;
        char *input;
        char *status;
        struct gal_execution *execution;
        struct gal_journal_source *source; /* of its chunks */
        uint64_t sequence;                 /* of the last chunk */
        bool has_run;
        int64_t wake_ms;   /* of its run row */
        size_t task_count; /* rows in the queues of activities */
        bool was_touched;
        bool is_purged;  /* its rows are gone, but for its name */
        bool is_refused; /* the database takes nothing more of it: it stands still for ever */
        struct sim_attempt *attempts;
        char *seen; /* its history, as far as somebody has read it */
        size_t seen_len;
};

struct sim_machine {
        UT_hash_handle hh; /* by id */
        char *id;
        char *name;
        char *revision_id;
        int64_t written_ms; /* true time */
};

struct sim_ledger *sim_ledger_create(struct sim *sim);
void sim_ledger_destroy(struct sim_ledger *ledger); /* accepts NULL */

/* A batch was committed under the lease with that epoch; it was decided at that count of events. */
void sim_ledger_apply(struct sim_ledger *ledger, const struct gal_batch *batch, uint64_t epoch,
                      uint64_t decided_at);

/* (transfer none) The first of all executions; the next is hh.next. */
struct sim_entry *sim_ledger_first(const struct sim_ledger *ledger);
size_t sim_ledger_count(const struct sim_ledger *ledger);
/* Of those that are not purged. */
size_t sim_ledger_kept_count(const struct sim_ledger *ledger);
/* Of those that can still come to an end. */
size_t sim_ledger_open_count(const struct sim_ledger *ledger);
/* (transfer none) NULL: there is none. The latest of that ARN. */
struct sim_entry *sim_ledger_find(const struct sim_ledger *ledger, const char *arn);
struct sim_machine *sim_ledger_machine(const struct sim_ledger *ledger, const char *name);
const char *sim_ledger_definition(const struct sim_ledger *ledger, const struct sim_machine *machine);
bool sim_entry_is_open(const struct sim_entry *entry);

/* (transfer none) NULL: there is none. */
struct sim_entry *sim_ledger_find_id(const struct sim_ledger *ledger, const char *id);
/*
 * A call goes out, from an engine's memory with that number. (transfer none) The execution; NULL when it has no
 * such attempt, and sim_fail() has said so.
 */
struct sim_entry *sim_ledger_dispatched(struct sim_ledger *ledger, const char *id, uint64_t scheduled_id,
                                        uint64_t memory);
/* A worker tells an engine its result. */
void sim_entry_answered(struct sim_entry *entry, uint64_t scheduled_id, const char *result);

/* Whether it needs a call that is out. */
bool sim_attempt_needs_call(const struct sim_attempt *attempt);
bool sim_ledger_has_activity(const struct sim_ledger *ledger, const char *name);
/* A worker is given the task: it must be written that this one has started it, and nobody was given it before. */
void sim_ledger_given(struct sim_ledger *ledger, const char *worker, const char *execution_id,
                      uint64_t scheduled_id);
/* Whether an attempt has ended with that result, or that cause. */
bool sim_ledger_has_end(const struct sim_ledger *ledger, const char *execution_id, uint64_t scheduled_id,
                        const char *with);
bool sim_entry_has_open(const struct sim_entry *entry, uint64_t scheduled_id);

/* record.c: whether `record` may be the next one of `entry`; says why not. */
bool sim_record_check(struct sim *sim, const struct sim_entry *entry, const struct gal_record *record);
/* Whether a worker gave that result. */
bool sim_attempt_has_answer(const struct sim_attempt *attempt, const char *result);
struct sim_attempt *sim_entry_attempt(const struct sim_entry *entry, uint64_t scheduled_id);

#endif
