/*
 * node.h: an expression as it is evaluated: paths in one piece, variables resolved to slots.
 *
 * Made from the syntax tree by compile.c (structure, parents, calls in tail position) and resolve.c (variables);
 * neither changes anything afterwards.
 */
#ifndef GAL_EXPR_JSONATA_NODE_H
#define GAL_EXPR_JSONATA_NODE_H

#include "expr/jsonata/signature.h"
#include "expr/jsonata/syntax.h"
#include "expr/jsonata/value.h"

enum jnode_kind {
        JN_LITERAL,
        JN_NAME,
        JN_VARIABLE, /* and a % that has been given its label */
        JN_CONTEXT,  /* $ */
        JN_WILDCARD,
        JN_DESCENDANT,
        JN_PATH,       /* items: steps */
        JN_ARITHMETIC, /* op */
        JN_EQUAL,      /* op: '=' or '!' */
        JN_COMPARE,    /* op: '<', '>', 'l' (<=), 'g' (>=) */
        JN_AND,
        JN_OR,
        JN_IN,
        JN_CONCAT,
        JN_RANGE,
        JN_NEGATE,
        JN_ARRAY,
        JN_OBJECT, /* group */
        JN_BLOCK,
        JN_CONDITION,
        JN_COALESCE,
        JN_BIND,
        JN_LAMBDA,
        JN_CALL,    /* items: function, arguments */
        JN_PARTIAL, /* the same; a hole is NULL */
        JN_APPLY,
        JN_TRANSFORM,
        JN_REGEX,
        JN_SORT, /* a step: items are the terms */
        JN_KIND_COUNT,
};

enum { JLABEL_NONE = 0 }; /* names and labels are numbered from 1 */

/* A % and how many levels it still has to climb: shared by the lists that it travels on. */
struct jslot {
        uint32_t label;
        int level;
};

/* Where a variable may be found: so many frames up. */
struct jcandidate {
        uint16_t frames_up;
        uint16_t slot; /* JSLOT_TUPLE: among a tuple's bindings, by label */
};

enum { JSLOT_TUPLE = 0xFFFF, JSCOPE_SLOTS_MAX = 0xFFF0 };

struct jreference {
        const char *name; /* for messages; NULL for a % */
        uint32_t name_len;
        uint32_t label;
        uint32_t global; /* index into jprogram.globals */
        uint32_t count;  /* candidates, the innermost first: a frame that has not assigned it yet is passed over */
        struct jcandidate *candidates;
};

/* The variables of one lambda, block or root (slots), or of the steps of a path with bindings (a list). */
struct jscope {
        const struct jprogram *program;
        struct jscope *parent;
        uint32_t count;
        uint32_t size;
        uint32_t *labels;
        bool is_tuple;
        bool has_frame;   /* tuples always; otherwise when there are slots */
        bool is_captured; /* a function made inside may outlive it */
};

struct jstage {
        uint32_t index_label; /* #$i after predicates; JLABEL_NONE: a filter */
        struct jnode *filter;
};

struct jgroup {
        uint32_t count; /* pairs */
        struct jnode **items;
        uint32_t start;
        uint32_t end;
};

struct jterm {
        struct jnode *key;
        bool is_descending;
};

struct jlambda {
        uint32_t parameter_count;
        uint32_t *labels;          /* of the parameters */
        uint16_t *parameter_slots; /* of the frame */
        struct jsignature *signature;
        struct jnode *body;
        const char *text; /* as written, for nothing but its name in errors */
};

struct jregex;

struct jnode {
        uint8_t kind; /* enum jnode_kind */
        char op;
        bool keep_array;
        bool cons_array;     /* an array constructor whose value steps do not flatten */
        bool is_tuple;       /* a step that binds something, or is bound by a %; a path that carries bindings on */
        bool keep_singleton; /* a path with [] somewhere in it */
        bool is_tail;        /* a call whose value is the value of the lambda */
        bool is_string;      /* a literal that was a string: a name, as a step */
        bool is_parent;
        bool has_stages; /* `stages` are the path's business: they see what the whole step has found */
        uint32_t start;  /* of its token, in the text */
        uint32_t end;
        uint32_t count;
        uint32_t stage_count;
        struct jnode **items;
        struct jstage *stages; /* predicates; of a step with indexes among them */
        struct jgroup *group;
        struct jscope *scope;       /* that it opens */
        struct jscope *tuple_scope; /* of a block that carries tuples on: around its predicates and its grouping */
        uint32_t focus;             /* label of @$v */
        uint32_t index;             /* label of #$i */
        uint32_t first_tuple;       /* of a path: the step from which on it is a stream of tuples; count: none */
        struct jslot *parent;       /* the slot of a %; of a step: the label that keeps what came before it */
        struct jslot **seeking;     /* slots below that nobody has answered yet */
        uint32_t seeking_count;
        union {
                struct jval literal;
                struct {
                        const char *text;
                        uint32_t len;
                } name;
                struct jreference reference; /* of a bind: only `label`, and where it goes in candidates[0] */
                struct jlambda *lambda;
                struct jregex *regex;
                struct jterm *terms;
        } as;
};

struct jglobal {
        const char *name;
        uint32_t len;
        const struct jbuiltin *builtin; /* NULL: none of that name */
        struct jsignature *signature;   /* of the builtin */
};

/* What compile.c and resolve.c make. */
struct jprogram {
        struct gal_arena arena;
        const char *text;
        size_t len;
        enum gal_jsonata_dialect dialect;
        struct jsyntax *syntax;
        struct jnode *root;
        struct jscope *root_scope; /* always has a frame */
        struct jregex *regexes;    /* a list: what is to be freed */
        const char **names;        /* label -> name; NULL for the label of a % */
        uint32_t *name_lens;
        uint32_t label_count;
        uint32_t label_size;
        struct jglobal *globals;
        uint32_t global_count;
        uint32_t global_size;
        uint32_t global_base; /* number of its first global: code given to $eval shares the run of its caller */
        bool uses_eval;       /* code unknown yet may keep any frame */
};

struct gal_jsonata {
        struct jprogram program;
};

/* Of jparse: the program is what it fills. */
void gal_jcompile_run(struct jparse *parse, struct jprogram *program);
void gal_jresolve_run(struct jparse *parse, struct jprogram *program);
/* The label of a name; new or known. */
uint32_t gal_jprogram_label(struct jparse *parse, struct jprogram *program, const char *name, uint32_t len);
/* A label of its own, for a %. */
uint32_t gal_jprogram_new_label(struct jparse *parse, struct jprogram *program);
void gal_jprogram_finish(struct jprogram *program);
/* All of it: parse, compile, resolve. `program` zeroed by the caller; to be finished in any case. */
enum gal_status gal_jprogram_make(struct jprogram *program, const char *text, size_t len,
                                  enum gal_jsonata_dialect dialect, struct gal_jsonata_error *error);

#endif
