/*
 * event.h: the kinds of record: every history event of the service, and the few that only the machine needs.
 *
 * One table; the name is the API's `type`, the member is where the API puts the details (NULL: none).
 * Source: service model, HistoryEventType; reference: history, section 1.
 */
#ifndef GAL_MACHINE_EVENT_H
#define GAL_MACHINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>

/* X(id, type, details member, shape of the details) */
#define GAL_EVENTS(X)                                                                                              \
        X(EXECUTION_STARTED, "ExecutionStarted", "executionStartedEventDetails", STARTED)                          \
        X(EXECUTION_SUCCEEDED, "ExecutionSucceeded", "executionSucceededEventDetails", OUTPUT)                     \
        X(EXECUTION_FAILED, "ExecutionFailed", "executionFailedEventDetails", FAILURE)                             \
        X(EXECUTION_ABORTED, "ExecutionAborted", "executionAbortedEventDetails", FAILURE)                          \
        X(EXECUTION_TIMED_OUT, "ExecutionTimedOut", "executionTimedOutEventDetails", FAILURE)                      \
        X(PASS_STATE_ENTERED, "PassStateEntered", "stateEnteredEventDetails", ENTERED)                             \
        X(TASK_STATE_ENTERED, "TaskStateEntered", "stateEnteredEventDetails", ENTERED)                             \
        X(CHOICE_STATE_ENTERED, "ChoiceStateEntered", "stateEnteredEventDetails", ENTERED)                         \
        X(WAIT_STATE_ENTERED, "WaitStateEntered", "stateEnteredEventDetails", ENTERED)                             \
        X(SUCCEED_STATE_ENTERED, "SucceedStateEntered", "stateEnteredEventDetails", ENTERED)                       \
        X(FAIL_STATE_ENTERED, "FailStateEntered", "stateEnteredEventDetails", ENTERED)                             \
        X(PARALLEL_STATE_ENTERED, "ParallelStateEntered", "stateEnteredEventDetails", ENTERED)                     \
        X(MAP_STATE_ENTERED, "MapStateEntered", "stateEnteredEventDetails", ENTERED)                               \
        X(PASS_STATE_EXITED, "PassStateExited", "stateExitedEventDetails", EXITED)                                 \
        X(TASK_STATE_EXITED, "TaskStateExited", "stateExitedEventDetails", EXITED)                                 \
        X(CHOICE_STATE_EXITED, "ChoiceStateExited", "stateExitedEventDetails", EXITED)                             \
        X(WAIT_STATE_EXITED, "WaitStateExited", "stateExitedEventDetails", EXITED)                                 \
        X(SUCCEED_STATE_EXITED, "SucceedStateExited", "stateExitedEventDetails", EXITED)                           \
        X(PARALLEL_STATE_EXITED, "ParallelStateExited", "stateExitedEventDetails", EXITED)                         \
        X(MAP_STATE_EXITED, "MapStateExited", "stateExitedEventDetails", EXITED)                                   \
        X(LAMBDA_FUNCTION_SCHEDULED, "LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails", SCHEDULED)  \
        X(LAMBDA_FUNCTION_STARTED, "LambdaFunctionStarted", NULL, TASK_STARTED)                                    \
        X(LAMBDA_FUNCTION_SUCCEEDED, "LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails", OUTPUT)     \
        X(LAMBDA_FUNCTION_FAILED, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", FAILURE)             \
        X(LAMBDA_FUNCTION_TIMED_OUT, "LambdaFunctionTimedOut", "lambdaFunctionTimedOutEventDetails", FAILURE)      \
        X(TASK_SCHEDULED, "TaskScheduled", "taskScheduledEventDetails", SCHEDULED)                                 \
        X(TASK_STARTED, "TaskStarted", "taskStartedEventDetails", TASK_STARTED)                                    \
        X(TASK_SUBMITTED, "TaskSubmitted", "taskSubmittedEventDetails", SUBMITTED)                                 \
        X(TASK_SUCCEEDED, "TaskSucceeded", "taskSucceededEventDetails", OUTPUT)                                    \
        X(TASK_FAILED, "TaskFailed", "taskFailedEventDetails", FAILURE)                                            \
        X(TASK_TIMED_OUT, "TaskTimedOut", "taskTimedOutEventDetails", FAILURE)                                     \
        X(ACTIVITY_SCHEDULED, "ActivityScheduled", "activityScheduledEventDetails", SCHEDULED)                     \
        X(ACTIVITY_STARTED, "ActivityStarted", "activityStartedEventDetails", TASK_STARTED)                        \
        X(ACTIVITY_SUCCEEDED, "ActivitySucceeded", "activitySucceededEventDetails", OUTPUT)                        \
        X(ACTIVITY_FAILED, "ActivityFailed", "activityFailedEventDetails", FAILURE)                                \
        X(ACTIVITY_TIMED_OUT, "ActivityTimedOut", "activityTimedOutEventDetails", FAILURE)                         \
        X(PARALLEL_STATE_STARTED, "ParallelStateStarted", NULL, CHILDREN)                                          \
        X(PARALLEL_STATE_SUCCEEDED, "ParallelStateSucceeded", NULL, NONE)                                          \
        X(PARALLEL_STATE_FAILED, "ParallelStateFailed", NULL, NONE)                                                \
        X(PARALLEL_STATE_ABORTED, "ParallelStateAborted", NULL, NONE)                                              \
        X(MAP_STATE_STARTED, "MapStateStarted", "mapStateStartedEventDetails", CHILDREN)                           \
        X(MAP_ITERATION_STARTED, "MapIterationStarted", "mapIterationStartedEventDetails", ITERATION)              \
        X(MAP_ITERATION_SUCCEEDED, "MapIterationSucceeded", "mapIterationSucceededEventDetails", ITERATION)        \
        X(MAP_ITERATION_FAILED, "MapIterationFailed", "mapIterationFailedEventDetails", ITERATION)                 \
        X(MAP_ITERATION_ABORTED, "MapIterationAborted", "mapIterationAbortedEventDetails", ITERATION)              \
        X(MAP_STATE_SUCCEEDED, "MapStateSucceeded", NULL, NONE)                                                    \
        X(MAP_STATE_FAILED, "MapStateFailed", NULL, NONE)                                                          \
        X(MAP_STATE_ABORTED, "MapStateAborted", NULL, NONE)                                                        \
        X(TASK_STATE_ABORTED, "TaskStateAborted", NULL, NONE)                                                      \
        X(WAIT_STATE_ABORTED, "WaitStateAborted", NULL, NONE)                                                      \
        /* Internal from here on: no event id, never shown. */                                                     \
        X(WAIT_SCHEDULED, "$WaitScheduled", NULL, DEADLINE)                                                        \
        X(RETRY_SCHEDULED, "$RetryScheduled", NULL, RETRY)                                                         \
        X(TASK_HEARTBEAT, "$TaskHeartbeat", NULL, DEADLINE)                                                        \
        X(BRANCH_ENDED, "$BranchEnded", NULL, NONE)

enum gal_event_type {
#define X(id, name, member, shape) GAL_EVENT_##id,
        GAL_EVENTS(X)
#undef X
                GAL_EVENT_COUNT
};

enum gal_event_shape {
        GAL_SHAPE_NONE,
        GAL_SHAPE_STARTED,
        GAL_SHAPE_OUTPUT,
        GAL_SHAPE_FAILURE,
        GAL_SHAPE_ENTERED,
        GAL_SHAPE_EXITED,
        GAL_SHAPE_SCHEDULED,
        GAL_SHAPE_TASK_STARTED,
        GAL_SHAPE_SUBMITTED,
        GAL_SHAPE_CHILDREN,
        GAL_SHAPE_ITERATION,
        GAL_SHAPE_DEADLINE,
        GAL_SHAPE_RETRY,
};

struct gal_event_info {
        const char *name;
        const char *member;
        enum gal_event_shape shape;
};

extern const struct gal_event_info gal_event_infos[GAL_EVENT_COUNT];

static inline bool gal_event_is_internal(enum gal_event_type type)
{
        return type >= GAL_EVENT_WAIT_SCHEDULED;
}

#endif
