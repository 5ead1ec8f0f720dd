/*
 * execution.c: actions on executions.
 */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/query.h"
#include "store/rows.h"

static void refuse_missing(struct gal_action_call *call, const char *arn)
{
        gal_reply_fail(&call->reply, 400, "ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn);
}

bool gal_execution_open(struct gal_action_call *call, struct gal_resource *ret_resource)
{
        if (!gal_resource_open(call, "executionArn", "execution", ret_resource))
                return false;
        if (ret_resource->is_ours && ret_resource->qualifier != NULL)
                return true;
        refuse_missing(call, ret_resource->arn);
        gal_resource_finish(ret_resource);
        return false;
}

bool gal_execution_read(struct gal_action_call *call, const struct gal_resource *resource,
                        void (*found)(void *user, const struct gal_execution_row *row), void *user)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_query_execution(call->api->store, resource->arn, found, user, &error);

        if (status == GAL_ENOTFOUND)
                refuse_missing(call, resource->arn);
        else if (status != GAL_OK)
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        return status == GAL_OK;
}

/* Starting and stopping. */

/* (transfer full) NULL after a refusal. */
static struct gal_payload *read_input(struct gal_action_call *call)
{
        const json_t *input = json_object_get(call->request, "input");
        const char *text = json_is_string(input) ? json_string_value(input) : "{}";
        size_t len = json_is_string(input) ? json_string_length(input) : 2;
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *payload = NULL;

        if (gal_payload_parse(text, len, &payload, &error) == GAL_OK)
                return payload;
        gal_reply_fail(&call->reply, 400, "InvalidExecutionInput", "Invalid State Machine Execution Input: '%s'",
                       len == 0 ? "Invalid execution input." : error.message);
        return NULL;
}

static void start(struct gal_action_call *call, const struct gal_resource *machine)
{
        struct gal_start_request request = { .machine = machine->name,
                                             .version = gal_resource_version(machine),
                                             .name = gal_action_text(call, "name"),
                                             .input = read_input(call),
                                             .trace_header = gal_action_text(call, "traceHeader") };

        if (request.input == NULL)
                return;
        if (request.version == 0)
                request.alias = machine->qualifier;
        gal_engine_start(call->api->engine, &request, gal_pending_answer,
                         gal_pending_create(call, "executionArn", "startDate"));
        gal_payload_unref(request.input);
}

void gal_api_start_execution(struct gal_action_call *call)
{
        struct gal_resource machine;

        if (!gal_machine_open_resource(call, "stateMachineArn", &machine))
                return;
        if (machine.is_ours)
                start(call, &machine);
        else
                gal_machine_refuse(call, machine.arn);
        gal_resource_finish(&machine);
}

static void note_stopped(void *user, const struct gal_execution_row *row)
{
        *(int64_t *)user = row->stopped_ms;
}

/* One that is closed already says when that was. */
void gal_api_stop_execution(struct gal_action_call *call)
{
        struct gal_resource execution;
        int64_t stopped_ms = 0;

        if (!gal_execution_open(call, &execution))
                return;
        if (gal_execution_read(call, &execution, note_stopped, &stopped_ms)) {
                if (stopped_ms != 0) {
                        gal_reply_time(&call->reply, "stopDate", stopped_ms);
                        gal_reply_send(&call->reply);
                } else {
                        gal_engine_stop(call->api->engine, execution.arn, gal_action_text(call, "error"),
                                        gal_action_text(call, "cause"), gal_pending_answer,
                                        gal_pending_create(call, NULL, "stopDate"));
                }
        }
        gal_resource_finish(&execution);
}

/* Description. */

