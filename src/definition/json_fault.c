/*
 * json_fault.c: text that is no JSON, reported in the frame of the service's reader (Jackson): the message, and in
 * brackets where its text came from, which is the location as well.
 */
#include <string.h>

#include "base/utf8.h"
#include "definition/compiler.h"

/* Characters of the text that Jackson shows. */
#define SNIPPET_CHARACTERS 500
/* How base/json.h words a bare word where a value should be. */
#define NO_VALUE "' is no value;"

/* A message must be UTF-8 without NUL, whatever the text is. */
static size_t append_character(struct gal_buffer *buffer, const char *text, size_t len)
{
        size_t size = gal_utf8_sequence(text, len);

        if (size == 0 || text[0] == '\0') {
                gal_buffer_append_text(buffer, "\xEF\xBF\xBD");
                return 1;
        }
        gal_buffer_append(buffer, text, size);
        return size;
}

/* [Source: (String)"..."; line: 1, column: 4]; NULL: out of memory. */
static char *make_source(struct gal_compiler *compiler, const char *text, size_t len, struct gal_position at)
{
        struct gal_buffer source = GAL_BUFFER_INIT;
        size_t offset = 0;
        char *location;

        gal_buffer_append_text(&source, "[Source: (String)\"");
        for (int i = 0; i < SNIPPET_CHARACTERS && offset < len; i++)
                offset += append_character(&source, text + offset, len - offset);
        gal_buffer_append_char(&source, '"');
        if (offset < len)
                gal_buffer_append_format(&source, "[truncated %zu chars]",
                                         gal_utf8_length(text + offset, len - offset));
        gal_buffer_append_format(&source, "; line: %u, column: %u]", at.line, at.column);
        location = gal_buffer_take(&source, NULL);
        if (location == NULL)
                gal_out_of_memory(compiler);
        return location;
}

static bool is_word_byte(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
               (unsigned char)c >= 0x80;
}

/* Jackson's place for a bare word is behind it. */
static void report_word(struct gal_compiler *compiler, const char *text, size_t len, struct gal_position at)
{
        struct gal_position behind = at;
        size_t end = at.offset;
        char *source;

        while (end < len && is_word_byte(text[end]) && gal_utf8_sequence(text + end, len - end) > 0)
                end += gal_utf8_sequence(text + end, len - end);
        behind.column += (uint32_t)gal_utf8_length(text + at.offset, end - at.offset);
        source = make_source(compiler, text, len, behind);
        gal_report_at(
                compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_JSON_DESCRIPTION, source, at,
                "Unrecognized token '%.*s': was expecting (JSON String, Number, Array, Object or token 'null', "
                "'true' or 'false')\n at %s",
                (int)(end - at.offset), text + at.offset, source != NULL ? source : "");
}

static bool is_blank(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
                        return false;
        return true;
}

void gal_report_bad_json(struct gal_compiler *compiler, const char *text, size_t len, const struct gal_error *error)
{
        struct gal_position at = error->at;
        char *source;

        if (is_blank(text, len)) {
                gal_report_at(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_MISSING_DESCRIPTION, NULL,
                              (struct gal_position){ 0, 1, 1 }, "The definition is empty");
                return;
        }
        if (at.line == 0)
                at = (struct gal_position){ 0, 1, 1 };
        if (strstr(error->message, NO_VALUE) != NULL && at.offset < len && is_word_byte(text[at.offset])) {
                report_word(compiler, text, len, at);
                return;
        }
        source = make_source(compiler, text, len, at);
        gal_report_at(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_JSON_DESCRIPTION, source, at,
                      "%s\n at %s", error->message, source != NULL ? source : "");
}

void gal_report_duplicates(struct gal_compiler *compiler, const char *text, size_t len)
{
        size_t count = gal_json_positions_duplicate_count(compiler->positions);

        for (size_t i = 0; i < count; i++) {
                const struct gal_json_duplicate *duplicate = gal_json_positions_duplicate(compiler->positions, i);
                char *source = make_source(compiler, text, len, duplicate->at);

                gal_report_at(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_JSON_DESCRIPTION, source,
                              duplicate->at, "Duplicate field '%s'\n at %s", duplicate->key,
                              source != NULL ? source : "");
        }
}
