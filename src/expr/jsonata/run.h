/*
 * run.h: one evaluation: its memory, its bounds, its frames, and how it fails.
 *
 * Everything made during a run lives in its region and goes with it, so a failure may unwind at once: it jumps to
 * gal_jsonata_evaluate(), which frees the region and what is listed in the run (parsed JSON, code given to $eval).
 * Nothing in this room may hold anything else across a call that can fail.
 */
#ifndef GAL_EXPR_JSONATA_RUN_H
#define GAL_EXPR_JSONATA_RUN_H

#include <setjmp.h>

#include "expr/jsonata/node.h"

/* A binding of a tuple: lists share their tails, nothing is ever changed. */
struct jbinding {
        const struct jbinding *next;
        uint32_t label;
        struct jval value;
};

struct jframe {
        struct jframe *parent;
        const struct jscope *scope;
        const struct jbinding *bindings; /* of a tuple's frame */
        struct jval slots[];             /* JT_UNBOUND until assigned */
};

enum jfunction_kind {
        JFN_LAMBDA,
        JFN_BUILTIN,
        JFN_PARTIAL,   /* of any function: some arguments are there already */
        JFN_REGEX,     /* matches a text */
        JFN_NEXT,      /* the next match */
        JFN_TRANSFORM, /* |...|...| */
        JFN_CHAIN,     /* f ~> g */
};

struct jfunction {
        uint8_t kind; /* enum jfunction_kind */
        union {
                struct {
                        const struct jlambda *lambda;
                        const struct jnode *node;
                        struct jframe *frame;
                        struct jval input;
                } lambda;
                const struct jglobal *builtin;
                struct {
                        struct jfunction *function;
                        struct jval *arguments; /* JT_UNBOUND: a hole */
                        uint32_t count;
                } partial;
                struct {
                        const struct jregex *regex;
                        const struct jnode *node;
                        const char *text; /* of NEXT */
                        uint32_t len;
                        uint32_t from;
                } regex;
                struct {
                        const struct jnode *node;
                        struct jframe *frame;
                        struct jval input;
                } transform;
                struct {
                        struct jfunction *first;
                        struct jfunction *second;
                } chain;
        } as;
};

struct jregion_block;

/* What went wrong, for gal_jrun_fail(): what is left out is filled in from the function that is being called. */
struct jfault {
        const char *code;
        const struct jnode *at;
        const char *token;
        size_t token_len; /* 0: token is NUL-terminated */
        struct jval value;
        struct jval value2;
        uint32_t index;
        const char *type;    /* {{type}} of T0412 */
        const char *message; /* instead of the code's own */
        size_t message_len;
        bool has_value;
};

/* Freed when the run ends. */
struct jowned {
        struct jowned *next;
        json_t *json;
        struct jprogram *program;
};

struct jrun {
        /* Region. */
        char *at;
        size_t left;
        struct jregion_block *blocks;
        size_t block_size;
        size_t memory_left;
        bool is_out_of_memory;         /* malloc has failed: no bound of ours */
        struct jframe *free_frames[8]; /* by number of slots, for frames that nobody can see any more */

        /* Bounds. */
        uint64_t steps_left;
        uint32_t depth;
        uint32_t depth_max;
        uint32_t calls;      /* of functions, nested */
        uint64_t weight_max; /* of one value; 0: none */

        const struct jprogram *program;
        enum gal_jsonata_dialect dialect;
        const struct gal_jsonata_environment *environment;
        struct gal_random fallback_random;
        json_t *bindings;
        struct jval input;    /* as $ sees it at the root: an array is wrapped */
        struct jval *globals; /* JT_UNBOUND until asked for */
        uint32_t global_count;
        const struct jnode *caller;       /* the call whose function runs */
        const struct jnode *outer_caller; /* the outermost such call: where the reference says that it failed */
        struct jowned *owned;
        struct jregex *regexes; /* made on the way */

