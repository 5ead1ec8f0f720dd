/*
 * compiler.h: what the files of this folder share while they turn a definition into a program.
 *
 *   compile.c   text -> JSON, the machine's own fields, the order of the passes
 *   collect.c   pass 1: all states and graphs are numbered, names sorted, so that transitions can be resolved
 *   graph.c     pass 2: each States object; targets, terminal and unreachable states
 *   state.c     one state; the files below for its parts
 *
 * Running out of memory is a flag that sticks (`status`): code goes on as if nothing had happened, makes nothing of
 * what is missing, and gal_program_compile() looks at the flag at the end.
 */
#ifndef GAL_DEFINITION_COMPILER_H
#define GAL_DEFINITION_COMPILER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "definition/diagnostic.h"
#include "definition/field.h"
#include "definition/place.h"
#include "definition/program.h"

/* What pass 1 and 2 know of a graph beside what the program keeps. */
struct gal_graph_note {
        json_t *source; /* borrowed: the object with States and StartAt */
        uint32_t first; /* its states stand together */
        uint32_t count;
        bool isolated; /* a distributed Map's: sees no outer variables */
        bool express;  /* runs as executions of the Express type */
        bool unclear;  /* transitions are broken: say nothing about what can be reached */
};

struct gal_state_note {
        bool known;    /* its Type is one of the eight */
        bool targeted; /* some transition or StartAt names it */
        bool visited;  /* the walk over the graph came by */
        bool too_deep; /* nested past GAL_STATE_DEPTH_MAX: its graphs were not looked at */
        bool mismatch; /* JSONPath in a JSONata machine */
};

/* A variable some Assign of a graph sets. The name is not terminated: of "x.$" it is "x". */
struct gal_assigned {
        uint32_t graph;
        const char *name; /* borrowed from the document */
        size_t len;
};

/* The Label of a Map. */
struct gal_label {
        const json_t *text; /* borrowed, a string */
        uint32_t state;
};

struct gal_compiler {
        struct gal_program_options options;
        struct gal_json_positions *positions;
        struct gal_diagnostics *diagnostics;
        struct gal_program *program;
        struct gal_graph_note *graph_notes; /* by graph */
        struct gal_state_note *state_notes; /* by state */
        uint32_t states_size;
        uint32_t graphs_size;
        bool too_many;                 /* states: the rest was left out */
        struct gal_assigned *assigned; /* sorted after pass 1 */
        size_t assigned_count;
        size_t assigned_size;
        struct gal_label *labels; /* sorted after pass 1 */
        size_t label_count;
        size_t label_size;
        enum gal_status status; /* GAL_OK or GAL_ENOMEM */
};

/* The state that is being compiled, with its place. */
struct gal_context {
        struct gal_compiler *compiler;
        struct gal_state *state;
        struct gal_state_note *note;
        const struct gal_place *place;
};

/* Reporting (report.c) */

enum gal_spot { GAL_SPOT_VALUE, GAL_SPOT_KEY };

/*
 * Records a diagnostic. `location` is what the service would name (NULL: nothing), `spot` what to underline.
 */
void gal_report(struct gal_compiler *compiler, enum gal_severity severity, enum gal_diagnostic_code code,
                const struct gal_place *location, const struct gal_place *spot, enum gal_spot part,
                const char *format, ...) GAL_PRINTF(7, 8);
/* The same with a location and a position that are known already. Takes `location`. */
void gal_report_at(struct gal_compiler *compiler, enum gal_severity severity, enum gal_diagnostic_code code,
                   char *location, struct gal_position at, const char *format, ...) GAL_PRINTF(6, 7);
/*
 * For a fault inside a payload template: `pointer` leads from `value`, which stands at `place`, to the fault; the
 * location is the object that holds it, as the service has it.
 */
void gal_report_below(const struct gal_context *context, enum gal_severity severity, enum gal_diagnostic_code code,
                      const struct gal_place *place, const json_t *value, const char *pointer, const char *message);
/* The most common: SCHEMA_VALIDATION_FAILED at a value. */
#define gal_fault(compiler, place, ...)                                                                            \
        gal_report((compiler), GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, (place), (place),      \
                   GAL_SPOT_VALUE, __VA_ARGS__)
#define gal_warn(compiler, code, location, spot, ...)                                                              \
        gal_report((compiler), GAL_SEVERITY_WARNING, (code), (location), (spot), GAL_SPOT_VALUE, __VA_ARGS__)
