/*
 * fuzz_jsonpath.c: what parses as a path says the same again when its text is parsed once more, evaluates within
 * bounds to the same outcome every time, and what is written at a reference path is found there.
 */
#include "fuzz.h"

#include <string.h>

#include "base/assert.h"
#include "base/json.h"
#include "expr/jsonpath/jsonpath.h"

static const char document_text[] =
        "{\"a\":{\"b\":{\"c\":[10,20.5,-3]},\"n\":null,\"t\":true},\"l\":[{\"k\":1,\"s\":\"x\"},{\"k\":2,\"g\":[]},"
        "[[1,2],[3]],\"text\",null],\"s\":\"hello world\",\"big\":9007199254740993,\"\":{\"a\":1},\"d\":{\"a\":"
        "{\"a\":{\"a\":[{\"a\":0}]}}},\"aaaa\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";

static json_t *document;

static json_t *find_context(void *user)
{
        (void)user;
        return json_object_get(document, "a");
}

static json_t *find_variable(void *user, const char *name)
{
        (void)user;
        return strcmp(name, "v") == 0 ? json_object_get(document, "l") : NULL;
}

static enum gal_status evaluate(const struct gal_path *path, json_t *input, json_t **ret_value)
{
        struct gal_scope scope = { .input = input, .context = find_context, .variable = find_variable };
        struct gal_buffer why = GAL_BUFFER_INIT;
        enum gal_status status = gal_path_evaluate(path, &scope, ret_value);

        gal_assert(status == GAL_OK || status == GAL_ENOTFOUND || status == GAL_ELIMIT);
        if (status != GAL_OK) {
                gal_path_explain(path, &scope, status, &why);
                gal_assert(why.len > 0);
                gal_buffer_finish(&why);
        }
        return status;
}

static void check_evaluation(const struct gal_path *path, const struct gal_path *again)
{
        json_t *value = NULL;
        json_t *second = NULL;
        enum gal_status status = evaluate(path, document, &value);

        gal_assert(evaluate(again, document, &second) == status);
        if (status == GAL_OK) {
                gal_assert(gal_json_equal(value, second));
                gal_assert(gal_path_is_definite(path) || json_is_array(value));
        } else if (status == GAL_ENOTFOUND) {
                gal_assert(gal_path_is_definite(path) || gal_path_root(path) == GAL_PATH_VARIABLE);
        }
        json_decref(value);
        json_decref(second);
}

static void check_writing(const struct gal_path *path)
{
        json_t *mark = json_pack("{s:i}", "mark", 1);
        json_t *written = NULL;
        json_t *found = NULL;

        if (gal_path_root(path) == GAL_PATH_INPUT && gal_path_set(path, document, mark, &written, NULL) == GAL_OK) {
                gal_assert(evaluate(path, written, &found) == GAL_OK);
                gal_assert(found == mark);
        }
        json_decref(found);
        json_decref(written);
        json_decref(mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        struct gal_error error = { GAL_OK };
        struct gal_path *path = NULL;
        struct gal_path *again = NULL;
        enum gal_status status = gal_path_parse(text, size, &path, &error);

        if (document == NULL)
                gal_assert(gal_json_read(document_text, strlen(document_text), &document, NULL) == GAL_OK);
        gal_assert(status == error.code);
        if (status != GAL_OK) {
                gal_assert(error.at.offset <= size && error.message[0] != '\0');
                return 0;
        }
        gal_assert(strlen(gal_path_text(path)) == size && memcmp(gal_path_text(path), text, size) == 0);
        gal_assert(gal_path_parse(gal_path_text(path), size, &again, NULL) == GAL_OK);
        gal_assert(gal_path_is_definite(path) == gal_path_is_definite(again));
        gal_assert(!gal_path_is_reference(path) || gal_path_is_definite(path));
        check_evaluation(path, again);
        if (gal_path_is_reference(path))
                check_writing(path);
        gal_path_destroy(path);
        gal_path_destroy(again);
        return 0;
}
