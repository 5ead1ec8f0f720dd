/*
 * diagnostic.h: what is wrong with a definition, all of it at once, in the words of ValidateStateMachineDefinition.
 */
#ifndef GAL_DEFINITION_DIAGNOSTIC_H
#define GAL_DEFINITION_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum gal_severity { GAL_SEVERITY_ERROR, GAL_SEVERITY_WARNING };

/* The codes of the service (API reference, ValidateStateMachineDefinitionDiagnostic); the last three are warnings.
 */
#define GAL_DIAGNOSTIC_CODES(X)                                                                                    \
        X(INVALID_JSON_DESCRIPTION)                                                                                \
        X(MISSING_DESCRIPTION)                                                                                     \
        X(SCHEMA_VALIDATION_FAILED)                                                                                \
        X(MISSING_TRANSITION_TARGET)                                                                               \
        X(MISSING_END_STATE)                                                                                       \
        X(DUPLICATE_STATE_NAME)                                                                                    \
        X(INVALID_STATE_NAME)                                                                                      \
        X(DUPLICATE_LABEL_NAME)                                                                                    \
        X(INVALID_LABEL_NAME)                                                                                      \
        X(TOO_DEEPLY_NESTED)                                                                                       \
        X(INVALID_JSONATA_EXPRESSION)                                                                              \
        X(UNSUPPORTED_JSONATA_EXPRESSION)                                                                          \
        X(NO_DOLLAR)                                                                                               \
        X(NO_PATH)                                                                                                 \
        X(PASS_RESULT_IS_STATIC)

enum gal_diagnostic_code {
#define X(name) GAL_DIAGNOSTIC_##name,
        GAL_DIAGNOSTIC_CODES(X)
#undef X
};

struct gal_diagnostic {
        enum gal_severity severity;
        enum gal_diagnostic_code code;
        char *message;
        char *location; /* the service's: "/States/A/Catch[0]/Next", "/" for the root, "[Source: ...]"; NULL: none
                         */
        struct gal_position at;
};

struct gal_diagnostics {
        struct gal_diagnostic *items;
        size_t count;
        size_t errors;   /* of severity ERROR, those past the bound included */
        size_t warnings; /* likewise */
        bool truncated;  /* some were dropped: each severity has room for GAL_DIAGNOSTICS_MAX, so warnings hide no
                            error */
};

const char *
gal_diagnostic_code_name(enum gal_diagnostic_code code); /* (transfer none) "SCHEMA_VALIDATION_FAILED" */
/*
 * Takes `message` and `location` (malloc'd; also on failure). GAL_ENOMEM when there is no room, or `message` is
 * NULL. Past the bound the diagnostic is counted and dropped.
 */
GAL_MUST_USE enum gal_status gal_diagnostics_add_new(struct gal_diagnostics *diagnostics,
                                                     enum gal_severity severity, enum gal_diagnostic_code code,
                                                     char *message, char *location, struct gal_position at);
/* Whether one more of this severity would be kept. */
bool gal_diagnostics_has_room(const struct gal_diagnostics *diagnostics, enum gal_severity severity);
void gal_diagnostics_finish(struct gal_diagnostics *diagnostics); /* frees the items; zero to begin with */

#endif
