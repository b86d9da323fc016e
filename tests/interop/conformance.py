#!/usr/bin/env python3
"""Writes the counts in docs/conformance.md, from the logs of the suites that made them; `--check` only compares.

The page's block between `<!-- counts -->` and `<!-- end of counts -->` is what this prints. It takes the last lines of
build/vectors and build/interop*, so it is to be run after `make vectors interop`.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "conformance.md"


def lines(path, pattern):
    """The lines of a log that match; a log that is not there has shown nothing."""
    log = ROOT / "build" / path
    if not log.exists():
        return [f"NOT RUN: {path}"]
    return [line for line in log.read_text().splitlines() if re.search(pattern, line)] or [f"NOTHING in {path}"]


def counts():
    shown = lines("vectors/passive", r"^(suite|passive client:)")
    shown += [line.lstrip(".") for line in lines("vectors/rust", r"^\.?(messages|crypto-basics|deserialization|ratchet trees)\b")]
    shown += [f"own transcripts: {line}" for line in lines("transcripts/passive", r"^passive client:")]
    for name in ("interop/libmls", "interop/openmls"):
        shown += lines(name, r"^(interop |expected failure|left out).*(:|;)")
    for name in ("interop-bouncycastle", "interop-ts-mls"):
        shown += lines(f"log/{name}.log", r"^(interop .*passed|expected failure|left out)")
    for name in ("interop-grpc/alone", "interop-grpc/apart", "log/interop-grpc-bouncycastle.log"):
        shown += [f"harness: {line}" for line in lines(name, r"^(.* scenarios passed|expected of )")]
    return "\n".join(shown)


def main():
    before, rest = PAGE.read_text().split("<!-- counts -->\n")
    _, after = rest.split("<!-- end of counts -->")
    page = f"{before}<!-- counts -->\n```\n{counts()}\n```\n<!-- end of counts -->{after}"
    if "--check" in sys.argv[1:]:
        sys.exit(page != PAGE.read_text() and "docs/conformance.md has other counts")
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
