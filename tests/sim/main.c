/*
 * main.c: seeds, one after another, in child processes: a crash or a hang is one failed seed.
 *
 *   sim [--seeds N] [--from S]               N seeds from S on; 500 from 1 when nothing is said
 *   sim --seed S [--trace]                   one seed, here, with a line for everything that happens
 *   sim --mutations [--seeds N] [--from S]   every seeded mistake must be noticed within N seeds; 200 usually
 *   sim --mutation NAME ...                  any of these, with that mistake
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

#define SEEDS_DEFAULT 500 /* about a minute of one core with sanitizers */
#define MUTATION_SEEDS 200
#define BATCH 100 /* seeds of one process: its leaks are found at its end */
#define SECONDS_MAX 60
#define FAILURES_MAX 10

enum gal_mutation gal_mutation = GAL_MUTATION_NONE;

static const char *const mutation_names[] = {
#define X(id, name) [GAL_MUTATION_##id] = name,
        GAL_MUTATIONS_LIST(X)
#undef X
};

/* Written by the child, read by the parent when it has ended. */
struct shared {
        uint64_t seed;
        bool has_failed;
        char failure[1024];
        uint64_t runs, faults, events, executions, dispatches;
};

struct options {
        uint64_t seed_count; /* 0: as usual */
        uint64_t from;
        bool is_one;
        bool trace;
        bool all_mutations;
};

static struct shared *shared;
static const char *own_path; /* for the command that repeats a seed */

static void say_command(uint64_t seed)
{
        printf("  repeat: %s --seed %" PRIu64, own_path, seed);
        if (gal_mutation != GAL_MUTATION_NONE)
                printf(" --mutation %s", mutation_names[gal_mutation]);
        printf(" --trace\n");
}

static bool run_seed(uint64_t seed, bool trace)
{
        struct sim_result result;
        bool is_good;

        sim_run(seed, trace, &result);
        is_good = result.failure == NULL;
        shared->runs++;
        shared->faults += result.faults;
        shared->events += result.events;
        shared->executions += result.executions;
        shared->dispatches += result.dispatches;
        if (!is_good)
                snprintf(shared->failure, sizeof(shared->failure), "%s", result.failure);
        free(result.failure);
        return is_good;
}

