/*
 * lambda.c: what a task asks of Lambda: from Resource or Parameters to an invocation, and on to where the function
 * lives.
 *
 * Measured on the service: a Payload that is absent or null reaches the function as {}; one that is a string is
 * sent as it is, so it must hold JSON itself ("0" arrives as the number 0).
 */
#include "tasks/lambda.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "net/loop.h"

/* The Parameters of lambda:invoke */

struct parameters {
        const char *function_name;
        const char *qualifier;
        const char *client_context;
        const json_t *payload;
        enum gal_invocation_type type;
        bool log_tail;
};

static bool take_text(const json_t *value, const char **ret_text)
{
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                return false;
        *ret_text = json_string_value(value);
        return true;
}

static bool take_function_name(const json_t *value, struct parameters *parameters)
{
        return take_text(value, &parameters->function_name);
}

static bool take_qualifier(const json_t *value, struct parameters *parameters)
{
        return take_text(value, &parameters->qualifier);
}

static bool take_client_context(const json_t *value, struct parameters *parameters)
{
        return take_text(value, &parameters->client_context) &&
               parameters->client_context[strcspn(parameters->client_context, "\r\n")] == '\0';
}

static bool take_payload(const json_t *value, struct parameters *parameters)
{
        parameters->payload = value;
        return true;
}

static bool take_type(const json_t *value, struct parameters *parameters)
{
        static const char *const names[] = {
                [GAL_INVOCATION_REQUEST_RESPONSE] = "RequestResponse",
                [GAL_INVOCATION_EVENT] = "Event",
                [GAL_INVOCATION_DRY_RUN] = "DryRun",
        };

        for (int i = 0; i <= GAL_INVOCATION_DRY_RUN; i++) {
                if (json_is_string(value) && strcmp(json_string_value(value), names[i]) == 0) {
                        parameters->type = (enum gal_invocation_type)i;
                        return true;
                }
        }
        return false;
}

static bool take_log_type(const json_t *value, struct parameters *parameters)
{
        const char *text = json_string_value(value);

        parameters->log_tail = text && strcmp(text, "Tail") == 0;
        return parameters->log_tail || (text && strcmp(text, "None") == 0);
}

static const struct {
        const char *name;
        bool (*take)(const json_t *value, struct parameters *parameters);
} fields[] = {
        { "ClientContext", take_client_context },
        { "FunctionName", take_function_name },
        { "InvocationType", take_type },
        { "LogType", take_log_type },
        { "Payload", take_payload },
        { "Qualifier", take_qualifier },
};

static void add_reason(struct gal_buffer *reasons, const char *before, const char *name, const char *after)
{
        if (reasons->len > 0)
                gal_buffer_append_text(reasons, ", ");
        gal_buffer_append_format(reasons, "%s '%s' %s", before, name, after);
}

static void read_parameter(const char *name, const json_t *value, struct parameters *parameters,
                           struct gal_buffer *reasons)
{
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
                if (strcmp(fields[i].name, name) != 0)
                        continue;
                if (!fields[i].take(value, parameters))
                        add_reason(reasons, "The value of the field", name, "has an invalid format");
                return;
        }
        add_reason(reasons, "The field", name, "is not supported by Step Functions");
}

/* The reasons stay empty when all is well. */
static void read_parameters(const json_t *input, struct parameters *parameters, struct gal_buffer *reasons)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)input, name, value) read_parameter(name, value, parameters, reasons);
        if (!json_object_get(input, "FunctionName"))
                add_reason(reasons, "The field", "FunctionName", "is required but was missing");
}

/* Invocations */

static struct gal_invocation *new_invocation(struct gal_lambda *lambda, struct gal_call_handle *handle,
                                             const char *name)
{
        struct gal_invocation *invocation = gal_new(struct gal_invocation);

        invocation->lambda = lambda;
        invocation->handle = handle;
        invocation->full_name = gal_strdup(name);
        invocation->identity = gal_strdup(handle->call.identity);
        gal_uuid4_format(&lambda->tasks->random, invocation->request_id);
        TAILQ_INSERT_TAIL(&lambda->invocations, invocation, in_lambda);
        handle->state = invocation;
        return invocation;
}

static void destroy_lambda(struct gal_lambda *lambda)
{
        for (size_t i = 0; i < lambda->pool_count; i++)
                gal_pool_finish(&lambda->pools[i]);
        gal_functions_destroy(lambda->own_functions);
        free(lambda->pools);
        free(lambda);
}

/* Whoever ended the last call of one may still look at its function: so not at once. */
static void destroy_retired(void *user)
{
        struct gal_tasks *tasks = user;
        struct gal_lambda **place = &tasks->retired;

        while (*place) {
                struct gal_lambda *lambda = *place;

                if (TAILQ_EMPTY(&lambda->invocations)) {
                        *place = lambda->next;
                        destroy_lambda(lambda);
                } else {
                        place = &lambda->next;
                }
        }
}

