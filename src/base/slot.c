/*
 * slot.c: FNV-1a, 64 bits, over both names with a NUL between, folded.
 */
#include "base/slot.h"

static uint64_t mix(uint64_t hash, unsigned char byte)
{
        return (hash ^ byte) * 1099511628211ull;
}

uint32_t gal_slot(const char *machine_name, const char *execution_name)
{
        uint64_t hash = 14695981039346656037ull;

        for (const char *c = machine_name; *c != '\0'; c++)
                hash = mix(hash, (unsigned char)*c);
        hash = mix(hash, 0);
        for (const char *c = execution_name; *c != '\0'; c++)
                hash = mix(hash, (unsigned char)*c);
        return (uint32_t)((hash ^ (hash >> 32)) % GAL_SLOT_COUNT);
}
