/*
 * execution.c: actions on executions.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "engine/query.h"

void gal_api_start_execution(struct gal_action_call *call)
{
        struct gal_start_request request = { .machine = gal_action_need(call, "stateMachineArn") };
        const char *input = gal_action_text(call, "input");
        struct gal_error error = { .code = GAL_OK };

        if (request.machine == NULL)
                return;
        if (input == NULL)
                input = "{}";
        request.name = gal_action_text(call, "name");
        if (gal_payload_parse(input, strlen(input), &request.input, &error) != GAL_OK) {
                gal_reply_fail(&call->reply, 400, "InvalidExecutionInput",
                               "Invalid State Machine Execution Input: '%s'", error.message);
                return;
        }
        gal_engine_start(call->api->engine, &request, gal_pending_answer,
                         gal_pending_create(call, "executionArn", "startDate"));
        gal_payload_unref(request.input);
}

static void note_stopped(void *user, const struct gal_execution_row *row)
{
        *(int64_t *)user = row->stopped_ms;
}

/* One that is closed already says when that was. */
void gal_api_stop_execution(struct gal_action_call *call)
{
        const char *arn = gal_action_need(call, "executionArn");
        struct gal_error error = { .code = GAL_OK };
        int64_t stopped_ms = 0;
        enum gal_status status;

        if (arn == NULL)
                return;
        status = gal_query_execution(call->api->store, arn, note_stopped, &stopped_ms, &error);
        if (status != GAL_OK) {
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
        } else if (stopped_ms != 0) {
                gal_reply_time(&call->reply, "stopDate", stopped_ms);
                gal_reply_send(&call->reply);
        } else {
                gal_engine_stop(call->api->engine, arn, gal_action_text(call, "error"),
                                gal_action_text(call, "cause"), gal_pending_answer,
                                gal_pending_create(call, NULL, "stopDate"));
        }
}

static void reply_execution_arns(struct gal_action_call *call, const struct gal_execution_row *row)
{
        gal_auto_free char *machine = gal_machine_arn(call->api, row->machine_name);
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
        const char *arn = gal_action_need(call, "executionArn");
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (arn == NULL)
                return;
        status = gal_query_execution(call->api->store, arn, reply_execution, call, &error);
        if (status == GAL_OK)
                gal_reply_send(&call->reply);
        else
                gal_action_fail(call, status, &error, "ExecutionDoesNotExist");
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

void gal_api_list_executions(struct gal_action_call *call)
{
        const char *arn = gal_action_need(call, "stateMachineArn");
        struct gal_execution_filter filter = { .status = gal_action_text(call, "statusFilter") };
        struct execution_list list = {
                .call = call, .page = { .question = { "ListExecutions", arn, filter.status }, .question_count = 3 }
        };
        struct gal_error error = { .code = GAL_OK };
        struct gal_machine_copy machine;
        enum gal_status status;

        if (arn == NULL || !gal_page_open(call, &list.page) || !gal_machine_read(call, arn, &machine))
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

void gal_api_get_execution_history(struct gal_action_call *call)
{
        struct gal_history_query query = { .execution_arn = gal_action_need(call, "executionArn"),
                                           .reverse =
                                                   json_is_true(json_object_get(call->request, "reverseOrder")) };
        struct gal_page page = { .question = { "GetExecutionHistory", query.execution_arn,
                                               query.reverse ? "reverse" : NULL },
                                 .question_count = 3 };
        struct event_list list = { .call = call };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        bool more = false;

        if (query.execution_arn == NULL || !gal_page_open(call, &page))
                return;
        query.limit = page.limit;
        query.omit_data = json_is_false(json_object_get(call->request, "includeExecutionData"));
        query.after_id = page.position == NULL ? 0 : strtoull(page.position, NULL, 10);
        gal_reply_open(&call->reply, "events", '[');
        status = gal_query_history(call->api->store, &query, add_event, &list, &more, &error);
        gal_reply_close(&call->reply, ']');
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
