/*
 * execution.c: actions on executions.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "engine/query.h"

/* The execution that `executionArn` names. False after a refusal; else release with gal_resource_finish(). */
static bool open_execution(struct gal_action_call *call, struct gal_resource *ret_resource)
{
        if (!gal_resource_open(call, "executionArn", "execution", ret_resource))
                return false;
        if (ret_resource->is_ours && ret_resource->qualifier != NULL)
                return true;
        gal_execution_refuse(call, ret_resource->arn);
        gal_resource_finish(ret_resource);
        return false;
}

void gal_execution_refuse(struct gal_action_call *call, const char *arn)
{
        gal_reply_fail(&call->reply, 400, "ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn);
}

/* (transfer full) NULL after a refusal. */
static struct gal_payload *read_input(struct gal_action_call *call)
{
        const json_t *input = json_object_get(call->request, "input");
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *payload = NULL;
        enum gal_status status =
                json_is_string(input)
                        ? gal_payload_parse(json_string_value(input), json_string_length(input), &payload, &error)
                        : gal_payload_parse("{}", 2, &payload, &error);

        if (status != GAL_OK)
                gal_reply_fail(&call->reply, 400, "InvalidExecutionInput",
                               "Invalid State Machine Execution Input: '%s'", error.message);
        return payload;
}

static void start(struct gal_action_call *call, const struct gal_resource *machine)
{
        struct gal_start_request request = { .machine = machine->name,
                                             .name = gal_action_text(call, "name"),
                                             .input = read_input(call) };

        if (request.input == NULL)
                return;
        gal_engine_start(call->api->engine, &request, gal_pending_answer,
                         gal_pending_create(call, "executionArn", "startDate"));
        gal_payload_unref(request.input);
}

void gal_api_start_execution(struct gal_action_call *call)
{
        struct gal_resource machine;

        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &machine))
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
        struct gal_error error = { .code = GAL_OK };
        struct gal_resource execution;
        int64_t stopped_ms = 0;
        enum gal_status status;

        if (!open_execution(call, &execution))
                return;
        status = gal_query_execution(call->api->store, execution.arn, note_stopped, &stopped_ms, &error);
        if (status == GAL_ENOTFOUND) {
                gal_execution_refuse(call, execution.arn);
        } else if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        } else if (stopped_ms != 0) {
                gal_reply_time(&call->reply, "stopDate", stopped_ms);
                gal_reply_send(&call->reply);
        } else {
                gal_engine_stop(call->api->engine, execution.arn, gal_action_text(call, "error"),
                                gal_action_text(call, "cause"), gal_pending_answer,
                                gal_pending_create(call, NULL, "stopDate"));
        }
        gal_resource_finish(&execution);
}

static void reply_execution_arns(struct gal_action_call *call, const struct gal_execution_row *row)
{
        gal_auto_free char *machine = gal_resource_arn(call->api, "stateMachine", row->machine_name);
        gal_auto_free char *execution =
                gal_format("arn:%s:states:%s:%s:execution:%s:%s", gal_arn_partition(call->api->region),
                           call->api->region, call->api->account, row->machine_name, row->name);

        gal_reply_text(&call->reply, "executionArn", execution);
        gal_reply_text(&call->reply, "stateMachineArn", machine);
        gal_reply_text(&call->reply, "name", row->name);
        gal_reply_text(&call->reply, "status", row->status);
        gal_reply_time(&call->reply, "startDate", row->started_ms);
        if (row->stopped_ms != 0)
                gal_reply_time(&call->reply, "stopDate", row->stopped_ms);
        gal_reply_int(&call->reply, "redriveCount", 0);
}

static void reply_execution(void *user, const struct gal_execution_row *row)
{
        struct gal_action_call *call = user;

        reply_execution_arns(call, row);
        gal_reply_text(&call->reply, "input", row->input);
        gal_reply_raw(&call->reply, "inputDetails", "{\"included\":true}");
        gal_reply_text(&call->reply, "output", row->output);
        if (row->output != NULL)
                gal_reply_raw(&call->reply, "outputDetails", "{\"included\":true}");
        gal_reply_text(&call->reply, "error", row->error);
        gal_reply_text(&call->reply, "cause", row->cause);
}

void gal_api_describe_execution(struct gal_action_call *call)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_resource execution;
        enum gal_status status;

        if (!open_execution(call, &execution))
                return;
        status = gal_query_execution(call->api->store, execution.arn, reply_execution, call, &error);
        if (status == GAL_OK)
                gal_reply_send(&call->reply);
        else if (status == GAL_ENOTFOUND)
                gal_execution_refuse(call, execution.arn);
        else
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        gal_resource_finish(&execution);
}

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
        reply_execution_arns(list->call, row);
        gal_reply_close(&list->call->reply, '}');
        return true;
}

static void list(struct gal_action_call *call, const struct gal_resource *resource)
{
        struct gal_execution_filter filter = { .status = gal_action_text(call, "statusFilter") };
        struct execution_list list = { .call = call,
                                       .page = { .question = { "ListExecutions", resource->arn, filter.status },
                                                 .question_count = 3 } };
        struct gal_error error = { .code = GAL_OK };
        struct gal_machine_copy machine;
        enum gal_status status;

        if (!gal_page_open(call, &list.page) || !gal_machine_read(call, resource, &machine))
                return;
        filter.machine_id = machine.id;
        filter.before_id = list.page.position;
        filter.limit = list.page.limit + 1;
        gal_reply_open(&call->reply, "executions", '[');
        status = call->api->store->ops->list_executions(call->api->store, &filter, list_execution, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        gal_page_reply_token(call, &list.page, list.last_id);
                gal_reply_send(&call->reply);
        } else {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        }
        gal_machine_copy_finish(&machine);
}

void gal_api_list_executions(struct gal_action_call *call)
{
        struct gal_resource resource;

        if (!gal_action_is_given(call, "stateMachineArn")) {
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "Either stateMachineArn or mapRunArn must be given");
                return;
        }
        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        list(call, &resource);
        gal_resource_finish(&resource);
}

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
                                           .omit_data = !gal_action_flag(call, "includeExecutionData", true) };
        struct gal_page page = { .question = { "GetExecutionHistory", arn, query.reverse ? "reverse" : NULL },
                                 .question_count = 3 };
        struct event_list list = { .call = call };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        bool more = false;

        if (!gal_page_open(call, &page))
                return;
        query.limit = page.limit;
        query.after_id = page.position == NULL ? 0 : strtoull(page.position, NULL, 10);
        gal_reply_open(&call->reply, "events", '[');
        status = gal_query_history(call->api->store, &query, add_event, &list, &more, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_ENOTFOUND) {
                gal_execution_refuse(call, arn);
                return;
        }
        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
                return;
        }
        if (more) {
                gal_auto_free char *position = gal_format("%llu", (unsigned long long)list.last_id);

                gal_page_reply_token(call, &page, position);
        }
        gal_reply_send(&call->reply);
}

void gal_api_get_execution_history(struct gal_action_call *call)
{
        struct gal_resource execution;

        if (!open_execution(call, &execution))
                return;
        show_history(call, execution.arn);
        gal_resource_finish(&execution);
}
