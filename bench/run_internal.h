/*
 * run_internal.h: the parts of bench/run: run.c has the workloads and prints, run_driver.c drives an engine,
 * run_limit*.c write the same rows again without one.
 */
#ifndef GAL_BENCH_RUN_INTERNAL_H
#define GAL_BENCH_RUN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

/* What a run wrote, row by row: enough to write rows of the same keys and sizes again. */
enum note_kind { NOTE_EXECUTION, NOTE_CHUNK, NOTE_RUN, NOTE_CLOSED_RUN, NOTE_COMMIT };

struct note {
        enum note_kind kind;
        uint32_t slot;
        uint64_t sequence; /* of a chunk */
        size_t len;        /* of a chunk's body; of an execution's input and output */
        int64_t ms;        /* of an execution: stopped; of a run: wake */
        uint8_t id[16];
};

struct notes {
        struct note *items;
        size_t count;
        size_t size;
        size_t commits;
        size_t rows;
        size_t body_bytes;
};

/* run_driver.c */

struct driver;

struct load {
        const char *name; /* of the machine */
        const char *definition;
        const char *input;
        size_t count;
        size_t at_once;
        bool parks; /* an execution is done when its start is acknowledged */
};

struct outcome {
        double seconds;
        double cpu_seconds; /* of this process */
        double *latencies;  /* of each execution; ascending */
        size_t dispatches;
};

double bench_now(void);
struct driver *driver_create(const char *url);
void driver_destroy(struct driver *driver);
/* From now on a task's result says in "at" when so much time will have gone by. */
void driver_set_pause(struct driver *driver, int64_t pause_ms);
/* Registers the machine and waits for that. */
void driver_register(struct driver *driver, const struct load *load);
/* Starts what the load says, and waits until all of it is done. `ret_outcome.latencies` (transfer full). */
void driver_run(struct driver *driver, const struct load *load, struct outcome *ret_outcome);
/* Goes on with what the store holds until nothing is open. */
void driver_finish(struct driver *driver);
size_t driver_open_count(const struct driver *driver);
struct gal_store *driver_store(struct driver *driver);
struct notes *driver_notes(struct driver *driver);

/* run_limit.c */

/* So many bytes of text; valid until the next call. */
const char *limit_filler(size_t len);

/* The seconds that the same rows take in the same batches without the engine; 0: not known for this store. */
double limit_measure(const char *url, const struct notes *notes);

/* run_limit_postgres.c */

double limit_measure_postgres(const char *url, const struct notes *notes);
/* What the database wrote into its log so far; 0: not known for this store. */
uint64_t limit_log_bytes(const char *url);

#endif
