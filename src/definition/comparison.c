/*
 * comparison.c: the table of comparison operators. Values and paths are twins, but for StringMatches and the type
 * tests.
 */
#include "definition/comparison.h"

#include <string.h>

#define ROW(text, type, relation, path)                                                                            \
        {                                                                                                          \
                text, sizeof(text) - 1, GAL_COMPARE_##type, GAL_RELATION_##relation, path                          \
        }
#define TWINS(text, type, relation) ROW(text, type, relation, false), ROW(text "Path", type, relation, true)
#define ORDERED(text, type)                                                                                        \
        TWINS(text "Equals", type, EQUALS), TWINS(text "LessThan", type, LESS_THAN),                               \
                TWINS(text "GreaterThan", type, GREATER_THAN),                                                     \
                TWINS(text "LessThanEquals", type, LESS_THAN_EQUALS),                                              \
                TWINS(text "GreaterThanEquals", type, GREATER_THAN_EQUALS)

static const struct gal_comparison comparisons[] = {
        ORDERED("String", STRING),
        ROW("StringMatches", MATCHES, EQUALS, false),
        ORDERED("Numeric", NUMERIC),
        ORDERED("Timestamp", TIMESTAMP),
        TWINS("BooleanEquals", BOOLEAN, EQUALS),
        ROW("IsNull", IS_NULL, EQUALS, false),
        ROW("IsPresent", IS_PRESENT, EQUALS, false),
        ROW("IsNumeric", IS_NUMERIC, EQUALS, false),
        ROW("IsString", IS_STRING, EQUALS, false),
        ROW("IsBoolean", IS_BOOLEAN, EQUALS, false),
        ROW("IsTimestamp", IS_TIMESTAMP, EQUALS, false),
};

#define COMPARISON_COUNT (sizeof(comparisons) / sizeof(comparisons[0]))

const struct gal_comparison *gal_comparisons(size_t *ret_count)
{
        *ret_count = COMPARISON_COUNT;
        return comparisons;
}

const struct gal_comparison *gal_comparison_find(const char *name, size_t len)
{
        for (size_t i = 0; i < COMPARISON_COUNT; i++)
                if (comparisons[i].len == len && memcmp(comparisons[i].name, name, len) == 0)
                        return &comparisons[i];
        return NULL;
}
