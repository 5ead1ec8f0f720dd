/*
 * source.c: large payloads by the event that holds them in full.
 *
 * What is read through a source is kept, up to a bound; what is not there (it was dropped, or stands in a chunk
 * that a snapshot made unnecessary to read) is looked up in the store, with all that its chunk holds. A chunk that
 * is looked up needs no others: a payload is referred to where it is in full.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "journal/members.h"

struct key {
        uint64_t event_id;
        uint64_t is_items; /* as wide as the other: no padding may be hashed */
};

struct entry {
        UT_hash_handle hh;
        struct key key;
        struct gal_payload *payload;
};

struct gal_journal_source {
        struct gal_store *store;
        uint32_t slot;
        char *execution_id;
        uint64_t owner;
        struct entry *entries;
        size_t size; /* of the values' texts, about */
};

struct gal_journal_source *gal_journal_source_create(struct gal_store *store, uint32_t slot,
                                                     const char *execution_id, uint64_t owner)
{
        struct gal_journal_source *source = gal_new(struct gal_journal_source);

        source->store = store;
        source->slot = slot;
        source->execution_id = gal_strdup(execution_id);
        source->owner = owner;
        return source;
}

static void clear(struct gal_journal_source *source)
{
        struct entry *entry, *next;

        HASH_ITER(hh, source->entries, entry, next)
        {
                HASH_DEL(source->entries, entry);
                gal_payload_unref(entry->payload);
                free(entry);
        }
        source->size = 0;
}

void gal_journal_source_destroy(struct gal_journal_source *source)
{
        if (source == NULL)
                return;
        clear(source);
        free(source->execution_id);
        free(source);
}

static bool is_large(struct gal_payload *payload)
{
        return gal_payload_exceeds(payload, GAL_JOURNAL_REFERENCE_SIZE_MIN - 1);
}

static struct entry *find(const struct gal_journal_source *source, uint64_t event_id, bool is_items)
{
        struct key key = { .event_id = event_id, .is_items = is_items };
        struct entry *entry;

        HASH_FIND(hh, source->entries, &key, sizeof(key), entry);
        return entry;
}

void gal_journal_source_note(struct gal_journal_source *source, struct gal_payload *payload, uint64_t event_id,
                             bool is_items)
{
        struct entry *entry;

        if (!is_large(payload))
                return;
        payload->origin.owner = source->owner;
        payload->origin.event_id = event_id;
        payload->origin.is_items = is_items;
        if (find(source, event_id, is_items) != NULL)
                return;
        if (source->size > GAL_JOURNAL_CACHE_SIZE_MAX)
                clear(source);
        entry = gal_new(struct entry);
        entry->key = (struct key){ .event_id = event_id, .is_items = is_items };
        entry->payload = gal_payload_ref(payload);
        source->size += gal_json_size(payload->value, GAL_PAYLOAD_SIZE_MAX);
        HASH_ADD(hh, source->entries, key, sizeof(entry->key), entry);
}

/* Looking up. */

struct lookup {
        struct gal_journal_source *source;
        uint64_t event_id;
        bool is_items;
        struct gal_payload *payload;
        struct gal_error *error;
        enum gal_status status;
};

/* An event has one payload; a MapStateStarted has its items, too. */
static void note_all(struct lookup *lookup, const json_t *record)
{
        static const char *const keys[] = { "input", "output", "items" };
        uint64_t event_id = (uint64_t)gal_get_int(record, "i");

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && event_id != 0; i++) {
                struct gal_payload *payload = gal_get_full_payload(record, keys[i]);
                bool is_items = i == 2;

                if (payload == NULL)
                        continue;
                gal_journal_source_note(lookup->source, payload, event_id, is_items);
                if (event_id == lookup->event_id && is_items == lookup->is_items && lookup->payload == NULL)
                        lookup->payload = gal_payload_ref(payload);
                gal_payload_unref(payload);
        }
}

static bool read_chunk(void *user, const struct gal_chunk_row *row)
{
        struct lookup *lookup = user;
        json_auto_t *document = NULL;
        size_t index;
        json_t *record;

        lookup->status = gal_json_read_envelope(row->body, row->body_len, &document, lookup->error);
        if (lookup->status != GAL_OK)
                return false;
        json_array_foreach(json_object_get(document, "records"), index, record) note_all(lookup, record);
        return false;
}

enum gal_status gal_journal_source_find(struct gal_journal_source *source, uint64_t event_id, bool is_items,
                                        struct gal_payload **ret_payload, struct gal_error *error)
{
        struct lookup lookup = { .source = source, .event_id = event_id, .is_items = is_items, .error = error };
        const struct entry *entry = find(source, event_id, is_items);
        enum gal_status status;

        if (entry != NULL) {
                *ret_payload = gal_payload_ref(entry->payload);
                return GAL_OK;
        }
        if (source->store == NULL)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "no payload of event %llu was read",
                                (unsigned long long)event_id);
        status = source->store->ops->read_chunk_of_event(source->store, source->slot, source->execution_id,
                                                         event_id, read_chunk, &lookup, error);
        if (status == GAL_OK)
                status = lookup.status;
        if (status == GAL_OK && lookup.payload == NULL)
                status = gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "event %llu holds no payload in full",
                                  (unsigned long long)event_id);
        if (status == GAL_OK)
                *ret_payload = lookup.payload;
        else
                gal_payload_unref(lookup.payload);
        return status;
}
