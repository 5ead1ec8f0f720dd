/*
 * client.c: see client.h.
 *
 * Owners come and go between two looks: a `serve` that was killed still stands in the store for a moment, a new one
 * does not listen yet, another verb holds the lease for the time of its request. So every refusal of that kind is
 * tried again, for a little longer than a lease lasts. A server that throttles is asked again as SDKs do.
 */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/shape.h"
#include "api/validate.h"
#include "base/alloc.h"
#include "base/arn.h"
#include "base/buffer.h"
#include "base/json.h"
#include "cli/crash.h"
#include "cli/forward.h"
#include "cli/poisoned.h"
#include "net/loop.h"
#include "runtime/owner_address.h"
#include "runtime/runtime.h"

#define OWNER_WAIT_MS 15000
#define OWNER_PAUSE_MS 50
/* Of a server that throttles: doubled each time. */
#define THROTTLED_PAUSE_MS 100
#define THROTTLED_TRIES 6

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *choose(const char *given, const char *variable, const char *usual)
{
        const char *value = given != NULL ? given : getenv(variable);

        return value != NULL && value[0] != '\0' ? value : usual;
}

void gal_client_init(struct gal_client *client, const struct gal_client_options *options)
{
        *client = (struct gal_client){
                .store_url = choose(options->store_url, "GALLIARD_STORE", "sqlite:galliard.db"),
                .wish = { .account = choose(options->account, "GALLIARD_ACCOUNT", NULL),
                          .region = choose(options->region, "GALLIARD_REGION", NULL),
                          .account_usual = choose(NULL, "AWS_ACCOUNT_ID", NULL),
                          .region_usual = choose(choose(NULL, "AWS_REGION", NULL), "AWS_DEFAULT_REGION", NULL) },
        };
}

static void close_store(struct gal_client *client)
{
        gal_store_destroy(client->store);
        client->store = NULL;
}

void gal_client_finish(struct gal_client *client)
{
        close_store(client);
        gal_validator_destroy(client->validator);
        gal_settings_finish(&client->settings);
        gal_endpoint_finish(&client->endpoint);
        free(client->endpoint_account);
        free(client->endpoint_region);
}

const char *gal_client_file(const char *store_url)
{
        static const char prefix[] = "sqlite:";

        return strncmp(store_url, prefix, strlen(prefix)) == 0 ? store_url + strlen(prefix) : NULL;
}

static enum gal_status open_store(struct gal_client *client, bool create, bool migrate, struct gal_error *error)
{
        const char *file = gal_client_file(client->store_url);
        enum gal_status status;

        if (client->store != NULL)
                return GAL_OK;
        if (strncmp(client->store_url, "memory:", 7) == 0)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "a store in memory ends with its process; name one that stays: sqlite:FILE or "
                                "postgresql://...");
        if (file != NULL && !create && access(file, F_OK) != 0)
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE,
                                "there is no store %s (%s); 'galliard create' and 'galliard serve' make one", file,
                                strerror(errno));
        status = gal_store_open(client->store_url, &client->store, error);
        if (status != GAL_OK)
                return status;
        status = client->store->ops->prepare(client->store, migrate, error);
        if (status == GAL_OK && client->settings.account == NULL)
                status = gal_settings_open(client->store, &client->wish, &client->settings, error);
        if (status != GAL_OK)
                close_store(client);
        return status;
}

enum gal_status gal_client_open(struct gal_client *client, bool create, struct gal_error *error)
{
        return open_store(client, create, /* migrate= */ false, error);
}

enum gal_status gal_client_migrate(struct gal_client *client, struct gal_error *error)
{
        return open_store(client, /* create= */ false, /* migrate= */ true, error);
}

/* Answers. */

struct waiting {
        struct gal_buffer text;
        long http_status;
        bool is_done;
        struct gal_loop *loop; /* nullable: to be stopped */
};

static void take_answer(void *user, int status, const char *body, size_t len)
{
        struct waiting *waiting = user;

        waiting->http_status = status;
        waiting->is_done = true;
        gal_buffer_append(&waiting->text, body, len);
        if (waiting->loop != NULL)
                gal_loop_stop(waiting->loop);
}

static enum gal_status read_answer(const struct waiting *waiting, struct gal_client_answer *ret_answer,
                                   struct gal_error *error)
{
        struct gal_error own = { .code = GAL_OK };
        json_t *body = NULL;

        if (waiting->text.status != GAL_OK ||
            gal_json_read(waiting->text.data != NULL ? waiting->text.data : "", waiting->text.len, &body, &own) !=
                    GAL_OK ||
            !json_is_object(body)) {
                json_decref(body);
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "the answer (HTTP status %ld) is no JSON object",
                                waiting->http_status);
        }
        ret_answer->http_status = waiting->http_status;
        ret_answer->body = body;
        return GAL_OK;
}

