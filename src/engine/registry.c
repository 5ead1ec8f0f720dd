/*
 * registry.c: state machines and the revisions of their definitions, in memory and on their way to the store.
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

/* Revisions. */

struct revision *gal_revision_ref(struct revision *revision)
{
        revision->references++;
        return revision;
}

void gal_revision_unref(struct gal_engine *engine, struct revision *revision)
{
        if (revision == NULL)
                return;
        gal_assert(revision->references > 0);
        if (--revision->references > 0)
                return;
        HASH_DEL(engine->revisions, revision);
        gal_program_unref(revision->program);
        free(revision->definition);
        free(revision->role_arn);
        free(revision);
}

static bool has_activities(const struct gal_program *program)
{
        for (size_t i = 0; i < program->state_count; i++) {
                if (program->states[i].kind == GAL_STATE_TASK &&
                    program->states[i].as.task.resource_kind == GAL_RESOURCE_ACTIVITY)
                        return true;
        }
        return false;
}

static struct revision *add_revision(struct gal_engine *engine, const char *id, const char *machine_id,
                                     const char *definition, const char *role_arn, int64_t created_ms,
                                     struct gal_program *program)
{
        struct revision *revision = gal_new(struct revision);

        revision->references = 1;
        strncpy(revision->id, id, sizeof(revision->id) - 1);
        strncpy(revision->machine_id, machine_id, sizeof(revision->machine_id) - 1);
        revision->definition = gal_strdup(definition);
        revision->role_arn = gal_strdup(role_arn);
        revision->created_ms = created_ms;
        revision->program = program;
        revision->has_activities = has_activities(program);
        HASH_ADD_STR(engine->revisions, id, revision);
        return revision;
}

struct revision_reading {
        struct gal_engine *engine;
        struct revision *revision;
        enum gal_status status;
        struct gal_error *error;
};

/* It was valid when it was stored; a stricter release must still run what it accepted then, or say why it cannot.
 */
static bool read_revision(void *user, const struct gal_revision_row *row)
{
        struct revision_reading *reading = user;
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program;

        reading->status =
                gal_program_compile(row->definition, strlen(row->definition), NULL, &diagnostics, &program);
        if (reading->status == GAL_OK)
                reading->revision = add_revision(reading->engine, row->revision_id, row->machine_id,
                                                 row->definition, row->role_arn, row->created_ms, program);
        else
                gal_fail(reading->error, reading->status, GAL_NOWHERE,
                         "revision %s does not compile with this release: %s", row->revision_id,
                         diagnostics.count > 0 ? diagnostics.items[0].message : gal_status_name(reading->status));
        gal_diagnostics_finish(&diagnostics);
        return false;
}

enum gal_status gal_registry_revision(struct gal_engine *engine, const char *revision_id,
                                      struct revision **ret_revision, struct gal_error *error)
{
        struct revision_reading reading = { .engine = engine, .status = GAL_OK, .error = error };
        struct revision *revision;
        enum gal_status status;

        HASH_FIND_STR(engine->revisions, revision_id, revision);
        if (revision != NULL) {
                *ret_revision = gal_revision_ref(revision);
                return GAL_OK;
        }
        status = engine->store->ops->read_revision(engine->store, revision_id, read_revision, &reading, error);
        if (status != GAL_OK)
                return status;
        if (reading.status != GAL_OK)
                return reading.status;
        if (reading.revision == NULL)
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "the store has no revision %s", revision_id);
        *ret_revision = reading.revision;
        return GAL_OK;
}

/* Machines. */

static char *machine_arn(const struct gal_engine *engine, const char *name)
{
        return gal_format("arn:%s:states:%s:%s:stateMachine:%s", gal_arn_partition(engine->region), engine->region,
                          engine->account, name);
}

static struct machine *add_machine(struct gal_engine *engine, const char *id, const char *name,
                                   struct revision *revision, int64_t created_ms)
{
        struct machine *machine = gal_new(struct machine);

        strncpy(machine->id, id, sizeof(machine->id) - 1);
        machine->name = gal_strdup(name);
        machine->arn = machine_arn(engine, name);
        machine->revision = revision;
        machine->created_ms = created_ms;
        HASH_ADD_KEYPTR(hh, engine->machines, machine->name, strlen(machine->name), machine);
        return machine;
}

static void mark_changed(struct gal_engine *engine, struct machine *machine)
{
        machine->in_flight = true;
        machine->next_changed = NULL;
        *engine->changed_last = machine;
        engine->changed_last = &machine->next_changed;
}

static void answer_machine(const struct request *request, const struct machine *machine)
{
        struct gal_answer answer = { .arn = machine->arn, .time_ms = machine->created_ms };

        gal_answer(request->done, request->user, &answer);
}

