/*
 * machine.c: actions on state machines.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "engine/query.h"

char *gal_machine_arn(const struct gal_api *api, const char *name)
{
        return gal_format("arn:%s:states:%s:%s:stateMachine:%s", gal_arn_partition(api->region), api->region,
                          api->account, name);
}

/* The name in a machine's ARN; a bare name is taken as it is. */
static const char *machine_name(const char *arn)
{
        const char *marker = strstr(arn, ":stateMachine:");

        return marker == NULL ? arn : marker + strlen(":stateMachine:");
}

void gal_api_create_state_machine(struct gal_action_call *call)
{
        struct gal_create_request request = { .name = gal_action_need(call, "name") };

        if (request.name == NULL)
                return;
        request.definition = gal_action_need(call, "definition");
        if (request.definition == NULL)
                return;
        request.definition_len = strlen(request.definition);
        request.role_arn = gal_action_text(call, "roleArn");
        gal_engine_create_machine(call->api->engine, &request, gal_pending_answer,
                                  gal_pending_create(call, "stateMachineArn", "creationDate"));
}

void gal_api_delete_state_machine(struct gal_action_call *call)
{
        const char *arn = gal_action_need(call, "stateMachineArn");

        if (arn != NULL)
                gal_engine_delete_machine(call->api->engine, arn, gal_pending_answer,
                                          gal_pending_create(call, NULL, NULL));
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
        gal_auto_free char *arn = gal_machine_arn(list->call->api, row->name);

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

/* False after a refusal. */
bool gal_machine_read(struct gal_action_call *call, const char *arn, struct gal_machine_copy *ret_copy)
{
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        memset(ret_copy, 0, sizeof(*ret_copy));
        status = store->ops->read_machines(store, machine_name(arn), copy_machine, ret_copy, &error);
        if (status == GAL_OK && ret_copy->name != NULL)
                return true;
        if (status == GAL_OK)
                gal_reply_fail(&call->reply, 400, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'",
                               arn);
        else
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        return false;
}

void gal_api_describe_state_machine(struct gal_action_call *call)
{
        const char *arn = gal_action_need(call, "stateMachineArn");
        gal_auto_free char *definition = NULL, *role_arn = NULL, *full_arn = NULL;
        struct gal_error error = { .code = GAL_OK };
        struct gal_machine_copy machine;
        enum gal_status status;

        if (arn == NULL || !gal_machine_read(call, arn, &machine))
                return;
        full_arn = gal_machine_arn(call->api, machine.name);
        status = gal_query_definition(call->api->store, machine.revision_id, &definition, &role_arn, &error);
        if (status == GAL_OK) {
                gal_reply_text(&call->reply, "stateMachineArn", full_arn);
                gal_reply_text(&call->reply, "name", machine.name);
                gal_reply_text(&call->reply, "status", "ACTIVE");
                gal_reply_text(&call->reply, "definition", definition);
                gal_reply_text(&call->reply, "roleArn", role_arn);
                gal_reply_text(&call->reply, "type", "STANDARD");
                gal_reply_time(&call->reply, "creationDate", machine.created_ms);
                gal_reply_send(&call->reply);
        } else {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        }
        gal_machine_copy_finish(&machine);
}
