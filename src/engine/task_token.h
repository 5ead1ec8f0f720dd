/*
 * task_token.h: what a worker names a task attempt by.
 *
 * A token describes itself: where the execution is (slot, id), the event that scheduled the attempt, and a nonce
 * that nobody can guess; all of it authenticated with a key of the store. There is no table of tokens: whoever
 * shows one is led to the execution, and the attempt that is open there has the token that is good.
 *
 *   version 1, slot 2, execution 16, event 8, nonce 16, HMAC-SHA-256 of these 32 bytes: 100 characters of base64url
 */
#ifndef GAL_ENGINE_TASK_TOKEN_H
#define GAL_ENGINE_TASK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

#define GAL_TASK_TOKEN_KEY_SIZE 32
/* With its terminator. */
#define GAL_TASK_TOKEN_SIZE 101

struct gal_task_token {
        uint32_t slot;
        char execution_id[GAL_UUID_SIZE];
        uint64_t scheduled_id;
        uint64_t nonce[2];
};

void gal_task_token_format(const struct gal_task_token *token, const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE],
                           char text[GAL_TASK_TOKEN_SIZE]);
/* False: it was not made with that key. */
bool gal_task_token_parse(const char *text, const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE],
                          struct gal_task_token *ret_token);
/* In a time that does not tell where they differ. */
bool gal_task_token_equal(const char *a, const char *b);

#endif
