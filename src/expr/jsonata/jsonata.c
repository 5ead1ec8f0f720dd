/*
 * jsonata.c: the public face: compiling, evaluating, listing references.
 */
#include "expr/jsonata/jsonata.h"

#include <stdlib.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "expr/jsonata/regex.h"
#include "expr/jsonata/run.h"

void gal_jsonata_error_finish(struct gal_jsonata_error *error)
{
        if (error == NULL)
                return;
        gal_buffer_finish(&error->message);
        gal_buffer_finish(&error->token);
        *error = GAL_JSONATA_ERROR_INIT;
}

/* Compiling. */

void gal_jprogram_finish(struct jprogram *program)
{
        gal_jregex_destroy_all(program->regexes);
        program->regexes = NULL;
        gal_arena_finish(&program->arena);
}

static void check_text(struct jparse *parse)
{
        size_t size;

        if (parse->len > GAL_JSONATA_SIZE_MAX)
                gal_jparse_limit(parse, 0, "The expression is too long");
        for (size_t at = 0; at < parse->len; at += size) {
                size = gal_utf8_sequence(parse->text + at, parse->len - at);
                if (size == 0)
                        gal_jparse_fail(parse, "S0204", at, at, NULL, 0, "The expression is not UTF-8");
        }
}

enum gal_status gal_jprogram_make(struct jprogram *program, const char *text, size_t len,
                                  enum gal_jsonata_dialect dialect, struct gal_jsonata_error *error)
{
        struct jparse parse = { .arena = &program->arena, .len = len, .error = error, .dialect = dialect };
        jmp_buf escape;

        program->dialect = dialect;
        program->len = len;
        parse.escape = &escape;
        if (setjmp(escape) != 0)
                return parse.status;
        program->text = gal_arena_copy(&program->arena, text, len);
        if (program->text == NULL)
                gal_jparse_out_of_memory(&parse);
        parse.text = program->text;
        check_text(&parse);
        program->syntax = gal_jparse_run(&parse);
        gal_jcompile_run(&parse, program);
        gal_jresolve_run(&parse, program);
        return GAL_OK;
}

enum gal_status gal_jsonata_compile(const char *text, size_t len, enum gal_jsonata_dialect dialect,
                                    struct gal_jsonata **ret_expression, struct gal_jsonata_error *error)
{
        struct gal_jsonata *expression = calloc(1, sizeof(*expression));
        enum gal_status status;

        if (expression == NULL)
                return GAL_ENOMEM;
        expression->program.arena = GAL_ARENA_INIT;
        status = gal_jprogram_make(&expression->program, text, len, dialect, error);
        if (status == GAL_OK)
                *ret_expression = expression;
        else
                gal_jsonata_destroy(expression);
        return status;
}

void gal_jsonata_destroy(struct gal_jsonata *expression)
{
        if (expression == NULL)
                return;
        gal_jprogram_finish(&expression->program);
        free(expression);
}

const char *gal_jsonata_text(const struct gal_jsonata *expression)
{
        return expression->program.text;
}

void gal_jsonata_print(const struct gal_jsonata *expression, struct gal_buffer *text)
{
        gal_jsyntax_print(expression->program.syntax, text);
}

bool gal_jsonata_equal(const struct gal_jsonata *a, const struct gal_jsonata *b)
{
        return gal_jsyntax_equal(a->program.syntax, b->program.syntax);
}

/* Evaluating. */

static void finish_run(struct jrun *run)
{
        pcre2_match_data_free(run->match_data);
        pcre2_match_context_free(run->match_context);
        gal_jregex_destroy_all(run->regexes);
        for (struct jowned *owned = run->owned; owned != NULL; owned = owned->next) {
                json_decref(owned->json);
                if (owned->program != NULL)
                        gal_jprogram_finish(owned->program);
                free(owned->program);
        }
        gal_jrun_free_blocks(run);
}

