/*
 * api.c: the table of actions and their handlers.
 *
 * Members, names and texts of errors: service model; reference api and recordings. The members of requests are
 * checked by hand here, as far as the actions need them.
 */
#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/token.h"
#include "base/alloc.h"
#include "base/arn.h"
#include "base/json.h"
#include "base/limits.h"
#include "definition/program.h"
#include "engine/query.h"

#define RESULTS_DEFAULT 100
#define RESULTS_MAX 1000
#define QUESTION_MAX 4
/* The year 9999. */
#define CLOSED_BEFORE_MAX 253402300800.0

struct call {
        struct gal_api *api;
        const json_t *request;
        struct gal_reply reply;
};

/* Requests. */

static const char *text_member(const struct call *call, const char *name)
{
        return json_string_value(json_object_get(call->request, name));
}

/* NULL after a refusal. */
static const char *required(struct call *call, const char *name)
{
        const json_t *value = json_object_get(call->request, name);

        if (json_is_string(value))
                return json_string_value(value);
        if (value == NULL || json_is_null(value))
                gal_reply_fail(
                        &call->reply, 400, "ValidationException",
                        "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member "
                        "must not be null",
                        name);
        else
                gal_reply_fail(&call->reply, 400, "SerializationException", "'%s' must be a string", name);
        return NULL;
}

/* 0 and absent mean the default. False after a refusal. */
static bool max_results(struct call *call, size_t *ret_limit)
{
        json_int_t value = json_integer_value(json_object_get(call->request, "maxResults"));

        *ret_limit = value > 0 ? (size_t)value : RESULTS_DEFAULT;
        if (value >= 0 && value <= RESULTS_MAX)
                return true;
        gal_reply_fail(&call->reply, 400, "ValidationException",
                       "1 validation error detected: Value '%lld' at 'maxResults' failed to satisfy constraint: "
                       "Member must have value %s than or equal to %d",
                       (long long)value, value < 0 ? "greater" : "less", value < 0 ? 0 : RESULTS_MAX);
        return false;
}

/* Pages. */

struct page {
        const char *question[QUESTION_MAX]; /* what its token belongs to */
        size_t question_count;
        const char *position; /* NULL: the first page */
        size_t limit;
};

/* The question is noted already. False after a refusal. */
static bool open_page(struct call *call, struct page *page)
{
        const char *token = text_member(call, "nextToken");

        if (!max_results(call, &page->limit))
                return false;
        page->position = token == NULL ? NULL : gal_token_position(token, page->question, page->question_count);
        if (token == NULL || page->position != NULL)
                return true;
        gal_reply_fail(&call->reply, 400, "InvalidToken", "Invalid Token: 'Invalid token'");
        return false;
}

static void reply_token(struct call *call, const struct page *page, const char *position)
{
        gal_auto_free char *token = gal_token_make(page->question, page->question_count, position);

        gal_reply_text(&call->reply, "nextToken", token);
}

/* Answers of the engine. */

struct pending {
        struct gal_reply reply;
        const char *time_key;
        const char *arn_key; /* NULL: the answer has no ARN */
};

static struct pending *make_pending(struct call *call, const char *arn_key, const char *time_key)
{
        struct pending *pending = gal_new(struct pending);

        pending->reply = call->reply;
        pending->arn_key = arn_key;
        pending->time_key = time_key;
        return pending;
}

static void answer(void *user, const struct gal_answer *answer)
{
        struct pending *pending = user;

        if (answer->status != GAL_OK) {
                gal_reply_fail(&pending->reply, answer->status == GAL_EIO ? 503 : 400, answer->code, "%s",
                               answer->message);
        } else {
                if (pending->arn_key != NULL)
                        gal_reply_text(&pending->reply, pending->arn_key, answer->arn);
                if (pending->time_key != NULL)
                        gal_reply_time(&pending->reply, pending->time_key, answer->time_ms);
                gal_reply_send(&pending->reply);
        }
        free(pending);
}

