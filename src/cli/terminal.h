/*
 * terminal.h: what of a text a terminal shows, and what a terminal can do.
 *
 * Texts come from definitions, functions and file names: control characters in them are shown, never sent.
 */
#ifndef GAL_CLI_TERMINAL_H
#define GAL_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"

/* `out` is a terminal, and nobody asked for plain text (NO_COLOR, TERM=dumb). */
bool gal_terminal_has_colour(FILE *out);
/* The locale's encoding is UTF-8, as far as the environment says. */
bool gal_terminal_has_utf8(void);

struct gal_terminal_character {
        size_t size; /* bytes in the text, at least 1 */
        int width;   /* columns: 0 to 2; -1: a tab */
        bool shown;  /* as it is; malformed bytes and control characters are not */
};

/* The first character of a text that is not empty. */
struct gal_terminal_character gal_terminal_measure(const char *text, size_t len);

/* Columns of a text as gal_terminal_append() shows it. */
size_t gal_terminal_width(const char *text, size_t len);

/* Appends it in one line: line breaks and tabs as blanks, other control characters as \u001B, malformed bytes as
 * '?'.
 */
void gal_terminal_append(struct gal_buffer *buffer, const char *text, size_t len);
void gal_terminal_put(FILE *out, const char *text, size_t len);

#endif
