/*
 * parse.c: the text of a path to its steps. Filters are in filter_parse.c.
 *
 * Written after what the service accepts: a dotted name may hold anything but blanks and the characters that mean
 * something to a path (so `$.delivery-partner` is a name); in a quoted name a backslash is an ordinary character
 * unless the quote itself follows. The text comes from users: everything is bounded, and running out of memory is
 * an answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/number.h"
#include "base/utf8.h"
#include "expr/jsonpath/parser.h"

static const struct {
        const char *name;
        enum path_function function;
} functions[] = {
#define FUNCTION_ROW(id, name) { name, PATH_FUNCTION_##id },
        PATH_FUNCTIONS(FUNCTION_ROW)
#undef FUNCTION_ROW
};

static struct gal_position position_at(size_t offset)
{
        return (struct gal_position){ offset, 0, 0 };
}

bool gal_path_fail(struct path_parser *parser, const char *message)
{
        if (parser->status == GAL_OK)
                parser->status = gal_fail(parser->error, GAL_ESYNTAX, position_at(parser->at), "%s", message);
        return false;
}

static bool fail_limit(struct path_parser *parser, const char *message)
{
        if (parser->status == GAL_OK)
                parser->status = gal_fail(parser->error, GAL_ELIMIT, position_at(parser->at), "%s", message);
        return false;
}

bool gal_path_fail_memory(struct path_parser *parser)
{
        if (parser->status == GAL_OK)
                parser->status = gal_fail(parser->error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        return false;
}

void *gal_path_alloc(struct path_parser *parser, size_t count, size_t size)
{
        void *piece = gal_arena_alloc(&parser->path->arena, count, size);

        if (piece == NULL)
                gal_path_fail_memory(parser);
        return piece;
}

void gal_path_skip_blanks(struct path_parser *parser)
{
        while (gal_path_is_blank(gal_path_peek(parser)))
                parser->at++;
}

bool gal_path_expect(struct path_parser *parser, char c)
{
        char message[] = "expected 'x'";

        gal_path_skip_blanks(parser);
        if (gal_path_peek(parser) == c) {
                parser->at++;
                return true;
        }
        message[10] = c;
        return gal_path_fail(parser, message);
}

bool gal_path_enter(struct path_parser *parser)
{
        if (++parser->depth > GAL_PATH_DEPTH_MAX)
                return fail_limit(parser, "nested too deep");
        return true;
}

/* The step is linked in at `*tail`, which moves on. */
static struct path_step *add_step(struct path_parser *parser, struct path_step ***tail, enum path_step_kind kind,
                                  bool scan)
{
        struct path_step *step;

        if (++parser->step_count > GAL_PATH_STEPS_MAX) {
                fail_limit(parser, "the path has too many steps");
                return NULL;
        }
        step = gal_path_alloc(parser, 1, sizeof(*step));
        if (step == NULL)
                return NULL;
        step->kind = kind;
        step->scan = scan;
        **tail = step;
        *tail = &step->next;
        return step;
}

static bool is_name_char(char c, enum path_place place)
{
        if ((unsigned char)c <= ' ' || c == 0x7F || strchr(".[]()'\",*", c) != NULL)
                return false;
        return place != PATH_PLACE_FILTER || strchr("<>=~!&|", c) == NULL;
}

static bool parse_function(struct path_parser *parser, const char *name, size_t len, bool scan,
                           struct path_query *query)
{
        enum path_function function = PATH_FUNCTION_NONE;

        for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
                if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0)
                        function = functions[i].function;
        if (function == PATH_FUNCTION_NONE || scan)
                return gal_path_fail(parser, "this function is not known here");
        parser->at++;
        if (!gal_path_expect(parser, ')'))
                return false;
        if (gal_path_peek(parser) == '.' || gal_path_peek(parser) == '[')
                return gal_path_fail(parser, "a function must be the last part of a path");
        query->function = function;
        return true;
}

static bool set_name(struct path_parser *parser, struct path_name *name, const char *text, size_t len)
{
        name->text = gal_arena_copy(&parser->path->arena, text, len);
        name->len = len;
        return name->text != NULL || gal_path_fail_memory(parser);
}

