/*
 * client.c: see client.h.
 *
 * Owners come and go between two looks: a `serve` that was killed still stands in the store for a moment, a new one
 * does not listen yet, another verb holds the lease for the time of its request. So every refusal of that kind is
 * tried again, for a little longer than a lease lasts.
 */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/validate.h"
#include "base/alloc.h"
#include "base/arn.h"
#include "base/buffer.h"
#include "base/json.h"
#include "cli/crash.h"
#include "cli/forward.h"
#include "cli/poisoned.h"
#include "net/loop.h"
#include "runtime/runtime.h"

#define OWNER_WAIT_MS 15000
#define OWNER_PAUSE_MS 50
/* A store that does not answer an engine of ours. */
#define HERE_TIMEOUT_MS 60000

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
        gal_timer_start(timer, HERE_TIMEOUT_MS);
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
                                  "the store has not answered for %d s; whether this was done is not known",
                                  HERE_TIMEOUT_MS / 1000);
}

/* GAL_ENOTFOUND: nobody is there. GAL_EBUSY: it did not do it, now. */
static enum gal_status write_there(struct call *call, const char *address, struct gal_error *error)
{
        static const char prefix[] = "unix:";
        struct waiting *waiting = &call->waiting;
        enum gal_status status;

        if (address == NULL || strncmp(address, prefix, strlen(prefix)) != 0)
                return GAL_ENOTFOUND;
        status = gal_forward(address + strlen(prefix), call->action, call->body, call->len, &waiting->http_status,
                             &waiting->text, error);
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

/* A start without a name makes another execution each time. */
static bool is_repeatable(const char *action, const json_t *request)
{
        return strcmp(action, "StartExecution") != 0 || json_is_string(json_object_get(request, "name"));
}

enum gal_status gal_client_call(struct gal_client *client, const char *action, const json_t *request,
                                struct gal_client_answer *ret_answer, struct gal_error *error)
{
        gal_auto_free char *body = NULL;
        struct call call = { .client = client, .action = action };
        enum gal_status status;
        bool writes;

        if (!gal_api_find(action, &writes))
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "there is no action '%s'", action);
        if (client->validator == NULL)
                client->validator = gal_validator_create();
        call.body = body = gal_need(gal_json_text(request, &call.len));
        call.is_repeatable = is_repeatable(action, request);
        call.waiting.text = GAL_BUFFER_INIT;
        status = writes ? write_until(&call, error) : read_here(&call, error);
        if (status == GAL_OK)
                status = read_answer(&call.waiting, ret_answer, error);
        gal_buffer_finish(&call.waiting.text);
        return status;
}

/* Names. */

static bool is_arn(const char *word)
{
        return strncmp(word, "arn:", 4) == 0;
}

/* Whatever is wrong with the store, the request itself will tell. */
static const char *place_of(struct gal_client *client, const char *given, const char *usual, char **setting)
{
        struct gal_error ignored = { .code = GAL_OK };

        if (gal_client_open(client, /* create= */ false, &ignored) == GAL_OK)
                return *setting;
        return given != NULL ? given : usual;
}

const char *gal_client_account(struct gal_client *client)
{
        return place_of(client, client->wish.account, GAL_ACCOUNT_USUAL, &client->settings.account);
}

static const char *region_of(struct gal_client *client)
{
        return place_of(client, client->wish.region, GAL_REGION_USUAL, &client->settings.region);
}

char *gal_client_machine_arn(struct gal_client *client, const char *word)
{
        const char *region, *account;

        if (is_arn(word))
                return gal_strdup(word);
        region = region_of(client);
        account = gal_client_account(client);
        return gal_format("arn:%s:states:%s:%s:stateMachine:%s", gal_arn_partition(region), region, account, word);
}

char *gal_client_execution_arn(struct gal_client *client, const char *word)
{
        const char *slash = strchr(word, '/');
        const char *region, *account;

        if (is_arn(word))
                return strstr(word, ":execution:") != NULL ? gal_strdup(word) : NULL;
        if (slash == NULL || slash == word || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
                return NULL;
        region = region_of(client);
        account = gal_client_account(client);
        return gal_format("arn:%s:states:%s:%s:execution:%.*s:%s", gal_arn_partition(region), region, account,
                          (int)(slash - word), word, slash + 1);
}
