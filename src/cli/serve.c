/*
 * serve.c: `galliard serve`: owns a store, runs its executions, answers the verbs of other processes.
 *
 * The end: on SIGINT or SIGTERM nothing new is taken, what waits for a commit is answered, the commit that is under
 * way is finished, and the lease is given back. Calls that are out are ended; the next owner makes them again. All
 * of it within STOP_MS_MAX: everything acknowledged is on disk, so a store that hangs is not waited for.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "cli/age.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/configuration.h"
#include "cli/crash.h"
#include "cli/log_line.h"
#include "cli/poisoned.h"
#include "cli/socket_path.h"
#include "cli/verbs.h"
#include "cli/wording.h"
#include "net/loop.h"
#include "runtime/owner_address.h"
#include "runtime/runtime.h"
#include "server/keys.h"
#include "server/server.h"
#include "tasks/functions.h"

#define LISTEN_USUAL "127.0.0.1:8083"
#define FUNCTIONS_USUAL "galliard.json"
#define STOP_MS_MAX 5000
#define RETENTION_MS (90ll * 86400 * 1000)
/* Between attempts to reach a store at the start: doubled up to the bound. */
#define PAUSE_MS_MIN 200
#define PAUSE_MS_MAX 5000
/* For what waits for a commit. */
#define ANSWERS_MS_MAX 3000
#define ANSWERS_LOOK_MS 20
/* Of a cause on a log line. */
#define CAUSE_TEXT_MAX 400

enum option {
        STORE,
        REGION,
        ACCOUNT,
        LISTEN,
        LISTEN_AGAIN,
        ADVERTISE,
        KEYS,
        INSECURE,
        FUNCTIONS,
        LAMBDA_ENDPOINT,
        RETENTION,
        STATE_DIR,
        LOG_FORMAT,
        VERBOSE,
        OPTION_COUNT
};

_Static_assert((int)STORE == GAL_ASK_STORE && (int)REGION == GAL_ASK_REGION && (int)ACCOUNT == GAL_ASK_ACCOUNT,
               "the options that name a place are the same for every verb");

static const struct gal_option options[OPTION_COUNT] = {
        GAL_ASK_PLACE_OPTIONS,
        [LISTEN] = { "listen", "HOST:PORT",
                     "for AWS clients; else " LISTEN_USUAL
                     "; port 0: any free one; may be given twice; none: nowhere",
                     false },
        [LISTEN_AGAIN] = { "listen", "HOST:PORT", NULL, false },
        [ADVERTISE] = { "advertise", "URL",
                        "on Postgres: by which those that stand by reach this process; else the first address it "
                        "listens on",
                        false },
        [KEYS] = { "keys", "FILE", "the access keys that requests must be signed with, and what each may do",
                   false },
        [INSECURE] = { "insecure", NULL, "listen on addresses that other machines reach, without keys", false },
        [FUNCTIONS] = { "functions", "FILE", "which function is which program; else galliard.json, if there is one",
                        false },
        [LAMBDA_ENDPOINT] = { "lambda-endpoint", "URL",
                              "a Lambda Invoke API for functions that the file does not name; it wins over the "
                              "file's lambdaEndpoint",
                              false },
        [RETENTION] = { "retention", "AGE",
                        "remove executions so long after their end: 90d (when it is not given), "
                        "12h, ...; 0 keeps them",
                        false },
        [STATE_DIR] = GAL_STATE_DIR_OPTION,
        [LOG_FORMAT] = { "log-format", "FORMAT", "text (when it is not given), or json: an object a line", false },
        [VERBOSE] = { "verbose", NULL,
                      "a line also for each execution that starts or ends, and each request that is refused",
                      false },
};

const struct gal_verb_usage gal_cli_serve_usage = {
        .verb = "serve",
        .synopsis = "[options]",
        .operands = "",
        .summary =
                "Runs the executions of a store, until SIGINT (Ctrl-C) or SIGTERM. One process owns a store; on\n"
                "Postgres a second one stands by and takes over when the first one ends.",
        .options = options,
        .option_count = OPTION_COUNT,
        .epilogue =
                "Other verbs on the same store (create, start, stop, ...) reach this process through a socket:\n"
                "FILE.sock beside an SQLite file.\n"
                "\nGET /health, /ready and /metrics (for Prometheus) tell how it does. SIGHUP makes it read the "
                "files of\n"
                "functions and keys again; one with a mistake changes nothing.\n"
                "\nAn execution that ends this process three times, by a fault of ours that it steps on, stands "
                "still "
                "at\nthe next start and is reported: see 'galliard store poisoned' and 'galliard store release'.\n"
                "\nA Postgres server that starts, restarts, is full or cannot be reached is waited for,\n"
                "at the start as later; each attempt is logged. What waiting does not mend (a wrong\n"
                "password, no such database, a schema of another release) ends the start.\n"
                "\nExit status: 0 stopped by a signal; 2 bad usage or configuration, or the store cannot be "
                "used.\n",
};

