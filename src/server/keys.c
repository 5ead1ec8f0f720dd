/*
 * keys.c: see keys.h.
 */
#include "server/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"

/* The service's own bounds: ids have 16 to 128 word characters; 40 characters of secret are usual. */
#define ID_SIZE_MIN 16
#define ID_SIZE_MAX 128
#define SECRET_SIZE_MIN 16
#define SECRET_SIZE_MAX 256
#define ACTION_PREFIX "states:"

struct entry {
        UT_hash_handle hh;
        struct gal_key key;
};

struct gal_keys {
        struct entry *entries;
};

/* Patterns. */

/* Goes back to the latest star only: linear for one, never worse than the product of the lengths. */
bool gal_pattern_matches(const char *pattern, const char *text)
{
        const char *star = NULL, *from = NULL;

        while (*text != '\0') {
                if (*pattern == '*') {
                        star = pattern++;
                        from = text;
                } else if (*pattern == '?' || *pattern == *text) {
                        pattern++;
                        text++;
                } else if (star != NULL) {
                        pattern = star + 1;
                        text = ++from;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;
        return *pattern == '\0';
}

static bool matches_any(char **patterns, const char *text)
{
        if (patterns == NULL)
                return true;
        for (; *patterns != NULL; patterns++) {
                if (gal_pattern_matches(*patterns, text))
                        return true;
        }
        return false;
}

bool gal_key_allows_action(const struct gal_key *key, const char *action)
{
        return matches_any(key->actions, action);
}

bool gal_key_allows_resource(const struct gal_key *key, const char *resource)
{
        return matches_any(key->resources, resource);
}

/* Keys. */

static void free_list(char **list)
{
        for (char **item = list; list != NULL && *item != NULL; item++)
                free(*item);
        free(list);
}

static void destroy_entry(struct entry *entry)
{
        if (entry->key.secret != NULL)
                explicit_bzero(entry->key.secret, strlen(entry->key.secret));
        free(entry->key.id);
        free(entry->key.secret);
        free(entry->key.user);
        free_list(entry->key.actions);
        free_list(entry->key.resources);
        free(entry);
}

void gal_keys_destroy(struct gal_keys *keys)
{
        struct entry *entry, *next;

        if (keys == NULL)
                return;
        HASH_ITER(hh, keys->entries, entry, next)
        {
                HASH_DEL(keys->entries, entry);
                destroy_entry(entry);
        }
        free(keys);
}

size_t gal_keys_count(const struct gal_keys *keys)
{
        return HASH_COUNT(keys->entries);
}

const struct gal_key *gal_keys_find(const struct gal_keys *keys, const char *id, size_t len)
{
        struct entry *entry;

        HASH_FIND(hh, keys->entries, id, len, entry);
        return entry == NULL ? NULL : &entry->key;
}

/* Reading. Values are not shown: whatever stands in the wrong place may be a secret. */

struct reader {
        const char *path;
        struct gal_json_positions *positions;
        struct gal_error *error;
};

static enum gal_status complain(const struct reader *reader, const char *pointer, const char *text)
{
        struct gal_position at = gal_json_positions_value(reader->positions, pointer);

        return gal_fail(reader->error, GAL_EINVALID, at, "%s:%u:%u: %s", reader->path, at.line, at.column, text);
}

static bool is_plain(const char *text)
{
        for (; *text != '\0'; text++) {
                if (*text <= ' ' || *text > '~' || *text == '"' || *text == '\\')
                        return false;
        }
        return true;
}

static enum gal_status read_text(const struct reader *reader, const json_t *object, const char *pointer,
                                 const char *name, size_t size_min, size_t size_max, char **ret_text)
{
        const json_t *value = json_object_get(object, name);
        gal_auto_free char *place = gal_format("%s/%s", pointer, name);
        gal_auto_free char *problem = NULL;
        size_t len = json_string_length(value);

        if (json_is_string(value) && len >= size_min && len <= size_max &&
            strlen(json_string_value(value)) == len && is_plain(json_string_value(value))) {
                *ret_text = gal_strdup(json_string_value(value));
                return GAL_OK;
        }
        problem = gal_format("\"%s\" must be a text of %zu to %zu printable characters without spaces and quotes",
                             name, size_min, size_max);
        return complain(reader, value == NULL ? pointer : place, problem);
}

static enum gal_status read_patterns(const struct reader *reader, const json_t *object, const char *pointer,
                                     const char *name, const char *prefix, char ***ret_patterns)
{
        const json_t *list = json_object_get(object, name);
        gal_auto_free char *place = gal_format("%s/%s", pointer, name);
        gal_auto_free char *problem = gal_format("\"%s\" must be a list of patterns", name);
        size_t i;
        json_t *item;

        if (list == NULL)
                return GAL_OK;
        if (!json_is_array(list))
                return complain(reader, place, problem);
        *ret_patterns = gal_new_array(json_array_size(list) + 1, char *);
        json_array_foreach((json_t *)list, i, item)
        {
                const char *text = json_string_value(item);

                if (text == NULL || !is_plain(text) || strlen(text) != json_string_length(item))
                        return complain(reader, place, problem);
                if (strncmp(text, prefix, strlen(prefix)) == 0)
                        text += strlen(prefix);
                (*ret_patterns)[i] = gal_strdup(text);
        }
        return GAL_OK;
}

static enum gal_status check_members(const struct reader *reader, const json_t *object, const char *pointer)
{
        static const char *const names[] = { "accessKeyId", "secretAccessKey", "user", "actions", "resources" };
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)object, name, value)
        {
                bool is_known = false;

                for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                        is_known = is_known || strcmp(name, names[i]) == 0;
                if (!is_known)
                        return complain(reader, pointer,
                                        "a key has accessKeyId and secretAccessKey, and may have user, actions and "
                                        "resources; nothing else");
        }
        return GAL_OK;
}

