# SPDX-License-Identifier: MIT

"""Rules on the copies of a record and on the Buffers of Node.js."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import HOLDS, NODE, NOTICEABLE, OWN, Judged, NotMeasured, View, grade, known
from loopscope_load.writes import grown_bytes


def copies(view: View, system: str, name: str) -> int:
    return int(known(view.report(system, name).get("copies_per_record"), "The number of copies"))


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
    why = f"Node.js encodes the text into a buffer before the kernel copies it: {made} copies."
    return Judged(cells, grade(made >= 2), why)


def cheaper(view: View, claim: Json) -> Judged:
    """Whether the first of two methods makes more copies than the second and costs more: time, peak memory, allocations.

    What costs more without a further copy has another reason than the claimed one, so it holds in part at most.
    """
    costly, cheap = claim["compare"]

    def costs(name: str) -> dict[str, float]:
        run = view.run(NODE, name)
        written = run["report"]
        found = {
            "time": view.for_all(written["timing_ms"]["completed"], run["count"]),
            "peak memory": known(grown_bytes(written), "The growth of memory") / run["count"],
        }
        if written["node"]["allocated_bytes"] is not None:
            found["allocated by V8"] = written["node"]["allocated_bytes"] / run["count"]
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
        return "; ".join(f"{name}: {copies(view, NODE, name)} copies, {words(costs(name))}" for name in (costly, cheap))

    cells = view.cells_of(cell)
    more, less = costs(costly), costs(cheap)
    ratios = {name: more[name] / less[name] for name in more if name in less and less[name] > 0}
    dearer = [name for name, ratio in ratios.items() if ratio >= NOTICEABLE]
    said = ", ".join(f"{name} {units.ratio(ratio)} times" for name, ratio in ratios.items())
    made, needed = copies(view, NODE, costly), copies(view, NODE, cheap)
    saved = f"{made} copies against {needed}" if made > needed else f"no copy is saved, both make {made}"
    verdict = grade(made > needed and len(dearer) == len(ratios), bool(dearer))
    return Judged(cells, verdict, f"{costly} over {cheap}: {saved}; {said}.")


def stream_copies(view: View, claim: Json) -> Judged:
    """Whether a Buffer that is changed behind write() is written as it was, or as it is then."""

    def cell(system: str) -> str:
        if system == OWN:
            return "has no Buffers: it formats a record into the buffer of the stream, with no copy before the kernel's"
        kept = known(view.common("buffers").get("stream_keeps_bytes"), "What a stream keeps")
        return f"wrote the bytes from {'before' if kept else 'after'} the change"

    cells = view.cells_of(cell)
    kept = known(view.common("buffers").get("stream_keeps_bytes"), "What a stream keeps")
    why = (
        "The stream of Node.js wrote the bytes as they were at write(): it has a copy."
        if kept
        else "The stream of Node.js wrote what came into the Buffer later: it keeps a reference. It encodes only strings."
    )
    return Judged(cells, grade(bool(kept)), why)


def interpolated_text(view: View, claim: Json) -> Judged:
    """What a file has after `${buffer}`: the text of the buffer, or its inspection."""

    def text_of(system: str) -> str:
        check_has_buffers(system)
        text: str | None = view.run(NODE, claim["method"])["text"]
        if text is None:
            raise NotMeasured("The written file could not be read.")
        return text

    def words(text: str) -> str:
        return f"the file begins {text[:12]!r}"

    cells, text = view.compare(text_of, words)
    if "<Buffer" in text:
        return Judged(cells, HOLDS, "The file has the inspected form of the buffers.")
    whole = view.report(NODE, claim["method"])["content"]["complete"] is True
    every = ", and every record" if whole else ""
    why = f"A template calls toString(), so the file has the text of the buffers{every}."
    return Judged(cells, grade(False, in_part=not whole), why)


def check_has_buffers(system: str) -> None:
    if system == OWN:
        raise NotMeasured("loopscope has no Buffers.")


def pool_bytes(view: View, system: str, claim: Json) -> float:
    check_has_buffers(system)
    found: float = view.common("buffers")[claim["figure"]]
    return found


def in_the_heap(view: View, claim: Json) -> Judged:
    """Whether the bytes of Buffers are in V8's heap and end at its limit."""
    found = view.common("buffers")
    peak = view.report(NODE, "callback-buffer")["node"]

    def cell(system: str) -> str:
        check_has_buffers(system)
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
    return Judged(cells, grade(not outside), why)
