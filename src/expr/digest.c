/*
 * digest.c: see digest.h.
 */
#include "expr/digest.h"

#include <string.h>

static const struct {
        const char *name;
        const EVP_MD *(*digest)(void);
} digests[] = {
        { "MD5", EVP_md5 },        { "SHA-1", EVP_sha1 },     { "SHA-256", EVP_sha256 },
        { "SHA-384", EVP_sha384 }, { "SHA-512", EVP_sha512 },
};

const EVP_MD *gal_digest_find(const char *name, size_t len)
{
        for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
                if (strlen(digests[i].name) == len && memcmp(digests[i].name, name, len) == 0)
                        return digests[i].digest();
        }
        return NULL;
}
