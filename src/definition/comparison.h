/*
 * comparison.h: the 39 comparison operators of Choice rules, in one table.
 */
#ifndef GAL_DEFINITION_COMPARISON_H
#define GAL_DEFINITION_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "definition/program.h"

struct gal_comparison {
        const char *name;
        size_t len;
        enum gal_comparison_type type;
        enum gal_comparison_relation relation; /* EQUALS where there is no other */
        bool path;                             /* the operand is a path */
};

/* (transfer none) */
const struct gal_comparison *gal_comparisons(size_t *ret_count);
/* (transfer none) NULL: no such operator. */
const struct gal_comparison *gal_comparison_find(const char *name, size_t len);

#endif
