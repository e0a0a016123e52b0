# SPDX-License-Identifier: MIT

"""What each method is good for, by rule, from its points at every count (scale.py): a pure function of them.

RULES states the rules. The report and the file of the page have them from here.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

from loopscope_load import Json, units
from loopscope_load.terminal import first_line
from loopscope_load.verdict import STALL_MS, STRESSED_SHARE

PRODUCTION_COUNT = 1_000_000  # records up to which a method must have been measured and must do no harm
NOTICED_US = STALL_MS * 1000
NOTICED_FACTOR = 2
GROWTH_BYTES = 32  # a record; its text has 8 at a million records
GROWTH_MIN_BYTES = 16_000_000  # the place of a stall is read from debug information, which takes up to 12 MB once
SLOW_FACTOR = 10

RULES = (
    f"A write stalls the loop when the loop stood still for {STALL_MS} ms (the service's own threshold) and for "
    f"{STRESSED_SHARE * 100:.0f} % of the write's time, but not longer than the write. A count stalls it when at least half "
    "of the writes do.",
    f"/hello notices a count when p99 of the requests that were due during its writes is above {NOTICED_US / 1000:.0f} ms "
    f"and above {NOTICED_FACTOR} times p99 of the idle time before them, or when one has no response. Where the probe itself "
    "was late for want of CPU time, a slow /hello says nothing.",
    "A method does harm from the count on at which, and at every larger measured count, the loop stalls or /hello notices.",
    f"Its memory grows with the count when it grew by more than {GROWTH_MIN_BYTES // 1_000_000} MB, and from the last count but "
    f"one to the last by more than {GROWTH_BYTES} bytes a record.",
    f"It is slow from the count on at which, and at every larger one, it takes {SLOW_FACTOR} times as long as the fastest "
    "method that is fit for production.",
    f"It is fit for production, in a process whose loop serves others, when it was measured at every count up to "
    f"{PRODUCTION_COUNT:,} records and at none did harm, lost the order, left a file incomplete or had memory that grows.",
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """The points of one method on one system, at rising counts, and what follows from them."""

    system: str
    method: str
    points: Sequence[Json]

    @functools.cached_property
    def measured(self) -> list[Json]:
        return [point for point in self.points if point["outcome"] == "measured"]

    @functools.cached_property
    def harmful(self) -> list[Json]:
        return tail(self.measured, lambda point: harms(point) is True)

    @functools.cached_property
    def harmless(self) -> list[Json]:
        """The points up to the largest that is known to do no harm: a write of fewer records does not do more."""
        below = self.measured[: len(self.measured) - len(self.harmful)]
        return below[: len(below) - len(tail(below, lambda point: harms(point) is not False))]

    @functools.cached_property
    def bytes_a_record(self) -> float | None:
        """The growth of memory between the last two counts, for each record that the larger has more."""
        known = [point for point in self.measured if point["growth_bytes"] is not None]
        if len(known) < 2:
            return None
        smaller, larger = known[-2:]
        further: float = larger["growth_bytes"] - smaller["growth_bytes"]
        return further / float(larger["count"] - smaller["count"])

    @property
    def grows(self) -> bool:
        largest: float = max((point["growth_bytes"] or 0 for point in self.measured), default=0)
        return (self.bytes_a_record or 0) > GROWTH_BYTES and largest > GROWTH_MIN_BYTES

    @functools.cached_property
    def disordered(self) -> Json | None:
        return next((point for point in self.measured if point["in_order"] is False), None)

    @functools.cached_property
    def incomplete(self) -> Json | None:
        return next((point for point in self.measured if point["complete"] is False), None)

    def at(self, count: int) -> Json | None:
        return next((point for point in self.measured if point["count"] == count), None)

    @functools.cached_property
    def faults(self) -> list[str]:
        """Why it is not fit for production."""
        found = []
        if self.harmful:
            first, last = self.harmful[0], self.harmful[-1]
            found.append(f"from {units.count(first['count'])} records on {harm(last)} at {units.count(last['count'])}")
        if self.grows:
            found.append(f"memory grows by {self.bytes_a_record:.0f} bytes a record")
        if self.disordered:
            found.append(f"out of order at {units.count(self.disordered['count'])} records")
        if self.incomplete:
            found.append(f"the file is incomplete at {units.count(self.incomplete['count'])} records")
        return found

    @functools.cached_property
    def unknown(self) -> str | None:
        """What is missing for a yes."""
        for point in self.points:
            if point["count"] <= PRODUCTION_COUNT and point["outcome"] != "measured":
                reason = first_line(point["reason"]) or f"{point['outcome'].replace('_', ' ')}."
                return f"not measured at {units.count(point['count'])} records: {reason}"
        if not self.measured or self.measured[-1]["count"] < PRODUCTION_COUNT:
            up_to = units.count(self.measured[-1]["count"]) if self.measured else "no"
            return f"measured up to {up_to} records only."
        for point in self.measured:
            at = f"at {units.count(point['count'])} records"
            if point["stalled_writes"] is None or point["hello_p99_us"] is None:
                return f"{'the loop' if point['stalled_writes'] is None else '/hello'} was not measured {at}."
            if point["idle_p99_us"] is None:
                return f"/hello beside no write was not measured {at}."
            if point["growth_bytes"] is None:
                return f"memory was not measured {at}."
            if harms(point) is None and point not in self.harmless:
                return f"/hello was slow {at}, but the probe itself was late for want of CPU time."
            if point["in_order"] is None or point["complete"] is None:
                return f"the file was not read back {at}."
        return "memory was measured at one count only." if self.bytes_a_record is None else None

    @property
    def fit(self) -> bool | None:
        """Whether it is fit for production; None where that is not known."""
        if self.faults:
            return False
        return None if self.unknown else True

    def slow(self, rival: "Scale | None") -> list[Json]:
        if rival is None or rival is self:
            return []
        rival_ms = {point["count"]: point["time_ms"] for point in rival.measured}
        return tail(
            self.measured,
            lambda point: point["count"] in rival_ms
            and bool(point["time_ms"] >= SLOW_FACTOR * rival_ms[point["count"]]),
        )


def tail(points: Sequence[Json], holds: Callable[[Json], bool]) -> list[Json]:
    """The points from which on it holds at every larger count, too."""
    found: list[Json] = []
    for point in reversed(points):
        if not holds(point):
            break
        found.insert(0, point)
    return found


def stalls(point: Json) -> bool | None:
    if point["stalled_writes"] is None:
        return None
    return bool(point["stalled_writes"] > 0 and 2 * point["stalled_writes"] >= point["writes"])


def noticed(point: Json) -> bool | None:
    """Whether /hello noticed the writes."""
    if point["hello_unanswered"]:
        return True
    during_us, idle_us = point["hello_p99_us"], point["idle_p99_us"]
    if during_us is None or idle_us is None:
        return None
    if during_us > NOTICED_US and point["probe_late"]:
        return None  # a part of the latency is the probe's own
    return bool(during_us > NOTICED_US and during_us > NOTICED_FACTOR * idle_us)


def harms(point: Json) -> bool | None:
    each = (stalls(point), noticed(point))
    return True if True in each else None if None in each else False


def longest_stall_ms(point: Json) -> float | None:
    """By the server's stall record, or by its lag where it keeps none."""
    if point["longest_stall_ms"] is not None or point["lag_max_us"] is None:
        stall_ms: float | None = point["longest_stall_ms"]
        return stall_ms
    return float(point["lag_max_us"]) / 1000


