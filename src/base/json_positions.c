/*
 * json_positions.c: a tree of places, found by hashing (parent, token). Whole pointers as keys would take memory
 * quadratic in the text: a long key above many values.
 */
#include "base/json_positions.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define SLOTS_MIN 64
#define NO_ENTRY UINT32_MAX

struct entry {
        uint32_t parent;
        uint32_t hash;
        bool dead;    /* a duplicate key has replaced it; what is below cannot be reached any more */
        size_t token; /* in `tokens` */
        size_t token_len;
        struct gal_position key;
        struct gal_position value;
};

struct gal_json_positions {
        struct entry *entries; /* in the order of the text */
        size_t count;
        size_t size;
        uint32_t *slots;   /* open addressing; NO_ENTRY is free */
        size_t slot_count; /* a power of two, at least twice `count` */
        struct gal_buffer tokens;
        struct gal_json_duplicate *duplicates;
        size_t duplicate_count;
        const char *text; /* NULL once it was read */
        size_t len;
        struct gal_position cursor;
};

static struct gal_position advance(const char *text, size_t offset, struct gal_position from)
{
        struct gal_position at = from;

        for (; at.offset < offset; at.offset++) {
                unsigned char c = (unsigned char)text[at.offset];

                if (c == '\n') {
                        at.line++;
                        at.column = 1;
                } else if ((c & 0xC0) != 0x80) {
                        at.column++;
                }
        }
        return at;
}

struct gal_position gal_position_find(const char *text, size_t len, size_t offset)
{
        return advance(text, offset < len ? offset : len, (struct gal_position){ 0, 1, 1 });
}

struct gal_json_positions *gal_json_positions_create(const char *text, size_t len)
{
        struct gal_json_positions *positions = calloc(1, sizeof(*positions));

        if (positions == NULL)
                return NULL;
        positions->slots = malloc(SLOTS_MIN * sizeof(*positions->slots));
        if (positions->slots == NULL) {
                free(positions);
                return NULL;
        }
        memset(positions->slots, 0xFF, SLOTS_MIN * sizeof(*positions->slots));
        positions->slot_count = SLOTS_MIN;
        positions->text = text;
        positions->len = len;
        positions->cursor = (struct gal_position){ 0, 1, 1 };
        gal_buffer_init(&positions->tokens, 0);
        return positions;
}

void gal_json_positions_destroy(struct gal_json_positions *positions)
{
        if (positions == NULL)
                return;
        for (size_t i = 0; i < positions->duplicate_count; i++) {
                free(positions->duplicates[i].pointer);
                free(positions->duplicates[i].key);
        }
        free(positions->duplicates);
        gal_buffer_finish(&positions->tokens);
        free(positions->slots);
        free(positions->entries);
        free(positions);
}