struct serve {
        struct gal_arguments arguments;
        struct gal_client place; /* what options and environment come to */
        struct gal_log log;
        struct gal_functions *functions;
        struct gal_tcp_socket sockets[2];
        struct gal_socket_path socket;
        char *poisoned_path; /* NULL: nothing is remembered */
        struct gal_runtime *runtime;
        struct gal_server *server;
        struct gal_timer *stop_timer;
        struct gal_keys *keys; /* until the server has them */
        bool has_terminal;     /* it was started on one */
        int64_t retention_ms;
        int64_t stop_since_ms; /* 0: not stopping */
        bool is_stopped;       /* before it has begun */
};

/* The log. */

static void on_record(void *user, const struct gal_run *run, const struct gal_record *record)
{
        const struct gal_execution *execution = gal_run_execution(run);
        const struct serve *serve = user;

        if (record->type == GAL_EVENT_EXECUTION_STARTED)
                gal_log(&serve->log, GAL_LOG_INFO, "%s/%s started", execution->machine_name,
                        execution->execution_name);
}

static void on_closed(void *user, const struct gal_run *run)
{
        const struct gal_execution *execution = gal_run_execution(run);
        struct gal_buffer text = GAL_BUFFER_INIT;
        const struct serve *serve = user;

        gal_buffer_append_format(&text, "%s/%s %s after ", execution->machine_name, execution->execution_name,
                                 gal_execution_status_name(execution->status));
        gal_wording_append_duration(&text, execution->stopped_ms - execution->started_ms);
        if (execution->error != NULL)
                gal_buffer_append_format(&text, ": %s", execution->error);
        if (execution->cause != NULL) {
                gal_buffer_append_text(&text, ": ");
                gal_wording_append_cause(&text, execution->cause, CAUSE_TEXT_MAX);
        }
        gal_log(&serve->log, GAL_LOG_INFO, "%s", text.data);
        gal_buffer_finish(&text);
}

/* Stopping. */

/* Only what a handler may do. */
static void give_up(int signal_number)
{
        static const char text[] = "galliard: the store does not answer; ending without it\n";

        (void)signal_number;
        if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
                _exit(GAL_EXIT_FAILED);
        _exit(GAL_EXIT_FAILED);
}

static void look_for_answers(void *user)
{
        struct serve *serve = user;
        int64_t waited_ms = gal_loop_now(gal_runtime_loop(serve->runtime)) - serve->stop_since_ms;

        if (gal_server_pending(serve->server) == 0 || waited_ms > ANSWERS_MS_MAX)
                gal_runtime_stop(serve->runtime);
        else
                gal_timer_start(serve->stop_timer, ANSWERS_LOOK_MS);
}

static void stop(struct serve *serve, int signal_number)
{
        if (serve->stop_since_ms != 0) { /* once more: at once */
                gal_runtime_stop(serve->runtime);
                return;
        }
        gal_log(&serve->log, GAL_LOG_INFO, "SIG%s: stopping", sigabbrev_np(signal_number));
        signal(SIGALRM, give_up);
        alarm(STOP_MS_MAX / 1000);
        serve->stop_since_ms = gal_loop_now(gal_runtime_loop(serve->runtime));
        gal_server_quiesce(serve->server);
        look_for_answers(serve);
}

/* Reading the configuration again. */

static enum gal_status load_keys(struct serve *serve, struct gal_keys **ret_keys, struct gal_error *error)
{
        const char *path = serve->arguments.values[KEYS];
        bool is_exposed;
        enum gal_status status = gal_keys_load(path, ret_keys, &is_exposed, error);

        if (status == GAL_OK && is_exposed)
                gal_log(&serve->log, GAL_LOG_WARNING, "%s may be read by other users of this machine: chmod 600 %s",
                        path, path);
        return status;
}

static void reload_keys(struct serve *serve)
{
        const char *path = serve->arguments.values[KEYS];
        struct gal_error error = { .code = GAL_OK };
        struct gal_keys *keys;

        if (load_keys(serve, &keys, &error) != GAL_OK) {
                gal_log(&serve->log, GAL_LOG_ERROR, "SIGHUP: the keys stay as they were: %s", error.message);
                return;
        }
        gal_log(&serve->log, GAL_LOG_INFO, "SIGHUP: %zu keys are in %s", gal_keys_count(keys), path);
        gal_server_set_keys(serve->server, keys);
}

