/*
 * test_http.c: the HTTP client against a server that behaves and misbehaves (tests/fakes/endpoint.py).
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake.h"
#include "leaks.h"
#include "net/http.h"
#include "net/loop.h"

static int port;
static struct gal_loop *loop;
static struct gal_http *http;

/* What came of the last call, copied. */
static struct {
        enum gal_http_failure failure;
        int status;
        char message[512];
        char headers[8192]; /* "name: value\n" each */
        char *body;
        size_t body_len;
        int calls;
} seen;

static void start_server(void)
{
        port = fake_start("endpoint.py");
}

static void setup(void)
{
        leaks_mark();
        memset(&seen, 0, sizeof seen);
        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
        ck_assert_int_eq(gal_http_create(loop, &http, NULL), GAL_OK);
}

static void teardown(void)
{
        gal_http_destroy(http);
        gal_loop_destroy(loop);
        free(seen.body);
        leaks_check();
}

static void keep(void *user, const struct gal_http_response *response)
{
        (void)user;
        free(seen.body);
        seen.failure = response->failure;
        seen.status = response->status;
        snprintf(seen.message, sizeof seen.message, "%s", response->message);
        seen.headers[0] = '\0';
        for (size_t i = 0; i < response->header_count; i++)
                snprintf(seen.headers + strlen(seen.headers), sizeof seen.headers - strlen(seen.headers),
                         "%s: %s\n", response->headers[i].name, response->headers[i].value);
        seen.body = strdup(response->body);
        seen.body_len = response->body_len;
        seen.calls++;
        gal_loop_stop(loop);
}

static struct gal_http_call *post(const char *name, const char *body, int64_t timeout_ms)
{
        char url[256];
        struct gal_http_request request = {
                .method = "POST", .url = url, .body = body, .body_len = strlen(body), .timeout_ms = timeout_ms
        };
        struct gal_http_call *call;
        int calls = seen.calls;

        snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, name);
        call = gal_http_send(http, &request, keep, NULL);
        ck_assert_int_eq(seen.calls, calls);
        return call;
}

static void run_post(const char *name, const char *body)
{
        int calls = seen.calls;

        post(name, body, 10000);
        gal_loop_run(loop);
        ck_assert_int_eq(seen.calls, calls + 1);
}

START_TEST(a_request_comes_back)
{
        run_post("echo", "{\"a\":1}");
        ck_assert_int_eq(seen.failure, GAL_HTTP_OK);
        ck_assert_int_eq(seen.status, 200);
        ck_assert_str_eq(seen.body, "{\"a\":1}");
        ck_assert_str_eq(seen.message, "");
        ck_assert_ptr_nonnull(strstr(seen.headers, "X-Amz-Executed-Version: $LATEST\n"));
}
END_TEST

START_TEST(method_and_headers_arrive)
{
        const struct gal_http_header headers[] = { { "X-One", "1" },
                                                   { "X-Empty", "" },
                                                   { "Content-Type", "text/x" } };
        char url[256];
        struct gal_http_request request = {
                .method = "PUT", .url = url, .headers = headers, .header_count = 3, .body = "b", .body_len = 1
        };

        snprintf(url, sizeof url, "http://127.0.0.1:%d/mirror?x=%%20y", port);
        gal_http_send(http, &request, keep, NULL);
        gal_loop_run(loop);
        ck_assert_ptr_nonnull(strstr(seen.body, "\"method\": \"PUT\""));
        ck_assert_ptr_nonnull(strstr(seen.body, "\"target\": \"/mirror?x=%20y\""));
        ck_assert_ptr_nonnull(strstr(seen.body, "\"x-one\": \"1\""));
        ck_assert_ptr_nonnull(strstr(seen.body, "\"x-empty\": \"\""));
        ck_assert_ptr_nonnull(strstr(seen.body, "\"content-type\": \"text/x\""));
        ck_assert_ptr_null(strstr(seen.body, "expect"));
        ck_assert_ptr_nonnull(strstr(seen.body, "\"body\": \"b\""));
}
END_TEST

START_TEST(methods_without_a_body)
{
        static const char *const methods[] = { "GET", "POST", "DELETE", "OPTIONS" };
        char url[256], expected[64];

        snprintf(url, sizeof url, "http://127.0.0.1:%d/mirror", port);
        for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
                struct gal_http_request request = { .method = methods[i], .url = url };

                gal_http_send(http, &request, keep, NULL);
                gal_loop_run(loop);
                snprintf(expected, sizeof expected, "\"method\": \"%s\"", methods[i]);
                ck_assert_ptr_nonnull(strstr(seen.body, expected));
                ck_assert_ptr_nonnull(strstr(seen.body, "\"body\": \"\""));
                ck_assert_ptr_null(strstr(seen.body, "content-type"));
        }
}
END_TEST

