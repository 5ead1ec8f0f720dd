/*
 * excerpt.c: see excerpt.h. A long line is cut around the place.
 */
#include "cli/excerpt.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/terminal.h"

/* Characters of a line that are shown, and those of them before the place. */
#define SHOWN_MAX 100
#define SHOWN_BEFORE 40
#define GUTTER_WIDTH 5

struct line {
        const char *text;
        size_t len;
        size_t offset; /* of the place */
};

static struct line find_line(const char *text, size_t len, size_t offset)
{
        size_t start = offset < len ? offset : len;
        size_t end = start;

        while (start > 0 && text[start - 1] != '\n')
                start--;
        while (end < len && text[end] != '\n')
                end++;
        if (end > start && text[end - 1] == '\r')
                end--;
        return (struct line){ text + start, end - start, (offset < len ? offset : len) - start };
}

/* Bytes of what stands at the place: a string with its quotes, a word or number, else one character. */
static size_t measure_token(const struct line *line)
{
        const char *text = line->text + line->offset;
        size_t len = line->offset < line->len ? line->len - line->offset : 0;
        size_t end = 0;

        if (len == 0)
                return 1;
        if (text[0] == '"') {
                for (end = 1; end < len && text[end] != '"'; end++)
                        if (text[end] == '\\' && end + 1 < len)
                                end++;
                return end < len ? end + 1 : len;
        }
        while (end < len && strchr(" \t,:{}[]\"", text[end]) == NULL)
                end++;
        return end > 0 ? end : 1;
}

static size_t step_back(const char *text, size_t offset, int characters)
{
        for (; characters > 0 && offset > 0; characters--) {
                offset--;
                while (offset > 0 && ((unsigned char)text[offset] & 0xC0) == 0x80)
                        offset--;
        }
        return offset;
}

static void put_mark(FILE *out, int width, char mark)
{
        if (width < 0)
                fputc('\t', out);
        for (int i = 0; i < width; i++)
                fputc(mark, out);
}

/* The line from `start` on, at most SHOWN_MAX characters; returns where it was cut. */
static size_t put_line(FILE *out, const struct line *line, size_t start)
{
        size_t at = start;

        for (int i = 0; i < SHOWN_MAX && at < line->len; i++) {
                struct gal_terminal_character character = gal_terminal_measure(line->text + at, line->len - at);

                if (character.shown)
                        fwrite(line->text + at, 1, character.size, out);
                else
                        fputc('?', out);
                at += character.size;
        }
        return at;
}

/* Blanks up to the place, then the underline. */
static void put_underline(FILE *out, const struct line *line, size_t start, size_t end)
{
        size_t stop = line->offset + measure_token(line);
        size_t at = start;

        while (at < line->offset && at < end) {
                struct gal_terminal_character character = gal_terminal_measure(line->text + at, line->len - at);

                put_mark(out, character.width, ' ');
                at += character.size;
        }
        fputc('^', out);
        for (bool first = true; at < stop && at < end; first = false) {
                struct gal_terminal_character character = gal_terminal_measure(line->text + at, line->len - at);
                int width = character.width < 0 ? 1 : character.width;

                put_mark(out, first && width > 0 ? width - 1 : width, '~');
                at += character.size;
        }
}

void gal_excerpt_put(FILE *out, const char *text, size_t len, struct gal_position at)
{
        bool colour = gal_terminal_has_colour(out);
        struct line line = find_line(text, len, at.offset);
        size_t start = 0;
        size_t end;

        if (gal_utf8_length(line.text, line.len) > SHOWN_MAX)
                start = step_back(line.text, line.offset, SHOWN_BEFORE);
        if (at.line > 0)
                fprintf(out, "%*u", GUTTER_WIDTH, at.line);
        else
                fprintf(out, "%*s", GUTTER_WIDTH, "");
        fprintf(out, " | %s", start > 0 ? "..." : "");
        end = put_line(out, &line, start);
        fprintf(out, "%s\n%*s | %s%s", end < line.len ? "..." : "", GUTTER_WIDTH, "", start > 0 ? "   " : "",
                colour ? "\x1b[1;32m" : "");
        put_underline(out, &line, start, end);
        fputs(colour ? "\x1b[0m\n" : "\n", out);
}
