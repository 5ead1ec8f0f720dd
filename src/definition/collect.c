/*
 * collect.c: pass 1. Numbers every state and every graph before anything is compiled, so that a transition can be
 * resolved where it stands, and learns what each graph assigns.
 *
 * The states of one graph stand together: a graph is a run of numbers. Nothing is reported here; what cannot be
 * read is left out or noted, and pass 2 words it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "definition/compiler.h"

static bool reserve_states(struct gal_compiler *compiler, size_t more)
{
        struct gal_program *program = compiler->program;
        size_t need = program->state_count + more;
        size_t size = compiler->states_size == 0 ? 16 : compiler->states_size;
        struct gal_state *states;
        struct gal_state_note *notes;

        while (size < need)
                size *= 2;
        if (size == compiler->states_size)
                return true;
        states = reallocarray(program->states, size, sizeof(*states));
        if (states != NULL)
                program->states = states;
        notes = reallocarray(compiler->state_notes, size, sizeof(*notes));
        if (notes != NULL)
                compiler->state_notes = notes;
        if (states == NULL || notes == NULL) {
                gal_out_of_memory(compiler);
                return false;
        }
        compiler->states_size = (uint32_t)size;
        return true;
}

static bool reserve_graph(struct gal_compiler *compiler)
{
        struct gal_program *program = compiler->program;
        size_t size = compiler->graphs_size == 0 ? 4 : (size_t)compiler->graphs_size * 2;
        struct gal_graph *graphs;
        struct gal_graph_note *notes;

        if (program->graph_count < compiler->graphs_size)
                return true;
        graphs = reallocarray(program->graphs, size, sizeof(*graphs));
        if (graphs != NULL)
                program->graphs = graphs;
        notes = reallocarray(compiler->graph_notes, size, sizeof(*notes));
        if (notes != NULL)
                compiler->graph_notes = notes;
        if (graphs == NULL || notes == NULL) {
                gal_out_of_memory(compiler);
                return false;
        }
        compiler->graphs_size = (uint32_t)size;
        return true;
}

static bool find_kind(const json_t *type, enum gal_state_kind *ret_kind)
{
        static const char *const names[] = {
#define X(id, name) name,
                GAL_STATE_KINDS(X)
#undef X
        };

        if (!json_is_string(type))
                return false;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (strlen(names[i]) == json_string_length(type) &&
                    strcmp(names[i], json_string_value(type)) == 0) {
                        *ret_kind = (enum gal_state_kind)i;
                        return true;
                }
        }
        return false;
}

/* Exactly "JSONPath" is JSONPath, nothing is the machine's, anything else counts as JSONata (and is reported
 * later). */
static enum gal_query_language find_language(const struct gal_compiler *compiler, const json_t *object)
{
        const json_t *language = json_object_get(object, "QueryLanguage");

        if (language == NULL)
                return compiler->program->language;
        if (json_is_string(language) && strcmp(json_string_value(language), "JSONPath") == 0)
                return GAL_JSONPATH;
        return GAL_JSONATA;
}

static void add_state(struct gal_compiler *compiler, uint32_t graph, const char *name, size_t len, json_t *source)
{
        struct gal_program *program = compiler->program;
        struct gal_state *state = &program->states[program->state_count];
        struct gal_state_note *note = &compiler->state_notes[program->state_count];

        *state = (struct gal_state){ .index = program->state_count, .graph = graph, .source = source };
        *note = (struct gal_state_note){ .known = find_kind(json_object_get(source, "Type"), &state->kind) };
        state->next = GAL_STATE_NONE;
        state->language = find_language(compiler, source);
        note->mismatch = state->language == GAL_JSONPATH && program->language == GAL_JSONATA;
        state->name = gal_compiler_copy(compiler, name, len);
        if (state->name != NULL)
                program->state_count++;
}

/* How the graph of a Parallel or Map is run. */
struct nesting {
        bool isolated;
        bool express;
};

