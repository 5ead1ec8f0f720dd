/*
 * regex.h: /pattern/flags: JavaScript's regular expressions, as far as PCRE2 has the same.
 *
 * Matching is bounded in steps and memory by PCRE2's own counters, which do not depend on the machine.
 */
#ifndef GAL_EXPR_JSONATA_REGEX_H
#define GAL_EXPR_JSONATA_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jparse;
struct jprogram;
struct jregex;
struct jrun;
struct jsyntax;
struct jval;

/* Compiled into the program, which frees it. A pattern that PCRE2 refuses fails the parse. */
struct jregex *gal_jregex_compile(struct jparse *parse, struct jprogram *program, const struct jsyntax *syntax);
void gal_jregex_destroy_all(struct jregex *regexes);

/* Where it matches first, from byte `from` on: pairs of byte offsets, SIZE_MAX for a group that took no part. */
bool gal_jregex_match(struct jrun *run, const struct jregex *regex, const char *text, size_t len, size_t from,
                      const size_t **ret_offsets, uint32_t *ret_count);
/* Of a pattern made during the run, without regard to case; freed with the run. */
const struct jregex *gal_jregex_make(struct jrun *run, struct jval pattern);
/* The pattern, NUL-terminated. */
const char *gal_jregex_pattern(const struct jregex *regex);

#endif
