/*
 * run_driver.c: an engine with the store's writer thread and the loop, as in runtime/, but with workers that answer
 * at once from a queue in the same process: what is measured is the engine, not what it calls.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "base/alloc.h"
#include "base/timestamp.h"
#include "net/loop.h"
#include "run_internal.h"
#include "runtime/writer.h"

/* One that has been started and is not done yet. */
struct flight {
        const struct gal_run *run; /* NULL: its start is not acknowledged yet */
        double began;
        bool is_out;
        struct driver *driver;
};

struct driver {
        struct gal_loop *loop;
        struct gal_timer *timer;
        struct gal_store *store;
        struct gal_writer *writer; /* NULL: the store is in memory */
        struct gal_engine *engine;
        bool tick_scheduled;
        bool answer_scheduled;
        struct gal_task_handle **tasks; /* that wait for their worker */
        size_t task_count;
        size_t task_size;
        struct notes notes;
        const struct load *load;
        struct gal_payload *input;
        struct flight *flights;
        size_t started;
        size_t done;
        double *latencies;
        size_t dispatches;
        bool until_idle;
        int64_t pause_ms;
};

static void die(const char *what, const char *why)
{
        fprintf(stderr, "bench/run: %s: %s\n", what, why);
        exit(EXIT_FAILURE);
}

double bench_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_seconds(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void draw_random(uint64_t random[4])
{
        if (getrandom(random, 4 * sizeof(random[0]), 0) != (ssize_t)(4 * sizeof(random[0])))
                die("getrandom", strerror(errno));
}

/* Notes. */

static void note(struct notes *notes, enum note_kind kind, uint32_t slot, const char *id, uint64_t sequence,
                 size_t len, int64_t ms)
{
        struct note *item;

        if (notes->count == notes->size) {
                notes->size = notes->size == 0 ? 4096 : notes->size * 2;
                notes->items = gal_realloc(notes->items, notes->size, sizeof(*notes->items));
        }
        item = &notes->items[notes->count++];
        *item = (struct note){ .kind = kind, .slot = slot, .sequence = sequence, .len = len, .ms = ms };
        for (size_t i = 0; id != NULL && i < sizeof(item->id); i++) {
                id += *id == '-';
                item->id[i] = (uint8_t)((id[0] <= '9' ? id[0] - '0' : id[0] - 'a' + 10) << 4 |
                                        (id[1] <= '9' ? id[1] - '0' : id[1] - 'a' + 10));
                id += 2;
        }
        notes->rows += kind != NOTE_COMMIT;
        notes->commits += kind == NOTE_COMMIT;
        notes->body_bytes += kind == NOTE_CHUNK ? len : 0;
}

static size_t text_len(const char *text)
{
        return text == NULL ? 0 : strlen(text);
}

static void note_batch(struct notes *notes, const struct gal_batch *batch)
{
        for (size_t i = 0; i < batch->execution_count; i++) {
                const struct gal_execution_row *row = &batch->executions[i];

                note(notes, NOTE_EXECUTION, row->slot, row->execution_id, 0,
                     text_len(row->input) + text_len(row->output), row->stopped_ms);
        }
        for (size_t i = 0; i < batch->chunk_count; i++)
                note(notes, NOTE_CHUNK, batch->chunks[i].slot, batch->chunks[i].execution_id,
                     batch->chunks[i].sequence, batch->chunks[i].body_len, 0);
        for (size_t i = 0; i < batch->run_count; i++)
                note(notes, NOTE_RUN, batch->runs[i].slot, batch->runs[i].execution_id, 0, 0,
                     batch->runs[i].wake_ms);
        for (size_t i = 0; i < batch->closed_run_count; i++)
                note(notes, NOTE_CLOSED_RUN, batch->closed_runs[i].slot, batch->closed_runs[i].execution_id, 0, 0,
                     0);
        note(notes, NOTE_COMMIT, 0, NULL, 0, 0, 0);
}

/* Ticks and commits, as the runtime does them. */

static void tick(void *user);

static void schedule_tick(struct driver *driver)
{
        if (driver->tick_scheduled)
                return;
        driver->tick_scheduled = true;
        gal_loop_defer(driver->loop, tick, driver);
}

static void timer_fired(void *user)
{
        schedule_tick(user);
}

static void arm_timer(struct driver *driver)
{
        int64_t wake_ms = gal_engine_wake_ms(driver->engine);
        int64_t now = now_ms();

        gal_timer_stop(driver->timer);
        if (wake_ms != 0)
                gal_timer_start(driver->timer, wake_ms > now ? wake_ms - now : 0);
}

static void tick(void *user)
{
        struct driver *driver = user;
        uint64_t random[4];

        driver->tick_scheduled = false;
        draw_random(random);
        gal_engine_tick(driver->engine, now_ms(), random);
        if (gal_engine_is_lost(driver->engine))
                die("the store", "a commit failed");
        if (gal_engine_has_work(driver->engine))
                schedule_tick(driver);
        else
                arm_timer(driver);
}

static void commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        struct driver *driver = user;

        note_batch(&driver->notes, batch);
        if (driver->writer != NULL)
                gal_writer_commit(driver->writer, commit, batch);
        else
                gal_engine_committed(driver->engine, commit,
                                     driver->store->ops->commit(driver->store, batch, NULL));
}