/* FNV-1a, begun at an address that a writer of colliding keys does not know. */
static uint32_t hash_token(const struct gal_json_positions *positions, uint32_t parent, const char *token,
                           size_t len)
{
        uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ parent ^ (uint64_t)(uintptr_t)positions;

        for (size_t i = 0; i < len; i++)
                hash = (hash ^ (unsigned char)token[i]) * UINT64_C(0x100000001B3);
        return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the entry, or the free one where it would go. */
static uint32_t *find_slot(const struct gal_json_positions *positions, uint32_t hash, uint32_t parent,
                           const char *token, size_t len)
{
        size_t mask = positions->slot_count - 1;
        size_t at;

        for (at = hash & mask; positions->slots[at] != NO_ENTRY; at = (at + 1) & mask) {
                const struct entry *entry = &positions->entries[positions->slots[at]];

                if (entry->hash == hash && entry->parent == parent && entry->token_len == len && !entry->dead &&
                    (len == 0 || memcmp(positions->tokens.data + entry->token, token, len) == 0))
                        break;
        }
        return &positions->slots[at];
}

static bool grow_slots(struct gal_json_positions *positions)
{
        size_t size = positions->slot_count * 2;
        uint32_t *slots = reallocarray(NULL, size, sizeof(*slots));

        if (slots == NULL)
                return false;
        memset(slots, 0xFF, size * sizeof(*slots));
        free(positions->slots);
        positions->slots = slots;
        positions->slot_count = size;
        for (size_t i = 0; i < positions->count; i++) {
                size_t at = positions->entries[i].hash & (size - 1);

                if (positions->entries[i].dead)
                        continue;
                while (slots[at] != NO_ENTRY)
                        at = (at + 1) & (size - 1);
                slots[at] = (uint32_t)i;
        }
        return true;
}

static bool make_room(struct gal_json_positions *positions)
{
        struct entry *entries;
        size_t size;

        if (positions->count == positions->size) {
                size = positions->size == 0 ? SLOTS_MIN / 2 : positions->size * 2;
                entries = reallocarray(positions->entries, size, sizeof(*entries));
                if (entries == NULL)
                        return false;
                positions->entries = entries;
                positions->size = size;
        }
        return positions->count * 2 < positions->slot_count || grow_slots(positions);
}

static struct gal_position locate(struct gal_json_positions *positions, size_t offset)
{
        positions->cursor = advance(positions->text, offset, positions->cursor);
        return positions->cursor;
}

static void append_pointer(const struct gal_json_positions *positions, uint32_t entry, struct gal_buffer *pointer)
{
        uint32_t chain[GAL_JSON_DEPTH_MAX + 1];
        size_t depth = 0;

        for (; positions->entries[entry].parent != GAL_JSON_POSITION_ROOT; entry = positions->entries[entry].parent)
                chain[depth++] = entry;
        while (depth-- > 0) {
                const struct entry *step = &positions->entries[chain[depth]];

                gal_json_pointer_append(pointer, positions->tokens.data + step->token, step->token_len);
        }
}

/* Past the bound they are not listed: nobody reads on. */
static bool note_duplicate(struct gal_json_positions *positions, uint32_t parent, const char *key, size_t len,
                           struct gal_position at)
{
        struct gal_buffer pointer = GAL_BUFFER_INIT;
        struct gal_json_duplicate *duplicates, *duplicate;

        if (positions->duplicate_count >
            GAL_DIAGNOSTICS_MAX) /* one more than are shown: whoever shows them says so */
                return true;
        duplicates = reallocarray(positions->duplicates, positions->duplicate_count + 1, sizeof(*duplicates));
        if (duplicates == NULL)
                return false;
        positions->duplicates = duplicates;
        duplicate = &duplicates[positions->duplicate_count];
        append_pointer(positions, parent, &pointer);
        duplicate->pointer = gal_buffer_take(&pointer, NULL);
        gal_buffer_append(&pointer, key, len);
        duplicate->key = gal_buffer_take(&pointer, NULL);
        duplicate->at = at;
        if (duplicate->pointer == NULL || duplicate->key == NULL) {
                free(duplicate->pointer);
                free(duplicate->key);
                return false;
        }
        positions->duplicate_count++;
        return true;
}

bool gal_json_positions_add(struct gal_json_positions *positions, uint32_t parent, const char *token, size_t len,
                            size_t key_offset, size_t value_offset, uint32_t *ret_entry)
{
        uint32_t hash = hash_token(positions, parent, token, len);
        struct gal_position key = locate(positions, key_offset);
        struct gal_position value = locate(positions, value_offset);
        struct entry *entry;
        uint32_t *slot;

        if (!make_room(positions))
                return false;
        slot = find_slot(positions, hash, parent, token, len);
        if (*slot != NO_ENTRY) {
                if (!note_duplicate(positions, parent, token, len, key))
                        return false;
                positions->entries[*slot].dead = true;
        }
        entry = &positions->entries[positions->count];
        *entry = (struct entry){ .parent = parent, .hash = hash, .token = positions->tokens.len, .token_len = len };
        entry->key = key;
        entry->value = value;
        gal_buffer_append(&positions->tokens, token, len);
        if (positions->tokens.status != GAL_OK)
                return false;
        *slot = *ret_entry = (uint32_t)positions->count++;
        return true;
}

/* Undoes RFC 6901's ~0 and ~1 into `token`, which has room for the text. False: a stray ~. */
static bool unescape_token(const char *text, size_t len, char *token, size_t *ret_len)
{
        size_t size = 0;

        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (c == '~') {
                        if (++i == len || (text[i] != '0' && text[i] != '1'))
                                return false;
                        c = text[i] == '0' ? '~' : '/';
                }
                token[size++] = c;
        }
        *ret_len = size;
        return true;
}

static uint32_t find_child(const struct gal_json_positions *positions, uint32_t parent, const char *token,
                           size_t len)
{
        return *find_slot(positions, hash_token(positions, parent, token, len), parent, token, len);
}

static const struct entry *find_entry(const struct gal_json_positions *positions, const char *pointer)
{
        uint32_t entry = find_child(positions, GAL_JSON_POSITION_ROOT, "", 0);
        size_t size = strlen(pointer);
        char stack[256];
        char *token = size < sizeof(stack) ? stack : malloc(size);

        while (token != NULL && entry != NO_ENTRY && *pointer == '/') {
                size_t len = strcspn(++pointer, "/");
                size_t token_len;

                if (unescape_token(pointer, len, token, &token_len))
                        entry = find_child(positions, entry, token, token_len);
                else
                        entry = NO_ENTRY;
                pointer += len;
        }
        if (token == NULL || *pointer != '\0')
                entry = NO_ENTRY;
        if (token != stack)
                free(token);
        return entry == NO_ENTRY ? NULL : &positions->entries[entry];
}

struct gal_position gal_json_positions_value(const struct gal_json_positions *positions, const char *pointer)
{
        const struct entry *entry = find_entry(positions, pointer);

        return entry == NULL ? GAL_NOWHERE : entry->value;
}

struct gal_position gal_json_positions_key(const struct gal_json_positions *positions, const char *pointer)
{
        const struct entry *entry = find_entry(positions, pointer);

        return entry == NULL ? GAL_NOWHERE : entry->key;
}

size_t gal_json_positions_duplicate_count(const struct gal_json_positions *positions)
{
        return positions->duplicate_count;
}

const struct gal_json_duplicate *gal_json_positions_duplicate(const struct gal_json_positions *positions,
                                                              size_t index)
{
        return index < positions->duplicate_count ? &positions->duplicates[index] : NULL;
}
