/*
 * digest.h: the digests that expressions may name, in both languages (reference: asl, sections 3 and 4).
 */
#ifndef GAL_EXPR_DIGEST_H
#define GAL_EXPR_DIGEST_H

#include <openssl/evp.h>
#include <stddef.h>

/* (transfer none) "MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"; NULL: any other name. */
const EVP_MD *gal_digest_find(const char *name, size_t len);

#endif
