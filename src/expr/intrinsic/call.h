/*
 * call.h: a compiled call, as the files of this folder see it.
 */
#ifndef GAL_EXPR_INTRINSIC_CALL_H
#define GAL_EXPR_INTRINSIC_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "expr/arena.h"
#include "expr/intrinsic/intrinsic.h"

struct call;

enum call_argument_kind { CALL_LITERAL, CALL_PATH, CALL_NESTED };

struct call_argument {
        enum call_argument_kind kind;
        json_t *literal;
        const char *raw; /* of a string: as written between its quotes; else NULL */
        size_t raw_len;
        struct gal_path *path;
        struct call *call;
};

struct call {
        const struct call_function *function;
        const char *text; /* as written */
        struct call_argument *arguments;
        size_t count;
};

/* What the arena cannot free. */
struct call_owned {
        struct call_owned *next;
        json_t *literal;
        struct gal_path *path;
};

struct gal_intrinsic {
        struct gal_arena arena;
        struct call_owned *owned;
        struct call *call;
};

/* One evaluation: where it looks (its budget there is never NULL), where it fails. */
struct call_run {
        const struct gal_scope *scope;
        struct gal_failure *failure;
        const struct call *call; /* the one at work */
        const char *text;        /* the whole expression as written, for causes */
};

/*
 * What an argument must be: '*' anything, 's' string, 'n' number, 'a' array, 'o' object, 'b' boolean; the last
 * letter stands for all further arguments. The handlers may rely on kinds and on `count`.
 */
struct call_function {
        const char *name;
        size_t count_min, count_max;
        const char *kinds;
        /* A new reference; NULL when it recorded a failure. Arguments are borrowed and must not be changed. */
        json_t *(*run)(struct call_run *run, json_t *const *arguments, size_t count);
};

/* (transfer none) NULL when there is no such function. table.c */
const struct call_function *gal_intrinsic_find(const char *name, size_t len);
/* For the test of the table. */
const struct call_function *gal_intrinsic_functions(size_t *ret_count);

static inline char gal_intrinsic_kind(const struct call_function *function, size_t index)
{
        size_t last = __builtin_strlen(function->kinds);

        return last == 0 ? '*' : function->kinds[index < last ? index : last - 1];
}

/* Records States.IntrinsicFailure about the call at work; returns NULL. */
json_t *gal_intrinsic_fail(struct call_run *run, const char *format, ...) GAL_PRINTF(2, 3);
/* Counts bytes made anew; false, and the failure recorded, when there were too many. */
bool gal_intrinsic_spend(struct call_run *run, size_t bytes);
/* A string from the buffer, which ends here in any case; NULL when the buffer failed. */
json_t *gal_intrinsic_text(struct call_run *run, struct gal_buffer *buffer);
/* Rounds half up, as the service does; false (recorded) when the number is out of range. */
bool gal_intrinsic_integer(struct call_run *run, const json_t *number, int64_t *ret_value);

/* The functions; array.c, text.c, encoding.c, math.c */
json_t *gal_intrinsic_array(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_contains(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_get_item(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_length(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_partition(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_range(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_array_unique(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_base64_decode(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_base64_encode(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_format(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_hash(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_json_merge(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_json_to_string(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_math_add(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_math_random(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_string_split(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_string_to_json(struct call_run *run, json_t *const *arguments, size_t count);
json_t *gal_intrinsic_uuid(struct call_run *run, json_t *const *arguments, size_t count);

#endif
