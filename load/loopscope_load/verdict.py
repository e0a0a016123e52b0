# SPDX-License-Identifier: MIT

"""The figures of one method on one system, summed up over its repeats; a verdict on the loop and a sentence from them.

Everything is derived from the figures of this run. Nothing is known about a method beforehand.
"""

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loopscope_load import Json, statistics, units

STALL_MS = 25  # the service's own default threshold
BLOCKED_SHARE = 0.8  # of the write's time in one stall; with less, the loop is stressed
STRESSED_SHARE = 0.02  # of the write's time: a shorter stall in a write of seconds is rather the machine's
WAITED_SHARE = 0.05  # of the write's time: a typical /hello waits that long for a blocked loop
QUEUED_SHARE = 0.8  # of the write's time: with less, a timer around the queueing alone would mislead
NOISE_FACTOR = 4  # a /hello slower than this many times the idle maximum is not an accident

SPREADS = {  # name in the summary: its part and name in a repeat
    "time_ms": ("write", "time_ms"),
    "queued_ms": ("write", "queued_ms"),
    "peak_bytes": ("write", "peak_bytes"),
    "cpu_share": ("write", "cpu_share"),
    "stalls": ("write", "stalls"),
    "longest_stall_ms": ("write", "longest_stall_ms"),  # of the repeats that had a stall
    "lag_max_us": ("write", "lag_max_us"),
    "hello_p50_us": ("during", "p50_us"),
    "hello_p99_us": ("during", "p99_us"),
    "hello_p99_9_us": ("during", "p99_9_us"),
    "hello_max_us": ("during", "max_us"),
    "idle_p50_us": ("idle", "p50_us"),
    "idle_p99_us": ("idle", "p99_us"),
    "idle_p99_9_us": ("idle", "p99_9_us"),
    "idle_max_us": ("idle", "max_us"),
}
SAME_IN_EVERY_REPEAT = ("io", "bytes", "write_calls", "drains", "dirty_bytes")


class Loop(enum.StrEnum):
    """What a write did to the loop."""

    BLOCKED = "BLOCKED"
    STRESSED = "stressed"
    FREE = "free"


