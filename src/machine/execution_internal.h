/*
 * execution_internal.h: what apply.c needs of the execution's containers; nobody else includes it.
 */
#ifndef GAL_MACHINE_EXECUTION_INTERNAL_H
#define GAL_MACHINE_EXECUTION_INTERNAL_H

#include "machine/execution.h"

/* (transfer none) A new frame at the next place, last among the parent's children. */
struct gal_frame *gal_frame_add(struct gal_execution *execution, struct gal_frame *parent, uint32_t graph,
                                uint32_t index);
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
