/*
 * token.c: see token.h. "c0ffee00.POSITION".
 */
#include "api/token.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

#define SUM_CHARACTERS 8

/* FNV-1a. A member that is not there is not the same as an empty one. */
static uint32_t add_up(const char *const *question, size_t count)
{
        uint32_t sum = 0x811c9dc5u;

        for (size_t i = 0; i < count; i++) {
                for (const char *c = question[i]; c != NULL && *c != '\0'; c++)
                        sum = (sum ^ (uint8_t)*c) * 0x01000193u;
                sum = (sum ^ (question[i] == NULL ? 0x101u : 0x100u)) * 0x01000193u;
        }
        return sum;
}

char *gal_token_make(const char *const *question, size_t count, const char *position)
{
        return gal_format("%08x.%s", (unsigned)add_up(question, count), position);
}

const char *gal_token_position(const char *token, const char *const *question, size_t count)
{
        gal_auto_free char *start = gal_token_make(question, count, "");

        if (strncmp(token, start, SUM_CHARACTERS + 1) != 0 || token[SUM_CHARACTERS + 1] == '\0')
                return NULL;
        return token + SUM_CHARACTERS + 1;
}
