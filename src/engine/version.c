/*
 * version.c: versions of a machine, and starting under one or under an alias.
 *
 * Versions and aliases are read when somebody asks for them, and stay in memory then. Until that nobody can have
 * changed them: each change of a machine waits for the one before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/internal.h"

/* Reading. */

static struct version *insert_version(struct machine *machine, size_t at)
{
        machine->versions = gal_realloc(machine->versions, machine->version_count + 1, sizeof(*machine->versions));
        memmove(&machine->versions[at + 1], &machine->versions[at],
                (machine->version_count - at) * sizeof(*machine->versions));
        machine->version_count++;
        memset(&machine->versions[at], 0, sizeof(*machine->versions));
        return &machine->versions[at];
}

/* The latest comes first. */
static bool note_version(void *user, const struct gal_version_row *row)
{
        struct version *version = insert_version(user, 0);

        version->number = row->version;
        strncpy(version->revision_id, row->revision_id, sizeof(version->revision_id) - 1);
        version->description = gal_strdup(row->description);
        version->created_ms = row->created_ms;
        return true;
}

static bool note_alias(void *user, const struct gal_alias_row *row)
{
        struct machine *machine = user;
        struct alias *alias = gal_new(struct alias);

        alias->name = gal_strdup(row->name);
        alias->description = gal_strdup(row->description);
        alias->routes[0] = (struct gal_route){ row->version, row->weight };
        alias->routes[1] = (struct gal_route){ row->other_version, row->other_weight };
        alias->route_count = row->other_version == 0 ? 1 : 2;
        alias->created_ms = row->created_ms;
        alias->updated_ms = row->updated_ms;
        machine->aliases = gal_realloc(machine->aliases, machine->alias_count + 1, sizeof(*machine->aliases));
        machine->aliases[machine->alias_count++] = alias;
        return true;
}

void gal_machine_drop_details(struct gal_engine *engine, struct machine *machine)
{
        for (size_t i = 0; i < machine->version_count; i++) {
                gal_revision_unref(engine, machine->versions[i].revision);
                free(machine->versions[i].description);
        }
        for (size_t i = 0; i < machine->alias_count; i++)
                gal_alias_destroy(machine->aliases[i]);
        free(gal_take(machine->versions));
        free(gal_take(machine->aliases));
        machine->version_count = machine->alias_count = 0;
        machine->has_details = false;
}

bool gal_machine_read_details(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        if (machine->has_details)
                return true;
        status = engine->store->ops->read_versions(engine->store, machine->id, /* below= */ 0, SIZE_MAX,
                                                   note_version, machine, &error);
        if (status == GAL_OK)
                status = engine->store->ops->read_aliases(engine->store, machine->id, note_alias, machine, &error);
        machine->has_details = status == GAL_OK;
        if (status == GAL_OK)
                return true;
        gal_machine_drop_details(engine, machine);
        gal_refuse(request, status, "InternalServerError", "%s", error.message);
        return false;
}

struct version *gal_version_find(const struct machine *machine, uint32_t number)
{
        size_t low = 0, high = machine->version_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (machine->versions[middle].number < number)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < machine->version_count && machine->versions[low].number == number ? &machine->versions[low]
                                                                                       : NULL;
}

struct alias *gal_alias_find(const struct machine *machine, const char *name)
{
        for (size_t i = 0; i < machine->alias_count; i++) {
                if (strcmp(machine->aliases[i]->name, name) == 0)
                        return machine->aliases[i];
        }
        return NULL;
}

char *gal_version_arn(const struct machine *machine, uint32_t number)
{
        return gal_format("%s:%" PRIu32, machine->arn, number);
}

/* Publishing. */

/* (transfer none) NULL: the revision has none. A revision's latest version is the one that counts. */
static struct version *current_version(const struct machine *machine)
{
        for (size_t i = machine->version_count; i-- > 0;) {
                if (strcmp(machine->versions[i].revision_id, machine->revision->id) == 0)
                        return &machine->versions[i];
        }
        return NULL;
}

bool gal_version_may_publish(struct gal_engine *engine, struct machine *machine, const struct request *request,
                             bool is_changed)
{
        if (!gal_machine_read_details(engine, machine, request))
                return false;
        if (machine->version_count < GAL_VERSIONS_MAX || (!is_changed && current_version(machine) != NULL))
                return true;
        gal_refuse(request, GAL_ELIMIT, "ServiceQuotaExceededException",
                   "Failed to publish the State Machine version: there are %d versions already", GAL_VERSIONS_MAX);
        return false;
}

uint32_t gal_version_publish(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct version *version = current_version(machine);

        if (version == NULL) {
                version = insert_version(machine, machine->version_count);
                version->number = ++machine->last_version;
                memcpy(version->revision_id, machine->revision->id, sizeof(version->revision_id));
                version->description = gal_strdup(request->description);
                version->created_ms = engine->now_ms;
                machine->change.publishes = true;
        }
        machine->change.version_arn = gal_version_arn(machine, version->number);
        machine->change.time_ms = version->created_ms;
        return version->number;
}

