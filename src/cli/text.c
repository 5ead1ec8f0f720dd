/*
 * text.c: reading what the user named, printing what was asked for. Messages go to standard error.
 */
#include "cli/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/excerpt.h"
#include "cli/terminal.h"

static bool complain(const char *path, const char *why)
{
        fputs("galliard: ", stderr);
        gal_terminal_put(stderr, path, strlen(path));
        fprintf(stderr, ": %s\n", why);
        return false;
}

bool gal_cli_read_file(const char *path, size_t size_max, char **ret_text, size_t *ret_len)
{
        bool is_stdin = strcmp(path, "-") == 0;
        FILE *file = is_stdin ? stdin : fopen(path, "rbe");
        struct gal_buffer buffer;
        char block[16384];
        size_t len;
        struct stat info;

        if (file == NULL)
                return complain(path, strerror(errno));
        if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode)) {
                fclose(file);
                return complain(path, "is a directory");
        }
        gal_buffer_init(&buffer, size_max);
        while (buffer.status == GAL_OK && (len = fread(block, 1, sizeof(block), file)) > 0)
                gal_buffer_append(&buffer, block, len);
        if (ferror(file)) {
                int saved = errno;

                if (!is_stdin)
                        fclose(file);
                gal_buffer_finish(&buffer);
                return complain(is_stdin ? "standard input" : path, strerror(saved));
        }
        if (!is_stdin)
                fclose(file);
        if (buffer.status != GAL_OK) {
                gal_auto_free char *why = gal_format("larger than %zu bytes", size_max);

                gal_buffer_finish(&buffer);
                return complain(is_stdin ? "standard input" : path, why);
        }
        *ret_text = gal_need(gal_buffer_take(&buffer, ret_len));
        return true;
}

bool gal_cli_is_stdin(const char *argument)
{
        return argument != NULL && (strcmp(argument, "-") == 0 || strcmp(argument, "@-") == 0);
}

static void complain_of_json(const char *what, const char *path, const char *text, size_t len,
                             const struct gal_error *error)
{
        fprintf(stderr, "galliard: the %s is not JSON: ", what);
        if (path != NULL) {
                gal_terminal_put(stderr, path, strlen(path));
                fprintf(stderr, ":%u:%u: ", error->at.line, error->at.column);
        }
        gal_terminal_put(stderr, error->message, strlen(error->message));
        fputc('\n', stderr);
        if (error->at.line > 0)
                gal_excerpt_put(stderr, text, len, error->at);
        if (path == NULL && access(text, F_OK) == 0)
                fprintf(stderr, "There is a file of that name; it would be given as @%s.\n", text);
        else if (path == NULL)
                fprintf(stderr, "Text is given in quotes ('\"text\"'), a file as @FILE, standard input as -.\n");
}

struct gal_payload *gal_cli_read_json(const char *what, const char *argument)
{
        bool is_file = argument[0] == '@' || strcmp(argument, "-") == 0;
        const char *path = argument[0] == '@' ? argument + 1 : argument;
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *payload = NULL;
        gal_auto_free char *text = NULL;
        size_t len = strlen(argument);

        if (is_file && !gal_cli_read_file(path, GAL_JSON_TEXT_SIZE_MAX, &text, &len))
                return NULL;
        /* A file ends with a line break that is not part of the value. */
        while (is_file && len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
                len--;
        if (gal_payload_parse(is_file ? text : argument, len, &payload, &error) != GAL_OK)
                complain_of_json(what, is_file ? path : NULL, is_file ? text : argument, len, &error);
        return payload;
}

bool gal_cli_write(struct gal_cli_output *output, const char *data, size_t len)
{
        if (output->error == 0 && len > 0 && fwrite(data, 1, len, output->file) != len)
                output->error = errno;
        return output->error == 0;
}

bool gal_cli_end(struct gal_cli_output *output)
{
        if (fflush(output->file) != 0 && output->error == 0)
                output->error = errno;
        return output->error == 0 ||
               complain(output->file == stdout ? "standard output" : "standard error", strerror(output->error));
}

bool gal_cli_flush(FILE *out)
{
        return gal_cli_end(&(struct gal_cli_output){ .file = out });
}

bool gal_cli_print_buffer(FILE *out, const struct gal_buffer *buffer)
{
        struct gal_cli_output output = { .file = out };

        if (buffer->status != GAL_OK)
                return complain("the result", gal_status_name(buffer->status));
        gal_cli_write(&output, buffer->data, buffer->len);
        gal_cli_write(&output, "\n", 1);
        return gal_cli_end(&output);
}

bool gal_cli_print_json(FILE *out, const json_t *value)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        bool printed;

        if (isatty(fileno(out)))
                gal_json_write_pretty(&buffer, value);
        else
                gal_json_write(&buffer, value);
        printed = gal_cli_print_buffer(out, &buffer);
        gal_buffer_finish(&buffer);
        return printed;
}
