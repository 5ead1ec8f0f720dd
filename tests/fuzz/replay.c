/*
 * replay.c: gives each file of the directories (or each file) on the command line to a fuzz target, once.
 *
 * Bytes stand in a block of exactly their size, so that a sanitizer sees the first one read past the end.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX (1024 * 1024)

static int replay_file(const char *path)
{
        FILE *file = fopen(path, "rb");
        uint8_t *bytes = malloc(FILE_SIZE_MAX);
        uint8_t *exact = NULL;
        size_t size;
        int failed = 1;

        if (file == NULL || bytes == NULL)
                goto out;
        size = fread(bytes, 1, FILE_SIZE_MAX, file);
        exact = malloc(size > 0 ? size : 1);
        if (ferror(file) || !feof(file) || exact == NULL)
                goto out;
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        failed = 0;
out:
        if (failed)
                fprintf(stderr, "%s: cannot be read, or is larger than %d bytes\n", path, FILE_SIZE_MAX);
        if (file != NULL)
                fclose(file);
        free(exact);
        free(bytes);
        return failed;
}

static int replay_directory(const char *path, size_t *count)
{
        DIR *directory = opendir(path);
        struct dirent *entry;
        char name[4096];
        int failed = 0;

        if (directory == NULL) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return 1;
        }
        while ((entry = readdir(directory)) != NULL) {
                if (entry->d_name[0] == '.')
                        continue;
                snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
                printf("%s\n", name);
                fflush(stdout); /* the last line names the file that made the target abort */
                failed |= replay_file(name);
                ++*count;
        }
        closedir(directory);
        return failed;
}

int main(int argc, char **argv)
{
        struct stat status;
        size_t count = 0;
        int failed = 0;

        for (int i = 1; i < argc; i++) {
                if (stat(argv[i], &status) == 0 && S_ISREG(status.st_mode)) {
                        failed |= replay_file(argv[i]);
                        count++;
                } else {
                        failed |= replay_directory(argv[i], &count);
                }
        }
        if (count == 0) {
                fprintf(stderr, "usage: replay DIRECTORY|FILE...; found no file\n");
                return 2;
        }
        printf("%zu files\n", count);
        return failed;
}
