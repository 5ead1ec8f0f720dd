/*
 * variable_reference.h: which states of a definition read which workflow variables.
 */
#ifndef GAL_DEFINITION_VARIABLE_REFERENCE_H
#define GAL_DEFINITION_VARIABLE_REFERENCE_H

#include <jansson.h>
#include <stddef.h>

/*
 * (transfer full) The variableReferences of DescribeStateMachine: {"state": ["variable", ...]}, states in their
 * order, nested ones with the others, variables sorted. NULL: none reads any. Of a definition that was accepted;
 * only JSONPath is looked at.
 */
json_t *gal_definition_variable_references(const char *definition, size_t len);

#endif
