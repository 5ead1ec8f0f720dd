/*
 * run.c: executions a second, with a real store under the engine and workers that do nothing.
 *
 *   bench_run [--store URL] [WORKLOAD...]        memory: when no store is named; all workloads when none is
 *
 * One JSON line a workload. exec_s: executions a second. p50_ms, p99_ms: from the request to the commit that closes
 * the execution (W4: that starts it). limit_ratio: the time that a bare loop takes to commit the same rows in the
 * same batches (limit_s), by the time that the engine took: 1 is as fast as the store can be. Steps are states;
 * cpu_us_step is this process's time on all threads, bytes_step what it wrote to files (Postgres: what that wrote
 * into its log), body_step the chunks alone. load: of the machine, when the workload began; figures of a busy
 * machine are worth little.
 *
 * W4: resident_bytes are of the whole process, for each parked execution; heap_bytes without SQLite's cache
 * (bounded) and without this program's own notes. W6 and W6long differ when a step costs more the longer the
 * history is. W5: 1,000 executions of 10 Tasks with 200 ms between; the process is killed after a second and
 * another one goes on. done_s: from the first start to the last end; faults: what the check of the store finds.
 *
 * The store is not emptied: hand in a fresh one, or a full one to see whether that makes a difference. bench/run
 * does the former.
 */
#include <malloc.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "engine/check.h"
#include "run_internal.h"

#define TASK "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:noop\""
#define PASS "\"Type\":\"Pass\""
#define SHORT_WAIT "\"Type\":\"Wait\",\"TimestampPath\":\"$.at\""
#define INPUT "{\"order\":4711,\"customer\":\"Zoe\",\"lines\":[1,2,3]}"

/* Definitions. */

/* S0 to the last, the two kinds in turns. */
static char *make_chain(const char *even, const char *odd, size_t count)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_text(&text, "{\"StartAt\":\"S0\",\"States\":{");
        for (size_t i = 0; i + 1 < count; i++)
                gal_buffer_append_format(&text, "\"S%zu\":{%s,\"Next\":\"S%zu\"},", i, i % 2 == 0 ? even : odd,
                                         i + 1);
        gal_buffer_append_format(&text, "\"S%zu\":{%s,\"End\":true}}}", count - 1, count % 2 == 1 ? even : odd);
        return gal_buffer_take(&text, NULL);
}

static char *make_tasks(void)
{
        return make_chain(TASK, TASK, 10);
}

static char *make_passes(void)
{
        return make_chain(PASS, PASS, 10);
}

static char *make_one_task(void)
{
        return make_chain(TASK, TASK, 1);
}

static char *make_tasks_and_waits(void)
{
        return make_chain(TASK, SHORT_WAIT, 19);
}

static char *make_long_wait(void)
{
        return gal_strdup(
                "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":3600,\"End\":true}}}");
}

/* Nine events a turn. */
static char *make_loop(size_t turns)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_format(
                &text,
                "{\"StartAt\":\"Init\",\"States\":{\"Init\":{\"Type\":\"Pass\",\"Result\":0,"
                "\"ResultPath\":\"$.n\",\"Next\":\"Count\"},\"Count\":{\"Type\":\"Pass\","
                "\"Parameters\":{\"n.$\":\"States.MathAdd($.n, 1)\"},\"Next\":\"Call\"},"
                "\"Call\":{%s,\"ResultPath\":null,\"Next\":\"Again\"},\"Again\":{\"Type\":\"Choice\","
                "\"Choices\":[{\"Variable\":\"$.n\",\"NumericLessThan\":%zu,\"Next\":\"Count\"}],"
                "\"Default\":\"Done\"},\"Done\":{\"Type\":\"Succeed\"}}}",
                TASK, turns);
        return gal_buffer_take(&text, NULL);
}

static char *make_short_loop(void)
{
        return make_loop(220);
}

static char *make_long_loop(void)
{
        return make_loop(2200);
}

static char *make_parallel(void)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_text(&text, "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,"
                                      "\"Branches\":[");
        for (size_t i = 0; i < 100; i++)
                gal_buffer_append_format(&text, "%s{\"StartAt\":\"B%zu\",\"States\":{\"B%zu\":{%s,\"End\":true}}}",
                                         i == 0 ? "" : ",", i, i, TASK);
        gal_buffer_append_text(&text, "]}}}");
        return gal_buffer_take(&text, NULL);
}

