/*
 * validate.c: see validate.h.
 *
 * The texts are recorded ("... Member must have value less than or equal to 1000"), as is that a sensitive value is
 * left out ("Value at 'input' failed to ..."). Known from other services that use the same texts, not from this
 * one: the order of several faults, the pattern before the length of the same member, and what is said of a list of
 * strings. Lengths count Unicode characters; those of payloads bytes (shape->in_bytes).
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "api/validate.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/number.h"
#include "base/utf8.h"

struct gal_validator {
        pcre2_match_context *limits;
        pcre2_code *patterns[];
};

struct validation {
        const struct gal_validator *validator;
        struct gal_buffer path; /* "tags.1.member.key" */
        struct gal_buffer faults;
        size_t fault_count;
};

/* Patterns. */

struct gal_validator *gal_validator_create(void)
{
        struct gal_validator *validator =
                gal_calloc(1, sizeof(*validator) + gal_shape_pattern_count * sizeof(validator->patterns[0]));

        validator->limits = gal_need(pcre2_match_context_create(NULL));
        pcre2_set_match_limit(validator->limits, GAL_REQUEST_PATTERN_STEPS_MAX);
        pcre2_set_heap_limit(validator->limits, GAL_REQUEST_PATTERN_HEAP_KIB_MAX);
        for (size_t i = 0; i < gal_shape_pattern_count; i++) {
                PCRE2_SIZE where;
                int code;

                validator->patterns[i] =
                        pcre2_compile((PCRE2_SPTR)gal_shape_patterns[i].pcre, PCRE2_ZERO_TERMINATED,
                                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &where, NULL);
                gal_need(validator->patterns[i]); /* the patterns are our own: only memory can be lacking */
        }
        return validator;
}

void gal_validator_destroy(struct gal_validator *validator)
{
        if (validator == NULL)
                return;
        for (size_t i = 0; i < gal_shape_pattern_count; i++)
                pcre2_code_free(validator->patterns[i]);
        pcre2_match_context_free(validator->limits);
        free(validator);
}

/* A string that costs more than the limits is taken for one that does not match. */
static bool matches(const struct gal_validator *validator, int pattern, const json_t *value)
{
        pcre2_match_data *data = gal_need(pcre2_match_data_create(1, NULL));
        int result = pcre2_match(validator->patterns[pattern], (PCRE2_SPTR)json_string_value(value),
                                 json_string_length(value), 0, PCRE2_NO_UTF_CHECK, data, validator->limits);

        pcre2_match_data_free(data);
        return result >= 0;
}

/* Places. */

static size_t push_member(struct validation *validation, const char *name)
{
        size_t parent = validation->path.len;

        if (parent > 0)
                gal_buffer_append_char(&validation->path, '.');
        gal_buffer_append_text(&validation->path, name);
        return parent;
}

static size_t push_item(struct validation *validation, size_t index)
{
        size_t parent = validation->path.len;

        gal_buffer_append_char(&validation->path, '.');
        gal_buffer_append_uint(&validation->path, index + 1);
        gal_buffer_append_text(&validation->path, ".member");
        return parent;
}

static void pop(struct validation *validation, size_t parent)
{
        validation->path.len = parent;
        if (validation->path.data != NULL)
                validation->path.data[parent] = '\0';
}

/* Types. */

static const char *json_type_name(const json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return "an object";
        case JSON_ARRAY:
                return "a list";
        case JSON_STRING:
                return "a string";
        case JSON_INTEGER:
                return "a number";
        case JSON_REAL:
                return "a number with a fraction";
        case JSON_TRUE:
        case JSON_FALSE:
                return "a boolean";
        case JSON_NULL:
                return "null";
        }
        gal_bug("JSON type", json_typeof(value));
}

