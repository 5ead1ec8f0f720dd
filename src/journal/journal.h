/*
 * journal.h: steps to rows and back.
 *
 * A chunk is the records of one commit, as compact JSON:
 *
 *   {"v":2,"records":[{"t":"PassStateEntered","f":0,"s":"A","i":2,"p":0,"ms":1795446000000,"input":{...}}, ...]}
 *
 * A snapshot is an execution between two commits (snapshot.c has its form).
 *
 * States are named, not numbered: numbers belong to one build of the compiler, names to the definition. A payload
 * is its JSON value; when its text came with blanks of its own, that text stands beside it ("input$"). A payload
 * that goes through states unchanged is written once: later records of the chunk name its place among those that
 * are written out ("input@", counted from 0), later chunks and snapshots the event that holds it, when it is large
 * ("input&"; "input&items" for the items of a MapStateStarted).
 */
#ifndef GAL_JOURNAL_JOURNAL_H
#define GAL_JOURNAL_JOURNAL_H

#include "base/buffer.h"
#include "base/error.h"
#include "definition/program.h"
#include "machine/execution.h"
#include "machine/record.h"
#include "store/store.h"

/* In every chunk and every snapshot; a reader refuses a newer one and knows the older ones. */
#define GAL_JOURNAL_VERSION 2

/* Large payloads of one execution's history, while it is read: what "&" leads to. */
struct gal_journal_source;

/*
 * (transfer full) `store` is borrowed, and read only for what an earlier chunk holds and was not read through this
 * source; NULL: nothing is. `owner`: see gal_journal_encode(); 0: what is read is not written again.
 */
struct gal_journal_source *gal_journal_source_create(struct gal_store *store, uint32_t slot,
                                                     const char *execution_id, uint64_t owner);
void gal_journal_source_destroy(struct gal_journal_source *source); /* accepts NULL */

/*
 * Appends the body of one chunk. `owner`: a number that no other execution in memory has, under which large
 * payloads remember where they were written; 0: each is written in full.
 */
void gal_journal_encode(struct gal_buffer *buffer, const struct gal_program *program,
                        const struct gal_records *records, uint64_t owner);

/*
 * Appends the records of a chunk. `source` (nullable): of its execution; without one, references to other chunks
 * are refused. Fails with GAL_EINVALID (a body that this version does not understand, a state that the program has
 * not, a reference that leads nowhere), GAL_ESYNTAX, GAL_ENOMEM, or GAL_EIO from the store; `records` then keeps
 * what was read before.
 */
GAL_MUST_USE enum gal_status gal_journal_decode(const char *body, size_t len, const struct gal_program *program,
                                                struct gal_journal_source *source, struct gal_records *records,
                                                struct gal_error *error);

/*
 * Appends an open execution as it is between two steps. Large payloads are references if their chunk was encoded
 * before, under the same `owner`.
 */
void gal_journal_encode_snapshot(struct gal_buffer *buffer, const struct gal_execution *execution, uint64_t owner);

/*
 * Makes a new execution, to which nothing was applied, what the snapshot says. Fails as gal_journal_decode() does;
 * `execution` is then fit for gal_execution_destroy() alone.
 */
GAL_MUST_USE enum gal_status gal_journal_decode_snapshot(const char *body, size_t len,
                                                         struct gal_journal_source *source,
                                                         struct gal_execution *execution, struct gal_error *error);

/*
 * Whether a snapshot is that of `replayed`, to which the chunks up to it were applied. Fails as decoding does, and
 * with GAL_EINVALID when it holds another execution; `error` says where they differ.
 */
GAL_MUST_USE enum gal_status gal_journal_check_snapshot(const char *body, size_t len,
                                                        struct gal_journal_source *source,
                                                        const struct gal_execution *replayed,
                                                        struct gal_error *error);

#endif
