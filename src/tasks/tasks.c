/*
 * tasks.c: dispatches calls to their connectors. See call.h.
 *
 * The trap: a callback may dispatch and cancel, so nothing here holds on to a call, or to a place in a list, across
 * one; and gal_tasks_dispatch() only queues, so that no callback can come from within it.
 */
#include "tasks/call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "net/http.h"
#include "net/loop.h"
#include "tasks/connector.h"
#include "tasks/text.h"

/* By service. http:invoke, sqs:sendMessage, aws-sdk:SERVICE and their like get their lines here. */
static const struct gal_connector *const connectors[] = {
        &gal_lambda_connector,
};

static const struct gal_connector *find_connector(const struct gal_call *call)
{
        const char *service = call->kind == GAL_CALL_FUNCTION ? "lambda" : call->service;

        for (size_t i = 0; i < sizeof connectors / sizeof connectors[0]; i++)
                if (strcmp(connectors[i]->service, service) == 0)
                        return connectors[i];
        return NULL;
}

/* The life of a call */

static void copy_call(struct gal_call *copy, const struct gal_call *call)
{
        *copy = *call;
        copy->resource = gal_strdup(call->resource ? call->resource : "");
        copy->service = gal_strdup(call->service ? call->service : "lambda");
        copy->action = gal_strdup(call->action ? call->action : "invoke");
        copy->input = gal_strndup(call->input ? call->input : "", call->input_len);
        copy->identity = gal_strdup(call->identity);
        copy->region = gal_strdup(call->region ? call->region : "us-east-1");
        copy->account = gal_strdup(call->account ? call->account : "123456789012");
}

static void remove_fresh(struct gal_call_handle *handle)
{
        TAILQ_REMOVE(&handle->tasks->fresh, handle, in_fresh);
        handle->tasks->fresh_count--;
        handle->fresh = false;
}

/* Takes it out of every list; the memory stays. */
static void retire(struct gal_call_handle *handle)
{
        struct gal_tasks *tasks = handle->tasks;

        if (handle->fresh)
                remove_fresh(handle);
        TAILQ_REMOVE(&tasks->calls, handle, in_calls);
        tasks->call_count--;
}

static void free_call(struct gal_call_handle *handle)
{
        free((char *)handle->call.resource);
        free((char *)handle->call.service);
        free((char *)handle->call.action);
        free((char *)handle->call.input);
        free((char *)handle->call.identity);
        free((char *)handle->call.region);
        free((char *)handle->call.account);
        free(handle);
}

void gal_call_started(struct gal_call_handle *handle)
{
        if (handle->started)
                return;
        handle->started = true;
        if (handle->callbacks.started)
                handle->callbacks.started(handle->callbacks.user);
}

static void end_call(struct gal_call_handle *handle, const struct gal_call_result *result)
{
        gal_call_started(handle);
        retire(handle);
        handle->callbacks.done(handle->callbacks.user, result);
        free_call(handle);
}

void gal_call_succeed(struct gal_call_handle *handle, const char *output, size_t output_len)
{
        if (output_len > GAL_PAYLOAD_SIZE_MAX)
                gal_call_fail_too_large(handle);
        else
                end_call(handle, &(struct gal_call_result){
                                         .succeeded = true, .output = output, .output_len = output_len });
}

/* (transfer full) As many characters as the API takes, malformed bytes replaced; NULL stays NULL. */
static char *tidy(const char *text, size_t characters_max)
{
        struct gal_buffer clean = GAL_BUFFER_INIT;
        size_t at = 0;

        if (!text)
                return NULL;
        gal_text_append_clean(&clean, text, strlen(text));
        for (size_t i = 0; at < clean.len && i < characters_max; i++)
                at += gal_utf8_sequence(clean.data + at, clean.len - at);
        if (clean.data)
                clean.data[clean.len = at] = '\0';
        return gal_need(gal_buffer_take(&clean, NULL));
}

void gal_call_fail(struct gal_call_handle *handle, const char *error, const char *cause)
{
        gal_auto_free char *short_error = tidy(error, GAL_ERROR_CHARACTERS_MAX);
        gal_auto_free char *short_cause = tidy(cause, GAL_CAUSE_CHARACTERS_MAX);

        end_call(handle, &(struct gal_call_result){ .error = short_error, .cause = short_cause });
}

