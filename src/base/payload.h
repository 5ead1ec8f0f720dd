/*
 * payload.h: a JSON value and its text, each made at most once and then shared.
 *
 * Text that came in (an execution's input, a task's result) is kept as it came, for the events where the service
 * shows it so; a value that does not change on its way through a workflow is never written again. Immutable
 * once made. Reference counted, not across threads.
 */
#ifndef GAL_BASE_PAYLOAD_H
#define GAL_BASE_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_payload {
        unsigned references;
        json_t *value; /* never NULL; borrowed by who reads it here */
        char *text;    /* compact; NULL until asked for */
        size_t text_len;
        char *raw; /* as it came; NULL when it was not read from a text, or was compact already */
        size_t raw_len;
        size_t size_min; /* proven: size_min <= text_len <= size_max, to answer gal_payload_exceeds() cheaply */
        size_t size_max;
        /*
         * Where it is written down in full already: an event of the history of one execution, told by a number of
         * its own. Set by journal/, which then writes a reference. `owner` 0: nowhere.
         */
        struct {
                uint64_t owner;
                uint64_t event_id;
                bool is_items; /* the event has two, and it is the second one */
        } origin;
};

/* Takes the reference of `value`. (transfer full) Never NULL; out of memory ends the process (base/alloc.h). */
struct gal_payload *gal_payload_new(json_t *value);
/* Shares `value`. */
struct gal_payload *gal_payload_create(json_t *value);
/* Keeps the text as it is, copied. GAL_ESYNTAX or GAL_ELIMIT from the reader. */
GAL_MUST_USE enum gal_status gal_payload_parse(const char *text, size_t len, struct gal_payload **ret_payload,
                                               struct gal_error *error);
struct gal_payload *gal_payload_ref(struct gal_payload *payload);   /* accepts NULL */
struct gal_payload *gal_payload_unref(struct gal_payload *payload); /* accepts NULL, returns NULL */

/*
 * (transfer none) The compact text, NUL-terminated (it may hold no NUL itself: JSON escapes it). `ret_len`
 * nullable. The trap: a value that a workflow has built may be nested too deep to be written, and that panics here.
 * Ask gal_payload_exceeds() first, which such a value does.
 */
const char *gal_payload_text(struct gal_payload *payload, size_t *ret_len);
/* (transfer none) The text as it came, else the compact text. */
const char *gal_payload_raw(struct gal_payload *payload, size_t *ret_len);
/* Whether the compact text is longer than `limit` bytes; cheap for values that are plainly small. */
bool gal_payload_exceeds(struct gal_payload *payload, size_t limit);

#endif
