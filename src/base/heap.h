/*
 * heap.h: a priority queue of things that live elsewhere: each holds a node, so it can be moved or taken out.
 */
#ifndef GAL_BASE_HEAP_H
#define GAL_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gal_heap_node {
        uint32_t index; /* from 1; 0: not in a heap */
};

struct gal_heap {
        struct gal_heap_node **nodes; /* from index 1 */
        uint32_t count;
        uint32_t size;
        bool (*before)(const struct gal_heap_node *a, const struct gal_heap_node *b); /* a strict order */
};

void gal_heap_finish(struct gal_heap *heap);
void gal_heap_insert(struct gal_heap *heap, struct gal_heap_node *node);
void gal_heap_remove(struct gal_heap *heap, struct gal_heap_node *node); /* nothing when it is in none */
/* (transfer none) NULL when empty. */
struct gal_heap_node *gal_heap_first(const struct gal_heap *heap);

/* The struct that holds a node. */
#define gal_container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
