/*
 * revision.c: definitions that executions run under, kept as long as one does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "engine/internal.h"

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
        free(revision->logging);
        free(revision->tracing);
        free(revision->encryption);
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

struct revision *gal_revision_add(struct gal_engine *engine, const struct gal_revision_row *row,
                                  struct gal_program *program)
{
        struct revision *revision = gal_new(struct revision);

        revision->references = 1;
        strncpy(revision->id, row->revision_id, sizeof(revision->id) - 1);
        strncpy(revision->machine_id, row->machine_id, sizeof(revision->machine_id) - 1);
        revision->definition = gal_strdup(row->definition);
        revision->role_arn = gal_strdup(row->role_arn);
        revision->created_ms = row->created_ms;
        revision->number = row->number;
        revision->logging = gal_strdup(row->logging != NULL ? row->logging : GAL_LOGGING_USUAL);
        revision->tracing = gal_strdup(row->tracing != NULL ? row->tracing : GAL_TRACING_USUAL);
        revision->encryption = gal_strdup(row->encryption != NULL ? row->encryption : GAL_ENCRYPTION_USUAL);
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
        if (reading->status == GAL_OK) {
                reading->revision = gal_revision_add(reading->engine, row, program);
                reading->revision->is_committed = true;
        } else {
                gal_fail(reading->error, reading->status, GAL_NOWHERE,
                         "revision %s does not compile with this release: %s", row->revision_id,
                         diagnostics.count > 0 ? diagnostics.items[0].message : gal_status_name(reading->status));
        }
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
