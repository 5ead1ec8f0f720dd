/*
 * run.c: `galliard run`: one workflow, here and now, with real child processes as its tasks; in memory, or on a
 * store that keeps it when this process ends early.
 */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "cli/arguments.h"
#include "cli/configuration.h"
#include "cli/crash.h"
#include "cli/diagnostics.h"
#include "cli/poisoned.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "net/loop.h"
#include "net/orphans.h"
#include "runtime/runtime.h"
#include "tasks/functions.h"

#define DESCRIPTORS_WANTED 4096

enum option { INPUT, FUNCTIONS, HISTORY, JSON, QUIET, NAME, STORE, VIRTUAL_TIME, TRACE, OPTION_COUNT };

static const struct gal_option options[OPTION_COUNT] = {
        [INPUT] = { "input", "JSON|@FILE|-", "the execution's input; {} when it is not given", false },
        [FUNCTIONS] = { "functions", "FILE", "in place of galliard.json beside the definition", false },
        [HISTORY] = { "history", NULL, "print the events in the shape of GetExecutionHistory", false },
        [JSON] = { "json", NULL, "print one object: status, output, error, cause, events", false },
        [QUIET] = { "quiet", NULL, "no progress and no summary on standard error", false },
        [NAME] = { "name", "NAME", "the execution's name; a new UUID when it is not given", false },
        [STORE] = { "store", "URL", "keep the execution there: sqlite:FILE or postgresql://...; else in memory",
                    false },
        [VIRTUAL_TIME] = { "virtual-time", NULL, "waits, retry delays and timeouts take no real time", false },
        [TRACE] = { "trace", NULL, "show progress also when standard error is no terminal", false },
};

const struct gal_verb_usage gal_cli_run_usage = {
        .verb = "run",
        .synopsis = "[options] FILE",
        .operands = "FILE",
        .summary =
                "Runs the workflow that FILE defines (Amazon States Language; - is standard input) and prints its\n"
                "output as JSON. Its tasks are programs of yours.",
        .options = options,
        .option_count = OPTION_COUNT,
        .operands_min = 1,
        .operands_max = 1,
        .epilogue =
                "Functions: galliard.json beside FILE names a command for each Lambda function:\n"
                "  {\"functions\": {\"charge\": {\"command\": [\"python3\", \"charge.py\"], \"timeoutSeconds\": "
                "3}}}\n"
                "The event comes on its standard input, its result goes to standard output as JSON. A line\n"
                "  {\"errorType\": \"CardDeclined\", \"errorMessage\": \"...\"}\n"
                "on standard error and an exit status that is not 0 are its failure. More settings: memoryMiB,\n"
                "maxConcurrency, environment, directory; or \"url\" in place of \"command\". Functions that are "
                "not\n"
                "named go to {\"lambdaEndpoint\": \"http://...\"}.\n"
                "\nProgress goes to standard error when that is a terminal, or with --trace. NO_COLOR is heeded.\n"
                "\nExit status: 0 succeeded; 1 failed, timed out or stopped (Ctrl-C); 2 bad usage, definition or\n"
                "input.\n",
};

struct run {
        struct gal_arguments arguments;
        const char *file;
        char *machine_name;
        char *definition;
        size_t definition_len;
        struct gal_payload *input;
        struct gal_functions *functions;
        struct gal_progress *progress;
        struct gal_runtime *runtime;
        char *arn; /* NULL until the start is committed */
        bool is_over;
        int status; /* of the process */
        unsigned interrupts;
        bool adopts_orphans;
};

static bool is_given(const struct run *run, enum option option)
{
        return run->arguments.values[option] != NULL;
}

