# SPDX-License-Identifier: MIT

"""Samples of a server, taken on a thread while it is measured: from its event stream or from the kernel."""

import dataclasses
import http.client
import json
import os
import threading
import time
import urllib.parse
from typing import Self

from loopscope_load import Json, page_cache
from loopscope_load.terminal import Failure

PERIOD_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass(frozen=True)
class Sample:
    unix_ms: float
    resident_bytes: int | None
    cpu_share: float | None
    lag_max_us: float | None = None
    cached_bytes: int | None = None
    dirty_bytes: int | None = None
    writeback_bytes: int | None = None


class SampleWatch:
    """A context manager that collects samples on a thread. The samples are complete after it has ended.

    A subclass has _collect(), which appends to samples until _ending is set, and checks that at least every
    wait_max_s.
    """

    wait_max_s = 5

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._ending = threading.Event()
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(self.wait_max_s + 1)

    def _collect(self) -> None:
        raise NotImplementedError


class EventWatch(SampleWatch):
    """The event stream of a loopscope's admin plane: a sample every 100 ms."""

    def __init__(self, admin_url: str) -> None:
        super().__init__()
        parts = urllib.parse.urlsplit(admin_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self.wait_max_s)

    def _collect(self) -> None:
        try:
            self._connection.request("GET", "/events")
            response = self._connection.getresponse()
            while not self._ending.is_set() and (line := response.readline()):
                if line.startswith(b"data: "):
                    self._take(json.loads(line[6:]))
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            pass  # the server has ended, or has no such stream: the samples until now are kept
        finally:
            self._connection.close()

    def _take(self, event: Json) -> None:
        self.samples.append(sample_of(event))


class BufferWatch(EventWatch):
    """The readings of a stream's buffer that are in each event: [[us since the first one, bytes]]."""

    def __init__(self, admin_url: str) -> None:
        super().__init__(admin_url)
        self.traces: list[list[list[float]]] = []

    def _take(self, event: Json) -> None:
        if event.get("buffer"):
            self.traces.append(event["buffer"]["readings"])


def sample_of(event: Json) -> Sample:
    """The figures of one event that are kept. Of several loops, the largest lag counts."""
    loops = event["loops"]
    lags_us = [lag for loop in loops if (lag := (loop["lag"] or {}).get("max_us")) is not None]
    # A blocked loop takes no sample. The time since it was blocked is a lag that has not ended.
    lags_us += [loop["stalled_for_ms"] * 1000 for loop in loops if loop["stalled_for_ms"] > 0]
    return Sample(
        unix_ms=event["unix_ms"],
        resident_bytes=event["process"]["resident_bytes"],
        cpu_share=event["process"]["cpu_share"],
        lag_max_us=max(lags_us, default=None),
        cached_bytes=event["page_cache"]["outputs_cached_bytes"],
        dirty_bytes=event["page_cache"]["outputs_dirty_bytes"],
        writeback_bytes=event["page_cache"]["outputs_writeback_bytes"],
    )


class ProcessWatch(SampleWatch):
    """The kernel's figures of a process and its output every PERIOD_S, for a server without an event stream."""

    def __init__(self, pid: int, data_dir: str) -> None:
        super().__init__()
        self._pid = pid
        self._data_dir = data_dir

    def _collect(self) -> None:
        before: tuple[float, float] | None = None
        while not self._ending.is_set():
            try:
                now = time.monotonic(), cpu_s(self._pid)
                resident = resident_bytes(self._pid)
            except (OSError, ValueError, IndexError):
                return
            share = (now[1] - before[1]) / (now[0] - before[0]) if before else None
            self.samples.append(Sample(time.time() * 1000, resident, share, **self._pages()))
            before = now
            self._ending.wait(PERIOD_S)

    def _pages(self) -> dict[str, int]:
        """Nothing where the kernel does not tell."""
        try:
            return page_cache.of_folder(self._data_dir)
        except (OSError, Failure):
            return {}


def cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE_BYTES
