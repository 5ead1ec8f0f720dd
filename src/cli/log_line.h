/*
 * log_line.h: log lines on standard error: for people, or a JSON object each.
 */
#ifndef GAL_CLI_LOG_LINE_H
#define GAL_CLI_LOG_LINE_H

#include "base/log.h"

/* "2026-11-23T15:17:18.123Z info serving ..."; as `write` of a log. */
void gal_cli_log_text(void *user, enum gal_log_level level, const char *message);
/* {"time":"2026-11-23T15:17:18.123Z","level":"info","message":"serving ..."} */
void gal_cli_log_json(void *user, enum gal_log_level level, const char *message);

#endif
