#!/usr/bin/env python3
"""Holds the sources to the table of ARCHITECTURE.md: who may include whom, and a few habits of files.

    layering.py [ROOT]

Each file counts as one case. The rules first prove themselves on small trees that break one rule each, so
that a table that no longer parses, or a pattern that no longer matches, cannot pass as "all is well".
"""

import os
import re
import sys
import tempfile

LINES_MAX = 900

# A header that stands for a library of the table's last column.
LIBRARY_OF_HEADER = (
    ("jansson.h", "jansson"), ("pcre2.h", "pcre2"), ("openssl/", "libcrypto"), ("uv.h", "libuv"),
    ("curl/", "libcurl"), ("sqlite3.h", "sqlite3"), ("libpq-fe.h", "libpq"), ("microhttpd.h", "libmicrohttpd"),
    ("uthash.h", "uthash"),
)
# The part of the C library that computes only. The pure folders get nothing else.
PURE_HEADERS = set(
    "assert byteswap ctype endian errno float inttypes limits math setjmp stdalign stdarg stdbool stddef stdint stdio stdlib string strings".split()
)
# The rest of what the system offers; a header in neither set belongs to a library that the table must name.
SYSTEM_HEADERS = PURE_HEADERS | set(
    "dirent execinfo fcntl fenv fnmatch getopt glob grp iconv langinfo libgen locale malloc netdb poll pthread"
    " pwd sched signal spawn stdatomic syslog termios threads time unistd wchar wctype".split()
)
SYSTEM_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/")
PURE_FOLDERS = ("base", "expr", "definition", "machine")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)


class Folder:
    def __init__(self, name, allowed, libraries, to_come):
        self.name, self.allowed, self.libraries, self.to_come = name, allowed, libraries, to_come


def read_table(text):
    """The folders of the table, by name; `None` stands for "anything"."""
    folders = {}
    for line in text.splitlines():
        match = re.match(r"\| `(\w+)/` \| (.*?) \| (.*?) \| (.*?) ?\|$", line)
        if not match:
            continue
        name, purpose, allowed, libraries = match.groups()
        if allowed == "anything":
            names = None
        elif allowed == "all above":
            names = set(folders)
        else:
            names = set(allowed.replace("-", " ").split())
        libraries = None if libraries == "anything" else set(libraries.replace(",", " ").split())
        folders[name] = Folder(name, names, libraries, purpose.startswith("to come"))
    return folders


def table_problems(folders, present):
    """Faults of the table itself, and between it and the folders of src/ that hold files."""
    if not folders:
        return ["ARCHITECTURE.md: no table of folders found"]
    problems, above = [], {"include"}
    for folder in folders.values():
        for name in sorted((folder.allowed or set()) - above):
            problems.append(f"ARCHITECTURE.md: {folder.name}/ names {name}, which is not a row above it")
        above.add(folder.name)
    for name in sorted(present - set(folders)):
        problems.append(f"src/{name}/: has no row in ARCHITECTURE.md")
    for folder in folders.values():
        if folder.to_come == (folder.name in present):
            state = "is there, but marked" if folder.to_come else "is empty, but not marked"
            problems.append(f"ARCHITECTURE.md: {folder.name}/ {state} 'to come'")
    return problems


def include_problems(path, text, folder, root):
    """Faults of the include lines of src/FOLDER/..."""
    problems = []
    includes = INCLUDE.findall(COMMENT.sub("", text))
    for kind, name in includes:
        if kind == '"':
            target = name.split("/")[0]
            if "/" not in name:
                problems.append(f'"{name}" does not name its folder')
            elif not os.path.exists(os.path.join(root, "src", name)):
                problems.append(f'"{name}" is not a file of src/')
            elif target != folder.name and folder.allowed is not None and target not in folder.allowed:
                problems.append(f"{folder.name}/ may not include {target}/ ({name})")
        else:
            problems += system_header_problems(name, folder)
    own = re.sub(r"\.c$", ".h", path)
    if path.endswith(".c") and os.path.exists(os.path.join(root, own)):
        wanted = os.path.relpath(own, "src")
        if not includes or includes[0][1] != wanted:
            problems.append(f'must include its own header first: "{wanted}"')
    return problems


def system_header_problems(name, folder):
    for prefix, library in LIBRARY_OF_HEADER:
        if name == prefix or (prefix.endswith("/") and name.startswith(prefix)):
            if folder.libraries is not None and library not in folder.libraries:
                return [f"{folder.name}/ may not use {library} (<{name}>)"]
            return []
    stem = name[:-2] if name.endswith(".h") else name
    if folder.name in PURE_FOLDERS and stem not in PURE_HEADERS:
        return [f"{folder.name}/ is pure: <{name}> is not for it"]
    if stem not in SYSTEM_HEADERS and not name.startswith(SYSTEM_FOLDERS):
        return [f"<{name}>: which library is this? Name it in tests/layering.py and in ARCHITECTURE.md"]
    return []


def guard_problems(path, text):
    guard = "GAL_" + re.sub(r"[^A-Z0-9]", "_", os.path.relpath(path, "src").upper())
    lines = [line for line in COMMENT.sub("", text).splitlines() if line.strip()]
    if lines[:2] != [f"#ifndef {guard}", f"#define {guard}"]:
        return [f"the include guard should be {guard}"]
    return []


