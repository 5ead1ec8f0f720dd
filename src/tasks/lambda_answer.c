/*
 * lambda_answer.c: what came of an invocation, as the task shows it.
 *
 * A function's ARN as Resource gives the payload alone, and the cause of an error as it came; lambda:invoke gives
 * an envelope around the parsed payload, and the cause written anew, compactly. Both were recorded so.
 */
#include "tasks/lambda.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "net/http.h"
#include "tasks/text.h"

/* Failures of the service */

/* What Lambda's Invoke may throw; by name. */
static const char *const exceptions[] = {
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "EFSIOException",
        "EFSMountConnectivityException",
        "EFSMountFailureException",
        "EFSMountTimeoutException",
        "ENILimitReachedException",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "RecursiveInvocationException",
        "RequestTooLargeException",
        "ResourceConflictException",
        "ResourceNotFoundException",
        "ResourceNotReadyException",
        "ServiceException",
        "SnapStartException",
        "SnapStartNotReadyException",
        "SnapStartTimeoutException",
        "SubnetIPAddressLimitReachedException",
        "TooManyRequestsException",
        "UnsupportedMediaTypeException",
};

static bool is_exception(const char *code)
{
        for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
                if (strcmp(exceptions[i], code) == 0)
                        return true;
        return false;
}

/* Leaves the pool first: the call's own callbacks may look at what runs. */
static void end_failed(struct gal_invocation *invocation, const char *error, const char *cause)
{
        struct gal_call_handle *handle = invocation->handle;

        if (!handle)
                gal_log(invocation->lambda->tasks->log, GAL_LOG_WARNING,
                        "function %s, invoked as an Event, failed: %s: %s", invocation->full_name, error, cause);
        gal_invocation_free(invocation);
        if (handle)
                gal_call_fail(handle, error, cause);
}

void gal_invocation_fail(struct gal_invocation *invocation, const char *error, const char *cause)
{
        end_failed(invocation, error, cause);
}

void gal_invocation_refuse(struct gal_invocation *invocation, int status_code, const char *code,
                           const char *request_id, const char *message)
{
        gal_auto_free char *error = gal_format("Lambda.%s", is_exception(code) ? code : "AWSLambdaException");
        gal_auto_free char *cause =
                gal_format("%s (Service: AWSLambda; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
                           message, status_code, code, request_id ? request_id : invocation->request_id);

        end_failed(invocation, error, cause);
}

void gal_invocation_fail_runtime(struct gal_invocation *invocation, const char *type, const char *message)
{
        struct gal_buffer payload = GAL_BUFFER_INIT;
        gal_auto_free char *whole = gal_format("RequestId: %s Error: %s", invocation->request_id, message);

        gal_buffer_append_format(&payload, "{\"errorType\":\"%s\",\"errorMessage\":", type);
        gal_json_write_string(&payload, whole, strlen(whole));
        gal_buffer_append_char(&payload, '}');
        gal_assert(payload.status == GAL_OK);
        end_failed(invocation, type, payload.data);
        gal_buffer_finish(&payload);
}

void gal_invocation_fail_too_large(struct gal_invocation *invocation)
{
        struct gal_call_handle *handle = invocation->handle;

        if (!handle) {
                end_failed(invocation, "States.DataLimitExceeded", "the result is too large");
                return;
        }
        gal_invocation_free(invocation);
        gal_call_fail_too_large(handle);
}

/* Errors of the function */

static void fail_without_type(struct gal_invocation *invocation, const struct gal_lambda_answer *answer)
{
        struct gal_buffer cause = GAL_BUFFER_INIT;

        gal_buffer_append_text(&cause,
                               "The cause could not be determined because Lambda did not return an error type. "
                               "Returned payload: ");
        gal_text_append_clean(&cause, answer->payload, answer->payload_len);
        gal_assert(cause.status == GAL_OK);
        end_failed(invocation, "Lambda.Unknown", cause.data);
        gal_buffer_finish(&cause);
}

static void fail_with_payload(struct gal_invocation *invocation, const struct gal_lambda_answer *answer)
{
        json_t *payload = NULL;
        const char *type = NULL;
        gal_auto_free char *cause = NULL;

        if (gal_json_read(answer->payload, answer->payload_len, &payload, NULL) == GAL_OK)
                type = json_string_value(json_object_get(payload, "errorType"));
        if (!type || type[0] == '\0') {
                fail_without_type(invocation, answer);
        } else {
                cause = invocation->direct ? gal_strndup(answer->payload, answer->payload_len)
                                           : gal_need(gal_json_text(payload, NULL));
                end_failed(invocation, type, cause);
        }
        json_decref(payload);
}

