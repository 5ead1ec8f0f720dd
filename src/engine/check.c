/*
 * check.c: see check.h.
 *
 * Execution by execution, newest first, a page at a time. The trap: row, chunks and run row are read one after the
 * other, and an engine may commit in between. So what is found is kept until the execution was looked at again;
 * it can be closed only once and purged only once, so a fault that is there three times is one.
 */
#include "engine/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/slot.h"
#include "definition/program.h"
#include "engine/check_replay.h"
#include "journal/journal.h"
#include "store/rows.h"

#define PAGE_SIZE 200
#define LOOKS_MAX 3
/* A check may take that long, and a name that becomes free meanwhile is somebody else's. */
#define NAME_SLACK_MS 3600000
/* Of one execution; the first ones are what matters. */
#define FAULTS_MAX 10
/* Compiled definitions that are kept. */
#define PROGRAMS_MAX 256

struct program {
        UT_hash_handle hh;
        char *revision_id;
        struct gal_program *program; /* NULL: it does not compile, or is not there */
};

struct checker {
        struct gal_store *store;
        const struct gal_check_options *options;
        struct gal_check_report *report;
        struct gal_error *error;
        struct program *programs;
        /* Of the execution that is looked at: */
        char *faults[FAULTS_MAX];
        size_t fault_count;
        struct gal_records records;
        struct gal_execution *execution;
        struct gal_journal_source *source;
        struct gal_run_row run;
        bool has_run;
        uint64_t sequence;
        uint64_t chunks;
        bool is_parked;
        bool has_snapshot; /* and it was compared */
};

/* Faults. */

static void find(struct checker *checker, const char *format, ...) GAL_PRINTF(2, 3);
static void find(struct checker *checker, const char *format, ...)
{
        char *text = NULL;
        va_list args;

        if (checker->fault_count == FAULTS_MAX)
                return;
        va_start(args, format);
        if (vasprintf(&text, format, args) < 0)
                text = NULL;
        va_end(args);
        checker->faults[checker->fault_count++] = gal_need(text);
}

static void forget_faults(struct checker *checker)
{
        while (checker->fault_count > 0)
                free(checker->faults[--checker->fault_count]);
}

static void report_faults(struct checker *checker, const char *subject)
{
        for (size_t i = 0; i < checker->fault_count; i++)
                checker->options->fault(checker->options->user, subject, checker->faults[i]);
        checker->report->faults += checker->fault_count;
        forget_faults(checker);
}

/* Definitions. */

static void drop_programs(struct checker *checker)
{
        struct program *program, *next;

        HASH_ITER(hh, checker->programs, program, next)
        {
                HASH_DEL(checker->programs, program);
                gal_program_unref(program->program);
                free(program->revision_id);
                free(program);
        }
}

static bool compile(void *user, const struct gal_revision_row *row)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct program *program = user;

        if (gal_program_compile(row->definition, strlen(row->definition), NULL, &diagnostics, &program->program) !=
            GAL_OK)
                program->program = NULL;
        gal_diagnostics_finish(&diagnostics);
        return false;
}

/* `*ret_program` (transfer none) NULL: there is no such revision that compiles. */
static enum gal_status find_program(struct checker *checker, const char *revision_id,
                                    struct gal_program **ret_program)
{
        struct program *program;
        enum gal_status status = GAL_OK;

        HASH_FIND_STR(checker->programs, revision_id, program);
        if (program == NULL) {
                if (HASH_COUNT(checker->programs) >= PROGRAMS_MAX)
                        drop_programs(checker);
                program = gal_new(struct program);
                program->revision_id = gal_strdup(revision_id);
                HASH_ADD_KEYPTR(hh, checker->programs, program->revision_id, strlen(program->revision_id), program);
                status = checker->store->ops->read_revision(checker->store, revision_id, compile, program,
                                                            checker->error);
        }
        *ret_program = program->program;
        return status;
}

/* Replay. */

