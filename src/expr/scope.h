/*
 * scope.h: what an expression may look at, and how it fails.
 *
 * Shared by the path, intrinsic and template rooms. Time and randomness arrive here and nowhere else.
 */
#ifndef GAL_EXPR_SCOPE_H
#define GAL_EXPR_SCOPE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/random.h"

/*
 * What evaluations may still spend together. A definition of 1 MiB has room for 60,000 paths in one template, so a
 * bound on each of them alone would bound neither time nor memory.
 */
struct gal_budget {
        uint64_t visits_left; /* nodes that paths look at */
        size_t bytes_left;    /* that paths and calls make anew */
};

#define GAL_BUDGET_INIT ((struct gal_budget){ GAL_PATH_VISITS_MAX, GAL_EXPRESSION_SIZE_MAX })

struct gal_scope {
        json_t *input; /* what `$` means; borrowed */
        /* (transfer none) The Context Object, made at first use; lives as long as the scope. */
        json_t *(*context)(void *user);
        /* (transfer none) The value of a workflow variable; NULL when it is not set. `name` is NUL-terminated. */
        json_t *(*variable)(void *user, const char *name);
        void *user;
        struct gal_random *random;
        int64_t now_ms;
        struct gal_budget *budget; /* NULL: each evaluation has one of its own */
};

/*
 * Why an evaluation failed: a workflow's failure, so data and not a status. Functions that fill one return
 * GAL_EFAILED (or GAL_OK without touching it). The first failure is kept.
 */
struct gal_failure {
        const char *error;       /* static: "States.Runtime", "States.IntrinsicFailure", ...; NULL: none */
        struct gal_buffer cause; /* without the prefix that names the state */
};

#define GAL_FAILURE_INIT ((struct gal_failure){ NULL, GAL_BUFFER_INIT })

void gal_failure_finish(struct gal_failure *failure);
/* (transfer full) A value as a cause shows it; what is nested too deep to be written, and only that, reads "...".
 */
char *gal_failure_value_text(const json_t *value);
/* Records the first failure; always returns GAL_EFAILED. */
enum gal_status gal_failure_set(struct gal_failure *failure, const char *error, const char *format, ...)
        GAL_PRINTF(3, 4);

#endif