def harm(point: Json) -> str:
    """What a write does at a point that does harm."""
    said = []
    if stalls(point):
        said.append(f"the loop stands still for {units.duration(longest_stall_ms(point))}")
    if noticed(point):
        said.append(hello(point))
    return " and ".join(said)


def hello(point: Json) -> str:
    if point["hello_unanswered"]:
        return f"{units.count(point['hello_unanswered'])} /hello have no response"
    return f"/hello p99 is {units.duration_of_us(point['hello_p99_us'])} (idle {units.duration_of_us(point['idle_p99_us'])})"


def scales(points: Sequence[Json]) -> list[Scale]:
    """The points by system and method, in the order in which those come."""
    keys = dict.fromkeys((point["system"], point["method"]) for point in points)
    return [
        Scale(
            *key,
            sorted((p for p in points if (p["system"], p["method"]) == key), key=lambda point: int(point["count"])),
        )
        for key in keys
    ]


def rival_of(system: str, every: Sequence[Scale]) -> Scale | None:
    """The fastest method of the system that is fit for production, at the largest count that all of them have."""
    fit = [scale for scale in every if scale.system == system and scale.fit]
    shared = set.intersection(*({point["count"] for point in scale.measured} for scale in fit)) if fit else set()
    if not shared:
        return None
    count = max(shared)
    return min(fit, key=lambda scale: float((scale.at(count) or {})["time_ms"]))