static void check_header(struct checker *checker, const struct gal_chunk_row *row)
{
        uint32_t event_count = 0;

        for (size_t i = 0; i < checker->records.count; i++)
                event_count += !gal_event_is_internal(checker->records.items[i].type);
        if (row->event_count != event_count)
                find(checker, "chunk %" PRIu64 " has %" PRIu32 " events and says %" PRIu32, row->sequence,
                     event_count, row->event_count);
        if (row->first_event_id != checker->execution->last_id + 1)
                find(checker, "chunk %" PRIu64 " begins with event %" PRIu64 ", after event %" PRIu64,
                     row->sequence, row->first_event_id, checker->execution->last_id);
}

/* False: what follows cannot be judged. */
static bool replay(struct checker *checker, const struct gal_chunk_row *row)
{
        for (size_t i = 0; i < checker->records.count; i++) {
                const struct gal_record *record = &checker->records.items[i];
                const char *fault = gal_check_record(checker->execution, record);

                if (fault != NULL) {
                        find(checker, "chunk %" PRIu64 ", record %zu (%s, event %" PRIu64 "): %s", row->sequence,
                             i + 1, gal_event_infos[record->type].name, record->id, fault);
                        return false;
                }
                gal_execution_apply(checker->execution, record);
        }
        return true;
}

/* After the chunk that is its last: replay equals snapshot. */
static void check_snapshot(struct checker *checker)
{
        struct gal_error error = { .code = GAL_OK };

        checker->has_snapshot = true;
        if (gal_journal_check_snapshot(checker->run.snapshot, checker->run.snapshot_len, checker->source,
                                       checker->execution, &error) != GAL_OK)
                find(checker, "its snapshot at chunk %" PRIu64 ": %s", checker->run.sequence, error.message);
}

static bool check_chunk(void *user, const struct gal_chunk_row *row)
{
        struct gal_error error = { .code = GAL_OK };
        struct checker *checker = user;

        checker->chunks++;
        if (row->sequence != ++checker->sequence) {
                find(checker, "chunk %" PRIu64 " stands where %" PRIu64 " should", row->sequence,
                     checker->sequence);
                return false;
        }
        gal_records_clear(&checker->records);
        if (gal_journal_decode(row->body, row->body_len, checker->execution->program, checker->source,
                               &checker->records, &error) != GAL_OK) {
                find(checker, "chunk %" PRIu64 " cannot be read: %s", row->sequence, error.message);
                return false;
        }
        check_header(checker, row);
        if (!replay(checker, row))
                return false;
        if (checker->has_run && checker->run.snapshot != NULL && checker->run.sequence == row->sequence)
                check_snapshot(checker);
        return true;
}

/* Rows against the replay. */