/* After one or two dots: a name, `*` or a function. */
static bool parse_dotted(struct path_parser *parser, enum path_place place, bool scan, struct path_query *query,
                         struct path_step ***tail)
{
        const char *name = parser->text + parser->at;
        struct path_step *step;
        size_t len = 0;

        if (gal_path_peek(parser) == '*') {
                parser->at++;
                return add_step(parser, tail, PATH_WILDCARD, scan) != NULL;
        }
        while (parser->at + len < parser->len && is_name_char(name[len], place))
                len++;
        if (len == 0)
                return gal_path_fail(parser, "expected a name");
        parser->at += len;
        if (gal_path_peek(parser) == '(')
                return parse_function(parser, name, len, scan, query);
        step = add_step(parser, tail, PATH_NAME, scan);
        return step != NULL && set_name(parser, &step->as.name, name, len);
}

/* One quoted name. The escaped form of the enclosing quote is that quote, every other backslash stands for itself.
 */
static bool parse_quoted(struct path_parser *parser, struct path_name *name)
{
        char quote = gal_path_peek(parser);
        size_t start = ++parser->at;
        size_t len = 0;
        char *text;
        char c;

        while ((c = gal_path_peek(parser)) != quote) {
                if (parser->at >= parser->len)
                        return gal_path_fail(parser, "the quoted name does not end");
                parser->at += c == '\\' && parser->at + 1 < parser->len ? 2 : 1;
        }
        text = gal_path_alloc(parser, parser->at - start + 1, 1);
        if (text == NULL)
                return false;
        for (size_t i = start; i < parser->at; i++) {
                if (parser->text[i] == '\\' && i + 1 < parser->at) {
                        if (parser->text[i + 1] != quote)
                                text[len++] = '\\';
                        i++;
                }
                text[len++] = parser->text[i];
        }
        parser->at++;
        name->text = text;
        name->len = len;
        return true;
}

/* How many items a bracket may hold: one more than its commas. Quoted commas only make the array larger. */
static size_t count_items(const struct path_parser *parser)
{
        size_t count = 1;

        for (size_t i = parser->at; i < parser->len && parser->text[i] != ']'; i++)
                count += parser->text[i] == ',';
        return count;
}

static bool parse_names(struct path_parser *parser, bool scan, struct path_step ***tail)
{
        size_t room = 4;
        size_t count = 0;
        struct path_name *names = gal_path_alloc(parser, room, sizeof(*names));
        struct path_name *more;
        struct path_step *step;

        if (names == NULL)
                return false;
        for (;;) {
                if (count == room) {
                        more = gal_path_alloc(parser, room * 2, sizeof(*names));
                        if (more == NULL)
                                return false;
                        memcpy(more, names, room * sizeof(*names));
                        names = more;
                        room *= 2;
                }
                if (!parse_quoted(parser, &names[count++]))
                        return false;
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != ',')
                        break;
                parser->at++;
                gal_path_skip_blanks(parser);
                if (gal_path_peek(parser) != '\'' && gal_path_peek(parser) != '"')
                        return gal_path_fail(parser, "expected a quoted name");
        }
        step = add_step(parser, tail, count == 1 ? PATH_NAME : PATH_NAMES, scan);
        if (step == NULL)
                return false;
        if (count == 1) {
                step->as.name = names[0];
        } else {
                step->as.names.items = names;
                step->as.names.count = count;
        }
        return true;
}

/* An optional integer; `*ret_found` tells. */
static bool parse_integer(struct path_parser *parser, int64_t *ret_value, bool *ret_found)
{
        size_t start = parser->at;

        if (gal_path_peek(parser) == '-')
                parser->at++;
        while (gal_path_peek(parser) >= '0' && gal_path_peek(parser) <= '9')
                parser->at++;
        *ret_found = parser->at > start;
        if (!*ret_found)
                return true;
        if (!gal_number_parse_int64(parser->text + start, parser->at - start, ret_value)) {
                parser->at = start;
                return gal_path_fail(parser, "not an index");
        }
        gal_path_skip_blanks(parser);
        return true;
}

static bool parse_slice(struct path_parser *parser, bool scan, int64_t from, bool has_from,
                        struct path_step ***tail)
{
        struct path_step *step = add_step(parser, tail, PATH_SLICE, scan);

