/*
 * lastline.c: see lastline.h.
 */
#include "net/lastline.h"

#include <string.h>

#include "base/assert.h"

void gal_lastline_init(struct gal_lastline *lastline, size_t size_max)
{
        *lastline = (struct gal_lastline){ .size_max = size_max };
}

void gal_lastline_finish(struct gal_lastline *lastline)
{
        gal_buffer_finish(&lastline->line);
        gal_buffer_finish(&lastline->last);
}

static bool is_blank(const struct gal_buffer *line)
{
        for (size_t i = 0; i < line->len; i++)
                if (!strchr(" \t\r\v\f", line->data[i]) || line->data[i] == '\0')
                        return false;
        return true;
}

static void append(struct gal_lastline *lastline, const char *data, size_t len)
{
        size_t room = lastline->size_max - lastline->line.len;

        if (len > room)
                lastline->line_cut = true;
        gal_buffer_append(&lastline->line, data, len < room ? len : room);
        gal_assert(lastline->line.status == GAL_OK); /* bounded (base/alloc.h) */
}

static void end_line(struct gal_lastline *lastline)
{
        struct gal_buffer emptied = lastline->last;

        if (!is_blank(&lastline->line)) {
                lastline->last = lastline->line;
                lastline->last_cut = lastline->line_cut;
                if (!lastline->last_cut && lastline->last.data[lastline->last.len - 1] == '\r')
                        lastline->last.data[--lastline->last.len] = '\0';
                lastline->line = emptied;
        }
        gal_buffer_clear(&lastline->line);
        lastline->line_cut = false;
}

void gal_lastline_feed(struct gal_lastline *lastline, const char *data, size_t len)
{
        while (len > 0) {
                const char *newline = memchr(data, '\n', len);
                size_t piece = newline ? (size_t)(newline - data) : len;

                append(lastline, data, piece);
                if (!newline)
                        return;
                end_line(lastline);
                data += piece + 1;
                len -= piece + 1;
        }
}

const char *gal_lastline_end(struct gal_lastline *lastline, size_t *ret_len, bool *ret_cut)
{
        end_line(lastline);
        *ret_len = lastline->last.len;
        *ret_cut = lastline->last_cut;
        return lastline->last.data ? lastline->last.data : "";
}
