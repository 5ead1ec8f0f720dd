/*
 * clients.h: who asks for things: creates machines, starts executions, stops and deletes, and asks again until it
 * has an answer. Every answer is held against the ledger at the moment when the engine gives it.
 */
#ifndef GAL_TESTS_SIM_CLIENTS_H
#define GAL_TESTS_SIM_CLIENTS_H

#include "sim.h"

/* A request on its way, in an engine, or on its way back. */
struct sim_request {
        struct sim_request *next; /* in the node that has it */
        struct sim_request *previous_of_all, *next_of_all;
        struct sim_event event;
        struct sim_clients *clients;
        struct sim_op *op;
        struct sim_node *node;
        bool was_answered;
        bool is_retryable;
        int64_t given_ms; /* when the engine got it */
        char *code;       /* NULL: it was done */
        char *arn;
        char *execution_id; /* of a start */
};

struct sim_clients *sim_clients_create(struct sim *sim);
void sim_clients_destroy(struct sim_clients *clients); /* accepts NULL */

/* The node has died with it. */
void sim_request_forget(struct sim_request *request);

/* Whether everybody has what he asked for. */
bool sim_clients_are_done(const struct sim_clients *clients);
/* After the end: what was acknowledged must be there, once. */
void sim_clients_check(const struct sim_clients *clients);
/* 90 days later: every name is used once more. False: no name is there to be used. */
bool sim_clients_start_again(struct sim_clients *clients);
/* For a failure's message: somebody who still waits. NULL: nobody. */
const char *sim_clients_waiting(const struct sim_clients *clients);

#endif
