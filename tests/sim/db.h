/*
 * db.h: the database: rows, a lease, a lock, and sessions that work for a node and may outlive its interest.
 *
 * A commit goes through the steps of the fence (design, section 6), each at a time of its own: shared lock, lease,
 * rows, commit, answer. In between everything else may happen: the lease moves, the node dies, the connection
 * breaks and the server goes on alone. The rows are kept by the model store, whose own lease is held for ever: the
 * fence that is tested here is this one.
 */
#ifndef GAL_TESTS_SIM_DB_H
#define GAL_TESTS_SIM_DB_H

#include "engine/engine.h"
#include "sim.h"
#include "store_interface.h"

/* A node's side of a commit: it waits for the answer. */
struct sim_session;

struct sim_db *sim_db_create(struct sim *sim);
void sim_db_destroy(struct sim_db *db); /* accepts NULL */

/* (transfer none) For looking at the rows; never fails. */
struct gal_store *sim_db_rows(struct sim_db *db);
bool sim_db_is_down(const struct sim_db *db);

/*
 * Begins a commit under the lease with that epoch. Answers with sim_node_committed(), unless the node has left it.
 * The batch is copied.
 */
struct sim_session *sim_db_commit(struct sim_db *db, struct sim_node *node, struct gal_commit *commit,
                                  const struct gal_batch *batch, uint64_t epoch);
/* The node does not listen any more: what the server has of it goes on alone, or is rolled back. */
void sim_db_leave(struct sim_session *session);

/* Answers with sim_node_acquired() or sim_node_renewed(). One such request of a node at a time. */
void sim_db_acquire(struct sim_db *db, struct sim_node *node, int64_t duration_ms);
void sim_db_renew(struct sim_db *db, struct sim_node *node, uint64_t epoch, int64_t duration_ms);
/* The node's connection is gone, and with it its session lock and the answer to what it has asked for. */
void sim_db_disconnect(struct sim_db *db, const struct sim_node *node);

/* Whether a later owner has taken the store from the holder of that epoch after its lease had ended. */
bool sim_db_must_be_silent(const struct sim_db *db, uint64_t epoch);
/* Whether that epoch's holder has been succeeded. */
bool sim_db_is_superseded(const struct sim_db *db, uint64_t epoch);

/* Faults of its own. */
/* The session that holds the node's lock is gone, and the node has not noticed: who stands by takes over at once.
 */
void sim_db_lose_session(struct sim_db *db, const struct sim_node *node);
void sim_db_go_down(struct sim_db *db, int64_t duration_ms);
void sim_db_steal_lease(struct sim_db *db);
/* Comes back when it is down. */
void sim_db_calm(struct sim_db *db);

/* (transfer full) What an engine reads with: fails now and then, and always while the database is down. */
struct gal_store *sim_reader_open(struct sim_db *db, struct sim *sim);

#endif
