/*
 * machine.c: how fast the interpreter alone is: states entered a second on one core, in memory, no calls, no limit
 * of events.
 *
 *   build/bench/bench_machine [--json] [NAME]
 *
 * Twice each: records only (made, applied, dropped after each step), and with every event written as the API shows
 * it into one buffer that is used again. A figure is the best of the rounds that fit into a second: others only
 * waited for the machine. Then Maps of growing size, each in a process of its own, for its time and its peak of
 * memory. bench/machine.sh runs the same definitions in a peer. `--definitions` prints them and their inputs as
 * JSON, for it.
 */
#include "machine/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "definition/program.h"
#include "machine/history.h"

#define SECONDS_A_FIGURE 1.0
#define START_MS 1767225600000

struct workload {
        const char *name;
        const char *what;
        json_t *(*definition)(void);
        json_t *(*input)(void);
};

/* Definitions. */

static json_t *end_or_next(json_t *state, size_t index, size_t count)
{
        char name[24];

        snprintf(name, sizeof(name), "S%zu", index + 1);
        if (index + 1 == count)
                json_object_set_new(state, "End", json_true());
        else
                json_object_set_new(state, "Next", json_string(name));
        return state;
}

static json_t *make_chain(size_t count, bool with_parameters)
{
        json_t *states = json_object();
        char name[24];

        for (size_t i = 0; i < count; i++) {
                json_t *state = json_pack("{s:s}", "Type", "Pass");

                if (with_parameters)
                        json_object_set_new(
                                state, "Parameters",
                                json_pack("{s:s, s:s, s:s}", "id.$", "$.id", "name.$", "$.name", "step", "x"));
                snprintf(name, sizeof(name), "S%zu", i);
                json_object_set_new(states, name, end_or_next(state, i, count));
        }
        return json_pack("{s:s, s:o}", "StartAt", "S0", "States", states);
}

static json_t *make_pass_chain(void)
{
        return make_chain(1000, false);
}

static json_t *make_parameter_chain(void)
{
        return make_chain(1000, true);
}

/* A counter: what a loop of ten thousand turns looks like in the language. */
static json_t *make_loop(void)
{
        return json_pack("{s:s, s:{s:{s:s, s:{s:s}, s:s}, s:{s:s, s:[{s:s, s:i, s:s}], s:s}, s:{s:s}}}", "StartAt",
                         "Count", "States", "Count", "Type", "Pass", "Parameters", "n.$", "States.MathAdd($.n, 1)",
                         "Next", "Again", "Again", "Type", "Choice", "Choices", "Variable", "$.n",
                         "NumericLessThan", 10000, "Next", "Count", "Default", "Done", "Done", "Type", "Succeed");
}

static json_t *make_map(void)
{
        return json_pack("{s:s, s:{s:{s:s, s:{s:s, s:{s:{s:s, s:b}}}, s:b}}}", "StartAt", "Each", "States", "Each",
                         "Type", "Map", "ItemProcessor", "StartAt", "One", "States", "One", "Type", "Pass", "End",
                         1, "End", 1);
}

static json_t *make_parallel(void)
{
        json_t *branches = json_array();
        char name[24];

        for (size_t i = 0; i < 100; i++) {
                snprintf(name, sizeof(name), "B%zu", i);
                json_array_append_new(branches, json_pack("{s:s, s:{s:{s:s, s:b}}}", "StartAt", name, "States",
                                                          name, "Type", "Pass", "End", 1));
        }
        return json_pack("{s:s, s:{s:{s:s, s:o, s:b}}}", "StartAt", "All", "States", "All", "Type", "Parallel",
                         "Branches", branches, "End", 1);
}

/* Inputs. */

static json_t *make_order(void)
{
        return json_pack("{s:i, s:s, s:[i,i,i], s:{s:b}}", "id", 4711, "name", "Zoe", "lines", 1, 2, 3, "paid",
                         "yes", 1);
}

