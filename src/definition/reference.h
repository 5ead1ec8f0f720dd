/*
 * reference.h: which variables each state reads, as DescribeStateMachine tells it (variableReferences).
 */
#ifndef GAL_DEFINITION_REFERENCE_H
#define GAL_DEFINITION_REFERENCE_H

#include <jansson.h>

#include "definition/program.h"

/*
 * (new) {STATE: [VARIABLE, ...]}: states that read none are left out, names are sorted. Assigning is no reading;
 * what stands in a branch or an item processor is read by its own states.
 */
json_t *gal_program_references(const struct gal_program *program);

#endif
