/*
 * fuzz_jsonata.c: what compiles prints as text that compiles to the same tree, and evaluates within its bounds to
 * the same outcome from the same world: a value that can be written as JSON, nothing, or an error with a text and a
 * place in the expression. In both dialects.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/utf8.h"
#include "expr/jsonata/jsonata.h"

static const char document_text[] =
        "{\"a\":{\"b\":[1,2.5,\"x\",null,true,{\"k\":\"v\"},{\"k\":\"w\"},[1,[2]]]},\"s\":\"text, with; 12 "
        "\u00fc\",\"n\":7,"
        "\"o\":[{\"id\":1,\"p\":3.5,\"q\":[{\"r\":1},{\"r\":2}]},{\"id\":2,\"p\":1,\"q\":{\"r\":3}}],\"j\":\"{"
        "\\\"x\\\":[1]}\","
        "\"e\":[],\"d\":\"2018-03-27T10:00:00Z\",\"big\":9007199254740993,\"emoji\":\"\\ud83d\\ude00!\"}";

static json_t *document;
static json_t *bindings;

struct outcome {
        enum gal_status status;
        json_t *value;
        bool is_function;
        struct gal_jsonata_error error;
};

static struct outcome evaluate(const struct gal_jsonata *expression)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        struct gal_jsonata_environment environment = { 1521801216617, &random };
        struct gal_jsonata_limits limits = { .steps = 20000,
                                             .memory = 4 * 1024 * 1024,
                                             .output_size = 1024 * 1024 };
        struct outcome outcome = { .error = GAL_JSONATA_ERROR_INIT };

        outcome.status = gal_jsonata_evaluate(expression, document, bindings, &environment, &limits, &outcome.value,
                                              &outcome.is_function, &outcome.error);
        return outcome;
}

static void outcome_finish(struct outcome *outcome)
{
        json_decref(outcome->value);
        gal_jsonata_error_finish(&outcome->error);
}

static bool is_utf8(const char *text, size_t len)
{
        size_t size;

        for (size_t at = 0; at < len; at += size) {
                size = gal_utf8_sequence(text + at, len - at);
                if (size == 0)
                        return false;
        }
        return true;
}

static void check_error(const struct gal_jsonata_error *error, size_t size)
{
        gal_assert(error->message.len > 0);
        gal_assert(strlen(error->code) <= 5);
        gal_assert(error->position <= size);
        gal_assert(error->at.offset <= size);
        gal_assert(is_utf8(error->message.data, error->message.len));
}

static void check_evaluation(const struct gal_jsonata *expression, size_t size)
{
        struct outcome first = evaluate(expression);
        struct outcome second = evaluate(expression);
        char *text;

        gal_assert(first.status == second.status);
        gal_assert(first.status == GAL_OK || first.status == GAL_EFAILED);
        gal_assert((first.value == NULL) == (second.value == NULL));
        if (first.status == GAL_EFAILED) {
                check_error(&first.error, size);
                gal_assert(strcmp(first.error.message.data, second.error.message.data) == 0);
        } else if (first.value != NULL) {
                text = gal_need(gal_json_text(first.value, NULL));
                free(text);
                gal_assert(gal_json_equal(first.value, second.value));
        }
        outcome_finish(&first);
        outcome_finish(&second);
}

static void check_print(const struct gal_jsonata *expression, enum gal_jsonata_dialect dialect)
{
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_jsonata *again = NULL;

        gal_jsonata_print(expression, &text);
        gal_assert(gal_jsonata_compile(text.data, text.len, dialect, &again, &error) == GAL_OK);
        gal_assert(gal_jsonata_equal(expression, again));
        gal_jsonata_destroy(again);
        gal_jsonata_error_finish(&error);
        gal_buffer_finish(&text);
}

static void check_reference(void *user, const struct gal_jsonata_reference *reference)
{
        gal_assert(reference->name != NULL);
        gal_assert(reference->at.offset <= *(size_t *)user);
}

static void check_dialect(const char *data, size_t size, enum gal_jsonata_dialect dialect)
{
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct gal_jsonata *expression = NULL;
        enum gal_status status = gal_jsonata_compile(data, size, dialect, &expression, &error);

        if (status != GAL_OK) {
                gal_assert(status == GAL_ESYNTAX || status == GAL_ELIMIT);
                check_error(&error, size);
                gal_jsonata_error_finish(&error);
                return;
        }
        check_print(expression, dialect);
        gal_jsonata_visit_references(expression, check_reference, &size);
        check_evaluation(expression, size);
        gal_jsonata_destroy(expression);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (document == NULL) {
                gal_assert(gal_json_read(document_text, strlen(document_text), &document, NULL) == GAL_OK);
                bindings = json_pack("{s:O, s:i}", "v", document, "w", 5);
        }
        check_dialect((const char *)data, size, GAL_JSONATA_REFERENCE);
        check_dialect((const char *)data, size, GAL_JSONATA_STATES);
        return 0;
}
