/*
 * endpoint.c: see endpoint.h. The variables are those of the AWS CLI, so what is set up for that works here, too.
 */
#include "cli/endpoint.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "runtime/settings.h"

static const char *variable(const char *name)
{
        const char *value = getenv(name);

        return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Which URL, and who says so. */
static enum gal_status find_url(const char *given, bool has_store, const char **ret_url, const char **ret_source,
                                struct gal_error *error)
{
        static const char *const names[] = { "GALLIARD_ENDPOINT", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL" };
        bool names_store = variable("GALLIARD_STORE") != NULL;

        *ret_url = given;
        *ret_source = "--endpoint";
        if (given != NULL && has_store)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "--store and --endpoint are two places; give one of them");
        if (given != NULL || has_store)
                return GAL_OK;
        if (names_store && variable(names[0]) != NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "GALLIARD_STORE and GALLIARD_ENDPOINT are both set; unset one of them, or give "
                                "--store or --endpoint");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && *ret_url == NULL && !names_store; i++) {
                *ret_url = variable(names[i]);
                *ret_source = names[i];
        }
        return GAL_OK;
}

/* (transfer full) NULL: there is no such part. */
static char *part_of(CURLU *parts, CURLUPart part, unsigned flags)
{
        char *text = NULL, *copy;

        if (curl_url_get(parts, part, &text, flags) != CURLUE_OK)
                return NULL;
        copy = gal_strdup(text);
        curl_free(text);
        return copy;
}

static enum gal_status take_parts(CURLU *parts, struct gal_endpoint *endpoint, struct gal_error *error)
{
        gal_auto_free char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
        gal_auto_free char *host = part_of(parts, CURLUPART_HOST, 0);
        gal_auto_free char *port = part_of(parts, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
        gal_auto_free char *path = part_of(parts, CURLUPART_PATH, 0);
        gal_auto_free char *user = part_of(parts, CURLUPART_USER, 0);
        gal_auto_free char *password = part_of(parts, CURLUPART_PASSWORD, 0);
        gal_auto_free char *query = part_of(parts, CURLUPART_QUERY, 0);
        gal_auto_free char *fragment = part_of(parts, CURLUPART_FRAGMENT, 0);

        if (scheme == NULL || host == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "it must be http://HOST:PORT or https://HOST");
        if (user != NULL || password != NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "a user has no place in it; requests are signed with AWS_ACCESS_KEY_ID and "
                                "AWS_SECRET_ACCESS_KEY");
        if (query != NULL || fragment != NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "it must end with its path");
        endpoint->path = gal_strdup(path != NULL ? path : "/");
        endpoint->host = port != NULL ? gal_format("%s:%s", host, port) : gal_strdup(host);
        endpoint->url = gal_format("%s://%s%s", scheme, endpoint->host,
                                   strcmp(endpoint->path, "/") == 0 ? "" : endpoint->path);
        return GAL_OK;
}

static enum gal_status parse_url(const char *url, struct gal_endpoint *endpoint, struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        CURLU *parts = gal_need(curl_url());
        CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
        enum gal_status status;

        if (code == CURLUE_OK)
                status = take_parts(parts, endpoint, &own);
        else
                status = gal_fail(&own, GAL_EINVALID, GAL_NOWHERE, "it must be http://HOST:PORT or https://HOST");
        curl_url_cleanup(parts);
        if (status != GAL_OK)
                return gal_fail(error, status, GAL_NOWHERE, "%s is not the URL of an endpoint: %s", endpoint->source, own.message);
        return GAL_OK;
}

/* Half a key is a mistake that the server would tell of in riddles. */
static enum gal_status find_key(struct gal_endpoint *endpoint, struct gal_error *error)
{
        const char *id = variable("AWS_ACCESS_KEY_ID"), *secret = variable("AWS_SECRET_ACCESS_KEY");

        if ((id == NULL) != (secret == NULL))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "%s is set, but %s is not",
                                id != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                                id != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
        endpoint->key = (struct gal_sigv4_key){ .id = id,
                                                .secret = secret,
                                                .session_token = variable("AWS_SESSION_TOKEN") };
        return GAL_OK;
}

static const char *find_region(const char *given)
{
        static const char *const names[] = { "GALLIARD_REGION", "AWS_REGION", "AWS_DEFAULT_REGION" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && given == NULL; i++)
                given = variable(names[i]);
        return given != NULL ? given : GAL_REGION_USUAL;
}

enum gal_status gal_endpoint_choose(const char *given, bool has_store, const char *region,
                                    struct gal_endpoint *ret_endpoint, struct gal_error *error)
{
        struct gal_endpoint endpoint = { .url = NULL };
        const char *url;
        enum gal_status status = find_url(given, has_store, &url, &endpoint.source, error);

        if (status == GAL_OK && url != NULL) {
                endpoint.region = find_region(region);
                status = parse_url(url, &endpoint, error);
                if (status == GAL_OK)
                        status = find_key(&endpoint, error);
        }
        if (status == GAL_OK)
                *ret_endpoint = endpoint;
        else
                gal_endpoint_finish(&endpoint);
        return status;
}

void gal_endpoint_finish(struct gal_endpoint *endpoint)
{
        free(endpoint->url);
        free(endpoint->host);
        free(endpoint->path);
        *endpoint = (struct gal_endpoint){ .url = NULL };
}
