#!/usr/bin/env python3
"""Has the compiler of a compile_commands.json parse each of its files, without making any code, on all cores. Files that
the build itself makes are left out.

    .ci/check-syntax.py build/clang/compile_commands.json

Exits 1 when it refuses one.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def parse(entry):
    """What the compiler says, and whether it accepts the file."""
    words = shlex.split(entry["command"])
    at = words.index("-o")
    words[at : at + 2] = ["-fsyntax-only"]
    done = subprocess.run(words, cwd=entry["directory"], capture_output=True, text=True, check=False)
    return done.stderr, done.returncode == 0


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = [each for each in json.load(file) if not each["file"].startswith(each["directory"])]
    refused = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for entry, (said, accepted) in zip(entries, workers.map(parse, entries)):
            print(said, end="", file=sys.stderr)
            if not accepted:
                refused.append(entry["file"])
    print(f"{len(entries) - len(refused)} of {len(entries)} files accepted")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