/* The name of the file, without its endings, as far as a machine may be called that. */
static char *machine_name_of(const char *file)
{
        gal_auto_free char *copy = gal_strdup(strcmp(file, "-") == 0 ? "stdin" : file);
        char *name = basename(copy);
        size_t count = 0, len = 0;
        static const char *const endings[] = { ".json", ".asl" };

        for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
                size_t name_len = strlen(name), ending_len = strlen(endings[i]);

                if (name_len > ending_len && strcmp(name + name_len - ending_len, endings[i]) == 0)
                        name[name_len - ending_len] = '\0';
        }
        for (; name[len] != '\0' && count < GAL_NAME_CHARACTERS_MAX; count++) {
                size_t size = gal_utf8_sequence(name + len, strlen(name + len));

                if (size == 0 || !gal_name_is_valid(name + len, size, 1)) {
                        memset(name + len, '-', size > 0 ? size : 1);
                        size = 1;
                }
                len += size;
        }
        return gal_strndup(name, len);
}

/* Compiled only to say what is wrong with it, with its place; the engine compiles it again. */
static bool load_program(struct run *run)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status;

        if (!gal_cli_read_file(run->file, GAL_DEFINITION_SIZE_MAX, &run->definition, &run->definition_len))
                return false;
        status = gal_program_compile(run->definition, run->definition_len, NULL, &diagnostics, &program);
        if (status == GAL_ENOMEM)
                fputs("galliard: out of memory\n", stderr);
        else if (status != GAL_OK)
                gal_cli_print_diagnostics(stderr, strcmp(run->file, "-") == 0 ? "<stdin>" : run->file,
                                          run->definition, run->definition_len, &diagnostics);
        gal_diagnostics_finish(&diagnostics);
        gal_program_unref(program);
        return status == GAL_OK;
}

static bool load_functions(struct run *run)
{
        gal_auto_free char *copy = gal_strdup(run->file);
        gal_auto_free char *beside = gal_format("%s/galliard.json", dirname(copy));

        return gal_cli_load_functions(run->arguments.values[FUNCTIONS],
                                      strncmp(beside, "./", 2) == 0 ? beside + 2 : beside, &run->functions);
}

static bool load(struct run *run)
{
        const char *input = run->arguments.values[INPUT];

        if (!load_program(run) || !load_functions(run))
                return false;
        run->input = gal_cli_read_json("input", input != NULL ? input : "{}");
        return run->input != NULL;
}

static bool check_arguments(const struct gal_arguments *arguments, int *ret_status)
{
        const char *name = arguments->values[NAME];

        if (strcmp(arguments->operands[0], "-") == 0 && gal_cli_is_stdin(arguments->values[INPUT]))
                return gal_arguments_fault(&gal_cli_run_usage, ret_status,
                                           "standard input is either the definition or the input");
        if (name != NULL && !gal_name_is_valid(name, strlen(name), GAL_NAME_CHARACTERS_MAX))
                return gal_arguments_fault(&gal_cli_run_usage, ret_status,
                                           "--name cannot be '%s': 1 to %d characters, no blanks or control "
                                           "characters, none of <>{}[]*?\"#%%\\^|~`$&,;:/",
                                           name, GAL_NAME_CHARACTERS_MAX);
        return true;
}

/* On a store, other executions may go on in this process, too. The name is known when the start is answered. */
static bool is_ours(const struct run *run, const struct gal_run *gal_run)
{
        const struct gal_execution *execution = gal_run_execution(gal_run);

        return run->arn != NULL ? strcmp(execution->execution_arn, run->arn) == 0 : execution->input == run->input;
}

/* Nobody could send a token back: there is no API while a workflow runs here. Better said than guessed. */
static void warn_of_token(const struct run *run, const struct gal_run *gal_run, const struct gal_record *record)
{
        const struct gal_state *state = &gal_run_execution(gal_run)->program->states[record->state];

        if (record->type != GAL_EVENT_TASK_SUBMITTED || is_given(run, QUIET) ||
            state->as.task.pattern != GAL_PATTERN_WAIT_FOR_TASK_TOKEN)
                return;
        fputs("galliard: state '", stderr);
        gal_terminal_put(stderr, state->name, strlen(state->name));
        fputs("' waits for its task token, which cannot be sent to a workflow in 'galliard run': "
              "its TimeoutSeconds or Ctrl-C will end it\n",
              stderr);
}

static void on_record(void *user, const struct gal_run *gal_run, const struct gal_record *record)
{
        struct run *run = user;

        if (!is_ours(run, gal_run))
                return;
        if (run->progress != NULL)
                gal_progress_record(run->progress, gal_run_execution(gal_run), record);
        warn_of_token(run, gal_run, record);
}

