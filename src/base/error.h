/*
 * error.h: how the code says no.
 *
 * Three kinds of failure, never mixed: a bug of ours asserts (base/assert.h); what the world or a caller
 * got wrong returns an `enum gal_status`, with a `struct gal_error` to read; a workflow's own failure
 * (States.TaskFailed and its kin) is data in its history and has no status.
 */
#ifndef GAL_BASE_ERROR_H
#define GAL_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define GAL_MUST_USE __attribute__((warn_unused_result))
#define GAL_PRINTF(format_index, args_index) __attribute__((format(printf, format_index, args_index)))

enum gal_status {
        GAL_OK = 0,
        GAL_ENOMEM,    /* out of memory */
        GAL_ESYNTAX,   /* text that does not parse */
        GAL_EINVALID,  /* parsed, and means nothing that is allowed */
        GAL_ELIMIT,    /* past a bound of base/limits.h */
        GAL_ENOTFOUND, /* what was asked for is not there */
        GAL_ECONFLICT, /* another writer was first */
        GAL_EFENCED,   /* the lease is lost */
        GAL_EIO,       /* the operating system or a database refused */
        GAL_EBUSY,     /* a queue is full; try again */
        GAL_EFAILED,   /* an expression failed on its data: the failure (expr/scope.h) says how */
};

/* A place in a text. `line` and `column` count from 1, columns in Unicode characters; line 0: no place. */
struct gal_position {
        size_t offset; /* bytes from the start */
        uint32_t line;
        uint32_t column;
};

#define GAL_NOWHERE ((struct gal_position){ 0, 0, 0 })

struct gal_error {
        enum gal_status code; /* GAL_OK until something fails */
        struct gal_position at;
        char path[160]; /* JSON pointer into the definition, or empty */
        char message[512];
};

/*
 * Records the first failure (later ones would bury the cause) and returns `code`.
 * `error` may be NULL. A message longer than the room is cut at a character, never inside one.
 */
enum gal_status gal_fail(struct gal_error *error, enum gal_status code, struct gal_position at, const char *format,
                         ...) GAL_PRINTF(4, 5);

/* "out of memory", "syntax error", ...; for logs. (transfer none) */
const char *gal_status_name(enum gal_status status);

#endif
