"""What `galliard` tells of itself: the help of each verb, the man page, completion in bash and zsh.

    run_help.py GALLIARD

All of them come out of one table, so they are held to each other, and to the actions of the API in
schemas/api/states.json. tests/cases/completion/ has what shells are to offer: `words` and what the function of bash
`offers` for the last of them; `line`s that are typed into a shell with a Tab behind, and the words that each `becomes`.
A tool that is not installed (zsh, mandoc, man, groff) is done without: bash is, wherever this runs.
"""
import concurrent.futures
import functools
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "completion"
TYPED_SECONDS_MAX = 30
LINE_MAX = 150
# Each prints nothing about a page that is right.
LINTS = (["mandoc", "-Tlint", "-W", "warning"], ["man", "--warnings", "-E", "UTF-8", "-l", "-Z"], ["groff", "-ww", "-z", "-man", "-Tutf8"])


class Fault(Exception):
    pass


def demand(condition, message):
    if not condition:
        raise Fault(message)


def run(galliard, *words):
    result = subprocess.run([galliard, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    demand(result.returncode == 0, "%s: exit %d: %s" % (" ".join(words), result.returncode, result.stderr[:1000]))
    demand(result.stderr == "", "%s: %s" % (" ".join(words), result.stderr[:1000]))
    return result.stdout


def load(name):
    return json.loads((CASES / name).read_text())


@functools.cache
def verbs_of(galliard):
    """Name -> its help."""
    page = run(galliard, "man")
    names = []
    for title in re.findall(r'^\.SS "galliard (.*)"$', page, re.M):
        words = title.replace("\\-", "-").split(" ")
        second = [words[1]] if len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]) else []
        names.append(" ".join(words[:1] + second))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(lambda name: run(galliard, *name.split(" "), "--help"), names)))


def options_of(text):
    return set(re.findall(r"^  (--[a-z-]+)", text, re.M))


# Help.

def help_of_each_verb(galliard):
    verbs = verbs_of(galliard)
    demand(len(verbs) > 40, "the man page has %d verbs" % len(verbs))
    for name, text in verbs.items():
        demand(text.startswith("usage: galliard %s " % name) or text.startswith("usage: galliard %s\n" % name), "%s: %s" % (name, text[:200]))
        demand("Exit status: " in text, "%s does not say how it ends" % name)
        demand(not re.search("  as in the API(:.*)?$", text, re.M), "%s has an option without a text of its own" % name)
        for line in text.splitlines():
            demand(len(line) <= LINE_MAX, "%s: a line of %d characters: %s" % (name, len(line), line))
    for name in ("run", "alias create"):
        demand(run(galliard, "help", *name.split(" ")) == verbs[name], "help %s" % name)


def help_lists_each_verb(galliard):
    text = run(galliard, "--help")
    for name in verbs_of(galliard):
        first, _, second = name.partition(" ")
        demand(re.search(r"^  %s( .*)?\b%s" % (first, second), text, re.M), "--help does not list %s" % name)
    demand(len(text.splitlines()) < 70, "--help is a wall of %d lines" % len(text.splitlines()))
    demand(max(map(len, text.splitlines())) <= 100, "--help has long lines")


def every_action_has_a_verb(galliard):
    actions = set(json.loads((ROOT / "schemas" / "api" / "states.json").read_text())["actions"])
    told = {}
    for name, text in verbs_of(galliard).items():
        for action in re.findall(r"[A-Z]\w+", "".join(re.findall(r"^Action of the API: (.*)\.$", text, re.M))):
            demand(action not in told, "%s is %s and %s" % (action, name, told.get(action)))
            told[action] = name
    demand(set(told) == actions, "without a verb: %s; unknown: %s" % (actions - set(told), set(told) - actions))
    text = run(galliard, "completion", "bash")
    demand(actions <= set(re.search(r"operands='([^']*CreateActivity[^']*)'", text).group(1).split()), "call completes actions")


# The man page.

def the_man_page(galliard):
    page = run(galliard, "man")
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "galliard.1")
        path.write_text(page)
        for lint in LINTS:
            if not shutil.which(lint[0]):
                continue
            result = subprocess.run([*lint, str(path)], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "80"})
            faults = result.stderr + ("" if lint[0] == "man" else result.stdout)
            demand(result.returncode == 0 and not faults, "%s: %s" % (lint[0], faults[:2000]))
        if shutil.which("man"):
            result = subprocess.run(["man", "-l", str(path)], capture_output=True, text=True,
                                    env={**os.environ, "MANWIDTH": "500", "LC_ALL": "C.UTF-8"})
            demand("'{\"id\": 7}'" in result.stdout and "--input" in result.stdout, "quotes and dashes stay themselves")


