/*
 * report.c: how the compiler says what is wrong, and how it runs out of memory.
 */
#include "definition/compiler.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gal_out_of_memory(struct gal_compiler *compiler)
{
        compiler->status = GAL_ENOMEM;
}

void *gal_compiler_alloc(struct gal_compiler *compiler, size_t count, size_t size)
{
        void *memory = calloc(count > 0 ? count : 1, size);

        if (memory == NULL)
                gal_out_of_memory(compiler);
        return memory;
}

char *gal_compiler_copy(struct gal_compiler *compiler, const char *text, size_t len)
{
        char *copy = malloc(len + 1);

        if (copy == NULL) {
                gal_out_of_memory(compiler);
                return NULL;
        }
        memcpy(copy, text, len);
        copy[len] = '\0';
        return copy;
}

static char *format_message(const char *format, va_list args) GAL_PRINTF(1, 0);

static char *format_message(const char *format, va_list args)
{
        char *message;

        return vasprintf(&message, format, args) < 0 ? NULL : message;
}

static struct gal_position find_position(struct gal_compiler *compiler, const struct gal_place *spot,
                                         enum gal_spot part)
{
        struct gal_buffer pointer = GAL_BUFFER_INIT;
        struct gal_position at = GAL_NOWHERE;

        gal_place_write_pointer(&pointer, spot);
        if (pointer.status != GAL_OK)
                gal_out_of_memory(compiler);
        else if (part == GAL_SPOT_KEY)
                at = gal_json_positions_key(compiler->positions, pointer.data != NULL ? pointer.data : "");
        else
                at = gal_json_positions_value(compiler->positions, pointer.data != NULL ? pointer.data : "");
        gal_buffer_finish(&pointer);
        return at;
}

static char *make_location(struct gal_compiler *compiler, const struct gal_place *place)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        char *location;

        if (place == NULL)
                return NULL;
        gal_place_write_location(&text, place);
        location = gal_buffer_take(&text, NULL);
        if (location == NULL)
                gal_out_of_memory(compiler);
        return location;
}

static void add(struct gal_compiler *compiler, enum gal_severity severity, enum gal_diagnostic_code code,
                char *message, char *location, struct gal_position at)
{
        if (gal_diagnostics_add_new(compiler->diagnostics, severity, code, message, location, at) != GAL_OK)
                gal_out_of_memory(compiler);
}

void gal_report(struct gal_compiler *compiler, enum gal_severity severity, enum gal_diagnostic_code code,
                const struct gal_place *location, const struct gal_place *spot, enum gal_spot part,
                const char *format, ...)
{
        va_list args;
        char *message;

        if (!gal_diagnostics_has_room(compiler->diagnostics, severity)) {
                add(compiler, severity, code, NULL, NULL, GAL_NOWHERE); /* counts it */
                return;
        }
        va_start(args, format);
        message = format_message(format, args);
        va_end(args);
        add(compiler, severity, code, message, make_location(compiler, location),
            find_position(compiler, spot, part));
}

void gal_report_at(struct gal_compiler *compiler, enum gal_severity severity, enum gal_diagnostic_code code,
                   char *location, struct gal_position at, const char *format, ...)
{
        va_list args;
        char *message;

        va_start(args, format);
        message = format_message(format, args);
        va_end(args);
        add(compiler, severity, code, message, location, at);
}

/* `pointer` without its last step, below `value`. */
static char *make_location_below(struct gal_compiler *compiler, const struct gal_place *place, const json_t *value,
                                 const char *pointer)
{
        const char *last = strrchr(pointer, '/');
        struct gal_buffer text = GAL_BUFFER_INIT;
        char *holder, *location;

        holder = gal_compiler_copy(compiler, pointer, last != NULL ? (size_t)(last - pointer) : 0);
        if (holder == NULL)
                return NULL;
        gal_place_write_location(&text, place);
        gal_place_write_below(&text, value, holder);
        free(holder);
        location = gal_buffer_take(&text, NULL);
        if (location == NULL)
                gal_out_of_memory(compiler);
        return location;
}

static struct gal_position find_position_below(struct gal_compiler *compiler, const struct gal_place *place,
                                               const char *pointer)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_position at = GAL_NOWHERE;

        gal_place_write_pointer(&text, place);
        gal_buffer_append_text(&text, pointer);
        if (text.status != GAL_OK)
                gal_out_of_memory(compiler);
        else
                at = gal_json_positions_value(compiler->positions, text.data != NULL ? text.data : "");
        gal_buffer_finish(&text);
        return at;
}

void gal_report_below(const struct gal_context *context, enum gal_severity severity, enum gal_diagnostic_code code,
                      const struct gal_place *place, const json_t *value, const char *pointer, const char *message)
{
        struct gal_compiler *compiler = context->compiler;

        if (!gal_diagnostics_has_room(compiler->diagnostics, severity)) {
                add(compiler, severity, code, NULL, NULL, GAL_NOWHERE); /* counts it */
                return;
        }
        gal_report_at(compiler, severity, code, make_location_below(compiler, place, value, pointer),
                      find_position_below(compiler, place, pointer), "%s", message);
}
