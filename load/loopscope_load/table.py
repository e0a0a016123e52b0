"""The comparison's table: 80 columns, every figure beside the articles' claim."""

import textwrap

from loopscope_load import reading, units
from loopscope_load.claims import CLAIMED_COUNT, CLAIMS
from loopscope_load.summary import middles, repeats_done, spread

WIDTH = 80
TIED = "\N{NO-BREAK SPACE}"
PLAIN = {name: "" for name in ("bold", "dim", "red", "yellow", "green", "off")}
COLOURS = {
    "bold": "\033[1m",
    "dim": "\033[2m",
    "red": "\033[31m",
    "yellow": "\033[33m",
    "green": "\033[32m",
    "off": "\033[0m",
}
LOOP_COLOURS = {reading.BLOCKED: "red", reading.STRESSED: "yellow", reading.FREE: "green"}

# method, time, /hello p50, p99, max, memory, in order, loop
COLUMNS = "{:<10} {:>10} {:>10} {:>9} {:>9} {:>8}  {:<6} {}"
CLAIM = "{:<10} {:>10} {:>27} {:>11}  {:<6} {}"  # time, /hello, memory, loop under their columns


def render(document, colours=False):
    """The whole table, as lines."""
    entries = document["entries"]
    lines = head(entries, colours)
    for method in dict.fromkeys(entry["method"] for entry in entries):
        lines += ["", *block([entry for entry in entries if entry["method"] == method], colours)]
    return lines + foot(document, colours)


def head(entries, colours=False):
    """The lines down to the idle figures: the medians of all idle times."""
    paint = COLOURS if colours else PLAIN
    idle = {
        name: spread(
            [
                middles(entry["summary"])["idle_" + name]
                for entry in entries
                if entry["summary"] and entry["system"] == "loopscope"
            ]
        )
        for name in ("p50_us", "p99_us", "max_us")
    }
    titles = [
        f"{'':<21} {'/hello while it writes':^30} {'peak':>8}  {'in':<6}".rstrip(),
        COLUMNS.format("method", "time", "p50", "p99", "max", "memory", "order?", "loop"),
    ]
    return [
        *(paint["bold"] + line + paint["off"] for line in titles),
        "-" * WIDTH,
        COLUMNS.format(
            "idle", "", *(units.duration_of_us(each and each["median"]) for each in idle.values()), "", "", ""
        ).rstrip(),
    ]


def block(entries, colours=False):
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
        row = middles(entry["summary"])
        loop = row["verdict"]["loop"]
        mark = "*" if row["verdict"]["from"] == "hello" else ""
        lines.append(
            COLUMNS.format(
                name,
                units.duration(row["time_ms"]) + ("+" if entry["cut_from"] else ""),
                *(units.duration_of_us(row["hello_" + key]) for key in ("p50_us", "p99_us", "max_us")),
                units.megabytes(row["peak_bytes"]),
                yes_or_no(row["in_order"]),
                paint[LOOP_COLOURS.get(loop, "off")] + (loop or units.NOT_MEASURED) + mark + paint["off"],
            )
        )
        if own:
            said.append(reading.sentence(row))
        if entry["reason"]:
            said.append(f"{units.count(row['repeats'], 'repeat')} of {entry['system']}, then: {entry['reason']}")
        if entry["cut_from"]:
            said.append(
                f"+ {entry['system']} wrote {units.count(entry['count'], 'record')} only, "
                f"{units.cost(row['time_ms'] / entry['count'])} each."
            )
    article = CLAIMS.get(entries[0]["method"]) if any(claims_apply(entry) for entry in entries) else None
    if article:
        line = CLAIM.format("  article", article["time"], article["hello"], article["memory"], "", article["loop"])
        lines.append(paint["dim"] + line + paint["off"])
    return lines + [
        "  " + line for text in said for piece in text.splitlines() for line in textwrap.wrap(piece, WIDTH - 2)
    ]


def claims_apply(entry):
    return entry["summary"] is not None and CLAIMED_COUNT in (entry["count"], entry["cut_from"])


def yes_or_no(value):
    return {True: "yes", False: "NO", None: units.NOT_MEASURED}[value]


def foot(document, colours=False):
    """What the figures mean; without this they can be misread."""
    paint = COLOURS if colours else PLAIN
    settings, machine = document["settings"], document["machine"]
    entries = [entry for entry in document["entries"] if entry["summary"]]
    cores = units.count(machine["cores"], "core")
    notes = [
        f"/hello: {units.count(settings['rate_per_s'])} a second are sent on a fixed schedule from the same {cores} and "
        "counted from when they were due; the table has those due while a write was under way.",
        f"time: the server's own for {units.count(settings['count'], 'record')}, until the kernel has every one (page cache, "
        f"not disk). Writes shorter than {settings['window_s']:g} s are repeated: time is the median of the writes, memory "
        "the highest of the whole process, order that of the first.",
    ]
    done = repeats_done(entries)
    if done and done[1] > 1:
        number = str(done[1]) if done[0] == done[1] else f"{done[0]} to {done[1]}"
        notes.append(f"Medians of {number} repeats, a fresh server each; the ranges are in the report.")
    if any(entry["summary"]["verdict"]["from"] == "hello" for entry in entries):
        notes.append("* judged from the /hello answers and the time: the report has no loop figures.")
    if any(entry["method"] in CLAIMS and claims_apply(entry) for entry in entries):
        notes.append("article: its claims for Node.js; /hello is one answer during the write.")
    back_ends = {}
    for entry in entries:
        if entry["summary"]["io"] in ("threads", "uring"):
            back_ends.setdefault(entry["summary"]["io"], []).append(entry["method"])
    if back_ends:
        notes.append(f"back end: {'; '.join(f'{io} for ' + ', '.join(names) for io, names in back_ends.items())}.")
    changed = "+" if machine["uncommitted_changes"] else ""
    commit = machine["commit"] and f"commit{TIED}{machine['commit'][:9]}{changed}"
    peer = document["systems"].get("node")
    notes.append(
        ", ".join(
            fact
            for fact in (
                machine["cpu"],
                cores,
                f"Linux {machine['kernel']}",
                machine["file_system"],
                peer and f"Node.js {peer['version']}",
                commit,
            )
            if fact
        )
        + "."
    )
    lines = [line.replace(TIED, " ") for note in notes for line in textwrap.wrap(note, WIDTH)]
    return ["-" * WIDTH, *(paint["dim"] + line + paint["off"] for line in lines)]
