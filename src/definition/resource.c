/*
 * resource.c: resources: the forms that are refused, and those that only this installation may know (warnings: the
 * table of services below ages, and a host program may register its own).
 */
#include "definition/resource.h"

#include <string.h>

#include "base/json.h"

#define REQUEST (1u << GAL_PATTERN_REQUEST_RESPONSE)
#define SYNC (1u << GAL_PATTERN_SYNC)
#define TOKEN (1u << GAL_PATTERN_WAIT_FOR_TASK_TOKEN)

/* The optimised integrations and their patterns (reference: integrations). */
static const struct service {
        const char *name;
        unsigned patterns;
} services[] = {
        { "apigateway", REQUEST | TOKEN },
        { "athena", REQUEST | SYNC },
        { "batch", REQUEST | SYNC },
        { "bedrock", REQUEST | SYNC | TOKEN },
        { "codebuild", REQUEST | SYNC },
        { "databrew", REQUEST | SYNC },
        { "dynamodb", REQUEST },
        { "ecs", REQUEST | SYNC | TOKEN },
        { "eks", REQUEST | SYNC | TOKEN },
        { "elasticmapreduce", REQUEST | SYNC },
        { "emr-containers", REQUEST | SYNC },
        { "emr-serverless", REQUEST | SYNC },
        { "events", REQUEST | TOKEN },
        { "glue", REQUEST | SYNC },
        { "http", REQUEST },
        { "lambda", REQUEST | TOKEN },
        { "mediaconvert", REQUEST | SYNC },
        { "sagemaker", REQUEST | SYNC },
        { "sns", REQUEST | TOKEN },
        { "sqs", REQUEST | TOKEN },
        { "states", REQUEST | SYNC | TOKEN },
};

static bool ends_with(struct gal_slice text, const char *end)
{
        size_t len = strlen(end);

        return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static bool begins_with(struct gal_slice text, const char *start)
{
        size_t len = strlen(start);

        return text.len >= len && memcmp(text.data, start, len) == 0;
}

static struct gal_slice skip(struct gal_slice text, size_t len)
{
        return (struct gal_slice){ text.data + len, text.len - len };
}

/* ${Name}, which CloudFormation fills in before the service sees it. */
static bool has_placeholder(struct gal_slice text)
{
        const char *start = memmem(text.data, text.len, "${", 2);

        return start != NULL && memchr(start, '}', text.len - (size_t)(start - text.data)) != NULL;
}

static bool is_name(struct gal_slice text)
{
        for (size_t i = 0; i < text.len; i++) {
                char c = text.data[i];

                if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' &&
                    c != '.')
                        return false;
        }
        return text.len > 0;
}

/* NAME or NAME:QUALIFIER, where the qualifier is an alias, a version or $LATEST. */
static bool is_function(struct gal_slice text)
{
        const char *colon = memchr(text.data, ':', text.len);
        struct gal_slice name = { text.data, colon != NULL ? (size_t)(colon - text.data) : text.len };
        struct gal_slice qualifier;

        if (colon == NULL)
                return is_name(name);
        qualifier = skip(text, name.len + 1);
        return is_name(name) && (gal_slice_is(qualifier, "$LATEST") || is_name(qualifier));
}

static void refuse(const struct gal_context *context, const struct gal_place *place)
{
        gal_fault(context->compiler, place, "Value is not a valid resource ARN");
}

static void report_unknown(const struct gal_context *context, enum gal_severity severity,
                           const struct gal_place *place)
{
        gal_report(context->compiler, severity, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                   GAL_SPOT_VALUE,
                   "The resource provided %s is not recognized. The value is not a valid resource ARN, or the "
                   "resource is not available in this region.",
                   context->state->as.task.resource);
}

/* What the Express type cannot do; in a distributed Map's Express children only a warning: not measured. */
static void check_express(const struct gal_context *context, const struct gal_place *place)
{
        const struct gal_task *task = &context->state->as.task;
        bool machine = context->compiler->options.express;
        bool children = context->compiler->graph_notes[context->state->graph].express;
        const char *what = NULL;

        if (!machine && !children)
                return;
        if (task->resource_kind == GAL_RESOURCE_ACTIVITY)
                what = "Activity ARN";
        else if (task->pattern == GAL_PATTERN_SYNC)
                what = "'.sync' service integration";
        else if (task->pattern == GAL_PATTERN_WAIT_FOR_TASK_TOKEN)
                what = "'.waitForTaskToken' service integration "; /* the blank is the service's */
        if (what != NULL)
                gal_report(context->compiler, machine ? GAL_SEVERITY_ERROR : GAL_SEVERITY_WARNING,
                           GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place, GAL_SPOT_VALUE,
                           "Express state machine does not support %s", what);
}