/* What the store said no to. */
static void fail_status(struct call *call, enum gal_status status, const struct gal_error *error,
                        const char *missing)
{
        if (status == GAL_ENOTFOUND)
                gal_reply_fail(&call->reply, 400, missing, "%s", error->message);
        else if (status == GAL_EINVALID)
                gal_reply_fail(&call->reply, 400, "InvalidArn", "%s", error->message);
        else
                gal_reply_fail(&call->reply, 500, "InternalServerError", "%s", error->message);
}

/* State machines. */

static char *machine_arn(const struct gal_api *api, const char *name)
{
        return gal_format("arn:%s:states:%s:%s:stateMachine:%s", gal_arn_partition(api->region), api->region,
                          api->account, name);
}

/* The name in a machine's ARN; a bare name is taken as it is. */
static const char *machine_name(const char *arn)
{
        const char *marker = strstr(arn, ":stateMachine:");

        return marker == NULL ? arn : marker + strlen(":stateMachine:");
}

static void create_state_machine(struct call *call)
{
        struct gal_create_request request = { .name = required(call, "name") };

        if (request.name == NULL)
                return;
        request.definition = required(call, "definition");
        if (request.definition == NULL)
                return;
        request.definition_len = strlen(request.definition);
        request.role_arn = text_member(call, "roleArn");
        gal_engine_create_machine(call->api->engine, &request, answer,
                                  make_pending(call, "stateMachineArn", "creationDate"));
}

static void delete_state_machine(struct call *call)
{
        const char *arn = required(call, "stateMachineArn");

        if (arn != NULL)
                gal_engine_delete_machine(call->api->engine, arn, answer, make_pending(call, NULL, NULL));
}

struct machine_list {
        struct call *call;
        struct page page;
        size_t count;
        char *last_name;
        bool more;
};

static bool list_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_list *list = user;
        struct gal_reply *reply = &list->call->reply;
        gal_auto_free char *arn = machine_arn(list->call->api, row->name);

        if (list->page.position != NULL && strcmp(row->name, list->page.position) <= 0)
                return true;
        if (list->count++ == list->page.limit) {
                list->more = true;
                return false;
        }
        free(list->last_name);
        list->last_name = gal_strdup(row->name);
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "stateMachineArn", arn);
        gal_reply_text(reply, "name", row->name);
        gal_reply_text(reply, "type", row->type);
        gal_reply_time(reply, "creationDate", row->created_ms);
        gal_reply_close(reply, '}');
        return true;
}

/* By name: the order in which machines were made is nothing that one can go on from when one is deleted. */
static void list_state_machines(struct call *call)
{
        struct machine_list list = { .call = call,
                                     .page = { .question = { "ListStateMachines" }, .question_count = 1 } };
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = call->api->store;
        enum gal_status status;

        if (!open_page(call, &list.page))
                return;
        gal_reply_open(&call->reply, "stateMachines", '[');
        status = store->ops->read_machines(store, NULL, list_machine, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        reply_token(call, &list.page, list.last_name);
                gal_reply_send(&call->reply);
        } else {
                fail_status(call, status, &error, "StateMachineDoesNotExist");
        }
        free(list.last_name);
}

struct machine_copy {
        char *id;
        char *name;
        char *revision_id;
        int64_t created_ms;
};

static bool copy_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_copy *copy = user;

        copy->id = gal_strdup(row->machine_id);
        copy->name = gal_strdup(row->name);
        copy->revision_id = gal_strdup(row->revision_id);
        copy->created_ms = row->created_ms;
        return false;
}

static void finish_machine(struct machine_copy *copy)
{
        free(copy->id);
        free(copy->name);
        free(copy->revision_id);
}