        if (step == NULL)
                return false;
        parser->at++;
        gal_path_skip_blanks(parser);
        step->as.slice.from = from;
        step->as.slice.has_from = has_from;
        if (!parse_integer(parser, &step->as.slice.to, &step->as.slice.has_to))
                return false;
        if (!has_from && !step->as.slice.has_to)
                return gal_path_fail(parser, "a slice needs a start or an end");
        return true;
}

static bool parse_more_indices(struct path_parser *parser, bool scan, int64_t first, struct path_step ***tail)
{
        struct path_step *step = add_step(parser, tail, PATH_INDICES, scan);
        int64_t *items;
        bool found;

        if (step == NULL)
                return false;
        items = gal_path_alloc(parser, count_items(parser) + 1, sizeof(*items));
        if (items == NULL)
                return false;
        step->as.indices.items = items;
        items[step->as.indices.count++] = first;
        while (gal_path_peek(parser) == ',') {
                parser->at++;
                gal_path_skip_blanks(parser);
                if (!parse_integer(parser, &items[step->as.indices.count], &found))
                        return false;
                if (!found)
                        return gal_path_fail(parser, "expected an index");
                step->as.indices.count++;
        }
        return true;
}

static bool parse_numbers(struct path_parser *parser, bool scan, struct path_step ***tail)
{
        struct path_step *step;
        int64_t value = 0;
        bool found;

        if (!parse_integer(parser, &value, &found))
                return false;
        if (gal_path_peek(parser) == ':')
                return parse_slice(parser, scan, value, found, tail);
        if (gal_path_peek(parser) == ',' && found)
                return parse_more_indices(parser, scan, value, tail);
        step = add_step(parser, tail, PATH_INDEX, scan);
        if (step == NULL)
                return false;
        step->as.index = value;
        return true;
}

static bool parse_bracket(struct path_parser *parser, bool scan, struct path_step ***tail)
{
        struct path_step *step;
        bool ok;
        char c;

        parser->at++;
        gal_path_skip_blanks(parser);
        c = gal_path_peek(parser);
        if (c == '\'' || c == '"') {
                ok = parse_names(parser, scan, tail);
        } else if (c == '*') {
                parser->at++;
                ok = add_step(parser, tail, PATH_WILDCARD, scan) != NULL;
        } else if (c == '?') {
                parser->at++;
                step = add_step(parser, tail, PATH_FILTER, scan);
                ok = step != NULL && (step->as.filter = gal_path_parse_filter(parser)) != NULL;
        } else if (c == '-' || c == ':' || (c >= '0' && c <= '9')) {
                ok = parse_numbers(parser, scan, tail);
        } else {
                ok = gal_path_fail(parser, "expected a quoted name, an index, '*' or '?' after '['");
        }
        return ok && gal_path_expect(parser, ']');
}

/* Several names at the end give one object of those that are there; before another step they branch. */
static bool is_definite(const struct path_step *steps)
{
        for (const struct path_step *step = steps; step != NULL; step = step->next) {
                if (step->scan)
                        return false;
                if (step->kind == PATH_NAMES && step->next == NULL)
                        continue;
                if (step->kind != PATH_NAME && step->kind != PATH_INDEX)
                        return false;
        }
        return true;
}

bool gal_path_parse_query(struct path_parser *parser, enum path_place place, struct path_query *ret_query)
{
        struct path_query query = { 0 };
        struct path_step **tail = &query.steps;
        bool scan;

        while (query.function == PATH_FUNCTION_NONE) {
                scan = false;
                if (gal_path_peek(parser) == '.') {
                        parser->at++;
                        if (gal_path_peek(parser) == '.') {
                                scan = true;
                                parser->at++;
                        }
                        if (gal_path_peek(parser) != '[') {
                                if (!parse_dotted(parser, place, scan, &query, &tail))
                                        return false;
                                continue;
                        }
                } else if (gal_path_peek(parser) != '[') {
                        break;
                }
                if (!parse_bracket(parser, scan, &tail))
                        return false;
        }
        query.definite = is_definite(query.steps);
        *ret_query = query;
        return true;
}

