/*
 * encode.c: Base64 and URLs.
 *
 * Base64 in the reference takes each character as one byte (its low byte), as a browser's btoa() would; Step
 * Functions, which runs on Java, encodes UTF-8.
 */
#include <openssl/evp.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "expr/jsonata/library.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The text's UTF-16 units, of each its low byte. */
static struct jval to_bytes(struct jrun *run, struct jval text)
{
        struct jtext bytes = JTEXT_INIT;
        uint32_t code;
        size_t size;

        if (run->dialect == GAL_JSONATA_STATES)
                return text;
        for (size_t at = 0; at < text.len; at += size) {
                size = gal_utf8_sequence(text.as.text + at, text.len - at);
                code = size > 0 ? gal_utf8_decode(text.as.text + at, size) : 0xFD;
                size = size > 0 ? size : 3;
                if (code >= 0x10000) {
                        gal_jtext_append_char(run, &bytes, (char)((code - 0x10000) >> 10));
                        code = code - 0x10000;
                }
                gal_jtext_append_char(run, &bytes, (char)code);
        }
        return gal_jtext_finish(run, &bytes);
}

struct jval gal_jfn_base64_encode(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval bytes;
        char *encoded;

        if (jval_is_undefined(text))
                return text;
        bytes = to_bytes(run, text);
        gal_jrun_step(run, bytes.len / 16);
        encoded = gal_jrun_alloc(run, ((size_t)bytes.len + 2) / 3 * 4 + 1);
        return jval_text(encoded, (size_t)EVP_EncodeBlock((unsigned char *)encoded,
                                                          (const unsigned char *)bytes.as.text, (int)bytes.len));
}

/* As Node reads it: what is not of the alphabet is skipped, the URL variant counts too, padding ends it. */
static struct jval decode(struct jrun *run, struct jval text)
{
        struct jtext bytes = JTEXT_INIT;
        uint32_t bits = 0;
        int have = 0;

        for (uint32_t at = 0; at < text.len && text.as.text[at] != '='; at++) {
                char c = text.as.text[at] == '-' ? '+' : text.as.text[at] == '_' ? '/' : text.as.text[at];
                const char *digit = c != '\0' ? strchr(base64_digits, c) : NULL;

                if (digit == NULL)
                        continue;
                bits = bits << 6 | (uint32_t)(digit - base64_digits);
                have += 6;
                if (have >= 8) {
                        have -= 8;
                        gal_jtext_append_char(run, &bytes, (char)(bits >> have));
                }
        }
        return gal_jtext_finish(run, &bytes);
}

static struct jval from_latin1(struct jrun *run, struct jval bytes)
{
        struct jtext text = JTEXT_INIT;
        char encoded[4];

        for (uint32_t at = 0; at < bytes.len; at++)
                gal_jtext_append(run, &text, encoded, gal_utf8_encode((unsigned char)bytes.as.text[at], encoded));
        return gal_jtext_finish(run, &text);
}

static struct jval from_utf8(struct jrun *run, struct jval bytes)
{
        struct jtext text = JTEXT_INIT;
        size_t size;

        for (size_t at = 0; at<bytes.len; at += size> 0 ? size : 1) {
                size = gal_utf8_sequence(bytes.as.text + at, bytes.len - at);
                gal_jtext_append(run, &text, size > 0 ? bytes.as.text + at : "\xEF\xBF\xBD", size > 0 ? size : 3);
        }
        return gal_jtext_finish(run, &text);
}

struct jval gal_jfn_base64_decode(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval bytes;

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 16);
        bytes = decode(run, text);
        return run->dialect == GAL_JSONATA_STATES ? from_utf8(run, bytes) : from_latin1(run, bytes);
}

/* URLs. */

static const char component_marks[] = "-_.!~*'()";
static const char url_marks[] = "-_.!~*'();/?:@&=+$,#";
static const char reserved[] = ";/?:@&=+$,#";

_Noreturn static void fail_url(struct jrun *run, const char *function, struct jval text)
{
        gal_jrun_fail(run, (struct jfault){ .code = "D3140", .token = function, .value = text });
}

static bool is_plain(char c, const char *marks)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr(marks, c) != NULL);
}

static struct jval encode_url(struct jrun *run, const struct jcall *call, const char *marks, const char *function)
{
        static const char hex[] = "0123456789ABCDEF";
        struct jval text = gal_jcall_argument(call, 0);
        struct jtext out = JTEXT_INIT;

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 16);
        for (uint32_t at = 0; at < text.len; at++) {
                unsigned char c = (unsigned char)text.as.text[at];
                char escape[3] = { '%', hex[c >> 4], hex[c & 15] };

                if (c == 0xED && at + 1 < text.len && (unsigned char)text.as.text[at + 1] >= 0xA0)
                        fail_url(run, function, text); /* a lone surrogate */
                if (is_plain((char)c, marks))
                        gal_jtext_append_char(run, &out, (char)c);
                else
                        gal_jtext_append(run, &out, escape, 3);
        }
        return gal_jtext_finish(run, &out);
}

struct jval gal_jfn_encode_url_component(struct jrun *run, const struct jcall *call)
{
        return encode_url(run, call, component_marks, "encodeUrlComponent");
}

struct jval gal_jfn_encode_url(struct jrun *run, const struct jcall *call)
{
        return encode_url(run, call, url_marks, "encodeUrl");
}

static bool read_octet(struct jval text, uint32_t at, char *ret_octet)
{
        int high, low;

        if (at + 2 >= text.len || text.as.text[at] != '%')
                return false;
        high = gal_hex_value(text.as.text[at + 1]);
        low = gal_hex_value(text.as.text[at + 2]);
        *ret_octet = (char)(high * 16 + low);
        return high >= 0 && low >= 0;
}

/* The escapes of one character; its bytes, 0 when they are none. */
static size_t read_character(struct jval text, uint32_t at, char octets[4])
{
        size_t wanted;

        if (!read_octet(text, at, &octets[0]))
                return 0;
        wanted = (unsigned char)octets[0] < 0x80   ? 1
                 : (unsigned char)octets[0] < 0xE0 ? 2
                 : (unsigned char)octets[0] < 0xF0 ? 3
                                                   : 4;
        for (uint32_t i = 1; i < wanted; i++)
                if (!read_octet(text, at + 3 * i, &octets[i]))
                        return 0;
        return gal_utf8_sequence(octets, wanted) == wanted ? wanted : 0;
}

static struct jval decode_url(struct jrun *run, const struct jcall *call, const char *kept, const char *function)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jtext out = JTEXT_INIT;
        char octets[4];
        size_t size;

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 16);
        for (uint32_t at = 0; at < text.len; at++) {
                if (text.as.text[at] != '%') {
                        gal_jtext_append_char(run, &out, text.as.text[at]);
                        continue;
                }
                size = read_character(text, at, octets);
                if (size == 0)
                        fail_url(run, function, text);
                if (size == 1 && octets[0] != '\0' && strchr(kept, octets[0]) != NULL)
                        gal_jtext_append(run, &out, text.as.text + at, 3);
                else
                        gal_jtext_append(run, &out, octets, size);
                at += 3 * (uint32_t)size - 1;
        }
        return gal_jtext_finish(run, &out);
}

struct jval gal_jfn_decode_url_component(struct jrun *run, const struct jcall *call)
{
        return decode_url(run, call, "", "decodeUrlComponent");
}

struct jval gal_jfn_decode_url(struct jrun *run, const struct jcall *call)
{
        return decode_url(run, call, reserved, "decodeUrl");
}
