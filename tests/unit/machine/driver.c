/*
 * driver.c: the step, the replica, and the account of calls.
 *
 * The replica is given the records as the journal reads them back and nothing else, and has to equal the execution
 * after every step: this is what makes a restart safe. Calls are accounted for from both sides: every Scheduled
 * event is invoked once, and every call that no answer has ended is either open in a frame or was cancelled.
 */
#include "driver.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "definition/program.h"
#include "invariants.h"
#include "journal/journal.h"
#include "record_text.h"

static const struct gal_identity default_identity = {
        .execution_arn = DRIVER_EXECUTION_ARN,
        .execution_name = "run",
        .machine_arn = DRIVER_ARN_PREFIX "stateMachine:machine",
        .machine_name = "machine",
        .role_arn = DRIVER_ROLE_ARN,
};

bool driver_fail(struct driver *driver, const char *format, ...)
{
        va_list args;

        if (driver->fault != NULL)
                return false;
        va_start(args, format);
        if (vasprintf(&driver->fault, format, args) < 0)
                abort();
        va_end(args);
        return false;
}

struct gal_program *driver_compile(const char *text, size_t len, char **ret_fault)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        struct gal_buffer fault = GAL_BUFFER_INIT;

        if (gal_program_compile(text, len, /* options= */ NULL, &diagnostics, &program) != GAL_OK) {
                gal_buffer_append_text(&fault, "the definition is refused:");
                for (size_t i = 0; i < diagnostics.count; i++)
                        gal_buffer_append_format(
                                &fault, "\n  %s at %s", diagnostics.items[i].message,
                                diagnostics.items[i].location == NULL ? "?" : diagnostics.items[i].location);
                *ret_fault = gal_buffer_take(&fault, NULL);
        }
        gal_diagnostics_finish(&diagnostics);
        return program;
}

static bool has_activity(void *user, const char *activity_arn)
{
        const struct driver *driver = user;

        for (const char *const *arn = driver->options.activities; arn != NULL && *arn != NULL; arn++) {
                if (strcmp(*arn, activity_arn) == 0)
                        return true;
        }
        return false;
}

static struct gal_execution *create_execution(const struct driver *driver)
{
        const struct gal_identity *identity = driver->options.identity;

        return gal_execution_create(driver->program, identity != NULL ? identity : &default_identity);
}

void driver_init(struct driver *driver, struct gal_program *program, const struct driver_options *options)
{
        static uint64_t number; /* payloads are shared by runs of one case, and remember whose they are */

        memset(driver, 0, sizeof(*driver));
        driver->number = ++number;
        driver->options = *options;
        driver->program = gal_program_ref(program);
        driver->execution = create_execution(driver);
        driver->replica = create_execution(driver);
        driver->source = gal_journal_source_create(/* store= */ NULL, 0, "", driver->number);
        driver->env.now_ms = DRIVER_START_MS;
        driver->env.events_max = options->events_max;
        driver->env.activity_exists = has_activity;
        driver->env.user = driver;
        driver->log = GAL_BUFFER_INIT;
}

void driver_finish(struct driver *driver)
{
        gal_execution_destroy(driver->execution);
        gal_execution_destroy(driver->replica);
        gal_journal_source_destroy(driver->source);
        gal_program_unref(driver->program);
        gal_step_finish(&driver->step);
        gal_records_finish(&driver->records);
        gal_buffer_finish(&driver->log);
        for (size_t i = 0; i < driver->call_count; i++)
                gal_payload_unref(driver->calls[i].input);
        free(driver->calls);
        free(driver->effects);
        free(driver->types);
        free(driver->fault);
}

bool driver_is_running(const struct driver *driver)
{
        return driver->execution->status == GAL_EXECUTION_RUNNING;
}

/* 256 bits a step, as the engine stamps them: a restart must not change what a step draws. */
static void stamp_randomness(struct driver *driver)
{
        for (unsigned i = 0; i < 4; i++)
                driver->env.random.state[i] =
                        (driver->options.seed * 4 + i + 1) * 0x9E3779B97F4A7C15u + driver->step_count;
}

/* Calls. */

bool driver_call_is_open(const struct driver_call *call)
{
        return !call->answered && !call->timed_out && !call->aborted && !call->cancelled;
}

struct driver_call *driver_open_call(struct driver *driver, uint32_t frame)
{
        for (size_t i = driver->call_count; i > 0; i--) {
                if (driver->calls[i - 1].frame == frame && driver_call_is_open(&driver->calls[i - 1]))
                        return &driver->calls[i - 1];
        }
        return NULL;
}

