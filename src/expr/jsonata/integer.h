/*
 * integer.h: integers by picture: digits of any script, letters, Roman numerals, English words; and back.
 */
#ifndef GAL_EXPR_JSONATA_INTEGER_H
#define GAL_EXPR_JSONATA_INTEGER_H

#include "expr/jsonata/run.h"

enum jinteger_kind { JI_DECIMAL, JI_LETTERS, JI_ROMAN, JI_WORDS, JI_SEQUENCE };
enum jinteger_case { JI_LOWER, JI_UPPER, JI_TITLE };

enum { JI_SEPARATORS_MAX = 32 };

struct jinteger_separator {
        uint32_t position; /* digits to its right */
        uint32_t character;
};

/* A picture, taken apart. */
struct jinteger {
        uint8_t kind;    /* enum jinteger_kind */
        uint8_t letters; /* enum jinteger_case */
        bool is_ordinal;
        uint32_t zero; /* of the digits' script */
        uint32_t mandatory;
        uint32_t optional;
        bool is_regular; /* the first separator repeats */
        uint32_t separator_count;
        struct jinteger_separator separators[JI_SEPARATORS_MAX];
        uint32_t parse_width; /* digits to read; 0: as many as there are */
        struct jval token;    /* the picture without its modifier */
};

/* Fails with D3131. A picture that is none of ours is a JI_SEQUENCE, which fails (D3130) when it is used. */
struct jinteger gal_jinteger_read(struct jrun *run, struct jval picture);
/* `value` may be NaN, which is written as such. */
struct jval gal_jinteger_format(struct jrun *run, double value, const struct jinteger *integer);
/* NaN when the text is none. */
double gal_jinteger_parse(struct jrun *run, struct jval text, const struct jinteger *integer);
/* Appends what its texts look like, as a regular expression without groups that capture. */
void gal_jinteger_pattern(struct jrun *run, const struct jinteger *integer, struct jtext *pattern);

#endif
