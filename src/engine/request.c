/*
 * request.c: what clients ask for, in the order in which they asked; refusals and answers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/slot.h"
#include "engine/internal.h"
#include "engine/query.h"

void gal_request_destroy(struct request *request)
{
        free(request->machine);
        free(request->name);
        free(request->definition);
        free(request->role_arn);
        free(request->error);
        free(request->cause);
        free(request->activity);
        free(request->encryption);
        free(request->logging);
        free(request->tracing);
        free(request->description);
        free(request->revision_id);
        free(request->alias);
        free(request->trace_header);
        for (size_t i = 0; i < request->tag_count; i++) {
                free((char *)request->tags[i].key);
                free((char *)request->tags[i].value);
        }
        free(request->tags);
        free(request->token);
        gal_payload_unref(request->input);
        free(request);
}

void gal_answer(gal_engine_done done, void *user, const struct gal_answer *answer)
{
        if (done != NULL)
                done(user, answer);
}

static void refuse(const struct request *request, const struct gal_answer *rest, const char *format, va_list args)
        GAL_PRINTF(3, 0);

static void refuse(const struct request *request, const struct gal_answer *rest, const char *format, va_list args)
{
        struct gal_answer answer = *rest;
        char *message = NULL;

        if (vasprintf(&message, format, args) < 0)
                message = NULL;
        answer.message = gal_need(message);
        gal_answer(request->done, request->user, &answer);
        free(message);
}

void gal_refuse(const struct request *request, enum gal_status status, const char *code, const char *format, ...)
{
        struct gal_answer answer = { .status = status, .code = code };
        va_list args;

        va_start(args, format);
        refuse(request, &answer, format, args);
        va_end(args);
}

void gal_refuse_with(const struct request *request, const struct gal_answer *answer, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        refuse(request, answer, format, args);
        va_end(args);
}

void gal_waiter_add(struct waiter **list, gal_engine_done done, void *user)
{
        struct waiter *waiter;

        if (done == NULL)
                return;
        waiter = gal_new(struct waiter);
        waiter->done = done;
        waiter->user = user;
        while (*list != NULL)
                list = &(*list)->next;
        *list = waiter;
}

void gal_waiters_answer(struct waiter **list, const struct gal_answer *answer)
{
        while (*list != NULL) {
                struct waiter *waiter = *list;

                *list = waiter->next;
                waiter->done(waiter->user, answer);
                free(waiter);
        }
}

/* Queueing. */

static struct request *add_request(struct gal_engine *engine, enum request_kind kind, gal_engine_done done,
                                   void *user)
{
        struct request *request = gal_new(struct request);

        request->kind = kind;
        request->done = done;
        request->user = user;
        *engine->requests_last = request;
        engine->requests_last = &request->next;
        return request;
}

static void set_tags(struct request *request, const struct gal_tag *tags, size_t count)
{
        if (count == 0)
                return;
        request->tags = gal_new_array(count, struct gal_tag);
        request->tag_count = count;
        for (size_t i = 0; i < count; i++) {
                request->tags[i].key = gal_strdup(tags[i].key);
                request->tags[i].value = gal_strdup(tags[i].value);
        }
}

static void set_configuration(struct request *request, const struct gal_configuration *configuration)
{
        request->logging = gal_strdup(configuration->logging);
        request->tracing = gal_strdup(configuration->tracing);
        request->encryption = gal_strdup(configuration->encryption);
}

void gal_engine_create_machine(struct gal_engine *engine, const struct gal_create_request *create,
                               gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_CREATE, done, user);
        struct gal_configuration configuration = create->configuration;

        if (configuration.logging == NULL)
                configuration.logging = GAL_LOGGING_USUAL;
        if (configuration.tracing == NULL)
                configuration.tracing = GAL_TRACING_USUAL;
        if (configuration.encryption == NULL)
                configuration.encryption = GAL_ENCRYPTION_USUAL;
        request->machine = gal_strdup(create->name);
        request->definition = gal_strndup(create->definition, create->definition_len);
        request->definition_len = create->definition_len;
        request->role_arn = gal_strdup(create->role_arn != NULL ? create->role_arn : engine->role_arn);
        request->replace = create->replace;
        set_configuration(request, &configuration);
        request->publish = create->publish;
        request->description = gal_strdup(create->version_description);
        set_tags(request, create->tags, create->tag_count);
}

void gal_engine_update_machine(struct gal_engine *engine, const struct gal_update_request *update,
                               gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_UPDATE, done, user);

        request->machine = gal_strdup(update->machine);
        if (update->definition != NULL)
                request->definition = gal_strndup(update->definition, update->definition_len);
        request->definition_len = update->definition_len;
        request->role_arn = gal_strdup(update->role_arn);
        set_configuration(request, &update->configuration);
        request->publish = update->publish;
        request->description = gal_strdup(update->version_description);
}

