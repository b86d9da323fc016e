#!/usr/bin/env python3
"""Runs the suites, two at a time, and counts them.

    tests/run.py              every suite but those that run by name only, and of these what MLS_ALSO names
    tests/run.py c abi        these, and the suites that they need
    tests/run.py --list       what there is

A suite is a script in tests/suites: exit 0 has passed, 77 was skipped (its last line says why), anything else has
failed. Its output is in build/log; that of a failed one is shown. MLS_REQUIRE="swift kotlin" makes a failure of these
being skipped.
"""
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "log"
SKIPPED = 77
LIMIT_SECONDS = int(os.environ.get("MLS_SUITE_SECONDS", "1800"))
WORKERS = 2


class Suite:
    """What runs, after what, and which directory of cargo's it holds meanwhile."""

    def __init__(self, name, needs=(), holds=None, asked=False):
        self.name, self.needs, self.holds = name, needs, holds
        self.asked = asked  # runs only by name: `make interop` brings other implementations with it
        self.state = "waiting"
        self.seconds = self.cpu = 0.0


# In the order in which they start. The long ones that others need come first; what holds the same directory of
# cargo's would only wait for one another.
SUITES = [
    Suite("library", holds="release"),
    Suite("format"),
    Suite("clippy", holds="debug"),
    Suite("header"),
    Suite("header-compiles"),
    Suite("surface"),
    Suite("rust", holds="debug"),
    Suite("c", needs=("library",)),
    Suite("cpp", needs=("library",)),
    Suite("sanitizers", holds="debug"),
    Suite("faults", holds="debug"),
    Suite("shuttle"),
    Suite("rustdoc", holds="debug"),
    Suite("install", needs=("library",)),
    Suite("abi", needs=("library",)),
    Suite("examples", needs=("library",)),
    Suite("demo", needs=("library",)),
    Suite("demo-valgrind", needs=("library",)),
    Suite("mobile", needs=("library",), holds="release"),
    Suite("kotlin", needs=("mobile",)),
    Suite("kotlin-package", needs=("kotlin",), holds="maven"),
    Suite("swift", needs=("mobile",)),
    Suite("surface-mobile", needs=("kotlin", "swift")),
    Suite("languages", needs=("library", "kotlin", "swift"), holds="maven"),
    # Not seen to pass yet, so not among those that have to: cross builds of the Rust, without an NDK.
    Suite("android", holds="android", asked=True),
    Suite("arm64", holds="arm64", asked=True),
    Suite("xcframework", needs=("mobile", "swift")),
    Suite("transcripts", needs=("library",)),
    Suite("vectors", needs=("library",), holds="debug"),
    Suite("interop", holds="debug", asked=True),
    Suite("interop-bouncycastle", holds="debug", asked=True),
    Suite("interop-ts-mls", holds="debug", asked=True),
    Suite("interop-grpc", holds="debug", asked=True),
    Suite("interop-grpc-bouncycastle", holds="debug", asked=True),
    Suite("docs"),
    Suite("licences"),
    Suite("runner"),
]


def wait(process):
    """A suite's exit code, None if it had to be ended, and the CPU seconds of all that it started and waited for."""
    deadline = time.monotonic() + LIMIT_SECONDS
    late = False
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            process.returncode = os.waitstatus_to_exitcode(status)
            return None if late else process.returncode, used.ru_utime + used.ru_stime
        if not late and time.monotonic() > deadline:
            late = True
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.05)


