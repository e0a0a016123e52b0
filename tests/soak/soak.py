#!/usr/bin/env python3
"""Stalls and load in turn, for minutes, against the real binary: answers stay right and nothing grows.

    tests/soak/soak.py --binary build/tsan/bin/loopscope --minutes 10

Exits 1 when an answer was wrong, the process reported something or did not end well, or its memory, descriptors or
threads grew after the first minute. With a sanitizer's build, what the sanitizer finds is among what is reported, leaks
too; memory is not judged then, since a sanitizer's own records grow with whatever has been touched.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "service"))

WARM_UP_S = 60
ALLOWED_GROWTH_KIB = 5 * 1024
METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
SANITIZER_OPTIONS = {  # a quarantine is memory that grows by design
    "ASAN_OPTIONS": "quarantine_size_mb=4:detect_leaks=1",
    "TSAN_OPTIONS": "halt_on_error=0:history_size=2",
}


class Load:
    """Clients that ask /hello on kept connections, each on a thread; a context manager."""

    def __init__(self, service, clients):
        self.service_ = service
        self.stop_ = threading.Event()
        self.answers = 0
        self.wrong = []
        self.lock_ = threading.Lock()
        self.threads_ = [threading.Thread(target=self.ask_) for _ in range(clients)]

    def __enter__(self):
        for each in self.threads_:
            each.start()
        return self

    def __exit__(self, *_):
        self.stop_.set()
        for each in self.threads_:
            each.join()

    def ask_(self):
        connection = self.service_.connect()
        while not self.stop_.is_set():
            try:
                connection.request("GET", "/hello")
                answer = connection.getresponse()
                right = (answer.status, answer.read()) == (200, b"hello\n")
            except (OSError, http.client.HTTPException) as error:
                right, answer = False, error
                connection.close()  # the next request opens it again
            with self.lock_:
                self.answers += 1
                if not right:
                    self.wrong.append(repr(answer))
            time.sleep(0.002)
        connection.close()


def footprint(pid):
    """Resident KiB, descriptors, threads."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = {line.split(":")[0]: line.split(":")[1].split()[0] for line in status.splitlines() if ":\t" in line and
             line.split(":")[1].split()}
    return {"rss_kib": int(field["VmRSS"]), "fds": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(field["Threads"])}


def has_sanitizer(binary):
    text = pathlib.Path(binary).read_bytes()
    return b"__asan_init" in text or b"__tsan_init" in text


def write_once(service, pick, tally):
    method = pick.choice(METHODS)
    # A promise pays for two threads' waking with every record, which a sanitizer makes dearer.
    count = pick.choice((1_000, 5_000, 20_000) if method == "promise" else (10_000, 100_000, 300_000))
    try:
        status, report = service.write(method=method, count=count, verify="true")
        right = status == 200 and report["content"]["complete"]
    except (OSError, ValueError, http.client.HTTPException) as error:
        status, right = repr(error), False
    tally.append((method, right, status))


def soak(options):
    from loopscope import Loopscope  # needs the binary's name in the environment

    pick = random.Random(options.seed)
    wrong, writes, warm = [], [], None
    with Loopscope(environment=SANITIZER_OPTIONS) as service:
        pid = service.process.pid
        with Load(service, clients=4) as load:
            started = next_line = time.monotonic()
            while (elapsed := time.monotonic() - started) < options.minutes * 60:
                write_once(service, pick, writes)
                service.ask_admin("/metrics")
                service.ask_admin("/stalls")
                now = footprint(pid)
                if warm is None or elapsed < min(WARM_UP_S, options.minutes * 30):
                    warm = now
                if time.monotonic() >= next_line:
                    print(f"{elapsed:6.0f} s  {now['rss_kib']:8d} KiB  {now['fds']} fds  {now['threads']} threads  "
                          f"{load.answers} answers  {len(writes)} writes", flush=True)
                    next_line += 15
                time.sleep(pick.uniform(0, 0.3))
            loops = json.loads(service.ask_admin("/loop")[1])["loops"]
            stalls = sum(kind["stalls"] for loop in loops for kind in loop["ended_stalls"].values())
        time.sleep(1)
        end = footprint(pid)
        code = service.stop(15)
    log = service.log
    wrong += load.wrong + [each for each in writes if not each[1]]
    reported = [line for line in log.splitlines() if "Sanitizer" in line or "runtime error" in line]
    grown = {name: end[name] - warm[name] for name in end}
    print(json.dumps({"minutes": options.minutes, "answers": load.answers, "writes": len(writes), "wrong": wrong[:10],
                      "exit_code": code, "reported": reported[:10], "at_the_first_minute": warm, "at_the_end": end,
                      "stalls": stalls}, indent=1))
    if reported:
        print(log, file=sys.stderr)
    # A client that asked is gone at the end, so there may be fewer descriptors.
    fine = not wrong and not reported and code == 0 and grown["fds"] <= 0 and grown["threads"] <= 0
    return 0 if fine and (has_sanitizer(options.binary) or grown["rss_kib"] <= ALLOWED_GROWTH_KIB) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parents[1] / "build" / "bin" / "loopscope"))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["LOOPSCOPE_BINARY"] = options.binary
    return soak(options)


if __name__ == "__main__":
    sys.exit(main())
