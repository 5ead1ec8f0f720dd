/*
 * members.h: the members of a row's objects, one function a type and direction: what chunks and snapshots are made
 * of.
 *
 * A member that is 0, NULL or absent is left out, and reads back as that.
 */
#ifndef GAL_JOURNAL_MEMBERS_H
#define GAL_JOURNAL_MEMBERS_H

#include <jansson.h>

#include "journal/journal.h"

/* Payloads that a row holds in full, in the order in which they are written, and so read: what "@" counts. */
struct gal_payload_list {
        struct gal_payload **items; /* borrowed */
        size_t count;
        size_t size;
};

struct gal_row_writer {
        struct gal_buffer *buffer;
        struct gal_payload_list payloads;
        uint64_t owner;
        uint64_t event_id; /* that is being written; 0: none, what is written in full cannot be referred to */
};

void gal_put_int(struct gal_row_writer *writer, const char *key, int64_t value);
void gal_put_text(struct gal_row_writer *writer, const char *key, const char *text);
void gal_put_payload(struct gal_row_writer *writer, const char *key, struct gal_payload *payload);
/* Variables. Each value is within the bounds of a payload; the object around them is one level more. */
void gal_put_variables(struct gal_row_writer *writer, const char *key, json_t *variables);

struct gal_row_reader {
        struct gal_journal_source *source; /* nullable */
        struct gal_payload_list payloads;
        uint64_t event_id;      /* as in the writer */
        enum gal_status status; /* of the first reference that could not be followed */
        struct gal_error *error;
};

int64_t gal_get_int(const json_t *object, const char *key);
char *gal_get_text(const json_t *object, const char *key);
/* (transfer full) NULL: there is none, or a reference leads nowhere, which `status` then says. */
struct gal_payload *gal_get_payload(struct gal_row_reader *reader, const json_t *object, const char *key);

/* source.c */

/* The payload is in full in this event. */
void gal_journal_source_note(struct gal_journal_source *source, struct gal_payload *payload, uint64_t event_id,
                             bool is_items);
/* `ret_payload` (transfer full). GAL_EINVALID: no such event, or it does not hold one in full. */
enum gal_status gal_journal_source_find(struct gal_journal_source *source, uint64_t event_id, bool is_items,
                                        struct gal_payload **ret_payload, struct gal_error *error);
/* (transfer full) The payload that stands in full under the key; NULL: none does. */
struct gal_payload *gal_get_full_payload(const json_t *object, const char *key);

#endif
