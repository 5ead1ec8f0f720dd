/*
 * machine.c: actions on state machines themselves.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "definition/program.h"
#include "definition/reference.h"
#include "engine/query.h"
#include "store/rows.h"

void gal_machine_refuse(struct gal_action_call *call, const char *arn)
{
        gal_reply_fail(&call->reply, 400, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn);
}

bool gal_machine_open_resource(struct gal_action_call *call, const char *member, struct gal_resource *ret_resource)
{
        if (!gal_resource_open(call, member, "stateMachine", ret_resource))
                return false;
        if (ret_resource->label == NULL)
                return true;
        gal_reply_detail(&call->reply, "reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS");
        gal_reply_fail(&call->reply, 400, "ValidationException",
                       "This API operation does not support labeled ARNs: '%s'", ret_resource->arn);
        gal_resource_finish(ret_resource);
        return false;
}

/* Creation and update. */

/* The texts that a request's configurations come to; owned. */
struct configuration {
        char *logging;
        char *tracing;
        char *encryption;
};

static void finish_configuration(struct configuration *configuration)
{
        free(configuration->logging);
        free(configuration->tracing);
        free(configuration->encryption);
}

/* False after a refusal. What it has read is to be finished anyway. */
static bool read_configuration(struct gal_action_call *call, struct configuration *configuration)
{
        if (gal_action_is_given(call, "versionDescription") && !gal_action_flag(call, "publish", false)) {
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "Version description can only be set when publish is true");
                return false;
        }
        configuration->tracing = gal_configuration_read_tracing(call);
        return gal_configuration_read_logging(call, &configuration->logging) &&
               gal_configuration_read_encryption(call, &configuration->encryption);
}

static struct gal_configuration borrow(const struct configuration *configuration)
{
        return (struct gal_configuration){ .logging = configuration->logging,
                                           .tracing = configuration->tracing,
                                           .encryption = configuration->encryption };
}

/* What is wrong with the definition comes first, as on the service. */
static void refuse_express(struct gal_action_call *call)
{
        const json_t *definition = json_object_get(call->request, "definition");
        gal_auto_free char *faults = gal_definition_faults(json_string_value(definition),
                                                           json_string_length(definition), /* express= */ true);

        if (faults != NULL)
                gal_reply_fail(&call->reply, 400, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
                               faults);
        else
                gal_reply_fail(&call->reply, 400, "StateMachineTypeNotSupported",
                               "This release has state machines of type STANDARD only");
}

static void create(struct gal_action_call *call, const struct configuration *configuration)
{
        const json_t *definition = json_object_get(call->request, "definition");
        struct gal_create_request request = { .name = gal_action_text(call, "name"),
                                              .definition = json_string_value(definition),
                                              .definition_len = json_string_length(definition),
                                              .role_arn = gal_action_text(call, "roleArn"),
                                              .configuration = borrow(configuration),
                                              .publish = gal_action_flag(call, "publish", false),
                                              .version_description = gal_action_text(call, "versionDescription") };
        gal_auto_free struct gal_tag *tags = NULL;

        if (!gal_tags_read(call, "tags", &tags, &request.tag_count))
                return;
        request.tags = tags;
        gal_engine_create_machine(call->api->engine, &request, gal_pending_answer,
                                  gal_pending_create(call, "stateMachineArn", "creationDate"));
}

void gal_api_create_state_machine(struct gal_action_call *call)
{
        const char *type = gal_action_text(call, "type");
        struct configuration configuration = { NULL, NULL, NULL };

        if (type != NULL && strcmp(type, "EXPRESS") == 0)
                refuse_express(call);
        else if (read_configuration(call, &configuration))
                create(call, &configuration);
        finish_configuration(&configuration);
}

static bool says_something(const struct gal_action_call *call)
{
        static const char *const members[] = { "definition", "roleArn", "loggingConfiguration",
                                               "tracingConfiguration", "encryptionConfiguration" };

        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
                if (gal_action_is_given(call, members[i]))
                        return true;
        }
        return false;
}

static void update(struct gal_action_call *call, const struct gal_resource *machine,
                   const struct configuration *configuration)
{
        const json_t *definition = json_object_get(call->request, "definition");
        struct gal_update_request request = { .machine = machine->name,
                                              .definition = json_string_value(definition),
                                              .definition_len = json_string_length(definition),
                                              .role_arn = gal_action_text(call, "roleArn"),
                                              .configuration = borrow(configuration),
                                              .publish = gal_action_flag(call, "publish", false),
                                              .version_description = gal_action_text(call, "versionDescription") };

        gal_engine_update_machine(call->api->engine, &request, gal_pending_answer,
                                  gal_pending_create(call, NULL, "updateDate"));
}

