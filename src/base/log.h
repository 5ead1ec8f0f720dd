/*
 * log.h: where log lines go. The library never prints: the host gives a sink.
 *
 * Code that returns a status does not log it as well; the caller who ends the chain logs once.
 */
#ifndef GAL_BASE_LOG_H
#define GAL_BASE_LOG_H

#include "base/error.h"

enum gal_log_level { GAL_LOG_ERROR, GAL_LOG_WARNING, GAL_LOG_INFO, GAL_LOG_DEBUG };

struct gal_log {
        void (*write)(void *user, enum gal_log_level level, const char *message); /* NULL: dropped */
        void *user;
        enum gal_log_level level_max;
};

void gal_log(const struct gal_log *log, enum gal_log_level level, const char *format, ...) GAL_PRINTF(3, 4);

#endif
