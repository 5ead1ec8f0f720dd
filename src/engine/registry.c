/*
 * registry.c: state machines, in memory and on their way to the store.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "engine/internal.h"

/* "arn:...:stateMachine:NAME" or NAME. */
static const char *name_of(const char *name_or_arn)
{
        const char *marker = ":stateMachine:";
        const char *at = strncmp(name_or_arn, "arn:", 4) == 0 ? strstr(name_or_arn, marker) : NULL;

        return at == NULL ? name_or_arn : at + strlen(marker);
}

struct machine *gal_registry_find(struct gal_engine *engine, const char *name_or_arn)
{
        struct machine *machine;

        HASH_FIND_STR(engine->machines, name_of(name_or_arn), machine);
        return machine;
}

char *gal_engine_arn(const struct gal_engine *engine, const char *type, const char *name)
{
        return gal_format("arn:%s:states:%s:%s:%s:%s", gal_arn_partition(engine->region), engine->region,
                          engine->account, type, name);
}

static char *machine_arn(const struct gal_engine *engine, const char *name)
{
        return gal_engine_arn(engine, "stateMachine", name);
}

static struct machine *add_machine(struct gal_engine *engine, const struct gal_machine_row *row,
                                   struct revision *revision)
{
        struct machine *machine = gal_new(struct machine);

        strncpy(machine->id, row->machine_id, sizeof(machine->id) - 1);
        machine->name = gal_strdup(row->name);
        machine->arn = machine_arn(engine, row->name);
        machine->revision = revision;
        machine->created_ms = row->created_ms;
        machine->updated_ms = row->updated_ms;
        machine->last_version = row->last_version;
        machine->created_published = row->created_published != 0;
        machine->created_description = gal_strdup(row->created_description);
        HASH_ADD_KEYPTR(hh, engine->machines, machine->name, strlen(machine->name), machine);
        return machine;
}

void gal_machine_changed(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        gal_assert(!machine->in_flight);
        gal_waiter_add(&machine->waiters, request->done, request->user);
        machine->in_flight = true;
        machine->next_changed = NULL;
        *engine->changed_last = machine;
        engine->changed_last = &machine->next_changed;
}

void gal_machine_refuse_missing(struct gal_engine *engine, const struct request *request, const char *qualifier)
{
        gal_auto_free char *arn = machine_arn(engine, name_of(request->machine));

        gal_refuse(request, GAL_ENOTFOUND, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%s%s%s'",
                   arn, qualifier != NULL ? ":" : "", qualifier != NULL ? qualifier : "");
}

static bool is_same_text(const char *a, const char *b)
{
        return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Definitions. */

/* (transfer full) As the service words it: CODE: message at location, CODE: ... */
static char *list_faults(const struct gal_diagnostics *diagnostics)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (size_t i = 0; i < diagnostics->count; i++) {
                const struct gal_diagnostic *diagnostic = &diagnostics->items[i];

                if (diagnostic->severity == GAL_SEVERITY_ERROR)
                        gal_buffer_append_format(&text, "%s%s: %s at %s", text.len > 0 ? ", " : "",
                                                 gal_diagnostic_code_name(diagnostic->code), diagnostic->message,
                                                 diagnostic->location != NULL ? diagnostic->location : "null");
        }
        return gal_need(gal_buffer_take(&text, NULL));
}

char *gal_definition_faults(const char *text, size_t len, bool express)
{
        struct gal_program_options options = { .express = express };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        char *faults = NULL;

        if (gal_program_compile(text, len, &options, &diagnostics, &program) != GAL_OK)
                faults = list_faults(&diagnostics);
        gal_diagnostics_finish(&diagnostics);
        gal_program_unref(program);
        return faults;
}

/* NULL: refused. */
static struct gal_program *compile(const struct request *request)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;

        if (gal_program_compile(request->definition, request->definition_len, NULL, &diagnostics, &program) !=
            GAL_OK) {
                gal_auto_free char *faults = list_faults(&diagnostics);

                gal_refuse(request, GAL_EINVALID, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
                           faults);
        }
        gal_diagnostics_finish(&diagnostics);
        return program;
}

