/*
 * choice.c: the rules of a Choice state in JSONPath mode.
 *
 * A left value of another type makes a comparison false, never an error; a Variable that is absent is an error but
 * for IsPresent. And/Or go left to right and stop early, so that a rule may guard the next one.
 */
#include "machine/turn.h"

#include <string.h>

#include "base/assert.h"
#include "base/timestamp.h"
#include "base/utf8.h"

static bool holds(enum gal_comparison_relation relation, int order)
{
        switch (relation) {
        case GAL_RELATION_EQUALS:
                return order == 0;
        case GAL_RELATION_LESS_THAN:
                return order < 0;
        case GAL_RELATION_GREATER_THAN:
                return order > 0;
        case GAL_RELATION_LESS_THAN_EQUALS:
                return order <= 0;
        case GAL_RELATION_GREATER_THAN_EQUALS:
                return order >= 0;
        }
        gal_bug("relation", relation);
}

static int compare_strings(const json_t *a, const json_t *b)
{
        return gal_utf8_compare(json_string_value(a), json_string_length(a), json_string_value(b),
                                json_string_length(b));
}

/* As doubles, integers too (reference: asl, section 7). */
static int compare_numbers(const json_t *a, const json_t *b)
{
        double x = json_number_value(a), y = json_number_value(b);

        return (x > y) - (x < y);
}

static bool read_timestamp(const json_t *value, struct gal_instant *ret_instant)
{
        return json_is_string(value) &&
               gal_timestamp_parse(json_string_value(value), json_string_length(value), ret_instant);
}

/*
 * StringMatches: `*` is any run of characters, `\*` and `\\` are literal (there is no other escape, see below).
 * Goes back to the latest `*` only, so it is quadratic at worst and never exponential.
 */
static bool match_wildcards(const char *text, size_t text_len, const char *pattern, size_t pattern_len)
{
        size_t t = 0, p = 0, star = SIZE_MAX, mark = 0;

        for (;;) {
                if (p < pattern_len && pattern[p] == '*') {
                        star = p++;
                        mark = t;
                        continue;
                }
                if (t == text_len && p == pattern_len)
                        return true;
                if (t < text_len && p < pattern_len) {
                        size_t escaped = pattern[p] == '\\';

                        if (text[t] == pattern[p + escaped]) {
                                p += 1 + escaped;
                                t++;
                                continue;
                        }
                }
                if (star == SIZE_MAX || mark >= text_len)
                        return false;
                t = ++mark;
                p = star + 1;
        }
}

/* A backslash that escapes neither `*` nor itself, which the States Language makes an error of the run. */
static bool has_open_escape(const char *pattern, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (pattern[i] != '\\')
                        continue;
                if (++i == len || (pattern[i] != '*' && pattern[i] != '\\'))
                        return true;
        }
        return false;
}

static bool compare_with(const struct gal_choice_rule *rule, const json_t *value, const json_t *operand)
{
        struct gal_instant left, right;

        switch (rule->type) {
        case GAL_COMPARE_STRING:
                return json_is_string(value) && json_is_string(operand) &&
                       holds(rule->relation, compare_strings(value, operand));
        case GAL_COMPARE_NUMERIC:
                return json_is_number(value) && json_is_number(operand) &&
                       holds(rule->relation, compare_numbers(value, operand));
        case GAL_COMPARE_BOOLEAN:
                return json_is_boolean(value) && json_is_boolean(operand) &&
                       json_is_true(value) == json_is_true(operand);
        case GAL_COMPARE_TIMESTAMP:
                return read_timestamp(value, &left) && read_timestamp(operand, &right) &&
                       holds(rule->relation, gal_instant_compare(left, right));
        case GAL_COMPARE_MATCHES:
                return json_is_string(value) && json_is_string(operand) &&
                       match_wildcards(json_string_value(value), json_string_length(value),
                                       json_string_value(operand), json_string_length(operand));
        case GAL_COMPARE_IS_NULL:
                return json_is_null(value) == json_is_true(operand);
        case GAL_COMPARE_IS_PRESENT:
                return json_is_true(operand);
        case GAL_COMPARE_IS_NUMERIC:
                return json_is_number(value) == json_is_true(operand);
        case GAL_COMPARE_IS_STRING:
                return json_is_string(value) == json_is_true(operand);
        case GAL_COMPARE_IS_BOOLEAN:
                return json_is_boolean(value) == json_is_true(operand);
        case GAL_COMPARE_IS_TIMESTAMP:
                return read_timestamp(value, &left) == json_is_true(operand);
        }
        gal_bug("comparison", rule->type);
}