void gal_client_answer_finish(struct gal_client_answer *answer)
{
        json_decref(answer->body);
        answer->body = NULL;
}

/* Calling. */

struct call {
        struct gal_client *client;
        const char *action;
        const char *body;
        size_t len;
        bool is_repeatable; /* doing it twice is doing it once */
        struct waiting waiting;
};

static int64_t wall_clock_ms(void *user)
{
        return gal_runtime_now_ms(user);
}

static enum gal_status read_here(struct call *call, struct gal_error *error)
{
        struct gal_client *client = call->client;
        enum gal_status status = gal_client_open(client, /* create= */ false, error);
        struct gal_api api;

        if (status != GAL_OK)
                return status;
        api = (struct gal_api){ .store = client->store,
                                .validator = client->validator,
                                .now_ms = wall_clock_ms,
                                .account = client->settings.account,
                                .region = client->settings.region };
        gal_api_call(&api, call->action, call->body, call->len, take_answer, &call->waiting);
        return call->waiting.is_done ? GAL_OK
                                     : gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s needs a server", call->action);
}

static void poke(void *user)
{
        gal_runtime_poke(user);
}

static void purge(void *user, int64_t closed_before_ms, gal_api_purge_done done, void *done_user)
{
        gal_runtime_purge(user, closed_before_ms, done, done_user);
}

static void give_up(void *user)
{
        gal_loop_stop(user);
}

static void run_call(struct call *call, struct gal_runtime *runtime)
{
        struct gal_loop *loop = gal_runtime_loop(runtime);
        struct gal_timer *timer = gal_timer_create(loop, give_up, loop);
        struct gal_api api = { .engine = gal_runtime_engine(runtime),
                               .store = gal_runtime_store(runtime),
                               .validator = call->client->validator,
                               .now_ms = wall_clock_ms,
                               .account = gal_runtime_account(runtime),
                               .region = gal_runtime_region(runtime),
                               .poke = poke,
                               .purge = purge,
                               .user = runtime };

        call->waiting.loop = loop;
        gal_timer_start(timer, gal_forward_timeout_ms(call->action));
        gal_api_call(&api, call->action, call->body, call->len, take_answer, &call->waiting);
        if (!call->waiting.is_done)
                gal_runtime_run(runtime);
        call->waiting.loop = NULL;
        gal_timer_destroy(timer);
}

static void write_log(void *user, enum gal_log_level level, const char *message)
{
        (void)user;
        (void)level;
        fprintf(stderr, "galliard: %s\n", message);
}

/* GAL_EBUSY: somebody owns the store after all. */
static enum gal_status write_here(struct call *call, struct gal_error *error)
{
        struct gal_client *client = call->client;
        struct gal_log log = { .write = write_log, .level_max = GAL_LOG_WARNING };
        struct gal_runtime_options options = {
                .store_url = client->store_url, .no_calls = true, .wish = client->wish, .log = &log
        };
        struct gal_runtime *runtime = NULL;
        gal_auto_free char *poisoned_path = NULL;
        enum gal_status status;

        close_store(client); /* a process that owns an SQLite file opens it once */
        if (gal_cli_poisoned_path(client->store_url, /* state_dir= */ NULL, &poisoned_path, NULL) == GAL_OK)
                options.poisoned_path = poisoned_path;
        gal_crash_watch();
        status = gal_runtime_create(&options, &runtime, error);
        if (status != GAL_OK)
                return status;
        run_call(call, runtime);
        gal_runtime_destroy(runtime);
        client->wrote_here = true;
        return call->waiting.is_done
                       ? GAL_OK
                       : gal_fail(error, GAL_EIO, GAL_NOWHERE,
                                  "the store has not answered for %ld s; whether this was done is not known",
                                  gal_forward_timeout_ms(call->action) / 1000);
}

/* GAL_ENOTFOUND: nobody is there. GAL_EBUSY: it did not do it, now. */
static enum gal_status write_there(struct call *call, const char *address, struct gal_error *error)
{
        struct gal_forward forward = { .action = call->action, .body = call->body, .len = call->len };
        struct gal_owner_address parts = gal_owner_address_parse(address);
        struct waiting *waiting = &call->waiting;
        enum gal_status status = GAL_ENOTFOUND;

        forward.socket_path = parts.path;
        if (parts.path != NULL)
                status = gal_forward(&forward, &waiting->http_status, &waiting->text, error);
        gal_owner_address_finish(&parts);
        if (status == GAL_EIO && call->is_repeatable)
                return GAL_EBUSY;
        if (status == GAL_OK && waiting->http_status == 503 && call->is_repeatable)
                return gal_fail(error, GAL_EBUSY, GAL_NOWHERE, "the owner at %s is not ready", address);
        if (status == GAL_OK)
                call->client->wrote_here = false;
        return status;
}

