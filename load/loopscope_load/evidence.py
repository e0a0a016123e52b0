# SPDX-License-Identifier: MIT

"""The measurements that the claims need beside the comparison (results.schema.json, "evidence").

For each system: one write of each method and variant by a fresh server, watched thread by thread; the life of the written
pages; a write that does not fit into memory. What could not be measured is {"reason": sentence} in its place, and the next
measurement follows.
"""

import dataclasses
import functools
import json
import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence

from loopscope_load import Json, buffer_trace, page_cache, watch, writes
from loopscope_load.claims import CLAIMS
from loopscope_load.servers import NodePeer, ServerProcess, System, running
from loopscope_load.terminal import Failure, Progress, Refused

COUNT_MAX, QUICK_COUNT_MAX = 1_000_000, 100_000
SLOW_METHOD, SLOW_SHARE = "promise", 10  # that method writes a tenth of the records: its records cost the same each
AGED_BYTES = 7_888_890  # as a million records
# The age from which on a page is written back, and how often the kernel looks for such pages.
EXPIRE_FILES = ("/proc/sys/vm/dirty_expire_centisecs", "/proc/sys/vm/dirty_writeback_centisecs")
CRASH_COUNT = 10_000_000
CRASH_HEAP_MIB = 128
CRASH_TIMEOUT_S = 120
CRASH_PERIOD_S = 0.02
FATAL = "FATAL ERROR"
BUFFERS_HEAP_MIB = 64


@dataclasses.dataclass(frozen=True)
class Variant:
    """One measured write: its name in the evidence, the method and further parameters of /write."""

    name: str
    method: str
    parameters: dict[str, str | int] = dataclasses.field(default_factory=dict)


MARKS = (
    Variant("stream 16 KiB", "stream", {"high_water_mark": 16 * 1024}),
    Variant("stream 64 KiB", "stream", {"high_water_mark": 64 * 1024}),
)
VARIANTS: dict[str, tuple[Variant, ...]] = {
    "loopscope": (
        *(Variant(name, name) for name in CLAIMS),
        *MARKS,
    ),
    "node": (
        *(Variant(name, name) for name in CLAIMS),
        Variant("callback-buffer", "callback-buffer"),
        Variant("callback-copies", "callback-copies"),
        *MARKS,
        Variant("stream default", "stream", {"high_water_mark": "node"}),
    ),
}


def empty(absent: dict[str, str] | None = None) -> Json:
    """The evidence before anything is measured. `absent`: the systems that cannot be, and why."""
    return {"count": None, "absent": absent or {}, "systems": {}, "buffers": None, "memory": None, "aged": None}


def measure(
    systems: Sequence[System],
    methods: Collection[str],
    count: int,
    quick: bool,
    found: Json,
    save: Callable[[], None],
    data_dir: str,
    progress: Progress,
) -> None:
    """Fills `found` with what the claims on `methods` need, and saves after every step."""
    found["count"] = min(count, QUICK_COUNT_MAX if quick else COUNT_MAX)

    def step(place: Json, key: str, title: str, work: Callable[[], Json]) -> None:
        try:
            with progress.step(f"claims: {title}"):
                place[key] = work()
        except (Failure, OSError) as failure:  # such as a process that ended while /proc was read
            place[key] = {"reason": str(failure)}
            progress.say(f"claims: {title}: not measured: {failure}")
        save()

    step(found, "memory", "page cache of the machine", page_cache.machine)
    aging = Aging(data_dir)
    for system in systems:
        name = system.name
        runs: Json = {}
        place = found["systems"].setdefault(name, {"runs": runs, "pages": None, "crash": None})
        for variant in (each for each in VARIANTS[name] if each.method.split("-")[0] in methods):
            records = max(1, found["count"] // (SLOW_SHARE if variant.method == SLOW_METHOD else 1))
            work = functools.partial(one_write, system, variant, records, data_dir)
            step(runs, variant.name, f"{name} {variant.name}", work)
        step(place, "pages", f"{name} pages", functools.partial(life_of_pages, system, found["count"], data_dir))
        if "callback" in methods:
            step(place, "crash", f"{name} ten million callbacks", functools.partial(too_many, system, data_dir))
        if isinstance(system, NodePeer):
            step(found, "buffers", f"{name} buffers", functools.partial(buffers, system))
    step(found, "aged", "pages that nobody synced", aging.end)


class Aging:
    """A file that is written at the start and looked at again at the end, with no fsync in between."""

    def __init__(self, data_dir: str) -> None:
        self._path = os.path.join(data_dir, "aged")
        self._started = time.monotonic()
        self._before: int | Failure | OSError
        try:
            with open(self._path, "wb") as file:
                file.write(b" " * AGED_BYTES)
            self._before = self._dirty_bytes()
        except (Failure, OSError) as reason:
            self._before = reason

    def end(self) -> Json:
        if isinstance(self._before, Exception):
            raise self._before
        after = self._dirty_bytes()
        expire_s = sum(map(seconds_in, EXPIRE_FILES))
        elapsed_s = round(time.monotonic() - self._started, 1)
        return {"before_bytes": self._before, "after_bytes": after, "after_s": elapsed_s, "expire_s": expire_s}

    def _dirty_bytes(self) -> int:
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            dirty: int = page_cache.of_descriptor(descriptor)["dirty_bytes"]
            return dirty
        finally:
            os.close(descriptor)


def seconds_in(path: str) -> float:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read()) / 100
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read.") from error