/* False after a refusal. */
static bool read_machine(struct call *call, const char *arn, struct machine_copy *ret_copy)
{
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        memset(ret_copy, 0, sizeof(*ret_copy));
        status = store->ops->read_machines(store, machine_name(arn), copy_machine, ret_copy, &error);
        if (status == GAL_OK && ret_copy->name != NULL)
                return true;
        if (status == GAL_OK)
                gal_reply_fail(&call->reply, 400, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'",
                               arn);
        else
                fail_status(call, status, &error, "StateMachineDoesNotExist");
        return false;
}

static void describe_state_machine(struct call *call)
{
        const char *arn = required(call, "stateMachineArn");
        gal_auto_free char *definition = NULL, *role_arn = NULL, *full_arn = NULL;
        struct gal_error error = { .code = GAL_OK };
        struct machine_copy machine;
        enum gal_status status;

        if (arn == NULL || !read_machine(call, arn, &machine))
                return;
        full_arn = machine_arn(call->api, machine.name);
        status = gal_query_definition(call->api->store, machine.revision_id, &definition, &role_arn, &error);
        if (status == GAL_OK) {
                gal_reply_text(&call->reply, "stateMachineArn", full_arn);
                gal_reply_text(&call->reply, "name", machine.name);
                gal_reply_text(&call->reply, "status", "ACTIVE");
                gal_reply_text(&call->reply, "definition", definition);
                gal_reply_text(&call->reply, "roleArn", role_arn);
                gal_reply_text(&call->reply, "type", "STANDARD");
                gal_reply_time(&call->reply, "creationDate", machine.created_ms);
                gal_reply_send(&call->reply);
        } else {
                fail_status(call, status, &error, "StateMachineDoesNotExist");
        }
        finish_machine(&machine);
}

/* Executions. */

static void start_execution(struct call *call)
{
        struct gal_start_request request = { .machine = required(call, "stateMachineArn") };
        const char *input = text_member(call, "input");
        struct gal_error error = { .code = GAL_OK };

        if (request.machine == NULL)
                return;
        if (input == NULL)
                input = "{}";
        request.name = text_member(call, "name");
        if (gal_payload_parse(input, strlen(input), &request.input, &error) != GAL_OK) {
                gal_reply_fail(&call->reply, 400, "InvalidExecutionInput",
                               "Invalid State Machine Execution Input: '%s'", error.message);
                return;
        }
        gal_engine_start(call->api->engine, &request, answer, make_pending(call, "executionArn", "startDate"));
        gal_payload_unref(request.input);
}

static void note_stopped(void *user, const struct gal_execution_row *row)
{
        *(int64_t *)user = row->stopped_ms;
}

/* One that is closed already says when that was. */
static void stop_execution(struct call *call)
{
        const char *arn = required(call, "executionArn");
        struct gal_error error = { .code = GAL_OK };
        int64_t stopped_ms = 0;
        enum gal_status status;

        if (arn == NULL)
                return;
        status = gal_query_execution(call->api->store, arn, note_stopped, &stopped_ms, &error);
        if (status != GAL_OK) {
                fail_status(call, status, &error, "ExecutionDoesNotExist");
        } else if (stopped_ms != 0) {
                gal_reply_time(&call->reply, "stopDate", stopped_ms);
                gal_reply_send(&call->reply);
        } else {
                gal_engine_stop(call->api->engine, arn, text_member(call, "error"), text_member(call, "cause"),
                                answer, make_pending(call, NULL, "stopDate"));
        }
}

static void reply_execution_arns(struct call *call, const struct gal_execution_row *row)
{
        gal_auto_free char *machine = machine_arn(call->api, row->machine_name);
        gal_auto_free char *execution =
                gal_format("arn:%s:states:%s:%s:execution:%s:%s", gal_arn_partition(call->api->region),
                           call->api->region, call->api->account, row->machine_name, row->name);

        gal_reply_text(&call->reply, "executionArn", execution);
        gal_reply_text(&call->reply, "stateMachineArn", machine);
        gal_reply_text(&call->reply, "name", row->name);
        gal_reply_text(&call->reply, "status", row->status);
        gal_reply_time(&call->reply, "startDate", row->started_ms);
        if (row->stopped_ms != 0)
                gal_reply_time(&call->reply, "stopDate", row->stopped_ms);
        gal_reply_int(&call->reply, "redriveCount", 0);
}

