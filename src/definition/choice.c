/*
 * choice.c: Choice states and their rules. JSONPath rules nest; only the outermost carry Next and Assign.
 */
#include <stdio.h>
#include <string.h>

#include "definition/comparison.h"
#include "definition/compiler.h"
#include "definition/lint.h"

static void compile_rule(const struct gal_context *context, enum gal_holder holder, const struct gal_place *place,
                         json_t *object, struct gal_choice_rule *rule);

static void compile_rules(const struct gal_context *context, enum gal_holder holder, const struct gal_place *place,
                          const json_t *list, struct gal_choice_rule **ret_rules, size_t *ret_count)
{
        size_t count = json_is_array(list) ? json_array_size(list) : 0;
        struct gal_choice_rule *rules;

        if (count == 0)
                return;
        rules = gal_compiler_alloc(context->compiler, count, sizeof(*rules));
        *ret_rules = rules;
        *ret_count = rules != NULL ? count : 0;
        for (size_t i = 0; i < *ret_count; i++) {
                struct gal_place spot = gal_place_element(place, i);

                if (gal_check_type(context->compiler, GAL_FIELD_OBJECT, &spot, json_array_get(list, i)))
                        compile_rule(context, holder, &spot, json_array_get(list, i), &rules[i]);
                else
                        gal_mark_unclear(context);
        }
}

static enum gal_field_type find_operand_type(enum gal_comparison_type type)
{
        switch (type) {
        case GAL_COMPARE_STRING:
        case GAL_COMPARE_MATCHES:
        case GAL_COMPARE_TIMESTAMP:
                return GAL_FIELD_STRING;
        case GAL_COMPARE_NUMERIC:
                return GAL_FIELD_NUMBER;
        case GAL_COMPARE_BOOLEAN:
        case GAL_COMPARE_IS_NULL:
        case GAL_COMPARE_IS_PRESENT:
        case GAL_COMPARE_IS_NUMERIC:
        case GAL_COMPARE_IS_STRING:
        case GAL_COMPARE_IS_BOOLEAN:
        case GAL_COMPARE_IS_TIMESTAMP:
                return GAL_FIELD_BOOLEAN;
        }
        return GAL_FIELD_ANY;
}

static void compile_literal(const struct gal_context *context, const struct gal_place *place, const json_t *object,
                            const struct gal_comparison *comparison, struct gal_choice_rule *rule)
{
        struct gal_place spot = gal_place_member(place, comparison->name);
        json_t *value = json_object_get(object, comparison->name);

        if (!gal_check_type(context->compiler, find_operand_type(comparison->type), &spot, value))
                return;
        rule->operand = value;
        if (comparison->type == GAL_COMPARE_TIMESTAMP &&
            !gal_timestamp_parse(json_string_value(value), json_string_length(value), &rule->instant))
                gal_fault(context->compiler, &spot, "String does not match RFC3339 timestamp");
        else if (comparison->type == GAL_COMPARE_STRING)
                gal_lint_literal(context, place, object, comparison->name);
}

/*
 * Variable and the operands of ...Path. The service calls them Reference Paths; whether it lets general ones
 * through is not known, so those are taken, with a warning.
 */
static struct gal_path *compile_side(const struct gal_context *context, const struct gal_place *holder,
                                     const json_t *object, const char *name)
{
        struct gal_place place = gal_place_member(holder, name);
        const json_t *value = json_object_get(object, name);
        struct gal_error error = { .code = GAL_OK };
        struct gal_path *path = NULL;

        if (!gal_check_type(context->compiler, GAL_FIELD_STRING, &place, value))
                return NULL;
        if (gal_path_parse(json_string_value(value), json_string_length(value), &path, &error) == GAL_ENOMEM) {
                gal_out_of_memory(context->compiler);
        } else if (path == NULL) {
                gal_fault(context->compiler, &place, "Value is not a Reference Path: %s",
                          json_string_value(value)[0] == '$' ? error.message
                                                             : "Reference path didn't start with '$'");
        } else {
                if (!gal_path_is_reference(path))
                        gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place, &place,
                                 "Value is not a Reference Path");
                gal_check_read(context, &place, &place, path);
        }
        return path;
}

static void compile_comparison(const struct gal_context *context, const struct gal_place *place, json_t *object,
                               const struct gal_comparison *comparison, struct gal_choice_rule *rule)
{
        rule->kind = GAL_CHOICE_COMPARE;
        rule->type = comparison->type;
        rule->relation = comparison->relation;
        if (json_object_get(object, "Variable") == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY, "These fields are required: [Variable]");
        else if (json_is_string(json_object_get(object, "Variable"))) /* its type was checked with the fields */
                rule->variable = compile_side(context, place, object, "Variable");
        if (comparison->path)
                rule->operand_path = compile_side(context, place, object, comparison->name);
        else
                compile_literal(context, place, object, comparison, rule);
}

/* What a rule does: how many operators it has, and the last of them. */
struct operators {
        size_t count;
        char names[160];
        const char *logic; /* And, Or, Not; NULL: none */
        const struct gal_comparison *comparison;
};

