/*
 * alias.c: actions on the aliases of state machines.
 *
 * Texts of refusals: recorded.
 */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/rows.h"

/* As many as the model lets through. */
struct routing {
        struct gal_resource versions[GAL_ROUTES_MAX];
        uint32_t weights[GAL_ROUTES_MAX];
        size_t count;
};

static void finish_routing(struct routing *routing)
{
        for (size_t i = 0; i < routing->count; i++)
                gal_resource_finish(&routing->versions[i]);
}

static const json_t *routes_of(const struct gal_action_call *call)
{
        return json_object_get(call->request, "routingConfiguration");
}

/* "..., Received: [a, b]" */
static bool refuse_routing(struct gal_action_call *call, const char *reason, const char *member)
{
        struct gal_buffer list = GAL_BUFFER_INIT;
        const json_t *route;
        size_t i;

        json_array_foreach(routes_of(call), i, route)
        {
                const json_t *value = json_object_get(route, member);

                gal_buffer_append_text(&list, i > 0 ? ", " : "");
                if (json_is_string(value))
                        gal_buffer_append_text(&list, json_string_value(value));
                else
                        gal_buffer_append_int(&list, json_integer_value(value));
        }
        gal_reply_detail(&call->reply, "reason", "INVALID_ROUTING_CONFIGURATION");
        gal_reply_fail(&call->reply, 400, "ValidationException", "%s Received: [%s]", reason,
                       list.data != NULL ? list.data : "");
        gal_buffer_finish(&list);
        return false;
}

/* False after a refusal. */
static bool check_routing(struct gal_action_call *call, const struct routing *routing)
{
        const struct gal_resource *versions = routing->versions;
        uint64_t sum = 0;

        for (size_t i = 0; i < routing->count; i++) {
                sum += routing->weights[i];
                if (gal_resource_version(&versions[i]) == 0)
                        return refuse_routing(call,
                                              "Routing configuration must contain state machine version ARNs.",
                                              "stateMachineVersionArn");
                if (strcmp(versions[i].name, versions[0].name) != 0 || versions[i].is_ours != versions[0].is_ours)
                        return refuse_routing(call,
                                              "Routing configuration must contain versions of one state machine.",
                                              "stateMachineVersionArn");
                if (i > 0 && gal_resource_version(&versions[i]) == gal_resource_version(&versions[0]))
                        return refuse_routing(
                                call, "Routing configuration must contain distinct state machine version ARNs.",
                                "stateMachineVersionArn");
        }
        return sum == 100 || refuse_routing(call, "Sum of routing configuration weights must equal 100.", "weight");
}

/* False after a refusal; else to be finished. The model has seen to their number, and to what each must have. */
static bool read_routing(struct gal_action_call *call, struct routing *routing)
{
        static const char *const types[] = { "stateMachine", NULL };
        const json_t *route;
        size_t i;

        json_array_foreach(routes_of(call), i, route)
        {
                if (!gal_resource_parse(call, json_string_value(json_object_get(route, "stateMachineVersionArn")),
                                        types, &routing->versions[i]))
                        return false;
                routing->weights[i] = (uint32_t)json_integer_value(json_object_get(route, "weight"));
                routing->count++;
        }
        return check_routing(call, routing);
}

static void set_routes(struct gal_alias_request *request, const struct routing *routing)
{
        request->route_count = routing->count;
        for (size_t i = 0; i < routing->count; i++)
                request->routes[i] =
                        (struct gal_route){ gal_resource_version(&routing->versions[i]), routing->weights[i] };
}

static void refuse_missing(struct gal_action_call *call, const char *arn)
{
        gal_reply_detail(&call->reply, "resourceName", arn);
        gal_reply_fail(&call->reply, 400, "ResourceNotFound", "Request references a resource that does not exist.");
}

