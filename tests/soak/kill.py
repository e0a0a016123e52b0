#!/usr/bin/env python3
"""Kills the service with SIGKILL at random moments of random writes, starts it again at once and looks at what is there.

    tests/soak/kill.py --binary build/bin/loopscope --kills 300

At once means that the killed process may still be ending, with its memory to be freed and its writes to be waited for.
When the next one serves, each METHOD.txt holds the complete content of some run, byte for byte, or does not exist yet;
no .part of ours is left, and what is not ours is unchanged. Exits 1 the first time that one of this is not so, or when
no kill met a write of each back end.
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

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "service"))

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
WITH_BACK_END = ("promise", "callback", "stream")
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


def back_ends(service):
    uring = json.loads(service.ask_admin("/info")[1])["io_uring"]["available"]
    return ("threads", "uring") if uring else ("threads",)


class Writer(threading.Thread):
    """Writes until the service is gone."""

    def __init__(self, service, pick, ios, completed):
        super().__init__()
        self.service_, self.pick_, self.ios_, self.completed_ = service, pick, ios, completed
        self.asked = None  # the back end of the write under way

    def run(self):
        connection = self.service_.connect()
        while True:
            method, count, io = self.pick_.choice(METHODS), self.pick_.choice(COUNTS), self.pick_.choice(self.ios_)
            io = io if method in WITH_BACK_END else "none"
            try:
                self.asked = io
                connection.request("GET", f"/write?method={method}&count={count}" + f"&io={io}" * (io != "none"))
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):  # it was killed
                connection.close()
                return
            self.completed_[io] += answer.status == 200


def check(directory, witness):
    left = {path.name for path in directory.glob("*.part")} - set(NOT_OURS)
    if left:
        raise AssertionError(f"left over after a start: {sorted(left)}")
    for method in METHODS:
        path = directory / f"{method}.txt"
        if path.exists() and not witness.is_whole(method, path.read_bytes()):
            raise AssertionError(f"{path.name} is not whole: {path.stat().st_size} bytes")
    for name, content in NOT_OURS.items():
        if (directory / name).read_bytes() != content:
            raise AssertionError(f"{name} is not ours and was changed")


def kill_often(kills, seed):
    """What happened, or an AssertionError."""
    from loopscope import Loopscope
    pick, witness = random.Random(seed), Witness()
    completed, met, parts_met = collections.Counter(), collections.Counter(), 0
    with tempfile.TemporaryDirectory(prefix="loopscope-kill.") as name, contextlib.ExitStack() as dead:
        directory = pathlib.Path(name)
        for other, content in NOT_OURS.items():
            (directory / other).write_bytes(content)
        for number in range(kills + 1):
            service = Loopscope(data_dir=directory).__enter__()
            dead.close()  # now there is time to wait for the one before
            dead.callback(service.__exit__)
            check(directory, witness)
            if number == kills:
                break
            ios = back_ends(service)
            writers = [Writer(service, random.Random(pick.random()), ios, completed) for _ in range(WRITERS)]
            for each in writers:
                each.start()
                dead.callback(each.join)
            time.sleep(pick.uniform(0, LONGEST_LIFE_S))
            asked = [each.asked for each in writers if each.asked]
            service.process.kill()
            met.update(asked)
            parts_met += len(service.parts()) > len(PARTS_NOT_OURS)
        missed = [io for io in (*ios, "none") if met[io] == 0]
        if missed or parts_met == 0:
            raise AssertionError(f"no kill met a write: {missed or 'no part was seen'}")
    return {"kills": kills, "kills_that_left_a_part": parts_met, "writes_met": dict(met),
            "completed_writes": dict(completed), "seed": seed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parents[1] / "build" / "bin" / "loopscope"))
    parser.add_argument("--kills", type=int, default=300)
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
