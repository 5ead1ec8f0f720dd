#!/usr/bin/env python3
"""Runs the tests that meson registered in a build directory and counts their cases.

    run.py BUILD [--list] [--jobs N] [--verbose] [NAME ...]

NAME is a part of a test's name, or a glob over the whole of it. The last line is
`N passed, N failed, N skipped`. A test is one case, unless its output has summaries of libcheck
(`83%: Checks: 6, Failures: 1, Errors: 0`) or of our own scripts (`6 passed, 1 failed[, 2 skipped]`): then
these are added up. Exit code 77 means skipped. The exit code here is 1 if any case failed.

`meson test` could run them too, but it counts programs, and our programs hold up to hundreds of cases.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import time

CHECK_SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)\s*$", re.M)
OWN_SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.M)
SKIPPED = 77
# A finding of a sanitizer ends the test: else it would be a line in a log that nobody reads.
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


class Result:
    def __init__(self, test, output, exit_code, seconds):
        self.test, self.output, self.seconds = test, output, seconds
        self.passed, self.failed, self.skipped = count_cases(output, exit_code)
        self.exit_code = exit_code


def count_cases(output, exit_code):
    """Returns (passed, failed, skipped). An exit code that no case explains is a failure of its own."""
    if exit_code == SKIPPED:
        return 0, 0, 1
    passed = failed = skipped = 0
    for checks, failures, errors in CHECK_SUMMARY.findall(output):
        failed += int(failures) + int(errors)
        passed += int(checks) - int(failures) - int(errors)
    for summary in OWN_SUMMARY.findall(output):
        passed, failed, skipped = (n + int(m or 0) for n, m in zip((passed, failed, skipped), summary))
    if exit_code != 0 and failed == 0:
        failed = 1
    if passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def load_tests(build):
    with open(os.path.join(build, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
        return json.load(file)


def matches(name, patterns):
    return not patterns or any(part in name or fnmatch.fnmatchcase(name, part) for part in patterns)


def run_test(test, build):
    """Runs one test in a session of its own, so that whatever it leaves behind can be ended."""
    begun = time.monotonic()
    process = subprocess.Popen(
        test["cmd"], cwd=test["workdir"] or build, env={**ENVIRONMENT, **os.environ, **test["env"]},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )
    note = ""
    try:
        output = process.communicate(timeout=test["timeout"] or None)[0]
    except subprocess.TimeoutExpired:
        note = f"\nstopped after {test['timeout']} s\n"
        end_session(process.pid)
        output = process.communicate()[0]
    end_session(process.pid)
    if process.returncode < 0:
        note += f"\nended by {signal.Signals(-process.returncode).name}\n"
    exit_code = process.returncode or (1 if note else 0)
    return Result(test, output.decode("utf-8", "replace") + note, exit_code, time.monotonic() - begun)


def end_session(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def report(result, verbose):
    status = "FAIL" if result.failed else "skip" if not result.passed else "ok"
    counts = f"{result.passed} passed"
    counts += f", {result.failed} failed" if result.failed else ""
    counts += f", {result.skipped} skipped" if result.skipped else ""
    print(f"{status:4} {result.test['name']} ({counts}, {result.seconds:.1f} s)")
    if result.failed or verbose or not result.passed:
        # A summary of one test, indented, cannot be taken for the summary of all.
        print("".join(f"     {line}\n" for line in result.output.splitlines()[-400:]), end="")
        if result.failed:
            print(f"     exit code {result.exit_code}; again: {' '.join(result.test['cmd'])}")
    sys.stdout.flush()


def run_all(tests, build, jobs):
    """Yields results as they come: first those that may run side by side, then the others alone."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # The longest limits first, so that the long ones do not start when the short ones are over.
        parallel = sorted((t for t in tests if t["is_parallel"]), key=lambda t: -(t["timeout"] or 10**6))
        for future in concurrent.futures.as_completed([pool.submit(run_test, test, build) for test in parallel]):
            yield future.result()
    for test in tests:
        if not test["is_parallel"]:
            yield run_test(test, build)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="only name the tests")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the passing tests print too")
    options = parser.parse_intermixed_args()
    tests = [test for test in load_tests(options.build) if matches(test["name"], options.names)]
    if options.list:
        print("\n".join(sorted(test["name"] for test in tests)))
        return 0
    if not tests:
        print("no test matches", file=sys.stderr)
        return 2
    passed = failed = skipped = 0
    for result in run_all(tests, options.build, options.jobs):
        report(result, options.verbose)
        passed, failed, skipped = passed + result.passed, failed + result.failed, skipped + result.skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
