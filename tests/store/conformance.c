/*
 * conformance.c: the fixture and the helpers of the suite. Rows are made from numbers and read back as lines of
 * text, so that a test reads as what went in and what came out.
 */
#include "conformance.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

const struct backend *backend;
struct gal_store *owner;
struct gal_store *other;

/* Texts that live until the end of the process, which is the end of the test. */
static struct kept {
        struct kept *next;
        char *text;
} * kept_texts;

static pthread_mutex_t kept_mutex = PTHREAD_MUTEX_INITIALIZER; /* a test may read on a thread of its own */

static const char *keep(char *text)
{
        struct kept *kept = gal_new(struct kept);

        kept->text = text;
        pthread_mutex_lock(&kept_mutex);
        kept->next = kept_texts;
        kept_texts = kept;
        pthread_mutex_unlock(&kept_mutex);
        return text;
}

static const char *format(const char *text, ...) GAL_PRINTF(1, 2);
static const char *format(const char *text, ...)
{
        char *result;
        va_list args;

        va_start(args, text);
        ck_assert_int_ge(vasprintf(&result, text, args), 0);
        va_end(args);
        return keep(result);
}

const char *uuid(unsigned number)
{
        return format("01900000-0000-7000-8000-%012x", number);
}

uint32_t slot_of(unsigned execution)
{
        return execution * 2654435761u % GAL_SLOTS;
}

struct gal_machine_row machine_row(unsigned number)
{
        return (struct gal_machine_row){ .machine_id = uuid(number),
                                         .name = format("machine-%u", number),
                                         .revision_id = uuid(number + 1),
                                         .type = "STANDARD",
                                         .status = "ACTIVE",
                                         .created_ms = 1000 + number,
                                         .updated_ms = 2000 + number };
}

struct gal_revision_row revision_row(unsigned number, unsigned machine)
{
        return (struct gal_revision_row){ .revision_id = uuid(number),
                                          .machine_id = uuid(machine),
                                          .definition = "{\"StartAt\": \"A\"}",
                                          .role_arn = "arn:aws:iam::123456789012:role/r",
                                          .created_ms = 3000 };
}

struct gal_name_row name_row(unsigned execution, const char *name)
{
        return (struct gal_name_row){
                .machine_id = uuid(1), .name = name, .execution_id = uuid(execution), .reusable_ms = INT64_MAX
        };
}

struct gal_execution_row execution_row(unsigned number, unsigned machine, const char *status)
{
        bool is_open = strcmp(status, "RUNNING") == 0;

        return (struct gal_execution_row){ .slot = slot_of(number),
                                           .execution_id = uuid(number),
                                           .name = format("execution-%u", number),
                                           .machine_id = uuid(machine),
                                           .machine_name = format("machine-%u", machine),
                                           .revision_id = uuid(machine + 1),
                                           .status = status,
                                           .started_ms = 10000 + number,
                                           .stopped_ms = is_open ? 0 : 20000 + number,
                                           .event_count = is_open ? 1 : 5,
                                           .input = "{}" };
}

struct gal_chunk_row chunk_row(unsigned execution, uint64_t sequence, const char *body)
{
        return (struct gal_chunk_row){ .slot = slot_of(execution),
                                       .execution_id = uuid(execution),
                                       .sequence = sequence,
                                       .first_event_id = sequence * 2 - 1,
                                       .event_count = 2,
                                       .body = body,
                                       .body_len = strlen(body) };
}

struct gal_run_row run_row(unsigned execution, int64_t wake_ms)
{
        return (struct gal_run_row){ .slot = slot_of(execution),
                                     .execution_id = uuid(execution),
                                     .wake_ms = wake_ms };
}

struct gal_activity_task_row activity_task_row(const char *activity, int64_t scheduled_ms, unsigned execution)
{
        return (struct gal_activity_task_row){ .activity = activity,
                                               .scheduled_ms = scheduled_ms,
                                               .execution_id = uuid(execution),
                                               .scheduled_id = 7,
                                               .slot = slot_of(execution) };
}

enum gal_status try_acquire(struct gal_store *store, const char *address, struct gal_error *error)
{
        static unsigned count;
        char incarnation[33];
        struct gal_lease_request request = { .address = address, .incarnation = incarnation, .duration_ms = 15000 };