static bool is_same_text(const char *a, const char *b)
{
        return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void check_closed(struct checker *checker, const struct gal_execution_row *row)
{
        const struct gal_execution *execution = checker->execution;
        const char *output = execution->output == NULL ? NULL : gal_payload_text(execution->output, NULL);

        if (row->event_count != execution->last_id)
                find(checker, "it says %" PRIu64 " events and has %" PRIu64, row->event_count, execution->last_id);
        if (row->stopped_ms != execution->stopped_ms)
                find(checker, "its end is %" PRId64 " in the row and %" PRId64 " in the events", row->stopped_ms,
                     execution->stopped_ms);
        if (!is_same_text(row->output, output))
                find(checker, "its output is another one in the events");
        if (!is_same_text(row->error, execution->error) || !is_same_text(row->cause, execution->cause))
                find(checker, "its error is another one in the events");
}

static void check_row(struct checker *checker, const struct gal_execution_row *row)
{
        const struct gal_execution *execution = checker->execution;
        const char *status = gal_execution_status_name(execution->status);

        if (row->slot != gal_slot(row->machine_name, row->name))
                find(checker, "it is in slot %" PRIu32 " and belongs to %" PRIu32, row->slot,
                     gal_slot(row->machine_name, row->name));
        if (strcmp(row->status, status) != 0)
                find(checker, "its status is %s, its events say %s", row->status, status);
        else if (execution->status != GAL_EXECUTION_RUNNING)
                check_closed(checker, row);
        if (row->started_ms != execution->started_ms)
                find(checker, "its start is %" PRId64 " in the row and %" PRId64 " in the events", row->started_ms,
                     execution->started_ms);
        if (execution->input != NULL && !is_same_text(row->input, gal_payload_raw(execution->input, NULL)))
                find(checker, "its input is another one in the events");
}

static bool note_run(void *user, const struct gal_run_row *row)
{
        struct checker *checker = user;

        checker->run = *row;
        gal_row_own(GAL_ROW_RUN, &checker->run);
        checker->has_run = true;
        return false;
}

/* A parked execution is not in memory: nothing but its time will wake it. */
static void check_parked(struct checker *checker, int64_t row_wake_ms)
{
        int64_t wake_ms = gal_execution_wake_ms(checker->execution);

        if (gal_execution_is_ready(checker->execution))
                find(checker, "it is parked and could go on");
        else if (wake_ms == 0 || row_wake_ms > wake_ms)
                find(checker, "it is parked until %" PRId64 " and due at %" PRId64, row_wake_ms, wake_ms);
}

static void check_run(struct checker *checker)
{
        bool is_open = checker->execution->status == GAL_EXECUTION_RUNNING;
        const char *fault = gal_check_wait(checker->execution);

        if (checker->has_run != is_open)
                find(checker, is_open ? "it is open and has no run row" : "it is closed and has a run row");
        if (fault != NULL)
                find(checker, "nothing will wake it: %s", fault);
        if (checker->has_run && checker->run.snapshot != NULL && !checker->has_snapshot)
                find(checker, "its snapshot is of chunk %" PRIu64 ", which is not there", checker->run.sequence);
        checker->is_parked = checker->has_run && checker->run.wake_ms != 0;
        if (checker->is_parked && is_open)
                check_parked(checker, checker->run.wake_ms);
}

/* Names. */

struct name_look {
        bool is_there;
        bool is_own;
        int64_t reusable_ms;
        const char *execution_id;
};

static bool note_name(void *user, const struct gal_name_row *row)
{
        struct name_look *look = user;

        look->is_there = true;
        look->is_own = strcmp(row->execution_id, look->execution_id) == 0;
        look->reusable_ms = row->reusable_ms;
        return false;
}

static enum gal_status check_name(struct checker *checker, const struct gal_execution_row *row)
{
        struct name_look look = { .execution_id = row->execution_id };
        int64_t free_ms = row->stopped_ms == 0 ? INT64_MAX : row->stopped_ms + GAL_NAME_REUSE_MS;
        enum gal_status status;

        if (strcmp(row->name, row->execution_id) == 0) /* made by the engine: it is the id */
                return GAL_OK;
        status = checker->store->ops->find_name(checker->store, row->machine_id, row->name, note_name, &look,
                                                checker->error);
        if (status != GAL_OK)
                return status;
        checker->report->names++;
        if (free_ms - NAME_SLACK_MS <= checker->options->now_ms)
                return GAL_OK;
        if (!look.is_there)
                find(checker, "its name leads nowhere");
        else if (!look.is_own)
                find(checker, "its name leads to another execution");
        else if (look.reusable_ms != free_ms)
                find(checker, "its name is free again at %" PRId64 ", not at %" PRId64, look.reusable_ms, free_ms);
        return GAL_OK;
}

/* The queues of activities. */

struct queue_look {
        const struct gal_activity_task_row *wanted;
        bool is_there;
};

static bool compare_task(void *user, const struct gal_activity_task_row *row)
{
        struct queue_look *look = user;

        look->is_there = strcmp(row->activity, look->wanted->activity) == 0 &&
                         strcmp(row->execution_id, look->wanted->execution_id) == 0 &&
                         row->scheduled_id == look->wanted->scheduled_id &&
                         row->scheduled_ms == look->wanted->scheduled_ms && row->slot == look->wanted->slot;
        return false;
}

static enum gal_status read_task(struct checker *checker, const struct gal_activity_task_row *row,
                                 bool *ret_is_there)
{
        struct gal_activity_task_row before = *row;
        struct queue_look look = { .wanted = row };
        enum gal_status status;

        before.scheduled_id--;
        status = checker->store->ops->read_activity_tasks(checker->store, row->activity, &before, 1, compare_task,
                                                          &look, checker->error);
        *ret_is_there = look.is_there;
        return status;
}

/* Who waits for a worker stands in the queue: else none will ever come. */
static enum gal_status check_queue(struct checker *checker, const struct gal_execution_row *row)
{
        const struct gal_execution *execution = checker->execution;
        enum gal_status status = GAL_OK;

        for (uint32_t i = 0;
             status == GAL_OK && execution->status == GAL_EXECUTION_RUNNING && i < execution->frame_count; i++) {
                const struct gal_task *task = gal_check_waits_for_worker(execution, execution->frames[i]);
                struct gal_activity_task_row wanted = { .execution_id = row->execution_id, .slot = row->slot };
                bool is_there;

                if (task == NULL)
                        continue;
                wanted.activity = strrchr(task->resource, ':') + 1;
                wanted.scheduled_ms = execution->frames[i]->attempt.scheduled_ms;
                wanted.scheduled_id = execution->frames[i]->attempt.scheduled_id;
                status = read_task(checker, &wanted, &is_there);
                if (status == GAL_OK && !is_there)
                        find(checker, "its task %" PRIu64 " waits for a worker of %s and is not in the queue",
                             wanted.scheduled_id, wanted.activity);
        }
        return status;
}

/* One execution. */

static enum gal_status look_at(struct checker *checker, const struct gal_execution_row *row)
{
        struct gal_identity identity = { .execution_arn = row->execution_id,
                                         .execution_name = row->name,
                                         .machine_arn = row->machine_id,
                                         .machine_name = row->machine_name };
        struct gal_program *program;
        enum gal_status status = find_program(checker, row->revision_id, &program);

        if (status != GAL_OK)
                return status;
        if (program == NULL) {
                find(checker, "its definition (revision %s) is not there or does not compile", row->revision_id);
                return GAL_OK;
        }
        checker->execution = gal_execution_create(program, &identity);
        checker->sequence = 0;
        checker->chunks = 0;
        checker->source = gal_journal_source_create(checker->store, row->slot, row->execution_id, /* owner= */ 0);
        status = checker->store->ops->read_run(checker->store, row->slot, row->execution_id, note_run, checker,
                                               checker->error);
        if (status == GAL_OK)
                status = checker->store->ops->read_chunks(checker->store, row->slot, row->execution_id,
                                                          /* from_sequence= */ 1, check_chunk, checker,
                                                          checker->error);
        if (status == GAL_OK && checker->fault_count == 0) { /* else the rest would only repeat it */
                check_row(checker, row);
                check_run(checker);
                status = check_queue(checker, row);
        }
        if (status == GAL_OK)
                status = check_name(checker, row);
        return status;
}

static void count(struct checker *checker, const struct gal_execution_row *row)
{
        struct gal_check_report *report = checker->report;

        report->executions++;
        report->open += strcmp(row->status, "RUNNING") == 0;
        report->parked += checker->is_parked;
        report->snapshots += checker->has_snapshot;
        report->chunks += checker->chunks;
        report->events += checker->execution == NULL ? 0 : checker->execution->last_id;
}

static void finish_look(struct checker *checker)
{
        gal_execution_destroy(checker->execution);
        checker->execution = NULL;
        gal_journal_source_destroy(checker->source);
        checker->source = NULL;
        gal_row_disown(GAL_ROW_RUN, &checker->run);
        checker->has_run = false;
        checker->is_parked = false;
        checker->has_snapshot = false;
}

static bool own_row(void *user, const struct gal_execution_row *row)
{
        struct gal_execution_row *copy = user;

        *copy = *row;
        gal_row_own(GAL_ROW_EXECUTION, copy);
        return false;
}

/* `row` is replaced by what it is now. False: it is not there any more. */
static bool read_again(struct checker *checker, struct gal_execution_row *row, enum gal_status *ret_status)
{
        struct gal_execution_row now = { .execution_id = NULL };

        *ret_status = checker->store->ops->read_execution(checker->store, row->slot, row->execution_id, own_row,
                                                          &now, checker->error);
        if (*ret_status != GAL_OK || now.execution_id == NULL)
                return false;
        gal_row_disown(GAL_ROW_EXECUTION, row);
        *row = now;
        return true;
}

static enum gal_status check_execution(struct checker *checker, struct gal_execution_row *row)
{
        gal_auto_free char *subject = gal_format("%s/%s (%s)", row->machine_name, row->name, row->execution_id);
        enum gal_status status = look_at(checker, row);

        for (int i = 1; status == GAL_OK && checker->fault_count > 0 && i < LOOKS_MAX; i++) {
                forget_faults(checker);
                finish_look(checker);
                if (!read_again(checker, row, &status))
                        return status;
                status = look_at(checker, row);
        }
        if (status == GAL_OK)
                count(checker, row);
        finish_look(checker);
        report_faults(checker, subject);
        return status;
}

/* All of them. */

struct page {
        struct gal_execution_row rows[PAGE_SIZE];
        size_t count;
};

static bool add_to_page(void *user, const struct gal_execution_row *row)
{
        struct page *page = user;

        own_row(&page->rows[page->count++], row);
        return page->count < PAGE_SIZE;
}

static enum gal_status check_page(struct checker *checker, struct page *page, char **last_id)
{
        struct gal_execution_filter filter = { .before_id = *last_id, .limit = PAGE_SIZE };
        enum gal_status status;

        page->count = 0;
        status = checker->store->ops->list_executions(checker->store, &filter, add_to_page, page, checker->error);
        if (page->count > 0) {
                free(*last_id);
                *last_id = gal_strdup(page->rows[page->count - 1].execution_id);
        }
        for (size_t i = 0; i < page->count; i++) {
                if (status == GAL_OK)
                        status = check_execution(checker, &page->rows[i]);
                gal_row_disown(GAL_ROW_EXECUTION, &page->rows[i]);
        }
        return status;
}

static enum gal_status check_executions(struct checker *checker)
{
        struct page *page = gal_new(struct page);
        gal_auto_free char *last_id = NULL;
        enum gal_status status;

        do
                status = check_page(checker, page, &last_id);
        while (status == GAL_OK && page->count == PAGE_SIZE);
        free(page);
        return status;
}

/* Run rows that no open execution has. */

struct orphan_look {
        struct checker *checker;
        enum gal_status status;
};

static bool note_open(void *user, const struct gal_execution_row *row)
{
        *(bool *)user = strcmp(row->status, "RUNNING") == 0;
        return false;
}

static bool note_there(void *user, const struct gal_run_row *row)
{
        (void)row;
        *(bool *)user = true;
        return false;
}

static enum gal_status find_orphan(struct checker *checker, const struct gal_run_row *row, bool *ret_is_orphan)
{
        struct gal_store *store = checker->store;
        bool is_open = false;
        enum gal_status status;

        *ret_is_orphan = false;
        status = store->ops->read_execution(store, row->slot, row->execution_id, note_open, &is_open,
                                            checker->error);
        if (status != GAL_OK || is_open)
                return status;
        /* Closed since the run row was read: then that is gone, too. */
        return store->ops->read_run(store, row->slot, row->execution_id, note_there, ret_is_orphan, checker->error);
}

static bool check_orphan(void *user, const struct gal_run_row *row)
{
        struct orphan_look *look = user;
        bool is_orphan;

        look->checker->report->runs++;
        look->status = find_orphan(look->checker, row, &is_orphan);
        if (look->status == GAL_OK && is_orphan) {
                find(look->checker, "it has a run row, and no open execution");
                report_faults(look->checker, row->execution_id);
        }
        return look->status == GAL_OK;
}

static enum gal_status check_runs(struct checker *checker)
{
        struct orphan_look look = { .checker = checker, .status = GAL_OK };
        enum gal_status status = checker->store->ops->read_runs(checker->store, INT64_MAX, SIZE_MAX, check_orphan,
                                                                &look, checker->error);

        return status != GAL_OK ? status : look.status;
}

/* Tasks in a queue that no open execution has. */

static enum gal_status find_stray(struct checker *checker, const struct gal_activity_task_row *row,
                                  bool *ret_is_stray)
{
        struct gal_store *store = checker->store;
        bool has_run = false;
        enum gal_status status =
                store->ops->read_run(store, row->slot, row->execution_id, note_there, &has_run, checker->error);

        *ret_is_stray = false;
        if (status != GAL_OK || has_run)
                return status;
        /* Closed since the task was read: then that is gone, too. */
        return read_task(checker, row, ret_is_stray);
}

static bool check_stray(void *user, const struct gal_activity_task_row *row)
{
        struct orphan_look *look = user;
        bool is_stray;

        look->checker->report->tasks++;
        look->status = find_stray(look->checker, row, &is_stray);
        if (look->status == GAL_OK && is_stray) {
                find(look->checker, "its task %" PRIu64 " is in the queue of %s, and it is not open",
                     row->scheduled_id, row->activity);
                report_faults(look->checker, row->execution_id);
        }
        return look->status == GAL_OK;
}

static enum gal_status check_queues(struct checker *checker)
{
        struct orphan_look look = { .checker = checker, .status = GAL_OK };
        enum gal_status status =
                checker->store->ops->read_activity_tasks(checker->store, /* activity= */ NULL, /* after= */ NULL,
                                                         SIZE_MAX, check_stray, &look, checker->error);

        return status != GAL_OK ? status : look.status;
}

/* Machines. */

struct machine_list {
        struct gal_machine_row *rows;
        size_t count;
        size_t size;
};

static bool add_machine(void *user, const struct gal_machine_row *row)
{
        struct machine_list *list = user;

        if (list->count == list->size) {
                list->size = list->size == 0 ? 16 : list->size * 2;
                list->rows = gal_realloc(list->rows, list->size, sizeof(*list->rows));
        }
        list->rows[list->count] = *row;
        gal_row_own(GAL_ROW_MACHINE, &list->rows[list->count++]);
        return true;
}

static enum gal_status check_machines(struct checker *checker)
{
        struct machine_list list = { NULL, 0, 0 };
        enum gal_status status =
                checker->store->ops->read_machines(checker->store, NULL, add_machine, &list, checker->error);

        for (size_t i = 0; i < list.count; i++) {
                struct gal_program *program;

                if (status == GAL_OK)
                        status = find_program(checker, list.rows[i].revision_id, &program);
                if (status == GAL_OK) {
                        checker->report->machines++;
                        if (program == NULL)
                                find(checker, "its definition (revision %s) is not there or does not compile",
                                     list.rows[i].revision_id);
                        report_faults(checker, list.rows[i].name);
                }
                gal_row_disown(GAL_ROW_MACHINE, &list.rows[i]);
        }
        free(list.rows);
        return status;
}

enum gal_status gal_check_store(struct gal_store *store, const struct gal_check_options *options,
                                struct gal_check_report *ret_report, struct gal_error *error)
{
        struct checker checker = { .store = store, .options = options, .report = ret_report, .error = error };
        enum gal_status status;

        memset(ret_report, 0, sizeof(*ret_report));
        status = check_machines(&checker);
        if (status == GAL_OK)
                status = check_executions(&checker);
        if (status == GAL_OK)
                status = check_runs(&checker);
        if (status == GAL_OK)
                status = check_queues(&checker);
        forget_faults(&checker);
        gal_records_finish(&checker.records);
        drop_programs(&checker);
        return status;
}
