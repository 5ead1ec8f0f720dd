/*
 * print.c: a tree as text, and whether two trees are the same.
 *
 * No parentheses are added: those that were there are blocks of the tree.
 */
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "expr/jsonata/syntax.h"

static void print_list(const struct jsyntax *syntax, uint32_t from, uint32_t to, const char *between,
                       struct gal_buffer *text)
{
        for (uint32_t i = from; i < to; i++) {
                if (i > from)
                        gal_buffer_append_text(text, between);
                gal_jsyntax_print(syntax->items[i], text);
        }
}

static bool is_plain_name(const struct jsyntax *name)
{
        static const char *const words[] = { "and", "or", "in", "true", "false", "null" };
        const char *text = name->text;

        if (name->text_len == 0 || (text[0] >= '0' && text[0] <= '9'))
                return false;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(words[i], text) == 0)
                        return false;
        for (uint32_t i = 0; i < name->text_len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c < 0x80)
                        return false;
        }
        return true;
}

static void print_name(const struct jsyntax *name, struct gal_buffer *text)
{
        /* What has a backquote in it was written without them, and cannot be written with them. */
        bool is_bare = is_plain_name(name) || memchr(name->text, '`', name->text_len) != NULL;

        gal_buffer_append(text, "`", !is_bare);
        gal_buffer_append(text, name->text, name->text_len);
        gal_buffer_append(text, "`", !is_bare);
}

static void print_string(const struct jsyntax *string, struct gal_buffer *text)
{
        char escape[8] = "\\u";
        uint32_t from = 0;

        /* A lone surrogate is three bytes here and an escape there; the rest is as in JSON. */
        gal_buffer_append_char(text, '"');
        for (uint32_t at = 0; at < string->text_len; at++) {
                unsigned char c = (unsigned char)string->text[at];
                bool is_surrogate = c == 0xED && (unsigned char)string->text[at + 1] >= 0xA0;
                uint32_t code = c;

                if (c >= 0x20 && c != '"' && c != '\\' && !is_surrogate)
                        continue;
                gal_buffer_append(text, string->text + from, at - from);
                if (is_surrogate) {
                        code = 0xD000 | (uint32_t)(string->text[at + 1] & 0x3F) << 6 |
                               (string->text[at + 2] & 0x3F);
                        at += 2;
                }
                for (int i = 0; i < 4; i++)
                        escape[2 + i] = "0123456789abcdef"[code >> (12 - 4 * i) & 15];
                gal_buffer_append(text, escape, 6);
                from = at + 1;
        }
        gal_buffer_append(text, string->text + from, string->text_len - from);
        gal_buffer_append_char(text, '"');
}

static void print_number(const struct jsyntax *number, struct gal_buffer *text)
{
        char digits[GAL_NUMBER_SIZE];

        gal_buffer_append(text, digits, gal_number_format_javascript(number->number, digits));
}

static void print_pairs(const struct jsyntax *syntax, uint32_t from, struct gal_buffer *text)
{
        gal_buffer_append_char(text, '{');
        for (uint32_t i = from; i < syntax->count; i += 2) {
                if (i > from)
                        gal_buffer_append_text(text, ", ");
                gal_jsyntax_print(syntax->items[i], text);
                gal_buffer_append_text(text, ": ");
                gal_jsyntax_print(syntax->items[i + 1], text);
        }
        gal_buffer_append_char(text, '}');
}

static void print_lambda(const struct jsyntax *lambda, struct gal_buffer *text)
{
        gal_buffer_append_text(text, "function(");
        print_list(lambda, 0, lambda->count - 1, ", ", text);
        gal_buffer_append_char(text, ')');
        if (lambda->text != NULL)
                gal_buffer_append(text, lambda->text, lambda->text_len);
        gal_buffer_append_char(text, '{');
        gal_jsyntax_print(lambda->items[lambda->count - 1], text);
        gal_buffer_append_char(text, '}');
}

static void print_bracketed(const struct jsyntax *syntax, uint32_t from, const char *open, const char *between,
                            const char *close, struct gal_buffer *text)
{
        gal_buffer_append_text(text, open);
        print_list(syntax, from, syntax->count, between, text);
        gal_buffer_append_text(text, close);
}

static void print_infix(const struct jsyntax *syntax, const char *op, struct gal_buffer *text)
{
        gal_jsyntax_print(syntax->items[0], text);
        gal_buffer_append_text(text, op);
        gal_jsyntax_print(syntax->items[1], text);
}

static void print_binary(const struct jsyntax *syntax, struct gal_buffer *text)
{
        bool is_path = syntax->op[0] == '.';

        gal_jsyntax_print(syntax->items[0], text);
        gal_buffer_append(text, " ", !is_path);
        gal_buffer_append_text(text, syntax->op);
        gal_buffer_append(text, " ", !is_path);
        gal_jsyntax_print(syntax->items[1], text);
}

static void print_condition(const struct jsyntax *syntax, struct gal_buffer *text)
{
        print_infix(syntax, " ? ", text);
        if (syntax->count < 3)
                return;
        gal_buffer_append_text(text, " : ");
        gal_jsyntax_print(syntax->items[2], text);
}

