# SPDX-License-Identifier: MIT

"""How many bytes wait in a stream's buffer over a few of its cycles: {"at_us", "bytes", "drains_at_us"}.

Node.js reads its writableLength in the write that is measured, and knows when each drain comes. loopscope reads its buffer
for its event stream, so its trace is of further writes.
"""

import time
from collections.abc import Sequence

from loopscope_load import Json, watch, writes
from loopscope_load.terminal import Failure

COUNT = 1_000_000  # long enough that a sample of the event stream falls into the write
GOOD_DRAINS = range(2, 9)  # among its 64 readings
USABLE_DRAINS = range(1, 17)  # with more of them, the readings are too coarse to see each
TIMEOUT_S = 1.5


def of_node(report: Json) -> Json:
    found: Json = report["node"].pop("buffer")
    return {name: [round(value, 1) for value in values] for name, values in found.items()}


def of_loopscope(url: str, admin_url: str | None, **parameters: str | int) -> Json:
    """The first good trace, or else the last usable one. Raises Failure when there is none within TIMEOUT_S."""
    if admin_url is None:
        raise Failure("The server has no event stream.")
    seen, usable = 0, None
    with watch.BufferWatch(admin_url) as events, writes.Client(url) as client:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            client.write("stream", COUNT, verify=False, **parameters)
            traces = [trace_of(readings) for readings in events.traces[seen:]]
            seen += len(traces)
            for trace in traces:
                if len(trace["drains_at_us"]) in GOOD_DRAINS:
                    return trace
                usable = trace if len(trace["drains_at_us"]) in USABLE_DRAINS else usable
    if usable is None:
        raise Failure(f"No readings of the buffer showed its drains within {TIMEOUT_S:g} s.")
    return usable


def trace_of(readings: Sequence[Sequence[float]]) -> Json:
    """Bytes count as buffered until they are written, so they fall at a drain only, seen by the next reading."""
    falls = [after[0] for before, after in zip(readings, readings[1:]) if after[1] < before[1]]
    return {
        "at_us": [at for at, _ in readings],
        "bytes": [size for _, size in readings],
        "drains_at_us": falls,
    }
