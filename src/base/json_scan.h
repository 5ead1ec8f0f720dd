/*
 * json_scan.h: how far a string goes on without anything special, eight bytes at a time. For this folder only.
 *
 * Each test leaves the top bit set in every byte that it means. Borrows can set bits in bytes above a true hit,
 * never below the first one, so only the lowest hit may be used; that is why the words are read as little endian.
 */
#ifndef GAL_BASE_JSON_SCAN_H
#define GAL_BASE_JSON_SCAN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GAL_SCAN_ONES UINT64_C(0x0101010101010101)
#define GAL_SCAN_TOPS UINT64_C(0x8080808080808080)

static inline uint64_t gal_scan_load(const char *at)
{
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        return le64toh(word);
}

/* Bytes below 0x20, quotes and backslashes. */
static inline uint64_t gal_scan_escapes(uint64_t word)
{
        uint64_t quote = word ^ (GAL_SCAN_ONES * '"');
        uint64_t backslash = word ^ (GAL_SCAN_ONES * '\\');
        uint64_t control = (word - GAL_SCAN_ONES * 0x20) & ~word;

        return (control | ((quote - GAL_SCAN_ONES) & ~quote) | ((backslash - GAL_SCAN_ONES) & ~backslash)) &
               GAL_SCAN_TOPS;
}

/* The same, and bytes outside of ASCII. */
static inline uint64_t gal_scan_specials(uint64_t word)
{
        return gal_scan_escapes(word) | (word & GAL_SCAN_TOPS);
}

static inline size_t gal_scan_first(uint64_t hits)
{
        return (size_t)__builtin_ctzll(hits) / 8;
}

#endif
