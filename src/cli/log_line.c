/*
 * log_line.c: see log_line.h. A line is one write, so that lines of several processes do not mix.
 */
#include "cli/log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "cli/terminal.h"

static const char *const names[] = { "error", "warning", "info", "debug" };

static void format_now(char stamp[GAL_TIMESTAMP_SIZE])
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        gal_timestamp_format((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, stamp);
}

static void put(struct gal_buffer *line)
{
        gal_buffer_append_char(line, '\n');
        if (line->status == GAL_OK)
                fwrite(line->data, 1, line->len, stderr);
        gal_buffer_finish(line);
}

void gal_cli_log_text(void *user, enum gal_log_level level, const char *message)
{
        struct gal_buffer line = GAL_BUFFER_INIT;
        char stamp[GAL_TIMESTAMP_SIZE];

        (void)user;
        format_now(stamp);
        gal_buffer_append_format(&line, "%s %s ", stamp, names[level]);
        gal_terminal_append(&line, message, strlen(message));
        put(&line);
}

/* A path or a program's words need not be UTF-8; JSON must. */
static void append_utf8(struct gal_buffer *buffer, const char *text)
{
        size_t len = strlen(text);

        while (len > 0) {
                size_t size = gal_utf8_sequence(text, len);

                if (size > 0)
                        gal_buffer_append(buffer, text, size);
                else
                        gal_buffer_append_char(buffer, '?');
                text += size > 0 ? size : 1;
                len -= size > 0 ? size : 1;
        }
}

void gal_cli_log_json(void *user, enum gal_log_level level, const char *message)
{
        struct gal_buffer line = GAL_BUFFER_INIT, text = GAL_BUFFER_INIT;
        char stamp[GAL_TIMESTAMP_SIZE];

        (void)user;
        format_now(stamp);
        append_utf8(&text, message);
        gal_buffer_append_format(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", stamp, names[level]);
        gal_json_write_string(&line, text.data != NULL ? text.data : "", text.len);
        gal_buffer_append_char(&line, '}');
        put(&line);
        gal_buffer_finish(&text);
}
