/*
 * activity.c: actions on activities, and the long poll of their workers.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"

#define ACTIVITY "activity:"

/* ARNs. */

/* The request's activityArn, which the shape requires; NULL after a refusal. */
static const char *need_arn(struct gal_action_call *call)
{
        const char *text = gal_action_text(call, "activityArn");
        struct gal_arn arn;

        if (!gal_arn_parse(text, strlen(text), &arn)) {
                gal_reply_fail(&call->reply, 400, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", text);
                return NULL;
        }
        if (gal_slice_is(arn.service, "states") && arn.resource.len > strlen(ACTIVITY) &&
            strncmp(arn.resource.data, ACTIVITY, strlen(ACTIVITY)) == 0)
                return text;
        gal_reply_fail(&call->reply, 400, "InvalidArn",
                       "Invalid Arn: 'Resource type not valid in this context: %.*s'",
                       (int)strcspn(arn.resource.data, ":"), arn.resource.data);
        return NULL;
}

/* The registry. */

static bool check_name(struct gal_action_call *call)
{
        const json_t *name = json_object_get(call->request, "name");
        struct gal_buffer message = GAL_BUFFER_INIT;

        if (gal_name_is_valid(json_string_value(name), json_string_length(name), GAL_NAME_CHARACTERS_MAX))
                return true;
        gal_buffer_append_text(&message, "Invalid Name: '");
        gal_buffer_append(&message, json_string_value(name), json_string_length(name));
        gal_buffer_append_text(&message, "'");
        gal_reply_refuse(&call->reply, 400, "InvalidName", message.data, message.len);
        gal_buffer_finish(&message);
        return false;
}

/* As when nothing is said. */
static bool is_usual(const char *encryption)
{
        return encryption == NULL || strcmp(encryption, GAL_ENCRYPTION_USUAL) == 0;
}

void gal_api_create_activity(struct gal_action_call *call)
{
        gal_auto_free char *encryption = NULL;
        gal_auto_free struct gal_tag *tags = NULL;
        size_t tag_count;

        if (check_name(call) && gal_configuration_read_encryption(call, &encryption) &&
            gal_tags_read(call, "tags", &tags, &tag_count))
                gal_engine_create_activity(call->api->engine, gal_action_text(call, "name"),
                                           is_usual(encryption) ? NULL : encryption, tags, tag_count,
                                           gal_pending_answer,
                                           gal_pending_create(call, "activityArn", "creationDate"));
}

void gal_api_delete_activity(struct gal_action_call *call)
{
        const char *arn = need_arn(call);

        if (arn != NULL)
                gal_engine_delete_activity(call->api->engine, arn, gal_pending_answer,
                                           gal_pending_create(call, NULL, NULL));
}

struct description {
        struct gal_action_call *call;
        const char *arn; /* as it was asked for */
        bool was_found;
};

static bool describe(void *user, const struct gal_activity_row *row)
{
        struct description *description = user;
        struct gal_reply *reply = &description->call->reply;
        gal_auto_free char *arn = gal_resource_arn(description->call->api, "activity", row->name);

        if (strcmp(arn, description->arn) != 0)
                return false;
        description->was_found = true;
        gal_reply_text(reply, "activityArn", arn);
        gal_reply_text(reply, "name", row->name);
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_raw(reply, "encryptionConfiguration",
                      row->encryption != NULL ? row->encryption : GAL_ENCRYPTION_USUAL);
        return false;
}

static void refuse_missing(struct gal_action_call *call, const char *arn)
{
        gal_reply_fail(&call->reply, 400, "ActivityDoesNotExist", "Activity Does Not Exist: '%s'", arn);
}

void gal_api_describe_activity(struct gal_action_call *call)
{
        const char *arn = need_arn(call);
        struct description description = { .call = call, .arn = arn };
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (arn == NULL)
                return;
        status = store->ops->read_activities(store, strstr(arn, ":" ACTIVITY) + strlen(":" ACTIVITY), describe,
                                             &description, &error);
        if (status != GAL_OK)
                gal_action_fail(call, status, &error, "ActivityDoesNotExist");
        else if (description.was_found)
                gal_reply_send(&call->reply);
        else
                refuse_missing(call, arn);
}

struct activity_list {
        struct gal_action_call *call;
        struct gal_page page;
        size_t count;
        char *last_name;
        bool more;
};

static bool list_activity(void *user, const struct gal_activity_row *row)
{
        struct activity_list *list = user;
        struct gal_reply *reply = &list->call->reply;
        gal_auto_free char *arn = gal_resource_arn(list->call->api, "activity", row->name);

        if (list->page.position != NULL && strcmp(row->name, list->page.position) <= 0)
                return true;
        if (list->count++ == list->page.limit) {
                list->more = true;
                return false;
        }
        free(list->last_name);
        list->last_name = gal_strdup(row->name);
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "activityArn", arn);
        gal_reply_text(reply, "name", row->name);
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_close(reply, '}');
        return true;
}

/* By name, as machines are. */
void gal_api_list_activities(struct gal_action_call *call)
{
        struct activity_list list = { .call = call,
                                      .page = { .question = { "ListActivities" }, .question_count = 1 } };
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = call->api->store;
        enum gal_status status;

        if (!gal_page_open(call, &list.page))
                return;
        gal_reply_open(&call->reply, "activities", '[');
        status = store->ops->read_activities(store, NULL, list_activity, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        gal_page_reply_token(call, &list.page, list.last_name);
                gal_reply_send(&call->reply);
        } else {
                gal_action_fail(call, status, &error, "ActivityDoesNotExist");
        }
        free(list.last_name);
}

/* The long poll. */

struct poll_call {
        struct gal_api_wait wait; /* first */
        struct gal_api *api;
        struct gal_reply reply;
        struct gal_poll *poll;
};

static bool has_gone(void *user)
{
        const struct poll_call *poll_call = user;

        return poll_call->api->has_gone != NULL && poll_call->api->has_gone(poll_call->reply.user);
}

static void answer_poll(void *user, const struct gal_poll_answer *answer)
{
        struct poll_call *poll_call = user;
        struct gal_reply *reply = &poll_call->reply;

        if (answer->status != GAL_OK) {
                gal_reply_fail(reply, answer->status == GAL_EIO ? 503 : 400, answer->code, "%s", answer->message);
        } else if (answer->token == NULL) {
                gal_reply_raw(reply, "taskToken", "null");
                gal_reply_send(reply);
        } else {
                gal_reply_text(reply, "taskToken", answer->token);
                gal_reply_text(reply, "input", gal_payload_text(answer->input, NULL));
                gal_reply_send(reply);
        }
        free(poll_call);
}

/* A task that was meant for this one may be another one's now. */
static void cancel_poll(struct gal_api_wait *wait)
{
        struct poll_call *poll_call = (struct poll_call *)wait;
        struct gal_api *api = poll_call->api;

        gal_poll_cancel(poll_call->poll);
        if (api->poke != NULL)
                api->poke(api->user);
}

void gal_api_get_activity_task(struct gal_action_call *call)
{
        struct gal_poll_request request = { .activity_arn = need_arn(call),
                                            .worker = gal_action_text(call, "workerName"),
                                            .has_gone = has_gone,
                                            .done = answer_poll };
        struct poll_call *poll_call;

        if (request.activity_arn == NULL)
                return;
        poll_call = gal_new(struct poll_call);
        poll_call->wait.cancel = cancel_poll;
        poll_call->api = call->api;
        poll_call->reply = call->reply;
        request.user = poll_call;
        poll_call->poll = gal_engine_poll(call->api->engine, &request);
        call->wait = &poll_call->wait;
}
