/*
 * compile.c: text to program: read, number the states (pass 1), check and compile them (pass 2).
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "definition/compiler.h"

/* How the service names the state it is given alone. */
#define SINGLE_STATE "StateName"

static bool check_length(struct gal_compiler *compiler, const char *text, size_t len)
{
        if (len <= GAL_DEFINITION_CHARACTERS_MAX)
                return true;
        if (len <= GAL_DEFINITION_SIZE_MAX && gal_utf8_length(text, len) <= GAL_DEFINITION_CHARACTERS_MAX)
                return true;
        gal_report_at(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, NULL, GAL_NOWHERE,
                      "The definition is longer than %d characters", GAL_DEFINITION_CHARACTERS_MAX);
        return false;
}

/* Succeed, which takes and gives nothing: a stand-in for where the one state may go. */
static void add_target(struct gal_compiler *compiler, json_t *states, const json_t *name)
{
        json_t *target;

        if (!json_is_string(name) ||
            json_object_getn(states, json_string_value(name), json_string_length(name)) != NULL)
                return;
        target = json_pack("{s:s}", "Type", "Succeed");
        if (json_object_setn_new_nocheck(states, json_string_value(name), json_string_length(name), target) != 0)
                gal_out_of_memory(compiler);
}

static void add_targets(struct gal_compiler *compiler, json_t *states, const json_t *list)
{
        for (size_t i = 0; json_is_array(list) && i < json_array_size(list); i++)
                add_target(compiler, states, json_object_get(json_array_get(list, i), "Next"));
}

/* A machine around a state. Takes the reference; NULL: out of memory. */
static json_t *wrap_state(struct gal_compiler *compiler, json_t *state)
{
        json_t *machine = json_pack("{s:s, s:{}}", "StartAt", SINGLE_STATE, "States");
        json_t *states = json_object_get(machine, "States");

        if (json_object_set_new(states, SINGLE_STATE, state) != 0) {
                gal_out_of_memory(compiler);
                json_decref(machine);
                return NULL;
        }
        add_target(compiler, states, json_object_get(state, "Next"));
        add_target(compiler, states, json_object_get(state, "Default"));
        add_targets(compiler, states, json_object_get(state, "Choices"));
        add_targets(compiler, states, json_object_get(state, "Catch"));
        return machine;
}

static void compile_single_state(struct gal_compiler *compiler, const struct gal_place *root)
{
        struct gal_place states = gal_place_member(root, "States");
        struct gal_place state = gal_place_member(&states, SINGLE_STATE);

        states.implied = true;
        state.implied = true;
        compiler->program->graphs[0].start = 0;
        gal_compile_state(compiler, 0, &state);
}

static void read_machine(struct gal_compiler *compiler)
{
        struct gal_program *program = compiler->program;
        const json_t *language = json_object_get(program->document, "QueryLanguage");
        const json_t *comment = json_object_get(program->document, "Comment");
        const json_t *timeout = json_object_get(program->document, "TimeoutSeconds");

        if (language != NULL && !(json_is_string(language) && strcmp(json_string_value(language), "JSONPath") == 0))
                program->language = GAL_JSONATA;
        if (json_is_string(comment))
                program->comment =
                        gal_compiler_copy(compiler, json_string_value(comment), json_string_length(comment));
        if (json_is_integer(timeout))
                program->timeout_seconds = json_integer_value(timeout);
}

static void compile_machine(struct gal_compiler *compiler)
{
        struct gal_place root = { .parent = NULL };

        read_machine(compiler);
        gal_collect_states(compiler);
        if (compiler->too_many)
                gal_fault(compiler, &root, "A definition can have at most %d states", GAL_STATES_MAX);
        if (compiler->status != GAL_OK || compiler->program->graph_count == 0)
                return;
        if (compiler->options.single_state)
                compile_single_state(compiler, &root);
        else
                gal_compile_graph(compiler, 0, GAL_HOLDER_MACHINE, &root);
}

/* The document, with `positions` set; NULL when it was refused or memory ran out. */
static json_t *read_document(struct gal_compiler *compiler, const char *text, size_t len)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_place root = { .parent = NULL };
        json_t *document = NULL;
        enum gal_status status = gal_json_read_positions(text, len, &document, &compiler->positions, &error);

        if (status == GAL_ENOMEM) {
                gal_out_of_memory(compiler);
                return NULL;
        }
        if (status != GAL_OK) {
                gal_report_bad_json(compiler, text, len, &error);
                return NULL;
        }
        gal_report_duplicates(compiler, text, len);
        if (!json_is_object(document)) {
                gal_fault(compiler, &root, "Definition must be a valid JSON object");
                json_decref(document);
                return NULL;
        }
        return compiler->options.single_state ? wrap_state(compiler, document) : document;
}

static enum gal_status compile_text(struct gal_compiler *compiler, const char *text, size_t len)
{
        if (!check_length(compiler, text, len))
                return GAL_ELIMIT;
        compiler->program = gal_compiler_alloc(compiler, 1, sizeof(*compiler->program));
        if (compiler->program == NULL)
                return GAL_ENOMEM;
        compiler->program->references = 1;
        compiler->program->document = read_document(compiler, text, len);
        if (compiler->program->document != NULL && compiler->status == GAL_OK)
                compile_machine(compiler);
        if (compiler->status != GAL_OK)
                return compiler->status;
        return compiler->diagnostics->errors > 0 ? GAL_EINVALID : GAL_OK;
}

enum gal_status gal_program_compile(const char *text, size_t len, const struct gal_program_options *options,
                                    struct gal_diagnostics *diagnostics, struct gal_program **ret_program)
{
        struct gal_compiler compiler = { .diagnostics = diagnostics };
        enum gal_status status;

        if (options != NULL)
                compiler.options = *options;
        status = compile_text(&compiler, text, len);
        if (status == GAL_OK)
                *ret_program = compiler.program;
        else
                gal_program_unref(compiler.program);
        gal_json_positions_destroy(compiler.positions);
        free(compiler.graph_notes);
        free(compiler.state_notes);
        free(compiler.assigned);
        free(compiler.labels);
        return status;
}