static void init_bounds(struct jrun *run, const struct gal_jsonata_limits *limits)
{
        bool is_states = run->dialect == GAL_JSONATA_STATES;
        uint32_t depth_max = is_states ? GAL_JSONATA_STATES_DEPTH_MAX : GAL_JSONATA_DEPTH_MAX;

        run->steps_left = limits != NULL && limits->steps != 0 ? limits->steps : GAL_JSONATA_STEPS_MAX;
        run->depth_max = limits != NULL && limits->depth != 0 ? limits->depth : depth_max;
        if (run->depth_max > GAL_JSONATA_DEPTH_MAX)
                run->depth_max = GAL_JSONATA_DEPTH_MAX; /* what the stack is good for */
        run->memory_left = limits != NULL && limits->memory != 0 ? limits->memory : GAL_JSONATA_MEMORY_MAX;
        run->weight_max = is_states ? GAL_JSONATA_STATES_WEIGHT_MAX : 0;
}

static struct jval run_root(struct jrun *run, json_t *input)
{
        const struct jprogram *program = run->program;

        run->input = gal_jval_wrap(run, input);
        /* As one thing, although it is an array: paths go through it once, $ is the array. */
        if (run->input.tag == JT_ARRAY)
                run->input = gal_jarray_single(run, run->input, JA_SEQUENCE | JA_OUTER);
        run->globals = gal_jrun_alloc(run, program->global_count * sizeof(struct jval));
        run->global_count = program->global_count;
        for (uint32_t i = 0; i < program->global_count; i++)
                run->globals[i].tag = JT_UNBOUND;
        return gal_jeval(run, program->root, run->input, gal_jframe_new(run, program->root_scope, NULL));
}

static enum gal_status run_guarded(struct jrun *run, json_t *input, size_t size_max, json_t **ret_value,
                                   bool *ret_is_function)
{
        struct jval value;

        if (setjmp(run->escape) != 0)
                return run->is_out_of_memory ? GAL_ENOMEM : GAL_EFAILED;
        value = run_root(run, input);
        if (jval_flags(value) & JA_OUTER)
                value = value.as.array->items[0];
        if (ret_is_function != NULL)
                *ret_is_function = value.tag == JT_FUNCTION;
        *ret_value = gal_jval_unwrap(run, value, size_max);
        return GAL_OK;
}

enum gal_status gal_jsonata_evaluate(const struct gal_jsonata *expression, json_t *input, json_t *bindings,
                                     const struct gal_jsonata_environment *environment,
                                     const struct gal_jsonata_limits *limits, json_t **ret_value,
                                     bool *ret_is_function, struct gal_jsonata_error *error)
{
        size_t size_max = limits != NULL && limits->output_size != 0 ? limits->output_size : GAL_JSON_TEXT_SIZE_MAX;
        _Alignas(16) char first_block[4096];
        enum gal_status status;
        struct jrun run;

        memset(&run, 0, sizeof(run));
        run.at = first_block;
        run.left = sizeof(first_block);
        run.program = &expression->program;
        run.dialect = expression->program.dialect;
        run.environment = environment;
        run.fallback_random = (struct gal_random){ { 1, 2, 3, 4 } };
        run.bindings = bindings;
        run.error = error;
        init_bounds(&run, limits);
        status = run_guarded(&run, input, size_max, ret_value, ret_is_function);
        finish_run(&run);
        return status;
}

/* References. */

struct visiting {
        const struct jprogram *program;
        void (*visit)(void *user, const struct gal_jsonata_reference *reference);
        void *user;
};

static void visit(const struct visiting *visiting, const struct jsyntax *syntax, bool is_inner,
                  const struct jsyntax *around);

static void report(const struct visiting *visiting, const struct jsyntax *syntax,
                   enum gal_jsonata_reference_kind kind, const char *member, bool is_called)
{
        struct gal_jsonata_reference reference = { .kind = kind, .name = syntax->text, .member = member };

        reference.is_called = is_called;
        reference.at = gal_position_find(visiting->program->text, visiting->program->len, syntax->start);
        visiting->visit(visiting->user, &reference);
}

