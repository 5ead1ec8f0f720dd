/*
 * case_json.h: the notation of the case files: generated values, patterns, times.
 *
 * Written in a case, {"$repeat": ["x", 3]} is "xxx", {"$list": [7, 2]} is [7,7], {"$range": 3} is [0,1,2] and
 * {"$nest": [2, 0]} is [[0]]. Expected, {"$any": true} is any value and {"$pattern": "^a+$"} any string that
 * matches.
 */
#ifndef GAL_TESTS_MACHINE_CASE_JSON_H
#define GAL_TESTS_MACHINE_CASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* (transfer full) A copy in which the generated values stand. */
json_t *case_json_expand(json_t *value);
/* Keys in the same order, numbers of the same kind, patterns heeded. `expected` NULL: nothing is expected there. */
bool case_json_matches(const json_t *expected, const json_t *actual);
/* "00:01:02.500", or a number of seconds, in milliseconds; -1 for anything else. */
int64_t case_json_time(const json_t *value);
/* (transfer full) The file as a value; NULL with a text to free() in `ret_fault`. */
json_t *case_json_read_file(const char *path, char **ret_fault);

#endif
