/*
 * functions.c: galliard.json, from its text to the table of functions. See functions.h.
 *
 * What a file may say stands in two tables, `members` for the file and `settings` for a function; everything else
 * in here serves them. A file is small and its owner's own, so memory comes from base/alloc.h; only the JSON reader
 * can say that there is none.
 */
#include "tasks/functions.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"

struct gal_functions {
        struct gal_function *functions;
        size_t count;
        json_t *index; /* name -> its place */
        char *endpoint;
};

/* Objects within each other that the configuration has: its own, "functions", a function, its "environment". */
#define KEYS_DEPTH 4

/* Where the reading is: `pointer` names the value, for its position. */
struct reader {
        const struct gal_json_positions *positions;
        struct gal_buffer pointer;
        const char *directory;
        struct gal_functions *functions;
        struct gal_error *error;
        unsigned depth; /* while keys are checked */
};

enum place { AT_KEY, AT_VALUE };

static enum gal_status refuse(struct reader *reader, enum place place, const char *format, ...) GAL_PRINTF(3, 4);

static enum gal_status refuse(struct reader *reader, enum place place, const char *format, ...)
{
        const char *pointer = reader->pointer.data ? reader->pointer.data : "";
        char message[sizeof reader->error->message];
        va_list args;

        va_start(args, format);
        vsnprintf(message, sizeof message, format, args);
        va_end(args);
        if (reader->error && reader->error->code == GAL_OK)
                snprintf(reader->error->path, sizeof reader->error->path, "%s", pointer);
        return gal_fail(reader->error, GAL_EINVALID,
                        place == AT_KEY ? gal_json_positions_key(reader->positions, pointer)
                                        : gal_json_positions_value(reader->positions, pointer),
                        "%s", message);
}

/* Goes down to a member or an element and back up. */

static size_t enter(struct reader *reader, const char *key)
{
        size_t len = reader->pointer.len;

        gal_json_pointer_append(&reader->pointer, key, strlen(key));
        return len;
}

static size_t enter_element(struct reader *reader, size_t index)
{
        size_t len = reader->pointer.len;

        gal_json_pointer_append_index(&reader->pointer, index);
        return len;
}

static void leave(struct reader *reader, size_t len)
{
        reader->pointer.len = len;
        reader->pointer.data[len] = '\0';
}

/* Values */

static const char *type_name(const json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return "an object";
        case JSON_ARRAY:
                return "an array";
        case JSON_STRING:
                return "a string";
        case JSON_INTEGER:
        case JSON_REAL:
                return "a number";
        case JSON_TRUE:
        case JSON_FALSE:
                return "a boolean";
        case JSON_NULL:
                return "null";
        }
        return "unknown";
}

static enum gal_status read_text(struct reader *reader, const json_t *value, const char *what, char **ret_text)
{
        if (!json_is_string(value))
                return refuse(reader, AT_VALUE, "%s must be a string, not %s", what, type_name(value));
        if (strlen(json_string_value(value)) != json_string_length(value))
                return refuse(reader, AT_VALUE, "%s must not hold a NUL character", what);
        *ret_text = gal_strdup(json_string_value(value));
        return GAL_OK;
}

static enum gal_status read_number(struct reader *reader, const json_t *value, const char *what, double least,
                                   double most, double *ret_number)
{
        if (!json_is_number(value))
                return refuse(reader, AT_VALUE, "%s must be a number, not %s", what, type_name(value));
        *ret_number = json_number_value(value);
        if (*ret_number < least || *ret_number > most)
                return refuse(reader, AT_VALUE, "%s must be between %.10g and %.10g", what, least, most);
        return GAL_OK;
}

static enum gal_status read_integer(struct reader *reader, const json_t *value, const char *what, int64_t least,
                                    int64_t most, int64_t *ret_integer)
{
        double number;

        if (json_is_real(value))
                return refuse(reader, AT_VALUE, "%s must be a whole number", what);
        if (read_number(reader, value, what, (double)least, (double)most, &number) != GAL_OK)
                return GAL_EINVALID;
        *ret_integer = json_integer_value(value);
        return GAL_OK;
}

static bool is_url(const char *text)
{
        size_t scheme = strncmp(text, "http://", 7) == 0 ? 7 : strncmp(text, "https://", 8) == 0 ? 8 : 0;

        if (scheme == 0 || strcspn(text + scheme, "/?#") == 0)
                return false;
        for (const char *c = text; *c; c++)
                if ((unsigned char)*c <= ' ' || *c == 0x7f)
                        return false;
        return true;
}