static void collect_graph(struct gal_compiler *compiler, uint32_t parent, json_t *source, struct nesting nesting,
                          uint32_t *ret_graph);

/* What runs inside an Express child is part of it. */
static struct nesting inherit(const struct gal_compiler *compiler, uint32_t parent)
{
        uint32_t graph = compiler->program->states[parent].graph;

        return (struct nesting){ .express = compiler->graph_notes[graph].express };
}

/* A branch or processor that is no object gets no graph; pass 2 reports it. */
static void collect_branches(struct gal_compiler *compiler, uint32_t index)
{
        const json_t *branches = json_object_get(compiler->program->states[index].source, "Branches");
        uint32_t *graphs;
        size_t count = json_array_size(branches);

        if (count == 0)
                return;
        graphs = gal_compiler_alloc(compiler, count, sizeof(*graphs));
        compiler->program->states[index].as.parallel.branches = graphs;
        for (size_t i = 0; graphs != NULL && i < count; i++) {
                graphs[i] = GAL_STATE_NONE;
                if (json_is_object(json_array_get(branches, i)))
                        collect_graph(compiler, index, json_array_get(branches, i), inherit(compiler, index),
                                      &graphs[i]);
        }
        compiler->program->states[index].as.parallel.branch_count = graphs != NULL ? count : 0;
}

static bool has_value(const json_t *object, const char *name, const char *value)
{
        const json_t *member = json_object_get(object, name);

        return json_is_string(member) && strcmp(json_string_value(member), value) == 0;
}

static void collect_processor(struct gal_compiler *compiler, uint32_t index)
{
        const json_t *source = compiler->program->states[index].source;
        json_t *processor = json_object_get(source, "ItemProcessor");
        struct nesting nesting = inherit(compiler, index);
        uint32_t graph = GAL_STATE_NONE;
        const json_t *config;

        if (processor == NULL)
                processor = json_object_get(source, "Iterator");
        config = json_object_get(processor, "ProcessorConfig");
        if (has_value(config, "Mode", "DISTRIBUTED")) {
                compiler->program->states[index].as.map.distributed = true;
                nesting.isolated = true;
                nesting.express = has_value(config, "ExecutionType", "EXPRESS");
        }
        if (json_is_object(processor))
                collect_graph(compiler, index, processor, nesting, &graph);
        compiler->program->states[index].as.map.processor = graph;
}

static void collect_assigned(struct gal_compiler *compiler, const struct gal_state *state)
{
        const json_t *rules = json_object_get(state->source, "Choices");
        const json_t *catchers = json_object_get(state->source, "Catch");

        gal_collect_assigned(compiler, state->graph, json_object_get(state->source, "Assign"));
        for (size_t i = 0; i < json_array_size(rules); i++)
                gal_collect_assigned(compiler, state->graph, json_object_get(json_array_get(rules, i), "Assign"));
        for (size_t i = 0; i < json_array_size(catchers); i++)
                gal_collect_assigned(compiler, state->graph,
                                     json_object_get(json_array_get(catchers, i), "Assign"));
}

static void collect_label(struct gal_compiler *compiler, uint32_t index)
{
        const json_t *text = json_object_get(compiler->program->states[index].source, "Label");
        size_t size = compiler->label_size == 0 ? 16 : compiler->label_size * 2;
        struct gal_label *labels;

        if (!json_is_string(text))
                return;
        if (compiler->label_count == compiler->label_size) {
                labels = reallocarray(compiler->labels, size, sizeof(*labels));
                if (labels == NULL) {
                        gal_out_of_memory(compiler);
                        return;
                }
                compiler->labels = labels;
                compiler->label_size = size;
        }
        compiler->labels[compiler->label_count++] = (struct gal_label){ text, index };
}

