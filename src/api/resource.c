/*
 * resource.c: what the ARNs of requests name.
 *
 * Texts of refusals: recorded ("Invalid ARN prefix", "Resource type not valid in this context"); the others are
 * ours.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/limits.h"

static struct gal_slice slice_until(struct gal_slice text, const char *ends)
{
        size_t len = 0;

        while (len < text.len && strchr(ends, text.data[len]) == NULL)
                len++;
        return (struct gal_slice){ text.data, len };
}

static bool is_ours(const struct gal_api *api, const struct gal_arn *arn)
{
        return gal_slice_is(arn->partition, gal_arn_partition(api->region)) &&
               gal_slice_is(arn->region, api->region) && gal_slice_is(arn->account, api->account);
}

/* Behind a `mark`; (transfer full) NULL and true: it does not stand there. False: nothing does. */
static bool take_part(struct gal_slice *rest, char mark, const char *ends, char **ret_part)
{
        struct gal_slice part;

        if (rest->len == 0 || rest->data[0] != mark)
                return true;
        part = slice_until((struct gal_slice){ rest->data + 1, rest->len - 1 }, ends);
        if (part.len == 0)
                return false;
        *ret_part = gal_strndup(part.data, part.len);
        *rest = (struct gal_slice){ part.data + part.len, rest->len - 1 - part.len };
        return true;
}

/* NAME, NAME:QUALIFIER, NAME/LABEL, NAME/LABEL:QUALIFIER. False: it is something else. */
static bool take_parts(struct gal_slice text, struct gal_resource *resource)
{
        struct gal_slice name = slice_until(text, ":/");
        struct gal_slice rest = { text.data + name.len, text.len - name.len };

        if (name.len == 0)
                return false;
        resource->name = gal_strndup(name.data, name.len);
        return take_part(&rest, '/', ":/", &resource->label) && take_part(&rest, ':', ":/", &resource->qualifier) &&
               rest.len == 0;
}

static bool is_one_of(struct gal_slice type, const char *const *types)
{
        for (; *types != NULL; types++) {
                if (gal_slice_is(type, *types))
                        return true;
        }
        return false;
}

bool gal_resource_parse(struct gal_action_call *call, const char *text, const char *const *types,
                        struct gal_resource *ret_resource)
{
        struct gal_resource resource = { .arn = text };
        struct gal_slice type, rest;
        struct gal_arn arn;

        if (!gal_arn_parse(text, strlen(text), &arn)) {
                gal_reply_fail(&call->reply, 400, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", text);
                return false;
        }
        type = slice_until(arn.resource, ":/");
        if (!gal_slice_is(arn.service, "states") || !is_one_of(type, types)) {
                gal_reply_fail(&call->reply, 400, "InvalidArn",
                               "Invalid Arn: 'Resource type not valid in this context: %.*s'", (int)type.len,
                               type.data);
                return false;
        }
        rest = (struct gal_slice){ type.data + type.len, arn.resource.len - type.len };
        if (rest.len < 2 || rest.data[0] != ':' ||
            !take_parts((struct gal_slice){ rest.data + 1, rest.len - 1 }, &resource)) {
                gal_resource_finish(&resource);
                gal_reply_fail(&call->reply, 400, "InvalidArn", "Invalid Arn: 'Invalid ARN: %s'", text);
                return false;
        }
        resource.type = gal_strndup(type.data, type.len);
        resource.is_ours = is_ours(call->api, &arn);
        *ret_resource = resource;
        return true;
}

bool gal_resource_open(struct gal_action_call *call, const char *member, const char *type,
                       struct gal_resource *ret_resource)
{
        const char *const types[] = { type, NULL };

        return gal_resource_parse(call, gal_action_text(call, member), types, ret_resource);
}

void gal_resource_finish(struct gal_resource *resource)
{
        free(gal_take(resource->type));
        free(gal_take(resource->name));
        free(gal_take(resource->qualifier));
        free(gal_take(resource->label));
}

uint32_t gal_resource_version(const struct gal_resource *resource)
{
        const char *digits = resource->qualifier;
        uint64_t version = 0;

        if (digits == NULL || digits[0] == '0')
                return 0;
        for (; *digits >= '0' && *digits <= '9'; digits++) {
                version = version * 10 + (uint64_t)(*digits - '0');
                if (version > GAL_STORE_SEQUENCE_MAX)
                        return 0;
        }
        return *digits == '\0' ? (uint32_t)version : 0;
}

char *gal_resource_arn(const struct gal_api *api, const char *type, const char *name)
{
        return gal_format("arn:%s:states:%s:%s:%s:%s", gal_arn_partition(api->region), api->region, api->account,
                          type, name);
}