void gal_api_create_state_machine_alias(struct gal_action_call *call)
{
        struct routing routing = { .count = 0 };
        struct gal_alias_request request = { .name = gal_action_text(call, "name"),
                                             .description = gal_action_text(call, "description") };

        if (read_routing(call, &routing)) {
                request.machine = routing.versions[0].name;
                set_routes(&request, &routing);
                if (routing.versions[0].is_ours)
                        gal_engine_create_alias(call->api->engine, &request, gal_pending_answer,
                                                gal_pending_create(call, "stateMachineAliasArn", "creationDate"));
                else
                        refuse_missing(call, routing.versions[0].arn);
        }
        finish_routing(&routing);
}

/* The alias that `stateMachineAliasArn` names. False after a refusal. */
static bool open_alias(struct gal_action_call *call, struct gal_resource *ret_resource)
{
        if (!gal_machine_open_resource(call, "stateMachineAliasArn", ret_resource))
                return false;
        if (ret_resource->qualifier == NULL || gal_resource_version(ret_resource) != 0)
                gal_reply_fail(&call->reply, 400, "InvalidArn",
                               "Invalid Arn: 'Invalid state machine alias ARN: %s'", ret_resource->arn);
        else if (!ret_resource->is_ours)
                refuse_missing(call, ret_resource->arn);
        else
                return true;
        gal_resource_finish(ret_resource);
        return false;
}

static void update(struct gal_action_call *call, const struct gal_resource *alias)
{
        struct routing routing = { .count = 0 };
        struct gal_alias_request request = { .machine = alias->name,
                                             .name = alias->qualifier,
                                             .description = gal_action_text(call, "description") };

        if (!gal_action_is_given(call, "routingConfiguration") && request.description == NULL) {
                gal_reply_detail(&call->reply, "reason", "MISSING_REQUIRED_PARAMETER");
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "Either the description or the routing configuration must be specified");
                return;
        }
        if (!gal_action_is_given(call, "routingConfiguration") || read_routing(call, &routing)) {
                set_routes(&request, &routing);
                if (routing.count > 0 && strcmp(routing.versions[0].name, alias->name) != 0)
                        refuse_routing(call, "Routing configuration must contain versions of the state machine.",
                                       "stateMachineVersionArn");
                else
                        gal_engine_update_alias(call->api->engine, &request, gal_pending_answer,
                                                gal_pending_create(call, NULL, "updateDate"));
        }
        finish_routing(&routing);
}

void gal_api_update_state_machine_alias(struct gal_action_call *call)
{
        struct gal_resource alias;

        if (!open_alias(call, &alias))
                return;
        update(call, &alias);
        gal_resource_finish(&alias);
}

void gal_api_delete_state_machine_alias(struct gal_action_call *call)
{
        struct gal_resource alias;

        if (!open_alias(call, &alias))
                return;
        gal_engine_delete_alias(call->api->engine, alias.name, alias.qualifier, gal_pending_answer,
                                gal_pending_create(call, NULL, NULL));
        gal_resource_finish(&alias);
}

/* Description. */

struct description {
        struct gal_action_call *call;
        const struct gal_resource *alias;
        bool was_found;
};

static void reply_route(struct gal_action_call *call, const char *machine, uint32_t version, uint32_t weight)
{
        gal_auto_free char *name = gal_format("%s:%" PRIu32, machine, version);
        gal_auto_free char *arn = gal_resource_arn(call->api, "stateMachine", name);

        gal_reply_open(&call->reply, NULL, '{');
        gal_reply_text(&call->reply, "stateMachineVersionArn", arn);
        gal_reply_int(&call->reply, "weight", weight);
        gal_reply_close(&call->reply, '}');
}

static bool describe(void *user, const struct gal_alias_row *row)
{
        struct description *description = user;
        const struct gal_resource *alias = description->alias;
        struct gal_reply *reply = &description->call->reply;

        if (strcmp(row->name, alias->qualifier) != 0)
                return true;
        description->was_found = true;
        gal_reply_text(reply, "stateMachineAliasArn", alias->arn);
        gal_reply_text(reply, "name", row->name);
        gal_reply_text(reply, "description", row->description);
        gal_reply_open(reply, "routingConfiguration", '[');
        reply_route(description->call, alias->name, row->version, row->weight);
        if (row->other_version != 0)
                reply_route(description->call, alias->name, row->other_version, row->other_weight);
        gal_reply_close(reply, ']');
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_time(reply, "updateDate", row->updated_ms);
        return false;
}

