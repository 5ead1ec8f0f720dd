/*
 * jsonata.c: strings of JSONata states: which of them are expressions, and the place where their text is checked.
 *
 * A string is an expression if it begins with exactly "{%" and ends with exactly "%}". The expressions themselves
 * are not parsed yet: check_expression() is the one place that will.
 */
#include <string.h>

#include "definition/compiler.h"

static bool begins(const char *text, size_t len)
{
        return len >= 2 && text[0] == '{' && text[1] == '%';
}

static bool ends(const char *text, size_t len)
{
        return len >= 2 && text[len - 2] == '%' && text[len - 1] == '}';
}

bool gal_is_jsonata(const json_t *value)
{
        const char *text = json_string_value(value);
        size_t len = json_string_length(value);

        return json_is_string(value) && len >= 4 && begins(text, len) && ends(text, len);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Lines are broken before or after the expression, but not in it; one of several lines is laid out on purpose. */
static bool is_broken(const char *text, size_t len, size_t before, size_t after)
{
        bool around = memchr(text, '\n', before) != NULL || memchr(text + len - after, '\n', after) != NULL;

        return around && memchr(text + before, '\n', len - before - after) == NULL;
}

/* `text` is what stands between the braces. Here the expression will be parsed. */
static void check_expression(const struct gal_context *context, const struct gal_place *place, const char *text,
                             size_t len)
{
        size_t before = 0;
        size_t after = 0;

        while (before < len && is_blank(text[before]))
                before++;
        while (after < len - before && is_blank(text[len - 1 - after]))
                after++;
        if (before == len)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_JSONATA_EXPRESSION, place,
                           place, GAL_SPOT_VALUE, "Unexpected end of expression");
        else if (before == 0 || after == 0 || is_broken(text, len, before, after))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                         "A JSONata expression is best set off by one blank on either side: '{%% ... %%}'");
}

static void check_text(const struct gal_context *context, const struct gal_place *place, const char *text,
                       size_t len)
{
        if (begins(text, len) && ends(text, len) && len >= 4)
                check_expression(context, place, text + 2, len - 4);
        else if (begins(text, len))
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_JSONATA_EXPRESSION, place,
                           place, GAL_SPOT_VALUE,
                           "A JSONata expression that begins with '{%%' must end with '%%}'");
        else if (ends(text, len))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                         "The value ends with '%%}' but does not begin with '{%%': it is not evaluated");
}

/* Recurses as deep as the definition nests: GAL_JSON_DEPTH_MAX. */
void gal_check_jsonata(const struct gal_context *context, const struct gal_place *place, const json_t *value)
{
        json_t *members = (json_t *)value; /* jansson's iterators take no const; nothing is changed */

        if (json_is_string(value))
                check_text(context, place, json_string_value(value), json_string_length(value));
        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
                struct gal_place spot = gal_place_element(place, i);

                gal_check_jsonata(context, &spot, json_array_get(value, i));
        }
        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                struct gal_place spot =
                        gal_place_member_n(place, json_object_iter_key(member), json_object_iter_key_len(member));

                gal_check_jsonata(context, &spot, json_object_iter_value(member));
        }
}

void gal_check_jsonata_field(const struct gal_context *context, const struct gal_place *holder,
                             const json_t *object, const char *name)
{
        struct gal_place place = gal_place_member(holder, name);

        if (context->state->language == GAL_JSONATA)
                gal_check_jsonata(context, &place, json_object_get(object, name));
}
