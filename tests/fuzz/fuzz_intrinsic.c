/*
 * fuzz_intrinsic.c: what parses as a call evaluates to the same outcome from the same randomness, a value that can
 * be written as JSON or a failure with an error and a cause.
 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/intrinsic/intrinsic.h"

static const char document_text[] =
        "{\"a\":{\"b\":[1,2.5,\"x\",null,true,{\"k\":\"v\"},{\"k\":\"v\"},1]},\"s\":\"text, with; "
        "separators\",\"t\":"
        "\"{} and \\\\{\\\\} {}\",\"n\":7,\"j\":\"{\\\"x\\\":[1]}\",\"e\":\"dGV4dA==\",\"u\":\"gr\u00f6\u00dfe\"}";

static json_t *document;

static json_t *find_value(void *user, const char *name)
{
        (void)user;
        return strcmp(name, "v") == 0 ? document : NULL;
}

static json_t *find_context(void *user)
{
        (void)user;
        return document;
}

static enum gal_status evaluate(const struct gal_intrinsic *call, json_t **ret_value, struct gal_failure *failure)
{
        struct gal_random random = { { 1, 2, 3, 4 } };
        struct gal_scope scope = {
                .input = document, .context = find_context, .variable = find_value, .random = &random
        };

        return gal_intrinsic_evaluate(call, &scope, ret_value, failure);
}

static void check_value(const json_t *value, const json_t *second)
{
        size_t len;
        gal_auto_free char *text = gal_need(gal_json_text(value, &len));
        json_t *back = NULL;
        enum gal_status status;

        gal_assert(gal_json_equal(value, second));
        status = gal_json_read(text, len, &back, NULL);
        gal_assert(status == GAL_OK || status == GAL_ELIMIT);
        gal_assert(status != GAL_OK || gal_json_equal(value, back));
        json_decref(back);
}

static void check_failure(const struct gal_failure *failure, const struct gal_failure *second)
{
        json_t *cause;

        gal_assert(strcmp(failure->error, "States.Runtime") == 0 ||
                   strcmp(failure->error, "States.IntrinsicFailure") == 0);
        gal_assert(failure->cause.len > 0);
        gal_assert(strcmp(failure->cause.data, second->cause.data) == 0);
        cause = json_string(failure->cause.data); /* refuses what is not UTF-8 */
        gal_assert(cause != NULL);
        json_decref(cause);
}

static void check_evaluation(const struct gal_intrinsic *call)
{
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_failure second_failure = GAL_FAILURE_INIT;
        json_t *value = NULL;
        json_t *second = NULL;
        enum gal_status status = evaluate(call, &value, &failure);

        gal_assert(evaluate(call, &second, &second_failure) == status);
        gal_assert((status == GAL_OK) == (failure.error == NULL));
        if (status == GAL_OK)
                check_value(value, second);
        else
                check_failure(&failure, &second_failure);
        json_decref(value);
        json_decref(second);
        gal_failure_finish(&failure);
        gal_failure_finish(&second_failure);
}

static void check_path(void *user, const struct gal_path *path)
{
        struct gal_path *again = NULL;
        const char *text = gal_path_text(path);

        (void)user;
        gal_assert(gal_path_parse(text, strlen(text), &again, NULL) == GAL_OK);
        gal_path_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct gal_error error = { GAL_OK };
        struct gal_intrinsic *call = NULL;
        enum gal_status status = gal_intrinsic_parse((const char *)data, size, &call, &error);

        if (document == NULL)
                gal_assert(gal_json_read(document_text, strlen(document_text), &document, NULL) == GAL_OK);
        gal_assert(status == error.code);
        if (status != GAL_OK) {
                gal_assert(error.at.offset <= size && error.message[0] != '\0');
                return 0;
        }
        gal_intrinsic_visit_paths(call, check_path, NULL);
        check_evaluation(call);
        gal_intrinsic_destroy(call);
        return 0;
}
