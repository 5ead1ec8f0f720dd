/*
 * property.c: random definitions, driven at random; what must hold of every execution is checked after every step.
 *
 *   test_machine_property [--seeds N] [--from S]     600 seeds from 1 when nothing is said
 *
 * A seed decides everything: the definition, the input, the answers, their order and their batches. Each is run
 * twice, the second time with the execution made anew from its records after every step; both have to write the
 * same. Seeds run in child processes, so that a crash or a leak is one failed seed; what fails prints a command to
 * repeat it.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "driver.h"
#include "generator.h"

#define SEEDS_DEFAULT 600
#define BATCH 100
#define ACTIONS_MAX 3000
#define STIMULI_MAX 4
#define SECONDS_MAX 60
#define HOUR_MS 3600000

struct run {
        struct driver driver;
        struct gal_random random; /* of the world: what it answers and when */
        struct gal_stimulus stimuli[STIMULI_MAX];
        size_t count;
};

static const char *const activities[] = { GENERATOR_ACTIVITY, NULL };

static unsigned below(struct run *run, unsigned bound)
{
        return (unsigned)gal_random_below(&run->random, bound);
}

static struct gal_random seeded(uint64_t seed, uint64_t stream)
{
        struct gal_random random = { { seed, stream, 0x9E3779B97F4A7C15u, 1 } };

        for (unsigned i = 0; i < 16; i++)
                gal_random_next(&random);
        return random;
}

static struct gal_payload *random_payload(struct run *run)
{
        json_t *value = generator_value(&run->random);
        gal_auto_free char *text = gal_need(gal_json_text(value, NULL));
        struct gal_payload *payload = NULL;

        json_decref(value);
        if (gal_payload_parse(text, strlen(text), &payload, NULL) != GAL_OK)
                abort();
        return payload;
}

static struct gal_stimulus *add_stimulus(struct run *run, enum gal_stimulus_kind kind)
{
        struct gal_stimulus *stimulus = &run->stimuli[run->count++];

        *stimulus = (struct gal_stimulus){ .kind = kind };
        return stimulus;
}

/* Some calls are never answered: only their time, or that of the execution, ends them. */
static bool is_never_answered(const struct driver_call *call)
{
        return call->scheduled_id % 13 == 3;
}

static bool has_started(const struct run *run, const struct driver_call *call)
{
        const struct gal_frame *frame = gal_execution_frame(run->driver.execution, call->frame);

        return frame != NULL && frame->attempt.scheduled_id == call->scheduled_id && frame->attempt.started;
}

static void answer(struct run *run, const struct driver_call *call, struct gal_stimulus *stimulus)
{
        const struct gal_task *task = &run->driver.program->states[call->state].as.task;
        unsigned pick = below(run, 10);

        if (pick < 2 || is_never_answered(call)) {
                stimulus->kind = GAL_STIMULUS_TASK_HEARTBEAT;
        } else if (pick < 4 && task->pattern != GAL_PATTERN_REQUEST_RESPONSE) {
                stimulus->kind = GAL_STIMULUS_TASK_SUBMITTED;
                stimulus->payload = random_payload(run);
        } else if (pick < 8) {
                stimulus->kind = GAL_STIMULUS_TASK_SUCCEEDED;
                stimulus->payload = random_payload(run);
        } else {
                stimulus->kind = GAL_STIMULUS_TASK_FAILED;
                stimulus->error = generator_error(&run->random);
                stimulus->cause = below(run, 2) == 0 ? "because" : NULL;
        }
}

/* Any call, also one that is over: what comes too late is dropped. */
static void add_task_stimulus(struct run *run)
{
        size_t count = run->driver.call_count;
        const struct driver_call *call;
        struct gal_stimulus *stimulus;

        if (count == 0)
                return;
        call = &run->driver.calls[below(run, (unsigned)count)];
        for (unsigned i = 0; i < 4 && !driver_call_is_open(call); i++)
                call = &run->driver.calls[below(run, (unsigned)count)];
        stimulus = add_stimulus(run, GAL_STIMULUS_TASK_STARTED);
        stimulus->frame = call->frame;
        stimulus->scheduled_id = call->scheduled_id;
        stimulus->worker = below(run, 2) == 0 ? "worker" : NULL;
        if (has_started(run, call) || below(run, 20) == 0)
                answer(run, call, stimulus);
}

