/*
 * lockfile.c: taking, asking, releasing. The text is the process id and a note in one line of fixed length, so that
 * it is written over on a full disk, too.
 */
#include "store/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"

#define TEXT_SIZE 160
/* Opening a file that is removed at this very moment: once more is enough, but for a mischief. */
#define ATTEMPTS_MAX 10

void gal_lockfile_init(struct gal_lockfile *lockfile, const char *path)
{
        lockfile->path = gal_strdup(path);
        lockfile->fd = -1;
}

void gal_lockfile_finish(struct gal_lockfile *lockfile)
{
        gal_lockfile_release(lockfile);
        free(lockfile->path);
        lockfile->path = NULL;
}

void gal_lockfile_release(struct gal_lockfile *lockfile)
{
        if (lockfile->fd >= 0)
                close(lockfile->fd);
        lockfile->fd = -1;
}

static bool is_at_path(int fd, const char *path)
{
        struct stat ours, theirs;

        return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
               ours.st_ino == theirs.st_ino;
}

bool gal_lockfile_is_held(const struct gal_lockfile *lockfile)
{
        return lockfile->fd >= 0 && is_at_path(lockfile->fd, lockfile->path);
}

static void read_text(int fd, char text[TEXT_SIZE])
{
        ssize_t len = pread(fd, text, TEXT_SIZE - 1, 0);

        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\n'))
                len--;
        text[len < 0 ? 0 : len] = '\0';
}

static bool write_text(int fd, const char *note)
{
        gal_auto_free char *text = gal_format("%ld %-*s", (long)getpid(), TEXT_SIZE, note);

        text[TEXT_SIZE - 1] = '\n';
        return pwrite(fd, text, TEXT_SIZE, 0) == TEXT_SIZE;
}

static enum gal_status try_take(struct gal_lockfile *lockfile, bool *ret_is_stale, struct gal_error *error)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(lockfile->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        char text[TEXT_SIZE];

        *ret_is_stale = false;
        if (fd < 0)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s: %s", lockfile->path, strerror(errno));
        if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
                enum gal_status status = errno == EAGAIN || errno == EACCES ? GAL_EBUSY : GAL_EIO;

                if (status == GAL_EBUSY) {
                        read_text(fd, text);
                        text[strcspn(text, " ")] = '\0';
                        gal_fail(error, status, GAL_NOWHERE, "%s is held by process %s", lockfile->path, text);
                } else {
                        gal_fail(error, status, GAL_NOWHERE, "%s: %s", lockfile->path, strerror(errno));
                }
                close(fd);
                return status;
        }
        *ret_is_stale = !is_at_path(fd, lockfile->path);
        lockfile->fd = fd;
        return GAL_OK;
}

/* The process that wrote the text is gone, and the lock is held all the same. */
static bool is_left_over(const struct gal_lockfile *lockfile)
{
        int fd = open(lockfile->path, O_RDONLY | O_CLOEXEC);
        char text[TEXT_SIZE];
        long pid;

        if (fd < 0)
                return false;
        read_text(fd, text);
        close(fd);
        pid = strtol(text, NULL, 10);
        return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* A holder that is killed while it starts a call leaves a child between fork and exec, which has the lock until
 * exec closes the file. */
static enum gal_status take(struct gal_lockfile *lockfile, bool *ret_is_stale, struct gal_error *error)
{
        const struct timespec pause = { .tv_nsec = 5000000 };
        enum gal_status status = try_take(lockfile, ret_is_stale, error);

        for (int waited = 0; status == GAL_EBUSY && waited < GAL_LOCK_LEFT_OVER_MS && is_left_over(lockfile);
             waited += 5) {
                nanosleep(&pause, NULL);
                status = try_take(lockfile, ret_is_stale, error);
        }
        return status;
}

enum gal_status gal_lockfile_take(struct gal_lockfile *lockfile, const char *note, struct gal_error *error)
{
        bool is_stale = !gal_lockfile_is_held(lockfile);

        for (int i = 0; is_stale && i < ATTEMPTS_MAX; i++) {
                enum gal_status status;

                gal_lockfile_release(lockfile);
                status = take(lockfile, &is_stale, error);
                if (status != GAL_OK)
                        return status;
        }
        if (!is_stale && write_text(lockfile->fd, note))
                return GAL_OK;
        gal_fail(error, GAL_EIO, GAL_NOWHERE, "%s cannot be written: %s", lockfile->path,
                 is_stale ? "it does not stay in its place" : strerror(errno));
        return GAL_EIO;
}

char *gal_lockfile_holder(const struct gal_lockfile *lockfile)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(lockfile->path, O_RDONLY | O_CLOEXEC);
        char text[TEXT_SIZE];
        char *holder = NULL;

        if (fd < 0)
                return NULL;
        if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
                const char *note;

                read_text(fd, text);
                note = strchr(text, ' ');
                holder = gal_strdup(note == NULL ? "" : note + 1);
        }
        close(fd);
        return holder;
}
