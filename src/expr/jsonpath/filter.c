/*
 * filter.c: whether a node passes a filter.
 *
 * A comparison of different types is false, so its negation `!=` is true, also when a side finds nothing. Every
 * comparison of texts and containers is paid for by its size: a filter asks each of many nodes, and the value it
 * compares with may be as large as the whole payload.
 */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "expr/jsonpath/path.h"

/* Comparing runs through 64 bytes in the time of a visit, counting characters through 8. */
enum { BYTES_A_VISIT = 64, CHARACTERS_A_VISIT = 8 };

/* The value of an operand: NULL when its path finds nothing. A new reference. */
static json_t *operand_value(struct path_evaluation *evaluation, const struct path_operand *operand, json_t *node)
{
        switch (operand->kind) {
        case PATH_LITERAL:
                return json_incref(operand->literal);
        case PATH_REGEX:
                return NULL;
        case PATH_CURRENT:
                return gal_path_run(evaluation, &operand->query, node);
        case PATH_DOCUMENT:
                return gal_path_run(evaluation, &operand->query, evaluation->document);
        }
        return NULL;
}

/* Spends what walking over the value costs. */
static bool spend_walk(struct path_evaluation *evaluation, const json_t *value)
{
        const char *key;
        size_t index;
        json_t *child;

        if (!gal_path_spend(evaluation, 1 + json_string_length(value) / BYTES_A_VISIT))
                return false;
        json_object_foreach((json_t *)value, key, child)
        {
                if (!spend_walk(evaluation, child))
                        return false;
        }
        json_array_foreach((json_t *)value, index, child)
        {
                if (!spend_walk(evaluation, child))
                        return false;
        }
        return true;
}

static bool same_size(const json_t *a, const json_t *b)
{
        return json_array_size(a) == json_array_size(b) && json_object_size(a) == json_object_size(b) &&
               json_string_length(a) == json_string_length(b);
}

static bool is_equal(struct path_evaluation *evaluation, const json_t *a, const json_t *b)
{
        if (a == NULL || b == NULL)
                return false;
        if (json_is_number(a) && json_is_number(b))
                return gal_json_equal(a, b);
        if (json_typeof(a) != json_typeof(b) || !same_size(a, b))
                return false;
        return spend_walk(evaluation, a) && gal_json_equal(a, b);
}

static int compare_numbers(const json_t *a, const json_t *b)
{
        json_int_t x, y;
        double p, q;

        if (json_is_integer(a) && json_is_integer(b)) {
                x = json_integer_value(a);
                y = json_integer_value(b);
                return (x > y) - (x < y);
        }
        p = json_number_value(a);
        q = json_number_value(b);
        return (p > q) - (p < q);
}

/* False when the two have no order: then every comparison fails. */
static bool compare(struct path_evaluation *evaluation, const json_t *a, const json_t *b, int *ret_order)
{
        if (json_is_number(a) && json_is_number(b)) {
                *ret_order = compare_numbers(a, b);
                return true;
        }
        if (!json_is_string(a) || !json_is_string(b) ||
            !gal_path_spend(evaluation, 1 + json_string_length(a) / BYTES_A_VISIT))
                return false;
        *ret_order = gal_utf8_compare(json_string_value(a), json_string_length(a), json_string_value(b),
                                      json_string_length(b));
        return true;
}

static bool is_in(struct path_evaluation *evaluation, const json_t *item, const json_t *array)
{
        size_t index;
        json_t *candidate;

        if (item == NULL)
                return false;
        json_array_foreach((json_t *)array, index, candidate)
        {
                if (!gal_path_spend(evaluation, 1))
                        return false;
                if (is_equal(evaluation, item, candidate))
                        return true;
        }
        return false;
}

/* How many elements of `a` are in `b`. */
static size_t count_in(struct path_evaluation *evaluation, const json_t *a, const json_t *b)
{
        size_t count = 0;
        size_t index;
        json_t *item;

        json_array_foreach((json_t *)a, index, item)
        {
                if (evaluation->status != GAL_OK)
                        return 0;
                count += is_in(evaluation, item, b);
        }
        return count;
}

static bool contains(struct path_evaluation *evaluation, const json_t *whole, const json_t *part)
{
        if (json_is_array(whole))
                return is_in(evaluation, part, whole);
        if (!json_is_string(whole) || !json_is_string(part) ||
            !gal_path_spend(evaluation, 1 + json_string_length(whole) / BYTES_A_VISIT))
                return false;
        return memmem(json_string_value(whole), json_string_length(whole), json_string_value(part),
                      json_string_length(part)) != NULL;
}

