/*
 * send.c: what workers say about a task attempt whose token they have.
 *
 * The token leads to the execution, in memory or parked, and must be the one of the attempt that is open there.
 * What was said is acknowledged when it is in the history. A refusal is as final: it is not given while a commit is
 * under way that may yet fail and leave the attempt open.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "engine/internal.h"

char *gal_send_make_token(const struct gal_run *run, uint64_t scheduled_id, const uint64_t nonce[2])
{
        struct gal_task_token token = { .slot = run->slot,
                                        .scheduled_id = scheduled_id,
                                        .nonce = { nonce[0], nonce[1] } };
        char text[GAL_TASK_TOKEN_SIZE];

        memcpy(token.execution_id, run->id, sizeof(token.execution_id));
        gal_task_token_format(&token, run->engine->token_key, text);
        return gal_strdup(text);
}

/* In the words of the service. */
static void refuse_over(const struct request *request)
{
        gal_refuse(request, GAL_ENOTFOUND, "TaskTimedOut",
                   "Task Timed Out: 'Provided task does not exist anymore'");
}

static bool note_execution(void *user, const struct gal_execution_row *row)
{
        (void)row;
        *(bool *)user = true;
        return false;
}

/* It is not open, or cannot be: closed, purged, or left out. */
static void refuse_missing(struct gal_engine *engine, const struct request *request,
                           const struct gal_task_token *token)
{
        struct gal_error error = { .code = GAL_OK };
        bool is_there = false;
        enum gal_status status = engine->store->ops->read_execution(engine->store, token->slot, token->execution_id,
                                                                    note_execution, &is_there, &error);

        if (status != GAL_OK)
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
        else if (gal_quarantine_holds(engine, token->execution_id))
                gal_refuse(
                        request, GAL_EIO, "ServiceUnavailable",
                        "The task's execution stands still; the log of the process that owns the store says why");
        else if (is_there)
                refuse_over(request);
        else
                gal_refuse(request, GAL_ENOTFOUND, "TaskDoesNotExist",
                           "Task Does Not Exist: 'Task does not exist'");
}

static enum gal_stimulus_kind stimulus_kind(enum gal_send_kind kind)
{
        switch (kind) {
        case GAL_SEND_SUCCESS:
                return GAL_STIMULUS_TASK_SUCCEEDED;
        case GAL_SEND_FAILURE:
                return GAL_STIMULUS_TASK_FAILED;
        case GAL_SEND_HEARTBEAT:
                return GAL_STIMULUS_TASK_HEARTBEAT;
        }
        gal_bug("kind of a send", kind);
}

static void queue(struct gal_run *run, const struct gal_frame *frame, const struct request *request)
{
        struct gal_stimulus stimulus = { .kind = stimulus_kind(request->send),
                                         .frame = frame->place,
                                         .scheduled_id = frame->attempt.scheduled_id,
                                         .payload = request->input,
                                         .error = request->error,
                                         .cause = request->cause };
        struct queued *queued;

        gal_run_wake_due(run); /* when its time is over already, it is */
        queued = gal_run_queue_more(run, &stimulus);
        queued->is_sent = true;
        queued->done = request->done;
        queued->user = request->user;
}

/* False: whether the attempt is over is not sure yet. */
static bool send_to(struct gal_run *run, const struct gal_task_token *token, const struct request *request)
{
        const struct gal_frame *frame = gal_run_find_attempt(run, token->scheduled_id);

        if (frame != NULL && frame->attempt.token != NULL &&
            gal_task_token_equal(frame->attempt.token, request->token)) {
                queue(run, frame, request);
                return true;
        }
        if (run->in_flight)
                return false;
        refuse_over(request);
        return true;
}

bool gal_send_run(struct gal_engine *engine, const struct request *request)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_task_token token;
        enum gal_status status = GAL_OK;
        struct gal_run *run;

        if (!gal_task_token_parse(request->token, engine->token_key, &token)) {
                gal_refuse(request, GAL_EINVALID, "InvalidToken", "Invalid Token: 'Invalid token'");
                return true;
        }
        run = gal_run_find_id(engine, token.execution_id);
        if (run == NULL)
                status = gal_load_id(engine, token.slot, token.execution_id, &run, &error);
        if (status != GAL_OK) {
                gal_refuse(request, status, "InternalServerError", "%s", error.message);
                return true;
        }
        if (run != NULL)
                return send_to(run, &token, request);
        refuse_missing(engine, request, &token);
        return true;
}