static bool is_current(const struct revision *revision, const char *revision_id)
{
        if (revision_id == NULL)
                return true;
        return strcmp(revision_id, revision->number == 1 ? "INITIAL" : revision->id) == 0;
}

static void publish(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        const struct revision *revision = machine->revision;
        struct machine_change *change = &machine->change;

        if (!is_current(revision, request->revision_id)) {
                gal_refuse(request, GAL_ECONFLICT, "ConflictException",
                           "Failed to publish the State Machine version for revision %s. The current State Machine "
                           "revision is %s.",
                           request->revision_id, revision->number == 1 ? "INITIAL" : revision->id);
                return;
        }
        if (!gal_version_may_publish(engine, machine, request, /* is_changed= */ false))
                return;
        gal_version_publish(engine, machine, request);
        change->arn = gal_take(change->version_arn);
        if (change->publishes)
                gal_machine_changed(engine, machine, request);
        else
                gal_machine_answer(machine, request);
}

bool gal_version_run_publish(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);

        if (machine != NULL && machine->in_flight)
                return false;
        if (machine == NULL)
                gal_machine_refuse_missing(engine, request, /* qualifier= */ NULL);
        else
                publish(engine, machine, request);
        return true;
}

/* Deletion. */

/* (transfer full) The names of the aliases that lead to it, one after the other; NULL: none does. */
static char *list_aliases(const struct machine *machine, uint32_t version)
{
        struct gal_buffer names = GAL_BUFFER_INIT;

        for (size_t i = 0; i < machine->alias_count; i++) {
                const struct alias *alias = machine->aliases[i];

                for (size_t route = 0; route < alias->route_count; route++) {
                        if (alias->routes[route].version == version)
                                gal_buffer_append_format(&names, "%s%s", names.len > 0 ? ", " : "", alias->name);
                }
        }
        return names.len == 0 ? NULL : gal_buffer_take(&names, NULL);
}

static void remove_version(struct gal_engine *engine, struct machine *machine, struct version *version)
{
        size_t at = (size_t)(version - machine->versions);

        machine->change.deleted_version = version->number;
        gal_revision_unref(engine, version->revision);
        free(version->description);
        machine->version_count--;
        memmove(version, version + 1, (machine->version_count - at) * sizeof(*version));
}

/* Deleting what is not there succeeds. */
bool gal_version_run_delete(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = gal_registry_find(engine, request->machine);
        struct gal_answer answer = { .status = GAL_OK };
        gal_auto_free char *aliases = NULL;
        struct version *version;

        if (machine != NULL && machine->in_flight)
                return false;
        if (machine == NULL) {
                gal_answer(request->done, request->user, &answer);
                return true;
        }
        if (!gal_machine_read_details(engine, machine, request))
                return true;
        version = gal_version_find(machine, request->version);
        aliases = list_aliases(machine, request->version);
        if (version == NULL) {
                gal_answer(request->done, request->user, &answer);
        } else if (aliases != NULL) {
                gal_refuse(request, GAL_ECONFLICT, "ConflictException",
                           "Version to be deleted must not be referenced by an alias. Current list of aliases "
                           "referencing this version: [%s]",
                           aliases);
        } else {
                remove_version(engine, machine, version);
                gal_machine_changed(engine, machine, request);
        }
        return true;
}

/* Starting. */

/* By weight: the draw is kept with the execution. */
static uint32_t draw(struct gal_engine *engine, const struct alias *alias)
{
        uint64_t at = gal_random_below(&engine->ids, 100);

        return alias->route_count == 1 || at < alias->routes[0].weight ? alias->routes[0].version
                                                                       : alias->routes[1].version;
}

static struct revision *version_revision(struct gal_engine *engine, struct version *version,
                                         const struct request *request)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = GAL_OK;

        if (version->revision == NULL)
                status = gal_registry_revision(engine, version->revision_id, &version->revision, &error);
        if (status == GAL_OK)
                return gal_revision_ref(version->revision);
        gal_refuse(request, status, "InternalServerError", "%s", error.message);
        return NULL;
}

struct revision *gal_version_choose(struct gal_engine *engine, struct machine *machine,
                                    const struct request *request, uint32_t *ret_version)
{
        char number[16];
        uint32_t chosen = request->version;
        struct alias *alias;
        struct version *version = NULL;

        *ret_version = 0;
        if (request->version == 0 && request->alias == NULL)
                return gal_revision_ref(machine->revision);
        if (!gal_machine_read_details(engine, machine, request))
                return NULL;
        alias = request->alias == NULL ? NULL : gal_alias_find(machine, request->alias);
        if (alias != NULL)
                chosen = draw(engine, alias);
        if (alias != NULL || request->alias == NULL)
                version = gal_version_find(machine, chosen);
        if (version == NULL) {
                snprintf(number, sizeof(number), "%" PRIu32, request->version);
                gal_machine_refuse_missing(engine, request, request->alias != NULL ? request->alias : number);
                return NULL;
        }
        *ret_version = chosen;
        return version_revision(engine, version, request);
}