static int finish(struct run *run, const struct gal_execution *execution);

/* The execution is gone from memory afterwards: what is to be printed is printed here. */
static void on_closed(void *user, const struct gal_run *gal_run)
{
        struct run *run = user;

        if (!is_ours(run, gal_run))
                return;
        run->is_over = true;
        run->status = finish(run, gal_run_execution(gal_run));
        gal_runtime_stop(run->runtime);
}

/* The first Ctrl-C stops the execution and so ends its children; a second one ends us without waiting. */
static void on_interrupt(void *user, int signal_number)
{
        gal_auto_free char *cause = gal_format("Stopped on the command line (SIG%s)", sigabbrev_np(signal_number));
        struct run *run = user;

        if (run->interrupts++ > 0 || run->arn == NULL) {
                gal_runtime_stop(run->runtime);
                return;
        }
        gal_engine_stop(gal_runtime_engine(run->runtime), run->arn, NULL, cause, /* done= */ NULL, NULL);
        gal_runtime_poke(run->runtime);
}

static void on_log(void *user, enum gal_log_level level, const char *message)
{
        (void)user;
        fputs(level > GAL_LOG_WARNING ? "            " : "galliard: ", stderr);
        gal_terminal_put(stderr, message, strlen(message));
        fputc('\n', stderr);
}

static void complain(const char *message)
{
        fputs("galliard: ", stderr);
        gal_terminal_put(stderr, message, strlen(message));
        fputc('\n', stderr);
}

static bool is_refused(struct run *run, const struct gal_answer *answer)
{
        if (answer->status == GAL_OK)
                return false;
        complain(answer->message);
        gal_runtime_stop(run->runtime);
        return true;
}

static void on_started(void *user, const struct gal_answer *answer)
{
        struct run *run = user;

        if (!is_refused(run, answer))
                run->arn = gal_strdup(answer->arn);
}

static void on_created(void *user, const struct gal_answer *answer)
{
        struct run *run = user;
        struct gal_start_request request = { .machine = run->machine_name,
                                             .name = run->arguments.values[NAME],
                                             .input = run->input };

        if (is_refused(run, answer))
                return;
        gal_engine_start(gal_runtime_engine(run->runtime), &request, on_started, run);
        gal_runtime_poke(run->runtime);
}

/* On a store, a machine of that name gets this definition as a new revision. */
static void create_machine(struct run *run)
{
        struct gal_create_request request = { .name = run->machine_name,
                                              .definition = run->definition,
                                              .definition_len = run->definition_len,
                                              .replace = true };

        gal_engine_create_machine(gal_runtime_engine(run->runtime), &request, on_created, run);
        gal_runtime_poke(run->runtime);
}

/* nohup, and a shell that starts us in the background, have some ignored: they stay so. */
static bool is_ignored(int signal_number)
{
        struct sigaction action;

        return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* All that a terminal sends: children are in sessions of their own and would outlive us. */
static enum gal_status watch_signals(struct run *run, struct gal_error *error)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
        enum gal_status status = GAL_OK;

        for (size_t i = 0; status == GAL_OK && i < sizeof(signals) / sizeof(signals[0]); i++) {
                if (!is_ignored(signals[i]))
                        status = gal_loop_on_signal(gal_runtime_loop(run->runtime), signals[i], on_interrupt, run,
                                                    error);
        }
        return status;
}

/* A function may run 1,000 times at once, with three pipes each; 1,024 descriptors are what a shell allows. */
static void raise_descriptor_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
                return;
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
        setrlimit(RLIMIT_NOFILE, &limit);
}

/* Why it failed belongs on standard error even when nobody watches: standard output stays empty then. */
static void print_summary(const struct run *run, const struct gal_execution *execution)
{
        if (!is_given(run, QUIET) && (execution->status != GAL_EXECUTION_SUCCEEDED || run->progress != NULL))
                gal_progress_print_summary(stderr, execution);
}

