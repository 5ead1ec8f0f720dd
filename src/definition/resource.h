/*
 * resource.h: the Resource of a Task, taken apart.
 *
 *   arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]      a function, called directly
 *   arn:aws:states:REGION:ACCOUNT:activity:NAME                  an activity
 *   arn:aws:states:::SERVICE:ACTION[.sync|.sync:2|.waitForTaskToken], arn:aws:states:::aws-sdk:SERVICE:ACTION[...]
 */
#ifndef GAL_DEFINITION_RESOURCE_H
#define GAL_DEFINITION_RESOURCE_H

#include "definition/compiler.h"

/* The Resource of the Task in `context`, with its service, action and pattern. */
void gal_compile_resource(const struct gal_context *context);

#endif