void gal_api_update_state_machine(struct gal_action_call *call)
{
        struct configuration configuration = { NULL, NULL, NULL };
        struct gal_resource machine;

        if (!gal_machine_open_resource(call, "stateMachineArn", &machine))
                return;
        if (!machine.is_ours || machine.qualifier != NULL)
                gal_machine_refuse(call, machine.arn);
        else if (!says_something(call))
                gal_reply_fail(&call->reply, 400, "MissingRequiredParameter",
                               "Either the definition, the role ARN, the LoggingConfiguration, or the "
                               "TracingConfiguration must be specified");
        else if (read_configuration(call, &configuration))
                update(call, &machine, &configuration);
        finish_configuration(&configuration);
        gal_resource_finish(&machine);
}

void gal_api_delete_state_machine(struct gal_action_call *call)
{
        struct gal_resource machine;

        if (!gal_machine_open_resource(call, "stateMachineArn", &machine))
                return;
        if (machine.qualifier != NULL)
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "'%s' is a version or an alias: DeleteStateMachineVersion and "
                               "DeleteStateMachineAlias delete those",
                               machine.arn);
        else if (machine.is_ours)
                gal_engine_delete_machine(call->api->engine, machine.name, gal_pending_answer,
                                          gal_pending_create(call, NULL, NULL));
        else
                gal_reply_send(&call->reply);
        gal_resource_finish(&machine);
}

/* Listing. */

struct machine_list {
        struct gal_action_call *call;
        struct gal_page page;
        size_t count;
        char *last_name;
        bool more;
};

static bool list_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_list *list = user;
        struct gal_reply *reply = &list->call->reply;
        gal_auto_free char *arn = gal_resource_arn(list->call->api, "stateMachine", row->name);

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
void gal_api_list_state_machines(struct gal_action_call *call)
{
        struct machine_list list = { .call = call,
                                     .page = { .question = { "ListStateMachines" }, .question_count = 1 } };
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store = call->api->store;
        enum gal_status status;

        if (!gal_page_open(call, &list.page))
                return;
        gal_reply_open(&call->reply, "stateMachines", '[');
        status = store->ops->list_machines(store, list.page.position, list.page.limit + 1, list_machine, &list,
                                           &error);
        gal_reply_close(&call->reply, ']');
        if (status == GAL_OK) {
                if (list.more)
                        gal_page_reply_token(call, &list.page, list.last_name);
                gal_reply_send(&call->reply);
        } else {
                gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        }
        free(list.last_name);
}

/* Reading. */

static bool copy_machine(void *user, const struct gal_machine_row *row)
{
        struct gal_machine_row *copy = user;

        *copy = *row;
        gal_row_own(GAL_ROW_MACHINE, copy);
        return false;
}

void gal_machine_finish(struct gal_machine_row *machine)
{
        gal_row_disown(GAL_ROW_MACHINE, machine);
}

bool gal_machine_find(struct gal_action_call *call, const struct gal_resource *resource,
                      struct gal_machine_row *ret_machine)
{
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;

        memset(ret_machine, 0, sizeof(*ret_machine));
        if (resource->is_ours)
                status = store->ops->read_machines(store, resource->name, copy_machine, ret_machine, &error);
        if (status == GAL_OK)
                return true;
        gal_machine_finish(ret_machine);
        gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        return false;
}

bool gal_machine_read(struct gal_action_call *call, const struct gal_resource *resource,
                      struct gal_machine_row *ret_machine)
{
        if (!gal_machine_find(call, resource, ret_machine))
                return false;
        if (ret_machine->name != NULL)
                return true;
        gal_machine_refuse(call, resource->arn);
        return false;
}

static bool copy_revision(void *user, const struct gal_revision_row *row)
{
        struct gal_revision_row *copy = user;

        *copy = *row;
        gal_row_own(GAL_ROW_REVISION, copy);
        return false;
}

/* False after a refusal. Release with gal_row_disown(). */
static bool read_revision(struct gal_action_call *call, const char *revision_id,
                          struct gal_revision_row *ret_revision)
{
        struct gal_store *store = call->api->store;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        memset(ret_revision, 0, sizeof(*ret_revision));
        status = store->ops->read_revision(store, revision_id, copy_revision, ret_revision, &error);
        if (status == GAL_OK && ret_revision->revision_id != NULL)
                return true;
        gal_row_disown(GAL_ROW_REVISION, ret_revision);
        if (status == GAL_OK)
                status = gal_fail(&error, GAL_EIO, GAL_NOWHERE, "the store has no revision %s", revision_id);
        gal_action_fail(call, status, &error, "StateMachineDoesNotExist");
        return false;
}

/* Description. */

/* (transfer full) NULL: it does not compile with this release. */
static struct gal_program *compile(const struct gal_revision_row *revision)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;

        if (gal_program_compile(revision->definition, strlen(revision->definition), NULL, &diagnostics, &program) !=
            GAL_OK)
                program = NULL;
        gal_diagnostics_finish(&diagnostics);
        return program;
}

static void reply_references(struct gal_reply *reply, const struct gal_program *program)
{
        json_auto_t *references = gal_program_references(program);
        gal_auto_free char *text = NULL;

        if (json_object_size(references) == 0)
                return;
        text = gal_need(gal_json_text(references, NULL));
        gal_reply_raw(reply, "variableReferences", text);
}

