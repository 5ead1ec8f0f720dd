/*
 * definition.c: ValidateStateMachineDefinition.
 */
#include "api/internal.h"

#include <string.h>

#include "definition/program.h"

static void reply_diagnostic(struct gal_reply *reply, const struct gal_diagnostic *diagnostic)
{
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "severity", diagnostic->severity == GAL_SEVERITY_ERROR ? "ERROR" : "WARNING");
        gal_reply_text(reply, "code", gal_diagnostic_code_name(diagnostic->code));
        gal_reply_text(reply, "message", diagnostic->message);
        gal_reply_text(reply, "location", diagnostic->location);
        gal_reply_close(reply, '}');
}

static void reply_diagnostics(struct gal_action_call *call, const struct gal_diagnostics *diagnostics)
{
        const char *severity = gal_action_text(call, "severity");
        bool with_warnings = severity != NULL && strcmp(severity, "WARNING") == 0;
        size_t total = diagnostics->errors + (with_warnings ? diagnostics->warnings : 0);
        size_t limit = gal_action_limit(call), count = 0;
        struct gal_reply *reply = &call->reply;

        gal_reply_text(reply, "result", diagnostics->errors > 0 ? "FAIL" : "OK");
        gal_reply_open(reply, "diagnostics", '[');
        for (size_t i = 0; i < diagnostics->count && count < limit; i++) {
                if (diagnostics->items[i].severity != GAL_SEVERITY_ERROR && !with_warnings)
                        continue;
                reply_diagnostic(reply, &diagnostics->items[i]);
                count++;
        }
        gal_reply_close(reply, ']');
        gal_reply_bool(reply, "truncated", count < total);
        gal_reply_send(reply);
}

void gal_api_validate_state_machine_definition(struct gal_action_call *call)
{
        const json_t *definition = json_object_get(call->request, "definition");
        const char *type = gal_action_text(call, "type");
        struct gal_program_options options = { .express = type != NULL && strcmp(type, "EXPRESS") == 0 };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status = gal_program_compile(json_string_value(definition), json_string_length(definition),
                                                     &options, &diagnostics, &program);

        if (status == GAL_OK)
                gal_program_unref(program);
        if (status == GAL_OK || diagnostics.errors > 0)
                reply_diagnostics(call, &diagnostics);
        else
                gal_reply_fail(&call->reply, 400, "ValidationException", "The definition cannot be checked: %s",
                               gal_status_name(status));
        gal_diagnostics_finish(&diagnostics);
}