static enum gal_status evaluate(const struct gal_path *path, const struct gal_scope *scope, json_t **ret_value,
                                struct gal_failure *failure)
{
        enum gal_status status = gal_path_evaluate(path, scope, ret_value);

        if (status == GAL_OK)
                return GAL_OK;
        return gal_failure_set(failure, "States.Runtime",
                               "Invalid path '%s': The choice state's condition path %s.", gal_path_text(path),
                               status == GAL_ELIMIT ? "takes too many steps to evaluate"
                                                    : "references an invalid value");
}

static enum gal_status decide_compare(const struct gal_choice_rule *rule, const struct gal_scope *scope,
                                      bool *ret_true, struct gal_failure *failure)
{
        json_t *value = NULL, *operand = NULL;
        enum gal_status status;

        if (rule->type == GAL_COMPARE_MATCHES &&
            has_open_escape(json_string_value(rule->operand), json_string_length(rule->operand)))
                return gal_failure_set(failure, "States.Runtime",
                                       "The StringMatches pattern '%s' has a backslash that is followed by neither "
                                       "'*' nor a backslash.",
                                       json_string_value(rule->operand));
        if (rule->type == GAL_COMPARE_IS_PRESENT &&
            gal_path_evaluate(rule->variable, scope, &value) == GAL_ENOTFOUND) {
                *ret_true = !json_is_true(rule->operand);
                return GAL_OK;
        }
        status = value != NULL ? GAL_OK : evaluate(rule->variable, scope, &value, failure);
        if (status != GAL_OK)
                return status;
        if (rule->operand_path != NULL) {
                status = evaluate(rule->operand_path, scope, &operand, failure);
                if (status != GAL_OK) {
                        json_decref(value);
                        return status;
                }
        }
        *ret_true = compare_with(rule, value, operand != NULL ? operand : rule->operand);
        json_decref(value);
        json_decref(operand);
        return GAL_OK;
}

/* Depth is bounded by the definition's own nesting (GAL_JSON_DEPTH_MAX). */
static enum gal_status decide_rule(const struct gal_choice_rule *rule, const struct gal_scope *scope,
                                   bool *ret_true, struct gal_failure *failure)
{
        enum gal_status status;
        bool child = false;

        switch (rule->kind) {
        case GAL_CHOICE_AND:
        case GAL_CHOICE_OR:
                *ret_true = rule->kind == GAL_CHOICE_AND;
                for (size_t i = 0; i < rule->rule_count; i++) {
                        status = decide_rule(&rule->rules[i], scope, &child, failure);
                        if (status != GAL_OK)
                                return status;
                        if (child != *ret_true) {
                                *ret_true = child;
                                return GAL_OK;
                        }
                }
                return GAL_OK;
        case GAL_CHOICE_NOT:
                status = decide_rule(&rule->rules[0], scope, &child, failure);
                *ret_true = !child;
                return status;
        case GAL_CHOICE_COMPARE:
                return decide_compare(rule, scope, ret_true, failure);
        case GAL_CHOICE_CONDITION:
                break;
        }
        gal_bug("choice rule", rule->kind);
}

enum gal_status gal_choice_decide(const struct gal_choice *choice, const struct gal_scope *scope,
                                  const struct gal_choice_rule **ret_rule, struct gal_failure *failure)
{
        *ret_rule = NULL;
        for (size_t i = 0; i < choice->rule_count; i++) {
                bool is_true = false;
                enum gal_status status = decide_rule(&choice->rules[i], scope, &is_true, failure);

                if (status != GAL_OK)
                        return status;
                if (is_true) {
                        *ret_rule = &choice->rules[i];
                        return GAL_OK;
                }
        }
        return GAL_OK;
}