        /* As different processes, and one process twice, would draw them. */
        snprintf(incarnation, sizeof(incarnation), "%032x", ++count);
        return store->ops->acquire(store, &request, error);
}

void acquire(struct gal_store *store, const char *address)
{
        struct gal_error error = { .code = GAL_OK };

        ck_assert_msg(try_acquire(store, address, &error) == GAL_OK, "acquire: %s", error.message);
}

enum gal_status try_commit(struct gal_store *store, const struct gal_batch *batch)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = store->ops->commit(store, batch, &error);

        ck_assert_int_eq(error.code, status);
        ck_assert(status == GAL_OK || error.message[0] != '\0');
        return status;
}

void commit(struct gal_store *store, const struct gal_batch *batch)
{
        struct gal_error error = { .code = GAL_OK };
        enum gal_status status = store->ops->commit(store, batch, &error);

        ck_assert_msg(status == GAL_OK, "commit: %s: %s", gal_status_name(status), error.message);
}

/* Reading. */

static const char *or_none(const char *text)
{
        return text == NULL ? "-" : text;
}

static void put_bytes(struct gal_buffer *buffer, const char *bytes, size_t len)
{
        if (bytes == NULL) {
                gal_buffer_append_text(buffer, " -");
                return;
        }
        gal_buffer_append_char(buffer, ' ');
        if (len <= 200)
                gal_buffer_append(buffer, bytes, len);
        else
                gal_buffer_append_format(buffer, "(%zu bytes)", len);
}

/* Numbers of the rows that uuid() names; other ids as they are. */
static const char *short_id(const char *id)
{
        static char texts[8][40];
        static unsigned at;
        char *text = texts[at++ % 8];

        ck_assert_uint_eq(strlen(id), 36);
        if (strncmp(id, uuid(0), 24) != 0)
                return id;
        snprintf(text, 40, "#%lu", strtoul(id + 24, NULL, 16));
        return text;
}

static bool put_machine(void *user, const struct gal_machine_row *row)
{
        gal_buffer_append_format(user, "%s %s %s %s %s %lld %lld\n", short_id(row->machine_id), row->name,
                                 short_id(row->revision_id), row->type, row->status, (long long)row->created_ms,
                                 (long long)row->updated_ms);
        return true;
}

static bool put_machine_name(void *user, const struct gal_machine_row *row)
{
        gal_buffer_append_format(user, "%s ", row->name);
        return true;
}

static bool put_version(void *user, const struct gal_version_row *row)
{
        gal_buffer_append_format(user, "%s %u %s %s %lld\n", short_id(row->machine_id), row->version,
                                 short_id(row->revision_id), or_none(row->description), (long long)row->created_ms);
        return true;
}

static bool put_alias(void *user, const struct gal_alias_row *row)
{
        gal_buffer_append_format(user, "%s %s %s %u:%u %u:%u %lld %lld\n", short_id(row->machine_id), row->name,
                                 or_none(row->description), row->version, row->weight, row->other_version,
                                 row->other_weight, (long long)row->created_ms, (long long)row->updated_ms);
        return true;
}

static bool put_tag(void *user, const struct gal_tag_row *row)
{
        gal_buffer_append_format(user, "%s=%s ", row->key, row->value);
        return true;
}

static bool put_revision(void *user, const struct gal_revision_row *row)
{
        gal_buffer_append_format(user, "%s %s %s %s %lld\n", short_id(row->revision_id), short_id(row->machine_id),
                                 row->definition, or_none(row->role_arn), (long long)row->created_ms);
        return true;
}

static bool put_execution(void *user, const struct gal_execution_row *row)
{
        gal_buffer_append_format(
                user, "%u %s %s %s %s %s %s %lld %lld %llu", row->slot, short_id(row->execution_id), row->name,
                short_id(row->machine_id), row->machine_name, short_id(row->revision_id), row->status,
                (long long)row->started_ms, (long long)row->stopped_ms, (unsigned long long)row->event_count);
        put_bytes(user, row->input, row->input == NULL ? 0 : strlen(row->input));
        put_bytes(user, row->output, row->output == NULL ? 0 : strlen(row->output));
        put_bytes(user, row->error, row->error == NULL ? 0 : strlen(row->error));
        put_bytes(user, row->cause, row->cause == NULL ? 0 : strlen(row->cause));
        gal_buffer_append_char(user, '\n');
        return true;
}

