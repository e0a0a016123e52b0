# SPDX-License-Identifier: MIT

"""The findings of a comparison and its caveats, in sentences. Each rests on figures of this run, or is left out."""

import collections
from collections.abc import Iterator

from loopscope_load import Json, recommendations, units
from loopscope_load.claim_rules.view import HOLDS, IN_PART, NAMES, NOT, NOT_MEASURABLE, NOT_MEASURED
from loopscope_load.claims import IN_FINDING
from loopscope_load.statistics import Curve
from loopscope_load.verdict import Figures, Loop, medians, repeats_done, shown_repeat

PLURALS = {
    HOLDS: "hold",
    IN_PART: "hold in part",
    NOT: "do not hold",
    NOT_MEASURABLE: "are not measurable here",
    NOT_MEASURED: "were not measured",
}
REPEATS_MIN = 3  # with fewer, the spread between repeats is not known
BUSY_LOAD_PER_CORE = 0.5

Row = tuple[Json, Figures]  # an entry of the document with the medians of its summary


def sentences(document: Json) -> list[str]:
    rows = [(entry, medians(entry["summary"])) for entry in document["entries"] if entry["summary"]]
    of_loop = {loop: [row for row in rows if row[1].verdict.loop is loop] for loop in Loop}
    said = [
        stalled(entry, figures)
        for entry, figures in of_loop[Loop.BLOCKED] + of_loop[Loop.STRESSED]
        if figures.hello_max_us is not None
    ]
    if free := undisturbed(of_loop[Loop.FREE]):
        said.append("The loop stays free, /hello during the write against idle in the same run: " + free + ".")
    for entry, _ in of_loop[Loop.BLOCKED]:
        recorded_us, due_us = median_of(raw_curve(entry)), median_of(shown_repeat(entry)["open_loop_curve"])
        if entry["system"] == "loopscope" and recorded_us is not None and due_us is not None:
            said.append(closed_loop(entry, recorded_us, due_us))
    if "node" in document["systems"]:
        said.append(claims_in_short(document["claims"]))
    return said + list(recommendations.findings(document["recommendations"])) + list(contradicted(document["claims"]))


def contradicted(rows: list[Json]) -> Iterator[str]:
    """The claims that the book shows in the finding, where the figures contradict them."""
    for row in rows:
        if row["id"] in IN_FINDING and row["verdict"] == NOT:
            yield f'The articles say: "{row["claim"]}" That does not hold. {row["why"]}'


def claims_in_short(rows: list[Json]) -> str:
    counts = collections.Counter(row["verdict"] for row in rows)
    said = ", ".join(f"{counts[verdict]} {words}" for verdict, words in PLURALS.items() if counts[verdict])
    return f"Of {len(rows)} claims of the articles: {said}."


def title(entry: Json) -> str:
    return f"{NAMES[entry['system']]} {entry['method']}"


def stalled(entry: Json, figures: Figures) -> str:
    loop, _, loop_stall_ms = figures.verdict
    waited = units.duration_of_us(figures.hello_max_us)
    stall_ms = figures.longest_stall_ms
    if loop is Loop.BLOCKED and stall_ms is not None and figures.hello_max_us is not None:
        share = figures.hello_max_us / 1000 / stall_ms
        return (
            f"{title(entry)} blocks: the server recorded a stall of {units.duration(stall_ms)}, and the slowest /hello "
            f"that was due meanwhile waited {waited}, {share * 100:.0f} % of it."
        )
    verb = "blocks" if loop is Loop.BLOCKED else "stresses the loop"
    return (
        f"{title(entry)} {verb}: the loop stood still for {units.duration(loop_stall_ms)} at once, "
        f"and the slowest /hello waited {waited}."
    )


def undisturbed(rows: list[Row]) -> str:
    parts = []
    for entry, figures in rows:
        for percentile, during_us, idle_us in (
            ("p99.9", figures.hello_p99_9_us, figures.idle_p99_9_us),
            ("p99", figures.hello_p99_us, figures.idle_p99_us),
        ):
            if during_us is not None and idle_us is not None:
                parts.append(
                    f"{title(entry)} {percentile} {units.duration_of_us(during_us)} "
                    f"(idle {units.duration_of_us(idle_us)})"
                )
                break
    return "; ".join(parts)


def closed_loop(entry: Json, recorded_us: float, due_us: float) -> str:
    """Half of the requests as wrk recorded them, and as they were due, over the same span of writes and pauses."""
    return (
        f"wrk at the same rate recorded half of its /hello during {entry['method']} within "
        f"{units.duration_of_us(recorded_us)}; half of the /hello that were due took {units.duration_of_us(due_us)} or "
        "more. A wrk connection that waits sends nothing, so a stall is only a handful of wrk's samples."
    )


def raw_curve(entry: Json) -> Curve | None:
    """wrk's samples without its correction; None when that is not known."""
    wrk = shown_repeat(entry)["wrk"]
    curve: Curve | None = wrk and wrk.get("raw_curve")
    return curve


def median_of(curve: Curve | None) -> float | None:
    """The latency that half of the requests did not exceed; None for a curve of fewer than two requests."""
    if curve is None:
        return None
    return next((us for x, us in zip(curve["x"], curve["us"]) if x >= 1.99), None)


def caveats(document: Json) -> list[str]:
    """What a reader must know before believing a figure."""
    settings, machine, entries = document["settings"], document["machine"], document["entries"]
    said = [
        f"Server, probe and wrk shared {units.count(machine['cores'], 'core')}. Absolute times belong to this machine at "
        "this time; ratios within the run hold better.",
        f"The probe sends {units.count(settings['rate_per_s'])} /hello a second on a fixed schedule and counts each from "
        'the time when it was due. "During" are those that were due while a write was running.',
        "A write is done when the kernel has every record: in the page cache, not on the disk.",
        "Short writes are repeated with pauses until the window is full. The time is the median of the writes, the memory "
        "the maximum; the order is that of the first write.",
        "n/a: not measured. p99.9 needs at least 1,000 requests.",
        "At the other counts, the writes follow each other directly, without pauses, on one server for all counts.",
    ]
    done = repeats_done(entries)
    if done and done[0] < REPEATS_MIN:
        said.append(
            f"{units.count(done[0], 'repeat')}{'' if done[0] == done[1] else ' of some methods'}: the spread between "
            "repeats is not known."
        )
    load = machine["load_average_1m"]
    if load is not None and load > BUSY_LOAD_PER_CORE * machine["cores"]:
        said.append(f"The machine was busy at the start (load average {load:.1f}): expect noise.")
    repeats = [repeat for entry in entries for repeat in entry["repeats"]]
    late = sum(bool(repeat["probe"]["probe_was_bottleneck"]) for repeat in repeats)
    if late:
        said.append(
            f"In {late} of {units.count(len(repeats), 'measurement')} the probe itself was late because it got too little "
            "CPU time. A part of those latencies is its own."
        )
    for entry in entries:
        unanswered = entry["summary"] and entry["summary"]["hello_unanswered"]
        if unanswered:
            said.append(
                f"{title(entry)}: {units.count(unanswered)} /hello that were due during a write failed or returned another "
                "status than 200. They are in no figure."
            )
        if entry["cut_from"]:
            said.append(
                f"{title(entry)} wrote {units.count(entry['count'])} records instead of {units.count(entry['cut_from'])} "
                "to save time (--quick)."
            )
    if "node" in document["systems"]:
        said.append(
            "Node.js keeps no stall record. Its loop delay is that of perf_hooks, its samples are the kernel's."
        )
    else:
        said.append("Node.js was not measured: compare.py --peer node does that.")
    return said
