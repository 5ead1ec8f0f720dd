/*
 * progress.c: one line for each state entered and left, each retry, timeout and failure.
 *
 *      0.000  > Prepare            Parallel, 2 branches
 *      0.001    > ChargePayment    Task charge-payment
 *      0.214    ! ChargePayment    PaymentTimeout: the bank did not answer
 *      0.214    ~ ChargePayment    retry 1 of 3 in 1 s
 *      1.340    < ChargePayment    1.339 s
 *
 * Records come after their commit: by then the execution is at the end of a step and many of the frames that they
 * speak of are gone. So the records are applied here once more, to an execution of our own, and each is shown with
 * the frames as they stood at its moment.
 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/terminal.h"
#include "cli/wording.h"

/* Of a cause: on a line of progress, in the summary. */
#define CAUSE_SIZE_MAX 160
#define LAST_CAUSE_SIZE_MAX 2000
/* What follows the names stands in one column, unless names are longer than this. */
#define NAME_WIDTH_MAX 40
#define TIME_WIDTH 10

enum mark { ENTERED, LEFT, FAILED, RETRY, WAITING, ABORTED, MARK_COUNT };

static const char *const plain_marks[MARK_COUNT] = { ">", "<", "!", "~", ".", "x" };
/* Narrow in every font, and none of them is drawn as a picture. */
static const char *const utf8_marks[MARK_COUNT] = { "▸", "✓", "✗", "↻", "·", "■" };

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"
static const char *const mark_colours[MARK_COUNT] = { "\033[36m", "\033[32m", "\033[31m",
                                                      "\033[33m", DIM,        "\033[33m" };

struct gal_progress {
        FILE *out;
        bool colour;
        const char *const *marks;
        size_t name_width; /* with the indentation */
        size_t padding;    /* what the name of this line leaves of it */
        struct gal_execution *shadow;
        struct gal_buffer line;
};

struct gal_progress *gal_progress_create(FILE *out)
{
        struct gal_progress *progress = gal_new(struct gal_progress);

        progress->out = out;
        progress->colour = gal_terminal_has_colour(out);
        progress->marks = gal_terminal_has_utf8() ? utf8_marks : plain_marks;
        return progress;
}

void gal_progress_destroy(struct gal_progress *progress)
{
        if (progress == NULL)
                return;
        gal_execution_destroy(progress->shadow);
        gal_buffer_finish(&progress->line);
        free(progress);
}

/* Where states stand: indentation and name. */

static uint32_t depth_of(const struct gal_program *program, const struct gal_state *state)
{
        return program->graphs[state->graph].depth;
}

static bool is_in_map(const struct gal_program *program, const struct gal_state *state)
{
        uint32_t parent = program->graphs[state->graph].parent;

        while (parent != GAL_STATE_NONE && program->states[parent].kind != GAL_STATE_MAP)
                parent = program->graphs[program->states[parent].graph].parent;
        return parent != GAL_STATE_NONE;
}

static size_t find_name_width(const struct gal_program *program)
{
        size_t widest = 0;

        for (uint32_t i = 0; i < program->state_count; i++) {
                const struct gal_state *state = &program->states[i];
                size_t width = 2 * depth_of(program, state) + gal_terminal_width(state->name, strlen(state->name)) +
                               (is_in_map(program, state) ? strlen(" [0]") : 0);

                if (width > widest)
                        widest = width;
        }
        return widest < NAME_WIDTH_MAX ? widest : NAME_WIDTH_MAX;
}

/* " [3]" of an iteration, " [3] [0]" of one in another, also for what stands in a Parallel within one. */
static void append_iterations(struct gal_buffer *buffer, const struct gal_execution *execution,
                              const struct gal_frame *frame)
{
        if (frame == NULL || frame->parent == NULL)
                return;
        append_iterations(buffer, execution, frame->parent);
        if (execution->program->states[frame->parent->state].kind == GAL_STATE_MAP)
                gal_buffer_append_format(buffer, " [%" PRIu32 "]", frame->index);
}

