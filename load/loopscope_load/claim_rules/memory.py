# SPDX-License-Identifier: MIT

"""Rules on the memory of the process: its course, a record's share of it, and what happens without a bound."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.claimed_range import verdict_of
from loopscope_load.claim_rules.view import HOLDS, IN_PART, NODE, NOT, OWN, Judged, NotMeasured, View, grade, known
from loopscope_load.writes import grown_bytes

FLAT_FACTOR, PART_FLAT_FACTOR = 1.5, 2.5
GROWTH_COUNT_MIN = 100_000  # fewer queued records are small beside the memory of the runtime


def check_could_grow(count: int) -> None:
    """Before a claim that the memory grows is denied."""
    if count < GROWTH_COUNT_MIN:
        raise NotMeasured(
            f"Growth shows from {units.count(GROWTH_COUNT_MIN, 'record')} on; this run wrote {units.count(count)} records only."
        )


def bytes_a_record(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["method"])
    count: int = run["count"]
    return known(grown_bytes(run["report"]), "The growth of memory") / count


def itemised(view: View, claim: Json) -> Judged:
    """What queued callbacks hold by type of memory: in V8's heap, in Buffers, and outside both. Judged by where it is."""
    claimed: dict[str, float] = claim["value"]["parts"]

    def parts_of_record(system: str) -> tuple[float, float]:
        run = view.run(system, claim["method"])
        node, count = run["report"]["node"], run["count"]
        check_could_grow(count)
        heap = known(node["heap_used_bytes"], "The heap") - known(node.get("heap_before_bytes"), "The heap before")
        whole = known(node.get("rss_bytes"), "The memory") - run["report"]["memory"]["rss_before_bytes"]
        return max(0.0, heap) / count, max(0.0, whole - heap) / count

    def cell(system: str) -> str:
        if system == OWN:
            return f"no heap of objects: {bytes_a_record(view, OWN, claim):,.0f} bytes a record in all"
        run = view.run(NODE, claim["method"])
        node = run["report"]["node"]
        heap, outside = parts_of_record(NODE)
        spaces: dict[str, int] = node.get("heap_spaces_bytes") or {}
        largest = sorted(spaces.items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{name} {units.megabytes(size)}" for name, size in largest)
        return (
            f"{heap:,.0f} bytes a record more in V8's heap, {outside:,.0f} outside; at the peak heap "
            f"{units.megabytes(node['heap_used_bytes'])} ({named}), external {units.megabytes(node['external_bytes'])}, of it "
            f"arrayBuffers {units.megabytes(node['array_buffers_bytes'])}, resident {units.megabytes(node.get('rss_bytes'))}"
        )

    cells = view.cells_of(cell)
    found = dict(zip(claimed, parts_of_record(NODE)))
    verdicts = [verdict_of(found[name], value, value) for name, value in claimed.items()]
    said = ", ".join(f"{found[name]:,.0f} bytes {name} (claimed {value:,.0f})" for name, value in claimed.items())
    every, some = all(each == HOLDS for each in verdicts), any(each != NOT for each in verdicts)
    return Judged(cells, grade(every, some), f"A record of Node.js: {said}.")


def memory_over_time(view: View, claim: Json) -> Judged:
    """Memory from the start of the first write to its peak and to the last sample: flat, or up and down again."""

    def course(system: str) -> tuple[float, float, float]:
        repeat = view.shown_repeat(system, claim["method"])
        samples = repeat["samples"]
        taken = [(at, size) for at, size in zip(samples["at_ms"], samples["resident_bytes"]) if size is not None]
        began = repeat["windows_ms"][0][0]
        before = [size for at, size in taken if at <= began]
        during = [size for at, size in taken if at > began]
        if not before or not during:
            raise NotMeasured("There are too few samples of the memory.")
        return before[-1], max(during), during[-1]

    cells, (first, peak, last) = view.compare(course, lambda sizes: " to ".join(map(units.megabytes, sizes)))
    if claim["value"]["flat"]:
        verdict = grade(peak <= FLAT_FACTOR * first, peak <= PART_FLAT_FACTOR * first)
        return Judged(cells, verdict, f"Its peak is {units.ratio(peak / first)} times what it had before.")
    check_could_grow(view.entry(NODE, claim["method"])["count"])
    rose, fell = peak >= 4 * first, last <= 0.6 * peak
    back = "were left" if fell else "were not given back"
    why = f"It rose {units.ratio(peak / first)} times over, and {units.megabytes(last)} of it {back} at the end."
    return Judged(cells, grade(rose and fell, rose), why)


def stable(view: View, claim: Json) -> Judged:
    """Whether the memory stays within twice what it was before."""

    def growth(system: str) -> float:
        memory = view.report(system, claim["method"])["memory"]
        before = known(memory["rss_before_bytes"], "Memory")
        return known(memory["rss_peak_bytes"], "Memory") / before

    cells, found = view.compare(growth, lambda ratio: f"memory {units.ratio(ratio)} times what it was before")
    if not claim["value"]["stable"]:
        check_could_grow(view.run(NODE, claim["method"])["count"])
    why = f"The memory of Node.js rose to {units.ratio(found)} times what it was."
    return Judged(cells, grade((found <= 2) == claim["value"]["stable"]), why)


def crash(view: View, claim: Json) -> Judged:
    def words(found: Json) -> str:
        limit = f"with {units.megabytes(found['limit_bytes'])}"
        if found["refused"]:
            return f"{limit}: refused, and serves on ({found['refused']})"
        if found["exit_status"] is None:
            return f"{limit}: wrote all of them"
        return (
            f"{limit} of heap: exit status {found['exit_status']} after {found['after_s']:.1f} s, last seen with "
            f"{units.megabytes(found['last_resident_bytes'])} and {units.count(found['writes'], 'write')} done"
        )

    cells, found = view.compare(lambda system: view.part(system, "crash"), words)
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
