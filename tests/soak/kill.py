#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Kills the service with SIGKILL at random moments of random writes, starts it again at once and checks the directory.

    tests/soak/kill.py --binary build/bin/loopscope --kills 300

"At once" means that the killed process may still be ending while the next one starts. When the next one serves, each
METHOD.txt holds the complete content of some run or does not exist, no .part of the service is left, and other files
are unchanged. Exits 1 at the first violation, and when no kill met a write of each back end.
"""

import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from loopscope import METHODS, WITH_BACK_END, Loopscope, expected_text, holds_every_record  # noqa: E402
from seed import printed_seed  # noqa: E402

COUNTS = (20_000, 50_000, 100_000)
MAX_LIFE_S = 0.25
WRITERS = 2
OTHERS = {"notes.part": b"somebody's", "sync.txt.part": b"not a name that we give", "stream.txt.backup": b"kept"}
PARTS_OF_OTHERS = [name for name in OTHERS if name.endswith(".part")]


class Contents:
    """Every content that a complete file may have."""

    def __init__(self) -> None:
        self._texts = {len(text): (count, text) for count in COUNTS for text in (expected_text(count),)}

    def has(self, method: str, content: bytes) -> bool:
        if len(content) not in self._texts:
            return False
        count, text = self._texts[len(content)]
        return content == text or (method == "callback" and holds_every_record(content, count))


class Writer(threading.Thread):
    """Writes until the service is gone."""

    def __init__(
        self, service: Loopscope, choices: random.Random, ios: tuple[str, ...], completed: collections.Counter[str]
    ) -> None:
        super().__init__()
        self._service, self._choices, self._ios, self._completed = service, choices, ios, completed
        self.current_io: str | None = None  # the back end of the running write

    def run(self) -> None:
        connection = self._service.connect()
        while True:
            method, count = self._choices.choice(METHODS), self._choices.choice(COUNTS)
            io = self._choices.choice(self._ios)
            io = io if method in WITH_BACK_END else "none"
            try:
                self.current_io = io
                connection.request("GET", f"/write?method={method}&count={count}" + f"&io={io}" * (io != "none"))
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):  # the service was killed
                connection.close()
                return
            self._completed[io] += response.status == 200


def check(directory: pathlib.Path, contents: Contents, may_have_parts: bool) -> None:
    left = {path.name for path in directory.glob("*.part")} - set(OTHERS)
    if left and not may_have_parts:
        raise AssertionError(f"left over after a start: {sorted(left)}")
    for method in METHODS:
        path = directory / f"{method}.txt"
        if path.exists() and not contents.has(method, path.read_bytes()):
            raise AssertionError(f"{path.name} is not complete: {path.stat().st_size} bytes")
    for name, content in OTHERS.items():
        if (directory / name).read_bytes() != content:
            raise AssertionError(f"{name} does not belong to the service and was changed")


def kill_often(binary: str, kills: int, seed: int) -> dict[str, Any]:
    """Returns what happened. Raises AssertionError at the first violation."""
    choices, contents = random.Random(seed), Contents()
    completed: collections.Counter[str] = collections.Counter()
    met: collections.Counter[str] = collections.Counter()
    parts_met = 0
    ios: tuple[str, ...] = ("threads",)
    with tempfile.TemporaryDirectory(prefix="loopscope-kill.") as name, contextlib.ExitStack() as killed:
        directory = pathlib.Path(name)
        for other, content in OTHERS.items():
            (directory / other).write_bytes(content)
        before: Loopscope | None = None
        for number in range(kills + 1):
            service = Loopscope(data_dir=directory, binary=binary).__enter__()
            # A process that the kernel takes long to end still holds its part, which the next start then removes.
            still_ending = before is not None and before.process.poll() is None
            killed.close()  # only now is there time to wait for the killed process
            killed.callback(service.__exit__)
            check(directory, contents, may_have_parts=still_ending)
            before = service
            if number == kills:
                break
            if number == 0 and service.has_io_uring():
                ios = ("threads", "uring")
            writers = [Writer(service, random.Random(choices.random()), ios, completed) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
                killed.callback(writer.join)
            time.sleep(choices.uniform(0, MAX_LIFE_S))
            running = [writer.current_io for writer in writers if writer.current_io]
            service.process.kill()
            met.update(running)
            parts_met += len(service.parts()) > len(PARTS_OF_OTHERS)
        missed = [io for io in (*ios, "none") if met[io] == 0]
        if missed or parts_met == 0:
            raise AssertionError(f"no kill met a write: {missed or 'no part was seen'}")
    return {
        "kills": kills,
        "kills_that_left_a_part": parts_met,
        "writes_met": dict(met),
        "completed_writes": dict(completed),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("LOOPSCOPE_BINARY", "build/bin/loopscope"))
    parser.add_argument("--kills", type=int, default=300)
    options = parser.parse_args()
    started = time.monotonic()
    try:
        happened = kill_often(options.binary, options.kills, printed_seed())
    except AssertionError as violation:
        print(f"kill.py: {violation}", file=sys.stderr)
        return 1
    print(json.dumps({**happened, "seconds": round(time.monotonic() - started)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