void gal_invocation_free(struct gal_invocation *invocation)
{
        struct gal_lambda *lambda = invocation->lambda;

        gal_pool_leave(invocation);
        TAILQ_REMOVE(&lambda->invocations, invocation, in_lambda);
        if (lambda != lambda->tasks->lambda && TAILQ_EMPTY(&lambda->invocations))
                gal_loop_defer(lambda->tasks->loop, destroy_retired, lambda->tasks);
        if (invocation->handle)
                invocation->handle->state = NULL;
        else
                invocation->lambda->tasks->background--;
        free(invocation->full_name);
        free(invocation->qualifier);
        free(invocation->client_context);
        free(invocation->identity);
        free(invocation->payload);
        free(invocation);
}

static void set_payload(struct gal_invocation *invocation, const json_t *payload)
{
        if (!payload || json_is_null(payload)) {
                invocation->payload = gal_strdup("{}");
                invocation->payload_len = 2;
        } else if (json_is_string(payload)) {
                invocation->payload_len = json_string_length(payload);
                invocation->payload = gal_strndup(json_string_value(payload), invocation->payload_len);
        } else {
                invocation->payload = gal_need(gal_json_text(payload, &invocation->payload_len));
        }
}

/* Where the function lives */

static void fail_not_found(struct gal_invocation *invocation)
{
        const struct gal_call *call = &invocation->handle->call;
        int name_len = (int)invocation->name.name.len;
        const char *name = invocation->name.name.data;
        gal_auto_free char *message =
                gal_format("Function not found: arn:%s:lambda:%s:%s:function:%.*s", gal_arn_partition(call->region),
                           call->region, call->account, name_len, name);
        gal_auto_free char *cause = gal_format("%s (Service: AWSLambda; Status Code: 404; Error Code: "
                                               "ResourceNotFoundException; Request ID: %s; Proxy: "
                                               "null). Name it in galliard.json, {\"functions\": {\"%.*s\": "
                                               "{\"command\": [\"python3\", \"%.*s.py\"]}}}, or "
                                               "say where functions are: {\"lambdaEndpoint\": \"http://...\"}.",
                                               message, invocation->request_id, name_len, name, name_len, name);

        gal_invocation_fail(invocation, "Lambda.ResourceNotFoundException", cause);
}

static void fail_bad_name(struct gal_invocation *invocation)
{
        gal_auto_free char *message =
                gal_format("1 validation error detected: Value '%s' at 'functionName' failed to satisfy "
                           "constraint: a function "
                           "is named NAME, NAME:QUALIFIER, ACCOUNT:function:NAME or by its ARN",
                           invocation->full_name);

        gal_invocation_refuse(invocation, 400, "ValidationException", NULL, message);
}

/* Lambda refuses an event that is no JSON before any function sees it. */
static bool check_payload(struct gal_invocation *invocation)
{
        struct gal_error error = { 0 };
        json_t *value = NULL;
        gal_auto_free char *message = NULL;

        if (gal_json_read(invocation->payload, invocation->payload_len, &value, &error) == GAL_OK) {
                json_decref(value);
                return true;
        }
        message = gal_format(
                "Could not parse request body into json: Could not parse payload into json: %s at line %u, "
                "column %u",
                error.message, (unsigned)error.at.line, (unsigned)error.at.column);
        gal_invocation_refuse(invocation, 400, "InvalidRequestContentException", NULL, message);
        return false;
}

static const struct gal_function *find_function(const struct gal_functions *functions,
                                                const struct gal_invocation *invocation)
{
        return functions ? gal_functions_find(functions, invocation->full_name, strlen(invocation->full_name))
                         : NULL;
}

/* A command has nobody who would answer for it when it is not to be waited for; an url's server does that itself.
 */
static void begin_configured(struct gal_invocation *invocation)
{
        bool early = invocation->function->command && invocation->type != GAL_INVOCATION_REQUEST_RESPONSE;
        bool dry = invocation->type == GAL_INVOCATION_DRY_RUN;

        if (early)
                gal_invocation_answer_early(invocation, dry ? 204 : 202);
        if (early && dry)
                gal_invocation_free(invocation);
        else
                gal_pool_enter(invocation);
}

static void begin_invocation(struct gal_invocation *invocation)
{
        const struct gal_functions *functions = invocation->lambda->functions;
        const char *endpoint = functions ? gal_functions_endpoint(functions) : NULL;

        if (!gal_function_name_parse(invocation->full_name, strlen(invocation->full_name), &invocation->name)) {
                fail_bad_name(invocation);
                return;
        }
        if (!invocation->qualifier && invocation->name.qualifier.len > 0)
                invocation->qualifier =
                        gal_strndup(invocation->name.qualifier.data, invocation->name.qualifier.len);
        invocation->function = find_function(functions, invocation);
        if (invocation->function)
                begin_configured(invocation);
        else if (endpoint)
                gal_endpoint_run(invocation, endpoint);
        else
                fail_not_found(invocation);
}

