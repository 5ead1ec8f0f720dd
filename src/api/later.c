/*
 * later.c: actions on what this release does not have. Their errors are the service's own where one says the truth,
 * and none that SDKs try again.
 */
#include "api/internal.h"

#include <string.h>

#include "base/arn.h"
#include "engine/query.h"

/* Synchronous executions are for Express machines, and there are none. */
void gal_api_start_sync_execution(struct gal_action_call *call)
{
        struct gal_machine_copy machine;
        struct gal_resource resource;

        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        if (gal_machine_read(call, &resource, &machine)) {
                gal_reply_fail(&call->reply, 400, "StateMachineTypeNotSupported",
                               "This operation is not supported by this type of state machine");
                gal_machine_copy_finish(&machine);
        }
        gal_resource_finish(&resource);
}

void gal_api_test_state(struct gal_action_call *call)
{
        gal_reply_fail(&call->reply, 400, "UnknownOperationException",
                       "This release of Galliard does not test single states");
}

static void note_status(void *user, const struct gal_execution_row *row)
{
        char *status = user;

        strncpy(status, row->status, 31);
}

/* False after a refusal. */
static bool read_status(struct gal_action_call *call, char status[32])
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_resource resource;
        enum gal_status result;

        if (!gal_resource_open(call, "executionArn", "execution", &resource))
                return false;
        result = gal_query_execution(call->api->store, resource.arn, note_status, status, &error);
        if (result != GAL_OK)
                gal_action_fail(call, result, &error, "ExecutionDoesNotExist");
        gal_resource_finish(&resource);
        return result == GAL_OK;
}

void gal_api_redrive_execution(struct gal_action_call *call)
{
        char status[32] = "";

        if (!read_status(call, status))
                return;
        if (strcmp(status, "RUNNING") == 0 || strcmp(status, "SUCCEEDED") == 0)
                gal_reply_fail(&call->reply, 400, "ExecutionNotRedrivable",
                               "Execution is %s and cannot be redriven", status);
        else
                gal_reply_fail(&call->reply, 400, "ExecutionNotRedrivable",
                               "This release of Galliard does not redrive executions");
}

/* Map runs belong to distributed Maps. */

static void refuse_map_run(struct gal_action_call *call)
{
        const char *text = gal_action_text(call, "mapRunArn");
        struct gal_arn arn;

        if (!gal_arn_parse(text, strlen(text), &arn))
                gal_reply_fail(&call->reply, 400, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", text);
        else if (!gal_slice_is(arn.service, "states") || strncmp(arn.resource.data, "mapRun:", 7) != 0)
                gal_reply_fail(&call->reply, 400, "InvalidArn",
                               "Invalid Arn: 'Resource type not valid in this context: %.*s'",
                               (int)strcspn(arn.resource.data, ":"), arn.resource.data);
        else
                gal_reply_fail(&call->reply, 400, "ResourceNotFound",
                               "Request references a resource that does not exist.");
}

void gal_api_describe_map_run(struct gal_action_call *call)
{
        refuse_map_run(call);
}

void gal_api_update_map_run(struct gal_action_call *call)
{
        refuse_map_run(call);
}

void gal_api_list_map_runs(struct gal_action_call *call)
{
        char status[32] = "";

        if (!read_status(call, status))
                return;
        gal_reply_open(&call->reply, "mapRuns", '[');
        gal_reply_close(&call->reply, ']');
        gal_reply_send(&call->reply);
}
