/*
 * alloc.c: allocation that cannot fail for its caller.
 */
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

void *gal_need(void *pointer)
{
        if (pointer == NULL)
                gal_bug("out of memory", 0);
        return pointer;
}

/* At least one byte: what malloc answers for none may be NULL. */
static size_t multiply(size_t count, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(count, size, &bytes))
                gal_bug("the size of an allocation overflows", count);
        return bytes > 0 ? bytes : 1;
}

void *gal_calloc(size_t count, size_t size)
{
        return gal_need(calloc(1, multiply(count, size)));
}

void *gal_realloc(void *memory, size_t count, size_t size)
{
        return gal_need(realloc(memory, multiply(count, size)));
}

char *gal_strdup(const char *text)
{
        return text == NULL ? NULL : gal_need(strdup(text));
}

char *gal_strndup(const char *text, size_t len)
{
        char *copy = gal_calloc(len + 1, 1);

        if (len > 0)
                memcpy(copy, text, len);
        return copy;
}

char *gal_format_args(const char *format, va_list args)
{
        char *text;

        return gal_need(vasprintf(&text, format, args) < 0 ? NULL : text);
}

char *gal_format(const char *format, ...)
{
        va_list args;
        char *text;

        va_start(args, format);
        text = gal_format_args(format, args);
        va_end(args);
        return text;
}

void gal_free_slot(void *slot)
{
        void **pointer = slot;

        free(*pointer);
}
