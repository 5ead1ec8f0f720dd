/*
 * request.c: members of requests.
 */
#include "api/internal.h"

const char *gal_action_text(const struct gal_action_call *call, const char *name)
{
        return json_string_value(json_object_get(call->request, name));
}

const char *gal_action_need(struct gal_action_call *call, const char *name)
{
        const json_t *value = json_object_get(call->request, name);

        if (json_is_string(value))
                return json_string_value(value);
        if (value == NULL || json_is_null(value))
                gal_reply_fail(
                        &call->reply, 400, "ValidationException",
                        "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member "
                        "must not be null",
                        name);
        else
                gal_reply_fail(&call->reply, 400, "SerializationException", "'%s' must be a string", name);
        return NULL;
}
