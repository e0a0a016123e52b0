"""Turns one method's figures into a word about the loop and a sentence about the method.

Everything said is derived from the figures of this run; nothing is known about a method beforehand
except which of its figures is the interesting one.
"""

import units

BLOCKED = "BLOCKED"
STRESSED = "stressed"
FREE = "free"

STALL_MS = 25          # the service's own default threshold
BLOCKED_SHARE = 0.8    # of the write's time in one stall: less is stressed
STRESSED_SHARE = 0.05
QUEUED_SHARE = 0.8     # of the time, below which a timer around the queueing alone would mislead
NOISE_FACTOR = 4       # a /hello slower than this many times the idle maximum is no accident


def verdict(row, idle):
    """{"loop": BLOCKED|STRESSED|FREE, "from": where that was read, "stall_ms": the figure it rests on}."""
    time_ms = row["time_ms"]
    stall_ms = row["longest_stall_ms"]
    if stall_ms is not None:
        source = "report"
        real = stall_ms >= STALL_MS
        blocked = real and stall_ms >= BLOCKED_SHARE * time_ms
    else:
        source = "hello"
        stall_ms = row["hello"]["max_us"] / 1000
        typical_ms = row["hello"]["p50_us"] / 1000
        real = stall_ms >= max(STALL_MS, NOISE_FACTOR * idle["max_us"] / 1000)
        # A single slow answer is not enough for BLOCKED: most answers must have waited.
        blocked = stall_ms >= BLOCKED_SHARE * time_ms and typical_ms >= max(
            STRESSED_SHARE * time_ms, NOISE_FACTOR * idle["p50_us"] / 1000)
    loop = FREE
    if blocked:
        loop = BLOCKED
    elif real and stall_ms >= STRESSED_SHARE * time_ms:
        loop = STRESSED
    return {"loop": loop, "from": source, "stall_ms": stall_ms}


def sentence(row, idle, width=78):
    """What the row shows, in one line of at most width characters: the effect and as many details as fit."""
    hello = row["hello"]
    said = {
        BLOCKED: f"A /hello waited up to {units.duration_of_us(hello['max_us'])}",
        STRESSED: f"The loop stalled for up to {units.duration(row['verdict']['stall_ms'])} at once",
        FREE: f"99 of 100 /hello within {units.duration_of_us(hello['p99_us'])}"
              f" (idle {units.duration_of_us(idle['p99_us'])})",
    }[row["verdict"]["loop"]]
    for detail in details(row):
        longer = f"{said}; {detail}"
        if len(longer) < width:
            said = longer
    return said + "."


def details(row):
    """The method's own figures that say something, the most important first."""
    if row["complete"] is False:
        yield "THE FILE IS INCOMPLETE"
    if row["out_of_order_records"]:
        yield f"{units.count(row['out_of_order_records'], 'record')} out of order"
    if row["queued_ms"] is not None and row["queued_ms"] < QUEUED_SHARE * row["time_ms"]:
        yield f"all queued after {units.duration(row['queued_ms'])}"
    if row["drains"]:
        yield units.count(row["drains"], "drain")
    if row["write_calls"]:
        one_each = row["write_calls"] == row["count"]
        yield (f"{units.duration(row['time_ms'] / row['write_calls'])} a write call" if one_each
               else units.count(row["write_calls"], "write call"))
