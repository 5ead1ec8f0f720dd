/*
 * words.c: see words.h.
 */
#include "cli/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/shape.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/payload.h"
#include "cli/ask.h"
#include "cli/diagnostics.h"
#include "cli/member.h"
#include "cli/text.h"
#include "definition/program.h"

#define BLANKS " \t\r\n"
#define WEIGHT_WHOLE 100

static json_t *text_value(const char *text)
{
        json_t *value = json_string(text);

        return value != NULL ? value : json_null();
}

/* `text` (takes). */
static json_t *take_text(char *text)
{
        json_t *value = text_value(text);

        free(text);
        return value;
}

static json_t *refuse(struct gal_ask *ask, const struct gal_words *words, const char *what)
{
        int status;

        gal_arguments_fault(ask->usage, &status, "%s must be %s, not '%s'", words->name, what, words->items[0]);
        return NULL;
}

/* By shape. */

static json_t *read_whole_number(struct gal_ask *ask, const struct gal_words *words)
{
        const char *text = words->items[0];
        long long number;
        char *end;

        errno = 0;
        number = strtoll(text, &end, 10);
        if (text[0] == '\0' || strchr(BLANKS, text[0]) != NULL || *end != '\0' || errno != 0)
                return refuse(ask, words, "a whole number");
        return gal_need(json_integer(number));
}

static json_t *read_real_number(struct gal_ask *ask, const struct gal_words *words)
{
        static const char signs[] = "+-.0123456789eE"; /* not "inf", "nan" or 0x10, which strtod() knows */
        const char *text = words->items[0];
        double number;
        char *end;

        errno = 0;
        number = strtod(text, &end);
        if (text[0] == '\0' || text[strspn(text, signs)] != '\0' || *end != '\0' || errno != 0)
                return refuse(ask, words, "a number");
        return gal_need(json_real(number));
}

/* "@FILE", "@-"; "@@text" is the text "@text". */
static json_t *read_long_text(const char *word)
{
        char *text;
        size_t len;

        if (word[0] != '@')
                return text_value(word);
        if (word[1] == '@')
                return text_value(word + 1);
        if (!gal_cli_read_file(word + 1, GAL_DEFINITION_SIZE_MAX, &text, &len))
                return NULL;
        return strlen(text) == len ? take_text(text) : (free(text), json_null());
}

static json_t *read_json(const struct gal_words *words)
{
        struct gal_payload *payload = gal_cli_read_json(words->name + strspn(words->name, "-"), words->items[0]);
        json_t *value;

        if (payload == NULL)
                return NULL;
        value = json_incref(payload->value);
        gal_payload_unref(payload);
        return value;
}

static json_t *read_value(struct gal_ask *ask, const struct gal_shape *shape, const struct gal_words *words)
{
        switch (shape->type) {
        case GAL_SHAPE_BOOLEAN: /* a switch that is there */
                return json_true();
        case GAL_SHAPE_INTEGER:
        case GAL_SHAPE_LONG:
                return read_whole_number(ask, words);
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
                return read_real_number(ask, words);
        case GAL_SHAPE_STRING:
                return gal_member_is_long_text(shape) ? read_long_text(words->items[0])
                                                      : text_value(words->items[0]);
        case GAL_SHAPE_LIST:
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                return read_json(words);
        }
        gal_bug("shape type", shape->type);
}

/* Names. */

static json_t *read_execution(struct gal_ask *ask, const char *word)
{
        char *arn = gal_client_execution_arn(&ask->client, word);

        if (arn != NULL)
                return take_text(arn);
        gal_ask_complain("'%s' names no execution; that is MACHINE/NAME or its ARN", word);
        return NULL;
}

static json_t *read_resource(struct gal_ask *ask, const char *word)
{
        static const char activity[] = "activity:";
        bool is_activity = strncmp(word, activity, strlen(activity)) == 0;

        return take_text(gal_client_arn(&ask->client, is_activity ? "activity" : "stateMachine",
                                        is_activity ? word + strlen(activity) : word));
}