/* True when none was given. */
static bool set_endpoint(const struct serve *serve, struct gal_functions **functions, struct gal_error *error)
{
        const char *url = serve->arguments.values[LAMBDA_ENDPOINT];

        return url == NULL || gal_functions_set_endpoint(functions, url, error) == GAL_OK;
}

/* As at the start: without the usual file there are none. */
static void reload_functions(struct serve *serve)
{
        const char *given = serve->arguments.values[FUNCTIONS];
        const char *path = given != NULL ? given : FUNCTIONS_USUAL;
        struct gal_error error = { .code = GAL_OK };
        struct gal_functions *functions = NULL;
        bool is_set;

        if ((given != NULL || access(path, F_OK) == 0) && gal_functions_load(path, &functions, &error) != GAL_OK) {
                gal_log(&serve->log, GAL_LOG_ERROR, "SIGHUP: the functions stay as they were: %s:%u:%u: %s", path,
                        error.at.line, error.at.column, error.message);
                return;
        }
        gal_log(&serve->log, GAL_LOG_INFO, "SIGHUP: %zu functions are in %s",
                functions != NULL ? gal_functions_count(functions) : 0, path);
        is_set = set_endpoint(serve, &functions, &error);
        gal_assert(is_set); /* it was at the start */
        gal_runtime_set_functions(serve->runtime, functions);
}

static void reload(struct serve *serve)
{
        reload_functions(serve);
        if (serve->arguments.values[KEYS] != NULL)
                reload_keys(serve);
}

/* SIGHUP also says that the terminal has gone, and with it whoever could press Ctrl-C. */
static bool is_stop(const struct serve *serve, int signal_number)
{
        return signal_number != SIGHUP || (serve->has_terminal && !isatty(STDERR_FILENO));
}

static void on_signal(void *user, int signal_number)
{
        struct serve *serve = user;

        if (is_stop(serve, signal_number))
                stop(serve, signal_number);
        else
                reload(serve);
}

/* Whoever started us with `nohup`, or in the background of a script, has said what shall not end us. */
static bool is_ignored(int signal_number)
{
        struct sigaction action;

        return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

static void fill_set(sigset_t *set)
{
        sigemptyset(set);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
                if (!is_ignored(signals[i]))
                        sigaddset(set, signals[i]);
        }
}

/* Until there is a loop that takes them, they are kept. */
static void hold_signals(void)
{
        sigset_t set;

        fill_set(&set);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Whether one to stop came within that time. */
static bool wait_for_signal(const struct serve *serve, int64_t ms)
{
        struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
        sigset_t set;
        int signal_number;

        fill_set(&set);
        signal_number = sigtimedwait(&set, NULL, &timeout);
        return signal_number > 0 && is_stop(serve, signal_number);
}

static enum gal_status watch_signals(struct serve *serve, struct gal_error *error)
{
        enum gal_status status = GAL_OK;
        sigset_t set;

        for (size_t i = 0; status == GAL_OK && i < sizeof(signals) / sizeof(signals[0]); i++) {
                if (!is_ignored(signals[i]))
                        status = gal_loop_on_signal(gal_runtime_loop(serve->runtime), signals[i], on_signal, serve,
                                                    error);
        }
        fill_set(&set);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        return status;
}

/* Starting. */

static enum gal_status create_runtime(struct serve *serve, struct gal_error *error)
{
        const char *advertised = serve->arguments.values[ADVERTISE];
        gal_auto_free char *address = gal_owner_address_format(
                advertised != NULL ? advertised : serve->sockets[0].advertised_url, serve->socket.path);
        bool verbose = serve->arguments.values[VERBOSE] != NULL;
        struct gal_runtime_options runtime_options = { .store_url = serve->place.store_url,
                                                       .address = address,
                                                       .stand_by = gal_client_file(serve->place.store_url) == NULL,
                                                       .retention_ms = serve->retention_ms,
                                                       .functions = serve->functions,
                                                       .wish = serve->place.wish,
                                                       .poisoned_path = serve->poisoned_path,
                                                       .log = &serve->log,
                                                       .record = verbose ? on_record : NULL,
                                                       .closed = verbose ? on_closed : NULL,
                                                       .user = serve };

        return gal_runtime_create(&runtime_options, &serve->runtime, error);
}

/* Without a place to remember in, one works on, unless somebody has asked for that place. */
static enum gal_status find_poisoned(struct serve *serve, struct gal_error *error)
{
        const char *state_dir = serve->arguments.values[STATE_DIR];
        struct gal_error own = { .code = GAL_OK };
        enum gal_status status =
                gal_cli_poisoned_path(serve->place.store_url, state_dir, &serve->poisoned_path, &own);

        if (status != GAL_OK && state_dir != NULL)
                return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
        if (status != GAL_OK)
                gal_log(&serve->log, GAL_LOG_WARNING, "executions that end this process are not remembered: %s",
                        own.message);
        return GAL_OK;
}

/* Connections take descriptors, of which a process has 1,024 unless it asks for more. */
static void raise_descriptors(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= GAL_SERVER_DESCRIPTORS_MAX)
                return;
        limit.rlim_cur = limit.rlim_max < GAL_SERVER_DESCRIPTORS_MAX ? limit.rlim_max : GAL_SERVER_DESCRIPTORS_MAX;
        setrlimit(RLIMIT_NOFILE, &limit); /* else there are fewer connections */
}

