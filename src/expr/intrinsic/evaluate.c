/*
 * evaluate.c: running a call: its arguments from left to right, then the function.
 *
 * Two kinds of failure, as the service tells them apart: a path among the arguments that finds nothing is
 * States.Runtime and ends the execution, anything wrong with the values is States.IntrinsicFailure and can be
 * caught. Both echo the expression as it was written, nested calls and blanks included.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "expr/intrinsic/call.h"

enum { ARGUMENTS_ON_STACK = 8 };

static json_t *run_call(struct call_run *run, const struct call *call);

json_t *gal_intrinsic_fail(struct call_run *run, const char *format, ...)
{
        va_list args;
        char *text;

        va_start(args, format);
        text = gal_format_args(format, args);
        va_end(args);
        gal_failure_set(run->failure, "States.IntrinsicFailure", "The function '%s' had the following error: %s",
                        run->text, text);
        free(text);
        return NULL;
}

bool gal_intrinsic_spend(struct call_run *run, size_t bytes)
{
        struct gal_budget *budget = run->scope->budget;

        if (bytes <= budget->bytes_left) {
                budget->bytes_left -= bytes;
                return true;
        }
        budget->bytes_left = 0;
        gal_intrinsic_fail(run, "It makes too much data.");
        return false;
}

json_t *gal_intrinsic_text(struct call_run *run, struct gal_buffer *buffer)
{
        json_t *value = NULL;

        if (buffer->status == GAL_ENOMEM)
                gal_need(NULL);
        if (buffer->status != GAL_OK)
                gal_intrinsic_fail(run, "It makes too much data.");
        else if (gal_intrinsic_spend(run, buffer->len))
                value = gal_need(json_stringn_nocheck(buffer->len > 0 ? buffer->data : "", buffer->len));
        gal_buffer_finish(buffer);
        return value;
}

bool gal_intrinsic_integer(struct call_run *run, const json_t *number, int64_t *ret_value)
{
        double value, whole;

        if (json_is_integer(number)) {
                *ret_value = json_integer_value(number);
                return true;
        }
        value = json_real_value(number);
        whole = floor(value);
        /* floor(value + 0.5) would be wrong for the largest double below 0.5 */
        if (value - whole >= 0.5)
                whole += 1;
        if (!(whole >= -0x1p63 && whole < 0x1p63)) {
                gal_intrinsic_fail(run, "A number is out of range.");
                return false;
        }
        *ret_value = (int64_t)whole;
        return true;
}

/* The service names a context path without its first '$' here, and shows the state's input all the same. */
static json_t *fail_missing(struct call_run *run, const struct gal_path *path, enum gal_status status)
{
        const char *name = gal_path_text(path) + (gal_path_root(path) == GAL_PATH_CONTEXT);
        char *input;

        if (status == GAL_ELIMIT) {
                gal_failure_set(
                        run->failure, "States.Runtime",
                        "The function '%s' had the following error: The JsonPath argument for the field '%s' "
                        "takes too many steps to evaluate",
                        run->text, name);
                return NULL;
        }
        input = run->scope->input == NULL ? gal_strdup("") : gal_failure_value_text(run->scope->input);
        gal_failure_set(run->failure, "States.Runtime",
                        "The function '%s' had the following error: The JsonPath argument for the field '%s' could "
                        "not be found in the input '%s'",
                        run->text, name, input);
        free(input);
        return NULL;
}

static json_t *argument_value(struct call_run *run, const struct call_argument *argument)
{
        enum gal_status status;
        json_t *value = NULL;

        switch (argument->kind) {
        case CALL_LITERAL:
                return json_incref(argument->literal);
        case CALL_PATH:
                status = gal_path_evaluate(argument->path, run->scope, &value);
                return status == GAL_OK ? value : fail_missing(run, argument->path, status);
        case CALL_NESTED:
                return run_call(run, argument->call);
        }
        return NULL;
}

static json_t *fail_count(struct call_run *run)
{
        const struct call_function *function = run->call->function;

        if (function->count_min == function->count_max)
                return gal_intrinsic_fail(run, "Expected %zu arguments but received %zu.", function->count_min,
                                          run->call->count);
        if (run->call->count < function->count_min)
                return gal_intrinsic_fail(run, "Expected at least %zu arguments but received %zu.",
                                          function->count_min, run->call->count);
        return gal_intrinsic_fail(run, "Expected at most %zu arguments but received %zu.", function->count_max,
                                  run->call->count);
}

static bool kind_fits(char kind, const json_t *value)
{
        switch (kind) {
        case 's':
                return json_is_string(value);
        case 'n':
                return json_is_number(value);
        case 'a':
                return json_is_array(value);
        case 'o':
                return json_is_object(value);
        case 'b':
                return json_is_boolean(value);
        default:
                return true;
        }
}

static const char *kind_name(char kind)
{
        switch (kind) {
        case 's':
                return "a string";
        case 'n':
                return "a number";
        case 'a':
                return "an array";
        case 'o':
                return "an object";
        case 'b':
                return "a boolean";
        default:
                return "a value";
        }
}

static json_t *apply(struct call_run *run, const struct call *call, json_t **arguments)
{
        char kind;

        for (size_t i = 0; i < call->count; i++) {
                kind = gal_intrinsic_kind(call->function, i);
                if (!kind_fits(kind, arguments[i]))
                        return gal_intrinsic_fail(run, "Argument %zu must be %s.", i + 1, kind_name(kind));
        }
        return call->function->run(run, arguments, call->count);
}

static json_t *run_call(struct call_run *run, const struct call *call)
{
        json_t *few[ARGUMENTS_ON_STACK];
        json_t **arguments = call->count <= ARGUMENTS_ON_STACK ? few : gal_new_array(call->count, json_t *);
        const struct call *outer = run->call;
        json_t *value = NULL;
        size_t count = 0;

        run->call = call;
        if (call->count < call->function->count_min || call->count > call->function->count_max)
                fail_count(run);
        else
                while (count < call->count &&
                       (arguments[count] = argument_value(run, &call->arguments[count])) != NULL)
                        count++;
        if (count == call->count && run->failure->error == NULL)
                value = apply(run, call, arguments);
        while (count > 0)
                json_decref(arguments[--count]);
        if (arguments != few)
                free(arguments);
        run->call = outer;
        return value;
}

enum gal_status gal_intrinsic_evaluate(const struct gal_intrinsic *call, const struct gal_scope *scope,
                                       json_t **ret_value, struct gal_failure *failure)
{
        struct gal_budget budget = GAL_BUDGET_INIT;
        struct gal_scope budgeted = *scope;
        struct call_run run = { &budgeted, failure, call->call, call->call->text };
        json_t *value;

        if (budgeted.budget == NULL)
                budgeted.budget = &budget;
        value = run_call(&run, call->call);
        if (value == NULL)
                return GAL_EFAILED;
        *ret_value = value;
        return GAL_OK;
}
