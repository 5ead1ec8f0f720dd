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

/*
 * What an execution waits for, once all of its records were applied. NULL: every frame waits for something, or the
 * execution is closed.
 */
const char *gal_check_wait(const struct gal_execution *execution);

#endif
