/*
 * fuzz_definition.c: any bytes are a definition or are refused with a reason; what compiles is whole; and a
 * definition does not change by being written again.
 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/json.h"
#include "definition/program.h"

static void check_diagnostics(const struct gal_diagnostics *diagnostics, size_t size)
{
        size_t errors = 0;

        for (size_t i = 0; i < diagnostics->count; i++) {
                const struct gal_diagnostic *item = &diagnostics->items[i];

                errors += item->severity == GAL_SEVERITY_ERROR;
                gal_assert(item->message[0] != '\0');
                gal_assert(item->at.offset <= size);
                gal_assert(item->location == NULL || item->location[0] == '/' || item->location[0] == '[');
        }
        gal_assert(errors <= diagnostics->errors);
        gal_assert((errors > 0) == (diagnostics->errors > 0));
}

static void check_state(const struct gal_program *program, const struct gal_state *state)
{
        const struct gal_state *found = gal_program_find(program, state->name);

        gal_assert(found == state);
        gal_assert(state->graph < program->graph_count);
        gal_assert(state->next == GAL_STATE_NONE || program->states[state->next].graph == state->graph);
        gal_assert(json_is_object(state->source));
        for (size_t i = 0; i < state->catcher_count; i++)
                gal_assert(program->states[state->catchers[i].next].graph == state->graph);
        for (size_t i = 0; state->kind == GAL_STATE_PARALLEL && i < state->as.parallel.branch_count; i++)
                gal_assert(program->graphs[state->as.parallel.branches[i]].parent == state->index);
        if (state->kind == GAL_STATE_MAP)
                gal_assert(program->graphs[state->as.map.processor].parent == state->index);
        if (state->kind == GAL_STATE_TASK)
                gal_assert(state->as.task.resource != NULL);
}

static void check_program(const struct gal_program *program)
{
        gal_assert(program->graph_count > 0);
        for (uint32_t i = 0; i < program->graph_count; i++)
                gal_assert(program->states[program->graphs[i].start].graph == i);
        for (uint32_t i = 0; i < program->state_count; i++)
                check_state(program, &program->states[i]);
}

/* The same faults come of the same definition without its blanks, but for bad JSON, where the text is quoted. */
static void check_rewritten(const struct gal_program *program, const struct gal_program_options *options)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *again = NULL;
        gal_auto_free char *text = NULL;
        size_t len;

        text = gal_need(gal_json_text(program->document, &len));
        gal_assert(gal_program_compile(text, len, options, &diagnostics, &again) == GAL_OK);
        gal_assert(again->state_count == program->state_count);
        gal_assert(again->graph_count == program->graph_count);
        gal_program_unref(again);
        gal_diagnostics_finish(&diagnostics);
}

static void check(const char *text, size_t size, const struct gal_program_options *options)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status = gal_program_compile(text, size, options, &diagnostics, &program);

        gal_assert(status == GAL_OK || status == GAL_EINVALID || status == GAL_ELIMIT);
        gal_assert((status == GAL_OK) == (program != NULL));
        gal_assert((status == GAL_OK) == (diagnostics.errors == 0));
        check_diagnostics(&diagnostics, size);
        if (program != NULL) {
                check_program(program);
                if (!options->single_state)
                        check_rewritten(program, options);
        }
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct gal_program_options options = { .express = false };

        check((const char *)data, size, &options);
        options.express = true;
        options.single_state = true;
        check((const char *)data, size, &options);
        return 0;
}
