/*
 * scope.c: recording why an evaluation failed.
 */
#include "expr/scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

void gal_failure_finish(struct gal_failure *failure)
{
        if (failure == NULL)
                return;
        gal_buffer_finish(&failure->cause);
        failure->error = NULL;
}

enum gal_status gal_failure_set(struct gal_failure *failure, const char *error, const char *format, ...)
{
        va_list args;
        char *text = NULL;

        if (failure->error != NULL)
                return GAL_EFAILED;
        failure->error = error;
        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                text = NULL;
        va_end(args);
        gal_buffer_append_text(&failure->cause, gal_need(text));
        free(text);
        return GAL_EFAILED;
}
