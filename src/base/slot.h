/*
 * slot.h: which of the store's 4,096 slots an execution lives in: a stable hash of its machine's and its own name, so
 * that it can be told from the ARN alone. Part of the storage format: never change it.
 */
#ifndef GAL_BASE_SLOT_H
#define GAL_BASE_SLOT_H

#include <stdint.h>

#define GAL_SLOT_COUNT 4096

uint32_t gal_slot(const char *machine_name, const char *execution_name);

#endif
