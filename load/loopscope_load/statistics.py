# SPDX-License-Identifier: MIT

"""All statistics of the load kit: quantiles, percentile curves, medians, spreads and ratios.

A quantile is found by the nearest-rank method, so it is always a value that really occurred.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

P99_9_SAMPLES_MIN = 1000  # with fewer samples, one in a thousand cannot be seen
POINTS_PER_DECADE = 10


class Spread(TypedDict):
    median: float
    min: float
    max: float


class Latency(TypedDict):
    """The latencies of one set of requests. `unanswered` requests are in no percentile."""

    requests: int
    unanswered: int
    p50_us: float | None
    p90_us: float | None
    p99_us: float | None
    p99_9_us: float | None
    max_us: float | None


class Curve(TypedDict):
    """Latency over x = 1 / (1 - share). The last x is the number of samples, and its latency is the maximum."""

    x: list[float]
    us: list[float]


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the ordered values that at least `share` of them do not exceed; None of no values."""
    if not ordered:
        return None
    rank = math.ceil(share * len(ordered) - 1e-9)
    return ordered[min(len(ordered), max(1, rank)) - 1]


def latency(latencies_us: Iterable[float | None]) -> Latency:
    """The figures of one set of requests. None stands for a request without a response.

    p99_9_us is None with fewer than P99_9_SAMPLES_MIN responses.
    """
    every = list(latencies_us)
    ordered = sorted(us for us in every if us is not None)
    enough = len(ordered) >= P99_9_SAMPLES_MIN
    return {
        "requests": len(ordered),
        "unanswered": len(every) - len(ordered),
        "p50_us": _tenth(quantile(ordered, 0.5)),
        "p90_us": _tenth(quantile(ordered, 0.9)),
        "p99_us": _tenth(quantile(ordered, 0.99)),
        "p99_9_us": _tenth(quantile(ordered, 0.999)) if enough else None,
        "max_us": _tenth(quantile(ordered, 1)),
    }


def curve(latencies_us: Iterable[float | None]) -> Curve:
    """The percentile curve of the requests with a response, up to where one request is left."""
    ordered = sorted(us for us in latencies_us if us is not None)
    found: Curve = {"x": [], "us": []}
    step = 0
    while ordered and (x := 10 ** (step / POINTS_PER_DECADE)) < len(ordered):
        found["x"].append(round(x, 4))
        found["us"].append(round(quantile(ordered, 1 - 1 / x) or 0, 1))
        step += 1
    if ordered:
        found["x"].append(len(ordered))
        found["us"].append(round(ordered[-1], 1))
    return found


def spread(values: Iterable[float | None]) -> Spread | None:
    """The median, minimum and maximum of the values that were measured; None when there are none."""
    known = [value for value in values if value is not None]
    return {"median": statistics.median(known), "min": min(known), "max": max(known)} if known else None


def median(values: Iterable[float | None]) -> float | None:
    """The median of the values that were measured; None when there are none."""
    found = spread(values)
    return found["median"] if found else None


def maximum(values: Iterable[float | None]) -> float | None:
    """The maximum of the values that were measured; None when there are none."""
    return max((value for value in values if value is not None), default=None)


def ratios(
    rounds: Sequence[Mapping[str, float | None]], base_rounds: Sequence[Mapping[str, float | None]]
) -> dict[str, Spread]:
    """For each figure, the spread of its ratios to the base in the same round."""
    found = {}
    for name in rounds[0]:
        each = spread(
            mine / base
            for mine, base in ((one[name], other[name]) for one, other in zip(rounds, base_rounds))
            if base and mine is not None
        )
        if each:
            found[name] = each
    return found


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