static bool has_work(const struct run *run)
{
        for (size_t i = 0; i < run->driver.call_count; i++) {
                const struct driver_call *call = &run->driver.calls[i];

                if (driver_call_is_open(call) && (!is_never_answered(call) || !has_started(run, call)))
                        return true;
        }
        return false;
}

/* To the next thing that is due, past it, or not so far; seldom backwards. */
static void add_time(struct run *run)
{
        struct gal_env *env = &run->driver.env;
        int64_t wake_ms = gal_execution_wake_ms(run->driver.execution);

        if (wake_ms - env->now_ms > HOUR_MS && has_work(run))
                wake_ms = env->now_ms; /* the execution's own year is not over while there is something to answer */
        switch (below(run, 8)) {
        case 0:
                env->now_ms += below(run, 700);
                break;
        case 1:
                env->now_ms -= below(run, 500);
                break;
        case 2:
        case 3:
                wake_ms += below(run, 4000); /* several at once */
                env->now_ms = wake_ms > env->now_ms ? wake_ms : env->now_ms;
                break;
        default:
                env->now_ms = wake_ms > env->now_ms ? wake_ms : env->now_ms;
                break;
        }
        add_stimulus(run, GAL_STIMULUS_TIME);
}

static void fill_batch(struct run *run)
{
        for (unsigned i = 1 + below(run, below(run, 3) == 0 ? STIMULI_MAX : 1); i > 0; i--) {
                if (below(run, 400) == 0)
                        add_stimulus(run, GAL_STIMULUS_STOP)->error = "stopped";
                else if (has_work(run) && below(run, 4) != 0)
                        add_task_stimulus(run);
                else
                        add_time(run);
        }
}

/* After a restart the engine asks what is out: exactly the open calls that nobody holds. */
static void check_reissue(struct run *run)
{
        struct driver *driver = &run->driver;
        struct gal_step step = { .yielded = false };
        size_t expected = 0;

        for (uint32_t i = 0; i < driver->execution->frame_count; i++) {
                const struct gal_frame *frame = driver->execution->frames[i];

                if (frame == NULL || frame->attempt.scheduled_id == 0 || frame->attempt.submitted)
                        continue;
                expected += !frame->attempt.started ||
                            driver->program->states[frame->state].as.task.resource_kind != GAL_RESOURCE_ACTIVITY;
        }
        gal_machine_reissue(driver->execution, &step);
        if (step.effect_count != expected)
                driver_fail(driver, "%zu calls reissued, not %zu", step.effect_count, expected);
        for (size_t i = 0; i < step.effect_count; i++) {
                const struct driver_call *call = driver_open_call(driver, step.effects[i].frame);

                if (call == NULL || call->scheduled_id != step.effects[i].scheduled_id)
                        driver_fail(driver, "a call reissued that is not open");
        }
        gal_step_finish(&step);
}

static void act(struct run *run)
{
        run->count = 0;
        fill_batch(run);
        if (driver_step(&run->driver, run->stimuli, run->count) && below(run, 4) != 0)
                driver_settle(&run->driver); /* else it goes on with whatever comes next */
        for (size_t i = 0; i < run->count; i++)
                gal_payload_unref(run->stimuli[i].payload);
        if (run->driver.fault == NULL && below(run, 8) == 0)
                check_reissue(run);
}

static void close_run(struct run *run)
{
        struct gal_stimulus stop = { .kind = GAL_STIMULUS_STOP };
        size_t count;

        if (driver_is_running(&run->driver))
                driver_step(&run->driver, &stop, 1);
        count = run->driver.records.count;
        act(run); /* nothing happens to what is closed */
        if (run->driver.fault == NULL && run->driver.records.count != count)
                driver_fail(&run->driver, "a record after the end");
}

/* (transfer full) The digests of all that was written; NULL with a text in `ret_fault`. */
static char *run_once(struct gal_program *program, uint64_t seed, bool rebuild, char **ret_fault)
{
        struct run run = { .random = seeded(seed, 2) };
        struct driver_options options = { .seed = seed,
                                          .events_max = 10 + below(&run, below(&run, 4) == 0 ? 60 : 700),
                                          .rebuild = rebuild,
                                          .activities = activities };
        struct gal_payload *input = random_payload(&run);
        char *log;

        driver_init(&run.driver, program, &options);
        driver_start(&run.driver, input);
        for (unsigned i = 0; i < ACTIONS_MAX && run.driver.fault == NULL && driver_is_running(&run.driver); i++)
                act(&run);
        if (run.driver.fault == NULL)
                close_run(&run);
        *ret_fault = gal_take(run.driver.fault);
        log = gal_need(gal_buffer_take(&run.driver.log, NULL));
        driver_finish(&run.driver);
        gal_payload_unref(input);
        return log;
}

