/*
 * path.c: what a compiled path says about itself, its end, and how its steps print.
 */
#include "expr/jsonpath/path.h"

#include <stdlib.h>

void gal_path_destroy(struct gal_path *path)
{
        if (path == NULL)
                return;
        for (struct path_literal *literal = path->literals; literal != NULL; literal = literal->next)
                json_decref(literal->value);
        gal_path_regex_destroy_all(path->regexes);
        gal_arena_finish(&path->arena);
        free(path);
}

enum gal_path_root gal_path_root(const struct gal_path *path)
{
        return path->root;
}

const char *gal_path_variable(const struct gal_path *path)
{
        return path->variable;
}

const char *gal_path_text(const struct gal_path *path)
{
        return path->text;
}

bool gal_path_is_definite(const struct gal_path *path)
{
        return path->query.definite || path->query.function != PATH_FUNCTION_NONE;
}

bool gal_path_is_reference(const struct gal_path *path)
{
        return path->reference;
}

bool gal_path_is_root(const struct gal_path *path)
{
        return path->literal_root;
}

static void write_name(struct gal_buffer *buffer, const struct path_name *name)
{
        gal_buffer_append_char(buffer, '\'');
        gal_buffer_append(buffer, name->text, name->len);
        gal_buffer_append_char(buffer, '\'');
}

static void write_names(struct gal_buffer *buffer, const struct path_step *step)
{
        for (size_t i = 0; i < step->as.names.count; i++) {
                if (i > 0)
                        gal_buffer_append_char(buffer, ',');
                write_name(buffer, &step->as.names.items[i]);
        }
}

static void write_indices(struct gal_buffer *buffer, const struct path_step *step)
{
        for (size_t i = 0; i < step->as.indices.count; i++) {
                if (i > 0)
                        gal_buffer_append_char(buffer, ',');
                gal_buffer_append_int(buffer, step->as.indices.items[i]);
        }
}

static void write_slice(struct gal_buffer *buffer, const struct path_step *step)
{
        if (step->as.slice.has_from)
                gal_buffer_append_int(buffer, step->as.slice.from);
        gal_buffer_append_char(buffer, ':');
        if (step->as.slice.has_to)
                gal_buffer_append_int(buffer, step->as.slice.to);
}

void gal_path_step_write(struct gal_buffer *buffer, const struct path_step *step)
{
        gal_buffer_append_text(buffer, step->scan ? "..[" : "[");
        switch (step->kind) {
        case PATH_NAME:
                write_name(buffer, &step->as.name);
                break;
        case PATH_NAMES:
                write_names(buffer, step);
                break;
        case PATH_INDEX:
                gal_buffer_append_int(buffer, step->as.index);
                break;
        case PATH_INDICES:
                write_indices(buffer, step);
                break;
        case PATH_SLICE:
                write_slice(buffer, step);
                break;
        case PATH_WILDCARD:
                gal_buffer_append_char(buffer, '*');
                break;
        case PATH_FILTER:
                gal_buffer_append_char(buffer, '?');
                break;
        }
        gal_buffer_append_char(buffer, ']');
}
