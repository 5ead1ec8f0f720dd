/*
 * token.h: page tokens: where the next page begins, and of which question.
 *
 * A position is a place in an order that never changes (an id, a name, an event), so pages stay where they are
 * while rows come and go. The question's members are in it as a check sum: a token belongs to the question that it
 * came from. It is no secret, and whoever makes one up gets no more than a page.
 */
#ifndef GAL_API_TOKEN_H
#define GAL_API_TOKEN_H

#include <stddef.h>

/* (transfer full) `question`: `count` texts, each nullable. */
char *gal_token_make(const char *const *question, size_t count, const char *position);
/* The position, within `token`; NULL: this is no token of that question. */
const char *gal_token_position(const char *token, const char *const *question, size_t count);

#endif
