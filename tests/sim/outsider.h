/*
 * outsider.h: who comes to us: workers that poll for the tasks of activities, and whoever holds a task token.
 *
 * They hang up, are slow or silent, answer twice, after the end, or at another process. What they are told is held
 * against the ledger: a task is given to one worker, who was there when it was decided; what was acknowledged is in
 * the history; what was refused is over.
 */
#ifndef GAL_TESTS_SIM_OUTSIDER_H
#define GAL_TESTS_SIM_OUTSIDER_H

#include "sim.h"

#define SIM_ACTIVITIES 2
#define SIM_ACTIVITY_ARN "arn:aws:states:" SIM_REGION ":" SIM_ACCOUNT ":activity:a" /* and a digit */

struct sim_outsiders;

struct sim_outsiders *sim_outsiders_create(struct sim *sim);
void sim_outsiders_destroy(struct sim_outsiders *outsiders); /* accepts NULL */

/* The node has died: nobody there answers any more. Before its engine goes. */
void sim_outsiders_forget(struct sim_outsiders *outsiders, const struct sim_node *node);
/* Somebody has a token, and will say something about it after a while. */
void sim_outsiders_take_token(struct sim_outsiders *outsiders, const char *token, int64_t within_ms);
/* An ActivityStarted is written that was decided at that count of events. */
void sim_outsiders_started(struct sim_outsiders *outsiders, const char *worker, uint64_t decided_at);
/* Nobody leaves any more, and everybody answers. */
void sim_outsiders_calm(struct sim_outsiders *outsiders);

#endif