class Verdict(NamedTuple):
    """`source` is the kind of figure that the verdict rests on: stall, lag or hello; `stall_ms` is that figure.

    stall_ms is None where the server keeps a stall record and had none. All is None where nothing was measured.
    """

    loop: Loop | None
    source: str | None
    stall_ms: float | None

    def json(self) -> Json:
        return {"loop": self.loop, "from": self.source, "stall_ms": self.stall_ms}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """One method's figures: of a summary, the median of each. None was not measured."""

    count: int
    time_ms: float
    queued_ms: float | None = None
    peak_bytes: float | None = None
    cpu_share: float | None = None
    write_calls: int | None = None
    drains: int | None = None
    dirty_bytes: int | None = None
    complete: bool | None = None
    in_order: bool | None = None
    out_of_order_records: int | None = None
    stalls: float | None = None
    longest_stall_ms: float | None = None
    lag_max_us: float | None = None
    hello_unanswered: int = 0
    hello_p50_us: float | None = None
    hello_p99_us: float | None = None
    hello_p99_9_us: float | None = None
    hello_max_us: float | None = None
    idle_p50_us: float | None = None
    idle_p99_us: float | None = None
    idle_p99_9_us: float | None = None
    idle_max_us: float | None = None

    @classmethod
    def of(cls, values: Json) -> "Figures":
        """The figures among the values; other values are ignored."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: values[name] for name in names if name in values})

    @property
    def verdict(self) -> Verdict:
        if self.stalls == 0:
            return Verdict(Loop.FREE, "stall", None)
        if self.longest_stall_ms is not None:
            return self._verdict_of_stall("stall", self.longest_stall_ms)
        if self.lag_max_us is not None:
            return self._verdict_of_stall("lag", self.lag_max_us / 1000)
        if self.hello_max_us is None or self.hello_p50_us is None:
            return Verdict(None, None, None)
        return self._verdict_of_hello(self.hello_max_us / 1000, self.hello_p50_us / 1000)

    def _verdict_of_stall(self, source: str, stall_ms: float) -> Verdict:
        real = stall_ms >= STALL_MS
        blocked = real and stall_ms >= BLOCKED_SHARE * self.time_ms
        return Verdict(self._loop(stall_ms, real, blocked), source, stall_ms)

    def _verdict_of_hello(self, slowest_ms: float, typical_ms: float) -> Verdict:
        real = slowest_ms >= max(STALL_MS, NOISE_FACTOR * (self.idle_max_us or 0) / 1000)
        # A single slow response is not enough for BLOCKED: most requests must have waited.
        typical_waited = typical_ms >= max(WAITED_SHARE * self.time_ms, NOISE_FACTOR * (self.idle_p50_us or 0) / 1000)
        blocked = slowest_ms >= BLOCKED_SHARE * self.time_ms and typical_waited
        return Verdict(self._loop(slowest_ms, real, blocked), "hello", slowest_ms)

    def _loop(self, stall_ms: float, real: bool, blocked: bool) -> Loop:
        if blocked:
            return Loop.BLOCKED
        return Loop.STRESSED if real and stall_ms >= STRESSED_SHARE * self.time_ms else Loop.FREE

    def sentence(self, width: int = 78) -> str:
        """One line of at most `width` characters: the effect, and as many details as fit."""
        said = self._effect()
        for detail in self._details():
            longer = f"{said}; {detail}"
            if len(longer) < width:
                said = longer
        return said + "."

    def _effect(self) -> str:
        loop, _, stall_ms = self.verdict
        if loop is None or self.hello_max_us is None:
            return "No /hello that was due during the write was answered"
        if loop is Loop.BLOCKED:
            said = f"A /hello waited up to {units.duration_of_us(self.hello_max_us)}"
            if self.longest_stall_ms is None:
                return said
            return f"{said}, the loop stood still for {units.duration(self.longest_stall_ms)}"
        if loop is Loop.STRESSED:
            return f"The loop stalled for up to {units.duration(stall_ms)} at once"
        return self.against_idle() or f"/hello max {units.duration_of_us(self.hello_max_us)}"

    def _details(self) -> Iterator[str]:
        """The figures of this method that say something, the most important first."""
        if self.complete is False:
            yield "THE FILE IS INCOMPLETE"
        if self.hello_unanswered:
            yield f"{self.hello_unanswered:,} /hello WITHOUT A RESPONSE"
        if self.out_of_order_records:
            yield f"{units.count(self.out_of_order_records, 'record')} out of order"
        if self.verdict.loop is Loop.STRESSED and (compared := self.against_idle()):
            yield compared
        if self.queued_ms is not None and self.queued_ms < QUEUED_SHARE * self.time_ms:
            yield f"all queued after {units.duration(self.queued_ms)}"
        if self.drains:
            yield units.count(self.drains, "drain")
        if self.write_calls:
            if self.write_calls == self.count:
                yield f"{units.cost(self.time_ms / self.write_calls)} a write call"
            else:
                yield units.count(self.write_calls, "write call")

    def against_idle(self) -> str | None:
        """The highest percentile that was measured both during the write and idle; None when there is none."""
        for title, during_us, idle_us in (
            ("p99.9", self.hello_p99_9_us, self.idle_p99_9_us),
            ("p99", self.hello_p99_us, self.idle_p99_us),
            ("max", self.hello_max_us, self.idle_max_us),
        ):
            if during_us is not None and idle_us is not None:
                return f"/hello {title} {units.duration_of_us(during_us)} (idle {units.duration_of_us(idle_us)})"
        return None


def summary(repeats: Sequence[Json], count: int) -> Json:
    """The figures of all repeats. Each of SPREADS is a Spread, or None when no repeat has the figure."""
    writes = [repeat["write"] for repeat in repeats]
    found: Json = {
        name: statistics.spread(repeat[part][key] for repeat in repeats) for name, (part, key) in SPREADS.items()
    }
    found.update({name: writes[0][name] for name in SAME_IN_EVERY_REPEAT})
    found["repeats"] = len(repeats)
    found["hello_unanswered"] = sum(repeat["during"]["unanswered"] for repeat in repeats)
    found["writes"] = sum(write["writes"] for write in writes)
    found["count"] = count
    found["complete"] = all_or_none([write["complete"] for write in writes])
    found["in_order"] = all_or_none([write["in_order"] for write in writes])
    found["out_of_order_records"] = statistics.maximum(write["out_of_order_records"] for write in writes)
    found["verdict"] = medians(found).verdict.json()
    found["shown_repeat"] = middle_repeat(repeats)
    return found


def medians(summed_up: Json) -> Figures:
    """The figures of a summary, the median of each spread."""
    return Figures.of(
        {name: value["median"] if name in SPREADS and value else value for name, value in summed_up.items()}
    )


def repeats_done(entries: Sequence[Json]) -> tuple[int, int] | None:
    """The minimum and the maximum number of repeats of a method; None when nothing was measured."""
    done = [entry["summary"]["repeats"] for entry in entries if entry["summary"]]
    return (min(done), max(done)) if done else None


def all_or_none(values: Sequence[bool | None]) -> bool | None:
    """False when one is False: what holds only sometimes does not hold. None when none is known."""
    if False in values:
        return False
    return True if True in values else None


def shown_repeat(entry: Json) -> Json:
    """The repeat of a measured entry that charts draw."""
    repeat: Json = entry["repeats"][entry["summary"]["shown_repeat"]]
    return repeat


def middle_repeat(repeats: Sequence[Json]) -> int:
    """The index of the repeat that charts draw: the one with the median time, or next to it."""
    order = sorted(range(len(repeats)), key=lambda index: float(repeats[index]["write"]["time_ms"]))
    return order[(len(order) - 1) // 2]