/* Where the qualifier of a state machine's name or ARN begins; NULL: it has none. (transfer none) */
static const char *find_qualifier(const char *word)
{
        const char *name = strncmp(word, "arn:", 4) == 0 ? strstr(word, ":stateMachine:") : NULL;
        const char *colon = strchr(name != NULL ? name + strlen(":stateMachine:") : word, ':');

        if (name == NULL && strncmp(word, "arn:", 4) == 0)
                return NULL;
        return colon != NULL && colon[1] != '\0' ? colon + 1 : NULL;
}

static json_t *refuse_unqualified(const struct gal_words *words)
{
        gal_ask_complain("'%s' must be %s, or an ARN like that", words->items[0], words->name);
        return NULL;
}

/* Routes, tags. */

/* VERSION or an ARN, and a weight behind '='. */
static json_t *read_route(struct gal_ask *ask, const char *machine, size_t machine_len, const char *word,
                          int usual_weight)
{
        const char *equals = strrchr(word, '=');
        gal_auto_free char *version =
                equals != NULL ? gal_strndup(word, (size_t)(equals - word)) : gal_strdup(word);
        gal_auto_free char *qualified = gal_format("%.*s:%s", (int)machine_len, machine, version);
        gal_auto_free char *arn = gal_client_arn(&ask->client, "stateMachine",
                                                 strncmp(version, "arn:", 4) == 0 ? version : qualified);
        char *end = NULL;
        long weight = equals != NULL ? strtol(equals + 1, &end, 10) : usual_weight;

        if (version[0] == '\0' || (equals != NULL && (end == equals + 1 || *end != '\0')) || weight < 0 ||
            weight > WEIGHT_WHOLE) {
                gal_ask_complain("'%s' is no route; that is VERSION or VERSION=WEIGHT, as 3 or 3=90", word);
                return NULL;
        }
        return gal_need(json_pack("{s:s, s:i}", "stateMachineVersionArn", arn, "weight", (int)weight));
}

static json_t *read_routes(struct gal_ask *ask, const struct gal_words *words)
{
        const char *alias = ask->arguments.operands[0], *qualifier = find_qualifier(alias);
        size_t machine_len = qualifier != NULL ? (size_t)(qualifier - 1 - alias) : strlen(alias);
        json_auto_t *routes = gal_need(json_array());

        for (size_t i = 0; i < words->count; i++) {
                json_t *route =
                        read_route(ask, alias, machine_len, words->items[i], words->count == 1 ? WEIGHT_WHOLE : -1);

                if (route == NULL)
                        return NULL;
                json_array_append_new(routes, route);
        }
        return gal_take(routes);
}

/* False: it has no '='. */
static bool add_tag(json_t *tags, const char *text, size_t len)
{
        const char *equals = memchr(text, '=', len);
        json_t *tag;

        if (equals == NULL)
                return false;
        tag = gal_need(json_object());
        json_object_set_new(tag, "key", json_stringn(text, (size_t)(equals - text)));
        json_object_set_new(tag, "value", json_stringn(equals + 1, len - (size_t)(equals + 1 - text)));
        json_array_append_new(tags, tag);
        return true;
}

static json_t *read_tags(struct gal_ask *ask, const struct gal_words *words)
{
        json_auto_t *tags = gal_need(json_array());
        bool is_option = strncmp(words->name, "--", 2) == 0;
        int status;

        if (words->count == 1 &&
            (words->items[0][0] == '[' || (is_option && strchr("@-", words->items[0][0]) != NULL)))
                return read_json(words);
        for (size_t i = 0; i < words->count; i++) {
                const char *text = words->items[i];

                while (text != NULL) { /* an operand is one; of an option, a comma ends a tag */
                        size_t len = is_option ? strcspn(text, ",") : strlen(text);

                        if (!add_tag(tags, text, len)) {
                                gal_arguments_fault(ask->usage, &status, "'%.*s' is no tag; that is KEY=VALUE",
                                                    (int)len, text);
                                return NULL;
                        }
                        text = text[len] != '\0' ? text + len + 1 : NULL;
                }
        }
        return gal_take(tags);
}

