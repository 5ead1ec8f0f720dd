/*
 * literal.h: number literals, as paths and calls write them.
 */
#ifndef GAL_EXPR_LITERAL_H
#define GAL_EXPR_LITERAL_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* Bytes of the number at the start of the text: JSON's grammar, leading zeros allowed; 0: there is none. */
size_t gal_literal_number_length(const char *text, size_t len);
/* (transfer full) An integer where it fits 64 bits, else a real. GAL_ELIMIT or GAL_ENOMEM. */
GAL_MUST_USE enum gal_status gal_literal_number(const char *text, size_t len, json_t **ret_value);

#endif
