/*
 * fake.c: see fake.h. The server ends with its standard input, so also when the test is killed.
 */
#include "fake.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pid;
static int input = -1;

static void fail(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

static void run(const char *script, int in, int out)
{
        char path[512];

        snprintf(path, sizeof path, "%s/tests/fakes/%s", GAL_SOURCE_DIR, script);
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        execlp("python3", "python3", path, (char *)NULL);
        _exit(127);
}

int fake_start(const char *script)
{
        int in[2], out[2];
        int port = 0;
        FILE *file;

        if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
                fail("pipe");
        pid = fork();
        if (pid < 0)
                fail("fork");
        if (pid == 0)
                run(script, in[0], out[1]);
        close(in[0]);
        close(out[1]);
        input = in[1];
        file = fdopen(out[0], "r");
        if (!file || fscanf(file, "%d", &port) != 1)
                fail(script);
        fclose(file);
        return port;
}

void fake_stop(void)
{
        close(input);
        waitpid(pid, NULL, 0);
}

int fake_closed_port(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        int listener = socket(AF_INET, SOCK_STREAM, 0);

        if (bind(listener, (struct sockaddr *)&address, size) != 0 ||
            getsockname(listener, (struct sockaddr *)&address, &size) != 0)
                fail("bind");
        close(listener);
        return ntohs(address.sin_port);
}
