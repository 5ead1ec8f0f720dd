/*
 * parse.c: the text of a call to its tree.
 *
 *   call     = name "(" [ argument *( "," argument ) ] ")"
 *   argument = path / call / 'text' / number / true / false / null
 *
 * In a text, a backslash must be followed by one of ' { } \ and anything else is refused, as the service does when
 * a machine is created. What is refused there cannot be caught later, so the number of arguments is left to run
 * time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "expr/intrinsic/call.h"
#include "expr/jsonpath/path.h"
#include "expr/literal.h"

struct call_parser {
        const char *text;
        size_t len;
        size_t at;
        unsigned depth;
        struct gal_intrinsic *intrinsic;
        struct gal_error *error;
        enum gal_status status;
};

static struct call *parse_call(struct call_parser *parser);

static bool fail(struct call_parser *parser, enum gal_status status, const char *message)
{
        if (parser->status == GAL_OK)
                parser->status =
                        gal_fail(parser->error, status, (struct gal_position){ parser->at, 0, 0 }, "%s", message);
        return false;
}

static bool fail_memory(struct call_parser *parser)
{
        return fail(parser, GAL_ENOMEM, "out of memory");
}

static char peek(const struct call_parser *parser)
{
        return parser->at < parser->len ? parser->text[parser->at] : '\0';
}

static void skip_blanks(struct call_parser *parser)
{
        while (parser->at < parser->len && strchr(" \t\n\r", parser->text[parser->at]) != NULL)
                parser->at++;
}

/* The tree keeps these: one of the two, released with it, at once when there is no memory to remember it. */
static bool keep(struct call_parser *parser, json_t *literal, struct gal_path *path)
{
        struct call_owned *owned = gal_arena_alloc(&parser->intrinsic->arena, 1, sizeof(*owned));

        if (owned == NULL || (literal == NULL && path == NULL)) {
                json_decref(literal);
                gal_path_destroy(path);
                return fail_memory(parser);
        }
        owned->literal = literal;
        owned->path = path;
        owned->next = parser->intrinsic->owned;
        parser->intrinsic->owned = owned;
        return true;
}

/* At the opening quote. */
static bool find_end_of_string(struct call_parser *parser, size_t *ret_end)
{
        for (size_t at = parser->at + 1; at < parser->len; at++) {
                if (parser->text[at] == '\'') {
                        *ret_end = at;
                        return true;
                }
                if (parser->text[at] != '\\')
                        continue;
                if (++at == parser->len || strchr("'{}\\", parser->text[at]) == NULL) {
                        parser->at = at;
                        return fail(parser, GAL_ESYNTAX, "a backslash must be followed by one of ' { } \\");
                }
        }
        return fail(parser, GAL_ESYNTAX, "the text does not end");
}

static bool parse_string(struct call_parser *parser, struct call_argument *argument)
{
        size_t start = parser->at + 1;
        size_t len = 0;
        size_t end;
        char *text;

        if (!find_end_of_string(parser, &end))
                return false;
        argument->raw = gal_arena_copy(&parser->intrinsic->arena, parser->text + start, end - start);
        argument->raw_len = end - start;
        text = malloc(end - start + 1);
        if (argument->raw == NULL || text == NULL) {
                free(text);
                return fail_memory(parser);
        }
        for (size_t at = start; at < end; at++) {
                at += parser->text[at] == '\\';
                text[len++] = parser->text[at];
        }
        argument->literal = json_stringn_nocheck(text, len);
        free(text);
        parser->at = end + 1;
        return keep(parser, argument->literal, NULL);
}

static bool parse_number(struct call_parser *parser, struct call_argument *argument)
{
        const char *text = parser->text + parser->at;
        size_t len = gal_literal_number_length(text, parser->len - parser->at);
        enum gal_status status;

        if (len == 0)
                return fail(parser, GAL_ESYNTAX, "not a number");
        status = gal_literal_number(text, len, &argument->literal);
        if (status != GAL_OK)
                return fail(parser, status == GAL_ENOMEM ? GAL_ENOMEM : GAL_ESYNTAX, "the number is too large");
        parser->at += len;
        return keep(parser, argument->literal, NULL);
}

static bool take_word(struct call_parser *parser, const char *word)
{
        size_t len = strlen(word);

        if (len > parser->len - parser->at || memcmp(parser->text + parser->at, word, len) != 0)
                return false;
        parser->at += len;
        return true;
}

static bool parse_path(struct call_parser *parser, struct call_argument *argument)
{
        size_t start = parser->at;
        size_t used = 0;
        enum gal_status status;

        argument->kind = CALL_PATH;
        status = gal_path_parse_argument(parser->text + start, parser->len - start, &argument->path, &used,
                                         parser->error);
        if (status == GAL_OK) {
                parser->at += used;
                return keep(parser, NULL, argument->path);
        }
        if (parser->error != NULL)
                parser->error->at.offset += start;
        parser->status = status;
        return false;
}

static bool parse_argument(struct call_parser *parser, struct call_argument *argument)
{
        char c = peek(parser);

        argument->kind = CALL_LITERAL;
        if (c == '$')
                return parse_path(parser, argument);
        if (c == '\'')
                return parse_string(parser, argument);
        if (c == '-' || (c >= '0' && c <= '9'))
                return parse_number(parser, argument);
        if (c == 'S') {
                argument->kind = CALL_NESTED;
                argument->call = parse_call(parser);
                return argument->call != NULL;
        }
        if (take_word(parser, "true"))
                argument->literal = json_true();
        else if (take_word(parser, "false"))
                argument->literal = json_false();
        else if (take_word(parser, "null"))
                argument->literal = json_null();
        else
                return fail(parser, GAL_ESYNTAX, "expected a path, a call or a literal");
        return true;
}

