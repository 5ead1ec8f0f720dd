/*
 * syntax.h: an expression as it is written: what the parser makes, the printer prints and the compiler works
 * through.
 *
 * Parentheses are nodes of their own (blocks), so a tree printed without adding any reads back as the same tree.
 */
#ifndef GAL_EXPR_JSONATA_SYNTAX_H
#define GAL_EXPR_JSONATA_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "expr/arena.h"
#include "expr/jsonata/jsonata.h"

enum jsyntax_kind {
        JS_END,        /* nothing where an operand should be */
        JS_NAME,       /* text */
        JS_VARIABLE,   /* text: the name without its $ */
        JS_STRING,     /* text */
        JS_NUMBER,     /* number */
        JS_CONSTANT,   /* text: true, false, null */
        JS_REGEX,      /* text: the pattern; op: its flags */
        JS_WORD,       /* text: and, or, in where an operand is due: a name; "?": a hole of a partial application */
        JS_WILDCARD,   /* * */
        JS_DESCENDANT, /* ** */
        JS_PARENT,     /* % */
        JS_BINARY,     /* op, two items */
        JS_RANGE,      /* in [a..b] */
        JS_NEGATE,     /* -x */
        JS_ARRAY,      /* [a, b] */
        JS_OBJECT,     /* {k: v}: items are keys and values in turn */
        JS_BLOCK,      /* (a; b) */
        JS_CALL,       /* items: the function, then the arguments */
        JS_PARTIAL,    /* the same with a hole among the arguments */
        JS_LAMBDA,     /* items: parameters, then the body; text: the signature, NULL without */
        JS_CONDITION,  /* two or three items */
        JS_ELVIS,      /* a ?: b */
        JS_COALESCE,   /* a ?? b */
        JS_TRANSFORM,  /* |pattern|update[,delete]| */
        JS_PREDICATE,  /* a[b] */
        JS_GROUP,      /* a{k: v}: items: a, then keys and values */
        JS_SORT,       /* a^(t, ...): items: a, then JS_TERM */
        JS_TERM,       /* op: '<', '>' or '\0'; one item */
        JS_FOCUS,      /* a@$v */
        JS_INDEX,      /* a#$v */
        JS_BIND,       /* $v := a */
        JS_APPLY,      /* a ~> b */
};

struct jsyntax {
        uint8_t kind;    /* enum jsyntax_kind */
        bool keep_array; /* followed by [] */
        char op[4];      /* NUL-terminated */
        uint32_t depth;  /* of the tree below, itself included */
        uint32_t start;  /* of the token that made it: bytes */
        uint32_t end;
        uint32_t count;
        uint32_t text_len;
        const char *text; /* NUL-terminated as well */
        double number;
        struct jsyntax **items;
};

/* A text on its way to a tree. */
struct jparse {
        struct gal_arena *arena;
        const char *text;
        size_t len;
        struct gal_jsonata_error *error; /* nullable */
        enum gal_status status;
        enum gal_jsonata_dialect dialect;
        void *escape; /* jmp_buf of whoever started */
};

/*
 * Ends the parse: records the failure and jumps. In `message`, {{token}} stands for the token as JSON and {{value}}
 * for what gal_jparse_fail_value() is told. `token` may be NULL. The place is from `start` to `end`, in bytes.
 */
_Noreturn void gal_jparse_fail(struct jparse *parse, const char *code, size_t start, size_t end, const char *token,
                               size_t token_len, const char *message);
_Noreturn void gal_jparse_fail_value(struct jparse *parse, const char *code, size_t start, size_t end,
                                     const char *token, size_t token_len, const char *value, const char *message);
_Noreturn void gal_jparse_out_of_memory(struct jparse *parse);
_Noreturn void gal_jparse_limit(struct jparse *parse, size_t at, const char *message);
void *gal_jparse_alloc(struct jparse *parse, size_t count, size_t size);

/* Parses the whole text. */
struct jsyntax *gal_jparse_run(struct jparse *parse);

void gal_jsyntax_print(const struct jsyntax *syntax, struct gal_buffer *text);
bool gal_jsyntax_equal(const struct jsyntax *a, const struct jsyntax *b);

/* Puts U+FFFD in the place of lone surrogates, which have three bytes as well. */
void gal_jsonata_mend(char *text, size_t len);
/* UTF-16 units of UTF-8 text. */
size_t gal_jsonata_units(const char *text, size_t len);

/* Tokens: lex.c. */
enum jtoken_kind { JK_END, JK_NAME, JK_VARIABLE, JK_STRING, JK_NUMBER, JK_CONSTANT, JK_OPERATOR, JK_REGEX };

struct jtoken {
        uint8_t kind; /* enum jtoken_kind */
        char op[4];   /* of an operator its text ("and", "..", "("), of a regex its flags */
        uint32_t start;
        uint32_t end;
        uint32_t len;
        const char *text; /* NUL-terminated: a name, a variable's name, a string's value, a pattern */
        double number;
};

/* Reads the token at `at` and returns it; `infix`: a slash divides instead of starting a regular expression. */
struct jtoken gal_jlex_next(struct jparse *parse, size_t at, bool infix);

#endif