static enum gal_status read_members(const struct reader *reader, const json_t *object, const char *pointer,
                                    struct gal_key *key)
{
        enum gal_status status = check_members(reader, object, pointer);

        if (status == GAL_OK)
                status = read_text(reader, object, pointer, "accessKeyId", ID_SIZE_MIN, ID_SIZE_MAX, &key->id);
        if (status == GAL_OK)
                status = read_text(reader, object, pointer, "secretAccessKey", SECRET_SIZE_MIN, SECRET_SIZE_MAX,
                                   &key->secret);
        if (status == GAL_OK && json_object_get(object, "user") != NULL)
                status = read_text(reader, object, pointer, "user", 1, ID_SIZE_MAX, &key->user);
        if (status == GAL_OK)
                status = read_patterns(reader, object, pointer, "actions", ACTION_PREFIX, &key->actions);
        if (status == GAL_OK)
                status = read_patterns(reader, object, pointer, "resources", "", &key->resources);
        return status;
}

static enum gal_status read_key(const struct reader *reader, const json_t *value, size_t index,
                                struct gal_keys *keys)
{
        gal_auto_free char *pointer = gal_format("/%zu", index);
        struct entry *entry;
        enum gal_status status;

        if (!json_is_object(value))
                return complain(reader, pointer, "a key must be an object");
        entry = gal_new(struct entry);
        status = read_members(reader, value, pointer, &entry->key);
        if (status == GAL_OK && gal_keys_find(keys, entry->key.id, strlen(entry->key.id)) != NULL)
                status = complain(reader, pointer, "this accessKeyId stands in the file twice");
        if (status != GAL_OK) {
                destroy_entry(entry);
                return status;
        }
        if (entry->key.user == NULL)
                entry->key.user = gal_strdup(entry->key.id);
        entry->key.signing = (struct gal_sigv4_key){ .id = entry->key.id, .secret = entry->key.secret };
        HASH_ADD_KEYPTR(hh, keys->entries, entry->key.id, strlen(entry->key.id), entry);
        return GAL_OK;
}

static enum gal_status read_keys(const struct reader *reader, const json_t *root, struct gal_keys *keys)
{
        enum gal_status status = GAL_OK;

        if (!json_is_array(root) || json_array_size(root) == 0)
                return complain(reader, "", "the file must be a list of at least one key");
        if (json_array_size(root) > GAL_SERVER_KEYS_MAX)
                return complain(reader, "", "there are too many keys");
        if (gal_json_positions_duplicate_count(reader->positions) > 0) /* which one counts? */
                return complain(reader, "", "a member is given twice");
        for (size_t i = 0; status == GAL_OK && i < json_array_size(root); i++)
                status = read_key(reader, json_array_get(root, i), i, keys);
        return status;
}

static enum gal_status read_descriptor(const char *path, int descriptor, struct gal_buffer *text,
                                       struct gal_error *error)
{
        ssize_t len = 0;

        do {
                if (!gal_buffer_reserve(text, 4096))
                        return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE, "%s is too long for a file of keys", path);
                len = read(descriptor, text->data + text->len, 4096);
                if (len > 0)
                        text->len += (size_t)len;
        } while (len > 0 || (len < 0 && errno == EINTR));
        if (len < 0)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", path, strerror(errno));
        text->data[text->len] = '\0';
        return GAL_OK;
}

static enum gal_status read_file(const char *path, struct gal_buffer *text, bool *ret_is_exposed,
                                 struct gal_error *error)
{
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        enum gal_status status;
        struct stat info;

        if (descriptor < 0)
                return gal_fail(error, errno == ENOENT ? GAL_ENOTFOUND : GAL_EIO, GAL_NOWHERE, "%s: %s", path,
                                strerror(errno));
        *ret_is_exposed = fstat(descriptor, &info) == 0 && (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
        status = read_descriptor(path, descriptor, text, error);
        close(descriptor);
        return status;
}

static enum gal_status parse(const char *path, const struct gal_buffer *text, struct gal_keys *keys,
                             struct gal_error *error)
{
        struct reader reader = { .path = path, .error = error };
        struct gal_error fault = { .code = GAL_OK };
        json_t *root = NULL;
        enum gal_status status = gal_json_read_positions(text->data, text->len, &root, &reader.positions, &fault);

        if (status != GAL_OK)
                return gal_fail(error, status, fault.at, "%s:%u:%u: %s", path, fault.at.line, fault.at.column,
                                fault.message);
        status = read_keys(&reader, root, keys);
        gal_json_positions_destroy(reader.positions);
        json_decref(root);
        return status;
}

enum gal_status gal_keys_load(const char *path, struct gal_keys **ret_keys, bool *ret_is_exposed,
                              struct gal_error *error)
{
        struct gal_keys *keys = gal_new(struct gal_keys);
        struct gal_buffer text;
        enum gal_status status;

        gal_buffer_init(&text, GAL_CONFIG_SIZE_MAX);
        status = read_file(path, &text, ret_is_exposed, error);
        if (status == GAL_OK)
                status = parse(path, &text, keys, error);
        if (text.data != NULL)
                explicit_bzero(text.data, text.len);
        gal_buffer_finish(&text);
        if (status == GAL_OK)
                *ret_keys = keys;
        else
                gal_keys_destroy(keys);
        return status;
}
