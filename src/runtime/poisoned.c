/*
 * poisoned.c: see poisoned.h. Lines are added by a process that dies, and removed by renaming a new file over it.
 */
#include "runtime/poisoned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/limits.h"

#define LINE_SIZE 1024
#define ID_LENGTH (GAL_UUID_SIZE - 1)

/* Writing, in a process that is about to end. */

struct line {
        char text[LINE_SIZE];
        size_t len;
};

/* As much of it as there is room for, and one character more after it. */
static void append(struct line *line, const char *text, char end)
{
        for (; *text != '\0' && line->len < LINE_SIZE - 2; text++)
                line->text[line->len++] = (unsigned char)*text < ' ' ? ' ' : *text;
        if (line->len < LINE_SIZE)
                line->text[line->len++] = end;
}

static bool write_all(int file, const char *text, size_t len)
{
        while (len > 0) {
                ssize_t written = write(file, text, len);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written <= 0)
                        return false;
                text += written;
                len -= (size_t)written;
        }
        return true;
}

void gal_poisoned_note(const char *path, const char *id, const char *arn, const char *what)
{
        struct line line = { .len = 0 };
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        if (file < 0)
                return;
        append(&line, id, ' ');
        append(&line, arn == NULL ? "-" : arn, ' ');
        append(&line, what, '\n');
        line.text[line.len - 1] = '\n'; /* also when it was cut */
        if (write_all(file, line.text, line.len))
                fsync(file);
        close(file);
}

/* Reading. */

struct entry {
        UT_hash_handle hh;
        char id[GAL_UUID_SIZE];
        char *arn;
        char *what;
        unsigned count;
};

static void destroy_entries(struct entry **entries)
{
        struct entry *entry, *next;

        HASH_ITER(hh, *entries, entry, next)
        {
                HASH_DEL(*entries, entry);
                free(entry->arn);
                free(entry->what);
                free(entry);
        }
}

/* A piece of the text up to `end` or the line's end; moves `*text` behind it. */
static char *take_word(const char **text, const char *line_end, char end)
{
        const char *begin = *text;
        const char *found = memchr(begin, end, (size_t)(line_end - begin));
        const char *word_end = found == NULL ? line_end : found;

        *text = found == NULL ? line_end : found + 1;
        return gal_strndup(begin, (size_t)(word_end - begin));
}

static void add_line(struct entry **entries, const char *line, const char *end)
{
        gal_auto_free char *id = take_word(&line, end, ' ');
        gal_auto_free char *arn = take_word(&line, end, ' ');
        struct entry *entry;

        if (strlen(id) != ID_LENGTH || strspn(id, "0123456789abcdef-") != ID_LENGTH || arn[0] == '\0')
                return;
        HASH_FIND_STR(*entries, id, entry);
        if (entry == NULL) {
                entry = gal_new(struct entry);
                memcpy(entry->id, id, sizeof(entry->id));
                HASH_ADD_STR(*entries, id, entry);
        }
        entry->count++;
        free(entry->what);
        entry->what = gal_strndup(line, (size_t)(end - line));
        if (entry->arn == NULL && strcmp(arn, "-") != 0)
                entry->arn = gal_take(arn);
}

static void parse(const struct gal_buffer *text, struct entry **ret_entries)
{
        const char *line = text->data, *end = line + text->len;

        while (line < end) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                const char *line_end = newline == NULL ? end : newline;

                add_line(ret_entries, line, line_end);
                line = line_end + 1;
        }
}

static enum gal_status read_all(int file, const char *path, struct gal_buffer *text, struct gal_error *error)
{
        char piece[4096];

        for (;;) {
                ssize_t len = read(file, piece, sizeof(piece));

                if (len < 0 && errno == EINTR)
                        continue;
                if (len < 0)
                        return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", path, strerror(errno));
                if (len == 0)
                        return GAL_OK;
                if (text->len + (size_t)len > GAL_POISONED_SIZE_MAX)
                        return gal_fail(error, GAL_ELIMIT, GAL_NOWHERE,
                                        "%s is larger than %d bytes; remove it, or those of its lines that are old",
                                        path, GAL_POISONED_SIZE_MAX);
                gal_buffer_append(text, piece, (size_t)len);
        }
}

/* Nothing when there is no file. */
static enum gal_status read_file(const char *path, struct gal_buffer *text, struct gal_error *error)
{
        int file = open(path, O_RDONLY | O_CLOEXEC);
        enum gal_status status;

        if (file < 0 && errno == ENOENT)
                return GAL_OK;
        if (file < 0)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", path, strerror(errno));
        status = read_all(file, path, text, error);
        close(file);
        return status;
}

enum gal_status gal_poisoned_read(const char *path, gal_poisoned_reader reader, void *user, struct gal_error *error)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        enum gal_status status = read_file(path, &text, error);
        struct entry *entries = NULL;

        if (status == GAL_OK && text.len > 0)
                parse(&text, &entries);
        for (const struct entry *entry = entries; entry != NULL; entry = entry->hh.next) {
                struct gal_poisoned poisoned = {
                        .id = entry->id, .arn = entry->arn, .what = entry->what, .count = entry->count
                };

                reader(user, &poisoned);
        }
        destroy_entries(&entries);
        gal_buffer_finish(&text);
        return status;
}

/* Releasing. */

static bool is_entry(const struct entry *entry, const char *execution)
{
        return strcmp(entry->id, execution) == 0 || (entry->arn != NULL && strcmp(entry->arn, execution) == 0);
}

/* True: at least one line is left out of `ret_rest`. A name may have been used by several executions. */
static bool leave_out(const struct gal_buffer *text, struct entry *entries, const char *execution,
                      struct gal_buffer *ret_rest)
{
        const char *line = text->data, *end = line + text->len;
        bool is_any = false;

        while (line < end) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                const char *next = newline == NULL ? end : newline + 1;
                const char *place = line;
                gal_auto_free char *id = take_word(&place, next, ' ');
                const struct entry *entry;

                HASH_FIND_STR(entries, id, entry);
                if (entry != NULL && is_entry(entry, execution))
                        is_any = true;
                else
                        gal_buffer_append(ret_rest, line, (size_t)(next - line));
                line = next;
        }
        return is_any;
}

static enum gal_status replace(const char *path, const struct gal_buffer *text, struct gal_error *error)
{
        gal_auto_free char *new_path = gal_format("%s.new", path);
        int file;

        if (text->len == 0)
                return unlink(path) == 0 ? GAL_OK
                                         : gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", path, strerror(errno));
        file = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (file < 0)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", new_path, strerror(errno));
        if (!write_all(file, text->data, text->len) || fsync(file) != 0) {
                gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", new_path, strerror(errno));
                close(file);
                unlink(new_path);
                return GAL_EIO;
        }
        close(file);
        if (rename(new_path, path) != 0)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", path, strerror(errno));
        return GAL_OK;
}

enum gal_status gal_poisoned_release(const char *path, const char *execution, struct gal_error *error)
{
        struct gal_buffer text = GAL_BUFFER_INIT, rest = GAL_BUFFER_INIT;
        enum gal_status status = read_file(path, &text, error);
        struct entry *entries = NULL;

        if (status == GAL_OK && text.len > 0)
                parse(&text, &entries);
        if (status == GAL_OK && (entries == NULL || !leave_out(&text, entries, execution, &rest)))
                status = gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "%s does not name %s", path, execution);
        if (status == GAL_OK)
                status = replace(path, &rest, error);
        destroy_entries(&entries);
        gal_buffer_finish(&text);
        gal_buffer_finish(&rest);
        return status;
}