/* Whether the expression itself gives the variable a value anywhere: by :=, @, # or as a parameter. */
static bool binds(const struct jsyntax *syntax, const struct jsyntax *variable)
{
        uint32_t from = syntax->kind == JS_FOCUS || syntax->kind == JS_INDEX ? 1 : 0;
        uint32_t to = syntax->kind == JS_LAMBDA ? syntax->count - 1
                      : syntax->kind == JS_BIND ? 1
                      : from == 1               ? 2
                                                : 0;

        for (uint32_t i = from; i < to; i++)
                if (syntax->items[i]->text_len == variable->text_len &&
                    memcmp(syntax->items[i]->text, variable->text, variable->text_len) == 0)
                        return true;
        for (uint32_t i = 0; i < syntax->count; i++)
                if (binds(syntax->items[i], variable))
                        return true;
        return false;
}

static const char *member_of(const struct jsyntax *around, const struct jsyntax *variable)
{
        const struct jsyntax *step;

        if (around == NULL || around->kind != JS_BINARY || around->op[0] != '.' || around->items[0] != variable)
                return NULL;
        step = around->items[1];
        while (step->kind == JS_PREDICATE || step->kind == JS_GROUP || step->kind == JS_SORT ||
               step->kind == JS_FOCUS || step->kind == JS_INDEX)
                step = step->items[0];
        return step->kind == JS_NAME || step->kind == JS_STRING ? step->text : NULL;
}

static void visit_variable(const struct visiting *visiting, const struct jsyntax *syntax, bool is_inner,
                           const struct jsyntax *around)
{
        bool is_called = around != NULL && (around->kind == JS_CALL || around->kind == JS_PARTIAL) &&
                         around->items[0] == syntax;

        if (syntax->text_len == 0) {
                if (!is_inner)
                        report(visiting, syntax, GAL_JSONATA_CONTEXT, NULL, false);
        } else if (syntax->text_len == 1 && syntax->text[0] == '$') {
                report(visiting, syntax, GAL_JSONATA_ROOT, NULL, false);
        } else if (!binds(visiting->program->syntax, syntax)) {
                report(visiting, syntax, GAL_JSONATA_VARIABLE, member_of(around, syntax), is_called);
        }
}

/* Which of a node's parts are evaluated with something else than the node's own context: steps, predicates, ... */
static bool changes_context(const struct jsyntax *syntax, uint32_t index)
{
        switch (syntax->kind) {
        case JS_BINARY:
                return syntax->op[0] == '.' && index == 1;
        case JS_PREDICATE:
        case JS_GROUP:
        case JS_SORT:
        case JS_TRANSFORM:
                return index > 0 || syntax->kind == JS_TRANSFORM;
        default:
                return false;
        }
}

static bool is_binder(const struct jsyntax *syntax, uint32_t index)
{
        switch (syntax->kind) {
        case JS_LAMBDA:
                return index + 1 < syntax->count;
        case JS_BIND:
                return index == 0;
        case JS_FOCUS:
        case JS_INDEX:
                return index == 1;
        default:
                return false;
        }
}

static void visit(const struct visiting *visiting, const struct jsyntax *syntax, bool is_inner,
                  const struct jsyntax *around)
{
        if (syntax->kind == JS_VARIABLE)
                visit_variable(visiting, syntax, is_inner, around);
        else if ((syntax->kind == JS_NAME || (syntax->kind == JS_WORD && strcmp(syntax->text, "?") != 0)) &&
                 !is_inner)
                report(visiting, syntax, GAL_JSONATA_FIELD, NULL, false);
        else if ((syntax->kind == JS_WILDCARD || syntax->kind == JS_DESCENDANT) && !is_inner)
                report(visiting, syntax, GAL_JSONATA_FIELD, NULL, false);
        for (uint32_t i = 0; i < syntax->count; i++)
                if (!is_binder(syntax, i))
                        visit(visiting, syntax->items[i], is_inner || changes_context(syntax, i), syntax);
}

void gal_jsonata_visit_references(const struct gal_jsonata *expression,
                                  void (*visit_one)(void *user, const struct gal_jsonata_reference *reference),
                                  void *user)
{
        struct visiting visiting = { &expression->program, visit_one, user };

        visit(&visiting, expression->program.syntax, false, NULL);
}
