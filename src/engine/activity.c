/*
 * activity.c: registered activities, in memory and on their way to the store.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "engine/internal.h"

static const char marker[] = ":activity:";

const char *gal_activity_name(const char *arn)
{
        const char *at = strstr(arn, marker);

        gal_assert(at != NULL);
        return at + strlen(marker);
}

struct activity *gal_activity_find(struct gal_engine *engine, const char *name)
{
        struct activity *activity;

        HASH_FIND_STR(engine->activities, name, activity);
        return activity;
}

struct activity *gal_activity_find_arn(struct gal_engine *engine, const char *arn)
{
        const char *at = strstr(arn, marker);
        struct activity *activity = at == NULL ? NULL : gal_activity_find(engine, at + strlen(marker));

        return activity != NULL && strcmp(activity->arn, arn) == 0 ? activity : NULL;
}

static char *activity_arn(const struct gal_engine *engine, const char *name)
{
        return gal_format("arn:%s:states:%s:%s%s%s", gal_arn_partition(engine->region), engine->region,
                          engine->account, marker, name);
}

static struct activity *add_activity(struct gal_engine *engine, const char *name, const char *encryption,
                                     int64_t created_ms)
{
        struct activity *activity = gal_new(struct activity);

        activity->engine = engine;
        activity->name = gal_strdup(name);
        activity->arn = activity_arn(engine, name);
        activity->encryption = gal_strdup(encryption);
        activity->created_ms = created_ms;
        activity->has_more = true; /* what waited under that name before */
        TAILQ_INIT(&activity->polls);
        TAILQ_INIT(&activity->waiting);
        HASH_ADD_KEYPTR(hh, engine->activities, activity->name, strlen(activity->name), activity);
        return activity;
}

static void destroy_activity(struct gal_engine *engine, struct activity *activity)
{
        gal_activity_tasks_clear(activity);
        if (activity->is_ready)
                STAILQ_REMOVE(&engine->ready, activity, activity, ready_link);
        HASH_DEL(engine->activities, activity);
        free(activity->name);
        free(activity->arn);
        gal_tags_finish(&activity->tags);
        free(activity->encryption);
        free(activity);
}

void gal_activity_changed(struct gal_engine *engine, struct activity *activity, const struct request *request)
{
        gal_waiter_add(&activity->waiters, request->done, request->user);
        activity->in_flight = true;
        activity->next_changed = NULL;
        *engine->changed_activities_last = activity;
        engine->changed_activities_last = &activity->next_changed;
}

static bool is_same_text(const char *a, const char *b)
{
        return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Idempotent by name; how it is encrypted is for good (service model, ActivityAlreadyExists). */
static void create_again(const struct request *request, struct activity *activity)
{
        struct gal_answer answer = { .arn = activity->arn, .time_ms = activity->created_ms };

        if (!is_same_text(request->encryption, activity->encryption))
                gal_refuse(request, GAL_ECONFLICT, "ActivityAlreadyExists", "Activity Already Exists: '%s'",
                           activity->arn);
        else
                gal_answer(request->done, request->user, &answer);
}

static void create_new(struct gal_engine *engine, const struct request *request)
{
        gal_auto_free char *resource = gal_format("activity:%s", request->activity);
        gal_auto_free char *arn = activity_arn(engine, request->activity);
        struct activity *activity;
        struct tag_change tags;

        if (!gal_tags_plan(request, resource, arn, &tags))
                return;
        activity = add_activity(engine, request->activity, request->encryption, engine->now_ms);
        activity->tags = tags;
        gal_activity_changed(engine, activity, request);
}

bool gal_activity_create(struct gal_engine *engine, struct request *request)
{
        struct activity *activity = gal_activity_find(engine, request->activity);

        if (activity != NULL && activity->in_flight)
                return false;
        if (activity != NULL) {
                create_again(request, activity);
        } else if (!gal_name_is_valid(request->activity, strlen(request->activity), GAL_NAME_CHARACTERS_MAX)) {
                gal_refuse(request, GAL_EINVALID, "InvalidName", "Invalid Name: '%s'", request->activity);
        } else if (HASH_COUNT(engine->activities) >= GAL_ACTIVITIES_MAX) {
                gal_refuse(request, GAL_ELIMIT, "ActivityLimitExceeded",
                           "Activity Limit Exceeded: there are %d already", GAL_ACTIVITIES_MAX);
        } else {
                create_new(engine, request);
        }
        return true;
}

/* Deleting what is not there succeeds (recordings: API answers). */
bool gal_activity_delete(struct gal_engine *engine, struct request *request)
{
        struct activity *activity = gal_activity_find_arn(engine, request->activity);
        struct gal_answer answer = { .status = GAL_OK };

        if (activity == NULL) {
                gal_answer(request->done, request->user, &answer);
        } else if (activity->deleting) {
                gal_waiter_add(&activity->waiters, request->done, request->user);
        } else if (activity->in_flight) {
                return false;
        } else {
                activity->deleting = true;
                gal_activity_changed(engine, activity, request);
        }
        return true;
}

void gal_activity_committed(struct gal_engine *engine, struct activity *activity)
{
        gal_auto_free char *message = gal_format("Activity Does Not Exist: '%s'", activity->arn);
        struct gal_poll_answer ended = { .status = GAL_ENOTFOUND,
                                         .code = "ActivityDoesNotExist",
                                         .message = message };
        struct gal_answer answer = { .arn = activity->arn, .time_ms = activity->created_ms };

        activity->in_flight = false;
        gal_tags_finish(&activity->tags);
        gal_waiters_answer(&activity->waiters, &answer);
        if (!activity->deleting)
                return;
        gal_polls_end(activity, &ended);
        destroy_activity(engine, activity);
}

static void forget_waiters(struct activity *activity, const struct gal_answer *answer)
{
        if (answer != NULL) {
                gal_waiters_answer(&activity->waiters, answer);
                return;
        }
        while (activity->waiters != NULL) {
                struct waiter *waiter = activity->waiters;

                activity->waiters = waiter->next;
                free(waiter);
        }
}

void gal_activities_clear(struct gal_engine *engine, const struct gal_answer *answer)
{
        struct gal_poll_answer lost = { 0 };
        struct activity *activity, *next;

        if (answer != NULL)
                lost = (struct gal_poll_answer){ .status = answer->status,
                                                 .code = answer->code,
                                                 .message = answer->message };
        gal_polls_clear(engine, answer == NULL ? NULL : &lost);
        HASH_ITER(hh, engine->activities, activity, next)
        {
                forget_waiters(activity, answer);
                destroy_activity(engine, activity);
        }
        engine->changed_activities = NULL;
        engine->changed_activities_last = &engine->changed_activities;
        engine->ready_pause_ms = 0;
}

static bool read_activity(void *user, const struct gal_activity_row *row)
{
        add_activity(user, row->name, row->encryption, row->created_ms);
        return true;
}

enum gal_status gal_activities_load(struct gal_engine *engine, struct gal_error *error)
{
        return engine->store->ops->read_activities(engine->store, /* name= */ NULL, read_activity, engine, error);
}
