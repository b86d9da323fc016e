#!/usr/bin/env python3
"""The documents say what is there: tests/docs.py [DIRECTORY] [--write]

A code block after `<!-- quote FILE -->` is what FILE has between its lines `// quickstart` and `// end of quickstart`;
relative links lead to files; every error and every kind of event of mls.h is in docs/, and every function that a
document names is in mls.h. --write writes the quotes anew.
"""
import re
import sys
import textwrap
from pathlib import Path

SKIPPED = ("target", "build", "node_modules", ".git")


def regions(path):
    """The marked regions of a file, each without its indentation."""
    parts = re.findall(r"^ *// quickstart\n(.*?)^ *// end of quickstart\n", path.read_text(), re.M | re.S)
    return "".join(textwrap.dedent(part) + ("\n" if part is not parts[-1] else "") for part in parts)


def documents(root):
    return [path for path in sorted(root.rglob("*.md")) if not any(part in SKIPPED for part in path.relative_to(root).parts)]


def main():
    write = "--write" in sys.argv
    names = [name for name in sys.argv[1:] if name != "--write"]
    root = Path(names[0] if names else ".")
    wrong, quotes, links = [], 0, 0
    for document in documents(root):
        text = document.read_text()

        def quote(found):
            nonlocal quotes
            quotes += 1
            wanted = regions(root / found[2])
            if not wanted:
                wrong.append(f"{document}: {found[2]} has no marked region")
            elif found[4] != wanted and not write:
                wrong.append(f"{document}: the quote is not what {found[2]} says; tests/docs.py --write")
            return found[1] + found[3] + wanted + "```"

        quoted = re.sub(r"(<!-- quote (\S+) -->\n)(```\w*\n)(.*?)```", quote, text, flags=re.S)
        if write and quoted != text:
            document.write_text(quoted)
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
            if re.match(r"[a-z]+:|#", target):
                continue
            links += 1
            if not (document.parent / target.split("#")[0]).exists():
                wrong.append(f"{document}: no {target}")
    if not quotes:
        wrong.append("nothing is quoted")
    said = "".join(path.read_text() for path in documents(root / "docs"))
    header = (root / "include" / "mls.h").read_text()
    names = re.findall(r"^#define (MLS_(?:ERROR|EVENT)_\w+) \d+", header, re.M)
    wrong += [f"docs: {name} is nowhere" for name in names if not re.search(rf"\b{name}\b", said)]
    # A document may name a file or a prefix, but what looks like a function has to be one.
    known = set(re.findall(r"\bmls_\w+", header))
    for document in documents(root):
        for name in set(re.findall(r"`(mls_[a-z_]+[a-z])`", document.read_text())) - known:
            wrong.append(f"{document}: there is no {name}")
    for line in wrong:
        print(line)
    print(f"{quotes} quotes, {links} links, {len(names)} names")
    sys.exit(bool(wrong) or not names)


if __name__ == "__main__":
    main()
