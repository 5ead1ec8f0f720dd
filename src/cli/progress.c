/*
 * progress.c: one line for each state entered and left, each retry, timeout and failure.
 *
 *      0.000  > Prepare            Parallel, 2 branches
 *      0.001    > ChargePayment    Task charge-payment
 *      0.214    ! ChargePayment    PaymentTimeout: try again (retry 1 in 1 s)
 *      1.340    < ChargePayment
 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

#define TEXT_MAX 160 /* of an error's cause on a line */

struct gal_progress {
        FILE *out;
        bool colour;
        int64_t started_ms;
        uint32_t *iterations; /* by frame: the index + 1 of the iteration that it runs; 0: none */
        uint32_t iteration_size;
};

struct gal_progress *gal_progress_create(FILE *out, bool colour)
{
        struct gal_progress *progress = gal_new(struct gal_progress);

        progress->out = out;
        progress->colour = colour;
        return progress;
}

void gal_progress_destroy(struct gal_progress *progress)
{
        if (progress == NULL)
                return;
        free(progress->iterations);
        free(progress);
}

static void note_iteration(struct gal_progress *progress, uint32_t frame, uint32_t value)
{
        if (frame >= progress->iteration_size) {
                uint32_t size = (frame + 1) * 2;

                if (value == 0)
                        return;
                progress->iterations = gal_realloc(progress->iterations, size, sizeof(uint32_t));
                memset(progress->iterations + progress->iteration_size, 0,
                       (size - progress->iteration_size) * sizeof(uint32_t));
                progress->iteration_size = size;
        }
        progress->iterations[frame] = value;
}

static const char *paint(const struct gal_progress *progress, const char *code)
{
        return progress->colour ? code : "";
}

#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static uint32_t depth_of(const struct gal_execution *execution, const struct gal_record *record)
{
        const struct gal_program *program = execution->program;

        return program->graphs[program->states[record->state].graph].depth;
}

/* Control characters of a cause would break the line; it is cut at a character. */
static void print_text(FILE *out, const char *text)
{
        size_t len = strlen(text);
        bool cut = len > TEXT_MAX;

        if (cut) {
                len = TEXT_MAX;
                while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
                        len--;
        }
        for (size_t i = 0; i < len; i++)
                fputc((unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i], out);
        if (cut)
                fputs("...", out);
}

static void begin_line(const struct gal_progress *progress, const struct gal_execution *execution,
                       const struct gal_record *record, const char *colour, char mark)
{
        int64_t elapsed_ms = record->time_ms - progress->started_ms;
        uint32_t iteration = record->frame < progress->iteration_size ? progress->iterations[record->frame] : 0;

        fprintf(progress->out, "%s%6" PRId64 ".%03d%s  %*s%s%c%s ", paint(progress, DIM), elapsed_ms / 1000,
                (int)(elapsed_ms % 1000), paint(progress, PLAIN), (int)(2 * depth_of(execution, record)), "",
                paint(progress, colour), mark, paint(progress, PLAIN));
        fprintf(progress->out, "%s%s%s", paint(progress, BOLD), execution->program->states[record->state].name,
                paint(progress, PLAIN));
        if (iteration != 0)
                fprintf(progress->out, "%s[%" PRIu32 "]%s", paint(progress, DIM), iteration - 1,
                        paint(progress, PLAIN));
}

static void print_kind(const struct gal_progress *progress, const struct gal_state *state)
{
        const char *resource;

        fprintf(progress->out, "  %s%s", paint(progress, DIM), gal_state_kind_name(state->kind));
        switch (state->kind) {
        case GAL_STATE_TASK:
                resource = strrchr(state->as.task.resource, ':');
                if (state->as.task.resource_kind == GAL_RESOURCE_SERVICE)
                        fprintf(progress->out, " %s:%s", state->as.task.service, state->as.task.action);
                else if (resource != NULL)
                        fprintf(progress->out, " %s", resource + 1);
                break;
        case GAL_STATE_PARALLEL:
                fprintf(progress->out, ", %zu branches", state->as.parallel.branch_count);
                break;
        case GAL_STATE_PASS:
        case GAL_STATE_CHOICE:
        case GAL_STATE_WAIT:
        case GAL_STATE_SUCCEED:
        case GAL_STATE_FAIL:
        case GAL_STATE_MAP:
                break;
        }
        fprintf(progress->out, "%s\n", paint(progress, PLAIN));
}

