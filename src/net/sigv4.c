/*
 * sigv4.c: see sigv4.h. The words are those of the AWS documentation: a canonical request is hashed into a string
 * to sign, which is signed with a key derived from the secret, the date, the region and the service.
 */
#include "net/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/timestamp.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum { DIGEST_SIZE = 32, HEX_SIZE = 2 * DIGEST_SIZE + 1, DATE_SIZE = 17, DAY_LEN = 8 };

/* Digests. */

static void write_hex(const unsigned char digest[DIGEST_SIZE], char text[HEX_SIZE])
{
        for (int i = 0; i < DIGEST_SIZE; i++)
                snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void hash(const void *data, size_t len, char text[HEX_SIZE])
{
        unsigned char digest[DIGEST_SIZE];

        gal_need(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1 ? digest : NULL);
        write_hex(digest, text);
}

static void sign_text(unsigned char key[DIGEST_SIZE], const char *text, size_t len)
{
        gal_need(HMAC(EVP_sha256(), key, DIGEST_SIZE, (const unsigned char *)text, len, key, NULL));
}

/* Dates: "20150830T123600Z". */

static void write_date(int64_t ms, char text[DATE_SIZE])
{
        char iso[GAL_TIMESTAMP_SIZE];

        gal_timestamp_format(ms, iso);
        snprintf(text, DATE_SIZE, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", iso, iso + 5, iso + 8, iso + 11, iso + 14,
                 iso + 17);
}

static bool read_date(const char *text, int64_t *ret_ms)
{
        struct gal_instant instant;
        char iso[GAL_TIMESTAMP_SIZE];

        if (strlen(text) != DATE_SIZE - 1 || strspn(text, "0123456789TZ") != DATE_SIZE - 1)
                return false;
        snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2s%.1s%.2s:%.2s:%.2s%s", text, text + 4, text + 6, text + 8,
                 text + 9, text + 11, text + 13, text + 15);
        if (!gal_timestamp_parse(iso, strlen(iso), &instant))
                return false;
        *ret_ms = gal_instant_to_ms(instant);
        return true;
}

/* Encoding. */

static bool is_unreserved(unsigned char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_' || c == '~';
}

static void append_encoded(struct gal_buffer *text, const char *bytes, size_t len, bool keep_slash)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)bytes[i];

                if (is_unreserved(c) || (keep_slash && c == '/'))
                        gal_buffer_append_char(text, (char)c);
                else
                        gal_buffer_append_format(text, "%%%02X", c);
        }
}

/* A percent sign that begins no escape stands for itself. */
static void append_decoded(struct gal_buffer *text, const char *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                int high = i + 2 < len && bytes[i] == '%' ? gal_hex_value(bytes[i + 1]) : -1;
                int low = high >= 0 ? gal_hex_value(bytes[i + 2]) : -1;

                if (low >= 0)
                        i += 2;
                gal_buffer_append_char(text, low >= 0 ? (char)(high << 4 | low) : bytes[i]);
        }
}

/* The canonical request. */

/* Dot segments and empty ones go; a slash at the end stays. */
static void append_normal_path(struct gal_buffer *text, const char *path)
{
        while (*path != '\0') {
                size_t len = strcspn(path, "/");
                bool last = path[len] == '\0';

                if (len == 2 && memcmp(path, "..", 2) == 0) {
                        while (text->len > 0 && text->data[--text->len] != '/')
                                ;
                } else if (len > 0 && !(len == 1 && *path == '.')) {
                        gal_buffer_append_char(text, '/');
                        gal_buffer_append(text, path, len);
                }
                if (last)
                        return;
                path += len + 1;
                if (*path == '\0')
                        gal_buffer_append_char(text, '/');
        }
}

