/*
 * json.h: JSON text to jansson values and back.
 *
 * Why not jansson's own: its reader keeps no positions, refuses integers past 64 bits and NUL in keys; its writer
 * prints 0.1 as 0.10000000000000001; both are several times slower. Values stay jansson's: everything else of its
 * API applies to them. Neither side looks at the locale. Strings keep U+0000 (use json_string_length()).
 *
 * Reader: RFC 8259, iterative, bounded in depth. Refuses duplicate keys, lone surrogates, bad UTF-8, control
 * characters in strings, anything after the value. An integer past 64 bits becomes a real; a number past a
 * double is refused. `-0` is the integer 0, `-0.0` the real -0.0. Keys keep their order.
 */
#ifndef GAL_BASE_JSON_H
#define GAL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Reads one JSON text.
 *   text, len  borrowed for the call; no terminator needed
 *   ret_value  (transfer full) untouched on failure
 *   error      (nullable) what, and where: line and column
 * Fails with GAL_ESYNTAX, GAL_ELIMIT (depth, size, number) or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_json_read(const char *text, size_t len, json_t **ret_value,
                                           struct gal_error *error);

/* The same for what we wrote ourselves: payloads of the full depth, wrapped in at most GAL_JSON_ENVELOPE_DEPTH
 * levels. */
GAL_MUST_USE enum gal_status gal_json_read_envelope(const char *text, size_t len, json_t **ret_value,
                                                    struct gal_error *error);

/*
 * Positions, kept on demand: where each value of a document stands in its text.
 * A map's keys are JSON pointers (RFC 6901): "" is the root, "/States/A~1b/Next" a member. For a member two places
 * are kept: the value's, and (gal_json_positions_key) its key's. Duplicate keys are not refused but collected when
 * positions are asked for, since a definition's faults are reported all at once: the last value wins, and each
 * later occurrence is listed, up to GAL_DIAGNOSTICS_MAX of them.
 */
struct gal_json_positions;

struct gal_json_duplicate {
        char *pointer; /* of the object that has the key twice */
        char *key;
        struct gal_position at; /* of the later occurrence */
};

/* Like gal_json_read(), and `ret_positions` (transfer full) is to be released with gal_json_positions_destroy(). */
GAL_MUST_USE enum gal_status gal_json_read_positions(const char *text, size_t len, json_t **ret_value,
                                                     struct gal_json_positions **ret_positions,
                                                     struct gal_error *error);
void gal_json_positions_destroy(struct gal_json_positions *positions); /* accepts NULL */
/* Where the value stands; line 0 when there is no such pointer. */
struct gal_position gal_json_positions_value(const struct gal_json_positions *positions, const char *pointer);
/* Where the member's key stands; of the root and of array elements, where the value does. */
struct gal_position gal_json_positions_key(const struct gal_json_positions *positions, const char *pointer);
size_t gal_json_positions_duplicate_count(const struct gal_json_positions *positions);
const struct gal_json_duplicate *gal_json_positions_duplicate(const struct gal_json_positions *positions,
                                                              size_t index);

/* The position of a byte offset in a text: counts lines and characters from its start. */
struct gal_position gal_position_find(const char *text, size_t len, size_t offset);

/*
 * Compact JSON, keys in their order, numbers as base/number.h writes them for JSONPath mode. Failures stick to the
 * buffer; a value nested deeper than GAL_JSON_DEPTH_MAX, which only a program can build, fails with GAL_ELIMIT.
 */
void gal_json_write(struct gal_buffer *buffer, const json_t *value);
/* One JSON string, quotes included: `len` bytes of UTF-8, escaped as gal_json_write() does (only what must be). */
void gal_json_write_string(struct gal_buffer *buffer, const char *text, size_t len);
/* For people: two spaces a level, `"key": value`. */
void gal_json_write_pretty(struct gal_buffer *buffer, const json_t *value);

/* (transfer full) The compact text, to free(); `ret_len` nullable. NULL: out of memory, or nested too deep. */
char *gal_json_text(const json_t *value, size_t *ret_len);

/*
 * How many bytes gal_json_write() would append; stops counting past `limit` (below SIZE_MAX / 2) and returns some
 * figure above it, as it does for what is nested too deep to be written: a value that passed a size check can be
 * written.
 */
size_t gal_json_size(const json_t *value, size_t limit);

/* Appends "/" and the key as RFC 6901 escapes it. */
void gal_json_pointer_append(struct gal_buffer *pointer, const char *key, size_t len);
void gal_json_pointer_append_index(struct gal_buffer *pointer, size_t index);

/* Structural equality; numbers compare by value, so 1 equals 1.0; the order of keys does not matter. Nothing
 * that is nested deeper than GAL_JSON_DEPTH_MAX equals anything but itself. */
bool gal_json_equal(const json_t *a, const json_t *b);

#endif
