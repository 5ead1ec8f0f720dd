/*
 * parse.c: tokens to a tree, by the binding powers of operators (Pratt's method).
 *
 * Places are those of the reference implementation: a token's is where it ends. Names such as `and` are operators
 * between operands and names where an operand is due.
 */
#include "expr/jsonata/syntax.h"

#include <setjmp.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "expr/jsonata/signature.h"

struct parser {
        struct jparse *parse;
        struct jtoken token; /* the next one */
        uint32_t nesting;
};

/* A list that is being gathered; in the arena, as what it becomes. */
struct list {
        struct jsyntax **items;
        uint32_t count;
        uint32_t size;
};

static struct jsyntax *parse_expression(struct parser *parser, int power);

/* Failures. */

size_t gal_jsonata_units(const char *text, size_t len)
{
        size_t units = 0;

        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                units += (c & 0xC0) != 0x80;
                units += c >= 0xF0;
        }
        return units;
}

void gal_jsonata_mend(char *text, size_t len)
{
        for (size_t i = 0; i + 2 < len; i++)
                if ((unsigned char)text[i] == 0xED && (unsigned char)text[i + 1] >= 0xA0)
                        memcpy(text + i, "\xEF\xBF\xBD", 3);
}

static void append_part(struct gal_buffer *out, const char *part, size_t len, bool quote)
{
        if (quote)
                gal_json_write_string(out, part, len);
        else
                gal_buffer_append(out, part, len);
}

static void append_message(struct gal_buffer *out, const char *message, const char *token, size_t token_len,
                           const char *value)
{
        bool number = token_len > 0 && token[0] >= '0' && token[0] <= '9' && strncmp(message, "Number", 6) != 0;
        const char *hole;

        while ((hole = strstr(message, "{{")) != NULL) {
                gal_buffer_append(out, message, (size_t)(hole - message));
                if (strncmp(hole, "{{token}}", 9) == 0)
                        append_part(out, token, token_len, !number);
                else
                        append_part(out, value, strlen(value), value[0] < '0' || value[0] > '9');
                message = hole + 9;
        }
        gal_buffer_append_text(out, message);
}

void gal_jparse_fail_value(struct jparse *parse, const char *code, size_t start, size_t end, const char *token,
                           size_t token_len, const char *value, const char *message)
{
        struct gal_jsonata_error *error = parse->error;
        jmp_buf *escape = parse->escape;

        if (error != NULL) {
                strcpy(error->code, code);
                gal_buffer_clear(&error->message);
                gal_buffer_clear(&error->token);
                append_message(&error->message, message, token != NULL ? token : "", token_len, value);
                gal_buffer_append(&error->token, token, token_len);
                gal_jsonata_mend(error->message.data, error->message.len);
                gal_jsonata_mend(error->token.data, error->token.len);
                error->has_position = true;
                error->position = gal_jsonata_units(parse->text, end);
                error->at = gal_position_find(parse->text, parse->len, start);
        }
        parse->status = GAL_ESYNTAX;
        longjmp(*escape, 1);
}

void gal_jparse_fail(struct jparse *parse, const char *code, size_t start, size_t end, const char *token,
                     size_t token_len, const char *message)
{
        gal_jparse_fail_value(parse, code, start, end, token, token_len, "", message);
}

void gal_jparse_limit(struct jparse *parse, size_t at, const char *message)
{
        jmp_buf *escape = parse->escape;

        if (parse->error != NULL) {
                gal_buffer_clear(&parse->error->message);
                gal_buffer_append_text(&parse->error->message, message);
                parse->error->code[0] = '\0';
                parse->error->has_position = true;
                parse->error->position = gal_jsonata_units(parse->text, at);
                parse->error->at = gal_position_find(parse->text, parse->len, at);
        }
        parse->status = GAL_ELIMIT;
        longjmp(*escape, 1);
}

void gal_jparse_out_of_memory(struct jparse *parse)
{
        jmp_buf *escape = parse->escape;

        parse->status = GAL_ENOMEM;
        longjmp(*escape, 1);
}

void *gal_jparse_alloc(struct jparse *parse, size_t count, size_t size)
{
        void *piece = gal_arena_alloc(parse->arena, count, size);

        if (piece == NULL)
                gal_jparse_out_of_memory(parse);
        return piece;
}

/* Nodes. */

static struct jsyntax *new_node(struct parser *parser, uint8_t kind, const struct jtoken *token)
{
        struct jsyntax *node = gal_jparse_alloc(parser->parse, 1, sizeof(*node));