void gal_engine_delete_machine(struct gal_engine *engine, const char *machine, gal_engine_done done, void *user)
{
        add_request(engine, REQUEST_DELETE, done, user)->machine = gal_strdup(machine);
}

void gal_engine_publish_version(struct gal_engine *engine, const char *machine, const char *revision_id,
                                const char *description, gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_PUBLISH, done, user);

        request->machine = gal_strdup(machine);
        request->revision_id = gal_strdup(revision_id);
        request->description = gal_strdup(description);
}

void gal_engine_delete_version(struct gal_engine *engine, const char *machine, uint32_t version,
                               gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_DELETE_VERSION, done, user);

        request->machine = gal_strdup(machine);
        request->version = version;
}

static void add_alias_request(struct gal_engine *engine, enum request_kind kind,
                              const struct gal_alias_request *alias, gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, kind, done, user);

        gal_assert(alias->route_count <= GAL_ROUTES_MAX);
        request->machine = gal_strdup(alias->machine);
        request->name = gal_strdup(alias->name);
        request->description = gal_strdup(alias->description);
        memcpy(request->routes, alias->routes, sizeof(request->routes));
        request->route_count = alias->route_count;
}

void gal_engine_create_alias(struct gal_engine *engine, const struct gal_alias_request *alias, gal_engine_done done,
                             void *user)
{
        add_alias_request(engine, REQUEST_CREATE_ALIAS, alias, done, user);
}

void gal_engine_update_alias(struct gal_engine *engine, const struct gal_alias_request *alias, gal_engine_done done,
                             void *user)
{
        add_alias_request(engine, REQUEST_UPDATE_ALIAS, alias, done, user);
}

void gal_engine_delete_alias(struct gal_engine *engine, const char *machine, const char *name, gal_engine_done done,
                             void *user)
{
        struct gal_alias_request alias = { .machine = machine, .name = name };

        add_alias_request(engine, REQUEST_DELETE_ALIAS, &alias, done, user);
}

static void add_tag_request(struct gal_engine *engine, enum request_kind kind, const char *type, const char *name,
                            const struct gal_tag *tags, size_t tag_count, gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, kind, done, user);

        *(strcmp(type, "activity") == 0 ? &request->activity : &request->machine) = gal_strdup(name);
        set_tags(request, tags, tag_count);
}

void gal_engine_tag(struct gal_engine *engine, const char *type, const char *name, const struct gal_tag *tags,
                    size_t tag_count, gal_engine_done done, void *user)
{
        add_tag_request(engine, REQUEST_TAG, type, name, tags, tag_count, done, user);
}

void gal_engine_untag(struct gal_engine *engine, const char *type, const char *name, const struct gal_tag *tags,
                      size_t tag_count, gal_engine_done done, void *user)
{
        add_tag_request(engine, REQUEST_UNTAG, type, name, tags, tag_count, done, user);
}

void gal_engine_start(struct gal_engine *engine, const struct gal_start_request *start, gal_engine_done done,
                      void *user)
{
        struct request *request = add_request(engine, REQUEST_START, done, user);

        request->machine = gal_strdup(start->machine);
        request->name = gal_strdup(start->name);
        request->input = gal_payload_ref(start->input);
        request->version = start->version;
        request->alias = gal_strdup(start->alias);
        request->trace_header = gal_strdup(start->trace_header);
}

void gal_engine_stop(struct gal_engine *engine, const char *execution_arn, const char *stop_error,
                     const char *cause, gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_STOP, done, user);

        request->name = gal_strdup(execution_arn);
        request->error = gal_strdup(stop_error);
        request->cause = gal_strdup(cause);
}

void gal_engine_create_activity(struct gal_engine *engine, const char *name, const char *encryption,
                                const struct gal_tag *tags, size_t tag_count, gal_engine_done done, void *user)
{
        struct request *request = add_request(engine, REQUEST_CREATE_ACTIVITY, done, user);

        request->activity = gal_strdup(name);
        request->encryption = gal_strdup(encryption);
        set_tags(request, tags, tag_count);
}

void gal_engine_delete_activity(struct gal_engine *engine, const char *activity_arn, gal_engine_done done,
                                void *user)
{
        add_request(engine, REQUEST_DELETE_ACTIVITY, done, user)->activity = gal_strdup(activity_arn);
}

void gal_engine_send(struct gal_engine *engine, const struct gal_send_request *send, gal_engine_done done,
                     void *user)
{
        struct request *request = add_request(engine, REQUEST_SEND, done, user);

        request->send = send->kind;
        request->token = gal_strdup(send->token);
        request->input = gal_payload_ref(send->output);
        request->error = gal_strdup(send->error);
        request->cause = gal_strdup(send->cause);
}

