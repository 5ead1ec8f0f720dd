/*
 * retry.c: retriers and catchers. `States.ALL` stands alone in its list, and in the last of them.
 */
#include <string.h>

#include "definition/compiler.h"

/* The names the language reserves; others that begin with "States." match nothing. */
static const char *const reserved_errors[] = {
        "States.ALL",
        "States.BranchFailed",
        "States.DataLimitExceeded",
        "States.ExceedToleratedFailureThreshold",
        "States.HeartbeatTimeout",
        "States.IntrinsicFailure",
        "States.ItemReaderFailed",
        "States.NoChoiceMatched",
        "States.ParameterPathFailure",
        "States.Permissions",
        "States.QueryEvaluationError",
        "States.ResultPathMatchFailure",
        "States.ResultWriterFailed",
        "States.Runtime",
        "States.TaskFailed",
        "States.Timeout",
};

static bool is_reserved(const char *name)
{
        for (size_t i = 0; i < sizeof(reserved_errors) / sizeof(reserved_errors[0]); i++)
                if (strcmp(reserved_errors[i], name) == 0)
                        return true;
        return strncmp(name, "States.Http.", 12) == 0;
}

static void check_error(const struct gal_context *context, const struct gal_place *place, const char *name,
                        bool alone_and_last)
{
        if (strcmp(name, "States.ALL") == 0 && !alone_and_last)
                gal_fault(context->compiler, place, "States.ALL must appear alone and at end of list");
        else if (strncmp(name, "States.", 7) == 0 && !is_reserved(name))
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                         "There is no error '%s': names that begin with 'States.' are reserved", name);
}

static void compile_errors(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                           bool last, char ***ret_errors, size_t *ret_count)
{
        struct gal_place place = gal_place_member(holder, "ErrorEquals");
        const json_t *list = json_object_get(object, "ErrorEquals");
        size_t count = json_is_array(list) ? json_array_size(list) : 0;
        char **errors;

        if (count == 0)
                return;
        errors = gal_compiler_alloc(context->compiler, count, sizeof(*errors));
        *ret_errors = errors;
        *ret_count = errors != NULL ? count : 0;
        for (size_t i = 0; i < *ret_count; i++) {
                struct gal_place spot = gal_place_element(&place, i);
                const json_t *name = json_array_get(list, i);

                if (!gal_check_type(context->compiler, GAL_FIELD_STRING, &spot, name))
                        continue;
                check_error(context, &spot, json_string_value(name), count == 1 && last);
                errors[i] = gal_compiler_copy(context->compiler, json_string_value(name), json_string_length(name));
        }
}

static int64_t find_integer(const json_t *object, const char *name, int64_t otherwise)
{
        const json_t *value = json_object_get(object, name);

        return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void compile_retrier(const struct gal_context *context, const struct gal_place *place, const json_t *object,
                            bool last, struct gal_retrier *retrier)
{
        const json_t *rate = json_object_get(object, "BackoffRate");
        const json_t *jitter = json_object_get(object, "JitterStrategy");

        gal_check_fields(context->compiler, GAL_HOLDER_RETRIER, context->state->language, context->place, place,
                         object);
        compile_errors(context, place, object, last, &retrier->errors, &retrier->error_count);
        retrier->interval_seconds = find_integer(object, "IntervalSeconds", 1);
        retrier->attempts_max = find_integer(object, "MaxAttempts", 3);
        retrier->delay_seconds_max = find_integer(object, "MaxDelaySeconds", 0);
        retrier->backoff_rate = json_is_number(rate) ? json_number_value(rate) : 2.0;
        retrier->jitter_full = json_is_string(jitter) && strcmp(json_string_value(jitter), "FULL") == 0;
        if (retrier->delay_seconds_max > 0 && retrier->delay_seconds_max <= retrier->interval_seconds) {
                struct gal_place spot = gal_place_member(place, "MaxDelaySeconds");

                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &spot, &spot,
                         "MaxDelaySeconds should be greater than IntervalSeconds");
        }
}

void gal_compile_retry(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Retry");
        const json_t *list = json_object_get(context->state->source, "Retry");
        size_t count = json_is_array(list) ? json_array_size(list) : 0;
        struct gal_retrier *retriers;

        if (count == 0)
                return;
        retriers = gal_compiler_alloc(context->compiler, count, sizeof(*retriers));
        context->state->retriers = retriers;
        context->state->retrier_count = retriers != NULL ? count : 0;
        for (size_t i = 0; i < context->state->retrier_count; i++) {
                struct gal_place spot = gal_place_element(&place, i);

                if (gal_check_type(context->compiler, GAL_FIELD_OBJECT, &spot, json_array_get(list, i)))
                        compile_retrier(context, &spot, json_array_get(list, i), i + 1 == count, &retriers[i]);
        }
}

static void compile_catcher(const struct gal_context *context, const struct gal_place *place, json_t *object,
                            bool last, struct gal_catcher *catcher)
{
        struct gal_place next = gal_place_member(place, "Next");

        catcher->source = object;
        gal_check_fields(context->compiler, GAL_HOLDER_CATCHER, context->state->language, context->place, place,
                         object);
        compile_errors(context, place, object, last, &catcher->errors, &catcher->error_count);
        catcher->next =
                gal_find_target(context->compiler, context->state->graph, &next, json_object_get(object, "Next"));
        gal_compile_result_path(context, place, object, &catcher->result_path);
        catcher->assign = gal_compile_assign(context, place, object);
        gal_check_jsonata_field(context, place, object, "Output");
}

void gal_compile_catch(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Catch");
        const json_t *list = json_object_get(context->state->source, "Catch");
        size_t count = json_is_array(list) ? json_array_size(list) : 0;
        struct gal_catcher *catchers;

        if (list != NULL && !json_is_array(list))
                gal_mark_unclear(context);
        if (count == 0)
                return;
        catchers = gal_compiler_alloc(context->compiler, count, sizeof(*catchers));
        context->state->catchers = catchers;
        context->state->catcher_count = catchers != NULL ? count : 0;
        for (size_t i = 0; i < context->state->catcher_count; i++) {
                struct gal_place spot = gal_place_element(&place, i);

                if (gal_check_type(context->compiler, GAL_FIELD_OBJECT, &spot, json_array_get(list, i)))
                        compile_catcher(context, &spot, json_array_get(list, i), i + 1 == count, &catchers[i]);
                else
                        gal_mark_unclear(context);
        }
}