        node->kind = kind;
        node->depth = 1;
        node->start = token->start;
        node->end = token->end;
        node->text = token->text;
        node->text_len = token->len;
        node->number = token->number;
        memcpy(node->op, token->op, sizeof(node->op));
        return node;
}

static void push(struct parser *parser, struct list *list, struct jsyntax *item)
{
        struct jsyntax **grown;

        if (list->count == list->size) {
                list->size = list->size == 0 ? 4 : list->size * 2;
                grown = gal_jparse_alloc(parser->parse, list->size, sizeof(struct jsyntax *));
                if (list->count > 0)
                        memcpy(grown, list->items, list->count * sizeof(struct jsyntax *));
                list->items = grown;
        }
        list->items[list->count++] = item;
}

/* Later stages recurse over the tree, and so does an evaluation: a long chain of operators is deep as well. */
static struct jsyntax *set_items(struct parser *parser, struct jsyntax *node, const struct list *list)
{
        node->items = list->items;
        node->count = list->count;
        for (uint32_t i = 0; i < list->count; i++)
                if (list->items[i]->depth >= node->depth)
                        node->depth = list->items[i]->depth + 1;
        if (node->depth > GAL_JSONATA_TREE_DEPTH_MAX)
                gal_jparse_limit(parser->parse, node->start, "The expression is nested too deep");
        return node;
}

static struct jsyntax *set_pair(struct parser *parser, struct jsyntax *node, struct jsyntax *a, struct jsyntax *b)
{
        struct list list = { NULL, 0, 0 };

        push(parser, &list, a);
        push(parser, &list, b);
        return set_items(parser, node, &list);
}

/* Tokens. */

static bool is_op(const struct jtoken *token, const char *op)
{
        return token->kind == JK_OPERATOR && strcmp(token->op, op) == 0;
}

static bool next_is(const struct parser *parser, const char *op)
{
        return is_op(&parser->token, op);
}

static void read_token(struct parser *parser, bool infix)
{
        parser->token = gal_jlex_next(parser->parse, parser->token.end, infix);
}

static const char *token_text(const struct jtoken *token, size_t *ret_len)
{
        *ret_len = token->kind == JK_END ? 5 : token->len;
        return token->kind == JK_END ? "(end)" : token->text;
}

_Noreturn static void fail_at(struct parser *parser, const char *code, const struct jtoken *token,
                              const char *value, const char *message)
{
        size_t len;
        const char *text = token_text(token, &len);

        gal_jparse_fail_value(parser->parse, code, token->start, token->end, text, len, value, message);
}

static void expect(struct parser *parser, const char *op, bool infix)
{
        if (!next_is(parser, op)) {
                if (parser->token.kind == JK_END)
                        fail_at(parser, "S0203", &parser->token, op, "Expected {{value}} before end of expression");
                fail_at(parser, "S0202", &parser->token, op, "Expected {{value}}, got {{token}}");
        }
        read_token(parser, infix);
}

/* Operands. */

static struct jsyntax *parse_block(struct parser *parser, const struct jtoken *token)
{
        struct jsyntax *node = new_node(parser, JS_BLOCK, token);
        struct list list = { NULL, 0, 0 };

        while (!next_is(parser, ")")) {
                push(parser, &list, parse_expression(parser, 0));
                if (!next_is(parser, ";"))
                        break;
                read_token(parser, false);
        }
        expect(parser, ")", true);
        return set_items(parser, node, &list);
}

static struct jsyntax *parse_element(struct parser *parser)
{
        struct jsyntax *item = parse_expression(parser, 0);
        struct jtoken token = parser->token;

        if (!next_is(parser, ".."))
                return item;
        read_token(parser, false);
        return set_pair(parser, new_node(parser, JS_RANGE, &token), item, parse_expression(parser, 0));
}

static struct jsyntax *parse_array(struct parser *parser, const struct jtoken *token)
{
        struct jsyntax *node = new_node(parser, JS_ARRAY, token);
        struct list list = { NULL, 0, 0 };

        while (!next_is(parser, "]")) {
                push(parser, &list, parse_element(parser));
                if (!next_is(parser, ","))
                        break;
                read_token(parser, false);
                if (next_is(parser, "]"))
                        parse_expression(parser, 0); /* refused with the text for a missing operand */
        }
        expect(parser, "]", true);
        return set_items(parser, node, &list);
}