static void print_transform(const struct jsyntax *syntax, struct gal_buffer *text)
{
        gal_buffer_append_char(text, '|');
        print_infix(syntax, "|", text);
        if (syntax->count > 2) {
                gal_buffer_append_text(text, ", ");
                gal_jsyntax_print(syntax->items[2], text);
        }
        gal_buffer_append_char(text, '|');
}

static void print_kind(const struct jsyntax *syntax, struct gal_buffer *text)
{
        switch ((enum jsyntax_kind)syntax->kind) {
        case JS_END:
                break;
        case JS_NAME:
                print_name(syntax, text);
                break;
        case JS_VARIABLE:
                gal_buffer_append_char(text, '$');
                gal_buffer_append(text, syntax->text, syntax->text_len);
                break;
        case JS_STRING:
                print_string(syntax, text);
                break;
        case JS_NUMBER:
                print_number(syntax, text);
                break;
        case JS_CONSTANT:
        case JS_WORD:
                gal_buffer_append(text, syntax->text, syntax->text_len);
                break;
        case JS_REGEX:
                gal_buffer_append_char(text, '/');
                gal_buffer_append(text, syntax->text, syntax->text_len);
                gal_buffer_append_char(text, '/');
                gal_buffer_append_text(text, syntax->op);
                break;
        case JS_WILDCARD:
                gal_buffer_append_char(text, '*');
                break;
        case JS_DESCENDANT:
                gal_buffer_append_text(text, "**");
                break;
        case JS_PARENT:
                gal_buffer_append_char(text, '%');
                break;
        case JS_BINARY:
                print_binary(syntax, text);
                break;
        case JS_RANGE:
                print_infix(syntax, " .. ", text);
                break;
        case JS_NEGATE:
                print_bracketed(syntax, 0, "-", "", "", text);
                break;
        case JS_ARRAY:
                print_bracketed(syntax, 0, "[", ", ", "]", text);
                break;
        case JS_OBJECT:
                print_pairs(syntax, 0, text);
                break;
        case JS_BLOCK:
                print_bracketed(syntax, 0, "(", "; ", ")", text);
                break;
        case JS_CALL:
        case JS_PARTIAL:
                gal_jsyntax_print(syntax->items[0], text);
                print_bracketed(syntax, 1, "(", ", ", ")", text);
                break;
        case JS_LAMBDA:
                print_lambda(syntax, text);
                break;
        case JS_CONDITION:
                print_condition(syntax, text);
                break;
        case JS_ELVIS:
                print_infix(syntax, " ?: ", text);
                break;
        case JS_COALESCE:
                print_infix(syntax, " ?? ", text);
                break;
        case JS_TRANSFORM:
                print_transform(syntax, text);
                break;
        case JS_PREDICATE:
                print_infix(syntax, "[", text);
                gal_buffer_append_char(text, ']');
                break;
        case JS_GROUP:
                gal_jsyntax_print(syntax->items[0], text);
                print_pairs(syntax, 1, text);
                break;
        case JS_SORT:
                gal_jsyntax_print(syntax->items[0], text);
                print_bracketed(syntax, 1, "^(", ", ", ")", text);
                break;
        case JS_TERM:
                gal_buffer_append_text(text, syntax->op);
                gal_jsyntax_print(syntax->items[0], text);
                break;
        case JS_FOCUS:
                print_infix(syntax, "@", text);
                break;
        case JS_INDEX:
                print_infix(syntax, "#", text);
                break;
        case JS_BIND:
                print_infix(syntax, " := ", text);
                break;
        case JS_APPLY:
                print_infix(syntax, " ~> ", text);
                break;
        }
}

void gal_jsyntax_print(const struct jsyntax *syntax, struct gal_buffer *text)
{
        print_kind(syntax, text);
        if (syntax->keep_array)
                gal_buffer_append_text(text, "[]");
}

static bool has_text(const struct jsyntax *syntax)
{
        switch ((enum jsyntax_kind)syntax->kind) {
        case JS_NAME:
        case JS_VARIABLE:
        case JS_STRING:
        case JS_CONSTANT:
        case JS_REGEX:
        case JS_WORD:
        case JS_LAMBDA:
                return true;
        default:
                return false;
        }
}

bool gal_jsyntax_equal(const struct jsyntax *a, const struct jsyntax *b)
{
        if (a->kind != b->kind || a->keep_array != b->keep_array || a->count != b->count)
                return false;
        if (has_text(a) && (a->text_len != b->text_len || (a->text == NULL) != (b->text == NULL) ||
                            (a->text_len > 0 && memcmp(a->text, b->text, a->text_len) != 0)))
                return false;
        if (a->kind == JS_NUMBER && memcmp(&a->number, &b->number, sizeof(a->number)) != 0)
                return false;
        if ((a->kind == JS_BINARY || a->kind == JS_TERM || a->kind == JS_REGEX) && strcmp(a->op, b->op) != 0)
                return false;
        for (uint32_t i = 0; i < a->count; i++)
                if (!gal_jsyntax_equal(a->items[i], b->items[i]))
                        return false;
        return true;
}
