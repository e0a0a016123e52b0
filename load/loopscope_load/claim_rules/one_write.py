# SPDX-License-Identifier: MIT

"""Rules on the time of one write: its parts, the timers that are due meanwhile, the collections of garbage."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.claimed_range import relation, verdict_of
from loopscope_load.claim_rules.view import HOLDS, NODE, NOT, OWN, Judged, NotMeasured, View, grade, known
from loopscope_load.verdict import STALL_MS

SHARE_TOLERANCE = 0.1  # of the whole: a part of the time that close to the claimed share is as claimed
SUM_TOLERANCE = 0.2  # of the whole: parts whose sum is farther from it are not the parts of that time


def opening_ms(view: View, system: str, claim: Json) -> float:
    if system == OWN:
        raise NotMeasured("In loopscope the method starts when the file is open; no call returns earlier.")
    return view.of_node(claim["method"], "opening_ms")


def queued_ms(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["method"])
    return view.for_all(known(run["report"]["timing_ms"]["queued"], "The queueing"), run["count"])


def misplaced_timer(view: View, claim: Json) -> Judged:
    """The four times of one write: the opening call has returned, all is queued, written, on the disk."""

    def cell(system: str) -> str:
        timing = view.report(system, claim["method"])["timing_ms"]
        opening = f"call returned {units.duration(opening_ms(view, NODE, claim))}, " if system == NODE else ""
        return opening + ", ".join(
            f"{name} {units.duration(timing[key])}"
            for name, key in (("queued", "queued"), ("written", "completed"), ("on the disk", "durable"))
        )

    cells = view.cells_of(cell)
    share = opening_ms(view, NODE, claim) / view.report(NODE, claim["method"])["timing_ms"]["completed"]
    why = f"A timer around the opening call shows {share * 100:.2g} % of the time of the write."
    return Judged(cells, grade(share < 0.1, share < 0.5), why)


def phases(view: View, claim: Json) -> Judged:
    """The parts of the time, and their sum beside the whole. Judged by each part's share, if they add up to the whole."""
    claimed = claim["value"]["parts"]

    def words(measured: tuple[dict[str, float], float]) -> str:
        parts, whole_ms = measured
        said = " + ".join(f"{name} {units.duration(ms)}" for name, ms in parts.items())
        return f"{said} = {units.duration(sum(parts.values()))}; whole {units.duration(whole_ms)}"

    cells, (found, whole_ms) = view.compare(lambda system: parts_of(view, system, claim["method"]), words)
    total, claimed_total = sum(found.values()), sum(claimed.values())
    if abs(total - whole_ms) > SUM_TOLERANCE * whole_ms:
        sum_and_whole = "{}, the whole {}".format(*map(units.duration, (total, whole_ms)))
        raise NotMeasured(f"The parts of Node.js do not add up: their sum is {sum_and_whole}.")
    shares = {name: (found[name] / total, claimed[name] / claimed_total) for name in claimed}
    close = all(abs(measured - said) <= SHARE_TOLERANCE for measured, said in shares.values())
    largest = max(found, key=lambda name: found[name])
    same_largest = largest == max(claimed, key=lambda name: float(claimed[name]))
    said = ", ".join(
        f"{name} {measured * 100:.0f} % of the time (claimed {share * 100:.0f} %)"
        for name, (measured, share) in shares.items()
    )
    return Judged(cells, grade(close, same_largest), f"Node.js: {said}.")


def parts_of(view: View, system: str, method: str) -> tuple[dict[str, float], float]:
    """The parts of a write's time by the names of the book, and the whole as it was measured. For claimed_count records."""
    run = view.run(system, method)
    written = run["report"]
    whole = written["timing_ms"]["completed"]
    queued = known(written["timing_ms"]["queued"], "The queueing")
    if system == NODE:
        parts = node_parts(view, method, queued)
    else:
        parts = own_parts(written, method, whole, queued)
    scaled = {name: view.for_all(ms, run["count"]) for name, ms in parts.items()}
    return scaled, view.for_all(whole, run["count"])


def node_parts(view: View, method: str, queued: float) -> dict[str, float]:
    """Active and idle are performance.eventLoopUtilization()'s: idle is the time in epoll, waiting."""
    if method == "sync":
        return {"loop": view.of_node(method, "loop_alone_ms"), "writes": view.of_node(method, "calls_ms")}
    active, idle = view.of_node(method, "loop_active_ms"), view.of_node(method, "loop_idle_ms")
    if method == "callback":
        return {"queueing": queued, "writing": idle, "completions": max(0.0, active - queued)}
    if method == "stream":
        return {"formatting": active, "waiting": idle}
    return {"overhead": active, "I/O": idle}