/* Elements of an array, characters of a string; false for anything else. */
static bool measure(struct path_evaluation *evaluation, const json_t *value, size_t *ret_size)
{
        if (json_is_array(value)) {
                *ret_size = json_array_size(value);
                return true;
        }
        if (!json_is_string(value) ||
            !gal_path_spend(evaluation, 1 + json_string_length(value) / CHARACTERS_A_VISIT))
                return false;
        *ret_size = gal_utf8_length(json_string_value(value), json_string_length(value));
        return true;
}

static bool has_size(struct path_evaluation *evaluation, const json_t *value, const json_t *size)
{
        size_t found;

        return json_is_number(size) && measure(evaluation, value, &found) &&
               (double)found == json_number_value(size);
}

static bool is_empty(struct path_evaluation *evaluation, const json_t *value, const json_t *wanted)
{
        size_t found;

        return json_is_boolean(wanted) && measure(evaluation, value, &found) &&
               (found == 0) == json_is_true(wanted);
}

static bool compares(struct path_evaluation *evaluation, enum path_operator operator_, const json_t *a,
                     const json_t *b)
{
        bool arrays = json_is_array(a) && json_is_array(b);
        int order = 0;

        switch (operator_) {
        case PATH_EQUAL:
                return is_equal(evaluation, a, b);
        case PATH_NOT_EQUAL:
                return !is_equal(evaluation, a, b);
        case PATH_LESS:
                return compare(evaluation, a, b, &order) && order < 0;
        case PATH_LESS_EQUAL:
                return compare(evaluation, a, b, &order) && order <= 0;
        case PATH_GREATER:
                return compare(evaluation, a, b, &order) && order > 0;
        case PATH_GREATER_EQUAL:
                return compare(evaluation, a, b, &order) && order >= 0;
        case PATH_IN:
                return is_in(evaluation, a, b);
        case PATH_NOT_IN:
                return !is_in(evaluation, a, b);
        case PATH_SUBSET_OF:
                return arrays && count_in(evaluation, a, b) == json_array_size(a);
        case PATH_ANY_OF:
                return arrays && count_in(evaluation, a, b) > 0;
        case PATH_NONE_OF:
                return arrays && count_in(evaluation, a, b) == 0;
        case PATH_ALL:
                return arrays && count_in(evaluation, b, a) == json_array_size(b);
        case PATH_CONTAINS:
                return contains(evaluation, a, b);
        case PATH_SIZE:
                return has_size(evaluation, a, b);
        case PATH_EMPTY:
                return is_empty(evaluation, a, b);
        case PATH_MATCHES:
                return false; /* without a regular expression on either side */
        }
        return false;
}

/* Strings match as they are, numbers and booleans by their text, anything else never. */
static bool matches(struct path_evaluation *evaluation, const struct path_regex *regex, const json_t *value)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        bool found;

        if (json_is_string(value))
                return gal_path_regex_matches(evaluation, regex, json_string_value(value),
                                              json_string_length(value));
        if (!json_is_number(value) && !json_is_boolean(value))
                return false;
        gal_json_write(&text, value);
        found = gal_path_regex_matches(evaluation, regex, text.data, text.len);
        gal_buffer_finish(&text);
        return found;
}

static bool test(struct path_evaluation *evaluation, const struct path_filter *filter, json_t *node)
{
        json_t *a = operand_value(evaluation, &filter->a, node);
        json_t *b = operand_value(evaluation, &filter->b, node);
        bool passes;

        if (filter->a.kind == PATH_REGEX)
                passes = matches(evaluation, filter->a.regex, b);
        else if (filter->b.kind == PATH_REGEX)
                passes = matches(evaluation, filter->b.regex, a);
        else
                passes = compares(evaluation, filter->operator_, a, b);
        json_decref(a);
        json_decref(b);
        return passes;
}

/* A path that may lead to several nodes exists when it found one. */
static bool exists(struct path_evaluation *evaluation, const struct path_filter *filter, json_t *node)
{
        const struct path_query *query = &filter->a.query;
        json_t *found = operand_value(evaluation, &filter->a, node);
        bool single = query->definite || query->function != PATH_FUNCTION_NONE;
        bool answer = found != NULL && (single || json_array_size(found) > 0);

        json_decref(found);
        return answer;
}

bool gal_path_filter_accepts(struct path_evaluation *evaluation, const struct path_filter *filter, json_t *node)
{
        if (!gal_path_spend(evaluation, 1))
                return false;
        for (; filter->kind == PATH_OR || filter->kind == PATH_AND; filter = filter->right)
                if (gal_path_filter_accepts(evaluation, filter->left, node) == (filter->kind == PATH_OR))
                        return filter->kind == PATH_OR;
        switch (filter->kind) {
        case PATH_NOT:
                return !gal_path_filter_accepts(evaluation, filter->left, node);
        case PATH_EXISTS:
                return exists(evaluation, filter, node);
        case PATH_COMPARE:
                return test(evaluation, filter, node);
        case PATH_OR:
        case PATH_AND:
                break;
        }
        return false;
}
