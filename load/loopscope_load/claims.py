"""What the articles behind this project claim (load/claims.json), beside the figures that were measured here.

"time", "memory", "cpu", "order" and "hello" are claims about one method. METHODS are all methods of loopscope; the
articles do not cover the last two.
"""

import json
import os
from collections.abc import Callable, Sequence

from loopscope_load import Json, units
from loopscope_load.verdict import Figures, medians

METHODS: tuple[str, ...] = ("sync", "promise", "callback", "stream", "partition", "offload")

with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "claims.json"), encoding="utf-8") as _file:
    _document: Json = json.load(_file)
CLAIMS: dict[str, dict[str, Json]] = _document["methods"]
CLAIMED_COUNT: int = _document["count"]

IN_ORDER = "in order"
TOLERANCE = 0.1  # of the range's end: a figure that close to the range is "as claimed"
TITLES = {
    "time": "time",
    "memory": "peak memory",
    "cpu": "CPU, of one core",
    "order": "order",
    "hello": "/hello during the write, slowest",
}


def rows(entries: Sequence[Json], count: int) -> list[Json]:
    """[{"method", "figure", "claim", "measured": {system: {"says", "relation"}}}] for the methods of the articles.

    `count` is the count that was asked for. The claims hold for CLAIMED_COUNT records; at another count there are none.
    """
    if count != CLAIMED_COUNT:
        return []
    found = []
    for method, claim in CLAIMS.items():
        measured = [entry for entry in entries if entry["summary"] and entry["method"] == method]
        for name, title in TITLES.items():
            cells = {entry["system"]: cell(name, claim[name], entry) for entry in measured}
            if cells:
                found.append({"method": method, "figure": title, "claim": claim[name]["text"], "measured": cells})
    return found


def cell(name: str, claim: Json, entry: Json) -> Json:
    """The measured figure in words, and its relation to the claim."""
    figures = medians(entry["summary"])
    if name == "time":
        return time_cell(figures, claim)
    if name == "memory":
        return {
            "says": units.megabytes(figures.peak_bytes),
            "relation": relation(figures.peak_bytes, claim["min_bytes"], claim["max_bytes"]),
        }
    if name == "cpu":
        return {
            "says": units.percent(figures.cpu_share),
            "relation": relation(figures.cpu_share, claim["min_share"], claim["max_share"]),
        }
    if name == "order":
        return {"says": order(figures), "relation": order_relation(figures.in_order, claim["text"])}
    return {
        "says": units.duration_of_us(figures.hello_max_us),
        "relation": relation(figures.hello_max_us, claim["max_us"], claim["max_us"]),
    }


def time_cell(figures: Figures, claim: Json) -> Json:
    """A time. With fewer records, also the cost of a record, and what all records would take at that cost."""
    if figures.count == CLAIMED_COUNT:
        says, whole_ms = units.duration(figures.time_ms), figures.time_ms
    else:
        each_ms = figures.time_ms / figures.count
        whole_ms = each_ms * CLAIMED_COUNT
        says = (
            f"{units.duration(figures.time_ms)} for {units.count(figures.count)}, {units.cost(each_ms)} each; "
            f"{units.duration(whole_ms)} at that for all"
        )
    return {"says": says, "relation": relation(whole_ms, claim["min_ms"], claim["max_ms"])}


def order(figures: Figures) -> str:
    if figures.in_order is None:
        return units.NOT_MEASURED
    return IN_ORDER if figures.in_order else f"{units.count(figures.out_of_order_records, 'record')} out of order"


def order_relation(in_order: bool | None, claim: str) -> str | None:
    """None where nothing follows: a file that happens to be in order does not contradict "not guaranteed"."""
    if in_order is None or (in_order and claim != IN_ORDER):
        return None
    return "as claimed" if in_order == (claim == IN_ORDER) else "not as claimed"


def relation(value: float | None, minimum: float, maximum: float) -> str | None:
    """The figure's relation to the claimed range: "as claimed" or a factor."""
    if value is None:
        return None
    if minimum * (1 - TOLERANCE) <= value <= maximum * (1 + TOLERANCE):
        return "as claimed"
    return f"{units.ratio(value / (maximum if value > maximum else minimum))} x the claim"


def other_rows(entries: Sequence[Json]) -> list[Json]:
    """[{"claim", "method", "says": {system: words}}]: further sentences of the articles beside the measured figure."""
    found = []
    for claim, method, words_of in OTHER_CLAIMS:
        says = {
            entry["system"]: words
            for entry in entries
            if entry["summary"] and entry["method"] == method and (words := words_of(medians(entry["summary"])))
        }
        if says:
            found.append({"claim": claim, "method": method, "says": says})
    return found


def queueing(figures: Figures) -> str | None:
    if figures.queued_ms is None:
        return None
    return f"queued after {units.duration(figures.queued_ms)}, written after {units.duration(figures.time_ms)}"


def lag(figures: Figures) -> str | None:
    us = figures.lag_max_us
    return None if us is None else f"the loop was late by up to {units.duration_of_us(us)}"


def drains(figures: Figures) -> str | None:
    return None if figures.drains is None else units.count(figures.drains, "drain")


def page_cache(figures: Figures) -> str | None:
    dirty = figures.dirty_bytes
    return None if dirty is None else f"{units.megabytes(dirty)} of the file were only in the page cache"


OTHER_CLAIMS: tuple[tuple[str, str, Callable[[Figures], str | None]], ...] = (
    (
        "A timer that stops when everything is queued misleads: callback seems to take milliseconds.",
        "callback",
        queueing,
    ),
    ("callback leaves the loop free.", "callback", lag),
    ('stream pauses for drain "15" times in one place and "about 15,000" in another.', "stream", drains),
    ("When a write is done its data are safe on the disk.", "stream", page_cache),
)
