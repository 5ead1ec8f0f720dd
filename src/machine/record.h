/*
 * record.h: what one decision wrote: a history event plus what `apply` needs and the API never shows.
 *
 * Everything that was computed, drawn or read from a clock is in the record, so applying records again gives the
 * same execution. A record owns its payloads and texts.
 */
#ifndef GAL_MACHINE_RECORD_H
#define GAL_MACHINE_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/payload.h"
#include "machine/event.h"

/* Places of frames in an execution; 0 is the root. */
#define GAL_FRAME_NONE UINT32_MAX

struct gal_record {
        enum gal_event_type type;
        uint32_t frame; /* the frame that it is about; of an iteration, the iteration's own */
        uint32_t state; /* the state it stands in; of an iteration, the Map; GAL_STATE_NONE: it has left the last
                           one */
        uint64_t id;    /* event id; 0 for internal records */
        uint64_t previous_id; /* previousEventId */
        int64_t time_ms;
        union {
                struct {
                        struct gal_payload *input;
                        int64_t deadline_ms; /* of the execution; 0: none */
                } started;
                struct {
                        struct gal_payload *input;
                } entered;
                struct {
                        struct gal_payload *output;
                        json_t *assigned; /* variable -> value; NULL: no Assign ran */
                        uint32_t next;    /* GAL_STATE_NONE: the machine, branch or iteration ends here */
                } exited;
                struct {
                        struct gal_payload *input; /* of the function or activity; Parameters of a service call */
                        int64_t timeout_seconds;   /* as declared; 0: not declared */
                        int64_t heartbeat_seconds; /* 0: not declared */
                        char *role_arn;            /* Credentials; NULL: none */
                        char *token;               /* task token; NULL: the pattern has none */
                        uint32_t attempt;          /* 0 for the first */
                } scheduled;
                struct {
                        char *worker;                  /* workerName; NULL: none */
                        int64_t deadline_ms;           /* 0: none */
                        int64_t heartbeat_deadline_ms; /* 0: none */
                } task_started;
                struct {
                        struct gal_payload *output;
                        int64_t heartbeat_deadline_ms;
                } submitted;
                struct {
                        struct gal_payload *output;
                } output;
                struct {
                        char *error; /* NULL: absent */
                        char *cause; /* NULL: absent */
                } failure;
                struct {
                        struct gal_payload *input; /* effective input: of the branches, and `$` of ItemSelector */
                        struct gal_payload *items; /* Map: the array; NULL for Parallel */
                        uint32_t concurrency;      /* Map: iterations at once */
                } children;
                struct {
                        uint32_t index;
                        uint32_t parent;           /* frame of the Map */
                        struct gal_payload *input; /* of MapIterationStarted */
                } iteration;
                struct {
                        int64_t deadline_ms;
                } deadline;
                struct {
                        uint32_t retrier;    /* its index in the state */
                        int64_t deadline_ms; /* when the next attempt starts */
                        int64_t delay_ms;    /* with the drawn jitter */
                } retry;
        } as;
};

/* Releases what the record owns. */
void gal_record_finish(struct gal_record *record);

struct gal_records {
        struct gal_record *items;
        size_t count;
        size_t size;
};

/* (transfer none) A zeroed record at the end. Valid until the next one is added. */
struct gal_record *gal_records_add(struct gal_records *records);
void gal_records_clear(struct gal_records *records); /* memory kept for the next step */
void gal_records_finish(struct gal_records *records);

#endif
