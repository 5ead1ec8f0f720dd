/*
 * process.c: see process.h.
 *
 * The pipes are made here and not by libuv, which would make socket pairs: a child cannot open /dev/stdin on those.
 *
 * The trap: the child must be reaped by libuv, so its handle stays open until its exit callback, also when the call
 * is cancelled and nobody listens any more (`orphaned`); everything else is closed at once.
 */
#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "net/lastline.h"
#include "net/loop_internal.h"

/* A pipe holds 64 KiB unless somebody enlarged it (1 MiB without privileges): all that the child can have left
 * there. */
#define DRAIN_SIZE_MAX (1024 * 1024)

extern char **environ;

enum stream { STREAM_IN, STREAM_OUT, STREAM_ERR, STREAM_COUNT };

struct gal_process {
        struct gal_loop *loop;
        void (*done)(void *user, const struct gal_process_result *result);
        void *user;
        uv_process_t process;
        uv_pipe_t pipes[STREAM_COUNT];
        uv_timer_t timer;
        uv_write_t write;
        unsigned open; /* handles whose close callback has not run */
        bool orphaned;
        bool killed;
        enum gal_process_end killed_for;
        uint64_t started_at;
        size_t output_size_max;
        size_t error_size_max;
        struct gal_buffer output;
        struct gal_buffer errors;
        bool error_dropped;
        struct gal_lastline lastline;
};

/* Ending */

static void free_process(struct gal_process *process)
{
        gal_buffer_finish(&process->output);
        gal_buffer_finish(&process->errors);
        gal_lastline_finish(&process->lastline);
        free(process);
}

static void count_closed(uv_handle_t *handle)
{
        struct gal_process *process = handle->data;

        gal_assert(process->open > 0);
        if (--process->open == 0)
                free_process(process);
}

static void close_handle(uv_handle_t *handle)
{
        if (!uv_is_closing(handle))
                uv_close(handle, count_closed);
}

/* Closes all but the process itself, descriptors at once. */
static void close_ends(struct gal_process *process)
{
        for (int i = 0; i < STREAM_COUNT; i++)
                close_handle((uv_handle_t *)&process->pipes[i]);
        close_handle((uv_handle_t *)&process->timer);
}

/* The child leads its session and so its group: the number is its own while any member lives. */
static void kill_group(struct gal_process *process)
{
        kill(-process->process.pid, SIGKILL);
}

static void kill_for(struct gal_process *process, enum gal_process_end why)
{
        if (process->killed)
                return;
        process->killed = true;
        process->killed_for = why;
        kill_group(process);
}

/* Reading */

static void take_output(struct gal_process *process, const char *data, size_t len)
{
        if (len > process->output_size_max - process->output.len) {
                kill_for(process, GAL_PROCESS_OUTPUT_TOO_LARGE);
                return;
        }
        gal_buffer_append(&process->output, data, len);
        gal_assert(process->output.status == GAL_OK); /* bounded; without memory this process has ended (alloc.h) */
}

static void take_errors(struct gal_process *process, const char *data, size_t len)
{
        size_t room = process->error_size_max - process->errors.len;

        gal_lastline_feed(&process->lastline, data, len);
        if (len > room)
                process->error_dropped = true;
        gal_buffer_append(&process->errors, data, len < room ? len : room);
        gal_assert(process->errors.status == GAL_OK);
}

static void take(struct gal_process *process, enum stream stream, const char *data, size_t len)
{
        if (process->killed && process->killed_for == GAL_PROCESS_OUTPUT_TOO_LARGE)
                return;
        if (stream == STREAM_OUT)
                take_output(process, data, len);
        else
                take_errors(process, data, len);
}

static void lend_scratch(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
        struct gal_process *process = handle->data;

        (void)suggested;
        *buffer = uv_buf_init(process->loop->scratch, GAL_LOOP_SCRATCH_SIZE);
}

