/*
 * show.h: answers of actions for people on a terminal.
 *
 * Everything goes to standard output; false when it cannot be written.
 */
#ifndef GAL_CLI_SHOW_H
#define GAL_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>

struct gal_shape;

/* An answer's JSON, times as the API prints them; on a terminal with line breaks. */
bool gal_show_json(const json_t *answer);
/*
 * An answer of that shape: a list as a table, with a column for whatever is not empty; an object as a line a
 * member, and what is longer below. Times on the local clock.
 */
bool gal_show_answer(const struct gal_shape *shape, const json_t *answer);
/* One line: id, time, type, the state's name or the error. */
bool gal_show_event(const json_t *event);

#endif
