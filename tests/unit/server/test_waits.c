/*
 * test_waits.c: requests that wait, with an API of the test's own in place of src/api/api.c: "Poll" waits until it
 * is answered or cancelled, "Commit" until it is answered, "Now" not at all.
 *
 * A client that hangs up in a long poll must be noticed while it waits; past the bounds of what waits, clients are
 * told to come again.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "server/server.h"

/* The API. */

struct waiting {
        struct gal_api_wait wait; /* first */
        LIST_ENTRY(waiting) link;
        gal_api_done done;
        void *user;
        struct gal_api *api;
};

static LIST_HEAD(, waiting) all_waiting;
static size_t waiting_count, cancelled_count;
static bool cancel_is_slow; /* something is on its way to the poll already */

static void answer(struct waiting *waiting, const char *body)
{
        LIST_REMOVE(waiting, link);
        waiting_count--;
        waiting->done(waiting->user, 200, body, strlen(body));
        free(waiting);
}

static void cancel(struct gal_api_wait *wait)
{
        cancelled_count++;
        if (!cancel_is_slow)
                answer((struct waiting *)(void *)wait, "{\"poll\":\"nothing\"}");
}

struct gal_api_wait *gal_api_call(struct gal_api *api, const char *action, const char *body, size_t len,
                                  gal_api_done done, void *user)
{
        struct waiting *waiting;

        (void)body;
        (void)len;
        if (strcmp(action, "Now") == 0) {
                done(user, 200, "{\"now\":1}", 9);
                return NULL;
        }
        waiting = gal_new(struct waiting);
        *waiting = (struct waiting){ .wait.cancel = cancel, .done = done, .user = user, .api = api };
        LIST_INSERT_HEAD(&all_waiting, waiting, link);
        waiting_count++;
        return strcmp(action, "Poll") == 0 ? &waiting->wait : NULL;
}

bool gal_api_find(const char *action, bool *ret_writes)
{
        *ret_writes = strcmp(action, "Commit") == 0;
        return true;
}

/* The place. */

struct place {
        char directory[64];
        char path[96];
        struct gal_runtime *runtime;
        struct gal_loop *loop;
        struct gal_server *server;
};

static void start_place(struct place *place, rlim_t descriptors)
{
        struct gal_runtime_options runtime_options = { .store_url = NULL };
        struct gal_server_options options = { .client_ms_max = 0 };
        struct gal_error error = { .code = GAL_OK };
        struct rlimit limit;

        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = descriptors < limit.rlim_max ? descriptors : limit.rlim_max;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        waiting_count = cancelled_count = 0;
        cancel_is_slow = false;
        strcpy(place->directory, "/tmp/gal-waits-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(place->directory));
        snprintf(place->path, sizeof(place->path), "%s/s", place->directory);
        ck_assert_int_eq(gal_runtime_create(&runtime_options, &place->runtime, &error), GAL_OK);
        place->loop = gal_runtime_loop(place->runtime);
        options.runtime = place->runtime;
        ck_assert_int_eq(gal_server_create(&options, &place->server, &error), GAL_OK);
        ck_assert_msg(gal_server_listen_unix(place->server, place->path, &error) == GAL_OK, "%s", error.message);
}

static void end_place(struct place *place)
{
        gal_server_destroy(place->server);
        while (!LIST_EMPTY(&all_waiting))
                answer(LIST_FIRST(&all_waiting), "{}");
        gal_runtime_destroy(place->runtime);
        ck_assert_int_eq(rmdir(place->directory), 0);
}

static int ask(struct place *place, const char *action)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        gal_auto_free char *text = gal_format("POST / HTTP/1.1\r\nHost: g\r\nX-Amz-Target: AWSStepFunctions.%s\r\n"
                                              "Content-Type: application/x-amz-json-1.0\r\n"
                                              "Content-Length: 2\r\n\r\n{}",
                                              action);

        strcpy(address.sun_path, place->path);
        ck_assert_int_ge(client, 0);
        ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
        return client;
}

static void turn_until(struct place *place, const size_t *count, size_t wanted)
{
        for (int i = 0; i < 2000 && *count != wanted; i++)
                gal_loop_turn(place->loop, 5);
        ck_assert_uint_eq(*count, wanted);
}

static void expect_answer(struct place *place, int client, const char *wanted)
{
        char text[4096] = "";
        size_t len = 0;

        for (int i = 0; i < 2000 && strstr(text, wanted) == NULL; i++) {
                ssize_t more = recv(client, text + len, sizeof(text) - 1 - len, 0);

                len += more > 0 ? (size_t)more : 0;
                text[len] = '\0';
                gal_loop_turn(place->loop, 5);
        }
        ck_assert_msg(strstr(text, wanted) != NULL, "%s", text);
}

static void turn_until_idle(struct place *place)
{
        for (int i = 0; i < 2000 && gal_server_pending(place->server) > 0; i++)
                gal_loop_turn(place->loop, 5);
        ck_assert_uint_eq(gal_server_pending(place->server), 0);
}

START_TEST(a_poll_is_answered)
{
        struct place place;
        int client;

        start_place(&place, 1024);
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, 1);
        ck_assert(!LIST_FIRST(&all_waiting)->api->has_gone(LIST_FIRST(&all_waiting)->user));
        answer(LIST_FIRST(&all_waiting), "{\"poll\":\"task\"}");
        expect_answer(&place, client, "{\"poll\":\"task\"}");
        ck_assert_uint_eq(cancelled_count, 0);
        close(client);
        end_place(&place);
}
END_TEST

