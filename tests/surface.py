#!/usr/bin/env python3
"""Every function of mls.h is documented, called in mls.hpp, and misused: misuse.py calls it, and the tests in C try NULL
for each of its pointers.

    tests/surface.py [--header FILE] [--hpp FILE] [--tests DIRECTORY]
"""
import argparse
import importlib.util
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load(path):
    """A Python file as a module, without leaving its bytecode beside it."""
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code(text):
    """Without comments, and with every string empty: a name in either is no call."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', lambda found: '""' if found[1] else " ", text, flags=re.S)


def calls(text):
    """(name, arguments) of every call."""
    for match in re.finditer(r"\b(mls_\w+)\s*\(", text):
        arguments, depth, begin, at = [], 1, match.end(), match.end()
        while depth and at < len(text):
            depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[at], 0)
            if depth == 0 or depth == 1 and text[at] == ",":
                arguments.append(text[begin:at].strip())
                begin = at + 1
            at += 1
        yield match[1], arguments


def documented(header, name):
    """Whether a comment stands right above the declaration, which may begin some lines before its name."""
    lines = header.splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(rf"[^/#]*\b{name}\(", line))
    while at > 0 and lines[at - 1].strip() and not lines[at - 1].startswith("//"):
        at -= 1
    return at > 0 and lines[at - 1].startswith("/// ")


def missing(header, hpp, tests):
    """What is wrong, a line each; and the number of functions."""
    misuse = load(tests / "misuse.py")
    functions = list(misuse.functions(header))
    names = {name for _, name, _ in functions}
    # What misuse.py cannot read, it would leave out in silence.
    declarations = re.sub(r"^\s*#.*", "", code(header), flags=re.M)
    problems = [f"{name} is in the header, but misuse.py does not read it"
                for name in sorted(set(re.findall(r"\b(mls_\w+)\(", declarations)) - names)]

    called, nulls = set(), set()
    generated = misuse.program(header)
    for text in [generated, *(path.read_text() for path in sorted(tests.glob("*.[ch]")))]:
        for name, arguments in calls(code(text)):
            if text is generated:
                called.add(name)
            nulls |= {(name, i) for i, argument in enumerate(arguments) if argument in ("NULL", "MLS_DEFAULTS")}

    used = set(re.findall(r"\bmls_\w+", code(hpp)))
    for _, name, parameters in functions:
        if not documented(header, name):
            problems.append(f"{name} has no comment")
        if name not in used:
            problems.append(f"{name} is not called in C++")
        if name not in called:
            problems.append(f"{name} is not called by misuse.py")
        for index, (kind, parameter) in enumerate(parameters):
            if ("*" in kind or kind.endswith("_fn")) and (name, index) not in nulls:
                problems.append(f"{name} is never tried with NULL for {parameter}")
    return problems, len(functions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", type=Path, default=ROOT / "include/mls.h")
    parser.add_argument("--hpp", type=Path, default=ROOT / "include/mls.hpp")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests/c")
    given = parser.parse_args()
    problems, count = missing(given.header.read_text(), given.hpp.read_text(), given.tests)
    print("\n".join(problems) or f"{count} functions, each documented, in C++, and misused")
    sys.exit(bool(problems) or count == 0)


if __name__ == "__main__":
    main()