static void print_failure(struct gal_progress *progress, const struct gal_execution *execution,
                          const struct gal_record *record)
{
        const char *error = record->as.failure.error;

        begin_line(progress, execution, record, RED, '!');
        fprintf(progress->out, "  %s%s%s", paint(progress, RED), error != NULL ? error : "failed",
                paint(progress, PLAIN));
        if (record->as.failure.cause != NULL) {
                fputs(": ", progress->out);
                print_text(progress->out, record->as.failure.cause);
        }
        fputc('\n', progress->out);
}

static void print_retry(struct gal_progress *progress, const struct gal_execution *execution,
                        const struct gal_record *record)
{
        begin_line(progress, execution, record, YELLOW, '~');
        fprintf(progress->out, "  %strying again in %" PRId64 ".%03d s%s\n", paint(progress, YELLOW),
                record->as.retry.delay_ms / 1000, (int)(record->as.retry.delay_ms % 1000), paint(progress, PLAIN));
}

static void print_wait(struct gal_progress *progress, const struct gal_execution *execution,
                       const struct gal_record *record)
{
        int64_t ms = record->as.deadline.deadline_ms - record->time_ms;

        begin_line(progress, execution, record, DIM, '.');
        fprintf(progress->out, "  %swaiting %" PRId64 ".%03d s%s\n", paint(progress, DIM), ms / 1000,
                (int)(ms % 1000), paint(progress, PLAIN));
}

static void print_left(struct gal_progress *progress, const struct gal_execution *execution,
                       const struct gal_record *record)
{
        begin_line(progress, execution, record, GREEN, '<');
        if (record->as.exited.next != GAL_STATE_NONE)
                fprintf(progress->out, "  %s-> %s%s", paint(progress, DIM),
                        execution->program->states[record->as.exited.next].name, paint(progress, PLAIN));
        fputc('\n', progress->out);
}

static void print_aborted(struct gal_progress *progress, const struct gal_execution *execution,
                          const struct gal_record *record)
{
        begin_line(progress, execution, record, YELLOW, 'x');
        fprintf(progress->out, "  %saborted%s\n", paint(progress, YELLOW), paint(progress, PLAIN));
}

static void print_map_started(struct gal_progress *progress, const struct gal_execution *execution,
                              const struct gal_record *record)
{
        begin_line(progress, execution, record, DIM, '.');
        fprintf(progress->out, "  %s%zu items, %" PRIu32 " at once%s\n", paint(progress, DIM),
                json_array_size(record->as.children.items->value), record->as.children.concurrency,
                paint(progress, PLAIN));
}

void gal_progress_record(struct gal_progress *progress, const struct gal_execution *execution,
                         const struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_STARTED:
                progress->started_ms = record->time_ms;
                return;
        case GAL_SHAPE_ENTERED:
                begin_line(progress, execution, record, DIM, '>');
                print_kind(progress, &execution->program->states[record->state]);
                return;
        case GAL_SHAPE_EXITED:
                print_left(progress, execution, record);
                return;
        case GAL_SHAPE_FAILURE:
                if (record->type > GAL_EVENT_EXECUTION_TIMED_OUT)
                        print_failure(progress, execution, record);
                return;
        case GAL_SHAPE_RETRY:
                print_retry(progress, execution, record);
                return;
        case GAL_SHAPE_DEADLINE:
                if (record->type == GAL_EVENT_WAIT_SCHEDULED)
                        print_wait(progress, execution, record);
                return;
        case GAL_SHAPE_ITERATION:
                note_iteration(progress, record->frame,
                               record->type == GAL_EVENT_MAP_ITERATION_STARTED ? record->as.iteration.index + 1
                                                                               : 0);
                return;
        case GAL_SHAPE_CHILDREN:
                if (record->type == GAL_EVENT_MAP_STATE_STARTED)
                        print_map_started(progress, execution, record);
                return;
        case GAL_SHAPE_NONE:
                if (record->type == GAL_EVENT_TASK_STATE_ABORTED || record->type == GAL_EVENT_WAIT_STATE_ABORTED)
                        print_aborted(progress, execution, record);
                return;
        case GAL_SHAPE_OUTPUT:
        case GAL_SHAPE_SCHEDULED:
        case GAL_SHAPE_TASK_STARTED:
        case GAL_SHAPE_SUBMITTED:
                return;
        }
}
