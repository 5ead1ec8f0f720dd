/*
 * scope.c: recording why an evaluation failed.
 */
#include "expr/scope.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"

void gal_failure_finish(struct gal_failure *failure)
{
        if (failure == NULL)
                return;
        gal_buffer_finish(&failure->cause);
        failure->error = NULL;
}

/* Values that are looked at here may be a workflow's own work that no size check has seen yet. */
char *gal_failure_value_text(const json_t *value)
{
        char *text = gal_json_text(value, NULL);

        return text != NULL ? text : gal_strdup("...");
}

enum gal_status gal_failure_set(struct gal_failure *failure, const char *error, const char *format, ...)
{
        va_list args;
        char *text;

        if (failure->error != NULL)
                return GAL_EFAILED;
        failure->error = error;
        va_start(args, format);
        text = gal_format_args(format, args);
        va_end(args);
        gal_buffer_append_text(&failure->cause, text);
        free(text);
        return GAL_EFAILED;
}
