/*
 * base64.c: see base64.h.
 */
#include "net/base64.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"

char *gal_base64_encode(const void *data, size_t len)
{
        char *text;

        gal_assert(len <= GAL_JSON_TEXT_SIZE_MAX); /* OpenSSL counts in int */
        text = gal_calloc(4 * ((len + 2) / 3) + 1, 1);
        EVP_EncodeBlock((unsigned char *)text, data, (int)len);
        return text;
}
