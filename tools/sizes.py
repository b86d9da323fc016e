#!/usr/bin/env python3
"""The sizes of the libraries that are built, beside what they may have: tools/sizes.py [FILE] [--parts LIBRARY]

FILE is bindings/sizes: path, most bytes, what it is. Exit 1 if one has more, or if none is built. --parts says what of an
unstripped library is whose, by the sizes of its symbols.
"""
import re
import subprocess
import sys
from pathlib import Path

OWNERS = [
    ("SQLite", r"sqlite3|(vdbe|pager|btree|wal|unix|pcache|fts|json|where|expr|select)[A-Z]"),
    ("AWS-LC", r"aws_lc_|bn_|ec_|EC_|EVP_|RSA_|ml_kem|ml_dsa|sha\d|aes|gcm|curve25519|p256|p384|p521|fiat|ecp_nistz"),
    ("UniFFI's exports", r"uniffi_|ffi_mls|UNIFFI"),
    ("C exports", r"mls_"),
    ("mls-rs", r".*mls_rs"),
    ("libmls", r".*(3mls\d|_R\w*3mls)"),
    ("Rust, others", r"_ZN|_R|anon\.|str\."),
]


def parts(library):
    found = dict.fromkeys([name for name, _ in OWNERS] + ["others"], 0)
    for line in subprocess.run(["nm", "--print-size", library], capture_output=True, text=True, check=True).stdout.splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) == 4 and fields[2].lower() in "tdrbv":
            owner = next((name for name, pattern in OWNERS if re.match(pattern, fields[3])), "others")
            found[owner] += int(fields[1], 16) if fields[2].lower() != "b" else 0
    for name, size in sorted(found.items(), key=lambda pair: -pair[1]):
        print(f"    {size:9,}  {name}")


def main():
    arguments = sys.argv[1:]
    library = arguments.pop(arguments.index("--parts") + 1) if "--parts" in arguments else None
    file = next((argument for argument in arguments if not argument.startswith("--")), "bindings/sizes")
    wrong = built = 0
    for line in Path(file).read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        path, most, what = line.split(maxsplit=2)
        if not Path(path).exists():
            print(f"{'not built':>10}  of at most {int(most):9,}  {path}: {what}")
            continue
        size, built = Path(path).stat().st_size, built + 1
        print(f"{size:10,}  of at most {int(most):9,}  {path}: {what}")
        if size > int(most):
            wrong += 1
            print(f"            too large by {size - int(most):,}")
    if library:
        print(f"by the symbols of {library}:")
        parts(library)
    sys.exit(bool(wrong) or not built)


if __name__ == "__main__":
    main()
