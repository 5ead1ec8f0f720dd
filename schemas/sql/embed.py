#!/usr/bin/env python3
"""Writes the numbered migrations of one dialect into a C file, so that the binary carries them.

    embed.py OUTPUT.c NAME FILE.sql ...

NAME is that of the `struct gal_migrations`. A file is called NNNN-what-it-does.sql; the numbers count from 1
without a gap, and are the schema's version after it.
"""

import os
import sys


def main():
    output, name, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    lines = ["/* Made by schemas/sql/embed.py. */", '#include "store/migration.h"', ""]
    items = []
    for version, path in enumerate(sorted(paths, key=os.path.basename), 1):
        title = os.path.splitext(os.path.basename(path))[0]
        if not title.startswith(f"{version:04d}-"):
            sys.exit(f"embed.py: {path}: number {version:04d} is expected here")
        with open(path, "rb") as file:
            text = file.read() + b"\0"
        lines.append(f"static const char sql_{version}[] = {{")
        # Bytes, not a string: a compiler need not take a long one.
        lines += ["\t" + "".join(f"{byte}," for byte in text[i : i + 24]) for i in range(0, len(text), 24)]
        lines.append("};")
        items.append(f'\t{{ "{title}", sql_{version} }},')
    lines += ["static const struct gal_migration items[] = {", *items, "};"]
    lines += [f"const struct gal_migrations {name} = {{ items, {len(items)} }};", ""]
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(lines))


main()
