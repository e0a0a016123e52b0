# SPDX-License-Identifier: MIT

"""What changed between two comparisons beyond noise.

The noise is the difference between the repeats of one comparison. A figure has changed when the two ranges do not
overlap after each is widened by a tenth. That needs three repeats on both sides; with fewer, only outcome, order and
completeness are compared. A higher figure is a regression, and so is a method that no longer works, writes its records
out of order or blocks the loop more than before.
"""

import dataclasses
from collections.abc import Callable

from loopscope_load import Json, units
from loopscope_load.statistics import Spread
from loopscope_load.verdict import Loop

GAP = 1.1
REPEATS_MIN = 3
LOOP_ORDER = list(reversed(Loop))  # from free to BLOCKED


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure that is compared; lower is better. A smaller difference than `negligible` is of no use to anyone."""

    key: str
    title: str
    words: Callable[[float | None], str]
    negligible: float


FIGURES = (
    Figure("time_ms", "time", units.duration, 1),
    Figure("hello_p99_us", "/hello p99", units.duration_of_us, 1000),
    Figure("hello_p99_9_us", "/hello p99.9", units.duration_of_us, 1000),
    Figure("hello_max_us", "/hello max", units.duration_of_us, 5000),
    Figure("longest_stall_ms", "longest stall", lambda ms: units.duration(ms) if ms else "none", 5),
    Figure("peak_bytes", "peak memory", units.megabytes, 1_000_000),
    Figure("cpu_share", "CPU", units.percent, 0.02),
)


@dataclasses.dataclass(frozen=True)
class Change:
    where: str
    what: str
    worse: bool

    def __str__(self) -> str:
        return f"{'WORSE ' if self.worse else 'better'}  {self.where:<20} {self.what}"


def changes(old: Json, new: Json) -> list[Change]:
    """The changes, in the order of the new document."""
    before = {(entry["system"], entry["method"]): entry for entry in old["entries"]}
    found: list[Change] = []
    for entry in new["entries"]:
        earlier = before.pop((entry["system"], entry["method"]), None)
        if earlier is not None:
            found += entry_changes(earlier, entry)
    found += [
        Change(name(entry), "no longer measured", True)
        for entry in before.values()
        if entry["outcome"] == "measured"
        and entry["system"] in new["systems"]
        and entry["method"] in new["settings"]["methods"]
    ]
    return found


def entry_changes(old: Json, new: Json) -> list[Change]:
    where = name(new)
    if old["outcome"] != new["outcome"]:
        return [Change(where, f"{old['outcome']}, now {new['outcome']}", new["outcome"] != "measured")]
    if new["outcome"] != "measured":
        return []
    before, after = old["summary"], new["summary"]
    found = []
    for key, what in (("complete", "the file is complete"), ("in_order", "the records are in order")):
        if None not in (before[key], after[key]) and before[key] != after[key]:
            found.append(Change(where, f"{what}: {yes_no(before[key])}, now {yes_no(after[key])}", not after[key]))
    comparable = min(before["repeats"], after["repeats"]) >= REPEATS_MIN
    loops = before["verdict"]["loop"], after["verdict"]["loop"]
    if comparable and None not in loops and loops[0] != loops[1]:
        worse = LOOP_ORDER.index(loops[1]) > LOOP_ORDER.index(loops[0])
        found.append(Change(where, f"loop {loops[0]}, now {loops[1]}", worse))
    lost = [each.get("hello_unanswered", 0) for each in (before, after)]  # an earlier version did not count them
    if lost[1] and not lost[0]:
        found.append(Change(where, f"{lost[1]:,} /hello without a response, none before", True))
    if comparable and old["count"] == new["count"]:
        found += [change for figure in FIGURES if (change := figure_change(where, before, after, figure))]
    return found


def figure_change(where: str, before: Json, after: Json, figure: Figure) -> Change | None:
    old, new = figure_spread(before, figure.key), figure_spread(after, figure.key)
    if old is None or new is None or abs(new["median"] - old["median"]) < figure.negligible:
        return None
    worse = new["min"] > old["max"] * GAP
    better = new["max"] * GAP < old["min"]
    if not worse and not better:
        return None
    said = f"{figure.title} {in_words(old, figure)}, now {in_words(new, figure)}"
    return Change(where, said, worse)


def figure_spread(summary: Json, key: str) -> Spread | None:
    """The spread of a figure. A repeat without a stall counts as a longest stall of 0, so the first stall is a change."""
    found: Spread | None = summary[key]
    stalls: Spread | None = summary.get("stalls")  # an earlier version did not count stalls
    if key != "longest_stall_ms" or not stalls or stalls["min"] > 0:
        return found
    if found is None:
        return {"median": 0, "min": 0, "max": 0}
    return {"median": found["median"] if stalls["median"] > 0 else 0, "min": 0, "max": found["max"]}


def in_words(spread: Spread, figure: Figure) -> str:
    return f"{figure.words(spread['median'])} ({figure.words(spread['min'])} to {figure.words(spread['max'])})"


def doubts(old: Json, new: Json) -> list[str]:
    """Reasons why the two may not be comparable, as sentences."""
    said = []
    for part, keys in (
        ("machine", ("cpu", "cores", "kernel", "file_system")),
        ("settings", ("count", "rate_per_s", "window_s", "io")),
    ):
        for key in keys:
            if old[part][key] != new[part][key]:
                said.append(f"{key}: {old[part][key]}, now {new[part][key]}.")
    repeats = min(old["settings"]["repeats"], new["settings"]["repeats"])
    if repeats < REPEATS_MIN:
        said.append(
            f"{units.count(repeats, 'repeat')}: the noise is not known, so only order, completeness and outcome are "
            f"compared. Use --repeats {REPEATS_MIN} or more."
        )
    return said


def name(entry: Json) -> str:
    method: str = entry["method"]
    return method if entry["system"] == "loopscope" else f"{entry['system']} {method}"


def yes_no(value: bool) -> str:
    return "yes" if value else "NO"
