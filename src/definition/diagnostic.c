/*
 * diagnostic.c: the list of faults. Trap: a definition can have a hundred thousand, so past the bound they are only
 * counted, and callers ask gal_diagnostics_has_room() before they word one.
 */
#include "definition/diagnostic.h"

#include <stdlib.h>

#include "base/limits.h"

const char *gal_diagnostic_code_name(enum gal_diagnostic_code code)
{
        static const char *const names[] = {
#define X(name) #name,
                GAL_DIAGNOSTIC_CODES(X)
#undef X
        };

        return names[code];
}

bool gal_diagnostics_has_room(const struct gal_diagnostics *diagnostics, enum gal_severity severity)
{
        switch (severity) {
        case GAL_SEVERITY_ERROR:
                return diagnostics->errors < GAL_DIAGNOSTICS_MAX;
        case GAL_SEVERITY_WARNING:
                return diagnostics->warnings < GAL_DIAGNOSTICS_MAX;
        }
        return false;
}

static bool grow(struct gal_diagnostics *diagnostics)
{
        size_t size = diagnostics->count;
        struct gal_diagnostic *items;

        if (size != 0 && (size & (size - 1)) != 0) /* full at powers of two only */
                return true;
        size = size == 0 ? 1 : 2 * size;
        items = realloc(diagnostics->items, size * sizeof(*items));
        if (items == NULL)
                return false;
        diagnostics->items = items;
        return true;
}

enum gal_status gal_diagnostics_add_new(struct gal_diagnostics *diagnostics, enum gal_severity severity,
                                        enum gal_diagnostic_code code, char *message, char *location,
                                        struct gal_position at)
{
        bool room = gal_diagnostics_has_room(diagnostics, severity);

        if (severity == GAL_SEVERITY_ERROR)
                diagnostics->errors++;
        else
                diagnostics->warnings++;
        if (!room) {
                diagnostics->truncated = true;
                free(message);
                free(location);
                return GAL_OK;
        }
        if (message == NULL || !grow(diagnostics)) {
                free(message);
                free(location);
                return GAL_ENOMEM;
        }
        diagnostics->items[diagnostics->count++] = (struct gal_diagnostic){
                .severity = severity, .code = code, .message = message, .location = location, .at = at
        };
        return GAL_OK;
}

void gal_diagnostics_finish(struct gal_diagnostics *diagnostics)
{
        for (size_t i = 0; i < diagnostics->count; i++) {
                free(diagnostics->items[i].message);
                free(diagnostics->items[i].location);
        }
        free(diagnostics->items);
        *diagnostics = (struct gal_diagnostics){ 0 };
}
