#!/usr/bin/env python3
"""Kills the service with SIGKILL at random moments of random writes and looks at what is on disk.

    tests/soak/kill.py --binary build/bin/loopscope --kills 200

After every kill each METHOD.txt holds the complete content of some run, byte for byte, or does not exist yet; what was
under way lies beside it as a .part, and the next start removes that and nothing else. Exits 1 when one of this was not
so, or when no kill met a write at work.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "service"))

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
COUNTS = (20_000, 50_000, 100_000)
LONGEST_LIFE_S = 0.25
WRITERS = 2
NOT_OURS = {"notes.part": b"somebody's", "sync.txt.part": b"not a name that we give", "stream.txt.backup": b"kept"}
PARTS_NOT_OURS = [name for name in NOT_OURS if name.endswith(".part")]


class Witness:
    """Knows every content that a complete file may have."""

    def __init__(self):
        from loopscope import expected_text, holds_every_record
        self.holds_every_record_ = holds_every_record
        self.whole_ = {len(text): (count, text) for count in COUNTS for text in (expected_text(count),)}

    def is_whole(self, method, content):
        count, text = self.whole_.get(len(content), (0, None))
        if text is None:
            return False
        return content == text or (method == "callback" and self.holds_every_record_(content, count))


def keep_writing(service, pick, completed):
    connection = service.connect()
    while True:
        method, count = pick.choice(METHODS), pick.choice(COUNTS)
        try:
            connection.request("GET", f"/write?method={method}&count={count}")
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):  # it was killed
            connection.close()
            return
        completed[method] += answer.status == 200


def kill_once(directory, pick, completed):
    """How many writes were under way."""
    from loopscope import Loopscope
    with Loopscope(data_dir=directory) as service:
        if set(service.parts()) != {directory / name for name in PARTS_NOT_OURS}:
            raise AssertionError(f"left over after a start: {service.parts()}")
        writers = [threading.Thread(target=keep_writing, args=(service, random.Random(pick.random()), completed))
                   for _ in range(WRITERS)]
        for each in writers:
            each.start()
        time.sleep(pick.uniform(0, LONGEST_LIFE_S))
        service.process.kill()
        service.process.wait()
        for each in writers:
            each.join()
        return len(service.parts()) - len(PARTS_NOT_OURS)


def check(directory, witness):
    for method in METHODS:
        path = directory / f"{method}.txt"
        if path.exists() and not witness.is_whole(method, path.read_bytes()):
            raise AssertionError(f"{path.name} is not whole: {path.stat().st_size} bytes")
    for name, content in NOT_OURS.items():
        if (directory / name).read_bytes() != content:
            raise AssertionError(f"{name} is not ours and was changed")


def kill_often(kills, seed):
    """What happened, or an AssertionError."""
    pick, witness = random.Random(seed), Witness()
    completed, met = collections.Counter(), 0
    with tempfile.TemporaryDirectory(prefix="loopscope-kill.") as name:
        directory = pathlib.Path(name)
        for other, content in NOT_OURS.items():
            (directory / other).write_bytes(content)
        for _ in range(kills):
            met += kill_once(directory, pick, completed) > 0
            check(directory, witness)
    if met == 0:
        raise AssertionError("no kill met a write at work")
    return {"kills": kills, "kills_during_a_write": met, "completed_writes": dict(completed), "seed": seed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parents[1] / "build" / "bin" / "loopscope"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["LOOPSCOPE_BINARY"] = options.binary
    started = time.monotonic()
    try:
        done = kill_often(options.kills, options.seed)
    except AssertionError as wrong:
        print(f"kill.py: {wrong}", file=sys.stderr)
        return 1
    print(json.dumps({**done, "seconds": round(time.monotonic() - started)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
