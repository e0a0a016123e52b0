"""Percentiles of latencies: the rank method, so that each is a latency that really occurred."""

import math

P999_SAMPLES_MIN = 1000  # with fewer, the slowest of a thousand has not been seen
POINTS_PER_DECADE = 10


def quantile(ordered, share):
    """The smallest of the ordered microseconds that at least `share` of them do not exceed, to a tenth; None of none."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered), max(1, math.ceil(share * len(ordered) - 1e-9))) - 1], 1)


def answered(latencies_us):
    return sorted(latency for latency in latencies_us if latency is not None)


def figures(latencies_us):
    """The figures of one set of requests, None for one without its answer; p99_9_us is None when there are too few."""
    latencies_us = list(latencies_us)
    ordered = answered(latencies_us)
    enough = len(ordered) >= P999_SAMPLES_MIN
    return {
        "requests": len(ordered),
        "unanswered": len(latencies_us) - len(ordered),
        "p50_us": quantile(ordered, 0.5),
        "p90_us": quantile(ordered, 0.9),
        "p99_us": quantile(ordered, 0.99),
        "p99_9_us": quantile(ordered, 0.999) if enough else None,
        "max_us": quantile(ordered, 1),
    }


def curve(latencies_us):
    """The percentile curve as {"x": 1 / (1 - q), "us": latency}, up to where one request is left; x = count is the max."""
    ordered = answered(latencies_us)
    xs, us = [], []
    step = 0
    while ordered and (x := 10 ** (step / POINTS_PER_DECADE)) < len(ordered):
        xs.append(round(x, 4))
        us.append(quantile(ordered, 1 - 1 / x))
        step += 1
    if ordered:
        xs.append(len(ordered))
        us.append(quantile(ordered, 1))
    return {"x": xs, "us": us}
