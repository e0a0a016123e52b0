"""/hello asked by wrk while a write runs, and not much longer, so that wrk's percentiles are about the write.

The wrk run begins HEAD_S before the first write and ends TAIL_S after the last.
"""

import time

from loopscope_load import wrk
from loopscope_load.failure import Failure
from loopscope_load.writing import write_for

WINDOW_S = 3.0
HEAD_S = 0.1  # wrk's connections must stand before the loop may stop
TAIL_S = 0.1  # and the answers that waited for the loop must reach it


def idle(url, load):
    """Asks /hello while nothing is written; returns hello.lua's figures."""
    with wrk.Run(load, url) as run:
        time.sleep(HEAD_S + WINDOW_S)
        return usable(run.stop())


def during_write(url, load, method, count, window_s=WINDOW_S, progress=lambda run: None, pauses=False):
    """Asks /hello while `method` writes, with or without pauses in between; returns (hello.lua's figures, the write
    reports in order)."""
    with wrk.Run(load, url) as run:
        time.sleep(HEAD_S)
        writes = write_for(url, method, count, window_s, progress, pauses)
        time.sleep(TAIL_S)
        return usable(run.stop()), [write.report for write in writes]


def usable(hello):
    if hello["p50_us"] is None:
        raise Failure(
            "wrk got no answer from /hello: "
            + ", ".join(f"{number} {cause} errors" for cause, number in hello["errors"].items())
            + "."
        )
    return hello