        /* A call in tail position, on its way to whoever called the lambda. */
        struct {
                const struct jnode *node;
                struct jframe *frame;
                struct jval input;
        } tail;

        /* Matching: made at first use. */
        void *match_data;
        void *match_context;
        uint32_t match_pairs;

        jmp_buf escape;
        struct gal_jsonata_error *error; /* nullable */
};

_Noreturn void gal_jrun_fail(struct jrun *run, struct jfault fault);
_Noreturn void gal_jrun_fail_memory(struct jrun *run);
_Noreturn void gal_jrun_fail_depth(struct jrun *run);
_Noreturn void gal_jrun_fail_steps(struct jrun *run);
/* The text of a code. */
const char *gal_jmessage(const char *code);

void gal_jrun_free_blocks(struct jrun *run);
void *gal_jrun_alloc_slow(struct jrun *run, size_t size);

/* Not zeroed; aligned for values and pointers. */
static inline void *gal_jrun_alloc(struct jrun *run, size_t size)
{
        void *piece = run->at;

        size = (size + 7) & ~(size_t)7;
        if (size > run->left)
                return gal_jrun_alloc_slow(run, size);
        run->at += size;
        run->left -= size;
        return piece;
}

#define gal_jrun_new(run, type) ((type *)memset(gal_jrun_alloc(run, sizeof(type)), 0, sizeof(type)))

static inline void gal_jrun_step(struct jrun *run, uint64_t count)
{
        if (run->steps_left < count)
                gal_jrun_fail_steps(run);
        run->steps_left -= count;
}

/* Checks a value's weight against the Step Functions dialect's bound. */
static inline void gal_jrun_weigh(struct jrun *run, uint64_t weight)
{
        if (run->weight_max != 0 && weight > run->weight_max)
                gal_jrun_fail_memory(run);
}

/* Text that grows in the region. The last piece of the region grows in place. */
struct jtext {
        char *data;
        size_t len;
        size_t size;
};

#define JTEXT_INIT ((struct jtext){ NULL, 0, 0 })
char *gal_jtext_room_slow(struct jrun *run, struct jtext *text, size_t more);

/* Room for `more` bytes behind the text; the caller adds to `len` what it has used. */
static inline char *gal_jtext_room(struct jrun *run, struct jtext *text, size_t more)
{
        if (text->data != NULL && text->size - text->len >= more)
                return text->data + text->len;
        return gal_jtext_room_slow(run, text, more);
}

static inline void gal_jtext_append(struct jrun *run, struct jtext *text, const char *data, size_t len)
{
        char *room = gal_jtext_room(run, text, len);

        if (len > 0)
                memcpy(room, data, len);
        text->len += len;
}

static inline void gal_jtext_append_char(struct jrun *run, struct jtext *text, char c)
{
        *gal_jtext_room(run, text, 1) = c;
        text->len++;
}

struct jval gal_jtext_finish(struct jrun *run, struct jtext *text);
struct jval gal_jval_copy_text(struct jrun *run, const char *text, size_t len);
/* a then b; where `a` is the last piece of the region it grows in place. */
struct jval gal_jval_concat(struct jrun *run, struct jval a, struct jval b);

/* $string(): what & appends. Functions are "". Pretty: two blanks a level. */
struct jval gal_jval_string(struct jrun *run, struct jval value, bool is_pretty);
/* JSON text of any value, for messages; cut at a sensible length. */
void gal_jval_describe(struct jrun *run, struct gal_buffer *text, struct jval value);
/* What the world gets. (transfer full) NULL: undefined. */
json_t *gal_jval_unwrap(struct jrun *run, struct jval value, size_t size_max);
/* A copy of ours, down to the leaves, that may be changed. */
struct jval gal_jval_clone(struct jrun *run, struct jval value);

/* Code that is given to $eval. */
const struct jprogram *gal_jrun_compile(struct jrun *run, const char *text, size_t len, struct jval *ret_message);