static json_t *read_keys(const struct gal_words *words)
{
        json_t *keys = gal_need(json_array());

        for (size_t i = 0; i < words->count; i++)
                json_array_append_new(keys, text_value(words->items[i]));
        return keys;
}

/* Files. */

/* Faults are shown with their places. */
static bool check_definition(const char *file, const char *text, size_t len)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        bool is_valid = gal_program_compile(text, len, NULL, &diagnostics, &program) == GAL_OK;

        if (!is_valid)
                gal_cli_print_diagnostics(stderr, file, text, len, &diagnostics);
        gal_diagnostics_finish(&diagnostics);
        gal_program_unref(program);
        return is_valid;
}

static json_t *read_file(const struct gal_words *words)
{
        const char *file = words->items[0];
        gal_auto_free char *text = NULL;
        size_t len;

        if (!gal_cli_read_file(file, GAL_DEFINITION_SIZE_MAX, &text, &len) ||
            (words->word == GAL_WORD_CHECKED && !check_definition(file, text, len)))
                return NULL;
        return strlen(text) == len ? text_value(text) : json_null();
}

static json_t *read_json_text(const struct gal_words *words)
{
        struct gal_payload *payload = gal_cli_read_json(words->name + strspn(words->name, "-"), words->items[0]);
        json_t *value;

        if (payload == NULL)
                return NULL;
        value = text_value(gal_payload_raw(payload, NULL));
        gal_payload_unref(payload);
        return value;
}

static json_t *read_token(const char *word)
{
        bool is_file = word[0] == '@' || strcmp(word, "-") == 0;
        char *text;
        size_t len;

        if (!is_file)
                return text_value(word);
        if (!gal_cli_read_file(word[0] == '@' ? word + 1 : word, GAL_CONFIG_SIZE_MAX, &text, &len))
                return NULL;
        while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
                text[--len] = '\0';
        return take_text(text);
}

json_t *gal_words_read(struct gal_ask *ask, const struct gal_shape *shape, const struct gal_words *words)
{
        const char *word = words->items[0];

        switch (words->word) {
        case GAL_WORD_VALUE:
                return read_value(ask, shape, words);
        case GAL_WORD_OFF:
                return json_false();
        case GAL_WORD_MACHINE:
                return take_text(gal_client_arn(&ask->client, "stateMachine", word));
        case GAL_WORD_EXECUTION:
                return read_execution(ask, word);
        case GAL_WORD_ACTIVITY:
                return take_text(gal_client_arn(&ask->client, "activity", word));
        case GAL_WORD_MAP_RUN:
                return take_text(gal_client_arn(&ask->client, "mapRun", word));
        case GAL_WORD_RESOURCE:
                return read_resource(ask, word);
        case GAL_WORD_QUALIFIED:
                return find_qualifier(word) != NULL ? take_text(gal_client_arn(&ask->client, "stateMachine", word))
                                                    : refuse_unqualified(words);
        case GAL_WORD_ALIAS_NAME:
                return find_qualifier(word) != NULL ? text_value(find_qualifier(word)) : refuse_unqualified(words);
        case GAL_WORD_ROUTES:
                return read_routes(ask, words);
        case GAL_WORD_TAGS:
                return read_tags(ask, words);
        case GAL_WORD_KEYS:
                return read_keys(words);
        case GAL_WORD_CHECKED:
        case GAL_WORD_FILE:
                return read_file(words);
        case GAL_WORD_JSON_TEXT:
                return read_json_text(words);
        case GAL_WORD_TOKEN:
                return read_token(word);
        }
        gal_bug("word", words->word);
}