static enum gal_service_pattern find_pattern(struct gal_slice action)
{
        if (ends_with(action, ".sync") || ends_with(action, ".sync:2"))
                return GAL_PATTERN_SYNC;
        if (ends_with(action, ".waitForTaskToken"))
                return GAL_PATTERN_WAIT_FOR_TASK_TOKEN;
        return GAL_PATTERN_REQUEST_RESPONSE;
}

static bool is_known_service(const struct gal_task *task)
{
        unsigned pattern = 1u << task->pattern;

        if (strncmp(task->service, "aws-sdk:", 8) == 0)
                return (pattern & (REQUEST | TOKEN)) != 0;
        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
                if (strcmp(services[i].name, task->service) == 0)
                        return (services[i].patterns & pattern) != 0;
        return false;
}

/* SERVICE:ACTION or aws-sdk:SERVICE:ACTION */
static void compile_service(const struct gal_context *context, const struct gal_place *place,
                            struct gal_slice resource)
{
        struct gal_task *task = &context->state->as.task;
        size_t prefix = begins_with(resource, "aws-sdk:") ? 8 : 0;
        struct gal_slice rest = skip(resource, prefix);
        const char *colon = memchr(rest.data, ':', rest.len);
        struct gal_slice action;

        if (colon == NULL || colon == rest.data || colon + 1 == rest.data + rest.len) {
                report_unknown(context, GAL_SEVERITY_ERROR, place);
                return;
        }
        action = skip(rest, (size_t)(colon - rest.data) + 1);
        task->resource_kind = GAL_RESOURCE_SERVICE;
        task->pattern = find_pattern(action);
        task->service = gal_compiler_copy(context->compiler, resource.data, (size_t)(colon - resource.data));
        task->action = gal_compiler_copy(context->compiler, action.data, action.len);
        if (task->service != NULL && !is_known_service(task))
                report_unknown(context, GAL_SEVERITY_WARNING, place);
}

static void compile_arn(const struct gal_context *context, const struct gal_place *place, const struct gal_arn *arn)
{
        struct gal_task *task = &context->state->as.task;

        if (gal_slice_is(arn->service, "lambda")) {
                if (!begins_with(arn->resource, "function:") || !is_function(skip(arn->resource, 9)))
                        refuse(context, place);
        } else if (!gal_slice_is(arn->service, "states")) {
                /* Resources of old, which the linters let through. */
                report_unknown(context, GAL_SEVERITY_WARNING, place);
        } else if (begins_with(arn->resource, "activity:") && arn->account.len > 0) {
                task->resource_kind = GAL_RESOURCE_ACTIVITY;
                if (arn->resource.len == 9)
                        refuse(context, place);
        } else if (arn->region.len == 0 && arn->account.len == 0) {
                compile_service(context, place, arn->resource);
        } else {
                refuse(context, place);
        }
}

/* {"Ref": "X"} or {"Fn::GetAtt": [...]}: in a template of CloudFormation such an object becomes an ARN later. */
static bool is_template_function(const json_t *value)
{
        const char *name;

        if (json_object_size(value) != 1)
                return false;
        name = json_object_iter_key(json_object_iter((json_t *)value));
        return strcmp(name, "Ref") == 0 || strncmp(name, "Fn::", 4) == 0;
}

static void warn_placeholder(const struct gal_context *context, const struct gal_place *place)
{
        gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                 "Resource is a placeholder of a template: the task can run only after it is replaced");
}

void gal_compile_resource(const struct gal_context *context)
{
        struct gal_task *task = &context->state->as.task;
        struct gal_place place = gal_place_member(context->place, "Resource");
        const json_t *value = json_object_get(context->state->source, "Resource");
        struct gal_slice text = { json_string_value(value), json_string_length(value) };
        struct gal_arn arn;

        if (value == NULL)
                return;
        if (is_template_function(value)) {
                task->resource = gal_json_text(value, NULL);
                if (task->resource == NULL)
                        gal_out_of_memory(context->compiler);
                warn_placeholder(context, &place);
                return;
        }
        if (!gal_check_type(context->compiler, GAL_FIELD_STRING, &place, value))
                return;
        task->resource = gal_compiler_copy(context->compiler, text.data, text.len);
        if (task->resource == NULL)
                return;
        if (has_placeholder(text)) {
                warn_placeholder(context, &place);
        } else if (gal_arn_parse(text.data, text.len, &arn)) {
                compile_arn(context, &place, &arn);
                check_express(context, &place);
        } else {
                refuse(context, &place);
        }
}
