"""One method on one system, once: /hello asked on schedule, idle first and then while it writes; then by wrk."""

import datetime
import math
import time

from loopscope_load import quantiles, writing, wrk_window
from loopscope_load.client import Client
from loopscope_load.event_watch import EventWatch
from loopscope_load.probe import Run as ProbeRun
from loopscope_load.process_watch import ProcessWatch
from loopscope_load.server_process import running
from loopscope_load.wrk import Load, timeout_s

SETTLE_S = 0.3  # the probe's connections stand by then
QUIET_S = 0.3  # before the first write, which would hold up the last of the idle requests
TAIL_S = 0.5  # and what waited for the loop has been answered
POINTS_MAX = 4000
PROBE_FIGURES = ("requests", "lateness_us", "probe_was_bottleneck", "bottleneck_reasons", "connections")


class Plan:
    """How every method is measured; units last in the names."""

    def __init__(self, probe, rate_per_s, idle_s, window_s):
        self.probe = probe
        self.rate_per_s = rate_per_s
        self.idle_s = idle_s
        self.window_s = window_s


def measure(system, method, count, plan, data_dir, progress=lambda text: None):
    """One repeat, as results.schema.json describes it. Raises Failure or Refused."""
    result = under_probe(system, method, count, plan, data_dir, progress)
    result["wrk"] = under_wrk(system, method, count, plan, data_dir, progress)
    return result


def under_probe(system, method, count, plan, data_dir, progress):
    with running(system.command(data_dir)) as server:
        watch = EventWatch(server.admin_url) if server.admin_url else ProcessWatch(server.pid)
        with watch, ProbeRun(plan.probe, server.url, plan.rate_per_s) as run:
            progress("idle")
            time.sleep(SETTLE_S + plan.idle_s + QUIET_S)
            writes = writing.write_for(
                server.url, method, count, plan.window_s, lambda number: progress(f"write {number}")
            )
            time.sleep(TAIL_S)
            report, requests = run.stop()
        stalls = stalls_of(server.admin_url)
        io_reason = writes[0].report.get("io_reason")

    zero_ms = report["started_unix_ms"]
    windows = [[write.started_unix_ms - zero_ms, write.ended_unix_ms - zero_ms] for write in writes]
    during = requests.within(windows)
    return {
        "started_unix_ms": zero_ms,
        "idle": quantiles.figures(requests.within([[SETTLE_S * 1000, windows[0][0] - QUIET_S * 1000]])),
        "during": quantiles.figures(during),
        "probe": {name: report.get(name) for name in PROBE_FIGURES},
        "write": {**writing.summary([write.report for write in writes]), "io_reason": io_reason},
        "windows_ms": [[round(edge, 1) for edge in window] for window in windows],
        "stalls": stalls and [{**stall, "started_ms": round(stall["started_ms"] - zero_ms, 1)} for stall in stalls],
        "samples": columns(watch.samples, zero_ms),
        "points": points(requests),
        # As wrk has it: from the first write to the end of the last, the pauses between them included.
        "open_loop_curve": quantiles.curve(requests.within([[windows[0][0], windows[-1][1]]])),
    }


def under_wrk(system, method, count, plan, data_dir, progress):
    load = Load.at_rate(plan.rate_per_s, timeout_s(count))
    with running(system.command(data_dir)) as server:
        figures, reports = wrk_window.during_write(
            server.url, load, method, count, plan.window_s, lambda number: progress(f"wrk, write {number}"), pauses=True
        )
    return {**figures, "load": load.as_dict(), "write": writing.summary(reports)}


def stalls_of(admin_url):
    """The server's own record of its stalls, oldest first; None when it keeps none."""
    if admin_url is None:
        return None
    with Client(admin_url) as admin:
        listed = admin.json("/stalls")["stalls"]
    kept = [
        {
            "started_ms": unix_ms(stall["started"]),
            **{
                name: stall[name]
                for name in ("duration_ms", "verdict", "culprit", "request", "sentence", "delayed_requests")
            },
        }
        for stall in listed
    ]
    return sorted(kept, key=lambda stall: stall["started_ms"])


def unix_ms(rfc3339):
    return datetime.datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp() * 1000


def columns(samples, zero_ms):
    names = ("resident_bytes", "cpu_share", "lag_max_us", "dirty_bytes")
    return {
        "at_ms": [round(sample["unix_ms"] - zero_ms, 1) for sample in samples],
        **{name: [sample[name] for sample in samples] for name in names},
    }


def points(requests):
    """What a scatter draws: the slowest requests all, of the others evenly as many as fit."""
    every = [(due, latency) for due, latency in zip(requests.scheduled_us, requests.latency_us) if latency is not None]
    kept = every
    if len(every) > POINTS_MAX:
        threshold = sorted(latency for _, latency in every)[-POINTS_MAX // 2]
        stride = math.ceil(len(every) / (POINTS_MAX // 2))
        kept = [point for index, point in enumerate(every) if point[1] >= threshold or index % stride == 0]
    return {
        "answered": len(every),
        "at_ms": [round(due / 1000, 1) for due, _ in kept],
        "latency_us": [round(latency, 1) for _, latency in kept],
    }
