/*
 * definition.c: ValidateStateMachineDefinition.
 */
#include "api/internal.h"

#include <string.h>

#include "definition/program.h"

/* Of diagnostics; 0 and absent mean all of them. */
#define RESULTS_MAX 100

struct wish {
        bool warnings; /* too */
        size_t limit;
};

static struct wish read_wish(const struct gal_action_call *call)
{
        const char *severity = gal_action_text(call, "severity");
        json_int_t limit = json_integer_value(json_object_get(call->request, "maxResults"));

        return (struct wish){ .warnings = severity != NULL && strcmp(severity, "WARNING") == 0,
                              .limit = limit > 0 ? (size_t)limit : RESULTS_MAX };
}

static void reply_diagnostic(struct gal_reply *reply, const struct gal_diagnostic *diagnostic)
{
        gal_reply_open(reply, NULL, '{');
        gal_reply_text(reply, "severity", diagnostic->severity == GAL_SEVERITY_ERROR ? "ERROR" : "WARNING");
        gal_reply_text(reply, "code", gal_diagnostic_code_name(diagnostic->code));
        gal_reply_text(reply, "message", diagnostic->message);
        gal_reply_text(reply, "location", diagnostic->location);
        gal_reply_close(reply, '}');
}

static void reply_diagnostics(struct gal_reply *reply, const struct gal_diagnostics *diagnostics,
                              const struct wish *wish)
{
        bool truncated = diagnostics->truncated;
        size_t count = 0;

        gal_reply_text(reply, "result", diagnostics->errors > 0 ? "FAIL" : "OK");
        gal_reply_open(reply, "diagnostics", '[');
        for (size_t i = 0; i < diagnostics->count; i++) {
                if (diagnostics->items[i].severity == GAL_SEVERITY_WARNING && !wish->warnings)
                        continue;
                if (count++ == wish->limit) {
                        truncated = true;
                        break;
                }
                reply_diagnostic(reply, &diagnostics->items[i]);
        }
        gal_reply_close(reply, ']');
        gal_reply_raw(reply, "truncated", truncated ? "true" : "false");
        gal_reply_send(reply);
}

/* A definition with faults is an answer, no error. */
void gal_api_validate_state_machine_definition(struct gal_action_call *call)
{
        const char *type = gal_action_text(call, "type");
        const char *definition = gal_action_text(call, "definition");
        struct gal_program_options options = { .express = type != NULL && strcmp(type, "EXPRESS") == 0 };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        struct wish wish = read_wish(call);

        if (gal_program_compile(definition, strlen(definition), &options, &diagnostics, &program) == GAL_ENOMEM)
                gal_reply_fail(&call->reply, 500, "InternalServerError", "out of memory");
        else
                reply_diagnostics(&call->reply, &diagnostics, &wish);
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
}
