/*
 * text.h: files and JSON given on the command line, and output of JSON.
 */
#ifndef GAL_CLI_TEXT_H
#define GAL_CLI_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/payload.h"

/*
 * Reads a whole file; "-" is standard input. On failure prints "galliard: PATH: why" to standard error.
 * `ret_text` (transfer full), NUL-terminated.
 */
bool gal_cli_read_file(const char *path, size_t size_max, char **ret_text, size_t *ret_len);

/* Whether the value of an option for JSON (below) means standard input. NULL does not. */
bool gal_cli_is_stdin(const char *argument);

/*
 * JSON as the value of an option: the JSON itself, @FILE, or - for standard input. `what` names it in the message
 * ("input"). (transfer full) NULL after a message with the place.
 */
struct gal_payload *gal_cli_read_json(const char *what, const char *argument);

/* Output in pieces. The first failure sticks, and is told of at the end. */
struct gal_cli_output {
        FILE *file;
        int error; /* errno; 0: none yet */
};

bool gal_cli_write(struct gal_cli_output *output, const char *data, size_t len); /* false: it has failed */
/* Flushes; false after a message to standard error. */
bool gal_cli_end(struct gal_cli_output *output);
/* The same for what was printed without them. */
bool gal_cli_flush(FILE *out);

/* On a terminal for people, else compact; a line break at the end. Flushes as above. */
bool gal_cli_print_json(FILE *out, const json_t *value);
/* Writes the buffer and a line break. Flushes as above. */
bool gal_cli_print_buffer(FILE *out, const struct gal_buffer *buffer);

#endif
