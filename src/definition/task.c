/*
 * task.c: Task states: the call, its times, whose role it takes.
 */
#include "definition/compiler.h"
#include "definition/resource.h"

/*
 * A role is needed. The service was measured to say so in JSONata states; in JSONPath states linters let objects
 * without one pass, so there it is a warning unless the object is empty.
 */
static void check_role(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Credentials");
        const json_t *credentials = json_object_get(context->state->source, "Credentials");
        bool jsonpath = context->state->language == GAL_JSONPATH;

        if (!json_is_object(credentials) || json_object_get(credentials, "RoleArn") != NULL ||
            (jsonpath && json_object_get(credentials, "RoleArn.$") != NULL))
                return;
        gal_report(context->compiler,
                   jsonpath && json_object_size(credentials) > 0 ? GAL_SEVERITY_WARNING : GAL_SEVERITY_ERROR,
                   GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place, &place, GAL_SPOT_KEY,
                   "The field 'RoleArn' is required but was missing");
}

static void check_heartbeat(const struct gal_context *context)
{
        const struct gal_task *task = &context->state->as.task;
        struct gal_place place = gal_place_member(context->place, "HeartbeatSeconds");

        if (task->heartbeat_seconds.literal > 0 && task->timeout_seconds.literal > 0 &&
            task->heartbeat_seconds.literal >= task->timeout_seconds.literal)
                gal_fault(context->compiler, &place, "HeartbeatSeconds must be smaller than TimeoutSeconds");
}

void gal_compile_task(const struct gal_context *context)
{
        const json_t *source = context->state->source;
        struct gal_task *task = &context->state->as.task;

        gal_compile_resource(context);
        gal_compile_number(context, context->place, source, "TimeoutSeconds", "TimeoutSecondsPath",
                           &task->timeout_seconds);
        gal_compile_number(context, context->place, source, "HeartbeatSeconds", "HeartbeatSecondsPath",
                           &task->heartbeat_seconds);
        check_heartbeat(context);
        task->credentials = gal_compile_template(context, context->place, source, "Credentials");
        check_role(context);
        gal_check_jsonata_field(context, context->place, source, "Arguments");
}
