/*
 * shape.c: see shape.h; the tables themselves are made by schemas/api/embed.py.
 */
#include "api/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "base/json.h"

static int compare_action(const void *name, const void *action)
{
        return strcmp(name, ((const struct gal_action_shape *)action)->name);
}

const struct gal_action_shape *gal_action_shape_find(const char *name)
{
        return bsearch(name, gal_action_shapes, gal_action_shape_count, sizeof(gal_action_shapes[0]),
                       compare_action);
}

const struct gal_shape_member *gal_shape_member_find(const struct gal_shape *shape, const char *name)
{
        for (size_t i = 0; i < shape->member_count; i++) {
                if (strcmp(shape->members[i].name, name) == 0)
                        return &shape->members[i];
        }
        return NULL;
}

bool gal_shape_type_fits(const struct gal_shape *shape, const json_t *value)
{
        switch (shape->type) {
        case GAL_SHAPE_BOOLEAN:
                return json_is_boolean(value);
        case GAL_SHAPE_INTEGER:
                return json_is_integer(value) && json_integer_value(value) >= INT32_MIN &&
                       json_integer_value(value) <= INT32_MAX;
        case GAL_SHAPE_LONG:
                return json_is_integer(value);
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
                return json_is_number(value);
        case GAL_SHAPE_STRING:
                return json_is_string(value);
        case GAL_SHAPE_LIST:
                return json_is_array(value);
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                return json_is_object(value);
        }
        gal_bug("shape type", shape->type);
}

const char *gal_shape_type_name(const struct gal_shape *shape)
{
        switch (shape->type) {
        case GAL_SHAPE_BOOLEAN:
                return "a boolean";
        case GAL_SHAPE_INTEGER:
                return "an integer of 32 bits";
        case GAL_SHAPE_LONG:
                return "an integer of 64 bits";
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
                return "a number";
        case GAL_SHAPE_STRING:
                return "a string";
        case GAL_SHAPE_LIST:
                return "a list";
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                return "an object";
        }
        gal_bug("shape type", shape->type);
}

/* Replies. */

static enum gal_status fail_at(const struct gal_buffer *path, struct gal_error *error, const char *what,
                               const char *name)
{
        enum gal_status status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, what, name);

        if (error != NULL) {
                size_t len = path->len < sizeof(error->path) ? path->len : sizeof(error->path) - 1;

                memcpy(error->path, path->len > 0 ? path->data : "", len);
                error->path[len] = '\0';
        }
        return status;
}

static void pop(struct gal_buffer *path, size_t len)
{
        path->len = len;
        if (path->data != NULL)
                path->data[len] = '\0';
}

static bool is_one_of(const char *const *values, const char *value)
{
        for (; *values != NULL; values++) {
                if (strcmp(*values, value) == 0)
                        return true;
        }
        return false;
}

static enum gal_status check_value(const struct gal_shape *shape, const json_t *value, struct gal_buffer *path,
                                   struct gal_error *error);

static enum gal_status check_item(const struct gal_shape *shape, const json_t *item, struct gal_buffer *path,
                                  size_t parent, struct gal_error *error)
{
        enum gal_status status = check_value(shape, item, path, error);

        pop(path, parent);
        return status;
}

static enum gal_status check_members(const struct gal_shape *shape, const json_t *value, struct gal_buffer *path,
                                     struct gal_error *error)
{
        size_t parent = path->len;
        enum gal_status status = GAL_OK;
        const char *name;
        const json_t *item;

        for (size_t i = 0; i < shape->member_count; i++) {
                const struct gal_shape_member *member = &shape->members[i];

                if (member->required && json_is_null(json_object_get(value, member->name)))
                        return fail_at(path, error, "the member '%s' must not be null", member->name);
                if (member->required && json_object_get(value, member->name) == NULL)
                        return fail_at(path, error, "the member '%s' is missing", member->name);
        }
        json_object_foreach((json_t *)value, name, item)
        {
                const struct gal_shape_member *member = gal_shape_member_find(shape, name);

                if (member == NULL)
                        return fail_at(path, error, "'%s' is no member here", name);
                gal_json_pointer_append(path, name, strlen(name));
                if (!json_is_null(item))
                        status = check_item(member->shape, item, path, parent, error);
                pop(path, parent);
                if (status != GAL_OK)
                        return status;
        }
        return GAL_OK;
}

static enum gal_status check_items(const struct gal_shape *shape, const json_t *value, struct gal_buffer *path,
                                   struct gal_error *error)
{
        size_t parent = path->len;
        enum gal_status status = GAL_OK;
        const json_t *item;
        const char *name;
        size_t i;

        if (shape->type == GAL_SHAPE_MAP) {
                json_object_foreach((json_t *)value, name, item)
                {
                        gal_json_pointer_append(path, name, strlen(name));
                        status = check_item(shape->item, item, path, parent, error);
                        if (status != GAL_OK)
                                return status;
                }
                return GAL_OK;
        }
        json_array_foreach(value, i, item)
        {
                gal_json_pointer_append_index(path, i);
                status = check_item(shape->item, item, path, parent, error);
                if (status != GAL_OK)
                        return status;
        }
        return GAL_OK;
}

static enum gal_status check_value(const struct gal_shape *shape, const json_t *value, struct gal_buffer *path,
                                   struct gal_error *error)
{
        if (!gal_shape_type_fits(shape, value))
                return fail_at(path, error, "it must be %s", gal_shape_type_name(shape));
        if (shape->values != NULL && !is_one_of(shape->values, json_string_value(value)))
                return fail_at(path, error, "it must be one of %s", shape->value_set);
        if (shape->type == GAL_SHAPE_STRUCTURE)
                return check_members(shape, value, path, error);
        if (shape->item != NULL)
                return check_items(shape, value, path, error);
        return GAL_OK;
}

enum gal_status gal_shape_check_reply(const struct gal_shape *shape, const json_t *reply, struct gal_error *error)
{
        struct gal_buffer path = GAL_BUFFER_INIT;
        enum gal_status status = check_value(shape, reply, &path, error);

        gal_buffer_finish(&path);
        return status;
}

bool gal_action_has_error(const struct gal_action_shape *action, const char *name)
{
        static const char *const common[] = {
                "AccessDeniedException",
                "IncompleteSignatureException",
                "InternalServerError",
                "InvalidSignatureException",
                "MissingAuthenticationTokenException",
                "SerializationException",
                "ServiceUnavailable",
                "ThrottlingException",
                "UnknownOperationException",
                "UnrecognizedClientException",
                "ValidationException",
                NULL,
        };

        for (const struct gal_shape *const *error = action->errors; *error != NULL; error++) {
                if (strcmp((*error)->name, name) == 0)
                        return true;
        }
        return is_one_of(common, name);
}