static void note_operator(struct operators *operators, const char *name)
{
        size_t len = strlen(operators->names);

        snprintf(operators->names + len, sizeof(operators->names) - len, "%s%s", operators->count > 0 ? ", " : "",
                 name);
        operators->count++;
}

static struct operators find_operators(json_t *object)
{
        static const char *const logic[] = { "And", "Or", "Not" };
        struct operators operators = { .count = 0 };

        for (void *member = json_object_iter(object); member != NULL;
             member = json_object_iter_next(object, member)) {
                const char *name = json_object_iter_key(member);
                const struct gal_comparison *comparison =
                        gal_comparison_find(name, json_object_iter_key_len(member));

                for (size_t i = 0; i < sizeof(logic) / sizeof(logic[0]); i++) {
                        if (strcmp(name, logic[i]) == 0) {
                                note_operator(&operators, name);
                                operators.logic = logic[i];
                        }
                }
                if (comparison != NULL) {
                        note_operator(&operators, name);
                        operators.comparison = comparison;
                }
        }
        return operators;
}

static void compile_logic(const struct gal_context *context, const struct gal_place *place, const json_t *object,
                          const char *name, struct gal_choice_rule *rule)
{
        struct gal_place spot = gal_place_member(place, name);
        json_t *value = json_object_get(object, name);

        if (strcmp(name, "Not") != 0) {
                rule->kind = strcmp(name, "And") == 0 ? GAL_CHOICE_AND : GAL_CHOICE_OR;
                compile_rules(context, GAL_HOLDER_SUBRULE, &spot, value, &rule->rules, &rule->rule_count);
                return;
        }
        rule->kind = GAL_CHOICE_NOT;
        if (!json_is_object(value))
                return;
        rule->rules = gal_compiler_alloc(context->compiler, 1, sizeof(*rule->rules));
        if (rule->rules == NULL)
                return;
        rule->rule_count = 1;
        compile_rule(context, GAL_HOLDER_SUBRULE, &spot, value, rule->rules);
}

static void compile_test(const struct gal_context *context, const struct gal_place *place, json_t *object,
                         struct gal_choice_rule *rule)
{
        struct operators operators = find_operators(object);

        if (operators.count == 0)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY,
                           "A choice rule must have exactly one comparison operator, And, Or or Not");
        else if (operators.count > 1)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY, "There should only be one of the following fields: [%s]",
                           operators.names);
        else if (operators.logic != NULL)
                compile_logic(context, place, object, operators.logic, rule);
        else
                compile_comparison(context, place, object, operators.comparison, rule);
        if (operators.logic != NULL && json_object_get(object, "Variable") != NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY, "Field 'Variable' is not supported");
}

static void compile_condition(const struct gal_context *context, const struct gal_place *place,
                              const json_t *object, struct gal_choice_rule *rule)
{
        struct gal_place spot = gal_place_member(place, "Condition");
        const json_t *condition = json_object_get(object, "Condition");

        rule->kind = GAL_CHOICE_CONDITION;
        if (condition == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY, "These fields are required: [Condition]");
        else if (json_is_string(condition) && strncmp(json_string_value(condition), "{%", 2) == 0)
                gal_check_jsonata(context, &spot, condition);
        else if (!json_is_boolean(condition))
                gal_fault(context->compiler, &spot, "Expected value of type [BOOLEAN] or a JSONata expression");
        gal_check_jsonata_field(context, place, object, "Output");
}

/* Recurses as deep as the definition nests: GAL_JSON_DEPTH_MAX. */
static void compile_rule(const struct gal_context *context, enum gal_holder holder, const struct gal_place *place,
                         json_t *object, struct gal_choice_rule *rule)
{
        struct gal_place next = gal_place_member(place, "Next");

        rule->source = object;
        rule->next = GAL_STATE_NONE;
        gal_check_fields(context->compiler, holder, context->state->language, context->place, place, object);
        if (context->state->language == GAL_JSONPATH)
                compile_test(context, place, object, rule);
        else
                compile_condition(context, place, object, rule);
        if (holder != GAL_HOLDER_RULE)
                return;
        rule->next =
                gal_find_target(context->compiler, context->state->graph, &next, json_object_get(object, "Next"));
        rule->assign = gal_compile_assign(context, place, object);
}

void gal_compile_choice(const struct gal_context *context)
{
        struct gal_choice *choice = &context->state->as.choice;
        struct gal_place choices = gal_place_member(context->place, "Choices");
        struct gal_place fallback = gal_place_member(context->place, "Default");

        compile_rules(context, GAL_HOLDER_RULE, &choices, json_object_get(context->state->source, "Choices"),
                      &choice->rules, &choice->rule_count);
        if (choice->rule_count == 0)
                gal_mark_unclear(context);
        choice->fallback = GAL_STATE_NONE;
        if (json_object_get(context->state->source, "Default") != NULL)
                choice->fallback = gal_find_target(context->compiler, context->state->graph, &fallback,
                                                   json_object_get(context->state->source, "Default"));
}
