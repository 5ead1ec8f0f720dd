/*
 * test_sigv4.c: signatures of AWS, version 4, by the files of tests/cases/net/:
 *
 *   sigv4-published.json  requests and the signatures that AWS published for them: we make the same, and accept
 * them sigv4-changed.json    a request that is signed, then changed: what is said of it
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "net/sigv4.h"

#include <jansson.h>

#define CASES GAL_SOURCE_DIR "/tests/cases/net/"

enum { HEADERS_MAX = 16 };

static json_t *published, *changed;

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

/* A request that can be changed: headers are owned. */
struct draft {
        struct gal_sigv4_request request;
        struct gal_http_header headers[HEADERS_MAX];
};

static void add_header(struct draft *draft, const char *name, const char *value)
{
        ck_assert_uint_lt(draft->request.header_count, HEADERS_MAX);
        draft->headers[draft->request.header_count++] =
                (struct gal_http_header){ gal_strdup(name), gal_strdup(value) };
}

static struct gal_http_header *find_header(struct draft *draft, const char *name)
{
        for (size_t i = 0; i < draft->request.header_count; i++) {
                if (strcasecmp(draft->headers[i].name, name) == 0)
                        return &draft->headers[i];
        }
        return NULL;
}

static void remove_header(struct draft *draft, const char *name)
{
        struct gal_http_header *header = find_header(draft, name);

        if (header == NULL)
                return;
        free((char *)header->name);
        free((char *)header->value);
        *header = draft->headers[--draft->request.header_count];
}

static void begin(struct draft *draft, const json_t *source)
{
        const json_t *header;
        size_t i;

        memset(draft, 0, sizeof(*draft));
        draft->request = (struct gal_sigv4_request){
                .method = text_of(source, "method"),
                .path = text_of(source, "path"),
                .query = text_of(source, "query"),
                .headers = draft->headers,
                .body = text_of(source, "body"),
                .body_len = strlen(text_of(source, "body")),
        };
        json_array_foreach(json_object_get(source, "headers"), i, header) add_header(
                draft, json_string_value(json_array_get(header, 0)), json_string_value(json_array_get(header, 1)));
}

static void finish(struct draft *draft)
{
        while (draft->request.header_count > 0)
                remove_header(draft, draft->headers[0].name);
}

static void sign(struct draft *draft, const json_t *source, const struct gal_sigv4_key *key, bool is_unsigned)
{
        struct gal_sigv4_signing signing = {
                .key = key,
                .region = text_of(source, "region"),
                .service = text_of(source, "service"),
                .now_ms = json_integer_value(json_object_get(source, "now_ms")),
                .unsigned_payload = is_unsigned,
        };
        struct gal_sigv4_headers made;

        ck_assert_int_eq(gal_sigv4_sign(&draft->request, &signing, &made, NULL), GAL_OK);
        for (size_t i = 0; i < made.count; i++)
                add_header(draft, made.items[i].name, made.items[i].value);
        gal_sigv4_headers_finish(&made);
}

static struct gal_sigv4_key key_of(const json_t *source)
{
        return (struct gal_sigv4_key){ text_of(source, "id"), text_of(source, "secret"),
                                       text_of(source, "session_token") };
}

static const struct gal_sigv4_key *find_one(void *user, const char *id)
{
        const struct gal_sigv4_key *key = user;

        return strcmp(key->id, id) == 0 ? key : NULL;
}

START_TEST(published_signature)
{
        const json_t *vector = json_array_get(json_object_get(published, "vectors"), (size_t)_i);
        const char *name = text_of(vector, "name"), *service = text_of(vector, "service");
        struct gal_sigv4_key key = key_of(
                json_object_get(json_object_get(published, "keys"), strcmp(service, "s3") == 0 ? "s3" : "others"));
        struct gal_sigv4_verifying verifying = { .find_key = find_one, .user = &key, .service = service };
        gal_auto_free char *end = gal_format("/%s/aws4_request, SignedHeaders=%s, Signature=%s", service,
                                             text_of(vector, "signed_headers"), text_of(vector, "signature"));
        struct gal_sigv4_refusal refusal = { NULL, "" };
        const char *authorization;
        struct draft draft;

        begin(&draft, vector);
        sign(&draft, vector, &key, false);
        authorization = find_header(&draft, "Authorization")->value;
        ck_assert_msg(strstr(authorization, end) != NULL && strcmp(strstr(authorization, end), end) == 0,
                      "%s\nexpected: %s\ngot:      %s", name, end, authorization);

        verifying.now_ms = json_integer_value(json_object_get(vector, "now_ms"));
        ck_assert_msg(gal_sigv4_verify(&draft.request, &verifying, &refusal) == &key, "%s: %s", name,
                      refusal.message);
        key.secret = "wrong";
        ck_assert_ptr_null(gal_sigv4_verify(&draft.request, &verifying, &refusal));
        ck_assert_str_eq(refusal.type, "InvalidSignatureException");
        finish(&draft);
}
END_TEST