/* Before the store: its lease says where this process is. */
static enum gal_status bind_tcp(struct serve *serve, struct gal_error *error)
{
        const char *const *values = serve->arguments.values;
        const char *addresses[] = { values[LISTEN] != NULL ? values[LISTEN] : LISTEN_USUAL, values[LISTEN_AGAIN] };
        bool is_open = values[INSECURE] != NULL || values[KEYS] != NULL;
        enum gal_status status = GAL_OK;

        if (strcmp(addresses[0], "none") == 0 && addresses[1] == NULL)
                return GAL_OK;
        for (size_t i = 0; status == GAL_OK && i < 2 && addresses[i] != NULL; i++)
                status = gal_tcp_bind(addresses[i], is_open, &serve->sockets[i], error);
        return status;
}

static enum gal_status listen_tcp(struct serve *serve, struct gal_error *error)
{
        enum gal_status status = GAL_OK;

        for (size_t i = 0; status == GAL_OK && i < 2 && serve->sockets[i].url != NULL; i++) {
                status = gal_server_listen_tcp(serve->server, &serve->sockets[i], error);
                if (status == GAL_OK)
                        gal_log(&serve->log, GAL_LOG_INFO, "listening on %s%s", serve->sockets[i].url,
                                serve->arguments.values[KEYS] != NULL ? ", for signed requests" : "");
        }
        return status;
}

/* A server that starts, recovers or cannot be reached is waited for; it is not for us to start first. */
static enum gal_status create_patiently(struct serve *serve, struct gal_error *error)
{
        bool is_remote = gal_client_file(serve->place.store_url) == NULL;
        int64_t pause_ms = PAUSE_MS_MIN;

        for (;;) {
                struct gal_error own = { .code = GAL_OK };
                enum gal_status status = create_runtime(serve, &own);

                if (status == GAL_OK)
                        return GAL_OK;
                if (!is_remote || status != GAL_EIO)
                        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
                gal_log(&serve->log, GAL_LOG_ERROR, "the store cannot be used: %s; trying again in %lld ms",
                        own.message, (long long)pause_ms);
                serve->is_stopped = wait_for_signal(serve, pause_ms);
                if (serve->is_stopped)
                        return gal_fail(error, status, GAL_NOWHERE, "%s", own.message);
                pause_ms = pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms * 2;
        }
}

/* The runtime owns the store, or stands by, before the socket is there: a socket that lies about is nobody's. */
static enum gal_status start(struct serve *serve, struct gal_error *error)
{
        struct gal_server_options server_options = { .log = &serve->log };
        enum gal_status status = gal_socket_path_make(serve->place.store_url, &serve->socket, error);

        raise_descriptors();
        if (status == GAL_OK && serve->arguments.values[KEYS] != NULL)
                status = load_keys(serve, &serve->keys, error);
        if (status == GAL_OK)
                status = bind_tcp(serve, error);
        if (status == GAL_OK)
                status = find_poisoned(serve, error);
        if (status == GAL_OK)
                status = create_patiently(serve, error);
        if (status != GAL_OK)
                return status;
        serve->stop_timer = gal_timer_create(gal_runtime_loop(serve->runtime), look_for_answers, serve);
        server_options.runtime = serve->runtime;
        status = gal_server_create(&server_options, &serve->server, error);
        if (status == GAL_OK)
                status = gal_server_listen_unix(serve->server, serve->socket.path, error);
        if (status == GAL_OK) {
                gal_server_set_keys(serve->server, gal_take(serve->keys));
                status = listen_tcp(serve, error);
        }
        if (status == GAL_OK)
                status = watch_signals(serve, error);
        return status;
}

