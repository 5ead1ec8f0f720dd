/*
 * jsonata.h: the JSONata query and transformation language (jsonata.org), complete and native.
 *
 *   Account.Order[OrderID = "order104"].Product{ "SKU-" & ProductID: Price * Quantity }
 *   $map(items, function($item, $i) { $item.price * $i }) ~> $sum()
 *
 * An expression is compiled once and evaluated many times. Compiled, it is immutable: executions and threads may
 * share it. Evaluation is a function of its arguments: time and randomness come in an environment, everything that
 * can grow has a bound, and a runaway expression ends with an error. Knows nothing of states, machines or fields.
 *
 * Two dialects: the reference (jsonata-js 2.2) and that of AWS Step Functions (JSONata 2.0.6 less $eval, plus
 * $partition, $range, $hash, $random(seed), $uuid and $parse; bounds of its own on depth and memory).
 *
 * Values are jansson's, in and out. Data that goes through unchanged is shared, not copied. There is one number
 * type as in JavaScript, a double; in the Step Functions dialect an integer of 64 bits that is only passed on stays
 * exact.
 */
#ifndef GAL_EXPR_JSONATA_JSONATA_H
#define GAL_EXPR_JSONATA_JSONATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"

struct gal_jsonata;

enum gal_jsonata_dialect { GAL_JSONATA_REFERENCE, GAL_JSONATA_STATES };

/*
 * Why an expression does not parse or its evaluation failed: codes and texts of the reference implementation.
 * Reusable after gal_jsonata_error_finish(); start with GAL_JSONATA_ERROR_INIT.
 */
struct gal_jsonata_error {
        char code[8]; /* "T2001"; "": the Step Functions dialect gives bounds on depth and memory none */
        struct gal_buffer message; /* UTF-8, NUL-terminated */
        struct gal_buffer token;   /* what it happened at: an operator, a function's name; may be empty */
        bool has_position;
        size_t position;        /* as the reference counts: UTF-16 units from the start up to the token's end */
        struct gal_position at; /* the token's start: bytes, line, column; line 0: no place */
};

#define GAL_JSONATA_ERROR_INIT                                                                                     \
        ((struct gal_jsonata_error){ "", GAL_BUFFER_INIT, GAL_BUFFER_INIT, false, 0, GAL_NOWHERE })
void gal_jsonata_error_finish(struct gal_jsonata_error *error); /* accepts NULL */

/*
 * Compiles. `text` is UTF-8, borrowed for the call. `ret_expression` (transfer full) is untouched on failure.
 * GAL_ESYNTAX (`error`, nullable, has code and place), GAL_ELIMIT (too long, nested too deep) or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_jsonata_compile(const char *text, size_t len, enum gal_jsonata_dialect dialect,
                                                 struct gal_jsonata **ret_expression,
                                                 struct gal_jsonata_error *error);
void gal_jsonata_destroy(struct gal_jsonata *expression); /* accepts NULL */

/* The text as given, NUL-terminated. (transfer none) */
const char *gal_jsonata_text(const struct gal_jsonata *expression);
/* Appends the expression as text that compiles to the same tree. */
void gal_jsonata_print(const struct gal_jsonata *expression, struct gal_buffer *text);
/* Whether both are the same tree: places in the text and blanks do not matter. */
bool gal_jsonata_equal(const struct gal_jsonata *a, const struct gal_jsonata *b);

/* What an expression refers to, for whoever has to refuse some of it. */
enum gal_jsonata_reference_kind {
        GAL_JSONATA_VARIABLE, /* $name that the expression does not bind itself; `member`: the .name behind it */
        GAL_JSONATA_ROOT,     /* $$ */
        GAL_JSONATA_CONTEXT,  /* $ where it stands for the expression's own input */
        GAL_JSONATA_FIELD,    /* a bare name, looked up in the expression's own input */
};

struct gal_jsonata_reference {
        enum gal_jsonata_reference_kind kind;
        const char *name;       /* without the $; UTF-8, NUL-terminated; of ROOT and CONTEXT the text itself */
        const char *member;     /* of a variable: the first step behind it, as in $states.result; NULL: none */
        bool is_called;         /* $name(...): a function is meant */
        struct gal_position at; /* in the expression's text */
};

/* Calls `visit` for each reference, in the order of the text. What is passed lives as long as the expression. */
void gal_jsonata_visit_references(const struct gal_jsonata *expression,
                                  void (*visit)(void *user, const struct gal_jsonata_reference *reference),
                                  void *user);

/* The world, as far as an expression may see it. */
struct gal_jsonata_environment {
        int64_t now_ms;            /* $now(), $millis(): the same throughout an evaluation */
        struct gal_random *random; /* $random(), $shuffle(), $uuid(); nullable: then a fixed seed */
};

/* Bounds of one evaluation; 0 takes the default of the dialect (base/limits.h). */
struct gal_jsonata_limits {
        uint64_t steps;     /* nodes evaluated and elements handled, about 20 ns each */
        uint32_t depth;     /* nested evaluations, as the reference counts them */
        size_t memory;      /* bytes that the evaluation may allocate */
        size_t output_size; /* bytes of the result's JSON text */
};

/*
 * Evaluates.
 *   input     borrowed; NULL: undefined
 *   bindings  borrowed, nullable: an object, each member is $name
 *   limits    nullable
 *   ret_value (transfer full) NULL: the result is undefined. A function, at the top or inside, counts as undefined
 *             unless ret_is_function is given, which tells the one at the top from nothing
 * Numbers out of a double's range become the strings "Infinity", "-Infinity" and "NaN" in the Step Functions
 * dialect, null in the reference. A member of the result that is undefined is left out; in an array it becomes
 * null. GAL_EFAILED: `error` (nullable) says why. GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_jsonata_evaluate(const struct gal_jsonata *expression, json_t *input,
                                                  json_t *bindings,
                                                  const struct gal_jsonata_environment *environment,
                                                  const struct gal_jsonata_limits *limits, json_t **ret_value,
                                                  bool *ret_is_function, struct gal_jsonata_error *error);

#endif