/* Workloads. */

static const struct workload {
        const char *name;
        const char *what;
        char *(*definition)(void);
        size_t steps; /* of an execution */
        size_t count;
        size_t at_once;
        bool parks;
} workloads[] = {
        { "W1", "10 Tasks in a row", make_tasks, 10, 2000, 100, false },
        { "W1p", "10 Passes in a row", make_passes, 10, 2000, 100, false },
        { "W2", "a Parallel of 100 Tasks, alone", make_parallel, 101, 50, 1, false },
        { "W2x10", "a Parallel of 100 Tasks, 10 at a time", make_parallel, 101, 50, 10, false },
        { "W3", "one Task, one after another", make_one_task, 1, 500, 1, false },
        { "W6", "ten loops of 2,000 events, one after another", make_short_loop, 660, 10, 1, false },
        { "W6long", "a loop of 20,000 events", make_long_loop, 6600, 1, 1, false },
        { "W4", "an hour's Wait", make_long_wait, 1, 20000, 1000, true },
};

#define WORKLOAD_COUNT (sizeof(workloads) / sizeof(workloads[0]))

/* The machine. */

static double load_average(void)
{
        double load = 0;

        return getloadavg(&load, 1) == 1 ? load : -1;
}

/* A number behind a word of one of the kernel's texts about this process. */
static uint64_t read_number(const char *path, const char *word)
{
        FILE *file = fopen(path, "r");
        char line[256];
        uint64_t value = 0;

        while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
                if (strncmp(line, word, strlen(word)) == 0)
                        value = strtoull(line + strlen(word), NULL, 10);
        }
        if (file != NULL)
                fclose(file);
        return value;
}

static uint64_t written_bytes(const char *url)
{
        uint64_t log_bytes = limit_log_bytes(url);

        return log_bytes != 0 ? log_bytes : read_number("/proc/self/io", "write_bytes:");
}

static uint64_t resident_bytes(void)
{
        return read_number("/proc/self/status", "VmRSS:") * 1024;
}

/* Without the database's cache, which is bounded, and what this program notes for itself. */
static uint64_t heap_bytes(struct driver *driver)
{
        struct mallinfo2 all = mallinfo2();

        return all.uordblks + all.hblkhd - (uint64_t)sqlite3_memory_used() -
               driver_notes(driver)->size * sizeof(struct note);
}

/* Measuring. */

static double percentile_ms(const double *ascending, size_t count, double share)
{
        size_t at = (size_t)((double)count * share);

        return ascending[at < count ? at : count - 1] * 1e3;
}

static void print_limit(const char *url, struct driver *driver, double seconds)
{
        double limit_s = limit_measure(url, driver_notes(driver));

        if (limit_s == 0)
                printf("\"limit_s\":null,\"limit_ratio\":null,");
        else
                printf("\"limit_s\":%.3f,\"limit_ratio\":%.3f,", limit_s, limit_s / seconds);
}

static void measure(const struct workload *workload, const char *url)
{
        gal_auto_free char *definition = workload->definition();
        struct load load = { .name = workload->name,
                             .definition = definition,
                             .input = INPUT,
                             .count = workload->count / 10 + 1,
                             .at_once = workload->at_once,
                             .parks = workload->parks };
        struct driver *driver = driver_create(url);
        double steps = (double)(workload->count * workload->steps);
        double machine_load = load_average();
        const struct notes *notes = driver_notes(driver);
        struct outcome outcome;
        uint64_t resident, heap, written;

        driver_register(driver, &load);
        driver_run(driver, &load, &outcome); /* what is made once is made */
        free(outcome.latencies);
        load.count = workload->count;
        resident = resident_bytes();
        heap = heap_bytes(driver);
        written = written_bytes(url);
        driver_run(driver, &load, &outcome);
        printf("{\"w\":\"%s\",\"store\":\"%s\",\"exec_s\":%.1f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,", workload->name,
               driver_store(driver)->ops->name, (double)load.count / outcome.seconds,
               percentile_ms(outcome.latencies, load.count, 0.5),
               percentile_ms(outcome.latencies, load.count, 0.99));
        printf("\"cpu_us_step\":%.1f,\"bytes_step\":%.0f,\"body_step\":%.0f,\"commits\":%zu,\"rows\":%zu,",
               outcome.cpu_seconds * 1e6 / steps, (double)(written_bytes(url) - written) / steps,
               (double)notes->body_bytes / steps, notes->commits, notes->rows);
        if (workload->parks)
                printf("\"resident_bytes\":%.0f,\"heap_bytes\":%.0f,",
                       (double)(int64_t)(resident_bytes() - resident) / (double)load.count,
                       (double)(int64_t)(heap_bytes(driver) - heap) / (double)load.count);
        print_limit(url, driver, outcome.seconds);
        printf("\"load\":%.1f}\n", machine_load);
        fflush(stdout);
        free(outcome.latencies);
        driver_destroy(driver);
}