/* What a revision says, but for METADATA_ONLY. */
static void reply_revision(struct gal_action_call *call, const struct gal_revision_row *revision)
{
        const char *included = gal_action_text(call, "includedData");
        bool has_data = included == NULL || strcmp(included, "METADATA_ONLY") != 0;
        struct gal_program *program = has_data ? compile(revision) : NULL;
        struct gal_reply *reply = &call->reply;

        gal_reply_text(reply, "definition", has_data ? revision->definition : "{}");
        gal_reply_text(reply, "roleArn", revision->role_arn != NULL ? revision->role_arn : "");
        gal_reply_raw(reply, "loggingConfiguration",
                      revision->logging != NULL ? revision->logging : GAL_LOGGING_USUAL);
        gal_reply_raw(reply, "tracingConfiguration",
                      revision->tracing != NULL ? revision->tracing : GAL_TRACING_USUAL);
        gal_reply_raw(reply, "encryptionConfiguration",
                      revision->encryption != NULL ? revision->encryption : GAL_ENCRYPTION_USUAL);
        if (revision->number > 1) /* the first one is not told (recorded) */
                gal_reply_text(reply, "revisionId", revision->revision_id);
        if (program != NULL)
                reply_references(reply, program);
        gal_program_unref(program);
}

/* What an ARN means: a machine, or a version of it. */
struct target {
        struct gal_machine_row machine;
        struct gal_version_row version; /* its number 0: the machine itself */
};

static bool has_label(const struct gal_revision_row *revision, const char *label)
{
        struct gal_program *program = compile(revision);
        bool has = false;

        for (uint32_t i = 0; program != NULL && i < program->state_count && !has; i++) {
                const struct gal_state *state = &program->states[i];

                has = state->kind == GAL_STATE_MAP && state->as.map.label != NULL &&
                      strcmp(state->as.map.label, label) == 0;
        }
        gal_program_unref(program);
        return has;
}

static void describe(struct gal_action_call *call, const struct gal_resource *resource, const struct target *target)
{
        bool is_version = target->version.version != 0;
        struct gal_reply *reply = &call->reply;
        struct gal_revision_row revision;

        if (!read_revision(call, is_version ? target->version.revision_id : target->machine.revision_id, &revision))
                return;
        if (resource->label != NULL && !has_label(&revision, resource->label)) {
                gal_machine_refuse(call, resource->arn);
        } else {
                gal_reply_text(reply, "stateMachineArn", resource->arn);
                gal_reply_text(reply, "name", target->machine.name);
                gal_reply_text(reply, "status", target->machine.status);
                gal_reply_text(reply, "type", target->machine.type);
                gal_reply_time(reply, "creationDate",
                               is_version ? target->version.created_ms : target->machine.created_ms);
                gal_reply_text(reply, "label", resource->label);
                gal_reply_text(reply, "description", target->version.description);
                reply_revision(call, &revision);
                gal_reply_send(reply);
        }
        gal_row_disown(GAL_ROW_REVISION, &revision);
}

void gal_api_describe_state_machine(struct gal_action_call *call)
{
        struct gal_resource resource;
        struct target target;

        memset(&target, 0, sizeof(target));
        if (!gal_resource_open(call, "stateMachineArn", "stateMachine", &resource))
                return;
        if (gal_machine_read(call, &resource, &target.machine)) {
                if (resource.qualifier == NULL ||
                    gal_version_resolve(call, &resource, target.machine.machine_id, &target.version))
                        describe(call, &resource, &target);
                gal_row_disown(GAL_ROW_VERSION, &target.version);
        }
        gal_machine_finish(&target.machine);
        gal_resource_finish(&resource);
}

/* Of an execution. */

static void copy_execution(void *user, const struct gal_execution_row *row)
{
        struct gal_execution_row *copy = user;

        *copy = *row;
        gal_row_own(GAL_ROW_EXECUTION, copy);
}

static void describe_for(struct gal_action_call *call, const struct gal_execution_row *execution)
{
        gal_auto_free char *arn = gal_resource_arn(call->api, "stateMachine", execution->machine_name);
        struct gal_reply *reply = &call->reply;
        struct gal_revision_row revision;

        if (!read_revision(call, execution->revision_id, &revision))
                return;
        gal_reply_text(reply, "stateMachineArn", arn);
        gal_reply_text(reply, "name", execution->machine_name);
        gal_reply_time(reply, "updateDate", revision.created_ms);
        reply_revision(call, &revision);
        gal_reply_send(reply);
        gal_row_disown(GAL_ROW_REVISION, &revision);
}

void gal_api_describe_state_machine_for_execution(struct gal_action_call *call)
{
        struct gal_execution_row execution;
        struct gal_resource resource;

        memset(&execution, 0, sizeof(execution));
        if (!gal_execution_open(call, &resource))
                return;
        if (gal_execution_read(call, &resource, copy_execution, &execution)) {
                describe_for(call, &execution);
                gal_row_disown(GAL_ROW_EXECUTION, &execution);
        }
        gal_resource_finish(&resource);
}