START_TEST(the_proxy_of_the_environment_is_none_of_ours)
{
        setenv("http_proxy", "http://127.0.0.1:1", 1);
        setenv("all_proxy", "http://127.0.0.1:1", 1);
        run_post("echo", "1");
        ck_assert_int_eq(seen.failure, GAL_HTTP_OK);
}
END_TEST

START_TEST(connections_are_kept)
{
        char first[16];

        run_post("counted", "");
        snprintf(first, sizeof first, "%s", seen.body);
        run_post("counted", "");
        ck_assert_str_eq(seen.body, first);
}
END_TEST

START_TEST(a_kept_connection_that_was_closed_is_replaced)
{
        for (int i = 0; i < 5; i++) {
                run_post("dropidle", "{}");
                ck_assert_int_eq(seen.failure, GAL_HTTP_OK);
                gal_loop_turn(loop, 20);
        }
}
END_TEST

START_TEST(misbehaviour_has_a_name)
{
        static const struct {
                const char *name;
                enum gal_http_failure failure;
        } cases[] = {
                { "garbage", GAL_HTTP_GARBAGE },   { "early", GAL_HTTP_DROPPED },
                { "half", GAL_HTTP_DROPPED },      { "headless", GAL_HTTP_DROPPED },
                { "halfchunk", GAL_HTTP_DROPPED }, { "badchunk", GAL_HTTP_DROPPED },
                { "huge", GAL_HTTP_TOO_LARGE },    { "chunked", GAL_HTTP_OK },
                { "interim", GAL_HTTP_OK },        { "closing", GAL_HTTP_OK },
                { "moved", GAL_HTTP_OK },          { "manyheaders", GAL_HTTP_TOO_LARGE },
                { "oddheaders", GAL_HTTP_OK },     { "shortheaders", GAL_HTTP_TOO_LARGE },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char origin[64];

                run_post(cases[i].name, "{\"some\":\"body that is longer than a chunk\"}");
                ck_assert_msg(seen.failure == cases[i].failure, "%s: %d, %s", cases[i].name, seen.failure,
                              seen.message);
                snprintf(origin, sizeof origin, "http://127.0.0.1:%d: ", port);
                if (cases[i].failure != GAL_HTTP_OK)
                        ck_assert_msg(strncmp(seen.message, origin, strlen(origin)) == 0 &&
                                              strlen(seen.message) > strlen(origin),
                                      "%s: %s", cases[i].name, seen.message);
        }
}
END_TEST

START_TEST(chunks_are_put_together)
{
        run_post("chunked", "{\"some\":\"body that is longer than a chunk\"}");
        ck_assert_str_eq(seen.body, "{\"some\":\"body that is longer than a chunk\"}");
}
END_TEST

START_TEST(headers_of_an_interim_response_are_not_kept)
{
        run_post("interim", "{}");
        ck_assert_int_eq(seen.status, 200);
        ck_assert_ptr_null(strstr(seen.headers, "X-Early"));
}
END_TEST

START_TEST(odd_headers_are_kept_or_dropped)
{
        run_post("oddheaders", "{}");
        ck_assert_ptr_nonnull(strstr(seen.headers, "Set-Cookie: a\nSet-Cookie: b\n"));
        ck_assert_ptr_nonnull(strstr(seen.headers, "X-Empty: \n"));
        ck_assert_ptr_null(strstr(seen.headers, "not a header"));
}
END_TEST

START_TEST(a_redirect_is_not_followed)
{
        run_post("moved", "{}");
        ck_assert_int_eq(seen.status, 301);
}
END_TEST

START_TEST(nobody_listens)
{
        char url[64];
        struct gal_http_request request = { .method = "POST", .url = url, .body = "{}", .body_len = 2 };

        snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/?key=secret", fake_closed_port());
        gal_http_send(http, &request, keep, NULL);
        gal_loop_run(loop);
        ck_assert_int_eq(seen.failure, GAL_HTTP_UNREACHABLE);
        ck_assert_ptr_null(strstr(seen.message, "secret"));
}
END_TEST

START_TEST(a_late_answer_is_too_late)
{
        post("late", "{}", 100);
        gal_loop_run(loop);
        ck_assert_int_eq(seen.failure, GAL_HTTP_TIMED_OUT);
}
END_TEST

START_TEST(a_late_answer_on_a_kept_connection_too)
{
        run_post("echo", "{}");
        post("late", "{}", 100);
        gal_loop_run(loop);
        ck_assert_int_eq(seen.failure, GAL_HTTP_TIMED_OUT);
}
END_TEST