static struct gal_sigv4_key keys[4];

static const struct gal_sigv4_key *find_listed(void *user, const char *id)
{
        (void)user;
        for (size_t i = 0; keys[i].id != NULL; i++) {
                if (strcmp(keys[i].id, id) == 0)
                        return &keys[i];
        }
        return NULL;
}

static void replace_in(struct draft *draft, const char *name, const char *from, const char *to)
{
        struct gal_http_header *header = find_header(draft, name);
        const char *found = strstr(header->value, from);
        char *value;

        ck_assert_msg(found != NULL, "%s is not in %s", from, header->value);
        value = gal_format("%.*s%s%s", (int)(found - header->value), header->value, to, found + strlen(from));
        free((char *)header->value);
        header->value = value;
}

static void change_headers(struct draft *draft, const json_t *change)
{
        const json_t *value;
        const char *name;
        size_t i;

        json_object_foreach(json_object_get(change, "rename"), name, value)
        {
                struct gal_http_header *header = find_header(draft, name);

                free((char *)header->name);
                header->name = gal_strdup(json_string_value(value));
        }
        json_object_foreach(json_object_get(change, "replace"), name, value)
                replace_in(draft, name, json_string_value(json_array_get(value, 0)),
                           json_string_value(json_array_get(value, 1)));
        json_array_foreach(json_object_get(change, "remove"), i, value)
                remove_header(draft, json_string_value(value));
        json_object_foreach(json_object_get(change, "set"), name, value)
        {
                remove_header(draft, name);
                add_header(draft, name, json_string_value(value));
        }
        if (json_object_get(change, "cut") != NULL) {
                char *authorization = (char *)find_header(draft, "Authorization")->value;

                authorization[strlen(authorization) - 1] = '\0';
        }
}

static void change_rest(struct draft *draft, const json_t *change)
{
        if (text_of(change, "method") != NULL)
                draft->request.method = text_of(change, "method");
        if (text_of(change, "path") != NULL)
                draft->request.path = text_of(change, "path");
        if (text_of(change, "query") != NULL)
                draft->request.query = text_of(change, "query");
        if (text_of(change, "body") != NULL) {
                draft->request.body = text_of(change, "body");
                draft->request.body_len = strlen(draft->request.body);
        }
}

START_TEST(changed_request)
{
        const json_t *change = json_array_get(json_object_get(changed, "changes"), (size_t)_i);
        const json_t *source = json_object_get(changed, "request");
        const char *name = text_of(change, "name");
        const char *key_id = text_of(change, "key") != NULL ? text_of(change, "key") : "AKIDEXAMPLE";
        const struct gal_sigv4_key *signer = find_listed(NULL, key_id), *found;
        struct gal_sigv4_verifying verifying = {
                .find_key = find_listed,
                .region = text_of(change, "region"),
                .service = "states",
                .now_ms = json_integer_value(json_object_get(source, "now_ms")) +
                          1000 * json_integer_value(json_object_get(change, "seconds")) + 999,
                .unsigned_payload = json_is_true(json_object_get(change, "accept_unsigned")),
        };
        struct gal_sigv4_refusal refusal = { NULL, "" };
        struct draft draft;

        begin(&draft, source);
        sign(&draft, source, signer, json_is_true(json_object_get(change, "unsigned")));
        change_headers(&draft, change);
        change_rest(&draft, change);
        found = gal_sigv4_verify(&draft.request, &verifying, &refusal);
        if (text_of(change, "type") == NULL) {
                ck_assert_msg(found == signer, "%s: %s", name, refusal.message);
        } else {
                ck_assert_msg(found == NULL, "%s: accepted", name);
                ck_assert_msg(strcmp(refusal.type, text_of(change, "type")) == 0 &&
                                      strcmp(refusal.message, text_of(change, "message")) == 0,
                              "%s\nexpected: %s: %s\ngot:      %s: %s", name, text_of(change, "type"),
                              text_of(change, "message"), refusal.type, refusal.message);
        }
        finish(&draft);
}
END_TEST

