/*
 * token.h: page tokens: where the next page begins, and of which question.
 *
 * A position is a place in an order that never changes (an id, a name, an event), so pages stay where they are
 * while rows come and go. The question's members are in it as a check sum: a token belongs to the question that it
 * came from, and is good for a day, as the service's are. It is no secret, and whoever makes one up gets no more
 * than a page.
 */
#ifndef GAL_API_TOKEN_H
#define GAL_API_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name of 80 characters, a number, and what ends them. With room for it the token keeps to the 1,024 characters
 * that all lists take. */
#define GAL_POSITION_SIZE 400

/* (transfer full) `question`: `count` texts, each nullable. */
char *gal_token_make(const char *const *question, size_t count, const char *position, int64_t now_ms);
/* False: this is no token of that question, or it is too old. The position is UTF-8. */
bool gal_token_read(const char *token, const char *const *question, size_t count, int64_t now_ms,
                    char ret_position[GAL_POSITION_SIZE]);

#endif
