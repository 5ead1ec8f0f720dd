/*
 * graph.c: pass 2 over one States object: its states, and then what only all of them together show: names used
 * twice, no way to end, states that nothing leads to.
 *
 * Not reachable, for the service, is a state that no transition of its graph names; of a ring of states that name
 * only each other it says nothing. Those get a warning.
 */
#include <stdlib.h>
#include <string.h>

#include "definition/compiler.h"

/* The first place in `by_name` that is not before (name, first). */
static uint32_t lower_bound(const struct gal_program *program, const char *name, uint32_t first)
{
        uint32_t low = 0;
        uint32_t high = program->state_count;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                const struct gal_state *state = &program->states[program->by_name[middle]];
                int order = strcmp(state->name, name);

                if (order < 0 || (order == 0 && state->index < first))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

uint32_t gal_find_target(struct gal_compiler *compiler, uint32_t graph, const struct gal_place *place,
                         const json_t *name)
{
        struct gal_program *program = compiler->program;
        struct gal_graph_note *note = &compiler->graph_notes[graph];
        uint32_t at;

        if (!json_is_string(name) || program->by_name == NULL) { /* reported with the fields */
                note->unclear = true;
                return GAL_STATE_NONE;
        }
        at = lower_bound(program, json_string_value(name), note->first);
        if (at < program->state_count) {
                uint32_t found = program->by_name[at];

                /* No name of a state holds U+0000, so one that does names none, whatever stands before it. */
                if (found >= note->first && found < note->first + note->count &&
                    strcmp(program->states[found].name, json_string_value(name)) == 0 &&
                    strlen(json_string_value(name)) == json_string_length(name)) {
                        compiler->state_notes[found].targeted = true;
                        return found;
                }
        }
        gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_MISSING_TRANSITION_TARGET, place, place,
                   GAL_SPOT_VALUE, "Missing 'Next' target: %s", json_string_value(name));
        return GAL_STATE_NONE;
}

bool gal_is_duplicate(const struct gal_compiler *compiler, uint32_t index)
{
        const struct gal_program *program = compiler->program;

        return program->by_name[lower_bound(program, program->states[index].name, 0)] != index;
}

static void report_unreachable(struct gal_compiler *compiler, enum gal_severity severity,
                               const struct gal_place *states, uint32_t index)
{
        struct gal_place place = gal_place_member(states, compiler->program->states[index].name);

        gal_report(compiler, severity, GAL_DIAGNOSTIC_MISSING_TRANSITION_TARGET, &place, &place, GAL_SPOT_KEY,
                   "State \"%s\" is not reachable.", compiler->program->states[index].name);
}

/* A stack of states to go on from. Room for every state of the graph: each is pushed once. */
struct walk {
        struct gal_compiler *compiler;
        uint32_t *stack;
        size_t count;
};

static void push(struct walk *walk, uint32_t index)
{
        if (index == GAL_STATE_NONE || walk->compiler->state_notes[index].visited)
                return;
        walk->compiler->state_notes[index].visited = true;
        walk->stack[walk->count++] = index;
}

static void push_successors(struct walk *walk, const struct gal_state *state)
{
        push(walk, state->next);
        for (size_t i = 0; i < state->catcher_count; i++)
                push(walk, state->catchers[i].next);
        if (!walk->compiler->state_notes[state->index].known || state->kind != GAL_STATE_CHOICE)
                return;
        push(walk, state->as.choice.fallback);
        for (size_t i = 0; i < state->as.choice.rule_count; i++)
                push(walk, state->as.choice.rules[i].next);
}

static void check_reachable(struct gal_compiler *compiler, uint32_t graph, const struct gal_place *states)
{
        const struct gal_graph_note *note = &compiler->graph_notes[graph];
        uint32_t end = note->first + note->count;
        struct walk walk = { .compiler = compiler };

        walk.stack = gal_compiler_alloc(compiler, note->count, sizeof(*walk.stack));
        if (walk.stack == NULL)
                return;
        push(&walk, compiler->program->graphs[graph].start);
        for (uint32_t i = note->first; i < end; i++) {
                if (!compiler->state_notes[i].targeted) {
                        report_unreachable(compiler, GAL_SEVERITY_ERROR, states, i);
                        push(&walk, i); /* what it leads to is reported when this one is mended */
                }
        }
        while (walk.count > 0)
                push_successors(&walk, &compiler->program->states[walk.stack[--walk.count]]);
        free(walk.stack);
        /* Without a start everything would be an island. */
        if (compiler->program->graphs[graph].start == GAL_STATE_NONE)
                return;
        for (uint32_t i = note->first; i < end; i++)
                if (!compiler->state_notes[i].visited)
                        report_unreachable(compiler, GAL_SEVERITY_WARNING, states, i);
}

static bool has_terminal(const struct gal_compiler *compiler, const struct gal_graph_note *note)
{
        for (uint32_t i = note->first; i < note->first + note->count; i++) {
                const struct gal_state *state = &compiler->program->states[i];

                if (state->kind == GAL_STATE_SUCCEED || state->kind == GAL_STATE_FAIL ||
                    json_is_true(json_object_get(state->source, "End")))
                        return true;
        }
        return false;
}

/* An error of the machine itself, without a place, and it silences what could be said of reachability. */
static bool check_terminal(struct gal_compiler *compiler, uint32_t graph, const struct gal_place *place,
                           const struct gal_place *states)
{
        static const char message[] = "Workflow has no terminal state";

        if (has_terminal(compiler, &compiler->graph_notes[graph]))
                return true;
        if (graph == 0)
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_MISSING_END_STATE, NULL, states,
                           GAL_SPOT_KEY, message);
        else
                gal_report(compiler, GAL_SEVERITY_WARNING, GAL_DIAGNOSTIC_MISSING_END_STATE, place, states,
                           GAL_SPOT_KEY, message);
        return graph != 0;
}

static void compile_states(struct gal_compiler *compiler, uint32_t graph, const struct gal_place *states)
{
        json_t *members = json_object_get(compiler->graph_notes[graph].source, "States");
        uint32_t index = compiler->graph_notes[graph].first;

        for (void *member = json_object_iter(members); member != NULL && compiler->status == GAL_OK;
             member = json_object_iter_next(members, member)) {
                struct gal_place place =
                        gal_place_member_n(states, json_object_iter_key(member), json_object_iter_key_len(member));

                /* Memory may have run out while they were collected. */
                if (index < compiler->graph_notes[graph].first + compiler->graph_notes[graph].count)
                        gal_compile_state(compiler, index++, &place);
        }
}

void gal_compile_graph(struct gal_compiler *compiler, uint32_t graph, enum gal_holder holder,
                       const struct gal_place *place)
{
        const json_t *source = compiler->graph_notes[graph].source;
        const json_t *members = json_object_get(source, "States");
        struct gal_place states = gal_place_member(place, "States");
        struct gal_place start = gal_place_member(place, "StartAt");

        gal_check_fields(compiler, holder, GAL_JSONPATH, place, place, source);
        if (!json_is_object(members))
                return;
        if (json_object_size(members) == 0) {
                gal_fault(compiler, &states, "Value cannot be empty");
                return;
        }
        compiler->program->graphs[graph].start =
                gal_find_target(compiler, graph, &start, json_object_get(source, "StartAt"));
        compile_states(compiler, graph, &states);
        if (compiler->graph_notes[graph].unclear || compiler->status != GAL_OK)
                return;
        if (check_terminal(compiler, graph, place, &states))
                check_reachable(compiler, graph, &states);
}