/* Lines. */

static void append_colour(struct gal_progress *progress, const char *colour)
{
        if (progress->colour)
                gal_buffer_append_text(&progress->line, colour);
}

static void append_time(struct gal_progress *progress, int64_t ms)
{
        struct gal_buffer elapsed = GAL_BUFFER_INIT;

        gal_wording_append_elapsed(&elapsed, ms);
        append_colour(progress, DIM);
        gal_buffer_append_format(&progress->line, "%*s", TIME_WIDTH, elapsed.data);
        append_colour(progress, PLAIN);
        gal_buffer_finish(&elapsed);
}

static void append_painted(struct gal_progress *progress, const char *colour, const char *text, size_t len)
{
        if (len == 0)
                return;
        append_colour(progress, colour);
        gal_terminal_append(&progress->line, text, len);
        append_colour(progress, PLAIN);
}

static void append_name(struct gal_progress *progress, const struct gal_record *record, enum mark mark)
{
        const struct gal_execution *execution = progress->shadow;
        const struct gal_state *state = &execution->program->states[record->state];
        size_t indent = 2 * depth_of(execution->program, state), name_len = strlen(state->name), width;
        struct gal_buffer iterations = GAL_BUFFER_INIT;

        append_iterations(&iterations, execution, gal_execution_frame(execution, record->frame));
        gal_buffer_append_format(&progress->line, "  %*s", (int)indent, "");
        append_painted(progress, mark_colours[mark], progress->marks[mark], strlen(progress->marks[mark]));
        gal_buffer_append_char(&progress->line, ' ');
        append_painted(progress, BOLD, state->name, name_len);
        append_painted(progress, DIM, iterations.data, iterations.len);
        width = indent + gal_terminal_width(state->name, name_len) + iterations.len;
        progress->padding = width < progress->name_width ? progress->name_width - width : 0;
        gal_buffer_finish(&iterations);
}

static void begin_line(struct gal_progress *progress, const struct gal_record *record, enum mark mark)
{
        gal_buffer_clear(&progress->line);
        append_time(progress, record->time_ms - progress->shadow->started_ms);
        append_name(progress, record, mark);
}

/* What follows the name, until the end of the line. */
static void begin_detail(struct gal_progress *progress, const char *colour)
{
        gal_buffer_append_format(&progress->line, "%*s  ", (int)progress->padding, "");
        append_colour(progress, colour);
}

/* Written at once, so that what children print on the same terminal does not come in between. */
static void end_line(struct gal_progress *progress)
{
        struct gal_buffer *line = &progress->line;

        append_colour(progress, PLAIN);
        gal_buffer_append_char(line, '\n');
        fwrite(line->data, 1, line->len, progress->out);
        fflush(progress->out);
}

/* Events. */

/* The last part of an ARN, with its qualifier: what people call the function. */
static void append_function(struct gal_buffer *buffer, const char *name)
{
        const char *in_arn = strstr(name, ":function:");

        gal_buffer_append_char(buffer, ' ');
        name = in_arn != NULL ? in_arn + strlen(":function:") : name;
        gal_terminal_append(buffer, name, strlen(name));
}

static void append_resource(struct gal_buffer *buffer, const struct gal_state *state)
{
        const struct gal_task *task = &state->as.task;
        const json_t *parameters = json_object_get(state->source, "Parameters");
        const char *function = json_string_value(json_object_get(parameters, "FunctionName"));

        switch (task->resource_kind) {
        case GAL_RESOURCE_FUNCTION:
                append_function(buffer, task->resource);
                return;
        case GAL_RESOURCE_ACTIVITY:
                gal_buffer_append_format(buffer, " %s", strrchr(task->resource, ':') + 1);
                return;
        case GAL_RESOURCE_SERVICE:
                gal_buffer_append_format(buffer, " %s:%s", task->service, task->action);
                if (function != NULL)
                        append_function(buffer, function);
                return;
        }
}

