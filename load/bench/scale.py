#!/usr/bin/env python3
"""Whether costs stay flat and loops add up: records, memory, a second loop, one loop blocked, eight streams at once.

  load/bench/scale.py [--parts cost,loops,blocked,streams] [--methods sync,...] [--quick] [--json FILE]

cost: a record's cost and the memory that a write takes, 10,000 to 100,000,000 records. loops: what --io-threads 2 serves
over 1. blocked: whom a blocked loop of two holds up. streams: eight at once. Nothing is pinned. Writes go to TMPDIR; takes
half an hour where a record costs 2 us, most of it in the hundred millions; with --quick 4 minutes. Reads build/bin/loopscope.
"""

import argparse
import pathlib
import sys
import tempfile

import cost_per_record
import eight_streams
import more_loops
import one_loop_blocked
import rounds
from loopscope_load import command

PARTS = ("cost", "loops", "blocked", "streams")


def measure(options, progress):
    quick, found = options.quick, {}

    def part(name, module, *arguments):
        if name in options.parts:
            found[name] = module.measure(*arguments, progress)
            print("\n".join(["", *module.table(found[name])]), flush=True)

    part("cost", cost_per_record, options.methods, cost_per_record.QUICK_COUNTS if quick else cost_per_record.COUNTS)
    part("loops", more_loops, 2 if quick else 7, 1 if quick else 3)
    part("blocked", one_loop_blocked, 1 if quick else 5, 2_000_000 if quick else 4_000_000)
    part("streams", eight_streams, 3 if quick else 9, 10_000_000)
    rounds.write_json(options.json, found, tempfile.gettempdir())


def names(known):
    def parse(text):
        given = [name.strip() for name in text.split(",") if name.strip()]
        if not given or set(given) - set(known):
            raise argparse.ArgumentTypeError(f"'{text}' given, known are {','.join(known)}")
        return given

    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--parts", type=names(PARTS), default=list(PARTS), metavar="A,B", help=f"which ({','.join(PARTS)})"
    )
    parser.add_argument(
        "--methods",
        type=names(cost_per_record.METHODS),
        default=list(cost_per_record.METHODS),
        metavar="A,B",
        help=f"of cost ({','.join(cost_per_record.METHODS)})",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and costs to 1,000,000 records only")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    sys.exit(command.run("scale", lambda progress: measure(options, progress)))


if __name__ == "__main__":
    main()