static bool put_execution_id(void *user, const struct gal_execution_row *row)
{
        gal_buffer_append_format(user, "%s ", short_id(row->execution_id));
        return true;
}

static bool put_name(void *user, const struct gal_name_row *row)
{
        gal_buffer_append_format(user, "%s %s %s %lld\n", short_id(row->machine_id), row->name,
                                 short_id(row->execution_id), (long long)row->reusable_ms);
        return true;
}

static bool put_run(void *user, const struct gal_run_row *row)
{
        gal_buffer_append_format(user, "%u %s %llu", row->slot, short_id(row->execution_id),
                                 (unsigned long long)row->sequence);
        put_bytes(user, row->snapshot, row->snapshot_len);
        gal_buffer_append_format(user, " %lld\n", (long long)row->wake_ms);
        return true;
}

static bool put_run_id(void *user, const struct gal_run_row *row)
{
        gal_buffer_append_format(user, "%s@%lld ", short_id(row->execution_id), (long long)row->wake_ms);
        return true;
}

static bool put_chunk(void *user, const struct gal_chunk_row *row)
{
        gal_buffer_append_format(user, "%u %s %llu %llu+%u", row->slot, short_id(row->execution_id),
                                 (unsigned long long)row->sequence, (unsigned long long)row->first_event_id,
                                 row->event_count);
        put_bytes(user, row->body, row->body_len);
        gal_buffer_append_char(user, '\n');
        return true;
}

static bool put_activity(void *user, const struct gal_activity_row *row)
{
        gal_buffer_append_format(user, "%s %s %lld\n", row->name, or_none(row->encryption),
                                 (long long)row->created_ms);
        return true;
}

static bool put_activity_task(void *user, const struct gal_activity_task_row *row)
{
        gal_buffer_append_format(user, "%s %lld %s/%llu ", row->activity, (long long)row->scheduled_ms,
                                 short_id(row->execution_id), (unsigned long long)row->scheduled_id);
        ck_assert_uint_eq(row->slot, slot_of((unsigned)strtoul(row->execution_id + 24, NULL, 16)));
        return true;
}

/* READ(buffer, call): what `call` puts into `buffer`. */
#define READ(call)                                                                                                 \
        do {                                                                                                       \
                struct gal_buffer buffer = GAL_BUFFER_INIT;                                                        \
                struct gal_error error = { .code = GAL_OK };                                                       \
                enum gal_status status = store->ops->call;                                                         \
                ck_assert_msg(status == GAL_OK, #call ": %s", error.message);                                      \
                return keep(gal_buffer_take(&buffer, NULL));                                                       \
        } while (0)

const char *read_deleted_machines(struct gal_store *store, const char *name)
{
        READ(read_deleted_machines(store, name, put_machine, &buffer, &error));
}

const char *read_machines(struct gal_store *store, const char *name)
{
        READ(read_machines(store, name, put_machine, &buffer, &error));
}

const char *list_machines(struct gal_store *store, const char *after, size_t limit)
{
        READ(list_machines(store, after, limit, put_machine_name, &buffer, &error));
}

const char *read_versions(struct gal_store *store, const char *machine_id, uint32_t below, size_t limit)
{
        READ(read_versions(store, machine_id, below, limit, put_version, &buffer, &error));
}

const char *read_aliases(struct gal_store *store, const char *machine_id)
{
        READ(read_aliases(store, machine_id, put_alias, &buffer, &error));
}

const char *read_tags(struct gal_store *store, const char *resource)
{
        READ(read_tags(store, resource, put_tag, &buffer, &error));
}

const char *read_revision(struct gal_store *store, const char *id)
{
        READ(read_revision(store, id, put_revision, &buffer, &error));
}

const char *read_execution(struct gal_store *store, uint32_t slot, const char *id)
{
        READ(read_execution(store, slot, id, put_execution, &buffer, &error));
}

const char *find_name(struct gal_store *store, const char *machine_id, const char *name)
{
        READ(find_name(store, machine_id, name, put_name, &buffer, &error));
}

const char *list_executions(struct gal_store *store, const struct gal_execution_filter *filter)
{
        READ(list_executions(store, filter, put_execution_id, &buffer, &error));
}

const char *read_run(struct gal_store *store, uint32_t slot, const char *id)
{
        READ(read_run(store, slot, id, put_run, &buffer, &error));
}

const char *read_runs(struct gal_store *store, int64_t due_ms, size_t limit)
{
        READ(read_runs(store, due_ms, limit, put_run_id, &buffer, &error));
}

const char *read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit)
{
        READ(read_parked(store, after_ms, due_ms, limit, put_run_id, &buffer, &error));
}

