/*
 * signature.h: what arguments a function takes: <a<s>s?:s> and the like.
 *
 * Each parameter is a set of types with a quantifier; arguments are matched as a regular expression would be, so
 * that a missing one can be left out in the middle or be taken from the context.
 */
#ifndef GAL_EXPR_JSONATA_SIGNATURE_H
#define GAL_EXPR_JSONATA_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jparse;
struct jrun;
struct jval;
struct jcallee;

/* Types as bits. */
enum {
        JTYPE_STRING = 1,
        JTYPE_NUMBER = 2,
        JTYPE_BOOLEAN = 4,
        JTYPE_NULL = 8,
        JTYPE_ARRAY = 16,
        JTYPE_OBJECT = 32,
        JTYPE_FUNCTION = 64,
        JTYPE_MISSING = 128, /* undefined */
        JTYPE_ANY = 255,
};

struct jparameter {
        uint8_t types;     /* JTYPE_... */
        bool is_array;     /* 'a': one value becomes an array of one */
        bool is_optional;  /* ? or - */
        bool is_repeated;  /* + */
        bool from_context; /* - */
        char element;      /* of an array: type of its elements, '\0' any */
        const char *subtype;
        uint32_t subtype_len;
};

struct jsignature {
        uint32_t count;
        struct jparameter *parameters;
};

/* `start`: where the signature stands in the text, for errors. */
struct jsignature *gal_jsignature_parse(struct jparse *parse, const char *text, size_t len, size_t start);

/*
 * Holds arguments against a signature. `arguments` is replaced where one is taken from the context or becomes an
 * array; `ret_count` is what the function gets. Fails the run with T0410, T0411, T0412.
 */
const struct jval *gal_jsignature_check(struct jrun *run, const struct jsignature *signature,
                                        const struct jval *arguments, uint32_t count, struct jval context,
                                        uint32_t *ret_count);

#endif
