"""What benches/run.py has measured, as tables, verdicts and a plot."""
import math
import re
import statistics

LIBRARIES = ["libmls-sqlite", "mls-rs-sqlite", "openmls-sqlite", "libmls-memory", "mls-rs-memory", "openmls-memory"]
STEPS = ["join", "commit", "commit accept", "commit process", "add", "add accept", "add process", "remove",
         "encrypt amortised", "decrypt amortised", "backlog", "load"]
DURABLE, PEER, ENGINE = "libmls-sqlite", "openmls-sqlite", "mls-rs-memory"


def time(nanoseconds):
    """Three digits and a unit."""
    if nanoseconds is None:
        return "–"
    for unit, scale in (("µs", 1e3), ("ms", 1e6), ("s", 1e9)):
        value = nanoseconds / scale
        if value < 999.5 or unit == "s":
            return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"


def size(count):
    if count is None:
        return "–"
    return f"{count:.0f} B" if count < 10_000 else f"{count / 1e3:,.0f} KB"


def ratio(a, b):
    return None if a is None or not b else a / b


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def steps(results, group, libraries):
    """Median and worst of each step; for libmls with its ratio to the others."""
    rows = []
    for step in STEPS:
        row = [step]
        for library in libraries:
            median, worst = results.median(group, library, step), results.worst(group, library, step)
            row.append(f"{time(median)} ({time(worst)})" if median else "–")
        own = results.median(group, libraries[0], step)
        for library in libraries[1:]:
            other = ratio(own, results.median(group, library, step))
            row.append(f"{other:.2f}" if other else "–")
        rows.append(row)
    head = ["median (worst)", *libraries, *(f"libmls / {library.split('-sqlite')[0].split('-memory')[0]}"
                                            for library in libraries[1:])]
    return table(head, rows)


def written(results, groups):
    rows = []
    for group in groups:
        for step in ["commit", "commit accept", "commit process", "encrypt amortised", "decrypt"]:
            rows.append([group, step] + [size(results.median(group, library, step, 1)) for library in LIBRARIES[:3]]
                        + [size(results.worst(group, DURABLE, step, 1))])
        backlog = results.median(group, DURABLE, "backlog", 1)
        rows.append([group, "backlog of 100, each"] + [size(ratio(results.median(group, library, "backlog", 1), 100))
                                                       for library in LIBRARIES[:3]] + ["–" if backlog is None else ""])
    return table(["group", "step", *LIBRARIES[:3], "libmls, worst"], rows)


def memory(results, groups):
    rows = []
    for group in groups:
        rows.append([group] + [f"{results.median(group, library, 'peak') / 1024:.0f} MB" for library in LIBRARIES]
                    + [size(results.median(group, DURABLE, "loaded bytes"))])
    return table(["group", *LIBRARIES, "one loaded group of libmls"], rows)


class Verdicts:
    """Judged by time on the clock, except where the CPU's is said to count; both are shown."""

    def __init__(self, results):
        self.results = results
        self.lines = []

    def at_most(self, text, value, limit, unit="", cpu=None):
        """Of `value` and `cpu` the first that is there is judged."""
        judged = cpu if value is None else value
        verdict = "not measured" if judged is None else "pass" if judged <= limit else "MISS"
        figure = lambda number: "–" if number is None else f"{number:.3g}{unit}"
        self.lines.append((verdict, text, figure(value), figure(cpu), f"{limit:g}{unit}"))

    def compare(self, text, own, other, limit, more=0):
        """Two steps as (group, library, step); `more` is allowed besides the other one."""
        median = self.results.median
        wall, cpu = ([median(*step, which) for step in (own, other)] for which in (0, 2))
        self.at_most(text, ratio(wall[0], wall[1] + more if wall[1] else None), limit, cpu=ratio(*cpu))

    def note(self, text, value):
        self.lines.append(("–", text, value, "–", "–"))

    def text(self):
        return table(["", "what", "measured", "CPU alone", "at most"], [list(line) for line in self.lines])


def main_group(results, n):
    """The warm group of this size, if it was measured."""
    return f"warm {n}" if f"warm {n}" in results.groups else f"sparse {n}"


