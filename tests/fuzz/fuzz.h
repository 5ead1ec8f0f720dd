/*
 * fuzz.h: what every target defines; libFuzzer or replay.c calls it.
 */
#ifndef GAL_TESTS_FUZZ_H
#define GAL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; a property that does not hold aborts (gal_assert). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
