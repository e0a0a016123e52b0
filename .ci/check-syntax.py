#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Lets Clang parse each file of a compile_commands.json alone, on all cores, without generating code: a unity build does
not see that a file lacks an include of the project's. The headers of others are parsed once, for all files that have no
macro of their own; these files get the flags of all. Files that the build itself generates are left out.

    .ci/check-syntax.py build/clang/compile_commands.json

The exit status is 1 when the compiler rejects a file.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

FOREIGN_INCLUDE = re.compile(r"^#include (<(?!loopscope/|asio[./]).*>)", re.MULTILINE)
ONCE_IN_A_PROGRAM = "/src.hpp>"  # the parts of Asio and Beast that are compiled separately


MIN_FILES = 4  # a macro of fewer files may change what the headers of others contain


def flags_of(entry: dict[str, str]) -> set[tuple[str, ...]]:
    """Macros, folders of headers, warnings and language."""
    words = iter(shlex.split(entry["command"])[1:])
    flags: set[tuple[str, ...]] = set()
    for word in words:
        if word == "-isystem":
            flags.add((word, next(words)))
        elif word.startswith(("-D", "-I", "-W", "-std=")):
            flags.add((word,))
    return flags


def foreign_includes(root: pathlib.Path) -> str:
    """The headers of others that C++ files below this folder include, as the text of a header."""
    listed = subprocess.run(["git", "ls-files", "*.cpp", "*.hpp"], cwd=root, capture_output=True, text=True, check=True)
    found = {name for file in listed.stdout.split() for name in FOREIGN_INCLUDE.findall((root / file).read_text())}
    return "".join(f"#include {name}\n" for name in sorted(found) if not name.endswith(ONCE_IN_A_PROGRAM))


def main() -> int:
    database = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parents[1]
    entries = [each for each in json.loads(database.read_text()) if not each["file"].startswith(each["directory"])]
    compiler = shlex.split(entries[0]["command"])[0]
    files_with = collections.Counter(flag for entry in entries for flag in flags_of(entry))
    shared = {flag for flag, files in files_with.items() if files >= MIN_FILES or not flag[0].startswith("-D")}
    flags = [word for flag in sorted(shared) for word in flag]
    header = database.with_name("foreign.hpp")
    header.write_text(foreign_includes(root))
    precompiled = header.with_suffix(".pch")
    precompile = ["-fpch-instantiate-templates", "-x", "c++-header", str(header), "-o", str(precompiled)]
    subprocess.run([compiler, *flags, *precompile], check=True)

    def parse(entry: dict[str, str]) -> tuple[str, bool]:
        own = flags_of(entry)
        words = [word for flag in sorted(own) for word in flag]
        if own <= shared:
            words = [*flags, "-include-pch", str(precompiled)]
        command = [compiler, *words, "-fsyntax-only", entry["file"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr, done.returncode == 0

    rejected = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for messages, accepted in workers.map(parse, entries):
            print(messages, end="", file=sys.stderr)
            rejected += not accepted
    print(f"{len(entries) - rejected} of {len(entries)} files accepted")
    return 1 if rejected else 0


if __name__ == "__main__":
    sys.exit(main())
