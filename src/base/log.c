/*
 * log.c: formats a line into a bounded buffer and hands it on; allocates nothing, so that it works out of memory.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

void gal_log(const struct gal_log *log, enum gal_log_level level, const char *format, ...)
{
        char message[GAL_LOG_LINE_SIZE];
        va_list args;

        if (log == NULL || log->write == NULL || level > log->level_max)
                return;
        va_start(args, format);
        vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        message[gal_utf8_trim(message, strlen(message))] = '\0';
        log->write(log->user, level, message);
}