class Run:
    def __init__(self, suites, directory, out=sys.stdout):
        self.suites = suites
        self.directory = directory
        self.out = out
        self.changed = threading.Condition()
        self.begun = time.monotonic()

    def say(self, text):
        seconds = int(time.monotonic() - self.begun)
        print(f"[{seconds // 60:02}:{seconds % 60:02}] {text}", file=self.out, flush=True)

    def next(self):
        """The first suite that can start; None when there is none left. Called with the lock held."""
        while True:
            waiting = [suite for suite in self.suites if suite.state == "waiting"]
            if not waiting:
                return None
            held = {suite.holds for suite in self.suites if suite.state == "running" and suite.holds}
            states = {suite.name: suite.state for suite in self.suites}
            for suite in waiting:
                needed = [states[name] for name in suite.needs if name in states]
                if any(state in ("failed", "blocked") for state in needed):
                    suite.state = "blocked"
                    self.say(f"FAILED  {suite.name}: what it needs has failed")
                    break
                if suite.holds not in held and all(state in ("passed", "skipped") for state in needed):
                    suite.state = "running"
                    return suite
            else:
                self.changed.wait()

    def worker(self):
        while True:
            with self.changed:
                suite = self.next()
                self.changed.notify_all()
            if suite is None:
                return
            self.run(suite)

    def run(self, suite):
        self.say(f"start   {suite.name}")
        log = LOGS / f"{suite.name}.log"
        begun = time.monotonic()
        with open(log, "wb") as file:
            process = subprocess.Popen(["bash", str(self.directory / f"{suite.name}.sh")], cwd=ROOT, stdout=file,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
            code, suite.cpu = wait(process)
            if code is None:
                file.write(f"took longer than {LIMIT_SECONDS} s\n".encode())
        suite.seconds = time.monotonic() - begun
        lines = log.read_text(errors="replace").rstrip().splitlines()
        last = lines[-1] if lines else ""
        with self.changed:
            suite.state = {0: "passed", SKIPPED: "skipped"}.get(code, "failed")
            if suite.state == "failed":
                shown = "\n".join("    " + line for line in lines[-300:])
                self.say(f"FAILED  {suite.name}, {suite.seconds:.0f} s, exit {code}; {log.relative_to(ROOT)}:\n{shown}")
            else:
                self.say(f"{suite.state:7} {suite.name}, {suite.seconds:.0f} s: {last}")
            self.changed.notify_all()

    def all(self):
        """Runs everything; answers how many passed, failed and were skipped."""
        LOGS.mkdir(parents=True, exist_ok=True)
        workers = [threading.Thread(target=self.worker) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        count = lambda *states: sum(suite.state in states for suite in self.suites)
        return count("passed"), count("failed", "blocked"), count("skipped")


def chosen(names):
    """The suites of these names, and those that they need."""
    known = {suite.name: suite for suite in SUITES}
    wanted = set()
    for name in names:
        if name not in known:
            sys.exit(f"no suite {name}; there are: {' '.join(known)}")
        wanted |= {name, *known[name].needs}
    also = os.environ.get("MLS_ALSO", "").split()
    return [suite for suite in SUITES if (suite.name in wanted if names else not suite.asked or suite.name in also)]


def verdict(passed, failed, skipped, lacking=()):
    """The exit code: what ran nothing has not passed, and what is required has not if it was skipped."""
    return 1 if failed or not passed or lacking else 0


def lacking(suites, required):
    """The names of those that are required and did not pass."""
    return sorted(set(required) - {suite.name for suite in suites if suite.state == "passed"})


def main():
    names = sys.argv[1:]
    if names == ["--list"]:
        print("\n".join(suite.name for suite in SUITES))
        return
    directory = ROOT / "tests" / "suites"
    run = Run([suite for suite in chosen(names) if (directory / f"{suite.name}.sh").exists()], directory)
    passed, failed, skipped = run.all()
    run.say("done")
    for suite in sorted(run.suites, key=lambda suite: -suite.cpu)[:8]:
        print(f"    {suite.seconds:6.0f} s, {suite.cpu:6.0f} s of CPU: {suite.name}")
    print(f"    {sum(suite.cpu for suite in run.suites):.0f} s of CPU in all")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    # A run of some suites by name is asked for no others.
    required = [] if names else os.environ.get("MLS_REQUIRE", "").split()
    without = lacking(run.suites, required)
    if without:
        print("required, and not run:", *without)
    sys.exit(verdict(passed, failed, skipped, without))


if __name__ == "__main__":
    main()
