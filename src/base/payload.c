/*
 * payload.c: the one place where a value's text is made and remembered.
 */
#include "base/payload.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"

/*
 * How much longer than its source the compact text can be: a number may grow threefold (1e6 is written 1000000.0),
 * nothing else grows at all.
 */
#define COMPACT_GROWTH_MAX 3

struct gal_payload *gal_payload_new(json_t *value)
{
        struct gal_payload *payload = gal_new(struct gal_payload);

        payload->references = 1;
        payload->value = gal_need(value);
        payload->size_max = SIZE_MAX;
        return payload;
}

struct gal_payload *gal_payload_create(json_t *value)
{
        return gal_payload_new(json_incref(value));
}

enum gal_status gal_payload_parse(const char *text, size_t len, struct gal_payload **ret_payload,
                                  struct gal_error *error)
{
        struct gal_payload *payload;
        json_t *value;
        enum gal_status status;

        status = gal_json_read(text, len, &value, error);
        if (status != GAL_OK)
                return status;
        payload = gal_payload_new(value);
        payload->raw = gal_strndup(text, len);
        payload->raw_len = len;
        payload->size_max = COMPACT_GROWTH_MAX * len;
        *ret_payload = payload;
        return GAL_OK;
}

struct gal_payload *gal_payload_ref(struct gal_payload *payload)
{
        if (payload != NULL) {
                gal_assert(payload->references > 0);
                payload->references++;
        }
        return payload;
}

struct gal_payload *gal_payload_unref(struct gal_payload *payload)
{
        if (payload == NULL)
                return NULL;
        gal_assert(payload->references > 0);
        if (--payload->references == 0) {
                json_decref(payload->value);
                free(payload->text);
                free(payload->raw);
                free(payload);
        }
        return NULL;
}

const char *gal_payload_text(struct gal_payload *payload, size_t *ret_len)
{
        if (payload->text == NULL) {
                payload->text = gal_json_text(payload->value, &payload->text_len);
                if (payload->text == NULL)
                        gal_bug("a payload cannot be written: nested too deep, or out of memory", 0);
                payload->size_min = payload->size_max = payload->text_len;
                if (payload->raw != NULL && payload->raw_len == payload->text_len &&
                    memcmp(payload->raw, payload->text, payload->text_len) == 0) {
                        free(payload->text); /* it came compact: one copy serves both, the one somebody may read */
                        payload->text = payload->raw;
                        payload->raw = NULL;
                }
        }
        if (ret_len != NULL)
                *ret_len = payload->text_len;
        return payload->text;
}

const char *gal_payload_raw(struct gal_payload *payload, size_t *ret_len)
{
        if (payload->raw == NULL)
                return gal_payload_text(payload, ret_len);
        if (ret_len != NULL)
                *ret_len = payload->raw_len;
        return payload->raw;
}

bool gal_payload_exceeds(struct gal_payload *payload, size_t limit)
{
        size_t size;

        if (payload->size_max <= limit)
                return false;
        if (payload->size_min > limit)
                return true;
        size = gal_json_size(payload->value, limit);
        if (size > limit)
                payload->size_min = limit + 1; /* `size` itself is only some figure above it */
        else
                payload->size_min = payload->size_max = size;
        return size > limit;
}
