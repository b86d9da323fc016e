#!/usr/bin/env python3
"""The public API of the package, a symbol a line, sorted: its name, a tab, its declaration.

    dump.py SYMBOLS.json                 prints it: `MLSGroup.encrypt(_:options:)<tab>func encrypt(_ data: Data, ...`
    dump.py SYMBOLS.json --check FILE    fails if FILE is another one, or if a symbol has no documentation
"""
import difflib
import json
import sys
from pathlib import Path


def lines(graph):
    for symbol in graph["symbols"]:
        declaration = "".join(part["spelling"] for part in symbol["declarationFragments"])
        yield ".".join(symbol["pathComponents"]) + "\t" + " ".join(declaration.split())


def undocumented(graph):
    """Ours without a comment; what the compiler derives, or a protocol of Swift's brings, has none to have."""
    ours = {symbol["identifier"]["precise"]: symbol for symbol in graph["symbols"]}
    brought = {edge["source"] for edge in graph["relationships"]
               if "sourceOrigin" in edge or edge["kind"] == "defaultImplementationOf"}
    for identifier, symbol in ours.items():
        if "docComment" not in symbol and "location" in symbol and identifier not in brought:
            yield ".".join(symbol["pathComponents"])


def main():
    graph = json.loads(Path(sys.argv[1]).read_text())
    now = sorted(set(lines(graph)))
    if sys.argv[2:3] != ["--check"]:
        print("\n".join(now))
        return
    wrong = [f"not documented: {name}" for name in undocumented(graph)]
    recorded = Path(sys.argv[3]).read_text().splitlines()
    wrong += difflib.unified_diff(recorded, now, "recorded", "now", lineterm="", n=0)
    print("\n".join(wrong) or f"{len(now)} public symbols, as recorded, each documented")
    sys.exit(bool(wrong) or not now)


if __name__ == "__main__":
    main()
