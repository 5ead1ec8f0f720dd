/*
 * crash.c: see crash.h. The handler has a stack of its own: a stack that is used up is one of these faults.
 */
#include "cli/crash.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"

#define STACK_SIZE 65536

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static struct sigaction former[SIGNAL_COUNT];

/* abort() raises its signal itself: it comes from this process. */
static bool is_fault(const siginfo_t *info)
{
        return info->si_code > 0 || (info->si_signo == SIGABRT && info->si_pid == getpid());
}

/* What comes after this one sees the world as if nobody had watched: a fault that is returned from happens again.
 */
static void on_fault(int number, siginfo_t *info, void *context)
{
        (void)context;
        if (is_fault(info))
                gal_suspect_note(sigabbrev_np(number));
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
                sigaction(signals[i], &former[i], NULL);
        if (info->si_code <= 0)
                raise(number);
}

static void give_stack(void)
{
        static char memory[STACK_SIZE];
        stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
        stack_t present;

        if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE) != 0)
                sigaltstack(&stack, NULL);
}

void gal_crash_watch(void)
{
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

        give_stack();
        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
                sigaction(signals[i], &action, &former[i]);
}
