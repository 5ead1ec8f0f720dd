/*
 * arn.h: Amazon Resource Names, taken apart and put together.
 *
 *   arn:aws:states:us-east-1:123456789012:execution:NAME:EXECUTION
 *   arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
 */
#ifndef GAL_BASE_ARN_H
#define GAL_BASE_ARN_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of a text that lives elsewhere. */
struct gal_slice {
        const char *data;
        size_t len;
};

static inline bool gal_slice_is(struct gal_slice slice, const char *text)
{
        return slice.len == __builtin_strlen(text) && __builtin_memcmp(slice.data, text, slice.len) == 0;
}

struct gal_arn {
        struct gal_slice partition;
        struct gal_slice service;
        struct gal_slice region;
        struct gal_slice account;
        struct gal_slice resource; /* all after the account, colons included */
};

/* The slices point into `text`. False when it does not start with "arn:" or has fewer than six parts. */
bool gal_arn_parse(const char *text, size_t len, struct gal_arn *ret_arn);

/* "aws", "aws-cn" or "aws-us-gov", by the region. (transfer none) */
const char *gal_arn_partition(const char *region);

#endif