static enum gal_status read_url(struct reader *reader, const json_t *value, const char *what, char **ret_url)
{
        enum gal_status status = read_text(reader, value, what, ret_url);

        if (status != GAL_OK)
                return status;
        if (!is_url(*ret_url))
                return refuse(reader, AT_VALUE, "%s must be an URL such as http://127.0.0.1:9000", what);
        return GAL_OK;
}

/* The settings of a function */

static enum gal_status read_command(struct reader *reader, const json_t *value, struct gal_function *function)
{
        enum gal_status status = GAL_OK;

        if (!json_is_array(value))
                return refuse(reader, AT_VALUE,
                              "\"command\" must be an array such as [\"python3\", \"%s.py\"], not %s",
                              function->name, type_name(value));
        if (json_array_size(value) == 0)
                return refuse(reader, AT_VALUE, "\"command\" is empty; it must begin with a program");
        function->command = gal_new_array(json_array_size(value) + 1, char *);
        for (size_t i = 0; i < json_array_size(value) && status == GAL_OK; i++) {
                size_t mark = enter_element(reader, i);

                status =
                        read_text(reader, json_array_get(value, i), "a word of \"command\"", &function->command[i]);
                if (status == GAL_OK && i == 0 && function->command[0][0] == '\0')
                        status = refuse(reader, AT_VALUE,
                                        "\"command\" must begin with a program, not with an empty string");
                leave(reader, mark);
        }
        return status;
}

static enum gal_status read_function_url(struct reader *reader, const json_t *value, struct gal_function *function)
{
        return read_url(reader, value, "\"url\"", &function->url);
}

static enum gal_status read_timeout(struct reader *reader, const json_t *value, struct gal_function *function)
{
        double seconds = 0;
        enum gal_status status =
                read_number(reader, value, "\"timeoutSeconds\"", 0.001, GAL_FUNCTION_TIMEOUT_SECONDS_MAX, &seconds);

        if (status == GAL_OK)
                function->timeout_ms = (int64_t)(seconds * 1000 + 0.5);
        return status;
}

static enum gal_status read_memory(struct reader *reader, const json_t *value, struct gal_function *function)
{
        int64_t mib = 0;
        enum gal_status status = read_integer(reader, value, "\"memoryMiB\"", GAL_FUNCTION_MEMORY_MIB_MIN,
                                              GAL_FUNCTION_MEMORY_MIB_MAX, &mib);

        function->memory_max = (uint64_t)mib * 1024 * 1024;
        return status;
}

static enum gal_status read_concurrency(struct reader *reader, const json_t *value, struct gal_function *function)
{
        int64_t count = 0;
        enum gal_status status =
                read_integer(reader, value, "\"maxConcurrency\"", 1, GAL_FUNCTION_CONCURRENCY_MAX, &count);

        function->concurrency_max = (unsigned)count;
        return status;
}

static enum gal_status read_variable(struct reader *reader, const char *name, const json_t *value,
                                     struct gal_process_variable *variable)
{
        char *text = NULL;
        enum gal_status status;

        if (name[0] == '\0' || strchr(name, '='))
                return refuse(reader, AT_KEY, "'%s' cannot be the name of an environment variable", name);
        status = read_text(reader, value, "the value of an environment variable", &text);
        if (status == GAL_OK)
                *variable = (struct gal_process_variable){ gal_strdup(name), text };
        return status;
}

static enum gal_status read_environment(struct reader *reader, const json_t *value, struct gal_function *function)
{
        enum gal_status status = GAL_OK;
        const char *name;
        json_t *member;

        if (!json_is_object(value))
                return refuse(reader, AT_VALUE, "\"environment\" must be an object of strings, not %s",
                              type_name(value));
        function->environment = gal_new_array(json_object_size(value) + 1, struct gal_process_variable);
        json_object_foreach((json_t *)value, name, member)
        {
                size_t mark = enter(reader, name);

                status = read_variable(reader, name, member, &function->environment[function->environment_count]);
                if (status != GAL_OK)
                        return status;
                function->environment_count++;
                leave(reader, mark);
        }
        return status;
}

static char *join_path(const char *directory, const char *path)
{
        if (path[0] == '/' || !directory)
                return gal_strdup(path);
        return gal_format("%s/%s", directory, path);
}