/* S3 takes a path as it is and encodes it once; other services normalise it and encode what was encoded. */
static void append_path(struct gal_buffer *canonical, const char *path, const char *service)
{
        struct gal_buffer plain = GAL_BUFFER_INIT;

        if (strcmp(service, "s3") == 0)
                append_decoded(&plain, path, strlen(path));
        else
                append_normal_path(&plain, path);
        if (plain.len == 0)
                gal_buffer_append_char(&plain, '/');
        gal_assert(plain.status == GAL_OK);
        append_encoded(canonical, plain.data, plain.len, /* keep_slash= */ true);
        gal_buffer_finish(&plain);
}

struct parameter {
        char *name;
        char *value;
};

static char *encode_again(const char *bytes, size_t len)
{
        struct gal_buffer plain = GAL_BUFFER_INIT;
        struct gal_buffer encoded = GAL_BUFFER_INIT;

        append_decoded(&plain, bytes, len);
        append_encoded(&encoded, plain.data, plain.len, /* keep_slash= */ false);
        gal_buffer_finish(&plain);
        return gal_need(gal_buffer_take(&encoded, NULL));
}

static int compare_parameters(const void *a, const void *b)
{
        const struct parameter *left = a, *right = b;
        int order = strcmp(left->name, right->name);

        return order != 0 ? order : strcmp(left->value, right->value);
}

static size_t count_of(const char *text, char c)
{
        size_t count = 0;

        for (; *text != '\0'; text++)
                count += *text == c;
        return count;
}

static void append_query(struct gal_buffer *canonical, const char *query)
{
        struct parameter *parameters = gal_new_array(count_of(query, '&') + 1, struct parameter);
        size_t count = 0;

        while (*query != '\0') {
                size_t len = strcspn(query, "&");
                size_t name_len = strcspn(query, "&=");
                size_t value_start = name_len < len ? name_len + 1 : len;

                if (len > 0) {
                        parameters[count].name = encode_again(query, name_len);
                        parameters[count++].value = encode_again(query + value_start, len - value_start);
                }
                query += len + (query[len] == '&');
        }
        qsort(parameters, count, sizeof(*parameters), compare_parameters);
        for (size_t i = 0; i < count; i++) {
                gal_buffer_append_format(canonical, "%s%s=%s", i > 0 ? "&" : "", parameters[i].name,
                                         parameters[i].value);
                free(parameters[i].name);
                free(parameters[i].value);
        }
        free(parameters);
}

/* Without blanks at its ends, and runs of blanks as one. */
static void append_header_value(struct gal_buffer *canonical, const char *value)
{
        bool blank = false, begun = false;

        for (; *value != '\0'; value++) {
                bool is_blank = *value == ' ' || *value == '\t';

                if (!is_blank && blank && begun)
                        gal_buffer_append_char(canonical, ' ');
                if (!is_blank) {
                        gal_buffer_append_char(canonical, *value);
                        begun = true;
                }
                blank = is_blank;
        }
}

static bool is_named(const struct gal_http_header *header, const char *name, size_t len)
{
        return strlen(header->name) == len && strncasecmp(header->name, name, len) == 0;
}

static const char *find_header(const struct gal_sigv4_request *request, const char *name)
{
        for (size_t i = 0; i < request->header_count; i++) {
                if (is_named(&request->headers[i], name, strlen(name)))
                        return request->headers[i].value;
        }
        return NULL;
}

/* One line a name of the list ("host;x-amz-date"); headers of one name are joined by commas. */
static void append_headers(struct gal_buffer *canonical, const struct gal_sigv4_request *request,
                           const char *signed_headers)
{
        const char *name = signed_headers;

        while (*name != '\0') {
                size_t len = strcspn(name, ";");
                bool first = true;

                gal_buffer_append(canonical, name, len);
                gal_buffer_append_char(canonical, ':');
                for (size_t i = 0; i < request->header_count; i++) {
                        if (!is_named(&request->headers[i], name, len))
                                continue;
                        gal_buffer_append_text(canonical, first ? "" : ",");
                        append_header_value(canonical, request->headers[i].value);
                        first = false;
                }
                gal_buffer_append_char(canonical, '\n');
                name += len + (name[len] == ';');
        }
}