/* {k: v, ...}, alone or behind an expression. */
static struct jsyntax *parse_object(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        struct jsyntax *node = new_node(parser, left != NULL ? JS_GROUP : JS_OBJECT, token);
        struct list list = { NULL, 0, 0 };

        if (left != NULL)
                push(parser, &list, left);
        while (!next_is(parser, "}")) {
                push(parser, &list, parse_expression(parser, 0));
                expect(parser, ":", false);
                push(parser, &list, parse_expression(parser, 0));
                if (!next_is(parser, ","))
                        break;
                read_token(parser, false);
                if (next_is(parser, "}"))
                        parse_expression(parser, 0);
        }
        expect(parser, "}", true);
        return set_items(parser, node, &list);
}

static struct jsyntax *parse_transform(struct parser *parser, const struct jtoken *token)
{
        struct jsyntax *node = new_node(parser, JS_TRANSFORM, token);
        struct list list = { NULL, 0, 0 };

        push(parser, &list, parse_expression(parser, 0));
        expect(parser, "|", false);
        push(parser, &list, parse_expression(parser, 0));
        if (next_is(parser, ",")) {
                read_token(parser, false);
                push(parser, &list, parse_expression(parser, 0));
        }
        expect(parser, "|", false);
        return set_items(parser, node, &list);
}

static struct jsyntax *parse_negation(struct parser *parser, const struct jtoken *token)
{
        struct jsyntax *node = new_node(parser, JS_NEGATE, token);
        struct list list = { NULL, 0, 0 };

        push(parser, &list, parse_expression(parser, 70));
        return set_items(parser, node, &list);
}

static struct jsyntax *parse_operator_operand(struct parser *parser, const struct jtoken *token)
{
        if (is_op(token, "("))
                return parse_block(parser, token);
        if (is_op(token, "["))
                return parse_array(parser, token);
        if (is_op(token, "{"))
                return parse_object(parser, token, NULL);
        if (is_op(token, "-"))
                return parse_negation(parser, token);
        if (is_op(token, "|"))
                return parse_transform(parser, token);
        if (is_op(token, "*"))
                return new_node(parser, JS_WILDCARD, token);
        if (is_op(token, "**"))
                return new_node(parser, JS_DESCENDANT, token);
        if (is_op(token, "%"))
                return new_node(parser, JS_PARENT, token);
        if (is_op(token, "and") || is_op(token, "or") || is_op(token, "in"))
                return new_node(parser, JS_WORD, token);
        fail_at(parser, "S0211", token, "", "The symbol {{token}} cannot be used as a unary operator");
}

static struct jsyntax *parse_operand(struct parser *parser, const struct jtoken *token)
{
        switch ((enum jtoken_kind)token->kind) {
        case JK_END:
                return new_node(parser, JS_END, token);
        case JK_NAME:
                return new_node(parser, JS_NAME, token);
        case JK_VARIABLE:
                return new_node(parser, JS_VARIABLE, token);
        case JK_STRING:
                return new_node(parser, JS_STRING, token);
        case JK_NUMBER:
                return new_node(parser, JS_NUMBER, token);
        case JK_CONSTANT:
                return new_node(parser, JS_CONSTANT, token);
        case JK_REGEX:
                return new_node(parser, JS_REGEX, token);
        case JK_OPERATOR:
                break;
        }
        return parse_operator_operand(parser, token);
}

/* What may follow an operand. */

static bool is_function_word(const struct jsyntax *node)
{
        return node->kind == JS_NAME &&
               (strcmp(node->text, "function") == 0 || strcmp(node->text, "\xCE\xBB") == 0);
}

static void check_parameters(struct parser *parser, const struct list *list)
{
        char number[16] = "";

        for (uint32_t i = 1; i < list->count; i++) {
                const struct jsyntax *item = list->items[i];
                struct gal_buffer index = { .data = number, .size = sizeof(number) };

                if (item->kind == JS_VARIABLE)
                        continue;
                gal_buffer_append_uint(&index, i);
                gal_jparse_fail_value(
                        parser->parse, "S0208", item->start, item->end, item->text, item->text_len, number,
                        "Parameter {{value}} of function definition must be a variable name (start with "
                        "$)");
        }
}

/* What of a token means something in a signature; the reference skips the rest as well. */
static size_t append_symbols(const struct jtoken *token, char *text)
{
        static const char letters[] = "snblofajxu";
        static const char *const ops[] = { "<", ">", "(", ")", "?", "+", "-", ":", "?:" };
        size_t len = 0;

        for (size_t i = 0; token->kind == JK_OPERATOR && i < sizeof(ops) / sizeof(ops[0]); i++)
                if (strcmp(ops[i], token->op) == 0) {
                        memcpy(text, token->op, token->len);
                        return token->len;
                }
        if (token->kind == JK_NUMBER || token->kind == JK_REGEX || token->kind == JK_END)
                return 0;
        for (uint32_t i = 0; i < token->len; i++)
                if (token->text[i] != '\0' && strchr(letters, token->text[i]) != NULL)
                        text[len++] = token->text[i];
        return len;
}

