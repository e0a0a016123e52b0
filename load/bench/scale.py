#!/usr/bin/env python3
"""Whether costs stay flat and loops add up: records, memory, a second loop, one loop blocked, eight streams at once.

  load/bench/scale.py [--parts cost,loops,blocked,streams] [--methods sync,...] [--quick] [--json FILE]

cost: the cost of a record and the memory of a write at 10,000 to 100,000,000 records. loops: requests a second of
--io-threads 2 over 1. blocked: who waits for a blocked loop of two. streams: eight at once. Nothing is pinned to a core.
The files of the writes are below TMPDIR. It takes half an hour where a record costs 2 us, most of it for the hundred
millions; 4 minutes with --quick. Reads build/bin/loopscope.
"""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from parts import cost_per_record, eight_streams, more_loops, one_loop_blocked, rounds

from loopscope_load import Json, terminal

PARTS = ("cost", "loops", "blocked", "streams")


def measure(options: argparse.Namespace, progress: terminal.Progress) -> None:
    quick = options.quick
    document: Json = {}

    def show(part: str, found: Any, lines: Sequence[str]) -> None:
        each = found if isinstance(found, list) else found.values()
        plain = [dataclasses.asdict(one) for one in each]
        document[part] = plain if isinstance(found, list) else dict(zip(found, plain))
        print("\n".join(["", *lines]), flush=True)

    if "cost" in options.parts:
        counts = cost_per_record.QUICK_COUNTS if quick else cost_per_record.COUNTS
        cost = cost_per_record.measure(options.methods, counts, progress)
        show("cost", cost, cost_per_record.table(cost))
    if "loops" in options.parts:
        loops = more_loops.measure(2 if quick else 7, 1 if quick else 3, progress)
        show("loops", loops, more_loops.table(loops))
    if "blocked" in options.parts:
        blocked = one_loop_blocked.measure(1 if quick else 5, 2_000_000 if quick else 4_000_000, progress)
        show("blocked", blocked, one_loop_blocked.table(blocked))
    if "streams" in options.parts:
        streams = eight_streams.measure(3 if quick else 9, 10_000_000, progress)
        show("streams", streams, eight_streams.table(streams))
    rounds.write_json(options.json, document, tempfile.gettempdir())


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument(
        "--parts",
        type=terminal.names_among(PARTS),
        default=list(PARTS),
        metavar="A,B",
        help=f"the parts to measure ({','.join(PARTS)})",
    )
    parser.add_argument(
        "--methods",
        type=terminal.names_among(cost_per_record.METHODS),
        default=list(cost_per_record.METHODS),
        metavar="A,B",
        help=f"the methods of cost ({','.join(cost_per_record.METHODS)})",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and costs up to 1,000,000 records only")
    options = parser.parse_args()
    return terminal.run_command("scale", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
