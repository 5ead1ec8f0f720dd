/*
 * path.h: a compiled path, as the files of this folder (and the call parser next door) see it.
 *
 *   steps     what the path does, one after the other; a step with `scan` set does it at every container below
 *   function  what is done with the outcome: $.a.length()
 *
 * Everything lives in the path's arena, except literals (references of jansson) and regular expressions.
 */
#ifndef GAL_EXPR_JSONPATH_PATH_H
#define GAL_EXPR_JSONPATH_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "expr/arena.h"
#include "expr/jsonpath/jsonpath.h"

struct path_filter;
struct path_regex;

enum path_step_kind {
        PATH_NAME,     /* .a ['a'] */
        PATH_NAMES,    /* ['a','b'] */
        PATH_INDEX,    /* [0] [-1] */
        PATH_INDICES,  /* [0,2] */
        PATH_SLICE,    /* [1:3] */
        PATH_WILDCARD, /* .* [*] */
        PATH_FILTER,   /* [?(...)] */
};

struct path_name {
        const char *text;
        size_t len;
};

struct path_step {
        struct path_step *next;
        enum path_step_kind kind;
        bool scan; /* after ".." */
        union {
                struct path_name name;
                struct {
                        struct path_name *items;
                        size_t count;
                } names;
                int64_t index;
                struct {
                        int64_t *items;
                        size_t count;
                } indices;
                struct {
                        int64_t from, to;
                        bool has_from, has_to;
                } slice;
                struct path_filter *filter;
        } as;
};

/* Functions at the end of a path, by name. */
#define PATH_FUNCTIONS(X)                                                                                          \
        X(AVG, "avg")                                                                                              \
        X(FIRST, "first")                                                                                          \
        X(KEYS, "keys")                                                                                            \
        X(LAST, "last")                                                                                            \
        X(LENGTH, "length")                                                                                        \
        X(MAX, "max")                                                                                              \
        X(MIN, "min")                                                                                              \
        X(SIZE, "size")                                                                                            \
        X(STDDEV, "stddev")                                                                                        \
        X(SUM, "sum")

enum path_function {
        PATH_FUNCTION_NONE,
#define PATH_FUNCTION_ENUM(id, name) PATH_FUNCTION_##id,
        PATH_FUNCTIONS(PATH_FUNCTION_ENUM)
#undef PATH_FUNCTION_ENUM
};

struct path_query {
        struct path_step *steps;
        enum path_function function;
        bool definite; /* the steps, without the function, lead to one node at most */
};

enum path_operator {
        PATH_EQUAL,
        PATH_NOT_EQUAL,
        PATH_LESS,
        PATH_LESS_EQUAL,
        PATH_GREATER,
        PATH_GREATER_EQUAL,
        PATH_MATCHES,
        PATH_IN,
        PATH_NOT_IN,
        PATH_SUBSET_OF,
        PATH_ANY_OF,
        PATH_NONE_OF,
        PATH_ALL,
        PATH_CONTAINS,
        PATH_SIZE,
        PATH_EMPTY,
};

enum path_operand_kind { PATH_LITERAL, PATH_REGEX, PATH_CURRENT /* @ */, PATH_DOCUMENT /* $ */ };

struct path_operand {
        enum path_operand_kind kind;
        json_t *literal; /* owned by the path */
        struct path_regex *regex;
        struct path_query query;
};

enum path_filter_kind { PATH_OR, PATH_AND, PATH_NOT, PATH_EXISTS, PATH_COMPARE };

struct path_filter {
        enum path_filter_kind kind;
        struct path_filter *left, *right; /* of OR and AND; `left` of NOT */
        enum path_operator operator_;
        struct path_operand a, b; /* of COMPARE; `a` of EXISTS */
};

/* What the arena cannot free. */
struct path_literal {
        struct path_literal *next;
        json_t *value;
};

struct gal_path {
        struct gal_arena arena;
        struct path_literal *literals;
        struct path_regex *regexes;
        enum gal_path_root root;
        const char *variable;
        const char *text;
        struct path_query query;
        bool reference;
        bool literal_root; /* exactly "$" */
};

/*
 * Parses the path at the start of the text as an argument of a call: it ends before a blank, a comma or a closing
 * parenthesis. `ret_len` is what it took.
 */
GAL_MUST_USE enum gal_status gal_path_parse_argument(const char *text, size_t len, struct gal_path **ret_path,
                                                     size_t *ret_len, struct gal_error *error);

/* filter_parse.c: what is between "[?" and "]". */
struct path_parser;
struct path_filter *gal_path_parse_filter(struct path_parser *parser);

/* regex.c */
GAL_MUST_USE enum gal_status gal_path_regex_compile(struct gal_path *path, const char *pattern, size_t len,
                                                    const char *flags, size_t flags_len,
                                                    struct path_regex **ret_regex, struct gal_error *error,
                                                    size_t offset);
void gal_path_regex_destroy_all(struct path_regex *regexes);

/* One evaluation. What it may spend is shared by all that it nests. */
struct path_evaluation {
        json_t *document; /* what `$` means inside a filter */
        struct gal_budget *budget;
        unsigned depth_left;
        enum gal_status status; /* GAL_OK or GAL_ELIMIT; sticks */
};

/* Spends `cost` visits; false (and a sticky GAL_ELIMIT) when they are used up. */
static inline bool gal_path_spend(struct path_evaluation *evaluation, uint64_t cost)
{
        if (cost <= evaluation->budget->visits_left) {
                evaluation->budget->visits_left -= cost;
                return true;
        }
        evaluation->budget->visits_left = 0;
        evaluation->status = GAL_ELIMIT;
        return false;
}

/* The same for the memory of what is made anew. */
static inline bool gal_path_spend_bytes(struct path_evaluation *evaluation, size_t bytes)
{
        if (bytes <= evaluation->budget->bytes_left) {
                evaluation->budget->bytes_left -= bytes;
                return true;
        }
        evaluation->budget->bytes_left = 0;
        evaluation->status = GAL_ELIMIT;
        return false;
}

/*
 * The outcome of a query at a node: a new reference, or NULL: nothing there, or the evaluation has failed.
 */
json_t *gal_path_run(struct path_evaluation *evaluation, const struct path_query *query, json_t *node);
bool gal_path_filter_accepts(struct path_evaluation *evaluation, const struct path_filter *filter, json_t *node);
bool gal_path_regex_matches(struct path_evaluation *evaluation, const struct path_regex *regex, const char *text,
                            size_t len);
/* A new reference; NULL: the function has nothing to say about this value. */
json_t *gal_path_function_apply(enum path_function function, json_t *value);

/* Appends the step as the library prints it: ['a'] [0] [*] [?]. */
void gal_path_step_write(struct gal_buffer *buffer, const struct path_step *step);

#endif
