/*
 * orphans.c: see orphans.h.
 */
#include "net/orphans.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Each round takes what the round before has orphaned. A killed process is gone within a millisecond, unless the
 * kernel holds it (a dead network disk): then it is left behind.
 */
#define ROUNDS_MAX 500
#define ROUND_MS 10

bool gal_orphans_adopt(void)
{
        siginfo_t info;

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD)
                return false;
        return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

/* The parent of a process; 0: it is gone. The name before it, in parentheses, may hold anything. */
static pid_t find_parent(const char *pid)
{
        char path[64], line[512];
        const char *end;
        size_t len;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
        file = fopen(path, "re");
        if (file == NULL)
                return 0;
        len = fread(line, 1, sizeof(line) - 1, file);
        fclose(file);
        line[len] = '\0';
        end = strrchr(line, ')');
        return end != NULL && strlen(end) > 4 ? (pid_t)atoi(end + 4) : 0;
}

static void kill_children(void)
{
        DIR *directory = opendir("/proc");
        const struct dirent *entry;

        if (directory == NULL)
                return;
        while ((entry = readdir(directory)) != NULL) {
                if (isdigit((unsigned char)entry->d_name[0]) && find_parent(entry->d_name) == getpid())
                        kill((pid_t)atoi(entry->d_name), SIGKILL);
        }
        closedir(directory);
}

void gal_orphans_end(void)
{
        const struct timespec pause = { 0, ROUND_MS * 1000000L };
        pid_t pid;

        for (int i = 0; i < ROUNDS_MAX; i++) {
                while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                        continue;
                if (pid < 0) /* none is left */
                        return;
                kill_children();
                nanosleep(&pause, NULL);
        }
}
