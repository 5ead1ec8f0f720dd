/*
 * execution_internal.h: the execution's containers, for those who build one up: apply.c from records, the journal
 * from a snapshot. Nobody else includes it.
 */
#ifndef GAL_MACHINE_EXECUTION_INTERNAL_H
#define GAL_MACHINE_EXECUTION_INTERNAL_H

#include "machine/execution.h"

/* (transfer none) A new frame at the next place, last among the parent's children. */
struct gal_frame *gal_frame_add(struct gal_execution *execution, struct gal_frame *parent, uint32_t graph,
                                uint32_t index);
/*
 * For a snapshot: room for frames at the places below `count`, of which there are none yet; then the same as above
 * at a place that is free; then the places that are left, in the order in which they were given back.
 */
void gal_execution_reserve(struct gal_execution *execution, uint32_t count);
struct gal_frame *gal_frame_add_at(struct gal_execution *execution, uint32_t place, struct gal_frame *parent,
                                   uint32_t graph, uint32_t index);
void gal_execution_add_free(struct gal_execution *execution, uint32_t place);
void gal_frame_set_variables(struct gal_execution *execution, struct gal_frame *frame, json_t *variables);
/* Takes a frame and all below it out of the execution; its memory goes to the pool. */
void gal_frame_remove(struct gal_execution *execution, struct gal_frame *frame);
void gal_frame_clear_children(struct gal_execution *execution, struct gal_frame *frame);
void gal_frame_clear_attempt(struct gal_frame *frame);
void gal_frame_set_input(struct gal_frame *frame, struct gal_payload *input); /* shares `input` */
/* 0 takes it out of the heap. */
void gal_frame_set_deadline(struct gal_execution *execution, struct gal_frame *frame, int64_t deadline_ms);
void gal_ready_push(struct gal_execution *execution, struct gal_frame *frame);
void gal_ready_remove(struct gal_execution *execution, struct gal_frame *frame);

#endif
