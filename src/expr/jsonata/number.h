/*
 * number.h: numbers as this language shows them.
 */
#ifndef GAL_EXPR_JSONATA_NUMBER_H
#define GAL_EXPR_JSONATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/number.h"

/* JavaScript's notation; fractions rounded to fifteen digits unless `is_exact`. `value` must be finite. */
size_t gal_jnumber_format(double value, bool is_exact, char text[GAL_NUMBER_SIZE]);

/* To so many places (negative: tens), a half to the even neighbour. */
double gal_jnumber_round(double value, double places);

#endif
