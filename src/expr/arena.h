/*
 * arena.h: the memory of one compiled expression: many small pieces, freed together.
 *
 * Compilers here read untrusted text, so running out of memory is an answer (NULL), not the end of the process.
 */
#ifndef GAL_EXPR_ARENA_H
#define GAL_EXPR_ARENA_H

#include <stddef.h>

struct gal_arena_block;

struct gal_arena {
        struct gal_arena_block *blocks; /* newest first */
        char *at;
        size_t left;
};

#define GAL_ARENA_INIT ((struct gal_arena){ NULL, NULL, 0 })

/* Zeroed and aligned for any type; NULL when memory is out. Lives until gal_arena_finish(). */
void *gal_arena_alloc(struct gal_arena *arena, size_t count, size_t size);
/* A copy with a terminator. */
char *gal_arena_copy(struct gal_arena *arena, const char *text, size_t len);
void gal_arena_finish(struct gal_arena *arena);

#endif