static void append_kind(struct gal_buffer *buffer, const struct gal_state *state)
{
        gal_buffer_append_text(buffer, gal_state_kind_name(state->kind));
        switch (state->kind) {
        case GAL_STATE_TASK:
                append_resource(buffer, state);
                return;
        case GAL_STATE_PARALLEL:
                gal_buffer_append_format(buffer, ", %zu branch%s", state->as.parallel.branch_count,
                                         state->as.parallel.branch_count == 1 ? "" : "es");
                return;
        case GAL_STATE_PASS:
        case GAL_STATE_CHOICE:
        case GAL_STATE_WAIT:
        case GAL_STATE_SUCCEED:
        case GAL_STATE_FAIL:
        case GAL_STATE_MAP:
                return;
        }
}

static void show_entered(struct gal_progress *progress, const struct gal_record *record)
{
        begin_line(progress, record, ENTERED);
        begin_detail(progress, DIM);
        append_kind(&progress->line, &progress->shadow->program->states[record->state]);
        end_line(progress);
}

/* A state that takes time says how much it took; one that leads on, whereto. */
static void show_left(struct gal_progress *progress, const struct gal_record *record)
{
        const struct gal_program *program = progress->shadow->program;
        const struct gal_state *state = &program->states[record->state];
        const struct gal_frame *frame = gal_execution_frame(progress->shadow, record->frame);
        uint32_t next = record->as.exited.next;
        int64_t taken_ms = record->time_ms - frame->entered_ms;

        begin_line(progress, record, LEFT);
        if (taken_ms > 0 || next != GAL_STATE_NONE)
                begin_detail(progress, DIM);
        if (taken_ms > 0) {
                gal_wording_append_duration(&progress->line, taken_ms);
                gal_buffer_append_text(&progress->line, next != GAL_STATE_NONE ? ", " : "");
        }
        if (next != GAL_STATE_NONE) {
                bool caught = next != state->next && state->kind != GAL_STATE_CHOICE;

                gal_buffer_append_text(&progress->line, caught ? "caught, next " : "next ");
                gal_terminal_append(&progress->line, program->states[next].name,
                                    strlen(program->states[next].name));
        }
        end_line(progress);
}

static void show_failure(struct gal_progress *progress, const struct gal_record *record)
{
        const char *error = record->as.failure.error, *cause = record->as.failure.cause;

        begin_line(progress, record, FAILED);
        begin_detail(progress, mark_colours[FAILED]);
        gal_terminal_append(&progress->line, error != NULL ? error : "failed",
                            strlen(error != NULL ? error : "failed"));
        append_colour(progress, PLAIN);
        if (cause != NULL && cause[0] != '\0') {
                gal_buffer_append_text(&progress->line, ": ");
                gal_wording_append_cause(&progress->line, cause, CAUSE_SIZE_MAX);
        }
        end_line(progress);
}

static void show_retry(struct gal_progress *progress, const struct gal_record *record)
{
        const struct gal_state *state = &progress->shadow->program->states[record->state];
        const struct gal_frame *frame = gal_execution_frame(progress->shadow, record->frame);
        uint32_t retrier = record->as.retry.retrier;
        uint32_t before = frame->retries != NULL ? frame->retries[retrier] : 0;

        begin_line(progress, record, RETRY);
        begin_detail(progress, mark_colours[RETRY]);
        gal_buffer_append_format(&progress->line, "retry %" PRIu32 " of %" PRId64 " in ", before + 1,
                                 state->retriers[retrier].attempts_max);
        gal_wording_append_duration(&progress->line, record->as.retry.delay_ms);
        end_line(progress);
}

static void show_wait(struct gal_progress *progress, const struct gal_record *record)
{
        begin_line(progress, record, WAITING);
        begin_detail(progress, DIM);
        gal_buffer_append_text(&progress->line, "waiting ");
        gal_wording_append_duration(&progress->line, record->as.deadline.deadline_ms - record->time_ms);
        end_line(progress);
}