/* A literal that can never be a number where one is needed is a slip of the pen, not data. */
static bool check_literal(struct call_parser *parser, const struct call *call, size_t index)
{
        const struct call_argument *argument = &call->arguments[index];
        char kind = gal_intrinsic_kind(call->function, index);

        if (argument->kind != CALL_LITERAL || kind != 'n' || json_is_number(argument->literal))
                return true;
        return fail(parser, GAL_ESYNTAX, "expected a number");
}

static bool append_argument(struct call_parser *parser, struct call *call, size_t *room)
{
        struct call_argument *more;

        if (call->count == GAL_INTRINSIC_ARGUMENTS_MAX)
                return fail(parser, GAL_ELIMIT, "too many arguments");
        if (call->count == *room) {
                *room = *room == 0 ? 4 : *room * 4;
                more = gal_arena_alloc(&parser->intrinsic->arena, *room, sizeof(*more));
                if (more == NULL)
                        return fail_memory(parser);
                if (call->count > 0)
                        memcpy(more, call->arguments, call->count * sizeof(*more));
                call->arguments = more;
        }
        call->count++;
        return parse_argument(parser, &call->arguments[call->count - 1]) &&
               check_literal(parser, call, call->count - 1);
}

static bool parse_arguments(struct call_parser *parser, struct call *call)
{
        size_t room = 0;

        skip_blanks(parser);
        if (peek(parser) == ')') {
                parser->at++;
                return true;
        }
        for (;;) {
                skip_blanks(parser);
                if (!append_argument(parser, call, &room))
                        return false;
                skip_blanks(parser);
                if (peek(parser) == ')') {
                        parser->at++;
                        return true;
                }
                if (peek(parser) != ',')
                        return fail(parser, GAL_ESYNTAX, "expected ',' or ')'");
                parser->at++;
        }
}

/* The name up to the parenthesis, which is taken too. */
static bool parse_name(struct call_parser *parser, struct call *call)
{
        const char *name = parser->text + parser->at;
        size_t len = 0;

        while (parser->at + len < parser->len && name[len] != '(' && len < 64)
                len++;
        call->function = gal_intrinsic_find(name, len);
        if (call->function == NULL || parser->at + len == parser->len)
                return fail(parser, GAL_ESYNTAX, "this function is not known");
        parser->at += len + 1;
        return true;
}

/* NULL when it failed. */
static struct call *parse_call(struct call_parser *parser)
{
        struct call *call;
        size_t start = parser->at;
        bool ok;

        if (parser->depth == GAL_INTRINSIC_DEPTH_MAX) {
                fail(parser, GAL_ESYNTAX, "calls are nested too deep");
                return NULL;
        }
        call = gal_arena_alloc(&parser->intrinsic->arena, 1, sizeof(*call));
        if (call == NULL) {
                fail_memory(parser);
                return NULL;
        }
        parser->depth++;
        ok = parse_name(parser, call) && parse_arguments(parser, call);
        parser->depth--;
        if (ok)
                call->text = gal_arena_copy(&parser->intrinsic->arena, parser->text + start, parser->at - start);
        if (ok && call->text != NULL)
                return call;
        if (ok)
                fail_memory(parser);
        return NULL;
}

static bool parse_whole(struct call_parser *parser)
{
        parser->intrinsic->call = parse_call(parser);
        if (parser->intrinsic->call == NULL)
                return false;
        skip_blanks(parser);
        return parser->at == parser->len || fail(parser, GAL_ESYNTAX, "this does not belong to the call");
}

static bool check_text(struct call_parser *parser)
{
        size_t size;

        if (parser->len > GAL_INTRINSIC_SIZE_MAX)
                return fail(parser, GAL_ELIMIT, "the call is too long");
        for (size_t at = 0; at < parser->len; at += size) {
                size = gal_utf8_sequence(parser->text + at, parser->len - at);
                if (size != 0 && parser->text[at] != '\0')
                        continue;
                parser->at = at;
                return fail(parser, GAL_ESYNTAX, "not a character");
        }
        return true;
}

enum gal_status gal_intrinsic_parse(const char *text, size_t len, struct gal_intrinsic **ret_call,
                                    struct gal_error *error)
{
        struct call_parser parser = { .text = text, .len = len, .error = error };

        if (!check_text(&parser))
                return parser.status;
        parser.intrinsic = calloc(1, sizeof(*parser.intrinsic));
        if (parser.intrinsic == NULL)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        if (!parse_whole(&parser)) {
                gal_intrinsic_destroy(parser.intrinsic);
                return parser.status;
        }
        *ret_call = parser.intrinsic;
        return GAL_OK;
}

void gal_intrinsic_destroy(struct gal_intrinsic *call)
{
        if (call == NULL)
                return;
        for (struct call_owned *owned = call->owned; owned != NULL; owned = owned->next) {
                json_decref(owned->literal);
                gal_path_destroy(owned->path);
        }
        gal_arena_finish(&call->arena);
        free(call);
}

static void visit_call(const struct call *call, void (*visit)(void *user, const struct gal_path *path), void *user)
{
        for (size_t i = 0; i < call->count; i++) {
                if (call->arguments[i].kind == CALL_PATH)
                        visit(user, call->arguments[i].path);
                else if (call->arguments[i].kind == CALL_NESTED)
                        visit_call(call->arguments[i].call, visit, user);
        }
}

void gal_intrinsic_visit_paths(const struct gal_intrinsic *call,
                               void (*visit)(void *user, const struct gal_path *path), void *user)
{
        visit_call(call->call, visit, user);
}
