/*
 * fuzz_request.c: any JSON object as the request of any action is accepted or refused with a reason that is text;
 * and what is accepted is refused when something is taken away that must be there.
 *
 * The bytes are the action's name, a line end, and the request. Where there is no such action, each one gets it.
 */
#include "fuzz.h"

#include <string.h>

#include "api/validate.h"
#include "base/assert.h"
#include "base/json.h"

static bool validate(const struct gal_validator *validator, const struct gal_shape *shape, const json_t *request)
{
        struct gal_refusal refusal = GAL_REFUSAL_INIT;
        bool fits = gal_validate_request(validator, shape, request, &refusal);
        json_t *text;

        gal_assert(fits == (refusal.type == NULL));
        if (!fits) {
                gal_assert(strcmp(refusal.type, "SerializationException") == 0 ||
                           strcmp(refusal.type, "ValidationException") == 0);
                text = json_stringn(refusal.message.data, refusal.message.len); /* refuses what is not UTF-8 */
                gal_assert(text != NULL);
                json_decref(text);
        }
        gal_refusal_finish(&refusal);
        return fits;
}

static void check(const struct gal_validator *validator, const struct gal_shape *shape, const json_t *request)
{
        struct gal_error error = { .code = GAL_OK };

        if (gal_shape_check_reply(shape, request, &error) != GAL_OK)
                gal_assert(error.message[0] != '\0');
        if (!validate(validator, shape, request))
                return;
        for (size_t i = 0; i < shape->member_count; i++) {
                json_t *less;

                if (!shape->members[i].required)
                        continue;
                less = json_copy((json_t *)request);
                json_object_del(less, shape->members[i].name);
                gal_assert(!validate(validator, shape, less));
                json_decref(less);
        }
}

static const struct gal_action_shape *find_action(const char *text, size_t len)
{
        char name[64];

        if (len >= sizeof(name))
                return NULL;
        memcpy(name, text, len);
        name[len] = '\0';
        return gal_action_shape_find(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct gal_validator *validator;
        const char *text = (const char *)data;
        const char *end = size == 0 ? NULL : memchr(text, '\n', size);
        size_t name_len = end == NULL ? 0 : (size_t)(end - text);
        const char *body = end == NULL ? text : end + 1;
        const struct gal_action_shape *action = find_action(text, name_len);
        json_t *request = NULL;

        if (validator == NULL)
                validator = gal_validator_create();
        if (gal_json_read(body, size - (size_t)(body - text), &request, NULL) == GAL_OK &&
            json_is_object(request)) {
                for (size_t i = 0; i < gal_action_shape_count; i++) {
                        if (action == NULL || action == &gal_action_shapes[i])
                                check(validator, gal_action_shapes[i].request, request);
                }
        }
        json_decref(request);
        return 0;
}
