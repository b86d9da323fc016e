#!/usr/bin/env python3
"""libmls beside bare mls-rs and OpenMLS: `make bench`, about five minutes; MLS_TORTURE=1 for the long form, MLS_BENCH_SIZES
for other numbers of members.

    benches/run.py [--docs]    runs, prints tables and verdicts; --docs writes them into docs/performance.md

Each library is a process that reads commands (benches/libmls.cpp, benches/peers). They join the same groups and take
turns, a few steps each, so that whatever else the machine does meets all of them. What is measured lies in
build/bench/results.json. Only figures are judged here, and nothing fails because of them.
"""
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
FIXTURES = WORK / "fixtures"
LONG = bool(os.environ.get("MLS_TORTURE"))
SIZES = [int(size) for size in os.environ.get("MLS_BENCH_SIZES", "2 10 100 1000 5000").split()] + [10000] * LONG
# Seconds that a library may take for one kind of step in one group before it sits out the remaining rounds.
BUDGET = 20.0 if LONG else 1.0
ROUNDS = 40 if LONG else 8
JOINS = 10 if LONG else 3
# Making larger warm groups, and adding more members at once, takes minutes.
SHORT_MAX = SIZES[-1] if LONG else 1000
CONTESTANTS = ["libmls-memory", "libmls-sqlite", "mls-rs-memory", "mls-rs-sqlite", "openmls-memory", "openmls-sqlite"]
MESSAGE = 32
BACKLOG = 100
# A full send window of libmls: each round then has one of each thing that happens now and then.
WINDOW = 64
# OpenMLS takes key packages that live 84 days; those of the fixtures live 60.
FIXTURE_SECONDS = 14 * 86_400


def targets_directory():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()


def parsed(lines):
    """{series: [(value, bytes written, CPU)]}"""
    series = (line.rstrip("\n").split("\t") for line in lines)
    return {name: [tuple(int(number) for number in value.split(":")) for value in values.split()]
            for name, values in series}