/* W5: the process is killed in the middle, and another one goes on. */

#define CRASH_COUNT 1000

#define PAUSE_MS 200
#define LIFE_US 1000000

static void crash_first(const char *url, int said)
{
        gal_auto_free char *definition = make_tasks_and_waits();
        struct load load = { "W5", definition, INPUT, CRASH_COUNT, CRASH_COUNT, /* parks= */ true };
        struct driver *driver = driver_create(url);
        struct outcome outcome;

        driver_set_pause(driver, PAUSE_MS);
        driver_register(driver, &load);
        driver_run(driver, &load, &outcome); /* all have started */
        if (write(said, "s", 1) == 1)
                driver_finish(driver);
        _exit(0);
}

static bool count_one(void *user, const struct gal_execution_row *row)
{
        *(size_t *)user += strcmp(row->status, "SUCCEEDED") == 0;
        return true;
}

static uint64_t count_faults(struct gal_store *store)
{
        struct gal_check_options options = { .now_ms = (int64_t)time(NULL) * 1000 };
        struct gal_check_report report = { .faults = UINT64_MAX };
        struct gal_error error;

        if (gal_check_store(store, &options, &report, &error) != GAL_OK)
                fprintf(stderr, "bench/run: %s\n", error.message);
        return report.faults;
}

static void crash_second(const char *url, double begun)
{
        struct gal_execution_filter filter = { .limit = 2 * CRASH_COUNT };
        double restarted = bench_now(), loaded, done;
        struct driver *driver = driver_create(url);
        struct gal_store *store = driver_store(driver);
        size_t open = driver_open_count(driver), succeeded = 0;

        loaded = bench_now();
        driver_set_pause(driver, PAUSE_MS);
        driver_finish(driver);
        done = bench_now();
        store->ops->list_executions(store, &filter, count_one, &succeeded, NULL);
        printf("{\"w\":\"W5\",\"store\":\"%s\",\"done_s\":%.2f,\"after_restart_s\":%.2f,\"load_s\":%.3f,"
               "\"open\":%zu,\"lost\":%zu,\"faults\":%llu,\"load\":%.1f}\n",
               store->ops->name, done - begun, done - restarted, loaded - restarted, open, CRASH_COUNT - succeeded,
               (unsigned long long)count_faults(store), load_average());
        fflush(stdout);
        driver_destroy(driver);
}

static void measure_crash(const char *url)
{
        int pipe_ends[2];
        double begun = bench_now();
        pid_t child;
        char byte;

        if (strcmp(url, "memory:") == 0)
                return;
        fflush(stdout);
        if (pipe(pipe_ends) != 0)
                exit(EXIT_FAILURE);
        child = fork();
        if (child == 0)
                crash_first(url, pipe_ends[1]);
        close(pipe_ends[1]);
        if (read(pipe_ends[0], &byte, 1) == 1)
                usleep(LIFE_US);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(pipe_ends[0]);
        crash_second(url, begun);
}

static bool is_wanted(const char *name, char **names, int count)
{
        for (int i = 0; i < count; i++) {
                if (strcmp(names[i], name) == 0)
                        return true;
        }
        return count == 0;
}

int main(int argc, char **argv)
{
        const char *url = "memory:";
        int first = 1;

        if (argc > 2 && strcmp(argv[1], "--store") == 0) {
                url = argv[2];
                first = 3;
        }
        for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
                if (is_wanted(workloads[i].name, argv + first, argc - first))
                        measure(&workloads[i], url);
        }
        if (is_wanted("W5", argv + first, argc - first))
                measure_crash(url);
        return 0;
}