def file_problems(path, root, folders):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    problems = []
    lines = text.count("\n")
    if lines > LINES_MAX:
        problems.append(f"{lines} lines; past {LINES_MAX} there is a second room in it")
    parts = path.split(os.sep)
    if parts[0] == "src" and path.endswith((".c", ".h")):
        if len(parts) == 2:
            problems.append("belongs into a folder of src/")
        elif parts[1] in folders:
            problems += include_problems(path, text, folders[parts[1]], root)
        if path.endswith(".h"):
            problems += guard_problems(path, text)
    return [f"{path}: {problem}" for problem in problems]


def source_files(root):
    for top in ("src", "include", "tests", "bench", "tools"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(name for name in folders if name not in ("node_modules", "__pycache__"))
            for name in sorted(names):
                if name.endswith((".c", ".h", ".py", ".js", ".sh")) or (top == "tools" and "." not in name):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check(root):
    """Returns (number of cases, problems)."""
    with open(os.path.join(root, "ARCHITECTURE.md"), encoding="utf-8") as file:
        folders = read_table(file.read())
    files = list(source_files(root))
    present = {path.split(os.sep)[1] for path in files if path.startswith("src" + os.sep) and path.count(os.sep) > 1}
    problems = table_problems(folders, present)
    for path in files:
        problems += file_problems(path, root, folders)
    return 1 + len(files), problems


# --------------------------------------------------------------------------
# The rules prove themselves
# --------------------------------------------------------------------------

GOOD_TREE = {
    "ARCHITECTURE.md": "| `base/` | x | - | jansson |\n| `machine/` | x | base | jansson |\n"
    "| `net/` | x | base | libuv |\n| `store/` | to come: x | base | |\n| `cli/` | x | anything | anything |\n",
    "src/base/a.h": "/* a.h */\n#ifndef GAL_BASE_A_H\n#define GAL_BASE_A_H\n#include <jansson.h>\n#endif\n",
    "src/base/a.c": '#include "base/a.h"\n\n#include <string.h>\n',
    "src/machine/m.c": '#include <stdio.h>\n#include "base/a.h"\n/* #include "net/n.h" is only a comment */\n',
    "src/net/n.h": "#ifndef GAL_NET_N_H\n#define GAL_NET_N_H\n#include <uv.h>\n#include <sys/wait.h>\n#endif\n",
    "src/cli/main.c": '#include <uv.h>\n#include <curl/curl.h>\n#include "net/n.h"\n',
}
BREACHES = (  # what is wrong, the file that has it, its text, a part of the complaint
    ("a folder that its row does not name", "src/machine/m.c", '#include "net/n.h"\n', "may not include net/"),
    ("the same with blanks in the line", "src/machine/m.c", ' #  include "net/n.h"\n', "may not include net/"),
    ("an include without its folder", "src/base/b.c", '#include "a.h"\n', "does not name its folder"),
    ("an include that climbs", "src/base/b.c", '#include "../net/n.h"\n', "is not a file of src/"),
    ("a library that its row does not name", "src/machine/m.c", "#include <uv.h>\n", "may not use libuv"),
    ("a library in a subfolder", "src/base/sub/b.c", "#include <curl/multi.h>\n", "may not use libcurl"),
    ("a library that nobody knows", "src/net/b.c", "#include <zlib.h>\n", "which library"),
    ("a clock below the pure line", "src/machine/m.c", "#include <time.h>\n", "is pure"),
    ("a foreign guard", "src/base/b.h", "#ifndef B_H\n#define B_H\n#endif\n", "GAL_BASE_B_H"),
    ("its own header second", "src/base/a.c", '#include <string.h>\n#include "base/a.h"\n', "own header first"),
    ("a file too long", "src/base/b.c", "\n" * (LINES_MAX + 1), "lines; past"),
    ("a folder without a row", "src/engine/e.c", "\n", "has no row"),
    ("a folder that came", "src/store/s.c", "\n", "marked 'to come'"),
    ("a source outside of folders", "src/x.c", "\n", "belongs into a folder"),
    ("a row that looks down", "ARCHITECTURE.md", "| `base/` | x | net | |\n| `net/` | x | base | |\n", "not a row above"),
    ("no table", "ARCHITECTURE.md", "| folder | may include |\n", "no table"),
)


def problems_of_tree(tree):
    with tempfile.TemporaryDirectory() as root:
        for path, text in tree.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)[1]


def prove_rules():
    """Returns (number of cases, problems)."""
    problems = [f"a good tree is refused: {problem}" for problem in problems_of_tree(GOOD_TREE)]
    for what, path, text, complaint in BREACHES:
        found = problems_of_tree({**GOOD_TREE, path: text})
        if not any(complaint in problem for problem in found):
            problems.append(f"not noticed: {what} (found {found})")
    return 1 + len(BREACHES), problems


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    rules, rule_problems = prove_rules()
    files, file_faults = check(root)
    for problem in rule_problems + file_faults:
        print(problem)
    failed = len(rule_problems) + len({problem.split(": ")[0] for problem in file_faults})
    print(f"{rules + files - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