/* The envelope of lambda:invoke */

static void write_member(struct gal_buffer *output, const char *name)
{
        char last = output->data[output->len - 1];

        if (last != '{')
                gal_buffer_append_char(output, ',');
        gal_json_write_string(output, name, strlen(name));
        gal_buffer_append_char(output, ':');
}

static void write_text(struct gal_buffer *output, const char *text)
{
        struct gal_buffer clean = GAL_BUFFER_INIT;

        gal_text_append_clean(&clean, text, strlen(text));
        gal_json_write_string(output, clean.data ? clean.data : "", clean.len);
        gal_buffer_finish(&clean);
}

static bool is_repeated(const struct gal_lambda_answer *answer, size_t index)
{
        for (size_t i = 0; i < index; i++)
                if (strcasecmp(answer->headers[i].name, answer->headers[index].name) == 0)
                        return true;
        return false;
}

static void write_values(struct gal_buffer *output, const struct gal_lambda_answer *answer, const char *name)
{
        bool first = true;

        gal_buffer_append_char(output, '[');
        for (size_t i = 0; i < answer->header_count; i++) {
                if (strcasecmp(answer->headers[i].name, name) != 0)
                        continue;
                if (!first)
                        gal_buffer_append_char(output, ',');
                write_text(output, answer->headers[i].value);
                first = false;
        }
        gal_buffer_append_char(output, ']');
}

static void write_all_headers(struct gal_buffer *output, const struct gal_lambda_answer *answer)
{
        gal_buffer_append_char(output, '{');
        for (size_t i = 0; i < answer->header_count; i++) {
                if (is_repeated(answer, i))
                        continue;
                write_member(output, answer->headers[i].name);
                write_values(output, answer, answer->headers[i].name);
        }
        gal_buffer_append_char(output, '}');
}

static int compare_headers(const void *a, const void *b)
{
        const struct gal_http_header *left = *(const struct gal_http_header *const *)a;
        const struct gal_http_header *right = *(const struct gal_http_header *const *)b;

        return strcasecmp(left->name, right->name);
}

/* One value a name, by name. */
static void write_headers(struct gal_buffer *output, const struct gal_lambda_answer *answer)
{
        const struct gal_http_header **sorted =
                gal_new_array(answer->header_count + 1, const struct gal_http_header *);
        size_t count = 0;

        for (size_t i = 0; i < answer->header_count; i++)
                if (!is_repeated(answer, i))
                        sorted[count++] = &answer->headers[i];
        qsort(sorted, count, sizeof(*sorted), compare_headers);
        gal_buffer_append_char(output, '{');
        for (size_t i = 0; i < count; i++) {
                write_member(output, sorted[i]->name);
                write_text(output, sorted[i]->value);
        }
        gal_buffer_append_char(output, '}');
        free(sorted);
}

static const char *find_header(const struct gal_lambda_answer *answer, const char *name)
{
        const struct gal_http_response response = { .headers = answer->headers,
                                                    .header_count = answer->header_count };

        return gal_http_response_header(&response, name);
}

static void write_envelope(struct gal_buffer *output, const struct gal_invocation *invocation,
                           const struct gal_lambda_answer *answer, const json_t *payload)
{
        const char *version = find_header(answer, "X-Amz-Executed-Version");
        const char *request_id = find_header(answer, "x-amzn-RequestId");

        gal_buffer_append_char(output, '{');
        if (version || answer->status_code == 200) {
                write_member(output, "ExecutedVersion");
                write_text(output, version ? version : "$LATEST");
        }
        if (answer->log_result) {
                write_member(output, "LogResult");
                write_text(output, answer->log_result);
        }
        write_member(output, "Payload");
        if (payload)
                gal_json_write(output, payload);
        else
                gal_buffer_append_text(output, "\"\"");
        write_member(output, "SdkHttpMetadata");
        gal_buffer_append_text(output, "{\"AllHttpHeaders\":");
        write_all_headers(output, answer);
        write_member(output, "HttpHeaders");
        write_headers(output, answer);
        gal_buffer_append_format(output, ",\"HttpStatusCode\":%d}", answer->status_code);
        write_member(output, "SdkResponseMetadata");
        gal_buffer_append_text(output, "{\"RequestId\":");
        write_text(output, request_id ? request_id : invocation->request_id);
        gal_buffer_append_format(output, "},\"StatusCode\":%d}", answer->status_code);
}

/* The headers of a function that no HTTP was needed for: those that Lambda itself sends. */

#define OWN_HEADERS 8

struct own_headers {
        struct gal_http_header headers[OWN_HEADERS];
        char date[40];
        char length[24];
        char trace_id[64];
};

