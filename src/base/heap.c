/*
 * heap.c: a binary heap; indices from 1, so that parent and children are halves and doubles.
 */
#include "base/heap.h"

#include <stdlib.h>

#include "base/alloc.h"

static void place(struct gal_heap *heap, struct gal_heap_node *node, uint32_t index)
{
        heap->nodes[index] = node;
        node->index = index;
}

static void sift_up(struct gal_heap *heap, struct gal_heap_node *node)
{
        uint32_t index = node->index;

        while (index > 1 && heap->before(node, heap->nodes[index / 2])) {
                place(heap, heap->nodes[index / 2], index);
                index /= 2;
        }
        place(heap, node, index);
}

static void sift_down(struct gal_heap *heap, struct gal_heap_node *node)
{
        uint32_t index = node->index;

        for (;;) {
                uint32_t child = index * 2;

                if (child > heap->count)
                        break;
                if (child < heap->count && heap->before(heap->nodes[child + 1], heap->nodes[child]))
                        child++;
                if (!heap->before(heap->nodes[child], node))
                        break;
                place(heap, heap->nodes[child], index);
                index = child;
        }
        place(heap, node, index);
}

void gal_heap_finish(struct gal_heap *heap)
{
        free(heap->nodes);
        heap->nodes = NULL;
        heap->count = heap->size = 0;
}

void gal_heap_insert(struct gal_heap *heap, struct gal_heap_node *node)
{
        if (heap->count + 1 >= heap->size) {
                heap->size = heap->size == 0 ? 8 : heap->size * 2;
                heap->nodes = gal_realloc(heap->nodes, heap->size, sizeof(struct gal_heap_node *));
        }
        place(heap, node, ++heap->count);
        sift_up(heap, node);
}

void gal_heap_remove(struct gal_heap *heap, struct gal_heap_node *node)
{
        struct gal_heap_node *last;
        uint32_t index = node->index;

        if (index == 0)
                return;
        last = heap->nodes[heap->count--];
        node->index = 0;
        if (last == node)
                return;
        place(heap, last, index);
        sift_up(heap, last);
        sift_down(heap, last);
}

struct gal_heap_node *gal_heap_first(const struct gal_heap *heap)
{
        return heap->count > 0 ? heap->nodes[1] : NULL;
}