def recommendations(points: Sequence[Json]) -> list[Json]:
    """One for each system and method, as results.schema.json describes it."""
    every = scales(points)
    return [recommendation(scale, rival_of(scale.system, every)) for scale in every]


def uses_in_short(points: Sequence[Json]) -> dict[str, str]:
    """What each method of loopscope is for, by method. One of which nothing can be said is left out."""
    every = scales(points)
    uses = {
        scale.method: Uses.of(scale, scale.slow(rival_of(scale.system, every)))
        for scale in every
        if scale.system == "loopscope"
    }
    return {method: use.in_short() for method, use in uses.items() if use}


def recommendation(scale: Scale, rival: Scale | None) -> Json:
    slow = scale.slow(rival)
    uses = Uses.of(scale, slow)
    return {
        "system": scale.system,
        "method": scale.method,
        "production": scale.fit,
        "reason": reason(scale),
        "use_for": uses and uses.in_words(),
        "never_for": never_for(scale, slow, rival),
        "harmless_up_to": scale.harmless[-1]["count"] if scale.harmless else None,
        "harmful_from": scale.harmful[0]["count"] if scale.harmful else None,
        "slow_from": slow[0]["count"] if slow else None,
        "bytes_a_record": None if scale.bytes_a_record is None else round(scale.bytes_a_record, 1),
    }


def reason(scale: Scale) -> str:
    """Why it is fit for production, or why not."""
    if scale.faults:
        return "; ".join(scale.faults) + "."
    if scale.unknown:
        return scale.unknown
    slowest = max(scale.measured, key=lambda point: float(point["hello_p99_us"]))
    return (
        f"up to {units.count(scale.measured[-1]['count'])} records it stalls nobody, /hello p99 is at most "
        f"{units.duration_of_us(slowest['hello_p99_us'])} (idle {units.duration_of_us(slowest['idle_p99_us'])}), memory "
        f"does not grow with the count, the records are in order."
    )


