/*
 * variable.c: workflow variables: what Assign may be called, and which scope sees what.
 *
 * A graph is a scope. Branches and iterations see the variables of the graphs around them and may not assign one of
 * their names; a distributed Map's children are executions of their own and see none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "definition/compiler.h"

void gal_collect_assigned(struct gal_compiler *compiler, uint32_t graph, const json_t *object)
{
        json_t *members = (json_t *)object; /* jansson's iterators take no const; nothing is changed */

        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                const char *name = json_object_iter_key(member);
                size_t len = json_object_iter_key_len(member);

                if (compiler->assigned_count == compiler->assigned_size) {
                        size_t size = compiler->assigned_size == 0 ? 16 : compiler->assigned_size * 2;
                        struct gal_assigned *grown = reallocarray(compiler->assigned, size, sizeof(*grown));

                        if (grown == NULL) {
                                gal_out_of_memory(compiler);
                                return;
                        }
                        compiler->assigned = grown;
                        compiler->assigned_size = size;
                }
                if (len > 2 && memcmp(name + len - 2, ".$", 2) == 0)
                        len -= 2;
                compiler->assigned[compiler->assigned_count++] = (struct gal_assigned){ graph, name, len };
        }
}

static int compare_assigned(const void *a, const void *b)
{
        const struct gal_assigned *x = a;
        const struct gal_assigned *y = b;

        if (x->graph != y->graph)
                return x->graph < y->graph ? -1 : 1;
        if (x->len != y->len)
                return x->len < y->len ? -1 : 1;
        return memcmp(x->name, y->name, x->len);
}

void gal_sort_assigned(struct gal_compiler *compiler)
{
        if (compiler->assigned_count > 0)
                qsort(compiler->assigned, compiler->assigned_count, sizeof(*compiler->assigned), compare_assigned);
}

/* The graph around; GAL_STATE_NONE when there is none, or nothing of it is seen. */
static uint32_t outer_graph(const struct gal_compiler *compiler, uint32_t graph)
{
        const struct gal_program *program = compiler->program;

        if (program->graphs[graph].parent == GAL_STATE_NONE || compiler->graph_notes[graph].isolated)
                return GAL_STATE_NONE;
        return program->states[program->graphs[graph].parent].graph;
}

/* Whether a graph from `graph` outwards assigns the name. */
static bool is_assigned(const struct gal_compiler *compiler, uint32_t graph, const char *name, size_t len)
{
        for (; graph != GAL_STATE_NONE; graph = outer_graph(compiler, graph)) {
                struct gal_assigned key = { graph, name, len };

                if (compiler->assigned_count > 0 && bsearch(&key, compiler->assigned, compiler->assigned_count,
                                                            sizeof(key), compare_assigned) != NULL)
                        return true;
        }
        return false;
}

/* Characters past ASCII that no identifier holds: blanks, punctuation, symbols, private use. Unicode has more of
 * them. */
static bool is_foreign_symbol(uint32_t c)
{
        static const struct {
                uint32_t first, last;
        } ranges[] = { { 0x80, 0xA9 },       { 0xAB, 0xB4 },     { 0xB6, 0xB6 },       { 0xB8, 0xB9 },
                       { 0xBB, 0xBF },       { 0xD7, 0xD7 },     { 0xF7, 0xF7 },       { 0x2000, 0x203E },
                       { 0x2041, 0x2053 },   { 0x2055, 0x2070 }, { 0x20A0, 0x20CF },   { 0x2190, 0x2BFF },
                       { 0x3000, 0x3004 },   { 0x3008, 0x3020 }, { 0xE000, 0xF8FF },   { 0xFDD0, 0xFDEF },
                       { 0xFE10, 0xFE1F },   { 0xFFF0, 0xFFFF }, { 0x1F000, 0x1FAFF }, { 0xE0000, 0xE00FF },
                       { 0xF0000, 0x10FFFF } };

        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return true;
        return false;
}

/* UAX#31 identifiers: the first character a letter, then letters, digits, underscores. */
static bool is_identifier(const char *name, size_t len)
{
        size_t size;

        for (size_t i = 0; i < len; i += size) {
                char c = name[i];

                size = gal_utf8_sequence(name + i, len - i);
                if (size == 0)
                        return false;
                if (size > 1) {
                        if (is_foreign_symbol(gal_utf8_decode(name + i, size)))
                                return false;
                        continue;
                }
                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
                        continue;
                if (i == 0 || ((c < '0' || c > '9') && c != '_'))
                        return false;
        }
        return len > 0;
}

static void check_name(const struct gal_context *context, const struct gal_place *spot, const char *name,
                       size_t len)
{
        struct gal_compiler *compiler = context->compiler;
        const char *fault = NULL;

        if (!is_identifier(name, len))
                fault = "is not a valid variable name: it must begin with a letter and go on with letters, digits "
                        "and "
                        "underscores";
        else if (gal_utf8_length(name, len) > GAL_NAME_CHARACTERS_MAX)
                fault = "exceeds the 80-character limit of variable names";
        else if (len == 6 && memcmp(name, "states", 6) == 0)
                fault = "is reserved and cannot be assigned";
        else if (outer_graph(compiler, context->state->graph) != GAL_STATE_NONE &&
                 is_assigned(compiler, outer_graph(compiler, context->state->graph), name, len))
                fault = "is assigned in an outer scope; a branch or iteration cannot assign it";
        if (fault != NULL)
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, spot, spot,
                           GAL_SPOT_KEY, "Variable '%.*s' %s", (int)len, name, fault);
}

void gal_check_assigned(const struct gal_context *context, const struct gal_place *assign, const json_t *object)
{
        json_t *members = (json_t *)object;

        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                const char *name = json_object_iter_key(member);
                size_t len = json_object_iter_key_len(member);
                struct gal_place spot = gal_place_member_n(assign, name, len);

                if (context->state->language == GAL_JSONPATH && len > 2 && memcmp(name + len - 2, ".$", 2) == 0)
                        len -= 2;
                check_name(context, &spot, name, len);
        }
}

static bool is_known(const struct gal_context *context, const struct gal_path *path)
{
        const char *name = gal_path_variable(path);

        /* A single state may be tested with variables that come from outside. */
        return name == NULL || context->compiler->options.single_state ||
               is_assigned(context->compiler, context->state->graph, name, strlen(name));
}

void gal_check_read(const struct gal_context *context, const struct gal_place *location,
                    const struct gal_place *spot, const struct gal_path *path)
{
        if (path != NULL && !is_known(context, path))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, location, spot,
                         "No state in scope assigns the variable '%s'", gal_path_variable(path));
}
