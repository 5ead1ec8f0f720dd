/*
 * mutation.h: seeded mistakes, one at a time, by which the simulator proves that it would notice them.
 *
 * They exist in the simulator's own build of the sources (tests/sim, -DGAL_MUTATIONS) and nowhere else: elsewhere
 * GAL_MUTATED() is false, and the compiler leaves nothing of it.
 */
#ifndef GAL_BASE_MUTATION_H
#define GAL_BASE_MUTATION_H

#include <stdbool.h>

/* X(id, the mistake) */
#define GAL_MUTATIONS_LIST(X)                                                                                      \
        X(NONE, "none")                                                                                            \
        X(NO_FENCE, "no-fence")                                                                                    \
        X(LEASE_BEFORE_LOCK, "lease-before-lock")                                                                  \
        X(EFFECT_BEFORE_COMMIT, "effect-before-commit")                                                            \
        X(MEMORY_KEPT, "memory-kept-after-reconnect")                                                              \
        X(STEP_IN_FLIGHT, "step-while-in-flight")                                                                  \
        X(TIMER_TWICE, "timer-twice")                                                                              \
        X(NO_WAKE, "parked-without-wake-time")                                                                     \
        X(CALL_FORGOTTEN, "withheld-call-forgotten")                                                               \
        X(DUE_SKIPPED, "due-skipped-after-failed-read")                                                            \
        X(SNAPSHOT_RETRIES, "snapshot-forgets-retries")                                                            \
        X(WORKER_GONE, "task-for-a-worker-that-has-gone")                                                          \
        X(POISON, "poison")                                                                                        \
        X(POISON_TRAP, "poison-trap")

enum gal_mutation {
#define X(id, name) GAL_MUTATION_##id,
        GAL_MUTATIONS_LIST(X)
#undef X
                GAL_MUTATION_COUNT
};

#ifdef GAL_MUTATIONS
extern enum gal_mutation gal_mutation;
#define GAL_MUTATED(mistake) (gal_mutation == GAL_MUTATION_##mistake)
#else
#define GAL_MUTATED(mistake) false
#endif

#endif