def one_write(system: System, variant: Variant, count: int, data_dir: str) -> Json:
    """One write to the disk by a fresh server, as results.schema.json describes it."""
    with running(system.command(data_dir)) as server, writes.Client(server.url) as client:
        client.check_hello()
        before = threads(server.pid)
        report = client.write(variant.method, count, verify=True, durability="disk", **variant.parameters)
        after = threads(server.pid)
        found: Json = {"count": count, "report": report, "text": beginning(report["file"])}
        return {**found, "threads": spent(before, after), "buffer": buffer_of(server, variant, report)}


def buffer_of(server: ServerProcess, variant: Variant, report: Json) -> Json | None:
    """The trace of a stream's buffer of a certain mark, or the reason why there is none; None for the other writes."""
    if variant not in MARKS:
        return None
    try:
        if "node" in report:
            return buffer_trace.of_node(report)
        return buffer_trace.of_loopscope(server.url, server.admin_url, **variant.parameters)
    except Failure as failure:
        return {"reason": str(failure)}


def beginning(path: str) -> str | None:
    try:
        with open(path, encoding="latin-1") as file:
            return file.read(24)
    except OSError:
        return None


def threads(pid: int) -> dict[int, Json]:
    """By thread: its name, CPU time and number of write calls until now. None is what the kernel does not tell."""
    found = {}
    for tid in map(int, os.listdir(f"/proc/{pid}/task")):
        folder = f"/proc/{pid}/task/{tid}"
        try:
            with open(f"{folder}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read().strip()
        except OSError:
            continue  # the thread has ended
        found[tid] = {"name": name, "cpu_ms": cpu_ms(folder), "writes": write_calls(folder)}
    return found


def cpu_ms(folder: str) -> float | None:
    try:
        with open(f"{folder}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e6
    except (OSError, ValueError, IndexError):
        return None


def write_calls(folder: str) -> int | None:
    try:
        with open(f"{folder}/io", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("syscw:"))
    except (OSError, ValueError, StopIteration):
        return None


def spent(before: dict[int, Json], after: dict[int, Json]) -> list[Json]:
    """What each thread has spent in between. The first is the process's main thread, which runs the loop in Node.js."""
    none = {"cpu_ms": 0, "writes": 0}

    def difference(tid: int, figure: str) -> float | None:
        then, now = before.get(tid, none)[figure], after[tid][figure]
        return None if then is None or now is None else now - then

    return [
        {"name": after[tid]["name"], "cpu_ms": difference(tid, "cpu_ms"), "writes": difference(tid, "writes")}
        for tid in sorted(after)
    ]


def life_of_pages(system: System, count: int, data_dir: str) -> Json:
    """In a folder of its own: ext4 starts the writeback of a file that is renamed over another one."""
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        with running(system.command(folder)) as server, writes.Client(server.url) as client:
            path = client.write("stream", count, verify=False)["file"]
        try:
            return page_cache.life_of(os.path.join(folder, os.path.basename(path)))
        except OSError as error:
            raise Failure(f"{path} cannot be read: {error.strerror}.") from error


def too_many(system: System, data_dir: str) -> Json:
    """Ten million callbacks, where memory has room for a part of them. The server's end is what is measured."""
    if isinstance(system, NodePeer):
        command = system.command(data_dir, f"--max-old-space-size={CRASH_HEAP_MIB}")
    else:
        command = [*system.command(data_dir), "--max-pending-bytes", f"{CRASH_HEAP_MIB}MiB"]
    found: Json = {"count": CRASH_COUNT, "limit_bytes": CRASH_HEAP_MIB << 20, "refused": None, "exit_status": None}
    found |= {"signal": None, "fatal": None, "last_resident_bytes": None, "writes": None, "after_s": None}
    with ServerProcess(command) as server:
        resource.prlimit(server.pid, resource.RLIMIT_CORE, (0, 0))
        refusals: list[str] = []
        asking = threading.Thread(target=ask_for_too_many, args=(server.url, refusals), daemon=True)
        started = time.monotonic()
        asking.start()
        while asking.is_alive() and time.monotonic() - started < CRASH_TIMEOUT_S:
            observe(server.pid, found)
            asking.join(CRASH_PERIOD_S)
        found["after_s"] = round(time.monotonic() - started, 3)
        if asking.is_alive():
            raise Failure(f"The write of {CRASH_COUNT:,} records was still running after {CRASH_TIMEOUT_S} s.")
        if refusals:
            with writes.Client(server.url) as client:
                client.check_hello()  # it still serves
            return {**found, "refused": refusals[0]}
        if not server.has_ended():
            return found  # it has written them all
        status = server.exit_status
        assert status is not None
        found["exit_status"], found["signal"] = (status, None) if status >= 0 else (128 - status, -status)
        found["fatal"] = next((line for line in server.log().splitlines() if FATAL in line), None)
    return found


def ask_for_too_many(url: str, refusals: list[str]) -> None:
    try:
        with writes.Client(url, CRASH_TIMEOUT_S) as client:
            client.write("callback", CRASH_COUNT, verify=False)
    except Refused as refused:
        refusals.append(str(refused))
    except Failure:
        pass  # the server has ended: its process says how


def observe(pid: int, found: Json) -> None:
    """Keeps the last memory and number of writes that the kernel tells of the process while it is alive."""
    try:
        resident = watch.resident_bytes(pid)
    except (OSError, ValueError, IndexError):
        return
    if resident > 0:  # 0 once the kernel has taken the memory of a process that ends
        found["last_resident_bytes"] = resident
        found["writes"] = write_calls(f"/proc/{pid}") or found["writes"]


def buffers(system: NodePeer) -> Json:
    """What load/peers/node/buffers.js says of Buffers, with a heap that is far smaller than what it holds."""
    try:
        done = subprocess.run(
            system.script("buffers.js", f"--max-old-space-size={BUFFERS_HEAP_MIB}"),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found: Json = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise Failure(f"buffers.js did not run: {error}.") from error
    return found
