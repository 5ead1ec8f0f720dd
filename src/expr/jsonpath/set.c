/*
 * set.c: writing at a reference path, for ResultPath. Copies what is on the path, shares the rest.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "expr/jsonpath/path.h"

/* New reference: `node` (NULL: not there yet) with `value` written below it; NULL: it cannot be. */
static json_t *write_below(const struct path_step *step, json_t *node, json_t *value);

static json_t *write_member(const struct path_step *step, json_t *object, json_t *value)
{
        const struct path_name *name = &step->as.name;
        json_t *child = object == NULL ? NULL : json_object_getn(object, name->text, name->len);
        json_t *written = write_below(step->next, child, value);
        json_t *copy;

        if (written == NULL)
                return NULL;
        copy = gal_need(object == NULL ? json_object() : json_copy(object));
        gal_need(json_object_setn_new_nocheck(copy, name->text, name->len, written) == 0 ? copy : NULL);
        return copy;
}

static json_t *write_element(const struct path_step *step, json_t *array, json_t *value)
{
        size_t index = (size_t)step->as.index;
        json_t *written, *copy;

        if (index >= json_array_size(array))
                return NULL;
        written = write_below(step->next, json_array_get(array, index), value);
        if (written == NULL)
                return NULL;
        copy = gal_need(json_copy(array));
        gal_need(json_array_set_new(copy, index, written) == 0 ? copy : NULL);
        return copy;
}

static json_t *write_below(const struct path_step *step, json_t *node, json_t *value)
{
        if (step == NULL)
                return json_incref(value);
        if (step->kind == PATH_NAME && (node == NULL || json_is_object(node)))
                return write_member(step, node, value);
        if (step->kind == PATH_INDEX && json_is_array(node))
                return write_element(step, node, value);
        return NULL;
}

static enum gal_status fail_conflict(const struct gal_path *path, const json_t *document, struct gal_error *error)
{
        struct gal_buffer text;
        enum gal_status status;

        if (error == NULL)
                return GAL_EINVALID;
        gal_buffer_init(&text, 0);
        gal_json_write(&text, document);
        status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "Unable to apply ReferencePath %s to input %.*s",
                          path->text, (int)text.len, text.len > 0 ? text.data : "");
        gal_buffer_finish(&text);
        return status;
}

enum gal_status gal_path_set(const struct gal_path *path, json_t *document, json_t *value, json_t **ret_document,
                             struct gal_error *error)
{
        json_t *written;

        gal_assert(path->reference);
        written = write_below(path->query.steps, document, value);
        if (written == NULL)
                return fail_conflict(path, document, error);
        *ret_document = written;
        return GAL_OK;
}