static void read_some(uv_stream_t *pipe, ssize_t len, const uv_buf_t *buffer)
{
        struct gal_process *process = pipe->data;

        if (len < 0)
                close_handle((uv_handle_t *)pipe);
        else if (len > 0)
                take(process, pipe == (uv_stream_t *)&process->pipes[STREAM_OUT] ? STREAM_OUT : STREAM_ERR,
                     buffer->base, (size_t)len);
}

/* What the child wrote before its end is in the pipe; who else holds the other end is not waited for. */
static void drain(struct gal_process *process, enum stream stream)
{
        uv_handle_t *handle = (uv_handle_t *)&process->pipes[stream];
        size_t total = 0;
        uv_os_fd_t descriptor;
        ssize_t len;

        if (uv_is_closing(handle) || uv_fileno(handle, &descriptor) != 0)
                return;
        while (total < DRAIN_SIZE_MAX) {
                len = read(descriptor, process->loop->scratch, GAL_LOOP_SCRATCH_SIZE);
                if (len < 0 && errno == EINTR)
                        continue;
                if (len <= 0)
                        return;
                take(process, stream, process->loop->scratch, (size_t)len);
                total += (size_t)len;
        }
}

/* Writing */

/* The signal that a broken pipe left pending in this thread, where it is blocked, would kill whoever unblocks it.
 */
static void swallow_sigpipe(void)
{
        const struct timespec at_once = { 0, 0 };
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigtimedwait(&set, NULL, &at_once);
}

/* Written, or the child closed its end early, which is its right. */
static void end_input(uv_write_t *write, int status)
{
        if (status == UV_EPIPE)
                swallow_sigpipe();
        close_handle((uv_handle_t *)write->handle);
}

static void begin_input(struct gal_process *process, const struct gal_process_options *options)
{
        uv_stream_t *pipe = (uv_stream_t *)&process->pipes[STREAM_IN];
        uv_buf_t buffer = uv_buf_init((char *)options->input, (unsigned)options->input_len);

        gal_assert(options->input_len <= UINT_MAX);
        if (options->input_len == 0 || uv_write(&process->write, pipe, &buffer, 1, end_input) != 0)
                close_handle((uv_handle_t *)pipe);
}

/* The end of the child */

static const char *text_of(const struct gal_buffer *buffer)
{
        return buffer->data ? buffer->data : "";
}

static void report(struct gal_process *process, int64_t exit_status, int signal_number)
{
        struct gal_process_result result = {
                .end = signal_number != 0 ? GAL_PROCESS_SIGNALLED : GAL_PROCESS_EXITED,
                .exit_code = (int)exit_status,
                .signal_number = signal_number,
                .output = text_of(&process->output),
                .output_len = process->output.len,
                .error_text = text_of(&process->errors),
                .error_len = process->errors.len,
                .error_dropped = process->error_dropped,
                .duration_ms = (int64_t)(uv_now(&process->loop->uv) - process->started_at),
        };

        result.error_line = gal_lastline_end(&process->lastline, &result.error_line_len, &result.error_line_cut);
        /* One that ended by itself just before the kill reached it did end by itself; too much output stays too
         * much. */
        if (process->killed && (signal_number != 0 || process->killed_for == GAL_PROCESS_OUTPUT_TOO_LARGE))
                result.end = process->killed_for;
        process->done(process->user, &result);
}

static void end_process(uv_process_t *uv, int64_t exit_status, int signal_number)
{
        struct gal_process *process = uv->data;

        kill_group(process); /* grandchildren */
        if (process->orphaned) {
                process->loop->orphans--;
                close_handle((uv_handle_t *)uv);
                return;
        }
        drain(process, STREAM_OUT);
        drain(process, STREAM_ERR);
        close_ends(process);
        report(process, exit_status, signal_number);
        close_handle((uv_handle_t *)uv);
}

static void run_out_of_time(uv_timer_t *timer)
{
        kill_for(timer->data, GAL_PROCESS_TIMED_OUT);
}