/* Names of variables begin with a letter; what is a letter past ASCII is the validator's business. */
static bool is_variable_char(char c, bool first)
{
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80)
                return true;
        return !first && ((c >= '0' && c <= '9') || c == '_');
}

static bool parse_root(struct path_parser *parser)
{
        struct gal_path *path = parser->path;
        size_t start;

        if (gal_path_peek(parser) != '$')
                return gal_path_fail(parser, "a path starts with '$'");
        parser->at++;
        if (gal_path_peek(parser) == '$') {
                parser->at++;
                path->root = GAL_PATH_CONTEXT;
                return true;
        }
        start = parser->at;
        while (is_variable_char(gal_path_peek(parser), parser->at == start))
                parser->at++;
        if (parser->at == start)
                return true;
        path->root = GAL_PATH_VARIABLE;
        path->variable = gal_arena_copy(&path->arena, parser->text + start, parser->at - start);
        return path->variable != NULL || gal_path_fail_memory(parser);
}

static bool is_reference(const struct path_query *query)
{
        if (query->function != PATH_FUNCTION_NONE)
                return false;
        for (const struct path_step *step = query->steps; step != NULL; step = step->next)
                if (step->scan || (step->kind != PATH_NAME && (step->kind != PATH_INDEX || step->as.index < 0)))
                        return false;
        return true;
}

/* Blanks end an argument; anything else that is left over is a fault of the path. */
static bool at_end(const struct path_parser *parser, enum path_place place)
{
        char c = gal_path_peek(parser);

        if (parser->at == parser->len)
                return true;
        return place == PATH_PLACE_ARGUMENT && (c == ',' || c == ')' || gal_path_is_blank(c));
}

static bool parse_path(struct path_parser *parser, enum path_place place)
{
        struct gal_path *path = parser->path;

        if (!parse_root(parser) || !gal_path_parse_query(parser, place, &path->query))
                return false;
        if (!at_end(parser, place))
                return gal_path_fail(parser, "this does not belong to a path");
        path->text = gal_arena_copy(&path->arena, parser->text, parser->at);
        if (path->text == NULL)
                return gal_path_fail_memory(parser);
        path->reference = is_reference(&path->query);
        path->literal_root = strcmp(path->text, "$") == 0;
        return true;
}

static enum gal_status check_text(const char *text, size_t len, struct gal_error *error)
{
        size_t size;

        for (size_t at = 0; at < len; at += size) {
                size = gal_utf8_sequence(text + at, len - at);
                if (size == 0 || text[at] == '\0')
                        return gal_fail(error, GAL_ESYNTAX, position_at(at), "not a character");
        }
        return GAL_OK;
}

static enum gal_status parse(const char *text, size_t len, enum path_place place, struct gal_path **ret_path,
                             size_t *ret_len, struct gal_error *error)
{
        struct path_parser parser = { .text = text, .len = len, .error = error };

        parser.path = calloc(1, sizeof(*parser.path));
        if (parser.path == NULL)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        if (!parse_path(&parser, place)) {
                gal_path_destroy(parser.path);
                return parser.status;
        }
        *ret_len = parser.at;
        *ret_path = parser.path;
        return GAL_OK;
}

enum gal_status gal_path_parse(const char *text, size_t len, struct gal_path **ret_path, struct gal_error *error)
{
        enum gal_status status;
        size_t used;

        if (len > GAL_PATH_SIZE_MAX)
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "the path is longer than %d bytes",
                                GAL_PATH_SIZE_MAX);
        status = check_text(text, len, error);
        if (status != GAL_OK)
                return status;
        return parse(text, len, PATH_PLACE_WHOLE, ret_path, &used, error);
}

enum gal_status gal_path_parse_argument(const char *text, size_t len, struct gal_path **ret_path, size_t *ret_len,
                                        struct gal_error *error)
{
        struct gal_path *path = NULL;
        enum gal_status status = parse(text, len, PATH_PLACE_ARGUMENT, &path, ret_len, error);

        if (status != GAL_OK)
                return status;
        if (*ret_len > GAL_PATH_SIZE_MAX) {
                gal_path_destroy(path);
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "a path is longer than %d bytes",
                                GAL_PATH_SIZE_MAX);
        }
        *ret_path = path;
        return GAL_OK;
}
