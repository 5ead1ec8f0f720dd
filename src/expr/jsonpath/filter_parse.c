/*
 * filter_parse.c: what stands between "[?" and "]".
 *
 *   or   = and *( "||" and )            and     = unary *( "&&" unary )
 *   unary = "!" unary / "(" or ")" / test
 *   test = operand [ operator operand ]   operand = path of "@" or "$" / literal / regular expression
 *
 * The service's library asks for a parenthesis after "[?", so `[?@.a]` is refused.
 */
#include <string.h>

#include "base/utf8.h"
#include "expr/jsonpath/parser.h"
#include "expr/literal.h"

/* Longer before shorter: the first that fits is taken. Words are taken only as whole words. */
static const struct {
        const char *text;
        enum path_operator operator_;
} operators[] = {
        { "===", PATH_EQUAL },     { "!==", PATH_NOT_EQUAL },
        { "==", PATH_EQUAL },      { "!=", PATH_NOT_EQUAL },
        { "<=", PATH_LESS_EQUAL }, { ">=", PATH_GREATER_EQUAL },
        { "=~", PATH_MATCHES },    { "<", PATH_LESS },
        { ">", PATH_GREATER },     { "in", PATH_IN },
        { "nin", PATH_NOT_IN },    { "subsetof", PATH_SUBSET_OF },
        { "anyof", PATH_ANY_OF },  { "noneof", PATH_NONE_OF },
        { "all", PATH_ALL },       { "contains", PATH_CONTAINS },
        { "size", PATH_SIZE },     { "empty", PATH_EMPTY },
};

static struct path_filter *parse_or(struct path_parser *parser);
static json_t *parse_literal(struct path_parser *parser);

static bool is_word_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               (unsigned char)c >= 0x80;
}

static size_t word_length(const struct path_parser *parser)
{
        size_t len = 0;

        while (parser->at + len < parser->len && is_word_char(parser->text[parser->at + len]))
                len++;
        return len;
}

static bool same_word(const char *text, size_t len, const char *word)
{
        if (strlen(word) != len)
                return false;
        for (size_t i = 0; i < len; i++)
                if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != word[i])
                        return false;
        return true;
}

/* Strings: '...' or "...", with JSON's escapes and \'. */

static int hex_value(const struct path_parser *parser, size_t at)
{
        int value = 0;
        char c;

        for (size_t i = at; i < at + 4; i++) {
                c = i < parser->len ? parser->text[i] : '\0';
                if (c >= '0' && c <= '9')
                        value = value * 16 + (c - '0');
                else if ((c | 32) >= 'a' && (c | 32) <= 'f')
                        value = value * 16 + ((c | 32) - 'a' + 10);
                else
                        return -1;
        }
        return value;
}