void gal_process_cancel(struct gal_process *process)
{
        gal_assert(!process->orphaned);
        process->orphaned = true;
        process->loop->orphans++;
        kill_group(process);
        close_ends(process);
}

/* The environment: ours, with what the options add or replace. The array is ours, the texts partly. */

struct environment {
        char **variables; /* NULL-terminated */
        char **made;      /* those of the options */
        size_t made_count;
};

static bool names_variable(const char *variable, const char *name)
{
        size_t len = strlen(name);

        return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

static void put_variable(char **variables, size_t *count, const char *name, char *variable)
{
        for (size_t i = 0; i < *count; i++) {
                if (names_variable(variables[i], name)) {
                        variables[i] = variable;
                        return;
                }
        }
        variables[(*count)++] = variable;
}

static void make_environment(struct environment *environment, const struct gal_process_options *options)
{
        size_t count = 0;

        while (environ[count])
                count++;
        environment->variables = gal_new_array(count + options->environment_count + 1, char *);
        environment->made = gal_new_array(options->environment_count + 1, char *);
        environment->made_count = options->environment_count;
        memcpy(environment->variables, environ, count * sizeof *environ);
        for (size_t i = 0; i < options->environment_count; i++) {
                const struct gal_process_variable *added = &options->environment[i];

                environment->made[i] = gal_format("%s=%s", added->name, added->value);
                put_variable(environment->variables, &count, added->name, environment->made[i]);
        }
}

static void free_environment(struct environment *environment)
{
        for (size_t i = 0; i < environment->made_count; i++)
                free(environment->made[i]);
        free(environment->made);
        free(environment->variables);
}

/* Starting */

static void init_handles(struct gal_process *process)
{
        for (int i = 0; i < STREAM_COUNT; i++) {
                uv_pipe_init(&process->loop->uv, &process->pipes[i], 0);
                process->pipes[i].data = process;
        }
        uv_timer_init(&process->loop->uv, &process->timer);
        process->timer.data = process;
        process->process.data = process; /* uv_spawn() makes this one, and leaves `data` alone */
        process->open = STREAM_COUNT + 1;
}

/* One pipe for each stream: our ends go into `process`, the child's into `ret_theirs`. */
static int open_pipes(struct gal_process *process, int ret_theirs[STREAM_COUNT])
{
        for (int i = 0; i < STREAM_COUNT; i++) {
                int ends[2];
                int ours = i == STREAM_IN ? 1 : 0;
                int uv_status;

                if (pipe2(ends, O_CLOEXEC) != 0)
                        return uv_translate_sys_error(errno);
                ret_theirs[i] = ends[1 - ours];
                uv_status = uv_pipe_open(&process->pipes[i], ends[ours]);
                if (uv_status != 0) {
                        close(ends[ours]);
                        return uv_status;
                }
        }
        return 0;
}

static void close_theirs(const int theirs[STREAM_COUNT])
{
        for (int i = 0; i < STREAM_COUNT; i++)
                if (theirs[i] >= 0)
                        close(theirs[i]);
}

static int spawn(struct gal_process *process, const struct gal_process_options *options, int theirs[STREAM_COUNT])
{
        struct environment environment;
        uv_stdio_container_t stdio[STREAM_COUNT];
        uv_process_options_t uv_options = { .exit_cb = end_process,
                                            .file = options->argv[0],
                                            .args = (char **)options->argv,
                                            .cwd = options->directory,
                                            .flags = UV_PROCESS_DETACHED, /* setsid() */
                                            .stdio_count = STREAM_COUNT,
                                            .stdio = stdio };
        int uv_status;

        for (int i = 0; i < STREAM_COUNT; i++) {
                stdio[i].flags = UV_INHERIT_FD;
                stdio[i].data.fd = theirs[i];
        }
        make_environment(&environment, options);
        uv_options.env = environment.variables;
        process->open++;
        uv_status = uv_spawn(&process->loop->uv, &process->process, &uv_options);
        free_environment(&environment);
        return uv_status;
}

static bool is_directory(const char *path)
{
        struct stat found;

        return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* ENOENT means one of four things; which, is worth a look. */
static enum gal_status fail_not_found(const struct gal_process_options *options, struct gal_error *error)
{
        const char *program = options->argv[0];
        gal_auto_free char *path = NULL;
        struct stat found;

        if (options->directory && !is_directory(options->directory))
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "there is no directory '%s' to run '%s' in",
                                options->directory, program);
        if (!strchr(program, '/'))
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "there is no program '%s' in PATH", program);
        path = program[0] == '/' || !options->directory ? gal_strdup(program)
                                                        : gal_format("%s/%s", options->directory, program);
        if (stat(path, &found) == 0)
                return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE,
                                "'%s' names an interpreter on its first line that is not there", path);
        return gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "there is no program '%s'", path);
}

