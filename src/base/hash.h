/*
 * hash.h: hash tables: uthash, with our own end for its only failure. By itself it calls exit(), which is not for a
 * library to do.
 */
#ifndef GAL_BASE_HASH_H
#define GAL_BASE_HASH_H

#include "base/assert.h"

#define uthash_fatal(what) gal_bug(what, 0)
#include <uthash.h>

#endif