/* False at the first value of a wrong type: `path` is left at it, `ret_shape` and `ret_value` say what is there. */
static bool types_fit(struct validation *validation, const struct gal_shape *shape, const json_t *value,
                      const struct gal_shape **ret_shape, const json_t **ret_value)
{
        const char *name;
        const json_t *item;
        size_t i;

        if (json_is_null(value))
                return true;
        if (!gal_shape_type_fits(shape, value)) {
                *ret_shape = shape;
                *ret_value = value;
                return false;
        }
        if (shape->type == GAL_SHAPE_STRUCTURE) {
                json_object_foreach((json_t *)value, name, item)
                {
                        const struct gal_shape_member *member = gal_shape_member_find(shape, name);
                        size_t parent;

                        if (member == NULL)
                                continue;
                        parent = push_member(validation, name);
                        if (!types_fit(validation, member->shape, item, ret_shape, ret_value))
                                return false;
                        pop(validation, parent);
                }
        } else if (shape->type == GAL_SHAPE_LIST) {
                json_array_foreach(value, i, item)
                {
                        size_t parent = push_item(validation, i);

                        if (!types_fit(validation, shape->item, item, ret_shape, ret_value))
                                return false;
                        pop(validation, parent);
                }
        }
        return true;
}

/* Values, as Java prints them. */

static void write_value(struct gal_buffer *text, const struct gal_shape *shape, const json_t *value)
{
        char number[GAL_NUMBER_SIZE];
        const char *separator = "";
        const json_t *item;
        size_t i;

        if (value == NULL || json_is_null(value)) {
                gal_buffer_append_text(text, "null");
                return;
        }
        switch (shape->type) {
        case GAL_SHAPE_BOOLEAN:
                gal_buffer_append_text(text, json_is_true(value) ? "true" : "false");
                break;
        case GAL_SHAPE_INTEGER:
        case GAL_SHAPE_LONG:
                gal_buffer_append_int(text, json_integer_value(value));
                break;
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
                gal_buffer_append(text, number, gal_number_format_java(json_number_value(value), number));
                break;
        case GAL_SHAPE_STRING:
                gal_buffer_append(text, json_string_value(value), json_string_length(value));
                break;
        case GAL_SHAPE_LIST:
                gal_buffer_append_char(text, '[');
                json_array_foreach(value, i, item)
                {
                        gal_buffer_append_text(text, i > 0 ? ", " : "");
                        write_value(text, shape->item, item);
                }
                gal_buffer_append_char(text, ']');
                break;
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                gal_buffer_append_format(text, "%s(", shape->name);
                for (i = 0; i < shape->member_count; i++) {
                        gal_buffer_append_format(text, "%s%s=", separator, shape->members[i].name);
                        write_value(text, shape->members[i].shape, json_object_get(value, shape->members[i].name));
                        separator = ", ";
                }
                gal_buffer_append_char(text, ')');
                break;
        }
}

/* Faults. */

/* Begins the text of a fault; NULL past the bound: it is counted only. */
static struct gal_buffer *begin_fault(struct validation *validation, const struct gal_shape *shape,
                                      const json_t *value)
{
        struct gal_buffer *text = &validation->faults;

        if (++validation->fault_count > GAL_REQUEST_FAULTS_MAX)
                return NULL;
        gal_buffer_append_text(text, validation->fault_count > 1 ? "; Value" : "Value");
        if (shape->sensitive) {
                gal_buffer_append_char(text, ' ');
        } else if (value == NULL || json_is_null(value)) {
                gal_buffer_append_text(text, " null ");
        } else {
                gal_buffer_append_text(text, " '");
                write_value(text, shape, value);
                gal_buffer_append_text(text, "' ");
        }
        gal_buffer_append_text(text, "at '");
        gal_buffer_append(text, validation->path.data, validation->path.len);
        gal_buffer_append_text(text, "' failed to satisfy constraint: ");
        return text;
}

