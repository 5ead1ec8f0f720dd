/*
 * endpoint.c: functions behind HTTP: the Lambda Invoke API at a function's own url or at the Lambda endpoint.
 *
 * Failures carry the names that AWS's clients give them, so that a definition's Retry works here as it does there:
 * no answer is Lambda.SdkClientException, an answer that refuses is named by x-amzn-ErrorType or by its status.
 */
#include "tasks/lambda.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "net/base64.h"
#include "net/http.h"

#define HEADERS_MAX 8
/* How much of a body that is no error document a cause shows. */
#define BODY_SHOWN_MAX 500

/* Sending */

/* Whether anything but "/" follows the host. */
static bool has_path(const char *url)
{
        const char *host = strstr(url, "://");
        const char *path = host ? host + 3 + strcspn(host + 3, "/?#") : url;

        return path[0] != '\0' && strcmp(path, "/") != 0;
}

static void append_escaped(struct gal_buffer *url, const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (isalnum(c) || strchr("-_.~", c))
                        gal_buffer_append_char(url, (char)c);
                else
                        gal_buffer_append_format(url, "%%%02X", c);
        }
}

/* A function's url with a path is used as it is; otherwise, and for the endpoint always, the API's path is
 * appended. */
static char *make_url(const struct gal_invocation *invocation, const char *base)
{
        struct gal_buffer url = GAL_BUFFER_INIT;
        size_t base_len = strlen(base);

        if (invocation->function && has_path(base))
                return gal_strdup(base);
        while (base_len > 0 && base[base_len - 1] == '/')
                base_len--;
        gal_buffer_append(&url, base, base_len);
        gal_buffer_append_text(&url, "/2015-03-31/functions/");
        append_escaped(&url, invocation->name.name.data, invocation->name.name.len);
        gal_buffer_append_text(&url, "/invocations");
        if (invocation->qualifier) {
                gal_buffer_append_text(&url, "?Qualifier=");
                append_escaped(&url, invocation->qualifier, strlen(invocation->qualifier));
        }
        return gal_need(gal_buffer_take(&url, NULL));
}

/* (transfer full) The caller's, else one that carries the identity to where a handler can see it; NULL: neither. */
static char *make_client_context(const struct gal_invocation *invocation)
{
        struct gal_buffer context = GAL_BUFFER_INIT;
        char *encoded;

        if (invocation->client_context || !invocation->identity)
                return gal_strdup(invocation->client_context);
        gal_buffer_append_text(&context, "{\"custom\":{\"galliard_task_id\":");
        gal_json_write_string(&context, invocation->identity, strlen(invocation->identity));
        gal_buffer_append_text(&context, "}}");
        encoded = gal_base64_encode(context.data, context.len);
        gal_buffer_finish(&context);
        return encoded;
}

static const char *type_name(enum gal_invocation_type type)
{
        switch (type) {
        case GAL_INVOCATION_REQUEST_RESPONSE:
                return "RequestResponse";
        case GAL_INVOCATION_EVENT:
                return "Event";
        case GAL_INVOCATION_DRY_RUN:
                return "DryRun";
        }
        return "";
}

static size_t make_headers(const struct gal_invocation *invocation, const char *client_context,
                           struct gal_http_header headers[HEADERS_MAX])
{
        size_t count = 0;

        headers[count++] = (struct gal_http_header){ "Content-Type", "application/json" };
        headers[count++] = (struct gal_http_header){ "X-Amz-Invocation-Type", type_name(invocation->type) };
        headers[count++] = (struct gal_http_header){ "X-Amz-Log-Type", invocation->log_tail ? "Tail" : "None" };
        if (client_context)
                headers[count++] = (struct gal_http_header){ "X-Amz-Client-Context", client_context };
        if (invocation->identity)
                headers[count++] = (struct gal_http_header){ "Idempotency-Key", invocation->identity };
        return count;
}

/* Receiving */

/* The exceptions that Lambda's Invoke has; any other comes out as the SDK's general one. */
static const char *code_of_status(int status)
{
        switch (status) {
        case 400:
                return "InvalidParameterValueException";
        case 404:
                return "ResourceNotFoundException";
        case 413:
                return "RequestTooLargeException";
        case 429:
                return "TooManyRequestsException";
        default:
                return status >= 500 ? "ServiceException" : "AWSLambdaException";
        }
}

