/*
 * fuzz_sigv4.c: any bytes as an Authorization header are refused with a reason that can be printed; and whatever
 * path, query, header and body a request has, what we sign we accept, but not with another body.
 *
 * The bytes are lines: Authorization, X-Amz-Date, path, query, a header's value; the body is the rest.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "net/sigv4.h"

enum { LINES = 5 };

static const struct gal_sigv4_key key = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL };
static const int64_t now_ms = 1440938160000; /* 20150830T123600Z */

static const struct gal_sigv4_key *find_key(void *user, const char *id)
{
        (void)user;
        return strcmp(id, key.id) == 0 ? &key : NULL;
}

static const struct gal_sigv4_key *verify(const struct gal_sigv4_request *request, const char *service,
                                          struct gal_sigv4_refusal *refusal)
{
        const struct gal_sigv4_verifying verifying = { .find_key = find_key, .service = service, .now_ms = now_ms };
        const struct gal_sigv4_key *found = gal_sigv4_verify(request, &verifying, refusal);

        gal_assert(found == NULL || found == &key);
        return found;
}

static void check_header(const char *authorization, const char *date)
{
        const struct gal_http_header headers[] = { { "Host", "h" },
                                                   { "Authorization", authorization },
                                                   { "X-Amz-Date", date } };
        const struct gal_sigv4_request request = {
                .method = "POST", .path = "/", .headers = headers, .header_count = 3, .body = "{}", .body_len = 2
        };
        struct gal_sigv4_refusal refusal = { NULL, "" };

        if (verify(&request, "states", &refusal) != NULL)
                return; /* somebody has the secret: it stands above */
        gal_assert(refusal.type != NULL);
        gal_assert(refusal.message[0] != '\0');
        for (const char *c = refusal.message; *c != '\0'; c++)
                gal_assert(*c >= ' ' && *c <= '~');
}

static void check_round_trip(const char *const *lines, const char *body, size_t body_len, const char *service)
{
        const struct gal_sigv4_signing signing = {
                .key = &key, .region = "us-east-1", .service = service, .now_ms = now_ms
        };
        struct gal_http_header headers[2 + GAL_SIGV4_HEADERS_MAX] = { { "Host", "h" }, { "X-Other", lines[4] } };
        struct gal_sigv4_request request = { .method = "POST",
                                             .path = lines[2],
                                             .query = lines[3],
                                             .headers = headers,
                                             .header_count = 2,
                                             .body = body,
                                             .body_len = body_len };
        struct gal_sigv4_refusal refusal = { NULL, "" };
        struct gal_sigv4_headers made;

        gal_assert(gal_sigv4_sign(&request, &signing, &made, NULL) == GAL_OK);
        memcpy(headers + 2, made.items, made.count * sizeof(made.items[0]));
        request.header_count += made.count;
        gal_assert(verify(&request, service, &refusal) == &key);
        if (body_len > 0) {
                request.body_len--;
                gal_assert(verify(&request, service, &refusal) == NULL);
        }
        gal_sigv4_headers_finish(&made);
}

/* A line as a string: what a header cannot hold becomes a blank. */
static const char *take_line(char **rest)
{
        char *line = *rest;
        size_t len = strcspn(line, "\n");

        *rest = line + len + (line[len] == '\n');
        line[len] = '\0';
        return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = gal_calloc(size + 1, 1);
        const char *lines[LINES];
        char *rest = text;

        for (size_t i = 0; i < size; i++)
                text[i] = data[i] == '\0' || data[i] == '\r' ? ' ' : (char)data[i];
        for (int i = 0; i < LINES; i++)
                lines[i] = take_line(&rest);
        check_header(lines[0], lines[1]);
        check_round_trip(lines, rest, strlen(rest), "states");
        check_round_trip(lines, rest, strlen(rest), "s3");
        free(text);
        return 0;
}
