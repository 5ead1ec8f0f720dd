/*
 * tag.c: tags of machines and activities. They are in the store alone; a change of them waits, as every other one,
 * for the change before, so that what is read there is how things are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/internal.h"

static void finish_rows(struct gal_tag_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                free((char *)rows[i].resource);
                free((char *)rows[i].key);
                free((char *)rows[i].value);
        }
        free(rows);
}

void gal_tags_finish(struct tag_change *change)
{
        finish_rows(change->puts, change->put_count);
        finish_rows(change->deletions, change->deletion_count);
        memset(change, 0, sizeof(*change));
}

static struct gal_tag_row *find_row(struct gal_tag_row *rows, size_t count, const char *key)
{
        for (size_t i = 0; i < count; i++) {
                if (strcmp(rows[i].key, key) == 0)
                        return &rows[i];
        }
        return NULL;
}

/* (transfer full) Each key once: the last one counts. */
static struct gal_tag_row *make_rows(const struct request *request, const char *resource, size_t *ret_count)
{
        struct gal_tag_row *rows = gal_new_array(request->tag_count, struct gal_tag_row);
        size_t count = 0;

        for (size_t i = 0; i < request->tag_count && count <= GAL_TAGS_MAX; i++) {
                const struct gal_tag *tag = &request->tags[i];
                struct gal_tag_row *row = find_row(rows, count, tag->key);

                if (row == NULL) {
                        row = &rows[count++];
                        row->resource = gal_strdup(resource);
                        row->key = gal_strdup(tag->key);
                } else {
                        free((char *)row->value);
                }
                row->value = gal_strdup(tag->value != NULL ? tag->value : "");
        }
        *ret_count = count;
        return rows;
}

static void refuse_many(const struct request *request, const char *arn)
{
        struct gal_answer answer = { .status = GAL_ELIMIT, .code = "TooManyTags", .resource = arn };

        gal_refuse_with(request, &answer, "Too many tags: a resource may have %d, and '%s' would have more",
                        GAL_TAGS_MAX, arn);
}

bool gal_tags_plan(const struct request *request, const char *resource, const char *arn, struct tag_change *change)
{
        *change = (struct tag_change){ 0 };
        if (request->tag_count == 0)
                return true;
        change->puts = make_rows(request, resource, &change->put_count);
        if (change->put_count <= GAL_TAGS_MAX)
                return true;
        gal_tags_finish(change);
        refuse_many(request, arn);
        return false;
}

/* What is there already. */
struct reading {
        const struct request *request;
        struct tag_change *change;
        size_t kept; /* those that the change does not touch */
};

static bool is_named(const struct request *request, const char *key)
{
        for (size_t i = 0; i < request->tag_count; i++) {
                if (strcmp(request->tags[i].key, key) == 0)
                        return true;
        }
        return false;
}

static bool note_tag(void *user, const struct gal_tag_row *row)
{
        struct reading *reading = user;
        struct tag_change *change = reading->change;

        if (reading->request->kind == REQUEST_TAG) {
                reading->kept += find_row(change->puts, change->put_count, row->key) == NULL;
        } else if (is_named(reading->request, row->key)) {
                change->deletions = gal_realloc(change->deletions, change->deletion_count + 1, sizeof(*row));
                change->deletions[change->deletion_count++] = (struct gal_tag_row){
                        .resource = gal_strdup(row->resource), .key = gal_strdup(row->key), .value = gal_strdup("")
                };
        }
        return true;
}

/* False after a refusal. */
static bool plan(struct gal_engine *engine, const struct request *request, const char *arn,
                 struct tag_change *change)
{
        gal_auto_free char *resource = request->activity != NULL ? gal_format("activity:%s", request->activity)
                                                                 : gal_format("stateMachine:%s", request->machine);
        struct reading reading = { .request = request, .change = change };
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status;

        *change = (struct tag_change){ 0 };
        if (request->kind == REQUEST_TAG && !gal_tags_plan(request, resource, arn, change))
                return false;
        status = engine->store->ops->read_tags(engine->store, resource, note_tag, &reading, &error);
        if (status == GAL_OK && reading.kept + change->put_count <= GAL_TAGS_MAX)
                return true;
        gal_tags_finish(change);
        if (status == GAL_OK)
                refuse_many(request, arn);
        else
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
        return false;
}

static void refuse_missing(const struct gal_engine *engine, const struct request *request)
{
        gal_auto_free char *arn = request->activity != NULL
                                          ? gal_engine_arn(engine, "activity", request->activity)
                                          : gal_engine_arn(engine, "stateMachine", request->machine);
        struct gal_answer answer = { .status = GAL_ENOTFOUND, .code = "ResourceNotFound", .resource = arn };

        gal_refuse_with(request, &answer, "Resource not found: '%s'", arn);
}

/* Tags that are not there need not be removed. */
static bool answer_nothing(const struct request *request, const struct tag_change *change)
{
        struct gal_answer answer = { .status = GAL_OK };

        if (change->put_count > 0 || change->deletion_count > 0)
                return false;
        gal_answer(request->done, request->user, &answer);
        return true;
}

static void run_on_machine(struct gal_engine *engine, struct machine *machine, const struct request *request)
{
        struct tag_change *change = &machine->change.tags;

        if (plan(engine, request, machine->arn, change) && !answer_nothing(request, change))
                gal_machine_changed(engine, machine, request);
}

static void run_on_activity(struct gal_engine *engine, struct activity *activity, const struct request *request)
{
        if (plan(engine, request, activity->arn, &activity->tags) && !answer_nothing(request, &activity->tags))
                gal_activity_changed(engine, activity, request);
}

bool gal_tags_run(struct gal_engine *engine, struct request *request)
{
        struct machine *machine = request->machine == NULL ? NULL : gal_registry_find(engine, request->machine);
        struct activity *activity = request->activity == NULL ? NULL : gal_activity_find(engine, request->activity);

        if ((machine != NULL && machine->in_flight) || (activity != NULL && activity->in_flight))
                return false;
        if (machine != NULL)
                run_on_machine(engine, machine, request);
        else if (activity != NULL)
                run_on_activity(engine, activity, request);
        else
                refuse_missing(engine, request);
        return true;
}
