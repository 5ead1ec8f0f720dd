/*
 * function_name.c: the ways to name a Lambda function, taken apart (functions.h).
 *
 * Lambda's own pattern makes every part but the name optional:
 *   (arn:PARTITION:lambda:)?(REGION:)?(ACCOUNT:)?(function:)?NAME(:QUALIFIER)?
 */
#include "tasks/functions.h"

#include <ctype.h>
#include <string.h>

#include "base/limits.h"

#define PARTS_MAX 8

struct parts {
        struct gal_slice part[PARTS_MAX];
        size_t count;
        size_t at;
};

static bool split(const char *text, size_t len, struct parts *parts)
{
        const char *end = text + len;

        parts->count = 0;
        parts->at = 0;
        for (;;) {
                const char *colon = memchr(text, ':', (size_t)(end - text));
                const char *stop = colon ? colon : end;

                if (parts->count == PARTS_MAX)
                        return false;
                parts->part[parts->count++] = (struct gal_slice){ text, (size_t)(stop - text) };
                if (!colon)
                        return true;
                text = colon + 1;
        }
}

/* What stands `ahead` parts further on; empty past the end. */
static struct gal_slice peek(const struct parts *parts, size_t ahead)
{
        size_t index = parts->at + ahead;

        return index < parts->count ? parts->part[index] : (struct gal_slice){ "", 0 };
}

static bool is_account(struct gal_slice slice)
{
        for (size_t i = 0; i < slice.len; i++)
                if (!isdigit((unsigned char)slice.data[i]))
                        return false;
        return slice.len == 12;
}

static bool is_made_of(struct gal_slice slice, const char *punctuation)
{
        for (size_t i = 0; i < slice.len; i++) {
                unsigned char c = (unsigned char)slice.data[i];

                if (c >= 0x80 || c == '\0' || (!isalnum(c) && !strchr(punctuation, c)))
                        return false;
        }
        return slice.len > 0;
}

static bool take_arn(struct parts *parts)
{
        if (!gal_slice_is(peek(parts, 0), "arn"))
                return false;
        parts->at = 3;
        return true;
}

/* A region is one only before an account or the word; "us-east-1:prod" is a function and its qualifier. */
static struct gal_slice take_region(struct parts *parts, bool arn)
{
        struct gal_slice region = peek(parts, 0);

        if (!arn && !is_account(peek(parts, 1)) && !gal_slice_is(peek(parts, 1), "function"))
                return (struct gal_slice){ "", 0 };
        if (!arn && (is_account(region) || gal_slice_is(region, "function")))
                return (struct gal_slice){ "", 0 };
        parts->at++;
        return region;
}

static struct gal_slice take_account(struct parts *parts)
{
        struct gal_slice account = peek(parts, 0);

        if (!is_account(account) || parts->at + 1 >= parts->count)
                return (struct gal_slice){ "", 0 };
        parts->at++;
        return account;
}

bool gal_function_name_parse(const char *text, size_t len, struct gal_function_name *ret_name)
{
        struct gal_function_name name = { 0 };
        struct parts parts;
        bool arn;

        if (len == 0 || len > GAL_FUNCTION_ARN_SIZE_MAX || !split(text, len, &parts))
                return false;
        arn = take_arn(&parts);
        if (arn &&
            (parts.count < 7 || !gal_slice_is(parts.part[2], "lambda") || !gal_slice_is(parts.part[5], "function")))
                return false;
        name.region = take_region(&parts, arn);
        name.account = take_account(&parts);
        if (gal_slice_is(peek(&parts, 0), "function") && parts.at + 1 < parts.count)
                parts.at++;
        name.name = peek(&parts, 0);
        name.qualifier = peek(&parts, 1);
        if (parts.at + (parts.at + 1 < parts.count ? 2 : 1) != parts.count || !is_made_of(name.name, "-_."))
                return false;
        if (parts.at + 1 < parts.count && !is_made_of(name.qualifier, "-_$"))
                return false;
        *ret_name = name;
        return true;
}