/* After "\u". Surrogates come in pairs or not at all. */
static bool parse_unicode_escape(struct path_parser *parser, char *text, size_t *len)
{
        int high = hex_value(parser, parser->at);
        int low = -1;
        uint32_t code_point = (uint32_t)high;

        if (high < 0)
                return gal_path_fail(parser, "expected four hexadecimal digits");
        parser->at += 4;
        if (high >= 0xD800 && high <= 0xDFFF) {
                if (high < 0xDC00 && gal_path_peek(parser) == '\\' && gal_path_peek_next(parser) == 'u')
                        low = hex_value(parser, parser->at + 2);
                if (low < 0xDC00 || low > 0xDFFF)
                        return gal_path_fail(parser, "half a surrogate pair");
                parser->at += 6;
                code_point = 0x10000 + (((uint32_t)high - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        }
        *len += gal_utf8_encode(code_point, text + *len);
        return true;
}

/* At the backslash; the string is known to end after it. */
static bool parse_escape(struct path_parser *parser, char *text, size_t *len)
{
        static const char from[] = "bfnrt";
        static const char to[] = "\b\f\n\r\t";
        char c = parser->text[++parser->at];
        const char *found = strchr(from, c);

        parser->at++;
        if (c == 'u')
                return parse_unicode_escape(parser, text, len);
        text[(*len)++] = found != NULL ? to[found - from] : c;
        return true;
}

/* Bytes up to the closing quote; false when there is none. */
static bool measure_string(const struct path_parser *parser, char quote, size_t *ret_len)
{
        for (size_t at = parser->at; at < parser->len; at++) {
                if (parser->text[at] == quote) {
                        *ret_len = at - parser->at;
                        return true;
                }
                at += parser->text[at] == '\\';
        }
        return false;
}

static json_t *parse_string(struct path_parser *parser)
{
        char quote = parser->text[parser->at++];
        json_t *value = NULL;
        size_t len = 0;
        size_t room, end;
        char *text;

        if (!measure_string(parser, quote, &room)) {
                gal_path_fail(parser, "the string does not end");
                return NULL;
        }
        end = parser->at + room;
        text = gal_path_alloc(parser, room + 1, 1); /* no escape is shorter than what it stands for */
        while (text != NULL && parser->at < end) {
                if (gal_path_peek(parser) != '\\')
                        text[len++] = parser->text[parser->at++];
                else if (!parse_escape(parser, text, &len))
                        return NULL;
        }
        if (text == NULL)
                return NULL;
        parser->at++;
        value = json_stringn_nocheck(text, len);
        if (value == NULL)
                gal_path_fail_memory(parser);
        return value;
}

static json_t *parse_number(struct path_parser *parser)
{
        const char *text = parser->text + parser->at;
        size_t len = gal_literal_number_length(text, parser->len - parser->at);
        enum gal_status status = GAL_OK;
        json_t *value = NULL;

        if (len > 0)
                status = gal_literal_number(text, len, &value);
        if (len == 0 || status == GAL_ELIMIT)
                gal_path_fail(parser, "not a number");
        else if (status != GAL_OK)
                gal_path_fail_memory(parser);
        parser->at += len;
        return value;
}

/* true, false, null; any other word is a string: `@.kind == primary` is seen in definitions that work. */
static json_t *parse_word(struct path_parser *parser)
{
        const char *text = parser->text + parser->at;
        size_t len = word_length(parser);
        json_t *value;

        if (len == 0) {
                gal_path_fail(parser, "expected a path, a literal or a regular expression");
                return NULL;
        }
        parser->at += len;
        if (same_word(text, len, "true"))
                return json_true();
        if (same_word(text, len, "false"))
                return json_false();
        if (same_word(text, len, "null"))
                return json_null();
        value = json_stringn_nocheck(text, len);
        if (value == NULL)
                gal_path_fail_memory(parser);
        return value;
}

static bool parse_array_items(struct path_parser *parser, json_t *array)
{
        json_t *item;

        gal_path_skip_blanks(parser);
        if (gal_path_peek(parser) == ']') {
                parser->at++;
                return true;
        }
        for (;;) {
                item = parse_literal(parser);
                if (item == NULL)
                        return false;
                if (json_array_append_new(array, item) != 0)
                        return gal_path_fail_memory(parser);
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != ',')
                        return gal_path_expect(parser, ']');
                parser->at++;
        }
}

static bool parse_object_members(struct path_parser *parser, json_t *object)
{
        json_t *key = NULL;
        json_t *value;
        int failed;

        gal_path_skip_blanks(parser);
        if (gal_path_peek(parser) == '}') {
                parser->at++;
                return true;
        }
        for (;;) {
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != '\'' && gal_path_peek(parser) != '"')
                        return gal_path_fail(parser, "expected a quoted key");
                key = parse_string(parser);
                value = key != NULL && gal_path_expect(parser, ':') ? parse_literal(parser) : NULL;
                failed = value != NULL && json_object_setn_new_nocheck(object, json_string_value(key),
                                                                       json_string_length(key), value) != 0;
                json_decref(key);
                if (value == NULL)
                        return false;
                if (failed)
                        return gal_path_fail_memory(parser);
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != ',')
                        return gal_path_expect(parser, '}');
                parser->at++;
        }
}

static json_t *parse_container(struct path_parser *parser)
{
        bool is_array = gal_path_peek(parser) == '[';
        json_t *value = is_array ? json_array() : json_object();
        bool ok;

        parser->at++;
        if (value == NULL) {
                gal_path_fail_memory(parser);
                return NULL;
        }
        ok = gal_path_enter(parser) &&
             (is_array ? parse_array_items(parser, value) : parse_object_members(parser, value));
        parser->depth--;
        if (ok)
                return value;
        json_decref(value);
        return NULL;
}

/* A new reference; NULL when it failed. */
static json_t *parse_literal(struct path_parser *parser)
{
        char c;

        gal_path_skip_blanks(parser);
        c = gal_path_peek(parser);
        if (c == '\'' || c == '"')
                return parse_string(parser);
        if (c == '[' || c == '{')
                return parse_container(parser);
        if (c == '-' || (c >= '0' && c <= '9'))
                return parse_number(parser);
        return parse_word(parser);
}

/* The path keeps the reference. */
static bool keep_literal(struct path_parser *parser, json_t *value)
{
        struct path_literal *literal;

        if (value == NULL)
                return false;
        literal = gal_path_alloc(parser, 1, sizeof(*literal));
        if (literal == NULL) {
                json_decref(value);
                return false;
        }
        literal->value = value;
        literal->next = parser->path->literals;
        parser->path->literals = literal;
        return true;
}

static bool parse_regex(struct path_parser *parser, struct path_operand *operand)
{
        size_t start = ++parser->at;
        size_t end;
        char c;

        while ((c = gal_path_peek(parser)) != '/') {
                if (parser->at >= parser->len)
                        return gal_path_fail(parser, "the regular expression does not end");
                parser->at += c == '\\' && parser->at + 1 < parser->len ? 2 : 1;
        }
        end = parser->at++;
        while ((gal_path_peek(parser) | 32) >= 'a' && (gal_path_peek(parser) | 32) <= 'z')
                parser->at++;
        operand->kind = PATH_REGEX;
        parser->status =
                gal_path_regex_compile(parser->path, parser->text + start, end - start, parser->text + end + 1,
                                       parser->at - end - 1, &operand->regex, parser->error, start);
        return parser->status == GAL_OK;
}