/* Of the processor, not of the wall: machines are busy. */
static void limit_time(int seconds)
{
        struct itimerval limit = { .it_value.tv_sec = seconds };

        setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static void run_child(uint64_t from, uint64_t end, bool is_silent)
{
        if (is_silent && (freopen("/dev/null", "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL))
                _exit(2);
        for (uint64_t seed = from; seed < end; seed++) {
                shared->seed = seed;
                limit_time(SECONDS_MAX);
                if (!run_seed(seed, /* trace= */ false)) {
                        shared->has_failed = true;
                        exit(0);
                }
        }
        limit_time(0);
        shared->seed = 0; /* what comes now are leaks */
        exit(0);
}

static void describe_end(int status)
{
        if (WIFSIGNALED(status))
                snprintf(shared->failure, sizeof(shared->failure), "%s (%s)",
                         WTERMSIG(status) == SIGVTALRM ? "it does not come to an end" : "the process died",
                         strsignal(WTERMSIG(status)));
        else
                snprintf(shared->failure, sizeof(shared->failure), "the process ended with status %d",
                         WEXITSTATUS(status));
}

/* Whether all of them are well; else shared->seed and shared->failure say which was not, and why. */
static bool run_batch(uint64_t from, uint64_t end, bool is_silent)
{
        int status;
        pid_t pid;

        shared->has_failed = false;
        shared->failure[0] = '\0';
        fflush(stdout);
        pid = fork();
        if (pid == 0)
                run_child(from, end, is_silent);
        while (pid > 0 && waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR)
                        abort();
        }
        if (pid < 0)
                abort();
        if (shared->has_failed)
                return false;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return true;
        describe_end(status);
        return false;
}

static int run_seeds(const struct options *options)
{
        uint64_t count = options->seed_count != 0 ? options->seed_count : SEEDS_DEFAULT;
        uint64_t seed = options->from, end = seed + count;
        uint64_t failed = 0;

        while (seed < end && failed < FAILURES_MAX) {
                uint64_t batch_end = end - seed > BATCH ? seed + BATCH : end;

                if (run_batch(seed, batch_end, /* is_silent= */ false)) {
                        seed = batch_end;
                        continue;
                }
                failed++;
                if (shared->seed == 0) {
                        printf("seeds %" PRIu64 " to %" PRIu64 ": %s: memory leaks?\n", seed, batch_end - 1,
                               shared->failure);
                        seed = batch_end;
                        continue;
                }
                printf("seed %" PRIu64 ": %s\n", shared->seed, shared->failure);
                say_command(shared->seed);
                seed = shared->seed + 1;
        }
        printf("%" PRIu64 " runs, %" PRIu64 " faults, %" PRIu64 " events, %" PRIu64 " executions, %" PRIu64
               " calls\n",
               shared->runs, shared->faults, shared->events, shared->executions, shared->dispatches);
        printf("%" PRIu64 " passed, %" PRIu64 " failed\n", seed - options->from - failed, failed);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_mutations(const struct options *options)
{
        uint64_t count = options->seed_count != 0 ? options->seed_count : MUTATION_SEEDS;
        unsigned caught = 0, tried = 0;

        for (int i = GAL_MUTATION_NONE + 1; i < GAL_MUTATION_COUNT; i++) {
                gal_mutation = (enum gal_mutation)i;
                if (i == GAL_MUTATION_POISON || i == GAL_MUTATION_POISON_TRAP)
                        continue; /* nothing here survives the process: tests/server */
                tried++;
                if (run_batch(options->from, options->from + count, /* is_silent= */ true)) {
                        printf("%s: not noticed in %" PRIu64 " seeds from %" PRIu64 "\n", mutation_names[i], count,
                               options->from);
                        continue;
                }
                caught++;
                printf("%s: seed %" PRIu64 ": %s\n", mutation_names[i], shared->seed, shared->failure);
        }
        printf("%u passed, %u failed\n", caught, tried - caught);
        return caught == tried ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool parse_mutation(const char *name)
{
        for (int i = 0; name != NULL && i < GAL_MUTATION_COUNT; i++) {
                if (strcmp(mutation_names[i], name) == 0) {
                        gal_mutation = (enum gal_mutation)i;
                        return true;
                }
        }
        return false;
}

static bool parse_number(const char *text, uint64_t *ret_number)
{
        char *end;

        if (text == NULL || *text < '0' || *text > '9')
                return false;
        *ret_number = strtoull(text, &end, 10);
        return *end == '\0';
}

static bool parse(char **args, struct options *options)
{
        for (; *args != NULL; args++) {
                if (strcmp(*args, "--seeds") == 0 && parse_number(args[1], &options->seed_count)) {
                        args++;
                } else if (strcmp(*args, "--from") == 0 && parse_number(args[1], &options->from)) {
                        args++;
                } else if (strcmp(*args, "--seed") == 0 && parse_number(args[1], &options->from)) {
                        options->is_one = true;
                        args++;
                } else if (strcmp(*args, "--mutation") == 0 && parse_mutation(args[1])) {
                        args++;
                } else if (strcmp(*args, "--trace") == 0) {
                        options->trace = true;
                } else if (strcmp(*args, "--mutations") == 0) {
                        options->all_mutations = true;
                } else {
                        return false;
                }
        }
        return true;
}

int main(int argc, char **argv)
{
        struct options options = { .from = 1 };

        (void)argc;
        own_path = argv[0];
        if (!parse(argv + 1, &options)) {
                fprintf(stderr, "usage: sim [--seeds N] [--from S] | --seed S [--trace] | --mutations"
                                " [--mutation NAME]\n");
                return 2;
        }
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                return 2;
        if (options.all_mutations)
                return run_mutations(&options);
        if (!options.is_one)
                return run_seeds(&options);
        if (run_seed(options.from, options.trace))
                return EXIT_SUCCESS;
        printf("seed %" PRIu64 ": %s\n", options.from, shared->failure);
        say_command(options.from);
        return EXIT_FAILURE;
}