static void finish(struct serve *serve)
{
        gal_server_destroy(serve->server);
        for (size_t i = 0; i < 2; i++)
                gal_tcp_socket_finish(&serve->sockets[i]);
        gal_keys_destroy(serve->keys);
        gal_timer_destroy(serve->stop_timer);
        gal_runtime_destroy(serve->runtime);
        gal_socket_path_finish(&serve->socket);
        gal_functions_destroy(serve->functions);
        free(serve->poisoned_path);
        alarm(0);
}

/* A password in an URL is not for logs: user:password@host, or a parameter. (transfer full) */
static char *hide_password(const char *url)
{
        static const char parameter[] = "password=";
        const char *scheme = strstr(url, "://"), *at = scheme == NULL ? NULL : strchr(scheme, '@');
        const char *colon = scheme == NULL ? NULL : strchr(scheme + 3, ':'), *next;
        struct gal_buffer text = GAL_BUFFER_INIT;

        if (at != NULL && colon != NULL && colon < at) {
                gal_buffer_append_format(&text, "%.*s:***", (int)(colon - url), url);
                url = at;
        }
        while ((next = strstr(url, parameter)) != NULL) { /* sslpassword, too */
                next += strlen(parameter);
                gal_buffer_append_format(&text, "%.*s***", (int)(next - url), url);
                url = next + strcspn(next, "&");
        }
        gal_buffer_append(&text, url, strlen(url));
        return gal_buffer_take(&text, NULL);
}

static int run(struct serve *serve)
{
        gal_auto_free char *url = hide_password(serve->place.store_url);
        struct gal_error error = { .code = GAL_OK };

        hold_signals();
        if (start(serve, &error) != GAL_OK) {
                if (serve->is_stopped)
                        return GAL_EXIT_OK;
                gal_ask_complain("%s", error.message);
                return GAL_EXIT_USAGE;
        }
        gal_log(&serve->log, GAL_LOG_INFO, "%s %s, process %d, unix:%s",
                gal_runtime_is_owner(serve->runtime) ? "serving" : "standing by for", url, (int)getpid(),
                serve->socket.path);
        gal_runtime_run(serve->runtime);
        return GAL_EXIT_OK;
}

static bool check(struct serve *serve)
{
        const char *retention = serve->arguments.values[RETENTION];
        const char *format = serve->arguments.values[LOG_FORMAT];
        int status;

        if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
                return gal_arguments_fault(&gal_cli_serve_usage, &status, "--log-format must be text or json, not '%s'", format);
        if (format != NULL && strcmp(format, "json") == 0)
                serve->log.write = gal_cli_log_json;
        serve->has_terminal = isatty(STDERR_FILENO);

        serve->retention_ms = RETENTION_MS;
        if (retention != NULL && !gal_cli_parse_age(retention, &serve->retention_ms))
                return gal_arguments_fault(&gal_cli_serve_usage, &status,
                                           "--retention must be an age, as 90d, 12h, 30m or 10s, or 0, not '%s'",
                                           retention);
        if (strncmp(serve->place.store_url, "memory:", 7) != 0)
                return true;
        gal_ask_complain(
                "a store in memory ends with its process and nobody else reaches it; serve one that stays: "
                "sqlite:FILE or postgresql://...");
        return false;
}

static bool check_endpoint(struct serve *serve)
{
        struct gal_error error = { .code = GAL_OK };
        int status;

        return set_endpoint(serve, &serve->functions, &error) ||
               gal_arguments_fault(&gal_cli_serve_usage, &status, "--lambda-endpoint: %s", error.message);
}

int gal_cli_serve(int argc, char **argv)
{
        struct serve serve = { .log = { .write = gal_cli_log_text } };
        struct gal_client_options place = { NULL, NULL, NULL };
        int status;

        if (!gal_arguments_parse(&gal_cli_serve_usage, argc, argv, &serve.arguments, &status))
                return status;
        place.store_url = serve.arguments.values[STORE];
        place.region = serve.arguments.values[REGION];
        place.account = serve.arguments.values[ACCOUNT];
        gal_client_init(&serve.place, &place);
        serve.log.level_max = serve.arguments.values[VERBOSE] != NULL ? GAL_LOG_DEBUG : GAL_LOG_INFO;
        status = GAL_EXIT_USAGE;
        gal_crash_watch();
        if (check(&serve) &&
            gal_cli_load_functions(serve.arguments.values[FUNCTIONS], FUNCTIONS_USUAL, &serve.functions) &&
            check_endpoint(&serve))
                status = run(&serve);
        finish(&serve);
        if (status == GAL_EXIT_OK)
                gal_log(&serve.log, GAL_LOG_INFO, "stopped");
        gal_arguments_finish(&serve.arguments);
        return status;
}
