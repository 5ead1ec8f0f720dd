/*
 * id.c: UUIDs (RFC 9562) and the service's rule for names.
 */
#include "base/id.h"

#include <string.h>

static void store_be64(uint64_t value, unsigned char bytes[8])
{
        for (int i = 7; i >= 0; i--) {
                bytes[i] = (unsigned char)value;
                value >>= 8;
        }
}

static void format_uuid(unsigned char bytes[16], unsigned version, char text[GAL_UUID_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        char *at = text;

        bytes[6] = (unsigned char)(version << 4 | (bytes[6] & 0x0F));
        bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));
        for (int i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *at++ = '-';
                *at++ = digits[bytes[i] >> 4];
                *at++ = digits[bytes[i] & 0x0F];
        }
        *at = '\0';
}

void gal_uuid4_format(struct gal_random *random, char text[GAL_UUID_SIZE])
{
        unsigned char bytes[16];

        store_be64(gal_random_next(random), bytes);
        store_be64(gal_random_next(random), bytes + 8);
        format_uuid(bytes, 4, text);
}

void gal_uuid7_format(int64_t ms, struct gal_random *random, char text[GAL_UUID_SIZE])
{
        unsigned char bytes[16];
        uint64_t time = ms < 0 ? 0 : (uint64_t)ms;

        store_be64(time << 16 | gal_random_next(random) >> 48, bytes);
        store_be64(gal_random_next(random), bytes + 8);
        format_uuid(bytes, 7, text);
}

static bool is_forbidden(const char *character, size_t size)
{
        unsigned char first = (unsigned char)character[0];

        if (size == 1)
                return first <= 0x20 || first == 0x7F || strchr("?*<>{}[]\"#%\\^~$&,;:/|`", first) != NULL;
        /* U+0080 to U+009F, the other controls */
        return first == 0xC2 && (unsigned char)character[1] <= 0x9F;
}

bool gal_name_is_valid(const char *text, size_t len, size_t characters_max)
{
        size_t count = 0;
        size_t at = 0;
        size_t size;

        while (at < len) {
                size = gal_utf8_sequence(text + at, len - at);
                if (size == 0 || is_forbidden(text + at, size) || ++count > characters_max)
                        return false;
                at += size;
        }
        return count > 0;
}
