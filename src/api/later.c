/*
 * later.c: actions on what this release does not have: map runs, Express executions, redrives, single states. They
 * say so with the answer that is true of a service that has none.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/query.h"

/* Map runs: no execution has any. */

void gal_map_run_refuse(struct gal_action_call *call, const char *arn)
{
        gal_reply_detail(&call->reply, "resourceName", arn);
        gal_reply_fail(&call->reply, 400, "ResourceNotFound", "Resource not found: '%s'", arn);
}

static void refuse_map_run(struct gal_action_call *call)
{
        struct gal_resource map_run;

        if (!gal_resource_open(call, "mapRunArn", "mapRun", &map_run))
                return;
        gal_map_run_refuse(call, map_run.arn);
        gal_resource_finish(&map_run);
}

void gal_api_describe_map_run(struct gal_action_call *call)
{
        refuse_map_run(call);
}

void gal_api_update_map_run(struct gal_action_call *call)
{
        refuse_map_run(call);
}

static void ignore_execution(void *user, const struct gal_execution_row *row)
{
        (void)user;
        (void)row;
}

void gal_api_list_map_runs(struct gal_action_call *call)
{
        struct gal_page page = { .question = { "ListMapRuns", gal_action_text(call, "executionArn") },
                                 .question_count = 2 };
        struct gal_resource execution;

        if (!gal_execution_open(call, &execution))
                return;
        if (gal_execution_read(call, &execution, ignore_execution, NULL) && gal_page_open(call, &page)) {
                gal_reply_open(&call->reply, "mapRuns", '[');
                gal_reply_close(&call->reply, ']');
                gal_reply_send(&call->reply);
        }
        gal_resource_finish(&execution);
}

/* Every machine is of the Standard type, which cannot do this. */
void gal_api_start_sync_execution(struct gal_action_call *call)
{
        struct gal_machine_row machine;
        struct gal_resource resource;

        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        if (gal_machine_read(call, &resource, &machine)) {
                gal_reply_fail(&call->reply, 400, "StateMachineTypeNotSupported",
                               "This operation is not supported by this type of state machine");
                gal_machine_finish(&machine);
        }
        gal_resource_finish(&resource);
}

static void note_status(void *user, const struct gal_execution_row *row)
{
        *(char **)user = gal_strdup(row->status);
}

void gal_api_redrive_execution(struct gal_action_call *call)
{
        gal_auto_free char *status = NULL;
        struct gal_resource execution;

        if (!gal_execution_open(call, &execution))
                return;
        if (gal_execution_read(call, &execution, note_status, &status)) {
                if (strcmp(status, "RUNNING") == 0 || strcmp(status, "SUCCEEDED") == 0)
                        gal_reply_fail(&call->reply, 400, "ExecutionNotRedrivable",
                                       "Execution is %s and cannot be redriven", status);
                else
                        gal_reply_fail(&call->reply, 400, "ExecutionNotRedrivable",
                                       "This release does not redrive executions");
        }
        gal_resource_finish(&execution);
}

void gal_api_test_state(struct gal_action_call *call)
{
        gal_reply_fail(&call->reply, 400, "UnknownOperationException", "This release does not have TestState");
}
