/*
 * reference.c: reads the texts of expressions as they were written. They have passed the compiler, so that finding
 * the names in them takes no parser: a variable is a `$` with a name right behind it, outside of quotes.
 *
 * In JSONata a name may also be a function's, or bound within the expression: only those count that some state of
 * the machine assigns.
 */
#include "definition/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct reading {
        const json_t *assigned; /* of a JSONata state: an object whose keys count; NULL: all count */
        json_t *names;          /* an object: its keys are the variables */
};

static bool is_name_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_name_part(char c)
{
        return is_name_start(c) || (c >= '0' && c <= '9') || c == '_';
}

static void note_name(struct reading *reading, const char *name, size_t len)
{
        if (len == 6 && memcmp(name, "states", 6) == 0)
                return;
        if (reading->assigned != NULL && json_object_getn(reading->assigned, name, len) == NULL)
                return;
        json_object_setn_new(reading->names, name, len, json_true());
}

/* Behind the text in quotes that begins at `at`. */
static size_t skip_quoted(const char *text, size_t len, size_t at)
{
        char quote = text[at++];

        while (at < len && text[at] != quote)
                at += text[at] == '\\' ? 2 : 1;
        return at + 1;
}

static void read_expression(struct reading *reading, const char *text, size_t len)
{
        size_t at = 0;

        while (at < len) {
                size_t end = at + 1;

                if (text[at] == '\'' || text[at] == '"' || text[at] == '`') {
                        at = skip_quoted(text, len, at);
                        continue;
                }
                if (text[at] == '$' && end < len && text[end] == '$') { /* the context, or JSONata's root */
                        at += 2;
                        while (at < len && is_name_part(text[at]))
                                at++;
                        continue;
                }
                while (text[at] == '$' && end < len && is_name_part(text[end]))
                        end++;
                if (end > at + 1 && is_name_start(text[at + 1]))
                        note_name(reading, text + at + 1, end - at - 1);
                at = end;
        }
}

static bool ends_with(const char *text, size_t len, const char *end)
{
        size_t end_len = strlen(end);

        return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

/* What is an expression in a JSONPath state goes by the name of its field. */
static bool is_path_field(const char *key, size_t len)
{
        return ends_with(key, len, ".$") || ends_with(key, len, "Path") || ends_with(key, len, "Variable");
}

static bool is_jsonata(const char *text, size_t len)
{
        return len >= 4 && memcmp(text, "{%", 2) == 0 && memcmp(text + len - 2, "%}", 2) == 0;
}

/* Of other states. */
static bool is_nested(const char *key)
{
        return strcmp(key, "Branches") == 0 || strcmp(key, "ItemProcessor") == 0 || strcmp(key, "Iterator") == 0;
}

static void read_value(struct reading *reading, const json_t *value, bool is_expression)
{
        const char *key;
        const json_t *item;
        size_t i;

        if (json_is_string(value)) {
                const char *text = json_string_value(value);
                size_t len = json_string_length(value);

                if (is_expression || (reading->assigned != NULL && is_jsonata(text, len)))
                        read_expression(reading, text, len);
        } else if (json_is_array(value)) {
                json_array_foreach(value, i, item) read_value(reading, item, false);
        } else if (json_is_object(value)) { /* as deep as JSON may nest */
                json_object_foreach((json_t *)value, key, item)
                {
                        size_t len = json_object_iter_key_len(json_object_key_to_iter(key));

                        read_value(reading, item, reading->assigned == NULL && is_path_field(key, len));
                }
        }
}

static void read_state(struct reading *reading, const struct gal_state *state)
{
        const char *key;
        const json_t *value;

        json_object_foreach((json_t *)state->source, key, value)
        {
                if (!is_nested(key) && strcmp(key, "Comment") != 0)
                        read_value(reading, value, reading->assigned == NULL && is_path_field(key, strlen(key)));
        }
}

static void note_assigned(json_t *names, const json_t *holder)
{
        const char *key;
        const json_t *value;

        json_object_foreach((json_t *)json_object_get(holder, "Assign"), key, value)
        {
                size_t len = json_object_iter_key_len(json_object_key_to_iter(key));

                (void)value;
                json_object_setn_new(names, key, ends_with(key, len, ".$") ? len - 2 : len, json_true());
        }
}

/* (new) */
static json_t *find_assigned(const struct gal_program *program)
{
        json_t *names = gal_need(json_object());

        for (uint32_t i = 0; i < program->state_count; i++) {
                const json_t *source = program->states[i].source;
                const json_t *holder;
                size_t at;

                note_assigned(names, source);
                json_array_foreach(json_object_get(source, "Choices"), at, holder) note_assigned(names, holder);
                json_array_foreach(json_object_get(source, "Catch"), at, holder) note_assigned(names, holder);
        }
        return names;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* (new) The keys of `names`, sorted. */
static json_t *list_names(json_t *names)
{
        size_t count = json_object_size(names), at = 0;
        gal_auto_free const char **keys = gal_new_array(count, const char *);
        json_t *list = gal_need(json_array());
        const char *key;
        json_t *value;

        json_object_foreach(names, key, value) keys[at++] = key;
        qsort(keys, count, sizeof(*keys), compare_names);
        for (size_t i = 0; i < count; i++)
                json_array_append_new(list, json_string(keys[i]));
        return list;
}

json_t *gal_program_references(const struct gal_program *program)
{
        json_auto_t *assigned = find_assigned(program);
        json_t *references = gal_need(json_object());

        for (uint32_t i = 0; i < program->state_count; i++) {
                const struct gal_state *state = &program->states[i];
                struct reading reading = { .assigned = state->language == GAL_JSONATA ? assigned : NULL,
                                           .names = gal_need(json_object()) };

                read_state(&reading, state);
                if (json_object_size(reading.names) > 0)
                        json_object_set_new(references, state->name, list_names(reading.names));
                json_decref(reading.names);
        }
        return references;
}
