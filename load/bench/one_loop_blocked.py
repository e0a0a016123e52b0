"""Whom a blocked loop of two holds up: many keep-alive connections, each asking /hello steadily, during a sync write."""

import time

import rounds
from loopscope_load import quantiles, units
from loopscope_load.client import Client
from steady_clients import SteadyClients

CONNECTIONS = 64
RATE_PER_S = 1000
SETTLE_S = 0.5
IDLE_S = 2.0
TAIL_S = 0.5  # what waited for the loop has been answered
HELD_UP = 0.5  # a connection is held up when one of its requests waited for this much of the write


def one(count):
    """One write on a fresh server."""
    with rounds.loopscope("--io-threads", "2") as server, Client(server.url) as client:
        with SteadyClients(server.url, CONNECTIONS, RATE_PER_S) as asking:
            time.sleep(SETTLE_S)
            idle = [time.monotonic()]
            time.sleep(IDLE_S)
            idle.append(time.monotonic())
            write = [time.monotonic()]
            client.write("sync", count, verify=False)
            write.append(time.monotonic())
            time.sleep(TAIL_S)
        with Client(server.admin_url) as admin:
            stalled = {stall["loop"] for stall in admin.json("/stalls")["stalls"]}
    return {**figures(asking.answers, idle, write), "loops_that_stalled": len(stalled)}


def figures(answers, idle_s, write_s):
    """Of the answers of each connection, what was due while nothing was written and while something was."""
    write_us = (write_s[1] - write_s[0]) * 1e6
    due = [within(each, write_s) for each in answers]
    held_up = [max(each, default=0) >= HELD_UP * write_us for each in due]
    others = [latency for each, waits in zip(due, held_up) if not waits for latency in each]
    kept = [latency for each, waits in zip(due, held_up) if waits for latency in each]
    return {
        "write_ms": write_us / 1000,
        "connections_held_up_share": sum(held_up) / len(answers),
        "requests_held_up_share": len(kept) / (len(kept) + len(others)) if kept or others else None,
        "idle": quantiles.figures([latency for each in answers for latency in within(each, idle_s)]),
        "held_up": quantiles.figures(kept),
        "others": quantiles.figures(others),
    }


def within(answers, window_s):
    return [answer.latency_us for answer in answers if window_s[0] <= answer.due_s < window_s[1]]


def measure(number_of_rounds, count, progress):
    found = []
    for number in range(number_of_rounds):
        with progress.step(f"one of two loops blocked, round {number + 1} of {number_of_rounds}"):
            found.append(one(count))
    return found


def table(found):
    lines = [
        f"{'write':>9}{'held up':>11}{'waited':>12} {'  others: p50':>12}{'p99':>8}{'max':>8}{'  idle: p99':>11}{'max':>8}",
        "-" * 80,
    ]
    us = units.duration_of_us
    for of in found:
        lines.append(
            f"{units.duration(of['write_ms']):>9}{units.percent(of['requests_held_up_share']):>11}"
            f"{us(of['held_up']['max_us']):>12} {us(of['others']['p50_us']):>12}{us(of['others']['p99_us']):>8}"
            f"{us(of['others']['max_us']):>8}{us(of['idle']['p99_us']):>11}{us(of['idle']['max_us']):>8}"
        )
    loops = sorted({of["loops_that_stalled"] for of in found})
    return lines + rounds.under_rule(
        f"{CONNECTIONS} connections, {RATE_PER_S:,} /hello a second. held up: the share of those due during the sync write that "
        f"were on its loop's connections. The server saw {' or '.join(map(str, loops))} of its 2 loops stall."
    )
