/*
 * task.c: what workers say about their tasks.
 */
#include "api/internal.h"

#include <string.h>

#include "base/limits.h"

/* NULL after a refusal. */
static const char *need_token(struct gal_action_call *call)
{
        const char *token = gal_action_text(call, "taskToken");
        size_t len = json_string_length(json_object_get(call->request, "taskToken"));

        if (len == strlen(token) && len <= GAL_TASK_TOKEN_CHARACTERS_MAX)
                return token;
        gal_reply_fail(&call->reply, 400, "InvalidToken", "Invalid Token: 'Invalid token'");
        return NULL;
}

static void send(struct gal_action_call *call, const struct gal_send_request *request)
{
        gal_engine_send(call->api->engine, request, gal_pending_answer, gal_pending_create(call, NULL, NULL));
}

/* A payload's bound, in bytes. NULL after a refusal. */
static struct gal_payload *need_output(struct gal_action_call *call)
{
        const char *text = gal_action_text(call, "output");
        size_t len = json_string_length(json_object_get(call->request, "output"));
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *output = NULL;

        if (len > GAL_PAYLOAD_SIZE_MAX)
                gal_reply_fail(
                        &call->reply, 400, "ValidationException",
                        "1 validation error detected: Value at 'output' failed to satisfy constraint: Member "
                        "must have length less than or equal to %d",
                        GAL_PAYLOAD_SIZE_MAX);
        else if (gal_payload_parse(text, len, &output, &error) != GAL_OK)
                gal_reply_fail(&call->reply, 400, "InvalidOutput", "Invalid Output: '%s'", error.message);
        return output;
}

void gal_api_send_task_success(struct gal_action_call *call)
{
        struct gal_send_request request = { .kind = GAL_SEND_SUCCESS, .token = need_token(call) };

        if (request.token == NULL)
                return;
        request.output = need_output(call);
        if (request.output == NULL)
                return;
        send(call, &request);
        gal_payload_unref(request.output);
}

void gal_api_send_task_failure(struct gal_action_call *call)
{
        struct gal_send_request request = { .kind = GAL_SEND_FAILURE,
                                            .token = need_token(call),
                                            .error = gal_action_text(call, "error"),
                                            .cause = gal_action_text(call, "cause") };

        if (request.token != NULL)
                send(call, &request);
}

void gal_api_send_task_heartbeat(struct gal_action_call *call)
{
        struct gal_send_request request = { .kind = GAL_SEND_HEARTBEAT, .token = need_token(call) };

        if (request.token != NULL)
                send(call, &request);
}
