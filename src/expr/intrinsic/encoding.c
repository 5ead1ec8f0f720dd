/*
 * encoding.c: States.Base64Encode, States.Base64Decode and States.Hash.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "expr/digest.h"
#include "expr/intrinsic/call.h"

static bool check_length(struct call_run *run, const char *text, size_t len)
{
        if (gal_utf8_length(text, len) <= GAL_INTRINSIC_TEXT_CHARACTERS_MAX)
                return true;
        gal_intrinsic_fail(run, "The data is longer than %d characters.", GAL_INTRINSIC_TEXT_CHARACTERS_MAX);
        return false;
}

json_t *gal_intrinsic_base64_encode(struct call_run *run, json_t *const *arguments, size_t count)
{
        const unsigned char *data = (const unsigned char *)json_string_value(arguments[0]);
        size_t len = json_string_length(arguments[0]);
        struct gal_buffer text = GAL_BUFFER_INIT;

        (void)count;
        if (!check_length(run, (const char *)data, len))
                return NULL;
        if (gal_buffer_reserve(&text, (len + 2) / 3 * 4)) /* and one more for the terminator that it writes */
                text.len = (size_t)EVP_EncodeBlock((unsigned char *)text.data, data, (int)len);
        return gal_intrinsic_text(run, &text);
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* As Java's basic decoder: padding may be left out, anything but the alphabet is refused. */
static bool decode_base64(const char *text, size_t len, struct gal_buffer *data)
{
        const char *digit;
        uint32_t bits = 0;
        size_t padding = 0;
        size_t digits;

        while (padding < 2 && len > 0 && text[len - 1] == '=') {
                padding++;
                len--;
        }
        digits = len % 4;
        if (digits == 1 || (padding > 0 && digits + padding != 4))
                return false;
        for (size_t at = 0; at < len; at++) {
                digit = text[at] == '\0' ? NULL : strchr(base64_digits, text[at]);
                if (digit == NULL)
                        return false;
                bits = bits << 6 | (uint32_t)(digit - base64_digits);
                if (at % 4 == 3) {
                        gal_buffer_append_char(data, (char)(bits >> 16));
                        gal_buffer_append_char(data, (char)(bits >> 8));
                        gal_buffer_append_char(data, (char)bits);
                }
        }
        if (digits >= 2)
                gal_buffer_append_char(data, (char)(bits >> (digits == 2 ? 4 : 10)));
        if (digits == 3)
                gal_buffer_append_char(data, (char)(bits >> 2));
        return true;
}

/* Length of a beginning of a character that was cut short, to be replaced as one; at least 1. */
static size_t broken_length(const char *text, size_t len)
{
        static const char tail[] = "\x80\x80\x80";
        char candidate[4];
        size_t kept, size;

        for (kept = len < 3 ? len : 3; kept > 1; kept--) {
                memcpy(candidate, text, kept);
                for (size = kept + 1; size <= 4; size++) {
                        memcpy(candidate + kept, tail, size - kept);
                        if (gal_utf8_sequence(candidate, size) == size)
                                return kept;
                }
        }
        return 1;
}

/* Bytes that are not UTF-8 become U+FFFD, one for each maximal broken piece, as in Java. */
static void append_repaired(struct gal_buffer *text, const char *data, size_t len)
{
        size_t size;

        for (size_t at = 0; at < len; at += size) {
                size = gal_utf8_sequence(data + at, len - at);
                if (size > 0) {
                        gal_buffer_append(text, data + at, size);
                } else {
                        size = broken_length(data + at, len - at);
                        gal_buffer_append_text(text, "\xEF\xBF\xBD");
                }
        }
}

json_t *gal_intrinsic_base64_decode(struct call_run *run, json_t *const *arguments, size_t count)
{
        const char *text = json_string_value(arguments[0]);
        size_t len = json_string_length(arguments[0]);
        struct gal_buffer data = GAL_BUFFER_INIT;
        struct gal_buffer repaired = GAL_BUFFER_INIT;
        bool ok;

        (void)count;
        if (!check_length(run, text, len))
                return NULL;
        ok = decode_base64(text, len, &data);
        if (ok && data.len > 0)
                append_repaired(&repaired, data.data, data.len);
        gal_buffer_finish(&data);
        if (ok)
                return gal_intrinsic_text(run, &repaired);
        return gal_intrinsic_fail(run, "The data is not valid Base64.");
}

static json_t *hash_text(struct call_run *run, const EVP_MD *digest, const char *text, size_t len)
{
        struct gal_buffer hex = GAL_BUFFER_INIT;
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;

        if (!check_length(run, text, len))
                return NULL;
        if (EVP_Digest(text, len, bytes, &size, digest, NULL) != 1)
                return gal_intrinsic_fail(run, "The algorithm is not available.");
        for (unsigned i = 0; i < size; i++)
                gal_buffer_append_format(&hex, "%02x", bytes[i]);
        return gal_intrinsic_text(run, &hex);
}

json_t *gal_intrinsic_hash(struct call_run *run, json_t *const *arguments, size_t count)
{
        const EVP_MD *digest = gal_digest_find(json_string_value(arguments[1]), json_string_length(arguments[1]));
        json_t *value;
        size_t len;
        char *text;

        (void)count;
        if (digest == NULL)
                return gal_intrinsic_fail(run,
                                          "The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512.");
        if (json_is_string(arguments[0]))
                return hash_text(run, digest, json_string_value(arguments[0]), json_string_length(arguments[0]));
        text = gal_json_text(arguments[0], &len);
        if (text == NULL)
                return gal_intrinsic_fail(run, "The value is nested too deep.");
        value = hash_text(run, digest, text, len);
        free(text);
        return value;
}
