/*
 * library.h: the functions of the language: one table, by name.
 */
#ifndef GAL_EXPR_JSONATA_LIBRARY_H
#define GAL_EXPR_JSONATA_LIBRARY_H

#include "expr/jsonata/run.h"

/* One call of a function of the language. */
struct jcall {
        const struct jval *arguments; /* checked against the signature */
        uint32_t count;
        struct jval context;
        struct jframe *frame; /* of the caller: what $eval sees */
};

/* Undefined where the caller left it out. */
static inline struct jval gal_jcall_argument(const struct jcall *call, uint32_t index)
{
        return index < call->count ? call->arguments[index] : JUNDEFINED;
}

struct jbuiltin {
        const char *name;
        const char *signature;
        uint8_t arity;    /* what $map and its kin see */
        uint8_t dialects; /* JIN_... */
        struct jval (*run)(struct jrun *run, const struct jcall *call);
};

enum { JIN_REFERENCE = 1, JIN_STATES = 2, JIN_BOTH = 3 };

/* NULL when the dialect has no such function. */
const struct jbuiltin *gal_jlibrary_find(const char *name, size_t len, enum gal_jsonata_dialect dialect);

#define JBUILTIN(name) struct jval gal_jfn_##name(struct jrun *run, const struct jcall *call)
/* text.c */
JBUILTIN(string);
JBUILTIN(substring);
JBUILTIN(substring_before);
JBUILTIN(substring_after);
JBUILTIN(lowercase);
JBUILTIN(uppercase);
JBUILTIN(length);
JBUILTIN(trim);
JBUILTIN(pad);
JBUILTIN(join);
/* match.c */
JBUILTIN(match);
JBUILTIN(contains);
JBUILTIN(replace);
JBUILTIN(split);
/* encode.c */
JBUILTIN(base64_encode);
JBUILTIN(base64_decode);
JBUILTIN(encode_url_component);
JBUILTIN(encode_url);
JBUILTIN(decode_url_component);
JBUILTIN(decode_url);
/* math.c */
JBUILTIN(sum);
JBUILTIN(count);
JBUILTIN(max);
JBUILTIN(min);
JBUILTIN(average);
JBUILTIN(number);
JBUILTIN(floor);
JBUILTIN(ceil);
JBUILTIN(round);
JBUILTIN(abs);
JBUILTIN(sqrt);
JBUILTIN(power);
JBUILTIN(random);
JBUILTIN(format_base);
/* format_number.c, integer.c, datetime.c */
JBUILTIN(format_number);
JBUILTIN(format_integer);
JBUILTIN(parse_integer);
JBUILTIN(to_millis);
JBUILTIN(from_millis);
JBUILTIN(now);
JBUILTIN(millis);
/* array.c */
JBUILTIN(append);
JBUILTIN(reverse);
JBUILTIN(shuffle);
JBUILTIN(distinct);
JBUILTIN(zip);
JBUILTIN(sort);
/* object.c */
JBUILTIN(boolean);
JBUILTIN(not );
JBUILTIN(exists);
JBUILTIN(keys);
JBUILTIN(lookup);
JBUILTIN(spread);
JBUILTIN(merge);
JBUILTIN(type);
JBUILTIN(clone);
JBUILTIN(error);
JBUILTIN(assert);
JBUILTIN(eval);
/* higher.c */
JBUILTIN(map);
JBUILTIN(filter);
JBUILTIN(single);
JBUILTIN(reduce);
JBUILTIN(sift);
JBUILTIN(each);
/* states.c */
JBUILTIN(partition);
JBUILTIN(range);
JBUILTIN(hash);
JBUILTIN(seeded_random);
JBUILTIN(uuid);
JBUILTIN(parse);
#undef JBUILTIN

#endif
