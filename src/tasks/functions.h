/*
 * functions.h: galliard.json: which function names mean which command or endpoint.
 *
 *   {
 *     "functions": {
 *       "charge":  { "command": ["python3", "charge.py"], "timeoutSeconds": 3, "memoryMiB": 128,
 *                    "maxConcurrency": 10, "environment": { "STAGE": "dev" }, "directory": "functions" },
 *       "refund":  { "url": "http://127.0.0.1:9000" }
 *     },
 *     "lambdaEndpoint": "http://127.0.0.1:4566"
 *   }
 *
 * A command is run once a call: the event on standard input, the result on standard output (tasks/stdio.c). It runs
 * in "directory", which is relative to the file and is the file's own folder by default; a program given with a
 * slash is looked up from there. An `url` and the `lambdaEndpoint` speak the Lambda Invoke API: an URL without a
 * path gets /2015-03-31/functions/NAME/invocations appended, one with a path is used as it is. A function that is
 * not configured goes to `lambdaEndpoint`, if there is one.
 *
 * A file with a mistake is refused as a whole, at its line and column: unknown and duplicate keys, wrong types,
 * numbers out of range, an empty command, settings that do not go together.
 *
 * Immutable once made; see gal_tasks_set_functions() for others in their place.
 */
#ifndef GAL_TASKS_FUNCTIONS_H
#define GAL_TASKS_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arn.h"
#include "base/error.h"
#include "net/process.h"

struct gal_functions;

struct gal_function {
        char *name;     /* bare */
        char **command; /* NULL-terminated; NULL: it has an url */
        char *url;      /* NULL: it has a command */
        char *directory;
        struct gal_process_variable *environment;
        size_t environment_count;
        int64_t timeout_ms;
        uint64_t memory_max; /* bytes; 0: no limit */
        unsigned concurrency_max;
        size_t index; /* its place in the file, counted from 0 */
};

/*
 * Reads a file. On failure `error` has the place; its message does not name the file, the caller does.
 * Fails with GAL_ENOTFOUND or GAL_EIO (the file), GAL_ESYNTAX, GAL_EINVALID, GAL_ELIMIT, GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_functions_load(const char *path, struct gal_functions **ret_functions,
                                                struct gal_error *error);
/* The same from a text (borrowed for the call); `directory` is what the file's folder would be. "{}" is empty. */
GAL_MUST_USE enum gal_status gal_functions_parse(const char *text, size_t len, const char *directory,
                                                 struct gal_functions **ret_functions, struct gal_error *error);
/*
 * Makes `url` the lambdaEndpoint, whatever a file said; `*functions` NULL becomes a configuration of nothing else.
 * Before anybody uses it. GAL_EINVALID: that is no URL.
 */
GAL_MUST_USE enum gal_status gal_functions_set_endpoint(struct gal_functions **functions, const char *url,
                                                        struct gal_error *error);
void gal_functions_destroy(struct gal_functions *functions); /* accepts NULL */

/* Where functions that are not configured are to be found. (transfer none) NULL: nowhere. */
const char *gal_functions_endpoint(const struct gal_functions *functions);

size_t gal_functions_count(const struct gal_functions *functions);
const struct gal_function *gal_functions_at(const struct gal_functions *functions, size_t index);
/* By any of the names below. (transfer none) NULL: not configured. */
const struct gal_function *gal_functions_find(const struct gal_functions *functions, const char *name, size_t len);

/* The parts of a function's name. The slices point into the text; those that are not there are empty. */
struct gal_function_name {
        struct gal_slice name;
        struct gal_slice qualifier;
        struct gal_slice region;
        struct gal_slice account;
};

/*
 * NAME, NAME:QUALIFIER, ACCOUNT:function:NAME[:QUALIFIER], function:NAME[:QUALIFIER] and
 * arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]. False for anything else.
 */
bool gal_function_name_parse(const char *text, size_t len, struct gal_function_name *ret_name);

#endif