static void write_length_bound(struct gal_buffer *text, const struct gal_shape *shape, const char *side,
                               int64_t bound)
{
        if (shape->in_bytes)
                gal_buffer_append_format(text,
                                         "Member must have size %s than or equal to %lld bytes in UTF-8 encoding",
                                         side, (long long)bound);
        else
                gal_buffer_append_format(text, "Member must have length %s than or equal to %lld", side,
                                         (long long)bound);
}

static void add_text(struct validation *validation, const struct gal_shape *shape, const json_t *value,
                     const char *constraint, const char *detail)
{
        struct gal_buffer *text = begin_fault(validation, shape, value);

        if (text == NULL)
                return;
        gal_buffer_append_text(text, constraint);
        gal_buffer_append_text(text, detail);
}

static void check_length(struct validation *validation, const struct gal_shape *shape, const json_t *value,
                         size_t length)
{
        bool is_long = (int64_t)length > shape->max;
        struct gal_buffer *text;

        if (!is_long && (int64_t)length >= shape->min)
                return;
        text = begin_fault(validation, shape, value);
        if (text != NULL)
                write_length_bound(text, shape, is_long ? "less" : "greater", is_long ? shape->max : shape->min);
}

static void check_number(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        bool is_large = shape->max != INT64_MAX && json_number_value(value) > (double)shape->max;
        bool is_small = shape->min != INT64_MIN && json_number_value(value) < (double)shape->min;
        struct gal_buffer *text;

        if (!is_large && !is_small)
                return;
        text = begin_fault(validation, shape, value);
        if (text != NULL)
                gal_buffer_append_format(text, "Member must have value %s than or equal to %lld",
                                         is_large ? "less" : "greater",
                                         (long long)(is_large ? shape->max : shape->min));
}

static size_t length_of(const struct gal_shape *shape, const json_t *value)
{
        return shape->in_bytes ? json_string_length(value)
                               : gal_utf8_length(json_string_value(value), json_string_length(value));
}

static bool is_value(const struct gal_shape *shape, const json_t *value)
{
        for (const char *const *item = shape->values; *item != NULL; item++) {
                if (strlen(*item) == json_string_length(value) && strcmp(*item, json_string_value(value)) == 0)
                        return true;
        }
        return false;
}

static void check_string(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        if (shape->values != NULL && !is_value(shape, value))
                add_text(validation, shape, value, "Member must satisfy enum value set: ", shape->value_set);
        if (shape->pattern >= 0 && !matches(validation->validator, shape->pattern, value))
                add_text(validation, shape, value, "Member must satisfy regular expression pattern: ",
                         gal_shape_patterns[shape->pattern].text);
        check_length(validation, shape, value, length_of(shape, value));
}

/* A list of strings is refused as a whole, with all that an item must be. */
static bool strings_fit(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        const struct gal_shape *item_shape = shape->item;
        const json_t *item;
        size_t i;

        json_array_foreach(value, i, item)
        {
                size_t length;

                if (json_is_null(item))
                        return false;
                length = length_of(item_shape, item);
                if ((int64_t)length < item_shape->min || (int64_t)length > item_shape->max ||
                    (item_shape->values != NULL && !is_value(item_shape, item)) ||
                    (item_shape->pattern >= 0 && !matches(validation->validator, item_shape->pattern, item)))
                        return false;
        }
        return true;
}

static void check_strings(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        const struct gal_shape *item = shape->item;
        struct gal_buffer *text;

        if (strings_fit(validation, shape, value))
                return;
        text = begin_fault(validation, shape, value);
        if (text == NULL)
                return;
        gal_buffer_append_text(text, "Member must satisfy constraint: [");
        if (item->max != INT64_MAX) {
                write_length_bound(text, item, "less", item->max);
                gal_buffer_append_text(text, ", ");
        }
        if (item->min != INT64_MIN) {
                write_length_bound(text, item, "greater", item->min);
                gal_buffer_append_text(text, ", ");
        }
        if (item->pattern >= 0)
                gal_buffer_append_format(text, "Member must satisfy regular expression pattern: %s, ",
                                         gal_shape_patterns[item->pattern].text);
        if (item->values != NULL)
                gal_buffer_append_format(text, "Member must satisfy enum value set: %s, ", item->value_set);
        gal_buffer_append_text(text, "Member must not be null]");
}