static void hash_request(const struct gal_sigv4_request *request, const char *service, const char *signed_headers,
                         const char *payload_hash, char text[HEX_SIZE])
{
        struct gal_buffer canonical = GAL_BUFFER_INIT;

        gal_buffer_append_format(&canonical, "%s\n", request->method);
        append_path(&canonical, request->path, service);
        gal_buffer_append_char(&canonical, '\n');
        append_query(&canonical, request->query != NULL ? request->query : "");
        gal_buffer_append_char(&canonical, '\n');
        append_headers(&canonical, request, signed_headers);
        gal_buffer_append_format(&canonical, "\n%s\n%s", signed_headers, payload_hash);
        gal_assert(canonical.status == GAL_OK);
        hash(canonical.data, canonical.len, text);
        gal_buffer_finish(&canonical);
}

/* The signature. */

struct scope {
        const char *date; /* "20150830T123600Z" */
        const char *region;
        const char *service;
};

static void derive_key(const char *secret, const struct scope *scope, unsigned char key[DIGEST_SIZE])
{
        char *first = gal_format("AWS4%s", secret);
        size_t len = strlen(first);

        gal_need(HMAC(EVP_sha256(), first, (int)len, (const unsigned char *)scope->date, DAY_LEN, key, NULL));
        OPENSSL_cleanse(first, len);
        free(first);
        sign_text(key, scope->region, strlen(scope->region));
        sign_text(key, scope->service, strlen(scope->service));
        sign_text(key, TERMINATOR, strlen(TERMINATOR));
}

static void make_signature(const struct gal_sigv4_request *request, const char *secret, const struct scope *scope,
                           const char *signed_headers, const char *payload_hash, char signature[HEX_SIZE])
{
        unsigned char key[DIGEST_SIZE];
        char request_hash[HEX_SIZE];
        gal_auto_free char *text = NULL;

        hash_request(request, scope->service, signed_headers, payload_hash, request_hash);
        text = gal_format(ALGORITHM "\n%s\n%.*s/%s/%s/" TERMINATOR "\n%s", scope->date, DAY_LEN, scope->date,
                          scope->region, scope->service, request_hash);
        derive_key(secret, scope, key);
        sign_text(key, text, strlen(text));
        write_hex(key, signature);
        OPENSSL_cleanse(key, sizeof(key));
}

/* Signing. */

/* Proxies and clients add, drop or change these after a request was signed. */
static bool changes_on_its_way(const char *name)
{
        static const char *const names[] = {
                "accept-encoding",
                "authorization",
                "cache-control",
                "connection",
                "content-length",
                "expect",
                "from",
                "keep-alive",
                "te",
                "trailer",
                "transfer-encoding",
                "upgrade",
                "user-agent",
                "via",
                "x-amzn-trace-id",
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (strcasecmp(name, names[i]) == 0)
                        return true;
        }
        return false;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *lower_case(const char *text)
{
        char *copy = gal_strdup(text);

        for (char *c = copy; *c != '\0'; c++)
                *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        return copy;
}

/* (transfer full) "host;x-amz-date": lower case, sorted, each name once. */
static char *list_signed_headers(const struct gal_sigv4_request *request)
{
        char **names = gal_new_array(request->header_count + 1, char *);
        struct gal_buffer list = GAL_BUFFER_INIT;
        size_t count = 0;

        for (size_t i = 0; i < request->header_count; i++) {
                if (!changes_on_its_way(request->headers[i].name))
                        names[count++] = lower_case(request->headers[i].name);
        }
        qsort(names, count, sizeof(*names), compare_names);
        for (size_t i = 0; i < count; i++) {
                if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
                        gal_buffer_append_format(&list, "%s%s", list.len > 0 ? ";" : "", names[i]);
        }
        for (size_t i = 0; i < count; i++)
                free(names[i]);
        free(names);
        return gal_need(gal_buffer_take(&list, NULL));
}

static void add_header(struct gal_sigv4_headers *headers, const char *name, char *value)
{
        gal_assert(headers->count < GAL_SIGV4_HEADERS_MAX);
        headers->items[headers->count++] = (struct gal_http_header){ name, value };
}

static enum gal_status check_signable(const struct gal_sigv4_request *request, struct gal_error *error)
{
        static const char *const made[] = { "Authorization", "X-Amz-Content-Sha256", "X-Amz-Date",
                                            "X-Amz-Security-Token" };

        if (find_header(request, "Host") == NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "a request without Host cannot be signed");
        for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
                if (find_header(request, made[i]) != NULL)
                        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                        "the request has a header %s before it was signed", made[i]);
        }
        return GAL_OK;
}

