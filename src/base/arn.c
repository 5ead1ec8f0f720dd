/*
 * arn.c: cutting at colons. An ARN's parts may be empty (region and account often are); that is for the caller to
 * judge.
 */
#include "base/arn.h"

#include <string.h>

/* Cuts the part up to the next colon off `rest`. */
static bool take_part(struct gal_slice *rest, struct gal_slice *ret_part)
{
        const char *colon = memchr(rest->data, ':', rest->len);

        if (colon == NULL)
                return false;
        ret_part->data = rest->data;
        ret_part->len = (size_t)(colon - rest->data);
        rest->data = colon + 1;
        rest->len -= ret_part->len + 1;
        return true;
}

bool gal_arn_parse(const char *text, size_t len, struct gal_arn *ret_arn)
{
        struct gal_slice rest = { text, len };
        struct gal_slice prefix;
        struct gal_arn arn;

        if (len == 0 || !take_part(&rest, &prefix) || !gal_slice_is(prefix, "arn"))
                return false;
        if (!take_part(&rest, &arn.partition) || !take_part(&rest, &arn.service) ||
            !take_part(&rest, &arn.region) || !take_part(&rest, &arn.account))
                return false;
        arn.resource = rest;
        *ret_arn = arn;
        return true;
}

const char *gal_arn_partition(const char *region)
{
        if (strncmp(region, "cn-", 3) == 0)
                return "aws-cn";
        if (strncmp(region, "us-gov-", 7) == 0)
                return "aws-us-gov";
        return "aws";
}
