/*
 * error.c: recording the first failure. Kept free of allocation, so that running out of memory can be told.
 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum gal_status gal_fail(struct gal_error *error, enum gal_status code, struct gal_position at, const char *format,
                         ...)
{
        va_list args;

        if (error == NULL || error->code != GAL_OK)
                return code;
        error->code = code;
        error->at = at;
        va_start(args, format);
        vsnprintf(error->message, sizeof(error->message), format, args);
        va_end(args);
        /* vsnprintf cuts at a byte; a message must stay valid UTF-8 for those who print it as JSON. */
        error->message[gal_utf8_trim(error->message, strlen(error->message))] = '\0';
        return code;
}

const char *gal_status_name(enum gal_status status)
{
        switch (status) {
        case GAL_OK:
                return "ok";
        case GAL_ENOMEM:
                return "out of memory";
        case GAL_ESYNTAX:
                return "syntax error";
        case GAL_EINVALID:
                return "invalid";
        case GAL_ELIMIT:
                return "over a limit";
        case GAL_ENOTFOUND:
                return "not found";
        case GAL_ECONFLICT:
                return "conflict";
        case GAL_EFENCED:
                return "lease lost";
        case GAL_EIO:
                return "input/output error";
        case GAL_EBUSY:
                return "busy";
        case GAL_EFAILED:
                return "failed";
        }
        return "unknown status";
}
