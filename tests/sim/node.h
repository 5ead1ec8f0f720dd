/*
 * node.h: a process: an engine and its driver, as src/runtime/ is one, in virtual time.
 */
#ifndef GAL_TESTS_SIM_NODE_H
#define GAL_TESTS_SIM_NODE_H

#include "engine/engine.h"
#include "sim.h"
#include "store_interface.h"

struct sim_call;
struct sim_request;
struct sim_session;

struct sim_node *sim_node_create(struct sim *sim, unsigned index);
void sim_node_destroy(struct sim_node *node); /* accepts NULL */
unsigned sim_node_index(const struct sim_node *node);

/* The database answers. */
void sim_node_committed(struct sim_node *node, struct sim_session *session, struct gal_commit *commit,
                        enum gal_status status);
void sim_node_acquired(struct sim_node *node, enum gal_status status, uint64_t epoch);
void sim_node_renewed(struct sim_node *node, enum gal_status status);

/* How long the process will be stopped; 0: it runs. */
int64_t sim_node_frozen_ms(const struct sim_node *node);
/* The same, and while it waits for its commits to come home: it takes nothing else then. */
int64_t sim_node_busy_ms(const struct sim_node *node);
bool sim_node_is_up(const struct sim_node *node);
/* False while it dies: what it still does is seen by nobody. */
bool sim_node_is_heard(const struct sim_node *node);
/* Whether another process owns the store by now. */
bool sim_node_is_superseded(const struct sim_node *node);
/* (transfer none) NULL when it does not own the store, as far as it knows. */
struct gal_engine *sim_node_engine(struct sim_node *node);
/* The engine was given something: tick soon. */
void sim_node_poke(struct sim_node *node);
/* What its clock shows. */
int64_t sim_node_clock_ms(const struct sim_node *node);

/* Requests that its engine has not answered: they die with it. */
void sim_node_add_request(struct sim_node *node, struct sim_request *request);
void sim_node_remove_request(struct sim_node *node, struct sim_request *request);
/* A call has ended. */
void sim_node_remove_call(struct sim_node *node, struct sim_call *call);

/* Faults. */
void sim_node_crash(struct sim_node *node);
void sim_node_freeze(struct sim_node *node, int64_t duration_ms);
void sim_node_set_clock(struct sim_node *node, int64_t offset_ms);
/* Runs again, and so do its workers. */
void sim_node_calm(struct sim_node *node);

/* When nothing is in flight, what the engine has in memory must be what the ledger has. */
void sim_node_check(struct sim_node *node);

#endif
