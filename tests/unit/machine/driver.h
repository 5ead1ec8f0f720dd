/*
 * driver.h: runs one execution step by step and checks, after each, what must hold of every execution.
 *
 * Stands where the engine stands: it stamps time and randomness, keeps the records, and knows which calls are out.
 * Shared by the cases and the property test. The first breach is kept as a text (`fault`); a driver with a fault
 * steps no more.
 */
#ifndef GAL_TESTS_MACHINE_DRIVER_H
#define GAL_TESTS_MACHINE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "machine/machine.h"

/* 2026-01-01T00:00:00Z; the time of a driver counts from here. */
#define DRIVER_START_MS 1767225600000

#define DRIVER_ARN_PREFIX "arn:aws:states:us-east-1:123456789012:"
#define DRIVER_EXECUTION_ARN DRIVER_ARN_PREFIX "execution:machine:run"
#define DRIVER_ROLE_ARN "arn:aws:iam::123456789012:role/galliard"

struct driver_options {
        uint64_t seed;
        uint64_t events_max; /* 0: the product's default */
        /* After every step, go on with an execution made anew from the records: a restart at each commit. */
        bool rebuild;
        const char *const *activities; /* registered; NULL-terminated; NULL: none. Borrowed for the driver's life */
        const struct gal_identity *identity; /* NULL: the driver's own. Borrowed for the driver's life */
};

/* A call that the machine has asked for. */
struct driver_call {
        uint32_t frame;
        uint32_t index; /* of the branch or iteration that it belongs to */
        uint32_t state;
        uint32_t attempt;
        uint64_t scheduled_id;
        struct gal_payload *input; /* (owned) as INVOKE had it */
        bool invoked;
        bool answered; /* a Succeeded or Failed event ended it */
        bool timed_out;
        bool aborted; /* TaskStateAborted while it was open */
        bool cancelled;
};

/* An effect, as something to be expected: of INVOKE and CANCEL its call. */
struct driver_effect {
        enum gal_effect_kind kind;
        size_t call;
};

struct driver {
        struct driver_options options;
        struct gal_program *program;
        uint64_t number;                   /* like no other driver's */
        struct gal_journal_source *source; /* what the records so far hold */
        struct gal_execution *execution;
        struct gal_execution *replica; /* what the records alone make of it */
        struct gal_env env;
        struct gal_step step;
        uint64_t step_count;
        struct gal_records records; /* all so far */
        uint8_t *types;             /* of the events so far, by id */
        size_t type_size;
        struct driver_call *calls;
        size_t call_count, call_size;
        struct driver_effect *effects; /* all so far */
        size_t effect_count, effect_size;
        struct gal_buffer log; /* a line with a digest for every record and effect, to compare runs */
        uint64_t terminal_id;
        bool finished;
        char *fault; /* NULL: none */
};

void driver_init(struct driver *driver, struct gal_program *program, const struct driver_options *options);
void driver_finish(struct driver *driver);

/* One step at env.now_ms. False when something does not hold. */
bool driver_step(struct driver *driver, const struct gal_stimulus *stimuli, size_t count);
bool driver_start(struct driver *driver, struct gal_payload *input);
/* Goes on until the execution no longer yields. */
bool driver_settle(struct driver *driver);
/* Sets the time and feeds TIME. */
bool driver_time(struct driver *driver, int64_t now_ms);

/* (transfer none) The open call of that frame, NULL when there is none. */
struct driver_call *driver_open_call(struct driver *driver, uint32_t frame);
bool driver_call_is_open(const struct driver_call *call);
bool driver_is_running(const struct driver *driver);
/* Records the first fault; returns false. */
bool driver_fail(struct driver *driver, const char *format, ...) GAL_PRINTF(2, 3);

/* Compiles `text`; NULL with a text to free() in `ret_fault` when it is refused. */
struct gal_program *driver_compile(const char *text, size_t len, char **ret_fault);

#endif
