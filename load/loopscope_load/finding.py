"""What the comparison found, in sentences; each rests on figures of this run and is left out without them."""

from loopscope_load import reading, units
from loopscope_load.summary import middles, repeats_done

SYSTEMS = {"loopscope": "loopscope", "node": "Node.js"}


def sentences(document):
    rows = [(entry, middles(entry["summary"])) for entry in document["entries"] if entry["summary"]]
    said = []
    for wanted in (reading.BLOCKED, reading.STRESSED):
        for entry, row in rows:
            if row["verdict"]["loop"] == wanted and row["hello_max_us"] is not None:
                said.append(stopped(entry, row))
    free = [(entry, row) for entry, row in rows if row["verdict"]["loop"] == reading.FREE]
    if free:
        said.append(undisturbed(free))
    said += [
        closed_loop(entry)
        for entry, row in rows
        if row["verdict"]["loop"] == reading.BLOCKED and entry["system"] == "loopscope" and None not in halves(entry)
    ]
    return said


def stopped(entry, row):
    who = f"{SYSTEMS[entry['system']]} {entry['method']}"
    waited = units.duration_of_us(row["hello_max_us"])
    stall_ms = row["longest_stall_ms"]
    if row["verdict"]["loop"] == reading.BLOCKED and stall_ms is not None:
        share = row["hello_max_us"] / 1000 / stall_ms
        return (
            f"{who} blocks: the server recorded a stall of {units.duration(stall_ms)}, and the slowest /hello that was "
            f"due meanwhile waited {waited}, {share * 100:.0f} % of it."
        )
    verb = "blocks" if row["verdict"]["loop"] == reading.BLOCKED else "stresses the loop"
    return (
        f"{who} {verb}: the loop was held up for {units.duration(row['verdict']['stall_ms'])} at once, "
        f"the slowest /hello waited {waited}."
    )


def undisturbed(free):
    parts = []
    for entry, row in free:
        share, name = next(
            (
                (share, name)
                for share, name in (("p99.9", "p99_9_us"), ("p99", "p99_us"))
                if row["hello_" + name] is not None and row["idle_" + name] is not None
            ),
            (None, None),
        )
        if name:
            parts.append(
                f"{SYSTEMS[entry['system']]} {entry['method']} {share} {units.duration_of_us(row['hello_' + name])}"
                f" (idle {units.duration_of_us(row['idle_' + name])})"
            )
    return "The loop stays free, /hello during the write against idle in the same run: " + "; ".join(parts) + "."


def closed_loop(entry):
    """Half of the requests, as wrk recorded them and as they were due: the same span of writes and pauses."""
    recorded_us, due_us = halves(entry)
    return (
        f"wrk, asking as often while it is answered, recorded half of its /hello during {entry['method']} within "
        f"{units.duration_of_us(recorded_us)}; of those that were due, half took {units.duration_of_us(due_us)} or more. "
        "While wrk waits it asks nothing, so that a stall is a handful of its samples."
    )


def shown(entry):
    return entry["repeats"][entry["summary"]["shown_repeat"]]


def raw_curve(entry):
    """What wrk recorded, without its correction; None when that is not known."""
    wrk = shown(entry)["wrk"]
    return wrk and wrk.get("raw_curve")


def halves(entry):
    return middle(raw_curve(entry)), middle(shown(entry)["open_loop_curve"])


def middle(curve):
    """What half of the requests took at most; None of a curve that has no two of them."""
    return curve and next((us for x, us in zip(curve["x"], curve["us"]) if x >= 1.99), None)


def caveats(document):
    """What a reader must know before believing a figure."""
    settings, machine = document["settings"], document["machine"]
    said = [
        f"Server, probe and wrk shared {units.count(machine['cores'], 'core')}; absolute times belong to this machine at "
        "this time, ratios within the run hold better.",
        f"The probe sends {units.count(settings['rate_per_s'])} /hello a second on a fixed schedule and counts each from when "
        "it was due; during: those due while a write was under way.",
        "A write is done when the kernel has every record: in the page cache, not on the disk.",
        "Short writes are repeated with pauses until the window is full: time is the median, memory the highest, "
        "order that of the first.",
        "n/a: not measured. p99.9 is given only for 1,000 requests or more.",
    ]
    done = repeats_done(document["entries"])
    if done and done[0] < 3:
        said.append(
            f"{units.count(done[0], 'repeat')}{'' if done[0] == done[1] else ' of some methods'}: the spread between "
            "repeats is not known."
        )
    load = machine["load_average_1m"]
    if load is not None and load > 0.5 * machine["cores"]:
        said.append(f"The machine was busy when this began (load average {load:.1f}): expect noise.")
    repeats = [repeat for entry in document["entries"] for repeat in entry["repeats"]]
    late = sum(repeat["probe"]["probe_was_bottleneck"] for repeat in repeats)
    if late:
        said.append(
            f"In {late} of {units.count(len(repeats), 'measurement')} the probe itself was late by more than a "
            "bystander may be, for want of CPU: a part of those latencies is its own."
        )
    for entry in document["entries"]:
        unanswered = entry["summary"] and entry["summary"]["hello_unanswered"]
        if unanswered:
            said.append(
                f"{SYSTEMS[entry['system']]} {entry['method']}: {units.count(unanswered)} /hello that were due during a "
                "write failed or had another answer than 200; they are in no figure."
            )
        if entry["cut_from"]:
            said.append(
                f"{SYSTEMS[entry['system']]} {entry['method']} wrote {units.count(entry['count'])} records, not "
                f"{units.count(entry['cut_from'])}, to save time: --quick."
            )
    if "node" in document["systems"]:
        said.append("Node.js keeps no stall record; its loop delay is perf_hooks' own, its samples are the kernel's.")
    else:
        said.append("Node.js was not measured: compare.py --peer node does that.")
    return said
