/*
 * mutated.c: `galliard` with an engine that makes a mistake on purpose (base/mutation.h): the one that
 * GALLIARD_MUTATION names. For tests of what becomes of the process, and of the next one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mutation.h"

enum gal_mutation gal_mutation = GAL_MUTATION_NONE;

__attribute__((constructor)) static void choose(void)
{
        static const char *const names[] = {
#define X(id, name) [GAL_MUTATION_##id] = name,
                GAL_MUTATIONS_LIST(X)
#undef X
        };
        const char *wanted = getenv("GALLIARD_MUTATION");

        for (int i = 0; wanted != NULL && i < GAL_MUTATION_COUNT; i++) {
                if (strcmp(names[i], wanted) == 0)
                        gal_mutation = (enum gal_mutation)i;
        }
}
