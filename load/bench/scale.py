#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Whether loops add up: a second loop, one loop of two blocked, eight streams at once.

  load/bench/scale.py [--parts loops,blocked,streams] [--quick] [--json FILE]

loops: requests a second of --io-threads 2 over 1. blocked: who waits for a blocked loop of two. streams: eight at once.
Nothing is pinned to a core. The files of the writes are below TMPDIR. Reads build/bin/loopscope. The cost of a record and
the memory at 10 to 10,000,000 records: load/compare.py --scale.
"""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from parts import eight_streams, more_loops, one_loop_blocked, rounds

from loopscope_load import Json, terminal

PARTS = ("loops", "blocked", "streams")


def measure(options: argparse.Namespace, progress: terminal.Progress) -> None:
    quick = options.quick
    document: Json = {}

    def show(part: str, found: Any, lines: Sequence[str]) -> None:
        each = found if isinstance(found, list) else found.values()
        plain = [dataclasses.asdict(one) for one in each]
        document[part] = plain if isinstance(found, list) else dict(zip(found, plain))
        print("\n".join(["", *lines]), flush=True)

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
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    return terminal.run_command("scale", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
