/*
 * forward.c: see forward.h. libcurl's easy interface, a connection a call.
 */
#include "cli/forward.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Starting waits for a commit, and a commit for a database that may be failing over. */
#define ANSWER_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 2000

static size_t receive(char *data, size_t size, size_t count, void *user)
{
        struct gal_buffer *answer = user;

        gal_buffer_append(answer, data, size * count);
        return answer->status == GAL_OK ? size * count : 0;
}

static struct curl_slist *make_headers(const char *action)
{
        gal_auto_free char *target = gal_format("X-Amz-Target: AWSStepFunctions.%s", action);
        struct curl_slist *list = gal_need(curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.0"));

        list = gal_need(curl_slist_append(list, "Expect:")); /* no waiting for a permission to send */
        return gal_need(curl_slist_append(list, target));
}

static enum gal_status perform(CURL *curl, const char *path, struct gal_error *error)
{
        char message[CURL_ERROR_SIZE] = "";
        CURLcode code;

        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
        code = curl_easy_perform(curl);
        if (code == CURLE_OK)
                return GAL_OK;
        return gal_fail(error, code == CURLE_COULDNT_CONNECT ? GAL_ENOTFOUND : GAL_EIO, GAL_NOWHERE, "%s: %s", path,
                        message[0] != '\0' ? message : curl_easy_strerror(code));
}

enum gal_status gal_forward(const char *path, const char *action, const char *body, size_t len,
                            long *ret_http_status, struct gal_buffer *answer, struct gal_error *error)
{
        CURL *curl = gal_need(curl_easy_init());
        struct curl_slist *headers = make_headers(action);
        enum gal_status status;

        curl_easy_setopt(curl, CURLOPT_URL, "http://galliard/");
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
        curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        gal_buffer_clear(answer);
        status = perform(curl, path, error);
        if (status == GAL_OK)
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_http_status);
        curl_slist_free_all(headers);
        curl_easy_cleanup(curl);
        return status;
}
