/*
 * place.h: where in a definition the compiler stands, as a chain of steps on the C stack.
 *
 * Costs nothing until a fault is to be reported. Two spellings are made of it: the service's location
 * ("/States/A/Catch[0]/Next", names unescaped) and the JSON pointer (RFC 6901) that positions are kept under.
 */
#ifndef GAL_DEFINITION_PLACE_H
#define GAL_DEFINITION_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct gal_place {
        const struct gal_place *parent; /* NULL: the root */
        const char *key;                /* NULL: an array element, or the root */
        size_t key_len;
        size_t index;
        bool implied; /* only in the location: the machine around a single state */
};

static inline struct gal_place gal_place_member_n(const struct gal_place *parent, const char *key, size_t len)
{
        return (struct gal_place){ .parent = parent, .key = key, .key_len = len };
}

static inline struct gal_place gal_place_member(const struct gal_place *parent, const char *key)
{
        return gal_place_member_n(parent, key, strlen(key));
}

static inline struct gal_place gal_place_element(const struct gal_place *parent, size_t index)
{
        return (struct gal_place){ .parent = parent, .index = index };
}

/* Appends; the root is "/". */
void gal_place_write_location(struct gal_buffer *buffer, const struct gal_place *place);
/* Appends; the root is "". */
void gal_place_write_pointer(struct gal_buffer *buffer, const struct gal_place *place);
/* Appends the location of what the JSON pointer `pointer`, from `value` on, leads to ("" for `value` itself). */
void gal_place_write_below(struct gal_buffer *buffer, const json_t *value, const char *pointer);

#endif