void gal_call_fail_too_large(struct gal_call_handle *handle)
{
        const struct gal_call *call = &handle->call;
        gal_auto_free char *cause = gal_format(
                "The state/task '%s' returned a result with a size exceeding the maximum number of bytes "
                "service limit.",
                call->kind == GAL_CALL_FUNCTION ? call->resource : call->service);

        gal_call_fail(handle, "States.DataLimitExceeded", cause);
}

static void fail_unknown_service(struct gal_call_handle *handle)
{
        gal_auto_free char *cause =
                gal_format("This release of Galliard does not call the service integration '%s' yet; it calls "
                           "Lambda functions.",
                           handle->call.resource);

        gal_call_fail(handle, "States.Runtime", cause);
}

static void begin_call(struct gal_call_handle *handle)
{
        if (handle->connector)
                handle->connector->begin(handle);
        else
                fail_unknown_service(handle);
}

static void begin_later(struct gal_tasks *tasks);

/* Those that are there now: what their callbacks dispatch in turn is for the next turn. */
static void begin_fresh(void *user)
{
        struct gal_tasks *tasks = user;
        struct gal_call_handle *handle;
        size_t count = tasks->fresh_count;

        tasks->begin_due = false;
        while (count-- > 0 && (handle = TAILQ_FIRST(&tasks->fresh))) {
                remove_fresh(handle);
                begin_call(handle);
        }
        begin_later(tasks);
}

static void begin_later(struct gal_tasks *tasks)
{
        if (tasks->begin_due || tasks->fresh_count == 0)
                return;
        tasks->begin_due = true;
        gal_loop_defer(tasks->loop, begin_fresh, tasks);
}

struct gal_call_handle *gal_tasks_dispatch(struct gal_tasks *tasks, const struct gal_call *call,
                                           const struct gal_call_callbacks *callbacks)
{
        struct gal_call_handle *handle = gal_new(struct gal_call_handle);

        gal_assert(call->kind == GAL_CALL_FUNCTION || call->service);
        handle->tasks = tasks;
        copy_call(&handle->call, call);
        handle->callbacks = *callbacks;
        handle->connector = find_connector(call);
        handle->fresh = true;
        TAILQ_INSERT_TAIL(&tasks->fresh, handle, in_fresh);
        TAILQ_INSERT_TAIL(&tasks->calls, handle, in_calls);
        tasks->fresh_count++;
        tasks->call_count++;
        begin_later(tasks);
        return handle;
}

void gal_tasks_cancel(struct gal_call_handle *handle)
{
        if (!handle->fresh && handle->connector)
                handle->connector->cancel(handle);
        retire(handle);
        free_call(handle);
}

size_t gal_tasks_in_flight(const struct gal_tasks *tasks)
{
        return tasks->call_count + tasks->background;
}

/* The dispatcher */

enum gal_status gal_tasks_http(struct gal_tasks *tasks, struct gal_http **ret_http, struct gal_error *error)
{
        enum gal_status status = tasks->http ? GAL_OK : gal_http_create(tasks->loop, &tasks->http, error);

        if (status == GAL_OK)
                *ret_http = tasks->http;
        return status;
}

enum gal_status gal_tasks_create(struct gal_loop *loop, const struct gal_functions *functions,
                                 const struct gal_log *log, struct gal_tasks **ret_tasks, struct gal_error *error)
{
        struct gal_tasks *tasks = gal_new(struct gal_tasks);

        if (getrandom(&tasks->random, sizeof tasks->random, 0) != (ssize_t)sizeof tasks->random) {
                free(tasks);
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "the system gives no random numbers");
        }
        tasks->loop = loop;
        tasks->functions = functions;
        tasks->log = log;
        TAILQ_INIT(&tasks->calls);
        TAILQ_INIT(&tasks->fresh);
        *ret_tasks = tasks;
        return GAL_OK;
}

void gal_tasks_set_functions(struct gal_tasks *tasks, struct gal_functions *functions)
{
        gal_lambda_retire(tasks);
        tasks->functions = tasks->own_functions = functions;
}

void gal_tasks_destroy(struct gal_tasks *tasks)
{
        if (!tasks)
                return;
        while (!TAILQ_EMPTY(&tasks->calls))
                gal_tasks_cancel(TAILQ_FIRST(&tasks->calls));
        gal_lambda_finish(tasks);
        gal_http_destroy(tasks->http);
        gal_loop_undefer(tasks->loop, begin_fresh, tasks);
        free(tasks);
}