static json_t *make_zero(void)
{
        return json_pack("{s:i}", "n", 0);
}

static json_t *make_items(size_t count)
{
        json_t *items = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(items, json_integer((json_int_t)i));
        return items;
}

static json_t *make_ten_thousand(void)
{
        return make_items(10000);
}

static const struct workload workloads[] = {
        { "pass", "1,000 Pass states in a chain", make_pass_chain, make_order },
        { "parameters", "the same, each with Parameters", make_parameter_chain, make_order },
        { "loop", "a loop of 10,000 turns: Pass, Choice", make_loop, make_zero },
        { "map", "a Map of 10,000, a Pass inside", make_map, make_ten_thousand },
        { "parallel", "a Parallel of 100, a Pass in each", make_parallel, make_order },
};

#define WORKLOAD_COUNT (sizeof(workloads) / sizeof(workloads[0]))

/* Running. */

struct bench {
        struct gal_program *program;
        struct gal_payload *input;
        struct gal_step step;
        struct gal_buffer text; /* of a step's events, in turns */
        bool write;
        uint64_t states;
        uint64_t events;
};

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static struct gal_program *compile(json_t *definition)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        size_t len;
        char *text = gal_need(gal_json_text(definition, &len));

        if (gal_program_compile(text, len, NULL, &diagnostics, &program) != GAL_OK) {
                fprintf(stderr, "refused: %s\n", diagnostics.count > 0 ? diagnostics.items[0].message : "?");
                exit(1);
        }
        gal_diagnostics_finish(&diagnostics);
        json_decref(definition);
        free(text);
        return program;
}

static struct gal_payload *read_input(json_t *value)
{
        struct gal_payload *payload = NULL;
        size_t len;
        char *text = gal_need(gal_json_text(value, &len));

        if (gal_payload_parse(text, len, &payload, NULL) != GAL_OK)
                exit(1);
        json_decref(value);
        free(text);
        return payload;
}

static void take_records(struct bench *bench, const struct gal_execution *execution)
{
        const struct gal_records *records = &bench->step.records;

        gal_buffer_clear(&bench->text);
        for (size_t i = 0; i < records->count; i++) {
                const struct gal_record *record = &records->items[i];

                bench->states += gal_event_infos[record->type].shape == GAL_SHAPE_ENTERED;
                if (gal_event_is_internal(record->type))
                        continue;
                bench->events++;
                if (bench->write)
                        gal_history_write(&bench->text, execution, record, NULL);
        }
}

static void run_execution(struct bench *bench)
{
        static const struct gal_identity identity = {
                .execution_arn = "arn:aws:states:us-east-1:123456789012:execution:bench:1",
                .execution_name = "1",
                .machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:bench",
                .machine_name = "bench",
                .role_arn = "arn:aws:iam::123456789012:role/bench",
        };
        struct gal_execution *execution = gal_execution_create(bench->program, &identity);
        struct gal_stimulus stimulus = { .kind = GAL_STIMULUS_START, .payload = bench->input };
        struct gal_env env = { .now_ms = START_MS, .random = { { 1, 2, 3, 4 } }, .events_max = UINT64_MAX };

        do {
                gal_step_clear(&bench->step);
                gal_machine_step(execution, &stimulus, 1, &env, &bench->step);
                take_records(bench, execution);
                stimulus.kind = GAL_STIMULUS_CONTINUE;
        } while (bench->step.yielded);
        if (execution->status != GAL_EXECUTION_SUCCEEDED) {
                fprintf(stderr, "%s: %s\n", execution->error, execution->cause);
                exit(1);
        }
        gal_step_clear(&bench->step);
        gal_execution_destroy(execution);
}

static void finish_bench(struct bench *bench)
{
        gal_step_finish(&bench->step);
        gal_buffer_finish(&bench->text);
        gal_payload_unref(bench->input);
        gal_program_unref(bench->program);
}