/* The connector */

static struct gal_lambda *get_lambda(struct gal_tasks *tasks)
{
        struct gal_lambda *lambda = tasks->lambda;

        if (lambda)
                return lambda;
        lambda = tasks->lambda = gal_new(struct gal_lambda);
        lambda->tasks = tasks;
        lambda->functions = tasks->functions;
        TAILQ_INIT(&lambda->invocations);
        lambda->pool_count = tasks->functions ? gal_functions_count(tasks->functions) : 0;
        lambda->pools = gal_new_array(lambda->pool_count + 1, struct gal_pool);
        for (size_t i = 0; i < lambda->pool_count; i++)
                gal_pool_init(&lambda->pools[i], lambda, gal_functions_at(tasks->functions, i));
        return lambda;
}

static void begin_direct(struct gal_call_handle *handle)
{
        struct gal_invocation *invocation =
                new_invocation(get_lambda(handle->tasks), handle, handle->call.resource);

        invocation->direct = true;
        invocation->payload_len = handle->call.input_len;
        invocation->payload = gal_strndup(handle->call.input, handle->call.input_len);
        begin_invocation(invocation);
}

static void fail_parameters(struct gal_call_handle *handle, const char *reasons)
{
        gal_auto_free char *cause = gal_format("The Parameters '%s' could not be used to start the Task: [%s]",
                                               handle->call.input, reasons);

        gal_call_fail(handle, "States.Runtime", cause);
}

static void begin_with_parameters(struct gal_call_handle *handle, const struct parameters *parameters)
{
        struct gal_invocation *invocation =
                new_invocation(get_lambda(handle->tasks), handle, parameters->function_name);

        invocation->type = parameters->type;
        invocation->log_tail = parameters->log_tail;
        invocation->qualifier = gal_strdup(parameters->qualifier);
        invocation->client_context = gal_strdup(parameters->client_context);
        set_payload(invocation, parameters->payload);
        if (json_is_string(parameters->payload) && !check_payload(invocation))
                return;
        begin_invocation(invocation);
}

static void begin_invoke(struct gal_call_handle *handle)
{
        struct parameters parameters = { .type = GAL_INVOCATION_REQUEST_RESPONSE };
        struct gal_buffer reasons = GAL_BUFFER_INIT;
        struct gal_error error = { 0 };
        json_t *input = NULL;

        if (gal_json_read(handle->call.input, handle->call.input_len, &input, &error) != GAL_OK)
                gal_buffer_append_text(&reasons, error.message);
        else if (!json_is_object(input))
                gal_buffer_append_text(&reasons, "The Parameters must be an object");
        else
                read_parameters(input, &parameters, &reasons);
        if (reasons.len > 0)
                fail_parameters(handle, reasons.data);
        else
                begin_with_parameters(handle, &parameters);
        gal_buffer_finish(&reasons);
        json_decref(input);
}

static void begin(struct gal_call_handle *handle)
{
        if (handle->call.kind == GAL_CALL_FUNCTION) {
                begin_direct(handle);
        } else if (strcmp(handle->call.action, "invoke") == 0) {
                begin_invoke(handle);
        } else {
                gal_auto_free char *cause =
                        gal_format("The service integration 'lambda' has no action '%s'; it has 'invoke'.",
                                   handle->call.action);

                gal_call_fail(handle, "States.Runtime", cause);
        }
}

static void cancel_invocation(struct gal_invocation *invocation)
{
        gal_stdio_cancel(invocation);
        gal_endpoint_cancel(invocation);
        gal_invocation_free(invocation);
}

static void cancel(struct gal_call_handle *handle)
{
        if (handle->state)
                cancel_invocation(handle->state);
}

const struct gal_connector gal_lambda_connector = { .service = "lambda", .begin = begin, .cancel = cancel };

void gal_lambda_retire(struct gal_tasks *tasks)
{
        struct gal_lambda *lambda = tasks->lambda;

        if (!lambda) {
                gal_functions_destroy(tasks->own_functions);
        } else {
                lambda->own_functions = tasks->own_functions;
                lambda->next = tasks->retired;
                tasks->retired = lambda;
                gal_loop_defer(tasks->loop, destroy_retired, tasks);
        }
        tasks->lambda = NULL;
        tasks->own_functions = NULL;
        tasks->functions = NULL;
}

void gal_lambda_finish(struct gal_tasks *tasks)
{
        gal_lambda_retire(tasks);
        for (struct gal_lambda *lambda = tasks->retired; lambda; lambda = lambda->next) {
                while (!TAILQ_EMPTY(&lambda->invocations))
                        cancel_invocation(TAILQ_FIRST(&lambda->invocations));
        }
        gal_loop_undefer(tasks->loop, destroy_retired, tasks);
        destroy_retired(tasks);
}