static void show_aborted(struct gal_progress *progress, const struct gal_record *record)
{
        begin_line(progress, record, ABORTED);
        begin_detail(progress, mark_colours[ABORTED]);
        gal_buffer_append_text(&progress->line, "aborted");
        end_line(progress);
}

static void show_items(struct gal_progress *progress, const struct gal_record *record)
{
        size_t count = json_array_size(record->as.children.items->value);

        begin_line(progress, record, WAITING);
        begin_detail(progress, DIM);
        gal_buffer_append_format(&progress->line, "%zu item%s", count, count == 1 ? "" : "s");
        if (record->as.children.concurrency < count)
                gal_buffer_append_format(&progress->line, ", %" PRIu32 " at once", record->as.children.concurrency);
        end_line(progress);
}

static void show_record(struct gal_progress *progress, const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_ENTERED:
                show_entered(progress, record);
                return;
        case GAL_SHAPE_EXITED:
                show_left(progress, record);
                return;
        case GAL_SHAPE_FAILURE:
                if (record->type > GAL_EVENT_EXECUTION_TIMED_OUT) /* those of the execution are in the summary */
                        show_failure(progress, record);
                return;
        case GAL_SHAPE_RETRY:
                show_retry(progress, record);
                return;
        case GAL_SHAPE_DEADLINE:
                if (record->type == GAL_EVENT_WAIT_SCHEDULED)
                        show_wait(progress, record);
                return;
        case GAL_SHAPE_CHILDREN:
                if (record->type == GAL_EVENT_MAP_STATE_STARTED)
                        show_items(progress, record);
                return;
        case GAL_SHAPE_NONE:
                if (record->type == GAL_EVENT_TASK_STATE_ABORTED || record->type == GAL_EVENT_WAIT_STATE_ABORTED)
                        show_aborted(progress, record);
                return;
        case GAL_SHAPE_STARTED:
        case GAL_SHAPE_OUTPUT:
        case GAL_SHAPE_SCHEDULED:
        case GAL_SHAPE_TASK_STARTED:
        case GAL_SHAPE_SUBMITTED:
        case GAL_SHAPE_ITERATION:
                return;
        }
}

static void create_shadow(struct gal_progress *progress, const struct gal_execution *execution)
{
        struct gal_identity identity = { .execution_arn = execution->execution_arn,
                                         .execution_name = execution->execution_name,
                                         .machine_arn = execution->machine_arn,
                                         .machine_name = execution->machine_name,
                                         .role_arn = execution->role_arn };

        progress->shadow = gal_execution_create(execution->program, &identity);
        progress->name_width = find_name_width(execution->program);
}

void gal_progress_record(struct gal_progress *progress, const struct gal_execution *execution,
                         const struct gal_record *record)
{
        if (progress->shadow == NULL)
                create_shadow(progress, execution);
        show_record(progress, record);
        gal_execution_apply(progress->shadow, record);
}

/* The summary. */

void gal_progress_print_summary(FILE *out, const struct gal_execution *execution)
{
        bool succeeded = execution->status == GAL_EXECUTION_SUCCEEDED;
        struct gal_progress plain = { .out = out, .colour = gal_terminal_has_colour(out) };
        struct gal_buffer *line = &plain.line;

        append_colour(&plain, BOLD);
        append_colour(&plain, mark_colours[succeeded ? LEFT : FAILED]);
        gal_buffer_append_text(line, gal_execution_status_name(execution->status));
        append_colour(&plain, PLAIN);
        gal_buffer_append_text(line, " after ");
        gal_wording_append_duration(line, execution->stopped_ms - execution->started_ms);
        if (execution->error != NULL) {
                gal_buffer_append_text(line, ": ");
                gal_terminal_append(line, execution->error, strlen(execution->error));
        }
        if (execution->cause != NULL && execution->cause[0] != '\0') {
                gal_buffer_append_text(line, ": ");
                gal_wording_append_cause(line, execution->cause, LAST_CAUSE_SIZE_MAX);
        }
        end_line(&plain);
        gal_buffer_finish(line);
}
