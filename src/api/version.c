/*
 * version.c: actions on the versions of state machines.
 */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/rows.h"

/* (transfer full) */
static char *version_arn(const struct gal_api *api, const char *machine_name, uint32_t version)
{
        gal_auto_free char *name = gal_format("%s:%" PRIu32, machine_name, version);

        return gal_resource_arn(api, "stateMachine", name);
}

void gal_api_publish_state_machine_version(struct gal_action_call *call)
{
        struct gal_resource machine;

        if (!gal_machine_open_resource(call, "stateMachineArn", &machine))
                return;
        if (machine.is_ours && machine.qualifier == NULL)
                gal_engine_publish_version(call->api->engine, machine.name, gal_action_text(call, "revisionId"),
                                           gal_action_text(call, "description"), gal_pending_answer,
                                           gal_pending_create(call, "stateMachineVersionArn", "creationDate"));
        else
                gal_machine_refuse(call, machine.arn);
        gal_resource_finish(&machine);
}

void gal_api_delete_state_machine_version(struct gal_action_call *call)
{
        struct gal_resource resource;
        uint32_t version;

        if (!gal_machine_open_resource(call, "stateMachineVersionArn", &resource))
                return;
        version = gal_resource_version(&resource);
        if (version == 0)
                gal_reply_fail(&call->reply, 400, "InvalidArn",
                               "Invalid Arn: 'Invalid state machine version ARN: %s'", resource.arn);
        else if (resource.is_ours)
                gal_engine_delete_version(call->api->engine, resource.name, version, gal_pending_answer,
                                          gal_pending_create(call, NULL, NULL));
        else
                gal_reply_send(&call->reply);
        gal_resource_finish(&resource);
}

/* Reading. */

struct version_search {
        uint32_t version;
        struct gal_version_row *found;
};

static bool copy_version(void *user, const struct gal_version_row *row)
{
        struct version_search *search = user;

        if (row->version == search->version) {
                *search->found = *row;
                gal_row_own(GAL_ROW_VERSION, search->found);
        }
        return false;
}

struct alias_search {
        const char *name;
        uint32_t version; /* of its first route; 0: there is no such alias */
};

static bool note_alias(void *user, const struct gal_alias_row *row)
{
        struct alias_search *search = user;

        if (strcmp(row->name, search->name) != 0)
                return true;
        search->version = row->version;
        return false;
}

bool gal_version_resolve(struct gal_action_call *call, const struct gal_resource *resource, const char *machine_id,
                         struct gal_version_row *ret_version)
{
        struct gal_store *store = call->api->store;
        struct alias_search alias = { .name = resource->qualifier };
        struct version_search search = { .version = gal_resource_version(resource), .found = ret_version };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;

        if (search.version == 0) {
                status = store->ops->read_aliases(store, machine_id, note_alias, &alias, &error);
                search.version = alias.version;
        }
        if (status == GAL_OK && search.version != 0)
                status = store->ops->read_versions(store, machine_id, search.version + 1, 1, copy_version, &search,
                                                   &error);
        if (status != GAL_OK)
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        else if (ret_version->version == 0)
                gal_machine_refuse(call, resource->arn);
        return status == GAL_OK && ret_version->version != 0;
}

struct version_list {
        struct gal_action_call *call;
        const char *machine_name;
        struct gal_page page;
        size_t count;
        uint32_t last;
        bool more;
};

static bool list_version(void *user, const struct gal_version_row *row)
{
        struct version_list *list = user;
        gal_auto_free char *arn = version_arn(list->call->api, list->machine_name, row->version);

        if (list->count++ == list->page.limit) {
                list->more = true;
                return false;
        }
        list->last = row->version;
        gal_reply_open(&list->call->reply, NULL, '{');
        gal_reply_text(&list->call->reply, "stateMachineVersionArn", arn);
        gal_reply_time(&list->call->reply, "creationDate", row->created_ms);
        gal_reply_close(&list->call->reply, '}');
        return true;
}

static void list_versions(struct gal_action_call *call, const struct gal_resource *resource,
                          const struct gal_machine_row *machine)
{
        struct version_list list = { .call = call,
                                     .machine_name = machine->name,
                                     .page = { .question = { "ListStateMachineVersions", resource->arn },
                                               .question_count = 2 } };
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (!gal_page_open(call, &list.page))
                return;
        gal_reply_open(&call->reply, "stateMachineVersions", '[');
        status = store->ops->read_versions(
                store, machine->machine_id,
                list.page.position == NULL ? 0 : (uint32_t)strtoul(list.page.position, NULL, 10),
                list.page.limit + 1, list_version, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
                return;
        }
        if (list.more) {
                char position[16];

                snprintf(position, sizeof(position), "%" PRIu32, list.last);
                gal_page_reply_token(call, &list.page, position);
        }
        gal_reply_send(&call->reply);
}

/* Of a machine that is not there: InvalidArn (measured). */
void gal_api_list_state_machine_versions(struct gal_action_call *call)
{
        struct gal_machine_row machine;
        struct gal_resource resource;

        if (!gal_machine_open_resource(call, "stateMachineArn", &resource))
                return;
        if (gal_machine_find(call, &resource, &machine)) {
                if (machine.name == NULL || resource.qualifier != NULL)
                        gal_reply_fail(&call->reply, 400, "InvalidArn",
                                       "Invalid Arn: 'Invalid state machine ARN: %s'", resource.arn);
                else
                        list_versions(call, &resource, &machine);
                gal_machine_finish(&machine);
        }
        gal_resource_finish(&resource);
}