static bool parse_operand(struct path_parser *parser, struct path_operand *operand)
{
        gal_path_skip_blanks(parser);
        switch (gal_path_peek(parser)) {
        case '@':
        case '$':
                operand->kind = gal_path_peek(parser) == '@' ? PATH_CURRENT : PATH_DOCUMENT;
                parser->at++;
                return gal_path_parse_query(parser, PATH_PLACE_FILTER, &operand->query);
        case '/':
                return parse_regex(parser, operand);
        default:
                operand->kind = PATH_LITERAL;
                operand->literal = parse_literal(parser);
                return keep_literal(parser, operand->literal);
        }
}

static bool take_operator(struct path_parser *parser, enum path_operator *ret_operator)
{
        const char *text;
        size_t word, len;

        gal_path_skip_blanks(parser);
        text = parser->text + parser->at;
        word = word_length(parser);
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
                len = strlen(operators[i].text);
                if (word > 0 ? !same_word(text, word, operators[i].text)
                             : len > parser->len - parser->at || memcmp(text, operators[i].text, len) != 0)
                        continue;
                parser->at += len;
                *ret_operator = operators[i].operator_;
                return true;
        }
        return false;
}

/* `empty` may stand without its right side. */
static bool lacks_right_side(struct path_parser *parser, const struct path_filter *filter)
{
        char c;

        gal_path_skip_blanks(parser);
        c = gal_path_peek(parser);
        return filter->operator_ == PATH_EMPTY && (c == ')' || c == '&' || c == '|');
}

static bool parse_test(struct path_parser *parser, struct path_filter *filter)
{
        if (!parse_operand(parser, &filter->a))
                return false;
        if (!take_operator(parser, &filter->operator_)) {
                filter->kind = PATH_EXISTS;
                if (filter->a.kind != PATH_CURRENT && filter->a.kind != PATH_DOCUMENT)
                        return gal_path_fail(parser, "expected an operator");
                return true;
        }
        filter->kind = PATH_COMPARE;
        if (lacks_right_side(parser, filter)) {
                filter->b.kind = PATH_LITERAL;
                filter->b.literal = json_true();
                return true;
        }
        if (!parse_operand(parser, &filter->b))
                return false;
        if ((filter->a.kind == PATH_REGEX || filter->b.kind == PATH_REGEX) && filter->operator_ != PATH_MATCHES)
                return gal_path_fail(parser, "a regular expression stands beside =~ only");
        return true;
}

static struct path_filter *parse_unary(struct path_parser *parser)
{
        struct path_filter *filter;

        gal_path_skip_blanks(parser);
        if (gal_path_peek(parser) == '(') {
                parser->at++;
                filter = parse_or(parser);
                return filter != NULL && gal_path_expect(parser, ')') ? filter : NULL;
        }
        filter = gal_path_alloc(parser, 1, sizeof(*filter));
        if (filter == NULL)
                return NULL;
        if (gal_path_peek(parser) != '!')
                return parse_test(parser, filter) ? filter : NULL;
        parser->at++;
        filter->kind = PATH_NOT;
        if (gal_path_enter(parser))
                filter->left = parse_unary(parser);
        parser->depth--;
        return filter->left != NULL ? filter : NULL;
}

static struct path_filter *parse_chain(struct path_parser *parser, enum path_filter_kind kind);

static struct path_filter *parse_link(struct path_parser *parser, enum path_filter_kind kind)
{
        return kind == PATH_OR ? parse_chain(parser, PATH_AND) : parse_unary(parser);
}

/* a || b || c nests on the right: evaluation follows a chain of any length by a loop. */
static struct path_filter *parse_chain(struct path_parser *parser, enum path_filter_kind kind)
{
        char sign = kind == PATH_OR ? '|' : '&';
        struct path_filter *head = parse_link(parser, kind);
        struct path_filter **last = &head;
        struct path_filter *filter;

        while (*last != NULL) {
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != sign || gal_path_peek_next(parser) != sign)
                        return head;
                parser->at += 2;
                filter = gal_path_alloc(parser, 1, sizeof(*filter));
                if (filter == NULL)
                        return NULL;
                filter->kind = kind;
                filter->left = *last;
                filter->right = parse_link(parser, kind);
                *last = filter;
                last = &filter->right;
        }
        return NULL;
}

static struct path_filter *parse_or(struct path_parser *parser)
{
        struct path_filter *filter = NULL;

        if (gal_path_enter(parser))
                filter = parse_chain(parser, PATH_OR);
        parser->depth--;
        return filter;
}

struct path_filter *gal_path_parse_filter(struct path_parser *parser)
{
        gal_path_skip_blanks(parser);
        if (gal_path_peek(parser) != '(') {
                gal_path_fail(parser, "expected '(' after '?'");
                return NULL;
        }
        return parse_or(parser);
}