static void check_value(struct validation *validation, const struct gal_shape *shape, const json_t *value);

static void check_list(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        const json_t *item;
        size_t i;

        check_length(validation, shape, value, json_array_size(value));
        if (shape->item->type == GAL_SHAPE_STRING) {
                check_strings(validation, shape, value);
                return;
        }
        json_array_foreach(value, i, item)
        {
                size_t parent = push_item(validation, i);

                if (json_is_null(item))
                        add_text(validation, shape->item, item, "Member must not be null", "");
                else
                        check_value(validation, shape->item, item);
                pop(validation, parent);
        }
}

static void check_structure(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        for (size_t i = 0; i < shape->member_count; i++) {
                const struct gal_shape_member *member = &shape->members[i];
                const json_t *item = json_object_get(value, member->name);
                size_t parent = push_member(validation, member->name);

                if (item != NULL && !json_is_null(item))
                        check_value(validation, member->shape, item);
                else if (member->required)
                        add_text(validation, member->shape, NULL, "Member must not be null", "");
                pop(validation, parent);
        }
}

static void check_value(struct validation *validation, const struct gal_shape *shape, const json_t *value)
{
        switch (shape->type) {
        case GAL_SHAPE_INTEGER:
        case GAL_SHAPE_LONG:
        case GAL_SHAPE_FLOAT:
                check_number(validation, shape, value);
                break;
        case GAL_SHAPE_STRING:
                check_string(validation, shape, value);
                break;
        case GAL_SHAPE_LIST:
                check_list(validation, shape, value);
                break;
        case GAL_SHAPE_STRUCTURE:
                check_structure(validation, shape, value);
                break;
        case GAL_SHAPE_BOOLEAN:
        case GAL_SHAPE_TIMESTAMP:
        case GAL_SHAPE_MAP: /* embed.py refuses a map in a request */
                break;
        }
}

bool gal_validate_request(const struct gal_validator *validator, const struct gal_shape *shape,
                          const json_t *request, struct gal_refusal *ret_refusal)
{
        struct validation validation = { .validator = validator };
        const struct gal_shape *expected = NULL;
        const json_t *found = NULL;
        struct gal_refusal refusal = GAL_REFUSAL_INIT;

        gal_assert(json_is_object(request));
        if (!types_fit(&validation, shape, request, &expected, &found)) {
                refusal.type = "SerializationException";
                gal_buffer_append_format(&refusal.message, "'%s' must be %s, not ", validation.path.data,
                                         gal_shape_type_name(expected));
                if (json_is_integer(found) && expected->type == GAL_SHAPE_INTEGER)
                        gal_buffer_append_int(&refusal.message, json_integer_value(found));
                else
                        gal_buffer_append_text(&refusal.message, json_type_name(found));
        } else {
                check_value(&validation, shape, request);
                if (validation.fault_count > 0) {
                        refusal.type = "ValidationException";
                        gal_buffer_append_format(&refusal.message,
                                                 "%zu validation error%s detected: ", validation.fault_count,
                                                 validation.fault_count > 1 ? "s" : "");
                        gal_buffer_append(&refusal.message, validation.faults.data, validation.faults.len);
                }
        }
        gal_assert(validation.path.status == GAL_OK);
        gal_assert(validation.faults.status == GAL_OK);
        gal_assert(refusal.message.status == GAL_OK);
        gal_buffer_finish(&validation.path);
        gal_buffer_finish(&validation.faults);
        if (refusal.type != NULL)
                *ret_refusal = refusal;
        return refusal.type == NULL;
}

void gal_refusal_finish(struct gal_refusal *refusal)
{
        gal_buffer_finish(&refusal->message);
        refusal->type = NULL;
}