static enum gal_status fail_to_start(const struct gal_process_options *options, int uv_status,
                                     struct gal_error *error)
{
        enum gal_status status = GAL_EIO;

        switch (uv_status) {
        case UV_ENOENT:
        case UV_ENOTDIR:
                return fail_not_found(options, error);
        case UV_EACCES:
        case UV_EPERM:
        case -ENOEXEC:
        case UV_EISDIR:
        case UV_ELOOP:
        case UV_ENAMETOOLONG:
        case UV_E2BIG:
                status = GAL_EINVALID;
                break;
        case UV_EAGAIN:
        case UV_ENOMEM:
        case UV_EMFILE:
        case UV_ENFILE:
                status = GAL_EBUSY;
                break;
        }
        return gal_fail(error, status, GAL_NOWHERE, "cannot start '%s': %s", options->argv[0],
                        uv_strerror(uv_status));
}

static void limit_memory(const struct gal_process *process, uint64_t memory_max)
{
        struct rlimit limit = { memory_max, memory_max };

        if (memory_max > 0)
                prlimit(process->process.pid, RLIMIT_DATA, &limit, NULL); /* fails only when it has ended already */
}

static void begin(struct gal_process *process, const struct gal_process_options *options)
{
        limit_memory(process, options->memory_max);
        uv_update_time(&process->loop->uv);
        process->started_at = uv_now(&process->loop->uv);
        if (options->timeout_ms > 0)
                uv_timer_start(&process->timer, run_out_of_time, (uint64_t)options->timeout_ms + 1, 0);
        uv_read_start((uv_stream_t *)&process->pipes[STREAM_OUT], lend_scratch, read_some);
        uv_read_start((uv_stream_t *)&process->pipes[STREAM_ERR], lend_scratch, read_some);
        begin_input(process, options);
}

enum gal_status gal_process_start(struct gal_loop *loop, const struct gal_process_options *options,
                                  void (*done)(void *user, const struct gal_process_result *result), void *user,
                                  struct gal_process **ret_process, struct gal_error *error)
{
        struct gal_process *process = gal_new(struct gal_process);
        int theirs[STREAM_COUNT] = { -1, -1, -1 };
        int uv_status;

        process->loop = loop;
        process->done = done;
        process->user = user;
        process->output_size_max = options->output_size_max;
        process->error_size_max = options->error_size_max;
        gal_lastline_init(&process->lastline, options->error_line_size_max);
        init_handles(process);
        uv_status = open_pipes(process, theirs);
        if (uv_status == 0)
                uv_status = spawn(process, options, theirs);
        close_theirs(theirs);
        if (uv_status != 0) {
                close_ends(process);
                if (process->process.type == UV_PROCESS)
                        close_handle((uv_handle_t *)&process->process);
                return fail_to_start(options, uv_status, error);
        }
        begin(process, options);
        *ret_process = process;
        return GAL_OK;
}