/* Creation. */

static bool has_definition(const struct request *request, const struct machine *machine)
{
        return strlen(machine->revision->definition) == request->definition_len &&
               memcmp(machine->revision->definition, request->definition, request->definition_len) == 0;
}

static bool has_configuration(const struct request *request, const struct machine *machine)
{
        const struct revision *revision = machine->revision;

        return is_same_text(revision->logging, request->logging) &&
               is_same_text(revision->tracing, request->tracing) &&
               is_same_text(revision->encryption, request->encryption);
}

/* CreateStateMachine is idempotent on all that it says but role and tags (reference: api, section 5). */
static bool is_same(const struct request *request, const struct machine *machine)
{
        return has_definition(request, machine) && has_configuration(request, machine) &&
               request->publish == machine->created_published &&
               is_same_text(request->description, machine->created_description);
}

/* What is asked for is what is there. */
static void create_again(struct gal_engine *engine, const struct request *request, struct machine *machine)
{
        struct gal_answer answer = { .arn = machine->arn, .time_ms = machine->created_ms };
        gal_auto_free char *version_arn = NULL;

        if (!gal_machine_read_details(engine, machine, request))
                return;
        if (machine->created_published && gal_version_find(machine, 1) != NULL)
                answer.version_arn = version_arn = gal_version_arn(machine, 1);
        gal_answer(request->done, request->user, &answer);
}

/* False: the request is answered. */
static bool check_create(struct gal_engine *engine, const struct request *request, struct machine *machine)
{
        if (!gal_name_is_valid(request->machine, strlen(request->machine), GAL_NAME_CHARACTERS_MAX)) {
                gal_refuse(request, GAL_EINVALID, "InvalidName", "Invalid Name: '%s'", request->machine);
        } else if (machine == NULL && HASH_COUNT(engine->machines) >= GAL_MACHINES_MAX) {
                gal_refuse(request, GAL_ELIMIT, "StateMachineLimitExceeded",
                           "State Machine Limit Exceeded: there are %d already", GAL_MACHINES_MAX);
        } else if (machine == NULL) {
                return true;
        } else if (machine->deleting) {
                gal_refuse(request, GAL_EBUSY, "StateMachineDeleting", "State Machine is being deleted: '%s'",
                           machine->arn);
        } else if (request->replace && !(has_definition(request, machine) &&
                                         is_same_text(request->role_arn, machine->revision->role_arn))) {
                return true;
        } else if (!is_same(request, machine)) {
                gal_refuse(request, GAL_ECONFLICT, "StateMachineAlreadyExists",
                           "State Machine Already Exists: '%s'", machine->arn);
        } else {
                create_again(engine, request, machine);
        }
        return false;
}

/* Takes `program`. The machine's current one (NULL: the request says it all) but for what the request says. */
static struct revision *make_revision(struct gal_engine *engine, const char *machine_id,
                                      const struct request *request, const struct revision *former,
                                      struct gal_program *program)
{
        char id[GAL_UUID_SIZE];
        struct gal_revision_row row = { .revision_id = id,
                                        .machine_id = machine_id,
                                        .definition = request->definition,
                                        .role_arn = request->role_arn,
                                        .created_ms = engine->now_ms,
                                        .number = 1,
                                        .logging = request->logging,
                                        .tracing = request->tracing,
                                        .encryption = request->encryption };

        if (former != NULL) {
                row.number = former->number + 1;
                row.definition = row.definition != NULL ? row.definition : former->definition;
                row.role_arn = row.role_arn != NULL ? row.role_arn : former->role_arn;
                row.logging = row.logging != NULL ? row.logging : former->logging;
                row.tracing = row.tracing != NULL ? row.tracing : former->tracing;
                row.encryption = row.encryption != NULL ? row.encryption : former->encryption;
        }
        gal_uuid7_format(engine->now_ms, &engine->ids, id);
        return gal_revision_add(engine, &row, program);
}

