/*
 * place.c: places to text. Recursion goes from the root down and is as deep as the definition nests.
 */
#include "definition/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void write_index(struct gal_buffer *buffer, size_t index)
{
        gal_buffer_append_char(buffer, '[');
        gal_buffer_append_uint(buffer, index);
        gal_buffer_append_char(buffer, ']');
}

static void write_steps(struct gal_buffer *buffer, const struct gal_place *place)
{
        if (place->parent == NULL)
                return;
        write_steps(buffer, place->parent);
        if (place->key == NULL) {
                write_index(buffer, place->index);
                return;
        }
        gal_buffer_append_char(buffer, '/');
        gal_buffer_append(buffer, place->key, place->key_len);
}

void gal_place_write_location(struct gal_buffer *buffer, const struct gal_place *place)
{
        if (place->parent == NULL)
                gal_buffer_append_char(buffer, '/');
        else
                write_steps(buffer, place);
}

void gal_place_write_pointer(struct gal_buffer *buffer, const struct gal_place *place)
{
        if (place->parent == NULL)
                return;
        gal_place_write_pointer(buffer, place->parent);
        if (place->implied)
                return;
        if (place->key == NULL)
                gal_json_pointer_append_index(buffer, place->index);
        else
                gal_json_pointer_append(buffer, place->key, place->key_len);
}

/* One step of a JSON pointer, unescaped. Returns what follows it. */
static const char *read_step(struct gal_buffer *step, const char *pointer)
{
        gal_buffer_clear(step);
        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
                if (pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1')) {
                        gal_buffer_append_char(step, pointer[1] == '0' ? '~' : '/');
                        pointer++;
                } else {
                        gal_buffer_append_char(step, *pointer);
                }
        }
        return pointer;
}

void gal_place_write_below(struct gal_buffer *buffer, const json_t *value, const char *pointer)
{
        struct gal_buffer step = GAL_BUFFER_INIT;

        while (*pointer == '/' && step.status == GAL_OK) {
                pointer = read_step(&step, pointer);
                if (json_is_array(value)) {
                        size_t index = step.len > 0 ? strtoul(step.data, NULL, 10) : 0;

                        write_index(buffer, index);
                        value = json_array_get(value, index);
                } else {
                        gal_buffer_append_char(buffer, '/');
                        gal_buffer_append(buffer, step.data, step.len);
                        value = step.len > 0 ? json_object_getn(value, step.data, step.len)
                                             : json_object_get(value, "");
                }
        }
        if (step.status != GAL_OK)
                buffer->status = step.status;
        gal_buffer_finish(&step);
}
