"""Medians and ranges over the repeats of one method on one system."""

from loopscope_load import reading
from loopscope_load.writing import median

SPREAD = {  # name: where each repeat has it
    "time_ms": ("write", "time_ms"),
    "queued_ms": ("write", "queued_ms"),
    "peak_bytes": ("write", "peak_bytes"),
    "cpu_share": ("write", "cpu_share"),
    "stalls": ("write", "stalls"),
    "longest_stall_ms": ("write", "longest_stall_ms"),  # of the repeats that had a stall
    "lag_max_us": ("write", "lag_max_us"),
    "hello_p50_us": ("during", "p50_us"),
    "hello_p99_us": ("during", "p99_us"),
    "hello_p99_9_us": ("during", "p99_9_us"),
    "hello_max_us": ("during", "max_us"),
    "idle_p50_us": ("idle", "p50_us"),
    "idle_p99_us": ("idle", "p99_us"),
    "idle_p99_9_us": ("idle", "p99_9_us"),
    "idle_max_us": ("idle", "max_us"),
}
SAME = ("io", "bytes", "write_calls", "drains", "dirty_bytes")


def summary(repeats, count):
    """The figures of all repeats; each spread one is {"median", "min", "max"}, or None when no repeat has it."""
    figures = {name: spread([repeat[part][key] for repeat in repeats]) for name, (part, key) in SPREAD.items()}
    first = repeats[0]["write"]
    figures.update({name: first[name] for name in SAME})
    figures["repeats"] = len(repeats)
    figures["hello_unanswered"] = sum(repeat["during"]["unanswered"] for repeat in repeats)
    figures["writes"] = sum(repeat["write"]["writes"] for repeat in repeats)
    figures["count"] = count
    figures["complete"] = agreed([repeat["write"]["complete"] for repeat in repeats])
    figures["in_order"] = agreed([repeat["write"]["in_order"] for repeat in repeats])
    figures["out_of_order_records"] = max(
        (count for repeat in repeats if (count := repeat["write"]["out_of_order_records"]) is not None), default=None
    )
    figures["verdict"] = reading.verdict(middles(figures))
    figures["shown_repeat"] = shown(repeats)
    return figures


def repeats_done(entries):
    """The least and the greatest number of repeats that a method has; None when nothing was measured."""
    done = [entry["summary"]["repeats"] for entry in entries if entry["summary"]]
    return (min(done), max(done)) if done else None


def spread(values):
    known = [value for value in values if value is not None]
    return {"median": median(known), "min": min(known), "max": max(known)} if known else None


def agreed(values):
    """False when one repeat says so: what holds only sometimes does not hold."""
    if False in values:
        return False
    return True if True in values else None


def middles(figures):
    """The same with every spread figure replaced by its median."""
    return {
        name: value["median"] if isinstance(value, dict) and "median" in value else value
        for name, value in figures.items()
    }


def shown(repeats):
    """The number of the repeat that charts draw: the one whose time is the median, or next to it."""
    order = sorted(range(len(repeats)), key=lambda number: repeats[number]["write"]["time_ms"])
    return order[(len(order) - 1) // 2]
