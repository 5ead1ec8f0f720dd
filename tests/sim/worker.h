/*
 * worker.h: a call that is out: what a worker does with it, and when.
 */
#ifndef GAL_TESTS_SIM_WORKER_H
#define GAL_TESTS_SIM_WORKER_H

#include "engine/engine.h"
#include "sim.h"

struct sim_call {
        struct sim_call *next; /* in its node */
        struct sim_event event;
        struct sim_node *node;
        struct gal_task_handle *handle;
        struct sim_entry *entry; /* borrowed; NULL: of a node that was succeeded */
        char *id;                /* of the execution */
        uint64_t scheduled_id;
        char *token; /* of a call that waits for it; NULL: it is not to be given away (any more) */
        bool waits;  /* for its token, when the call is over */
        bool is_started;
        bool is_for_ever; /* it is not answered before the calm */
};

struct sim_call *sim_call_create(struct sim *sim, struct sim_node *node, const struct gal_dispatch *dispatch);
/* The engine wants to hear nothing of it any more. */
void sim_call_destroy(struct sim *sim, struct sim_call *call);
void sim_call_calm(struct sim *sim, struct sim_call *call);

#endif