/* (transfer full) What is wrong with a seed; NULL: nothing. */
static char *run_seed(uint64_t seed)
{
        struct gal_random random = seeded(seed, 1);
        json_t *definition = generator_definition(&random);
        gal_auto_free char *text = gal_need(gal_json_text(definition, NULL)), *log = NULL, *again = NULL;
        struct gal_program *program;
        char *fault = NULL;

        json_decref(definition);
        program = driver_compile(text, strlen(text), &fault);
        if (program == NULL)
                return fault;
        log = run_once(program, seed, /* rebuild= */ false, &fault);
        if (fault == NULL) {
                again = run_once(program, seed, /* rebuild= */ true, &fault);
                if (fault == NULL && strcmp(log, again) != 0)
                        fault = gal_strdup("a run that restarts after every step differs");
        }
        gal_program_unref(program);
        return fault;
}

/* What a child leaves behind for its parent. */
struct shared {
        uint64_t seed; /* under way */
        uint64_t failed;
};

static void report(const char *program, uint64_t seed, const char *what)
{
        printf("seed %" PRIu64 ": %s\n    again: %s --seeds 1 --from %" PRIu64 "\n", seed, what, program, seed);
        fflush(stdout);
}

static void run_batch(const char *program, struct shared *shared, uint64_t from, uint64_t end)
{
        for (uint64_t seed = from; seed < end; seed++) {
                gal_auto_free char *fault = NULL;

                shared->seed = seed;
                alarm(SECONDS_MAX);
                fault = run_seed(seed);
                if (fault == NULL)
                        continue;
                report(program, seed, fault);
                shared->failed++;
        }
        shared->seed = end;
}

/* Returns whether the child ended as it should: no crash, no leak. */
static bool run_child(const char *program, struct shared *shared, uint64_t from, uint64_t end)
{
        int status = 0;
        pid_t child;

        fflush(NULL);
        shared->seed = from;
        child = fork();
        if (child < 0) {
                perror("fork");
                exit(2);
        }
        if (child == 0) {
                run_batch(program, shared, from, end);
                exit(0);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A leak shows at the end of a batch only: then its seeds run one by one. */
static uint64_t run_range(const char *program, struct shared *shared, uint64_t from, uint64_t end)
{
        if (run_child(program, shared, from, end))
                return end;
        if (shared->seed < end || end - from == 1) {
                uint64_t seed = shared->seed < end ? shared->seed : from;

                report(program, seed, "it crashed, leaked or took too long");
                shared->failed++;
                return seed + 1;
        }
        for (uint64_t seed = from; seed < end; seed++)
                run_range(program, shared, seed, seed + 1);
        return end;
}

static uint64_t number(const char *text)
{
        char *end;
        uint64_t value = strtoull(text == NULL ? "" : text, &end, 10);

        if (text == NULL || *text == '\0' || *end != '\0') {
                fprintf(stderr, "usage: test_machine_property [--seeds N] [--from S]\n");
                exit(2);
        }
        return value;
}

int main(int argc, char **argv)
{
        struct shared *shared =
                mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        uint64_t seeds = SEEDS_DEFAULT, from = 1;

        for (int i = 1; i < argc; i += 2) {
                if (strcmp(argv[i], "--seeds") == 0)
                        seeds = number(argv[i + 1]);
                else if (strcmp(argv[i], "--from") == 0)
                        from = number(argv[i + 1]);
                else
                        number(NULL);
        }
        if (shared == MAP_FAILED) {
                perror("mmap");
                return 2;
        }
        for (uint64_t seed = from; seed < from + seeds;) {
                uint64_t end = seed + BATCH < from + seeds ? seed + BATCH : from + seeds;

                seed = run_range(argv[0], shared, seed, end);
        }
        printf("%" PRIu64 " passed, %" PRIu64 " failed\n", seeds - shared->failed, shared->failed);
        return shared->failed == 0 ? 0 : 1;
}
