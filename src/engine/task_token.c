/*
 * task_token.c: see task_token.h. One text per token: no padding, no bits to spare.
 */
#include "engine/task_token.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/assert.h"
#include "store/rows.h"

#define VERSION 1
#define MAC_SIZE 32

enum {
        SLOT_AT = 1,
        EXECUTION_AT = SLOT_AT + 2,
        EVENT_AT = EXECUTION_AT + GAL_UUID_BYTES,
        NONCE_AT = EVENT_AT + 8,
        MAC_AT = NONCE_AT + 16,
        SIZE = MAC_AT + MAC_SIZE,
};

_Static_assert(SIZE % 3 == 0 && SIZE / 3 * 4 + 1 == GAL_TASK_TOKEN_SIZE, "a whole number of characters");

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(const uint8_t bytes[SIZE], char text[GAL_TASK_TOKEN_SIZE])
{
        for (size_t i = 0; i < SIZE; i += 3) {
                uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

                *text++ = digits[three >> 18];
                *text++ = digits[three >> 12 & 63];
                *text++ = digits[three >> 6 & 63];
                *text++ = digits[three & 63];
        }
        *text = '\0';
}

static bool decode(const char *text, uint8_t bytes[SIZE])
{
        if (strnlen(text, GAL_TASK_TOKEN_SIZE) != GAL_TASK_TOKEN_SIZE - 1)
                return false;
        for (size_t i = 0; i < SIZE; i += 3) {
                uint32_t three = 0;

                for (unsigned k = 0; k < 4; k++) {
                        const char *digit = strchr(digits, *text++);

                        if (digit == NULL)
                                return false;
                        three = three << 6 | (uint32_t)(digit - digits);
                }
                bytes[i] = (uint8_t)(three >> 16);
                bytes[i + 1] = (uint8_t)(three >> 8);
                bytes[i + 2] = (uint8_t)three;
        }
        return true;
}

static void make_mac(const uint8_t bytes[SIZE], const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE], uint8_t mac[MAC_SIZE])
{
        unsigned len = 0;

        if (HMAC(EVP_sha256(), key, GAL_TASK_TOKEN_KEY_SIZE, bytes, MAC_AT, mac, &len) == NULL || len != MAC_SIZE)
                gal_bug("HMAC", len);
}

void gal_task_token_format(const struct gal_task_token *token, const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE],
                           char text[GAL_TASK_TOKEN_SIZE])
{
        uint16_t slot = htobe16((uint16_t)token->slot);
        uint64_t numbers[] = { htobe64(token->scheduled_id), htobe64(token->nonce[0]), htobe64(token->nonce[1]) };
        uint8_t bytes[SIZE] = { VERSION };
        bool is_uuid = gal_uuid_to_bytes(token->execution_id, bytes + EXECUTION_AT);

        gal_assert(is_uuid);
        memcpy(bytes + SLOT_AT, &slot, sizeof(slot));
        memcpy(bytes + EVENT_AT, numbers, sizeof(numbers));
        make_mac(bytes, key, bytes + MAC_AT);
        encode(bytes, text);
}

bool gal_task_token_parse(const char *text, const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE],
                          struct gal_task_token *ret_token)
{
        uint8_t bytes[SIZE], mac[MAC_SIZE];
        uint64_t numbers[3];
        uint16_t slot;

        if (!decode(text, bytes))
                return false;
        make_mac(bytes, key, mac);
        if (CRYPTO_memcmp(mac, bytes + MAC_AT, MAC_SIZE) != 0 || bytes[0] != VERSION)
                return false;
        memcpy(&slot, bytes + SLOT_AT, sizeof(slot));
        memcpy(numbers, bytes + EVENT_AT, sizeof(numbers));
        ret_token->slot = be16toh(slot);
        gal_uuid_from_bytes(bytes + EXECUTION_AT, ret_token->execution_id);
        ret_token->scheduled_id = be64toh(numbers[0]);
        ret_token->nonce[0] = be64toh(numbers[1]);
        ret_token->nonce[1] = be64toh(numbers[2]);
        return true;
}

bool gal_task_token_equal(const char *a, const char *b)
{
        size_t len = strlen(a);

        return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}
