/*
 * machine.c: actions on state machines.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/query.h"

void gal_machine_refuse(struct gal_action_call *call, const char *arn)
{
        gal_reply_fail(&call->reply, 400, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn);
}

void gal_api_create_state_machine(struct gal_action_call *call)
{
        const json_t *definition = json_object_get(call->request, "definition");
        struct gal_create_request request = { .name = gal_action_text(call, "name"),
                                              .definition = json_string_value(definition),
                                              .definition_len = json_string_length(definition),
                                              .role_arn = gal_action_text(call, "roleArn") };

        gal_engine_create_machine(call->api->engine, &request, gal_pending_answer,
                                  gal_pending_create(call, "stateMachineArn", "creationDate"));
}

void gal_api_delete_state_machine(struct gal_action_call *call)
{
        struct gal_resource machine;

        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &machine))
                return;
        if (machine.is_ours)
                gal_engine_delete_machine(call->api->engine, machine.name, gal_pending_answer,
                                          gal_pending_create(call, NULL, NULL));
        else
                gal_reply_send(&call->reply);
        gal_resource_finish(&machine);
}

struct machine_list {
        struct gal_action_call *call;
        struct gal_page page;
        size_t count;
        char *last_name;
        bool more;
};

static bool list_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_list *list = user;
        struct gal_reply *reply = &list->call->reply;
        gal_auto_free char *arn = gal_resource_arn(list->call->api, "stateMachine", row->name);

        if (list->page.position != NULL && strcmp(row->name, list->page.position) <= 0)
                return true;
        if (list->count++ == list->page.limit) {
                list->more = true;
                return false;
        }
        free(list->last_name);
        list->last_name = gal_strdup(row->name);
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "stateMachineArn", arn);
        gal_reply_text(reply, "name", row->name);
        gal_reply_text(reply, "type", row->type);
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_close(reply, '}');
        return true;
}

/* By name: the order in which machines were made is nothing that one can go on from when one is deleted. */
void gal_api_list_state_machines(struct gal_action_call *call)
{
        struct machine_list list = { .call = call,
                                     .page = { .question = { "ListStateMachines" }, .question_count = 1 } };
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = call->api->store;
        enum gal_status status;

        if (!gal_page_open(call, &list.page))
                return;
        gal_reply_open(&call->reply, "stateMachines", '[');
        status = store->ops->read_machines(store, NULL, list_machine, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        gal_page_reply_token(call, &list.page, list.last_name);
                gal_reply_send(&call->reply);
        } else {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        }
        free(list.last_name);
}

static bool copy_machine(void *user, const struct gal_machine_row *row)
{
        struct gal_machine_copy *copy = user;

        copy->id = gal_strdup(row->machine_id);
        copy->name = gal_strdup(row->name);
        copy->revision_id = gal_strdup(row->revision_id);
        copy->created_ms = row->created_ms;
        return false;
}

void gal_machine_copy_finish(struct gal_machine_copy *copy)
{
        free(copy->id);
        free(copy->name);
        free(copy->revision_id);
}

bool gal_machine_read(struct gal_action_call *call, const struct gal_resource *resource,
                      struct gal_machine_copy *ret_copy)
{
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;

        memset(ret_copy, 0, sizeof(*ret_copy));
        if (resource->is_ours)
                status = store->ops->read_machines(store, resource->name, copy_machine, ret_copy, &error);
        if (status == GAL_OK && ret_copy->name != NULL)
                return true;
        if (status == GAL_OK)
                gal_machine_refuse(call, resource->arn);
        else
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        return false;
}

static void describe(struct gal_action_call *call, const struct gal_machine_copy *machine)
{
        gal_auto_free char *arn = gal_resource_arn(call->api, "stateMachine", machine->name);
        gal_auto_free char *definition = NULL, *role_arn = NULL;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status =
                gal_query_definition(call->api->store, machine->revision_id, &definition, &role_arn, &error);

        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
                return;
        }
        gal_reply_text(&call->reply, "stateMachineArn", arn);
        gal_reply_text(&call->reply, "name", machine->name);
        gal_reply_text(&call->reply, "status", "ACTIVE");
        gal_reply_text(&call->reply, "definition", definition);
        gal_reply_text(&call->reply, "roleArn", role_arn);
        gal_reply_text(&call->reply, "type", "STANDARD");
        gal_reply_time(&call->reply, "creationDate", machine->created_ms);
        gal_reply_send(&call->reply);
}

void gal_api_describe_state_machine(struct gal_action_call *call)
{
        struct gal_machine_copy machine;
        struct gal_resource resource;

        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        if (gal_machine_read(call, &resource, &machine)) {
                describe(call, &machine);
                gal_machine_copy_finish(&machine);
        }
        gal_resource_finish(&resource);
}
