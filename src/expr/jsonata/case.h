/*
 * case.h: capitals and small letters of all scripts, as Unicode maps them without regard to language.
 */
#ifndef GAL_EXPR_JSONATA_CASE_H
#define GAL_EXPR_JSONATA_CASE_H

#include "expr/jsonata/value.h"

struct jval gal_jtext_lower(struct jrun *run, struct jval text);
struct jval gal_jtext_upper(struct jrun *run, struct jval text);

/* Runs of characters whose other case lies a constant way off; every character of the run, or every other one. */
struct jcase_run {
        uint32_t first;
        uint32_t last;
        int32_t distance;
        uint32_t stride;
};

/* Characters whose other case is several characters. */
struct jcase_special {
        uint32_t from;
        const char *to; /* UTF-8 */
};

extern const struct jcase_run gal_jcase_lower[];
extern const size_t gal_jcase_lower_count;
extern const struct jcase_run gal_jcase_upper[];
extern const size_t gal_jcase_upper_count;
extern const struct jcase_special gal_jcase_upper_special[];
extern const size_t gal_jcase_upper_special_count;

#endif