static void committed(void *user, struct gal_commit *commit, enum gal_status status, const char *message)
{
        struct driver *driver = user;

        if (status != GAL_OK)
                die("commit", message);
        gal_engine_committed(driver->engine, commit, status);
        schedule_tick(driver);
        if (driver->until_idle && gal_engine_open_count(driver->engine) == 0)
                gal_loop_stop(driver->loop);
}

/* Workers. */

void driver_set_pause(struct driver *driver, int64_t pause_ms)
{
        driver->pause_ms = pause_ms;
}

static struct gal_payload *make_result(const struct driver *driver)
{
        char text[64] = "{\"ok\":true,\"n\":4711}", at[GAL_TIMESTAMP_SIZE];
        struct gal_payload *result;

        if (driver->pause_ms != 0) {
                gal_timestamp_format(now_ms() + driver->pause_ms, at);
                snprintf(text, sizeof(text), "{\"at\":\"%s\"}", at);
        }
        if (gal_payload_parse(text, strlen(text), &result, NULL) != GAL_OK)
                abort();
        return result;
}

static void answer_tasks(void *user)
{
        struct driver *driver = user;
        struct gal_payload *result;

        driver->answer_scheduled = false;
        for (size_t i = 0; i < driver->task_count; i++) {
                if (driver->tasks[i] == NULL)
                        continue;
                result = make_result(driver);
                gal_task_set_data(driver->tasks[i], NULL);
                gal_task_started(driver->tasks[i]);
                gal_task_succeeded(driver->tasks[i], result);
                gal_payload_unref(result);
        }
        driver->task_count = 0;
        schedule_tick(driver);
}

static void dispatch(void *user, const struct gal_dispatch *dispatch)
{
        struct driver *driver = user;

        if (driver->task_count == driver->task_size) {
                driver->task_size = driver->task_size == 0 ? 128 : driver->task_size * 2;
                driver->tasks = gal_realloc(driver->tasks, driver->task_size, sizeof(driver->tasks[0]));
        }
        driver->tasks[driver->task_count++] = dispatch->handle;
        driver->dispatches++;
        if (!driver->answer_scheduled)
                gal_loop_defer(driver->loop, answer_tasks, driver);
        driver->answer_scheduled = true;
}

static void cancel(void *user, struct gal_task_handle *handle, void *data)
{
        struct driver *driver = user;

        (void)data;
        for (size_t i = 0; i < driver->task_count; i++) {
                if (driver->tasks[i] == handle)
                        driver->tasks[i] = NULL;
        }
}

/* Starting, so many at once. */

static void refill(void *user);

static void end_flight(struct flight *flight)
{
        struct driver *driver = flight->driver;

        driver->latencies[driver->done++] = bench_now() - flight->began;
        flight->is_out = false;
        flight->run = NULL;
        gal_loop_defer(driver->loop, refill, driver);
}

static void closed(void *user, const struct gal_run *run)
{
        struct driver *driver = user;

        if (driver->load == NULL)
                return;
        if (gal_run_execution(run)->status != GAL_EXECUTION_SUCCEEDED)
                die("an execution failed", gal_run_execution(run)->error);
        for (size_t i = 0; i < driver->load->at_once; i++) {
                if (driver->flights[i].run == run) {
                        end_flight(&driver->flights[i]);
                        return;
                }
        }
}

static void started(void *user, const struct gal_answer *answer)
{
        struct flight *flight = user;

        if (answer->status != GAL_OK)
                die(answer->code, answer->message);
        flight->run = answer->run;
        if (flight->driver->load->parks)
                end_flight(flight);
}

static void refill(void *user)
{
        struct driver *driver = user;
        const struct load *load = driver->load;
        struct gal_start_request request = { .machine = load->name, .input = driver->input };

        for (size_t i = 0; i < load->at_once && driver->started < load->count; i++) {
                struct flight *flight = &driver->flights[i];

                if (flight->is_out)
                        continue;
                *flight = (struct flight){ .driver = driver, .is_out = true, .began = bench_now() };
                driver->started++;
                gal_engine_start(driver->engine, &request, started, flight);
                schedule_tick(driver);
        }
        if (driver->done == load->count)
                gal_loop_stop(driver->loop);
}