static void reply_execution(void *user, const struct gal_execution_row *row)
{
        struct call *call = user;

        reply_execution_arns(call, row);
        gal_reply_text(&call->reply, "input", row->input);
        gal_reply_raw(&call->reply, "inputDetails", "{\"included\":true}");
        gal_reply_text(&call->reply, "output", row->output);
        if (row->output != NULL)
                gal_reply_raw(&call->reply, "outputDetails", "{\"included\":true}");
        gal_reply_text(&call->reply, "error", row->error);
        gal_reply_text(&call->reply, "cause", row->cause);
}

static void describe_execution(struct call *call)
{
        const char *arn = required(call, "executionArn");
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (arn == NULL)
                return;
        status = gal_query_execution(call->api->store, arn, reply_execution, call, &error);
        if (status == GAL_OK)
                gal_reply_send(&call->reply);
        else
                fail_status(call, status, &error, "ExecutionDoesNotExist");
}

struct execution_list {
        struct call *call;
        struct page page;
        size_t count;
        char last_id[64];
        bool more;
};

static bool list_execution(void *user, const struct gal_execution_row *row)
{
        struct execution_list *list = user;

        if (list->count == list->page.limit) {
                list->more = true;
                return false;
        }
        list->count++;
        strncpy(list->last_id, row->execution_id, sizeof(list->last_id) - 1);
        gal_reply_open(&list->call->reply, NULL, '{');
        reply_execution_arns(list->call, row);
        gal_reply_close(&list->call->reply, '}');
        return true;
}

static void list_executions(struct call *call)
{
        const char *arn = required(call, "stateMachineArn");
        struct gal_execution_filter filter = { .status = text_member(call, "statusFilter") };
        struct execution_list list = {
                .call = call, .page = { .question = { "ListExecutions", arn, filter.status }, .question_count = 3 }
        };
        struct gal_error error = { .code = GAL_OK };
        struct machine_copy machine;
        enum gal_status status;

        if (arn == NULL || !open_page(call, &list.page) || !read_machine(call, arn, &machine))
                return;
        filter.machine_id = machine.id;
        filter.before_id = list.page.position;
        filter.limit = list.page.limit + 1;
        gal_reply_open(&call->reply, "executions", '[');
        status = call->api->store->ops->list_executions(call->api->store, &filter, list_execution, &list, &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        reply_token(call, &list.page, list.last_id);
                gal_reply_send(&call->reply);
        } else {
                fail_status(call, status, &error, "ExecutionDoesNotExist");
        }
        finish_machine(&machine);
}

struct event_list {
        struct call *call;
        uint64_t last_id;
};

static void add_event(void *user, uint64_t id, const char *text, size_t len)
{
        struct event_list *list = user;

        list->last_id = id;
        gal_reply_item(&list->call->reply, text, len);
}

static void get_execution_history(struct call *call)
{
        struct gal_history_query query = { .execution_arn = required(call, "executionArn"),
                                           .reverse =
                                                   json_is_true(json_object_get(call->request, "reverseOrder")) };
        struct page page = { .question = { "GetExecutionHistory", query.execution_arn,
                                           query.reverse ? "reverse" : NULL },
                             .question_count = 3 };
        struct event_list list = { .call = call };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;
        bool more = false;

        if (query.execution_arn == NULL || !open_page(call, &page))
                return;
        query.limit = page.limit;
        query.omit_data = json_is_false(json_object_get(call->request, "includeExecutionData"));
        query.after_id = page.position == NULL ? 0 : strtoull(page.position, NULL, 10);
        gal_reply_open(&call->reply, "events", '[');
        status = gal_query_history(call->api->store, &query, add_event, &list, &more, &error);
        gal_reply_close(&call->reply, ']');
        if (status != GAL_OK) {
                fail_status(call, status, &error, "ExecutionDoesNotExist");
                return;
        }
        if (more) {
                gal_auto_free char *position = gal_format("%llu", (unsigned long long)list.last_id);

                reply_token(call, &page, position);
        }
        gal_reply_send(&call->reply);
}

