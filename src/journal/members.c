/*
 * members.c: see members.h.
 */
#include "journal/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"

/* From this size on a payload is written once a row; it is looked for among the latest, as states hand it on. */
#define SHARED_SIZE_MIN 64
#define SHARED_STEPS_MAX 32

/* A key and what marks the kind of its reference. */
#define KEY_SIZE 32

static void add_payload(struct gal_payload_list *payloads, struct gal_payload *payload)
{
        if (payloads->count == payloads->size) {
                payloads->size = payloads->size == 0 ? 16 : payloads->size * 2;
                payloads->items = gal_realloc(payloads->items, payloads->size, sizeof(*payloads->items));
        }
        payloads->items[payloads->count++] = payload;
}

static bool find_payload(const struct gal_payload_list *payloads, const struct gal_payload *payload,
                         size_t *ret_index)
{
        for (size_t i = payloads->count, steps = 0; i > 0 && steps < SHARED_STEPS_MAX; i--, steps++) {
                if (payloads->items[i - 1] == payload) {
                        *ret_index = i - 1;
                        return true;
                }
        }
        return false;
}

static bool is_items(const char *key)
{
        return strcmp(key, "items") == 0;
}

/* Writing. */

static void put_key(struct gal_row_writer *writer, const char *key)
{
        gal_buffer_append(writer->buffer, ",\"", 2);
        gal_buffer_append_text(writer->buffer, key);
        gal_buffer_append(writer->buffer, "\":", 2);
}

void gal_put_int(struct gal_row_writer *writer, const char *key, int64_t value)
{
        if (value == 0)
                return;
        put_key(writer, key);
        gal_buffer_append_int(writer->buffer, value);
}

void gal_put_text(struct gal_row_writer *writer, const char *key, const char *text)
{
        if (text == NULL)
                return;
        put_key(writer, key);
        gal_json_write_string(writer->buffer, text, strlen(text));
}

/* False: it has to be written in full. */
static bool put_reference(struct gal_row_writer *writer, const char *key, struct gal_payload *payload, size_t len)
{
        size_t index;

        if (len >= SHARED_SIZE_MIN && find_payload(&writer->payloads, payload, &index)) {
                gal_buffer_append_format(writer->buffer, ",\"%s@\":%zu", key, index);
                return true;
        }
        if (writer->owner == 0 || len < GAL_JOURNAL_REFERENCE_SIZE_MIN || payload->origin.owner != writer->owner)
                return false;
        gal_buffer_append_format(writer->buffer, ",\"%s&%s\":%llu", key, payload->origin.is_items ? "items" : "",
                                 (unsigned long long)payload->origin.event_id);
        return true;
}

void gal_put_payload(struct gal_row_writer *writer, const char *key, struct gal_payload *payload)
{
        const char *text;
        size_t len;

        if (payload == NULL)
                return;
        text = gal_payload_text(payload, &len);
        if (put_reference(writer, key, payload, len))
                return;
        add_payload(&writer->payloads, payload);
        put_key(writer, key);
        gal_buffer_append(writer->buffer, text, len);
        if (payload->raw != NULL) {
                gal_buffer_append_format(writer->buffer, ",\"%s$\":", key);
                gal_json_write_string(writer->buffer, payload->raw, payload->raw_len);
        }
        if (writer->owner == 0 || writer->event_id == 0 || len < GAL_JOURNAL_REFERENCE_SIZE_MIN)
                return;
        payload->origin.owner = writer->owner;
        payload->origin.event_id = writer->event_id;
        payload->origin.is_items = is_items(key);
}

void gal_put_variables(struct gal_row_writer *writer, const char *key, json_t *variables)
{
        const char *separator = "{";
        const char *name;
        json_t *value;

        if (variables == NULL)
                return;
        put_key(writer, key);
        json_object_foreach(variables, name, value)
        {
                gal_buffer_append_text(writer->buffer, separator);
                gal_json_write_string(writer->buffer, name, strlen(name));
                gal_buffer_append_char(writer->buffer, ':');
                gal_json_write(writer->buffer, value);
                separator = ",";
        }
        gal_buffer_append_text(writer->buffer, *separator == '{' ? "{}" : "}");
}

/* Reading. */

int64_t gal_get_int(const json_t *object, const char *key)
{
        return json_integer_value(json_object_get(object, key));
}

char *gal_get_text(const json_t *object, const char *key)
{
        return gal_strdup(json_string_value(json_object_get(object, key)));
}

static json_t *get_marked(const json_t *object, const char *key, const char *mark)
{
        char marked[KEY_SIZE];

        stpcpy(stpcpy(marked, key), mark);
        return json_object_get(object, marked);
}

static void *refuse(struct gal_row_reader *reader, enum gal_status status)
{
        if (reader->status == GAL_OK)
                reader->status = gal_fail(reader->error, status, GAL_NOWHERE, "a reference leads to no payload");
        return NULL;
}

static struct gal_payload *get_shared(struct gal_row_reader *reader, const json_t *reference)
{
        json_int_t index = json_integer_value(reference);

        if (!json_is_integer(reference) || index < 0 || (size_t)index >= reader->payloads.count)
                return refuse(reader, GAL_EINVALID);
        return gal_payload_ref(reader->payloads.items[index]);
}

static struct gal_payload *get_earlier(struct gal_row_reader *reader, const json_t *reference, bool of_items)
{
        json_int_t event_id = json_integer_value(reference);
        struct gal_payload *payload = NULL;
        enum gal_status status = GAL_EINVALID;

        if (json_is_integer(reference) && event_id > 0 && reader->source != NULL)
                status = gal_journal_source_find(reader->source, (uint64_t)event_id, of_items, &payload,
                                                 reader->error);
        return status == GAL_OK ? payload : refuse(reader, status);
}

struct gal_payload *gal_get_full_payload(const json_t *object, const char *key)
{
        json_t *value = json_object_get(object, key);
        struct gal_payload *payload;
        json_t *raw;

        if (value == NULL)
                return NULL;
        payload = gal_payload_create(value);
        raw = get_marked(object, key, "$");
        if (json_is_string(raw)) {
                payload->raw_len = json_string_length(raw);
                payload->raw = gal_strndup(json_string_value(raw), payload->raw_len);
        }
        return payload;
}

struct gal_payload *gal_get_payload(struct gal_row_reader *reader, const json_t *object, const char *key)
{
        struct gal_payload *payload = gal_get_full_payload(object, key);
        const json_t *reference;

        if (payload != NULL) {
                add_payload(&reader->payloads, payload);
                if (reader->source != NULL && reader->event_id != 0)
                        gal_journal_source_note(reader->source, payload, reader->event_id, is_items(key));
                return payload;
        }
        reference = get_marked(object, key, "@");
        if (reference != NULL)
                return get_shared(reader, reference);
        reference = get_marked(object, key, "&");
        if (reference != NULL)
                return get_earlier(reader, reference, /* of_items= */ false);
        reference = get_marked(object, key, "&items");
        return reference == NULL ? NULL : get_earlier(reader, reference, /* of_items= */ true);
}