const char *read_chunks(struct gal_store *store, uint32_t slot, const char *id, uint64_t from_sequence)
{
        READ(read_chunks(store, slot, id, from_sequence, put_chunk, &buffer, &error));
}

const char *read_chunks_back(struct gal_store *store, uint32_t slot, const char *id, uint64_t from_sequence)
{
        READ(read_chunks_back(store, slot, id, from_sequence, put_chunk, &buffer, &error));
}

const char *read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *id, uint64_t event_id)
{
        READ(read_chunk_of_event(store, slot, id, event_id, put_chunk, &buffer, &error));
}

const char *read_activities(struct gal_store *store, const char *name)
{
        READ(read_activities(store, name, put_activity, &buffer, &error));
}

const char *read_activity_tasks(struct gal_store *store, const char *activity,
                                const struct gal_activity_task_row *after, size_t limit)
{
        READ(read_activity_tasks(store, activity, after, limit, put_activity_task, &buffer, &error));
}

static bool count_chunk(void *user, const struct gal_chunk_row *row)
{
        size_t *count = user;

        /* None missing, none twice: whoever counts is sure of that. */
        ck_assert_uint_eq(row->sequence, ++*count);
        return true;
}

size_t count_chunks(struct gal_store *store, uint32_t slot, const char *id)
{
        struct gal_error error = { .code = GAL_OK };
        size_t count = 0;

        ck_assert_msg(store->ops->read_chunks(store, slot, id, 1, count_chunk, &count, &error) == GAL_OK, "%s",
                      error.message);
        return count;
}

struct wanted_stat {
        const char *name;
        int64_t value;
};

static bool note_stat(void *user, const char *name, int64_t value)
{
        struct wanted_stat *wanted = user;

        if (strcmp(name, wanted->name) == 0)
                wanted->value = value;
        return true;
}

int64_t stat_of(struct gal_store *store, const char *name)
{
        struct wanted_stat wanted = { name, -1 };

        ck_assert_int_eq(store->ops->stats(store, note_stat, &wanted, NULL), GAL_OK);
        return wanted.value;
}

/* The fixture. */

static void prepare(struct gal_store *store)
{
        struct gal_error error = { .code = GAL_OK };

        ck_assert_msg(store->ops->prepare(store, /* migrate= */ false, &error) == GAL_OK, "prepare: %s",
                      error.message);
}

void begin_test(void)
{
        backend->begin();
        owner = backend->open();
        other = backend->open();
        prepare(owner);
        prepare(other);
        acquire(owner, "owner");
}

void end_test(void)
{
        gal_store_destroy(other);
        gal_store_destroy(owner);
        backend->end();
        while (kept_texts != NULL) {
                struct kept *kept = kept_texts;

                kept_texts = kept->next;
                free(kept->text);
                free(kept);
        }
}

int run_conformance(const struct backend *tested, Suite *(*more)(void))
{
        TCase *(*const parts[])(void) = { row_tests,   batch_tests,    lease_tests,   read_tests,
                                          purge_tests, activity_tests, registry_tests };
        Suite *suite = suite_create(tested->name);
        SRunner *runner = srunner_create(suite);
        int failed;

        backend = tested;
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                TCase *part = parts[i]();

                tcase_add_checked_fixture(part, begin_test, end_test);
                tcase_set_timeout(part, 60);
                suite_add_tcase(suite, part);
        }
        if (more != NULL)
                srunner_add_suite(runner, more());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
