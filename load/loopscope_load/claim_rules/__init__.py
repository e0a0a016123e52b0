# SPDX-License-Identifier: MIT

"""How a claim of the book (load/claims.json) is measured and judged: one rule for each `measure` that the book names.

A rule takes the View of a document and the claim, and returns the Judged claim. Nothing is judged by hand: every verdict
follows from figures of the run. A figure that the run does not have raises NotMeasured with the reason.
"""

from loopscope_load import Json, units
from loopscope_load.claim_rules import (
    advice,
    comparison,
    copies,
    memory,
    one_write,
    page_cache,
    streams,
    threads,
)
from loopscope_load.claim_rules.claimed_range import number
from loopscope_load.claim_rules.view import NOT_MEASURABLE, NOT_MEASURED, Judged, NotMeasured, Rule, View

RULES: dict[str, Rule] = {
    "time": number(units.duration, comparison.time_ms),
    "memory": number(units.megabytes, comparison.figure("peak_bytes", "The peak of memory")),
    "cpu": number(units.percent, comparison.figure("cpu_share", "The CPU time")),
    "hello": number(units.duration_of_us, comparison.figure("hello_max_us", "/hello")),
    "idle": number(units.percent, comparison.idle_share),
    "writes a second": number(lambda value: f"{value:,.0f} a second", comparison.records_per_s),
    "cost of a record": number(units.cost, comparison.record_ms),
    "order": comparison.order,
    "loop": comparison.loop,
    "waited": comparison.waited_for_the_loop,
    "CPU of threads": threads.cpu_of_threads,
    "records of threads": threads.records_of_threads,
    "opening": number(units.duration, one_write.opening_ms),
    "queueing": number(units.duration, one_write.queued_ms),
    "timers": one_write.misplaced_timer,
    "phases": one_write.phases,
    "CPU by phase": one_write.cpu_by_phase,
    "late timer": one_write.timer_is_late,
    "collections": one_write.collections,
    "copies": copies.copies_of_a_record,
    "cheaper": copies.cheaper,
    "stream copies": copies.stream_copies,
    "interpolated": copies.interpolated_text,
    "pool": number(lambda value: f"{value:,.0f} bytes", copies.pool_bytes),
    "heap": copies.in_the_heap,
    "only cached": page_cache.only_cached,
    "fsync": page_cache.after_fsync,
    "aged": page_cache.after_a_while,
    "page cache": page_cache.page_cache_grows,
    "disk": page_cache.disk_over_time,
    "two levels": page_cache.two_levels,
    "drains": number(lambda value: units.count(int(value), "drain"), streams.drains),
    "drain": number(units.duration, streams.drain_ms),
    "buffered records": number(lambda value: units.count(int(value), "record"), streams.buffered_records),
    "one call a record": streams.one_call_a_record,
    "chunks": streams.in_chunks,
    "one in flight": streams.one_chunk_in_flight,
    "full": streams.full_at_the_mark,
    "drained": streams.drains_when_empty,
    "marks": streams.marks,
    "timeline": streams.timeline,
    "fills faster": streams.fills_faster,
    "bytes a record": number(lambda value: f"{value:,.0f} bytes a record", memory.bytes_a_record),
    "itemised": memory.itemised,
    "memory over time": memory.memory_over_time,
    "stable": memory.stable,
    "crash": memory.crash,
    "crash count": number(lambda value: f"{value / 1e6:.1f} million records", memory.crash_count),
    "production": advice.production,
    "only streams": advice.only_streams,
    "advice": advice.up_to_a_count,
    "alone": advice.alone,
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
