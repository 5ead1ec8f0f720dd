/*
 * alias.c: names for versions of a machine.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/internal.h"

void gal_alias_destroy(struct alias *alias)
{
        if (alias == NULL)
                return;
        free(alias->name);
        free(alias->description);
        free(alias);
}

static char *alias_arn(const struct machine *machine, const char *name)
{
        return gal_format("%s:%s", machine->arn, name);
}

/* Of the machine itself, a version that a route names, or an alias. */
static void refuse_missing(const struct request *request, const char *resource)
{
        struct gal_answer answer = { .status = GAL_ENOTFOUND, .code = "ResourceNotFound", .resource = resource };

        gal_refuse_with(request, &answer, "Request references a resource that does not exist.");
}

/* False after a refusal. */
static bool routes_exist(const struct machine *machine, const struct request *request)
{
        for (size_t i = 0; i < request->route_count; i++) {
                if (gal_version_find(machine, request->routes[i].version) == NULL) {
                        gal_auto_free char *arn = gal_version_arn(machine, request->routes[i].version);

                        refuse_missing(request, arn);
                        return false;
                }
        }
        return true;
}

static bool has_routes(const struct alias *alias, const struct request *request)
{
        if (alias->route_count != request->route_count)
                return false;
        for (size_t i = 0; i < alias->route_count; i++) {
                if (alias->routes[i].version != request->routes[i].version ||
                    alias->routes[i].weight != request->routes[i].weight)
                        return false;
        }
        return true;
}

static bool has_description(const struct alias *alias, const struct request *request)
{
        return alias->description == NULL || request->description == NULL
                       ? alias->description == request->description
                       : strcmp(alias->description, request->description) == 0;
}

static void change(struct gal_engine *engine, struct machine *machine, struct alias *alias,
                   const struct request *request)
{
        machine->change.alias = alias;
        machine->change.arn = alias_arn(machine, alias->name);
        machine->change.time_ms = alias->updated_ms;
        gal_machine_changed(engine, machine, request);
}

static void set_routes(struct alias *alias, const struct request *request)
{
        memcpy(alias->routes, request->routes, sizeof(alias->routes));
        alias->route_count = request->route_count;
}

/* Idempotent on all that the request says (reference: api, section 5). */
static void create_again(const struct machine *machine, const struct alias *alias, const struct request *request)
{
        gal_auto_free char *arn = alias_arn(machine, alias->name);
        struct gal_answer answer = { .arn = arn, .time_ms = alias->created_ms };

        if (has_routes(alias, request) && has_description(alias, request))
                gal_answer(request->done, request->user, &answer);
        else
                gal_refuse(request, GAL_ECONFLICT, "ConflictException",
                           "Failed to create alias because an alias with the same name and a different routing "
                           "configuration already exists.");
}

static void create(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct alias *alias;

        if (machine->alias_count >= GAL_ALIASES_MAX) {
                gal_refuse(request, GAL_ELIMIT, "ServiceQuotaExceededException",
                           "Failed to create alias because there are %d aliases already", GAL_ALIASES_MAX);
                return;
        }
        alias = gal_new(struct alias);
        alias->name = gal_strdup(request->name);
        alias->description = gal_strdup(request->description);
        set_routes(alias, request);
        alias->created_ms = alias->updated_ms = engine->now_ms;
        machine->aliases = gal_realloc(machine->aliases, machine->alias_count + 1, sizeof(*machine->aliases));
        machine->aliases[machine->alias_count++] = alias;
        change(engine, machine, alias, request);
}

/* The machine with what belongs to it; `ret_waits`: try again later. NULL otherwise after a refusal. */
static struct machine *find_machine(struct gal_engine *engine, const struct request *request, bool *ret_waits)
{
        struct machine *machine = gal_registry_find(engine, request->machine);

        *ret_waits = machine != NULL && machine->in_flight;
        if (*ret_waits)
                return NULL;
        if (machine == NULL) {
                refuse_missing(request, /* resource= */ NULL);
                return NULL;
        }
        return gal_machine_read_details(engine, machine, request) ? machine : NULL;
}

bool gal_alias_run_create(struct gal_engine *engine, struct request *request)
{
        bool waits;
        struct machine *machine = find_machine(engine, request, &waits);
        struct alias *alias = machine == NULL ? NULL : gal_alias_find(machine, request->name);

        if (machine == NULL)
                return !waits;
        if (alias != NULL)
                create_again(machine, alias, request);
        else if (routes_exist(machine, request))
                create(engine, machine, request);
        return true;
}

bool gal_alias_run_update(struct gal_engine *engine, struct request *request)
{
        bool waits;
        struct machine *machine = find_machine(engine, request, &waits);
        struct alias *alias = machine == NULL ? NULL : gal_alias_find(machine, request->name);

        if (machine == NULL)
                return !waits;
        if (alias == NULL) {
                refuse_missing(request, /* resource= */ NULL);
                return true;
        }
        if (!routes_exist(machine, request))
                return true;
        if (request->route_count > 0)
                set_routes(alias, request);
        if (request->description != NULL) {
                free(alias->description);
                alias->description = gal_strdup(request->description);
        }
        alias->updated_ms = engine->now_ms;
        change(engine, machine, alias, request);
        return true;
}

bool gal_alias_run_delete(struct gal_engine *engine, struct request *request)
{
        bool waits;
        struct machine *machine = find_machine(engine, request, &waits);
        size_t at = 0;

        if (machine == NULL)
                return !waits;
        while (at < machine->alias_count && strcmp(machine->aliases[at]->name, request->name) != 0)
                at++;
        if (at == machine->alias_count) {
                refuse_missing(request, /* resource= */ NULL);
                return true;
        }
        machine->change.deleted_alias = machine->aliases[at];
        machine->alias_count--;
        memmove(&machine->aliases[at], &machine->aliases[at + 1],
                (machine->alias_count - at) * sizeof(*machine->aliases));
        gal_machine_changed(engine, machine, request);
        return true;
}