def verdicts(results, sizes):
    v = Verdicts(results)
    median = results.median
    large = [n for n in sizes if n >= 1000]
    groups = [main_group(results, n) for n in sizes]
    for n, limit in ((1000, 0.25), (5000, 0.10)):
        for group in [f"{shape} {n}" for shape in ("warm", "sparse") if f"{shape} {n}" in results.groups]:
            v.compare(f"durable send / OpenMLS with SQLite, {group.split()[0]} {n}", (group, DURABLE, "encrypt amortised"),
                      (group, PEER, "encrypt amortised"), limit)
    for step, name in (("encrypt amortised", "send"), ("decrypt amortised", "receive")):
        v.compare(f"durable {name} at {sizes[-1]} / at 10", (groups[-1], DURABLE, step), ("warm 10", DURABLE, step), 1.1)
    for n in sizes:
        v.compare(f"durable send / the engine's in-memory encrypt, {n}", (main_group(results, n), DURABLE, "encrypt amortised"),
                  (main_group(results, n), ENGINE, "encrypt amortised"), 1.3)
    for n in sizes:
        v.compare(f"a backlog of 100 / the engine's decryption of it, {n}", (main_group(results, n), DURABLE, "backlog"),
                  (main_group(results, n), ENGINE, "backlog"), 2)
    for step in ("encrypt", "decrypt"):
        v.at_most(f"bytes of a message, {step}, largest median", max(median(g, DURABLE, step, 1) for g in groups), 8192)
        v.at_most(f"bytes of a message, {step}, worst", max(results.worst(g, DURABLE, step, 1) for g in groups), 16384)
    v.at_most("bytes of a message in a backlog, largest median",
              max(median(g, DURABLE, "backlog", 1) for g in groups) / 100, 1024)
    for n in large:
        made, accepted, processed = (size(median(main_group(results, n), DURABLE, step, 1))
                                     for step in ("commit", "commit accept", "commit process"))
        v.note(f"bytes of a commit made, accepted, processed, {n}", f"{made}, {accepted}, {processed}")
    cpu = lambda n, library, step: median(f"sparse {n}", library, step, 2)
    added = [n for n in sizes if results.of(f"sparse {n}", DURABLE, "bulk add")][-2:]
    for step in ("bulk add", "bulk add, tree apart"):
        for n in added:
            v.at_most(f"{step}, {n} / its cryptographic floor", None, 1.2,
                      cpu=ratio(cpu(n, DURABLE, step), cpu(n, "crypto", "floor")))
        if len(added) > 1:
            growth = ratio(cpu(added[-1], DURABLE, step), cpu(added[0], DURABLE, step))
            v.at_most(f"{step}: exponent of its time from {added[0]} to {added[-1]}", None, 1.1,
                      cpu=growth and math.log(growth) / math.log(added[-1] / added[0]))
    for n in added:
        v.at_most(f"bulk add, {n} / the engine's", None, 1.2,
                  cpu=ratio(cpu(n, DURABLE, "bulk add"), cpu(n, ENGINE, "bulk add")))
    for n in large:
        v.compare(f"load of a stored group / OpenMLS with SQLite, {n}", (main_group(results, n), DURABLE, "load"),
                  (main_group(results, n), PEER, "load"), 0.2)
    v.at_most("a cached group, with the look whether another process has moved it",
              max(median(g, DURABLE, "cached") for g in groups) / 1e3, 5, " µs")
    for n in large:
        group = main_group(results, n)
        for step in ("commit", "commit accept", "commit process", "decrypt amortised"):
            v.compare(f"{step} / the engine's in memory and one fsync, {n}", (group, DURABLE, step),
                      (group, ENGINE, step), 1, more=median(group, "disk", "fsync"))
    for name in ("send", "receive"):
        one, eight = (median("many", DURABLE, f"{name} {workers}") for workers in (1, 8))
        v.note(f"{name} over many groups, 1 thread and 8", f"{1e9 / one:,.0f} and {1e9 / eight:,.0f} a second")
    return v


def floor_of_disk(results):
    values = [value[0] for group in results.groups.values() for value in group.get("disk", {}).get("fsync", [])]
    return time(statistics.median(values))