static void replace_revision(struct gal_engine *engine, struct machine *machine, struct revision *revision)
{
        gal_revision_unref(engine, machine->revision);
        machine->revision = revision;
        machine->updated_ms = engine->now_ms;
}

/* Takes `program`. */
static void create_new(struct gal_engine *engine, struct request *request, struct gal_program *program)
{
        char id[GAL_UUID_SIZE];
        gal_auto_free char *resource = gal_format("stateMachine:%s", request->machine);
        gal_auto_free char *arn = machine_arn(engine, request->machine);
        struct gal_machine_row row = { .machine_id = id,
                                       .name = request->machine,
                                       .created_ms = engine->now_ms,
                                       .updated_ms = engine->now_ms,
                                       .created_published = request->publish,
                                       .created_description = request->description };
        struct tag_change tags = { 0 };
        struct machine *machine;

        if (!gal_tags_plan(request, resource, arn, &tags)) {
                gal_program_unref(program);
                return;
        }
        gal_uuid7_format(engine->now_ms, &engine->ids, id);
        machine = add_machine(engine, &row, make_revision(engine, id, request, /* former= */ NULL, program));
        machine->has_details = true;
        machine->change.tags = tags;
        machine->change.time_ms = machine->created_ms;
        machine->change.arn = gal_take(arn);
        if (request->publish)
                gal_version_publish(engine, machine, request);
        gal_machine_changed(engine, machine, request);
}

bool gal_registry_create(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);
        struct gal_program *program;

        if (machine != NULL && machine->in_flight && !machine->deleting)
                return false;
        if (!check_create(engine, request, machine))
                return true;
        program = compile(request);
        if (program == NULL)
                return true;
        if (machine == NULL) {
                create_new(engine, request, program);
                return true;
        }
        replace_revision(engine, machine, make_revision(engine, machine->id, request, machine->revision, program));
        machine->change.time_ms = machine->created_ms;
        machine->change.arn = gal_strdup(machine->arn);
        gal_machine_changed(engine, machine, request);
        return true;
}

/* Update. */

static bool says_nothing_new(const struct request *request, const struct machine *machine)
{
        const struct revision *revision = machine->revision;

        return (request->definition == NULL || has_definition(request, machine)) &&
               (request->role_arn == NULL || is_same_text(request->role_arn, revision->role_arn)) &&
               (request->logging == NULL || is_same_text(request->logging, revision->logging)) &&
               (request->tracing == NULL || is_same_text(request->tracing, revision->tracing)) &&
               (request->encryption == NULL || is_same_text(request->encryption, revision->encryption));
}

/* False after a refusal. */
static bool update_revision(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct gal_program *program =
                request->definition == NULL ? gal_program_ref(machine->revision->program) : compile(request);

        if (program == NULL)
                return false;
        replace_revision(engine, machine, make_revision(engine, machine->id, request, machine->revision, program));
        return true;
}

static void update(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct machine_change *change = &machine->change;
        bool is_changed = !says_nothing_new(request, machine);
        uint32_t version = 0;

        if (request->publish && !gal_version_may_publish(engine, machine, request, is_changed))
                return;
        if (is_changed && !update_revision(engine, machine, request))
                return;
        if (request->publish)
                version = gal_version_publish(engine, machine, request);
        change->time_ms = machine->updated_ms;
        change->revision_id = machine->revision->number > 1 ? gal_strdup(machine->revision->id) : NULL;
        if (version != 0 && change->version_arn == NULL)
                change->version_arn = gal_version_arn(machine, version);
        if (is_changed || change->publishes)
                gal_machine_changed(engine, machine, request);
        else
                gal_machine_answer(machine, request);
}

bool gal_registry_update(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);

        if (machine != NULL && machine->in_flight)
                return false;
        if (machine == NULL)
                gal_machine_refuse_missing(engine, request, /* qualifier= */ NULL);
        else
                update(engine, machine, request);
        return true;
}

