/*
 * purge.c: PurgeExecutions, an action of ours.
 */
#include "api/internal.h"

#include <stdlib.h>

/* The year 9999. */
#define CLOSED_BEFORE_MAX 253402300800.0

/*
 * Of ours, for `galliard store purge`: removes executions that were closed before `closedBefore` (seconds since
 * 1970, as all times of the API), for about a second. `isComplete` false: ask again.
 */
static void purged(void *user, enum gal_status status, size_t removed, bool is_complete, const char *message)
{
        struct gal_pending *pending = user;

        if (status != GAL_OK) {
                gal_reply_fail(&pending->reply, 503, "ServiceUnavailable", "%s", message);
        } else {
                gal_reply_int(&pending->reply, "removed", (int64_t)removed);
                gal_reply_raw(&pending->reply, "isComplete", is_complete ? "true" : "false");
                gal_reply_send(&pending->reply);
        }
        free(pending);
}

void gal_api_purge_executions(struct gal_action_call *call)
{
        const json_t *before = json_object_get(call->request, "closedBefore");
        double seconds = json_number_value(before);

        if (!json_is_number(before) || seconds < 0 || seconds > CLOSED_BEFORE_MAX)
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "'closedBefore' must be a time, in seconds since 1970");
        else if (call->api->purge == NULL)
                gal_reply_fail(&call->reply, 503, "ServiceUnavailable", "this process removes nothing");
        else
                call->api->purge(call->api->user, (int64_t)(seconds * 1000 + 0.5), purged,
                                 gal_pending_create(call, NULL, NULL));
}