def text(results, sizes, long):
    groups = [group for group in results.groups if group != "many"]
    parts = [f"One fsync: {floor_of_disk(results)}.", "### Verdicts\n", verdicts(results, sizes).text()]
    rows = [[step] + [time(results.median("warm 2", library, step)) for library in LIBRARIES]
            for step in ("key package", "create")]
    parts += ["### Key packages and new groups\n", table(["median", *LIBRARIES], rows)]
    for group in groups:
        parts += [f"### {group.split()[1]} members, {group.split()[0]} tree\n", steps(results, group, LIBRARIES[:3]),
                  "In memory:\n", steps(results, group, LIBRARIES[3:])]
    sparse = [group for group in groups if results.of(group, "crypto", "floor")]
    both = lambda group, library, step: (f"{time(results.median(group, library, step))} "
                                         f"({time(results.median(group, library, step, 2))})")
    bulk = [[group.split()[1]] + [both(group, library, "bulk add") for library in LIBRARIES]
            + [both(group, DURABLE, "bulk add, tree apart"), both(group, "crypto", "floor")] for group in sparse]
    parts += ["### One commit that adds everybody: wall (CPU)\n",
              table(["members", *LIBRARIES, "libmls-sqlite, tree apart", "floor"], bulk)]
    warm = [main_group(results, n) for n in sizes]
    parts += ["### Bytes written\n", written(results, warm), "### Memory\n", memory(results, warm)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


COLOURS = {"libmls-sqlite": "#0b6e4f", "mls-rs-sqlite": "#c1666b", "openmls-sqlite": "#5b5f97",
           "mls-rs-memory": "#c1666b", "openmls-memory": "#5b5f97"}


def plot(results, sizes):
    """Medians over the number of members, both axes logarithmic: a panel for each step."""
    width, height, margin = 380, 260, 46
    panels = [("encrypt amortised", "send"), ("decrypt amortised", "receive"), ("commit accept", "merge of an own commit"),
              ("load", "load")]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width} {2 * height + 30}" '
           'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>']
    for index, (step, title) in enumerate(panels):
        left, top = index % 2 * width, index // 2 * height
        lines = {}
        for library in COLOURS:
            points = [(n, results.median(main_group(results, n), library, step)) for n in sizes]
            points = [(n, value) for n, value in points if value]
            if points:
                lines[library] = points
        values = [value for points in lines.values() for _, value in points]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        x = lambda n: left + margin + math.log10(n / sizes[0]) / math.log10(sizes[-1] / sizes[0]) * (width - margin - 16)
        y = lambda v: top + height - 30 - (math.log10(v) - low) / (high - low) * (height - 60)
        out.append(f'<text x="{left + margin}" y="{top + 18}" font-weight="bold">{title}</text>')
        for power in range(low, high + 1):
            line = y(10 ** power)
            out.append(f'<path d="M{left + margin} {line:.1f}H{left + width - 16}" stroke="#ddd"/>')
            out.append(f'<text x="{left + margin - 4}" y="{line + 4:.1f}" text-anchor="end">{time(10 ** power)}</text>')
        for n in sizes:
            out.append(f'<text x="{x(n):.1f}" y="{top + height - 14}" text-anchor="middle">{n}</text>')
        for library, points in lines.items():
            path = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value in points)
            dash = ' stroke-dasharray="4 3"' if library.endswith("memory") else ""
            out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[library]}" stroke-width="2"{dash}/>')
    for index, (library, colour) in enumerate(COLOURS.items()):
        at = margin + index * 140
        dash = ' stroke-dasharray="4 3"' if library.endswith("memory") else ""
        out.append(f'<path d="M{at} {2 * height + 12}h20" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="{at + 25}" y="{2 * height + 16}">{library}</text>')
    return "\n".join(out + ["</svg>", ""])


def write(docs, results, sizes, long, machine):
    """Puts the tables between the marks of docs/performance.md, and the plot beside it."""
    page = docs / "performance.md"
    command = f"Made by `{'MLS_TORTURE=1 ' if long else ''}make bench DOCS=1` on {machine}. "
    marked = f"<!-- measured -->\n{command}{text(results, sizes, long)}<!-- end -->"
    page.write_text(re.sub("<!-- measured -->.*<!-- end -->", lambda _: marked, page.read_text(), flags=re.S))
    (docs / "performance.svg").write_text(plot(results, sizes))