@dataclasses.dataclass(frozen=True)
class Uses:
    """What a method is for: the largest point in a hurry, and without; any number where nobody else waits."""

    best: Json | None
    patient: Json | None  # larger than the best
    any_number: bool  # the best is not a limit
    alone: bool
    ordered: bool

    @classmethod
    def of(cls, scale: Scale, slow: Sequence[Json]) -> "Uses | None":
        """None where nothing can be said."""
        if not scale.measured or not (scale.harmless or scale.harmful):
            return None
        largest = scale.harmless[-1] if scale.harmless else None
        quick = [point for point in scale.harmless if not slow or point["count"] < slow[0]["count"]]
        best = quick[-1] if quick else largest
        return cls(
            best=best,
            patient=largest if largest is not best else None,
            any_number=largest is not None and not scale.harmful and not slow and not scale.grows,
            alone=bool(scale.harmful) and not scale.grows and not scale.disordered,
            ordered=scale.disordered is None,
        )

    def in_words(self) -> str:
        order = "" if self.ordered else " whose order does not matter"
        said = []
        if self.best:
            count, time = units.count(self.best["count"]), units.duration(self.best["time_ms"])
            said.append(
                f"any number of records{order} beside other requests ({count} take {time})"
                if self.any_number
                else f"up to {count} records{order} beside other requests ({time})"
            )
        if self.patient:
            said.append(f"up to {units.count(self.patient['count'])} where the time does not matter")
        if self.alone:
            said.append("any number where no other request waits: command-line tools, before the server listens")
        return "; ".join(said) if said else "nothing that was measured"

    def in_short(self) -> str:
        """For a column of a table."""
        said = []
        if self.best:
            count = "any number of" if self.any_number else f"up to {units.count(self.best['count'])}"
            said.append(f"{count} records" + ("" if self.ordered else " in any order"))
        if self.patient:
            said.append(f"up to {units.count(self.patient['count'])} if it may take long")
        if self.alone:
            said.append("any number where nobody waits")
        return "; ".join(said) if said else "nothing"


def never_for(scale: Scale, slow: Sequence[Json], rival: Scale | None) -> str | None:
    said = []
    if scale.harmful:
        said.append(f"{units.count(scale.harmful[0]['count'])} records or more beside other requests")
    if scale.grows:
        said.append(f"an unbounded number ({scale.bytes_a_record:.0f} bytes of memory each)")
    if scale.disordered:
        said.append("records whose order matters")
    if scale.incomplete:
        said.append("anything: the file is incomplete")
    if slow and rival:
        last = slow[-1]
        factor = last["time_ms"] / (rival.at(last["count"]) or last)["time_ms"]
        said.append(
            f"{units.count(slow[0]['count'])} records or more in a hurry ({rival.method} is {units.ratio(factor)} times as "
            f"fast at {units.count(last['count'])})"
        )
    return "; ".join(said) if said else None


def in_words(found: Json) -> str:
    """One recommendation for the terminal."""
    known = {True: "yes", False: "no", None: "not known"}[found["production"]]
    said = [f"production: {known}" + ("" if found["production"] else f", {found['reason'].rstrip('.')}")]
    if found["use_for"]:
        said.append(f"use it for {found['use_for']}")
    if found["never_for"] and found["production"]:
        said.append(f"never for {found['never_for']}")
    return "; ".join(said) + "."


def findings(found: Json) -> Iterator[str]:
    """Sentences about loopscope's methods for the report's finding; `found` is document["recommendations"]."""
    own = [each for each in found["methods"] if each["system"] == "loopscope"]
    fit = [each["method"] for each in own if each["production"]]
    unfit = [f"{each['method']} ({each['reason'].rstrip('.')})" for each in own if each["production"] is False]
    if fit or unfit:
        said = [f"yes for {', '.join(fit)}" if fit else "", f"no for {' and '.join(unfit)}" if unfit else ""]
        yield f"Fit for production, by the rules below: {'; '.join(part for part in said if part)}."


def page_part(document: Json) -> Json:
    """What the page shows of a results.json: loopscope's recommendations, and the points that they follow from."""
    points = [point for point in document["scale"] if point["system"] == "loopscope"]
    return {
        "about": "Made by load/compare.py recommend RESULTS from a results.json of load/compare.py --scale.",
        "started": document["started"],
        "machine": {
            name: document["machine"][name] for name in ("cpu", "cores", "kernel", "file_system", "load_average_1m")
        },
        "rules": list(RULES),
        "methods": recommendations(points),
        "scale": points,
    }


def document_part(points: Sequence[Json]) -> Json:
    """The part "recommendations" of results.schema.json."""
    return {"rules": list(RULES), "methods": recommendations(points)}
