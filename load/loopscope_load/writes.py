# SPDX-License-Identifier: MIT

"""Requests to a server: /hello, one write, many writes for a while, and the JSON of the admin plane."""

import dataclasses
import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any, Self

from loopscope_load import Json, statistics
from loopscope_load.terminal import Failure, Refused
from loopscope_load.verdict import STALL_MS, STRESSED_SHARE

RESPONSE_TIMEOUT_S = 3600
PAUSE_SHARE = 0.5  # of the write's time: the requests that it delayed have a response before the next write begins
PAUSE_MIN_S = 0.005


class Client:
    """One keep-alive connection, so that short writes follow each other closely; a context manager."""

    def __init__(self, url: str, timeout_s: float = RESPONSE_TIMEOUT_S) -> None:
        parts = urllib.parse.urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def check_hello(self) -> None:
        status, body = self._get("/hello")
        if status != 200 or body.strip() != b"hello":
            raise Failure(f"This server is not loopscope: /hello returned status {status}.")

    def write(self, method: str, count: int, verify: bool, **parameters: str | int) -> Json:
        """Writes `count` records and returns the write report. `parameters` are further parameters of /write.

        Raises Refused when a limit does not allow the write.
        """
        query = urllib.parse.urlencode({"method": method, "count": count, "verify": str(verify).lower(), **parameters})
        status, body = self._get("/write?" + query)
        try:
            content: Json = json.loads(body)
        except ValueError:
            content = {}
        if status == 200 and "timing_ms" in content:
            return content
        detail = content.get("detail") or content.get("title") or "no reason given"
        kind = Refused if status == 422 else Failure
        raise kind(f"The service returned status {status}: {detail}")

    def json(self, target: str) -> Any:
        """The JSON at the target, for example of an admin endpoint."""
        status, body = self._get(target)
        try:
            if status == 200:
                return json.loads(body)
        except ValueError:
            pass
        raise Failure(f"{target} returned status {status} without valid JSON.")

    def _get(self, target: str) -> tuple[int, bytes]:
        try:
            self._connection.request("GET", target)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            address = f"{self._connection.host}:{self._connection.port}"
            raise Failure(f"No response from {address} to GET {target}: {reason}.") from error


def base_url(given: str) -> str:
    """http://HOST:PORT of an address that may lack the scheme and may end in a slash or /hello."""
    url = given if "://" in given else "http://" + given
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/", "/hello"):
        raise Failure(f"'{given}' is not the address of a server; expected http://HOST:PORT.")
    return f"http://{parts.netloc}"


@dataclasses.dataclass(frozen=True)
class Write:
    """One write: its start and end by the client's clock, and the server's report."""

    started_unix_ms: float
    ended_unix_ms: float
    report: Json


def write_for(
    url: str,
    method: str,
    count: int,
    window_s: float,
    progress: Callable[[int], object] = lambda number: None,
    pauses: bool = True,
) -> list[Write]:
    """Writes repeatedly until window_s have passed, at least once. Returns the writes in order.

    Short writes are repeated so that enough /hello requests are due meanwhile. Only the first write is verified,
    because reading the file back is not writing. progress(n) is called before the n-th write.
    """
    writes: list[Write] = []
    with Client(url) as client:
        begun = time.monotonic()
        while not writes or time.monotonic() - begun < window_s:
            progress(len(writes) + 1)
            started = time.time() * 1000
            report = client.write(method, count, verify=not writes)
            # The client also waits for the verification, which comes after the write.
            ended = started + report["timing_ms"]["completed"] if not writes else time.time() * 1000
            writes.append(Write(started, ended, report))
            if pauses:
                time.sleep(max(PAUSE_MIN_S, PAUSE_SHARE * report["timing_ms"]["completed"] / 1000))
    return writes


def summary(reports: Sequence[Json]) -> Json:
    """The figures of one measurement from its write reports: median time, peak memory, verified content."""
    first = reports[0]
    content = first.get("content") or {}
    stalls = figures(reports, "loop", "stalls")
    stalled = [stalls_the_loop(report) for report in reports]
    start_bytes = (first.get("memory") or {}).get("rss_before_bytes")
    peak_bytes = statistics.maximum(figures(reports, "memory", "rss_peak_bytes"))
    return {
        "writes": len(reports),
        "io": first.get("io"),
        "bytes": first.get("bytes"),
        "time_ms": statistics.median(figures(reports, "timing_ms", "completed")),
        "queued_ms": statistics.median(figures(reports, "timing_ms", "queued")),
        "peak_bytes": peak_bytes,
        "start_bytes": start_bytes,
        "growth_bytes": None if peak_bytes is None or start_bytes is None else max(0, peak_bytes - start_bytes),
        "pending_peak_bytes": statistics.maximum(figures(reports, "memory", "pending_peak_bytes")),
        "cpu_share": statistics.median(map(cpu_share, reports)),
        "write_calls": (first.get("syscalls") or {}).get("write"),
        "drains": (first.get("backpressure") or {}).get("drains"),
        "stalls": sum(stalls) if stalls else None,
        "stalled_writes": None if None in stalled else sum(map(bool, stalled)),
        "longest_stall_ms": statistics.maximum(figures(reports, "loop", "longest_stall_ms")),
        "lag_max_us": statistics.maximum(figures(reports, "loop", "lag_max_us")),
        "dirty_bytes": (first.get("page_cache") or {}).get("dirty_bytes"),
        "complete": content.get("complete"),
        "in_order": content.get("in_order"),
        "out_of_order_records": content.get("out_of_order_records"),
    }


def stalls_the_loop(report: Json) -> bool | None:
    """Whether the write stalled the loop, by the server's stall record, or else its lag. None when neither is known.

    A stall that is short beside the time of the write is rather the machine's, and so is one that is longer than the write.
    """
    loop = report.get("loop") or {}
    stall_ms, lag_us = loop.get("longest_stall_ms"), loop.get("lag_max_us")
    if stall_ms is None and loop.get("stalls") == 0:
        return False
    if stall_ms is None and lag_us is not None:
        stall_ms = lag_us / 1000
    if stall_ms is None:
        return None
    completed_ms: float = report["timing_ms"]["completed"]
    return bool(max(STALL_MS, STRESSED_SHARE * completed_ms) <= stall_ms <= completed_ms + STALL_MS)


def figures(reports: Sequence[Json], part: str, name: str) -> list[float]:
    """That figure of each report that has it."""
    return [report[part][name] for report in reports if report.get(part) and report[part].get(name) is not None]


def grown_bytes(report: Json) -> float | None:
    """By how much the resident memory of the process grew to its peak."""
    memory = report.get("memory") or {}
    before, peak = memory.get("rss_before_bytes"), memory.get("rss_peak_bytes")
    return None if before is None or peak is None else max(0, peak - before)


def cpu_share(report: Json) -> float | None:
    """CPU time of the whole process over the write's time: 1 is one core."""
    cpu = report.get("cpu") or {}
    user_ms, system_ms = cpu.get("process_user_ms"), cpu.get("process_system_ms")
    completed_ms: float = report["timing_ms"]["completed"]
    return None if user_ms is None or system_ms is None or not completed_ms else (user_ms + system_ms) / completed_ms
