#!/usr/bin/env python3
"""One group, and a device in every language: C, C++, Kotlin, and Swift where it is built; each a process of its own.

    examples/languages/run.py SOCKET-DIRECTORY MAILBOX NAME=COMMAND...

Each device creates nothing but its store: the first one makes the group and invites the others by the key packages that
they published. Then everybody says something, everybody commits once, one is removed, and all of them have to show what
the others said and to name the same epoch authenticator, which only members in the same state can.
"""
import shlex
import subprocess
import sys
from pathlib import Path


class Process:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.shown = []

    def answer(self):
        """The rest of its next line that begins with "=". What it prints before is what it shows."""
        for line in self.process.stdout:
            if line.startswith("= "):
                return line[2:].rstrip("\n")
            self.shown.append(line.strip())
        raise SystemExit(f"FAILED: {self.name} ended, after showing {self.shown[-5:]}")

    def ask(self, line, wanted=None):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        if wanted is not None and answer != wanted:
            raise SystemExit(f'FAILED: {self.name} answers "{answer}" to "{line}", not "{wanted}"')
        return answer

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        if code != 0:
            raise SystemExit(f"FAILED: {self.name} ends with {code}")


def everybody(devices, line):
    return [device.ask(line) for device in devices]


def agree(devices):
    """All are in the same epoch of the same group. Answers which."""
    answers = {device.name: device.ask("authenticator") for device in devices}
    if len(set(answers.values())) != 1:
        raise SystemExit("FAILED: they do not agree:\n" + "\n".join(f"    {name} {what}" for name, what in answers.items()))
    epoch, authenticator = answers[devices[0].name].split()
    print(f"epoch {epoch}: {len(devices)} devices have the authenticator {authenticator[:16]}...")
    return int(epoch)


def talk(devices):
    """Everybody says something, and everybody shows what the others said, each once."""
    for device in devices:
        device.shown = []
        device.ask(f"say hello from {device.name}", "said")
    for device in devices:
        device.ask("sync", f"shown {len(devices) - 1}")
        for other in devices:
            wanted = f"{other.name} says: hello from {other.name}"
            if device.shown.count(wanted) != (other is not device):
                raise SystemExit(f'FAILED: {device.name} shows {device.shown}, and not "{wanted}" once')
    print(f"{len(devices) * (len(devices) - 1)} messages arrived, one in each direction")


def main():
    directory, mailbox, *pairs = sys.argv[1:]
    socket = str(Path(directory) / "mailbox")
    server = subprocess.Popen([mailbox, socket], stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout.readline() != "= ready\n":
            raise SystemExit("FAILED: the mailbox does not start")
        devices = []
        for pair in pairs:
            name, command = pair.split("=", 1)
            devices.append(Process(name, [*shlex.split(command), name, directory, socket]))
            devices[-1].answer()
        everybody(devices, "publish")
        first, *others = devices
        first.ask("create", "created")
        first.ask("invite " + " ".join(device.name for device in others), "pending")
        first.ask("submit", "accepted")
        everybody(devices, "sync")
        epoch = agree(devices)
        talk(devices)
        for device in devices:
            device.ask("update", "pending")
            device.ask("submit", "accepted")
            everybody(devices, "sync")
        if agree(devices) != epoch + len(devices):
            raise SystemExit("FAILED: not every commit made an epoch")
        talk(devices)
        # The last one removes the first, who made the group.
        devices[-1].ask(f"remove {first.name}", "pending")
        devices[-1].ask("submit", "accepted")
        everybody(devices, "sync")
        agree(others)
        talk(others)
        for device in devices:
            device.end()
    finally:
        server.kill()
        for device in locals().get("devices", []):
            device.process.kill()
    print(f"{', '.join(device.name for device in devices)}: one group")


if __name__ == "__main__":
    main()
