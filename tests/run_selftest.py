#!/usr/bin/env python3
"""Checks that tests/run.py counts what it should: a runner that miscounts makes every other test worthless."""

import sys

from run import count_cases, matches, run_test

COUNTS = (  # output, exit code, (passed, failed, skipped)
    ("", 0, (1, 0, 0)),
    ("some words\n", 3, (0, 1, 0)),
    ("", 77, (0, 0, 1)),
    ("Running suite(s): a\n100%: Checks: 12, Failures: 0, Errors: 0\n", 0, (12, 0, 0)),
    ("83%: Checks: 6, Failures: 1, Errors: 0\n", 1, (5, 1, 0)),
    ("100%: Checks: 3, Failures: 0, Errors: 0\n50%: Checks: 4, Failures: 1, Errors: 1\n", 1, (5, 2, 0)),
    ("7 passed, 0 failed\n", 0, (7, 0, 0)),
    ("FAIL x\n7 passed, 2 failed, 3 skipped\n", 1, (7, 2, 3)),
    ("0 passed, 0 failed, 4 skipped\n", 0, (0, 0, 4)),
    # Every case passed, and then a leak was found at the end.
    ("100%: Checks: 12, Failures: 0, Errors: 0\nERROR: LeakSanitizer\n", 23, (12, 1, 0)),
    # Only a line of its own is a summary.
    ("it says 7 passed, 9 failed somewhere\n", 0, (1, 0, 0)),
)
PROGRAMS = (  # script, seconds allowed, (passed, failed, skipped), a part of the output
    ("echo fine", 10, (1, 0, 0), "fine"),
    ("exit 4", 10, (0, 1, 0), ""),
    ("kill -SEGV $$", 10, (0, 1, 0), "SIGSEGV"),
    ("echo begun; sleep 30 & wait", 1, (0, 1, 0), "stopped after 1 s"),
    ("trap '' TERM; sleep 30 & echo '2 passed, 0 failed'; wait", 1, (2, 1, 0), "stopped"),
)
NAMES = (("machine", [], True), ("machine", ["mach"], True), ("machine", ["m*e"], True), ("machine", ["expr"], False))


def main():
    problems = []
    for output, code, counts in COUNTS:
        if count_cases(output, code) != counts:
            problems.append(f"{output!r}, exit code {code}: {count_cases(output, code)} instead of {counts}")
    for script, timeout, counts, part in PROGRAMS:
        test = {"name": script, "cmd": ["bash", "-c", script], "workdir": None, "env": {}, "timeout": timeout}
        result = run_test(test, ".")
        if (result.passed, result.failed, result.skipped) != counts or part not in result.output:
            problems.append(f"{script}: {result.passed, result.failed, result.skipped}, {result.output!r}")
        if result.seconds > 15:
            problems.append(f"{script}: took {result.seconds:.0f} s")
    for name, patterns, expected in NAMES:
        if matches(name, patterns) != expected:
            problems.append(f"{name} with {patterns} should {'' if expected else 'not '}match")
    for problem in problems:
        print(problem)
    print(f"{len(COUNTS) + len(PROGRAMS) + len(NAMES) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
