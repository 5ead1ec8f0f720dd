/*
 * tag.c: actions on tags, of state machines and of activities.
 */
#include "api/internal.h"

#include <stdlib.h>

#include "base/alloc.h"

static void refuse_missing(struct gal_action_call *call, const char *arn)
{
        gal_reply_detail(&call->reply, "resourceName", arn);
        gal_reply_fail(&call->reply, 400, "ResourceNotFound", "Resource not found: '%s'", arn);
}

/* What may have tags; versions, aliases and Maps have none. False after a refusal. */
static bool open_resource(struct gal_action_call *call, struct gal_resource *ret_resource)
{
        static const char *const types[] = { "stateMachine", "activity", NULL };

        if (!gal_resource_parse(call, gal_action_text(call, "resourceArn"), types, ret_resource))
                return false;
        if (ret_resource->is_ours && ret_resource->qualifier == NULL && ret_resource->label == NULL)
                return true;
        refuse_missing(call, ret_resource->arn);
        gal_resource_finish(ret_resource);
        return false;
}

void gal_api_tag_resource(struct gal_action_call *call)
{
        gal_auto_free struct gal_tag *tags = NULL;
        struct gal_resource resource;
        size_t count;

        if (!open_resource(call, &resource))
                return;
        if (gal_tags_read(call, "tags", &tags, &count))
                gal_engine_tag(call->api->engine, resource.type, resource.name, tags, count, gal_pending_answer,
                               gal_pending_create(call, NULL, NULL));
        gal_resource_finish(&resource);
}

void gal_api_untag_resource(struct gal_action_call *call)
{
        gal_auto_free struct gal_tag *tags = NULL;
        struct gal_resource resource;
        size_t count;

        if (!open_resource(call, &resource))
                return;
        if (gal_tags_read(call, "tagKeys", &tags, &count))
                gal_engine_untag(call->api->engine, resource.type, resource.name, tags, count, gal_pending_answer,
                                 gal_pending_create(call, NULL, NULL));
        gal_resource_finish(&resource);
}

static bool note_machine(void *user, const struct gal_machine_row *row)
{
        (void)row;
        *(bool *)user = true;
        return false;
}

static bool note_activity(void *user, const struct gal_activity_row *row)
{
        (void)row;
        *(bool *)user = true;
        return false;
}

static enum gal_status find_resource(struct gal_store *store, const struct gal_resource *resource, bool *ret_exists,
                                     struct gal_error *error)
{
        *ret_exists = false;
        if (strcmp(resource->type, "activity") == 0)
                return store->ops->read_activities(store, resource->name, note_activity, ret_exists, error);
        return store->ops->read_machines(store, resource->name, note_machine, ret_exists, error);
}

static bool list_tag(void *user, const struct gal_tag_row *row)
{
        struct gal_reply *reply = user;

        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "key", row->key);
        gal_reply_text(reply, "value", row->value);
        gal_reply_close(reply, '}');
        return true;
}

static void list(struct gal_action_call *call, const struct gal_resource *resource)
{
        gal_auto_free char *key = gal_format("%s:%s", resource->type, resource->name);
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        bool exists;
        enum gal_status status = find_resource(store, resource, &exists, &error);

        if (status == GAL_OK && !exists) {
                refuse_missing(call, resource->arn);
                return;
        }
        gal_reply_open(&call->reply, "tags", '[');
        if (status == GAL_OK)
                status = store->ops->read_tags(store, key, list_tag, &call->reply, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK)
                gal_reply_send(&call->reply);
        else
                gal_action_fail(call, status, &error, "ResourceNotFound");
}

void gal_api_list_tags_for_resource(struct gal_action_call *call)
{
        struct gal_resource resource;

        if (!open_resource(call, &resource))
                return;
        list(call, &resource);
        gal_resource_finish(&resource);
}