START_TEST(a_request_that_cannot_be_sent_is_refused_later)
{
        static const struct gal_http_header split = { "X-A", "1\r\nX-B: 2" }, odd = { "X A", "1" };
        const struct {
                const char *url;
                const struct gal_http_header *header;
        } cases[] = {
                { "ftp://127.0.0.1/x", NULL },       { "http://", NULL },     { "nonsense", NULL },
                { "http://127.0.0.1:99999/", NULL }, { "http://h/", &split }, { "http://h/", &odd },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct gal_http_request request = { .method = "GET",
                                                    .url = cases[i].url,
                                                    .headers = cases[i].header,
                                                    .header_count = cases[i].header != NULL };

                gal_http_send(http, &request, keep, NULL);
                ck_assert_int_eq(seen.calls, (int)i);
                gal_loop_run(loop);
                ck_assert_msg(seen.failure == (i == 2 ? seen.failure : GAL_HTTP_BAD_REQUEST), "%zu: %s", i,
                              seen.message);
                ck_assert_int_ne(seen.failure, GAL_HTTP_OK);
        }
}
END_TEST

/* Credentials travel on them: no child may have one. */
START_TEST(connections_are_closed_on_exec)
{
        int found = 0;

        run_post("echo", "{}");
        for (int i = 3; i < 1024; i++) {
                int domain = 0;
                socklen_t size = sizeof domain;

                if (getsockopt(i, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_INET)
                        continue;
                ck_assert_int_eq(fcntl(i, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
                found++;
        }
        ck_assert_int_eq(found, 1);
}
END_TEST

START_TEST(no_agreement_on_tls)
{
        char url[64];
        struct gal_http_request request = { .method = "GET", .url = url };

        snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
        gal_http_send(http, &request, keep, NULL);
        gal_loop_run(loop);
        ck_assert_msg(seen.failure == GAL_HTTP_TLS_FAILED, "%d: %s", seen.failure, seen.message);
}
END_TEST

START_TEST(a_cancel_says_nothing)
{
        struct gal_http_header split = { "X-A", "1\r\n" };
        struct gal_http_request refused = {
                .method = "GET", .url = "http://h/", .headers = &split, .header_count = 1
        };
        struct gal_http_call *fresh = post("slow", "{}", 0);
        struct gal_http_call *late = post("late", "{}", 0);

        gal_http_cancel(fresh);
        gal_http_cancel(gal_http_send(http, &refused, keep, NULL));
        for (int i = 0; i < 5; i++)
                gal_loop_turn(loop, 20);
        gal_http_cancel(late);
        gal_loop_turn(loop, 20);
        ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(what_is_under_way_is_dropped_at_the_end)
{
        post("late", "{}", 0);
        gal_loop_turn(loop, 20);
        post("echo", "{}", 0);
}
END_TEST

static int many_left;
static struct gal_http_call *other;

static void count_many(void *user, const struct gal_http_response *response)
{
        char expected[32];

        snprintf(expected, sizeof expected, "{\"n\":%ld}", (long)user);
        ck_assert_int_eq(response->failure, GAL_HTTP_OK);
        ck_assert_str_eq(response->body, expected);
        if (other) {
                gal_http_cancel(other); /* from within another's callback */
                other = NULL;
        }
        if (--many_left == 0)
                gal_loop_stop(loop);
}

START_TEST(many_at_once_do_not_mix)
{
        char url[256];
        char bodies[200][32];

        snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", port);
        other = post("late", "{}", 0);
        for (long i = 0; i < 200; i++) {
                struct gal_http_request request = { .method = "POST", .url = url, .body = bodies[i] };

                request.body_len = (size_t)snprintf(bodies[i], sizeof bodies[i], "{\"n\":%ld}", i);
                gal_http_send(http, &request, count_many, (void *)i);
                many_left++;
        }
        gal_loop_run(loop);
        ck_assert_int_eq(many_left, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("net/http");
        TCase *tcase = tcase_create("http");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_unchecked_fixture(tcase, start_server, fake_stop);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_request_comes_back);
        tcase_add_test(tcase, method_and_headers_arrive);
        tcase_add_test(tcase, methods_without_a_body);
        tcase_add_test(tcase, the_proxy_of_the_environment_is_none_of_ours);
        tcase_add_test(tcase, connections_are_kept);
        tcase_add_test(tcase, a_kept_connection_that_was_closed_is_replaced);
        tcase_add_test(tcase, misbehaviour_has_a_name);
        tcase_add_test(tcase, chunks_are_put_together);
        tcase_add_test(tcase, headers_of_an_interim_response_are_not_kept);
        tcase_add_test(tcase, odd_headers_are_kept_or_dropped);
        tcase_add_test(tcase, a_redirect_is_not_followed);
        tcase_add_test(tcase, nobody_listens);
        tcase_add_test(tcase, a_late_answer_is_too_late);
        tcase_add_test(tcase, a_late_answer_on_a_kept_connection_too);
        tcase_add_test(tcase, a_request_that_cannot_be_sent_is_refused_later);
        tcase_add_test(tcase, connections_are_closed_on_exec);
        tcase_add_test(tcase, no_agreement_on_tls);
        tcase_add_test(tcase, a_cancel_says_nothing);
        tcase_add_test(tcase, what_is_under_way_is_dropped_at_the_end);
        tcase_add_test(tcase, many_at_once_do_not_mix);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