static enum gal_status read_directory(struct reader *reader, const json_t *value, struct gal_function *function)
{
        gal_auto_free char *path = NULL;
        enum gal_status status = read_text(reader, value, "\"directory\"", &path);

        if (status == GAL_OK && path[0] == '\0')
                status = refuse(reader, AT_VALUE, "\"directory\" is empty; \".\" is the folder of this file");
        if (status == GAL_OK) {
                free(function->directory);
                function->directory = join_path(reader->directory, path);
        }
        return status;
}

enum face { FACE_COMMAND = 1, FACE_URL = 2 };

static const struct setting {
        const char *name;
        int faces; /* with which kinds of function it goes */
        enum gal_status (*read)(struct reader *reader, const json_t *value, struct gal_function *function);
} settings[] = {
        { "command", FACE_COMMAND, read_command },
        { "url", FACE_URL, read_function_url },
        { "timeoutSeconds", FACE_COMMAND | FACE_URL, read_timeout },
        { "memoryMiB", FACE_COMMAND, read_memory },
        { "maxConcurrency", FACE_COMMAND | FACE_URL, read_concurrency },
        { "environment", FACE_COMMAND, read_environment },
        { "directory", FACE_COMMAND, read_directory },
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])

static const struct setting *find_setting(const char *name)
{
        for (size_t i = 0; i < SETTING_COUNT; i++)
                if (strcmp(settings[i].name, name) == 0)
                        return &settings[i];
        return NULL;
}

/* Functions */

/* As Lambda has it: 1 to 64 letters, digits, hyphens, underscores. */
static bool is_bare_name(const char *name)
{
        size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

        return len >= 1 && len <= GAL_FUNCTION_NAME_SIZE_MAX && name[len] == '\0';
}

static enum gal_status check_name(struct reader *reader, const char *name)
{
        struct gal_function_name parsed;

        if (is_bare_name(name))
                return GAL_OK;
        if (gal_function_name_parse(name, strlen(name), &parsed) && parsed.name.len < strlen(name))
                return refuse(reader, AT_KEY,
                              "a function has its bare name here, '%.*s'; its ARNs and qualifiers mean it too",
                              (int)parsed.name.len, parsed.name.data);
        return refuse(reader, AT_KEY, "a function's name is 1 to %d letters, digits, '-' and '_'",
                      GAL_FUNCTION_NAME_SIZE_MAX);
}

static enum gal_status check_face(struct reader *reader, const json_t *value, enum face face)
{
        for (size_t i = 0; i < SETTING_COUNT; i++) {
                if (settings[i].faces & face || !json_object_get(value, settings[i].name))
                        continue;
                enter(reader, settings[i].name);
                return refuse(reader, AT_KEY, "\"%s\" does not go with \"%s\"", settings[i].name,
                              face == FACE_COMMAND ? "command" : "url");
        }
        return GAL_OK;
}

static enum gal_status read_settings(struct reader *reader, const json_t *value, struct gal_function *function)
{
        const char *name;
        json_t *member;

        json_object_foreach((json_t *)value, name, member)
        {
                const struct setting *setting = find_setting(name);
                size_t mark = enter(reader, name);
                enum gal_status status = setting ? setting->read(reader, member, function)
                                                 : refuse(reader, AT_KEY,
                                                          "a function has no setting \"%s\"; it has command, url, "
                                                          "timeoutSeconds, memoryMiB, "
                                                          "maxConcurrency, environment, directory",
                                                          name);

                if (status != GAL_OK)
                        return status;
                leave(reader, mark);
        }
        return GAL_OK;
}

static enum gal_status read_function(struct reader *reader, const char *name, const json_t *value,
                                     struct gal_function *function)
{
        bool has_command;
        enum gal_status status = check_name(reader, name);

        if (status != GAL_OK)
                return status;
        if (!json_is_object(value))
                return refuse(reader, AT_VALUE, "a function must be an object with \"command\" or \"url\", not %s",
                              type_name(value));
        has_command = json_object_get(value, "command");
        if (!has_command && !json_object_get(value, "url"))
                return refuse(reader, AT_VALUE, "function '%s' needs \"command\" or \"url\"", name);
        function->name = gal_strdup(name);
        function->timeout_ms =
                has_command ? GAL_FUNCTION_TIMEOUT_SECONDS_DEFAULT * 1000 : GAL_LAMBDA_TIMEOUT_MS_MAX;
        function->concurrency_max = has_command ? GAL_FUNCTION_CONCURRENCY_DEFAULT : GAL_FUNCTION_CONCURRENCY_MAX;
        function->directory = gal_strdup(reader->directory);
        status = check_face(reader, value, has_command ? FACE_COMMAND : FACE_URL);
        return status == GAL_OK ? read_settings(reader, value, function) : status;
}

