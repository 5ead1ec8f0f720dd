/*
 * fuzz_json.c: what our reader accepts can be written and reads back equal, and it agrees with jansson's own reader
 * except where base/json.h says why not.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"

static json_t *read_back(const char *text, size_t len)
{
        json_t *value = NULL;

        gal_assert(gal_json_read(text, len, &value, NULL) == GAL_OK);
        return value;
}

static void check_compact(const json_t *value)
{
        gal_auto_free char *text = NULL;
        gal_auto_free char *again = NULL;
        size_t len, again_len;
        json_t *back;

        text = gal_need(gal_json_text(value, &len));
        gal_assert(gal_json_size(value, len) == len);
        gal_assert(len == 0 || gal_json_size(value, len - 1) > len - 1);
        back = read_back(text, len);
        gal_assert(gal_json_equal(value, back));
        again = gal_need(gal_json_text(back, &again_len));
        gal_assert(again_len == len);
        gal_assert(memcmp(text, again, len) == 0);
        json_decref(back);
}

static void check_pretty(const json_t *value)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        json_t *back;

        gal_json_write_pretty(&buffer, value);
        gal_assert(buffer.status == GAL_OK);
        back = read_back(buffer.data, buffer.len);
        gal_assert(gal_json_equal(back, value));
        json_decref(back);
        gal_buffer_finish(&buffer);
}

/* jansson accepts nothing that we refuse, but for depth; it refuses large integers and NUL in keys, which we
 * accept. */
static void check_jansson(const char *text, size_t size, const json_t *ours, enum gal_status status)
{
        json_error_t error;
        json_t *theirs;

        if (size > 0 && memchr(text, '\0', size) != NULL)
                return;
        theirs = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
        if (theirs == NULL) {
                gal_assert(status != GAL_OK || json_error_code(&error) == json_error_numeric_overflow ||
                           json_error_code(&error) == json_error_null_byte_in_key);
                return;
        }
        gal_assert(status == GAL_OK || status == GAL_ELIMIT);
        gal_assert(status != GAL_OK || gal_json_equal(ours, theirs));
        json_decref(theirs);
}

/* Reading with positions accepts the same, and duplicate keys; each fault has a place within the text. */
static void check_positions(const char *text, size_t size, const json_t *value, const struct gal_error *error)
{
        struct gal_json_positions *positions = NULL;
        json_t *again = NULL;
        enum gal_status status = gal_json_read_positions(text, size, &again, &positions, NULL);

        if (value != NULL) {
                gal_assert(status == GAL_OK);
                gal_assert(gal_json_equal(value, again));
                gal_assert(gal_json_positions_duplicate_count(positions) == 0);
        } else {
                gal_assert(error->at.line > 0);
                gal_assert(error->at.offset <= size);
                gal_assert(error->message[0] != '\0');
        }
        if (status == GAL_OK) {
                gal_assert(value != NULL || gal_json_positions_duplicate_count(positions) > 0);
                gal_assert(gal_json_positions_value(positions, "").line > 0);
                json_decref(again);
                gal_json_positions_destroy(positions);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        struct gal_error error = { GAL_OK };
        json_t *value = NULL;
        enum gal_status status = gal_json_read(text, size, &value, &error);

        gal_assert(status == error.code);
        check_positions(text, size, value, &error);
        check_jansson(text, size, value, status);
        if (status == GAL_OK) {
                check_compact(value);
                check_pretty(value);
                json_decref(value);
        }
        return 0;
}