class Contestant:
    def __init__(self, name, directory):
        self.name = name
        self.directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        program = WORK / "libmls" if name.startswith("libmls") else PEERS
        self.process = subprocess.Popen([program, name, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def do(self, *words):
        """The answer to a command."""
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "end\n":
                return parsed(lines)
            lines.append(line)
        sys.exit(f"{self.name} ended at: {words}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.directory)


class Results:
    """results[group][contestant][series] = [[value, bytes written, CPU], ...]; a group is a shape and a size."""

    def __init__(self, groups=None):
        self.groups = groups or {}

    def add(self, group, contestant, answer, each=None):
        series = self.groups.setdefault(group, {}).setdefault(contestant, {})
        for name, values in answer.items():
            series.setdefault(name, []).extend(list(value) for value in values)
            # The mean of a chunk: what happens once in a window is in it.
            if name == each:
                count = len(values)
                series.setdefault(name + " amortised", []).append(
                    [sum(value[which] for value in values) / count for which in range(3)])

    def of(self, group, contestant, name, which=0):
        return [value[which] for value in self.groups.get(group, {}).get(contestant, {}).get(name, [])]

    def median(self, group, contestant, name, which=0):
        values = self.of(group, contestant, name, which)
        return statistics.median(values) if values else None

    def worst(self, group, contestant, name, which=0):
        return max(self.of(group, contestant, name, which), default=None)


def say(text):
    print(f"[{time.monotonic() - BEGUN:5.0f} s] {text}", flush=True)


def build():
    library = ROOT / "build" / "lib" / "libmls.a"
    subprocess.run(["g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include",
                    ROOT / "benches" / "libmls.cpp", library, "-lpthread", "-lm", "-ldl", "-o", WORK / "libmls"],
                   check=True)
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--target-dir",
                    targets_directory() / "peers"], cwd=ROOT / "benches" / "peers", check=True)
    return targets_directory() / "peers" / "release" / "peers"


def fixtures():
    """Groups to join and strangers to add, made anew when they are old or of other sizes."""
    sizes = [str(size) for size in SIZES if size > 2]
    stamp = FIXTURES / "sizes"
    if stamp.exists() and stamp.read_text() == " ".join(sizes) and time.time() - stamp.stat().st_mtime < FIXTURE_SECONDS:
        return
    say("making the groups that everybody joins")
    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir(parents=True)
    subprocess.run([PEERS, "fixtures", FIXTURES, str(SHORT_MAX), *sizes], check=True)
    stamp.write_text(" ".join(sizes))


def fsync():
    """Nanoseconds of one write that lasts, to the file system that the databases are on."""
    path = WORK / "fsync"
    with open(path, "ab", buffering=0) as file:
        begun = time.perf_counter_ns()
        file.write(bytes(4096))
        os.fdatasync(file.fileno())
        return time.perf_counter_ns() - begun


def shapes(size):
    return ["warm"] if size == 2 else ["sparse", "warm"] if size <= SHORT_MAX else ["sparse"]


def one_group(results, shape, size):
    group = f"{shape} {size}"
    everybody = [Contestant(name, WORK / "run" / name) for name in CONTESTANTS]
    spent = {}

    def rounds(kind, count, steps):
        """Everybody's turn, `count` times, until the budget of this kind of step is used up."""
        for turn in range(count):
            results.add(group, "disk", {"fsync": [(fsync(), 4096, 0)]})
            shift = turn % len(everybody)
            for one in everybody[shift:] + everybody[:shift]:
                if turn >= 2 and spent.get((one.name, kind), 0) > BUDGET:
                    continue
                begun = time.monotonic()
                steps(one)
                spent[one.name, kind] = spent.get((one.name, kind), 0) + time.monotonic() - begun

    def join(one):
        if size == 2:
            return results.add(group, one.name, one.do("pair"))
        alice, bob, welcome = (WORK / name for name in ("alice", "bob", "welcome"))
        one.do("invite", alice, bob)
        subprocess.run([PEERS, "welcome", FIXTURES / f"{shape}-{size}", alice, bob, welcome], check=True)
        results.add(group, one.name, one.do("join", welcome))

    def talk(one):
        slow = one.name.endswith("sqlite") and not one.name.startswith("libmls")
        # A first message of an epoch makes the tree of secrets: it is measured with the epoch's other messages.
        results.add(group, one.name, one.do("encrypt", 8 if slow else WINDOW, MESSAGE), "encrypt")
        results.add(group, one.name, one.do("decrypt"), "decrypt")

    def backlog(one):
        one.do("encrypt", BACKLOG, MESSAGE)
        results.add(group, one.name, one.do("backlog"))

    def add(*words):
        return lambda one: results.add(group, one.name, one.do(*words))

    rounds("join", JOINS, join)
    rounds("commit", ROUNDS, add("commit", 1))
    rounds("talk", ROUNDS, talk)
    rounds("add", ROUNDS // 2, add("add", FIXTURES / "packages", 1))
    rounds("backlog", max(2, ROUNDS // 3), backlog)
    rounds("load", ROUNDS // 2, add("load", 1))
    if size == 2:
        rounds("key package", ROUNDS, add("key_package", 4))
        rounds("create", ROUNDS, add("create", 4))
    for one in everybody:
        if one.name == "libmls-sqlite":
            for _ in range(5):
                results.add(group, one.name, one.do("cached", 2000))
        results.add(group, one.name, one.do("peak"))
    if shape == "sparse" and 2 < size <= SHORT_MAX:
        def bulk(one):
            results.add(group, one.name, one.do("bulk", FIXTURES / "packages", size - 1))
        rounds("bulk", 3 if LONG else 1, bulk)
        for _ in range(3):
            said = subprocess.run([PEERS, "floor", FIXTURES / "packages", str(size - 1)], check=True,
                                  capture_output=True, text=True).stdout
            results.add(group, "crypto", parsed([said]))
    for one in everybody:
        one.close()


def many_groups(results):
    """Throughput of one thread and of eight, over many groups of two."""
    count, messages = (1000, 8) if LONG else (200, 4)
    one = Contestant("libmls-sqlite", WORK / "run" / "libmls-sqlite")
    answer = one.do("threads", count, messages)
    one.close()
    results.add("many", "libmls-sqlite", {name: [[figure / count for figure in value] for value in values]
                                          for name, values in answer.items()})


def main():
    global BEGUN, PEERS
    BEGUN = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    PEERS = build()
    fixtures()
    results = Results()
    for size in SIZES:
        for shape in shapes(size):
            say(f"{size} members, {shape}")
            one_group(results, shape, size)
    say("many groups")
    many_groups(results)
    say("done")
    (WORK / "results.json").write_text(json.dumps(results.groups))
    sys.path.insert(0, str(ROOT / "benches"))
    import report
    text = report.text(results, SIZES, LONG)
    print(text)
    if "--docs" in sys.argv:
        report.write(ROOT / "docs", results, SIZES, LONG, f"{platform.system()} {platform.machine()}, "
                     f"{os.cpu_count()} cores, {time.strftime('%-d %B %Y')}")


if __name__ == "__main__":
    main()