static struct driver_call *find_call(struct driver *driver, uint64_t scheduled_id)
{
        for (size_t i = driver->call_count; i > 0; i--) {
                if (driver->calls[i - 1].scheduled_id == scheduled_id)
                        return &driver->calls[i - 1];
        }
        return NULL;
}

static bool add_call(struct driver *driver, const struct gal_record *record)
{
        struct driver_call *call;

        if (driver_open_call(driver, record->frame) != NULL)
                return driver_fail(driver, "event %" PRIu64 " schedules a task in a frame that has an open one",
                                   record->id);
        if (driver->call_count == driver->call_size) {
                driver->call_size = driver->call_size == 0 ? 16 : driver->call_size * 2;
                driver->calls = gal_realloc(driver->calls, driver->call_size, sizeof(*driver->calls));
        }
        call = &driver->calls[driver->call_count++];
        *call = (struct driver_call){ .frame = record->frame,
                                      .index = gal_execution_frame(driver->replica, record->frame)->index,
                                      .state = record->state,
                                      .attempt = record->as.scheduled.attempt,
                                      .scheduled_id = record->id };
        return true;
}

static bool end_call(struct driver *driver, const struct gal_record *record, bool timed_out)
{
        struct driver_call *call = driver_open_call(driver, record->frame);

        if (call == NULL)
                return driver_fail(driver, "event %" PRIu64 " ends a task that is not open", record->id);
        call->answered = !timed_out;
        call->timed_out = timed_out;
        return true;
}

/* The place of its frame may be used again within the same step. */
static void abort_call(struct driver *driver, uint32_t frame)
{
        struct driver_call *call = driver_open_call(driver, frame);

        if (call != NULL)
                call->aborted = true;
}

static bool is_answer(enum gal_event_type type)
{
        return type == GAL_EVENT_LAMBDA_FUNCTION_SUCCEEDED || type == GAL_EVENT_LAMBDA_FUNCTION_FAILED ||
               type == GAL_EVENT_ACTIVITY_SUCCEEDED || type == GAL_EVENT_ACTIVITY_FAILED ||
               type == GAL_EVENT_TASK_SUCCEEDED || type == GAL_EVENT_TASK_FAILED;
}

static bool is_time_out(enum gal_event_type type)
{
        return type == GAL_EVENT_LAMBDA_FUNCTION_TIMED_OUT || type == GAL_EVENT_ACTIVITY_TIMED_OUT ||
               type == GAL_EVENT_TASK_TIMED_OUT;
}

static bool account_record(struct driver *driver, const struct gal_record *record)
{
        if (gal_event_infos[record->type].shape == GAL_SHAPE_SCHEDULED)
                return add_call(driver, record);
        if (is_answer(record->type) || is_time_out(record->type))
                return end_call(driver, record, is_time_out(record->type));
        if (record->type == GAL_EVENT_TASK_STATE_ABORTED)
                abort_call(driver, record->frame);
        return true;
}

static void note_effect(struct driver *driver, enum gal_effect_kind kind, size_t call)
{
        if (driver->effect_count == driver->effect_size) {
                driver->effect_size = driver->effect_size == 0 ? 16 : driver->effect_size * 2;
                driver->effects = gal_realloc(driver->effects, driver->effect_size, sizeof(*driver->effects));
        }
        driver->effects[driver->effect_count++] = (struct driver_effect){ .kind = kind, .call = call };
}

static bool account_invoke(struct driver *driver, const struct gal_effect *effect, struct driver_call *call)
{
        if (call == NULL)
                return driver_fail(driver, "INVOKE for %" PRIu64 ", which was not scheduled", effect->scheduled_id);
        if (call->invoked)
                return driver_fail(driver, "a second INVOKE for %" PRIu64, effect->scheduled_id);
        if (call->frame != effect->frame || call->state != effect->state || call->attempt != effect->attempt)
                return driver_fail(driver, "INVOKE for %" PRIu64 " differs from its event", effect->scheduled_id);
        if (effect->input == NULL)
                return driver_fail(driver, "INVOKE for %" PRIu64 " without input", effect->scheduled_id);
        call->invoked = true;
        call->input = gal_payload_ref(effect->input);
        return true;
}

static bool account_cancel(struct driver *driver, const struct gal_effect *effect, struct driver_call *call)
{
        if (call == NULL || !call->invoked)
                return driver_fail(driver, "CANCEL for %" PRIu64 ", which was not invoked", effect->scheduled_id);
        if (call->cancelled)
                return driver_fail(driver, "a second CANCEL for %" PRIu64, effect->scheduled_id);
        if (call->answered)
                return driver_fail(driver, "CANCEL for %" PRIu64 ", which was answered", effect->scheduled_id);
        call->cancelled = true;
        return true;
}