/* "ResourceNotFoundException:http://..." -> the part before the colon. (transfer full) */
static char *find_code(const struct gal_http_response *response)
{
        const char *type = gal_http_response_header(response, "x-amzn-ErrorType");
        size_t len = type ? strcspn(type, ":") : 0;

        return len > 0 ? gal_strndup(type, len) : gal_strdup(code_of_status(response->status));
}

static const json_t *find_message(const json_t *body)
{
        static const char *const names[] = { "Message", "message", "errorMessage" };

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (json_is_string(json_object_get(body, names[i])))
                        return json_object_get(body, names[i]);
        return NULL;
}

/* (transfer full) What the body says, else its beginning. */
static char *make_message(const struct gal_http_response *response)
{
        json_t *body = NULL;
        const json_t *found = NULL;
        char *message;

        if (gal_json_read(response->body, response->body_len, &body, NULL) == GAL_OK)
                found = find_message(body);
        if (found)
                message = gal_strdup(json_string_value(found));
        else if (response->body_len == 0)
                message = gal_strdup("null");
        else
                message = gal_strndup(response->body,
                                      gal_utf8_trim(response->body, response->body_len < BODY_SHOWN_MAX
                                                                            ? response->body_len
                                                                            : BODY_SHOWN_MAX));
        json_decref(body);
        return message;
}

static void refuse(struct gal_invocation *invocation, const struct gal_http_response *response)
{
        gal_auto_free char *code = find_code(response);
        gal_auto_free char *message = make_message(response);

        gal_invocation_refuse(invocation, response->status, code,
                              gal_http_response_header(response, "x-amzn-RequestId"), message);
}

static void fail_transport(struct gal_invocation *invocation, const struct gal_http_response *response)
{
        gal_auto_free char *cause = gal_format("Unable to execute HTTP request: %s", response->message);

        if (response->failure == GAL_HTTP_TOO_LARGE)
                gal_invocation_fail_too_large(invocation);
        else
                gal_invocation_fail(invocation, "Lambda.SdkClientException", cause);
}

static void finish_request(void *user, const struct gal_http_response *response)
{
        struct gal_invocation *invocation = user;
        struct gal_lambda_answer answer = {
                .status_code = response->status,
                .failed = gal_http_response_header(response, "X-Amz-Function-Error"),
                .payload = response->body,
                .payload_len = response->body_len,
                .headers = response->headers,
                .header_count = response->header_count,
                .log_result = gal_http_response_header(response, "X-Amz-Log-Result"),
        };

        invocation->http_call = NULL;
        if (response->failure != GAL_HTTP_OK)
                fail_transport(invocation, response);
        else if (response->status < 200 || response->status > 299)
                refuse(invocation, response);
        else
                gal_invocation_answer(invocation, &answer);
}

static int64_t time_limit(const struct gal_invocation *invocation)
{
        int64_t limit = invocation->function ? invocation->function->timeout_ms : GAL_LAMBDA_TIMEOUT_MS_MAX;
        int64_t asked = invocation->handle->call.timeout_ms;

        return asked > 0 && asked < limit ? asked : limit;
}

void gal_endpoint_run(struct gal_invocation *invocation, const char *base)
{
        gal_auto_free char *url = make_url(invocation, base);
        gal_auto_free char *client_context = make_client_context(invocation);
        struct gal_http_header headers[HEADERS_MAX];
        struct gal_http_request request = { .method = "POST",
                                            .url = url,
                                            .headers = headers,
                                            .header_count = make_headers(invocation, client_context, headers),
                                            .body = invocation->payload,
                                            .body_len = invocation->payload_len,
                                            .timeout_ms = time_limit(invocation) };
        struct gal_error error = { 0 };
        struct gal_http *http = NULL;

        if (gal_tasks_http(invocation->lambda->tasks, &http, &error) != GAL_OK) {
                gal_invocation_fail(invocation, "Lambda.SdkClientException", error.message);
                return;
        }
        invocation->http_call = gal_http_send(http, &request, finish_request, invocation);
        gal_invocation_started(invocation);
}

void gal_endpoint_cancel(struct gal_invocation *invocation)
{
        if (invocation->http_call)
                gal_http_cancel(invocation->http_call);
        invocation->http_call = NULL;
}
