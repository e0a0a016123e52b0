# SPDX-License-Identifier: MIT

"""The comparison's table: 80 columns, each method's figures, the articles' claim, and what to use the method for."""

import textwrap
from collections.abc import Sequence

from loopscope_load import Json, recommendations, statistics, units
from loopscope_load.claims import CLAIMED_COUNT, CLAIMS
from loopscope_load.verdict import Loop, medians, repeats_done

WIDTH = 80
TIED = "\N{NO-BREAK SPACE}"
COLOURS = {
    "bold": "\033[1m",
    "dim": "\033[2m",
    "red": "\033[31m",
    "yellow": "\033[33m",
    "green": "\033[32m",
    "off": "\033[0m",
}
PLAIN = dict.fromkeys(COLOURS, "")
LOOP_COLOURS = {Loop.BLOCKED: "red", Loop.STRESSED: "yellow", Loop.FREE: "green", None: "off"}

# method, time, writes a second, CPU, /hello p99, max, memory, in order, loop
COLUMNS = "{:<10} {:>8} {:>7} {:>7} {:>8} {:>8} {:>8}  {:<6} {}"
CLAIM_COLUMNS = "{:<10} {:>8} {:>7} {:>7} {:>13} {:>12}  {:<6} {}"  # /hello and memory are longer than a figure


def render(document: Json, colours: bool = False) -> list[str]:
    """The lines of the whole table."""
    entries = document["entries"]
    lines = head(entries, colours)
    for method in dict.fromkeys(entry["method"] for entry in entries):
        lines += ["", *block([entry for entry in entries if entry["method"] == method], colours)]
        for found in document["recommendations"]["methods"]:
            if found["method"] == method:
                name = "" if found["system"] == "loopscope" else f"{found['system']}: "
                lines += ["  " + line for line in textwrap.wrap(name + recommendations.in_words(found), WIDTH - 2)]
    return lines + foot(document, colours)


def head(entries: Sequence[Json], colours: bool = False) -> list[str]:
    """The titles and the idle figures: the medians of all idle times."""
    paint = COLOURS if colours else PLAIN
    own = [medians(entry["summary"]) for entry in entries if entry["summary"] and entry["system"] == "loopscope"]
    idle_us = (
        statistics.median(figures.idle_p99_us for figures in own),
        statistics.median(figures.idle_max_us for figures in own),
    )
    titles = [
        f"{'':<19} {'writes':>7} {'':>7} {'/hello meanwhile':^17} {'peak':>8}  {'in':<6}".rstrip(),
        COLUMNS.format("method", "time", "per s", "CPU", "p99", "max", "memory", "order?", "loop"),
    ]
    return [
        *(paint["bold"] + line + paint["off"] for line in titles),
        "-" * WIDTH,
        COLUMNS.format("idle", "", "", "", *map(units.duration_of_us, idle_us), "", "", "").rstrip(),
    ]


def block(entries: Sequence[Json], colours: bool = False) -> list[str]:
    """The lines of one method: its figures on every system, the articles' claim, a sentence."""
    paint = COLOURS if colours else PLAIN
    lines = []
    said = []
    for entry in entries:
        own = entry["system"] == "loopscope"
        name = entry["method"] if own else "  " + entry["system"]
        if entry["summary"] is None:
            lines.append(f"{name:<10} {entry['outcome']}")
            said.append(entry["reason"] or "")
            continue
        figures = medians(entry["summary"])
        loop, source, _ = figures.verdict
        lines.append(
            COLUMNS.format(
                name,
                units.duration(figures.time_ms) + ("+" if entry["cut_from"] else ""),
                units.rate(figures.count / figures.time_ms * 1000 if figures.time_ms else None),
                units.percent(figures.cpu_share),
                *map(units.duration_of_us, (figures.hello_p99_us, figures.hello_max_us)),
                units.megabytes(figures.peak_bytes),
                yes_or_no(figures.in_order),
                paint[LOOP_COLOURS[loop]]
                + (loop or units.NOT_MEASURED)
                + ("*" if source == "hello" else "")
                + paint["off"],
            )
        )
        if own:
            said.append(figures.sentence())
        if entry["reason"]:
            done = units.count(entry["summary"]["repeats"], "repeat")
            said.append(f"{done} of {entry['system']}, then: {entry['reason']}")
        if entry["cut_from"]:
            said.append(
                f"+ {entry['system']} wrote {units.count(entry['count'], 'record')} only, "
                f"{units.cost(figures.time_ms / entry['count'])} each."
            )
    claim = CLAIMS.get(entries[0]["method"])
    if claim and any(claims_apply(entry) for entry in entries):
        time, cpu, hello, memory, loop = (claim[name]["text"] for name in ("time", "cpu", "hello", "memory", "loop"))
        line = CLAIM_COLUMNS.format("  article", time, "", cpu, hello, memory, "", loop)
        lines.append(paint["dim"] + line + paint["off"])
    return lines + [
        "  " + line for text in said for piece in text.splitlines() for line in textwrap.wrap(piece, WIDTH - 2)
    ]