/* <a<n>-s?:x>, without its blanks. */
static const char *parse_signature(struct parser *parser, uint32_t *ret_len)
{
        size_t room = parser->parse->len - parser->token.start + 2;
        char *text = gal_jparse_alloc(parser->parse, room, 1);
        size_t len = 0;
        int depth = 1;

        text[len++] = '<';
        while (depth > 0 && !next_is(parser, "{") && parser->token.kind != JK_END) {
                read_token(parser, false);
                if (next_is(parser, ">"))
                        depth--;
                else if (next_is(parser, "<"))
                        depth++;
                len += append_symbols(&parser->token, text + len);
        }
        expect(parser, ">", false);
        *ret_len = (uint32_t)len;
        return text;
}

static struct jsyntax *parse_lambda(struct parser *parser, const struct jtoken *token, struct list *list)
{
        struct jsyntax *node = new_node(parser, JS_LAMBDA, token);

        check_parameters(parser, list);
        node->text = NULL;
        node->text_len = 0;
        if (next_is(parser, "<")) {
                /* The number of a lambda is unused: it keeps where the signature begins, for its errors. */
                node->number = parser->token.end;
                node->text = parse_signature(parser, &node->text_len);
                /* For its faults, which come before those of the body; the compiler makes the real one. */
                gal_jsignature_parse(parser->parse, node->text, node->text_len, (size_t)node->number);
        }
        expect(parser, "{", false);
        push(parser, list, parse_expression(parser, 0));
        expect(parser, "}", false);
        list->items++;
        list->count--;
        return set_items(parser, node, list);
}

static struct jsyntax *parse_call(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        uint8_t kind = JS_CALL;
        struct list list = { NULL, 0, 0 };

        push(parser, &list, left);
        while (!next_is(parser, ")")) {
                if (next_is(parser, "?")) {
                        kind = JS_PARTIAL;
                        push(parser, &list, new_node(parser, JS_WORD, &parser->token));
                        read_token(parser, false);
                } else {
                        push(parser, &list, parse_expression(parser, 0));
                }
                if (!next_is(parser, ","))
                        break;
                read_token(parser, false);
                if (next_is(parser, ")"))
                        parse_expression(parser, 0);
        }
        expect(parser, ")", true);
        if (is_function_word(left))
                return parse_lambda(parser, token, &list);
        return set_items(parser, new_node(parser, kind, token), &list);
}

/* a[] keeps arrays: a flag of what the predicates stand on. */
static struct jsyntax *parse_predicate(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        struct jsyntax *step = left;
        struct jsyntax *node, *right;

        if (next_is(parser, "]")) {
                while (step->kind == JS_PREDICATE)
                        step = step->items[0];
                step->keep_array = true;
                read_token(parser, false);
                return left;
        }
        node = new_node(parser, JS_PREDICATE, token);
        right = parse_expression(parser, 0);
        expect(parser, "]", true);
        return set_pair(parser, node, left, right);
}

static struct jsyntax *parse_term(struct parser *parser)
{
        struct jsyntax *term = new_node(parser, JS_TERM, &parser->token);
        struct list list = { NULL, 0, 0 };

        term->op[0] = '\0';
        if (next_is(parser, "<") || next_is(parser, ">")) {
                term->op[0] = parser->token.op[0];
                read_token(parser, false);
        }
        push(parser, &list, parse_expression(parser, 0));
        return set_items(parser, term, &list);
}

static struct jsyntax *parse_sort(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        struct list list = { NULL, 0, 0 };

        expect(parser, "(", false);
        push(parser, &list, left);
        for (;;) {
                push(parser, &list, parse_term(parser));
                if (!next_is(parser, ","))
                        break;
                read_token(parser, false);
        }
        expect(parser, ")", false);
        return set_items(parser, new_node(parser, JS_SORT, token), &list);
}

static struct jsyntax *parse_condition(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        struct jsyntax *node = new_node(parser, JS_CONDITION, token);
        struct list list = { NULL, 0, 0 };

        push(parser, &list, left);
        push(parser, &list, parse_expression(parser, 0));
        if (next_is(parser, ":")) {
                read_token(parser, false);
                push(parser, &list, parse_expression(parser, 0));
        }
        return set_items(parser, node, &list);
}

static struct jsyntax *parse_binding(struct parser *parser, const struct jtoken *token, struct jsyntax *left)
{
        struct jsyntax *right;

