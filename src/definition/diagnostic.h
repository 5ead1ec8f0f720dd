/*
 * diagnostic.h: what is wrong with a definition, all of it at once, in the words of ValidateStateMachineDefinition.
 */
#ifndef GAL_DEFINITION_DIAGNOSTIC_H
#define GAL_DEFINITION_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum gal_severity { GAL_SEVERITY_ERROR, GAL_SEVERITY_WARNING };

/* The codes of the service. */
#define GAL_DIAGNOSTIC_CODES(X) \
        X(INVALID_JSON_DESCRIPTION) \
        X(SCHEMA_VALIDATION_FAILED) \
        X(MISSING_TRANSITION_TARGET) \
        X(MISSING_END_STATE) \
        X(DUPLICATE_STATE_NAME) \
        X(INVALID_JSONATA_EXPRESSION) \
        X(UNSUPPORTED_JSONATA_EXPRESSION)

enum gal_diagnostic_code {
#define X(name) GAL_DIAGNOSTIC_##name,
        GAL_DIAGNOSTIC_CODES(X)
#undef X
};

struct gal_diagnostic {
        enum gal_severity severity;
        enum gal_diagnostic_code code;
        char *message;
        char *location; /* JSON pointer, "/" for the root, "[Source: ...]" for bad JSON; NULL: none */
        struct gal_position at;
};

struct gal_diagnostics {
        struct gal_diagnostic *items;
        size_t count;
        size_t errors;  /* of severity ERROR, those past the bound included */
        bool truncated; /* past GAL_DIAGNOSTICS_MAX */
};

const char *gal_diagnostic_code_name(enum gal_diagnostic_code code); /* (transfer none) "SCHEMA_VALIDATION_FAILED" */
void gal_diagnostics_finish(struct gal_diagnostics *diagnostics);     /* frees the items; zero to begin with */

#endif