def own_parts(written: Json, method: str, whole: float, queued: float) -> dict[str, float]:
    cpu = written["cpu"]
    if method == "sync":
        return {
            "loop": known(cpu["process_user_ms"], "The CPU time"),
            "writes": known(cpu["process_system_ms"], "The CPU time"),
        }
    if method == "callback":
        completions = max(0.0, known(cpu["loop_thread_ms"], "The CPU time of the loop") - queued)
        return {"queueing": queued, "writing": max(0.0, whole - queued - completions), "completions": completions}
    if method == "stream":
        waited = known(written["backpressure"]["waited_ms"], "The time of waiting")
        return {"formatting": whole - waited, "waiting": waited}
    raise NotMeasured("The loop and the pool thread spin while they wait for each other, so their times overlap.")


def cpu_by_phase(view: View, claim: Json) -> Judged:
    """The CPU time of the process in each phase, as a share of one core; of long phases also that of the loop's thread."""
    claimed: dict[str, list[float]] = claim["value"]["parts"]

    def phases_of(name: str) -> dict[str, Json]:
        found: dict[str, Json] | None = view.report(NODE, name)["node"].get("phases")
        if not found:
            raise NotMeasured("The CPU time of the phases was not measured.")
        long_ones = {phase: spent for phase, spent in found.items() if spent["time_ms"] > 0}
        if set(long_ones) != set(claimed):
            raise NotMeasured("Not every phase took a measurable time at so few records.")
        return long_ones

    def words(phase: str, spent: Json) -> str:
        loop_ms = spent["loop_cpu_ms"]
        loop = "" if loop_ms is None else f", the loop's thread {units.percent(loop_ms / spent['time_ms'])}"
        share = units.percent(spent["cpu_ms"] / spent["time_ms"])
        return f"{phase} {share} of a core for {units.duration(spent['time_ms'])}{loop}"

    def cell(system: str) -> str:
        if system == OWN:
            written = view.report(OWN, claim["method"])
            return f"has no marks within a write; the whole of it {own_cpu(written)}"
        return "; ".join(words(phase, spent) for phase, spent in phases_of(claim["method"]).items())

    cells = view.cells_of(cell)
    shares = {phase: spent["cpu_ms"] / spent["time_ms"] for phase, spent in phases_of(claim["method"]).items()}
    verdicts = [verdict_of(shares[phase], low, high) for phase, (low, high) in claimed.items()]
    said = ", ".join(
        f"{phase} {units.percent(shares[phase])} of a core ({relation(shares[phase], low, high)})"
        for phase, (low, high) in claimed.items()
    )
    every, some = all(each == HOLDS for each in verdicts), any(each != NOT for each in verdicts)
    return Judged(cells, grade(every, some), f"Node.js: {said}.")


def own_cpu(written: Json) -> str:
    whole_ms, cpu = written["timing_ms"]["completed"], written["cpu"]
    loop_ms = known(cpu["loop_thread_ms"], "The CPU time of the loop")
    others_ms = max(0.0, cpu["process_user_ms"] + cpu["process_system_ms"] - loop_ms)
    return f"{units.percent(loop_ms / whole_ms)} of a core by the loop, {units.percent(others_ms / whole_ms)} by others"


def timer_is_late(view: View, claim: Json) -> Judged:
    """How late a timer fires that is due during the write. In loopscope it is a handler that the monitor posts."""

    def late_ms(system: str) -> tuple[float, float]:
        written = view.report(system, claim["method"])
        whole = written["timing_ms"]["completed"]
        if system == OWN:
            return known((written["loop"] or {}).get("lag_max_us"), "The lag") / 1000, whole
        timer = written["node"]["timer"]
        fired = known(timer["fired_ms"], "A timer, which was due after the end of this short write,")
        return max(0.0, fired - timer["due_ms"]), whole

    cells, (late, whole) = view.compare(
        late_ms, lambda pair: "{} late in a write of {}".format(*map(units.duration, pair))
    )
    why = f"The timer of Node.js fired {units.duration(late)} late."
    stalled = late >= STALL_MS
    if not claim["value"]["late"]:
        return Judged(cells, grade(not stalled, late < 0.2 * whole), why)
    due = view.report(NODE, claim["method"])["node"]["timer"]["due_ms"]
    return Judged(cells, grade(stalled and late >= 0.8 * (whole - due), stalled), why)


def collections(view: View, claim: Json) -> Judged:
    def cell(system: str) -> str:
        if system == OWN:
            raise NotMeasured("loopscope is C++ and collects no garbage.")
        gc = view.report(NODE, claim["method"])["node"]["gc"]
        return (
            f"{units.count(gc['count'], 'collection')}, {units.duration(gc['total_ms'])} together, the longest "
            f"{units.duration(gc['longest_ms'])}"
        )

    cells = view.cells_of(cell)
    written = view.report(NODE, claim["method"])
    share = written["node"]["gc"]["total_ms"] / written["timing_ms"]["completed"]
    why = f"Collections took {share * 100:.0f} % of the time of the write in Node.js."
    return Judged(cells, grade(share >= 0.1, share >= 0.02), why)