static int compare(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

void driver_run(struct driver *driver, const struct load *load, struct outcome *ret_outcome)
{
        double begun, cpu_begun;

        driver->load = load;
        driver->started = driver->done = 0;
        driver->dispatches = 0;
        driver->notes.count = driver->notes.commits = driver->notes.rows = driver->notes.body_bytes = 0;
        driver->flights = gal_new_array(load->at_once, struct flight);
        driver->latencies = gal_new_array(load->count, double);
        if (gal_payload_parse(load->input, strlen(load->input), &driver->input, NULL) != GAL_OK)
                abort();
        gal_loop_defer(driver->loop, refill, driver);
        begun = bench_now();
        cpu_begun = cpu_seconds();
        gal_loop_run(driver->loop);
        *ret_outcome = (struct outcome){ .seconds = bench_now() - begun,
                                         .cpu_seconds = cpu_seconds() - cpu_begun,
                                         .latencies = driver->latencies,
                                         .dispatches = driver->dispatches };
        qsort(driver->latencies, load->count, sizeof(double), compare);
        gal_loop_undefer(driver->loop, refill, driver);
        gal_payload_unref(driver->input);
        free(driver->flights);
        driver->load = NULL;
}

void driver_finish(struct driver *driver)
{
        driver->until_idle = true;
        if (gal_engine_open_count(driver->engine) == 0)
                return;
        schedule_tick(driver);
        gal_loop_run(driver->loop);
}

static void registered(void *user, const struct gal_answer *answer)
{
        struct driver *driver = user;

        if (answer->status != GAL_OK)
                die(answer->code, answer->message);
        gal_loop_stop(driver->loop);
}

void driver_register(struct driver *driver, const struct load *load)
{
        struct gal_create_request request = { .name = load->name,
                                              .definition = load->definition,
                                              .definition_len = strlen(load->definition),
                                              .replace = true };

        gal_engine_create_machine(driver->engine, &request, registered, driver);
        schedule_tick(driver);
        gal_loop_run(driver->loop);
}

/* Making and ending. */

static void own_store(struct driver *driver, const char *url)
{
        struct gal_writer_callbacks callbacks = { .committed = committed, .user = driver };
        struct gal_lease_request lease = { .address = "",
                                           .incarnation = "00000000000000000000000000000001",
                                           .duration_ms = 600000 };
        struct gal_error error = { .code = GAL_OK };

        if (gal_store_open(url, &driver->store, &error) != GAL_OK ||
            driver->store->ops->prepare(driver->store, /* migrate= */ false, &error) != GAL_OK ||
            driver->store->ops->acquire(driver->store, &lease, &error) != GAL_OK)
                die(url, error.message);
        if (strcmp(driver->store->ops->name, "memory") != 0 &&
            gal_writer_create(driver->loop, driver->store, &callbacks, &driver->writer, &error) != GAL_OK)
                die("the writer", error.message);
}

struct driver *driver_create(const char *url)
{
        struct driver *driver = gal_new(struct driver);
        struct gal_engine_callbacks callbacks = {
                .commit = commit, .dispatch = dispatch, .cancel = cancel, .closed = closed, .user = driver
        };
        struct gal_engine_options options = { .commits_max = 0 };
        struct gal_error error = { .code = GAL_OK };

        if (gal_loop_create(&driver->loop, &error) != GAL_OK)
                die("the loop", error.message);
        driver->timer = gal_timer_create(driver->loop, timer_fired, driver);
        own_store(driver, url);
        options.commits_max = driver->store->ops->commits_max;
        draw_random(options.random);
        driver->engine = gal_engine_create(driver->store, &options, &callbacks);
        if (gal_engine_load(driver->engine, now_ms(), &error) != GAL_OK)
                die("loading", error.message);
        gal_engine_resume(driver->engine);
        return driver;
}

void driver_destroy(struct driver *driver)
{
        gal_writer_destroy(driver->writer);
        gal_engine_destroy(driver->engine);
        gal_store_destroy(driver->store);
        gal_loop_undefer(driver->loop, tick, driver);
        gal_loop_undefer(driver->loop, answer_tasks, driver);
        gal_timer_destroy(driver->timer);
        gal_loop_destroy(driver->loop);
        free(driver->tasks);
        free(driver->notes.items);
        free(driver);
}

size_t driver_open_count(const struct driver *driver)
{
        return gal_engine_open_count(driver->engine);
}

struct gal_store *driver_store(struct driver *driver)
{
        return driver->store;
}

struct notes *driver_notes(struct driver *driver)
{
        return &driver->notes;
}