/* Deletion. */

/* The store forgets a deleted machine that has no executions: all that were started must be there before. */
static bool has_uncommitted(const struct gal_engine *engine, const struct machine *machine)
{
        for (const struct gal_run *run = engine->runs; run != NULL; run = run->hh.next) {
                if (!run->is_committed && strcmp(run->revision->machine_id, machine->id) == 0)
                        return true;
        }
        return false;
}

/* Deleting what is not there succeeds (recordings: API answers). Open executions run on. */
bool gal_registry_delete(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);
        struct gal_answer answer = { .status = GAL_OK };

        if (machine == NULL) {
                gal_answer(request->done, request->user, &answer);
                return true;
        }
        if (machine->in_flight || has_uncommitted(engine, machine))
                return false;
        machine->deleting = true;
        gal_machine_changed(engine, machine, request);
        return true;
}

static void finish_change(struct machine_change *change)
{
        gal_alias_destroy(change->deleted_alias);
        gal_tags_finish(&change->tags);
        free(change->arn);
        free(change->version_arn);
        free(change->revision_id);
        memset(change, 0, sizeof(*change));
}

static void destroy_machine(struct gal_engine *engine, struct machine *machine)
{
        HASH_DEL(engine->machines, machine);
        finish_change(&machine->change);
        gal_machine_drop_details(engine, machine);
        gal_revision_unref(engine, machine->revision);
        free(machine->created_description);
        free(machine->name);
        free(machine->arn);
        free(machine);
}

void gal_registry_clear(struct gal_engine *engine)
{
        struct gal_answer answer = { .status = GAL_EIO,
                                     .code = "ServiceUnavailable",
                                     .message = "The store was lost; try again" };
        struct machine *machine, *next;

        HASH_ITER(hh, engine->machines, machine, next)
        {
                gal_waiters_answer(&machine->waiters, &answer);
                destroy_machine(engine, machine);
        }
        engine->changed_first = NULL;
        engine->changed_last = &engine->changed_first;
}

static struct gal_answer answer_of(const struct machine_change *change)
{
        return (struct gal_answer){ .arn = change->arn,
                                    .time_ms = change->time_ms,
                                    .version_arn = change->version_arn,
                                    .revision_id = change->revision_id };
}

void gal_machine_answer(struct machine *machine, const struct request *request)
{
        struct gal_answer answer = answer_of(&machine->change);

        gal_answer(request->done, request->user, &answer);
        finish_change(&machine->change);
}

void gal_registry_committed(struct gal_engine *engine, struct machine *machine)
{
        struct gal_answer answer = answer_of(&machine->change);

        machine->in_flight = false;
        machine->revision->is_committed = true;
        gal_waiters_answer(&machine->waiters, &answer);
        finish_change(&machine->change);
        if (machine->deleting)
                destroy_machine(engine, machine);
}

/* Loading. */

struct machine_reading {
        struct gal_engine *engine;
        enum gal_status status;
        struct gal_error *error;
};

static bool read_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_reading *reading = user;
        struct revision *revision;
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = gal_registry_revision(reading->engine, row->revision_id, &revision, &error);

        if (status == GAL_EIO || status == GAL_ENOMEM) {
                reading->status = gal_fail(reading->error, status, GAL_NOWHERE, "%s", error.message);
                return false;
        }
        if (status == GAL_OK)
                add_machine(reading->engine, row, revision);
        else /* one machine that cannot be read must not keep the others down */
                gal_log(reading->engine->log, GAL_LOG_ERROR, "state machine %s is left out: %s", row->name,
                        error.message);
        return true;
}

enum gal_status gal_registry_load(struct gal_engine *engine, struct gal_error *error)
{
        struct machine_reading reading = { .engine = engine, .status = GAL_OK, .error = error };
        enum gal_status status =
                engine->store->ops->read_machines(engine->store, /* name= */ NULL, read_machine, &reading, error);

        return status != GAL_OK ? status : reading.status;
}
