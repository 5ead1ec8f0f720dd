/*
 * request.c: members of requests.
 */
#include "api/internal.h"

#include <string.h>

#include "api/shape.h"
#include "api/validate.h"

const char *gal_action_text(const struct gal_action_call *call, const char *name)
{
        return json_string_value(json_object_get(call->request, name));
}

bool gal_action_flag(const struct gal_action_call *call, const char *name, bool usual)
{
        const json_t *value = json_object_get(call->request, name);

        return json_is_boolean(value) ? json_is_true(value) : usual;
}

bool gal_action_is_given(const struct gal_action_call *call, const char *name)
{
        const json_t *value = json_object_get(call->request, name);

        return value != NULL && !json_is_null(value);
}

/*
 * U+0000 is legal in a JSON string, and in none of these texts: where the model has no pattern that says so, we do,
 * since the rest of the house keeps them as C strings. What is JSON itself goes by its length.
 */
static bool may_hold_nul(const char *member)
{
        return strcmp(member, "definition") == 0 || strcmp(member, "input") == 0 || strcmp(member, "output") == 0;
}

/* (transfer none) The first such text; `ret_member`: of which member. Shapes end, and so does this. */
static const json_t *find_nul(const struct gal_shape *shape, const json_t *value, const char *member,
                              const char **ret_member)
{
        const json_t *found = NULL, *item;
        size_t i;

        if (json_is_string(value) && strlen(json_string_value(value)) < json_string_length(value) &&
            !may_hold_nul(member)) {
                *ret_member = member;
                return value;
        }
        if (json_is_object(value)) {
                for (i = 0; i < shape->member_count && found == NULL; i++)
                        found = find_nul(shape->members[i].shape, json_object_get(value, shape->members[i].name),
                                         shape->members[i].name, ret_member);
        } else if (json_is_array(value)) {
                for (i = 0; (item = json_array_get(value, i)) != NULL && found == NULL; i++)
                        found = find_nul(shape->item, item, member, ret_member);
        }
        return found;
}

static void refuse_nul(struct gal_action_call *call, const char *member, const json_t *value)
{
        struct gal_buffer message = GAL_BUFFER_INIT;

        if (strcmp(member, "name") != 0) {
                gal_reply_fail(&call->reply, 400, "ValidationException",
                               "1 validation error detected: Value at '%s' failed to satisfy constraint: Member "
                               "must not hold the character U+0000",
                               member);
                return;
        }
        gal_buffer_append_text(&message, "Invalid Name: '");
        gal_buffer_append(&message, json_string_value(value), json_string_length(value));
        gal_buffer_append_char(&message, '\'');
        gal_reply_refuse(&call->reply, 400, "InvalidName", message.data, message.len);
        gal_buffer_finish(&message);
}

bool gal_action_validate(struct gal_action_call *call, const struct gal_action_shape *shape)
{
        struct gal_refusal refusal = GAL_REFUSAL_INIT;
        const char *member = NULL;
        const json_t *value;

        if (shape == NULL)
                return true;
        if (!gal_validate_request(call->api->validator, shape->request, call->request, &refusal)) {
                gal_reply_refuse(&call->reply, 400, refusal.type, refusal.message.data, refusal.message.len);
                gal_refusal_finish(&refusal);
                return false;
        }
        value = find_nul(shape->request, call->request, "", &member);
        if (value != NULL)
                refuse_nul(call, member, value);
        return value == NULL;
}
