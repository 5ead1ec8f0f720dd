/*
 * fuzz_token.c: of any text at most one is a token: the one that is made again from what was read out of it.
 *
 * The bytes are a text, under a key that is known; and, where there are enough of them, what a token is made of.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "engine/task_token.h"
#include "store/rows.h"

static const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE] = "a key that everybody may know..";

static void check_text(const uint8_t *data, size_t size)
{
        gal_auto_free char *text = gal_strndup((const char *)data, size);
        struct gal_task_token token;
        char again[GAL_TASK_TOKEN_SIZE];

        if (!gal_task_token_parse(text, key, &token))
                return;
        gal_task_token_format(&token, key, again);
        gal_assert(gal_task_token_equal(text, again));
}

static void check_parts(const uint8_t *data)
{
        struct gal_task_token token, read;
        uint8_t other[GAL_TASK_TOKEN_KEY_SIZE];
        char text[GAL_TASK_TOKEN_SIZE];

        gal_uuid_from_bytes(data, token.execution_id);
        memcpy(&token.scheduled_id, data + 16, sizeof(token.scheduled_id));
        memcpy(token.nonce, data + 24, sizeof(token.nonce));
        token.slot = (uint32_t)data[40] << 8 | data[41];
        gal_task_token_format(&token, key, text);
        gal_assert(gal_task_token_parse(text, key, &read));
        gal_assert(read.slot == token.slot && read.scheduled_id == token.scheduled_id);
        gal_assert(memcmp(read.nonce, token.nonce, sizeof(read.nonce)) == 0);
        gal_assert(strcmp(read.execution_id, token.execution_id) == 0);
        memcpy(other, key, sizeof(other));
        other[data[42] % sizeof(other)] ^= 1;
        gal_assert(!gal_task_token_parse(text, other, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        check_text(data, size);
        if (size >= 43)
                check_parts(data);
        return 0;
}