# Completion.

def completion_offers_each_option(galliard):
    verbs = verbs_of(galliard)
    offered = offers_of_bash(galliard, [["galliard", *name.split(" "), "--"] for name in verbs], [])
    for (name, text), words in zip(verbs.items(), offered):
        demand(options_of(text) == set(words), "%s: help has %s, completion %s" % (name, options_of(text), set(words)))


def offers_of_bash(galliard, lines, files):
    """What the function of bash answers, a list a line."""
    script = "set -u\n" + run(galliard, "completion", "bash") + "\n"
    for words in lines:
        # bash breaks words at an '@', and keeps it in what is to be replaced: the second argument.
        replaced = ("@" if words[-2].endswith("@") else "") + words[-1]
        script += "COMP_WORDS=(%s); COMP_CWORD=%d; COMPREPLY=()\n" % (shlex.join(words), len(words) - 1)
        script += "_galliard galliard %s %s\n" % (shlex.quote(replaced), shlex.quote(words[-2]))
        script += "printf '%s\\x1f' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}; printf '\\n'\n"
    with tempfile.TemporaryDirectory() as directory:
        for name in files:
            pathlib.Path(directory, name).touch()
        result = subprocess.run(["bash", "--norc"], input=script, capture_output=True, text=True, cwd=directory, timeout=120)
    demand(result.stderr == "", "bash: %s" % result.stderr[:2000])
    return [[word for word in line.split("\x1f") if word] for line in result.stdout.split("\n")[:len(lines)]]


def completion_of_words(galliard):
    cases = load("words.json")
    offered = offers_of_bash(galliard, [case["words"] for case in cases["cases"]], cases["files"])
    for case, words in zip(cases["cases"], offered):
        demand(sorted(words) == case["offers"], "%s: expected %s, was %s" % (case["words"], case["offers"], sorted(words)))


class Shell:
    """One on a terminal."""

    def __init__(self, command, directory, setup):
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "PS1": "", "HOME": directory, "ZDOTDIR": directory, "HISTFILE": "", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=directory, env=environment, start_new_session=True)
        os.close(theirs)
        self.terminal = ours
        self.wait_for(setup + "; printf '<%s>\\n' READY\n", "<READY>")

    def wait_for(self, text, pattern):
        """What comes up to a line that matches."""
        os.write(self.terminal, text.encode())
        seen, end = "", time.monotonic() + TYPED_SECONDS_MAX
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.2)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")
            if re.search("^" + pattern + "$", seen, re.M):
                return seen
        raise Fault("%r brings no %s, but %r" % (text, pattern, seen[-1000:]))

    def complete(self, line):
        """The words of the line when Tab was pressed: it becomes the arguments of printf."""
        os.write(self.terminal, (line + "\t").encode())
        time.sleep(0.3)
        seen = self.wait_for("\x01printf '<%s>\\n' \x05 '' END\n", "<END>")
        return re.findall(r"^<(.*)>$", seen, re.M)[:-2]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def type_into(galliard, command, setup):
    cases = load("typed.json")
    with tempfile.TemporaryDirectory() as directory:
        for name in cases["files"]:
            pathlib.Path(directory, name).touch()
        script = pathlib.Path(directory, "functions")
        script.mkdir()
        (script / "_galliard").write_text(run(galliard, "completion", command[0]))
        shell = Shell(command, directory, setup)
        try:
            for case in cases["cases"]:
                becomes = shell.complete(case["line"])
                demand(becomes == case["becomes"], "%s: %r: expected %s, was %s" % (command[0], case["line"], case["becomes"], becomes))
        finally:
            shell.close()


def completion_typed_into_bash(galliard):
    type_into(galliard, ["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'; source functions/_galliard")


def completion_typed_into_zsh(galliard):
    if not shutil.which("zsh"):
        return
    type_into(galliard, ["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste prompt_cr prompt_sp; unset zle_bracketed_paste; bindkey -e; "
              "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D -u")
    type_into(galliard, ["zsh", "-f", "-i"], "unset zle_bracketed_paste; bindkey -e; autoload -Uz compinit; compinit -D -u; source functions/_galliard")


TESTS = (help_of_each_verb, help_lists_each_verb, every_action_has_a_verb, the_man_page, completion_offers_each_option,
         completion_of_words, completion_typed_into_bash, completion_typed_into_zsh)


def main(galliard):
    failed = 0
    for test in TESTS:
        try:
            test(galliard)
            print("ok   %s" % test.__name__, flush=True)
        except Fault as fault:
            failed += 1
            print("FAIL %s\n     %s" % (test.__name__, str(fault).replace("\n", "\n     ")), flush=True)
    print("%d passed, %d failed" % (len(TESTS) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1])))