/* Starting. */

struct name_lookup {
        bool found;
        int64_t reusable_ms;
};

static bool note_name(void *user, const struct gal_name_row *row)
{
        struct name_lookup *lookup = user;

        lookup->found = true;
        lookup->reusable_ms = row->reusable_ms;
        return false;
}

static void answer_start(const struct gal_run *run, struct waiter **waiters)
{
        struct gal_answer answer = { .arn = run->execution->execution_arn,
                                     .time_ms = run->execution->started_ms,
                                     .run = (struct gal_run *)run };

        gal_waiters_answer(waiters, &answer);
}

/*
 * The same start again: an SDK that retries gets the same answer. False: another one, and the execution is not in
 * the store yet; whoever is told that it is there must not find out that it never was.
 */
static bool join_open(const struct request *request, struct gal_run *run)
{
        size_t len, other_len;
        const char *text = gal_payload_raw(request->input, &len);
        struct gal_payload *input =
                run->is_committed || run->execution->input != NULL ? run->execution->input : NULL;
        const char *other;

        if (input == NULL) /* queued in this very tick: its input is still in its queue */
                input = run->queue[0].stimulus.payload;
        other = gal_payload_raw(input, &other_len);
        if (len != other_len || memcmp(text, other, len) != 0) {
                if (run->is_committed)
                        gal_refuse(request, GAL_ECONFLICT, "ExecutionAlreadyExists",
                                   "Execution Already Exists: '%s'", run->execution->execution_arn);
                return run->is_committed;
        }
        gal_waiter_add(&run->waiters, request->done, request->user);
        if (run->is_committed)
                answer_start(run, &run->waiters);
        return true;
}

/* A parked execution has that name. */
static void join_parked(struct gal_engine *engine, const struct request *request, const struct machine *machine)
{
        gal_auto_free char *arn =
                gal_format("arn:%s:states:%s:%s:execution:%s:%s", gal_arn_partition(engine->region), engine->region,
                           engine->account, machine->name, request->name);
        struct gal_error error = { .code = GAL_OK };
        struct gal_run *run = NULL;
        enum gal_status status = gal_load_arn(engine, arn, &run, &error);

        if (status != GAL_OK)
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
        else if (run != NULL)
                (void)join_open(request, run); /* it is committed */
        else
                gal_refuse(request, GAL_ECONFLICT, "ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn);
}

/* True when the name may be used; else the request is answered. */
static bool check_name(struct gal_engine *engine, const struct request *request, const struct machine *machine)
{
        struct name_lookup lookup = { .found = false };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (!gal_name_is_valid(request->name, strlen(request->name), GAL_NAME_CHARACTERS_MAX)) {
                gal_refuse(request, GAL_EINVALID, "InvalidName", "Invalid Name: '%s'", request->name);
                return false;
        }
        status = engine->store->ops->find_name(engine->store, machine->id, request->name, note_name, &lookup,
                                               &error);
        if (status != GAL_OK) {
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
                return false;
        }
        if (!lookup.found || lookup.reusable_ms <= engine->now_ms)
                return true;
        join_parked(engine, request, machine);
        return false;
}

static bool run_start(struct gal_engine *engine, const struct request *request, struct machine *machine)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_START, .payload = request->input };
        struct gal_run *run = request->name == NULL ? NULL : gal_run_find(engine, machine->id, request->name);
        struct revision *revision;
        uint32_t version;
        size_t input_len;

        if (run != NULL)
                return join_open(request, run);
        gal_payload_raw(request->input, &input_len); /* as it came, with its blanks: it is kept so */
        if (input_len > GAL_PAYLOAD_SIZE_MAX) {
                gal_refuse(request, GAL_ELIMIT, "InvalidExecutionInput", "the input is longer than %d bytes",
                           GAL_PAYLOAD_SIZE_MAX);
                return true;
        }
        if (request->name != NULL && !check_name(engine, request, machine))
                return true;
        revision = gal_version_choose(engine, machine, request, &version);
        if (revision == NULL)
                return true;
        run = gal_run_create(engine, revision, machine->name, request->name, /* id= */ NULL);
        gal_revision_unref(engine, revision);
        run->version = version;
        run->alias = gal_strdup(request->alias);
        run->trace_header = gal_strdup(request->trace_header);
        gal_waiter_add(&run->waiters, request->done, request->user);
        gal_run_queue(run, &stimulus);
        return true;
}