/* The error is a fault of the caller's, not of a request that came. */
START_TEST(what_cannot_be_signed)
{
        const json_t *source = json_object_get(changed, "request");
        struct gal_sigv4_signing signing = { &keys[0], "eu-west-1", "states", 0, false };
        struct gal_error error = { .code = GAL_OK };
        struct gal_sigv4_headers made;
        struct draft draft;

        begin(&draft, source);
        add_header(&draft, "x-amz-date", "20261128T120000Z");
        ck_assert_int_eq(gal_sigv4_sign(&draft.request, &signing, &made, &error), GAL_EINVALID);
        ck_assert_str_eq(error.message, "the request has a header X-Amz-Date before it was signed");
        remove_header(&draft, "x-amz-date");
        remove_header(&draft, "Host");
        error.code = GAL_OK;
        ck_assert_int_eq(gal_sigv4_sign(&draft.request, &signing, &made, &error), GAL_EINVALID);
        ck_assert_str_eq(error.message, "a request without Host cannot be signed");
        finish(&draft);
}
END_TEST

/* A header as long as a server lets through is not worked on. */
START_TEST(a_header_without_end)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_sigv4_verifying verifying = { .find_key = find_listed, .service = "states" };
        struct gal_sigv4_refusal refusal = { NULL, "" };
        struct draft draft;

        begin(&draft, json_object_get(changed, "request"));
        gal_buffer_append_text(&text, "AWS4-HMAC-SHA256 SignedHeaders=");
        for (int i = 0; i < 4000; i++)
                gal_buffer_append_text(&text, "a;");
        add_header(&draft, "Authorization", text.data);
        ck_assert_ptr_null(gal_sigv4_verify(&draft.request, &verifying, &refusal));
        ck_assert_str_eq(refusal.type, "IncompleteSignatureException");
        ck_assert_str_eq(refusal.message,
                         "Authorization header requires 'Credential' parameter. Authorization header "
                         "requires 'Signature' parameter. Authorization header requires existence "
                         "of either a 'X-Amz-Date' or a 'Date' header.");
        for (int i = 0; i < 4000; i++)
                gal_buffer_append_text(&text, "a;");
        remove_header(&draft, "Authorization");
        add_header(&draft, "Authorization", text.data);
        ck_assert_ptr_null(gal_sigv4_verify(&draft.request, &verifying, &refusal));
        ck_assert_str_eq(refusal.message, "Authorization header is longer than 8192 bytes");
        gal_buffer_finish(&text);
        finish(&draft);
}
END_TEST

static json_t *load(const char *name)
{
        gal_auto_free char *path = gal_format("%s%s", CASES, name);
        json_error_t error;
        json_t *file = json_load_file(path, 0, &error);

        if (file == NULL) {
                fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
                exit(EXIT_FAILURE);
        }
        return file;
}

int main(void)
{
        Suite *suite = suite_create("net/sigv4");
        TCase *tcase = tcase_create("sigv4");
        const json_t *key;
        SRunner *runner;
        size_t i;
        int failed;

        published = load("sigv4-published.json");
        changed = load("sigv4-changed.json");
        json_array_foreach(json_object_get(changed, "keys"), i, key) keys[i] = key_of(key);
        tcase_add_loop_test(tcase, published_signature, 0,
                            (int)json_array_size(json_object_get(published, "vectors")));
        tcase_add_loop_test(tcase, changed_request, 0, (int)json_array_size(json_object_get(changed, "changes")));
        tcase_add_test(tcase, what_cannot_be_signed);
        tcase_add_test(tcase, a_header_without_end);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        json_decref(published);
        json_decref(changed);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