/* Evaluates it. False: the text of its failure. */
bool gal_jrun_try(struct jrun *run, const struct jprogram *program, struct jval input, struct jframe *frame,
                  struct jval *ret_value, struct jval *ret_message);

/* Frames. */
struct jframe *gal_jframe_new(struct jrun *run, const struct jscope *scope, struct jframe *parent);
void gal_jframe_release(struct jrun *run, struct jframe *frame);
struct jframe *gal_jframe_tuple(struct jrun *run, const struct jscope *scope, struct jframe *parent,
                                const struct jbinding *bindings);

/* Evaluation: evaluate.c. */
struct jval gal_jeval(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame);
/* path.c */
struct jval gal_jeval_path(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame);
struct jval gal_jeval_name(struct jrun *run, const char *name, uint32_t len, struct jval input);
/* `tuple_scope`: of a filter that is evaluated in a frame with the bindings of the tuples that it looks at; NULL:
 * it looks at values, or at the values of tuples only. */
struct jval gal_jeval_filter(struct jrun *run, const struct jnode *filter, struct jval input, struct jframe *frame,
                             const struct jscope *tuple_scope);
struct jval gal_jeval_wildcard(struct jrun *run, struct jval input);
struct jval gal_jeval_descendants(struct jrun *run, struct jval input);
/* group.c */
struct jval gal_jeval_group(struct jrun *run, struct jnode *const *pairs, uint32_t count, const struct jnode *at,
                            struct jval input, struct jframe *frame, const struct jscope *tuple_scope);
struct jval gal_jeval_sort(struct jrun *run, const struct jnode *sort, struct jval input, struct jframe *frame,
                           const struct jscope *tuple_scope);
struct jval gal_jeval_keep_singleton(struct jrun *run, struct jval value);
/* tuple.c: the rest of a path from its first step with bindings on. `is_single`: the input is one element, even as
 * an array. */
struct jval gal_jeval_tuples(struct jrun *run, const struct jnode *path, uint32_t first, struct jval input,
                             bool is_single, struct jframe *frame);
/* Sorts the numbers 0 to count - 1 into `order`, which has room for twice as many: stable, by merging.
 * `goes_after`: whether element a must stand behind element b. */
void gal_jsort(struct jrun *run, uint32_t *order, uint32_t count,
               bool (*goes_after)(void *user, uint32_t a, uint32_t b), void *user);
/* What is in both, as $append has it: arrays are joined, undefined is nothing. */
struct jval gal_jval_append(struct jrun *run, struct jval a, struct jval b);

/* Calls: apply.c. */
struct jval gal_jeval_call(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame);
struct jval gal_jeval_partial(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame);
struct jval gal_jeval_apply(struct jrun *run, const struct jnode *node, struct jval input, struct jframe *frame);
/* Calls a function from within another one. `frame` is what $eval would see. */
struct jval gal_japply(struct jrun *run, struct jval function, const struct jval *arguments, uint32_t count,
                       struct jval context, struct jframe *frame);
/* How many arguments a function wants, as the reference counts them. */
uint32_t gal_jfunction_arity(const struct jfunction *function);
struct jval gal_jtransform_run(struct jrun *run, const struct jfunction *function, struct jval value);

struct gal_random *gal_jrun_random(struct jrun *run);

static inline bool gal_jval_is_array_of_numbers(const struct jrun *run, struct jval value)
{
        if (value.tag != JT_ARRAY)
                return false;
        for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++)
                if (gal_jarray_get(run, value, i).tag != JT_NUMBER)
                        return false;
        return true;
}

/* A tuple: its value and its bindings, as one value. */
struct jtuple {
        struct jval value;
        const struct jbinding *bindings;
};

static inline const struct jtuple *gal_jtuple(const struct jrun *run, struct jval tuples, uint32_t index)
{
        return (const struct jtuple *)(const void *)gal_jarray_get(run, tuples, index).as.text;
}

#endif
