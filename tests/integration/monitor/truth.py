# SPDX-License-Identifier: MIT

"""Compares what a program measured of its own blocks with what the monitor told of them."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

STALL_THRESHOLD_MS = 25
TOLERANCE_MS = 10
EDGES_MAX_MS = 50
# A block near the threshold may be told or not.
CERTAIN_MS = STALL_THRESHOLD_MS + TOLERANCE_MS
# Lines of a block between the one that begins the measurement and the one that blocks.
BLOCK_LINES = 12
# A part of a block that is at least this share of it may give the verdict.
MAJOR_SHARE = 0.4
# So is one that is nearly as long as the longest.
NEARLY = 0.75


@dataclasses.dataclass(frozen=True)
class Truth:
    """A block as the program measured it: its clock, and the kernel's accounting of its thread."""

    kind: str
    function: str
    line: int
    start_ns: int
    duration_ms: float
    cpu_ms: float
    queue_ms: float
    pid: int
    tid: int
    result: int
    errno: int
    # The handler that the block was in, where the program measures that too.
    handler_ms: float = 0.0

    @property
    def end_ns(self) -> int:
        return self.start_ns + round(self.duration_ms * 1e6)

    @property
    def off_cpu_ms(self) -> float:
        return self.duration_ms - self.cpu_ms - self.queue_ms

    def verdicts(self) -> set[str]:
        """The verdicts that are true. A thread that mostly slept is never acquitted."""
        parts = {"on_cpu": self.cpu_ms, "run_queue": self.queue_ms, "off_cpu": self.off_cpu_ms}
        least_ms = min(MAJOR_SHARE * self.duration_ms, NEARLY * max(parts.values()))
        major = {name for name, ms in parts.items() if ms >= least_ms}
        # A machine that stands still takes the time of a thread which computes. To the kernel it is no time of the thread.
        if self.kind in ("regex", "json", "spin") and "off_cpu" in major:
            major = major - {"off_cpu"} | {"descheduled"}
        return major


@dataclasses.dataclass(frozen=True)
class Record:
    """An ended stall as the monitor told it. tid is 0 where it does not say."""

    sentence: str
    start_ns: int
    duration_ms: float
    verdict: str
    function: str
    file: str
    line: int
    pid: int
    tid: int
    told: dict[str, Any]

    @property
    def end_ns(self) -> int:
        return self.start_ns + round(self.duration_ms * 1e6)

    @property
    def has_place(self) -> bool:
        return bool(self.function)


@dataclasses.dataclass(frozen=True)
class Answer:
    """How long a client waited for one response."""

    start_ns: int
    duration_ms: float

    @property
    def end_ns(self) -> int:
        return self.start_ns + round(self.duration_ms * 1e6)


def short_name(function: str) -> str:
    """A function's name without namespaces and parameters."""
    return function.replace("(anonymous namespace)::", "").split("(")[0].split("::")[-1]


def truth_of(told: dict[str, Any], handlers: Sequence[dict[str, Any]] = ()) -> Truth:
    made = Truth(**{field.name: told[field.name] for field in dataclasses.fields(Truth) if field.name in told})
    for each in handlers:
        begin, end = each["start_ns"], each["start_ns"] + each["duration_ms"] * 1e6
        if (each["pid"], each["tid"]) == (made.pid, made.tid) and begin <= made.start_ns < end:
            return dataclasses.replace(made, handler_ms=each["duration_ms"])
    return made


def record_of(told: dict[str, Any]) -> Record:
    return Record(
        sentence=told["sentence"],
        start_ns=told["start_ns"],
        duration_ms=told["duration_ms"],
        verdict=told["verdict"],
        function=told.get("function", ""),
        file=told.get("file", ""),
        line=told.get("line", 0),
        pid=told["pid"],
        tid=told.get("tid", 0),
        told=told,
    )


def overlap_ns(one: Truth | Record | Answer, other: Truth | Record | Answer) -> int:
    return max(0, min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns))


def belong_together(truth: Truth, record: Record) -> bool:
    return overlap_ns(truth, record) > 0 and record.pid == truth.pid and record.tid in (0, truth.tid)


@dataclasses.dataclass(frozen=True)
class Finding:
    """A truth with its record; further records of the same block are its pieces."""

    truth: Truth
    record: Record | None
    pieces: tuple[Record, ...]

    @property
    def found(self) -> bool:
        return self.record is not None

    @property
    def missed(self) -> bool:
        return self.record is None and self.truth.duration_ms >= CERTAIN_MS

    @property
    def error_ms(self) -> float | None:
        return self.record.duration_ms - self.truth.duration_ms if self.record else None

    @property
    def off(self) -> bool:
        if self.record is None:
            return False
        # A thread that waited for the CPU in its block may have waited at the edges of it as well.
        edges_ms = min(self.truth.queue_ms, EDGES_MAX_MS)
        shortest_ms = self.truth.duration_ms
        longest_ms = max(shortest_ms, self.truth.handler_ms)
        outside_ms = max(shortest_ms - self.record.duration_ms, self.record.duration_ms - longest_ms)
        return outside_ms > TOLERANCE_MS + edges_ms

    @property
    def wrong_place(self) -> bool:
        if self.record is None or not self.truth.function:
            return False
        return short_name(self.record.function) != self.truth.function or not (
            self.truth.line <= self.record.line <= self.truth.line + BLOCK_LINES
        )

    @property
    def wrong_verdict(self) -> bool:
        return self.record is not None and self.record.verdict not in self.truth.verdicts()

    @property
    def acquitted(self) -> bool:
        """Whether a thread that slept is told to have been held up by the machine."""
        return (
            self.record is not None
            and self.truth.off_cpu_ms > 0.6 * self.truth.duration_ms
            and self.record.verdict in ("run_queue", "throttled", "descheduled")
            and "off_cpu" in self.truth.verdicts()
        )


