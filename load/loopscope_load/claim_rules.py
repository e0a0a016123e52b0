# SPDX-License-Identifier: MIT

"""How a claim of the book (load/claims.json) is measured and judged: one rule for each `measure` that the book names.

A rule takes the View of a document and the claim, and returns the Judged claim. Nothing is judged by hand: every verdict
follows from figures of the run. A figure that the run does not have raises NotMeasured with the reason.
"""

import dataclasses
from collections.abc import Callable

from loopscope_load import Json, units
from loopscope_load.verdict import STALL_MS, Figures, Loop, medians
from loopscope_load.writes import grown_bytes

HOLDS, IN_PART, NOT = "holds", "holds in part", "does not hold"
NOT_MEASURABLE, NOT_MEASURED = "not measurable here", "not measured"

NODE, OWN = "node", "loopscope"
NAMES = {NODE: "Node.js", OWN: "loopscope"}
TOLERANCE = 0.1  # of the range's end: a figure that close to the range is "as claimed"
PART_FACTOR = 2.0  # a figure within that factor of the range holds in part
SHARE_TOLERANCE = 0.1  # of the whole: a part of the time that close to the claimed share is as claimed
POOL_THREAD_SHARE = 0.01  # of the records: a thread that wrote fewer is not one of the pool's writers
EVEN_TOLERANCE = 0.2
FLAT_FACTOR, PART_FLAT_FACTOR = 1.5, 2.5
NOTICEABLE = 1.1  # one method of two is slower or larger from that ratio on


class NotMeasured(Exception):
    """The run has no such figure; the text is the reason, a sentence."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """What was measured on each system, in words, and the verdict with its reason. A missing cell has its reason."""

    cells: dict[str, str]
    verdict: str
    why: str


Cell = Callable[[str], str]


@dataclasses.dataclass
class View:
    """The figures of a document by system and method. `claimed_count`: the records that the claims are about.

    `cells` are those that the last rule has made, which count also where the rule then finds no verdict.
    """

    document: Json
    claimed_count: int
    cells: dict[str, str] = dataclasses.field(default_factory=dict)

    def cells_of(self, cell: Cell) -> dict[str, str]:
        """The cell of each system; one that was not measured says why."""
        self.cells = {}
        for system in (NODE, OWN):
            try:
                self.cells[system] = cell(system)
            except NotMeasured as reason:
                self.cells[system] = f"{NOT_MEASURED}: {reason}"
        return self.cells

    def entry(self, system: str, method: str) -> Json:
        self._check_present(system)
        for entry in self.document["entries"]:
            if (entry["system"], entry["method"]) == (system, method):
                if entry["summary"]:
                    found: Json = entry
                    return found
                raise NotMeasured(first_line(entry["reason"]) or f"The measurement was {entry['outcome']}.")
        raise NotMeasured(f"{NAMES[system]} {method} was not part of this run.")

    def figures(self, system: str, method: str, any_count: bool = False) -> Figures:
        """The medians of the comparison. Their claims are about claimed_count records, unless `any_count`."""
        entry = self.entry(system, method)
        if not any_count and self.claimed_count not in (entry["count"], entry["cut_from"]):
            raise NotMeasured(
                f"The claim is about {units.count(self.claimed_count, 'record')}; this run wrote "
                f"{units.count(entry['count'])}."
            )
        return medians(entry["summary"])

    def run(self, system: str, name: str) -> Json:
        """One write of the evidence: {"count", "report", "threads", "text"}."""
        return self._measured(system, "runs", name)

    def part(self, system: str, name: str) -> Json:
        """A part of the evidence of one system: "pages", "crash"."""
        return self._measured(system, None, name)

    def common(self, name: str) -> Json:
        """A part of the evidence that is about no system of ours: "buffers", "memory", "aged"."""
        if name == "buffers":
            self._check_present(NODE)
        return complete(self._evidence().get(name))

    def recommendation(self, system: str, method: str) -> Json:
        self._check_present(system)
        for found in (self.document.get("recommendations") or {}).get("methods", []):
            if (found["system"], found["method"]) == (system, method):
                recommended: Json = found
                return recommended
        raise NotMeasured(f"{NAMES[system]} {method} was not measured at rising counts.")

    def for_all(self, ms: float, count: int) -> float:
        """The time for claimed_count records at that cost of a record."""
        return ms / count * self.claimed_count

    def _evidence(self) -> Json:
        found: Json | None = self.document.get("evidence")
        if not found or (found["count"] is None and not self.document["settings"]["peer"]):
            raise NotMeasured("compare.py --peer node measures it; this run was without.")
        return found

    def _measured(self, system: str, part: str | None, name: str) -> Json:
        self._check_present(system)
        place: Json = self._evidence()["systems"].get(system) or {}
        return complete((place.get(part) or {} if part else place).get(name))

    def _check_present(self, system: str) -> None:
        absent = (self.document.get("evidence") or {}).get("absent", {})
        if system in absent:
            raise NotMeasured(absent[system])
        if system == NODE and NODE not in self.document["systems"]:
            raise NotMeasured("Node.js was not measured: compare.py --peer node does that.")


def complete(found: Json | None) -> Json:
    if not found:
        raise NotMeasured("The run ended before that.")
    if "reason" in found:
        raise NotMeasured(first_line(found["reason"]))
    return found


def first_line(text: str | None) -> str:
    return (text or "").strip().split("\n", maxsplit=1)[0]


def known(value: float | None, what: str) -> float:
    if value is None:
        raise NotMeasured(f"{what} was not measured.")
    return value


Rule = Callable[[View, Json], Judged]
Value = Callable[[View, str, Json], float]
Words = Callable[[float], str]


def relation(value: float, minimum: float, maximum: float) -> str:
    """The figure's relation to the claimed range: "as claimed" or a factor."""
    if minimum * (1 - TOLERANCE) <= value <= maximum * (1 + TOLERANCE):
        return "as claimed"
    return f"{units.ratio(value / (maximum if value > maximum or minimum == 0 else minimum))} x the claim"


