/*
 * diagnostics.c: faults with their source line. The text is somebody's: control characters in it are shown, not
 * sent to the terminal.
 */
#include "cli/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"

/* Characters of a line that are shown, and those of them before the place. */
#define SHOWN_MAX 100
#define SHOWN_BEFORE 40
#define GUTTER_WIDTH 5

struct colours {
        const char *place, *error, *warning, *mark, *off;
};

static const struct colours plain = { "", "", "", "", "" };
static const struct colours bright = { "\x1b[1m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;32m", "\x1b[0m" };

static uint32_t decode(const char *text, size_t size)
{
        static const unsigned char masks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
        uint32_t c = (unsigned char)text[0] & masks[size];

        for (size_t i = 1; i < size; i++)
                c = c << 6 | ((unsigned char)text[i] & 0x3F);
        return c;
}

static bool is_control(uint32_t c)
{
        return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E);
}

/* Columns of a terminal: two for most of East Asia and for pictures, none for combining marks. */
static int find_width(uint32_t c)
{
        static const struct {
                uint32_t first, last;
        } wide[] = { { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },
                     { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0x1F300, 0x1FAFF }, { 0x20000, 0x3FFFD } };

        if ((c >= 0x0300 && c <= 0x036F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F))
                return 0;
        for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
                if (c >= wide[i].first && c <= wide[i].last)
                        return 2;
        return 1;
}

/* What a character of a line takes on the terminal. */
struct character {
        size_t size; /* in the text, at least 1 */
        int width;   /* -1: a tab */
};

/* Malformed bytes and controls are shown as one '?'. */
static struct character measure(const char *text, size_t len, bool *ret_shown)
{
        size_t size = gal_utf8_sequence(text, len);
        uint32_t c = size > 0 ? decode(text, size) : 0;

        *ret_shown = size > 0 && (c == '\t' || !is_control(c));
        if (!*ret_shown)
                return (struct character){ size > 0 ? size : 1, 1 };
        return (struct character){ size, c == '\t' ? -1 : find_width(c) };
}

static void put_text(FILE *out, const char *text, size_t len)
{
        for (size_t i = 0; i < len;) {
                size_t size = gal_utf8_sequence(text + i, len - i);
                uint32_t c = size > 0 ? decode(text + i, size) : 0xFFFD;

                if (is_control(c))
                        fprintf(out, "\\u%04X", c);
                else if (size > 0)
                        fwrite(text + i, 1, size, out);
                i += size > 0 ? size : 1;
        }
}

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
        bool shown;

        for (int i = 0; i < SHOWN_MAX && at < line->len; i++) {
                struct character character = measure(line->text + at, line->len - at, &shown);

                if (shown)
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
        bool shown;

        while (at < line->offset && at < end) {
                struct character character = measure(line->text + at, line->len - at, &shown);

                put_mark(out, character.width, ' ');
                at += character.size;
        }
        fputc('^', out);
        for (bool first = true; at < stop && at < end; first = false) {
                struct character character = measure(line->text + at, line->len - at, &shown);
                int width = character.width < 0 ? 1 : character.width;

                put_mark(out, first && width > 0 ? width - 1 : width, '~');
                at += character.size;
        }
}

static void put_excerpt(FILE *out, const struct colours *colours, const char *text, size_t len,
                        struct gal_position at)
{
        struct line line = find_line(text, len, at.offset);
        size_t start = 0;
        size_t end;

        if (gal_utf8_length(line.text, line.len) > SHOWN_MAX)
                start = step_back(line.text, line.offset, SHOWN_BEFORE);
        fprintf(out, "%*u | %s", GUTTER_WIDTH, at.line, start > 0 ? "..." : "");
        end = put_line(out, &line, start);
        fprintf(out, "%s\n%*s | %s%s", end < line.len ? "..." : "", GUTTER_WIDTH, "", start > 0 ? "   " : "",
                colours->mark);
        put_underline(out, &line, start, end);
        fprintf(out, "%s\n", colours->off);
}

static void put_diagnostic(FILE *out, const struct colours *colours, const char *file, const char *text, size_t len,
                           const struct gal_diagnostic *diagnostic)
{
        bool error = diagnostic->severity == GAL_SEVERITY_ERROR;
        bool bad_json = diagnostic->code == GAL_DIAGNOSTIC_INVALID_JSON_DESCRIPTION;

        fputs(colours->place, out);
        put_text(out, file, strlen(file));
        if (diagnostic->at.line > 0)
                fprintf(out, ":%u:%u", diagnostic->at.line, diagnostic->at.column);
        fprintf(out, ":%s %s%s:%s ", colours->off, error ? colours->error : colours->warning,
                error ? "error" : "warning", colours->off);
        /* Of bad JSON the second line and the location only repeat the text. */
        put_text(out, diagnostic->message,
                 bad_json ? strcspn(diagnostic->message, "\n") : strlen(diagnostic->message));
        fprintf(out, " [%s", gal_diagnostic_code_name(diagnostic->code));
        if (diagnostic->location != NULL && !bad_json) {
                fputs(" at ", out);
                put_text(out, diagnostic->location, strlen(diagnostic->location));
        }
        fputs("]\n", out);
        if (diagnostic->at.line > 0)
                put_excerpt(out, colours, text, len, diagnostic->at);
}

static int compare_places(const void *a, const void *b)
{
        const struct gal_diagnostic *x = *(const struct gal_diagnostic *const *)a;
        const struct gal_diagnostic *y = *(const struct gal_diagnostic *const *)b;

        if (x->at.offset != y->at.offset)
                return x->at.offset < y->at.offset ? -1 : 1;
        return x < y ? -1 : x > y; /* as they were reported */
}

void gal_cli_print_diagnostics(FILE *out, const char *file, const char *text, size_t len,
                               const struct gal_diagnostics *diagnostics)
{
        const char *no_color = getenv("NO_COLOR");
        bool colour = isatty(fileno(out)) && (no_color == NULL || no_color[0] == '\0');
        const struct gal_diagnostic *sorted[2 * GAL_DIAGNOSTICS_MAX];

        for (size_t i = 0; i < diagnostics->count; i++)
                sorted[i] = &diagnostics->items[i];
        qsort(sorted, diagnostics->count, sizeof(sorted[0]), compare_places);
        for (size_t i = 0; i < diagnostics->count; i++)
                put_diagnostic(out, colour ? &bright : &plain, file, text, len, sorted[i]);
        if (diagnostics->truncated)
                fprintf(out, "%s: there are more; the first %d of each severity are shown\n", file,
                        GAL_DIAGNOSTICS_MAX);
}
