/*
 * journal.h: steps to rows and back: the body of a chunk is the records of one commit, as compact JSON.
 *
 *   {"v":1,"records":[{"t":"PassStateEntered","f":0,"s":"A","i":2,"p":0,"ms":1795446000000,"input":{...}}, ...]}
 *
 * States are named, not numbered: numbers belong to one build of the compiler, names to the definition. A payload
 * is its JSON value; when its text came with blanks of its own, that text stands beside it ("input$"). A payload
 * that goes through states unchanged is written once a chunk: later records name its place among those that are
 * written out ("input@", counted from 0).
 */
#ifndef GAL_JOURNAL_JOURNAL_H
#define GAL_JOURNAL_JOURNAL_H

#include "base/buffer.h"
#include "base/error.h"
#include "definition/program.h"
#include "machine/record.h"

/* In every body; a reader refuses a newer one. */
#define GAL_JOURNAL_VERSION 1

/* Appends the body of one chunk. */
void gal_journal_encode(struct gal_buffer *buffer, const struct gal_program *program,
                        const struct gal_records *records);

/*
 * Appends the records of a chunk. Fails with GAL_EINVALID (a body that this version does not understand, a state
 * that the program has not), GAL_ESYNTAX or GAL_ENOMEM; `records` then keeps what was read before.
 */
GAL_MUST_USE enum gal_status gal_journal_decode(const char *body, size_t len, const struct gal_program *program,
                                                struct gal_records *records, struct gal_error *error);

#endif
