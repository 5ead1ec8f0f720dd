/*
 * check_replay.h: whether a record may be applied to an execution, for records that nobody vouches for.
 *
 * gal_execution_apply() is total on what the machine decided, and ends the process on anything else; a check of a
 * store must survive whatever it finds.
 */
#ifndef GAL_ENGINE_CHECK_REPLAY_H
#define GAL_ENGINE_CHECK_REPLAY_H

#include "machine/execution.h"
#include "machine/record.h"

/* NULL: it may. Else why not, a phrase ("its frame is not there"). */
const char *gal_check_record(const struct gal_execution *execution, const struct gal_record *record);

/* (transfer none) The task of a frame that waits for a worker to take it; NULL: it does not. */
const struct gal_task *gal_check_waits_for_worker(const struct gal_execution *execution,
                                                  const struct gal_frame *frame);

/*
 * What an execution waits for, once all of its records were applied. NULL: every frame waits for something, or the
 * execution is closed.
 */
const char *gal_check_wait(const struct gal_execution *execution);

#endif