/* What a listing says, and a description, too. */
static void reply_summary(struct gal_action_call *call, const struct gal_execution_row *row)
{
        struct gal_reply *reply = &call->reply;
        gal_auto_free char *machine = gal_resource_arn(call->api, "stateMachine", row->machine_name);
        gal_auto_free char *name = gal_format("%s:%s", row->machine_name, row->name);
        gal_auto_free char *execution = gal_resource_arn(call->api, "execution", name);

        gal_reply_text(reply, "executionArn", execution);
        gal_reply_text(reply, "stateMachineArn", machine);
        gal_reply_text(reply, "name", row->name);
        gal_reply_text(reply, "status", row->status);
        gal_reply_time(reply, "startDate", row->started_ms);
        if (row->stopped_ms != 0)
                gal_reply_time(reply, "stopDate", row->stopped_ms);
        if (row->version != 0) {
                gal_auto_free char *arn = gal_format("%s:%" PRIu32, machine, row->version);

                gal_reply_text(reply, "stateMachineVersionArn", arn);
        }
        if (row->alias != NULL) {
                gal_auto_free char *arn = gal_format("%s:%s", machine, row->alias);

                gal_reply_text(reply, "stateMachineAliasArn", arn);
        }
        gal_reply_int(reply, "redriveCount", 0);
}

/* Why it cannot be redriven; NULL: as far as the service's rules go, it could (reference: api, section 5). */
static const char *find_redrive_obstacle(const struct gal_execution_row *row, int64_t now_ms, char *text,
                                         size_t size)
{
        if (strcmp(row->status, "RUNNING") == 0 || strcmp(row->status, "SUCCEEDED") == 0)
                snprintf(text, size, "Execution is %s and cannot be redriven", row->status);
        else if (row->event_count >= GAL_REDRIVE_EVENTS_MAX)
                snprintf(text, size, "Execution history event limit exceeded");
        else if (now_ms - row->stopped_ms > GAL_REDRIVE_MS_MAX)
                snprintf(text, size, "Execution redrivable period exceeded");
        else
                return NULL;
        return text;
}

static void reply_payload(struct gal_reply *reply, const char *key, const char *details_key, const char *text,
                          bool is_included)
{
        if (text == NULL)
                return;
        if (is_included)
                gal_reply_text(reply, key, text);
        gal_reply_raw(reply, details_key, is_included ? "{\"included\":true}" : "{\"included\":false}");
}

static void reply_execution(void *user, const struct gal_execution_row *row)
{
        struct gal_action_call *call = user;
        const char *included = gal_action_text(call, "includedData");
        bool has_data = included == NULL || strcmp(included, "METADATA_ONLY") != 0;
        char text[80];
        const char *obstacle = find_redrive_obstacle(row, call->api->now_ms(call->api->user), text, sizeof(text));

        reply_summary(call, row);
        gal_reply_text(&call->reply, "redriveStatus", obstacle != NULL ? "NOT_REDRIVABLE" : "REDRIVABLE");
        gal_reply_text(&call->reply, "redriveStatusReason", obstacle);
        reply_payload(&call->reply, "input", "inputDetails", row->input, has_data);
        reply_payload(&call->reply, "output", "outputDetails", row->output, has_data);
        if (has_data) {
                gal_reply_text(&call->reply, "error", row->error);
                gal_reply_text(&call->reply, "cause", row->cause);
        }
        gal_reply_text(&call->reply, "traceHeader", row->trace_header);
}

void gal_api_describe_execution(struct gal_action_call *call)
{
        struct gal_resource execution;

        if (!gal_execution_open(call, &execution))
                return;
        if (gal_execution_read(call, &execution, reply_execution, call))
                gal_reply_send(&call->reply);
        gal_resource_finish(&execution);
}

/* Listing. */

struct execution_list {
        struct gal_action_call *call;
        struct gal_page page;
        size_t count;
        char last_id[64];
        bool more;
};

static bool list_execution(void *user, const struct gal_execution_row *row)
{
        struct execution_list *list = user;

        if (list->count == list->page.limit) {
                list->more = true;
                return false;
        }
        list->count++;
        strncpy(list->last_id, row->execution_id, sizeof(list->last_id) - 1);
        gal_reply_open(&list->call->reply, NULL, '{');
        reply_summary(list->call, row);
        gal_reply_close(&list->call->reply, '}');
        return true;
}

/* What is listed of the machine. False after a refusal; `version` is to be released in any case. */
static bool plan_list(struct gal_action_call *call, const struct gal_resource *resource,
                      const struct gal_machine_row *machine, struct gal_version_row *version,
                      struct gal_execution_filter *filter)
{
        filter->machine_id = machine->machine_id;
        filter->status = gal_action_text(call, "statusFilter");
        if (resource->qualifier == NULL)
                return true;
        if (!gal_version_resolve(call, resource, machine->machine_id, version))
                return false;
        filter->version = gal_resource_version(resource);
        if (filter->version == 0)
                filter->alias = resource->qualifier;
        return true;
}

