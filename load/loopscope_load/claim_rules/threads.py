# SPDX-License-Identifier: MIT

"""Rules on the threads of one write: which of them compute, and which write."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import OWN, Judged, NotMeasured, View, grade, known

WRITER_SHARE = 0.01  # of the records: a thread that wrote fewer is not one of the pool's writers
EVEN_TOLERANCE = 0.2


def cpu_of_threads(view: View, claim: Json) -> Judged:
    """Whether the threads of the pool do the work and the loop's thread does little."""
    cells, (loop_ms, pool_ms) = view.compare(
        lambda system: cpu_times(view.run(system, claim["method"]), system),
        lambda times: "loop {} of CPU, the other threads {}".format(*map(units.duration, times)),
    )
    share = pool_ms / (loop_ms + pool_ms) if loop_ms + pool_ms else 0
    why = f"{share * 100:.0f} % of the CPU time of Node.js was on threads other than the loop's."
    return Judged(cells, grade(share >= 0.6, share >= 0.4), why)


def cpu_times(run: Json, system: str) -> tuple[float, float]:
    """The CPU time of the loop's thread and of all others. loopscope reports that of its loop itself."""
    times_ms = [known(each["cpu_ms"], "The CPU time of threads") for each in run["threads"]]
    if not times_ms:
        raise NotMeasured("The CPU time of threads was not measured.")
    if system == OWN:
        loop_ms = known(run["report"]["cpu"]["loop_thread_ms"], "The CPU time of the loop")
        return loop_ms, max(0.0, sum(times_ms) - loop_ms)
    return times_ms[0], sum(times_ms[1:])


def records_of_threads(view: View, claim: Json) -> Judged:
    """How many records each thread of the pool has written, by the kernel's count of its write calls."""

    def each(system: str) -> list[float]:
        run = view.run(system, claim["method"])
        calls = [known(thread["writes"], "The number of write calls of a thread") for thread in run["threads"]]
        return [view.for_all(n, run["count"]) for n in calls if n >= WRITER_SHARE * run["count"]]

    def words(found: list[float]) -> str:
        return f"{units.count(len(found), 'thread')}: " + ", ".join(f"{n:,.0f}" for n in found)

    cells, found = view.compare(each, words)
    mean = sum(found) / len(found) if found else 0
    even = bool(found) and all(abs(calls - mean) <= EVEN_TOLERANCE * mean for calls in found)
    as_many = len(found) == claim["value"]["threads"]
    spread = f"from {min(found):,.0f} to {max(found):,.0f} records each" if found else "no thread of its own"
    why = f"Node.js wrote with {units.count(len(found), 'thread')}, {spread}."
    return Judged(cells, grade(as_many and even, as_many or even), why)