@dataclasses.dataclass(frozen=True)
class Comparison:
    findings: tuple[Finding, ...]
    phantoms: tuple[Record, ...]
    records: tuple[Record, ...]

    def counts(self) -> dict[str, int]:
        def number(name: str) -> int:
            return sum(bool(getattr(each, name)) for each in self.findings)

        return {
            "truths": len(self.findings),
            "found": number("found"),
            "missed": number("missed"),
            "in_pieces": number("pieces"),
            "wrong_place": number("wrong_place"),
            "wrong_verdict": number("wrong_verdict"),
            "acquitted": number("acquitted"),
            "off": number("off"),
            "without_place": sum(not each.has_place for each in self.records),
            "phantoms": len(self.phantoms),
        }

    def faults(self, *names: str) -> dict[str, int]:
        """The counts of these faults, of all by default, that are not zero."""
        wanted = names or (
            "missed",
            "in_pieces",
            "wrong_place",
            "wrong_verdict",
            "acquitted",
            "off",
            "without_place",
            "phantoms",
        )
        counts = self.counts()
        return {name: counts[name] for name in wanted if counts[name]}

    def table(self) -> str:
        lines = [f"{'kind':<13}{'truth ms':>9}{'told ms':>9}{'error':>8}  {'verdict':<12}{'place':<34}what is wrong"]
        for each in sorted(self.findings, key=lambda found: found.truth.start_ns):
            wrong = [
                name.replace("_", " ")
                for name in ("missed", "wrong_place", "wrong_verdict", "acquitted", "off")
                if getattr(each, name)
            ]
            wrong += [f"and {piece.duration_ms:.1f} ms: {piece.sentence}" for piece in each.pieces]
            record = each.record
            if record and not record.has_place:
                wrong.append(f"no stack: {record.told.get('no_stack_reason')}")
            if each.wrong_verdict and record:
                parts = [
                    (each.truth.cpu_ms, each.truth.queue_ms),
                    (record.told.get("cpu_ms"), record.told.get("queue_ms")),
                ]
                wrong.append(f"CPU and queue in truth and as told: {parts}")
            told = f"{record.duration_ms:9.1f}{each.error_ms:+8.1f}" if record else f"{'-':>9}{'-':>8}"
            place = f"{record.function}:{record.line}" if record and record.has_place else "-"
            lines.append(
                f"{each.truth.kind:<13}{each.truth.duration_ms:9.1f}{told}  {record.verdict if record else '-':<12}"
                f"{place[-33:]:<34}{', '.join(wrong)}"
            )
        known = [each.record for each in self.findings]
        lines += [
            f"without a place: {each.sentence}" for each in self.records if not each.has_place and each not in known
        ]
        lines += [f"phantom: {each.duration_ms:.1f} ms: {each.sentence}" for each in self.phantoms]
        lines.append(", ".join(f"{name} {count}" for name, count in self.counts().items()))
        return "\n".join(lines)


def unexplained(record: Record, answers: Iterable[Answer]) -> bool:
    """Whether no answer that was due meanwhile took as long as the stall."""
    slowest = max((each.duration_ms for each in answers if overlap_ns(each, record) > 0), default=0.0)
    return record.duration_ms > slowest + TOLERANCE_MS


def compare(truths: Sequence[Truth], records: Sequence[Record], answers: Sequence[Answer] = ()) -> Comparison:
    """Gives each truth the record that overlaps it most, and each record to one truth at most."""
    pairs = sorted(
        (
            (overlap_ns(truth, record), t, r)
            for t, truth in enumerate(truths)
            for r, record in enumerate(records)
            if belong_together(truth, record)
        ),
        reverse=True,
    )
    record_for: dict[int, int] = {}
    truth_for: dict[int, int] = {}
    for _, t, r in pairs:
        if t not in record_for and r not in truth_for:
            record_for[t], truth_for[r] = r, t
    pieces: dict[int, list[Record]] = {}
    for _, t, r in pairs:
        if r not in truth_for:
            truth_for[r] = t
            pieces.setdefault(t, []).append(records[r])
    findings = tuple(
        Finding(truth, records[record_for[t]] if t in record_for else None, tuple(pieces.get(t, ())))
        for t, truth in enumerate(truths)
    )
    phantoms = tuple(record for r, record in enumerate(records) if r not in truth_for and unexplained(record, answers))
    return Comparison(findings, phantoms, tuple(records))
