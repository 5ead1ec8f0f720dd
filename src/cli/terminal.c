/*
 * terminal.c: see terminal.h. Own tables instead of wcwidth(): they do not depend on which locales are installed.
 */
#include "cli/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"

static bool is_set(const char *name)
{
        const char *value = getenv(name);

        return value != NULL && value[0] != '\0';
}

bool gal_terminal_has_colour(FILE *out)
{
        const char *terminal = getenv("TERM");

        if (is_set("NO_COLOR") || (terminal != NULL && strcmp(terminal, "dumb") == 0))
                return false;
        return isatty(fileno(out));
}

/* The first of these that is set decides, as in setlocale(). */
bool gal_terminal_has_utf8(void)
{
        static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (is_set(names[i]))
                        return strcasestr(getenv(names[i]), "utf-8") != NULL ||
                               strcasestr(getenv(names[i]), "utf8") != NULL;
        }
        return false;
}

/* Those that turn the direction of what follows around belong to them. */
static bool is_control(uint32_t c)
{
        return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
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

struct gal_terminal_character gal_terminal_measure(const char *text, size_t len)
{
        size_t size = gal_utf8_sequence(text, len);
        uint32_t c = size > 0 ? gal_utf8_decode(text, size) : 0;

        if (c == '\t')
                return (struct gal_terminal_character){ 1, -1, true };
        if (size == 0 || is_control(c))
                return (struct gal_terminal_character){ size > 0 ? size : 1, 1, false };
        return (struct gal_terminal_character){ size, find_width(c), true };
}

static bool is_blank(char c)
{
        return c == '\n' || c == '\r' || c == '\t';
}

static void append_hidden(struct gal_buffer *buffer, const char *text, size_t len)
{
        size_t size = gal_utf8_sequence(text, len);

        if (size > 0)
                gal_buffer_append_format(buffer, "\\u%04X", (unsigned)gal_utf8_decode(text, size));
        else
                gal_buffer_append_char(buffer, '?');
}

void gal_terminal_append(struct gal_buffer *buffer, const char *text, size_t len)
{
        struct gal_terminal_character character;

        for (size_t i = 0; i < len; i += character.size) {
                character = gal_terminal_measure(text + i, len - i);
                if (is_blank(text[i]))
                        gal_buffer_append_char(buffer, ' ');
                else if (character.shown)
                        gal_buffer_append(buffer, text + i, character.size);
                else
                        append_hidden(buffer, text + i, len - i);
        }
}

size_t gal_terminal_width(const char *text, size_t len)
{
        struct gal_terminal_character character;
        size_t width = 0;

        for (size_t i = 0; i < len; i += character.size) {
                character = gal_terminal_measure(text + i, len - i);
                if (is_blank(text[i]))
                        width++;
                else if (character.shown)
                        width += (size_t)character.width;
                else
                        width += gal_utf8_sequence(text + i, len - i) > 0 ? 6 : 1;
        }
        return width;
}

void gal_terminal_put(FILE *out, const char *text, size_t len)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;

        gal_terminal_append(&buffer, text, len);
        if (buffer.len > 0)
                fwrite(buffer.data, 1, buffer.len, out);
        gal_buffer_finish(&buffer);
}
