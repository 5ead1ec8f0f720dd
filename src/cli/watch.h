/*
 * watch.h: what may stay with an execution until it ends: start --wait, history --follow.
 */
#ifndef GAL_CLI_WATCH_H
#define GAL_CLI_WATCH_H

#include <jansson.h>

struct gal_ask;

/* For struct gal_action_verb. `request` (takes). The exit status. */
int gal_watch_start(struct gal_ask *ask, json_t *request);
int gal_watch_history(struct gal_ask *ask, json_t *request);

#endif
