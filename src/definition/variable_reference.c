/*
 * variable_reference.c: see variable_reference.h.
 *
 * Looks at the text of paths and templates, not at what was compiled of them: a definition that was accepted has a
 * '$' and a name outside of quotes only where it reads a variable.
 */
#include "definition/variable_reference.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

/* Members of a state that hold other states, or data that are taken as they are. */
static bool is_left_out(const char *key)
{
        static const char *const keys[] = {
                "States", "ItemProcessor", "Iterator", "Branches", "Result", "Comment"
        };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                if (strcmp(key, keys[i]) == 0)
                        return true;
        }
        return false;
}

static bool ends_with(const char *text, const char *end)
{
        size_t len = strlen(text), end_len = strlen(end);

        return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_expression(const char *key)
{
        return ends_with(key, ".$") || ends_with(key, "Path") || strcmp(key, "Variable") == 0;
}

static bool begins_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* `names` is an object: each name once. */
static void scan(const char *text, json_t *names)
{
        bool is_quoted = false;

        for (; *text != '\0'; text++) {
                size_t len = 0;

                if (*text == '\\' && text[1] != '\0')
                        text++;
                else if (*text == '\'')
                        is_quoted = !is_quoted;
                else if (*text == '$' && text[1] == '$' && !is_quoted)
                        text++; /* the Context Object */
                else if (*text == '$' && begins_name(text[1]) && !is_quoted) {
                        gal_auto_free char *name = NULL;

                        while (begins_name(text[1 + len]) || (text[1 + len] >= '0' && text[1 + len] <= '9'))
                                len++;
                        name = gal_strndup(text + 1, len);
                        gal_need(json_object_set_new(names, name, json_null()) == 0 ? names : NULL);
                        text += len;
                }
        }
}

/* What a state says itself; the depth is that of the definition, which has its bound. */
static void collect(const json_t *value, json_t *names)
{
        const char *key;
        const json_t *item;
        size_t i;

        json_array_foreach(value, i, item) collect(item, names);
        json_object_foreach((json_t *)value, key, item)
        {
                if (is_left_out(key))
                        continue;
                if (json_is_string(item) && is_expression(key))
                        scan(json_string_value(item), names);
                else
                        collect(item, names);
        }
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* (transfer full) */
static json_t *sort(json_t *names)
{
        gal_auto_free const char **sorted = gal_new_array(json_object_size(names) + 1, const char *);
        json_t *list = gal_need(json_array());
        const char *name;
        json_t *ignored;
        size_t count = 0;

        json_object_foreach(names, name, ignored) sorted[count++] = name;
        qsort(sorted, count, sizeof(*sorted), compare);
        for (size_t i = 0; i < count; i++)
                gal_need(json_array_append_new(list, json_string(sorted[i])) == 0 ? list : NULL);
        return list;
}

static void find_states(const json_t *value, json_t *references);

static void note_state(const char *name, const json_t *state, json_t *references)
{
        json_auto_t *names = gal_need(json_object());

        collect(state, names);
        if (json_object_size(names) > 0)
                gal_need(json_object_set_new(references, name, sort(names)) == 0 ? references : NULL);
        find_states(state, references);
}

/* Graphs, wherever they are nested. */
static void find_states(const json_t *value, json_t *references)
{
        static const char *const nested[] = { "ItemProcessor", "Iterator" };
        const json_t *branches = json_object_get(value, "Branches"), *item;
        const char *name;
        size_t i;

        json_object_foreach(json_object_get(value, "States"), name, item) note_state(name, item, references);
        for (i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
                item = json_object_get(value, nested[i]);
                if (item != NULL)
                        find_states(item, references);
        }
        json_array_foreach(branches, i, item) find_states(item, references);
}

json_t *gal_definition_variable_references(const char *definition, size_t len)
{
        json_auto_t *value = NULL;
        json_auto_t *references = gal_need(json_object());

        if (gal_json_read(definition, len, &value, /* error= */ NULL) != GAL_OK)
                return NULL;
        find_states(value, references);
        return json_object_size(references) == 0 ? NULL : gal_take(references);
}
