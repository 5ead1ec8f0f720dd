/*
 * case_json.c: the notation of the case files.
 */
#include "case_json.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/json.h"

static json_t *make_repeat(json_t *argument)
{
        json_t *unit = json_array_get(argument, 0);
        json_int_t count = json_integer_value(json_array_get(argument, 1));
        struct gal_buffer text = GAL_BUFFER_INIT;
        json_t *made;

        for (json_int_t i = 0; i < count; i++)
                gal_buffer_append(&text, json_string_value(unit), json_string_length(unit));
        made = gal_need(json_stringn_nocheck(text.data == NULL ? "" : text.data, text.len));
        gal_buffer_finish(&text);
        return made;
}

static json_t *make_list(json_t *argument)
{
        json_t *made = gal_need(json_array());

        for (json_int_t i = 0; i < json_integer_value(json_array_get(argument, 1)); i++)
                json_array_append(made, json_array_get(argument, 0));
        return made;
}

static json_t *make_range(json_t *argument)
{
        json_t *made = gal_need(json_array());

        for (json_int_t i = 0; i < json_integer_value(argument); i++)
                json_array_append_new(made, json_integer(i));
        return made;
}

static json_t *make_nest(json_t *argument)
{
        json_t *made = json_incref(json_array_get(argument, 1));

        for (json_int_t i = 0; i < json_integer_value(json_array_get(argument, 0)); i++) {
                json_t *around = gal_need(json_array());

                json_array_append_new(around, made);
                made = around;
        }
        return made;
}

static const struct {
        const char *key;
        json_t *(*make)(json_t *argument);
} generators[] = {
        { "$repeat", make_repeat }, { "$list", make_list }, { "$range", make_range }, { "$nest", make_nest }
};

/* Generated values may hold generated values. */
static json_t *generate(json_t *value)
{
        for (size_t i = 0; i < sizeof(generators) / sizeof(generators[0]); i++) {
                json_t *argument = json_object_get(value, generators[i].key);
                json_t *made;

                if (argument == NULL || json_object_size(value) != 1)
                        continue;
                argument = case_json_expand(argument);
                made = generators[i].make(argument);
                json_decref(argument);
                return made;
        }
        return NULL;
}

json_t *case_json_expand(json_t *value)
{
        json_t *copy, *member;
        const char *key;
        size_t index;

        copy = generate(value);
        if (copy != NULL)
                return copy;
        if (json_is_array(value)) {
                copy = gal_need(json_array());
                json_array_foreach(value, index, member) json_array_append_new(copy, case_json_expand(member));
                return copy;
        }
        if (!json_is_object(value))
                return json_incref(value);
        copy = gal_need(json_object());
        json_object_foreach(value, key, member) json_object_set_new_nocheck(copy, key, case_json_expand(member));
        return copy;
}

static bool matches_pattern(const char *pattern, const json_t *actual)
{
        regex_t regex;
        bool matches;

        if (!json_is_string(actual) || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
                return false;
        matches = regexec(&regex, json_string_value(actual), 0, NULL, 0) == 0;
        regfree(&regex);
        return matches;
}

static bool objects_match(const json_t *expected, const json_t *actual)
{
        void *a = json_object_iter((json_t *)expected), *b = json_object_iter((json_t *)actual);

        for (; a != NULL && b != NULL;
             a = json_object_iter_next((json_t *)expected, a), b = json_object_iter_next((json_t *)actual, b)) {
                if (strcmp(json_object_iter_key(a), json_object_iter_key(b)) != 0 ||
                    !case_json_matches(json_object_iter_value(a), json_object_iter_value(b)))
                        return false;
        }
        return a == NULL && b == NULL;
}

static bool arrays_match(const json_t *expected, const json_t *actual)
{
        if (json_array_size(expected) != json_array_size(actual))
                return false;
        for (size_t i = 0; i < json_array_size(expected); i++) {
                if (!case_json_matches(json_array_get(expected, i), json_array_get(actual, i)))
                        return false;
        }
        return true;
}

bool case_json_matches(const json_t *expected, const json_t *actual)
{
        const json_t *pattern = json_object_get(expected, "$pattern");

        if (expected == NULL || actual == NULL)
                return expected == actual;
        if (json_object_size(expected) == 1 && json_object_get(expected, "$any") != NULL)
                return true;
        if (json_object_size(expected) == 1 && pattern != NULL)
                return matches_pattern(json_string_value(pattern), actual);
        if (json_typeof(expected) != json_typeof(actual))
                return false;
        switch (json_typeof(expected)) {
        case JSON_OBJECT:
                return objects_match(expected, actual);
        case JSON_ARRAY:
                return arrays_match(expected, actual);
        case JSON_STRING:
        case JSON_INTEGER:
        case JSON_REAL:
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
                return json_equal(expected, actual);
        }
        return false;
}

int64_t case_json_time(const json_t *value)
{
        unsigned long long hours;
        unsigned minutes;
        double seconds;

        if (json_is_number(value))
                return (int64_t)(json_number_value(value) * 1000 + 0.5);
        if (!json_is_string(value) ||
            sscanf(json_string_value(value), "%llu:%u:%lf", &hours, &minutes, &seconds) != 3)
                return -1;
        return (int64_t)((double)(hours * 3600 + minutes * 60) * 1000 + seconds * 1000 + 0.5);
}

static char *read_text(const char *path, size_t *ret_len)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        FILE *file = fopen(path, "rb");
        char block[4096];
        size_t len;

        if (file == NULL)
                return NULL;
        while ((len = fread(block, 1, sizeof(block), file)) > 0)
                gal_buffer_append(&text, block, len);
        fclose(file);
        return gal_buffer_take(&text, ret_len);
}

json_t *case_json_read_file(const char *path, char **ret_fault)
{
        struct gal_error error = { .code = GAL_OK };
        json_t *value = NULL, *expanded;
        size_t len = 0;
        gal_auto_free char *text = read_text(path, &len);

        if (text == NULL) {
                *ret_fault = gal_format("%s: %s", path, strerror(errno));
                return NULL;
        }
        if (gal_json_read(text, len, &value, &error) != GAL_OK) {
                *ret_fault = gal_format("%s:%u:%u: %s", path, error.at.line, error.at.column, error.message);
                return NULL;
        }
        expanded = case_json_expand(value);
        json_decref(value);
        return expanded;
}