static enum gal_status read_functions(struct reader *reader, const json_t *value)
{
        struct gal_functions *functions = reader->functions;
        const char *name;
        json_t *member;

        if (!json_is_object(value))
                return refuse(reader, AT_VALUE, "\"functions\" must be an object, not %s", type_name(value));
        functions->functions = gal_new_array(json_object_size(value) + 1, struct gal_function);
        json_object_foreach((json_t *)value, name, member)
        {
                struct gal_function *function = &functions->functions[functions->count];
                size_t mark = enter(reader, name);
                enum gal_status status;

                function->index = functions->count++;
                status = read_function(reader, name, member, function);
                if (status != GAL_OK)
                        return status;
                gal_need(json_object_set_new(functions->index, name, json_integer((json_int_t)function->index)) == 0
                                 ? functions
                                 : NULL);
                leave(reader, mark);
        }
        return GAL_OK;
}

static enum gal_status read_endpoint(struct reader *reader, const json_t *value)
{
        return read_url(reader, value, "\"lambdaEndpoint\"", &reader->functions->endpoint);
}

static const struct {
        const char *name;
        enum gal_status (*read)(struct reader *reader, const json_t *value);
} members[] = {
        { "functions", read_functions },
        { "lambdaEndpoint", read_endpoint },
};

static enum gal_status read_member(struct reader *reader, const char *name, const json_t *value)
{
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
                if (strcmp(members[i].name, name) == 0)
                        return members[i].read(reader, value);
        return refuse(reader, AT_KEY, "there is no setting \"%s\"; there are functions and lambdaEndpoint", name);
}

static enum gal_status read_file_value(struct reader *reader, const json_t *value)
{
        const char *name;
        json_t *member;

        if (!json_is_object(value))
                return refuse(reader, AT_VALUE, "the configuration must be an object, not %s", type_name(value));
        json_object_foreach((json_t *)value, name, member)
        {
                size_t mark = enter(reader, name);
                enum gal_status status = read_member(reader, name, member);

                if (status != GAL_OK)
                        return status;
                leave(reader, mark);
        }
        return GAL_OK;
}

static enum gal_status check_duplicates(struct reader *reader)
{
        const struct gal_json_duplicate *duplicate;

        if (gal_json_positions_duplicate_count(reader->positions) == 0)
                return GAL_OK;
        duplicate = gal_json_positions_duplicate(reader->positions, 0);
        return gal_fail(reader->error, GAL_EINVALID, duplicate->at, "\"%s\" stands here twice", duplicate->key);
}

/* From here on keys are read as C strings, which end at a NUL. Deep in what has no meaning here it does no harm. */
static enum gal_status check_keys(struct reader *reader, const json_t *value)
{
        const char *name;
        size_t len;
        json_t *member;

        json_object_keylen_foreach((json_t *)value, name, len, member)
        {
                size_t mark;
                enum gal_status status;

                if (strlen(name) != len)
                        return refuse(reader, AT_VALUE,
                                      "a key must not hold a NUL character, as \"%s\\u0000...\" does", name);
                if (reader->depth == KEYS_DEPTH)
                        continue;
                mark = enter(reader, name);
                reader->depth++;
                status = check_keys(reader, member);
                reader->depth--;
                if (status != GAL_OK)
                        return status;
                leave(reader, mark);
        }
        return GAL_OK;
}

/* Making and destroying */

enum gal_status gal_functions_parse(const char *text, size_t len, const char *directory,
                                    struct gal_functions **ret_functions, struct gal_error *error)
{
        struct gal_json_positions *positions = NULL;
        struct reader reader = { .directory = directory, .error = error };
        json_t *value = NULL;
        enum gal_status status;

