#!/usr/bin/env python3
"""Prints hello.lua's figures of one or more runs side by side.

    hello_table.py before during < lines of JSON, one a run
"""

import json
import sys

from loopscope_load import units

LATENCIES = (
    ("p50", "p50_us"),
    ("p75", "p75_us"),
    ("p90", "p90_us"),
    ("p99", "p99_us"),
    ("p99.9", "p99_9_us"),
    ("max", "max_us"),
)


def render(titles, runs):
    """The table of those runs, as lines: one column a run."""
    rows = [("/hello", titles)]
    rows += [(name, [units.duration_of_us(run[key]) for run in runs]) for name, key in LATENCIES]
    rows.append(("answers", [units.count(run["requests"]) for run in runs]))
    rows.append(("a second", [f"{run['requests_per_s']:,.0f}" for run in runs]))
    rows.append(("errors", [errors(run["errors"]) for run in runs]))
    return ["".join([f"{name:<10}", *(f"{cell:>14}" for cell in cells)]) for name, cells in rows]


def errors(counts):
    happened = [f"{number:,} {cause}" for cause, number in counts.items() if number]
    return " ".join(happened) or "none"


if __name__ == "__main__":
    print("\n".join(render(sys.argv[1:], [json.loads(line) for line in sys.stdin])))
