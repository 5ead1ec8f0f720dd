/*
 * quarantine.c: executions that stand still so that the others go on, and whose fault it is when the process ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "engine/internal.h"

void gal_quarantine_add(struct gal_engine *engine, const char *execution_id, const char *reason)
{
        struct quarantined *quarantined;

        HASH_FIND_STR(engine->quarantined, execution_id, quarantined);
        if (quarantined != NULL)
                return;
        quarantined = gal_new(struct quarantined);
        strncpy(quarantined->id, execution_id, sizeof(quarantined->id) - 1);
        quarantined->reason = gal_strdup(reason);
        HASH_ADD_STR(engine->quarantined, id, quarantined);
}

void gal_engine_quarantine(struct gal_engine *engine, const char *execution_id, const char *reason)
{
        gal_quarantine_add(engine, execution_id, reason);
}

bool gal_quarantine_holds(struct gal_engine *engine, const char *execution_id)
{
        struct quarantined *quarantined;

        HASH_FIND_STR(engine->quarantined, execution_id, quarantined);
        if (quarantined != NULL && quarantined->reason != NULL) {
                gal_log(engine->log, GAL_LOG_ERROR, "%s", quarantined->reason);
                free(quarantined->reason);
                quarantined->reason = NULL;
        }
        return quarantined != NULL;
}

void gal_quarantine_clear(struct gal_engine *engine)
{
        struct quarantined *quarantined, *next;

        HASH_ITER(hh, engine->quarantined, quarantined, next)
        {
                HASH_DEL(engine->quarantined, quarantined);
                free(quarantined->reason);
                free(quarantined);
        }
}

static void note(const struct gal_suspect *suspect, const char *what)
{
        const struct gal_engine *engine = gal_container_of(suspect, struct gal_engine, suspect);

        if (engine->callbacks.bug != NULL)
                engine->callbacks.bug(engine->callbacks.user, engine->suspect_id, engine->suspect_arn, what);
}

void gal_suspect_execution(struct gal_engine *engine, const char *id, const char *arn)
{
        engine->suspect.note = note;
        engine->suspect_id = id;
        engine->suspect_arn = arn;
        gal_suspect_set(&engine->suspect);
}
