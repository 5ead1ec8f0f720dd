/*
 * lex.c: text to tokens, one at a time.
 *
 * Where the reference implementation counts in UTF-16 units, offsets here are bytes; the caller converts what is
 * shown. Whether a slash divides or begins a regular expression, only the parser knows.
 */
#include "expr/jsonata/syntax.h"

#include <string.h>

#include "base/hex.h"
#include "base/number.h"
#include "base/utf8.h"

static const char doubles[][3] = { "..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??" };

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v';
}

static bool is_operator(char c)
{
        return c != '\0' && strchr(".[]{}(),@#;:?+-*/%|=<>^&!~", c) != NULL;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static char peek(const struct jparse *parse, size_t at)
{
        return at < parse->len ? parse->text[at] : '\0';
}

static size_t skip_comment(struct jparse *parse, size_t at)
{
        size_t start = at;

        at += 2;
        while (!(peek(parse, at) == '*' && peek(parse, at + 1) == '/')) {
                at++;
                if (at >= parse->len)
                        gal_jparse_fail(parse, "S0106", start, start, NULL, 0, "Comment has no closing tag");
        }
        return at + 2;
}

static size_t skip_blanks(struct jparse *parse, size_t at)
{
        for (;;) {
                while (at < parse->len && is_blank(parse->text[at]))
                        at++;
                if (peek(parse, at) != '/' || peek(parse, at + 1) != '*')
                        return at;
                at = skip_comment(parse, at);
        }
}

static struct jtoken make(uint8_t kind, size_t start, size_t end)
{
        return (struct jtoken){ .kind = kind, .start = (uint32_t)start, .end = (uint32_t)end, .text = "" };
}

static void set_text(struct jparse *parse, struct jtoken *token, const char *text, size_t len)
{
        char *copy = gal_arena_copy(parse->arena, text, len);

        if (copy == NULL)
                gal_jparse_out_of_memory(parse);
        token->text = copy;
        token->len = (uint32_t)len;
}

/* Regular expressions: up to a slash that is neither escaped nor in brackets. */

static bool is_escaped(const struct jparse *parse, size_t at)
{
        size_t backslashes = 0;

        while (backslashes < at && parse->text[at - 1 - backslashes] == '\\')
                backslashes++;
        return backslashes % 2 == 1;
}

static struct jtoken finish_regex(struct jparse *parse, size_t start, size_t slash)
{
        struct jtoken token = make(JK_REGEX, start - 1, slash + 1);
        size_t flags = 0;

        if (slash == start)
                gal_jparse_fail(parse, "S0301", start - 1, slash, NULL, 0,
                                "Empty regular expressions are not allowed");
        set_text(parse, &token, parse->text + start, slash - start);
        while (peek(parse, token.end) == 'i' || peek(parse, token.end) == 'm') {
                if (strchr(token.op, parse->text[token.end]) != NULL || flags == sizeof(token.op) - 1)
                        gal_jparse_fail(parse, "S0201", token.end, token.end + 1, parse->text + token.end, 1,
                                        "Syntax error: {{token}}");
                token.op[flags++] = parse->text[token.end++];
        }
        return token;
}

static struct jtoken read_regex(struct jparse *parse, size_t start)
{
        int depth = 0;

        for (size_t at = start; at < parse->len; at++) {
                char c = parse->text[at];

                if (c == '/' && depth == 0 && !is_escaped(parse, at))
                        return finish_regex(parse, start, at);
                if (at > start && parse->text[at - 1] == '\\')
                        continue;
                if (c == '(' || c == '[' || c == '{')
                        depth++;
                else if (c == ')' || c == ']' || c == '}')
                        depth--;
        }
        gal_jparse_fail(parse, "S0302", start - 1, parse->len, NULL, 0, "No terminating / in regular expression");
}

/* Strings. */

static bool read_hex4(const struct jparse *parse, size_t at, uint32_t *ret_code)
{
        uint32_t code = 0;

        for (size_t i = 0; i < 4; i++) {
                int value = gal_hex_value(peek(parse, at + i));

                if (value < 0)
                        return false;
                code = code << 4 | (uint32_t)value;
        }
        *ret_code = code;
        return true;
}

/* `at` is behind the \u. A pair of surrogates is one character; one alone keeps the three bytes of its number. */
static size_t read_unicode(struct jparse *parse, size_t at, struct gal_buffer *text)
{
        char bytes[4];
        uint32_t code, low;

        if (!read_hex4(parse, at, &code))
                gal_jparse_fail(parse, "S0104", at - 2, at - 1, NULL, 0,
                                "The escape sequence \\u must be followed by 4 hex digits");
        at += 4;
        if (code >= 0xD800 && code < 0xDC00 && peek(parse, at) == '\\' && peek(parse, at + 1) == 'u' &&
            read_hex4(parse, at + 2, &low) && low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                at += 6;
        }
        if (code >= 0xD800 && code < 0xE000) {
                bytes[0] = (char)0xED;
                bytes[1] = (char)(0x80 | ((code >> 6) & 0x3F));
                bytes[2] = (char)(0x80 | (code & 0x3F));
                gal_buffer_append(text, bytes, 3);
        } else {
                gal_buffer_append(text, bytes, gal_utf8_encode(code, bytes));
        }
        return at;
}

static size_t read_escape(struct jparse *parse, size_t at, struct gal_buffer *text)
{
        static const char escapes[] = "\"\\/bfnrt";
        static const char meanings[] = "\"\\/\b\f\n\r\t";
        char c = peek(parse, at);
        const char *found = c != '\0' ? strchr(escapes, c) : NULL;
        size_t size;

        if (c == 'u')
                return read_unicode(parse, at + 1, text);
        if (found == NULL) {
                size = gal_utf8_sequence(parse->text + at, parse->len - at);
                gal_jparse_fail(parse, "S0103", at - 1, at, parse->text + at, size,
                                "Unsupported escape sequence: \\{{token}}");
        }
        gal_buffer_append_char(text, meanings[found - escapes]);
        return at + 1;
}

/* The decoded text never is longer than the written one, so it fits a piece of that size. */
static struct jtoken read_string(struct jparse *parse, size_t start)
{
        char quote = parse->text[start];
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct jtoken token = make(JK_STRING, start, 0);
        size_t at = start + 1;
        size_t end = at;
        char *room;

        while (end < parse->len && parse->text[end] != quote)
                end += parse->text[end] == '\\' ? 2 : 1;
        if (end > parse->len)
                end = parse->len;
        room = gal_jparse_alloc(parse, end - at + 2, 1);
        text.data = room;
        text.size = end - at + 2;
        while (at < parse->len && parse->text[at] != quote) {
                if (parse->text[at] == '\\') {
                        text.data = room;
                        at = read_escape(parse, at + 1, &text);
                } else {
                        gal_buffer_append_char(&text, parse->text[at++]);
                }
        }
        if (at >= parse->len)
                gal_jparse_fail(parse, "S0101", start, parse->len, NULL, 0,
                                "String literal must be terminated by a matching quote");
        token.text = room;
        token.len = (uint32_t)text.len;
        token.end = (uint32_t)at + 1;
        return token;
}

/* Numbers and names. */

static size_t skip_digits(const struct jparse *parse, size_t at)
{
        while (is_digit(peek(parse, at)))
                at++;
        return at;
}

static size_t number_end(const struct jparse *parse, size_t start)
{
        size_t at = peek(parse, start) == '0' ? start + 1 : skip_digits(parse, start);
        size_t exponent;

        if (peek(parse, at) == '.' && is_digit(peek(parse, at + 1)))
                at = skip_digits(parse, at + 1);
        if (peek(parse, at) == 'e' || peek(parse, at) == 'E') {
                exponent = at + 1;
                if (peek(parse, exponent) == '+' || peek(parse, exponent) == '-')
                        exponent++;
                if (is_digit(peek(parse, exponent)))
                        at = skip_digits(parse, exponent);
        }
        return at;
}

static struct jtoken read_number(struct jparse *parse, size_t start)
{
        struct jtoken token = make(JK_NUMBER, start, number_end(parse, start));
        size_t len = token.end - start;

        set_text(parse, &token, parse->text + start, len);
        if (!gal_number_parse_double(token.text, len, &token.number))
                gal_jparse_fail(parse, "S0102", start, start, token.text, len, "Number out of range: {{token}}");
        return token;
}

static struct jtoken read_quoted_name(struct jparse *parse, size_t start)
{
        struct jtoken token = make(JK_NAME, start, 0);
        const char *end = memchr(parse->text + start + 1, '`', parse->len - start - 1);

        if (end == NULL)
                gal_jparse_fail(parse, "S0105", start, parse->len, NULL, 0,
                                "Quoted property name must be terminated with a backquote (`)");
        token.end = (uint32_t)(end + 1 - parse->text);
        set_text(parse, &token, parse->text + start + 1, (size_t)(end - parse->text) - start - 1);
        return token;
}

static bool is_word(const struct jtoken *token, const char *word)
{
        return strlen(word) == token->len && memcmp(token->text, word, token->len) == 0;
}

static struct jtoken read_name(struct jparse *parse, size_t start)
{
        struct jtoken token = make(JK_NAME, start, start);

        while (token.end < parse->len && !is_blank(parse->text[token.end]) && !is_operator(parse->text[token.end]))
                token.end++;
        if (parse->text[start] == '$') {
                token.kind = JK_VARIABLE;
                set_text(parse, &token, parse->text + start + 1, token.end - start - 1);
                return token;
        }
        set_text(parse, &token, parse->text + start, token.end - start);
        if (is_word(&token, "and") || is_word(&token, "or") || is_word(&token, "in")) {
                token.kind = JK_OPERATOR;
                memcpy(token.op, token.text, token.len);
        } else if (is_word(&token, "true") || is_word(&token, "false") || is_word(&token, "null")) {
                token.kind = JK_CONSTANT;
        }
        return token;
}

static bool is_double(const struct jparse *parse, const char *op)
{
        if (op[0] == '?' && parse->dialect == GAL_JSONATA_STATES)
                return false;
        return true;
}

static struct jtoken read_operator(struct jparse *parse, size_t at)
{
        struct jtoken token = make(JK_OPERATOR, at, at + 1);

        token.op[0] = parse->text[at];
        for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++)
                if (doubles[i][0] == parse->text[at] && doubles[i][1] == peek(parse, at + 1) &&
                    is_double(parse, doubles[i])) {
                        token.op[1] = doubles[i][1];
                        token.end++;
                        break;
                }
        set_text(parse, &token, parse->text + at, token.end - token.start);
        if (strcmp(token.op, "!") == 0 || strcmp(token.op, "~") == 0)
                gal_jparse_fail(parse, "S0204", at, token.end, token.text, token.len,
                                "Unknown operator: {{token}}");
        return token;
}

struct jtoken gal_jlex_next(struct jparse *parse, size_t at, bool infix)
{
        char c;

        at = skip_blanks(parse, at);
        if (at >= parse->len)
                return make(JK_END, parse->len, parse->len);
        c = parse->text[at];
        if (c == '/' && !infix)
                return read_regex(parse, at + 1);
        if (is_operator(c))
                return read_operator(parse, at);
        if (c == '"' || c == '\'')
                return read_string(parse, at);
        if (is_digit(c))
                return read_number(parse, at);
        if (c == '`')
                return read_quoted_name(parse, at);
        return read_name(parse, at);
}