static bool account_effect(struct driver *driver, const struct gal_effect *effect)
{
        struct driver_call *call =
                effect->kind == GAL_EFFECT_FINISH ? NULL : find_call(driver, effect->scheduled_id);
        bool ok = true;

        switch (effect->kind) {
        case GAL_EFFECT_INVOKE:
                ok = account_invoke(driver, effect, call);
                break;
        case GAL_EFFECT_CANCEL:
                ok = account_cancel(driver, effect, call);
                break;
        case GAL_EFFECT_FINISH:
                if (driver->finished)
                        return driver_fail(driver, "a second FINISH");
                driver->finished = true;
                break;
        }
        if (ok)
                note_effect(driver, effect->kind, call == NULL ? 0 : (size_t)(call - driver->calls));
        return ok;
}

/* After the step: what is still out has to be open in a frame, and the other way round. */
static bool check_calls(struct driver *driver)
{
        size_t out = 0, open = 0;

        for (size_t i = 0; i < driver->call_count; i++) {
                const struct driver_call *call = &driver->calls[i];
                const struct gal_frame *frame = gal_execution_frame(driver->execution, call->frame);

                if (!call->invoked)
                        return driver_fail(driver, "no INVOKE for %" PRIu64, call->scheduled_id);
                if (call->answered || call->cancelled)
                        continue;
                if (call->timed_out || call->aborted)
                        return driver_fail(driver, "no CANCEL for %" PRIu64, call->scheduled_id);
                if (frame == NULL || frame->attempt.scheduled_id != call->scheduled_id)
                        return driver_fail(driver, "%" PRIu64 " was given up without a CANCEL", call->scheduled_id);
                out++;
        }
        for (uint32_t i = 0; i < driver->execution->frame_count; i++) {
                const struct gal_frame *frame = driver->execution->frames[i];

                open += frame != NULL && frame->attempt.scheduled_id != 0;
        }
        return out == open || driver_fail(driver, "%zu calls are out, %zu attempts are open", out, open);
}

/* Steps. */

/* The records as they come back from a row: what the journal loses is lost here too. */
static bool reread_records(struct driver *driver, struct gal_records *ret_records)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_buffer body = GAL_BUFFER_INIT;
        bool ok;

        gal_journal_encode(&body, driver->program, &driver->step.records, driver->number);
        ok = body.status == GAL_OK && gal_journal_decode(body.data, body.len, driver->program, driver->source,
                                                         ret_records, &error) == GAL_OK;
        gal_buffer_finish(&body);
        if (!ok)
                return driver_fail(driver, "the journal cannot read what it wrote: %s", error.message);
        return ret_records->count == driver->step.records.count ||
               driver_fail(driver, "the journal has lost a record");
}

/* FNV-1a: two runs are compared by it, and a quarter of a million events need not be kept as text. */
static uint64_t digest(const struct gal_buffer *text)
{
        uint64_t hash = 0xCBF29CE484222325u;

        for (size_t i = 0; i < text->len; i++)
                hash = (hash ^ (unsigned char)text->data[i]) * 0x100000001B3u;
        return hash;
}

static void log_line(struct driver *driver, const char *what, const struct gal_buffer *text)
{
        gal_buffer_append_format(&driver->log, "%s %016" PRIx64 "\n", what, digest(text));
}

/* Appends the record to the log; what was read back has to say the same. */
static bool log_record(struct driver *driver, const struct gal_record *made, const struct gal_record *reread)
{
        struct gal_buffer text = GAL_BUFFER_INIT, again = GAL_BUFFER_INIT;
        bool same;

        record_text_write(&text, driver->execution, made);
        record_text_write(&again, driver->execution, reread);
        same = text.len == again.len && memcmp(text.data, again.data, text.len) == 0;
        log_line(driver, gal_event_infos[made->type].name, &text);
        if (!same)
                driver_fail(driver, "the journal changes a record\n%s%s", text.data, again.data);
        gal_buffer_finish(&text);
        gal_buffer_finish(&again);
        return same;
}

static void log_effect(struct driver *driver, const struct gal_effect *effect)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        effect_text_write(&text, effect);
        log_line(driver, "effect", &text);
        gal_buffer_finish(&text);
}

static void keep_records(struct driver *driver)
{
        struct gal_records *made = &driver->step.records;

        for (size_t i = 0; i < made->count; i++)
                *gal_records_add(&driver->records) = made->items[i];
        made->count = 0; /* the driver's now */
}