/* States a second. */
static double measure(const struct workload *workload, bool write)
{
        struct bench bench = { .program = compile(workload->definition()),
                               .input = read_input(workload->input()),
                               .write = write };
        double start = now(), best = 0;

        while (now() - start < SECONDS_A_FIGURE || best == 0) {
                double begun = now(), rate;

                bench.states = 0;
                while (bench.states < 20000)
                        run_execution(&bench);
                rate = (double)bench.states / (now() - begun);
                best = rate > best ? rate : best;
        }
        finish_bench(&bench);
        return best;
}

static long peak_memory_kib(void)
{
        FILE *file = fopen("/proc/self/status", "r");
        char line[128];
        long kib = 0;

        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
                sscanf(line, "VmHWM: %ld", &kib);
        if (file != NULL)
                fclose(file);
        return kib;
}

static void run_map_once(size_t items)
{
        struct bench bench = { .program = compile(make_map()), .input = read_input(make_items(items)) };
        long before = peak_memory_kib();
        double start = now(), seconds;

        run_execution(&bench);
        seconds = now() - start;
        printf("  %6zu items  %8.2f ms  %6.0f ns an item  peak %5.1f MiB, of it the input and we ourselves %.1f\n",
               items, seconds * 1e3, seconds * 1e9 / (double)items, (double)peak_memory_kib() / 1024,
               (double)before / 1024);
        finish_bench(&bench);
}

/* Alone in a new process: what others used before would hide what is needed now. */
static void measure_map(const char *items)
{
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child == 0) {
                execl("/proc/self/exe", "bench_machine", "--map", items, (char *)NULL);
                _exit(1);
        }
        waitpid(child, NULL, 0);
}

static uint64_t count_states(const struct workload *workload)
{
        struct bench bench = { .program = compile(workload->definition()), .input = read_input(workload->input()) };

        run_execution(&bench);
        finish_bench(&bench);
        return bench.states;
}

/* For the peer: what it runs, and how many states that enters. */
static void print_definitions(void)
{
        json_t *all = json_object();
        char *text;

        for (size_t i = 0; i < WORKLOAD_COUNT; i++)
                json_object_set_new(all, workloads[i].name,
                                    json_pack("{s:s, s:I, s:o, s:o}", "what", workloads[i].what, "states",
                                              (json_int_t)count_states(&workloads[i]), "definition",
                                              workloads[i].definition(), "input", workloads[i].input()));
        text = gal_need(gal_json_text(all, NULL));
        puts(text);
        free(text);
        json_decref(all);
}

static void print_figures(const char *wanted, bool as_json)
{
        if (!as_json)
                printf("%-38s  %14s  %14s\n", "states a second", "records only", "and written");
        for (size_t i = 0; i < WORKLOAD_COUNT; i++) {
                double records, written;

                if (wanted != NULL && strcmp(wanted, workloads[i].name) != 0)
                        continue;
                records = measure(&workloads[i], /* write= */ false);
                written = measure(&workloads[i], /* write= */ true);
                if (as_json)
                        printf("{\"name\":\"%s\",\"records\":%.0f,\"written\":%.0f}\n", workloads[i].name, records,
                               written);
                else
                        printf("%-38s  %14.0f  %14.0f\n", workloads[i].what, records, written);
                fflush(stdout);
        }
}

int main(int argc, char **argv)
{
        bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
        const char *wanted = argc > 1 + as_json ? argv[1 + as_json] : NULL;

        if (wanted != NULL && strcmp(wanted, "--definitions") == 0) {
                print_definitions();
                return 0;
        }
        if (wanted != NULL && strcmp(wanted, "--map") == 0 && argc == 3) {
                run_map_once(strtoul(argv[2], NULL, 10));
                return 0;
        }
        print_figures(wanted, as_json);
        if (as_json || wanted != NULL)
                return 0;
        printf("a Map with a Pass inside, once, records only\n");
        measure_map("1000");
        measure_map("10000");
        measure_map("40000");
        return 0;
}
