/*
 * buffer.c: growth of a buffer. The fast path (room is there) is inline in the header.
 */
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

void gal_buffer_init(struct gal_buffer *buffer, size_t size_max)
{
        *buffer = GAL_BUFFER_INIT;
        buffer->size_max = size_max;
}

void gal_buffer_finish(struct gal_buffer *buffer)
{
        if (buffer == NULL)
                return;
        free(buffer->data);
        *buffer = GAL_BUFFER_INIT;
}

void gal_buffer_clear(struct gal_buffer *buffer)
{
        buffer->len = 0;
        buffer->status = GAL_OK;
        if (buffer->data != NULL)
                buffer->data[0] = '\0';
}

bool gal_buffer_reserve_slow(struct gal_buffer *buffer, size_t more)
{
        size_t need, size;
        char *data;

        if (buffer->status != GAL_OK)
                return false;
        if (__builtin_add_overflow(buffer->len, more, &need) || need > SIZE_MAX / 2 - 1 ||
            (buffer->size_max != 0 && need > buffer->size_max)) {
                buffer->status = GAL_ELIMIT;
                return false;
        }
        if (need < buffer->size)
                return true;
        size = buffer->size < 64 ? 64 : buffer->size * 2;
        if (size < need + 1)
                size = need + 1;
        data = realloc(buffer->data, size);
        if (data == NULL) {
                buffer->status = GAL_ENOMEM;
                return false;
        }
        buffer->data = data;
        buffer->size = size;
        buffer->data[buffer->len] = '\0';
        return true;
}

void gal_buffer_append_format(struct gal_buffer *buffer, const char *format, ...)
{
        va_list args;
        int len;

        va_start(args, format);
        len = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (len < 0 || !gal_buffer_reserve(buffer, (size_t)len))
                return; /* below zero only for wide characters, which nobody here prints */
        va_start(args, format);
        vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, args);
        va_end(args);
        buffer->len += (size_t)len;
}

void gal_buffer_append_uint(struct gal_buffer *buffer, uint64_t value)
{
        char digits[20];
        size_t at = sizeof(digits);

        do {
                digits[--at] = (char)('0' + value % 10);
                value /= 10;
        } while (value > 0);
        gal_buffer_append(buffer, digits + at, sizeof(digits) - at);
}

void gal_buffer_append_int(struct gal_buffer *buffer, int64_t value)
{
        if (value < 0) {
                gal_buffer_append_char(buffer, '-');
                gal_buffer_append_uint(buffer, 0 - (uint64_t)value);
        } else {
                gal_buffer_append_uint(buffer, (uint64_t)value);
        }
}

char *gal_buffer_take(struct gal_buffer *buffer, size_t *ret_len)
{
        size_t size_max = buffer->size_max;
        char *data = NULL;

        if (gal_buffer_reserve(buffer, 0)) {
                data = buffer->data;
                buffer->data = NULL;
                if (ret_len != NULL)
                        *ret_len = buffer->len;
        }
        gal_buffer_finish(buffer);
        buffer->size_max = size_max; /* it may be filled again, within the same bound */
        return data;
}