static bool take_records(struct driver *driver)
{
        struct gal_records reread = { NULL, 0, 0 };
        bool ok = reread_records(driver, &reread);

        for (size_t i = 0; ok && i < reread.count; i++) {
                const struct gal_record *made = &driver->step.records.items[i];

                ok = log_record(driver, made, &reread.items[i]) && invariants_check_record(driver, made) &&
                     account_record(driver, made);
                if (ok)
                        gal_execution_apply(driver->replica, &reread.items[i]);
        }
        gal_records_finish(&reread);
        keep_records(driver);
        return ok;
}

static bool check_replica(struct driver *driver)
{
        const char *difference;

        if (gal_execution_equal(driver->execution, driver->replica, &difference))
                return true;
        return driver_fail(driver, "the records alone make another execution: %s", difference);
}

/* (transfer full) The execution as a snapshot keeps it; NULL: it cannot be read again, which is noted. */
static struct gal_execution *restore(struct driver *driver)
{
        struct gal_execution *restored = create_execution(driver);
        struct gal_error error = { .code = GAL_OK };
        struct gal_buffer body = GAL_BUFFER_INIT;

        gal_journal_encode_snapshot(&body, driver->execution, driver->number);
        if (body.status != GAL_OK ||
            gal_journal_decode_snapshot(body.data, body.len, driver->source, restored, &error) != GAL_OK) {
                driver_fail(driver, "the snapshot cannot be read: %s\n%s", error.message, body.data);
                gal_execution_destroy(restored);
                restored = NULL;
        }
        gal_buffer_finish(&body);
        return restored;
}

/* In long runs now and then: a snapshot of a large execution takes its time. */
static bool check_snapshot(struct driver *driver)
{
        bool is_due = driver->step_count < 200 || driver->step_count % 64 == 0;
        struct gal_execution *restored;
        const char *difference;

        if (!is_due || driver->execution->status != GAL_EXECUTION_RUNNING)
                return true;
        restored = restore(driver);
        if (restored != NULL && !gal_execution_equal(driver->execution, restored, &difference))
                driver_fail(driver, "a snapshot makes another execution: %s", difference);
        gal_execution_destroy(restored);
        return driver->fault == NULL;
}

/* By turns from a snapshot and from the records. */
static void rebuild(struct driver *driver)
{
        bool from_snapshot = driver->step_count % 2 == 0 && driver->execution->status == GAL_EXECUTION_RUNNING;
        struct gal_execution *restored = from_snapshot ? restore(driver) : NULL;

        if (restored != NULL) {
                gal_execution_destroy(driver->execution);
                driver->execution = restored;
                return;
        }
        gal_execution_destroy(driver->execution);
        driver->execution = create_execution(driver);
        for (size_t i = 0; i < driver->records.count; i++)
                gal_execution_apply(driver->execution, &driver->records.items[i]);
}

bool driver_step(struct driver *driver, const struct gal_stimulus *stimuli, size_t count)
{
        if (driver->fault != NULL)
                return false;
        driver->step_count++;
        stamp_randomness(driver);
        gal_step_clear(&driver->step);
        gal_machine_step(driver->execution, stimuli, count, &driver->env, &driver->step);
        if (!take_records(driver))
                return false;
        for (size_t i = 0; i < driver->step.effect_count; i++) {
                log_effect(driver, &driver->step.effects[i]);
                if (!account_effect(driver, &driver->step.effects[i]))
                        return false;
        }
        if (!check_calls(driver) || !invariants_check_execution(driver) || !check_replica(driver) ||
            !check_snapshot(driver))
                return false;
        if (driver->options.rebuild)
                rebuild(driver);
        return true;
}

bool driver_settle(struct driver *driver)
{
        struct gal_stimulus go_on = { .kind = GAL_STIMULUS_CONTINUE };

        while (driver->fault == NULL && driver->step.yielded)
                driver_step(driver, &go_on, 1);
        return driver->fault == NULL;
}

bool driver_start(struct driver *driver, struct gal_payload *input)
{
        struct gal_stimulus start = { .kind = GAL_STIMULUS_START, .payload = input };

        return driver_step(driver, &start, 1) && driver_settle(driver);
}

bool driver_time(struct driver *driver, int64_t now_ms)
{
        struct gal_stimulus due = { .kind = GAL_STIMULUS_TIME };

        driver->env.now_ms = now_ms;
        return driver_step(driver, &due, 1) && driver_settle(driver);
}