/* RFC 9110's date; strftime() would ask the locale. */
static void format_date(char date[40])
{
        static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t now = time(NULL);
        struct tm utc;

        gmtime_r(&now, &utc);
        snprintf(date, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
                 months[utc.tm_mon], (utc.tm_year + 1900) % 10000, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static void make_own_headers(struct own_headers *own, const struct gal_invocation *invocation, size_t payload_len)
{
        struct gal_random *random = &invocation->lambda->tasks->random;
        uint64_t root = gal_random_next(random), low = gal_random_next(random);

        format_date(own->date);
        snprintf(own->length, sizeof own->length, "%zu", payload_len);
        snprintf(own->trace_id, sizeof own->trace_id, "root=1-%08x-%08x%016llx;sampled=0", (unsigned)time(NULL),
                 (unsigned)root, (unsigned long long)low);
        memcpy(own->headers,
               (struct gal_http_header[OWN_HEADERS]){ { "X-Amz-Executed-Version", "$LATEST" },
                                                      { "x-amzn-Remapped-Content-Length", "0" },
                                                      { "Connection", "keep-alive" },
                                                      { "x-amzn-RequestId", invocation->request_id },
                                                      { "Content-Length", own->length },
                                                      { "Date", own->date },
                                                      { "X-Amzn-Trace-Id", own->trace_id },
                                                      { "Content-Type", "application/json" } },
               sizeof own->headers);
}

static void write_result(struct gal_buffer *output, const struct gal_invocation *invocation,
                         const struct gal_lambda_answer *answer, const json_t *payload)
{
        struct gal_lambda_answer whole = *answer;
        struct own_headers own;

        if (!whole.headers) {
                make_own_headers(&own, invocation, answer->payload_len);
                whole.headers = own.headers;
                whole.header_count = OWN_HEADERS;
        }
        write_envelope(output, invocation, &whole, payload);
        gal_assert(output->status == GAL_OK); /* a header's name is HTTP's, the rest was cleaned */
}

/* Answers */

static void fail_no_json(struct gal_invocation *invocation, const struct gal_lambda_answer *answer,
                         const struct gal_error *error)
{
        const char *type = find_header(answer, "Content-Type");
        gal_auto_free char *message = gal_format(
                "The function's answer is not JSON: %s at line %u, column %u (%zu bytes, Content-Type %.100s)",
                error->message, (unsigned)error->at.line, (unsigned)error->at.column, answer->payload_len,
                type ? type : "not given");

        gal_invocation_fail_runtime(invocation, "Runtime.MalformedResponse", message);
}

static void succeed(struct gal_invocation *invocation, const struct gal_lambda_answer *answer,
                    const json_t *payload)
{
        struct gal_call_handle *handle = invocation->handle;
        struct gal_buffer output = GAL_BUFFER_INIT;

        if (!handle) {
                gal_invocation_free(invocation);
                return;
        }
        if (!invocation->direct)
                write_result(&output, invocation, answer, payload);
        gal_invocation_free(invocation);
        if (output.data)
                gal_call_succeed(handle, output.data, output.len);
        else
                gal_call_succeed(handle, answer->payload, answer->payload_len);
        gal_buffer_finish(&output);
}

void gal_invocation_answer(struct gal_invocation *invocation, const struct gal_lambda_answer *answer)
{
        bool empty = answer->payload_len == 0 && invocation->type != GAL_INVOCATION_REQUEST_RESPONSE;
        struct gal_error error = { 0 };
        json_t *payload = NULL;

        if (answer->payload_len > GAL_PAYLOAD_SIZE_MAX)
                gal_invocation_fail_too_large(invocation);
        else if (answer->failed)
                fail_with_payload(invocation, answer);
        else if (!empty && gal_json_read(answer->payload, answer->payload_len, &payload, &error) != GAL_OK)
                fail_no_json(invocation, answer, &error);
        else
                succeed(invocation, answer, payload);
        json_decref(payload);
}

void gal_invocation_started(struct gal_invocation *invocation)
{
        if (invocation->handle)
                gal_call_started(invocation->handle);
}

void gal_invocation_answer_early(struct gal_invocation *invocation, int status_code)
{
        struct gal_lambda_answer answer = { .status_code = status_code, .payload = "" };
        struct gal_call_handle *handle = invocation->handle;
        struct gal_buffer output = GAL_BUFFER_INIT;

        write_result(&output, invocation, &answer, NULL);
        handle->state = NULL;
        invocation->handle = NULL;
        invocation->lambda->tasks->background++;
        gal_call_succeed(handle, output.data, output.len);
        gal_buffer_finish(&output);
}