void gal_api_describe_state_machine_alias(struct gal_action_call *call)
{
        struct gal_resource alias;
        struct description description = { .call = call, .alias = &alias };
        struct gal_error error = { .code = GAL_OK };
        struct gal_machine_row machine;
        enum gal_status status = GAL_OK;

        if (!open_alias(call, &alias))
                return;
        if (gal_machine_find(call, &alias, &machine)) {
                if (machine.name != NULL)
                        status = call->api->store->ops->read_aliases(call->api->store, machine.machine_id, describe,
                                                                     &description, &error);
                if (status != GAL_OK)
                        gal_action_fail(call, status, &error, "ResourceNotFound");
                else if (description.was_found)
                        gal_reply_send(&call->reply);
                else
                        refuse_missing(call, alias.arn);
                gal_machine_finish(&machine);
        }
        gal_resource_finish(&alias);
}

/* Listing, in the order in which they were made (recorded). */

struct alias_list {
        struct gal_action_call *call;
        const struct gal_resource *resource;
        uint32_t version; /* only those that lead to it; 0: all */
        struct gal_page page;
        int64_t after_ms;       /* the page begins behind the alias that was made then, */
        const char *after_name; /* and has that name; NULL: it is the first page */
        size_t count;
        char last[GAL_POSITION_SIZE];
        bool more;
};

/* "1763877701123.NAME" */
static void read_position(struct alias_list *list)
{
        char *end;

        if (list->page.position == NULL)
                return;
        list->after_ms = strtoll(list->page.position, &end, 10);
        list->after_name = *end == '.' ? end + 1 : end;
}

static bool is_behind(const struct alias_list *list, const struct gal_alias_row *row)
{
        if (list->after_name == NULL)
                return true;
        if (row->created_ms != list->after_ms)
                return row->created_ms > list->after_ms;
        return strcmp(row->name, list->after_name) > 0;
}

static bool list_alias(void *user, const struct gal_alias_row *row)
{
        struct alias_list *list = user;
        struct gal_reply *reply = &list->call->reply;
        gal_auto_free char *name = NULL;
        gal_auto_free char *arn = NULL;

        if (!is_behind(list, row) ||
            (list->version != 0 && row->version != list->version && row->other_version != list->version))
                return true;
        if (list->count++ == list->page.limit) {
                list->more = true;
                return false;
        }
        name = gal_format("%s:%s", list->resource->name, row->name);
        arn = gal_resource_arn(list->call->api, "stateMachine", name);
        snprintf(list->last, sizeof(list->last), "%" PRId64 ".%s", row->created_ms, row->name);
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "stateMachineAliasArn", arn);
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_close(reply, '}');
        return true;
}

static void list_aliases(struct gal_action_call *call, const struct gal_resource *resource, const char *machine_id)
{
        struct alias_list list = { .call = call,
                                   .resource = resource,
                                   .version = gal_resource_version(resource),
                                   .page = { .question = { "ListStateMachineAliases", resource->arn },
                                             .question_count = 2 } };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (!gal_page_open(call, &list.page))
                return;
        read_position(&list);
        gal_reply_open(&call->reply, "stateMachineAliases", '[');
        status = call->api->store->ops->read_aliases(call->api->store, machine_id, list_alias, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
                return;
        }
        if (list.more)
                gal_page_reply_token(call, &list.page, list.last);
        gal_reply_send(&call->reply);
}

void gal_api_list_state_machine_aliases(struct gal_action_call *call)
{
        struct gal_machine_row machine;
        struct gal_resource resource;

        if (!gal_machine_open_resource(call, "stateMachineArn", &resource))
                return;
        if (gal_machine_read(call, &resource, &machine)) {
                list_aliases(call, &resource, machine.machine_id);
                gal_machine_finish(&machine);
        }
        gal_resource_finish(&resource);
}