/* It closes, or only says that it will send no more: then it gets the answer that nothing came. */
START_TEST(a_client_that_leaves_a_poll)
{
        struct place place;
        int client;

        start_place(&place, 1024);
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, 1);
        if (_i == 0)
                close(client);
        else
                shutdown(client, SHUT_WR);
        ck_assert(LIST_FIRST(&all_waiting)->api->has_gone(LIST_FIRST(&all_waiting)->user)); /* at once */
        turn_until(&place, &cancelled_count, 1);
        ck_assert_uint_eq(waiting_count, 0);
        if (_i == 1) {
                expect_answer(&place, client, "{\"poll\":\"nothing\"}");
                close(client);
        }
        turn_until_idle(&place);
        end_place(&place);
}
END_TEST

/* A task is on its way to it: its answer comes later, and finds nobody. */
START_TEST(a_client_that_leaves_too_late)
{
        struct place place;
        int client;

        start_place(&place, 1024);
        cancel_is_slow = true;
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, 1);
        close(client);
        turn_until(&place, &cancelled_count, 1);
        for (int i = 0; i < 10; i++)
                gal_loop_turn(place.loop, 1);
        ck_assert_uint_eq(cancelled_count, 1); /* it is told once */
        if (_i == 0) {
                answer(LIST_FIRST(&all_waiting), "{}");
                turn_until_idle(&place);
        }
        end_place(&place); /* 1: the server ends before the answer */
}
END_TEST

/* More requests than one on a connection: the poll is not disturbed, and they come after it. */
START_TEST(a_poll_with_another_request_behind)
{
        static const char more[] = "POST / HTTP/1.1\r\nHost: g\r\nX-Amz-Target: AWSStepFunctions.Now\r\n"
                                   "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}";
        struct place place;
        int client;

        start_place(&place, 1024);
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, 1);
        ck_assert_int_eq(send(client, more, sizeof(more) - 1, MSG_NOSIGNAL), sizeof(more) - 1);
        for (int i = 0; i < 20; i++)
                gal_loop_turn(place.loop, 1);
        ck_assert_uint_eq(cancelled_count, 0);
        ck_assert_uint_eq(waiting_count, 1);
        answer(LIST_FIRST(&all_waiting), "{\"poll\":\"task\"}");
        expect_answer(&place, client, "{\"now\":1}");
        close(client);
        end_place(&place);
}
END_TEST

START_TEST(a_stop_ends_polls_at_once)
{
        struct place place;
        int client;

        start_place(&place, 1024);
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, 1);
        gal_server_quiesce(place.server);
        expect_answer(&place, client, "{\"poll\":\"nothing\"}");
        turn_until_idle(&place);
        close(client);
        end_place(&place);
}
END_TEST

/* Half of the descriptors are for connections, nine tenths of those for polls. */
START_TEST(polls_leave_room_for_others)
{
        enum { DESCRIPTORS = 400, POLLS = DESCRIPTORS / 2 / 10 * 9 };
        int clients[POLLS], client;
        struct place place;

        start_place(&place, DESCRIPTORS);
        for (size_t i = 0; i < POLLS; i++) {
                clients[i] = ask(&place, "Poll");
                turn_until(&place, &waiting_count, i + 1);
        }
        client = ask(&place, "Poll");
        expect_answer(&place, client, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}");
        ck_assert_uint_eq(waiting_count, POLLS);
        close(client);
        client = ask(&place, "Now");
        expect_answer(&place, client, "{\"now\":1}");
        close(client);
        close(clients[0]);
        turn_until(&place, &waiting_count, POLLS - 1);
        client = ask(&place, "Poll");
        turn_until(&place, &waiting_count, POLLS);
        close(client);
        for (size_t i = 1; i < POLLS; i++)
                close(clients[i]);
        turn_until(&place, &waiting_count, 0);
        turn_until_idle(&place);
        end_place(&place);
}
END_TEST

/* Requests that wait for a commit are bounded; what only reads is answered all the same. */
START_TEST(a_flood_is_throttled)
{
        static int clients[GAL_SERVER_REQUESTS_MAX];
        struct place place;
        int client;

        start_place(&place, 4 * GAL_SERVER_REQUESTS_MAX + 64);
        for (size_t i = 0; i < GAL_SERVER_REQUESTS_MAX; i++) {
                clients[i] = ask(&place, "Commit");
                if (i % 64 == 0)
                        turn_until(&place, &waiting_count, i + 1);
        }
        turn_until(&place, &waiting_count, GAL_SERVER_REQUESTS_MAX);
        client = ask(&place, "Commit");
        expect_answer(&place, client, "HTTP/1.1 400");
        close(client);
        client = ask(&place, "Now");
        expect_answer(&place, client, "{\"now\":1}");
        close(client);
        answer(LIST_FIRST(&all_waiting), "{}");
        client = ask(&place, "Commit");
        turn_until(&place, &waiting_count, GAL_SERVER_REQUESTS_MAX);
        close(client);
        for (size_t i = 0; i < GAL_SERVER_REQUESTS_MAX; i++)
                close(clients[i]);
        while (!LIST_EMPTY(&all_waiting))
                answer(LIST_FIRST(&all_waiting), "{}");
        turn_until_idle(&place);
        end_place(&place);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("waits");
        TCase *tcase = tcase_create("waits");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, a_poll_is_answered);
        tcase_add_loop_test(tcase, a_client_that_leaves_a_poll, 0, 2);
        tcase_add_loop_test(tcase, a_client_that_leaves_too_late, 0, 2);
        tcase_add_test(tcase, a_poll_with_another_request_behind);
        tcase_add_test(tcase, a_stop_ends_polls_at_once);
        tcase_add_test(tcase, polls_leave_room_for_others);
        tcase_add_test(tcase, a_flood_is_throttled);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