        if (left->kind != JS_VARIABLE)
                gal_jparse_fail(parser->parse, "S0212", left->start, left->end,
                                left->kind == JS_END ? "(end)" : left->text, left->text_len,
                                "The left side of := must be a variable name (start with $)");
        right = parse_expression(parser, 9);
        return set_pair(parser, new_node(parser, JS_BIND, token), left, right);
}

static struct jsyntax *parse_focus(struct parser *parser, uint8_t kind, const struct jtoken *token,
                                   struct jsyntax *left)
{
        struct jsyntax *right = parse_expression(parser, 80);

        if (right->kind != JS_VARIABLE)
                gal_jparse_fail(parser->parse, "S0214", right->start, right->end, token->text, token->len,
                                "The right side of {{token}} must be a variable name (start with $)");
        return set_pair(parser, new_node(parser, kind, token), left, right);
}

static const struct infix {
        char op[4];
        uint8_t power;
        uint8_t kind; /* of the node for what needs nothing special */
} infixes[] = {
        { ".", 75, JS_BINARY },  { "[", 80, JS_PREDICATE }, { "{", 70, JS_GROUP },     { "(", 80, JS_CALL },
        { "@", 80, JS_FOCUS },   { "#", 80, JS_INDEX },     { "?", 20, JS_CONDITION }, { "+", 50, JS_BINARY },
        { "-", 50, JS_BINARY },  { "*", 60, JS_BINARY },    { "/", 60, JS_BINARY },    { "%", 60, JS_BINARY },
        { "=", 40, JS_BINARY },  { "<", 40, JS_BINARY },    { ">", 40, JS_BINARY },    { "^", 40, JS_SORT },
        { ":=", 10, JS_BIND },   { "!=", 40, JS_BINARY },   { "<=", 40, JS_BINARY },   { ">=", 40, JS_BINARY },
        { "~>", 40, JS_APPLY },  { "?:", 40, JS_ELVIS },    { "??", 40, JS_COALESCE }, { "and", 30, JS_BINARY },
        { "or", 25, JS_BINARY }, { "in", 40, JS_BINARY },   { "&", 50, JS_BINARY },
};

static const struct infix *find_infix(const struct jtoken *token)
{
        if (token->kind == JK_OPERATOR)
                for (size_t i = 0; i < sizeof(infixes) / sizeof(infixes[0]); i++)
                        if (strcmp(infixes[i].op, token->op) == 0)
                                return &infixes[i];
        return NULL;
}

static struct jsyntax *parse_infix(struct parser *parser, const struct infix *infix, const struct jtoken *token,
                                   struct jsyntax *left)
{
        switch (infix->kind) {
        case JS_PREDICATE:
                return parse_predicate(parser, token, left);
        case JS_GROUP:
                return parse_object(parser, token, left);
        case JS_CALL:
                return parse_call(parser, token, left);
        case JS_FOCUS:
        case JS_INDEX:
                return parse_focus(parser, infix->kind, token, left);
        case JS_CONDITION:
                return parse_condition(parser, token, left);
        case JS_SORT:
                return parse_sort(parser, token, left);
        case JS_BIND:
                return parse_binding(parser, token, left);
        case JS_ELVIS:
        case JS_COALESCE:
                return set_pair(parser, new_node(parser, infix->kind, token), left, parse_expression(parser, 0));
        default:
                return set_pair(parser, new_node(parser, infix->kind, token), left,
                                parse_expression(parser, infix->power));
        }
}

static struct jsyntax *parse_expression(struct parser *parser, int power)
{
        struct jtoken token = parser->token;
        const struct infix *infix;
        struct jsyntax *left;

        if (++parser->nesting > GAL_JSONATA_TREE_DEPTH_MAX)
                gal_jparse_limit(parser->parse, token.start, "The expression is nested too deep");
        if (token.kind != JK_END)
                read_token(parser, true);
        left = parse_operand(parser, &token);
        while ((infix = find_infix(&parser->token)) != NULL && power < infix->power) {
                token = parser->token;
                read_token(parser, false);
                left = parse_infix(parser, infix, &token, left);
        }
        parser->nesting--;
        return left;
}

struct jsyntax *gal_jparse_run(struct jparse *parse)
{
        struct parser parser = { .parse = parse };
        struct jsyntax *tree;

        read_token(&parser, false);
        tree = parse_expression(&parser, 0);
        if (parser.token.kind != JK_END)
                fail_at(&parser, "S0201", &parser.token, "", "Syntax error: {{token}}");
        return tree;
}
