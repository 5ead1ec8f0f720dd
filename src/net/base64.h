/*
 * base64.h: Base64 (RFC 4648) with padding, as headers carry it.
 */
#ifndef GAL_NET_BASE64_H
#define GAL_NET_BASE64_H

#include <stddef.h>

/* NUL-terminated. (transfer full) At most GAL_JSON_TEXT_SIZE_MAX bytes (asserted). */
char *gal_base64_encode(const void *data, size_t len);

#endif
