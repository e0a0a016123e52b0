"""Turns one method's figures into a word about the loop and a sentence about the method.

Everything said is derived from the figures of this run; nothing is known about a method beforehand
except which of its figures is the interesting one.
"""

from loopscope_load import units

BLOCKED = "BLOCKED"
STRESSED = "stressed"
FREE = "free"

STALL_MS = 25  # the service's own default threshold
BLOCKED_SHARE = 0.8  # of the write's time in one stall: less is stressed
STRESSED_SHARE = 0.02  # below it, and in a write of seconds, a stall is the machine's more likely than the method's
WAITED_SHARE = 0.05  # of the write's time, which a typical /hello waits for a loop that blocks
QUEUED_SHARE = 0.8  # of the time, below which a timer around the queueing alone would mislead
NOISE_FACTOR = 4  # a /hello slower than this many times the idle maximum is no accident


def verdict(row):
    """{"loop": BLOCKED|STRESSED|FREE, "from": where that was read, "stall_ms": the figure it rests on}.

    stall_ms is None where the server keeps a stall record and had none.
    """
    if row["stalls"] == 0:
        return {"loop": FREE, "from": "stall", "stall_ms": None}
    time_ms = row["time_ms"]
    stall_ms, source = row["longest_stall_ms"], "stall"
    if stall_ms is None and row["lag_max_us"] is not None:
        stall_ms, source = row["lag_max_us"] / 1000, "lag"
    if stall_ms is not None:
        real = stall_ms >= STALL_MS
        blocked = real and stall_ms >= BLOCKED_SHARE * time_ms
    elif row["hello_max_us"] is None:
        return {"loop": None, "from": None, "stall_ms": None}
    else:
        source = "hello"
        stall_ms = row["hello_max_us"] / 1000
        typical_ms = row["hello_p50_us"] / 1000
        real = stall_ms >= max(STALL_MS, NOISE_FACTOR * (row["idle_max_us"] or 0) / 1000)
        # A single slow answer is not enough for BLOCKED: most answers must have waited.
        blocked = stall_ms >= BLOCKED_SHARE * time_ms and typical_ms >= max(
            WAITED_SHARE * time_ms, NOISE_FACTOR * (row["idle_p50_us"] or 0) / 1000
        )
    loop = FREE
    if blocked:
        loop = BLOCKED
    elif real and stall_ms >= STRESSED_SHARE * time_ms:
        loop = STRESSED
    return {"loop": loop, "from": source, "stall_ms": stall_ms}


def sentence(row, width=78):
    """What the row shows, in one line of at most width characters: the effect and as many details as fit."""
    said = effect(row)
    for detail in details(row):
        longer = f"{said}; {detail}"
        if len(longer) < width:
            said = longer
    return said + "."


def effect(row):
    loop = row["verdict"]["loop"]
    if loop is None or row["hello_max_us"] is None:
        return "No /hello that was due during the write was answered"
    if loop == BLOCKED:
        said = f"A /hello waited up to {units.duration_of_us(row['hello_max_us'])}"
        stall_ms = row["longest_stall_ms"]
        return said if stall_ms is None else f"{said}, the loop stood still for {units.duration(stall_ms)}"
    if loop == STRESSED:
        return f"The loop stalled for up to {units.duration(row['verdict']['stall_ms'])} at once"
    return against_idle(row) or f"/hello max {units.duration_of_us(row['hello_max_us'])}"


def against_idle(row):
    """The highest percentile that both have, during the write and idle in the same run; None when there is none."""
    for share, name in (("p99.9", "p99_9_us"), ("p99", "p99_us"), ("max", "max_us")):
        during, idle = row["hello_" + name], row["idle_" + name]
        if during is not None and idle is not None:
            return f"/hello {share} {units.duration_of_us(during)} (idle {units.duration_of_us(idle)})"
    return None


def details(row):
    """The method's own figures that say something, the most important first."""
    if row["complete"] is False:
        yield "THE FILE IS INCOMPLETE"
    if row["hello_unanswered"]:
        yield f"{row['hello_unanswered']:,} /hello WITHOUT THEIR ANSWER"
    if row["out_of_order_records"]:
        yield f"{units.count(row['out_of_order_records'], 'record')} out of order"
    if row["verdict"]["loop"] == STRESSED and against_idle(row):
        yield against_idle(row)
    if row["queued_ms"] is not None and row["queued_ms"] < QUEUED_SHARE * row["time_ms"]:
        yield f"all queued after {units.duration(row['queued_ms'])}"
    if row["drains"]:
        yield units.count(row["drains"], "drain")
    if row["write_calls"]:
        one_each = row["write_calls"] == row["count"]
        yield (
            f"{units.cost(row['time_ms'] / row['write_calls'])} a write call"
            if one_each
            else units.count(row["write_calls"], "write call")
        )
