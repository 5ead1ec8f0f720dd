/*
 * test_server.c: the server in a loop of its own, with clients that are sockets here: slow ones, ones that leave, a
 * server that ends before the answer. What needs no timing is in tests/server/.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "server/server.h"

#define CLIENT_MS 200

struct place {
        char directory[64];
        char path[96];
        struct gal_runtime *runtime;
        struct gal_loop *loop;
        struct gal_server *server;
};

static void start_place(struct place *place, int64_t client_ms_max)
{
        struct gal_runtime_options runtime_options = { .store_url = NULL };
        struct gal_server_options options = { .client_ms_max = client_ms_max };
        struct gal_error error = { .code = GAL_OK };

        strcpy(place->directory, "/tmp/gal-server-XXXXXX");
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
        gal_runtime_destroy(place->runtime);
        ck_assert_int_ne(access(place->path, F_OK), 0); /* the socket went with the server */
        ck_assert_int_eq(rmdir(place->directory), 0);
}

static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        strcpy(address.sun_path, path);
        ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
        return client;
}

static void say(int client, const char *text)
{
        ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void say_request(int client, const char *action, const char *body)
{
        gal_auto_free char *text = gal_format("POST / HTTP/1.1\r\nHost: g\r\nX-Amz-Target: AWSStepFunctions.%s\r\n"
                                              "Content-Type: application/x-amz-json-1.0\r\n"
                                              "Content-Length: %zu\r\n\r\n%s",
                                              action, strlen(body), body);

        say(client, text);
}

#define CREATE_BODY                                                                                                \
        "{\"name\":\"m\",\"roleArn\":\"r\",\"definition\":"                                                        \
        "\"{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Succeed\\\"}}}\"}"

static void turn_for(struct place *place, int64_t ms)
{
        int64_t end_ms = gal_loop_now(place->loop) + ms;

        while (gal_loop_now(place->loop) < end_ms)
                gal_loop_turn(place->loop, 5);
}

/* What has come so far; turns the loop until `wanted` is in it, the client is cut off, or `ms` are over. */
static bool hear(struct place *place, int client, const char *wanted, int64_t ms, struct gal_buffer *heard)
{
        int64_t end_ms = gal_loop_now(place->loop) + ms;
        char block[4096];

        while (gal_loop_now(place->loop) < end_ms) {
                ssize_t len = recv(client, block, sizeof(block), 0);

                if (len == 0)
                        return false;
                if (len > 0)
                        gal_buffer_append(heard, block, (size_t)len);
                if (wanted != NULL && heard->data != NULL && strstr(heard->data, wanted) != NULL)
                        return true;
                gal_loop_turn(place->loop, 5);
        }
        return wanted == NULL; /* still connected */
}

static void expect_answer(struct place *place, int client, const char *wanted)
{
        struct gal_buffer heard = GAL_BUFFER_INIT;

        ck_assert_msg(hear(place, client, wanted, 5000, &heard), "heard: %s", heard.data);
        gal_buffer_finish(&heard);
}

static bool is_cut_off(struct place *place, int client, int64_t ms)
{
        struct gal_buffer heard = GAL_BUFFER_INIT;
        bool connected = hear(place, client, NULL, ms, &heard);

        gal_buffer_finish(&heard);
        return !connected;
}

START_TEST(answers_when_it_is_committed)
{
        struct place place;
        int client;

        start_place(&place, 0);
        client = connect_to(place.path);
        say_request(client, "CreateStateMachine", CREATE_BODY);
        expect_answer(&place, client, "stateMachine:m");
        say_request(client, "StartExecution",
                    "{\"stateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:m\"}");
        expect_answer(&place, client, "executionArn");
        ck_assert_uint_eq(gal_server_pending(place.server), 0);
        close(client);
        end_place(&place);
}
END_TEST

START_TEST(silent_clients_are_cut_off)
{
        struct place place;
        int silent, half;

        start_place(&place, CLIENT_MS);
        silent = connect_to(place.path);
        half = connect_to(place.path);
        say(half, "POST / HTTP/1.1\r\nHost: g\r\n");
        ck_assert(!is_cut_off(&place, silent, CLIENT_MS / 2));
        ck_assert(is_cut_off(&place, silent, 10 * CLIENT_MS));
        ck_assert(is_cut_off(&place, half, 10 * CLIENT_MS));
        close(silent);
        close(half);
        end_place(&place);
}
END_TEST

/* A byte now and then is not enough: neither in the headers nor in the body. */
START_TEST(dripping_clients_are_cut_off)
{
        static const char *const beginnings[] = {
                "POST / HTTP/1.1\r\nHost: g\r\nX-A: ",
                "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 10000\r\n\r\n",
        };
        struct place place;
        int client;

        start_place(&place, CLIENT_MS);
        client = connect_to(place.path);
        say(client, beginnings[_i]);
        for (int i = 0; i < 100; i++) {
                if (send(client, "a", 1, MSG_NOSIGNAL) < 0)
                        break;
                turn_for(&place, CLIENT_MS / 10);
        }
        ck_assert(is_cut_off(&place, client, 1));
        close(client);
        end_place(&place);
}
END_TEST

/* One that asks again in time stays, however long it has been there. */
START_TEST(busy_clients_stay)
{
        struct place place;
        int client;

        start_place(&place, CLIENT_MS);
        client = connect_to(place.path);
        for (int i = 0; i < 8; i++) {
                say_request(client, "ListStateMachines", "{}");
                expect_answer(&place, client, "stateMachines");
                turn_for(&place, CLIENT_MS / 2);
        }
        close(client);
        end_place(&place);
}
END_TEST

static void turn_until_pending(struct place *place)
{
        for (int i = 0; i < 1000 && gal_server_pending(place->server) == 0; i++)
                gal_loop_turn(place->loop, 1);
        ck_assert_uint_eq(gal_server_pending(place->server), 1);
}

/* The server ends in the middle of a request: one that has come half, or one whose answer is on its way. */
START_TEST(ends_with_a_request)
{
        struct place place;
        int client;

        start_place(&place, 0);
        client = connect_to(place.path);
        if (_i == 0)
                say_request(client, "CreateStateMachine", CREATE_BODY);
        else
                say(client, "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nabc");
        turn_until_pending(&place);
        if (_i == 2) {
                close(client);
                client = -1;
        }
        end_place(&place);
        if (_i == 0) {
                char block[4096] = "";

                ck_assert_int_gt(recv(client, block, sizeof(block) - 1, 0), 0);
                ck_assert_msg(strstr(block, " 200 ") != NULL || strstr(block, " 503 ") != NULL, "%s", block);
        }
        if (client >= 0)
                close(client);
}
END_TEST

/* In whichever step of its request the client leaves. */
START_TEST(leaves_at_any_time)
{
        struct place place;

        start_place(&place, 0);
        for (int turns = 0; turns < 12; turns++) {
                int client = connect_to(place.path);

                say_request(client, "CreateStateMachine", CREATE_BODY);
                for (int i = 0; i < turns; i++)
                        gal_loop_turn(place.loop, 0);
                close(client);
                turn_for(&place, 10);
                ck_assert_uint_eq(gal_server_pending(place.server), 0);
        }
        end_place(&place);
}
END_TEST

START_TEST(quiet_means_503)
{
        struct place place;
        int client;

        start_place(&place, 0);
        client = connect_to(place.path);
        say_request(client, "ListStateMachines", "{}");
        expect_answer(&place, client, "stateMachines");
        gal_server_quiesce(place.server);
        ck_assert_int_ne(access(place.path, F_OK), 0);
        say_request(client, "ListStateMachines", "{}");
        expect_answer(&place, client, " 503 ");
        close(client);
        end_place(&place);
}
END_TEST

START_TEST(sockets_of_others_stay)
{
        struct gal_error error = { .code = GAL_OK };
        char other[128], long_path[300];
        struct place place;
        struct stat info;

        start_place(&place, 0);
        ck_assert_int_eq(stat(place.path, &info), 0);
        ck_assert_uint_eq(info.st_mode & 0777, 0600);
        ck_assert_int_eq(gal_server_listen_unix(place.server, place.path, &error), GAL_EBUSY);
        snprintf(other, sizeof(other), "%s/f", place.directory);
        fclose(fopen(other, "w"));
        ck_assert_int_eq(gal_server_listen_unix(place.server, other, NULL), GAL_EIO);
        ck_assert_int_eq(unlink(other), 0);
        memset(long_path, 'a', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        ck_assert(!gal_server_unix_path_fits(long_path));
        ck_assert_int_eq(gal_server_listen_unix(place.server, long_path, NULL), GAL_ELIMIT);
        snprintf(other, sizeof(other), "%s/none/s", place.directory);
        ck_assert_int_eq(gal_server_listen_unix(place.server, other, NULL), GAL_EIO);
        end_place(&place);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("server");
        TCase *tcase = tcase_create("http");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, answers_when_it_is_committed);
        tcase_add_test(tcase, silent_clients_are_cut_off);
        tcase_add_loop_test(tcase, dripping_clients_are_cut_off, 0, 2);
        tcase_add_test(tcase, busy_clients_stay);
        tcase_add_loop_test(tcase, ends_with_a_request, 0, 3);
        tcase_add_test(tcase, leaves_at_any_time);
        tcase_add_test(tcase, quiet_means_503);
        tcase_add_test(tcase, sockets_of_others_stay);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