        if (len > GAL_CONFIG_SIZE_MAX)
                return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "the configuration is larger than %d bytes",
                                GAL_CONFIG_SIZE_MAX);
        status = gal_json_read_positions(text, len, &value, &positions, error);
        if (status != GAL_OK)
                return status;
        reader.positions = positions;
        reader.functions = gal_new(struct gal_functions);
        reader.functions->index = gal_need(json_object());
        status = check_duplicates(&reader);
        if (status == GAL_OK)
                status = check_keys(&reader, value);
        if (status == GAL_OK)
                status = read_file_value(&reader, value);
        gal_buffer_finish(&reader.pointer);
        gal_json_positions_destroy(positions);
        json_decref(value);
        if (status != GAL_OK) {
                gal_functions_destroy(reader.functions);
                return status;
        }
        *ret_functions = reader.functions;
        return GAL_OK;
}

static enum gal_status read_file(const char *path, struct gal_buffer *text, struct gal_error *error)
{
        FILE *file = fopen(path, "re");
        char piece[8192];
        size_t len;
        enum gal_status status = GAL_OK;

        if (!file)
                return gal_fail(error, errno == ENOENT ? GAL_ENOTFOUND : GAL_EIO, GAL_NOWHERE, "cannot be read: %s",
                                strerror(errno));
        while (text->len <= GAL_CONFIG_SIZE_MAX && (len = fread(piece, 1, sizeof piece, file)) > 0)
                gal_buffer_append(text, piece, len);
        if (ferror(file))
                status = gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot be read: %s", strerror(errno));
        fclose(file);
        return status != GAL_OK ? status : text->status;
}

static char *find_directory(const char *path)
{
        gal_auto_free char *whole = realpath(path, NULL);
        char *slash = whole ? strrchr(whole, '/') : NULL;

        if (!slash)
                return gal_strdup(".");
        slash[slash == whole] = '\0'; /* "/" stays */
        return gal_strdup(whole);
}

enum gal_status gal_functions_load(const char *path, struct gal_functions **ret_functions, struct gal_error *error)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        gal_auto_free char *directory = find_directory(path);
        enum gal_status status = read_file(path, &text, error);

        if (status == GAL_OK)
                status = gal_functions_parse(text.data ? text.data : "", text.len, directory, ret_functions, error);
        gal_buffer_finish(&text);
        return status;
}

static void free_function(struct gal_function *function)
{
        for (size_t i = 0; function->command && function->command[i]; i++)
                free(function->command[i]);
        for (size_t i = 0; i < function->environment_count; i++) {
                free((char *)function->environment[i].name);
                free((char *)function->environment[i].value);
        }
        free(function->command);
        free(function->environment);
        free(function->name);
        free(function->url);
        free(function->directory);
}

enum gal_status gal_functions_set_endpoint(struct gal_functions **functions, const char *url,
                                           struct gal_error *error)
{
        if (!is_url(url))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "'%s' is no URL such as http://127.0.0.1:9000",
                                url);
        if (*functions == NULL) {
                *functions = gal_new(struct gal_functions);
                (*functions)->index = gal_need(json_object());
        }
        free((*functions)->endpoint);
        (*functions)->endpoint = gal_strdup(url);
        return GAL_OK;
}

void gal_functions_destroy(struct gal_functions *functions)
{
        if (!functions)
                return;
        for (size_t i = 0; i < functions->count; i++)
                free_function(&functions->functions[i]);
        free(functions->functions);
        free(functions->endpoint);
        json_decref(functions->index);
        free(functions);
}

/* Asking */

const char *gal_functions_endpoint(const struct gal_functions *functions)
{
        return functions->endpoint;
}

size_t gal_functions_count(const struct gal_functions *functions)
{
        return functions->count;
}

const struct gal_function *gal_functions_at(const struct gal_functions *functions, size_t index)
{
        return index < functions->count ? &functions->functions[index] : NULL;
}

const struct gal_function *gal_functions_find(const struct gal_functions *functions, const char *name, size_t len)
{
        struct gal_function_name parsed;
        char bare[GAL_FUNCTION_NAME_SIZE_MAX + 1];
        const json_t *index;

        if (!gal_function_name_parse(name, len, &parsed) || parsed.name.len > GAL_FUNCTION_NAME_SIZE_MAX)
                return NULL;
        memcpy(bare, parsed.name.data, parsed.name.len);
        bare[parsed.name.len] = '\0';
        index = json_object_get(functions->index, bare);
        return index ? &functions->functions[json_integer_value(index)] : NULL;
}