static void list(struct gal_action_call *call, const struct gal_resource *resource,
                 struct gal_execution_filter *filter)
{
        const char *redriven = gal_action_text(call, "redriveFilter");
        struct execution_list list = { .call = call,
                                       .page = { .question = { "ListExecutions", resource->arn, filter->status,
                                                               redriven },
                                                 .question_count = 4 } };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;

        if (!gal_page_open(call, &list.page))
                return;
        filter->before_id = list.page.position;
        filter->limit = list.page.limit + 1;
        gal_reply_open(&call->reply, "executions", '[');
        if (redriven == NULL || strcmp(redriven, "REDRIVEN") != 0) /* none was */
                status = call->api->store->ops->list_executions(call->api->store, filter, list_execution, &list,
                                                                &error);
        gal_reply_close(&call->reply, ']');
        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
                return;
        }
        if (list.more)
                gal_page_reply_token(call, &list.page, list.last_id);
        gal_reply_send(&call->reply);
}

static void list_of_machine(struct gal_action_call *call)
{
        struct gal_execution_filter filter = { .limit = 0 };
        struct gal_version_row version;
        struct gal_machine_row machine;
        struct gal_resource resource;

        memset(&version, 0, sizeof(version));
        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        if (gal_machine_read(call, &resource, &machine)) {
                if (plan_list(call, &resource, &machine, &version, &filter))
                        list(call, &resource, &filter);
                gal_row_disown(GAL_ROW_VERSION, &version);
                gal_machine_finish(&machine);
        }
        gal_resource_finish(&resource);
}

static void list_of_map_run(struct gal_action_call *call)
{
        struct gal_resource map_run;

        if (!gal_resource_open(call, "mapRunArn", "mapRun", &map_run))
                return;
        gal_map_run_refuse(call, map_run.arn);
        gal_resource_finish(&map_run);
}

void gal_api_list_executions(struct gal_action_call *call)
{
        bool of_machine = gal_action_is_given(call, "stateMachineArn");
        bool of_map_run = gal_action_is_given(call, "mapRunArn");

        if (of_machine == of_map_run)
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "Exactly one of stateMachineArn and mapRunArn must be specified");
        else if (of_map_run && gal_action_is_given(call, "redriveFilter"))
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "redriveFilter can only be specified with a stateMachineArn");
        else if (of_machine)
                list_of_machine(call);
        else
                list_of_map_run(call);
}

/* Histories. */

struct event_list {
        struct gal_action_call *call;
        uint64_t last_id;
};

static void add_event(void *user, uint64_t id, const char *text, size_t len)
{
        struct event_list *list = user;

        list->last_id = id;
        gal_reply_item(&list->call->reply, text, len);
}

static void show_history(struct gal_action_call *call, const char *arn)
{
        struct gal_history_query query = { .execution_arn = arn,
                                           .reverse = gal_action_flag(call, "reverseOrder", false),
                                           .omit_data = !gal_action_flag(call, "includeExecutionData", true),
                                           .size_max = GAL_API_HISTORY_SIZE_MAX };
        struct gal_page page = { .question = { "GetExecutionHistory", arn, query.reverse ? "reverse" : NULL },
                                 .question_count = 3 };
        struct event_list list = { .call = call };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        char position[24];
        bool more = false;

        if (!gal_page_open(call, &page))
                return;
        query.limit = page.limit;
        query.after_id = page.position == NULL ? 0 : strtoull(page.position, NULL, 10);
        gal_reply_open(&call->reply, "events", '[');
        status = gal_query_history(call->api->store, &query, add_event, &list, &more, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_ENOTFOUND) {
                refuse_missing(call, arn);
        } else if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        } else {
                snprintf(position, sizeof(position), "%" PRIu64, list.last_id);
                if (more)
                        gal_page_reply_token(call, &page, position);
                gal_reply_send(&call->reply);
        }
}

void gal_api_get_execution_history(struct gal_action_call *call)
{
        struct gal_resource execution;

        if (!gal_execution_open(call, &execution))
                return;
        show_history(call, execution.arn);
        gal_resource_finish(&execution);
}