static bool is_same(const struct request *request, const struct machine *machine)
{
        return strcmp(machine->revision->definition, request->definition) == 0 &&
               strcmp(machine->revision->role_arn, request->role_arn) == 0;
}

/* The same text again is the same machine (service: idempotent); anything else is a conflict. */
static void create_again(const struct request *request, struct machine *machine)
{
        if (!is_same(request, machine))
                gal_refuse(request, GAL_ECONFLICT, "StateMachineAlreadyExists",
                           "State Machine Already Exists: '%s'", machine->arn);
        else if (machine->in_flight)
                gal_waiter_add(&machine->waiters, request->done, request->user);
        else
                answer_machine(request, machine);
}

/* As the service words it: 'CODE: message at location, CODE: ...'. */
static void refuse_definition(const struct request *request, const struct gal_diagnostics *diagnostics)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (size_t i = 0; i < diagnostics->count; i++) {
                const struct gal_diagnostic *diagnostic = &diagnostics->items[i];

                if (diagnostic->severity == GAL_SEVERITY_ERROR)
                        gal_buffer_append_format(&text, "%s%s: %s at %s", text.len > 0 ? ", " : "",
                                                 gal_diagnostic_code_name(diagnostic->code), diagnostic->message,
                                                 diagnostic->location != NULL ? diagnostic->location : "null");
        }
        gal_refuse(request, GAL_EINVALID, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
                   text.data != NULL ? text.data : "");
        gal_buffer_finish(&text);
}

/* NULL: refused. */
static struct gal_program *compile(const struct request *request)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;

        if (gal_program_compile(request->definition, request->definition_len, NULL, &diagnostics, &program) !=
            GAL_OK)
                refuse_definition(request, &diagnostics);
        gal_diagnostics_finish(&diagnostics);
        return program;
}

/* Another definition for a machine that is on the way to the store: nobody knows yet what there will be. */
static bool must_wait(const struct request *request, const struct machine *machine)
{
        return machine != NULL && machine->in_flight && !machine->deleting && !is_same(request, machine);
}

/* False: the request is answered. */
static bool check_create(const struct request *request, struct machine *machine)
{
        if (!gal_name_is_valid(request->machine, strlen(request->machine), GAL_NAME_CHARACTERS_MAX)) {
                gal_refuse(request, GAL_EINVALID, "InvalidName", "Invalid Name: '%s'", request->machine);
                return false;
        }
        if (machine == NULL)
                return true;
        if (machine->deleting) {
                gal_refuse(request, GAL_EBUSY, "StateMachineDeleting", "State Machine is being deleted: '%s'",
                           machine->arn);
                return false;
        }
        if (request->replace && !is_same(request, machine))
                return true;
        create_again(request, machine);
        return false;
}

bool gal_registry_create(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);
        char id[GAL_UUID_SIZE], revision_id[GAL_UUID_SIZE];
        struct gal_program *program;
        struct revision *revision;

        if (must_wait(request, machine))
                return false;
        if (!check_create(request, machine))
                return true;
        program = compile(request);
        if (program == NULL)
                return true;
        gal_uuid7_format(engine->now_ms, &engine->ids, id);
        gal_uuid7_format(engine->now_ms, &engine->ids, revision_id);
        revision = add_revision(engine, revision_id, machine != NULL ? machine->id : id, request->definition,
                                request->role_arn, engine->now_ms, program);
        if (machine == NULL) {
                machine = add_machine(engine, id, request->machine, revision, engine->now_ms);
        } else {
                gal_revision_unref(engine, machine->revision);
                machine->revision = revision;
        }
        gal_waiter_add(&machine->waiters, request->done, request->user);
        mark_changed(engine, machine);
        return true;
}

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
        } else if (machine->in_flight) {
                gal_refuse(request, GAL_EBUSY, "ConflictException", "'%s' is being changed; try again",
                           machine->arn);
        } else if (has_uncommitted(engine, machine)) {
                return false;
        } else {
                machine->deleting = true;
                gal_waiter_add(&machine->waiters, request->done, request->user);
                mark_changed(engine, machine);
        }
        return true;
}

static void destroy_machine(struct gal_engine *engine, struct machine *machine)
{
        HASH_DEL(engine->machines, machine);
        gal_revision_unref(engine, machine->revision);
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

void gal_registry_committed(struct gal_engine *engine, struct machine *machine)
{
        struct gal_answer answer = { .arn = machine->arn, .time_ms = machine->created_ms };

        machine->in_flight = false;
        gal_waiters_answer(&machine->waiters, &answer);
        if (machine->deleting)
                destroy_machine(engine, machine);
}

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
                add_machine(reading->engine, row->machine_id, row->name, revision, row->created_ms);
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
