#!/usr/bin/env python3
"""Writes the table of actions and shapes (states.json) into a C file of constants for src/api/shape.h.

    embed.py OUTPUT.c states.json

Two orders are worked out here, because the service's own texts show them. Both are those of hash tables of Java:

- The values of an enumeration ("... must satisfy enum value set: [SUCCEEDED, TIMED_OUT, ...]") stand in 32 buckets by
  String.hashCode(), the later one first in its bucket. It gives ExecutionStatus as recorded from Step Functions, and
  what is known of enumerations of DynamoDB and Kinesis.
- The members of a structure, where several faults are joined into one text, stand as in the HashMap of Java 7: 16
  buckets (doubled when three quarters full) and its spreading of the hash. Known from other services that answer with
  these texts (Kinesis, DynamoDB), but for the order within a bucket; no text of Step Functions itself with two
  faults was recorded.
"""

import json
import re
import sys

# Classes that Java's regular expressions know and PCRE2 does not.
JAVA_CLASSES = {"\\p{ASCII}": "[\\x00-\\x7F]"}


def hash_code(text):
    """String.hashCode(), as 32 bits without sign."""
    code = 0
    units = text.encode("utf-16-be")
    for i in range(0, len(units), 2):
        code = (31 * code + (units[i] << 8 | units[i + 1])) & 0xFFFFFFFF
    return code


def spread(code):
    """HashMap.hash() of Java 7."""
    code ^= code >> 20 ^ code >> 12
    return code ^ code >> 7 ^ code >> 4


def in_buckets(names, bucket_of):
    """Names in the order of their buckets, later ones first within one."""
    return sorted(reversed(names), key=bucket_of)


def value_order(names):
    return in_buckets(list(names), lambda name: hash_code(name) % 32)


def member_order(names):
    names, buckets = list(names), 16
    while len(names) > buckets * 3 // 4:
        buckets *= 2
    return in_buckets(names, lambda name: spread(hash_code(name)) % buckets)


def quoted(text):
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pcre_of(pattern):
    for java, pcre in JAVA_CLASSES.items():
        pattern = pattern.replace(java, pcre)
    unknown = re.search(r"\\[pP]\{\w{3,}\}", pattern)
    if unknown:
        sys.exit(f"embed.py: what is {unknown.group()} to PCRE2? Add it to JAVA_CLASSES")
    return pattern


class Table:
    def __init__(self, table):
        self.table, self.shapes = table, table["shapes"]
        self.lines, self.written, self.patterns = [], [], []

    def parts_of(self, name):
        shape = self.shapes[name]
        return list(shape.get("members", {}).values()) + [shape[part] for part in ("key", "item") if part in shape]

    def is_sensitive(self, name):
        """Also what holds something sensitive is not to be shown."""
        return self.shapes[name].get("sensitive", False) or any(map(self.is_sensitive, self.parts_of(name)))

    def check_request(self, name):
        """validate.c has no texts for maps: none was in a request when it was written."""
        if self.shapes[name]["type"] == "map":
            sys.exit(f"embed.py: {name} is a map in a request; src/api/validate.c would have to learn its texts")
        for part in self.parts_of(name):
            self.check_request(part)

    def pattern_of(self, name):
        pattern = self.shapes[name].get("pattern")
        if pattern is None:
            return -1
        if pattern not in self.patterns:
            self.patterns.append(pattern)
        return self.patterns.index(pattern)

    def write_shape(self, name, above=()):
        if name in above:
            sys.exit(f"embed.py: {name} contains itself; recursion over shapes would have no end")
        if name in self.written:
            return
        for part in self.parts_of(name):
            self.write_shape(part, (*above, name))
        self.written.append(name)
        shape = self.shapes[name]
        fields = [f".name = {quoted(name)}", f".type = GAL_SHAPE_{shape['type'].upper()}"]
        fields += [f".min = {shape['min']}" if "min" in shape else ".min = INT64_MIN"]
        fields += [f".max = {shape['max']}" if "max" in shape else ".max = INT64_MAX"]
        fields += [f".pattern = {self.pattern_of(name)}"]
        fields += [".sensitive = true"] if self.is_sensitive(name) else []
        fields += [".in_bytes = true"] if shape.get("unit") == "bytes" else []
        fields += [f".{part} = &shape_{shape[part]}" for part in ("key", "item") if part in shape]
        if shape.get("members"):
            self.lines.append(f"static const struct gal_shape_member members_{name}[] = {{")
            for member in member_order(shape["members"]):
                required = ", true" if member in shape.get("required", ()) else ""
                self.lines.append(f"\t{{ {quoted(member)}, &shape_{shape['members'][member]}{required} }},")
            self.lines.append("};")
            fields += [f".members = members_{name}", f".member_count = {len(shape['members'])}"]
        if "values" in shape:
            ordered = value_order(shape["values"])
            values = ", ".join(map(quoted, ordered))
            self.lines.append(f"static const char *const values_{name}[] = {{ {values}, NULL }};")
            fields += [f".values = values_{name}", f".value_set = {quoted('[' + ', '.join(ordered) + ']')}"]
        self.lines.append(f"static const struct gal_shape shape_{name} = {{ {', '.join(fields)} }};")

    def write_actions(self):
        rows = []
        for name, action in sorted(self.table["actions"].items()):
            self.check_request(action["request"])
            for shape in (action["request"], action["response"], *action["errors"]):
                self.write_shape(shape)
            errors = ", ".join([f"&shape_{error}" for error in action["errors"]] + ["NULL"])
            self.lines.append(f"static const struct gal_shape *const errors_{name}[] = {{ {errors} }};")
            rows.append(
                f"\t{{ {quoted(name)}, &shape_{action['request']}, &shape_{action['response']}, errors_{name},"
                f" {quoted(action.get('hostPrefix'))}, {'true' if action.get('idempotent') else 'false'} }},"
            )
        self.lines += ["const struct gal_action_shape gal_action_shapes[] = {", *rows, "};"]
        self.lines.append(f"const size_t gal_action_shape_count = {len(rows)};")

    def text(self):
        self.write_actions()
        self.lines.append("const struct gal_shape_pattern gal_shape_patterns[] = {")
        self.lines += [f"\t{{ {quoted(pattern)}, {quoted(pcre_of(pattern))} }}," for pattern in self.patterns]
        self.lines += ["};", f"const size_t gal_shape_pattern_count = {len(self.patterns)};", ""]
        return "\n".join(["/* Made by schemas/api/embed.py. */", '#include "api/shape.h"', "", *self.lines])


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        text = Table(json.load(file)).text()
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