def claims_apply(entry: Json) -> bool:
    return entry["summary"] is not None and CLAIMED_COUNT in (entry["count"], entry["cut_from"])


def yes_or_no(value: bool | None) -> str:
    return {True: "yes", False: "NO", None: units.NOT_MEASURED}[value]


def foot(document: Json, colours: bool = False) -> list[str]:
    """What the figures mean. Without it they can be misread."""
    paint = COLOURS if colours else PLAIN
    settings, machine = document["settings"], document["machine"]
    entries = [entry for entry in document["entries"] if entry["summary"]]
    cores = units.count(machine["cores"], "core")
    notes = [
        f"/hello: {units.count(settings['rate_per_s'])} a second are sent on a fixed schedule from the same {cores} and "
        "counted from when they were due; the table has those due while a write was under way.",
        "CPU: of one core, all threads of the process.",
        f"time: the server's own for {units.count(settings['count'], 'record')}, until the kernel has every one (page "
        f"cache, not disk). Writes shorter than {settings['window_s']:g} s are repeated: time is the median of the writes, "
        "memory the highest of the whole process, order that of the first.",
    ]
    if document["recommendations"]["methods"]:
        counts = sorted({point["count"] for point in document["scale"] if point["outcome"] == "measured"})
        if counts:
            notes.append(
                f"production, use it for, never for: by rule, from {units.count(counts[0])} to "
                f"{units.count(counts[-1], 'record')} measured in this run; the report has the rules and the figures."
            )
    done = repeats_done(entries)
    if done and done[1] > 1:
        number = str(done[1]) if done[0] == done[1] else f"{done[0]} to {done[1]}"
        notes.append(f"Medians of {number} repeats, a fresh server each; the ranges are in the report.")
    if any(entry["summary"]["verdict"]["from"] == "hello" for entry in entries):
        notes.append("* judged from the /hello latencies and the time: the write report has no loop figures.")
    if any(entry["method"] in CLAIMS and claims_apply(entry) for entry in entries):
        notes.append("article: its claims for Node.js; /hello is one answer during the write.")
    back_ends: dict[str, list[str]] = {}
    for entry in entries:
        if entry["summary"]["io"] in ("threads", "uring"):
            back_ends.setdefault(entry["summary"]["io"], []).append(entry["method"])
    if back_ends:
        notes.append(f"back end: {'; '.join(f'{io} for ' + ', '.join(names) for io, names in back_ends.items())}.")
    changed = "+" if machine["uncommitted_changes"] else ""
    peer = document["systems"].get("node")
    facts = (
        machine["cpu"],
        cores,
        f"Linux {machine['kernel']}",
        machine["file_system"],
        peer and f"Node.js {peer['version']}",
        machine["commit"] and f"commit{TIED}{machine['commit'][:9]}{changed}",
    )
    notes.append(", ".join(fact for fact in facts if fact) + ".")
    lines = [line.replace(TIED, " ") for note in notes for line in textwrap.wrap(note, WIDTH)]
    return ["-" * WIDTH, *(paint["dim"] + line + paint["off"] for line in lines)]
