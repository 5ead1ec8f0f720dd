/*
 * arena.c: blocks that double up to a page or two; a piece larger than that gets a block of its own.
 */
#include "expr/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE_MIN = 256, BLOCK_SIZE_MAX = 8192 };

struct gal_arena_block {
        struct gal_arena_block *older;
        size_t size;
        alignas(max_align_t) char data[];
};

static void *grow(struct gal_arena *arena, size_t size)
{
        size_t room = arena->blocks == NULL ? BLOCK_SIZE_MIN : arena->blocks->size * 2;
        struct gal_arena_block *block;

        if (room > BLOCK_SIZE_MAX)
                room = BLOCK_SIZE_MAX;
        if (room < size)
                room = size;
        block = calloc(1, sizeof(*block) + room);
        if (block == NULL)
                return NULL;
        block->older = arena->blocks;
        block->size = room;
        arena->blocks = block;
        arena->at = block->data + size;
        arena->left = room - size;
        return block->data;
}

void *gal_arena_alloc(struct gal_arena *arena, size_t count, size_t size)
{
        size_t align = alignof(max_align_t);
        size_t bytes;
        void *piece;

        if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
                return NULL;
        /* Nothing is a piece, too: NULL means out of memory only. */
        bytes = bytes == 0 ? align : (bytes + align - 1) / align * align;
        if (bytes > arena->left)
                return grow(arena, bytes);
        piece = arena->at;
        arena->at += bytes;
        arena->left -= bytes;
        return piece;
}

char *gal_arena_copy(struct gal_arena *arena, const char *text, size_t len)
{
        char *copy = gal_arena_alloc(arena, len + 1, 1);

        if (copy != NULL && len > 0)
                memcpy(copy, text, len);
        return copy;
}

void gal_arena_finish(struct gal_arena *arena)
{
        struct gal_arena_block *block = arena->blocks;
        struct gal_arena_block *older;

        while (block != NULL) {
                older = block->older;
                free(block);
                block = older;
        }
        *arena = GAL_ARENA_INIT;
}