static void hash_payload(const struct gal_sigv4_request *request, bool is_unsigned, char text[HEX_SIZE])
{
        if (is_unsigned)
                snprintf(text, HEX_SIZE, "%s", UNSIGNED_PAYLOAD);
        else
                hash(request->body != NULL ? request->body : "", request->body != NULL ? request->body_len : 0,
                     text);
}

enum gal_status gal_sigv4_sign(const struct gal_sigv4_request *request, const struct gal_sigv4_signing *signing,
                               struct gal_sigv4_headers *ret_headers, struct gal_error *error)
{
        struct gal_sigv4_headers headers = { .count = 0 };
        struct gal_sigv4_request whole = *request;
        char date[DATE_SIZE], payload_hash[HEX_SIZE], signature[HEX_SIZE];
        struct scope scope = { date, signing->region, signing->service };
        gal_auto_free char *signed_headers = NULL;
        struct gal_http_header *all;

        if (check_signable(request, error) != GAL_OK)
                return GAL_EINVALID;
        write_date(signing->now_ms, date);
        hash_payload(request, signing->unsigned_payload, payload_hash);
        add_header(&headers, "X-Amz-Date", gal_strdup(date));
        if (signing->unsigned_payload || strcmp(signing->service, "s3") == 0)
                add_header(&headers, "X-Amz-Content-Sha256", gal_strdup(payload_hash));
        if (signing->key->session_token != NULL)
                add_header(&headers, "X-Amz-Security-Token", gal_strdup(signing->key->session_token));

        all = gal_new_array(request->header_count + headers.count, struct gal_http_header);
        memcpy(all, request->headers, request->header_count * sizeof(*all));
        memcpy(all + request->header_count, headers.items, headers.count * sizeof(*all));
        whole.headers = all;
        whole.header_count += headers.count;
        signed_headers = list_signed_headers(&whole);
        make_signature(&whole, signing->key->secret, &scope, signed_headers, payload_hash, signature);
        free(all);
        add_header(&headers, "Authorization",
                   gal_format(ALGORITHM " Credential=%s/%.*s/%s/%s/" TERMINATOR ", SignedHeaders=%s, Signature=%s",
                              signing->key->id, DAY_LEN, date, signing->region, signing->service, signed_headers,
                              signature));
        *ret_headers = headers;
        return GAL_OK;
}

void gal_sigv4_headers_finish(struct gal_sigv4_headers *headers)
{
        for (size_t i = 0; i < headers->count; i++)
                free((char *)headers->items[i].value);
        headers->count = 0;
}

/* Verifying. */

enum { CREDENTIAL_PARTS = 5 };

struct claim {
        char *text; /* a copy of the header that the rest points into */
        const char *credential;
        const char *signed_headers;
        const char *signature;
        const char *key_id;
        const char *day;
        const char *region;
        const char *service;
        const char *date;
        int64_t date_ms;
};

/* Returns false, so that a check can end with it. */
static bool refuse(struct gal_sigv4_refusal *refusal, const char *type, const char *format, ...) GAL_PRINTF(3, 4);

static bool refuse(struct gal_sigv4_refusal *refusal, const char *type, const char *format, ...)
{
        va_list args;

        refusal->type = type;
        va_start(args, format);
        vsnprintf(refusal->message, sizeof(refusal->message), format, args);
        va_end(args);
        /* What came with the request may be any bytes; an answer is text. */
        for (char *c = refusal->message; *c != '\0'; c++)
                *c = *c < ' ' || *c > '~' ? '?' : *c;
        return false;
}