static void collect_nested(struct gal_compiler *compiler, uint32_t index)
{
        const struct gal_state *state = &compiler->program->states[index];

        collect_assigned(compiler, state);
        if (!compiler->state_notes[index].known ||
            (state->kind != GAL_STATE_PARALLEL && state->kind != GAL_STATE_MAP))
                return;
        if (state->kind == GAL_STATE_MAP) {
                compiler->program->states[index].as.map.processor = GAL_STATE_NONE;
                collect_label(compiler, index);
        }
        if (compiler->program->graphs[state->graph].depth >= GAL_STATE_DEPTH_MAX)
                compiler->state_notes[index].too_deep = true;
        else if (state->kind == GAL_STATE_PARALLEL)
                collect_branches(compiler, index);
        else
                collect_processor(compiler, index);
}

/* States and graphs move when more are added: everything here goes by number. Recurses GAL_STATE_DEPTH_MAX deep. */
static void collect_graph(struct gal_compiler *compiler, uint32_t parent, json_t *source, struct nesting nesting,
                          uint32_t *ret_graph)
{
        struct gal_program *program = compiler->program;
        json_t *states = json_object_get(source, "States");
        size_t count = json_object_size(states);
        uint32_t graph = program->graph_count;
        uint32_t first = program->state_count;

        if (count > GAL_STATES_MAX || first + count > GAL_STATES_MAX) {
                compiler->too_many = true;
                return;
        }
        if (!reserve_graph(compiler) || !reserve_states(compiler, count))
                return;
        program->graph_count++;
        program->graphs[graph] = (struct gal_graph){ .start = GAL_STATE_NONE, .parent = parent };
        if (parent != GAL_STATE_NONE)
                program->graphs[graph].depth = program->graphs[program->states[parent].graph].depth + 1;
        for (void *member = json_object_iter(states); member != NULL;
             member = json_object_iter_next(states, member))
                add_state(compiler, graph, json_object_iter_key(member), json_object_iter_key_len(member),
                          json_object_iter_value(member));
        compiler->graph_notes[graph] = (struct gal_graph_note){ .source = source,
                                                                .first = first,
                                                                .count = program->state_count - first,
                                                                .isolated = nesting.isolated,
                                                                .express = nesting.express };
        for (uint32_t i = first; i < first + compiler->graph_notes[graph].count; i++)
                collect_nested(compiler, i);
        *ret_graph = graph;
}

static int compare_states(const void *a, const void *b, void *user)
{
        const struct gal_program *program = user;
        const struct gal_state *x = &program->states[*(const uint32_t *)a];
        const struct gal_state *y = &program->states[*(const uint32_t *)b];
        int order = strcmp(x->name, y->name);

        if (order != 0)
                return order;
        return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_labels(const void *a, const void *b)
{
        const struct gal_label *x = a;
        const struct gal_label *y = b;
        int order = strcmp(json_string_value(x->text), json_string_value(y->text));

        if (order != 0)
                return order;
        return x->state < y->state ? -1 : x->state > y->state;
}

bool gal_is_duplicate_label(const struct gal_compiler *compiler, uint32_t state, const json_t *text)
{
        struct gal_label key = { text, state };
        const struct gal_label *label =
                bsearch(&key, compiler->labels, compiler->label_count, sizeof(key), compare_labels);

        /* Those of the same text stand together, in the order of their states. */
        return label != NULL && label > compiler->labels &&
               strcmp(json_string_value(label[-1].text), json_string_value(text)) == 0;
}

void gal_collect_states(struct gal_compiler *compiler)
{
        struct gal_program *program = compiler->program;
        uint32_t graph = GAL_STATE_NONE;

        collect_graph(compiler, GAL_STATE_NONE, program->document, (struct nesting){ .isolated = false }, &graph);
        program->by_name = gal_compiler_alloc(compiler, program->state_count, sizeof(*program->by_name));
        if (program->by_name == NULL)
                return;
        for (uint32_t i = 0; i < program->state_count; i++)
                program->by_name[i] = i;
        qsort_r(program->by_name, program->state_count, sizeof(*program->by_name), compare_states, program);
        gal_sort_assigned(compiler);
        if (compiler->label_count > 0)
                qsort(compiler->labels, compiler->label_count, sizeof(*compiler->labels), compare_labels);
}
