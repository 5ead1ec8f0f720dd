/*
 * pending.c: answers of the engine, and refusals of the store, as answers of the API.
 */
#include "api/internal.h"

#include <stdlib.h>

#include "base/alloc.h"

struct gal_pending *gal_pending_create(struct gal_action_call *call, const char *arn_key, const char *time_key)
{
        struct gal_pending *pending = gal_new(struct gal_pending);

        pending->reply = call->reply;
        pending->arn_key = arn_key;
        pending->time_key = time_key;
        return pending;
}

void gal_pending_answer(void *user, const struct gal_answer *answer)
{
        struct gal_pending *pending = user;

        if (answer->status != GAL_OK) {
                gal_reply_detail(&pending->reply, answer->reason != NULL ? "reason" : "resourceName",
                                 answer->reason != NULL ? answer->reason : answer->resource);
                gal_reply_fail(&pending->reply, answer->status == GAL_EIO ? 503 : 400, answer->code, "%s",
                               answer->message);
        } else {
                if (pending->arn_key != NULL)
                        gal_reply_text(&pending->reply, pending->arn_key, answer->arn);
                if (pending->time_key != NULL)
                        gal_reply_time(&pending->reply, pending->time_key, answer->time_ms);
                gal_reply_text(&pending->reply, "stateMachineVersionArn", answer->version_arn);
                gal_reply_text(&pending->reply, "revisionId", answer->revision_id);
                gal_reply_send(&pending->reply);
        }
        free(pending);
}

void gal_action_fail(struct gal_action_call *call, enum gal_status status, const struct gal_error *error,
                     const char *missing)
{
        if (status == GAL_ENOTFOUND)
                gal_reply_fail(&call->reply, 400, missing, "%s", error->message);
        else if (status == GAL_EINVALID)
                gal_reply_fail(&call->reply, 400, "InvalidArn", "%s", error->message);
        else
                gal_reply_fail(&call->reply, 500, "InternalServerError", "%s", error->message);
}