/* False: the machine itself, or the execution of that name, is not in the store yet; the start waits for it. */
static bool try_start(struct gal_engine *engine, const struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);

        if (machine != NULL && machine->in_flight)
                return false;
        if (machine == NULL || machine->deleting)
                gal_machine_refuse_missing(engine, request, /* qualifier= */ NULL);
        else
                return run_start(engine, request, machine);
        return true;
}

struct stop_lookup {
        bool found;
        bool is_quarantined;
        int64_t stopped_ms;
        struct gal_engine *engine;
};

static void note_stopped(void *user, const struct gal_execution_row *row)
{
        struct stop_lookup *lookup = user;

        lookup->found = true;
        lookup->is_quarantined = gal_quarantine_holds(lookup->engine, row->execution_id);
        lookup->stopped_ms = row->stopped_ms;
}

/* It is not in memory: no such execution, one that ended while the request was on its way, or one that is left out.
 */
static void answer_stop(struct gal_engine *engine, const struct request *request)
{
        struct stop_lookup lookup = { .engine = engine };
        struct gal_answer answer = { .status = GAL_OK };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_query_execution(engine->store, request->name, note_stopped, &lookup, &error);

        answer.time_ms = lookup.stopped_ms;
        if (status == GAL_EIO || status == GAL_ENOMEM)
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
        else if (!lookup.found)
                gal_refuse(request, GAL_ENOTFOUND, "ExecutionDoesNotExist", "Execution Does Not Exist: '%s'",
                           request->name);
        else if (answer.time_ms != 0)
                gal_answer(request->done, request->user, &answer);
        else
                gal_refuse(request, GAL_EINVALID, "ValidationException", "Execution cannot be stopped now: '%s' %s",
                           request->name,
                           lookup.is_quarantined
                                   ? "stands still: it ends the process that runs it, or the store refuses what it "
                                     "has to write; the log of the process that owns the store says which"
                                   : "is open, and cannot be read by the process that owns the store; its log says "
                                     "why");
}

static void run_stop(struct gal_engine *engine, const struct request *request)
{
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_STOP,
                                         .error = request->error,
                                         .cause = request->cause };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;
        struct gal_run *run = gal_run_find_arn(engine, request->name);

        if (run == NULL)
                status = gal_load_arn(engine, request->name, &run, &error);
        if (status != GAL_OK) {
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
                return;
        }
        if (run == NULL) {
                answer_stop(engine, request);
                return;
        }
        gal_waiter_add(&run->stop_waiters, request->done, request->user);
        gal_run_queue(run, &stimulus);
}

static bool try_request(struct gal_engine *engine, struct request *request)
{
        switch (request->kind) {
        case REQUEST_CREATE:
                return gal_registry_create(engine, request);
        case REQUEST_UPDATE:
                return gal_registry_update(engine, request);
        case REQUEST_DELETE:
                return gal_registry_delete(engine, request);
        case REQUEST_PUBLISH:
                return gal_version_run_publish(engine, request);
        case REQUEST_DELETE_VERSION:
                return gal_version_run_delete(engine, request);
        case REQUEST_CREATE_ALIAS:
                return gal_alias_run_create(engine, request);
        case REQUEST_UPDATE_ALIAS:
                return gal_alias_run_update(engine, request);
        case REQUEST_DELETE_ALIAS:
                return gal_alias_run_delete(engine, request);
        case REQUEST_TAG:
        case REQUEST_UNTAG:
                return gal_tags_run(engine, request);
        case REQUEST_START:
                return try_start(engine, request);
        case REQUEST_STOP:
                run_stop(engine, request);
                return true;
        case REQUEST_CREATE_ACTIVITY:
                return gal_activity_create(engine, request);
        case REQUEST_DELETE_ACTIVITY:
                return gal_activity_delete(engine, request);
        case REQUEST_SEND:
                return gal_send_run(engine, request);
        }
        gal_bug("request kind", request->kind);
}

void gal_requests_run(struct gal_engine *engine)
{
        struct request *request = engine->requests_first;

        engine->requests_first = NULL;
        engine->requests_last = &engine->requests_first;
        while (request != NULL) {
                struct request *next = request->next;

                request->next = NULL;
                if (try_request(engine, request)) {
                        gal_request_destroy(request);
                } else {
                        *engine->requests_last = request;
                        engine->requests_last = &request->next;
                }
                request = next;
        }
}

void gal_requests_refuse_all(struct gal_engine *engine, enum gal_status status, const char *message)
{
        while (engine->requests_first != NULL) {
                struct request *request = engine->requests_first;

                engine->requests_first = request->next;
                if (message != NULL)
                        gal_refuse(request, status, "ServiceUnavailable", "%s", message);
                gal_request_destroy(request);
        }
        engine->requests_last = &engine->requests_first;
}