/*
 * Of ours, for `galliard store purge`: removes executions that were closed before `closedBefore` (seconds since
 * 1970, as all times of the API), for about a second. `isComplete` false: ask again.
 */
static void purged(void *user, enum gal_status status, size_t removed, bool is_complete, const char *message)
{
        struct pending *pending = user;

        if (status != GAL_OK) {
                gal_reply_fail(&pending->reply, 503, "ServiceUnavailable", "%s", message);
        } else {
                gal_reply_int(&pending->reply, "removed", (int64_t)removed);
                gal_reply_raw(&pending->reply, "isComplete", is_complete ? "true" : "false");
                gal_reply_send(&pending->reply);
        }
        free(pending);
}

static void purge_executions(struct call *call)
{
        const json_t *before = json_object_get(call->request, "closedBefore");
        double seconds = json_number_value(before);

        if (!json_is_number(before) || seconds < 0 || seconds > CLOSED_BEFORE_MAX)
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "'closedBefore' must be a time, in seconds since 1970");
        else if (call->api->purge == NULL)
                gal_reply_fail(&call->reply, 503, "ServiceUnavailable", "this process removes nothing");
        else
                call->api->purge(call->api->user, (int64_t)(seconds * 1000 + 0.5), purged,
                                 make_pending(call, NULL, NULL));
}

static const struct action {
        const char *name;
        void (*run)(struct call *call);
        bool writes;
} actions[] = {
        { "CreateStateMachine", create_state_machine, true },
        { "DeleteStateMachine", delete_state_machine, true },
        { "DescribeExecution", describe_execution, false },
        { "DescribeStateMachine", describe_state_machine, false },
        { "GetExecutionHistory", get_execution_history, false },
        { "ListExecutions", list_executions, false },
        { "ListStateMachines", list_state_machines, false },
        { "PurgeExecutions", purge_executions, true },
        { "StartExecution", start_execution, true },
        { "StopExecution", stop_execution, true },
};

static const struct action *find_action(const char *name)
{
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
                if (strcmp(actions[i].name, name) == 0)
                        return &actions[i];
        }
        return NULL;
}

bool gal_api_find(const char *action, bool *ret_writes)
{
        const struct action *found = find_action(action);

        if (found != NULL)
                *ret_writes = found->writes;
        return found != NULL;
}

struct gal_api_wait *gal_api_call(struct gal_api *api, const char *name, const char *body, size_t len,
                                  gal_api_done done, void *user)
{
        const struct action *action = find_action(name);
        struct gal_error error = { .code = GAL_OK };
        struct call call = { .api = api };
        json_auto_t *request = NULL;

        gal_reply_begin(&call.reply, done, user);
        if (action == NULL) {
                gal_reply_fail(&call.reply, 400, "UnknownOperationException", "'%s' is no action of this server",
                               name);
                return NULL;
        }
        if (gal_json_read(body, len, &request, &error) != GAL_OK || !json_is_object(request)) {
                gal_reply_fail(&call.reply, 400, "SerializationException", "the request is no JSON object%s%s",
                               error.message[0] != '\0' ? ": " : "", error.message);
                return NULL;
        }
        if (action->writes && api->engine == NULL) {
                gal_reply_fail(&call.reply, 503, "ServiceUnavailable", "this process does not own the store");
                return NULL;
        }
        call.request = request;
        action->run(&call);
        if (action->writes && api->poke != NULL)
                api->poke(api->user);
        return NULL;
}
