/*
 * conformance.h: one suite that every store must pass, and what it wants of a backend to try it.
 *
 * A test starts with an empty store that the test owns (`owner`); `other` is a second process's view of the same
 * rows. Both belong to the fixture.
 */
#ifndef GAL_TESTS_STORE_CONFORMANCE_H
#define GAL_TESTS_STORE_CONFORMANCE_H

#include <check.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "store/store.h"

struct backend {
        const char *name;
        void (*begin)(void);             /* an empty place, before each test */
        struct gal_store *(*open)(void); /* (transfer full) one more view of that place */
        /* Makes the present owner's lease end without its knowing: the next who asks becomes the owner. */
        void (*expire)(void);
        void (*end)(void); /* after all views are destroyed */
        bool keeps;        /* rows outlive the last view */
};

extern const struct backend *backend;
extern struct gal_store *owner;
extern struct gal_store *other;

/* Runs the suite, and `more` (nullable) of the backend's own; to be returned from main(). */
int run_conformance(const struct backend *tested, Suite *(*more)(void));

/* The parts. */
TCase *row_tests(void);
TCase *batch_tests(void);
TCase *lease_tests(void);
TCase *read_tests(void);
TCase *purge_tests(void);
TCase *activity_tests(void);
TCase *registry_tests(void);

/* Sets `owner` and `other` up and down; for a backend's own tests, too. */
void begin_test(void);
void end_test(void);

/* Helpers. Texts that they return live until the test ends. */

const char *uuid(unsigned number); /* in the order of the numbers */
struct gal_machine_row machine_row(unsigned number);
struct gal_revision_row revision_row(unsigned number, unsigned machine);
struct gal_name_row name_row(unsigned execution, const char *name);
struct gal_execution_row execution_row(unsigned number, unsigned machine, const char *status);
struct gal_chunk_row chunk_row(unsigned execution, uint64_t sequence, const char *body);
struct gal_run_row run_row(unsigned execution, int64_t wake_ms);
struct gal_activity_task_row activity_task_row(const char *activity, int64_t scheduled_ms, unsigned execution);

enum gal_status try_acquire(struct gal_store *store, const char *address, struct gal_error *error);
void acquire(struct gal_store *store, const char *address);
enum gal_status try_commit(struct gal_store *store, const struct gal_batch *batch);
void commit(struct gal_store *store, const struct gal_batch *batch); /* must succeed */

/* What a read gives, one line a row. */
const char *read_machines(struct gal_store *store, const char *name);
const char *read_deleted_machines(struct gal_store *store, const char *name);
const char *list_machines(struct gal_store *store, const char *after, size_t limit); /* names */
const char *read_versions(struct gal_store *store, const char *machine_id, uint32_t below, size_t limit);
const char *read_aliases(struct gal_store *store, const char *machine_id);
const char *read_tags(struct gal_store *store, const char *resource); /* KEY=VALUE */
const char *read_revision(struct gal_store *store, const char *id);
const char *read_execution(struct gal_store *store, uint32_t slot, const char *id);
const char *find_name(struct gal_store *store, const char *machine_id, const char *name);
const char *list_executions(struct gal_store *store, const struct gal_execution_filter *filter);
const char *read_run(struct gal_store *store, uint32_t slot, const char *id);
const char *read_runs(struct gal_store *store, int64_t due_ms, size_t limit);
const char *read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit);
const char *read_chunks(struct gal_store *store, uint32_t slot, const char *id, uint64_t from_sequence);
const char *read_chunks_back(struct gal_store *store, uint32_t slot, const char *id, uint64_t from_sequence);
const char *read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *id, uint64_t event_id);
const char *read_activities(struct gal_store *store, const char *name);
/* `after` NULL: from the first. */
const char *read_activity_tasks(struct gal_store *store, const char *activity,
                                const struct gal_activity_task_row *after, size_t limit);
int64_t stat_of(struct gal_store *store, const char *name); /* -1: not told */
size_t count_chunks(struct gal_store *store, uint32_t slot, const char *id);

/* The slot that the row makers use for an execution. */
uint32_t slot_of(unsigned execution);

#endif
