/*
 * forward.c: see forward.h. libcurl's easy interface, a connection a call.
 *
 * No redirects and no proxies: what the environment says of those is not ours, as in net/http.h.
 */
#include "cli/forward.h"

#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/endpoint.h"

/* Starting waits for a commit, and a commit for a database that may be failing over. */
#define ANSWER_TIMEOUT_MS 60000
/* What an action takes by itself, and then an answer that is on its way. */
#define POLL_TIMEOUT_MS (GAL_POLL_MS + 15000)
#define SYNC_TIMEOUT_MS 315000
#define SOCKET_CONNECT_TIMEOUT_MS 2000
#define CONTENT_TYPE "application/x-amz-json-1.0"

long gal_forward_timeout_ms(const char *action)
{
        if (strcmp(action, "GetActivityTask") == 0)
                return POLL_TIMEOUT_MS;
        if (strcmp(action, "StartSyncExecution") == 0 || strcmp(action, "TestState") == 0)
                return SYNC_TIMEOUT_MS;
        return ANSWER_TIMEOUT_MS;
}

static size_t receive(char *data, size_t size, size_t count, void *user)
{
        struct gal_buffer *answer = user;

        gal_buffer_append(answer, data, size * count);
        return answer->status == GAL_OK ? size * count : 0;
}

/* Headers. */

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
        gal_auto_free char *line = gal_format("%s: %s", name, value);

        return gal_need(curl_slist_append(list, line));
}

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum gal_status sign(const struct gal_forward *forward, const char *target, struct curl_slist **list,
                            struct gal_error *error)
{
        const struct gal_endpoint *endpoint = forward->endpoint;
        struct gal_http_header headers[] = { { "Host", endpoint->host },
                                             { "Content-Type", CONTENT_TYPE },
                                             { "X-Amz-Target", target } };
        struct gal_sigv4_request request = { .method = "POST",
                                             .path = endpoint->path,
                                             .headers = headers,
                                             .header_count = sizeof(headers) / sizeof(headers[0]),
                                             .body = forward->body,
                                             .body_len = forward->len };
        struct gal_sigv4_signing signing = {
                .key = &endpoint->key, .region = endpoint->region, .service = "states", .now_ms = now_ms()
        };
        struct gal_sigv4_headers made;
        enum gal_status status = gal_sigv4_sign(&request, &signing, &made, error);

        if (status != GAL_OK)
                return status;
        for (size_t i = 0; i < made.count; i++)
                *list = add_header(*list, made.items[i].name, made.items[i].value);
        gal_sigv4_headers_finish(&made);
        return GAL_OK;
}

/* Also those that libcurl would make, for they are signed. */
static enum gal_status make_headers(const struct gal_forward *forward, struct curl_slist **ret_list,
                                    struct gal_error *error)
{
        gal_auto_free char *target = gal_format("AWSStepFunctions.%s", forward->action);
        struct curl_slist *list = gal_need(curl_slist_append(NULL, "Expect:")); /* no waiting for a permission */
        enum gal_status status = GAL_OK;

        list = add_header(list, "Content-Type", CONTENT_TYPE);
        list = add_header(list, "X-Amz-Target", target);
        if (forward->socket_path == NULL) {
                list = add_header(list, "Host", forward->endpoint->host);
                if (forward->endpoint->key.id != NULL)
                        status = sign(forward, target, &list, error);
        }
        if (status == GAL_OK)
                *ret_list = list;
        else
                curl_slist_free_all(list);
        return status;
}

/* Performing. */

static bool was_connected(CURL *curl)
{
        curl_off_t connected_us = 0;

        curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
        return connected_us > 0;
}

static enum gal_status classify(CURL *curl, CURLcode code)
{
        switch ((int)code) {
        case CURLE_OK:
                return GAL_OK;
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_INTERFACE_FAILED:
                return GAL_ENOTFOUND;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL: /* it does not begin as HTTP does */
        case CURLE_URL_MALFORMAT:
                return GAL_EINVALID;
        case CURLE_OPERATION_TIMEDOUT:
                return was_connected(curl) ? GAL_EIO : GAL_ENOTFOUND;
        default:
                return GAL_EIO;
        }
}

static enum gal_status explain(const struct gal_forward *forward, enum gal_status status, const char *message,
                               struct gal_error *error)
{
        const char *url;

        if (forward->socket_path != NULL)
                return gal_fail(error, status, GAL_NOWHERE, "%s: %s", forward->socket_path, message);
        url = forward->endpoint->url;
        if (status == GAL_ENOTFOUND)
                return gal_fail(error, status, GAL_NOWHERE, "nothing answers at %s (%s): %s", url,
                                forward->endpoint->source, message);
        if (status == GAL_EINVALID)
                return gal_fail(error, status, GAL_NOWHERE, "%s (%s) is no such server: %s", url,
                                forward->endpoint->source, message);
        return gal_fail(error, status, GAL_NOWHERE,
                        "%s (%s) has not answered: %s; whether %s was done is not known", url,
                        forward->endpoint->source, message, forward->action);
}

static enum gal_status perform(CURL *curl, const struct gal_forward *forward, const struct gal_buffer *answer,
                               struct gal_error *error)
{
        char message[CURL_ERROR_SIZE] = "";
        CURLcode code;

        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
        code = curl_easy_perform(curl);
        if (code == CURLE_OK)
                return GAL_OK;
        if (answer->status == GAL_ELIMIT)
                snprintf(message, sizeof(message), "the answer is larger than %u bytes", GAL_JSON_TEXT_SIZE_MAX);
        return explain(forward, classify(curl, code), message[0] != '\0' ? message : curl_easy_strerror(code),
                       error);
}

static void set_target(CURL *curl, const struct gal_forward *forward)
{
        long connect_ms = forward->socket_path != NULL ? SOCKET_CONNECT_TIMEOUT_MS : GAL_HTTP_CONNECT_TIMEOUT_MS;

        curl_easy_setopt(curl, CURLOPT_URL,
                         forward->socket_path != NULL ? "http://galliard/" : forward->endpoint->url);
        if (forward->socket_path != NULL)
                curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, forward->socket_path);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* as it was signed */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, gal_forward_timeout_ms(forward->action));
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

enum gal_status gal_forward(const struct gal_forward *forward, long *ret_http_status, struct gal_buffer *answer,
                            struct gal_error *error)
{
        struct curl_slist *headers;
        enum gal_status status = make_headers(forward, &headers, error);
        CURL *curl;

        if (status != GAL_OK)
                return status;
        curl = gal_need(curl_easy_init());
        set_target(curl, forward);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, forward->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)forward->len);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        gal_buffer_clear(answer);
        answer->size_max = GAL_JSON_TEXT_SIZE_MAX;
        status = perform(curl, forward, answer, error);
        if (status == GAL_OK)
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_http_status);
        curl_slist_free_all(headers);
        curl_easy_cleanup(curl);
        return status;
}
