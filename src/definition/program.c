/*
 * program.c: the life of a program, and finding states in it. The compiler makes one piece by piece, so everything
 * here copes with a half-made program: what is not there yet is NULL or zero.
 */
#include "definition/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

const char *gal_state_kind_name(enum gal_state_kind kind)
{
        static const char *const names[] = {
#define X(id, name) name,
                GAL_STATE_KINDS(X)
#undef X
        };

        return names[kind];
}

const char *gal_query_language_name(enum gal_query_language language)
{
        return language == GAL_JSONPATH ? "JSONPath" : "JSONata";
}

struct gal_program *gal_program_ref(struct gal_program *program)
{
        gal_assert(program->references > 0);
        program->references++;
        return program;
}

static void free_retriers(struct gal_retrier *retriers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                for (size_t k = 0; k < retriers[i].error_count; k++)
                        free(retriers[i].errors[k]);
                free(retriers[i].errors);
        }
        free(retriers);
}

static void free_catchers(struct gal_catcher *catchers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                for (size_t k = 0; k < catchers[i].error_count; k++)
                        free(catchers[i].errors[k]);
                free(catchers[i].errors);
                gal_path_destroy(catchers[i].result_path.path);
                gal_template_destroy(catchers[i].assign);
        }
        free(catchers);
}

/* Recurses as deep as the definition nests: GAL_JSON_DEPTH_MAX. */
static void free_rules(struct gal_choice_rule *rules, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                free_rules(rules[i].rules, rules[i].rule_count);
                gal_path_destroy(rules[i].variable);
                gal_path_destroy(rules[i].operand_path);
                gal_template_destroy(rules[i].assign);
        }
        free(rules);
}

static void free_task(struct gal_task *task)
{
        free(task->resource);
        free(task->service);
        free(task->action);
        gal_path_destroy(task->timeout_seconds.path);
        gal_path_destroy(task->heartbeat_seconds.path);
        gal_template_destroy(task->credentials);
}

static void free_fail(struct gal_fail *fail)
{
        free(fail->error);
        free(fail->cause);
        gal_expression_destroy(fail->error_path);
        gal_expression_destroy(fail->cause_path);
}

static void free_map(struct gal_map *map)
{
        gal_path_destroy(map->items_path.path);
        gal_template_destroy(map->item_selector);
        gal_path_destroy(map->max_concurrency.path);
        gal_path_destroy(map->tolerated_failure_count.path);
        gal_path_destroy(map->tolerated_failure_percentage.path);
        free(map->label);
}

static void free_kind(struct gal_state *state)
{
        switch (state->kind) {
        case GAL_STATE_PASS:
                gal_payload_unref(state->as.pass.result);
                return;
        case GAL_STATE_TASK:
                free_task(&state->as.task);
                return;
        case GAL_STATE_CHOICE:
                free_rules(state->as.choice.rules, state->as.choice.rule_count);
                return;
        case GAL_STATE_WAIT:
                gal_path_destroy(state->as.wait.path);
                return;
        case GAL_STATE_SUCCEED:
                return;
        case GAL_STATE_FAIL:
                free_fail(&state->as.fail);
                return;
        case GAL_STATE_PARALLEL:
                free(state->as.parallel.branches);
                return;
        case GAL_STATE_MAP:
                free_map(&state->as.map);
                return;
        }
        gal_bug("state kind", state->kind);
}

static void free_state(struct gal_state *state)
{
        free(state->name);
        gal_path_destroy(state->input_path.path);
        gal_path_destroy(state->output_path.path);
        gal_path_destroy(state->result_path.path);
        gal_template_destroy(state->parameters);
        gal_template_destroy(state->result_selector);
        gal_template_destroy(state->assign);
        free_retriers(state->retriers, state->retrier_count);
        free_catchers(state->catchers, state->catcher_count);
        free_kind(state);
}

struct gal_program *gal_program_unref(struct gal_program *program)
{
        if (program == NULL)
                return NULL;
        gal_assert(program->references > 0);
        if (--program->references > 0)
                return NULL;
        for (uint32_t i = 0; i < program->state_count; i++)
                free_state(&program->states[i]);
        free(program->states);
        free(program->graphs);
        free(program->by_name);
        free(program->comment);
        json_decref(program->document);
        free(program);
        return NULL;
}

const struct gal_state *gal_program_find(const struct gal_program *program, const char *name)
{
        uint32_t low = 0;
        uint32_t high = program->state_count;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                const struct gal_state *state = &program->states[program->by_name[middle]];
                int order = strcmp(name, state->name);

                if (order == 0)
                        return state;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}