static enum gal_status write_somewhere(struct call *call, struct gal_error *error)
{
        struct gal_client *client = call->client;
        bool creates = strcmp(call->action, "CreateStateMachine") == 0;
        enum gal_status status = gal_client_open(client, creates, error);
        gal_auto_free char *address = NULL;

        if (status != GAL_OK)
                return status;
        address = client->store->ops->owner(client->store);
        status = write_there(call, address, error);
        if (status != GAL_ENOTFOUND)
                return status;
        gal_buffer_clear(&call->waiting.text);
        return write_here(call, error);
}

static enum gal_status write_until(struct call *call, struct gal_error *error)
{
        int64_t end_ms = now_ms() + OWNER_WAIT_MS;
        struct gal_error own;
        enum gal_status status;

        for (;;) {
                own = (struct gal_error){ .code = GAL_OK };
                status = write_somewhere(call, &own);
                if (status != GAL_EBUSY || now_ms() > end_ms)
                        break;
                gal_buffer_clear(&call->waiting.text);
                usleep(OWNER_PAUSE_MS * 1000);
        }
        if (status == GAL_OK)
                return GAL_OK;
        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
}

/* A start without a name makes another execution each time; a poll may take a task and lose it. */
static bool is_repeatable(const char *action, const json_t *request)
{
        if (strcmp(action, "GetActivityTask") == 0)
                return false;
        return strncmp(action, "Start", 5) != 0 || json_is_string(json_object_get(request, "name"));
}

/* At an endpoint. */

const char *gal_client_error_type(const json_t *body)
{
        const char *type = json_string_value(json_object_get(body, "__type"));
        const char *hash = type != NULL ? strrchr(type, '#') : NULL;

        return hash != NULL ? hash + 1 : type;
}

/* Whatever speaks HTTP and JSON may stand there. */
static enum gal_status check_answer(const struct call *call, const struct gal_client_answer *answer,
                                    struct gal_error *error)
{
        const struct gal_endpoint *endpoint = &call->client->endpoint;
        const struct gal_action_shape *action = gal_action_shape_find(call->action);

        if (answer->http_status != 200 && gal_client_error_type(answer->body) == NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "%s (%s) is no such server: HTTP status %ld without the name of an error",
                                endpoint->url, endpoint->source, answer->http_status);
        for (size_t i = 0; answer->http_status == 200 && action != NULL && i < action->response->member_count;
             i++) {
                const struct gal_shape_member *member = &action->response->members[i];

                if (member->required && json_object_get(answer->body, member->name) == NULL)
                        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                        "%s (%s) is no such server: its answer to %s has no member '%s'",
                                        endpoint->url, endpoint->source, call->action, member->name);
        }
        return GAL_OK;
}

/* It has not done it, and says so; or doing it twice is doing it once. */
static bool is_throttled(const struct call *call, const struct gal_client_answer *answer)
{
        const char *type = gal_client_error_type(answer->body);

        if (answer->http_status == 200 || type == NULL)
                return false;
        return strcmp(type, "ThrottlingException") == 0 || (answer->http_status == 503 && call->is_repeatable);
}

/* What is no JSON; a proxy says so when the server behind it is gone. */
static enum gal_status refuse_answer(const struct call *call, const char *message, struct gal_error *error)
{
        const struct gal_endpoint *endpoint = &call->client->endpoint;

        if (call->waiting.http_status >= 500)
                return gal_fail(
                        error, GAL_EIO, GAL_NOWHERE,
                        "%s (%s) has not answered, but a proxy may have: HTTP status %ld; whether %s was done "
                        "is not known",
                        endpoint->url, endpoint->source, call->waiting.http_status, call->action);
        return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "%s (%s) is no such server: %s", endpoint->url,
                        endpoint->source, message);
}

static enum gal_status ask_endpoint(struct call *call, struct gal_client_answer *ret_answer,
                                    struct gal_error *error)
{
        struct gal_forward forward = {
                .endpoint = &call->client->endpoint, .action = call->action, .body = call->body, .len = call->len
        };
        struct gal_error own = { .code = GAL_OK };
        unsigned pause_ms = THROTTLED_PAUSE_MS;

        for (int tries = 1;; tries++, pause_ms *= 2) {
                enum gal_status status =
                        gal_forward(&forward, &call->waiting.http_status, &call->waiting.text, error);

                if (status != GAL_OK)
                        return status;
                if (read_answer(&call->waiting, ret_answer, &own) != GAL_OK)
                        return refuse_answer(call, own.message, error);
                if (tries == THROTTLED_TRIES || !is_throttled(call, ret_answer))
                        break;
                gal_client_answer_finish(ret_answer);
                usleep(pause_ms * 1000);
        }
        if (check_answer(call, ret_answer, error) == GAL_OK)
                return GAL_OK;
        gal_client_answer_finish(ret_answer);
        return GAL_EINVALID;
}

