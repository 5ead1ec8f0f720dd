/*
 * buffer.h: a growing run of bytes with a bound chosen by its owner.
 *
 * The first failure (out of memory, past the bound) sticks: later appends do nothing, and the owner asks once at
 * the end. Until then `data` is always NUL-terminated, the terminator not counted.
 */
#ifndef GAL_BASE_BUFFER_H
#define GAL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct gal_buffer {
        char *data; /* NULL until something is appended */
        size_t len;
        size_t size;     /* allocated */
        size_t size_max; /* bound on `len`; 0: none but memory */
        enum gal_status status;
};

#define GAL_BUFFER_INIT ((struct gal_buffer){ NULL, 0, 0, 0, GAL_OK })

void gal_buffer_init(struct gal_buffer *buffer, size_t size_max);
void gal_buffer_finish(struct gal_buffer *buffer);
void gal_buffer_clear(struct gal_buffer *buffer); /* empty, memory kept, status forgotten */

/* Makes room for `more` bytes and a terminator. False when the buffer has failed. */
bool gal_buffer_reserve_slow(struct gal_buffer *buffer, size_t more);

static inline bool gal_buffer_reserve(struct gal_buffer *buffer, size_t more)
{
        if (buffer->status == GAL_OK && more < buffer->size - buffer->len &&
            (buffer->size_max == 0 || buffer->len + more <= buffer->size_max))
                return true;
        return gal_buffer_reserve_slow(buffer, more);
}

static inline void gal_buffer_append(struct gal_buffer *buffer, const void *data, size_t len)
{
        if (!gal_buffer_reserve(buffer, len))
                return;
        if (len > 0)
                memcpy(buffer->data + buffer->len, data, len);
        buffer->len += len;
        buffer->data[buffer->len] = '\0';
}

static inline void gal_buffer_append_char(struct gal_buffer *buffer, char c)
{
        gal_buffer_append(buffer, &c, 1);
}

static inline void gal_buffer_append_text(struct gal_buffer *buffer, const char *text)
{
        gal_buffer_append(buffer, text, strlen(text));
}

void gal_buffer_append_format(struct gal_buffer *buffer, const char *format, ...) GAL_PRINTF(2, 3);
void gal_buffer_append_uint(struct gal_buffer *buffer, uint64_t value);
void gal_buffer_append_int(struct gal_buffer *buffer, int64_t value);

/* (transfer full) The bytes, NUL-terminated, to free(); "" when empty; NULL when the buffer failed. Leaves it
 * empty. */
char *gal_buffer_take(struct gal_buffer *buffer, size_t *ret_len);

#endif
