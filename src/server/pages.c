/*
 * pages.c: what those ask who look after the server: is it there, can it work, how does it do.
 */
#include "api/reply.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "engine/engine.h"
#include "runtime/runtime.h"
#include "server/internal.h"
#include "server/metrics.h"

#define JSON_TYPE "application/json"
/* The version is of the format. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct text {
        char *text;
        int status;
};

static void take(void *user, int status, const char *body, size_t len)
{
        struct text *text = user;

        text->status = status;
        text->text = gal_strndup(body, len);
}

/* The process is there, whatever its store does: a reason to leave it alone. */
static void make_health(const struct gal_server *server, struct text *text)
{
        struct gal_reply reply;

        gal_reply_begin(&reply, take, text);
        gal_reply_text(&reply, "status", server->is_quiet ? "stopping" : "ok");
        gal_reply_text(&reply, "role", gal_runtime_is_owner(server->runtime) ? "owner" : "standby");
        gal_reply_send(&reply);
}

/* It owns the store, and what is in it was loaded: requests that write will be done. */
static void make_ready(const struct gal_server *server, struct text *text)
{
        bool is_ready = !server->is_quiet && gal_runtime_is_owner(server->runtime);
        struct gal_reply reply;

        gal_reply_begin(&reply, take, text);
        gal_reply_text(&reply, "status", is_ready ? "ready" : "not ready");
        if (!is_ready)
                gal_reply_text(&reply, "reason",
                               server->is_quiet ? "the server is stopping"
                                                : "this process does not own the store: another one does, or the "
                                                  "store cannot be reached (the log says which)");
        gal_reply_send(&reply);
        text->status = is_ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static void write_gauge(struct gal_buffer *text, const char *name, const char *help, uint64_t value)
{
        gal_metric_head(text, name, "gauge", help);
        gal_metric_value(text, name, /* labels= */ NULL, value);
}

static void write_server(const struct gal_server *server, struct gal_buffer *text)
{
        gal_metrics_write(server->metrics, text);
        write_gauge(text, "galliard_connections", "Connections of clients.", server->client_count);
        write_gauge(text, "galliard_requests_waiting", "Requests that wait for their commit.",
                    server->waiting_count);
        write_gauge(text, "galliard_polls_waiting", "Requests that wait for something that may not come.",
                    server->poll_count);
        write_gauge(text, "galliard_request_bytes", "Bodies of requests that are coming in.", server->bodies_size);
}

static void write_counter(struct gal_buffer *text, const char *name, const char *help, uint64_t value)
{
        gal_metric_head(text, name, "counter", help);
        gal_metric_value(text, name, /* labels= */ NULL, value);
}

static void write_work(const struct gal_engine_counters *counters, struct gal_buffer *text)
{
        write_counter(text, "galliard_executions_started_total", "Executions started.", counters->started);
        gal_metric_head(text, "galliard_executions_closed_total", "counter",
                        "Executions that have ended, by status.");
        for (int i = GAL_EXECUTION_SUCCEEDED; i <= GAL_EXECUTION_ABORTED; i++) {
                gal_auto_free char *labels =
                        gal_format("status=\"%s\"", gal_execution_status_name((enum gal_execution_status)i));

                gal_metric_value(text, "galliard_executions_closed_total", labels, counters->closed[i]);
        }
        write_counter(text, "galliard_executions_parked_total",
                      "Executions that left memory until the time they wait for.", counters->parked);
        write_counter(text, "galliard_steps_total", "Steps of executions; each is a row of history.",
                      counters->chunks);
        write_counter(text, "galliard_commit_rows_total", "Rows that were committed.", counters->rows);
        write_counter(text, "galliard_history_bytes_total", "Bytes of history that were committed.",
                      counters->bytes);
}

static void write_engine(struct gal_runtime *runtime, struct gal_buffer *text)
{
        const struct gal_engine *engine = gal_runtime_engine(runtime);

        write_gauge(text, "galliard_owner", "1: this process owns the store; 0: it stands by.",
                    gal_runtime_is_owner(runtime));
        write_gauge(text, "galliard_executions_open", "Open executions in memory.", gal_engine_open_count(engine));
        write_gauge(text, "galliard_tasks_out", "Task attempts that are open.", gal_engine_tasks_out(engine));
        write_gauge(text, "galliard_calls_out", "Calls of functions and services that are under way.",
                    gal_runtime_calls_out(runtime));
        write_gauge(text, "galliard_polls", "Workers that wait for a task of an activity.",
                    gal_engine_poll_count(engine));
        write_gauge(text, "galliard_commits_queued", "Commits on their way to the store.",
                    gal_engine_commits_in_flight(engine));
        write_gauge(text, "galliard_timers", "Executions in memory that wait for a time.",
                    gal_engine_timer_count(engine));
        write_work(gal_engine_counters(engine), text);
        if (gal_runtime_commit_seconds(runtime) != NULL) {
                gal_metric_head(text, "galliard_commit_seconds", "histogram", "What the store took for a commit.");
                gal_metric_histogram(text, "galliard_commit_seconds", /* labels= */ NULL,
                                     gal_runtime_commit_seconds(runtime));
        }
}

static void make_metrics(struct gal_server *server, struct text *ret_text)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        write_server(server, &text);
        write_engine(server->runtime, &text);
        ret_text->text = gal_need(gal_buffer_take(&text, /* ret_len= */ NULL));
        ret_text->status = MHD_HTTP_OK;
}

char *gal_page_make(struct gal_server *server, enum page page, int *ret_status, const char **ret_content_type)
{
        struct text text = { NULL, 0 };

        if (page == PAGE_METRICS)
                make_metrics(server, &text);
        else if (page == PAGE_READY)
                make_ready(server, &text);
        else
                make_health(server, &text);
        *ret_status = text.status;
        *ret_content_type = page == PAGE_METRICS ? METRICS_TYPE : JSON_TYPE;
        return text.text;
}
