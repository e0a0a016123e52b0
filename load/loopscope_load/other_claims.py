"""What else the articles say, beside the figure that answers it on each measured system."""

from loopscope_load import units


def rows(entries):
    """[{"claim", "says": {system: words}}] of what was measured; a system without the figure is left out."""
    found = {(entry["system"], entry["method"]): entry["summary"] for entry in entries if entry["summary"]}
    answers = (
        (
            "A timer that stops when everything is queued misleads: callback seems to take milliseconds.",
            "callback",
            queueing,
        ),
        ("callback leaves the loop free.", "callback", longest_delay),
        ('stream pauses for drain "15" times in one place and "about 15,000" in another.', "stream", drains),
        ("When a write is done its data are safe on the disk.", "stream", page_cache),
    )
    result = []
    for claim, method, answer in answers:
        says = {
            system: words for (system, name), summary in found.items() if name == method and (words := answer(summary))
        }
        if says:
            result.append({"claim": claim, "method": method, "says": says})
    return result


def middle(summary, name):
    return summary[name]["median"] if summary[name] else None


def queueing(summary):
    queued, done = middle(summary, "queued_ms"), middle(summary, "time_ms")
    return None if queued is None else f"queued after {units.duration(queued)}, written after {units.duration(done)}"


def longest_delay(summary):
    lag_us = middle(summary, "lag_max_us")
    return None if lag_us is None else f"the loop was late by up to {units.duration_of_us(lag_us)}"


def drains(summary):
    return None if summary["drains"] is None else units.count(summary["drains"], "drain")


def page_cache(summary):
    dirty = summary["dirty_bytes"]
    return None if dirty is None else f"{units.megabytes(dirty)} of the file were only in the page cache"
