/*
 * alloc.h: memory for code that runs on data of bounded size.
 *
 * Parsers of untrusted text use malloc and answer GAL_ENOMEM, so an oversized text is refused. The machine and
 * what stands on it use these, which never return NULL: a half-applied step would be worse than the end of
 * the process, and everything acknowledged is on disk by then.
 */
#ifndef GAL_BASE_ALLOC_H
#define GAL_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed; never NULL. Free with free(). `count * size` must not overflow (checked). */
void *gal_calloc(size_t count, size_t size);
void *gal_realloc(void *memory, size_t count, size_t size);
char *gal_strdup(const char *text); /* NULL stays NULL */
char *gal_strndup(const char *text, size_t len);
char *gal_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *gal_format_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
/* Returns `pointer` and panics when it is NULL: for libraries whose only failure is out of memory. */
void *gal_need(void *pointer);

#define gal_new(type) ((type *)gal_calloc(1, sizeof(type)))
#define gal_new_array(count, type) ((type *)gal_calloc((count), sizeof(type)))

/* Frees what a local `char *` or `void *` points at when the scope ends. */
void gal_free_slot(void *slot);
#define gal_auto_free __attribute__((cleanup(gal_free_slot)))

/* Hands a pointer over: yields its value and leaves NULL behind, so that the cleanup finds nothing. */
#define gal_take(pointer)                                                                                          \
        __extension__({                                                                                            \
                __typeof__(pointer) taken_ = (pointer);                                                            \
                (pointer) = NULL;                                                                                  \
                taken_;                                                                                            \
        })

#endif