static bool set_once(const char **slot, const char *value)
{
        if (*slot != NULL)
                return false;
        *slot = value;
        return true;
}

static bool read_pair(struct claim *claim, char *pair, struct gal_sigv4_refusal *refusal)
{
        char *value = strchr(pair, '=');
        bool first = true;

        if (value == NULL)
                return refuse(refusal, "IncompleteSignatureException",
                              "Invalid key=value pair (missing equal-sign) in Authorization header");
        *value++ = '\0';
        if (strcmp(pair, "Credential") == 0)
                first = set_once(&claim->credential, value);
        else if (strcmp(pair, "SignedHeaders") == 0)
                first = set_once(&claim->signed_headers, value);
        else if (strcmp(pair, "Signature") == 0)
                first = set_once(&claim->signature, value);
        if (!first)
                return refuse(refusal, "IncompleteSignatureException",
                              "Authorization header has the '%s' parameter twice", pair);
        return true;
}

/* Pairs stand apart by commas, blanks or both. */
static bool read_pairs(struct claim *claim, char *text, struct gal_sigv4_refusal *refusal)
{
        char *rest = NULL;

        for (char *pair = strtok_r(text, ", \t", &rest); pair != NULL; pair = strtok_r(NULL, ", \t", &rest)) {
                if (!read_pair(claim, pair, refusal))
                        return false;
        }
        return true;
}

static const char *requires(const char *value, const char *sentence)
{
        return value == NULL || *value == '\0' ? sentence : "";
}

