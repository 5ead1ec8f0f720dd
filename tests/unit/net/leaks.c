/*
 * leaks.c: see leaks.h.
 */
#include "leaks.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http.h"
#include "net/loop.h"

static int marked;

static int count_descriptors(void)
{
        DIR *directory = opendir("/proc/self/fd");
        struct dirent *entry;
        int count = 0;

        ck_assert_ptr_nonnull(directory);
        while ((entry = readdir(directory)))
                count += entry->d_name[0] != '.';
        closedir(directory);
        return count - 1; /* the directory's own */
}

void leaks_mark(void)
{
        struct gal_loop *loop = NULL;
        struct gal_http *http = NULL;

        ck_assert_int_eq(gal_loop_create(&loop, NULL), GAL_OK);
        ck_assert_int_eq(gal_http_create(loop, &http, NULL), GAL_OK);
        gal_http_destroy(http);
        gal_loop_destroy(loop);
        marked = count_descriptors();
}

static void list_descriptors(void)
{
        char command[64];

        snprintf(command, sizeof command, "ls -l /proc/%d/fd >&2", (int)getpid());
        if (system(command) != 0)
                fprintf(stderr, "no list of descriptors\n");
}

void leaks_check(void)
{
        int now = count_descriptors();

        if (now != marked)
                list_descriptors();
        ck_assert_int_eq(now, marked);
        errno = 0;
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);
}

/* 'Z' and 'X' are dead; whoever inherited the zombie reaps it. */
static int is_there(pid_t pid)
{
        char path[64], text[512], *end;
        FILE *file;
        size_t len;

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        file = fopen(path, "r");
        if (!file)
                return 0;
        len = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[len] = '\0';
        end = strrchr(text, ')');
        return end && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

int process_lives(pid_t pid)
{
        for (int i = 0; i < 100; i++) {
                if (!is_there(pid))
                        return 0;
                usleep(10000);
        }
        return 1;
}

long read_number(const char *path)
{
        FILE *file = fopen(path, "r");
        long number = -1;

        if (!file)
                return -1;
        if (fscanf(file, "%ld", &number) != 1)
                number = -1;
        fclose(file);
        return number;
}
