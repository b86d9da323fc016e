#!/usr/bin/env python3
"""Every public declaration of the Kotlin package has a comment: kotlin/documented.py [DIRECTORY]

Explicit API mode makes each of them say `public`; what overrides has the comment of what it overrides.
"""
import re
import sys
from pathlib import Path

DECLARATION = re.compile(r"\s*public (?!companion)(?:\w+ )*?(?:class|interface|object|fun|val|var|constructor)\b")


def undocumented(path):
    before = ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        # A constructor of one line with its class is the class's; its parameters follow, each with its own comment.
        if DECLARATION.match(re.sub(r"^\s*(@\w+(\(.*?\))? )*", " ", line)) and not before.endswith("*/"):
            yield f"{path}:{number}: no comment: {line.strip()}"
        if not re.match(r"\s*@", line):
            before = line.rstrip()


def main():
    files = sorted(Path(sys.argv[1] if len(sys.argv) > 1 else "kotlin/mls/src/main").rglob("*.kt"))
    wrong = [line for path in files for line in undocumented(path)]
    print("\n".join(wrong) or f"{len(files)} files, every public declaration documented")
    sys.exit(bool(wrong) or not files)


if __name__ == "__main__":
    main()
