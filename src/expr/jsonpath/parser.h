/*
 * parser.h: the state that parse.c and filter_parse.c share.
 */
#ifndef GAL_EXPR_JSONPATH_PARSER_H
#define GAL_EXPR_JSONPATH_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "expr/jsonpath/path.h"

/* Where a path ends: with the text, or where the surrounding language goes on. */
enum path_place { PATH_PLACE_WHOLE, PATH_PLACE_ARGUMENT, PATH_PLACE_FILTER };

struct path_parser {
        const char *text;
        size_t len;
        size_t at;
        unsigned depth; /* of filters, parentheses and literals */
        size_t step_count;
        struct gal_path *path;
        struct gal_error *error; /* nullable */
        enum gal_status status;
};

/* The byte at hand, or NUL at the end (the text itself holds no NUL). */
static inline char gal_path_peek(const struct path_parser *parser)
{
        return parser->at < parser->len ? parser->text[parser->at] : '\0';
}

static inline char gal_path_peek_next(const struct path_parser *parser)
{
        return parser->at + 1 < parser->len ? parser->text[parser->at + 1] : '\0';
}

static inline bool gal_path_is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void gal_path_skip_blanks(struct path_parser *parser);
/* Both record the failure and return false. */
bool gal_path_fail(struct path_parser *parser, const char *message);
bool gal_path_fail_memory(struct path_parser *parser);
bool gal_path_expect(struct path_parser *parser, char c);
/* Counts a level of nesting; the caller subtracts it. */
bool gal_path_enter(struct path_parser *parser);
void *gal_path_alloc(struct path_parser *parser, size_t count, size_t size);

/* The steps and the function after the root. */
bool gal_path_parse_query(struct path_parser *parser, enum path_place place, struct path_query *ret_query);

#endif