static bool is_complete(const struct claim *claim, struct gal_sigv4_refusal *refusal)
{
        char sentences[512];

        snprintf(sentences, sizeof(sentences), "%s%s%s%s",
                 requires(claim->credential, "Authorization header requires 'Credential' parameter. "),
                 requires(claim->signature, "Authorization header requires 'Signature' parameter. "),
                 requires(claim->signed_headers, "Authorization header requires 'SignedHeaders' parameter. "),
                 requires(claim->date,
                          "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                          "header. "));
        if (sentences[0] == '\0')
                return true;
        sentences[strlen(sentences) - 1] = '\0';
        return refuse(refusal, "IncompleteSignatureException", "%s", sentences);
}

static bool read_header(const struct gal_sigv4_request *request, struct claim *claim,
                        struct gal_sigv4_refusal *refusal)
{
        const char *header = find_header(request, "Authorization");
        size_t scheme_len;

        if (header == NULL || *header == '\0')
                return refuse(refusal, "MissingAuthenticationTokenException", "Missing Authentication Token");
        if (strlen(header) > GAL_SIGV4_HEADER_SIZE_MAX)
                return refuse(refusal, "IncompleteSignatureException",
                              "Authorization header is longer than %d bytes", GAL_SIGV4_HEADER_SIZE_MAX);
        claim->date = find_header(request, "X-Amz-Date");
        if (claim->date == NULL)
                claim->date = find_header(request, "Date");
        scheme_len = strcspn(header, " \t");
        if (scheme_len < 5 || memcmp(header, "AWS4-", 5) != 0)
                return is_complete(claim, refusal); /* of another scheme: lacks everything */
        if (scheme_len != strlen(ALGORITHM) || memcmp(header, ALGORITHM, scheme_len) != 0)
                return refuse(refusal, "IncompleteSignatureException", "Unsupported AWS 'algorithm': '%.*s'.",
                              scheme_len > 64 ? 64 : (int)scheme_len, header);
        claim->text = gal_strdup(header + scheme_len);
        return read_pairs(claim, claim->text, refusal) && is_complete(claim, refusal);
}

/* Cuts "keyid/date/region/service/aws4_request" into its parts; an id may have slashes itself on other services,
 * not here. */
static bool read_credential(struct claim *claim, const char *service, const char *region,
                            struct gal_sigv4_refusal *refusal)
{
        char *parts[CREDENTIAL_PARTS] = { (char *)claim->credential };

        if (count_of(claim->credential, '/') != CREDENTIAL_PARTS - 1)
                return refuse(refusal, "IncompleteSignatureException",
                              "Credential must have exactly 5 slash-delimited elements, e.g. "
                              "keyid/date/region/service/term, got '%.128s'.",
                              claim->credential);
        for (int i = 1; i < CREDENTIAL_PARTS; i++) {
                parts[i] = strchr(parts[i - 1], '/');
                *parts[i]++ = '\0';
        }
        claim->key_id = parts[0];
        claim->day = parts[1];
        claim->region = parts[2];
        claim->service = parts[3];
        if (strcmp(parts[4], TERMINATOR) != 0)
                return refuse(refusal, "InvalidSignatureException",
                              "Credential should be scoped with a valid terminator: '" TERMINATOR "', not '%.64s'.",
                              parts[4]);
        if (strcmp(claim->service, service) != 0)
                return refuse(refusal, "InvalidSignatureException",
                              "Credential should be scoped to correct service: '%s'. ", service);
        if (claim->region[0] == '\0' || (region != NULL && strcmp(claim->region, region) != 0))
                return refuse(refusal, "InvalidSignatureException",
                              "Credential should be scoped to a valid region, not '%.64s'. ", claim->region);
        return true;
}

static bool read_claim_date(struct claim *claim, struct gal_sigv4_refusal *refusal)
{
        if (!read_date(claim->date, &claim->date_ms))
                return refuse(refusal, "IncompleteSignatureException",
                              "Date must be in ISO-8601 'basic format'. Got '%.64s'. See "
                              "http://en.wikipedia.org/wiki/ISO_8601",
                              claim->date);
        if (strlen(claim->day) != DAY_LEN || memcmp(claim->day, claim->date, DAY_LEN) != 0)
                return refuse(refusal, "InvalidSignatureException",
                              "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
                              "HTTP: '%.64s' != '%.8s', from '%s'.",
                              claim->day, claim->date, claim->date);
        return true;
}

static bool is_current(const struct claim *claim, int64_t now_ms, struct gal_sigv4_refusal *refusal)
{
        char now[DATE_SIZE], bound[DATE_SIZE];
        /* Dates have whole seconds: so has the window. */
        int64_t seconds = now_ms / 1000, sent = claim->date_ms / 1000;

        write_date(now_ms, now);
        if (sent < seconds - GAL_SIGV4_WINDOW_SECONDS) {
                write_date((seconds - GAL_SIGV4_WINDOW_SECONDS) * 1000, bound);
                return refuse(refusal, "InvalidSignatureException",
                              "Signature expired: %s is now earlier than %s (%s - %d min.)", claim->date, bound,
                              now, GAL_SIGV4_WINDOW_SECONDS / 60);
        }
        if (sent > seconds + GAL_SIGV4_WINDOW_SECONDS) {
                write_date((seconds + GAL_SIGV4_WINDOW_SECONDS) * 1000, bound);
                return refuse(refusal, "InvalidSignatureException",
                              "Signature not yet current: %s is still later than %s (%s + %d min.)", claim->date,
                              bound, now, GAL_SIGV4_WINDOW_SECONDS / 60);
        }
        return true;
}

static bool equal_secretly(const char *a, const char *b)
{
        size_t len = strlen(a);

        return strlen(b) == len && CRYPTO_memcmp(a, b, len) == 0;
}

/* A token that belongs to no session of the key is as bad as an unknown key. */
static bool is_session(const struct gal_sigv4_request *request, const struct gal_sigv4_key *key)
{
        const char *token = find_header(request, "X-Amz-Security-Token");

        if (key == NULL || (token == NULL) != (key->session_token == NULL))
                return false;
        return token == NULL || equal_secretly(token, key->session_token);
}

static bool is_listed(const char *list, const char *name)
{
        size_t name_len = strlen(name);

        for (;;) {
                size_t len = strcspn(list, ";");

                if (len == name_len && strncasecmp(list, name, len) == 0)
                        return true;
                if (list[len] == '\0')
                        return false;
                list += len + 1;
        }
}

/* X-Amz-Target names the action: a request whose target is not signed could be turned into another. */
static bool are_signed(const struct gal_sigv4_request *request, const struct claim *claim,
                       struct gal_sigv4_refusal *refusal)
{
        if (find_header(request, "Host") == NULL || !is_listed(claim->signed_headers, "host"))
                return refuse(refusal, "InvalidSignatureException",
                              "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        for (size_t i = 0; i < request->header_count; i++) {
                const char *name = request->headers[i].name;

                if (strncasecmp(name, "x-amz-", 6) == 0 && !is_listed(claim->signed_headers, name))
                        return refuse(refusal, "InvalidSignatureException",
                                      "There were headers present in the request which were not signed: %.64s",
                                      name);
        }
        if (find_header(request, "X-Amz-Date") == NULL && !is_listed(claim->signed_headers, "date"))
                return refuse(refusal, "InvalidSignatureException",
                              "There were headers present in the request which were not signed: Date");
        return true;
}

/* The hash is made of the body that came, never believed. */
static bool read_payload_hash(const struct gal_sigv4_request *request, bool may_be_unsigned,
                              char payload_hash[HEX_SIZE], struct gal_sigv4_refusal *refusal)
{
        const char *stated = find_header(request, "X-Amz-Content-Sha256");
        bool is_unsigned = stated != NULL && strcmp(stated, UNSIGNED_PAYLOAD) == 0;

        if (is_unsigned && !may_be_unsigned)
                return refuse(refusal, "InvalidSignatureException", "The payload must be signed.");
        hash_payload(request, is_unsigned, payload_hash);
        if (stated != NULL && strcmp(stated, payload_hash) != 0)
                return refuse(refusal, "InvalidSignatureException",
                              "The provided 'x-amz-content-sha256' header does not match what was computed.");
        return true;
}

static bool matches(const struct gal_sigv4_request *request, const struct claim *claim,
                    const struct gal_sigv4_key *key, const char *payload_hash, struct gal_sigv4_refusal *refusal)
{
        struct scope scope = { claim->date, claim->region, claim->service };
        char signature[HEX_SIZE];

        make_signature(request, key->secret, &scope, claim->signed_headers, payload_hash, signature);
        if (equal_secretly(signature, claim->signature))
                return true;
        return refuse(
                refusal, "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS "
                "Secret Access Key and signing method. Consult the service documentation for details.");
}

static const struct gal_sigv4_key *check_claim(const struct gal_sigv4_request *request, struct claim *claim,
                                               const struct gal_sigv4_verifying *verifying,
                                               struct gal_sigv4_refusal *refusal)
{
        const struct gal_sigv4_key *key;
        char payload_hash[HEX_SIZE];

        if (!read_header(request, claim, refusal) ||
            !read_credential(claim, verifying->service, verifying->region, refusal) ||
            !read_claim_date(claim, refusal))
                return NULL;
        key = verifying->find_key(verifying->user, claim->key_id);
        if (!is_session(request, key)) {
                refuse(refusal, "UnrecognizedClientException",
                       "The security token included in the request is invalid.");
                return NULL;
        }
        if (!is_current(claim, verifying->now_ms, refusal) || !are_signed(request, claim, refusal) ||
            !read_payload_hash(request, verifying->unsigned_payload, payload_hash, refusal) ||
            !matches(request, claim, key, payload_hash, refusal))
                return NULL;
        return key;
}

const struct gal_sigv4_key *gal_sigv4_verify(const struct gal_sigv4_request *request,
                                             const struct gal_sigv4_verifying *verifying,
                                             struct gal_sigv4_refusal *ret_refusal)
{
        struct claim claim = { .text = NULL };
        const struct gal_sigv4_key *key = check_claim(request, &claim, verifying, ret_refusal);

        free(claim.text);
        return key;
}
