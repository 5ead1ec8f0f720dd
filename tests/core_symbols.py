#!/usr/bin/env python3
"""Checks that the pure core asks the C library for nothing that is not a computation.

    core_symbols.py libgalliard-core.a

The core (base, expr, definition, machine) must give the same answer for the same input for ever: executions are
replayed through it. So it may know no clock, no randomness, no input or output, no loop, no thread. What it
refers to is read from its objects with nm and held against a deny list. Each object counts as one case.
"""

import os
import re
import subprocess
import sys
import tempfile

# By what they would bring in. Whole names; a "*" stands for any rest.
DENIED = {
    "a clock": "time clock clock_* gettimeofday localtime* gmtime* mktime ftime times timespec_get strftime tzset",
    "randomness": "rand rand_r srand random srandom *rand48* getrandom getentropy arc4random* RAND_* uuid_*",
    "files": "open open64 openat* creat* close read write pread* pwrite* readv writev lseek* fopen* fdopen freopen*"
    " fclose fread fwrite fgets getline getdelim fscanf scanf *stat *stat64 opendir readdir* mkdir* unlink* rename*"
    " access chdir getcwd realpath mmap* tmpfile* mkstemp* json_load_file json_loadf* json_dump_file json_dumpf*",
    "standard streams": "stdin stdout stderr printf vprintf fprintf vfprintf puts fputs putchar fputc putc perror"
    " __printf_chk __vprintf_chk __fprintf_chk __vfprintf_chk syslog",
    "sockets": "socket connect bind listen accept* send* recv* getaddrinfo gethostby*",
    "waiting": "sleep usleep nanosleep poll ppoll select epoll_* eventfd timerfd_* pause alarm setitimer",
    "processes and signals": "fork vfork exec* posix_spawn* system popen wait waitpid wait4 kill raise signal"
    " sigaction exit _exit _Exit atexit getpid getppid gethostname uname",
    "threads": "pthread_* thrd_* mtx_* cnd_* sem_* call_once",
    "the environment": "getenv secure_getenv setenv putenv environ setlocale newlocale uselocale localeconv nl_langinfo",
    "dynamic loading": "dlopen dlsym",
    "another room's library": "uv_* curl_* sqlite3_* PQ* MHD_*",
}
# An assertion that fails says so before the process ends; nothing else here speaks.
ALLOWED = {"base_assert.c": {"stderr", "fprintf", "__fprintf_chk"}}

PATTERNS = [
    (reason, re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names.split())))
    for reason, names in DENIED.items()
]


def undefined_symbols(path):
    """Yields (object, symbol). An object of a meson library is called FOLDER_FILE.c.o."""
    listing = subprocess.run(["nm", "-A", "-P", path], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        match = re.match(r".*\[(.+)\]: (\S+) (\w)", line)
        if match and match[3] in "Uw":
            yield os.path.basename(match[1]), match[2].split("@")[0]


def check(path):
    """Returns ({objects}, problems)."""
    objects, problems = set(), []
    for name, symbol in undefined_symbols(path):
        objects.add(name)
        if symbol.startswith("gal_") or symbol in ALLOWED.get(name.removesuffix(".o"), ()):
            continue
        for reason, pattern in PATTERNS:
            if pattern.fullmatch(symbol):
                problems.append(f"{name}: {symbol} brings in {reason}")
    return objects, problems


def prove_check():
    """A library that reads the clock must be refused, and one that only computes must not."""
    problems = []
    for body, refused in (("return time(0);", True), ("return (long)strlen(getenv(\"X\"));", True),
                          ("return (long)strlen(\"x\");", False)):
        with tempfile.TemporaryDirectory() as folder:
            source, unit, library = (os.path.join(folder, name) for name in ("x.c", "x.o", "libx.a"))
            with open(source, "w", encoding="utf-8") as file:
                file.write("#include <stdlib.h>\n#include <string.h>\n#include <time.h>\nlong f(void);\n")
                file.write(f"long f(void) {{ {body} }}\n")
            subprocess.run(["cc", "-fno-builtin", "-c", source, "-o", unit], check=True)
            subprocess.run(["ar", "crs", library, unit], check=True)
            if bool(check(library)[1]) != refused:
                problems.append(f"the check itself: '{body}' should {'' if refused else 'not '}be refused")
    return problems


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip().splitlines()[2].strip(), file=sys.stderr)
        return 2
    objects, problems = check(sys.argv[1])
    problems += prove_check()
    if len(objects) < 4:
        problems.append(f"{sys.argv[1]}: only {len(objects)} objects in it; is this the core?")
    for problem in problems:
        print(problem)
    failed = len({problem.split(": ")[0] for problem in problems})
    print(f"{len(objects) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
