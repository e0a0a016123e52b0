#!/usr/bin/env python3
"""Lets the compiler of a compile_commands.json parse each of its files on all cores, without generating code. Files that
the build itself generates are left out.

    .ci/check-syntax.py build/clang/compile_commands.json

The exit status is 1 when the compiler rejects a file.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def parse(entry: dict[str, str]) -> tuple[str, bool]:
    """The compiler's messages, and whether it accepts the file."""
    words = shlex.split(entry["command"])
    output = words.index("-o")
    words[output : output + 2] = ["-fsyntax-only"]
    done = subprocess.run(words, cwd=entry["directory"], capture_output=True, text=True, check=False)
    return done.stderr, done.returncode == 0


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = [each for each in json.load(file) if not each["file"].startswith(each["directory"])]
    rejected = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for entry, (messages, accepted) in zip(entries, workers.map(parse, entries)):
            print(messages, end="", file=sys.stderr)
            if not accepted:
                rejected.append(entry["file"])
    print(f"{len(entries) - len(rejected)} of {len(entries)} files accepted")
    return 1 if rejected else 0


if __name__ == "__main__":
    sys.exit(main())
