/*
 * show.h: answers of actions for people on a terminal.
 *
 * Everything goes to standard output; false when it cannot be written.
 */
#ifndef GAL_CLI_SHOW_H
#define GAL_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>

/* An answer's JSON, times as the API prints them; on a terminal with line breaks. */
bool gal_show_json(const json_t *answer);
/* A line each: name, when it was made. */
bool gal_show_machines(const json_t *machines);
/* A line each: name, status, start, how long it took or has been open. */
bool gal_show_executions(const json_t *executions);
/* A line a member; times as dates. */
bool gal_show_object(const json_t *object);
/* One line: id, time, type, the state's name or the error. */
bool gal_show_event(const json_t *event);

#endif