static enum gal_result_form choose_form(const struct run *run)
{
        if (is_given(run, JSON))
                return GAL_RESULT_ALL;
        return is_given(run, HISTORY) ? GAL_RESULT_EVENTS : GAL_RESULT_OUTPUT;
}

static int finish(struct run *run, const struct gal_execution *execution)
{
        print_summary(run, execution);
        if (!gal_result_print(gal_runtime_store(run->runtime), execution, choose_form(run)))
                return GAL_EXIT_FAILED;
        return execution->status == GAL_EXECUTION_SUCCEEDED ? GAL_EXIT_OK : GAL_EXIT_FAILED;
}

/* Functions that were invoked as an Event have a life of their own, until Ctrl-C. */
static void await_background(struct run *run)
{
        size_t count = gal_runtime_calls_out(run->runtime);

        if (count > 0 && run->progress != NULL)
                fprintf(stderr, "waiting for %zu function%s invoked as an Event\n", count, count == 1 ? "" : "s");
        while (run->interrupts == 0 && gal_runtime_calls_out(run->runtime) > 0)
                gal_loop_turn(gal_runtime_loop(run->runtime), -1);
}

/* Interrupted twice: on a store the execution is still open. */
static void say_how_to_go_on(const struct run *run)
{
        const char *store = run->arguments.values[STORE];

        if (run->is_over || run->arn == NULL || store == NULL)
                return;
        fprintf(stderr, "galliard: %s is still open; 'galliard serve --store %s' goes on with it\n", run->arn,
                store);
}

static int run_workflow(struct run *run)
{
        /* What functions print on their standard error is information. */
        struct gal_log log = { .write = on_log,
                               .level_max = run->progress != NULL ? GAL_LOG_INFO : GAL_LOG_WARNING };
        struct gal_runtime_options runtime_options = { .store_url = run->arguments.values[STORE],
                                                       .functions = run->functions,
                                                       .virtual_time = is_given(run, VIRTUAL_TIME),
                                                       .log = &log,
                                                       .record = on_record,
                                                       .closed = on_closed,
                                                       .user = run };
        struct gal_error error = { .code = GAL_OK };
        gal_auto_free char *poisoned_path = NULL;
        enum gal_status status;

        if (gal_cli_poisoned_path(runtime_options.store_url, /* state_dir= */ NULL, &poisoned_path, NULL) == GAL_OK)
                runtime_options.poisoned_path = poisoned_path;
        gal_crash_watch();
        status = gal_runtime_create(&runtime_options, &run->runtime, &error);
        raise_descriptor_limit();
        run->adopts_orphans = gal_orphans_adopt();
        if (status == GAL_OK)
                status = watch_signals(run, &error);
        if (status != GAL_OK) {
                complain(error.message);
                return GAL_EXIT_USAGE;
        }
        run->status = GAL_EXIT_USAGE; /* until the execution has run */
        create_machine(run);
        gal_runtime_run(run->runtime);
        if (run->is_over)
                await_background(run);
        say_how_to_go_on(run);
        return run->arn != NULL && !run->is_over ? GAL_EXIT_FAILED : run->status;
}

static void release(struct run *run)
{
        gal_runtime_destroy(run->runtime);
        if (run->adopts_orphans)
                gal_orphans_end();
        gal_progress_destroy(run->progress);
        gal_functions_destroy(run->functions);
        gal_payload_unref(run->input);
        free(run->definition);
        free(run->arn);
        free(run->machine_name);
        gal_arguments_finish(&run->arguments);
}

int gal_cli_run(int argc, char **argv)
{
        struct run run = { .file = NULL };
        int status;

        if (!gal_arguments_parse(&gal_cli_run_usage, argc, argv, &run.arguments, &status))
                return status;
        if (check_arguments(&run.arguments, &status)) {
                run.file = run.arguments.operands[0];
                run.machine_name = machine_name_of(run.file);
                if (!is_given(&run, QUIET) && (isatty(STDERR_FILENO) || is_given(&run, TRACE)))
                        run.progress = gal_progress_create(stderr);
                status = load(&run) ? run_workflow(&run) : GAL_EXIT_USAGE;
        }
        release(&run);
        return status;
}