void gal_out_of_memory(struct gal_compiler *compiler);
/* A transition of the state's graph is broken: what can be reached is not known. */
static inline void gal_mark_unclear(const struct gal_context *context)
{
        context->compiler->graph_notes[context->state->graph].unclear = true;
}

/* Zeroed memory, or NULL and the flag set. */
void *gal_compiler_alloc(struct gal_compiler *compiler, size_t count, size_t size);
char *gal_compiler_copy(struct gal_compiler *compiler, const char *text, size_t len);

/* Passes */

void gal_collect_states(struct gal_compiler *compiler); /* collect.c */
void gal_compile_graph(struct gal_compiler *compiler, uint32_t graph, enum gal_holder holder,
                       const struct gal_place *place); /* graph.c */
/* The state a field names, of the same graph; GAL_STATE_NONE when there is none, which is reported. (graph.c) */
uint32_t gal_find_target(struct gal_compiler *compiler, uint32_t graph, const struct gal_place *place,
                         const json_t *name);
/* Whether an earlier state has the same name. (graph.c) */
bool gal_is_duplicate(const struct gal_compiler *compiler, uint32_t state);
void gal_compile_state(struct gal_compiler *compiler, uint32_t state, const struct gal_place *place); /* state.c */

/* Whether an earlier Map has the same label. (collect.c) */
bool gal_is_duplicate_label(const struct gal_compiler *compiler, uint32_t state, const json_t *text);

/* Parts of a state */

void gal_compile_retry(const struct gal_context *context); /* retry.c */
void gal_compile_catch(const struct gal_context *context);
void gal_compile_task(const struct gal_context *context);   /* task.c */
void gal_compile_choice(const struct gal_context *context); /* choice.c */
void gal_compile_wait(const struct gal_context *context);   /* simple.c */
void gal_compile_fail(const struct gal_context *context);
void gal_compile_pass(const struct gal_context *context);
void gal_compile_parallel(const struct gal_context *context); /* nested.c */
void gal_compile_map(const struct gal_context *context);

/* Values of fields (value.c); a field that is absent leaves its default */

void gal_compile_path_field(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                            const char *name, struct gal_path_field *ret_field);
struct gal_path *gal_compile_reference(const struct gal_context *context, const struct gal_place *holder,
                                       const json_t *object, const char *name, bool context_object);
void gal_compile_result_path(const struct gal_context *context, const struct gal_place *holder,
                             const json_t *object, struct gal_path_field *ret_field);
void gal_compile_number(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                        const char *name, const char *path_name, struct gal_number_field *ret_field);
struct gal_template *gal_compile_template(const struct gal_context *context, const struct gal_place *holder,
                                          const json_t *object, const char *name);
/* Checks the names, and the value as a template or for JSONata. */
struct gal_template *gal_compile_assign(const struct gal_context *context, const struct gal_place *holder,
                                        const json_t *object);
/* A path or an intrinsic call. */
struct gal_expression *gal_compile_expression(const struct gal_context *context, const struct gal_place *holder,
                                              const json_t *object, const char *name);

/* Variables (variable.c) */

void gal_collect_assigned(struct gal_compiler *compiler, uint32_t graph, const json_t *object);
void gal_sort_assigned(struct gal_compiler *compiler);
void gal_check_assigned(const struct gal_context *context, const struct gal_place *assign, const json_t *object);
/* Warns of a path that reads a variable nobody sets; a NULL path reads none. */
void gal_check_read(const struct gal_context *context, const struct gal_place *location,
                    const struct gal_place *spot, const struct gal_path *path);

/* JSONata (jsonata.c) */

/* Whether the string is delimited as an expression: "{% ... %}". */
bool gal_is_jsonata(const json_t *value);
/* Checks every string below a value that may hold expressions; a NULL value is none. */
void gal_check_jsonata(const struct gal_context *context, const struct gal_place *place, const json_t *value);
/* Checks a field of an object. */
void gal_check_jsonata_field(const struct gal_context *context, const struct gal_place *holder,
                             const json_t *object, const char *name);

/* Bad JSON, in the words of the service's reader (json_fault.c) */

void gal_report_bad_json(struct gal_compiler *compiler, const char *text, size_t len,
                         const struct gal_error *error);
void gal_report_duplicates(struct gal_compiler *compiler, const char *text, size_t len);

#endif
