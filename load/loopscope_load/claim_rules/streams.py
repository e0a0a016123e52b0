# SPDX-License-Identifier: MIT

"""Rules on write calls, and on the buffer of a write stream: its mark, when it is full, when it drains."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import (
    HOLDS,
    NODE,
    NOT,
    NOTICEABLE,
    Judged,
    NotMeasured,
    View,
    complete,
    grade,
    known,
)


def mark_of(written: Json) -> float:
    return known(written["backpressure"]["high_water_mark"], "The high-water mark")


def drains_of(written: Json) -> float:
    return known(written["backpressure"]["drains"], "The number of drains")


def calls_of(written: Json) -> float:
    return known(written["syscalls"]["write"], "The number of write calls")


def drains(view: View, system: str, claim: Json) -> float:
    run = view.run(system, claim["run"])
    return round(view.for_all(drains_of(run["report"]), run["count"]))


def cycle_ms(view: View, system: str, claim: Json) -> tuple[float, float]:
    """For a mean cycle of the buffer: the time in which it fills, and in which it drains."""
    written = view.report(system, claim["run"])
    count = drains_of(written)
    if count == 0:
        raise NotMeasured("There was no drain at so few records.")
    waited = known(written["backpressure"]["waited_ms"], "The time of waiting")
    return max(0.0, written["timing_ms"]["completed"] - waited) / count, waited / count


def drain_ms(view: View, system: str, claim: Json) -> float:
    return cycle_ms(view, system, claim)[1]


def fills_faster(view: View, claim: Json) -> Judged:
    cells, (fill, drain) = view.compare(
        lambda system: cycle_ms(view, system, claim),
        lambda cycle: "fills in {}, drains in {}".format(*map(units.duration, cycle)),
    )
    why = f"Filling takes {units.ratio(fill / drain)} times as long as draining in Node.js."
    return Judged(cells, grade(fill < drain / NOTICEABLE, fill < drain * NOTICEABLE), why)


def buffered_records(view: View, system: str, claim: Json) -> float:
    written = view.report(system, claim["run"])
    return known(written["memory"]["pending_peak_records"], "The number of buffered records")


def compare_calls(view: View, claim: Json) -> tuple[dict[str, str], tuple[float, int]]:
    """The write calls for the records of a write."""

    def calls_and_count(system: str) -> tuple[float, int]:
        run = view.run(system, claim["method"])
        return calls_of(run["report"]), run["count"]

    return view.compare(calls_and_count, lambda pair: "{:,.0f} write calls for {:,} records".format(*pair))


def one_call_a_record(view: View, claim: Json) -> Judged:
    cells, (calls, count) = compare_calls(view, claim)
    why = f"{units.ratio(calls / count)} write calls a record reached the kernel."
    return Judged(cells, grade(calls == count, calls > 0.5 * count), why)


def in_chunks(view: View, claim: Json) -> Judged:
    cells, (calls, count) = compare_calls(view, claim)
    return Judged(cells, grade(calls < 0.1 * count, calls < count), f"One write call has {count / calls:,.0f} records.")


def one_chunk_in_flight(view: View, claim: Json) -> Judged:
    """The claim is that several writes are under way at once."""

    def counts(system: str) -> tuple[float, float, int | None]:
        written = view.report(system, claim["method"])
        most = int(view.of_node(claim["method"], "writes_at_once")) if system == NODE else None
        return calls_of(written), drains_of(written), most

    def words(counts: tuple[float, float, int | None]) -> str:
        calls, paused, most = counts
        peak = "" if most is None else f", at most {most} at once"
        return f"{calls:,.0f} write calls, {paused:,.0f} pauses for them{peak}"

    cells, (calls, _, most) = view.compare(counts, words)
    if most is not None and most > 1:
        return Judged(cells, HOLDS, f"{most} chunks were in flight at once.")
    count = view.run(NODE, claim["method"])["count"]
    why = f"At most one chunk was in flight; {calls:,.0f} large calls in place of {count:,} small ones make it fast."
    return Judged(cells, NOT, why)


def full_at_the_mark(view: View, claim: Json) -> Judged:
    def level(system: str) -> tuple[float, float]:
        written = view.report(system, claim["method"])
        return known(written["memory"]["pending_peak_bytes"], "The buffered bytes"), mark_of(written)

    cells, (peak, mark) = view.compare(level, lambda pair: "at most {:,.0f} bytes buffered, mark {:,.0f}".format(*pair))
    check_was_full(peak >= mark)
    why = f"The buffer of Node.js was {peak - mark:,.0f} bytes over its mark when it paused."
    return Judged(cells, grade(peak <= 1.01 * mark, in_part=True), why)


def drains_when_empty(view: View, claim: Json) -> Judged:
    """One drain for each full buffer: the bytes over the mark."""

    def counts(system: str) -> tuple[float, float]:
        written = view.report(system, claim["method"])
        return drains_of(written), written["bytes"] // mark_of(written)

    cells, (found, full) = view.compare(counts, lambda pair: "{:,.0f} drains, {:,.0f} full buffers".format(*pair))
    check_was_full(full > 0)
    ratio = found / full
    why = f"Node.js drained {units.ratio(ratio)} times for each full buffer."
    return Judged(cells, grade(0.95 <= ratio <= 1.05, 0.5 <= ratio <= 2), why)


def timeline(view: View, claim: Json) -> Judged:
    """How full the buffer is over time, and whether a chunk is left in it when 'drain' comes."""

    def trace(system: str) -> Json:
        found: Json | None = view.run(system, claim["run"]).get("buffer")
        drawn = complete(found)
        check_was_full(len(drawn["drains_at_us"]) > 0)
        return drawn

    def at_drains(drawn: Json) -> list[float]:
        return [size for at, size in zip(drawn["at_us"], drawn["bytes"]) if at in drawn["drains_at_us"]]

    def words(drawn: Json) -> str:
        span_ms = (drawn["at_us"][-1] - drawn["at_us"][0]) / 1000
        return (
            f"up to {max(drawn['bytes']):,.0f} bytes, {units.count(len(drawn['drains_at_us']), 'drain')} in "
            f"{units.duration(span_ms)}, at most {max(at_drains(drawn)):,.0f} bytes in the reading at a drain"
        )

    cells, drawn = view.compare(trace, words)
    left = max(at_drains(drawn))
    why = (
        f"When 'drain' came, {left:,.0f} bytes were left in the buffer of Node.js. The drawing below has the readings."
    )
    return Judged(cells, grade(left > 0), why)


def check_was_full(full: bool) -> None:
    if not full:
        raise NotMeasured("The buffer was never full at so few records.")


def marks(view: View, claim: Json) -> Judged:
    """Both high-water marks and Node's own default: drains, time, memory."""

    def cell(system: str) -> str:
        said = []
        for name in ("stream 16 KiB", "stream 64 KiB", *(["stream default"] if system == NODE else [])):
            written = view.report(system, name)
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
    small, large = (view.report(NODE, name)["timing_ms"]["completed"] for name in ("stream 16 KiB", "stream 64 KiB"))
    default = mark_of(view.report(NODE, "stream default"))
    why = (
        f"The default of this Node.js is {units.count(int(default))} bytes (16 KiB until version 21, 64 KiB since 22); "
        f"with 16 KiB the write took {units.ratio(small / large)} times as long as with 64."
    )
    return Judged(cells, grade(default == claim["value"]["max"]), why)
