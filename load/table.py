"""The demonstration's table: 80 columns, every figure beside the articles' claim."""

import textwrap

import reading
import units
from claims import CLAIMS

WIDTH = 80
TIED = "\N{NO-BREAK SPACE}"
PLAIN = {name: "" for name in ("bold", "dim", "red", "yellow", "green", "off")}
COLOURS = {"bold": "\033[1m", "dim": "\033[2m", "red": "\033[31m", "yellow": "\033[33m",
           "green": "\033[32m", "off": "\033[0m"}
LOOP_COLOURS = {reading.BLOCKED: "red", reading.STRESSED: "yellow", reading.FREE: "green"}

# method, runs, time, /hello p50, p99, max, memory, in order, loop
COLUMNS = "{:<9} {:>4} {:>8} {:>9} {:>9} {:>9} {:>8}  {:<6} {}"
CLAIM = "{:<9} {:>13} {:>19} {:>18}  {:<6} {}"  # time, /hello, memory, loop under their columns


def head(results, colours=False):
    """The lines down to the idle figures."""
    paint = COLOURS if colours else PLAIN
    titles = [
        f"{'':<23} {'/hello while it writes':^29} {'peak':>8}  {'in':<6}".rstrip(),
        COLUMNS.format("method", "runs", "time", "p50", "p99", "max", "memory", "order?", "loop"),
    ]
    return [
        *(paint["bold"] + line + paint["off"] for line in titles),
        "-" * WIDTH,
        COLUMNS.format("idle", "", "", *latencies(results["idle"]), "", "", "").rstrip(),
    ]


def block(row, count, colours=False):
    """The lines of one method: figures, the articles' claim, a sentence."""
    paint = COLOURS if colours else PLAIN
    if row["outcome"] == "measured":
        verdict = row["verdict"]
        loop = verdict["loop"] + ("*" if verdict["from"] == "hello" else "")
        lines = [COLUMNS.format(
            row["method"], row["runs"], units.duration(row["time_ms"]), *latencies(row["hello"]),
            units.megabytes(row["peak_bytes"]), yes_or_no(row["in_order"]),
            paint[LOOP_COLOURS[verdict["loop"]]] + loop + paint["off"])]
        said = row["reading"]
        late = row["hello"]["errors"]["timeout"]
        if late:
            said += f" {units.count(late, 'answer')} came too late for wrk to count."
    else:
        lines = [f"{row['method']:<9} {row['outcome']}"]
        said = row["reason"]
    article = claim(row["method"], count)
    if article and row["outcome"] == "measured":
        line = CLAIM.format("  article", article["time"], article["hello"], article["memory"], "", article["loop"])
        lines.append(paint["dim"] + line + paint["off"])
    return lines + ["  " + line for piece in said.splitlines() for line in textwrap.wrap(piece, WIDTH - 2)]


def claim(method, count):
    """The articles' figures for this method; None when they give none or speak of another count."""
    return CLAIMS.get(method) if count == 1_000_000 else None


def latencies(hello):
    return [units.duration_of_us(hello[name]) for name in ("p50_us", "p99_us", "max_us")]


def yes_or_no(value):
    return {True: "yes", False: "NO", None: units.NOT_MEASURED}[value]


def foot(results, colours=False):
    """What the figures mean; without this they can be misread."""
    paint = COLOURS if colours else PLAIN
    settings, machine = results["settings"], results["machine"]
    load = settings["load"]
    cores = units.count(machine["cores"], "core")
    where = "from this machine" if settings["url"] else f"on the same {cores}"
    notes = [
        f"{units.count(settings['count'], 'record')} a run, measured while wrk asks /hello over "
        f"{load['connections']} connections {where}; a write alone is faster. Each connection pauses "
        f"0-{load['pause_max_ms'] / 1000:g} s between requests and sends none while it waits.",
        "time: the service's own, until the kernel has every record (page cache, not disk). Writes shorter "
        f"than {settings['window_s']:g} s are repeated back to back: time is the median of the runs, memory "
        "the highest, order that of the first.",
        "memory: one process for all methods; it may hold what earlier writes left." if settings["url"]
        else "memory: the whole server process, a fresh one for each method.",
    ]
    if any(row.get("verdict", {}).get("from") == "hello" for row in results["rows"]):
        notes.append("* judged from the /hello answers and the time: the report has no loop figures.")
    if any(row.get("article") for row in results["rows"]):
        notes.append("article: its claims for Node.js; /hello is one answer during the write.")
    back_ends = {}
    for row in results["rows"]:
        if row.get("io") in ("threads", "uring"):
            back_ends.setdefault(row["io"], []).append(row["method"])
    if back_ends:
        notes.append(f"back end: {'; '.join(f'{io} for ' + ', '.join(names) for io, names in back_ends.items())}.")
    changed = "+" if machine["uncommitted_changes"] else ""
    commit = machine["commit"] and f"commit{TIED}{machine['commit'][:9]}{changed}"
    notes.append(", ".join(fact for fact in (
        machine["cpu"], cores, f"Linux {machine['kernel']}", machine["file_system"], commit) if fact) + ".")
    lines = [line.replace(TIED, " ") for note in notes for line in textwrap.wrap(note, WIDTH)]
    return ["-" * WIDTH, *(paint["dim"] + line + paint["off"] for line in lines)]