/* On a store. */

static enum gal_status ask_store(struct call *call, struct gal_client_answer *ret_answer, struct gal_error *error)
{
        enum gal_status status;
        bool writes;

        if (!gal_api_find(call->action, &writes))
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE,
                                gal_action_shape_find(call->action) != NULL
                                        ? "this release does not have the action '%s' yet"
                                        : "there is no action '%s'",
                                call->action);
        if (call->client->validator == NULL)
                call->client->validator = gal_validator_create();
        status = writes ? write_until(call, error) : read_here(call, error);
        return status == GAL_OK ? read_answer(&call->waiting, ret_answer, error) : status;
}

enum gal_status gal_client_call(struct gal_client *client, const char *action, const json_t *request,
                                struct gal_client_answer *ret_answer, struct gal_error *error)
{
        gal_auto_free char *body = NULL;
        struct call call = { .client = client, .action = action };
        enum gal_status status;

        call.body = body = gal_need(gal_json_text(request, &call.len));
        call.is_repeatable = is_repeatable(action, request);
        call.waiting.text = GAL_BUFFER_INIT;
        status = (client->endpoint.url != NULL ? ask_endpoint : ask_store)(&call, ret_answer, error);
        gal_buffer_finish(&call.waiting.text);
        return status;
}

/* Names. */

static bool is_arn(const char *word)
{
        return strncmp(word, "arn:", 4) == 0;
}

/* The first item of a list has an ARN of this server's. False: there is none, or it may not be seen. */
static bool learn_place(struct gal_client *client, const char *action, const char *list, const char *member)
{
        json_auto_t *request = gal_need(json_pack("{s:i}", "maxResults", 1));
        struct gal_client_answer answer = { 0, NULL };
        struct gal_error ignored = { .code = GAL_OK };
        const char *text = NULL;
        struct gal_arn arn;

        if (gal_client_call(client, action, request, &answer, &ignored) == GAL_OK)
                text = json_string_value(
                        json_object_get(json_array_get(json_object_get(answer.body, list), 0), member));
        if (text != NULL && gal_arn_parse(text, strlen(text), &arn)) {
                client->endpoint_account = gal_strndup(arn.account.data, arn.account.len);
                client->endpoint_region = gal_strndup(arn.region.data, arn.region.len);
        }
        gal_client_answer_finish(&answer);
        return client->endpoint_account != NULL;
}

/* Whatever is wrong with the store or the server, the request itself will tell. */
static const char *place_of(struct gal_client *client, const char *given, const char *usual, char **setting,
                            char **learnt)
{
        struct gal_error ignored = { .code = GAL_OK };

        if (client->endpoint.url == NULL)
                return gal_client_open(client, /* create= */ false, &ignored) == GAL_OK ? *setting
                       : given != NULL                                                  ? given
                                                                                        : usual;
        if (given != NULL)
                return given;
        if (!client->place_is_known) {
                client->place_is_known = true;
                if (!learn_place(client, "ListStateMachines", "stateMachines", "stateMachineArn"))
                        learn_place(client, "ListActivities", "activities", "activityArn");
        }
        return *learnt != NULL ? *learnt : usual;
}

const char *gal_client_account(struct gal_client *client)
{
        return place_of(client, client->wish.account, GAL_ACCOUNT_USUAL, &client->settings.account,
                        &client->endpoint_account);
}

static const char *region_of(struct gal_client *client)
{
        const char *usual = client->endpoint.url != NULL ? client->endpoint.region : GAL_REGION_USUAL;

        return place_of(client, client->wish.region, usual, &client->settings.region, &client->endpoint_region);
}

char *gal_client_arn(struct gal_client *client, const char *type, const char *word)
{
        const char *region, *account;

        if (is_arn(word))
                return gal_strdup(word);
        region = region_of(client);
        account = gal_client_account(client);
        return gal_format("arn:%s:states:%s:%s:%s:%s", gal_arn_partition(region), region, account, type, word);
}

char *gal_client_execution_arn(struct gal_client *client, const char *word)
{
        const char *slash = strchr(word, '/');
        gal_auto_free char *resource = NULL;

        if (is_arn(word))
                return strstr(word, ":execution:") != NULL || strstr(word, ":express:") != NULL ? gal_strdup(word)
                                                                                                : NULL;
        if (slash == NULL || slash == word || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
                return NULL;
        resource = gal_format("%.*s:%s", (int)(slash - word), word, slash + 1);
        return gal_client_arn(client, "execution", resource);
}