def verdict_of(value: float, minimum: float, maximum: float) -> str:
    if minimum * (1 - TOLERANCE) <= value <= maximum * (1 + TOLERANCE):
        return HOLDS
    return IN_PART if minimum / PART_FACTOR <= value <= maximum * PART_FACTOR else NOT


def number(words: Words, value: Value) -> Rule:
    """A figure that is judged by the claimed range, on the system that the claim is about: Node.js, or `judged`."""

    def rule(view: View, claim: Json) -> Judged:
        low, high = claim["value"]["min"], claim["value"]["max"]
        cells = view.cells_of(lambda system: words(value(view, system, claim)))
        judged = claim.get("judged", NODE)
        measured = value(view, judged, claim)
        why = f"{NAMES[judged]}: {words(measured)} against {claim['value']['text']}, {relation(measured, low, high)}."
        return Judged(cells, verdict_of(measured, low, high), why)

    return rule


# Figures of the comparison


def time_ms(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"])
    return view.for_all(figures.time_ms, figures.count)


def figure(name: str, what: str) -> Value:
    def value(view: View, system: str, claim: Json) -> float:
        measured: float | None = getattr(view.figures(system, claim["method"]), name)
        return known(measured, what)

    return value


def idle_share(view: View, system: str, claim: Json) -> float:
    return max(0.0, 1 - known(view.figures(system, claim["method"], any_count=True).cpu_share, "The CPU time"))


def records_per_s(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"], any_count=True)
    return figures.count / figures.time_ms * 1000


def record_ms(view: View, system: str, claim: Json) -> float:
    figures = view.figures(system, claim["method"], any_count=True)
    return figures.time_ms / figures.count


def per_second(value: float) -> str:
    return f"{value:,.0f} a second"


def order(view: View, claim: Json) -> Judged:
    kept = claim["value"]["in_order"]

    def cell(system: str) -> str:
        figures = view.figures(system, claim["method"], any_count=True)
        if figures.in_order is None:
            raise NotMeasured("The file was not read back.")
        return "in order" if figures.in_order else f"{units.count(figures.out_of_order_records, 'record')} out of order"

    cells = view.cells_of(cell)
    said = cell(NODE)
    if said == "in order":
        # A file that happens to be in order does not contradict "not guaranteed", and does not show it either.
        verdict = HOLDS if kept else IN_PART
        return Judged(
            cells,
            verdict,
            "The file of Node.js has every record in its place."
            if kept
            else "The file of Node.js happened to be in order in this run.",
        )
    return Judged(cells, NOT if kept else HOLDS, f"The file of Node.js has {said}.")


def loop(view: View, claim: Json) -> Judged:
    """What the loop was during the write, against BLOCKED or free."""

    def cell(system: str) -> str:
        found = view.figures(system, claim["method"], any_count=True).verdict
        if found.loop is None:
            raise NotMeasured("No /hello that was due during the write was answered.")
        stood = "" if found.stall_ms is None else f", at most {units.duration(found.stall_ms)} at once"
        return f"{found.loop}{stood}"

    cells = view.cells_of(cell)
    measured = view.figures(NODE, claim["method"], any_count=True).verdict.loop
    said = cell(NODE)
    if (measured is Loop.BLOCKED) == (claim["value"]["text"] == "BLOCKED") and measured is not Loop.STRESSED:
        verdict = HOLDS
    else:
        verdict = IN_PART if measured is Loop.STRESSED else NOT
    return Judged(
        cells, verdict, f"The loop of Node.js was {said}; the claim is {claim['value']['text'].strip(chr(34))}."
    )


def waited_for_the_loop(view: View, claim: Json) -> Judged:
    """Whether a request that comes during the write waits until the end of it."""

    def waited(system: str) -> tuple[float, float]:
        figures = view.figures(system, claim["method"], any_count=True)
        return known(figures.hello_max_us, "/hello") / 1000, figures.time_ms

    cells = view.cells_of(lambda system: "the slowest waited {} of {}".format(*map(units.duration, waited(system))))
    waited_ms, whole_ms = waited(NODE)
    share = waited_ms / whole_ms
    verdict = HOLDS if share >= 0.8 else IN_PART if share >= 0.4 else NOT
    return Judged(cells, verdict, f"The slowest /hello of Node.js waited {share * 100:.0f} % of the write's time.")


def memory_over_time(view: View, claim: Json) -> Judged:
    """Memory from the start of the first write to its peak and to the last sample: flat, or up and down again."""

    def course(system: str) -> tuple[float, float, float]:
        entry = view.entry(system, claim["method"])
        repeat = entry["repeats"][entry["summary"]["shown_repeat"]]
        samples = repeat["samples"]
        taken = [(at, size) for at, size in zip(samples["at_ms"], samples["resident_bytes"]) if size is not None]
        began = repeat["windows_ms"][0][0]
        before = [size for at, size in taken if at <= began]
        during = [size for at, size in taken if at > began]
        if not before or not during:
            raise NotMeasured("There are too few samples of the memory.")
        return before[-1], max(during), during[-1]

    cells = view.cells_of(lambda system: " to {} to ".join(["{}"] * 2).format(*map(units.megabytes, course(system))))
    first, peak, last = course(NODE)
    if claim["value"]["flat"]:
        verdict = HOLDS if peak <= FLAT_FACTOR * first else IN_PART if peak <= PART_FLAT_FACTOR * first else NOT
        return Judged(cells, verdict, f"Its peak is {units.ratio(peak / first)} times what it had before.")
    rose, fell = peak >= 4 * first, last <= 0.6 * peak
    verdict = HOLDS if rose and fell else IN_PART if rose else NOT
    back = f"{units.megabytes(last)} of it were left" if fell else f"{units.megabytes(last)} of it were not given back"
    return Judged(cells, verdict, f"It rose {units.ratio(peak / first)} times over, and {back} at the end.")


def cpu_of_threads(view: View, claim: Json) -> Judged:
    """Whether the threads of the pool do the work and the loop's thread does little."""

    def shares(system: str) -> tuple[float, float]:
        loop_ms, pool = thread_times(view.run(system, claim["method"]), system)
        return loop_ms, sum(pool)

    cells = view.cells_of(
        lambda system: "loop {} of CPU, the other threads {}".format(*map(units.duration, shares(system)))
    )
    loop_ms, pool_ms = shares(NODE)
    share = pool_ms / (loop_ms + pool_ms) if loop_ms + pool_ms else 0
    verdict = HOLDS if share >= 0.6 else IN_PART if share >= 0.4 else NOT
    return Judged(
        cells, verdict, f"{share * 100:.0f} % of the CPU time of Node.js was on threads other than the loop's."
    )


def thread_times(run: Json, system: str) -> tuple[float, list[float]]:
    """The CPU time of the loop's thread and of each other one. loopscope reports that of its loop itself."""
    found = [(each["name"], known(each["cpu_ms"], "The CPU time of threads")) for each in run["threads"]]
    if not found:
        raise NotMeasured("The CPU time of threads was not measured.")
    if system == OWN:
        loop_ms = known(run["report"]["cpu"]["loop_thread_ms"], "The CPU time of the loop")
        return loop_ms, [max(0.0, sum(ms for _, ms in found) - loop_ms)]
    return found[0][1], [ms for _, ms in found[1:]]


def records_of_threads(view: View, claim: Json) -> Judged:
    """How many records each thread of the pool has written, by the kernel's count of its write calls."""

    def each(system: str) -> list[float]:
        run = view.run(system, claim["method"])
        calls = [known(thread["writes"], "The number of write calls of a thread") for thread in run["threads"]]
        return [view.for_all(n, run["count"]) for n in calls if n >= POOL_THREAD_SHARE * run["count"]]

    cells = view.cells_of(
        lambda system: f"{units.count(len(each(system)), 'thread')}: " + ", ".join(f"{n:,.0f}" for n in each(system))
    )
    found = each(NODE)
    even = bool(found) and all(
        abs(calls - sum(found) / len(found)) <= EVEN_TOLERANCE * sum(found) / len(found) for calls in found
    )
    four = len(found) == claim["value"]["threads"]
    verdict = HOLDS if four and even else IN_PART if four or even else NOT
    spread = f"from {min(found):,.0f} to {max(found):,.0f} records each" if found else "no thread of its own"
    return Judged(cells, verdict, f"Node.js wrote with {units.count(len(found), 'thread')}, {spread}.")


# Figures of one write


def report(view: View, system: str, name: str) -> Json:
    found: Json = view.run(system, name)["report"]
    return found


def of_node(view: View, name: str, key: str) -> float:
    return known(report(view, NODE, name)["node"][key], f"'{key}'")


def opening_ms(view: View, system: str, claim: Json) -> float:
    if system == OWN:
        raise NotMeasured("In loopscope the method starts when the file is open; no call returns earlier.")
    return of_node(view, claim["method"], "opening_ms")


def queued_ms(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["method"])
    return view.for_all(known(run["report"]["timing_ms"]["queued"], "The queueing"), run["count"])


def bytes_a_record(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["method"])
    count: int = run["count"]
    return known(grown_bytes(run["report"]), "The growth of memory") / count


def mark_bytes(view: View, system: str, claim: Json) -> float:
    name = "stream default" if system == NODE else "stream"
    return known(report(view, system, name)["backpressure"]["high_water_mark"], "The high-water mark")


def drains(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["run"])
    found = known(run["report"]["backpressure"]["drains"], "The number of drains")
    return round(view.for_all(found, run["count"]))


def drain_ms(view: View, system: str, claim: Json) -> float:
    found = report(view, system, claim["run"])["backpressure"]
    count = known(found["drains"], "The number of drains")
    if count == 0:
        raise NotMeasured("There was no drain at so few records.")
    return known(found["waited_ms"], "The time of waiting") / count


def buffered_records(view: View, system: str, claim: Json) -> float:
    return known(report(view, system, claim["run"])["memory"]["pending_peak_records"], "The number of buffered records")


def timer_words(view: View, claim: Json) -> Judged:
    """The four times of one write: the opening call has returned, all is queued, written, on the disk."""

    def cell(system: str) -> str:
        run = view.run(system, claim["method"])
        timing = run["report"]["timing_ms"]
        opening = (
            f"call returned {units.duration(of_node(view, claim['method'], 'opening_ms'))}, " if system == NODE else ""
        )
        return opening + ", ".join(
            f"{name} {units.duration(timing[key])}"
            for name, key in (("queued", "queued"), ("written", "completed"), ("on the disk", "durable"))
        )

    cells = view.cells_of(cell)
    opened = of_node(view, claim["method"], "opening_ms")
    timing = report(view, NODE, claim["method"])["timing_ms"]
    share = opened / timing["completed"]
    verdict = HOLDS if share < 0.1 else IN_PART if share < 0.5 else NOT
    return Judged(
        cells, verdict, f"A timer around the opening call shows {share * 100:.2g} % of the time of the write."
    )


def phases(view: View, claim: Json) -> Judged:
    """The parts of the time, and their sum beside the whole. Judged by each part's share of it."""
    method, claimed = claim["method"], claim["value"]["parts"]

    def cell(system: str) -> str:
        found, whole_ms = parts_of(view, system, method)
        said = " + ".join(f"{name} {units.duration(ms)}" for name, ms in found.items())
        return f"{said} = {units.duration(sum(found.values()))}; whole {units.duration(whole_ms)}"

    cells = view.cells_of(cell)
    found, _ = parts_of(view, NODE, method)
    total, claimed_total = sum(found.values()), sum(claimed.values())
    shares = {name: (found[name] / total, claimed[name] / claimed_total) for name in claimed}
    close = all(abs(measured - said) <= SHARE_TOLERANCE for measured, said in shares.values())
    largest = max(found, key=lambda name: found[name])
    same_largest = largest == max(claimed, key=lambda name: float(claimed[name]))
    verdict = HOLDS if close else IN_PART if same_largest else NOT
    said = ", ".join(
        f"{name} {measured * 100:.0f} % of the time (claimed {share * 100:.0f} %)"
        for name, (measured, share) in shares.items()
    )
    return Judged(cells, verdict, f"Node.js: {said}.")


def parts_of(view: View, system: str, method: str) -> tuple[dict[str, float], float]:
    """The parts of a write's time by the names of the book, and the whole as it was measured. For claimed_count records."""
    run = view.run(system, method)
    written = run["report"]
    whole = written["timing_ms"]["completed"]
    queued = known(written["timing_ms"]["queued"], "The queueing")
    if system == NODE:
        parts = node_parts(view, method, whole, queued)
    else:
        parts = own_parts(written, method, whole, queued)
    scaled = {name: view.for_all(ms, run["count"]) for name, ms in parts.items()}
    return scaled, view.for_all(whole, run["count"])


def node_parts(view: View, method: str, whole: float, queued: float) -> dict[str, float]:
    """Active and idle are performance.eventLoopUtilization()'s: idle is the time in epoll, waiting."""
    if method == "sync":
        return {"loop": of_node(view, method, "loop_alone_ms"), "writes": of_node(view, method, "calls_ms")}
    active, idle = of_node(view, method, "loop_active_ms"), of_node(view, method, "loop_idle_ms")
    if method == "callback":
        return {"queueing": queued, "writing": idle, "completions": max(0.0, active - queued)}
    if method == "stream":
        return {"formatting": active, "waiting": idle}
    return {"overhead": active, "I/O": idle}


def own_parts(written: Json, method: str, whole: float, queued: float) -> dict[str, float]:
    cpu = written["cpu"]
    if method == "sync":
        return {"loop": cpu["process_user_ms"], "writes": cpu["process_system_ms"]}
    if method == "callback":
        completions = max(0.0, known(cpu["loop_thread_ms"], "The CPU time of the loop") - queued)
        return {"queueing": queued, "writing": max(0.0, whole - queued - completions), "completions": completions}
    if method == "stream":
        waited = known(written["backpressure"]["waited_ms"], "The time of waiting")
        return {"formatting": whole - waited, "waiting": waited}
    raise NotMeasured("The loop and the pool thread spin while they wait for each other, so their times overlap.")


def timer_is_late(view: View, claim: Json) -> Judged:
    """How late a timer fires that is due during the write. In loopscope it is a handler that the monitor posts."""

    def late_ms(system: str) -> tuple[float, float]:
        written = report(view, system, claim["method"])
        if system == OWN:
            return known((written["loop"] or {}).get("lag_max_us"), "The lag") / 1000, written["timing_ms"]["completed"]
        timer = written["node"]["timer"]
        fired = known(timer["fired_ms"], "A timer, which was due after the end of this short write,")
        return max(0.0, fired - timer["due_ms"]), written["timing_ms"]["completed"]

    cells = view.cells_of(lambda system: "{} late in a write of {}".format(*map(units.duration, late_ms(system))))
    late, whole = late_ms(NODE)
    if claim["value"]["late"]:
        verdict = (
            HOLDS if late >= 0.8 * (whole - report(view, NODE, claim["method"])["node"]["timer"]["due_ms"]) else IN_PART
        )
        verdict = verdict if late >= STALL_MS else NOT
    else:
        verdict = HOLDS if late < STALL_MS else IN_PART if late < 0.2 * whole else NOT
    return Judged(cells, verdict, f"The timer of Node.js fired {units.duration(late)} late.")


def collections(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        if system == OWN:
            raise NotMeasured("loopscope is C++ and collects no garbage.")
        gc = report(view, NODE, claim["method"])["node"]["gc"]
        return (
            f"{units.count(gc['count'], 'collection')}, {units.duration(gc['total_ms'])} together, the longest "
            f"{units.duration(gc['longest_ms'])}"
        )

    cells = view.cells_of(cell)
    written = report(view, NODE, claim["method"])
    share = written["node"]["gc"]["total_ms"] / written["timing_ms"]["completed"]
    verdict = HOLDS if share >= 0.1 else IN_PART if share >= 0.02 else NOT
    return Judged(cells, verdict, f"Collections took {share * 100:.0f} % of the time of the write in Node.js.")


# Copies and buffers


def copies(view: View, system: str, name: str) -> int:
    return int(known(report(view, system, name).get("copies_per_record"), "The number of copies"))


def copies_of_a_record(view: View, claim: Json) -> Judged:
    """By construction of the methods, which every report has; beside it what V8 allocated for each record."""

    def cell(system: str) -> str:
        run = view.run(system, claim["method"])
        made = copies(view, system, claim["method"])
        if system == OWN:
            return f"{made} a record: the kernel's, into the page cache"
        allocated = run["report"]["node"]["allocated_bytes"]
        each = "" if allocated is None else f"; {allocated / run['count']:.0f} bytes allocated for it"
        return f"{made} a record: into a buffer, into the page cache{each}"

    cells = view.cells_of(cell)
    made = copies(view, NODE, claim["method"])
    verdict = HOLDS if made >= 2 else NOT
    return Judged(cells, verdict, f"Node.js encodes the text into a buffer before the kernel copies it: {made} copies.")


def cheaper(view: View, claim: Json) -> Judged:
    """Whether the first of two methods costs more than the second: time, peak memory, bytes allocated."""
    costly, cheap = claim["compare"]

    def costs(name: str) -> dict[str, float]:
        run = view.run(NODE, name)
        written = run["report"]
        found = {
            "time": view.for_all(written["timing_ms"]["completed"], run["count"]),
            "peak memory": known(grown_bytes(written), "The growth of memory") / run["count"],
        }
        if written["node"]["allocated_bytes"] is not None:
            found["allocated"] = written["node"]["allocated_bytes"] / run["count"]
        return found

    def words(found: dict[str, float]) -> str:
        return ", ".join(
            f"{name} {units.duration(value)}" if name == "time" else f"{name} {value:.0f} bytes a record"
            for name, value in found.items()
        )

    def cell(system: str) -> str:
        if system == OWN:
            made = copies(view, OWN, "callback")
            return f"no such variant: a record is copied {'once' if made == 1 else f'{made} times'}"
        return f"{costly}: {words(costs(costly))}; {cheap}: {words(costs(cheap))}"

    cells = view.cells_of(cell)
    more, less = costs(costly), costs(cheap)
    ratios = {name: more[name] / less[name] for name in more if name in less and less[name] > 0}
    dearer = [name for name, ratio in ratios.items() if ratio >= NOTICEABLE]
    verdict = HOLDS if len(dearer) == len(ratios) else IN_PART if dearer else NOT
    said = ", ".join(f"{name} {units.ratio(ratio)} times" for name, ratio in ratios.items())
    return Judged(cells, verdict, f"{costly} over {cheap}: {said}.")


def interpolated_text(view: View, claim: Json) -> Judged:
    """What a file has after `${buffer}`: the text of the buffer, or its inspection."""
    run = view.run(NODE, claim["method"])
    text = known_text(run["text"])
    whole = run["report"]["content"]["complete"] is True
    cells = view.cells_of(lambda system: f"the file begins {text[:12]!r}" if system == NODE else raise_no_buffers())
    if "<Buffer" in text:
        return Judged(cells, HOLDS, "The file has the inspected form of the buffers.")
    return Judged(
        cells,
        NOT if whole else IN_PART,
        f"A template calls toString(), so the file has the text of the buffers{', and every record' if whole else ''}.",
    )


def known_text(text: str | None) -> str:
    if text is None:
        raise NotMeasured("The written file could not be read.")
    return text


def raise_no_buffers() -> str:
    raise NotMeasured("loopscope has no Buffers.")


def pool_bytes(view: View, system: str, claim: Json) -> float:
    if system == OWN:
        raise_no_buffers()
    found: float = view.common("buffers")[claim["figure"]]
    return found


def in_the_heap(view: View, claim: Json) -> Judged:
    """Whether the bytes of Buffers are in V8's heap and end at its limit."""
    found = view.common("buffers")
    peak = report(view, NODE, "callback-buffer")["node"]

    def cell(system: str) -> str:
        if system == OWN:
            raise_no_buffers()
        return (
            f"with a heap of {units.megabytes(found['heap_limit_bytes'])} it held {units.megabytes(found['held_bytes'])} of "
            f"Buffers: heap {units.megabytes(found['heap_growth_bytes'])} more, arrayBuffers "
            f"{units.megabytes(found['array_buffers_growth_bytes'])} more. callback-buffer at its peak: heap "
            f"{units.megabytes(peak['heap_used_bytes'])}, external {units.megabytes(peak['external_bytes'])}, of it "
            f"arrayBuffers {units.megabytes(peak['array_buffers_bytes'])}"
        )

    cells = view.cells_of(cell)
    outside = found["held_bytes"] > found["heap_limit_bytes"] and found["heap_growth_bytes"] < 0.1 * found["held_bytes"]
    why = (
        "It held more in Buffers than its heap may have: their bytes are outside the heap, and its limit is not theirs."
        if outside
        else "The heap grew with the Buffers."
    )
    return Judged(cells, NOT if outside else HOLDS, why)


# Page cache


def dirty_at_the_end(view: View, system: str) -> tuple[float, float]:
    """The dirty and all bytes of the file when its writer had just closed it."""
    pages = view.part(system, "pages")
    return float(pages["closed"]["dirty_bytes"]), float(pages["size_bytes"])


def dirty_words(view: View) -> Cell:
    return lambda system: "{} of {} dirty after the end".format(*map(units.megabytes, dirty_at_the_end(view, system)))


def whose_pages(view: View) -> str:
    """The system whose file is judged. The kernel is the same, so it is loopscope where Node.js was not measured."""
    try:
        view.part(NODE, "pages")
    except NotMeasured as reason:
        try:
            view.part(OWN, "pages")
        except NotMeasured:
            raise reason from None
        return OWN
    return NODE


def only_cached(view: View, claim: Json) -> Judged:
    """The bytes are only in the page cache when the write is done. `value.cached`: the claim says so, or denies it."""
    cells = view.cells_of(dirty_words(view))
    dirty, size = dirty_at_the_end(view, whose_pages(view))
    share = dirty / size
    cached = share >= 0.9
    verdict = IN_PART if 0.1 < share < 0.9 else HOLDS if cached == claim["value"]["cached"] else NOT
    return Judged(
        cells, verdict, f"{min(1, share) * 100:.0f} % of the file were only in the page cache, not on the disk."
    )


def after_fsync(view: View, claim: Json) -> Judged:
    def left(system: str) -> tuple[float, float, Json]:
        pages = view.part(system, "pages")
        synced = pages["synced"]
        return pages["closed"]["dirty_bytes"], synced["dirty_bytes"] + synced["writeback_bytes"], pages

    def cell(system: str) -> str:
        before, after, pages = left(system)
        return (
            f"dirty {units.megabytes(before)} before fsync, {units.megabytes(after)} after; cached "
            f"{units.megabytes(pages['synced']['cached_bytes'])}, evicted {units.megabytes(pages['evicted']['cached_bytes'])}, "
            f"read back {units.megabytes(pages['read_back']['cached_bytes'])}"
        )

    cells = view.cells_of(cell)
    before, after, _ = left(whose_pages(view))
    verdict = HOLDS if after == 0 and before > 0 else IN_PART if after == 0 else NOT
    return Judged(cells, verdict, f"fsync left {units.megabytes(after)} of {units.megabytes(before)} dirty.")


def after_a_while(view: View, claim: Json) -> Judged:
    found = view.common("aged")
    before, after = (units.megabytes(found[f"{when}_bytes"]) for when in ("before", "after"))
    said = f"{before} dirty, {after} after {found['after_s']:.0f} s"
    if found["after_s"] < found["expire_s"]:
        raise NotMeasured(f"{said}: the kernel writes pages back when they are {found['expire_s']:.0f} s old.")
    written = found["after_bytes"] < 0.1 * found["before_bytes"]
    cells = {NODE: f"{said} (the same kernel)", OWN: f"{said} (the same kernel)"}
    return Judged(cells, HOLDS if written else NOT, f"Without any fsync: {said}.")


def page_cache_grows(view: View, claim: Json) -> Judged:
    found = view.common("memory")
    cached, total, available = (found[f"{name}_bytes"] for name in ("cached", "total", "available"))
    said = (
        f"{units.megabytes(cached)} of {units.megabytes(total)} are page cache; {units.megabytes(available)} could be"
    )
    verdict = HOLDS if available >= 0.5 * total else IN_PART
    cells = {NODE: f"{said} (the same kernel)", OWN: f"{said} (the same kernel)"}
    return Judged(cells, verdict, f"The kernel sets no size: {said}.")


def disk_over_time(view: View, claim: Json) -> Judged:
    """How much of the file had reached the disk by the last sample of the writes: cached and no longer dirty."""

    def written_back(system: str) -> tuple[float, float, float]:
        entry = view.entry(system, claim["method"])
        repeat = entry["repeats"][entry["summary"]["shown_repeat"]]
        samples, ended = repeat["samples"], repeat["windows_ms"][-1][1]
        columns = (samples.get(name) or [] for name in ("at_ms", "cached_bytes", "dirty_bytes"))
        for at, cached, dirty in reversed(list(zip(*columns))):
            if at <= ended and cached and dirty is not None:
                return max(0, cached - dirty), cached, at - repeat["windows_ms"][0][0]
        raise NotMeasured("There are no samples of the file's pages.")

    def cell(system: str) -> str:
        back, cached, after_ms = written_back(system)
        return f"{units.megabytes(back)} of {units.megabytes(cached)} on the disk after {units.duration(after_ms)}"

    cells = view.cells_of(cell)
    back, cached, _ = written_back(NODE)
    verdict = HOLDS if back >= 0.9 * cached else IN_PART if back >= 0.1 * cached else NOT
    return Judged(
        cells, verdict, f"{back / cached * 100:.0f} % of its bytes had reached the disk by the end of the writes."
    )


def two_levels(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        grown = known(grown_bytes(report(view, system, claim["method"])), "The growth of memory")
        return f"process {units.megabytes(grown)} more; file {dirty_words(view)(system)}"

    cells = view.cells_of(cell)
    grown = known(grown_bytes(report(view, NODE, claim["method"])), "The growth of memory")
    dirty, _ = dirty_at_the_end(view, NODE)
    verdict = HOLDS if grown > 0 and dirty > 0 else IN_PART if grown > 0 or dirty > 0 else NOT
    return Judged(cells, verdict, f"Node.js grew by {units.megabytes(grown)}, the page cache by the whole file.")


# Streams


def calls_of(view: View, system: str, name: str) -> tuple[float, int]:
    run = view.run(system, name)
    return known(run["report"]["syscalls"]["write"], "The number of write calls"), run["count"]


def one_call_a_record(view: View, claim: Json) -> Judged:
    cells = view.cells_of(
        lambda system: "{:,.0f} write calls for {:,} records".format(*calls_of(view, system, claim["method"]))
    )
    calls, count = calls_of(view, NODE, claim["method"])
    verdict = HOLDS if calls == count else IN_PART if calls > 0.5 * count else NOT
    return Judged(cells, verdict, f"{units.ratio(calls / count)} write calls a record reached the kernel.")


def in_chunks(view: View, claim: Json) -> Judged:
    cells = view.cells_of(
        lambda system: "{:,.0f} write calls for {:,} records".format(*calls_of(view, system, claim["method"]))
    )
    calls, count = calls_of(view, NODE, claim["method"])
    verdict = HOLDS if calls < 0.1 * count else IN_PART if calls < count else NOT
    return Judged(cells, verdict, f"One write call has {count / calls:,.0f} records.")


def one_chunk_in_flight(view: View, claim: Json) -> Judged:
    """The claim is that several writes are under way at once."""

    def at_once() -> int:
        return int(of_node(view, claim["method"], "writes_at_once"))

    def calls_and_pauses(system: str) -> tuple[float, float]:
        written = report(view, system, claim["method"])
        return (
            known(written["syscalls"]["write"], "The number of write calls"),
            known(written["backpressure"]["drains"], "The number of drains"),
        )

    def cell(system: str) -> str:
        calls, paused = calls_and_pauses(system)
        peak = f", at most {at_once()} at once" if system == NODE else ""
        return f"{calls:,.0f} write calls, {paused:,.0f} pauses for them{peak}"

    cells = view.cells_of(cell)
    calls, _ = calls_and_pauses(NODE)
    most = at_once()
    if most > 1:
        return Judged(cells, HOLDS, f"{most} chunks were in flight at once.")
    count = view.run(NODE, claim["method"])["count"]
    why = f"At most one chunk was in flight; {calls:,.0f} large calls in place of {count:,} small ones make it fast."
    return Judged(cells, NOT, why)


def full_at_the_mark(view: View, claim: Json) -> Judged:
    def level(system: str) -> tuple[float, float]:
        written = report(view, system, claim["method"])
        mark = known(written["backpressure"]["high_water_mark"], "The high-water mark")
        return known(written["memory"]["pending_peak_bytes"], "The buffered bytes"), mark

    cells = view.cells_of(lambda system: "at most {:,.0f} bytes buffered, mark {:,.0f}".format(*level(system)))
    peak, mark = level(NODE)
    if peak < mark:
        raise NotMeasured("The buffer was never full at so few records.")
    verdict = HOLDS if peak <= 1.01 * mark else IN_PART
    return Judged(cells, verdict, f"The buffer of Node.js was {peak - mark:,.0f} bytes over its mark when it paused.")


def drains_when_empty(view: View, claim: Json) -> Judged:
    """One drain for each full buffer: the bytes over the mark."""

    def counts(system: str) -> tuple[float, float]:
        written = report(view, system, claim["method"])
        mark = known(written["backpressure"]["high_water_mark"], "The high-water mark")
        return known(written["backpressure"]["drains"], "The number of drains"), written["bytes"] // mark

    cells = view.cells_of(lambda system: "{:,.0f} drains, {:,.0f} full buffers".format(*counts(system)))
    found, full = counts(NODE)
    if full == 0:
        raise NotMeasured("The buffer was never full at so few records.")
    ratio = found / full
    verdict = HOLDS if 0.95 <= ratio <= 1.05 else IN_PART if 0.5 <= ratio <= 2 else NOT
    return Judged(cells, verdict, f"Node.js drained {units.ratio(ratio)} times for each full buffer.")


def marks(view: View, claim: Json) -> Judged:
    """Both high-water marks and Node's own default: drains, time, memory."""

    def cell(system: str) -> str:
        names = ["stream 16 KiB", "stream 64 KiB"] + (["stream default"] if system == NODE else [])
        said = []
        for name in names:
            written = report(view, system, name)
            flow = written["backpressure"]
            title = name.removeprefix("stream ")
            if title == "default":
                title = f"its default ({units.count(flow['high_water_mark'])} bytes)"
            said.append(
                f"{title}: {units.count(flow['drains'], 'drain')}, {units.duration(written['timing_ms']['completed'])}, "
                f"{units.megabytes(written['memory']['rss_peak_bytes'])}"
            )
        return "; ".join(said)

    cells = view.cells_of(cell)
    small, large = (report(view, NODE, name)["timing_ms"]["completed"] for name in ("stream 16 KiB", "stream 64 KiB"))
    default = mark_bytes(view, NODE, claim)
    is_default = default == claim["value"]["max"]
    why = (
        f"The default of this Node.js is {units.count(int(default))} bytes (16 KiB until version 21, 64 KiB since 22); "
        f"with 16 KiB the write took {units.ratio(small / large)} times as long as with 64."
    )
    return Judged(cells, HOLDS if is_default else NOT, why)


def buffer_cycle(view: View, system: str, name: str) -> tuple[float, float]:
    """For a mean cycle of the buffer: the time in which it fills, and in which it drains."""
    written = report(view, system, name)
    flow = written["backpressure"]
    count = known(flow["drains"], "The number of drains")
    if count == 0:
        raise NotMeasured("There was no drain at so few records.")
    waited = known(flow["waited_ms"], "The time of waiting")
    return max(0.0, written["timing_ms"]["completed"] - waited) / count, waited / count


def fills_faster(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        return "fills in {}, drains in {}".format(*map(units.duration, buffer_cycle(view, system, claim["run"])))

    cells = view.cells_of(cell)
    fill, drain = buffer_cycle(view, NODE, claim["run"])
    verdict = HOLDS if fill < drain / NOTICEABLE else IN_PART if fill < drain * NOTICEABLE else NOT
    return Judged(cells, verdict, f"Filling takes {units.ratio(fill / drain)} times as long as draining in Node.js.")


def cycle_drain_ms(view: View, system: str, claim: Json) -> float:
    return buffer_cycle(view, system, claim["run"])[1]


# Memory without a bound


def crash(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        found = view.part(system, "crash")
        limit = f"with {units.megabytes(found['limit_bytes'])}"
        if found["refused"]:
            return f"{limit}: refused, and serves on ({found['refused']})"
        if found["exit_status"] is None:
            return f"{limit}: wrote all of them"
        return (
            f"{limit} of heap: exit status {found['exit_status']} after {found['after_s']:.1f} s, last seen with "
            f"{units.megabytes(found['last_resident_bytes'])} and {units.count(found['writes'], 'write')} done"
        )

    found = view.part(NODE, "crash")
    cells = view.cells_of(cell)
    if found["exit_status"] is None:
        return Judged(cells, NOT, "Node.js wrote all of them.")
    if not found["fatal"]:
        return Judged(cells, IN_PART, f"Node.js ended with status {found['exit_status']}, but not for lack of heap.")
    return Judged(cells, HOLDS, f"Node.js ended itself: {found['fatal'].split('FATAL ERROR: ')[-1].strip()}.")


def crash_count(view: View, system: str, claim: Json) -> float:
    """Records that fill the default heap, from what one took in it."""
    if system == OWN:
        raise NotMeasured("loopscope estimates the memory and refuses before it starts.")
    run = view.run(NODE, claim["method"])
    heap = known(run["report"]["node"]["heap_used_bytes"], "The heap")
    limit = known(run["report"]["node"]["heap_limit_bytes"], "The limit of the heap")
    count: int = run["count"]
    return limit / heap * count


def stable(view: View, claim: Json) -> Judged:
    """Whether the memory stays within twice what it was before."""

    def growth(system: str) -> float:
        memory = report(view, system, claim["method"])["memory"]
        before = known(memory["rss_before_bytes"], "Memory")
        return known(memory["rss_peak_bytes"], "Memory") / before

    cells = view.cells_of(lambda system: f"memory {units.ratio(growth(system))} times what it was before")
    found = growth(NODE)
    verdict = HOLDS if (found <= 2) == claim["value"]["stable"] else NOT
    return Judged(cells, verdict, f"The memory of Node.js rose to {units.ratio(found)} times what it was.")


# Recommendations, which recommendations.py makes from the measurements at rising counts


def production(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        found = view.recommendation(system, claim["method"])
        if found["production"] is None:
            raise NotMeasured(found["reason"])
        return f"{'yes' if found['production'] else 'no'}: {found['reason']}"

    cells = view.cells_of(cell)
    cell(NODE)  # raises where it is not known
    fit = view.recommendation(NODE, claim["method"])["production"]
    verdict = HOLDS if fit == claim["value"]["production"] else NOT
    return Judged(
        cells, verdict, f"By the rules of this report, Node.js {claim['method']} is {'' if fit else 'not '}fit."
    )


def only_streams(view: View, claim: Json) -> Judged:
    def fit(system: str) -> list[str]:
        found = view.document.get("recommendations", {}).get("methods", [])
        if not found:
            raise NotMeasured("No method was measured at rising counts.")
        return [each["method"] for each in found if each["system"] == system and each["production"]]

    cells = view.cells_of(lambda system: f"fit for production: {', '.join(fit(system)) or 'none'}")
    others = [f"{NAMES[system]} {method}" for system in (NODE, OWN) for method in fit(system) if method != "stream"]
    if others:
        return Judged(cells, NOT, f"Fit by the same rules: {', '.join(others)}.")
    holds = view.recommendation(NODE, "stream")["production"]
    return Judged(cells, HOLDS if holds else NOT, "No other method is fit by the rules of this report.")


def advice(view: View, claim: Json) -> Judged:
    """Advice about counts: up to `value.max` records it does well, from `value.never_from` on it never does."""

    def cell(system: str) -> str:
        found = view.recommendation(system, claim["method"])
        return f"use it for {found['use_for'] or 'nothing that was measured'}"

    cells = view.cells_of(cell)
    found = view.recommendation(NODE, claim["method"])
    edges = [edge for edge in (found["harmful_from"], found["slow_from"]) if edge]
    edge = min(edges) if edges else None
    low, high = claim["value"]["max"], claim["value"]["never_from"]
    if found["use_for"] is None:
        raise NotMeasured(found["reason"])
    if edge is None:
        return Judged(cells, NOT, "At no measured count did it do harm or become slow.")
    well = edge > low
    verdict = HOLDS if well and edge <= high else IN_PART if well or edge <= high else NOT
    return Judged(cells, verdict, f"In Node.js it does harm or is slow from {units.count(edge, 'record')} on.")


def alone(view: View, claim: Json) -> Judged:
    """Advice to use a blocking method only where nobody else waits: it does harm, and memory and order are fine."""
    cells = view.cells_of(
        lambda system: f"never for {view.recommendation(system, claim['method'])['never_for'] or 'nothing'}"
    )
    found = view.recommendation(NODE, claim["method"])
    figures = view.figures(NODE, claim["method"], any_count=True)
    verdict = HOLDS if found["harmful_from"] and figures.in_order else IN_PART if found["harmful_from"] else NOT
    edge = found["harmful_from"]
    why = (
        f"It does harm from {units.count(edge, 'record')} on, and its file is in order." if edge else "It did no harm."
    )
    return Judged(cells, verdict, why)


RULES: dict[str, Rule] = {
    "time": number(units.duration, time_ms),
    "memory": number(units.megabytes, figure("peak_bytes", "The peak of memory")),
    "cpu": number(units.percent, figure("cpu_share", "The CPU time")),
    "hello": number(units.duration_of_us, figure("hello_max_us", "/hello")),
    "idle": number(units.percent, idle_share),
    "writes a second": number(per_second, records_per_s),
    "cost of a record": number(units.cost, record_ms),
    "bytes a record": number(lambda value: f"{value:,.0f} bytes a record", bytes_a_record),
    "opening": number(units.duration, opening_ms),
    "queueing": number(units.duration, queued_ms),
    "drains": number(lambda value: units.count(int(value), "drain"), drains),
    "drain": number(units.duration, drain_ms),
    "buffered records": number(lambda value: units.count(int(value), "record"), buffered_records),
    "buffer cycle": number(units.duration, cycle_drain_ms),
    "pool": number(lambda value: f"{value:,.0f} bytes", pool_bytes),
    "crash count": number(lambda value: f"{value / 1e6:.1f} million records", crash_count),
    "order": order,
    "loop": loop,
    "waited": waited_for_the_loop,
    "memory over time": memory_over_time,
    "CPU of threads": cpu_of_threads,
    "records of threads": records_of_threads,
    "timers": timer_words,
    "phases": phases,
    "late timer": timer_is_late,
    "collections": collections,
    "copies": copies_of_a_record,
    "cheaper": cheaper,
    "interpolated": interpolated_text,
    "heap": in_the_heap,
    "only cached": only_cached,
    "fsync": after_fsync,
    "aged": after_a_while,
    "page cache": page_cache_grows,
    "disk": disk_over_time,
    "two levels": two_levels,
    "one call a record": one_call_a_record,
    "chunks": in_chunks,
    "one in flight": one_chunk_in_flight,
    "full": full_at_the_mark,
    "drained": drains_when_empty,
    "marks": marks,
    "fills faster": fills_faster,
    "crash": crash,
    "stable": stable,
    "production": production,
    "only streams": only_streams,
    "advice": advice,
    "alone": alone,
}


def judge(view: View, claim: Json) -> Judged:
    """The claim against the figures of the document. What is not measured has its reason as the why."""
    if "not_measurable" in claim:
        return Judged({}, NOT_MEASURABLE, claim["not_measurable"])
    view.cells = {}
    try:
        return RULES[claim["measure"]](view, claim)
    except NotMeasured as reason:
        return Judged(view.cells, NOT_MEASURED, str(reason))
