# SPDX-License-Identifier: MIT

"""Rules on the threads of one write: which of them compute, and which write."""

import dataclasses

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import OWN, Judged, NotMeasured, View, grade, known

WRITER_SHARE = 0.01  # of the records: a thread that wrote fewer is not one of the pool's writers
EVEN_TOLERANCE = 0.2


@dataclasses.dataclass(frozen=True)
class CpuTimes:
    """Of one write. `others` are the threads that wrote nothing: V8's workers, the explainer and watchdog of loopscope."""

    loop_ms: float
    pool_ms: list[float]
    others_ms: float


def cpu_of_threads(view: View, claim: Json) -> Judged:
    """Whether the threads of the pool do the work and the loop's thread does little."""

    def words(times: CpuTimes) -> str:
        pool = " + ".join(map(units.duration, times.pool_ms)) or "none"
        return f"loop {units.duration(times.loop_ms)} of CPU, pool {pool}, others {units.duration(times.others_ms)}"

    cells, times = view.compare(lambda system: cpu_times(view.run(system, claim["method"]), system), words)
    pool_ms = sum(times.pool_ms)
    share = pool_ms / (times.loop_ms + pool_ms) if times.loop_ms + pool_ms else 0
    why = f"{share * 100:.0f} % of the CPU time of Node.js's loop and pool was on the threads of the pool."
    return Judged(cells, grade(share >= 0.6, share >= 0.4), why)


def cpu_times(run: Json, system: str) -> CpuTimes:
    """By kind of thread. The first is the loop's in Node.js; loopscope reports the CPU time of its loop itself."""
    threads = run["threads"]
    if not threads:
        raise NotMeasured("The CPU time of threads was not measured.")
    whole_ms = sum(known(each["cpu_ms"], "The CPU time of threads") for each in threads)
    pool_ms = [each["cpu_ms"] for each in threads[1:] if is_writer(each, run["count"])]
    loop_ms: float = threads[0]["cpu_ms"]
    if system == OWN:
        loop_ms = known(run["report"]["cpu"]["loop_thread_ms"], "The CPU time of the loop")
    return CpuTimes(loop_ms, pool_ms, max(0.0, whole_ms - loop_ms - sum(pool_ms)))


def is_writer(thread: Json, count: int) -> bool:
    return known(thread["writes"], "The number of write calls of a thread") >= WRITER_SHARE * count


def records_of_threads(view: View, claim: Json) -> Judged:
    """How many records each thread of the pool has written, by the kernel's count of its write calls."""

    def each(system: str) -> list[float]:
        run = view.run(system, claim["method"])
        writers = [thread for thread in run["threads"] if is_writer(thread, run["count"])]
        return [view.for_all(thread["writes"], run["count"]) for thread in writers]

    def words(found: list[float]) -> str:
        return f"{units.count(len(found), 'thread')}: " + ", ".join(f"{n:,.0f}" for n in found)

    cells, found = view.compare(each, words)
    mean = sum(found) / len(found) if found else 0
    even = bool(found) and all(abs(calls - mean) <= EVEN_TOLERANCE * mean for calls in found)
    as_many = len(found) == claim["value"]["threads"]
    spread = f"from {min(found):,.0f} to {max(found):,.0f} records each" if found else "no thread of its own"
    why = f"Node.js wrote with {units.count(len(found), 'thread')}, {spread}."
    return Judged(cells, grade(as_many and even, as_many or even), why)
