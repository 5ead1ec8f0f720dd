/*
 * wording.c: see wording.h.
 */
#include "cli/wording.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/terminal.h"

static void append_seconds(struct gal_buffer *buffer, int64_t ms)
{
        gal_buffer_append_int(buffer, ms / 1000);
        if (ms % 1000 != 0)
                gal_buffer_append_format(buffer, ".%03d", (int)(ms % 1000));
        gal_buffer_append_text(buffer, " s");
}

void gal_wording_append_duration(struct gal_buffer *buffer, int64_t ms)
{
        static const struct {
                const char *name;
                int64_t seconds;
        } units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
        int64_t seconds = ms / 1000;

        if (seconds < 60) {
                append_seconds(buffer, ms);
                return;
        }
        for (size_t i = 0; i < 3; i++) {
                if (seconds < units[i].seconds)
                        continue;
                gal_buffer_append_format(buffer, "%" PRId64 " %s", seconds / units[i].seconds, units[i].name);
                seconds = seconds % units[i].seconds / units[i + 1].seconds;
                if (seconds > 0)
                        gal_buffer_append_format(buffer, " %" PRId64 " %s", seconds, units[i + 1].name);
                return;
        }
}

void gal_wording_append_elapsed(struct gal_buffer *buffer, int64_t ms)
{
        int64_t seconds = ms / 1000;

        if (seconds < 3600)
                gal_buffer_append_format(buffer, "%" PRId64 ".%03d", seconds, (int)(ms % 1000));
        else
                gal_buffer_append_format(buffer, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
                                         (int)(seconds % 60));
}

/* "RequestId: 11111111-... Error: " tells people nothing. */
static const char *skip_request_id(const char *message)
{
        static const char before[] = "RequestId: ", after[] = " Error: ";
        const char *rest;

        if (strncmp(message, before, sizeof(before) - 1) != 0 ||
            strlen(message) < sizeof(before) - 1 + GAL_UUID_SIZE - 1)
                return message;
        rest = message + sizeof(before) - 1 + GAL_UUID_SIZE - 1;
        return strncmp(rest, after, sizeof(after) - 1) == 0 ? rest + sizeof(after) - 1 : message;
}

static void append_cut(struct gal_buffer *buffer, const char *text, size_t size_max)
{
        size_t len = strlen(text);

        if (len <= size_max) {
                gal_terminal_append(buffer, text, len);
                return;
        }
        gal_terminal_append(buffer, text, gal_utf8_trim(text, size_max));
        gal_buffer_append_text(buffer, "...");
}

void gal_wording_append_cause(struct gal_buffer *buffer, const char *cause, size_t size_max)
{
        json_auto_t *payload = NULL;
        const char *message = NULL;

        if (cause[0] == '{' && gal_json_read(cause, strlen(cause), &payload, NULL) == GAL_OK)
                message = json_string_value(json_object_get(payload, "errorMessage"));
        append_cut(buffer, message != NULL && message[0] != '\0' ? skip_request_id(message) : cause, size_max);
}
