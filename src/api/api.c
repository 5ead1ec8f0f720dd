/*
 * api.c: the table of actions, and the way of a call to its own.
 *
 * Members, names and texts of errors: service model; reference api and recordings.
 */
#include "api/api.h"

#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/json.h"

static const struct action {
        const char *name;
        void (*run)(struct gal_action_call *call);
        bool writes;
} actions[] = {
        { "CreateActivity", gal_api_create_activity, true },
        { "CreateStateMachine", gal_api_create_state_machine, true },
        { "DeleteActivity", gal_api_delete_activity, true },
        { "DeleteStateMachine", gal_api_delete_state_machine, true },
        { "DescribeActivity", gal_api_describe_activity, false },
        { "DescribeExecution", gal_api_describe_execution, false },
        { "DescribeMapRun", gal_api_describe_map_run, false },
        { "DescribeStateMachine", gal_api_describe_state_machine, false },
        { "GetActivityTask", gal_api_get_activity_task, true },
        { "GetExecutionHistory", gal_api_get_execution_history, false },
        { "ListActivities", gal_api_list_activities, false },
        { "ListExecutions", gal_api_list_executions, false },
        { "ListMapRuns", gal_api_list_map_runs, false },
        { "ListStateMachines", gal_api_list_state_machines, false },
        { "PurgeExecutions", gal_api_purge_executions, true },
        { "RedriveExecution", gal_api_redrive_execution, false },
        { "SendTaskFailure", gal_api_send_task_failure, true },
        { "SendTaskHeartbeat", gal_api_send_task_heartbeat, true },
        { "SendTaskSuccess", gal_api_send_task_success, true },
        { "StartExecution", gal_api_start_execution, true },
        { "StartSyncExecution", gal_api_start_sync_execution, false },
        { "StopExecution", gal_api_stop_execution, true },
        { "TestState", gal_api_test_state, false },
        { "UpdateMapRun", gal_api_update_map_run, false },
        { "ValidateStateMachineDefinition", gal_api_validate_state_machine_definition, false },
};

static const struct action *find_action(const char *name)
{
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
                if (strcmp(actions[i].name, name) == 0)
                        return &actions[i];
        }
        return NULL;
}

bool gal_api_find(const char *action, bool *ret_writes)
{
        const struct action *found = find_action(action);

        if (found != NULL)
                *ret_writes = found->writes;
        return found != NULL;
}

struct gal_api_wait *gal_api_call(struct gal_api *api, const char *name, const char *body, size_t len,
                                  gal_api_done done, void *user)
{
        const struct action *action = find_action(name);
        struct gal_error error = { .code = GAL_OK };
        struct gal_action_call call = { .api = api };
        json_auto_t *request = NULL;

        gal_reply_begin(&call.reply, done, user);
        if (action == NULL) {
                gal_reply_fail(&call.reply, 400, "UnknownOperationException", "'%s' is no action of this server",
                               name);
                return NULL;
        }
        if (gal_json_read(body, len, &request, &error) != GAL_OK || !json_is_object(request)) {
                gal_reply_fail(&call.reply, 400, "SerializationException", "the request is no JSON object%s%s",
                               error.message[0] != '\0' ? ": " : "", error.message);
                return NULL;
        }
        call.request = request;
        if (!gal_action_validate(&call, gal_action_shape_find(name)))
                return NULL;
        if (action->writes && api->engine == NULL) {
                gal_reply_fail(&call.reply, 503, "ServiceUnavailable", "this process does not own the store");
                return NULL;
        }
        action->run(&call);
        if (action->writes && api->poke != NULL)
                api->poke(api->user);
        return call.wait;
}
