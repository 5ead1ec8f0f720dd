/*
 * diagnostics.c: faults with their source line. The text is somebody's: control characters in it are shown, not
 * sent to the terminal.
 */
#include "cli/diagnostics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/excerpt.h"
#include "cli/terminal.h"

struct colours {
        const char *place, *error, *warning, *off;
};

static const struct colours plain = { "", "", "", "" };
static const struct colours bright = { "\x1b[1m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[0m" };

static void put_diagnostic(FILE *out, const struct colours *colours, const char *file, const char *text, size_t len,
                           const struct gal_diagnostic *diagnostic)
{
        bool error = diagnostic->severity == GAL_SEVERITY_ERROR;
        bool bad_json = diagnostic->code == GAL_DIAGNOSTIC_INVALID_JSON_DESCRIPTION;

        fputs(colours->place, out);
        gal_terminal_put(out, file, strlen(file));
        if (diagnostic->at.line > 0)
                fprintf(out, ":%u:%u", diagnostic->at.line, diagnostic->at.column);
        fprintf(out, ":%s %s%s:%s ", colours->off, error ? colours->error : colours->warning,
                error ? "error" : "warning", colours->off);
        /* Of bad JSON the second line and the location only repeat the text. */
        gal_terminal_put(out, diagnostic->message,
                         bad_json ? strcspn(diagnostic->message, "\n") : strlen(diagnostic->message));
        fprintf(out, " [%s", gal_diagnostic_code_name(diagnostic->code));
        if (diagnostic->location != NULL && !bad_json) {
                fputs(" at ", out);
                gal_terminal_put(out, diagnostic->location, strlen(diagnostic->location));
        }
        fputs("]\n", out);
        if (diagnostic->at.line > 0)
                gal_excerpt_put(out, text, len, diagnostic->at);
}

static int compare_places(const void *a, const void *b)
{
        const struct gal_diagnostic *x = *(const struct gal_diagnostic *const *)a;
        const struct gal_diagnostic *y = *(const struct gal_diagnostic *const *)b;

        if (x->at.offset != y->at.offset)
                return x->at.offset < y->at.offset ? -1 : 1;
        return x < y ? -1 : x > y; /* as they were reported */
}

void gal_cli_print_diagnostics(FILE *out, const char *file, const char *text, size_t len,
                               const struct gal_diagnostics *diagnostics)
{
        const struct colours *colours = gal_terminal_has_colour(out) ? &bright : &plain;
        const struct gal_diagnostic *sorted[2 * GAL_DIAGNOSTICS_MAX];

        for (size_t i = 0; i < diagnostics->count; i++)
                sorted[i] = &diagnostics->items[i];
        qsort(sorted, diagnostics->count, sizeof(sorted[0]), compare_places);
        for (size_t i = 0; i < diagnostics->count; i++)
                put_diagnostic(out, colours, file, text, len, sorted[i]);
        if (diagnostics->truncated)
                fprintf(out, "%s: there are more; the first %d of each severity are shown\n", file,
                        GAL_DIAGNOSTICS_MAX);
}
